/* api/commands — routes that write: a command of the desk, answered when its outcome is durable.
 *
 * Flow: parsed on the HTTP thread (no database) → queued (full: 503) → a worker of the desk says done → back on the HTTP thread it is rendered and answered.
 * Invariant: a command that was queued is freed once, behind its answer.
 */
#include "api/api_internal.h"

#include <string.h>

static const char *content_type_of(int status)
{
    return status >= 400 ? HTTP_PROBLEM_TYPE : "application/json";
}

/* Where what was made is to be found: below the path that made it. */
static void location_answer(const struct api_request *r, const struct cases_command *cmd)
{
    struct id128 made;
    char hex[33];
    if (!cases_command_made(cmd, &made)) return;
    id128_hex(&made, hex);
    const struct str value = arena_printf(r->x->arena, "%s/%s", api_routes[r->route].path, hex);
    if (value.p) http_answer_header(r->x, "Location", value);
}

static void command_answer(void *user, struct http_exchange *x)
{
    struct api_request *r = user;
    struct cases_command *cmd = r->command;
    const int status = cases_command_status(cmd);
    cases_command_render(cmd, x->out);
    location_answer(r, cmd);
    cases_command_free(cmd);
    r->command = NULL;
    r->api->env->point(r->api->env, "api.answer");
    if (status == 503) http_answer_header(x, "Retry-After", STR("1"));
    http_answer(x, status, content_type_of(status));
}

static void command_done(void *user, struct cases_command *cmd)
{
    struct api_request *r = user;
    r->command = cmd;
    http_later(r->x, command_answer, r);
}

/* What the path and the query say to the command. False: answered. */
static bool parts_find(struct api_request *r, struct str *ret_id, struct str *ret_part)
{
    const struct http_match *m = &r->match;
    struct arena *a = r->x->arena;
    struct str kind = STR(""), dry = STR("");
    *ret_id = m->part_count > 0 ? m->part[0] : STR("");
    *ret_part = STR("");
    switch (r->route) {
    case API_ROUTE_SHARE: *ret_part = arena_printf(a, "%.*s/%.*s", STR_FMT(m->part[1]), STR_FMT(m->part[2])); break;
    case API_ROUTE_CLOSE_DAY:
        *ret_part = m->part[0];
        *ret_id = STR("");
        break;
    case API_ROUTE_IMPORT: {
        const struct str type = http_request_header(&r->x->request, "content-type");
        (void)http_query_get(&r->x->request, a, "kind", &kind);
        if (str_starts(type, STR("text/csv"))) *ret_part = kind.n > 0 ? arena_printf(a, "csv/%.*s", STR_FMT(kind)) : STR("csv");
        else if (str_starts(type, STR("application/x-ndjson"))) *ret_part = STR("lines");
        break;
    }
    default: break;
    }
    if (api_route_infos[r->route].op == CASES_CHANGE) {
        (void)http_query_get(&r->x->request, a, "dry_run", &dry);
        if (dry.n > 0 && !str_eq(dry, STR("0")) && !str_eq(dry, STR("1"))) {
            api_problem_answer(r, http_error_problem(HTTP_ERROR_QUERY));
            return false;
        }
        *ret_id = str_eq(dry, STR("1")) ? STR("dry-run") : STR("");
    }
    if (ret_part->p) return true;
    api_problem_answer(r, http_error_problem(HTTP_ERROR_MEMORY));
    return false;
}

/* A hospital speaks for the patient: it disputes and brings papers; what a payer decides is the payer's. */
static bool share_act_allowed(const struct api_request *r)
{
    if (r->route != API_ROUTE_SHARE || r->local || r->role != REGISTRY_ROLE_HOSPITAL) return true;
    const struct str act = r->match.part[2];
    return str_eq(act, STR("dispute")) || str_eq(act, STR("papers-add"));
}

/* Whether a batch speaks of keys: the registry's own reading of it. What cannot be read is refused by the command itself. */
static bool names_a_key(struct api_request *r, struct str part)
{
    struct arena *a = r->x->arena;
    const struct str body = r->x->request.body;
    struct registry_import in = {.count = 0};
    const struct json *v = NULL;
    struct registry_change *one = NULL;
    const struct str csv = STR("csv/");
    if (str_starts(part, STR("csv"))) {
        const struct str kind = str_starts(part, csv) ? (struct str){part.p + csv.n, part.n - csv.n} : STR("");
        if (status_failed(registry_import_csv(a, body, kind, &in))) return false;
    } else if (part.n == 0 && !status_failed(json_parse(a, body, &v)) && v->kind == JSON_OBJECT) {
        if (status_failed(registry_change_parse(a, v, &one))) return false;
        in = (struct registry_import){.changes = &one, .count = 1};
        return strcmp(registry_change_name(one), "key") == 0;
    } else if (status_failed(registry_import_json(a, body, &in))) {
        return false;
    }
    for (uint32_t i = 0; i < in.count; i++) {
        if (strcmp(registry_change_name(in.changes[i]), "key") == 0) return true;
    }
    return false;
}

static bool consent_only(struct api_request *r)
{
    const struct json *v = NULL;
    const struct status s = json_parse(r->x->arena, r->x->request.body, &v);
    if (status_failed(s)) {
        api_status_answer(r, 400, s);
        return false;
    }
    const struct json *change = json_get(v, STR("change"));
    if (change && (str_eq(change->text, STR("consent")) || str_eq(change->text, STR("withdrawal")))) return true;
    api_error_answer(r, API_ERROR_BODY);
    return false;
}

/* What a narrower route takes of the wider command: /v1/consents only consents; keys only from who may manage them. False: answered. */
static bool change_allowed(struct api_request *r, struct str part)
{
    if (api_route_infos[r->route].op != CASES_CHANGE) return true;
    if (r->route == API_ROUTE_CONSENTS) return consent_only(r);
    if (r->local || api_may(API_MAY_KEYS, r->role) || !names_a_key(r, part)) return true;
    api_error_answer(r, API_ERROR_FORBIDDEN);
    return false;
}

void api_command_handle(struct api_request *r)
{
    struct str id, part;
    if (!share_act_allowed(r)) {
        api_error_answer(r, API_ERROR_FORBIDDEN);
        return;
    }
    if (!parts_find(r, &id, &part) || !change_allowed(r, part)) return;
    struct cases_command *cmd = NULL;
    struct arena *arena = NULL;
    const struct status s = cases_command_new(r->api->desk, api_route_infos[r->route].op, &r->caller, r->idempotency_key, id, part, r->x->request.body, &cmd, &arena);
    if (status_failed(s)) {
        api_status_answer(r, 400, s); /* its words lie in the command */
        if (cmd) cases_command_free(cmd);
        return;
    }
    if (cases_command_submit(cmd, command_done, r)) return; /* r is not ours any more */
    cases_command_free(cmd);
    api_error_answer(r, API_ERROR_BUSY);
}
