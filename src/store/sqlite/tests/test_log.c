/* The write-ahead log within its bounds, and readers within theirs, by a clock that the test moves. */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/sqlite/tests/pairs.h"

/* Every look at the clock moves it on. */
struct clock_env {
    struct env env; /* first: found again by the argument */
    uint64_t *now_ns;
    const uint64_t *step_ns;
};
static uint64_t clock_ns(const struct env *e) {
    const struct clock_env *c = (const struct clock_env *)e;
    return *c->now_ns += *c->step_ns;
}

struct clocked {
    struct place p;
    struct clock_env env;
    uint64_t now_ns, step_ns;
};

static int clocked_setup(void **state) {
    static struct clocked k;
    k.env = (struct clock_env){.env = *env_system(), .now_ns = &k.now_ns, .step_ns = &k.step_ns};
    k.env.env.monotonic_ns = clock_ns;
    k.now_ns = 1;
    k.step_ns = 1;
    place_make(&k.p);
    place_close(&k.p);
    place_open(&k.p, &k.env.env);
    place_migrate_only(&k.p);
    *state = &k;
    return 0;
}
static int clocked_teardown(void **state) {
    struct clocked *k = *state;
    place_close(&k->p);
    arena_done(&k->p.a);
    return place_remove(&k->p);
}

static int64_t log_file_bytes(struct place *p) {
    struct stat st;
    assert_int_equal(stat(arena_printf(&p->a, "%s/data/yijie.db-wal", p->folder).p, &st), 0);
    return st.st_size;
}

