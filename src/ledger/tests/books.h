/* ledger/tests/books — where a test keeps its books: nowhere, in a fresh SQLite folder, or in the PostgreSQL that the driver started. */
#ifndef YIJIE_LEDGER_TESTS_BOOKS_H
#define YIJIE_LEDGER_TESTS_BOOKS_H

#include "ledger/ledger.h"

struct books {
    struct arena arena;
    struct store *store, *owner; /* one and the same on SQLite */
    struct store_connection *c;  /* of the server's role; NULL: pure */
    char folder[64];
};
/* kind: pure, sqlite, postgres. Migrated and empty. A failure ends the program. */
void books_open(struct books *b, const char *kind);
void books_close(struct books *b);
struct store_connection *books_connect(struct books *b, enum store_mode mode); /* another connection to the same books */
bool books_on_postgres(void);                                                   /* the driver named a database */

#endif
