/* fault — named points at which tests kill, stop or delay the program.
 *
 * Who uses it: crash tests, by the variables that env.h names. Invariant: without option `faults` a point does nothing and this file holds no state;
 * with it, nothing happens unless YIJIE_FAULT is set. A wrong YIJIE_FAULT ends the process at the first point: a test must not
 * believe in a fault that never came.
 */
#include "env/env_internal.h"

#if !YIJIE_FAULTS

void env_point(const struct env *e, const char *name) {
    (void)e;
    (void)name;
}

#else

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POINT_BYTES_MAX = 63, POINTS_MAX = 256 };

/* A point is passed by any thread without a context, so what to do there lies in the process. */
struct fault {
    pthread_once_t once;
    pthread_mutex_t mutex;
    enum fault_act { FAULT_NONE, FAULT_LIST, FAULT_KILL, FAULT_STOP, FAULT_SLEEP } act;
    struct str name;
    uint64_t at, passed;
    uint32_t sleep_ms;
    int list_fd;
    const char *listed[POINTS_MAX];
    uint32_t listed_count;
};
/* tidy-ok global: a fault belongs to the process, in test builds only */
static struct fault fault = {.once = PTHREAD_ONCE_INIT, .mutex = PTHREAD_MUTEX_INITIALIZER, .list_fd = -1};

/* Decimal digits up to ':' or the end; moves *at behind them. */
static uint64_t number_read(const char **at) {
    uint64_t n = 0;
    CHECK(**at >= '0' && **at <= '9');
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        CHECK(n < 1'000'000'000);
        n = n * 10 + (uint64_t)(**at - '0');
    }
    return n;
}

static void fault_read(void) {
    const char *text = getenv("YIJIE_FAULT"), *file = getenv("YIJIE_FAULT_LIST");
    if (!text || !*text) return;
    if (strcmp(text, "list") == 0) {
        CHECK(file);
        fault.list_fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        CHECK(fault.list_fd >= 0);
        fault.act = FAULT_LIST;
        return;
    }
    const char *at = strchr(text, ':');
    CHECK(at && at > text && at - text <= POINT_BYTES_MAX);
    fault.name = (struct str){text, (size_t)(at - text)};
    at++;
    fault.at = number_read(&at);
    CHECK(fault.at > 0);
    fault.act = FAULT_KILL;
    if (strcmp(at, ":stop") == 0) {
        fault.act = FAULT_STOP;
    } else if (strncmp(at, ":sleep=", 7) == 0) {
        at += 7;
        fault.sleep_ms = (uint32_t)number_read(&at);
        fault.act = FAULT_SLEEP;
        CHECK(!*at);
    } else {
        CHECK(!*at);
    }
}

static bool is_listed(const char *name) {
    for (uint32_t i = 0; i < fault.listed_count; i++)
        if (strcmp(fault.listed[i], name) == 0) return true;
    return false;
}

static void point_list(const char *name) {
    CHECK(pthread_mutex_lock(&fault.mutex) == 0);
    if (!is_listed(name)) {
        char line[POINT_BYTES_MAX + 1];
        size_t n = strlen(name);
        CHECK(n <= POINT_BYTES_MAX && fault.listed_count < POINTS_MAX);
        memcpy(line, name, n);
        line[n] = '\n';
        CHECK(env_write_all(fault.list_fd, (struct str){line, n + 1}));
        fault.listed[fault.listed_count++] = name;
    }
    CHECK(pthread_mutex_unlock(&fault.mutex) == 0);
}

void env_point(const struct env *e, const char *name) {
    CHECK(pthread_once(&fault.once, fault_read) == 0);
    if (fault.act == FAULT_NONE) return;
    if (fault.act == FAULT_LIST) {
        point_list(name);
        return;
    }
    if (!str_eq(fault.name, str_from(name)) || __atomic_add_fetch(&fault.passed, 1, __ATOMIC_SEQ_CST) != fault.at) return;
    if (fault.act == FAULT_SLEEP) env_wait_ms(e, fault.sleep_ms);
    else (void)kill(getpid(), fault.act == FAULT_STOP ? SIGSTOP : SIGKILL);
    if (fault.act == FAULT_KILL) (void)pause(); /* never goes on behind the point while the signal is on its way */
}

#endif
