/* The chain: order, fills, policies and their status, statutory plans before others, one product once. Cases R-… are those of the handbook. */
#include "settle/tests/support.h"

#define OWN_FULL_30000 LINE(1, 3000000, 3000000, 0, 0, 0)
#define SUPPLEMENT PLAN_HEAD("s", "supplementary") BENEFIT("b", "    takes own_full\n    deductible 12_000 each year\n    pays 70%\n    cap none\n")
#define MILLION(filled)                                                                                                                   \
    PLAN_HEAD("m", "commercial")                                                                                                           \
    BENEFIT("b", "    takes in_scope_own + own_first + own_full\n    deductible 10_000 each year" filled "\n    pays 100%\n    cap none\n")

/* (30,000 − 12,000) × 70 % = 12,600 first; then 17,400 are left. */
static void test_order_and_fills(void **state) {
    (void)state;
    static const struct {
        const char *what, *first, *second;
        bool fills;
        int64_t pay_first, pay_second, filled_by_others, deductible_used;
    } rows[] = {
        {"filled by the earlier payer", SUPPLEMENT, MILLION(", filled by supplementary"), true, 1260000, 1740000, 1000000, 0},
        {"the plan does not let others fill", SUPPLEMENT, MILLION(""), true, 1260000, 740000, 0, 1000000},
        {"another kind fills", SUPPLEMENT, MILLION(", filled by statutory"), true, 1260000, 740000, 0, 1000000},
        {"the chain says: fills deductibles no", SUPPLEMENT, MILLION(", filled by supplementary"), false, 1260000, 740000, 0, 1000000},
        {"turned round: the supplement sees what is left", MILLION(", filled by supplementary"), SUPPLEMENT, true, 2000000, 0, 0, 1000000},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct world w;
        world_begin(&w);
        print_message("# %s\n", rows[i].what);
        payer_add(&w, rows[i].first)->fills = rows[i].fills;
        payer_add(&w, rows[i].second);
        struct settle_answer a = settled(&w, bill_read(&w, BILL(OWN_FULL_30000, SETTLED(""))));
        assert_int_equal(a.shares[0].pay, rows[i].pay_first);
        assert_int_equal(a.shares[1].pay, rows[i].pay_second);
        const struct plan_benefit_result *m = &share_of(&a, "m")->run.benefits[0];
        assert_int_equal(m->filled_by_others, rows[i].filled_by_others);
        assert_int_equal(m->deductible_used, rows[i].deductible_used);
        world_end(&w);
    }
}

/* the formula gives 12,600, but an earlier payer left 9,999 only. */
static void test_smaller_of(void **state) {
    (void)state;
    struct world w;
    world_begin(&w);
    payer_add(&w, PLAN_HEAD("first", "commercial") BENEFIT("b", "    takes own_full\n    deductible none\n    pays 100%\n    cap 20_001 each year\n"));
    payer_add(&w, PLAN_HEAD("s", "supplementary")
                  BENEFIT("b", "    takes own_full, before other payers\n    deductible 12_000 each year\n    pays 70%\n    cap none\n"));
    struct settle_answer a = settled(&w, bill_read(&w, BILL(OWN_FULL_30000, SETTLED(""))));
    assert_int_equal(pay_of(&a, "first"), 2000100);
    assert_int_equal(pay_of(&a, "s"), 999900);
    assert_int_equal(a.cash, 0);
    world_end(&w);
}

/* left after social insurance 30,000, of which 12,000 were paid from the personal account. */
static void test_personal_account(void **state) {
    (void)state;
    struct world w;
    world_begin(&w);
    payer_add(&w, MILLION(""));
    struct settle_answer a = settled(&w, bill_read(&w, BILL(LINE(1, 5000000, 0, 0, 0, 5000000),
        ",'statutory':{'settled':true,'funds':{'hifp_pay':2000000},'account':1200000}")));
    assert_int_equal(pay_of(&a, "m"), 2000000);
    assert_int_equal(a.account, 1200000);
    assert_int_equal(a.cash, 0);
    assert_int_equal(a.payout, 200000);
    world_end(&w);
}

