/* Migrations, and what the database itself denies; the same on both stores. */
#include "store/tests/rows.h"

static const struct store_statement hash_flip = {
    "migrations.flip", "b", "", "UPDATE migrations SET sha256 = ?1 WHERE number = 1",
    "UPDATE migrations SET sha256 = p.h FROM unnest($1::bytea[]) AS p (h) WHERE number = 1", false};
static const struct store_statement hash_get = {"migrations.hash", "", "b", "SELECT sha256 FROM migrations WHERE number = 1",
                                                "SELECT 1::bigint, sha256 FROM migrations WHERE number = 1", false};
static const struct store_statement later = {
    "migrations.later", "iibi", "", "INSERT INTO migrations (number, name, sha256, applied_ms, oldest) VALUES (?1, 'later', ?3, ?2, ?4)",
    "INSERT INTO migrations (number, name, sha256, applied_ms, oldest) SELECT p.n, 'later', p.h, p.t, p.o"
    " FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bigint[]) AS p (n, t, h, o)",
    false};
static const struct store_statement later_drop = {"migrations.drop", "i", "", "DELETE FROM migrations WHERE number >= ?1",
                                                  "DELETE FROM migrations USING unnest($1::bigint[]) AS p (n) WHERE number >= p.n", false};

static void run(struct place *p, struct store_connection *c, const struct store_statement *st, const struct store_value *row) {
    FINE(store_begin(c, &p->a));
    FINE(store_write(c, &p->a, st, row, 1));
    FINE(store_commit(c, &p->a));
}

static void once(void **state) {
    struct place *p = *state;
    struct store_connection *c = place_connect(p, STORE_OWNER);
    uint32_t applied = 99;
    int64_t version = 0;
    FINE(store_schema_check(c, &p->a, &version));
    assert_true(version >= 1);
    FINE(store_migrate(c, &p->a, &applied)); /* nothing left to do */
    assert_int_equal(applied, 0);
    store_disconnect(c);
    FINE(store_schema_check(place_reader(p), &p->a, &version));
    FINE(store_schema_check(place_writer(p), &p->a, &version));
}

static void changed(void **state) {
    struct place *p = *state;
    struct store_connection *c = place_connect(p, STORE_OWNER);
    struct store_rows rows;
    uint32_t applied = 99;
    int64_t version = 99;
    FINE(store_read(c, &p->a, &hash_get, NULL, 1, &rows));
    const struct store_value right = store_row(&rows, 0)[0];
    char other[32];
    assert_int_equal(right.s.n, sizeof(other));
    memcpy(other, right.s.p, sizeof(other));
    other[31] ^= 1;
    run(p, c, &hash_flip, &STORE_S(((struct str){other, sizeof(other)})));
    FAILS(store_migrate(c, &p->a, &applied), "store-migration-changed");
    FAILS(store_schema_check(c, &p->a, &version), "store-migration-changed");
    assert_true(applied == 99 && version == 99);
    run(p, c, &hash_flip, &right);
    FINE(store_schema_check(c, &p->a, &version));
    store_disconnect(c);
}

/* A later release was here. It may say that we can go on, or not; we never migrate over it. */
static void newer(void **state) {
    struct place *p = *state;
    struct store_connection *c = place_connect(p, STORE_OWNER);
    int64_t ours = 0, version = 0;
    uint32_t applied = 99;
    FINE(store_schema_check(c, &p->a, &ours));
    const struct store_value drop = STORE_I(ours + 1);
    struct store_value row[] = {STORE_I(ours + 1), STORE_I(5), STORE_S(STR("hash")), STORE_I(ours)};
    run(p, c, &later, row);
    FAILS(store_migrate(c, &p->a, &applied), "store-schema-newer");
    FINE(store_schema_check(c, &p->a, &version)); /* compatible */
    assert_int_equal(version, ours + 1);
    row[0] = STORE_I(ours + 2);
    row[3] = STORE_I(ours + 2);
    run(p, c, &later, row);
    FAILS(store_schema_check(c, &p->a, &version), "store-schema-newer");
    FAILS(store_migrate(c, &p->a, &applied), "store-schema-newer");
    run(p, c, &later_drop, &drop);
    row[0] = STORE_I(ours + 2); /* a gap */
    row[3] = STORE_I(ours);
    run(p, c, &later, row);
    FAILS(store_schema_check(c, &p->a, &version), "store-migration-changed");
    run(p, c, &later_drop, &drop);
    FINE(store_schema_check(c, &p->a, &version));
    assert_int_equal(applied, 99);
    store_disconnect(c);
}

/* ---- canonical tables --------------------------------------------------------------------------------------------- */

static const char hash_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", hash_0[32];
static const struct store_statement text_put = {
    "texts.put", "bb", "", "INSERT INTO texts (hash, kind, name, body) VALUES (?1, 'plan', 'n', ?2) ON CONFLICT DO NOTHING",
    "INSERT INTO texts (hash, kind, name, body) SELECT p.h, 'plan', 'n', p.b FROM unnest($1::bytea[], $2::bytea[]) AS p (h, b) ON CONFLICT DO NOTHING", false};
static const struct store_statement event_put = {
    "events.put", "ii", "", "INSERT INTO events (shard, seq, at_ms, type, version, cover, open, commitment, leaf)"
    " SELECT 0, ?1, ?2, 1, 1, 0, '{}', zeroblob(32), zeroblob(32) WHERE NOT EXISTS (SELECT 1 FROM events WHERE seq = ?1)",
    "INSERT INTO events (shard, seq, at_ms, type, version, cover, open, commitment, leaf) SELECT 0, p.s, p.t, 1, 1, 0, '{}', decode(repeat('00', 32), 'hex'),"
    " decode(repeat('00', 32), 'hex') FROM unnest($1::bigint[], $2::bigint[]) AS p (s, t) WHERE NOT EXISTS (SELECT 1 FROM events WHERE seq = p.s)",
    false};
