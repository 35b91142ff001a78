/* backend — PostgreSQL as the common half of the room sees it: the row of functions, transactions, writes, reads, scans, the barrier.
 *
 * Who uses it: store.c and migrate.c by the table at the end. Invariants: writes are sent and not waited for; a read or the commit takes everything that
 * was sent before it; nothing here asks the server twice for what one trip can do. A commit is fine only when the server said COMMIT and
 * did not give up waiting for its standby.
 */
#include <stdio.h>

#include "store/postgres/postgres_internal.h"

/* A reader's snapshot begins here, which takes a statement. Whoever was cut off in the meantime learns it before anybody has read. */
static struct status snapshot_take(struct postgres_connection *c, struct arena *a) {
    RESULT_GUARD *none = NULL;
    TRY(postgres_begun(c, a));
    TRY(postgres_send(c, a, "SELECT 1", "begin", ENTRY_PLAIN));
    return postgres_take(c, a, &none);
}

static struct status postgres_begin(struct store_connection *base, struct arena *a) {
    struct postgres_connection *c = postgres_of(base);
    c->scans = 0;
    TRY(postgres_ready(c, a));
    if (base->mode != STORE_READ) return STATUS_OK; /* BEGIN goes out with the first statement */
    struct status st = snapshot_take(c, a);
    if (!postgres_status_is(st, STORE_LOST)) return st;
    TRY(postgres_ready(c, a));
    return snapshot_take(c, a);
}

static struct status postgres_commit(struct store_connection *base, struct arena *a) {
    struct postgres_connection *c = postgres_of(base);
    if (!c->begun) return c->link ? STATUS_OK : store_fail(a, STORE_LOST, STR("commit"), STR(""));
    return postgres_end(c, a);
}

static void postgres_rollback(struct store_connection *base) {
    struct postgres_connection *c = postgres_of(base);
    if (!c->link || (!c->begun && c->queued == 0)) return;
    struct arena a; /* failures of a rollback are told to nobody */
    arena_init(&a, (size_t)64 * 1024);
    for (int step = 0; step < 2 && c->link; step++) { /* what was sent fails or not; then the end */
        RESULT_GUARD *none = NULL;
        struct status st = step == 0 ? STATUS_OK : postgres_send(c, &a, "ROLLBACK", "rollback", ENTRY_PLAIN);
        if (step == 0 && c->queued == 0) continue;
        if (!status_failed(st)) st = postgres_take(c, &a, &none);
        if (step == 1 && status_failed(st)) postgres_drop(c); /* closing rolls back, too */
    }
    arena_done(&a);
    c->begun = false;
}

static struct status postgres_write(struct store_connection *base, struct arena *a, const struct store_statement *st, const struct store_value *rows,
                                    uint32_t row_count) {
    struct postgres_connection *c = postgres_of(base);
    uint32_t width = store_width(st->params);
    TRY(postgres_begun(c, a));
    for (uint32_t at = 0; at < row_count;) {
        uint32_t n = postgres_chunk(st, rows + (size_t)at * width, row_count - at);
        TRY(postgres_send_statement(c, a, st, rows + (size_t)at * width, n, ENTRY_PLAIN));
        at += n;
    }
    return STATUS_OK;
}

static struct status postgres_read(struct store_connection *base, struct arena *a, const struct store_statement *st, const struct store_value *rows,
                                   uint32_t row_count, struct store_rows *ret) {
    struct postgres_connection *c = postgres_of(base);
    RESULT_GUARD *res = NULL;
    if (base->in_transaction) TRY(postgres_begun(c, a));
    else TRY(postgres_ready(c, a));
    TRY(postgres_send_statement(c, a, st, rows, row_count, ENTRY_ANSWER));
    TRY(postgres_take(c, a, &res));
    CHECK(res);
    return postgres_rows(a, st, res, row_count, ret);
}

/* ---- scans -------------------------------------------------------------------------------------------------- */

static struct status cursor_open(struct postgres_connection *c, struct arena *a, const struct store_statement *st, const struct store_value *params,
                                 uint32_t number) {
    struct postgres_params p = {0};
    RESULT_GUARD *none = NULL;
    struct str sql = arena_printf(a, "DECLARE scan%u NO SCROLL CURSOR FOR %s", number, st->postgres);
    if (!sql.p || !postgres_params_fill(&c->bytes, st, params, 1, &p)) return status_memory();
    if (!c->link) return store_fail(a, STORE_LOST, str_from(st->name), STR(""));
    RESULT_GUARD *unread = NULL;
    TRY(postgres_take(c, a, &unread)); /* room in the queue, and a failure before this is not the scan's */
    if (!PQsendQueryParams(c->link, sql.p, p.count, p.types, p.values, p.lengths, p.formats, 1)) return postgres_lost(c, a, st->name);
    c->queue[c->queued++] = (struct postgres_entry){.kind = ENTRY_PLAIN, .what = st->name};
    return postgres_take(c, a, &none);
}

