/* plan/run/counters — what benefits have done so far, by owner, product line, clause, code and period.
 *
 * Who uses it: runs read, settle applies changes and carries the table in the state file. Invariants: a key is compared in full, the hash only
 * leads to it; a key that was never set counts 0; keys and texts of the table live in its arena; at most half of the slots are used.
 * Workload: three to forty look-ups a settlement in a table of up to a million, so linear probing over one flat array.
 * Source: docs/plan-language.md §5.
 */
#include "plan/run/counters.h"

#include "plan/run/bytes.h"

enum { SLOTS_FIRST = 64 };

/* ---- hash ------------------------------------------------------------------------------------------ */

static uint64_t rotate(uint64_t v, unsigned by) { return v << by | v >> (64 - by); }
static uint64_t text_hash(struct str s) { return s.n ? str_hash(s) : 0; }

/* Odd constants from the digits of pi: each part enters the sum by its own one, so that equal texts in two parts do not cancel. */
uint64_t counter_hash_constant(const struct plan_counter_key *k) {
    uint64_t small = (uint64_t)k->kind | (uint64_t)k->each << 8 | (uint64_t)k->clause << 16 | 1ULL << 24;
    return text_hash(k->product) * 0x13198a2e03707345 + rotate(text_hash(k->benefit), 21) + small * 0xa4093822299f31d1;
}

uint64_t counter_hash_owner(struct str owner) { return text_hash(owner) * 0x082efa98ec4e6c89; }

uint64_t counter_hash_period(struct day period_of, struct str period_text) {
    return (uint64_t)(uint32_t)period_of.v * 0x452821e638d01377 + rotate(text_hash(period_text), 35);
}

uint64_t counter_hash_code_of(uint64_t code_hash, struct str code) { return code.n ? code_hash * 0xbe5466cf34e90c6d : 0; }
uint64_t counter_hash_code(struct str code) { return counter_hash_code_of(text_hash(code), code); }

/* Never 0: that marks a free slot. */
uint64_t counter_hash_finish(uint64_t sum) {
    sum = (sum ^ sum >> 32) * 0xc0ac29b7c97c50dd;
    sum ^= sum >> 29;
    return sum ? sum : 1;
}

uint64_t counter_key_hash(const struct plan_counter_key *k) {
    return counter_hash_finish(counter_hash_constant(k) + counter_hash_owner(k->owner) + counter_hash_period(k->period_of, k->period_text) +
                               counter_hash_code(k->code));
}

static inline bool text_equal(struct str a, struct str b) { return a.n == 0 || a.p == b.p || bytes_equal(a.p, b.p, a.n); }

/* Lengths and numbers first: after an equal hash they hardly ever differ, and then the texts are compared without a call. */
bool counter_key_equal(const struct plan_counter_key *a, const struct plan_counter_key *b) {
    bool shape = a->kind == b->kind && a->each == b->each && a->clause == b->clause && a->period_of.v == b->period_of.v && a->owner.n == b->owner.n &&
                 a->benefit.n == b->benefit.n && a->product.n == b->product.n && a->code.n == b->code.n && a->period_text.n == b->period_text.n;
    return shape && text_equal(a->owner, b->owner) && text_equal(a->benefit, b->benefit) && text_equal(a->product, b->product) &&
           text_equal(a->code, b->code) && text_equal(a->period_text, b->period_text);
}

static int int_cmp(int64_t a, int64_t b) { return (a > b) - (a < b); }

int plan_counter_key_cmp(const struct plan_counter_key *a, const struct plan_counter_key *b) {
    int order = str_cmp(a->owner, b->owner);
    if (!order) order = str_cmp(a->product, b->product);
    if (!order) order = str_cmp(a->benefit, b->benefit);
    if (!order) order = int_cmp(a->kind, b->kind);
    if (!order) order = int_cmp(a->clause, b->clause);
    if (!order) order = int_cmp(a->each, b->each);
    if (!order) order = int_cmp(a->period_of.v, b->period_of.v);
    if (!order) order = str_cmp(a->period_text, b->period_text);
    return order ? order : str_cmp(a->code, b->code);
}

