/* settle — one bill against a chain of payers: who pays what, in order, exact to the minor unit, with reasons.
 *
 * Who uses it: cli, bench; the server's life of a case comes on top of it. Meaning: DESIGN (the chain), docs/plan-language.md §7.
 * Invariants of every answer: total = Σ payers + hospital + account + cash − payout; none is negative; what is left of the cells is what the
 * patient bears, and `not_paid` sums to it; a bill is settled whole or refused whole; counters change only by settle_answer_commit.
 * Pure: no file, clock or random source. Lifetime: everything of an answer lies in the arena of its call.
 */
#ifndef YIJIE_SETTLE_H
#define YIJIE_SETTLE_H

#include "base/base.h"
#include "bill/bill.h"
#include "codec/codec.h"
#include "crypto/crypto.h"
#include "plan/plan.h"

/* ---- products and chains -------------------------------------------------------------------------- */

/* A plan ready to run. */
struct settle_product {
    const struct plan *plan;
    const struct plan_program *program;
    struct plan_about about;
    const struct plan_benefit_about *benefits;
    char hash[65]; /* hex */
};
/* Checks, compiles, verifies and hashes one plan of a library. Findings go to `d`; *ret is NULL when there were errors. */
struct status settle_product_build(struct arena *a, struct plan *plan, const struct plan_library *lib, struct plan_diagnostics *d,
                                   const struct settle_product **ret);

struct settle_payer {
    const struct settle_product *product;
    bool by_policies;       /* stands for the policies of the bill that the chain does not name … */
    bool as_listed;         /* … in the order of the bill, else by date */
    bool fills;             /* its money may fill later deductibles */
};
/* The order of payers. `products` are all plans that may be found by name (also by policies of a bill). */
struct settle_chain {
    struct str name;        /* empty for a chain of plan names */
    const struct str *regions;
    uint32_t region_count;
    struct settle_payer *payers;
    uint32_t payer_count;
    const struct plan_chain_fund *funds;
    uint32_t fund_count;
    const struct settle_product *const *products;
    uint32_t product_count;
    struct sha256 *hash;    /* for owners' digests, of whoever settles many bills; NULL: each bill makes its own */
};

/* ---- settling one bill ------------------------------------------------------------------------------ */

enum settle_refusal {
    SETTLE_REFUSAL_NONE,
#define X(id, code, zh, en) SETTLE_REFUSAL_##id,
#include "settle/refusals.def"
#undef X
    SETTLE_REFUSAL_COUNT
};
const char *settle_refusal_code(enum settle_refusal r);
const char *settle_refusal_text(enum settle_refusal r, bool zh);

/* A payer of this bill that is not treated as the others are, and why; `payer` is the plan's name. */
struct settle_exception {
    struct str payer, reason, reason_zh, reason_en;
};
struct settle_options {
    bool explain;           /* reasons and not_paid; amounts are the same without */
    bool lines;             /* keep the shares per line also of funds */
    struct day settled_on;  /* DAY_NONE: the bill's last day */
    struct str owner;       /* of the person's counters; empty: settle_owner of the bill */
    bool scheme_stands;     /* a bill that the scheme settled is settled, also when every plan that was asked refuses: the patient bears the rest */
    bool policies_required; /* a plan that is neither statutory nor a programme pays only on a policy of the bill: else its share is skipped, not-covered */
    /* Payers whose money is held back: they run on what earlier payers left, for `expected`, but take nothing, fill nothing and change no counter. Who stands
     * behind one is computed with that share at 0 and at its largest: where the two differ it is held back too (behind_later), to a fixed point. */
    const struct settle_exception *later;
    uint32_t later_count;
    /* Payers that are not asked at all, for lack of consent: nothing of the bill reaches them. They do not make a bill refused. */
    const struct settle_exception *refused;
    uint32_t refused_count;
};
enum settle_share_status { SETTLE_PAID, SETTLE_REFUSED, SETTLE_SKIPPED, SETTLE_LATER };
/* What a fund paid on one cell. */
struct settle_fund_cell {
    uint32_t line;
    uint8_t bucket;
    int64_t pay;
};
struct settle_share {
    struct str payer;
    enum plan_kind kind;
    const struct settle_product *product; /* NULL for a fund of the bill */
    const struct bill_policy *policy;     /* NULL when the bill names none */
    enum settle_share_status status;
    struct str reason;                    /* code when refused; empty otherwise */
    struct str reason_zh, reason_en;
    int64_t pay;
    int64_t expected;                     /* LATER: what the terms give on what earlier payers left; else as pay */
    bool unasked;                         /* refused by options.refused: the plan did not run */
    bool allocated;                       /* a fund paid beyond its buckets */
    struct plan_result run;               /* plans that ran; of a LATER share: no cells, no counter changes, no co-insurers */
    const struct settle_fund_cell *fund_cells; /* with options.lines */
    uint32_t fund_cell_count;
};
/* Why money stayed with the patient: stops.def. */
enum settle_stop {
#define X(id, code, zh, en) SETTLE_STOP_##id,
#include "settle/stops.def"
#undef X
    SETTLE_STOP_COUNT
};
/* Money that nobody paid, by bucket and by the clause that stopped it. A record only: settle_unpaid_print makes the words. */
struct settle_unpaid {
    enum bill_bucket bucket;
    enum settle_stop stop;
    uint16_t share;                       /* SETTLE_NO_SHARE: no payer in the chain takes the bucket */
    uint16_t benefit;                     /* place in the plan, not in the results */
    uint16_t name;                        /* EXCLUDED: the exclusion */
    uint32_t clause_line;
    int64_t amount;
};
enum { SETTLE_NO_SHARE = UINT16_MAX };
struct settle_note {
    const char *code;
    struct str zh, en;
};
struct settle_answer {
    const struct bill *bill;
    enum settle_refusal refusal;          /* NONE: settled */
    struct str refusal_detail;
    struct settle_share *shares;
    uint32_t share_count;
    int64_t hospital, account, cash, payout, due;
    int64_t payers_total;
    const struct settle_unpaid *unpaid;   /* with explain */
    uint32_t unpaid_count;
    struct settle_note *notes;
    uint32_t note_count, note_cap;
    bool demonstration, unproven;
    bool all_refused;                     /* every plan that was asked refused: status refused, sums as they stand without it */
};
/* Settles `bill`. Fails only for bad input that a plan finds (fact-missing) or lack of memory; the domain's "no" is in the answer.
 * Counters are read, not changed. Cost: linear in lines × benefits. */
