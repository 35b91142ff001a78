/* api — the HTTP API of the settlement server: routes, keys and permissions, settings, OpenAPI, metrics, logs.
 *
 * Who uses it: cli (`serve`, and every writing command, which serves its own desk on DIR/socket while it runs). Contract: DESIGN §9.
 * Invariants: one table of routes (routes.def) from which matching, permissions, OpenAPI and metrics come; nobody is believed before his key is checked, and nothing of a
 * body is read before that; numbers and names of persons stand in no URL and in no log; every answer is JSON (or problem+json) with stable members; a command that
 * was taken is answered, also while stopping.
 * Workload: 6,000 to 12,000 requests a second on two HTTP threads; queries run on threads of their own, so that a slow one holds up no settlement.
 */
#ifndef YIJIE_API_H
#define YIJIE_API_H

#include "base/base.h"
#include "cases/cases.h"
#include "env/env.h"
#include "http/http.h"

/* ---- settings -------------------------------------------------------------------------------------------------------- */

enum api_setting_kind { API_TEXT, API_NUMBER, API_FLAG, API_CHOICE };
/* settings.def X(ID, "name", kind, min, max, "default", "choices", zh, en) */
enum api_setting {
#define X(id, name, kind, min, max, value, choices, zh, en) API_##id,
#include "api/settings.def"
#undef X
    API_SETTING_COUNT
};
struct api_setting_info {
    const char *name;
    enum api_setting_kind kind;
    int64_t min, max;
    const char *value, *choices, *zh, *en; /* choices: words with a blank between */
};
const struct api_setting_info *api_setting_info(enum api_setting s);
enum api_origin { API_FROM_DEFAULT, API_FROM_FILE, API_FROM_OPTION };
struct api_settings {
    struct {
        struct str text;  /* as written */
        int64_t number;   /* numbers; flags: 0, 1; choices: which, from 0 */
        enum api_origin from;
    } of[API_SETTING_COUNT];
};
void api_settings_default(struct api_settings *ret);
/* Sets one from its text; fails with setting-value, place the name. The text is borrowed. */
struct status api_setting_set(struct api_settings *s, struct arena *a, enum api_setting which, struct str text, enum api_origin from);
/* Reads "key = value" lines; '#' begins a comment line. All findings are chained: setting-line, setting-unknown (with the nearest name), setting-double, setting-value; place "LINE:NAME".
 * What is fine is set all the same. */
struct status api_settings_read(struct api_settings *s, struct arena *a, struct str text);
/* What must hold between settings, whoever gave them: setting-wide (an address beyond this machine without behind_proxy or lan), setting-conflict. */
struct status api_settings_check(const struct api_settings *s, struct arena *a);

/* ---- the server --------------------------------------------------------------------------------------------------------- */

struct api_options {
    const struct env *env;
    struct str where;          /* data folder or postgresql://… */
    struct str version;        /* of the program */
    const struct api_settings *settings;
    bool private_only;         /* no TCP, no proxy: only the admin socket (a command that serves its own desk) */
    struct str admin_socket;   /* path, in a folder that is made for it; empty: WHERE/socket (SQLite), none (PostgreSQL) */
};
struct api;
/* Opens the desk, then listens. Fails as cases_desk_open and http_server_open do, and with serve-needs-keys (an address beyond loopback while no key exists). */
struct status api_open(struct arena *a, const struct api_options *o, struct api **ret);
/* Where it listens: the TCP address, or "unix:PATH". */
struct str api_address(const struct api *p);
/* Answers what it took, then closes. `hurry` is asked while open connections may still send: true ends that. */
void api_close(struct api *p, bool (*hurry)(void *user), void *user);
/* The OpenAPI document of the route table. */
void api_openapi_write(struct str version, struct buf *out);

#endif
