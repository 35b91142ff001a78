/* The verifier: what the compiler makes passes, each kind of broken program is refused for its reason, and whatever passes runs. */
#include <time.h>

#include "plan/tests/run_case.h"

/* ---- small programs by hand --------------------------------------------------------------------------------- */

enum { STEPS_MAX = 16 };

/* A program of two benefits, the second an allowance, with one entry in every pool. */
static struct plan_program program_make(const struct plan_step *steps, uint32_t count) {
    static const uint8_t refusals[] = {PLAN_REFUSAL_CUSTOM};
    static const struct program_benefit benefits[] = {
        {.need_count = 1, .need_refusals = refusals, .share_list = PLAN_NONE, .claim = PLAN_NONE, .filled_counter = UINT32_MAX, .over_counter = UINT32_MAX},
        {.allowance = true, .share_list = PLAN_NONE, .claim = PLAN_NONE, .filled_counter = UINT32_MAX, .over_counter = UINT32_MAX}};
    static const struct program_clause clauses[1];
    static const struct program_cap caps[1];
    static const struct program_days_limit days[1];
    static const struct program_counter counters[1];
    static const struct str texts[1] = {{"t", 1}};
    static const uint16_t facts[1] = {0};
    return (struct plan_program){.steps = steps, .step_count = count, .scalar_count = 8, .mask_count = 4, .facts = facts, .fact_count = 1,
        .benefits = benefits, .benefit_count = 2, .counts = clauses, .count_count = 1, .limits = clauses, .limit_count = 1, .caps = caps, .cap_count = 1,
        .days_limits = days, .days_limit_count = 1, .counters = counters, .counter_count = 1, .texts = texts, .text_count = 1, .condition_count = 1,
        .exclusion_count = 1, .name = STR("hand")};
}

#define OP(id, ...) {.op = PLAN_OP_##id, __VA_ARGS__}

