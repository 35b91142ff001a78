/* plan/walk/take — what a benefit takes: lines, cells, and the limits on what counts (plan language §4, steps 3.1 to 3.5).
 *
 * Who uses it: walk.c. Leaves the cells with their base; what a limit cut was never taken. Groups, shared with the limits on payouts, are here too.
 */
#include "plan/walk/walk.h"

void walk_split(struct walk *w, int64_t total, const int64_t *weights, uint32_t count, int64_t *ret_parts) {
    uint64_t *scratch = ARENA_ARRAY(w->a, uint64_t, count);
    if (!scratch) w->failed = status_memory();
    else CHECK(split_largest_remainder(total, weights, count, ret_parts, scratch));
}

/* ---- lines -------------------------------------------------------------------------------------------- */

bool walk_line_passes(struct walk *w, const struct plan_benefit *b, uint32_t line) {
    if (b->where && !walk_cond(w, b->where, line)) return false;
    for (uint32_t i = 0; i < w->p->exclusion_count; i++)
        if (walk_cond(w, w->p->exclusions[i].when, line)) return false;
    for (uint32_t i = 0; i < b->exclusion_count; i++)
        if (walk_cond(w, b->exclusions[i].when, line)) return false;
    return true;
}

/* ---- cells -------------------------------------------------------------------------------------------- */

static int64_t at_cell(const int64_t *column, uint32_t line) {
    return column ? column[line] : 0;
}

static int64_t available(const struct walk *w, const struct plan_benefit *b, uint32_t line, uint32_t bucket) {
    if (!(b->takes.buckets & (1U << bucket))) return 0;
    const int64_t *left = w->in->left[bucket], *after = w->in->after_statutory[bucket];
    int64_t amount = at_cell(b->takes.before_others && after ? after : left, line);
    return i64_max(0, amount - w->taken[bucket][line]);
}

/* The cell that an earlier benefit, in this segment, has at this place. */
static struct walk_cell *cell_of(const struct walk *w, int32_t benefit, uint32_t line, uint32_t bucket) {
    struct walk_benefit *wb = &w->benefits[w->segment_index * w->p->benefit_count + (uint32_t)benefit];
    for (uint32_t i = 0; i < wb->cell_count; i++)
        if (wb->cells[i].line == line && wb->cells[i].bucket == bucket) return &wb->cells[i];
    return NULL;
}

static int64_t rest_of(const struct walk_cell *c) {
    return c ? c->base - c->pay - c->rest_taken : 0;
}

static bool rest_has_cell(const struct walk *w, const struct plan_benefit *b, uint32_t line, uint32_t bucket) {
    for (uint32_t i = 0; i < b->takes.rest_count; i++)
        if (cell_of(w, b->takes.rest_of[i].index, line, bucket)) return true;
    return false;
}

static int64_t share_ppm(const struct walk *w, const struct plan_benefit *b, uint32_t line) {
    const struct bill_lines *l = &w->in->bill->lines;
    const struct plan_entry *e = walk_list_find(w->p->uses[b->takes.share_list.index], l->code[line], l->date[line]);
    if (!e) return 0;
    return e->share_ppm < 0 ? RATIO_ONE : e->share_ppm;
}

static int64_t times_share(struct walk *w, const struct plan_benefit *b, uint32_t line, int64_t amount) {
    if (b->takes.share_list.name.n == 0) return amount;
    int64_t r = 0;
    if (!round_div((i128)amount * share_ppm(w, b, line), RATIO_ONE, b->takes.share_rounding, &r))
        walk_fail(w, "not-exact", STR(""), "计划要求除尽，而结果除不尽", "the plan wants an exact result, and there is a remainder");
    return r;
}

static int64_t paid_before(const struct walk *w, uint32_t kinds, uint32_t line, uint32_t bucket) {
    int64_t sum = 0;
    for (uint32_t k = 0; k < PLAN_KIND_COUNT; k++)
        if (kinds & (1U << k)) sum += at_cell(w->in->paid[k][bucket], line);
    return sum;
}

static void cell_add(struct walk *w, struct walk_benefit *wb, struct walk_cell cell) {
    struct walk_cell *c = ARENA_PUSH(w->a, wb->cells, wb->cell_count, wb->cell_cap);
    if (c) *c = cell;
    else w->failed = status_memory();
}

