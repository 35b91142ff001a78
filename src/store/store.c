/* store — opening, connections, the life of a transaction; hands the work to the seam of the store.
 *
 * Who uses it: every room above that owns tables. Invariants: a failure inside a transaction ends it (rolled back before the failure is returned),
 * and nothing is written outside of one, so that a caller who goes on by mistake writes nothing; a connection that only reads never writes.
 *
 *   state of a connection      begin            write              read, scan         commit            rollback
 *   idle                       → open           store-no-trans.    its own snapshot   store-no-trans.   idle
 *   open                       bug (CHECK)      open               open               → idle            → idle
 *   open, and it fails         → idle           → idle             → idle             → idle
 */
#include "store/store_internal.h"

enum { STORE_MEMORY = 64 * 1024 };

static bool is_postgres(struct str where) {
    return str_starts(where, STR("postgresql://")) || str_starts(where, STR("postgres://"));
}

struct status store_open(struct arena *a, const struct store_options *o, struct store **ret) {
    CHECK(o->env);
    if (o->where.n == 0 || o->where.n > STORE_MEMORY / 8) return store_fail(a, STORE_BAD_PLACE, STR(""), STR(""));
    struct arena memory; /* moves into the store, which it holds */
    arena_init(&memory, STORE_MEMORY);
    struct store *s = ARENA_NEW(&memory, struct store);
    struct str where = arena_str(&memory, o->where), role = arena_str(&memory, o->server_role);
    if (!s || !where.p || !role.p) {
        arena_done(&memory);
        return status_memory();
    }
    *s = (struct store){.memory = memory,
                        .backend = is_postgres(where) ? &store_postgres : &store_sqlite,
                        .env = o->env,
                        .where = where,
                        .server_role = role,
                        .faults = o->faults};
    struct status st = s->backend->open(s, a);
    if (status_failed(st)) {
        memory = s->memory;
        arena_done(&memory);
        return st;
    }
    *ret = s;
    return STATUS_OK;
}

void store_close(struct store *s) {
    if (!s) return;
    s->backend->close(s);
    struct arena memory = s->memory;
    arena_done(&memory);
}

enum store_kind store_kind_of(const struct store *s) { return s->backend->kind; }
enum store_kind store_connection_kind(const struct store_connection *c) { return c->store->backend->kind; }

void store_point(const struct store_connection *c, const char *name) {
    if (c->store->faults) c->store->env->point(c->store->env, name);
}

/* ---- connections ---------------------------------------------------------------------------------------- */

struct store_connection *store_connection_new(struct store *s, enum store_mode mode, size_t size, size_t memory_limit) {
    struct arena memory;
    arena_init(&memory, memory_limit);
    struct store_connection *c = arena_alloc(&memory, size, _Alignof(max_align_t));
    if (!c) {
        arena_done(&memory);
        return NULL;
    }
    *c = (struct store_connection){.memory = memory, .store = s, .mode = mode};
    return c;
}

void store_connection_free(struct store_connection *c) {
    struct arena memory = c->memory;
    arena_done(&memory);
}

struct status store_connect(struct store *s, enum store_mode mode, struct arena *a, struct store_connection **ret) {
    return s->backend->connect(s, mode, a, ret);
}

void store_disconnect(struct store_connection *c) {
    if (!c) return;
    store_rollback(c);
    c->store->backend->disconnect(c);
    store_connection_free(c);
}

/* ---- transactions ------------------------------------------------------------------------------------------ */

/* A failure ends the transaction. */
static struct status ended(struct store_connection *c, struct status st) {
    if (status_failed(st)) store_rollback(c);
    return st;
}

struct status store_begin(struct store_connection *c, struct arena *a) {
    CHECK(!c->in_transaction);
    store_point(c, "store.begin");
    struct status st = c->store->backend->begin(c, a);
    if (status_failed(st)) {
        c->store->backend->rollback(c); /* whatever stands half open */
        return st;
    }
    c->in_transaction = true;
    return STATUS_OK;
}

