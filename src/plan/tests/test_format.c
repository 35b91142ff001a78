/* The formatter: canonical layout, comments kept, a fixed point, the same tree, and the same meaning in the other language. */
#include <dirent.h>

#include "plan/syntax/format.h"
#include "plan/tests/dump.h"
#include "plan/tests/text.h"

static void format_text(struct text *t, bool zh, struct buf *out) {
    struct str name = t->source.name;
    if (t->d.error_count) {
        plan_diagnostic_print(&t->d.items[0], false, true, false, out);
        buf_add_char(out, '\0');
        fail_msg("%.*s: %s", STR_FMT(name), out->p);
    }
    assert_false(status_failed(plan_format(&t->a, &t->source, t->file, zh, out)));
}

static void format_str(struct str s, bool zh, struct buf *out) {
    struct text *t = text_parse(s);
    format_text(t, zh, out);
    text_done(t);
}

/* ---- layout --------------------------------------------------------------------------------------------------- */

static const struct layout_row {
    const char *text, *layout;
} layouts[] = {
    {"plan p \"甲\"/\"a\"\nkind commercial\nsource \"s\",grade D\nin force 2022-01-01..\ncounts by line date\nyears are calendar years\n"
     "currency CNY,rounded half-up once per benefit\nwaiting none",
     "plan p \"甲\" / \"a\"\n"
     "  kind     commercial\n"
     "  source   \"s\", grade D\n"
     "  in force 2022-01-01 ..\n"
     "  counts by line date\n"
     "  years are calendar years\n"
     "  currency CNY, rounded half-up once per benefit\n"
     "  waiting  none\n"},
    {"plan p \"x\"\nshared cap a \"a\" 5 lifetime\nshared cap b \"b\" 5 lifetime\nclass c \"c\" when poor\nbenefit b \"b\"\nfund f\nneeds poor\n"
     "deductible none\nfirst share 010.500% before deductible\ncap min( 39500,92_800.00 ) each year\nlimit 1234567.5 each year\nlimit 0.125 each year\nexclude e \"e\" when poor",
     "plan p \"x\"\n"
     "\n"
     "  shared cap a \"a\" 5 lifetime\n"
     "  shared cap b \"b\" 5 lifetime\n"
     "\n"
     "  class c \"c\"\n"
     "    when   poor\n"
     "\n"
     "  benefit b \"b\"\n"
     "    fund       f\n"
     "    needs      poor\n"
     "    deductible none\n"
     "    first share 10.5% before deductible\n"
     "    cap        min(39_500, 92_800) each year\n"
     "    limit      1_234_567.50 each year\n"
     "    limit      0.125 each year\n"
     "    exclude    e \"e\"\n"
     "      when poor\n"},
    /* Long clauses are filled, parentheses stay whole when they fit. */
    {"plan p \"x\"\nbenefit b \"b\"\nwhere visit in (inpatient, outpatient, chronic) and ward = ordinary and (kind = drug or kind = herb or kind = consumable)"
     " and not (age >= 60 or retired)\npays by insured_type: employee 60% to 50_000 then 70%, resident 50% to 50_000 then 60% except low-level 40%, poor-class 90%, on over each year",
     "plan p \"x\"\n"
     "\n"
     "  benefit b \"b\"\n"
     "    where      visit in (inpatient, outpatient, chronic) and ward = ordinary\n"
     "               and (kind = drug or kind = herb or kind = consumable) and not (age >= 60 or retired)\n"
     "    pays       by insured_type: employee 60% to 50_000 then 70%, resident 50% to 50_000 then 60%\n"
     "               except low-level 40%, poor-class 90%, on over each year\n"},
    /* Comments: alone, trailing, inside a clause; empty lines between them are kept. */
    {"--head\n\n--   two\nplan p \"x\"  --name\n\n\n  -- kind\n  kind -- inside\n commercial\n\n--gap\n\nbenefit b \"b\"\ntakes own_full --one\n + -- two\n--alone\n own_first\n------\n  --end",
     "-- head\n"
     "\n"
     "-- two\n"
     "plan p \"x\"  -- name\n"
     "\n"
     "  -- kind\n"
     "  kind  -- inside\n"
     "           commercial\n"
     "\n"
     "  -- gap\n"
     "\n"
     "  benefit b \"b\"\n"
     "    takes      own_full  -- one\n"
     "               +  -- two\n"
     "               -- alone\n"
     "               own_first\n"
     "------\n"
     "  -- end\n"},
    {"plan p \"x\"\nlist l \"l\" of drug\ncode \"A\" \"n\" group \"g\" share 70% from 2022-01-01..2022-02-01\nprefix \"B\"\nrange \"C\"..\"D\"\nexample \"e\" source \"s\"\n"
     "given own_full 5,line,code \"A\",own_full 1,line,kind bed\nexpect total 5",
     "plan p \"x\"\n"
     "\n"
     "  list l \"l\" of drug\n"
     "    code   \"A\" \"n\" group \"g\" share 70% from 2022-01-01 .. 2022-02-01\n"
     "    prefix \"B\"\n"
     "    range  \"C\" .. \"D\"\n"
     "\n"
     "  example \"e\"\n"
     "    source \"s\"\n"
     "    given  own_full 5,\n"
     "           line, code \"A\", own_full 1,\n"
     "           line, kind bed\n"
     "    expect total 5\n"},
    {"list l \"l\"\ncode \"A\"\nlist m \"m\"\nchain c \"c\"\nregion \"1\",\"2\"\nthen a fills deductibles no\nthen policies by date",
     "list l \"l\"\n"
     "  code   \"A\"\n"
     "\n"
     "list m \"m\"\n"
     "\n"
     "chain c \"c\"\n"
     "  region   \"1\", \"2\"\n"
     "  then     a fills deductibles no\n"
     "  then     policies by date\n"},
    {"方案 p \"x\"\n种类 商业\n责任 b \"b\"\n免赔额 按 参保类型:职工 39500,居民 30_400 每年\n限于 就诊类型 属于 ( 住院 , 门诊 ) 且 （困难人员）",
     "方案 p \"x\"\n"
     "  种类   商业\n"
     "\n"
     "  责任 b \"b\"\n"
     "    免赔额   按 参保类型：职工 39_500，居民 30_400 每年\n"
     "    限于     就诊类型 属于（住院，门诊） 且（困难人员）\n"},
};

