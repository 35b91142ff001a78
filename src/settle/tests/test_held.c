/* Shares held back, who waits behind them, payers without consent, policies that a server asks for. Amounts worked out by hand beside each row. */
#include "settle/tests/support.h"

#define OWN_FULL_30000 LINE(1, 3000000, 3000000, 0, 0, 0)
#define SUPPLEMENT PLAN_HEAD("s", "supplementary") BENEFIT("b", "    takes own_full\n    deductible 12_000 each year\n    pays 70%\n    cap none\n")
#define MILLION(name, cap)                                                                                                                \
    PLAN_HEAD(name, "commercial") BENEFIT("b", "    takes own_full\n    deductible 10_000 each year\n    pays 100%\n    cap " cap "\n")
#define ALL_OF(name, buckets, ratio)                                                                                                      \
    PLAN_HEAD(name, "commercial") BENEFIT("b", "    takes " buckets "\n    deductible none\n    pays " ratio "\n    cap none\n")

static const struct settle_exception silent_s = {STR_INIT("s"), STR_INIT("silent"), STR_INIT("没有答复"), STR_INIT("is silent")};

static struct settle_answer held(struct world *w, const struct bill *b, struct settle_options o)
{
    struct settle_answer a = {0}, plain = {0};
    o.settled_on = DAY_NONE;
    assert_null(settle_bill(&w->a, &w->chain, b, &w->counters, o, &plain).err);
    o.explain = o.lines = true;
    assert_null(settle_bill(&w->a, &w->chain, b, &w->counters, o, &a).err);
    int64_t payers = 0, unpaid = 0, by_line = 0;
    for (uint32_t i = 0; i < a.share_count; i++) {
        assert_int_equal(a.shares[i].pay, plain.shares[i].pay);
        assert_int_equal(a.shares[i].expected, plain.shares[i].expected);
        assert_int_equal(a.shares[i].status, plain.shares[i].status);
        if (a.shares[i].status == SETTLE_LATER) assert_int_equal(a.shares[i].pay + a.shares[i].run.change_count, 0);
        payers += a.shares[i].pay;
    }
    for (uint32_t i = 0; i < a.unpaid_count; i++) unpaid += a.unpaid[i].amount;
    for (uint32_t line = 0; line < b->lines.count; line++) by_line += line_paid(&a, line);
    assert_int_equal(b->total, payers + a.hospital + a.account + a.cash - a.payout);
    assert_int_equal(unpaid, settle_answer_remainder(&a));
    assert_int_equal(by_line, payers);
    return a;
}

static struct settle_answer held_silent(struct world *w, const struct bill *b)
{
    return held(w, b, (struct settle_options){.later = &silent_s, .later_count = 1});
}

static int64_t unpaid_of(const struct settle_answer *a, enum settle_stop stop)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < a->unpaid_count; i++) sum += a->unpaid[i].stop == stop ? a->unpaid[i].amount : 0;
    return sum;
}

/* s expects (30,000 − 12,000) × 70 % = 12,600. m: 30,000 − 10,000 = 20,000 without it, 17,400 − 10,000 = 7,400 behind it. */
static void test_behind(void **state)
{
    (void)state;
    static const struct {
        const char *what, *second;
        int64_t pay, expected, cash;
        enum settle_share_status status;
    } rows[] = {
        {"20,000 or 7,400: waits", MILLION("m", "none"), 0, 2000000, 3000000, SETTLE_LATER},
        {"5,000 either way: pays now", MILLION("m", "5_000 each year"), 500000, 500000, 2500000, SETTLE_PAID},
        {"cap 7,400.00: just equal", MILLION("m", "7_400 each year"), 740000, 740000, 2260000, SETTLE_PAID},
        {"cap 7,400.01: one fen differs", MILLION("m", "7_400.01 each year"), 0, 740001, 3000000, SETTLE_LATER},
        {"another bucket: not behind it at all", ALL_OF("m", "own_first", "100%"), 0, 0, 3000000, SETTLE_PAID},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct world w;
        world_begin(&w);
        print_message("# %s\n", rows[i].what);
        payer_add(&w, SUPPLEMENT);
        payer_add(&w, rows[i].second);
        struct settle_answer a = held_silent(&w, bill_read(&w, BILL(OWN_FULL_30000, SETTLED(""))));
        assert_int_equal(a.shares[0].status, SETTLE_LATER);
        assert_str(a.shares[0].reason, "silent");
        assert_int_equal(a.shares[0].expected, 1260000);
        const struct settle_share *m = share_of(&a, "m");
        assert_int_equal(m->status, rows[i].status);
        assert_int_equal(m->pay, rows[i].pay);
        assert_int_equal(m->expected, rows[i].expected);
        assert_int_equal(a.cash, rows[i].cash);
        if (rows[i].status == SETTLE_LATER) assert_str(m->reason, "behind_later");
        world_end(&w);
    }
}

