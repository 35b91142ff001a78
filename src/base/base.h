/* base — status, arena, text, buffers, checked arithmetic, limits.
 *
 * Who uses it: every room. Invariant: nothing here knows a file, a clock, money or the domain.
 * Lifetimes are arenas (STYLE 17): one per request or job, with a byte limit; nothing is freed singly.
 * Three kinds of "no" (STYLE 15): a refusal is domain data, a failure is `struct status`, a bug is CHECK().
 */
#ifndef YIJIE_BASE_H
#define YIJIE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

/* ---- bugs ------------------------------------------------------------------------------------ */

/* Aborts with file and line. Kept in release: a wrong settlement is worse than none. */
_Noreturn void base_check_failed(const char *expr, const char *file, int line);
#define CHECK(e) ((e) ? (void)0 : base_check_failed(#e, __FILE__, __LINE__))

/* ---- text ------------------------------------------------------------------------------------ */

/* A borrowed run of bytes, not NUL-terminated. `p` may be NULL only when `n` is 0. */
struct str {
    const char *p;
    size_t n;
};
#define STR(lit) ((struct str){(lit), sizeof(lit) - 1})
#define STR_INIT(lit) {(lit), sizeof(lit) - 1} /* in static tables, where a compound literal is not constant */
#define STR_FMT(s) (int)(s).n, (s).p /* for printf "%.*s" */

struct str str_from(const char *cstr); /* NULL gives the empty text */
bool str_eq(struct str a, struct str b);
int str_cmp(struct str a, struct str b); /* byte order, shorter first */
bool str_starts(struct str s, struct str prefix);
bool str_contains(struct str s, struct str part);
uint64_t str_hash(struct str s); /* same on every machine and run; not for strangers' keys without a limit */

/* Decodes one code point at s[*at] and advances *at. Refuses overlong forms, surrogates, > U+10FFFF. */
bool utf8_next(struct str s, size_t *at, uint32_t *ret_cp);
bool utf8_check(struct str s);
/* Columns on a terminal: wide characters (CJK, fullwidth) count 2, combining marks 0. */
size_t utf8_columns(struct str s);

/* ---- arena ----------------------------------------------------------------------------------- */

/* Bump allocator over blocks; memory is zeroed; freed as a whole. Not thread-safe.
 * `arena_alloc` returns NULL when `byte_limit` would be passed or the system refuses: callers turn that
 * into `status_memory()`. `arena_reset` keeps one block as large as all that was used, so that a repeated job of
 * equal size asks the system for nothing. Allocation of 0 bytes gives a valid pointer; cost O(size) for the zeroing. */
struct arena_block;
struct arena {
    struct arena_block *head, *first;
    size_t byte_limit, bytes_used; /* used: handed out since the last reset, with padding */
    size_t block_bytes;
    size_t system_calls; /* how often memory was asked from the system, ever */
    size_t bytes_peak;   /* most bytes_used since the last reset */
};
struct arena_mark {
    struct arena_block *head;
    size_t head_used, bytes_used;
};
void arena_init(struct arena *a, size_t byte_limit);
void arena_done(struct arena *a);
void arena_reset(struct arena *a);
struct arena_mark arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, struct arena_mark m); /* frees all handed out since the mark */
[[nodiscard]] void *arena_alloc(struct arena *a, size_t size, size_t align);
[[nodiscard]] void *arena_array_alloc(struct arena *a, size_t count, size_t size, size_t align); /* overflow: NULL */
#define ARENA_NEW(a, T) ((T *)arena_alloc((a), sizeof(T), _Alignof(T)))
#define ARENA_ARRAY(a, T, n) ((T *)arena_array_alloc((a), (n), sizeof(T), _Alignof(T)))
/* Copies the bytes (and a NUL behind them). On failure returns the empty text with p == NULL. */
[[nodiscard]] struct str arena_str(struct arena *a, struct str s);
[[nodiscard]] __attribute__((format(printf, 2, 3))) struct str arena_printf(struct arena *a, const char *fmt, ...);

/* Grows an arena array: makes room for one more element, returns it zeroed, or NULL (then nothing changed).
 * An array that is the newest thing in its arena grows in place; else old copies stay until reset. */
#define ARENA_PUSH(a, items, count, cap)                                                                     \
    ((__typeof__(items))base_arena_push((a), (void **)&(items), &(count), &(cap), sizeof(*(items)),          \
                                        _Alignof(__typeof__(*(items)))))
void *base_arena_push(struct arena *a, void **items, uint32_t *count, uint32_t *cap, size_t size, size_t align);

/* ---- buffer ---------------------------------------------------------------------------------- */

/* Growing text with a maximum, on the heap. An append that would pass `max` or finds no memory adds nothing and sets
 * `failed`, which stays (later appends add nothing either); check once at the end. `p` may be NULL while n is 0. */
struct buf {
    char *p;
    size_t n, cap, max;
    bool failed;
};
void buf_init(struct buf *b, size_t max);
void buf_done(struct buf *b);
void buf_add(struct buf *b, struct str s);
void buf_add_cstr(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_add_i64(struct buf *b, int64_t v);
__attribute__((format(printf, 2, 3))) void buf_printf(struct buf *b, const char *fmt, ...);
struct str buf_view(const struct buf *b); /* valid until the next append or buf_done */
/* Appends n bytes, contents for the caller to fill before anything else; NULL when it failed. */
char *buf_space(struct buf *b, size_t n);
void buf_clear(struct buf *b); /* empty and not failed; keeps its memory */

/* ---- failures -------------------------------------------------------------------------------- */

/* A failure, or bad input, as people and programs read it. `code` is stable for ever ("bill-line-sum").
 * `place` says where ("lines[3].amount", "anyang.plan:14:7"). Both languages are always filled.
 * `next` chains further findings of the same pass (a bill reports all it finds, up to a limit). */
struct error {
    const char *code;
    struct str place;
    struct str zh, en;
    struct str hint_zh, hint_en;
    const struct error *next;
    const struct error *cause;
};
struct [[nodiscard]] status {
    const struct error *err; /* NULL is fine */
};
#define STATUS_OK ((struct status){NULL})
static inline bool status_failed(struct status s) { return s.err != NULL; }
struct status status_memory(void); /* code "out-of-memory"; needs no memory itself */
/* Copies all texts into the arena (`code` must be a literal; next and cause must live as long as the arena). Both
 * languages must be filled, hints may be empty. When even that fails gives status_memory(). */
struct status status_error(struct arena *a, struct error e);
/* Returns from the caller when the expression failed. */
#define TRY(expr)                                                                                            \
    do {                                                                                                     \
        struct status try_status = (expr);                                                                   \
        if (try_status.err) return try_status;                                                               \
    } while (0)

/* ---- checked arithmetic ---------------------------------------------------------------------- */

/* True when the result fits; *ret untouched otherwise. */
static inline bool i64_add(int64_t a, int64_t b, int64_t *ret) {
    int64_t r;
    if (__builtin_add_overflow(a, b, &r)) return false;
    *ret = r;
    return true;
}
static inline bool i64_sub(int64_t a, int64_t b, int64_t *ret) {
    int64_t r;
    if (__builtin_sub_overflow(a, b, &r)) return false;
    *ret = r;
    return true;
}
static inline bool i64_mul(int64_t a, int64_t b, int64_t *ret) {
    int64_t r;
    if (__builtin_mul_overflow(a, b, &r)) return false;
    *ret = r;
    return true;
}
static inline int64_t i64_min(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t i64_max(int64_t a, int64_t b) { return a > b ? a : b; }

#define COUNT_OF(x) (sizeof(x) / sizeof((x)[0]))

#endif
