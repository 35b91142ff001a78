/* The seam's law as a table: heads of requests and what is said against them. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "http/http_internal.h"

enum { HEADERS = 8 };

static void heads(void **state)
{
    (void)state;
    static const struct {
        const char *version, *target;
        const char *headers[HEADERS * 2];
        enum http_error want;
    } rows[] = {
        {"HTTP/1.1", "/", {"Host", "a"}, HTTP_ERROR_COUNT},
        {"HTTP/1.0", "/", {"Host", "a"}, HTTP_ERROR_COUNT},
        {"HTTP/1.1", "/", {"Host", "127.0.0.1:8642"}, HTTP_ERROR_COUNT},
        {"HTTP/1.1", "/", {"Host", "[::1]:8642"}, HTTP_ERROR_COUNT},
        {"HTTP/1.1", "/", {"host", "a.example"}, HTTP_ERROR_COUNT},
        {"HTTP/1.1", "/", {"Host", "a", "Content-Length", "12"}, HTTP_ERROR_COUNT},
        {"HTTP/1.1", "/", {"Host", "a", "Transfer-Encoding", "chunked"}, HTTP_ERROR_COUNT},
        {"HTTP/1.1", "/", {"Host", "a", "Transfer-Encoding", "Chunked"}, HTTP_ERROR_COUNT},
        {"HTTP/1.1", "/", {"Host", "a", "Expect", "100-continue"}, HTTP_ERROR_COUNT},
        {"HTTP/1.1", "/a?b=c%20d", {"Host", "a"}, HTTP_ERROR_COUNT},
        {"HTTP/2.0", "/", {"Host", "a"}, HTTP_ERROR_VERSION},
        {"HTTP/0.9", "/", {"Host", "a"}, HTTP_ERROR_VERSION},
        {"HTTP/1.1", "*", {"Host", "a"}, HTTP_ERROR_TARGET},
        {"HTTP/1.1", "http://a/", {"Host", "a"}, HTTP_ERROR_TARGET},
        {"HTTP/1.1", "/a#b", {"Host", "a"}, HTTP_ERROR_TARGET},
        {"HTTP/1.1", "/a\\b", {"Host", "a"}, HTTP_ERROR_TARGET},
        {"HTTP/1.1", "/\x01", {"Host", "a"}, HTTP_ERROR_TARGET},
        {"HTTP/1.1", "/\xe4\xb8\x80", {"Host", "a"}, HTTP_ERROR_TARGET},
        {"HTTP/1.1", "/", {NULL}, HTTP_ERROR_HOST},
        {"HTTP/1.0", "/", {NULL}, HTTP_ERROR_HOST},
        {"HTTP/1.1", "/", {"Host", ""}, HTTP_ERROR_HOST},
        {"HTTP/1.1", "/", {"Host", "a", "Host", "a"}, HTTP_ERROR_HOST},
        {"HTTP/1.1", "/", {"Host", "a", "HOST", "b"}, HTTP_ERROR_HOST},
        {"HTTP/1.1", "/", {"Host", "a b"}, HTTP_ERROR_HOST},
        {"HTTP/1.1", "/", {"Host", "a@b"}, HTTP_ERROR_HOST},
        {"HTTP/1.1", "/", {"Host", "a/b"}, HTTP_ERROR_HOST},
        {"HTTP/1.1", "/", {"Host", "a:"}, HTTP_ERROR_HOST},
        {"HTTP/1.1", "/", {"Host", "a:x"}, HTTP_ERROR_HOST},
        {"HTTP/1.1", "/", {"Host", "[::1"}, HTTP_ERROR_HOST},
        {"HTTP/1.1", "/", {"Host", ":80"}, HTTP_ERROR_HOST},
        {"HTTP/1.1", "/", {"Host", "a", "Content-Length", "1", "Content-Length", "1"}, HTTP_ERROR_LENGTH_DOUBLE},
        {"HTTP/1.1", "/", {"Host", "a", "Content-Length", "1", "content-length", "2"}, HTTP_ERROR_LENGTH_DOUBLE},
        {"HTTP/1.1", "/", {"Host", "a", "Content-Length", "+1"}, HTTP_ERROR_LENGTH_DOUBLE},
        {"HTTP/1.1", "/", {"Host", "a", "Content-Length", "0x1"}, HTTP_ERROR_LENGTH_DOUBLE},
        {"HTTP/1.1", "/", {"Host", "a", "Content-Length", "1, 1"}, HTTP_ERROR_LENGTH_DOUBLE},
        {"HTTP/1.1", "/", {"Host", "a", "Content-Length", ""}, HTTP_ERROR_LENGTH_DOUBLE},
        {"HTTP/1.1", "/", {"Host", "a", "Content-Length", "9999999999999999999"}, HTTP_ERROR_LENGTH_DOUBLE},
        {"HTTP/1.1", "/", {"Host", "a", "Content-Length", "1", "Transfer-Encoding", "chunked"}, HTTP_ERROR_LENGTH_AND_ENCODING},
        {"HTTP/1.1", "/", {"Host", "a", "Transfer-Encoding", "chunked", "Content-Length", "0"}, HTTP_ERROR_LENGTH_AND_ENCODING},
        {"HTTP/1.1", "/", {"Host", "a", "Transfer-Encoding", "identity"}, HTTP_ERROR_TRANSFER_ENCODING},
        {"HTTP/1.1", "/", {"Host", "a", "Transfer-Encoding", "gzip, chunked"}, HTTP_ERROR_TRANSFER_ENCODING},
        {"HTTP/1.1", "/", {"Host", "a", "Transfer-Encoding", "chunked, identity"}, HTTP_ERROR_TRANSFER_ENCODING},
        {"HTTP/1.1", "/", {"Host", "a", "Transfer-Encoding", "xchunked"}, HTTP_ERROR_TRANSFER_ENCODING},
        {"HTTP/1.1", "/", {"Host", "a", "Transfer-Encoding", ""}, HTTP_ERROR_TRANSFER_ENCODING},
        {"HTTP/1.1", "/", {"Host", "a", "Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"}, HTTP_ERROR_TRANSFER_ENCODING},
        {"HTTP/1.0", "/", {"Host", "a", "Transfer-Encoding", "chunked"}, HTTP_ERROR_TRANSFER_ENCODING},
        {"HTTP/1.1", "/", {"Host", "a", "Content-Length ", "1"}, HTTP_ERROR_HEADER_NAME},
        {"HTTP/1.1", "/", {"Host", "a", "X(y)", "1"}, HTTP_ERROR_HEADER_NAME},
        {"HTTP/1.1", "/", {"Host", "a", "", "1"}, HTTP_ERROR_HEADER_NAME},
        {"HTTP/1.1", "/", {"Host", "a", "X\xc3\xa9", "1"}, HTTP_ERROR_HEADER_NAME},
        {"HTTP/1.1", "/", {"Host", "a", "X", "a\x01"}, HTTP_ERROR_HEADER_VALUE},
        {"HTTP/1.1", "/", {"Host", "a", "X", "a\rb"}, HTTP_ERROR_HEADER_VALUE},
        {"HTTP/1.1", "/", {"Host", "a", "X", "a\x7f"}, HTTP_ERROR_HEADER_VALUE},
        {"HTTP/1.1", "/", {"Host", "a", "X", "a\tb"}, HTTP_ERROR_COUNT},
        {"HTTP/1.1", "/", {"Host", "a", "Expect", "200-maybe"}, HTTP_ERROR_EXPECT},
    };
    const struct http_limits l = http_limits_default();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http_header headers[HEADERS];
        struct http_request r = {.path = str_from(rows[i].target), .headers = headers};
        for (; r.header_count < HEADERS && rows[i].headers[r.header_count * 2]; r.header_count++) {
            headers[r.header_count] = (struct http_header){str_from(rows[i].headers[r.header_count * 2]), str_from(rows[i].headers[r.header_count * 2 + 1])};
        }
        const enum http_error got = http_check(&l, rows[i].version, &r);
        if (got != rows[i].want) fail_msg("row %zu (%s): %d, not %d", i, rows[i].target, (int)got, (int)rows[i].want);
    }
}

static void bodies(void **state)
{
    (void)state;
    const struct http_limits l = http_limits_default();
    static const struct {
        const char *name, *value;
        int64_t length;
        bool body;
    } rows[] = {{"X", "y", -1, false}, {"Content-Length", "0", 0, false}, {"Content-Length", "007", 7, true}, {"Transfer-Encoding", "chunked", -1, true}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct http_header headers[] = {{STR("Host"), STR("a")}, {str_from(rows[i].name), str_from(rows[i].value)}};
        struct http_request r = {.path = STR("/"), .headers = headers, .header_count = 2};
        assert_int_equal(http_check(&l, "HTTP/1.1", &r), HTTP_ERROR_COUNT);
        assert_int_equal(r.content_length, rows[i].length);
        assert_int_equal(r.has_body, rows[i].body);
    }
}

static void long_targets(void **state)
{
    (void)state;
    struct http_limits l = http_limits_default();
    l.target_bytes = 4;
    const struct http_header headers[] = {{STR("Host"), STR("a")}};
    struct http_request r = {.path = STR("/abc"), .headers = headers, .header_count = 1};
    assert_int_equal(http_check(&l, "HTTP/1.1", &r), HTTP_ERROR_COUNT);
    r.query = STR("d");
    assert_int_equal(http_check(&l, "HTTP/1.1", &r), HTTP_ERROR_TARGET_LONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(heads), cmocka_unit_test(bodies), cmocka_unit_test(long_targets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
