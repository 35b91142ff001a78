/* The benchmarks run and print every figure that outside tests look for; with a clock that hurries, so that each job is done once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/work.h"

struct hurried {
    struct env env;
    uint64_t *now;
};

/* Each look at the clock finds a tenth of a second gone. */
static uint64_t hurried_cpu_ns(const struct env *e) {
    const struct hurried *h = (const struct hurried *)(const void *)e;
    return *h->now += 100'000'000;
}

static void every_figure(void **state) {
    (void)state;
    static const char *const names[] = {"settle_50x6_explained_us", "settle_50x6_us", "settle_allocations", "settle_arena_bytes", "explain_render_us",
                                        "b20_claims_per_cpu_s", "b20_ceiling_claims_per_cpu_s", "b20_ratio", "plan_compile_ms_max", "list_lookup_20_ns",
                                        "list_lookup_20000_ns", "list_lookup_ratio", "split_100_ns"};
    uint64_t now = 0;
    struct hurried h = {.env = {.cpu_ns = hurried_cpu_ns}, .now = &now};
    struct buf out;
    buf_init(&out, 1 << 16);
    struct status s = bench_plan(&h.env, &out);
    if (s.err) fail_msg("%s: %.*s", s.err->code, STR_FMT(buf_view(&out)));
    buf_add_char(&out, '\0');
    assert_false(out.failed);
    size_t lines = 0;
    for (const char *p = out.p; *p; p++) lines += *p == '\n';
    assert_int_equal(lines, COUNT_OF(names));
    const char *at = out.p;
    for (size_t i = 0; i < COUNT_OF(names); i++) { /* name value unit, in this order */
        size_t n = strlen(names[i]);
        assert_true(strncmp(at, names[i], n) == 0 && at[n] == ' ');
        char *end;
        (void)strtoull(at + n + 1, &end, 10);
        assert_true(end > at + n + 1 && (*end == '.' || *end == ' '));
        at = strchr(at, '\n') + 1;
    }
    assert_non_null(strstr(out.p, "settle_allocations 0 "));
    buf_done(&out);
}

/* Formats without floating point. */
static void printing(void **state) {
    (void)state;
    struct buf out;
    buf_init(&out, 1000);
    bench_print_milli(&out, "a", 7'415, "us");
    bench_print_milli(&out, "b", 4, "us");
    bench_print_milli(&out, "c", 99'995, "ns");
    bench_print(&out, "d", 12, "calls");
    buf_add_char(&out, '\0');
    assert_string_equal(out.p, "a 7.42 us\nb 0.00 us\nc 100.00 ns\nd 12 calls\n");
    buf_done(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_figure), cmocka_unit_test(printing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
