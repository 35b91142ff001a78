/* ledger/tests/books — see books.h. */
#include "ledger/tests/books.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(struct status s) {
    if (!status_failed(s)) return;
    (void)fprintf(stderr, "%s: %.*s: %.*s\n", s.err->code, STR_FMT(s.err->place), STR_FMT(s.err->en));
    exit(2);
}

bool books_on_postgres(void) { return getenv("YIJIE_TEST_POSTGRES") != NULL; }

struct store_connection *books_connect(struct books *b, enum store_mode mode) {
    struct store_connection *c = NULL;
    must(store_connect(mode == STORE_OWNER ? b->owner : b->store, mode, &b->arena, &c));
    return c;
}

static struct store *store_at(struct books *b, struct str where) {
    const struct store_options o = {.env = env_system(), .where = where, .server_role = STR("yijie_server")};
    struct store *s = NULL;
    must(store_open(&b->arena, &o, &s));
    return s;
}

static void migrate(struct books *b) {
    uint32_t applied = 0;
    struct store_connection *c = books_connect(b, STORE_OWNER);
    must(store_migrate(c, &b->arena, &applied));
    store_disconnect(c);
}

void books_open(struct books *b, const char *kind) {
    *b = (struct books){.c = NULL};
    arena_init(&b->arena, (size_t)256 << 20);
    if (strcmp(kind, "pure") == 0) return;
    if (strcmp(kind, "postgres") == 0) {
        const char *owner = getenv("YIJIE_TEST_POSTGRES"), *server = getenv("YIJIE_TEST_POSTGRES_SERVER");
        if (!owner || !server) {
            (void)fprintf(stderr, "run this under tests/postgres/with_cluster.py\n");
            exit(2);
        }
        b->owner = store_at(b, str_from(owner));
        b->store = store_at(b, str_from(server));
    } else {
        (void)snprintf(b->folder, sizeof b->folder, "/tmp/yijie-ledger-XXXXXX");
        if (!mkdtemp(b->folder)) exit(2);
        b->owner = b->store = store_at(b, arena_printf(&b->arena, "%s/data", b->folder));
    }
    migrate(b);
    b->c = books_connect(b, STORE_WRITE);
}

void books_close(struct books *b) {
    if (b->store) {
        store_disconnect(b->c);
        if (b->owner != b->store) store_close(b->owner);
        store_close(b->store);
    }
    if (b->folder[0]) {
        char command[128];
        (void)snprintf(command, sizeof command, "rm -rf '%s'", b->folder);
        if (system(command) != 0) (void)fprintf(stderr, "%s is left behind\n", b->folder);
    }
    arena_done(&b->arena);
}
