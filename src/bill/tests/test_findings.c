/* Every finding of findings.def has a bill that triggers it, at the exact place; and the order and number of findings. */
#include "bill/tests/support.h"

#include <stdio.h>

#include "bill/reader.h"

/* ---- texts too long to write down ------------------------------------------------------------------- */

static const char *repeated(struct arena *a, const char *head, const char *item, uint32_t count, const char *tail) {
    struct buf b;
    buf_init(&b, 1024 * 1024);
    buf_add_cstr(&b, head);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) buf_add_char(&b, ',');
        buf_add_cstr(&b, item);
    }
    buf_add_cstr(&b, tail);
    struct str out = arena_str(a, buf_view(&b));
    buf_done(&b);
    assert_non_null(out.p);
    return out.p;
}

static const char *too_many_diagnoses(struct arena *a) {
    return repeated(a, "{" HEAD "," ONE_LINE ",'diagnoses':[", "{'code':'A00'}", LIMIT_BILL_DIAGNOSES + 1, "]}");
}

/* ---- the table ---------------------------------------------------------------------------------------- */

#define TWO_LINES LINE(1, 1000, PARTS(1000, 0, 0, 0)) "," LINE(2, 500, PARTS(0, 0, 0, 500))
#define RETURN(number, of, amount, more) \
    "{'line':" #number ",'code':'C1','amount':" #amount ",'own_full':" #amount \
    ",'over_limit':0,'own_first':0,'in_scope':0,'returns':" #of more "}"
#define STATUTORY(members) "{" HEAD "," ONE_LINE ",'statutory':{" members "}}"