struct status store_commit(struct store_connection *c, struct arena *a) {
    if (!c->in_transaction) return store_fail(a, STORE_NO_TRANSACTION, STR("commit"), STR(""));
    store_point(c, "store.commit-before");
    TRY(ended(c, c->store->backend->commit(c, a)));
    c->in_transaction = false;
    store_point(c, "store.commit-after");
    return STATUS_OK;
}

void store_rollback(struct store_connection *c) {
    if (!c->in_transaction) return;
    c->in_transaction = false;
    c->store->backend->rollback(c);
}

void store_tx_end(struct store_tx *tx) {
    if (tx->c) store_rollback(tx->c);
    tx->c = NULL;
}

struct status store_write(struct store_connection *c, struct arena *a, const struct store_statement *st, const struct store_value *rows, uint32_t row_count) {
    store_statement_known(c->store->backend->kind, st);
    CHECK(st->results[0] == 0);
    if (c->mode == STORE_READ) return ended(c, store_fail(a, STORE_READ_ONLY, str_from(st->name), STR("")));
    if (!c->in_transaction) return store_fail(a, STORE_NO_TRANSACTION, str_from(st->name), STR(""));
    if (row_count == 0) return STATUS_OK;
    TRY(ended(c, store_values_check(a, st, rows, row_count)));
    store_point(c, "store.write");
    return ended(c, c->store->backend->write(c, a, st, rows, row_count));
}

struct status store_read(struct store_connection *c, struct arena *a, const struct store_statement *st, const struct store_value *rows, uint32_t row_count,
                         struct store_rows *ret) {
    store_statement_known(c->store->backend->kind, st);
    CHECK(st->results[0] != 0);
    if (row_count == 0) {
        *ret = (struct store_rows){.width = store_width(st->results)};
        return STATUS_OK;
    }
    TRY(ended(c, store_values_check(a, st, rows, row_count)));
    store_point(c, "store.read");
    return ended(c, c->store->backend->read(c, a, st, rows, row_count, ret));
}

struct status store_scan(struct store_connection *c, struct arena *a, const struct store_statement *st, const struct store_value *params,
                         struct status (*row)(void *user, const struct store_value *values), void *user) {
    store_statement_known(c->store->backend->kind, st);
    CHECK(st->results[0] != 0);
    TRY(ended(c, store_values_check(a, st, params, 1)));
    return ended(c, c->store->backend->scan(c, a, st, params, row, user));
}

struct status store_barrier(struct store_connection *c, struct arena *a) { return ended(c, c->store->backend->barrier(c, a)); }

/* ---- housekeeping --------------------------------------------------------------------------------------------- */

struct status store_checkpoint(struct store_connection *writer, struct arena *a, bool force, uint64_t *ret_ns) {
    CHECK(!writer->in_transaction && writer->mode != STORE_READ);
    return writer->store->backend->checkpoint(writer, a, force ? STORE_CHECKPOINT_FORCED : STORE_CHECKPOINT_DUE, ret_ns);
}

uint64_t store_log_bytes(const struct store_connection *writer) {
    return writer->store->backend->log_bytes ? writer->store->backend->log_bytes(writer) : 0;
}

struct status store_checkpoint_idle(struct store_connection *writer, struct arena *a, uint64_t *ret_ns) {
    CHECK(!writer->in_transaction && writer->mode != STORE_READ);
    return writer->store->backend->checkpoint(writer, a, STORE_CHECKPOINT_IDLE, ret_ns);
}

struct status store_backup(struct store *s, struct arena *a, struct str path, void (*progress)(void *user, uint64_t done, uint64_t total), void *user) {
    return s->backend->backup(s, a, path, progress, user);
}

struct status store_size(struct store_connection *c, struct arena *a, int64_t *ret_bytes) {
    return ended(c, c->store->backend->size(c, a, ret_bytes));
}
