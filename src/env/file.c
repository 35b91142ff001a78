/* file — reading whole files, listing folders, replacing and making files atomically, locks.
 *
 * Who uses it: bills, plans, lists and the state file of the command line, the data directory of the server. Invariants: a reader never gets more than it
 * allowed and never hangs on a named pipe; a replacement is whole and durable or did not happen; no temporary file
 * stays behind a failure that the process survives. Source: rename(2), fsync(2), flock(2).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env/env_internal.h"

static void fd_close(int *fd) { /* keeps errno: the failure that led here is the one to tell */
    int number = errno;
    if (*fd >= 0) (void)close(*fd);
    errno = number;
}
#define FD_GUARD __attribute__((cleanup(fd_close))) int

static enum env_error open_failure(enum env_error otherwise) {
    return errno == ENOENT || errno == ENOTDIR ? ENV_NOT_FOUND : otherwise;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Reads until the end; the room is doubled when the guess was too small (a pipe, a file that grows). */
static struct status fd_read(struct arena *a, int fd, struct str place, size_t guess, size_t bytes_max, struct str *ret) {
    size_t cap = (guess < bytes_max ? guess : bytes_max) + 2, n = 0;
    char *bytes = arena_alloc(a, cap, 1);
    for (;;) {
        if (!bytes) return status_memory();
        ssize_t got = read(fd, bytes + n, cap - 1 - n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return env_fail(a, ENV_READ, place, errno);
        if (got == 0) break;
        n += (size_t)got;
        if (n > bytes_max) return env_fail(a, ENV_TOO_LARGE, place, 0);
        if (n == cap - 1) {
            char *more = arena_alloc(a, 2 * cap, 1);
            if (more) memcpy(more, bytes, n);
            bytes = more;
            cap *= 2;
        }
    }
    *ret = (struct str){bytes, n}; /* fresh arena memory: a zero follows */
    return STATUS_OK;
}

static struct status path_read(struct arena *a, struct str path, bool private, size_t bytes_max, struct str *ret) {
    const char *name = NULL;
    TRY(env_path(a, path, &name));
    FD_GUARD fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return env_fail(a, open_failure(ENV_READ), path, errno);
    struct stat st;
    if (fstat(fd, &st) != 0) return env_fail(a, ENV_READ, path, errno);
    if (!S_ISREG(st.st_mode)) return env_fail(a, ENV_NOT_REGULAR, path, 0);
    if (private && (st.st_uid != geteuid() || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)) return env_fail(a, ENV_NOT_PRIVATE, path, 0);
    if ((uint64_t)st.st_size > bytes_max) return env_fail(a, ENV_TOO_LARGE, path, 0);
    return fd_read(a, fd, path, (size_t)st.st_size, bytes_max, ret);
}

static size_t room_to_double(size_t bytes_max) { return bytes_max < SIZE_MAX / 4 ? bytes_max : SIZE_MAX / 4; }

struct status env_file_read(const struct env *e, struct arena *a, struct str path, size_t bytes_max, struct str *ret) {
    (void)e;
    enum { PIPE_GUESS = 64 * 1024 };
    bytes_max = room_to_double(bytes_max);
    if (str_eq(path, STR("-"))) return fd_read(a, STDIN_FILENO, STR("stdin"), PIPE_GUESS, bytes_max, ret);
    return path_read(a, path, false, bytes_max, ret);
}

struct status env_file_read_private(const struct env *e, struct arena *a, struct str path, size_t bytes_max, struct str *ret) {
    (void)e;
    return path_read(a, path, true, room_to_double(bytes_max), ret);
}

/* ---- folders --------------------------------------------------------------------------------- */

static int name_order(const void *x, const void *y) {
    const struct str *a = x, *b = y;
    return str_cmp(*a, *b);
}

static void dir_close(DIR **dir) {
    if (*dir) (void)closedir(*dir);
}

struct status env_dir_list(const struct env *e, struct arena *a, struct str path, uint32_t count_max,
                           const struct str **ret_names, uint32_t *ret_count) {
    (void)e;
    const char *name = NULL;
    struct str *names = NULL;
    uint32_t count = 0, cap = 0;
    TRY(env_path(a, path, &name));
    __attribute__((cleanup(dir_close))) DIR *dir = opendir(name);
    if (!dir) return env_fail(a, open_failure(ENV_LIST), path, errno);
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry && errno) return env_fail(a, ENV_LIST, path, errno);
        if (!entry) break;
        if (entry->d_name[0] == '.') continue;
        if (count == count_max) return env_fail(a, ENV_TOO_MANY, path, 0);
        struct str copy = arena_str(a, str_from(entry->d_name));
        struct str *slot = copy.p ? ARENA_PUSH(a, names, count, cap) : NULL;
        if (!slot) return status_memory();
        *slot = copy;
    }
    if (count > 1) qsort(names, count, sizeof(names[0]), name_order);
    *ret_names = names;
    *ret_count = count;
    return STATUS_OK;
}

/* ---- replacing ------------------------------------------------------------------------------- */

/* The folder of a path ("." when it names none), and where the last name begins. */
static struct str folder_of(struct str path, size_t *ret_base) {
    size_t slash = path.n;
    while (slash > 0 && path.p[slash - 1] != '/') slash--;
    *ret_base = slash;
    return slash == 0 ? STR(".") : slash == 1 ? STR("/") : (struct str){path.p, slash - 1};
}

