/* plan/check/size — what the parser's limits leave to bound: exceptions that proofs enumerate, and the size of the compiled form.
 *
 * Who uses it: plan_check, first and, for a plan that is clean but large, last. Invariant: a clean plan compiles. A plan is a stranger's text (STYLE 18).
 */
#include "plan/check/check.h"

enum { CHECK_EXCEPTIONS = 16 }; /* of one choice: every pair is a question */

void check_size(struct check *c) {
    for (uint32_t i = 0; i < c->sites.choice_count; i++)
        if (c->sites.choices[i].choice->exception_count > CHECK_EXCEPTIONS)
            check_report(c, "too-many", c->sites.choices[i].choice->pos, BOTH("例外", "exceptions"), check_printf(c, "%d", CHECK_EXCEPTIONS));
}

/* ---- does it compile? ------------------------------------------------------------------------------------------ */

enum {
    SMALL_WEIGHT = 400, /* a plan below this compiles: no part of the tree is more than eight steps or one mask */
    BENEFIT_WEIGHT = 16,  /* its own fixed steps */
};

static uint64_t cond_weight(const struct plan_cond *c) {
    return c == NULL ? 0 : 1 + (uint64_t)c->word_count + cond_weight(c->a) + cond_weight(c->b);
}

static uint64_t expr_weight(const struct plan_expr *e) {
    return e == NULL ? 0 : 1 + expr_weight(e->a) + expr_weight(e->b);
}

static uint64_t choice_weight(struct plan_choice *choice) {
    uint64_t n = 1 + (uint64_t)choice->item_count * choice->by_count;
    struct plan_value *v;
    for (uint32_t i = 0; i < choice->exception_count; i++) n += choice->exceptions[i].name_count;
    for (uint32_t i = 0; (v = plan_choice_value(choice, i)) != NULL; i++) {
        n += 1 + expr_weight(v->expr);
        for (uint32_t k = 0; v->schedule != NULL && k < v->schedule->tier_count; k++)
            n += 1 + expr_weight(v->schedule->tiers[k].ratio) + expr_weight(v->schedule->tiers[k].to);
    }
    return n;
}

void check_compiles(struct check *c) {
    const struct plan *p = c->p;
    uint64_t weight = (uint64_t)p->benefit_count * BENEFIT_WEIGHT + (uint64_t)p->condition_count + p->parameter_count;
    for (uint32_t i = 0; i < c->sites.cond_count; i++) weight += cond_weight(c->sites.conds[i].cond);
    for (uint32_t i = 0; i < c->sites.choice_count; i++) weight += choice_weight(c->sites.choices[i].choice);
    if (weight < SMALL_WEIGHT) return;
    struct arena_mark mark = arena_mark(c->a);
    struct plan_program *program = NULL;
    struct status s = plan_compile(c->a, p, &program);
    bool failed = status_failed(s), memory = failed && s.err == status_memory().err;
    arena_rewind(c->a, mark);
    if (memory) c->no_memory = true;
    else if (failed) check_report(c, "plan-too-large", p->pos, p->name, STR(""));
}
