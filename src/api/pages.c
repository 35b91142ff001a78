/* api/pages — what answers at once: the home page, health, metrics, the OpenAPI document. */
#include "api/api_internal.h"

static const char home[] =
    "<!doctype html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>医结 yijie</title>\n</head>\n<body>\n"
    "<main>\n<h1>医结 yijie</h1>\n"
    "<p>这里是一台结算服务器：一张账单进来，医保、惠民保与各家商业保险各付多少，一次算清，精确到分，并逐笔记账。</p>\n"
    "<p lang=\"en\">This is a settlement server: a bill goes in, and what the scheme, the city's product and every commercial policy pay comes out, exact to the fen, and is booked.</p>\n"
    "<ul>\n"
    "<li><a href=\"/openapi.json\">/openapi.json</a> 接口说明 <span lang=\"en\">the interface</span></li>\n"
    "<li><a href=\"/v1/settlements\">/v1/settlements</a> 案件列表 <span lang=\"en\">settlements</span></li>\n"
    "<li><a href=\"/v1/shares\">/v1/shares</a> 待处理份额 <span lang=\"en\">shares that wait</span></li>\n"
    "<li><a href=\"/v1/events\">/v1/events</a> 事件 <span lang=\"en\">events</span></li>\n"
    "<li><a href=\"/metrics\">/metrics</a> 运行指标 <span lang=\"en\">metrics</span></li>\n"
    "<li><a href=\"/healthz\">/healthz</a> 是否在运行 <span lang=\"en\">health</span></li>\n"
    "</ul>\n"
    "<p>平台不经手资金：支付方直接付给医院或患者。 <span lang=\"en\">The platform never holds money: payers pay hospitals and patients directly.</span></p>\n"
    "</main>\n</body>\n</html>\n";

static void health_write(const struct api *p, struct buf *out)
{
    struct json_writer w;
    json_writer_init(&w, out, false);
    json_begin_object(&w);
    json_member_string(&w, STR("status"), STR("ok"));
    json_member_string(&w, STR("version"), p->version);
    json_end_object(&w);
}

void api_page_handle(struct api_request *r)
{
    struct http_exchange *x = r->x;
    switch (r->route) {
    case API_ROUTE_HEALTH:
        health_write(r->api, x->out);
        http_answer(x, 200, "application/json");
        return;
    case API_ROUTE_METRICS:
        api_metrics_write(r->api, x->server, x->out);
        http_answer(x, 200, "text/plain; version=0.0.4; charset=utf-8");
        return;
    case API_ROUTE_OPENAPI:
        buf_add(x->out, r->api->openapi);
        http_answer(x, 200, "application/json");
        return;
    default:
        buf_add_cstr(x->out, home);
        http_answer_header(x, "Content-Security-Policy", STR("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"));
        http_answer_header(x, "Referrer-Policy", STR("no-referrer"));
        http_answer(x, 200, "text/html; charset=utf-8");
        return;
    }
}
