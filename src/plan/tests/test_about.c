/* What others may know of a plan, and its hash: what moves it and what does not. */
#include "plan/tests/text.h"

static const char base[] = "plan p \"甲\" / \"a\"\n  kind commercial\n  source \"s\", grade D\n  in force 2024-01-01 ..\n"
                           "  counts by discharge, over the end by admission\n  years are policy years\n  currency CNY, rounded half-up once per benefit\n"
                           "  co-insurers \"x\" 60%, \"y\" 40%, paid by each\n  list own \"l\"\n    code \"A\"\n"
                           "  benefit b \"乙\" / \"b\"\n    takes own_full + own_first\n    where code in list own or code in list far\n"
                           "    deductible 1_000 each year\n    pays 80%\n    cap none\n"
                           "  benefit w \"w\"\n    allowance 5 each day after 0 days\n"
                           "  example \"e\"\n    given own_full 5\n    expect total 0\n";
static const char lists[] = "list far \"f\"\n  code \"B\"\nlist other \"o\"\n  code \"C\"\n";

/* Hash of the plan in `text` beside the lists, after the check. */
static void hash_of(struct str text, struct str list_text, uint8_t ret[32]) {
    struct text *t = text_parse(text), *l = text_parse(list_text);
    struct plan_library lib = {0};
    struct plan_check_options options = {0};
    if (t->d.error_count || l->d.error_count) fail_msg("%s", (t->d.error_count ? t : l)->d.items[0].en.p);
    assert_false(status_failed(plan_library_add(&t->a, &lib, l->file, &t->d)));
    assert_false(status_failed(plan_check(&t->a, t->file->plans[0], &lib, &options, &t->d)));
    if (t->d.error_count) fail_msg("%.*s: %.*s", STR_FMT(t->d.items[0].en), STR_FMT(text));
    size_t used = t->a.bytes_used;
    assert_false(status_failed(plan_hash(&t->a, t->file->plans[0], ret)));
    assert_int_equal(t->a.bytes_used, used);
    text_done(l);
    text_done(t);
}

static struct str replaced(const char *text, const char *from, const char *to, struct buf *out) {
    const char *at = strstr(text, from);
    assert_non_null(at);
    buf_add(out, (struct str){text, (size_t)(at - text)});
    buf_add_cstr(out, to);
    buf_add_cstr(out, at + strlen(from));
    return buf_view(out);
}

static void check_change(const char *from, const char *to, bool in_list, bool moves) {
    uint8_t before[32], after[32];
    struct buf out;
    buf_init(&out, 1u << 20);
    hash_of(str_from(base), str_from(lists), before);
    struct str text = replaced(in_list ? lists : base, from, to, &out);
    hash_of(in_list ? str_from(base) : text, in_list ? text : str_from(lists), after);
    if ((memcmp(before, after, 32) != 0) != moves) fail_msg("%s → %s", from, to);
    buf_done(&out);
}

static void test_hash(void **state) {
    (void)state;
    static const struct { const char *from, *to; bool in_list, moves; } rows[] = {
        {"  kind", "-- a comment\n     kind", false, false},
        {"1_000", "1000.00", false, false},
        {"80%", "80.0%", false, false},
        {"own_full + own_first", "own_full\n      + own_first -- c", false, false},
        {"1_000", "1_000.01", false, true},
        {"80%", "80.0001%", false, true},
        {"\"乙\"", "\"丙\"", false, true},
        {"\"s\"", "\"S\"", false, true},
        {"grade D", "grade C", false, true},
        {"code \"A\"", "code \"A1\"", false, true},
        {"total 0", "total 1", false, true},
        {"own_full + own_first", "own_first + own_full", false, true}, /* cells are in order of buckets, but the text is another */
        {"code \"B\"", "code \"B\" -- c", true, false},
        {"code \"B\"", "code \"B2\"", true, true},
        {"code \"C\"", "code \"C2\"", true, false}, /* not used */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) check_change(rows[i].from, rows[i].to, rows[i].in_list, rows[i].moves);
}

/* The language of the keywords is no part of a plan. */
static void test_hash_language(void **state) {
    (void)state;
    uint8_t en[32], zh[32];
    struct text *t = text_parse(str_from(base)), *l = text_parse(str_from(lists));
    struct buf plan_zh, lists_zh;
    buf_init(&plan_zh, 1u << 20);
    buf_init(&lists_zh, 1u << 20);
    assert_false(status_failed(plan_format(&t->a, &t->source, t->file, true, &plan_zh)));
    assert_false(status_failed(plan_format(&l->a, &l->source, l->file, true, &lists_zh)));
    hash_of(str_from(base), str_from(lists), en);
    hash_of(buf_view(&plan_zh), buf_view(&lists_zh), zh);
    assert_memory_equal(en, zh, 32);
    hash_of(buf_view(&plan_zh), str_from(lists), zh); /* mixed */
    assert_memory_equal(en, zh, 32);
    buf_done(&plan_zh);
    buf_done(&lists_zh);
    text_done(l);
    text_done(t);
}

static void test_about(void **state) {
    (void)state;
    struct text *t = text_parse(str_from(base));
    const struct plan *p = t->file->plans[0];
    struct plan_about about = plan_about(p);
    assert_true(str_eq(about.name, STR("p")) && str_eq(about.zh, STR("甲")) && str_eq(about.en, STR("a")) && str_eq(about.product, STR("p")));
    assert_true(str_eq(about.source_text, STR("s")) && str_eq(about.file, STR("test.plan")));
    assert_int_equal(about.kind, PLAN_COMMERCIAL);
    assert_int_equal(about.grade, 'D');
    assert_int_equal(about.benefit_count, 2);
    assert_int_equal(about.example_count, 1);
    assert_int_equal(about.co_insurer_count, 2);
    assert_true(about.paid_by_each);
    assert_int_equal(about.rounding, ROUND_HALF_UP);
    assert_int_equal(about.in_force.to.v, DAY_OPEN.v);
    struct plan_benefit_about b = plan_benefit_about(p, 0), w = plan_benefit_about(p, 1);
    assert_true(str_eq(b.name, STR("b")) && str_eq(b.zh, STR("乙")) && !b.allowance && w.allowance);
    assert_int_equal(b.buckets, 1u << BUCKET_OWN_FULL | 1u << BUCKET_OWN_FIRST);
    assert_int_equal(b.line, 11);
    struct plan_co_insurer_about y = plan_co_insurer_about(p, 1);
    assert_true(str_eq(y.name, STR("y")));
    assert_int_equal(y.share_ppm, 400'000);
    text_done(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hash), cmocka_unit_test(test_hash_language), cmocka_unit_test(test_about)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
