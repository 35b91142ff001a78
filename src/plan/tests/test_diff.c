/* Differences between two plans: one row is one edit of a plan, the sentence that must be said, and what a witness bill must show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "plan/plan.h"

static const char base[] =
    "plan test-2023 \"甲\" / \"Test\"\n"
    "  kind supplementary\n"
    "  source \"made for this test\", grade C\n"
    "  in force 2023-01-01 .. 2023-12-31\n"
    "  counts by discharge, over the end by admission\n"
    "  years are policy years\n"
    "  currency CNY, rounded half-up once per benefit\n"
    "  waiting none\n"
    "  reads hospital_level default 3\n"
    "  parameter threshold \"起付标准\" / \"threshold\"\n"
    "    from 2023-01-01 .. 2023-12-31 30_000\n"
    "  list drugs \"药品\" / \"drugs\" of drug\n"
    "    code \"D1\"\n"
    "    code \"D2\"\n"
    "  class prior \"既往症\" / \"prior-listed\" when sex = M and age >= 60\n"
    "  case old \"高龄\" / \"aged\" when age >= 80\n"
    "  benefit special \"特药\" / \"special drugs\"\n"
    "    takes own_full\n"
    "    where kind = drug and code in list drugs\n"
    "    deductible none\n"
    "    pays 60%, prior 30%\n"
    "    cap 500_000 each year\n"
    "  benefit inside \"目录内\" / \"inside\"\n"
    "    needs statutory settled\n"
    "    takes in_scope_own\n"
    "    deductible threshold each year, filled by commercial\n"
    "    pays 80% to 100_000 then 90%, prior 40%, on over each year\n"
    "    cap 1_000_000 each year\n"
    "  benefit outside \"目录外\" / \"outside\"\n"
    "    takes own_full\n"
    "    where visit in (inpatient, day_surgery) and ward = ordinary\n"
    "    deductible 20_000, prior 40_000 each year\n"
    "    pays 70%, prior 35%\n"
    "    limit 300_000 per item each year\n"
    "    cap 1_000_000 each year\n"
    "  benefit daily \"津贴\" / \"day allowance\"\n"
    "    allowance 100 each day after 5 days, at most 30 days each year\n";

/* ---- loading -------------------------------------------------------------------------------------------------- */

struct loaded {
    struct plan_side side;
    struct plan_library lib;
};

static void load(struct arena *a, const char *text, struct loaded *ret) {
    struct plan_source *source = ARENA_NEW(a, struct plan_source);
    struct plan_diagnostics *d = ARENA_NEW(a, struct plan_diagnostics);
    struct plan_file *file = NULL;
    assert_non_null(source);
    assert_non_null(d);
    *source = (struct plan_source){STR("test.plan"), str_from(text)};
    *ret = (struct loaded){0};
    assert_false(status_failed(plan_parse(a, source, d, &file)));
    assert_false(status_failed(plan_library_add(a, &ret->lib, file, d)));
    const struct plan_check_options o = {0};
    if (d->error_count == 0) assert_false(status_failed(plan_check(a, file->plans[0], &ret->lib, &o, d)));
    if (d->error_count > 0) {
        struct buf out;
        buf_init(&out, 100'000);
        for (uint32_t i = 0; i < d->count; i++) plan_diagnostic_print(&d->items[i], false, true, false, &out);
        print_message("%.*s\n", STR_FMT(buf_view(&out)));
        buf_done(&out);
        fail_msg("a plan of this test does not pass the check");
    }
    struct plan_program *program = NULL;
    assert_false(status_failed(plan_compile(a, file->plans[0], &program)));
    assert_false(status_failed(plan_program_verify(a, program)));
    ret->side = (struct plan_side){file->plans[0], program};
}

/* The base with the first `from` replaced by `to`. */
static const char *edited(struct arena *a, const char *from, const char *to) {
    const char *at = strstr(base, from);
    if (!at) fail_msg("the base does not hold: %s", from);
    const struct str s = arena_printf(a, "%.*s%s%s", (int)(at - base), base, to, at + strlen(from));
    assert_non_null(s.p);
    return s.p;
}

static struct str sentences(struct arena *a, const struct plan_diff_item *items, uint32_t count, bool wording) {
    struct buf b;
    buf_init(&b, 100'000);
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].wording == wording) buf_printf(&b, "%s%.*s: %.*s", b.n > 0 ? " | " : "", STR_FMT(items[i].subject_en), STR_FMT(items[i].en));
    }
    const struct str s = arena_str(a, buf_view(&b));
    buf_done(&b);
    return s;
}

/* Rows are all tried before the test fails. */
__attribute__((format(printf, 1, 2))) static int tell(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vprint_message(format, args);
    va_end(args);
    print_message("\n");
    return 1;
}

/* ---- edits that mean something ------------------------------------------------------------------------------------ */

