/* cases/life/postings — what a settled case posts, and what its postings must come to.
 *
 * Account codes: CLASS/NAME/HOSPITAL/CURRENCY and the like, docs/life.md. Invariant, checked by the audit: for every case the net debit of each
 * payer's accounts is the payer's share, of own/ the hospital's part, of account/ the personal account, of all accounts on the patient's side
 * (patient, deposit, payout, receivable, offset) cash − payout, of each fund (memorandum) the fund's share; of a reversed case all are zero.
 */
#ifndef YIJIE_CASES_POSTINGS_H
#define YIJIE_CASES_POSTINGS_H

#include "cases/life/life.h"

enum cases_posting_class {
    CASES_POSTING_PAYER, CASES_POSTING_FUND, CASES_POSTING_OWN, CASES_POSTING_ACCOUNT, CASES_POSTING_PATIENT,
    CASES_POSTING_OTHER /* due to the hospital, contra and allowances of the memorandum: not compared */
};
struct cases_posting {
    enum cases_posting_class of;
    struct str name;               /* payer or fund; else empty */
    int64_t net_debit;
};
/* Class and name of an account code; the name points into the code (with '/' as %2F). */
enum cases_posting_class cases_posting_class(struct str code, struct str *ret_name);
/* The sums that the postings of a case must come to; rows of 0 are left out. Names as they stand in codes. */
struct status cases_postings_expected(struct arena *a, const struct cases_row *row, const struct cases_share *shares, uint32_t share_count,
                                      struct cases_posting **ret, uint32_t *ret_count);

/* ---- making them: internal to life ---------------------------------------------------------------------------------- */

/* "payer/PLAN/HOSPITAL/CNY": carries the advance limit. p NULL: no memory. */
struct str life_payer_account(struct arena *a, struct str product, struct str hospital, const struct currency *currency);
struct str life_account(struct arena *a, const char *kind, struct str name, struct str place, const struct currency *currency);

/* A growing list of transfers of one case, with the accounts that they need. */
struct life_postings {
    struct cases_context *x;
    struct arena *a;
    struct id128 case_id;
    int64_t at_ms;
    uint32_t event;                /* how many events the case has had: two of one moment must not make one id */
    int32_t day;
    const struct currency *currency;
    struct ledger_transfer *transfers;
    uint32_t count, cap;
    struct cases_account *accounts;
    uint32_t account_count, account_cap;
    bool wait;                     /* an account is not read yet: decide again */
};
struct life_side {
    struct str code;
    uint32_t flags;
    int64_t limit;
};
struct status life_post(struct life_postings *p, enum ledger_kind kind, struct life_side debit, struct life_side credit, int64_t amount);
/* All postings of a settled answer. */
struct status life_postings_settle(struct life_postings *p, const struct life_run *run);
/* The recorded transfers of a case turned round, newest first. */
struct status life_postings_mirror(struct life_postings *p, const struct life_recorded *c);
/* A payer's money to the patient (later share, difference in favour); offsets of the person are taken off first. `hospital`: empty. */
struct status life_postings_to_patient(struct life_postings *p, enum ledger_kind kind, struct str payer, bool statutory, const struct cases_row *row, int64_t amount);
/* A scheme's money paid to the patient past the hospital (零星报销): memorandum. */
struct status life_postings_manual(struct life_postings *p, struct str fund, int64_t amount);
/* A difference against the patient. */
struct status life_postings_against(struct life_postings *p, struct str payer, bool statutory, const struct cases_row *row, int64_t amount, enum registry_difference how);
void life_postings_into(const struct life_postings *p, struct cases_effect *e);

#endif
