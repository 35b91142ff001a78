/* fold — registry events into the set: the one code that changes derived rows, live and in a rebuild.
 *
 * Who uses it: the engine after deciding, rebuild, tests. Invariants: only the open part is read, nothing is unsealed; a row is never edited but for `superseded`,
 * `withdrawn` and the cover of a merge; what an event touches was loaded before (registry_fold_needs).
 */
#include <string.h>

#include "registry/internal.h"

/* Memory that ran out while reading is no fault of the event. */
static struct status broken(struct registry_set *s, const struct journal_event *ev) {
    if (s->out_of_memory) return status_memory();
    return registry_fail(s->arena, REGISTRY_E_EVENT_BROKEN, STR("events"), registry_arg(str_from(journal_type_name(ev->type))));
}

static const struct json *open_read(struct registry_set *s, const struct journal_event *ev) {
    const struct json *o = NULL;
    struct status st = json_parse(s->arena, ev->open, &o);
    s->out_of_memory = s->out_of_memory || registry_is_memory(st);
    return !status_failed(st) && o->kind == JSON_OBJECT ? o : NULL;
}

static struct str keep(struct registry_set *s, struct str text) {
    struct str copy = text.n > 0 ? arena_str(s->arena, text) : (struct str){0};
    if (text.n > 0 && !copy.p) s->out_of_memory = true;
    return copy;
}

/* commitment ‖ sealed, as person_data and policies keep it; empty when the event has no sealed part. */
static struct str sealed_of(struct registry_set *s, const struct journal_event *ev) {
    if (ev->sealed.n == 0) return (struct str){0};
    char *p = ARENA_ARRAY(s->arena, char, 32 + ev->sealed.n);
    if (!p) {
        s->out_of_memory = true;
        return (struct str){0};
    }
    memcpy(p, ev->commitment.b, 32);
    memcpy(p + 32, ev->sealed.p, ev->sealed.n);
    return (struct str){p, 32 + ev->sealed.n};
}

static struct status done(const struct registry_set *s) { return s->out_of_memory ? status_memory() : STATUS_OK; }

/* ---- identifiers ---------------------------------------------------------------------------------------------- */

static bool lookup_read(const struct json *o, struct id128 *ret) { return id128_parse(registry_json_text(o, "lookup"), ret); }

/* Every look-up that the event names: "lookups" of persons, "family_lookup" of policies. */
static bool lookups_want(struct registry_set *s, const struct json *o) {
    const struct json *list = json_get(o, STR("lookups")), *family = json_get(o, STR("family_lookup"));
    struct id128 lookup;
    bool all = true;
    for (uint32_t i = 0; list && i < list->count; i++)
        if (lookup_read(&list->items[i], &lookup)) all = registry_set_lookup_want(s, &lookup) && all;
    if (family && lookup_read(family, &lookup)) all = registry_set_lookup_want(s, &lookup) && all;
    return all;
}

/* A new row; standing rows of the same look-up that it covers wholly, and all of the same person, are superseded. */
static bool identifier_fold(struct registry_set *s, const struct json *o, const struct set_person *p, int64_t seq) {
    struct set_identifier row = {.person = p->person, .cover = p->cover, .key_version = registry_json_number(o, "key", 0), .superseded = INT64_MAX, .recorded = seq,
                                 .on = {registry_json_day(o, "from", DAY_NONE), registry_json_day(o, "to", DAY_OPEN)}, .dirty = true};
    if (!lookup_read(o, &row.lookup) || row.on.from.v > row.on.to.v) return false;
    struct set_lookup *l = registry_set_lookup_at(s, &row.lookup);
    for (uint32_t i = 0; l && i < l->rows.count; i++) {
        struct set_identifier *old = l->rows.items[i];
        bool same = id128_equal(&old->person, &p->person);
        if (old->superseded != INT64_MAX || (!same && !registry_set_range_holds(row.on, old->on))) continue;
        registry_set_seq_put(s, &old->superseded, seq);
        old->dirty = true;
    }
    struct set_identifier *r = registry_set_identifier_add(s, &row);
    if (r) registry_set_seq_put(s, &r->recorded, seq);
    else s->out_of_memory = true;
    return true;
}

