/* Proofs: what a finding claims is seen by running its witness bill, or by random bills where it claims that nothing can ever be seen.
 *
 * A witness must be a bill that the reader of bills takes; what it shows is shown by walker and evaluator alike.
 */
#include "plan/tests/check_text.h"

#include <stdlib.h>

#include "codec/codec.h"
#include "plan/run/counters.h"
#include "plan/prove/prove.h"
#include "plan/examples/same.h"

/* ---- running a plan on a witness ------------------------------------------------------------------------------ */

static struct plan *ready(struct arena *a, struct str text) {
    struct check_result r = check_run(a, text, false, (struct plan_check_options){0});
    for (uint32_t i = 0; i < r.d->count; i++)
        if (r.d->items[i].severity == PLAN_ERROR) fail_msg("%s in\n%.*s", r.d->items[i].code, STR_FMT(text));
    return r.plan;
}

/* The run, by walker and program; they must agree. */
static struct plan_result run(struct arena *a, const struct plan *p, const struct bill *witness) {
    struct witness_input_memory memory;
    struct plan_input in;
    struct plan_counters counters;
    struct plan_result by_walk, by_program;
    struct plan_program *program = NULL;
    struct plan_mismatch what;
    witness_input(witness, &memory, &in);
    plan_counters_init(&counters, a);
    assert_false(status_failed(plan_walk(a, p, &in, &counters, &by_walk)));
    assert_false(status_failed(plan_compile(a, p, &program)));
    assert_false(status_failed(plan_run(a, program, &in, &counters, (struct plan_run_options){0}, &by_program)));
    if (!plan_results_same(&by_walk, &by_program, (struct plan_same_options){.co_insurers = p->co_insurer_count}, &what)) fail_msg("%s[%u]: %lld and %lld in\n%.*s", what.field, what.row, (long long)what.x, (long long)what.y, STR_FMT(p->source->text));
    assert_int_equal(by_walk.refusal, PLAN_REFUSAL_NONE);
    return by_walk;
}

static int64_t pay(struct arena *a, struct str text, const struct bill *witness) {
    return run(a, ready(a, text), witness).pay;
}

/* The reader of bills takes what the writer made of the witness. */
static void readable(struct arena *a, const struct bill *witness) {
    struct buf b;
    struct json_writer w;
    const struct bill *back = NULL;
    buf_init(&b, 1U << 20);
    json_writer_init(&w, &b, true);
    bill_write(witness, &w);
    assert_false(b.failed);
    struct status s = bill_parse(a, buf_view(&b), &back);
    if (status_failed(s)) fail_msg("%s at %.*s: %.*s\n%.*s", s.err->code, STR_FMT(s.err->place), STR_FMT(s.err->en), STR_FMT(buf_view(&b)));
    assert_int_equal(back->total, witness->total);
    buf_done(&b);
}

/* ---- findings with a witness -------------------------------------------------------------------------------------- */

struct change {
    const char *from, *to;
};
/* The plan that is checked; then two plans that can run. The witness tells them apart (or, `equal`: it does not, though money was paid or counted). */
struct shown {
    const char *code;
    struct change checked[2], one[2], other[2];
    bool equal;
};
#define CASES "  case x \"x\"\n    when died\n  case y \"y\"\n    when interim and age >= 18\n  benefit b"
#define PRIOR "  list l \"l\" of diagnosis\n    prefix \"C\"\n  list m \"m\" of diagnosis\n    prefix \"I\"\n  class x \"x\"\n    when first diagnosis of list l before first enrolment\n" \
              "  class y \"y\"\n    when first diagnosis of list m before first enrolment\n  benefit b"
#define SECOND "  benefit c \"c\"\n    takes own_full + own_first\n    where ward = special\n    deductible none\n    pays 100%\n    cap none\n"
#define CODES "  list l \"l\"\n    prefix \"A\"\n  list m \"m\"\n    code \"AB\"\n    name \"mab\"\n  benefit c \"c\"\n    takes own_full\n    where code in list m\n    deductible none\n" \
              "    pays 100%\n    cap none\n  benefit b"

