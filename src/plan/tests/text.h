/* tests/text — a text parsed for a test: arena, source, findings and file in one place.
 *
 * Who uses it: the tests of lexer, parser, formatter and diagnostics.
 */
#ifndef YIJIE_PLAN_TESTS_TEXT_H
#define YIJIE_PLAN_TESTS_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/parse.h"

struct text {
    struct arena a;
    struct plan_source source;
    struct plan_diagnostics d;
    struct plan_tokens tokens;
    struct plan_file *file;
};

static inline struct text *text_parse(struct str s) {
    struct text *t = calloc(1, sizeof(*t));
    assert_non_null(t);
    arena_init(&t->a, 256u << 20);
    t->source = (struct plan_source){STR("test.plan"), s};
    assert_false(status_failed(plan_parse_tokens(&t->a, &t->source, &t->d, &t->tokens, &t->file)));
    return t;
}

static inline void text_done(struct text *t) {
    arena_done(&t->a);
    free(t);
}

/* "code line:column" of each finding, one a line. */
static inline void text_findings(const struct text *t, struct buf *out) {
    for (uint32_t i = 0; i < t->d.count; i++)
        buf_printf(out, "%s %u:%u\n", t->d.items[i].code, t->d.items[i].line, t->d.items[i].column);
}

/* Both texts, or a failure that shows them. */
static inline void text_assert(struct buf *got, const char *want) {
    buf_add_char(got, '\0');
    if (strcmp(got->p, want) != 0) fail_msg("\n---- got\n%s\n---- want\n%s\n", got->p, want);
}

static inline struct str text_file(const char *path, char **ret_memory) {
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("cannot open %s", path);
    char *p = malloc(8u << 20);
    assert_non_null(p);
    size_t n = fread(p, 1, 8u << 20, f);
    (void)fclose(f);
    *ret_memory = p;
    return (struct str){p, n};
}

#endif
