/* ledger/tests/test_store — what only a store can show: planted corruption is found and named, two codes of one id, a hold settled twice by hand, rows that
 * cannot be, what a flush writes. On SQLite, or on the PostgreSQL that the driver started. */
#include "ledger/tests/spec.h"

#include <stdio.h>
#include <string.h>

#include "ledger/tests/books.h"

static struct books books;
static int32_t shard = 1;

static void fine(struct status s) {
    if (status_failed(s)) fail_msg("%s: %.*s: %.*s", s.err->code, STR_FMT(s.err->place), STR_FMT(s.err->en));
}

static struct id128 id_of(uint8_t n) { return (struct id128){{[0] = (uint8_t)shard, [15] = n}}; }

/* Three accounts, a post, four holds: confirmed, part confirmed, voided, open; committed. */
static void books_fill(struct arena *a) {
    static const char *const codes[] = {"payer", "patient", "hospital"};
    struct ledger_set *s;
    struct ledger_account *x[3] = {NULL};
    enum ledger_refusal r[8];
    fine(ledger_set_new(a, shard, &s));
    for (size_t i = 0; i < 3; i++) (void)ledger_account_get(s, str_from(codes[i]), &x[i]);
    fine(store_begin(books.c, a));
    fine(ledger_set_load(s, books.c, a));
    for (size_t i = 0; i < 3; i++) fine(ledger_account_add(s, str_from(codes[i]), currency_find(STR("CNY")), i ? 0 : LEDGER_DEBITS_WITHIN_LIMIT, 1'000'000, &x[i]));
    struct ledger_transfer t[8] = {
        {.id = id_of(1), .act = LEDGER_POST, .debit = x[0]->id, .credit = x[2]->id, .amount = 1000, .day = 20000, .case_id = id_of(200), .seq = 5},
        {.id = id_of(2), .act = LEDGER_HOLD, .debit = x[0]->id, .credit = x[2]->id, .amount = 50},
        {.id = id_of(3), .act = LEDGER_CONFIRM, .pending_id = id_of(2)},
        {.id = id_of(4), .act = LEDGER_HOLD, .debit = x[1]->id, .credit = x[2]->id, .amount = 60},
        {.id = id_of(5), .act = LEDGER_CONFIRM, .pending_id = id_of(4), .amount = 20},
        {.id = id_of(6), .act = LEDGER_HOLD, .debit = x[1]->id, .credit = x[2]->id, .amount = 70, .expires_ms = 99999},
        {.id = id_of(7), .act = LEDGER_VOID, .pending_id = id_of(6)},
        {.id = id_of(8), .act = LEDGER_HOLD, .debit = x[0]->id, .credit = x[2]->id, .amount = 80, .expires_ms = 5000},
    };
    if (!ledger_touch(s, t, 8)) fine(ledger_set_load(s, books.c, a));
    fine(ledger_apply(s, 1000, t, 8, r));
    for (size_t i = 0; i < 8; i++) assert_int_equal(r[i], LEDGER_OK);
    fine(ledger_set_flush(s, books.c, a));
    fine(store_commit(books.c, a));
}

/* ---- corruption -------------------------------------------------------------------------------------------------------- */

#define BOTH(sql) sql, sql
/* For one set of parameters PostgreSQL has arrays of one. */
static const struct {
    const char *what;
    struct store_statement st;
    int64_t wrong_accounts, wrong_holds;
    const char *first;
} corruptions[] = {
    {"a balance changed", {"test.c1", "", "", BOTH("UPDATE accounts SET credits_posted = credits_posted + 1 WHERE code = 'hospital'"), false}, 1, 0, "hospital"},
    {"a pending sum changed", {"test.c2", "", "", BOTH("UPDATE accounts SET debits_pending = 0 WHERE code = 'payer'"), false}, 1, 0, "payer"},
    {"an amount changed", {"test.c3", "", "", BOTH("UPDATE transfers SET amount = 1001 WHERE seq = 5"), false}, 2, 0, ""},
    {"a transfer taken away", {"test.c4", "", "", BOTH("DELETE FROM transfers WHERE seq = 5"), false}, 2, 0, ""},
    {"an account taken away", {"test.c5", "", "", BOTH("DELETE FROM accounts WHERE code = 'patient'"), false}, 1, 0, NULL},
    {"another code", {"test.c6", "", "", BOTH("UPDATE accounts SET code = 'patients' WHERE code = 'patient'"), false}, 1, 0, "patients"},
    {"a confirmed hold made open", {"test.c7", "", "", BOTH("UPDATE transfers SET state = 1 WHERE state = 2"), false}, 2, 1, ""},
    {"a confirmed hold said to be voided", {"test.c8", "", "", BOTH("UPDATE transfers SET state = 4 WHERE state = 2"), false}, 0, 1, ""},
    {"an open hold said to be expired", {"test.c9", "", "", BOTH("UPDATE transfers SET state = 5 WHERE expires_ms = 5000"), false}, 2, 1, ""},
    {"a void taken away", {"test.c10", "", "", BOTH("DELETE FROM transfers WHERE state = 4 AND pending_id IS NOT NULL"), false}, 0, 1, ""},
    {"a hold taken away, its confirmation left", {"test.c11", "", "", BOTH("DELETE FROM transfers WHERE state = 3"), false}, 0, 1, ""},
    {"a state that is none", {"test.c12", "", "", BOTH("UPDATE transfers SET state = 17 WHERE seq = 5"), false}, 2, 0, ""},
};

