/* cases/core/set — the tables of a working set and what may be asked of them. Reading and writing rows: load.c, flush.c.
 *
 * Workload: a group of up to 512 commands asks some thousand times, so an entry is one probe of an open table, and memory comes from the arena of the group.
 */
#include "cases/core/products.h"
#include "cases/core/set_inside.h"

#include <string.h>

enum { TABLE_SLOTS_FIRST = 64 };

/* ---- tables ----------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t v)
{
    v = (v ^ v >> 32) * 0x9e3779b97f4a7c15;
    return v ^ v >> 29;
}

static uint64_t key_hash(const struct set_key *k)
{
    uint64_t h = mix((uint64_t)k->n + 0x243f6a8885a308d3);
    if (k->a.n) h = mix(h + str_hash(k->a));
    if (k->b.n) h = mix(h ^ str_hash(k->b) * 3);
    return h;
}

static bool key_equal(const struct set_key *x, const struct set_key *y) { return x->n == y->n && str_eq(x->a, y->a) && str_eq(x->b, y->b); }

static bool table_grow(struct arena *a, struct set_table *t)
{
    const uint32_t count = t->slot_count ? t->slot_count * 2 : TABLE_SLOTS_FIRST;
    struct set_entry **slots = ARENA_ARRAY(a, struct set_entry *, count);
    if (!slots) return false;
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t at = (uint32_t)t->items[i]->hash & (count - 1);
        while (slots[at]) at = (at + 1) & (count - 1);
        slots[at] = t->items[i];
    }
    t->slots = slots;
    t->slot_count = count;
    return true;
}

static struct set_entry *entry_new(struct cases_set *s, struct set_table *t, uint64_t hash, const struct set_key *key)
{
    if (t->count >= t->slot_count / 2 && !table_grow(s->arena, t)) return NULL;
    struct set_entry *e = ARENA_NEW(s->arena, struct set_entry);
    if (!e) return NULL;
    struct set_entry **slot = ARENA_PUSH(s->arena, t->items, t->count, t->cap);
    if (!slot) return NULL;
    *e = (struct set_entry){.hash = hash, .key.n = key->n, .state = SET_WAIT};
    if (key->a.n && !(e->key.a = arena_str(s->arena, key->a)).p) return NULL;
    if (key->b.n && !(e->key.b = arena_str(s->arena, key->b)).p) return NULL;
    *slot = e;
    uint32_t at = (uint32_t)hash & (t->slot_count - 1);
    while (t->slots[at]) at = (at + 1) & (t->slot_count - 1);
    t->slots[at] = e;
    t->waiting++;
    return e;
}

struct set_entry *set_entry_get(struct cases_set *s, struct set_table *t, struct set_key key)
{
    const uint64_t hash = key_hash(&key);
    for (uint32_t at = (uint32_t)hash; t->slot_count; at++) {
        struct set_entry *e = t->slots[at & (t->slot_count - 1)];
        if (!e) break;
        if (e->hash == hash && key_equal(&e->key, &key)) return e;
    }
    struct set_entry *e = entry_new(s, t, hash, &key);
    if (!e) s->tables->broken = true;
    return e;
}

void set_entry_found(struct set_table *t, struct set_entry *e, void *item)
{
    if (e->state == SET_WAIT) t->waiting--;
    e->state = SET_FOUND;
    e->item = item;
}

void set_entry_absent(struct set_table *t, struct set_entry *e)
{
    if (e->state == SET_WAIT) t->waiting--;
    e->state = SET_ABSENT;
}

struct set_key set_key_id(const struct id128 *id) { return (struct set_key){.a = id128_view(id)}; }

/* The row of a key once it is there. */
static enum set_state item_get(struct cases_set *s, struct set_table *t, struct set_key key, void **ret)
{
    const struct set_entry *e = set_entry_get(s, t, key);
    if (!e) return SET_WAIT;
    if (e->state == SET_FOUND) *ret = e->item;
    return e->state;
}

/* ---- the set ----------------------------------------------------------------------------------------------- */

