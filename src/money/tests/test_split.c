/* Splitting: a table, refusals, and random weights against a slow and obvious version with a sort. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "money/money.h"

enum { PARTS_MAX = 400 };

static void table(void **state) {
    (void)state;
    static const struct {
        int64_t total;
        size_t count;
        int64_t weights[6], parts[6];
    } rows[] = {
        {100, 3, {1, 1, 1}, {34, 33, 33}},                     /* ties: the earlier part */
        {101, 3, {1, 1, 1}, {34, 34, 33}},
        {-100, 3, {1, 1, 1}, {-34, -33, -33}},
        {0, 3, {1, 2, 3}, {0, 0, 0}},
        {0, 2, {0, 0}, {0, 0}},
        {7, 1, {3}, {7}},
        {10, 4, {0, 1, 0, 1}, {0, 5, 0, 5}},                   /* nothing to a weight of 0 */
        {1, 3, {0, 1, 1}, {0, 1, 0}},
        {1, 3, {1, 2, 1}, {0, 1, 0}},                          /* largest remainder, not the first */
        {100, 6, {47, 16, 158, 12, 61, 6}, {16, 5, 53, 4, 20, 2}},
        {44'446'000, 3, {500'000, 300'000, 200'000}, {22'223'000, 13'333'800, 8'889'200}},
        {LIMIT_AMOUNT_MINOR, 2, {LIMIT_AMOUNT_MINOR / 2, LIMIT_AMOUNT_MINOR / 2},
         {LIMIT_AMOUNT_MINOR / 2, LIMIT_AMOUNT_MINOR / 2}},
        {LIMIT_AMOUNT_MINOR, 3, {1, 1, 1}, {333'333'333'333'334, 333'333'333'333'333, 333'333'333'333'333}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t parts[6];
        uint64_t scratch[6];
        assert_true(split_largest_remainder(rows[i].total, rows[i].weights, rows[i].count, parts, scratch));
        for (size_t k = 0; k < rows[i].count; k++) assert_int_equal(parts[k], rows[i].parts[k]);
    }
}

static void refusals(void **state) {
    (void)state;
    static const struct {
        int64_t total;
        size_t count;
        int64_t weights[3];
    } rows[] = {
        {1, 0, {0}},
        {1, 2, {0, 0}},
        {1, 2, {2, -1}},
        {0, 2, {2, -1}},
        {LIMIT_AMOUNT_MINOR + 1, 1, {1}},
        {-LIMIT_AMOUNT_MINOR - 1, 1, {1}},
        {INT64_MIN, 1, {1}},
        {1, 2, {LIMIT_AMOUNT_MINOR, 1}},
        {1, 3, {INT64_MAX, INT64_MAX, 2}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t parts[3] = {-7, -7, -7};
        uint64_t scratch[3];
        assert_false(split_largest_remainder(rows[i].total, rows[i].weights, rows[i].count, parts, scratch));
        for (size_t k = 0; k < 3; k++) assert_int_equal(parts[k], -7);
    }
    assert_true(split_largest_remainder(0, NULL, 0, NULL, NULL));
}

/* ---- against the reference ------------------------------------------------------------------- */

struct share {
    uint64_t remainder;
    size_t index;
};

static int share_order(const void *x, const void *y) {
    const struct share *a = x, *b = y;
    if (a->remainder != b->remainder) return a->remainder > b->remainder ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

static void reference(int64_t total, const int64_t *weights, size_t count, int64_t *parts) {
    struct share shares[PARTS_MAX];
    i128 sum = 0, size = total < 0 ? -(i128)total : total, left = size;
    for (size_t i = 0; i < count; i++) sum += weights[i];
    for (size_t i = 0; i < count; i++) {
        parts[i] = (int64_t)(size * weights[i] / sum);
        shares[i] = (struct share){(uint64_t)(size * weights[i] % sum), i};
        left -= parts[i];
    }
    qsort(shares, count, sizeof(shares[0]), share_order);
    for (size_t i = 0; left > 0; i++, left--) parts[shares[i].index]++;
    for (size_t i = 0; total < 0 && i < count; i++) parts[i] = -parts[i];
}

static uint64_t random_next(uint64_t *s) { /* xorshift64 */
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

static uint64_t random_bits(uint64_t *s, unsigned bits_max) {
    uint64_t r = random_next(s);
    return r >> (64 - 1 - random_next(s) % bits_max);
}

/* Shapes of weights that a random spread would hardly ever give. */
static int64_t weight_make(uint64_t *s, unsigned shape, size_t index) {
    switch (shape) {
    case 0: return (int64_t)(random_next(s) % 1'000'000);      /* lines of a bill */
    case 1: return 1;                                          /* all equal */
    case 2: return (int64_t)(random_next(s) % 3);              /* many ties, many zeros */
    case 3: return INT64_C(1) << (index % 40);                 /* geometric: bad for interpolation */
    case 4: return (int64_t)random_bits(s, 41);                /* all sizes: the wide path */
    case 5: return index < 3;                                  /* a tiny sum */
    default: return index == 0 ? 900'000'000'000 : 1;          /* one giant */
    }
}

static void against_reference(void **state) {
    (void)state;
    const char *given = getenv("YIJIE_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("# seed %llu (YIJIE_SEED)\n", (unsigned long long)seed);
    uint64_t s = seed * 2 + 1, ones = 0;
    for (size_t round = 0; round < 20'000; round++) {
        int64_t weights[PARTS_MAX], parts[PARTS_MAX], wanted[PARTS_MAX], sum = 0, weight_sum = 0;
        uint64_t scratch[PARTS_MAX];
        size_t count = 1 + random_next(&s) % (round % 10 ? 40 : PARTS_MAX);
        unsigned shape = (unsigned)(random_next(&s) % 7);
        for (size_t i = 0; i < count; i++) weight_sum += weights[i] = weight_make(&s, shape, i);
        if (weight_sum == 0) weights[count - 1] = 1;
        int64_t total = (int64_t)random_bits(&s, 49);
        if (round % 3 == 0) total = -total;
        assert_true(split_largest_remainder(total, weights, count, parts, scratch));
        reference(total, weights, count, wanted);
        for (size_t i = 0; i < count; i++) sum += parts[i];
        assert_true(sum == total);
        assert_memory_equal(parts, wanted, count * sizeof(parts[0]));
        ones += count > 1 && parts[0] != parts[count - 1];
    }
    assert_true(ones > 1000); /* else the generator makes nothing interesting */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table), cmocka_unit_test(refusals), cmocka_unit_test(against_reference)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
