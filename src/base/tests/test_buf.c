/* Buffer: maximum, stickiness of failure, numbers, printing. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "base/base.h"

static void numbers(void **state) {
    (void)state;
    static const struct {
        int64_t v;
        const char *text;
    } rows[] = {
        {0, "0"}, {7, "7"}, {-1, "-1"}, {1'000'000, "1000000"},
        {INT64_MAX, "9223372036854775807"}, {INT64_MIN, "-9223372036854775808"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf b;
        buf_init(&b, 20);
        buf_add_i64(&b, rows[i].v);
        assert_true(str_eq(buf_view(&b), str_from(rows[i].text)));
        buf_done(&b);
    }
}

static void maximum_and_failure_stays(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 5);
    buf_add_cstr(&b, "abc");
    buf_add_cstr(&b, "def"); /* would be 6: adds nothing */
    assert_true(b.failed);
    buf_add_char(&b, 'x'); /* would fit, but a text with a hole is worse than none */
    assert_null(buf_space(&b, 1));
    buf_printf(&b, "%d", 1);
    assert_true(str_eq(buf_view(&b), STR("abc")));
    buf_clear(&b);
    buf_add_cstr(&b, "12345");
    assert_false(b.failed);
    assert_true(str_eq(buf_view(&b), STR("12345")));
    buf_done(&b);
}

static void printing(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 180'301); /* exactly what is printed: a full buffer is no failure */
    for (int width = 0; width < 600; width++) {
        size_t before = b.n;
        buf_printf(&b, "%*d|", width, 7);
        assert_int_equal(b.n - before, (size_t)(width ? width : 1) + 1);
        assert_memory_equal(b.p + b.n - 2, "7|", 2);
    }
    assert_false(b.failed);
    assert_int_equal(b.n, b.max);
    buf_done(&b);
}

static void empty(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 0);
    buf_add(&b, (struct str){NULL, 0});
    buf_add_cstr(&b, NULL);
    assert_false(b.failed);
    assert_int_equal(buf_view(&b).n, 0);
    buf_add_char(&b, 'x');
    assert_true(b.failed);
    buf_done(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers), cmocka_unit_test(maximum_and_failure_stays),
        cmocka_unit_test(printing), cmocka_unit_test(empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