static bool identifiers_fold(struct registry_set *s, const struct json *o, const struct set_person *p, int64_t seq) {
    const struct json *list = json_get(o, STR("lookups"));
    for (uint32_t i = 0; list && i < list->count; i++)
        if (!identifier_fold(s, &list->items[i], p, seq)) return false;
    return true;
}

/* ---- persons ------------------------------------------------------------------------------------------------------ */

static void data_put(struct registry_set *s, struct set_person *p, const struct journal_event *ev) {
    if (ev->sealed.n == 0) return;
    p->data = sealed_of(s, ev);
    registry_set_seq_put(s, &p->data_seq, ev->seq);
    p->data_dirty = true;
}

static struct status registered_fold(struct registry_set *s, const struct journal_event *ev, const struct json *o) {
    struct id128 person;
    struct set_cover *c = registry_set_cover_at(s, ev->cover);
    if (!c) return status_memory();
    if (!id128_parse(registry_json_text(o, "person"), &person) || ev->cover <= 0) return broken(s, ev);
    if (!registry_json_flag(o, "joins", false)) { /* a new group: nothing was there before */
        c->loaded = SET_ALL;
        c->born = true;
    }
    struct set_person *p = registry_set_person_add(s, &person, ev->cover);
    if (!p) return status_memory();
    p->fresh = true;
    registry_set_seq_put(s, &p->registered, ev->seq);
    for (uint32_t i = s->new_keys.count; i > 0 && p->wrapped.n == 0; i--) /* made while deciding; none in a rebuild */
        if (id128_equal(&s->new_keys.items[i - 1]->person, &person)) p->wrapped = s->new_keys.items[i - 1]->wrapped;
    p->key_fresh = p->wrapped.n > 0;
    data_put(s, p, ev);
    return identifiers_fold(s, o, p, ev->seq) ? done(s) : broken(s, ev);
}

/* The person that an open part names; loaded before. */
static struct set_person *person_of(struct registry_set *s, const struct json *o, const char *member) {
    struct id128 person;
    return id128_parse(registry_json_text(o, member), &person) ? registry_set_person_find(s, &person) : NULL;
}

static struct status identified_fold(struct registry_set *s, const struct journal_event *ev, const struct json *o) {
    struct set_person *p = person_of(s, o, "person");
    if (!p || !identifiers_fold(s, o, p, ev->seq)) return broken(s, ev);
    data_put(s, p, ev);
    return done(s);
}

static struct status linked_fold(struct registry_set *s, const struct journal_event *ev, const struct json *o) {
    struct set_person *p = person_of(s, o, "person"), *into = person_of(s, o, "into");
    if (!p || !into || p == into || registry_set_person_end(s, into) == p) return broken(s, ev);
    p->linked = true;
    p->into = into->person;
    p->dirty = true;
    return done(s);
}

static struct status erased_fold(struct registry_set *s, const struct journal_event *ev, const struct json *o) {
    struct set_person *p = person_of(s, o, "person");
    if (!p) return broken(s, ev);
    struct set_cover *c = registry_set_cover_at(s, p->cover);
    for (uint32_t i = 0; c && i < c->identifiers.count; i++) {
        struct set_identifier *r = c->identifiers.items[i];
        if (!id128_equal(&r->person, &p->person) || r->superseded != INT64_MAX) continue;
        registry_set_seq_put(s, &r->superseded, ev->seq);
        r->dirty = true;
    }
    p->erased = true;
    p->data = (struct str){0};
    crypto_wipe(&p->shown.key, sizeof p->shown.key);
    struct set_person **slot = ARENA_PUSH(s->arena, s->erased.items, s->erased.count, s->erased.cap);
    if (slot) *slot = p;
    return slot ? registry_set_person_show(s, p) : status_memory();
}

static struct status merged_fold(struct registry_set *s, const struct journal_event *ev, const struct json *o) {
    int64_t from, to;
    if (!registry_cover_parse(registry_json_text(o, "from"), &from) || !registry_cover_parse(registry_json_text(o, "to"), &to)) return broken(s, ev);
    struct set_cover *f = registry_set_cover_at(s, from);
    if (f) f->touched = true;
    return registry_set_merge(s, from, to) ? done(s) : status_memory();
}

/* ---- policies and consents ------------------------------------------------------------------------------------------ */

