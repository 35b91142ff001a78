/* Look-up structures against a walk over the entries in written order, as the document says it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "plan/run/listset.h"

/* ---- the document, word for word ---------------------------------------------------------------------------- */

static bool matches(const struct plan_entry *e, struct str code) {
    switch (e->kind) {
    case PLAN_ENTRY_CODE: return str_eq(e->text, code);
    case PLAN_ENTRY_PREFIX: return str_starts(code, e->text);
    case PLAN_ENTRY_RANGE: return str_cmp(e->text, code) <= 0 && (str_cmp(code, e->text_to) <= 0 || str_starts(code, e->text_to));
    case PLAN_ENTRY_NAME: return false;
    }
    return false;
}

/* Exact codes first, then prefixes and ranges; the first written that is in force. */
static int32_t walk(const struct plan_list *l, struct str code, struct day on) {
    for (int exact = 1; exact >= 0 && code.n; exact--)
        for (uint32_t i = 0; i < l->entry_count; i++) {
            const struct plan_entry *e = &l->entries[i];
            if ((e->kind == PLAN_ENTRY_CODE) == exact && day_in(on, e->on) && matches(e, code)) return (int32_t)i;
        }
    return LISTSET_NONE;
}

static int32_t walk_names(const struct plan_list *l, struct str name, struct day on) {
    for (uint32_t i = 0; i < l->entry_count; i++)
        if (l->entries[i].kind == PLAN_ENTRY_NAME && day_in(on, l->entries[i].on) && str_contains(name, l->entries[i].text)) return (int32_t)i;
    return LISTSET_NONE;
}

static const struct listset *build(struct arena *a, const struct plan_list *l) {
    const struct listset *s = NULL;
    assert_null(listset_build(a, l, &s).err);
    return s;
}

/* ---- a table -------------------------------------------------------------------------------------------------- */

#define ALWAYS {DAY_NONE, DAY_OPEN}
#define EN(k, t) {.kind = PLAN_ENTRY_##k, .text = STR(t), .share_ppm = -1, .on = ALWAYS}

