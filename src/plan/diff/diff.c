/* plan/diff/diff — what changed between two plans: sections matched by name or likeness, then point by point, told in sentences.
 *
 * Who uses it: `yijie plan diff`. Invariant: no sentence when the keys are equal; every sentence names the clause and both values.
 * Cost: quadratic in the parts of one plan (hundreds), once for a person to read.
 */
#include "plan/diff/diff.h"

/* ---- sentences -------------------------------------------------------------------------------------------- */

struct plan_diff_item *diff_add(struct diff_work *w, enum plan_diff_kind kind, const struct str subject[2], uint32_t line_a, uint32_t line_b) {
    struct plan_diff_item *d = ARENA_PUSH(w->a, w->items, w->item_count, w->item_cap);
    if (!d) {
        w->failed = true;
        return NULL;
    }
    *d = (struct plan_diff_item){.kind = kind, .part = "list", .subject_zh = subject[0], .subject_en = subject[1], .line_a = line_a, .line_b = line_b};
    return d;
}

static const struct {
    const char *id, *zh, *en;
} section_words[DIFF_SECTION_KINDS] = {
    [DIFF_HEAD] = {"head", "总则", "the plan"},       [DIFF_PARAMETER] = {"parameter", "参数", "parameter"},
    [DIFF_CLASS] = {"class", "人群", "class"},        [DIFF_CASE] = {"case", "情形", "case"},
    [DIFF_EXCLUDE] = {"exclude", "责任免除", "exclusion"}, [DIFF_SHARED] = {"shared", "共用", "shared"},
    [DIFF_BENEFIT] = {"benefit", "责任", "benefit"},
};

static struct str label_for(const struct diff_section *x, bool zh) {
    const struct str first = zh ? x->label.zh : x->label.en, second = zh ? x->label.en : x->label.zh;
    return first.n > 0 ? first : second.n > 0 ? second : x->name;
}

static void subject_of(struct diff_work *w, const struct diff_section *x, struct str ret[2]) {
    if (x->kind == DIFF_HEAD) {
        ret[0] = str_from(section_words[DIFF_HEAD].zh);
        ret[1] = str_from(section_words[DIFF_HEAD].en);
        return;
    }
    ret[0] = arena_printf(w->a, "%s「%.*s」", section_words[x->kind].zh, STR_FMT(label_for(x, true)));
    ret[1] = arena_printf(w->a, "%s “%.*s”", section_words[x->kind].en, STR_FMT(label_for(x, false)));
    if (!ret[0].p || !ret[1].p) w->failed = true;
}

static struct plan_diff_item *section_add(struct diff_work *w, enum plan_diff_kind kind, const struct diff_section *x, uint32_t line_a,
                                           uint32_t line_b, bool wording) {
    struct str subject[2];
    subject_of(w, x, subject);
    struct plan_diff_item *d = diff_add(w, kind, subject, line_a, line_b);
    if (!d) return NULL;
    d->part = section_words[x->kind].id;
    d->wording = wording;
    return d;
}

/* "deductible each year for “healthy”": the clause, and whose value. */
static struct str what_of(struct diff_work *w, const struct diff_point *p, const struct diff_part *part, bool zh) {
    const struct str what = p->what[zh ? PLAN_SAY_ZH : PLAN_SAY_EN];
    const struct str who = part ? part->who[zh ? PLAN_SAY_ZH : PLAN_SAY_EN] : STR("");
    if (who.n == 0) return what;
    if (what.n == 0) return who;
    return zh ? arena_printf(w->a, "%.*s（%.*s）", STR_FMT(what), STR_FMT(who)) : arena_printf(w->a, "%.*s, %.*s", STR_FMT(what), STR_FMT(who));
}

