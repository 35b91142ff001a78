/* The keys file: made once, private, refused when one character differs; look-ups and wrapped keys of persons. */
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/tests/help.h"

struct fixture {
    const struct env *env;
    struct arena a;
    char folder[64];
    struct str path;
};

static int setup(void **state) {
    static struct fixture f;
    f.env = env_system();
    arena_init(&f.a, 8 << 20);
    (void)snprintf(f.folder, sizeof(f.folder), "/tmp/yijie-keys-XXXXXX");
    *state = &f;
    if (!mkdtemp(f.folder)) return -1;
    f.path = arena_printf(&f.a, "%s/keys.json", f.folder);
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    char command[128];
    arena_done(&f->a);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", f->folder);
    return system(command);
}

/* Keys whose every byte is known; the check was computed by another program. */
static const char known[] =
    "{\"yijie_keys\":1,\"version\":3,\"master\":\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\","
    "\"lookup\":\"202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f\",\"check\":\"520b09790dc30a0b64ab0b80043caf65\"}\n";

static void file_put(struct fixture *f, struct str text, mode_t mode) {
    FILE *file = fopen(f->path.p, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.p, 1, text.n, file), text.n);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(f->path.p, mode), 0);
}

static void made_once(void **state) {
    struct fixture *f = *state;
    struct journal_keys *k = NULL, *again = NULL;
    struct digest one, two;
    struct stat st;
    struct str text, later;
    FAILS(journal_keys_open(f->env, &f->a, f->path, false, &k), "keys-missing");
    assert_null(k);
    FINE(journal_keys_open(f->env, &f->a, f->path, true, &k));
    assert_int_equal(stat(f->path.p, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    FINE(f->env->file_read(f->env, &f->a, f->path, 1'000, &text));
    FINE(journal_keys_open(f->env, &f->a, f->path, true, &again)); /* there: read, not made */
    FINE(f->env->file_read(f->env, &f->a, f->path, 1'000, &later));
    assert_true(str_eq(text, later));
    assert_int_equal(journal_keys_version(k), 1);
    journal_lookup(k, STR("01"), STR("410599198610155133"), &one);
    journal_lookup(again, STR("01"), STR("410599198610155133"), &two);
    assert_true(digest_equal(&one, &two));
    struct person_key key, opened;
    struct str wrapped = {NULL, 0};
    FINE(journal_person_key_make(k, f->env, &f->a, &key, &wrapped));
    FINE(journal_person_key_open(again, &f->a, wrapped, &opened));
    assert_memory_equal(&key, &opened, sizeof(key));
    journal_keys_close(k);
    journal_keys_close(again);
    journal_keys_close(NULL);
    assert_int_equal(unlink(f->path.p), 0); /* another file: other keys */
    FINE(journal_keys_open(f->env, &f->a, f->path, true, &again));
    journal_lookup(again, STR("01"), STR("410599198610155133"), &two);
    assert_false(digest_equal(&one, &two));
    FAILS(journal_person_key_open(again, &f->a, wrapped, &opened), "key-damaged");
    journal_keys_close(again);
}

static void every_character(void **state) {
    struct fixture *f = *state;
    struct journal_keys *k = NULL;
    char text[sizeof(known)];
    for (size_t i = 0; i < sizeof(known) - 1; i++) {
        memcpy(text, known, sizeof(known));
        text[i] = text[i] == '7' ? '8' : '7';
        file_put(f, (struct str){text, sizeof(known) - 1}, 0600);
        struct arena_mark mark = arena_mark(&f->a);
        FAILS(journal_keys_open(f->env, &f->a, f->path, true, &k), "keys-damaged");
        arena_rewind(&f->a, mark);
    }
    for (size_t n = 0; n < sizeof(known) - 1; n++) {
        file_put(f, (struct str){known, n}, 0600);
        FAILS(journal_keys_open(f->env, &f->a, f->path, true, &k), "keys-damaged");
    }
    static char long_text[5'000];
    memset(long_text, ' ', sizeof(long_text));
    memcpy(long_text, known, sizeof(known) - 1);
    file_put(f, (struct str){long_text, sizeof(known)}, 0600); /* one blank more */
    FAILS(journal_keys_open(f->env, &f->a, f->path, true, &k), "keys-damaged");
    file_put(f, (struct str){long_text, sizeof(long_text)}, 0600);
    FAILS(journal_keys_open(f->env, &f->a, f->path, true, &k), "keys-damaged");
    assert_null(k);
}

static void places(void **state) {
    struct fixture *f = *state;
    struct journal_keys *k = NULL;
    file_put(f, (struct str){known, sizeof(known) - 1}, 0640);
    FAILS(journal_keys_open(f->env, &f->a, f->path, true, &k), "file-not-private");
    assert_int_equal(unlink(f->path.p), 0);
    assert_int_equal(mkdir(f->path.p, 0700), 0);
    FAILS(journal_keys_open(f->env, &f->a, f->path, true, &k), "file-not-regular");
    FAILS(journal_keys_open(f->env, &f->a, arena_printf(&f->a, "%s/absent/keys.json", f->folder), true, &k), "file-write");
    FAILS(journal_keys_open(f->env, &f->a, STR(""), true, &k), "file-bad-path");
    assert_int_equal(rmdir(f->path.p), 0);
    for (int left = 0; left < 2; left++) { /* no random bytes: no file */
        int l = left;
        struct counted c = counted_env(&l);
        FAILS(journal_keys_open(&c.env, &f->a, f->path, true, &k), "random-unavailable");
        assert_int_equal(access(f->path.p, F_OK), -1);
    }
    assert_null(k);
}

/* HMAC-SHA-256(look-up key, kind ‖ 0 ‖ number), computed by another program for the known file. */
static void lookups(void **state) {
    struct fixture *f = *state;
    struct journal_keys *k = NULL;
    struct digest d, other;
    char hex[DIGEST_HEX_BYTES];
    file_put(f, (struct str){known, sizeof(known) - 1}, 0600);
    FINE(journal_keys_open(f->env, &f->a, f->path, false, &k));
    assert_int_equal(journal_keys_version(k), 3);
    journal_lookup(k, STR("01"), STR("410599198610155133"), &d);
    digest_hex(&d, hex);
    assert_string_equal(hex, "0d4cc6c105a5831d4f3dd5d6a60e83f1fa677f73a270920ada30cfc0e9078c95");
    journal_lookup(k, STR("014"), STR("10599198610155133"), &other); /* the border between kind and number counts */
    assert_false(digest_equal(&d, &other));
    journal_lookup(k, STR("01"), STR("410599198610155134"), &other);
    assert_false(digest_equal(&d, &other));
    journal_keys_close(k);
}

static void wrapped_keys(void **state) {
    struct fixture *f = *state;
    struct journal_keys *k = NULL;
    struct person_key one, two, opened, untouched;
    struct str wrapped = {NULL, 0}, second = {NULL, 0};
    memset(&untouched, 0x5a, sizeof(untouched));
    file_put(f, (struct str){known, sizeof(known) - 1}, 0600);
    FINE(journal_keys_open(f->env, &f->a, f->path, false, &k));
    FINE(journal_person_key_make(k, f->env, &f->a, &one, &wrapped));
    FINE(journal_person_key_make(k, f->env, &f->a, &two, &second));
    assert_int_equal(wrapped.n, 60);
    assert_memory_not_equal(&one, &two, sizeof(one));
    FINE(journal_person_key_open(k, &f->a, wrapped, &opened));
    assert_memory_equal(&opened, &one, sizeof(one));
    for (size_t i = 0; i + sizeof(one) <= wrapped.n; i++) assert_memory_not_equal(wrapped.p + i, &one, sizeof(one));
    opened = untouched;
    char bytes[61] = {0};
    for (size_t bit = 0; bit < 8 * wrapped.n; bit++) {
        memcpy(bytes, wrapped.p, wrapped.n);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
        FAILS(journal_person_key_open(k, &f->a, (struct str){bytes, 60}, &opened), "key-damaged");
    }
    memcpy(bytes, wrapped.p, wrapped.n);
    for (size_t n = 0; n <= 61; n++)
        if (n != 60) FAILS(journal_person_key_open(k, &f->a, (struct str){bytes, n}, &opened), "key-damaged");
    int left = 0;
    struct counted c = counted_env(&left);
    struct str nothing = {NULL, 0};
    FAILS(journal_person_key_make(k, &c.env, &f->a, &opened, &nothing), "random-unavailable");
    assert_memory_equal(&opened, &untouched, sizeof(opened));
    assert_null(nothing.p);
    journal_keys_close(k);
}

static void memory_ends_anywhere(void **state) {
    struct fixture *f = *state;
    file_put(f, (struct str){known, sizeof(known) - 1}, 0600);
    uint32_t done = 0, failed = 0;
    for (size_t limit = 0; done < 3; limit += 13) {
        struct arena small;
        struct journal_keys *k = NULL;
        struct person_key key, untouched;
        struct str wrapped = {NULL, 0};
        memset(&untouched, 0x5a, sizeof(untouched));
        key = untouched;
        arena_init(&small, limit);
        struct status s = journal_keys_open(f->env, &small, f->path, false, &k);
        if (status_failed(s)) assert_true(strcmp(s.err->code, "out-of-memory") == 0 && k == NULL);
        if (!status_failed(s)) s = journal_person_key_make(k, f->env, &small, &key, &wrapped);
        if (status_failed(s)) assert_true(strcmp(s.err->code, "out-of-memory") == 0 && wrapped.p == NULL && memcmp(&key, &untouched, sizeof(key)) == 0);
        done += !status_failed(s);
        failed += status_failed(s);
        journal_keys_close(k);
        arena_done(&small);
    }
    assert_true(failed > 5);
}

struct maker {
    struct fixture *f;
    struct arena a;
    struct digest lookup;
    bool good;
};

static void *make_and_use(void *arg) {
    struct maker *m = arg;
    struct journal_keys *k = NULL;
    m->good = !status_failed(journal_keys_open(m->f->env, &m->a, m->f->path, true, &k));
    if (!m->good) return NULL;
    journal_lookup(k, STR("01"), STR("1"), &m->lookup);
    journal_keys_close(k);
    return NULL;
}

static void two_at_once(void **state) {
    struct fixture *f = *state;
    enum { MAKERS = 8 };
    static struct maker makers[MAKERS];
    struct env_thread threads[MAKERS];
    for (size_t i = 0; i < MAKERS; i++) {
        makers[i] = (struct maker){.f = f};
        arena_init(&makers[i].a, 1 << 20);
        FINE(f->env->thread_start(f->env, &f->a, make_and_use, &makers[i], &threads[i]));
    }
    for (size_t i = 0; i < MAKERS; i++) {
        f->env->thread_join(f->env, &threads[i]);
        assert_true(makers[i].good);
        assert_true(digest_equal(&makers[i].lookup, &makers[0].lookup));
        arena_done(&makers[i].a);
    }
}

struct user {
    const struct journal_keys *k;
    struct arena a;
    bool good;
};

static void *use_many(void *arg) {
    struct user *u = arg;
    u->good = true;
    for (uint32_t i = 0; i < 200; i++) {
        struct person_key key, opened;
        struct str wrapped = {NULL, 0};
        struct digest d, again;
        u->good = u->good && !status_failed(journal_person_key_make(u->k, env_system(), &u->a, &key, &wrapped)) &&
                  !status_failed(journal_person_key_open(u->k, &u->a, wrapped, &opened)) && memcmp(&key, &opened, sizeof(key)) == 0;
        journal_lookup(u->k, STR("01"), (struct str){(const char *)&i, sizeof(i)}, &d);
        journal_lookup(u->k, STR("01"), (struct str){(const char *)&i, sizeof(i)}, &again);
        u->good = u->good && digest_equal(&d, &again);
    }
    return NULL;
}

static void many_threads(void **state) {
    struct fixture *f = *state;
    enum { USERS = 4 };
    static struct user users[USERS];
    struct env_thread threads[USERS];
    struct journal_keys *k = NULL;
    FINE(journal_keys_open(f->env, &f->a, f->path, true, &k));
    for (size_t i = 0; i < USERS; i++) {
        users[i] = (struct user){.k = k};
        arena_init(&users[i].a, 1 << 20);
        FINE(f->env->thread_start(f->env, &f->a, use_many, &users[i], &threads[i]));
    }
    for (size_t i = 0; i < USERS; i++) {
        f->env->thread_join(f->env, &threads[i]);
        assert_true(users[i].good);
        arena_done(&users[i].a);
    }
    journal_keys_close(k);
}

int main(void) {
#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {ROW(made_once), ROW(every_character), ROW(places), ROW(lookups), ROW(wrapped_keys), ROW(two_at_once), ROW(many_threads),
                                       ROW(memory_ends_anywhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
