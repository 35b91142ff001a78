/* Counters: keys in every part, growth, order, and a random run against a plain array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "plan/run/counters.h"

static const struct plan_counter_key base = {.owner = {"p:1", 3}, .product = {"prod", 4}, .benefit = {"b", 1}, .code = {"A", 1}, .period_text = {"S", 1},
                                             .period_of = {19'000}, .kind = PLAN_COUNTER_PAID, .each = 2, .clause = 1};

/* Each part of a key tells it apart; swapping equal texts between parts does, too. */
static void every_part(void **state) {
    (void)state;
    struct plan_counter_key keys[14];
    for (size_t i = 0; i < COUNT_OF(keys); i++) keys[i] = base;
    keys[1].owner = STR("p:2");
    keys[2].product = STR("pros");
    keys[3].benefit = STR("c");
    keys[4].code = STR("B");
    keys[5].period_text = STR("T");
    keys[6].period_of.v++;
    keys[7].kind = PLAN_COUNTER_LIMIT;
    keys[8].each = 3;
    keys[9].clause = 2;
    keys[10].code = STR("S");
    keys[10].period_text = STR("A");
    keys[11].code = STR("");
    keys[12].owner = STR("prod");
    keys[12].product = STR("p:1");
    keys[13].benefit = STR("A");
    keys[13].code = STR("b");
    struct arena a;
    struct plan_counters c;
    arena_init(&a, 1 << 20);
    plan_counters_init(&c, &a);
    for (size_t i = 0; i < COUNT_OF(keys); i++) assert_int_equal(plan_counters_get(&c, &keys[i]), 0);
    for (size_t i = 0; i < COUNT_OF(keys); i++) assert_null(plan_counters_set(&c, &keys[i], (int64_t)(i + 1) * 100).err);
    for (size_t i = 0; i < COUNT_OF(keys); i++) assert_int_equal(plan_counters_get(&c, &keys[i]), (int64_t)(i + 1) * 100);
    assert_int_equal(c.used, COUNT_OF(keys));
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        for (size_t k = 0; k < COUNT_OF(keys); k++) {
            int order = plan_counter_key_cmp(&keys[i], &keys[k]);
            assert_true((order == 0) == (i == k));
            assert_true((order < 0) == (plan_counter_key_cmp(&keys[k], &keys[i]) > 0));
            assert_true(counter_key_equal(&keys[i], &keys[k]) == (i == k));
        }
    arena_done(&a);
}

/* The table owns its texts, and a value set again is the new one. */
static void texts_are_copied(void **state) {
    (void)state;
    struct arena a;
    struct plan_counters c;
    char owner[] = "p:1";
    struct plan_counter_key key = base;
    arena_init(&a, 1 << 20);
    plan_counters_init(&c, &a);
    key.owner = (struct str){owner, 3};
    assert_null(plan_counters_set(&c, &key, 5).err);
    owner[2] = '9';
    assert_int_equal(plan_counters_get(&c, &key), 0);
    assert_int_equal(plan_counters_get(&c, &base), 5);
    assert_null(plan_counters_set(&c, &base, 7).err);
    assert_int_equal(plan_counters_get(&c, &base), 7);
    assert_int_equal(c.used, 1);
    arena_done(&a);
}

/* The hash of the parts is the hash of the key, whichever way it is put together; and a hash that is not there is known not to be. */
static void parts_of_the_hash(void **state) {
    (void)state;
    struct arena a;
    struct plan_counters c;
    uint64_t sum = counter_hash_constant(&base) + counter_hash_owner(base.owner) + counter_hash_period(base.period_of, base.period_text);
    assert_true(counter_hash_finish(sum + counter_hash_code(base.code)) == counter_key_hash(&base));
    assert_true(counter_hash_finish(sum + counter_hash_code_of(str_hash(base.code), base.code)) == counter_key_hash(&base));
    arena_init(&a, 1 << 20);
    plan_counters_init(&c, &a);
    assert_false(counter_maybe(&c, counter_key_hash(&base)));
    assert_null(plan_counters_set(&c, &base, 1).err);
    assert_true(counter_maybe(&c, counter_key_hash(&base)));
    assert_false(counter_maybe(&c, counter_key_hash(&base) + 1));
    assert_int_equal(counter_find(&c, counter_key_hash(&base), &base), 1);
    arena_done(&a);
}

static uint64_t random_next(uint64_t *s) {
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

enum { OWNERS = 40, BENEFITS = 5, CODES = 20, YEARS = 3, ALL = OWNERS * BENEFITS * CODES * YEARS };

static void key_at(uint32_t n, char text[64], struct plan_counter_key *ret) {
    uint32_t owner = n % OWNERS, benefit = n / OWNERS % BENEFITS, code = n / OWNERS / BENEFITS % CODES, year = n / OWNERS / BENEFITS / CODES;
    int o = snprintf(text, 20, "p:%u", owner), b = snprintf(text + 20, 20, "benefit-%u", benefit), c = snprintf(text + 40, 20, "CODE%u", code);
    *ret = (struct plan_counter_key){.owner = {text, (size_t)o}, .product = STR("product"), .benefit = {text + 20, (size_t)b},
                                     .code = {text + 40, code ? (size_t)c : 0}, .period_of = {(int32_t)(19'000 + year * 365)}, .each = 3};
}

static void against_an_array(void **state) {
    (void)state;
    const char *given = getenv("YIJIE_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL), s = seed * 2 + 1;
    print_message("# seed %llu (YIJIE_SEED)\n", (unsigned long long)seed);
    static int64_t values[ALL];
    static bool known[ALL];
    struct arena a;
    struct plan_counters c;
    uint32_t used = 0;
    arena_init(&a, (size_t)64 << 20);
    plan_counters_init(&c, &a);
    for (uint32_t i = 0; i < 60'000; i++) {
        struct plan_counter_key key;
        char text[64];
        uint32_t n = (uint32_t)(random_next(&s) % ALL);
        key_at(n, text, &key);
        if (random_next(&s) % 2) {
            values[n] = (int64_t)(random_next(&s) % 1'000'000);
            used += !known[n];
            known[n] = true;
            assert_null(plan_counters_set(&c, &key, values[n]).err);
        }
        assert_int_equal(plan_counters_get(&c, &key), values[n]);
    }
    assert_int_equal(c.used, used);
    assert_true(c.slot_count >= used * 2);
    arena_done(&a);
}

static void no_memory(void **state) {
    (void)state;
    struct arena a;
    struct plan_counters c;
    arena_init(&a, 16'000);
    plan_counters_init(&c, &a);
    struct status s = STATUS_OK;
    uint32_t set = 0;
    for (; set < 1'000 && !s.err; set++) {
        struct plan_counter_key key;
        char text[64];
        key_at(set, text, &key);
        s = plan_counters_set(&c, &key, 1);
    }
    assert_non_null(s.err);
    assert_string_equal(s.err->code, "out-of-memory");
    assert_int_equal(c.used, set - 1); /* what was there stays */
    for (uint32_t i = 0; i + 1 < set; i++) {
        struct plan_counter_key key;
        char text[64];
        key_at(i, text, &key);
        assert_int_equal(plan_counters_get(&c, &key), 1);
    }
    arena_done(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_part), cmocka_unit_test(texts_are_copied), cmocka_unit_test(parts_of_the_hash),
                                       cmocka_unit_test(against_an_array), cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
