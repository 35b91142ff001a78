/* pipeline — sending without waiting, and taking the results in order.
 *
 * Who uses it: backend.c and migrate.c. Invariants: one entry of the queue for each message that answers; results are taken only behind a Sync, so
 * that a failure is told once, by the statement that failed (those behind it are skipped by the server); a statement counts as prepared only
 * when the server has said so. Workload: a group of 512 commands is some 30 statements and 3 to 5 waits (reads and the commit).
 * Source: libpq, "Pipeline Mode". libpq takes results in while it waits to send, so neither side can wait for ever.
 */
#include <stdio.h>
#include <string.h>

#include "store/postgres/postgres_internal.h"

static void queue_push(struct postgres_connection *c, enum postgres_entry_kind kind, const char *what, uint32_t slot) {
    CHECK(c->queued < POSTGRES_QUEUE_MAX);
    c->queue[c->queued++] = (struct postgres_entry){.kind = kind, .slot = slot, .what = what};
}

/* Room for a PREPARE, its statement and a Sync. */
static struct status queue_room(struct postgres_connection *c, struct arena *a, const char *what) {
    if (!c->link) return store_fail(a, STORE_LOST, str_from(what), STR(""));
    if (c->queued + 4 <= POSTGRES_QUEUE_MAX) return STATUS_OK;
    RESULT_GUARD *unread = NULL;
    return postgres_take(c, a, &unread);
}

struct status postgres_send(struct postgres_connection *c, struct arena *a, const char *sql, const char *what, enum postgres_entry_kind kind) {
    TRY(queue_room(c, a, what));
    if (!PQsendQueryParams(c->link, sql, 0, NULL, NULL, NULL, NULL, 1)) return postgres_lost(c, a, what);
    queue_push(c, kind, what, 0);
    return STATUS_OK;
}

/* ---- prepared statements --------------------------------------------------------------------------------- */

static void statement_name(uint32_t number, char out[16]) { (void)snprintf(out, 16, "y%u", number); }

/* Its slot: the one it has, or a free one. */
static uint32_t prepared_slot(struct postgres_connection *c, const struct store_statement *st) {
    uint32_t at = (uint32_t)(((uintptr_t)st >> 4) * 0x9E3779B1u) % POSTGRES_PREPARED_MAX;
    while (c->prepared[at].st && (c->prepared[at].st != st || c->prepared[at].text != st->postgres)) at = (at + 1) % POSTGRES_PREPARED_MAX;
    return at;
}

/* Forgets all of them when the table is nearly full: only tests have so many. */
static struct status prepared_room(struct postgres_connection *c, struct arena *a) {
    if (c->prepared_count < POSTGRES_PREPARED_MAX * 3 / 4) return STATUS_OK;
    TRY(postgres_send(c, a, "DEALLOCATE ALL", "deallocate", ENTRY_PLAIN));
    RESULT_GUARD *none = NULL;
    TRY(postgres_take(c, a, &none));
    memset(c->prepared, 0, sizeof(c->prepared));
    c->prepared_count = 0;
    return STATUS_OK;
}

static struct status prepared_make(struct postgres_connection *c, struct arena *a, const struct store_statement *st, uint32_t *ret_slot) {
    struct postgres_params types = {0};
    char name[16];
    TRY(prepared_room(c, a));
    uint32_t slot = prepared_slot(c, st);
    struct postgres_prepared *p = &c->prepared[slot];
    if (!p->st) {
        *p = (struct postgres_prepared){.st = st, .text = st->postgres};
        c->prepared_count++;
    }
    if (p->state == PREPARED_NOT) {
        postgres_param_types(st, &types);
        p->number = ++c->prepared_number;
        statement_name(p->number, name);
        if (!PQsendPrepare(c->link, name, st->postgres, types.count, types.types)) return postgres_lost(c, a, st->name);
        p->state = PREPARED_SENT;
        queue_push(c, ENTRY_PREPARE, st->name, slot);
    }
    *ret_slot = slot;
    return STATUS_OK;
}

struct status postgres_send_statement(struct postgres_connection *c, struct arena *a, const struct store_statement *st, const struct store_value *rows,
                                      uint32_t count, enum postgres_entry_kind kind) {
    struct postgres_params params = {0};
    uint32_t slot = 0;
    char name[16];
    TRY(queue_room(c, a, st->name));
    TRY(prepared_make(c, a, st, &slot));
    if (!postgres_params_fill(&c->bytes, st, rows, count, &params)) return status_memory();
    statement_name(c->prepared[slot].number, name);
    if (!PQsendQueryPrepared(c->link, name, params.count, params.values, params.lengths, params.formats, 1)) return postgres_lost(c, a, st->name);
    queue_push(c, kind, st->name, slot);
    return STATUS_OK;
}

