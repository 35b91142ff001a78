/* plan/compile/verify — proves of any array of steps that a run stays inside its scalars, masks, pools and order.
 *
 * Who uses it: whoever got a program, before it runs; tests/fuzz/fuzz_bytecode.c gives it programs changed at random. What is proven: operations and
 * operands known and in range, scalars and masks written before they are read on every path, jumps forward and never across the bounds of a
 * benefit, the pipeline of each benefit in order, benefits in order and each at most once, a HALT at the end. Since all jumps go forward, one pass suffices:
 * when a step is reached, all paths to it have been seen. Cost: steps × size of the written set.
 */
#include <string.h>

#include "plan/compile/program.h"

enum { SCALAR_WORDS = PROGRAM_SCALARS_MAX / 64, MASK_WORDS = PROGRAM_MASKS_MAX / 64 };

/* What is known when a step is reached. */
struct known {
    uint64_t scalars[SCALAR_WORDS], masks[MASK_WORDS];
    uint16_t stage;
    uint32_t benefit; /* the open one, or the next one */
    uint32_t end;     /* its END */
    bool reached;
};
struct verifier {
    struct arena *arena;
    const struct plan_program *program;
    struct known now, **waiting; /* waiting: by target of a jump */
    uint32_t at;
    const char *why_zh, *why_en;
    bool no_memory;
};

static bool no(struct verifier *v, const char *zh, const char *en) {
    v->why_zh = zh;
    v->why_en = en;
    return false;
}

/* ---- sets of what was written ------------------------------------------------------------------------------ */

static bool set_has(const uint64_t *set, uint32_t at) { return set[at / 64] >> at % 64 & 1; }
static void set_add(uint64_t *set, uint32_t at) { set[at / 64] |= 1ULL << at % 64; }

static bool scalar_read(struct verifier *v, uint32_t at) {
    if (at >= v->program->scalar_count) return no(v, "标量超出范围", "a scalar out of range");
    return set_has(v->now.scalars, at) || no(v, "标量未写先读", "a scalar is read before it is written");
}
static bool scalar_write(struct verifier *v, uint32_t at) {
    if (at >= v->program->scalar_count) return no(v, "标量超出范围", "a scalar out of range");
    set_add(v->now.scalars, at);
    return true;
}
static bool mask_read(struct verifier *v, uint32_t at) {
    if (at >= v->program->mask_count) return no(v, "掩码超出范围", "a mask out of range");
    return set_has(v->now.masks, at) || no(v, "掩码未写先读", "a mask is read before it is written");
}
static bool mask_write(struct verifier *v, uint32_t at) {
    if (at >= v->program->mask_count || at == MASK_SEGMENT) return no(v, "掩码超出范围", "a mask out of range");
    set_add(v->now.masks, at);
    return true;
}
static bool within(struct verifier *v, uint64_t at, uint64_t count) { return at < count || no(v, "引用超出范围", "a reference out of range"); }

/* ---- jumps ------------------------------------------------------------------------------------------------------ */

/* What is known at a place that several paths reach: what all of them know. */
static bool join(struct verifier *v, struct known *to, const struct known *from) {
    if (!to->reached) {
        *to = *from;
        to->reached = true;
        return true;
    }
    for (int i = 0; i < SCALAR_WORDS; i++) to->scalars[i] &= from->scalars[i];
    for (int i = 0; i < MASK_WORDS; i++) to->masks[i] &= from->masks[i];
    bool same = to->benefit == from->benefit && to->end == from->end;
    to->stage |= from->stage; /* a step that accepts each of them accepts the union, see stage_check */
    return same || no(v, "跳转跨越责任", "a jump crosses the bounds of a benefit");
}

static bool jump(struct verifier *v, uint64_t target) {
    if (target <= v->at || target >= v->program->step_count) return no(v, "跳转须向前", "a jump must go forward");
    if (v->now.stage != PLAN_STAGE_OUT && target > v->now.end) return no(v, "跳转跨越责任", "a jump crosses the bounds of a benefit");
    struct known **slot = &v->waiting[target];
    if (!*slot) *slot = ARENA_NEW(v->arena, struct known);
    if (!*slot) {
        v->no_memory = true;
        return false;
    }
    return join(v, *slot, &v->now);
}

/* ---- one step ------------------------------------------------------------------------------------------------------ */

