/* The real environment, in a folder of its own. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "env/env.h"

struct fixture {
    const struct env *env;
    struct arena a;
    char folder[64];
};

static int setup(void **state) {
    static struct fixture f;
    f.env = env_system();
    arena_init(&f.a, 8 << 20);
    (void)snprintf(f.folder, sizeof(f.folder), "/tmp/yijie-env-XXXXXX");
    *state = &f;
    return mkdtemp(f.folder) ? 0 : -1;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    char command[128];
    arena_done(&f->a);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", f->folder);
    return system(command);
}

static struct str in_folder(struct fixture *f, const char *name) {
    return arena_printf(&f->a, "%s/%s", f->folder, name);
}

static void put(struct fixture *f, const char *name, const char *text) {
    FILE *file = fopen(in_folder(f, name).p, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void assert_code(struct status s, const char *code, struct str place) {
    if (!status_failed(s)) fail_msg("no failure, wanted %s", code);
    assert_string_equal(s.err->code, code);
    assert_true(str_eq(s.err->place, place));
    assert_true(s.err->zh.n && s.err->en.n && s.err->hint_zh.n && s.err->hint_en.n);
    assert_true(utf8_check(s.err->zh));
}

static struct status read_file(struct fixture *f, const char *name, size_t max, struct str *ret) {
    return f->env->file_read(f->env, &f->a, in_folder(f, name), max, ret);
}

static void reading(void **state) {
    struct fixture *f = *state;
    struct str got = STR("untouched");
    put(f, "bill.json", "{\"医\":1}");
    put(f, "empty", "");
    assert_false(status_failed(read_file(f, "bill.json", 9, &got))); /* exactly the limit */
    assert_string_equal(got.p, "{\"医\":1}");
    assert_false(status_failed(read_file(f, "empty", 0, &got)));
    assert_int_equal(got.n, 0);
    got = STR("untouched");
    assert_code(read_file(f, "bill.json", 8, &got), "file-too-large", in_folder(f, "bill.json"));
    assert_code(read_file(f, "absent", 100, &got), "file-not-found", in_folder(f, "absent"));
    assert_code(read_file(f, "bill.json/x", 100, &got), "file-not-found", in_folder(f, "bill.json/x"));
    assert_code(read_file(f, ".", 100, &got), "file-not-regular", in_folder(f, "."));
    assert_int_equal(mkfifo(in_folder(f, "pipe").p, 0600), 0);
    assert_code(read_file(f, "pipe", 100, &got), "file-not-regular", in_folder(f, "pipe")); /* does not wait */
    assert_code(f->env->file_read(f->env, &f->a, STR(""), 100, &got), "file-bad-path", STR(""));
    assert_code(f->env->file_read(f->env, &f->a, (struct str){"a\0b", 3}, 100, &got), "file-bad-path",
                (struct str){"a\0b", 3});
    assert_true(str_eq(got, STR("untouched")));
    assert_false(status_failed(f->env->file_read(f->env, &f->a, STR("/proc/self/stat"), 10'000, &got))); /* says size 0 */
    assert_true(got.n > 10);
}

/* Standard input is a pipe whose writer sends `bytes` bytes. */
static struct status read_stdin(struct fixture *f, size_t bytes, size_t max, struct str *ret) {
    int ends[2], saved = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGPIPE, SIG_DFL);
        for (size_t i = 0; i < bytes; i++)
            if (write(ends[1], &(char){(char)('a' + i % 26)}, 1) != 1) _exit(1);
        _exit(0);
    }
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    (void)close(ends[0]);
    (void)close(ends[1]);
    struct status s = f->env->file_read(f->env, &f->a, STR("-"), max, ret);
    assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
    (void)close(saved);
    (void)waitpid(child, NULL, 0);
    return s;
}

