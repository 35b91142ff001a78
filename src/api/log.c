/* api/log — structured lines on standard error, one JSON object each, for journald and whoever collects.
 *
 * Invariant: nothing of a person can get in: no path, no query, no body, no header but the request's own id and trace; routes by their pattern, callers by the id of
 * their key. A test greps the logs of a whole run for names and numbers.
 */
#include "api/api_internal.h"

#include "money/money.h"

enum { LINE_BYTES = 2048, MS_A_DAY = 86'400'000 };

static void time_add(int64_t ms, struct json_writer *w)
{
    char text[40];
    const int64_t days = ms / MS_A_DAY, left = ms % MS_A_DAY;
    char day[11];
    (void)day_format((struct day){(int32_t)days}, day);
    struct buf b;
    buf_init(&b, sizeof text);
    buf_printf(&b, "%.10sT%02lld:%02lld:%02lld.%03lldZ", day, (long long)(left / 3'600'000), (long long)(left / 60'000 % 60), (long long)(left / 1000 % 60), (long long)(left % 1000));
    json_member_string(w, STR("at"), buf_view(&b));
    buf_done(&b);
}

void api_log_write(const struct api *p, const struct api_log *l)
{
    struct buf line;
    buf_init(&line, LINE_BYTES);
    struct json_writer w;
    json_writer_init(&w, &line, false);
    json_begin_object(&w);
    time_add(p->env->now_ms(p->env), &w);
    json_member_string(&w, STR("level"), str_from(l->level));
    json_member_string(&w, STR("event"), str_from(l->event));
    if (l->address.n > 0) json_member_string(&w, STR("address"), l->address);
    if (l->method) json_member_string(&w, STR("method"), str_from(l->method));
    const struct api_request *r = l->request;
    if (r && r->route < API_ROUTE_COUNT) json_member_string(&w, STR("route"), str_from(api_routes[r->route].path));
    if (l->status) json_member_i64(&w, STR("status"), l->status);
    if (l->code) json_member_string(&w, STR("code"), str_from(l->code));
    if (l->took_ns) json_member_i64(&w, STR("us"), (int64_t)(l->took_ns / 1000));
    if (r && r->request_id.n > 0) json_member_string(&w, STR("request"), r->request_id);
    if (r && r->trace_id.n > 0) json_member_string(&w, STR("trace"), r->trace_id);
    if (r && r->key_id.n > 0) json_member_string(&w, STR("key"), r->key_id);
    json_end_object(&w);
    buf_add_char(&line, '\n');
    struct arena a;
    arena_init(&a, 4096);
    if (!line.failed) (void)p->env->output(p->env, &a, 2, buf_view(&line)).err; /* a log that cannot be written stops nothing */
    arena_done(&a);
    buf_done(&line);
}
