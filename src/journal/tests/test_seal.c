/* Sealing: there and back, every damaged bit, other keys, limits, a random source that fails; and what it costs to lose a key. */
#include "journal/tests/help.h"

struct fixture {
    struct arena a;
    struct journal_sealer s;
    struct person_key key;
};

static int setup(void **state) {
    static struct fixture f;
    arena_init(&f.a, 512 << 20);
    journal_sealer_init(&f.s);
    for (size_t i = 0; i < sizeof(f.key.b); i++) f.key.b[i] = (uint8_t)(7 * i + 1);
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    journal_sealer_done(&f->s);
    arena_done(&f->a);
    return 0;
}

static const char plain[] = "{\"bill\":{\"bill\":\"B1\",\"person\":{\"name\":\"张三\",\"id\":\"410599198610155133\"}},\"counters\":[]}";

static struct journal_event sealed(struct fixture *f, struct str plaintext) {
    struct journal_event ev = {.type = JOURNAL_CASE_SETTLED, .version = 1, .cover = 5, .person = id128_make(1, 2, 3), .open = STR("{}")};
    FINE(journal_sealer_seal(&f->s, env_system(), &f->a, &f->key, plaintext, &ev));
    return ev;
}

static void there_and_back(void **state) {
    struct fixture *f = *state;
    static const size_t sizes[] = {0, 1, 100, 2'500, 70'000, 3'000'000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char *text = arena_alloc(&f->a, sizes[i], 1);
        for (size_t k = 0; k < sizes[i]; k++) text[k] = (char)('a' + k * k % 23);
        struct str in = {text, sizes[i]}, out = STR("untouched");
        struct journal_event ev = sealed(f, in);
        FINE(journal_sealer_unseal(&f->s, &f->a, &f->key, &ev, &out));
        assert_true(str_eq(in, out));
        FINE(journal_unseal(&f->a, &f->key, &ev, &out)); /* without contexts: the same */
        assert_true(str_eq(in, out));
        FINE(journal_seal(env_system(), &f->a, &f->key, in, &ev));
        FINE(journal_sealer_unseal(&f->s, &f->a, &f->key, &ev, &out));
        assert_true(str_eq(in, out));
        arena_reset(&f->a);
    }
}

/* The same text twice: nothing of it is the same, so that nobody sees that two bills are equal. */
static void nothing_shared(void **state) {
    struct fixture *f = *state;
    struct journal_event one = sealed(f, STR(plain)), two = sealed(f, STR(plain));
    assert_false(digest_equal(&one.commitment, &two.commitment));
    assert_int_equal(one.sealed.n, two.sealed.n);
    size_t equal = 0;
    for (size_t i = 1; i < one.sealed.n; i++) equal += one.sealed.p[i] == two.sealed.p[i];
    assert_true(equal < one.sealed.n / 8);
    assert_false(str_contains(one.sealed, STR("410599")));
}

static void every_damage(void **state) {
    struct fixture *f = *state;
    struct journal_event ev = sealed(f, STR(plain));
    struct str out = STR("untouched");
    char bytes[sizeof(plain) + 200];
    assert_true(ev.sealed.n < sizeof(bytes));
    struct arena_mark mark = arena_mark(&f->a);
    for (size_t bit = 0; bit < 8 * ev.sealed.n; bit++) {
        struct journal_event other = ev;
        memcpy(bytes, ev.sealed.p, ev.sealed.n);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
        other.sealed.p = bytes;
        FAILS(journal_sealer_unseal(&f->s, &f->a, &f->key, &other, &out), "seal-broken");
        arena_rewind(&f->a, mark);
    }
    for (size_t bit = 0; bit < 8 * sizeof(ev.commitment); bit++) {
        struct journal_event other = ev;
        other.commitment.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        FAILS(journal_sealer_unseal(&f->s, &f->a, &f->key, &other, &out), "seal-broken");
        struct person_key key = f->key;
        key.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        FAILS(journal_sealer_unseal(&f->s, &f->a, &key, &ev, &out), "seal-broken");
        arena_rewind(&f->a, mark);
    }
    memcpy(bytes, ev.sealed.p, ev.sealed.n);
    bytes[ev.sealed.n] = 0;
    for (size_t n = 0; n <= ev.sealed.n + 1; n++) {
        struct journal_event other = ev;
        other.sealed = (struct str){bytes, n};
        if (n != ev.sealed.n) FAILS(journal_sealer_unseal(&f->s, &f->a, &f->key, &other, &out), "seal-broken");
    }
    assert_true(str_eq(out, STR("untouched")));
    FINE(journal_sealer_unseal(&f->s, &f->a, &f->key, &ev, &out)); /* refusals spoilt nothing */
    assert_true(str_eq(out, STR(plain)));
}

