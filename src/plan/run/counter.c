/* plan/run/counter — counters inside a run: read once, raised as benefits pay, written down as changes at the end.
 *
 * Who uses it: the pipeline. A counter without code lives in a slot of its own, one with a code or a day in a list that grows (`keyed`).
 * Invariants: each key is read from the table at most once and changed at most once; counters of one claim start at 0 and leave no change.
 * Source: docs/plan-language.md §5.
 */
#include <string.h>

#include "plan/run/run.h"

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static struct str owner_of(const struct run *r, const struct program_counter *c) {
    return c->per_family && r->in->family.n ? r->in->family : r->in->owner;
}

static uint64_t owner_hash(struct run *r, const struct program_counter *c) {
    bool family = c->per_family && r->in->family.n;
    uint64_t *hash = family ? &r->family_hash : &r->owner_hash;
    bool *known = family ? &r->family_hashed : &r->owner_hashed;
    if (!*known) *hash = counter_hash_owner(family ? r->in->family : r->in->owner);
    *known = true;
    return *hash;
}

static struct str stay_of(const struct run *r) { return r->bill->stay.n ? r->bill->stay : r->bill->bill; }

static struct str period_text(const struct run *r, uint8_t each) {
    if (each == PLAN_EACH_STAY) return stay_of(r);
    return each == PLAN_EACH_CLAIM ? r->bill->bill : (struct str){0};
}

static struct day period_of(struct run *r, uint8_t each, struct day line_day) {
    if (each == PLAN_EACH_YEAR) return run_year_from(r);
    return each == PLAN_EACH_DAY ? line_day : DAY_NONE;
}

static uint64_t period_hash(struct run *r, uint8_t each, struct day of) {
    if (each != PLAN_EACH_STAY) return counter_hash_period(of, (struct str){0});
    if (!r->stay_hashed) r->stay_hash = counter_hash_period(DAY_NONE, stay_of(r));
    r->stay_hashed = true;
    return r->stay_hash;
}

static void key_fill(const struct run *r, uint32_t counter, struct day of, struct str code, struct plan_counter_key *ret) {
    const struct program_counter *c = &r->program->counters[counter];
    *ret = c->key;
    ret->owner = owner_of(r, c);
    ret->period_of = of;
    ret->period_text = period_text(r, c->key.each);
    ret->code = code;
}

/* ---- without code -------------------------------------------------------------------------------------------------- */

static struct run_counter *counter_read(struct run *r, uint32_t counter, struct run_counter *slot) {
    const struct program_counter *c = &r->program->counters[counter];
    slot->loaded = true;
    slot->before = slot->value = 0;
    slot->period_of = period_of(r, c->key.each, DAY_NONE);
    if (c->key.each == PLAN_EACH_CLAIM || !r->table || r->table->used == 0) return slot;
    uint64_t hash = counter_hash_finish(c->hash + owner_hash(r, c) + period_hash(r, c->key.each, slot->period_of));
    if (!counter_maybe(r->table, hash)) return slot;
    struct plan_counter_key key;
    key_fill(r, counter, slot->period_of, (struct str){0}, &key);
    slot->before = slot->value = counter_find(r->table, hash, &key);
    return slot;
}

static inline struct run_counter *counter_load(struct run *r, uint32_t counter) {
    struct run_counter *slot = &r->counters[counter];
    return slot->loaded ? slot : counter_read(r, counter, slot);
}

int64_t run_counter_get(struct run *r, uint32_t counter) { return counter_load(r, counter)->value; }

void run_counter_add(struct run *r, uint32_t counter, int64_t amount) {
    struct run_counter *slot = counter_load(r, counter);
    slot->value = run_add(slot->value, amount);
}

bool run_counter_risen(const struct run *r, uint32_t counter) {
    return r->counters[counter].loaded && r->counters[counter].value > r->counters[counter].before;
}

/* ---- with a code or a day --------------------------------------------------------------------------------------------- */

static bool keyed_is(const struct run_keyed *k, uint32_t counter, uint64_t hash, struct day of, struct str code) {
    return k->hash == hash && k->counter == counter && k->period_of.v == of.v && str_eq(k->code, code);
}

