/* event — types of events, 128-bit ids, the leaf, and the failures of the room.
 *
 * Who uses it: the other files of the room; ids everywhere. Invariant: the text whose hash is the leaf is canonical JSON (RFC 8785) when `open` is, so that
 * anybody can make it again from what the feed gives. Source: DESIGN §8, RFC 6962 section 2.1 (0x00 before a leaf).
 */
#include <stdio.h>
#include <string.h>

#include "journal/internal.h"

static const struct {
    const char *code, *zh, *en, *hint_zh, *hint_en;
} errors[JOURNAL_ERROR_COUNT] = {
#define X(id, code, zh, en, hint_zh, hint_en) [JOURNAL_FAILED_##id] = {code, zh, en, hint_zh, hint_en},
#include "journal/errors.def"
#undef X
};

struct status journal_fail(struct arena *a, enum journal_error which, struct str place, const struct error *cause) {
    return status_error(a, (struct error){.code = errors[which].code,
                                          .place = place,
                                          .zh = str_from(errors[which].zh),
                                          .en = str_from(errors[which].en),
                                          .hint_zh = str_from(errors[which].hint_zh),
                                          .hint_en = str_from(errors[which].hint_en),
                                          .cause = cause});
}

/* ---- types --------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int32_t version;
} types[JOURNAL_TYPE_COUNT] = {
#define X(id, name, version) [JOURNAL_##id] = {name, version},
#include "journal/types.def"
#undef X
};

const char *journal_type_name(enum journal_type t) {
    CHECK(t < JOURNAL_TYPE_COUNT);
    return types[t].name;
}

int32_t journal_type_version(enum journal_type t) {
    CHECK(t < JOURNAL_TYPE_COUNT);
    return types[t].version;
}

bool journal_type_parse(struct str name, enum journal_type *ret) {
    for (enum journal_type t = 0; t < JOURNAL_TYPE_COUNT; t++) {
        if (!str_eq(name, str_from(types[t].name))) continue;
        *ret = t;
        return true;
    }
    return false;
}

/* ---- ids ------------------------------------------------------------------------------------------- */

bool id128_equal(const struct id128 *a, const struct id128 *b) { return memcmp(a->b, b->b, sizeof(a->b)) == 0; }

bool id128_is_zero(const struct id128 *a) { return id128_equal(a, &(struct id128){{0}}); }

void id128_hex(const struct id128 *id, char out[33]) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof(id->b); i++) {
        out[2 * i] = digits[id->b[i] >> 4];
        out[2 * i + 1] = digits[id->b[i] & 15];
    }
    out[32] = 0;
}

bool id128_parse(struct str hex, struct id128 *ret) {
    struct id128 id = {{0}};
    if (hex.n != 2 * sizeof(id.b)) return false;
    for (size_t i = 0; i < hex.n; i++) {
        char c = hex.p[i];
        unsigned value = c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 16;
        if (value == 16) return false;
        id.b[i / 2] = (uint8_t)((unsigned)id.b[i / 2] << 4 | value);
    }
    *ret = id;
    return true;
}

/* Most significant byte first, so that ids sort as their parts do. */
static void number_put(uint8_t *at, size_t n, uint64_t v) {
    for (size_t i = n; i-- > 0; v >>= 8) at[i] = (uint8_t)v;
}

static uint64_t number_get(const uint8_t *at, size_t n) {
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) v = v << 8 | at[i];
    return v;
}

enum { ID_MS_BYTES = 6, ID_COUNT_BYTES = 2, ID_CARRIED_BYTES = 8 };

struct id128 id128_make(int64_t at_ms, uint16_t count, uint64_t carried) {
    struct id128 id = {{0}};
    CHECK(at_ms >= 0 && at_ms < INT64_C(1) << 48);
    number_put(id.b, ID_MS_BYTES, (uint64_t)at_ms);
    number_put(id.b + ID_MS_BYTES, ID_COUNT_BYTES, count);
    number_put(id.b + ID_MS_BYTES + ID_COUNT_BYTES, ID_CARRIED_BYTES, carried);
    return id;
}

uint64_t id128_carried(const struct id128 *id) { return number_get(id->b + ID_MS_BYTES + ID_COUNT_BYTES, ID_CARRIED_BYTES); }

int64_t id128_ms(const struct id128 *id) { return (int64_t)number_get(id->b, ID_MS_BYTES); }

/* ---- the leaf --------------------------------------------------------------------------------------- */

/* "hex" in quotes, or null. */
static const char *id_member(const struct id128 *id, char out[36]) {
    if (id128_is_zero(id)) return "null";
    out[0] = '"';
    id128_hex(id, out + 1);
    out[33] = '"';
    out[34] = 0;
    return out;
}

void journal_leaf(struct sha256 *h, const struct journal_event *ev, struct digest *ret) {
    char before[96], after[192], person[36], subject[36];
    int n = snprintf(before, sizeof(before), "{\"at\":%lld,\"cover\":\"%lld\",\"open\":", (long long)ev->at_ms, (long long)ev->cover);
    int m = snprintf(after, sizeof(after), ",\"person\":%s,\"subject\":%s,\"type\":\"%s\",\"version\":%d}", id_member(&ev->person, person),
                     id_member(&ev->subject, subject), journal_type_name(ev->type), (int)ev->version);
    CHECK(n > 0 && (size_t)n < sizeof(before) && m > 0 && (size_t)m < sizeof(after));
    sha256_start(h);
    sha256_add(h, bytes_view("\0", 1));
    sha256_add(h, bytes_view(before, (size_t)n));
    sha256_add(h, ev->open);
    sha256_add(h, bytes_view(after, (size_t)m));
    sha256_add(h, bytes_view(ev->commitment.b, sizeof(ev->commitment.b)));
    sha256_finish(h, ret);
}
