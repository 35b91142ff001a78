/* backup — a copy of the running database into a new file, page by page.
 *
 * Who uses it: `yijie backup`, the server's admin socket. Two ways, because a copy that lasts must neither hold the log (readers keep it from being
 * checkpointed) nor begin again with every commit of another connection:
 *   the writer is in this process   steps through its connection, in turn with its transactions; SQLite itself carries each change of a
 *                                   page that was already copied into the copy. Nothing waits longer than a step.
 *   it is not                       one reading snapshot. If another process writes a lot meanwhile, the copy gives up (store-read-slow)
 *                                   before that process runs out of log; then that process is the one to ask.
 * Invariant: the target is new, whole, flushed and one file (no log beside it: it can be read from a medium that cannot be written), or not there. Source: sqlite.org/backup.html, c3ref/backup_finish.html.
 */
#include <string.h>

#include "store/sqlite/sqlite.h"

enum { STEP_PAGES = 256, RESTARTS_MAX = 20 };

struct copy {
    struct store *store;
    struct arena *a;
    struct str path;
    sqlite3 *to;
    sqlite3_backup *work;
    struct sqlite_connection *from;
    uint64_t done, total;
    uint32_t restarts;
    bool made; /* the file at path is ours */
    void (*progress)(void *user, uint64_t done, uint64_t total);
    void *user;
};

/* One step; SQLITE_DONE at the end. */
static int copy_step(struct copy *k) {
    int rc = sqlite3_backup_step(k->work, STEP_PAGES);
    uint64_t total = (uint64_t)sqlite3_backup_pagecount(k->work), done = total - (uint64_t)sqlite3_backup_remaining(k->work);
    if (done < k->done) k->restarts++;
    k->done = done;
    k->total = total;
    return rc == SQLITE_OK && k->restarts > RESTARTS_MAX ? SQLITE_BUSY : rc;
}

static struct status copy_failed(struct copy *k, int rc) {
    struct str words = arena_printf(k->a, "%s, %d", sqlite3_errstr(rc), rc);
    if (!words.p) return status_memory();
    if ((rc & 0xff) == SQLITE_FULL) return store_fail(k->a, STORE_DISK_FULL, k->path, words);
    if (rc == SQLITE_NOTADB || (rc & 0xff) == SQLITE_CORRUPT) return store_fail(k->a, STORE_CORRUPT, k->path, words);
    return store_fail(k->a, STORE_BACKUP, k->path, words);
}

static void copy_tell(const struct copy *k) {
    if (k->progress) k->progress(k->user, k->done, k->total);
}

/* ---- through the writer ------------------------------------------------------------------------------------ */

/* The writer of this process, held (it cannot be closed) until writer_release; NULL: none. */
static struct sqlite_connection *writer_hold(struct sqlite_store *own) {
    CHECK(pthread_mutex_lock(&own->mutex) == 0);
    struct sqlite_connection *writer = own->closing ? NULL : own->writer;
    if (writer) own->backups++;
    CHECK(pthread_mutex_unlock(&own->mutex) == 0);
    return writer;
}

static void writer_release(struct sqlite_store *own) {
    CHECK(pthread_mutex_lock(&own->mutex) == 0);
    own->backups--;
    CHECK(pthread_cond_broadcast(&own->changed) == 0);
    CHECK(pthread_mutex_unlock(&own->mutex) == 0);
}

/* The turn itself, without the writer's own mark, which belongs to its thread. */
static bool turn_borrow(struct sqlite_store *own) {
    CHECK(pthread_mutex_lock(&own->mutex) == 0);
    uint64_t ticket = own->ticket_next++;
    while (ticket != own->ticket_served) CHECK(pthread_cond_wait(&own->changed, &own->mutex) == 0);
    bool closing = own->closing;
    CHECK(pthread_mutex_unlock(&own->mutex) == 0);
    return !closing;
}

static void turn_return(struct sqlite_store *own) {
    CHECK(pthread_mutex_lock(&own->mutex) == 0);
    own->ticket_served++;
    CHECK(pthread_cond_broadcast(&own->changed) == 0);
    CHECK(pthread_mutex_unlock(&own->mutex) == 0);
}

