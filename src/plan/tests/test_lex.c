/* Tokens, their values and places, and every refusal of bytes and tokens. */
#include "plan/tests/text.h"

static const char *const kind_names[] = {"END", "comment", "word", "number", "ratio", "date", "text", ",", ":", "(", ")", "+", "-", "*", "/",
                                         "<", "<=", "=", "!=", ">=", ">", ".."};

static void tokens_print(const struct plan_source *source, const struct plan_tokens *tokens, struct buf *out) {
    for (uint32_t i = 0; i < tokens->count; i++) {
        const struct plan_token *t = &tokens->items[i];
        struct str s = plan_token_str(source, t);
        buf_printf(out, "%s%s", i ? " " : "", kind_names[t->kind]);
        if (t->kind == TOKEN_WORD) buf_printf(out, ":%.*s", STR_FMT(s));
        if (t->wrong) buf_add_cstr(out, "!");
    }
}

struct lex_row {
    const char *text, *tokens, *findings;
};

static void check_rows(const struct lex_row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct arena a;
        struct buf out;
        static struct plan_diagnostics d;
        struct plan_source source = {STR("t"), str_from(rows[i].text)};
        struct plan_tokens tokens;
        arena_init(&a, 1u << 20);
        buf_init(&out, 1u << 16);
        d = (struct plan_diagnostics){0};
        assert_false(status_failed(plan_lex(&a, &source, &d, &tokens)));
        tokens_print(&source, &tokens, &out);
        for (uint32_t k = 0; k < d.count; k++)
            buf_printf(&out, "%s%s %u:%u-%u", k ? ", " : " | ", d.items[k].code, d.items[k].line, d.items[k].column, d.items[k].end - d.items[k].start);
        struct buf want;
        buf_init(&want, 1u << 16);
        buf_add_cstr(&want, rows[i].tokens);
        if (rows[i].findings[0]) buf_printf(&want, " | %s", rows[i].findings);
        buf_add_char(&want, '\0');
        text_assert(&out, want.p);
        buf_done(&want);
        buf_done(&out);
        arena_done(&a);
    }
}

static void test_tokens(void **state) {
    (void)state;
    static const struct lex_row rows[] = {
        {"", "END", ""},
        {"plan x", "word:plan word:x END", ""},
        {"-- c\nx -- d\n--", "comment word:x comment comment END", ""},
        {"a-b a--b", "word:a-b word:a comment END", ""},
        {"a - b a- b -1", "word:a - word:b word:a - word:b - number END", ""},
        {"co-insurers half-up 2x", "word:co-insurers word:half-up number! END", "bad-number 1:21-2"},
        {"39_500 92_800.00 0 007 1_000_000.5", "number number number number number END", ""},
        {"80% 12.5% 0.0001% 100.0000%", "ratio ratio ratio ratio END", ""},
        {"2022-01-01 .. 2022-12-31", "date .. date END", ""},
        {"2022-01-01..2022-12-31 2024-02-29", "date .. date date END", ""},
        {"2022 - 1 2022-1", "number - number number - number END", ""},
        {"< <= = != >= > + * / ( ) , :", "< <= = != >= > + * / ( ) , : END", ""},
        {"\"a\" \"\" \"\\\"x\\\\\" \"汉字\"", "text text text text END", ""},
        {"方案 安阳-2022 每年", "word:方案 word:安阳-2022 word:每年 END", ""},
        {"方案　甲，乙：（丙）", "word:方案 word:甲 , word:乙 : ( word:丙 ) END", ""},
        {"等待期 30天", "word:等待期 number word:天 END", ""},
        {"\xef\xbb\xbfplan\r\n\tx", "word:plan word:x END", ""},
        {"〇一 㐀 𠀀", "word:〇一 word:㐀 word:𠀀 END", ""},
    };
    check_rows(rows, COUNT_OF(rows));
}

