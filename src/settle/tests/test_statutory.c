/* What the statutory result takes off the cells: buckets of a fund, what goes beyond them, the hospital's own part, the known deductible. */
#include "settle/tests/support.h"

/* Two lines: 自费 100 + 超限价 200 + 先行自付 300 + 符合范围 400, and 符合范围 600. Sum 1,600; in_scope 1,000. */
#define TWO LINE(1, 1000, 100, 200, 300, 400) "," LINE(2, 600, 0, 0, 0, 600)

struct cell {
    uint32_t line;
    uint8_t bucket;
    int64_t pay;
};

static const struct row {
    const char *what, *statutory;
    uint32_t fund_buckets;          /* of hifp_pay in the chain; 0: the chain does not say */
    bool allocated;
    int64_t hospital, remainder;
    struct cell cells[6];           /* what hifp_pay paid; ends with pay 0 */
} rows[] = {
    {"in proportion to what is left in scope", "'funds':{'hifp_pay':500}", 0, false, 0, 1100, {{0, BUCKET_IN_SCOPE, 200}, {1, BUCKET_IN_SCOPE, 300}}},
    {"largest remainder", "'funds':{'hifp_pay':3}", 0, false, 0, 1597, {{0, BUCKET_IN_SCOPE, 1}, {1, BUCKET_IN_SCOPE, 2}}},
    {"a tie goes to the earlier line", "'funds':{'hifp_pay':1}", 1U << BUCKET_OWN_FIRST | 1U << BUCKET_OWN_FULL, false, 0, 1599, {{0, BUCKET_OWN_FIRST, 1}}},
    {"all of in_scope", "'funds':{'hifp_pay':1000}", 0, false, 0, 600, {{0, BUCKET_IN_SCOPE, 400}, {1, BUCKET_IN_SCOPE, 600}}},
    {"beyond in_scope: own_first first", "'funds':{'hifp_pay':1100}", 0, true, 0, 500,
     {{0, BUCKET_IN_SCOPE, 400}, {1, BUCKET_IN_SCOPE, 600}, {0, BUCKET_OWN_FIRST, 100}}},
    {"then over_limit, then own_full", "'funds':{'hifp_pay':1550}", 0, true, 0, 50,
     {{0, BUCKET_IN_SCOPE, 400}, {1, BUCKET_IN_SCOPE, 600}, {0, BUCKET_OWN_FIRST, 300}, {0, BUCKET_OVER_LIMIT, 200}, {0, BUCKET_OWN_FULL, 50}}},
    {"the whole bill", "'funds':{'hifp_pay':1600}", 0, true, 0, 0,
     {{0, BUCKET_IN_SCOPE, 400}, {1, BUCKET_IN_SCOPE, 600}, {0, BUCKET_OWN_FIRST, 300}, {0, BUCKET_OVER_LIMIT, 200}, {0, BUCKET_OWN_FULL, 100}}},
    {"the region says that it pays own_first too", "'funds':{'hifp_pay':650}", 1U << BUCKET_IN_SCOPE | 1U << BUCKET_OWN_FIRST, false, 0, 950,
     {{0, BUCKET_OWN_FIRST, 150}, {0, BUCKET_IN_SCOPE, 200}, {1, BUCKET_IN_SCOPE, 300}}},
    {"a fund of own_full only spills back in order", "'funds':{'hifp_pay':150}", 1U << BUCKET_OWN_FULL, true, 0, 1450,
     {{0, BUCKET_OWN_FULL, 100}, {0, BUCKET_IN_SCOPE, 20}, {1, BUCKET_IN_SCOPE, 30}}},
    {"the hospital's part comes off in_scope before the fund", "'hospital_part':500,'funds':{'hifp_pay':500}", 0, false, 500, 600,
     {{0, BUCKET_IN_SCOPE, 200}, {1, BUCKET_IN_SCOPE, 300}}},
    {"the hospital's part beyond in_scope", "'hospital_part':1200,'funds':{'hifp_pay':100}", 0, true, 1200, 300, {{0, BUCKET_OWN_FIRST, 100}}},
    {"a fund of nothing is no payer", "'funds':{'hifp_pay':0}", 0, false, 0, 1600, {{0}}},
    {"the deductible is a part of in_scope, and no payer", "'deductible':600,'funds':{'hifp_pay':400}", 0, false, 0, 1200,
     {{0, BUCKET_IN_SCOPE, 160}, {1, BUCKET_IN_SCOPE, 240}}},
};

