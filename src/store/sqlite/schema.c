/* schema — whose file this is, and the migrations' part of SQLite.
 *
 * Who uses it: connection.c and migrate.c. Invariant: a file that has tables but not our application id is never written to. Nobody else migrates at
 * the same time, since there is one writer in the world.
 */
#include <string.h>

#include "store/sqlite/sqlite.h"

struct status sqlite_ours_check(struct sqlite_connection *c, struct arena *a) {
    int64_t id = 0, tables = 0;
    TRY(sqlite_ask_i64(a, c->db, "PRAGMA application_id", &id));
    if (id == SQLITE_APPLICATION_ID) return STATUS_OK;
    TRY(sqlite_ask_i64(a, c->db, "SELECT count(*) FROM sqlite_schema", &tables));
    if (id == 0 && tables == 0) return STATUS_OK; /* new */
    return store_fail(a, STORE_NOT_OURS, sqlite_store_of(c->base.store)->path, STR(""));
}

struct status sqlite_migrate_lock(struct store_connection *base, struct arena *a) {
    (void)base;
    (void)a;
    return STATUS_OK;
}

void sqlite_migrate_unlock(struct store_connection *base) { (void)base; }

struct status sqlite_migrations_read(struct store_connection *base, struct arena *a, struct store_migration_done **ret, uint32_t *ret_count) {
    static const struct store_statement there = {
        .name = "migrations.there", .params = "", .results = "i", .sqlite = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'"};
    static const struct store_statement all = {
        .name = "migrations.all", .params = "", .results = "itbi", .sqlite = "SELECT number, name, sha256, oldest FROM migrations ORDER BY number"};
    struct store_rows rows;
    TRY(store_read(base, a, &there, NULL, 1, &rows));
    if (store_row(&rows, 0)[0].i == 0) {
        *ret = NULL;
        *ret_count = 0;
        return STATUS_OK;
    }
    TRY(store_read(base, a, &all, NULL, 1, &rows));
    struct store_migration_done *done = ARENA_ARRAY(a, struct store_migration_done, rows.count);
    if (!done) return status_memory();
    for (uint32_t i = 0; i < rows.count; i++) {
        const struct store_value *v = store_row(&rows, i);
        done[i] = (struct store_migration_done){.number = v[0].i, .name = v[1].s, .sha256 = v[2].s, .oldest = v[3].i};
    }
    *ret = done;
    *ret_count = rows.count;
    return STATUS_OK;
}

struct status sqlite_migration_apply(struct store_connection *base, struct arena *a, const struct store_migration *m, const struct digest *sha256, int64_t applied_ms) {
    static const struct store_statement record = {.name = "migrations.record",
                                                  .params = "itbii",
                                                  .results = "",
                                                  .sqlite = "INSERT INTO migrations (number, name, sha256, applied_ms, oldest) VALUES (?1, ?2, ?3, ?4, ?5)"};
    struct sqlite_connection *c = sqlite_of(base);
    TRY(store_begin(base, a));
    STORE_TX_CLEANUP struct store_tx tx = {base};
    int rc = sqlite3_exec(c->db, m->sql.p, NULL, NULL, NULL);
    if (rc != SQLITE_OK) {
        struct str words = arena_printf(a, "%s", sqlite3_errmsg(c->db));
        return words.p ? store_fail(a, STORE_MIGRATION_FAILED, str_from(m->name), words) : status_memory();
    }
    const struct store_value row[] = {STORE_I(m->number), STORE_S(str_from(m->name)), STORE_S(((struct str){(const char *)sha256->b, sizeof(sha256->b)})),
                                      STORE_I(applied_ms), STORE_I(m->oldest)};
    TRY(store_write(base, a, &record, row, 1));
    TRY(store_commit(base, a));
    tx.c = NULL;
    return STATUS_OK;
}
