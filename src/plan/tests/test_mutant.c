/* Mutants: what is changed and what is left alone, and that each judge can say yes and no.
 *
 * The injected fault (a checker must be able to fail): a plan without examples, whose changed amounts nobody notices but the bills.
 */
#include "plan/tests/check_text.h"


#include "bill/bill.h"
#include "plan/mutants/mutant.h"

static const char rich[] = "plan p \"p 1\" / \"q 2\"\n"
                           "  kind commercial\n"
                           "  source \"s 3\", grade D\n"
                           "  in force 2024-01-01 .. 2024-12-31\n"
                           "  counts by discharge, over the end by admission\n"
                           "  years are policy years\n"
                           "  currency CNY, rounded half-up once per benefit\n"
                           "  waiting 30 days unless cause = accident\n"
                           "  list l \"l 4\" of diagnosis\n"
                           "    prefix \"C34\" -- lung 5\n"
                           "    range \"I20\" .. \"I25\"\n"
                           "  class ill \"ill\"\n"
                           "    when first diagnosis of list l before first enrolment\n"
                           "  case old \"old\"\n"
                           "    when age >= 60 and not died\n"
                           "  benefit b \"b 6\"\n"
                           "    needs statutory settled\n"
                           "    takes in_scope_own + own_first\n"
                           "    where visit in (inpatient, outpatient)\n"
                           "    deductible 1_000, ill 2_000 each year per family, filled by commercial and supplementary\n"
                           "    pays by sex: M 80%, F 90%, otherwise 70% except old 60%\n"
                           "    limit 500 per item each stay for kind = drug\n"
                           "    cap 10_000 each year\n"
                           "    cap 20_000.50 lifetime\n"
                           "  example \"x 7\"\n"
                           "    given in_scope 100\n"
                           "    expect b 0\n";

static struct mutations made_of(struct arena *a, struct str text, struct plan_source *ret_source) {
    struct plan_diagnostics *d = ARENA_NEW(a, struct plan_diagnostics);
    struct plan_file *file = NULL;
    struct mutations made;
    assert_non_null(d);
    *ret_source = (struct plan_source){STR("p.plan"), text};
    assert_false(status_failed(plan_parse(a, ret_source, d, &file)));
    if (d->error_count > 0) fail_msg("%s in line %u: %.*s", d->items[0].code, d->items[0].line, STR_FMT(d->items[0].en));
    assert_false(status_failed(mutations_make(a, ret_source, file, &made)));
    return made;
}

/* "from → to" of all mutants, in order. */
static bool has(const struct mutations *m, struct str text, const char *from, const char *to) {
    for (uint32_t i = 0; i < m->count; i++) {
        struct str piece = {text.p + m->items[i].start, m->items[i].end - m->items[i].start};
        if (str_eq(piece, str_from(from)) && str_eq(m->items[i].put, str_from(to))) return true;
    }
    return false;
}

static void operators_change_each_part(void **state) {
    (void)state;
    static const struct {
        const char *from, *to;
    } expected[] = {
        {"1_000", "1001"}, {"1_000", "999"}, {"20_000.50", "20000.51"}, {"80%", "79%"}, {"80%", "81%"}, {"2024-12-31", "2025-01-01"}, {"\"C34\"", "\"C35\""},
        {"\"I25\"", "\"I26\""}, {"prefix", "code"}, {"inpatient", "maternity"}, {"=", "!="}, {">=", ">"}, {"and", "or"}, {"not", ""}, {"own_first", "in_scope"},
        {"+ own_first", ""}, {"in_scope_own +", ""}, {"each year", "each stay"}, {"each year", "lifetime"}, {"lifetime", "each year"}, {"policy years", "calendar years"},
        {"discharge", "admission"}, {"half-up", "down"}, {"half-up", "up"}, {"commercial", "programme"}, {", filled by commercial and supplementary", ""}, {"per family", ""},
        {"needs statutory settled", ""}, {"where visit in (inpatient, outpatient)", ""}, {"cap 10_000 each year", ""}, {", ill 2_000", ""}, {", F 90%", ""}, {"M 80%,", ""},
        {"except old 60%", ""}, {"unless cause = accident", ""}, {"for kind = drug", ""}, {"per item", "per ingredient"}, {"30", "31"}, {"60", "59"},
        {"prefix \"C34\"", ""}, {"limit 500 per item each stay for kind = drug", ""}, {"statutory settled", "not statutory settled"}, {"M", "F"},
        {"deductible 1_000, ill 2_000 each year per family, filled by commercial and supplementary", "deductible none"},
        {"cap 10_000 each year\n    cap 20_000.50 lifetime", "cap 20_000.50 lifetime\n    cap 10_000 each year"},
    };
    struct arena a;
    struct plan_source source;
    arena_init(&a, 64U << 20);
    struct mutations m = made_of(&a, STR(rich), &source);
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        if (!has(&m, source.text, expected[i].from, expected[i].to)) fail_msg("no mutant \"%s\" -> \"%s\"", expected[i].from, expected[i].to);
    uint32_t kinds[PLAN_MUTATION_COUNT] = {0};
    for (uint32_t i = 0; i < m.count; i++) kinds[m.items[i].kind]++;
    for (int k = 0; k < PLAN_MUTATION_COUNT; k++)
        if (kinds[k] == 0) fail_msg("no mutant of kind %s", mutation_name((enum plan_mutation)k, false));
    arena_done(&a);
}

