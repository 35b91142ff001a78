/* Amounts: checked sums, rounding modes. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "money/money.h"

#define MAX LIMIT_AMOUNT_MINOR
#define NO INT64_C(-777) /* refused */

static void sums(void **state) {
    (void)state;
    static const struct {
        int64_t a, b, sum, difference;
    } rows[] = {
        {1, 2, 3, -1},
        {-5, 3, -2, -8},
        {MAX, 0, MAX, MAX},
        {MAX, 1, NO, MAX - 1},
        {-MAX, 1, 1 - MAX, NO},
        {-MAX, -1, NO, 1 - MAX},
        {INT64_MAX, 1, NO, NO},
        {INT64_MIN, -1, NO, NO},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct minor r = {NO};
        assert_int_equal(minor_add((struct minor){rows[i].a}, (struct minor){rows[i].b}, &r), rows[i].sum != NO);
        assert_int_equal(r.v, rows[i].sum);
        r.v = NO;
        assert_int_equal(minor_sub((struct minor){rows[i].a}, (struct minor){rows[i].b}, &r),
                         rows[i].difference != NO);
        assert_int_equal(r.v, rows[i].difference);
    }
    assert_true(minor_check((struct minor){MAX}) && minor_check((struct minor){-MAX}));
    assert_false(minor_check((struct minor){MAX + 1}) || minor_check((struct minor){INT64_MIN}));
}

