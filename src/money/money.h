/* money — minor units, exact ratios, named rounding, splitting without loss, currencies; days and periods.
 *
 * Pure: no clock, locale or floating point (STYLE 7, 20). Who uses it: every room that touches an amount.
 * Invariants: an operation that would overflow or pass LIMIT_AMOUNT_MINOR says so; what is split sums to the whole.
 */
#ifndef YIJIE_MONEY_H
#define YIJIE_MONEY_H

#include "base/base.h"

/* ---- amounts and ratios ---------------------------------------------------------------------- */

/* Money in the minor unit of its currency (fen for CNY). The currency travels beside it, never inside. */
struct minor {
    int64_t v;
};

/* An exact ratio in millionths: 80% is 800'000. Percentages with up to four decimals are exact. */
enum { RATIO_ONE = 1'000'000 };

enum round_mode {
    ROUND_EXACT,     /* the division must come out even, else failure */
    ROUND_HALF_UP,   /* 四舍五入: halves away from zero */
    ROUND_HALF_EVEN,
    ROUND_DOWN,      /* toward zero */
    ROUND_UP,        /* away from zero */
    ROUND_MODE_COUNT
};
const char *round_mode_name(enum round_mode m, bool zh); /* "half-up" / "四舍五入" … */

bool minor_add(struct minor a, struct minor b, struct minor *ret); /* false: overflow or beyond the limit */
bool minor_sub(struct minor a, struct minor b, struct minor *ret);
bool minor_check(struct minor a); /* |a| <= LIMIT_AMOUNT_MINOR */

__extension__ typedef __int128 i128; /* products of two amounts or of an amount and a ratio */

/* num / den under the mode, den > 0. False when the result passes 64 bits or ROUND_EXACT leaves a remainder. */
bool round_div(i128 num, i128 den, enum round_mode mode, int64_t *ret);
/* amount × ppm / 1'000'000 under the mode. */
bool minor_times_ratio(struct minor a, int64_t ratio_ppm, enum round_mode mode, struct minor *ret);

/* Largest remainder (Hamilton): splits `total` in proportion to weights[count] (all >= 0, sum > 0 unless total is 0).
 * parts sum to total exactly; ties go to the earlier part; a negative total is split by its absolute value.
 * `scratch` holds `count` elements; ret_parts must not overlap weights. |total| <= LIMIT_AMOUNT_MINOR, sum of weights likewise. Cost O(count) on average. */
bool split_largest_remainder(int64_t total, const int64_t *weights, size_t count, int64_t *ret_parts, uint64_t *scratch);

/* ---- currencies ------------------------------------------------------------------------------ */

struct currency {
    char code[4];       /* ISO 4217 letters */
    uint16_t number;    /* ISO 4217 number */
    int8_t digits;      /* minor digits: CNY 2, JPY 0, KWD 3 */
    const char *zh, *en;
};
const struct currency *currency_find(struct str code); /* NULL when unknown */
const struct currency *currency_at(size_t index);      /* NULL behind the last; order by code */

/* "852,000.00" for people, "852000.00" when !grouped. Writes at most 40 bytes with the NUL; returns the length. */
size_t minor_format(struct minor m, const struct currency *c, bool grouped, char out[40]);
/* Decimal text ("1234.5", "-0.07") to minor units; more digits than the currency has are refused unless zero. */
bool minor_parse(struct str s, const struct currency *c, struct minor *ret);
/* "0.8", "0.85", "1" from millionths: shortest exact decimal. At most 24 bytes with the NUL. */
size_t ratio_format(int64_t ratio_ppm, char out[24]);
/* "80%", "12.5%": at most 24 bytes. */
size_t ratio_format_percent(int64_t ratio_ppm, char out[24]);
/* Decimal text to a scaled integer with exactly `scale` (0..18) decimals (quantities: 4, prices: 6). Refuses more
 * non-zero digits. Strict: "-"? whole part without extra leading zeros, then "." and digits or nothing; so no "+1",
 * ".5", "1.", "1e3", "1,000" or blanks. "-0" is 0. minor_parse reads the same grammar. */
bool decimal_parse(struct str s, int scale, int64_t *ret);

/* ---- days and periods ------------------------------------------------------------------------ */

/* A civil day: days since 1970-01-01, proleptic Gregorian, no time zone. */
struct day {
    int32_t v;
};
#define DAY_NONE ((struct day){INT32_MIN})      /* absent; also "open" as a beginning */
#define DAY_OPEN ((struct day){INT32_MAX})      /* open end */
static inline bool day_is(struct day d) { return d.v != INT32_MIN && d.v != INT32_MAX; }

bool day_parse(struct str s, struct day *ret); /* yyyy-mm-dd, years 1800..9999, real dates only */
size_t day_format(struct day d, char out[11]); /* DAY_NONE and DAY_OPEN give "" */
struct day day_from_civil(int year, int month, int dom); /* years 1..9999; DAY_NONE when there is no such day */
void day_to_civil(struct day d, int *ret_year, int *ret_month, int *ret_dom);
/* Arithmetic that leaves the years 1..9999 gives DAY_NONE (before) or DAY_OPEN (behind), which stay what they are. */
struct day day_add(struct day d, int32_t days);
struct day day_add_years(struct day d, int years); /* 29 February becomes 28 February in a common year */
/* Whole years, rounded down: the number of anniversaries (as day_add_years makes them) reached; negative when on < born. */
int day_age_years(struct day born, struct day on);

struct day_range {
    struct day from, to; /* both inclusive; to may be DAY_OPEN */
};
bool day_in(struct day d, struct day_range r);

struct day_range period_calendar_year(struct day d);
/* The policy year that holds d: years counted from `start` (anniversaries), cut at `end` (may be DAY_OPEN, never
 * DAY_NONE). d >= start. When d lies behind `end` the range does not hold d, and may be empty (to < from). */
struct day_range period_policy_year(struct day d, struct day start, struct day end);

#endif
