/* ledger/tests/test_spec — the specs on one kind of books: `test_spec pure|sqlite|postgres FILE.spec…`, each spec in groups of one and in one group. */
#include "ledger/tests/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/tests/books.h"

static struct books books;

struct one {
    const struct spec *spec;
    int32_t shard;
    bool one_group;
};

static void test_one(void **state) {
    const struct one *one = *state;
    spec_run(one->spec, books.c, one->shard, one->one_group);
}

static void test_roll_back(struct books *b) {
    if (b->c) store_rollback(b->c); /* a failed spec leaves its group open */
}

static int teardown(void **state) {
    (void)state;
    test_roll_back(&books);
    return 0;
}

static char *name_of(const struct one *one) {
    char *name = malloc(one->spec->name.n + 32);
    if (!name) exit(2);
    (void)snprintf(name, one->spec->name.n + 32, "%.*s (%s)", STR_FMT(one->spec->name), one->one_group ? "one group" : "groups of one");
    return name;
}

int main(int argc, char **argv) {
    static struct spec specs[SPECS_MAX];
    static struct CMUnitTest tests[SPECS_MAX * 2];
    static struct one ones[SPECS_MAX * 2];
    struct arena arena;
    uint32_t count = 0;
    arena_init(&arena, (size_t)512 << 20);
    if (argc < 3) return 2;
    for (int i = 2; i < argc; i++) {
        const char *base = strrchr(argv[i], '/');
        struct str text;
        if (status_failed(env_system()->file_read(env_system(), &arena, str_from(argv[i]), 1 << 20, &text))) return 2;
        spec_parse(&arena, base ? base + 1 : argv[i], text, specs, &count);
    }
    books_open(&books, argv[1]);
    for (uint32_t i = 0; i < 2 * count; i++) {
        ones[i] = (struct one){&specs[i / 2], (int32_t)i, i % 2 == 1};
        tests[i] = (struct CMUnitTest){name_of(&ones[i]), test_one, NULL, teardown, &ones[i]};
    }
    const int failed = _cmocka_run_group_tests(argv[1], tests, 2 * count, NULL, NULL);
    for (uint32_t i = 0; i < 2 * count; i++) {
        char *name;
        memcpy(&name, &tests[i].name, sizeof name); /* the library's names are const; these are ours */
        free(name);
    }
    books_close(&books);
    arena_done(&arena);
    return failed;
}
