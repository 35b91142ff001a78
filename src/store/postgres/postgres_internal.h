/* postgres_internal — one connection by libpq in pipeline mode, shared by the files of this folder.
 *
 * Who uses it: store/postgres only. The backend's table stands in backend.c.
 * Invariants: whatever was sent has an entry in `queue`, in order, until its result was taken; the queue is empty whenever a function that
 * reads returns; `link` is NULL exactly when there is no usable connection; BEGIN travels with the first statement, so an empty transaction costs nothing.
 */
#ifndef YIJIE_STORE_POSTGRES_INTERNAL_H
#define YIJIE_STORE_POSTGRES_INTERNAL_H

#include <libpq-fe.h>

#include "store/store_internal.h"

enum {
    POSTGRES_PARAMS_MAX = 64,
    POSTGRES_QUEUE_MAX = 128,                /* results not yet taken; more: they are taken in between */
    POSTGRES_PREPARED_MAX = 1024,            /* statements prepared at a time, a power of two */
    POSTGRES_CHUNK_BYTES = 32 * 1024 * 1024, /* of one statement's parameters; a longer write becomes several */
    POSTGRES_BYTES_KEPT = 8 * 1024 * 1024,   /* of the buffer for parameters, between two takes */
    POSTGRES_FETCH_ROWS = 256
};

enum postgres_entry_kind { ENTRY_PLAIN, ENTRY_PREPARE, ENTRY_ANSWER, ENTRY_COMMIT, ENTRY_SYNC };
struct postgres_entry {
    enum postgres_entry_kind kind;
    uint32_t slot;    /* PREPARE: of `prepared` */
    const char *what; /* name of the statement, for failures */
};

/* A statement by its address and text (a test may build two at one address). `number` names it at the server; a new one each time it is prepared. */
struct postgres_prepared {
    const struct store_statement *st;
    const char *text;
    uint32_t number;
    enum { PREPARED_NOT, PREPARED_SENT, PREPARED_DONE } state;
};

struct postgres_connection {
    struct store_connection base;
    PGconn *link;
    struct buf bytes; /* the parameters being sent */
    struct postgres_entry queue[POSTGRES_QUEUE_MAX];
    uint32_t queued;
    bool begun;          /* BEGIN was sent, its end not yet */
    bool standby_missed; /* the server gave up waiting for its standby */
    bool lost_first;     /* of the newest take: the connection was lost, and no failure was known before */
    uint32_t failures;   /* to connect, since the last success */
    uint64_t retry_ns;   /* monotonic: not before */
    int64_t daily_day;   /* when daily() was last called; INT64_MIN: not since connecting */
    uint32_t scans;      /* cursors opened in this transaction: their names */
    uint32_t prepared_count, prepared_number;
    struct postgres_prepared prepared[POSTGRES_PREPARED_MAX];
};
static inline struct postgres_connection *postgres_of(struct store_connection *c) { return (struct postgres_connection *)c; }

/* ---- link.c: connecting, losing ---------------------------------------------------------------------- */

struct status postgres_open(struct store *s, struct arena *a);
void postgres_close(struct store *s);
struct status postgres_link(struct store *s, enum store_mode mode, struct arena *a, struct store_connection **ret);
void postgres_unlink(struct store_connection *base);
/* Connected and usable, as far as can be seen without asking the server; connects again (with growing pauses) when it was lost. Outside a transaction. */
struct status postgres_ready(struct postgres_connection *c, struct arena *a);
void postgres_drop(struct postgres_connection *c); /* closes; everything sent is forgotten */
/* The place without a password, for people. */
struct str postgres_place(const struct store *s, struct arena *a);

/* ---- failure.c --------------------------------------------------------------------------------------- */

/* What a failed result means. Never holds values of rows: of messages that may quote them only the state's code is told. A result that ends the
 * connection (or none at all) drops it and is store-lost. */
