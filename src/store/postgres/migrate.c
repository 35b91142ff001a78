/* migrate — migrations on PostgreSQL: one at a time in the world, each in one transaction with its record and the server's grants.
 *
 * Who uses it: store/migrate.c by the table in backend.c. Invariants: the script runs as the owner's role and never as the server's; the list of
 * what the server's role is granted stands in the schema (server_grant) and is applied again by every migrate, so a new role or a lost
 * grant needs nothing else. Scripts are several statements, which the pipeline does not take: they run outside of it.
 */
#include <stdio.h>
#include <string.h>

#include "store/postgres/postgres_internal.h"

#define LOCK_KEY "8747510171640692273" /* "yijie:m1" */

/* One command in the pipeline, its result thrown away. */
static struct status run(struct postgres_connection *c, struct arena *a, const char *sql, const char *what) {
    RESULT_GUARD *res = NULL;
    TRY(postgres_send(c, a, sql, what, ENTRY_PLAIN));
    return postgres_take(c, a, &res);
}

/* ---- the server's grants ------------------------------------------------------------------------------------ */

static struct status grants(struct postgres_connection *c, struct arena *a) {
    static const struct store_statement known = {.name = "store.grant-known",
                                                 .params = "t",
                                                 .results = "t",
                                                 .postgres = "SELECT p.n, p.role FROM unnest($1::text[]) WITH ORDINALITY AS p (role, n) "
                                                             "WHERE to_regprocedure('yijie.server_grant(name)') IS NOT NULL AND p.role <> current_user"};
    static const struct store_statement grant = {.name = "store.grant",
                                                 .params = "t",
                                                 .results = "",
                                                 .postgres = "SELECT server_grant(p.role::name) FROM unnest($1::text[]) AS p (role)"};
    struct store_value role = STORE_S(c->base.store->server_role);
    RESULT_GUARD *res = NULL, *none = NULL;
    if (role.s.n == 0) return STATUS_OK;
    TRY(postgres_send_statement(c, a, &known, &role, 1, ENTRY_ANSWER));
    TRY(postgres_take(c, a, &res));
    if (PQntuples(res) == 0) return STATUS_OK;
    TRY(postgres_send_statement(c, a, &grant, &role, 1, ENTRY_PLAIN));
    return postgres_take(c, a, &none);
}

struct status postgres_migrate_lock(struct store_connection *base, struct arena *a) {
    struct postgres_connection *c = postgres_of(base);
    TRY(postgres_ready(c, a));
    TRY(run(c, a, "SELECT pg_advisory_lock(" LOCK_KEY ")", "store.migrate-lock")); /* waits lock_timeout */
    struct status st = grants(c, a);
    if (status_failed(st)) postgres_migrate_unlock(base);
    return st;
}

void postgres_migrate_unlock(struct store_connection *base) {
    struct postgres_connection *c = postgres_of(base);
    struct arena a;
    if (!c->link) return; /* gone with the session */
    arena_init(&a, (size_t)64 * 1024);
    if (status_failed(run(c, &a, "SELECT pg_advisory_unlock(" LOCK_KEY ")", "store.migrate-unlock"))) postgres_drop(c);
    arena_done(&a);
    c->daily_day = INT64_MIN; /* the new schema may want something */
}

/* ---- the record ----------------------------------------------------------------------------------------------- */

struct status postgres_migrations_read(struct store_connection *base, struct arena *a, struct store_migration_done **ret, uint32_t *ret_count) {
    static const struct store_statement there = {
        .name = "store.migrations-there",
        .params = "",
        .results = "i",
        .postgres = "SELECT 1::bigint, count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                    "WHERE n.nspname = 'yijie' AND c.relname = 'migrations'"};
    static const struct store_statement list = {.name = "store.migrations",
                                                .params = "",
                                                .results = "iitb",
                                                .postgres = "SELECT 1::bigint, number, oldest, name, sha256 FROM yijie.migrations ORDER BY number"};
    const struct store_backend *b = base->store->backend;
    struct store_rows rows = {0};
    TRY(b->read(base, a, &there, NULL, 1, &rows));
    if (store_row(&rows, 0)[0].i != 0) TRY(b->read(base, a, &list, NULL, 1, &rows));
    else rows.count = 0;
    struct store_migration_done *done = ARENA_ARRAY(a, struct store_migration_done, rows.count);
    if (!done) return status_memory();
    for (uint32_t i = 0; i < rows.count; i++) {
        const struct store_value *v = store_row(&rows, i);
        done[i] = (struct store_migration_done){.number = v[0].i, .oldest = v[1].i, .name = v[2].s, .sha256 = v[3].s};
    }
    *ret = done;
    *ret_count = rows.count;
    return STATUS_OK;
}

/* ---- applying --------------------------------------------------------------------------------------------------- */

static struct status script_run(struct postgres_connection *c, struct arena *a, const struct store_migration *m) {
    if (!PQexitPipelineMode(c->link)) return postgres_lost(c, a, m->name);
    RESULT_GUARD *res = PQexec(c->link, m->sql.p);
    ExecStatusType is = PQresultStatus(res);
    struct status st = is == PGRES_COMMAND_OK || is == PGRES_TUPLES_OK || is == PGRES_EMPTY_QUERY ? STATUS_OK : postgres_failure(c, a, m->name, res);
    if (c->link && !PQenterPipelineMode(c->link)) return postgres_lost(c, a, m->name);
    return st;
}

static struct status apply(struct postgres_connection *c, struct arena *a, const struct store_migration *m, const struct digest *sha256, int64_t applied_ms) {
    static const struct store_statement record = {.name = "store.migration-record",
                                                  .params = "itbii",
                                                  .results = "",
                                                  .postgres = "INSERT INTO migrations (number, name, sha256, applied_ms, oldest) "
                                                              "SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::bigint[], $5::bigint[])"};
    const struct store_value row[] = {STORE_I(m->number), STORE_S(str_from(m->name)), STORE_S(((struct str){(const char *)sha256->b, sizeof(sha256->b)})),
                                      STORE_I(applied_ms), STORE_I(m->oldest)};
    RESULT_GUARD *none = NULL;
    TRY(run(c, a, "SET LOCAL enable_seqscan = on", m->name));
    TRY(script_run(c, a, m));
    TRY(postgres_send_statement(c, a, &record, row, 1, ENTRY_PLAIN));
    TRY(postgres_take(c, a, &none));
    return grants(c, a);
}

struct status postgres_migration_apply(struct store_connection *base, struct arena *a, const struct store_migration *m, const struct digest *sha256,
                                       int64_t applied_ms) {
    struct postgres_connection *c = postgres_of(base);
    TRY(run(c, a, "BEGIN", "store.migration"));
    c->begun = true;
    struct status st = apply(c, a, m, sha256, applied_ms);
    if (!status_failed(st)) return postgres_end(c, a);
    base->store->backend->rollback(base);
    return postgres_status_is(st, STORE_LOST) ? st : store_fail(a, STORE_MIGRATION_FAILED, str_from(m->name), st.err->en);
}