/* Parts of two events of one person do not fit each other. */
static void swapped(void **state) {
    struct fixture *f = *state;
    struct journal_event one = sealed(f, STR("{\"a\":1}")), two = sealed(f, STR("{\"a\":2}"));
    struct str out = STR("untouched"), held = one.sealed;
    one.sealed = two.sealed;
    FAILS(journal_sealer_unseal(&f->s, &f->a, &f->key, &one, &out), "seal-broken");
    one.sealed = held;
    one.commitment = two.commitment;
    FAILS(journal_sealer_unseal(&f->s, &f->a, &f->key, &one, &out), "seal-broken");
}

/* The leaf needs no key, and stays right when the sealed bytes are gone. */
static void key_destroyed(void **state) {
    struct fixture *f = *state;
    struct journal_event ev = sealed(f, STR(plain));
    struct digest before, after;
    struct str out = STR("untouched");
    journal_leaf(&f->s.hash, &ev, &before);
    person_key_wipe(&f->key);
    FAILS(journal_sealer_unseal(&f->s, &f->a, &f->key, &ev, &out), "seal-broken");
    ev.sealed = (struct str){NULL, 0};
    journal_leaf(&f->s.hash, &ev, &after);
    assert_true(digest_equal(&before, &after));
}

static void refused(void **state) {
    struct fixture *f = *state;
    int left = 0;
    struct counted c = counted_env(&left);
    struct journal_event ev = {.type = JOURNAL_CASE_SETTLED, .version = 1}, untouched = ev;
    FAILS(journal_sealer_seal(&f->s, &c.env, &f->a, &f->key, STR(plain), &ev), "random-unavailable");
    assert_memory_equal(&ev, &untouched, sizeof(ev));
    static char big[LIMIT_EVENT_PLAIN_BYTES + 1];
    FAILS(journal_sealer_seal(&f->s, env_system(), &f->a, &f->key, (struct str){big, sizeof(big)}, &ev), "event-too-large");
    FINE(journal_sealer_seal(&f->s, env_system(), &f->a, &f->key, (struct str){big, sizeof(big) - 1}, &ev)); /* exactly the limit */
    struct str out = {NULL, 0};
    struct arena small;
    arena_init(&small, 1 << 20);
    FAILS(journal_sealer_unseal(&f->s, &small, &f->key, &ev, &out), "out-of-memory"); /* memory is memory, not a broken seal */
    arena_done(&small);
    FINE(journal_sealer_unseal(&f->s, &f->a, &f->key, &ev, &out));
    assert_int_equal(out.n, sizeof(big) - 1);
    arena_init(&small, 100);
    ev = untouched;
    FAILS(journal_sealer_seal(&f->s, env_system(), &small, &f->key, STR(plain), &ev), "out-of-memory");
    assert_memory_equal(&ev, &untouched, sizeof(ev));
    arena_done(&small);
}

/* Every step may find no memory, and says just that. */
static void memory_ends_anywhere(void **state) {
    struct fixture *f = *state;
    struct journal_event ev = sealed(f, STR(plain));
    uint32_t done = 0, failed = 0;
    for (size_t limit = 0; done < 3; limit += 7) {
        struct arena small;
        struct journal_event fresh = {.type = JOURNAL_CASE_SETTLED};
        struct str out = STR("untouched");
        arena_init(&small, limit);
        struct status s = journal_sealer_seal(&f->s, env_system(), &small, &f->key, STR(plain), &fresh);
        if (status_failed(s)) assert_true(strcmp(s.err->code, "out-of-memory") == 0 && fresh.sealed.p == NULL);
        struct status u = journal_sealer_unseal(&f->s, &small, &f->key, &ev, &out);
        if (status_failed(u)) assert_true(strcmp(u.err->code, "out-of-memory") == 0 && str_eq(out, STR("untouched")));
        done += !status_failed(s) && !status_failed(u);
        failed += status_failed(s) || status_failed(u);
        arena_done(&small);
    }
    assert_true(failed > 10);
}

int main(void) {
#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {ROW(there_and_back), ROW(nothing_shared), ROW(every_damage), ROW(swapped), ROW(key_destroyed), ROW(refused), ROW(memory_ends_anywhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
