/* A real server on loopback and on a Unix socket: by raw bytes, by our own client, from other threads, slowly, and while it stops. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/http_internal.h"

/* ---- a server that echoes, refuses early, or answers from another thread -------------------------------------------- */

struct held {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct http_exchange *exchange[64];
    uint32_t count, admitted;
    bool stop;
};
struct fixture {
    struct arena arena;
    struct held held;
    struct http_server *server;
    uint16_t port;
    char folder[64], path[108];
    pthread_t worker;
};

static void admit(void *user, struct http_exchange *x)
{
    struct held *h = user;
    CHECK(pthread_mutex_lock(&h->lock) == 0);
    h->admitted++;
    CHECK(pthread_mutex_unlock(&h->lock) == 0);
    if (str_eq(x->request.path, STR("/refused"))) http_refuse(x, HTTP_ERROR_NOT_FOUND);
    if (str_eq(x->request.path, STR("/small"))) x->body_max = 10;
}

static void render(void *user, struct http_exchange *x)
{
    (void)user;
    buf_add_cstr(x->out, "later");
    http_answer(x, 200, "text/plain");
}

static void handle(void *user, struct http_exchange *x)
{
    struct held *h = user;
    if (str_eq(x->request.path, STR("/held"))) {
        CHECK(pthread_mutex_lock(&h->lock) == 0);
        CHECK(h->count < COUNT_OF(h->exchange));
        h->exchange[h->count++] = x;
        CHECK(pthread_cond_signal(&h->wake) == 0);
        CHECK(pthread_mutex_unlock(&h->lock) == 0);
        return;
    }
    if (str_eq(x->request.path, STR("/at-once"))) {
        http_later(x, render, NULL);
        return;
    }
    if (str_eq(x->request.path, STR("/large"))) {
        for (int i = 0; i < 100'000; i++) buf_add_cstr(x->out, "0123456789");
    }
    buf_printf(x->out, "%.*s %.*s?%.*s %zu ", STR_FMT(x->request.method), STR_FMT(x->request.path), STR_FMT(x->request.query), x->request.body.n);
    buf_add(x->out, x->request.body);
    http_answer_header(x, "X-Test", STR("yes"));
    http_answer(x, 200, "text/plain");
}

/* Answers what is held, half of it by http_later. */
static void *work(void *arg)
{
    struct held *h = arg;
    CHECK(pthread_mutex_lock(&h->lock) == 0);
    for (;;) {
        while (h->count == 0 && !h->stop) CHECK(pthread_cond_wait(&h->wake, &h->lock) == 0);
        if (h->count == 0) break;
        struct http_exchange *x = h->exchange[--h->count];
        const bool render_there = (h->count & 1U) != 0;
        CHECK(pthread_mutex_unlock(&h->lock) == 0);
        struct timespec t = {.tv_nsec = 1'000'000};
        (void)nanosleep(&t, NULL);
        if (render_there) http_later(x, render, NULL);
        else render(NULL, x);
        CHECK(pthread_mutex_lock(&h->lock) == 0);
    }
    CHECK(pthread_mutex_unlock(&h->lock) == 0);
    return NULL;
}

static struct http_limits small_limits(void)
{
    struct http_limits l = http_limits_default();
    l.connections = 32;
    l.body_bytes = 4096;
    l.head_ms = 700;
    l.idle_ms = 700;
    l.body_ms = 700;
    l.send_ms = 1500;
    l.header_bytes = 1024;
    l.target_bytes = 200;
    return l;
}

static void server_start(struct fixture *f, struct http_limits limits)
{
    *f = (struct fixture){.port = 0};
    arena_init(&f->arena, 1 << 24);
    CHECK(pthread_mutex_init(&f->held.lock, NULL) == 0 && pthread_cond_init(&f->held.wake, NULL) == 0);
    strcpy(f->folder, "/tmp/yijie-http-XXXXXX"); /* tidy-ok call-unsafe: a literal into a larger array */
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->path, sizeof f->path, "unix:%s/s", f->folder);
    const struct http_listener listeners[] = {{.address = STR("127.0.0.1:0"), .threads = 2}, {.address = str_from(f->path), .mode = 0600}};
    struct http_listener *kept = ARENA_ARRAY(&f->arena, struct http_listener, 2);
    memcpy(kept, listeners, sizeof listeners);
    const struct http_server_options o = {.env = env_system(), .listeners = kept, .listener_count = 2, .limits = limits, .admit = admit, .handle = handle, .user = &f->held};
    assert_false(status_failed(http_server_open(&f->arena, &o, &f->server)));
    unsigned int port = 0;
    assert_int_equal(sscanf(http_server_address(f->server, 0).p, "127.0.0.1:%u", &port), 1); /* tidy-ok call-unsafe: one number into an integer */
    f->port = (uint16_t)port;
    assert_int_equal(pthread_create(&f->worker, NULL, work, &f->held), 0);
}