static bool amount_check(struct verifier *v, int64_t amount) {
    bool fits = amount == PLAN_NOTHING || minor_check((struct minor){amount});
    return fits || no(v, "常数超出范围", "a constant out of range");
}

/* Operands that are read; outputs come after the effects of reading. */
static bool operand_in(struct verifier *v, uint8_t kind, uint64_t x) {
    const struct plan_program *g = v->program;
    switch ((enum plan_operand)kind) {
    case PLAN_OPERAND_S_IN: return scalar_read(v, (uint32_t)x);
    case PLAN_OPERAND_S_OPTIONAL: return x == STEP_ABSENT || scalar_read(v, (uint32_t)x);
    case PLAN_OPERAND_S_PAIR: return scalar_read(v, step_low((uint32_t)x)) && scalar_read(v, step_high((uint32_t)x));
    case PLAN_OPERAND_M_IN: return mask_read(v, (uint32_t)x);
    case PLAN_OPERAND_M_INOUT: return mask_read(v, (uint32_t)x) && mask_write(v, (uint32_t)x);
    case PLAN_OPERAND_M_OPTIONAL: return x == UINT64_MAX || (within(v, x, g->mask_count) && mask_read(v, (uint32_t)x));
    case PLAN_OPERAND_M_PAIR: return mask_read(v, step_low((uint32_t)x)) && mask_read(v, step_high((uint32_t)x));
    case PLAN_OPERAND_M_AND_S: return mask_read(v, step_low((uint32_t)x)) && scalar_read(v, step_high((uint32_t)x));
    case PLAN_OPERAND_AMOUNT: return amount_check(v, (int64_t)x);
    case PLAN_OPERAND_COUNT: return within(v, x, 1'000'001);
    case PLAN_OPERAND_COMPARE: return within(v, x, PLAN_GT + 1);
    case PLAN_OPERAND_ROUNDING: return within(v, x, ROUND_MODE_COUNT);
    case PLAN_OPERAND_FLAG: return within(v, x, 2);
    case PLAN_OPERAND_TEXT_FACT: return within(v, x, PROGRAM_TEXT_COUNT);
    case PLAN_OPERAND_TEXT: return within(v, x, g->text_count);
    case PLAN_OPERAND_LIST: return within(v, x, g->list_count);
    case PLAN_OPERAND_CONDITION: return within(v, x, g->condition_count);
    case PLAN_OPERAND_EXCLUSION: return within(v, x, g->exclusion_count);
    case PLAN_OPERAND_BENEFIT: return within(v, x, g->benefit_count);
    case PLAN_OPERAND_NEED: return within(v, v->now.benefit, g->benefit_count) && within(v, x, g->benefits[v->now.benefit].need_count);
    case PLAN_OPERAND_COUNTS: return within(v, x, g->count_count);
    case PLAN_OPERAND_LIMITS: return within(v, x, g->limit_count);
    case PLAN_OPERAND_CAPS: return within(v, x, g->cap_count);
    case PLAN_OPERAND_DAYS_LIMITS: return within(v, x, g->days_limit_count);
    case PLAN_OPERAND_NONE:
    case PLAN_OPERAND_S_OUT:
    case PLAN_OPERAND_M_OUT:
    case PLAN_OPERAND_JUMP: /* after the outputs */
    case PLAN_OPERAND_NUMBER:
    case PLAN_OPERAND_BITS:
    case PLAN_OPERAND_DAYS:
    case PLAN_OPERAND_LINE: return true;
    }
    return no(v, "未知操作数", "an unknown operand");
}

static bool operands_check(struct verifier *v, const struct plan_op_info *info, const struct plan_step *s) {
    if (!operand_in(v, info->r, s->r) || !operand_in(v, info->a, s->a) || !operand_in(v, info->b, s->b) || !operand_in(v, info->v, (uint64_t)s->v))
        return false;
    if (info->a == PLAN_OPERAND_S_OUT && !scalar_write(v, s->a)) return false;
    if (info->a == PLAN_OPERAND_M_OUT && !mask_write(v, s->a)) return false;
    return info->b != PLAN_OPERAND_JUMP || s->op == PLAN_OP_BENEFIT || jump(v, s->b);
}

/* Every stage in which the step may be reached must be one in which it may stand. */
static bool stage_check(struct verifier *v, const struct plan_op_info *info) {
    return (v->now.stage & ~info->from) == 0 || no(v, "步骤次序错误", "a step out of order");
}

