/* api/admit — a request before its body: route, key, media type, query, idempotency key, limits; then to its handler; then into log and metrics.
 *
 * Invariant: what is refused here was refused before a byte of the body was read.
 */
#include "api/api_internal.h"

#include <inttypes.h>
#include <string.h>

enum { REQUEST_ID_MAX = 64, KEY_MAX = 255 };

/* ---- names of a request ------------------------------------------------------------------------------------------------ */

static bool id_clean(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        const char c = s.p[i];
        const bool fine = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
        if (!fine) return false;
    }
    return s.n > 0 && s.n <= REQUEST_ID_MAX;
}

static bool hex_clean(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f'))) return false;
    }
    return true;
}

/* W3C trace context, version 00: 00-<32 hex>-<16 hex>-<2 hex>. */
static struct str trace_id_of(struct str parent)
{
    enum { TRACE_AT = 3, TRACE_N = 32, PARENT_N = 55 };
    if (parent.n != PARENT_N || !str_starts(parent, STR("00-")) || parent.p[TRACE_AT + TRACE_N] != '-' || parent.p[52] != '-') return STR("");
    const struct str id = {parent.p + TRACE_AT, TRACE_N};
    return hex_clean(id) ? id : STR("");
}

static void names_give(struct api_request *r)
{
    struct api *p = r->api;
    const struct http_request *q = &r->x->request;
    const struct str given = http_request_header(q, "x-request-id");
    const uint64_t own = p->id_start + atomic_fetch_add(&p->id_count, 1);
    r->request_id = id_clean(given) ? given : arena_printf(r->x->arena, "%016" PRIx64, own);
    r->trace_id = trace_id_of(http_request_header(q, "traceparent"));
    if (r->request_id.p) http_answer_header(r->x, "X-Request-Id", r->request_id);
    /* the first language named decides the order of the two */
    const struct str language = http_request_header(q, "accept-language");
    r->en_first = language.n >= 2 && (language.p[0] == 'e' || language.p[0] == 'E') && (language.p[1] == 'n' || language.p[1] == 'N');
}

/* ---- what the route asks of the head --------------------------------------------------------------------------------------- */

static bool word_in(const char *words, struct str w)
{
    for (const char *at = words; *at;) {
        const char *end = strchr(at, ' ');
        const size_t n = end ? (size_t)(end - at) : strlen(at);
        if (w.n == n && memcmp(at, w.p, n) == 0) return true;
        at += end ? n + 1 : n;
    }
    return false;
}

/* The media type without parameters, blanks and capitals. */
static struct str media_of(struct api_request *r)
{
    const struct str v = http_request_header(&r->x->request, "content-type");
    size_t n = 0;
    while (n < v.n && v.p[n] != ';' && v.p[n] != ' ') n++;
    char *lower = ARENA_ARRAY(r->x->arena, char, n + 1);
    if (!lower) return STR("");
    for (size_t i = 0; i < n; i++) lower[i] = v.p[i] >= 'A' && v.p[i] <= 'Z' ? (char)(v.p[i] + ('a' - 'A')) : v.p[i];
    return (struct str){lower, n};
}

/* False: answered. A route with a body wants its media type, also for an empty body: no page of another site can send one of these without asking first. */
static bool media_check(struct api_request *r)
{
    const struct api_route_info *info = &api_route_infos[r->route];
    const bool wants = info->media[0] != 0;
    if (!wants && !r->x->request.has_body) return true;
    if (wants && word_in(info->media, media_of(r))) return true;
    api_problem_answer(r, http_error_problem(HTTP_ERROR_MEDIA_TYPE));
    return false;
}

static bool query_check(struct api_request *r)
{
    const struct http_request *q = &r->x->request;
    struct str name, value;
    for (uint32_t n = 0; http_query_name(q, n, &name); n++) {
        bool fine = word_in(api_route_infos[r->route].query, name);
        const struct str copy = fine ? arena_str(r->x->arena, name) : STR("");
        fine = fine && copy.p && http_query_get(q, r->x->arena, copy.p, &value);
        if (fine) continue;
        struct http_problem p = http_error_problem(HTTP_ERROR_QUERY);
        api_problem_answer(r, p);
        return false;
    }
    return true;
}

