/* Why not more: every stop of stops.def once, with the clause it names; mixed stops sum to the remainder; the words have no open places. */
#include "settle/tests/support.h"

#define FULL(amount) LINE(1, amount, amount, 0, 0, 0)
#define B(clauses) PLAN_HEAD("p", "commercial") BENEFIT("b", clauses)
enum { FIRST_CLAUSE = 9 }; /* line of the first clause of the first benefit; its head stands on line 8 */

static const struct row {
    enum settle_stop stop;
    const char *plan, *bill;
    int64_t amount;
    uint32_t clause_line;
} rows[] = {
    {SETTLE_STOP_DEDUCTIBLE, B("    takes own_full\n    deductible 50 each year\n    pays 100%\n    cap none\n"), BILL(FULL(20000), ""), 5000, FIRST_CLAUSE + 1},
    {SETTLE_STOP_RATIO, B("    takes own_full\n    deductible none\n    pays 70%\n    cap none\n"), BILL(FULL(20000), ""), 6000, FIRST_CLAUSE + 2},
    {SETTLE_STOP_FIRST_SHARE, B("    takes own_full\n    first share 10% before deductible\n    deductible none\n    pays 100%\n    cap none\n"),
     BILL(FULL(20000), ""), 2000, FIRST_CLAUSE + 1},
    {SETTLE_STOP_LIMIT, B("    takes own_full\n    deductible none\n    pays 100%\n    limit 30 per item each year\n    cap none\n"), BILL(FULL(20000), ""), 17000,
     FIRST_CLAUSE + 3},
    {SETTLE_STOP_CAP, B("    takes own_full\n    deductible none\n    pays 100%\n    cap 80 each year\n"), BILL(FULL(20000), ""), 12000, FIRST_CLAUSE + 3},
    {SETTLE_STOP_EXCLUDED, PLAN_HEAD("p", "commercial") "  exclude beauty \"整形\" / \"beauty\" when code = \"C1\"\n"
     BENEFIT("b", "    takes own_full\n    deductible none\n    pays 100%\n    cap none\n"), BILL(FULL(20000), ""), 20000, FIRST_CLAUSE - 1},
    {SETTLE_STOP_REFUSED_PLAN, B("    takes own_full\n    deductible none\n    pays 100%\n    cap none\n"),
     BILL(FULL(20000), ",'policies':[{'plan':'p','policy':'1','status':'lapsed'}]"), 20000, FIRST_CLAUSE - 1},
    {SETTLE_STOP_REFUSED, PLAN_HEAD("p", "commercial") BENEFIT("b", "    needs statutory settled\n    takes own_full\n    deductible none\n    pays 100%\n    cap none\n")
     BENEFIT("c", "    takes in_scope_own\n    deductible none\n    pays 100%\n    cap none\n"),
     BILL(LINE(1, 30000, 20000, 0, 0, 10000), ",'statutory':{'settled':false,'stage':'none'}"), 20000, FIRST_CLAUSE - 1},
    {SETTLE_STOP_OUTSIDE, B("    takes own_full\n    where visit = pharmacy\n    deductible none\n    pays 100%\n    cap none\n"), BILL(FULL(20000), ""), 20000,
     FIRST_CLAUSE + 1},
    {SETTLE_STOP_NOT_COVERED, B("    takes own_first\n    deductible none\n    pays 100%\n    cap none\n"), BILL(FULL(20000), ""), 20000, 0},
};

static void words_check(const struct settle_answer *a) {
    for (uint32_t i = 0; i < a->unpaid_count; i++) {
        for (int zh = 0; zh < 2; zh++) {
            struct buf text;
            buf_init(&text, 4096);
            settle_unpaid_print(a, &a->unpaid[i], zh, &text);
            assert_true(text.n > 0 && !text.failed);
            assert_true(utf8_check(buf_view(&text)));
            assert_false(str_contains(buf_view(&text), STR("{")));
            buf_done(&text);
        }
    }
}

static void test_each_stop(void **state) {
    (void)state;
    bool seen[SETTLE_STOP_COUNT] = {[SETTLE_STOP_LEFT] = true, [SETTLE_STOP_LATER] = true}; /* test_left; test_held.c */
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct world w;
        world_begin(&w);
        print_message("# %s\n", settle_stop_code(rows[i].stop));
        payer_add(&w, rows[i].plan);
        struct settle_answer a = settled(&w, bill_read(&w, rows[i].bill));
        assert_int_equal(a.unpaid_count, 1);
        assert_string_equal(settle_stop_code(a.unpaid[0].stop), settle_stop_code(rows[i].stop));
        assert_int_equal(a.unpaid[0].amount, rows[i].amount);
        assert_int_equal(a.unpaid[0].clause_line, rows[i].clause_line);
        assert_int_equal(a.unpaid[0].share, rows[i].stop == SETTLE_STOP_NOT_COVERED ? SETTLE_NO_SHARE : 0);
        words_check(&a);
        seen[rows[i].stop] = true;
        world_end(&w);
    }
    for (size_t i = 0; i < SETTLE_STOP_COUNT; i++) assert_true(seen[i]);
}

