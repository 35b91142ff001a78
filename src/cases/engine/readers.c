/* cases/engine/readers — connections for queries, each with a snapshot and a working set over it; a few, made when first needed. */
#include "cases/engine/engine.h"

#define READER_BYTES ((size_t)512 * 1024 * 1024)

static struct status reader_make(struct cases_desk *d, struct arena *a, struct cases_reader **ret)
{
    struct cases_reader *r = ARENA_NEW(a, struct cases_reader);
    if (!r) return status_memory();
    *r = (struct cases_reader){.env = d->env, .keys = d->keys};
    TRY(store_connect(d->store, STORE_READ, a, &r->connection));
    arena_init(&r->arena, READER_BYTES);
    sha256_init(&r->hash);
    journal_sealer_init(&r->sealer);
    *ret = r;
    return STATUS_OK;
}

/* A free one, a new one, or the next that is given back. */
static struct status reader_find(struct cases_desk *d, struct cases_reader **ret)
{
    struct engine_readers *p = &d->readers;
    struct status s = STATUS_OK;
    pthread_mutex_lock(&p->lock);
    while (!p->free && p->made == ENGINE_READERS_MAX) pthread_cond_wait(&p->given, &p->lock);
    if (p->free) {
        *ret = p->free;
        p->free = p->free->next;
    } else {
        s = reader_make(d, &p->arena, ret);
        if (!status_failed(s)) p->made++;
    }
    pthread_mutex_unlock(&p->lock);
    return s;
}

static struct status reader_begin(struct cases_desk *d, struct cases_reader *r)
{
    arena_reset(&r->arena);
    TRY(store_begin(r->connection, &r->arena));
    if (store_kind_of(d->store) == STORE_POSTGRES) TRY(engine_world_renew(d, r->connection, &r->arena));
    engine_world_take(d, &r->world, &r->products);
    TRY(cases_set_new(&r->arena, d->keys, 0, &r->set));
    registry_set_sealer(r->set->registry, &r->sealer);
    r->set->tables->quotes_memory = d->quotes;
    r->set->tables->products = r->products;
    r->set->tables->now_ms = d->env->now_ms(d->env);
    return STATUS_OK;
}

struct status cases_reader_take(struct cases_desk *d, struct cases_reader **ret)
{
    struct cases_reader *r = NULL;
    TRY(reader_find(d, &r));
    CHECK(r);
    const struct status s = reader_begin(d, r);
    if (status_failed(s)) {
        static const struct error gone = {.code = "reader-unavailable", .zh = STR_INIT("暂时不能读取数据"), .en = STR_INIT("the data cannot be read for now"),
            .hint_zh = STR_INIT("请稍后重试"), .hint_en = STR_INIT("try again later")};
        cases_reader_give(d, r); /* with the words of the failure, which lay in its arena */
        return (struct status){&gone};
    }
    *ret = r;
    return STATUS_OK;
}

void cases_reader_give(struct cases_desk *d, struct cases_reader *r)
{
    struct engine_readers *p = &d->readers;
    CHECK(r);
    store_rollback(r->connection);
    if (r->world) registry_world_release(r->world);
    cases_products_release(r->products);
    r->world = NULL;
    r->products = NULL;
    pthread_mutex_lock(&p->lock);
    r->next = p->free;
    p->free = r;
    pthread_cond_signal(&p->given);
    pthread_mutex_unlock(&p->lock);
}

void cases_desk_refresh(struct cases_desk *d)
{
    struct cases_reader *r = NULL;
    if (status_failed(cases_reader_take(d, &r))) return; /* the database is away: what is known stands */
    cases_reader_give(d, r);
}

void engine_readers_close(struct cases_desk *d)
{
    for (struct cases_reader *r = d->readers.free; r; r = r->next) {
        store_disconnect(r->connection);
        sha256_done(&r->hash);
        journal_sealer_done(&r->sealer);
        arena_done(&r->arena);
    }
}
