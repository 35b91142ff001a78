/* import — CSV, JSON and JSON lines: good rows become changes, bad ones are named by row and column, all of them counted. */
#include "registry/tests/town.h"

struct import_row {
    const char *what, *text, *kind;
    uint32_t changes, errors;
    const char *places; /* of the findings, "place code" each, "; " between */
};

#define HEAD "change,person.id_kind,person.id,person.name,plan,policy,from,to,claim_free_years\r\n"
static const struct import_row csv_rows[] = {
    {"good rows, one with a quoted name", HEAD "policy,01,410502196903070020,\"王,\"\"秀\"\"英\",anxinbao,P1,2022-01-01,2022-12-31,2\r\npolicy,01,41050219800101001X,李大伟,anxinbao,P2,2022-01-01,,\r\n", "", 2, 0, ""},
    {"kind given instead of a column", "person.id_kind,person.id,person.name\n01,410502196903070020,王\n", "person", 1, 0, ""},
    {"a byte-order mark of a spreadsheet", "\xEF\xBB\xBF" "change,id,kind,zh\ninstitution,I1,insurer,安心\n", "", 1, 0, ""},
    {"a byte-order mark of another encoding", "\xFE\xFF" "change,id,kind,zh\n", "", 0, 1, "csv-not-utf8"},
    {"neither kind nor column", "id,kind,zh\nI1,insurer,安心\n", "", 0, 1, "1:change registry-import-kind"},
    {"bad values in three rows, a good one between",
     HEAD "policy,01,410502196903070021,王,anxinbao,P1,2022-01-01,,\r\npolicy,01,41050219800101001X,李,anxinbao,P2,2022-01-01,,\r\npolicy,01,410502198505200036,赵,,P3,2022-13-01,,-5\r\nplicy,,,,,,,,\r\n",
     "", 1, 5,
     "2:person.id registry-id-check; 4:from registry-day; 4:claim_free_years registry-integer; 4:plan registry-member-missing; 5:change registry-change-unknown"},
    {"a column that does not belong", "change,id,kind,zh,colour\ninstitution,I1,insurer,安心,red\ninstitution,I2,insurer,安心,\n", "", 1, 1, "2:colour registry-member-unknown"},
    {"too few fields: what follows cannot be trusted", "change,id,kind,zh\ninstitution,I1,insurer,安心\ninstitution,I2\ninstitution,I3,insurer,x\n", "", 1, 1, "csv-field-count"},
    {"a quote that is not closed", "change,id,kind,zh\ninstitution,I1,insurer,\"安心\n", "", 0, 1, "csv-quote"},
    {"lists are split at |", "change,person.id_kind,person.id,purpose,actor,payers\nconsent,01,410502196903070020,settlement,self,anxinbao|youxiang-zero\nconsent,01,410502196903070020,settlement,self,anxinbao||x\n", "", 1, 1, "3:payers registry-text-empty"},
    {"booleans as words", "change,plan,institution,complex,withdrawn\npayer,p,I1,true,0\npayer,p,I1,ja,\n", "", 1, 1, "3:complex registry-type"},
    {"a person's column where a number belongs", "change,id,kind,zh,level.\ninstitution,I1,insurer,x,4\n", "", 0, 1, "2:level registry-integer"},
    {"only a head", "change,id,kind,zh\n", "", 0, 1, "registry-import-empty"},
    {"nothing at all", "", "", 0, 1, "csv-empty"},
};
static const struct import_row json_rows[] = {
    {"one object over several lines", "{\n \"change\":\"institution\",\n \"id\":\"I1\",\"kind\":\"insurer\",\"zh\":\"安心\"}\n", "", 1, 0, ""},
    {"an array", "[{\"change\":\"institution\",\"id\":\"I1\",\"kind\":\"insurer\",\"zh\":\"安心\"},{\"change\":\"institution\",\"id\":\"I2\",\"kind\":\"bank\",\"zh\":\"甲\"},7]", "", 1, 2, "2:kind registry-word; 3: registry-not-object"},
    {"lines, one of them broken", "{\"change\":\"institution\",\"id\":\"I1\",\"kind\":\"insurer\",\"zh\":\"安心\"}\n\n{\"change\":\n{\"change\":\"institution\",\"id\":\"I1\",\"id\":\"I1\",\"kind\":\"insurer\",\"zh\":\"安\"}\n{\"change\":\"institution\",\"id\":\"I3\",\"kind\":\"insurer\",\"zh\":\"安心\"}", "", 2, 2, "json-truncated; json-duplicate-key"},
    {"a broken array", "[{\"change\":", "", 0, 1, "json-truncated"},
    {"blanks only", " \n\t\r\n", "", 0, 1, "registry-import-empty"},
    {"bytes that are no UTF-8", "{\"change\":\"\xFF\"}\n", "", 0, 1, "json-not-utf8"},
};

