/* http/client_send — the client's thread: sends what is queued, drives all transfers by one epoll, calls back.
 *
 * Invariants: handles and connections are reused, so that a request asks the system for little; nothing is called back while the lock is held; redirects,
 * proxies, cookies and other protocols are off. Workload: thousands of requests a second to one server, hundreds in flight.
 */
#include "http/client_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS_MAX = 64, URL_BYTES = 8192, HEADER_BYTES = 16'384, FAILURE_BYTES = 65'536 };

/* ---- slots ------------------------------------------------------------------------------------------------------------ */

static size_t answer_add(char *bytes, size_t size, size_t count, void *user)
{
    struct client_slot *s = user;
    buf_add(&s->answer, (struct str){bytes, size * count});
    return s->answer.failed ? 0 : size * count;
}

static struct status slot_make(struct client_slot *s, struct arena *a)
{
    const struct http_client_options *o = &s->client->o;
    s->easy = curl_easy_init();
    if (!s->easy) return status_memory();
    buf_init(&s->url, URL_BYTES);
    buf_init(&s->answer, o->answer_bytes_max);
    CURL *e = s->easy;
    bool fine = curl_easy_setopt(e, CURLOPT_PRIVATE, s) == CURLE_OK;
    fine = curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK && fine;
    fine = curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK && fine;
    fine = curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK && fine;
    fine = curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK && fine;
    fine = curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK && fine;
    fine = curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK && fine;
    fine = curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)o->connect_ms) == CURLE_OK && fine;
    fine = curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)o->total_ms) == CURLE_OK && fine;
    fine = curl_easy_setopt(e, CURLOPT_ERRORBUFFER, s->failure) == CURLE_OK && fine;
    fine = curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, answer_add) == CURLE_OK && fine;
    fine = curl_easy_setopt(e, CURLOPT_WRITEDATA, s) == CURLE_OK && fine;
    if (o->unix_socket.n > 0) fine = curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, o->unix_socket.p) == CURLE_OK && fine;
    return fine ? STATUS_OK : http_fail(a, HTTP_ERROR_START, STR(""), 0);
}

static int socket_changed(CURL *easy, curl_socket_t fd, int what, void *user, void *known);
static int timer_changed(CURLM *multi, long ms, void *user);

struct status client_slots_make(struct http_client *c, struct arena *a)
{
    c->multi = curl_multi_init();
    c->slots = ARENA_ARRAY(&c->arena, struct client_slot, c->o.in_flight_max);
    if (!c->multi || !c->slots) return status_memory();
    bool fine = curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, socket_changed) == CURLM_OK;
    fine = curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c) == CURLM_OK && fine;
    fine = curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, timer_changed) == CURLM_OK && fine;
    fine = curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c) == CURLM_OK && fine;
    fine = curl_multi_setopt(c->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)c->o.connections_max) == CURLM_OK && fine;
    fine = curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)c->o.connections_max) == CURLM_OK && fine;
    if (!fine) return http_fail(a, HTTP_ERROR_START, STR(""), 0);
    for (uint32_t i = 0; i < c->o.in_flight_max; i++) {
        struct client_slot *s = &c->slots[i];
        s->client = c;
        TRY(slot_make(s, a));
        s->next = c->free_list;
        c->free_list = s;
    }
    return STATUS_OK;
}

void client_slots_free(struct http_client *c)
{
    for (uint32_t i = 0; c->slots && i < c->o.in_flight_max; i++) {
        struct client_slot *s = &c->slots[i];
        if (!s->easy) continue;
        curl_slist_free_all(s->headers);
        curl_easy_cleanup(s->easy);
        buf_done(&s->url);
        buf_done(&s->answer);
    }
    if (c->multi) (void)curl_multi_cleanup(c->multi);
}

/* ---- accepting -------------------------------------------------------------------------------------------------------- */

void client_wake(struct http_client *c)
{
    const uint64_t one = 1;
    const ssize_t n = write(c->wake, &one, sizeof one);
    CHECK(n == (ssize_t)sizeof one || errno == EAGAIN);
}

