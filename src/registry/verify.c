/* verify — before rows go out: is what was read, and then changed in this set, still what the tables hold?
 *
 * Who uses it: the flush, on a store with several writers. Cover rows are locked by who changes a group, but a person that nobody knew, a family that nobody had founded
 * and a name of the world have no row to lock: two groups may each find them absent. The caller holds the head row's lock, so every earlier group is committed
 * and seen, and no later one has begun to write. Invariant: a stale set writes nothing (set-stale: the group is done again with a new set).
 * Workload: only covers, look-ups and names that this set changed are read again: none for a settlement of known persons.
 */
#include <string.h>

#include "registry/internal.h"

static struct status stale(struct arena *a, const char *where) {
    struct registry_arg none = {{0}, {0}};
    const struct error *e = registry_error_new(a, REGISTRY_E_STALE, str_from(where), none, none);
    if (!e) return status_memory();
    return (struct status){e};
}

struct question {
    struct store_value *params;
    void **things;
    uint32_t count;
};

static bool question_new(struct arena *a, uint32_t most, uint32_t width, struct question *ret) {
    *ret = (struct question){ARENA_ARRAY(a, struct store_value, (size_t)most * width + 1), ARENA_ARRAY(a, void *, (size_t)most + 1), 0};
    return ret->params && ret->things;
}

/* ---- look-ups and names ------------------------------------------------------------------------------------------ */

static struct status lookups_verify(struct registry_set *s, struct store_connection *c, struct arena *a) {
    struct question q;
    struct store_rows rows;
    if (!question_new(a, s->lookups.count, 1, &q)) return status_memory();
    for (uint32_t i = 0; i < s->lookups.count; i++) {
        struct set_lookup *l = s->lookups.items[i];
        bool changed = false;
        for (uint32_t k = 0; k < l->rows.count; k++) changed = changed || l->rows.items[k]->dirty;
        if (!changed) continue;
        q.params[q.count] = STORE_S(id128_view(&l->lookup));
        q.things[q.count++] = l;
    }
    if (q.count == 0) return STATUS_OK;
    TRY(store_read(c, a, registry_statement(REGISTRY_Q_LOOKUP), q.params, q.count, &rows));
    for (uint32_t i = 0; i < rows.count; i++) {
        const struct set_lookup *l = q.things[rows.of[i]];
        const struct store_value *v = store_row(&rows, i);
        bool known = false;
        for (uint32_t k = 0; k < l->rows.count; k++) known = known || l->rows.items[k]->recorded == v[5].i;
        if (!known) return stale(a, "identifiers");
    }
    return STATUS_OK;
}

static struct status names_verify(struct registry_set *s, struct store_connection *c, struct arena *a) {
    struct question q;
    struct store_rows rows;
    if (!question_new(a, s->names.count, 2, &q)) return status_memory();
    for (uint32_t i = 0; i < s->names.count; i++) {
        struct set_name *n = s->names.items[i];
        bool changed = false;
        for (uint32_t k = 0; k < n->rows.count; k++) changed = changed || n->rows.items[k]->dirty;
        if (!changed) continue;
        q.params[2 * (size_t)q.count] = STORE_S(n->kind);
        q.params[2 * (size_t)q.count + 1] = STORE_S(n->name);
        q.things[q.count++] = n;
    }
    if (q.count == 0) return STATUS_OK;
    TRY(store_read(c, a, registry_statement(REGISTRY_Q_WORLD_NAME), q.params, q.count, &rows));
    for (uint32_t i = 0; i < rows.count; i++) {
        const struct set_name *n = q.things[rows.of[i]];
        const struct store_value *v = store_row(&rows, i);
        bool known = false;
        for (uint32_t k = 0; k < n->rows.count; k++) known = known || n->rows.items[k]->recorded == v[3].i;
        if (!known) return stale(a, "world");
    }
    return STATUS_OK;
}

/* ---- covers ---------------------------------------------------------------------------------------------------------- */

static bool same_id(const struct id128 *id, struct str bytes) { return bytes.n == sizeof id->b && memcmp(id->b, bytes.p, bytes.n) == 0; }

