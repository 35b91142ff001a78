/* run — statements and transactions on SQLite: one prepared statement a table row of the room above, once for each row of parameters.
 *
 * Who uses it: store.c. Invariants: a statement is reset before this file is left, so that no reading snapshot stays open by accident; a value
 * that is not of its declared type is a failure, never converted. Workload: groups of some hundred rows a statement; preparing costs more than
 * running, so prepared statements stay for the life of the connection.
 */
#include "store/sqlite/sqlite.h"

/* ---- prepared statements ------------------------------------------------------------------------------------ */

static struct sqlite_cached *cache_slot(struct sqlite_connection *c, const struct store_statement *st) {
    uint64_t hash = (uint64_t)(uintptr_t)st * UINT64_C(0x9e3779b97f4a7c15);
    for (uint32_t at = (uint32_t)(hash >> 32);; at++) {
        struct sqlite_cached *slot = &c->cache[at % SQLITE_STATEMENTS];
        if (!slot->st || slot->st == st) return slot;
    }
}

void sqlite_statements_done(struct sqlite_connection *c) {
    for (uint32_t i = 0; i < SQLITE_STATEMENTS; i++) {
        (void)sqlite3_finalize(c->cache[i].stmt);
        c->cache[i] = (struct sqlite_cached){0};
    }
    c->cached = 0;
}

static struct status compile(struct sqlite_connection *c, struct arena *a, const struct store_statement *st, unsigned flags, sqlite3_stmt **ret) {
    const char *rest = NULL;
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v3(c->db, st->sqlite, -1, flags, &stmt, &rest);
    if (rc != SQLITE_OK) return sqlite_fail(a, c->db, rc, str_from(st->name));
    if (!stmt || *rest) { /* a second statement in the text would never run */
        (void)sqlite3_finalize(stmt);
        return store_fail(a, STORE_STATEMENT, str_from(st->name), STR("not one statement"));
    }
    *ret = stmt;
    return STATUS_OK;
}

static struct status cached(struct sqlite_connection *c, struct arena *a, const struct store_statement *st, sqlite3_stmt **ret) {
    struct sqlite_cached *slot = cache_slot(c, st);
    if (!slot->st) {
        sqlite3_stmt *stmt = NULL;
        TRY(compile(c, a, st, SQLITE_PREPARE_PERSISTENT, &stmt));
        if (c->cached >= SQLITE_STATEMENTS * 3 / 4) { /* more than all rooms have together: begin anew */
            sqlite_statements_done(c);
            slot = cache_slot(c, st);
        }
        *slot = (struct sqlite_cached){st, stmt};
        c->cached++;
    }
    *ret = slot->stmt;
    return STATUS_OK;
}

/* A statement of the hot path finds its rows by a key: with millions of cases a scan would be felt by everybody. */
static struct status plan_check(struct sqlite_connection *c, struct arena *a, const struct store_statement *st) {
    sqlite3_stmt *stmt = NULL;
    struct status s = STATUS_OK;
    struct str ask = arena_printf(a, "EXPLAIN QUERY PLAN %s", st->sqlite);
    if (!ask.p) return status_memory();
    int rc = sqlite3_prepare_v2(c->db, ask.p, -1, &stmt, NULL);
    while (rc == SQLITE_OK && !status_failed(s) && sqlite3_step(stmt) == SQLITE_ROW) {
        struct str step = str_from((const char *)sqlite3_column_text(stmt, 3));
        if (str_starts(step, STR("SCAN ")) && !str_starts(step, STR("SCAN CONSTANT"))) {
            struct str detail = arena_printf(a, "hot, and its plan is %.*s", STR_FMT(step));
            s = detail.p ? store_fail(a, STORE_STATEMENT, str_from(st->name), detail) : status_memory();
        }
    }
    (void)sqlite3_finalize(stmt);
    return rc == SQLITE_OK ? s : sqlite_fail(a, c->db, rc, str_from(st->name));
}

struct status sqlite_prepare(struct store_connection *base, struct arena *a, const struct store_statement *st, uint32_t *ret_params, uint32_t *ret_results) {
    sqlite3_stmt *stmt = NULL;
    struct sqlite_connection *c = sqlite_of(base);
    sqlite_turn_take(c);
    struct status s = compile(c, a, st, 0, &stmt);
    if (!status_failed(s)) {
        *ret_params = (uint32_t)sqlite3_bind_parameter_count(stmt);
        *ret_results = (uint32_t)sqlite3_column_count(stmt);
        (void)sqlite3_finalize(stmt);
    }
    if (!status_failed(s) && st->hot) s = plan_check(c, a, st);
    sqlite_turn_give(c);
    return s;
}

/* ---- values --------------------------------------------------------------------------------------------------- */

