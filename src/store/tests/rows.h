/* rows — statements on tables of the real schema that the tests of this room share, and the ways to use them in one line. */
#ifndef YIJIE_STORE_TESTS_ROWS_H
#define YIJIE_STORE_TESTS_ROWS_H

#include "store/tests/place.h"

#define COVERS "covers.id, covers.version, covers.counters, covers.last_case, covers.merged_into"
enum statement_id { COVER_PUT, COVER_GET, COVER_VERSION, COVER_RANGE, COVER_ALL, COVER_COUNT, COVER_DROP, WORLD_PUT, WORLD_GET, STATEMENT_COUNT };
static const struct store_statement statement_items[STATEMENT_COUNT] = {
    [COVER_PUT] = {"covers.put", "iibBi", "", "INSERT INTO covers (id, version, counters, last_case, merged_into) VALUES (?1, ?2, ?3, ?4, ?5)",
                   "INSERT INTO covers (id, version, counters, last_case, merged_into)"
                   " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bigint[])",
                   true},
    [COVER_GET] = {"covers.get", "i", "iibBi", "SELECT " COVERS " FROM covers WHERE id = ?1",
                   "SELECT p.n, " COVERS " FROM unnest($1::bigint[]) WITH ORDINALITY AS p (id, n) JOIN covers ON covers.id = p.id ORDER BY p.n", true},
    [COVER_VERSION] = {"covers.version", "ii", "", "UPDATE covers SET version = ?2 WHERE id = ?1",
                       "UPDATE covers SET version = p.version FROM unnest($1::bigint[], $2::bigint[]) AS p (id, version) WHERE covers.id = p.id", true},
    [COVER_RANGE] = {"covers.range", "ii", "i", "SELECT id FROM covers WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
                     "SELECT p.n, covers.id FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS p (low, high, n)"
                     " JOIN covers ON covers.id BETWEEN p.low AND p.high ORDER BY p.n, covers.id",
                     true},
    [COVER_ALL] = {"covers.all", "", "iib", "SELECT id, version, counters FROM covers ORDER BY id",
                   "SELECT 1::bigint, id, version, counters FROM covers ORDER BY id", false},
    [COVER_COUNT] = {"covers.count", "", "i", "SELECT count(*) FROM covers", "SELECT 1::bigint, count(*) FROM covers", false},
    [COVER_DROP] = {"covers.drop", "", "", "DELETE FROM covers", "DELETE FROM covers", false},
    [WORLD_PUT] = {"world.put", "ttiitii", "",
                   "INSERT INTO world (kind, name, valid_from, valid_to, data, recorded, superseded) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                   "INSERT INTO world (kind, name, valid_from, valid_to, data, recorded, superseded) SELECT * FROM"
                   " unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[])",
                   false},
    [WORLD_GET] = {"world.get", "t", "tt", "SELECT name, data FROM world WHERE name = ?1",
                   "SELECT p.n, world.name, world.data FROM unnest($1::text[]) WITH ORDINALITY AS p (name, n) JOIN world ON world.name = p.name ORDER BY p.n",
                   false},
};
static const struct store_statements statements = {statement_items, STATEMENT_COUNT};
#define SQL(id) (&statement_items[id])

static inline int64_t cover_count(struct place *p, struct store_connection *c) {
    struct store_rows rows;
    FINE(store_read(c, &p->a, SQL(COVER_COUNT), NULL, 1, &rows));
    assert_int_equal(rows.count, 1);
    return store_row(&rows, 0)[0].i;
}

/* One cover of that id in the open transaction. */
static inline struct status cover_put(struct place *p, struct store_connection *c, int64_t id) {
    const struct store_value row[] = {STORE_I(id), STORE_I(1), STORE_S(STR("counters")), STORE_NULL, STORE_I(0)};
    return store_write(c, &p->a, SQL(COVER_PUT), row, 1);
}

/* `count` covers from `first`, in one transaction, each with `bytes` bytes of counters. */
static inline void covers_put(struct place *p, struct store_connection *c, int64_t first, uint32_t count, size_t bytes) {
    struct arena_mark mark = arena_mark(&p->a);
    struct store_value *rows = ARENA_ARRAY(&p->a, struct store_value, (size_t)count * 5);
    char *counters = arena_alloc(&p->a, bytes + 1, 1);
    assert_true(rows && counters);
    memset(counters, 'c', bytes);
    for (uint32_t i = 0; i < count; i++) {
        struct store_value *row = rows + (size_t)i * 5;
        row[0] = STORE_I(first + i);
        row[1] = STORE_I(1);
        row[2] = STORE_S(((struct str){counters, bytes}));
        row[3] = STORE_NULL;
        row[4] = STORE_I(0);
    }
    FINE(store_begin(c, &p->a));
    FINE(store_write(c, &p->a, SQL(COVER_PUT), rows, count));
    FINE(store_commit(c, &p->a));
    arena_rewind(&p->a, mark);
}

#endif