static void test_refusals(void **state) {
    (void)state;
    static const struct lex_row rows[] = {
        {"a \xff\xfe b", "word:a word:b END", "not-utf8 1:3-2"},
        {"a \x01 b", "word:a word:b END", "control-character 1:3-1"},
        {"a\rb", "word:a word:b END", "control-character 1:2-1"},
        {"\"a\xe2\x80\xae" "b\"", "text END", "control-character 1:3-3"},
        {"-- \xe2\x80\x8b", "comment END", "control-character 1:4-3"},
        {"a ; b", "word:a word:b END", "stray-character 1:3-1"},
        {"_x", "word:x END", "stray-character 1:1-1"},
        {"方案 甲、乙", "word:方案 word:甲 word:乙 END", "stray-character 1:5-3"},
        {"a，b（", "word:a ,! word:b (! END", "wide-sign 1:2-3, wide-sign 1:4-3"},
        {"a　b", "word:a word:b END", "stray-character 1:2-3"},
        {"“x y” z", "text! word:z END", "wrong-quote 1:1-9"},
        {"nonе", "word:nonе! END", "look-alike 1:4-2"},
        {"ａ１", "word:ａ１! END", "look-alike 1:1-3"},
        {"é", "word:é! END", "look-alike 1:1-2"},
        {"\xef\xa4\x80", "word:\xef\xa4\x80! END", "look-alike 1:1-3"}, /* a compatibility ideograph */
        {"⼀", "word:⼀! END", "look-alike 1:1-3"},      /* a radical */
        {"\"open\nx", "text! word:x END", "text-open 1:1-5"},
        {"\"a\\n\"", "text! END", "text-escape 1:1-5"},
        {"1_00 1__000 _1 1_0000", "number! number! number number! END", "bad-number 1:1-4, bad-number 1:6-6, stray-character 1:13-1, bad-number 1:16-6"},
        {"1.2.3 5abc", "number! number! END", "bad-number 1:1-5, bad-number 1:7-4"},
        {"1.2345678", "number! END", "number-decimals 1:1-9"},
        {"9_999_999_999_999", "number! END", "number-large 1:1-17"},
        {"99999999999999999999999999", "number! END", "number-large 1:1-26"},
        {"1.23456% 100.1% 101%", "ratio! ratio! ratio! END", "ratio-decimals 1:1-8, ratio-above-one 1:10-6, ratio-above-one 1:17-4"},
        {"99999999999999999999%", "ratio! END", "ratio-above-one 1:1-21"},
        {"2023-02-29 2022-1-1 1700-01-01", "date! date! date! END", "bad-date 1:1-10, bad-date 1:12-8, bad-date 1:21-10"},
    };
    check_rows(rows, COUNT_OF(rows));
}

static void test_nul_and_length(void **state) {
    (void)state;
    struct text *t = text_parse((struct str){"plan a\0b \"x\"", 12});
    assert_string_equal(t->d.items[0].code, "nul-byte");
    text_done(t);

    char name[LIMIT_NAME_BYTES + 8];
    memset(name, 'n', sizeof(name));
    memcpy(name, "plan ", 5);
    t = text_parse((struct str){name, 5 + LIMIT_NAME_BYTES});
    assert_string_not_equal(t->d.items[0].code, "name-long"); /* a label is missing */
    text_done(t);
    t = text_parse((struct str){name, 5 + LIMIT_NAME_BYTES + 1});
    assert_string_equal(t->d.items[0].code, "name-long");
    text_done(t);

    static char long_text[LIMIT_PLAN_TEXT_BYTES + 16];
    memset(long_text, 'x', sizeof(long_text));
    memcpy(long_text, "plan p \"", 8);
    long_text[8 + LIMIT_PLAN_TEXT_BYTES] = '"';
    t = text_parse((struct str){long_text, 8 + LIMIT_PLAN_TEXT_BYTES + 1});
    assert_string_equal(t->d.items[0].code, "text-long");
    text_done(t);
    long_text[8 + LIMIT_PLAN_TEXT_BYTES - 1] = '"';
    t = text_parse((struct str){long_text, 8 + LIMIT_PLAN_TEXT_BYTES});
    assert_int_equal(t->d.error_count, 0);
    text_done(t);
}

static void test_file_large(void **state) {
    (void)state;
    size_t n = LIMIT_PLAN_BYTES + 1;
    char *p = malloc(n);
    assert_non_null(p);
    memset(p, ' ', n);
    memcpy(p, "plan p \"x\"", 10);
    struct text *t = text_parse((struct str){p, n});
    assert_string_equal(t->d.items[0].code, "file-large");
    assert_int_equal(t->d.count, 1);
    text_done(t);
    t = text_parse((struct str){p, n - 1});
    assert_int_equal(t->d.count, 0);
    text_done(t);
    free(p);
}

