/* The compiler: what comes out, where it stands, and what is too large for it. */
#include "plan/tests/run_case.h"

/* The first step of an operation, from `from` on; step_count when there is none. */
static uint32_t step_find(const struct plan_program *g, enum plan_op op, uint32_t from) {
    while (from < g->step_count && g->steps[from].op != op) from++;
    return from;
}

/* What decides about the whole benefit stands before what asks about lines, and a list is asked about lines still in question only. */
static void test_lazy_order(void **state) {
    (void)state;
    struct run_case *c = case_open("list l \"l\"\n code \"A\"",
                                   "takes own_full\n where code in list l and kind = drug and visit = inpatient\n deductible none\n pays 100%\n cap none\n", "own_full 1");
    const struct plan_program *g = c->program;
    uint32_t visit = step_find(g, PLAN_OP_JUMP_ZERO, step_find(g, PLAN_OP_BENEFIT, 0)), kind = step_find(g, PLAN_OP_KIND, 0), list = step_find(g, PLAN_OP_CODE_IN, 0),
             take = step_find(g, PLAN_OP_TAKE, 0);
    assert_true(visit < kind && kind < list && list < take && take < g->step_count);
    assert_int_equal(g->steps[list].b, g->steps[kind].a); /* narrowed by the kind */
    assert_int_equal(g->steps[take].a, g->steps[list].a);
    assert_int_equal(g->steps[g->steps[visit].b].op, PLAN_OP_END);
    case_close(c);
}