static void server_stop(struct fixture *f)
{
    http_server_drain(f->server, 2000, NULL, NULL);
    http_server_close(f->server);
    CHECK(pthread_mutex_lock(&f->held.lock) == 0);
    f->held.stop = true;
    CHECK(pthread_cond_signal(&f->held.wake) == 0);
    CHECK(pthread_mutex_unlock(&f->held.lock) == 0);
    CHECK(pthread_join(f->worker, NULL) == 0);
    struct stat st;
    assert_int_not_equal(stat(f->path + strlen("unix:"), &st), 0); /* the socket file is gone */
    assert_int_equal(rmdir(f->folder), 0);
    arena_done(&f->arena);
}

/* ---- raw bytes ------------------------------------------------------------------------------------------------------------ */

static int raw_open(const struct fixture *f)
{
    const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(f->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    const struct timeval patience = {.tv_sec = 20};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)(const void *)&to, sizeof to), 0);
    return fd;
}

static void raw_send(int fd, const char *text)
{
    const size_t n = strlen(text);
    size_t at = 0;
    while (at < n) {
        const ssize_t sent = send(fd, text + at, n - at, MSG_NOSIGNAL);
        if (sent <= 0) return; /* refused and closed: what came back tells */
        at += (size_t)sent;
    }
}

/* Reads until the other end closes; *ret_closed false: it did not within 20 s. */
static size_t raw_read(int fd, char *out, size_t max, bool *ret_closed)
{
    size_t n = 0;
    *ret_closed = false;
    while (n + 1 < max) {
        const ssize_t got = recv(fd, out + n, max - 1 - n, 0);
        if (got < 0 && errno != ECONNRESET) break;
        if (got <= 0) {
            *ret_closed = true;
            break;
        }
        n += (size_t)got;
    }
    out[n] = 0;
    return n;
}