enum { MIB = 1 << 20, SECOND_NS = 1'000'000'000 };

/* About that many MiB of log: each row fills a page. */
static void log_write(struct place *p, int64_t first, uint32_t mib) { covers_put(p, place_writer(p), first, mib * 256, 3'900); }

/* ---- readers ------------------------------------------------------------------------------------------------- */

static const struct store_statement slow = {
    "test.slow", "", "i", "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT max(i) FROM n", NULL, false};

static void slow_read(void **state) {
    struct clocked *k = *state;
    struct place *p = &k->p;
    struct store_rows rows = {.count = 77};
    struct store_connection *r = place_reader(p);
    FINE(store_read(r, &p->a, &slow, NULL, 1, &rows));
    k->step_ns = SECOND_NS / 10;
    rows.count = 77;
    FAILS(store_read(r, &p->a, &slow, NULL, 1, &rows), "store-read-slow");
    assert_int_equal(rows.count, 77);
    FINE(store_begin(r, &p->a));
    FAILS(store_read(r, &p->a, &slow, NULL, 1, &rows), "store-read-slow");
    FAILS(store_commit(r, &p->a), "store-no-transaction");
    FINE(store_read(place_writer(p), &p->a, &slow, NULL, 1, &rows)); /* nobody waits for the writer but itself */
    k->step_ns = 1;
    FINE(store_read(r, &p->a, &slow, NULL, 1, &rows)); /* each read has its own time */
    assert_int_equal(store_row(&rows, 0)[0].i, 100'000);
}

struct long_scan {
    struct clocked *k;
    uint32_t rows, write_mib;
};

static struct status long_row(void *user, const struct store_value *values) {
    struct long_scan *s = user;
    (void)values;
    s->k->now_ns += SECOND_NS;
    if (++s->rows == 5 && s->write_mib) log_write(&s->k->p, 1'000'000, s->write_mib);
    return STATUS_OK;
}

/* A stream may take its time while nobody is held up by it. */
static void long_scan(void **state) {
    struct clocked *k = *state;
    struct place *p = &k->p;
    static const struct {
        uint32_t write_mib;
        bool in_transaction, stopped;
    } table[] = {{0, false, false}, {50, false, false}, {70, false, true}, {70, true, true}, {50, true, false}};
    covers_put(p, place_writer(p), 1, 3'000, 40);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct long_scan s = {.k = k, .write_mib = table[i].write_mib};
        struct store_connection *r = place_reader(p);
        uint64_t ns = 0;
        if (table[i].in_transaction) FINE(store_begin(r, &p->a));
        struct status st = store_scan(r, &p->a, SQL(COVER_ALL), NULL, long_row, &s);
        if (table[i].stopped) FAILS(st, "store-read-slow");
        else FINE(st);
        store_rollback(r);
        assert_true(table[i].stopped ? s.rows < 3'000 : s.rows >= 3'000);
        static const struct store_statement tidy = {"test.tidy", "", "", "DELETE FROM covers WHERE id >= 1000000", NULL, false};
        FINE(store_begin(p->w, &p->a));
        FINE(store_write(p->w, &p->a, &tidy, NULL, 1));
        FINE(store_commit(p->w, &p->a));
        FINE(store_checkpoint(p->w, &p->a, true, &ns));
    }
}

/* ---- checkpoints ----------------------------------------------------------------------------------------------- */

static void bounds(void **state) {
    struct clocked *k = *state;
    struct place *p = &k->p;
    uint64_t ns = 99;
    struct store_connection *w = place_writer(p);
    covers_put(p, w, 1, 10, 100);
    FINE(store_checkpoint(w, &p->a, false, &ns)); /* not due */
    assert_int_equal(ns, 0);
    assert_true(log_file_bytes(p) < MIB); /* a single command does not pay for what a server needs */
    log_write(p, 100, 3);
    FINE(store_checkpoint(w, &p->a, false, &ns));
    assert_int_equal(ns, 0);
    int64_t filled = log_file_bytes(p);
    assert_true(filled >= 16 * MIB && filled < 17 * MIB); /* ready ahead */
    FINE(store_checkpoint_idle(w, &p->a, &ns)); /* nothing else to do: already now */
    assert_true(ns > 0);
    FINE(store_checkpoint_idle(w, &p->a, &ns));
    assert_int_equal(ns, 0);
    for (int i = 0; i < 6; i++) {
        log_write(p, 10'000 * (i + 1), 9);
        FINE(store_checkpoint(w, &p->a, false, &ns));
        assert_true(ns > 0);
        FINE(store_checkpoint(w, &p->a, false, &ns)); /* done: not due again */
        assert_int_equal(ns, 0);
    }
    assert_int_equal(log_file_bytes(p), filled); /* written over from its beginning, never longer */
    FINE(store_checkpoint(w, &p->a, true, &ns));
    assert_true(ns > 0);
    assert_int_equal(log_file_bytes(p), 0);
    log_write(p, 100'000, 1);
    FINE(store_checkpoint(w, &p->a, false, &ns));
    assert_true(log_file_bytes(p) >= 16 * MIB);
    place_disconnect(p);
    assert_int_equal(log_file_bytes(p), 0); /* a stopped server leaves everything in the database */
    assert_int_equal(cover_count(p, place_reader(p)), 10 + 256 * (3 + 6 * 9 + 1));
}

/* Zeros behind the end of the log are no frames: after a crash exactly what was committed is there. */
static void crash_with_filled_log(void **state) {
    struct clocked *k = *state;
    struct place *p = &k->p;
    int ends[2];
    char byte = 0;
    place_disconnect(p);
    assert_int_equal(pipe(ends), 0);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        uint64_t ns = 0;
        log_write(p, 1, 1);
        FINE(store_checkpoint(p->w, &p->a, false, &ns));
        log_write(p, 1'000, 2);
        FINE(store_begin(p->w, &p->a));
        FINE(cover_put(p, p->w, 5'000));
        if (log_file_bytes(p) < 16 * MIB || write(ends[1], "y", 1) != 1) _exit(1);
        for (;;) (void)pause();
    }
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(ends[0]);
    assert_int_equal(cover_count(p, place_reader(p)), 3 * 256); /* a reader recovers the log */
    log_write(p, 10'000, 1);
    assert_int_equal(cover_count(p, place_reader(p)), 4 * 256);
}

/* A reader that never ends: commits go on up to the hard limit, then nothing begins, and all is well once it lets go. */
static void held_log(void **state) {
    struct clocked *k = *state;
    struct place *p = &k->p;
    uint64_t ns = 0;
    bool full = false;
    uint32_t mib = 0;
    struct store_connection *w = place_writer(p), *r = place_reader(p);
    log_write(p, 1, 1);
    FINE(store_begin(r, &p->a));
    while (!full && mib < 400) {
        log_write(p, 1'000 + mib * 256, 20);
        mib += 20;
        struct status st = store_checkpoint(w, &p->a, false, &ns);
        full = status_failed(st);
        if (full) FAILS(st, "store-log-full");
    }
    assert_true(full && mib >= 240 && mib <= 280);
    FAILS(store_begin(w, &p->a), "store-log-full");
    FAILS(store_commit(w, &p->a), "store-no-transaction");
    FAILS(store_checkpoint(w, &p->a, true, &ns), "store-log-full");
    assert_int_equal(cover_count(p, r), 256); /* its snapshot stands */
    store_rollback(r);
    FINE(store_begin(w, &p->a)); /* without a checkpoint by hand */
    FINE(cover_put(p, w, 500'000));
    FINE(store_commit(w, &p->a));
    FINE(store_checkpoint(w, &p->a, true, &ns));
    assert_int_equal(log_file_bytes(p), 0);
    assert_int_equal(cover_count(p, r), 256 + mib * 256 + 1);
}

/* ---- readers beside the writer -------------------------------------------------------------------------------------- */

enum { READERS = 3, LOOKS = 150 };
struct looking {
    struct store_connection *r;
    int64_t last;
    bool wrong;
    pthread_t thread;
};

/* Looks again and again, alone and within a snapshot that must not move; never goes back in time. */
static void *look(void *user) {
    struct looking *l = user;
    struct arena a;
    arena_init(&a, 64 << 20);
    for (int i = 0; i < LOOKS && !l->wrong; i++) {
        bool snapshot = i % 3 == 0;
        if (snapshot) l->wrong |= status_failed(store_begin(l->r, &a));
        int64_t now = pairs_check(&a, l->r);
        l->wrong |= now < l->last;
        l->last = now;
        if (snapshot) l->wrong |= pairs_check(&a, l->r) != now || status_failed(store_commit(l->r, &a));
        arena_reset(&a);
    }
    arena_done(&a);
    return NULL;
}

static void readers_beside_writer(void **state) {
    struct clocked *k = *state;
    struct place *p = &k->p;
    struct writing s;
    struct looking l[READERS];
    place_close(p);
    place_open(p, env_system()); /* the clock of these tests is for one thread */
    struct store_connection *w = place_writer(p);
    for (int i = 0; i < READERS; i++) l[i] = (struct looking){.r = place_connect(p, STORE_READ)};
    writing_start(&s, w);
    for (int i = 0; i < READERS; i++) assert_int_equal(pthread_create(&l[i].thread, NULL, look, &l[i]), 0);
    for (int i = 0; i < READERS; i++) assert_int_equal(pthread_join(l[i].thread, NULL), 0);
    writing_wait(&s, 1);
    writing_end(&s);
    for (int i = 0; i < READERS; i++) {
        assert_false(l[i].wrong);
        store_disconnect(l[i].r);
    }
    assert_int_equal(pairs_check(&p->a, w), s.written);
}

int main(void) {
#define CLOCKED(name) cmocka_unit_test_setup_teardown(name, clocked_setup, clocked_teardown)
    const struct CMUnitTest tests[] = {CLOCKED(slow_read), CLOCKED(long_scan), CLOCKED(bounds), CLOCKED(crash_with_filled_log), CLOCKED(held_log), CLOCKED(readers_beside_writer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
