/* help — see the header. */
#include "store/postgres/tests/help.h"

void help_fine(struct status s, const char *expr, const char *file, int line) {
    if (!status_failed(s)) return;
    print_error("%s:%d: %s: %s at %.*s: %.*s\n", file, line, expr, s.err->code, STR_FMT(s.err->place), STR_FMT(s.err->en));
    fail();
}
void help_fails(struct status s, const char *code, const char *expr, const char *file, int line) {
    if (!status_failed(s)) {
        print_error("%s:%d: %s: no failure, wanted %s\n", file, line, expr, code);
        fail();
    }
    if (strcmp(s.err->code, code) != 0) {
        print_error("%s:%d: %s: wanted %s, failed with %s: %.*s\n", file, line, expr, code, s.err->code, STR_FMT(s.err->en));
        fail();
    }
    assert_true(s.err->zh.n && s.err->en.n && s.err->hint_zh.n && s.err->hint_en.n);
}

static void point(const struct env *e, const char *name) {
    struct point_hook *h = (struct point_hook *)(uintptr_t)e;
    if (!h->at) return;
    h->passed++;
    h->at(h, name);
}

int bench_setup(void **state) {
    struct bench *b = calloc(1, sizeof(*b));
    if (!b) return -1;
    uint32_t applied = 0;
    struct store_connection *c = NULL;
    arena_init(&b->a, (size_t)1 << 30);
    b->db = fresh_make(&b->a);
    b->hook.env = *env_system();
    b->hook.env.point = point;
    FINE(store_open(&b->a, &(struct store_options){.env = &b->hook.env, .where = b->db.owner, .server_role = STR("yijie_server"), .faults = true}, &b->owner));
    FINE(store_open(&b->a, &(struct store_options){.env = &b->hook.env, .where = b->db.server, .faults = true}, &b->server));
    FINE(store_connect(b->owner, STORE_OWNER, &b->a, &c));
    FINE(store_migrate(c, &b->a, &applied));
    store_disconnect(c);
    (void)fresh_run(&b->a, b->db.owner,
                    "CREATE TABLE yijie.things (id bigint PRIMARY KEY, name text NOT NULL, body bytea, n bigint);"
                    "GRANT SELECT, INSERT, UPDATE, DELETE ON yijie.things TO yijie_server");
    *state = b;
    return 0;
}

int bench_teardown(void **state) {
    struct bench *b = *state;
    store_close(b->owner);
    store_close(b->server);
    arena_done(&b->a);
    free(b);
    return 0;
}

struct store_connection *bench_connect(struct bench *b, struct store *s, enum store_mode mode) {
    struct store_connection *c = NULL;
    FINE(store_connect(s, mode, &b->a, &c));
    return c;
}

const struct store_statement things_insert = {
    .name = "things.insert",
    .params = "itBI",
    .results = "",
    .postgres = "INSERT INTO things (id, name, body, n) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::bigint[])"};
const struct store_statement things_get = {
    .name = "things.get",
    .params = "i",
    .results = "itBI",
    .postgres = "SELECT p.n, t.id, t.name, t.body, t.n FROM unnest($1::bigint[]) WITH ORDINALITY AS p (id, n) JOIN things t ON t.id = p.id"};
const struct store_statement things_lock = {
    .name = "things.lock",
    .params = "i",
    .results = "it",
    .postgres = "SELECT p.n, t.id, t.name FROM unnest($1::bigint[]) WITH ORDINALITY AS p (id, n) JOIN things t ON t.id = p.id ORDER BY t.id FOR UPDATE OF t"};
const struct store_statement things_rename = {
    .name = "things.rename",
    .params = "it",
    .results = "",
    .postgres = "UPDATE things t SET name = p.name FROM unnest($1::bigint[], $2::text[]) AS p (id, name) WHERE t.id = p.id"};
const struct store_statement things_count = {
    .name = "things.count", .params = "", .results = "i", .postgres = "SELECT 1::bigint, count(*) FROM things"};
const struct store_statement things_all = {.name = "things.all",
                                           .params = "i",
                                           .results = "it",
                                           .postgres = "SELECT 1::bigint, id, name FROM things WHERE id >= ($1::bigint[])[1] ORDER BY id"};
const struct store_statement things_bad = {
    .name = "things.bad", .params = "i", .results = "", .postgres = "INSERT INTO nothing_here SELECT * FROM unnest($1::bigint[])"};
const struct store_statement things_divide = {
    .name = "things.divide", .params = "it", .results = "i", .postgres = "SELECT 1::bigint, 1 / v + t::bigint FROM unnest($1::bigint[], $2::text[]) AS p (v, t)"};

struct status thing_write(struct store_connection *c, struct arena *a, int64_t id, const char *name) {
    const struct store_value row[] = {STORE_I(id), STORE_S(str_from(name)), STORE_NULL, STORE_NULL};
    return store_write(c, a, &things_insert, row, 1);
}

int64_t bench_count(struct bench *b, struct store_connection *c) {
    struct store_rows rows = {0};
    FINE(store_read(c, &b->a, &things_count, NULL, 1, &rows));
    return store_row(&rows, 0)[0].i;
}
