/* check — a statement against the schema, before anybody needs it: its parameters, its columns, and how the server would find its rows.
 *
 * Who uses it: store_statements_prepare, in a unit test of every room with tables. Invariant: what passes here runs by an index when it is hot, however
 * many rows there are one day; the empty tables of a test do not hide it, since our sessions plan without scans wherever there is an index.
 */
#include <string.h>

#include "store/postgres/postgres_internal.h"

static void queue(struct postgres_connection *c, enum postgres_entry_kind kind, const char *what) {
    CHECK(c->queued < POSTGRES_QUEUE_MAX);
    c->queue[c->queued++] = (struct postgres_entry){.kind = kind, .what = what};
}

/* ---- the plan of a hot statement -------------------------------------------------------------------------- */

/* A node that reads a whole table, or a whole index: "Index Scan" without "Index Cond". The line that says so, or NULL. */
static const char *plan_scans(const PGresult *plan) {
    const char *index = NULL;
    for (int r = 0; r < PQntuples(plan); r++) {
        const char *line = PQgetvalue(plan, r, 0);
        if (strstr(line, "Seq Scan on")) return line;
        if (strstr(line, "Index Cond:")) index = NULL;
        if (!strstr(line, "->") && r > 0) continue;
        if (index) return index;
        if (strstr(line, "Index Scan") || strstr(line, "Index Only Scan")) index = line;
    }
    return index;
}

static struct status plan_check(struct postgres_connection *c, struct arena *a, const struct store_statement *st) {
    struct postgres_params types = {0};
    RESULT_GUARD *plan = NULL, *none = NULL;
    struct buf sql;
    postgres_param_types(st, &types);
    if (!PQsendPrepare(c->link, "hot", st->postgres, types.count, types.types)) return postgres_lost(c, a, st->name);
    queue(c, ENTRY_PLAIN, st->name);
    buf_init(&sql, 4096);
    buf_add_cstr(&sql, "EXPLAIN (COSTS OFF) EXECUTE hot");
    for (int k = 0; k < types.count; k++) buf_add_cstr(&sql, k ? ", NULL" : "(NULL");
    buf_add_cstr(&sql, types.count ? ")" : "");
    buf_add_char(&sql, 0);
    struct status sent = sql.failed ? status_memory() : postgres_send(c, a, sql.p, st->name, ENTRY_ANSWER);
    if (!status_failed(sent)) sent = postgres_take(c, a, &plan);
    buf_done(&sql);
    if (status_failed(sent)) { /* `hot` may be left in the session */
        postgres_drop(c);
        return sent;
    }
    CHECK(plan);
    const char *scans = plan_scans(plan);
    struct str detail = scans ? arena_printf(a, "hot, and reads all: %s", scans + strspn(scans, " ->")) : STR("");
    TRY(postgres_send(c, a, "DEALLOCATE hot", st->name, ENTRY_PLAIN));
    TRY(postgres_take(c, a, &none));
    return scans ? store_fail(a, STORE_STATEMENT, str_from(st->name), detail) : STATUS_OK;
}

/* ---- its types ------------------------------------------------------------------------------------------------ */

/* Types are left to the server here, so that a parameter that the text does not use or casts to something else shows. */
struct status postgres_prepare_check(struct store_connection *base, struct arena *a, const struct store_statement *st, uint32_t *ret_params, uint32_t *ret_results) {
    struct postgres_connection *c = postgres_of(base);
    RESULT_GUARD *res = NULL;
    TRY(postgres_ready(c, a));
    if (!PQsendPrepare(c->link, "", st->postgres, 0, NULL)) return postgres_lost(c, a, st->name);
    queue(c, ENTRY_PLAIN, st->name);
    if (!PQsendDescribePrepared(c->link, "")) return postgres_lost(c, a, st->name);
    queue(c, ENTRY_ANSWER, st->name);
    TRY(postgres_take(c, a, &res));
    CHECK(res);
    TRY(postgres_params_check(a, st, res));
    if (st->hot) TRY(plan_check(c, a, st));
    int fields = PQnfields(res);
    *ret_params = (uint32_t)PQnparams(res);
    *ret_results = fields > 0 ? (uint32_t)fields - 1 : 0;
    return fields > 0 ? postgres_columns_check(a, st, res) : STATUS_OK;
}
