/* plan/prove/prove — the driver of the proofs and what their questions have in common.
 *
 * Who uses it: plan_check. Invariant: every question is counted as proven, refuted or not decided; a finding "dead" only comes from a search that was
 * complete.
 */
#include "plan/prove/prove.h"

bool prove_init(struct prove *pv, struct check *c, const struct plan_check_options *o) {
    *pv = (struct prove){.c = c, .o = o};
    if (!logic_world_init(&pv->w, c->a, c->p)) c->no_memory = true;
    return !c->no_memory;
}

void prove_all(struct prove *pv) {
    static void (*const proofs[])(struct prove *pv) = {
        prove_conditions, prove_exceptions_dead, prove_takes, prove_amounts, prove_dates, prove_codes,
    };
    for (size_t i = 0; i < COUNT_OF(proofs) && !pv->c->no_memory; i++) {
        proofs[i](pv);
        if (pv->w.no_memory) pv->c->no_memory = true;
    }
}

enum logic_answer prove_ask(struct prove *pv, struct logic *q, const struct logic_node *f, bool yes_refutes, struct plan_pos at, struct str question) {
    enum logic_answer answer = logic_solve(q, f);
    if (answer == LOGIC_NOT_DECIDED) {
        pv->counts.not_decided++;
        struct plan_diagnostic *d = pv->o != NULL ? check_finding(pv->c, pv->c->p->source, "not-decided", at, question, STR("")) : NULL;
        if (d != NULL) d->verdict = PLAN_NOT_DECIDED;
    } else if ((answer == LOGIC_YES) == yes_refutes) {
        pv->counts.refuted++;
    } else {
        pv->counts.proven++;
    }
    return answer;
}

struct plan_diagnostic *prove_report(struct prove *pv, const char *code, struct plan_pos at, struct str a, struct str b, enum plan_verdict verdict) {
    struct plan_diagnostic *d = check_finding(pv->c, pv->c->p->source, code, at, a, b);
    if (d != NULL) d->verdict = verdict;
    return d;
}

struct plan_diagnostic *prove_report_witness(struct prove *pv, const char *code, struct plan_pos at, struct str a, struct str b, const struct logic *q,
                                             struct witness_money money) {
    struct plan_diagnostic *d = prove_report(pv, code, at, a, b, PLAN_REFUTED);
    if (d == NULL) return NULL;
    d->witness = witness_bill(pv->c->a, pv->c->p, q, money);
    if (d->witness == NULL) pv->c->no_memory = true;
    return d;
}

void prove_show(struct prove *pv, struct plan_diagnostic *d, struct str name, int64_t before, int64_t after) {
    struct plan_value_pair *pair = CHECK_ARRAY(pv->c, struct plan_value_pair, 1);
    if (pair == NULL) return;
    *pair = (struct plan_value_pair){name, before, after};
    d->shows = pair;
    d->show_count = 1;
}

bool prove_pay(struct prove *pv, const struct plan *p, const struct bill *witness, uint32_t benefit, int64_t *ret) {
    struct witness_input_memory memory;
    struct plan_input in;
    struct plan_counters counters;
    struct plan_result result;
    plan_counters_init(&counters, pv->c->a);
    witness_input(witness, &memory, &in);
    if (status_failed(plan_walk(pv->c->a, p, &in, &counters, &result)) || result.refusal != PLAN_REFUSAL_NONE) return false;
    *ret = 0;
    for (uint32_t i = 0; i < result.benefit_count; i++)
        if (result.benefits[i].benefit == benefit) *ret += result.benefits[i].pay;
    return true;
}

/* ---- how far a benefit gets ------------------------------------------------------------------------------- */

const struct logic_node *prove_visit(struct logic *q, const struct plan *p, const struct plan_benefit *b, uint32_t needs) {
    const struct logic_node *all = logic_true(q);
    const struct plan_waiting *waiting = b->waiting.written ? &b->waiting : &p->waiting;
    if (waiting->written && waiting->days > 0) {
        const struct logic_node *over = logic_waited(q, waiting->days);
        all = waiting->unless == NULL ? over : logic_or(q, logic_cond(q, waiting->unless), over);
    }
    for (uint32_t i = 0; i < needs; i++) all = logic_and(q, all, logic_cond(q, b->needs[i].cond));
    return all;
}

uint32_t prove_exclusion_count(const struct plan *p, const struct plan_benefit *b) {
    return p->exclusion_count + b->exclusion_count;
}

const struct logic_node *prove_line(struct logic *q, const struct plan *p, const struct plan_benefit *b, uint32_t exclusions) {
    const struct logic_node *all = logic_cond(q, b->where);
    for (uint32_t i = 0; i < exclusions; i++) {
        const struct plan_exclusion *e = i < p->exclusion_count ? &p->exclusions[i] : &b->exclusions[i - p->exclusion_count];
        all = logic_and(q, all, logic_not(q, logic_cond(q, e->when)));
    }
    return all;
}

const struct logic_node *prove_reach(struct logic *q, const struct plan *p, const struct plan_benefit *b) {
    const struct logic_node *all = logic_and(q, prove_visit(q, p, b, b->need_count), prove_line(q, p, b, prove_exclusion_count(p, b)));
    /* At share of a list: what is not in it is taken at nothing (though money paid for it may still fill a deductible). */
    return b->takes.share_list.name.n > 0 ? logic_and(q, all, logic_code_in_list(q, b->takes.share_list.index)) : all;
}
