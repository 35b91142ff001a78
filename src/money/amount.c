/* amount — checked sums of amounts, and division with a named rounding mode.
 *
 * Who uses it: every room that touches money. Invariant: a result is exact under its named mode or the function says
 * no; no amount passes LIMIT_AMOUNT_MINOR. Workload: one or two ratio products for every bucket of every line, so the
 * common case stays in 64 bits and divides by a constant.
 */
#include "money/money.h"

static const struct {
    const char *en, *zh;
} round_names[ROUND_MODE_COUNT] = {
    [ROUND_EXACT] = {"exact", "须除尽"},           [ROUND_HALF_UP] = {"half-up", "四舍五入"},
    [ROUND_HALF_EVEN] = {"half-even", "四舍六入五成双"}, [ROUND_DOWN] = {"down", "舍去尾数"},
    [ROUND_UP] = {"up", "进一"},
};

const char *round_mode_name(enum round_mode m, bool zh) {
    CHECK((unsigned)m < ROUND_MODE_COUNT);
    return zh ? round_names[m].zh : round_names[m].en;
}

bool minor_check(struct minor a) { return a.v >= -LIMIT_AMOUNT_MINOR && a.v <= LIMIT_AMOUNT_MINOR; }

bool minor_add(struct minor a, struct minor b, struct minor *ret) {
    struct minor sum;
    if (!i64_add(a.v, b.v, &sum.v) || !minor_check(sum)) return false;
    *ret = sum;
    return true;
}

bool minor_sub(struct minor a, struct minor b, struct minor *ret) {
    struct minor difference;
    if (!i64_sub(a.v, b.v, &difference.v) || !minor_check(difference)) return false;
    *ret = difference;
    return true;
}

enum half { BELOW_HALF, HALF, ABOVE_HALF };

/* Whether the magnitude grows by one, given where the remainder (not 0) lies. */
static bool rounds_away(enum half where, bool odd, enum round_mode mode) {
    switch (mode) {
    case ROUND_HALF_UP: return where != BELOW_HALF;
    case ROUND_HALF_EVEN: return where == ABOVE_HALF || (where == HALF && odd);
    case ROUND_UP: return true;
    case ROUND_DOWN: return false;
    case ROUND_EXACT:
    case ROUND_MODE_COUNT: break;
    }
    base_check_failed("mode is a rounding mode that rounds", __FILE__, __LINE__);
}

/* Divides by a magnitude comparison, never by doubling the remainder: that could overflow. */
bool round_div(i128 num, i128 den, enum round_mode mode, int64_t *ret) {
    CHECK(den > 0 && (unsigned)mode < ROUND_MODE_COUNT);
    i128 quotient = num / den, remainder = num % den; /* toward zero; remainder has the sign of num */
    if (remainder != 0) {
        if (mode == ROUND_EXACT) return false;
        i128 size = remainder < 0 ? -remainder : remainder;
        enum half where = size > den - size ? ABOVE_HALF : size == den - size ? HALF : BELOW_HALF;
        if (rounds_away(where, quotient % 2 != 0, mode)) quotient += num < 0 ? -1 : 1;
    }
    if (quotient < INT64_MIN || quotient > INT64_MAX) return false;
    *ret = (int64_t)quotient;
    return true;
}

/* The same for products that fit 64 bits: the compiler turns the division by a constant into a multiplication. */
static bool ratio_div(int64_t product, enum round_mode mode, int64_t *ret) {
    int64_t quotient = product / RATIO_ONE, remainder = product % RATIO_ONE;
    if (remainder != 0) {
        if (mode == ROUND_EXACT) return false;
        int64_t twice = 2 * (remainder < 0 ? -remainder : remainder);
        enum half where = twice > RATIO_ONE ? ABOVE_HALF : twice == RATIO_ONE ? HALF : BELOW_HALF;
        if (rounds_away(where, quotient % 2 != 0, mode)) quotient += product < 0 ? -1 : 1;
    }
    *ret = quotient;
    return true;
}

bool minor_times_ratio(struct minor a, int64_t ratio_ppm, enum round_mode mode, struct minor *ret) {
    CHECK((unsigned)mode < ROUND_MODE_COUNT);
    int64_t product;
    struct minor result;
    bool fits = i64_mul(a.v, ratio_ppm, &product) ? ratio_div(product, mode, &result.v)
                                                  : round_div((i128)a.v * ratio_ppm, RATIO_ONE, mode, &result.v);
    if (!fits || !minor_check(result)) return false;
    *ret = result;
    return true;
}
