/* plan/walk/ask — does a plan ask for a thing anywhere in its text?
 *
 * Who uses it: walk/fact.c (a plan that asks for the age needs the date of birth, whichever way the run goes) and walk/cond.c (a plan that asks
 * for the first diagnosis says when there was no evidence). Looks at the text only, so the answer cannot depend on the order of evaluation.
 */
#include "plan/walk/walk.h"

static bool expr_asks(const struct plan_expr *e, const struct walk_question *q) {
    if (!e) return false;
    if (q->age && e->kind == PLAN_EXPR_FACT && e->ref.index == PLAN_FACT_AGE) return true;
    return expr_asks(e->a, q) || expr_asks(e->b, q);
}

static bool value_asks(const struct plan_value *v, const struct walk_question *q) {
    if (expr_asks(v->expr, q)) return true;
    for (uint32_t i = 0; v->schedule && i < v->schedule->tier_count; i++)
        if (expr_asks(v->schedule->tiers[i].ratio, q) || expr_asks(v->schedule->tiers[i].to, q)) return true;
    return false;
}

static bool choice_asks(const struct plan_choice *c, const struct walk_question *q) {
    for (uint32_t i = 0; i < c->by_count; i++)
        if (q->age && c->by[i].index == PLAN_FACT_AGE) return true;
    for (uint32_t i = 0; i < c->item_count; i++)
        if (value_asks(&c->items[i].value, q)) return true;
    for (uint32_t i = 0; i < c->exception_count; i++)
        if (value_asks(&c->exceptions[i].value, q)) return true;
    return c->has_base && value_asks(&c->base, q);
}

static bool cond_asks(const struct plan_cond *c, const struct walk_question *q) {
    if (!c) return false;
    if (q->first_diagnosis && c->kind == PLAN_COND_FIRST_DIAGNOSED) return true;
    bool reads = c->kind == PLAN_COND_COMPARE || c->kind == PLAN_COND_IN;
    if (q->age && reads && c->ref.index == PLAN_FACT_AGE) return true;
    return cond_asks(c->a, q) || cond_asks(c->b, q);
}

static bool benefit_asks(const struct plan_benefit *b, const struct walk_question *q) {
    for (uint32_t i = 0; i < b->need_count; i++)
        if (cond_asks(b->needs[i].cond, q)) return true;
    for (uint32_t i = 0; i < b->exclusion_count; i++)
        if (cond_asks(b->exclusions[i].when, q)) return true;
    for (uint32_t i = 0; i < b->count_limit_count; i++)
        if (cond_asks(b->count_limits[i].where, q) || choice_asks(&b->count_limits[i].value, q)) return true;
    for (uint32_t i = 0; i < b->limit_count; i++)
        if (cond_asks(b->limits[i].where, q) || choice_asks(&b->limits[i].value, q)) return true;
    for (uint32_t i = 0; i < b->cap_count; i++)
        if (choice_asks(&b->caps[i].value, q)) return true;
    return cond_asks(b->where, q) || cond_asks(b->waiting.unless, q) || choice_asks(&b->first_share.ratio, q) ||
           choice_asks(&b->deductible.value, q) || choice_asks(&b->pays.schedule, q) || choice_asks(&b->times.ratio, q) ||
           choice_asks(&b->allowance.amount, q);
}

/* A shared deductible or cap asks through the benefits that refer to it. */
static bool shared_used(const struct plan *p, uint32_t shared) {
    for (uint32_t i = 0; i < p->benefit_count; i++) {
        const struct plan_benefit *b = &p->benefits[i];
        if (b->deductible.shared.name.n > 0 && b->deductible.shared.index == (int32_t)shared) return true;
        for (uint32_t k = 0; k < b->cap_count; k++)
            if (b->caps[k].shared.name.n > 0 && b->caps[k].shared.index == (int32_t)shared) return true;
    }
    return false;
}

/* The plan's waiting period asks through the benefits that have none of their own. */
static bool waiting_used(const struct plan *p) {
    for (uint32_t i = 0; i < p->benefit_count; i++)
        if (!p->benefits[i].waiting.written) return true;
    return false;
}

bool walk_asks(const struct plan *p, const struct walk_question *q) {
    for (uint32_t i = 0; i < p->condition_count; i++)
        if ((q->classes || !p->conditions[i].is_class) && cond_asks(p->conditions[i].when, q)) return true;
    for (uint32_t i = 0; i < p->exclusion_count; i++)
        if (cond_asks(p->exclusions[i].when, q)) return true;
    for (uint32_t i = 0; i < p->shared_count; i++)
        if (shared_used(p, i) && (choice_asks(&p->shared[i].cap_value, q) || choice_asks(&p->shared[i].deductible.value, q))) return true;
    for (uint32_t i = 0; i < p->parameter_count; i++)
        for (uint32_t k = 0; k < p->parameters[i].value_count; k++)
            if (choice_asks(&p->parameters[i].values[k].value, q)) return true;
    for (uint32_t i = 0; i < p->benefit_count; i++)
        if (benefit_asks(&p->benefits[i], q)) return true;
    return waiting_used(p) && cond_asks(p->waiting.unless, q);
}
