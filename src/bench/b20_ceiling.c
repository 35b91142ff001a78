/* bench/b20_ceiling — the decision of B20 written out in C, as fast as its author could make it without knowing the bill.
 *
 * Who uses it: bench.c, as the measure for the plan engine: the same look-ups with full comparison of the code, the same rounding per line and once at
 * the end, the same counters in the same table.
 */
#include <string.h>

#include "bench/work.h"

enum { SLOTS = 512, DEDUCTIBLE = 120'000, TIER_1 = 3'000'000, TIER_2 = 5'000'000, CAP = 20'000'000 };

struct bench_ceiling {
    struct {
        uint32_t fingerprint, share;
        char code[BENCH_CODE_BYTES + 1];
    } slots[SLOTS];
    struct plan_counter_key filled, over, paid;
};

int64_t bench_formulary_share(uint32_t n) {
    static const int64_t own_first[] = {1'000'000, 900'000, 700'000, 0};
    return RATIO_ONE - own_first[n % 4];
}

struct status bench_ceiling_build(struct arena *a, const struct plan_result *sample, struct bench_ceiling **ret) {
    struct bench_ceiling *c = ARENA_NEW(a, struct bench_ceiling);
    if (!c) return status_memory();
    for (uint32_t i = 0; i < BENCH_FORMULARY; i++) {
        char code[BENCH_CODE_BYTES + 1];
        bench_code(i, code);
        uint64_t hash = str_hash((struct str){code, BENCH_CODE_BYTES});
        uint32_t at = (uint32_t)hash % SLOTS;
        while (c->slots[at].code[0]) at = (at + 1) % SLOTS;
        c->slots[at].fingerprint = (uint32_t)(hash >> 32);
        c->slots[at].share = (uint32_t)bench_formulary_share(i);
        memcpy(c->slots[at].code, code, sizeof(code));
    }
    for (uint32_t i = 0; i < sample->change_count; i++) {
        const struct plan_counter_key *key = &sample->changes[i].key;
        if (key->kind == PLAN_COUNTER_FILLED) c->filled = *key;
        if (key->kind == PLAN_COUNTER_OVER) c->over = *key;
        if (key->kind == PLAN_COUNTER_PAID) c->paid = *key;
    }
    *ret = c;
    return STATUS_OK;
}

static inline int64_t share_of(const struct bench_ceiling *c, struct str code) {
    uint64_t hash = str_hash(code);
    uint32_t fingerprint = (uint32_t)(hash >> 32);
    for (uint32_t at = (uint32_t)hash % SLOTS; c->slots[at].code[0]; at = (at + 1) % SLOTS)
        if (c->slots[at].fingerprint == fingerprint && code.n == BENCH_CODE_BYTES && memcmp(c->slots[at].code, code.p, BENCH_CODE_BYTES) == 0)
            return c->slots[at].share;
    return 0;
}

static int64_t tier(int64_t from, int64_t to, int64_t low, int64_t high, int64_t percent) {
    int64_t part = i64_min(to, high) - i64_max(from, low);
    return part > 0 ? part * percent : 0;
}

int64_t bench_ceiling_pay(const struct bench_ceiling *c, const struct bill *bill, struct str owner, const struct plan_counters *counters) {
    struct plan_counter_key filled = c->filled, over_key = c->over, paid = c->paid;
    filled.owner = over_key.owner = paid.owner = owner;
    int64_t base = 0;
    for (uint32_t i = 0; i < bill->lines.count; i++)
        base += (bill->lines.net[BUCKET_IN_SCOPE][i] * share_of(c, bill->lines.code[i]) + RATIO_ONE / 2) / RATIO_ONE;
    int64_t used = i64_min(base, i64_max(DEDUCTIBLE - plan_counters_get(counters, &filled), 0));
    int64_t over = base - used, position = plan_counters_get(counters, &over_key);
    int64_t amount = tier(position, position + over, 0, TIER_1, 80) + tier(position, position + over, TIER_1, TIER_2, 85) +
                     tier(position, position + over, TIER_2, INT64_MAX, 90);
    int64_t pay = (amount + 50) / 100;
    return i64_min(pay, i64_max(CAP - plan_counters_get(counters, &paid), 0));
}
