/* From one release to the next and back, with migrations of the test's own; a migration that fails is undone as a whole. */
#include "store/store_internal.h"
#include "store/tests/rows.h"

#define FIRST "PRAGMA application_id = 0x794a6a31; CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 BLOB NOT NULL," \
              " applied_ms INTEGER NOT NULL, oldest INTEGER NOT NULL) STRICT; CREATE TABLE one (x INTEGER) STRICT;"
#define SECOND "ALTER TABLE one ADD COLUMN y INTEGER; CREATE TABLE two (x INTEGER) STRICT; INSERT INTO two VALUES (2);"
#define SECOND_BROKEN "ALTER TABLE one ADD COLUMN y INTEGER; CREATE TABLE two (x INTEGER) STRICT; INSERT INTO two VALUES ('no number');"
#define THIRD "CREATE TABLE three (x INTEGER) STRICT;"

static const struct store_migration all[] = {{1, 1, "first", STR_INIT(FIRST)}, {2, 1, "second", STR_INIT(SECOND)}, {3, 3, "third", STR_INIT(THIRD)}};
static const struct store_migration broken[] = {{1, 1, "first", STR_INIT(FIRST)}, {2, 1, "second", STR_INIT(SECOND_BROKEN)}, {3, 3, "third", STR_INIT(THIRD)}};

static const struct store_statement columns = {"test.columns", "", "i", "SELECT count(*) FROM pragma_table_info('one')", NULL, false};
static const struct store_statement table_count = {"test.tables", "", "i", "SELECT count(*) FROM sqlite_schema WHERE type = 'table'", NULL, false};
static const struct store_statement applied_ms = {"test.times", "", "i", "SELECT min(applied_ms) FROM migrations", NULL, false};

/* A program that knows the first `count` of these migrations. */
struct release {
    struct store_backend backend;
    uint32_t count;
    struct store *store;
    struct store_connection *c;
};

static void release_open(struct place *p, struct release *r, const struct store_migration *migrations, uint32_t count, enum store_mode mode) {
    *r = (struct release){.backend = store_sqlite, .count = count};
    r->backend.migrations = migrations;
    r->backend.migration_count = &r->count;
    FINE(store_open(&p->a, &(struct store_options){.env = env_system(), .where = p->where}, &r->store));
    r->store->backend = &r->backend;
    FINE(store_connect(r->store, mode, &p->a, &r->c));
}
static void release_close(struct release *r) {
    store_disconnect(r->c);
    store_close(r->store);
}

static int64_t ask(struct place *p, struct store_connection *c, const struct store_statement *st) {
    struct store_rows rows;
    FINE(store_read(c, &p->a, st, NULL, 1, &rows));
    return store_row(&rows, 0)[0].i;
}

static void upgrades(void **state) {
    struct place *p = *state;
    struct release r;
    uint32_t applied = 0;
    int64_t version = 0;
    release_open(p, &r, all, 1, STORE_OWNER);
    FAILS(store_schema_check(r.c, &p->a, &version), "store-schema-missing");
    FINE(store_migrate(r.c, &p->a, &applied));
    assert_int_equal(applied, 1);
    assert_int_equal(ask(p, r.c, &columns), 1);
    assert_true(ask(p, r.c, &applied_ms) > INT64_C(1'700'000'000'000));
    release_close(&r);

    release_open(p, &r, all, 2, STORE_OWNER); /* the next release finds older data */
    FAILS(store_schema_check(r.c, &p->a, &version), "store-schema-missing");
    FINE(store_migrate(r.c, &p->a, &applied));
    assert_int_equal(applied, 1);
    FINE(store_schema_check(r.c, &p->a, &version));
    assert_int_equal(version, 2);
    assert_int_equal(ask(p, r.c, &columns), 2);
    release_close(&r);

    release_open(p, &r, all, 1, STORE_WRITE); /* the previous release goes on running on it, but does not migrate */
    FINE(store_schema_check(r.c, &p->a, &version));
    assert_int_equal(version, 2);
    FAILS(store_migrate(r.c, &p->a, &applied), "store-schema-newer");
    release_close(&r);

    release_open(p, &r, all, 3, STORE_OWNER); /* and the one after that says that nobody older may */
    FINE(store_migrate(r.c, &p->a, &applied));
    release_close(&r);
    release_open(p, &r, all, 2, STORE_READ);
    FAILS(store_schema_check(r.c, &p->a, &version), "store-schema-newer");
    release_close(&r);
}

/* From nothing in one go; what fails leaves the migrations before it and no trace of its own. */
static void broken_one(void **state) {
    struct place *p = *state;
    struct release r;
    uint32_t applied = 77;
    int64_t version = 77;
    release_open(p, &r, broken, 3, STORE_OWNER);
    struct status st = store_migrate(r.c, &p->a, &applied);
    FAILS(st, "store-migration-failed");
    assert_true(str_eq(st.err->place, STR("second")));
    assert_int_equal(ask(p, r.c, &columns), 1);
    assert_int_equal(ask(p, r.c, &table_count), 2);
    FAILS(store_schema_check(r.c, &p->a, &version), "store-schema-missing");
    assert_true(applied == 77 && version == 77);
    release_close(&r);
    release_open(p, &r, all, 3, STORE_OWNER); /* corrected: it goes on where it stood */
    FINE(store_migrate(r.c, &p->a, &applied));
    assert_int_equal(applied, 2);
    FINE(store_migrate(r.c, &p->a, &applied));
    assert_int_equal(applied, 0);
    FINE(store_schema_check(r.c, &p->a, &version));
    assert_int_equal(version, 3);
    release_close(&r);
    release_open(p, &r, broken, 3, STORE_OWNER); /* another text under the same number */
    FAILS(store_migrate(r.c, &p->a, &applied), "store-migration-changed");
    FAILS(store_schema_check(r.c, &p->a, &version), "store-migration-changed");
    release_close(&r);
}

/* What is embedded: numbered from 1, as its file without whole-line comments. */
static void embedded(void **state) {
    (void)state;
    for (uint32_t i = 0; i < store_sqlite_migration_count; i++) {
        const struct store_migration *m = &store_sqlite_migrations[i];
        assert_int_equal(m->number, i + 1);
        assert_true(m->oldest >= 1 && m->oldest <= m->number && m->name[0]);
        assert_true(m->sql.n > 0 && m->sql.p[m->sql.n] == 0 && strlen(m->sql.p) == m->sql.n && utf8_check(m->sql));
        assert_false(str_contains(m->sql, STR("\n--")) || str_contains(m->sql, STR("\n\n")));
    }
    assert_true(store_sqlite_migration_count >= 1);
    assert_int_equal(store_sqlite_migration_count, store_postgres_migration_count); /* releases count the same on both stores */
}

static int bare_setup(void **state) {
    static struct place p;
    place_make(&p);
    *state = &p;
    return 0;
}

int main(void) {
#define BARE(name) cmocka_unit_test_setup_teardown(name, bare_setup, place_teardown)
    const struct CMUnitTest tests[] = {BARE(upgrades), BARE(broken_one), cmocka_unit_test(embedded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
