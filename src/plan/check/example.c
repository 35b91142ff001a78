/* plan/check/example — examples name things of their plan.
 *
 * Who uses it: plan_check. What an example's words mean is the business of plan_test; here only its references are resolved.
 */
#include "plan/check/check.h"

static int32_t find_benefit(const struct plan *p, struct str name) {
    for (uint32_t i = 0; i < p->benefit_count; i++)
        if (str_eq(p->benefits[i].name, name)) return (int32_t)i;
    return PLAN_NONE;
}

static bool is_shared(const struct plan *p, struct str name) {
    for (uint32_t i = 0; i < p->shared_count; i++)
        if (str_eq(p->shared[i].name, name)) return true;
    return false;
}

static bool is_class(const struct plan *p, struct str name) {
    for (uint32_t i = 0; i < p->condition_count; i++)
        if (p->conditions[i].is_class && str_eq(p->conditions[i].name, name)) return true;
    return false;
}

static bool is_refusal(const struct plan *p, struct str code) {
    for (int r = PLAN_REFUSAL_NONE + 1; r < PLAN_REFUSAL_COUNT; r++)
        if (r != PLAN_REFUSAL_CUSTOM && str_eq(code, str_from(plan_refusal_code((enum plan_refusal)r)))) return true;
    for (uint32_t i = 0; i < p->benefit_count; i++)
        for (uint32_t k = 0; k < p->benefits[i].need_count; k++)
            if (str_eq(code, p->benefits[i].needs[k].refusal)) return true;
    return false;
}

static void check_given(struct check *c, struct plan_given *g) {
    const struct plan *p = c->p;
    if (g->kind == PLAN_GIVEN_COUNTER) {
        g->ref.index = find_benefit(p, g->ref.name);
        if (g->ref.index < 0 && !is_shared(p, g->ref.name)) check_report(c, "benefit-unknown", g->pos, g->ref.name, STR(""));
    }
    if (g->kind == PLAN_GIVEN_CLASS) {
        bool none = str_eq(g->value, STR("none")) || str_eq(g->value, STR("无"));
        if (!none && !is_class(p, g->value)) check_report(c, "condition-unknown", g->pos, g->value, STR(""));
    }
}

static void check_expect(struct check *c, struct plan_expect *e) {
    const struct plan *p = c->p;
    if (e->kind != PLAN_EXPECT_TOTAL && e->ref.name.n > 0) {
        e->ref.index = find_benefit(p, e->ref.name);
        if (e->ref.index < 0) check_report(c, "benefit-unknown", e->pos, e->ref.name, STR(""));
        else if ((e->kind == PLAN_EXPECT_ALLOWANCE) != (p->benefits[e->ref.index].kind == PLAN_BENEFIT_ALLOWANCE) &&
                 e->kind != PLAN_EXPECT_REFUSED)
            check_report(c, "expect-kind", e->pos, e->ref.name, STR(""));
    }
    if (e->kind == PLAN_EXPECT_REFUSED && !is_refusal(p, e->code)) check_report(c, "refusal-unknown", e->pos, e->code, STR(""));
}

void check_examples(struct check *c) {
    for (uint32_t i = 0; i < c->p->example_count; i++) {
        const struct plan_example *x = &c->p->examples[i];
        for (uint32_t s = 0; s < x->step_count; s++) {
            for (uint32_t k = 0; k < x->steps[s].given_count; k++) check_given(c, &x->steps[s].given[k]);
            for (uint32_t k = 0; k < x->steps[s].expect_count; k++) check_expect(c, &x->steps[s].expects[k]);
        }
    }
}
