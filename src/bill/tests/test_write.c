/* What is written reads back to an equal bill, and writing that again gives the same bytes. */
#include "bill/tests/support.h"

#include "bill/reader.h"

static struct str written(struct arena *a, const struct bill *b, bool pretty) {
    struct buf out;
    buf_init(&out, LIMIT_JSON_BYTES);
    struct json_writer w;
    json_writer_init(&w, &out, pretty);
    bill_write(b, &w);
    assert_false(out.failed);
    struct str copy = arena_str(a, buf_view(&out));
    buf_done(&out);
    return copy;
}

static void assert_lines_equal(const struct bill_lines *x, const struct bill_lines *y) {
    assert_int_equal(x->count, y->count);
    for (uint32_t i = 0; i < x->count; i++) {
        assert_int_equal(x->number[i], y->number[i]);
        assert_true(str_eq(x->code[i], y->code[i]));
        assert_true(str_eq(x->name[i], y->name[i]));
        assert_true(str_eq(x->ingredient[i], y->ingredient[i]));
        assert_true(str_eq(x->kind_text[i], y->kind_text[i]));
        assert_int_equal(x->kind[i], y->kind[i]);
        assert_int_equal(x->catalogue[i], y->catalogue[i]);
        assert_int_equal(x->qty_e4[i], y->qty_e4[i]);
        assert_int_equal(x->net_qty_e4[i], y->net_qty_e4[i]);
        assert_true(x->price_e6[i] == y->price_e6[i]);
        assert_int_equal(x->date[i].v, y->date[i].v);
        assert_int_equal(x->returns[i], y->returns[i]);
        for (int k = 0; k < BUCKET_GIVEN_COUNT; k++) {
            assert_int_equal(x->given[k][i], y->given[k][i]);
            assert_int_equal(x->net[k][i], y->net[k][i]);
        }
    }
}

static const char *const bills[] = {
    "{" HEAD "," ONE_LINE "}",
    "{" HEAD ",'totals':{" PARTS(1, 2, 3, 4) "}}",
    "{" PLACE_AND_TIME ",'person':{'unknown':'U1'}," ONE_LINE "}",
    "{" PLACE_AND_TIME ",'person':{'newborn_of':'M','name':'𬴂','born':'2022-08-01','sex':'F'}," ONE_LINE "}",
    WITH("'revision':9,'hospital_kind':'community','insured_region':'1','stay':'S','department':'科','ward':'special','cause':'work',"
         "'interim':true,'icu_days':1,'day_surgery':true,'died':true,'deposit':7,'invoice':{'number':'n'},'procedures':['p','q'],"
         "'facts':{'poor':true,'n':-1,'t':'x\\\"y'},'diagnoses':[{'code':'A','since':'2020-01-01','main':true}],'history':[{'code':'B'}],"
         "'statutory':{'settled':true,'stage':'pre','funds':{'a':1,'b':2},'setl_id':'s','deductible':0,'account':3,'hospital_part':4},"
         "'policies':[{'plan':'p','policy':'1','plan_version':'v','from':'2022-01-01','to':'2022-12-31','status':'lapsed',"
         "'first_enrolled':'2021-01-01','claim_free_years':0,'class':'','class_evidence':'e','family':'f','holder':'h','payee':'y',"
         "'endorsements':[{'name':'n','to':'2022-03-01','excludes':['C']},{'name':'m'}]},{'plan':'q','class':'c'}],"
         "'ext':{ 'b' : 1.50 ,'a':[ ],'\\u00e9':'\\/' }"),
    WITH_LINES(LINE(5, 9, PARTS(9, 0, 0, 0)) ",{'line':2,'code':'C','name':'退','kind':'新','class':'C','qty':'-0.0001','price':'0.000001',"
               "'date':'2022-08-02','amount':-2,'returns':5,'ingredient':'i'," PARTS(-2, 0, 0, 0) "}"),
};

static void round_trip(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bills); i++) {
        struct arena a;
        arena_init(&a, TEST_ARENA_BYTES);
        const struct bill *first = good_bill(&a, bills[i]);
        struct str once = written(&a, first, i % 2 == 0);
        const struct bill *second = NULL;
        struct status s = bill_parse(&a, once, &second);
        if (status_failed(s)) print_error("%.*s\n%s at %.*s\n", STR_FMT(once), s.err->code, STR_FMT(s.err->place));
        assert_false(status_failed(s));
        assert_lines_equal(&first->lines, &second->lines);
        assert_int_equal(first->total, second->total);
        assert_int_equal(first->policy_count, second->policy_count);
        assert_int_equal(first->totals_only, second->totals_only);
        assert_true(str_eq(first->ext_raw, second->ext_raw));
        assert_true(str_eq(first->person.id_kind, second->person.id_kind));
        /* equal in every member that is written: the same bytes again */
        assert_true(str_eq(once, written(&a, second, i % 2 == 0)));
        arena_done(&a);
    }
}

static void ext_byte_for_byte(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    const struct bill *b = good_bill(&a, WITH("'ext':{ 'b' : 1.50 ,\t'a':[ ],'\\u00e9':'\\/'  }"));
    assert_str(b->ext_raw, "{ \"b\" : 1.50 ,\t\"a\":[ ],\"\\u00e9\":\"\\/\"  }");
    assert_true(str_contains(written(&a, b, false), b->ext_raw));
    arena_done(&a);
}

static void decimals(void **state) {
    (void)state;
    static const struct {
        int64_t v;
        int scale;
        const char *text;
    } rows[] = {
        {0, 4, "0"}, {10'000, 4, "1"}, {12'500, 4, "1.25"}, {1, 4, "0.0001"}, {-1, 4, "-0.0001"}, {-100'000, 4, "-10"},
        {333'000'000, 6, "333"}, {1, 6, "0.000001"}, {INT64_MAX, 0, "9223372036854775807"}, {INT64_MIN, 6, "-9223372036854.775808"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char out[BILL_DECIMAL_BYTES];
        assert_int_equal(bill_decimal_format(rows[i].v, rows[i].scale, out), strlen(rows[i].text));
        assert_string_equal(out, rows[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip), cmocka_unit_test(ext_byte_for_byte), cmocka_unit_test(decimals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
