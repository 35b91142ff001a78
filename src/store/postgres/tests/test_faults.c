/* Lost connections at every point, lost answers of a commit, locks, deadlocks, a server that stops and comes back. */
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "store/postgres/tests/help.h"

/* ---- the connection is ended at every point ------------------------------------------------------------------- */

/* From another session, and waits until the backend is gone: its locks and its transaction, too. */
static void terminate_others(struct bench *b) {
    (void)fresh_run(&b->a, b->db.admin,
                    "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'yijie_server'");
}
static void terminate_at(struct point_hook *h, const char *name) {
    if (h->passed != h->fires_at) return;
    h->fired = name;
    terminate_others(h->user);
}
static void hook_start(struct bench *b, void (*at)(struct point_hook *h, const char *name), int fires_at) {
    b->hook.at = at;
    b->hook.user = b;
    b->hook.passed = 0;
    b->hook.fires_at = fires_at;
    b->hook.fired = NULL;
}

/* A transaction with all kinds of calls: things 1 and 2, one renamed. */
static struct status transaction(struct bench *b, struct store_connection *c) {
    const struct store_value id = STORE_I(1), rename[] = {STORE_I(1), STORE_S(STR("first"))};
    struct store_rows got = {0};
    TRY(store_begin(c, &b->a));
    TRY(thing_write(c, &b->a, 1, "one"));
    TRY(store_read(c, &b->a, &things_lock, &id, 1, &got));
    assert_int_equal(got.count, 1);
    TRY(thing_write(c, &b->a, 2, "two"));
    TRY(store_write(c, &b->a, &things_rename, rename, 1));
    return store_commit(c, &b->a);
}

static void terminated_at_every_point(void **state) {
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    bool lost = false, unknown = false;
    for (int at = 1;; at++) {
        (void)fresh_run(&b->a, b->db.owner, "DELETE FROM yijie.things");
        hook_start(b, terminate_at, at);
        struct status st = transaction(b, c);
        hook_start(b, NULL, 0);
        int fired = b->hook.fired != NULL;
        struct str left = fresh_run(&b->a, b->db.owner, "SELECT string_agg(name, ',' ORDER BY id) FROM yijie.things");
        if (!status_failed(st)) {
            assert_string_equal(left.p, "first,two"); /* fine means durable */
        } else if (postgres_status_is(st, STORE_LOST)) {
            assert_string_equal(left.p, ""); /* nothing of it */
            lost = true;
        } else {
            FAILS(st, "store-outcome-unknown");
            assert_true(left.n == 0 || strcmp(left.p, "first,two") == 0); /* all or nothing */
            unknown = true;
        }
        FAILS(store_commit(c, &b->a), "store-no-transaction");
        /* the next transaction connects again by itself */
        FINE(store_begin(c, &b->a));
        FINE(thing_write(c, &b->a, 3, "three"));
        FINE(store_commit(c, &b->a));
        if (!fired && at > 20) break;
        assert_true(at < 100);
    }
    assert_true(lost && unknown);
    store_disconnect(c);
}

/* ---- the answer of the commit is lost ---------------------------------------------------------------------------- */

/* At the last "sent" (of the commit): waits until the server has done it, or does not let it, then cuts the wire. */
struct cut {
    struct bench *b;
    struct store_connection *c;
    bool committing, let_through;
};
static void cut_at(struct point_hook *h, const char *name) {
    struct cut *cut = h->user;
    if (strcmp(name, "store.commit-before") == 0) {
        cut->committing = true;
        if (cut->let_through) return;
    } else if (!cut->committing || !cut->let_through || strcmp(name, "store.postgres-sent") != 0) {
        return;
    }
    if (cut->let_through) {
        for (int i = 0; i < 500; i++) {
            if (strcmp(fresh_run(&cut->b->a, cut->b->db.owner, "SELECT count(*) FROM yijie.things").p, "1") == 0) break;
            cut->b->hook.env.wait_ms(&cut->b->hook.env, 10);
        }
    }
    char answer[4096];
    int wire = PQsocket(postgres_of(cut->c)->link);
    h->at = NULL;
    if (cut->let_through) assert_true(recv(wire, answer, sizeof(answer), 0) > 0); /* taken off the wire: it never arrives */
    assert_int_equal(shutdown(wire, SHUT_RDWR), 0);
}

