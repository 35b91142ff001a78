/* plan/run/rate — from the base to the amount: first share, deductible, tiers, multiplier, and the one rounding.
 *
 * Who uses it: run/steps.c. Invariants: B = d + over (+ moved); the amount is exact until it is rounded, once. `over` and `filled` are recorded as
 * what was done. Source: docs/plan-language.md §4.3.6 to §4.3.8.
 */
#include "plan/run/run.h"

static bool inexact(struct run *r) { return run_fail(r, "not-exact", "「须除尽」的计算有余数", "a division that must be exact leaves a remainder"); }

/* ---- first share -------------------------------------------------------------------------------------------------------- */

/* Takes S off the cells' base, in proportion, and notes where it went. */
static bool share_split(struct run *r, int64_t share) {
    struct run_cells *c = &r->cells;
    if (r->total_only || share == 0) return true;
    if (!c->moved) c->moved = RUN_ARRAY(r, int64_t, c->cap);
    int64_t *parts = RUN_ARRAY(r, int64_t, c->cap);
    if (!c->moved || !parts) return run_fail_memory(r);
    bool split = split_largest_remainder(share, c->base, c->count, parts, c->scratch);
    CHECK(split); /* share <= base */
    for (uint32_t i = 0; i < c->count; i++) {
        c->moved[i] += parts[i];
        c->base[i] -= parts[i];
    }
    return true;
}

static bool share_move(struct run *r, int64_t from, int64_t ratio, int64_t *ret_share) {
    int64_t share;
    ratio = run_ratio_clamp(ratio);
    if (!run_ratio(from, ratio, r->program->rounding, &share)) return inexact(r);
    if (!share_split(r, share)) return false;
    r->row->moved += share;
    if (share) run_reason(r, PLAN_REASON_FIRST_SHARE, r->benefit->first_share_line, share, ratio, UINT32_MAX);
    *ret_share = share;
    return true;
}

bool run_first_share(struct run *r, int64_t ratio) {
    int64_t share = 0;
    if (!share_move(r, r->base, ratio, &share)) return false;
    r->base -= share;
    return true;
}

bool run_share_after(struct run *r, int64_t ratio) {
    int64_t share = 0;
    if (!share_move(r, r->row->over, ratio, &share)) return false;
    r->row->over -= share;
    return true;
}

/* ---- deductible ----------------------------------------------------------------------------------------------------------- */

/* The cells that others' money may lie on: the benefit's lines × its buckets, and the cells of benefits whose rest it takes. */
static bool pairs_mark(struct run *r, uint64_t *pairs) {
    const struct program_benefit *b = r->benefit;
    for (uint32_t k = 0; k < BUCKET_COUNT; k++)
        for (uint32_t w = 0; b->buckets >> k & 1 && w < r->words; w++) pairs[k * r->words + w] = r->benefit_lines[w];
    for (uint32_t k = 0; k < b->rest_count; k++) {
        const struct plan_benefit_result *row = &r->rows[r->segment * r->program->benefit_count + b->rest_of[k]];
        for (uint32_t i = row->cell_start; i < row->cell_start + row->cell_count; i++) {
            const struct plan_cell *c = &r->out[i];
            uint64_t bit = r->benefit_lines[c->line / 64] & 1ULL << c->line % 64;
            pairs[c->bucket * r->words + c->line / 64] |= bit;
        }
    }
    return true;
}

static int64_t pairs_paid(const struct run *r, const uint64_t *pairs) {
    uint64_t sum = 0; /* within the bill's total, which is within the limit */
    for (uint32_t kind = 0; kind < PLAN_KIND_COUNT; kind++) {
        if (!(r->benefit->filled_by >> kind & 1)) continue;
        for (uint32_t b = 0; b < BUCKET_COUNT; b++) {
            const int64_t *paid = r->in->paid[kind][b];
            for (uint32_t w = 0; paid && w < r->words; w++)
                for (uint64_t bits = pairs[b * r->words + w]; bits; bits &= bits - 1)
                    sum += (uint64_t)paid[w * 64 + (uint32_t)__builtin_ctzll(bits)];
        }
    }
    return sum > (uint64_t)LIMIT_AMOUNT_MINOR ? LIMIT_AMOUNT_MINOR : (int64_t)sum;
}

/* Of a shared deductible each cell is asked once. */
static bool pairs_claim(struct run *r, uint64_t *pairs) {
    if (r->benefit->claim == PLAN_NONE) return true;
    size_t size = (size_t)BUCKET_COUNT * r->words;
    if (!r->claimed) r->claimed = RUN_ARRAY(r, uint64_t, r->program->claim_count * size);
    if (!r->claimed) return run_fail_memory(r);
    uint64_t *claimed = r->claimed + (size_t)r->benefit->claim * size;
    for (size_t i = 0; i < size; i++) {
        uint64_t fresh = pairs[i] & ~claimed[i];
        claimed[i] |= pairs[i];
        pairs[i] = fresh;
    }
    return true;
}

