/* plan/diff/list — what changed in the lists that two plans use: entries added, removed, changed. Lists of 50,000 codes: sorted, then merged. */
#include <stdlib.h>

#include "plan/diff/diff.h"

/* ---- which list is which ------------------------------------------------------------------------------------ */

static bool entry_same_codes(const struct plan_entry *a, const struct plan_entry *b) {
    return a->kind == b->kind && str_eq(a->text, b->text) && str_eq(a->text_to, b->text_to);
}

static bool entry_same(const struct plan_entry *a, const struct plan_entry *b) {
    return entry_same_codes(a, b) && str_eq(a->group, b->group) && a->share_ppm == b->share_ppm && a->on.from.v == b->on.from.v && a->on.to.v == b->on.to.v;
}

/* Renamed lists are those with the same entries in the same order. */
static bool list_same(const struct plan_list *a, const struct plan_list *b) {
    if (a->entry_count != b->entry_count || a->entry_count == 0) return false;
    for (uint32_t i = 0; i < a->entry_count; i++) {
        if (!entry_same(&a->entries[i], &b->entries[i])) return false;
    }
    return true;
}

static void pairs_find(struct diff_side *a, struct diff_side *b, bool by_name) {
    for (uint32_t i = 0; i < a->p->use_count; i++) {
        for (uint32_t k = 0; k < b->p->use_count && a->list_match[i] < 0; k++) {
            if (b->list_match[k] >= 0) continue;
            if (by_name ? !str_eq(a->p->uses[i]->name, b->p->uses[k]->name) : !list_same(a->p->uses[i], b->p->uses[k])) continue;
            a->list_match[i] = (int32_t)k;
            b->list_match[k] = (int32_t)i;
        }
    }
}

void diff_lists_match(struct diff_work *w) {
    for (int side = 0; side < 2; side++) {
        struct diff_side *d = &w->side[side];
        d->list_match = ARENA_ARRAY(w->a, int32_t, d->p->use_count + 1);
        if (!d->list_match) {
            w->failed = true;
            return;
        }
        for (uint32_t i = 0; i < d->p->use_count; i++) d->list_match[i] = -1;
    }
    pairs_find(&w->side[0], &w->side[1], true);
    pairs_find(&w->side[0], &w->side[1], false);
}

/* ---- entries --------------------------------------------------------------------------------------------------- */

struct sorted {
    const struct plan_entry *e;
    uint32_t place; /* in the list: the first of several with the same codes decides */
};

static int sorted_cmp(const void *a, const void *b) {
    const struct sorted *x = a, *y = b;
    int c = (int)x->e->kind - (int)y->e->kind;
    if (c == 0) c = str_cmp(x->e->text, y->e->text);
    if (c == 0) c = str_cmp(x->e->text_to, y->e->text_to);
    return c != 0 ? c : (x->place > y->place) - (x->place < y->place);
}

static struct sorted *entries_sort(struct diff_work *w, const struct plan_list *l) {
    struct sorted *s = ARENA_ARRAY(w->a, struct sorted, l->entry_count + 1);
    if (!s) {
        w->failed = true;
        return NULL;
    }
    for (uint32_t i = 0; i < l->entry_count; i++) s[i] = (struct sorted){&l->entries[i], i};
    if (l->entry_count > 1) qsort(s, l->entry_count, sizeof(s[0]), sorted_cmp);
    return s;
}

static void entry_say(const struct plan_entry *e, bool zh, struct buf *out) {
    static const struct {
        const char *zh, *en;
    } words[] = {[PLAN_ENTRY_CODE] = {"", ""}, [PLAN_ENTRY_PREFIX] = {"前缀 ", "prefix "}, [PLAN_ENTRY_RANGE] = {"", ""}, [PLAN_ENTRY_NAME] = {"名称 ", "name "}};
    buf_printf(out, "%s%.*s", zh ? words[e->kind].zh : words[e->kind].en, STR_FMT(e->text));
    if (e->kind == PLAN_ENTRY_RANGE) buf_printf(out, " .. %.*s", STR_FMT(e->text_to));
    if (e->note.n > 0) buf_printf(out, zh ? "（%.*s）" : " (%.*s)", STR_FMT(e->note));
}

static void terms_say(const struct plan_entry *e, bool zh, struct buf *out) {
    char text[24];
    const size_t before = out->n;
    if (e->group.n > 0) buf_printf(out, "%s %.*s ", zh ? "组" : "group", STR_FMT(e->group));
    if (e->share_ppm >= 0) {
        ratio_format_percent(e->share_ppm, text);
        buf_printf(out, "%s %s ", zh ? "比例" : "share", text);
    }
    if (day_is(e->on.from) || day_is(e->on.to)) plan_say_days(e->on, out);
    if (out->n == before) buf_add_cstr(out, zh ? "无条件" : "without terms");
}

/* Gathers entries of one kind of change into one sentence: the first ones by name, then how many more. */
enum { SHOWN = 12, TEXT_BYTES = 64 * 1024 };
struct gathered {
    struct buf text[2];
    uint32_t count;
};

static void gather(struct gathered *g, const struct plan_entry *e, const struct plan_entry *now) {
    if (g->count++ >= SHOWN) return;
    for (int k = 0; k < 2; k++) {
        const bool zh = k == 0;
        if (g->count > 1) buf_add_cstr(&g->text[k], zh ? "、" : ", ");
        entry_say(e, zh, &g->text[k]);
        if (!now) continue;
        buf_add_cstr(&g->text[k], zh ? "：" : ": ");
        terms_say(e, zh, &g->text[k]);
        buf_add_cstr(&g->text[k], " → ");
        terms_say(now, zh, &g->text[k]);
    }
}