/* Bound without a copy: the caller's bytes live until the statement is reset. */
static int bind_row(sqlite3_stmt *stmt, const char *types, const struct store_value *row) {
    int rc = SQLITE_OK;
    for (int p = 0; types[p] && rc == SQLITE_OK; p++) {
        const struct store_value *v = &row[p];
        char base = store_type_base(types[p]);
        const char *bytes = v->s.p ? v->s.p : ""; /* NULL would be bound as null */
        if (store_type_nullable(types[p]) && v->null) rc = sqlite3_bind_null(stmt, p + 1);
        else if (base == 'i') rc = sqlite3_bind_int64(stmt, p + 1, v->i);
        else if (base == 't') rc = sqlite3_bind_text64(stmt, p + 1, bytes, v->s.n, SQLITE_STATIC, SQLITE_UTF8);
        else rc = sqlite3_bind_blob64(stmt, p + 1, bytes, v->s.n, SQLITE_STATIC);
    }
    return rc;
}

/* One result value as declared; texts and blobs are SQLite's own until the next step. False: another type, or null where none may be. */
static bool column(sqlite3_stmt *stmt, int n, char type, struct store_value *ret) {
    char base = store_type_base(type);
    switch (sqlite3_column_type(stmt, n)) {
    case SQLITE_INTEGER: *ret = (struct store_value){.i = sqlite3_column_int64(stmt, n)}; return base == 'i';
    case SQLITE_TEXT:
        *ret = (struct store_value){.s = {(const char *)sqlite3_column_text(stmt, n), (size_t)sqlite3_column_bytes(stmt, n)}};
        return base == 't' && ret->s.p;
    case SQLITE_BLOB:
        *ret = (struct store_value){.s = {sqlite3_column_blob(stmt, n), (size_t)sqlite3_column_bytes(stmt, n)}};
        if (!ret->s.p) ret->s = STR("");
        return base == 'b';
    case SQLITE_NULL: *ret = STORE_NULL; return store_type_nullable(type);
    default: return false;
    }
}

static struct status column_wrong(struct arena *a, const struct store_statement *st, int n) {
    struct str detail = arena_printf(a, "result %d is not of type %c", n + 1, st->results[n]);
    return detail.p ? store_fail(a, STORE_STATEMENT, str_from(st->name), detail) : status_memory();
}

static struct status width_check(struct arena *a, const struct store_statement *st, sqlite3_stmt *stmt) {
    if ((uint32_t)sqlite3_column_count(stmt) == store_width(st->results) && (uint32_t)sqlite3_bind_parameter_count(stmt) == store_width(st->params))
        return STATUS_OK;
    return store_fail(a, STORE_STATEMENT, str_from(st->name), STR("declared types do not fit the text"));
}

/* ---- limits of readers ------------------------------------------------------------------------------------------ */

static uint64_t now_ns(const struct sqlite_connection *c) {
    const struct env *e = c->base.store->env;
    return c->base.mode == STORE_READ ? e->monotonic_ns(e) : 0; /* the writer has no limit: nobody waits for it but itself */
}

/* A snapshot that lasts: it may grow old as long as the log does not grow with it. */
static void snapshot_start(struct sqlite_connection *c) {
    c->snapshot_from_ns = now_ns(c);
    c->snapshot_frames = c->snapshot_from_ns ? sqlite_log_frames_now(c) : 0;
}

/* ---- transactions ---------------------------------------------------------------------------------------------------- */

struct status sqlite_begin(struct store_connection *base, struct arena *a) {
    int64_t ignored = 0;
    struct sqlite_connection *c = sqlite_of(base);
    sqlite_turn_take(c);
    if (base->mode != STORE_READ) {
        TRY(sqlite_log_room(c, a));
        return sqlite_do(a, c->db, "BEGIN IMMEDIATE");
    }
    TRY(sqlite_do(a, c->db, "BEGIN"));
    TRY(sqlite_ask_i64(a, c->db, "SELECT count(*) FROM (SELECT 1 FROM sqlite_schema LIMIT 1)", &ignored)); /* takes the snapshot now */
    snapshot_start(c);
    return STATUS_OK;
}

struct status sqlite_commit(struct store_connection *base, struct arena *a) {
    struct sqlite_connection *c = sqlite_of(base);
    int rc = sqlite3_exec(c->db, "COMMIT", NULL, NULL, NULL);
    if (rc != SQLITE_OK) return sqlite_fail_commit(a, c->db, rc);
    c->snapshot_from_ns = 0;
    sqlite_turn_give(c);
    return STATUS_OK;
}

void sqlite_rollback(struct store_connection *base) {
    struct sqlite_connection *c = sqlite_of(base);
    c->snapshot_from_ns = c->read_from_ns = 0;
    if (!sqlite3_get_autocommit(c->db)) (void)sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
    CHECK(sqlite3_get_autocommit(c->db)); /* what could not be undone must not be committed by the next one */
    sqlite_turn_give(c);
}

