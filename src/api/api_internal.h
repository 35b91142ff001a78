/* api_internal — shared by the files of this room only: the server's state, a request on its way, the tables. */
#ifndef YIJIE_API_INTERNAL_H
#define YIJIE_API_INTERNAL_H

#include "api/api.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- tables --------------------------------------------------------------------------------------------------------- */

enum api_permission {
#define X(id, name, zh, en, hospital, insurer, operator, auditor, admin) API_MAY_##id,
#include "api/permissions.def"
#undef X
    API_PERMISSION_COUNT
};
enum api_route_kind { API_PAGE, API_COMMAND, API_QUERY };
enum api_route {
#define X(id, method, path, permission, kind, op, media, request, answer, statuses, query, zh, en) API_ROUTE_##id,
#include "api/routes.def"
#undef X
    API_ROUTE_COUNT
};
struct api_route_info {
    enum api_permission permission;
    enum api_route_kind kind;
    enum cases_op op;
    const char *media, *request, *answer, *statuses, *query, *zh, *en;
};
extern const struct http_route api_routes[API_ROUTE_COUNT];
extern const struct api_route_info api_route_infos[API_ROUTE_COUNT];
bool api_may(enum api_permission p, enum registry_role role);
const char *api_permission_name(enum api_permission p);

enum api_error {
#define X(id, status, code, zh, en, hint_zh, hint_en) API_ERROR_##id,
#include "api/errors.def"
#undef X
    API_ERROR_COUNT
};
struct http_problem api_error_problem(enum api_error e);
struct status api_fail(struct arena *a, enum api_error e, struct str place);

/* ---- a request on its way ------------------------------------------------------------------------------------------------ */

struct api;
/* In the arena of its exchange; x->user. */
struct api_request {
    struct api *api;
    struct http_exchange *x;
    enum api_route route;          /* API_ROUTE_COUNT: none was found */
    struct http_match match;
    bool local;                    /* the local operator */
    enum registry_role role;
    struct cases_caller caller;
    struct str key_id;             /* of the key that was presented; empty: none */
    struct str request_id, trace_id, idempotency_key, allow;
    bool en_first;
    struct cases_command *command; /* between done and its answer */
    struct api_request *next;      /* in the queue of queries */
};
/* Answers with a problem document. */
void api_problem_answer(struct api_request *r, struct http_problem p);
void api_error_answer(struct api_request *r, enum api_error e);
void api_status_answer(struct api_request *r, int status, struct status s);

/* ---- the server's state ------------------------------------------------------------------------------------------------------ */

enum { API_DURATION_BUCKETS = 12, API_QUERY_THREADS_MAX = 32, API_ARENA_BYTES = 64 * 1024 * 1024, API_DOCUMENT_BYTES = 4 * 1024 * 1024, API_ANSWER_BYTES = 64 * 1024 * 1024 };

struct api_queries {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct api_request *first, *last;
    uint32_t count, max;
    bool stop;
    struct env_thread threads[API_QUERY_THREADS_MAX];
    uint32_t thread_count;
    struct env_thread refresher;     /* several processes on one database: keys made or revoked by another are known within a second */
    bool refreshing;
};
struct api_route_metrics {
    _Atomic uint64_t count[6];                        /* by hundreds of the status */
    _Atomic uint64_t bucket[API_DURATION_BUCKETS + 1], sum_us;
};
enum api_listener { API_LISTENER_TCP, API_LISTENER_PROXY, API_LISTENER_ADMIN };
struct api {
    const struct env *env;
    struct arena arena;
    struct str version;
    bool shared_store;               /* other processes may write, too */
    struct api_settings settings;
    struct cases_desk *desk;
    struct http_server *http;
    struct http_listener listeners[HTTP_LISTENERS_MAX];
    enum api_listener listener_kind[HTTP_LISTENERS_MAX];
    uint32_t listener_count;
    struct str openapi;
    uint64_t started_ns;
    uint64_t id_start;               /* random beginning of request ids */
    _Atomic uint64_t id_count;
    _Atomic uint64_t refused_auth;
    struct api_queries queries;
    struct api_route_metrics routes[API_ROUTE_COUNT + 1]; /* the last: no route */
};

/* admit.c */
void api_admit(void *user, struct http_exchange *x);
void api_handle(void *user, struct http_exchange *x);
void api_done(void *user, struct http_exchange *x, uint64_t took_ns, const char *why);
/* auth.c: false: answered. */
bool api_authorize(struct api_request *r);
/* commands.c */
void api_command_handle(struct api_request *r);
/* queries.c */
struct status api_queries_start(struct api *p, struct arena *a);
void api_queries_stop(struct api *p);
void api_query_handle(struct api_request *r);
/* pages.c, metrics.c, openapi.c, schemas */
void api_page_handle(struct api_request *r);
void api_metrics_write(const struct api *p, const struct http_server *server, struct buf *out);
void api_metrics_count(struct api *p, enum api_route route, int status, uint64_t took_ns);
struct str api_schemas(void); /* schemas.json */
/* log.c: one JSON line on standard error. Nothing of a person, no path, no query, no body. */
struct api_log {
    const char *event, *level;
    const struct api_request *request; /* may be NULL */
    const char *method;
    int status;
    uint64_t took_ns;
    const char *code;
    struct str address;
};
void api_log_write(const struct api *p, const struct api_log *l);

#endif
