/* http/connection — one slot for each connection: taken when it opens, reused for each of its requests, given back when it closes.
 *
 * Who uses it: the library calls in. Invariants: slots are as many as connections are allowed, made at the start; what one request left behind is not
 * seen by the next; memory that a large request needed is given back behind it.
 */
#include "http/http_internal.h"

#include <netinet/in.h>

static struct http_connection *slot_take(struct http_server *s)
{
    CHECK(pthread_mutex_lock(&s->lock) == 0);
    struct http_connection *c = s->free_list;
    if (c) s->free_list = c->next_free;
    CHECK(pthread_mutex_unlock(&s->lock) == 0);
    return c;
}

static void slot_give(struct http_connection *c)
{
    struct http_server *s = c->server;
    CHECK(pthread_mutex_lock(&s->lock) == 0);
    c->next_free = s->free_list;
    s->free_list = c;
    CHECK(pthread_mutex_unlock(&s->lock) == 0);
}

static void buf_give_back(struct buf *b)
{
    const size_t max = b->max;
    buf_clear(b);
    if (b->cap <= HTTP_KEEP_BYTES) return;
    buf_done(b);
    buf_init(b, max);
}

void http_connection_reset(struct http_connection *c)
{
    struct http_server *s = c->server;
    if (c->body_taken > 0) atomic_fetch_sub(&s->bodies_bytes, c->body_taken);
    c->body_taken = 0;
    buf_give_back(&c->body);
    buf_give_back(&c->out);
    if (c->arena.bytes_peak > HTTP_KEEP_BYTES) {
        arena_done(&c->arena);
        arena_init(&c->arena, HTTP_EXCHANGE_BYTES);
    } else {
        arena_reset(&c->arena);
    }
    c->x = (struct http_exchange){.arena = &c->arena, .out = &c->out, .body_max = s->o.limits.body_bytes, .server = s};
    c->target = STR("");
    c->header_count = c->answer_header_count = 0;
    c->header_bytes = c->swallowed = 0;
    c->content_type = c->why = NULL;
    c->refusal = HTTP_ERROR_COUNT;
    c->headers_over = c->handed = c->closing = c->answered_early = false;
    atomic_store(&c->state, HTTP_RUNNING);
}

bool http_phase_set(struct http_connection *c, enum http_phase phase)
{
    const struct env *e = c->server->env;
    CHECK(pthread_mutex_lock(&c->lock) == 0);
    const bool fine = !c->cut;
    if (phase == HTTP_WAITING) c->first = false;
    /* the time to complete headers runs from the connection or the last answer, however slowly the first line comes */
    if (phase != HTTP_HEAD) c->phase_ns = e->monotonic_ns(e);
    c->phase = phase;
    CHECK(pthread_mutex_unlock(&c->lock) == 0);
    return fine;
}

static enum http_peer peer_of(struct MHD_Connection *m)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(m, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!info || !info->client_addr) return HTTP_PEER_ADDRESS;
    const struct sockaddr *any = info->client_addr;
    if (any->sa_family == AF_UNIX) return HTTP_PEER_UNIX;
    if (any->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)any;
        return (ntohl(v4->sin_addr.s_addr) >> 24) == 127 ? HTTP_PEER_LOOPBACK : HTTP_PEER_ADDRESS;
    }
    if (any->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)any;
        return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ? HTTP_PEER_LOOPBACK : HTTP_PEER_ADDRESS;
    }
    return HTTP_PEER_ADDRESS;
}

static void connection_opened(const struct http_door *door, struct MHD_Connection *m, void **socket_context)
{
    struct http_server *s = door->server;
    struct http_connection *c = slot_take(s);
    *socket_context = c;
    if (!c) return; /* its requests are refused */
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(m, MHD_CONNECTION_INFO_CONNECTION_FD);
    c->mhd = m;
    c->listener = door->index;
    c->peer = peer_of(m);
    CHECK(pthread_mutex_lock(&c->lock) == 0);
    c->fd = info ? info->connect_fd : -1;
    c->phase = HTTP_WAITING;
    c->phase_ns = s->env->monotonic_ns(s->env);
    c->first = true;
    c->cut = false;
    CHECK(pthread_mutex_unlock(&c->lock) == 0);
    http_connection_reset(c);
    atomic_fetch_add(&s->connections_open, 1);
    atomic_fetch_add(&s->connections_total, 1);
}

void http_connection_notify(void *user, struct MHD_Connection *m, void **socket_context, enum MHD_ConnectionNotificationCode code)
{
    const struct http_door *door = user;
    struct http_server *s = door->server;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        connection_opened(door, m, socket_context);
        return;
    }
    struct http_connection *c = *socket_context;
    if (!c) return;
    CHECK(pthread_mutex_lock(&c->lock) == 0);
    c->fd = -1;
    CHECK(pthread_mutex_unlock(&c->lock) == 0);
    http_connection_reset(c);
    atomic_fetch_sub(&s->connections_open, 1);
    *socket_context = NULL;
    slot_give(c);
}
