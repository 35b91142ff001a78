/* plan/run/group — cells that a clause takes together: by key (item, ingredient, implant) and by period.
 *
 * Who uses it: `counts at most` and `limit`. A clause without key and day has one group and works on a plain counter; with one, groups are found by
 * hashing the key of each line once. Invariants: cells of one line fall into one group; only cells that the clause concerns are ever walked. Source: docs/plan-language.md §4 (keys), §4.3.4, §4.3.10.
 */
#include "plan/run/run.h"

/* ---- keys ---------------------------------------------------------------------------------------------------------- */

struct key {
    struct str text;
    uint64_t hash;
};

/* The group of the first list that gives the code one. */
static struct str ingredient_group(const struct run *r, uint32_t line, uint64_t hash) {
    const struct bill_lines *l = &r->bill->lines;
    for (uint32_t i = 0; i < r->program->group_list_count; i++) {
        const struct listset *list = r->program->group_lists[i];
        int32_t entry = listset_find(list, l->code[line], hash, l->date[line]);
        if (entry == LISTSET_NONE) continue;
        struct str group = listset_group(list, entry);
        if (group.n) return group;
    }
    return (struct str){0};
}

static struct key key_ingredient(const struct run *r, uint32_t line) {
    const struct bill_lines *l = &r->bill->lines;
    if (l->ingredient && l->ingredient[line].n) return (struct key){l->ingredient[line], str_hash(l->ingredient[line])};
    if (l->code[line].n && r->program->group_list_count) {
        struct str group = ingredient_group(r, line, r->line_hash[line]);
        if (group.n) return (struct key){group, str_hash(group)};
    }
    return (struct key){l->code[line], r->line_hash[line]};
}

static struct key key_of(const struct run *r, enum plan_key key, uint32_t line) {
    if (key == PLAN_KEY_NONE) return (struct key){0};
    if (key == PLAN_KEY_INGREDIENT) return key_ingredient(r, line);
    return (struct key){r->bill->lines.code[line], r->line_hash[line]};
}

/* The kinds of line that a key concerns. */
static uint64_t key_kinds(enum plan_key key) {
    switch (key) {
    case PLAN_KEY_INGREDIENT: return 1ULL << BILL_LINE_DRUG;
    case PLAN_KEY_IMPLANT: return 1ULL << BILL_LINE_IMPLANT | 1ULL << BILL_LINE_CONSUMABLE;
    case PLAN_KEY_NONE:
    case PLAN_KEY_ITEM:
    case PLAN_KEY_COUNT: break;
    }
    return UINT64_MAX;
}

/* ---- which cells ------------------------------------------------------------------------------------------------------ */

/* The lines of the benefit that the clause concerns. */
static bool clause_lines(struct run *r, const struct program_clause *clause, const uint64_t *lines, const uint64_t **ret) {
    uint64_t kinds = key_kinds((enum plan_key)clause->key);
    if (!lines) lines = r->benefit_lines;
    *ret = lines;
    if (kinds == UINT64_MAX) return true;
    uint64_t *own = RUN_ARRAY(r, uint64_t, r->words);
    if (!own) return run_fail_memory(r);
    run_lines_kind(r, r->bill->lines.kind, lines, kinds, own);
    *ret = own;
    return true;
}

static inline bool concerns(const struct run_cells *c, uint32_t cell, const uint64_t *lines) {
    return (lines[cell_line(c, cell) / 64] >> cell_line(c, cell) % 64 & 1) && c->base[cell] > 0;
}

/* Fills cell[], and counts the lines they stand on. */
static bool cells_find(struct run *r, struct run_clause *c, const uint64_t *lines, uint32_t *ret_lines) {
    const struct run_cells *cells = &r->cells;
    uint32_t count = 0;
    for (uint32_t i = 0; i < cells->count; i++) count += concerns(cells, i, lines);
    c->cell = RUN_ARRAY(r, uint32_t, count);
    c->group_of = RUN_ARRAY(r, uint32_t, count);
    if (!c->cell || !c->group_of) return run_fail_memory(r);
    *ret_lines = 0;
    uint32_t line = UINT32_MAX;
    for (uint32_t i = 0; c->count < count; i++) {
        if (!concerns(cells, i, lines)) continue;
        *ret_lines += cell_line(cells, i) != line;
        line = cell_line(cells, i);
        c->cell[c->count++] = i;
    }
    return true;
}

/* ---- forming groups -------------------------------------------------------------------------------------------------- */

/* Groups by (key, day), open addressing over group numbers + 1. */
struct grouping {
    struct run *r;
    struct run_clause *c;
    uint32_t *slots, mask;
    bool keyed, daily;
};

static bool group_is(const struct run_group *g, const struct key *key, struct day day) {
    return !g->alone && g->code_hash == key->hash && g->day.v == day.v && str_eq(g->code, key->text);
}

static uint32_t group_new(struct grouping *f, const struct key *key, struct day day, bool alone) {
    struct run_group *g = &f->c->groups[f->c->group_count];
    g->code = key->text;
    g->code_hash = key->hash;
    g->day = day;
    g->alone = alone;
    g->keyed = NO_GROUP;
    if (!alone) run_keyed_find(f->r, f->c->clause, g);
    return f->c->group_count++;
}

