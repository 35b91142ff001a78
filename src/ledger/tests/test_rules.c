/* ledger/tests/test_rules — the ladder of guards rung by rung, the words, memory running out. What moves is in the specs. */
#include "ledger/tests/spec.h"

#include <string.h>

static struct arena arena;

static struct ledger_account *account(struct ledger_set *s, const char *code, const char *currency, uint32_t flags, int64_t limit) {
    struct ledger_account *a = NULL;
    assert_int_equal(ledger_account_get(s, str_from(code), &a), SET_WAIT);
    assert_true(ledger_set_waits(s));
    assert_null(ledger_set_load(s, NULL, &arena).err);
    assert_false(ledger_set_waits(s));
    assert_int_equal(ledger_account_get(s, str_from(code), &a), SET_ABSENT);
    assert_null(ledger_account_add(s, str_from(code), currency_find(str_from(currency)), flags, limit, &a).err);
    struct ledger_account *again = NULL;
    assert_int_equal(ledger_account_get_id(s, a->id, &again), SET_FOUND);
    assert_ptr_equal(a, again);
    return a;
}

static enum ledger_refusal ask(struct ledger_set *s, struct ledger_transfer t) {
    enum ledger_refusal r, would;
    if (!ledger_touch(s, &t, 1)) assert_null(ledger_set_load(s, NULL, &arena).err);
    assert_true(ledger_touch(s, &t, 1));
    assert_null(ledger_would(s, 1000, &t, 1, &would).err);
    assert_null(ledger_apply(s, 1000, &t, 1, &r).err);
    assert_int_equal(would, r);
    return r;
}