/* O of the document: what earlier payers of the kinds that may fill paid on these cells. */
static bool others_find(struct run *r, int64_t *ret) {
    *ret = 0;
    if (!r->benefit->filled_by) return true;
    uint64_t *pairs = RUN_ARRAY(r, uint64_t, (size_t)BUCKET_COUNT * r->words);
    if (!pairs) return run_fail_memory(r);
    if (!pairs_mark(r, pairs) || !pairs_claim(r, pairs)) return false;
    *ret = pairs_paid(r, pairs);
    return true;
}

bool run_deduct(struct run *r, int64_t value) {
    const struct program_benefit *b = r->benefit;
    struct plan_benefit_result *row = r->row;
    bool none = value == PLAN_NOTHING;
    int64_t d_now = none ? 0 : run_amount(value), others;
    if (!others_find(r, &others)) return false;
    r->filled_before = b->filled_counter == UINT32_MAX ? 0 : run_counter_get(r, b->filled_counter);
    int64_t gap = i64_max(d_now - r->filled_before, 0);
    row->filled_by_others = i64_min(others, gap);
    row->deductible_used = i64_min(r->base, gap - row->filled_by_others);
    row->over = r->base - row->deductible_used;
    int64_t filled = row->filled_by_others + row->deductible_used;
    if (filled && b->filled_counter != UINT32_MAX) run_counter_add(r, b->filled_counter, filled);
    if (none) return true;
    row->deductible_left = gap - filled;
    if (row->filled_by_others) run_reason(r, PLAN_REASON_FILLED_BY_OTHERS, b->deductible_line, row->filled_by_others, 0, UINT32_MAX);
    run_reason(r, PLAN_REASON_DEDUCTIBLE, b->deductible_line, row->deductible_used, row->deductible_left, UINT32_MAX);
    return true;
}

/* ---- tiers ------------------------------------------------------------------------------------------------------------------ */

void run_position(struct run *r) {
    const struct program_benefit *b = r->benefit;
    r->position = 0;
    if (!b->single_tier) {
        if (b->over_counter != UINT32_MAX) r->position = run_counter_get(r, b->over_counter);
        if (b->on_base) r->position += r->filled_before + r->row->filled_by_others + r->row->deductible_used;
    }
    r->amount = 0;
    r->tier_low = 0;
    r->tiers = r->tiers_hit = 0;
    r->times = RATIO_ONE;
    r->ratio = -1;
}

/* The part of [position, position + over) in [low, to). */
void run_tier(struct run *r, int64_t ratio, int64_t to, uint32_t line) {
    ratio = run_ratio_clamp(ratio);
    int64_t low = r->tier_low, high = i64_max(run_amount(to), low);
    int64_t from = i64_max(r->position, low), until = i64_min(r->position + r->row->over, high);
    r->tier_low = high;
    if (r->tiers++ == 0) r->ratio = ratio;
    if (until <= from) return;
    if (r->tiers_hit++ == 0) r->ratio = ratio;
    r->amount += (i128)(until - from) * ratio;
    run_reason(r, PLAN_REASON_TIER, line, until - from, ratio, UINT32_MAX);
}

/* The one ratio of the answer, -1 where tiers mix or its product with the multiplier is not exact. */
static int64_t ratio_answer(const struct run *r) {
    bool one = r->row->over > 0 ? r->tiers_hit == 1 : r->tiers == 1;
    int64_t product = r->ratio * r->times;
    return one && product % RATIO_ONE == 0 ? product / RATIO_ONE : -1;
}

bool run_round(struct run *r) {
    struct plan_benefit_result *row = r->row;
    const struct program_benefit *b = r->benefit;
    int64_t pay;
    bool small = r->times == RATIO_ONE && r->amount <= INT64_MAX - RATIO_ONE && r->program->rounding == ROUND_HALF_UP;
    if (small) pay = ((int64_t)r->amount + RATIO_ONE / 2) / RATIO_ONE;
    else if (!round_div(r->amount * r->times, (i128)RATIO_ONE * RATIO_ONE, r->program->rounding, &pay)) return inexact(r);
    row->ratio_ppm = ratio_answer(r);
    row->stop_ratio = row->over - pay;
    if (b->over_counter != UINT32_MAX && row->over) run_counter_add(r, b->over_counter, row->over);
    if (r->times != RATIO_ONE) run_reason(r, PLAN_REASON_TIMES, b->times_line, 0, r->times, UINT32_MAX);
    r->total = pay;
    return true;
}
