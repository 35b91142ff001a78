/* One writer in the world: locks, crashes at every named point, files that are not ours. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "store/tests/rows.h"

/* ---- who may write ------------------------------------------------------------------------------------------ */

static void one_writer(void **state) {
    struct place *p = *state;
    struct store_connection *c = NULL, *w = place_writer(p);
    struct store *again = NULL;
    FAILS(store_connect(p->store, STORE_WRITE, &p->a, &c), "store-in-use");
    FAILS(store_connect(p->store, STORE_OWNER, &p->a, &c), "store-in-use");
    assert_null(c);
    FINE(store_open(&p->a, &(struct store_options){.env = env_system(), .where = p->where}, &again)); /* opening touches nothing */
    FAILS(store_connect(again, STORE_WRITE, &p->a, &c), "store-in-use");
    FINE(store_connect(again, STORE_READ, &p->a, &c));
    covers_put(p, w, 1, 2, 4);
    assert_int_equal(cover_count(p, c), 2);
    place_disconnect(p);
    store_disconnect(c);
    FINE(store_connect(again, STORE_WRITE, &p->a, &c));
    covers_put(p, c, 3, 1, 4);
    store_disconnect(c);
    store_close(again);
    assert_int_equal(cover_count(p, place_reader(p)), 3);
}

/* Another process writes, is in the middle of a transaction, and is killed. */
static void other_process(void **state) {
    struct place *p = *state;
    int ends[2];
    char byte = 0;
    struct store_connection *c = NULL;
    place_disconnect(p);
    assert_int_equal(pipe(ends), 0);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct store_connection *w = place_writer(p);
        covers_put(p, w, 1, 3, 4);
        FINE(store_begin(w, &p->a));
        FINE(cover_put(p, w, 50));
        if (write(ends[1], "y", 1) != 1) _exit(1);
        for (;;) (void)pause();
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    FAILS(store_connect(p->store, STORE_WRITE, &p->a, &c), "store-in-use");
    assert_int_equal(cover_count(p, place_reader(p)), 3);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(cover_count(p, place_reader(p)), 3);
    covers_put(p, place_writer(p), 50, 1, 4);
    assert_int_equal(cover_count(p, place_reader(p)), 4);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* ---- killed at every named point ---------------------------------------------------------------------------------- */

struct killing {
    struct env env; /* first: found again by the argument */
    int *passes_left;
};

static void kill_at(const struct env *e, const char *name) {
    const struct killing *k = (const struct killing *)e;
    assert_non_null(name);
    if (--*k->passes_left == 0) (void)kill(getpid(), SIGKILL);
}

enum { TRANSACTIONS = 3, ROWS = 3 };

/* Migrates, writes three transactions of three rows, tells each that it believes durable. */
static void work(struct place *p, int tell) {
    uint32_t applied = 0;
    uint64_t ns = 0;
    struct store_connection *w = place_connect(p, STORE_OWNER);
    FINE(store_migrate(w, &p->a, &applied));
    for (char t = 0; t < TRANSACTIONS; t++) {
        covers_put(p, w, 10 * (t + 1), ROWS, 5'000);
        if (write(tell, &t, 1) != 1) _exit(1);
        FINE(store_checkpoint(w, &p->a, t == 1, &ns));
    }
    store_disconnect(w);
}

/* Runs the work in a child that is killed at the n-th point. Returns whether it came to its end. */
static bool killed_work(struct place *p, int n, int *ret_told) {
    int ends[2], status = 0;
    char t = 0;
    assert_int_equal(pipe(ends), 0);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct killing k = {.env = *env_system(), .passes_left = &n};
        k.env.point = kill_at;
        place_open(p, &k.env);
        work(p, ends[1]);
        _exit(0);
    }
    (void)close(ends[1]);
    *ret_told = 0;
    while (read(ends[0], &t, 1) == 1) *ret_told = t + 1;
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) ? WEXITSTATUS(status) == 0 : WTERMSIG(status) == SIGKILL);
    return WIFEXITED(status);
}

