/* Backups: equal to the source at one moment, beside a writer, whole or not there. */
#include <sys/stat.h>

#include "store/sqlite/tests/pairs.h"

struct progress {
    uint32_t calls;
    uint64_t done, total;
    void (*at_first)(void *user);
    void *user;
};
static void told(void *user, uint64_t done, uint64_t total) {
    struct progress *g = user;
    assert_true(done <= total && total > 0);
    g->done = done;
    g->total = total;
    if (g->calls++ == 0 && g->at_first) g->at_first(g->user);
}

/* The copy lies in a folder of its own, where it can be opened as a store. */
static struct str copy_path(struct place *p, const char *folder) {
    struct str path = arena_printf(&p->a, "%s/%s", p->folder, folder);
    (void)mkdir(path.p, 0700);
    return arena_printf(&p->a, "%s/yijie.db", path.p);
}
static bool exists(struct str path) {
    struct stat st;
    return stat(path.p, &st) == 0;
}
static struct store *copy_open(struct place *p, const char *folder, struct store_connection **ret) {
    struct store *s = NULL;
    int64_t version = 0;
    FINE(store_open(&p->a, &(struct store_options){.env = env_system(), .where = arena_printf(&p->a, "%s/%s", p->folder, folder)}, &s));
    FINE(store_connect(s, STORE_READ, &p->a, ret));
    FINE(store_schema_check(*ret, &p->a, &version));
    return s;
}

static void same_rows(struct place *p, struct store_connection *x, struct store_connection *y) {
    struct store_rows a, b;
    FINE(store_read(x, &p->a, SQL(COVER_ALL), NULL, 1, &a));
    FINE(store_read(y, &p->a, SQL(COVER_ALL), NULL, 1, &b));
    assert_int_equal(a.count, b.count);
    for (uint32_t i = 0; i < a.count; i++) {
        assert_int_equal(store_row(&a, i)[0].i, store_row(&b, i)[0].i);
        assert_true(str_eq(store_row(&a, i)[2].s, store_row(&b, i)[2].s));
    }
}

