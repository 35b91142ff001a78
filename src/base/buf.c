/* buf — growing text with a maximum.
 *
 * Who uses it: everything that prints or serialises. Invariant: n <= max; after a failure nothing is added, so a
 * caller checks `failed` once at the end. Doubling growth; buf_clear keeps the memory for the next text.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

void buf_init(struct buf *b, size_t max) { *b = (struct buf){.max = max}; }

void buf_done(struct buf *b) {
    free(b->p);
    *b = (struct buf){0};
}

void buf_clear(struct buf *b) {
    b->n = 0;
    b->failed = false;
}

/* Makes room for n more bytes, and one spare behind them for the NUL of vsnprintf. */
static bool buf_reserve(struct buf *b, size_t n) {
    if (b->failed) return false;
    if (n <= b->cap - b->n) return true;
    if (n > b->max - b->n) {
        b->failed = true;
        return false;
    }
    size_t cap = b->cap < 32 ? 64 : b->cap * 2;
    if (cap < b->n + n) cap = b->n + n;
    if (cap > b->max) cap = b->max;
    char *p = cap < SIZE_MAX ? realloc(b->p, cap + 1) : NULL;
    if (!p) {
        b->failed = true;
        return false;
    }
    b->p = p;
    b->cap = cap;
    return true;
}

char *buf_space(struct buf *b, size_t n) {
    if (!buf_reserve(b, n)) return NULL;
    b->n += n;
    return b->p + (b->n - n);
}

void buf_add(struct buf *b, struct str s) {
    if (!s.n) return;
    char *p = buf_space(b, s.n);
    if (p) memcpy(p, s.p, s.n);
}

void buf_add_cstr(struct buf *b, const char *s) { buf_add(b, str_from(s)); }

void buf_add_char(struct buf *b, char c) {
    char *p = buf_space(b, 1);
    if (p) *p = c;
}

void buf_add_i64(struct buf *b, int64_t v) {
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (v < 0) digits[--at] = '-';
    buf_add(b, (struct str){digits + at, sizeof(digits) - at});
}

void buf_printf(struct buf *b, const char *fmt, ...) {
    char local[256]; /* most texts fit: printed once */
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(local, sizeof(local), fmt, args);
    va_end(args);
    if (n < 0) {
        b->failed = true;
    } else if ((size_t)n < sizeof(local)) {
        buf_add(b, (struct str){local, (size_t)n});
    } else if (buf_reserve(b, (size_t)n)) {
        (void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

struct str buf_view(const struct buf *b) { return (struct str){b->p, b->n}; }
