/* plan/examples/scene — one bill as an example describes it: `given …` words made into what a run takes.
 *
 * Internal to the room; who uses it: test.c. What is not given has the defaults of docs/plan-language.md §9. What an example says of person,
 * visit and policy stays from step to step; stay, amounts, lines, diagnoses, earlier payers and endorsements do not.
 */
#ifndef YIJIE_PLAN_SCENE_H
#define YIJIE_PLAN_SCENE_H

#include "plan/ast.h"

struct scene_line {
    struct str code, name, ingredient;
    uint8_t kind, catalogue;
    int64_t qty_e4;
    struct day date; /* DAY_NONE: the bill's last day */
    int64_t amount[BUCKET_COUNT];
    int64_t paid[PLAN_KIND_COUNT][BUCKET_COUNT];
};
struct scene {
    struct arena *a;
    const struct plan *p;
    /* stays from step to step */
    struct bill bill;
    struct bill_policy policy;
    bool first_enrolled_given, settled, basic_given, basic_paid;
    struct str person;
    struct bill_fact *facts; /* as many as the plan reads; in use: those with a value */
    bool *fact_known;
    /* of the step */
    uint32_t step;
    bool from_given, to_given;
    int64_t days, age; /* -1: not given */
    struct day settled_on;
    struct scene_line totals, *lines;
    bool totals_used;
    uint32_t line_count, line_cap;
    struct bill_diagnosis *diagnoses, *history;
    uint32_t diagnosis_count, diagnosis_cap, history_count, history_cap;
    struct str *procedures;
    uint32_t procedure_count, procedure_cap;
    struct bill_endorsement *endorsements;
    uint32_t endorsement_count, endorsement_cap;
    /* the first thing given that could not be understood; kind NULL: none */
    const struct plan_given *wrong;
    bool no_memory;
};
/* Name and type of a declared fact. */
struct str scene_read_name(const struct plan_read *r);
enum plan_fact_type scene_read_type(const struct plan_read *r);

bool scene_init(struct scene *s, struct arena *a, const struct plan *p);
/* Reads the `given` of one step. False: s->wrong or s->no_memory says why. */
bool scene_read(struct scene *s, const struct plan_example_step *step);
/* The input of the run; everything lies in the arena and in the scene. */
bool scene_input(struct scene *s, struct plan_input *ret);
/* Sets the counters that the step gives. */
struct status scene_counters(struct scene *s, const struct plan_example_step *step, const struct plan_input *in, struct plan_counters *counters);
/* Minor units of the plan's currency. */
int64_t scene_minor(const struct plan *p, int64_t number_e6);

#endif