static void table(void **state) {
    (void)state;
    struct plan_entry entries[] = {
        EN(PREFIX, "A"),
        EN(CODE, "A1"),
        {.kind = PLAN_ENTRY_RANGE, .text = STR("C00"), .text_to = STR("C97"), .share_ppm = 100'000, .group = STR("g"), .on = ALWAYS},
        EN(PREFIX, "C97.9"),
        {.kind = PLAN_ENTRY_CODE, .text = STR("D"), .share_ppm = 200'000, .on = {{10}, {19}}},
        {.kind = PLAN_ENTRY_CODE, .text = STR("D"), .share_ppm = 300'000, .on = {{20}, DAY_OPEN}},
        EN(CODE, "a-code-that-is-longer-than-any-code-of-a-bill-can-be-since-those-have-64-bytes"),
        EN(NAME, "欧狄沃"),
        EN(NAME, "狄沃"),
        {.kind = PLAN_ENTRY_NAME, .text = STR("X"), .share_ppm = -1, .on = {{0}, {5}}},
        EN(CODE, "B"),
        EN(CODE, "B"),
    };
    static const struct {
        const char *code;
        int32_t day, entry;
    } rows[] = {
        {"A1", 0, 1}, /* exact before the prefix that is written first */
        {"A2", 0, 0},     {"A", 0, 0},       {"", 0, -1},       {"C00", 0, 2},  {"C0", 0, -1},  {"C50.1", 0, 2},
        {"C97", 0, 2},    {"C97.900", 0, 2}, {"C98", 0, -1},    {"D", 9, -1},   {"D", 10, 4},   {"D", 19, 4},
        {"D", 20, 5},     {"D", 99'999, 5},  {"DD", 10, -1},    {"B", 1, 10},   {"b", 1, -1},
        {"a-code-that-is-longer-than-any-code-of-a-bill-can-be-since-those-have-64-bytes", 0, 6},
        {"a-code-that-is-longer-than-any-code-of-a-bill-can-be-since-those-have-64-bytez", 0, -1},
    };
    struct plan_list l = {.name = STR("l"), .entries = entries, .entry_count = COUNT_OF(entries)};
    struct arena a;
    arena_init(&a, 1 << 20);
    const struct listset *s = build(&a, &l);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str code = str_from(rows[i].code);
        assert_int_equal(listset_find(s, code, str_hash(code), (struct day){rows[i].day}), rows[i].entry);
        assert_int_equal(walk(&l, code, (struct day){rows[i].day}), rows[i].entry); /* the reference, too */
    }
    assert_true(listset_has_names(s) && listset_has_groups(s));
    assert_int_equal(listset_find_name(s, STR("进口欧狄沃"), (struct day){0}), 7);
    assert_int_equal(listset_find_name(s, STR("狄沃 X"), (struct day){0}), 8);
    assert_int_equal(listset_find_name(s, STR("aXb"), (struct day){5}), 9);
    assert_int_equal(listset_find_name(s, STR("aXb"), (struct day){6}), -1);
    assert_int_equal(listset_find_name(s, STR(""), (struct day){0}), -1);
    assert_int_equal(listset_shares(s)[2], 100'000);
    assert_int_equal(listset_shares(s)[1], RATIO_ONE);
    assert_true(str_eq(listset_group(s, 2), STR("g")));
    arena_done(&a);
}

static void empty(void **state) {
    (void)state;
    struct plan_list l = {.name = STR("l")};
    struct arena a;
    arena_init(&a, 1 << 20);
    const struct listset *s = build(&a, &l);
    assert_int_equal(listset_find(s, STR("A"), str_hash(STR("A")), (struct day){0}), -1);
    assert_int_equal(listset_find_name(s, STR("A"), (struct day){0}), -1);
    assert_null(listset_shares(s));
    l.entry_count = LIMIT_PLAN_LIST_ENTRIES + 1;
    assert_string_equal(listset_build(&a, &l, &s).err->code, "list-too-large");
    arena_done(&a);
}

/* ---- at random ------------------------------------------------------------------------------------------------- */

static uint64_t random_next(uint64_t *s) {
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

/* Short texts over few letters, so that prefixes, ranges and doubles meet often. */
static struct str text_make(struct arena *a, uint64_t *s, uint32_t letters, uint32_t bytes_max) {
    char text[16];
    uint32_t n = 1 + (uint32_t)(random_next(s) % bytes_max);
    for (uint32_t i = 0; i < n; i++) text[i] = (char)('A' + random_next(s) % letters);
    return arena_str(a, (struct str){text, n});
}

static struct day_range range_make(uint64_t *s) {
    int32_t from = (int32_t)(random_next(s) % 20), to = from + (int32_t)(random_next(s) % 10);
    if (random_next(s) % 3) return (struct day_range)ALWAYS;
    struct day_range on = {{from}, DAY_OPEN};
    if (random_next(s) % 2) on.to.v = to;
    return on;
}

static struct plan_list list_make(struct arena *a, uint64_t *s) {
    struct plan_list l = {.name = STR("l"), .entry_count = (uint32_t)(random_next(s) % 60)};
    uint32_t letters = 2 + (uint32_t)(random_next(s) % 5), bytes = 1 + (uint32_t)(random_next(s) % 12);
    l.entries = ARENA_ARRAY(a, struct plan_entry, l.entry_count);
    for (uint32_t i = 0; i < l.entry_count; i++) {
        struct plan_entry *e = &l.entries[i];
        *e = (struct plan_entry){.kind = (enum plan_entry_kind)(random_next(s) % 4), .text = text_make(a, s, letters, bytes), .share_ppm = -1, .on = range_make(s)};
        e->text_to = e->kind == PLAN_ENTRY_RANGE ? text_make(a, s, letters, bytes) : (struct str){0};
    }
    return l;
}

static void at_random(void **state) {
    (void)state;
    const char *given = getenv("YIJIE_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL), s = seed * 2 + 1, found = 0, named = 0;
    print_message("# seed %llu (YIJIE_SEED)\n", (unsigned long long)seed);
    struct arena a;
    arena_init(&a, (size_t)64 << 20);
    for (uint32_t round = 0; round < 3'000; round++) {
        arena_reset(&a);
        struct plan_list l = list_make(&a, &s);
        const struct listset *set = build(&a, &l);
        for (uint32_t i = 0; i < 40; i++) {
            struct str code = text_make(&a, &s, 7, 14), name = text_make(&a, &s, 7, 16);
            struct day on = {(int32_t)(random_next(&s) % 32)};
            if (l.entry_count && random_next(&s) % 2) code = l.entries[random_next(&s) % l.entry_count].text;
            int32_t entry = walk(&l, code, on), by_name = walk_names(&l, name, on);
            assert_int_equal(listset_find(set, code, str_hash(code), on), entry);
            assert_int_equal(listset_find_name(set, name, on), by_name);
            found += entry != LISTSET_NONE;
            named += by_name != LISTSET_NONE;
        }
    }
    assert_true(found > 10'000 && named > 1'000); /* else the generator makes nothing interesting */
    arena_done(&a);
}

/* A long list, looked up a whole bill at a time: with the memory of many look-ups asked for at once. */
static void long_list(void **state) {
    (void)state;
    enum { ENTRIES = 20'000, LINES = 333 };
    struct arena a;
    arena_init(&a, (size_t)64 << 20);
    struct plan_entry *entries = ARENA_ARRAY(&a, struct plan_entry, ENTRIES);
    for (uint32_t i = 0; i < ENTRIES; i++)
        entries[i] = (struct plan_entry){.kind = PLAN_ENTRY_CODE, .text = arena_printf(&a, "XL%07uBA", i * 3), .share_ppm = -1, .on = ALWAYS};
    struct plan_list l = {.name = STR("l"), .entries = entries, .entry_count = ENTRIES};
    const struct listset *s = build(&a, &l);
    struct str codes[LINES];
    struct day dates[LINES];
    uint64_t hashes[LINES];
    uint32_t index[LINES];
    int32_t found[LINES];
    for (uint32_t i = 0; i < LINES; i++) {
        codes[i] = arena_printf(&a, "XL%07uBA", i * 181 % 70'000);
        if (i % 50 == 7) codes[i].n = 0;
        hashes[i] = str_hash(codes[i]);
        dates[i] = (struct day){5};
        index[i] = LINES - 1 - i;
    }
    struct bill_lines lines = {.count = LINES, .code = codes, .date = dates};
    listset_find_lines(s, &lines, hashes, index, LINES, found);
    uint32_t hits = 0;
    for (uint32_t i = 0; i < LINES; i++) {
        uint32_t number = index[i] * 181 % 70'000;
        bool there = index[i] % 50 != 7 && number % 3 == 0 && number / 3 < ENTRIES;
        assert_int_equal(found[i], there ? (int32_t)(number / 3) : LISTSET_NONE);
        hits += there;
    }
    assert_true(hits > 50);
    arena_done(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(table), cmocka_unit_test(empty), cmocka_unit_test(at_random), cmocka_unit_test(long_list)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
