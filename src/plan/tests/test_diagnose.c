/* Findings as people see them: templates, both languages, pictures that stay aligned, terminals that stay safe. */
#include "plan/tests/text.h"

static void print_first(struct str text, bool zh, bool en, bool colour, struct buf *out) {
    struct text *t = text_parse(text);
    assert_true(t->d.count > 0);
    plan_diagnostic_print(&t->d.items[0], zh, en, colour, out);
    text_done(t);
}

static const struct picture_row {
    const char *text;
    bool zh, en;
    const char *picture;
} pictures[] = {
    {"plan p \"x\"\n  kind commercal\n", false, true,
     "test.plan:2:8: error: commercal is not known here [misspelt]\n"
     "    2 |   kind commercal\n"
     "      |        ^~~~~~~~~\n"
     "      = hint: did you mean commercial?\n"},
    {"plan p \"x\"\n  kind commercal\n", true, false,
     "test.plan:2:8: 错误：不认识「commercal」 [misspelt]\n"
     "    2 |   kind commercal\n"
     "      |        ^~~~~~~~~\n"
     "      = 建议：您想写「commercial」吗？\n"},
    /* Chinese characters take two columns. */
    {"方案 甲 \"中文标签\"\n  责任 乙 \"标签\"\n    给付 八成 每人\n", true, true,
     "test.plan:3:11: 错误：条款到此已完整，多出 每人 [left-over]\n"
     "  error: the clause is complete: 每人 is left over [left-over]\n"
     "    3 |     给付 八成 每人\n"
     "      |               ^~~~\n"
     "      = 建议：删去它，或另起一行写新条款\n"
     "      = hint: delete it, or begin a new clause on a new line\n"},
    /* Tabs are shown as blanks up to the next column of four. */
    {"plan p \"x\"\n\tkind\tfoo\n", false, true,
     "test.plan:2:7: error: a kind: statutory, supplementary, commercial or programme is expected here, not foo [expected]\n"
     "    2 |     kind    foo\n"
     "      |             ^~~\n"
     "      = hint: compare with the grammar in docs/plan-language.md §2\n"},
    /* Where something is missing the caret stands behind the last word. */
    {"plan p \"x\"\nbenefit b \"x\"\n  cap 5 -- five\n  pays 80%\n", false, true,
     "test.plan:3:8: error: a period: each year, each stay, each claim, each day or lifetime is expected here, not the end of the line [expected]\n"
     "    3 |   cap 5 -- five\n"
     "      |        ^\n"
     "      = hint: compare with the grammar in docs/plan-language.md §2\n"},
    {"plan", false, true,
     "test.plan:1:5: error: a name is expected here, not the end of the file [expected]\n"
     "    1 | plan\n"
     "      |     ^\n"
     "      = hint: compare with the grammar in docs/plan-language.md §2\n"},
    /* The place of a look-alike is the character, not the word. */
    {"plan аnyang \"x\"\n", false, true,
     "test.plan:1:6: error: а (U+0430) in the name аnyang only looks like a letter or digit [look-alike]\n"
     "    1 | plan аnyang \"x\"\n"
     "      |      ^\n"
     "      = hint: type it again with ASCII letters and digits or Han characters\n"},
    /* Broken bytes and control characters are shown as one replacement character each. */
    {"plan \xff\xff\x1b[31m p \"x\"\n", false, true,
     "test.plan:1:6: error: this is not valid UTF-8 (byte 255) [not-utf8]\n"
     "    1 | plan ���[31m p \"x\"\n"
     "      |      ^~\n"
     "      = hint: save the file as UTF-8\n"},
};

static void test_pictures(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pictures); i++) {
        struct buf out;
        buf_init(&out, 1u << 20);
        print_first(str_from(pictures[i].text), pictures[i].zh, pictures[i].en, false, &out);
        text_assert(&out, pictures[i].picture);
        buf_done(&out);
    }
}

static void test_colour(void **state) {
    (void)state;
    struct buf plain, coloured, stripped;
    buf_init(&plain, 1u << 16);
    buf_init(&coloured, 1u << 16);
    buf_init(&stripped, 1u << 16);
    print_first(STR("plan p \"x\"\nkind foo"), true, true, false, &plain);
    print_first(STR("plan p \"x\"\nkind foo"), true, true, true, &coloured);
    assert_true(coloured.n > plain.n);
    for (size_t i = 0; i < coloured.n; i++) {
        if (coloured.p[i] != '\x1b') {
            buf_add_char(&stripped, coloured.p[i]);
            continue;
        }
        while (coloured.p[i] != 'm') i++;
    }
    assert_true(str_eq(buf_view(&stripped), buf_view(&plain)));
    buf_done(&plain);
    buf_done(&coloured);
    buf_done(&stripped);
}

