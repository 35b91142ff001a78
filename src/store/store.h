/* store — connections, statements, transactions, migrations over SQLite and PostgreSQL. Knows no domain.
 *
 * Who uses it: ledger, journal, registry, cases (their statements), app and cli (open, migrate, back up). The only room that includes SQLite
 * (store/sqlite) and libpq (store/postgres).
 * A statement is a row of a table that stands beside the room that owns the tables (STYLE 23): one name, both SQL texts, the types of its
 * parameters and results. Everything is a set: a call takes many rows of parameters. SQLite runs the statement once a row; PostgreSQL gets one
 * array for each parameter and runs once (`FROM unnest($1::bigint[], …) WITH ORDINALITY`), in pipeline mode.
 * Invariants: texts and blobs are always bound, never pasted; a write may be deferred until the next read or commit, so its failure may show
 * there; after any failure the transaction is gone (rolled back) and the connection is usable again or says `store-lost`;
 * store_commit has returned fine only when the data is durable (SQLite synchronous=FULL, PostgreSQL fsync and synchronous_commit on).
 * Threads: one connection belongs to one thread at a time; the store itself may be shared.
 */
#ifndef YIJIE_STORE_H
#define YIJIE_STORE_H

#include "base/base.h"
#include "env/env.h"

/* ---- statements ------------------------------------------------------------------------------------ */

/* Types, a letter a column: i int64, t text (UTF-8), b bytes; I T B: may be null. */
struct store_statement {
    const char *name;      /* "cases.insert": room or table, a dot, what it does; unique */
    const char *params;    /* types of one row of parameters */
    const char *results;   /* types of one result row; "" for a write */
    const char *sqlite;    /* ?1 … ?N, for one row; NULL: not on this store (running it there is a bug) */
    const char *postgres;  /* $1::bigint[] … ($N::text[], $N::bytea[]), for all rows; a read's first result column is the ordinal of its row of
                              parameters (WITH ORDINALITY, from 1), which the store takes off; NULL as above */
    bool hot;              /* part of the path of a trial, confirm or reversal: both texts must name a cover or a shard (a test reads this) */
};
struct store_statements {
    const struct store_statement *items;
    uint32_t count;
};
/* A value of a row. Which member counts follows from the statement's types. */
struct store_value {
    int64_t i;
    struct str s;
    bool null;
};
/* What can be known without a store: names are unique and "room.verb", types are letters, every parameter is used (PostgreSQL: with its array
 * type), a hot statement names cover, shard, key or lookup in both texts. Fails with store-statement at the statement's name. */
struct status store_statements_check(struct arena *a, const struct store_statements *s);

#define STORE_I(v) ((struct store_value){.i = (v)})
#define STORE_S(v) ((struct store_value){.s = (v)})
#define STORE_NULL ((struct store_value){.null = true})

/* Result rows: `of[r]` is the place (from 0) of the row of parameters that result row r answers; rows come in that order. Everything is copied into
 * the arena of the call. */
struct store_rows {
    const struct store_value *values; /* count × width */
    const uint32_t *of;
    uint32_t count, width;
};
static inline const struct store_value *store_row(const struct store_rows *r, uint32_t row) { return r->values + (size_t)row * r->width; }

/* ---- opening ---------------------------------------------------------------------------------------- */

enum store_kind { STORE_SQLITE, STORE_POSTGRES };
/* READ: sees one snapshot, never writes, never checkpoints. WRITE: the one writer (SQLite), or one of several (PostgreSQL).
 * OWNER: WRITE that may also migrate (PostgreSQL: the owner's role; SQLite: any writer). */
enum store_mode { STORE_READ, STORE_WRITE, STORE_OWNER };

struct store_options {
    const struct env *env;
    struct str where;      /* a folder (SQLite: WHERE/yijie.db) or postgresql://… */
    struct str server_role;/* PostgreSQL, OWNER: the role to which the migrations grant; empty: the one that connects */
    bool faults;           /* call env->point at the named places: tests */
};
struct store;
struct store_connection;

/* Opens without touching data. Fails with store-bad-place, store-open. */
struct status store_open(struct arena *a, const struct store_options *o, struct store **ret);
void store_close(struct store *s);
enum store_kind store_kind_of(const struct store *s);

/* Version of the schema found. Fails with store-schema-newer when a later release was here and a migration of it says that ours must not go on
 * ("oldest", see README), store-schema-missing (less than we need), store-migration-changed. */
