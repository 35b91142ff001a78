/* tests/check_text — plans for the checker's tests: a small sound plan and changes of its text.
 *
 * Who uses it: test_check.c, test_prove.c, test_mutant.c. A row changes one piece of the base plan, so that it shows nothing but its point.
 */
#ifndef YIJIE_PLAN_TESTS_CHECK_TEXT_H
#define YIJIE_PLAN_TESTS_CHECK_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "plan/ast.h"

static const char check_base[] = "plan p \"p\"\n"
                                 "  kind commercial\n"
                                 "  source \"s\", grade D\n"
                                 "  in force 2024-01-01 .. 2024-12-31\n"
                                 "  counts by discharge, over the end by admission\n"
                                 "  years are policy years\n"
                                 "  currency CNY, rounded half-up once per benefit\n"
                                 "  benefit b \"b\"\n"
                                 "    takes own_full\n"
                                 "    where visit = inpatient\n"
                                 "    deductible 100 each year\n"
                                 "    pays 80%\n"
                                 "    cap 10_000 each year\n";

/* The first occurrence of `from` replaced; NULL: `to` is added at the end. */
static inline struct str check_changed(struct arena *a, struct str text, const char *from, const char *to) {
    const char *at = from ? strstr(text.p, from) : text.p + text.n;
    if (at == NULL) fail_msg("not in the text: %s", from);
    struct str s = arena_printf(a, "%.*s%s%s", (int)(at - text.p), text.p, to, at + (from ? strlen(from) : 0));
    assert_non_null(s.p);
    return s;
}

struct check_result {
    struct plan *plan;
    struct plan_diagnostics *d;
    uint32_t not_decided;
};

static inline struct plan *check_read(struct arena *a, struct str text, struct plan_library *lib, struct plan_diagnostics *d) {
    struct plan_source *source = ARENA_NEW(a, struct plan_source);
    struct plan_file *file = NULL;
    assert_non_null(source);
    *source = (struct plan_source){STR("p.plan"), text};
    assert_false(status_failed(plan_parse(a, source, d, &file)));
    for (uint32_t i = 0; i < d->count; i++) print_error("%s: %.*s\n", d->items[i].code, STR_FMT(d->items[i].en));
    assert_int_equal(d->error_count, 0);
    assert_false(status_failed(plan_library_add(a, lib, file, d)));
    return file->plan_count > 0 ? file->plans[file->plan_count - 1] : NULL;
}

/* Parses a text that must parse (its last plan counts), and checks it. */
static inline struct check_result check_run(struct arena *a, struct str text, bool prove, struct plan_check_options o) {
    struct check_result r = {.d = ARENA_NEW(a, struct plan_diagnostics)};
    struct plan_library lib = {0};
    assert_non_null(r.d);
    r.plan = check_read(a, text, &lib, r.d);
    assert_non_null(r.plan);
    o.prove = prove;
    o.ret_not_decided = &r.not_decided;
    assert_false(status_failed(plan_check(a, r.plan, &lib, &o, r.d)));
    return r;
}

static inline const struct plan_diagnostic *check_found(const struct check_result *r, const char *code) {
    for (uint32_t i = 0; i < r->d->count; i++)
        if (strcmp(r->d->items[i].code, code) == 0) return &r->d->items[i];
    return NULL;
}

#endif
