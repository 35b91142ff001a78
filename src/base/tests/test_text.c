/* Text: comparison, hash, UTF-8, columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "base/base.h"

static void comparison(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        int order;
        bool starts, contains; /* a starts with b, a contains b */
    } rows[] = {
        {"", "", 0, true, true},
        {"a", "", 1, true, true},
        {"", "a", -1, false, false},
        {"abc", "abc", 0, true, true},
        {"abc", "abd", -1, false, false},
        {"abc", "ab", 1, true, true},
        {"abc", "bc", -1, false, true},
        {"医保结算", "结算", -1, false, true},
        {"\xff", "a", 1, false, false}, /* bytes are unsigned */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str a = str_from(rows[i].a), b = str_from(rows[i].b);
        int order = str_cmp(a, b), back = str_cmp(b, a);
        if (rows[i].order == 0) assert_true(order == 0 && back == 0);
        else if (rows[i].order < 0) assert_true(order < 0 && back > 0);
        else assert_true(order > 0 && back < 0);
        assert_int_equal(str_eq(a, b), rows[i].order == 0);
        assert_int_equal(str_starts(a, b), rows[i].starts);
        assert_int_equal(str_contains(a, b), rows[i].contains);
    }
    assert_true(str_eq(str_from(NULL), STR("")));
}

/* The hash is part of no file, but of reproducible runs: pinned. Nearby codes must not meet in the low bits. */
static void hash(void **state) {
    (void)state;
    char a[] = "XL01XCB126A001010102183 ", shifted[] = " XL01XCB126A001010102183 ";
    assert_true(str_hash(str_from(a)) == str_hash((struct str){shifted + 1, sizeof(a) - 1}));
    assert_true(str_hash(STR("a")) != str_hash((struct str){"a\0", 2}));
    static uint16_t buckets[4096];
    for (uint32_t i = 0; i < 16384; i++) {
        char code[8] = {'Z', (char)('0' + i / 10000), (char)('0' + i / 1000 % 10), (char)('0' + i / 100 % 10),
                        (char)('0' + i / 10 % 10), (char)('0' + i % 10), 0, 0};
        buckets[str_hash((struct str){code, 6}) & 4095]++;
    }
    for (size_t i = 0; i < COUNT_OF(buckets); i++) assert_true(buckets[i] < 20); /* 4 on average */
}

static void utf8(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        bool good;
        uint32_t cp; /* the first */
    } rows[] = {
        {"A", true, 'A'},
        {"\x7f", true, 0x7f},
        {"\xc2\x80", true, 0x80},
        {"\xdf\xbf", true, 0x7ff},
        {"\xe0\xa0\x80", true, 0x800},
        {"医", true, 0x533b},
        {"\xed\x9f\xbf", true, 0xd7ff},
        {"\xee\x80\x80", true, 0xe000},
        {"\xf0\x90\x80\x80", true, 0x10000},
        {"𠮷", true, 0x20bb7}, /* a family name outside the basic plane */
        {"\xf4\x8f\xbf\xbf", true, 0x10ffff},
        {"\x80", false, 0},
        {"\xc0\x80", false, 0},          /* overlong NUL */
        {"\xc1\xbf", false, 0},          /* overlong */
        {"\xe0\x9f\xbf", false, 0},      /* overlong */
        {"\xf0\x8f\xbf\xbf", false, 0},  /* overlong */
        {"\xed\xa0\x80", false, 0},      /* surrogate */
        {"\xed\xbf\xbf", false, 0},      /* surrogate */
        {"\xf4\x90\x80\x80", false, 0},  /* above the last */
        {"\xf5\x80\x80\x80", false, 0},
        {"\xff", false, 0},
        {"\xe5\x8c", false, 0},          /* cut */
        {"\xe5\x8cz", false, 0},         /* broken */
        {"\xbb\xaa\xd2\xbd", false, 0},  /* GB 18030 */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str s = str_from(rows[i].bytes);
        size_t at = 0;
        uint32_t cp = 12345;
        assert_int_equal(utf8_next(s, &at, &cp), rows[i].good);
        assert_int_equal(cp, rows[i].good ? rows[i].cp : 12345);
        assert_int_equal(at, rows[i].good ? s.n : 0);
        assert_int_equal(utf8_check(s), rows[i].good);
        char behind[32] = "12345678901234"; /* also found behind a run of plain letters */
        memcpy(behind + 14, s.p, s.n + 1);
        assert_int_equal(utf8_check(str_from(behind)), rows[i].good);
    }
    assert_true(utf8_check(STR("")));
}

static void columns(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t columns;
    } rows[] = {
        {"", 0}, {"abc", 3}, {"医结", 4}, {"（全角）", 8}, {"，。", 4}, {"é", 1}, {"e\u0301", 1}, {"𠮷", 2},
        {"한글", 4}, {"ｱ", 1}, {"\t\x1b", 0}, {"¥1,000.00", 9}, {"￥", 2}, {"a\u200b", 1}, {"\xff", 1},
        {"─┼", 2}, {"…", 1}, {"🏥", 2}, {"❌", 2}, {"\u3099", 0}, {"あ", 2},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(utf8_columns(str_from(rows[i].text)), rows[i].columns);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparison), cmocka_unit_test(hash), cmocka_unit_test(utf8), cmocka_unit_test(columns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
