/* cli/session — finds the running server of a data folder, or opens the desk and serves it on its admin socket meanwhile. */
#include "cli/session.h"

#include "api/api.h"

#include <stdlib.h>
#include <string.h>

enum { SESSION_TRIES = 40, SESSION_PAUSE_MS = 100, SESSION_TOTAL_MS = 3'600'000, SESSION_CONNECT_MS = 2000, SESSION_ANSWER_BYTES = 4 * LIMIT_JSON_BYTES };

struct cli_session {
    struct cli *c;
    struct http_client *client;
    struct api *own; /* NULL: a running server has taken us */
};

static struct status client_open(struct cli *c, struct str socket, struct http_client **ret)
{
    const struct http_client_options o = {.env = c->env, .base = STR("http://localhost"), .unix_socket = socket, .in_flight_max = 8, .connect_ms = SESSION_CONNECT_MS,
        .total_ms = SESSION_TOTAL_MS, .answer_bytes_max = SESSION_ANSWER_BYTES};
    return http_client_open(c->arena, &o, ret);
}

/* True when a server answers at the socket; then the client is kept. */
static struct status server_find(struct cli_session *s, struct str socket, bool *ret_there)
{
    struct http_client *client = NULL;
    struct http_client_answer answer = {.status = 0};
    *ret_there = false;
    TRY(client_open(s->c, socket, &client));
    const struct status asked = http_client_call(client, s->c->arena, &(struct http_client_request){.method = "GET", .path = STR("/healthz")}, &answer);
    if (!status_failed(asked) && answer.status == 200) {
        s->client = client;
        *ret_there = true;
        return STATUS_OK;
    }
    http_client_close(client);
    return STATUS_OK;
}

static struct status own_open(struct cli_session *s, struct str where, struct str private_socket)
{
    struct cli *c = s->c;
    struct api_settings settings;
    api_settings_default(&settings);
    if (c->option[CLI_KEYS]) TRY(api_setting_set(&settings, c->arena, API_KEYS, str_from(c->option[CLI_KEYS]), API_FROM_OPTION));
    if (c->option[CLI_ALLOW_DOUBTFUL]) TRY(api_setting_set(&settings, c->arena, API_ALLOW_DOUBTFUL, STR("yes"), API_FROM_OPTION));
    TRY(api_setting_set(&settings, c->arena, API_DRAIN_MS, STR("0"), API_FROM_OPTION));
    const struct api_options o = {.env = c->env, .where = where, .version = STR(YIJIE_VERSION), .settings = &settings, .private_only = true, .admin_socket = private_socket};
    TRY(api_open(c->arena, &o, &s->own));
    const struct str unix_scheme = STR("unix:"), address = api_address(s->own);
    return client_open(c, (struct str){address.p + unix_scheme.n, address.n - unix_scheme.n}, &s->client);
}

/* "/tmp/yijie-<random>/socket": for a database, which has no folder of its own. */
static struct status private_socket_choose(struct cli *c, struct str *ret)
{
    uint64_t random[2];
    TRY(c->env->random_fill(c->env, c->arena, random, sizeof random));
    *ret = arena_printf(c->arena, "/tmp/yijie-%016llx%016llx/socket", (unsigned long long)random[0], (unsigned long long)random[1]);
    return ret->p ? STATUS_OK : status_memory();
}

static struct status folder_open(struct cli_session *s, struct str folder)
{
    const struct str socket = arena_printf(s->c->arena, "%.*s/socket", STR_FMT(folder));
    if (!socket.p) return status_memory();
    for (uint32_t i = 0;; i++) {
        bool there = false;
        TRY(server_find(s, socket, &there));
        if (there) return STATUS_OK;
        const struct status opened = own_open(s, folder, STR(""));
        /* somebody has the folder but does not answer yet: a server that starts or stops */
        if (!status_failed(opened) || strcmp(opened.err->code, "store-in-use") != 0 || i + 1 >= SESSION_TRIES) return opened;
        s->c->env->wait_ms(s->c->env, SESSION_PAUSE_MS);
    }
}

struct status cli_session_find(struct cli *c, struct str folder, struct cli_session **ret)
{
    bool there = false;
    struct cli_session *s = ARENA_NEW(c->arena, struct cli_session);
    const struct str socket = arena_printf(c->arena, "%.*s/socket", STR_FMT(folder));
    if (!s || !socket.p) return status_memory();
    s->c = c;
    TRY(server_find(s, socket, &there));
    *ret = there ? s : NULL;
    return STATUS_OK;
}

