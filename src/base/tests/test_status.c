/* Failures: copied texts, memory failure at every limit; bugs abort. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/base.h"

static struct status fails(struct arena *a) {
    char place[] = "lines[3]";
    struct status s = status_error(a, (struct error){.code = "bill-line-sum",
                                                     .place = {place, sizeof(place) - 1},
                                                     .zh = STR("合计不符"),
                                                     .en = STR("sum differs")});
    memset(place, 'x', sizeof(place));
    return s;
}

static struct status passes_on(struct arena *a, bool *ret_reached) {
    TRY(STATUS_OK);
    TRY(fails(a));
    *ret_reached = true;
    return STATUS_OK;
}

static void texts_are_copied(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 4096);
    bool reached = false;
    struct status s = passes_on(&a, &reached);
    assert_true(status_failed(s));
    assert_false(reached);
    assert_string_equal(s.err->code, "bill-line-sum");
    assert_string_equal(s.err->place.p, "lines[3]");
    assert_string_equal(s.err->zh.p, "合计不符");
    assert_string_equal(s.err->en.p, "sum differs");
    assert_int_equal(s.err->hint_en.n, 0);
    assert_false(status_failed(STATUS_OK));
    arena_done(&a);
}

static void without_memory(void **state) {
    (void)state;
    int memory = 0, made = 0;
    for (size_t limit = 0; limit < 300; limit++) {
        struct arena a;
        arena_init(&a, limit);
        struct status s = fails(&a);
        assert_true(status_failed(s));
        assert_true(utf8_check(s.err->zh) && s.err->zh.n && s.err->en.n);
        if (strcmp(s.err->code, "out-of-memory") == 0) memory++;
        else made++;
        arena_done(&a);
    }
    assert_true(memory > 0 && made > 0);
    assert_true(utf8_check(status_memory().err->hint_zh) && status_memory().err->hint_en.n);
}

static void bug_aborts(void **state) {
    (void)state;
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr)) _exit(1);
        (void)signal(SIGABRT, SIG_DFL); /* cmocka catches it */
        CHECK(1 + 1 == 3);
        _exit(0);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT);
    CHECK(1 + 1 == 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_copied), cmocka_unit_test(without_memory), cmocka_unit_test(bug_aborts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
