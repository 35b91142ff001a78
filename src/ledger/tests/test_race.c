/* ledger/tests/test_race — two connections to one PostgreSQL at once: whatever the order, the books are those of one after the other.
 *
 * The first group holds its locks while the second asks; the second has looked at the hold before it was settled, which is what other ledgers believed.
 */
#include "ledger/tests/spec.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/tests/books.h"

static struct books books;
static int32_t shard = 100;

struct desk {
    pthread_t thread;
    struct store_connection *c;
    struct ledger_transfer t;
    bool looks_first;            /* reads the hold in a round of its own, without its accounts */
    pthread_barrier_t *start;
    int wait_ms;                 /* between the decision and the commit */
    enum ledger_refusal answer;
    char failure[64];            /* of the store, if any */
};

static struct id128 id_of(uint8_t n) { return (struct id128){{[0] = (uint8_t)shard, [1] = (uint8_t)(shard >> 8), [15] = n}}; }

static void wait_ms(int ms) {
    const struct timespec t = {0, (long)ms * 1'000'000};
    (void)nanosleep(&t, NULL);
}

static struct status group_run(struct desk *d, struct arena *a) {
    struct ledger_set *s;
    struct ledger_transfer *hold = NULL;
    TRY(ledger_set_new(a, shard, &s));
    TRY(store_begin(d->c, a));
    if (d->looks_first) {
        (void)ledger_transfer_get(s, &d->t.pending_id, &hold);
        TRY(ledger_set_load(s, d->c, a));
    }
    while (!ledger_touch(s, &d->t, 1)) TRY(ledger_set_load(s, d->c, a));
    TRY(ledger_apply(s, 1000, &d->t, 1, &d->answer));
    if (d->wait_ms) wait_ms(d->wait_ms);
    TRY(ledger_set_flush(s, d->c, a));
    return store_commit(d->c, a);
}

static void *desk_run(void *user) {
    struct desk *d = user;
    struct arena a;
    arena_init(&a, 16 << 20);
    (void)pthread_barrier_wait(d->start);
    const struct status status = group_run(d, &a);
    if (status_failed(status)) {
        (void)snprintf(d->failure, sizeof d->failure, "%s", status.err->code);
        store_rollback(d->c);
    }
    arena_done(&a);
    return NULL;
}

static void books_fill(struct arena *a, int64_t ids[3], const struct ledger_transfer *first, uint32_t count) {
    static const char *const codes[] = {"till", "paid", "patient"};
    struct ledger_set *s;
    struct ledger_account *x = NULL;
    shard++;
    assert_null(ledger_set_new(a, shard, &s).err);
    assert_null(store_begin(books.c, a).err);
    for (size_t i = 0; i < 3; i++) (void)ledger_account_get(s, str_from(codes[i]), &x);
    assert_null(ledger_set_load(s, books.c, a).err);
    for (size_t i = 0; i < 3; i++) {
        assert_null(ledger_account_add(s, str_from(codes[i]), currency_find(STR("CNY")), i == 1 ? LEDGER_DEBITS_WITHIN_CREDITS : 0, 0, &x).err);
        ids[i] = x->id;
    }
    struct ledger_transfer t[4];
    enum ledger_refusal r[4];
    assert_true(count <= 4);
    for (uint32_t i = 0; i < count; i++) {
        t[i] = first[i];
        t[i].id = id_of((uint8_t)(i + 1));
        t[i].debit = ids[first[i].debit];
        t[i].credit = ids[first[i].credit];
    }
    assert_null(ledger_apply(s, 1000, t, count, r).err);
    for (uint32_t i = 0; i < count; i++) assert_int_equal(r[i], LEDGER_OK);
    assert_null(ledger_set_flush(s, books.c, a).err);
    assert_null(store_commit(books.c, a).err);
}

/* What the loser hears when the other won, and what the account then holds. */
struct outcome {
    enum ledger_refusal loser;
    int64_t debits;
};

static void books_check(int64_t paid_debits) {
    struct arena a;
    struct ledger_set *s;
    struct ledger_account *paid = NULL;
    struct ledger_audit audit;
    arena_init(&a, 16 << 20);
    assert_null(ledger_audit(books.c, &a, shard, &audit).err);
    assert_int_equal(audit.wrong_accounts + audit.wrong_holds, 0);
    assert_null(ledger_set_new(&a, shard, &s).err);
    (void)ledger_account_get(s, STR("paid"), &paid);
    assert_null(store_begin(books.c, &a).err);
    assert_null(ledger_set_load(s, books.c, &a).err);
    assert_int_equal(ledger_account_get(s, STR("paid"), &paid), SET_FOUND);
    assert_int_equal(paid->debits_posted, paid_debits);
    assert_int_equal(paid->debits_pending, 0);
    store_rollback(books.c);
    arena_done(&a);
}

