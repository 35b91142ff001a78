/* day — civil days without time zones, calendar years and policy years.
 *
 * Who uses it: bill (dates of care), plan (parameters dated by day), settle (periods of counters).
 * Invariant: every real day of the years 1 to 9999 has one number and back; a day outside becomes DAY_NONE (before)
 * or DAY_OPEN (behind), and these two absorb all arithmetic.
 * Source: proleptic Gregorian calendar (ISO 8601). Anniversaries of 29 February fall on 28 February in common years.
 */
#include "money/money.h"

enum {
    YEAR_MIN = 1,
    YEAR_MAX = 9999,
    DAYS_400_YEARS = 146'097,
    DAYS_BEFORE_1970 = 719'468 /* from 0000-03-01 to 1970-01-01 */
};

static bool year_is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

static int month_days(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && year_is_leap(year));
}

/* Counts years from March, so that the leap day is the last: month m of such a year begins at day (153m + 2) / 5. */
struct day day_from_civil(int year, int month, int dom) {
    if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || dom < 1 || dom > month_days(year, month))
        return DAY_NONE;
    int y = month > 2 ? year : year - 1;
    int m = month > 2 ? month - 3 : month + 9;
    int days = y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + dom - 1;
    return (struct day){days - DAYS_BEFORE_1970};
}

void day_to_civil(struct day d, int *ret_year, int *ret_month, int *ret_dom) {
    CHECK(day_is(d));
    int days = d.v + DAYS_BEFORE_1970;
    int century4 = days / DAYS_400_YEARS;
    int rest = days % DAYS_400_YEARS;
    /* Take out the leap days that have passed: 1460 days end a 4-year group, 36524 a century, 146096 the cycle. */
    int year_of_cycle = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
    int day_of_year = rest - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    int m = (5 * day_of_year + 2) / 153;
    *ret_dom = day_of_year - (153 * m + 2) / 5 + 1;
    *ret_month = m < 10 ? m + 3 : m - 9;
    *ret_year = century4 * 400 + year_of_cycle + (m >= 10);
}

static bool digits_read(const char *p, size_t n, int *ret) {
    int v = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9') return false;
        v = v * 10 + (p[i] - '0');
    }
    *ret = v;
    return true;
}

bool day_parse(struct str s, struct day *ret) {
    int year, month, dom;
    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-') return false;
    if (!digits_read(s.p, 4, &year) || !digits_read(s.p + 5, 2, &month) || !digits_read(s.p + 8, 2, &dom)) return false;
    if (year < 1800) return false;
    struct day d = day_from_civil(year, month, dom);
    if (!day_is(d)) return false;
    *ret = d;
    return true;
}

static void digits_write(char *p, size_t n, int v) {
    while (n-- > 0) {
        p[n] = (char)('0' + v % 10);
        v /= 10;
    }
}

size_t day_format(struct day d, char out[11]) {
    if (!day_is(d)) {
        out[0] = 0;
        return 0;
    }
    int year, month, dom;
    day_to_civil(d, &year, &month, &dom);
    digits_write(out, 4, year);
    out[4] = '-';
    digits_write(out + 5, 2, month);
    out[7] = '-';
    digits_write(out + 8, 2, dom);
    out[10] = 0;
    return 10;
}

struct day day_add(struct day d, int32_t days) {
    if (!day_is(d)) return d;
    int64_t v = (int64_t)d.v + days;
    if (v < day_from_civil(YEAR_MIN, 1, 1).v) return DAY_NONE;
    if (v > day_from_civil(YEAR_MAX, 12, 31).v) return DAY_OPEN;
    return (struct day){(int32_t)v};
}

struct day day_add_years(struct day d, int years) {
    if (!day_is(d)) return d;
    int year, month, dom;
    day_to_civil(d, &year, &month, &dom);
    int64_t wanted = (int64_t)year + years;
    if (wanted < YEAR_MIN) return DAY_NONE;
    if (wanted > YEAR_MAX) return DAY_OPEN;
    int last = month_days((int)wanted, month);
    return day_from_civil((int)wanted, month, dom < last ? dom : last);
}

int day_age_years(struct day born, struct day on) {
    int year_born, year_on, month, dom;
    day_to_civil(born, &year_born, &month, &dom);
    day_to_civil(on, &year_on, &month, &dom);
    int years = year_on - year_born;
    return day_add_years(born, years).v > on.v ? years - 1 : years;
}

bool day_in(struct day d, struct day_range r) { return day_is(d) && d.v >= r.from.v && d.v <= r.to.v; }

struct day_range period_calendar_year(struct day d) {
    int year, month, dom;
    day_to_civil(d, &year, &month, &dom);
    return (struct day_range){day_from_civil(year, 1, 1), day_from_civil(year, 12, 31)};
}

struct day_range period_policy_year(struct day d, struct day start, struct day end) {
    CHECK(day_is(start) && day_is(d) && d.v >= start.v && end.v != DAY_NONE.v);
    int years = day_age_years(start, d);
    struct day from = day_add_years(start, years);
    struct day to = day_add(day_add_years(start, years + 1), -1);
    return (struct day_range){from, to.v < end.v ? to : end};
}
