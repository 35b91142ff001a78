/* Values, sets, scans and failures of statements on a real PostgreSQL: what goes in comes out, and what fails takes its transaction with it. */
#include "store/postgres/tests/help.h"

static void round_trip(void **state) {
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    static const char bytes[] = {0, 1, (char)0xff, '\'', '\\', 0};
    const struct store_value rows[] = {
        STORE_I(INT64_MIN), STORE_S(STR("甲乙 'x' \\ {} \"NULL\"")), STORE_S(((struct str){bytes, sizeof(bytes)})), STORE_I(INT64_MAX),
        STORE_I(-1),        STORE_S(STR("")),                         STORE_S(STR("")),                             STORE_NULL,
        STORE_I(0),         STORE_S(STR("NULL")),                     STORE_NULL,                                   STORE_I(0),
    };
    const struct store_value ids[] = {STORE_I(0), STORE_I(77), STORE_I(INT64_MIN), STORE_I(-1), STORE_I(0)};
    struct store_rows got = {0};
    FINE(store_begin(c, &b->a));
    FINE(store_write(c, &b->a, &things_insert, rows, 3));
    FINE(store_read(c, &b->a, &things_get, ids, 5, &got)); /* sees its own writes */
    FINE(store_commit(c, &b->a));
    FINE(store_read(c, &b->a, &things_get, ids, 5, &got));
    assert_int_equal(got.count, 4);
    assert_int_equal(got.width, 4);
    const uint32_t of[] = {0, 2, 3, 4};
    assert_memory_equal(got.of, of, sizeof(of));
    const struct store_value *v = store_row(&got, 1);
    assert_true(v[0].i == INT64_MIN && v[3].i == INT64_MAX && !v[2].null && !v[3].null);
    assert_true(str_eq(v[1].s, rows[1].s) && str_eq(v[2].s, rows[2].s));
    v = store_row(&got, 2);
    assert_true(v[0].i == -1 && v[1].s.n == 0 && !v[1].null && v[2].s.n == 0 && !v[2].null && v[3].null);
    v = store_row(&got, 3);
    assert_true(v[0].i == 0 && str_eq(v[1].s, STR("NULL")) && v[2].null && !v[3].null && v[3].i == 0);
    FINE(store_read(c, &b->a, &things_get, ids, 0, &got));
    assert_int_equal(got.count, 0);
    store_disconnect(c);
}