static const struct {
    const char *name;
    struct plan_step steps[STEPS_MAX]; /* the rest is HALT, which is 0 */
    const char *why; /* part of the English text; NULL: passes */
} rows[] = {
    {"nothing but a halt", {OP(HALT)}, NULL},
    {"a scalar written, then read", {OP(CONST, .a = 1, .v = 5), OP(COPY, .a = 2, .b = 1), OP(HALT)}, NULL},
    {"a fact is there from the start", {OP(COPY, .a = 2, .b = 0), OP(HALT)}, NULL},
    {"read before written", {OP(COPY, .a = 2, .b = 1), OP(HALT)}, "before it is written"},
    {"written on one path only", {OP(JUMP_ZERO, .a = 0, .b = 2), OP(CONST, .a = 1), OP(COPY, .a = 2, .b = 1), OP(HALT)}, "before it is written"},
    {"written on both paths", {OP(JUMP_ZERO, .a = 0, .b = 3), OP(CONST, .a = 1), OP(JUMP, .b = 4), OP(CONST, .a = 1), OP(COPY, .a = 2, .b = 1), OP(HALT)}, NULL},
    {"a scalar out of range", {OP(CONST, .a = 8), OP(HALT)}, "scalar out of range"},
    {"a pair out of range", {OP(ADD, .a = 1, .b = 8u << 16), OP(HALT)}, "scalar out of range"},
    {"a constant beyond all amounts", {OP(CONST, .a = 1, .v = LIMIT_AMOUNT_MINOR + 1), OP(HALT)}, "constant out of range"},
    {"none as a constant", {OP(CONST, .a = 1, .v = PLAN_NOTHING), OP(HALT)}, NULL},
    {"a mask written, then read", {OP(KIND, .a = 1, .b = 0, .v = 3), OP(JUMP_EMPTY, .a = 1, .b = 2), OP(HALT)}, NULL},
    {"a mask read before written", {OP(KIND, .a = 1, .b = 2), OP(HALT)}, "mask is read before"},
    {"a mask out of range", {OP(KIND, .a = 4, .b = 0), OP(HALT)}, "mask out of range"},
    {"the lines of the segment may not be written", {OP(KIND, .a = 0, .b = 0), OP(HALT)}, "mask out of range"},
    {"backward", {OP(CONST, .a = 1), OP(JUMP, .b = 0), OP(HALT)}, "go forward"},
    {"to itself", {OP(JUMP, .b = 0), OP(HALT)}, "go forward"},
    {"behind the end", {OP(JUMP, .b = STEPS_MAX), OP(CONST, .a = 1), OP(HALT)}, "go forward"},
    {"an unknown operation", {{.op = PLAN_OP_COUNT}, OP(HALT)}, "unknown operation"},
    {"unreachable steps may be anything", {OP(JUMP, .b = 2), {.op = 200}, OP(HALT)}, NULL},
    {"a list that is not there", {OP(OPERATED, .a = 1, .b = 0), OP(HALT)}, "reference out of range"},
    {"a text that is not there", {OP(ENDORSED, .a = 1, .b = 1), OP(HALT)}, "reference out of range"},
    {"a comparison that is not there", {OP(COMPARE, .r = 6, .a = 1, .b = 0), OP(HALT)}, "reference out of range"},
    {"a rounding that is not there", {OP(MUL_RATIO, .r = ROUND_MODE_COUNT, .a = 1, .b = 0), OP(HALT)}, "reference out of range"},
    {"a condition that is not there", {OP(NOTE_CLASS, .b = 1), OP(HALT)}, "reference out of range"},
    /* ---- benefits ---- */
    {"an empty benefit", {OP(BENEFIT, .a = 0, .b = 1), OP(END), OP(HALT)}, NULL},
    {"a benefit whose end is no END", {OP(BENEFIT, .a = 0, .b = 2), OP(END), OP(HALT)}, "without an end"},
    {"an END without a benefit", {OP(END), OP(HALT)}, "end without"},
    {"the same benefit twice", {OP(BENEFIT, .a = 0, .b = 1), OP(END), OP(BENEFIT, .a = 0, .b = 3), OP(END), OP(HALT)}, "out of order"},
    {"a benefit that is not there", {OP(BENEFIT, .a = 2, .b = 1), OP(END), OP(HALT)}, "reference out of range"},
    {"a benefit inside a benefit", {OP(BENEFIT, .a = 0, .b = 3), OP(BENEFIT, .a = 1, .b = 2), OP(END), OP(END), OP(HALT)}, "out of order"},
    {"a step of a benefit outside", {OP(TAKE, .a = 0, .b = 1), OP(HALT)}, "out of order"},
    {"a halt inside", {OP(BENEFIT, .a = 0, .b = 2), OP(HALT), OP(END), OP(HALT)}, "out of order"},
    {"the base before the cells", {OP(BENEFIT, .a = 0, .b = 2), OP(BASE, .b = 2), OP(END), OP(HALT)}, "out of order"},
    {"the cells twice", {OP(BENEFIT, .a = 0, .b = 3), OP(TAKE, .a = 0, .b = 3), OP(TAKE, .a = 0, .b = 3), OP(END), OP(HALT)}, "out of order"},
    {"a cap before the split", {OP(BENEFIT, .a = 0, .b = 3), OP(TAKE, .a = 0, .b = 3), OP(CAP, .a = 0, .b = 0), OP(END), OP(HALT)}, "out of order"},
    {"stages that differ on two paths", {OP(BENEFIT, .a = 0, .b = 5), OP(TAKE, .a = 0, .b = 5), OP(JUMP_ZERO, .a = 0, .b = 4), OP(BASE, .b = 5),
     OP(COUNT_AT_MOST, .a = 0, .b = 0, .v = -1), OP(END), OP(HALT)}, "out of order"},
    {"a jump out of a benefit", {OP(BENEFIT, .a = 0, .b = 2), OP(JUMP_ZERO, .a = 0, .b = 3), OP(END), OP(HALT)}, "crosses"},
    {"a jump into a benefit", {OP(JUMP_ZERO, .a = 0, .b = 2), OP(BENEFIT, .a = 0, .b = 3), OP(CONST, .a = 1), OP(END), OP(HALT)}, "crosses"},
    {"a jump over a benefit", {OP(JUMP_ZERO, .a = 0, .b = 3), OP(BENEFIT, .a = 0, .b = 2), OP(END), OP(HALT)}, "crosses"},
    {"a need that is there", {OP(BENEFIT, .a = 0, .b = 3), OP(TAKE, .a = 0, .b = 3), OP(NEED, .a = 0, .b = 3, .v = 0), OP(END), OP(HALT)}, NULL},
    {"a need before anything is in scope", {OP(BENEFIT, .a = 0, .b = 2), OP(NEED, .a = 0, .b = 2, .v = 0), OP(END), OP(HALT)}, "out of order"},
    {"a need that is not there", {OP(BENEFIT, .a = 0, .b = 3), OP(TAKE, .a = 0, .b = 3), OP(NEED, .a = 0, .b = 3, .v = 1), OP(END), OP(HALT)}, "reference out of range"},
    {"a need of a benefit without", {OP(BENEFIT, .a = 1, .b = 3), OP(DAYS, .a = 0, .b = 3), OP(NEED, .a = 0, .b = 3, .v = 0), OP(END), OP(HALT)}, "reference out of range"},
    {"days of an indemnity", {OP(BENEFIT, .a = 0, .b = 2), OP(DAYS, .a = 0, .b = 2), OP(END), OP(HALT)}, "other kind"},
    {"cells of an allowance", {OP(BENEFIT, .a = 1, .b = 2), OP(TAKE, .a = 0, .b = 2), OP(END), OP(HALT)}, "other kind"},
    {"an allowance", {OP(BENEFIT, .a = 1, .b = 4), OP(DAYS, .a = 0, .b = 4), OP(DAYS_AT_MOST, .b = 0), OP(ALLOW, .a = 0), OP(END), OP(HALT)}, NULL},
    {"exclusions may not touch the segment", {OP(KIND, .a = 1, .b = 0), OP(BENEFIT, .a = 0, .b = 3), OP(EXCLUDE, .a = 1, .b = 0, .v = 0), OP(END), OP(HALT)}, "mask out of range"},
    {"an exclusion that is not there", {OP(KIND, .a = 1, .b = 0), OP(BENEFIT, .a = 0, .b = 3), OP(EXCLUDE, .a = 1, .b = 1, .v = 1), OP(END), OP(HALT)}, "reference out of range"},
    {"a clause that is not there", {OP(BENEFIT, .a = 0, .b = 3), OP(TAKE, .a = 0, .b = 3), OP(COUNT_AT_MOST, .a = 0, .b = 1, .v = -1), OP(END), OP(HALT)}, "reference out of range"},
    {"a mask of a clause that is not there", {OP(BENEFIT, .a = 0, .b = 3), OP(TAKE, .a = 0, .b = 3), OP(COUNT_AT_MOST, .a = 0, .b = 0, .v = 4), OP(END), OP(HALT)}, "reference out of range"},
    {"days of waiting beyond all counts", {OP(PLAN_WAITING, .a = 0, .v = 1'000'001), OP(HALT)}, "reference out of range"},
};