static void test_corruption(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 64 << 20);
    books_fill(&a);
    struct ledger_audit audit = {0};
    fine(ledger_audit(books.c, &a, shard, &audit));
    assert_int_equal(audit.transfers, 8);
    assert_int_equal(audit.accounts, 3);
    assert_int_equal(audit.debits, 1070);
    assert_int_equal(audit.credits, 1070);
    assert_int_equal(audit.wrong_accounts + audit.wrong_holds, 0);
    struct store_connection *owner = books_on_postgres() ? books_connect(&books, STORE_OWNER) : books.c;
    for (size_t i = 0; i < COUNT_OF(corruptions); i++) {
        print_message("# %s\n", corruptions[i].what);
        fine(store_begin(owner, &a));
        fine(store_write(owner, &a, &corruptions[i].st, NULL, 1));
        fine(ledger_audit(owner, &a, shard, &audit));
        assert_int_equal(audit.wrong_accounts, corruptions[i].wrong_accounts);
        assert_int_equal(audit.wrong_holds, corruptions[i].wrong_holds);
        const char *first = corruptions[i].first;
        char stray[17] = "";
        if (!first) (void)snprintf(stray, sizeof stray, "%016llx", (unsigned long long)spec_account_id(STR("patient")));
        if (!first || *first) assert_true(str_eq(audit.first_wrong, str_from(first ? first : stray)));
        if (corruptions[i].wrong_holds) assert_int_equal(audit.first_wrong_hold.b[0], shard);
        store_rollback(owner);
    }
    if (owner != books.c) store_disconnect(owner);
    fine(ledger_audit(books.c, &a, shard, &audit));
    assert_int_equal(audit.wrong_accounts + audit.wrong_holds, 0);
    arena_done(&a);
}

/* ---- the database itself ------------------------------------------------------------------------------------------------- */

/* A second settlement of one hold, written past the rules. */
static void test_hold_settled_twice_by_hand(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 64 << 20);
    shard++;
    books_fill(&a);
    const struct id128 id = id_of(99), hold = id_of(2);
    const struct store_value row[] = {STORE_S(id128_view(&id)), STORE_I(shard), STORE_I(1), STORE_I(2), STORE_I(50), STORE_I(0), STORE_I(LEDGER_POSTED), STORE_S(id128_view(&hold)),
                                      STORE_I(0), STORE_I(0), STORE_NULL, STORE_I(0)};
    const struct store_statement *insert = NULL;
    for (uint32_t i = 0; i < ledger_statements.count; i++) {
        if (strcmp(ledger_statements.items[i].name, "ledger.transfers_insert") == 0) insert = &ledger_statements.items[i];
    }
    assert_non_null(insert);
    fine(store_begin(books.c, &a));
    struct status s = store_write(books.c, &a, insert, row, 1);
    if (!status_failed(s)) s = store_commit(books.c, &a);
    assert_true(status_failed(s));
    store_rollback(books.c);
    struct ledger_audit audit;
    fine(ledger_audit(books.c, &a, shard, &audit));
    assert_int_equal(audit.transfers, 8);
    arena_done(&a);
}

