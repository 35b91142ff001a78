/* connection — opening SQLite as this project needs it: one writer in the world, readers that never write or checkpoint.
 *
 * Who uses it: store.c through the table at the end. Invariants: only a connection that holds the lock of the data directory (on yijie.db, kept in
 * yijie.db.lock) writes or checkpoints, also when it is closed (SQLite 3.40.1 corrupts the database with two such: STACK trap 1); no
 * memory map; every writer commits with synchronous=FULL. Sources: sqlite.org/pragma.html, c3ref/c_dbconfig_defensive.html.
 */
#include <string.h>

#include "store/sqlite/sqlite.h"

/* ---- failures ------------------------------------------------------------------------------------------- */

static enum store_error error_of(int rc) {
    switch (rc) { /* extended codes first */
    case SQLITE_CONSTRAINT_TRIGGER: return STORE_DENIED;
    case SQLITE_IOERR_CORRUPTFS: return STORE_CORRUPT;
    case SQLITE_IOERR_NOMEM: return STORE_IO;
    default: break;
    }
    switch (rc & 0xff) {
    case SQLITE_FULL: return STORE_DISK_FULL;
    case SQLITE_IOERR: return STORE_IO;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return STORE_CORRUPT;
    case SQLITE_CONSTRAINT: return STORE_CONSTRAINT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return STORE_CONFLICT;
    case SQLITE_INTERRUPT: return STORE_READ_SLOW;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH: return STORE_OPEN;
    case SQLITE_READONLY: return STORE_READ_ONLY;
    default: return STORE_STATEMENT;
    }
}

/* SQLite's messages name tables and columns, never values; what it has no message for is told by the code. */
static struct str words_of(struct arena *a, sqlite3 *db, int rc) {
    bool same = db && (sqlite3_errcode(db) & 0xff) == (rc & 0xff);
    return arena_printf(a, "%s, %d", same ? sqlite3_errmsg(db) : sqlite3_errstr(rc), rc);
}

struct status sqlite_fail(struct arena *a, sqlite3 *db, int rc, struct str place) {
    if (rc == SQLITE_NOMEM) return status_memory();
    struct str words = words_of(a, db, rc);
    return words.p ? store_fail(a, error_of(rc), place, words) : status_memory();
}

/* When the write of the log failed, its last frame (the one that commits) is not there. When only the flush failed, or something behind it, the frames
 * may be found after a crash, until the next transaction has overwritten them. */
struct status sqlite_fail_commit(struct arena *a, sqlite3 *db, int rc) {
    bool open = (rc & 0xff) == SQLITE_IOERR && rc != SQLITE_IOERR_WRITE && rc != SQLITE_IOERR_NOMEM;
    if (!open) return sqlite_fail(a, db, rc, STR("commit"));
    struct str words = words_of(a, db, rc);
    return words.p ? store_fail(a, STORE_OUTCOME_UNKNOWN, STR("commit"), words) : status_memory();
}

/* ---- small questions --------------------------------------------------------------------------------------- */

struct status sqlite_do(struct arena *a, sqlite3 *db, const char *sql) {
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? STATUS_OK : sqlite_fail(a, db, rc, str_from(sql));
}

struct status sqlite_ask_i64(struct arena *a, sqlite3 *db, const char *sql, int64_t *ret) {
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
    struct status st = STATUS_OK;
    if (rc == SQLITE_ROW) *ret = sqlite3_column_int64(stmt, 0);
    else st = sqlite_fail(a, db, rc == SQLITE_DONE ? SQLITE_MISMATCH : rc, str_from(sql));
    (void)sqlite3_finalize(stmt);
    return st;
}

/* ---- the writer's turn --------------------------------------------------------------------------------------- */

void sqlite_turn_take(struct sqlite_connection *c) {
    struct sqlite_store *own = sqlite_store_of(c->base.store);
    if (c->base.mode == STORE_READ || c->has_turn) return;
    CHECK(pthread_mutex_lock(&own->mutex) == 0);
    uint64_t ticket = own->ticket_next++;
    while (ticket != own->ticket_served) CHECK(pthread_cond_wait(&own->changed, &own->mutex) == 0);
    CHECK(pthread_mutex_unlock(&own->mutex) == 0);
    c->has_turn = true;
}