static const struct row {
    const char *code, *place, *text;
    const char *(*make)(struct arena *a);
} rows[] = {
    {"bill-not-object", "", "[]", NULL},
    {"bill-member-unknown", "hopsital_kind", WITH("'hopsital_kind':'public'"), NULL},
    {"bill-member-unknown", "lines[0].amuont", WITH_LINES("{'line':1,'code':'C1','amount':0,'amuont':0," PARTS(0, 0, 0, 0) "}"), NULL},
    {"bill-member-unknown", "history[0].main", WITH("'history':[{'code':'A00','main':true}]"), NULL},
    {"bill-member-missing", "currency", "{'bill':'B1','hospital':'H1','region':'410500','visit':'inpatient','from':'2022-08-01',"
                                        "'to':'2022-08-15'," PERSON "," ONE_LINE "}", NULL},
    {"bill-member-missing", "person.id", "{" PLACE_AND_TIME ",'person':{'id_kind':'01'}," ONE_LINE "}", NULL},
    {"bill-member-missing", "lines[0].own_first", WITH_LINES("{'line':1,'code':'C','amount':0,'own_full':0,'over_limit':0,'in_scope':0}"), NULL},
    {"bill-member-missing", "statutory.settled", STATUTORY("'stage':'final'"), NULL},
    {"bill-member-type", "stay", WITH("'stay':7"), NULL},
    {"bill-member-type", "lines", "{" HEAD ",'lines':{}}", NULL},
    {"bill-member-type", "facts.age", WITH("'facts':{'age':null}"), NULL},
    {"bill-member-type", "ext", WITH("'ext':[]"), NULL},
    {"bill-text-empty", "lines[0].code", WITH_LINES("{'line':1,'code':'','amount':0," PARTS(0, 0, 0, 0) "}"), NULL},
    {"bill-text-empty", "procedures[1]", WITH("'procedures':['96.0800',''] "), NULL},
    {"bill-text-long", "stay", WITH("'stay':'01234567890123456789012345678901234567890123456789012345678901234'"), NULL},
    {"bill-text-control", "stay", WITH("'stay':'a\\u0007b'"), NULL},
    {"bill-text-control", "department", WITH("'department':'a\\u009fb'"), NULL},
    {"bill-identifier", "facts.Poor", WITH("'facts':{'Poor':true}"), NULL},
    {"bill-identifier", "facts.рoor", WITH("'facts':{'рoor':true}"), NULL}, /* a Cyrillic er looks like p */
    {"bill-identifier", "statutory.funds.hifp-pay", STATUTORY("'settled':true,'funds':{'hifp-pay':1}"), NULL},
    {"bill-word", "ward", WITH("'ward':'Ordinary'"), NULL},
    {"bill-word", "facts.insured_type", WITH("'facts':{'insured_type':'employe'}"), NULL},
    {"bill-word", "facts.out_of_region", WITH("'facts':{'out_of_region':'yes'}"), NULL},
    {"bill-integer", "revision", WITH("'revision':1.0"), NULL},
    {"bill-integer-range", "revision", WITH("'revision':0"), NULL},
    {"bill-integer-range", "facts.hospital_level", WITH("'facts':{'hospital_level':4}"), NULL},
    {"bill-decimal", "lines[0].qty", WITH_LINES("{'line':1,'code':'C','qty':12,'amount':0," PARTS(0, 0, 0, 0) "}"), NULL},
    {"bill-decimal", "lines[0].price", WITH_LINES("{'line':1,'code':'C','price':'1.0000001','amount':0," PARTS(0, 0, 0, 0) "}"), NULL},
    {"bill-decimal", "lines[0].qty", WITH_LINES("{'line':1,'code':'C','qty':'1000000000000','amount':0," PARTS(0, 0, 0, 0) "}"), NULL},
    {"bill-day", "person.born", "{" PLACE_AND_TIME ",'person':{'id_kind':'99','id':'X','born':'1969-02-29'}," ONE_LINE "}", NULL},
    {"bill-too-many", "diagnoses", NULL, too_many_diagnoses},
    {"bill-amount-integer", "lines[0].amount", WITH_LINES("{'line':1,'code':'C','amount':8.52," PARTS(0, 0, 0, 0) "}"), NULL},
    {"bill-amount-integer", "lines[0].amount", WITH_LINES("{'line':1,'code':'C','amount':'852'," PARTS(0, 0, 0, 0) "}"), NULL},
    {"bill-amount-integer", "deposit", WITH("'deposit':1e3"), NULL},
    {"bill-amount-limit", "deposit", WITH("'deposit':1000000000000001"), NULL},
    {"bill-amount-limit", "deposit", WITH("'deposit':99999999999999999999999999"), NULL},
    {"bill-amount-negative", "deposit", WITH("'deposit':-1"), NULL},
    {"bill-amount-negative", "totals.own_full", "{" HEAD ",'totals':{" PARTS(-1, 0, 0, 1) "}}", NULL},
    {"bill-sum-limit", "lines", WITH_LINES(LINE(1, 600000000000000, PARTS(600000000000000, 0, 0, 0)) ","
                                           LINE(2, 600000000000000, PARTS(0, 0, 0, 600000000000000))), NULL},
    {"bill-sum-limit", "totals", "{" HEAD ",'totals':{" PARTS(600000000000000, 600000000000000, 0, 0) "}}", NULL},
    {"bill-sum-limit", "statutory.funds.b", STATUTORY("'settled':true,'funds':{'a':1000000000000000,'b':1}"), NULL},
    {"bill-currency", "currency", "{'bill':'B1','hospital':'H1','region':'410500','visit':'inpatient','from':'2022-08-01',"
                                  "'to':'2022-08-15','currency':'RMB'," PERSON "," ONE_LINE "}", NULL},
    {"bill-period", "to", "{'bill':'B1','hospital':'H1','region':'410500','visit':'inpatient','from':'2022-08-16',"
                          "'to':'2022-08-15','currency':'CNY'," PERSON "," ONE_LINE "}", NULL},
    {"bill-person-shape", "person", "{" PLACE_AND_TIME ",'person':{'unknown':'U1','id':'X'}," ONE_LINE "}", NULL},
    {"bill-person-shape", "person", "{" PLACE_AND_TIME ",'person':{'unknown':'U1','newborn_of':'X'}," ONE_LINE "}", NULL},
    {"bill-born-after", "person.born", "{" PLACE_AND_TIME ",'person':{'id_kind':'99','id':'X','born':'2022-08-02'}," ONE_LINE "}", NULL},
    {"bill-id-check-digit", "person.id", "{" PLACE_AND_TIME ",'person':{'id_kind':'01','id':'410599196903070004'}," ONE_LINE "}", NULL},
    {"bill-fact-value", "facts.poor", WITH("'facts':{'poor':1}"), NULL},
    {"bill-fact-value", "facts.hospital_level", WITH("'facts':{'hospital_level':'3'}"), NULL},
    {"bill-fact-value", "facts.insured_type", WITH("'facts':{'insured_type':true}"), NULL},
    {"bill-diagnosis-main", "diagnoses[1].main", WITH("'diagnoses':[{'code':'A','main':true},{'code':'B','main':true}]"), NULL},
    {"bill-lines-missing", "lines", "{" HEAD "}", NULL},
    {"bill-lines-and-totals", "totals", WITH("'totals':{" PARTS(1, 2, 3, 4) "}"), NULL},
    {"bill-lines-empty", "lines", WITH_LINES(""), NULL},
    {"bill-line-duplicate", "lines[1].line", WITH_LINES(LINE(7, 0, PARTS(0, 0, 0, 0)) "," LINE(7, 0, PARTS(0, 0, 0, 0))), NULL},
    {"bill-line-sum", "lines[0].amount", WITH_LINES(LINE(1, 1001, PARTS(100, 200, 300, 400))), NULL},
    {"bill-line-negative", "lines[0].own_first", WITH_LINES(LINE(1, 0, PARTS(0, 0, -5, 5))), NULL},
    {"bill-line-negative", "lines[0].qty", WITH_LINES("{'line':1,'code':'C','qty':'-1','amount':0," PARTS(0, 0, 0, 0) "}"), NULL},
    {"bill-return-positive", "lines[1].own_full",
     WITH_LINES(LINE(1, 5, PARTS(5, 0, 0, 0)) ",{'line':2,'code':'C','amount':0,'returns':1," PARTS(5, 0, 0, -5) "}"), NULL},
    {"bill-return-positive", "lines[1].qty", WITH_LINES(LINE(1, 5, PARTS(5, 0, 0, 0)) "," RETURN(2, 1, -5, ",'qty':'1'")), NULL},
    {"bill-line-date-outside", "lines[0].date", WITH_LINES("{'line':1,'code':'C','date':'2022-08-16','amount':0," PARTS(0, 0, 0, 0) "}"), NULL},
    {"bill-return-unknown", "lines[2].returns", WITH_LINES(TWO_LINES "," RETURN(3, 9, -5, "")), NULL},
    {"bill-return-of-return", "lines[3].returns", WITH_LINES(TWO_LINES "," RETURN(3, 1, -5, "") "," RETURN(4, 3, -5, "")), NULL},
    {"bill-return-of-return", "lines[0].returns", WITH_LINES(RETURN(3, 3, -5, "")), NULL},
    {"bill-return-alone", "lines[0].returns_bill", WITH_LINES("{'line':1,'code':'C','amount':0,'returns_bill':'B1'," PARTS(0, 0, 0, 0) "}"), NULL},
    {"bill-return-other-bill", "lines[2].returns_bill", WITH_LINES(TWO_LINES "," RETURN(3, 1, -5, ",'returns_bill':'B0'")), NULL},
    {"bill-return-net-negative", "lines[2].returns", WITH_LINES(TWO_LINES "," RETURN(3, 1, -1001, "")), NULL},
    {"bill-return-net-negative", "lines[3].returns", WITH_LINES(TWO_LINES "," RETURN(3, 1, -600, "") "," RETURN(4, 1, -600, "")), NULL},
    {"bill-return-net-negative", "lines[2].returns", WITH_LINES(TWO_LINES "," RETURN(3, 2, -1, "")), NULL}, /* another bucket */
    {"bill-return-net-negative", "lines[2].returns", WITH_LINES(TWO_LINES "," RETURN(3, 1, -1, ",'qty':'-1.0001'")), NULL},
    {"bill-total", "total", WITH("'total':999"), NULL},
    {"bill-total", "total", "{" HEAD ",'total':9,'totals':{" PARTS(1, 2, 3, 4) "}}", NULL},
    {"bill-stage", "statutory.stage", STATUTORY("'settled':true,'stage':'none'"), NULL},
    {"bill-stage", "statutory.stage", STATUTORY("'settled':false,'stage':'final'"), NULL},
    {"bill-stage", "statutory.stage", STATUTORY("'settled':false,'stage':'pre'"), NULL},
    {"bill-funds-not-settled", "statutory.funds", STATUTORY("'settled':false,'funds':{'hifp_pay':1}"), NULL},
    {"bill-fund-total", "statutory.fund_total", STATUTORY("'settled':true,'funds':{'hifp_pay':100},'fund_total':101"), NULL},
    {"bill-fund-details", "statutory.details",
     STATUTORY("'settled':true,'funds':{'hifp_pay':100},'details':[{'fund':'hifp_pay','amount':60},{'fund':'hifp_pay','amount':41}]"), NULL},
    {"bill-fund-details", "statutory.details", STATUTORY("'settled':true,'funds':{'a':60,'b':40},'details':[{'fund':'a','amount':60}]"), NULL},
    {"bill-fund-details", "statutory.details", STATUTORY("'settled':true,'details':[{'fund':'a','amount':60}]"), NULL},
    {"bill-funds-over-total", "statutory.funds", STATUTORY("'settled':true,'funds':{'a':900},'hospital_part':101"), NULL},
    {"bill-account-over-person", "statutory.account", STATUTORY("'settled':true,'funds':{'a':400},'account':601"), NULL},
    {"bill-deductible-over-scope", "statutory.deductible", STATUTORY("'settled':true,'deductible':401"), NULL},
    {"bill-person-total", "statutory.person_total", STATUTORY("'settled':true,'funds':{'a':400},'person_total':599"), NULL},
    {"bill-person-cash", "statutory.cash", STATUTORY("'settled':true,'funds':{'a':400},'account':100,'cash':499"), NULL},
    {"bill-policy-period", "policies[0].to", WITH("'policies':[{'plan':'p','from':'2022-02-01','to':'2022-01-01'}]"), NULL},
    {"bill-policy-period", "policies[0].endorsements[0].to",
     WITH("'policies':[{'plan':'p','endorsements':[{'name':'e','from':'2022-02-01','to':'2022-01-01'}]}]"), NULL},
};

