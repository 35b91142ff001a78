/* support — what the unit tests of this room share: plans, bills and chains as short texts, settled by the real evaluator.
 *
 * Bills are written with ' for ". Amounts in fen. One arena a test, freed at its end.
 */
#ifndef YIJIE_SETTLE_TESTS_SUPPORT_H
#define YIJIE_SETTLE_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "settle/settle.h"

/* A plan up to its benefits. */
#define PLAN_HEAD(name, kind)                                                                                                             \
    "plan " name " \"甲\" / \"A\"\n  kind " kind "\n  source \"test\", grade B\n  in force 2020-01-01 ..\n"                              \
    "  counts by discharge, over the end by discharge\n  years are calendar years\n  currency CNY, rounded half-up once per benefit\n"
#define BENEFIT(name, clauses) "  benefit " name " \"责任\" / \"benefit\"\n" clauses

#define BILL_HEAD                                                                                                                         \
    "'bill':'B1','hospital':'H1','region':'410500','visit':'inpatient','from':'2022-08-01','to':'2022-08-15','currency':'CNY',"          \
    "'person':{'id_kind':'99','id':'X1'}"
#define LINE(number, amount, a, b, c, d)                                                                                                  \
    "{'line':" #number ",'code':'C" #number "','amount':" #amount ",'own_full':" #a ",'over_limit':" #b ",'own_first':" #c ",'in_scope':" #d "}"
#define BILL(lines, more) "{" BILL_HEAD ",'lines':[" lines "]" more "}"
#define SETTLED(funds) ",'statutory':{'settled':true,'funds':{" funds "}}"

enum { TEST_ARENA_BYTES = 256 * 1024 * 1024, PAYERS_MAX = 8 };

struct world {
    struct arena a;
    struct plan_library lib;
    struct settle_chain chain;
    struct settle_payer payers[PAYERS_MAX];
    const struct settle_product *products[PAYERS_MAX];
    struct plan_counters counters;
};

static inline void world_begin(struct world *w) {
    *w = (struct world){0};
    arena_init(&w->a, TEST_ARENA_BYTES);
    plan_counters_init(&w->counters, &w->a);
    w->chain.payers = w->payers;
    w->chain.products = w->products;
}

static inline void world_end(struct world *w) { arena_done(&w->a); }

/* Reads, checks and compiles the one plan of a text; it may then be a payer or a policy. */
static inline const struct settle_product *product_add(struct world *w, const char *text) {
    struct plan_diagnostics *d = ARENA_NEW(&w->a, struct plan_diagnostics);
    struct plan_source *source = ARENA_NEW(&w->a, struct plan_source);
    struct plan_file *file = NULL;
    assert_non_null(d);
    assert_non_null(source);
    *source = (struct plan_source){STR("test.plan"), str_from(text)};
    assert_null(plan_parse(&w->a, source, d, &file).err);
    const struct settle_product *product = NULL;
    if (d->error_count == 0) {
        assert_int_equal(file->plan_count, 1);
        assert_null(plan_library_add(&w->a, &w->lib, file, d).err);
        assert_null(settle_product_build(&w->a, file->plans[0], &w->lib, d, &product).err);
    }
    for (uint32_t i = 0; i < d->error_count; i++) print_message("%u: %s %.*s\n", d->items[i].line, d->items[i].code, STR_FMT(d->items[i].en));
    assert_non_null(product);
    assert_true(w->chain.product_count < PAYERS_MAX);
    w->products[w->chain.product_count++] = product;
    return product;
}

static inline struct settle_payer *payer_add(struct world *w, const char *text) {
    struct settle_payer *p = &w->payers[w->chain.payer_count++];
    *p = (struct settle_payer){.product = product_add(w, text), .fills = true};
    return p;
}

static inline void policies_add(struct world *w, bool as_listed) {
    w->payers[w->chain.payer_count++] = (struct settle_payer){.by_policies = true, .as_listed = as_listed, .fills = true};
}

