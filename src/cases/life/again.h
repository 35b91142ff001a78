/* cases/life/again — re-adjudication: settled cases of a cover group run again after something before them changed. Internal to life.
 *
 * What changed is the target: a case that is reversed, or one whose input is another now (a late registry change, a manual reimbursement). Every later settled
 * case that may have read or changed one of the counters involved follows, in order of confirmation, with its own versions and its own recorded
 * input. Differences are posted as CASE_ADJUSTED events that name both cases; closed bills and invoices stay what they are.
 */
#ifndef YIJIE_CASES_AGAIN_H
#define YIJIE_CASES_AGAIN_H

#include "cases/life/postings.h"
#include "cases/life/share_pay.h"

struct life_again {
    struct cases_context *x;
    struct cases_command *cmd;
    struct life_recorded target;
    struct life_recorded *later;      /* settled cases that follow, oldest first */
    uint32_t later_count;
    struct plan_counters *counters;   /* as they stand while it runs */
    const char *note;                 /* why, a stable code: "reversed", "registry-changed", "statutory-changed" */
    uint32_t adjusted;
    bool manual;                      /* the scheme pays the patient, not the hospital */
    bool wait, defer;
};
/* Reads the target and finds who follows. Sets wait, defer; *ret_state ABSENT: no such case. */
struct status life_again_find(struct life_again *g, const struct id128 *case_id, enum set_state *ret_state);
/* Takes the counter changes of all who follow, and of the target, out of g->counters. */
struct status life_again_roll_back(struct life_again *g, bool target_whole);
/* Runs one of them again, with another bill when `bill` is given, and adds its CASE_ADJUSTED event when anything differs. */
struct status life_again_run(struct life_again *g, const struct life_recorded *c, const struct bill *bill);
/* The way of the region of a case. */
const struct registry_region *life_again_region(const struct life_again *g, const struct cases_row *row);
/* Runs the target with its policies as the registry knows them now (and another statutory result when given), and all who follow. */
struct status life_again_target(struct life_again *g, const struct json *statutory);

#endif