static const struct store_statement head_put = {
    "head.put", "iib", "", "INSERT INTO head (shard, size, at_ms, edge, root) VALUES (0, ?1, ?2, x'', ?3)"
    " ON CONFLICT (shard) DO UPDATE SET size = excluded.size, at_ms = excluded.at_ms, root = excluded.root",
    "INSERT INTO head (shard, size, at_ms, edge, root) SELECT 0, p.n, p.t, '', p.r FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS p (n, t, r)"
    " ON CONFLICT (shard) DO UPDATE SET size = excluded.size, at_ms = excluded.at_ms, root = excluded.root",
    false};

static struct status attempt(struct place *p, struct store_connection *c, const struct store_statement *st, const struct store_value *row) {
    TRY(store_begin(c, &p->a));
    STORE_TX_CLEANUP struct store_tx tx = {c};
    TRY(store_write(c, &p->a, st, row, 1));
    TRY(store_commit(c, &p->a));
    tx.c = NULL;
    return STATUS_OK;
}

static void append_only(void **state) {
    struct place *p = *state;
    const struct store_value text[] = {STORE_S(((struct str){hash_a, 32})), STORE_S(STR("body"))};
    const struct store_value event[] = {STORE_I(0), STORE_I(5)};
    static const struct store_statement denied[] = {
        {"texts.update", "", "", "UPDATE texts SET name = 'm'", "UPDATE texts SET name = 'm'", false},
        {"texts.delete", "", "", "DELETE FROM texts", "DELETE FROM texts", false},
        {"events.update", "", "", "UPDATE events SET at_ms = at_ms", "UPDATE events SET at_ms = at_ms", false},
        {"events.delete", "", "", "DELETE FROM events", "DELETE FROM events", false},
        {"head.delete", "", "", "DELETE FROM head", "DELETE FROM head", false},
        {"texts.replace", "", "", "INSERT OR REPLACE INTO texts SELECT hash, kind, name, x'00' FROM texts", NULL, false},
        {"texts.upsert", "", "", "INSERT INTO texts SELECT hash, kind, name, x'00' FROM texts WHERE true ON CONFLICT (hash) DO UPDATE SET body = x'00'", NULL, false},
        {"events.replace", "", "", "INSERT OR REPLACE INTO events SELECT * FROM events", NULL, false},
        {"events.sparse", "", "", "INSERT INTO events SELECT shard, seq + 2, at_ms, type, version, cover, person, subject, open, sealed, commitment, leaf FROM events",
         NULL, false},
        {"head.replace", "", "", "INSERT OR REPLACE INTO head SELECT shard, size + 1, at_ms, edge, root FROM head", NULL, false},
    };
    for (int who = 0; who < 2; who++) { /* the server, then the owner of the schema */
        struct store_connection *c = place_connect(p, who ? STORE_OWNER : STORE_WRITE);
        FINE(attempt(p, c, &text_put, text));
        FINE(attempt(p, c, &text_put, text)); /* once more is no change */
        FINE(attempt(p, c, &event_put, event));
        if (who == 0) FINE(attempt(p, c, &head_put, (const struct store_value[]){STORE_I(1), STORE_I(5), STORE_S(((struct str){hash_0, 32}))}));
        for (size_t i = 0; i < COUNT_OF(denied); i++)
            if (on_postgres() ? denied[i].postgres : denied[i].sqlite) FAILS(attempt(p, c, &denied[i], NULL), "store-denied");
        store_disconnect(c);
    }
}

static void head_goes_forward(void **state) {
    struct place *p = *state;
    struct store_connection *c = place_writer(p);
    const struct str r0 = {hash_0, 32}, ra = {hash_a, 32};
    static const struct {
        int64_t size, at_ms;
        bool other_root, fine;
    } steps[] = {
        {10, 100, false, true}, {11, 100, true, true},   {11, 100, true, true},  {11, 100, false, false}, {10, 100, true, false},
        {12, 99, true, false},  {12, 101, false, true}, {12, 102, false, true},
    };
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        const struct store_value row[] = {STORE_I(steps[i].size), STORE_I(steps[i].at_ms), STORE_S(steps[i].other_root ? ra : r0)};
        struct status st = attempt(p, c, &head_put, row);
        if (steps[i].fine) FINE(st);
        else FAILS(st, "store-denied");
    }
}

/* ---- places ----------------------------------------------------------------------------------------------------------- */

static void bad_places(void **state) {
    struct place *p = *state;
    struct store *s = NULL;
    static const struct str bad[] = {STR_INIT(""), STR_INIT("mysql://user:secret@host/db"), STR_INIT("a\0b")};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct status st = store_open(&p->a, &(struct store_options){.env = env_system(), .where = bad[i]}, &s);
        FAILS(st, "store-bad-place");
        assert_false(str_contains(st.err->en, STR("secret")) || str_contains(st.err->place, STR("secret")));
    }
    assert_null(s);
    store_close(NULL);
    store_disconnect(NULL);
}

int main(void) {
#define PLACE(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {PLACE(once), PLACE(changed), PLACE(newer), PLACE(append_only), PLACE(head_goes_forward), PLACE(bad_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