static void killed_everywhere(void **state) {
    (void)state;
    bool done = false;
    int n = 0;
    while (!done) {
        struct place p;
        int told = 0;
        place_make(&p);
        place_close(&p);
        done = killed_work(&p, ++n, &told);
        place_open(&p, env_system());
        place_migrate_only(&p);
        for (int t = 0; t < TRANSACTIONS; t++) {
            struct store_rows rows;
            const struct store_value range[] = {STORE_I(10 * (t + 1)), STORE_I(10 * (t + 1) + ROWS)};
            FINE(store_read(place_reader(&p), &p.a, SQL(COVER_RANGE), range, 1, &rows));
            assert_true(rows.count == ROWS || (rows.count == 0 && t >= told)); /* whole, and there when it was told */
            if (t > told) assert_int_equal(rows.count, 0);
        }
        place_close(&p);
        arena_done(&p.a);
        assert_int_equal(place_remove(&p), 0);
    }
    assert_true(n > 15);
}

/* ---- files ------------------------------------------------------------------------------------------------------------ */

static void put_file(struct place *p, const char *text, size_t n) {
    struct str path = arena_printf(&p->a, "%s/data/yijie.db", p->folder);
    FILE *file = fopen(path.p, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static void private_files(void **state) {
    struct place *p = *state;
    struct stat st;
    covers_put(p, place_writer(p), 1, 1, 4);
    assert_int_equal(stat(arena_printf(&p->a, "%s/data", p->folder).p, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    static const char *const names[] = {"yijie.db", "yijie.db-wal", "yijie.db-shm", "yijie.db.lock"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_int_equal(stat(arena_printf(&p->a, "%s/data/%s", p->folder, names[i]).p, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

static void strange_files(void **state) {
    (void)state;
    struct place p;
    struct store_connection *c = NULL;
    int64_t version = 7;
    place_make(&p);
    FAILS(store_connect(p.store, STORE_READ, &p.a, &c), "store-open"); /* nothing there */
    FINE(store_connect(p.store, STORE_WRITE, &p.a, &c));
    FAILS(store_schema_check(c, &p.a, &version), "store-schema-missing");
    assert_int_equal(version, 7);
    store_disconnect(c);
    c = NULL;
    static char junk[9000];
    memset(junk, 'j', sizeof(junk));
    put_file(&p, junk, sizeof(junk));
    FAILS(store_connect(p.store, STORE_READ, &p.a, &c), "store-corrupt");
    FAILS(store_connect(p.store, STORE_WRITE, &p.a, &c), "store-corrupt");
    FAILS(store_connect(p.store, STORE_WRITE, &p.a, &c), "store-corrupt"); /* the lock was given back */
    put_file(&p, "", 0);
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(arena_printf(&p.a, "%s/data/yijie.db", p.folder).p, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "CREATE TABLE t (x)", NULL, NULL, NULL), SQLITE_OK);
    FAILS(store_connect(p.store, STORE_WRITE, &p.a, &c), "store-not-ours");
    assert_int_equal(sqlite3_exec(other, "PRAGMA application_id = 5", NULL, NULL, NULL), SQLITE_OK);
    FAILS(store_connect(p.store, STORE_READ, &p.a, &c), "store-not-ours");
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_null(c);
    place_close(&p);
    arena_done(&p.a);
    assert_int_equal(place_remove(&p), 0);
}

/* A page damaged on the disk is told, and nothing is answered from it. */
static void damaged_page(void **state) {
    struct place *p = *state;
    uint64_t ns = 0;
    struct store_rows rows;
    covers_put(p, place_writer(p), 1, 2'000, 200);
    FINE(store_checkpoint(p->w, &p->a, true, &ns));
    place_disconnect(p);
    int fd = open(arena_printf(&p->a, "%s/data/yijie.db", p->folder).p, O_RDWR);
    assert_true(fd >= 0);
    static char zeros[4096];
    off_t size = lseek(fd, 0, SEEK_END);
    assert_true(size > 50 * 4096);
    for (off_t at = size - 20 * 4096; at < size; at += 4096) assert_int_equal(pwrite(fd, zeros, sizeof(zeros), at), sizeof(zeros));
    (void)close(fd);
    FAILS(store_read(place_reader(p), &p->a, SQL(COVER_ALL), NULL, 1, &rows), "store-corrupt");
}

int main(void) {
#define PLACE(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        PLACE(one_writer), PLACE(other_process), cmocka_unit_test(killed_everywhere), PLACE(private_files), cmocka_unit_test(strange_files), PLACE(damaged_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
