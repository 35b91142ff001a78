/* load — see load.h. The caller's thread keeps the time and sends what is due; everything behind an answer runs on the client's one thread, so that the
 * histograms need no lock. Places are the only thing both touch.
 */
#include "load/load.h"

#include "codec/codec.h"
#include "http/http.h"
#include "load/histogram.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { ID_BYTES = 32, PATH_BYTES = 96, CONFIRM_BYTES = 160, NS_PER_S = 1'000'000'000, NS_PER_MS = 1'000'000 };

struct place {
    struct load *load;
    struct place *next;      /* in the list of free ones */
    struct buf bill;
    char confirm[CONFIRM_BYTES];
    size_t confirm_n;
    uint64_t due_ns, sent_ns;
    bool counts;             /* behind the warm-up */
};
struct load {
    const struct load_options *o;
    struct http_client *client;
    struct place *places;
    pthread_mutex_t lock;
    pthread_cond_t idle;     /* a place came back */
    struct place *free;
    uint32_t place_count, free_count;
    uint64_t begin_ns, warm_ns, end_ns;
    uint64_t next_bill;      /* under lock */
    atomic_uint_fast64_t confirmed;
    atomic_bool stop;
    /* the client's thread only */
    struct histogram trial, confirm;
    struct load_report report;
    uint64_t counted_end_ns;
};

static uint64_t now(const struct load *l) { return l->o->env->monotonic_ns(l->o->env); }

/* ---- outcomes (client's thread) -------------------------------------------------------------------------------- */

static void error_count(struct load_report *r, int status, struct str code)
{
    for (uint32_t i = 0; i < r->error_count; i++) {
        if (r->errors[i].status != status || !str_eq(str_from(r->errors[i].code), code)) continue;
        r->errors[i].count++;
        return;
    }
    if (r->error_count == LOAD_ERRORS_MAX) return;
    struct load_error *e = &r->errors[r->error_count++];
    *e = (struct load_error){.status = status, .count = 1};
    const size_t n = code.n < sizeof e->code - 1 ? code.n : sizeof e->code - 1;
    if (n > 0) memcpy(e->code, code.p, n);
}

/* The text behind "name":" up to the next quote: enough for ids and codes, which hold no escapes. */
static struct str member_text(struct str body, struct str name)
{
    for (size_t i = 0; i + name.n + 4 < body.n; i++) {
        if (body.p[i] != '"' || memcmp(body.p + i + 1, name.p, name.n) != 0 || memcmp(body.p + i + 1 + name.n, "\":\"", 3) != 0) continue;
        const size_t from = i + name.n + 4;
        const char *quote = memchr(body.p + from, '"', body.n - from);
        return quote ? (struct str){body.p + from, (size_t)(quote - body.p) - from} : STR("");
    }
    return STR("");
}

static void other_count(struct load *l, const struct http_client_answer *answer)
{
    struct load_report *r = &l->report;
    if (answer->status == 503) r->busy++;
    else if (answer->status == 409) r->requoted++;
    else if (answer->status == 0 || answer->status >= 500) r->failed++;
    else r->refused++;
    error_count(r, answer->status, answer->status == 0 ? str_from(answer->failure.err ? answer->failure.err->code : "") : member_text(answer->body, STR("code")));
}

static void place_give(struct place *p)
{
    struct load *l = p->load;
    pthread_mutex_lock(&l->lock);
    p->next = l->free;
    l->free = p;
    l->free_count++;
    pthread_cond_signal(&l->idle);
    pthread_mutex_unlock(&l->lock);
}

static bool place_start(struct place *p, uint64_t due_ns);

/* A case is over: in saturation the next begins at once. */
static void place_done(struct place *p)
{
    struct load *l = p->load;
    const uint64_t at = now(l);
    const bool again = l->o->rate_per_s == 0 && at < l->end_ns && !atomic_load(&l->stop);
    if (!again || !place_start(p, at)) place_give(p);
}

