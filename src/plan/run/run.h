/* plan/run/run — the state of one run of a program over one bill.
 *
 * Internal to the room: run.c drives, run/steps.c dispatches, the other run_*.c do the work of one kind of step each. All memory comes from the arena
 * of the call. Scratch arrays are kept from benefit to benefit and grow when one needs more. Cells are kept as columns, because splitting walks
 * one column at a time; the caller's plan_cell records are written once a benefit is done.
 * Source: docs/plan-language.md §4; names follow it (B, D, S, o, d, over, P).
 */
#ifndef YIJIE_PLAN_RUN_H
#define YIJIE_PLAN_RUN_H

#include "plan/run/counters.h"
#include "plan/compile/program.h"

enum { NO_GROUP = -1, SEGMENTS_MAX = 255 };
#define NO_ROOM_KNOWN INT64_MIN /* cap_left, deductible_left: there is none */

struct run_segment {
    struct day deciding;
    uint64_t *lines; /* NULL: all */
    enum plan_refusal refusal;
};

/* A counter without code, in the period of the segment. */
struct run_counter {
    bool loaded;
    struct day period_of;
    int64_t before, value;
};
/* A counter with a code or a day. */
struct run_keyed {
    uint64_t hash;
    struct str code;
    struct day period_of;
    uint32_t counter;
    int64_t before, value;
};

/* Cells that a clause takes together. */
struct run_group {
    struct str code;
    uint64_t code_hash;
    struct day day;      /* each day: the line's date */
    bool alone;          /* a line without key: no counter */
    int32_t keyed;       /* in run.keyed, NO_GROUP when not there yet */
    int64_t before;      /* counter before this clause */
    int64_t room, sum;
    int64_t bed_factor;
    int64_t count;       /* what the counter will rise by */
};
/* A clause at work, until its counters can be written: the cells it concerns, in order, and their groups. */
struct run_clause {
    const struct program_clause *clause;
    bool many;           /* by key or day; else one group and a plain counter */
    uint32_t *cell, *group_of;
    uint32_t count;
    struct run_group *groups;
    uint32_t group_count;
    int64_t *granted;    /* times: units given to the line, at its first cell */
    struct run_clause *next;
};

struct run_cells {
    uint32_t count, cap;
    uint32_t *place;          /* line × 8 + bucket: see cell_line, cell_bucket */
    int64_t *base, *pay;
    uint64_t *scratch;
    int64_t *weights, *parts; /* for groups; made when needed */
    int64_t *moved;           /* first share; NULL without */
    int64_t *direct;          /* with `rest of`: what came from available money; NULL without */
    int64_t *rest;            /* with `rest of`: source × cap + cell: what came from it … */
    uint32_t *rest_cell;      /* … and which cell of it */
};

static inline uint32_t cell_line(const struct run_cells *c, uint32_t cell) { return c->place[cell] >> 3; }
static inline uint32_t cell_bucket(const struct run_cells *c, uint32_t cell) { return c->place[cell] & 7; }
_Static_assert(BUCKET_COUNT <= 8, "three bits hold a bucket");

