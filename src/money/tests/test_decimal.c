/* Decimal text, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "money/money.h"

#define NO INT64_C(-777)

static void reading(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int scale;
        int64_t want;
    } rows[] = {
        {"0", 2, 0}, {"0", 0, 0}, {"-0", 2, 0}, {"-0.00", 2, 0}, {"1234.5", 2, 123'450}, {"-0.07", 2, -7},
        {"0.07", 2, 7}, {"852000.00", 2, 85'200'000}, {"1", 4, 10'000}, {"0.3333", 4, 3'333},
        {"1.000000000000000000000000", 2, 100}, /* zeros behind the last place are exact */
        {"1.5", 0, NO}, {"1.0", 0, 1}, {"0.001", 2, NO}, {"0.333333", 4, NO}, {"0.1000001", 6, NO},
        {"", 2, NO}, {"-", 2, NO}, {".", 2, NO}, {".5", 2, NO}, {"1.", 2, NO}, {"+1", 2, NO}, {"--1", 2, NO},
        {"01", 2, NO}, {"00.1", 2, NO}, {"-01", 2, NO}, {"1e3", 2, NO}, {"1,000", 2, NO}, {" 1", 2, NO},
        {"1 ", 2, NO}, {"1.2.3", 2, NO}, {"0x1", 2, NO}, {"１", 2, NO}, {"NaN", 2, NO}, {"1.-5", 2, NO},
        {"9223372036854775807", 0, INT64_MAX}, {"9223372036854775808", 0, NO},
        {"-9223372036854775808", 0, INT64_MIN}, {"-9223372036854775809", 0, NO},
        {"92233720368547758.07", 2, INT64_MAX}, {"92233720368547758.08", 2, NO}, {"9223372036854775807", 1, NO},
        {"0.000000000000000001", 18, 1}, {"10", 18, NO},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t got = NO;
        assert_int_equal(decimal_parse(str_from(rows[i].text), rows[i].scale, &got), rows[i].want != NO);
        assert_int_equal(got, rows[i].want);
    }
    struct str cut = {"12345", 2}; /* nothing behind the length is read */
    int64_t got;
    assert_true(decimal_parse(cut, 0, &got));
    assert_int_equal(got, 12);
}

static void amounts(void **state) {
    (void)state;
    static const struct {
        const char *currency, *text;
        int64_t want;
    } rows[] = {
        {"CNY", "444460.00", 44'446'000}, {"CNY", "0.005", NO}, {"CNY", "10000000000000.00", LIMIT_AMOUNT_MINOR},
        {"CNY", "10000000000000.01", NO}, {"CNY", "-10000000000000.01", NO}, {"JPY", "100", 100},
        {"JPY", "100.5", NO}, {"KWD", "1.234", 1'234}, {"CLF", "0.0001", 1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct minor m = {NO};
        const struct currency *c = currency_find(str_from(rows[i].currency));
        assert_int_equal(minor_parse(str_from(rows[i].text), c, &m), rows[i].want != NO);
        assert_int_equal(m.v, rows[i].want);
    }
}

static void printing(void **state) {
    (void)state;
    static const struct {
        const char *currency;
        int64_t v;
        const char *plain, *grouped;
    } rows[] = {
        {"CNY", 85'200'000, "852000.00", "852,000.00"},
        {"CNY", 0, "0.00", "0.00"},
        {"CNY", 7, "0.07", "0.07"},
        {"CNY", -7, "-0.07", "-0.07"},
        {"CNY", 99'999, "999.99", "999.99"},
        {"CNY", -100'000, "-1000.00", "-1,000.00"},
        {"CNY", INT64_MAX, "92233720368547758.07", "92,233,720,368,547,758.07"},
        {"CNY", INT64_MIN, "-92233720368547758.08", "-92,233,720,368,547,758.08"},
        {"JPY", 1'234'567, "1234567", "1,234,567"},
        {"JPY", INT64_MIN, "-9223372036854775808", "-9,223,372,036,854,775,808"},
        {"KWD", 1'234'567, "1234.567", "1,234.567"},
        {"CLF", -1, "-0.0001", "-0.0001"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char out[40];
        const struct currency *c = currency_find(str_from(rows[i].currency));
        assert_int_equal(minor_format((struct minor){rows[i].v}, c, false, out), strlen(rows[i].plain));
        assert_string_equal(out, rows[i].plain);
        assert_int_equal(minor_format((struct minor){rows[i].v}, c, true, out), strlen(rows[i].grouped));
        assert_string_equal(out, rows[i].grouped);
    }
}

static void round_trips(void **state) {
    (void)state;
    for (size_t i = 0; currency_at(i); i++) {
        for (int64_t v = LIMIT_AMOUNT_MINOR; v > 0; v = v * 7 / 11) {
            for (int sign = -1; sign <= 1; sign += 2) {
                char out[40];
                struct minor m, back = {NO};
                m.v = v * sign;
                size_t n = minor_format(m, currency_at(i), false, out);
                assert_true(minor_parse((struct str){out, n}, currency_at(i), &back));
                assert_int_equal(back.v, m.v);
            }
        }
    }
}

static void ratios(void **state) {
    (void)state;
    static const struct {
        int64_t ppm;
        const char *decimal, *percent;
    } rows[] = {
        {800'000, "0.8", "80%"}, {850'000, "0.85", "85%"}, {RATIO_ONE, "1", "100%"}, {0, "0", "0%"},
        {125'000, "0.125", "12.5%"}, {1, "0.000001", "0.0001%"}, {333'333, "0.333333", "33.3333%"},
        {1'500'000, "1.5", "150%"}, {-50'000, "-0.05", "-5%"}, {10'000'000, "10", "1000%"},
        {INT64_MIN, "-9223372036854.775808", "-922337203685477.5808%"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char out[24];
        assert_int_equal(ratio_format(rows[i].ppm, out), strlen(rows[i].decimal));
        assert_string_equal(out, rows[i].decimal);
        assert_int_equal(ratio_format_percent(rows[i].ppm, out), strlen(rows[i].percent));
        assert_string_equal(out, rows[i].percent);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading),     cmocka_unit_test(amounts), cmocka_unit_test(printing),
        cmocka_unit_test(round_trips), cmocka_unit_test(ratios),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
