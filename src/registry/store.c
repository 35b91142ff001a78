/* store — loading wishes and flushing changes, set-based.
 *
 * Who uses it: the engine, once a round and once a group. Invariants: a load reads all wishes at once, a statement a table; a row that is in memory already is never
 * overwritten by what the database says (it may be newer here); a flush writes moves first, then rows, each table once.
 */
#include "registry/internal.h"

static struct id128 id_of(struct str s) {
    struct id128 id = {{0}};
    for (size_t i = 0; i < s.n && i < sizeof id.b; i++) id.b[i] = (uint8_t)s.p[i];
    return id;
}

static struct str keep(struct registry_set *s, struct str text) {
    if (text.n == 0) return (struct str){0};
    struct str copy = arena_str(s->arena, text);
    if (!copy.p) s->out_of_memory = true;
    return copy;
}

/* ---- loading ------------------------------------------------------------------------------------------------ */

/* Without a connection (tests of pure halves) nothing is stored: every wish is answered by absence. */
static struct status wishes_read(struct store_connection *c, struct arena *a, enum registry_statement which, const struct store_value *params, uint32_t count,
                                 struct store_rows *ret) {
    *ret = (struct store_rows){0};
    return c ? store_read(c, a, registry_statement(which), params, count, ret) : STATUS_OK;
}

struct wishes {
    struct store_value *params;
    void **things; /* the cover, look-up or name of each row of parameters */
    uint32_t count;
};

/* The covers that want a part. */
static struct status covers_wanted(struct registry_set *s, struct arena *a, uint32_t part, struct wishes *ret) {
    *ret = (struct wishes){ARENA_ARRAY(a, struct store_value, s->covers.count + 1), ARENA_ARRAY(a, void *, s->covers.count + 1), 0};
    if (!ret->params || !ret->things) return status_memory();
    for (uint32_t i = 0; i < s->covers.count; i++) {
        struct set_cover *c = s->covers.items[i];
        if (!(c->wanted & part) || (c->loaded & part)) continue;
        ret->params[ret->count] = STORE_I(c->cover);
        ret->things[ret->count++] = c;
    }
    return STATUS_OK;
}

static void person_take(struct registry_set *s, const struct set_cover *c, const struct store_value *v) {
    struct id128 person = id_of(v[0].s);
    if (registry_set_person_find(s, &person)) return;
    struct set_person *p = registry_set_person_add(s, &person, c->cover);
    if (!p) {
        s->out_of_memory = true;
        return;
    }
    p->stored_cover = c->cover;
    p->registered = v[1].i;
    p->linked = !v[2].null;
    if (p->linked) p->into = id_of(v[2].s);
    if (!v[3].null) p->wrapped = keep(s, v[3].s);
    if (!v[4].null) p->data = keep(s, v[4].s);
    if (!v[5].null) p->data_seq = v[5].i;
}

static void policy_take(struct registry_set *s, const struct set_cover *c, const struct store_value *v) {
    struct set_policy row = {.person = id_of(v[0].s), .cover = c->cover, .policy = keep(s, v[1].s), .plan = keep(s, v[2].s), .status = keep(s, v[3].s),
                             .valid = {{(int32_t)v[4].i}, {(int32_t)v[5].i}}, .data = keep(s, v[6].s), .recorded = v[8].i, .superseded = v[9].i};
    if (!v[7].null) row.sealed = keep(s, v[7].s);
    if (!registry_set_policy_add(s, &row)) s->out_of_memory = true;
}

static void consent_take(struct registry_set *s, const struct set_cover *c, const struct store_value *v) {
    struct set_consent row = {.person = id_of(v[0].s), .cover = c->cover, .n = v[1].i, .data = keep(s, v[2].s), .withdrawn = v[3].i, .seq = v[4].i};
    if (!registry_set_consent_add(s, &row)) s->out_of_memory = true;
}

static void identifier_take(struct registry_set *s, const struct set_cover *c, const struct store_value *v) {
    struct set_identifier row = {.lookup = id_of(v[0].s), .key_version = v[1].i, .person = id_of(v[2].s), .cover = c->cover,
                                 .on = {{(int32_t)v[3].i}, {(int32_t)v[4].i}}, .recorded = v[5].i, .superseded = v[6].i};
    if (!registry_set_identifier_add(s, &row)) s->out_of_memory = true;
}

