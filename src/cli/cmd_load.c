/* cli/cmd_load — `yijie load`: sends cases of the demonstration city to a running server and prints how it did. */
#include "cli/command.h"
#include "cli/files.h"
#include "cli/session.h"

#include "http/http.h"
#include "load/load.h"

#include <stdlib.h>
#include <string.h>

struct watch {
    struct cli *c;
    struct buf acknowledged; /* ids, one a line */
};

static void watch_progress(void *user, uint64_t done_ms, uint64_t total_ms, uint64_t confirmed)
{
    struct watch *w = user;
    (void)confirmed;
    cli_progress(w->c, "发送病例", "sending cases", done_ms, total_ms);
}

static void watch_acknowledged(void *user, struct str id)
{
    struct watch *w = user;
    buf_add(&w->acknowledged, id);
    buf_add_char(&w->acknowledged, '\n');
}

static void latency_json(struct json_writer *w, const char *name, const struct load_latency *l)
{
    json_name(w, str_from(name));
    json_begin_object(w);
    json_member_i64(w, STR("count"), (int64_t)l->count);
    json_member_i64(w, STR("p50_us"), (int64_t)l->p50_us);
    json_member_i64(w, STR("p90_us"), (int64_t)l->p90_us);
    json_member_i64(w, STR("p99_us"), (int64_t)l->p99_us);
    json_member_i64(w, STR("p999_us"), (int64_t)l->p999_us);
    json_member_i64(w, STR("max_us"), (int64_t)l->max_us);
    json_end_object(w);
}

