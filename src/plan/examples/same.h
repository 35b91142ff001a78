/* plan/examples/same — are two results of a run the same in every field but reasons?
 *
 * Who uses it: plan_test and the property program, to hold evaluator and walker against each other. The order of counter changes is no part
 * of a result.
 */
#ifndef YIJIE_PLAN_SAME_H
#define YIJIE_PLAN_SAME_H

#include "plan/plan.h"

/* False at the first field that differs; its name, row and both values are then written to *ret_what. */
struct plan_mismatch {
    const char *field; /* "benefit.pay", "cell.base", "change.after" … */
    uint32_t row;
    int64_t x, y;
};
struct plan_same_options {
    bool no_cells;        /* one of them ran with no_split */
    uint32_t co_insurers; /* how many the plan has */
};
bool plan_results_same(const struct plan_result *x, const struct plan_result *y, struct plan_same_options o, struct plan_mismatch *ret_what);

#endif
