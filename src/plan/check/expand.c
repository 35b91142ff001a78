/* plan/check/expand — no definition leads back to itself, and none grows beyond bounds when names are replaced by what they mean.
 *
 * Who uses it: plan_check, before anything recurses along names (types, intervals, compiler, walker). A chain of cases or parameters each naming the one
 * before twice doubles at every step: thirty short lines would be a billion nodes. The sizes are counted with memory, so counting is linear.
 */
#include "plan/check/check.h"

enum {
    EXPAND_NODES = 4'096,  /* of one condition, parameter or value with all names replaced */
    EXPAND_TOTAL = 65'536, /* of the whole plan */
};

struct sizes {
    struct check *c;
    enum { UNSEEN, OPEN, DONE } *condition_state, *parameter_state;
    uint32_t *condition_size, *parameter_size;
    uint32_t depth;
    bool broken;
};

static uint32_t bounded(uint64_t n) {
    return n > EXPAND_TOTAL ? EXPAND_TOTAL + 1 : (uint32_t)n;
}

/* One level down. False: this deep there is no end in sight; reported. */
static bool descend(struct sizes *s, struct plan_pos at) {
    if (s->depth >= EXPAND_NODES) {
        s->broken = true;
        check_report(s->c, "too-deep", at, check_printf(s->c, "%d", EXPAND_NODES), STR(""));
        return false;
    }
    s->depth++;
    return true;
}

static void too_large(struct sizes *s, struct plan_pos at, uint32_t size) {
    if (size <= EXPAND_NODES) return;
    s->broken = true;
    check_report(s->c, "too-deep", at, check_printf(s->c, "%d", EXPAND_NODES), STR(""));
}

/* ---- conditions ------------------------------------------------------------------------------------------- */

static uint32_t size_of_condition(struct sizes *s, uint32_t index);

static uint32_t size_of_cond(struct sizes *s, const struct plan_cond *cond) {
    if (cond == NULL || !descend(s, cond->pos)) return 0;
    uint64_t n = 1 + (uint64_t)size_of_cond(s, cond->a) + size_of_cond(s, cond->b);
    if (cond->kind == PLAN_COND_NAME && cond->ref.index >= 0) n += size_of_condition(s, (uint32_t)cond->ref.index);
    s->depth--;
    return bounded(n);
}

static uint32_t size_of_condition(struct sizes *s, uint32_t index) {
    const struct plan_condition *condition = &s->c->p->conditions[index];
    if (s->condition_state[index] == OPEN) {
        s->broken = true;
        check_report(s->c, "cycle", condition->pos, condition->name, STR(""));
    }
    if (s->condition_state[index] != UNSEEN) return s->condition_size[index];
    s->condition_state[index] = OPEN;
    s->condition_size[index] = size_of_cond(s, condition->when);
    s->condition_state[index] = DONE;
    too_large(s, condition->pos, s->condition_size[index]);
    return s->condition_size[index];
}

/* ---- values ------------------------------------------------------------------------------------------------- */

static uint32_t size_of_parameter(struct sizes *s, uint32_t index);

static uint32_t size_of_expr(struct sizes *s, const struct plan_expr *e) {
    if (e == NULL || !descend(s, e->pos)) return 0;
    uint64_t n = 1 + (uint64_t)size_of_expr(s, e->a) + size_of_expr(s, e->b);
    if (e->kind == PLAN_EXPR_PARAMETER && e->ref.index >= 0) n += size_of_parameter(s, (uint32_t)e->ref.index);
    s->depth--;
    return bounded(n);
}

static uint32_t size_of_choice(struct sizes *s, struct plan_choice *choice) {
    uint64_t n = 0;
    struct plan_value *v;
    for (uint32_t i = 0; (v = plan_choice_value(choice, i)) != NULL; i++) {
        n += 1 + (uint64_t)size_of_expr(s, v->expr);
        for (uint32_t k = 0; v->schedule != NULL && k < v->schedule->tier_count; k++)
            n += (uint64_t)size_of_expr(s, v->schedule->tiers[k].ratio) + size_of_expr(s, v->schedule->tiers[k].to);
    }
    return bounded(n);
}

static uint32_t size_of_parameter(struct sizes *s, uint32_t index) {
    struct plan_parameter *parameter = &s->c->p->parameters[index];
    if (s->parameter_state[index] == OPEN) {
        s->broken = true;
        check_report(s->c, "cycle", parameter->pos, parameter->name, STR(""));
    }
    if (s->parameter_state[index] != UNSEEN) return s->parameter_size[index];
    s->parameter_state[index] = OPEN;
    uint64_t n = 0;
    for (uint32_t i = 0; i < parameter->value_count; i++) n += size_of_choice(s, &parameter->values[i].value);
    s->parameter_size[index] = bounded(n);
    s->parameter_state[index] = DONE;
    too_large(s, parameter->pos, s->parameter_size[index]);
    return s->parameter_size[index];
}

/* ---- plan ----------------------------------------------------------------------------------------------------- */

bool check_expand(struct check *c) {
    const struct plan *p = c->p;
    struct sizes s = {.c = c};
    s.condition_state = check_array(c, p->condition_count, sizeof(*s.condition_state), _Alignof(__typeof__(*s.condition_state)));
    s.parameter_state = check_array(c, p->parameter_count, sizeof(*s.parameter_state), _Alignof(__typeof__(*s.parameter_state)));
    s.condition_size = CHECK_ARRAY(c, uint32_t, p->condition_count);
    s.parameter_size = CHECK_ARRAY(c, uint32_t, p->parameter_count);
    if (c->no_memory) return false;
    uint64_t total = 0;
    for (uint32_t i = 0; i < p->condition_count; i++) (void)size_of_condition(&s, i);
    for (uint32_t i = 0; i < p->parameter_count; i++) (void)size_of_parameter(&s, i);
    for (uint32_t i = 0; i < c->sites.cond_count; i++) {
        uint32_t n = size_of_cond(&s, c->sites.conds[i].cond);
        too_large(&s, c->sites.conds[i].cond->pos, n);
        total += n;
    }
    for (uint32_t i = 0; i < c->sites.choice_count; i++) {
        uint32_t n = size_of_choice(&s, c->sites.choices[i].choice);
        too_large(&s, c->sites.choices[i].choice->pos, n);
        total += n;
    }
    if (total > EXPAND_TOTAL) {
        s.broken = true;
        check_report(c, "too-deep", p->pos, check_printf(c, "%d", EXPAND_TOTAL), STR(""));
    }
    return !s.broken;
}
