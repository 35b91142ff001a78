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

static void books_fill(struct arena *a, int64_t ids[3], bool limited, const struct ledger_transfer *first, uint32_t count) {
    static const char *const codes[] = {"till", "paid", "patient"};
    struct ledger_set *s;
    struct ledger_account *x = NULL;
    shard++;
    assert_null(ledger_set_new(a, shard, &s).err);
    assert_null(store_begin(books.c, a).err);
    for (size_t i = 0; i < 3; i++) (void)ledger_account_get(s, str_from(codes[i]), &x);
    assert_null(ledger_set_load(s, books.c, a).err);
    for (size_t i = 0; i < 3; i++) {
        assert_null(ledger_account_add(s, str_from(codes[i]), currency_find(STR("CNY")), i == 1 && limited ? LEDGER_DEBITS_WITHIN_CREDITS : 0, 0, &x).err);
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
static void rounds_run(const struct ledger_transfer t[2], uint32_t first_count, bool looks_first, bool limited, const struct outcome by_winner[2]) {
    for (int round = 0; round < ROUNDS; round++) {
        struct arena a;
        int64_t ids[3];
        struct desk desks[2];
        arena_init(&a, 16 << 20);
        books_fill(&a, ids, limited, first, first_count);
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
    for (int i = 0; i < 4; i++) rounds_run(t, 2, i % 2 == 1, i < 2, outcomes);
}

/* The insurer rejects while the hospital confirms. */
static void test_confirmation_and_rejection(void **state) {
    (void)state;
    static const struct ledger_transfer t[2] = {{.id = {{11}}, .act = LEDGER_CONFIRM}, {.id = {{12}}, .act = LEDGER_VOID}};
    static const struct outcome outcomes[2] = {{LEDGER_REFUSED_PENDING_ALREADY_CONFIRMED, 5000}, {LEDGER_REFUSED_PENDING_ALREADY_VOIDED, 0}};
    for (int i = 0; i < 4; i++) rounds_run(t, 2, i % 2 == 1, i < 2, outcomes);
}

/* Two desks refund one payment. */
static void test_two_refunds(void **state) {
    (void)state;
    static const struct ledger_transfer t[2] = {{.id = {{11}}, .act = LEDGER_POST, .debit = PAID, .credit = PATIENT, .amount = 5000, .kind = LEDGER_KIND_REVERSAL},
                                                {.id = {{12}}, .act = LEDGER_POST, .debit = PAID, .credit = PATIENT, .amount = 5000, .kind = LEDGER_KIND_REVERSAL}};
    static const struct outcome outcomes[2] = {{LEDGER_REFUSED_EXCEEDS_CREDITS, 5000}, {LEDGER_REFUSED_EXCEEDS_CREDITS, 5000}};
    rounds_run(t, 1, false, true, outcomes);
}

/* One request sent twice at once. */
static void test_one_refund_sent_twice(void **state) {
    (void)state;
    static const struct ledger_transfer t[2] = {{.id = {{11}}, .act = LEDGER_POST, .debit = PAID, .credit = PATIENT, .amount = 5000, .kind = LEDGER_KIND_REVERSAL},
                                                {.id = {{11}}, .act = LEDGER_POST, .debit = PAID, .credit = PATIENT, .amount = 5000, .kind = LEDGER_KIND_REVERSAL}};
    static const struct outcome outcomes[2] = {{LEDGER_REFUSED_EXISTS, 5000}, {LEDGER_REFUSED_EXISTS, 5000}};
    rounds_run(t, 1, false, true, outcomes);
}

/* ---- accounts that are only added to ------------------------------------------------------------------------------------ */

/* Groups one after the other at one desk; `open`: every group asks for a new account, which both desks want to open. */
struct adder {
    pthread_t thread;
    struct store_connection *c;
    pthread_barrier_t *start;
    uint8_t number;
    bool open;
    uint32_t flags;
    int64_t limit;
    uint32_t done, failed;
};
enum { ADD_GROUPS = 40, ADD_AMOUNT = 7 };

static struct status add_run(struct adder *d, struct arena *a, int group) {
    struct ledger_set *s;
    struct ledger_account *x = NULL, *y = NULL;
    enum ledger_refusal r = LEDGER_OK;
    char code[32];
    const struct str name = {code, (size_t)snprintf(code, sizeof code, d->open ? "opened/%d" : "paid", group)};
    TRY(ledger_set_new(a, shard, &s));
    TRY(store_begin(d->c, a));
    (void)ledger_account_get(s, name, &x);
    (void)ledger_account_get(s, STR("till"), &y);
    TRY(ledger_set_load(s, d->c, a));
    (void)ledger_account_get(s, STR("till"), &y);
    if (ledger_account_get(s, name, &x) == SET_ABSENT) TRY(ledger_account_add(s, name, currency_find(STR("CNY")), d->flags, d->limit, &x));
    struct ledger_transfer t = {.id = {{(uint8_t)shard, (uint8_t)(shard >> 8), d->number, (uint8_t)group}}, .act = LEDGER_POST, .amount = ADD_AMOUNT};
    t.debit = d->number == 2 && !d->open ? y->id : x->id; /* one the one way, one the other */
    t.credit = t.debit == x->id ? y->id : x->id;
    TRY(ledger_apply(s, 1000, &t, 1, &r));
    d->done += r == LEDGER_OK;
    TRY(ledger_set_flush(s, d->c, a));
    return store_commit(d->c, a);
}

static void *adder_run(void *user) {
    struct adder *d = user;
    struct arena a;
    arena_init(&a, 16 << 20);
    for (int group = 0; group < ADD_GROUPS; group++) {
        const uint32_t before = d->done;
        if (d->open || group == 0) (void)pthread_barrier_wait(d->start);
        struct status status = add_run(d, &a, group);
        if (status_failed(status)) { /* as the engine does: the group is done again */
            store_rollback(d->c);
            d->failed++;
            d->done = before;
            status = add_run(d, &a, group);
            if (status_failed(status)) d->failed += 1000;
        }
        arena_reset(&a);
    }
    arena_done(&a);
    return NULL;
}

static void adders_run(struct adder desks[2], bool open, uint32_t flags, int64_t limit) {
    pthread_barrier_t start;
    assert_int_equal(pthread_barrier_init(&start, NULL, 2), 0);
    for (uint8_t i = 0; i < 2; i++) {
        desks[i] = (struct adder){.c = books_connect(&books, STORE_WRITE), .start = &start, .number = (uint8_t)(i + 1), .open = open, .flags = flags, .limit = limit};
        assert_int_equal(pthread_create(&desks[i].thread, NULL, adder_run, &desks[i]), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(desks[i].thread, NULL), 0);
        store_disconnect(desks[i].c);
    }
    (void)pthread_barrier_destroy(&start);
    struct arena a;
    struct ledger_audit audit;
    arena_init(&a, 16 << 20);
    assert_null(ledger_audit(books.c, &a, shard, &audit).err); /* every sum is that of its transfers: nothing was lost */
    assert_int_equal(audit.wrong_accounts, 0);
    assert_int_equal(audit.transfers, desks[0].done + desks[1].done);
    assert_int_equal(audit.debits, (desks[0].done + desks[1].done) * ADD_AMOUNT);
    arena_done(&a);
}

/* Two workers add to the same two accounts, in opposite directions: neither waits from reading to commit, none fails, nothing is lost. */
static void test_both_add(void **state) {
    (void)state;
    struct arena a;
    struct adder desks[2];
    int64_t ids[3];
    arena_init(&a, 16 << 20);
    books_fill(&a, ids, false, first, 0);
    adders_run(desks, false, 0, 0);
    assert_int_equal(desks[0].done + desks[1].done, 2 * ADD_GROUPS);
    assert_int_equal(desks[0].failed + desks[1].failed, 0);
    arena_done(&a);
}

/* Both open the same account: both add to it. */
static void test_both_open(void **state) {
    (void)state;
    struct arena a;
    struct adder desks[2];
    int64_t ids[3];
    arena_init(&a, 16 << 20);
    books_fill(&a, ids, false, first, 0);
    adders_run(desks, true, 0, 0);
    assert_int_equal(desks[0].done + desks[1].done, 2 * ADD_GROUPS);
    assert_int_equal(desks[0].failed + desks[1].failed, 0);
    arena_done(&a);
}

/* Both open an account whose limit has room for one: whoever is second fails once, does it again, and is refused. */
static void test_both_open_with_limit(void **state) {
    (void)state;
    struct arena a;
    struct adder desks[2];
    int64_t ids[3];
    arena_init(&a, 16 << 20);
    books_fill(&a, ids, false, first, 0);
    adders_run(desks, true, LEDGER_DEBITS_WITHIN_LIMIT, ADD_AMOUNT);
    assert_int_equal(desks[0].done + desks[1].done, ADD_GROUPS);
    assert_true(desks[0].failed + desks[1].failed <= ADD_GROUPS);
    arena_done(&a);
}

/* One closes an account while the other, who read it before, adds to it: it stays closed. */
static void test_close_while_adding(void **state) {
    (void)state;
    struct arena a;
    struct ledger_set *adding, *closing, *after;
    struct ledger_account *x = NULL, *y = NULL;
    enum ledger_refusal r;
    int64_t ids[3];
    arena_init(&a, 16 << 20);
    books_fill(&a, ids, false, first, 0);
    struct store_connection *other = books_connect(&books, STORE_WRITE);
    struct ledger_transfer t = {.id = id_of(50), .act = LEDGER_POST, .debit = ids[0], .credit = ids[1], .amount = 3};
    assert_null(ledger_set_new(&a, shard, &adding).err);
    assert_null(store_begin(books.c, &a).err);
    while (!ledger_touch(adding, &t, 1)) assert_null(ledger_set_load(adding, books.c, &a).err);
    assert_null(ledger_set_new(&a, shard, &closing).err);
    assert_null(store_begin(other, &a).err);
    (void)ledger_account_get(closing, STR("paid"), &x);
    assert_null(ledger_set_load(closing, other, &a).err);
    assert_int_equal(ledger_account_get(closing, STR("paid"), &x), SET_FOUND);
    ledger_account_change(closing, x, LEDGER_CLOSED, 0);
    assert_null(ledger_set_flush(closing, other, &a).err);
    assert_null(store_commit(other, &a).err);
    assert_null(ledger_apply(adding, 1000, &t, 1, &r).err);
    assert_int_equal(r, LEDGER_OK); /* as if it had come before the closing */
    assert_null(ledger_set_flush(adding, books.c, &a).err);
    assert_null(store_commit(books.c, &a).err);
    assert_null(ledger_set_new(&a, shard, &after).err);
    assert_null(store_begin(books.c, &a).err);
    (void)ledger_account_get(after, STR("paid"), &y);
    assert_null(ledger_set_load(after, books.c, &a).err);
    assert_int_equal(ledger_account_get(after, STR("paid"), &y), SET_FOUND);
    assert_int_equal(y->flags, LEDGER_CLOSED);
    assert_int_equal(y->credits_posted, 3);
    store_rollback(books.c);
    store_disconnect(other);
    arena_done(&a);
}

/* One of two groups that both found an account without a limit, agree one that has room for one of them, and post. */
static struct status limit_late(struct store_connection *c, struct arena *a, struct ledger_set *s, uint8_t number, int64_t till, enum ledger_refusal *ret) {
    struct ledger_account *x = NULL;
    assert_int_equal(ledger_account_get(s, STR("paid"), &x), SET_FOUND);
    ledger_account_change(s, x, x->flags | LEDGER_DEBITS_WITHIN_LIMIT, ADD_AMOUNT);
    struct ledger_transfer t = {.id = id_of(number), .act = LEDGER_POST, .debit = x->id, .credit = till, .amount = ADD_AMOUNT};
    TRY(ledger_apply(s, 1000, &t, 1, ret));
    return ledger_set_flush(s, c, a);
}

static void limit_read(struct store_connection *c, struct arena *a, struct ledger_set **ret) {
    struct ledger_account *x = NULL, *y = NULL;
    assert_null(ledger_set_new(a, shard, ret).err);
    assert_null(store_begin(c, a).err);
    (void)ledger_account_get(*ret, STR("paid"), &x);
    (void)ledger_account_get(*ret, STR("till"), &y);
    assert_null(ledger_set_load(*ret, c, a).err);
}

/* Two groups read one account before it had a limit, so neither waited: the second is told that it is stale, is done again and is refused. */
static void test_limit_agreed_by_both(void **state) {
    (void)state;
    struct arena a;
    struct ledger_set *one, *two;
    struct ledger_audit audit;
    enum ledger_refusal r = LEDGER_OK;
    int64_t ids[3];
    arena_init(&a, 16 << 20);
    books_fill(&a, ids, false, first, 0);
    struct store_connection *other = books_connect(&books, STORE_WRITE);
    limit_read(books.c, &a, &one);
    limit_read(other, &a, &two);
    assert_null(limit_late(books.c, &a, one, 61, ids[TILL], &r).err);
    assert_int_equal(r, LEDGER_OK);
    assert_null(store_commit(books.c, &a).err);
    const struct status stale = limit_late(other, &a, two, 62, ids[TILL], &r);
    assert_int_equal(r, LEDGER_OK); /* by what it had read */
    assert_non_null(stale.err);
    assert_string_equal(stale.err->code, "set-stale");
    store_rollback(other);
    limit_read(other, &a, &two);
    assert_null(limit_late(other, &a, two, 62, ids[TILL], &r).err);
    assert_int_equal(r, LEDGER_REFUSED_EXCEEDS_LIMIT);
    assert_null(store_commit(other, &a).err);
    assert_null(ledger_audit(books.c, &a, shard, &audit).err);
    assert_int_equal(audit.wrong_accounts, 0);
    assert_int_equal(audit.transfers, 1);
    store_disconnect(other);
    arena_done(&a);
}

int main(void) {
    books_open(&books, "postgres");
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_two_confirmations), cmocka_unit_test(test_confirmation_and_rejection), cmocka_unit_test(test_two_refunds),
                                       cmocka_unit_test(test_one_refund_sent_twice), cmocka_unit_test(test_both_add), cmocka_unit_test(test_both_open),
                                       cmocka_unit_test(test_both_open_with_limit), cmocka_unit_test(test_close_while_adding), cmocka_unit_test(test_limit_agreed_by_both)};
    const int failed = cmocka_run_group_tests_name("race", tests, NULL, NULL);
    books_close(&books);
    return failed;
}