static const struct shown witnessed[] = {
    {"exception-overlap", {{"  benefit b", CASES}, {"80%", "80%, x 90%, y 70%"}}, {{"  benefit b", CASES}, {"80%", "80%, x 90%, y 70% in order"}},
     {{"  benefit b", CASES}, {"80%", "80%, y 70%, x 90% in order"}}, false},
    {"exception-overlap", {{"  benefit b", PRIOR}, {"80%", "80%, x 90%, y 70%"}}, {{"  benefit b", PRIOR}, {"80%", "80%, x 90%, y 70% in order"}},
     {{"  benefit b", PRIOR}, {"80%", "80%, y 70%, x 90% in order"}}, false},
    {"case-gap", {{"80%", "by cause: illness 80%, accident 100%"}}, {{"80%", "by cause: illness 80%, accident 100%, otherwise 10%"}},
     {{"80%", "by cause: illness 80%, accident 100%, otherwise 20%"}}, false},
    {"case-gap", {{"80%", "by visit, died: inpatient no 80%, inpatient yes 90%"}}, {{"80%", "by visit, died: inpatient no 80%, inpatient yes 90%, otherwise 10%"}, {"where visit = inpatient", ""}},
     {{"80%", "by visit, died: inpatient no 80%, inpatient yes 90%, otherwise 20%"}, {"where visit = inpatient", ""}}, false},
    {"case-gap", {{"80%", "by age: 0 80%, 1 100%"}}, {{"80%", "by age: 0 80%, 1 100%, otherwise 10%"}}, {{"80%", "by age: 0 80%, 1 100%, otherwise 20%"}}, false},
    /* the later benefit gets nothing of the line that both want */
    {"bucket-twice", {{NULL, SECOND}}, {{NULL, SECOND}}, {{"visit = inpatient", "visit = pharmacy"}, {NULL, SECOND}}, false},
    {"bucket-twice", {{"  benefit b", CODES}, {"visit = inpatient", "code in list l"}}, {{"  benefit b", CODES}, {"visit = inpatient", "code in list l"}},
     {{"  benefit b", CODES}, {"where code in list m", "where code = \"none\""}}, false},
    /* nothing changes the payout although money is there */
    {"shadowed", {{NULL, "  benefit c \"c\"\n    takes own_full\n    where visit = inpatient and sex = F\n    deductible none\n    pays 10%\n    cap none\n"}}, {{NULL, ""}},
     {{NULL, "  benefit c \"c\"\n    takes own_full\n    where visit = inpatient and sex = F\n    deductible none\n    pays 10%\n    cap none\n"}}, true},
    {"limit-above-cap", {{"cap", "limit 10_000 per item each year\n    cap"}}, {{NULL, ""}}, {{"cap", "limit 10_000 per item each year\n    cap"}}, true},
    {"tier-behind-cap", {{"80%", "50% to 20_000 then 80%, on over each year"}}, {{"80%", "50%"}}, {{"80%", "50% to 20_000 then 80%, on over each year"}}, true},
    {"tier-dead", {{"pays 80%", "counts at most 5_000 each year\n    pays 60% to 5_000 then 80%, on base each year"}}, {{"pays 80%", "counts at most 5_000 each year\n    pays 60%"}},
     {{"pays 80%", "counts at most 5_000 each year\n    pays 60% to 5_000 then 80%, on base each year"}}, true},
};

static struct str plan_text(struct arena *a, const struct change changes[2]) {
    struct str text = STR(check_base);
    for (int i = 0; i < 2; i++)
        if (changes[i].to) text = check_changed(a, text, changes[i].from, changes[i].to);
    return text;
}

static void witnesses_show_it(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(witnessed); i++) {
        const struct shown *s = &witnessed[i];
        struct arena a;
        arena_init(&a, 256U << 20);
        struct check_result r = check_run(&a, plan_text(&a, s->checked), true, (struct plan_check_options){0});
        const struct plan_diagnostic *d = check_found(&r, s->code);
        if (!d || !d->witness) fail_msg("row %zu: no %s with a witness", i, s->code);
        readable(&a, d->witness);
        bool told = strcmp(s->code, "exception-overlap") == 0 || strcmp(s->code, "bucket-twice") == 0 || strcmp(s->code, "shadowed") == 0;
        assert_int_equal(d->show_count, told);
        if (told) assert_true(d->shows[0].before != d->shows[0].after);
        int64_t one = pay(&a, plan_text(&a, s->one), d->witness), other = pay(&a, plan_text(&a, s->other), d->witness);
        if ((one == other) != s->equal || (s->equal && one == 0))
            fail_msg("row %zu, %s: pays %lld and %lld", i, s->code, (long long)one, (long long)other);
        arena_done(&a);
    }
}

