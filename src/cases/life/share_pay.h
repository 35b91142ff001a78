/* cases/life/share_pay — what a share that was not paid at the counter is worth now, and the money of a decision. Internal to life. */
#ifndef YIJIE_CASES_SHARE_PAY_H
#define YIJIE_CASES_SHARE_PAY_H

#include "cases/life/postings.h"
#include "cases/life/share.h"

/* What the terms give this payer with the counters as they stand, and what of it may still be paid. */
struct life_worth {
    int64_t terms;                 /* by the terms, behind the payers before it as they were paid */
    int64_t most;                  /* of terms, less what it has paid, at most what the patient bears */
    const struct plan_result *run; /* its counter changes */
};
/* *ret_wait: something is not read yet. *ret_lost: the input was erased or its texts are gone. */
struct status life_share_worth(struct cases_context *x, struct arena *a, const struct life_recorded *c, const struct cases_share *share, struct life_worth *ret,
                               bool *ret_wait, bool *ret_lost);
/* What the patient bears of a case. */
static inline int64_t life_borne(const struct cases_row *row) { return row->account + row->cash - row->payout; }
/* The patient bears `more` (negative: less) than before: taken from the payout first, then from cash; given as a payout. */
void life_row_bear(struct cases_row *row, int64_t more);
/* The counter changes of a run of which `amount` was paid: money counters in proportion, all others whole. */
struct status life_deltas_scaled(struct arena *a, const struct plan_result *run, int64_t terms, int64_t amount, struct cases_counter_delta **ret, uint32_t *ret_count);
/* All counter changes that a case has made for a product, turned round. */
struct status life_deltas_undone(struct arena *a, const struct life_recorded *c, struct str product, struct cases_counter_delta **ret, uint32_t *ret_count);

#endif