struct status postgres_failure(struct postgres_connection *c, struct arena *a, const char *what, const PGresult *res);
struct status postgres_lost(struct postgres_connection *c, struct arena *a, const char *what); /* drops the connection */
/* store-outcome-unknown, also when there is no memory to say why: out-of-memory would be taken for "not done". */
struct status postgres_unknown(struct arena *a, struct str detail);
bool postgres_status_is(struct status s, enum store_error which);
struct str postgres_first_line(struct arena *a, const char *message);

/* ---- pipeline.c -------------------------------------------------------------------------------------- */

/* Sends one plain command (BEGIN, COMMIT, FETCH …). Deferred. */
struct status postgres_send(struct postgres_connection *c, struct arena *a, const char *sql, const char *what, enum postgres_entry_kind kind);
/* Sends a statement of a table for `count` rows; prepared when first used. Deferred. */
struct status postgres_send_statement(struct postgres_connection *c, struct arena *a, const struct store_statement *st, const struct store_value *rows,
                                      uint32_t count, enum postgres_entry_kind kind);
/* Takes all results. The first failure, or fine with the result of the newest ENTRY_ANSWER (NULL when there was none; PQclear it). */
struct status postgres_take(struct postgres_connection *c, struct arena *a, PGresult **ret);
/* BEGIN, once a transaction. */
struct status postgres_begun(struct postgres_connection *c, struct arena *a);
/* COMMIT and all results before it; store-outcome-unknown when nobody can say. */
struct status postgres_end(struct postgres_connection *c, struct arena *a);

static inline void postgres_result_clear(PGresult **res) {
    if (*res) PQclear(*res);
    *res = NULL;
}
#define RESULT_GUARD __attribute__((cleanup(postgres_result_clear))) PGresult

/* ---- array.c: values as the server's binary forms ------------------------------------------------------- */

struct postgres_params {
    int count;
    Oid types[POSTGRES_PARAMS_MAX];
    const char *values[POSTGRES_PARAMS_MAX];
    int lengths[POSTGRES_PARAMS_MAX], formats[POSTGRES_PARAMS_MAX];
};
/* One array a parameter, in `b` (cleared first; must stay until sent). False: no memory. */
bool postgres_params_fill(struct buf *b, const struct store_statement *st, const struct store_value *rows, uint32_t count, struct postgres_params *ret);
void postgres_param_types(const struct store_statement *st, struct postgres_params *ret); /* count and types only */
/* How many of the rows fit POSTGRES_CHUNK_BYTES, at least 1. */
uint32_t postgres_chunk(const struct store_statement *st, const struct store_value *rows, uint32_t count);
/* A description's parameters have the statement's types. */
struct status postgres_params_check(struct arena *a, const struct store_statement *st, const PGresult *res);
/* The columns behind the ordinal have the statement's types. */
struct status postgres_columns_check(struct arena *a, const struct store_statement *st, const PGresult *res);
/* One result row without its ordinal, pointing into the result. */
struct status postgres_row(struct arena *a, const struct store_statement *st, const PGresult *res, int row, struct store_value *ret);
/* All rows, copied, in the order of their ordinals. */
struct status postgres_rows(struct arena *a, const struct store_statement *st, const PGresult *res, uint32_t param_rows, struct store_rows *ret);

/* ---- check.c ------------------------------------------------------------------------------------------- */

/* Against the schema, outside a transaction. A hot statement that would read a whole table or index fails. */
struct status postgres_prepare_check(struct store_connection *base, struct arena *a, const struct store_statement *st, uint32_t *ret_params, uint32_t *ret_results);

/* ---- migrate.c ----------------------------------------------------------------------------------------- */

struct status postgres_migrate_lock(struct store_connection *base, struct arena *a);
void postgres_migrate_unlock(struct store_connection *base);
struct status postgres_migrations_read(struct store_connection *base, struct arena *a, struct store_migration_done **ret, uint32_t *ret_count);
struct status postgres_migration_apply(struct store_connection *base, struct arena *a, const struct store_migration *m, const struct digest *sha256,
                                       int64_t applied_ms);

#endif