/* Benefits that can never pay: the witness has money in their buckets, and nothing comes of it. */
static void nothing_is_paid(void **state) {
    (void)state;
    static const struct {
        const char *code;
        struct change checked, run;
    } rows[] = {
        {"pays-nothing", {"80%", "0%"}, {NULL, NULL}},
        {"pays-nothing", {"pays 80%", "pays 80%\n    times 0%"}, {NULL, NULL}},
        {"pays-nothing", {"pays 80%", "pays 80%\n    first share 100% before deductible"}, {NULL, NULL}},
        {"pays-nothing", {"cap 10_000 each year", "cap 0 each year"}, {NULL, NULL}},
        {"counts-below-deductible", {"deductible 100", "counts at most 100 each year\n    deductible 100"}, {NULL, NULL}},
        {"counts-below-deductible", {"deductible 100", "counts at most 50 lifetime\n    deductible 100"}, {NULL, NULL}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena a;
        arena_init(&a, 64U << 20);
        struct str text = check_changed(&a, STR(check_base), rows[i].checked.from, rows[i].checked.to);
        struct check_result r = check_run(&a, text, true, (struct plan_check_options){0});
        const struct plan_diagnostic *d = check_found(&r, rows[i].code);
        if (!d || !d->witness) fail_msg("row %zu: no %s with a witness", i, rows[i].code);
        readable(&a, d->witness);
        struct plan_result result = run(&a, r.plan, d->witness); /* the tree is sound, only useless */
        assert_true(result.benefits[0].applies && result.benefits[0].base > 0);
        assert_int_equal(result.pay, 0);
        arena_done(&a);
    }
}

/* ---- findings that no bill shows: with and without the clause, nothing differs ------------------------------------- */

/* An ordinary bill with every word of every vocabulary thrown anew. */
static const struct bill *random_bill(struct arena *a, const struct plan *p, uint64_t *rng) {
    static const char *const codes[] = {"A", "AB", "ABC", "I20.000", "C34.900", "zz"};
#define THROW(n) ((*rng = *rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407)) >> 33) % (uint64_t)(n)
    struct bill *b = ARENA_NEW(a, struct bill);
    const struct bill *ordinary = witness_bill(a, p, NULL, (struct witness_money){.amount = (int64_t)(THROW(5'000'000))});
    assert_non_null(b);
    assert_non_null(ordinary);
    *b = *ordinary;
    b->visit = (enum bill_visit)(THROW(BILL_VISIT_COUNT));
    b->ward = (enum bill_ward)(THROW(BILL_WARD_COUNT));
    b->cause = (enum bill_cause)(THROW(BILL_CAUSE_COUNT));
    b->died = (bool)(THROW(2));
    b->interim = (bool)(THROW(2));
    b->person.sex = (enum bill_sex)(THROW(BILL_SEX_COUNT));
    b->person.born = day_add_years(b->from, -(int)(THROW(90)));
    struct str *code = ARENA_NEW(a, struct str);
    uint8_t *kind = ARENA_NEW(a, uint8_t);
    struct bill_diagnosis *diagnosis = ARENA_NEW(a, struct bill_diagnosis);
    assert_true(code && kind && diagnosis);
    *code = str_from(codes[THROW(COUNT_OF(codes))]);
    *kind = (uint8_t)(THROW(BILL_LINE_KIND_COUNT));
    *diagnosis = (struct bill_diagnosis){str_from(codes[THROW(COUNT_OF(codes))]), true, DAY_NONE};
    b->lines.code = code;
    b->lines.kind = kind;
    b->diagnoses = b->history = diagnosis;
    b->diagnosis_count = 1;
    return b;
}

struct dead {
    const char *code;
    struct change with[2], without[2];
};
static const struct dead deads[] = {
    {"exception-dead", {{"  benefit b", "  case x \"x\"\n    when visit = pharmacy\n  benefit b"}, {"80%", "80%, x 90%"}}, {{NULL, ""}}},
    {"exception-dead", {{"  benefit b", "  case x \"x\"\n    when age < 18\n  case y \"y\"\n    when age < 10\n  benefit b"}, {"80%", "80%, x 90%, y 70% in order"}},
     {{"  benefit b", "  case x \"x\"\n    when age < 18\n  benefit b"}, {"80%", "80%, x 90%"}}},
    {"exclude-dead", {{"takes own_full", "takes own_full\n    exclude x \"x\" when visit = outpatient and kind = drug"}}, {{NULL, ""}}},
    {"for-dead", {{"cap", "limit 5 each year for ward = special and ward = vip or visit = chronic\n    cap"}}, {{NULL, ""}}},
    {"condition-always", {{"visit = inpatient", "visit != inpatient or sex != M or age >= 0"}}, {{"    where visit = inpatient\n", ""}}},
    {"where-dead", {{NULL, "  benefit c \"c\"\n    needs visit = pharmacy else n \"n\"\n    takes own_first\n    where visit = chronic\n    deductible none\n    pays 100%\n    cap none\n"}}, {{NULL, ""}}},
    {"need-dead", {{NULL, "  benefit c \"c\"\n    needs age < 18 else n \"n\"\n    needs age > 18 else m \"m\"\n    takes own_first\n    deductible none\n    pays 100%\n    cap none\n"}}, {{NULL, ""}}},
    {"exclude-all", {{"  benefit b", "  exclude x \"x\" when visit = pharmacy\n  benefit b"},
                     {NULL, "  benefit c \"c\"\n    takes own_first\n    where visit = pharmacy\n    deductible none\n    pays 100%\n    cap none\n"}}, {{NULL, ""}}},
};

static void dead_clauses_never_matter(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(deads); i++) {
        struct arena a;
        arena_init(&a, 1U << 30);
        struct check_result r = check_run(&a, plan_text(&a, deads[i].with), true, (struct plan_check_options){0});
        const struct plan_diagnostic *d = check_found(&r, deads[i].code);
        if (!d) fail_msg("row %zu: no %s", i, deads[i].code);
        assert_int_equal(d->verdict, PLAN_PROVEN);
        struct plan *with = r.plan, *without = ready(&a, plan_text(&a, deads[i].without));
        uint64_t rng = 1, paid = 0;
        for (int k = 0; k < 300; k++) {
            struct arena_mark mark = arena_mark(&a);
            const struct bill *b = random_bill(&a, with, &rng);
            if (getenv("SHOW")) readable(&a, b);
            int64_t x = run(&a, with, b).pay, y = run(&a, without, b).pay;
            if (x != y) fail_msg("row %zu, %s: pays %lld with and %lld without", i, deads[i].code, (long long)x, (long long)y);
            paid += x > 0;
            arena_rewind(&a, mark);
        }
        assert_true(paid > 10);
        arena_done(&a);
    }
}

