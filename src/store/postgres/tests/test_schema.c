/* The schema on a real PostgreSQL: migrations, who may do what, what the database itself refuses, partitions. */
#include "store/postgres/tests/help.h"

/* ---- migrations --------------------------------------------------------------------------------------------- */

static void migrations(void **state) {
    struct bench *b = *state;
    struct store_connection *owner = bench_connect(b, b->owner, STORE_OWNER), *server = bench_connect(b, b->server, STORE_WRITE);
    int64_t version = 0;
    uint32_t applied = 77;
    FINE(store_migrate(owner, &b->a, &applied)); /* the set-up has done it */
    assert_int_equal(applied, 0);
    FAILS(store_migrate(server, &b->a, &applied), "store-read-only");
    FINE(store_schema_check(server, &b->a, &version));
    assert_int_equal(version, store_postgres_migration_count);
    /* a later release's migration that this one may live with, and one that it may not */
    (void)fresh_run(&b->a, b->db.owner, "INSERT INTO yijie.migrations SELECT max(number) + 1, 'later', '\\x00', 0, 1 FROM yijie.migrations");
    FINE(store_schema_check(server, &b->a, &version));
    assert_int_equal(version, store_postgres_migration_count + 1);
    FAILS(store_migrate(owner, &b->a, &applied), "store-schema-newer");
    (void)fresh_run(&b->a, b->db.owner, "UPDATE yijie.migrations SET oldest = number WHERE name = 'later'");
    FAILS(store_schema_check(server, &b->a, &version), "store-schema-newer");
    (void)fresh_run(&b->a, b->db.owner, "DELETE FROM yijie.migrations WHERE name = 'later'");
    (void)fresh_run(&b->a, b->db.owner, "UPDATE yijie.migrations SET sha256 = '\\x00' WHERE number = 1");
    FAILS(store_schema_check(server, &b->a, &version), "store-migration-changed");
    FAILS(store_migrate(owner, &b->a, &applied), "store-migration-changed");
    store_disconnect(owner);
    store_disconnect(server);
}

/* An empty database: no schema, and the server cannot make one. */
static void nothing_there(void **state) {
    struct bench *b = *state;
    struct fresh db = fresh_make(&b->a);
    struct store *s = NULL;
    struct store_connection *c = NULL;
    int64_t version = 0;
    uint32_t applied = 0;
    FINE(store_open(&b->a, &(struct store_options){.env = env_system(), .where = db.server}, &s));
    FINE(store_connect(s, STORE_OWNER, &b->a, &c)); /* as if somebody had given the wrong address */
    FAILS(store_schema_check(c, &b->a, &version), "store-schema-missing");
    FAILS(store_migrate(c, &b->a, &applied), "store-migration-failed");
    FAILS(store_schema_check(c, &b->a, &version), "store-schema-missing"); /* nothing half done, and the connection goes on */
    store_disconnect(c);
    store_close(s);
}

/* Several programs migrate at once: one does it, the others find it done. */
struct migrating {
    struct bench *b;
    struct store *s;
    struct arena a;
    uint32_t applied;
    struct status st;
};
static void *migrating_run(void *arg) {
    struct migrating *m = arg;
    struct store_connection *c = NULL;
    m->st = store_connect(m->s, STORE_OWNER, &m->a, &c);
    if (!status_failed(m->st)) m->st = store_migrate(c, &m->a, &m->applied);
    store_disconnect(c);
    return NULL;
}
static void migrating_at_once(void **state) {
    enum { COUNT = 4 };
    struct bench *b = *state;
    struct fresh db = fresh_make(&b->a);
    struct store *s = NULL;
    struct migrating all[COUNT];
    struct env_thread threads[COUNT];
    uint32_t applied = 0;
    const struct env *e = env_system();
    FINE(store_open(&b->a, &(struct store_options){.env = e, .where = db.owner, .server_role = STR("yijie_server")}, &s));
    for (int i = 0; i < COUNT; i++) {
        all[i] = (struct migrating){.b = b, .s = s};
        arena_init(&all[i].a, 1 << 20);
        FINE(e->thread_start(e, &b->a, migrating_run, &all[i], &threads[i]));
    }
    for (int i = 0; i < COUNT; i++) {
        e->thread_join(e, &threads[i]);
        FINE(all[i].st);
        applied += all[i].applied;
        arena_done(&all[i].a);
    }
    assert_int_equal(applied, store_postgres_migration_count);
    store_close(s);
}

