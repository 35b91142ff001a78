/* plan/prove/logic_world — representatives that all questions about a plan share: days and codes.
 *
 * Who uses it: logic.c. Method: two codes that no list and no literal of the plan tells apart on any day are one. Candidates are the texts of the
 * entries, each with one longer code, and codes that are in no list; kept is the first of each kind (by membership in all lists on all days).
 */
#include <stdlib.h>
#include <string.h>

#include "plan/prove/logic.h"
#include "plan/check/sites.h"

enum {
    WORLD_DAYS = 64,
    WORLD_CODES = 512,           /* kept in one space */
    WORLD_LOOKUPS = 4'000'000,   /* of candidates in lists on days */
    WORLD_NAMES = 64,            /* texts of `name` entries tried, alone and in pairs of lists */
};

/* ---- days ------------------------------------------------------------------------------------------------ */

static int day_order(const void *a, const void *b) {
    const struct day *x = a, *y = b;
    return x->v < y->v ? -1 : x->v > y->v;
}

static void add_day(struct logic_world *w, struct day d) {
    if (!day_is(d)) return;
    for (uint32_t i = 0; i < w->day_count; i++)
        if (w->days[i].v == d.v) return;
    if (w->day_count == WORLD_DAYS) {
        w->days_too_many = true;
        return;
    }
    struct day *slot = ARENA_PUSH(w->a, w->days, w->day_count, w->day_cap);
    if (slot == NULL) w->no_memory = true;
    else *slot = d;
}

static void add_range(struct logic_world *w, struct day_range r) {
    add_day(w, r.from);
    if (day_is(r.to)) add_day(w, day_add(r.to, 1));
}

static void add_cond_days(struct logic_world *w, const struct plan_cond *c) {
    if (c == NULL) return;
    if (c->kind == PLAN_COND_COMPARE && c->ref.index == PLAN_FACT_DATE) {
        add_day(w, (struct day){(int32_t)c->number - 1});
        add_day(w, (struct day){(int32_t)c->number});
        add_day(w, (struct day){(int32_t)c->number + 1});
    }
    add_cond_days(w, c->a);
    add_cond_days(w, c->b);
}

static struct day usual_day(struct day_range force) {
    if (!day_is(force.to)) return day_add(force.from, 100);
    int64_t length = (int64_t)force.to.v - force.from.v;
    return day_add(force.from, (int32_t)(length / 2 < 100 ? length / 2 : 100));
}

static void gather_days(struct logic_world *w, const struct plan_sites *sites) {
    const struct plan *p = w->p;
    w->usual = usual_day(p->in_force);
    add_day(w, w->usual);
    add_day(w, p->in_force.from);
    add_day(w, p->in_force.to);
    for (uint32_t i = 0; i < sites->cond_count; i++) add_cond_days(w, sites->conds[i].cond);
    for (uint32_t i = 0; i < p->use_count; i++)
        for (uint32_t k = 0; k < p->uses[i]->entry_count; k++) add_range(w, p->uses[i]->entries[k].on);
    for (uint32_t i = 0; i < p->parameter_count; i++)
        for (uint32_t k = 0; k < p->parameters[i].value_count; k++) add_range(w, p->parameters[i].values[k].on);
    if (w->day_count > 0) qsort(w->days, w->day_count, sizeof(w->days[0]), day_order);
}

/* ---- codes ------------------------------------------------------------------------------------------------- */

/* What the plan asks about codes of one space. */
struct space {
    struct logic_world *w;
    struct logic_codes *out;
    bool lists[LIMIT_PLAN_LISTS];
    bool texts; /* compare with literals, too: code = "…" */
    uint64_t lookups;
};