static void commit_answer_lost(void **state) {
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    for (int let_through = 0; let_through < 2; let_through++) {
        struct cut cut = {.b = b, .c = c, .let_through = let_through != 0};
        FINE(store_begin(c, &b->a));
        FINE(thing_write(c, &b->a, 1, "one"));
        hook_start(b, cut_at, 0);
        b->hook.user = &cut;
        FAILS(store_commit(c, &b->a), "store-outcome-unknown");
        hook_start(b, NULL, 0);
        assert_int_equal(bench_count(b, c), let_through); /* the asking connects again */
    }
    store_disconnect(c);
}

/* Also when there is no memory to say it: out-of-memory would be taken for "not done". */
static void no_memory_for_the_doubt(void **state) {
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    struct cut cut = {.b = b, .c = c, .let_through = true};
    struct arena full;
    arena_init(&full, 64);
    FINE(store_begin(c, &b->a));
    FINE(thing_write(c, &b->a, 1, "one"));
    hook_start(b, cut_at, 0);
    b->hook.user = &cut;
    FAILS(store_commit(c, &full), "store-outcome-unknown");
    hook_start(b, NULL, 0);
    assert_int_equal(bench_count(b, c), 1);
    arena_done(&full);
    store_disconnect(c);
}

/* Whatever the arena of a call can hold: the call does its work or fails as a whole, and the connection goes on. */
static struct status in_little_memory(struct bench *b, struct store_connection *c, size_t bytes) {
    const struct store_value rows[] = {STORE_I(1), STORE_S(STR("one")), STORE_NULL, STORE_NULL, STORE_I(2), STORE_S(STR("two")), STORE_NULL, STORE_NULL};
    const struct store_value ids[] = {STORE_I(1), STORE_I(2)};
    struct store_rows got = {0};
    struct arena a;
    arena_init(&a, bytes);
    (void)b;
    struct status st = store_begin(c, &a);
    if (!status_failed(st)) st = store_write(c, &a, &things_insert, rows, 2);
    if (!status_failed(st)) st = store_read(c, &a, &things_get, ids, 2, &got);
    if (!status_failed(st)) st = store_commit(c, &a);
    bool fine = !status_failed(st) && got.count == 2;
    if (status_failed(st)) assert_string_equal(st.err->code, "out-of-memory");
    arena_done(&a);
    return fine ? STATUS_OK : status_memory();
}
static void little_memory(void **state) {
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    int failed = 0, done = 0;
    for (size_t bytes = 0; done < 3; bytes += 16) {
        struct status st = in_little_memory(b, c, bytes);
        done += !status_failed(st);
        failed += status_failed(st);
        assert_string_equal(fresh_run(&b->a, b->db.owner, "WITH d AS (DELETE FROM yijie.things RETURNING 1) SELECT count(*) FROM d").p, status_failed(st) ? "0" : "2");
        assert_true(bytes < 65'536);
    }
    assert_true(failed > 3);
    store_disconnect(c);
}

/* A statement failed before the connection went: surely nothing was done, so no doubt is told. */
static void terminate_after_failure(struct point_hook *h, const char *name) {
    if (strcmp(name, "store.postgres-sent") != 0) return;
    h->at = NULL;
    h->env.wait_ms(&h->env, 100);
    terminate_others(h->user);
}
static void failed_before_the_loss(void **state) {
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    FINE(store_begin(c, &b->a));
    FINE(thing_write(c, &b->a, 1, "one"));
    FINE(thing_write(c, &b->a, 1, "again"));
    hook_start(b, terminate_after_failure, 0);
    FAILS(store_commit(c, &b->a), "store-constraint");
    hook_start(b, NULL, 0);
    assert_int_equal(bench_count(b, c), 0);
    store_disconnect(c);
}

/* ---- workers whose connections are ended at any moment ---------------------------------------------------------------- */

/* Each moves one unit between two things, under its own number; in doubt it looks for the number. Locks in order of id. */
struct mover {
    struct bench *b;
    struct store_connection *c;
    struct arena a;
    struct env_thread thread;
    int64_t first_number;
    uint64_t seed;
    int lost, unknown, redone, found;
    atomic_int *running;
};
enum { MOVERS = 3, MOVES = 300, ACCOUNTS = 5 };

static const struct store_statement move_lock = {
    .name = "move.lock",
    .params = "i",
    .results = "i",
    .postgres = "SELECT p.n, t.n FROM unnest($1::bigint[]) WITH ORDINALITY AS p (id, n) JOIN things t ON t.id = p.id ORDER BY t.id FOR UPDATE OF t"};
static const struct store_statement move_set = {
    .name = "move.set",
    .params = "ii",
    .results = "",
    .postgres = "UPDATE things t SET n = p.v FROM unnest($1::bigint[], $2::bigint[]) AS p (id, v) WHERE t.id = p.id"};

static struct status move(struct mover *m, int64_t number) {
    int64_t from = (int64_t)(m->seed % ACCOUNTS), to = (int64_t)((m->seed >> 8) % (ACCOUNTS - 1));
    if (to >= from) to++;
    const struct store_value ids[] = {STORE_I(from), STORE_I(to)};
    struct store_rows got = {0};
    TRY(store_begin(m->c, &m->a));
    TRY(store_read(m->c, &m->a, &move_lock, ids, 2, &got));
    const struct store_value set[] = {STORE_I(from), STORE_I(store_row(&got, 0)[0].i - 1), STORE_I(to), STORE_I(store_row(&got, 1)[0].i + 1)};
    TRY(store_write(m->c, &m->a, &move_set, set, 2));
    TRY(thing_write(m->c, &m->a, number, "move"));
    return store_commit(m->c, &m->a);
}
/* Until it is known whether the move was made. */
static bool move_made(struct mover *m, int64_t number) {
    const struct store_value id = STORE_I(number);
    struct store_rows got = {0};
    while (status_failed(store_read(m->c, &m->a, &things_get, &id, 1, &got))) continue;
    return got.count > 0;
}
static void *mover_run(void *arg) {
    struct mover *m = arg;
    for (int64_t k = 0; k < MOVES; k++) {
        struct status st = STATUS_OK;
        m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
        do {
            st = move(m, m->first_number + k);
            m->lost += postgres_status_is(st, STORE_LOST);
            if (!postgres_status_is(st, STORE_OUTCOME_UNKNOWN)) continue;
            m->unknown++;
            if (move_made(m, m->first_number + k)) {
                m->found++;
                break;
            }
            m->redone++;
        } while (postgres_status_is(st, STORE_LOST) || postgres_status_is(st, STORE_OUTCOME_UNKNOWN));
        CHECK(!status_failed(st) || postgres_status_is(st, STORE_OUTCOME_UNKNOWN));
        arena_reset(&m->a);
    }
    (void)atomic_fetch_sub(m->running, 1);
    return NULL;
}

static void nothing_lost_nothing_twice(void **state) {
    struct bench *b = *state;
    struct mover movers[MOVERS];
    const struct env *e = env_system();
    atomic_int running = MOVERS;
    int lost = 0;
    (void)fresh_run(&b->a, b->db.owner, "INSERT INTO yijie.things SELECT g, 'account', NULL, 1000 FROM generate_series(0, 4) g");
    for (int i = 0; i < MOVERS; i++) {
        movers[i] = (struct mover){.b = b, .first_number = 1000 * (i + 1), .seed = (uint64_t)i + 7, .running = &running};
        movers[i].c = bench_connect(b, b->server, STORE_WRITE);
        arena_init(&movers[i].a, 1 << 20);
        FINE(e->thread_start(e, &b->a, mover_run, &movers[i], &movers[i].thread));
    }
    while (atomic_load(&running) > 0) {
        e->wait_ms(e, 1);
        (void)fresh_run(&b->a, b->db.admin,
                        "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = "
                        "'yijie_server' ORDER BY random() LIMIT 1) AS one");
    }
    for (int i = 0; i < MOVERS; i++) {
        e->thread_join(e, &movers[i].thread);
        lost += movers[i].lost + movers[i].unknown;
        store_disconnect(movers[i].c);
        arena_done(&movers[i].a);
    }
    assert_in_range(lost, 1, INT32_MAX);
    assert_string_equal(fresh_run(&b->a, b->db.owner, "SELECT sum(n) FROM yijie.things WHERE name = 'account'").p, "5000");
    assert_string_equal(fresh_run(&b->a, b->db.owner, "SELECT count(*) FROM yijie.things WHERE name = 'move'").p, "900");
}

/* ---- the server goes and comes back -------------------------------------------------------------------------------- */

static void tool(const char *words) {
    char command[1024];
    const char *pg = getenv("YIJIE_TEST_PG"), *folder = getenv("YIJIE_TEST_PG_DIR");
    assert_true(pg && folder);
    const char *space = strchr(words, ' ');
    int n = space ? (int)(space - words) : (int)strlen(words);
    (void)snprintf(command, sizeof(command), "python3 '%s' %.*s '%s' %s >/dev/null", pg, n, words, folder, words + n);
    assert_int_equal(system(command), 0);
}

static void server_restarts(void **state) {
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE), *reader = bench_connect(b, b->server, STORE_READ);
    FINE(store_begin(c, &b->a));
    FINE(thing_write(c, &b->a, 1, "one"));
    FINE(store_commit(c, &b->a));
    FINE(store_begin(c, &b->a));
    FINE(thing_write(c, &b->a, 2, "two"));
    tool("kill");
    FAILS(store_commit(c, &b->a), "store-outcome-unknown"); /* it was on its way when the wire was cut */
    for (int i = 0; i < 3; i++) {
        struct status st = store_begin(c, &b->a);
        FAILS(st, "store-lost");
        assert_true(st.err->place.n > 0);
    }
    struct store_rows got = {0};
    FAILS(store_read(reader, &b->a, &things_count, NULL, 1, &got), "store-lost");
    tool("start");
    FINE(store_begin(c, &b->a));
    FINE(thing_write(c, &b->a, 3, "three"));
    FINE(store_commit(c, &b->a));
    assert_string_equal(fresh_run(&b->a, b->db.owner, "SELECT string_agg(name, ',' ORDER BY id) FROM yijie.things").p, "one,three");
    assert_int_equal(bench_count(b, reader), 2);
    store_disconnect(c);
    store_disconnect(reader);
}

