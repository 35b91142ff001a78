/* The currency table: order, uniqueness, names, and minor digits that are easy to get wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "money/money.h"

static void table_is_sound(void **state) {
    (void)state;
    size_t count = 0;
    for (const struct currency *c; (c = currency_at(count)); count++) {
        if (count) assert_true(strcmp(currency_at(count - 1)->code, c->code) < 0);
        for (size_t k = 0; k < count; k++) {
            assert_int_not_equal(currency_at(k)->number, c->number);
            assert_string_not_equal(currency_at(k)->zh, c->zh);
            assert_string_not_equal(currency_at(k)->en, c->en);
        }
        assert_int_equal(strspn(c->code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 3);
        assert_true(c->number > 0 && c->number < 1000);
        assert_in_range(c->digits, 0, 4);
        assert_true(utf8_check(str_from(c->zh)) && strlen(c->zh) && utf8_check(str_from(c->en)) && strlen(c->en));
        assert_ptr_equal(currency_find(str_from(c->code)), c);
    }
    assert_true(count > 150);
    assert_null(currency_at(count));
    assert_null(currency_at(SIZE_MAX));
}

static void known(void **state) {
    (void)state;
    static const struct {
        const char *code;
        uint16_t number;
        int8_t digits;
    } rows[] = {
        {"CNY", 156, 2}, {"HKD", 344, 2}, {"MOP", 446, 2}, {"TWD", 901, 2}, {"USD", 840, 2}, {"EUR", 978, 2},
        {"JPY", 392, 0}, {"KRW", 410, 0}, {"VND", 704, 0}, {"CLP", 152, 0}, {"ISK", 352, 0}, {"UGX", 800, 0},
        {"XAF", 950, 0}, {"XPF", 953, 0}, {"KWD", 414, 3}, {"BHD", 48, 3},  {"TND", 788, 3}, {"IQD", 368, 3},
        {"CLF", 990, 4}, {"UYW", 927, 4}, {"MGA", 969, 2}, {"HUF", 348, 2}, {"IDR", 360, 2}, {"ZWG", 924, 2},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct currency *c = currency_find(str_from(rows[i].code));
        assert_non_null(c);
        assert_int_equal(c->number, rows[i].number);
        assert_int_equal(c->digits, rows[i].digits);
    }
    static const char *const unknown[] = {"", "CN", "cny", "CNYY", "RMB", "XXX", "XAU", "AAA", "ZZZ", "DEM"};
    for (size_t i = 0; i < COUNT_OF(unknown); i++) assert_null(currency_find(str_from(unknown[i])));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(table_is_sound), cmocka_unit_test(known)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
