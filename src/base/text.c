/* text — borrowed text: comparison, hashing, UTF-8, terminal columns.
 *
 * Who uses it: every room. Invariant: no function reads past s.n or needs a NUL. Everything is byte-wise and without
 * locale, so that the same input gives the same answer on every machine.
 * Sources: RFC 3629 (UTF-8); Unicode 14, UAX #11 (East Asian Width) and general categories Mn, Me, Cf.
 */
#include <string.h>

#include "base/base.h"

struct str str_from(const char *cstr) {
    if (!cstr) return (struct str){NULL, 0};
    return (struct str){cstr, strlen(cstr)};
}

bool str_eq(struct str a, struct str b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }

int str_cmp(struct str a, struct str b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    if (order) return order;
    return (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, struct str prefix) {
    return prefix.n <= s.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool str_contains(struct str s, struct str part) {
    if (part.n == 0) return true;
    return s.n >= part.n && memmem(s.p, s.n, part.p, part.n) != NULL;
}

/* ---- hash ------------------------------------------------------------------------------------ */

static inline uint64_t load_le(const char *p, size_t n) {
    uint64_t v = 0;
    memcpy(&v, p, n);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

/* Multiplies to 128 bits and folds the halves: every input bit reaches every output bit. */
static uint64_t hash_mix(uint64_t a, uint64_t b) {
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Fewer than eight bytes, each of them at least once. */
static uint64_t load_few(const char *p, size_t n) {
    if (n >= 4) return load_le(p, 4) | load_le(p + n - 4, 4) << 32;
    return (uint64_t)(unsigned char)p[0] | (uint64_t)(unsigned char)p[n / 2] << 8 | (uint64_t)(unsigned char)p[n - 1] << 16;
}

/* Eight bytes a step, the last step overlapping the one before; codes of 8 to 24 bytes are the workload. The odd constants
 * are digits of pi and of e. */
uint64_t str_hash(struct str s) {
    const uint64_t k1 = 0x243f6a8885a308d3, k2 = 0xb7e151628aed2a6b;
    uint64_t h = k1 ^ s.n;
    const char *p = s.p;
    size_t n = s.n;
    for (; n > 8; p += 8, n -= 8) h = hash_mix(h ^ load_le(p, 8), k2);
    if (s.n >= 8) h = hash_mix(h ^ load_le(p + n - 8, 8), k2);
    else if (n) h = hash_mix(h ^ load_few(p, n), k2);
    return hash_mix(h ^ k1, k2 ^ s.n);
}

/* ---- UTF-8 ----------------------------------------------------------------------------------- */

bool utf8_next(struct str s, size_t *at, uint32_t *ret_cp) {
    if (*at >= s.n) return false;
    const unsigned char *p = (const unsigned char *)s.p + *at;
    size_t left = s.n - *at;
    if (p[0] < 0x80) {
        *ret_cp = p[0];
        *at += 1;
        return true;
    }
    size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || n > left) return false; /* c0, c1: overlong; f5..: above U+10FFFF */
    uint32_t cp = p[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) return false;
        cp = cp << 6 | (p[i] & 0x3fu);
    }
    if ((n == 3 && cp < 0x800) || (n == 4 && cp < 0x10000)) return false;
    if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff)) return false;
    *ret_cp = cp;
    *at += n;
    return true;
}

bool utf8_check(struct str s) {
    size_t at = 0;
    uint32_t cp;
    while (at < s.n) {
        if (s.n - at >= 8 && (load_le(s.p + at, 8) & 0x8080808080808080) == 0) at += 8;
        else if (!utf8_next(s, &at, &cp)) return false;
    }
    return true;
}

/* ---- columns --------------------------------------------------------------------------------- */

struct cp_range {
    uint32_t first, last;
};