/* Under AddressSanitizer everything lies in the arena, which marks what is not handed out. */
#if defined(__SANITIZE_ADDRESS__)
enum { SCRATCH_BYTES = 16 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { SCRATCH_BYTES = 16 };
#else
enum { SCRATCH_BYTES = 16 * 1024 };
#endif
#else
enum { SCRATCH_BYTES = 16 * 1024 };
#endif
struct run_scratch {
    size_t used;
    _Alignas(max_align_t) char bytes[SCRATCH_BYTES];
};

struct run {
    struct arena *arena;
    struct run_scratch *scratch;
    struct status status;
    const struct plan_program *program;
    const struct plan_input *in;
    const struct bill *bill;
    const struct plan_counters *table;
    bool explain, total_only;
    /* person and policy */
    struct day first_enrolled, policy_start;
    struct day_range cover;
    uint64_t owner_hash, family_hash, stay_hash;
    bool owner_hashed, family_hashed, stay_hashed;
    /* registers */
    int64_t *s;
    uint64_t *masks;
    uint32_t words, line_count;
    uint64_t *line_hash;    /* str_hash of codes, computed when first asked; 0 not yet */
    uint32_t *index;        /* lines of a mask, and */
    int32_t *entries;       /* their list entries */
    /* segment */
    struct run_segment *segments;
    uint32_t segment_count, segment;
    struct day deciding, year_from;
    bool year_known;
    /* counters */
    struct run_counter *counters;
    struct run_keyed *keyed;
    uint32_t keyed_count, keyed_cap;
    /* what benefits leave to each other, by bucket and line; made when needed */
    int64_t *taken[BUCKET_COUNT], *paid[BUCKET_COUNT];
    uint64_t *claimed;      /* shared deductible × bucket × words */
    int64_t **rest_used;    /* by benefit: of each of its cells, what later ones took of the rest */
    /* the benefit in work */
    const struct program_benefit *benefit;
    struct plan_benefit_result *row;
    struct run_cells cells;
    const uint64_t *benefit_lines;
    struct run_clause *clauses; /* counts at most, then limit */
    int64_t base;           /* B, after a first share before the deductible */
    int64_t filled_before, position, tier_low, total;
    i128 amount;            /* in millionths, before rounding */
    int64_t ratio, times;
    uint32_t tiers, tiers_hit;
    bool cap_cut;
    struct run_cap {
        uint32_t counter;
        int64_t value;
    } *caps;
    uint32_t cap_count, cap_cap;
    int64_t days;
    struct run_days {
        uint32_t counter;
    } *days_limits;
    uint32_t days_count, days_cap;
    /* results */
    struct plan_benefit_result *rows;
    struct plan_cell *out;
    uint32_t out_count, out_cap;
    struct plan_counter_change *changes;
    uint32_t change_count;
    struct plan_reason *reasons;
    uint32_t reason_count, reason_cap;
    uint16_t *excluded_by;
    const struct str *assumed;
    uint32_t assumed_count;
    int64_t pay;
};

/* ---- run.c ------------------------------------------------------------------------------------------- */
bool run_fail(struct run *r, const char *code, const char *zh, const char *en); /* false, for `return` */
bool run_fail_memory(struct run *r);
void run_reason(struct run *r, enum plan_reason_code code, uint32_t line, int64_t a, int64_t b, uint32_t name);
/* Memory for the time of the run; zeroed, but for _raw; NULL when there is none. Aligned for everything. */
void *run_scratch(struct run *r, size_t size);
void *run_scratch_raw(struct run *r, size_t size);
void *run_scratch_array(struct run *r, size_t count, size_t size);
#define RUN_ARRAY(r, T, n) ((T *)run_scratch_array((r), (n), sizeof(T)))
static inline int64_t run_amount(int64_t v) { return v < 0 ? 0 : v; } /* PLAN_NOTHING stays */
/* a + b within the limit of amounts. */
int64_t run_add(int64_t a, int64_t b);

/* ---- run/dates.c: cover, deciding dates, segments, periods --------------------------------------------- */
bool run_dates(struct run *r, enum plan_refusal *ret_refusal);
struct day run_year_from(struct run *r);

/* ---- run/facts.c ------------------------------------------------------------------------------------------ */
bool run_facts_read(struct run *r);   /* `reads`: fails with fact-missing, fact-value */
void run_facts_visit(struct run *r);  /* those of visit and policy, for the segment */

/* ---- run/test.c: conditions of the visit --------------------------------------------------------------------- */
bool run_text_is(const struct run *r, enum program_text which, uint32_t text);
bool run_text_in(const struct run *r, enum program_text which, uint32_t list);
bool run_diagnosed(const struct run *r, bool main, uint32_t list);
bool run_first_diagnosed(const struct run *r, uint32_t list);
bool run_evidence(const struct run *r); /* some history is given */
bool run_operated(const struct run *r, uint32_t list);
bool run_endorsed(const struct run *r, uint32_t text);
bool run_endorsed_out(const struct run *r);
bool run_waits(const struct run *r, int64_t days);

/* ---- run/lines.c: masks -------------------------------------------------------------------------------------------- */
static inline uint64_t *run_mask(const struct run *r, uint32_t at) { return r->masks + (size_t)at * r->words; }
bool run_mask_empty(const struct run *r, const uint64_t *mask);
uint32_t run_mask_count(const struct run *r, const uint64_t *mask);
void run_lines_kind(const struct run *r, const uint8_t *words, const uint64_t *from, uint64_t bits, uint64_t *to);
void run_lines_dated(const struct run *r, const uint64_t *from, enum plan_compare c, int64_t day, uint64_t *to);
void run_lines_reimbursed(const struct run *r, const uint64_t *from, uint64_t *to);
void run_lines_code_is(const struct run *r, const uint64_t *from, struct str code, bool other, uint64_t *to);
bool run_lines_code_in(struct run *r, const uint64_t *from, const struct listset *list, uint64_t *to);
/* Numbers of these lines in `index`; with hash: line_hash of each is there. */
bool run_lines_index(struct run *r, const uint64_t *lines, bool hash, uint32_t *ret_count);
bool run_exclude(struct run *r, const uint64_t *excluded, uint64_t *lines, uint32_t exclusion);

/* ---- run/take.c ---------------------------------------------------------------------------------------------------- */
bool run_take(struct run *r, const uint64_t *lines); /* cells and r->base */
bool run_taken(struct run *r);                       /* later benefits see what this one took */
int64_t run_available(const struct run *r, uint32_t bucket, uint32_t line);

/* ---- run/group.c --------------------------------------------------------------------------------------------------- */
/* Forms the groups of a clause over the cells on `lines` (NULL: all). `values`: the column that sums are taken of; cells with base 0 stay out. */
bool run_groups(struct run *r, const struct program_clause *clause, const uint64_t *lines, const int64_t *values, struct run_clause **ret);
/* Cuts each group above its room to it, in proportion to the cells. */
bool run_groups_cut(struct run *r, struct run_clause *c, int64_t *values);
bool run_cells_scratch(struct run *r); /* cells.weights and .parts */
bool run_groups_record(struct run *r, struct run_clause *c); /* counters rise by group.count */

/* ---- run/count.c, run/pay.c: the pipeline ------------------------------------------------------------------------------ */
bool run_count(struct run *r, const struct program_clause *clause, int64_t value, const uint64_t *lines);
bool run_base(struct run *r); /* false also when memory ran out: look at r->status */
bool run_first_share(struct run *r, int64_t ratio);
bool run_deduct(struct run *r, int64_t value);
bool run_share_after(struct run *r, int64_t ratio);
void run_position(struct run *r);
void run_tier(struct run *r, int64_t ratio, int64_t to, uint32_t line);
bool run_round(struct run *r);
bool run_split(struct run *r);
bool run_limit(struct run *r, const struct program_clause *clause, int64_t value, const uint64_t *lines);
bool run_cap(struct run *r, const struct program_cap *cap, int64_t value);
bool run_pay(struct run *r);
bool run_days(struct run *r); /* false: no days */
bool run_days_at_most(struct run *r, const struct program_days_limit *limit);
void run_allow(struct run *r, int64_t amount);

/* ---- run/counter.c ------------------------------------------------------------------------------------------------------- */
int64_t run_counter_get(struct run *r, uint32_t counter);
void run_counter_add(struct run *r, uint32_t counter, int64_t amount);
void run_keyed_find(struct run *r, const struct program_clause *clause, struct run_group *g); /* fills before and keyed */
bool run_keyed_reserve(struct run *r, uint32_t count); /* room for so many new ones */
void run_keyed_add(struct run *r, const struct program_clause *clause, struct run_group *g, int64_t amount);
bool run_keyed_risen(const struct run *r, const struct run_group *g); /* by this run */
bool run_counter_risen(const struct run *r, uint32_t counter);
bool run_counters_flush(struct run *r, bool years_only); /* changes of what is loaded; then it is unloaded */

/* ---- run/steps.c ------------------------------------------------------------------------------------------------------------ */
bool run_steps(struct run *r);
/* v × ratio, v >= 0, 0 <= ratio <= 1; false when the mode is exact and it is not. */
bool run_ratio(int64_t v, int64_t ratio, enum round_mode mode, int64_t *ret);
static inline int64_t run_ratio_clamp(int64_t ratio) { return ratio < 0 ? 0 : ratio > RATIO_ONE ? RATIO_ONE : ratio; }

#endif