/* ---- taking ------------------------------------------------------------------------------------------------ */

/* What a result says about its entry; its failure unless an earlier one is known. */
static struct status entry_judge(struct postgres_connection *c, struct arena *a, const struct postgres_entry *e, PGresult *res, bool known) {
    ExecStatusType is = PQresultStatus(res);
    bool fine = e->kind == ENTRY_SYNC ? is == PGRES_PIPELINE_SYNC : is == PGRES_COMMAND_OK || is == PGRES_TUPLES_OK;
    if (e->kind == ENTRY_PREPARE) c->prepared[e->slot].state = fine ? PREPARED_DONE : PREPARED_NOT;
    if (fine && e->kind == ENTRY_COMMIT && strcmp(PQcmdStatus(res), "COMMIT") != 0 && !known) {
        return store_fail(a, STORE_STATEMENT, str_from(e->what), STR("the server rolled back"));
    }
    if (fine || is == PGRES_PIPELINE_ABORTED) return STATUS_OK;
    struct status st = postgres_failure(c, a, e->what, res);
    return known ? STATUS_OK : st;
}

/* Up to the NULL that ends an entry. A connection that breaks here shows at the Sync. */
static void entry_end(struct postgres_connection *c) {
    PGresult *more = PQgetResult(c->link);
    while (more) {
        PQclear(more);
        more = PQstatus(c->link) == CONNECTION_OK ? PQgetResult(c->link) : NULL;
    }
}

struct status postgres_take(struct postgres_connection *c, struct arena *a, PGresult **ret) {
    struct status first = STATUS_OK;
    RESULT_GUARD *answer = NULL;
    c->lost_first = true;
    if (!c->link) return store_fail(a, STORE_LOST, STR("connection"), STR(""));
    if (!PQpipelineSync(c->link)) return postgres_lost(c, a, c->queued ? c->queue[c->queued - 1].what : "sync");
    queue_push(c, ENTRY_SYNC, "sync", 0);
    store_point(&c->base, "store.postgres-sent");
    for (uint32_t i = 0; i < c->queued; i++) {
        struct postgres_entry e = c->queue[i];
        RESULT_GUARD *res = PQgetResult(c->link);
        struct status st = entry_judge(c, a, &e, res, status_failed(first)); /* no result at all: lost */
        c->lost_first = !c->link && !status_failed(first) && !postgres_status_is(st, STORE_CONFLICT); /* an outdated plan: surely undone */
        if (!status_failed(first)) first = st;
        if (!c->link) return first; /* nothing more will come; the connection has forgotten its queue */
        if (e.kind == ENTRY_ANSWER) {
            postgres_result_clear(&answer);
            answer = res;
            res = NULL;
        }
        if (e.kind == ENTRY_SYNC) continue;
        entry_end(c);
    }
    c->queued = 0;
    if (c->bytes.cap > POSTGRES_BYTES_KEPT) {
        size_t max = c->bytes.max;
        buf_done(&c->bytes);
        buf_init(&c->bytes, max);
    }
    if (status_failed(first)) return first;
    *ret = answer;
    answer = NULL;
    return STATUS_OK;
}

/* ---- transactions -------------------------------------------------------------------------------------------- */

struct status postgres_begun(struct postgres_connection *c, struct arena *a) {
    if (c->begun) return STATUS_OK;
    bool reads = c->base.mode == STORE_READ;
    TRY(postgres_send(c, a, reads ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", "begin",
                      ENTRY_PLAIN));
    c->begun = true;
    return STATUS_OK;
}

struct status postgres_end(struct postgres_connection *c, struct arena *a) {
    RESULT_GUARD *none = NULL;
    c->standby_missed = false;
    TRY(postgres_send(c, a, "COMMIT", "commit", ENTRY_COMMIT));
    struct status st = postgres_take(c, a, &none);
    /* A statement that failed before: surely not committed. The connection went away: who knows. */
    if (st.err && c->lost_first) return postgres_unknown(a, st.err->en);
    TRY(st);
    c->begun = false;
    return c->standby_missed ? postgres_unknown(a, STR("canceling wait for synchronous replication")) : STATUS_OK;
}
