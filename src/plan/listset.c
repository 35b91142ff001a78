/* plan/listset — lists as look-up structures.
 *
 * Who uses it: compiler and runs. Workload: each line of a bill against lists of 20 to 50,000 codes, so a look-up must not become slower because a
 * list is long: one 4-byte slot (fingerprint and place) leads to one record that holds text, dates and share together, and look-ups of a bill
 * overlap their memory accesses. Invariant: the answer is that of a walk over the entries in written order (tests/test_listset.c compares).
 * Source: docs/plan-language.md §6.
 */
#include "plan/listset.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_INLINE_MAX = 64, BATCH = 16, NO_RECORD = 0 };

/* A text with its entry; the text follows inline, or a pointer to it when it is longer than a code of a bill can be. Several entries with one text
 * (other dates) are chained in written order. */
struct record {
    int32_t from, to;
    int32_t entry;
    uint32_t text_bytes;
    uint16_t next; /* record + 1, NO_RECORD at the end */
    uint16_t unused;
};
struct table {
    uint32_t *slots; /* fingerprint << 16 | record + 1; 0 free */
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
    bool groups;
};

/* ---- texts ------------------------------------------------------------------------------------------- */

static uint64_t load8(const char *p) {
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}
static uint32_t load4(const char *p) {
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

/* Codes have 8 to 24 bytes: the last step overlaps the one before. */
static inline bool bytes_equal(const char *a, const char *b, size_t n) {
    if (n >= 8) {
        for (size_t i = 0; i + 8 <= n; i += 8)
            if (load8(a + i) != load8(b + i)) return false;
        return load8(a + n - 8) == load8(b + n - 8);
    }
    if (n >= 4) return load4(a) == load4(b) && load4(a + n - 4) == load4(b + n - 4);
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i]) return false;
    return true;
}

static bool in_force(const struct plan_entry *e, struct day on) { return on.v >= e->on.from.v && on.v <= e->on.to.v; }

/* ---- table of texts ------------------------------------------------------------------------------------ */

static inline const struct record *record_at(const struct table *t, uint32_t number) {
    return (const struct record *)(const void *)(t->records + (size_t)(number - 1) * t->stride);
}
static inline const char *record_text(const struct record *r) {
    const char *text = (const char *)(r + 1);
    if (r->text_bytes <= TEXT_INLINE_MAX) return text;
    const char *outside;
    memcpy(&outside, text, sizeof(outside));
    return outside;
}

static bool table_init(struct table *t, struct arena *a, uint32_t count, size_t text_bytes_max) {
    if (count == 0) return true;
    uint32_t slots = 8;
    while (slots < count + count / 2) slots *= 2;
    size_t text_bytes = text_bytes_max > TEXT_INLINE_MAX ? TEXT_INLINE_MAX : text_bytes_max < sizeof(char *) ? sizeof(char *) : text_bytes_max;
    t->stride = (uint32_t)((sizeof(struct record) + text_bytes + 3) & ~(size_t)3);
    t->mask = slots - 1;
    t->slots = ARENA_ARRAY(a, uint32_t, slots);
    t->records = arena_array_alloc(a, count, t->stride, _Alignof(struct record));
    return t->slots && t->records;
}

static uint32_t fingerprint(uint64_t hash) { return (uint32_t)(hash >> 48); }

/* The first record of the text, NO_RECORD when it is not there. */
static inline uint32_t table_find(const struct table *t, const char *text, size_t n, uint64_t hash) {
    uint32_t wanted = fingerprint(hash);
    for (uint32_t at = (uint32_t)hash & t->mask;; at = (at + 1) & t->mask) {
        uint32_t slot = t->slots[at];
        if (slot == 0) return NO_RECORD;
        if (slot >> 16 != wanted) continue;
        const struct record *r = record_at(t, slot & 0xffff);
        if (r->text_bytes == n && bytes_equal(record_text(r), text, n)) return slot & 0xffff;
    }
}

