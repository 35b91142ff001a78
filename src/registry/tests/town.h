/* town — a registry for tests: changes go the whole way (needs, decide, fold, settle the numbers, flush, append), in memory, on SQLite or on PostgreSQL.
 *
 * Who uses it: the tests of this room. On a store each change is a group of its own with a new set, so that everything is read again; without one a single set
 * lives on. Invariant: random bytes come from a counter, so that tokens, keys and events are the same in each run.
 */
#ifndef YIJIE_REGISTRY_TESTS_TOWN_H
#define YIJIE_REGISTRY_TESTS_TOWN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "registry/internal.h"

enum town_kind { TOWN_MEMORY, TOWN_STORE, TOWN_BATCH }; /* BATCH: a store, and one set for all changes, written at the end by town_batch_end */
struct town_env {
    struct env env; /* first: found by the functions */
    uint64_t counter;
    int64_t now_ms;
};
struct town {
    struct town_env e;
    struct arena arena, group;
    enum town_kind kind;
    char folder[64];
    struct journal_keys *keys;
    struct store *store;
    struct store_connection *c;
    struct registry_set *set;      /* memory: the one set; store: of the group at hand */
    struct registry_world *world;
    int64_t next_seq;              /* memory */
    struct journal_event *events;  /* of the last change */
    uint32_t event_count;
    struct journal_event *log;     /* memory, batch: all of them */
    uint32_t log_count, log_cap;
};

static inline void fine_at(struct status s, const char *file, int line) {
    if (!status_failed(s)) return;
    print_message("%s: %.*s: %.*s\n", s.err->code, STR_FMT(s.err->place), STR_FMT(s.err->en));
    _fail(file, line);
}
#define FINE(s) fine_at((s), __FILE__, __LINE__)

void town_open(struct town *t, enum town_kind kind); /* STORE: PostgreSQL when there is a cluster, else SQLite */
void town_close(struct town *t);
/* What is written as seq N is known here as … */
int64_t town_seq(const struct town *t, int64_t seq);
void town_batch_end(struct town *t);
/* Another empty store with the same keys. */
void town_open_beside(struct town *t, const struct town *first);
bool town_on_postgres(void);
/* "2022-03-01" as today. */
void town_day(struct town *t, struct str day);
/* Applies one change given as JSON: NULL when applied, else the code of the refusal or finding. Events stay in t->events. */
const char *town_do(struct town *t, struct str json);
/* The same in two halves: read, decide and fold; then write. */
const char *town_prepare(struct town *t, struct str json);
struct status town_write(struct town *t);
/* A set that reads the store as it stands (memory: the one set). */
struct registry_set *town_set(struct town *t);
/* Loads until nothing waits any more. */
void town_load(struct town *t, struct registry_set *s);
/* Folds all events of `first` into the tables here, `batch` at a time. */
void town_rebuild(struct town *t, const struct town *first, uint32_t batch);
/* All derived tables of the registry, a line a row. */
struct str town_dump(struct town *t);

#endif
