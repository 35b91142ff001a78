/* plan/compile/compile — a checked plan to a program.
 *
 * Who uses it: settle, cli and tests by plan_compile. Layout: conditions and parameters in order of dependence, the plan's waiting period and its
 * exclusions once for all benefits, then each benefit. Invariant: what comes out passes plan_program_verify. Workload: once per plan and process;
 * lists of 50,000 codes dominate. Source: docs/plan-language.md §4.
 */
#include <stdlib.h>

#include "plan/compile/compile.h"
#include "plan/run/counters.h"

const struct plan_op_info plan_op_infos[PLAN_OP_COUNT] = {
#define X(id, name, r, a, b, v, from, to, meaning)                                                            \
    {name, meaning, PLAN_OPERAND_##r, PLAN_OPERAND_##a, PLAN_OPERAND_##b, PLAN_OPERAND_##v, PLAN_STAGE_##from, PLAN_STAGE_##to},
#include "plan/compile/opcodes.def"
#undef X
};

/* ---- failing ------------------------------------------------------------------------------------------------- */

void compile_fail(struct compiler *c, const char *code, const char *zh, const char *en) {
    if (status_failed(c->status)) return;
    c->status = status_error(c->arena, (struct error){.code = code, .place = c->plan->name, .zh = str_from(zh), .en = str_from(en),
        .hint_zh = STR("请先运行 yijie plan check；过大的方案请拆分"), .hint_en = STR("run yijie plan check first; divide a plan that is too large")});
}

void compile_fail_memory(struct compiler *c) {
    if (!status_failed(c->status)) c->status = status_memory();
}

static void fail_large(struct compiler *c) { compile_fail(c, "plan-too-large", "方案过大，无法编译", "the plan is too large to be compiled"); }

/* ---- leaves ---------------------------------------------------------------------------------------------------- */

uint32_t compile_step(struct compiler *c, enum plan_op op, uint8_t r, uint32_t a, uint32_t b, int64_t v) {
    if (c->step_count >= LIMIT_PLAN_STEPS) {
        fail_large(c);
        return 0;
    }
    struct plan_step *s = ARENA_PUSH(c->arena, c->steps, c->step_count, c->step_cap);
    if (!s) {
        compile_fail_memory(c);
        return 0;
    }
    *s = (struct plan_step){.op = (uint8_t)op, .r = r, .a = (uint16_t)a, .b = b, .v = v};
    return c->step_count - 1;
}

void compile_land(struct compiler *c, uint32_t at) {
    if (!status_failed(c->status)) c->steps[at].b = c->step_count;
}

uint16_t compile_scalar(struct compiler *c) {
    if (c->scalar_top >= PROGRAM_SCALARS_MAX) {
        fail_large(c);
        return 0;
    }
    uint32_t at = c->scalar_top++;
    if (c->scalar_top > c->scalar_max) c->scalar_max = c->scalar_top;
    return (uint16_t)at;
}

uint16_t compile_mask_new(struct compiler *c) {
    if (c->mask_top >= PROGRAM_MASKS_MAX) {
        fail_large(c);
        return 0;
    }
    uint32_t at = c->mask_top++;
    if (c->mask_top > c->mask_max) c->mask_max = c->mask_top;
    return (uint16_t)at;
}

uint32_t compile_text(struct compiler *c, struct str text) {
    struct str *slot = ARENA_PUSH(c->arena, c->texts, c->text_count, c->text_cap);
    if (!slot) {
        compile_fail_memory(c);
        return 0;
    }
    *slot = text;
    return c->text_count - 1;
}

uint16_t compile_fact(struct compiler *c, int32_t fact) {
    if (fact < 0 || fact >= PROGRAM_FACTS_MAX || (uint32_t)fact >= c->condition_base) {
        compile_fail(c, "plan-not-checked", "方案未经检查", "the plan was not checked");
        return 0;
    }
    c->fact_used[fact] = true;
    return (uint16_t)fact;
}

enum plan_fact_type compile_fact_type(const struct compiler *c, int32_t fact) {
    if (fact >= 0 && fact < PLAN_FACT_BUILT_IN) return plan_fact_info((uint32_t)fact)->type;
    uint32_t own = (uint32_t)(fact - PLAN_FACT_CUSTOM);
    return fact >= PLAN_FACT_CUSTOM && own < c->plan->read_count ? c->plan->reads[own].type : PLAN_VALUE_COUNT;
}

void compile_jump_add(struct compiler *c, struct compile_jumps *j, uint32_t at) {
    uint32_t *slot = ARENA_PUSH(c->arena, j->items, j->count, j->cap);
    if (slot) *slot = at;
    else compile_fail_memory(c);
}

void compile_jumps_land(struct compiler *c, const struct compile_jumps *j) {
    for (uint32_t i = 0; i < j->count; i++) compile_land(c, j->items[i]);
}

/* ---- conditions and parameters, each behind what it reads ------------------------------------------------------------ */

enum visit { UNSEEN, OPEN, DONE };
struct order {
    struct compiler *c;
    uint8_t *conditions, *parameters; /* enum visit */
};

static void condition_emit(struct order *o, uint32_t index);

static void condition_needs(struct order *o, const struct plan_cond *cond) {
    if (!cond) return;
    if (cond->kind == PLAN_COND_NAME) condition_emit(o, (uint32_t)cond->ref.index);
    condition_needs(o, cond->a);
    condition_needs(o, cond->b);
}

static void condition_emit(struct order *o, uint32_t index) {
    struct compiler *c = o->c;
    if (o->conditions[index] == OPEN) compile_fail(c, "plan-not-checked", "情形互相引用", "conditions refer to each other");
    if (o->conditions[index] != UNSEEN) return;
    o->conditions[index] = OPEN;
    const struct plan_condition *d = &c->plan->conditions[index];
    condition_needs(o, d->when);
    uint32_t to = c->condition_base + index, top = c->scalar_top;
    uint32_t given = d->is_class ? compile_step(c, PLAN_OP_CLASS, 0, to, 0, compile_text(c, d->name)) : 0;
    compile_step(c, PLAN_OP_COPY, 0, to, compile_test(c, d->when), 0);
    if (d->is_class) compile_land(c, given);
    c->scalar_top = top;
    o->conditions[index] = DONE;
}

static void parameter_emit(struct order *o, uint32_t index);

static void expr_needs(struct order *o, const struct plan_expr *e) {
    if (!e) return;
    if (e->kind == PLAN_EXPR_PARAMETER) parameter_emit(o, (uint32_t)e->ref.index);
    expr_needs(o, e->a);
    expr_needs(o, e->b);
}

static void choice_needs(struct order *o, const struct plan_choice *choice) {
    if (choice->has_base) expr_needs(o, choice->base.expr);
    for (uint32_t i = 0; i < choice->item_count; i++) expr_needs(o, choice->items[i].value.expr);
    for (uint32_t i = 0; i < choice->exception_count; i++) expr_needs(o, choice->exceptions[i].value.expr);
}

/* The first dated value that holds the deciding date. */
static void parameter_emit(struct order *o, uint32_t index) {
    struct compiler *c = o->c;
    if (o->parameters[index] == OPEN) compile_fail(c, "plan-not-checked", "参数互相引用", "parameters refer to each other");
    if (o->parameters[index] != UNSEEN) return;
    o->parameters[index] = OPEN;
    const struct plan_parameter *p = &c->plan->parameters[index];
    for (uint32_t i = 0; i < p->value_count; i++) choice_needs(o, &p->values[i].value);
    uint16_t to = (uint16_t)(c->parameter_base + index);
    struct compile_jumps done = {0};
    for (uint32_t i = 0; i < p->value_count; i++) {
        struct day_range on = p->values[i].on;
        uint32_t next = compile_step(c, PLAN_OP_JUMP_OUTSIDE, 0, 0, 0, (int64_t)((uint64_t)(uint32_t)on.from.v | (uint64_t)(uint32_t)on.to.v << 32));
        compile_amount_to(c, &p->values[i].value, to);
        compile_jump_add(c, &done, compile_step(c, PLAN_OP_JUMP, 0, 0, 0, 0));
        compile_land(c, next);
    }
    compile_step(c, PLAN_OP_CONST, 0, to, 0, 0);
    compile_jumps_land(c, &done);
    o->parameters[index] = DONE;
}

static void prologue_emit(struct compiler *c) {
    struct order o = {.c = c};
    o.conditions = ARENA_ARRAY(c->arena, uint8_t, c->plan->condition_count);
    o.parameters = ARENA_ARRAY(c->arena, uint8_t, c->plan->parameter_count);
    if (!o.conditions || !o.parameters) {
        compile_fail_memory(c);
        return;
    }
    for (uint32_t i = 0; i < c->plan->condition_count; i++) condition_emit(&o, i);
    for (uint32_t i = 0; i < c->plan->parameter_count; i++) parameter_emit(&o, i);
}

static void plan_waiting_emit(struct compiler *c) {
    const struct plan_waiting *w = &c->plan->waiting;
    if (!c->program->plan_waiting || w->days <= 0) return;
    uint32_t top = c->scalar_top;
    uint16_t unless;
    if (w->unless) {
        unless = compile_test(c, w->unless);
    } else {
        unless = compile_scalar(c);
        compile_step(c, PLAN_OP_CONST, 0, unless, 0, 0);
    }
    compile_step(c, PLAN_OP_PLAN_WAITING, 0, unless, 0, w->days);
    c->scalar_top = top;
}

/* Keeps only the result of the masks made since `first`, in the first of them. */
static uint16_t mask_keep(struct compiler *c, uint32_t first, uint16_t result) {
    if (result != first) compile_step(c, PLAN_OP_UNION, 0, first, step_pair(result, result), 0);
    c->mask_top = first + 1;
    if (c->mask_top > c->mask_max) c->mask_max = c->mask_top;
    return (uint16_t)first;
}

/* Each exclusion of the plan once, over lines that no earlier one excludes. */
static void exclusions_emit(struct compiler *c) {
    uint32_t count = c->plan->exclusion_count;
    uint16_t *masks = ARENA_ARRAY(c->arena, uint16_t, count);
    if (!masks) {
        compile_fail_memory(c);
        return;
    }
    uint16_t rest = count > 1 ? compile_mask_new(c) : MASK_SEGMENT, left = MASK_SEGMENT;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t scalar_top = c->scalar_top, first = c->mask_top;
        masks[i] = mask_keep(c, first, compile_lines(c, c->plan->exclusions[i].when, left));
        c->scalar_top = scalar_top;
        if (i + 1 == count) break;
        compile_step(c, PLAN_OP_MINUS, 0, rest, step_pair(left, masks[i]), 0);
        left = rest;
    }
    c->exclusion_masks = masks;
    c->exclusion_count = count;
}

