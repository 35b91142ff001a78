/* Good bills: defaults, every optional member, names in rare characters, persons of every kind, identities that hold. */
#include "bill/tests/support.h"

#include "bill/reader.h"

static struct arena arena;

static int setup(void **state) {
    (void)state;
    arena_init(&arena, TEST_ARENA_BYTES);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_done(&arena);
    return 0;
}

static struct day on(const char *text) {
    struct day d = DAY_NONE;
    assert_true(day_parse(str_from(text), &d));
    return d;
}

static void defaults(void **state) {
    (void)state;
    const struct bill *b = good_bill(&arena, "{" HEAD "," ONE_LINE "}");
    assert_int_equal(b->revision, 1);
    assert_int_equal(b->hospital_kind, BILL_HOSPITAL_PUBLIC);
    assert_int_equal(b->ward, BILL_WARD_ORDINARY);
    assert_int_equal(b->cause, BILL_CAUSE_ILLNESS);
    assert_str(b->insured_region, "410500");
    assert_int_equal(b->stay.n + b->department.n + b->ext_raw.n + b->invoice.code.n, 0);
    assert_false(b->interim || b->day_surgery || b->died || b->totals_only);
    assert_int_equal(b->icu_days + b->deposit, 0);
    assert_false(day_is(b->person.born));
    assert_int_equal(b->person.sex, BILL_SEX_UNKNOWN);
    assert_int_equal(b->fact_count + b->diagnosis_count + b->history_count + b->procedure_count + b->policy_count, 0);
    assert_false(b->statutory.settled);
    assert_int_equal(b->statutory.stage, BILL_STAGE_NONE);
    assert_int_equal(b->statutory.deductible, -1);
    assert_int_equal(b->statutory.account + b->statutory.hospital_part + b->statutory.fund_sum, 0);
    assert_null(b->warnings);
    assert_int_equal(b->lines.kind[0], BILL_LINE_OTHER);
    assert_str(b->lines.kind_text[0], "other");
    assert_int_equal(b->lines.catalogue[0], BILL_CLASS_NONE);
    assert_int_equal(b->lines.qty_e4[0], 10'000);
    assert_true(b->lines.price_e6[0] == INT64_MIN);
    assert_int_equal(b->lines.date[0].v, on("2022-08-15").v);
}

static void stage_by_default(void **state) {
    (void)state;
    static const struct {
        const char *member;
        enum bill_stage stage;
    } rows[] = {
        {"'statutory':{'settled':true}", BILL_STAGE_FINAL},
        {"'statutory':{'settled':false}", BILL_STAGE_NONE},
        {"'statutory':{'settled':true,'stage':'pre'}", BILL_STAGE_PRE},
        {"'statutory':{'settled':true,'stage':'manual'}", BILL_STAGE_MANUAL},
        {"'statutory':{'settled':false,'stage':'manual'}", BILL_STAGE_MANUAL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str text = arena_printf(&arena, "{%s,%s,%s}", HEAD, ONE_LINE, rows[i].member);
        assert_int_equal(good_bill(&arena, text.p)->statutory.stage, rows[i].stage);
    }
}

static void header_and_sums(void **state) {
    (void)state;
    const struct bill *b = good_bill(&arena, WITH(
        "'revision':3,'hospital_kind':'private','insured_region':'110000','stay':'S1','department':'胸外科','ward':'vip',"
        "'cause':'accident','interim':true,'icu_days':2,'day_surgery':true,'died':true,'deposit':500,'total':1000,"
        "'invoice':{'code':'c','number':'n','check':'k'},'procedures':['96.0800x005'],"
        "'diagnoses':[{'code':'A01.001+K77.0*','main':true},{'code':'E11.900','since':'2020-01-02'}],'history':[{'code':'I10'}]"));
    assert_int_equal(b->revision, 3);
    assert_int_equal(b->hospital_kind, BILL_HOSPITAL_PRIVATE);
    assert_int_equal(b->visit, BILL_VISIT_INPATIENT);
    assert_str(b->insured_region, "110000");
    assert_str(b->department, "胸外科");
    assert_int_equal(b->ward, BILL_WARD_VIP);
    assert_int_equal(b->cause, BILL_CAUSE_ACCIDENT);
    assert_true(b->interim && b->day_surgery && b->died);
    assert_int_equal(b->icu_days, 2);
    assert_int_equal(b->deposit, 500);
    assert_int_equal(b->from.v, on("2022-08-01").v);
    assert_string_equal(b->currency->code, "CNY");
    assert_str(b->invoice.check, "k");
    assert_str(b->procedures[0], "96.0800x005");
    assert_true(b->diagnoses[0].main && !b->diagnoses[1].main);
    assert_false(day_is(b->diagnoses[0].since));
    assert_int_equal(b->diagnoses[1].since.v, on("2020-01-02").v);
    assert_str(b->history[0].code, "I10");
    assert_int_equal(b->total, 1000);
    for (int k = 0; k < BUCKET_GIVEN_COUNT; k++) assert_int_equal(b->net_sum[k], (k + 1) * 100);
}

static void persons(void **state) {
    (void)state;
    static const struct {
        const char *person, *id_kind, *id;
    } rows[] = {
        {"{'id_kind':'01','id':'410599196903070003','born':'1969-03-07','sex':'F'}", "01", "410599196903070003"},
        {"{'unknown':'ER-77'}", "unknown", "ER-77"},
        {"{'newborn_of':'M1','born':'2022-08-03','sex':'M'}", "newborn", "M1"}, /* born during the stay */
        {"{'id_kind':'99','id':'X'}", "99", "X"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str text = arena_printf(&arena, "{%s,'person':%s,%s}", PLACE_AND_TIME, rows[i].person, ONE_LINE);
        const struct bill *b = good_bill(&arena, text.p);
        assert_str(b->person.id_kind, rows[i].id_kind);
        assert_str(b->person.id, rows[i].id);
        assert_null(b->warnings);
    }
}

static void resident_id(void **state) {
    (void)state;
    assert_true(bill_resident_id_check(STR("410502196903070020")));
    assert_true(bill_resident_id_check(STR("11010519491231002X")));
    assert_false(bill_resident_id_check(STR("11010519491231002x")));
    assert_false(bill_resident_id_check(STR("410502196903070021")));
    assert_false(bill_resident_id_check(STR("41050219690307002")));
    assert_false(bill_resident_id_check(STR("4105021969030700200")));
    assert_false(bill_resident_id_check(STR("4105O2196903070020"))); /* the letter O */
    assert_false(bill_resident_id_check(STR("")));
}

static void facts(void **state) {
    (void)state;
    const struct bill *b = good_bill(&arena, WITH(
        "'facts':{'insured_type':'employee','hospital_level':3,'poor':false,'out_of_region':'long_term','stays_this_year':2,"
        "'my_own_fact':'文本','n_1':-7}"));
    static const struct {
        const char *name;
        enum bill_fact_kind kind;
        int64_t number;
    } rows[] = {
        {"insured_type", BILL_FACT_TEXT, 0}, {"hospital_level", BILL_FACT_COUNT, 3},  {"poor", BILL_FACT_BOOL, 0},
        {"out_of_region", BILL_FACT_TEXT, 0}, {"stays_this_year", BILL_FACT_COUNT, 2}, {"my_own_fact", BILL_FACT_TEXT, 0},
        {"n_1", BILL_FACT_COUNT, -7},
    };
    assert_int_equal(b->fact_count, COUNT_OF(rows));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_str(b->facts[i].name, rows[i].name);
        assert_int_equal(b->facts[i].kind, rows[i].kind);
        assert_int_equal(b->facts[i].number, rows[i].number);
    }
    assert_str(b->facts[5].text, "文本");
}

/* Characters beyond the basic plane, in composed and decomposed form, and private use: what a hospital wrote comes back. */
static void names_byte_for_byte(void **state) {
    (void)state;
    static const char *const names[] = {"𬴂𠮷𪚥", "é", "é", "\xee\x80\x80", "\xf3\xb0\x80\x80", "\xe2\x80\x8b-", "欧狄沃"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct str text = arena_printf(&arena,
            "{%s,'person':{'id_kind':'99','id':'X','name':'%s'},'lines':[{'line':1,'code':'%s','name':'%s','kind':'%s','amount':0,%s}]}",
            PLACE_AND_TIME, names[i], names[i], names[i], names[i], PARTS(0, 0, 0, 0));
        const struct bill *b = good_bill(&arena, text.p);
        assert_str(b->person.name, names[i]);
        assert_str(b->lines.name[0], names[i]);
        assert_str(b->lines.code[0], names[i]);
        assert_str(b->lines.kind_text[0], names[i]);
        assert_int_equal(b->lines.kind[0], BILL_LINE_OTHER);
    }
}

static void totals_only(void **state) {
    (void)state;
    const struct bill *b = good_bill(&arena, "{" HEAD ",'total':10,'totals':{" PARTS(1, 2, 3, 4) "}}");
    assert_true(b->totals_only);
    assert_int_equal(b->lines.count, 1);
    assert_int_equal(b->lines.number[0], 0);
    assert_int_equal(b->lines.kind[0], BILL_LINE_OTHER);
    assert_int_equal(b->lines.date[0].v, b->to.v);
    assert_int_equal(b->lines.amount[0], 10);
    assert_int_equal(b->lines.net[BUCKET_IN_SCOPE][0], 4);
    assert_int_equal(b->total, 10);
}

static void statutory(void **state) {
    (void)state;
    const struct bill *b = good_bill(&arena, WITH(
        "'statutory':{'settled':true,'funds':{'hifp_pay':200,'local_fund_7':50},'setl_id':'S','deductible':30,'account':100,"
        "'hospital_part':10,'fund_total':250,'person_total':740,'cash':640,'account_family':40,"
        "'details':[{'fund':'local_fund_7','amount':50},{'fund':'hifp_pay','amount':150},{'fund':'hifp_pay','amount':50}]}"));
    assert_int_equal(b->statutory.fund_count, 2);
    assert_int_equal(b->statutory.fund_sum, 250);
    assert_str(b->statutory.funds[1].name, "local_fund_7");
    assert_int_equal(b->statutory.deductible, 30);
    assert_int_equal(b->statutory.account, 100);
    assert_int_equal(b->statutory.hospital_part, 10);
    assert_null(b->warnings);
    /* the other reading of I6: the family account beside `account` */
    b = good_bill(&arena, WITH("'statutory':{'settled':true,'account':100,'cash':860,'account_family':40}"));
    assert_null(b->warnings);
}

static void policies(void **state) {
    (void)state;
    const struct bill *b = good_bill(&arena, WITH(
        "'policies':[{'plan':'haoyaobao','policy':'P1','plan_version':'2','from':'2022-01-01','to':'2022-12-31','status':'grace',"
        "'first_enrolled':'2020-01-01','claim_free_years':2,'class':'','class_evidence':'…','family':'F1','holder':'h','payee':'p',"
        "'endorsements':[{'name':'除外','from':'2022-02-01','excludes':['C73','D34']}]},{'plan':'lanyibao'}]"));
    const struct bill_policy *p = &b->policies[0];
    assert_int_equal(b->policy_count, 2);
    assert_int_equal(p->status, BILL_POLICY_GRACE);
    assert_int_equal(p->on.to.v, on("2022-12-31").v);
    assert_int_equal(p->claim_free_years, 2);
    assert_true(p->class_given && p->class_name.n == 0);
    assert_str(p->family, "F1");
    assert_int_equal(p->endorsement_count, 1);
    assert_int_equal(p->endorsements[0].on.from.v, on("2022-02-01").v);
    assert_int_equal(p->endorsements[0].on.to.v, DAY_OPEN.v);
    assert_str(p->endorsements[0].excludes[1], "D34");
    p = &b->policies[1];
    assert_int_equal(p->status, BILL_POLICY_IN_FORCE);
    assert_int_equal(p->on.from.v, DAY_NONE.v);
    assert_int_equal(p->on.to.v, DAY_OPEN.v);
    assert_int_equal(p->claim_free_years, -1);
    assert_false(p->class_given || day_is(p->first_enrolled));
}

/* The example of the design: what every adapter and outside test starts from. */
static void designed_example(void **state) {
    (void)state;
    const struct bill *b = good_bill(&arena,
        "{ 'bill': 'H41050000001-20220815-0007', 'revision': 1, 'hospital': 'H41050000001', 'hospital_kind': 'public',"
        "  'region': '410500', 'insured_region': '410500', 'stay': '…', 'visit': 'inpatient', 'department': '…', 'ward': 'ordinary',"
        "  'cause': 'illness', 'from': '2022-08-01', 'to': '2022-08-15', 'currency': 'CNY',"
        "  'person': { 'id_kind': '01', 'id': '410502196903070020', 'name': '…', 'born': '1969-03-07', 'sex': 'F' },"
        "  'facts': { 'insured_type': 'resident', 'hospital_level': 3 },"
        "  'diagnoses': [ { 'code': 'C34.900', 'main': true, 'since': '2022-08-01' } ], 'procedures': [],"
        "  'lines': [ { 'line': 1, 'code': '…', 'name': '…', 'kind': 'drug', 'class': 'B', 'qty': '12', 'price': '333.0000',"
        "    'date': '2022-08-03', 'amount': 399600, 'own_full': 0, 'over_limit': 0, 'own_first': 39960, 'in_scope': 359640 } ],"
        "  'statutory': { 'settled': true, 'stage': 'final', 'funds': { 'hifp_pay': 200000 }, 'setl_id': '…', 'deductible': 60000,"
        "    'account': 0, 'hospital_part': 0 },"
        "  'deposit': 0, 'ext': {}, 'invoice': { 'code': '…', 'number': '…', 'check': '…' } }");
    assert_null(b->warnings);
    assert_int_equal(b->total, 399'600);
    assert_int_equal(b->statutory.fund_sum, 200'000);
    assert_int_equal(b->lines.price_e6[0], 333'000'000);
    assert_str(b->ext_raw, "{}");
}

static void vocabularies(void **state) {
    (void)state;
    for (int which = 0; which < BILL_VOCABULARY_COUNT; which++) {
        uint32_t count = 0;
        const struct bill_word *words = bill_words((enum bill_vocabulary)which, &count);
        assert_true(count > 0);
        for (uint32_t i = 0; i < count; i++) {
            assert_true(utf8_check(str_from(words[i].zh)) && words[i].zh[0]);
            for (uint32_t k = 0; k < i; k++) assert_string_not_equal(words[i].name, words[k].name);
        }
    }
    uint32_t count = 0;
    assert_string_equal(bill_words(BILL_VOCABULARY_STAGE, &count)[BILL_STAGE_MANUAL].name, "manual");
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(defaults), TEST(stage_by_default), TEST(header_and_sums), TEST(persons), TEST(resident_id), TEST(facts),
        TEST(names_byte_for_byte), TEST(totals_only), TEST(statutory), TEST(policies), TEST(designed_example), TEST(vocabularies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