static struct status part_load(struct registry_set *s, struct store_connection *c, struct arena *a, enum set_part part) {
    static const struct {
        enum set_part part;
        enum registry_statement statement;
        void (*take)(struct registry_set *s, const struct set_cover *c, const struct store_value *v);
    } parts[] = {{SET_PERSONS, REGISTRY_Q_PERSONS, person_take},
                 {SET_POLICIES, REGISTRY_Q_POLICIES, policy_take},
                 {SET_CONSENTS, REGISTRY_Q_CONSENTS, consent_take},
                 {SET_IDENTIFIERS, REGISTRY_Q_IDENTIFIERS, identifier_take}};
    struct wishes w;
    struct store_rows rows;
    TRY(covers_wanted(s, a, (uint32_t)part, &w));
    if (w.count == 0) return STATUS_OK;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        if (parts[i].part != part) continue;
        TRY(wishes_read(c, a, parts[i].statement, w.params, w.count, &rows));
        for (uint32_t k = 0; k < rows.count; k++) parts[i].take(s, w.things[rows.of[k]], store_row(&rows, k));
    }
    for (uint32_t i = 0; i < w.count; i++) ((struct set_cover *)w.things[i])->loaded |= (uint32_t)part;
    return s->out_of_memory ? status_memory() : STATUS_OK;
}

static struct status lookups_load(struct registry_set *s, struct store_connection *c, struct arena *a) {
    struct wishes w = {ARENA_ARRAY(a, struct store_value, s->lookups.count + 1), ARENA_ARRAY(a, void *, s->lookups.count + 1), 0};
    struct store_rows rows;
    if (!w.params || !w.things) return status_memory();
    for (uint32_t i = 0; i < s->lookups.count; i++) {
        struct set_lookup *l = s->lookups.items[i];
        if (!l->wanted || l->loaded) continue;
        w.params[w.count] = STORE_S(id128_view(&l->lookup));
        w.things[w.count++] = l;
    }
    if (w.count == 0) return STATUS_OK;
    TRY(wishes_read(c, a, REGISTRY_Q_LOOKUP, w.params, w.count, &rows));
    for (uint32_t i = 0; i < rows.count; i++) {
        const struct store_value *v = store_row(&rows, i);
        const struct set_lookup *l = w.things[rows.of[i]];
        struct set_identifier row = {.lookup = l->lookup, .key_version = v[0].i, .person = id_of(v[1].s), .cover = v[2].i,
                                     .on = {{(int32_t)v[3].i}, {(int32_t)v[4].i}}, .recorded = v[5].i, .superseded = v[6].i};
        if (!registry_set_identifier_add(s, &row)) return status_memory();
    }
    for (uint32_t i = 0; i < w.count; i++) ((struct set_lookup *)w.things[i])->loaded = true;
    return STATUS_OK;
}

static struct status names_load(struct registry_set *s, struct store_connection *c, struct arena *a) {
    struct wishes w = {ARENA_ARRAY(a, struct store_value, 2 * (size_t)s->names.count + 1), ARENA_ARRAY(a, void *, s->names.count + 1), 0};
    struct store_rows rows;
    if (!w.params || !w.things) return status_memory();
    for (uint32_t i = 0; i < s->names.count; i++) {
        struct set_name *n = s->names.items[i];
        if (!n->wanted || n->loaded) continue;
        w.params[2 * (size_t)w.count] = STORE_S(n->kind);
        w.params[2 * (size_t)w.count + 1] = STORE_S(n->name);
        w.things[w.count++] = n;
    }
    if (w.count == 0) return STATUS_OK;
    TRY(wishes_read(c, a, REGISTRY_Q_WORLD_NAME, w.params, w.count, &rows));
    for (uint32_t i = 0; i < rows.count; i++) {
        const struct store_value *v = store_row(&rows, i);
        const struct set_name *n = w.things[rows.of[i]];
        struct set_world row = {.kind = n->kind, .name = n->name, .on = {{(int32_t)v[0].i}, {(int32_t)v[1].i}}, .data = keep(s, v[2].s), .recorded = v[3].i, .superseded = v[4].i};
        if (!registry_set_world_add(s, &row)) return status_memory();
    }
    for (uint32_t i = 0; i < w.count; i++) ((struct set_name *)w.things[i])->loaded = true;
    return STATUS_OK;
}

struct status registry_set_load(struct registry_set *s, struct store_connection *c, struct arena *a) {
    static const enum set_part parts[] = {SET_PERSONS, SET_POLICIES, SET_CONSENTS, SET_IDENTIFIERS};
    TRY(s->failure);
    TRY(lookups_load(s, c, a));
    TRY(names_load(s, c, a));
    for (size_t i = 0; i < COUNT_OF(parts); i++) TRY(part_load(s, c, a, parts[i]));
    s->waits = false;
    return s->out_of_memory ? status_memory() : STATUS_OK;
}

/* ---- flushing --------------------------------------------------------------------------------------------------- */

/* Rows of one write while they are gathered. */
struct batch {
    struct arena *arena;
    struct store_value *values;
    uint32_t count, cap, width;
    bool failed;
};