struct row {
    const char *from, *to, *said;
    int bills; /* of the witness; 0: none can be found */
};
static const struct row rows[] = {
    {"deductible 20_000, prior 40_000", "deductible 16_000, prior 40_000", "benefit “outside”: deductible each year: 20,000.00 → 16,000.00", 1},
    {"prior 40_000 each year", "prior 30_000 each year", "benefit “outside”: deductible each year, “prior-listed”: 40,000.00 → 30,000.00", 1},
    {"20_000, prior 40_000 each year", "20_000, prior 40_000, old 10_000 in order each year", NULL, 1},
    {"pays 70%, prior 35%", "pays 75%, prior 35%", "benefit “outside”: pays: 70% → 75%", 1},
    {"80% to 100_000 then 90%", "80% to 200_000 then 90%", "benefit “inside”: pays: 80% up to 100,000.00, then 90% → 80% up to 200,000.00, then 90%", 1},
    {"takes own_full\n    where visit", "takes own_full + over_limit\n    where visit", "benefit “outside”: takes: own_full → over_limit + own_full", 1},
    {"ward = ordinary", "ward in (ordinary, special)",
     "benefit “outside”: where: visit is inpatient or day_surgery and ward is ordinary → visit is inpatient or day_surgery and ward is ordinary or special", 1},
    {"    limit 300_000 per item each year\n", "", "benefit “outside”: gone: payout limit (each year, per item): 300,000.00", 1},
    {"300_000 per item each year\n    cap 1_000_000", "300_000 per item each year\n    cap 2_000_000", "benefit “outside”: cap each year: 1,000,000.00 → 2,000,000.00", 1},
    {"    needs statutory settled\n", "", "benefit “inside”: gone: needs: settled", 1},
    {"from 2023-01-01 .. 2023-12-31 30_000", "from 2023-01-01 .. 2023-12-31 39_500", NULL, 1},
    {"code \"D2\"", "code \"D3\"", "list “drugs”: 1 entry gone: D2 | list “drugs”: 1 entry new: D3", 1},
    {"when sex = M and age >= 60", "when sex = M and age >= 65", "class “prior-listed”: when: sex is M and age ≥ 60 → sex is M and age ≥ 65", 1},
    {"allowance 100 each day", "allowance 120 each day", "benefit “day allowance”: allowance each day: 100.00 → 120.00", 1},
    {"after 5 days", "after 3 days", "benefit “day allowance”: days before the allowance begins: 5 → 3", 1},
    {"waiting none", "waiting 30 days", "the plan: waiting period: none → 30 days", 1},
    {"rounded half-up once", "rounded down once", "the plan: rounding, once per benefit: half-up → down", 1},
    {"deductible 20_000, prior 40_000 each year", "deductible 20_000, prior 40_000 each stay", NULL, 2},
    {"filled by commercial", "filled by supplementary and commercial", "benefit “inside”: deductible filled by payouts of: commercial → supplementary and commercial", 0},
    {"counts by discharge", "counts by admission", "the plan: deciding date: discharge → admission", 1},
};