static void report_json(struct cli *c, const struct load_report *r)
{
    struct json_writer w;
    json_writer_init(&w, &c->out, true);
    json_begin_object(&w);
    json_member_i64(&w, STR("begun"), (int64_t)r->begun);
    json_member_i64(&w, STR("confirmed"), (int64_t)r->confirmed);
    json_member_i64(&w, STR("requoted"), (int64_t)r->requoted);
    json_member_i64(&w, STR("refused"), (int64_t)r->refused);
    json_member_i64(&w, STR("busy"), (int64_t)r->busy);
    json_member_i64(&w, STR("failed"), (int64_t)r->failed);
    json_member_i64(&w, STR("cases_per_s"), (int64_t)load_cases_per_s(r));
    latency_json(&w, "trial", &r->trial);
    latency_json(&w, "confirm", &r->confirm);
    json_name(&w, STR("errors"));
    json_begin_array(&w);
    for (uint32_t i = 0; i < r->error_count; i++) {
        json_begin_object(&w);
        json_member_i64(&w, STR("status"), r->errors[i].status);
        json_member_string(&w, STR("code"), str_from(r->errors[i].code));
        json_member_i64(&w, STR("count"), (int64_t)r->errors[i].count);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    buf_add_char(&c->out, '\n');
}

static struct str number(struct cli *c, uint64_t v) { return arena_printf(c->arena, "%llu", (unsigned long long)v); }

/* Microseconds as milliseconds with two places, by integers. */
static struct str milliseconds(struct cli *c, uint64_t us) { return arena_printf(c->arena, "%llu.%02llu", (unsigned long long)(us / 1000), (unsigned long long)(us % 1000 / 10)); }

static void latency_row(struct cli *c, struct cli_table *t, const char *zh, const char *en, const struct load_latency *l)
{
    cli_table_add(t, cli_pair(c, str_from(zh), str_from(en), 40));
    cli_table_add(t, number(c, l->count));
    cli_table_add(t, milliseconds(c, l->p50_us));
    cli_table_add(t, milliseconds(c, l->p90_us));
    cli_table_add(t, milliseconds(c, l->p99_us));
    cli_table_add(t, milliseconds(c, l->p999_us));
    cli_table_add(t, milliseconds(c, l->max_us));
}

static void report_print(struct cli *c, const struct load_report *r)
{
    struct cli_table t;
    cli_table_init(&t, c->arena, 7, "lrrrrrr");
    cli_table_add(&t, cli_pair(c, STR("调用（毫秒）"), STR("call (ms)"), 40));
    static const char *const heads[] = {"n", "p50", "p90", "p99", "p99.9", "max"};
    for (size_t i = 0; i < COUNT_OF(heads); i++) cli_table_add(&t, str_from(heads[i]));
    cli_table_rule(&t);
    latency_row(c, &t, "试算", "trial", &r->trial);
    latency_row(c, &t, "确认", "confirm", &r->confirm);
    cli_table_print(c, &t, &c->out);
    buf_add_char(&c->out, '\n');
    cli_wrap(c, cli_pair(c,
        arena_printf(c->arena, "已确认 %llu · 重新报价 %llu · 被拒 %llu · 繁忙 %llu · 失败 %llu · 每秒 %llu 例", (unsigned long long)r->confirmed, (unsigned long long)r->requoted,
            (unsigned long long)r->refused, (unsigned long long)r->busy, (unsigned long long)r->failed, (unsigned long long)load_cases_per_s(r)),
        arena_printf(c->arena, "confirmed %llu · requoted %llu · refused %llu · busy %llu · failed %llu · %llu cases/s", (unsigned long long)r->confirmed,
            (unsigned long long)r->requoted, (unsigned long long)r->refused, (unsigned long long)r->busy, (unsigned long long)r->failed, (unsigned long long)load_cases_per_s(r)), c->columns));
    for (uint32_t i = 0; i < r->error_count; i++) buf_printf(&c->out, "  %d %s × %llu\n", r->errors[i].status, r->errors[i].code, (unsigned long long)r->errors[i].count);
}

/* One question first: where nobody answers, there is nothing to measure. */
static struct status server_check(struct cli *c, const struct load_options *o)
{
    struct http_client *client = NULL;
    struct http_client_answer answer = {.status = 0};
    const struct http_client_options options = {.env = c->env, .base = o->base, .authorization = o->authorization};
    TRY(http_client_open(c->arena, &options, &client));
    const struct status s = http_client_call(client, c->arena, &(struct http_client_request){.method = "GET", .path = STR("/healthz")}, &answer);
    http_client_close(client);
    return s;
}

int cli_load(struct cli *c)
{
    int64_t persons = 100'000, seed = 1, rate = 0, seconds = 10, places = 64, lines = 0, count = 0;
    const bool saturate = !c->option[CLI_RATE] || strcmp(c->option[CLI_RATE], "max") == 0;
    if (!cli_number(c, CLI_PERSONS, 1, CITY_PERSONS_MAX, &persons) || !cli_number(c, CLI_SEED, 0, UINT32_MAX, &seed) ||
        !cli_number(c, CLI_SECONDS, 1, 1'000'000, &seconds) || !cli_number(c, CLI_CONNECTIONS, 1, LOAD_PLACES_MAX, &places) ||
        !cli_number(c, CLI_LINES_OF, 1, LIMIT_BILL_LINES, &lines) || !cli_number(c, CLI_COUNT, 1, UINT32_MAX, &count) ||
        (!saturate && !cli_number(c, CLI_RATE, 1, 1'000'000, &rate))) {
        return CLI_BAD_INPUT;
    }
    struct watch watch = {.c = c};
    buf_init(&watch.acknowledged, CLI_OUT_BYTES);
    const struct load_options o = {
        .env = c->env, .base = str_from(c->option[CLI_URL] ? c->option[CLI_URL] : "http://127.0.0.1:8642"),
        .authorization = cli_authorization(c),
        .city = {.seed = (uint64_t)seed, .person_count = (uint32_t)persons}, .run = c->env->monotonic_ns(c->env) ^ (uint64_t)c->env->now_ms(c->env) << 20,
        .lines = (uint32_t)lines, .covered = c->option[CLI_COVERED] != NULL, .rate_per_s = (uint32_t)rate, .seconds = (uint32_t)seconds, .places = (uint32_t)places,
        .case_max = (uint64_t)count, .acknowledged = c->option[CLI_ACKNOWLEDGED] ? watch_acknowledged : NULL, .progress = watch_progress, .user = &watch};
    struct load_report r;
    struct status s = server_check(c, &o);
    if (!status_failed(s)) s = load_run(c->arena, &o, &r);
    cli_progress_end(c);
    if (!status_failed(s) && c->option[CLI_ACKNOWLEDGED]) s = cli_file_replace(c, c->option[CLI_ACKNOWLEDGED], buf_view(&watch.acknowledged));
    buf_done(&watch.acknowledged);
    if (status_failed(s)) return cli_fail(c, s, NULL);
    if (c->json) report_json(c, &r);
    else report_print(c, &r);
    return r.failed > 0 ? CLI_FAILURE : r.confirmed == 0 ? CLI_REFUSED : CLI_OK;
}