/* The cover's persons are those that were read there, linked or not as they were. */
static bool person_known(struct registry_set *s, const struct set_cover *c, const struct store_value *v) {
    struct id128 person;
    if (v[0].s.n != sizeof person.b) return false;
    memcpy(person.b, v[0].s.p, sizeof person.b);
    const struct set_person *p = registry_set_person_find(s, &person);
    if (!p || p->stored_cover != c->cover) return false;
    if (!p->erased && v[3].null != (p->wrapped.n == 0)) return false; /* its key was destroyed meanwhile */
    return p->dirty || (p->linked == !v[2].null && (!p->linked || same_id(&p->into, v[2].s)));
}

static bool policy_known(struct registry_set *s, const struct set_cover *c, const struct store_value *v) {
    const struct set_cover *now = registry_set_cover_at(s, c->cover);
    for (uint32_t i = 0; now && i < now->policies.count; i++) {
        const struct set_policy *p = now->policies.items[i];
        if (p->recorded == v[8].i && str_eq(p->policy, v[1].s)) return true;
    }
    return false;
}

static bool consent_known(struct registry_set *s, const struct set_cover *c, const struct store_value *v) {
    const struct set_cover *now = registry_set_cover_at(s, c->cover);
    for (uint32_t i = 0; now && i < now->consents.count; i++) {
        const struct set_consent *p = now->consents.items[i];
        if (p->n == v[1].i && same_id(&p->person, v[0].s)) return p->seq == v[4].i && (p->dirty || p->withdrawn == v[3].i);
    }
    return false;
}

/* How many persons each cover's table rows must hold still: those that were read there. */
static void stored_count(struct registry_set *s) {
    for (uint32_t i = 0; i < s->covers.count; i++) s->covers.items[i]->stored = 0;
    for (uint32_t i = 0; i < s->persons.count; i++) {
        const struct set_person *p = s->persons.items[i];
        struct set_cover *c = p->stored_cover ? registry_set_cover_raw(s, p->stored_cover) : NULL;
        if (c) c->stored++;
    }
}

static struct status part_verify(struct registry_set *s, struct store_connection *c, struct arena *a, enum set_part part, enum registry_statement statement,
                                 bool (*known)(struct registry_set *s, const struct set_cover *c, const struct store_value *v)) {
    struct question q;
    struct store_rows rows;
    if (!question_new(a, s->covers.count, 1, &q)) return status_memory();
    uint32_t *seen = ARENA_ARRAY(a, uint32_t, (size_t)s->covers.count + 1);
    if (!seen) return status_memory();
    for (uint32_t i = 0; i < s->covers.count; i++) {
        struct set_cover *cover = s->covers.items[i];
        if (!cover->touched || cover->born || !(cover->loaded & (uint32_t)part)) continue;
        q.params[q.count] = STORE_I(cover->cover);
        q.things[q.count++] = cover;
    }
    if (q.count == 0) return STATUS_OK;
    TRY(store_read(c, a, registry_statement(statement), q.params, q.count, &rows));
    for (uint32_t i = 0; i < rows.count; i++) {
        if (!known(s, q.things[rows.of[i]], store_row(&rows, i))) return stale(a, "cover");
        seen[rows.of[i]]++;
    }
    if (part == SET_PERSONS) stored_count(s);
    for (uint32_t i = 0; part == SET_PERSONS && i < q.count; i++)
        if (seen[i] != ((const struct set_cover *)q.things[i])->stored) return stale(a, "cover");
    return STATUS_OK;
}

struct status registry_set_verify(struct registry_set *s, struct store_connection *c, struct arena *a) {
    TRY(lookups_verify(s, c, a));
    TRY(names_verify(s, c, a));
    TRY(part_verify(s, c, a, SET_PERSONS, REGISTRY_Q_PERSONS, person_known));
    TRY(part_verify(s, c, a, SET_POLICIES, REGISTRY_Q_POLICIES, policy_known));
    return part_verify(s, c, a, SET_CONSENTS, REGISTRY_Q_CONSENTS, consent_known);
}
