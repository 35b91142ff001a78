/* Sets of rows in and out, transactions and what failures end; the same on both stores. */
#include "store/tests/rows.h"

static void values(void **state) {
    struct place *p = *state;
    struct store_connection *c = place_writer(p);
    static char big[300'000];
    memset(big, 'x', sizeof(big));
    big[7] = 0; /* blobs hold any byte */
    const struct str blob = {big, sizeof(big)};
    const struct store_value in[] = {
        STORE_I(INT64_MIN), STORE_I(INT64_MAX), STORE_S(STR("")),  STORE_NULL,              STORE_I(0),
        STORE_I(-1),        STORE_I(0),         STORE_S(blob),     STORE_S(STR("")),        STORE_I(-7),
        STORE_I(INT64_MAX), STORE_I(INT64_MIN), STORE_S(STR("x")), STORE_S(STR("\0\xff\0")), STORE_I(1),
    };
    FINE(store_begin(c, &p->a));
    FINE(store_write(c, &p->a, SQL(COVER_PUT), in, 3));
    FINE(store_commit(c, &p->a));
    const struct store_value ids[] = {STORE_I(INT64_MAX), STORE_I(INT64_MIN), STORE_I(5), STORE_I(-1), STORE_I(INT64_MAX)};
    static const uint32_t want[] = {2, 0, 1, 2}, of[] = {0, 1, 3, 4}; /* id 5 is not there, INT64_MAX is asked twice */
    struct store_rows rows;
    FINE(store_read(c, &p->a, SQL(COVER_GET), ids, 5, &rows));
    assert_int_equal(rows.count, 4);
    assert_int_equal(rows.width, 5);
    for (uint32_t r = 0; r < 4; r++) {
        const struct store_value *got = store_row(&rows, r), *row = in + (size_t)want[r] * 5;
        assert_int_equal(rows.of[r], of[r]);
        assert_true(got[0].i == row[0].i && got[1].i == row[1].i && got[4].i == row[4].i);
        assert_true(!got[2].null && str_eq(got[2].s, row[2].s) && got[2].s.p);
        assert_int_equal(got[3].null, row[3].null);
        assert_true(str_eq(got[3].s, row[3].s));
    }
}

static void texts(void **state) {
    struct place *p = *state;
    struct store_connection *c = place_writer(p);
    static char big[200'000];
    memset(big, 'y', sizeof(big));
    memcpy(big + 100'001, "医", 3);
    const struct str names[] = {STR("a"), STR("医结"), STR(""), STR("𠮷"), STR("it's \"quoted\" {,} \\ $1 ?1")};
    FINE(store_begin(c, &p->a));
    for (uint32_t i = 0; i < COUNT_OF(names); i++) {
        struct str data = i == 1 ? (struct str){big, sizeof(big)} : names[i];
        const struct store_value row[] = {STORE_S(STR("t")), STORE_S(names[i]), STORE_I(0), STORE_I(1), STORE_S(data), STORE_I(i), STORE_I(9)};
        FINE(store_write(c, &p->a, SQL(WORLD_PUT), row, 1));
    }
    FINE(store_commit(c, &p->a));
    for (uint32_t i = 0; i < COUNT_OF(names); i++) {
        struct store_rows rows;
        const struct store_value name = STORE_S(names[i]);
        FINE(store_read(c, &p->a, SQL(WORLD_GET), &name, 1, &rows));
        assert_int_equal(rows.count, 1);
        assert_true(str_eq(store_row(&rows, 0)[0].s, names[i]));
        assert_true(str_eq(store_row(&rows, 0)[1].s, i == 1 ? (struct str){big, sizeof(big)} : names[i]));
    }
}

/* What one store would take and the other not is refused by both, wherever it stands in the text. */
static void bad_texts(void **state) {
    struct place *p = *state;
    struct store_connection *c = place_writer(p);
    static const struct str bad[] = {STR_INIT("\0"),          STR_INIT("abcdefgh\0ijklmnop"), STR_INIT("abcdefghabcdefg\0"), STR_INIT("\xff"),
                                     STR_INIT("abcdefg\xe5"), STR_INIT("\xed\xa0\x80"),       STR_INIT("\xc0\x80")};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const struct store_value row[] = {STORE_S(STR("t")), STORE_S(bad[i]), STORE_I(0), STORE_I(1), STORE_S(STR("d")), STORE_I(0), STORE_I(9)};
        struct store_rows rows;
        FINE(store_begin(c, &p->a));
        FINE(cover_put(p, c, 1));
        FAILS(store_write(c, &p->a, SQL(WORLD_PUT), row, 1), "store-bad-text");
        FAILS(store_commit(c, &p->a), "store-no-transaction");
        FAILS(store_read(c, &p->a, SQL(WORLD_GET), &row[1], 1, &rows), "store-bad-text");
    }
    assert_int_equal(cover_count(p, c), 0);
}

static void order_of_rows(void **state) {
    struct place *p = *state;
    struct store_connection *c = place_writer(p);
    struct store_rows rows;
    covers_put(p, c, 1, 10, 4);
    const struct store_value ranges[] = {STORE_I(8), STORE_I(99), STORE_I(20), STORE_I(30), STORE_I(1), STORE_I(3), STORE_I(2), STORE_I(2)};
    static const int64_t want[] = {8, 9, 10, 1, 2, 3, 2};
    static const uint32_t of[] = {0, 0, 0, 2, 2, 2, 3};
    FINE(store_read(c, &p->a, SQL(COVER_RANGE), ranges, 4, &rows));
    assert_int_equal(rows.count, COUNT_OF(want));
    for (uint32_t i = 0; i < rows.count; i++) {
        assert_int_equal(store_row(&rows, i)[0].i, want[i]);
        assert_int_equal(rows.of[i], of[i]);
    }
    FINE(store_read(c, &p->a, SQL(COVER_RANGE), ranges, 0, &rows)); /* no rows of parameters: nothing asked */
    assert_int_equal(rows.count, 0);
    const struct store_value none[] = {STORE_I(50), STORE_I(60)};
    FINE(store_read(c, &p->a, SQL(COVER_RANGE), none, 1, &rows));
    assert_int_equal(rows.count, 0);
    FINE(store_begin(c, &p->a));
    FINE(store_write(c, &p->a, SQL(COVER_PUT), NULL, 0));
    FINE(store_commit(c, &p->a));
}

static void many_rows(void **state) {
    struct place *p = *state;
    struct store_connection *c = place_writer(p);
    enum { COUNT = 10'000 };
    struct store_rows rows;
    covers_put(p, c, 1, COUNT, 30);
    struct store_value *ids = ARENA_ARRAY(&p->a, struct store_value, COUNT);
    assert_non_null(ids);
    for (uint32_t i = 0; i < COUNT; i++) ids[i] = STORE_I(COUNT - i); /* backwards */
    FINE(store_read(c, &p->a, SQL(COVER_GET), ids, COUNT, &rows));
    assert_int_equal(rows.count, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_int_equal(rows.of[i], i);
        assert_int_equal(store_row(&rows, i)[0].i, COUNT - i);
        assert_int_equal(store_row(&rows, i)[2].s.n, 30);
    }
}

/* A statement that fails, at once or when a deferred one is looked at, takes its transaction with it and nothing else. */
static void failed_statement(void **state) {
    struct place *p = *state;
    struct store_connection *c = place_writer(p);
    covers_put(p, c, 7, 1, 4);
    const struct store_value rows[] = {
        STORE_I(20), STORE_I(1), STORE_S(STR("a")), STORE_NULL, STORE_I(0), STORE_I(21), STORE_I(1), STORE_S(STR("a")), STORE_NULL, STORE_I(0),
        STORE_I(7),  STORE_I(1), STORE_S(STR("a")), STORE_NULL, STORE_I(0), STORE_I(22), STORE_I(1), STORE_S(STR("a")), STORE_NULL, STORE_I(0),
    };
    FINE(store_begin(c, &p->a));
    FINE(cover_put(p, c, 19));
    struct status st = store_write(c, &p->a, SQL(COVER_PUT), rows, 4);
    if (!status_failed(st)) st = store_commit(c, &p->a);
    FAILS(st, "store-constraint");
    assert_true(str_eq(st.err->place, STR("covers.put")) || str_eq(st.err->place, STR("commit")));
    FAILS(store_commit(c, &p->a), "store-no-transaction");
    FAILS(cover_put(p, c, 23), "store-no-transaction"); /* going on by mistake writes nothing */
    store_rollback(c);                                  /* harmless */
    assert_int_equal(cover_count(p, c), 1);
    covers_put(p, c, 20, 2, 4); /* the connection is as good as before */
    assert_int_equal(cover_count(p, c), 3);
}

/* The failure of a deferred write shows at the latest with the next read, and the read does not answer. */
static void failure_before_read(void **state) {
    struct place *p = *state;
    struct store_connection *c = place_writer(p);
    covers_put(p, c, 7, 1, 4);
    struct store_rows rows = {.count = 77};
    FINE(store_begin(c, &p->a));
    struct status st = cover_put(p, c, 7);
    if (!status_failed(st)) st = store_read(c, &p->a, SQL(COVER_COUNT), NULL, 1, &rows);
    FAILS(st, "store-constraint");
    assert_int_equal(rows.count, 77);
    assert_int_equal(cover_count(p, c), 1);
}

static struct status leaves_early(struct place *p, struct store_connection *c) {
    TRY(store_begin(c, &p->a));
    STORE_TX_CLEANUP struct store_tx tx = {c};
    TRY(cover_put(p, c, 1));
    TRY(cover_put(p, c, 1)); /* once too often */
    TRY(store_commit(c, &p->a));
    tx.c = NULL;
    return STATUS_OK;
}

static void cleanup(void **state) {
    struct place *p = *state;
    struct store_connection *c = place_writer(p);
    struct status st = leaves_early(p, c);
    FAILS(st, "store-constraint");
    assert_int_equal(cover_count(p, c), 0);
    {
        FINE(store_begin(c, &p->a));
        STORE_TX_CLEANUP struct store_tx tx = {c};
        FINE(cover_put(p, c, 1));
        assert_int_equal(cover_count(p, c), 1); /* it sees what it wrote */
        (void)tx;
    }
    assert_int_equal(cover_count(p, c), 0);
    {
        FINE(store_begin(c, &p->a));
        STORE_TX_CLEANUP struct store_tx tx = {c};
        FINE(cover_put(p, c, 1));
        FINE(store_commit(c, &p->a));
        tx.c = NULL;
    }
    assert_int_equal(cover_count(p, c), 1);
}

static void updates(void **state) {
    struct place *p = *state;
    struct store_connection *c = place_writer(p);
    covers_put(p, c, 1, 5, 4);
    const struct store_value rows[] = {STORE_I(2), STORE_I(20), STORE_I(4), STORE_I(40), STORE_I(99), STORE_I(1)};
    FINE(store_begin(c, &p->a));
    FINE(store_write(c, &p->a, SQL(COVER_VERSION), rows, 3)); /* a row that is not there is no failure */
    FINE(store_commit(c, &p->a));
    struct store_rows got;
    FINE(store_read(c, &p->a, SQL(COVER_ALL), NULL, 1, &got));
    static const int64_t want[] = {1, 20, 1, 40, 1};
    assert_int_equal(got.count, 5);
    for (uint32_t i = 0; i < 5; i++) assert_int_equal(store_row(&got, i)[1].i, want[i]);
}

/* ---- readers ------------------------------------------------------------------------------------------------- */

static void reader_writes(void **state) {
    struct place *p = *state;
    struct store_connection *r = place_reader(p);
    FAILS(cover_put(p, r, 1), "store-read-only");
    FINE(store_begin(r, &p->a));
    FAILS(cover_put(p, r, 1), "store-read-only");
    FAILS(store_commit(r, &p->a), "store-no-transaction");
    uint32_t applied = 0;
    FAILS(store_migrate(r, &p->a, &applied), "store-read-only");
    assert_int_equal(cover_count(p, r), 0);
}

static void snapshot(void **state) {
    struct place *p = *state;
    struct store_connection *w = place_writer(p), *r = place_reader(p);
    covers_put(p, w, 1, 1, 4);
    FINE(store_begin(r, &p->a));
    covers_put(p, w, 2, 1, 4); /* between begin and the first read: begin takes the snapshot */
    assert_int_equal(cover_count(p, r), 1);
    covers_put(p, w, 3, 3, 4);
    assert_int_equal(cover_count(p, r), 1);
    FINE(store_commit(r, &p->a));
    assert_int_equal(cover_count(p, r), 5);
    FINE(store_begin(w, &p->a)); /* what is not committed is seen by its own transaction only */
    FINE(cover_put(p, w, 50));
    assert_int_equal(cover_count(p, w), 6);
    assert_int_equal(cover_count(p, r), 5);
    store_rollback(w);
    assert_int_equal(cover_count(p, r), 5);
    FINE(store_begin(r, &p->a));
    assert_int_equal(cover_count(p, r), 5);
    store_rollback(r);
}

/* ---- streams --------------------------------------------------------------------------------------------------- */

struct scan_state {
    struct place *p;
    struct store_connection *nested;
    int64_t last, count, stop_at;
};

static struct status scan_row(void *user, const struct store_value *values) {
    struct scan_state *s = user;
    assert_true(values[0].i > s->last);
    assert_true(values[2].s.n == 40 && values[2].s.p[39] == 'c');
    s->last = values[0].i;
    s->count++;
    if (s->nested && s->count == 3) { /* the same connection, even the same statement */
        struct store_rows rows;
        TRY(store_read(s->nested, &s->p->a, SQL(COVER_ALL), NULL, 1, &rows));
        assert_int_equal(rows.count, 500);
        assert_int_equal(cover_count(s->p, s->nested), 500);
    }
    if (s->count == s->stop_at)
        return status_error(&s->p->a, (struct error){.code = "test-stop", .zh = STR("停"), .en = STR("stop")});
    return STATUS_OK;
}

static void scanning(void **state) {
    struct place *p = *state;
    struct store_connection *w = place_writer(p), *r = place_reader(p);
    struct scan_state s = {.p = p};
    FINE(store_scan(r, &p->a, SQL(COVER_ALL), NULL, scan_row, &s));
    assert_int_equal(s.count, 0);
    covers_put(p, w, 1, 500, 40);
    FINE(store_scan(r, &p->a, SQL(COVER_ALL), NULL, scan_row, &s));
    assert_int_equal(s.count, 500);
    s = (struct scan_state){.p = p, .stop_at = 7};
    FAILS(store_scan(r, &p->a, SQL(COVER_ALL), NULL, scan_row, &s), "test-stop");
    assert_int_equal(s.count, 7);
    s = (struct scan_state){.p = p, .stop_at = 500}; /* at the very last row */
    FAILS(store_scan(r, &p->a, SQL(COVER_ALL), NULL, scan_row, &s), "test-stop");
    assert_int_equal(cover_count(p, r), 500);
    s = (struct scan_state){.p = p, .nested = w};
    FINE(store_begin(w, &p->a)); /* within a transaction, with other reads between the rows */
    FINE(store_scan(w, &p->a, SQL(COVER_ALL), NULL, scan_row, &s));
    FINE(cover_put(p, w, 1000));
    FINE(store_commit(w, &p->a));
    assert_int_equal(s.count, 500);
    assert_int_equal(cover_count(p, w), 501);
    FINE(store_begin(w, &p->a)); /* stopped within a transaction: it ends */
    FINE(cover_put(p, w, 1001));
    s = (struct scan_state){.p = p, .stop_at = 2};
    FAILS(store_scan(w, &p->a, SQL(COVER_ALL), NULL, scan_row, &s), "test-stop");
    FAILS(store_commit(w, &p->a), "store-no-transaction");
    assert_int_equal(cover_count(p, w), 501);
}

/* ---- memory, types ----------------------------------------------------------------------------------------------- */

static void little_memory(void **state) {
    struct place *p = *state;
    struct store_connection *c = place_writer(p);
    covers_put(p, c, 1, 200, 40);
    bool read = false;
    for (size_t limit = 0; limit < 200'000 && !read; limit += 97) {
        struct arena small;
        struct store_rows rows = {.count = 77};
        arena_init(&small, limit);
        struct status st = store_read(c, &small, SQL(COVER_ALL), NULL, 1, &rows);
        read = !status_failed(st);
        if (!read) {
            assert_string_equal(st.err->code, "out-of-memory");
            assert_int_equal(rows.count, 77);
        }
        arena_done(&small);
    }
    assert_true(read);
    assert_int_equal(cover_count(p, c), 200);
}

static void wrong_types(void **state) {
    struct place *p = *state;
    struct store_connection *c = place_writer(p);
    static const struct store_statement wrong[] = {
        {"test.text-as-int", "", "i", "SELECT 'x'", "SELECT 1::bigint, 'x'::text", false},
        {"test.null-as-int", "", "i", "SELECT NULL", "SELECT 1::bigint, NULL::bigint", false},
        {"test.too-many", "", "i", "SELECT 1, 2", "SELECT 1::bigint, 1::bigint, 2::bigint", false},
        {"test.no-table", "", "i", "SELECT id FROM nowhere", "SELECT 1::bigint, id FROM nowhere", false},
        {"test.syntax", "", "i", "SELEC 1", "SELEC 1", false},
        {"test.two", "", "i", "SELECT 1; SELECT 2", "SELECT 1::bigint, 1::bigint; SELECT 1::bigint, 2::bigint", false},
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct store_rows rows;
        FINE(store_begin(c, &p->a));
        FINE(cover_put(p, c, 1));
        FAILS(store_read(c, &p->a, &wrong[i], NULL, 1, &rows), "store-statement");
        FAILS(store_commit(c, &p->a), "store-no-transaction");
    }
    static const struct store_statement right = {"test.nullable", "", "IT", "SELECT NULL, 't'", "SELECT 1::bigint, NULL::bigint, 't'::text", false};
    struct store_rows rows;
    FINE(store_read(c, &p->a, &right, NULL, 1, &rows));
    assert_true(store_row(&rows, 0)[0].null && !store_row(&rows, 0)[1].null);
    assert_int_equal(cover_count(p, c), 0);
}

static void small_things(void **state) {
    struct place *p = *state;
    struct store_connection *c = place_writer(p);
    int64_t bytes = 0;
    uint64_t ns = 0;
    FINE(store_size(c, &p->a, &bytes));
    assert_true(bytes > 10'000);
    FINE(store_barrier(c, &p->a));
    FINE(store_checkpoint(c, &p->a, false, &ns));
    FINE(store_checkpoint_idle(c, &p->a, &ns));
    FINE(store_checkpoint(c, &p->a, true, &ns));
    assert_int_equal(store_connection_kind(c), on_postgres() ? STORE_POSTGRES : STORE_SQLITE);
    assert_int_equal(store_kind_of(p->store), store_connection_kind(c));
    FINE(store_size(place_reader(p), &p->a, &bytes));
    FINE(store_barrier(place_reader(p), &p->a));
}

int main(void) {
#define PLACE(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        PLACE(values),           PLACE(texts),               PLACE(bad_texts), PLACE(order_of_rows), PLACE(many_rows),
        PLACE(failed_statement), PLACE(failure_before_read), PLACE(cleanup),   PLACE(updates),       PLACE(reader_writes),
        PLACE(snapshot),         PLACE(scanning),            PLACE(little_memory), PLACE(wrong_types), PLACE(small_things),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
