/* cli/bench_server — one store under load: a server in this process with the demonstration city, and the load generator beside it.
 *
 * Rounds of saturation (every place takes the next case at once) and of half of the median of those (open arrival) give throughput and latency; one
 * place alone gives the lone request. All figures are medians with the smallest and largest beside them, for machines are noisy.
 */
#include "cli/bench_server.h"

#include "cases/cases.h"

enum { CHANGE_BATCH = 500, SATURATION_PLACES = 256, NAME_BYTES = 96, WARM_SECONDS = 1 };

/* ---- figures ------------------------------------------------------------------------------------------------------ */

static void line(struct buf *out, const char *store, const char *name, const char *part, int64_t thousandths, const char *unit)
{
    buf_printf(out, "%s%s%s%s %lld.%03lld %s\n", store, store[0] ? "_" : "", name, part, (long long)(thousandths / 1000), (long long)(thousandths % 1000), unit);
}

void bench_figure(struct buf *out, const char *store, const char *name, const int64_t *values, uint32_t count, const char *unit)
{
    int64_t sorted[BENCH_ROUNDS_MAX];
    CHECK(count > 0 && count <= BENCH_ROUNDS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i;
        for (; at > 0 && sorted[at - 1] > values[i]; at--) sorted[at] = sorted[at - 1];
        sorted[at] = values[i];
    }
    line(out, store, name, "", sorted[count / 2], unit);
    if (count == 1) return;
    line(out, store, name, "_min", sorted[0], unit);
    line(out, store, name, "_max", sorted[count - 1], unit);
}

/* ---- the city ------------------------------------------------------------------------------------------------------- */

struct bench {
    struct cli *c;
    struct bench_store *b;
    struct api *api;
    struct http_client *client;
    struct str base;
    struct buf body;
};

static struct status change_send(struct bench *s)
{
    const struct http_client_request r = {.method = "POST", .path = STR("/v1/changes"), .body = buf_view(&s->body)};
    struct http_client_answer answer = {0};
    const struct arena_mark mark = arena_mark(s->c->arena);
    if (s->body.failed) return status_memory();
    TRY(http_client_call(s->client, s->c->arena, &r, &answer));
    if (answer.status < 200 || answer.status > 299) {
        return status_error(s->c->arena, (struct error){.code = "bench-city", .place = answer.body, .zh = STR("演示城市未能装入"), .en = STR("the demonstration city was not taken")});
    }
    arena_rewind(s->c->arena, mark);
    return STATUS_OK;
}

static struct status city_send(struct bench *s)
{
    struct json_writer w;
    buf_init(&s->body, LIMIT_JSON_BYTES);
    json_writer_init(&w, &s->body, false);
    city_texts_write(&w);
    struct status st = change_send(s);
    buf_clear(&s->body);
    json_writer_init(&w, &s->body, false);
    city_world_write(&w);
    if (!status_failed(st)) st = change_send(s);
    for (uint32_t at = 0; at < s->b->city.person_count && !status_failed(st); at += CHANGE_BATCH) {
        cli_progress(s->c, "装入演示城市", "loading the city", at, s->b->city.person_count);
        buf_clear(&s->body);
        json_writer_init(&w, &s->body, false);
        city_persons_write(&s->b->city, at, CHANGE_BATCH, &w);
        st = change_send(s);
    }
    cli_progress_end(s->c);
    buf_done(&s->body);
    return st;
}

/* ---- load -------------------------------------------------------------------------------------------------------------- */

static void load_progress(void *user, uint64_t done_ms, uint64_t total_ms, uint64_t confirmed)
{
    (void)confirmed;
    cli_progress(user, "施加负载", "under load", done_ms, total_ms);
}

static struct status load_one(struct bench *s, uint32_t rate, uint32_t places, uint32_t seconds, struct load_report *ret)
{
    const struct load_options o = {.env = s->c->env, .base = s->base, .city = s->b->city, .run = s->b->run++, .lines = 10, .covered = true, .rate_per_s = rate, .seconds = seconds,
                                   .places = places, .warm_seconds = WARM_SECONDS, .progress = load_progress, .user = s->c};
    struct arena a;
    arena_init(&a, 1 << 30);
    struct status st = load_run(&a, &o, ret);
    arena_done(&a);
    cli_progress_end(s->c);
    if (!status_failed(st) && (ret->failed > 0 || ret->confirmed == 0)) {
        st = status_error(s->c->arena, (struct error){.code = "bench-load", .place = str_from(ret->error_count > 0 ? ret->errors[0].code : ""), .zh = STR("负载中有请求失败"),
            .en = STR("requests failed under load")});
    }
    return st;
}

struct rounds {
    int64_t per_s[BENCH_ROUNDS_MAX], half_p99[BENCH_ROUNDS_MAX], half_p50[BENCH_ROUNDS_MAX], lone_p50[BENCH_ROUNDS_MAX], lone_p99[BENCH_ROUNDS_MAX];
    uint32_t half_rate;
    uint64_t busy, requoted;
};

/* Latency of a call in thousandths of a millisecond: the worse of trial and confirm. */
static int64_t worse(uint64_t a, uint64_t b) { return (int64_t)(a > b ? a : b); }