/* Ten thousand rows by one statement, asked for backwards; then a write of more than a chunk. */
static void big_sets(void **state) {
    enum { COUNT = 10'000, LARGE = 70, LARGE_BYTES = 1 << 20 };
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    struct store_value *rows = ARENA_ARRAY(&b->a, struct store_value, 4 * COUNT), *ids = ARENA_ARRAY(&b->a, struct store_value, COUNT);
    struct store_rows got = {0};
    assert_true(rows && ids);
    for (int i = 0; i < COUNT; i++) {
        rows[4 * i] = STORE_I(i);
        rows[4 * i + 1] = STORE_S(arena_printf(&b->a, "name %d", i));
        rows[4 * i + 2] = i % 3 ? STORE_S(arena_printf(&b->a, "%*d", i % 50, i)) : STORE_NULL;
        rows[4 * i + 3] = i % 2 ? STORE_I(-i) : STORE_NULL;
        ids[i] = STORE_I(COUNT - 1 - i);
    }
    FINE(store_begin(c, &b->a));
    FINE(store_write(c, &b->a, &things_insert, rows, COUNT));
    FINE(store_commit(c, &b->a));
    FINE(store_read(c, &b->a, &things_get, ids, COUNT, &got));
    assert_int_equal(got.count, COUNT);
    for (uint32_t r = 0; r < COUNT; r++) {
        const struct store_value *v = store_row(&got, r), *was = rows + (size_t)4 * (COUNT - 1 - r);
        assert_int_equal(got.of[r], r);
        assert_true(v[0].i == was[0].i && str_eq(v[1].s, was[1].s) && v[2].null == was[2].null && str_eq(v[2].s, was[2].s) && v[3].null == was[3].null &&
                    v[3].i == was[3].i);
    }
    char *large = calloc(1, LARGE_BYTES);
    for (int i = 0; i < LARGE; i++) {
        rows[4 * i] = STORE_I(COUNT + i);
        rows[4 * i + 2] = STORE_S(((struct str){large, LARGE_BYTES}));
    }
    FINE(store_begin(c, &b->a));
    FINE(store_write(c, &b->a, &things_insert, rows, LARGE));
    FINE(store_commit(c, &b->a));
    assert_int_equal(bench_count(b, c), COUNT + LARGE);
    free(large);
    store_disconnect(c);
}

/* More statements in one transaction than the queue holds. */
static void long_pipeline(void **state) {
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    FINE(store_begin(c, &b->a));
    for (int i = 0; i < 500; i++) FINE(thing_write(c, &b->a, i, "x"));
    FINE(store_commit(c, &b->a));
    assert_int_equal(bench_count(b, c), 500);
    store_disconnect(c);
}

/* A failure shows at the next read or the commit, tells its statement, and nothing of the transaction stays; the connection goes on. */
static void deferred_failure(void **state) {
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    struct store_rows got = {0};
    const struct store_value id = STORE_I(1);
    struct status st;
    for (int round = 0; round < 3; round++) {
        FINE(store_begin(c, &b->a));
        FINE(thing_write(c, &b->a, 1, "one"));
        FINE(thing_write(c, &b->a, 1, "again")); /* deferred: fine */
        FINE(thing_write(c, &b->a, 2, "two"));
        st = round == 0 ? store_read(c, &b->a, &things_get, &id, 1, &got) : store_commit(c, &b->a);
        FAILS(st, "store-constraint");
        assert_true(str_eq(st.err->place, STR("things.insert")));
        FAILS(store_commit(c, &b->a), "store-no-transaction");
        assert_int_equal(bench_count(b, c), 0);
    }
    FINE(store_begin(c, &b->a));
    FINE(store_write(c, &b->a, &things_bad, &id, 1)); /* its PREPARE fails, and with it those behind */
    FINE(thing_write(c, &b->a, 3, "three"));
    FAILS(store_commit(c, &b->a), "store-statement");
    FINE(store_begin(c, &b->a));
    FINE(store_write(c, &b->a, &things_bad, &id, 1));
    FAILS(store_read(c, &b->a, &things_get, &id, 1, &got), "store-statement");
    FINE(store_begin(c, &b->a));
    FINE(thing_write(c, &b->a, 3, "three"));
    store_rollback(c);
    FINE(store_begin(c, &b->a));
    FINE(thing_write(c, &b->a, 4, "four"));
    FINE(store_commit(c, &b->a));
    assert_int_equal(bench_count(b, c), 1);
    store_disconnect(c);
}

/* No value of a row in a failure: the server's texts quote them, ours must not. */
static void failures_quote_nothing(void **state) {
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    struct store_rows got = {0};
    const struct store_value bad[] = {STORE_I(1), STORE_S(STR("4401-Geheim"))};
    (void)fresh_run(&b->a, b->db.owner, "CREATE UNIQUE INDEX things_name ON yijie.things (name)");
    struct status st = store_read(c, &b->a, &things_divide, bad, 1, &got);
    FAILS(st, "store-statement");
    assert_false(str_contains(st.err->en, STR("Geheim")) || str_contains(st.err->zh, STR("Geheim")));
    assert_true(str_contains(st.err->en, STR("22P02")));
    FINE(store_begin(c, &b->a));
    FINE(thing_write(c, &b->a, 1, "4401-Geheim"));
    FINE(thing_write(c, &b->a, 2, "4401-Geheim"));
    st = store_commit(c, &b->a);
    FAILS(st, "store-constraint");
    assert_false(str_contains(st.err->en, STR("Geheim")) || str_contains(st.err->zh, STR("Geheim")));
    assert_true(str_contains(st.err->en, STR("things_name")));
    store_disconnect(c);
}

static void texts_with_nul(void **state) {
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    static const struct {
        const char *p;
        size_t n;
    } bad[] = {{"a\0b", 3}, {"\xff", 1}, {"\xe4\xb8", 2}, {"\xed\xa0\x80", 3}};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const struct store_value row[] = {STORE_I(1), STORE_S(((struct str){bad[i].p, bad[i].n})), STORE_NULL, STORE_NULL};
        FINE(store_begin(c, &b->a));
        FAILS(store_write(c, &b->a, &things_insert, row, 1), "store-bad-text");
        FAILS(store_commit(c, &b->a), "store-no-transaction");
    }
    assert_int_equal(bench_count(b, c), 0);
    store_disconnect(c);
}