static void test_rows(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, (size_t)16 << 20);
    static const struct plan_step endless[] = {OP(CONST, .a = 1)};
    struct plan_program no_halt = program_make(endless, COUNT_OF(endless)), no_steps = program_make(endless, 0);
    assert_non_null(plan_program_verify(&a, &no_halt).err);
    assert_non_null(plan_program_verify(&a, &no_steps).err);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct plan_program g = program_make(rows[i].steps, STEPS_MAX);
        struct status s = plan_program_verify(&a, &g);
        if (!rows[i].why && s.err) fail_msg("%s: %.*s %.*s", rows[i].name, STR_FMT(s.err->place), STR_FMT(s.err->en));
        if (!rows[i].why) continue;
        if (!s.err) {
            fail_msg("%s: passed", rows[i].name);
            continue;
        }
        assert_string_equal(s.err->code, "program-invalid");
        if (!str_contains(s.err->en, str_from(rows[i].why))) fail_msg("%s: %.*s", rows[i].name, STR_FMT(s.err->en));
        assert_true(s.err->zh.n && s.err->hint_zh.n && s.err->hint_en.n && str_starts(s.err->place, STR("hand:")));
        arena_reset(&a);
    }
    arena_done(&a);
}

/* ---- compiled programs, changed at random --------------------------------------------------------------------------- */