/* Everything is wrong with the transfer; each rung repairs what was just refused, and the next refusal must stand later in the table. */
#define RUNG(refused, repair)                                                                                                     \
    do {                                                                                                                          \
        const enum ledger_refusal r = ask(s, t);                                                                                  \
        assert_string_equal(ledger_refusal_code(r), ledger_refusal_code(LEDGER_REFUSED_##refused));                               \
        assert_true(r > last);                                                                                                    \
        last = r;                                                                                                                 \
        repair;                                                                                                                   \
    } while (0)

static void test_ladder_of_moves(void **state) {
    (void)state;
    struct ledger_set *s;
    enum ledger_refusal last = LEDGER_OK;
    assert_null(ledger_set_new(&arena, 0, &s).err);
    const uint32_t all = LEDGER_DEBITS_WITHIN_CREDITS | LEDGER_DEBITS_WITHIN_LIMIT;
    const int64_t debit = account(s, "debit", "CNY", all, 0)->id, free_debit = account(s, "free", "CNY", 0, 0)->id, credit = account(s, "credit", "CNY", LEDGER_CREDITS_WITHIN_DEBITS, 0)->id;
    const int64_t limited = account(s, "limited", "CNY", LEDGER_DEBITS_WITHIN_LIMIT, 5)->id, shut = account(s, "shut", "CNY", LEDGER_CLOSED, 0)->id;
    const int64_t other = account(s, "other", "CNY", 0, 0)->id;
    const int64_t foreign = account(s, "foreign", "JPY", LEDGER_CLOSED, 0)->id, full = account(s, "full", "CNY", LEDGER_CREDITS_WITHIN_DEBITS, 0)->id;
    struct ledger_transfer t = {.id = spec_id(90), .debit = full, .credit = free_debit, .amount = INT64_MAX - 5};
    assert_int_equal(ask(s, t), LEDGER_OK);
    t = (struct ledger_transfer){.id = spec_id(91), .debit = free_debit, .credit = full, .amount = INT64_MAX - 5};
    assert_int_equal(ask(s, t), LEDGER_OK);

    t = (struct ledger_transfer){.act = (enum ledger_act)9, .kind = (enum ledger_kind)99, .amount = -1, .pending_id = spec_id(7), .expires_ms = 1000, .debit = 4711, .credit = 4711};
    RUNG(ID_ZERO, t.id = spec_id(1));
    RUNG(ACT_UNKNOWN, t.act = LEDGER_POST);
    RUNG(KIND_UNKNOWN, t.kind = LEDGER_KIND_SHARE);
    RUNG(AMOUNT_NEGATIVE, t.amount = 0);
    RUNG(AMOUNT_ZERO, t.amount = 10);
    RUNG(PENDING_NOT_ALLOWED, t.pending_id = spec_id(0));
    RUNG(EXPIRES_NOT_ALLOWED, t.act = LEDGER_HOLD);
    RUNG(EXPIRES_IN_PAST, t.expires_ms = 1001);
    RUNG(ACCOUNTS_SAME, t.credit = 4712);
    RUNG(DEBIT_ACCOUNT_UNKNOWN, t.debit = debit);
    RUNG(CREDIT_ACCOUNT_UNKNOWN, t.credit = foreign);
    RUNG(CURRENCY_DIFFERS, t.credit = shut);
    RUNG(ACCOUNT_CLOSED, t.credit = full);
    RUNG(OVERFLOW, t.credit = credit);
    RUNG(EXCEEDS_CREDITS, t.debit = limited);
    RUNG(EXCEEDS_DEBITS, t.credit = other);
    RUNG(EXCEEDS_LIMIT, t.amount = 5);
    assert_int_equal(ask(s, t), LEDGER_OK);
    assert_int_equal(ask(s, t), LEDGER_REFUSED_EXISTS);
}

static void test_ladder_of_settlements(void **state) {
    (void)state;
    struct ledger_set *s;
    enum ledger_refusal last = LEDGER_OK;
    assert_null(ledger_set_new(&arena, 0, &s).err);
    const struct ledger_account *a = account(s, "a", "CNY", 0, 0), *b = account(s, "b", "CNY", 0, 0), *shut = account(s, "shut", "CNY", 0, 0);
    const struct ledger_transfer first[] = {
        {.id = spec_id(1), .act = LEDGER_POST, .debit = a->id, .credit = b->id, .amount = 10},
        {.id = spec_id(2), .act = LEDGER_HOLD, .debit = a->id, .credit = b->id, .amount = 10},
        {.id = spec_id(3), .act = LEDGER_CONFIRM, .pending_id = spec_id(2)},
        {.id = spec_id(4), .act = LEDGER_HOLD, .debit = a->id, .credit = b->id, .amount = 10},
        {.id = spec_id(5), .act = LEDGER_VOID, .pending_id = spec_id(4)},
        {.id = spec_id(6), .act = LEDGER_HOLD, .debit = a->id, .credit = shut->id, .amount = 10},
        {.id = spec_id(7), .act = LEDGER_HOLD, .debit = a->id, .credit = b->id, .amount = 10},
    };
    for (size_t i = 0; i < COUNT_OF(first); i++) assert_int_equal(ask(s, first[i]), LEDGER_OK);
    struct ledger_account *closing = NULL;
    assert_int_equal(ledger_account_get(s, STR("shut"), &closing), SET_FOUND);
    ledger_account_change(s, closing, LEDGER_CLOSED, 0);
    assert_true(closing->dirty);

    struct ledger_transfer t = {.id = spec_id(20), .act = LEDGER_CONFIRM, .debit = b->id, .credit = a->id, .amount = -1, .expires_ms = 5};
    RUNG(AMOUNT_NEGATIVE, t.amount = 11);
    RUNG(PENDING_ID_ZERO, t.pending_id = spec_id(99));
    RUNG(EXPIRES_NOT_ALLOWED, t.expires_ms = 0);
    RUNG(PENDING_UNKNOWN, t.pending_id = spec_id(1));
    RUNG(PENDING_NOT_A_HOLD, t.pending_id = spec_id(2));
    RUNG(PENDING_DIFFERS_DEBIT, t.debit = a->id);
    RUNG(PENDING_DIFFERS_CREDIT, t.credit = b->id; t.act = LEDGER_VOID);
    RUNG(PENDING_DIFFERS_AMOUNT, t.act = LEDGER_CONFIRM);
    RUNG(EXCEEDS_HELD, t.amount = 10);
    RUNG(PENDING_ALREADY_CONFIRMED, t.pending_id = spec_id(4));
    RUNG(PENDING_ALREADY_VOIDED, t.pending_id = spec_id(7); t.act = LEDGER_EXPIRE);
    RUNG(PENDING_NOT_DUE, t.pending_id = spec_id(6); t.credit = shut->id; t.act = LEDGER_CONFIRM);
    RUNG(ACCOUNT_CLOSED, t.act = LEDGER_VOID);
    assert_int_equal(ask(s, t), LEDGER_OK);
}

static void test_words(void **state) {
    (void)state;
    for (uint32_t i = 0; i < LEDGER_REFUSAL_COUNT; i++) {
        const enum ledger_refusal r = (enum ledger_refusal)i;
        assert_true(strlen(ledger_refusal_code(r)) > 1);
        assert_true(utf8_check(str_from(ledger_refusal_text(r, true))) && strlen(ledger_refusal_text(r, true)) > 3);
        assert_true(strlen(ledger_refusal_text(r, false)) > 3);
        for (uint32_t k = 0; k < i; k++) assert_string_not_equal(ledger_refusal_code(r), ledger_refusal_code((enum ledger_refusal)k));
    }
    for (uint32_t i = 0; i < LEDGER_KIND_COUNT; i++) {
        enum ledger_kind k = LEDGER_KIND_COUNT;
        assert_true(ledger_kind_parse(str_from(ledger_kind_name((enum ledger_kind)i)), &k));
        assert_int_equal(k, i);
        assert_true(strlen(ledger_kind_text(k, true)) > 3 && strlen(ledger_kind_text(k, false)) > 3);
    }
    enum ledger_kind k;
    assert_false(ledger_kind_parse(STR("nothing"), &k));
}

/* 63 bits, never zero, and a digest: the first eight bytes of SHA-256("abc") are ba7816bf 8f01cfea (FIPS 180-4). */
static void test_account_id(void **state) {
    (void)state;
    assert_int_equal(spec_account_id(STR("abc")), (int64_t)(UINT64_C(0xba7816bf8f01cfea) >> 1));
}

/* However little memory there is: a call is done as a whole or not at all. */
static void test_memory(void **state) {
    (void)state;
    uint32_t failed = 0, fine = 0;
    for (size_t limit = 8'000; limit < 160'000; limit += 1'000) {
        struct arena small;
        struct ledger_set *s;
        struct ledger_account *a = NULL, *b = NULL;
        struct ledger_transfer t[200];
        enum ledger_refusal r[200];
        arena_init(&small, limit);
        if (!status_failed(ledger_set_new(&small, 0, &s))) {
            (void)ledger_account_get(s, STR("a"), &a);
            (void)ledger_account_get(s, STR("b"), &b);
            bool ready = !status_failed(ledger_set_load(s, NULL, &small)) && !status_failed(ledger_account_add(s, STR("a"), currency_find(STR("CNY")), 0, 0, &a)) &&
                         !status_failed(ledger_account_add(s, STR("b"), currency_find(STR("CNY")), 0, 0, &b));
            for (uint32_t i = 0; ready && i < 200; i++) {
                t[i] = (struct ledger_transfer){.id = spec_id(i + 1), .act = i % 2 ? LEDGER_HOLD : LEDGER_POST, .debit = a->id, .credit = b->id, .amount = 1, .expires_ms = i % 2 ? 5000 + i : 0};
            }
            const struct status status = ready ? ledger_apply(s, 1000, t, 200, r) : status_memory();
            failed += status_failed(status);
            fine += !status_failed(status);
            if (ready) assert_int_equal(a->debits_posted, status_failed(status) ? 0 : 100);
            if (ready) assert_int_equal(b->credits_pending, status_failed(status) ? 0 : 100);
        }
        arena_done(&small);
    }
    assert_true(failed > 5 && fine > 5);
}

/* A fold that cannot stand changes nothing. */
static void test_fold_broken(void **state) {
    (void)state;
    struct ledger_set *s;
    assert_null(ledger_set_new(&arena, 0, &s).err);
    const struct ledger_account *a = account(s, "a", "CNY", 0, 0), *b = account(s, "b", "CNY", LEDGER_CLOSED, 0);
    struct ledger_transfer t[3] = {{.id = spec_id(1), .act = LEDGER_HOLD, .debit = a->id, .credit = b->id, .amount = 10, .expires_ms = 5},
                                   {.id = spec_id(2), .act = LEDGER_CONFIRM, .pending_id = spec_id(1), .amount = 4},
                                   {.id = spec_id(3), .act = LEDGER_POST, .debit = a->id, .credit = b->id, .amount = 1}};
    static const struct {
        const char *what;
        struct ledger_transfer last;
    } rows[] = {
        {"a hold settled twice", {.id = {{3}}, .act = LEDGER_VOID, .pending_id = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}}},
        {"a hold that is not there", {.id = {{3}}, .act = LEDGER_CONFIRM, .pending_id = {{9}}}},
        {"an id used before", {.id = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}}, .act = LEDGER_POST, .amount = 1}},
        {"no account", {.id = {{3}}, .act = LEDGER_POST, .debit = 4711, .amount = 1}},
        {"no amount", {.id = {{3}}, .act = LEDGER_POST}},
        {"no id", {.act = LEDGER_POST, .amount = 1}},
        {"no kind", {.id = {{3}}, .act = LEDGER_POST, .amount = 1, .kind = (enum ledger_kind)77}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        t[2] = rows[i].last;
        if (t[2].debit == 0 && t[2].act == LEDGER_POST) t[2].debit = a->id;
        if (t[2].act == LEDGER_POST) t[2].credit = b->id;
        const struct status status = ledger_fold(s, 1000, t, 3);
        if (!status_failed(status)) fail_msg("%s", rows[i].what);
        assert_string_equal(status.err->code, "ledger-broken");
        assert_int_equal(a->debits_pending, 0);
        assert_int_equal(a->debits_posted, 0);
    }
    /* What was accepted once is folded without asking limits, flags or time again. */
    t[2] = (struct ledger_transfer){.id = spec_id(3), .act = LEDGER_POST, .debit = a->id, .credit = b->id, .amount = 1};
    assert_null(ledger_fold(s, 1000, t, 3).err);
    assert_int_equal(a->debits_posted, 5);
    assert_int_equal(a->debits_pending, 0);
}

static int setup(void **state) {
    (void)state;
    arena_init(&arena, 16 << 20);
    return 0;
}
static int teardown(void **state) {
    (void)state;
    arena_done(&arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ladder_of_moves, setup, teardown), cmocka_unit_test_setup_teardown(test_ladder_of_settlements, setup, teardown),
        cmocka_unit_test(test_words), cmocka_unit_test(test_account_id), cmocka_unit_test(test_memory),
        cmocka_unit_test_setup_teardown(test_fold_broken, setup, teardown),
    };
    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
