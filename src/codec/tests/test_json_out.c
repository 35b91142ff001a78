/* Writing JSON: shapes, escapes, pretty form, bugs, canonical form. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "codec/codec.h"

static void write_answer(struct json_writer *w) {
    json_begin_object(w);
    json_member_string(w, STR("bill"), STR("住院 \"1\""));
    json_member_i64(w, STR("total"), -85'200'000);
    json_member_bool(w, STR("final"), true);
    json_name(w, STR("reason"));
    json_null(w);
    json_name(w, STR("payers"));
    json_begin_array(w);
    json_begin_object(w);
    json_end_object(w);
    json_begin_array(w);
    json_end_array(w);
    json_raw(w, STR("1.50"));
    json_end_array(w);
    json_end_object(w);
}

static void shapes(void **state) {
    (void)state;
    static const char compact[] = "{\"bill\":\"住院 \\\"1\\\"\",\"total\":-85200000,\"final\":true,\"reason\":null,"
                                  "\"payers\":[{},[],1.50]}";
    static const char pretty[] = "{\n  \"bill\": \"住院 \\\"1\\\"\",\n  \"total\": -85200000,\n  \"final\": true,\n"
                                 "  \"reason\": null,\n  \"payers\": [\n    {},\n    [],\n    1.50\n  ]\n}";
    for (int is_pretty = 0; is_pretty < 2; is_pretty++) {
        struct buf out;
        struct json_writer w;
        buf_init(&out, 1000);
        json_writer_init(&w, &out, is_pretty);
        write_answer(&w);
        buf_add_char(&out, 0);
        assert_string_equal(out.p, is_pretty ? pretty : compact);
        buf_done(&out);
    }
}

static void escapes(void **state) {
    (void)state;
    static const struct {
        struct str in;
        const char *out;
    } rows[] = {
        {{"", 0}, "\"\""},
        {{NULL, 0}, "\"\""},
        {{"a/b", 3}, "\"a/b\""},
        {{"\"\\", 2}, "\"\\\"\\\\\""},
        {{"\b\t\n\f\r", 5}, "\"\\b\\t\\n\\f\\r\""},
        {{"\0\x01\x0b\x1f\x7f", 5}, "\"\\u0000\\u0001\\u000b\\u001f\x7f\""},
        {{"€𠮷", 7}, "\"€𠮷\""},
        {{"a\xff" "b\xe5\x8c", 5}, "\"a\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out;
        struct json_writer w;
        buf_init(&out, 100);
        json_writer_init(&w, &out, false);
        json_string(&w, rows[i].in);
        assert_true(str_eq(buf_view(&out), str_from(rows[i].out)));
        buf_done(&out);
    }
}

static void out_of_room(void **state) {
    (void)state;
    struct buf out;
    struct json_writer w;
    buf_init(&out, 1000);
    json_writer_init(&w, &out, false);
    write_answer(&w);
    size_t needed = out.n;
    buf_done(&out);
    for (size_t max = 0; max < needed + 10; max++) {
        buf_init(&out, max);
        json_writer_init(&w, &out, false);
        write_answer(&w);
        assert_int_equal(out.failed, max < needed);
        assert_true(out.n <= max);
        buf_done(&out);
    }
}

static void wrong_end(struct json_writer *w) {
    json_begin_object(w);
    json_end_array(w);
}
static void no_name(struct json_writer *w) {
    json_begin_object(w);
    json_null(w);
}
static void name_in_array(struct json_writer *w) {
    json_begin_array(w);
    json_name(w, STR("a"));
}
static void name_alone(struct json_writer *w) {
    json_begin_object(w);
    json_name(w, STR("a"));
    json_end_object(w);
}
static void too_deep(struct json_writer *w) {
    for (int i = 0; i < 65; i++) json_begin_array(w);
}

static void bugs_abort(void **state) {
    (void)state;
    static void (*const bugs[])(struct json_writer *) = {wrong_end, no_name, name_in_array, name_alone, too_deep};
    for (size_t i = 0; i < COUNT_OF(bugs); i++) {
        (void)fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct buf out;
            struct json_writer w;
            if (!freopen("/dev/null", "w", stderr)) _exit(1);
            (void)signal(SIGABRT, SIG_DFL);
            buf_init(&out, 1000);
            json_writer_init(&w, &out, false);
            bugs[i](&w);
            _exit(0);
        }
        int how = 0;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT);
    }
}

static void canonical(void **state) {
    (void)state;
    static const struct {
        const char *in, *out; /* out NULL: refused */
    } rows[] = {
        {" { \"b\" : 1 , \"a\" : [ true , null , \"x\" ] } ", "{\"a\":[true,null,\"x\"],\"b\":1}"},
        /* RFC 8785, section 3.2.3, names only: carriage return, 1, control, ö, euro, emoji, Hebrew dalet with dagesh */
        {"{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}",
         "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\xef\xac\xb3\":3}"},
        {"{\"ab\":1,\"a\":2,\"\":3}", "{\"\":3,\"a\":2,\"ab\":1}"},
        {"\"\\u000f\\u000a\\u0041\\u0022\\u005c\\/\"", "\"\\u000f\\nA\\\"\\\\/\""},
        {"{\"b\":{\"d\":1,\"c\":2},\"a\":[{\"z\":1,\"y\":2}]}", "{\"a\":[{\"y\":2,\"z\":1}],\"b\":{\"c\":2,\"d\":1}}"},
        {"9007199254740991", "9007199254740991"},
        {"-9007199254740991", "-9007199254740991"},
        {"9007199254740992", NULL},
        {"[-0]", NULL},
        {"{\"a\":1.0}", NULL},
        {"1e3", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena a;
        struct buf out;
        const struct json *v = NULL;
        arena_init(&a, 1 << 20);
        buf_init(&out, 1000);
        assert_false(status_failed(json_parse(&a, str_from(rows[i].in), &v)));
        struct status s = json_canonical(&a, v, &out);
        assert_int_equal(status_failed(s), rows[i].out == NULL);
        if (rows[i].out) assert_true(str_eq(buf_view(&out), str_from(rows[i].out)));
        else assert_string_equal(s.err->code, "json-canonical-number");
        buf_done(&out);
        buf_init(&out, 0);
        if (rows[i].out) {
            s = json_canonical(&a, v, &out);
            assert_string_equal(s.err->code, "json-canonical-too-large");
        }
        arena_done(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),     cmocka_unit_test(escapes),   cmocka_unit_test(out_of_room),
        cmocka_unit_test(bugs_abort), cmocka_unit_test(canonical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
