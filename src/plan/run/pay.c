/* plan/run/pay — from the amount to cells: split, limits, caps, what is left, and what is written down.
 *
 * Who uses it: run/steps.c. Invariants: the cells' pay sums to the pay of the benefit; caps and limits count what is really paid; no cell is paid more than
 * earlier payers left on it. Source: docs/plan-language.md §4.3.9 to §4.3.12.
 */
#include <string.h>

#include "plan/run/run.h"

/* ---- splitting ------------------------------------------------------------------------------------------------------------ */

/* From the front, each at most its bound. */
static void fill_in_order(int64_t total, const int64_t *bounds, uint32_t count, int64_t *ret) {
    for (uint32_t i = 0; i < count; i++) {
        ret[i] = i64_min(total, bounds[i]);
        total -= ret[i];
    }
}

/* `total` over the cells by the column `weights`, into pay. The sum of the weights is known. */
static void cells_split(struct run *r, int64_t total, const int64_t *weights, int64_t weight_sum) {
    struct run_cells *c = &r->cells;
    if (total == 0) memset(c->pay, 0, c->count * sizeof(*c->pay));
    else if (r->benefit->in_line_order) fill_in_order(total, weights, c->count, c->pay);
    else if (total == weight_sum) memmove(c->pay, weights, c->count * sizeof(*c->pay));
    else CHECK(split_largest_remainder(total, weights, c->count, c->pay, c->scratch));
}

static int64_t column_sum(const int64_t *column, uint32_t count) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) sum += column[i];
    return sum;
}

bool run_split(struct run *r) {
    if (!r->total_only) cells_split(r, r->total, r->cells.base, r->row->over + r->row->deductible_used);
    return true;
}

/* ---- limits ------------------------------------------------------------------------------------------------------------------ */

bool run_limit(struct run *r, const struct program_clause *clause, int64_t value, const uint64_t *lines) {
    if (r->total_only || (clause->needs_lines && r->bill->totals_only)) return true;
    struct run_clause *c;
    if (!run_groups(r, clause, lines, r->cells.pay, &c)) return false;
    value = run_amount(value);
    int64_t over = 0;
    for (uint32_t g = 0; g < c->group_count; g++) {
        struct run_group *group = &c->groups[g];
        group->room = value == PLAN_NOTHING ? PLAN_NOTHING : i64_max(value - group->before, 0);
        over += i64_max(group->sum - group->room, 0);
    }
    if (over == 0) return true;
    if (!run_groups_cut(r, c, r->cells.pay)) return false;
    r->total -= over;
    r->row->stop_limit += over;
    run_reason(r, PLAN_REASON_PAY_LIMIT, clause->line, over, 0, UINT32_MAX);
    return true;
}

/* ---- caps -------------------------------------------------------------------------------------------------------------------- */

bool run_cap(struct run *r, const struct program_cap *cap, int64_t value) {
    struct run_cap *used = ARENA_PUSH(r->arena, r->caps, r->cap_count, r->cap_cap);
    if (!used) return run_fail_memory(r);
    *used = (struct run_cap){cap->counter, run_amount(value)};
    if (value == PLAN_NOTHING) return true;
    int64_t room = i64_max(used->value - run_counter_get(r, cap->counter), 0);
    if (r->total <= room) return true;
    run_reason(r, PLAN_REASON_CAP, cap->line, r->total - room, 0, cap->shared);
    r->row->stop_cap += r->total - room;
    r->total = room;
    r->cap_cut = true;
    return true;
}

/* ---- paying -------------------------------------------------------------------------------------------------------------------- */

static bool caps_split_again(struct run *r) {
    struct run_cells *c = &r->cells;
    if (!r->benefit->has_limit) {
        cells_split(r, r->total, c->base, r->row->over + r->row->deductible_used);
        return true;
    }
    if (!run_cells_scratch(r)) return false;
    memcpy(c->weights, c->pay, c->count * sizeof(*c->pay));
    cells_split(r, r->total, c->weights, column_sum(c->weights, c->count));
    return true;
}

/* Each cell at most what earlier payers left, less what earlier benefits of the plan paid. */
static void left_bound(struct run *r) {
    struct run_cells *c = &r->cells;
    int64_t lost = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t b = cell_bucket(c, i);
        int64_t left = r->in->left[b] ? r->in->left[b][cell_line(c, i)] : 0;
        if (r->paid[b]) left -= r->paid[b][cell_line(c, i)];
        int64_t cut = i64_max(c->pay[i] - i64_max(left, 0), 0);
        c->pay[i] -= cut;
        lost += cut;
    }
    if (lost == 0) return;
    r->total -= lost;
    r->row->stop_left = lost;
    run_reason(r, PLAN_REASON_LEFT, r->benefit->line, lost, 0, UINT32_MAX);
}

static bool paid_note(struct run *r) {
    const struct run_cells *c = &r->cells;
    for (uint32_t i = 0; i < c->count; i++) {
        int64_t **column = &r->paid[cell_bucket(c, i)];
        if (!*column) *column = RUN_ARRAY(r, int64_t, r->line_count);
        if (!*column) return run_fail_memory(r);
        (*column)[cell_line(c, i)] += c->pay[i];
    }
    return true;
}