/* ---- pools ------------------------------------------------------------------------------------------------------------ */

static void reads_fill(struct compiler *c) {
    const struct plan *p = c->plan;
    struct program_read *reads = ARENA_ARRAY(c->arena, struct program_read, p->read_count);
    if (!reads) {
        compile_fail_memory(c);
        return;
    }
    for (uint32_t i = 0; i < p->read_count; i++) {
        const struct plan_read *r = &p->reads[i];
        const struct plan_fact_info *info = r->custom ? NULL : plan_fact_info((uint32_t)r->fact.index);
        reads[i] = (struct program_read){.name = info ? str_from(info->en) : r->fact.name,
            .fact = (uint16_t)(r->custom ? PLAN_FACT_CUSTOM + i : (uint32_t)r->fact.index), .type = (uint8_t)(info ? info->type : r->type),
            .words = info ? info->words : NULL, .own_words = r->words, .word_count = info ? info->word_count : r->word_count,
            .has_default = r->has_default, .default_value = r->default_value};
    }
    c->program->reads = reads;
    c->program->read_count = p->read_count;
}

static void lists_fill(struct compiler *c) {
    const struct plan *p = c->plan;
    const struct listset **lists = ARENA_ARRAY(c->arena, const struct listset *, p->use_count);
    const struct listset **groups = ARENA_ARRAY(c->arena, const struct listset *, p->use_count);
    if (!lists || !groups) {
        compile_fail_memory(c);
        return;
    }
    for (uint32_t i = 0; i < p->use_count && !status_failed(c->status); i++) {
        c->status = listset_build(c->arena, p->uses[i], &lists[i]);
        if (!status_failed(c->status) && listset_has_groups(lists[i])) groups[c->program->group_list_count++] = lists[i];
    }
    c->program->lists = lists;
    c->program->list_count = p->use_count;
    c->program->group_lists = groups;
}

