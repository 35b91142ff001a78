/* What strangers can make large, deep, broken or expensive: a clear error, nothing half read, never a crash. */
#include "bill/tests/support.h"

/* A bill of `count` lines of one fen each; line `twice` repeats the number of line 0 (0: none does). */
static struct str many_lines(struct arena *a, uint32_t count, uint32_t twice) {
    struct buf b;
    buf_init(&b, 8 * 1024 * 1024);
    buf_add_cstr(&b, "{" HEAD ",'lines':[");
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = twice != 0 && i == twice ? 1 : i + 1;
        buf_printf(&b, "%s{'line':%u,'code':'C','amount':1,%s}", i > 0 ? "," : "", number, PARTS(1, 0, 0, 0));
    }
    buf_add_cstr(&b, "]}");
    assert_false(b.failed);
    struct str copy = arena_str(a, buf_view(&b));
    buf_done(&b);
    return copy;
}

static void line_count(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    const struct bill *b = good_bill(&a, many_lines(&a, LIMIT_BILL_LINES, 0).p);
    assert_int_equal(b->lines.count, LIMIT_BILL_LINES);
    assert_int_equal(b->total, LIMIT_BILL_LINES);
    const struct error *e = bad_bill(&a, many_lines(&a, LIMIT_BILL_LINES + 1, 0).p);
    assert_string_equal(e->code, "bill-too-many");
    assert_str(e->place, "lines");
    e = bad_bill(&a, many_lines(&a, LIMIT_BILL_LINES, 9'999).p);
    assert_string_equal(e->code, "bill-line-duplicate");
    assert_str(e->place, "lines[9999].line");
    arena_done(&a);
}

static const char *nested(struct arena *a, uint32_t depth) {
    struct buf b;
    buf_init(&b, 64 * 1024);
    buf_add_cstr(&b, "{" HEAD "," ONE_LINE ",'ext':{'x':");
    for (uint32_t i = 0; i < depth - 2; i++) buf_add_char(&b, '[');
    for (uint32_t i = 0; i < depth - 2; i++) buf_add_char(&b, ']');
    buf_add_cstr(&b, "}}");
    struct str copy = arena_str(a, buf_view(&b));
    buf_done(&b);
    return copy.p;
}

static void depth(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    (void)good_bill(&a, nested(&a, LIMIT_JSON_DEPTH));
    assert_string_equal(bad_bill(&a, nested(&a, LIMIT_JSON_DEPTH + 1))->code, "json-too-deep");
    arena_done(&a);
}

static void bytes(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    struct str good = json_of(&a, "{" HEAD "," ONE_LINE "}");
    size_t size = LIMIT_JSON_BYTES + 1;
    char *p = ARENA_ARRAY(&a, char, size);
    assert_non_null(p);
    memset(p, ' ', size);
    memcpy(p, good.p, good.n);
    const struct bill *b = NULL;
    assert_string_equal(bill_parse(&a, (struct str){p, size}, &b).err->code, "json-too-large");
    assert_null(b);
    assert_false(status_failed(bill_parse(&a, (struct str){p, size - 1}, &b)));
    arena_done(&a);
}

static const char small_bill[] =
    "{" HEAD ",'facts':{'poor':true},'diagnoses':[{'code':'C34.900','main':true}],'lines':["
    LINE(1, 10, PARTS(1, 2, 3, 4)) ",{'line':2,'code':'C','qty':'-1','amount':-1,'returns':1," PARTS(-1, 0, 0, 0) "}],"
    "'statutory':{'settled':true,'funds':{'a':1}},'policies':[{'plan':'p','endorsements':[{'name':'名'}]}],'ext':{'k':[1.50]}}";

static void truncated_at_every_byte(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    struct str whole = json_of(&a, small_bill);
    struct arena_mark mark = arena_mark(&a);
    for (size_t n = 0; n < whole.n; n++) {
        const struct bill *b = NULL;
        struct status s = bill_parse(&a, (struct str){whole.p, n}, &b);
        assert_true(status_failed(s));
        assert_null(b);
        assert_true(s.err->zh.n > 0 && s.err->en.n > 0);
        arena_rewind(&a, mark);
    }
    (void)good_bill(&a, small_bill);
    arena_done(&a);
}

/* Every byte replaced by each of a few troublesome ones: an answer or an error, and an answer keeps I1. */
static void every_byte_replaced(void **state) {
    (void)state;
    static const unsigned char troublesome[] = {0x00, 0x80, 0xFF, '"', '{', ']', '-', '9', 'e'};
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    struct str whole = json_of(&a, small_bill);
    char *copy = ARENA_ARRAY(&a, char, whole.n);
    assert_non_null(copy);
    struct arena_mark mark = arena_mark(&a);
    for (size_t at = 0; at < whole.n; at++) {
        for (size_t i = 0; i < COUNT_OF(troublesome); i++) {
            memcpy(copy, whole.p, whole.n);
            copy[at] = (char)troublesome[i];
            const struct bill *b = NULL;
            struct status s = bill_parse(&a, (struct str){copy, whole.n}, &b);
            assert_int_equal(status_failed(s), b == NULL);
            for (uint32_t line = 0; b && line < b->lines.count; line++) {
                int64_t sum = 0;
                for (int k = 0; k < BUCKET_GIVEN_COUNT; k++) sum += b->lines.given[k][line];
                assert_int_equal(sum, b->lines.amount[line]);
            }
            arena_rewind(&a, mark);
        }
    }
    arena_done(&a);
}

static void wrong_json(void **state) {
    (void)state;
    static const struct {
        const char *text, *code;
    } rows[] = {
        {"", "json-empty"},
        {WITH("'stay':'a','stay':'a'"), "json-duplicate-key"},
        {WITH("'facts':{'poor':true,'p\\u006for':true}"), "json-duplicate-key"},
        {WITH("'stay':'\xff'"), "json-not-utf8"},
        {WITH("'stay':'\\ud800'"), "json-escape"},
        {WITH("'deposit':01"), "json-number"},
        {WITH("'deposit':1") "x", "json-trailing-text"},
    };
    struct arena a;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        arena_init(&a, TEST_ARENA_BYTES);
        const struct error *e = bad_bill(&a, rows[i].text);
        if (strcmp(e->code, rows[i].code) != 0) print_error("row %zu: %s\n", i, e->code);
        assert_string_equal(e->code, rows[i].code);
        arena_done(&a);
    }
}

/* Amounts at the limit, and returns whose differences would pass 64 bits if they were all added up. */
static void large_amounts(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    const struct bill *b = good_bill(&a, WITH_LINES(LINE(1, 1000000000000000, PARTS(1000000000000000, 0, 0, 0))));
    assert_true(b->total == LIMIT_AMOUNT_MINOR);
    struct buf text;
    buf_init(&text, 8 * 1024 * 1024);
    buf_add_cstr(&text, "{" HEAD ",'lines':[{'line':1,'code':'C','amount':1,");
    buf_add_cstr(&text, PARTS(1, 0, 0, 0) "}");
    for (uint32_t i = 2; i <= LIMIT_BILL_LINES; i++)
        buf_printf(&text, ",{'line':%u,'code':'C','qty':'-999999999999','amount':-1000000000000000,'returns':1,%s}", i,
                   PARTS(-1000000000000000, 0, 0, 0));
    buf_add_cstr(&text, "]}");
    struct str copy = arena_str(&a, buf_view(&text));
    buf_done(&text);
    const struct error *e = bad_bill(&a, copy.p);
    assert_string_equal(e->code, "bill-return-net-negative");
    assert_int_equal(chain_length(e), 2); /* the money and the quantity, each once */
    arena_done(&a);
}

/* The n-th block of memory is refused, for every n: out-of-memory, never a crash or half a bill. */
static void memory_refused(void **state) {
    (void)state;
    static const char *const texts[] = {small_bill, WITH("'hopsital':1,'ward':'x','deposit':-1")};
    for (size_t t = 0; t < COUNT_OF(texts); t++) {
        struct arena big;
        arena_init(&big, TEST_ARENA_BYTES);
        struct str text = json_of(&big, texts[t]);
        bool enough = false;
        for (size_t limit = 1; !enough; limit += 97) {
            struct arena a;
            arena_init(&a, limit);
            const struct bill *b = NULL;
            struct status s = bill_parse(&a, text, &b);
            enough = !status_failed(s) || strcmp(s.err->code, "out-of-memory") != 0;
            assert_true(enough || b == NULL);
            arena_done(&a);
            assert_true(limit < 1024 * 1024);
        }
        arena_done(&big);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_count), cmocka_unit_test(depth),      cmocka_unit_test(bytes),
        cmocka_unit_test(truncated_at_every_byte), cmocka_unit_test(every_byte_replaced),
        cmocka_unit_test(wrong_json), cmocka_unit_test(large_amounts), cmocka_unit_test(memory_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