static void divisions(void **state) {
    (void)state;
    /* In the order of enum round_mode: exact, half-up, half-even, down, up. */
    static const struct {
        int64_t num, den, want[ROUND_MODE_COUNT];
    } rows[] = {
        { 0,  7, {  0,  0,  0,  0,  0}},
        { 6,  2, {  3,  3,  3,  3,  3}},
        { 5,  2, { NO,  3,  2,  2,  3}},
        { 7,  2, { NO,  4,  4,  3,  4}},
        {-5,  2, { NO, -3, -2, -2, -3}},
        {-7,  2, { NO, -4, -4, -3, -4}},
        { 1,  2, { NO,  1,  0,  0,  1}},
        {-1,  2, { NO, -1,  0,  0, -1}},
        { 1,  3, { NO,  0,  0,  0,  1}},
        { 2,  3, { NO,  1,  1,  0,  1}},
        {-1,  3, { NO,  0,  0,  0, -1}},
        {-2,  3, { NO, -1, -1,  0, -1}},
        {25, 10, { NO,  3,  2,  2,  3}},
        {35, 10, { NO,  4,  4,  3,  4}},
        {24, 10, { NO,  2,  2,  2,  3}},
        {26, 10, { NO,  3,  3,  2,  3}},
        {INT64_MAX, 1, {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX}},
        {INT64_MIN, 1, {INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN}},
        {INT64_MAX, INT64_MAX, {1, 1, 1, 1, 1}},
        {INT64_MAX - 1, INT64_MAX, {NO, 1, 1, 0, 1}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (int mode = 0; mode < ROUND_MODE_COUNT; mode++) {
            int64_t got = NO;
            bool good = round_div(rows[i].num, rows[i].den, (enum round_mode)mode, &got);
            assert_int_equal(good, rows[i].want[mode] != NO);
            assert_int_equal(got, rows[i].want[mode]);
        }
    }
}

/* Beyond 64 bits: refused when the result does not fit, right when it does. */
static void divisions_wide(void **state) {
    (void)state;
    const i128 big = (i128)INT64_MAX * INT64_MAX;
    int64_t got = NO;
    assert_false(round_div((i128)INT64_MAX + 1, 1, ROUND_EXACT, &got));
    assert_false(round_div((i128)INT64_MIN - 1, 1, ROUND_EXACT, &got));
    assert_false(round_div(2 * (i128)INT64_MAX + 1, 2, ROUND_UP, &got)); /* rounds up out of range */
    assert_int_equal(got, NO);
    assert_true(round_div(2 * (i128)INT64_MAX + 1, 2, ROUND_DOWN, &got));
    assert_true(got == INT64_MAX);
    assert_true(round_div(big, INT64_MAX, ROUND_EXACT, &got));
    assert_true(got == INT64_MAX);
    assert_true(round_div(big - 1, big, ROUND_HALF_UP, &got)); /* doubling this remainder would need 128 bits */
    assert_int_equal(got, 1);
    assert_true(round_div(big * 2 - 1, big * 2, ROUND_HALF_EVEN, &got));
    assert_int_equal(got, 1);
    assert_true(round_div(-big, big * 2, ROUND_HALF_EVEN, &got));
    assert_int_equal(got, 0);
}

static void ratios(void **state) {
    (void)state;
    static const struct {
        int64_t amount, ppm;
        enum round_mode mode;
        int64_t want;
    } rows[] = {
        {85'200'000, 800'000, ROUND_EXACT, 68'160'000},
        {1, 850'000, ROUND_HALF_UP, 1},
        {10'010, 850'000, ROUND_HALF_UP, 8'509},  /* 8508.5: doubles give 8508 */
        {10'010, 850'000, ROUND_HALF_EVEN, 8'508},
        {-10'010, 850'000, ROUND_HALF_UP, -8'509},
        {-10'010, 850'000, ROUND_DOWN, -8'508},
        {-10'010, 850'000, ROUND_UP, -8'509},
        {10'010, 850'000, ROUND_EXACT, NO},
        {3, 333'333, ROUND_DOWN, 0},
        {3, 333'333, ROUND_UP, 1},
        {MAX, RATIO_ONE, ROUND_EXACT, MAX},
        {-MAX, RATIO_ONE, ROUND_EXACT, -MAX},
        {MAX, RATIO_ONE + 1, ROUND_DOWN, NO},  /* beyond the limit */
        {MAX, 500'000, ROUND_EXACT, MAX / 2},  /* product beyond 64 bits */
        {MAX - 1, 250'000, ROUND_HALF_UP, 250'000'000'000'000},
        {MAX - 1, 250'000, ROUND_DOWN, 249'999'999'999'999},
        {MAX - 2, 250'000, ROUND_HALF_EVEN, 250'000'000'000'000}, /* …999.5 goes to the even one */
        {INT64_MAX, INT64_MAX, ROUND_DOWN, NO},
        {100, 0, ROUND_EXACT, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct minor r = {NO};
        bool good = minor_times_ratio((struct minor){rows[i].amount}, rows[i].ppm, rows[i].mode, &r);
        assert_int_equal(good, rows[i].want != NO);
        assert_int_equal(r.v, rows[i].want);
    }
}

/* The 64-bit path and the general one agree around every half. */
static void ratio_paths_agree(void **state) {
    (void)state;
    for (int64_t amount = -3000; amount <= 3000; amount += 7) {
        for (int64_t ppm = 0; ppm <= RATIO_ONE; ppm += 12'500) {
            for (int mode = 0; mode < ROUND_MODE_COUNT; mode++) {
                struct minor fast = {NO};
                int64_t general = NO;
                assert_int_equal(minor_times_ratio((struct minor){amount}, ppm, (enum round_mode)mode, &fast),
                                 round_div((i128)amount * ppm, RATIO_ONE, (enum round_mode)mode, &general));
                assert_int_equal(fast.v, general);
            }
        }
    }
}

static void names(void **state) {
    (void)state;
    for (int mode = 0; mode < ROUND_MODE_COUNT; mode++) {
        for (int other = 0; other < mode; other++) {
            assert_string_not_equal(round_mode_name((enum round_mode)mode, true),
                                    round_mode_name((enum round_mode)other, true));
            assert_string_not_equal(round_mode_name((enum round_mode)mode, false),
                                    round_mode_name((enum round_mode)other, false));
        }
    }
    assert_string_equal(round_mode_name(ROUND_HALF_UP, true), "四舍五入");
    assert_string_equal(round_mode_name(ROUND_HALF_UP, false), "half-up");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums),   cmocka_unit_test(divisions),         cmocka_unit_test(divisions_wide),
        cmocka_unit_test(ratios), cmocka_unit_test(ratio_paths_agree), cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
