/* effects as events: golden text of every member, canonical, read back to the same, anything else refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases/set.h"

static struct id128 id_of(uint8_t n)
{
    struct id128 id;
    memset(id.b, n, sizeof id.b);
    return id;
}

static struct digest digest_of(uint8_t n)
{
    struct digest d;
    memset(d.b, n, sizeof d.b);
    return d;
}

/* Every member has a value. */
static void effect_full(struct arena *a, struct cases_effect *e)
{
    struct cases_row *row = ARENA_NEW(a, struct cases_row);
    *row = (struct cases_row){.hospital = STR("H1"), .bill = STR("账单 1"), .region = STR("410500"), .visit = STR("inpatient"), .revision = 2, .total = 100, .funds = 10,
                              .payers = 20, .hospital_part = 5, .account = 15, .cash = 60, .payout = 10, .replaces = id_of(9)};
    *e = (struct cases_effect){.type = JOURNAL_CASE_SETTLED, .case_id = id_of(1), .person = id_of(2), .because = id_of(3), .cover = 7, .at_ms = 1'700'000'000'000, .day = 20'000,
        .row = row, .state = CASES_STATE_IN_DOUBT, .chain = STR("town"), .institution = STR("H1"), .library = digest_of(4), .world_version = 11, .consent = 3, .engine = 1,
        .act = STR("desk"), .act_by = STR("c\"1"), .note_code = STR("why"), .invoice_code = STR("ic"), .invoice_number = STR("in"), .invoice_check = STR("ik"),
        .document_kind = STR("record"), .document_source = STR("patient"), .document_hash = digest_of(5), .key = id_of(6), .body = id_of(7), .op = CASES_CONFIRM};
    e->shares = ARENA_ARRAY(a, struct cases_share, 2);
    e->shares[0] = (struct cases_share){.n = 0, .payer = STR("basic"), .kind = PLAN_STATUTORY, .state = CASES_SHARE_PAID, .pay = 20};
    e->shares[1] = (struct cases_share){.n = 1, .payer = STR("million"), .policy = STR("P1"), .owner = STR("I1"), .kind = PLAN_COMMERCIAL, .state = CASES_SHARE_STATE_LATER,
        .reason = CASES_LATER_REVIEW, .expected = 77, .to_patient = true, .clocks = {1, 2, 3, 4, 5, 6, 7, 8, 9}};
    e->share_count = 2;
    e->deltas = ARENA_ARRAY(a, struct cases_counter_delta, 3);
    const struct plan_counter_key key = {.owner = STR("p"), .product = STR("q"), .benefit = STR("b"), .kind = PLAN_COUNTER_FILLED, .each = PLAN_EACH_YEAR, .period_of = {19'723}};
    e->deltas[0] = (struct cases_counter_delta){key, 12};
    e->deltas[1] = (struct cases_counter_delta){key, -3};
    e->deltas[1].key.period_of = DAY_NONE;
    e->deltas[1].key.period_text = STR("stay-1");
    e->deltas[2] = (struct cases_counter_delta){key, 1};
    e->deltas[2].key.period_of = DAY_NONE;
    e->deltas[2].key.code = STR("A01");
    e->delta_count = 3;
    e->accounts = ARENA_ARRAY(a, struct cases_account, 1);
    e->accounts[0] = (struct cases_account){STR("payer/q/H1/CNY"), currency_find(STR("CNY")), 4, 500};
    e->account_count = 1;
    e->transfers = ARENA_ARRAY(a, struct ledger_transfer, 1);
    e->transfers[0] = (struct ledger_transfer){.id = id_of(8), .act = LEDGER_POST, .debit = 5, .credit = 6, .amount = 20, .kind = LEDGER_KIND_SHARE, .day = 20'000, .case_id = id_of(1)};
    e->transfer_count = 1;
    e->tasks = ARENA_ARRAY(a, struct cases_task, 1);
    e->tasks[0] = (struct cases_task){.id = id_of(10), .case_id = id_of(1), .due_ms = 1'700'000'600'000, .kind = 2, .share = 1};
    e->task_count = 1;
    e->plans = ARENA_ARRAY(a, struct cases_plan_used, 1);
    e->plans[0] = (struct cases_plan_used){STR("q"), digest_of(11)};
    e->plan_count = 1;
}

static struct journal_event event_of(const struct cases_effect *e, struct str open)
{
    return (struct journal_event){.type = e->type, .version = 1, .cover = e->cover, .person = e->person, .subject = e->case_id, .open = open};
}

/* YIJIE_BLESS=1 writes the golden files anew. */
static void golden(struct arena *a, const char *name, struct str text)
{
    char path[512];
    struct str wanted;
    snprintf(path, sizeof path, "%s/%s", GOLDEN, name);
    text = arena_printf(a, "%.*s\n", STR_FMT(text)); /* a file ends its line */
    if (getenv("YIJIE_BLESS")) assert_false(status_failed(env_system()->file_replace(env_system(), a, str_from(path), text)));
    assert_false(status_failed(env_system()->file_read(env_system(), a, str_from(path), 1 << 20, &wanted)));
    if (!str_eq(wanted, text)) fail_msg("%s differs: %.*s", name, STR_FMT(text));
}

static void canonical(struct arena *a, struct str open)
{
    const struct json *tree = NULL;
    struct buf out;
    buf_init(&out, 1 << 20);
    assert_false(status_failed(json_parse(a, open, &tree)));
    assert_false(status_failed(json_canonical(a, tree, &out)));
    assert_true(str_eq(buf_view(&out), open));
    buf_done(&out);
}

static void every_member(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 24);
    struct cases_effect e, back;
    struct str open, again;
    effect_full(&a, &e);
    assert_false(status_failed(cases_effect_write(&e, &a, &open)));
    canonical(&a, open);
    golden(&a, "effect-full.json", open);
    const struct journal_event ev = event_of(&e, open);
    assert_false(status_failed(cases_effect_read(&a, &ev, &back)));
    assert_true(id128_equal(&back.case_id, &e.case_id) && back.cover == e.cover && back.delta_count == 3);
    assert_true(back.deltas[1].key.period_text.n == 6 && back.deltas[1].delta == -3 && str_eq(back.deltas[2].key.code, STR("A01")));
    assert_int_equal(back.shares[1].clocks.undisputed_by_ms, 9);
    assert_false(status_failed(cases_effect_write(&back, &a, &again)));
    assert_true(str_eq(open, again));
    arena_done(&a);
}

/* Each type with the least that it carries. */
static void every_type(void **state)
{
    (void)state;
    static const enum journal_type types[] = {JOURNAL_CASE_SETTLED, JOURNAL_CASE_REVERSED, JOURNAL_CASE_ADJUSTED, JOURNAL_CASE_INVOICED, JOURNAL_SHARE_CHANGED,
                                              JOURNAL_DOCUMENT_ADDED, JOURNAL_DAY_CLOSED, JOURNAL_LEDGER_POSTED};
    struct arena a;
    arena_init(&a, 1 << 24);
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        const struct cases_effect e = {.type = types[i], .case_id = id_of(1), .cover = 7, .at_ms = 5, .day = 3, .state = CASES_STATE_REVERSED, .op = CASES_DUE};
        struct cases_effect back;
        struct str open, again;
        assert_false(status_failed(cases_effect_write(&e, &a, &open)));
        canonical(&a, open);
        const struct journal_event ev = event_of(&e, open);
        assert_false(status_failed(cases_effect_read(&a, &ev, &back)));
        assert_true(back.type == e.type && back.state == e.state && back.op == e.op);
        assert_false(status_failed(cases_effect_write(&back, &a, &again)));
        assert_true(str_eq(open, again));
    }
    arena_done(&a);
}

static void strange_members_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"{}", "[]", "{\"at\":1}", "{\"at\":1,\"day\":1,\"new\":1}", "{\"at\":\"1\",\"day\":1}", "{\"at\":1,\"day\":3000000000}",
        "{\"at\":1,\"day\":1,\"key\":\"00\"}", "{\"at\":1,\"day\":1,\"op\":\"dance\"}", "{\"at\":1,\"day\":1,\"state\":\"settled\"}",
        "{\"at\":1,\"counters\":[[0,0,0,\"fy\",0,null,-1,1]],\"day\":1}", "{\"at\":1,\"counters\":[[0,0,0,\"zz\",0,null,-1,1]],\"day\":1,\"texts\":[\"a\"]}",
        "{\"accounts\":[[\"a\",\"XXQ\",0,0]],\"at\":1,\"day\":1}", "{\"at\":1,\"day\":1,\"shares\":[{\"n\":0,\"stat\":1}]}",
        "{\"at\":1,\"day\":1,\"shares\":[{\"clocks\":[1],\"n\":0}]}", "{\"at\":1,\"day\":1,\"tasks\":[[1]]}", "{\"at\":1,\"day\":1,\"row\":[]}"};
    struct arena a;
    arena_init(&a, 1 << 24);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct cases_effect e;
        const struct journal_event ev = {.type = JOURNAL_CASE_ADJUSTED, .version = 1, .open = str_from(bad[i])};
        if (!status_failed(cases_effect_read(&a, &ev, &e))) fail_msg("taken: %s", bad[i]);
    }
    struct cases_effect e;
    const struct journal_event newer = {.type = JOURNAL_CASE_ADJUSTED, .version = 2, .open = STR("{\"at\":1,\"day\":1}")};
    assert_true(status_failed(cases_effect_read(&a, &newer, &e)));
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_member), cmocka_unit_test(every_type), cmocka_unit_test(strange_members_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
