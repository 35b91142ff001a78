/* http/server — opening, draining and closing of the server; one instance of the library for each listener.
 *
 * Who uses it: api. Invariants: all listeners are bound before a thread starts, so that opening fails whole; drain first ends what is new, then waits
 * for what was handed over; nothing is suspended when the library stops.
 */
#include "http/http_internal.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { BODY = 16 * 1024 * 1024, BODY_MAX = 4 * BODY, BODIES_MAX = 16 * BODY };
enum { POOL_BYTES = 32 * 1024, SERVER_BYTES = 256 * 1024 * 1024, DRAIN_STEP_MS = 5, SEND_MS = 2000, LIBRARY_SILENCE_S = 300 };

struct http_limits http_limits_default(void)
{
    return (struct http_limits){.target_bytes = 2048, .header_bytes = 8192, .header_count = HTTP_HEADERS_MAX, .body_bytes_max = BODY_MAX,
        .body_bytes = BODY, .bodies_bytes_max = BODIES_MAX, .connections = 1024, .connections_per_address = 512, .head_ms = 10'000,
        .idle_ms = 60'000, .body_ms = 60'000, .send_ms = 60'000};
}

/* Our own parser reads the target: the library's copy stays as it came. */
static size_t unescape_nothing(void *user, struct MHD_Connection *m, char *text)
{
    (void)user;
    (void)m;
    return strlen(text);
}

static void library_says(void *user, const char *format, va_list args)
{
    (void)user;
    (void)format;
    (void)args; /* what strangers send may stand in it: it goes to no log */
}

static struct MHD_Daemon *daemon_start(struct http_server *s, uint32_t n)
{
    const struct http_listener *l = &s->o.listeners[n];
    const struct http_limits *lim = &s->o.limits;
    /* poll, not epoll: with exactly 128 events at hand the library's (0.9.75) epoll loop waits once more before it serves them, and 128 clients behind one commit hang */
    const unsigned int flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    const unsigned int threads = l->threads > 1 ? l->threads : 1;
    const struct MHD_OptionItem pool = {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL}, end = {MHD_OPTION_END, 0, NULL};
    struct MHD_OptionItem more[2] = {threads > 1 ? pool : end, end};
    return MHD_start_daemon(flags, 0, NULL, NULL, http_step, &s->doors[n],
        MHD_OPTION_EXTERNAL_LOGGER, library_says, NULL,
        MHD_OPTION_LISTEN_SOCKET, s->sockets[n].fd,
        MHD_OPTION_NOTIFY_CONNECTION, http_connection_notify, &s->doors[n],
        MHD_OPTION_NOTIFY_COMPLETED, http_completed, &s->doors[n],
        MHD_OPTION_URI_LOG_CALLBACK, http_uri_seen, &s->doors[n],
        MHD_OPTION_UNESCAPE_CALLBACK, unescape_nothing, NULL,
        MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_BYTES,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned int)lim->connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned int)lim->connections_per_address,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)LIBRARY_SILENCE_S,
        MHD_OPTION_ARRAY, more,
        MHD_OPTION_END);
}

/* Every slot that connections may need: each listener has its own limit. */
static struct status slots_make(struct http_server *s)
{
    s->connection_count = s->o.limits.connections * s->o.listener_count;
    s->connections = ARENA_ARRAY(&s->arena, struct http_connection, s->connection_count);
    if (!s->connections) return status_memory();
    for (uint32_t i = 0; i < s->connection_count; i++) {
        struct http_connection *c = &s->connections[i];
        c->server = s;
        c->fd = -1;
        CHECK(pthread_mutex_init(&c->lock, NULL) == 0);
        arena_init(&c->arena, HTTP_EXCHANGE_BYTES);
        buf_init(&c->body, s->o.limits.body_bytes_max);
        buf_init(&c->out, SIZE_MAX / 4);
        c->next_free = s->free_list;
        s->free_list = c;
    }
    return STATUS_OK;
}

static void server_free(struct http_server *s)
{
    for (uint32_t i = 0; s->connections && i < s->connection_count; i++) {
        struct http_connection *c = &s->connections[i];
        arena_done(&c->arena);
        buf_done(&c->body);
        buf_done(&c->out);
        (void)pthread_mutex_destroy(&c->lock);
    }
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_mutex_destroy(&s->watch_lock);
    arena_done(&s->arena);
}

static void listeners_close(struct http_server *s)
{
    for (uint32_t i = 0; i < s->o.listener_count; i++) {
        if (s->daemons[i]) (void)MHD_quiesce_daemon(s->daemons[i]); /* the socket is ours again */
        http_unlisten(&s->sockets[i]);
    }
}