static const struct plan_deductible *deductible_of(const struct walk *w, const struct plan_benefit *b) {
    return b->deductible.shared.name.n > 0 ? &w->p->shared[b->deductible.shared.index].deductible : &b->deductible;
}

/* Others' money on one cell fills a shared deductible once, whichever benefits share it. NULL: this deductible is not shared. */
static bool *filled_once(const struct walk *w, const struct plan_benefit *b, uint32_t line, uint32_t bucket) {
    if (b->deductible.shared.name.n == 0) return NULL;
    size_t shared = (size_t)b->deductible.shared.index;
    return &w->once[(shared * BUCKET_COUNT + bucket) * w->in->bill->lines.count + line];
}

static bool in_scope(const struct walk *w, const struct plan_benefit *b, uint32_t line, uint32_t bucket) {
    return (b->takes.buckets & (1U << bucket)) || rest_has_cell(w, b, line, bucket);
}

static int64_t others_at(const struct walk *w, const struct plan_benefit *b, uint32_t line, uint32_t bucket) {
    const bool *once = filled_once(w, b, line, bucket);
    if (!in_scope(w, b, line, bucket) || (once && *once)) return 0;
    return paid_before(w, deductible_of(w, b)->filled_by, line, bucket);
}

static void mark_filled(struct walk *w, const struct plan_benefit *b) {
    if (b->deductible.shared.name.n == 0) return;
    for (uint32_t i = 0; i < w->at->line_count; i++)
        for (uint32_t bucket = 0; bucket < BUCKET_COUNT; bucket++)
            if (walk_line_passes(w, b, w->at->lines[i]) && in_scope(w, b, w->at->lines[i], bucket))
                *filled_once(w, b, w->at->lines[i], bucket) = true;
}

static void take_line(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb, uint32_t line, int64_t *others) {
    for (uint32_t bucket = 0; bucket < BUCKET_COUNT; bucket++) {
        int64_t direct = available(w, b, line, bucket), amount = direct;
        for (uint32_t i = 0; i < b->takes.rest_count; i++)
            amount += rest_of(cell_of(w, b->takes.rest_of[i].index, line, bucket));
        *others += others_at(w, b, line, bucket);
        amount = times_share(w, b, line, amount);
        if (amount > 0)
            cell_add(w, wb, (struct walk_cell){.line = line, .bucket = (uint8_t)bucket, .direct = direct, .base = amount});
    }
}

/* ---- groups ------------------------------------------------------------------------------------------- */

bool walk_unprovable(const struct walk *w, enum plan_key key, struct plan_period period, bool times, const struct plan_cond *where) {
    if (!w->in->bill->totals_only) return false;
    return key != PLAN_KEY_NONE || times || period.each == PLAN_EACH_DAY || (where && where->line_level);
}

static bool same_group(const struct walk_group *a, const struct walk_group *b) {
    return str_eq(a->code, b->code) && a->date.v == b->date.v && a->own_line == b->own_line;
}

static struct walk_group group_of(const struct walk *w, uint32_t line, enum plan_key key, struct plan_period period) {
    struct walk_group g = {.code = walk_key_text(w, key, line), .date = DAY_NONE, .own_line = UINT32_MAX};
    if (period.each == PLAN_EACH_DAY) g.date = w->in->bill->lines.date[line];
    if (key != PLAN_KEY_NONE && g.code.n == 0) g.own_line = line;
    return g;
}

uint32_t walk_groups(struct walk *w, const struct walk_benefit *wb, const struct plan_cond *where, enum plan_key key, struct plan_period period,
                     uint32_t *ret_of_cell, struct walk_group *ret_groups) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < wb->cell_count; i++) {
        uint32_t line = wb->cells[i].line, found = 0;
        ret_of_cell[i] = UINT32_MAX;
        if (wb->cells[i].base == 0 || (where && !walk_cond(w, where, line)) || !walk_key_covers(w, key, line)) continue;
        struct walk_group g = group_of(w, line, key, period);
        while (found < count && !same_group(&ret_groups[found], &g)) found++;
        if (found == count) ret_groups[count++] = g;
        ret_of_cell[i] = found;
    }
    return count;
}

/* ---- counts at most ------------------------------------------------------------------------------------- */

/* One clause at work: its groups, and what it will record when all clauses are done. */
struct counting {
    const struct plan_count_limit *clause;
    uint32_t *of_cell;
    struct walk_group *groups;
    struct plan_counter_key *keys;
    uint32_t group_count;
    int64_t *units; /* a line of the bill: what `times` used of the room */
};