static bool header_append(struct client_slot *s, struct str name, struct str value)
{
    struct buf b;
    buf_init(&b, HEADER_BYTES);
    buf_printf(&b, "%.*s:%s%.*s", STR_FMT(name), value.n > 0 ? " " : "", STR_FMT(value));
    buf_add_char(&b, 0);
    struct curl_slist *more = b.failed ? NULL : curl_slist_append(s->headers, b.p);
    buf_done(&b);
    if (more) s->headers = more;
    return more != NULL;
}

static bool headers_fill(struct client_slot *s, const struct http_client_request *r)
{
    curl_slist_free_all(s->headers);
    s->headers = NULL;
    bool fine = header_append(s, STR("Expect"), STR("")); /* not sent: the round trip is not worth it */
    if (r->body.n > 0 || r->content_type) fine = header_append(s, STR("Content-Type"), str_from(r->content_type ? r->content_type : "application/json")) && fine;
    if (s->client->o.authorization.n > 0) fine = header_append(s, STR("Authorization"), s->client->o.authorization) && fine;
    if (r->idempotency_key.n > 0) fine = header_append(s, STR("Idempotency-Key"), r->idempotency_key) && fine;
    for (uint32_t i = 0; i < r->header_count; i++) fine = header_append(s, r->headers[i].name, r->headers[i].value) && fine;
    return fine;
}

static bool slot_fill(struct client_slot *s, const struct http_client_request *r)
{
    buf_clear(&s->url);
    buf_clear(&s->answer);
    s->failure[0] = 0;
    buf_add(&s->url, s->client->o.base);
    buf_add(&s->url, r->path);
    buf_add_char(&s->url, 0);
    s->request = *r;
    return !s->url.failed && headers_fill(s, r);
}

static struct client_slot *slot_take(struct http_client *c)
{
    CHECK(pthread_mutex_lock(&c->lock) == 0);
    struct client_slot *s = c->closing ? NULL : c->free_list;
    if (s) {
        c->free_list = s->next;
        s->next = NULL;
        c->running++;
    }
    CHECK(pthread_mutex_unlock(&c->lock) == 0);
    return s;
}

static void slot_give(struct client_slot *s)
{
    struct http_client *c = s->client;
    CHECK(pthread_mutex_lock(&c->lock) == 0);
    s->next = c->free_list;
    c->free_list = s;
    c->running--;
    CHECK(pthread_mutex_unlock(&c->lock) == 0);
}

bool http_client_send(struct http_client *c, const struct http_client_request *r, http_client_done *done, void *user)
{
    struct client_slot *s = slot_take(c);
    if (!s) return false;
    s->done = done;
    s->user = user;
    if (!slot_fill(s, r)) {
        slot_give(s);
        return false;
    }
    CHECK(pthread_mutex_lock(&c->lock) == 0);
    const bool first = c->queue == NULL;
    if (first) c->queue = s;
    else c->queue_last->next = s;
    c->queue_last = s;
    CHECK(pthread_mutex_unlock(&c->lock) == 0);
    if (first) client_wake(c); /* else somebody has already */
    return true;
}

/* ---- the thread ------------------------------------------------------------------------------------------------------------ */

static int socket_changed(CURL *easy, curl_socket_t fd, int what, void *user, void *known)
{
    (void)easy;
    struct http_client *c = user;
    struct epoll_event ev = {.data.fd = fd};
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(c->epoll, EPOLL_CTL_DEL, fd, NULL); /* it may be closed already */
        return 0;
    }
    ev.events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0U) | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0U);
    if (epoll_ctl(c->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev) != 0 && epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &ev) != 0) return -1;
    (void)curl_multi_assign(c->multi, fd, c);
    return 0;
}

static int timer_changed(CURLM *multi, long ms, void *user)
{
    (void)multi;
    struct http_client *c = user;
    c->timer_ns = ms < 0 ? 0 : c->env->monotonic_ns(c->env) + (uint64_t)ms * 1'000'000 + 1;
    return 0;
}

static bool slot_start(struct client_slot *s)
{
    CURL *e = s->easy;
    const bool body = s->request.body.n > 0 || strcmp(s->request.method, "POST") == 0;
    bool fine = curl_easy_setopt(e, CURLOPT_URL, s->url.p) == CURLE_OK;
    if (body) {
        fine = curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)s->request.body.n) == CURLE_OK && fine;
        fine = curl_easy_setopt(e, CURLOPT_POSTFIELDS, s->request.body.p ? s->request.body.p : "") == CURLE_OK && fine;
    } else {
        fine = curl_easy_setopt(e, CURLOPT_HTTPGET, 1L) == CURLE_OK && fine;
    }
    fine = curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, s->request.method) == CURLE_OK && fine;
    fine = curl_easy_setopt(e, CURLOPT_HTTPHEADER, s->headers) == CURLE_OK && fine;
    return fine && curl_multi_add_handle(s->client->multi, e) == CURLM_OK;
}