/* A script that fails in its middle leaves nothing; one that is fine is recorded with it, in one transaction. */
static void scripts(void **state) {
    static const char good[] = "CREATE TABLE one (x bigint);\nCREATE FUNCTION two() RETURNS bigint LANGUAGE sql AS $$ SELECT 2::bigint; $$;\nINSERT INTO one VALUES (two());\n";
    static const char bad[] = "CREATE TABLE three (x bigint);\nINSERT INTO three VALUES (1);\nINSERT INTO three SELECT 1 / (x - 1) FROM three;\n";
    static const char denied[] = "CREATE TABLE four (x bigint);\nUPDATE events SET open = '';\n";
    struct bench *b = *state;
    struct store_connection *owner = bench_connect(b, b->owner, STORE_OWNER);
    const struct digest hash = {{1, 2, 3}};
    const struct store_migration m[] = {{.number = 2, .oldest = 1, .name = "good", .sql = STR_INIT(good)},
                                        {.number = 3, .oldest = 1, .name = "bad", .sql = STR_INIT(bad)},
                                        {.number = 3, .oldest = 1, .name = "denied", .sql = STR_INIT(denied)}};
    FINE(store_postgres.migration_apply(owner, &b->a, &m[0], &hash, 77));
    for (int i = 1; i < 3; i++) {
        struct status st = store_postgres.migration_apply(owner, &b->a, &m[i], &hash, 78);
        FAILS(st, "store-migration-failed");
        assert_true(str_eq(st.err->place, str_from(m[i].name)));
    }
    assert_string_equal(fresh_run(&b->a, b->db.owner, "SELECT string_agg(number || name || applied_ms, ',' ORDER BY number) FROM yijie.migrations WHERE number > 1").p,
                        "2good77");
    assert_string_equal(fresh_run(&b->a, b->db.owner, "SELECT x FROM yijie.one").p, "2");
    assert_string_equal(fresh_run(&b->a, b->db.owner, "SELECT count(*) FROM pg_class WHERE relname IN ('three', 'four')").p, "0");
    store_disconnect(owner);
}

/* ---- the two schemas -------------------------------------------------------------------------------------------------- */

/* Every table and column stands in both files, in one order, of the same kind; only quotes and what serves the partitions are PostgreSQL's own. */
static const struct store_statement columns = {
    .name = "schema.columns",
    .params = "",
    .results = "ttti",
    .sqlite = "SELECT m.name, c.name, c.type, c.\"notnull\" OR c.pk FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.name, c.cid",
    .postgres = "SELECT 1::bigint, t.relname::text, c.attname::text, CASE c.atttypid WHEN 20 THEN 'INTEGER' WHEN 25 THEN 'TEXT' WHEN 17 THEN 'BLOB' ELSE 'other' END, "
                "c.attnotnull FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum > 0 WHERE t.relnamespace = 'yijie'::regnamespace AND t.relkind "
                "IN ('r', 'p') AND NOT t.relispartition AND t.relname NOT IN ('events_next', 'quotes', 'things') ORDER BY t.relname COLLATE \"C\", c.attnum"};

static struct store_rows columns_of(struct bench *b, struct str where) {
    struct store *s = NULL;
    struct store_connection *c = NULL;
    struct store_rows rows = {0};
    uint32_t applied = 0;
    FINE(store_open(&b->a, &(struct store_options){.env = env_system(), .where = where}, &s));
    FINE(store_connect(s, STORE_OWNER, &b->a, &c));
    FINE(store_migrate(c, &b->a, &applied));
    FINE(store_read(c, &b->a, &columns, NULL, 1, &rows));
    store_disconnect(c);
    store_close(s);
    return rows;
}