struct status sqlite_write(struct store_connection *base, struct arena *a, const struct store_statement *st, const struct store_value *rows, uint32_t row_count) {
    struct sqlite_connection *c = sqlite_of(base);
    sqlite3_stmt *stmt = NULL;
    int rc = SQLITE_DONE;
    uint32_t width = store_width(st->params);
    TRY(cached(c, a, st, &stmt));
    TRY(width_check(a, st, stmt));
    for (uint32_t r = 0; r < row_count && rc == SQLITE_DONE; r++) {
        rc = bind_row(stmt, st->params, rows + (size_t)r * width);
        if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
        int reset = sqlite3_reset(stmt);
        if (rc == SQLITE_DONE && reset != SQLITE_OK) rc = reset;
    }
    return rc == SQLITE_DONE ? STATUS_OK : sqlite_fail(a, c->db, rc, str_from(st->name));
}

/* Rows of one row of parameters into the maker. */
static struct status read_rows(struct sqlite_connection *c, const struct store_statement *st, sqlite3_stmt *stmt, uint32_t of, struct store_rows_maker *m) {
    for (;;) {
        int rc = sqlite3_step(stmt);
        if (rc == SQLITE_DONE) return STATUS_OK;
        if (rc != SQLITE_ROW) return sqlite_fail(m->a, c->db, rc, str_from(st->name));
        struct store_value *values = store_rows_add(m, of);
        if (!values) return status_memory();
        for (int n = 0; st->results[n]; n++) {
            if (!column(stmt, n, st->results[n], &values[n])) return column_wrong(m->a, st, n);
            if (values[n].s.p && !store_rows_text(m, &values[n], values[n].s.p, values[n].s.n)) return status_memory();
        }
    }
}

static struct status read_all(struct sqlite_connection *c, struct arena *a, const struct store_statement *st, const struct store_value *rows,
                              uint32_t row_count, struct store_rows *ret) {
    struct store_rows_maker m;
    sqlite3_stmt *stmt = NULL;
    struct status s = STATUS_OK;
    uint32_t width = store_width(st->params);
    TRY(cached(c, a, st, &stmt));
    TRY(width_check(a, st, stmt));
    store_rows_start(&m, a, st);
    for (uint32_t r = 0; r < row_count && !status_failed(s); r++) {
        int rc = bind_row(stmt, st->params, rows + (size_t)r * width);
        s = rc == SQLITE_OK ? read_rows(c, st, stmt, r, &m) : sqlite_fail(a, c->db, rc, str_from(st->name));
        (void)sqlite3_reset(stmt);
    }
    if (!status_failed(s)) *ret = store_rows_made(&m);
    return s;
}

struct status sqlite_read(struct store_connection *base, struct arena *a, const struct store_statement *st, const struct store_value *rows, uint32_t row_count,
                          struct store_rows *ret) {
    struct sqlite_connection *c = sqlite_of(base);
    /* Many rows of parameters outside a transaction are still one snapshot. */
    bool own = !base->in_transaction && row_count > 1;
    sqlite_turn_take(c);
    c->read_from_ns = now_ns(c);
    struct status s = own ? sqlite_do(a, c->db, "BEGIN") : STATUS_OK;
    if (!status_failed(s)) s = read_all(c, a, st, rows, row_count, ret);
    if (own && !sqlite3_get_autocommit(c->db)) (void)sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL); /* it only read */
    c->read_from_ns = 0;
    if (!base->in_transaction) sqlite_turn_give(c);
    return s;
}

/* ---- streams ------------------------------------------------------------------------------------------------------------- */

static struct status scan_rows(struct sqlite_connection *c, struct arena *a, const struct store_statement *st, sqlite3_stmt *stmt,
                               struct status (*row)(void *user, const struct store_value *values), void *user) {
    uint32_t width = store_width(st->results);
    struct store_value *values = ARENA_ARRAY(a, struct store_value, width);
    if (!values) return status_memory();
    for (;;) {
        int rc = sqlite3_step(stmt);
        if (rc == SQLITE_DONE) return STATUS_OK;
        if (rc != SQLITE_ROW) return sqlite_fail(a, c->db, rc, str_from(st->name));
        for (uint32_t n = 0; n < width; n++)
            if (!column(stmt, (int)n, st->results[n], &values[n])) return column_wrong(a, st, (int)n);
        TRY(row(user, values));
    }
}

struct status sqlite_scan(struct store_connection *base, struct arena *a, const struct store_statement *st, const struct store_value *params,
                          struct status (*row)(void *user, const struct store_value *values), void *user) {
    struct sqlite_connection *c = sqlite_of(base);
    sqlite3_stmt *stmt = NULL;
    bool own = !base->in_transaction;
    sqlite_turn_take(c);
    struct status s = compile(c, a, st, 0, &stmt); /* not the cached one: `row` may run it again */
    if (!status_failed(s)) s = width_check(a, st, stmt);
    if (!status_failed(s)) {
        if (own) snapshot_start(c);
        int rc = bind_row(stmt, st->params, params);
        s = rc == SQLITE_OK ? scan_rows(c, a, st, stmt, row, user) : sqlite_fail(a, c->db, rc, str_from(st->name));
        if (own) c->snapshot_from_ns = 0;
    }
    (void)sqlite3_finalize(stmt);
    if (own) sqlite_turn_give(c);
    return s;
}
