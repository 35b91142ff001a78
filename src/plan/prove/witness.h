/* plan/prove/witness — a bill that shows a finding.
 *
 * Internal to the room: proofs and mutator use it. The bill is one that bill_parse would accept from its own bill_write: one line, dates inside the force,
 * a policy in force, every declared fact, and what the answer of a question fixed.
 */
#ifndef YIJIE_PLAN_WITNESS_H
#define YIJIE_PLAN_WITNESS_H

#include "plan/prove/logic.h"

struct witness_money {
    uint32_t buckets; /* bits of enum bill_bucket: where the line's money lies; 0: in all four given ones */
    int64_t amount;   /* in each of them; 0: a thousand major units above every deductible */
    uint32_t variant; /* what the question left open: 0 ordinary; 1 counts of 5; 2 also yes for no; 3 also twenty times the money */
};
enum { WITNESS_VARIANTS = 4 };
/* NULL: no memory. `q` may be NULL: an ordinary bill. */
const struct bill *witness_bill(struct arena *a, const struct plan *p, const struct logic *q, struct witness_money money);

/* A fact of the visit that the bill must have. */
struct witness_fact {
    int32_t fact;
    int64_t number;
    struct str text; /* of a text fact */
};
const struct bill *witness_bill_of_facts(struct arena *a, const struct plan *p, const struct witness_fact *facts, uint32_t count);

/* The input of a run on a witness: the line's money as left, its policy, the day of settlement. */
struct witness_input_memory {
    int64_t left[BUCKET_COUNT], reimbursed;
};
void witness_input(const struct bill *b, struct witness_input_memory *memory, struct plan_input *ret);

#endif