static struct status copy_through_writer(struct copy *k) {
    struct sqlite_store *own = sqlite_store_of(k->store);
    int rc = SQLITE_OK;
    while (rc == SQLITE_OK) {
        rc = turn_borrow(own) ? SQLITE_OK : SQLITE_ABORT;
        if (rc == SQLITE_OK && !k->work) k->work = sqlite3_backup_init(k->to, "main", k->from->db, "main");
        if (rc == SQLITE_OK) rc = k->work ? copy_step(k) : sqlite3_errcode(k->to);
        if (rc != SQLITE_OK) {
            int end = sqlite3_backup_finish(k->work);
            if (rc == SQLITE_DONE && end != SQLITE_OK) rc = end;
            k->work = NULL;
        }
        turn_return(own);
        if (rc == SQLITE_OK || rc == SQLITE_DONE) copy_tell(k);
    }
    return rc == SQLITE_DONE ? STATUS_OK : copy_failed(k, rc);
}

/* ---- through a snapshot ---------------------------------------------------------------------------------------- */

static struct status copy_steps(struct copy *k, uint32_t frames) {
    int rc = SQLITE_OK;
    k->work = sqlite3_backup_init(k->to, "main", k->from->db, "main");
    if (!k->work) return copy_failed(k, sqlite3_errcode(k->to));
    while (rc == SQLITE_OK) {
        uint32_t now = sqlite_log_frames_now(k->from);
        if (now > frames && now - frames > SQLITE_BACKUP_LOG_BYTES / SQLITE_PAGE_BYTES) {
            (void)sqlite3_backup_finish(k->work);
            return store_fail(k->a, STORE_READ_SLOW, k->path, STR("the server writes too much meanwhile"));
        }
        rc = copy_step(k);
        if (rc == SQLITE_OK || rc == SQLITE_DONE) copy_tell(k);
    }
    int end = sqlite3_backup_finish(k->work);
    if (rc == SQLITE_DONE && end != SQLITE_OK) rc = end;
    return rc == SQLITE_DONE ? STATUS_OK : copy_failed(k, rc);
}

static struct status copy_through_snapshot(struct copy *k) {
    struct store_connection *reader = NULL;
    TRY(store_connect(k->store, STORE_READ, k->a, &reader));
    struct status st = store_begin(reader, k->a);
    if (!status_failed(st)) {
        k->from = sqlite_of(reader);
        st = copy_steps(k, k->from->snapshot_frames);
    }
    store_disconnect(reader);
    return st;
}

/* ---- both ----------------------------------------------------------------------------------------------------------- */

static struct status copy_open(struct copy *k) {
    const struct env *e = k->store->env;
    struct status st = e->file_create(e, k->a, k->path, STR("")); /* also the mode 0600 */
    if (status_failed(st)) return strcmp(st.err->code, "file-exists") == 0 ? store_fail(k->a, STORE_BACKUP_EXISTS, k->path, STR("")) : st;
    k->made = true;
    st = sqlite_open_file(k->a, k->path, SQLITE_OPEN_READWRITE, &k->to);
    if (!status_failed(st)) st = sqlite_do(k->a, k->to, "PRAGMA synchronous=FULL; PRAGMA cache_size=-8192");
    return st;
}

/* The copy says of itself that it has a log, as the source has. */
static struct status copy_one_file(struct copy *k) {
    int64_t one_file = 0;
    int rc = sqlite3_exec(k->to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
    if (rc != SQLITE_OK) return copy_failed(k, rc);
    TRY(sqlite_ask_i64(k->a, k->to, "SELECT journal_mode = 'delete' FROM pragma_journal_mode", &one_file));
    return one_file ? STATUS_OK : store_fail(k->a, STORE_BACKUP, k->path, STR("journal_mode"));
}

static void copy_remove(struct copy *k) {
    const struct env *e = k->store->env;
    static const char *const ends[] = {"-journal", "-wal", "-shm", ""};
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct str name = arena_printf(k->a, "%s%s", k->path.p, ends[i]);
        struct status gone = name.p ? e->file_remove(e, k->a, name) : STATUS_OK;
        (void)gone; /* the failure that led here is the one to tell */
    }
}

struct status sqlite_backup(struct store *s, struct arena *a, struct str path, void (*progress)(void *user, uint64_t done, uint64_t total), void *user) {
    struct copy k = {.store = s, .a = a, .path = arena_str(a, path), .progress = progress, .user = user};
    if (!k.path.p) return status_memory();
    struct status st = copy_open(&k);
    if (!status_failed(st)) {
        k.from = writer_hold(sqlite_store_of(s));
        if (k.from) {
            st = copy_through_writer(&k);
            writer_release(sqlite_store_of(s));
        } else {
            st = copy_through_snapshot(&k);
        }
    }
    if (!status_failed(st)) st = copy_one_file(&k);
    (void)sqlite3_close_v2(k.to);
    if (status_failed(st) && k.made) copy_remove(&k);
    return st;
}