static struct record *record_new(struct table *t, struct str text, int32_t entry, struct day_range on) {
    struct record *r = (struct record *)(void *)(t->records + (size_t)t->count++ * t->stride);
    *r = (struct record){.from = on.from.v, .to = on.to.v, .entry = entry, .text_bytes = (uint32_t)text.n};
    char *place = (char *)(r + 1);
    if (text.n <= TEXT_INLINE_MAX) memcpy(place, text.p, text.n);
    else memcpy(place, &text.p, sizeof(text.p));
    return r;
}

static void table_add(struct table *t, struct str text, int32_t entry, struct day_range on) {
    uint64_t hash = str_hash(text);
    uint32_t found = table_find(t, text.p, text.n, hash);
    (void)record_new(t, text, entry, on);
    if (found) { /* behind the last of its text */
        struct record *r = (struct record *)(void *)(t->records + (size_t)(found - 1) * t->stride);
        while (r->next) r = (struct record *)(void *)(t->records + (size_t)(r->next - 1) * t->stride);
        r->next = (uint16_t)t->count;
        return;
    }
    uint32_t at = (uint32_t)hash & t->mask;
    while (t->slots[at]) at = (at + 1) & t->mask;
    t->slots[at] = fingerprint(hash) << 16 | t->count;
}

/* The first entry in force of a chain. */
static inline int32_t chain_entry(const struct table *t, uint32_t number, struct day on) {
    for (; number; number = record_at(t, number)->next) {
        const struct record *r = record_at(t, number);
        if (on.v >= r->from && on.v <= r->to) return r->entry;
    }
    return LISTSET_NONE;
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
        if (e->text.n) table_add(&s->codes, e->text, index, e->on);
        break;
    case PLAN_ENTRY_PREFIX:
        if (e->text.n == 0 || e->text.n > UINT8_MAX) break;
        table_add(&s->prefixes, e->text, index, e->on);
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
    if (!table_init(&s->codes, a, sizes.count[PLAN_ENTRY_CODE], sizes.text_bytes[PLAN_ENTRY_CODE]) ||
        !table_init(&s->prefixes, a, sizes.count[PLAN_ENTRY_PREFIX], sizes.text_bytes[PLAN_ENTRY_PREFIX]) ||
        !names_init(s, a, sizes.count[PLAN_ENTRY_NAME]) || (ranges && !s->ranges) || (sizes.shares && !s->shares) ||
        (sizes.count[PLAN_ENTRY_PREFIX] && !s->lengths))
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
        int32_t entry = chain_entry(&s->prefixes, number, on);
        if (entry != LISTSET_NONE && (best == LISTSET_NONE || entry < best)) best = entry;
    }
    return s->range_count ? ranges_find(s, code, on, best) : best;
}

int32_t listset_find(const struct listset *s, struct str code, uint64_t hash, struct day on) {
    if (code.n == 0) return LISTSET_NONE;
    if (s->codes.count) {
        int32_t entry = chain_entry(&s->codes, table_find(&s->codes, code.p, code.n, hash), on);
        if (entry != LISTSET_NONE) return entry;
    }
    return s->length_count || s->range_count ? shapes_find(s, code, on) : LISTSET_NONE;
}

/* Slots and records of a batch are asked for before the first of them is needed. */
static void batch_prefetch(const struct table *t, const uint64_t *hashes, const uint32_t *index, size_t count) {
    for (size_t i = 0; i < count; i++) __builtin_prefetch(&t->slots[(uint32_t)hashes[index[i]] & t->mask]);
    for (size_t i = 0; i < count; i++) {
        uint32_t slot = t->slots[(uint32_t)hashes[index[i]] & t->mask];
        if (slot) __builtin_prefetch(record_at(t, slot & 0xffff));
    }
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
            ret_entries[i] = listset_find(s, lines->code[line], hashes[line], lines->date[line]);
        }
    }
}

int64_t listset_share(const struct listset *s, int32_t entry) { return s->shares ? s->shares[entry] : RATIO_ONE; }

struct str listset_group(const struct listset *s, int32_t entry) { return s->list->entries[entry].group; }
bool listset_has_groups(const struct listset *s) { return s->groups; }
