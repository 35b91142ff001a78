/* plan/run_count — `counts at most`: how much money, how many times or visits enter the base; and the base itself.
 *
 * Who uses it: run_steps.c. Invariants: what is cut is not taken; counters are raised once, when all clauses have cut, by what really entered.
 * Source: docs/plan-language.md §4.3.4, §4.3.5.
 */
#include "plan/run.h"

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
    for (uint32_t i = 0; i < r->cells.count; i++) {
        if (c->group_of[i] == NO_GROUP || r->bill->lines.kind[r->cells.line[i]] != BILL_LINE_BED) continue;
        struct run_group *g = &c->groups[c->group_of[i]];
        g->bed_factor = i64_max(g->bed_factor, units(r, r->cells.line[i]));
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

/* The cells of a line that passes the room keep cell × room ÷ units, rounded down. Returns the cell behind the line. */
static uint32_t line_grant(struct run *r, struct run_clause *c, uint32_t first) {
    uint32_t line = r->cells.line[first], end = first;
    struct run_group *g = &c->groups[c->group_of[first]];
    int64_t count = units(r, line), given = i64_min(count, g->room);
    c->granted[first] = given;
    if (g->room != PLAN_NOTHING) g->room -= given;
    for (; end < r->cells.count && r->cells.line[end] == line; end++)
        if (given < count && c->group_of[end] != NO_GROUP) r->cells.base[end] = (int64_t)((i128)r->cells.base[end] * given / count);
    return end;
}

static bool count_times(struct run *r, struct run_clause *c, int64_t value) {
    c->granted = ARENA_ARRAY(r->arena, int64_t, r->cells.count);
    if (!c->granted) return run_fail_memory(r);
    for (uint32_t g = 0; g < c->group_count; g++) c->groups[g].room = room_of(value, c->groups[g].before);
    for (uint32_t i = 0; i < r->cells.count;) {
        if (c->group_of[i] == NO_GROUP) i++;
        else i = line_grant(r, c, i);
    }
    return true;
}

/* One for the bill; a later segment of it neither is cut nor counts again. */
static void count_visits(struct run *r, struct run_clause *c, int64_t value) {
    bool many = c->clause->each == PLAN_EACH_DAY || c->clause->key != PLAN_KEY_NONE;
    for (uint32_t g = 0; g < c->group_count; g++) {
        struct run_group *group = &c->groups[g];
        bool counted = many ? run_keyed_risen(r, group) : run_counter_risen(r, c->clause->counter);
        group->room = counted ? PLAN_NOTHING : room_of(value, group->before);
        group->bed_factor = counted; /* of visits: nothing more to count */
    }
    for (uint32_t i = 0; i < r->cells.count; i++)
        if (c->group_of[i] != NO_GROUP && c->groups[c->group_of[i]].room == 0) r->cells.base[i] = 0;
}

/* ---- the step ---------------------------------------------------------------------------------------------------------------- */

bool run_count(struct run *r, const struct program_clause *clause, int64_t value, const uint64_t *lines) {
    if (clause->needs_lines && r->bill->totals_only) return true;
    struct run_clause *c;
    int64_t before = 0, after = 0;
    if (!run_groups(r, clause, lines, r->cells.base, &c)) return false;
    for (uint32_t g = 0; g < c->group_count; g++) before = run_add(before, c->groups[g].sum);
    value = run_amount(value);
    if (clause->unit == PLAN_AT_MOST_MONEY) {
        if (!count_money(r, c, value)) return false;
    } else if (clause->unit == PLAN_AT_MOST_TIMES) {
        if (!count_times(r, c, value)) return false;
    } else {
        count_visits(r, c, value);
    }
    for (uint32_t i = 0; i < r->cells.count; i++)
        if (c->group_of[i] != NO_GROUP) after += r->cells.base[i];
    if (after < before) {
        r->row->cut_input += before - after;
        run_reason(r, PLAN_REASON_INPUT_LIMIT, clause->line, before - after, 0, UINT32_MAX);
    }
    return true;
}

/* ---- the base -------------------------------------------------------------------------------------------------------------- */

/* What a clause will raise its counters by: money of its cells, units of lines that still have money, or 1 for a group that has. */
static void clause_count(const struct run *r, struct run_clause *c) {
    const struct run_cells *cells = &r->cells;
    for (uint32_t i = 0; i < cells->count; i++) {
        if (c->group_of[i] == NO_GROUP) continue;
        struct run_group *g = &c->groups[c->group_of[i]];
        if (c->clause->unit == PLAN_AT_MOST_MONEY) g->count = run_add(g->count, cells->base[i]);
        else if (c->clause->unit == PLAN_AT_MOST_VISITS && cells->base[i] > 0 && !g->bed_factor) g->count = 1;
    }
    if (c->clause->unit != PLAN_AT_MOST_TIMES) return;
    for (uint32_t i = 0; i < cells->count;) {
        uint32_t line = cells->line[i], end = i;
        int64_t money = 0, given = 0;
        int32_t group = NO_GROUP;
        for (; end < cells->count && cells->line[end] == line; end++) {
            if (c->group_of[end] == NO_GROUP) continue;
            money += cells->base[end] > 0;
            given += c->granted[end];
            group = c->group_of[end];
        }
        if (money && group != NO_GROUP) c->groups[group].count = run_add(c->groups[group].count, given);
        i = end;
    }
}

/* Drops cells that were cut to nothing. */
static void cells_compact(struct run_cells *c) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        c->line[kept] = c->line[i];
        c->bucket[kept] = c->bucket[i];
        c->base[kept] = c->base[i];
        kept += c->base[i] > 0;
    }
    c->count = kept;
}

bool run_base(struct run *r) {
    if (r->clauses) {
        r->base = 0;
        for (uint32_t i = 0; i < r->cells.count; i++) r->base = run_add(r->base, r->cells.base[i]);
    }
    if (r->base == 0) {
        r->row->cell_count = 0;
        return false;
    }
    for (struct run_clause *c = r->clauses; c; c = c->next) {
        clause_count(r, c);
        if (!run_groups_record(r, c)) return false;
    }
    if (!run_taken(r)) return false;
    if (r->clauses) cells_compact(&r->cells);
    r->clauses = NULL;
    r->row->applies = true;
    r->row->base = r->base;
    r->row->unproven = r->bill->totals_only && r->benefit->needs_lines;
    run_reason(r, PLAN_REASON_BASE, r->benefit->takes_line, r->base, 0, UINT32_MAX);
    if (r->row->unproven) run_reason(r, PLAN_REASON_UNPROVEN, r->benefit->line, 0, 0, UINT32_MAX);
    return true;
}
