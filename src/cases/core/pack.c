/* cases/core/pack — form 1: version · texts (count, each length and bytes) · counters (count, each places of its texts, letters, period, value).
 *
 * Numbers are LEB128, signed ones zigzag. A period is 0 (none), 1 and the place of a text, or 2 + zigzag(day).
 */
#include "cases/core/pack.h"

#include "cases/core/effect.h"

#include <stdlib.h>
#include <string.h>

enum { PACK_FORM = 1, PACK_TEXTS_EACH = 5, PACK_NUMBER_MAX = 10 };

struct out {
    uint8_t *p;
    size_t n;
};

static void number_put(struct out *o, uint64_t v)
{
    while (v >= 0x80) {
        o->p[o->n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    o->p[o->n++] = (uint8_t)v;
}

static uint64_t zigzag(int64_t v) { return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0); }
static int64_t unzigzag(uint64_t v) { return (int64_t)(v >> 1) ^ -(int64_t)(v & 1); }

static int counter_order(const void *a, const void *b)
{
    const struct plan_counter *const *x = a, *const *y = b;
    return plan_counter_key_cmp(&(*x)->key, &(*y)->key);
}

/* Texts in order of first use; a hash table of places, since a group may have hundreds of counters. */
struct texts {
    struct str *items;
    uint32_t *slots; /* place + 1 */
    uint32_t count, mask;
};

static uint32_t text_place(struct texts *t, struct str s)
{
    uint32_t i = (uint32_t)(s.n ? str_hash(s) : 0) & t->mask;
    while (t->slots[i] && !str_eq(t->items[t->slots[i] - 1], s)) i = (i + 1) & t->mask;
    if (!t->slots[i]) {
        t->items[t->count] = s;
        t->slots[i] = ++t->count;
    }
    return t->slots[i] - 1;
}

static void counter_put(struct out *o, struct texts *t, const struct plan_counter *c)
{
    const struct plan_counter_key *k = &c->key;
    number_put(o, text_place(t, k->owner));
    number_put(o, text_place(t, k->product));
    number_put(o, text_place(t, k->benefit));
    o->p[o->n++] = (uint8_t)effect_counter_kinds[k->kind];
    o->p[o->n++] = (uint8_t)effect_counter_eaches[k->each];
    o->p[o->n++] = k->clause;
    if (k->period_text.n) {
        number_put(o, 1);
        number_put(o, text_place(t, k->period_text));
    } else {
        number_put(o, day_is(k->period_of) ? 2 + zigzag(k->period_of.v) : 0);
    }
    number_put(o, k->code.n ? text_place(t, k->code) + 1 : 0);
    number_put(o, zigzag(c->value));
}

static bool texts_room(struct texts *t, struct arena *a, size_t max)
{
    uint32_t slots = 16;
    while (slots < max * 2) slots *= 2;
    t->items = ARENA_ARRAY(a, struct str, max + 1);
    t->slots = ARENA_ARRAY(a, uint32_t, slots);
    t->mask = slots - 1;
    return t->items && t->slots;
}

struct status cases_counters_pack(const struct plan_counters *c, struct arena *a, struct str *ret)
{
    const struct plan_counter **order = ARENA_ARRAY(a, const struct plan_counter *, (size_t)c->used + 1);
    if (!order) return status_memory();
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->slot_count; i++) {
        if (c->slots[i].hash && c->slots[i].value) order[count++] = &c->slots[i];
    }
    qsort(order, count, sizeof *order, counter_order);
    struct texts texts = {0};
    struct out body = {.p = arena_alloc(a, (size_t)count * (PACK_NUMBER_MAX * 7 + 3) + 1, 1)};
    if (!body.p || !texts_room(&texts, a, (size_t)count * PACK_TEXTS_EACH)) return status_memory();
    for (uint32_t i = 0; i < count; i++) counter_put(&body, &texts, order[i]);

    size_t bytes = 1 + 2 * PACK_NUMBER_MAX + body.n;
    for (uint32_t i = 0; i < texts.count; i++) bytes += texts.items[i].n + PACK_NUMBER_MAX;
    struct out o = {.p = arena_alloc(a, bytes, 1)};
    if (!o.p) return status_memory();
    o.p[o.n++] = PACK_FORM;
    number_put(&o, texts.count);
    for (uint32_t i = 0; i < texts.count; i++) {
        number_put(&o, texts.items[i].n);
        if (texts.items[i].n) memcpy(o.p + o.n, texts.items[i].p, texts.items[i].n);
        o.n += texts.items[i].n;
    }
    number_put(&o, count);
    memcpy(o.p + o.n, body.p, body.n);
    *ret = (struct str){(const char *)o.p, o.n + body.n};
    return STATUS_OK;
}

