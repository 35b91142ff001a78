/* store_internal — what the files of this room share: the table of functions that makes a store, failures, checks, result rows, migrations.
 *
 * Who uses it: store.c, migrate.c, statements.c, rows.c, and the two seams sqlite/ and postgres/.
 * Division of work: the common half owns the life of a transaction (what is open, what a failure ends), modes, the checks of statements and
 * values, and the order of migrations. A seam only talks to its library: it never rolls back by itself and never hides a failure.
 */
#ifndef YIJIE_STORE_INTERNAL_H
#define YIJIE_STORE_INTERNAL_H

#include "crypto/crypto.h"
#include "store/store.h"

/* ---- failures -------------------------------------------------------------------------------------- */

enum store_error {
#define STORE_ERROR(id, code, zh, en, hint_zh, hint_en) STORE_##id,
#include "store/errors.def"
#undef STORE_ERROR
    STORE_ERROR_COUNT
};
/* A failure from errors.def. `place`: the statement's name, a file, the store's place without a password. `detail` (may be empty) is put behind both
 * texts: the library's own words, which must not hold values of rows (personal data). */
struct status store_fail(struct arena *a, enum store_error which, struct str place, struct str detail);

/* ---- the two stores -------------------------------------------------------------------------------- */

struct store_migration { /* embedded at build time from db/sqlite or db/postgres, by number from 1 without gaps */
    int64_t number;
    int64_t oldest;     /* releases that know this migration number may write on data with the migration applied ("-- oldest N" in the file) */
    const char *name;   /* "start" */
    struct str sql;     /* whole-line comments and empty lines left out: what the hash is of; a NUL behind */
};
struct store_migration_done { /* a row of table migrations */
    int64_t number, oldest;
    struct str name, sha256;
};

struct store {
    struct arena memory; /* holds this struct and `where`, `server_role`; for the store's life */
    const struct store_backend *backend;
    const struct env *env;
    struct str where, server_role;
    bool faults;
    void *own; /* of the backend: made in open, ended in close */
};

/* First member of struct sqlite_connection and struct postgres_connection. */
struct store_connection {
    struct arena memory; /* holds the whole connection: statement cache and so on */
    struct store *store;
    enum store_mode mode;
    bool in_transaction; /* kept by store.c: between a begin that was fine and commit, rollback or the first failure */
};

enum store_checkpoint_why { STORE_CHECKPOINT_DUE, STORE_CHECKPOINT_IDLE, STORE_CHECKPOINT_FORCED };

/* Every function of a table row is called by store.c or migrate.c only. `a` takes results and failures. Fine means done (writes: done or deferred).
 * After a failure inside a transaction store.c calls rollback at once. */
struct store_backend {
    enum store_kind kind;
    struct status (*open)(struct store *s, struct arena *a);   /* check of the place; no data is touched; sets s->own or leaves NULL */
    void (*close)(struct store *s);
    /* Makes the connection with store_connection_new(size of its struct) and connects. On failure nothing remains. */
    struct status (*connect)(struct store *s, enum store_mode mode, struct arena *a, struct store_connection **ret);
    void (*disconnect)(struct store_connection *c); /* ends the library's part; store.c frees the memory */
    struct status (*begin)(struct store_connection *c, struct arena *a);
    struct status (*commit)(struct store_connection *c, struct arena *a);
    void (*rollback)(struct store_connection *c);   /* must work in any state, also when there is no transaction any more */
    struct status (*write)(struct store_connection *c, struct arena *a, const struct store_statement *st, const struct store_value *rows, uint32_t row_count);
    struct status (*read)(struct store_connection *c, struct arena *a, const struct store_statement *st, const struct store_value *rows, uint32_t row_count,
                          struct store_rows *ret);
    struct status (*scan)(struct store_connection *c, struct arena *a, const struct store_statement *st, const struct store_value *params,
                          struct status (*row)(void *user, const struct store_value *values), void *user);
    struct status (*barrier)(struct store_connection *c, struct arena *a);
    uint64_t (*log_bytes)(const struct store_connection *c); /* NULL: the store keeps its log to itself */
    struct status (*checkpoint)(struct store_connection *c, struct arena *a, enum store_checkpoint_why why, uint64_t *ret_ns);
    struct status (*backup)(struct store *s, struct arena *a, struct str path, void (*progress)(void *user, uint64_t done, uint64_t total), void *user);
    struct status (*size)(struct store_connection *c, struct arena *a, int64_t *ret_bytes);
    /* Compiles the statement against the schema; *ret_params and *ret_results: as the library counts them (PostgreSQL: results without the ordinal;
     * types are compared where the library knows them). Outside a transaction. */
    struct status (*prepare)(struct store_connection *c, struct arena *a, const struct store_statement *st, uint32_t *ret_params, uint32_t *ret_results);

