/* arena — memory by lifetime: bump allocation over blocks, freed as a whole.
 *
 * Who uses it: every room; one arena per request, job or compiled plan. Invariants: bytes_used never passes
 * byte_limit; memory handed out is zeroed; blocks behind `head` in the chain are empty and wait for reuse.
 * Workload: thousands of small nodes per bill, then all gone at once. After a reset one block holds the whole
 * previous use, so a steady state makes no system call (checked by `system_calls` in the tests and the bench).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN /* memory not handed out is poisoned, so that use after reset or rewind is found */
#include <sanitizer/asan_interface.h>
#define ARENA_HIDE(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define ARENA_SHOW(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define ARENA_HIDE(p, n) ((void)(p), (void)(n))
#define ARENA_SHOW(p, n) ((void)(p), (void)(n))
#endif

enum { BLOCK_BYTES_FIRST = 4096, BLOCK_BYTES_MAX = 64 * 1024 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t used, cap;
    _Alignas(max_align_t) char data[];
};

void arena_init(struct arena *a, size_t byte_limit) {
    *a = (struct arena){.byte_limit = byte_limit, .block_bytes = BLOCK_BYTES_FIRST};
}

static void blocks_free(struct arena_block *b) {
    while (b) {
        struct arena_block *next = b->next;
        ARENA_SHOW(b->data, b->cap);
        free(b);
        b = next;
    }
}

void arena_done(struct arena *a) {
    blocks_free(a->first);
    *a = (struct arena){0};
}

static struct arena_block *block_new(struct arena *a, size_t cap) {
    if (cap > SIZE_MAX - sizeof(struct arena_block)) return NULL;
    struct arena_block *b = malloc(sizeof(struct arena_block) + cap);
    if (!b) return NULL;
    a->system_calls++;
    *b = (struct arena_block){.cap = cap};
    ARENA_HIDE(b->data, cap);
    return b;
}

static void block_empty(struct arena_block *b, size_t used) {
    ARENA_HIDE(b->data + used, b->cap - used);
    b->used = used;
}

/* Bytes to skip in b so that the next byte has the alignment. */
static size_t block_padding(const struct arena_block *b, size_t align) {
    return (size_t)(-((uintptr_t)b->data + b->used) & (align - 1));
}

static bool block_fits(const struct arena_block *b, size_t size, size_t align) {
    size_t room = b->cap - b->used;
    size_t padding = block_padding(b, align);
    return padding <= room && size <= room - padding;
}

/* Makes head a block that holds `size` bytes at `align`: the next empty one if it fits, else a new one. */
static bool arena_grow(struct arena *a, size_t size, size_t align) {
    struct arena_block *next = a->head ? a->head->next : a->first;
    if (next && block_fits(next, size, align)) {
        a->head = next;
        return true;
    }
    if (size > SIZE_MAX - align) return false;
    size_t cap = size + align > a->block_bytes ? size + align : a->block_bytes;
    struct arena_block *b = block_new(a, cap);
    if (!b) return false;
    blocks_free(next); /* too small to wait any longer */
    if (a->head) a->head->next = b;
    else a->first = b;
    a->head = b;
    if (a->block_bytes < BLOCK_BYTES_MAX) a->block_bytes *= 2;
    return true;
}

void *arena_alloc(struct arena *a, size_t size, size_t align) {
    CHECK(align && (align & (align - 1)) == 0);
    if (size > a->byte_limit - a->bytes_used) return NULL;
    if (!(a->head && block_fits(a->head, size, align)) && !arena_grow(a, size, align)) return NULL;
    struct arena_block *b = a->head;
    size_t padding = block_padding(b, align);
    if (size + padding > a->byte_limit - a->bytes_used) return NULL;
    char *p = b->data + b->used + padding;
    b->used += padding + size;
    a->bytes_used += padding + size;
    if (a->bytes_used > a->bytes_peak) a->bytes_peak = a->bytes_used;
    ARENA_SHOW(p, size);
    return memset(p, 0, size);
}

void *arena_array_alloc(struct arena *a, size_t count, size_t size, size_t align) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
    return arena_alloc(a, bytes, align);
}

void arena_reset(struct arena *a) {
    size_t peak = a->bytes_peak;
    a->bytes_used = a->bytes_peak = 0;
    if (!a->first) return;
    if (!a->first->next) {
        block_empty(a->first, 0);
        a->head = a->first;
        return;
    }
    /* Several blocks: merge them into one that holds the same use, with slack for different padding. */
    blocks_free(a->first);
    a->first = a->head = NULL;
    size_t cap = peak + peak / 4 + BLOCK_BYTES_FIRST;
    a->first = a->head = block_new(a, cap); /* when refused, the next allocation tries again */
    if (cap > a->block_bytes && cap <= BLOCK_BYTES_MAX) a->block_bytes = cap;
}

struct arena_mark arena_mark(const struct arena *a) {
    return (struct arena_mark){a->head, a->head ? a->head->used : 0, a->bytes_used};
}

void arena_rewind(struct arena *a, struct arena_mark m) {
    CHECK(m.bytes_used <= a->bytes_used);
    struct arena_block *b = m.head;
    if (b) {
        CHECK(m.head_used <= b->used);
        block_empty(b, m.head_used);
        b = b->next;
    } else {
        b = a->first;
    }
    for (; b; b = b->next) block_empty(b, 0);
    a->head = m.head;
    a->bytes_used = m.bytes_used;
}

struct str arena_str(struct arena *a, struct str s) {
    if (s.n == SIZE_MAX) return (struct str){NULL, 0};
    char *p = arena_alloc(a, s.n + 1, 1);
    if (!p) return (struct str){NULL, 0};
    if (s.n) memcpy(p, s.p, s.n);
    return (struct str){p, s.n};
}

struct str arena_printf(struct arena *a, const char *fmt, ...) {
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1, 1);
    if (p) (void)vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p ? (struct str){p, (size_t)n} : (struct str){NULL, 0};
}

/* Extends the array in place when it ends where the arena ends. */
static bool push_in_place(struct arena *a, const char *items, size_t old_bytes, size_t more_bytes) {
    struct arena_block *b = a->head;
    if (!b || !old_bytes || items + old_bytes != b->data + b->used) return false;
    if (more_bytes > b->cap - b->used) return false;
    return arena_alloc(a, more_bytes, 1) != NULL;
}

void *base_arena_push(struct arena *a, void **items, uint32_t *count, uint32_t *cap, size_t size, size_t align) {
    char *old = *items; /* a pointer of another type: the build has -fno-strict-aliasing for this */
    if (*count == *cap) {
        if (*cap > UINT32_MAX / 2) return NULL;
        uint32_t cap_new = *cap ? *cap * 2 : 8;
        size_t old_bytes = *cap * size; /* allocated once: no overflow */
        if (!push_in_place(a, old, old_bytes, (cap_new - *cap) * size)) {
            char *grown = arena_array_alloc(a, cap_new, size, align);
            if (!grown) return NULL;
            if (*count) memcpy(grown, old, *count * size);
            old = grown;
            *items = grown;
        }
        *cap = cap_new;
    }
    char *slot = old + (size_t)*count * size;
    (*count)++;
    return slot;
}