static int day_order(const void *x, const void *y) {
    const struct day *a = x, *b = y;
    return (a->v > b->v) - (a->v < b->v);
}

static void boundaries_fill(struct compiler *c) {
    const struct plan *p = c->plan;
    if (p->counts_by != PLAN_BY_LINE_DATE) return;
    struct day *days = NULL;
    uint32_t count = 0, cap = 0;
    for (uint32_t i = 0; i < p->parameter_count; i++)
        for (uint32_t k = 0; k < p->parameters[i].value_count; k++) {
            struct day_range on = p->parameters[i].values[k].on;
            struct day both[] = {on.from, day_add(on.to, 1)};
            for (size_t j = 0; j < COUNT_OF(both); j++) {
                if (!day_is(both[j])) continue;
                struct day *slot = ARENA_PUSH(c->arena, days, count, cap);
                if (slot) *slot = both[j];
                else compile_fail_memory(c);
            }
        }
    if (count) qsort(days, count, sizeof(*days), day_order);
    c->program->boundaries = days;
    c->program->boundary_count = count;
}

static void exclusion_lines_fill(struct compiler *c) {
    const struct plan *p = c->plan;
    uint32_t count = p->exclusion_count, at = 0;
    for (uint32_t i = 0; i < p->benefit_count; i++) count += p->benefits[i].exclusion_count;
    uint32_t *lines = ARENA_ARRAY(c->arena, uint32_t, count);
    if (!lines) {
        compile_fail_memory(c);
        return;
    }
    for (uint32_t i = 0; i < p->exclusion_count; i++) lines[at++] = p->exclusions[i].pos.line;
    for (uint32_t i = 0; i < p->benefit_count; i++)
        for (uint32_t k = 0; k < p->benefits[i].exclusion_count; k++) lines[at++] = p->benefits[i].exclusions[k].pos.line;
    c->program->exclusion_lines = lines;
    c->program->exclusion_count = count;
}

