/* plan/run_group — cells that a clause takes together: by key (item, ingredient, implant) and by period.
 *
 * Who uses it: `counts at most` and `limit`. A clause without key and day has one group and works on a plain counter; with one, groups are found by
 * hashing the key of each line once. Invariant: cells of one line fall into one group. Source: docs/plan-language.md §4 (keys), §4.3.4, §4.3.10.
 */
#include "plan/run.h"

/* ---- keys ---------------------------------------------------------------------------------------------------------- */

struct key {
    struct str text;
    uint64_t hash;
    bool none; /* the clause does not concern the line */
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
    if (l->kind[line] != BILL_LINE_DRUG) return (struct key){.none = true};
    if (l->ingredient && l->ingredient[line].n) return (struct key){.text = l->ingredient[line], .hash = str_hash(l->ingredient[line])};
    struct str group = l->code[line].n ? ingredient_group(r, line, r->line_hash[line]) : (struct str){0};
    if (group.n) return (struct key){.text = group, .hash = str_hash(group)};
    return (struct key){.text = l->code[line], .hash = r->line_hash[line]};
}

static struct key key_of(const struct run *r, enum plan_key key, uint32_t line) {
    const struct bill_lines *l = &r->bill->lines;
    bool implant = l->kind[line] == BILL_LINE_IMPLANT || l->kind[line] == BILL_LINE_CONSUMABLE;
    switch (key) {
    case PLAN_KEY_INGREDIENT: return key_ingredient(r, line);
    case PLAN_KEY_IMPLANT:
        if (!implant) return (struct key){.none = true};
        return (struct key){.text = l->code[line], .hash = r->line_hash[line]};
    case PLAN_KEY_ITEM: return (struct key){.text = l->code[line], .hash = r->line_hash[line]};
    case PLAN_KEY_NONE:
    case PLAN_KEY_COUNT: break;
    }
    return (struct key){0};
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

static int32_t group_new(struct grouping *f, const struct key *key, struct day day, bool alone) {
    struct run_group *g = &f->c->groups[f->c->group_count];
    *g = (struct run_group){.code = key->text, .code_hash = key->hash, .day = day, .alone = alone, .keyed = NO_GROUP};
    if (!alone) run_keyed_find(f->r, f->c->clause, g);
    return (int32_t)f->c->group_count++;
}

/* The group of a line: NO_GROUP when the clause does not concern it; a line without key is alone. */
static int32_t group_of_line(struct grouping *f, uint32_t line) {
    struct key key = key_of(f->r, (enum plan_key)f->c->clause->key, line);
    if (key.none) return NO_GROUP;
    struct day day = f->daily ? f->r->bill->lines.date[line] : DAY_NONE;
    if (f->keyed && key.text.n == 0) return group_new(f, &key, day, true);
    uint64_t hash = key.hash ^ (uint64_t)(uint32_t)day.v * 0x9e3779b97f4a7c15;
    uint32_t at = (uint32_t)(hash ^ hash >> 32) & f->mask;
    for (; f->slots[at]; at = (at + 1) & f->mask)
        if (group_is(&f->c->groups[f->slots[at] - 1], &key, day)) return (int32_t)f->slots[at] - 1;
    int32_t group = group_new(f, &key, day, false);
    f->slots[at] = (uint32_t)group + 1;
    return group;
}

static bool on_lines(const uint64_t *lines, uint32_t line) { return !lines || (lines[line / 64] >> line % 64 & 1); }

static uint32_t cell_lines_count(const struct run_cells *c) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->count; i++) count += i == 0 || c->line[i] != c->line[i - 1];
    return count;
}

static bool grouping_init(struct grouping *f) {
    uint32_t lines = cell_lines_count(&f->r->cells), slots = 4;
    while (slots < lines * 2) slots *= 2;
    f->mask = slots - 1;
    f->slots = ARENA_ARRAY(f->r->arena, uint32_t, slots);
    f->c->groups = ARENA_ARRAY(f->r->arena, struct run_group, lines);
    if (!f->slots || !f->c->groups) return run_fail_memory(f->r);
    return !f->keyed || f->r->benefit_lines == NULL || run_lines_hash(f->r, f->r->benefit_lines);
}

