/* faults/disk — a disk that misbehaves: preloaded before the real program, it lets writes and flushes fail, fall short, tear, or vanish with the power.
 *
 * YIJIE_DISK="KIND:N[:PATH PART]": counted are the writes (for `sync` and `gate` the flushes) on files whose path holds PATH PART (default "yijie.db").
 *   full    from the N-th on every write fails with ENOSPC          eio     … with EIO          sync   from the N-th on every flush fails with EIO
 *   once    only the N-th write fails with EIO                      short   only the N-th write writes half, and says so
 *   torn    the N-th write writes half of its bytes, then the process is gone (SIGKILL)
 *   power   at the N-th write the power goes: of what was not flushed each write is kept or lost by the toss of a coin, the process is gone
 *   forget  as power, but all of it is lost and flushes are lies: they say yes and do nothing. What a server acknowledged on such a disk is lost,
 *           and a test that does not see that sees nothing
 *   gate    only the N-th flush fails with EIO, and what it should have flushed is clean for the system and never reaches the disk, unless it is written again;
 *           60 writes later the power goes
 * YIJIE_DISK_SEED=NUMBER throws the coins. YIJIE_DISK_HIT=FILE is made when the fault first strikes: a test must not believe in a fault that never came.
 */
#undef _FILE_OFFSET_BITS /* both names of a call are defined here: with 64 they would be one */
#undef _FORTIFY_SOURCE
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { NONE, FULL, EIO_ALL, SYNC, ONCE, SHORT, TORN, POWER, FORGET, GATE, KINDS };
enum { FD_MAX = 4096, FILES_MAX = 64, GATE_WRITES = 60 };

/* One write that is not flushed yet: what stood there before. */
struct undo {
    struct undo *before; /* the write before this one */
    off64_t at;
    size_t n, old_n; /* old_n: how much of it existed */
    int stuck;       /* its flush failed: later flushes pass it by */
    char old[];
};
struct file {
    dev_t dev;
    ino_t ino;
    int fd; /* never closed: closing would let go the program's locks on the file */
    off64_t flushed_size;
    struct undo *last;
};

static atomic_bool watched[FD_MAX];
static atomic_long calls, since_gate;
static atomic_bool gate_struck;
static enum kind kind;
static long from_call;
static const char *part = "yijie.db", *hit_file;
static uint64_t coin_state = 1;
static struct file files[FILES_MAX];
static int file_count;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) (__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void)
{
    static char copy[256];
    const char *text = getenv("YIJIE_DISK"), *seed = getenv("YIJIE_DISK_SEED");
    hit_file = getenv("YIJIE_DISK_HIT");
    if (seed) coin_state = strtoull(seed, NULL, 10) * 2 + 1;
    if (!text) return;
    (void)snprintf(copy, sizeof copy, "%s", text);
    static const char *const names[KINDS] = {"none", "full", "eio", "sync", "once", "short", "torn", "power", "forget", "gate"};
    char *number = strchr(copy, ':');
    if (!number) return;
    *number++ = 0;
    char *more = strchr(number, ':');
    if (more) {
        *more++ = 0;
        part = more;
    }
    for (int i = 0; i < KINDS; i++) {
        if (strcmp(copy, names[i]) == 0) kind = (enum kind)i;
    }
    from_call = strtol(number, NULL, 10);
}

static void hit(void)
{
    static atomic_flag told = ATOMIC_FLAG_INIT;
    if (!hit_file || atomic_flag_test_and_set(&told)) return;
    const int fd = REAL(open)(hit_file, O_WRONLY | O_CREAT, 0600);
    if (fd >= 0) (void)REAL(close)(fd);
}

static void gone(void)
{
    hit();
    (void)kill(getpid(), SIGKILL);
    for (;;) (void)pause();
}

/* ---- what the power takes ------------------------------------------------------------------------ */

static int remembers(void) { return kind == POWER || kind == FORGET || kind == GATE; }

static int coin(void)
{
    coin_state = coin_state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int)(coin_state >> 62 & 1);
}

static off64_t size_of(int fd)
{
    struct stat s;
    return fstat(fd, &s) == 0 ? s.st_size : 0;
}

/* With the lock held. NULL: no place for another file. */
static struct file *file_of(int fd)
{
    struct stat s;
    char path[64];
    if (fstat(fd, &s) != 0) return NULL;
    for (int i = 0; i < file_count; i++) {
        if (files[i].dev == s.st_dev && files[i].ino == s.st_ino) return &files[i];
    }
    if (file_count == FILES_MAX) return NULL;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    files[file_count] = (struct file){.dev = s.st_dev, .ino = s.st_ino, .fd = REAL(open64)(path, O_RDWR | O_CLOEXEC), .flushed_size = s.st_size};
    return &files[file_count++];
}

/* With the lock held: [at, at + n) is about to change. */
static void remember(int fd, off64_t at, size_t n)
{
    struct file *f = file_of(fd);
    struct undo *u = f ? malloc(sizeof *u + n) : NULL;
    if (!u) abort();
    const ssize_t old = pread64(f->fd, u->old, n, at);
    *u = (struct undo){.before = f->last, .at = at, .n = n, .old_n = old > 0 ? (size_t)old : 0};
    f->last = u;
}

static void power_off(void)
{
    for (int i = 0; i < file_count; i++) {
        int kept = 0;
        for (struct undo *u = files[i].last; u; u = u->before) {
            if (kind != FORGET && !u->stuck && coin()) kept = 1;
            else if (u->old_n > 0 && REAL(pwrite64)(files[i].fd, u->old, u->old_n, u->at) < 0) abort();
        }
        if (!kept && size_of(files[i].fd) > files[i].flushed_size && REAL(ftruncate64)(files[i].fd, files[i].flushed_size) != 0) abort();
    }
    gone();
}

