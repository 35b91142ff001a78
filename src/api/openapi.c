/* api/openapi — the OpenAPI 3.1 document, made from the route table and the schemas; a test checks each reply of the API against it.
 *
 * Invariant: what stands here is what is matched, permitted and limited: there is no second list.
 */
#include "api/api_internal.h"

#include <string.h>

extern const char api_schemas_text[];
extern const uint64_t api_schemas_bytes;

struct str api_schemas(void)
{
    return (struct str){api_schemas_text, (size_t)api_schemas_bytes};
}

/* The next word of a list with blanks between. */
static bool word_next(const char **at, struct str *ret)
{
    const char *end = strchr(*at, ' ');
    const size_t n = end ? (size_t)(end - *at) : strlen(*at);
    if (n == 0) return false;
    *ret = (struct str){*at, n};
    *at += end ? n + 1 : n;
    return true;
}

static void reference_write(struct json_writer *w, const char *schema)
{
    struct buf b;
    buf_init(&b, 256);
    buf_printf(&b, "#/components/schemas/%s", schema);
    json_begin_object(w);
    json_member_string(w, STR("$ref"), buf_view(&b));
    json_end_object(w);
    buf_done(&b);
}

static void media_write(struct json_writer *w, struct str media, const char *schema)
{
    json_name(w, media);
    json_begin_object(w);
    json_name(w, STR("schema"));
    if (schema[0]) {
        reference_write(w, schema);
    } else {
        json_begin_object(w);
        json_member_string(w, STR("type"), STR("string"));
        json_end_object(w);
    }
    json_end_object(w);
}

static void parameter_write(struct json_writer *w, struct str name, const char *in)
{
    json_begin_object(w);
    json_member_string(w, STR("name"), name);
    json_member_string(w, STR("in"), str_from(in));
    if (strcmp(in, "path") == 0) json_member_bool(w, STR("required"), true);
    json_name(w, STR("schema"));
    json_begin_object(w);
    json_member_string(w, STR("type"), STR("string"));
    json_end_object(w);
    json_end_object(w);
}

static void parameters_write(struct json_writer *w, enum api_route route)
{
    const struct api_route_info *info = &api_route_infos[route];
    struct str word;
    json_name(w, STR("parameters"));
    json_begin_array(w);
    for (const char *p = strchr(api_routes[route].path, '{'); p; p = strchr(p + 1, '{')) {
        const char *end = strchr(p, '}');
        CHECK(end);
        parameter_write(w, (struct str){p + 1, (size_t)(end - p) - 1}, "path");
    }
    const char *at = info->query;
    while (word_next(&at, &word)) parameter_write(w, word, "query");
    if (info->kind == API_COMMAND) parameter_write(w, STR("Idempotency-Key"), "header");
    json_end_array(w);
}

static void response_write(struct json_writer *w, struct str status, struct str description, struct str media, const char *schema)
{
    json_name(w, status);
    json_begin_object(w);
    json_member_string(w, STR("description"), description);
    json_name(w, STR("content"));
    json_begin_object(w);
    media_write(w, media, schema);
    json_end_object(w);
    json_end_object(w);
}

static void responses_write(struct json_writer *w, enum api_route route)
{
    const struct api_route_info *info = &api_route_infos[route];
    const struct str media = info->answer[0] ? STR("application/json") : route == API_ROUTE_HOME ? STR("text/html") : STR("text/plain");
    struct str status;
    json_name(w, STR("responses"));
    json_begin_object(w);
    const char *at = info->statuses;
    while (word_next(&at, &status)) {
        response_write(w, status, str_eq(status, STR("201")) ? STR("已完成 / done") : STR("答复 / answer"), media, info->answer);
    }
    if (info->kind == API_COMMAND) response_write(w, STR("202"), STR("存疑，自行解决 / in doubt, resolves itself"), media, "InDoubt");
    response_write(w, STR("default"), STR("不予办理 / refused"), STR(HTTP_PROBLEM_TYPE), "Problem");
    json_end_object(w);
}

static void request_write(struct json_writer *w, const struct api_route_info *info)
{
    struct str media;
    if (!info->media[0]) return;
    json_name(w, STR("requestBody"));
    json_begin_object(w);
    json_name(w, STR("content"));
    json_begin_object(w);
    const char *at = info->media;
    while (word_next(&at, &media)) media_write(w, media, str_eq(media, STR("application/json")) ? info->request : "");
    json_end_object(w);
    json_end_object(w);
}

static void operation_write(struct json_writer *w, enum api_route route)
{
    const struct api_route_info *info = &api_route_infos[route];
    struct buf text;
    buf_init(&text, 4096);
    buf_printf(&text, "%s / %s", info->zh, info->en);
    char method[16];
    size_t n = 0;
    for (; n < sizeof method - 1 && api_routes[route].method[n]; n++) method[n] = (char)(api_routes[route].method[n] + ('a' - 'A'));
    json_name(w, (struct str){method, n});
    json_begin_object(w);
    json_member_string(w, STR("summary"), buf_view(&text));
    json_member_string(w, STR("x-permission"), str_from(api_permission_name(info->permission)));
    if (info->permission == API_MAY_OPEN) {
        json_name(w, STR("security"));
        json_begin_array(w);
        json_end_array(w);
    }
    parameters_write(w, route);
    request_write(w, info);
    responses_write(w, route);
    json_end_object(w);
    buf_done(&text);
}

static bool path_is_first(enum api_route route)
{
    for (enum api_route k = 0; k < route; k++) {
        if (strcmp(api_routes[k].path, api_routes[route].path) == 0) return false;
    }
    return true;
}

static void head_write(struct json_writer *w, struct str version)
{
    json_member_string(w, STR("openapi"), STR("3.1.0"));
    json_name(w, STR("info"));
    json_begin_object(w);
    json_member_string(w, STR("title"), STR("医结 yijie"));
    json_member_string(w, STR("version"), version);
    json_member_string(w, STR("description"), STR("医院与多方支付的一站式结算。金额为最小货币单位的整数。 / One-stop settlement between hospitals and payers. Amounts are integers in minor units."));
    json_end_object(w);
    json_name(w, STR("security"));
    json_begin_array(w);
    json_begin_object(w);
    json_name(w, STR("key"));
    json_begin_array(w);
    json_end_array(w);
    json_end_object(w);
    json_end_array(w);
}

void api_openapi_write(struct str version, struct buf *out)
{
    struct json_writer w;
    json_writer_init(&w, out, false);
    json_begin_object(&w);
    head_write(&w, version);
    json_name(&w, STR("paths"));
    json_begin_object(&w);
    for (enum api_route i = 0; i < API_ROUTE_COUNT; i++) {
        if (!path_is_first(i)) continue;
        json_name(&w, str_from(api_routes[i].path));
        json_begin_object(&w);
        for (enum api_route k = i; k < API_ROUTE_COUNT; k++) {
            if (strcmp(api_routes[k].path, api_routes[i].path) == 0) operation_write(&w, k);
        }
        json_end_object(&w);
    }
    json_end_object(&w);
    json_name(&w, STR("components"));
    json_begin_object(&w);
    json_name(&w, STR("securitySchemes"));
    json_begin_object(&w);
    json_name(&w, STR("key"));
    json_begin_object(&w);
    json_member_string(&w, STR("type"), STR("http"));
    json_member_string(&w, STR("scheme"), STR("bearer"));
    json_end_object(&w);
    json_end_object(&w);
    json_name(&w, STR("schemas"));
    json_raw(&w, api_schemas());
    json_end_object(&w);
    json_end_object(&w);
}