static struct status cursor_rows(struct postgres_connection *c, struct arena *a, const struct store_statement *st, uint32_t number,
                                 struct status (*row)(void *user, const struct store_value *values), void *user) {
    struct store_value values[POSTGRES_PARAMS_MAX];
    char fetch[64];
    (void)snprintf(fetch, sizeof(fetch), "FETCH %d FROM scan%u", POSTGRES_FETCH_ROWS, number);
    for (bool checked = false;; checked = true) {
        RESULT_GUARD *res = NULL;
        TRY(postgres_send(c, a, fetch, st->name, ENTRY_ANSWER));
        TRY(postgres_take(c, a, &res));
        CHECK(res);
        int count = PQntuples(res);
        if (!checked) TRY(postgres_columns_check(a, st, res));
        for (int r = 0; r < count; r++) {
            TRY(postgres_row(a, st, res, r, values));
            TRY(row(user, values));
        }
        if (count < POSTGRES_FETCH_ROWS) break;
    }
    (void)snprintf(fetch, sizeof(fetch), "CLOSE scan%u", number);
    return postgres_send(c, a, fetch, st->name, ENTRY_PLAIN);
}

static struct status postgres_scan(struct store_connection *base, struct arena *a, const struct store_statement *st, const struct store_value *params,
                                   struct status (*row)(void *user, const struct store_value *values), void *user) {
    struct postgres_connection *c = postgres_of(base);
    uint32_t number = ++c->scans;
    CHECK(store_width(st->results) <= POSTGRES_PARAMS_MAX);
    if (base->in_transaction) {
        TRY(postgres_begun(c, a));
        TRY(cursor_open(c, a, st, params, number));
        return cursor_rows(c, a, st, number, row, user);
    }
    TRY(postgres_ready(c, a));
    TRY(postgres_send(c, a, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "begin", ENTRY_PLAIN));
    c->begun = true;
    struct status done = cursor_open(c, a, st, params, number);
    if (!status_failed(done)) done = cursor_rows(c, a, st, number, row, user);
    postgres_rollback(base); /* it only read */
    return done;
}

/* ---- the rest ------------------------------------------------------------------------------------------------ */

/* Rows may be seen whose writer was stopped while it waited for the standby. A record of our own behind theirs in the log waits for both. Without
 * a synchronous standby what is seen is already on this server's disk: nothing is written. */
static struct status postgres_barrier(struct store_connection *base, struct arena *a) {
    struct postgres_connection *c = postgres_of(base);
    CHECK(!base->in_transaction);
    TRY(postgres_ready(c, a));
    struct status st = postgres_send(c, a, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", "barrier", ENTRY_PLAIN);
    c->begun = !status_failed(st);
    if (c->begun) {
        st = postgres_send(c, a, "SELECT pg_logical_emit_message(true, 'yijie.barrier', '') WHERE current_setting('synchronous_standby_names') <> ''",
                           "barrier", ENTRY_PLAIN);
    }
    if (!status_failed(st)) st = postgres_end(c, a);
    if (status_failed(st)) postgres_rollback(base);
    return st;
}

static struct status postgres_checkpoint(struct store_connection *c, struct arena *a, enum store_checkpoint_why why, uint64_t *ret_ns) {
    (void)c;
    (void)a;
    (void)why;
    *ret_ns = 0;
    return STATUS_OK;
}

/* Says so instead of pretending: a backup that is none is worse than a failure. */
static struct status postgres_backup(struct store *s, struct arena *a, struct str path, void (*progress)(void *user, uint64_t done, uint64_t total), void *user) {
    (void)s;
    (void)progress;
    (void)user;
    return store_fail(a, STORE_BACKUP, path, STR("PostgreSQL: pg_basebackup, pg_dump"));
}

static struct status postgres_size(struct store_connection *base, struct arena *a, int64_t *ret_bytes) {
    static const struct store_statement size = {.name = "store.size",
                                                .params = "",
                                                .results = "i",
                                                .postgres = "SELECT 1::bigint, pg_catalog.pg_database_size(pg_catalog.current_database())"};
    struct store_rows rows = {0};
    TRY(postgres_read(base, a, &size, NULL, 1, &rows));
    CHECK(rows.count == 1);
    *ret_bytes = store_row(&rows, 0)[0].i;
    return STATUS_OK;
}

const struct store_backend store_postgres = {
    .kind = STORE_POSTGRES,
    .open = postgres_open,
    .close = postgres_close,
    .connect = postgres_link,
    .disconnect = postgres_unlink,
    .begin = postgres_begin,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .write = postgres_write,
    .read = postgres_read,
    .scan = postgres_scan,
    .barrier = postgres_barrier,
    .checkpoint = postgres_checkpoint,
    .backup = postgres_backup,
    .size = postgres_size,
    .prepare = postgres_prepare_check,
    .migrations = store_postgres_migrations,
    .migration_count = &store_postgres_migration_count,
    .migrate_lock = postgres_migrate_lock,
    .migrate_unlock = postgres_migrate_unlock,
    .migrations_read = postgres_migrations_read,
    .migration_apply = postgres_migration_apply,
};
