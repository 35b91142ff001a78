/* A disk that fails at its n-th operation, in each way, at every n: whatever was told must be true when the database is opened again.
 *
 * The file system of the test stands between SQLite and the real one. After each run the files are looked at twice: as the program left them, and as
 * they were right after the failure, without the orderly end of the connection (what a crash would have left).
 */
#include <sqlite3.h>
#include <sys/stat.h>

#include "store/tests/rows.h"

/* ---- a file system that fails ------------------------------------------------------------------------------------- */

/* POWER: from the n-th write or flush on nothing works, and what was not flushed is lost. */
enum fault { FAULT_NONE, FAULT_WRITE, FAULT_SHORT_WRITE, FAULT_NO_SPACE, FAULT_FLUSH, FAULT_READ, FAULT_POWER, FAULT_COUNT };
static const char *const fault_names[] = {"none", "write", "short write", "no space", "flush", "read", "power"};

struct disk {
    sqlite3_vfs *real;
    enum fault fault;
    long left;       /* operations of that kind until it fails; then 0 and below */
    bool stays;      /* fails from then on, not once */
    const char *of;  /* only files whose name contains this; NULL: all */
    bool failed;     /* it did */
};
struct disk_file {
    sqlite3_file base;
    bool counts;
    const char *name; /* lives as long as the file is open */
    sqlite3_file *real;
};

static struct disk *the_disk(void) { /* a file system has no argument of its own */
    static struct disk disk;
    return &disk;
}

static bool fails_now(const struct disk_file *f, enum fault a, enum fault b, enum fault c) {
    struct disk *d = the_disk();
    if (!f->counts || d->fault == FAULT_NONE || (d->fault != a && d->fault != b && d->fault != c && (d->fault != FAULT_POWER || a == FAULT_READ))) return false;
    d->left--;
    bool now = d->left == 0 || (d->stays && d->left < 0);
    d->failed |= now;
    return now;
}

static sqlite3_file *real_of(sqlite3_file *f) { return ((struct disk_file *)f)->real; }
#define REAL(call) real_of(f)->pMethods->call

static int disk_close(sqlite3_file *f) { return REAL(xClose)(real_of(f)); }
static int disk_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at) {
    return fails_now((struct disk_file *)f, FAULT_READ, FAULT_READ, FAULT_READ) ? SQLITE_IOERR_READ : REAL(xRead)(real_of(f), p, n, at);
}
static int disk_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
    struct disk *d = the_disk();
    if (!fails_now((struct disk_file *)f, FAULT_WRITE, FAULT_SHORT_WRITE, FAULT_NO_SPACE)) return REAL(xWrite)(real_of(f), p, n, at);
    if (d->fault == FAULT_SHORT_WRITE) (void)REAL(xWrite)(real_of(f), p, n / 2, at);
    return d->fault == FAULT_NO_SPACE ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}
static int disk_truncate(sqlite3_file *f, sqlite3_int64 size) { return REAL(xTruncate)(real_of(f), size); }
/* False when `from` is not there; `to` is then removed. */
static bool copy_file(const char *from, const char *to) {
    static char bytes[1 << 20];
    FILE *in = fopen(from, "rb");
    (void)unlink(to);
    if (!in) return false;
    FILE *out = fopen(to, "wb");
    assert_non_null(out);
    for (size_t n; (n = fread(bytes, 1, sizeof(bytes), in)) > 0;) assert_int_equal(fwrite(bytes, 1, n, out), n);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(fclose(in), 0);
    return true;
}