static bool benefit_open(struct verifier *v, const struct plan_step *s) {
    if (s->a < v->now.benefit) return no(v, "责任次序错误", "benefits out of order");
    if (s->b <= v->at || s->b >= v->program->step_count || v->program->steps[s->b].op != PLAN_OP_END)
        return no(v, "责任没有结尾", "a benefit without an end");
    v->now.benefit = s->a;
    v->now.end = s->b;
    return true;
}

/* Pipelines of indemnity and allowance do not mix: each reads its own part of the pool. */
static bool kind_check(struct verifier *v, uint8_t op) {
    bool allowance = v->program->benefits[v->now.benefit].allowance;
    return (op == PLAN_OP_DAYS) == allowance || no(v, "步骤与责任种类不符", "a step of the other kind of benefit");
}

static bool step_check(struct verifier *v) {
    const struct plan_step *s = &v->program->steps[v->at];
    if (s->op >= PLAN_OP_COUNT) return no(v, "未知操作", "an unknown operation");
    const struct plan_op_info *info = &plan_op_infos[s->op];
    if (!stage_check(v, info)) return false;
    if (s->op == PLAN_OP_BENEFIT && !benefit_open(v, s)) return false;
    if ((s->op == PLAN_OP_TAKE || s->op == PLAN_OP_DAYS) && !kind_check(v, s->op)) return false;
    if (v->now.stage != PLAN_STAGE_OUT && v->at == v->now.end && s->op != PLAN_OP_END) return no(v, "责任没有结尾", "a benefit without an end");
    if (s->op == PLAN_OP_END) {
        if (v->now.stage == PLAN_STAGE_OUT || v->at != v->now.end) return no(v, "多余的结尾", "an end without a benefit");
        v->now.benefit++;
        v->now.end = 0;
    }
    if (!operands_check(v, info, s)) return false;
    if (info->to != PLAN_STAGE_SAME) v->now.stage = info->to;
    if (s->op == PLAN_OP_JUMP || s->op == PLAN_OP_GAP || s->op == PLAN_OP_HALT) v->now.reached = false;
    return true;
}

static bool pools_check(struct verifier *v) {
    const struct plan_program *g = v->program;
    bool fits = g->step_count > 0 && g->step_count <= LIMIT_PLAN_STEPS && g->scalar_count <= PROGRAM_SCALARS_MAX && g->mask_count <= PROGRAM_MASKS_MAX &&
                g->mask_count > MASK_SEGMENT && g->steps[g->step_count - 1].op == PLAN_OP_HALT;
    for (uint32_t i = 0; i < g->fact_count; i++) fits = fits && g->facts[i] < g->scalar_count;
    return fits || no(v, "程序头错误", "a broken program head");
}

static bool program_check(struct verifier *v) {
    const struct plan_program *g = v->program;
    if (!pools_check(v)) return false;
    v->now = (struct known){.stage = PLAN_STAGE_OUT, .reached = true};
    for (uint32_t i = 0; i < g->fact_count; i++) set_add(v->now.scalars, g->facts[i]);
    set_add(v->now.masks, MASK_SEGMENT);
    for (v->at = 0; v->at < g->step_count; v->at++) {
        const struct known *paths = v->waiting[v->at];
        if (paths && !v->now.reached) v->now = *paths;
        else if (paths && !join(v, &v->now, paths)) return false;
        if (v->now.reached && !step_check(v)) return false; /* what no path reaches cannot harm */
    }
    return !v->now.reached || no(v, "程序没有结尾", "a program without an end");
}

struct status plan_program_verify(struct arena *a, const struct plan_program *program) {
    struct verifier *v = ARENA_NEW(a, struct verifier);
    if (!v) return status_memory();
    *v = (struct verifier){.arena = a, .program = program};
    v->waiting = ARENA_ARRAY(a, struct known *, program->step_count);
    if (!v->waiting) return status_memory();
    if (program_check(v)) return STATUS_OK;
    if (v->no_memory) return status_memory();
    struct str place = arena_printf(a, "%.*s:%u", STR_FMT(program->name), v->at), zh = arena_printf(a, "编译结果无效：%s", v->why_zh),
               en = arena_printf(a, "the compiled program is invalid: %s", v->why_en);
    if (!place.p || !zh.p || !en.p) return status_memory();
    return status_error(a, (struct error){.code = "program-invalid", .place = place, .zh = zh, .en = en, .hint_zh = STR("请重新编译方案"),
                                          .hint_en = STR("compile the plan again")});
}