/* What nobody reads is not kept. */
static void test_what_is_kept(void **state) {
    (void)state;
    static const struct {
        const char *benefits;
        uint32_t leaves;
        bool cells, total;
    } rows[] = {
        {"takes own_full\n deductible none\n pays 50%\n cap none\n", 0, false, true},
        {"takes own_full + over_limit\n deductible none\n pays 50%\n cap none\n benefit b2 \"二\"\n takes over_limit + own_first\n deductible none\n pays 50%\n cap none\n",
         1U << BUCKET_OVER_LIMIT, false, true},
        {"takes own_full\n deductible none\n pays 50%\n cap none\n benefit b2 \"二\"\n takes rest of b1\n deductible none\n pays 50%\n cap none\n", 0, true, false},
        {"takes own_full\n deductible none\n pays 50%\n limit 5 each claim\n cap none\n", 0, false, false},
        {"takes own_full, before other payers\n deductible none\n pays 50%\n cap none\n", 0, false, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct run_case *c = case_open("", rows[i].benefits, "own_full 1");
        assert_int_equal(c->program->benefits[0].leaves, rows[i].leaves);
        assert_int_equal(c->program->benefits[0].keeps_cells, rows[i].cells);
        assert_int_equal(c->program->total_suffices, rows[i].total);
        case_close(c);
    }
}

/* One counter for all that share one, and none for what starts at 0 and decides nothing. */
static void test_counters(void **state) {
    (void)state;
    struct run_case *c = case_open("shared deductible sd \"共\" 5 each claim\n shared cap sc \"共\" 9 each year",
                                   "takes own_full\n deductible shared sd\n pays 50%\n cap shared sc\n cap 8 each year\n"
                                   " benefit b2 \"二\"\n takes own_first\n deductible shared sd\n pays 50%\n cap shared sc\n", "own_full 1");
    const struct plan_program *g = c->program;
    assert_int_equal(g->counter_count, 3); /* sd, sc, the own cap; `over` of one tier each claim is not kept */
    assert_int_equal(g->benefits[0].filled_counter, g->benefits[1].filled_counter);
    assert_int_equal(g->caps[0].counter, g->caps[2].counter);
    assert_true(str_eq(g->counters[g->caps[0].counter].key.benefit, STR("sc")));
    assert_int_equal(g->counters[g->caps[1].counter].key.clause, 1); /* the second cap clause of b1 */
    assert_int_equal(g->benefits[0].over_counter, UINT32_MAX);
    case_close(c);
}

/* Each step prints its name, operands and meaning, and the texts of the plan appear. */
static void test_disassembly(void **state) {
    (void)state;
    struct run_case *c = case_open("parameter p \"参\" from 2023-01-01 .. 2024-06-30 5\n from 2024-07-01 .. 6\n case here \"此\" when hospital = \"H1\"",
                                   "takes own_full\n where code = \"A1\"\n deductible p, here none each year\n pays 60% to 50 then 70%, on over each year\n cap 9 each year\n",
                                   "own_full 1");
    struct buf out;
    buf_init(&out, 1 << 20);
    plan_disassemble(c->program, &out);
    buf_add_char(&out, '\0');
    static const char *const wanted[] = {"; plan t: ", "\n; b1\n", "text-is", "\"H1\"", "\"A1\"", "2024-07-01..", "2023-01-01..2024-06-30", "const", " 500 ", " none ",
                                         "tier", "; over the cells", "halt", "; the segment is done"};
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        if (!strstr(out.p, wanted[i])) fail_msg("%s is missing in\n%s", wanted[i], out.p);
    uint32_t lines = 0;
    for (const char *p = out.p; *p; p++) lines += *p == '\n';
    assert_int_equal(lines, c->program->step_count + 2); /* a head, and a line for the benefit */
    buf_done(&out);
    case_close(c);
}

/* More than fits is refused with its code and both languages, not compiled in part. */
static void test_too_large(void **state) {
    (void)state;
    struct buf text, benefits;
    buf_init(&benefits, 1 << 22);
    for (int i = 0; i < 60; i++) {
        buf_printf(&benefits, "%s takes own_full\n where kind = drug\n", i ? " benefit x \"x\"\n" : "");
        for (int k = 0; k < 80; k++) buf_printf(&benefits, " counts at most %d each day for kind in (bed, lab) and date >= 2024-01-%02d\n", k + 1, k % 28 + 1);
        buf_printf(&benefits, " deductible none\n pays 50%%\n cap none\n");
    }
    buf_init(&text, 1 << 22);
    const char *part = benefits.p; /* benefits need names of their own */
    for (int i = 1; *part; part++) {
        if (strncmp(part, "benefit x", 9) == 0) {
            buf_printf(&text, "benefit x%d", i++);
            part += 8;
        } else {
            buf_add_char(&text, *part);
        }
        if (part + 1 == benefits.p + benefits.n) break;
    }
    buf_add_char(&text, '\0');
    struct arena a;
    arena_init(&a, (size_t)256 << 20);
    struct str whole = arena_printf(&a, "plan t \"表\"\n kind commercial\n source \"t\", grade D\n in force 2023-01-01 ..\n counts by discharge, over the end by admission\n"
                                        " currency CNY, rounded half-up once per benefit\n benefit b1 \"一\"\n%s", text.p);
    struct plan_source source = {STR("t"), whole};
    struct plan_diagnostics *d = ARENA_NEW(&a, struct plan_diagnostics);
    struct plan_library lib = {0};
    struct plan_file *file;
    struct plan_program *program = NULL;
    assert_null(plan_parse(&a, &source, d, &file).err);
    case_findings(d);
    assert_null(plan_library_add(&a, &lib, file, d).err);
    assert_null(plan_check(&a, file->plans[0], &lib, &(struct plan_check_options){0}, d).err);
    if (d->error_count == 0) { /* the checker may say it first */
        struct status s = plan_compile(&a, file->plans[0], &program);
        assert_non_null(s.err);
        assert_string_equal(s.err->code, "plan-too-large");
        assert_true(s.err->zh.n && s.err->en.n && s.err->hint_zh.n && s.err->hint_en.n && !program);
    }
    arena_done(&a);
    buf_done(&text);
    buf_done(&benefits);
}

/* Every byte of memory may be the one that is missing. */
static void test_no_memory(void **state) {
    (void)state;
    struct run_case *c = case_open("list l \"l\"\n code \"A\"\n prefix \"B\"\n name \"n\"\n class old \"老\" when age > 60",
                                   "takes own_full\n where code in list l\n deductible 5, old 6 each year\n pays 50%\n limit 9 per item each year\n cap 8 each year\n", "own_full 1");
    uint32_t failed = 0;
    for (size_t limit = 0;; limit += 256) {
        struct arena small;
        struct plan_program *program = NULL;
        arena_init(&small, limit);
        struct status s = plan_compile(&small, c->plan, &program);
        if (!s.err) s = plan_program_verify(&small, program);
        arena_done(&small);
        if (!s.err) break;
        assert_string_equal(s.err->code, "out-of-memory");
        failed++;
    }
    assert_true(failed > 10);
    case_close(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lazy_order), cmocka_unit_test(test_what_is_kept), cmocka_unit_test(test_counters),
                                       cmocka_unit_test(test_disassembly), cmocka_unit_test(test_too_large), cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
