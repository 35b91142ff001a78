/* http/client — opening, waiting calls and closing of the HTTP client; what its thread does stands in client_send.c.
 *
 * Who uses it: cli (commands that hand themselves to a running server), load (thousands of requests a second), later the adapters.
 * Invariants: the number of slots bounds memory and requests in flight; every accepted request has its callback, once.
 */
#include "http/client_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { CLIENT_BYTES = 64 * 1024 * 1024, IN_FLIGHT = 256, CONNECT_MS = 5000, TOTAL_MS = 60'000, ANSWER_BYTES = 16 * 1024 * 1024 };

static struct status options_copy(struct http_client *c, const struct http_client_options *o)
{
    c->o = *o;
    c->o.base = arena_str(&c->arena, o->base);
    c->o.unix_socket = arena_str(&c->arena, o->unix_socket);
    c->o.authorization = arena_str(&c->arena, o->authorization);
    if (!c->o.base.p || !c->o.unix_socket.p || !c->o.authorization.p) return status_memory();
    if (c->o.in_flight_max == 0) c->o.in_flight_max = IN_FLIGHT;
    if (c->o.connections_max == 0) c->o.connections_max = c->o.in_flight_max;
    if (c->o.connect_ms == 0) c->o.connect_ms = CONNECT_MS;
    if (c->o.total_ms == 0) c->o.total_ms = TOTAL_MS;
    if (c->o.answer_bytes_max == 0) c->o.answer_bytes_max = ANSWER_BYTES;
    return STATUS_OK;
}

static struct status client_start(struct http_client *c, struct arena *a, const struct http_client_options *o)
{
    TRY(options_copy(c, o));
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->epoll < 0 || c->wake < 0) return http_fail(a, HTTP_ERROR_START, STR(""), errno);
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = c->wake};
    if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->wake, &ev) != 0) return http_fail(a, HTTP_ERROR_START, STR(""), errno);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return http_fail(a, HTTP_ERROR_START, STR(""), 0);
    TRY(client_slots_make(c, a));
    TRY(c->env->thread_start(c->env, a, client_run, c, &c->thread));
    c->thread_started = true;
    return STATUS_OK;
}

static void client_free(struct http_client *c)
{
    client_slots_free(c);
    if (c->epoll >= 0) (void)close(c->epoll);
    if (c->wake >= 0) (void)close(c->wake);
    (void)pthread_mutex_destroy(&c->lock);
    arena_done(&c->arena);
}

struct status http_client_open(struct arena *a, const struct http_client_options *o, struct http_client **ret)
{
    struct http_client *c = ARENA_NEW(a, struct http_client);
    if (!c) return status_memory();
    *c = (struct http_client){.env = o->env, .epoll = -1, .wake = -1};
    CHECK(pthread_mutex_init(&c->lock, NULL) == 0);
    arena_init(&c->arena, CLIENT_BYTES);
    const struct status s = client_start(c, a, o);
    if (status_failed(s)) {
        client_free(c);
        return s;
    }
    *ret = c;
    return STATUS_OK;
}

void http_client_close(struct http_client *c)
{
    CHECK(pthread_mutex_lock(&c->lock) == 0);
    c->closing = true;
    CHECK(pthread_mutex_unlock(&c->lock) == 0);
    client_wake(c);
    if (c->thread_started) c->env->thread_join(c->env, &c->thread);
    client_free(c);
}

/* ---- waiting ------------------------------------------------------------------------------------------------------ */

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool done;
    struct arena *arena;
    struct http_client_answer *answer;
};

static struct str text_copy(struct arena *a, struct str s)
{
    return s.n > 0 ? arena_str(a, s) : STR("");
}

static void waiting_done(void *user, const struct http_client_answer *answer)
{
    struct waiting *w = user;
    CHECK(pthread_mutex_lock(&w->lock) == 0);
    *w->answer = (struct http_client_answer){.status = answer->status, .content_type = text_copy(w->arena, answer->content_type),
        .body = text_copy(w->arena, answer->body), .location = text_copy(w->arena, answer->location), .retry_after = text_copy(w->arena, answer->retry_after)};
    if (status_failed(answer->failure)) w->answer->failure = status_error(w->arena, *answer->failure.err);
    w->done = true;
    CHECK(pthread_cond_signal(&w->wake) == 0);
    CHECK(pthread_mutex_unlock(&w->lock) == 0);
}

struct status http_client_call(struct http_client *c, struct arena *a, const struct http_client_request *r, struct http_client_answer *ret)
{
    struct http_client_answer answer = {.status = 0};
    struct waiting w = {.arena = a, .answer = &answer};
    CHECK(pthread_mutex_init(&w.lock, NULL) == 0 && pthread_cond_init(&w.wake, NULL) == 0);
    const bool sent = http_client_send(c, r, waiting_done, &w);
    CHECK(pthread_mutex_lock(&w.lock) == 0);
    while (sent && !w.done) CHECK(pthread_cond_wait(&w.wake, &w.lock) == 0);
    CHECK(pthread_mutex_unlock(&w.lock) == 0);
    (void)pthread_cond_destroy(&w.wake);
    (void)pthread_mutex_destroy(&w.lock);
    if (!sent) return http_fail(a, HTTP_ERROR_BUSY, r->path, 0);
    if (status_failed(answer.failure)) return answer.failure;
    if (answer.status == 0 || !answer.body.p) return status_memory();
    *ret = answer;
    return STATUS_OK;
}