static bool groups_many(struct run *r, struct run_clause *c, const uint64_t *lines) {
    struct grouping f = {.r = r, .c = c, .keyed = c->clause->key != PLAN_KEY_NONE, .daily = c->clause->each == PLAN_EACH_DAY};
    if (!grouping_init(&f)) return false;
    int32_t group = NO_GROUP;
    uint32_t line = UINT32_MAX;
    for (uint32_t i = 0; i < r->cells.count; i++) {
        bool concerns = r->cells.base[i] > 0 && on_lines(lines, r->cells.line[i]);
        if (concerns && r->cells.line[i] != line) {
            line = r->cells.line[i];
            group = group_of_line(&f, line);
        }
        c->group_of[i] = concerns ? group : NO_GROUP;
    }
    return true;
}

static bool groups_one(struct run *r, struct run_clause *c, const uint64_t *lines) {
    c->groups = ARENA_NEW(r->arena, struct run_group);
    if (!c->groups) return run_fail_memory(r);
    for (uint32_t i = 0; i < r->cells.count; i++) {
        bool concerns = r->cells.base[i] > 0 && on_lines(lines, r->cells.line[i]);
        c->group_of[i] = concerns ? 0 : NO_GROUP;
        c->group_count |= concerns;
    }
    if (c->group_count) c->groups[0] = (struct run_group){.day = DAY_NONE, .keyed = NO_GROUP, .before = run_counter_get(r, c->clause->counter)};
    return true;
}

bool run_groups(struct run *r, const struct program_clause *clause, const uint64_t *lines, const int64_t *values, struct run_clause **ret) {
    struct run_clause *c = ARENA_NEW(r->arena, struct run_clause);
    int32_t *group_of = ARENA_ARRAY(r->arena, int32_t, r->cells.count);
    if (!c || !group_of) return run_fail_memory(r);
    c->clause = clause;
    c->group_of = group_of;
    bool many = clause->key != PLAN_KEY_NONE || clause->each == PLAN_EACH_DAY;
    if (!(many ? groups_many(r, c, lines) : groups_one(r, c, lines))) return false;
    for (uint32_t i = 0; i < r->cells.count; i++)
        if (group_of[i] != NO_GROUP) c->groups[group_of[i]].sum += values[i];
    c->next = r->clauses;
    r->clauses = c;
    *ret = c;
    return true;
}

/* ---- cutting ------------------------------------------------------------------------------------------------------------- */

bool run_cells_scratch(struct run *r) {
    struct run_cells *c = &r->cells;
    if (c->weights) return true;
    c->weights = ARENA_ARRAY(r->arena, int64_t, c->cap);
    c->parts = ARENA_ARRAY(r->arena, int64_t, c->cap);
    return (c->weights && c->parts) || run_fail_memory(r);
}

/* Cells by group: those of group g stand in order[starts[g] .. starts[g + 1]). */
static bool cells_by_group(struct run *r, const struct run_clause *c, uint32_t **ret_order, uint32_t **ret_starts) {
    uint32_t *starts = ARENA_ARRAY(r->arena, uint32_t, c->group_count + 2);
    uint32_t *order = ARENA_ARRAY(r->arena, uint32_t, r->cells.count);
    if (!starts || !order) return run_fail_memory(r);
    for (uint32_t i = 0; i < r->cells.count; i++)
        if (c->group_of[i] != NO_GROUP) starts[c->group_of[i] + 2]++;
    for (uint32_t g = 2; g < c->group_count + 2; g++) starts[g] += starts[g - 1];
    for (uint32_t i = 0; i < r->cells.count; i++)
        if (c->group_of[i] != NO_GROUP) order[starts[c->group_of[i] + 1]++] = i;
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
    uint32_t *order = NULL, *starts = NULL;
    for (uint32_t g = 0; g < c->group_count; g++) {
        if (c->groups[g].sum <= c->groups[g].room) continue;
        if (!order && (!run_cells_scratch(r) || !cells_by_group(r, c, &order, &starts))) return false;
        group_cut(r, c->groups[g].room, order + starts[g], starts[g + 1] - starts[g], values);
    }
    return true;
}

bool run_groups_record(struct run *r, struct run_clause *c) {
    bool many = c->clause->key != PLAN_KEY_NONE || c->clause->each == PLAN_EACH_DAY;
    if (many && !run_keyed_reserve(r, c->group_count)) return false;
    for (uint32_t g = 0; g < c->group_count; g++) {
        struct run_group *group = &c->groups[g];
        if (group->alone || group->count == 0) continue;
        if (many) run_keyed_add(r, c->clause, group, group->count);
        else run_counter_add(r, c->clause->counter, group->count);
    }
    return true;
}