static void labels_comments_and_examples_stay(void **state) {
    (void)state;
    struct arena a;
    struct plan_source source;
    arena_init(&a, 64U << 20);
    struct mutations m = made_of(&a, STR(rich), &source);
    size_t example = (size_t)(strstr(rich, "  example") - rich), first = (size_t)(strstr(rich, "  in force") - rich);
    for (uint32_t i = 0; i < m.count; i++) {
        struct str text = mutation_text(&a, source.text, &m.items[i]);
        assert_true(m.items[i].end <= example && m.items[i].start >= first);
        assert_false(str_eq(text, source.text));
        static const char *const kept[] = {"\"p 1\" / \"q 2\"", "\"s 3\"", "\"l 4\"", "-- lung 5", "\"b 6\"", "\"x 7\""};
        for (size_t k = 0; k < COUNT_OF(kept); k++)
            if (!str_contains(text, str_from(kept[k]))) fail_msg("%s is gone", kept[k]);
    }
    arena_done(&a);
}

/* A Chinese plan gives the same mutants, in Chinese. */
static void chinese_plans_stay_chinese(void **state) {
    (void)state;
    struct arena a;
    struct plan_source source, zh;
    struct plan_diagnostics *d;
    struct plan_file *file = NULL;
    struct buf out;
    arena_init(&a, 64U << 20);
    struct mutations m = made_of(&a, STR(rich), &source);
    d = ARENA_NEW(&a, struct plan_diagnostics);
    assert_non_null(d);
    assert_false(status_failed(plan_parse(&a, &source, d, &file)));
    buf_init(&out, 1U << 20);
    assert_false(status_failed(plan_format(&a, &source, file, true, &out)));
    struct mutations n = made_of(&a, buf_view(&out), &zh);
    assert_int_equal(m.count, n.count);
    assert_true(has(&n, zh.text, "每年", "每次住院"));
    assert_true(has(&n, zh.text, "医保已结算", "非 医保已结算"));
    buf_done(&out);
    arena_done(&a);
}

/* ---- judges --------------------------------------------------------------------------------------------------- */

static struct plan_mutants_report judged(struct arena *a, const char *changes, struct plan_mutants_options o) {
    struct plan_source source = {STR("p.plan"), check_changed(a, STR(check_base), NULL, changes)};
    struct plan_library lib = {0};
    struct plan_mutants_report r;
    struct status s = plan_mutants_run(a, &source, &lib, o, &r);
    if (status_failed(s)) fail_msg("%s: %.*s", s.err->code, STR_FMT(s.err->en));
    return r;
}

static const struct plan_mutant *mutant_of(const struct plan_mutants_report *r, const char *from, const char *to) {
    for (uint32_t i = 0; i < r->count; i++)
        if (str_eq(r->items[i].from, str_from(from)) && str_eq(r->items[i].to, str_from(to))) return &r->items[i];
    fail_msg("no mutant \"%s\" -> \"%s\"", from, to);
    return NULL;
}

