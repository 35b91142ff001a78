/* api/tables — routes, permissions and refusals as C tables, and how refusals are answered. */
#include "api/api_internal.h"

#include <string.h>

const struct http_route api_routes[API_ROUTE_COUNT] = {
#define X(id, method, path, permission, kind, op, media, request, answer, statuses, query, zh, en) [API_ROUTE_##id] = {method, path},
#include "api/routes.def"
#undef X
};
const struct api_route_info api_route_infos[API_ROUTE_COUNT] = {
#define X(id, method, path, permission, kind, op, media, request, answer, statuses, query, zh, en) \
    [API_ROUTE_##id] = {API_MAY_##permission, kind, op, media, request, answer, statuses, query, zh, en},
#include "api/routes.def"
#undef X
};

/* A bit for each role. */
enum { BIT_HOSPITAL = 1 << REGISTRY_ROLE_HOSPITAL, BIT_INSURER = 1 << REGISTRY_ROLE_INSURER, BIT_OPERATOR = 1 << REGISTRY_ROLE_OPERATOR,
       BIT_AUDITOR = 1 << REGISTRY_ROLE_AUDITOR, BIT_ADMIN = 1 << REGISTRY_ROLE_ADMIN };
static const struct {
    const char *name;
    unsigned int roles;
} permissions[API_PERMISSION_COUNT] = {
#define X(id, name, zh, en, hospital, insurer, operator, auditor, admin) \
    [API_MAY_##id] = {name, ((hospital) ? BIT_HOSPITAL : 0U) | ((insurer) ? BIT_INSURER : 0U) | ((operator) ? BIT_OPERATOR : 0U) | ((auditor) ? BIT_AUDITOR : 0U) | ((admin) ? BIT_ADMIN : 0U)},
#include "api/permissions.def"
#undef X
};

bool api_may(enum api_permission p, enum registry_role role)
{
    CHECK(p < API_PERMISSION_COUNT);
    return (permissions[p].roles >> role & 1U) != 0;
}

const char *api_permission_name(enum api_permission p)
{
    CHECK(p < API_PERMISSION_COUNT);
    return permissions[p].name;
}

static const struct {
    int status;
    const char *code, *zh, *en, *hint_zh, *hint_en;
} errors[API_ERROR_COUNT] = {
#define X(id, status, code, zh, en, hint_zh, hint_en) [API_ERROR_##id] = {status, code, zh, en, hint_zh, hint_en},
#include "api/errors.def"
#undef X
};

struct http_problem api_error_problem(enum api_error e)
{
    CHECK(e < API_ERROR_COUNT);
    return (struct http_problem){.status = errors[e].status, .code = errors[e].code, .zh = str_from(errors[e].zh), .en = str_from(errors[e].en),
        .hint_zh = str_from(errors[e].hint_zh), .hint_en = str_from(errors[e].hint_en)};
}

struct status api_fail(struct arena *a, enum api_error e, struct str place)
{
    return status_error(a, (struct error){.code = errors[e].code, .place = place, .zh = str_from(errors[e].zh), .en = str_from(errors[e].en),
        .hint_zh = str_from(errors[e].hint_zh), .hint_en = str_from(errors[e].hint_en)});
}

void api_problem_answer(struct api_request *r, struct http_problem p)
{
    struct http_exchange *x = r->x;
    p.en_first = r->en_first;
    p.instance = r->request_id;
    buf_clear(x->out);
    http_problem_write(&p, x->out);
    if (p.status == 503) http_answer_header(x, "Retry-After", STR("1"));
    if (p.status == 401) http_answer_header(x, "WWW-Authenticate", STR("Bearer realm=\"yijie\""));
    if (p.status == 405) http_answer_header(x, "Allow", r->allow);
    http_answer(x, p.status, HTTP_PROBLEM_TYPE);
}

void api_error_answer(struct api_request *r, enum api_error e)
{
    api_problem_answer(r, api_error_problem(e));
}

void api_status_answer(struct api_request *r, int status, struct status s)
{
    if (strcmp(s.err->code, "out-of-memory") == 0) {
        api_problem_answer(r, http_error_problem(HTTP_ERROR_MEMORY));
        return;
    }
    const struct error *e = s.err;
    api_problem_answer(r, (struct http_problem){.status = status, .code = e->code, .zh = e->zh, .en = e->en, .hint_zh = e->hint_zh, .hint_en = e->hint_en,
        .place = e->place, .errors = e->next ? e : NULL});
}