/* ---- scans ---------------------------------------------------------------------------------------------- */

struct scan {
    struct bench *b;
    struct store_connection *writes; /* NULL: only counts */
    int64_t next, stop;
};
static struct status scan_row(void *user, const struct store_value *v) {
    struct scan *s = user;
    assert_int_equal(v[0].i, s->next);
    assert_true(str_eq(v[1].s, STR("x")));
    s->next++;
    if (s->next == s->stop) return store_fail(&s->b->a, STORE_READ_SLOW, STR("test"), STR(""));
    return s->writes ? thing_write(s->writes, &s->b->a, v[0].i + 1'000'000, "copy") : STATUS_OK;
}

static void scans(void **state) {
    enum { COUNT = 3 * POSTGRES_FETCH_ROWS + 7 };
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE), *reader = bench_connect(b, b->server, STORE_READ);
    const struct store_value from = STORE_I(0), beyond = STORE_I(INT64_MAX);
    FINE(store_begin(c, &b->a));
    for (int i = 0; i < COUNT; i++) FINE(thing_write(c, &b->a, i, "x"));
    FINE(store_commit(c, &b->a));
    for (int round = 0; round < 2; round++) {
        struct scan s = {.b = b};
        FINE(store_scan(reader, &b->a, &things_all, &from, scan_row, &s));
        assert_int_equal(s.next, COUNT);
        s = (struct scan){.b = b};
        FINE(store_scan(reader, &b->a, &things_all, &beyond, scan_row, &s));
        assert_int_equal(s.next, 0);
        s = (struct scan){.b = b, .stop = POSTGRES_FETCH_ROWS + 1};
        FAILS(store_scan(reader, &b->a, &things_all, &from, scan_row, &s), "store-read-slow");
        assert_int_equal(s.next, POSTGRES_FETCH_ROWS + 1);
    }
    FINE(store_begin(c, &b->a)); /* writes between the rows do not change what the scan sees */
    struct scan s = {.b = b, .writes = c};
    FINE(store_scan(c, &b->a, &things_all, &from, scan_row, &s));
    FINE(store_commit(c, &b->a));
    assert_int_equal(bench_count(b, c), 2 * COUNT);
    FINE(store_begin(c, &b->a));
    FINE(thing_write(c, &b->a, 0, "twice")); /* deferred: shows in the scan, told by its own name */
    struct status st = store_scan(c, &b->a, &things_all, &from, scan_row, &s);
    FAILS(st, "store-constraint");
    assert_true(str_eq(st.err->place, STR("things.insert")));
    store_disconnect(c);
    store_disconnect(reader);
}

/* ---- statements that are wrong ------------------------------------------------------------------------------ */