static void same_columns(void **state) {
    struct bench *b = *state;
    char folder[] = "/tmp/yijie-columns-XXXXXX", command[64];
    assert_non_null(mkdtemp(folder));
    struct store_rows sqlite = columns_of(b, arena_printf(&b->a, "%s/data", folder)), postgres = columns_of(b, b->db.owner);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
    assert_in_range(sqlite.count, 100, 1000);
    for (uint32_t r = 0; r < sqlite.count && r < postgres.count; r++) {
        const struct store_value *x = store_row(&sqlite, r), *y = store_row(&postgres, r);
        for (int k = 0; k < 3; k++) {
            if (str_eq(x[k].s, y[k].s) && x[3].i == y[3].i) continue;
            fail_msg("SQLite %.*s.%.*s %.*s %d, PostgreSQL %.*s.%.*s %.*s %d", STR_FMT(x[0].s), STR_FMT(x[1].s), STR_FMT(x[2].s), (int)x[3].i, STR_FMT(y[0].s),
                     STR_FMT(y[1].s), STR_FMT(y[2].s), (int)y[3].i);
        }
    }
    assert_int_equal(sqlite.count, postgres.count);
}

/* ---- privileges ------------------------------------------------------------------------------------------------ */

/* The whole list of what the server's role may do, as the database itself tells it: a new table or grant must be added here by hand. */
static void server_privileges(void **state) {
    static const struct {
        const char *table, *rights;
    } rows[] = {
        {"accounts", "INSERT SELECT UPDATE"},        {"bills", "INSERT SELECT UPDATE"},
        {"case_events", "INSERT SELECT"},            {"cases", "INSERT SELECT UPDATE"},
        {"commands", "INSERT SELECT UPDATE"},        {"consents", "INSERT SELECT UPDATE"},
        {"covers", "INSERT SELECT UPDATE"},          {"days", "INSERT SELECT UPDATE"},
        {"documents", "DELETE INSERT SELECT UPDATE"}, {"events", "INSERT SELECT"},
        {"head", "INSERT SELECT UPDATE"},            {"identifiers", "INSERT SELECT UPDATE"},
        {"migrations", "SELECT"},                    {"person_data", "DELETE INSERT SELECT UPDATE"},
        {"person_keys", "DELETE INSERT SELECT UPDATE"}, {"persons", "INSERT SELECT UPDATE"},
        {"policies", "INSERT SELECT UPDATE"},        {"quotes", "DELETE INSERT SELECT UPDATE"},
        {"shares", "INSERT SELECT UPDATE"},          {"tasks", "DELETE INSERT SELECT UPDATE"},
        {"texts", "INSERT SELECT"},                  {"transfers", "INSERT SELECT UPDATE"},
        {"world", "INSERT SELECT UPDATE"},           {"world_version", "INSERT SELECT UPDATE"},
    };
    struct bench *b = *state;
    struct buf want;
    buf_init(&want, 64 * 1024);
    for (size_t i = 0; i < COUNT_OF(rows); i++) buf_printf(&want, "%s%s: %s", i ? "\n" : "", rows[i].table, rows[i].rights);
    struct str found = fresh_run(&b->a, b->db.admin,
                                 "SELECT string_agg(line, E'\\n' ORDER BY line COLLATE \"C\") FROM (SELECT table_name || ': ' || string_agg(privilege_type, ' ' ORDER "
                                 "BY privilege_type) AS line FROM information_schema.role_table_grants WHERE table_schema = 'yijie' AND grantee = 'yijie_server' "
                                 "AND table_name <> 'things' GROUP BY table_name) AS lines");
    assert_string_equal(found.p, want.p ? arena_str(&b->a, buf_view(&want)).p : "");
    buf_done(&want);
    static const char *const none[] = {
        "SELECT count(*) FROM pg_class WHERE relowner = 'yijie_server'::regrole",
        "SELECT count(*) FROM pg_proc WHERE proowner = 'yijie_server'::regrole",
        "SELECT count(*) FROM pg_namespace WHERE nspname = 'yijie' AND has_schema_privilege('yijie_server', oid, 'CREATE')",
        "SELECT count(*) FROM information_schema.role_table_grants WHERE table_schema = 'yijie' AND grantee = 'PUBLIC'",
        "SELECT count(*) FROM pg_proc WHERE pronamespace = 'yijie'::regnamespace AND prosecdef AND proname <> 'daily' AND has_function_privilege('yijie_server', oid, "
        "'EXECUTE')",
        /* who may call a function of the owner's must not choose where its names point to */
        "SELECT count(*) FROM pg_proc WHERE pronamespace = 'yijie'::regnamespace AND prosecdef AND NOT coalesce(proconfig @> "
        "'{\"search_path=yijie, pg_temp\"}', false)",
    };
    for (size_t i = 0; i < COUNT_OF(none); i++) assert_string_equal(fresh_run(&b->a, b->db.admin, none[i]).p, "0");
}