/* ---- locks ------------------------------------------------------------------------------------------------------------- */

struct locker {
    struct bench *b;
    struct store_connection *c;
    struct arena a;
    struct env_thread thread;
    int64_t first, second; /* locked in this order; 0: none */
    const char *name;      /* what the first is renamed to */
    atomic_int *met;       /* both hold their first lock */
    struct str seen;
    struct status st;
};
static struct status locker_work(struct locker *l) {
    const struct store_value first = STORE_I(l->first), second = STORE_I(l->second), rename[] = {STORE_I(l->first), STORE_S(str_from(l->name))};
    struct store_rows got = {0};
    TRY(store_begin(l->c, &l->a));
    TRY(store_read(l->c, &l->a, &things_lock, &first, 1, &got));
    l->seen = store_row(&got, 0)[1].s;
    if (l->met) {
        (void)atomic_fetch_add(l->met, 1);
        while (atomic_load(l->met) < 2) l->b->hook.env.wait_ms(&l->b->hook.env, 1);
    }
    if (l->second) TRY(store_read(l->c, &l->a, &things_lock, &second, 1, &got));
    TRY(store_write(l->c, &l->a, &things_rename, rename, 1));
    return store_commit(l->c, &l->a);
}
static void *locker_run(void *arg) {
    struct locker *l = arg;
    l->st = locker_work(l);
    return NULL;
}
static void locker_start(struct bench *b, struct locker *l) {
    const struct env *e = env_system();
    l->b = b;
    l->c = bench_connect(b, b->server, STORE_WRITE);
    arena_init(&l->a, 1 << 20);
    FINE(e->thread_start(e, &b->a, locker_run, l, &l->thread));
}
static void locker_end(struct locker *l) {
    const struct env *e = env_system();
    e->thread_join(e, &l->thread);
    store_disconnect(l->c);
}
static void wait_until_blocked(struct bench *b, const char *count) {
    for (int i = 0; i < 1000; i++) {
        struct str waiting = fresh_run(&b->a, b->db.admin, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
        if (strcmp(waiting.p, count) == 0) return;
        b->hook.env.wait_ms(&b->hook.env, 10);
    }
    fail_msg("nobody waits");
}

/* The second waits for the first and then sees what it wrote: nothing is lost. */
static void second_waits(void **state) {
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    const struct store_value id = STORE_I(1), rename[] = {STORE_I(1), STORE_S(STR("by the first"))};
    struct store_rows got = {0};
    struct locker l = {.first = 1, .name = "by the second"};
    (void)fresh_run(&b->a, b->db.owner, "INSERT INTO yijie.things VALUES (1, 'one')");
    FINE(store_begin(c, &b->a));
    FINE(store_read(c, &b->a, &things_lock, &id, 1, &got));
    locker_start(b, &l);
    wait_until_blocked(b, "1");
    FINE(store_write(c, &b->a, &things_rename, rename, 1));
    FINE(store_commit(c, &b->a));
    locker_end(&l);
    FINE(l.st);
    assert_true(str_eq(l.seen, STR("by the first")));
    arena_done(&l.a);
    assert_string_equal(fresh_run(&b->a, b->db.owner, "SELECT name FROM yijie.things").p, "by the second");
    store_disconnect(c);
}

/* Rows locked against the global order: one of the two fails cleanly, the other is done. */
static void deadlock(void **state) {
    struct bench *b = *state;
    atomic_int met = 0;
    struct locker one = {.first = 1, .second = 2, .name = "one", .met = &met}, two = {.first = 2, .second = 1, .name = "two", .met = &met};
    (void)fresh_run(&b->a, b->db.owner, "INSERT INTO yijie.things VALUES (1, 'x'), (2, 'x')");
    locker_start(b, &one);
    locker_start(b, &two);
    locker_end(&one);
    locker_end(&two);
    assert_true(status_failed(one.st) != status_failed(two.st));
    FAILS(status_failed(one.st) ? one.st : two.st, "store-conflict");
    assert_string_equal(fresh_run(&b->a, b->db.owner, "SELECT string_agg(name, ',' ORDER BY id) FROM yijie.things").p,
                        status_failed(one.st) ? "x,two" : "one,x");
    arena_done(&one.a);
    arena_done(&two.a);
}

/* A lock that is not to be had, a statement that takes too long, a transaction that is left open: each has its failure. */
static void time_limits(void **state) {
    static const struct store_statement sleep = {.name = "limit.sleep", .params = "", .results = "i", .postgres = "SELECT 1::bigint, 1 FROM pg_sleep(10)"};
    static const struct store_statement one = {.name = "limit.one", .params = "", .results = "i", .postgres = "SELECT 1::bigint, 1"};
    struct bench *b = *state;
    struct store_connection *holder = bench_connect(b, b->server, STORE_WRITE), *c = bench_connect(b, b->server, STORE_WRITE),
                            *reader = bench_connect(b, b->server, STORE_READ);
    const struct store_value id = STORE_I(1);
    struct store_rows got = {0};
    assert_string_equal(PQparameterStatus(postgres_of(c)->link, "client_encoding"), "UTF8");
    FINE(store_begin(c, &b->a)); /* what our sessions run with */
    (void)fresh_run(&b->a, b->db.owner, "INSERT INTO yijie.things VALUES (1, 'one')");
    FINE(store_read(c, &b->a, &one, NULL, 1, &got));
    FINE(store_commit(c, &b->a));
    FINE(store_begin(holder, &b->a));
    FINE(store_read(holder, &b->a, &things_lock, &id, 1, &got));
    FINE(store_begin(c, &b->a));
    FINE(postgres_send(postgres_of(c), &b->a, "SET lock_timeout = '50ms'", "set", ENTRY_PLAIN));
    FAILS(store_read(c, &b->a, &things_lock, &id, 1, &got), "store-conflict");
    FINE(store_commit(holder, &b->a));
    FINE(postgres_send(postgres_of(c), &b->a, "SET statement_timeout = '50ms'", "set", ENTRY_PLAIN));
    FAILS(store_read(c, &b->a, &sleep, NULL, 1, &got), "store-timeout");
    FINE(postgres_send(postgres_of(reader), &b->a, "SET statement_timeout = '50ms'", "set", ENTRY_PLAIN));
    FAILS(store_read(reader, &b->a, &sleep, NULL, 1, &got), "store-read-slow");
    FINE(store_begin(c, &b->a));
    FINE(postgres_send(postgres_of(c), &b->a, "BEGIN; ", "set", ENTRY_PLAIN));
    FINE(postgres_send(postgres_of(c), &b->a, "SET LOCAL idle_in_transaction_session_timeout = '50ms'", "set", ENTRY_PLAIN));
    FINE(store_read(c, &b->a, &one, NULL, 1, &got));
    b->hook.env.wait_ms(&b->hook.env, 300);
    FAILS(store_read(c, &b->a, &one, NULL, 1, &got), "store-lost");
    assert_int_equal(bench_count(b, c), 1);
    store_disconnect(c);
    store_disconnect(holder);
    store_disconnect(reader);
}

/* ---- readers -------------------------------------------------------------------------------------------------------------- */

static void reader_snapshot(void **state) {
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE), *reader = bench_connect(b, b->server, STORE_READ);
    FINE(store_begin(reader, &b->a));
    assert_int_equal(bench_count(b, reader), 0);
    FINE(store_begin(c, &b->a));
    FINE(thing_write(c, &b->a, 1, "one"));
    FINE(store_commit(c, &b->a));
    assert_int_equal(bench_count(b, reader), 0); /* still its snapshot */
    FINE(store_commit(reader, &b->a));
    assert_int_equal(bench_count(b, reader), 1);
    FINE(store_begin(reader, &b->a));
    FAILS(thing_write(reader, &b->a, 2, "two"), "store-read-only");
    /* the database refuses it, too, when a reading statement writes */
    static const struct store_statement sneaky = {.name = "sneaky.write",
                                                  .params = "",
                                                  .results = "i",
                                                  .postgres = "WITH w AS (INSERT INTO things VALUES (9, 'x') RETURNING id) SELECT 1::bigint, id FROM w"};
    struct store_rows got = {0};
    FINE(store_begin(reader, &b->a));
    FAILS(store_read(reader, &b->a, &sneaky, NULL, 1, &got), "store-read-only");
    store_disconnect(c);
    store_disconnect(reader);
}

