/* plan/check/sites — gathers conditions and choices of a plan, and shows facts in one shape.
 *
 * Who uses it: check_*.c, prove_*.c, witness.c. Invariant: a construct of the grammar that holds a condition or a choice is gathered here; the
 * test counts them against a plan that has one of each.
 */
#include "plan/check/sites.h"

#include "plan/facts.h"

bool plan_cond_role_may_read_line(const struct plan *p, const struct plan_cond_site *site) {
    static const bool may[] = {
#define X(id, line) line,
        PLAN_COND_ROLES(X)
#undef X
    };
    bool allowance = site->benefit != PLAN_NONE && p->benefits[site->benefit].kind == PLAN_BENEFIT_ALLOWANCE;
    return may[site->role] && !allowance;
}

struct gather {
    struct arena *a;
    struct plan_sites *s;
    int32_t benefit;
    bool failed;
};

static void add_cond(struct gather *g, enum plan_cond_role role, uint32_t index, struct plan_cond *cond) {
    if (cond == NULL) return;
    struct plan_cond_site *site = ARENA_PUSH(g->a, g->s->conds, g->s->cond_count, g->s->cond_cap);
    if (site == NULL) {
        g->failed = true;
        return;
    }
    *site = (struct plan_cond_site){.role = role, .benefit = g->benefit, .index = index, .cond = cond};
}

static void add_choice(struct gather *g, enum plan_choice_role role, uint32_t index, uint32_t sub, struct plan_choice *choice) {
    struct plan_choice_site *site = ARENA_PUSH(g->a, g->s->choices, g->s->choice_count, g->s->choice_cap);
    if (site == NULL) {
        g->failed = true;
        return;
    }
    *site = (struct plan_choice_site){.role = role, .benefit = g->benefit, .index = index, .sub = sub, .choice = choice};
}

static bool deductible_has_value(const struct plan_deductible *d) {
    return d->written && !d->nothing && d->shared.name.n == 0;
}

static void gather_benefit(struct gather *g, struct plan_benefit *b) {
    for (uint32_t i = 0; i < b->need_count; i++) add_cond(g, PLAN_ROLE_NEED, i, b->needs[i].cond);
    add_cond(g, PLAN_ROLE_WHERE, 0, b->where);
    add_cond(g, PLAN_ROLE_BENEFIT_WAITING, 0, b->waiting.unless);
    for (uint32_t i = 0; i < b->exclusion_count; i++) add_cond(g, PLAN_ROLE_BENEFIT_EXCLUDE, i, b->exclusions[i].when);
    for (uint32_t i = 0; i < b->count_limit_count; i++) {
        add_choice(g, PLAN_CHOICE_COUNT_LIMIT, i, 0, &b->count_limits[i].value);
        add_cond(g, PLAN_ROLE_COUNT_FOR, i, b->count_limits[i].where);
    }
    if (b->first_share.written) add_choice(g, PLAN_CHOICE_FIRST_SHARE, 0, 0, &b->first_share.ratio);
    if (deductible_has_value(&b->deductible)) add_choice(g, PLAN_CHOICE_DEDUCTIBLE, 0, 0, &b->deductible.value);
    if (b->pays.written) add_choice(g, PLAN_CHOICE_PAYS, 0, 0, &b->pays.schedule);
    if (b->times.written) add_choice(g, PLAN_CHOICE_TIMES, 0, 0, &b->times.ratio);
    for (uint32_t i = 0; i < b->limit_count; i++) {
        add_choice(g, PLAN_CHOICE_LIMIT, i, 0, &b->limits[i].value);
        add_cond(g, PLAN_ROLE_LIMIT_FOR, i, b->limits[i].where);
    }
    for (uint32_t i = 0; i < b->cap_count; i++)
        if (!b->caps[i].nothing && b->caps[i].shared.name.n == 0) add_choice(g, PLAN_CHOICE_CAP, i, 0, &b->caps[i].value);
    if (b->kind == PLAN_BENEFIT_ALLOWANCE) add_choice(g, PLAN_CHOICE_ALLOWANCE, 0, 0, &b->allowance.amount);
}