static struct str header_value(CURL *e, const char *name)
{
    struct curl_header *h = NULL;
    return curl_easy_header(e, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK ? str_from(h->value) : STR("");
}

static void slot_finish(struct client_slot *s, CURLcode code)
{
    struct arena a;
    arena_init(&a, FAILURE_BYTES);
    struct http_client_answer answer = {.status = 0};
    long status = 0;
    const char *type = NULL;
    if (code == CURLE_OK && curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status > 0) {
        (void)curl_easy_getinfo(s->easy, CURLINFO_CONTENT_TYPE, &type);
        answer = (struct http_client_answer){.status = (int)status, .content_type = str_from(type), .body = buf_view(&s->answer),
            .location = header_value(s->easy, "Location"), .retry_after = header_value(s->easy, "Retry-After")};
    } else {
        const char *why = s->failure[0] ? s->failure : curl_easy_strerror(code);
        answer.failure = http_fail(&a, HTTP_ERROR_NO_ANSWER, arena_printf(&a, "%s: %s", s->url.p, why), 0);
    }
    s->done(s->user, &answer);
    arena_done(&a);
}

static void queue_start(struct http_client *c)
{
    CHECK(pthread_mutex_lock(&c->lock) == 0);
    struct client_slot *s = c->queue;
    c->queue = c->queue_last = NULL;
    CHECK(pthread_mutex_unlock(&c->lock) == 0);
    while (s) {
        struct client_slot *next = s->next;
        s->next = NULL;
        if (!slot_start(s)) {
            slot_finish(s, CURLE_OUT_OF_MEMORY);
            slot_give(s);
        }
        s = next;
    }
}

static void finished_take(struct http_client *c)
{
    int left = 0;
    for (CURLMsg *m = curl_multi_info_read(c->multi, &left); m; m = curl_multi_info_read(c->multi, &left)) {
        if (m->msg != CURLMSG_DONE) continue;
        char *private = NULL;
        const CURLcode code = m->data.result;
        CURL *easy = m->easy_handle;
        CHECK(curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private) == CURLE_OK && private);
        struct client_slot *s = (struct client_slot *)(void *)private;
        (void)curl_multi_remove_handle(c->multi, easy);
        slot_finish(s, code);
        slot_give(s);
    }
}

static int wait_ms(const struct http_client *c)
{
    if (c->timer_ns == 0) return 1000;
    const uint64_t now = c->env->monotonic_ns(c->env);
    if (now >= c->timer_ns) return 0;
    const uint64_t ms = (c->timer_ns - now + 999'999) / 1'000'000;
    return ms > 1000 ? 1000 : (int)ms;
}

static void events_take(struct http_client *c, const struct epoll_event *events, int count)
{
    int running = 0;
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == c->wake) {
            uint64_t n = 0;
            (void)!read(c->wake, &n, sizeof n);
            continue;
        }
        const int what = (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? CURL_CSELECT_IN : 0) | (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0);
        (void)curl_multi_socket_action(c->multi, events[i].data.fd, what, &running);
    }
    if (c->timer_ns != 0 && c->env->monotonic_ns(c->env) >= c->timer_ns) {
        c->timer_ns = 0;
        (void)curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

void *client_run(void *arg)
{
    struct http_client *c = arg;
    for (;;) {
        struct epoll_event events[EVENTS_MAX];
        queue_start(c);
        const int count = epoll_wait(c->epoll, events, EVENTS_MAX, wait_ms(c));
        CHECK(count >= 0 || errno == EINTR);
        events_take(c, events, count > 0 ? count : 0);
        finished_take(c);
        CHECK(pthread_mutex_lock(&c->lock) == 0);
        const bool over = c->closing && c->running == 0;
        CHECK(pthread_mutex_unlock(&c->lock) == 0);
        if (over) return NULL;
    }
}
