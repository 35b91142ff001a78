/* plan/prove/prove — what the proofs share.
 *
 * Internal to the room. A question is put to logic.h as "can there be a bill …"; what the answer means is for the caller: a gap or an overlap is refuted by
 * the bill found, a clause that can never matter is proven dead by there being none. Each decided question counts once.
 */
#ifndef YIJIE_PLAN_PROVE_H
#define YIJIE_PLAN_PROVE_H

#include "plan/check/check.h"
#include "plan/prove/logic.h"
#include "plan/prove/witness.h"

struct prove {
    struct check *c;
    struct logic_world w;
    const struct plan_check_options *o; /* NULL: only what every check needs (exceptions that collide) */
    struct plan_proof_counts counts;
};
/* False: no memory. */
bool prove_init(struct prove *pv, struct check *c, const struct plan_check_options *o);
void prove_all(struct prove *pv); /* everything but exceptions that collide */

/* Solves and counts: `yes` is what a found bill means for the property asked about. An open answer is noted at the place when proofs are asked for. */
enum logic_answer prove_ask(struct prove *pv, struct logic *q, const struct logic_node *f, bool yes_refutes, struct plan_pos at, struct str question);
/* Reports with a verdict; q non-NULL: with its witness, whose line has money in these buckets. */
struct plan_diagnostic *prove_report(struct prove *pv, const char *code, struct plan_pos at, struct str a, struct str b, enum plan_verdict verdict);
struct plan_diagnostic *prove_report_witness(struct prove *pv, const char *code, struct plan_pos at, struct str a, struct str b, const struct logic *q,
                                             struct witness_money money);

/* Adds to a finding what its witness does to a benefit's pay: under one reading of the plan, and under another. */
void prove_show(struct prove *pv, struct plan_diagnostic *d, struct str name, int64_t before, int64_t after);
/* What the benefit pays on the finding's witness, by the walker. False: it cannot run there. */
bool prove_pay(struct prove *pv, const struct plan *p, const struct bill *witness, uint32_t benefit, int64_t *ret);

/* The benefit gets this far: its needs hold and its waiting is over; a line passes `where` and no exclusion (the first `exclusions` of them). Reached:
 * both, and something of the line can be taken. */
const struct logic_node *prove_visit(struct logic *q, const struct plan *p, const struct plan_benefit *b, uint32_t needs);
const struct logic_node *prove_line(struct logic *q, const struct plan *p, const struct plan_benefit *b, uint32_t exclusions);
const struct logic_node *prove_reach(struct logic *q, const struct plan *p, const struct plan_benefit *b);
uint32_t prove_exclusion_count(const struct plan *p, const struct plan_benefit *b); /* of the plan and its own */

/* prove/exception.c */
void prove_exceptions_collide(struct prove *pv); /* also in a check without proofs: an error */
void prove_exceptions_dead(struct prove *pv);
/* prove/condition.c: conditions that always or never hold, alone and where they stand */
void prove_conditions(struct prove *pv);
/* prove/take.c: buckets taken twice */
void prove_takes(struct prove *pv);
/* prove/amount.c: deductibles, caps, limits and tiers that cannot matter */
void prove_amounts(struct prove *pv);
/* prove/date.c: parameters and lists against the force */
void prove_dates(struct prove *pv);
/* prove/code.c: shapes of codes */
void prove_codes(struct prove *pv);

#endif
