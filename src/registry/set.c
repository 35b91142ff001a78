/* set — the working set: rows found by cover, person, look-up or name; wishes for what is not there yet.
 *
 * Who uses it: load, flush, fold, deciding, and through registry_…_get the room cases. Invariants: a row lies once in memory; a person is keyed by its token
 * alone (128 random bits), its cover is a property that a merge changes; what was asked and not loaded is a wish, and `waits` says so.
 * Workload: a group of up to 512 commands, each about one or two persons with a few policies; one hash table serves all.
 */
#include <stdlib.h>
#include <string.h>

#include "registry/internal.h"

struct status registry_set_new(struct arena *a, const struct journal_keys *keys, struct registry_set **ret) {
    struct registry_set *s = ARENA_NEW(a, struct registry_set);
    if (!s) return status_memory();
    *s = (struct registry_set){.arena = a, .keys = keys, .world_version = -1, .slot_count = 64};
    s->slots = ARENA_ARRAY(a, struct set_slot, s->slot_count);
    if (!s->slots) return status_memory();
    *ret = s;
    return STATUS_OK;
}

const struct journal_keys *registry_set_keys(const struct registry_set *s) { return s->keys; }
void registry_set_sealer(struct registry_set *s, struct journal_sealer *sealer) { s->sealer = sealer; }
bool registry_set_waits(const struct registry_set *s) { return s->waits; }

/* ---- the table -------------------------------------------------------------------------------------------- */

static uint64_t slot_hash(uint8_t kind, const struct id128 *key) {
    uint64_t lo, hi;
    memcpy(&lo, key->b, 8);
    memcpy(&hi, key->b + 8, 8);
    uint64_t h = (lo ^ (hi * UINT64_C(0x9E3779B97F4A7C15)) ^ kind) * UINT64_C(0xFF51AFD7ED558CCD);
    return h ^ (h >> 32);
}

static struct set_slot *slot_of(struct set_slot *slots, uint32_t count, uint8_t kind, const struct id128 *key) {
    uint32_t at = (uint32_t)slot_hash(kind, key) & (count - 1);
    while (slots[at].kind != 0 && !(slots[at].kind == kind && id128_equal(&slots[at].key, key))) at = (at + 1) & (count - 1);
    return &slots[at];
}

static bool table_grow(struct registry_set *s) {
    uint32_t count = s->slot_count * 2;
    struct set_slot *slots = ARENA_ARRAY(s->arena, struct set_slot, count);
    if (!slots) return false;
    for (uint32_t i = 0; i < s->slot_count; i++)
        if (s->slots[i].kind) *slot_of(slots, count, s->slots[i].kind, &s->slots[i].key) = s->slots[i];
    s->slots = slots;
    s->slot_count = count;
    return true;
}

static void *table_find(struct registry_set *s, enum set_kind kind, const struct id128 *key) {
    return slot_of(s->slots, s->slot_count, (uint8_t)kind, key)->thing;
}

static bool table_put(struct registry_set *s, enum set_kind kind, const struct id128 *key, void *thing) {
    if (s->slot_used * 2 >= s->slot_count && !table_grow(s)) return false;
    struct set_slot *slot = slot_of(s->slots, s->slot_count, (uint8_t)kind, key);
    CHECK(slot->kind == 0);
    *slot = (struct set_slot){*key, (uint8_t)kind, thing};
    s->slot_used++;
    return true;
}

/* A new thing of size T in its list and in the table. */
#define SET_NEW(s, list, T) ((T *)set_new((s), (void ***)&(s)->list.items, &(s)->list.count, &(s)->list.cap, sizeof(T), _Alignof(T)))
static void *set_new(struct registry_set *s, void ***items, uint32_t *count, uint32_t *cap, size_t size, size_t align) {
    void *thing = arena_alloc(s->arena, size, align);
    void **slot = thing ? base_arena_push(s->arena, (void **)items, count, cap, sizeof(void *), _Alignof(void *)) : NULL;
    if (!slot) {
        s->out_of_memory = true;
        return NULL;
    }
    *slot = thing;
    return thing;
}
#define SET_PUSH(s, list, thing) set_push((s), (void ***)&(list).items, &(list).count, &(list).cap, (thing))
static bool set_push(struct registry_set *s, void ***items, uint32_t *count, uint32_t *cap, void *thing) {
    void **slot = base_arena_push(s->arena, (void **)items, count, cap, sizeof(void *), _Alignof(void *));
    if (slot) *slot = thing;
    else s->out_of_memory = true;
    return slot != NULL;
}