static const struct {
    const char *head, *benefits, *given;
} plans[] = {
    {"list l \"l\"\n code \"A\" share 40%\n prefix \"B\" share 80%\n shared deductible sd \"共\" 20 each year, filled by supplementary\n"
     " shared cap sc \"共\" 500 each year\n class old \"老\" when age >= 60\n case hurt \"伤\" when cause = accident or hospital in (\"H1\", \"H2\")\n"
     " exclude beds \"床\" when kind = bed and not code in list l\n parameter p \"参\" from 2023-01-01 .. 2024-06-30 5\n from 2024-07-01 .. 6",
     "needs statutory settled\n waiting 3 days unless cause = accident\n takes own_full + own_first, at share of list l, rounded half-up per line\n"
     " where visit in (inpatient, outpatient) and code in list l\n exclude labs \"验\" when kind = lab\n counts at most 70 per item each year\n"
     " counts at most 4 times each year for kind = drug\n counts at most 9 visits each stay\n first share 10% before deductible\n deductible shared sd\n"
     " pays 60% to 30 then 70%, hurt 90%, on base each year\n times 90%\n limit 40 per ingredient each year\n cap shared sc\n cap 100, old none each claim\n"
     " benefit b2 \"二\"\n takes rest of b1 + over_limit, before other payers\n deductible p each stay\n pays 50%\n limit 30 per implant each year for date >= 2024-01-01\n cap shared sc\n"
     " splits in line order\n benefit b3 \"三\"\n takes own_full\n counts at most 5 each day for kind in (bed, drug)\n deductible shared sd\n pays 10%, old 20%\n cap none\n"
     " benefit b4 \"四\"\n allowance 10 each day after 1 days, at most 5 days each year\n",
     "days 9, line, code \"A\", kind drug, own_full 50, own_first 3, paid supplementary own_full 2, line, code \"B1\", kind implant, own_full 20, line, kind bed, qty 3, own_full 30, "
     "line, kind drug, code \"B2\", over_limit 9, own_full 60, line, kind lab, own_full 4"},
    {"by-line list l \"l\"\n code \"A\"", "takes own_full\n where code in list l or kind = drug\n deductible 5 each year\n pays 80%\n limit 20 per item each day\n cap 50 each claim\n",
     "from 2024-12-30, to 2025-01-02, line, code \"A\", date 2024-12-31, own_full 30, line, code \"A\", date 2025-01-01, own_full 40"},
};

static uint64_t random_next(uint64_t *s) {
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

/* A value near the bounds that the verifier has to know, or anything. */
static uint64_t value_make(uint64_t *s, const struct plan_program *g) {
    switch (random_next(s) % 6) {
    case 0: return random_next(s) % 8;
    case 1: return random_next(s) % (g->step_count + 1);
    case 2: return random_next(s) % (g->scalar_count + 2);
    case 3: return step_pair((uint32_t)(random_next(s) % g->scalar_count), (uint32_t)(random_next(s) % g->scalar_count));
    case 4: return random_next(s) % 2 ? UINT64_MAX : STEP_ABSENT;
    default: return random_next(s) >> random_next(s) % 64;
    }
}

static void step_change(uint64_t *s, const struct plan_program *g, struct plan_step *steps) {
    struct plan_step *step = &steps[random_next(s) % g->step_count];
    switch (random_next(s) % 7) {
    case 0: step->op = (uint8_t)(random_next(s) % (PLAN_OP_COUNT + 1)); break;
    case 1: step->r = (uint8_t)value_make(s, g); break;
    case 2: step->a = (uint16_t)value_make(s, g); break;
    case 3: step->b = (uint32_t)value_make(s, g); break;
    case 4: step->v = (int64_t)value_make(s, g); break;
    case 5: *step = steps[random_next(s) % g->step_count]; break;
    default: { /* two steps change places */
        struct plan_step *other = &steps[random_next(s) % g->step_count], kept = *other;
        *other = *step;
        *step = kept;
    }
    }
}

/* What passes runs to its end, with and without reasons and cells, and takes nothing from nowhere. */
static void test_changed_at_random(void **state) {
    (void)state;
    const char *given = getenv("YIJIE_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL), s = seed * 2 + 1, passed = 0, refused = 0;
    print_message("# seed %llu (YIJIE_SEED)\n", (unsigned long long)seed);
    for (size_t p = 0; p < COUNT_OF(plans); p++) {
        struct run_case *c = case_open(plans[p].head, plans[p].benefits, plans[p].given);
        struct plan_input in;
        case_input(c, 0, &in);
        struct arena run;
        arena_init(&run, (size_t)64 << 20);
        struct plan_step *steps = calloc(c->program->step_count, sizeof(*steps));
        for (uint32_t round = 0; round < 20'000; round++) {
            arena_reset(&run);
            memcpy(steps, c->program->steps, c->program->step_count * sizeof(*steps));
            struct plan_program g = *c->program;
            g.steps = steps;
            for (uint64_t changes = 1 + random_next(&s) % 3; changes > 0; changes--) step_change(&s, &g, steps);
            if (plan_program_verify(&run, &g).err) {
                refused++;
                continue;
            }
            passed++;
            struct plan_run_options o = {.explain = round % 2, .no_split = round % 3 == 0};
            struct plan_result r;
            struct status status = plan_run(&run, &g, &in, &c->counters, o, &r);
            assert_true(!status.err || strcmp(status.err->code, "out-of-memory") != 0);
        }
        free(steps);
        arena_done(&run);
        case_close(c);
    }
    assert_true(passed > 1'000 && refused > 1'000); /* else nothing was asked */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_changed_at_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
