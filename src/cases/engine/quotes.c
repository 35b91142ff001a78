/* cases/engine/quotes — open quotes of a SQLite desk, in memory: they may be lost, for they bind nobody (DESIGN §8, working data).
 *
 * Bounded by number and bytes: when it is full the oldest lapses first, as it would have a little later. Each quote is one block with its texts behind it; two
 * hash tables lead to it, by id and by bill. All under one lock: the worker writes, queries read.
 */
#include "cases/engine/engine.h"

#include <string.h>

enum { QUOTES_MAX = 1 << 17, QUOTES_SLOTS = QUOTES_MAX * 2, QUOTES_BYTES_MAX = 96 * 1024 * 1024 };

struct kept {
    struct buf block;        /* struct cases_quote, then its texts */
    struct id128 id, bill;
    uint32_t older, newer;   /* list by age; 0: none */
    bool used;
};
struct cases_quotes {
    pthread_mutex_t lock;
    struct arena arena;
    struct kept *items;      /* from 1 */
    uint32_t *by_id, *by_bill;
    uint32_t free, oldest, newest, count, made;
    size_t bytes;
};

static uint32_t slot_first(const struct id128 *key)
{
    uint64_t h = 0;
    memcpy(&h, key->b + 8, sizeof h);
    uint64_t low = 0;
    memcpy(&low, key->b, sizeof low);
    h = (h ^ low * 0x9e3779b97f4a7c15) * 0xc0ac29b7c97c50dd;
    return (uint32_t)(h >> 32) & (QUOTES_SLOTS - 1);
}

static const struct id128 *key_of(const struct cases_quotes *q, uint32_t item, bool bill) { return bill ? &q->items[item].bill : &q->items[item].id; }

static uint32_t *slot_of(struct cases_quotes *q, bool bill, const struct id128 *key)
{
    uint32_t *slots = bill ? q->by_bill : q->by_id;
    uint32_t i = slot_first(key);
    while (slots[i] && !id128_equal(key_of(q, slots[i], bill), key)) i = (i + 1) & (QUOTES_SLOTS - 1);
    return &slots[i];
}

/* Linear probing without tombstones: what stands behind the gap moves up when it may. */
static void slot_clear(struct cases_quotes *q, bool bill, uint32_t *slot)
{
    uint32_t *slots = bill ? q->by_bill : q->by_id;
    uint32_t gap = (uint32_t)(slot - slots);
    slots[gap] = 0;
    for (uint32_t i = (gap + 1) & (QUOTES_SLOTS - 1); slots[i]; i = (i + 1) & (QUOTES_SLOTS - 1)) {
        const uint32_t home = slot_first(key_of(q, slots[i], bill));
        const bool stays = ((i - home) & (QUOTES_SLOTS - 1)) < ((i - gap) & (QUOTES_SLOTS - 1));
        if (stays) continue;
        slots[gap] = slots[i];
        slots[i] = 0;
        gap = i;
    }
}

static void list_remove(struct cases_quotes *q, uint32_t item)
{
    const struct kept *k = &q->items[item];
    if (k->older) q->items[k->older].newer = k->newer;
    else q->oldest = k->newer;
    if (k->newer) q->items[k->newer].older = k->older;
    else q->newest = k->older;
}

static void item_drop(struct cases_quotes *q, uint32_t item)
{
    struct kept *k = &q->items[item];
    slot_clear(q, false, slot_of(q, false, &k->id));
    uint32_t *of_bill = slot_of(q, true, &k->bill);
    if (*of_bill == item) slot_clear(q, true, of_bill);
    list_remove(q, item);
    q->bytes -= k->block.cap;
    buf_done(&k->block);
    *k = (struct kept){.newer = q->free};
    q->free = item;
    q->count--;
}

static uint32_t item_new(struct cases_quotes *q)
{
    uint32_t item = q->free;
    if (item) q->free = q->items[item].newer;
    else item = ++q->made;
    return item;
}

struct status engine_quotes_new(struct arena *a, struct cases_quotes **ret)
{
    struct cases_quotes *q = ARENA_NEW(a, struct cases_quotes);
    if (!q) return status_memory();
    arena_init(&q->arena, (size_t)64 * 1024 * 1024);
    pthread_mutex_init(&q->lock, NULL);
    q->items = ARENA_ARRAY(&q->arena, struct kept, QUOTES_MAX + 2);
    q->by_id = ARENA_ARRAY(&q->arena, uint32_t, QUOTES_SLOTS);
    q->by_bill = ARENA_ARRAY(&q->arena, uint32_t, QUOTES_SLOTS);
    if (!q->items || !q->by_id || !q->by_bill) {
        arena_done(&q->arena);
        return status_memory();
    }
    *ret = q;
    return STATUS_OK;
}