/* ---- covers ------------------------------------------------------------------------------------------------- */

static struct id128 cover_key(int64_t cover) {
    struct id128 key = {{0}};
    memcpy(key.b, &cover, sizeof cover);
    return key;
}

struct set_cover *registry_set_cover_raw(struct registry_set *s, int64_t cover) {
    struct id128 key = cover_key(cover);
    struct set_cover *c = table_find(s, SET_KIND_COVER, &key);
    if (c) return c;
    c = SET_NEW(s, covers, struct set_cover);
    if (!c || !table_put(s, SET_KIND_COVER, &key, c)) return NULL;
    c->cover = cover;
    return c;
}

int64_t registry_set_cover_now(struct registry_set *s, int64_t cover) {
    for (;;) {
        struct id128 key = cover_key(cover);
        struct set_cover *c = table_find(s, SET_KIND_COVER, &key);
        if (!c || c->moved_to == 0) return cover;
        cover = c->moved_to;
    }
}

struct set_cover *registry_set_cover_at(struct registry_set *s, int64_t cover) { return registry_set_cover_raw(s, registry_set_cover_now(s, cover)); }

bool registry_set_cover_want(struct registry_set *s, int64_t cover, uint32_t parts) {
    struct set_cover *c = registry_set_cover_at(s, cover);
    if (!c) return false;
    if ((c->loaded & parts) == parts) return true;
    c->wanted |= parts;
    s->waits = true;
    return false;
}

/* ---- look-ups and names ----------------------------------------------------------------------------------------- */

struct set_lookup *registry_set_lookup_at(struct registry_set *s, const struct id128 *lookup) {
    struct set_lookup *l = table_find(s, SET_KIND_LOOKUP, lookup);
    if (l) return l;
    l = SET_NEW(s, lookups, struct set_lookup);
    if (!l || !table_put(s, SET_KIND_LOOKUP, lookup, l)) return NULL;
    l->lookup = *lookup;
    return l;
}

bool registry_set_lookup_want(struct registry_set *s, const struct id128 *lookup) {
    struct set_lookup *l = registry_set_lookup_at(s, lookup);
    if (!l) return false;
    if (l->loaded) return true;
    l->wanted = true;
    s->waits = true;
    return false;
}

struct set_name *registry_set_name_at(struct registry_set *s, struct str kind, struct str name) {
    struct digest d;
    struct sha256 h;
    struct id128 key;
    sha256_init(&h);
    sha256_start(&h);
    sha256_add(&h, kind);
    sha256_add(&h, (struct str){"", 1});
    sha256_add(&h, name);
    sha256_finish(&h, &d);
    sha256_done(&h);
    memcpy(key.b, d.b, sizeof key.b);
    struct set_name *n = table_find(s, SET_KIND_NAME, &key);
    if (n) return n;
    n = SET_NEW(s, names, struct set_name);
    if (!n || !table_put(s, SET_KIND_NAME, &key, n)) return NULL;
    n->kind = arena_str(s->arena, kind);
    n->name = arena_str(s->arena, name);
    return n->kind.p && n->name.p ? n : NULL;
}

bool registry_set_name_want(struct registry_set *s, struct str kind, struct str name) {
    struct set_name *n = registry_set_name_at(s, kind, name);
    if (!n) return false;
    if (n->loaded) return true;
    n->wanted = true;
    s->waits = true;
    return false;
}

/* ---- rows ------------------------------------------------------------------------------------------------------------ */

struct set_person *registry_set_person_find(struct registry_set *s, const struct id128 *person) { return table_find(s, SET_KIND_PERSON, person); }

struct set_person *registry_set_person_add(struct registry_set *s, const struct id128 *person, int64_t cover) {
    struct set_person *p = registry_set_person_find(s, person);
    if (p) return p;
    struct set_cover *c = registry_set_cover_at(s, cover);
    p = c ? SET_NEW(s, persons, struct set_person) : NULL;
    if (!p || !table_put(s, SET_KIND_PERSON, person, p)) return NULL;
    *p = (struct set_person){.person = *person, .cover = c->cover, .born_cover = c->cover, .data_seq = -1};
    return SET_PUSH(s, c->persons, p) ? p : NULL;
}

struct set_person *registry_set_person_end(struct registry_set *s, struct set_person *p) {
    for (int step = 0; p && p->linked && step < REGISTRY_LINKS_MAX; step++) p = registry_set_person_find(s, &p->into);
    return p;
}

