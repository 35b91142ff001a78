/* plan/compile/benefit — one benefit: its pools, and its steps in the order of the document.
 *
 * Who uses it: compile.c. What later benefits need of this one (cells, what it took) is decided here, so that a run keeps nothing that nobody reads.
 * Source: docs/plan-language.md §4.3, numbers in the comments are its steps.
 */
#include "plan/compile/compile.h"

/* ---- counters ------------------------------------------------------------------------------------------------ */

uint32_t compile_counter(struct compiler *c, struct str name, enum plan_counter_kind kind, uint32_t clause, struct plan_period period) {
    struct program_counter *counter = ARENA_PUSH(c->arena, c->counters, c->counter_count, c->counter_cap);
    if (!counter) {
        compile_fail_memory(c);
        return 0;
    }
    if (clause > UINT8_MAX) compile_fail(c, "plan-too-large", "一个责任的同类条款过多", "too many clauses of one kind in a benefit");
    counter->key = (struct plan_counter_key){.product = c->plan->product, .benefit = name, .kind = (uint8_t)kind, .each = (uint8_t)period.each,
                                             .clause = (uint8_t)clause, .period_of = DAY_NONE};
    counter->per_family = period.per_family;
    return c->counter_count - 1;
}

/* A shared deductible or cap has one counter for all that name it. */
static uint32_t shared_counter(struct compiler *c, uint32_t shared) {
    if (c->shared_counters[shared] == UINT32_MAX) {
        const struct plan_shared *s = &c->plan->shared[shared];
        c->shared_counters[shared] = s->is_cap ? compile_counter(c, s->name, PLAN_COUNTER_PAID, 0, s->cap_period)
                                               : compile_counter(c, s->name, PLAN_COUNTER_FILLED, 0, s->deductible.period);
    }
    return c->shared_counters[shared];
}

/* ---- what is known of the benefit before it runs ------------------------------------------------------------------ */

/* The deductible clause that counts: its own or the shared one; NULL when there is none. */
static const struct plan_deductible *deductible_of(const struct compiler *c, const struct plan_benefit *b) {
    if (b->deductible.shared.index >= 0 && b->deductible.shared.name.n) return &c->plan->shared[b->deductible.shared.index].deductible;
    return b->deductible.written && !b->deductible.nothing ? &b->deductible : NULL;
}

static void takes_fill(struct compiler *c, const struct plan_benefit *b, struct program_benefit *ret) {
    ret->buckets = b->takes.buckets;
    ret->before_others = b->takes.before_others;
    ret->share_list = b->takes.share_list.name.n ? b->takes.share_list.index : PLAN_NONE;
    ret->share_rounding = b->takes.share_rounding;
    ret->rest_count = b->takes.rest_count;
    ret->bounded_by_left = b->takes.before_others || b->takes.rest_count > 0;
    if (b->takes.rest_count == 0) return;
    uint16_t *rest = ARENA_ARRAY(c->arena, uint16_t, b->takes.rest_count);
    if (!rest) {
        compile_fail_memory(c);
        return;
    }
    for (uint32_t i = 0; i < b->takes.rest_count; i++) rest[i] = (uint16_t)b->takes.rest_of[i].index;
    ret->rest_of = rest;
}

/* What later benefits must see of this one's taking. */
static void later_fill(const struct compiler *c, uint32_t index, struct program_benefit *ret) {
    const struct plan *p = c->plan;
    for (uint32_t i = index + 1; i < p->benefit_count; i++) {
        ret->leaves |= ret->buckets & p->benefits[i].takes.buckets;
        for (uint32_t k = 0; k < p->benefits[i].takes.rest_count; k++)
            ret->keeps_cells = ret->keeps_cells || p->benefits[i].takes.rest_of[k].index == (int32_t)index;
    }
}

static void deductible_fill(struct compiler *c, const struct plan_benefit *b, struct program_benefit *ret) {
    const struct plan_deductible *d = deductible_of(c, b);
    bool shared = d && d != &b->deductible;
    ret->has_deductible = d != NULL;
    ret->claim = PLAN_NONE;
    ret->filled_counter = UINT32_MAX;
    ret->deductible_line = b->deductible.pos.line;
    if (!d) return;
    ret->filled_by = d->filled_by;
    if (shared && d->filled_by) ret->claim = b->deductible.shared.index;
    ret->filled_counter = shared ? shared_counter(c, (uint32_t)b->deductible.shared.index)
                                 : compile_counter(c, b->name, PLAN_COUNTER_FILLED, 0, d->period);
}

