/* What tables of statements must keep: each rule with a row that breaks it beside one that does not. */
#include "store/tests/rows.h"

static void rules(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    static const struct {
        struct store_statement st;
        const char *wrong; /* part of the English text; NULL: fine */
    } table[] = {
        {{"a.b", "it", "", "x ?1 ?2 cover", "x $1::bigint[] $2::text[] cover", true}, NULL},
        {{"a.b", "IT", "B", "x ?2 ?1 ?1", "x $2::text[] $1::bigint[] $1", false}, NULL},
        {{"a.b", "b", "i", "x ?1 WHERE lookup = ?1", "x $1::bytea[] lookup", true}, NULL},
        {{"a.b", "", "i", NULL, "x shard", true}, NULL},
        {{"a.b", "", "i", "x covers", NULL, true}, NULL},
        {{"ab", "", "i", "x", "x", false}, "name"},
        {{"A.b", "", "i", "x", "x", false}, "name"},
        {{NULL, "", "i", "x", "x", false}, "name"},
        {{"a.b", "x", "i", "x ?1", "x $1", false}, "types"},
        {{"a.b", "", "j", "x", "x", false}, "types"},
        {{"a.b", "", NULL, "x", "x", false}, "types"},
        {{"a.b", "", "i", NULL, NULL, false}, "no text"},
        {{"a.b", "i", "", "x ?1 ?2", "x $1::bigint[]", false}, "not declared"},
        {{"a.b", "i", "", "x ?1", "x $1::bigint[] $2::bigint[]", false}, "not declared"},
        {{"a.b", "i", "", "x ?0", "x $1::bigint[]", false}, "not declared"},
        {{"a.b", "i", "", "x ?4000000000000", "x $1::bigint[]", false}, "not declared"},
        {{"a.b", "ii", "", "x ?1", "x $1::bigint[] $2::bigint[]", false}, "not used"},
        {{"a.b", "ii", "", "x ?1 ?2", "x $2::bigint[]", false}, "not used"},
        {{"a.b", "i", "", "x ?1", "x $1", false}, "array type"},
        {{"a.b", "t", "", "x ?1", "x $1::bigint[]", false}, "array type"},
        {{"a.b", "b", "", "x ?1", "x $1::text[]", false}, "array type"},
        {{"a.b", "i", "", "x ?1", "x $1::bigint[] cover", true}, "hot"},
        {{"a.b", "i", "", "x ?1 cover", "x $1::bigint[]", true}, "hot"},
        {{"a.b", "i", "", "x ?1 discovered keys shards", "x $1::bigint[] cover", true}, "hot"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const struct store_statements one = {&table[i].st, 1};
        struct status st = store_statements_check(&a, &one);
        if (!table[i].wrong) FINE(st);
        else FAILS(st, "store-statement");
        if (table[i].wrong && !str_contains(st.err->en, str_from(table[i].wrong))) fail_msg("row %zu: %.*s", i, STR_FMT(st.err->en));
    }
    static const struct store_statement twice[] = {{"a.b", "", "i", "x", "x", false}, {"a.c", "", "i", "x", "x", false}, {"a.b", "", "i", "x", "x", false}};
    FINE(store_statements_check(&a, &(struct store_statements){twice, 2}));
    FAILS(store_statements_check(&a, &(struct store_statements){twice, 3}), "store-statement");
    FINE(store_statements_check(&a, &statements));
    arena_done(&a);
}

/* Against the schema: the table of these tests fits, and each typo is found. */
static void prepared(void **state) {
    struct place *p = *state;
    struct store_connection *c = place_writer(p);
    FINE(store_statements_prepare(c, &p->a, &statements));
    FINE(store_statements_prepare(place_reader(p), &p->a, &statements));
    static const struct store_statement wrong[] = {
        {"x.table", "i", "", "DELETE FROM nowhere WHERE cover = ?1", "DELETE FROM nowhere USING unnest($1::bigint[]) AS p (id)", false},
        {"x.column", "", "i", "SELECT coverr FROM cases", "SELECT 1::bigint, coverr FROM cases", false},
        {"x.results", "", "ii", "SELECT cover FROM cases", "SELECT 1::bigint, cover FROM cases", false},
        {"x.fewer", "", "i", "SELECT cover, day FROM cases", "SELECT 1::bigint, cover, day FROM cases", false},
        {"x.params", "", "i", "SELECT cover FROM cases WHERE cover = ?1", "SELECT 1::bigint, cover FROM cases WHERE cover = ANY ($1::bigint[])", false},
        {"x.syntax", "", "i", "SELECT cover FORM cases", "SELECT 1::bigint, cover FORM cases", false},
    };
    for (uint32_t i = 0; i < COUNT_OF(wrong); i++) {
        struct store_statement two[] = {*SQL(COVER_ALL), wrong[i]};
        struct status st = store_statements_prepare(c, &p->a, &(struct store_statements){two, 2});
        FAILS(st, "store-statement");
        assert_true(str_eq(st.err->place, str_from(wrong[i].name)));
    }
    const struct store_statement scan = {"x.scan", "i", "i", "SELECT id FROM covers WHERE version = ?1", NULL, true};
    if (!on_postgres()) FAILS(store_statements_prepare(c, &p->a, &(struct store_statements){&scan, 1}), "store-statement");
    /* A statement for the other store only is left out. */
    const struct store_statement other = {"x.other", "", "i", on_postgres() ? "SELEC" : NULL, on_postgres() ? NULL : "SELEC", false};
    FINE(store_statements_prepare(c, &p->a, &(struct store_statements){&other, 1}));
    assert_int_equal(cover_count(p, c), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules),
        cmocka_unit_test_setup_teardown(prepared, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