/* A grant that was lost comes back with the next migrate. */
static void grants_come_back(void **state) {
    struct bench *b = *state;
    struct store_connection *owner = bench_connect(b, b->owner, STORE_OWNER);
    uint32_t applied = 0;
    (void)fresh_run(&b->a, b->db.owner, "REVOKE ALL ON yijie.head FROM yijie_server; GRANT DELETE ON yijie.texts TO yijie_server");
    FINE(store_migrate(owner, &b->a, &applied));
    server_privileges(state);
    store_disconnect(owner);
}

/* ---- what the database refuses ------------------------------------------------------------------------------------ */

#define ZERO32 "decode(repeat('00', 32), 'hex')"
#define EVENT(seq, at) "INSERT INTO events SELECT 0, " seq ", " at ", 1, 1, 1, NULL, NULL, '{}', NULL, " ZERO32 ", " ZERO32
#define NOW_MS "(extract(epoch FROM now()) * 1000)::bigint"

struct attempt {
    const char *sql;
    bool refused;
};
/* Each on its own; as a write of no parameters. The things that are not refused stay. */
static void attempts(struct bench *b, struct store_connection *c, const struct attempt *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct store_statement st = {.name = "attempt.write", .params = "", .results = "", .postgres = rows[i].sql};
        FINE(store_begin(c, &b->a));
        struct status is = store_write(c, &b->a, &st, NULL, 1);
        if (!status_failed(is)) is = store_commit(c, &b->a);
        if (rows[i].refused != status_failed(is)) print_error("%s\n", rows[i].sql);
        if (rows[i].refused) FAILS(is, "store-denied");
        else FINE(is);
    }
}