static void test_edits(void **state) {
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena a;
        arena_init(&a, 256 << 20);
        struct loaded x, y;
        load(&a, base, &x);
        load(&a, edited(&a, rows[i].from, rows[i].to), &y);
        struct plan_diff_item *items = NULL;
        uint32_t count = 0;
        assert_false(status_failed(plan_diff(&a, x.side.plan, y.side.plan, &items, &count)));
        const struct str said = sentences(&a, items, count, false);
        if (said.n == 0) wrong += tell("%s → %s: nothing was said", rows[i].from, rows[i].to);
        if (rows[i].said && !str_eq(said, str_from(rows[i].said))) wrong += tell("%s → %s\n said: %.*s\n want: %s", rows[i].from, rows[i].to, STR_FMT(said), rows[i].said);
        for (uint32_t k = 0; k < count; k++) assert_true(items[k].zh.n > 0 && items[k].en.n > 0 && items[k].subject_zh.n > 0);

        const struct plan_side sides[2] = {x.side, y.side};
        struct plan_witness w;
        assert_false(status_failed(plan_diff_witness(&a, sides, (struct plan_witness_options){.random_count = 20'000, .seed = 7}, &w)));
        if (w.found != (rows[i].bills > 0)) wrong += tell("%s → %s: witness %d, tried %u", rows[i].from, rows[i].to, w.found, (unsigned)w.tried);
        if (w.found) {
            if (w.bill_count != (uint32_t)rows[i].bills) wrong += tell("%s → %s: %u bills", rows[i].from, rows[i].to, (unsigned)w.bill_count);
            assert_true(w.total[0] != w.total[1]);
            assert_false(w.shifted);
            assert_ptr_equal(w.bills[0][0], w.bills[1][0]);
        }
        arena_done(&a);
    }
    assert_int_equal(wrong, 0);
}

/* ---- edits that mean nothing ---------------------------------------------------------------------------------------- */

static const struct {
    const char *from, *to;
    bool wording; /* names and sources are told apart */
} same[] = {
    {"20_000, prior", "20000.00, prior", false},
    {"visit in (inpatient, day_surgery) and ward = ordinary", "ward = ordinary and visit in (day_surgery, inpatient)", false},
    {"ward = ordinary", "not ward != ordinary", false},
    {"age >= 60", "age > 59", false},
    {"sex = M and age >= 60", "not (sex != M or age < 60)", false},
    {"code \"D1\"\n    code \"D2\"", "code \"D2\"\n    code \"D1\"", false},
    {"deductible threshold each year", "deductible 30_000 each year", false},
    {"  benefit daily", "  -- a remark\n  benefit daily", false},
    {"\"made for this test\", grade C", "\"made for this test\", grade B", true},
    {"\"目录外\" / \"outside\"", "\"目录之外\" / \"outside the catalogue\"", true},
    {"benefit outside", "benefit outside-catalogue", true},
};

static void test_same_meaning(void **state) {
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        struct arena a;
        arena_init(&a, 64 << 20);
        struct loaded x, y;
        load(&a, base, &x);
        load(&a, edited(&a, same[i].from, same[i].to), &y);
        struct plan_diff_item *items = NULL;
        uint32_t count = 0;
        assert_false(status_failed(plan_diff(&a, x.side.plan, y.side.plan, &items, &count)));
        const struct str said = sentences(&a, items, count, false), wording = sentences(&a, items, count, true);
        if (said.n > 0) wrong += tell("%s → %s: said %.*s", same[i].from, same[i].to, STR_FMT(said));
        if ((wording.n > 0) != same[i].wording) wrong += tell("%s → %s: wording %.*s", same[i].from, same[i].to, STR_FMT(wording));
        arena_done(&a);
    }
    assert_int_equal(wrong, 0);
}

/* ---- plans that are never in force together ---------------------------------------------------------------------------- */

static void test_years(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 256 << 20);
    struct loaded x, y;
    load(&a, base, &x);
    struct buf text;
    buf_init(&text, 100'000);
    for (const char *s = edited(&a, "20_000, prior", "16_000, prior"); *s;) { /* every 2023 becomes 2024 */
        const bool year = strncmp(s, "2023", 4) == 0;
        buf_add(&text, year ? STR("2024") : (struct str){s, 1});
        s += year ? 4 : 1;
    }
    buf_add_char(&text, '\0');
    load(&a, text.p, &y);
    struct plan_diff_item *items = NULL;
    uint32_t count = 0;
    assert_false(status_failed(plan_diff(&a, x.side.plan, y.side.plan, &items, &count)));
    const struct str said = sentences(&a, items, count, false);
    assert_true(str_contains(said, STR("in force: 2023-01-01 .. 2023-12-31 → 2024-01-01 .. 2024-12-31")));
    assert_true(str_contains(said, STR("deductible each year: 20,000.00 → 16,000.00")));
    assert_false(str_contains(said, STR("threshold"))); /* the same value, a year later */

    const struct plan_side sides[2] = {x.side, y.side};
    struct plan_witness w;
    assert_false(status_failed(plan_diff_witness(&a, sides, (struct plan_witness_options){.random_count = 1'000, .seed = 7}, &w)));
    assert_true(w.found && w.shifted);
    assert_int_equal(w.bill_count, 1);
    assert_int_equal(w.total[0], 0);
    assert_int_equal(w.total[1], 2'800'00); /* (20,000 − 16,000) × 70 % */
    assert_true(day_in(w.bills[0][0]->from, (struct day_range){day_from_civil(2023, 1, 1), day_from_civil(2023, 12, 31)}));
    assert_true(day_in(w.bills[1][0]->from, (struct day_range){day_from_civil(2024, 1, 1), day_from_civil(2024, 12, 31)}));
    buf_done(&text);
    arena_done(&a);
}

/* A witness is the same for the same seed, and reads back as a bill. */
static void test_witness_reads_back(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 256 << 20);
    struct loaded x, y;
    load(&a, base, &x);
    load(&a, edited(&a, "code \"D2\"", "code \"D3\""), &y);
    const struct plan_side sides[2] = {x.side, y.side};
    struct str texts[2];
    for (int i = 0; i < 2; i++) {
        struct plan_witness w;
        assert_false(status_failed(plan_diff_witness(&a, sides, (struct plan_witness_options){.random_count = 1'000, .seed = 7}, &w)));
        assert_true(w.found);
        struct buf out;
        struct json_writer j;
        buf_init(&out, 100'000);
        json_writer_init(&j, &out, false);
        bill_write(w.bills[0][0], &j);
        texts[i] = arena_str(&a, buf_view(&out));
        buf_done(&out);
        const struct bill *read = NULL;
        assert_false(status_failed(bill_parse(&a, texts[i], &read)));
        assert_int_equal(read->lines.count, 1); /* one line is enough */
    }
    assert_true(str_eq(texts[0], texts[1]));
    arena_done(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edits),
        cmocka_unit_test(test_same_meaning),
        cmocka_unit_test(test_years),
        cmocka_unit_test(test_witness_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
