/* plan/compile/compile — the state of one compilation, and the leaves that emit steps.
 *
 * Internal to the room: compile.c drives, compile/value.c and compile/cond.c emit, compile/benefit.c lays out pipelines. A failure sticks in
 * `status`; emitting goes on harmlessly and the driver looks once at the end. Temporaries are a stack: save the tops, emit, restore.
 */
#ifndef YIJIE_PLAN_COMPILE_H
#define YIJIE_PLAN_COMPILE_H

#include "plan/compile/program.h"

struct compiler {
    struct arena *arena;
    const struct plan *plan;
    struct plan_program *program;
    struct status status;
    struct plan_step *steps;
    uint32_t step_count, step_cap;
    /* scalars: facts by id, then conditions, then parameters, then temporaries; masks: segment, exclusions of the plan, temporaries */
    uint32_t condition_base, parameter_base;
    uint32_t scalar_top, scalar_max, mask_top, mask_max;
    bool fact_used[PROGRAM_FACTS_MAX];
    struct str *texts;
    uint32_t text_count, text_cap;
    struct program_counter *counters;
    uint32_t counter_count, counter_cap;
    uint32_t *shared_counters;   /* by shared: filled or paid */
    struct program_clause *counts, *limits;
    uint32_t count_count, count_cap, limit_count, limit_cap;
    struct program_cap *caps;
    uint32_t cap_count, cap_cap;
    struct program_days_limit *days_limits;
    uint32_t days_limit_count, days_limit_cap;
    uint32_t exclusion_count;    /* numbered through: the plan's, then each benefit's */
    const uint16_t *exclusion_masks;
};

void compile_fail(struct compiler *c, const char *code, const char *zh, const char *en);
void compile_fail_memory(struct compiler *c);

/* Emits a step and returns its place. */
uint32_t compile_step(struct compiler *c, enum plan_op op, uint8_t r, uint32_t a, uint32_t b, int64_t v);
/* Lets the jump at `at` lead to the next step. */
void compile_land(struct compiler *c, uint32_t at);
uint16_t compile_scalar(struct compiler *c);
uint16_t compile_mask_new(struct compiler *c);
uint32_t compile_text(struct compiler *c, struct str text);
uint16_t compile_fact(struct compiler *c, int32_t fact); /* its scalar */
enum plan_fact_type compile_fact_type(const struct compiler *c, int32_t fact);

/* Places of jumps that all lead to one end. */
struct compile_jumps {
    uint32_t *items;
    uint32_t count, cap;
};
void compile_jump_add(struct compiler *c, struct compile_jumps *j, uint32_t at);
void compile_jumps_land(struct compiler *c, const struct compile_jumps *j);

/* A condition that does not read the line: the scalar that holds 0 or 1 afterwards. */
uint16_t compile_test(struct compiler *c, const struct plan_cond *cond);
/* Any condition: the mask of those lines of `from` on which it holds. */
uint16_t compile_lines(struct compiler *c, const struct plan_cond *cond, uint16_t from);
/* A condition that decides whether a benefit applies: what does not read the line jumps away when false, the rest narrows the mask. */
uint16_t compile_where(struct compiler *c, const struct plan_cond *cond, uint16_t from, struct compile_jumps *away);
bool compile_cond_asks(const struct plan_cond *cond, enum plan_cond_kind kind);

void compile_expr(struct compiler *c, const struct plan_expr *e, uint16_t to);
uint16_t compile_amount(struct compiler *c, const struct plan_choice *choice); /* into a new scalar */
void compile_amount_to(struct compiler *c, const struct plan_choice *choice, uint16_t to);
void compile_tiers(struct compiler *c, const struct plan_choice *choice);

/* Pools for one benefit and its steps. */
void compile_benefit(struct compiler *c, uint32_t index, struct program_benefit *ret);
uint32_t compile_counter(struct compiler *c, struct str name, enum plan_counter_kind kind, uint32_t clause, struct plan_period period);

#endif
