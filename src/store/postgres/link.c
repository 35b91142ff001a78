/* link — connecting, the session's settings, noticing a lost connection, connecting again.
 *
 * Who uses it: backend.c. Invariants: a session has exactly our settings whatever role, database or environment say; a password never appears in a
 * failure; a lost connection is tried again at the next begin, with pauses that grow to a second, so that a caller who only repeats does no harm.
 * Sources: libpq "Database Connection Control"; STACK on synchronous standbys: a commit's wait must never be cancelled, which statement_timeout
 * does not (the server stops its clock before the commit itself).
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "store/postgres/postgres_internal.h"

enum { CONNECTION_MEMORY = 1024 * 1024, BYTES_MAX = 1024 * 1024 * 1024, RETRY_MS_FIRST = 20, RETRY_MS_MAX = 1'000 };

/* Statements are look-ups by key: without statistics (fresh tables) the planner would take a scan or a hash for the whole life of a plan.
 * `on` is not weakened where the server is configured to wait for more (remote_apply). */
static const char SESSION[] =
    "SET search_path = yijie, pg_temp; SET timezone = 'UTC'; SET datestyle = 'ISO'; SET standard_conforming_strings = on;"
    "SET client_min_messages = warning; SET bytea_output = 'hex'; SET jit = off; SET plan_cache_mode = force_generic_plan;"
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;"
    "SET idle_in_transaction_session_timeout = '60s'; SET lock_timeout = '10s'; SET statement_timeout = '30s';"
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')";

/* Migrations and rebuilds take their time, with nobody waiting for an answer. */
static const char SESSION_OWNER[] = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = '10min'";

/* Before the address, so that it may say otherwise: 5 s to connect, a peer that is gone is noticed within 30 s. */
static const char *const defaults[][2] = {
    {"connect_timeout", "5"}, {"keepalives_idle", "10"},   {"keepalives_interval", "5"},
    {"keepalives_count", "3"}, {"tcp_user_timeout", "30000"}, {"fallback_application_name", "yijie"},
};

/* ---- places --------------------------------------------------------------------------------------------- */

static void conninfo_free(PQconninfoOption **options) {
    if (*options) PQconninfoFree(*options);
}
#define CONNINFO_GUARD __attribute__((cleanup(conninfo_free))) PQconninfoOption

static const char *conninfo_find(const PQconninfoOption *options, const char *name) {
    for (; options->keyword; options++)
        if (strcmp(options->keyword, name) == 0) return options->val ? options->val : "";
    return "";
}

struct str postgres_place(const struct store *s, struct arena *a) {
    CONNINFO_GUARD *options = PQconninfoParse(s->where.p, NULL);
    if (!options) return STR("postgresql://");
    const char *port = conninfo_find(options, "port");
    struct str place = arena_printf(a, "postgresql://%s@%s%s%s/%s", conninfo_find(options, "user"), conninfo_find(options, "host"), *port ? ":" : "", port,
                                    conninfo_find(options, "dbname"));
    return place.p && utf8_check(place) ? place : STR("postgresql://");
}

struct status postgres_open(struct store *s, struct arena *a) {
    CONNINFO_GUARD *options = PQconninfoParse(s->where.p, NULL); /* arena texts end with a NUL */
    if (!options || strlen(s->where.p) != s->where.n) return store_fail(a, STORE_BAD_PLACE, STR("postgresql://"), STR(""));
    if (!PQisthreadsafe()) return store_fail(a, STORE_OPEN, STR("postgresql://"), STR("libpq without threads"));
    return STATUS_OK;
}

void postgres_close(struct store *s) { (void)s; }

/* ---- one connection --------------------------------------------------------------------------------------- */

/* "canceling wait for synchronous replication": known by the server's source file, since the text may be translated. */
static void notice_take(void *user, const PGresult *res) {
    struct postgres_connection *c = user;
    const char *file = PQresultErrorField(res, PG_DIAG_SOURCE_FILE), *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    if ((file && strstr(file, "syncrep")) || (text && strstr(text, "synchronous replication"))) c->standby_missed = true;
}

void postgres_drop(struct postgres_connection *c) {
    if (c->link) PQfinish(c->link);
    c->link = NULL;
    c->queued = 0;
    c->begun = false;
    c->daily_day = INT64_MIN;
    c->prepared_count = 0;
    memset(c->prepared, 0, sizeof(c->prepared));
}

static struct status session_refused(struct postgres_connection *c, struct arena *a, struct str why) {
    struct str place = postgres_place(c->base.store, a);
    if (c->link && why.n == 0) why = postgres_first_line(a, PQerrorMessage(c->link));
    postgres_drop(c);
    return store_fail(a, STORE_OPEN, place, why);
}

