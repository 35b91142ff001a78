/* help — what the tests of this room share: asserting failures, hexadecimal, and an environment whose random bytes can run out.
 *
 * Who uses it: the tests of this room.
 */
#ifndef YIJIE_JOURNAL_TESTS_HELP_H
#define YIJIE_JOURNAL_TESTS_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "journal/journal.h"

static inline void fine_at(struct status s, const char *file, int line) {
    if (!status_failed(s)) return;
    print_message("%s: %.*s: %.*s\n", s.err->code, STR_FMT(s.err->place), STR_FMT(s.err->en));
    _fail(file, line);
}
#define FINE(s) fine_at((s), __FILE__, __LINE__)

static inline void fails_at(struct status s, const char *code, const char *file, int line) {
    if (status_failed(s) && strcmp(s.err->code, code) == 0 && s.err->zh.n && s.err->en.n && utf8_check(s.err->zh)) return;
    print_message("wanted %s, got %s\n", code, status_failed(s) ? s.err->code : "no failure");
    if (status_failed(s)) print_message("%.*s\n", STR_FMT(s.err->en));
    _fail(file, line);
}
#define FAILS(s, code) fails_at((s), (code), __FILE__, __LINE__)

static inline struct str hex_of(struct arena *a, struct str bytes) {
    char *out = arena_alloc(a, 2 * bytes.n + 1, 1);
    assert_non_null(out);
    for (size_t i = 0; i < bytes.n; i++) (void)snprintf(out + 2 * i, 3, "%02x", (unsigned)(uint8_t)bytes.p[i]);
    return (struct str){out, 2 * bytes.n};
}

static inline struct str bytes_of(struct arena *a, struct str hex) {
    char *out = arena_alloc(a, hex.n / 2 + 1, 1);
    assert_non_null(out);
    assert_int_equal(hex.n % 2, 0);
    for (size_t i = 0; i < hex.n / 2; i++) {
        char two[3] = {hex.p[2 * i], hex.p[2 * i + 1], 0}, *end;
        out[i] = (char)strtoul(two, &end, 16);
        assert_true(*end == 0);
    }
    return (struct str){out, hex.n / 2};
}

/* Random bytes that count up, and none after `left` calls. */
struct counted {
    struct env env;
    int *left;
};
static inline struct status counted_fill(const struct env *e, struct arena *a, void *bytes, size_t n) {
    const struct counted *c = (const struct counted *)(const void *)e;
    if (*c->left == 0)
        return status_error(a, (struct error){.code = "random-unavailable", .zh = STR("无"), .en = STR("none")});
    for (size_t i = 0; i < n; i++) ((uint8_t *)bytes)[i] = (uint8_t)(i + (size_t)*c->left);
    (*c->left)--;
    return STATUS_OK;
}
static inline struct counted counted_env(int *left) {
    struct counted c = {.env = *env_system(), .left = left};
    c.env.random_fill = counted_fill;
    return c;
}

#endif
