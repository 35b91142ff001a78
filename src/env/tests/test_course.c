/* Threads, waiting, and the named points of the course: what a fault does to a child process. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "env/env.h"

struct job {
    int ran;
    bool term_blocked, segv_blocked;
};

static void *job_run(void *arg) {
    struct job *job = arg;
    sigset_t mask;
    if (pthread_sigmask(SIG_SETMASK, NULL, &mask) != 0) return NULL;
    job->term_blocked = sigismember(&mask, SIGTERM) == 1;
    job->segv_blocked = sigismember(&mask, SIGSEGV) == 1;
    job->ran = 7;
    return NULL;
}

static void threads(void **state) {
    (void)state;
    const struct env *e = env_system();
    struct arena a;
    struct env_thread thread[4];
    struct job job[4] = {0};
    arena_init(&a, 1 << 16);
    for (size_t i = 0; i < 4; i++) assert_false(status_failed(e->thread_start(e, &a, job_run, &job[i], &thread[i])));
    sigset_t mask;
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
    assert_int_equal(sigismember(&mask, SIGTERM), 0); /* the first thread still hears */
    for (size_t i = 0; i < 4; i++) {
        e->thread_join(e, &thread[i]);
        assert_int_equal(job[i].ran, 7);
        assert_true(job[i].term_blocked && !job[i].segv_blocked);
    }
    arena_done(&a);
}

static void waiting(void **state) {
    (void)state;
    const struct env *e = env_system();
    uint64_t before = e->monotonic_ns(e);
    e->wait_ms(e, 0);
    e->wait_ms(e, 3);
    assert_true(e->monotonic_ns(e) - before >= 3'000'000);
    int64_t now = e->now_ms(e);
    assert_true(now / 86'400'000 - e->today_days(e) <= 0 && now / 86'400'000 - e->today_days(e) >= -1); /* a midnight may lie between */
    assert_true(now > 1'600'000'000'000);
}

/* A child passes alpha, beta three times and says after each how far it is. Its wait status; *ret_far: the last it said. */
static int child_run(const char *fault, const char *list, bool cont, char *ret_far) {
    int ends[2], status = 0;
    assert_int_equal(pipe(ends), 0);
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct env *e = env_system();
        if (fault && setenv("YIJIE_FAULT", fault, 1) != 0) _exit(9);
        if (list && setenv("YIJIE_FAULT_LIST", list, 1) != 0) _exit(9);
        if (freopen("/dev/null", "w", stderr) == NULL) _exit(9); /* what CHECK says */
        for (int i = 0; i < 3; i++) {
            e->point(e, "test.alpha");
            e->point(e, "test.beta");
            if (write(ends[1], &(char){(char)('1' + i)}, 1) != 1) _exit(9);
        }
        _exit(0);
    }
    (void)close(ends[1]);
    if (cont) {
        assert_int_equal(waitpid(child, &status, WUNTRACED), child);
        assert_true(WIFSTOPPED(status));
        assert_int_equal(kill(child, SIGCONT), 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    *ret_far = '0';
    while (read(ends[0], ret_far, 1) == 1) continue;
    (void)close(ends[0]);
    return status;
}

static void faults(void **state) {
    (void)state;
    char far = 0;
    int status = child_run(NULL, NULL, false, &far);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0 && far == '3');
#if YIJIE_FAULTS
    static const struct {
        const char *fault;
        char far;
    } kills[] = {{"test.alpha:1", '0'}, {"test.beta:1", '0'}, {"test.beta:2", '1'}, {"test.alpha:3", '2'}};
    for (size_t i = 0; i < COUNT_OF(kills); i++) {
        status = child_run(kills[i].fault, NULL, false, &far);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_int_equal(far, kills[i].far);
    }
    static const char *const nothing[] = {"test.beta:4", "test.gamma:1", "test.bet:1", "test.beta:2:sleep=2", ""};
    for (size_t i = 0; i < COUNT_OF(nothing); i++) {
        status = child_run(nothing[i], NULL, false, &far);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0 && far == '3');
    }
    status = child_run("test.beta:2:stop", NULL, true, &far);
    assert_true(WIFEXITED(status) && far == '3');
    static const char *const wrong[] = {"test.beta", "test.beta:", "test.beta:0", ":1", "test.beta:1x", "test.beta:1:sleep=", "test.beta:1:jump", "list"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        status = child_run(wrong[i], NULL, false, &far);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && far == '0');
    }
#else
    status = child_run("test.alpha:1", NULL, false, &far);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0 && far == '3');
#endif
}

#if YIJIE_FAULTS
static void listing(void **state) {
    (void)state;
    char path[] = "/tmp/yijie-points-XXXXXX", far = 0, got[200] = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    for (int i = 0; i < 2; i++) { /* appends: each process its own */
        int status = child_run("list", path, false, &far);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0 && far == '3');
    }
    assert_true(read(fd, got, sizeof(got) - 1) > 0);
    assert_string_equal(got, "test.alpha\ntest.beta\ntest.alpha\ntest.beta\n");
    (void)close(fd);
    (void)unlink(path);
}
#endif

static void programs(void **state) {
    (void)state;
    const struct env *e = env_system();
    struct arena a;
    arena_init(&a, 1 << 20);
    struct str out = STR("untouched");
    int code = -1;
    assert_false(status_failed(e->run(e, &a, (const char *const[]){"/bin/sh", "-c", "echo one; echo two; exit 7", NULL}, 100, &out, &code)));
    assert_int_equal(code, 7);
    assert_true(str_eq(out, STR("one\ntwo\n")));
    assert_false(status_failed(e->run(e, &a, (const char *const[]){"/bin/sh", "-c", "kill -9 $$", NULL}, 100, &out, &code)));
    assert_int_equal(code, 128 + 9);
    assert_true(out.n == 0);
    struct status s = e->run(e, &a, (const char *const[]){"/bin/sh", "-c", "echo 12345678", NULL}, 4, &out, &code);
    assert_string_equal(s.err->code, "program-output");
    s = e->run(e, &a, (const char *const[]){"/nowhere/program", NULL}, 4, &out, &code);
    assert_string_equal(s.err->code, "program-start");
    assert_int_equal(code, 128 + 9); /* outputs untouched on failure */
    arena_done(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(programs), cmocka_unit_test(threads), cmocka_unit_test(waiting), cmocka_unit_test(faults),
#if YIJIE_FAULTS
                                       cmocka_unit_test(listing),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