static void on_confirm(void *user, const struct http_client_answer *answer)
{
    struct place *p = user;
    struct load *l = p->load;
    const uint64_t at = now(l);
    if (answer->status == 201 || answer->status == 200) {
        l->report.confirmed++;
        atomic_fetch_add(&l->confirmed, 1);
        if (p->counts && at <= l->end_ns) {
            l->report.counted++;
            l->counted_end_ns = at;
        }
        if (p->counts) histogram_add(&l->confirm, at - p->sent_ns);
        if (l->o->acknowledged) l->o->acknowledged(l->o->user, member_text(answer->body, STR("id")));
    } else {
        other_count(l, answer);
    }
    place_done(p);
}

static void on_trial(void *user, const struct http_client_answer *answer)
{
    struct place *p = user;
    struct load *l = p->load;
    const struct str id = member_text(answer->body, STR("id"));
    if (answer->status != 201 || id.n != ID_BYTES) {
        other_count(l, answer);
        place_done(p);
        return;
    }
    const uint64_t at = now(l);
    if (p->counts) histogram_add(&l->trial, at - p->due_ns);
    struct buf b;
    buf_init(&b, CONFIRM_BYTES);
    buf_printf(&b, "{\"trial\":\"%.*s\",\"act\":{\"kind\":\"desk\",\"by\":\"load\"}}", STR_FMT(id));
    p->confirm_n = b.n;
    memcpy(p->confirm, b.p, b.n);
    buf_done(&b);
    p->sent_ns = at;
    const struct http_client_request r = {.method = "POST", .path = STR("/v1/settlements"), .body = {p->confirm, p->confirm_n}, .idempotency_key = id};
    if (http_client_send(l->client, &r, on_confirm, p)) return;
    l->report.failed++;
    error_count(&l->report, 0, STR("client-full"));
    place_done(p);
}

/* ---- cases begin --------------------------------------------------------------------------------------------------- */

/* False: the run is over for this place. */
static bool place_start(struct place *p, uint64_t due_ns)
{
    struct load *l = p->load;
    pthread_mutex_lock(&l->lock);
    const uint64_t n = l->next_bill++;
    pthread_mutex_unlock(&l->lock);
    if (l->o->case_max > 0 && n >= l->o->case_max) return false;
    const struct city_bill_options options = {.lines = l->o->lines, .covered = l->o->covered, .consent = true};
    struct json_writer w;
    buf_clear(&p->bill);
    json_writer_init(&w, &p->bill, false);
    city_bill_write(&l->o->city, l->o->run, n, &options, &w);
    if (p->bill.failed) return false;
    p->due_ns = l->o->rate_per_s == 0 ? now(l) : due_ns;
    p->counts = p->due_ns >= l->warm_ns;
    const struct http_client_request r = {.method = "POST", .path = STR("/v1/trials"), .body = buf_view(&p->bill)};
    return http_client_send(l->client, &r, on_trial, p);
}

static struct place *place_take(struct load *l)
{
    pthread_mutex_lock(&l->lock);
    struct place *p = l->free;
    if (p) {
        l->free = p->next;
        l->free_count--;
    }
    pthread_mutex_unlock(&l->lock);
    return p;
}

static void progress(struct load *l, uint64_t at)
{
    if (!l->o->progress) return;
    l->o->progress(l->o->user, (at - l->begin_ns) / NS_PER_MS, (l->end_ns - l->begin_ns) / NS_PER_MS, atomic_load(&l->confirmed));
}

/* Open loop: begins what is due; what finds no place stays due. */
static void arrivals_run(struct load *l)
{
    uint64_t begun = 0, shown = 0;
    for (uint64_t at = now(l); at < l->end_ns; at = now(l)) {
        const uint64_t due = (uint64_t)((__uint128_t)(at - l->begin_ns) * l->o->rate_per_s / NS_PER_S);
        while (begun < due && (l->o->case_max == 0 || begun < l->o->case_max)) {
            struct place *p = place_take(l);
            if (!p) break;
            const uint64_t due_ns = l->begin_ns + (uint64_t)((__uint128_t)begun * NS_PER_S / l->o->rate_per_s);
            begun++;
            if (!place_start(p, due_ns)) place_give(p);
        }
        if (l->o->case_max > 0 && begun >= l->o->case_max) break;
        if (at - shown > 200 * (uint64_t)NS_PER_MS) progress(l, shown = at);
        l->o->env->wait_ms(l->o->env, 1);
    }
}