static void wrong_statements(void **state) {
    static const struct {
        struct store_statement st;
        bool good;
    } rows[] = {
        {{.name = "w.good", .params = "i", .results = "i", .postgres = "SELECT n, v FROM unnest($1::bigint[]) WITH ORDINALITY AS p (v, n)"}, true},
        {{.name = "w.write", .params = "i", .results = "", .postgres = "DELETE FROM things WHERE id = ANY ($1::bigint[])"}, true},
        {{.name = "w.syntax", .params = "", .results = "i", .postgres = "SELEKT 1"}, false},
        {{.name = "w.column", .params = "", .results = "i", .postgres = "SELECT 1::bigint, colour FROM things"}, false},
        {{.name = "w.params", .params = "ii", .results = "i", .postgres = "SELECT n, v FROM unnest($1::bigint[]) WITH ORDINALITY AS p (v, n)"}, false},
        {{.name = "w.no-ordinal", .params = "", .results = "i", .postgres = "SELECT id FROM things"}, false},
        {{.name = "w.sum", .params = "", .results = "i", .postgres = "SELECT 1::bigint, sum(id) FROM things"}, false}, /* numeric */
        {{.name = "w.text", .params = "", .results = "t", .postgres = "SELECT 1::bigint, id FROM things"}, false},
        {{.name = "w.returns", .params = "i", .results = "", .postgres = "DELETE FROM things WHERE id = ANY ($1::bigint[]) RETURNING 1::bigint, id"}, false},
        {{.name = "w.hot", .params = "i", .results = "i", .hot = true,
          .postgres = "SELECT p.n, t.id FROM unnest($1::bigint[]) WITH ORDINALITY AS p (id, n) JOIN things t ON t.id = p.id FOR UPDATE OF t"}, true},
        {{.name = "w.hot-write", .params = "it", .results = "", .hot = true,
          .postgres = "UPDATE things t SET name = p.name FROM unnest($1::bigint[], $2::text[]) AS p (id, name) WHERE t.id = p.id"}, true},
        {{.name = "w.hot-again", .params = "", .results = "i", .hot = true, .postgres = "SELECT 1::bigint, id FROM things WHERE id = 7"}, true},
        {{.name = "w.hot-scan", .params = "t", .results = "i", .hot = true,
          .postgres = "SELECT p.n, t.id FROM unnest($1::text[]) WITH ORDINALITY AS p (name, n) JOIN things t ON t.name = p.name"}, false},
        {{.name = "w.hot-index", .params = "", .results = "i", .hot = true, .postgres = "SELECT 1::bigint, id FROM things ORDER BY id"}, false},
        {{.name = "w.cold-scan", .params = "t", .results = "i",
          .postgres = "SELECT p.n, t.id FROM unnest($1::text[]) WITH ORDINALITY AS p (name, n) JOIN things t ON t.name = p.name"}, true},
    };
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct status st = store_statements_prepare(c, &b->a, &(struct store_statements){&rows[i].st, 1});
        if (rows[i].good) FINE(st);
        else FAILS(st, "store-statement");
    }
    store_disconnect(c);
}

/* A prepared statement whose table was changed by a migration beside it: undone, told as a conflict, fine when repeated. */
static void schema_moves_on(void **state) {
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    static const struct store_statement star = {.name = "things.star", .params = "", .results = "i", .postgres = "SELECT 1::bigint, t.* FROM (SELECT n FROM things) t"};
    struct store_rows got = {0};
    FINE(store_read(c, &b->a, &star, NULL, 1, &got));
    (void)fresh_run(&b->a, b->db.owner, "ALTER TABLE yijie.things ALTER COLUMN n TYPE integer");
    FAILS(store_read(c, &b->a, &star, NULL, 1, &got), "store-conflict");
    FINE(store_read(c, &b->a, &star, NULL, 1, &got));
    store_disconnect(c);
}

/* More statements than are kept prepared. */
static void many_statements(void **state) {
    enum { COUNT = POSTGRES_PREPARED_MAX + 100 };
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    struct store_statement *many = ARENA_ARRAY(&b->a, struct store_statement, COUNT);
    assert_non_null(many);
    for (int round = 0; round < 2; round++) {
        FINE(store_begin(c, &b->a));
        for (int i = 0; i < COUNT; i++) {
            struct store_rows got = {0};
            many[i] = (struct store_statement){
                .name = "many.read", .params = "", .results = "i", .postgres = arena_printf(&b->a, "SELECT 1::bigint, %d::bigint", i).p};
            FINE(store_read(c, &b->a, &many[i], NULL, 1, &got));
            assert_int_equal(store_row(&got, 0)[0].i, i);
        }
        FINE(store_commit(c, &b->a));
    }
    store_disconnect(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define BENCH_TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)
        BENCH_TEST(round_trip),       BENCH_TEST(big_sets),         BENCH_TEST(long_pipeline),  BENCH_TEST(deferred_failure),
        BENCH_TEST(failures_quote_nothing), BENCH_TEST(texts_with_nul), BENCH_TEST(scans), BENCH_TEST(wrong_statements),
        BENCH_TEST(schema_moves_on),  BENCH_TEST(many_statements),
    };
    return cmocka_run_group_tests_name("store-postgres-values", tests, NULL, NULL);
}