static void gathered_tell(struct diff_work *w, struct gathered *g, enum plan_diff_kind kind, const struct plan_list *a, const struct plan_list *b) {
    static const struct {
        const char *zh, *en;
    } words[] = {[PLAN_DIFF_CHANGED] = {"改动", "changed"}, [PLAN_DIFF_ADDED] = {"新增", "new"},
                 [PLAN_DIFF_REMOVED] = {"删去", "gone"}};
    if (g->count > 0) {
        struct str subject[2];
        CHECK(a || b);
        diff_list_subject(w, b ? b : a, subject);
        struct plan_diff_item *d = diff_add(w, kind, subject, a ? a->pos.line : 0, b ? b->pos.line : 0);
        if (!d) return;
        const uint32_t more = g->count > SHOWN ? g->count - SHOWN : 0;
        const struct str rest[2] = {more > 0 ? arena_printf(w->a, " 等（另 %u 条）", (unsigned)more) : STR(""),
                                    more > 0 ? arena_printf(w->a, " and %u more", (unsigned)more) : STR("")};
        d->zh = arena_printf(w->a, "%s %u 条：%.*s%.*s", words[kind].zh, (unsigned)g->count, STR_FMT(buf_view(&g->text[0])), STR_FMT(rest[0]));
        d->en = arena_printf(w->a, "%u %s %s: %.*s%.*s", (unsigned)g->count, g->count == 1 ? "entry" : "entries", words[kind].en, STR_FMT(buf_view(&g->text[1])), STR_FMT(rest[1]));
        if (!d->zh.p || !d->en.p) w->failed = true;
    }
    buf_done(&g->text[0]);
    buf_done(&g->text[1]);
}

static struct gathered gathered_begin(void) {
    struct gathered g = {0};
    buf_init(&g.text[0], TEXT_BYTES);
    buf_init(&g.text[1], TEXT_BYTES);
    return g;
}

static bool sorted_same_codes(const struct sorted *x, const struct sorted *y) { return entry_same_codes(x->e, y->e); }

static void entries_compare(struct diff_work *w, const struct plan_list *a, const struct plan_list *b) {
    static const struct plan_list nothing;
    const struct plan_list *from = a ? a : &nothing, *to = b ? b : &nothing;
    const struct sorted *x = entries_sort(w, from), *y = entries_sort(w, to);
    if (!x || !y) return;
    struct gathered changed = gathered_begin(), added = gathered_begin(), removed = gathered_begin();
    uint32_t i = 0, k = 0;
    while (i < from->entry_count || k < to->entry_count) {
        if (i < from->entry_count && k < to->entry_count && sorted_same_codes(&x[i], &y[k])) {
            if (!entry_same(x[i].e, y[k].e)) gather(&changed, x[i].e, y[k].e);
            i++;
            k++;
            continue;
        }
        struct sorted probe = k < to->entry_count ? y[k] : (struct sorted){0};
        probe.place = 0;
        struct sorted here = i < from->entry_count ? x[i] : (struct sorted){0};
        here.place = 0;
        const bool first = i < from->entry_count && (k == to->entry_count || sorted_cmp(&here, &probe) < 0);
        if (first) gather(&removed, x[i++].e, NULL);
        else gather(&added, y[k++].e, NULL);
    }
    gathered_tell(w, &removed, PLAN_DIFF_REMOVED, a, b);
    gathered_tell(w, &added, PLAN_DIFF_ADDED, a, b);
    gathered_tell(w, &changed, PLAN_DIFF_CHANGED, a, b);
}

/* ---- lists ------------------------------------------------------------------------------------------------------- */

void diff_list_subject(struct diff_work *w, const struct plan_list *l, struct str ret[2]) {
    const struct str zh = l->label.zh.n > 0 ? l->label.zh : l->name, en = l->label.en.n > 0 ? l->label.en : l->name;
    ret[0] = arena_printf(w->a, "清单「%.*s」", STR_FMT(zh));
    ret[1] = arena_printf(w->a, "list “%.*s”", STR_FMT(en));
    if (!ret[0].p || !ret[1].p) w->failed = true;
}

void diff_lists(struct diff_work *w) {
    const struct plan *old = w->side[0].p, *now = w->side[1].p;
    for (uint32_t i = 0; i < old->use_count && !w->failed; i++) {
        const int32_t match = w->side[0].list_match[i];
        const struct plan_list *a = old->uses[i], *b = match >= 0 ? now->uses[match] : NULL;
        if (b && !str_eq(a->name, b->name)) {
            struct str subject[2];
            diff_list_subject(w, b, subject);
            struct plan_diff_item *d = diff_add(w, PLAN_DIFF_RENAMED, subject, a->pos.line, b->pos.line);
            if (!d) return;
            d->wording = true;
            d->zh = arena_printf(w->a, "更名：%.*s → %.*s", STR_FMT(a->name), STR_FMT(b->name));
            d->en = arena_printf(w->a, "renamed: %.*s → %.*s", STR_FMT(a->name), STR_FMT(b->name));
        }
        entries_compare(w, a, b);
    }
    for (uint32_t i = 0; i < now->use_count && !w->failed; i++) {
        if (w->side[1].list_match[i] < 0) entries_compare(w, NULL, now->uses[i]);
    }
}