static void signature(struct space *s, struct logic_code c, uint64_t *ret) {
    struct logic_world *w = s->w;
    uint64_t hash = str_hash(c.code);
    uint32_t bit = 0;
    memset(ret, 0, s->out->word_count * sizeof(*ret));
    for (uint32_t i = 0; i < w->p->use_count; i++) {
        s->out->list_bit[i] = s->lists[i] ? (int32_t)bit : -1;
        if (!s->lists[i]) continue;
        for (uint32_t d = 0; d < w->day_count; d++, bit++) {
            bool in = listset_find(w->sets[i], c.code, hash, w->days[d]) != LISTSET_NONE ||
                      (c.name.n > 0 && listset_find_name(w->sets[i], c.name, w->days[d]) != LISTSET_NONE);
            if (in) ret[bit / 64] |= UINT64_C(1) << (bit % 64);
            s->lookups++;
        }
    }
    for (uint32_t i = 0; s->texts && i < w->p->text_count; i++, bit++)
        if (str_eq(c.code, w->p->texts[i])) ret[bit / 64] |= UINT64_C(1) << (bit % 64);
}

static void try_code(struct space *s, struct logic_code c) {
    if (s->lookups > WORLD_LOOKUPS) s->out->too_many = true;
    if (s->out->too_many || s->w->no_memory) return;
    uint32_t words = s->out->word_count;
    uint64_t *own = s->out->signatures + (size_t)s->out->count * words; /* room for one more is always there */
    signature(s, c, own);
    for (uint32_t i = 0; i < s->out->count; i++)
        if (memcmp(s->out->signatures + (size_t)i * words, own, words * sizeof(*own)) == 0) return;
    if (s->out->count == WORLD_CODES) {
        s->out->too_many = true;
        return;
    }
    struct logic_code *slot = ARENA_PUSH(s->w->a, s->out->items, s->out->count, s->out->cap);
    if (slot == NULL) s->w->no_memory = true;
    else *slot = c;
}

static void try_entry(struct space *s, const struct plan_entry *e, const char *longer) {
    struct logic_world *w = s->w;
    if (e->kind == PLAN_ENTRY_NAME) return;
    struct str texts[] = {e->text, e->kind == PLAN_ENTRY_RANGE ? e->text_to : e->text};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (i > 0 && e->kind != PLAN_ENTRY_RANGE) break;
        try_code(s, (struct logic_code){.code = texts[i]});
        struct str more = arena_printf(w->a, "%.*s%s", STR_FMT(texts[i]), longer);
        if (more.p == NULL) w->no_memory = true;
        else try_code(s, (struct logic_code){.code = more});
    }
}

/* Names of `name` entries, alone and joined, under each code kept so far. */
static void try_names(struct space *s) {
    const struct plan *p = s->w->p;
    struct str names[WORLD_NAMES];
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->use_count; i++)
        for (uint32_t k = 0; s->lists[i] && k < p->uses[i]->entry_count; k++) {
            const struct plan_entry *e = &p->uses[i]->entries[k];
            if (e->kind != PLAN_ENTRY_NAME) continue;
            if (count == WORLD_NAMES) s->out->too_many = true;
            else names[count++] = e->text;
        }
    uint32_t codes = s->out->count;
    for (uint32_t c = 0; c < codes; c++)
        for (uint32_t i = 0; i < count; i++) {
            struct str code = s->out->items[c].code;
            try_code(s, (struct logic_code){code, names[i]});
            for (uint32_t k = 0; k < i && codes * count < WORLD_CODES; k++) {
                struct str both = arena_printf(s->w->a, "%.*s %.*s", STR_FMT(names[k]), STR_FMT(names[i]));
                if (both.p != NULL) try_code(s, (struct logic_code){code, both});
            }
        }
}