static inline const struct bill *bill_read(struct world *w, const char *text) {
    struct str copy = arena_str(&w->a, str_from(text));
    char *p = ARENA_ARRAY(&w->a, char, copy.n + 1);
    assert_non_null(p);
    for (size_t i = 0; i < copy.n; i++) p[i] = copy.p[i] == '\'' ? '"' : copy.p[i];
    const struct bill *b = NULL;
    struct status s = bill_parse(&w->a, (struct str){p, copy.n}, &b);
    if (status_failed(s)) print_error("%s at %.*s: %.*s\n", s.err->code, STR_FMT(s.err->place), STR_FMT(s.err->en));
    assert_false(status_failed(s));
    return b;
}

/* The shares of a line over all payers, and what is left of it. */
static inline int64_t line_paid(const struct settle_answer *a, uint32_t line) {
    int64_t paid = 0;
    for (uint32_t s = 0; s < a->share_count; s++) {
        const struct settle_share *share = &a->shares[s];
        for (uint32_t i = 0; i < share->run.cell_count; i++) paid += share->run.cells[i].line == line ? share->run.cells[i].pay : 0;
        for (uint32_t i = 0; i < share->fund_cell_count; i++) paid += share->fund_cells[i].line == line ? share->fund_cells[i].pay : 0;
    }
    return paid;
}

/* Settles, holds the answer to every invariant of the room, and once more without reasons to the same amounts. */
static inline struct settle_answer settled(struct world *w, const struct bill *b) {
    struct settle_answer a = {0}, plain = {0};
    struct status s = settle_bill(&w->a, &w->chain, b, &w->counters, (struct settle_options){.explain = true, .lines = true, .settled_on = DAY_NONE}, &a);
    if (status_failed(s)) print_error("%s: %.*s\n", s.err->code, STR_FMT(s.err->en));
    assert_false(status_failed(s));
    assert_null(settle_bill(&w->a, &w->chain, b, &w->counters, (struct settle_options){.settled_on = DAY_NONE}, &plain).err);
    assert_int_equal(a.refusal, plain.refusal);
    if (a.refusal != SETTLE_REFUSAL_NONE) return a;
    assert_int_equal(a.share_count, plain.share_count);
    int64_t payers = 0, unpaid = 0;
    for (uint32_t i = 0; i < a.share_count; i++) {
        assert_int_equal(a.shares[i].pay, plain.shares[i].pay);
        assert_int_equal(a.shares[i].status, plain.shares[i].status);
        assert_true(a.shares[i].pay >= 0);
        payers += a.shares[i].pay;
    }
    assert_int_equal(plain.unpaid_count, 0);
    assert_int_equal(plain.cash, a.cash);
    assert_int_equal(payers, a.payers_total);
    assert_int_equal(b->total, payers + a.hospital + a.account + a.cash - a.payout);
    for (uint32_t i = 0; i < a.unpaid_count; i++) {
        assert_true(a.unpaid[i].amount > 0);
        unpaid += a.unpaid[i].amount;
    }
    assert_int_equal(unpaid, settle_answer_remainder(&a));
    int64_t by_line = 0;
    for (uint32_t line = 0; line < b->lines.count; line++) {
        int64_t net = 0;
        for (uint32_t k = 0; k < BUCKET_GIVEN_COUNT; k++) net += b->lines.net[k][line];
        assert_in_range(line_paid(&a, line), 0, net);
        by_line += line_paid(&a, line);
    }
    assert_int_equal(by_line, payers);
    return a;
}

static inline const struct settle_share *share_of(const struct settle_answer *a, const char *payer) {
    for (uint32_t i = 0; i < a->share_count; i++)
        if (str_eq(a->shares[i].payer, str_from(payer))) return &a->shares[i];
    fail_msg("no share of %s", payer);
    return NULL;
}

static inline int64_t pay_of(const struct settle_answer *a, const char *payer) { return share_of(a, payer)->pay; }

static inline void assert_str(struct str got, const char *want) {
    if (!str_eq(got, str_from(want))) print_error("got \"%.*s\", want \"%s\"\n", STR_FMT(got), want);
    assert_true(str_eq(got, str_from(want)));
}

#endif
