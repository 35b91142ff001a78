/* The state of the command line: written and read it is the same, equal states are equal bytes, anything else is refused. Owners. */
#include "settle/tests/support.h"

static const struct plan_counter_key keys[] = {
    {.owner = STR_INIT("p:1"), .product = STR_INIT("anyang"), .benefit = STR_INIT("in"), .code = STR_INIT(""), .period_of = {18993}, .kind = PLAN_COUNTER_FILLED,
     .each = PLAN_EACH_YEAR},
    {.owner = STR_INIT("p:1"), .product = STR_INIT("anyang"), .benefit = STR_INIT("in"), .code = STR_INIT(""), .period_of = {18993}, .kind = PLAN_COUNTER_PAID,
     .each = PLAN_EACH_YEAR, .clause = 255},
    {.owner = STR_INIT("family-7"), .product = STR_INIT("百万医疗"), .benefit = STR_INIT("住院"), .code = STR_INIT("药 \"A\"\\1"), .period_of = {INT32_MIN},
     .kind = PLAN_COUNTER_LIMIT, .each = PLAN_EACH_LIFETIME},
    {.owner = STR_INIT("p:2"), .product = STR_INIT("x"), .benefit = STR_INIT("y"), .code = STR_INIT(""), .period_text = STR_INIT(":stay:1"), .period_of = {INT32_MIN},
     .kind = PLAN_COUNTER_TIMES, .each = PLAN_EACH_STAY},
    {.owner = STR_INIT("p:2"), .product = STR_INIT("x"), .benefit = STR_INIT("y"), .code = STR_INIT(""), .period_text = STR_INIT("2022-08-01"), .period_of = {INT32_MIN},
     .kind = PLAN_COUNTER_BASE, .each = PLAN_EACH_STAY}, /* a stay whose number looks like a day */
    {.owner = STR_INIT("p:2"), .product = STR_INIT("x"), .benefit = STR_INIT("y"), .code = STR_INIT("𬱖㛃䶮"), .period_of = {19205}, .kind = PLAN_COUNTER_DAYS,
     .each = PLAN_EACH_DAY},
};

static struct plan_counter_key key_of(size_t i) {
    struct plan_counter_key k = keys[i];
    if (k.period_of.v == INT32_MIN) k.period_of = DAY_NONE;
    return k;
}

static struct str state_text(struct arena *a, const struct settle_state *s) {
    struct buf out;
    buf_init(&out, LIMIT_JSON_BYTES);
    assert_null(settle_state_write(s, a, &out).err);
    struct str copy = arena_str(a, buf_view(&out));
    assert_non_null(copy.p);
    buf_done(&out);
    return copy;
}

static void state_fill(struct settle_state *s, bool backwards) {
    static const struct {
        const char *hospital, *bill;
    } bills[] = {{"H1", "B1"}, {"H2", "B1"}, {"H1", "账单-𬱖"}};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const struct plan_counter_key k = key_of(backwards ? COUNT_OF(keys) - 1 - i : i);
        assert_null(plan_counters_set(&s->counters, &k, 1000 + k.kind).err);
    }
    for (size_t i = 0; i < COUNT_OF(bills); i++) {
        const size_t at = backwards ? COUNT_OF(bills) - 1 - i : i;
        const struct bill b = {.hospital = str_from(bills[at].hospital), .bill = str_from(bills[at].bill), .revision = 2, .total = 77};
        assert_false(settle_state_has_bill(s, &b));
        assert_null(settle_state_add_bill(s, &b).err);
        assert_true(settle_state_has_bill(s, &b));
    }
}

static void test_round_trip(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    struct settle_state one, other, back;
    assert_null(settle_state_init(&one, &a).err);
    assert_null(settle_state_init(&other, &a).err);
    assert_null(settle_state_init(&back, &a).err);
    state_fill(&one, false);
    state_fill(&other, true);
    const struct str text = state_text(&a, &one);
    assert_true(str_eq(text, state_text(&a, &other))); /* the order of events leaves no trace */
    assert_null(settle_state_parse(&back, text).err);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const struct plan_counter_key k = key_of(i);
        assert_int_equal(plan_counters_get(&back.counters, &k), 1000 + k.kind);
    }
    assert_int_equal(back.bill_count, 3);
    assert_true(str_eq(text, state_text(&a, &back)));
    arena_done(&a);
}

static void test_empty(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    struct settle_state s, back;
    assert_null(settle_state_init(&s, &a).err);
    assert_null(settle_state_init(&back, &a).err);
    assert_null(settle_state_parse(&s, STR("")).err);
    const struct plan_counter_key k = key_of(0);
    assert_null(plan_counters_set(&s.counters, &k, 5).err);
    assert_null(plan_counters_set(&s.counters, &k, 0).err); /* what came back to nothing is not written */
    const struct str text = state_text(&a, &s);
    assert_false(str_contains(text, STR("owner")));
    assert_null(settle_state_parse(&back, text).err);
    assert_int_equal(back.counters.used, 0);
    arena_done(&a);
}

#define COUNTER(owner, kind, each, period, value)                                                                                         \
    "{'owner':'" owner "','product':'p','benefit':'b','kind':'" kind "','clause':0,'code':'','each':'" each "','period':'" period "','value':" value "}"
