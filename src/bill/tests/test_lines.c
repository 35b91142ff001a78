/* Returns netted into their lines, part by part and in quantity, wherever they stand; and line numbers of any size. */
#include "bill/tests/support.h"

/* A line with its four parts; returns > 0 makes it a return. qty NULL leaves the member out. */
struct line_row {
    int64_t number, parts[BUCKET_GIVEN_COUNT];
    const char *qty;
    int64_t returns;
};
struct want_row {
    int64_t net[BUCKET_GIVEN_COUNT], net_qty_e4;
};

enum { LINES_MAX = 4 };

static const struct {
    const char *name;
    uint32_t count;
    struct line_row lines[LINES_MAX];
    struct want_row want[LINES_MAX];
} rows[] = {
    {"a part of the money and of the quantity", 2,
     {{1, {0, 0, 100, 900}, "10", 0}, {2, {0, 0, -30, -270}, "-3", 1}},
     {{{0, 0, 70, 630}, 70'000}, {{0, 0, 0, 0}, 0}}},
    {"the whole line", 2,
     {{1, {5, 6, 7, 8}, "0.5", 0}, {2, {-5, -6, -7, -8}, "-0.5", 1}},
     {{{0, 0, 0, 0}, 0}, {{0, 0, 0, 0}, 0}}},
    {"the return stands before its line", 2,
     {{9, {-1, 0, 0, 0}, "-1", 4}, {4, {3, 0, 0, 0}, "2", 0}},
     {{{0, 0, 0, 0}, 0}, {{2, 0, 0, 0}, 10'000}}},
    {"two returns of one line", 3,
     {{1, {10, 0, 0, 0}, "3", 0}, {2, {-4, 0, 0, 0}, "-1", 1}, {3, {-6, 0, 0, 0}, "-2", 1}},
     {{{0, 0, 0, 0}, 0}, {{0, 0, 0, 0}, 0}, {{0, 0, 0, 0}, 0}}},
    {"without a quantity one is taken back, or what is left", 3,
     {{1, {10, 0, 0, 0}, "1.25", 0}, {2, {-4, 0, 0, 0}, NULL, 1}, {3, {-6, 0, 0, 0}, NULL, 1}},
     {{{0, 0, 0, 0}, 0}, {{0, 0, 0, 0}, 0}, {{0, 0, 0, 0}, 0}}},
    {"a price correction without quantity", 2,
     {{1, {0, 0, 0, 10}, "2", 0}, {2, {0, 0, 0, -4}, "0", 1}},
     {{{0, 0, 0, 6}, 20'000}, {{0, 0, 0, 0}, 0}}},
    {"line numbers as large as a reader of JSON keeps exact", 2,
     {{INT64_C(9'007'199'254'740'991), {1, 0, 0, 0}, "1", 0}, {1, {-1, 0, 0, 0}, "-1", INT64_C(9'007'199'254'740'991)}},
     {{{0, 0, 0, 0}, 0}, {{0, 0, 0, 0}, 0}}},
};

static void line_write(struct buf *b, const struct line_row *l) {
    int64_t amount = l->parts[0] + l->parts[1] + l->parts[2] + l->parts[3];
    buf_printf(b, "{'line':%lld,'code':'C','amount':%lld,'own_full':%lld,'over_limit':%lld,'own_first':%lld,'in_scope':%lld",
               (long long)l->number, (long long)amount, (long long)l->parts[0], (long long)l->parts[1], (long long)l->parts[2],
               (long long)l->parts[3]);
    if (l->qty) buf_printf(b, ",'qty':'%s'", l->qty);
    if (l->returns) buf_printf(b, ",'returns':%lld", (long long)l->returns);
    buf_add_char(b, '}');
}

static void netted(void **state) {
    (void)state;
    for (size_t row = 0; row < COUNT_OF(rows); row++) {
        struct arena a;
        arena_init(&a, TEST_ARENA_BYTES);
        struct buf text;
        buf_init(&text, 64 * 1024);
        buf_add_cstr(&text, "{" HEAD ",'lines':[");
        for (uint32_t i = 0; i < rows[row].count; i++) {
            if (i > 0) buf_add_char(&text, ',');
            line_write(&text, &rows[row].lines[i]);
        }
        buf_add_cstr(&text, "]}");
        struct str copy = arena_str(&a, buf_view(&text));
        buf_done(&text);
        const struct bill *b = good_bill(&a, copy.p);
        int64_t sums[BUCKET_GIVEN_COUNT] = {0};
        for (uint32_t i = 0; i < rows[row].count; i++) {
            const struct want_row *want = &rows[row].want[i];
            for (int k = 0; k < BUCKET_GIVEN_COUNT; k++) {
                if (b->lines.net[k][i] != want->net[k]) print_error("%s: line %u part %d\n", rows[row].name, i, k);
                assert_int_equal(b->lines.net[k][i], want->net[k]);
                assert_int_equal(b->lines.given[k][i], rows[row].lines[i].parts[k]);
                sums[k] += b->lines.given[k][i];
            }
            assert_int_equal(b->lines.net_qty_e4[i], want->net_qty_e4);
        }
        for (int k = 0; k < BUCKET_GIVEN_COUNT; k++) assert_int_equal(b->net_sum[k], sums[k]);
        arena_done(&a);
    }
}

static void read_as_written(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    const struct bill *b = good_bill(&a, WITH_LINES(
        "{'line':3,'code':'XL02BBA326A001010102180','name':'药','kind':'drug','class':'B','qty':'12.3456','price':'333.000001',"
        "'date':'2022-08-03','amount':1000,'ingredient':'i'," PARTS(0, 0, 100, 900) "},"
        "{'line':1,'code':'C','kind':'gene-therapy','class':'','amount':0," PARTS(0, 0, 0, 0) "}"));
    assert_int_equal(b->lines.count, 2);
    assert_int_equal(b->lines.number[0], 3);
    assert_str(b->lines.code[0], "XL02BBA326A001010102180");
    assert_int_equal(b->lines.kind[0], BILL_LINE_DRUG);
    assert_int_equal(b->lines.catalogue[0], BILL_CLASS_B);
    assert_int_equal(b->lines.qty_e4[0], 123'456);
    assert_int_equal(b->lines.price_e6[0], 333'000'001);
    assert_str(b->lines.ingredient[0], "i");
    assert_int_equal(b->lines.kind[1], BILL_LINE_OTHER); /* a kind we do not know keeps its text */
    assert_str(b->lines.kind_text[1], "gene-therapy");
    assert_int_equal(b->lines.catalogue[1], BILL_CLASS_NONE);
    assert_null(b->warnings);
    arena_done(&a);
}

/* A return of this very bill may say so. */
static void own_bill_named(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    const struct bill *b = good_bill(&a, WITH_LINES(
        LINE(1, 9, PARTS(9, 0, 0, 0)) ",{'line':2,'code':'C','amount':-2,'returns':1,'returns_bill':'B1'," PARTS(-2, 0, 0, 0) "}"));
    assert_int_equal(b->total, 7);
    arena_done(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(netted), cmocka_unit_test(read_as_written), cmocka_unit_test(own_bill_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