static struct status rounds_run(struct bench *s, struct rounds *r)
{
    struct load_report report;
    for (uint32_t i = 0; i < s->b->rounds; i++) {
        TRY(load_one(s, 0, SATURATION_PLACES, s->b->seconds, &report));
        r->per_s[i] = (int64_t)load_cases_per_s(&report) * 1000;
        r->busy += report.busy;
        r->requoted += report.requoted;
    }
    int64_t sorted = r->per_s[0]; /* half of the first three's least is what any round can carry */
    for (uint32_t i = 1; i < s->b->rounds; i++) sorted = i64_min(sorted, r->per_s[i]);
    r->half_rate = (uint32_t)(sorted / 2000 > 0 ? sorted / 2000 : 1);
    for (uint32_t i = 0; i < s->b->rounds; i++) {
        TRY(load_one(s, r->half_rate, SATURATION_PLACES, s->b->seconds, &report));
        r->half_p99[i] = worse(report.trial.p99_us, report.confirm.p99_us);
        r->half_p50[i] = worse(report.trial.p50_us, report.confirm.p50_us);
    }
    for (uint32_t i = 0; i < s->b->rounds; i++) {
        TRY(load_one(s, 0, 1, 1, &report));
        r->lone_p50[i] = worse(report.trial.p50_us, report.confirm.p50_us);
        r->lone_p99[i] = worse(report.trial.p99_us, report.confirm.p99_us);
    }
    return STATUS_OK;
}

static void rounds_print(struct bench *s, const struct rounds *r, struct buf *out)
{
    const char *name = s->b->name;
    const uint32_t n = s->b->rounds;
    const bool is_sqlite = name[0] == 's';
    bench_figure(out, name, "cases_per_s", r->per_s, n, "1/s");
    bench_figure(out, name, "p99_ms", r->half_p99, n, "ms");
    bench_figure(out, name, "p50_ms", r->half_p50, n, "ms");
    line(out, name, "half_rate", "", (int64_t)r->half_rate * 1000, "1/s");
    bench_figure(out, is_sqlite ? "" : name, "lone_request_ms", r->lone_p50, n, "ms");
    bench_figure(out, is_sqlite ? "" : name, "lone_request_p99_ms", r->lone_p99, n, "ms");
    line(out, name, "busy", "", (int64_t)r->busy * 1000, "count");
    line(out, name, "requoted", "", (int64_t)r->requoted * 1000, "count");
}

/* The longest checkpoint, as the server's own metrics tell it (ns). */
static struct status checkpoint_read(struct bench *s, int64_t *ret_ns)
{
    static const char name[] = "\nyijie_checkpoint_max_nanoseconds ";
    const struct http_client_request r = {.method = "GET", .path = STR("/metrics")};
    struct http_client_answer answer = {0};
    TRY(http_client_call(s->client, s->c->arena, &r, &answer));
    for (size_t i = 0; i + sizeof name < answer.body.n; i++) {
        if (!str_starts((struct str){answer.body.p + i, answer.body.n - i}, STR(name))) continue;
        int64_t v = 0;
        for (size_t k = i + sizeof name - 1; k < answer.body.n && answer.body.p[k] >= '0' && answer.body.p[k] <= '9'; k++) v = v * 10 + (answer.body.p[k] - '0');
        *ret_ns = v;
        return STATUS_OK;
    }
    *ret_ns = -1;
    return STATUS_OK;
}

static struct status served_run(struct bench *s, struct buf *figures)
{
    struct rounds *r = ARENA_NEW(s->c->arena, struct rounds);
    int64_t rows0 = 0, bytes0 = 0, cases0 = 0, rows = 0, bytes = 0, cases = 0, checkpoint = -1;
    if (!r) return status_memory();
    TRY(city_send(s));
    TRY(bench_store_count(s->c, s->b->where, &rows0, &bytes0, &cases0));
    TRY(rounds_run(s, r));
    TRY(bench_store_count(s->c, s->b->where, &rows, &bytes, &cases));
    TRY(checkpoint_read(s, &checkpoint));
    rounds_print(s, r, figures);
    const int64_t made = i64_max(cases - cases0, 1);
    line(figures, s->b->name, "rows_per_case", "", (rows - rows0) * 1000 / made, "rows");
    line(figures, s->b->name, "bytes_per_case", "", (bytes - bytes0) / made * 1000, "bytes");
    if (checkpoint >= 0 && s->b->name[0] == 's') line(figures, s->b->name, "checkpoint_ms_max", "", checkpoint / 1000, "ms");
    return STATUS_OK;
}

static struct status settings_make(struct bench *s, struct api_settings *ret)
{
    api_settings_default(ret);
    TRY(api_setting_set(ret, s->c->arena, API_LISTEN, STR("127.0.0.1:0"), API_FROM_OPTION));
    TRY(api_setting_set(ret, s->c->arena, API_ALLOW_DOUBTFUL, STR("yes"), API_FROM_OPTION));
    TRY(api_setting_set(ret, s->c->arena, API_ACCESS_LOG, STR("none"), API_FROM_OPTION));
    if (s->b->keys.n > 0) TRY(api_setting_set(ret, s->c->arena, API_KEYS, s->b->keys, API_FROM_OPTION));
    return STATUS_OK;
}

struct status bench_store_run(struct cli *c, struct bench_store *b, struct buf *figures)
{
    struct bench s = {.c = c, .b = b};
    struct api_settings *settings = ARENA_NEW(c->arena, struct api_settings);
    if (!settings) return status_memory();
    TRY(settings_make(&s, settings));
    const struct api_options o = {.env = c->env, .where = b->where, .version = STR(YIJIE_VERSION), .settings = settings};
    TRY(api_open(c->arena, &o, &s.api));
    s.base = arena_printf(c->arena, "http://%.*s", STR_FMT(api_address(s.api)));
    const struct http_client_options client = {.env = c->env, .base = s.base};
    struct status st = http_client_open(c->arena, &client, &s.client);
    if (!status_failed(st)) {
        st = served_run(&s, figures);
        http_client_close(s.client);
    }
    api_close(s.api, NULL, NULL);
    return st;
}
