/* Percentiles against a sorted list, and a whole run against a server made of the http room that answers as told. */
#include "http/http.h"
#include "load/histogram.h"
#include "load/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- histogram ---------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void test_percentiles(void **state)
{
    (void)state;
    enum { COUNT = 20'000 };
    static uint64_t values[COUNT];
    struct histogram *h = calloc(1, sizeof *h);
    assert_non_null(h);
    uint64_t x = 12345;
    for (size_t i = 0; i < COUNT; i++) {
        x = x * 6364136223846793005U + 1442695040888963407U;
        values[i] = (x >> 33) % (i % 10 == 0 ? 90'000'000 : 3'000);
        histogram_add(h, values[i] * 1000 + 999);
    }
    qsort(values, COUNT, sizeof values[0], by_value);
    const uint32_t asked[] = {1, 500'000, 900'000, 990'000, 999'000, 1'000'000};
    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        const uint64_t rank = (COUNT * (uint64_t)asked[i] + 999'999) / 1'000'000, exact = values[rank == 0 ? 0 : rank - 1], got = histogram_at(h, asked[i]);
        assert_true(got >= exact && got <= exact + exact / 100 + 1);
    }
    assert_int_equal(histogram_at(h, 1'000'000), values[COUNT - 1]);
    memset(h, 0, sizeof *h);
    assert_int_equal(histogram_at(h, 500'000), 0);
    free(h);
}

/* ---- a run ------------------------------------------------------------------------------------------------------ */

struct desk {
    atomic_uint trials, confirms, doubles;
};

static void desk_handle(void *user, struct http_exchange *x)
{
    struct desk *d = user;
    if (str_eq(x->request.path, STR("/v1/trials"))) {
        const unsigned n = atomic_fetch_add(&d->trials, 1);
        if (n % 10 == 3) {
            buf_add_cstr(x->out, "{\"code\":\"queue-full\"}");
            http_answer(x, 503, HTTP_PROBLEM_TYPE);
            return;
        }
        buf_printf(x->out, "{\"id\":\"%032x\",\"total\":1}", n);
        http_answer(x, 201, "application/json");
        return;
    }
    const unsigned n = atomic_fetch_add(&d->confirms, 1);
    if (!http_request_header(&x->request, "idempotency-key").p) atomic_fetch_add(&d->doubles, 1);
    if (n % 10 == 7) buf_add_cstr(x->out, "{\"code\":\"requoted\"}");
    else buf_printf(x->out, "{\"id\":\"%032x\"}", n);
    http_answer(x, n % 10 == 7 ? 409 : 201, "application/json");
}

static void count_one(void *user, struct str id)
{
    assert_int_equal(id.n, 32);
    ++*(uint64_t *)user;
}

static void run_one(uint32_t rate, struct load_report *ret, struct desk *d, uint64_t *ret_acknowledged)
{
    struct arena a;
    arena_init(&a, 64 << 20);
    const struct http_listener listener = {.address = STR("127.0.0.1:0")};
    struct http_server *server = NULL;
    const struct http_server_options options = {.env = env_system(), .listeners = &listener, .listener_count = 1, .limits = http_limits_default(), .handle = desk_handle, .user = d};
    assert_false(status_failed(http_server_open(&a, &options, &server)));
    const struct str base = arena_printf(&a, "http://%.*s", STR_FMT(http_server_address(server, 0)));
    const struct load_options o = {.env = env_system(), .base = base, .city = {.seed = 1, .person_count = 500}, .run = 9, .lines = 3, .rate_per_s = rate, .seconds = 30, .case_max = 200, .places = 8,
                                   .acknowledged = count_one, .user = ret_acknowledged};
    assert_false(status_failed(load_run(&a, &o, ret)));
    http_server_drain(server, 100, NULL, NULL);
    http_server_close(server);
    arena_done(&a);
}

static void check_run(uint32_t rate)
{
    struct desk d = {0};
    struct load_report r;
    uint64_t acknowledged = 0;
    run_one(rate, &r, &d, &acknowledged);
    assert_int_equal(atomic_load(&d.trials), 200);
    assert_int_equal(atomic_load(&d.doubles), 0);
    assert_int_equal(r.busy, 20);
    assert_int_equal(r.requoted, 18);
    assert_int_equal(r.confirmed, 162);
    assert_int_equal(r.failed + r.refused, 0);
    assert_int_equal(r.begun, 200);
    assert_int_equal(acknowledged, r.confirmed);
    assert_int_equal(r.error_count, 2);
    assert_int_equal(r.trial.count, 180);
    assert_true(r.confirm.p50_us <= r.confirm.p99_us && r.confirm.p99_us <= r.confirm.max_us);
    assert_true(load_cases_per_s(&r) > 0);
}

static void test_open_loop(void **state)
{
    (void)state;
    check_run(2'000);
}

static void test_saturation(void **state)
{
    (void)state;
    check_run(0);
}

static void test_nobody_there(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 64 << 20);
    struct load_report r;
    const struct load_options o = {.env = env_system(), .base = STR("http://127.0.0.1:1"), .city = {.seed = 1, .person_count = 50}, .rate_per_s = 500, .seconds = 30, .case_max = 5, .places = 2};
    assert_false(status_failed(load_run(&a, &o, &r)));
    assert_int_equal(r.failed, 5);
    assert_int_equal(r.confirmed, 0);
    assert_int_equal(r.errors[0].status, 0);
    assert_true(strlen(r.errors[0].code) > 0);
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_percentiles), cmocka_unit_test(test_open_loop), cmocka_unit_test(test_saturation), cmocka_unit_test(test_nobody_there)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