static bool idempotency_check(struct api_request *r)
{
    const struct http_request *q = &r->x->request;
    uint32_t count = 0;
    bool fine = true;
    for (uint32_t i = 0; i < q->header_count; i++) {
        const struct str name = q->headers[i].name, value = q->headers[i].value;
        const struct http_request one = {.headers = &q->headers[i], .header_count = 1};
        if (name.n != strlen("idempotency-key") || !http_request_header(&one, "idempotency-key").p) continue;
        count++;
        r->idempotency_key = value;
        fine = fine && value.n > 0 && value.n <= KEY_MAX;
        for (size_t k = 0; k < value.n; k++) fine = fine && value.p[k] > 0x20 && value.p[k] < 0x7f;
    }
    if (fine && count <= 1) return true;
    api_error_answer(r, API_ERROR_IDEMPOTENCY);
    return false;
}

static bool route_find(struct api_request *r)
{
    switch (http_route_find(api_routes, API_ROUTE_COUNT, &r->x->request, r->x->arena, &r->match, &r->allow)) {
    case HTTP_FOUND: r->route = (enum api_route)r->match.route; return true;
    case HTTP_NO_PATH: api_problem_answer(r, http_error_problem(HTTP_ERROR_NOT_FOUND)); return false;
    case HTTP_NO_METHOD: api_problem_answer(r, http_error_problem(HTTP_ERROR_METHOD)); return false;
    case HTTP_BAD_PATH: api_problem_answer(r, http_error_problem(HTTP_ERROR_PATH)); return false;
    case HTTP_NO_MEMORY: break;
    }
    api_problem_answer(r, http_error_problem(HTTP_ERROR_MEMORY));
    return false;
}

void api_admit(void *user, struct http_exchange *x)
{
    struct api *p = user;
    struct api_request *r = ARENA_NEW(x->arena, struct api_request);
    if (!r) {
        http_refuse(x, HTTP_ERROR_MEMORY);
        return;
    }
    *r = (struct api_request){.api = p, .x = x, .route = API_ROUTE_COUNT, .caller = {.institution = STR(""), .role = STR("")}, .key_id = STR(""), .idempotency_key = STR(""), .allow = STR("")};
    x->user = r;
    names_give(r);
    if (!route_find(r) || !api_authorize(r) || !query_check(r) || !idempotency_check(r) || !media_check(r)) return;
    const struct api_settings *s = &p->settings;
    x->body_max = (size_t)(r->route == API_ROUTE_IMPORT ? s->of[API_IMPORT_BYTES].number : s->of[API_BODY_BYTES].number);
    if (api_route_infos[r->route].media[0] == 0) x->body_max = 0;
}

void api_handle(void *user, struct http_exchange *x)
{
    (void)user;
    struct api_request *r = x->user;
    switch (api_route_infos[r->route].kind) {
    case API_PAGE: api_page_handle(r); return;
    case API_COMMAND: api_command_handle(r); return;
    case API_QUERY: api_query_handle(r); return;
    }
}

void api_done(void *user, struct http_exchange *x, uint64_t took_ns, const char *why)
{
    struct api *p = user;
    const struct api_request *r = x->user;
    api_metrics_count(p, r ? r->route : API_ROUTE_COUNT, x->status, took_ns);
    const int64_t wanted = p->settings.of[API_ACCESS_LOG].number;
    if (wanted == 0 || (wanted == 1 && x->status < 500)) return;
    api_log_write(p, &(struct api_log){.event = "request", .level = x->status >= 500 ? "error" : "info", .request = r, .status = x->status, .took_ns = took_ns, .code = why,
        .method = r && r->route < API_ROUTE_COUNT ? api_routes[r->route].method : NULL});
}