static bool choice_single(const struct plan_choice *choice) {
    bool single = !choice->has_base || choice->base.schedule->tier_count == 1;
    for (uint32_t i = 0; i < choice->item_count; i++) single = single && choice->items[i].value.schedule->tier_count == 1;
    for (uint32_t i = 0; i < choice->exception_count; i++) single = single && choice->exceptions[i].value.schedule->tier_count == 1;
    return single;
}

/* `over` runs in the period of `pays`, else of the deductible; one that starts at 0 and decides nothing is not kept. */
static void pays_fill(struct compiler *c, const struct plan_benefit *b, struct program_benefit *ret) {
    const struct plan_deductible *d = deductible_of(c, b);
    ret->on_base = b->pays.on_base;
    ret->single_tier = choice_single(&b->pays.schedule);
    ret->over_counter = UINT32_MAX;
    ret->pays_line = b->pays.pos.line;
    ret->times_line = b->times.pos.line;
    const struct plan_period *period = b->pays.period_written ? &b->pays.period : d ? &d->period : NULL;
    if (!period || (period->each == PLAN_EACH_CLAIM && ret->single_tier)) return;
    ret->over_counter = compile_counter(c, b->name, PLAN_COUNTER_OVER, 0, *period);
}

/* ---- clauses ---------------------------------------------------------------------------------------------------- */

static bool clause_needs_lines(enum plan_key key, struct plan_period period, const struct plan_cond *where) {
    return key != PLAN_KEY_NONE || period.each == PLAN_EACH_DAY || (where && where->line_level);
}

/* `for COND`: the mask as an operand, -1 without. */
static int64_t clause_lines(struct compiler *c, const struct plan_cond *where, uint16_t lines) {
    return where ? compile_lines(c, where, lines) : -1;
}

static void count_emit(struct compiler *c, const struct plan_benefit *b, uint32_t index, uint16_t lines, struct program_benefit *ret) {
    const struct plan_count_limit *l = &b->count_limits[index];
    uint32_t scalar_top = c->scalar_top, mask_top = c->mask_top;
    struct program_clause *clause = ARENA_PUSH(c->arena, c->counts, c->count_count, c->count_cap);
    if (!clause) {
        compile_fail_memory(c);
        return;
    }
    enum plan_counter_kind kind = l->unit == PLAN_AT_MOST_MONEY ? PLAN_COUNTER_BASE : PLAN_COUNTER_TIMES;
    *clause = (struct program_clause){.counter = compile_counter(c, b->name, kind, index, l->period), .line = l->pos.line, .unit = (uint8_t)l->unit,
        .key = (uint8_t)l->key, .each = (uint8_t)l->period.each,
        .needs_lines = l->unit == PLAN_AT_MOST_TIMES || clause_needs_lines(l->key, l->period, l->where)};
    ret->counts = true;
    ret->needs_lines = ret->needs_lines || clause->needs_lines;
    uint16_t value = compile_amount(c, &l->value);
    int64_t mask = clause_lines(c, l->where, lines);
    compile_step(c, PLAN_OP_COUNT_AT_MOST, 0, value, c->count_count - 1, mask);
    c->scalar_top = scalar_top;
    c->mask_top = mask_top;
}

static void limit_emit(struct compiler *c, const struct plan_benefit *b, uint32_t index, uint16_t lines, struct program_benefit *ret) {
    const struct plan_pay_limit *l = &b->limits[index];
    uint32_t scalar_top = c->scalar_top, mask_top = c->mask_top;
    struct program_clause *clause = ARENA_PUSH(c->arena, c->limits, c->limit_count, c->limit_cap);
    if (!clause) {
        compile_fail_memory(c);
        return;
    }
    *clause = (struct program_clause){.counter = compile_counter(c, b->name, PLAN_COUNTER_LIMIT, index, l->period), .line = l->pos.line,
        .unit = PLAN_AT_MOST_MONEY, .key = (uint8_t)l->key, .each = (uint8_t)l->period.each,
        .needs_lines = clause_needs_lines(l->key, l->period, l->where)};
    ret->has_limit = true;
    ret->needs_lines = ret->needs_lines || clause->needs_lines;
    uint16_t value = compile_amount(c, &l->value);
    int64_t mask = clause_lines(c, l->where, lines);
    compile_step(c, PLAN_OP_LIMIT, 0, value, c->limit_count - 1, mask);
    c->scalar_top = scalar_top;
    c->mask_top = mask_top;
}