static const char *row_text(struct arena *a, const struct row *row) {
    return row->make ? row->make(a) : row->text;
}

/* All errors of a refused bill, or the warnings of an accepted one. */
static const struct error *findings_of(struct arena *a, const char *text) {
    const struct bill *b = NULL;
    struct status s = bill_parse(a, json_of(a, text), &b);
    return status_failed(s) ? s.err : b->warnings;
}

static void assert_worded(const struct error *e) {
    const struct str *texts[] = {&e->zh, &e->en, &e->hint_zh, &e->hint_en};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        assert_true(texts[i]->n > 0);
        assert_true(utf8_check(*texts[i]));
        assert_false(str_contains(*texts[i], STR("{1}")));
    }
}

static void each_row(void **state) {
    (void)state;
    struct arena a;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        arena_init(&a, TEST_ARENA_BYTES);
        const struct error *e = findings_of(&a, row_text(&a, &rows[i]));
        bool matches = e && strcmp(e->code, rows[i].code) == 0 && str_eq(e->place, str_from(rows[i].place));
        if (!matches)
            print_error("row %zu: want %s at %s, got %s at %.*s\n", i, rows[i].code, rows[i].place, e ? e->code : "nothing",
                        e ? (int)e->place.n : 0, e ? e->place.p : "");
        assert_true(matches);
        if (e->next) print_error("row %zu: also %s at %.*s\n", i, e->next->code, STR_FMT(e->next->place));
        assert_null(e->next); /* one cause, one finding */
        assert_worded(e);
        arena_done(&a);
    }
}