/* Runs both at once: exactly one is done, and no store failure helps. */
static void race_run(struct desk desks[2], const struct outcome by_winner[2]) {
    pthread_barrier_t start;
    assert_int_equal(pthread_barrier_init(&start, NULL, 2), 0);
    for (size_t i = 0; i < 2; i++) {
        desks[i].start = &start;
        desks[i].c = books_connect(&books, STORE_WRITE);
        assert_int_equal(pthread_create(&desks[i].thread, NULL, desk_run, &desks[i]), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(desks[i].thread, NULL), 0);
        store_disconnect(desks[i].c);
        assert_string_equal(desks[i].failure, "");
    }
    (void)pthread_barrier_destroy(&start);
    const size_t winner = desks[0].answer == LEDGER_OK ? 0 : 1;
    assert_string_equal(ledger_refusal_code(desks[winner].answer), "ok");
    assert_string_equal(ledger_refusal_code(desks[1 - winner].answer), ledger_refusal_code(by_winner[winner].loser));
    books_check(by_winner[winner].debits);
}

enum { TILL, PAID, PATIENT, ROUNDS = 6 };
static const struct ledger_transfer first[2] = {{.act = LEDGER_POST, .debit = TILL, .credit = PAID, .amount = 5000},
                                                {.act = LEDGER_HOLD, .debit = PAID, .credit = PATIENT, .amount = 5000}};

/* Rounds where the first desk waits before it commits, the second, or neither. */
static void rounds_run(const struct ledger_transfer t[2], uint32_t first_count, bool looks_first, const struct outcome by_winner[2]) {
    for (int round = 0; round < ROUNDS; round++) {
        struct arena a;
        int64_t ids[3];
        struct desk desks[2];
        arena_init(&a, 16 << 20);
        books_fill(&a, ids, first, first_count);
        for (int i = 0; i < 2; i++) {
            desks[i] = (struct desk){.t = t[i], .looks_first = looks_first, .wait_ms = round % 3 == i ? 20 : 0};
            desks[i].t.id = id_of(t[i].id.b[0]);
            if (t[i].act == LEDGER_POST) {
                desks[i].t.debit = ids[t[i].debit];
                desks[i].t.credit = ids[t[i].credit];
            } else {
                desks[i].t.pending_id = id_of(2);
            }
        }
        race_run(desks, by_winner);
        arena_done(&a);
    }
}

/* One hold, two confirmations. */
static void test_two_confirmations(void **state) {
    (void)state;
    static const struct ledger_transfer t[2] = {{.id = {{11}}, .act = LEDGER_CONFIRM}, {.id = {{12}}, .act = LEDGER_CONFIRM}};
    static const struct outcome outcomes[2] = {{LEDGER_REFUSED_PENDING_ALREADY_CONFIRMED, 5000}, {LEDGER_REFUSED_PENDING_ALREADY_CONFIRMED, 5000}};
    rounds_run(t, 2, false, outcomes);
    rounds_run(t, 2, true, outcomes);
}

/* The insurer rejects while the hospital confirms. */
static void test_confirmation_and_rejection(void **state) {
    (void)state;
    static const struct ledger_transfer t[2] = {{.id = {{11}}, .act = LEDGER_CONFIRM}, {.id = {{12}}, .act = LEDGER_VOID}};
    static const struct outcome outcomes[2] = {{LEDGER_REFUSED_PENDING_ALREADY_CONFIRMED, 5000}, {LEDGER_REFUSED_PENDING_ALREADY_VOIDED, 0}};
    rounds_run(t, 2, false, outcomes);
    rounds_run(t, 2, true, outcomes);
}

/* Two desks refund one payment. */
static void test_two_refunds(void **state) {
    (void)state;
    static const struct ledger_transfer t[2] = {{.id = {{11}}, .act = LEDGER_POST, .debit = PAID, .credit = PATIENT, .amount = 5000, .kind = LEDGER_KIND_REVERSAL},
                                                {.id = {{12}}, .act = LEDGER_POST, .debit = PAID, .credit = PATIENT, .amount = 5000, .kind = LEDGER_KIND_REVERSAL}};
    static const struct outcome outcomes[2] = {{LEDGER_REFUSED_EXCEEDS_CREDITS, 5000}, {LEDGER_REFUSED_EXCEEDS_CREDITS, 5000}};
    rounds_run(t, 1, false, outcomes);
}

/* One request sent twice at once. */
static void test_one_refund_sent_twice(void **state) {
    (void)state;
    static const struct ledger_transfer t[2] = {{.id = {{11}}, .act = LEDGER_POST, .debit = PAID, .credit = PATIENT, .amount = 5000, .kind = LEDGER_KIND_REVERSAL},
                                                {.id = {{11}}, .act = LEDGER_POST, .debit = PAID, .credit = PATIENT, .amount = 5000, .kind = LEDGER_KIND_REVERSAL}};
    static const struct outcome outcomes[2] = {{LEDGER_REFUSED_EXISTS, 5000}, {LEDGER_REFUSED_EXISTS, 5000}};
    rounds_run(t, 1, false, outcomes);
}

int main(void) {
    books_open(&books, "postgres");
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_two_confirmations), cmocka_unit_test(test_confirmation_and_rejection), cmocka_unit_test(test_two_refunds),
                                       cmocka_unit_test(test_one_refund_sent_twice)};
    const int failed = cmocka_run_group_tests_name("race", tests, NULL, NULL);
    books_close(&books);
    return failed;
}