void sqlite_turn_give(struct sqlite_connection *c) {
    struct sqlite_store *own = sqlite_store_of(c->base.store);
    if (!c->has_turn) return;
    c->has_turn = false;
    CHECK(pthread_mutex_lock(&own->mutex) == 0);
    own->ticket_served++;
    CHECK(pthread_cond_broadcast(&own->changed) == 0);
    CHECK(pthread_mutex_unlock(&own->mutex) == 0);
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static void defend(sqlite3 *db) {
    (void)sqlite3_extended_result_codes(db, 1);
    (void)sqlite3_busy_timeout(db, SQLITE_BUSY_MS);
    CHECK(sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL) == SQLITE_OK);
    CHECK(sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL) == SQLITE_OK);
    CHECK(sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL) == SQLITE_OK);
    CHECK(sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, (int *)NULL) == SQLITE_OK);
    CHECK(sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)NULL) == SQLITE_OK);
    (void)sqlite3_wal_autocheckpoint(db, 0);
    (void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
}

struct status sqlite_open_file(struct arena *a, struct str path, int flags, sqlite3 **ret) {
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(path.p, &db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
    if (rc != SQLITE_OK) {
        struct status st = db ? sqlite_fail(a, db, rc, path) : status_memory();
        (void)sqlite3_close(db);
        return st;
    }
    defend(db);
    *ret = db;
    return STATUS_OK;
}

static struct status pragmas(struct sqlite_connection *c, struct arena *a) {
    char cache[64], page[64];
    bool reader = c->base.mode == STORE_READ;
    int n = (int)sizeof(cache);
    (void)sqlite3_snprintf(n, cache, "PRAGMA cache_size=-%d", reader ? SQLITE_CACHE_READER_KIB : SQLITE_CACHE_WRITER_KIB);
    (void)sqlite3_snprintf((int)sizeof(page), page, "PRAGMA page_size=%d", SQLITE_PAGE_BYTES);
    if (!reader) TRY(sqlite_do(a, c->db, page)); /* of a new database; an old one keeps what it has */
    TRY(sqlite_do(a, c->db, cache));
    TRY(sqlite_do(a, c->db, "PRAGMA mmap_size=0; PRAGMA cell_size_check=ON; PRAGMA recursive_triggers=ON"));
    if (reader) return sqlite_do(a, c->db, "PRAGMA query_only=ON");
    /* A destroyed key must be gone from the file too: secure_delete. What the hot path sorts is small; readers may spill to a file. */
    return sqlite_do(a, c->db, "PRAGMA temp_store=MEMORY; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA journal_size_limit=-1");
}

/* SQLite answers the old mode instead of failing when it cannot have the new one; anything but WAL with FULL would break what we promise. */
static struct status durable_check(struct sqlite_connection *c, struct arena *a) {
    int64_t wal = 0, full = 0;
    TRY(sqlite_ask_i64(a, c->db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", &wal));
    TRY(sqlite_ask_i64(a, c->db, "SELECT synchronous = 2 FROM pragma_synchronous", &full));
    if (wal && full) return STATUS_OK;
    return store_fail(a, STORE_OPEN, sqlite_store_of(c->base.store)->path, STR("no write-ahead log here"));
}

/* The lock of the data directory; a folder and a file of mode 0700 and 0600 where there were none. */
static struct status writer_files(struct sqlite_connection *c, struct arena *a) {
    const struct env *e = c->base.store->env;
    const struct sqlite_store *own = sqlite_store_of(c->base.store);
    TRY(e->dir_make(e, a, c->base.store->where));
    struct status st = e->file_lock(e, a, own->path, &c->lock);
    if (status_failed(st)) return strcmp(st.err->code, "file-locked") == 0 ? store_fail(a, STORE_IN_USE, c->base.store->where, STR("")) : st;
    c->locked = true;
    st = e->file_create(e, a, own->path, STR(""));
    return status_failed(st) && strcmp(st.err->code, "file-exists") != 0 ? st : STATUS_OK;
}

static int reader_over_limit(void *user) {
    struct sqlite_connection *c = user;
    const struct env *e = c->base.store->env;
    if (!c->read_from_ns && !c->snapshot_from_ns) return 0;
    uint64_t now = e->monotonic_ns(e);
    if (c->read_from_ns && now - c->read_from_ns > SQLITE_READ_NS) return 1;
    if (!c->snapshot_from_ns || now - c->snapshot_from_ns <= SQLITE_READ_NS) return 0;
    uint32_t frames = sqlite_log_frames_now(c);
    return frames > c->snapshot_frames && frames - c->snapshot_frames > SQLITE_READER_LOG_BYTES / SQLITE_PAGE_BYTES;
}

static struct status connection_open(struct sqlite_connection *c, struct arena *a) {
    struct sqlite_store *own = sqlite_store_of(c->base.store);
    bool reader = c->base.mode == STORE_READ;
    if (!reader) TRY(writer_files(c, a));
    TRY(sqlite_open_file(a, own->path, reader ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE, &c->db));
    TRY(pragmas(c, a));
    TRY(sqlite_ours_check(c, a));
    if (reader) {
        sqlite3_progress_handler(c->db, 1'000, reader_over_limit, c);
        return STATUS_OK;
    }
    TRY(durable_check(c, a));
    sqlite_log_watch(c);
    return STATUS_OK;
}

static void connection_close(struct sqlite_connection *c) {
    const struct env *e = c->base.store->env;
    sqlite_statements_done(c);
    (void)sqlite3_close_v2(c->db);
    c->db = NULL;
    if (c->locked) e->file_unlock(e, &c->lock);
    c->locked = false;
}

static struct status sqlite_connect(struct store *s, enum store_mode mode, struct arena *a, struct store_connection **ret) {
    struct store_connection *base = store_connection_new(s, mode, sizeof(struct sqlite_connection), SQLITE_CONNECTION_BYTES);
    if (!base) return status_memory();
    struct sqlite_connection *c = sqlite_of(base);
    struct status st = connection_open(c, a);
    if (status_failed(st)) {
        connection_close(c);
        store_connection_free(base);
        return st;
    }
    if (mode != STORE_READ) {
        struct sqlite_store *own = sqlite_store_of(s);
        CHECK(pthread_mutex_lock(&own->mutex) == 0);
        own->writer = c;
        own->closing = false;
        CHECK(pthread_mutex_unlock(&own->mutex) == 0);
    }
    *ret = base;
    return STATUS_OK;
}

static void sqlite_disconnect(struct store_connection *base) {
    struct sqlite_connection *c = sqlite_of(base);
    struct sqlite_store *own = sqlite_store_of(base->store);
    if (base->mode != STORE_READ) {
        CHECK(pthread_mutex_lock(&own->mutex) == 0);
        own->closing = true;
        own->writer = NULL;
        while (own->backups > 0) CHECK(pthread_cond_wait(&own->changed, &own->mutex) == 0);
        CHECK(pthread_mutex_unlock(&own->mutex) == 0);
        sqlite_log_empty(c);
    }
    connection_close(c);
}

/* ---- the store ------------------------------------------------------------------------------------------------------ */

static struct status sqlite_store_open(struct store *s, struct arena *a) {
    if (memchr(s->where.p, 0, s->where.n)) return store_fail(a, STORE_BAD_PLACE, STR(""), STR(""));
    if (str_contains(s->where, STR("://"))) return store_fail(a, STORE_BAD_PLACE, STR(""), STR("")); /* not shown: it may hold a password */
    struct sqlite_store *own = ARENA_NEW(&s->memory, struct sqlite_store);
    if (own) own->path = arena_printf(&s->memory, "%.*s/yijie.db", STR_FMT(s->where));
    if (!own || !own->path.p) return status_memory();
    CHECK(pthread_mutex_init(&own->mutex, NULL) == 0 && pthread_cond_init(&own->changed, NULL) == 0);
    s->own = own;
    return STATUS_OK;
}

static void sqlite_store_close(struct store *s) {
    struct sqlite_store *own = sqlite_store_of(s);
    CHECK(!own->writer && own->backups == 0); /* connections end before their store */
    (void)pthread_cond_destroy(&own->changed);
    (void)pthread_mutex_destroy(&own->mutex);
}

static struct status sqlite_barrier(struct store_connection *c, struct arena *a) {
    (void)c;
    (void)a;
    return STATUS_OK; /* what is read has been flushed: one writer, and readers see only committed frames */
}

static struct status sqlite_size(struct store_connection *c, struct arena *a, int64_t *ret_bytes) {
    sqlite_turn_take(sqlite_of(c));
    struct status st = sqlite_ask_i64(a, sqlite_of(c)->db, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", ret_bytes);
    if (!c->in_transaction) sqlite_turn_give(sqlite_of(c));
    return st;
}

const struct store_backend store_sqlite = {
    .kind = STORE_SQLITE,
    .open = sqlite_store_open,
    .close = sqlite_store_close,
    .connect = sqlite_connect,
    .disconnect = sqlite_disconnect,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .write = sqlite_write,
    .read = sqlite_read,
    .scan = sqlite_scan,
    .barrier = sqlite_barrier,
    .log_bytes = sqlite_log_bytes,
    .checkpoint = sqlite_checkpoint,
    .backup = sqlite_backup,
    .size = sqlite_size,
    .prepare = sqlite_prepare,
    .migrations = store_sqlite_migrations,
    .migration_count = &store_sqlite_migration_count,
    .migrate_lock = sqlite_migrate_lock,
    .migrate_unlock = sqlite_migrate_unlock,
    .migrations_read = sqlite_migrations_read,
    .migration_apply = sqlite_migration_apply,
};
