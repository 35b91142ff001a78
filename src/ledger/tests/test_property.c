/* ledger/tests/test_property — random sequences against the slow model: the same answers, the same sums, debits equal to credits after each call; and every fault
 * that the model can be given is found. `test_property pure|sqlite|postgres [SEED]`: a run is repeated by the seed it prints. On a store groups end at random, so that
 * what one group decides was read from what others wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env/env.h"
#include "ledger/tests/books.h"
#include "ledger/tests/model.h"

enum { SEQUENCES = 300, CALLS = 60, CALL_MAX = 6, IDS = 400, ACCOUNTS = 6 };

static uint64_t seed, sequences = SEQUENCES;
static struct books books;
static uint64_t answered[LEDGER_REFUSAL_COUNT];

/* splitmix64 (Steele, Lea, Flood 2014, public domain). */
static uint64_t random_next(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}
static uint32_t below(uint64_t *state, uint32_t n) { return (uint32_t)(random_next(state) % n); }
static bool chance(uint64_t *state, uint32_t percent) { return below(state, 100) < percent; }

/* One store holds the books of many sequences: their ids differ. 0: zero. */
static struct id128 id_of(uint32_t sequence, uint32_t n) {
    struct id128 id = {{0}};
    for (int i = 0; n && i < 4; i++) {
        id.b[15 - i] = (uint8_t)(n >> (8 * i));
        id.b[i] = (uint8_t)(sequence >> (8 * i));
    }
    return id;
}

/* ---- a sequence ------------------------------------------------------------------------------------------------------ */

struct world {
    uint64_t random;
    struct arena arena;
    struct ledger_set *set, *folded;
    struct model *model;
    int64_t now_ms;
    struct ledger_account *accounts[ACCOUNTS], *mirror[ACCOUNTS];
    struct arena group; /* of the set */
    int32_t shard;
    int64_t ids[ACCOUNTS];
};

static struct str code_of(uint32_t i) {
    static const char *const codes[ACCOUNTS] = {"a0", "a1", "a2", "a3", "a4", "a5"};
    return str_from(codes[i]);
}

static void load(struct world *w) {
    while (ledger_set_waits(w->set)) assert_null(ledger_set_load(w->set, books.c, &w->group).err);
}

/* A fresh set, and on a store a transaction: what transfers need comes when they need it. */
static void group_begin(struct world *w) {
    assert_null(ledger_set_new(&w->group, w->shard, &w->set).err);
    if (books.c) assert_null(store_begin(books.c, &w->group).err);
}

static void group_end(struct world *w) {
    if (!books.c) return;
    assert_null(ledger_set_flush(w->set, books.c, &w->group).err);
    assert_null(store_commit(books.c, &w->group).err);
    arena_reset(&w->group);
    group_begin(w);
}

static void accounts_get(struct world *w) {
    for (uint32_t i = 0; i < ACCOUNTS; i++) (void)ledger_account_get(w->set, code_of(i), &w->accounts[i]);
    load(w);
    for (uint32_t i = 0; i < ACCOUNTS; i++) assert_int_equal(ledger_account_get(w->set, code_of(i), &w->accounts[i]), SET_FOUND);
}

static void accounts_make(struct world *w) {
    for (uint32_t i = 0; i < ACCOUNTS; i++) {
        static const uint32_t rules[] = {0, 0, LEDGER_DEBITS_WITHIN_CREDITS, LEDGER_CREDITS_WITHIN_DEBITS, LEDGER_DEBITS_WITHIN_LIMIT,
                                         LEDGER_DEBITS_WITHIN_LIMIT | LEDGER_CREDITS_WITHIN_DEBITS};
        const struct str name = code_of(i);
        const struct currency *currency = currency_find(i == ACCOUNTS - 1 ? STR("JPY") : STR("CNY"));
        const uint32_t flags = i == 0 ? 0 : rules[below(&w->random, COUNT_OF(rules))];
        const int64_t limit = 100 + below(&w->random, 400);
        struct ledger_account *none;
        assert_int_equal(ledger_account_get(w->set, name, &none), SET_WAIT);
        assert_int_equal(ledger_account_get(w->folded, name, &none), SET_WAIT);
        load(w);
        assert_null(ledger_set_load(w->folded, NULL, &w->arena).err);
        assert_null(ledger_account_add(w->set, name, currency, flags, limit, &w->accounts[i]).err);
        assert_null(ledger_account_add(w->folded, name, currency, flags, limit, &w->mirror[i]).err);
        w->ids[i] = w->accounts[i]->id;
        w->model->accounts[w->model->account_count++] = (struct model_account){w->ids[i], currency, flags, limit};
    }
}

static int64_t account_pick(struct world *w) {
    if (chance(&w->random, 2)) return chance(&w->random, 50) ? 0 : 4711;
    return w->ids[below(&w->random, chance(&w->random, 90) ? ACCOUNTS - 1 : ACCOUNTS)];
}

