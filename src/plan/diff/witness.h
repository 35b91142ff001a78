/* plan/diff/witness — the search for a bill that two plans pay differently. Internal to the room: diff/world.c, diff/bill.c, diff/search.c.
 *
 * A candidate is a pick for each dimension (amount, part of the bill, code, day, class, every fact that a plan reads …). Pick 0 of a dimension is the usual
 * value, so the simplest candidate is all zeros and shrinking is moving picks towards 0. The values come from the two plans: words,
 * numbers around each threshold, codes of each list, amounts written in clauses.
 */
#ifndef YIJIE_PLAN_DIFF_WITNESS_H
#define YIJIE_PLAN_DIFF_WITNESS_H

#include "plan/ast.h"

enum witness_dim_id {
    WITNESS_AMOUNT,     /* minor units */
    WITNESS_PART,       /* which of the four parts of the line: bits of enum bill_bucket */
    WITNESS_CODE,       /* code, name and kind of the line; 0: totals only */
    WITNESS_LINE_KIND,  /* 0: as the code's list suggests */
    WITNESS_CATALOGUE,
    WITNESS_QUANTITY,
    WITNESS_SECOND,     /* 1: a second line of the same */
    WITNESS_DAY,        /* day of admission, as days behind the base day of each side */
    WITNESS_STAY,       /* days of the stay */
    WITNESS_ENROLLED,   /* days enrolled before admission; 0th: no policy in the bill */
    WITNESS_CLAIM_FREE,
    WITNESS_CLASS,      /* 0: by its condition; the last: in none */
    WITNESS_MAIN,       /* main diagnosis */
    WITNESS_HISTORY,    /* an earlier diagnosis */
    WITNESS_PROCEDURE,
    WITNESS_ENDORSED,
    WITNESS_FUND,       /* share of in_scope that the pooled fund paid, percent */
    WITNESS_BILLS,      /* 0: one bill; n: a second one as many days later */
    WITNESS_FACTS       /* from here on one for each fact */
};
enum { WITNESS_DIM_MAX = WITNESS_FACTS + 64, WITNESS_VALUE_MAX = 96 };
struct witness_value {
    int64_t number;
    struct str text, name;
};
struct witness_dim {
    int32_t fact;           /* built-in, from WITNESS_FACTS on; -1: custom */
    struct str name;        /* of a declared fact, as bills write it */
    enum plan_fact_type type;
    bool declared;          /* stands in the bill's `facts` */
    bool read_by[2];
    bool clash;             /* the plans read a fact of this name with different words or types */
    uint32_t count;
    struct witness_value values[WITNESS_VALUE_MAX];
};
struct witness_world {
    struct arena *a;
    const struct plan_side *sides;
    struct witness_dim *dims;
    uint32_t dim_count;
    struct day base[2];     /* what WITNESS_DAY counts from, on each side */
    bool shifted;           /* the bases differ */
    const struct currency *currency;
    int side;               /* whose values are being gathered */
    bool failed;
};
struct witness_pick {
    uint16_t of[WITNESS_DIM_MAX];
    int64_t amount;         /* -1: as WITNESS_AMOUNT picks; set while shrinking */
};

/* diff/world.c */
struct status witness_world_init(struct witness_world *w, struct arena *a, const struct plan_side sides[2]);
const struct witness_value *witness_value(const struct witness_world *w, const struct witness_pick *p, uint32_t dim);
int64_t witness_amount(const struct witness_world *w, const struct witness_pick *p);

/* diff/bill.c: the bills of a candidate, and what both plans pay. *ret_good is false when the candidate makes no bill or a plan cannot run on it. */
struct witness_outcome {
    uint32_t bill_count;
    const struct bill *bills[2][PLAN_WITNESS_BILLS];
    struct plan_result results[2][PLAN_WITNESS_BILLS];
    int64_t total[2];
    bool benefits_differ;   /* equal totals, but not benefit by benefit */
};
struct status witness_run(const struct witness_world *w, const struct witness_pick *p, bool explain, struct witness_outcome *ret, bool *ret_good);

#endif