static void saturation_run(struct load *l)
{
    for (struct place *p = place_take(l); p; p = place_take(l)) {
        if (!place_start(p, now(l))) {
            place_give(p);
            break;
        }
    }
    for (uint64_t at = now(l); at < l->end_ns; at = now(l)) {
        progress(l, at);
        pthread_mutex_lock(&l->lock);
        const bool is_over = l->free_count == l->place_count;
        pthread_mutex_unlock(&l->lock);
        if (is_over) break;
        l->o->env->wait_ms(l->o->env, 50);
    }
}

/* ---- the run -------------------------------------------------------------------------------------------------------- */

static struct status places_make(struct load *l, struct arena *a)
{
    l->place_count = l->o->places == 0 ? 64 : l->o->places < LOAD_PLACES_MAX ? l->o->places : LOAD_PLACES_MAX;
    l->places = ARENA_ARRAY(a, struct place, l->place_count);
    if (!l->places) return status_memory();
    for (uint32_t i = 0; i < l->place_count; i++) {
        struct place *p = &l->places[i];
        p->load = l;
        buf_init(&p->bill, LIMIT_JSON_BYTES);
        p->next = l->free;
        l->free = p;
        l->free_count++;
    }
    return STATUS_OK;
}

static struct load_latency latency_of(const struct histogram *h)
{
    return (struct load_latency){.count = h->count, .p50_us = histogram_at(h, 500'000), .p90_us = histogram_at(h, 900'000), .p99_us = histogram_at(h, 990'000),
                                 .p999_us = histogram_at(h, 999'000), .max_us = h->max_us};
}

static void drive(struct load *l)
{
    l->begin_ns = now(l);
    l->warm_ns = l->begin_ns + (uint64_t)l->o->warm_seconds * NS_PER_S;
    l->end_ns = l->warm_ns + (uint64_t)l->o->seconds * NS_PER_S;
    if (l->o->rate_per_s > 0) arrivals_run(l);
    else saturation_run(l);
    atomic_store(&l->stop, true);
    pthread_mutex_lock(&l->lock);
    while (l->free_count < l->place_count) pthread_cond_wait(&l->idle, &l->lock);
    pthread_mutex_unlock(&l->lock);
}

struct status load_run(struct arena *a, const struct load_options *o, struct load_report *ret)
{
    struct load *l = ARENA_NEW(a, struct load);
    if (!l) return status_memory();
    l->o = o;
    atomic_init(&l->confirmed, 0);
    atomic_init(&l->stop, false);
    TRY(places_make(l, a));
    const struct http_client_options options = {.env = o->env, .base = o->base, .unix_socket = o->unix_socket, .authorization = o->authorization,
                                                .in_flight_max = l->place_count * 2, .connections_max = l->place_count};
    struct status s = http_client_open(a, &options, &l->client);
    if (!status_failed(s)) {
        CHECK(pthread_mutex_init(&l->lock, NULL) == 0 && pthread_cond_init(&l->idle, NULL) == 0);
        drive(l);
        http_client_close(l->client);
        pthread_cond_destroy(&l->idle);
        pthread_mutex_destroy(&l->lock);
        *ret = l->report;
        ret->begun = ret->confirmed + ret->requoted + ret->refused + ret->busy + ret->failed;
        ret->elapsed_ns = l->counted_end_ns > l->warm_ns ? l->counted_end_ns - l->warm_ns : 0;
        ret->trial = latency_of(&l->trial);
        ret->confirm = latency_of(&l->confirm);
    }
    for (uint32_t i = 0; i < l->place_count; i++) buf_done(&l->places[i].bill);
    return s;
}

uint64_t load_cases_per_s(const struct load_report *r)
{
    return r->elapsed_ns == 0 ? 0 : (uint64_t)((__uint128_t)r->counted * NS_PER_S / r->elapsed_ns);
}
