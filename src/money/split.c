/* split — largest remainder (Hamilton): an amount in parts, without losing or inventing a minor unit.
 *
 * Who uses it: settle (a benefit over lines and buckets, co-insurers), bill (rounding differences).
 * Invariant: the parts sum to the total; each part is the exact share rounded down or up; the units that are left go
 * to the largest remainders, ties to the earlier part; the same input gives the same answer everywhere.
 * Workload: 20 to 10,000 lines per payer and benefit, so no sort: reciprocal instead of division, and the remainders
 * are counted by their highest bits, so that only the few near the threshold are compared. Source: STYLE 20; Hamilton's method.
 */
#include <string.h>

#include "money/money.h"

__extension__ typedef unsigned __int128 u128;

/* All weights >= 0 and their sum within the limit. */
static bool weights_sum(const int64_t *weights, size_t count, uint64_t *ret_sum) {
    int64_t sum = 0, signs = 0;
    for (size_t i = 0; i < count; i++) {
        signs |= weights[i];
        if (__builtin_add_overflow(sum, weights[i], &sum)) return false;
    }
    if (signs < 0 || sum > LIMIT_AMOUNT_MINOR) return false;
    *ret_sum = (uint64_t)sum;
    return true;
}

/* Remainders lie in [0, sum): how many have which highest six bits. */
enum { SPREAD = 64, SPREAD_BITS = 6, CLOSE_MAX = 64 };

/* In pieces: as a whole it would become a string instruction, which is slow to start. `count` is a multiple of 16. */
static inline void words_clear(uint32_t *words, size_t count) {
    for (size_t i = 0; i < count; i += 16) memset(words + i, 0, 16 * sizeof(*words));
}

static unsigned spread_shift(uint64_t sum) {
    unsigned bits = 64 - (unsigned)__builtin_clzll(sum);
    return bits > SPREAD_BITS ? bits - SPREAD_BITS : 0;
}

/* Floors of total × weight / sum, their remainders, and how the remainders are spread. Returns the sum of the floors.
 * With m = ⌊(2^64−1)/sum⌋ the estimate ⌊x·m/2^64⌋ of ⌊x/sum⌋ is at most one too small for every x < 2^64:
 * 2^64 − m·sum <= sum, hence x/sum − x·m/2^64 <= x/2^64 < 1. */
static uint64_t shares_narrow(uint64_t total, const int64_t *weights, size_t count, uint64_t sum, int64_t *parts,
                              uint64_t *remainders, uint32_t spread[SPREAD]) {
    uint64_t reciprocal = UINT64_MAX / sum, given = 0;
    unsigned shift = spread_shift(sum);
    for (size_t i = 0; i < count; i++) {
        uint64_t product = total * (uint64_t)weights[i];
        uint64_t quotient = (uint64_t)(((u128)product * reciprocal) >> 64);
        uint64_t remainder = product - quotient * sum;
        uint64_t more = remainder >= sum;
        quotient += more;
        remainder -= more ? sum : 0;
        parts[i] = (int64_t)quotient;
        remainders[i] = remainder;
        spread[remainder >> shift]++;
        given += quotient;
    }
    return given;
}

static uint64_t shares_wide(uint64_t total, const int64_t *weights, size_t count, uint64_t sum, int64_t *parts,
                            uint64_t *remainders) {
    uint64_t given = 0;
    for (size_t i = 0; i < count; i++) {
        u128 product = (u128)total * (uint64_t)weights[i];
        parts[i] = (int64_t)(product / sum); /* <= total, since weight <= sum */
        remainders[i] = (uint64_t)(product % sum);
        given += (uint64_t)parts[i];
    }
    return given;
}

/* Moves the values above the pivot to the front, without branches on the data. Returns how many they are. */
static size_t partition_above(uint64_t *v, size_t n, uint64_t pivot) {
    size_t above = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t value = v[i];
        v[i] = v[above];
        v[above] = value;
        above += value > pivot;
    }
    return above;
}

/* The k-th largest of v[n], 1 <= k <= n, and how many units are left for values equal to it: k minus the number of
 * values above. Permutes v. The pivot is a value, not an element: by turns where an even spread would have the
 * answer, and the middle of the range. The middle halves the range every second round, so even crafted values cost
 * at most 2 × 50 passes; ordinary ones cost about three. */