static int64_t line_units(const struct walk *w, uint32_t line) {
    int64_t qty = w->in->bill->lines.net_qty_e4[line];
    return i64_max(1, qty / 10'000 + (qty % 10'000 > 0));
}

static int64_t bed_factor(const struct walk *w, const struct walk_benefit *wb, const struct counting *c, uint32_t group) {
    int64_t factor = 1;
    if (c->clause->period.each != PLAN_EACH_DAY) return 1;
    for (uint32_t i = 0; i < wb->cell_count; i++)
        if (c->of_cell[i] == group && w->in->bill->lines.kind[wb->cells[i].line] == BILL_LINE_BED)
            factor = i64_max(factor, line_units(w, wb->cells[i].line));
    return factor;
}

static int64_t room_of(struct walk *w, const struct counting *c, uint32_t group, int64_t value) {
    if (c->groups[group].own_line != UINT32_MAX) return value;
    return i64_max(0, value - walk_count_get(w, &c->keys[group]));
}

static void count_money(struct walk *w, struct walk_benefit *wb, const struct counting *c, uint32_t group, int64_t value) {
    int64_t *weights = ARENA_ARRAY(w->a, int64_t, wb->cell_count), *parts = ARENA_ARRAY(w->a, int64_t, wb->cell_count);
    int64_t sum = 0, room = room_of(w, c, group, walk_clamp((i128)value * bed_factor(w, wb, c, group)));
    if (!weights || !parts) {
        w->failed = status_memory();
        return;
    }
    for (uint32_t i = 0; i < wb->cell_count; i++)
        if (c->of_cell[i] == group) sum += weights[i] = wb->cells[i].base;
    if (sum <= room) return;
    walk_split(w, room, weights, wb->cell_count, parts);
    for (uint32_t i = 0; i < wb->cell_count; i++)
        if (c->of_cell[i] == group) wb->cells[i].base = parts[i];
}

static void count_times(struct walk *w, struct walk_benefit *wb, const struct counting *c, uint32_t group, int64_t value) {
    int64_t room = room_of(w, c, group, value);
    for (uint32_t i = 0; i < wb->cell_count;) {
        uint32_t line = wb->cells[i].line;
        bool mine = false;
        int64_t units = line_units(w, line), used = i64_min(units, room);
        for (; i < wb->cell_count && wb->cells[i].line == line; i++) {
            if (c->of_cell[i] != group) continue;
            mine = true;
            wb->cells[i].base = (int64_t)((i128)wb->cells[i].base * used / units);
        }
        if (!mine) continue;
        c->units[line] = used;
        room -= used;
    }
}

static void count_visits(struct walk *w, struct walk_benefit *wb, const struct counting *c, uint32_t group, int64_t value) {
    if (walk_count_raised(w, &c->keys[group]) || room_of(w, c, group, value) > 0) return;
    for (uint32_t i = 0; i < wb->cell_count; i++)
        if (c->of_cell[i] == group) wb->cells[i].base = 0;
}

static enum plan_counter_kind counter_kind(const struct plan_count_limit *clause) {
    return clause->unit == PLAN_AT_MOST_MONEY ? PLAN_COUNTER_BASE : PLAN_COUNTER_TIMES;
}

static void count_clause(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb, struct counting *c, uint32_t ordinal) {
    const struct plan_count_limit *clause = &b->count_limits[ordinal];
    *c = (struct counting){.clause = clause,
                           .of_cell = ARENA_ARRAY(w->a, uint32_t, wb->cell_count),
                           .groups = ARENA_ARRAY(w->a, struct walk_group, wb->cell_count),
                           .keys = ARENA_ARRAY(w->a, struct plan_counter_key, wb->cell_count),
                           .units = ARENA_ARRAY(w->a, int64_t, w->in->bill->lines.count)};
    if (!c->of_cell || !c->groups || !c->keys || !c->units) {
        w->failed = status_memory();
        return;
    }
    c->group_count = walk_groups(w, wb, clause->where, clause->key, clause->period, c->of_cell, c->groups);
    if (c->group_count == 0) return;
    struct walk_value value = walk_choice(w, &clause->value);
    for (uint32_t g = 0; g < c->group_count; g++) {
        c->keys[g] = walk_count_key(w, counter_kind(clause), b->name, ordinal, clause->period, c->groups[g].code, c->groups[g].date);
        int64_t at_most = value.nothing ? INT64_MAX : value.v;
        switch (clause->unit) {
        case PLAN_AT_MOST_MONEY: count_money(w, wb, c, g, at_most); break;
        case PLAN_AT_MOST_TIMES: count_times(w, wb, c, g, at_most); break;
        case PLAN_AT_MOST_VISITS: count_visits(w, wb, c, g, at_most); break;
        }
    }
}

