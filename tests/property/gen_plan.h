/* property/gen_plan — random plans as text, over every clause of the grammar.
 *
 * Who uses it: property.c. The plan is written as a person would write it, and goes through parser and checker like any other; nearly all
 * pass. One clause stands on one line, so that a failing plan can be made smaller by leaving out lines.
 */
#ifndef YIJIE_PROPERTY_GEN_PLAN_H
#define YIJIE_PROPERTY_GEN_PLAN_H

#include "plan/plan.h"

#include "rng.h"

/* The world that plans and bills share: codes, texts and names. */
enum {
    GEN_DRUGS = 30, GEN_CONSUMABLES = 12, GEN_SERVICES = 12, GEN_BEDS = 3,
    GEN_BOUNDS = 160
};
extern const char *const gen_diagnoses[];
extern const uint32_t gen_diagnosis_count;
extern const char *const gen_operations[4];
extern const char *const gen_regions[4];
extern const char *const gen_hospitals[4];
extern const char *const gen_tiers[3]; /* words of the own fact `medal` */

/* Days that matter fall on a grid, so that bills often meet them exactly: the beginning of force and every 16 days. */
enum { GEN_GRID = 16 };

/* No counter of this key may rise above `most`. */
struct gen_bound {
    char benefit[16];
    uint8_t kind, clause;
    int64_t most;
};
struct gen_plan {
    struct rng *r;
    struct buf *out;
    uint32_t digits;         /* of the currency */
    int64_t unit;            /* minor units of 1 */
    const char *currency;
    struct day force_from, force_to; /* force_to may be DAY_OPEN */
    bool chained;
    bool by_line_date, policy_years, exact, statutory;
    uint32_t classes, cases, lists, dx_lists, shared_deductibles, shared_caps, benefits;
    const char *shared_each[2]; /* periods of the shared deductibles */
    uint32_t money_parameters, ratio_parameters;
    int64_t money_parameter_most[4];
    bool reads_type, reads_level, reads_poor, reads_out, reads_stays, reads_score, reads_medal, reads_member;
    bool indemnity[8];       /* by benefit; else an allowance */
    bool monotone;           /* more to take never means less pay */
    bool disjoint;           /* the cases `staying` and `walking` are there */
    bool named;              /* conditions may use classes and cases now */
    struct gen_bound bounds[GEN_BOUNDS];
    uint32_t bound_count;
};
struct gen_options {
    const char *name;
    bool chained; /* one of several plans of a chain: in force all the time, and in yuan */
};
/* Writes one plan; *ret holds what bills and laws need to know of it. */
void gen_plan(struct rng *r, struct buf *out, struct gen_options o, struct gen_plan *ret);

/* gen_value.c: each returns the most that the value can be, in minor units, ppm or a count */
int64_t gen_money_choice(struct gen_plan *g, int scale, int64_t none_is); /* -1: `none` may not be written */
int64_t gen_ratio_choice(struct gen_plan *g);
int64_t gen_count_choice(struct gen_plan *g, uint32_t most);
void gen_schedule_choice(struct gen_plan *g, bool tiered);
void gen_ratio(struct gen_plan *g);
int64_t gen_money(struct gen_plan *g, int scale);
void gen_number(struct gen_plan *g, int64_t minor);
void gen_day(struct gen_plan *g, struct day d);
struct day gen_grid_day(struct rng *r, const struct gen_plan *g, int32_t within); /* on the grid, less than so many days after the beginning */
enum { GEN_SMALL, GEN_MIDDLE, GEN_LARGE };

/* gen_cond.c */
void gen_cond_visit(struct gen_plan *g, int depth);
void gen_cond_line(struct gen_plan *g, int depth);

/* gen_benefit.c */
void gen_benefit(struct gen_plan *g, uint32_t index);
/* Writes a period; returns its words, with `per family` where written. */
const char *gen_each(struct gen_plan *g, bool day);
void gen_bound_add(struct gen_plan *g, const char *benefit, enum plan_counter_kind kind, uint32_t clause, int64_t most);

#endif