static void test_values(void **state) {
    (void)state;
    struct text *t = text_parse(STR("39_500.25 12.3456% 2024-02-29 \"a\\\"\\\\b\" 9_223_372_036_854.775807"));
    int64_t v = 0;
    struct day day;
    assert_true(plan_token_number(&t->source, &t->tokens.items[0], &v));
    assert_int_equal(v, 39'500'250'000);
    assert_true(plan_token_ratio(&t->source, &t->tokens.items[1], &v));
    assert_int_equal(v, 123'456);
    assert_true(plan_token_date(&t->source, &t->tokens.items[2], &day));
    assert_int_equal(day.v, day_from_civil(2024, 2, 29).v);
    assert_true(str_eq(plan_token_text(&t->a, &t->source, &t->tokens.items[3]), STR("a\"\\b")));
    assert_true(plan_token_number(&t->source, &t->tokens.items[4], &v));
    assert_true(v == INT64_MAX);
    assert_false(plan_token_ratio(&t->source, &t->tokens.items[0], &v));
    text_done(t);
}

static void test_places(void **state) {
    (void)state;
    struct text *t = text_parse(STR("方案 甲 \"x\"\r\n  种类 商业 -- c\n -- d\n\t来源"));
    static const struct { uint32_t line, column; bool begins; } want[] = {
        {1, 1, true}, {1, 4, false}, {1, 6, false}, {2, 3, true}, {2, 6, false}, {2, 9, false}, {3, 2, true}, {4, 2, true}, {4, 4, true}};
    assert_int_equal(t->tokens.count, COUNT_OF(want));
    for (uint32_t i = 0; i < t->tokens.count; i++) {
        assert_int_equal(t->tokens.items[i].line, want[i].line);
        assert_int_equal(t->tokens.items[i].column, want[i].column);
        assert_int_equal(t->tokens.items[i].at_line_start, want[i].begins);
    }
    text_done(t);
}

/* ---- the table of words ------------------------------------------------------------------------------------ */

/* A Chinese word is one token; all words lex as words; words that can stand in one place differ. */
static void test_words(void **state) {
    (void)state;
    for (uint32_t w = 0; w < W_COUNT; w++) {
        for (int zh = 0; zh < 2; zh++) {
            struct str word = str_from(plan_word_text((enum plan_word)w, zh));
            struct text *t = text_parse(word);
            for (uint32_t i = 0; i + 1 < t->tokens.count; i++) {
                assert_int_equal(t->tokens.items[i].kind, TOKEN_WORD);
                assert_false(t->tokens.items[i].wrong);
            }
            if (zh) assert_int_equal(t->tokens.count, 2);
            text_done(t);
        }
        for (uint32_t other = 0; other < w && w < W_SOFT; other++) {
            bool reserved = w >= W_UNDERWRITING && w <= W_PROGRAMME;
            bool same_en = strcmp(plan_word_text((enum plan_word)w, false), plan_word_text((enum plan_word)other, false)) == 0;
            bool same_zh = strcmp(plan_word_text((enum plan_word)w, true), plan_word_text((enum plan_word)other, true)) == 0;
            if (same_en && !reserved) assert_true(w == W_AND); /* `and` joins kinds by another Chinese word */
            assert_false(same_zh);
        }
    }
}

/* No value of a fact can be taken for the beginning of a clause, in either language, or the layout of a file could change its meaning. */
static void test_values_begin_no_clause(void **state) {
    (void)state;
    for (uint32_t f = 0; f < PLAN_FACT_BUILT_IN; f++) {
        const struct plan_fact_info *info = plan_fact_info(f);
        for (uint32_t i = 0; i < info->word_count; i++) {
            for (int zh = 0; zh < 2; zh++) {
                struct str value = str_from(plan_symbol_text(&info->words[i], zh));
                struct text *t = text_parse(value);
                struct plan_parser p = {.a = &t->a, .source = &t->source, .d = &t->d, .tokens = t->tokens.items, .count = t->tokens.count, .zh = zh};
                if (plan_at_clause(&p)) fail_msg("%.*s begins a clause", STR_FMT(value));
                text_done(t);
            }
        }
    }
}

static void test_nearest(void **state) {
    (void)state;
    static const struct { const char *word, *candidate; bool near; } rows[] = {
        {"deductble", "deductible", true}, {"dedutcible", "deductible", true}, {"cat", "cap", false}, {"whare", "where", true},
        {"xy", "exclude", false}, {"免培额", "免赔额", true}, {"封项", "封顶", true}, {"甲", "乙", false}, {"limits", "limit", true},
        {"给付额", "免赔额", false}, {"yaer", "year", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct plan_nearest n = {.word = str_from(rows[i].word)};
        plan_nearest_try(&n, str_from(rows[i].candidate));
        if ((n.best.n > 0) != rows[i].near) fail_msg("%s %s", rows[i].word, rows[i].candidate);
    }
    struct plan_nearest n = {.word = STR("exclud")};
    plan_nearest_try(&n, STR("excluded"));
    plan_nearest_try(&n, STR("exclude"));
    assert_true(str_eq(n.best, STR("exclude")));
}

/* docs/plan-language.md lists each word as `english` 中文. */
static void test_document_has_words(void **state) {
    (void)state;
    char *memory = NULL;
    struct str doc = text_file(SOURCE_ROOT "/docs/plan-language.md", &memory);
    for (uint32_t w = 0; w < W_COUNT; w++) {
        char pair[128];
        int n = snprintf(pair, sizeof(pair), "`%s` %s", plan_word_text((enum plan_word)w, false), plan_word_text((enum plan_word)w, true));
        if (!str_contains(doc, (struct str){pair, (size_t)n})) fail_msg("docs/plan-language.md §11 lacks %s", pair);
    }
    free(memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_nul_and_length), cmocka_unit_test(test_file_large),
        cmocka_unit_test(test_values),        cmocka_unit_test(test_places),
        cmocka_unit_test(test_words),         cmocka_unit_test(test_values_begin_no_clause),
        cmocka_unit_test(test_nearest),       cmocka_unit_test(test_document_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