/* R-25, and the same with a fen that does not divide. */
static void test_co_insurers(void **state) {
    (void)state;
    static const struct {
        int64_t pay, parts[4];
    } rows[] = {{9280000, {3712000, 2784000, 1856000, 928000}}, {1, {1, 0, 0, 0}}, {3, {1, 1, 1, 0}}, {9280001, {3712001, 2784000, 1856000, 928000}}}; /* 3,712,000.4 has the largest remainder */
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct world w;
        world_begin(&w);
        payer_add(&w, PLAN_HEAD("c", "supplementary") "  co-insurers \"一\" 40%, \"二\" 30%, \"三\" 20%, \"四\" 10%, paid by lead\n"
                      BENEFIT("b", "    takes own_full\n    deductible none\n    pays 100%\n    cap none\n"));
        const char *text = arena_printf(&w.a, "{" BILL_HEAD ",'lines':[{'line':1,'code':'C','amount':%lld,'own_full':%lld,'over_limit':0,'own_first':0,"
                                        "'in_scope':0}]}", (long long)rows[i].pay, (long long)rows[i].pay).p;
        struct settle_answer a = settled(&w, bill_read(&w, text));
        const struct settle_share *share = share_of(&a, "c");
        int64_t sum = 0;
        for (size_t k = 0; k < 4; k++) sum += share->run.co_insurer_pay[k];
        assert_int_equal(sum, rows[i].pay);
        for (size_t k = 0; k < 4; k++) assert_int_equal(share->run.co_insurer_pay[k], rows[i].parts[k]);
        world_end(&w);
    }
}

/* ---- statutory plans ------------------------------------------------------------------------------------------- */

#define BASIC                                                                                                                             \
    PLAN_HEAD("basic", "statutory")                                                                                                        \
    BENEFIT("pool", "    fund hifp_pay\n    takes in_scope\n    deductible 800 each stay\n    pays 85%\n    cap 30_000 each year\n")
#define PARTS(name, bucket)                                                                                                               \
    PLAN_HEAD(name, "supplementary")                                                                                                       \
    BENEFIT("b", "    needs statutory settled\n    takes " bucket "\n    deductible none\n    pays 100%\n    cap none\n")

/* R-10 with a cap: in_scope 50,000; (50,000 − 800) × 85 % = 41,820, capped at 30,000. Then the parts are known and can be taken one by one. */
static void test_statutory_plan_then_parts(void **state) {
    (void)state;
    struct world w;
    world_begin(&w);
    payer_add(&w, BASIC);
    payer_add(&w, PARTS("p1", "deductible"));
    payer_add(&w, PARTS("p2", "over_cap"));
    payer_add(&w, PARTS("p3", "ratio_part"));
    payer_add(&w, PARTS("p4", "in_scope_own"));
    struct settle_answer a = settled(&w, bill_read(&w, BILL(LINE(1, 3200000, 0, 0, 0, 3200000) "," LINE(2, 2800000, 800000, 0, 200000, 1800000),
                                                            ",'statutory':{'settled':false,'stage':'none'}")));
    assert_int_equal(pay_of(&a, "basic"), 3000000);
    assert_int_equal(pay_of(&a, "p1"), 80000);
    assert_int_equal(pay_of(&a, "p2"), 1182000);
    assert_int_equal(pay_of(&a, "p3"), 738000);
    assert_int_equal(pay_of(&a, "p4"), 0);
    assert_int_equal(a.cash, 1000000); /* own_full and own_first */
    world_end(&w);
}

static void test_statutory_plan_is_skipped(void **state) {
    (void)state;
    struct world w;
    world_begin(&w);
    payer_add(&w, BASIC);
    payer_add(&w, PARTS("p", "in_scope_own"));
    struct settle_answer a = settled(&w, bill_read(&w, BILL(LINE(1, 1000000, 0, 0, 0, 1000000), SETTLED("'hifp_pay':400000"))));
    assert_int_equal(share_of(&a, "basic")->status, SETTLE_SKIPPED);
    assert_int_equal(pay_of(&a, "p"), 600000);
    assert_int_equal(a.note_count, 1);
    assert_string_equal(a.notes[0].code, "statutory-result-given");
    a = settled(&w, bill_read(&w, BILL(LINE(1, 1000000, 0, 0, 0, 1000000), SETTLED("'maf_pay':400000"))));
    assert_int_equal(share_of(&a, "basic")->status, SETTLE_PAID); /* another fund: (6,000 − 800) × 85 % */
    assert_int_equal(pay_of(&a, "basic"), 442000);
    world_end(&w);
}

