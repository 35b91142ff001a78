/* http/check — the seam's law over request line and headers: what is doubtful is refused before anything is believed.
 *
 * Who uses it: exchange.c, at the first call for each request. Pure. The library has already split the lines; what it hides (folding, NUL, bare LF)
 * cannot be seen here. Source: RFC 9112 sections 3, 5 and 6; RFC 9110 sections 5 and 7.2.
 */
#include "http/http_internal.h"

#include <string.h>

static bool is_token_char(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_token_char((unsigned char)s.p[i])) return false;
    }
    return s.n > 0;
}

bool http_value_clean(struct str value)
{
    for (size_t i = 0; i < value.n; i++) {
        const unsigned char c = (unsigned char)value.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool http_name_is(struct str name, const char *lower_name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (lower_name[i] == 0 || lower(name.p[i]) != lower_name[i]) return false;
    }
    return lower_name[name.n] == 0;
}

struct str http_request_header(const struct http_request *r, const char *name)
{
    for (uint32_t i = 0; i < r->header_count; i++) {
        if (http_name_is(r->headers[i].name, name)) return r->headers[i].value;
    }
    return (struct str){NULL, 0};
}

/* Name or address with an optional port, as a browser or proxy writes it. */
static bool host_well_formed(struct str v)
{
    if (v.n == 0 || v.n > 255) return false;
    const bool bracket = v.p[0] == '[';
    size_t i = bracket ? 1 : 0;
    for (; i < v.n && v.p[i] != (bracket ? ']' : ':'); i++) {
        const char c = lower(v.p[i]);
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (bracket ? !(hex || c == ':' || c == '.') : !(hex || (c >= 'g' && c <= 'z') || c == '-' || c == '.' || c == '_')) return false;
    }
    if (bracket && (i == v.n || i++ < 3)) return false;
    if (!bracket && i == 0) return false;
    if (i == v.n) return true;
    if (v.p[i] != ':' || v.n - i > 6 || v.n - i < 2) return false;
    for (i++; i < v.n; i++) {
        if (v.p[i] < '0' || v.p[i] > '9') return false;
    }
    return true;
}

static bool length_parse(struct str v, int64_t *ret)
{
    int64_t n = 0;
    if (v.n == 0 || v.n > 18) return false;
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] < '0' || v.p[i] > '9') return false;
        n = n * 10 + (v.p[i] - '0');
    }
    *ret = n;
    return true;
}

static enum http_error target_check(const struct http_limits *l, const struct http_request *r)
{
    if (r->path.n + r->query.n > l->target_bytes) return HTTP_ERROR_TARGET_LONG;
    if (r->path.n == 0 || r->path.p[0] != '/') return HTTP_ERROR_TARGET;
    const struct str parts[] = {r->path, r->query};
    for (size_t k = 0; k < COUNT_OF(parts); k++) {
        for (size_t i = 0; i < parts[k].n; i++) {
            const unsigned char c = (unsigned char)parts[k].p[i];
            if (c <= 0x20 || c >= 0x7f || c == '#' || c == '\\') return HTTP_ERROR_TARGET;
        }
    }
    return HTTP_ERROR_COUNT;
}

/* How the body is measured: the place of smuggling. */
struct framing {
    uint32_t hosts, lengths, encodings;
    struct str host, length, encoding, expect;
};

static enum http_error framing_check(const struct framing *f, const char *version, struct http_request *r)
{
    const bool old = strcmp(version, "HTTP/1.0") == 0;
    if (f->hosts != 1 || !host_well_formed(f->host)) return HTTP_ERROR_HOST;
    if (f->lengths > 0 && f->encodings > 0) return HTTP_ERROR_LENGTH_AND_ENCODING;
    if (f->lengths > 1) return HTTP_ERROR_LENGTH_DOUBLE;
    if (f->encodings > 1 || (f->encodings == 1 && (old || !http_name_is(f->encoding, "chunked")))) return HTTP_ERROR_TRANSFER_ENCODING;
    int64_t length = -1;
    if (f->lengths == 1 && !length_parse(f->length, &length)) return HTTP_ERROR_LENGTH_DOUBLE;
    if (f->expect.p && !http_name_is(f->expect, "100-continue")) return HTTP_ERROR_EXPECT;
    r->content_length = length;
    r->has_body = f->encodings == 1 || length > 0;
    return HTTP_ERROR_COUNT;
}

enum http_error http_check(const struct http_limits *l, const char *version, struct http_request *r)
{
    r->content_length = -1;
    r->has_body = true; /* until the headers prove the contrary: a refusal then closes */
    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0) return HTTP_ERROR_VERSION;
    const enum http_error target = target_check(l, r);
    if (target != HTTP_ERROR_COUNT) return target;
    struct framing f = {.hosts = 0};
    for (uint32_t i = 0; i < r->header_count; i++) {
        const struct str name = r->headers[i].name, value = r->headers[i].value;
        if (!is_token(name)) return HTTP_ERROR_HEADER_NAME;
        if (!http_value_clean(value)) return HTTP_ERROR_HEADER_VALUE;
        if (http_name_is(name, "host")) f.hosts++, f.host = value;
        if (http_name_is(name, "content-length")) f.lengths++, f.length = value;
        if (http_name_is(name, "transfer-encoding")) f.encodings++, f.encoding = value;
        if (http_name_is(name, "expect")) f.expect = value;
    }
    return framing_check(&f, version, r);
}