#define GET "GET /x HTTP/1.1\r\nHost: a\r\n"
static void raw_requests(void **state)
{
    (void)state;
    static const struct {
        const char *send, *status, *part; /* part: somewhere in what came back; NULL: only closed */
    } rows[] = {
        {GET "Connection: close\r\n\r\n", "HTTP/1.1 200", "GET /x? 0 "},
        {GET "\r\n" GET "Connection: close\r\n\r\n", "HTTP/1.1 200", "GET /x? 0 "},
        {"POST /a%20b?c=d%26 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nxyz", "HTTP/1.1 200", "POST /a%20b?c=d%26 3 xyz"},
        {"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "HTTP/1.1 200", "POST /x? 5 abcde"},
        {"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", "HTTP/1.1 100", "POST /x? 2 ok"},
        {"HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200", "Content-Length: 11"},
        /* smuggling and malformed heads: refused, and closed although a second request stands behind */
        {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc" GET "\r\n", "HTTP/1.1 400", "http-content-length"},
        {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET "\r\n", "HTTP/1.1 400", "http-length-and-encoding"},
        {"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n" GET "\r\n", "HTTP/1.1 400", "http-transfer-encoding"},
        {"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 400", "http-transfer-encoding"},
        {"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 400", "http-transfer-encoding"},
        {"GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" GET "\r\n", "HTTP/1.1 400", "http-host"},
        {"GET /x HTTP/1.1\r\nHost: a b\r\n\r\n", "HTTP/1.1 400", "http-host"},
        {"GET /x HTTP/1.1\r\n\r\n", "HTTP/1.1 400", NULL},
        {"GET http://a/x HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400", "http-target"},
        {GET "X(y): 1\r\n\r\n", "HTTP/1.1 400", "http-header-name"},
        {GET "X: a\x01z\r\n\r\n", "HTTP/1.1 400", "http-header-value"},
        {GET "Expect: magic\r\n\r\n", "HTTP/1.1 417", "http-expect"},
        {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 400", NULL},
        {"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400", NULL},
        {"GET /x HTTP/7.7\r\nHost: a\r\n\r\n", "HTTP/1.1 505", NULL},
        {"\x16\x03\x01\x02\r\n\r\n", NULL, NULL},
        /* limits */
        {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4097\r\n\r\n", "HTTP/1.1 413", "http-body-too-large"},
        {"POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n12345678901", "HTTP/1.1 413", "http-body-too-large"},
        {"POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n", "HTTP/1.1 413", "http-body-too-large"},
        {"POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n", "HTTP/1.1 404", "http-not-found"},
        /* slow or silent: closed by the clock */
        {"GET /x HT", NULL, NULL},
        {GET, NULL, NULL},
        {GET "\r\n", "HTTP/1.1 200", "GET /x? 0 "},
        {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc", NULL, NULL},
        {"", NULL, NULL},
    };
    struct fixture f;
    server_start(&f, small_limits());
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char got[8192];
        bool closed = false;
        const int fd = raw_open(&f);
        raw_send(fd, rows[i].send);
        (void)raw_read(fd, got, sizeof got, &closed);
        (void)close(fd);
        if (!closed) fail_msg("row %zu: still open", i);
        if (rows[i].status && strncmp(got, rows[i].status, strlen(rows[i].status)) != 0) fail_msg("row %zu: %s", i, got);
        if (!rows[i].status && got[0] != 0 && strncmp(got, "HTTP/1.1 4", 10) != 0) fail_msg("row %zu: %s", i, got);
        if (rows[i].part && !strstr(got, rows[i].part)) fail_msg("row %zu: %s", i, got);
        /* whatever was refused is the last thing on its connection */
        const char *refused = strstr(got, "HTTP/1.1 4");
        if (refused && strstr(refused + 1, "HTTP/1.1 2")) fail_msg("row %zu: went on: %s", i, got);
    }
    struct http_metrics m;
    http_server_metrics(f.server, &m);
    assert_true(m.refused_total[HTTP_ERROR_HOST] == 2 && m.cut_slow_total >= 4 && m.busy == 0);
    server_stop(&f);
}

static void large_heads(void **state)
{
    (void)state;
    struct fixture f;
    server_start(&f, small_limits());
    static const struct {
        size_t target, header;
        const char *status;
    } rows[] = {{190, 10, "HTTP/1.1 200"}, {300, 10, "HTTP/1.1 414"}, {10, 900, "HTTP/1.1 200"}, {10, 1100, "HTTP/1.1 431"}, {10, 40'000, "HTTP/1.1 4"}, {40'000, 10, "HTTP/1.1 4"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf b;
        buf_init(&b, 100'000);
        buf_add_cstr(&b, "GET /");
        for (size_t k = 1; k < rows[i].target; k++) buf_add_char(&b, 'x');
        buf_add_cstr(&b, " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: ");
        for (size_t k = 0; k < rows[i].header; k++) buf_add_char(&b, 'y');
        buf_add_cstr(&b, "\r\n\r\n");
        buf_add_char(&b, 0);
        char got[8192];
        bool closed = false;
        const int fd = raw_open(&f);
        raw_send(fd, b.p);
        (void)raw_read(fd, got, sizeof got, &closed);
        (void)close(fd);
        if (!closed || strncmp(got, rows[i].status, strlen(rows[i].status)) != 0) fail_msg("row %zu: %s", i, got);
        buf_done(&b);
    }
    server_stop(&f);
}

/* A byte every 50 ms is not silence, and is cut all the same. */
static void drip(void **state)
{
    (void)state;
    struct fixture f;
    server_start(&f, small_limits());
    const int fd = raw_open(&f);
    const char *request = "GET /x HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n";
    bool cut = false;
    for (size_t i = 0; request[i] && !cut; i++) {
        if (send(fd, request + i, 1, MSG_NOSIGNAL) != 1) cut = true;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 50) > 0) cut = true;
    }
    assert_true(cut);
    (void)close(fd);
    server_stop(&f);
}

/* ---- our client ------------------------------------------------------------------------------------------------------------ */

struct tally {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    uint32_t done, fine;
};

static void counted(void *user, const struct http_client_answer *answer)
{
    struct tally *t = user;
    CHECK(pthread_mutex_lock(&t->lock) == 0);
    t->done++;
    if (answer->status == 200 && (str_eq(answer->body, STR("later")) || str_starts(answer->body, STR("POST /echo")))) t->fine++;
    CHECK(pthread_cond_signal(&t->wake) == 0);
    CHECK(pthread_mutex_unlock(&t->lock) == 0);
}

static void many_in_flight(void **state)
{
    (void)state;
    struct fixture f;
    server_start(&f, http_limits_default());
    char base[64];
    (void)snprintf(base, sizeof base, "http://127.0.0.1:%u", f.port);
    struct http_client *c = NULL;
    const struct http_client_options o = {.env = env_system(), .base = str_from(base), .in_flight_max = 32};
    assert_false(status_failed(http_client_open(&f.arena, &o, &c)));
    struct tally t = {.done = 0};
    CHECK(pthread_mutex_init(&t.lock, NULL) == 0 && pthread_cond_init(&t.wake, NULL) == 0);
    static const char *const paths[] = {"/held", "/echo", "/at-once"};
    uint32_t sent = 0, full = 0;
    while (sent < 2000) {
        const struct http_client_request r = {.method = "POST", .path = str_from(paths[sent % 3]), .body = STR("{\"a\":1}"), .idempotency_key = STR("k")};
        if (http_client_send(c, &r, counted, &t)) {
            sent++;
            continue;
        }
        full++;
        CHECK(pthread_mutex_lock(&t.lock) == 0);
        while (t.done + 32 <= sent) CHECK(pthread_cond_wait(&t.wake, &t.lock) == 0);
        CHECK(pthread_mutex_unlock(&t.lock) == 0);
    }
    http_client_close(c);
    assert_int_equal(t.done, 2000);
    assert_int_equal(t.fine, 2000);
    assert_true(full > 0);
    struct http_metrics m;
    http_server_metrics(f.server, &m);
    assert_true(m.connections_total <= 40 && m.requests_total == 2000); /* connections are kept */
    server_stop(&f);
}

static void calls_and_failures(void **state)
{
    (void)state;
    struct fixture f;
    server_start(&f, http_limits_default());
    struct http_client *c = NULL;
    struct http_client_answer answer;
    struct stat st;
    const char *path = f.path + strlen("unix:");
    assert_true(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    const struct http_client_options o = {.env = env_system(), .base = STR("http://localhost"), .unix_socket = str_from(path)};
    assert_false(status_failed(http_client_open(&f.arena, &o, &c)));
    assert_false(status_failed(http_client_call(c, &f.arena, &(struct http_client_request){.method = "GET", .path = STR("/held")}, &answer)));
    assert_true(answer.status == 200 && str_eq(answer.body, STR("later")) && str_eq(answer.content_type, STR("text/plain")));
    assert_false(status_failed(http_client_call(c, &f.arena, &(struct http_client_request){.method = "DELETE", .path = STR("/large")}, &answer)));
    assert_true(answer.body.n > 1'000'000);
    assert_false(status_failed(http_client_call(c, &f.arena, &(struct http_client_request){.method = "POST", .path = STR("/refused"), .body = STR("x")}, &answer)));
    assert_true(answer.status == 404 && str_eq(answer.content_type, STR(HTTP_PROBLEM_TYPE)));
    http_client_close(c);
    const struct http_client_options nobody = {.env = env_system(), .base = STR("http://127.0.0.1:1"), .total_ms = 2000};
    assert_false(status_failed(http_client_open(&f.arena, &nobody, &c)));
    const struct status s = http_client_call(c, &f.arena, &(struct http_client_request){.method = "GET", .path = STR("/")}, &answer);
    assert_true(status_failed(s) && strcmp(s.err->code, "http-no-answer") == 0 && s.err->zh.n > 0);
    http_client_close(c);
    server_stop(&f);
}

/* ---- opening and stopping ------------------------------------------------------------------------------------------------------ */

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *address, *code; /* NULL: fine */
        bool wide;
    } rows[] = {{"127.0.0.1:0", NULL, false}, {"127.9.9.9:1", NULL, false}, {"[::1]:0", NULL, false}, {"0.0.0.0:80", NULL, true}, {"10.0.0.1:80", NULL, true}, {"[::]:80", NULL, true},
        {"unix:/tmp/x", NULL, false}, {"localhost:80", "listen-address", false}, {"127.0.0.1", "listen-address", false}, {"127.0.0.1:", "listen-address", false},
        {"127.0.0.1:65536", "listen-address", false}, {":80", "listen-address", false}, {"unix:", "listen-address", false}, {"", "listen-address", false}, {"[::1:80", "listen-address", false}};
    struct arena a;
    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool wide = false;
        const struct status s = http_address_check(&a, str_from(rows[i].address), &wide);
        if (status_failed(s) != (rows[i].code != NULL) || (s.err && strcmp(s.err->code, rows[i].code) != 0) || wide != rows[i].wide) fail_msg("%s", rows[i].address);
    }
    arena_done(&a);
}

static void in_use(void **state)
{
    (void)state;
    struct fixture f;
    server_start(&f, http_limits_default());
    const struct str taken[] = {http_server_address(f.server, 0), str_from(f.path)};
    for (size_t i = 0; i < COUNT_OF(taken); i++) {
        const struct http_listener l = {.address = taken[i]};
        const struct http_server_options o = {.env = env_system(), .listeners = &l, .listener_count = 1, .limits = http_limits_default(), .handle = handle, .user = &f.held};
        struct http_server *second = NULL;
        const struct status s = http_server_open(&f.arena, &o, &second);
        assert_true(status_failed(s) && strcmp(s.err->code, "listen-in-use") == 0 && str_eq(s.err->place, taken[i]));
        assert_null(second);
    }
    server_stop(&f);
}

static void *stop_soon(void *arg)
{
    struct fixture *f = arg;
    http_server_drain(f->server, 300, NULL, NULL);
    return NULL;
}

/* Requests that the worker holds when the stop comes are answered; then nobody listens. */
static void stopping_answers(void **state)
{
    (void)state;
    struct fixture f;
    server_start(&f, http_limits_default());
    int fd[20];
    for (size_t i = 0; i < COUNT_OF(fd); i++) {
        fd[i] = raw_open(&f);
        raw_send(fd[i], "GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    struct http_metrics m = {.requests_total = 0};
    while (m.requests_total < COUNT_OF(fd)) {
        http_server_metrics(f.server, &m);
        (void)usleep(1000);
    }
    pthread_t stopper;
    assert_int_equal(pthread_create(&stopper, NULL, stop_soon, &f), 0);
    for (size_t i = 0; i < COUNT_OF(fd); i++) {
        char got[1000];
        bool closed = false;
        (void)raw_read(fd[i], got, sizeof got, &closed);
        assert_true(closed && strncmp(got, "HTTP/1.1 200", 12) == 0 && strstr(got, "later"));
        (void)close(fd[i]);
    }
    assert_int_equal(pthread_join(stopper, NULL), 0);
    const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(f.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_not_equal(connect(late, (const struct sockaddr *)(const void *)&to, sizeof to), 0);
    (void)close(late);
    server_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(addresses), cmocka_unit_test(raw_requests), cmocka_unit_test(large_heads), cmocka_unit_test(drip),
        cmocka_unit_test(many_in_flight), cmocka_unit_test(calls_and_failures), cmocka_unit_test(in_use), cmocka_unit_test(stopping_answers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