/* Without a result and without a statutory plan the need is not met; a statutory plan before it makes it met. */
static void test_settled_by_a_plan(void **state) {
    (void)state;
    for (int with = 0; with < 2; with++) {
        struct world w;
        world_begin(&w);
        if (with) payer_add(&w, BASIC);
        payer_add(&w, PARTS("p", "own_full"));
        struct settle_answer a = settled(&w, bill_read(&w, BILL(LINE(1, 2000000, 1000000, 0, 0, 1000000), ",'statutory':{'settled':false,'stage':'none'}")));
        assert_int_equal(share_of(&a, "p")->status, with ? SETTLE_PAID : SETTLE_REFUSED);
        if (!with) assert_str(share_of(&a, "p")->reason, "not-settled-by-basic-insurance");
        assert_int_equal(pay_of(&a, "p"), with ? 1000000 : 0);
        world_end(&w);
    }
}

/* ---- policies ----------------------------------------------------------------------------------------------------- */

#define TAKER(name, cap) PLAN_HEAD(name, "commercial") BENEFIT("b", "    takes own_full\n    deductible none\n    pays 100%\n    cap " cap " each year\n")
#define POLICY(plan, number, from, status) "{'plan':'" plan "','policy':'" number "','from':'" from "','to':'2022-12-31','status':'" status "','first_enrolled':'" from "'}"

