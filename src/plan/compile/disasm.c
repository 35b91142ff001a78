/* plan/compile/disasm — a compiled plan as text, one step a line, for people who look for what their clause became.
 *
 * Who uses it: `yijie plan disasm`, tests. The meaning of each line comes from opcodes.def, so it cannot differ from what the step does.
 */
#include <inttypes.h>
#include <stdio.h>

#include "plan/compile/program.h"

static void number_print(int64_t v, struct buf *out) {
    if (v == PLAN_NOTHING) buf_add_cstr(out, "none");
    else buf_add_i64(out, v);
}

/* A program that was not verified may hold numbers that are no days. */
static void day_print(int32_t v, struct buf *out) {
    char text[11];
    struct day day = {v};
    bool known = !day_is(day) || (day.v >= day_from_civil(1, 1, 1).v && day.v <= day_from_civil(9999, 12, 31).v);
    if (!known) {
        buf_add_i64(out, v);
        return;
    }
    size_t n = day_format(day, text);
    buf_add(out, (struct str){text, n});
}

static void operand_print(const struct plan_program *g, uint8_t kind, uint64_t x, struct buf *out) {
    static const char *const compares[] = {"<", "<=", "=", "!=", ">=", ">"};
    switch ((enum plan_operand)kind) {
    case PLAN_OPERAND_NONE: return;
    case PLAN_OPERAND_S_OUT:
    case PLAN_OPERAND_S_IN: buf_printf(out, " s%u", (unsigned)x); return;
    case PLAN_OPERAND_S_OPTIONAL:
        if (x == STEP_ABSENT) buf_add_cstr(out, " none");
        else buf_printf(out, " s%u", (unsigned)x);
        return;
    case PLAN_OPERAND_S_PAIR: buf_printf(out, " s%u s%u", step_low((uint32_t)x), step_high((uint32_t)x)); return;
    case PLAN_OPERAND_M_OUT:
    case PLAN_OPERAND_M_IN:
    case PLAN_OPERAND_M_INOUT: buf_printf(out, " m%u", (unsigned)x); return;
    case PLAN_OPERAND_M_OPTIONAL:
        if (x == UINT64_MAX) buf_add_cstr(out, " all");
        else buf_printf(out, " m%u", (unsigned)x);
        return;
    case PLAN_OPERAND_M_PAIR: buf_printf(out, " m%u m%u", step_low((uint32_t)x), step_high((uint32_t)x)); return;
    case PLAN_OPERAND_M_AND_S: buf_printf(out, " m%u s%u", step_low((uint32_t)x), step_high((uint32_t)x)); return;
    case PLAN_OPERAND_JUMP: buf_printf(out, " -> %u", (unsigned)x); return;
    case PLAN_OPERAND_NUMBER:
    case PLAN_OPERAND_AMOUNT:
    case PLAN_OPERAND_COUNT:
        buf_add_char(out, ' ');
        number_print((int64_t)x, out);
        return;
    case PLAN_OPERAND_BITS: buf_printf(out, " {%" PRIx64 "}", x); return;
    case PLAN_OPERAND_DAYS:
        buf_add_char(out, ' ');
        day_print((int32_t)(uint32_t)x, out);
        buf_add_cstr(out, "..");
        day_print((int32_t)(uint32_t)(x >> 32), out);
        return;
    case PLAN_OPERAND_LINE: buf_printf(out, " line %u", (unsigned)x); return;
    case PLAN_OPERAND_COMPARE: buf_printf(out, " %s", x < COUNT_OF(compares) ? compares[x] : "?"); return;
    case PLAN_OPERAND_ROUNDING: buf_printf(out, " %s", x < ROUND_MODE_COUNT ? round_mode_name((enum round_mode)x, false) : "?"); return;
    case PLAN_OPERAND_FLAG: buf_printf(out, " %u", (unsigned)x); return;
    case PLAN_OPERAND_TEXT:
        if (x < g->text_count) buf_printf(out, " \"%.*s\"", STR_FMT(g->texts[x]));
        return;
    case PLAN_OPERAND_TEXT_FACT:
    case PLAN_OPERAND_LIST:
    case PLAN_OPERAND_CONDITION:
    case PLAN_OPERAND_BENEFIT:
    case PLAN_OPERAND_NEED:
    case PLAN_OPERAND_EXCLUSION:
    case PLAN_OPERAND_COUNTS:
    case PLAN_OPERAND_LIMITS:
    case PLAN_OPERAND_CAPS:
    case PLAN_OPERAND_DAYS_LIMITS: buf_printf(out, " #%u", (unsigned)x); return;
    }
}

static void step_print(const struct plan_program *g, uint32_t at, struct buf *out) {
    const struct plan_step *s = &g->steps[at];
    if (s->op >= PLAN_OP_COUNT) {
        buf_printf(out, "%4u  ?\n", at);
        return;
    }
    const struct plan_op_info *info = &plan_op_infos[s->op];
    size_t start = out->n;
    buf_printf(out, "%4u  %-15s", at, info->name);
    operand_print(g, info->r, s->r, out);
    operand_print(g, info->a, s->a, out);
    operand_print(g, info->b, s->b, out);
    operand_print(g, info->v, (uint64_t)s->v, out);
    while (!out->failed && out->n - start < 52) buf_add_char(out, ' ');
    buf_printf(out, " ; %s\n", info->meaning);
}

void plan_disassemble(const struct plan_program *program, struct buf *out) {
    buf_printf(out, "; plan %.*s: %u steps, %u scalars, %u masks, %u counters, %u lists\n", STR_FMT(program->name), program->step_count,
               program->scalar_count, program->mask_count, program->counter_count, program->list_count);
    for (uint32_t i = 0; i < program->step_count; i++) {
        if (program->steps[i].op == PLAN_OP_BENEFIT && program->steps[i].a < program->benefit_count)
            buf_printf(out, "; %.*s\n", STR_FMT(plan_benefit_about(program->plan, program->steps[i].a).name));
        step_print(program, i, out);
    }
}
