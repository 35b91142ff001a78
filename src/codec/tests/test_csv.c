/* CSV: rows, refusals with places, limits, round trip. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "codec/codec.h"

/* Reads all; prints rows as a|b/c|d/ (the header first), or the code and place of the failure. */
static void read_all(struct arena *a, struct str bytes, struct buf *out) {
    struct csv c;
    struct status s = csv_open(a, bytes, &c);
    bool more = !status_failed(s);
    struct csv_row row = {.fields = more ? c.names : NULL};
    while (more) {
        for (uint32_t i = 0; i < c.name_count; i++) {
            if (i > 0) buf_add_char(out, '|');
            buf_add(out, row.fields[i]);
        }
        buf_add_char(out, '/');
        s = csv_next(&c, a, &row, &more);
        if (status_failed(s)) break;
    }
    if (status_failed(s)) {
        buf_clear(out);
        buf_printf(out, "%s at %.*s", s.err->code, STR_FMT(s.err->place));
        assert_true(s.err->hint_zh.n && s.err->hint_en.n);
    }
}

static void rows_and_refusals(void **state) {
    (void)state;
    static const struct {
        struct str in;
        const char *want;
    } rows[] = {
        {STR_INIT("a,b\n1,2\n"), "a|b/1|2/"},
        {STR_INIT("a,b\r\n1,2\r\n3,4"), "a|b/1|2/3|4/"},
        {STR_INIT("\xef\xbb\xbf" "姓名,金额\n\"王,五\",100\n"), "姓名|金额/王,五|100/"},
        {STR_INIT("a\n\"x\"\"y\"\"\"\n\"\"\n"), "a/x\"y\"//"},
        {STR_INIT("a,b\n\"1\n2\",3\n"), "a|b/1\n2|3/"},
        {STR_INIT("a,b\n\n1,2\r\n\r\n"), "a|b/1|2/"},
        {STR_INIT("a,b\n,\n"), "a|b/|/"},
        {STR_INIT("a, b\n 1,2 \n"), "a| b/ 1|2 /"}, /* blanks belong to the field */
        {STR_INIT("a"), "a/"},
        {STR_INIT(""), "csv-empty at 1:1"},
        {STR_INIT("\xef\xbb\xbf\r\n\n"), "csv-empty at 1:1"},
        {STR_INIT("a,\n"), "csv-header at 1:2"},
        {STR_INIT("\na,b,a\n"), "csv-header at 2:3"},
        {STR_INIT("a,b\n1\n"), "csv-field-count at 2:2 b"},
        {STR_INIT("a,b\n1,2,3\n"), "csv-field-count at 2:3"},
        {STR_INIT("a,b\n1,2\n\"x\ny\",2\n1,2,3\n"), "csv-field-count at 5:3"}, /* line of the file, not of the row */
        {STR_INIT("a,b\n1,\"2\n"), "csv-quote at 2:2 b"},
        {STR_INIT("a,b\n1\"2,3\n"), "csv-quote at 2:1 a"},
        {STR_INIT("a,b\n\"1\"2,3\n"), "csv-quote at 2:1 a"},
        {STR_INIT("a,b\n1,2\r3,4\n"), "csv-line-break at 2:2 b"},
        {STR_INIT("a,b\n1,2\r"), "csv-line-break at 2:2 b"},
        {STR_INIT("a\n\xbd\xf0\n"), "csv-not-utf8 at 2:1"},
        {{"a\n\0\n", 4}, "csv-nul at 2:1"},
        {STR_INIT("a\x1b[2J\n\"1\n"), "csv-quote at 2:1 a?[2J"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena a;
        struct buf out;
        arena_init(&a, 1 << 20);
        buf_init(&out, 1000);
        read_all(&a, rows[i].in, &out);
        buf_add_char(&out, 0);
        assert_string_equal(out.p, rows[i].want);
        buf_done(&out);
        arena_done(&a);
    }
}

static void limits(void **state) {
    (void)state;
    for (uint32_t more = 0; more < 2; more++) {
        struct arena a;
        struct buf in, out;
        arena_init(&a, 1 << 22);
        buf_init(&in, 1 << 20);
        buf_init(&out, 1 << 20);
        for (uint32_t i = 0; i < LIMIT_CSV_FIELDS + more; i++) buf_printf(&in, "%sc%u", i ? "," : "", i);
        read_all(&a, buf_view(&in), &out);
        assert_int_equal(str_starts(buf_view(&out), STR("csv-too-many-fields at 1:1001")), more);
        for (int quoted = 0; quoted < 2; quoted++) {
            buf_clear(&in);
            buf_clear(&out);
            buf_add_cstr(&in, quoted ? "a\n\"" : "a\n");
            for (uint32_t i = 0; i < LIMIT_CSV_FIELD_BYTES + more; i++) buf_add_char(&in, 'x');
            if (quoted) buf_add_char(&in, '"');
            read_all(&a, buf_view(&in), &out);
            assert_int_equal(str_eq(buf_view(&out), STR("csv-field-too-long at 2:1 a")), more);
        }
        buf_done(&in);
        buf_done(&out);
        arena_done(&a);
    }
}

/* A caller that rewinds after each row needs constant memory. */
static void rewinding(void **state) {
    (void)state;
    struct arena a;
    struct buf in;
    struct csv c;
    struct csv_row row;
    bool more = true;
    arena_init(&a, 4'000);
    buf_init(&in, 1 << 20);
    buf_add_cstr(&in, "id,amount\n");
    for (int i = 0; i < 20'000; i++) buf_printf(&in, "\"%d\"\"\",%d\n", i, i * 3);
    assert_false(status_failed(csv_open(&a, buf_view(&in), &c)));
    struct arena_mark mark = arena_mark(&a);
    uint32_t count = 0, index = 99;
    assert_true(csv_find(&c, STR("amount"), &index));
    assert_int_equal(index, 1);
    assert_false(csv_find(&c, STR("Amount"), &index));
    for (;; count++, arena_rewind(&a, mark)) {
        assert_false(status_failed(csv_next(&c, &a, &row, &more)));
        if (!more) break;
        assert_int_equal(row.line, count + 2);
        assert_int_equal(row.fields[0].p[row.fields[0].n - 1], '"');
    }
    assert_int_equal(count, 20'000);
    assert_true(a.system_calls <= 2);
    buf_done(&in);
    arena_done(&a);
}

static void writing(void **state) {
    (void)state;
    static const char *const texts[] = {"a", "b,c", "d\"e", "", "f\r\ng", " h", "医结", ("\xef\xbb\xbf" "x")};
    struct buf out, back;
    struct arena a;
    struct csv_writer w;
    buf_init(&out, 1000);
    buf_init(&back, 1000);
    arena_init(&a, 1 << 16);
    csv_writer_init(&w, &out);
    for (int row = 0; row < 2; row++) {
        for (size_t i = 0; i < COUNT_OF(texts); i++) csv_field(&w, row || texts[i][0] ? str_from(texts[i]) : STR("?"));
        csv_field_i64(&w, row ? -5 : 7);
        csv_row_end(&w);
    }
    static const char want[] = "a,\"b,c\",\"d\"\"e\",?,\"f\r\ng\",\" h\",医结,\xef\xbb\xbfx,7\r\n"
                               "a,\"b,c\",\"d\"\"e\",,\"f\r\ng\",\" h\",医结,\xef\xbb\xbfx,-5\r\n";
    assert_true(str_eq(buf_view(&out), str_from(want)));
    read_all(&a, buf_view(&out), &back);
    assert_true(str_eq(buf_view(&back), STR("a|b,c|d\"e|?|f\r\ng| h|医结|\xef\xbb\xbfx|7/"
                                            "a|b,c|d\"e||f\r\ng| h|医结|\xef\xbb\xbfx|-5/")));
    buf_clear(&out); /* one empty field in a row is not an empty line; a mark at the beginning is quoted */
    buf_clear(&back);
    csv_field(&w, STR("\xef\xbb\xbf"));
    csv_row_end(&w);
    csv_field(&w, STR(""));
    csv_row_end(&w);
    read_all(&a, buf_view(&out), &back);
    assert_true(str_eq(buf_view(&back), STR("\xef\xbb\xbf//")));
    buf_done(&out);
    buf_done(&back);
    arena_done(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_refusals), cmocka_unit_test(limits), cmocka_unit_test(rewinding),
        cmocka_unit_test(writing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