/* What role, database or environment prescribe does not weaken a session. */
static void session_settings(void **state) {
    static const struct {
        const char *name, *value;
    } rows[] = {{"synchronous_commit", "on"}, {"search_path", "yijie, pg_temp"}, {"standard_conforming_strings", "on"}, {"client_encoding", "UTF8"},
                {"statement_timeout", "30s"}, {"lock_timeout", "10s"}, {"idle_in_transaction_session_timeout", "1min"}, {"application_name", "yijie"}};
    static const struct store_statement show = {.name = "session.show",
                                                .params = "t",
                                                .results = "t",
                                                .postgres = "SELECT n, current_setting(name) FROM unnest($1::text[]) WITH ORDINALITY AS p (name, n)"};
    struct bench *b = *state;
    struct store_rows got = {0};
    (void)fresh_run(&b->a, b->db.admin, "ALTER ROLE yijie_server SET synchronous_commit = off; ALTER ROLE yijie_server SET search_path = public;"
                                        "ALTER ROLE yijie_server SET statement_timeout = 0; ALTER ROLE yijie_server SET client_encoding = 'GBK'");
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct store_value name = STORE_S(str_from(rows[i].name));
        FINE(store_read(c, &b->a, &show, &name, 1, &got));
        assert_string_equal(arena_str(&b->a, store_row(&got, 0)[0].s).p, rows[i].value);
    }
    store_disconnect(c);
    (void)fresh_run(&b->a, b->db.admin, "ALTER ROLE yijie_server SET synchronous_commit = remote_apply");
    c = bench_connect(b, b->server, STORE_WRITE);
    const struct store_value name = STORE_S(STR("synchronous_commit"));
    FINE(store_read(c, &b->a, &show, &name, 1, &got)); /* more than we ask for is not taken away */
    assert_true(str_eq(store_row(&got, 0)[0].s, STR("remote_apply")));
    (void)fresh_run(&b->a, b->db.admin, "ALTER ROLE yijie_server RESET ALL");
    store_disconnect(c);
}

int main(void) {
#define BENCH_TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        BENCH_TEST(terminated_at_every_point), BENCH_TEST(commit_answer_lost), BENCH_TEST(no_memory_for_the_doubt), BENCH_TEST(failed_before_the_loss),
        BENCH_TEST(little_memory), BENCH_TEST(nothing_lost_nothing_twice), BENCH_TEST(second_waits),
        BENCH_TEST(deadlock), BENCH_TEST(time_limits), BENCH_TEST(reader_snapshot), BENCH_TEST(session_settings), BENCH_TEST(server_restarts),
    };
    return cmocka_run_group_tests_name("store-postgres-faults", tests, NULL, NULL);
}
