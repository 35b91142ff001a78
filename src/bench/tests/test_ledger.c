/* bench/tests/test_ledger — the ledger's benchmark runs to its end on a real PostgreSQL and prints what outside tests read; how fast is not asked here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"

static void test_figures(void **state) {
    (void)state;
    static const char *const names[] = {"ledger_pure_transfer_ns ", "pgledger_fsync 1 of_1\n", "pgledger_transfers ", "pgledger_function_1_client ", "pgledger_function_4_clients ",
                                        "pgledger_function_16_clients ", "pgledger_function_best ", "pgledger_ratio ", "disk_flushes ", "pgledger_of_physical_limit "};
    const char *url = getenv("YIJIE_TEST_POSTGRES");
    char folder[] = "/tmp/yijie-bench-XXXXXX", command[64];
    struct buf out;
    assert_non_null(url);
    assert_non_null(mkdtemp(folder));
    buf_init(&out, 1 << 16);
    const struct status s = bench_ledger(env_system(), (struct bench_ledger_options){str_from(url), str_from(folder), 20}, &out);
    if (status_failed(s)) fail_msg("%.*s", STR_FMT(buf_view(&out)));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (!str_contains(buf_view(&out), str_from(names[i]))) fail_msg("no %s in\n%.*s", names[i], STR_FMT(buf_view(&out)));
    }
    assert_false(out.failed);
    buf_done(&out);
    (void)snprintf(command, sizeof command, "rmdir '%s'", folder); /* nothing was left in it */
    assert_int_equal(system(command), 0);
}

/* A failure says why. */
static void test_failure(void **state) {
    (void)state;
    struct buf out;
    buf_init(&out, 1 << 16);
    const char *url = getenv("YIJIE_TEST_POSTGRES");
    assert_non_null(url);
    const struct status s = bench_ledger(env_system(), (struct bench_ledger_options){str_from(url), STR("/nowhere/at/all"), 1}, &out);
    assert_true(status_failed(s));
    assert_string_equal(s.err->code, "bench-failed");
    assert_true(str_contains(buf_view(&out), STR("bench-disk")));
    buf_done(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_figures), cmocka_unit_test(test_failure)};
    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
