/* cli/bench_server — one store under load: a server in this process with the demonstration city, and the load generator beside it.
 *
 * Rounds of saturation (every place takes the next case at once) and of half of the median of those (open arrival) give throughput and latency; one
 * place alone gives the lone request. All figures are medians with the smallest and largest beside them, for machines are noisy.
 */
#include "cli/bench_server.h"

#include "cases/cases.h"

#include <string.h>

enum { CHANGE_BATCH = 500, SATURATION_PLACES = 256, NAME_BYTES = 96, WARM_SECONDS = 1 };

/* ---- figures ------------------------------------------------------------------------------------------------------ */

static void line(struct buf *out, const char *store, const char *name, const char *part, int64_t thousandths, const char *unit)
{
    buf_printf(out, "%s%s%s%s %lld.%03lld %s\n", store, store[0] ? "_" : "", name, part, (long long)(thousandths / 1000), (long long)(thousandths % 1000), unit);
}

/* Ascending; gives the median. */
static int64_t figures_sort(const int64_t *values, uint32_t count, int64_t *ret_sorted)
{
    CHECK(count > 0 && count <= BENCH_ROUNDS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i;
        for (; at > 0 && ret_sorted[at - 1] > values[i]; at--) ret_sorted[at] = ret_sorted[at - 1];
        ret_sorted[at] = values[i];
    }
    return ret_sorted[count / 2];
}

void bench_figure(struct buf *out, const char *store, const char *name, const int64_t *values, uint32_t count, const char *unit)
{
    int64_t sorted[BENCH_ROUNDS_MAX];
    line(out, store, name, "", figures_sort(values, count, sorted), unit);
    if (count == 1) return;
    line(out, store, name, "_min", sorted[0], unit);
    line(out, store, name, "_max", sorted[count - 1], unit);
}

/* ---- the city ------------------------------------------------------------------------------------------------------- */