static void canonical_stays(void **state) {
    static const struct attempt filled[] = {
        {"INSERT INTO texts VALUES (" ZERO32 ", 'plan', 'a', 'one')", false},
        {"INSERT INTO texts VALUES (" ZERO32 ", 'plan', 'a', 'one') ON CONFLICT DO NOTHING", false},
        {"INSERT INTO texts VALUES (" ZERO32 ", 'chain', 'b', 'one') ON CONFLICT DO NOTHING", false}, /* the hash is its identity */
        {"INSERT INTO texts VALUES (" ZERO32 ", 'plan', 'a', 'two') ON CONFLICT DO NOTHING", true},
        {EVENT("1", "1"), true}, /* begins with 0 */
        {EVENT("g", NOW_MS) " FROM generate_series(0, 1) g WHERE false", false}, /* nothing at all */
        {EVENT("g", NOW_MS) " FROM generate_series(0, 9) g", false},
        {EVENT("10", "1700000000000"), false}, /* long ago: the partition for the rest */
        {EVENT("10", NOW_MS), true},           /* the same number in another partition */
        {EVENT("9", "1700000000000"), true},
        {EVENT("12", NOW_MS), true},
        {EVENT("g", NOW_MS) " FROM (VALUES (11), (13)) v (g)", true},
        {EVENT("g", NOW_MS " + o") " FROM (VALUES (11, 0), (11, 1), (13, 0)) v (g, o)", true},
        {EVENT("11", NOW_MS), false},
        {"INSERT INTO head VALUES (0, 12, 5, '', " ZERO32 ")", false},
        {"UPDATE head SET size = 13, at_ms = 6, root = sha256('x')", false},
        {"UPDATE head SET size = 12", true},
        {"UPDATE head SET at_ms = 5", true},
        {"UPDATE head SET root = sha256('y')", true},
        {"UPDATE head SET shard = 1", true},
    };
    static const struct attempt server[] = {
        {"UPDATE events SET open = ''", true}, {"DELETE FROM events", true},          {"TRUNCATE events", true},   {"UPDATE texts SET name = 'b'", true},
        {"DELETE FROM texts", true},           {"TRUNCATE texts", true},              {"DELETE FROM head", true},  {"TRUNCATE head", true},
        {"DELETE FROM cases", true},           {"TRUNCATE cases", true},              {"DROP TABLE events", true}, {"SELECT count(*) FROM events_default", true},
        {"CREATE TABLE mine (x int)", true},   {"UPDATE migrations SET oldest = 9", true}, {"ALTER TABLE events DISABLE TRIGGER ALL", true},
        {"INSERT INTO events_default SELECT * FROM events", true}, {"UPDATE events_next SET seq = 0", true}, {"SELECT server_grant('yijie_server')", true}, {"SELECT events_ahead(0, 1)", true},
    };
    static const struct attempt owner[] = {
        {"UPDATE events SET open = ''", true},
        {"DELETE FROM events WHERE seq = 3", true},
        {"TRUNCATE events", true},
        {"UPDATE events_default SET open = ''", true}, /* the partitions by themselves */
        {"DELETE FROM events_default", true},
        {"TRUNCATE events_default", true},
        {"UPDATE texts SET name = 'b'", true},
        {"DELETE FROM texts WHERE false", true},
        {"TRUNCATE texts", true},
        {"DELETE FROM head", true},
        {"TRUNCATE head", true},
    };
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE), *o = bench_connect(b, b->owner, STORE_OWNER);
    attempts(b, c, filled, COUNT_OF(filled));
    attempts(b, c, server, COUNT_OF(server));
    attempts(b, o, owner, COUNT_OF(owner));
    struct str month = fresh_run(&b->a, b->db.owner, "SELECT 'events_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMM')");
    const struct attempt partition[] = {{arena_printf(&b->a, "DELETE FROM %s", month.p).p, true},
                                        {arena_printf(&b->a, "TRUNCATE %s", month.p).p, true},
                                        {arena_printf(&b->a, "UPDATE %s SET open = ''", month.p).p, true}};
    attempts(b, o, partition, COUNT_OF(partition));
    assert_string_equal(fresh_run(&b->a, b->db.owner, "SELECT string_agg(seq::text, ',' ORDER BY seq) FROM yijie.events").p, "0,1,2,3,4,5,6,7,8,9,10,11");
    store_disconnect(c);
    store_disconnect(o);
}

/* ---- partitions ------------------------------------------------------------------------------------------------------ */

/* The first transaction of a writer has made the partitions of this month and the two after; events fall into theirs. */
static void partitions(void **state) {
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    static const struct attempt event[] = {{EVENT("0", NOW_MS), false}, {EVENT("1", "1"), false}};
    attempts(b, c, event, COUNT_OF(event));
    static const char count[] = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'yijie.events'::regclass";
    assert_string_equal(fresh_run(&b->a, b->db.owner, count).p, "4"); /* and the default one */
    assert_string_equal(fresh_run(&b->a, b->db.owner, "SELECT count(*) FROM yijie.events_default").p, "1");
    /* again is harmless; a month whose events lie in the default partition stays there; nonsense is refused */
    (void)fresh_run(&b->a, b->db.server, "SELECT yijie.daily(" NOW_MS ")");
    assert_string_equal(fresh_run(&b->a, b->db.owner, "SELECT yijie.events_ahead(" NOW_MS ", 3)").p, "0");
    assert_string_equal(fresh_run(&b->a, b->db.owner, "SELECT yijie.events_ahead(" NOW_MS ", 5)").p, "2");
    assert_string_equal(fresh_run(&b->a, b->db.owner, "SELECT count(*) FROM yijie.events").p, "2");
    store_disconnect(c);
    c = bench_connect(b, b->owner, STORE_OWNER);
    static const struct store_statement far = {.name = "ahead.far", .params = "", .results = "i", .postgres = "SELECT 1::bigint, events_ahead(0, 1)"};
    struct store_rows got = {0};
    FAILS(store_read(c, &b->a, &far, NULL, 1, &got), "store-statement");
    store_disconnect(c);
}

