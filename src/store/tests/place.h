/* place — an empty, migrated store for a test: SQLite in a folder of its own, or the database that YIJIE_TEST_POSTGRES names.
 *
 * Who uses it: the tests of this room. On PostgreSQL the tests of a program share one database, as the server's role (which is what production does);
 * each begins with empty tables.
 */
#ifndef YIJIE_STORE_TESTS_PLACE_H
#define YIJIE_STORE_TESTS_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "store/store.h"

struct place {
    struct arena a;
    char folder[64];
    struct str where, owner_where;
    struct store *store, *owner_store; /* one and the same on SQLite */
    struct store_connection *w, *r;    /* open on demand: place_writer, place_reader */
};

static inline void fine_at(struct status s, const char *file, int line) {
    if (status_failed(s)) {
        print_message("%s: %.*s: %.*s\n", s.err->code, STR_FMT(s.err->place), STR_FMT(s.err->en));
        _fail(file, line);
    }
}
#define FINE(s) fine_at((s), __FILE__, __LINE__)

static inline void fails_at(struct status s, const char *code, const char *file, int line) {
    if (!status_failed(s) || strcmp(s.err->code, code) != 0) {
        print_message("wanted %s, got %s\n", code, status_failed(s) ? s.err->code : "no failure");
        if (status_failed(s)) print_message("%.*s\n", STR_FMT(s.err->en));
        _fail(file, line);
    }
    if (!s.err->zh.n || !s.err->en.n || !utf8_check(s.err->zh)) _fail(file, line);
}
#define FAILS(s, code) fails_at((s), (code), __FILE__, __LINE__)

static inline bool on_postgres(void) { return getenv("YIJIE_TEST_POSTGRES") != NULL; }

static inline struct store_connection *place_connect(struct place *p, enum store_mode mode) {
    struct store_connection *c = NULL;
    FINE(store_connect(mode == STORE_OWNER ? p->owner_store : p->store, mode, &p->a, &c));
    return c;
}
static inline struct store_connection *place_writer(struct place *p) {
    if (!p->w) p->w = place_connect(p, STORE_WRITE);
    return p->w;
}
static inline struct store_connection *place_reader(struct place *p) {
    if (!p->r) p->r = place_connect(p, STORE_READ);
    return p->r;
}
static inline void place_disconnect(struct place *p) {
    store_disconnect(p->r);
    store_disconnect(p->w);
    p->r = p->w = NULL;
}

/* Opens the store(s) of the place with an environment of choice. */
static inline void place_open(struct place *p, const struct env *e) {
    struct store_options o = {.env = e, .where = p->where, .server_role = STR("yijie_server"), .faults = true};
    FINE(store_open(&p->a, &o, &p->store));
    o.where = p->owner_where;
    if (on_postgres()) FINE(store_open(&p->a, &o, &p->owner_store));
    else p->owner_store = p->store;
}
static inline void place_close(struct place *p) {
    place_disconnect(p);
    if (p->owner_store != p->store) store_close(p->owner_store);
    store_close(p->store);
    p->store = p->owner_store = NULL;
}

static inline void place_migrate_only(struct place *p) {
    uint32_t applied = 0;
    struct store_connection *c = place_connect(p, STORE_OWNER);
    FINE(store_migrate(c, &p->a, &applied));
    store_disconnect(c);
}
/* Also empties what tests on one database share. */
static inline void place_migrate(struct place *p) {
    static const struct store_statement empty[] = {
        {"test.empty-covers", "", "", "DELETE FROM covers", "DELETE FROM covers", false},
        {"test.empty-commands", "", "", "DELETE FROM commands", "DELETE FROM commands", false},
        {"test.empty-world", "", "", "DELETE FROM world", "DELETE FROM world", false},
    };
    uint32_t applied = 0;
    struct store_connection *c = place_connect(p, STORE_OWNER);
    FINE(store_migrate(c, &p->a, &applied));
    FINE(store_begin(c, &p->a));
    for (size_t i = 0; i < COUNT_OF(empty); i++) FINE(store_write(c, &p->a, &empty[i], NULL, 1));
    FINE(store_commit(c, &p->a));
    store_disconnect(c);
}

static inline void place_make(struct place *p) {
    *p = (struct place){.where = {NULL, 0}};
    arena_init(&p->a, 256 << 20);
    (void)snprintf(p->folder, sizeof(p->folder), "/tmp/yijie-store-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    const char *server = getenv("YIJIE_TEST_POSTGRES_SERVER");
    p->owner_where = on_postgres() ? str_from(getenv("YIJIE_TEST_POSTGRES")) : arena_printf(&p->a, "%s/data", p->folder);
    p->where = on_postgres() && server ? str_from(server) : p->owner_where;
    place_open(p, env_system());
}

/* Removes what place_make made, also after a failed test. */
static inline int place_remove(struct place *p) {
    char command[128];
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", p->folder);
    return system(command);
}

static inline int place_setup(void **state) {
    static struct place p;
    place_make(&p);
    place_migrate(&p);
    *state = &p;
    return 0;
}
static inline int place_teardown(void **state) {
    struct place *p = *state;
    place_close(p);
    arena_done(&p->a);
    return place_remove(p);
}

#endif
