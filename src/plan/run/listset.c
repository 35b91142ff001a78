/* plan/run/listset — lists as look-up structures.
 *
 * Who uses it: compiler and runs. Workload: each line of a bill against lists of 20 to 50,000 codes, so a look-up must not become slower because a
 * list is long: a bucket of fingerprints leads to one record, each in one cache line, and the look-ups of a bill overlap their memory
 * accesses. Invariant: the answer is that of a walk over the entries in written order (tests/test_listset.c compares).
 * Source: docs/plan-language.md §6.
 */
#include "plan/run/listset.h"

#include <stdlib.h>
#include <string.h>

#if defined(__SSE2__) && !defined(LISTSET_PORTABLE)
#include <emmintrin.h>
#endif

#include "plan/run/bytes.h"

enum { TEXT_INLINE_MAX = 64, BATCH = 64, NO_RECORD = 0 };

/* A text and its entry; the text follows inline, or a pointer to it when it is longer than a code of a bill can be. One cache line holds it. */
struct record {
    uint16_t entry;
    uint8_t text_bytes; /* TEXT_OUTSIDE: a pointer follows */
    bool chained;       /* dated, or several entries with this text: the list's own dates and `next` decide */
};
enum { TEXT_OUTSIDE = UINT8_MAX };
/* Eight places in half a cache line: fingerprints are compared all at once, so that no branch depends on where a code stands. */
enum { LANES = 8 };
struct bucket {
    uint16_t fingerprints[LANES]; /* 0 free; from the first lane on */
    uint16_t records[LANES];      /* + 1 */
};
struct table {
    struct bucket *buckets;
    uint32_t mask;
    uint32_t stride;
    char *records;
    uint32_t count;
};
struct range {
    struct str from, to;
    int32_t entry;
    uint32_t reaches; /* the range among [0, this] that ends last */
};
struct name {
    struct str text;
    int32_t entry;
    int32_t next; /* same bucket, in written order; -1 at the end */
};
struct listset {
    const struct plan_list *list;
    struct table codes, prefixes;
    uint8_t *lengths; /* of prefixes, each once; a prefix longer than 255 matches no code of a bill */
    uint32_t length_count;
    struct range *ranges;
    uint32_t range_count;
    struct name *names;
    int32_t *name_buckets; /* by first character */
    uint32_t name_count, name_mask;
    int32_t *shares; /* by entry; NULL when none is written */
    uint16_t *next;  /* by entry: the next one with the same text, + 1; 0 at the end */
    bool groups;
};

/* ---- texts ------------------------------------------------------------------------------------------- */

static bool in_force(const struct plan_entry *e, struct day on) { return on.v >= e->on.from.v && on.v <= e->on.to.v; }

/* ---- table of texts ------------------------------------------------------------------------------------ */

static inline const struct record *record_at(const struct table *t, uint32_t number) {
    return (const struct record *)(const void *)(t->records + (size_t)(number - 1) * t->stride);
}

/* Texts outside are long: compared at their place. */
__attribute__((noinline, cold)) static bool outside_equal(const struct record *r, const char *text, size_t n) {
    struct str outside;
    memcpy(&outside, r + 1, sizeof(outside));
    return str_eq(outside, (struct str){text, n});
}
static inline bool record_is(const struct record *r, const char *text, size_t n) {
    if (r->text_bytes == TEXT_OUTSIDE) return outside_equal(r, text, n);
    return r->text_bytes == n && bytes_equal((const char *)(r + 1), text, n);
}

/* Records of up to a cache line have a power of two as size, so that none crosses a line. */
static uint32_t stride_of(size_t text_bytes_max) {
    size_t text_bytes = text_bytes_max > TEXT_INLINE_MAX ? TEXT_INLINE_MAX : text_bytes_max;
    size_t size = sizeof(struct record) + (text_bytes < sizeof(struct str) ? sizeof(struct str) : text_bytes), stride = 32;
    while (stride < size) stride *= 2;
    return (uint32_t)(size <= 64 ? stride : (size + 3) & ~(size_t)3);
}