static uint64_t select_largest(uint64_t *v, size_t n, size_t k, size_t *ret_ties) {
    for (unsigned round = 0;; round++) {
        uint64_t low = v[0], high = v[0];
        for (size_t i = 1; i < n; i++) {
            low = v[i] < low ? v[i] : low;
            high = v[i] > high ? v[i] : high;
        }
        if (low == high) {
            *ret_ties = k;
            return low;
        }
        uint64_t range = high - low; /* pivot in [low, high): both sides get something */
        uint64_t pivot = low + (round % 2 ? range / 2 : range / (n + 1) * (n - k));
        size_t above = partition_above(v, n, pivot);
        if (k <= above) {
            n = above;
        } else {
            v += above;
            n -= above;
            k -= above;
        }
    }
}

/* One more unit for each part whose remainder is above the threshold, and for the first `ties` equal to it. The
 * remainders are computed again, modulo 2^64: the selection has permuted them. */
static void units_give(uint64_t total, const int64_t *weights, size_t count, uint64_t sum, int64_t *parts,
                       uint64_t threshold, size_t ties) {
    for (size_t i = 0; i < count; i++) {
        uint64_t remainder = total * (uint64_t)weights[i] - (uint64_t)parts[i] * sum;
        bool equal = remainder == threshold && ties > 0;
        ties -= equal;
        parts[i] += (remainder > threshold) | equal;
    }
}

/* One more unit for each of the k largest remainders: all that lie above the 64th where the k-th is, and of those inside
 * it, which are few, the largest, the earlier first. False when they are too many (equal weights make equal
 * remainders): then parts are untouched and a selection over all must do. */
static bool units_add(const uint64_t *remainders, size_t count, uint64_t sum, const uint32_t spread[SPREAD], size_t k, int64_t *parts) {
    unsigned shift = spread_shift(sum);
    uint64_t at = (sum - 1) >> shift;
    while (k > spread[at]) k -= spread[at--]; /* ends: all together are more than k */
    if (spread[at] > CLOSE_MAX || count > UINT32_MAX) return false;
    uint32_t close[CLOSE_MAX]; /* numbers of those inside, largest first, equal ones in their order */
    words_clear(close, CLOSE_MAX);
    size_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t where = remainders[i] >> shift;
        parts[i] += where > at;
        if (where != at) continue;
        size_t place = n++;
        for (; place > 0 && remainders[close[place - 1]] < remainders[i]; place--) close[place] = close[place - 1];
        close[place] = i;
    }
    for (size_t i = 0; i < k; i++) parts[close[i]]++;
    return true;
}

static void split_narrow(uint64_t size, const int64_t *weights, size_t count, uint64_t sum, int64_t *parts, uint64_t *scratch) {
    uint32_t spread[SPREAD];
    words_clear(spread, SPREAD);
    uint64_t given = shares_narrow(size, weights, count, sum, parts, scratch, spread);
    if (given == size || units_add(scratch, count, sum, spread, (size_t)(size - given), parts)) return;
    size_t ties;
    uint64_t threshold = select_largest(scratch, count, (size_t)(size - given), &ties);
    units_give(size, weights, count, sum, parts, threshold, ties);
}

static void split_wide(uint64_t size, const int64_t *weights, size_t count, uint64_t sum, int64_t *parts, uint64_t *scratch) {
    uint64_t given = shares_wide(size, weights, count, sum, parts, scratch);
    if (given == size) return;
    size_t ties;
    uint64_t threshold = select_largest(scratch, count, (size_t)(size - given), &ties);
    units_give(size, weights, count, sum, parts, threshold, ties);
}

bool split_largest_remainder(int64_t total, const int64_t *weights, size_t count, int64_t *ret_parts,
                             uint64_t *scratch) {
    uint64_t sum;
    if (!minor_check((struct minor){total}) || !weights_sum(weights, count, &sum)) return false;
    if (total == 0 || sum == 0) {
        if (total != 0) return false;
        for (size_t i = 0; i < count; i++) ret_parts[i] = 0;
        return true;
    }
    uint64_t size = total < 0 ? (uint64_t)-total : (uint64_t)total, most;
    bool narrow = !__builtin_mul_overflow(size, sum, &most) && most <= INT64_MAX;
    (narrow ? split_narrow : split_wide)(size, weights, count, sum, ret_parts, scratch);
    if (total < 0)
        for (size_t i = 0; i < count; i++) ret_parts[i] = -ret_parts[i];
    return true;
}
