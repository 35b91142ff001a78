/* Arena: alignment, limits, steady state, marks, arrays. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "base/base.h"

static void alignment_and_zero(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    for (int round = 0; round < 3; round++) {
        for (size_t align = 1; align <= 256; align *= 2) {
            for (size_t size = 0; size < 300; size += 37) {
                unsigned char *p = arena_alloc(&a, size, align);
                assert_non_null(p);
                assert_int_equal((uintptr_t)p % align, 0);
                for (size_t i = 0; i < size; i++) assert_int_equal(p[i], 0);
                memset(p, 0xa5, size);
            }
        }
        arena_reset(&a);
    }
    arena_done(&a);
}

static void limit_is_kept(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1000);
    assert_non_null(arena_alloc(&a, 600, 1));
    assert_null(arena_alloc(&a, 401, 1));
    assert_null(arena_alloc(&a, SIZE_MAX, 1));
    assert_null(arena_array_alloc(&a, SIZE_MAX / 2, 3, 1));
    assert_non_null(arena_alloc(&a, 400, 1));
    assert_null(arena_alloc(&a, 1, 1));
    assert_int_equal(a.bytes_used, 1000);
    arena_reset(&a);
    assert_non_null(arena_alloc(&a, 1000, 1));
    arena_done(&a);
}

/* One job: many small pieces and one large. Returns false when the arena refused. */
static bool job(struct arena *a) {
    for (size_t i = 0; i < 2000; i++) {
        if (!arena_alloc(a, 1 + i % 61, (size_t)1 << i % 5)) return false;
    }
    return arena_alloc(a, 100'000, 64) != NULL;
}

static void steady_state_asks_nothing(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    assert_true(job(&a));
    size_t calls_first = a.system_calls;
    assert_true(calls_first > 1); /* else this test shows nothing */
    arena_reset(&a);
    assert_true(job(&a));
    size_t calls = a.system_calls;
    assert_int_equal(calls, calls_first + 1); /* the merged block */
    for (int i = 0; i < 10; i++) {
        arena_reset(&a);
        assert_int_equal(a.bytes_used, 0);
        assert_true(job(&a));
    }
    assert_int_equal(a.system_calls, calls);
    arena_done(&a);
}

static void rewind_frees_and_reuses(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 22);
    struct arena_mark empty = arena_mark(&a);
    char *kept = arena_alloc(&a, 100, 1);
    memset(kept, 'k', 100);
    struct arena_mark m = arena_mark(&a);
    assert_true(job(&a));
    size_t calls = a.system_calls;
    for (int i = 0; i < 5; i++) {
        arena_rewind(&a, m);
        assert_int_equal(a.bytes_used, 100);
        assert_true(job(&a));
    }
    assert_int_equal(a.system_calls, calls); /* blocks behind the mark wait for reuse */
    for (size_t i = 0; i < 100; i++) assert_int_equal(kept[i], 'k');
    arena_rewind(&a, empty);
    assert_int_equal(a.bytes_used, 0);
    assert_true(job(&a));
    assert_int_equal(a.system_calls, calls);
    arena_done(&a);
}

struct item {
    uint64_t n;
    char pad[5];
};

static void push_grows(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 22);
    struct item *items = NULL, *others = NULL;
    uint32_t count = 0, cap = 0, other_count = 0, other_cap = 0;
    for (uint64_t i = 0; i < 1000; i++) { /* alone: grows in place; interleaved: by copy */
        struct item *it = ARENA_PUSH(&a, items, count, cap);
        assert_non_null(it);
        assert_int_equal(it->n, 0);
        it->n = i;
        if (i % 3 == 0 && i > 300) {
            struct item *other = ARENA_PUSH(&a, others, other_count, other_cap);
            assert_non_null(other);
            other->n = ~i;
        }
    }
    assert_int_equal(count, 1000);
    for (uint64_t i = 0; i < 1000; i++) assert_int_equal(items[i].n, i);
    for (uint32_t i = 0; i < other_count; i++) assert_int_equal(others[i].n, ~(uint64_t)(303 + 3 * i));
    arena_done(&a);
}

static void push_refused_changes_nothing(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 8 * sizeof(uint64_t));
    uint64_t *items = NULL;
    uint32_t count = 0, cap = 0;
    for (uint64_t i = 0; i < 8; i++) *ARENA_PUSH(&a, items, count, cap) = i;
    assert_null(ARENA_PUSH(&a, items, count, cap));
    assert_int_equal(count, 8);
    for (uint64_t i = 0; i < 8; i++) assert_int_equal(items[i], i);
    arena_done(&a);
}

static void texts(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 64);
    struct str s = arena_str(&a, STR("医结"));
    assert_string_equal(s.p, "医结");
    assert_int_equal(s.n, 6);
    struct str none = arena_str(&a, (struct str){NULL, 0});
    assert_non_null(none.p);
    assert_int_equal(none.n, 0);
    struct str printed = arena_printf(&a, "%s %d", "line", 7);
    assert_string_equal(printed.p, "line 7");
    struct str refused = arena_printf(&a, "%100d", 1);
    assert_null(refused.p);
    assert_int_equal(refused.n, 0);
    arena_done(&a);
}

/* Torture: under every limit the job either works or is refused, and never passes the limit. */
static void every_limit(void **state) {
    (void)state;
    size_t works = 0;
    for (size_t limit = 0; limit < 200'000; limit += 997) {
        struct arena a;
        arena_init(&a, limit);
        works += job(&a);
        assert_true(a.bytes_used <= limit);
        arena_done(&a);
    }
    assert_true(works > 10 && works < 150);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alignment_and_zero), cmocka_unit_test(limit_is_kept),
        cmocka_unit_test(steady_state_asks_nothing), cmocka_unit_test(rewind_frees_and_reuses),
        cmocka_unit_test(push_grows), cmocka_unit_test(push_refused_changes_nothing),
        cmocka_unit_test(texts), cmocka_unit_test(every_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
