/* thread — starting, joining, sleeping.
 *
 * Who uses it: whoever runs beside the first thread (engine, HTTP, load generator). Invariant: signals from outside reach the first thread only, so
 * that the end of the program is decided in one place; faults of a thread itself (SIGSEGV …) are still its own. Source: pthreads(7).
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "env/env_internal.h"

struct status env_thread_start(const struct env *e, struct arena *a, void *(*fn)(void *arg), void *arg, struct env_thread *ret) {
    (void)e;
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGPROF};
    sigset_t outside, before;
    pthread_t thread;
    CHECK(sigfillset(&outside) == 0);
    for (size_t i = 0; i < COUNT_OF(own); i++) CHECK(sigdelset(&outside, own[i]) == 0);
    CHECK(pthread_sigmask(SIG_BLOCK, &outside, &before) == 0);
    int number = pthread_create(&thread, NULL, fn, arg);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    if (number) return env_fail(a, ENV_THREAD, STR(""), number);
    _Static_assert(sizeof(thread) == sizeof(ret->handle), "a thread is named by a word");
    *ret = (struct env_thread){thread};
    return STATUS_OK;
}

void env_thread_join(const struct env *e, struct env_thread *t) {
    (void)e;
    CHECK(pthread_join(t->handle, NULL) == 0);
}

void env_wait_ms(const struct env *e, uint32_t ms) {
    (void)e;
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1'000'000};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) continue;
}
