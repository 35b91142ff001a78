/* tests/run_case — one plan text made ready and its examples' bills run, for tests of compiler, verifier and evaluator.
 *
 * Who uses it: test_compile, test_verify, test_run. The head of the plan is always the same; a case writes the sections and the clauses of benefits.
 */
#ifndef YIJIE_PLAN_TESTS_RUN_CASE_H
#define YIJIE_PLAN_TESTS_RUN_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/run/counters.h"
#include "plan/compile/program.h"
#include "plan/examples/same.h"
#include "plan/examples/scene.h"

struct run_case {
    struct arena a;
    struct plan *plan;
    struct plan_program *program;
    struct scene scene;
    struct plan_counters counters;
    struct plan_result result;
};

/* Shows what the checker says, if anything. */
static inline void case_findings(const struct plan_diagnostics *d) {
    if (d->error_count == 0) return;
    struct buf out;
    buf_init(&out, 1 << 20);
    for (uint32_t i = 0; i < d->count; i++) plan_diagnostic_print(&d->items[i], false, true, false, &out);
    fail_msg("%.*s", STR_FMT(buf_view(&out)));
}

static inline void case_text(struct run_case *c, struct str text) {
    struct plan_source *source = ARENA_NEW(&c->a, struct plan_source);
    struct plan_diagnostics *d = ARENA_NEW(&c->a, struct plan_diagnostics);
    struct plan_library lib = {0};
    struct plan_file *file = NULL;
    *source = (struct plan_source){STR("case.plan"), text};
    assert_null(plan_parse(&c->a, source, d, &file).err);
    case_findings(d);
    assert_null(plan_library_add(&c->a, &lib, file, d).err);
    assert_null(plan_check(&c->a, file->plans[0], &lib, &(struct plan_check_options){0}, d).err);
    case_findings(d);
    c->plan = file->plans[0];
    assert_null(plan_compile(&c->a, c->plan, &c->program).err);
    struct status verified = plan_program_verify(&c->a, c->program);
    if (verified.err) fail_msg("%.*s %.*s", STR_FMT(verified.err->place), STR_FMT(verified.err->en));
}

/* `head`: "by-line" counts by line date, and anything else is sections. `given`: steps separated by "|". */
static inline struct run_case *case_open(const char *head, const char *benefits, const char *given) {
    struct run_case *c = calloc(1, sizeof(*c));
    assert_non_null(c);
    arena_init(&c->a, (size_t)128 << 20);
    bool by_line = strncmp(head, "by-line", strlen("by-line")) == 0;
    const char *sections = by_line ? strchr(head, 'e') + 1 : head;
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_printf(&text, "plan t \"表\"\n kind commercial\n source \"table\", grade D\n in force 2023-01-01 ..\n counts by %s\n years are calendar years\n"
               " currency CNY, rounded half-up once per benefit\n %s\n benefit b1 \"一\"\n %s\n example \"e\"\n",
               by_line ? "line date" : "discharge, over the end by admission", sections, benefits);
    for (const char *step = given; *step;) {
        size_t n = strcspn(step, "|");
        buf_printf(&text, " given %.*s\n expect total 0\n", (int)n, step);
        step += n + (step[n] == '|');
    }
    case_text(c, arena_str(&c->a, buf_view(&text)));
    buf_done(&text);
    plan_counters_init(&c->counters, &c->a);
    assert_true(scene_init(&c->scene, &c->a, c->plan));
    return c;
}

static inline void case_close(struct run_case *c) {
    arena_done(&c->a);
    free(c);
}

static inline uint32_t case_steps(const struct run_case *c) { return c->plan->examples[0].step_count; }

/* The input of a step; counters that it gives are set. */
static inline void case_input(struct run_case *c, uint32_t step, struct plan_input *ret) {
    const struct plan_example_step *s = &c->plan->examples[0].steps[step];
    if (!scene_read(&c->scene, s)) fail_msg("given %.*s", STR_FMT(c->scene.wrong->word));
    assert_true(scene_input(&c->scene, ret));
    assert_null(scene_counters(&c->scene, s, ret, &c->counters).err);
}

static inline void case_apply(struct run_case *c) {
    for (uint32_t k = 0; k < c->result.change_count; k++)
        assert_null(plan_counters_set(&c->counters, &c->result.changes[k].key, c->result.changes[k].after).err);
}

#endif