/* A ratio stops part of it, what an earlier payer took stops nothing that is still unpaid. */
static void test_left(void **state) {
    (void)state;
    struct world w;
    world_begin(&w);
    payer_add(&w, PLAN_HEAD("first", "commercial") BENEFIT("b", "    takes own_full\n    deductible none\n    pays 60%\n    cap none\n"));
    payer_add(&w, PLAN_HEAD("second", "commercial")
                  BENEFIT("b", "    takes own_full + own_first, before other payers\n    deductible none\n    pays 90%\n    cap none\n"));
    struct settle_answer a = settled(&w, bill_read(&w, BILL(LINE(1, 20000, 10000, 0, 10000, 0), "")));
    assert_int_equal(pay_of(&a, "first"), 6000);
    assert_int_equal(pay_of(&a, "second"), 13000); /* 9,000 of own_first; of own_full 9,000 but 4,000 are left */
    int64_t left = 0, ratio = 0;
    for (uint32_t i = 0; i < a.unpaid_count; i++) {
        assert_int_equal(a.unpaid[i].bucket, BUCKET_OWN_FIRST);
        if (a.unpaid[i].stop == SETTLE_STOP_LEFT) left += a.unpaid[i].amount;
        else if (a.unpaid[i].stop == SETTLE_STOP_RATIO) ratio += a.unpaid[i].amount;
        else fail();
    }
    assert_int_equal(left + ratio, 1000);
    words_check(&a);
    world_end(&w);
}

/* Several stops in one benefit: deductible 50, then 80 % of 150 = 120, capped at 90. Unpaid 110 = 50 + 30 + 30. */
static void test_mixed(void **state) {
    (void)state;
    struct world w;
    world_begin(&w);
    payer_add(&w, B("    takes own_full\n    deductible 50 each year\n    pays 80%\n    cap 90 each year\n"));
    struct settle_answer a = settled(&w, bill_read(&w, BILL(FULL(20000), "")));
    static const struct {
        enum settle_stop stop;
        int64_t amount;
    } want[] = {{SETTLE_STOP_DEDUCTIBLE, 5000}, {SETTLE_STOP_RATIO, 3000}, {SETTLE_STOP_CAP, 3000}};
    assert_int_equal(a.unpaid_count, COUNT_OF(want));
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        assert_int_equal(a.unpaid[i].stop, want[i].stop);
        assert_int_equal(a.unpaid[i].amount, want[i].amount);
    }
    world_end(&w);
}

/* The answer as JSON parses, and its not_paid says the same as the records. */
static void test_answer_json(void **state) {
    (void)state;
    struct world w;
    world_begin(&w);
    payer_add(&w, B("    takes own_full\n    deductible 50 each year\n    pays 80%\n    cap 90 each year\n"));
    struct settle_answer a = settled(&w, bill_read(&w, BILL(FULL(20000), "")));
    struct buf out;
    buf_init(&out, LIMIT_JSON_BYTES);
    struct json_writer jw;
    json_writer_init(&jw, &out, false);
    settle_answer_write(&a, &w.chain, true, &jw);
    const struct json *tree = NULL;
    assert_null(json_parse(&w.a, buf_view(&out), &tree).err);
    const struct json *unpaid = json_get(tree, STR("not_paid"));
    assert_int_equal(unpaid->count, a.unpaid_count);
    for (uint32_t i = 0; i < unpaid->count; i++) {
        int64_t amount = 0;
        assert_true(json_to_i64(json_get(&unpaid->items[i], STR("amount")), &amount));
        assert_int_equal(amount, a.unpaid[i].amount);
        assert_str(json_get(json_get(&unpaid->items[i], STR("why")), STR("code"))->text, settle_stop_code(a.unpaid[i].stop));
    }
    const struct json *benefit = &json_get(&json_get(tree, STR("payers"))->items[0], STR("benefits"))->items[0];
    assert_str(json_get(benefit, STR("ratio"))->text, "0.8");
    assert_int_equal(json_get(benefit, STR("cap_left"))->kind, JSON_NUMBER);
    buf_done(&out);
    world_end(&w);
}

/* deductible_left and cap_left are null where there is none; ratio is null where tiers mix. */
static void test_nulls(void **state) {
    (void)state;
    struct world w;
    world_begin(&w);
    payer_add(&w, B("    takes own_full\n    deductible none\n    pays 50% to 100 then 60%, on over each year\n    cap none\n"));
    struct settle_answer a = settled(&w, bill_read(&w, BILL(FULL(20000), "")));
    assert_int_equal(pay_of(&a, "p"), 11000);
    const struct plan_benefit_result *b = &a.shares[0].run.benefits[0];
    assert_true(b->deductible_left == INT64_MIN && b->cap_left == INT64_MIN && b->ratio_ppm < 0);
    world_end(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_stop), cmocka_unit_test(test_left), cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_answer_json), cmocka_unit_test(test_nulls),
    };
    return cmocka_run_group_tests_name("settle-unpaid", tests, NULL, NULL);
}