static void co_insurers_fill(struct compiler *c) {
    int64_t *shares = ARENA_ARRAY(c->arena, int64_t, c->plan->co_insurer_count);
    if (!shares) {
        compile_fail_memory(c);
        return;
    }
    for (uint32_t i = 0; i < c->plan->co_insurer_count; i++) shares[i] = c->plan->co_insurers[i].share_ppm;
    c->program->co_shares = shares;
    c->program->co_count = c->plan->co_insurer_count;
}

static bool cond_asks_history(const struct plan_cond *cond) { return compile_cond_asks(cond, PLAN_COND_FIRST_DIAGNOSED); }

static bool benefit_asks_history(const struct plan_benefit *b) {
    bool asks = cond_asks_history(b->where) || cond_asks_history(b->waiting.unless);
    for (uint32_t i = 0; i < b->need_count; i++) asks = asks || cond_asks_history(b->needs[i].cond);
    for (uint32_t i = 0; i < b->exclusion_count; i++) asks = asks || cond_asks_history(b->exclusions[i].when);
    for (uint32_t i = 0; i < b->count_limit_count; i++) asks = asks || cond_asks_history(b->count_limits[i].where);
    for (uint32_t i = 0; i < b->limit_count; i++) asks = asks || cond_asks_history(b->limits[i].where);
    return asks;
}

static void history_fill(struct compiler *c) {
    const struct plan *p = c->plan;
    struct plan_program *g = c->program;
    g->history_class = PLAN_NONE;
    for (uint32_t i = 0; i < p->condition_count; i++) {
        if (!cond_asks_history(p->conditions[i].when)) continue;
        if (!p->conditions[i].is_class) g->asks_history = true;
        else g->asks_history_in_class = true;
        if (p->conditions[i].is_class && g->history_class == PLAN_NONE) g->history_class = (int32_t)i;
    }
    for (uint32_t i = 0; i < p->exclusion_count; i++) g->asks_history = g->asks_history || cond_asks_history(p->exclusions[i].when);
    for (uint32_t i = 0; i < p->benefit_count; i++) { /* the plan's waiting is asked only for a benefit without its own */
        if (!p->benefits[i].waiting.written) g->asks_history = g->asks_history || cond_asks_history(p->waiting.unless);
    }
    for (uint32_t i = 0; i < p->benefit_count; i++) g->asks_history = g->asks_history || benefit_asks_history(&p->benefits[i]);
}

static void header_fill(struct compiler *c) {
    const struct plan *p = c->plan;
    struct plan_program *g = c->program;
    g->plan = p;
    g->name = p->name;
    g->in_force = p->in_force;
    g->counts_by = p->counts_by;
    g->over_the_end_by = p->over_the_end_by;
    g->years = p->years;
    g->currency = p->currency;
    g->rounding = p->rounding;
    g->condition_count = p->condition_count;
    g->claim_count = p->shared_count;
    g->plan_waiting = p->waiting.written;
    for (uint32_t i = 0; i < p->benefit_count; i++) g->plan_waiting = g->plan_waiting && !p->benefits[i].waiting.written;
}