/* The same payer before the held one is never touched by it. */
static void test_before(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w);
    payer_add(&w, MILLION("m", "none"));
    payer_add(&w, SUPPLEMENT);
    struct settle_answer a = held_silent(&w, bill_read(&w, BILL(OWN_FULL_30000, SETTLED(""))));
    assert_int_equal(pay_of(&a, "m"), 2000000);
    assert_int_equal(share_of(&a, "s")->expected, 0); /* 10,000 left, within its deductible of 12,000 */
    assert_int_equal(share_of(&a, "s")->status, SETTLE_LATER);
    assert_int_equal(a.cash, 1000000);
    world_end(&w);
}

/* q takes all of own_full and own_first: 40,000 or 27,400, so it waits. r takes half of own_first: nothing is left of it in both passes, and only once q is
 * known to wait is there something to wait for: 10,000 × 50 % = 5,000 or 0. */
static void test_fixed_point(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w);
    payer_add(&w, SUPPLEMENT);
    payer_add(&w, ALL_OF("q", "own_full + own_first", "100%"));
    payer_add(&w, ALL_OF("r", "own_first", "50%"));
    struct settle_answer a = held_silent(&w, bill_read(&w, BILL(LINE(1, 4000000, 3000000, 0, 1000000, 0), SETTLED(""))));
    assert_int_equal(share_of(&a, "q")->status, SETTLE_LATER);
    assert_int_equal(share_of(&a, "q")->expected, 4000000);
    assert_int_equal(share_of(&a, "r")->status, SETTLE_LATER);
    assert_int_equal(share_of(&a, "r")->expected, 500000);
    assert_int_equal(a.cash, 4000000);
    world_end(&w);
}

/* Six held shares are more than are tried out: who stands behind them waits, also where it would not matter. */
static void test_many_held(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w);
    static const char *const names[] = {"h1", "h2", "h3", "h4", "h5", "h6"};
    struct settle_exception later[6];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        payer_add(&w, arena_printf(&w.a, PLAN_HEAD("%s", "commercial") BENEFIT("b", "    takes own_full\n    deductible none\n    pays 10%%\n    cap none\n"),
                                   names[i]).p);
        later[i] = (struct settle_exception){str_from(names[i]), STR("review"), STR("审核"), STR("review")};
    }
    payer_add(&w, ALL_OF("m", "own_first", "100%"));
    const struct bill *b = bill_read(&w, BILL(LINE(1, 3000000, 2000000, 0, 1000000, 0), SETTLED("")));
    struct settle_answer a = held(&w, b, (struct settle_options){.later = later, .later_count = 6});
    assert_int_equal(share_of(&a, "m")->status, SETTLE_LATER);
    assert_int_equal(share_of(&a, "m")->expected, 1000000);
    for (size_t i = 0; i < COUNT_OF(names); i++) assert_int_equal(share_of(&a, names[i])->expected, 200000); /* 10 % of 20,000 each: nobody takes */
    assert_int_equal(held(&w, b, (struct settle_options){.later = &later[4], .later_count = 2}).shares[6].pay, 1000000); /* two are tried out */
    world_end(&w);
}

/* What is not paid: 12,000 deductible, 5,400 by the ratio, 12,600 later. */
static void test_reasons(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w);
    payer_add(&w, SUPPLEMENT);
    struct settle_answer a = held_silent(&w, bill_read(&w, BILL(OWN_FULL_30000, SETTLED(""))));
    assert_int_equal(unpaid_of(&a, SETTLE_STOP_DEDUCTIBLE), 1200000);
    assert_int_equal(unpaid_of(&a, SETTLE_STOP_RATIO), 540000);
    assert_int_equal(unpaid_of(&a, SETTLE_STOP_LATER), 1260000);
    assert_true(settle_answer_settled(&a));
    assert_null(settle_answer_commit(&a, &w.counters).err);
    assert_int_equal(w.counters.used, 0); /* no deductible filled, no cap used */

    struct buf out;
    struct json_writer j;
    buf_init(&out, 1 << 20);
    json_writer_init(&j, &out, false);
    settle_answer_write(&a, &w.chain, false, &j);
    const struct json *tree = NULL;
    assert_null(json_parse(&w.a, buf_view(&out), &tree).err);
    const struct json *share = &json_get(tree, STR("payers"))->items[0];
    assert_str(json_get(share, STR("status"))->text, "later");
    assert_str(json_get(share, STR("reason"))->text, "silent");
    assert_str(json_get(share, STR("pay"))->text, "0");
    assert_str(json_get(share, STR("expected"))->text, "1260000");
    assert_str(json_get(share, STR("pay_to"))->text, "patient");
    buf_done(&out);
    world_end(&w);
}

/* A share that its own terms refuse is refused, silent or not. */
static void test_refused_is_not_later(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w);
    payer_add(&w, SUPPLEMENT);
    struct settle_answer a = held_silent(&w, bill_read(&w, BILL(OWN_FULL_30000,
        SETTLED("") ",'policies':[{'plan':'s','policy':'1','from':'2020-01-01','to':'2020-12-31','status':'in_force'}]")));
    assert_int_equal(a.shares[0].status, SETTLE_REFUSED);
    world_end(&w);
}