static struct ledger_transfer transfer_make(struct world *w) {
    struct ledger_transfer t = {.id = id_of((uint32_t)w->shard, below(&w->random, 200) ? 1 + below(&w->random, IDS) : 0), .day = 20'000 + (int32_t)chance(&w->random, 2), .linked = chance(&w->random, 25)};
    const uint32_t roll = below(&w->random, 100);
    t.act = roll < 35 ? LEDGER_POST : roll < 60 ? LEDGER_HOLD : roll < 80 ? LEDGER_CONFIRM : roll < 90 ? LEDGER_VOID : LEDGER_EXPIRE;
    t.kind = (enum ledger_kind)below(&w->random, 2);
    t.amount = chance(&w->random, 3) ? (int64_t)below(&w->random, 3) - 1 : 1 + below(&w->random, 200);
    if (t.act == LEDGER_POST || t.act == LEDGER_HOLD) {
        t.debit = account_pick(w);
        t.credit = account_pick(w);
        if (t.act == LEDGER_HOLD && chance(&w->random, 60)) t.expires_ms = w->now_ms + (int64_t)below(&w->random, 12);
        return t;
    }
    const struct model *m = w->model;
    const uint32_t recent = m->count > 20 ? m->count - 20 : 0;
    t.pending_id = id_of((uint32_t)w->shard, 1 + below(&w->random, IDS));
    if (m->count && chance(&w->random, 90)) t.pending_id = m->list[recent + below(&w->random, m->count - recent)].id;
    if (chance(&w->random, t.act == LEDGER_CONFIRM ? 50 : 90)) t.amount = 0;
    return t;
}

/* A repeat of something that was accepted, sometimes a little different. */
static struct ledger_transfer transfer_again(struct world *w) {
    struct ledger_transfer t = w->model->list[below(&w->random, w->model->count)];
    t.linked = chance(&w->random, 20);
    switch (below(&w->random, 16)) {
    case 0: t.amount++; break;
    case 1: t.day++; break;
    case 2: t.kind = LEDGER_KIND_PAYMENT; break;
    case 3: t.expires_ms += 7; break;
    case 4: t.case_id = id_of((uint32_t)w->shard, 9); break;
    case 5: t.debit++; break;
    case 6: t.credit++; break;
    case 7: t.pending_id = id_of((uint32_t)w->shard, IDS + 9); break;
    default: break;
    }
    return t;
}

static bool call_agrees(struct world *w, const struct ledger_transfer *asked, uint32_t count, bool quiet) {
    enum ledger_refusal want[CALL_MAX], would[CALL_MAX], got[CALL_MAX];
    struct ledger_transfer t[CALL_MAX], accepted[CALL_MAX];
    uint32_t accepted_count = 0;
    memcpy(t, asked, sizeof *t * count);
    model_apply(w->model, w->now_ms, asked, count, want);
    if (!ledger_touch(w->set, asked, count)) load(w);
    assert_true(ledger_touch(w->set, asked, count));
    assert_null(ledger_would(w->set, w->now_ms, asked, count, would).err);
    assert_null(ledger_apply(w->set, w->now_ms, t, count, got).err);
    for (uint32_t i = 0; i < count; i++) {
        answered[got[i]]++;
        if (got[i] == LEDGER_OK) accepted[accepted_count++] = asked[i];
        if (got[i] == want[i] && got[i] == would[i]) continue;
        if (!quiet) print_error("row %u: ledger %s, would %s, model %s\n", i, ledger_refusal_code(got[i]), ledger_refusal_code(would[i]), ledger_refusal_code(want[i]));
        return false;
    }
    assert_null(ledger_fold(w->folded, w->now_ms, accepted, accepted_count).err);
    return true;
}

static bool sums_agree(struct world *w, bool quiet) {
    accounts_get(w);
    int64_t held = 0, posted = 0;
    for (uint32_t i = 0; i < ACCOUNTS; i++) {
        const struct ledger_account *a = w->accounts[i], *f = w->mirror[i];
        const int64_t of[4] = {a->debits_pending, a->debits_posted, a->credits_pending, a->credits_posted};
        const int64_t folded[4] = {f->debits_pending, f->debits_posted, f->credits_pending, f->credits_posted};
        int64_t want[4];
        model_sums(w->model, a->id, want);
        held += of[0] - of[2];
        posted += of[1] - of[3];
        for (size_t k = 0; k < 4; k++) {
            if (of[k] == want[k] && of[k] == folded[k] && of[k] >= 0) continue;
            if (!quiet) print_error("account a%u, sum %zu: ledger %" PRId64 ", folded %" PRId64 ", model %" PRId64 "\n", i, k, of[k], folded[k], want[k]);
            return false;
        }
    }
    if ((held || posted) && !quiet) print_error("debits and credits differ\n");
    return held == 0 && posted == 0;
}

/* Runs sequence `number`; false at the first difference. */
static bool sequence_agrees(uint64_t number, enum model_fault fault, bool quiet) {
    struct world w = {.random = seed ^ (number * UINT64_C(0xd1342543de82ef95) + 1), .now_ms = 1000, .shard = (int32_t)number + 1 + (int32_t)fault * SEQUENCES};
    bool agrees = true;
    arena_init(&w.arena, (size_t)64 << 20);
    arena_init(&w.group, (size_t)64 << 20);
    w.model = calloc(1, sizeof *w.model);
    assert_non_null(w.model);
    w.model->fault = fault;
    group_begin(&w);
    assert_null(ledger_set_new(&w.arena, 0, &w.folded).err);
    accounts_make(&w);
    for (uint32_t call = 0; agrees && call < CALLS; call++) {
        struct ledger_transfer t[CALL_MAX];
        const uint32_t count = 1 + below(&w.random, CALL_MAX);
        w.now_ms += below(&w.random, 4);
        for (uint32_t i = 0; i < count; i++) t[i] = w.model->count && chance(&w.random, 10) ? transfer_again(&w) : transfer_make(&w);
        agrees = call_agrees(&w, t, count, quiet) && sums_agree(&w, quiet);
        if (agrees && chance(&w.random, 60)) group_end(&w);
        if (!agrees && !quiet) print_error("seed %" PRIu64 ", sequence %" PRIu64 ", call %u of %u transfers\n", seed, number, call, count);
    }
    if (books.c && agrees) {
        struct ledger_audit audit;
        group_end(&w);
        assert_null(ledger_audit(books.c, &w.group, w.shard, &audit).err);
        agrees = audit.wrong_accounts == 0 && audit.wrong_holds == 0 && audit.transfers == w.model->count;
        if (!agrees && !quiet) print_error("the audit disagrees: seed %" PRIu64 ", sequence %" PRIu64 "\n", seed, number);
    }
    if (books.c) store_rollback(books.c);
    free(w.model);
    arena_done(&w.group);
    arena_done(&w.arena);
    return agrees;
}

static void test_agrees(void **state) {
    (void)state;
    for (uint64_t n = 0; n < sequences; n++) assert_true(sequence_agrees(n, MODEL_SOUND, false));
}

/* The sequences reach what they should: every answer came up but those that specs and tables ask for. */
static void test_reach(void **state) {
    (void)state;
    for (uint32_t r = 0; r < LEDGER_REFUSAL_COUNT; r++) {
        static const enum ledger_refusal elsewhere[] = {LEDGER_REFUSED_ACT_UNKNOWN, LEDGER_REFUSED_KIND_UNKNOWN, LEDGER_REFUSED_PENDING_ID_ZERO, LEDGER_REFUSED_OVERFLOW,
            LEDGER_REFUSED_PENDING_NOT_ALLOWED, LEDGER_REFUSED_EXPIRES_NOT_ALLOWED, LEDGER_REFUSED_ACCOUNT_CLOSED, LEDGER_REFUSED_PENDING_DIFFERS_DEBIT,
            LEDGER_REFUSED_PENDING_DIFFERS_CREDIT};
        bool expected = true;
        for (size_t i = 0; i < COUNT_OF(elsewhere); i++) expected &= elsewhere[i] != r;
        print_message("# %6" PRIu64 " %s\n", answered[r], ledger_refusal_code((enum ledger_refusal)r));
        assert_true(answered[r] > 0 || !expected);
    }
}

static void test_faults_are_found(void **state) {
    (void)state;
    for (uint32_t fault = MODEL_SOUND + 1; fault < MODEL_FAULT_COUNT; fault++) {
        uint64_t n = 0;
        while (n < sequences && sequence_agrees(n, (enum model_fault)fault, true)) n++;
        print_message("# fault %u found in sequence %" PRIu64 "\n", fault, n);
        assert_true(n < sequences);
    }
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    books_open(&books, argv[1]);
    if (books.c) sequences = books_on_postgres() ? 30 : 60;
    if (argc > 2) seed = strtoull(argv[2], NULL, 10);
    else if (status_failed(env_system()->random_fill(env_system(), &books.arena, &seed, sizeof seed))) return 2;
    print_message("# seed %" PRIu64 "\n", seed);
    const struct CMUnitTest pure[] = {cmocka_unit_test(test_agrees), cmocka_unit_test(test_reach), cmocka_unit_test(test_faults_are_found)};
    const struct CMUnitTest stored[] = {cmocka_unit_test(test_agrees), cmocka_unit_test(test_faults_are_found)};
    const int failed = books.c ? cmocka_run_group_tests_name(argv[1], stored, NULL, NULL) : cmocka_run_group_tests_name(argv[1], pure, NULL, NULL);
    books_close(&books);
    return failed;
}