static void test_layout(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(layouts); i++) {
        struct text *t = text_parse(str_from(layouts[i].text));
        struct buf out;
        buf_init(&out, 1u << 20);
        format_text(t, t->file->zh, &out);
        text_assert(&out, layouts[i].layout);
        buf_done(&out);
        text_done(t);
    }
}

static void test_translation(void **state) {
    (void)state;
    struct buf out;
    buf_init(&out, 1u << 20);
    format_str(STR("plan p \"x\"\n  counts by discharge, over the end by admission -- c\n  benefit b \"b\"\n    takes in_scope_own + own_first\n    counts at most 3 times each year\n"
                   "    where out_of_region = none and catalogue = unmarked\n"), true, &out);
    text_assert(&out, "方案 p \"x\"\n"
                      "  认定日 出院日，跨期认定日 入院日  -- c\n"
                      "\n"
                      "  责任 b \"b\"\n"
                      "    纳入     范围内自付 + 先行自付\n"
                      "    计入上限 3 次 每年\n"
                      "    限于     异地类型 = 本地 且 目录类别 = 未标\n");
    buf_done(&out);
}

/* ---- laws over all texts that there are ------------------------------------------------------------------------- */

static void assert_equal(const char *law, struct str file, const struct buf *a, const struct buf *b) {
    if (str_eq(buf_view(a), buf_view(b))) return;
    size_t i = 0;
    while (i < a->n && i < b->n && a->p[i] == b->p[i]) i++;
    size_t from = i > 100 ? i - 100 : 0;
    fail_msg("%.*s: %s\n---- %.*s\n---- %.*s", STR_FMT(file), law, (int)(a->n - from < 300 ? a->n - from : 300), a->p + from,
             (int)(b->n - from < 300 ? b->n - from : 300), b->p + from);
}

static void comment_texts(const struct text *t, struct buf *out) {
    for (uint32_t i = 0; i < t->tokens.count; i++) {
        if (t->tokens.items[i].kind != TOKEN_COMMENT) continue;
        struct str s = plan_token_str(&t->source, &t->tokens.items[i]);
        for (size_t k = 0; k < s.n; k++)
            if (s.p[k] != ' ' && s.p[k] != '\t') buf_add_char(out, s.p[k]);
        buf_add_char(out, '\n');
    }
}

/* Formats a text; its tree and comments must be those of the original. */
static void format_checked(struct text *t, bool zh, struct buf *out) {
    struct buf before, after, comments_before, comments_after;
    struct buf *all[] = {&before, &after, &comments_before, &comments_after};
    for (size_t i = 0; i < COUNT_OF(all); i++) buf_init(all[i], 64u << 20);
    format_text(t, zh, out);
    struct text *again = text_parse(buf_view(out));
    if (again->d.error_count) {
        plan_diagnostic_print(&again->d.items[0], false, true, false, &before);
        buf_add_char(&before, '\0');
        fail_msg("%s", before.p);
    }
    dump_file(&before, t->file);
    dump_file(&after, again->file);
    assert_equal("the tree", t->source.name, &before, &after);
    comment_texts(t, &comments_before);
    comment_texts(again, &comments_after);
    assert_equal("the comments", t->source.name, &comments_before, &comments_after);
    text_done(again);
    for (size_t i = 0; i < COUNT_OF(all); i++) buf_done(all[i]);
}