/* One sentence. `before` or `after` NULL: it is new, or gone. */
static struct str sentence(struct diff_work *w, struct str what, const struct str *before, const struct str *after, bool zh) {
    const char *colon = what.n == 0 ? "" : zh ? "：" : ": ";
    if (before && after) return arena_printf(w->a, "%.*s%s%.*s → %.*s", STR_FMT(what), colon, STR_FMT(*before), STR_FMT(*after));
    if (after) return arena_printf(w->a, "%s%.*s%s%.*s", zh ? "新增 " : "new: ", STR_FMT(what), colon, STR_FMT(*after));
    return arena_printf(w->a, "%s%.*s%s%.*s", zh ? "取消 " : "gone: ", STR_FMT(what), colon, STR_FMT(*before));
}

static void point_tell(struct diff_work *w, const struct diff_section *x, const struct diff_point *a, const struct diff_point *b,
                       const struct diff_part *pa, const struct diff_part *pb) {
    const struct diff_point *p = b ? b : a;
    const struct diff_part *part = pb ? pb : pa;
    const struct str *before = pa ? pa->face : a && !pb ? a->face : NULL, *after = pb ? pb->face : b && !pa ? b->face : NULL;
    const enum plan_diff_kind kind = before && after ? PLAN_DIFF_CHANGED : after ? PLAN_DIFF_ADDED : PLAN_DIFF_REMOVED;
    struct plan_diff_item *d = section_add(w, kind, x, a ? a->line : 0, b ? b->line : 0, p->wording);
    if (!d) return;
    d->zh = sentence(w, what_of(w, p, part, true), before ? &before[PLAN_SAY_ZH] : NULL, after ? &after[PLAN_SAY_ZH] : NULL, true);
    d->en = sentence(w, what_of(w, p, part, false), before ? &before[PLAN_SAY_EN] : NULL, after ? &after[PLAN_SAY_EN] : NULL, false);
    if (!d->zh.p || !d->en.p) w->failed = true;
}

/* ---- points ------------------------------------------------------------------------------------------------- */

static const struct diff_point *point_find(const struct diff_section *x, struct str path) {
    for (uint32_t i = 0; i < x->point_count; i++) {
        if (str_eq(x->points[i].path, path)) return &x->points[i];
    }
    return NULL;
}

static const struct diff_part *part_find(const struct diff_point *p, struct str path) {
    for (uint32_t i = 0; i < p->part_count; i++) {
        if (str_eq(p->parts[i].path, path)) return &p->parts[i];
    }
    return NULL;
}

static bool same_key(const struct str *a, const struct str *b) { return str_eq(a[PLAN_SAY_KEY], b[PLAN_SAY_KEY]); }

/* The same points apart from the order of exceptions that no order decides. */
static bool point_same(const struct diff_point *a, const struct diff_point *b) {
    if (same_key(a->face, b->face)) return true;
    if (a->part_count == 0 || a->part_count != b->part_count || !str_eq(a->shape, b->shape)) return false;
    for (uint32_t i = 0; i < a->part_count; i++) {
        const struct diff_part *other = part_find(b, a->parts[i].path);
        if (!other || !same_key(a->parts[i].face, other->face)) return false;
    }
    return true;
}

static void point_compare(struct diff_work *w, const struct diff_section *x, const struct diff_point *a, const struct diff_point *b) {
    if (point_same(a, b)) return;
    if (a->part_count == 0 || b->part_count == 0 || !str_eq(a->shape, b->shape)) {
        point_tell(w, x, a, b, NULL, NULL);
        return;
    }
    for (uint32_t i = 0; i < a->part_count; i++) {
        const struct diff_part *other = part_find(b, a->parts[i].path);
        if (!other || !same_key(a->parts[i].face, other->face)) point_tell(w, x, a, b, &a->parts[i], other);
    }
    for (uint32_t i = 0; i < b->part_count; i++) {
        if (!part_find(a, b->parts[i].path)) point_tell(w, x, a, b, NULL, &b->parts[i]);
    }
}

