/* env — everything outside the process that the program may touch: clock, random bytes, files, threads, terminal.
 *
 * Who uses it: store, journal, http, cases, the command line and the application. No other room calls the system for these (STYLE 7): whoever needs them
 * gets a `const struct env *`, so that a simulation can put its own clock and a failing disk in place.
 * Invariants: on failure of a replacement the old file is intact; outputs are untouched on failure; a failure has a
 * code from errors.def, both languages, a hint, and the path as its place.
 */
#ifndef YIJIE_ENV_H
#define YIJIE_ENV_H

#include "base/base.h"

struct env_lock {
    int fd;
};
struct env_thread {
    uintptr_t handle;
};

/* A replacement embeds this as its first member and finds itself by the first argument. Paths are byte texts without
 * NUL; results and failures live in the arena. */
struct env {
    int32_t (*today_days)(const struct env *e);      /* wall clock, UTC: days since 1970-01-01, as struct day counts */
    int64_t (*now_ms)(const struct env *e);          /* wall clock, UTC: milliseconds since 1970-01-01; may be set back by people */
    uint64_t (*monotonic_ns)(const struct env *e);   /* never goes back; from an unknown beginning */
    uint64_t (*cpu_ns)(const struct env *e);         /* processor time that this process has used: for benchmarks */
    /* Unpredictable bytes. Fails with random-unavailable. */
    struct status (*random_fill)(const struct env *e, struct arena *a, void *bytes, size_t n);

    /* The whole of a regular file, or of standard input for "-", and a NUL behind it. Fails with file-not-found,
     * file-bad-path, file-not-regular, file-too-large (more than bytes_max), file-read. Never waits for a pipe with a name. */
    struct status (*file_read)(const struct env *e, struct arena *a, struct str path, size_t bytes_max, struct str *ret);
    /* As file_read, for secrets: refuses a file that anybody but its owner may read or write, or that belongs to another user:
     * file-not-private. Never standard input. */
    struct status (*file_read_private)(const struct env *e, struct arena *a, struct str path, size_t bytes_max, struct str *ret);
    /* Names in a folder, sorted by bytes, without those that begin with a dot. Fails with file-not-found, file-bad-path,
     * dir-read, dir-too-many (more than count_max). */
    struct status (*dir_list)(const struct env *e, struct arena *a, struct str path, uint32_t count_max,
                              const struct str **ret_names, uint32_t *ret_count);
    /* Puts the bytes in place of the file, whole or not at all, and durably: a new file beside it (mode 0600), flushed, renamed,
     * folder flushed. A symbolic link is replaced itself. Fails with file-bad-path and file-write (the old file is
     * intact), and file-not-durable (the new one is in place, only the last flush failed). */
    struct status (*file_replace)(const struct env *e, struct arena *a, struct str path, struct str bytes);
    /* The same for a file that must not exist yet: of two that try at once, one wins. Fails with file-exists (nothing is touched),
     * file-bad-path, file-write, file-not-durable. */
    struct status (*file_create)(const struct env *e, struct arena *a, struct str path, struct str bytes);
    /* The file (not a folder) is gone, durably; it need not have been there. Fails with file-bad-path, file-remove. */
    struct status (*file_remove)(const struct env *e, struct arena *a, struct str path);
    /* The folder is there: made with mode 0700 in a folder that exists, or found (its mode is then left alone). Fails with file-not-found
     * (the folder above), file-bad-path, dir-make. */
    struct status (*dir_make)(const struct env *e, struct arena *a, struct str path);
    /* An empty folder goes; one that is not there is fine, one that holds something fails. */
    struct status (*dir_remove)(const struct env *e, struct arena *a, struct str path);
    /* Takes the lock of `path` (on PATH.lock, which stays) without waiting. Ends with unlock or with the process. Fails with file-locked,
     * file-lock, file-bad-path; the place is the lock file. */
    struct status (*file_lock)(const struct env *e, struct arena *a, struct str path, struct env_lock *ret);
    void (*file_unlock)(const struct env *e, struct env_lock *lock);

    /* All bytes to standard output (1) or error (2), unbuffered. Fails with `output`. */
    struct status (*output)(const struct env *e, struct arena *a, int fd, struct str bytes);
    bool (*is_terminal)(const struct env *e, int fd);
    uint32_t (*columns)(const struct env *e, int fd); /* of the terminal; 80 when unknown */

    /* A thread that runs fn(arg); it gets no signal that comes from outside (the first thread handles them). Every thread is joined, once.
     * Locks and conditions are the rooms' own business (pthread). Fails with thread-start. */
    struct status (*thread_start)(const struct env *e, struct arena *a, void *(*fn)(void *arg), void *arg, struct env_thread *ret);
    void (*thread_join)(const struct env *e, struct env_thread *t);
    void (*wait_ms)(const struct env *e, uint32_t ms); /* sleeps at least that long */

    /* Runs a program found by its path (no shell), waits, and gives its standard output (at most bytes_max) and exit code (128 + signal when killed); its standard
     * error is ours. argv ends with NULL. For benchmarks that need a database of their own. Fails with program-start, program-output. */
    struct status (*run)(const struct env *e, struct arena *a, const char *const *argv, size_t bytes_max, struct str *ret_output, int *ret_code);

    /* A named point of the program's course ("store.commit-before"): where tests kill it. Does nothing unless built with option `faults`; then
     * the environment variable YIJIE_FAULT=NAME:N kills the process by SIGKILL at the N-th pass (from 1), NAME:N:sleep=MS makes that
     * pass sleep, NAME:N:stop stops the process (SIGSTOP). YIJIE_FAULT=list appends each name, a line when first passed, to the file
     * YIJIE_FAULT_LIST. `name`: a literal of at most 63 letters, digits, '.', '-'. */
    void (*point)(const struct env *e, const char *name);
};

const struct env *env_system(void);

#endif
