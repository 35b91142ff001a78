/* migrate — the order of migrations: which are there, whether they are ours, which are missing.
 *
 * Who uses it: app and cli at start, tests. Invariants: forward only; what was applied is recorded with the hash of what it did, in the same
 * transaction; a recorded migration that differs from ours, or one that we do not know, stops everything before anything is changed.
 * The previous release goes on running on a newer schema as long as that schema's migrations say so (`oldest`).
 */
#include "store/store_internal.h"

static void migration_hash(const struct store_migration *m, struct digest *ret) { crypto_sha256(m->sql, ret); }

static struct str migration_place(struct arena *a, int64_t number, struct str name) {
    return arena_printf(a, "%04lld_%.*s", (long long)number, STR_FMT(name));
}

/* The recorded ones: 1, 2, 3 … without gaps, those that we know unchanged. */
static struct status recorded_check(const struct store_backend *b, struct arena *a, const struct store_migration_done *done, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct digest ours;
        struct str place = migration_place(a, done[i].number, done[i].name);
        if (!place.p) return status_memory();
        if (done[i].number != (int64_t)i + 1) return store_fail(a, STORE_MIGRATION_CHANGED, place, STR(""));
        if (i >= *b->migration_count) continue;
        migration_hash(&b->migrations[i], &ours);
        if (!str_eq(done[i].sha256, (struct str){(const char *)ours.b, sizeof(ours.b)})) return store_fail(a, STORE_MIGRATION_CHANGED, place, STR(""));
    }
    return STATUS_OK;
}

struct status store_schema_check(struct store_connection *c, struct arena *a, int64_t *ret_version) {
    const struct store_backend *b = c->store->backend;
    struct store_migration_done *done = NULL;
    uint32_t count = 0;
    TRY(b->migrations_read(c, a, &done, &count));
    TRY(recorded_check(b, a, done, count));
    if (count < *b->migration_count) return store_fail(a, STORE_SCHEMA_MISSING, STR("migrations"), STR(""));
    for (uint32_t i = 0; i < count; i++)
        if (done[i].oldest > (int64_t)*b->migration_count) {
            struct str place = migration_place(a, done[i].number, done[i].name);
            return place.p ? store_fail(a, STORE_SCHEMA_NEWER, place, STR("")) : status_memory();
        }
    *ret_version = count;
    return STATUS_OK;
}

static struct status migrate_locked(struct store_connection *c, struct arena *a, uint32_t *ret_applied) {
    const struct store_backend *b = c->store->backend;
    const struct env *e = c->store->env;
    struct store_migration_done *done = NULL;
    uint32_t count = 0, applied = 0;
    TRY(b->migrations_read(c, a, &done, &count));
    TRY(recorded_check(b, a, done, count));
    if (count > *b->migration_count) {
        struct str place = migration_place(a, done[count - 1].number, done[count - 1].name);
        return place.p ? store_fail(a, STORE_SCHEMA_NEWER, place, STR("")) : status_memory();
    }
    for (uint32_t i = count; i < *b->migration_count; i++) {
        struct digest hash;
        migration_hash(&b->migrations[i], &hash);
        store_point(c, "store.migration-before");
        TRY(b->migration_apply(c, a, &b->migrations[i], &hash, e->now_ms(e)));
        store_point(c, "store.migration-after");
        applied++;
    }
    *ret_applied = applied;
    return STATUS_OK;
}

struct status store_migrate(struct store_connection *c, struct arena *a, uint32_t *ret_applied) {
    const struct store_backend *b = c->store->backend;
    CHECK(!c->in_transaction);
    if (c->mode == STORE_READ || (c->mode == STORE_WRITE && b->kind == STORE_POSTGRES)) return store_fail(a, STORE_READ_ONLY, STR("migrate"), STR(""));
    TRY(b->migrate_lock(c, a));
    struct status st = migrate_locked(c, a, ret_applied);
    b->migrate_unlock(c);
    return st;
}