static void equal(void **state) {
    struct place *p = *state;
    for (int with_writer = 0; with_writer < 2; with_writer++) {
        const char *folder = with_writer ? "one" : "two";
        struct progress g = {0};
        struct store_connection *c = NULL;
        struct stat st;
        covers_put(p, place_writer(p), 1 + 100'000 * with_writer, 6'000, 900); /* in the log as well as in the database */
        if (!with_writer) place_disconnect(p);
        struct str path = copy_path(p, folder);
        FINE(store_backup(p->store, &p->a, path, told, &g));
        assert_true(g.calls > 2 && g.done == g.total);
        assert_int_equal(stat(path.p, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        struct store *copy = copy_open(p, folder, &c);
        same_rows(p, place_reader(p), c);
        FINE(store_begin(c, &p->a));
        same_rows(p, place_reader(p), c);
        FINE(store_commit(c, &p->a));
        static const char *const beside[] = {"-journal", "-wal", "-shm"}; /* one file, also while it is read */
        for (size_t i = 0; i < COUNT_OF(beside); i++) assert_false(exists(arena_printf(&p->a, "%s%s", path.p, beside[i])));
        store_disconnect(c);
        FINE(store_connect(copy, STORE_WRITE, &p->a, &c)); /* and a full store when somebody writes */
        covers_put(p, c, 500'000, 3, 10);
        store_disconnect(c);
        store_close(copy);
    }
}

static void target_there(void **state) {
    struct place *p = *state;
    struct str path = arena_printf(&p->a, "%s/there", p->folder);
    FILE *file = fopen(path.p, "wb");
    char got[8] = {0};
    assert_true(file && fwrite("kept", 1, 4, file) == 4 && fclose(file) == 0);
    FAILS(store_backup(p->store, &p->a, path, NULL, NULL), "store-backup-exists");
    FAILS(store_backup(p->store, &p->a, arena_printf(&p->a, "%s/data/yijie.db", p->folder), NULL, NULL), "store-backup-exists");
    file = fopen(path.p, "rb");
    assert_true(file && fread(got, 1, sizeof(got), file) == 4 && fclose(file) == 0);
    assert_string_equal(got, "kept");
    struct str nowhere = arena_printf(&p->a, "%s/absent/x", p->folder);
    assert_true(status_failed(store_backup(p->store, &p->a, nowhere, NULL, NULL)));
    assert_false(exists(nowhere));
    assert_int_equal(cover_count(p, place_reader(p)), 0);
}

/* ---- beside a writer ----------------------------------------------------------------------------------------------- */

/* In the middle of the copy: some transactions more. */
static void wait_for_pairs(void *user) { writing_wait(user, 5); }

static void beside_writer(void **state) {
    struct place *p = *state;
    struct store_connection *c = NULL;
    struct writing s;
    struct progress g = {.at_first = wait_for_pairs, .user = &s};
    covers_put(p, place_writer(p), 1, 20'000, 900);
    writing_start(&s, p->w);
    FINE(store_backup(p->store, &p->a, copy_path(p, "copy"), told, &g));
    writing_end(&s);
    assert_true(s.written >= 5 && g.done == g.total);
    struct store *copy = copy_open(p, "copy", &c);
    int64_t pairs = pairs_check(&p->a, c);
    assert_true(pairs >= 0 && pairs <= s.written);
    assert_int_equal(cover_count(p, c), 20'000 + 2 * pairs);
    store_disconnect(c);
    store_close(copy);
}

/* ---- in the way of others --------------------------------------------------------------------------------------------- */

static void write_much(void *user) {
    struct place *p = user;
    for (int i = 0; i < 9; i++) covers_put(p, p->w, 1'000'000 * (i + 1), 20 * 256, 3'900);
}

/* Another process writes a lot during the copy: it gives up before that process runs out of log. Another store stands for the process. */
static void busy_elsewhere(void **state) {
    struct place *p = *state;
    struct store *other = NULL;
    struct progress g = {.at_first = write_much, .user = p};
    covers_put(p, place_writer(p), 1, 10'000, 900);
    FINE(store_open(&p->a, &(struct store_options){.env = env_system(), .where = p->where}, &other));
    struct str path = copy_path(p, "copy");
    FAILS(store_backup(other, &p->a, path, told, &g), "store-read-slow");
    assert_false(exists(path));
    g = (struct progress){0};
    FINE(store_backup(other, &p->a, path, told, &g)); /* nobody writes now */
    store_close(other);
}

static void *disconnect(void *user) {
    store_disconnect(user);
    return NULL;
}
struct leaving {
    struct store_connection *w;
    pthread_t thread;
};
static void leave(void *user) {
    struct leaving *l = user;
    assert_int_equal(pthread_create(&l->thread, NULL, disconnect, l->w), 0);
}

/* The server stops during a backup: the backup ends, by success or clean failure, and only then the writer goes. */
static void writer_leaves(void **state) {
    struct place *p = *state;
    covers_put(p, place_writer(p), 1, 20'000, 900);
    struct leaving l = {.w = p->w};
    struct progress g = {.at_first = leave, .user = &l};
    struct str path = copy_path(p, "copy");
    struct status st = store_backup(p->store, &p->a, path, told, &g);
    assert_int_equal(pthread_join(l.thread, NULL), 0);
    p->w = NULL;
    if (status_failed(st)) FAILS(st, "store-backup");
    assert_int_equal(exists(path), !status_failed(st));
    assert_int_equal(cover_count(p, place_writer(p)), 20'000);
}

int main(void) {
#define PLACE(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {PLACE(equal), PLACE(target_there), PLACE(beside_writer), PLACE(busy_elsewhere), PLACE(writer_leaves)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