/* Only an earlier segment, or an earlier benefit of a hostile program, can have met the key before. */
void run_keyed_find(struct run *r, const struct program_clause *clause, struct run_group *g) {
    const struct program_counter *c = &r->program->counters[clause->counter];
    struct day of = period_of(r, clause->each, g->day);
    g->keyed = NO_GROUP;
    g->before = 0;
    bool reads = clause->each != PLAN_EACH_CLAIM && r->table && r->table->used;
    if (!reads && (r->segment == 0 || r->keyed_count == 0)) return;
    uint64_t hash = counter_hash_finish(c->hash + owner_hash(r, c) + period_hash(r, clause->each, of) + counter_hash_code_of(g->code_hash, g->code));
    for (uint32_t i = 0; r->segment > 0 && i < r->keyed_count; i++) {
        if (!keyed_is(&r->keyed[i], clause->counter, hash, of, g->code)) continue;
        g->keyed = (int32_t)i;
        g->before = r->keyed[i].value;
        return;
    }
    if (!reads || !counter_maybe(r->table, hash)) return;
    struct plan_counter_key key;
    key_fill(r, clause->counter, of, g->code, &key);
    g->before = counter_find(r->table, hash, &key);
}

bool run_keyed_reserve(struct run *r, uint32_t count) {
    if (r->keyed_count + count <= r->keyed_cap) return true;
    uint32_t cap = r->keyed_count + count > r->keyed_cap * 2 ? r->keyed_count + count : r->keyed_cap * 2;
    struct run_keyed *grown = RUN_ARRAY(r, struct run_keyed, cap);
    if (!grown) return run_fail_memory(r);
    if (r->keyed_count) memcpy(grown, r->keyed, r->keyed_count * sizeof(*grown));
    r->keyed = grown;
    r->keyed_cap = cap;
    return true;
}

void run_keyed_add(struct run *r, const struct program_clause *clause, struct run_group *g, int64_t amount) {
    if (g->keyed == NO_GROUP) {
        const struct program_counter *c = &r->program->counters[clause->counter];
        struct run_keyed *k = &r->keyed[r->keyed_count++]; /* run_keyed_reserve made room */
        struct day of = period_of(r, clause->each, g->day);
        uint64_t hash = r->segment_count == 1 ? 0 : counter_hash_finish(c->hash + owner_hash(r, c) + period_hash(r, clause->each, of) +
                                                                        counter_hash_code_of(g->code_hash, g->code));
        *k = (struct run_keyed){.hash = hash, .code = g->code, .period_of = of, .counter = clause->counter, .before = g->before, .value = g->before};
        g->keyed = (int32_t)(r->keyed_count - 1);
    }
    struct run_keyed *k = &r->keyed[g->keyed];
    k->value = run_add(k->value, amount);
}

bool run_keyed_risen(const struct run *r, const struct run_group *g) {
    return g->keyed != NO_GROUP && r->keyed[g->keyed].value > r->keyed[g->keyed].before;
}

/* ---- changes --------------------------------------------------------------------------------------------------------------- */

static bool is_change(const struct run *r, uint32_t counter, int64_t before, int64_t after) {
    return before != after && r->program->counters[counter].key.each != PLAN_EACH_CLAIM;
}

static void change_put(struct run *r, uint32_t counter, struct day of, struct str code, int64_t before, int64_t after) {
    if (!is_change(r, counter, before, after)) return;
    struct plan_counter_change *change = &r->changes[r->change_count++];
    key_fill(r, counter, of, code, &change->key);
    change->before = before;
    change->after = after;
}

/* Room for everything that the flush will write: an upper bound, so that nothing is copied twice. */
static bool changes_reserve(struct run *r, bool years_only) {
    uint32_t count = r->change_count + (years_only ? 0 : r->keyed_count);
    for (uint32_t i = 0; i < r->program->counter_count; i++)
        count += r->counters[i].loaded && is_change(r, i, r->counters[i].before, r->counters[i].value);
    struct plan_counter_change *changes = ARENA_ARRAY(r->arena, struct plan_counter_change, count);
    if (!changes) return run_fail_memory(r);
    if (r->change_count) memcpy(changes, r->changes, r->change_count * sizeof(*changes));
    r->changes = changes;
    return true;
}

bool run_counters_flush(struct run *r, bool years_only) {
    if (!changes_reserve(r, years_only)) return false;
    for (uint32_t i = 0; i < r->program->counter_count; i++) {
        struct run_counter *slot = &r->counters[i];
        if (!slot->loaded || (years_only && r->program->counters[i].key.each != PLAN_EACH_YEAR)) continue;
        change_put(r, i, slot->period_of, (struct str){0}, slot->before, slot->value);
        slot->loaded = false;
    }
    for (uint32_t i = 0; !years_only && i < r->keyed_count; i++) {
        const struct run_keyed *k = &r->keyed[i];
        change_put(r, k->counter, k->period_of, k->code, k->before, k->value);
    }
    return true;
}
