/* Paths against a route table, percent signs, query members. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "http/http.h"

static const struct http_route routes[] = {
    {"GET", "/"}, {"GET", "/v1/things"}, {"POST", "/v1/things"}, {"GET", "/v1/things/{id}"}, {"POST", "/v1/things/{id}/{act}"},
};

static void paths(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path, *want;
    } rows[] = {
        {"GET", "/", "0"},
        {"HEAD", "/", "0"},
        {"GET", "/v1/things", "1"},
        {"POST", "/v1/things", "2"},
        {"GET", "/v1/things/7", "3 7"},
        {"GET", "/v1/things/%E4%B8%80", "3 一"},
        {"GET", "/v1/things/a%2Fb", "3 a/b"},
        {"POST", "/v1/things/7/pay", "4 7 pay"},
        {"PUT", "/v1/things", "allow GET, HEAD, POST"},
        {"POST", "/v1/things/7", "allow GET, HEAD"},
        {"GET", "/v1", "none"},
        {"GET", "/v1/things/", "none"},
        {"GET", "//v1/things", "none"},
        {"GET", "/v1/things/.", "none"},
        {"GET", "/v1/things/..", "none"},
        {"GET", "/v1/things/7/", "none"},
        {"GET", "/V1/things", "none"},
        {"GET", "/v1/things/%", "bad"},
        {"GET", "/v1/things/%0g", "bad"},
        {"GET", "/v1/things/%00", "bad"},
        {"GET", "/v1/things/%ff", "bad"},
        {"GET", "/v1/things/%0a", "bad"},
    };
    struct arena a;
    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct http_request r = {.method = str_from(rows[i].method), .path = str_from(rows[i].path)};
        struct http_match m = {0};
        struct str allow = STR("");
        struct buf out;
        buf_init(&out, 1000);
        switch (http_route_find(routes, COUNT_OF(routes), &r, &a, &m, &allow)) {
        case HTTP_FOUND:
            buf_printf(&out, "%u", m.route);
            for (uint32_t k = 0; k < m.part_count; k++) buf_printf(&out, " %.*s", STR_FMT(m.part[k]));
            break;
        case HTTP_NO_METHOD: buf_printf(&out, "allow %.*s", STR_FMT(allow)); break;
        case HTTP_NO_PATH: buf_add_cstr(&out, "none"); break;
        case HTTP_BAD_PATH: buf_add_cstr(&out, "bad"); break;
        case HTTP_NO_MEMORY: buf_add_cstr(&out, "memory"); break;
        }
        if (!str_eq(buf_view(&out), str_from(rows[i].want))) fail_msg("%s %s: %.*s, not %s", rows[i].method, rows[i].path, STR_FMT(buf_view(&out)), rows[i].want);
        buf_done(&out);
    }
    arena_done(&a);
}

static void queries(void **state)
{
    (void)state;
    static const struct {
        const char *query, *name, *want; /* NULL: refused; "-": absent */
    } rows[] = {
        {"", "a", "-"}, {"a=1", "a", "1"}, {"a=1&b=2", "b", "2"}, {"a", "a", ""}, {"a=", "a", ""}, {"b=a", "a", "-"}, {"a=x+y%2B", "a", "x y+"},
        {"&&a=1&", "a", "1"}, {"a=1&a=1", "a", NULL}, {"a=%", "a", NULL}, {"a=%00", "a", NULL}, {"A=1", "a", "-"}, {"a=b=c", "a", "b=c"},
    };
    struct arena a;
    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct http_request r = {.query = str_from(rows[i].query)};
        struct str got = STR("?");
        const bool fine = http_query_get(&r, &a, rows[i].name, &got);
        if (fine != (rows[i].want != NULL)) fail_msg("row %zu", i);
        if (!fine) continue;
        if (strcmp(rows[i].want, "-") == 0) assert_null(got.p);
        else assert_true(got.p && str_eq(got, str_from(rows[i].want)));
    }
    const struct http_request r = {.query = STR("a=1&&bc&d=%20")};
    struct str name;
    assert_true(http_query_name(&r, 0, &name) && str_eq(name, STR("a")));
    assert_true(http_query_name(&r, 1, &name) && str_eq(name, STR("bc")));
    assert_true(http_query_name(&r, 2, &name) && str_eq(name, STR("d")));
    assert_false(http_query_name(&r, 3, &name));
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(paths), cmocka_unit_test(queries)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
