/* api/api — opening and closing: desk, threads of queries, listeners; the order in which they start and stop.
 *
 *   open:  desk (takes the data directory) → queries → listeners bound and served → "serve-start" in the log
 *   close: listeners shut → what was sent is answered → queries end → desk finishes and closes
 *
 * Invariants: it listens beyond this machine only when keys exist; the admin socket is mode 0600 and lies in the data directory, whose lock proves that a
 * socket found there is dead.
 */
#include "api/api_internal.h"

#include <string.h>

static struct status desk_open(struct api *p, struct arena *a, const struct api_options *o)
{
    const struct api_settings *s = &p->settings;
    const struct cases_desk_options d = {.env = o->env, .where = o->where, .keys_path = s->of[API_KEYS].text, .workers = (uint32_t)s->of[API_WORKERS].number,
        .queue_max = (uint32_t)s->of[API_QUEUE].number, .group_max = (uint32_t)s->of[API_GROUP].number, .allow_doubtful = s->of[API_ALLOW_DOUBTFUL].number != 0};
    return cases_desk_open(a, &d, &p->desk);
}

static void listener_add(struct api *p, enum api_listener kind, struct str address, uint32_t mode, uint32_t threads, bool may_replace)
{
    CHECK(p->listener_count < HTTP_LISTENERS_MAX);
    p->listener_kind[p->listener_count] = kind;
    p->listeners[p->listener_count++] = (struct http_listener){.address = address, .mode = mode, .threads = threads, .may_replace = may_replace};
}

static struct status listeners_choose(struct api *p, const struct api_options *o)
{
    const struct api_settings *s = &p->settings;
    const uint32_t threads = (uint32_t)s->of[API_HTTP_THREADS].number;
    const bool file = !p->shared_store;
    struct str admin = STR("");
    if (o->admin_socket.n > 0) admin = arena_printf(&p->arena, "unix:%.*s", STR_FMT(o->admin_socket));
    else if (file) admin = arena_printf(&p->arena, "unix:%.*s/socket", STR_FMT(o->where));
    const struct str listen = arena_str(&p->arena, s->of[API_LISTEN].text);
    const struct str proxy = arena_printf(&p->arena, "unix:%.*s", STR_FMT(s->of[API_PROXY_SOCKET].text));
    if (!admin.p || !listen.p || !proxy.p) return status_memory();
    if (!o->private_only && s->of[API_BEHIND_PROXY].number) listener_add(p, API_LISTENER_PROXY, proxy, 0660, threads, false);
    if (!o->private_only && listen.n > 0 && !(s->of[API_BEHIND_PROXY].number && s->of[API_LISTEN].from == API_FROM_DEFAULT)) listener_add(p, API_LISTENER_TCP, listen, 0, threads, false);
    if (admin.n > 0) {
        listener_add(p, API_LISTENER_ADMIN, admin, 0600, 1, o->admin_socket.n == 0);
        p->listeners[p->listener_count - 1].own_folder = o->admin_socket.n > 0;
    }
    return STATUS_OK;
}

/* Beyond this machine, or behind a proxy that others reach: not before there are keys. */
static struct status keys_check(struct api *p, struct arena *a)
{
    struct registry_world *w = cases_desk_world(p->desk);
    const bool keys = registry_has_keys(w);
    registry_world_release(w);
    for (uint32_t i = 0; !keys && i < p->listener_count; i++) {
        bool wide = p->listener_kind[i] == API_LISTENER_PROXY;
        if (p->listener_kind[i] == API_LISTENER_TCP) TRY(http_address_check(a, p->listeners[i].address, &wide));
        if (wide) return api_fail(a, API_ERROR_NEEDS_KEYS, p->listeners[i].address);
    }
    return STATUS_OK;
}