/* ---- the search itself ------------------------------------------------------------------------------------------------ */

/* Every answer of the search is what trying all combinations gives: formulas over two facts of few values. */
static void search_agrees_with_trying_all(void **state) {
    (void)state;
    static const struct {
        const char *cond;
        bool can, can_not;
    } rows[] = {
        {"visit = inpatient and ward = vip", true, true},
        {"visit = inpatient and visit in (outpatient, chronic)", false, true},
        {"age >= 18 or age < 18", true, false},
        {"age > 17 and age < 19 and age != 18", false, true},
        {"age > 17 and age < 20 and age != 18", true, true},
        {"not (died and interim) or died", true, false},
        {"icu_days > 5 and days < 5", true, true}, /* no rule of bills forbids it */
        {"basic_paid and not (statutory settled)", false, true},
        {"renewed and policy_years < 1", true, true},
        {"policy_years >= 3 and policy_years < 3", false, true},
        {"code in list l and not (code in list m)", true, true},
        {"code in list n and not (code in list l)", false, true},
        {"code = \"AB\" and not (code in list l)", false, true},
        {"code = \"B\" and code in list l", false, true},
        {"date >= 2024-06-01 and code in list n", false, true},
        {"date < 2024-06-01 and code in list n", true, true},
        {"main diagnosis in list d and not (diagnosis in list d)", false, true},
        {"diagnosis in list d and not (main diagnosis in list d)", true, true},
        {"diagnosis in list d and diagnosis in list e and procedure in list q", true, true},
        {"hospital in list h and hospital != \"H41010000001\"", true, true},
        {"endorsed big and not (endorsed small)", true, true},
        {"reimbursed and not basic_paid", false, true},
    };
    static const char lists[] = "  list l \"l\"\n    prefix \"A\"\n  list m \"m\"\n    range \"AB\" .. \"AD\"\n  list n \"n\"\n    code \"ABC\" from 2024-01-01 .. 2024-05-31\n"
                                "  list d \"d\" of diagnosis\n    prefix \"C\"\n  list e \"e\" of diagnosis\n    prefix \"I\"\n  list q \"q\" of procedure\n    prefix \"00\"\n"
                                "  list h \"h\" of institution\n    prefix \"H41\"\n  benefit b";
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena a;
        struct logic_world w;
        arena_init(&a, 64U << 20);
        struct str where = arena_printf(&a, "where %s", rows[i].cond);
        struct str text = check_changed(&a, check_changed(&a, STR(check_base), "  benefit b", lists), "where visit = inpatient", where.p);
        struct plan *p = ready(&a, text);
        assert_true(logic_world_init(&w, &a, p));
        struct logic *q = logic_new(&w), *not_q = logic_new(&w);
        enum logic_answer can = logic_solve(q, logic_cond(q, p->benefits[0].where));
        enum logic_answer can_not = logic_solve(not_q, logic_not(not_q, logic_cond(not_q, p->benefits[0].where)));
        if (can != (rows[i].can ? LOGIC_YES : LOGIC_NO) || can_not != (rows[i].can_not ? LOGIC_YES : LOGIC_NO))
            fail_msg("%s: can %d, can not %d", rows[i].cond, can, can_not);
        /* The bill found passes, the other does not: seen by a run. */
        struct witness_money money = {.buckets = 1U << BUCKET_OWN_FULL};
        if (can == LOGIC_YES) {
            const struct bill *b = witness_bill(&a, p, q, money);
            readable(&a, b);
            if (run(&a, p, b).pay == 0) fail_msg("%s: the bill found does not pass", rows[i].cond);
        }
        if (can_not == LOGIC_YES) {
            const struct bill *b = witness_bill(&a, p, not_q, money);
            readable(&a, b);
            if (run(&a, p, b).pay != 0) fail_msg("%s: the bill found against it passes", rows[i].cond);
        }
        arena_done(&a);
    }
}

