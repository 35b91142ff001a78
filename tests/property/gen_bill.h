/* property/gen_bill — random persons, policies and bills in the world of a random plan.
 *
 * Who uses it: property.c. A bill looks as the reader of bills leaves it (nets, sums); money of earlier payers keeps every identity:
 * what is left = what the statutory layer left − what others paid, cell by cell, never below 0.
 */
#ifndef YIJIE_PROPERTY_GEN_BILL_H
#define YIJIE_PROPERTY_GEN_BILL_H

#include "gen_plan.h"

/* One person with one policy; bills of a sequence share it. */
struct gen_person {
    struct bill_policy policy;
    bool policy_default;
    struct day born;
    enum bill_sex sex;
    struct str owner, family;
    const struct bill_diagnosis *history;
    uint32_t history_count;
    struct bill_endorsement endorsement;
    struct str excludes[1];
};
struct gen_case {
    struct bill bill;
    struct plan_input in;
};
/* False: no memory. */
bool gen_person(struct rng *r, struct arena *a, const struct gen_plan *g, struct gen_person *ret);
bool gen_case(struct rng *r, struct arena *a, const struct gen_plan *g, const struct gen_person *person, uint32_t number, struct gen_case *ret);

#endif