static struct status policy_fold(struct registry_set *s, const struct journal_event *ev, const struct json *o) {
    struct registry_policy terms = {0};
    struct str open = keep(s, ev->open);
    struct status st = registry_policy_open_read(s->arena, open, &terms);
    s->out_of_memory = s->out_of_memory || registry_is_memory(st);
    if (status_failed(st)) return broken(s, ev);
    struct set_person *p = registry_set_person_find(s, &terms.person);
    struct set_cover *c = p ? registry_set_cover_at(s, p->cover) : NULL;
    if (!c) return broken(s, ev);
    for (uint32_t i = 0; i < c->policies.count; i++) {
        struct set_policy *old = c->policies.items[i];
        bool same = str_eq(old->policy, terms.terms.policy) && id128_equal(&old->person, &terms.person);
        if (!same || old->superseded != INT64_MAX || !registry_set_range_holds(terms.valid, old->valid)) continue;
        registry_set_seq_put(s, &old->superseded, ev->seq);
        old->dirty = true;
    }
    struct set_policy row = {.person = terms.person, .cover = c->cover, .recorded = ev->seq, .superseded = INT64_MAX, .policy = terms.terms.policy, .plan = terms.terms.plan,
                             .status = registry_json_text(o, "status"), .valid = terms.valid, .data = open, .sealed = sealed_of(s, ev), .dirty = true};
    struct set_policy *r = registry_set_policy_add(s, &row);
    if (!r) return status_memory();
    registry_set_seq_put(s, &r->recorded, ev->seq);
    const struct json *family = json_get(o, STR("family_lookup"));
    struct set_person nobody = {.cover = p->cover}; /* the family's number leads to the group */
    return !family || identifier_fold(s, family, &nobody, ev->seq) ? done(s) : broken(s, ev);
}

static struct set_consent *consent_find(struct registry_set *s, const struct set_person *p, int64_t n) {
    struct set_cover *c = registry_set_cover_at(s, p->cover);
    for (uint32_t i = 0; c && i < c->consents.count; i++)
        if (c->consents.items[i]->n == n && id128_equal(&c->consents.items[i]->person, &p->person)) return c->consents.items[i];
    return NULL;
}

static struct status consent_fold(struct registry_set *s, const struct journal_event *ev, const struct json *o) {
    struct set_person *p = person_of(s, o, "person");
    int64_t n = registry_json_number(o, "n", 0);
    if (!p || n <= 0 || consent_find(s, p, n)) return broken(s, ev);
    struct set_consent row = {.person = p->person, .cover = p->cover, .n = n, .seq = ev->seq, .withdrawn = INT64_MAX, .data = keep(s, ev->open), .dirty = true};
    struct set_consent *r = registry_set_consent_add(s, &row);
    if (!r) return status_memory();
    registry_set_seq_put(s, &r->seq, ev->seq);
    return done(s);
}

static struct status withdrawal_fold(struct registry_set *s, const struct journal_event *ev, const struct json *o) {
    struct set_person *p = person_of(s, o, "person");
    struct set_consent *r = p ? consent_find(s, p, registry_json_number(o, "n", 0)) : NULL;
    struct day from = registry_json_day(o, "from", DAY_NONE);
    if (!r || !day_is(from)) return broken(s, ev);
    r->withdrawn = from.v;
    r->dirty = true;
    r->decoded = false;
    return done(s);
}

/* ---- the world ------------------------------------------------------------------------------------------------------- */

static struct status world_fold(struct registry_set *s, const struct journal_event *ev, const struct json *o) {
    const struct json *data = json_get(o, STR("data")), *kind = json_get(o, STR("kind")), *name = json_get(o, STR("name"));
    if (!data || data->kind != JSON_OBJECT || !kind || !name) return broken(s, ev);
    struct set_name *n = registry_set_name_at(s, kind->text, name->text);
    if (!n) return status_memory();
    struct set_world row = {.kind = n->kind, .name = n->name, .recorded = ev->seq, .superseded = INT64_MAX, .data = keep(s, data->raw), .dirty = true,
                            .on = {registry_json_day(o, "from", DAY_NONE), registry_json_day(o, "to", DAY_OPEN)}};
    for (uint32_t i = 0; i < n->rows.count; i++) {
        struct set_world *old = n->rows.items[i];
        if (old->superseded != INT64_MAX || !registry_set_range_holds(row.on, old->on)) continue;
        registry_set_seq_put(s, &old->superseded, ev->seq);
        old->dirty = true;
    }
    struct set_world *r = registry_set_world_add(s, &row);
    if (!r) return status_memory();
    registry_set_seq_put(s, &r->recorded, ev->seq);
    registry_set_seq_put(s, &s->world_version, ev->seq);
    return done(s);
}