/* Room for one more row; NULL when there is no memory. */
static struct store_value *batch_row(struct batch *b) {
    for (uint32_t i = 0; i < b->width && !b->failed; i++) {
        const struct store_value *v = ARENA_PUSH(b->arena, b->values, b->count, b->cap);
        b->failed = v == NULL;
    }
    return b->failed ? NULL : b->values + (b->count - b->width);
}

static struct status batch_write(struct batch *b, struct store_connection *c, enum registry_statement which) {
    if (b->failed) return status_memory();
    return b->count == 0 ? STATUS_OK : store_write(c, b->arena, registry_statement(which), b->values, b->count / b->width);
}

static struct store_value maybe(struct str s) { return s.n > 0 ? STORE_S(s) : STORE_NULL; }

static struct status moves_flush(struct registry_set *s, struct store_connection *c, struct arena *a) {
    static const enum registry_statement writes[] = {REGISTRY_W_MOVE_PERSONS,  REGISTRY_W_MOVE_DATA,        REGISTRY_W_MOVE_POLICIES,
                                                     REGISTRY_W_MOVE_CONSENTS, REGISTRY_W_MOVE_IDENTIFIERS, REGISTRY_W_COPY_KEYS};
    for (uint32_t i = 0; i < s->moves.count; i++) { /* in order, one by one: a cover may move twice */
        struct store_value row[2] = {STORE_I(s->moves.items[i]->to), STORE_I(s->moves.items[i]->from)};
        for (size_t k = 0; k < COUNT_OF(writes); k++) TRY(store_write(c, a, registry_statement(writes[k]), row, 1));
    }
    return STATUS_OK;
}

static struct status persons_flush(struct registry_set *s, struct store_connection *c, struct arena *a) {
    struct batch persons = {.arena = a, .width = 4}, data = {.arena = a, .width = 4}, keys = {.arena = a, .width = 3};
    for (uint32_t i = 0; i < s->persons.count; i++) {
        const struct set_person *p = s->persons.items[i];
        struct store_value *v;
        if ((p->fresh || p->dirty) && (v = batch_row(&persons))) {
            v[0] = STORE_I(p->cover), v[1] = STORE_S(id128_view(&p->person)), v[2] = STORE_I(p->registered);
            v[3] = p->linked ? STORE_S(id128_view(&p->into)) : STORE_NULL;
        }
        if (p->data_dirty && !p->erased && (v = batch_row(&data))) {
            v[0] = STORE_I(p->cover), v[1] = STORE_S(id128_view(&p->person)), v[2] = STORE_S(p->data), v[3] = STORE_I(p->data_seq);
        }
        if (!p->key_fresh || p->erased) continue;
        for (int k = 0; k < (p->born_cover == p->cover ? 1 : 2); k++)
            if ((v = batch_row(&keys))) v[0] = STORE_I(k == 0 ? p->cover : p->born_cover), v[1] = STORE_S(id128_view(&p->person)), v[2] = STORE_S(p->wrapped);
    }
    TRY(batch_write(&persons, c, REGISTRY_W_PERSON));
    TRY(batch_write(&data, c, REGISTRY_W_DATA));
    return batch_write(&keys, c, REGISTRY_W_KEY);
}

static struct status erasures_flush(struct registry_set *s, struct store_connection *c, struct arena *a) {
    struct batch keys = {.arena = a, .width = 1}, data = {.arena = a, .width = 2};
    for (uint32_t i = 0; i < s->erased.count; i++) {
        const struct set_person *p = s->erased.items[i];
        struct store_value *v;
        if ((v = batch_row(&keys))) v[0] = STORE_S(id128_view(&p->person));
        if ((v = batch_row(&data))) v[0] = STORE_I(p->cover), v[1] = STORE_S(id128_view(&p->person));
    }
    TRY(batch_write(&keys, c, REGISTRY_W_ERASE_KEY));
    return batch_write(&data, c, REGISTRY_W_ERASE_DATA);
}

static struct status identifiers_flush(struct registry_set *s, struct store_connection *c, struct arena *a) {
    struct batch b = {.arena = a, .width = 8};
    for (uint32_t i = 0; i < s->identifiers.count; i++) {
        const struct set_identifier *r = s->identifiers.items[i];
        struct store_value *v;
        if (!r->dirty || !(v = batch_row(&b))) continue;
        v[0] = STORE_S(id128_view(&r->lookup)), v[1] = STORE_I(r->key_version), v[2] = STORE_S(id128_view(&r->person)), v[3] = STORE_I(r->cover);
        v[4] = STORE_I(r->on.from.v), v[5] = STORE_I(r->on.to.v), v[6] = STORE_I(r->recorded), v[7] = STORE_I(r->superseded);
    }
    return batch_write(&b, c, REGISTRY_W_IDENTIFIER);
}

