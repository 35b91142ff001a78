/* plan/walk/walk — inside of the reference walker: what its files share.
 *
 * Who uses it: walk*.c only. The walker is the oracle for the compiled evaluator: it follows docs/plan-language.md §3–§6 step by step on the
 * tree, with linear searches and no cleverness. It shares nothing with the evaluator but base, money and the counter table.
 * Invariant: a failure is kept in `failed`; after it values are 0 and the run ends with it, nothing half done is given out.
 */
#ifndef YIJIE_PLAN_WALK_H
#define YIJIE_PLAN_WALK_H

#include "plan/ast.h"

enum { WALK_NO_LINE = -1 };

/* A counter as this run sees it. */
struct walk_count {
    struct plan_counter_key key;
    int64_t before, now;
};
struct walk_cell {
    uint32_t line;
    uint8_t bucket;
    int64_t direct;     /* how much of it is available without `rest of` */
    int64_t base;       /* falls from step to step */
    int64_t moved, pay;
    int64_t rest_taken; /* later benefits took this much of what it did not pay */
};
/* One benefit in one segment. */
struct walk_benefit {
    struct plan_benefit_result r;
    struct walk_cell *cells;
    uint32_t cell_count, cell_cap;
};
struct walk_segment {
    struct day decides;
    uint32_t *lines; /* ascending */
    uint32_t line_count;
    bool last;
    enum plan_refusal refusal;
};
struct walk {
    struct arena *a;
    const struct plan *p;
    const struct plan_input *in;
    const struct plan_counters *counters;
    struct status failed;

    int64_t *facts;             /* one for each of plan->reads */
    struct str *assumed;
    uint32_t assumed_count;
    struct day first_enrolled, begins; /* begins: of the policy, else of the plan */
    struct day_range cover;

    struct walk_segment *segments;
    uint32_t segment_count;
    struct walk_segment *at;    /* the one at work */
    uint8_t segment_index;

    int64_t *taken[BUCKET_COUNT], *paid[BUCKET_COUNT]; /* by earlier benefits of this plan, a line */
    bool *once;                 /* shared deductible × bucket × line: others' money there has filled it in this run */
    struct walk_count *counts;
    uint32_t count_count, count_cap;
    struct walk_benefit *benefits; /* of all segments */
};

/* walk.c: steps 1 and 2, up to the segments; also for `before …` of examples, which needs the periods. */
struct status walk_begin(struct walk *ret, struct arena *a, const struct plan *p, const struct plan_input *in, const struct plan_counters *counters,
                         enum plan_refusal *ret_refusal);

/* walk/fact.c */
void walk_facts_read(struct walk *w);
int64_t walk_fact_number(struct walk *w, int32_t fact, int64_t line); /* symbols by index, counts, bools, days */
struct str walk_fact_text(const struct walk *w, int32_t fact, int64_t line);
enum plan_fact_type walk_fact_type(const struct walk *w, int32_t fact);
void walk_fail(struct walk *w, const char *code, struct str place, const char *zh, const char *en);

/* walk/ask.c: does any clause of the plan ask for … ? */
struct walk_question {
    bool age, first_diagnosis; /* either one */
    bool classes;              /* look into the conditions of classes too */
};
bool walk_asks(const struct plan *p, const struct walk_question *q);

/* walk/cond.c */
bool walk_cond(struct walk *w, const struct plan_cond *c, int64_t line);
bool walk_condition_applies(struct walk *w, int32_t condition); /* class or case */
bool walk_no_evidence(struct walk *w);

/* walk/list.c */
const struct plan_entry *walk_list_find(const struct plan_list *list, struct str code, struct day on); /* codes, prefixes, ranges */
bool walk_list_names(const struct plan_list *list, struct str name, struct day on);                   /* `name` entries */
struct str walk_key_text(const struct walk *w, enum plan_key key, uint32_t line);
bool walk_key_covers(const struct walk *w, enum plan_key key, uint32_t line);

/* walk/value.c */
struct walk_value {
    bool nothing; /* `none` */
    int64_t v;    /* minor units, ppm or count */
};
int64_t walk_clamp(i128 v); /* saturates at LIMIT_AMOUNT_MINOR, either sign */
struct walk_value walk_choice(struct walk *w, const struct plan_choice *c);
const struct plan_schedule *walk_choice_schedule(struct walk *w, const struct plan_choice *c);
int64_t walk_expr(struct walk *w, const struct plan_expr *e);
int32_t walk_parameter_value(const struct plan_parameter *p, struct day on); /* index of the value that holds the day; -1 none */

/* walk/count.c */
struct plan_counter_key walk_count_key(const struct walk *w, enum plan_counter_kind kind, struct str benefit, uint32_t clause,
                                       struct plan_period period, struct str code, struct day line_date);
int64_t walk_count_get(struct walk *w, const struct plan_counter_key *k);
void walk_count_add(struct walk *w, const struct plan_counter_key *k, int64_t more);
bool walk_count_raised(const struct walk *w, const struct plan_counter_key *k); /* in this run */

/* walk/segment.c */
void walk_segments(struct walk *w, enum plan_refusal *ret_refusal);
bool walk_waiting(struct walk *w, const struct plan_waiting *waiting); /* not over yet */

/* walk/take.c: what is in scope, then what of it counts */
void walk_scope(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb, int64_t *ret_others);
void walk_take(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb);
bool walk_line_passes(struct walk *w, const struct plan_benefit *b, uint32_t line);
/* Splits the total over the cells' weights. */
void walk_split(struct walk *w, int64_t total, const int64_t *weights, uint32_t count, int64_t *ret_parts);
/* Gives each cell its group under a clause, or UINT32_MAX where it does not apply. */
struct walk_group {
    struct str code;
    struct day date;
    uint32_t own_line; /* UINT32_MAX: shared by key; else the line without a code that stands alone */
};
uint32_t walk_groups(struct walk *w, const struct walk_benefit *wb, const struct plan_cond *where, enum plan_key key, struct plan_period period,
                     uint32_t *ret_of_cell, struct walk_group *ret_groups);
bool walk_unprovable(const struct walk *w, enum plan_key key, struct plan_period period, bool times, const struct plan_cond *where);

/* walk/pay.c: steps 6 to 12; walk/cap.c: 10 to 12; walk_allowance: 13 */
void walk_pay(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb, int64_t others);
void walk_limits(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb);
void walk_caps(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb);
void walk_left(struct walk *w, struct walk_benefit *wb);
void walk_paid(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb);
int64_t walk_allowance_days(struct walk *w, const struct plan_benefit *b); /* before any `at most` */
void walk_allowance(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb, int64_t days);
void walk_in_order(int64_t total, const int64_t *at_most, uint32_t count, int64_t *ret_parts);

#endif