static int covered(const struct undo *u, const struct file *f)
{
    for (const struct undo *w = f->last; w; w = w->before) {
        if (!w->stuck && w->at <= u->at && w->at + (off64_t)w->n >= u->at + (off64_t)u->n) return 1;
    }
    return 0;
}

/* With the lock held. What is stuck stays, unless it was written again since. */
static void flushed(int fd, int fails)
{
    struct file *f = file_of(fd);
    if (!f) abort();
    struct undo *kept = NULL, **end = &kept, *next = NULL;
    for (struct undo *u = f->last; u; u = u->before) u->stuck = fails || (u->stuck && !covered(u, f)) ? 1 : u->stuck ? 2 : 0;
    for (struct undo *u = f->last; u; u = next) {
        next = u->before;
        if (u->stuck == 1) {
            *end = u;
            end = &u->before;
        } else {
            free(u);
        }
    }
    *end = NULL;
    f->last = kept;
    if (!kept) f->flushed_size = size_of(fd);
}

/* ---- the calls -------------------------------------------------------------------------------------- */

static void watch(int fd, const char *path)
{
    if (fd >= 0 && fd < FD_MAX) watched[fd] = path && strstr(path, part) != NULL;
}

static int is_watched(int fd) { return fd >= 0 && fd < FD_MAX && watched[fd]; }

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    const mode_t mode = va_arg(args, mode_t);
    va_end(args);
    const int fd = REAL(open)(path, flags, mode);
    watch(fd, path);
    return fd;
}

int open64(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    const mode_t mode = va_arg(args, mode_t);
    va_end(args);
    const int fd = REAL(open64)(path, flags, mode);
    watch(fd, path);
    return fd;
}

int close(int fd)
{
    if (fd >= 0 && fd < FD_MAX) watched[fd] = 0;
    return REAL(close)(fd);
}

/* What happens to a write of n bytes: -1 with errno, or how many are really written. */
static ssize_t fate(size_t n, int *ret_dies)
{
    const long call = kind == GATE ? 0 : atomic_fetch_add(&calls, 1) + 1;
    *ret_dies = 0;
    if (kind == GATE && gate_struck && atomic_fetch_add(&since_gate, 1) + 1 >= GATE_WRITES) *ret_dies = 1;
    if (kind == NONE || kind == SYNC || kind == GATE || call < from_call) return (ssize_t)n;
    if (kind == FULL || kind == EIO_ALL || (kind == ONCE && call == from_call)) {
        hit();
        errno = kind == FULL ? ENOSPC : EIO;
        return -1;
    }
    if ((kind == SHORT || kind == TORN) && call == from_call) {
        if (kind == SHORT) hit();
        *ret_dies = kind == TORN;
        return (ssize_t)(n / 2);
    }
    if (remembers()) *ret_dies = 1;
    return (ssize_t)n;
}

static ssize_t write_at(int fd, const void *bytes, size_t n, off64_t at)
{
    int dies = 0;
    const ssize_t part_n = fate(n, &dies);
    if (part_n < 0) return -1;
    if (!remembers()) {
        const ssize_t done = REAL(pwrite64)(fd, bytes, (size_t)part_n, at);
        if (dies) gone();
        return done;
    }
    (void)pthread_mutex_lock(&mutex);
    remember(fd, at, n);
    const ssize_t done = REAL(pwrite64)(fd, bytes, n, at);
    if (dies) power_off();
    (void)pthread_mutex_unlock(&mutex);
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    return is_watched(fd) ? write_at(fd, bytes, n, at) : REAL(pwrite64)(fd, bytes, n, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) { return pwrite64(fd, bytes, n, at); }

ssize_t write(int fd, const void *bytes, size_t n)
{
    if (!is_watched(fd)) return REAL(write)(fd, bytes, n);
    const off64_t at = lseek64(fd, 0, SEEK_CUR);
    const ssize_t done = write_at(fd, bytes, n, at);
    if (done > 0) (void)lseek64(fd, at + done, SEEK_SET);
    return done;
}

int ftruncate64(int fd, off64_t size)
{
    if (!is_watched(fd) || !remembers()) return REAL(ftruncate64)(fd, size);
    (void)pthread_mutex_lock(&mutex);
    const off64_t old = size_of(fd);
    if (size < old) remember(fd, size, (size_t)(old - size));
    const int done = REAL(ftruncate64)(fd, size);
    (void)pthread_mutex_unlock(&mutex);
    return done;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

/* 1: the flush is to be done; 0: it is a lie; -1: it fails. */
static int flush_fate(int fd)
{
    if (!is_watched(fd)) return 1;
    if (kind == SYNC && atomic_fetch_add(&calls, 1) + 1 >= from_call) {
        hit();
        errno = EIO;
        return -1;
    }
    if (!remembers()) return 1;
    if (kind == FORGET) return 0;
    const int fails = kind == GATE && atomic_fetch_add(&calls, 1) + 1 == from_call;
    (void)pthread_mutex_lock(&mutex);
    flushed(fd, fails);
    (void)pthread_mutex_unlock(&mutex);
    if (!fails) return 1;
    hit();
    gate_struck = 1;
    errno = EIO;
    return -1;
}

int fsync(int fd)
{
    const int f = flush_fate(fd);
    return f == 1 ? REAL(fsync)(fd) : f;
}

int fdatasync(int fd)
{
    const int f = flush_fate(fd);
    return f == 1 ? REAL(fdatasync)(fd) : f;
}