struct set_identifier *registry_set_identifier_add(struct registry_set *s, const struct set_identifier *row) {
    struct set_lookup *l = registry_set_lookup_at(s, &row->lookup);
    struct set_cover *c = registry_set_cover_at(s, row->cover);
    if (!l || !c) return NULL;
    for (uint32_t i = 0; i < l->rows.count; i++)
        if (l->rows.items[i]->recorded == row->recorded) return l->rows.items[i];
    struct set_identifier *r = SET_NEW(s, identifiers, struct set_identifier);
    if (!r) return NULL;
    *r = *row;
    r->cover = c->cover;
    return SET_PUSH(s, l->rows, r) && SET_PUSH(s, c->identifiers, r) ? r : NULL;
}

struct set_policy *registry_set_policy_add(struct registry_set *s, const struct set_policy *row) {
    struct set_cover *c = registry_set_cover_at(s, row->cover);
    struct set_policy *p = c ? SET_NEW(s, policies, struct set_policy) : NULL;
    if (!p) return NULL;
    *p = *row;
    p->cover = c->cover;
    return SET_PUSH(s, c->policies, p) ? p : NULL;
}

struct set_consent *registry_set_consent_add(struct registry_set *s, const struct set_consent *row) {
    struct set_cover *c = registry_set_cover_at(s, row->cover);
    struct set_consent *p = c ? SET_NEW(s, consents, struct set_consent) : NULL;
    if (!p) return NULL;
    *p = *row;
    p->cover = c->cover;
    return SET_PUSH(s, c->consents, p) ? p : NULL;
}

struct set_world *registry_set_world_add(struct registry_set *s, const struct set_world *row) {
    struct set_name *n = registry_set_name_at(s, row->kind, row->name);
    struct set_world *w = n ? SET_NEW(s, world, struct set_world) : NULL;
    if (!w) return NULL;
    *w = *row;
    return SET_PUSH(s, n->rows, w) ? w : NULL;
}

void registry_set_seq_put(struct registry_set *s, int64_t *field, int64_t seq) {
    *field = seq;
    if (seq >= JOURNAL_SEQ_PROVISIONAL) (void)SET_PUSH(s, s->seqs, field);
}

void registry_set_renumber(struct registry_set *s, int64_t base) {
    for (uint32_t i = 0; i < s->seqs.count; i++) *s->seqs.items[i] = journal_seq_settle(*s->seqs.items[i], base);
    s->seqs.count = 0;
}

bool registry_set_merge(struct registry_set *s, int64_t from, int64_t to) {
    struct set_cover *f = registry_set_cover_at(s, from), *t = registry_set_cover_at(s, to);
    struct set_move *move = f && t ? SET_NEW(s, moves, struct set_move) : NULL;
    if (!move || f == t) return move != NULL;
    *move = (struct set_move){f->cover, t->cover};
    f->moved_to = t->cover;
    bool good = true;
    for (uint32_t i = 0; i < f->persons.count; i++) f->persons.items[i]->cover = t->cover, good = SET_PUSH(s, t->persons, f->persons.items[i]) && good;
    for (uint32_t i = 0; i < f->policies.count; i++) f->policies.items[i]->cover = t->cover, good = SET_PUSH(s, t->policies, f->policies.items[i]) && good;
    for (uint32_t i = 0; i < f->consents.count; i++) f->consents.items[i]->cover = t->cover, good = SET_PUSH(s, t->consents, f->consents.items[i]) && good;
    for (uint32_t i = 0; i < f->identifiers.count; i++)
        f->identifiers.items[i]->cover = t->cover, good = SET_PUSH(s, t->identifiers, f->identifiers.items[i]) && good;
    for (uint32_t i = 0; i < t->persons.count; i++) t->persons.items[i]->shown.cover = t->cover;
    return good;
}

/* ---- what others ask ------------------------------------------------------------------------------------------------------ */

struct status registry_set_person_show(struct registry_set *s, struct set_person *p) {
    struct registry_person *shown = &p->shown;
    shown->person = p->person;
    shown->cover = p->cover;
    shown->merged = p->linked;
    shown->into = p->into;
    shown->sealed = p->data;
    shown->key_destroyed = p->erased || p->wrapped.n == 0;
    if (p->opened || shown->key_destroyed || !s->keys) return STATUS_OK;
    TRY(journal_person_key_open(s->keys, s->arena, p->wrapped, &shown->key));
    p->opened = true;
    return STATUS_OK;
}

