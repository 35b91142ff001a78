/* env/run — another program, run to its end. */
#include "env/env_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

/* Reads until the other end closes. False: more than bytes_max, or a failed read (errno); 0 when too much. */
static bool output_read(int fd, struct buf *out, int *ret_errno) {
    char block[4096];
    for (;;) {
        const ssize_t n = read(fd, block, sizeof block);
        if (n == 0) return !out->failed;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            *ret_errno = errno;
            return false;
        }
        buf_add(out, (struct str){block, (size_t)n});
    }
}

static int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

/* Starts it with its standard output into the pipe. Gives an errno, 0 when it runs. */
static int program_start(const char *const *argv, const int pipes[2], pid_t *ret) {
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return error;
    error = posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
    union {
        const char *const *given;
        char *const *wanted; /* the interface is older than const; it does not write */
    } words = {.given = argv};
    if (!error) error = posix_spawn(ret, argv[0], &actions, NULL, words.wanted, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

struct status env_run(const struct env *e, struct arena *a, const char *const *argv, size_t bytes_max, struct str *ret_output, int *ret_code) {
    (void)e;
    int pipes[2], status = 0, read_errno = 0;
    pid_t child = 0;
    const struct str name = str_from(argv[0]);
    if (pipe2(pipes, O_CLOEXEC) != 0) return env_fail(a, ENV_PROGRAM_START, name, errno);
    const int error = program_start(argv, pipes, &child);
    (void)close(pipes[1]);
    if (error) {
        (void)close(pipes[0]);
        return env_fail(a, ENV_PROGRAM_START, name, error);
    }
    struct buf out;
    buf_init(&out, bytes_max);
    const bool fine = output_read(pipes[0], &out, &read_errno);
    (void)close(pipes[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    struct status s = fine ? STATUS_OK : env_fail(a, ENV_PROGRAM_OUTPUT, name, read_errno);
    if (fine) {
        const struct str text = arena_str(a, buf_view(&out));
        if (!text.p) s = status_memory();
        else {
            *ret_output = text;
            *ret_code = code_of(status);
        }
    }
    buf_done(&out);
    return s;
}
