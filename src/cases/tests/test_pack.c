/* counters as bytes: equal counters are equal bytes, what was written is read, damage is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cases/core/pack.h"

static uint64_t seed = 20261122;

static uint64_t draw(uint64_t below)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (seed >> 33) % below;
}

static struct plan_counter_key key_of(struct arena *a, uint32_t n)
{
    static const char *const codes[] = {"", "", "A01", "特药"};
    struct plan_counter_key k = {.owner = arena_printf(a, "%032u", n % 3), .product = arena_printf(a, "product-%u", n % 5), .benefit = arena_printf(a, "benefit-%u", n % 7),
                                 .code = str_from(codes[n % 4]), .kind = (uint8_t)(n % PLAN_COUNTER_KIND_COUNT), .each = (uint8_t)(n % PLAN_EACH_COUNT), .clause = (uint8_t)(n % 3)};
    k.period_of = n % 6 == 0 ? DAY_NONE : (struct day){(int32_t)(n * 37) - 400};
    if (n % 6 == 0) k.period_text = arena_printf(a, "stay-%u", n / 6);
    return k;
}

static void the_same_whatever_the_order(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 26);
    for (uint32_t size = 0; size < 200; size += 13) {
        struct plan_counters forward, backward, again;
        struct str one, two, three;
        plan_counters_init(&forward, &a);
        plan_counters_init(&backward, &a);
        plan_counters_init(&again, &a);
        for (uint32_t i = 0; i < size; i++) {
            const struct plan_counter_key k = key_of(&a, i), b = key_of(&a, size - 1 - i);
            const int64_t values[] = {0, 1, -5, INT64_MAX, INT64_MIN};
            assert_false(status_failed(plan_counters_set(&forward, &k, values[i % 5])));
            assert_false(status_failed(plan_counters_set(&backward, &b, values[(size - 1 - i) % 5])));
        }
        assert_false(status_failed(cases_counters_pack(&forward, &a, &one)));
        assert_false(status_failed(cases_counters_pack(&backward, &a, &two)));
        assert_true(str_eq(one, two));
        assert_false(status_failed(cases_counters_unpack(&a, one, &again)));
        for (uint32_t i = 0; i < size; i++) {
            const struct plan_counter_key k = key_of(&a, i);
            assert_true(plan_counters_get(&again, &k) == plan_counters_get(&forward, &k));
        }
        assert_false(status_failed(cases_counters_pack(&again, &a, &three)));
        assert_true(str_eq(one, three));
    }
    arena_done(&a);
}

/* The form of version 1, byte for byte: rows written by this release stay readable. */
static void version_1(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    struct plan_counters c;
    struct str packed;
    plan_counters_init(&c, &a);
    const struct plan_counter_key k = {.owner = STR("p"), .product = STR("q"), .benefit = STR("b"), .kind = PLAN_COUNTER_FILLED, .each = PLAN_EACH_YEAR, .period_of = {100}};
    assert_false(status_failed(plan_counters_set(&c, &k, 300)));
    assert_false(status_failed(cases_counters_pack(&c, &a, &packed)));
    static const uint8_t wanted[] = {1, 3, 1, 'p', 1, 'q', 1, 'b', 1, 0, 1, 2, 'f', 'y', 0, 0xca, 0x01, 0, 0xd8, 0x04};
    assert_int_equal(packed.n, sizeof wanted);
    assert_memory_equal(packed.p, wanted, sizeof wanted);
    arena_done(&a);
}

static void damage_is_refused(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 28);
    struct plan_counters c;
    struct str packed;
    uint32_t refused = 0;
    plan_counters_init(&c, &a);
    for (uint32_t i = 0; i < 20; i++) {
        const struct plan_counter_key k = key_of(&a, i);
        assert_false(status_failed(plan_counters_set(&c, &k, i + 1)));
    }
    assert_false(status_failed(cases_counters_pack(&c, &a, &packed)));
    for (size_t cut = 1; cut < packed.n; cut++) { /* short rows */
        struct plan_counters out;
        plan_counters_init(&out, &a);
        assert_true(status_failed(cases_counters_unpack(&a, (struct str){packed.p, cut}, &out)));
    }
    for (int i = 0; i < 3'000; i++) { /* one byte changed: refused, or other counters, never read beyond */
        struct arena_mark mark = arena_mark(&a);
        char *copy = arena_alloc(&a, packed.n, 1);
        memcpy(copy, packed.p, packed.n);
        copy[draw(packed.n)] ^= (char)(1 + draw(255));
        struct plan_counters out;
        plan_counters_init(&out, &a);
        refused += status_failed(cases_counters_unpack(&a, (struct str){copy, packed.n}, &out));
        arena_rewind(&a, mark);
    }
    assert_true(refused > 300);
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_same_whatever_the_order), cmocka_unit_test(version_1), cmocka_unit_test(damage_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
