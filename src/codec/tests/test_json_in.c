/* Reading JSON: what is accepted, what is refused and where, limits, memory failure at every limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "codec/codec.h"

enum { ARENA_BYTES = 64 * 1024 * 1024 };

static void accepted(void **state) {
    (void)state;
    static const struct {
        const char *source, *compact; /* what the writer makes of the tree */
    } rows[] = {
        {"null", "null"},
        {" true ", "true"},
        {"\t\r\n false\n", "false"},
        {"0", "0"},
        {"-0", "-0"},
        {"-0.0e+00", "-0.0e+00"},
        {"0.90", "0.90"}, /* number text survives */
        {"1E400", "1E400"},
        {"123456789012345678901234567890", "123456789012345678901234567890"},
        {"\"\"", "\"\""},
        {"\"医结\"", "\"医结\""},
        {"\"\\u533b\\u7ed3\"", "\"医结\""},
        {"\"\\ud842\\udfb7\"", "\"𠮷\""},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {"\"\\u001F\\u007f\"", "\"\\u001f\x7f\""},
        {"[]", "[]"},
        {"{ }", "{}"},
        {"[ 1 , [ ] , { } , \"a\" , null ]", "[1,[],{},\"a\",null]"},
        {"{\"a\":1,\"b\":{\"c\":[true,false]},\"\":2}", "{\"a\":1,\"b\":{\"c\":[true,false]},\"\":2}"},
        {"{\"a\\u0062\" : 1}", "{\"ab\":1}"},
        {"\"a\" ", "\"a\""},
        {"[\"]\",\"}\",\",\",\":\",\"\\\\\"]", "[\"]\",\"}\",\",\",\":\",\"\\\\\"]"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena a;
        arena_init(&a, ARENA_BYTES);
        const struct json *v = NULL;
        struct status s = json_parse(&a, str_from(rows[i].source), &v);
        if (status_failed(s)) fail_msg("%s: %s at %s", rows[i].source, s.err->code, s.err->place.p);
        struct buf out;
        struct json_writer w;
        buf_init(&out, 1000);
        json_writer_init(&w, &out, false);
        json_value(&w, v);
        buf_add_char(&out, 0);
        assert_string_equal(out.p, rows[i].compact);
        buf_done(&out);
        arena_done(&a);
    }
}