struct bench {
    struct cli *c;
    struct bench_store *b;
    const struct api_settings *settings;
    struct api *api;
    uint32_t round, round_count;  /* for the progress line */
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

enum { PROGRESS_OF_ROUND = 1'000 };

static void load_progress(void *user, uint64_t done_ms, uint64_t total_ms, uint64_t confirmed)
{
    const struct bench *s = user;
    (void)confirmed;
    const uint64_t part = total_ms > 0 && done_ms < total_ms ? done_ms * PROGRESS_OF_ROUND / total_ms : 0;
    cli_progress(s->c, s->b->name[0] == 's' ? "SQLite 负载" : "PostgreSQL 负载", s->b->name[0] == 's' ? "SQLite under load" : "PostgreSQL under load",
                 (uint64_t)s->round * PROGRESS_OF_ROUND + part, (uint64_t)s->round_count * PROGRESS_OF_ROUND);
}

static struct status load_one(struct bench *s, uint32_t rate, uint32_t places, uint32_t seconds, struct load_report *ret)
{
    const struct load_options o = {.env = s->c->env, .base = s->base, .city = s->b->city, .run = s->b->run++, .lines = 10, .covered = true, .rate_per_s = rate, .seconds = seconds,
                                   .places = places, .warm_seconds = WARM_SECONDS, .progress = load_progress, .user = s};
    struct arena a;
    TRY(bench_interrupted(s->c));
    arena_init(&a, 1 << 30);
    struct status st = load_run(&a, &o, ret);
    arena_done(&a);
    s->round++;
    if (s->round >= s->round_count || status_failed(st)) cli_progress_end(s->c);
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
    int64_t groups, group_commands, confirms; /* of the rounds of saturation */
};

/* ---- what the server tells of itself -------------------------------------------------------------------------------- */

/* The number behind a line's beginning, in thousandths; -1: there is none. */
static int64_t metric_thousandths(struct str text, const char *line_begin)
{
    const size_t n = strlen(line_begin);
    for (size_t i = 0; i + n < text.n; i++) {
        if ((i > 0 && text.p[i - 1] != '\n') || memcmp(text.p + i, line_begin, n) != 0) continue;
        int64_t v = 0, places = -1;
        for (size_t k = i + n; k < text.n && places < 3; k++) {
            const char ch = text.p[k];
            if (ch == '.' && places < 0) {
                places = 0;
                continue;
            }
            if (ch < '0' || ch > '9') break;
            v = v * 10 + (ch - '0');
            if (places >= 0) places++;
        }
        for (places = i64_max(places, 0); places < 3; places++) v *= 10;
        return v;
    }
    return -1;
}

static struct status metrics_read(struct bench *s, struct str *ret)
{
    const struct http_client_request r = {.method = "GET", .path = STR("/metrics")};
    struct http_client_answer answer = {0};
    TRY(http_client_call(s->client, s->c->arena, &r, &answer));
    *ret = answer.body;
    return STATUS_OK;
}

/* Adds (sign 1) or takes off (-1) what the server has counted until now. */
static struct status groups_count(struct bench *s, struct rounds *r, int64_t sign)
{
    struct str text = STR("");
    TRY(metrics_read(s, &text));
    r->groups += sign * metric_thousandths(text, "yijie_groups_total ") / 1'000;
    r->group_commands += sign * metric_thousandths(text, "yijie_group_commands_total ") / 1'000;
    r->confirms += sign * metric_thousandths(text, "yijie_commands_total{op=\"confirm\"} ") / 1'000;
    return STATUS_OK;
}

/* Peak memory of this process in KiB: server and load generator together; -1: not told here. */
static int64_t memory_peak_kib(struct cli *c)
{
    enum { STATUS_BYTES = 64 * 1024 };
    struct str text = STR("");
    if (status_failed(c->env->file_read(c->env, c->arena, STR("/proc/self/status"), STATUS_BYTES, &text))) return -1;
    static const char name[] = "\nVmHWM:";
    for (size_t i = 0; i + sizeof name < text.n; i++) {
        if (!str_starts((struct str){text.p + i, text.n - i}, STR(name))) continue;
        int64_t v = 0;
        for (size_t k = i + sizeof name - 1; k < text.n && text.p[k] != '\n'; k++) {
            if (text.p[k] >= '0' && text.p[k] <= '9') v = v * 10 + (text.p[k] - '0');
        }
        return v;
    }
    return -1;
}

/* ---- rounds ------------------------------------------------------------------------------------------------------------ */

/* Latency of a call in thousandths of a millisecond: the worse of trial and confirm. */
static int64_t worse(uint64_t a, uint64_t b) { return (int64_t)(a > b ? a : b); }

static struct status rounds_run(struct bench *s, struct rounds *r)
{
    struct load_report report;
    s->round_count = 3 * s->b->rounds;
    TRY(groups_count(s, r, -1));
    for (uint32_t i = 0; i < s->b->rounds; i++) {
        TRY(load_one(s, 0, SATURATION_PLACES, s->b->seconds, &report));
        r->per_s[i] = (int64_t)load_cases_per_s(&report) * 1000;
        r->busy += report.busy;
        r->requoted += report.requoted;
    }
    TRY(groups_count(s, r, 1));
    int64_t least = r->per_s[0]; /* half of what every round has carried */
    for (uint32_t i = 1; i < s->b->rounds; i++) least = i64_min(least, r->per_s[i]);
    r->half_rate = (uint32_t)(least / 2000 > 0 ? least / 2000 : 1);
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

/* How far from what the disk allows: flushes a second × cases a group would be the end if nothing but flushing cost time. */
static struct status limit_print(struct bench *s, const struct rounds *r, struct buf *out)
{
    int64_t flushes[BENCH_ROUNDS_MAX], sorted[BENCH_ROUNDS_MAX];
    const uint32_t n = s->b->rounds;
    TRY(bench_store_flushes(s->c, s->b->where, flushes, n));
    for (uint32_t i = 0; i < n; i++) flushes[i] *= 1'000;
    bench_figure(out, s->b->name, "flushes_per_s", flushes, n, "1/s");
    const int64_t per_group = r->groups > 0 ? r->confirms * 1'000 / r->groups : 0;
    line(out, s->b->name, "cases_per_group", "", per_group, "cases");
    line(out, s->b->name, "commands_per_group", "", r->groups > 0 ? r->group_commands * 1'000 / r->groups : 0, "commands");
    const int64_t flush = figures_sort(flushes, n, sorted), cases = figures_sort(r->per_s, n, sorted);
    const i128 limit = (i128)flush * per_group / 1'000; /* thousandths of cases a second */
    line(out, s->b->name, "of_physical_limit", "", limit > 0 ? (int64_t)((i128)cases * 100'000 / limit) : 0, "percent");
    return STATUS_OK;
}

static struct status served_run(struct bench *s, struct rounds *r, struct buf *figures)
{
    int64_t rows0 = 0, bytes0 = 0, cases0 = 0, rows = 0, bytes = 0, cases = 0;
    const bool is_sqlite = s->b->name[0] == 's';
    struct str metrics = STR("");
    TRY(city_send(s));
    TRY(bench_store_count(s->c, s->b->where, &rows0, &bytes0, &cases0));
    TRY(rounds_run(s, r));
    TRY(bench_store_count(s->c, s->b->where, &rows, &bytes, &cases));
    TRY(metrics_read(s, &metrics));
    rounds_print(s, r, figures);
    const int64_t made = i64_max(cases - cases0, 1), rows_per_case = (rows - rows0) * 1'000 / made, bytes_per_case = (bytes - bytes0) * 1'000 / made;
    line(figures, s->b->name, "rows_per_case", "", rows_per_case, "rows");
    line(figures, s->b->name, "bytes_per_case", "", bytes_per_case, "bytes");
    if (is_sqlite) {
        line(figures, "", "rows_per_case", "", rows_per_case, "rows");
        line(figures, "", "bytes_per_case", "", bytes_per_case, "bytes");
        line(figures, s->b->name, "checkpoint_ms_max", "", metric_thousandths(metrics, "yijie_checkpoint_max_seconds ") * 1'000, "ms");
    }
    const int64_t kib = memory_peak_kib(s->c);
    if (kib >= 0) line(figures, s->b->name, "memory_peak_mib", "", kib * 1'000 / 1'024, "MiB");
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

/* Opens the server; *ret_us: how long until it listened. */
static struct status server_open(struct bench *s, int64_t *ret_us)
{
    const struct api_options o = {.env = s->c->env, .where = s->b->where, .version = STR(YIJIE_VERSION), .settings = s->settings};
    const uint64_t begun = s->c->env->monotonic_ns(s->c->env);
    TRY(api_open(s->c->arena, &o, &s->api));
    *ret_us = (int64_t)((s->c->env->monotonic_ns(s->c->env) - begun) / 1'000);
    return STATUS_OK;
}

static struct status server_run(struct bench *s, struct rounds *r, struct buf *figures)
{
    int64_t us = 0;
    TRY(server_open(s, &us));
    s->base = arena_printf(s->c->arena, "http://%.*s", STR_FMT(api_address(s->api)));
    const struct http_client_options client = {.env = s->c->env, .base = s->base};
    struct status st = http_client_open(s->c->arena, &client, &s->client);
    if (!status_failed(st)) {
        st = served_run(s, r, figures);
        http_client_close(s->client);
    }
    api_close(s->api, NULL, NULL);
    return st;
}

/* Opening again what the load has left. */
static struct status start_measure(struct bench *s, struct buf *figures)
{
    int64_t us[BENCH_ROUNDS_MAX];
    for (uint32_t i = 0; i < s->b->rounds; i++) {
        TRY(server_open(s, &us[i]));
        api_close(s->api, NULL, NULL);
    }
    bench_figure(figures, s->b->name, "start_ms", us, s->b->rounds, "ms");
    return STATUS_OK;
}

struct status bench_store_run(struct cli *c, struct bench_store *b, struct buf *figures)
{
    struct bench s = {.c = c, .b = b};
    struct api_settings *settings = ARENA_NEW(c->arena, struct api_settings);
    struct rounds *r = ARENA_NEW(c->arena, struct rounds);
    if (!settings || !r) return status_memory();
    TRY(settings_make(&s, settings));
    s.settings = settings;
    TRY(server_run(&s, r, figures));
    TRY(start_measure(&s, figures));
    return limit_print(&s, r, figures);
}