static bool table_init(struct table *t, struct arena *a, uint32_t count, size_t text_bytes_max) {
    if (count == 0) return true;
    uint32_t buckets = 1;
    while (buckets * LANES < count + count / 2) buckets *= 2;
    t->stride = stride_of(text_bytes_max);
    t->mask = buckets - 1;
    t->buckets = arena_array_alloc(a, buckets, sizeof(struct bucket), 64);
    t->records = arena_array_alloc(a, count, t->stride, 64);
    return t->buckets && t->records;
}

static inline uint16_t fingerprint(uint64_t hash) {
    uint16_t f = (uint16_t)(hash >> 48);
    return f ? f : 1;
}

/* The lanes of a bucket that have the fingerprint, as one set without branches. */
#if defined(__SSE2__) && !defined(LISTSET_PORTABLE)
static inline uint32_t bucket_equal(const struct bucket *b, uint16_t wanted) { /* bit i: lane i */
    __m128i equal = _mm_cmpeq_epi16(_mm_load_si128((const __m128i *)(const void *)b->fingerprints), _mm_set1_epi16((short)wanted));
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128()));
}
static inline uint32_t lane_of(uint32_t equal) { return (uint32_t)__builtin_ctz(equal); }
#else
/* Of four lanes: the highest bit of each that is equal. */
static inline uint64_t lanes_equal(const uint16_t *lanes, uint64_t wanted) {
    uint64_t v = bytes_load8((const char *)lanes) ^ wanted * 0x0001000100010001;
    return ~(((v & 0x7fff7fff7fff7fff) + 0x7fff7fff7fff7fff) | v | 0x7fff7fff7fff7fff);
}
static inline uint64_t bucket_equal(const struct bucket *b, uint16_t wanted) { /* bit 16·i: lane i, bit 16·i + 1: lane 4 + i */
    return lanes_equal(b->fingerprints, wanted) >> 15 | lanes_equal(b->fingerprints + 4, wanted) >> 14;
}
static inline uint32_t lane_of(uint64_t equal) {
    uint32_t bit = (uint32_t)__builtin_ctzll(equal), lane = bit / 16;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    lane = 3 - lane;
#endif
    return lane + bit % 2 * 4;
}
#endif

/* The record of the text, NO_RECORD when it is not there. A bucket that is not full ends the search. */
static inline uint32_t table_find(const struct table *t, const char *text, size_t n, uint64_t hash) {
    for (uint32_t at = (uint32_t)hash & t->mask;; at = (at + 1) & t->mask) {
        const struct bucket *b = &t->buckets[at];
        for (__typeof__(bucket_equal(b, 0)) equal = bucket_equal(b, fingerprint(hash)); equal; equal &= equal - 1) {
            uint32_t number = b->records[lane_of(equal)];
            if (record_is(record_at(t, number), text, n)) return number;
        }
        if (b->fingerprints[LANES - 1] == 0) return NO_RECORD;
    }
}

static struct record *record_change(struct table *t, uint32_t number) {
    return (struct record *)(void *)(t->records + (size_t)(number - 1) * t->stride);
}

static bool undated(struct day_range on) { return on.from.v == DAY_NONE.v && on.to.v == DAY_OPEN.v; }

static void table_add(struct listset *s, struct table *t, struct str text, int32_t entry, struct day_range on) {
    uint64_t hash = str_hash(text);
    uint32_t found = table_find(t, text.p, text.n, hash);
    if (found) { /* behind the last of its text */
        struct record *r = record_change(t, found);
        uint32_t last = r->entry;
        while (s->next[last]) last = s->next[last] - 1U;
        s->next[last] = (uint16_t)(entry + 1);
        r->chained = true;
        return;
    }
    struct record *r = record_change(t, ++t->count);
    bool inside = text.n <= TEXT_INLINE_MAX;
    *r = (struct record){.entry = (uint16_t)entry, .text_bytes = inside ? (uint8_t)text.n : TEXT_OUTSIDE, .chained = !undated(on)};
    if (inside) memcpy(r + 1, text.p, text.n);
    else memcpy(r + 1, &text, sizeof(text));
    uint32_t at = (uint32_t)hash & t->mask, lane = 0;
    while (t->buckets[at].fingerprints[LANES - 1]) at = (at + 1) & t->mask;
    while (t->buckets[at].fingerprints[lane]) lane++;
    t->buckets[at].fingerprints[lane] = fingerprint(hash);
    t->buckets[at].records[lane] = (uint16_t)t->count;
}