static void cap_emit(struct compiler *c, const struct plan_benefit *b, uint32_t index) {
    const struct plan_cap *l = &b->caps[index];
    bool shared = l->shared.name.n > 0;
    if (l->nothing) return;
    uint32_t scalar_top = c->scalar_top;
    struct program_cap *cap = ARENA_PUSH(c->arena, c->caps, c->cap_count, c->cap_cap);
    if (!cap) {
        compile_fail_memory(c);
        return;
    }
    *cap = (struct program_cap){.line = l->pos.line, .shared = shared ? (uint32_t)l->shared.index : UINT32_MAX,
        .counter = shared ? shared_counter(c, (uint32_t)l->shared.index) : compile_counter(c, b->name, PLAN_COUNTER_PAID, index, l->period)};
    uint16_t value = compile_amount(c, shared ? &c->plan->shared[l->shared.index].cap_value : &l->value);
    compile_step(c, PLAN_OP_CAP, 0, value, c->cap_count - 1, 0);
    c->scalar_top = scalar_top;
}

/* ---- steps -------------------------------------------------------------------------------------------------------- */

static void waiting_emit(struct compiler *c, const struct plan_benefit *b, struct compile_jumps *away) {
    const struct plan_waiting *w = b->waiting.written ? &b->waiting : !c->program->plan_waiting ? &c->plan->waiting : NULL;
    if (!w || !w->written || w->days <= 0) return;
    uint32_t top = c->scalar_top;
    uint16_t unless;
    if (w->unless) {
        unless = compile_test(c, w->unless);
    } else {
        unless = compile_scalar(c);
        compile_step(c, PLAN_OP_CONST, 0, unless, 0, 0);
    }
    compile_jump_add(c, away, compile_step(c, PLAN_OP_WAITING, 0, unless, 0, w->days));
    c->scalar_top = top;
}

static void needs_emit(struct compiler *c, const struct plan_benefit *b, struct compile_jumps *away) {
    for (uint32_t i = 0; i < b->need_count; i++) {
        uint32_t top = c->scalar_top;
        compile_jump_add(c, away, compile_step(c, PLAN_OP_NEED, 0, compile_test(c, b->needs[i].cond), 0, i));
        c->scalar_top = top;
    }
}

/* 3.3: asked only when something is in scope. */
static void gates_emit(struct compiler *c, const struct plan_benefit *b, struct compile_jumps *away) {
    waiting_emit(c, b, away);
    needs_emit(c, b, away);
}

/* 3.1; the mask belongs to the benefit, since exclusions narrow it in place. */
static uint16_t lines_emit(struct compiler *c, const struct plan_benefit *b, uint32_t exclusion_base, struct compile_jumps *away) {
    uint16_t lines = compile_where(c, b->where, MASK_SEGMENT, away);
    if (lines == MASK_SEGMENT && (c->plan->exclusion_count || b->exclusion_count)) {
        lines = compile_mask_new(c);
        compile_step(c, PLAN_OP_UNION, 0, lines, step_pair(MASK_SEGMENT, MASK_SEGMENT), 0);
    }
    for (uint32_t i = 0; i < c->plan->exclusion_count; i++) compile_step(c, PLAN_OP_EXCLUDE, 0, c->exclusion_masks[i], lines, i);
    for (uint32_t i = 0; i < b->exclusion_count; i++) {
        uint32_t scalar_top = c->scalar_top, mask_top = c->mask_top;
        uint16_t excluded = compile_lines(c, b->exclusions[i].when, lines);
        compile_step(c, PLAN_OP_EXCLUDE, 0, excluded, lines, exclusion_base + i);
        c->scalar_top = scalar_top;
        c->mask_top = mask_top;
    }
    return lines;
}

/* 3.13 */
static void allowance_emit(struct compiler *c, const struct plan_benefit *b, uint16_t lines, struct compile_jumps *away) {
    compile_jump_add(c, away, compile_step(c, PLAN_OP_DAYS, 0, lines, 0, 0));
    gates_emit(c, b, away);
    for (uint32_t i = 0; i < b->allowance.limit_count; i++) {
        struct program_days_limit *limit = ARENA_PUSH(c->arena, c->days_limits, c->days_limit_count, c->days_limit_cap);
        if (!limit) {
            compile_fail_memory(c);
            return;
        }
        *limit = (struct program_days_limit){.days = b->allowance.limits[i].days, .line = b->allowance.pos.line,
            .counter = compile_counter(c, b->name, PLAN_COUNTER_DAYS, i, b->allowance.limits[i].period)};
        compile_step(c, PLAN_OP_DAYS_AT_MOST, 0, 0, c->days_limit_count - 1, 0);
    }
    uint16_t amount = compile_amount(c, &b->allowance.amount);
    compile_step(c, PLAN_OP_ALLOW, 0, amount, 0, 0);
}