/* A line without key is a group of its own. */
static uint32_t group_of_line(struct grouping *f, uint32_t line) {
    struct key key = key_of(f->r, (enum plan_key)f->c->clause->key, line);
    struct day day = f->daily ? f->r->bill->lines.date[line] : DAY_NONE;
    if (f->keyed && key.text.n == 0) return group_new(f, &key, day, true);
    uint64_t hash = key.hash ^ (uint64_t)(uint32_t)day.v * 0x9e3779b97f4a7c15;
    uint32_t at = (uint32_t)(hash ^ hash >> 32) & f->mask;
    for (; f->slots[at]; at = (at + 1) & f->mask)
        if (group_is(&f->c->groups[f->slots[at] - 1], &key, day)) return f->slots[at] - 1;
    uint32_t group = group_new(f, &key, day, false);
    f->slots[at] = group + 1;
    return group;
}

static bool groups_many(struct run *r, struct run_clause *c, const uint64_t *lines, uint32_t line_count) {
    struct grouping f = {.r = r, .c = c, .keyed = c->clause->key != PLAN_KEY_NONE, .daily = c->clause->each == PLAN_EACH_DAY};
    uint32_t slots = 4, group = 0, line = UINT32_MAX, hashed;
    while (slots < line_count * 2) slots *= 2;
    f.mask = slots - 1;
    f.slots = RUN_ARRAY(r, uint32_t, slots);
    c->groups = RUN_ARRAY(r, struct run_group, line_count);
    if (!f.slots || !c->groups) return run_fail_memory(r);
    if (f.keyed && !run_lines_index(r, lines, true, &hashed)) return false;
    for (uint32_t i = 0; i < c->count; i++) {
        if (cell_line(&r->cells, c->cell[i]) != line) {
            line = cell_line(&r->cells, c->cell[i]);
            group = group_of_line(&f, line);
        }
        c->group_of[i] = group;
    }
    return true;
}

/* Without key and day: one group, and a plain counter. */
static bool groups_one(struct run *r, struct run_clause *c) {
    c->groups = RUN_ARRAY(r, struct run_group, 1);
    if (!c->groups) return run_fail_memory(r);
    c->group_count = c->count > 0;
    c->groups[0].day = DAY_NONE;
    c->groups[0].keyed = NO_GROUP;
    if (c->count) c->groups[0].before = run_counter_get(r, c->clause->counter);
    return true;
}

bool run_groups(struct run *r, const struct program_clause *clause, const uint64_t *lines, const int64_t *values, struct run_clause **ret) {
    struct run_clause *c = RUN_ARRAY(r, struct run_clause, 1);
    uint32_t line_count = 0;
    if (!c) return run_fail_memory(r);
    c->clause = clause;
    c->many = clause->key != PLAN_KEY_NONE || clause->each == PLAN_EACH_DAY;
    if (!clause_lines(r, clause, lines, &lines) || !cells_find(r, c, lines, &line_count)) return false;
    if (!(c->many ? groups_many(r, c, lines, line_count) : groups_one(r, c))) return false;
    for (uint32_t i = 0; i < c->count; i++) c->groups[c->group_of[i]].sum += values[c->cell[i]];
    c->next = r->clauses;
    r->clauses = c;
    *ret = c;
    return true;
}

/* ---- cutting ------------------------------------------------------------------------------------------------------------- */

bool run_cells_scratch(struct run *r) {
    struct run_cells *c = &r->cells;
    if (c->weights) return true;
    c->weights = RUN_ARRAY(r, int64_t, c->cap);
    c->parts = RUN_ARRAY(r, int64_t, c->cap);
    return (c->weights && c->parts) || run_fail_memory(r);
}

/* Cells by group: those of group g stand in order[starts[g] .. starts[g + 1]). */
static bool cells_by_group(struct run *r, const struct run_clause *c, uint32_t **ret_order, uint32_t **ret_starts) {
    uint32_t *starts = RUN_ARRAY(r, uint32_t, c->group_count + 2);
    uint32_t *order = RUN_ARRAY(r, uint32_t, c->count);
    if (!starts || !order) return run_fail_memory(r);
    for (uint32_t i = 0; i < c->count; i++) starts[c->group_of[i] + 2]++;
    for (uint32_t g = 2; g < c->group_count + 2; g++) starts[g] += starts[g - 1];
    for (uint32_t i = 0; i < c->count; i++) order[starts[c->group_of[i] + 1]++] = c->cell[i];
    *ret_order = order;
    *ret_starts = starts;
    return true;
}

static void group_cut(struct run *r, int64_t room, const uint32_t *order, uint32_t count, int64_t *values) {
    struct run_cells *c = &r->cells;
    for (uint32_t i = 0; i < count; i++) c->weights[i] = values[order[i]];
    bool split = split_largest_remainder(room, c->weights, count, c->parts, c->scratch);
    CHECK(split); /* 0 <= room < sum of the weights */
    for (uint32_t i = 0; i < count; i++) values[order[i]] = c->parts[i];
}

bool run_groups_cut(struct run *r, struct run_clause *c, int64_t *values) {
    uint32_t first = 0, *order = NULL, *starts = NULL;
    while (first < c->group_count && c->groups[first].sum <= c->groups[first].room) first++;
    if (first == c->group_count) return true;
    if (!run_cells_scratch(r) || !cells_by_group(r, c, &order, &starts)) return false;
    CHECK(order && starts);
    for (uint32_t g = first; g < c->group_count; g++)
        if (c->groups[g].sum > c->groups[g].room) group_cut(r, c->groups[g].room, order + starts[g], starts[g + 1] - starts[g], values);
    return true;
}

bool run_groups_record(struct run *r, struct run_clause *c) {
    if (c->many && !run_keyed_reserve(r, c->group_count)) return false;
    for (uint32_t g = 0; g < c->group_count; g++) {
        struct run_group *group = &c->groups[g];
        if (group->alone || group->count == 0) continue;
        if (c->many) run_keyed_add(r, c->clause, group, group->count);
        else run_counter_add(r, c->clause->counter, group->count);
    }
    return true;
}