static void test_policy_status(void **state) {
    (void)state;
    static const struct {
        const char *status, *from, *reason;
    } rows[] = {{"in_force", "2022-01-01", ""}, {"grace", "2022-01-01", ""}, {"suspended", "2022-01-01", "policy-suspended"},
                {"lapsed", "2022-01-01", "policy-lapsed"}, {"void", "2022-01-01", "policy-void"}, {"in_force", "2022-08-16", "out-of-cover"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct world w;
        world_begin(&w);
        payer_add(&w, TAKER("t", "1_000"));
        const char *text = arena_printf(&w.a, "{" BILL_HEAD ",'lines':[" OWN_FULL_30000 "],'policies':[{'plan':'t','policy':'1','from':'%s','to':'2022-12-31',"
                                        "'status':'%s'}]}", rows[i].from, rows[i].status).p;
        struct settle_answer a = settled(&w, bill_read(&w, text));
        assert_str(a.shares[0].reason, rows[i].reason);
        assert_int_equal(a.shares[0].status, rows[i].reason[0] ? SETTLE_REFUSED : SETTLE_PAID);
        assert_int_equal(a.shares[0].pay, rows[i].reason[0] ? 0 : 100000);
        if (rows[i].reason[0]) assert_true(a.shares[0].reason_zh.n > 0 && a.shares[0].reason_en.n > 0);
        world_end(&w);
    }
}

/* Of two policies of one plan the one whose period holds the bill is meant. */
static void test_policy_of_the_day(void **state) {
    (void)state;
    struct world w;
    world_begin(&w);
    payer_add(&w, TAKER("t", "1_000"));
    struct settle_answer a = settled(&w, bill_read(&w, BILL(OWN_FULL_30000,
        ",'policies':[{'plan':'t','policy':'old','from':'2021-01-01','to':'2021-12-31','status':'in_force'},"
        "{'plan':'t','policy':'new','from':'2022-01-01','to':'2022-12-31','status':'in_force'}]")));
    assert_str(a.shares[0].policy->policy, "new");
    assert_int_equal(a.shares[0].pay, 100000);
    world_end(&w);
}

static void test_policies_order(void **state) {
    (void)state;
    for (int as_listed = 0; as_listed < 2; as_listed++) {
        struct world w;
        world_begin(&w);
        payer_add(&w, TAKER("named", "1_000"));
        policies_add(&w, as_listed);
        product_add(&w, TAKER("x", "100"));
        product_add(&w, TAKER("y", "200"));
        product_add(&w, TAKER("z", "300"));
        struct settle_answer a = settled(&w, bill_read(&w, BILL(OWN_FULL_30000, ",'policies':["
            POLICY("z", "9", "2021-05-01", "in_force") "," POLICY("named", "1", "2019-01-01", "in_force") "," POLICY("y", "7", "2021-05-01", "in_force") ","
            POLICY("x", "3", "2020-01-01", "in_force") "]")));
        static const char *const by_date[] = {"named", "x", "y", "z"}, *const listed[] = {"named", "z", "y", "x"};
        assert_int_equal(a.share_count, 4);
        for (uint32_t i = 0; i < 4; i++) assert_str(a.shares[i].payer, as_listed ? listed[i] : by_date[i]);
        world_end(&w);
    }
}

static void test_same_product_twice(void **state) {
    (void)state;
    struct world w;
    world_begin(&w);
    policies_add(&w, false);
    product_add(&w, TAKER("x", "100"));
    struct settle_answer a = settled(&w, bill_read(&w, BILL(OWN_FULL_30000, ",'policies':[" POLICY("x", "1", "2021-01-01", "in_force") ","
                                                                            POLICY("x", "2", "2021-02-01", "in_force") "]")));
    assert_int_equal(a.shares[0].pay, 10000);
    assert_int_equal(a.shares[1].status, SETTLE_REFUSED);
    assert_str(a.shares[1].reason, "same-product-twice");
    assert_int_equal(a.shares[1].pay, 0);
    world_end(&w);
}

static void test_unknown_policy_and_region(void **state) {
    (void)state;
    struct world w;
    world_begin(&w);
    policies_add(&w, false);
    const struct bill *b = bill_read(&w, BILL(OWN_FULL_30000, ",'policies':[" POLICY("nobody", "1", "2021-01-01", "in_force") "]"));
    struct settle_answer a = {.cash = 7};
    struct status s = settle_bill(&w.a, &w.chain, b, &w.counters, (struct settle_options){.settled_on = DAY_NONE}, &a);
    assert_true(status_failed(s));
    assert_string_equal(s.err->code, "plan-unknown");
    assert_str(s.err->place, "policies[0].plan");
    assert_int_equal(a.cash, 7); /* outputs stay untouched on failure */

    const struct str regions[] = {STR("310000"), STR("410500")};
    w.chain.payer_count = 0;
    w.chain.regions = regions;
    w.chain.region_count = 1;
    assert_int_equal(settled(&w, b).refusal, SETTLE_REFUSAL_REGION);
    w.chain.region_count = 2;
    assert_int_equal(settled(&w, b).refusal, SETTLE_REFUSAL_NONE);
    world_end(&w);
}

/* Counters are read by a settlement and changed only by its commit; a refused bill changes none. */
static void test_counters_by_commit(void **state) {
    (void)state;
    struct world w;
    world_begin(&w);
    payer_add(&w, SUPPLEMENT);
    const struct bill *b = bill_read(&w, BILL(OWN_FULL_30000, SETTLED("")));
    struct settle_answer a = settled(&w, b);
    assert_int_equal(pay_of(&a, "s"), 1260000);
    assert_int_equal(w.counters.used, 0);
    assert_int_equal(pay_of(&(struct settle_answer){.shares = a.shares, .share_count = a.share_count}, "s"), 1260000);
    assert_null(settle_answer_commit(&a, &w.counters).err);
    assert_true(w.counters.used > 0);
    a = settled(&w, b);
    assert_int_equal(pay_of(&a, "s"), 2100000); /* the deductible is filled */
    a.refusal = SETTLE_REFUSAL_REGION;
    const uint32_t used = w.counters.used;
    assert_null(settle_answer_commit(&a, &w.counters).err);
    assert_int_equal(w.counters.used, used);
    world_end(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_fills),
        cmocka_unit_test(test_smaller_of),
        cmocka_unit_test(test_personal_account),
        cmocka_unit_test(test_co_insurers),
        cmocka_unit_test(test_statutory_plan_then_parts),
        cmocka_unit_test(test_statutory_plan_is_skipped),
        cmocka_unit_test(test_settled_by_a_plan),
        cmocka_unit_test(test_policy_status),
        cmocka_unit_test(test_policy_of_the_day),
        cmocka_unit_test(test_policies_order),
        cmocka_unit_test(test_same_product_twice),
        cmocka_unit_test(test_unknown_policy_and_region),
        cmocka_unit_test(test_counters_by_commit),
    };
    return cmocka_run_group_tests_name("settle-chain", tests, NULL, NULL);
}