static void every_code_has_a_bill(void **state) {
    (void)state;
    for (int which = 0; which < BILL_FINDING_COUNT; which++) {
        const char *code = bill_finding_row((enum bill_finding)which)->code;
        size_t found = 0;
        for (size_t i = 0; i < COUNT_OF(rows); i++) found += strcmp(rows[i].code, code) == 0;
        if (found == 0) print_error("no bill triggers %s\n", code);
        assert_true(found > 0);
        for (int other = 0; other < which; other++) assert_string_not_equal(code, bill_finding_row((enum bill_finding)other)->code);
    }
}

static void warnings_do_not_refuse(void **state) {
    (void)state;
    struct arena a;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int which = 0;
        while (strcmp(bill_finding_row((enum bill_finding)which)->code, rows[i].code) != 0) which++;
        arena_init(&a, TEST_ARENA_BYTES);
        const struct bill *b = NULL;
        struct status s = bill_parse(&a, json_of(&a, row_text(&a, &rows[i])), &b);
        assert_int_equal(status_failed(s), bill_finding_row((enum bill_finding)which)->severity == BILL_SEVERITY_ERROR);
        arena_done(&a);
    }
}

static void document_order(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    static const char text[] =
        "{'statutory':{'settled':1},'lines':[{'line':1,'code':'C','in_scope':-1,'amount':0.5,'own_full':0,'over_limit':0,'own_first':0},"
        "{'code':'C','line':1,'amount':5,'own_full':0,'over_limit':0,'own_first':0,'in_scope':0}],'who':1," HEAD "}";
    static const char *const places[] = {"statutory.settled", "lines[0].in_scope", "lines[0].amount", "lines[1].line", "lines[1].amount", "who"};
    const struct error *e = bad_bill(&a, text);
    for (size_t i = 0; i < COUNT_OF(places); i++, e = e->next) {
        assert_non_null(e);
        assert_str(e->place, places[i]);
    }
    assert_null(e);
    arena_done(&a);
}