bool plan_sites_collect(struct arena *a, struct plan *p, struct plan_sites *ret) {
    struct plan_sites s = {0};
    struct gather g = {.a = a, .s = &s, .benefit = PLAN_NONE};
    add_cond(&g, PLAN_ROLE_WAITING, 0, p->waiting.unless);
    for (uint32_t i = 0; i < p->parameter_count; i++)
        for (uint32_t k = 0; k < p->parameters[i].value_count; k++)
            add_choice(&g, PLAN_CHOICE_PARAMETER, i, k, &p->parameters[i].values[k].value);
    for (uint32_t i = 0; i < p->condition_count; i++)
        add_cond(&g, p->conditions[i].is_class ? PLAN_ROLE_CLASS : PLAN_ROLE_CASE, i, p->conditions[i].when);
    for (uint32_t i = 0; i < p->exclusion_count; i++) add_cond(&g, PLAN_ROLE_EXCLUDE, i, p->exclusions[i].when);
    for (uint32_t i = 0; i < p->shared_count; i++) {
        struct plan_shared *shared = &p->shared[i];
        if (shared->is_cap) add_choice(&g, PLAN_CHOICE_SHARED_CAP, i, 0, &shared->cap_value);
        else add_choice(&g, PLAN_CHOICE_SHARED_DEDUCTIBLE, i, 0, &shared->deductible.value);
    }
    for (uint32_t i = 0; i < p->benefit_count; i++) {
        g.benefit = (int32_t)i;
        gather_benefit(&g, &p->benefits[i]);
    }
    if (g.failed) return false;
    *ret = s;
    return true;
}

struct plan_value *plan_choice_value(struct plan_choice *c, uint32_t index) {
    if (index < c->item_count) return &c->items[index].value;
    index -= c->item_count;
    if (c->has_base) {
        if (index == 0) return &c->base;
        index--;
    }
    return index < c->exception_count ? &c->exceptions[index].value : NULL;
}

/* ---- facts --------------------------------------------------------------------------------------- */

struct plan_fact_view plan_fact_view(const struct plan *p, int32_t fact) {
    CHECK(fact >= 0);
    if (fact < PLAN_FACT_CUSTOM) {
        const struct plan_fact_info *info = plan_fact_info((uint32_t)fact);
        return (struct plan_fact_view){info->type, info->level, info->word_count};
    }
    CHECK((uint32_t)(fact - PLAN_FACT_CUSTOM) < p->read_count);
    const struct plan_read *read = &p->reads[fact - PLAN_FACT_CUSTOM];
    return (struct plan_fact_view){read->type, PLAN_LEVEL_FACT, read->word_count};
}

struct str plan_fact_name(const struct plan *p, int32_t fact, bool zh) {
    if (fact >= PLAN_FACT_CUSTOM) return p->reads[fact - PLAN_FACT_CUSTOM].fact.name;
    const struct plan_fact_info *info = plan_fact_info((uint32_t)fact);
    return str_from(zh ? info->zh : info->en);
}

struct str plan_fact_word(const struct plan *p, int32_t fact, int64_t word, bool zh) {
    CHECK(word >= 0 && word < plan_fact_view(p, fact).word_count);
    if (fact >= PLAN_FACT_CUSTOM) return p->reads[fact - PLAN_FACT_CUSTOM].words[word];
    const struct bill_word *w = &plan_fact_info((uint32_t)fact)->words[word];
    return str_from(zh || w->name[0] == '\0' ? w->zh : w->name);
}

void plan_fact_bounds(int32_t fact, int64_t *ret_min, int64_t *ret_max) {
    *ret_min = fact == PLAN_FACT_HOSPITAL_LEVEL ? 1 : 0;
    *ret_max = fact == PLAN_FACT_HOSPITAL_LEVEL ? 3 : PLAN_COUNT_MAX;
}
