/* decimal — amounts, ratios and quantities as decimal text, both ways, without floating point.
 *
 * Who uses it: bill and CSV readers, every printer. Invariant: what is printed parses back to the same number; text
 * that is not exactly representable is refused, never rounded.
 * Grammar of what is read: "-"? ( "0" | [1-9][0-9]* ) ( "." [0-9]+ )?   ASCII digits only; no "+", no exponent, no
 * grouping, no blanks. "-0" is 0.
 */
#include <string.h>

#include "money/money.h"

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Appends a digit to a number that is kept negative, so that INT64_MIN is reached too. */
static bool digit_push(int64_t *negative, int digit) {
    int64_t shifted;
    return i64_mul(*negative, 10, &shifted) && i64_sub(shifted, digit, negative);
}

bool decimal_parse(struct str s, int scale, int64_t *ret) {
    CHECK(scale >= 0 && scale <= 18);
    size_t at = 0;
    int64_t negative = 0;
    bool minus = s.n > 0 && s.p[0] == '-';
    at += minus;
    size_t whole = at;
    for (; at < s.n && is_digit(s.p[at]); at++)
        if (!digit_push(&negative, s.p[at] - '0')) return false;
    if (at == whole || (s.p[whole] == '0' && at - whole > 1)) return false;
    int places = 0;
    if (at < s.n) {
        if (s.p[at++] != '.' || at == s.n) return false;
        for (; at < s.n && is_digit(s.p[at]); at++) {
            if (places == scale && s.p[at] != '0') return false;
            if (places < scale && !digit_push(&negative, s.p[at] - '0')) return false;
            places += places < scale;
        }
        if (at < s.n) return false;
    }
    for (; places < scale; places++)
        if (!digit_push(&negative, 0)) return false;
    if (!minus && negative == INT64_MIN) return false;
    *ret = minus ? negative : -negative;
    return true;
}

bool minor_parse(struct str s, const struct currency *c, struct minor *ret) {
    struct minor m;
    if (!decimal_parse(s, c->digits, &m.v) || !minor_check(m)) return false;
    *ret = m;
    return true;
}

/* Writes v with `scale` decimals from the end of the 40 bytes backwards; returns where it begins. */
static char *decimal_write(int64_t v, int scale, bool grouped, char *end) {
    uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    char *p = end;
    for (int i = 0; i < scale; i++, left /= 10) *--p = (char)('0' + left % 10);
    if (scale > 0) *--p = '.';
    int written = 0;
    do {
        if (grouped && written > 0 && written % 3 == 0) *--p = ',';
        *--p = (char)('0' + left % 10);
        left /= 10;
        written++;
    } while (left);
    if (v < 0) *--p = '-';
    return p;
}

static size_t text_finish(const char *begin, const char *end, char *out) {
    size_t n = (size_t)(end - begin);
    memcpy(out, begin, n);
    out[n] = 0;
    return n;
}

size_t minor_format(struct minor m, const struct currency *c, bool grouped, char out[40]) {
    char text[40];
    char *end = text + sizeof(text);
    return text_finish(decimal_write(m.v, c->digits, grouped, end), end, out);
}

/* Decimal text without trailing zeros behind the point. */
static size_t shortest_write(int64_t v, int scale, char *out) {
    char text[40];
    char *end = text + sizeof(text);
    const char *begin = decimal_write(v, scale, false, end);
    while (end[-1] == '0') end--; /* stops at the point at the latest */
    if (end[-1] == '.') end--;
    return text_finish(begin, end, out);
}

size_t ratio_format(int64_t ratio_ppm, char out[24]) { return shortest_write(ratio_ppm, 6, out); }

size_t ratio_format_percent(int64_t ratio_ppm, char out[24]) {
    size_t n = shortest_write(ratio_ppm, 4, out);
    memcpy(out + n, "%", 2);
    return n + 1;
}