/* ---- table ----------------------------------------------------------------------------------------- */

void plan_counters_init(struct plan_counters *c, struct arena *a) { *c = (struct plan_counters){.arena = a}; }

/* The slot that holds the key, or the free one where it would stand. The table has free slots. */
static struct plan_counter *slot_of(const struct plan_counters *c, uint64_t hash, const struct plan_counter_key *k) {
    uint32_t mask = c->slot_count - 1;
    for (uint32_t i = (uint32_t)hash & mask;; i = (i + 1) & mask) {
        struct plan_counter *slot = &c->slots[i];
        if (slot->hash == 0 || (slot->hash == hash && counter_key_equal(&slot->key, k))) return slot;
    }
}

int64_t counter_find(const struct plan_counters *c, uint64_t hash, const struct plan_counter_key *k) {
    if (!c || c->used == 0) return 0;
    const struct plan_counter *slot = slot_of(c, hash, k);
    return slot->hash ? slot->value : 0;
}

bool counter_maybe(const struct plan_counters *c, uint64_t hash) {
    if (!c || c->used == 0) return false;
    uint32_t mask = c->slot_count - 1;
    for (uint32_t i = (uint32_t)hash & mask; c->slots[i].hash; i = (i + 1) & mask)
        if (c->slots[i].hash == hash) return true;
    return false;
}

int64_t plan_counters_get(const struct plan_counters *c, const struct plan_counter_key *k) { return counter_find(c, counter_key_hash(k), k); }

static struct status table_grow(struct plan_counters *c) {
    uint32_t count = c->slot_count ? c->slot_count * 2 : SLOTS_FIRST;
    struct plan_counter *slots = ARENA_ARRAY(c->arena, struct plan_counter, count);
    if (!slots) return status_memory();
    for (uint32_t i = 0; i < c->slot_count; i++) {
        const struct plan_counter *old = &c->slots[i];
        if (!old->hash) continue;
        uint32_t at = (uint32_t)old->hash & (count - 1);
        while (slots[at].hash) at = (at + 1) & (count - 1);
        slots[at] = *old;
    }
    c->slots = slots;
    c->slot_count = count;
    return STATUS_OK;
}

/* The texts of a key side by side, so that comparing them reads one cache line or two. */
static bool key_copy(struct arena *a, struct plan_counter_key *k) {
    struct str *texts[] = {&k->owner, &k->product, &k->benefit, &k->code, &k->period_text};
    size_t bytes = 0;
    for (size_t i = 0; i < COUNT_OF(texts); i++) bytes += texts[i]->n;
    char *copy = arena_alloc(a, bytes, 1);
    if (!copy) return false;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (texts[i]->n) memcpy(copy, texts[i]->p, texts[i]->n);
        texts[i]->p = copy;
        copy += texts[i]->n;
    }
    return true;
}

static struct status table_full(struct arena *a) {
    return status_error(a, (struct error){.code = "too-many-counters", .place = STR("state"),
        .zh = STR("累计数过多：超过上限"), .en = STR("too many counters: the limit is reached"),
        .hint_zh = STR("请按人群拆分状态文件"), .hint_en = STR("split the state by groups of persons")});
}

struct status plan_counters_set(struct plan_counters *c, const struct plan_counter_key *k, int64_t value) {
    uint64_t hash = counter_key_hash(k);
    if (c->slot_count) {
        struct plan_counter *slot = slot_of(c, hash, k);
        if (slot->hash) {
            slot->value = value;
            return STATUS_OK;
        }
    }
    if (c->used >= LIMIT_STATE_COUNTERS) return table_full(c->arena);
    if (c->used >= c->slot_count / 2) TRY(table_grow(c));
    struct plan_counter_key own = *k;
    if (!key_copy(c->arena, &own)) return status_memory();
    *slot_of(c, hash, k) = (struct plan_counter){.key = own, .value = value, .hash = hash};
    c->used++;
    return STATUS_OK;
}
