/* http/exchange — one request through the library's callbacks: checked, admitted, read, handed over, answered.
 *
 * Who uses it: the library calls in, on its threads; handlers call http_answer and http_later, from any thread.
 * Invariants: nothing of the body is read before the headers are believed and `admit` has let it in; a refusal with a body still coming closes the
 * connection; each request that was handed over is answered once; the states are those of http_internal.h.
 */
#include "http/http_internal.h"

#include <string.h>

/* ---- the head ------------------------------------------------------------------------------------------------------- */

void *http_uri_seen(void *user, const char *uri, struct MHD_Connection *m)
{
    (void)user;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(m, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_connection *c = info ? info->socket_context : NULL;
    if (!c) return NULL;
    /* A second request on a connection whose last one never reached us begins clean. */
    http_connection_reset(c);
    c->target = arena_str(&c->arena, str_from(uri));
    if (!http_phase_set(c, HTTP_HEAD)) c->closing = true;
    return NULL;
}

static enum MHD_Result header_seen(void *user, enum MHD_ValueKind kind, const char *key, size_t key_n, const char *value, size_t value_n)
{
    (void)kind;
    struct http_connection *c = user;
    const struct http_limits *l = &c->server->o.limits;
    c->header_bytes += key_n + value_n + 4; /* colon, blank, line end */
    if (c->header_count >= HTTP_HEADERS_MAX || c->header_count >= l->header_count || c->header_bytes > l->header_bytes) {
        c->headers_over = true;
        return MHD_NO;
    }
    c->headers[c->header_count++] = (struct http_header){{key, key_n}, {value ? value : "", value ? value_n : 0}};
    return MHD_YES;
}

static void request_fill(struct http_connection *c, const char *method)
{
    struct http_request *r = &c->x.request;
    const char *question = c->target.p ? memchr(c->target.p, '?', c->target.n) : NULL;
    const size_t path_n = question ? (size_t)(question - c->target.p) : c->target.n;
    *r = (struct http_request){.method = str_from(method), .path = {c->target.p, path_n}, .headers = c->headers, .header_count = c->header_count,
        .query = question ? (struct str){question + 1, c->target.n - path_n - 1} : STR(""), .peer = c->peer, .listener = c->listener};
}

static bool body_budget_take(struct http_connection *c, size_t n)
{
    struct http_server *s = c->server;
    if (atomic_fetch_add(&s->bodies_bytes, n) + n > s->o.limits.bodies_bytes_max) {
        atomic_fetch_sub(&s->bodies_bytes, n);
        return false;
    }
    c->body_taken += n;
    return true;
}

static enum http_error begin_check(struct http_connection *c, const char *method, const char *version)
{
    const struct http_limits *l = &c->server->o.limits;
    (void)MHD_get_connection_values_n(c->mhd, MHD_HEADER_KIND, header_seen, c);
    request_fill(c, method);
    if (c->headers_over) {
        c->x.request.has_body = true;
        return HTTP_ERROR_HEADERS_LARGE;
    }
    if (!c->target.p) return HTTP_ERROR_MEMORY;
    return http_check(l, version, &c->x.request);
}

void http_refuse(struct http_exchange *x, enum http_error e)
{
    struct http_connection *c = (struct http_connection *)(void *)x;
    const struct http_problem p = http_error_problem(e);
    buf_clear(x->out);
    http_problem_write(&p, x->out);
    if (p.status == 503) http_answer_header(x, "Retry-After", STR("1"));
    c->why = p.code;
    atomic_fetch_add(&c->server->refused_total[e], 1);
    http_answer(x, p.status, HTTP_PROBLEM_TYPE);
}

/* ---- the answer -------------------------------------------------------------------------------------------------------- */

void http_answer_header(struct http_exchange *x, const char *name, struct str value)
{
    struct http_connection *c = (struct http_connection *)(void *)x;
    CHECK(c->answer_header_count < HTTP_ANSWER_HEADERS_MAX);
    if (!http_value_clean(value)) return;
    const struct str copy = arena_str(&c->arena, value);
    if (copy.p) c->answer_headers[c->answer_header_count++] = (struct http_header){str_from(name), copy};
}

void http_answer(struct http_exchange *x, int status, const char *content_type)
{
    struct http_connection *c = (struct http_connection *)(void *)x;
    struct MHD_Connection *m = c->mhd;
    x->status = status;
    c->content_type = content_type;
    /* Behind the exchange the connection may be gone, unless it is suspended: then only we can wake it. */
    if (atomic_exchange(&c->state, HTTP_ANSWERED) == HTTP_SUSPENDED) MHD_resume_connection(m);
}

void http_later(struct http_exchange *x, void (*fn)(void *user, struct http_exchange *x), void *user)
{
    struct http_connection *c = (struct http_connection *)(void *)x;
    struct MHD_Connection *m = c->mhd;
    c->later = fn;
    c->later_user = user;
    if (atomic_exchange(&c->state, HTTP_READY) == HTTP_SUSPENDED) MHD_resume_connection(m);
}

static void headers_add(struct http_connection *c, struct MHD_Response *r)
{
    bool fine = MHD_add_response_header(r, "X-Content-Type-Options", "nosniff") == MHD_YES;
    if (c->content_type) fine = MHD_add_response_header(r, "Content-Type", c->content_type) == MHD_YES && fine;
    bool cache = false;
    for (uint32_t i = 0; i < c->answer_header_count; i++) {
        const struct http_header *h = &c->answer_headers[i];
        cache = cache || http_name_is(h->name, "cache-control");
        fine = MHD_add_response_header(r, h->name.p, h->value.p) == MHD_YES && fine;
    }
    if (!cache) fine = MHD_add_response_header(r, "Cache-Control", "no-store") == MHD_YES && fine;
    if (c->closing || atomic_load(&c->server->draining)) fine = MHD_add_response_header(r, "Connection", "close") == MHD_YES && fine;
    c->closing = c->closing || !fine;
}

static void handed_end(struct http_connection *c)
{
    if (c->handed) atomic_fetch_sub(&c->server->busy, 1);
    c->handed = false;
}

static enum MHD_Result answer_queue(struct http_connection *c)
{
    if (c->out.failed) { /* the answer did not fit: say so rather than send half of it */
        c->answer_header_count = 0;
        http_refuse(&c->x, HTTP_ERROR_MEMORY);
    }
    const struct str body = buf_view(&c->out);
    struct MHD_Response *r = MHD_create_response_from_buffer(body.n, body.n > 0 ? c->out.p : NULL, MHD_RESPMEM_PERSISTENT);
    if (!r) return MHD_NO;
    headers_add(c, r);
    const bool fine = http_phase_set(c, HTTP_SENDING);
    const enum MHD_Result queued = fine ? MHD_queue_response(c->mhd, (unsigned int)c->x.status, r) : MHD_NO;
    MHD_destroy_response(r);
    if (queued == MHD_YES) {
        atomic_fetch_add(&c->server->body_bytes_out, body.n);
        atomic_fetch_add(&c->server->status_total[c->x.status >= 100 && c->x.status < 600 ? c->x.status / 100 : 0], 1);
    }
    handed_end(c);
    return queued;
}

/* Runs what is due on this thread until the request is answered or waits for another thread. */
static enum MHD_Result handled_step(struct http_connection *c)
{
    for (;;) {
        const int state = atomic_load(&c->state);
        if (state == HTTP_ANSWERED) return answer_queue(c);
        if (state == HTTP_READY) {
            atomic_store(&c->state, HTTP_RUNNING);
            c->later(c->later_user, &c->x);
            continue;
        }
        struct MHD_Connection *m = c->mhd;
        MHD_suspend_connection(m);
        int running = HTTP_RUNNING;
        if (!atomic_compare_exchange_strong(&c->state, &running, HTTP_SUSPENDED)) MHD_resume_connection(m); /* it came meanwhile */
        return MHD_YES;
    }
}

/* ---- the request ----------------------------------------------------------------------------------------------------------- */

/* Refused or answered before the body: at once when a body is coming (the library then closes), else at the next call, so that the connection is kept. */
static enum MHD_Result early_answer(struct http_connection *c)
{
    c->closing = c->closing || c->x.request.has_body;
    c->answered_early = true;
    return c->x.request.has_body ? answer_queue(c) : MHD_YES;
}

static enum MHD_Result request_begin(struct http_connection *c, const char *method, const char *version)
{
    struct http_server *s = c->server;
    if (c->closing || !http_phase_set(c, HTTP_BODY)) return MHD_NO;
    c->x.began_ns = s->env->monotonic_ns(s->env);
    atomic_fetch_add(&s->requests_total, 1);
    const enum http_error wrong = begin_check(c, method, version);
    if (wrong != HTTP_ERROR_COUNT) {
        c->closing = true;
        c->x.request.has_body = true; /* not believed: answered at once, then closed */
        http_refuse(&c->x, wrong);
        return early_answer(c);
    }
    atomic_fetch_add(&s->busy, 1); /* first, then the question: drain asks in the other order */
    c->handed = true;
    if (atomic_load(&s->refusing)) {
        c->closing = true;
        http_refuse(&c->x, HTTP_ERROR_STOPPING);
        return early_answer(c);
    }
    if (s->o.admit) s->o.admit(s->o.user, &c->x);
    if (atomic_load(&c->state) == HTTP_ANSWERED) return early_answer(c);
    CHECK(c->x.body_max <= s->o.limits.body_bytes_max);
    c->body.max = c->x.body_max;
    const int64_t length = c->x.request.content_length;
    if (length > 0 && (uint64_t)length > c->x.body_max) http_refuse(&c->x, HTTP_ERROR_BODY_LARGE);
    else if (length > 0 && !body_budget_take(c, (size_t)length)) http_refuse(&c->x, HTTP_ERROR_BODIES_FULL);
    return atomic_load(&c->state) == HTTP_ANSWERED ? early_answer(c) : MHD_YES;
}

/* A piece of the body. Too much of a body without a length cannot be answered in the middle: it is swallowed up to as much again, then cut. */
static enum MHD_Result body_piece(struct http_connection *c, const char *bytes, size_t *n)
{
    const size_t have = *n;
    *n = 0;
    atomic_fetch_add(&c->server->body_bytes_in, have);
    if (c->refusal != HTTP_ERROR_COUNT) {
        c->swallowed += have;
        return c->swallowed > c->x.body_max + HTTP_KEEP_BYTES ? MHD_NO : MHD_YES;
    }
    if (c->body.n + have > c->x.body_max) {
        c->refusal = HTTP_ERROR_BODY_LARGE;
    } else if (c->x.request.content_length < 0 && !body_budget_take(c, have)) {
        c->refusal = HTTP_ERROR_BODIES_FULL;
    } else {
        buf_add(&c->body, (struct str){bytes, have});
        if (c->body.failed) c->refusal = HTTP_ERROR_MEMORY;
    }
    return MHD_YES;
}

static enum MHD_Result request_whole(struct http_connection *c)
{
    struct http_server *s = c->server;
    if (!http_phase_set(c, HTTP_HANDLED)) return MHD_NO;
    if (c->answered_early) return answer_queue(c);
    if (c->refusal != HTTP_ERROR_COUNT) {
        c->closing = true;
        http_refuse(&c->x, c->refusal);
        return answer_queue(c);
    }
    c->x.request.body = buf_view(&c->body);
    s->env->point(s->env, "http.request-whole");
    s->o.handle(s->o.user, &c->x);
    return handled_step(c);
}

enum MHD_Result http_step(void *user, struct MHD_Connection *m, const char *url, const char *method, const char *version, const char *upload,
                          size_t *upload_size, void **context)
{
    (void)user;
    (void)url; /* decoded by the library; ours is the raw target */
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(m, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_connection *c = info ? info->socket_context : NULL;
    if (!c) return MHD_NO;
    if (!*context) {
        *context = c;
        return request_begin(c, method, version);
    }
    if (*upload_size > 0) return body_piece(c, upload, upload_size);
    /* only this thread changes the phase: reading needs no lock */
    return c->phase == HTTP_HANDLED ? handled_step(c) : request_whole(c);
}

void http_completed(void *user, struct MHD_Connection *m, void **context, enum MHD_RequestTerminationCode code)
{
    (void)m;
    (void)code;
    struct http_server *s = ((const struct http_door *)user)->server;
    struct http_connection *c = *context;
    *context = NULL;
    if (!c) return;
    if (s->o.done && c->x.status != 0) s->o.done(s->o.user, &c->x, s->env->monotonic_ns(s->env) - c->x.began_ns, c->why);
    handed_end(c);
    http_connection_reset(c);
    (void)http_phase_set(c, HTTP_WAITING);
}
