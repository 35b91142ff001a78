/* cases/engine/desk — opens and closes a desk: store, schema, keys, world, workers.
 *
 * Opening takes the data directory (SQLite) and fails before anything is touched when another server owns it. Closing is graceful: what was taken is finished and
 * answered, the log is checkpointed, keys are wiped.
 */
#include "cases/engine/engine.h"
#include "cases/proof/proof.h"

#include <string.h>

static void options_default(struct cases_desk *d, enum store_kind kind)
{
    struct cases_desk_options *o = &d->options;
    if (!o->queue_max) o->queue_max = ENGINE_QUEUE_MAX;
    if (!o->group_max || o->group_max > ENGINE_GROUP_MAX) o->group_max = ENGINE_GROUP_MAX;
    if (!o->workers) o->workers = ENGINE_WORKERS_POSTGRES;
    if (o->workers > ENGINE_WORKERS_MAX) o->workers = ENGINE_WORKERS_MAX;
    if (kind == STORE_SQLITE) o->workers = 1;
}

static struct status keys_path_missing(struct arena *a)
{
    return status_error(a, (struct error){.code = "keys-path-missing", .zh = STR("使用 PostgreSQL 时须指定密钥文件"),
        .en = STR("with PostgreSQL the keys file must be named"), .hint_zh = STR("在配置中给出 keys = 路径"), .hint_en = STR("give keys = PATH in the configuration")});
}

/* Keys are made only for a store without events: else its persons would be lost. */
static struct status keys_open(struct cases_desk *d, struct arena *a, struct store_connection *c)
{
    struct journal_head head = {0};
    struct str path = d->options.keys_path;
    if (path.n == 0 && store_kind_of(d->store) == STORE_POSTGRES) return keys_path_missing(a);
    if (path.n == 0) path = arena_printf(a, "%.*s/keys.json", STR_FMT(d->options.where));
    if (!path.p) return status_memory();
    TRY(journal_head_read(c, a, 0, &head));
    TRY(journal_keys_open(d->env, a, path, head.size == 0 && !d->options.read_only, &d->keys));
    return journal_keys_fit(d->keys, c, a);
}

static struct status schema_ready(struct cases_desk *d, struct arena *a, struct store_connection *c)
{
    int64_t version = 0;
    uint32_t applied = 0;
    const bool migrate = !d->options.read_only && (d->options.migrate || store_kind_of(d->store) == STORE_SQLITE);
    if (migrate) TRY(store_migrate(c, a, &applied));
    TRY(store_schema_check(c, a, &version));
    return proof_rebuild_check(c, a);
}

static struct status worker_connect(struct engine_worker *w, struct arena *a)
{
    const bool owner = w->desk->options.migrate && w->number == 0;
    return store_connect(w->desk->store, owner ? STORE_OWNER : STORE_WRITE, a, &w->connection);
}

static struct status workers_connect(struct cases_desk *d, struct arena *a)
{
    d->workers = ARENA_ARRAY(&d->arena, struct engine_worker, d->options.workers);
    if (!d->workers) return status_memory();
    for (uint32_t i = 0; i < d->options.workers; i++) {
        struct engine_worker *w = &d->workers[i];
        *w = (struct engine_worker){.desk = d, .number = i};
        TRY(worker_connect(w, a));
        d->worker_count++;
        arena_init(&w->arena, ENGINE_GROUP_BYTES);
        arena_init(&w->scratch, ENGINE_GROUP_BYTES);
        sha256_init(&w->hash);
        journal_sealer_init(&w->sealer);
        if (i == 0) TRY(schema_ready(d, a, w->connection)); /* before others prepare against it */
    }
    return STATUS_OK;
}

static struct status workers_start(struct cases_desk *d, struct arena *a)
{
    struct journal_head head = {0};
    TRY(journal_head_read(d->workers[0].connection, a, 0, &head));
    for (uint32_t i = 0; i < d->worker_count; i++) {
        struct engine_worker *w = &d->workers[i];
        w->last_ms = head.at_ms;
        TRY(d->env->thread_start(d->env, a, engine_worker_main, w, &w->thread));
        w->started = true;
    }
    return STATUS_OK;
}

static struct status desk_read_only(struct cases_desk *d, struct arena *a)
{
    struct store_connection *c = NULL;
    TRY(store_connect(d->store, STORE_READ, a, &c));
    struct status s = schema_ready(d, a, c);
    if (!status_failed(s)) s = keys_open(d, a, c);
    if (!status_failed(s)) s = engine_world_renew(d, c, a);
    store_disconnect(c);
    return s;
}

