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

#include "plan/syntax/parse.h"

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

static inline uint32_t text_random(uint64_t *seed) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

/* The text with one to three tokens deleted, doubled, replaced by another of its tokens, or moved to a new line. */
static inline void text_edit(const struct text *t, uint64_t *seed, struct buf *out) {
    uint32_t n = t->tokens.count - 1, edits = 1 + text_random(seed) % 3, where[3], what[3];
    for (uint32_t e = 0; e < edits; e++) where[e] = text_random(seed) % n, what[e] = text_random(seed) % 4;
    for (uint32_t i = 0; i < n; i++) {
        struct str text = plan_token_str(&t->source, &t->tokens.items[i]);
        int copies = 1;
        for (uint32_t e = 0; e < edits; e++) {
            if (where[e] != i) continue;
            if (what[e] == 0) copies = 0;
            else if (what[e] == 1) copies = 2;
            else if (what[e] == 2) text = plan_token_str(&t->source, &t->tokens.items[text_random(seed) % n]);
            else buf_add_char(out, '\n');
        }
        bool new_line = t->tokens.items[i].at_line_start || (i && t->tokens.items[i - 1].kind == TOKEN_COMMENT);
        buf_add_char(out, new_line ? '\n' : ' ');
        for (int k = 0; k < copies; k++) {
            buf_add(out, text);
            buf_add_char(out, ' ');
        }
    }
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