static struct status session_start(struct postgres_connection *c, struct arena *a) {
    enum { COUNT = COUNT_OF(defaults) };
    const char *names[COUNT + 4] = {NULL}, *values[COUNT + 4] = {NULL};
    for (size_t i = 0; i < COUNT; i++) {
        names[i] = defaults[i][0];
        values[i] = defaults[i][1];
    }
    names[COUNT] = "target_session_attrs"; /* of several hosts, the one that may write */
    values[COUNT] = c->base.mode == STORE_READ ? "any" : "read-write";
    names[COUNT + 1] = "dbname"; /* is replaced by all that the address says */
    values[COUNT + 1] = c->base.store->where.p;
    names[COUNT + 2] = "client_encoding";
    values[COUNT + 2] = "UTF8";
    c->link = PQconnectdbParams(names, values, 1);
    if (!c->link || PQstatus(c->link) != CONNECTION_OK) return session_refused(c, a, STR(""));
    PQsetNoticeReceiver(c->link, notice_take, c);
    if (PQserverVersion(c->link) < 150000) return session_refused(c, a, STR("PostgreSQL 15 or newer is needed"));
    const char *encoding = PQparameterStatus(c->link, "server_encoding");
    if (!encoding || strcmp(encoding, "UTF8") != 0) return session_refused(c, a, STR("the database is not encoded in UTF8"));
    RESULT_GUARD *res = PQexec(c->link, SESSION);
    RESULT_GUARD *more = PQexec(c->link, c->base.mode == STORE_OWNER ? SESSION_OWNER : "");
    if (PQresultStatus(res) != PGRES_TUPLES_OK || PQresultStatus(more) == PGRES_FATAL_ERROR || !PQenterPipelineMode(c->link)) {
        return session_refused(c, a, STR(""));
    }
    return STATUS_OK;
}

/* What the schema wants once a day (partitions ahead). Its failure is no reason to refuse work. */
static void daily_call(struct postgres_connection *c, struct arena *a) {
    const struct env *e = c->base.store->env;
    int64_t day = e->today_days(e);
    char sql[64];
    if (c->base.mode == STORE_READ || c->daily_day == day || !c->link) return;
    c->daily_day = day;
    for (int step = 0; step < 2 && c->link; step++) {
        RESULT_GUARD *res = NULL;
        (void)snprintf(sql, sizeof(sql), "SELECT daily(%lld)", (long long)e->now_ms(e));
        struct status st = postgres_send(c, a, step == 0 ? "SELECT 1 FROM pg_proc WHERE oid = to_regprocedure('daily(bigint)')" : sql, "daily", ENTRY_ANSWER);
        if (!status_failed(st)) st = postgres_take(c, a, &res);
        if (status_failed(st) || PQntuples(res) != 1) return;
    }
}

/* Connects unless it is too early; waits for the time, at most a second. */
static struct status link_again(struct postgres_connection *c, struct arena *a) {
    const struct env *e = c->base.store->env;
    uint64_t now = e->monotonic_ns(e), left_ms = c->retry_ns > now ? (c->retry_ns - now) / 1'000'000 + 1 : 0;
    if (left_ms > 0) e->wait_ms(e, left_ms < RETRY_MS_MAX ? (uint32_t)left_ms : RETRY_MS_MAX);
    struct status st = session_start(c, a);
    if (!status_failed(st)) {
        c->failures = 0;
        c->retry_ns = 0;
        return STATUS_OK;
    }
    uint64_t pause_ms = c->failures < 6 ? (uint64_t)RETRY_MS_FIRST << c->failures : RETRY_MS_MAX;
    now = e->monotonic_ns(e);
    c->failures++;
    c->retry_ns = now + (pause_ms + now / 64 % (pause_ms / 4 + 1)) * 1'000'000; /* several workers do not come at once */
    return postgres_status_is(st, STORE_OPEN) ? store_fail(a, STORE_LOST, st.err->place, st.err->en) : st;
}

/* Whether the server has closed it in the meantime, as far as the socket tells: the last words come first, then the end. */
static bool link_closed(struct postgres_connection *c) {
    struct pollfd socket = {.fd = PQsocket(c->link), .events = POLLIN};
    for (int step = 0; step < 3 && PQstatus(c->link) == CONNECTION_OK && poll(&socket, 1, 0) > 0; step++)
        if (!PQconsumeInput(c->link)) return true;
    return PQstatus(c->link) == CONNECTION_BAD;
}

struct status postgres_ready(struct postgres_connection *c, struct arena *a) {
    if (c->link && link_closed(c)) postgres_drop(c);
    if (!c->link) TRY(link_again(c, a));
    daily_call(c, a);
    if (!c->link) return store_fail(a, STORE_LOST, postgres_place(c->base.store, a), STR(""));
    return STATUS_OK;
}

struct status postgres_link(struct store *s, enum store_mode mode, struct arena *a, struct store_connection **ret) {
    struct store_connection *base = store_connection_new(s, mode, sizeof(struct postgres_connection), CONNECTION_MEMORY);
    if (!base) return status_memory();
    struct postgres_connection *c = postgres_of(base);
    buf_init(&c->bytes, BYTES_MAX);
    postgres_drop(c);
    struct status st = session_start(c, a);
    if (status_failed(st)) {
        postgres_unlink(base);
        store_connection_free(base);
        return st;
    }
    *ret = base;
    return STATUS_OK;
}

void postgres_unlink(struct store_connection *base) {
    struct postgres_connection *c = postgres_of(base);
    postgres_drop(c);
    buf_done(&c->bytes);
}
