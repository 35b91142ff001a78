/* plan/check/names — names are unique and no fact's; declared facts have a type and a fitting default.
 *
 * Who uses it: plan_check. Four spaces of names, by what can refer to them: values and conditions (parameters, classes, cases, own facts);
 * counters (benefits and shared items: what counters and examples name); lists; exclusions (of the plan, then of each benefit).
 */
#include "plan/check/check.h"

#include "plan/facts.h"

struct space {
    struct named {
        struct str name;
        struct plan_pos pos;
    } *items;
    uint32_t count, cap;
};

static void name_add(struct check *c, struct space *s, struct str name, struct plan_pos pos) {
    for (uint32_t i = 0; i < s->count; i++) {
        if (!str_eq(s->items[i].name, name)) continue;
        check_report(c, "name-twice", pos, name, check_printf(c, "%u", s->items[i].pos.line));
        return;
    }
    struct named *n = ARENA_PUSH(c->a, s->items, s->count, s->cap);
    if (n == NULL) c->no_memory = true;
    else *n = (struct named){name, pos};
}

static void name_add_no_fact(struct check *c, struct space *s, struct str name, struct plan_pos pos) {
    if (plan_fact_find(name) >= 0) check_report(c, "name-is-fact", pos, name, STR(""));
    name_add(c, s, name, pos);
}

static void exclusion_names(struct check *c, const struct plan_exclusion *items, uint32_t count, struct space *s) {
    for (uint32_t i = 0; i < count; i++) name_add(c, s, items[i].name, items[i].pos);
}

/* ---- reads ------------------------------------------------------------------------------------------- */

static void default_check(struct check *c, struct plan_read *r) {
    if (!r->has_default) return;
    struct plan_fact_view fact = plan_fact_view(c->p, r->fact.index);
    int64_t value = -1;
    if (fact.type == PLAN_VALUE_BOOL) value = plan_bool_find(r->default_text);
    if (fact.type == PLAN_VALUE_COUNT) {
        int64_t min, max;
        plan_fact_bounds(r->fact.index, &min, &max);
        if (!decimal_parse(r->default_text, 0, &value) || value < min || value > max) value = -1;
    }
    if (fact.type == PLAN_VALUE_SYMBOL && r->custom)
        for (uint32_t i = 0; i < r->word_count && value < 0; i++)
            if (str_eq(r->words[i], r->default_text)) value = i;
    if (fact.type == PLAN_VALUE_SYMBOL && !r->custom) {
        const struct plan_fact_info *info = plan_fact_info((uint32_t)r->fact.index);
        value = plan_word_find(info->words, info->word_count, r->default_text);
    }
    r->default_value = value;
    if (value < 0) check_report(c, "default-wrong", r->pos, r->default_text, r->fact.name);
}

static void read_words_unique(struct check *c, const struct plan_read *r) {
    for (uint32_t i = 0; i < r->word_count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (str_eq(r->words[i], r->words[k])) check_report(c, "word-twice", r->pos, r->words[i], STR(""));
}

static void read_check(struct check *c, struct plan_read *r, uint32_t index, struct space *s) {
    int32_t fact = plan_fact_find(r->fact.name);
    if (fact < 0) {
        if (!r->custom) check_report(c, "read-type-missing", r->pos, r->fact.name, STR(""));
        r->custom = true;
        r->fact.index = PLAN_FACT_CUSTOM + (int32_t)index;
        read_words_unique(c, r);
    } else {
        if (r->custom) check_report(c, "read-type-needless", r->pos, r->fact.name, STR(""));
        r->custom = false;
        r->fact.index = fact;
        r->type = plan_fact_info((uint32_t)fact)->type;
        if (plan_fact_info((uint32_t)fact)->level != PLAN_LEVEL_FACT) check_report(c, "read-needless", r->pos, r->fact.name, STR(""));
    }
    name_add(c, s, r->fact.name, r->pos);
    default_check(c, r);
}

void check_names(struct check *c) {
    struct plan *p = c->p;
    struct space values = {0}, counters = {0}, lists = {0}, exclusions = {0};
    for (uint32_t i = 0; i < p->read_count; i++) read_check(c, &p->reads[i], i, &values);
    for (uint32_t i = 0; i < p->parameter_count; i++) name_add_no_fact(c, &values, p->parameters[i].name, p->parameters[i].pos);
    for (uint32_t i = 0; i < p->condition_count; i++) name_add_no_fact(c, &values, p->conditions[i].name, p->conditions[i].pos);
    for (uint32_t i = 0; i < p->shared_count; i++) name_add_no_fact(c, &counters, p->shared[i].name, p->shared[i].pos);
    for (uint32_t i = 0; i < p->benefit_count; i++) name_add_no_fact(c, &counters, p->benefits[i].name, p->benefits[i].pos);
    for (uint32_t i = 0; i < p->list_count; i++) name_add(c, &lists, p->lists[i].name, p->lists[i].pos);
    exclusion_names(c, p->exclusions, p->exclusion_count, &exclusions);
    for (uint32_t i = 0; i < p->benefit_count; i++) {
        struct space own = exclusions; /* of the benefit: beside the plan's, forgotten behind it */
        own.cap = own.count;           /* so that an addition copies */
        exclusion_names(c, p->benefits[i].exclusions, p->benefits[i].exclusion_count, &own);
    }
}
