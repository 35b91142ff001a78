/* cases/engine/world — the registry's small half and what is compiled of it: one snapshot for all, replaced as a whole when the store holds another version. */
#include "cases/engine/engine.h"

void engine_world_take(struct cases_desk *d, struct registry_world **ret_world, struct cases_products **ret_products)
{
    pthread_mutex_lock(&d->world_lock);
    *ret_world = d->world ? registry_world_hold(d->world) : NULL;
    *ret_products = d->products ? cases_products_hold(d->products) : NULL;
    pthread_mutex_unlock(&d->world_lock);
}

struct registry_world *cases_desk_world(struct cases_desk *d)
{
    pthread_mutex_lock(&d->world_lock);
    struct registry_world *w = registry_world_hold(d->world);
    pthread_mutex_unlock(&d->world_lock);
    return w;
}

static void world_put(struct cases_desk *d, struct registry_world *world, struct cases_products *products)
{
    pthread_mutex_lock(&d->world_lock);
    struct registry_world *old_world = d->world;
    struct cases_products *old_products = d->products;
    d->world = world;
    d->products = products;
    pthread_mutex_unlock(&d->world_lock);
    if (old_world) registry_world_release(old_world);
    cases_products_release(old_products);
}

struct status engine_world_renew(struct cases_desk *d, struct store_connection *c, struct arena *a)
{
    int64_t version = 0;
    struct registry_world *world = NULL, *old_world = NULL;
    struct cases_products *products = NULL, *old = NULL;
    TRY(registry_world_version_read(c, a, &version));
    engine_world_take(d, &old_world, &old);
    const bool same = old_world && registry_world_version(old_world) == version;
    struct status s = same ? STATUS_OK : registry_world_load(c, a, &world);
    if (!same && !status_failed(s)) s = cases_products_build(world, d->options.allow_doubtful, old, &products);
    if (old_world) registry_world_release(old_world);
    cases_products_release(old);
    if (same) return STATUS_OK;
    if (status_failed(s)) {
        if (world) registry_world_release(world);
        return s;
    }
    world_put(d, world, products);
    return STATUS_OK;
}
