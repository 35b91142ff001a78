/* api/queries — routes that read: on threads of their own, each on a snapshot, behind a bounded queue.
 *
 * A long list or a look-up that waits for the disk then holds up no settlement. Invariant: a query that was queued is answered, also while stopping.
 */
#include "api/api_internal.h"

#include <string.h>

/* ---- parameters ------------------------------------------------------------------------------------------------------------ */

/* admit has seen every name once, well encoded. */
static struct str parameter(struct api_request *r, const char *name)
{
    struct str v = STR("");
    return http_query_get(&r->x->request, r->x->arena, name, &v) && v.p ? v : STR("");
}

static bool number_parameter(struct api_request *r, const char *name, int64_t min, int64_t max, int64_t absent, int64_t *ret)
{
    const struct str v = parameter(r, name);
    int64_t n = 0;
    *ret = absent;
    if (v.n == 0) return true;
    const bool minus = v.p[0] == '-' && v.n > 1;
    if (v.n > 18) return false;
    for (size_t i = minus ? 1 : 0; i < v.n; i++) {
        if (v.p[i] < '0' || v.p[i] > '9') return false;
        n = n * 10 + (v.p[i] - '0');
    }
    if (minus) n = -n;
    *ret = n;
    return n >= min && n <= max;
}

static int problem_write(struct api_request *r, struct http_problem p)
{
    p.en_first = r->en_first;
    p.instance = r->request_id;
    buf_clear(r->x->out);
    http_problem_write(&p, r->x->out);
    return p.status;
}

/* ---- queries ------------------------------------------------------------------------------------------------------------------ */

static int list_query(struct api_request *r)
{
    int64_t max = 0;
    if (!number_parameter(r, "max", 1, 500, 0, &max)) return problem_write(r, http_error_problem(HTTP_ERROR_QUERY));
    const struct cases_filter f = {.hospital = parameter(r, "hospital"), .state = parameter(r, "state"), .payer = parameter(r, "payer"), .from_day = parameter(r, "from"),
        .to_day = parameter(r, "to"), .after = parameter(r, "after"), .max = (uint32_t)max};
    if (r->route == API_ROUTE_SWEEP) return cases_query_sweep(r->api->desk, &r->caller, &f, r->x->out);
    return r->route == API_ROUTE_SHARES ? cases_query_shares(r->api->desk, &r->caller, &f, r->x->out) : cases_query_cases(r->api->desk, &r->caller, &f, r->x->out);
}

static int events_query(struct api_request *r)
{
    int64_t after = 0, max = 0;
    if (!number_parameter(r, "after", -1, INT64_MAX, -1, &after) || !number_parameter(r, "max", 1, 1000, 100, &max)) {
        return problem_write(r, http_error_problem(HTTP_ERROR_QUERY));
    }
    return cases_query_events(r->api->desk, &r->caller, after, (uint32_t)max, r->x->out);
}

/* The number of a person comes in the body: it must stand in no URL. */
static int person_query(struct api_request *r)
{
    const struct json *v = NULL;
    const struct status s = json_parse(r->x->arena, r->x->request.body, &v);
    if (status_failed(s)) {
        const struct error *e = s.err;
        return problem_write(r, (struct http_problem){.status = 400, .code = e->code, .zh = e->zh, .en = e->en, .hint_zh = e->hint_zh, .hint_en = e->hint_en, .place = e->place});
    }
    const struct json *kind = json_get(v, STR("id_kind")), *id = json_get(v, STR("id"));
    if (!kind || !id || v->count != 2 || kind->kind != JSON_STRING || id->kind != JSON_STRING || id->text.n > LIMIT_BILL_CODE_BYTES) return problem_write(r, api_error_problem(API_ERROR_BODY));
    return cases_query_person(r->api->desk, &r->caller, kind->text, id->text, r->x->out);
}

/* Through the writer of this process, in turn with its groups. The file is named by who may open the admin socket. */
static int backup_query(struct api_request *r)
{
    const struct json *v = NULL;
    struct status s = json_parse(r->x->arena, r->x->request.body, &v);
    const struct json *file = status_failed(s) ? NULL : json_get(v, STR("file"));
    if (!file || v->count != 1 || file->kind != JSON_STRING || file->text.n == 0 || file->text.p[0] != '/') return problem_write(r, api_error_problem(API_ERROR_BODY));
    s = cases_desk_backup(r->api->desk, r->x->arena, file->text);
    if (status_failed(s)) {
        const struct error *e = s.err;
        return problem_write(r, (struct http_problem){.status = 409, .code = e->code, .zh = e->zh, .en = e->en, .hint_zh = e->hint_zh, .hint_en = e->hint_en, .place = e->place});
    }
    struct json_writer j;
    json_writer_init(&j, r->x->out, false);
    json_begin_object(&j);
    json_member_string(&j, STR("file"), file->text);
    json_end_object(&j);
    return 201;
}