/* ---- which event does what ----------------------------------------------------------------------------------------------- */

struct fold_row {
    enum journal_type type;
    uint32_t parts; /* of the event's cover that must be loaded */
    struct status (*fold)(struct registry_set *s, const struct journal_event *ev, const struct json *o);
};
static const struct fold_row folds[] = {
    {JOURNAL_PERSON_REGISTERED, 0, registered_fold},
    {JOURNAL_PERSON_IDENTIFIED, SET_PERSONS, identified_fold},
    {JOURNAL_PERSONS_LINKED, SET_PERSONS, linked_fold},
    {JOURNAL_PERSON_ERASED, SET_PERSONS | SET_IDENTIFIERS, erased_fold},
    {JOURNAL_COVERS_MERGED, SET_ALL, merged_fold},
    {JOURNAL_POLICY_CHANGED, SET_PERSONS | SET_POLICIES, policy_fold},
    {JOURNAL_CLASS_SET, SET_PERSONS | SET_POLICIES, policy_fold},
    {JOURNAL_CONSENT_GIVEN, SET_PERSONS | SET_CONSENTS, consent_fold},
    {JOURNAL_CONSENT_WITHDRAWN, SET_PERSONS | SET_CONSENTS, withdrawal_fold},
    {JOURNAL_WORLD_CHANGED, 0, world_fold},
};

static const struct fold_row *fold_of(enum journal_type type) {
    for (size_t i = 0; i < COUNT_OF(folds); i++)
        if (folds[i].type == type) return &folds[i];
    return NULL;
}

bool registry_fold_needs(struct registry_set *s, const struct journal_event *ev) {
    const struct fold_row *row = fold_of(ev->type);
    if (!row) return true;
    const struct json *o = open_read(s, ev);
    if (!o) return true; /* the fold will say so */
    bool all = row->parts == 0 || registry_set_cover_want(s, ev->cover, row->parts);
    int64_t from;
    if (ev->type == JOURNAL_COVERS_MERGED && registry_cover_parse(registry_json_text(o, "from"), &from)) all = registry_set_cover_want(s, from, SET_ALL) && all;
    if (ev->type == JOURNAL_PERSON_REGISTERED && registry_json_flag(o, "joins", false)) all = registry_set_cover_want(s, ev->cover, SET_PERSONS) && all;
    if (ev->type == JOURNAL_WORLD_CHANGED) all = registry_set_name_want(s, registry_json_text(o, "kind"), registry_json_text(o, "name")) && all;
    return lookups_want(s, o) && all;
}

struct status registry_fold(struct registry_set *s, const struct journal_event *ev, bool *ret_mine) {
    const struct fold_row *row = fold_of(ev->type);
    if (!row) {
        *ret_mine = false;
        return STATUS_OK;
    }
    const struct json *o = ev->version == REGISTRY_EVENT_VERSION ? open_read(s, ev) : NULL;
    if (!o) return broken(s, ev);
    struct set_cover *touched = ev->cover > 0 ? registry_set_cover_at(s, ev->cover) : NULL;
    if (touched) touched->touched = true;
    TRY(row->fold(s, ev, o));
    *ret_mine = true;
    return STATUS_OK;
}

bool registry_merge_of(struct arena *a, const struct journal_event *ev, struct registry_merge *ret) {
    const struct json *o = NULL;
    bool covers = ev->type == JOURNAL_COVERS_MERGED, persons = ev->type == JOURNAL_PERSONS_LINKED;
    if ((!covers && !persons) || status_failed(json_parse(a, ev->open, &o))) return false;
    struct registry_merge m = {.from = ev->cover, .to = ev->cover};
    bool good = covers ? registry_cover_parse(registry_json_text(o, "from"), &m.from) && registry_cover_parse(registry_json_text(o, "to"), &m.to)
                       : id128_parse(registry_json_text(o, "person"), &m.person) && id128_parse(registry_json_text(o, "into"), &m.into);
    if (good) *ret = m;
    return good;
}
