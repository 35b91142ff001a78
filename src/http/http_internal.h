/* http_internal — shared by the files of this room only: the server's connections and their states. */
#ifndef YIJIE_HTTP_INTERNAL_H
#define YIJIE_HTTP_INTERNAL_H

#include "http/http.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include <microhttpd.h>

/* A failure from errors.def; number is an errno whose text is added, or 0. */
struct status http_fail(struct arena *a, enum http_error which, struct str place, int number);

/* ---- check.c: the seam's law, pure ------------------------------------------------------------------------------------ */

/* What the request line and the headers say; HTTP_ERROR_COUNT: nothing against it. Fills content_length and has_body. */
enum http_error http_check(const struct http_limits *l, const char *version, struct http_request *r);
bool http_name_is(struct str name, const char *lower); /* ASCII, without case */
bool http_value_clean(struct str value);

/* ---- listen.c ------------------------------------------------------------------------------------------------------------ */

struct http_socket {
    int fd;
    struct str address;   /* as it really is */
    struct str unix_path; /* to be removed at the end; empty: TCP */
    struct str folder;    /* the same; empty: none */
};
struct status http_listen(struct arena *a, const struct http_listener *l, struct http_socket *ret);
void http_unlisten(struct http_socket *s);

/* ---- connections ------------------------------------------------------------------------------------------------------------
 *
 *   phase:  waiting ──request line──► head ──headers──► body ──whole──► handled ──answer queued──► sending ──done──► waiting
 *   state (while handled): running ──handler returned, library suspended──► suspended ──http_answer──► answered
 *                             └──http_answer───────────────────────────────────────────────────────────▲
 *                                            suspended ──http_later──► ready ──HTTP thread──► running
 * Who moves state from suspended wakes the connection; nobody else touches a suspended one.
 */
enum http_phase { HTTP_WAITING, HTTP_HEAD, HTTP_BODY, HTTP_HANDLED, HTTP_SENDING };
enum http_state { HTTP_RUNNING, HTTP_SUSPENDED, HTTP_READY, HTTP_ANSWERED };
enum { HTTP_HEADERS_MAX = 64, HTTP_ANSWER_HEADERS_MAX = 12, HTTP_KEEP_BYTES = 64 * 1024, HTTP_EXCHANGE_BYTES = 64 * 1024 * 1024 };

struct http_connection {
    struct http_exchange x;       /* first: the handler's pointer is ours */
    struct http_server *server;
    struct MHD_Connection *mhd;
    struct http_connection *next_free;
    uint32_t listener;
    enum http_peer peer;

    pthread_mutex_t lock;         /* of fd, phase and cut: the watch closes slow ones */
    int fd;                       /* -1: closed */
    enum http_phase phase;
    uint64_t phase_ns;
    bool first, cut;              /* no request yet on this connection; the watch has shut it down */

    _Atomic int state;
    void (*later)(void *user, struct http_exchange *x);
    void *later_user;

    struct str target;            /* of the request line, until the headers come */
    struct arena arena;           /* of the request */
    struct buf body, out;
    size_t body_taken;            /* bytes of the server's budget */
    struct http_header headers[HTTP_HEADERS_MAX];
    uint32_t header_count;
    size_t header_bytes, swallowed;
    bool headers_over;
    struct http_header answer_headers[HTTP_ANSWER_HEADERS_MAX];
    uint32_t answer_header_count;
    const char *content_type;
    const char *why;              /* code of the seam's refusal */
    enum http_error refusal;      /* decided while the body still comes; HTTP_ERROR_COUNT: none */
    bool handed, closing, answered_early;
};

/* One listener, as the library's callbacks know it. */
struct http_door {
    struct http_server *server;
    uint32_t index;
};

struct http_server {
    const struct env *env;
    struct http_server_options o;
    struct arena arena;
    struct http_socket sockets[HTTP_LISTENERS_MAX];
    struct MHD_Daemon *daemons[HTTP_LISTENERS_MAX];
    struct http_door doors[HTTP_LISTENERS_MAX];
    struct http_connection *connections;
    uint32_t connection_count;
    pthread_mutex_t lock;         /* of free_list */
    struct http_connection *free_list;
    struct env_thread watch;
    bool watch_started;
    pthread_mutex_t watch_lock;
    pthread_cond_t watch_wake;
    bool watch_stop;
    _Atomic bool draining, refusing;
    _Atomic uint64_t busy, bodies_bytes;
    _Atomic uint64_t connections_open, connections_total, requests_total, body_bytes_in, body_bytes_out, cut_slow_total;
    _Atomic uint64_t status_total[6], refused_total[HTTP_ERROR_COUNT];
};

/* connection.c: one slot for each connection, taken and given back. */
void http_connection_notify(void *user, struct MHD_Connection *m, void **socket_context, enum MHD_ConnectionNotificationCode code);
/* False: the watch has cut it, nothing may begin. */
bool http_phase_set(struct http_connection *c, enum http_phase phase);
void http_connection_reset(struct http_connection *c); /* for the next request */

/* exchange.c: the library's callbacks. */
void *http_uri_seen(void *user, const char *uri, struct MHD_Connection *m);
enum MHD_Result http_step(void *user, struct MHD_Connection *m, const char *url, const char *method, const char *version, const char *upload,
                          size_t *upload_size, void **context);
void http_completed(void *user, struct MHD_Connection *m, void **context, enum MHD_RequestTerminationCode code);

/* watch.c: cuts what is too slow. */
struct status http_watch_start(struct http_server *s, struct arena *a);
void http_watch_stop(struct http_server *s);
void http_cut_waiting(struct http_server *s); /* connections that wait for a request are closed */

#endif
