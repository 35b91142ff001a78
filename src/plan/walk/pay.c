/* plan/walk/pay — from the base to an amount, and its first split (plan language §4, steps 6 to 9).
 *
 * Who uses it: walk.c. Rounding happens once, when the ratios have been applied.
 */
#include "plan/walk/walk.h"

static int64_t *amounts(struct walk *w, uint32_t count) {
    int64_t *p = ARENA_ARRAY(w->a, int64_t, count);
    if (!p) w->failed = status_memory();
    return p;
}

static int64_t round_plan(struct walk *w, i128 num, i128 den) {
    int64_t r = 0;
    if (!round_div(num, den, w->p->rounding, &r))
        walk_fail(w, "not-exact", STR(""), "计划要求除尽，而结果除不尽", "the plan wants an exact result, and there is a remainder");
    return r;
}

void walk_in_order(int64_t total, const int64_t *at_most, uint32_t count, int64_t *ret_parts) {
    for (uint32_t i = 0; i < count; i++) {
        ret_parts[i] = i64_min(total, at_most[i]);
        total -= ret_parts[i];
    }
}

/* Step 6: S = whole × ratio leaves the cells in proportion to their base. Returns S. */
static int64_t first_share(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb, int64_t whole) {
    int64_t *weights = amounts(w, wb->cell_count), *parts = amounts(w, wb->cell_count);
    if (status_failed(w->failed)) return 0;
    int64_t share = round_plan(w, (i128)whole * walk_choice(w, &b->first_share.ratio).v, RATIO_ONE);
    for (uint32_t i = 0; i < wb->cell_count; i++) weights[i] = wb->cells[i].base;
    walk_split(w, share, weights, wb->cell_count, parts);
    for (uint32_t i = 0; i < wb->cell_count; i++) {
        wb->cells[i].base -= parts[i];
        wb->cells[i].moved = parts[i];
    }
    wb->r.moved = share;
    return share;
}

/* ---- step 7 --------------------------------------------------------------------------------------------- */

struct filled {
    int64_t before, others, own;
};

static struct filled deductible(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb, int64_t base, int64_t others) {
    if (b->deductible.nothing) return (struct filled){0};
    bool shared = b->deductible.shared.name.n > 0;
    const struct plan_deductible *d = shared ? &w->p->shared[b->deductible.shared.index].deductible : &b->deductible;
    struct str name = shared ? b->deductible.shared.name : b->name;
    struct plan_counter_key key = walk_count_key(w, PLAN_COUNTER_FILLED, name, 0, d->period, STR(""), DAY_NONE);
    struct walk_value value = walk_choice(w, &d->value);
    struct filled f = {.before = walk_count_get(w, &key)};
    f.others = i64_min(others, i64_max(value.v - f.before, 0));
    f.own = i64_min(base, i64_max(value.v - f.before - f.others, 0));
    if (f.others + f.own > 0) walk_count_add(w, &key, f.others + f.own);
    if (!value.nothing) wb->r.deductible_left = i64_max(value.v - walk_count_get(w, &key), 0);
    return f;
}

/* ---- step 8 --------------------------------------------------------------------------------------------- */

/* Over which period the tiers run; false: only this bill, nothing to remember. */
static bool over_period(const struct walk *w, const struct plan_benefit *b, struct plan_period *ret) {
    if (b->pays.period_written) return *ret = b->pays.period, true;
    if (b->deductible.nothing) return false;
    *ret = b->deductible.shared.name.n > 0 ? w->p->shared[b->deductible.shared.index].deductible.period : b->deductible.period;
    return true;
}

/* Σ part × ratio over the tiers, in millionths; the ratio of the tier that holds all, −1 when several do. */
static i128 tiers(struct walk *w, const struct plan_schedule *s, int64_t position, int64_t over, int64_t *ret_ratio) {
    i128 sum = 0;
    int64_t from = 0, end = position + over; /* both at most 2 × 10^15 */
    uint32_t touched = 0;
    *ret_ratio = -1;
    for (uint32_t i = 0; i < s->tier_count; i++) {
        int64_t ratio = walk_expr(w, s->tiers[i].ratio);
        int64_t to = s->tiers[i].to ? i64_max(from, walk_expr(w, s->tiers[i].to)) : INT64_MAX;
        int64_t part = i64_min(end, to) - i64_max(position, from);
        from = to;
        if (s->tier_count == 1) *ret_ratio = ratio;
        if (part <= 0) continue;
        sum += (i128)part * ratio;
        *ret_ratio = touched++ == 0 ? ratio : -1;
    }
    return sum;
}

static int64_t exact_product(int64_t ratio, int64_t times) {
    i128 product = (i128)ratio * times;
    return ratio < 0 || product % RATIO_ONE ? -1 : (int64_t)(product / RATIO_ONE);
}

static int64_t amount(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb, struct filled f) {
    struct plan_period period;
    struct plan_counter_key key = {0};
    bool remembered = over_period(w, b, &period);
    if (remembered) key = walk_count_key(w, PLAN_COUNTER_OVER, b->name, 0, period, STR(""), DAY_NONE);
    int64_t over = wb->r.over, position = remembered ? walk_count_get(w, &key) : 0, ratio;
    if (b->pays.on_base) position += f.before + f.others + f.own;
    i128 sum = tiers(w, walk_choice_schedule(w, &b->pays.schedule), position, over, &ratio);
    if (remembered && over > 0) walk_count_add(w, &key, over);
    int64_t times = b->times.written ? walk_choice(w, &b->times.ratio).v : RATIO_ONE;
    wb->r.ratio_ppm = exact_product(ratio, times);
    return round_plan(w, sum * times, (i128)RATIO_ONE * RATIO_ONE);
}

/* ---- step 9 --------------------------------------------------------------------------------------------- */

static void split(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb) {
    int64_t *weights = amounts(w, wb->cell_count), *parts = amounts(w, wb->cell_count);
    if (status_failed(w->failed)) return;
    for (uint32_t i = 0; i < wb->cell_count; i++) weights[i] = wb->cells[i].base;
    if (b->in_line_order) walk_in_order(wb->r.pay, weights, wb->cell_count, parts);
    else walk_split(w, wb->r.pay, weights, wb->cell_count, parts);
    for (uint32_t i = 0; i < wb->cell_count; i++) wb->cells[i].pay = parts[i];
}

void walk_pay(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb, int64_t others) {
    int64_t base = wb->r.base;
    if (b->first_share.written && !b->first_share.after_deductible) base -= first_share(w, b, wb, base);
    struct filled f = deductible(w, b, wb, base, others);
    wb->r.filled_by_others = f.others;
    wb->r.deductible_used = f.own;
    wb->r.over = base - f.own;
    if (b->first_share.written && b->first_share.after_deductible) wb->r.over -= first_share(w, b, wb, wb->r.over);
    wb->r.pay = amount(w, b, wb, f);
    wb->r.stop_ratio = wb->r.over - wb->r.pay;
    if (status_failed(w->failed)) return;
    split(w, b, wb);
    walk_limits(w, b, wb);
    walk_caps(w, b, wb);
    walk_left(w, wb);
    if (!status_failed(w->failed)) walk_paid(w, b, wb);
}