enum set_state registry_person_get(struct registry_set *s, int64_t cover, const struct id128 *person, const struct registry_person **ret) {
    struct set_person *p = registry_set_person_find(s, person);
    if (!p) {
        if (!registry_set_cover_want(s, cover, SET_PERSONS)) return SET_WAIT;
        return SET_ABSENT;
    }
    if (status_failed(registry_set_person_show(s, p))) {
        p->shown.key_destroyed = true; /* a key that does not open is as good as none; the audit names it */
    }
    *ret = &p->shown;
    return SET_FOUND;
}

/* The standing row of a look-up on a day. */
static const struct set_identifier *identifier_on(const struct set_lookup *l, struct day on) {
    const struct set_identifier *top = NULL;
    for (uint32_t i = 0; i < l->rows.count; i++) {
        const struct set_identifier *r = l->rows.items[i];
        bool stands = r->superseded == INT64_MAX && (!day_is(on) || day_in(on, r->on));
        if (stands && (!top || r->recorded >= top->recorded)) top = r;
    }
    return top;
}

enum set_state registry_set_person_by_lookup(struct registry_set *s, const struct id128 *lookup, struct day on, struct set_person **ret) {
    if (!registry_set_lookup_want(s, lookup)) return SET_WAIT;
    const struct set_identifier *top = identifier_on(registry_set_lookup_at(s, lookup), on);
    if (!top) return SET_ABSENT;
    if (!registry_set_cover_want(s, top->cover, SET_PERSONS)) return SET_WAIT;
    struct set_person *p = registry_set_person_find(s, &top->person);
    p = p ? registry_set_person_end(s, p) : NULL;
    if (!p) return SET_ABSENT;
    *ret = p;
    return SET_FOUND;
}

enum set_state registry_set_cover_by_lookup(struct registry_set *s, const struct id128 *lookup, int64_t *ret) {
    if (!registry_set_lookup_want(s, lookup)) return SET_WAIT;
    const struct set_identifier *top = identifier_on(registry_set_lookup_at(s, lookup), DAY_NONE);
    if (top) *ret = registry_set_cover_now(s, top->cover);
    return top ? SET_FOUND : SET_ABSENT;
}

enum set_state registry_identifier_get(struct registry_set *s, const struct id128 *lookup, struct day on, struct registry_identifier *ret) {
    struct set_person *p = NULL;
    enum set_state state = registry_set_person_by_lookup(s, lookup, on, &p);
    if (state != SET_FOUND) return state;
    const struct set_identifier *row = identifier_on(registry_set_lookup_at(s, lookup), on);
    *ret = (struct registry_identifier){p->person, p->cover, row->on};
    return SET_FOUND;
}

/* ---- policies ------------------------------------------------------------------------------------------------------------- */

static bool leads_to(struct registry_set *s, const struct id128 *from, const struct id128 *to) {
    if (id128_equal(from, to)) return true;
    struct set_person *p = registry_set_person_find(s, from);
    p = p ? registry_set_person_end(s, p) : NULL;
    return p && id128_equal(&p->person, to);
}

static int policy_order(const void *a, const void *b) {
    const struct set_policy *x = *(const struct set_policy *const *)a, *y = *(const struct set_policy *const *)b;
    int c = str_cmp(x->policy, y->policy);
    if (c == 0) c = memcmp(x->person.b, y->person.b, sizeof x->person.b);
    return c;
}

/* The versions of one policy, by the first day of its period. */
struct group {
    struct registry_policy *items;
    uint32_t count;
};
static int group_order(const void *a, const void *b) {
    const struct registry_policy *x = ((const struct group *)a)->items, *y = ((const struct group *)b)->items;
    if (x->terms.on.from.v != y->terms.on.from.v) return x->terms.on.from.v < y->terms.on.from.v ? -1 : 1;
    int c = str_cmp(x->terms.policy, y->terms.policy);
    return c != 0 ? c : memcmp(x->person.b, y->person.b, sizeof x->person.b);
}

