/* Days and periods. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "money/money.h"

static struct day on(const char *text) {
    struct day d;
    if (strcmp(text, "open") == 0) return DAY_OPEN;
    assert_true(day_parse(str_from(text), &d));
    return d;
}

static void assert_day(struct day d, const char *want) {
    char out[11];
    assert_int_equal(day_format(d, out), strlen(want));
    assert_string_equal(out, want);
}

static void numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int32_t v;
    } rows[] = {
        {"1970-01-01", 0}, {"1969-12-31", -1}, {"2000-02-29", 11'016}, {"2000-03-01", 11'017},
        {"1900-02-28", -25'509}, {"1900-03-01", -25'508}, /* 1900 is no leap year */
        {"2022-08-15", 19'219}, {"1800-01-01", -62'091}, {"9999-12-31", 2'932'896},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(on(rows[i].text).v, rows[i].v);
        assert_day((struct day){rows[i].v}, rows[i].text);
    }
}

static void refused(void **state) {
    (void)state;
    static const char *const rows[] = {
        "", "2022-02-29", "1900-02-29", "2100-02-29", "2022-04-31", "2022-00-10", "2022-13-01", "2022-01-00",
        "2022-01-32", "1799-12-31", "0000-01-01", "2022-1-01", "2022-01-1", "22-01-01", "2022/01/01", "20220101",
        "2022-01-01 ", " 2022-01-01", "2022-01-01T00:00", "+022-01-01", "2022-0１-1", "10000-01-01", "2022-01-0x",
        "-022-01-01", "2022--1-01",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct day d = {12345};
        assert_false(day_parse(str_from(rows[i]), &d));
        assert_int_equal(d.v, 12345);
    }
}

