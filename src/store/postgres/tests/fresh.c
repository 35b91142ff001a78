/* fresh — makes databases for tests; see the header. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "store/postgres/tests/fresh.h"

bool fresh_there(void) { return getenv("YIJIE_TEST_POSTGRES") != NULL; }

struct str fresh_run(struct arena *a, struct str url, const char *sql) {
    PGconn *link = PQconnectdb(url.p);
    PGresult *res = PQexec(link, sql);
    ExecStatusType is = PQresultStatus(res);
    if (is != PGRES_COMMAND_OK && is != PGRES_TUPLES_OK) {
        (void)fprintf(stderr, "fresh: %s: %s\n", sql, PQerrorMessage(link));
        abort();
    }
    struct str first = arena_str(a, str_from(PQntuples(res) > 0 && PQnfields(res) > 0 ? PQgetvalue(res, 0, 0) : ""));
    PQclear(res);
    PQfinish(link);
    CHECK(first.p);
    return first;
}

/* The address with another database: postgresql://ROLE@/NAME?host=… */
static struct str with_database(struct arena *a, const char *variable, const char *name) {
    const char *url = getenv(variable);
    CHECK(url);
    const char *slash = strstr(url, "@/"), *query = strchr(url, '?');
    CHECK(slash && query);
    struct str made = arena_printf(a, "%.*s@/%s%s", (int)(slash - url), url, name, query);
    CHECK(made.p);
    return made;
}

struct fresh fresh_make(struct arena *a) {
    char name[64], sql[128];
    struct str owner = arena_str(a, str_from(getenv("YIJIE_TEST_POSTGRES")));
    CHECK(owner.p && owner.n);
    struct str number = fresh_run(a, owner, "SELECT count(*) FROM pg_database");
    (void)snprintf(name, sizeof(name), "fresh_%ld_%s", (long)getpid(), number.p);
    (void)snprintf(sql, sizeof(sql), "CREATE DATABASE %s", name);
    (void)fresh_run(a, owner, sql);
    return (struct fresh){.owner = with_database(a, "YIJIE_TEST_POSTGRES", name),
                          .server = with_database(a, "YIJIE_TEST_POSTGRES_SERVER", name),
                          .admin = with_database(a, "YIJIE_TEST_POSTGRES_ADMIN", name)};
}