static void reading_stdin(void **state) {
    struct fixture *f = *state;
    struct str got = STR("untouched");
    assert_false(status_failed(read_stdin(f, 0, 100, &got)));
    assert_int_equal(got.n, 0);
    assert_false(status_failed(read_stdin(f, 150'000, 150'000, &got))); /* more than the first guess */
    assert_int_equal(got.n, 150'000);
    for (size_t i = 0; i < got.n; i++) assert_int_equal(got.p[i], 'a' + i % 26);
    assert_code(read_stdin(f, 150'001, 150'000, &got), "file-too-large", STR("stdin"));
    assert_int_equal(got.n, 150'000);
}

static void listing(void **state) {
    struct fixture *f = *state;
    const struct str *names = NULL;
    uint32_t count = 99;
    struct str folder = str_from(f->folder);
    assert_false(status_failed(f->env->dir_list(f->env, &f->a, folder, 0, &names, &count)));
    assert_int_equal(count, 0);
    static const char *const made[] = {"b.plan", "a.plan", "沪惠保.plan", "B.plan", "a", ".hidden"};
    for (size_t i = 0; i < COUNT_OF(made); i++) put(f, made[i], "x");
    assert_false(status_failed(f->env->dir_list(f->env, &f->a, folder, 5, &names, &count)));
    static const char *const sorted[] = {"B.plan", "a", "a.plan", "b.plan", "沪惠保.plan"};
    assert_int_equal(count, COUNT_OF(sorted));
    for (size_t i = 0; i < count; i++) assert_string_equal(names[i].p, sorted[i]);
    assert_code(f->env->dir_list(f->env, &f->a, folder, 4, &names, &count), "dir-too-many", folder);
    assert_code(f->env->dir_list(f->env, &f->a, in_folder(f, "absent"), 4, &names, &count), "file-not-found",
                in_folder(f, "absent"));
    assert_code(f->env->dir_list(f->env, &f->a, in_folder(f, "a"), 4, &names, &count), "file-not-found", in_folder(f, "a"));
    assert_int_equal(count, COUNT_OF(sorted));
}

/* Entries of the folder, hidden ones too: shows temporary files left behind. */
static int entry_count(struct fixture *f) {
    DIR *dir = opendir(f->folder);
    int count = 0;
    assert_non_null(dir);
    while (readdir(dir)) count++;
    (void)closedir(dir);
    return count - 2;
}

static void replacing(void **state) {
    struct fixture *f = *state;
    struct str path = in_folder(f, "state.json"), got;
    struct stat st;
    assert_false(status_failed(f->env->file_replace(f->env, &f->a, path, STR("one"))));
    assert_int_equal(chmod(path.p, 0644), 0);
    assert_false(status_failed(f->env->file_replace(f->env, &f->a, path, STR("two"))));
    assert_false(status_failed(read_file(f, "state.json", 100, &got)));
    assert_string_equal(got.p, "two");
    assert_int_equal(stat(path.p, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(entry_count(f), 1);
    assert_false(status_failed(f->env->file_replace(f->env, &f->a, path, (struct str){NULL, 0})));
    assert_false(status_failed(read_file(f, "state.json", 100, &got)));
    assert_int_equal(got.n, 0);
    assert_int_equal(chdir(f->folder), 0); /* a path without a folder */
    assert_false(status_failed(f->env->file_replace(f->env, &f->a, STR("plain"), STR("three"))));
    assert_int_equal(chdir("/"), 0);
    assert_false(status_failed(read_file(f, "plain", 100, &got)));
    assert_string_equal(got.p, "three");
    assert_int_equal(entry_count(f), 2);
}

static void replacing_fails(void **state) {
    struct fixture *f = *state;
    struct str path = in_folder(f, "state.json"), got;
    static char big[100'000];
    memset(big, 'x', sizeof(big));
    put(f, "state.json", "old");
    struct rlimit before, tiny;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tiny = before;
    tiny.rlim_cur = 4096; /* the write is cut short, as on a full disk */
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
    struct status s = f->env->file_replace(f->env, &f->a, path, (struct str){big, sizeof(big)});
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_DFL);
    assert_code(s, "file-write", path);
    assert_false(status_failed(read_file(f, "state.json", 100, &got)));
    assert_string_equal(got.p, "old");
    assert_int_equal(entry_count(f), 1);

    assert_int_equal(mkdir(in_folder(f, "folder").p, 0700), 0); /* the rename fails */
    put(f, "folder/inside", "kept");
    assert_code(f->env->file_replace(f->env, &f->a, in_folder(f, "folder"), STR("x")), "file-write", in_folder(f, "folder"));
    assert_false(status_failed(read_file(f, "folder/inside", 100, &got)));
    assert_string_equal(got.p, "kept");
    assert_int_equal(entry_count(f), 2);

    assert_code(f->env->file_replace(f->env, &f->a, in_folder(f, "absent/x"), STR("x")), "file-write",
                in_folder(f, "absent/x"));
    assert_code(f->env->file_replace(f->env, &f->a, STR(""), STR("x")), "file-bad-path", STR(""));
}

static void reading_private(void **state) {
    struct fixture *f = *state;
    struct str got = STR("untouched"), path = in_folder(f, "keys.json");
    put(f, "keys.json", "secret");
    static const mode_t open_to_others[] = {0640, 0604, 0620, 0610, 0666, 0700 | 0001};
    for (size_t i = 0; i < COUNT_OF(open_to_others); i++) {
        assert_int_equal(chmod(path.p, open_to_others[i]), 0);
        assert_code(f->env->file_read_private(f->env, &f->a, path, 100, &got), "file-not-private", path);
    }
    assert_true(str_eq(got, STR("untouched")));
    assert_int_equal(chmod(path.p, 0600), 0);
    assert_code(f->env->file_read_private(f->env, &f->a, path, 5, &got), "file-too-large", path);
    assert_false(status_failed(f->env->file_read_private(f->env, &f->a, path, 6, &got)));
    assert_string_equal(got.p, "secret");
    assert_code(f->env->file_read_private(f->env, &f->a, in_folder(f, "absent"), 9, &got), "file-not-found", in_folder(f, "absent"));
    assert_code(f->env->file_read_private(f->env, &f->a, in_folder(f, ""), 9, &got), "file-not-regular", in_folder(f, ""));
}

static void creating(void **state) {
    struct fixture *f = *state;
    struct str path = in_folder(f, "keys.json"), got;
    struct stat st;
    assert_false(status_failed(f->env->file_create(f->env, &f->a, path, STR("first"))));
    assert_int_equal(stat(path.p, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_code(f->env->file_create(f->env, &f->a, path, STR("second")), "file-exists", path);
    assert_int_equal(symlink("nowhere", in_folder(f, "link").p), 0);
    assert_code(f->env->file_create(f->env, &f->a, in_folder(f, "link"), STR("x")), "file-exists", in_folder(f, "link"));
    assert_false(status_failed(read_file(f, "keys.json", 100, &got)));
    assert_string_equal(got.p, "first");
    assert_int_equal(entry_count(f), 2);
    assert_code(f->env->file_create(f->env, &f->a, in_folder(f, "absent/x"), STR("x")), "file-write", in_folder(f, "absent/x"));
    assert_code(f->env->file_create(f->env, &f->a, STR(""), STR("x")), "file-bad-path", STR(""));
}

static void removing_and_folders(void **state) {
    struct fixture *f = *state;
    struct stat st;
    put(f, "a", "x");
    assert_false(status_failed(f->env->file_remove(f->env, &f->a, in_folder(f, "a"))));
    assert_int_equal(entry_count(f), 0);
    assert_false(status_failed(f->env->file_remove(f->env, &f->a, in_folder(f, "a")))); /* not there is what was wanted */
    assert_false(status_failed(f->env->dir_make(f->env, &f->a, in_folder(f, "data/"))));
    assert_int_equal(stat(in_folder(f, "data").p, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(chmod(in_folder(f, "data").p, 0750), 0);
    assert_false(status_failed(f->env->dir_make(f->env, &f->a, in_folder(f, "data"))));
    assert_int_equal(stat(in_folder(f, "data").p, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0750);
    assert_code(f->env->file_remove(f->env, &f->a, in_folder(f, "data")), "file-remove", in_folder(f, "data"));
    assert_code(f->env->dir_make(f->env, &f->a, in_folder(f, "absent/x")), "file-not-found", in_folder(f, "absent/x"));
    put(f, "file", "x");
    assert_code(f->env->dir_make(f->env, &f->a, in_folder(f, "file")), "dir-make", in_folder(f, "file"));
    assert_code(f->env->dir_make(f->env, &f->a, STR("")), "file-bad-path", STR(""));
    assert_code(f->env->dir_remove(f->env, &f->a, in_folder(f, "file")), "file-remove", in_folder(f, "file"));
    assert_false(status_failed(f->env->dir_remove(f->env, &f->a, in_folder(f, "data"))));
    assert_false(status_failed(f->env->dir_remove(f->env, &f->a, in_folder(f, "data"))));
    assert_code(f->env->file_remove(f->env, &f->a, STR("")), "file-bad-path", STR(""));
}

static void locking(void **state) {
    struct fixture *f = *state;
    struct str path = in_folder(f, "state.json"), lock_path = in_folder(f, "state.json.lock");
    struct env_lock lock = {-7}, second = {-7};
    assert_false(status_failed(f->env->file_lock(f->env, &f->a, path, &lock)));
    assert_code(f->env->file_lock(f->env, &f->a, path, &second), "file-locked", lock_path);
    assert_int_equal(second.fd, -7);
    f->env->file_unlock(f->env, &lock);
    assert_int_equal(lock.fd, -1);
    assert_false(status_failed(f->env->file_lock(f->env, &f->a, path, &second)));
    f->env->file_unlock(f->env, &second);
    assert_code(f->env->file_lock(f->env, &f->a, in_folder(f, "absent/x"), &lock), "file-lock", in_folder(f, "absent/x.lock"));

    int ends[2]; /* another process holds it, and is killed */
    assert_int_equal(pipe(ends), 0);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        bool held = !status_failed(f->env->file_lock(f->env, &f->a, path, &lock));
        if (write(ends[1], held ? "y" : "n", 1) != 1) _exit(1);
        for (;;) (void)pause();
    }
    char held = 0;
    assert_int_equal(read(ends[0], &held, 1), 1);
    assert_int_equal(held, 'y');
    assert_code(f->env->file_lock(f->env, &f->a, path, &second), "file-locked", lock_path);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_false(status_failed(f->env->file_lock(f->env, &f->a, path, &second)));
    f->env->file_unlock(f->env, &second);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void clock_and_random(void **state) {
    struct fixture *f = *state;
    time_t before = time(NULL);
    int32_t today = f->env->today_days(f->env);
    assert_in_range(today, before / 86'400, time(NULL) / 86'400);
    uint64_t last = f->env->monotonic_ns(f->env);
    for (int i = 0; i < 1000; i++) {
        uint64_t now = f->env->monotonic_ns(f->env);
        assert_true(now >= last);
        last = now;
    }
    static unsigned char one[1000], two[1000];
    assert_false(status_failed(f->env->random_fill(f->env, &f->a, one, sizeof(one))));
    assert_false(status_failed(f->env->random_fill(f->env, &f->a, two, sizeof(two))));
    assert_memory_not_equal(one, two, sizeof(one));
    int zeros = 0; /* filled to the end */
    for (size_t i = 900; i < 1000; i++) zeros += one[i] == 0;
    assert_true(zeros < 20);
}

static void output_and_terminal(void **state) {
    struct fixture *f = *state;
    int ends[2];
    char got[8] = {0};
    assert_int_equal(pipe(ends), 0);
    assert_false(status_failed(f->env->output(f->env, &f->a, ends[1], STR("医结"))));
    assert_int_equal(read(ends[0], got, sizeof(got)), 6);
    assert_string_equal(got, "医结");
    assert_false(f->env->is_terminal(f->env, ends[0]));
    assert_int_equal(f->env->columns(f->env, ends[0]), 80);
    (void)close(ends[0]);
    (void)signal(SIGPIPE, SIG_IGN);
    assert_code(f->env->output(f->env, &f->a, ends[1], STR("x")), "output", STR("stderr"));
    (void)signal(SIGPIPE, SIG_DFL);
    (void)close(ends[1]);

    int full = open("/dev/full", O_WRONLY);
    assert_true(full >= 0);
    assert_code(f->env->output(f->env, &f->a, full, STR("x")), "output", STR("stderr"));
    (void)close(full);

    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) skip();
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    struct winsize size = {.ws_row = 40, .ws_col = 132};
    assert_true(terminal >= 0 && ioctl(master, TIOCSWINSZ, &size) == 0);
    assert_true(f->env->is_terminal(f->env, terminal));
    assert_int_equal(f->env->columns(f->env, terminal), 132);
    (void)close(terminal);
    (void)close(master);
}

int main(void) {
#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(reading),          IN_FOLDER(reading_stdin), IN_FOLDER(listing),
        IN_FOLDER(replacing),        IN_FOLDER(replacing_fails), IN_FOLDER(locking),
        IN_FOLDER(clock_and_random), IN_FOLDER(output_and_terminal), IN_FOLDER(reading_private),
        IN_FOLDER(creating),         IN_FOLDER(removing_and_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
