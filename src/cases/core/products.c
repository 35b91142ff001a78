/* cases/core/products — the libraries of a world by day, compiled when first asked for, and recorded ones by digest.
 *
 * The days at which a text begins or ends cut time into eras; within one the same texts hold, so an era has one library. A new world takes over what the old one had
 * compiled. The lock is held while compiling: others that need the same library wait, which is what they want.
 */
#include "cases/core/products.h"

#include <pthread.h>
#include <stdlib.h>

enum { PRODUCTS_BYTES = 64 * 1024 * 1024 };

struct era {
    int64_t from; /* first day */
    struct cases_library *library;
};
struct cases_products {
    uint32_t references; /* atomic */
    struct arena arena;
    struct registry_world *world;
    bool allow_doubtful;
    pthread_mutex_t lock; /* guards era.library and recorded */
    struct era *eras;
    uint32_t era_count;
    struct cases_library **recorded;
    uint32_t recorded_count, recorded_cap;
};

static int64_t day_from(struct day d) { return d.v; }

static bool is_text_kind(enum registry_world_kind k) { return k == REGISTRY_PLAN || k == REGISTRY_LIST || k == REGISTRY_CHAIN; }

static int day_order(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static struct status eras_make(struct cases_products *p)
{
    uint32_t text_count = 0, count = 0;
    const struct registry_text *texts = registry_texts(p->world, &text_count);
    int64_t *days = ARENA_ARRAY(&p->arena, int64_t, (size_t)text_count * 2 + 1);
    p->eras = ARENA_ARRAY(&p->arena, struct era, (size_t)text_count * 2 + 2);
    if (!days || !p->eras) return status_memory();
    days[count++] = INT32_MIN;
    for (uint32_t i = 0; i < text_count; i++) {
        if (!is_text_kind(texts[i].kind)) continue;
        days[count++] = day_from(texts[i].on.from);
        if (day_is(texts[i].on.to)) days[count++] = (int64_t)texts[i].on.to.v + 1;
    }
    qsort(days, count, sizeof *days, day_order);
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || days[i] != days[i - 1]) p->eras[p->era_count++].from = days[i];
    }
    return STATUS_OK;
}

static struct cases_library *library_find(struct cases_products *p, const struct digest *digest)
{
    for (uint32_t i = 0; i < p->recorded_count; i++) {
        if (digest_equal(cases_library_digest(p->recorded[i]), digest)) return p->recorded[i];
    }
    return NULL;
}

static struct status library_keep(struct cases_products *p, struct cases_library *l)
{
    if (library_find(p, cases_library_digest(l))) return STATUS_OK;
    struct cases_library **slot = ARENA_PUSH(&p->arena, p->recorded, p->recorded_count, p->recorded_cap);
    if (!slot) return status_memory();
    *slot = cases_library_hold(l);
    return STATUS_OK;
}

/* What an earlier world compiled is of use still: old cases name it. */
static struct status libraries_inherit(struct cases_products *p, struct cases_products *before)
{
    struct status s = STATUS_OK;
    pthread_mutex_lock(&before->lock);
    for (uint32_t i = 0; i < before->recorded_count && !status_failed(s); i++) s = library_keep(p, before->recorded[i]);
    pthread_mutex_unlock(&before->lock);
    return s;
}

struct status cases_products_build(struct registry_world *w, bool allow_doubtful, struct cases_products *before, struct cases_products **ret)
{
    struct arena arena;
    arena_init(&arena, PRODUCTS_BYTES);
    struct cases_products *p = ARENA_NEW(&arena, struct cases_products);
    if (!p) {
        arena_done(&arena);
        return status_memory();
    }
    *p = (struct cases_products){.references = 1, .arena = arena, .world = registry_world_hold(w), .allow_doubtful = allow_doubtful};
    pthread_mutex_init(&p->lock, NULL);
    struct status s = eras_make(p);
    if (!status_failed(s) && before) s = libraries_inherit(p, before);
    if (status_failed(s)) {
        cases_products_release(p);
        return s;
    }
    *ret = p;
    return STATUS_OK;
}