void engine_quotes_free(struct cases_quotes *q)
{
    if (!q) return;
    for (uint32_t i = 1; i <= q->made; i++) buf_done(&q->items[i].block);
    pthread_mutex_destroy(&q->lock);
    arena_done(&q->arena);
}

/* The struct and its texts, moved to `room` (as large as quote_bytes says). */
static size_t quote_bytes(const struct cases_quote *quote)
{
    return sizeof *quote + quote->institution.n + quote->bill_json.n + quote->hospital.n + quote->bill.n + quote->consent_json.n;
}

static struct cases_quote *quote_copy(const struct cases_quote *quote, char *room)
{
    struct cases_quote *own = (struct cases_quote *)(void *)room;
    char *at = room + sizeof *own;
    *own = *quote;
    struct str *const texts[] = {&own->institution, &own->bill_json, &own->hospital, &own->bill, &own->consent_json};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (texts[i]->n) memcpy(at, texts[i]->p, texts[i]->n);
        texts[i]->p = at;
        at += texts[i]->n;
    }
    return own;
}

static bool quote_keep(struct cases_quotes *q, const struct cases_quote *quote)
{
    uint32_t *slot = slot_of(q, false, &quote->id);
    if (*slot) item_drop(q, *slot);
    while (q->oldest && (q->count >= QUOTES_MAX || q->bytes > QUOTES_BYTES_MAX)) item_drop(q, q->oldest);
    struct buf block;
    buf_init(&block, quote_bytes(quote));
    char *room = buf_space(&block, quote_bytes(quote));
    if (!room) return false;
    (void)quote_copy(quote, room);
    const uint32_t item = item_new(q);
    struct kept *k = &q->items[item];
    *k = (struct kept){.block = block, .id = quote->id, .older = q->newest, .used = true};
    quote_bill_key(quote, &k->bill);
    if (q->newest) q->items[q->newest].newer = item;
    else q->oldest = item;
    q->newest = item;
    q->bytes += block.cap;
    q->count++;
    *slot_of(q, false, &k->id) = item;
    *slot_of(q, true, &k->bill) = item;
    return true;
}

struct status engine_quotes_apply(struct cases_quotes *q, const struct cases_set *s)
{
    const struct set_table *t = &s->tables->quotes;
    bool fine = true;
    pthread_mutex_lock(&q->lock);
    for (uint32_t i = 0; i < t->count; i++) {
        if (!t->items[i]->dirty) continue;
        const struct set_quote *sq = t->items[i]->item;
        uint32_t *slot = slot_of(q, false, &sq->quote.id);
        if (!sq->dropped) fine = quote_keep(q, &sq->quote) && fine;
        else if (*slot) item_drop(q, *slot);
    }
    pthread_mutex_unlock(&q->lock);
    return fine ? STATUS_OK : status_memory();
}

uint32_t engine_quotes_count(struct cases_quotes *q)
{
    pthread_mutex_lock(&q->lock);
    const uint32_t count = q->count;
    pthread_mutex_unlock(&q->lock);
    return count;
}

static struct status quote_find(struct cases_quotes *q, struct arena *a, bool bill, const struct id128 *key, struct cases_quote *ret, bool *ret_found)
{
    struct status s = STATUS_OK;
    pthread_mutex_lock(&q->lock);
    const uint32_t item = *slot_of(q, bill, key);
    if (item) {
        const struct cases_quote *quote = (const struct cases_quote *)(const void *)q->items[item].block.p;
        char *room = arena_alloc(a, quote_bytes(quote), _Alignof(struct cases_quote));
        if (room) *ret = *quote_copy(quote, room);
        else s = status_memory();
    }
    pthread_mutex_unlock(&q->lock);
    *ret_found = item != 0;
    return s;
}

struct status cases_quotes_find(struct cases_quotes *q, struct arena *a, const struct id128 *id, struct cases_quote *ret, bool *ret_found)
{
    return quote_find(q, a, false, id, ret, ret_found);
}

struct status cases_quotes_of_bill(struct cases_quotes *q, struct arena *a, const struct id128 *bill_key, struct cases_quote *ret, bool *ret_found)
{
    return quote_find(q, a, true, bill_key, ret, ret_found);
}