/* The first entry of a text that is in force. */
static int32_t chain_find(const struct listset *s, uint32_t entry, struct day on) {
    for (;;) {
        if (in_force(&s->list->entries[entry], on)) return (int32_t)entry;
        if (!s->next[entry]) return LISTSET_NONE;
        entry = s->next[entry] - 1U;
    }
}
static inline int32_t record_entry(const struct listset *s, const struct table *t, uint32_t number, struct day on) {
    if (number == NO_RECORD) return LISTSET_NONE;
    const struct record *r = record_at(t, number);
    return r->chained ? chain_find(s, r->entry, on) : r->entry;
}

/* ---- ranges -------------------------------------------------------------------------------------------- */

/* A range covers what is <= `to` or begins with it: the end of "A" lies behind that of "AB". */
static int end_cmp(struct str a, struct str b) {
    if (str_starts(a, b)) return a.n == b.n ? 0 : -1;
    if (str_starts(b, a)) return 1;
    return str_cmp(a, b);
}
static bool end_covers(struct str to, struct str code) { return str_cmp(code, to) <= 0 || str_starts(code, to); }

static int range_order(const void *x, const void *y) {
    const struct range *a = x, *b = y;
    int order = str_cmp(a->from, b->from);
    return order ? order : (a->entry > b->entry) - (a->entry < b->entry);
}

static void ranges_finish(struct listset *s) {
    if (s->range_count == 0) return;
    qsort(s->ranges, s->range_count, sizeof(*s->ranges), range_order);
    for (uint32_t i = 1; i < s->range_count; i++) {
        uint32_t before = s->ranges[i - 1].reaches;
        s->ranges[i].reaches = end_cmp(s->ranges[i].to, s->ranges[before].to) > 0 ? i : before;
    }
}

/* The smallest entry in force among the ranges that cover the code, if smaller than `best`. */
static int32_t ranges_find(const struct listset *s, struct str code, struct day on, int32_t best) {
    uint32_t low = 0, high = s->range_count; /* first range that begins behind the code */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (str_cmp(s->ranges[middle].from, code) <= 0) low = middle + 1;
        else high = middle;
    }
    for (uint32_t i = low; i-- > 0;) {
        const struct range *r = &s->ranges[i];
        if (!end_covers(s->ranges[r->reaches].to, code)) break;
        bool better = best == LISTSET_NONE || r->entry < best;
        if (better && end_covers(r->to, code) && in_force(&s->list->entries[r->entry], on)) best = r->entry;
    }
    return best;
}

/* ---- names --------------------------------------------------------------------------------------------- */

static size_t character_bytes(const char *p, size_t n) {
    unsigned char c = (unsigned char)*p;
    size_t bytes = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    return bytes < n ? bytes : n;
}
static uint32_t character_bucket(const struct listset *s, const char *p, size_t n) {
    uint32_t v = 0;
    memcpy(&v, p, n);
    return (v * 0x9e3779b1u >> 16) & s->name_mask;
}

static bool names_init(struct listset *s, struct arena *a, uint32_t count) {
    if (count == 0) return true;
    uint32_t buckets = 16;
    while (buckets < count && buckets < 1U << 15) buckets *= 2;
    s->name_mask = buckets - 1;
    s->names = ARENA_ARRAY(a, struct name, count);
    s->name_buckets = ARENA_ARRAY(a, int32_t, buckets);
    if (!s->names || !s->name_buckets) return false;
    for (uint32_t i = 0; i < buckets; i++) s->name_buckets[i] = -1;
    return true;
}

/* Called from the last entry to the first, so that each bucket is in written order. */
static void name_add(struct listset *s, struct str text, int32_t entry) {
    if (text.n == 0) return;
    uint32_t bucket = character_bucket(s, text.p, character_bytes(text.p, text.n));
    s->names[s->name_count] = (struct name){.text = text, .entry = entry, .next = s->name_buckets[bucket]};
    s->name_buckets[bucket] = (int32_t)s->name_count++;
}

