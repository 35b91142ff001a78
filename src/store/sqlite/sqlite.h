/* sqlite — shared by the files of this seam only: the connection, its turn, its limits, failures.
 *
 * Who uses it: store/sqlite/ (the only folder that includes SQLite). Source: sqlite.org/wal.html, walformat.html, c3ref.
 */
#ifndef YIJIE_STORE_SQLITE_H
#define YIJIE_STORE_SQLITE_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/store_internal.h"

enum {
    SQLITE_APPLICATION_ID = 0x794a6a31,       /* "yJj1": 0001_start.sql writes it */
    SQLITE_PAGE_BYTES = 8192,                 /* an event of 10 lines takes 2.3 KiB: with pages of 4 KiB a third of the file is waste */
    SQLITE_LOG_DUE_BYTES = 8 << 20,           /* checkpoint between groups */
    SQLITE_LOG_IDLE_BYTES = 1 << 20,          /* checkpoint when nothing else is to be done */
    SQLITE_LOG_BYTES_MAX = 256 << 20,         /* then no transaction begins until readers let go */
    SQLITE_LOG_READY_BYTES = 16 << 20,        /* written once ahead of use: a flush then changes no length (twice the flush rate) */
    SQLITE_LOG_READY_FROM_BYTES = 256 << 10,  /* …when the log has grown to this: a single command does not pay for it */
    SQLITE_READER_LOG_BYTES = 64 << 20,       /* what may be written during an old snapshot */
    SQLITE_BACKUP_LOG_BYTES = 160 << 20,      /* what may be written during a backup by another process than the writer's */
    SQLITE_CACHE_WRITER_KIB = 96 * 1024,
    SQLITE_CACHE_READER_KIB = 8 * 1024,
    SQLITE_BUSY_MS = 2'000,                   /* another process recovers the log: short */
    SQLITE_STATEMENTS = 512,
    SQLITE_CONNECTION_BYTES = 64 << 10,       /* what a connection of ours holds itself */
};
#define SQLITE_READ_NS UINT64_C(2'000'000'000)

/* What the connections of one store share. The writer's turn goes round between its own transactions and the steps of a backup, in the order of
 * asking, so that neither starves the other. */
struct sqlite_store {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t ticket_next, ticket_served;
    struct sqlite_connection *writer; /* of this process, or NULL */
    uint32_t backups;                 /* that step through the writer's connection */
    bool closing;                     /* the writer wants to go: backups give up */
    struct str path;                  /* WHERE/yijie.db with a NUL */
};

struct sqlite_connection {
    struct store_connection base;
    sqlite3 *db;
    struct env_lock lock;
    bool locked, has_turn;
    struct sqlite_cached {
        const struct store_statement *st;
        sqlite3_stmt *stmt;
    } cache[SQLITE_STATEMENTS]; /* open addressing by the statement's address */
    uint32_t cached;
    /* Readers: since when, and how long the log was then; 0: no limit runs. */
    uint64_t read_from_ns, snapshot_from_ns;
    uint32_t snapshot_frames;
    bool has_log; /* a copy made by a backup has none until somebody writes to it */
    /* Writer: frames in the log after the last commit, and those of them that are in the database. */
    uint32_t log_frames, log_done_frames, log_salt;
    bool log_ready;
};

static inline struct sqlite_connection *sqlite_of(struct store_connection *c) { return (struct sqlite_connection *)c; }
static inline struct sqlite_store *sqlite_store_of(const struct store *s) { return s->own; }

/* connection.c */
struct status sqlite_fail(struct arena *a, sqlite3 *db, int rc, struct str place); /* what SQLite said, as a failure of ours */
/* As sqlite_fail at the end of a transaction: a failed flush of the log leaves open whether it is done. */
struct status sqlite_fail_commit(struct arena *a, sqlite3 *db, int rc);
void sqlite_turn_take(struct sqlite_connection *c);
void sqlite_turn_give(struct sqlite_connection *c);
struct status sqlite_open_file(struct arena *a, struct str path, int flags, sqlite3 **ret); /* opened and made defensive; closed on failure */
struct status sqlite_do(struct arena *a, sqlite3 *db, const char *sql);
struct status sqlite_ask_i64(struct arena *a, sqlite3 *db, const char *sql, int64_t *ret);  /* first column of the first row */

/* run.c */
struct status sqlite_begin(struct store_connection *base, struct arena *a);
struct status sqlite_commit(struct store_connection *base, struct arena *a);
void sqlite_rollback(struct store_connection *base);
struct status sqlite_write(struct store_connection *base, struct arena *a, const struct store_statement *st, const struct store_value *rows, uint32_t row_count);
struct status sqlite_read(struct store_connection *base, struct arena *a, const struct store_statement *st, const struct store_value *rows, uint32_t row_count,
                          struct store_rows *ret);
struct status sqlite_scan(struct store_connection *base, struct arena *a, const struct store_statement *st, const struct store_value *params,
                          struct status (*row)(void *user, const struct store_value *values), void *user);
struct status sqlite_prepare(struct store_connection *base, struct arena *a, const struct store_statement *st, uint32_t *ret_params, uint32_t *ret_results);
void sqlite_statements_done(struct sqlite_connection *c);

/* log.c */
void sqlite_log_watch(struct sqlite_connection *writer);   /* keeps log_frames */
uint32_t sqlite_log_frames_now(struct sqlite_connection *c); /* as any process has written them; 0: none, or not known */
struct status sqlite_log_room(struct sqlite_connection *c, struct arena *a); /* store-log-full when a transaction must not begin */
struct status sqlite_checkpoint(struct store_connection *base, struct arena *a, enum store_checkpoint_why why, uint64_t *ret_ns);
uint64_t sqlite_log_bytes(const struct store_connection *base);
void sqlite_log_empty(struct sqlite_connection *writer);   /* at the end: everything into the database, if no reader is in the way */

/* backup.c */
struct status sqlite_backup(struct store *s, struct arena *a, struct str path, void (*progress)(void *user, uint64_t done, uint64_t total), void *user);

/* schema.c */
struct status sqlite_ours_check(struct sqlite_connection *c, struct arena *a);
struct status sqlite_migrate_lock(struct store_connection *base, struct arena *a);
void sqlite_migrate_unlock(struct store_connection *base);
struct status sqlite_migrations_read(struct store_connection *base, struct arena *a, struct store_migration_done **ret, uint32_t *ret_count);
struct status sqlite_migration_apply(struct store_connection *base, struct arena *a, const struct store_migration *m, const struct digest *sha256, int64_t applied_ms);

#endif
