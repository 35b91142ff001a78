/* api/metrics — the text that Prometheus reads: requests by route and class of status with durations, commands, groups, connections, refusals.
 *
 * Invariant: labels come from our tables only, so that their number is bounded and nothing of a stranger stands in them. Counters are read without locks: each
 * is right, together they may be a moment apart. Source: Prometheus exposition format 0.0.4; checked by promtool in a test.
 */
#include "api/api_internal.h"

static const uint32_t bucket_us[API_DURATION_BUCKETS] = {500, 1000, 2500, 5000, 10'000, 20'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 5'000'000};

void api_metrics_count(struct api *p, enum api_route route, int status, uint64_t took_ns)
{
    struct api_route_metrics *m = &p->routes[route];
    const uint64_t us = took_ns / 1000;
    size_t b = 0;
    while (b < API_DURATION_BUCKETS && us > bucket_us[b]) b++;
    atomic_fetch_add(&m->bucket[b], 1);
    atomic_fetch_add(&m->sum_us, us);
    atomic_fetch_add(&m->count[status >= 100 && status < 600 ? status / 100 : 0], 1);
}

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(struct buf *out, const char *name, const char *type, const char *help, uint64_t v)
{
    head(out, name, type, help);
    buf_printf(out, "%s %llu\n", name, (unsigned long long)v);
}

static void seconds(struct buf *out, const char *name, const char *type, const char *help, uint64_t ns)
{
    head(out, name, type, help);
    buf_printf(out, "%s %llu.%09llu\n", name, (unsigned long long)(ns / 1'000'000'000), (unsigned long long)(ns % 1'000'000'000));
}

static void route_label(struct buf *out, enum api_route r)
{
    if (r == API_ROUTE_COUNT) buf_add_cstr(out, "route=\"none\"");
    else buf_printf(out, "route=\"%s %s\"", api_routes[r].method, api_routes[r].path);
}

static void routes_write(const struct api *p, struct buf *out)
{
    head(out, "yijie_http_requests_total", "counter", "Requests by route and class of status.");
    for (enum api_route r = 0; r <= API_ROUTE_COUNT; r++) {
        for (int k = 1; k < 6; k++) {
            const uint64_t n = atomic_load(&p->routes[r].count[k]);
            if (n == 0) continue;
            buf_add_cstr(out, "yijie_http_requests_total{");
            route_label(out, r);
            buf_printf(out, ",status=\"%dxx\"} %llu\n", k, (unsigned long long)n);
        }
    }
    head(out, "yijie_http_request_duration_seconds", "histogram", "From complete headers to the last byte of the answer.");
    for (enum api_route r = 0; r <= API_ROUTE_COUNT; r++) {
        const struct api_route_metrics *m = &p->routes[r];
        uint64_t sum = 0, all = 0;
        for (size_t b = 0; b <= API_DURATION_BUCKETS; b++) all += atomic_load(&m->bucket[b]);
        if (all == 0) continue;
        for (size_t b = 0; b < API_DURATION_BUCKETS; b++) {
            sum += atomic_load(&m->bucket[b]);
            buf_add_cstr(out, "yijie_http_request_duration_seconds_bucket{");
            route_label(out, r);
            buf_printf(out, ",le=\"%u.%06u\"} %llu\n", bucket_us[b] / 1'000'000, bucket_us[b] % 1'000'000, (unsigned long long)sum);
        }
        sum += atomic_load(&m->bucket[API_DURATION_BUCKETS]);
        buf_add_cstr(out, "yijie_http_request_duration_seconds_bucket{");
        route_label(out, r);
        buf_printf(out, ",le=\"+Inf\"} %llu\nyijie_http_request_duration_seconds_sum{", (unsigned long long)sum);
        route_label(out, r);
        const uint64_t us = atomic_load(&m->sum_us);
        buf_printf(out, "} %llu.%06llu\nyijie_http_request_duration_seconds_count{", (unsigned long long)(us / 1'000'000), (unsigned long long)(us % 1'000'000));
        route_label(out, r);
        buf_printf(out, "} %llu\n", (unsigned long long)sum);
    }
}

static void http_write(const struct api *p, const struct http_server *server, struct buf *out)
{
    struct http_metrics m;
    http_server_metrics(server, &m);
    one(out, "yijie_http_connections", "gauge", "Open connections.", m.connections_open);
    one(out, "yijie_http_connections_total", "counter", "Connections since the start.", m.connections_total);
    one(out, "yijie_http_busy", "gauge", "Requests at hand.", m.busy);
    one(out, "yijie_http_body_in_bytes_total", "counter", "Bytes of request bodies.", m.body_bytes_in);
    one(out, "yijie_http_body_out_bytes_total", "counter", "Bytes of answer bodies.", m.body_bytes_out);
    one(out, "yijie_http_cut_slow_total", "counter", "Connections cut because they were too slow.", m.cut_slow_total);
    one(out, "yijie_auth_refused_total", "counter", "Requests without a valid key or permission.", atomic_load(&p->refused_auth));
    head(out, "yijie_http_refused_total", "counter", "Requests refused by the seam.");
    for (enum http_error e = 0; e < HTTP_ERROR_COUNT; e++) {
        if (m.refused_total[e] > 0) buf_printf(out, "yijie_http_refused_total{code=\"%s\"} %llu\n", http_error_problem(e).code, (unsigned long long)m.refused_total[e]);
    }
}

static void cases_write(const struct api *p, struct buf *out)
{
    struct cases_metrics m = {.refused = 0};
    cases_metrics_read(p->desk, &m);
    head(out, "yijie_commands_total", "counter", "Commands with a durable outcome.");
    for (enum cases_op i = 0; i < CASES_OP_COUNT; i++) buf_printf(out, "yijie_commands_total{op=\"%s\"} %llu\n", cases_op_name(i), (unsigned long long)m.commands[i]);
    one(out, "yijie_commands_refused_total", "counter", "Commands that the domain refused.", m.refused);
    one(out, "yijie_commands_failed_total", "counter", "Commands that failed.", m.failed);
    one(out, "yijie_groups_total", "counter", "Commits of groups.", m.groups);
    one(out, "yijie_group_commands_total", "counter", "Commands in these groups.", m.group_commands);
    one(out, "yijie_commands_redone_total", "counter", "Commands redone one by one because their group failed.", m.redone);
    one(out, "yijie_queue_depth", "gauge", "Commands that wait.", m.queue_depth);
    one(out, "yijie_log_bytes", "gauge", "Size of the write-ahead log.", m.log_bytes);
    seconds(out, "yijie_commit_seconds_total", "counter", "Time in commits.", m.commit_ns_sum);
    seconds(out, "yijie_busy_seconds_total", "counter", "Time that workers were busy.", m.busy_ns_sum);
    seconds(out, "yijie_checkpoint_max_seconds", "gauge", "Longest checkpoint.", m.checkpoint_ns_max);
}

void api_metrics_write(const struct api *p, const struct http_server *server, struct buf *out)
{
    head(out, "yijie_info", "gauge", "The release that runs.");
    buf_printf(out, "yijie_info{version=\"%.*s\"} 1\n", STR_FMT(p->version));
    seconds(out, "yijie_uptime_seconds", "gauge", "Time since the start.", p->env->monotonic_ns(p->env) - p->started_ns);
    routes_write(p, out);
    http_write(p, server, out);
    cases_write(p, out);
}