struct status cli_session_open(struct cli *c, struct cli_session **ret)
{
    const char *data = c->option[CLI_DATA], *store = c->option[CLI_STORE];
    if (!data == !store) {
        return status_error(c->arena, (struct error){.code = "option-missing", .place = STR("--data --store"), .zh = STR("须给出 --data 或 --store 之一"),
            .en = STR("give one of --data and --store"), .hint_zh = STR("例如 --data 目录"), .hint_en = STR("for example --data DIR")});
    }
    struct cli_session *s = ARENA_NEW(c->arena, struct cli_session);
    if (!s) return status_memory();
    s->c = c;
    struct status opened;
    if (data) {
        opened = folder_open(s, str_from(data));
    } else {
        struct str socket = STR("");
        TRY(private_socket_choose(c, &socket));
        opened = own_open(s, str_from(store), socket);
    }
    if (status_failed(opened)) {
        cli_session_close(s);
        return opened;
    }
    *ret = s;
    return STATUS_OK;
}

void cli_session_close(struct cli_session *s)
{
    if (s->client) http_client_close(s->client);
    if (s->own) api_close(s->own, NULL, NULL);
    s->client = NULL;
    s->own = NULL;
}

struct status cli_session_send(struct cli_session *s, struct arena *a, const char *method, struct str path, struct str body, const char *content_type, int *ret_status,
                               struct str *ret_body)
{
    struct http_client_answer answer = {.status = 0};
    /* the server is busy: it says when to come again */
    for (uint32_t i = 0;; i++) {
        TRY(http_client_call(s->client, a, &(struct http_client_request){.method = method, .path = path, .body = body, .content_type = content_type}, &answer));
        if (answer.status != 503 || i + 1 >= SESSION_TRIES) break;
        s->c->env->wait_ms(s->c->env, SESSION_PAUSE_MS);
    }
    *ret_status = answer.status;
    *ret_body = answer.body;
    return STATUS_OK;
}

struct str cli_authorization(const struct cli *c)
{
    const char *key = c->option[CLI_KEY] ? c->option[CLI_KEY] : getenv("YIJIE_KEY");
    return key && key[0] ? arena_printf(c->arena, "Bearer %s", key) : STR("");
}

int cli_open_failed(struct cli *c, struct status s)
{
    static const char *const asked[] = {"option-missing", "listen-address", "serve-needs-keys", "setting-value", "setting-wide", "setting-conflict", "store-bad-place"};
    (void)cli_fail(c, s, NULL);
    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        if (strcmp(s.err->code, asked[i]) == 0) return CLI_BAD_INPUT;
    }
    return CLI_FAILURE;
}

/* ---- problem documents ------------------------------------------------------------------------------------------------ */

static struct str text_of(const struct json *v, struct str name)
{
    const struct json *m = json_get(v, name);
    return m && m->kind == JSON_STRING ? m->text : STR("");
}

static struct error *finding_of(struct cli *c, const struct json *v, struct str row)
{
    struct error *e = ARENA_NEW(c->arena, struct error);
    if (!e) return NULL;
    const struct str code = arena_str(c->arena, text_of(v, STR("code")));
    *e = (struct error){.code = code.p ? code.p : "unknown", .place = row.n > 0 ? row : text_of(v, STR("place")), .zh = text_of(v, STR("zh")), .en = text_of(v, STR("en")),
        .hint_zh = text_of(v, STR("hint_zh")), .hint_en = text_of(v, STR("hint_en"))};
    return e;
}

static struct error *findings_of(struct cli *c, const struct json *v)
{
    const struct json *list = json_get(v, STR("errors"));
    struct error *first = NULL, *last = NULL;
    for (uint32_t i = 0; list && list->kind == JSON_ARRAY && i < list->count; i++) {
        struct error *e = finding_of(c, &list->items[i], STR(""));
        if (!e) break;
        if (last) last->next = e;
        else first = e;
        last = e;
    }
    return first;
}

int cli_problem(struct cli *c, int status, struct str body, const char *file)
{
    const struct json *v = NULL;
    const struct status s = json_parse(c->arena, body, &v);
    if (status_failed(s)) return cli_fail(c, s, file);
    struct error *head = finding_of(c, v, STR(""));
    if (!head) return cli_fail(c, status_memory(), file);
    const struct error *findings = findings_of(c, v);
    /* the findings say it all: the head would only repeat the first */
    const bool same = findings && strcmp(findings->code, head->code) == 0;
    head->next = same ? NULL : findings;
    (void)cli_fail(c, (struct status){same ? findings : head}, file);
    return status >= 400 && status < 500 ? CLI_REFUSED : CLI_FAILURE;
}
