/* settle/work — the money still on the table while a chain runs; internal to the room.
 *
 * One cell is (bucket, line). A column that was never touched is NULL and stands for zeros. Invariant: left >= 0, and
 * net of the bill = left + everything paid, on every line.
 */
#ifndef YIJIE_SETTLE_WORK_H
#define YIJIE_SETTLE_WORK_H

#include "settle/settle.h"

struct settle_work {
    struct arena *arena;
    const struct bill *bill;
    const struct settle_chain *chain;
    struct settle_options options;
    uint32_t n; /* lines */
    int64_t *left[BUCKET_COUNT];
    int64_t *after_statutory[BUCKET_COUNT]; /* set when a later payer first pays from the bucket */
    int64_t *paid[PLAN_KIND_COUNT][BUCKET_COUNT];
    int64_t *reimbursed;
    uint64_t *code_hashes;    /* of the bill's codes, shared by all runs */
    uint16_t *touched[BUCKET_COUNT]; /* with explain: 1 + index in `touchers` of the benefit that took the cell last */
    struct settle_toucher {
        uint16_t share, benefit_result;
    } *touchers;
    uint32_t toucher_count, toucher_cap;
    bool statutory_settled;
    int64_t statutory_paid;
    struct day settled_on;
    struct str owner;
    /* Shares that are held back, by their place, and which of them take money in this pass all the same; NULL: none (the first pass finds the named ones). */
    const struct settle_held {
        bool held, takes;
        const struct settle_exception *why;
    } *held;
    /* scratch for splits, one element a cell of the widest split */
    int64_t *weights, *parts;
    uint64_t *scratch;
    uint32_t *cell_line;
    uint8_t *cell_bucket;
    uint32_t cell_room;
};

/* A column for writing: made of zeros when there is none yet. NULL: no memory. */
int64_t *settle_column(struct settle_work *w, int64_t **column);

/* Takes hospital part and funds of the bill's statutory result off the cells; adds a share for each fund. */
struct status settle_statutory_apply(struct settle_work *w, struct settle_answer *answer);
/* What a statutory plan left of in_scope is now known by its parts. */
struct status settle_statutory_parts(struct settle_work *w, const struct settle_share *share);

/* Attributes what nobody paid to the clauses that stopped it. */
struct status settle_unpaid_find(struct settle_work *w, struct settle_answer *answer);

/* One pass over the chain with the held shares as given. */
struct status settle_pass(struct arena *a, const struct settle_chain *chain, const struct bill *bill, const struct plan_counters *counters,
                          struct settle_options o, const struct settle_held *held, struct settle_answer *ret);
/* held.c: who else must wait because a share before is held back; settles again when there is anyone. */
struct status settle_held_find(struct arena *a, const struct settle_chain *chain, const struct bill *bill, const struct plan_counters *counters,
                               struct settle_options o, struct settle_answer *answer);

struct status settle_note_add(struct settle_work *w, struct settle_answer *answer, const char *code, struct str zh, struct str en);

#endif