/* Each step records at most one reason but these: a deductible two, a base two; two for the plan itself. */
static uint32_t reasons_count(const struct compiler *c) {
    uint32_t count = 2;
    for (uint32_t i = 0; i < c->step_count; i++) {
        switch ((enum plan_op)c->steps[i].op) {
        case PLAN_OP_DEDUCT:
        case PLAN_OP_BASE:
        case PLAN_OP_PAY: count += 2; break;
        case PLAN_OP_NOTE_CLASS:
        case PLAN_OP_WAITING:
        case PLAN_OP_NEED:
        case PLAN_OP_EXCLUDE:
        case PLAN_OP_COUNT_AT_MOST:
        case PLAN_OP_FIRST_SHARE:
        case PLAN_OP_SHARE_AFTER:
        case PLAN_OP_TIER:
        case PLAN_OP_ROUND:
        case PLAN_OP_LIMIT:
        case PLAN_OP_CAP:
        case PLAN_OP_ALLOW: count++; break;
        default: break;
        }
    }
    return count;
}

static void program_finish(struct compiler *c) {
    struct plan_program *g = c->program;
    uint16_t *facts = ARENA_ARRAY(c->arena, uint16_t, PROGRAM_FACTS_MAX);
    if (!facts) {
        compile_fail_memory(c);
        return;
    }
    for (uint32_t i = 0; i < PROGRAM_FACTS_MAX; i++)
        if (c->fact_used[i]) facts[g->fact_count++] = (uint16_t)i;
    for (uint32_t i = 0; i < c->counter_count; i++) c->counters[i].hash = counter_hash_constant(&c->counters[i].key);
    g->facts = facts;
    g->reads_age = c->fact_used[PLAN_FACT_AGE];
    g->steps = c->steps;
    g->step_count = c->step_count;
    g->reason_count = reasons_count(c);
    g->scalar_count = c->scalar_max;
    g->mask_count = c->mask_max;
    g->texts = c->texts;
    g->text_count = c->text_count;
    g->counters = c->counters;
    g->counter_count = c->counter_count;
    g->counts = c->counts;
    g->count_count = c->count_count;
    g->limits = c->limits;
    g->limit_count = c->limit_count;
    g->caps = c->caps;
    g->cap_count = c->cap_count;
    g->days_limits = c->days_limits;
    g->days_limit_count = c->days_limit_count;
}

static void benefits_emit(struct compiler *c) {
    const struct plan *p = c->plan;
    struct program_benefit *benefits = ARENA_ARRAY(c->arena, struct program_benefit, p->benefit_count);
    c->shared_counters = ARENA_ARRAY(c->arena, uint32_t, p->shared_count);
    if (!benefits || !c->shared_counters) {
        compile_fail_memory(c);
        return;
    }
    for (uint32_t i = 0; i < p->shared_count; i++) c->shared_counters[i] = UINT32_MAX;
    c->program->total_suffices = true;
    for (uint32_t i = 0; i < p->benefit_count && !status_failed(c->status); i++) {
        compile_benefit(c, i, &benefits[i]);
        c->program->tracks_paid = c->program->tracks_paid || benefits[i].bounded_by_left;
        if (benefits[i].has_limit || benefits[i].bounded_by_left) c->program->total_suffices = false;
    }
    c->program->benefits = benefits;
    c->program->benefit_count = p->benefit_count;
}

struct status plan_compile(struct arena *a, const struct plan *p, struct plan_program **ret) {
    struct plan_program *g = ARENA_NEW(a, struct plan_program);
    struct compiler *c = ARENA_NEW(a, struct compiler);
    if (!g || !c) return status_memory();
    *c = (struct compiler){.arena = a, .plan = p, .program = g, .condition_base = PLAN_FACT_CUSTOM + p->read_count, .mask_top = MASK_SEGMENT + 1,
                           .mask_max = MASK_SEGMENT + 1};
    c->parameter_base = c->condition_base + p->condition_count;
    c->scalar_top = c->scalar_max = c->parameter_base + p->parameter_count;
    if (c->scalar_top >= PROGRAM_SCALARS_MAX || p->read_count > LIMIT_PLAN_NAMES) fail_large(c);
    header_fill(c);
    history_fill(c);
    for (uint32_t i = 0; i < p->text_count; i++) (void)compile_text(c, p->texts[i]); /* their numbers stand in conditions */
    reads_fill(c);
    lists_fill(c);
    boundaries_fill(c);
    exclusion_lines_fill(c);
    co_insurers_fill(c);
    if (!status_failed(c->status)) prologue_emit(c);
    if (!status_failed(c->status)) plan_waiting_emit(c);
    if (!status_failed(c->status)) exclusions_emit(c);
    if (!status_failed(c->status)) benefits_emit(c);
    compile_step(c, PLAN_OP_HALT, 0, 0, 0, 0);
    program_finish(c);
    if (status_failed(c->status)) return c->status;
    *ret = g;
    return STATUS_OK;
}