/* The id is 63 bits of a digest: should two codes ever share one, nobody's money may move. */
static void test_collision(void **state) {
    (void)state;
    struct arena a;
    struct ledger_set *s;
    struct ledger_account *x = NULL;
    arena_init(&a, 64 << 20);
    shard++;
    books_fill(&a);
    static const struct store_statement rename = {"test.rename", "", "", BOTH("UPDATE accounts SET code = 'somebody else' WHERE code = 'payer'"), false};
    struct store_connection *owner = books_on_postgres() ? books_connect(&books, STORE_OWNER) : books.c;
    fine(store_begin(owner, &a));
    fine(store_write(owner, &a, &rename, NULL, 1));
    fine(ledger_set_new(&a, shard, &s));
    assert_int_equal(ledger_account_get(s, STR("payer"), &x), SET_WAIT);
    struct status status = ledger_set_load(s, owner, &a);
    assert_true(status_failed(status));
    assert_string_equal(status.err->code, "ledger-account-collision");
    assert_true(str_contains(status.err->en, STR("payer")) && str_contains(status.err->en, STR("somebody else")));
    /* Known by its id first, asked by code afterwards: found at the next call. */
    fine(ledger_set_new(&a, shard, &s));
    assert_int_equal(ledger_account_get_id(s, spec_account_id(STR("payer")), &x), SET_WAIT);
    fine(ledger_set_load(s, owner, &a));
    assert_int_equal(ledger_account_get(s, STR("payer"), &x), SET_ABSENT);
    status = ledger_account_add(s, STR("payer"), currency_find(STR("CNY")), 0, 0, &x);
    assert_true(status_failed(status));
    assert_string_equal(status.err->code, "ledger-account-collision");
    store_rollback(owner);
    if (owner != books.c) store_disconnect(owner);
    arena_done(&a);
}

/* ---- flushing --------------------------------------------------------------------------------------------------------------- */

/* What was read back is what was written, a second flush writes nothing, and a limit or flag changed is kept. */
static void test_flush(void **state) {
    (void)state;
    struct arena a;
    struct ledger_set *s;
    struct ledger_account *x = NULL;
    struct ledger_transfer *t = NULL;
    arena_init(&a, 64 << 20);
    shard++;
    books_fill(&a);
    const struct id128 post = id_of(1), open = id_of(8), none = id_of(77);
    fine(ledger_set_new(&a, shard, &s));
    assert_int_equal(ledger_transfer_get(s, &post, &t), SET_WAIT);
    assert_int_equal(ledger_transfer_get(s, &open, &t), SET_WAIT);
    assert_int_equal(ledger_transfer_get(s, &none, &t), SET_WAIT);
    assert_int_equal(ledger_account_get(s, STR("payer"), &x), SET_WAIT);
    fine(store_begin(books.c, &a));
    while (ledger_set_waits(s)) fine(ledger_set_load(s, books.c, &a));
    assert_int_equal(ledger_transfer_get(s, &none, &t), SET_ABSENT);
    assert_int_equal(ledger_transfer_get(s, &post, &t), SET_FOUND);
    assert_true(t->act == LEDGER_POST && t->state == LEDGER_POSTED && t->amount == 1000 && t->day == 20000 && t->seq == 5 && t->case_id.b[15] == 200);
    assert_int_equal(ledger_transfer_get(s, &open, &t), SET_FOUND);
    assert_true(t->act == LEDGER_HOLD && t->state == LEDGER_PENDING && t->expires_ms == 5000);
    assert_int_equal(ledger_account_get(s, STR("payer"), &x), SET_FOUND);
    assert_true(x->debit_limit == 1'000'000 && x->debits_posted == 1050 && x->debits_pending == 80 && !x->fresh && !x->dirty);
    ledger_account_change(s, x, LEDGER_DEBITS_WITHIN_LIMIT, 2'000);
    fine(ledger_set_flush(s, books.c, &a));
    assert_false(x->dirty);
    x->debit_limit = 1; /* without the mark: the second flush must not write it */
    fine(ledger_set_flush(s, books.c, &a));
    fine(store_commit(books.c, &a));
    fine(ledger_set_new(&a, shard, &s));
    (void)ledger_account_get(s, STR("payer"), &x);
    fine(store_begin(books.c, &a));
    fine(ledger_set_load(s, books.c, &a));
    assert_int_equal(ledger_account_get(s, STR("payer"), &x), SET_FOUND);
    assert_int_equal(x->debit_limit, 2'000);
    store_rollback(books.c);
    arena_done(&a);
}

/* Every statement against the schema, and the hot ones by a key. */
static void test_statements(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 16 << 20);
    fine(store_statements_check(&a, &ledger_statements));
    fine(store_statements_prepare(books.c, &a, &ledger_statements));
    arena_done(&a);
}

int main(void) {
    books_open(&books, books_on_postgres() ? "postgres" : "sqlite");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corruption), cmocka_unit_test(test_hold_settled_twice_by_hand), cmocka_unit_test(test_collision), cmocka_unit_test(test_flush), cmocka_unit_test(test_statements),
    };
    const int failed = cmocka_run_group_tests_name("store", tests, NULL, NULL);
    books_close(&books);
    return failed;
}