static void section_compare(struct diff_work *w, const struct diff_section *a, const struct diff_section *b) {
    if (!str_eq(a->name, b->name) && a->kind != DIFF_HEAD) {
        struct plan_diff_item *d = section_add(w, PLAN_DIFF_RENAMED, b, a->line, b->line, true);
        if (!d) return;
        d->zh = arena_printf(w->a, "更名：%.*s → %.*s", STR_FMT(a->name), STR_FMT(b->name));
        d->en = arena_printf(w->a, "renamed: %.*s → %.*s", STR_FMT(a->name), STR_FMT(b->name));
    }
    for (uint32_t i = 0; i < a->point_count; i++) {
        const struct diff_point *other = point_find(b, a->points[i].path);
        if (other) point_compare(w, b, &a->points[i], other);
        else if (!a->points[i].implied) point_tell(w, b, &a->points[i], NULL, NULL, NULL);
    }
    for (uint32_t i = 0; i < b->point_count; i++) {
        if (!b->points[i].implied && !point_find(a, b->points[i].path)) point_tell(w, b, NULL, &b->points[i], NULL, NULL);
    }
}

/* A section that only one plan has: a new benefit with what it says, a gone one by its name, anything else by what it says. */
static void section_alone(struct diff_work *w, const struct diff_section *x, bool added) {
    const bool names_only = x->kind == DIFF_PARAMETER || x->kind == DIFF_CASE; /* the clauses that use it tell what moves */
    const bool benefit = x->kind == DIFF_BENEFIT;
    if (benefit) {
        struct plan_diff_item *d = section_add(w, added ? PLAN_DIFF_ADDED : PLAN_DIFF_REMOVED, x, added ? 0 : x->line, added ? x->line : 0, false);
        if (!d) return;
        d->zh = added ? STR("新增这项责任") : STR("取消这项责任");
        d->en = added ? STR("a new benefit") : STR("the benefit is gone");
        if (!added) return;
    }
    for (uint32_t i = 0; i < x->point_count; i++) {
        if (x->points[i].wording || x->points[i].implied) continue;
        point_tell(w, x, added ? NULL : &x->points[i], added ? &x->points[i] : NULL, NULL, NULL);
        if (w->item_count > 0) w->items[w->item_count - 1].wording = names_only;
    }
}

/* ---- which section is which ----------------------------------------------------------------------------------- */

/* How alike, in thousandths: points with the same path count half, with the same meaning whole. */
static uint32_t likeness(const struct diff_section *a, const struct diff_section *b) {
    uint32_t score = 0, most = a->point_count > b->point_count ? a->point_count : b->point_count;
    for (uint32_t i = 0; i < a->point_count; i++) {
        const struct diff_point *other = point_find(b, a->points[i].path);
        if (other) score += point_same(&a->points[i], other) ? 2 : 1;
    }
    return most == 0 ? 0 : score * 500 / most;
}

static void sections_match(struct diff_side *a, struct diff_side *b) {
    enum { ALIKE = 700 };
    for (uint32_t i = 0; i < a->section_count; i++) {
        for (uint32_t k = 0; k < b->section_count && a->sections[i].match < 0; k++) {
            const struct diff_section *x = &a->sections[i], *y = &b->sections[k];
            if (y->match >= 0 || x->kind != y->kind || (x->kind != DIFF_HEAD && !str_eq(x->name, y->name))) continue;
            a->sections[i].match = (int32_t)k;
            b->sections[k].match = (int32_t)i;
        }
    }
    for (uint32_t i = 0; i < a->section_count; i++) {
        uint32_t best = ALIKE - 1, at = UINT32_MAX;
        for (uint32_t k = 0; k < b->section_count && a->sections[i].match < 0; k++) {
            if (b->sections[k].match >= 0 || a->sections[i].kind != b->sections[k].kind) continue;
            const uint32_t like = likeness(&a->sections[i], &b->sections[k]);
            if (like > best) best = like, at = k;
        }
        if (at == UINT32_MAX) continue;
        a->sections[i].match = (int32_t)at;
        b->sections[at].match = (int32_t)i;
    }
}

