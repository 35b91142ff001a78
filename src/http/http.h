/* http — the seam to HTTP: a server over libmicrohttpd, a client over libcurl. Knows no domain.
 *
 * Who uses it: api (server), load and cli (client), cases (problem documents). The only room that includes microhttpd and curl.
 * Invariants of the server: what is doubtful is refused at the first call, before a byte of the body is read, and the connection closes (two
 * Content-Length, Content-Length with Transfer-Encoding, any Transfer-Encoding but chunked, missing or double Host, a name that is no token,
 * a control character in a value); everything a stranger can make large or slow has a limit; a request that was handed over is answered,
 * also while stopping.
 * What the library does not show (folded lines, NUL, bare LF) is kept out by binding to loopback or to a Unix socket behind nginx: the caller's business.
 * Threads: the handlers run on a few HTTP threads and must not wait; an answer may be given from any thread.
 * Workload: 10,000 requests a second of 1 to 8 KiB on kept connections, each waiting a few milliseconds for a commit.
 * Source: RFC 9110, RFC 9112, RFC 9457 (problem details).
 */
#ifndef YIJIE_HTTP_H
#define YIJIE_HTTP_H

#include "base/base.h"
#include "env/env.h"

/* ---- requests and answers ------------------------------------------------------------------------------------------- */

struct http_server;
struct http_header {
    struct str name, value;
};
enum http_peer { HTTP_PEER_ADDRESS, HTTP_PEER_LOOPBACK, HTTP_PEER_UNIX };

/* One request. Texts live until it is answered; path and query are as sent (ASCII, percent signs and all). */
struct http_request {
    struct str method, path, query;
    const struct http_header *headers;
    uint32_t header_count;
    int64_t content_length;  /* -1: none was named */
    bool has_body;           /* a body is coming or was read */
    struct str body;         /* empty in `admit` */
    enum http_peer peer;
    uint32_t listener;       /* which of the server's listeners, from 0 */
};
/* A request with its answer in the making. Handed to `admit`, then to `handle`, then to what http_later names; never by two threads at once. */
struct http_exchange {
    struct http_request request;
    struct arena *arena;     /* of this request */
    struct buf *out;         /* the body of the answer */
    uint64_t began_ns;       /* monotonic: headers complete */
    size_t body_max;         /* admit may lower it, or raise it up to limits.body_bytes_max */
    int status;              /* set by http_answer */
    void *user;              /* the handler's own; NULL at first */
    const struct http_server *server; /* for its metrics: a request may come before http_server_open has returned */
};
/* The value of a header (name in lower case), or the empty text with p == NULL. Of several equal ones: the first. */
struct str http_request_header(const struct http_request *r, const char *name);

/* Adds a header to the answer: before http_answer. The name is a literal, the value is copied; a value with control characters is left out. */
void http_answer_header(struct http_exchange *x, const char *name, struct str value);
/* Answers with what stands in x->out. `content_type` is a literal. Any thread; x is not the caller's any more. */
void http_answer(struct http_exchange *x, int status, const char *content_type);
/* Calls fn(user, x) on an HTTP thread, soon. Any thread; x is not the caller's until then. */
void http_later(struct http_exchange *x, void (*fn)(void *user, struct http_exchange *x), void *user);

/* ---- refusals as documents --------------------------------------------------------------------------------------------- */

/* What the seam itself says no with; errors.def X(ID, http status (0: a failure of the system), "code", zh, en, hint_zh, hint_en). */
enum http_error {
#define X(id, status, code, zh, en, hint_zh, hint_en) HTTP_ERROR_##id,
#include "http/errors.def"
#undef X
    HTTP_ERROR_COUNT
};
/* RFC 9457 with our members. Chained errors (next) become errors[]. Members left empty are left out. */
struct http_problem {
    int status;
    const char *code;            /* stable; also the last part of `type` */
    struct str title;            /* empty: made of the texts */
    struct str zh, en, hint_zh, hint_en, place, instance;
    const struct error *errors;  /* further findings */
    struct str extra_name, extra; /* one more member: whole JSON value, for example "answer" or "quote" */
    bool en_first;               /* title and detail begin in English; the members zh and en are always both there */
};
void http_problem_write(const struct http_problem *p, struct buf *out);
/* A failure or bad input as a problem: its own texts; findings chained by next become errors[]. */
void http_problem_of(int status, struct status s, struct buf *out);
#define HTTP_PROBLEM_TYPE "application/problem+json"
/* Answers with a refusal of the seam's own table. */
void http_refuse(struct http_exchange *x, enum http_error e);
struct http_problem http_error_problem(enum http_error e);

/* ---- routes --------------------------------------------------------------------------------------------------------------- */

/* "GET", "/v1/trials/{id}/cancel": a part in braces matches one segment, which is not empty. */
enum { HTTP_PATH_PARTS_MAX = 4 };
struct http_route {
    const char *method, *path;
};
struct http_match {
    uint32_t route;                              /* index */
    struct str part[HTTP_PATH_PARTS_MAX];        /* decoded, UTF-8, no control characters; in the arena */
    uint32_t part_count;
};
enum http_found { HTTP_FOUND, HTTP_NO_PATH, HTTP_NO_METHOD, HTTP_BAD_PATH, HTTP_NO_MEMORY };
/* HEAD finds GET. With HTTP_NO_METHOD *ret_allow is the text of Allow. */
enum http_found http_route_find(const struct http_route *routes, uint32_t count, const struct http_request *r, struct arena *a, struct http_match *ret,
                                struct str *ret_allow);