/* The rows every settlement changes are updated on their page: the index does not grow with them. */
static void updates_in_place(void **state) {
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    static const struct attempt fill[] = {
        {"INSERT INTO covers SELECT g, 0, decode(repeat('ab', 100), 'hex'), NULL, 0 FROM generate_series(1, 2000) g", false},
        {"UPDATE covers SET version = version + 1, counters = decode(repeat('cd', 100), 'hex')  WHERE id % 4 = 0", false},
    };
    attempts(b, c, fill, COUNT_OF(fill));
    /* the new versions of a quarter of the rows found room on the pages of the old ones: no page was added */
    struct str grown = fresh_run(&b->a, b->db.admin,
                                 "SELECT count(*) FROM yijie.covers n WHERE n.version = 1 AND (n.ctid::text::point)[0] NOT BETWEEN (SELECT min((o.ctid::text::point)[0]) "
                                 "FROM yijie.covers o WHERE o.version = 0) AND (SELECT max((o.ctid::text::point)[0]) FROM yijie.covers o WHERE o.version = 0)");
    assert_string_equal(grown.p, "0");
    store_disconnect(c);
}

static void sizes(void **state) {
    struct bench *b = *state;
    struct store_connection *c = bench_connect(b, b->server, STORE_WRITE);
    int64_t bytes = 0;
    uint64_t ns = 77;
    FINE(store_size(c, &b->a, &bytes));
    assert_true(bytes > 1'000'000);
    FINE(store_checkpoint(c, &b->a, true, &ns));
    assert_int_equal(ns, 0);
    FAILS(store_backup(b->server, &b->a, STR("nowhere"), NULL, NULL), "store-backup"); /* says how instead of pretending */
    store_disconnect(c);
}

/* A password is in no failure. */
static void password_hidden(void **state) {
    struct bench *b = *state;
    struct store *s = NULL;
    struct store_connection *c = NULL;
    static const char *const places[] = {"postgresql://u:geheim@%2Fnowhere-at-all/db", "postgresql:///db?host=/nowhere-at-all&user=u&password=geheim"};
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        FINE(store_open(&b->a, &(struct store_options){.env = env_system(), .where = str_from(places[i])}, &s));
        struct status st = store_connect(s, STORE_READ, &b->a, &c);
        FAILS(st, "store-open");
        assert_false(str_contains(st.err->zh, STR("geheim")) || str_contains(st.err->en, STR("geheim")) || str_contains(st.err->place, STR("geheim")));
        assert_true(str_contains(st.err->place, STR("nowhere-at-all")));
        store_close(s);
    }
    struct status st = store_open(&b->a, &(struct store_options){.env = env_system(), .where = STR("postgresql://u:geheim@h:x:y/?z")}, &s);
    FAILS(st, "store-bad-place");
    assert_false(str_contains(st.err->en, STR("geheim")) || str_contains(st.err->place, STR("geheim")));
}

int main(void) {
#define BENCH_TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        BENCH_TEST(migrations),       BENCH_TEST(nothing_there), BENCH_TEST(migrating_at_once), BENCH_TEST(scripts), BENCH_TEST(same_columns), BENCH_TEST(server_privileges),
        BENCH_TEST(grants_come_back), BENCH_TEST(canonical_stays), BENCH_TEST(partitions),      BENCH_TEST(updates_in_place),
        BENCH_TEST(sizes),            BENCH_TEST(password_hidden),
    };
    return cmocka_run_group_tests_name("store-postgres-schema", tests, NULL, NULL);
}