/* What is on the disk for sure: a copy of the file as of its last flush, NAME.flushed. */
static void keep_flushed(const struct disk_file *f) {
    char to[256];
    (void)snprintf(to, sizeof(to), "%.200s.flushed", f->name);
    assert_true(copy_file(f->name, to));
}
static int disk_sync(sqlite3_file *f, int flags) {
    struct disk_file *file = (struct disk_file *)f;
    if (fails_now(file, FAULT_FLUSH, FAULT_FLUSH, FAULT_FLUSH)) return SQLITE_IOERR_FSYNC;
    if (the_disk()->fault == FAULT_POWER && file->counts) keep_flushed(file);
    return REAL(xSync)(real_of(f), flags);
}
static int disk_size(sqlite3_file *f, sqlite3_int64 *ret) { return REAL(xFileSize)(real_of(f), ret); }
static int disk_lock(sqlite3_file *f, int how) { return REAL(xLock)(real_of(f), how); }
static int disk_unlock(sqlite3_file *f, int how) { return REAL(xUnlock)(real_of(f), how); }
static int disk_reserved(sqlite3_file *f, int *ret) { return REAL(xCheckReservedLock)(real_of(f), ret); }
static int disk_control(sqlite3_file *f, int op, void *arg) { return REAL(xFileControl)(real_of(f), op, arg); }
static int disk_sector(sqlite3_file *f) { return REAL(xSectorSize)(real_of(f)); }
static int disk_device(sqlite3_file *f) { return REAL(xDeviceCharacteristics)(real_of(f)); }
static int disk_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **ret) { return REAL(xShmMap)(real_of(f), page, size, extend, ret); }
static int disk_shm_lock(sqlite3_file *f, int at, int n, int flags) { return REAL(xShmLock)(real_of(f), at, n, flags); }
static void disk_shm_barrier(sqlite3_file *f) { REAL(xShmBarrier)(real_of(f)); }
static int disk_shm_unmap(sqlite3_file *f, int remove_it) { return REAL(xShmUnmap)(real_of(f), remove_it); }

static int disk_open(sqlite3_vfs *v, const char *name, sqlite3_file *file, int flags, int *ret_flags) {
    static const sqlite3_io_methods methods = {
        2, disk_close, disk_read, disk_write, disk_truncate, disk_sync, disk_size, disk_lock, disk_unlock, disk_reserved,
        disk_control, disk_sector, disk_device, disk_shm_map, disk_shm_lock, disk_shm_barrier, disk_shm_unmap, NULL, NULL};
    struct disk_file *f = (struct disk_file *)file;
    struct disk *d = the_disk();
    (void)v;
    *f = (struct disk_file){.real = (sqlite3_file *)(f + 1), .name = name, .counts = !d->of || (name && strstr(name, d->of))};
    int rc = d->real->xOpen(d->real, name, f->real, flags, ret_flags);
    if (f->real->pMethods) f->base.pMethods = &methods;
    return rc;
}

static int disk_make(void **state) {
    struct disk *d = the_disk();
    static sqlite3_vfs v;
    (void)state;
    assert_int_equal(sqlite3_initialize(), SQLITE_OK);
    d->real = sqlite3_vfs_find(NULL);
    v = *d->real;
    v.pNext = NULL;
    v.zName = "failing";
    v.szOsFile = (int)sizeof(struct disk_file) + d->real->szOsFile;
    v.xOpen = disk_open;
    return sqlite3_vfs_register(&v, 1);
}

/* ---- work, and the truth afterwards --------------------------------------------------------------------------------------- */

enum { TRANSACTIONS = 6, ROWS = 5 };
enum told { ABSENT, DURABLE, UNKNOWN };