static struct status policies_flush(struct registry_set *s, struct store_connection *c, struct arena *a) {
    struct batch b = {.arena = a, .width = 11};
    for (uint32_t i = 0; i < s->policies.count; i++) {
        const struct set_policy *r = s->policies.items[i];
        struct store_value *v;
        if (!r->dirty || !(v = batch_row(&b))) continue;
        v[0] = STORE_I(r->cover), v[1] = STORE_S(id128_view(&r->person)), v[2] = STORE_S(r->policy), v[3] = STORE_S(r->plan), v[4] = STORE_S(r->status);
        v[5] = STORE_I(r->valid.from.v), v[6] = STORE_I(r->valid.to.v), v[7] = STORE_S(r->data), v[8] = maybe(r->sealed);
        v[9] = STORE_I(r->recorded), v[10] = STORE_I(r->superseded);
    }
    return batch_write(&b, c, REGISTRY_W_POLICY);
}

static struct status consents_flush(struct registry_set *s, struct store_connection *c, struct arena *a) {
    struct batch b = {.arena = a, .width = 6};
    for (uint32_t i = 0; i < s->consents.count; i++) {
        const struct set_consent *r = s->consents.items[i];
        struct store_value *v;
        if (!r->dirty || !(v = batch_row(&b))) continue;
        v[0] = STORE_I(r->cover), v[1] = STORE_S(id128_view(&r->person)), v[2] = STORE_I(r->n), v[3] = STORE_S(r->data);
        v[4] = STORE_I(r->withdrawn), v[5] = STORE_I(r->seq);
    }
    return batch_write(&b, c, REGISTRY_W_CONSENT);
}

static struct status world_flush(struct registry_set *s, struct store_connection *c, struct arena *a) {
    struct batch texts = {.arena = a, .width = 4}, rows = {.arena = a, .width = 7};
    for (uint32_t i = 0; i < s->world.count; i++) {
        const struct set_world *r = s->world.items[i];
        struct store_value *v;
        if (!r->dirty || !(v = batch_row(&rows))) continue;
        v[0] = STORE_S(r->kind), v[1] = STORE_S(r->name), v[2] = STORE_I(r->on.from.v), v[3] = STORE_I(r->on.to.v), v[4] = STORE_S(r->data);
        v[5] = STORE_I(r->recorded), v[6] = STORE_I(r->superseded);
    }
    for (uint32_t i = 0; i < s->texts.count; i++) {
        const struct set_text *t = s->texts.items[i];
        struct store_value *v;
        if (!(v = batch_row(&texts))) continue;
        v[0] = STORE_S(((struct str){(const char *)t->hash.b, 32})), v[1] = STORE_S(t->kind), v[2] = STORE_S(t->name), v[3] = STORE_S(t->body);
    }
    TRY(batch_write(&texts, c, REGISTRY_W_TEXT));
    TRY(batch_write(&rows, c, REGISTRY_W_WORLD));
    if (s->world_version < 0) return STATUS_OK;
    struct store_value version = STORE_I(s->world_version + 1);
    return store_write(c, a, registry_statement(REGISTRY_W_VERSION), &version, 1);
}

/* What went out is clean again: a set may be folded and flushed many times (rebuild). */
static void set_clean(struct registry_set *s) {
    for (uint32_t i = 0; i < s->persons.count; i++) {
        struct set_person *p = s->persons.items[i];
        p->fresh = p->dirty = p->data_dirty = p->key_fresh = false;
        p->stored_cover = p->cover;
    }
    for (uint32_t i = 0; i < s->covers.count; i++) s->covers.items[i]->touched = s->covers.items[i]->born = false;
    for (uint32_t i = 0; i < s->identifiers.count; i++) s->identifiers.items[i]->dirty = false;
    for (uint32_t i = 0; i < s->policies.count; i++) s->policies.items[i]->dirty = false;
    for (uint32_t i = 0; i < s->consents.count; i++) s->consents.items[i]->dirty = false;
    for (uint32_t i = 0; i < s->world.count; i++) s->world.items[i]->dirty = false;
    s->moves.count = s->erased.count = s->texts.count = s->seqs.count = s->new_keys.count = 0;
    s->world_version = -1;
}

struct status registry_set_flush(struct registry_set *s, struct store_connection *c, struct arena *a) {
    TRY(s->failure);
    if (s->out_of_memory) return status_memory();
    if (store_connection_kind(c) == STORE_POSTGRES) TRY(registry_set_verify(s, c, a)); /* SQLite: nobody else writes */
    TRY(moves_flush(s, c, a));
    TRY(persons_flush(s, c, a));
    TRY(erasures_flush(s, c, a));
    TRY(identifiers_flush(s, c, a));
    TRY(policies_flush(s, c, a));
    TRY(consents_flush(s, c, a));
    TRY(world_flush(s, c, a));
    set_clean(s);
    return STATUS_OK;
}