/* Beside the error stands the waiting period, a class given by the policy, dates that change: reached all the same. */
static void doors_are_found(void **state) {
    (void)state;
    static const struct change rows[][2] = {
        {{"takes own_full", "waiting 90 days\n    takes own_full"}, {NULL, ""}},
        {{"takes own_full", "waiting 90 days unless cause = accident or renewed\n    takes own_full"}, {"visit = inpatient", "cause = accident or renewed"}},
        {{"  benefit b", PRIOR}, {"visit = inpatient", "visit = inpatient"}},
        {{"counts by discharge, over the end by admission", "counts by line date"}, {NULL, ""}},
        {{"counts by discharge, over the end by admission", "counts by admission, over the end by admission"}, {"visit = inpatient", "days >= 30"}},
        {{"counts by discharge, over the end by admission", "counts by settlement, over the end by admission"}, {"visit = inpatient", "days >= 30 and icu_days > 2"}},
        {{"2024-01-01 .. 2024-12-31", "2024-01-01 .. 2024-01-03"}, {"visit = inpatient", "days >= 30"}},
        {{"2024-01-01 .. 2024-12-31", "2024-01-01 .."}, {"visit = inpatient", "policy_years >= 4 and claim_free_years > 2"}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena a;
        struct logic_world w;
        arena_init(&a, 64U << 20);
        struct plan *p = ready(&a, plan_text(&a, rows[i]));
        assert_true(logic_world_init(&w, &a, p));
        struct logic *q = logic_new(&w);
        assert_int_equal(logic_solve(q, prove_reach(q, p, &p->benefits[0])), LOGIC_YES);
        const struct bill *b = witness_bill(&a, p, q, (struct witness_money){.buckets = 1U << BUCKET_OWN_FULL});
        readable(&a, b);
        if (run(&a, p, b).pay == 0) fail_msg("row %zu: the bill found does not reach the benefit", i);
        arena_done(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(witnesses_show_it),     cmocka_unit_test(nothing_is_paid), cmocka_unit_test(dead_clauses_never_matter),
        cmocka_unit_test(search_agrees_with_trying_all), cmocka_unit_test(doors_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
