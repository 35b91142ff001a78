/* The demonstration bills are good, without a warning, and carry the published figures of 安阳 2022 (acceptance case P-1, P-4). */
#include "bill/tests/support.h"

#include <stdio.h>

static const struct {
    const char *file;
    int64_t total, sums[BUCKET_GIVEN_COUNT], funds;
    bool settled, totals_only;
} rows[] = {
    /* 852,000.00 = 自费 197,000.00 + 先行自付 42,000.00 + 符合范围 613,000.00; 613,000 + 42,000 − 508,600 = 146,400 */
    {"anyang-stay.json", 85'200'000, {19'700'000, 0, 4'200'000, 61'300'000}, 25'450'000 + 25'410'000, true, false},
    {"anyang-pharmacy.json", 39'960'000, {39'960'000, 0, 0, 0}, 0, false, false},
    {"totals-inpatient.json", 6'000'000, {800'000, 0, 200'000, 5'000'000}, 4'182'000, true, true},
};

static struct str file_read(struct arena *a, const char *name) {
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s", DEMO_FOLDER, name);
    assert_true(length > 0 && (size_t)length < sizeof path);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    enum { BYTES_MAX = 256 * 1024 };
    char *p = ARENA_ARRAY(a, char, BYTES_MAX);
    assert_non_null(p);
    size_t n = fread(p, 1, BYTES_MAX, file);
    (void)fclose(file);
    assert_true(n > 0 && n < BYTES_MAX);
    return (struct str){p, n};
}

static void figures(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena a;
        arena_init(&a, TEST_ARENA_BYTES);
        const struct bill *b = NULL;
        struct status s = bill_parse(&a, file_read(&a, rows[i].file), &b);
        if (status_failed(s)) print_error("%s: %s at %.*s\n", rows[i].file, s.err->code, STR_FMT(s.err->place));
        assert_false(status_failed(s));
        assert_null(b->warnings);
        assert_int_equal(b->total, rows[i].total);
        for (int k = 0; k < BUCKET_GIVEN_COUNT; k++) assert_int_equal(b->net_sum[k], rows[i].sums[k]);
        assert_int_equal(b->statutory.fund_sum, rows[i].funds);
        assert_int_equal(b->statutory.settled, rows[i].settled);
        assert_int_equal(b->totals_only, rows[i].totals_only);
        arena_done(&a);
    }
}

/* The published case says that no sub-limit is reached: 300,000.00 per drug and 100,000.00 per implant, on 70 % of own_full. */
static void below_sub_limits(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    const struct bill *b = NULL;
    assert_false(status_failed(bill_parse(&a, file_read(&a, "anyang-stay.json"), &b)));
    int64_t implants = 0;
    for (uint32_t i = 0; i < b->lines.count; i++) {
        int64_t own = b->lines.net[BUCKET_OWN_FULL][i];
        assert_true(own * 7 / 10 < 30'000'000);
        if (b->lines.kind[i] == BILL_LINE_IMPLANT || b->lines.kind[i] == BILL_LINE_CONSUMABLE) implants += own;
    }
    assert_true(implants > 0 && implants * 7 / 10 < 10'000'000); /* even all of them together */
    arena_done(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(figures), cmocka_unit_test(below_sub_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