static void row_run(const struct row *r) {
    struct world w;
    world_begin(&w);
    struct plan_chain_fund fund = {.name = STR("hifp_pay"), .buckets = r->fund_buckets};
    w.chain.funds = &fund;
    w.chain.fund_count = r->fund_buckets ? 1 : 0;
    const char *text = arena_printf(&w.a, "{" BILL_HEAD ",'lines':[" TWO "],'statutory':{'settled':true,%s}}", r->statutory).p;
    struct settle_answer a = settled(&w, bill_read(&w, text));
    assert_int_equal(a.hospital, r->hospital);
    assert_int_equal(settle_answer_remainder(&a), r->remainder);
    assert_int_equal(a.share_count, r->cells[0].pay ? 1 : 0);
    if (a.share_count) {
        const struct settle_share *share = share_of(&a, "statutory:hifp_pay");
        assert_int_equal(share->allocated, r->allocated);
        uint32_t n = 0;
        for (; n < COUNT_OF(r->cells) && r->cells[n].pay; n++) {
            assert_true(n < share->fund_cell_count);
            assert_int_equal(share->fund_cells[n].line, r->cells[n].line);
            assert_int_equal(share->fund_cells[n].bucket, r->cells[n].bucket);
            assert_int_equal(share->fund_cells[n].pay, r->cells[n].pay);
        }
        assert_int_equal(share->fund_cell_count, n);
    }
    world_end(&w);
}

static void test_allocation(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        print_message("# %s\n", rows[i].what);
        row_run(&rows[i]);
    }
}

/* Several funds in the order of the bill; the later sees what the earlier left. */
static void test_several_funds(void **state) {
    (void)state;
    struct world w;
    world_begin(&w);
    struct settle_answer a = settled(&w, bill_read(&w, BILL(TWO, SETTLED("'hifp_pay':900,'maf_pay':150"))));
    assert_int_equal(a.share_count, 2);
    assert_str(a.shares[0].payer, "statutory:hifp_pay");
    assert_false(a.shares[0].allocated);
    assert_str(a.shares[1].payer, "statutory:maf_pay");
    assert_true(a.shares[1].allocated); /* 100 were left in scope */
    assert_int_equal(settle_answer_remainder(&a), 550);
    world_end(&w);
}

/* A plan may take the known deductible alone; it is spread over the lines as in_scope is. */
static void test_deductible_is_takeable(void **state) {
    (void)state;
    struct world w;
    world_begin(&w);
    payer_add(&w, PLAN_HEAD("d", "supplementary") BENEFIT("b", "    takes deductible\n    deductible none\n    pays 100%\n    cap none\n"));
    struct settle_answer a = settled(&w, bill_read(&w, BILL(TWO, ",'statutory':{'settled':true,'deductible':500,'funds':{'hifp_pay':400}}")));
    assert_int_equal(pay_of(&a, "d"), 500);
    a = settled(&w, bill_read(&w, BILL(TWO, ",'statutory':{'settled':true,'deductible':1000,'funds':{'hifp_pay':900}}")));
    assert_int_equal(pay_of(&a, "d"), 100); /* no more than what the fund left in scope */
    a = settled(&w, bill_read(&w, BILL(TWO, ",'statutory':{'settled':true,'funds':{'hifp_pay':400}}")));
    assert_int_equal(pay_of(&a, "d"), 0); /* not known */
    world_end(&w);
}

static void test_patient_sums(void **state) {
    (void)state;
    static const struct {
        const char *more;
        int64_t account, cash, payout, due;
    } cases[] = {
        {",'statutory':{'settled':true,'funds':{'hifp_pay':600}}", 0, 1000, 0, 1000},
        {",'statutory':{'settled':true,'funds':{'hifp_pay':600},'account':400}", 400, 600, 0, 600},
        {",'statutory':{'settled':true,'funds':{'hifp_pay':600},'account':1000}", 1000, 0, 0, 0},
        {",'statutory':{'settled':true,'funds':{'hifp_pay':600}},'deposit':1500", 0, 1000, 0, -500},
    };
    struct world w;
    world_begin(&w);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct settle_answer a = settled(&w, bill_read(&w, arena_printf(&w.a, "{" BILL_HEAD ",'lines':[" TWO "]%s}", cases[i].more).p));
        assert_int_equal(a.account, cases[i].account);
        assert_int_equal(a.cash, cases[i].cash);
        assert_int_equal(a.payout, cases[i].payout);
        assert_int_equal(a.due, cases[i].due);
    }
    world_end(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocation),
        cmocka_unit_test(test_several_funds),
        cmocka_unit_test(test_deductible_is_takeable),
        cmocka_unit_test(test_patient_sums),
    };
    return cmocka_run_group_tests_name("settle-statutory", tests, NULL, NULL);
}