struct status cases_set_new(struct arena *a, const struct journal_keys *keys, int32_t shard, struct cases_set **ret)
{
    struct cases_set *s = ARENA_NEW(a, struct cases_set);
    struct cases_set_tables *tables = ARENA_NEW(a, struct cases_set_tables);
    if (!s || !tables) return status_memory();
    *s = (struct cases_set){.arena = a, .shard = shard, .tables = tables};
    TRY(registry_set_new(a, keys, &s->registry));
    TRY(ledger_set_new(a, shard, &s->ledger));
    *ret = s;
    return STATUS_OK;
}

int64_t set_seq(const struct cases_set *s, int64_t seq) { return cases_seq_known(seq) ? seq : seq - CASES_SEQ_PROVISIONAL + s->tables->seq_base; }

void cases_set_seq_base(struct cases_set *s, int64_t base)
{
    s->tables->seq_base = base;
    registry_set_renumber(s->registry, base);
    ledger_set_seq_base(s->ledger, base);
}

bool cases_set_waits(const struct cases_set *s)
{
    const struct cases_set_tables *t = s->tables;
    const uint32_t waiting = t->covers.waiting + t->rows.waiting + t->shares.waiting + t->bills.waiting + t->commands.waiting + t->events.waiting +
                             t->days.waiting + t->histories.waiting + t->documents.waiting + t->quotes.waiting + t->bill_quotes.waiting +
                             t->libraries.waiting;
    return waiting > 0 || t->broken || (t->due_wished && !t->due_loaded) || registry_set_waits(s->registry) || ledger_set_waits(s->ledger);
}

/* ---- covers -------------------------------------------------------------------------------------------------- */

static struct set_key cover_key(int64_t cover) { return (struct set_key){.n = cover}; }

struct set_cover *cases_cover_at(struct cases_set *s, int64_t cover)
{
    const struct set_entry *e = set_entry_get(s, &s->tables->covers, cover_key(cover));
    return e && e->state == SET_FOUND ? e->item : NULL;
}

/* One read without the lock is read again when a command wants it locked. */
static enum set_state cover_at(struct cases_set *s, int64_t cover, struct set_cover **ret)
{
    struct set_entry *e = set_entry_get(s, &s->tables->covers, cover_key(cover));
    if (!e) return SET_WAIT;
    if (!e->item) {
        e->item = ARENA_NEW(s->arena, struct set_cover);
        if (!e->item) {
            s->tables->broken = true;
            return SET_WAIT;
        }
    }
    struct set_cover *c = e->item;
    if (s->locking && c->taken) {
        s->tables->met_taken = true;
        return SET_WAIT;
    }
    if (s->locking && e->state == SET_FOUND && !c->locked && !c->row.fresh && !c->row.dirty) {
        e->state = SET_WAIT;
        s->tables->covers.waiting++;
    }
    c->lock_wished = c->lock_wished || s->locking;
    if (e->state == SET_FOUND) *ret = c;
    return e->state;
}

