/* A real synchronous standby that stops: what may be answered, and what must wait (a commit, a barrier), and what nobody can know. */
#include "store/postgres/tests/help.h"

static void tool(const char *what) {
    char command[1024];
    const char *pg = getenv("YIJIE_TEST_PG"), *folder = getenv("YIJIE_TEST_PG_DIR");
    assert_true(pg && folder);
    (void)snprintf(command, sizeof(command), "python3 '%s' standby '%s' %s >/dev/null", pg, folder, what);
    assert_int_equal(system(command), 0);
}

static const struct store_statement things_once = {
    .name = "things.once",
    .params = "it",
    .results = "",
    .postgres = "INSERT INTO things (id, name) SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING"};

static struct status once(struct store_connection *c, struct arena *a, int64_t id) {
    const struct store_value row[] = {STORE_I(id), STORE_S(STR("x"))};
    TRY(store_begin(c, a));
    TRY(store_write(c, a, &things_once, row, 1));
    return store_commit(c, a);
}

/* A call on its own thread. */
struct call {
    struct bench *b;
    struct store_connection *c;
    struct arena a;
    struct env_thread thread;
    int64_t id; /* a row to insert; 0: a barrier */
    struct status st;
};
static void *call_run(void *arg) {
    struct call *call = arg;
    call->st = call->id ? once(call->c, &call->a, call->id) : store_barrier(call->c, &call->a);
    return NULL;
}
static void call_start(struct bench *b, struct call *call) {
    const struct env *e = env_system();
    call->b = b;
    call->c = bench_connect(b, b->server, STORE_WRITE);
    arena_init(&call->a, 1 << 20);
    int64_t count = bench_count(b, call->c); /* connected, the day's call done, before anything waits */
    assert_true(count >= 0);
    FINE(e->thread_start(e, &b->a, call_run, call, &call->thread));
}
static struct status call_end(struct call *call) {
    const struct env *e = env_system();
    e->thread_join(e, &call->thread);
    store_disconnect(call->c);
    return call->st;
}
/* `count` of our sessions wait for the standby. */
static void wait_for_waiting(struct bench *b, const char *count) {
    for (int i = 0; i < 1000; i++) {
        struct str waiting = fresh_run(&b->a, b->db.admin, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'yijie_server' AND wait_event = 'SyncRep'");
        if (strcmp(waiting.p, count) == 0) return;
        b->hook.env.wait_ms(&b->hook.env, 10);
    }
    fail_msg("%s sessions do not wait", count);
}

/* What the first server has written is applied at the standby. */
static void wait_for_replay(struct bench *b) {
    for (int i = 0; i < 1000; i++) {
        if (strcmp(fresh_run(&b->a, b->db.admin, "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn()").p, "1") == 0) return;
        b->hook.env.wait_ms(&b->hook.env, 10);
    }
    fail_msg("the standby does not follow");
}

/* The trap: a row whose writer was stopped while it waited is seen by everybody but may be gone after a failover. A repeat that inserts nothing
 * returns at once; only a barrier waits. */
static void standby_stops(void **state) {
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    struct call first = {.id = 1}, second = {.id = 2}, barrier = {.id = 0};
    tool("start");
    FINE(once(c, &b->a, 100));
    FINE(store_barrier(c, &b->a));
    call_start(b, &first);
    FINE(call_end(&first)); /* with the standby, a commit ends by itself */
    (void)fresh_run(&b->a, b->db.owner, "DELETE FROM yijie.things");
    tool("stop");

    call_start(b, &first);
    wait_for_waiting(b, "1");
    assert_string_equal(fresh_run(&b->a, b->db.admin, "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'").p, "1");
    FAILS(call_end(&first), "store-outcome-unknown"); /* the server said COMMIT, with a warning */
    call_start(b, &second);
    wait_for_waiting(b, "1");
    assert_string_equal(fresh_run(&b->a, b->db.admin, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'").p, "1");
    FAILS(call_end(&second), "store-outcome-unknown");

    assert_int_equal(bench_count(b, c), 2); /* both are seen */
    FINE(once(c, &b->a, 1));                /* "already there", at once, and not durable */
    FINE(once(c, &b->a, 2));
    call_start(b, &barrier);
    wait_for_waiting(b, "1");
    tool("start");
    FINE(call_end(&barrier));
    struct str standby = arena_printf(&b->a, "%s&port=5433", b->db.owner.p);
    wait_for_replay(b);
    assert_string_equal(fresh_run(&b->a, standby, "SELECT count(*) FROM yijie.things").p, "2");
    FINE(once(c, &b->a, 3));
    arena_done(&first.a);
    arena_done(&second.a);
    arena_done(&barrier.a);
    store_disconnect(c);
}

/* A writer is never content with a server that only follows; a reader may be. */
static void standby_refuses_writers(void **state) {
    struct bench *b = *state;
    struct store *s = NULL;
    struct store_connection *c = NULL;
    struct str standby = arena_printf(&b->a, "%s&port=5433", b->db.server.p);
    tool("start");
    wait_for_replay(b);
    FINE(store_open(&b->a, &(struct store_options){.env = env_system(), .where = standby}, &s));
    FAILS(store_connect(s, STORE_WRITE, &b->a, &c), "store-open");
    FINE(store_connect(s, STORE_READ, &b->a, &c));
    store_disconnect(c);
    store_close(s);
    /* of two hosts, the one that takes writes, wherever it stands in the address */
    const char *host = strstr(b->db.server.p, "host=");
    assert_non_null(host);
    struct str both = arena_printf(&b->a, "%s,%s&port=5433,5432", b->db.server.p, host + strlen("host="));
    FINE(store_open(&b->a, &(struct store_options){.env = env_system(), .where = both}, &s));
    FINE(store_connect(s, STORE_WRITE, &b->a, &c));
    FINE(once(c, &b->a, 7));
    store_disconnect(c);
    store_close(s);
}

int main(void) {
#define BENCH_TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {BENCH_TEST(standby_stops), BENCH_TEST(standby_refuses_writers)};
    return cmocka_run_group_tests_name("store-postgres-standby", tests, NULL, NULL);
}