static void daemons_stop(struct http_server *s)
{
    for (uint32_t i = 0; i < s->o.listener_count; i++) {
        if (s->daemons[i]) MHD_stop_daemon(s->daemons[i]);
        s->daemons[i] = NULL;
    }
}

static struct status server_start(struct http_server *s, struct arena *a)
{
    TRY(slots_make(s));
    for (uint32_t i = 0; i < s->o.listener_count; i++) TRY(http_listen(&s->arena, &s->o.listeners[i], &s->sockets[i]));
    /* Threads of the library take no signals from outside: they belong to the first thread. */
    sigset_t all, before;
    (void)sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    bool fine = true;
    for (uint32_t i = 0; fine && i < s->o.listener_count; i++) {
        s->daemons[i] = daemon_start(s, i);
        fine = s->daemons[i] != NULL;
    }
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    if (!fine) return http_fail(a, HTTP_ERROR_START, STR(""), 0);
    return http_watch_start(s, a);
}

struct status http_server_open(struct arena *a, const struct http_server_options *o, struct http_server **ret)
{
    CHECK(o->listener_count > 0 && o->listener_count <= HTTP_LISTENERS_MAX && o->limits.header_count <= HTTP_HEADERS_MAX);
    struct http_server *s = ARENA_NEW(a, struct http_server);
    if (!s) return status_memory();
    *s = (struct http_server){.env = o->env, .o = *o};
    for (uint32_t i = 0; i < HTTP_LISTENERS_MAX; i++) {
        s->sockets[i] = (struct http_socket){.fd = -1, .unix_path = STR(""), .folder = STR("")};
        s->doors[i] = (struct http_door){s, i};
    }
    CHECK(pthread_mutex_init(&s->lock, NULL) == 0 && pthread_mutex_init(&s->watch_lock, NULL) == 0);
    arena_init(&s->arena, SERVER_BYTES);
    const struct status failed = server_start(s, a);
    if (status_failed(failed)) {
        http_watch_stop(s);
        listeners_close(s);
        daemons_stop(s);
        /* places in the failure may lie in the server's memory */
        const struct status kept = status_error(a, *failed.err);
        server_free(s);
        return kept;
    }
    *ret = s;
    return STATUS_OK;
}

struct str http_server_address(const struct http_server *s, uint32_t n)
{
    CHECK(n < s->o.listener_count);
    return s->sockets[n].address;
}

void http_server_drain(struct http_server *s, uint32_t drain_ms, bool (*hurry)(void *user), void *user)
{
    const struct env *e = s->env;
    atomic_store(&s->draining, true);
    for (uint32_t i = 0; i < s->o.listener_count; i++) {
        if (s->daemons[i]) (void)MHD_quiesce_daemon(s->daemons[i]);
        if (s->sockets[i].fd >= 0) (void)close(s->sockets[i].fd);
        s->sockets[i].fd = -1;
    }
    const uint64_t until = e->monotonic_ns(e) + (uint64_t)drain_ms * 1'000'000;
    while (e->monotonic_ns(e) < until && !(hurry && hurry(user))) {
        http_cut_waiting(s);
        if (atomic_load(&s->connections_open) == 0) break;
        e->wait_ms(e, DRAIN_STEP_MS);
    }
    atomic_store(&s->refusing, true);
    while (atomic_load(&s->busy) > 0) e->wait_ms(e, DRAIN_STEP_MS);
    const uint64_t sent_until = e->monotonic_ns(e) + (uint64_t)SEND_MS * 1'000'000; /* who does not read his answer does not hold us */
    while (atomic_load(&s->connections_open) > 0 && e->monotonic_ns(e) < sent_until) {
        http_cut_waiting(s);
        e->wait_ms(e, DRAIN_STEP_MS);
    }
}

void http_server_close(struct http_server *s)
{
    http_watch_stop(s);
    listeners_close(s);
    daemons_stop(s);
    server_free(s);
}

void http_server_metrics(const struct http_server *s, struct http_metrics *ret)
{
    struct http_metrics m = {.connections_open = atomic_load(&s->connections_open), .connections_total = atomic_load(&s->connections_total),
        .requests_total = atomic_load(&s->requests_total), .body_bytes_in = atomic_load(&s->body_bytes_in), .body_bytes_out = atomic_load(&s->body_bytes_out),
        .cut_slow_total = atomic_load(&s->cut_slow_total), .busy = atomic_load(&s->busy)};
    for (size_t i = 0; i < COUNT_OF(m.status_total); i++) m.status_total[i] = atomic_load(&s->status_total[i]);
    for (size_t i = 0; i < HTTP_ERROR_COUNT; i++) m.refused_total[i] = atomic_load(&s->refused_total[i]);
    *ret = m;
}