/* The caret of a long line is always to be seen, under its text. */
static void test_long_lines(void **state) {
    (void)state;
    for (int before = 0; before < 240; before += 7) {
        struct buf s, out;
        buf_init(&s, 1u << 16);
        buf_init(&out, 1u << 16);
        buf_add_cstr(&s, "plan p \"x\"\nbenefit b \"x\"\nwhere poor ");
        for (int i = 0; i < before; i++) buf_add_cstr(&s, i % 3 ? "or poor " : "or 退 ");
        buf_add_cstr(&s, "or ^^^ or");
        for (int i = 0; i < 50; i++) buf_add_cstr(&s, " poor or");
        print_first(buf_view(&s), false, true, false, &out);
        buf_add_char(&out, '\0');
        const char *shown = strstr(out.p, "\n    3 | ") + 9, *caret = strstr(shown, "\n      | ") + 9;
        const char *sign = strstr(shown, "^^^");
        assert_non_null(sign);
        size_t columns = utf8_columns((struct str){shown, (size_t)(sign - shown)});
        if (strspn(caret, " ") != columns) fail_msg("%d: %s", before, out.p);
        assert_true(columns < 120);
        buf_done(&s);
        buf_done(&out);
    }
}

static void test_templates(void **state) {
    (void)state;
    struct arena a;
    static struct plan_diagnostics d;
    arena_init(&a, 1u << 20);
    struct plan_source source = {STR("s"), STR("text")};
    struct plan_place at = {&source, 1, 1, 0, 4};
    plan_diagnose(&d, &a, "expected", at, STR("数字\x1f" "a number"), STR("{a}"));
    assert_true(str_eq(d.items[0].zh, STR("这里应为数字，写的是 {a}")));
    assert_true(str_eq(d.items[0].en, STR("a number is expected here, not {a}")));
    assert_int_equal(d.items[0].severity, PLAN_ERROR);
    plan_diagnose(&d, &a, "scope-doubtful", at, STR("x"), (struct str){0});
    assert_int_equal(d.items[1].severity, PLAN_WARNING);
    assert_int_equal(d.error_count, 1);
    arena_done(&a);
}

/* Without memory the bare template is still said. */
static void test_no_memory(void **state) {
    (void)state;
    struct arena a;
    static struct plan_diagnostics d;
    d = (struct plan_diagnostics){0};
    arena_init(&a, 0);
    struct plan_source source = {STR("s"), STR("text")};
    plan_diagnose(&d, &a, "misspelt", (struct plan_place){&source, 1, 1, 0, 4}, STR("x"), STR("y"));
    assert_true(str_eq(d.items[0].en, STR("{a} is not known here")));
    arena_done(&a);
}

/* Every row speaks both languages, has a hint in both, and uses the same arguments in both. */
static void test_rows(void **state) {
    (void)state;
    static const struct { const char *code, *zh, *en, *hint_zh, *hint_en; } rows[] = {
#define X(id, severity, code, zh, en, hint_zh, hint_en) {code, zh, en, hint_zh, hint_en},
#include "plan/syntax/diagnostics.def"
#undef X
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool fine = rows[i].zh[0] && rows[i].en[0] && rows[i].hint_zh[0] && rows[i].hint_en[0];
        for (const char *c = rows[i].code; *c; c++) fine = fine && ((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-');
        static const char *const arguments[] = {"{a}", "{b}"};
        for (int k = 0; k < 2; k++) {
            bool zh = strstr(rows[i].zh, arguments[k]) || strstr(rows[i].hint_zh, arguments[k]);
            bool en = strstr(rows[i].en, arguments[k]) || strstr(rows[i].hint_en, arguments[k]);
            fine = fine && zh == en;
        }
        bool chinese = false, english = true;
        for (const char *c = rows[i].zh; *c; c++) chinese = chinese || (*c & 0x80);
        for (const char *c = rows[i].en; *c; c++) english = english && !((unsigned char)*c >= 0xe3); /* no Han */
        if (!fine || !chinese || !english) fail_msg("%s", rows[i].code);
    }
}

/* What the witness of a finding does is told under it. */
static void test_shows(void **state) {
    (void)state;
    static const struct plan_value_pair shows[] = {{{"pay", 3}, 100, 250}};
    struct plan_source source = {STR("s"), STR("plan")};
    struct plan_diagnostic d = {.severity = PLAN_WARNING, .code = "c", .source = &source, .line = 1, .column = 1, .start = 0, .end = 4,
                                .zh = STR("中"), .en = STR("e"), .shows = shows, .show_count = 1, .verdict = PLAN_REFUTED};
    struct buf out;
    buf_init(&out, 1u << 16);
    plan_diagnostic_print(&d, false, true, false, &out);
    text_assert(&out, "s:1:1: warning (refuted): e [c]\n    1 | plan\n      | ^~~~\n      pay: 100 → 250\n");
    buf_done(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures),  cmocka_unit_test(test_colour),    cmocka_unit_test(test_long_lines), cmocka_unit_test(test_templates),
        cmocka_unit_test(test_no_memory), cmocka_unit_test(test_rows),      cmocka_unit_test(test_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