/* What a group used, seen from the cells that are left in the end. */
static int64_t used_by(const struct walk_benefit *wb, const struct counting *c, uint32_t group) {
    int64_t used = 0;
    uint32_t last_line = UINT32_MAX;
    for (uint32_t i = 0; i < wb->cell_count; i++) {
        if (c->of_cell[i] != group || wb->cells[i].base == 0) continue;
        if (c->clause->unit == PLAN_AT_MOST_MONEY) used += wb->cells[i].base;
        else if (c->clause->unit == PLAN_AT_MOST_VISITS) used = 1;
        else if (wb->cells[i].line != last_line) used += c->units[wb->cells[i].line];
        last_line = wb->cells[i].line;
    }
    return used;
}

static void count_record(struct walk *w, const struct walk_benefit *wb, const struct counting *c) {
    for (uint32_t g = 0; g < c->group_count; g++) {
        if (c->groups[g].own_line != UINT32_MAX) continue;
        if (c->clause->unit == PLAN_AT_MOST_VISITS && walk_count_raised(w, &c->keys[g])) continue;
        int64_t used = used_by(wb, c, g);
        if (used > 0) walk_count_add(w, &c->keys[g], used);
    }
}

static void count_all(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb) {
    struct counting *done = ARENA_ARRAY(w->a, struct counting, b->count_limit_count);
    bool unproven = false;
    if (!done) w->failed = status_memory();
    for (uint32_t i = 0; i < b->count_limit_count && !status_failed(w->failed); i++) {
        const struct plan_count_limit *c = &b->count_limits[i];
        if (walk_unprovable(w, c->key, c->period, c->unit == PLAN_AT_MOST_TIMES, c->where)) unproven = true;
        else count_clause(w, b, wb, &done[i], i);
    }
    if (status_failed(w->failed)) return;
    for (uint32_t i = 0; i < b->count_limit_count; i++)
        if (done[i].clause) count_record(w, wb, &done[i]);
    wb->r.unproven = unproven;
}

/* ---- all of it ------------------------------------------------------------------------------------------- */

static int64_t base_sum(const struct walk_benefit *wb) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < wb->cell_count; i++) sum += wb->cells[i].base;
    return sum;
}

static void drop_empty(struct walk_benefit *wb) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < wb->cell_count; i++)
        if (wb->cells[i].base > 0) wb->cells[kept++] = wb->cells[i];
    wb->cell_count = kept;
}

/* Takes the base away from later benefits: first from what is available, then from the rests in written order. */
static void take_away(struct walk *w, const struct plan_benefit *b, const struct walk_benefit *wb) {
    for (uint32_t i = 0; i < wb->cell_count; i++) {
        const struct walk_cell *c = &wb->cells[i];
        int64_t need = c->base, direct = i64_min(need, c->direct);
        w->taken[c->bucket][c->line] += direct;
        need -= direct;
        for (uint32_t k = 0; k < b->takes.rest_count && need > 0; k++) {
            struct walk_cell *source = cell_of(w, b->takes.rest_of[k].index, c->line, c->bucket);
            int64_t part = i64_min(need, rest_of(source));
            if (source) source->rest_taken += part;
            need -= part;
        }
    }
}

/* Steps 3.1 and 3.2: the cells in scope. */
void walk_scope(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb, int64_t *ret_others) {
    *ret_others = 0;
    for (uint32_t i = 0; i < w->at->line_count; i++)
        if (walk_line_passes(w, b, w->at->lines[i])) take_line(w, b, wb, w->at->lines[i], ret_others);
}

/* Steps 3.4 and 3.5. */
void walk_take(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb) {
    int64_t before = base_sum(wb);
    count_all(w, b, wb);
    drop_empty(wb);
    wb->r.base = base_sum(wb);
    wb->r.cut_input = before - wb->r.base;
    if (wb->r.base == 0) wb->r.unproven = false;
    else mark_filled(w, b);
    take_away(w, b, wb);
}
