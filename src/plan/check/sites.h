/* plan/check/sites — every condition and every choice of a plan with the place that it stands in.
 *
 * Internal to the room. Checker and proofs walk these arrays in place of the tree, so that a rule about "all conditions" cannot miss one.
 */
#ifndef YIJIE_PLAN_SITES_H
#define YIJIE_PLAN_SITES_H

#include "plan/ast.h"

/* Where a condition stands. X(ID, may it read the line) */
#define PLAN_COND_ROLES(X)                                                                                    \
    X(CLASS, false)                                                                                           \
    X(CASE, false)                                                                                            \
    X(EXCLUDE, true)          /* of the plan */                                                                \
    X(WAITING, false)         /* of the plan: unless */                                                        \
    X(NEED, false)                                                                                            \
    X(WHERE, true)            /* of an allowance: may not */                                                   \
    X(BENEFIT_WAITING, false)                                                                                 \
    X(BENEFIT_EXCLUDE, true)                                                                                  \
    X(COUNT_FOR, true)                                                                                        \
    X(LIMIT_FOR, true)
enum plan_cond_role {
#define X(id, line) PLAN_ROLE_##id,
    PLAN_COND_ROLES(X)
#undef X
        PLAN_ROLE_COUNT
};
struct plan_cond_site {
    enum plan_cond_role role;
    int32_t benefit; /* PLAN_NONE: of the plan */
    uint32_t index;  /* among its kind: condition, exclusion, need, count limit, limit */
    struct plan_cond *cond;
};

enum plan_choice_role {
    PLAN_CHOICE_PARAMETER, /* index: parameter; sub: which dated value */
    PLAN_CHOICE_SHARED_DEDUCTIBLE, PLAN_CHOICE_SHARED_CAP, /* index: shared */
    PLAN_CHOICE_COUNT_LIMIT, PLAN_CHOICE_FIRST_SHARE, PLAN_CHOICE_DEDUCTIBLE, PLAN_CHOICE_PAYS, PLAN_CHOICE_TIMES, PLAN_CHOICE_LIMIT,
    PLAN_CHOICE_CAP, PLAN_CHOICE_ALLOWANCE
};
struct plan_choice_site {
    enum plan_choice_role role;
    int32_t benefit;
    uint32_t index, sub;
    struct plan_choice *choice;
};

struct plan_sites {
    struct plan_cond_site *conds;
    uint32_t cond_count, cond_cap;
    struct plan_choice_site *choices;
    uint32_t choice_count, choice_cap;
};
/* In order of the tree. False: no memory. */
bool plan_sites_collect(struct arena *a, struct plan *p, struct plan_sites *ret);

bool plan_cond_role_may_read_line(const struct plan *p, const struct plan_cond_site *site);

/* The values of a choice one after the other: items, base, exceptions. False behind the last. */
struct plan_value *plan_choice_value(struct plan_choice *c, uint32_t index);

/* A fact, built in or read by this plan, in one shape. */
struct plan_fact_view {
    enum plan_fact_type type;
    enum plan_fact_level level;
    uint32_t word_count;
};
struct plan_fact_view plan_fact_view(const struct plan *p, int32_t fact);
struct str plan_fact_name(const struct plan *p, int32_t fact, bool zh);
struct str plan_fact_word(const struct plan *p, int32_t fact, int64_t word, bool zh);
/* Smallest and largest value of a count fact. */
void plan_fact_bounds(int32_t fact, int64_t *ret_min, int64_t *ret_max);
enum { PLAN_COUNT_MAX = 1'000'000 };

#endif