static void refused(void **state) {
    (void)state;
    static const struct {
        const char *source, *code, *place;
    } rows[] = {
        {"", "json-empty", "1:1"},
        {" \n ", "json-empty", "1:1"},
        {"\xef\xbb\xbf{}", "json-byte-order-mark", "1:1"},
        {"{\"医\":\"\xb5\xc4\"}", "json-not-utf8", "1:7"},
        {"\"\xed\xa0\x80\"", "json-not-utf8", "1:2"},
        {"\"\xc0\x80\"", "json-not-utf8", "1:2"},
        {"01", "json-number", "1:1"},
        {"-01", "json-number", "1:1"},
        {"1.", "json-number", "1:1"},
        {".5", "json-number", "1:1"},
        {"+1", "json-number", "1:1"},
        {"--1", "json-number", "1:1"},
        {"-", "json-number", "1:1"},
        {"1e", "json-number", "1:1"},
        {"1e+", "json-number", "1:1"},
        {"1.e5", "json-number", "1:1"},
        {"1.5.5", "json-number", "1:1"},
        {"0x10", "json-number", "1:1"},
        {"1_000", "json-number", "1:1"},
        {"1\"a\"", "json-number", "1:1"},
        {"-Infinity", "json-number", "1:1"},
        {"[1,{\"a\":[2, 1a]}]", "json-number", "1:13 [1].a[1]"},
        {"{\"lines\":[\n  {\"amount\": 01}]}", "json-number", "2:14 lines[0].amount"},
        {"nul", "json-syntax", "1:1"},
        {"nulll", "json-syntax", "1:1"},
        {"True", "json-syntax", "1:1"},
        {"NaN", "json-syntax", "1:1"},
        {"'a'", "json-syntax", "1:1"},
        {"{a:1}", "json-syntax", "1:2"},
        {"{\"a\" 1}", "json-syntax", "1:6 a"},
        {"{\"a\":}", "json-syntax", "1:6 a"},
        {"{\"a\":1,}", "json-syntax", "1:8 a"},
        {"{1:1}", "json-syntax", "1:2"},
        {"{\"a\":1 \"b\":2}", "json-syntax", "1:8 a"},
        {"{,}", "json-syntax", "1:2"},
        {"[1,]", "json-syntax", "1:4 [1]"},
        {"[,1]", "json-syntax", "1:2 [0]"},
        {"[1 2]", "json-syntax", "1:4 [1]"},
        {"[1}", "json-syntax", "1:3 [1]"},
        {"[1:2]", "json-syntax", "1:3 [1]"},
        {"{\"a\":1]", "json-syntax", "1:7 a"},
        {"[\"a\"b]", "json-syntax", "1:5 [1]"},
        {"[\"a\"\"b\"]", "json-syntax", "1:5 [1]"},
        {"[truefalse]", "json-syntax", "1:2 [0]"},
        {"[true\"a\"]", "json-syntax", "1:2 [0]"},
        {"// x\n1", "json-syntax", "1:1"},
        {"]", "json-syntax", "1:1"},
        {"[", "json-truncated", "1:2 [0]"},
        {"{", "json-truncated", "1:2"},
        {"[1", "json-truncated", "1:3 [1]"},
        {"[1,", "json-truncated", "1:4 [1]"},
        {"{\"a\"", "json-truncated", "1:5 a"},
        {"{\"a\":", "json-truncated", "1:6 a"},
        {"{\"a\":[{}", "json-truncated", "1:9 a[1]"},
        {"\"abc", "json-unclosed-string", "1:1"},
        {"[\"abc\\\"]", "json-unclosed-string", "1:2"},
        {"{\"a\":\"b}\n", "json-control-character", "1:9"},
        {"\"a\tb\"", "json-control-character", "1:3"},
        {"\"\\x\"", "json-escape", "1:2"},
        {"[\"ab\\'\"]", "json-escape", "1:5 [0]"},
        {"\"\\u12\"", "json-escape", "1:2"},
        {"\"\\u12g4\"", "json-escape", "1:2"},
        {"\"\\ud800\"", "json-escape", "1:2"},
        {"\"\\ud800x\"", "json-escape", "1:2"},
        {"\"\\ud800\\ud800\"", "json-escape", "1:2"},
        {"\"\\udc00\"", "json-escape", "1:2"},
        {"\"\\ud800\\u0041\"", "json-escape", "1:2"},
        {"{\"a\\u0000\":1}", "json-nul", "1:4"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "json-duplicate-key", "1:18 a"},
        {"{\"a\":1,\"\\u0061\":3}", "json-duplicate-key", "1:17 a"},
        {"{\"x\":[{\"a\":1,\"a\":\n1}]}", "json-duplicate-key", "2:1 x[0].a"},
        {"{\"a\\u001b[31m\":01}", "json-number", "1:16 a?[31m"}, /* cannot steer the terminal */
        {"1 2", "json-trailing-text", "1:3"},
        {"{} {}", "json-trailing-text", "1:4"},
        {"[]]", "json-trailing-text", "1:3"},
        {"{},", "json-trailing-text", "1:3"},
        {"\"a\"\"b\"", "json-trailing-text", "1:4"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena a;
        arena_init(&a, ARENA_BYTES);
        const struct json *untouched = NULL, *v = untouched;
        struct status s = json_parse(&a, str_from(rows[i].source), &v);
        if (!status_failed(s)) fail_msg("accepted: %s", rows[i].source);
        assert_string_equal(s.err->code, rows[i].code);
        if (strcmp(s.err->place.p, rows[i].place) != 0)
            fail_msg("%s: place %s, wanted %s", rows[i].source, s.err->place.p, rows[i].place);
        assert_true(s.err->zh.n && s.err->en.n && s.err->hint_zh.n && s.err->hint_en.n);
        assert_ptr_equal(v, untouched);
        arena_done(&a);
    }
}

static void nul_bytes_end_nothing(void **state) {
    (void)state;
    static const struct {
        struct str source;
        const char *code;
    } rows[] = {
        {{"1\0", 2}, "json-number"}, {{"[1]\0", 4}, "json-trailing-text"}, {{"\"a\0b\"", 5}, "json-control-character"},
        {{"\0", 1}, "json-syntax"},  {{"tru\0", 4}, "json-syntax"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena a;
        arena_init(&a, ARENA_BYTES);
        const struct json *v;
        struct status s = json_parse(&a, rows[i].source, &v);
        assert_true(status_failed(s));
        assert_string_equal(s.err->code, rows[i].code);
        arena_done(&a);
    }
}

/* Parses `open` × n + middle + `close` × n. */
static const char *nested(uint32_t n, const char *open, const char *middle, const char *close) {
    struct buf b;
    struct arena a;
    const struct json *v;
    buf_init(&b, 1 << 25);
    arena_init(&a, SIZE_MAX);
    for (uint32_t i = 0; i < n; i++) buf_add_cstr(&b, open);
    buf_add_cstr(&b, middle);
    for (uint32_t i = 0; i < n; i++) buf_add_cstr(&b, close);
    struct status s = json_parse(&a, buf_view(&b), &v);
    const char *code = status_failed(s) ? s.err->code : "good";
    arena_done(&a);
    buf_done(&b);
    return code;
}

static void limits(void **state) {
    (void)state;
    assert_string_equal(nested(LIMIT_JSON_DEPTH, "[", "1", "]"), "good");
    assert_string_equal(nested(LIMIT_JSON_DEPTH + 1, "[", "1", "]"), "json-too-deep");
    assert_string_equal(nested(LIMIT_JSON_DEPTH, "{\"a\":", "1", "}"), "good");
    assert_string_equal(nested(1'000'000, "{\"a\":", "1", "}"), "json-too-deep");
    assert_string_equal(nested(1'000'000, "[", "", ""), "json-too-deep");
    assert_string_equal(nested(LIMIT_JSON_TEXT_BYTES - 1, "9", "9", ""), "good");
    assert_string_equal(nested(LIMIT_JSON_TEXT_BYTES, "9", "9", ""), "json-text-too-long");
    assert_string_equal(nested(LIMIT_JSON_BYTES - 1, " ", "1", ""), "good");
    assert_string_equal(nested(LIMIT_JSON_BYTES, " ", "1", ""), "json-too-large");
}

static void string_length(void **state) {
    (void)state;
    for (int escaped = 0; escaped < 2; escaped++) {
        for (size_t more = 0; more < 2; more++) {
            struct buf b;
            struct arena a;
            const struct json *v;
            buf_init(&b, 1 << 20);
            arena_init(&a, ARENA_BYTES);
            buf_add_char(&b, '"');
            for (size_t i = 0; i < LIMIT_JSON_TEXT_BYTES + more; i++) buf_add_cstr(&b, escaped ? "\\u0061" : "a");
            buf_add_char(&b, '"');
            struct status s = json_parse(&a, buf_view(&b), &v);
            assert_int_equal(status_failed(s), more == 1);
            if (more) assert_string_equal(s.err->code, "json-text-too-long");
            else assert_int_equal(v->text.n, LIMIT_JSON_TEXT_BYTES);
            arena_done(&a);
            buf_done(&b);
        }
    }
}

/* Objects of many members: duplicates are found wherever they are, and none where there are none. */
static void many_members(void **state) {
    (void)state;
    for (uint32_t count = 2; count < 600; count += 7) {
        for (uint32_t twice = 0; twice <= count; twice += count / 2) {
            struct buf b;
            struct arena a;
            const struct json *v;
            buf_init(&b, 1 << 20);
            arena_init(&a, ARENA_BYTES);
            for (uint32_t i = 0; i < count; i++)
                buf_printf(&b, "%s\"k%u\":%u", i ? "," : "{", i * 7919 % count * 3 + i / count, i);
            if (twice < count) buf_printf(&b, ",\"k%u\":0", twice * 7919 % count * 3);
            buf_add_char(&b, '}');
            struct status s = json_parse(&a, buf_view(&b), &v);
            bool coprime = count % 7919 != 0;
            if (coprime) assert_int_equal(status_failed(s), twice < count);
            if (status_failed(s)) assert_string_equal(s.err->code, "json-duplicate-key");
            else assert_int_equal(v->count, count);
            arena_done(&a);
            buf_done(&b);
        }
    }
}

static const char bill[] = "{\n \"lines\" : [ {\"code\":\"A\\u0031\", \"amount\":12300, \"x\" : {\"y\": [ 1.50 ,2 ]} },{\"amount\":-5}],\n"
                           " \"big\":9223372036854775808 ,\"min\":-9223372036854775808}";

static void tree(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, ARENA_BYTES);
    const struct json *v = NULL;
    char source[sizeof(bill)];
    memcpy(source, bill, sizeof(bill));
    assert_false(status_failed(json_parse(&a, (struct str){source, sizeof(bill) - 1}, &v)));
    memset(source, 'x', sizeof(source)); /* the tree does not refer to it */
    const struct json *lines = json_get(v, STR("lines"));
    assert_int_equal(lines->kind, JSON_ARRAY);
    assert_int_equal(lines->count, 2);
    const struct json *line = &lines->items[0];
    assert_true(str_eq(json_get(line, STR("code"))->text, STR("A1")));
    assert_true(str_eq(json_get(line, STR("code"))->raw, STR("\"A\\u0031\"")));
    assert_true(str_eq(json_get(line, STR("x"))->raw, STR("{\"y\": [ 1.50 ,2 ]}")));
    assert_true(str_eq(lines->items[1].raw, STR("{\"amount\":-5}")));
    assert_true(str_eq(v->raw, str_from(bill)));
    assert_null(json_get(line, STR("absent")));
    assert_null(json_get(lines, STR("code")));
    int64_t n = 0;
    assert_true(json_to_i64(json_get(line, STR("amount")), &n));
    assert_int_equal(n, 12'300);
    assert_false(json_to_i64(json_get(v, STR("big")), &n));
    assert_int_equal(n, 12'300);
    assert_true(json_to_i64(json_get(v, STR("min")), &n));
    assert_true(n == INT64_MIN);
    assert_true(str_eq(json_place(&a, v, json_get(line, STR("amount"))), STR("2:42")));
    assert_true(str_eq(json_place(&a, v, json_get(v, STR("min"))), STR("3:35")));
    arena_done(&a);
}

static void integers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t v;
    } rows[] = {
        {"0", true, 0}, {"7", true, 7}, {"-7", true, -7}, {"9223372036854775807", true, INT64_MAX},
        {"-0", false, 0}, {"1.0", false, 0}, {"1e2", false, 0}, {"\"1\"", false, 0}, {"null", false, 0},
        {"99999999999999999999", false, 0}, {"-9223372036854775809", false, 0}, {"[1]", false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena a;
        arena_init(&a, ARENA_BYTES);
        const struct json *v = NULL;
        int64_t n = 0;
        assert_false(status_failed(json_parse(&a, str_from(rows[i].text), &v)));
        assert_int_equal(json_to_i64(v, &n), rows[i].good);
        assert_true(n == rows[i].v);
        arena_done(&a);
    }
}

/* Torture: under every arena limit it parses, or fails for memory and nothing else; output untouched on failure. */
static void every_limit(void **state) {
    (void)state;
    size_t parsed = 0, refused_count = 0;
    for (size_t limit = 0; limit < 6'000; limit += 3) {
        struct arena a;
        arena_init(&a, limit);
        const struct json *v = NULL;
        struct status s = json_parse(&a, str_from(bill), &v);
        if (status_failed(s)) {
            assert_string_equal(s.err->code, "out-of-memory");
            assert_null(v);
            refused_count++;
        } else {
            parsed++;
        }
        arena_done(&a);
    }
    assert_true(parsed > 10 && refused_count > 10);
}

static void kind_names(void **state) {
    (void)state;
    for (int k = JSON_NULL; k <= JSON_OBJECT; k++)
        assert_string_not_equal(json_kind_name((enum json_kind)k, true), json_kind_name((enum json_kind)k, false));
    assert_string_equal(json_kind_name(JSON_ARRAY, true), "数组");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted), cmocka_unit_test(refused),       cmocka_unit_test(nul_bytes_end_nothing),
        cmocka_unit_test(limits),   cmocka_unit_test(string_length), cmocka_unit_test(many_members),
        cmocka_unit_test(tree),     cmocka_unit_test(integers),      cmocka_unit_test(every_limit),
        cmocka_unit_test(kind_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