/* The injected fault: nothing but bills can notice, and they do. */
static void without_examples_mutants_survive(void **state) {
    (void)state;
    static const struct {
        const char *from, *to;
    } survive[] = {{"100", "101"}, {"100", "99"}, {"80%", "79%"}, {"10_000", "10001"}, {"own_full", "over_limit"}, {"inpatient", "maternity"}, {"=", "!="},
                   {"half-up", "down"}, {"2024-12-31", "2024-12-30"}, {"deductible 100 each year", "deductible none"}, {"cap 10_000 each year", "cap none"},
                   {"where visit = inpatient", ""}, {"policy years", "calendar years"}};
    struct arena a;
    arena_init(&a, 256U << 20);
    struct plan_mutants_report r = judged(&a, "", (struct plan_mutants_options){.bills = 1'600, .seed = 1});
    assert_int_equal(r.count, r.made);
    for (size_t i = 0; i < COUNT_OF(survive); i++) {
        const struct plan_mutant *m = mutant_of(&r, survive[i].from, survive[i].to);
        if (m->fate != PLAN_MUTANT_SURVIVED) fail_msg("%s -> %s: %d", survive[i].from, survive[i].to, m->fate);
        assert_true(m->witness.n > 0);
    }
    assert_int_equal(r.fates[PLAN_MUTANT_BY_EXAMPLE], 0);
    arena_done(&a);
}

/* Each judge in turn. */
static void judges_say_who_noticed(void **state) {
    (void)state;
    static const char more[] = "  co-insurers \"A\" 60%, \"B\" 40%, paid by lead\n"
                               "  example \"passes the deductible\"\n    given own_full 200\n    expect b 80\n"
                               "  example \"reaches the cap\"\n    given own_full 20_000\n    expect b 10_000\n"
                               "  example \"below half a fen\"\n    given own_full 100.03\n    expect b 0.02\n";
    struct arena a;
    arena_init(&a, 256U << 20);
    struct plan_mutants_report r = judged(&a, more, (struct plan_mutants_options){.bills = 500, .seed = 1});
    assert_string_equal(mutant_of(&r, "60%", "59%")->by.p, "co-insurer-sum");
    assert_int_equal(mutant_of(&r, "60%", "59%")->fate, PLAN_MUTANT_BY_CHECKER);
    assert_string_equal(mutant_of(&r, "80%", "79%")->by.p, "passes the deductible");
    assert_int_equal(mutant_of(&r, "80%", "79%")->fate, PLAN_MUTANT_BY_EXAMPLE);
    assert_string_equal(mutant_of(&r, "10_000", "9999")->by.p, "reaches the cap");
    assert_int_equal(mutant_of(&r, "half-up", "up")->fate, PLAN_MUTANT_BY_EXAMPLE);
    assert_int_equal(mutant_of(&r, "2024-12-31", "2025-01-01")->fate, PLAN_MUTANT_SURVIVED);
    assert_int_equal(r.fates[PLAN_MUTANT_BY_PARSER] + r.fates[PLAN_MUTANT_BY_CHECKER] + r.fates[PLAN_MUTANT_BY_EXAMPLE] + r.fates[PLAN_MUTANT_EQUIVALENT] +
                     r.fates[PLAN_MUTANT_SURVIVED], r.count);
    arena_done(&a);
}

/* Where everything is paid no rounding can differ: equivalent, and it says on how many bills. */
static void equivalent_mutants_are_named(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 256U << 20);
    struct plan_source source = {STR("p.plan"), check_changed(&a, STR(check_base), "80%", "100%")};
    struct plan_library lib = {0};
    struct plan_mutants_report r;
    assert_false(status_failed(plan_mutants_run(&a, &source, &lib, (struct plan_mutants_options){.bills = 400, .seed = 3}, &r)));
    const struct plan_mutant *m = mutant_of(&r, "half-up", "down");
    assert_int_equal(m->fate, PLAN_MUTANT_EQUIVALENT);
    assert_int_equal(m->bills, 400);
    arena_done(&a);
}

/* A sample is spread over the text and repeats with its seed; a plan that is not sound is refused. */
static void samples_repeat(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 256U << 20);
    struct plan_mutants_options o = {.max = 7, .bills = 10, .seed = 5};
    struct plan_mutants_report x = judged(&a, "", o), y = judged(&a, "", o);
    assert_int_equal(x.count, 7);
    assert_true(x.made > 7);
    for (uint32_t i = 0; i < x.count; i++) {
        assert_true(str_eq(x.items[i].from, y.items[i].from) && str_eq(x.items[i].to, y.items[i].to) && x.items[i].line == y.items[i].line);
        for (uint32_t k = 0; k < i; k++) assert_false(x.items[i].line == x.items[k].line && str_eq(x.items[i].from, x.items[k].from) && str_eq(x.items[i].to, x.items[k].to));
    }
    struct plan_source wrong = {STR("p.plan"), check_changed(&a, STR(check_base), NULL, "  example \"wrong\"\n    given own_full 200\n    expect b 81\n")};
    struct plan_library lib = {0};
    struct plan_mutants_report r;
    struct status s = plan_mutants_run(&a, &wrong, &lib, o, &r);
    assert_true(status_failed(s));
    assert_string_equal(s.err->code, "plan-not-sound");
    arena_done(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_change_each_part),      cmocka_unit_test(labels_comments_and_examples_stay), cmocka_unit_test(chinese_plans_stay_chinese),
        cmocka_unit_test(without_examples_mutants_survive), cmocka_unit_test(judges_say_who_noticed),           cmocka_unit_test(equivalent_mutants_are_named),
        cmocka_unit_test(samples_repeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