/* The codes, with places where the wanted text has them. */
static void row_check(struct arena *a, const struct import_row *row, const struct registry_import *got) {
    struct buf places, codes;
    buf_init(&places, 1 << 16);
    buf_init(&codes, 1 << 16);
    for (const struct error *e = got->errors; e; e = e->next) {
        buf_printf(&places, "%s%.*s %s", places.n ? "; " : "", STR_FMT(e->place), e->code);
        buf_printf(&codes, "%s%s", codes.n ? "; " : "", e->code);
        assert_true(e->zh.n && e->en.n);
    }
    bool good = got->count == row->changes && got->error_count == row->errors;
    good = good && (str_eq(buf_view(&places), str_from(row->places)) || str_eq(buf_view(&codes), str_from(row->places)));
    if (!good) print_message("# %s: %u changes, %u errors: %.*s\n", row->what, got->count, got->error_count, STR_FMT(buf_view(&places)));
    assert_true(good);
    buf_done(&places);
    buf_done(&codes);
    (void)a;
}

static void csv(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(csv_rows); i++) {
        struct arena a;
        struct registry_import got;
        arena_init(&a, 64 << 20);
        FINE(registry_import_csv(&a, str_from(csv_rows[i].text), str_from(csv_rows[i].kind), &got));
        row_check(&a, &csv_rows[i], &got);
        arena_done(&a);
    }
}

static void json(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(json_rows); i++) {
        struct arena a;
        struct registry_import got;
        arena_init(&a, 64 << 20);
        FINE(registry_import_json(&a, str_from(json_rows[i].text), &got));
        row_check(&a, &json_rows[i], &got);
        arena_done(&a);
    }
}

/* Twenty are told, all are counted; the rows between are read. */
static void many_bad_rows(void **state) {
    (void)state;
    struct arena a;
    struct registry_import got;
    struct buf b;
    arena_init(&a, 256 << 20);
    buf_init(&b, 16 << 20);
    buf_add_cstr(&b, "change,id,kind,zh\n");
    for (int i = 0; i < 3000; i++) buf_printf(&b, "institution,I%d,%s,名\n", i, i % 3 ? "insurer" : "shop");
    FINE(registry_import_csv(&a, buf_view(&b), STR(""), &got));
    assert_int_equal(got.count, 2000);
    assert_int_equal(got.error_count, 1000);
    uint32_t told = 0;
    for (const struct error *e = got.errors; e; e = e->next) told++;
    assert_int_equal(told, REGISTRY_IMPORT_ERRORS);
    assert_true(str_eq(got.errors->place, STR("2:kind")));
    buf_done(&b);
    arena_done(&a);
}

/* A row of CSV and the same as JSON are the same change: equal events. */
static void csv_is_json(void **state) {
    (void)state;
    static const char text[] = HEAD "policy,01,410502196903070020,王秀英,anxinbao,P1,2022-01-01,2022-12-31,2\n";
    static const char same[] = "{\"change\":\"policy\",\"person\":{\"id_kind\":\"01\",\"id\":\"410502196903070020\",\"name\":\"王秀英\"},\"plan\":\"anxinbao\",\"policy\":\"P1\",\"from\":\"2022-01-01\","
                               "\"to\":\"2022-12-31\",\"claim_free_years\":2}";
    struct registry_import got;
    struct town t;
    const struct error *refusal;
    struct journal_event *events;
    uint32_t count;
    town_open(&t, TOWN_MEMORY);
    assert_null(town_do(&t, STR(same)));
    FINE(registry_import_csv(&t.arena, STR(text), STR(""), &got));
    assert_int_equal(got.count, 1);
    FINE(registry_change_decide(t.set, t.world, &t.e.env, &t.arena, t.e.now_ms, got.changes[0], &events, &count, &refusal));
    assert_null(refusal);
    assert_int_equal(count, 0); /* it stands so already */
    journal_keys_close(t.keys);
    town_close(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(csv), cmocka_unit_test(json), cmocka_unit_test(many_bad_rows), cmocka_unit_test(csv_is_json)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