/* Percent signs decoded ('+' is a blank when `form`); false when broken, not UTF-8, or with control characters. */
bool http_percent_decode(struct arena *a, struct str s, bool form, struct str *ret);
/* A member of the query, decoded. Absent: the empty text with p == NULL. False: the query is broken or names it twice. */
bool http_query_get(const struct http_request *r, struct arena *a, const char *name, struct str *ret);
/* The n-th name of the query (from 0), raw; false behind the last: so that unknown names can be refused. */
bool http_query_name(const struct http_request *r, uint32_t n, struct str *ret);

/* ---- server --------------------------------------------------------------------------------------------------------------- */

struct http_limits {
    uint32_t target_bytes, header_bytes, header_count;
    size_t body_bytes_max;       /* of one request; x->body_max begins as body_bytes */
    size_t body_bytes;
    size_t bodies_bytes_max;     /* of all requests at hand together */
    uint32_t connections, connections_per_address; /* 0: no limit of its own for one address */
    uint32_t head_ms;            /* from connecting to complete headers */
    uint32_t idle_ms;            /* from the answer to the next complete headers */
    uint32_t body_ms;            /* from the headers to the whole body */
    uint32_t send_ms;            /* from the answer to its last byte */
};
struct http_limits http_limits_default(void);
/* "127.0.0.1:8642", "[::1]:0", "unix:PATH" */
struct http_listener {
    struct str address;
    uint32_t mode;               /* of a Unix socket: 0600, 0660 */
    uint32_t threads;            /* 0: one */
    bool may_replace;            /* a Unix socket: somebody else's lock proves that a socket file found there is dead */
    bool own_folder;             /* a Unix socket: its folder is made for it (mode 0700, must not exist) and goes with it */
};
struct http_metrics {
    uint64_t connections_open, connections_total, requests_total, status_total[6], refused_total[HTTP_ERROR_COUNT], body_bytes_in, body_bytes_out, cut_slow_total;
    uint64_t busy;               /* requests handed over and not yet answered */
};
enum { HTTP_LISTENERS_MAX = 4 };
struct http_server_options {
    const struct env *env;
    const struct http_listener *listeners;
    uint32_t listener_count;
    struct http_limits limits;
    /* Headers are complete, the body was not read: answer now to refuse (the connection closes when a body was coming), or return. */
    void (*admit)(void *user, struct http_exchange *x);
    /* The request is complete: answer now, or keep x and answer later. */
    void (*handle)(void *user, struct http_exchange *x);
    /* The answer is sent, or the client is gone. `why`: the code of the seam's refusal or NULL. May be NULL. */
    void (*done)(void *user, struct http_exchange *x, uint64_t took_ns, const char *why);
    void *user;
};
struct http_server;
/* Binds all listeners, then starts the threads. Fails with listen-address, listen-in-use, listen-denied, listen, http-start. */
struct status http_server_open(struct arena *a, const struct http_server_options *o, struct http_server **ret);
/* Whether an address reaches beyond this machine: neither loopback nor a Unix socket. False in *ret when it cannot be read either. */
struct status http_address_check(struct arena *a, struct str address, bool *ret_wide);
/* Where listener n really listens: "127.0.0.1:40113". */
struct str http_server_address(const struct http_server *s, uint32_t n);
/* Listens no more; answers what was sent; for at most drain_ms further requests on open connections are taken, then they get 503. Returns when every request that was
 * handed over is answered. `hurry` (may be NULL) is asked meanwhile: true ends the first part at once. */
void http_server_drain(struct http_server *s, uint32_t drain_ms, bool (*hurry)(void *user), void *user);
/* After drain: closes connections, stops the threads, frees. */
void http_server_close(struct http_server *s);
void http_server_metrics(const struct http_server *s, struct http_metrics *ret);

/* ---- client ----------------------------------------------------------------------------------------------------------------- */

/* Many requests in flight on kept connections; one thread drives them all. Follows no redirects, uses no proxy, keeps no cookies. */
struct http_client_options {
    const struct env *env;
    struct str base;             /* "http://127.0.0.1:8642" */
    struct str unix_socket;      /* path; empty: TCP */
    struct str authorization;    /* value of the header; empty: none */
    uint32_t in_flight_max;      /* 0: 256 */
    uint32_t connections_max;    /* 0: as in_flight_max */
    uint32_t connect_ms, total_ms; /* 0: 5,000 and 60,000 */
    size_t answer_bytes_max;     /* 0: 16 MiB */
};
struct http_client;
struct http_client_request {
    const char *method;          /* literal */
    struct str path;             /* with query; copied */
    struct str body;             /* borrowed until done */
    const char *content_type;    /* NULL: application/json when there is a body */
    struct str idempotency_key;  /* empty: none; copied */
    const struct http_header *headers; /* further ones; copied */
    uint32_t header_count;
};
/* status 0: no answer came; then `failure` has why (its memory ends with the callback). Runs on the client's thread: must not wait, may send. */
struct http_client_answer {
    int status;
    struct str content_type, body, location, retry_after;
    struct status failure;
};
typedef void http_client_done(void *user, const struct http_client_answer *answer);
struct status http_client_open(struct arena *a, const struct http_client_options *o, struct http_client **ret);
/* False: as many as allowed are in flight, or the client closes (done will not be called). */
bool http_client_send(struct http_client *c, const struct http_client_request *r, http_client_done *done, void *user);
/* Sends and waits; the answer's texts are copied into the arena. Fails with http-no-answer, http-busy. */
struct status http_client_call(struct http_client *c, struct arena *a, const struct http_client_request *r, struct http_client_answer *ret);
/* Waits for what is in flight (bounded by total_ms), then frees. */
void http_client_close(struct http_client *c);

#endif