    /* Migrations. OWNER connections only, except migrations_read. */
    const struct store_migration *migrations;
    const uint32_t *migration_count;
    struct status (*migrate_lock)(struct store_connection *c, struct arena *a);   /* nobody else migrates until migrate_unlock or disconnect */
    void (*migrate_unlock)(struct store_connection *c);
    /* Rows of table migrations by number; no such table: count 0. */
    struct status (*migrations_read)(struct store_connection *c, struct arena *a, struct store_migration_done **ret, uint32_t *ret_count);
    /* In one transaction: the script, the row of table migrations, and (PostgreSQL) what store_options.server_role is granted. */
    struct status (*migration_apply)(struct store_connection *c, struct arena *a, const struct store_migration *m, const struct digest *sha256, int64_t applied_ms);
};
extern const struct store_backend store_sqlite, store_postgres;
extern const struct store_migration store_sqlite_migrations[], store_postgres_migrations[];
extern const uint32_t store_sqlite_migration_count, store_postgres_migration_count;

/* Memory for a connection of `size` bytes whose first member is struct store_connection, with that member filled. NULL: no memory. */
struct store_connection *store_connection_new(struct store *s, enum store_mode mode, size_t size, size_t memory_limit);
void store_connection_free(struct store_connection *c);

/* A named point of the program's course, when options.faults: "store.commit.before" … Names are literals. */
void store_point(const struct store_connection *c, const char *name);

/* ---- statements, values, rows ------------------------------------------------------------------------ */

static inline uint32_t store_width(const char *types) { return (uint32_t)__builtin_strlen(types); }
static inline bool store_type_nullable(char type) { return type == 'I' || type == 'T' || type == 'B'; }
/* 'i', 't' or 'b' of a type letter. */
static inline char store_type_base(char type) { return (char)(type | 0x20); }
/* A statement made known by its first use: types are letters of "itbITB", the text for this store is there. A wrong one is a bug (CHECK). */
void store_statement_known(enum store_kind kind, const struct store_statement *st);
/* Values that both stores take: no null where the type has none (a bug: CHECK), texts are UTF-8 without NUL (store-bad-text, place: statement). */
struct status store_values_check(struct arena *a, const struct store_statement *st, const struct store_value *rows, uint32_t row_count);

/* Result rows, one after another. Texts and blobs are copied by store_rows_text. */
struct store_rows_maker {
    struct arena *a;
    struct store_value *values;
    uint32_t *of;
    uint32_t width, count, cap;
};
void store_rows_start(struct store_rows_maker *m, struct arena *a, const struct store_statement *st);
struct store_value *store_rows_add(struct store_rows_maker *m, uint32_t of); /* `width` zeroed values; NULL: no memory */
bool store_rows_text(struct store_rows_maker *m, struct store_value *v, const void *bytes, size_t n); /* copies; empty gives p != NULL */
struct store_rows store_rows_made(const struct store_rows_maker *m);

#endif