/* Without consent the plan does not run; the bill is not refused for it, and what it would have paid says why. */
static void test_no_consent(void **state)
{
    (void)state;
    static const struct settle_exception no = {STR_INIT("s"), STR_INIT("no-consent"), STR_INIT("未同意"), STR_INIT("no consent")};
    struct world w;
    world_begin(&w);
    payer_add(&w, SUPPLEMENT);
    struct settle_answer a = held(&w, bill_read(&w, BILL(LINE(1, 3500000, 3000000, 0, 0, 500000), SETTLED("'hifp_pay':300000"))),
                                  (struct settle_options){.refused = &no, .refused_count = 1});
    assert_true(settle_answer_settled(&a));
    assert_int_equal(pay_of(&a, "statutory:hifp_pay"), 300000);
    const struct settle_share *s = share_of(&a, "s");
    assert_int_equal(s->status, SETTLE_REFUSED);
    assert_str(s->reason, "no-consent");
    assert_int_equal(s->expected + s->run.benefit_count, 0);
    assert_int_equal(unpaid_of(&a, SETTLE_STOP_REFUSED_PLAN), 3000000);
    assert_int_equal(a.cash, 3200000);
    world_end(&w);
}

static void test_policies_required(void **state)
{
    (void)state;
    const struct settle_options server = {.policies_required = true};
    struct world w;
    world_begin(&w);
    payer_add(&w, PLAN_HEAD("basic", "statutory") BENEFIT("pool", "    fund hifp_pay\n    takes in_scope\n    deductible none\n    pays 50%\n    cap none\n"));
    payer_add(&w, SUPPLEMENT);
    payer_add(&w, ALL_OF("m", "own_full", "100%"));
    struct settle_answer a = held(&w, bill_read(&w, BILL(LINE(1, 3200000, 3000000, 0, 0, 200000),
        ",'statutory':{'settled':false,'stage':'none'},'policies':[{'plan':'m','policy':'1','from':'2020-01-01','to':'2030-12-31','status':'in_force'}]")), server);
    assert_int_equal(pay_of(&a, "basic"), 100000);
    assert_int_equal(share_of(&a, "s")->status, SETTLE_SKIPPED);
    assert_str(share_of(&a, "s")->reason, "not-covered");
    assert_int_equal(pay_of(&a, "m"), 3000000);
    a = held(&w, bill_read(&w, BILL(OWN_FULL_30000, SETTLED(""))), server);
    assert_true(settle_answer_settled(&a));
    assert_int_equal(a.cash, 3000000);
    assert_int_equal(unpaid_of(&a, SETTLE_STOP_NOT_COVERED), 3000000);
    world_end(&w);
}

/* What the scheme settled stands, though the only other plan refuses; what it did not settle is refused. */
static void test_scheme_stands(void **state)
{
    (void)state;
    const struct settle_options desk = {.policies_required = true}, server = {.policies_required = true, .scheme_stands = true};
    struct world w;
    world_begin(&w);
    payer_add(&w, ALL_OF("m", "own_full", "100%"));
#define LAPSED ",'policies':[{'plan':'m','policy':'1','from':'2020-01-01','to':'2030-12-31','status':'lapsed'}]"
    const struct bill *settled = bill_read(&w, BILL(LINE(1, 3500000, 3000000, 0, 0, 500000), SETTLED("'hifp_pay':300000") LAPSED));
    const struct bill *alone = bill_read(&w, BILL(OWN_FULL_30000, ",'statutory':{'settled':false,'stage':'none'}" LAPSED));
    struct settle_answer a = held(&w, settled, desk);
    assert_false(settle_answer_settled(&a));
    a = held(&w, settled, server);
    assert_true(settle_answer_settled(&a));
    assert_int_equal(share_of(&a, "m")->status, SETTLE_REFUSED);
    assert_int_equal(a.cash, 3200000);
    a = held(&w, alone, server);
    assert_false(settle_answer_settled(&a));
    world_end(&w);
}

static void test_owner(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w);
    payer_add(&w, SUPPLEMENT);
    struct settle_answer a = held(&w, bill_read(&w, BILL(OWN_FULL_30000, SETTLED(""))), (struct settle_options){.owner = STR("someone")});
    assert_int_equal(pay_of(&a, "s"), 1260000);
    assert_true(a.shares[0].run.change_count > 0);
    for (uint32_t i = 0; i < a.shares[0].run.change_count; i++) assert_str(a.shares[0].run.changes[i].key.owner, "someone");
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_behind),
        cmocka_unit_test(test_before),
        cmocka_unit_test(test_fixed_point),
        cmocka_unit_test(test_many_held),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_refused_is_not_later),
        cmocka_unit_test(test_no_consent),
        cmocka_unit_test(test_policies_required), cmocka_unit_test(test_scheme_stands),
        cmocka_unit_test(test_owner),
    };
    return cmocka_run_group_tests_name("settle-held", tests, NULL, NULL);
}