struct cases_products *cases_products_hold(struct cases_products *p)
{
    if (p) __atomic_add_fetch(&p->references, 1, __ATOMIC_RELAXED);
    return p;
}

void cases_products_release(struct cases_products *p)
{
    if (!p || __atomic_sub_fetch(&p->references, 1, __ATOMIC_ACQ_REL) > 0) return;
    for (uint32_t i = 0; i < p->era_count; i++) cases_library_release(p->eras[i].library);
    for (uint32_t i = 0; i < p->recorded_count; i++) cases_library_release(p->recorded[i]);
    registry_world_release(p->world);
    pthread_mutex_destroy(&p->lock);
    struct arena arena = p->arena;
    arena_done(&arena);
}

bool cases_products_doubtful(const struct cases_products *p) { return p->allow_doubtful; }

/* ---- by day ----------------------------------------------------------------------------------------------- */

static struct era *era_of(struct cases_products *p, struct day on)
{
    uint32_t low = 0, high = p->era_count;
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (p->eras[middle].from <= on.v) low = middle;
        else high = middle;
    }
    return &p->eras[low];
}

/* The texts of an era: of two of one name that both hold, the later one in the world's order counts. */
static struct status era_texts(struct cases_products *p, struct day on, struct arena *a, struct library_text **ret, uint32_t *ret_count)
{
    uint32_t text_count = 0, count = 0;
    const struct registry_text *texts = registry_texts(p->world, &text_count);
    struct library_text *own = ARENA_ARRAY(a, struct library_text, (size_t)text_count + 1);
    if (!own) return status_memory();
    for (uint32_t i = 0; i < text_count; i++) {
        const struct registry_text *t = &texts[i];
        if (!is_text_kind(t->kind) || !day_in(on, t->on)) continue;
        uint32_t place = 0;
        while (place < count && (own[place].kind != t->kind || !str_eq(own[place].name, t->name))) place++;
        own[place] = (struct library_text){.kind = t->kind, .name = t->name, .text = t->text, .hash = t->hash};
        if (place == count) count++;
    }
    *ret = own;
    *ret_count = count;
    return STATUS_OK;
}

static struct status era_compile(struct cases_products *p, struct era *era, struct day on)
{
    struct arena scratch;
    arena_init(&scratch, PRODUCTS_BYTES);
    struct library_text *texts = NULL;
    uint32_t count = 0;
    struct status s = era_texts(p, on, &scratch, &texts, &count);
    struct cases_library *built = NULL;
    if (!status_failed(s)) s = cases_library_build(texts, count, p->allow_doubtful, &built);
    if (!status_failed(s)) {
        struct cases_library *known = library_find(p, cases_library_digest(built));
        era->library = cases_library_hold(known ? known : built);
        s = library_keep(p, era->library);
        cases_library_release(built);
    }
    arena_done(&scratch);
    return s;
}

const struct cases_library *cases_products_library(struct cases_products *p, struct day on)
{
    struct era *era = era_of(p, on);
    pthread_mutex_lock(&p->lock);
    if (!era->library) (void)era_compile(p, era, on);
    const struct cases_library *l = era->library;
    pthread_mutex_unlock(&p->lock);
    return l;
}

const struct settle_chain *cases_products_chain(struct cases_products *p, struct str chain_name, struct day on, struct digest *ret_library)
{
    const struct cases_library *l = cases_products_library(p, on);
    const struct settle_chain *chain = l ? cases_library_chain(l, chain_name) : NULL;
    if (chain) *ret_library = *cases_library_digest(l);
    return chain;
}

/* ---- by digest -------------------------------------------------------------------------------------------- */

const struct cases_library *cases_products_recorded(struct cases_products *p, const struct digest *library)
{
    pthread_mutex_lock(&p->lock);
    const struct cases_library *l = library_find(p, library);
    pthread_mutex_unlock(&p->lock);
    return l;
}

struct status cases_products_add(struct cases_products *p, struct cases_library *l)
{
    pthread_mutex_lock(&p->lock);
    const struct status s = library_keep(p, l);
    pthread_mutex_unlock(&p->lock);
    return s;
}