/* The folder of a path and a name beside it that nobody else has. */
static struct status beside(struct arena *a, struct str path, struct str *ret_folder, struct str *ret_name) {
    uint64_t random = 0;
    size_t slash = 0;
    struct str folder = folder_of(path, &slash);
    struct str base = {path.p + slash, path.n - slash};
    TRY(env_random_fill(NULL, a, &random, sizeof(random)));
    if (base.n > 200) base.n = 200; /* names end at 255 bytes; the random part makes it unique */
    folder = arena_str(a, folder);
    struct str name = arena_printf(a, "%s/.%.*s.%016llx.tmp", folder.p ? folder.p : "", STR_FMT(base), (unsigned long long)random);
    if (!folder.p || !name.p) return status_memory();
    *ret_folder = folder;
    *ret_name = name;
    return STATUS_OK;
}

/* Writes and flushes a new file. False with errno; then it does not exist. */
static bool file_create(const char *name, struct str bytes) {
    FD_GUARD fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return false;
    if (env_write_all(fd, bytes) && fsync(fd) == 0) return true;
    int number = errno;
    (void)unlink(name);
    errno = number;
    return false;
}

static bool folder_flush(const char *folder) {
    FD_GUARD fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0;
}

struct status env_file_replace(const struct env *e, struct arena *a, struct str path, struct str bytes) {
    (void)e;
    const char *target = NULL;
    struct str folder = {NULL, 0}, fresh = {NULL, 0};
    TRY(env_path(a, path, &target));
    TRY(beside(a, path, &folder, &fresh));
    CHECK(folder.p && fresh.p);
    if (!file_create(fresh.p, bytes)) return env_fail(a, ENV_WRITE, path, errno);
    if (rename(fresh.p, target) != 0) {
        int number = errno;
        (void)unlink(fresh.p);
        return env_fail(a, ENV_WRITE, path, number);
    }
    if (!folder_flush(folder.p)) return env_fail(a, ENV_NOT_DURABLE, path, errno);
    return STATUS_OK;
}

/* A second name for a whole file is made in one step and never over another: the last of two that try finds the first one's. */
struct status env_file_create(const struct env *e, struct arena *a, struct str path, struct str bytes) {
    (void)e;
    const char *target = NULL;
    struct str folder = {NULL, 0}, fresh = {NULL, 0};
    TRY(env_path(a, path, &target));
    TRY(beside(a, path, &folder, &fresh));
    CHECK(folder.p && fresh.p);
    if (!file_create(fresh.p, bytes)) return env_fail(a, ENV_WRITE, path, errno);
    int number = link(fresh.p, target) == 0 ? 0 : errno;
    (void)unlink(fresh.p);
    if (number == EEXIST) return env_fail(a, ENV_EXISTS, path, 0);
    if (number) return env_fail(a, ENV_WRITE, path, number);
    if (!folder_flush(folder.p)) return env_fail(a, ENV_NOT_DURABLE, path, errno);
    return STATUS_OK;
}

/* Flushes the folder above a path. */
static struct status above_flush(struct arena *a, struct str path, enum env_error otherwise) {
    size_t base = 0;
    struct str folder = arena_str(a, folder_of(path, &base));
    if (!folder.p) return status_memory();
    return folder_flush(folder.p) ? STATUS_OK : env_fail(a, otherwise, path, errno);
}

struct status env_file_remove(const struct env *e, struct arena *a, struct str path) {
    (void)e;
    const char *name = NULL;
    TRY(env_path(a, path, &name));
    if (unlink(name) == 0) return above_flush(a, path, ENV_REMOVE);
    return errno == ENOENT ? STATUS_OK : env_fail(a, ENV_REMOVE, path, errno);
}

struct status env_dir_remove(const struct env *e, struct arena *a, struct str path) {
    (void)e;
    const char *name = NULL;
    TRY(env_path(a, path, &name));
    if (rmdir(name) == 0) return above_flush(a, path, ENV_REMOVE);
    return errno == ENOENT ? STATUS_OK : env_fail(a, ENV_REMOVE, path, errno);
}

struct status env_dir_make(const struct env *e, struct arena *a, struct str path) {
    (void)e;
    const char *name = NULL;
    struct stat st;
    while (path.n > 1 && path.p[path.n - 1] == '/') path.n--;
    TRY(env_path(a, path, &name));
    if (mkdir(name, 0700) == 0) return above_flush(a, path, ENV_DIR_MAKE);
    int number = errno;
    if (number == EEXIST && stat(name, &st) == 0 && S_ISDIR(st.st_mode)) return STATUS_OK;
    errno = number;
    return env_fail(a, open_failure(ENV_DIR_MAKE), path, number);
}

/* ---- locks ----------------------------------------------------------------------------------- */

struct status env_file_lock(const struct env *e, struct arena *a, struct str path, struct env_lock *ret) {
    (void)e;
    const char *name = NULL;
    TRY(env_path(a, path, &name));
    struct str lock = arena_printf(a, "%s.lock", name);
    if (!lock.p) return status_memory();
    int fd = open(lock.p, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return env_fail(a, ENV_LOCK, lock, errno);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int number = errno;
        fd_close(&fd);
        return number == EWOULDBLOCK ? env_fail(a, ENV_LOCKED, lock, 0) : env_fail(a, ENV_LOCK, lock, number);
    }
    *ret = (struct env_lock){fd};
    return STATUS_OK;
}

void env_file_unlock(const struct env *e, struct env_lock *lock) {
    (void)e;
    fd_close(&lock->fd); /* closing releases; the file stays, since deleting it would race with the next holder */
    lock->fd = -1;
}
