/* Refusals as documents: members, order of languages, findings, and that the table is whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "codec/codec.h"
#include "http/http.h"

static struct str member(const struct json *v, struct str name)
{
    const struct json *m = json_get(v, name);
    return m ? m->text : STR("");
}

static void table_is_whole(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 22);
    for (enum http_error e = 0; e < HTTP_ERROR_COUNT; e++) {
        const struct http_problem p = http_error_problem(e);
        assert_true(p.status >= 400 && p.status < 600 && p.code[0] && p.zh.n && p.en.n && p.hint_zh.n && p.hint_en.n);
        for (enum http_error k = 0; k < e; k++) assert_string_not_equal(p.code, http_error_problem(k).code);
        struct buf out;
        buf_init(&out, 1 << 16);
        http_problem_write(&p, &out);
        const struct json *v = NULL;
        assert_false(status_failed(json_parse(&a, buf_view(&out), &v)));
        assert_true(str_eq(member(v, STR("code")), str_from(p.code)));
        buf_done(&out);
    }
    arena_done(&a);
}

static void documents(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 22);
    struct buf out;
    buf_init(&out, 1 << 16);
    const struct http_problem p = {.status = 422, .code = "no-consent", .zh = STR("没有同意"), .en = STR("no consent"), .hint_zh = STR("先取得同意"),
        .hint_en = STR("ask for it"), .place = STR("consent"), .extra_name = STR("answer"), .extra = STR("{\"total\":1}")};
    http_problem_write(&p, &out);
    assert_true(str_eq(buf_view(&out), STR("{\"type\":\"urn:yijie:problem:no-consent\",\"title\":\"没有同意 / no consent\",\"status\":422,\"code\":\"no-consent\","
        "\"detail\":\"没有同意：先取得同意 / no consent: ask for it\",\"zh\":\"没有同意\",\"en\":\"no consent\",\"hint_zh\":\"先取得同意\",\"hint_en\":\"ask for it\","
        "\"place\":\"consent\",\"answer\":{\"total\":1}}")));
    buf_clear(&out);
    struct http_problem english = p;
    english.en_first = true;
    http_problem_write(&english, &out);
    assert_true(str_contains(buf_view(&out), STR("\"title\":\"no consent / 没有同意\"")));
    const struct error second = {.code = "b", .place = STR("lines[1]"), .zh = STR("乙"), .en = STR("two")};
    const struct error first = {.code = "a", .place = STR("lines[0]"), .zh = STR("甲"), .en = STR("one"), .next = &second};
    buf_clear(&out);
    http_problem_of(400, (struct status){&first}, &out);
    const struct json *v = NULL;
    assert_false(status_failed(json_parse(&a, buf_view(&out), &v)));
    const struct json *errors = json_get(v, STR("errors"));
    assert_non_null(errors);
    assert_int_equal(errors->count, 2);
    assert_true(str_eq(member(&errors->items[1], STR("place")), STR("lines[1]")));
    buf_done(&out);
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(table_is_whole), cmocka_unit_test(documents)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
