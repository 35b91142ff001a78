/* plan/prove/exception — exceptions that collide, and exceptions that never win.
 *
 * Who uses it: plan_check (collisions are errors in every check), proofs. Definition (docs/plan-language.md §3): of the exceptions whose names all apply, the
 * one that includes the names of all the others wins. So two collide on a bill when both apply, neither includes the other, and none that applies
 * includes one of them strictly. Where a benefit is never reached nothing is asked.
 */
#include "plan/prove/prove.h"

/* The benefits behind which a choice is read; a parameter or shared item is read by any. */
static const struct logic_node *reached(struct logic *q, const struct plan *p, const struct plan_choice_site *site) {
    return site->benefit == PLAN_NONE ? logic_true(q) : prove_reach(q, p, &p->benefits[site->benefit]);
}

static const struct logic_node *guard(struct logic *q, const struct plan_exception *e) {
    const struct logic_node *all = logic_true(q);
    for (uint32_t i = 0; i < e->name_count; i++) all = logic_and(q, all, logic_condition(q, e->names[i].index));
    return all;
}

static bool strictly_includes(const struct plan_exception *a, const struct plan_exception *b) {
    return plan_exception_includes(a, b) && !plan_exception_includes(b, a);
}

static struct str names(struct check *c, const struct plan_exception *e) {
    struct str all = STR("");
    for (uint32_t i = 0; i < e->name_count; i++)
        all = check_printf(c, "%.*s%s%.*s", STR_FMT(all), i > 0 ? (c->p->zh ? " 且 " : " and ") : "", STR_FMT(e->names[i].name));
    return all;
}

/* What the benefit pays on the witness when exception `first` is written first, `in order`. */
static bool pay_with_first(struct prove *pv, const struct bill *witness, const struct plan_choice_site *site, uint32_t first, int64_t *ret) {
    const struct plan_choice written = *site->choice;
    struct plan_exception *order = CHECK_ARRAY(pv->c, struct plan_exception, written.exception_count);
    if (order == NULL || site->benefit == PLAN_NONE || witness == NULL) return false;
    order[0] = written.exceptions[first];
    for (uint32_t n = 0, at = 1; n < written.exception_count; n++)
        if (n != first) order[at++] = written.exceptions[n];
    site->choice->exceptions = order;
    site->choice->in_order = true;
    bool ran = prove_pay(pv, pv->c->p, witness, (uint32_t)site->benefit, ret);
    *site->choice = written;
    return ran;
}

/* On the witness: the first of the two wins, and the second. */
static void show_both(struct prove *pv, struct plan_diagnostic *d, const struct plan_choice_site *site, uint32_t i, uint32_t k) {
    int64_t first, second;
    if (!pay_with_first(pv, d->witness, site, i, &first) || !pay_with_first(pv, d->witness, site, k, &second)) return;
    struct str x = names(pv->c, &site->choice->exceptions[i]), y = names(pv->c, &site->choice->exceptions[k]);
    prove_show(pv, d, check_printf(pv->c, "%.*s (%.*s → %.*s)", STR_FMT(pv->c->p->benefits[site->benefit].name), STR_FMT(x), STR_FMT(y)), first, second);
}

static void collide(struct prove *pv, const struct plan_choice_site *site, uint32_t i, uint32_t k) {
    const struct plan_choice *choice = site->choice;
    const struct plan_exception *a = &choice->exceptions[i], *b = &choice->exceptions[k];
    struct logic *q = logic_new(&pv->w);
    const struct logic_node *f = logic_and(q, logic_and(q, guard(q, a), guard(q, b)), reached(q, pv->c->p, site));
    for (uint32_t m = 0; m < choice->exception_count; m++) {
        const struct plan_exception *other = &choice->exceptions[m];
        if (strictly_includes(other, a) || strictly_includes(other, b)) f = logic_and(q, f, logic_not(q, guard(q, other)));
    }
    if (prove_ask(pv, q, f, true, b->pos, BOTH("两个例外会不会同时适用", "can two exceptions apply at once")) != LOGIC_YES) return;
    uint32_t buckets = site->benefit == PLAN_NONE ? 0 : pv->c->p->benefits[site->benefit].takes.buckets;
    struct plan_diagnostic *d =
        prove_report_witness(pv, "exception-overlap", b->pos, names(pv->c, a), names(pv->c, b), q, (struct witness_money){.buckets = buckets});
    if (d != NULL) show_both(pv, d, site, i, k);
}

void prove_exceptions_collide(struct prove *pv) {
    for (uint32_t s = 0; s < pv->c->sites.choice_count; s++) {
        const struct plan_choice *choice = pv->c->sites.choices[s].choice;
        for (uint32_t k = 0; !choice->in_order && k < choice->exception_count; k++)
            for (uint32_t i = 0; i < k; i++)
                if (!plan_exception_includes(&choice->exceptions[i], &choice->exceptions[k]) &&
                    !plan_exception_includes(&choice->exceptions[k], &choice->exceptions[i]))
                    collide(pv, &pv->c->sites.choices[s], i, k);
    }
}

/* Never wins: on every bill that reaches it, its names fail or a better one applies. */
static void dead(struct prove *pv, const struct plan_choice_site *site, uint32_t i) {
    const struct plan_choice *choice = site->choice;
    const struct plan_exception *e = &choice->exceptions[i];
    struct logic *q = logic_new(&pv->w), *alone = logic_new(&pv->w);
    if (site->benefit != PLAN_NONE && logic_solve(alone, prove_reach(alone, pv->c->p, &pv->c->p->benefits[site->benefit])) != LOGIC_YES) return;
    const struct logic_node *f = logic_and(q, guard(q, e), reached(q, pv->c->p, site));
    for (uint32_t m = 0; m < choice->exception_count; m++) {
        bool better = choice->in_order ? m < i : strictly_includes(&choice->exceptions[m], e);
        if (better) f = logic_and(q, f, logic_not(q, guard(q, &choice->exceptions[m])));
    }
    if (prove_ask(pv, q, f, false, e->pos, BOTH("例外能不能适用", "can this exception apply")) == LOGIC_NO)
        (void)prove_report(pv, "exception-dead", e->pos, names(pv->c, e), STR(""), PLAN_PROVEN);
}

void prove_exceptions_dead(struct prove *pv) {
    for (uint32_t s = 0; s < pv->c->sites.choice_count; s++)
        for (uint32_t i = 0; i < pv->c->sites.choices[s].choice->exception_count; i++) dead(pv, &pv->c->sites.choices[s], i);
}