/* Fixed point in both languages; there and back is where one stood. */
static bool laws_hold(struct str s, const char *path) {
    struct text *t = text_parse(s);
    t->source.name = str_from(path);
    if (t->d.error_count) {
        text_done(t);
        return false;
    }
    struct buf own, own_again, other, other_again, back;
    struct buf *all[] = {&own, &own_again, &other, &other_again, &back};
    for (size_t i = 0; i < COUNT_OF(all); i++) buf_init(all[i], 64u << 20);
    bool zh = t->file->zh;
    format_checked(t, zh, &own);
    format_str(buf_view(&own), zh, &own_again);
    assert_equal("fixed point", t->source.name, &own, &own_again);
    format_checked(t, !zh, &other);
    format_str(buf_view(&other), !zh, &other_again);
    assert_equal("fixed point in the other language", t->source.name, &other, &other_again);
    format_str(buf_view(&other), zh, &back);
    assert_equal("there and back", t->source.name, &own, &back);
    for (size_t i = 0; i < COUNT_OF(all); i++) buf_done(all[i]);
    text_done(t);
    return true;
}

static uint32_t folder_check(const char *path) {
    uint32_t held = 0;
    DIR *dir = opendir(path);
    if (!dir) return 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.') continue;
        char file[1024], *memory = NULL;
        (void)snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot) {
            held += folder_check(file);
            continue;
        }
        if (strcmp(dot, ".plan") != 0 && strcmp(dot, ".list") != 0 && strcmp(dot, ".chain") != 0) continue;
        struct str s = text_file(file, &memory);
        held += laws_hold(s, file);
        free(memory);
    }
    (void)closedir(dir);
    return held;
}

static void test_corpus(void **state) {
    (void)state;
    assert_true(folder_check(SOURCE_ROOT "/tests/fuzz/corpus/plan") >= 18);
}

static void test_plans(void **state) {
    (void)state;
    assert_true(folder_check(SOURCE_ROOT "/plans") >= 20);
}

static void test_layouts_too(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(layouts); i++) assert_true(laws_hold(str_from(layouts[i].text), "layout"));
}

/* Texts that nobody would write, as far as they are still plans. */
static void test_random_edits(void **state) {
    (void)state;
    static const char *const names[] = {"every-clause.plan", "every-clause-zh.plan", "examples.plan", "conditions.plan", "comments.plan", "lists.list",
                                        "chain.chain"};
    uint64_t seed = 20'220'101;
    uint32_t held = 0;
    for (int round = 0; round < 1500; round++) {
        char file[1024], *memory = NULL;
        (void)snprintf(file, sizeof(file), SOURCE_ROOT "/tests/fuzz/corpus/plan/%s", names[round % (int)COUNT_OF(names)]);
        struct text *whole = text_parse(text_file(file, &memory));
        struct buf s;
        buf_init(&s, 1u << 20);
        text_edit(whole, &seed, &s);
        held += laws_hold(buf_view(&s), "edited");
        buf_done(&s);
        text_done(whole);
        free(memory);
    }
    assert_true(held > 100);
}

/* ---- parts ------------------------------------------------------------------------------------------------------------ */

static void section_str(const char *text, uint32_t which, struct buf *out) {
    struct text *t = text_parse(str_from(text));
    assert_int_equal(t->d.error_count, 0);
    const struct plan *p = t->file->plans[0];
    assert_true(plan_format_section(&t->source, &t->tokens, which == 0 ? p->pos.start : p->lists[which - 1].pos.start, out));
    assert_false(plan_format_section(&t->source, &t->tokens, 3, out));
    text_done(t);
}

/* What is hashed: English, without comments, only the plan or list asked for, however it was written. */
static void test_section(void **state) {
    (void)state;
    static const char *const texts[] = {
        "-- c\nplan p \"x\"\nkind commercial -- c\nlist l \"l\"\ncode \"A\" -- d\nlist m \"m\"\nbenefit b \"b\"\ncap 1000.0 each year\nplan q \"y\"\n",
        "plan p \"x\"\n  kind\n commercial\n\n  list l \"l\"\n    code \"A\"\n list m \"m\"\n benefit b \"b\"\n    cap 1_000 each year\n",
        "方案 p \"x\"\n种类 商业\n清单 l \"l\"\n编码 \"A\"\n清单 m \"m\"\n责任 b \"b\"\n封顶 1_000 每年\n",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct buf whole, list;
        buf_init(&whole, 1u << 16);
        buf_init(&list, 1u << 16);
        section_str(texts[i], 0, &whole);
        text_assert(&whole, "plan p \"x\"\n  kind     commercial\n\n  list l \"l\"\n    code   \"A\"\n\n  list m \"m\"\n\n  benefit b \"b\"\n    cap        1_000 each year\n");
        section_str(texts[i], 1, &list);
        text_assert(&list, "  list l \"l\"\n    code   \"A\"\n");
        buf_done(&whole);
        buf_done(&list);
    }
}

static void test_full_buffer(void **state) {
    (void)state;
    struct text *t = text_parse(STR("plan p \"x\"\nkind commercial"));
    struct buf out;
    buf_init(&out, 10);
    assert_true(status_failed(plan_format(&t->a, &t->source, t->file, false, &out)));
    buf_done(&out);
    text_done(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout), cmocka_unit_test(test_translation), cmocka_unit_test(test_corpus),     cmocka_unit_test(test_plans),
        cmocka_unit_test(test_layouts_too), cmocka_unit_test(test_section), cmocka_unit_test(test_full_buffer),
        cmocka_unit_test(test_random_edits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