struct status settle_bill(struct arena *a, const struct settle_chain *chain, const struct bill *bill, const struct plan_counters *counters,
                          struct settle_options o, struct settle_answer *ret);
/* Settled: the bill was not refused, and not every plan of the chain refused it. */
bool settle_answer_settled(const struct settle_answer *answer);
/* Applies the counter changes of an answer. */
struct status settle_answer_commit(const struct settle_answer *answer, struct plan_counters *counters);
/* The answer as JSON (DESIGN §9); `lines` adds the shares per line, bucket and payer. */
void settle_answer_write(const struct settle_answer *answer, const struct settle_chain *chain, bool lines, struct json_writer *w);
/* The same members inside an object that the caller has begun. */
void settle_answer_write_members(const struct settle_answer *answer, const struct settle_chain *chain, bool lines, struct json_writer *w);
/* The reason of a share held back because of one before it. */
extern const char *const settle_behind_later;
/* Code and words of one unpaid part: "within the deductible of …". */
const char *settle_stop_code(enum settle_stop s);
void settle_unpaid_print(const struct settle_answer *answer, const struct settle_unpaid *u, bool zh, struct buf *out);
const char *settle_bucket_name(enum bill_bucket b); /* as in `not_paid`: in_scope_own for what is left in scope */
/* The patient's remainder: account + cash − payout. */
int64_t settle_answer_remainder(const struct settle_answer *answer);

/* ---- state of the command line ---------------------------------------------------------------------------- */

/* Counters and the bills settled, carried by a file between runs. Persons appear as digests, never as numbers or names. */
struct settle_state {
    struct arena *arena;
    struct plan_counters counters;
    struct settle_state_bill {
        struct str hospital, bill;
        int64_t revision, total;
    } *bills;
    uint32_t bill_count, bill_cap;
};
struct status settle_state_init(struct settle_state *s, struct arena *a);
/* Reads a state file's bytes (empty text: a new state). Strict: unknown members, versions and duplicates are refused. */
struct status settle_state_parse(struct settle_state *s, struct str json);
/* Deterministic: counters and bills in order. */
struct status settle_state_write(const struct settle_state *s, struct arena *scratch, struct buf *out);
bool settle_state_has_bill(const struct settle_state *s, const struct bill *b);
struct status settle_state_add_bill(struct settle_state *s, const struct bill *b);
/* The owner of a person's counters: a digest of the identity ("p:" + 32 hex digits). */
struct status settle_owner(struct arena *a, const struct bill *b, struct str *ret);
struct status settle_owner_by(struct sha256 *hash, struct arena *a, const struct bill *b, struct str *ret); /* the same with a hash at hand */

#endif