static bool limits_record(struct run *r) {
    for (struct run_clause *c = r->clauses; c; c = c->next) {
        for (uint32_t i = 0; i < c->count; i++) c->groups[c->group_of[i]].count += r->cells.pay[c->cell[i]];
        if (!run_groups_record(r, c)) return false;
    }
    r->clauses = NULL;
    return true;
}

static void caps_record(struct run *r) {
    for (uint32_t i = 0; i < r->cap_count; i++) run_counter_add(r, r->caps[i].counter, r->total);
    for (uint32_t i = 0; i < r->cap_count; i++) {
        if (r->caps[i].value == PLAN_NOTHING) continue;
        int64_t room = i64_max(r->caps[i].value - run_counter_get(r, r->caps[i].counter), 0);
        if (r->row->cap_left == NO_ROOM_KNOWN || room < r->row->cap_left) r->row->cap_left = room;
    }
}

/* Room for `count` more records of cells. */
static bool out_reserve(struct run *r, uint32_t count) {
    if (r->out_count + count <= r->out_cap) return true;
    uint32_t wanted = r->out_count + count, guess = r->out_cap ? r->out_cap * 2 : r->program->benefit_count > 1 ? r->line_count * 3 : 0;
    uint32_t cap = wanted > guess ? wanted : guess; /* a line lies in two or three buckets */
    struct plan_cell *grown = ARENA_ARRAY(r->arena, struct plan_cell, cap);
    if (!grown) return run_fail_memory(r);
    if (r->out_count) memcpy(grown, r->out, r->out_count * sizeof(*grown));
    r->out = grown;
    r->out_cap = cap;
    return true;
}

static bool cells_write(struct run *r) {
    const struct run_cells *c = &r->cells;
    if (!out_reserve(r, c->count)) return false;
    r->row->cell_start = r->out_count;
    r->row->cell_count = c->count;
    struct plan_cell *out = r->out + r->out_count;
    uint16_t benefit = r->row->benefit;
    uint8_t segment = (uint8_t)r->segment;
    for (uint32_t i = 0; i < c->count; i++) { /* the memory is zeroed: `moved` is written where there is any */
        uint32_t place = c->place[i];
        out[i].line = place >> 3;
        out[i].bucket = place & 7;
        out[i].segment = segment;
        out[i].benefit = benefit;
        out[i].base = c->base[i];
        out[i].pay = c->pay[i];
    }
    for (uint32_t i = 0; c->moved && i < c->count; i++) out[i].moved = c->moved[i];
    r->out_count += c->count;
    return true;
}

/* What later benefits may take of this one's rest. */
static bool rest_open(struct run *r) {
    if (!r->benefit->keeps_cells) return true;
    if (!r->rest_used) r->rest_used = RUN_ARRAY(r, int64_t *, r->program->benefit_count);
    if (!r->rest_used) return run_fail_memory(r);
    int64_t *used = RUN_ARRAY(r, int64_t, r->cells.count);
    if (!used) return run_fail_memory(r);
    r->rest_used[r->row->benefit] = used;
    return true;
}

bool run_pay(struct run *r) {
    if (!r->total_only) {
        if (r->cap_cut && !caps_split_again(r)) return false;
        if (r->benefit->bounded_by_left) left_bound(r);
        if (!limits_record(r) || !rest_open(r) || !cells_write(r)) return false;
        if (r->program->tracks_paid && !paid_note(r)) return false;
    }
    caps_record(r);
    r->row->pay = r->total;
    r->pay = run_add(r->pay, r->total);
    run_reason(r, PLAN_REASON_PAY, r->benefit->pays_line, r->total, 0, UINT32_MAX);
    return !status_failed(r->status);
}

/* ---- allowances ------------------------------------------------------------------------------------------------------------------ */

static int64_t days_of(const struct run *r) {
    int64_t days = r->benefit->icu ? r->bill->icu_days : i64_max((int64_t)r->bill->to.v - r->bill->from.v, 1);
    return days < 0 ? 0 : i64_min(days, 1'000'000);
}

bool run_days(struct run *r) {
    r->days = i64_max(days_of(r) - r->benefit->after_days, 0);
    r->days_count = 0;
    r->row->applies = r->days > 0;
    return r->days > 0;
}

bool run_days_at_most(struct run *r, const struct program_days_limit *limit) {
    struct run_days *used = ARENA_PUSH(r->arena, r->days_limits, r->days_count, r->days_cap);
    if (!used) return run_fail_memory(r);
    used->counter = limit->counter;
    int64_t room = i64_max(limit->days - run_counter_get(r, limit->counter), 0);
    r->days = i64_min(r->days, room);
    return true;
}

void run_allow(struct run *r, int64_t amount) {
    int64_t pay;
    amount = amount == PLAN_NOTHING ? 0 : run_amount(amount);
    if (__builtin_mul_overflow(r->days, amount, &pay) || pay > LIMIT_AMOUNT_MINOR) pay = LIMIT_AMOUNT_MINOR;
    for (uint32_t i = 0; i < r->days_count; i++) run_counter_add(r, r->days_limits[i].counter, r->days);
    r->row->allowance_days = r->days;
    r->row->pay = pay;
    run_reason(r, PLAN_REASON_ALLOWANCE, r->benefit->allowance_line, pay, r->days, UINT32_MAX);
}
