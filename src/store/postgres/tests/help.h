/* help — what the tests of this folder share: a migrated database, connections, a small table, short statements, assertions. */
#ifndef YIJIE_STORE_POSTGRES_HELP_H
#define YIJIE_STORE_POSTGRES_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "store/postgres/postgres_internal.h"
#include "store/postgres/tests/fresh.h"

struct point_hook {
    struct env env; /* first: the hook finds itself by it */
    void (*at)(struct point_hook *h, const char *name);
    void *user;
    int passed, fires_at; /* counts points; what it does at which is up to `at` */
    const char *fired;
};

struct bench {
    struct arena a;
    struct fresh db;
    struct point_hook hook;
    struct store *owner, *server;
};

#define FINE(expr) help_fine((expr), #expr, __FILE__, __LINE__)
#define FAILS(expr, code) help_fails((expr), code, #expr, __FILE__, __LINE__)
void help_fine(struct status s, const char *expr, const char *file, int line);
void help_fails(struct status s, const char *code, const char *expr, const char *file, int line);

/* cmocka set-up and tear-down: a fresh database, migrated, with table `things` (id bigint primary key, name text, body bytea null, n bigint null). */
int bench_setup(void **state);
int bench_teardown(void **state);
struct store_connection *bench_connect(struct bench *b, struct store *s, enum store_mode mode);
int64_t bench_count(struct bench *b, struct store_connection *c); /* of things */

extern const struct store_statement things_insert, things_get, things_count, things_lock, things_rename, things_all, things_bad, things_divide;
/* A row of things. */
struct thing {
    int64_t id;
    const char *name;
    bool null;
};
struct status thing_write(struct store_connection *c, struct arena *a, int64_t id, const char *name);

#endif