/* Every day from year 1 to 9999, in order, against counting. */
static void every_day(void **state) {
    (void)state;
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct day d = day_from_civil(1, 1, 1);
    for (int year = 1; year <= 9999; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 1; month <= 12; month++) {
            int last = days[month - 1] + (month == 2 && leap);
            for (int dom = 1; dom <= last; dom++, d.v++) {
                int y, m, n;
                day_to_civil(d, &y, &m, &n);
                if (y != year || m != month || n != dom || day_from_civil(year, month, dom).v != d.v)
                    fail_msg("%d-%d-%d is %d: %d-%d-%d", year, month, dom, d.v, y, m, n);
            }
            assert_false(day_is(day_from_civil(year, month, last + 1)));
        }
    }
    assert_int_equal(d.v, 2'932'897);
    assert_false(day_is(day_from_civil(0, 12, 31)) || day_is(day_from_civil(10'000, 1, 1)));
}

static void arithmetic(void **state) {
    (void)state;
    assert_day(day_add(on("2024-02-28"), 1), "2024-02-29");
    assert_day(day_add(on("2023-02-28"), 1), "2023-03-01");
    assert_day(day_add(on("2022-01-01"), -1), "2021-12-31");
    assert_true(day_add(on("9999-12-31"), 1).v == DAY_OPEN.v);
    assert_true(day_add(on("9999-12-31"), INT32_MAX).v == DAY_OPEN.v);
    assert_true(day_add(on("1800-01-01"), INT32_MIN).v == DAY_NONE.v);
    assert_true(day_add(DAY_OPEN, -1).v == DAY_OPEN.v && day_add(DAY_NONE, 1).v == DAY_NONE.v);
    assert_day(day_add_years(on("2022-08-15"), 1), "2023-08-15");
    assert_day(day_add_years(on("2024-02-29"), 1), "2025-02-28");
    assert_day(day_add_years(on("2024-02-29"), 4), "2028-02-29");
    assert_day(day_add_years(on("2024-02-29"), -1), "2023-02-28");
    assert_day(day_add_years(on("1896-02-29"), 4), "1900-02-28");
    assert_day(day_add_years(on("1996-02-29"), 4), "2000-02-29");
    assert_true(day_add_years(on("9999-01-01"), 1).v == DAY_OPEN.v);
    assert_true(day_add_years(on("2000-01-01"), INT32_MIN).v == DAY_NONE.v);
    assert_true(day_add_years(on("2000-01-01"), INT32_MAX).v == DAY_OPEN.v);
    assert_day(DAY_NONE, "");
    assert_day(DAY_OPEN, "");
}

static void ages(void **state) {
    (void)state;
    static const struct {
        const char *born, *on;
        int years;
    } rows[] = {
        {"1980-05-20", "2022-05-19", 41}, {"1980-05-20", "2022-05-20", 42}, {"1980-05-20", "1980-05-20", 0},
        {"1980-05-20", "1980-05-19", -1}, {"1980-05-20", "1979-05-20", -1}, {"1980-05-20", "1979-05-19", -2},
        {"2004-02-29", "2022-02-27", 17}, {"2004-02-29", "2022-02-28", 18}, {"2004-02-29", "2024-02-28", 19},
        {"2004-02-29", "2024-02-29", 20}, {"2022-12-31", "2023-01-01", 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(day_age_years(on(rows[i].born), on(rows[i].on)), rows[i].years);
}

static void periods(void **state) {
    (void)state;
    static const struct {
        const char *d, *start, *end, *from, *to;
    } rows[] = {
        {"2022-08-15", "2022-01-01", "2022-12-31", "2022-01-01", "2022-12-31"},
        {"2022-07-01", "2022-07-01", "open", "2022-07-01", "2023-06-30"},
        {"2023-06-30", "2022-07-01", "open", "2022-07-01", "2023-06-30"},
        {"2023-07-01", "2022-07-01", "open", "2023-07-01", "2024-06-30"},
        {"2023-07-01", "2022-07-01", "2023-12-31", "2023-07-01", "2023-12-31"}, /* cut */
        {"2025-02-27", "2024-02-29", "open", "2024-02-29", "2025-02-27"},
        {"2025-02-28", "2024-02-29", "open", "2025-02-28", "2026-02-27"},
        {"2028-02-28", "2024-02-29", "open", "2027-02-28", "2028-02-28"}, /* the leap day starts the next year */
        {"2028-02-29", "2024-02-29", "open", "2028-02-29", "2029-02-27"},
        {"9999-12-31", "2000-01-01", "open", "9999-01-01", ""},           /* the last year has no end */
        {"2024-05-05", "2022-07-01", "2022-12-31", "2023-07-01", "2022-12-31"}, /* behind the end: empty */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {

        struct day_range r = period_policy_year(on(rows[i].d), on(rows[i].start), on(rows[i].end));
        assert_day(r.from, rows[i].from);
        assert_day(r.to, rows[i].to);
        assert_int_equal(day_in(on(rows[i].d), r), i != COUNT_OF(rows) - 1);
    }
    struct day_range year = period_calendar_year(on("2024-02-29"));
    assert_day(year.from, "2024-01-01");
    assert_day(year.to, "2024-12-31");
    assert_true(day_in(on("2024-12-31"), year) && day_in(on("2024-01-01"), year));
    assert_false(day_in(on("2025-01-01"), year) || day_in(on("2023-12-31"), year));
    assert_true(day_in(on("2025-01-01"), (struct day_range){DAY_NONE, DAY_OPEN}));
    assert_false(day_in(DAY_OPEN, (struct day_range){DAY_NONE, DAY_OPEN}));
}

/* Policy years of a policy follow one another without gap or overlap. */
static void policy_years_tile(void **state) {
    (void)state;
    for (struct day start = on("2019-12-25"); start.v < on("2024-03-05").v; start.v++) {
        struct day_range r = period_policy_year(start, start, DAY_OPEN);
        for (int years = 0; years < 12; years++) {
            struct day_range next = period_policy_year(day_add(r.to, 1), start, DAY_OPEN);
            struct day_range same = period_policy_year(r.to, start, DAY_OPEN);
            assert_int_equal(next.from.v, r.to.v + 1);
            assert_int_equal(same.from.v, r.from.v);
            assert_in_range(r.to.v - r.from.v + 1, 365, 366);
            r = next;
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers), cmocka_unit_test(refused), cmocka_unit_test(every_day),
        cmocka_unit_test(arithmetic), cmocka_unit_test(ages), cmocka_unit_test(periods),
        cmocka_unit_test(policy_years_tile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