static enum told transaction(struct place *p, struct store_connection *w, int t) {
    static char counters[9'000];
    struct store_value rows[ROWS * 5];
    memset(counters, 'a' + t, sizeof(counters));
    for (int i = 0; i < ROWS; i++) {
        rows[i * 5] = STORE_I(100 * t + i);
        rows[i * 5 + 1] = STORE_I(t);
        rows[i * 5 + 2] = STORE_S(((struct str){counters, sizeof(counters)}));
        rows[i * 5 + 3] = STORE_NULL;
        rows[i * 5 + 4] = STORE_I(0);
    }
    struct status st = store_begin(w, &p->a);
    if (!status_failed(st)) st = store_write(w, &p->a, SQL(COVER_PUT), rows, ROWS);
    if (!status_failed(st)) st = store_commit(w, &p->a);
    if (!status_failed(st)) return DURABLE;
    static const char *const codes[] = {"store-io", "store-disk-full", "store-outcome-unknown", "store-corrupt"};
    bool known = false;
    for (size_t i = 0; i < COUNT_OF(codes); i++) known |= strcmp(st.err->code, codes[i]) == 0;
    if (!known) fail_msg("code %s", st.err->code);
    return strcmp(st.err->code, "store-outcome-unknown") == 0 ? UNKNOWN : ABSENT;
}

/* Each transaction is whole or not there, and as it was told. */
static void truth(struct place *p, struct str where, const enum told *told, const char *when) {
    struct store *s = NULL;
    struct store_connection *c = NULL;
    FINE(store_open(&p->a, &(struct store_options){.env = env_system(), .where = where}, &s));
    FINE(store_connect(s, STORE_WRITE, &p->a, &c));
    for (int t = 0; t < TRANSACTIONS; t++) {
        struct store_rows rows;
        const struct store_value range[] = {STORE_I(100 * t), STORE_I(100 * t + 99)};
        FINE(store_read(c, &p->a, SQL(COVER_RANGE), range, 1, &rows));
        if (rows.count != 0 && rows.count != ROWS) fail_msg("%s: transaction %d is half there", when, t);
        if (told[t] == DURABLE && rows.count == 0) fail_msg("%s: transaction %d was told durable and is lost", when, t);
        if (told[t] == ABSENT && rows.count != 0) fail_msg("%s: transaction %d was told undone and is there", when, t);
    }
    static const struct store_statement check = {"test.check", "", "t", "SELECT integrity_check FROM pragma_integrity_check", NULL, false};
    struct store_rows rows;
    FINE(store_read(c, &p->a, &check, NULL, 1, &rows));
    if (!str_eq(store_row(&rows, 0)[0].s, STR("ok"))) fail_msg("%s: %.*s", when, STR_FMT(store_row(&rows, 0)[0].s));
    store_disconnect(c);
    store_close(s);
}

static const char *path_of(struct place *p, const char *folder, const char *file) {
    struct str path = arena_printf(&p->a, "%s/%s/%s", p->folder, folder, file);
    assert_non_null(path.p);
    return path.p;
}

static void copy_files(struct place *p, const char *from, const char *to) {
    static const char *const gone[] = {"yijie.db-shm", "yijie.db.flushed", "yijie.db-wal.flushed"};
    (void)mkdir(path_of(p, to, ""), 0700);
    for (size_t i = 0; i < COUNT_OF(gone); i++) (void)unlink(path_of(p, to, gone[i]));
    assert_true(copy_file(path_of(p, from, "yijie.db"), path_of(p, to, "yijie.db")));
    (void)copy_file(path_of(p, from, "yijie.db-wal"), path_of(p, to, "yijie.db-wal"));
}

/* The files of `crash` as the power left them. */
static void only_flushed(struct place *p) {
    if (!copy_file(path_of(p, "run", "yijie.db.flushed"), path_of(p, "crash", "yijie.db")))
        assert_true(copy_file(path_of(p, "data", "yijie.db"), path_of(p, "crash", "yijie.db")));
    (void)copy_file(path_of(p, "run", "yijie.db-wal.flushed"), path_of(p, "crash", "yijie.db-wal"));
}

/* One run with the n-th operation failing. Returns whether it was reached. */
static bool failing_run(struct place *p, enum fault fault, bool stays, long n) {
    struct disk *d = the_disk();
    enum told told[TRANSACTIONS] = {ABSENT};
    struct store *s = NULL;
    struct store_connection *w = NULL;
    char when[96];
    (void)snprintf(when, sizeof(when), "%s %s at %ld", fault_names[fault], stays ? "from then on" : "once", n);
    struct arena_mark mark = arena_mark(&p->a);
    copy_files(p, "data", "run");
    struct str where = arena_printf(&p->a, "%s/run", p->folder);
    *d = (struct disk){.real = d->real, .fault = fault, .left = n, .stays = stays, .of = "yijie.db"};
    FINE(store_open(&p->a, &(struct store_options){.env = env_system(), .where = where}, &s));
    struct status st = store_connect(s, STORE_WRITE, &p->a, &w);
    for (int t = 0; t < TRANSACTIONS && !status_failed(st); t++) {
        uint64_t ns = 0;
        told[t] = transaction(p, w, t);
        struct status checkpoint = store_checkpoint(w, &p->a, t % 2 == 1, &ns);
        if (status_failed(checkpoint)) assert_true(d->failed);
    }
    copy_files(p, "run", "crash");
    if (fault == FAULT_POWER) only_flushed(p);
    if (!status_failed(st)) store_disconnect(w);
    store_close(s);
    bool failed = d->failed;
    *d = (struct disk){.real = d->real};
    if (fault != FAULT_POWER) truth(p, where, told, when);
    truth(p, arena_printf(&p->a, "%s/crash", p->folder), told, when);
    for (int t = 0; t < TRANSACTIONS && !failed; t++) assert_int_equal(told[t], DURABLE);
    arena_rewind(&p->a, mark);
    return failed;
}

static void every_operation(void **state) {
    struct place *p = *state;
    place_disconnect(p);
    for (int fault = FAULT_NONE + 1; fault < FAULT_COUNT; fault++)
        for (int stays = fault == FAULT_POWER; stays < 2; stays++) {
            long n = 1;
            while (failing_run(p, (enum fault)fault, stays, n)) n += n < 40 ? 1 : 7;
            print_message("# %s: %ld\n", fault_names[fault], n);
            assert_true(n > 3);
        }
}

/* The engine's answer to an unknown outcome: look, and do again what is not there. Afterwards it is there once. */
static void unknown_then_again(void **state) {
    struct place *p = *state;
    struct disk *d = the_disk();
    struct store_connection *w = place_writer(p);
    struct store_rows rows;
    assert_int_equal(transaction(p, w, 0), DURABLE);
    *d = (struct disk){.real = d->real, .fault = FAULT_FLUSH, .left = 1, .of = "yijie.db-wal"};
    place_disconnect(p); /* the file is asked at its opening whether it counts */
    *d = (struct disk){.real = d->real, .of = "yijie.db-wal"};
    w = place_writer(p);
    assert_int_equal(transaction(p, w, 1), DURABLE);
    d->fault = FAULT_FLUSH;
    d->left = 1;
    assert_int_equal(transaction(p, w, 2), UNKNOWN);
    const struct store_value range[] = {STORE_I(200), STORE_I(299)};
    FINE(store_read(w, &p->a, SQL(COVER_RANGE), range, 1, &rows));
    assert_int_equal(rows.count, 0);
    assert_int_equal(transaction(p, w, 2), DURABLE);
    static const enum told told[TRANSACTIONS] = {DURABLE, DURABLE, DURABLE};
    *d = (struct disk){.real = d->real};
    copy_files(p, "data", "crash");
    truth(p, arena_printf(&p->a, "%s/crash", p->folder), told, "after doing it again");
}

/* No room for the copy, or its disk fails: no half a backup, and the source goes on. */
static void backup_fails(void **state) {
    struct place *p = *state;
    struct disk *d = the_disk();
    covers_put(p, place_writer(p), 1, 5'000, 900);
    for (int fault = FAULT_WRITE; fault <= FAULT_FLUSH; fault++) {
        for (long n = 1; n < 2'000; n = n * 3 + 1) {
            struct str path = arena_printf(&p->a, "%s/copy.db", p->folder);
            *d = (struct disk){.real = d->real, .fault = (enum fault)fault, .left = n, .stays = true, .of = "copy.db"};
            struct status st = store_backup(p->store, &p->a, path, NULL, NULL);
            bool failed = d->failed;
            *d = (struct disk){.real = d->real};
            if (status_failed(st) != failed) print_message("%s at %ld\n", fault_names[fault], n);
            assert_int_equal(status_failed(st), failed);
            struct stat file;
            assert_int_equal(stat(path.p, &file) == 0, !failed);
            if (failed) FAILS(st, fault == FAULT_NO_SPACE ? "store-disk-full" : "store-backup");
            else assert_int_equal(unlink(path.p), 0);
        }
    }
    assert_int_equal(cover_count(p, p->w), 5'000);
    covers_put(p, p->w, 10'000, 10, 900);
}

int main(void) {
#define PLACE(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {PLACE(every_operation), PLACE(unknown_then_again), PLACE(backup_fails)};
    return cmocka_run_group_tests(tests, disk_make, NULL);
}