/* Names of the second plan's parts as the first calls them, where they were matched. */
struct alias {
    struct plan_say_names names;
};

static struct str *own_names(struct diff_work *w, uint32_t count) {
    struct str *names = ARENA_ARRAY(w->a, struct str, count + 1);
    if (!names) w->failed = true;
    return names;
}

static void alias_make(struct diff_work *w, struct alias *ret) {
    const struct plan *b = w->side[1].p;
    struct str *parameters = own_names(w, b->parameter_count), *conditions = own_names(w, b->condition_count);
    struct str *shared = own_names(w, b->shared_count), *benefits = own_names(w, b->benefit_count), *lists = own_names(w, b->use_count);
    if (w->failed) return;
    for (uint32_t i = 0; i < b->use_count; i++) {
        const int32_t match = w->side[1].list_match[i];
        lists[i] = match >= 0 ? w->side[0].p->uses[match]->name : b->uses[i]->name;
    }
    for (uint32_t i = 0; i < w->side[1].section_count; i++) {
        const struct diff_section *x = &w->side[1].sections[i];
        const struct str name = x->match >= 0 ? w->side[0].sections[x->match].name : x->name;
        if (x->kind == DIFF_PARAMETER) parameters[x->index] = name;
        if (x->kind == DIFF_CLASS || x->kind == DIFF_CASE) conditions[x->index] = name;
        if (x->kind == DIFF_SHARED) shared[x->index] = name;
        if (x->kind == DIFF_BENEFIT) benefits[x->index] = name;
    }
    ret->names = (struct plan_say_names){.parameters = parameters, .lists = lists, .conditions = conditions, .shared = shared, .benefits = benefits};
}

static struct status side_write(struct diff_work *w, int side, const struct plan_say_names *names, bool apart) {
    w->side[side].sections = NULL;
    w->side[side].section_count = w->side[side].section_cap = 0;
    struct diff_writer writer = {.a = w->a, .p = w->side[side].p, .names = names, .apart = apart, .side = &w->side[side]};
    return diff_sections(&writer);
}

struct status plan_diff(struct arena *a, const struct plan *old, const struct plan *now, struct plan_diff_item **ret, uint32_t *ret_count) {
    struct diff_work *w = ARENA_NEW(a, struct diff_work);
    if (!w) return status_memory();
    w->a = a;
    w->side[0].p = old;
    w->side[1].p = now;
    const bool apart = old->in_force.to.v < now->in_force.from.v || now->in_force.to.v < old->in_force.from.v;
    diff_lists_match(w);
    if (w->failed) return status_memory();
    TRY(side_write(w, 0, NULL, apart));
    TRY(side_write(w, 1, NULL, apart));
    struct alias alias = {0};
    sections_match(&w->side[0], &w->side[1]);
    alias_make(w, &alias);
    if (w->failed) return status_memory();
    TRY(side_write(w, 1, &alias.names, apart));
    for (uint32_t i = 0; i < w->side[0].section_count; i++) w->side[0].sections[i].match = -1;
    sections_match(&w->side[0], &w->side[1]);

    for (uint32_t i = 0; i < w->side[0].section_count; i++) {
        const struct diff_section *x = &w->side[0].sections[i];
        if (x->match >= 0) section_compare(w, x, &w->side[1].sections[x->match]);
        else section_alone(w, x, false);
    }
    for (uint32_t i = 0; i < w->side[1].section_count; i++) {
        if (w->side[1].sections[i].match < 0) section_alone(w, &w->side[1].sections[i], true);
    }
    diff_lists(w);
    if (w->failed) return status_memory();
    *ret = w->items;
    *ret_count = w->item_count;
    return STATUS_OK;
}

bool plan_has_class(const struct plan *p, struct str name) {
    for (uint32_t i = 0; i < p->condition_count; i++) {
        if (p->conditions[i].is_class && str_eq(p->conditions[i].name, name)) return true;
    }
    return false;
}
