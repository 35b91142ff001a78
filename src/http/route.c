/* http/route — which row of a route table a request names, percent signs, query members. Pure.
 *
 * Who uses it: api (its table), exchange.c not at all. Invariants: a path is split at its slashes before it is decoded, so an encoded slash never makes a
 * part; empty parts, "." and ".." match nothing; decoded texts are UTF-8 without control characters.
 */
#include "http/http_internal.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool http_percent_decode(struct arena *a, struct str s, bool form, struct str *ret)
{
    char *p = ARENA_ARRAY(a, char, s.n + 1);
    if (!p) return false;
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '%') {
            if (s.n - i < 3 || hex_digit(s.p[i + 1]) < 0 || hex_digit(s.p[i + 2]) < 0) return false;
            c = (unsigned char)(hex_digit(s.p[i + 1]) * 16 + hex_digit(s.p[i + 2]));
            i += 2;
        } else if (form && c == '+') {
            c = ' ';
        }
        if (c < 0x20 || c == 0x7f) return false;
        p[n++] = (char)c;
    }
    if (!utf8_check((struct str){p, n})) return false;
    *ret = (struct str){p, n};
    return true;
}

/* The next part between slashes; false behind the last. */
static bool part_next(struct str path, size_t *at, struct str *ret)
{
    if (*at >= path.n) return false;
    const size_t begin = *at + 1; /* behind the slash */
    size_t end = begin;
    while (end < path.n && path.p[end] != '/') end++;
    *ret = (struct str){path.p + begin, end - begin};
    *at = end;
    return true;
}

/* Whether the raw path fits the pattern; the raw parts in braces go to ret. */
static bool path_fits(struct str pattern, struct str path, struct http_match *ret)
{
    size_t at_pattern = 0, at_path = 0;
    ret->part_count = 0;
    for (;;) {
        struct str want, have;
        const bool more_want = part_next(pattern, &at_pattern, &want), more_have = part_next(path, &at_path, &have);
        if (!more_want || !more_have) return more_want == more_have;
        if (want.n > 0 && want.p[0] == '{') {
            if (have.n == 0 || str_eq(have, STR(".")) || str_eq(have, STR(".."))) return false;
            CHECK(ret->part_count < HTTP_PATH_PARTS_MAX);
            ret->part[ret->part_count++] = have;
        } else if (!str_eq(want, have)) {
            return false;
        }
    }
}

static struct str allow_text(const struct http_route *routes, uint32_t count, const struct http_request *r, struct arena *a)
{
    struct str allow = STR("");
    struct http_match m;
    for (uint32_t i = 0; i < count; i++) {
        if (!path_fits(str_from(routes[i].path), r->path, &m)) continue;
        allow = arena_printf(a, "%.*s%s%s%s", STR_FMT(allow), allow.n > 0 ? ", " : "", routes[i].method, strcmp(routes[i].method, "GET") == 0 ? ", HEAD" : "");
    }
    return allow;
}

enum http_found http_route_find(const struct http_route *routes, uint32_t count, const struct http_request *r, struct arena *a, struct http_match *ret,
                                struct str *ret_allow)
{
    const struct str method = str_eq(r->method, STR("HEAD")) ? STR("GET") : r->method;
    bool path_known = false;
    for (uint32_t i = 0; i < count; i++) {
        struct http_match m = {.route = i};
        if (!path_fits(str_from(routes[i].path), r->path, &m)) continue;
        path_known = true;
        if (!str_eq(method, str_from(routes[i].method))) continue;
        for (uint32_t k = 0; k < m.part_count; k++) {
            if (!http_percent_decode(a, m.part[k], false, &m.part[k])) return HTTP_BAD_PATH;
        }
        *ret = m;
        return HTTP_FOUND;
    }
    if (!path_known) return HTTP_NO_PATH;
    *ret_allow = allow_text(routes, count, r, a);
    return ret_allow->p ? HTTP_NO_METHOD : HTTP_NO_MEMORY;
}

/* The n-th "name=value" of the query. */
static bool query_member(struct str query, uint32_t n, struct str *ret_name, struct str *ret_value)
{
    size_t at = 0;
    for (uint32_t seen = 0; at < query.n;) {
        size_t end = at;
        while (end < query.n && query.p[end] != '&') end++;
        const struct str member = {query.p + at, end - at};
        at = end + 1;
        if (member.n == 0 || seen++ < n) continue;
        const char *equals = memchr(member.p, '=', member.n);
        const size_t name_n = equals ? (size_t)(equals - member.p) : member.n;
        *ret_name = (struct str){member.p, name_n};
        *ret_value = equals ? (struct str){equals + 1, member.n - name_n - 1} : (struct str){member.p + member.n, 0};
        return true;
    }
    return false;
}

bool http_query_name(const struct http_request *r, uint32_t n, struct str *ret)
{
    struct str value;
    return query_member(r->query, n, ret, &value);
}

bool http_query_get(const struct http_request *r, struct arena *a, const char *name, struct str *ret)
{
    struct str found = {NULL, 0}, member, value;
    for (uint32_t n = 0; query_member(r->query, n, &member, &value); n++) {
        if (!str_eq(member, str_from(name))) continue;
        if (found.p || !http_percent_decode(a, value, true, &found)) return false;
    }
    *ret = found;
    return true;
}