static struct http_limits limits_of(const struct api_settings *s)
{
    struct http_limits l = http_limits_default();
    l.body_bytes = (size_t)s->of[API_BODY_BYTES].number;
    l.body_bytes_max = (size_t)i64_max(s->of[API_BODY_BYTES].number, s->of[API_IMPORT_BYTES].number);
    l.bodies_bytes_max = (size_t)s->of[API_BODIES_BYTES].number;
    l.connections = (uint32_t)s->of[API_CONNECTIONS].number;
    l.connections_per_address = (uint32_t)s->of[API_CONNECTIONS_PER_ADDRESS].number;
    l.head_ms = (uint32_t)s->of[API_HEAD_MS].number;
    l.idle_ms = (uint32_t)s->of[API_IDLE_MS].number;
    l.body_ms = (uint32_t)s->of[API_BODY_MS].number;
    l.send_ms = (uint32_t)s->of[API_SEND_MS].number;
    return l;
}

static struct status openapi_make(struct api *p, struct str version)
{
    struct buf b;
    buf_init(&b, API_DOCUMENT_BYTES);
    api_openapi_write(version, &b);
    p->version = arena_str(&p->arena, version);
    p->openapi = b.failed ? (struct str){NULL, 0} : arena_str(&p->arena, buf_view(&b));
    buf_done(&b);
    return p->openapi.p && p->version.p ? STATUS_OK : status_memory();
}

/* Texts of settings outlive the caller's. */
static struct status settings_keep(struct api *p, const struct api_settings *s)
{
    p->settings = *s;
    for (enum api_setting i = 0; i < API_SETTING_COUNT; i++) {
        p->settings.of[i].text = arena_str(&p->arena, s->of[i].text);
        if (!p->settings.of[i].text.p) return status_memory();
    }
    return STATUS_OK;
}

static struct status server_start(struct api *p, struct arena *a, const struct api_options *o)
{
    p->shared_store = str_starts(o->where, STR("postgresql:")) || str_starts(o->where, STR("postgres:"));
    TRY(settings_keep(p, o->settings));
    TRY(openapi_make(p, o->version));
    TRY(o->env->random_fill(o->env, a, &p->id_start, sizeof p->id_start));
    TRY(listeners_choose(p, o));
    TRY(desk_open(p, a, o));
    TRY(keys_check(p, a));
    TRY(api_queries_start(p, a));
    const struct http_server_options h = {.env = o->env, .listeners = p->listeners, .listener_count = p->listener_count, .limits = limits_of(&p->settings),
        .admit = api_admit, .handle = api_handle, .done = api_done, .user = p};
    p->started_ns = o->env->monotonic_ns(o->env);
    TRY(http_server_open(a, &h, &p->http)); /* from here on requests come: everything but p->http is in place */
    if (!o->private_only) api_log_write(p, &(struct api_log){.event = "serve-start", .level = "info", .address = api_address(p)});
    return STATUS_OK;
}

struct status api_open(struct arena *a, const struct api_options *o, struct api **ret)
{
    struct api *p = ARENA_NEW(a, struct api);
    if (!p) return status_memory();
    p->env = o->env;
    arena_init(&p->arena, API_ARENA_BYTES);
    const struct status s = server_start(p, a, o);
    if (status_failed(s)) {
        if (p->queries.thread_count > 0) api_queries_stop(p);
        if (p->desk) cases_desk_close(p->desk);
        const struct status kept = status_error(a, *s.err);
        arena_done(&p->arena);
        return kept;
    }
    *ret = p;
    return STATUS_OK;
}

struct str api_address(const struct api *p)
{
    return http_server_address(p->http, 0);
}

void api_close(struct api *p, bool (*hurry)(void *user), void *user)
{
    const bool told = p->listener_kind[0] != API_LISTENER_ADMIN;
    http_server_drain(p->http, (uint32_t)p->settings.of[API_DRAIN_MS].number, hurry, user);
    api_queries_stop(p);
    cases_desk_close(p->desk);
    if (told) api_log_write(p, &(struct api_log){.event = "serve-stop", .level = "info", .address = api_address(p)});
    http_server_close(p->http);
    arena_done(&p->arena);
}