static int keys_query(struct api_request *r)
{
    struct registry_world *w = cases_desk_world(r->api->desk);
    uint32_t count = 0;
    const struct registry_key *keys = registry_keys(w, &count);
    struct json_writer j;
    json_writer_init(&j, r->x->out, false);
    json_begin_object(&j);
    json_name(&j, STR("keys"));
    json_begin_array(&j);
    for (uint32_t i = 0; i < count; i++) {
        json_begin_object(&j);
        json_member_string(&j, STR("id"), keys[i].id);
        json_member_string(&j, STR("institution"), keys[i].institution);
        json_member_string(&j, STR("role"), keys[i].role);
        if (keys[i].name.n > 0) json_member_string(&j, STR("name"), keys[i].name);
        json_member_bool(&j, STR("revoked"), keys[i].revoked);
        json_end_object(&j);
    }
    json_end_array(&j);
    json_end_object(&j);
    registry_world_release(w);
    return 200;
}

static int query_run(struct api_request *r)
{
    struct cases_desk *d = r->api->desk;
    struct buf *out = r->x->out;
    const struct str id = r->match.part_count > 0 ? r->match.part[0] : STR("");
    switch (r->route) {
    case API_ROUTE_CASE: return cases_query_case(d, &r->caller, id, out);
    case API_ROUTE_SPLIT: return cases_query_split(d, &r->caller, id, out);
    case API_ROUTE_EXPLANATION: return cases_query_explanation(d, &r->caller, id, out);
    case API_ROUTE_CASES:
    case API_ROUTE_SHARES:
    case API_ROUTE_SWEEP: return list_query(r);
    case API_ROUTE_EVENTS: return events_query(r);
    case API_ROUTE_PERSON: return person_query(r);
    case API_ROUTE_KEYS: return keys_query(r);
    case API_ROUTE_BACKUP: return backup_query(r);
    case API_ROUTE_DAY: return cases_query_day(d, &r->caller, id, parameter(r, "hospital"), out);
    default: break;
    }
    return problem_write(r, http_error_problem(HTTP_ERROR_NOT_FOUND));
}

/* ---- threads ---------------------------------------------------------------------------------------------------------------------- */

static void *queries_run(void *arg)
{
    struct api *p = arg;
    struct api_queries *q = &p->queries;
    for (;;) {
        CHECK(pthread_mutex_lock(&q->lock) == 0);
        while (!q->first && !q->stop) CHECK(pthread_cond_wait(&q->wake, &q->lock) == 0);
        struct api_request *r = q->first;
        if (r) {
            q->first = r->next;
            if (!q->first) q->last = NULL;
            q->count--;
        }
        CHECK(pthread_mutex_unlock(&q->lock) == 0);
        if (!r) return NULL;
        const int status = query_run(r);
        if (status == 503) http_answer_header(r->x, "Retry-After", STR("1"));
        http_answer(r->x, status, status >= 400 ? HTTP_PROBLEM_TYPE : "application/json");
    }
}

static bool stopping(struct api_queries *q)
{
    CHECK(pthread_mutex_lock(&q->lock) == 0);
    const bool stop = q->stop;
    CHECK(pthread_mutex_unlock(&q->lock) == 0);
    return stop;
}

enum { REFRESH_STEPS = 10, REFRESH_STEP_MS = 50 };

static void *refresh_run(void *arg)
{
    struct api *p = arg;
    for (uint32_t step = 0; !stopping(&p->queries); step++) {
        if (step % REFRESH_STEPS == 0) cases_desk_refresh(p->desk);
        p->env->wait_ms(p->env, REFRESH_STEP_MS);
    }
    return NULL;
}

struct status api_queries_start(struct api *p, struct arena *a)
{
    struct api_queries *q = &p->queries;
    CHECK(pthread_mutex_init(&q->lock, NULL) == 0 && pthread_cond_init(&q->wake, NULL) == 0);
    q->max = (uint32_t)p->settings.of[API_QUERY_QUEUE].number;
    const uint32_t wanted = (uint32_t)p->settings.of[API_QUERY_THREADS].number;
    while (q->thread_count < wanted) {
        TRY(p->env->thread_start(p->env, a, queries_run, p, &q->threads[q->thread_count]));
        q->thread_count++;
    }
    if (!p->shared_store) return STATUS_OK;
    TRY(p->env->thread_start(p->env, a, refresh_run, p, &q->refresher));
    q->refreshing = true;
    return STATUS_OK;
}

void api_queries_stop(struct api *p)
{
    struct api_queries *q = &p->queries;
    CHECK(pthread_mutex_lock(&q->lock) == 0);
    q->stop = true;
    CHECK(pthread_cond_broadcast(&q->wake) == 0);
    CHECK(pthread_mutex_unlock(&q->lock) == 0);
    for (uint32_t i = 0; i < q->thread_count; i++) p->env->thread_join(p->env, &q->threads[i]);
    q->thread_count = 0;
    if (q->refreshing) p->env->thread_join(p->env, &q->refresher);
    (void)pthread_cond_destroy(&q->wake);
    (void)pthread_mutex_destroy(&q->lock);
}

void api_query_handle(struct api_request *r)
{
    struct api_queries *q = &r->api->queries;
    CHECK(pthread_mutex_lock(&q->lock) == 0);
    const bool room = q->count < q->max && !q->stop;
    if (room) {
        if (q->last) q->last->next = r;
        else q->first = r;
        q->last = r;
        q->count++;
        CHECK(pthread_cond_signal(&q->wake) == 0);
    }
    CHECK(pthread_mutex_unlock(&q->lock) == 0);
    if (!room) api_error_answer(r, API_ERROR_BUSY);
}