/* 3.6 and 3.7 */
static void deductible_emit(struct compiler *c, const struct plan_benefit *b) {
    uint32_t top = c->scalar_top;
    const struct plan_deductible *d = deductible_of(c, b);
    uint16_t share = b->first_share.written ? compile_amount(c, &b->first_share.ratio) : 0;
    if (b->first_share.written && !b->first_share.after_deductible) compile_step(c, PLAN_OP_FIRST_SHARE, 0, share, 0, 0);
    compile_step(c, PLAN_OP_DEDUCT, 0, d ? compile_amount(c, &d->value) : STEP_ABSENT, 0, 0);
    if (b->first_share.written && b->first_share.after_deductible) compile_step(c, PLAN_OP_SHARE_AFTER, 0, share, 0, 0);
    c->scalar_top = top;
}

/* 3.8 */
static void rate_emit(struct compiler *c, const struct plan_benefit *b) {
    uint32_t top = c->scalar_top;
    compile_step(c, PLAN_OP_POSITION, 0, 0, 0, 0);
    compile_tiers(c, &b->pays.schedule);
    if (b->times.written) compile_step(c, PLAN_OP_TIMES, 0, compile_amount(c, &b->times.ratio), 0, 0);
    compile_step(c, PLAN_OP_ROUND, 0, 0, 0, 0);
    c->scalar_top = top;
}

static void indemnity_emit(struct compiler *c, const struct plan_benefit *b, uint16_t lines, struct program_benefit *ret, struct compile_jumps *away) {
    compile_jump_add(c, away, compile_step(c, PLAN_OP_TAKE, 0, lines, 0, 0));
    gates_emit(c, b, away);
    for (uint32_t i = 0; i < b->count_limit_count; i++) count_emit(c, b, i, lines, ret);
    compile_jump_add(c, away, compile_step(c, PLAN_OP_BASE, 0, 0, 0, 0));
    deductible_emit(c, b);
    rate_emit(c, b);
    compile_step(c, PLAN_OP_SPLIT, 0, 0, 0, 0);
    for (uint32_t i = 0; i < b->limit_count; i++) limit_emit(c, b, i, lines, ret);
    for (uint32_t i = 0; i < b->cap_count; i++) cap_emit(c, b, i);
    compile_step(c, PLAN_OP_PAY, 0, 0, 0, 0);
}

/* A need without a code of its own is known by what it asks: `statutory settled`, or anything else. */
static void needs_fill(struct compiler *c, const struct plan_benefit *b, struct program_benefit *ret) {
    uint8_t *refusals = ARENA_ARRAY(c->arena, uint8_t, b->need_count);
    if (!refusals) {
        compile_fail_memory(c);
        return;
    }
    for (uint32_t i = 0; i < b->need_count; i++) {
        const struct plan_cond *cond = b->needs[i].cond;
        bool settled = b->needs[i].refusal.n == 0 && cond->kind == PLAN_COND_FACT && cond->ref.index == PLAN_FACT_SETTLED;
        refusals[i] = settled ? PLAN_REFUSAL_NOT_SETTLED : PLAN_REFUSAL_CUSTOM;
    }
    ret->need_refusals = refusals;
    ret->need_count = (uint16_t)b->need_count;
}

static void benefit_fill(struct compiler *c, const struct plan_benefit *b, uint32_t index, struct program_benefit *ret) {
    *ret = (struct program_benefit){.allowance = b->kind == PLAN_BENEFIT_ALLOWANCE, .icu = b->allowance.icu,
        .after_days = b->allowance.after_days, .in_line_order = b->in_line_order, .share_list = PLAN_NONE, .claim = PLAN_NONE,
        .line = b->pos.line, .takes_line = b->takes.pos.line, .first_share_line = b->first_share.pos.line, .allowance_line = b->allowance.pos.line,
        .filled_counter = UINT32_MAX, .over_counter = UINT32_MAX};
    needs_fill(c, b, ret);
    if (ret->allowance) return;
    takes_fill(c, b, ret);
    later_fill(c, index, ret);
    deductible_fill(c, b, ret);
    pays_fill(c, b, ret);
}

void compile_benefit(struct compiler *c, uint32_t index, struct program_benefit *ret) {
    const struct plan_benefit *b = &c->plan->benefits[index];
    uint32_t scalar_top = c->scalar_top, mask_top = c->mask_top, exclusion_base = c->exclusion_count;
    struct compile_jumps away = {0};
    benefit_fill(c, b, index, ret);
    c->exclusion_count += b->exclusion_count;
    compile_jump_add(c, &away, compile_step(c, PLAN_OP_BENEFIT, 0, index, 0, 0));
    uint16_t lines = lines_emit(c, b, exclusion_base, &away);
    if (ret->allowance) allowance_emit(c, b, lines, &away);
    else indemnity_emit(c, b, lines, ret, &away);
    compile_jumps_land(c, &away);
    compile_step(c, PLAN_OP_END, 0, 0, 0, 0);
    c->scalar_top = scalar_top;
    c->mask_top = mask_top;
}
