/* log — SQLite's write-ahead log: how long it is, when it goes into the database, that it stays within its limit.
 *
 * Who uses it: run.c, store.c between the groups of the engine. Invariants: only the writer's connection checkpoints (STACK trap 1), never inside a
 * transaction, so its time is in no commit; above 256 MiB no transaction begins. Workload: a group adds some hundred pages; a checkpoint at 8 MiB
 * writes each of the busy pages once. The file of the log is never cut while the server runs: a flush that changes no length costs half
 * (STACK trap 2), so it is filled with zeros ahead once; SQLite takes a frame of zeros for the end of the log, as its checksum is wrong.
 * Source: sqlite.org/walformat.html (wal-index header: mxFrame at byte 16, salt at 32), c3ref/wal_checkpoint_v2.html.
 */
#include <string.h>

#include "store/sqlite/sqlite.h"

/* A word of the log's index in shared memory: as any process has written it. */
enum { INDEX_MX_FRAME = 16, INDEX_SALT = 32 };
static uint32_t index_word(sqlite3 *db, size_t at) {
    enum { INDEX_BYTES = 32 * 1024 };
    sqlite3_file *file = NULL;
    void volatile *index = NULL;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, (void *)&file) != SQLITE_OK || !file || !file->pMethods) return 0;
    if (file->pMethods->iVersion < 2 || file->pMethods->xShmMap(file, 0, INDEX_BYTES, 0, &index) != SQLITE_OK || !index) return 0;
    return *(uint32_t volatile *)((char volatile *)index + at);
}

/* Asking for the index of a database that has no log would make the file of one. */
uint32_t sqlite_log_frames_now(struct sqlite_connection *c) {
    sqlite3_stmt *stmt = NULL;
    if (!c->has_log && sqlite3_prepare_v2(c->db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", -1, &stmt, NULL) == SQLITE_OK)
        c->has_log = sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_int(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return c->has_log ? index_word(c->db, INDEX_MX_FRAME) : 0;
}

static int committed(void *user, sqlite3 *db, const char *name, int frames) {
    struct sqlite_connection *c = user;
    (void)name;
    uint32_t salt = index_word(db, INDEX_SALT); /* another one each time the log begins anew */
    if (salt != c->log_salt) c->log_done_frames = 0;
    c->log_salt = salt;
    c->log_frames = frames > 0 ? (uint32_t)frames : 0;
    if (c->log_done_frames > c->log_frames) c->log_done_frames = 0;
    return SQLITE_OK;
}

void sqlite_log_watch(struct sqlite_connection *writer) { (void)sqlite3_wal_hook(writer->db, committed, writer); }

/* Zeros behind the end of the log. Failing is no harm: the log then grows as it is written. */
static void log_fill(struct sqlite_connection *c) {
    static const char zeros[64 * 1024]; /* SQLite writes less than 128 KiB at once */
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    c->log_ready = true;
    if (sqlite3_file_control(c->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, (void *)&file) != SQLITE_OK || !file || !file->pMethods) return;
    if (file->pMethods->xFileSize(file, &size) != SQLITE_OK || size < SQLITE_LOG_READY_FROM_BYTES) return;
    while (size < SQLITE_LOG_READY_BYTES) {
        sqlite3_int64 n = SQLITE_LOG_READY_BYTES - size;
        if (n > (sqlite3_int64)sizeof(zeros)) n = sizeof(zeros);
        if (file->pMethods->xWrite(file, zeros, (int)n, size) != SQLITE_OK) return;
        size += n;
    }
    (void)file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

/* A checkpoint that waits for nobody. */
static int log_into_database(struct sqlite_connection *c, int how) {
    int frames = 0, done = 0;
    (void)sqlite3_busy_timeout(c->db, 0);
    int rc = sqlite3_wal_checkpoint_v2(c->db, "main", how, &frames, &done);
    (void)sqlite3_busy_timeout(c->db, SQLITE_BUSY_MS);
    if (frames >= 0 && done >= 0) {
        c->log_frames = (uint32_t)frames;
        c->log_done_frames = (uint32_t)done;
    }
    return rc;
}

static uint64_t log_bytes(uint32_t frames) { return (uint64_t)frames * (SQLITE_PAGE_BYTES + 24); }

uint64_t sqlite_log_bytes(const struct store_connection *base) {
    const struct sqlite_connection *c = (const struct sqlite_connection *)(const void *)base;
    return log_bytes(c->log_frames - c->log_done_frames);
}

struct status sqlite_log_room(struct sqlite_connection *c, struct arena *a) {
    if (log_bytes(c->log_frames) <= SQLITE_LOG_BYTES_MAX) return STATUS_OK;
    int rc = log_into_database(c, SQLITE_CHECKPOINT_RESTART);
    if (rc == SQLITE_OK) return STATUS_OK; /* the next write begins the log anew */
    if (rc == SQLITE_BUSY) return store_fail(a, STORE_LOG_FULL, c->base.store->where, STR(""));
    return sqlite_fail(a, c->db, rc, STR("checkpoint"));
}

struct status sqlite_checkpoint(struct store_connection *base, struct arena *a, enum store_checkpoint_why why, uint64_t *ret_ns) {
    struct sqlite_connection *c = sqlite_of(base);
    const struct env *e = base->store->env;
    uint64_t from = e->monotonic_ns(e), waiting = log_bytes(c->log_frames - c->log_done_frames);
    struct status st = STATUS_OK;
    sqlite_turn_take(c);
    if (!c->log_ready && log_bytes(c->log_frames) >= SQLITE_LOG_READY_FROM_BYTES) log_fill(c);
    bool due = why == STORE_CHECKPOINT_FORCED || waiting >= (why == STORE_CHECKPOINT_IDLE ? SQLITE_LOG_IDLE_BYTES : SQLITE_LOG_DUE_BYTES);
    if (due) {
        store_point(base, "store.checkpoint-before");
        int rc = log_into_database(c, why == STORE_CHECKPOINT_FORCED ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE);
        if (why == STORE_CHECKPOINT_FORCED) c->log_ready = false;
        if (rc != SQLITE_OK && rc != SQLITE_BUSY) st = sqlite_fail(a, c->db, rc, STR("checkpoint")); /* busy: readers still need the rest */
        store_point(base, "store.checkpoint-after");
    }
    if (!status_failed(st)) st = sqlite_log_room(c, a);
    sqlite_turn_give(c);
    if (!status_failed(st)) *ret_ns = due ? e->monotonic_ns(e) - from : 0;
    return st;
}

void sqlite_log_empty(struct sqlite_connection *writer) { (void)log_into_database(writer, SQLITE_CHECKPOINT_TRUNCATE); }