#define GOOD_COUNTER COUNTER("p:1", "filled", "year", "2022-01-01", "7")
#define STATE(counters, bills) "{'yijie_state':1,'counters':[" counters "],'bills':[" bills "]}"
#define GOOD_BILL "{'hospital':'H','bill':'B','revision':1,'total':0}"

static void test_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *code;
    } rows[] = {
        {STATE(GOOD_COUNTER, GOOD_BILL), NULL},
        {STATE("", ""), NULL},
        {"{'yijie_state':2,'counters':[],'bills':[]}", "state-invalid"},
        {"{'yijie_state':1,'counters':[]}", "state-invalid"},
        {"{'yijie_state':1,'counters':[],'bills':[],'more':1}", "state-invalid"},
        {"{'yijie_state':1,'counters':{},'bills':[]}", "state-invalid"},
        {"[]", "state-invalid"},
        {"{'yijie_state':1,'counters':[]", "json-truncated"},
        {STATE(GOOD_COUNTER "," GOOD_COUNTER, ""), "state-invalid"},
        {STATE("", GOOD_BILL "," GOOD_BILL), "state-invalid"},
        {STATE("", "{'hospital':'H','bill':'C','revision':1,'total':0}," GOOD_BILL), "state-invalid"},
        {STATE("", GOOD_BILL ",{'hospital':'H','bill':'C','revision':1,'total':0}"), NULL},
        {STATE(COUNTER("p:1", "filled", "year", "2022-01-01", "0"), ""), "state-invalid"},
        {STATE(COUNTER("p:1", "filled", "year", "2022-01-01", "-7"), ""), "state-invalid"},
        {STATE(COUNTER("p:1", "filled", "year", "2022-01-01", "7.0"), ""), "state-invalid"},
        {STATE(COUNTER("p:1", "filled", "year", "2022-01-01", "1000000000000001"), ""), "state-invalid"},
        {STATE(COUNTER("p:1", "poured", "year", "2022-01-01", "7"), ""), "state-invalid"},
        {STATE(COUNTER("p:1", "filled", "month", "2022-01-01", "7"), ""), "state-invalid"},
        {STATE(COUNTER("p:1", "filled", "year", "2022-02-30", "7"), ""), "state-invalid"},
        {STATE("7", ""), "state-invalid"},
        {STATE("", "{'hospital':'H','bill':'B','revision':0,'total':0}"), "state-invalid"},
        {STATE("", "{'hospital':'H','bill':'B','revision':1,'total':-1}"), "state-invalid"},
        {STATE("", "{'hospital':'H','bill':'B','revision':1}"), "state-invalid"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena a;
        arena_init(&a, TEST_ARENA_BYTES);
        char *text = ARENA_ARRAY(&a, char, strlen(rows[i].text) + 1);
        assert_non_null(text);
        for (size_t k = 0; rows[i].text[k]; k++) text[k] = rows[i].text[k] == '\'' ? '"' : rows[i].text[k];
        struct settle_state s;
        assert_null(settle_state_init(&s, &a).err);
        struct status status = settle_state_parse(&s, str_from(text));
        if (status_failed(status) != (rows[i].code != NULL)) print_error("%s\n", text);
        assert_int_equal(status_failed(status), rows[i].code != NULL);
        if (rows[i].code) assert_string_equal(status.err->code, rows[i].code);
        if (rows[i].code) assert_true(status.err->zh.n > 0 && status.err->en.n > 0 && status.err->hint_zh.n > 0 && status.err->hint_en.n > 0);
        arena_done(&a);
    }
}

/* Digests: the same person is one owner wherever she is treated; unknown and newborn are the hospital's. */
static void test_owner(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    const struct bill one = {.hospital = STR("H1"), .person = {.id_kind = STR("01"), .id = STR("410502196903070020")}};
    const struct bill elsewhere = {.hospital = STR("H2"), .person = one.person};
    const struct bill kind = {.hospital = STR("H1"), .person = {.id_kind = STR("02"), .id = one.person.id}};
    const struct bill unknown_1 = {.hospital = STR("H1"), .person = {.id_kind = STR("unknown"), .id = STR("7")}};
    const struct bill unknown_2 = {.hospital = STR("H2"), .person = {.id_kind = STR("unknown"), .id = STR("7")}};
    const struct bill *bills[] = {&one, &elsewhere, &kind, &unknown_1, &unknown_2};
    struct str owners[COUNT_OF(bills)];
    for (size_t i = 0; i < COUNT_OF(bills); i++) {
        assert_null(settle_owner(&a, bills[i], &owners[i]).err);
        assert_true(str_starts(owners[i], STR("p:")) && owners[i].n == 34);
        assert_false(str_contains(owners[i], STR("41050219")));
        for (size_t k = 0; k < i; k++) assert_int_equal(str_eq(owners[i], owners[k]), i == 1 && k == 0);
    }
    arena_done(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_empty), cmocka_unit_test(test_refused), cmocka_unit_test(test_owner)};
    return cmocka_run_group_tests_name("settle-state", tests, NULL, NULL);
}
