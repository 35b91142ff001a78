/* plan/run/count — `counts at most`: how much money, how many times or visits enter the base; and the base itself.
 *
 * Who uses it: run/steps.c. Invariants: what is cut is not taken; counters are raised once, when all clauses have cut, by what really entered.
 * Source: docs/plan-language.md §4.3.4, §4.3.5.
 */
#include "plan/run/run.h"

enum { QTY_ONE = 10'000 };

/* Quantity rounded up, at least 1. */
static int64_t units(const struct run *r, uint32_t line) {
    int64_t qty = r->bill->lines.net_qty_e4[line];
    return qty <= QTY_ONE ? 1 : qty / QTY_ONE + (qty % QTY_ONE != 0);
}

static int64_t saturating_times(int64_t value, int64_t factor) {
    int64_t product;
    return __builtin_mul_overflow(value, factor, &product) || product > LIMIT_AMOUNT_MINOR ? LIMIT_AMOUNT_MINOR : product;
}

/* Unlimited when the value is `none`. */
static int64_t room_of(int64_t value, int64_t before) { return value == PLAN_NOTHING ? PLAN_NOTHING : i64_max(value - before, 0); }

/* ---- money ------------------------------------------------------------------------------------------------------------ */

/* For each day: as many days as the longest of the group's bed lines counts. */
static void beds_find(struct run *r, struct run_clause *c) {
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t line = cell_line(&r->cells, c->cell[i]);
        struct run_group *g = &c->groups[c->group_of[i]];
        if (r->bill->lines.kind[line] == BILL_LINE_BED) g->bed_factor = i64_max(g->bed_factor, units(r, line));
    }
}

static bool count_money(struct run *r, struct run_clause *c, int64_t value) {
    if (c->clause->each == PLAN_EACH_DAY) beds_find(r, c);
    for (uint32_t g = 0; g < c->group_count; g++) {
        struct run_group *group = &c->groups[g];
        int64_t own = group->bed_factor > 1 && value != PLAN_NOTHING ? saturating_times(value, group->bed_factor) : value;
        group->room = room_of(own, group->before);
    }
    return run_groups_cut(r, c, r->cells.base);
}

/* ---- times and visits ----------------------------------------------------------------------------------------------------- */

/* The cells of a line that passes the room keep cell × room ÷ units, rounded down. Returns the place behind the line. */
static uint32_t line_grant(struct run *r, struct run_clause *c, uint32_t first) {
    uint32_t line = cell_line(&r->cells, c->cell[first]), at = first;
    struct run_group *g = &c->groups[c->group_of[first]];
    int64_t count = units(r, line), given = i64_min(count, g->room);
    c->granted[first] = given;
    if (g->room != PLAN_NOTHING) g->room -= given;
    for (; at < c->count && cell_line(&r->cells, c->cell[at]) == line; at++) {
        int64_t *base = &r->cells.base[c->cell[at]];
        if (given < count) *base = (int64_t)((i128)*base * given / count);
    }
    return at;
}

static bool count_times(struct run *r, struct run_clause *c, int64_t value) {
    c->granted = RUN_ARRAY(r, int64_t, c->count);
    if (!c->granted) return run_fail_memory(r);
    for (uint32_t g = 0; g < c->group_count; g++) c->groups[g].room = room_of(value, c->groups[g].before);
    for (uint32_t i = 0; i < c->count;) i = line_grant(r, c, i);
    return true;
}

/* One for the bill; a later segment of it neither is cut nor counts again. */
static void count_visits(struct run *r, struct run_clause *c, int64_t value) {
    for (uint32_t g = 0; g < c->group_count; g++) {
        struct run_group *group = &c->groups[g];
        bool counted = c->many ? run_keyed_risen(r, group) : run_counter_risen(r, c->clause->counter);
        group->room = counted ? PLAN_NOTHING : room_of(value, group->before);
        group->bed_factor = counted; /* of visits: nothing more to count */
    }
    for (uint32_t i = 0; i < c->count; i++)
        if (c->groups[c->group_of[i]].room == 0) r->cells.base[c->cell[i]] = 0;
}

/* ---- the step ---------------------------------------------------------------------------------------------------------------- */

bool run_count(struct run *r, const struct program_clause *clause, int64_t value, const uint64_t *lines) {
    if (clause->needs_lines && r->bill->totals_only) return true;
    struct run_clause *c;
    int64_t before = 0, after = 0;
    if (!run_groups(r, clause, lines, r->cells.base, &c)) return false;
    for (uint32_t g = 0; g < c->group_count; g++) before += c->groups[g].sum;
    value = run_amount(value);
    if (clause->unit == PLAN_AT_MOST_MONEY) {
        if (!count_money(r, c, value)) return false;
    } else if (clause->unit == PLAN_AT_MOST_TIMES) {
        if (!count_times(r, c, value)) return false;
    } else {
        count_visits(r, c, value);
    }
    for (uint32_t i = 0; i < c->count; i++) after += r->cells.base[c->cell[i]];
    if (after < before) {
        r->base -= before - after;
        r->row->cut_input += before - after;
        run_reason(r, PLAN_REASON_INPUT_LIMIT, clause->line, before - after, 0, UINT32_MAX);
    }
    return true;
}

/* ---- the base -------------------------------------------------------------------------------------------------------------- */

/* Units of lines that still have money. */
static void times_count(const struct run *r, struct run_clause *c) {
    const struct run_cells *cells = &r->cells;
    for (uint32_t i = 0, end; i < c->count; i = end) {
        bool money = false;
        for (end = i; end < c->count && cell_line(cells, c->cell[end]) == cell_line(cells, c->cell[i]); end++) money = money || cells->base[c->cell[end]] > 0;
        if (money) c->groups[c->group_of[i]].count += c->granted[i];
    }
}

/* What a clause will raise its counters by: money of its cells, units, or 1 for a group that still has money. */
static void clause_count(const struct run *r, struct run_clause *c) {
    if (c->clause->unit == PLAN_AT_MOST_TIMES) {
        times_count(r, c);
        return;
    }
    bool money = c->clause->unit == PLAN_AT_MOST_MONEY;
    for (uint32_t i = 0; i < c->count; i++) {
        struct run_group *g = &c->groups[c->group_of[i]];
        int64_t base = r->cells.base[c->cell[i]];
        if (money) g->count += base;
        else if (base > 0 && !g->bed_factor) g->count = 1;
    }
}

/* Drops cells that were cut to nothing. */
static void cells_compact(struct run_cells *c) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        c->place[kept] = c->place[i];
        c->base[kept] = c->base[i];
        kept += c->base[i] > 0;
    }
    c->count = kept;
}

bool run_base(struct run *r) {
    bool cut = r->row->cut_input > 0;
    if (r->base == 0) return false;
    for (struct run_clause *c = r->clauses; c; c = c->next) {
        clause_count(r, c);
        if (!run_groups_record(r, c)) return false;
    }
    if (!run_taken(r)) return false;
    if (cut) cells_compact(&r->cells);
    r->clauses = NULL;
    r->row->applies = true;
    r->row->base = r->base;
    r->row->unproven = r->bill->totals_only && r->benefit->needs_lines;
    run_reason(r, PLAN_REASON_BASE, r->benefit->takes_line, r->base, 0, UINT32_MAX);
    if (r->row->unproven) run_reason(r, PLAN_REASON_UNPROVEN, r->benefit->line, 0, 0, UINT32_MAX);
    return true;
}