static void at_most_twenty(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    const char *text = repeated(&a, "{" HEAD ",'lines':[", "{'line':1,'x':1}", 1000, "]}");
    const struct error *e = bad_bill(&a, text);
    assert_int_equal(chain_length(e), LIMIT_BILL_FINDINGS);
    assert_str(e->place, "lines[0].x"); /* the earliest are kept: 6 missing members and 1 unknown a line */
    while (e->next) e = e->next;
    assert_true(str_starts(e->place, STR("lines[2].")));
    arena_done(&a);
}

static void hints(void **state) {
    (void)state;
    static const struct {
        const char *text, *hint_en, *hint_zh;
    } hint_rows[] = {
        {WITH("'hopsital_kind':'public'"), "did you mean \"hospital_kind\"?", "是否想写“hospital_kind”？"},
        {WITH("'Ward':'vip'"), "did you mean \"ward\"?", "是否想写“ward”？"},
        {WITH("'ward':'vipp'"), "did you mean \"vip\"?", "是否想写“vip”？"},
        {WITH("'ward':'suite'"), "known here: ordinary, special, international, vip", "可用：ordinary, special, international, vip"},
        {WITH("'deposit':8.5"), "amounts are integers in fen: 852.00 yuan is 85200", "金额为以分为单位的整数：852.00 元写作 85200"},
    };
    struct arena a;
    for (size_t i = 0; i < COUNT_OF(hint_rows); i++) {
        arena_init(&a, TEST_ARENA_BYTES);
        const struct error *e = bad_bill(&a, hint_rows[i].text);
        assert_str(e->hint_en, hint_rows[i].hint_en);
        assert_str(e->hint_zh, hint_rows[i].hint_zh);
        arena_done(&a);
    }
}

/* No message repeats who it is about. */
static void personal_data_stays_out(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    static const char *const persons[] = {
        "{'id_kind':'01','id':'41059919690307SECR','name':'SECRET','born':'SECRET'}",
        "{'id_kind':'01','id':'SECRET\\u0001','name':'SECRET\\u0001'}",
        "{'id_kind':'SECRETSECRET','id':'SECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRET','unknown':'SECRET'}",
        "{'newborn_of':'SECRET','id':'SECRET'}",
    };
    for (size_t i = 0; i < COUNT_OF(persons); i++) {
        struct str text = arena_printf(&a, "{%s,'person':%s,%s}", PLACE_AND_TIME, persons[i], ONE_LINE);
        const struct error *e = findings_of(&a, text.p);
        assert_non_null(e);
        for (; e; e = e->next) {
            const struct str *texts[] = {&e->place, &e->zh, &e->en, &e->hint_zh, &e->hint_en};
            for (size_t k = 0; k < COUNT_OF(texts); k++) assert_false(str_contains(*texts[k], STR("SECR")));
        }
    }
    arena_done(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row),       cmocka_unit_test(every_code_has_a_bill), cmocka_unit_test(warnings_do_not_refuse),
        cmocka_unit_test(document_order), cmocka_unit_test(at_most_twenty),        cmocka_unit_test(hints),
        cmocka_unit_test(personal_data_stays_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