struct status store_schema_check(struct store_connection *c, struct arena *a, int64_t *ret_version);
/* Applies missing migrations in order, each in a transaction with its recorded SHA-256; refuses store-schema-newer and store-migration-changed (a recorded
 * one differs from ours in what it did). *ret_applied: how many. */
struct status store_migrate(struct store_connection *c, struct arena *a, uint32_t *ret_applied);

/* A connection of the given mode. SQLite WRITE/OWNER: there may be one at a time in the process and, by the data directory's lock, in the world
 * (store-in-use). Statements are prepared when first used. */
struct status store_connect(struct store *s, enum store_mode mode, struct arena *a, struct store_connection **ret);
void store_disconnect(struct store_connection *c);
enum store_kind store_connection_kind(const struct store_connection *c);

/* ---- transactions ------------------------------------------------------------------------------------ */

struct status store_begin(struct store_connection *c, struct arena *a);
/* Durable when fine. Failing with store-outcome-unknown: the connection was lost while committing; it may or may not be done: ask, then answer. */
struct status store_commit(struct store_connection *c, struct arena *a);
void store_rollback(struct store_connection *c); /* always works; nothing of the transaction remains */
#define STORE_TX_CLEANUP __attribute__((cleanup(store_tx_end)))
struct store_tx {
    struct store_connection *c; /* NULL once committed: the cleanup then does nothing */
};
void store_tx_end(struct store_tx *tx); /* rolls back unless committed */

/* Runs a write for each row, in the open transaction (else store-no-transaction; on a READ connection store-read-only). May be deferred: then its failure
 * shows at the next read or commit. Fails with store-constraint, store-denied (append-only), store-bad-text, store-disk-full, store-io, … */
struct status store_write(struct store_connection *c, struct arena *a, const struct store_statement *st, const struct store_value *rows, uint32_t row_count);
/* Runs a read for each row of parameters (a statement without parameters: row_count 1). Outside a transaction it is its own. */
struct status store_read(struct store_connection *c, struct arena *a, const struct store_statement *st, const struct store_value *rows, uint32_t row_count,
                         struct store_rows *ret);
/* Streams a big result row by row without holding it (audit, rebuild, export). `row` may return a failure, which stops (and like any failure ends an open
 * transaction); it may read and write through the same connection. Texts and blobs of `values` live until it returns. One row of parameters. SQLite,
 * READ: a stream, or a read transaction, that is older than 2 s ends with store-read-slow when more than 64 MiB are written meanwhile; a single
 * store_read ends so after 2 s in any case. */
struct status store_scan(struct store_connection *c, struct arena *a, const struct store_statement *st, const struct store_value *params,
                         struct status (*row)(void *user, const struct store_value *values), void *user);
/* A barrier (STACK trap 3): everything this connection has read so far is durable, also on a synchronous standby, when it returns. SQLite: nothing to do. */
struct status store_barrier(struct store_connection *c, struct arena *a);

/* Compiles every statement of the table against the schema (skipping those without a text for this store) and compares the number of parameters and
 * results: a typo fails in a unit test. SQLite: a hot statement must find its rows by a key (no SCAN in its plan). Outside a transaction. Fails with store-statement at the statement's name. */
struct status store_statements_prepare(struct store_connection *c, struct arena *a, const struct store_statements *s);

/* ---- SQLite housekeeping; no-ops that succeed on PostgreSQL --------------------------------------------- */

/* Checkpoints when the log has passed 8 MiB (or `force`); between groups, by the writer. *ret_ns: how long it took, 0 when it was not due. Fails with
 * store-log-full above 256 MiB when readers hold it. */
struct status store_checkpoint(struct store_connection *writer, struct arena *a, bool force, uint64_t *ret_ns);
/* The same when the writer has nothing else to do: already from 1 MiB, so that fewer fall into the time of a commit. */
struct status store_checkpoint_idle(struct store_connection *writer, struct arena *a, uint64_t *ret_ns);
/* Size of the log that waits for a checkpoint, as the writer last knew it; 0 on PostgreSQL. The writer's thread. */
uint64_t store_log_bytes(const struct store_connection *writer);
/* Online copy of the database into a new file (SQLite backup API, page by page, from a read connection); progress may be NULL. */
struct status store_backup(struct store *s, struct arena *a, struct str path, void (*progress)(void *user, uint64_t done, uint64_t total), void *user);
/* Bytes of the data as the store sees it (SQLite file; PostgreSQL pg_database_size). */
struct status store_size(struct store_connection *c, struct arena *a, int64_t *ret_bytes);

#endif