int32_t listset_find_name(const struct listset *s, struct str name, struct day on) {
    int32_t best = LISTSET_NONE;
    if (s->name_count == 0) return best;
    for (size_t at = 0; at < name.n;) {
        size_t bytes = character_bytes(name.p + at, name.n - at);
        for (int32_t i = s->name_buckets[character_bucket(s, name.p + at, bytes)]; i >= 0; i = s->names[i].next) {
            const struct name *n = &s->names[i];
            if (best != LISTSET_NONE && n->entry > best) break;
            if (n->text.n > name.n - at || memcmp(n->text.p, name.p + at, n->text.n) != 0) continue;
            if (in_force(&s->list->entries[n->entry], on)) best = n->entry;
        }
        at += bytes;
    }
    return best;
}

bool listset_has_names(const struct listset *s) { return s->name_count > 0; }

/* ---- building ------------------------------------------------------------------------------------------ */

struct sizes {
    uint32_t count[PLAN_ENTRY_NAME + 1];
    size_t text_bytes[PLAN_ENTRY_NAME + 1];
    bool shares;
};

static void sizes_measure(const struct plan_list *list, struct sizes *ret) {
    for (uint32_t i = 0; i < list->entry_count; i++) {
        const struct plan_entry *e = &list->entries[i];
        ret->count[e->kind]++;
        if (e->text.n > ret->text_bytes[e->kind]) ret->text_bytes[e->kind] = e->text.n;
        if (e->share_ppm >= 0) ret->shares = true;
    }
}

static void lengths_add(struct listset *s, size_t n) {
    for (uint32_t i = 0; i < s->length_count; i++)
        if (s->lengths[i] == n) return;
    s->lengths[s->length_count++] = (uint8_t)n;
}

static void entry_add(struct listset *s, int32_t index) {
    const struct plan_entry *e = &s->list->entries[index];
    if (e->group.n) s->groups = true;
    if (s->shares) s->shares[index] = e->share_ppm < 0 ? RATIO_ONE : (int32_t)i64_min(e->share_ppm, RATIO_ONE);
    switch (e->kind) {
    case PLAN_ENTRY_CODE:
        if (e->text.n) table_add(s, &s->codes, e->text, index, e->on);
        break;
    case PLAN_ENTRY_PREFIX:
        if (e->text.n == 0 || e->text.n > UINT8_MAX) break;
        table_add(s, &s->prefixes, e->text, index, e->on);
        lengths_add(s, e->text.n);
        break;
    case PLAN_ENTRY_RANGE:
        s->ranges[s->range_count] = (struct range){e->text, e->text_to, index, 0};
        s->range_count++;
        break;
    case PLAN_ENTRY_NAME: break;
    }
}

static struct status list_too_large(struct arena *a, const struct plan_list *list) {
    return status_error(a, (struct error){.code = "list-too-large", .place = list->name,
        .zh = STR("清单条目过多"), .en = STR("the list has too many entries"), .hint_zh = STR("请拆成几个清单"),
        .hint_en = STR("divide it into several lists")});
}

struct status listset_build(struct arena *a, const struct plan_list *list, const struct listset **ret) {
    if (list->entry_count > LIMIT_PLAN_LIST_ENTRIES) return list_too_large(a, list);
    struct sizes sizes = {0};
    sizes_measure(list, &sizes);
    struct listset *s = ARENA_NEW(a, struct listset);
    if (!s) return status_memory();
    s->list = list;
    uint32_t ranges = sizes.count[PLAN_ENTRY_RANGE];
    if (ranges) s->ranges = ARENA_ARRAY(a, struct range, ranges);
    if (sizes.count[PLAN_ENTRY_PREFIX]) s->lengths = ARENA_ARRAY(a, uint8_t, UINT8_MAX + 1);
    if (sizes.shares) s->shares = ARENA_ARRAY(a, int32_t, list->entry_count);
    s->next = ARENA_ARRAY(a, uint16_t, list->entry_count);
    if (!table_init(&s->codes, a, sizes.count[PLAN_ENTRY_CODE], sizes.text_bytes[PLAN_ENTRY_CODE]) ||
        !table_init(&s->prefixes, a, sizes.count[PLAN_ENTRY_PREFIX], sizes.text_bytes[PLAN_ENTRY_PREFIX]) ||
        !names_init(s, a, sizes.count[PLAN_ENTRY_NAME]) || (ranges && !s->ranges) || (sizes.shares && !s->shares) ||
        !s->next || (sizes.count[PLAN_ENTRY_PREFIX] && !s->lengths))
        return status_memory();
    for (uint32_t i = 0; i < list->entry_count; i++) entry_add(s, (int32_t)i);
    for (uint32_t i = list->entry_count; i-- > 0;)
        if (list->entries[i].kind == PLAN_ENTRY_NAME) name_add(s, list->entries[i].text, (int32_t)i);
    ranges_finish(s);
    *ret = s;
    return STATUS_OK;
}