/* East Asian Width W and F; unassigned code points between two wide ones are merged in. */
static const struct cp_range wide_ranges[] = {
    {0x1100, 0x115f}, {0x231a, 0x231b}, {0x2329, 0x232a}, {0x23e9, 0x23ec}, {0x23f0, 0x23f0},
    {0x23f3, 0x23f3}, {0x25fd, 0x25fe}, {0x2614, 0x2615}, {0x2648, 0x2653}, {0x267f, 0x267f},
    {0x2693, 0x2693}, {0x26a1, 0x26a1}, {0x26aa, 0x26ab}, {0x26bd, 0x26be}, {0x26c4, 0x26c5},
    {0x26ce, 0x26ce}, {0x26d4, 0x26d4}, {0x26ea, 0x26ea}, {0x26f2, 0x26f3}, {0x26f5, 0x26f5},
    {0x26fa, 0x26fa}, {0x26fd, 0x26fd}, {0x2705, 0x2705}, {0x270a, 0x270b}, {0x2728, 0x2728},
    {0x274c, 0x274c}, {0x274e, 0x274e}, {0x2753, 0x2755}, {0x2757, 0x2757}, {0x2795, 0x2797},
    {0x27b0, 0x27b0}, {0x27bf, 0x27bf}, {0x2b1b, 0x2b1c}, {0x2b50, 0x2b50}, {0x2b55, 0x2b55},
    {0x2e80, 0x303e}, {0x3041, 0x3247}, {0x3250, 0x4dbf}, {0x4e00, 0xa4c6}, {0xa960, 0xa97c},
    {0xac00, 0xd7a3}, {0xf900, 0xfad9}, {0xfe10, 0xfe19}, {0xfe30, 0xfe6b}, {0xff01, 0xff60},
    {0xffe0, 0xffe6}, {0x16fe0, 0x1b2fb}, {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e},
    {0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c}, {0x1f37e, 0x1f393},
    {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0}, {0x1f3f4, 0x1f3f4}, {0x1f3f8, 0x1f43e},
    {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc}, {0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f54e}, {0x1f550, 0x1f567},
    {0x1f57a, 0x1f57a}, {0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5},
    {0x1f6cc, 0x1f6cc}, {0x1f6d0, 0x1f6d2}, {0x1f6d5, 0x1f6df}, {0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc},
    {0x1f7e0, 0x1f7f0}, {0x1f90c, 0x1f93a}, {0x1f93c, 0x1f945}, {0x1f947, 0x1f9ff}, {0x1fa70, 0x1faf6},
    {0x20000, 0x2fffd}, {0x30000, 0x3fffd},
};

/* Combining and format characters of the scripts written in China, of Latin, Cyrillic, Hebrew, Arabic and Thai. */
static const struct cp_range zero_ranges[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f}, {0x0670, 0x0670},
    {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x0f18, 0x0f19}, {0x0f35, 0x0f35}, {0x0f37, 0x0f37},
    {0x0f39, 0x0f39}, {0x0f71, 0x0f7e}, {0x0f80, 0x0f84}, {0x0f86, 0x0f87}, {0x0f8d, 0x0fbc}, {0x0fc6, 0x0fc6},
    {0x180b, 0x180f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x206f},
    {0x20d0, 0x20f0}, {0x302a, 0x302d}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff},
    {0xe0001, 0xe01ef},
};

static bool ranges_hold(const struct cp_range *ranges, size_t count, uint32_t cp) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cp > ranges[middle].last) low = middle + 1;
        else high = middle;
    }
    return low < count && cp >= ranges[low].first;
}

size_t utf8_columns(struct str s) {
    size_t columns = 0, at = 0;
    while (at < s.n) {
        uint32_t cp = 0;
        if (!utf8_next(s, &at, &cp)) {
            at++; /* a broken byte is drawn as one replacement character */
            columns++;
        } else if (cp < 0x300) {
            columns += (cp >= 0x20 && cp < 0x7f) || cp >= 0xa0;
        } else if (!ranges_hold(zero_ranges, COUNT_OF(zero_ranges), cp)) {
            columns += ranges_hold(wide_ranges, COUNT_OF(wide_ranges), cp) ? 2 : 1;
        }
    }
    return columns;
}
