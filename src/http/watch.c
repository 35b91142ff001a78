/* http/watch — one thread that cuts connections which are too slow: a client that sends or reads a byte now and then holds nothing for long.
 *
 * Who uses it: server.c. The library's own time-out counts silence only, so a drip of bytes would hold a connection for ever. Invariant: a request
 * that was handed over is never cut; a descriptor is only touched under the connection's lock while it is open.
 */
#include "http/http_internal.h"

#include <errno.h>
#include <time.h>

enum { WATCH_MS = 100 };

static uint32_t phase_limit_ms(const struct http_connection *c)
{
    const struct http_limits *l = &c->server->o.limits;
    switch (c->phase) {
    case HTTP_WAITING:
    case HTTP_HEAD: return c->first ? l->head_ms : l->idle_ms;
    case HTTP_BODY: return l->body_ms;
    case HTTP_SENDING: return l->send_ms;
    case HTTP_HANDLED: break;
    }
    return 0; /* none: ours to answer */
}

static void connection_watch(struct http_connection *c, uint64_t now_ns, bool all_waiting)
{
    CHECK(pthread_mutex_lock(&c->lock) == 0);
    const uint32_t limit_ms = phase_limit_ms(c);
    const bool slow = limit_ms > 0 && now_ns > c->phase_ns && now_ns - c->phase_ns > (uint64_t)limit_ms * 1'000'000;
    const bool waiting = all_waiting && c->phase == HTTP_WAITING;
    if (c->fd >= 0 && !c->cut && (slow || waiting)) {
        c->cut = true;
        (void)shutdown(c->fd, SHUT_RDWR);
        if (slow) atomic_fetch_add(&c->server->cut_slow_total, 1);
    }
    CHECK(pthread_mutex_unlock(&c->lock) == 0);
}

static void watch_all(struct http_server *s, bool all_waiting)
{
    const uint64_t now_ns = s->env->monotonic_ns(s->env);
    for (uint32_t i = 0; i < s->connection_count; i++) connection_watch(&s->connections[i], now_ns, all_waiting);
}

void http_cut_waiting(struct http_server *s)
{
    watch_all(s, true);
}

static void *watch_run(void *arg)
{
    struct http_server *s = arg;
    CHECK(pthread_mutex_lock(&s->watch_lock) == 0);
    while (!s->watch_stop) {
        CHECK(pthread_mutex_unlock(&s->watch_lock) == 0);
        watch_all(s, false);
        s->env->wait_ms(s->env, WATCH_MS);
        CHECK(pthread_mutex_lock(&s->watch_lock) == 0);
    }
    CHECK(pthread_mutex_unlock(&s->watch_lock) == 0);
    return NULL;
}

struct status http_watch_start(struct http_server *s, struct arena *a)
{
    TRY(s->env->thread_start(s->env, a, watch_run, s, &s->watch));
    s->watch_started = true;
    return STATUS_OK;
}

void http_watch_stop(struct http_server *s)
{
    if (!s->watch_started) return;
    CHECK(pthread_mutex_lock(&s->watch_lock) == 0);
    s->watch_stop = true;
    CHECK(pthread_mutex_unlock(&s->watch_lock) == 0);
    s->env->thread_join(s->env, &s->watch);
    s->watch_started = false;
}