/* ---- look-ups ------------------------------------------------------------------------------------------ */

/* Prefixes and ranges together: the smallest entry. */
static int32_t shapes_find(const struct listset *s, struct str code, struct day on) {
    int32_t best = LISTSET_NONE;
    for (uint32_t i = 0; i < s->length_count; i++) {
        size_t n = s->lengths[i];
        if (n > code.n) continue;
        uint32_t number = table_find(&s->prefixes, code.p, n, str_hash((struct str){code.p, n}));
        int32_t entry = record_entry(s, &s->prefixes, number, on);
        if (entry != LISTSET_NONE && (best == LISTSET_NONE || entry < best)) best = entry;
    }
    return s->range_count ? ranges_find(s, code, on, best) : best;
}

static inline int32_t entry_find(const struct listset *s, struct str code, uint64_t hash, struct day on) {
    if (code.n == 0) return LISTSET_NONE;
    if (s->codes.count) {
        int32_t entry = record_entry(s, &s->codes, table_find(&s->codes, code.p, code.n, hash), on);
        if (entry != LISTSET_NONE) return entry;
    }
    return s->length_count || s->range_count ? shapes_find(s, code, on) : LISTSET_NONE;
}

int32_t listset_find(const struct listset *s, struct str code, uint64_t hash, struct day on) { return entry_find(s, code, hash, on); }

/* The record that a look-up will most likely end at. */
static inline const char *record_guess(const struct table *t, uint64_t hash) {
    const struct bucket *b = &t->buckets[(uint32_t)hash & t->mask];
    __typeof__(bucket_equal(b, 0)) equal = bucket_equal(b, fingerprint(hash));
    uint32_t number = equal ? b->records[lane_of(equal)] : 1U;
    return t->records + (size_t)(number - 1) * t->stride;
}

/* Buckets and records of a batch are asked for before the first of them is needed. Inline by force: gcc takes a function that only prefetches for
 * one without effect and drops the call. */
__attribute__((always_inline)) static inline void batch_prefetch(const struct table *t, const uint64_t *hashes, const uint32_t *index, size_t count) {
    for (size_t i = 0; i < count; i++) __builtin_prefetch(&t->buckets[(uint32_t)hashes[index[i]] & t->mask]);
    for (size_t i = 0; i < count; i++) __builtin_prefetch(record_guess(t, hashes[index[i]]));
}

/* Tables beyond this do not stay in the first-level cache: asking early pays. */
enum { PREFETCH_FROM = 256 };

void listset_find_lines(const struct listset *s, const struct bill_lines *lines, const uint64_t *hashes, const uint32_t *index, size_t count,
                        int32_t *ret_entries) {
    for (size_t start = 0; start < count; start += BATCH) {
        size_t n = count - start < BATCH ? count - start : BATCH;
        if (s->codes.count > PREFETCH_FROM) batch_prefetch(&s->codes, hashes, index + start, n);
        for (size_t i = start; i < start + n; i++) {
            uint32_t line = index[i];
            ret_entries[i] = entry_find(s, lines->code[line], hashes[line], lines->date[line]);
        }
    }
}

const int32_t *listset_shares(const struct listset *s) { return s->shares; }

struct str listset_group(const struct listset *s, int32_t entry) { return s->list->entries[entry].group; }
bool listset_has_groups(const struct listset *s) { return s->groups; }
