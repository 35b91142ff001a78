/* api/auth — who asks: the local operator, or an institution by its key; and whether its role may.
 *
 *   admin socket (mode 0600)          the local operator, whatever keys exist
 *   loopback, no key in the world     the local operator; but never for a page of another site, nor under a foreign name of this machine (DNS rebinding)
 *   everybody else                    Authorization: Bearer yk_<id>_<secret>, compared in constant time; the role's column of permissions.def
 *
 * Invariant: a missing key, a wrong key and a revoked key are told apart from nothing else; no part of a key is logged or echoed.
 */
#include "api/api_internal.h"

#include <string.h>

static struct str header_of(const struct api_request *r, const char *name)
{
    return http_request_header(&r->x->request, name);
}

/* The Host names this machine itself. */
static bool host_is_local(struct str host)
{
    size_t n = host.n;
    if (n > 0 && host.p[0] == '[') return str_starts(host, STR("[::1]"));
    for (size_t i = 0; i < host.n; i++) {
        if (host.p[i] == ':') n = i;
    }
    const struct str name = {host.p, n};
    if (str_eq(name, STR("localhost"))) return true;
    if (!str_starts(name, STR("127."))) return false;
    for (size_t i = 0; i < name.n; i++) {
        if ((name.p[i] < '0' || name.p[i] > '9') && name.p[i] != '.') return false;
    }
    return true;
}

/* A browser says where a request comes from: another site's page is refused, with or without keys. */
static bool cross_site(const struct api_request *r)
{
    const struct str site = header_of(r, "sec-fetch-site"), origin = header_of(r, "origin"), host = header_of(r, "host");
    if (site.p && !str_eq(site, STR("same-origin")) && !str_eq(site, STR("none"))) return true;
    if (!origin.p) return false;
    const struct str http = STR("http://"), https = STR("https://");
    const struct str scheme = str_starts(origin, https) ? https : http;
    return !str_starts(origin, scheme) || !str_eq((struct str){origin.p + scheme.n, origin.n - scheme.n}, host);
}

static bool local_take(struct api_request *r)
{
    r->local = true;
    r->role = REGISTRY_ROLE_ADMIN;
    r->caller = (struct cases_caller){.institution = STR(""), .role = STR("admin")};
    return true;
}

/* "Bearer yk_…" */
static bool token_find(struct str value, struct str *ret)
{
    const struct str scheme = STR("bearer ");
    if (value.n <= scheme.n) return false;
    for (size_t i = 0; i < scheme.n; i++) {
        const char c = value.p[i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c) != scheme.p[i]) return false;
    }
    *ret = (struct str){value.p + scheme.n, value.n - scheme.n};
    return true;
}

static bool refuse(struct api_request *r, enum api_error e)
{
    atomic_fetch_add(&r->api->refused_auth, 1);
    api_error_answer(r, e);
    return false;
}

static bool key_take(struct api_request *r, const struct registry_world *w)
{
    struct str token;
    const struct str value = header_of(r, "authorization");
    if (!value.p || !token_find(value, &token)) return refuse(r, API_ERROR_KEY_MISSING);
    const struct registry_key *k = registry_key_check(w, token);
    if (!k) return refuse(r, API_ERROR_KEY_WRONG);
    struct arena *a = r->x->arena;
    r->key_id = arena_str(a, k->id);
    r->caller = (struct cases_caller){.institution = arena_str(a, k->institution), .role = arena_str(a, k->role)};
    r->role = k->role_id;
    if (!r->key_id.p || !r->caller.institution.p || !r->caller.role.p) {
        api_problem_answer(r, http_error_problem(HTTP_ERROR_MEMORY));
        return false;
    }
    /* a hospital without a name would be the local operator below */
    if (r->caller.institution.n == 0 && k->role_id != REGISTRY_ROLE_ADMIN) return refuse(r, API_ERROR_FORBIDDEN);
    return true;
}

bool api_authorize(struct api_request *r)
{
    const struct http_request *q = &r->x->request;
    const struct api_route_info *info = &api_route_infos[r->route];
    if (r->api->listener_kind[q->listener] == API_LISTENER_ADMIN) return local_take(r);
    if (cross_site(r)) return refuse(r, API_ERROR_CROSS_SITE);
    struct registry_world *w = cases_desk_world(r->api->desk);
    const bool keys = registry_has_keys(w);
    const bool local = !keys && q->peer == HTTP_PEER_LOOPBACK && r->api->listener_kind[q->listener] == API_LISTENER_TCP;
    bool fine = true;
    if (info->permission == API_MAY_OPEN) fine = true;
    else if (local) fine = host_is_local(header_of(r, "host")) ? local_take(r) : refuse(r, API_ERROR_HOST_UNKNOWN);
    else fine = key_take(r, w);
    registry_world_release(w);
    if (fine && info->permission == API_MAY_BACKUP) return refuse(r, API_ERROR_FORBIDDEN);
    if (!fine || r->local || info->permission == API_MAY_OPEN) return fine;
    return api_may(info->permission, r->role) ? true : refuse(r, API_ERROR_FORBIDDEN);
}