static struct status desk_fill(struct cases_desk *d, struct arena *a)
{
    const struct store_options so = {.env = d->env, .where = d->options.where, .faults = true};
    TRY(store_open(&d->arena, &so, &d->store));
    options_default(d, store_kind_of(d->store));
    d->queue.max = d->options.queue_max;
    TRY(d->env->random_fill(d->env, a, &d->count, sizeof d->count)); /* several servers on one store begin apart */
    if (d->options.read_only) return desk_read_only(d, a);
    TRY(workers_connect(d, a));
    TRY(keys_open(d, a, d->workers[0].connection));
    TRY(engine_world_renew(d, d->workers[0].connection, a));
    if (store_kind_of(d->store) == STORE_SQLITE) TRY(engine_quotes_new(&d->arena, &d->quotes));
    return workers_start(d, a);
}

uint16_t cases_desk_count(struct cases_desk *d) { return (uint16_t)__atomic_add_fetch(&d->count, 1, __ATOMIC_RELAXED); }

static bool options_keep(struct cases_desk *d, const struct cases_desk_options *o)
{
    d->options = *o;
    d->env = o->env;
    d->options.where = arena_str(&d->arena, o->where);
    d->options.keys_path = arena_str(&d->arena, o->keys_path);
    return d->options.where.p && d->options.keys_path.p;
}

struct status cases_desk_open(struct arena *a, const struct cases_desk_options *o, struct cases_desk **ret)
{
    struct arena arena;
    arena_init(&arena, (size_t)64 * 1024 * 1024);
    struct cases_desk *d = ARENA_NEW(&arena, struct cases_desk);
    if (!d) {
        arena_done(&arena);
        return status_memory();
    }
    d->arena = arena;
    arena_init(&d->pool.arena, (size_t)256 * 1024 * 1024);
    arena_init(&d->readers.arena, (size_t)64 * 1024 * 1024);
    pthread_mutex_init(&d->queue.lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&d->queue.filled, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&d->pool.lock, NULL);
    pthread_mutex_init(&d->readers.lock, NULL);
    pthread_cond_init(&d->readers.given, NULL);
    pthread_mutex_init(&d->world_lock, NULL);
    const struct status s = options_keep(d, o) ? desk_fill(d, a) : status_memory();
    if (status_failed(s)) {
        cases_desk_close(d);
        return s;
    }
    *ret = d;
    return STATUS_OK;
}

static void worker_close(struct engine_worker *w)
{
    if (w->started) w->desk->env->thread_join(w->desk->env, &w->thread);
    uint64_t ns = 0;
    arena_reset(&w->scratch);
    (void)store_checkpoint(w->connection, &w->scratch, true, &ns); /* the next start finds less to do; nothing depends on it */
    store_disconnect(w->connection);
    arena_done(&w->arena);
    arena_done(&w->scratch);
    sha256_done(&w->hash);
    journal_sealer_done(&w->sealer);
}

static void pool_close(struct engine_pool *p)
{
    for (struct cases_command *c = p->free; c; c = c->next) arena_done(&c->arena);
    arena_done(&p->arena);
    pthread_mutex_destroy(&p->lock);
}

void cases_desk_close(struct cases_desk *d)
{
    engine_queue_close(d);
    for (uint32_t i = 0; i < d->worker_count; i++) worker_close(&d->workers[i]);
    engine_readers_close(d);
    engine_quotes_free(d->quotes);
    cases_products_release(d->products);
    if (d->world) registry_world_release(d->world);
    if (d->keys) journal_keys_close(d->keys);
    if (d->store) store_close(d->store);
    pool_close(&d->pool);
    arena_done(&d->readers.arena);
    pthread_mutex_destroy(&d->queue.lock);
    pthread_cond_destroy(&d->queue.filled);
    pthread_mutex_destroy(&d->readers.lock);
    pthread_cond_destroy(&d->readers.given);
    pthread_mutex_destroy(&d->world_lock);
    struct arena arena = d->arena;
    arena_done(&arena);
}

struct status cases_desk_backup(struct cases_desk *d, struct arena *a, struct str path) { return store_backup(d->store, a, path, NULL, NULL); }

/* Each number by itself is exact; together they may be of slightly different moments. */
void cases_metrics_read(const struct cases_desk *d, struct cases_metrics *ret)
{
    const struct cases_metrics *m = &d->metrics;
    for (size_t i = 0; i < CASES_OP_COUNT; i++) ret->commands[i] = __atomic_load_n(&m->commands[i], __ATOMIC_RELAXED);
    const uint64_t *const from[] = {&m->refused, &m->failed, &m->groups, &m->group_commands, &m->redone, &m->deferred, &m->queue_depth, &m->checkpoint_ns_max,
                                    &m->commit_ns_sum, &m->busy_ns_sum, &m->log_bytes};
    uint64_t *const to[] = {&ret->refused, &ret->failed, &ret->groups, &ret->group_commands, &ret->redone, &ret->deferred, &ret->queue_depth, &ret->checkpoint_ns_max,
                            &ret->commit_ns_sum, &ret->busy_ns_sum, &ret->log_bytes};
    for (size_t i = 0; i < COUNT_OF(from); i++) *to[i] = __atomic_load_n(from[i], __ATOMIC_RELAXED);
}