/* ---- reading ------------------------------------------------------------------------------------------ */

struct in {
    struct str bytes;
    size_t at;
    bool bad;
    struct str *texts;
    uint64_t text_count;
};

static uint64_t number_get(struct in *in)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && in->at < in->bytes.n; shift += 7) {
        const uint8_t b = (uint8_t)in->bytes.p[in->at++];
        v |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80)) return v;
    }
    in->bad = true;
    return 0;
}

static uint8_t byte_get(struct in *in)
{
    if (in->at < in->bytes.n) return (uint8_t)in->bytes.p[in->at++];
    in->bad = true;
    return 0;
}

static struct str text_get(struct in *in, uint64_t place)
{
    if (place < in->text_count) return in->texts[place];
    in->bad = true;
    return (struct str){0};
}

static bool texts_get(struct in *in, struct arena *a)
{
    in->text_count = number_get(in);
    if (in->bad || in->text_count > in->bytes.n) return false;
    in->texts = ARENA_ARRAY(a, struct str, in->text_count + 1);
    if (!in->texts) return false;
    for (uint64_t i = 0; i < in->text_count; i++) {
        const uint64_t n = number_get(in);
        if (in->bad || n > in->bytes.n - in->at) return false;
        in->texts[i] = (struct str){in->bytes.p + in->at, (size_t)n};
        in->at += (size_t)n;
    }
    return true;
}

static int64_t counter_get(struct in *in, struct plan_counter_key *k)
{
    k->owner = text_get(in, number_get(in));
    k->product = text_get(in, number_get(in));
    k->benefit = text_get(in, number_get(in));
    const int kind = effect_letter_place(effect_counter_kinds, (char)byte_get(in));
    const int each = effect_letter_place(effect_counter_eaches, (char)byte_get(in));
    k->clause = byte_get(in);
    in->bad = in->bad || kind < 0 || each < 0;
    k->kind = (uint8_t)kind;
    k->each = (uint8_t)each;
    k->period_of = DAY_NONE;
    const uint64_t period = number_get(in);
    if (period == 1) k->period_text = text_get(in, number_get(in));
    else if (period > 1) k->period_of.v = (int32_t)unzigzag(period - 2);
    const uint64_t code = number_get(in);
    if (code) k->code = text_get(in, code - 1);
    return unzigzag(number_get(in));
}

static struct status unreadable(struct arena *a)
{
    return status_error(a, (struct error){.code = "counters-unreadable", .zh = STR("累计数的存储内容已损坏"), .en = STR("stored counters are damaged"),
        .hint_zh = STR("请运行 yijie audit；可用 yijie rebuild 由事件重建"), .hint_en = STR("run yijie audit; yijie rebuild makes them anew from the events")});
}

struct status cases_counters_unpack(struct arena *a, struct str bytes, struct plan_counters *ret)
{
    struct in in = {.bytes = bytes};
    if (bytes.n == 0) return STATUS_OK;
    if (byte_get(&in) != PACK_FORM || !texts_get(&in, a)) return unreadable(a);
    const uint64_t count = number_get(&in);
    for (uint64_t i = 0; i < count && !in.bad; i++) {
        struct plan_counter_key key = {0};
        const int64_t value = counter_get(&in, &key);
        if (in.bad) break;
        TRY(plan_counters_set(ret, &key, value));
    }
    return in.bad || in.at != bytes.n ? unreadable(a) : STATUS_OK;
}
