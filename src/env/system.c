/* system — the real environment: clock, random bytes, output, terminal, and the failures of this room.
 *
 * Who uses it: main, once. Invariant: no state; every call stands alone.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "env/env_internal.h"

static const struct {
    const char *code, *zh, *en, *hint_zh, *hint_en;
} errors[ENV_ERROR_COUNT] = {
#define ENV_ERROR(id, code, zh, en, hint_zh, hint_en) [ENV_##id] = {code, zh, en, hint_zh, hint_en},
#include "env/errors.def"
#undef ENV_ERROR
};

struct status env_fail(struct arena *a, enum env_error which, struct str place, int number) {
    const char *reason = number ? strerrordesc_np(number) : NULL; /* without locale */
    struct str zh = str_from(errors[which].zh), en = str_from(errors[which].en);
    if (reason) {
        zh = arena_printf(a, "%s（%s）", errors[which].zh, reason);
        en = arena_printf(a, "%s (%s)", errors[which].en, reason);
        if (!zh.p || !en.p) return status_memory();
    }
    return status_error(a, (struct error){.code = errors[which].code,
                                          .place = place,
                                          .zh = zh,
                                          .en = en,
                                          .hint_zh = str_from(errors[which].hint_zh),
                                          .hint_en = str_from(errors[which].hint_en)});
}

struct status env_path(struct arena *a, struct str path, const char **ret) {
    if (path.n == 0 || memchr(path.p, 0, path.n)) return env_fail(a, ENV_BAD_PATH, path, 0);
    struct str copy = arena_str(a, path);
    if (!copy.p) return status_memory();
    *ret = copy.p;
    return STATUS_OK;
}

static struct timespec clock_read(clockid_t clock) {
    struct timespec t;
    CHECK(clock_gettime(clock, &t) == 0);
    return t;
}

static int32_t system_today_days(const struct env *e) {
    (void)e;
    const int64_t day_seconds = 86'400;
    int64_t seconds = clock_read(CLOCK_REALTIME).tv_sec;
    int64_t days = seconds / day_seconds - (seconds % day_seconds < 0);
    CHECK(days > INT32_MIN && days < INT32_MAX);
    return (int32_t)days;
}

static int64_t system_now_ms(const struct env *e) {
    (void)e;
    struct timespec t = clock_read(CLOCK_REALTIME);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1'000'000;
}

static uint64_t system_monotonic_ns(const struct env *e) {
    (void)e;
    struct timespec t = clock_read(CLOCK_MONOTONIC);
    return (uint64_t)t.tv_sec * 1'000'000'000 + (uint64_t)t.tv_nsec;
}

static uint64_t system_cpu_ns(const struct env *e) {
    (void)e;
    struct timespec t = clock_read(CLOCK_PROCESS_CPUTIME_ID);
    return (uint64_t)t.tv_sec * 1'000'000'000 + (uint64_t)t.tv_nsec;
}

struct status env_random_fill(const struct env *e, struct arena *a, void *bytes, size_t n) {
    (void)e;
    for (size_t done = 0; done < n;) {
        ssize_t got = getrandom((char *)bytes + done, n - done, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return env_fail(a, ENV_RANDOM, STR(""), errno);
        done += (size_t)got;
    }
    return STATUS_OK;
}

bool env_write_all(int fd, struct str bytes) {
    for (size_t done = 0; done < bytes.n;) {
        ssize_t n = write(fd, bytes.p + done, bytes.n - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        done += (size_t)n;
    }
    return true;
}

static struct status system_output(const struct env *e, struct arena *a, int fd, struct str bytes) {
    (void)e;
    if (env_write_all(fd, bytes)) return STATUS_OK;
    return env_fail(a, ENV_OUTPUT, fd == STDOUT_FILENO ? STR("stdout") : STR("stderr"), errno);
}

static bool system_is_terminal(const struct env *e, int fd) {
    (void)e;
    return isatty(fd) == 1;
}

static uint32_t system_columns(const struct env *e, int fd) {
    (void)e;
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

const struct env *env_system(void) {
    static const struct env real = {
        .today_days = system_today_days,
        .now_ms = system_now_ms,
        .monotonic_ns = system_monotonic_ns,
        .cpu_ns = system_cpu_ns,
        .random_fill = env_random_fill,
        .file_read = env_file_read,
        .file_read_private = env_file_read_private,
        .dir_list = env_dir_list,
        .file_replace = env_file_replace,
        .file_create = env_file_create,
        .file_remove = env_file_remove,
        .dir_make = env_dir_make,
        .dir_remove = env_dir_remove,
        .file_lock = env_file_lock,
        .file_unlock = env_file_unlock,
        .output = system_output,
        .is_terminal = system_is_terminal,
        .columns = system_columns,
        .run = env_run,
        .thread_start = env_thread_start,
        .thread_join = env_thread_join,
        .wait_ms = env_wait_ms,
        .point = env_point,
    };
    return &real;
}
