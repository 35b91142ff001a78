/* plan/compile/value — choices, expressions and tiers to steps.
 *
 * Who uses it: the other compile files. A choice becomes a ladder: exceptions in their order of precedence, then the items of `by`, then the base;
 * only the value that was chosen is computed. Source: docs/plan-language.md §3.
 */
#include "plan/compile/compile.h"

/* ---- expressions ------------------------------------------------------------------------------------------ */

static void expr_pair(struct compiler *c, const struct plan_expr *e, enum plan_op op, uint8_t rounding, uint16_t to) {
    uint32_t top = c->scalar_top;
    uint16_t right = compile_scalar(c);
    compile_expr(c, e->a, to);
    compile_expr(c, e->b, right);
    compile_step(c, op, rounding, to, step_pair(to, right), 0);
    c->scalar_top = top;
}

/* Both orders of money × ratio, and ratio × ratio (exact, the checker proved it), divide by a million; counts do not. */
static void expr_mul(struct compiler *c, const struct plan_expr *e, uint16_t to) {
    bool ratio = e->a->type == PLAN_TYPE_RATIO || e->b->type == PLAN_TYPE_RATIO;
    if (ratio) expr_pair(c, e, PLAN_OP_MUL_RATIO, (uint8_t)(e->rounding_written ? e->rounding : ROUND_EXACT), to);
    else expr_pair(c, e, PLAN_OP_MUL, 0, to);
}

void compile_expr(struct compiler *c, const struct plan_expr *e, uint16_t to) {
    switch (e->kind) {
    case PLAN_EXPR_NUMBER:
    case PLAN_EXPR_RATIO: compile_step(c, PLAN_OP_CONST, 0, to, 0, e->value); return;
    case PLAN_EXPR_NOTHING: compile_step(c, PLAN_OP_CONST, 0, to, 0, PLAN_NOTHING); return;
    case PLAN_EXPR_PARAMETER: compile_step(c, PLAN_OP_COPY, 0, to, c->parameter_base + (uint32_t)e->ref.index, 0); return;
    case PLAN_EXPR_FACT: compile_step(c, PLAN_OP_COPY, 0, to, compile_fact(c, e->ref.index), 0); return;
    case PLAN_EXPR_ADD: expr_pair(c, e, PLAN_OP_ADD, 0, to); return;
    case PLAN_EXPR_SUB: expr_pair(c, e, PLAN_OP_SUB, 0, to); return;
    case PLAN_EXPR_MUL: expr_mul(c, e, to); return;
    case PLAN_EXPR_MIN: expr_pair(c, e, PLAN_OP_MIN, 0, to); return;
    case PLAN_EXPR_MAX: expr_pair(c, e, PLAN_OP_MAX, 0, to); return;
    }
}

/* ---- choices -------------------------------------------------------------------------------------------------- */

/* What to emit for the value that was chosen: an amount into `to`, or a schedule's tiers. */
struct sink {
    bool tiers;
    uint16_t to;
};

static void tiers_emit(struct compiler *c, const struct plan_schedule *s, uint32_t line) {
    for (uint32_t i = 0; i < s->tier_count; i++) {
        uint32_t top = c->scalar_top, bound = STEP_ABSENT;
        uint16_t ratio = compile_scalar(c);
        compile_expr(c, s->tiers[i].ratio, ratio);
        if (s->tiers[i].to) {
            bound = compile_scalar(c);
            compile_expr(c, s->tiers[i].to, (uint16_t)bound);
        }
        compile_step(c, PLAN_OP_TIER, 0, ratio, bound, line);
        c->scalar_top = top;
    }
}

static void value_emit(struct compiler *c, const struct plan_value *v, struct sink sink, uint32_t line) {
    if (sink.tiers) tiers_emit(c, v->schedule, line);
    else compile_expr(c, v->expr, sink.to);
}

static void exception_emit(struct compiler *c, const struct plan_exception *e, struct sink sink, struct compile_jumps *done) {
    struct compile_jumps next = {0};
    for (uint32_t i = 0; i < e->name_count; i++)
        compile_jump_add(c, &next, compile_step(c, PLAN_OP_JUMP_ZERO, 0, c->condition_base + (uint32_t)e->names[i].index, 0, 0));
    for (uint32_t i = 0; i < e->name_count; i++) compile_step(c, PLAN_OP_NOTE_CLASS, 0, 0, (uint32_t)e->names[i].index, e->pos.line);
    value_emit(c, &e->value, sink, e->pos.line);
    compile_jump_add(c, done, compile_step(c, PLAN_OP_JUMP, 0, 0, 0, 0));
    compile_jumps_land(c, &next);
}

static void item_emit(struct compiler *c, const struct plan_choice *choice, const struct plan_by_item *item, struct sink sink,
                      struct compile_jumps *done) {
    struct compile_jumps next = {0};
    uint32_t top = c->scalar_top;
    for (uint32_t k = 0; k < choice->by_count; k++) {
        int32_t fact = choice->by[k].index;
        uint32_t jump;
        if (compile_fact_type(c, fact) == PLAN_VALUE_TEXT) {
            static const uint8_t texts[] = {[PLAN_FACT_REGION] = PROGRAM_TEXT_REGION, [PLAN_FACT_INSURED_REGION] = PROGRAM_TEXT_INSURED_REGION,
                [PLAN_FACT_HOSPITAL] = PROGRAM_TEXT_HOSPITAL, [PLAN_FACT_DEPARTMENT] = PROGRAM_TEXT_DEPARTMENT};
            uint16_t equal = compile_scalar(c);
            compile_step(c, PLAN_OP_TEXT_IS, (size_t)fact < COUNT_OF(texts) ? texts[fact] : 0, equal, (uint32_t)item->resolved[k], 0);
            jump = compile_step(c, PLAN_OP_JUMP_ZERO, 0, equal, 0, 0);
        } else {
            jump = compile_step(c, PLAN_OP_JUMP_OTHER, 0, compile_fact(c, fact), 0, item->resolved[k]);
        }
        compile_jump_add(c, &next, jump);
    }
    c->scalar_top = top;
    value_emit(c, &item->value, sink, item->pos.line);
    compile_jump_add(c, done, compile_step(c, PLAN_OP_JUMP, 0, 0, 0, 0));
    compile_jumps_land(c, &next);
}

static void choice_emit(struct compiler *c, const struct plan_choice *choice, struct sink sink) {
    struct compile_jumps done = {0};
    for (uint32_t i = 0; i < choice->exception_count; i++) {
        uint32_t at = choice->priority ? choice->priority[i] : i;
        exception_emit(c, &choice->exceptions[at], sink, &done);
    }
    for (uint32_t i = 0; i < choice->item_count; i++) item_emit(c, choice, &choice->items[i], sink, &done);
    if (choice->has_base) value_emit(c, &choice->base, sink, choice->pos.line);
    else compile_step(c, PLAN_OP_GAP, 0, 0, 0, choice->pos.line);
    compile_jumps_land(c, &done);
}

void compile_amount_to(struct compiler *c, const struct plan_choice *choice, uint16_t to) {
    choice_emit(c, choice, (struct sink){.to = to});
}

uint16_t compile_amount(struct compiler *c, const struct plan_choice *choice) {
    uint16_t to = compile_scalar(c);
    compile_amount_to(c, choice, to);
    return to;
}

void compile_tiers(struct compiler *c, const struct plan_choice *choice) { choice_emit(c, choice, (struct sink){.tiers = true}); }