enum set_state cases_cover_get(struct cases_set *s, int64_t cover, struct cases_cover **ret)
{
    struct set_cover *c = NULL;
    enum set_state state = cover_at(s, cover, &c);
    for (int hops = 0; state == SET_FOUND && c->row.merged_into; hops++) {
        CHECK(hops < 1'000); /* a merge never points back */
        state = cover_at(s, c->row.merged_into, &c);
    }
    if (state == SET_FOUND) *ret = &c->row;
    return state;
}

struct status cases_cover_add(struct cases_set *s, int64_t cover, struct cases_cover **ret)
{
    struct set_table *t = &s->tables->covers;
    struct set_entry *e = set_entry_get(s, t, cover_key(cover));
    if (!e) return status_memory();
    CHECK(e->state == SET_ABSENT);
    struct set_cover *c = e->item ? e->item : ARENA_NEW(s->arena, struct set_cover);
    if (!c) return status_memory();
    *c = (struct set_cover){.row = {.id = cover, .fresh = true, .dirty = true}, .locked = true};
    plan_counters_init(&c->row.counters, s->arena);
    set_entry_found(t, e, c);
    *ret = &c->row;
    return STATUS_OK;
}

/* ---- cases ---------------------------------------------------------------------------------------------------- */

enum set_state cases_row_get(struct cases_set *s, const struct id128 *id, struct cases_row **ret)
{
    void *item = NULL;
    const enum set_state state = item_get(s, &s->tables->rows, set_key_id(id), &item);
    if (state == SET_FOUND) *ret = item;
    return state;
}

struct status set_row_add(struct cases_set *s, const struct cases_row *row)
{
    struct set_entry *e = set_entry_get(s, &s->tables->rows, set_key_id(&row->id));
    struct cases_row *own = ARENA_NEW(s->arena, struct cases_row);
    if (!e || !own) return status_memory();
    *own = *row;
    own->fresh = own->dirty = true;
    set_entry_found(&s->tables->rows, e, own);
    return STATUS_OK;
}

enum set_state cases_shares_get(struct cases_set *s, const struct id128 *id, struct cases_share **ret, uint32_t *ret_count)
{
    void *item = NULL;
    const enum set_state state = item_get(s, &s->tables->shares, set_key_id(id), &item);
    if (state != SET_FOUND) return state;
    const struct set_shares *shares = item;
    *ret = shares->items;
    *ret_count = shares->count;
    return SET_FOUND;
}

static bool shares_room(struct arena *a, struct set_shares *shares)
{
    if (shares->count < shares->cap) return true;
    const uint32_t cap = shares->cap ? shares->cap * 2 : 8;
    struct cases_share *items = ARENA_ARRAY(a, struct cases_share, cap);
    bool *dirty = ARENA_ARRAY(a, bool, cap);
    if (!items || !dirty) return false;
    if (shares->count) {
        memcpy(items, shares->items, shares->count * sizeof *items);
        memcpy(dirty, shares->dirty, shares->count * sizeof *dirty);
    }
    *shares = (struct set_shares){.items = items, .dirty = dirty, .count = shares->count, .cap = cap, .stored = shares->stored};
    return true;
}

struct status set_share_put(struct cases_set *s, const struct id128 *case_id, const struct cases_share *share)
{
    struct set_entry *e = set_entry_get(s, &s->tables->shares, set_key_id(case_id));
    if (!e) return status_memory();
    if (e->state != SET_FOUND) {
        struct set_shares *fresh = ARENA_NEW(s->arena, struct set_shares);
        if (!fresh) return status_memory();
        set_entry_found(&s->tables->shares, e, fresh);
        e->fresh = true;
    }
    struct set_shares *shares = e->item;
    uint32_t at = 0;
    while (at < shares->count && shares->items[at].n != share->n) at++;
    if (at == shares->count) {
        if (!shares_room(s->arena, shares)) return status_memory();
        shares->count++;
    }
    shares->items[at] = *share;
    shares->dirty[at] = true;
    e->dirty = true;
    return STATUS_OK;
}

enum set_state cases_bill_get(struct cases_set *s, struct str hospital, struct str bill, struct cases_bill **ret)
{
    void *item = NULL;
    const enum set_state state = item_get(s, &s->tables->bills, (struct set_key){.a = hospital, .b = bill}, &item);
    if (state == SET_FOUND) *ret = item;
    return state;
}

struct status set_bill_put(struct cases_set *s, struct str hospital, struct str bill, const struct cases_bill *row)
{
    struct set_entry *e = set_entry_get(s, &s->tables->bills, (struct set_key){.a = hospital, .b = bill});
    if (!e) return status_memory();
    if (e->state != SET_FOUND) {
        struct cases_bill *own = ARENA_NEW(s->arena, struct cases_bill);
        if (!own) return status_memory();
        set_entry_found(&s->tables->bills, e, own);
    }
    *(struct cases_bill *)e->item = *row;
    e->dirty = true;
    return STATUS_OK;
}

/* ---- commands, events, days --------------------------------------------------------------------------------------- */

enum set_state cases_command_get(struct cases_set *s, const struct id128 *key, const struct cases_done_command **ret)
{
    void *item = NULL;
    const enum set_state state = item_get(s, &s->tables->commands, set_key_id(key), &item);
    if (state == SET_FOUND) *ret = item;
    return state;
}

struct status set_command_add(struct cases_set *s, const struct id128 *key, const struct cases_done_command *row)
{
    struct set_entry *e = set_entry_get(s, &s->tables->commands, set_key_id(key));
    struct cases_done_command *own = ARENA_NEW(s->arena, struct cases_done_command);
    if (!e || !own) return status_memory();
    *own = *row;
    set_entry_found(&s->tables->commands, e, own);
    e->fresh = e->dirty = true;
    return STATUS_OK;
}

enum set_state cases_event_get(struct cases_set *s, int64_t seq, const struct journal_event **ret)
{
    CHECK(cases_seq_known(seq)); /* an event of this very group has no row: outcome.defer */
    void *item = NULL;
    const enum set_state state = item_get(s, &s->tables->events, (struct set_key){.n = seq}, &item);
    if (state == SET_FOUND) *ret = item;
    return state;
}

enum set_state cases_day_get(struct cases_set *s, int32_t day, bool *ret_closed)
{
    void *item = NULL;
    const enum set_state state = item_get(s, &s->tables->days, (struct set_key){.n = day}, &item);
    if (state == SET_FOUND) *ret_closed = *(const bool *)item;
    return state;
}

struct status set_day_close(struct cases_set *s, int32_t day)
{
    struct set_entry *e = set_entry_get(s, &s->tables->days, (struct set_key){.n = day});
    bool *closed = ARENA_NEW(s->arena, bool);
    if (!e || !closed) return status_memory();
    *closed = true;
    set_entry_found(&s->tables->days, e, closed);
    e->dirty = true;
    return STATUS_OK;
}

enum set_state cases_history_get(struct cases_set *s, int64_t cover, const struct id128 *case_id, const int64_t **ret, uint32_t *ret_count)
{
    CHECK((int64_t)id128_carried(case_id) == cover || cover != 0);
    void *item = NULL;
    const enum set_state state = item_get(s, &s->tables->histories, set_key_id(case_id), &item);
    if (state != SET_FOUND) return state;
    const struct set_history *h = item;
    *ret = h->seqs;
    *ret_count = h->count;
    return SET_FOUND;
}

struct status set_history_add(struct cases_set *s, const struct id128 *case_id, int64_t seq)
{
    struct set_table *t = &s->tables->histories;
    struct set_entry *e = set_entry_get(s, t, set_key_id(case_id));
    if (!e) return status_memory();
    if (e->state != SET_FOUND) {
        struct set_history *fresh = ARENA_NEW(s->arena, struct set_history);
        if (!fresh) return status_memory();
        set_entry_found(t, e, fresh);
    }
    struct set_history *h = e->item;
    int64_t *slot = ARENA_PUSH(s->arena, h->seqs, h->count, h->cap);
    if (!slot) return status_memory();
    *slot = seq;
    e->dirty = true;
    return STATUS_OK;
}

/* ---- tasks ------------------------------------------------------------------------------------------------------------ */

enum set_state cases_tasks_due(struct cases_set *s, int64_t now_ms, const struct cases_task **ret, uint32_t *ret_count)
{
    struct cases_set_tables *t = s->tables;
    if (!t->due_wished) t->due_until = now_ms;
    t->due_wished = true;
    if (!t->due_loaded) return SET_WAIT;
    *ret = t->due;
    *ret_count = t->due_count;
    return SET_FOUND;
}

struct status set_task_add(struct cases_set *s, const struct cases_task *task)
{
    struct cases_set_tables *t = s->tables;
    struct cases_task *slot = ARENA_PUSH(s->arena, t->tasks, t->task_count, t->task_cap);
    if (!slot) return status_memory();
    *slot = *task;
    return STATUS_OK;
}

/* ---- documents, libraries ------------------------------------------------------------------------------------------------ */

/* Cover and share in the number's place would collide: the key's second text holds both. */
static struct set_key document_key(int64_t cover, const struct digest *hash, const struct id128 *case_id, uint32_t share, char out[64])
{
    memcpy(out, case_id->b, sizeof case_id->b);
    memcpy(out + 16, &cover, sizeof cover);
    return (struct set_key){.n = share, .a = {(const char *)hash->b, sizeof hash->b}, .b = {out, 24}};
}

enum set_state cases_document_get(struct cases_set *s, int64_t cover, const struct digest *hash, const struct id128 *case_id, uint32_t share,
                                  const struct cases_document **ret)
{
    char room[64];
    void *item = NULL;
    const enum set_state state = item_get(s, &s->tables->documents, document_key(cover, hash, case_id, share, room), &item);
    if (state == SET_FOUND) *ret = item;
    return state;
}

struct status cases_document_put(struct cases_set *s, const struct cases_document *d)
{
    char room[64];
    struct set_entry *e = set_entry_get(s, &s->tables->documents, document_key(d->cover, &d->hash, &d->case_id, d->share, room));
    struct cases_document *own = ARENA_NEW(s->arena, struct cases_document);
    if (!e || !own) return status_memory();
    if (e->state == SET_FOUND) return STATUS_OK; /* content-addressed: it is there */
    *own = *d;
    set_entry_found(&s->tables->documents, e, own);
    e->fresh = e->dirty = true;
    return STATUS_OK;
}

enum set_state cases_library_get(struct cases_set *s, const struct digest *library, const struct cases_library **ret)
{
    if (!s->tables->products) return SET_ABSENT;
    const struct cases_library *known = cases_products_recorded(s->tables->products, library);
    if (known) {
        *ret = known;
        return SET_FOUND;
    }
    const struct set_entry *e = set_entry_get(s, &s->tables->libraries, (struct set_key){.a = {(const char *)library->b, sizeof library->b}});
    return e && e->state == SET_ABSENT ? SET_ABSENT : SET_WAIT;
}

/* ---- quotes ----------------------------------------------------------------------------------------------------------------- */

void quote_bill_key_of(struct str hospital, struct str bill, struct id128 *ret)
{
    struct sha256 h;
    struct digest d;
    sha256_init(&h);
    sha256_start(&h);
    sha256_add(&h, hospital);
    sha256_add(&h, (struct str){"", 1});
    sha256_add(&h, bill);
    sha256_finish(&h, &d);
    sha256_done(&h);
    memcpy(ret->b, d.b, sizeof ret->b);
}

static enum set_state quote_state(const struct cases_set *s, enum set_state state, void *item, const struct cases_quote **ret)
{
    if (state != SET_FOUND) return state;
    const struct set_quote *q = item;
    if (q->dropped || q->quote.expires_ms <= s->tables->now_ms) return SET_ABSENT;
    *ret = &q->quote;
    return SET_FOUND;
}

enum set_state cases_quote_get(struct cases_set *s, const struct id128 *id, const struct cases_quote **ret)
{
    void *item = NULL;
    const enum set_state state = item_get(s, &s->tables->quotes, set_key_id(id), &item);
    return quote_state(s, state, item, ret);
}

enum set_state cases_quote_of_bill(struct cases_set *s, struct str hospital, struct str bill, const struct cases_quote **ret)
{
    void *item = NULL;
    const enum set_state state = item_get(s, &s->tables->bill_quotes, (struct set_key){.a = hospital, .b = bill}, &item);
    return quote_state(s, state, item, ret);
}

struct status cases_quote_put(struct cases_set *s, const struct cases_quote *q)
{
    struct cases_set_tables *t = s->tables;
    struct set_entry *e = set_entry_get(s, &t->quotes, set_key_id(&q->id));
    struct set_entry *of_bill = set_entry_get(s, &t->bill_quotes, (struct set_key){.a = q->hospital, .b = q->bill});
    struct set_quote *own = ARENA_NEW(s->arena, struct set_quote);
    if (!e || !of_bill || !own) return status_memory();
    if (of_bill->state == SET_FOUND) {
        struct set_quote *before = of_bill->item;
        if (!id128_equal(&before->quote.id, &q->id)) cases_quote_drop(s, &before->quote.id);
    }
    *own = (struct set_quote){.quote = *q, .put = true};
    set_entry_found(&t->quotes, e, own);
    set_entry_found(&t->bill_quotes, of_bill, own);
    e->dirty = true;
    return STATUS_OK;
}

void cases_quote_drop(struct cases_set *s, const struct id128 *id)
{
    struct set_entry *e = set_entry_get(s, &s->tables->quotes, set_key_id(id));
    if (!e) return;
    if (e->state != SET_FOUND) {
        struct set_quote *own = ARENA_NEW(s->arena, struct set_quote);
        if (!own) {
            s->tables->broken = true;
            return;
        }
        own->quote.id = *id;
        set_entry_found(&s->tables->quotes, e, own);
    }
    ((struct set_quote *)e->item)->dropped = true;
    e->dirty = true;
}