/* Cuts the rows [0, count) of one policy and appends what holds. */
static struct status versions_add(struct registry_set *s, struct set_policy **rows, uint32_t count, int64_t as_of, struct registry_policy *out, uint32_t *n) {
    struct overlay_row *o = ARENA_ARRAY(s->arena, struct overlay_row, count);
    if (!o) return status_memory();
    uint32_t known = 0;
    for (uint32_t i = 0; i < count; i++)
        if (rows[i]->recorded <= as_of) o[known++] = (struct overlay_row){rows[i]->valid, rows[i]->recorded, rows[i]};
    uint32_t cut = 0;
    struct overlay_segment *segments = registry_overlay_cut(s->arena, o, known, &cut);
    if (!segments) return status_memory();
    for (uint32_t i = 0; i < cut; i++) {
        struct set_policy *row = NULL;
        for (uint32_t k = 0; k < count; k++)
            if (rows[k] == segments[i].thing) row = rows[k];
        CHECK(row != NULL);
        struct set_person *p = registry_set_person_find(s, &row->person);
        bool opens = p && !status_failed(registry_set_person_show(s, p)) && !p->shown.key_destroyed;
        TRY(registry_set_policy_show(s, row, opens ? &p->shown.key : NULL));
        out[*n] = row->shown;
        out[*n].valid = segments[i].on;
        out[*n].recorded = row->recorded;
        out[*n].superseded = row->superseded;
        (*n)++;
    }
    return STATUS_OK;
}

/* Kept until somebody can be told. */
static enum set_state set_fail(struct registry_set *s, struct status st) {
    if (!status_failed(s->failure)) s->failure = st;
    s->waits = true;
    return SET_WAIT;
}

enum set_state registry_policies_get(struct registry_set *s, int64_t cover, const struct id128 *person, int64_t as_of, const struct registry_policy **ret, uint32_t *ret_count) {
    struct set_person *known = registry_set_person_find(s, person);
    if (known) cover = known->cover;
    if (!registry_set_cover_want(s, cover, SET_PERSONS | SET_POLICIES)) return SET_WAIT;
    struct set_cover *c = registry_set_cover_at(s, cover);
    uint32_t all = c ? c->policies.count : 0;
    struct set_policy **rows = ARENA_ARRAY(s->arena, struct set_policy *, (size_t)all + 1);
    struct group *groups = ARENA_ARRAY(s->arena, struct group, (size_t)all + 1);
    struct registry_policy *cut = ARENA_ARRAY(s->arena, struct registry_policy, 2 * (size_t)all + 1), *out = ARENA_ARRAY(s->arena, struct registry_policy, 2 * (size_t)all + 1);
    if (!c || !rows || !groups || !cut || !out) return set_fail(s, status_memory());
    uint32_t count = 0, n = 0, group_count = 0;
    for (uint32_t i = 0; i < all; i++)
        if (leads_to(s, &c->policies.items[i]->person, person)) rows[count++] = c->policies.items[i];
    qsort(rows, count, sizeof *rows, policy_order);
    for (uint32_t start = 0, end; start < count; start = end) {
        uint32_t before = n;
        for (end = start; end < count && policy_order(&rows[start], &rows[end]) == 0;) end++;
        struct status st = versions_add(s, rows + start, end - start, as_of, cut, &n);
        if (status_failed(st)) return set_fail(s, st);
        if (n > before) groups[group_count++] = (struct group){cut + before, n - before};
    }
    qsort(groups, group_count, sizeof *groups, group_order);
    n = 0;
    for (uint32_t i = 0; i < group_count; i++)
        for (uint32_t k = 0; k < groups[i].count; k++) out[n++] = groups[i].items[k];
    *ret = out;
    *ret_count = n;
    return n > 0 ? SET_FOUND : SET_ABSENT;
}

enum set_state registry_consents_get(struct registry_set *s, int64_t cover, const struct id128 *person, const struct registry_consent **ret, uint32_t *ret_count) {
    struct set_person *known = registry_set_person_find(s, person);
    if (known) cover = known->cover;
    if (!registry_set_cover_want(s, cover, SET_PERSONS | SET_CONSENTS)) return SET_WAIT;
    struct set_cover *c = registry_set_cover_at(s, cover);
    struct registry_consent *out = c ? ARENA_ARRAY(s->arena, struct registry_consent, c->consents.count + 1) : NULL;
    if (!out) return set_fail(s, status_memory());
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->consents.count; i++) {
        struct set_consent *row = c->consents.items[i];
        if (!leads_to(s, &row->person, person)) continue;
        struct status st = registry_set_consent_show(s, row);
        if (status_failed(st)) return set_fail(s, st);
        out[n++] = row->shown;
    }
    *ret = out;
    *ret_count = n;
    return n > 0 ? SET_FOUND : SET_ABSENT;
}