static void note_lists(struct space spaces[LOGIC_CODE_SPACES], const struct plan_cond *c) {
    if (c == NULL) return;
    note_lists(spaces, c->a);
    note_lists(spaces, c->b);
    switch (c->kind) {
    case PLAN_COND_CODE_IN_LIST: spaces[LOGIC_CODES_LINE].lists[c->ref.index] = true; break;
    case PLAN_COND_TEXT_IN_LIST: spaces[LOGIC_CODES_TEXT].lists[c->ref.index] = true; break;
    case PLAN_COND_DIAGNOSIS_IN_LIST:
    case PLAN_COND_MAIN_IN_LIST:
    case PLAN_COND_FIRST_DIAGNOSED: spaces[LOGIC_CODES_DIAGNOSIS].lists[c->ref.index] = true; break;
    case PLAN_COND_PROCEDURE_IN_LIST: spaces[LOGIC_CODES_PROCEDURE].lists[c->ref.index] = true; break;
    default: break;
    }
}

static void gather_codes(struct space *s, const char *const *neutral, const char *longer) {
    struct logic_world *w = s->w;
    uint32_t lists = 0;
    for (uint32_t i = 0; i < w->p->use_count; i++) lists += s->lists[i];
    s->out->word_count = (lists * w->day_count + (s->texts ? w->p->text_count : 0)) / 64 + 1;
    s->out->signatures = arena_array_alloc(w->a, (size_t)(WORLD_CODES + 1) * s->out->word_count, sizeof(uint64_t), _Alignof(uint64_t));
    if (s->out->signatures == NULL) {
        w->no_memory = true;
        return;
    }
    for (size_t i = 0; neutral[i] != NULL; i++) try_code(s, (struct logic_code){.code = str_from(neutral[i])});
    for (uint32_t i = 0; i < w->p->use_count; i++)
        for (uint32_t k = 0; s->lists[i] && k < w->p->uses[i]->entry_count; k++) try_entry(s, &w->p->uses[i]->entries[k], longer);
    for (uint32_t i = 0; s->texts && i < w->p->text_count; i++) try_code(s, (struct logic_code){.code = w->p->texts[i]});
    if (s->out == &w->codes[LOGIC_CODES_LINE]) try_names(s);
}

bool logic_world_init(struct logic_world *w, struct arena *a, struct plan *p) {
    /* Codes that a list rarely holds: candidates for "in no list". */
    static const char *const lines[] = {"999999999999999", "zz-none", NULL}, *const diagnoses[] = {"Z99.900", "Y99.900", "zz-none", NULL},
                             *const procedures[] = {"99.9900", "zz-none", NULL}, *const texts[] = {"zz-none", "999999", NULL};
    static const struct {
        const char *const *neutral;
        const char *longer;
        bool texts;
    } of[LOGIC_CODE_SPACES] = {{lines, "9", true}, {diagnoses, "x001", false}, {procedures, "x001", false}, {texts, "9", true}};
    struct plan_sites sites;
    *w = (struct logic_world){.a = a, .p = p, .work = UINT64_C(10'000'000)};
    if (!plan_sites_collect(a, p, &sites)) return false;
    w->sets = ARENA_ARRAY(a, const struct listset *, p->use_count);
    if (w->sets == NULL) return false;
    for (uint32_t i = 0; i < p->use_count; i++)
        if (status_failed(listset_build(a, p->uses[i], &w->sets[i]))) return false;
    gather_days(w, &sites);
    struct space *spaces = ARENA_ARRAY(a, struct space, LOGIC_CODE_SPACES);
    if (spaces == NULL) return false;
    for (uint32_t i = 0; i < sites.cond_count; i++) note_lists(spaces, sites.conds[i].cond);
    for (uint32_t i = 0; i < p->benefit_count; i++)
        if (p->benefits[i].takes.share_list.name.n > 0) spaces[LOGIC_CODES_LINE].lists[p->benefits[i].takes.share_list.index] = true;
    for (uint32_t i = 0; i < LOGIC_CODE_SPACES; i++) {
        spaces[i].w = w;
        spaces[i].out = &w->codes[i];
        spaces[i].texts = of[i].texts;
        gather_codes(&spaces[i], of[i].neutral, of[i].longer);
    }
    return !w->no_memory;
}
