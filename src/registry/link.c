/* link — two persons become one, two cover groups become one, a key is destroyed.
 *
 * Who uses it: deciding. Invariants: whoever shares a counter shares a cover group, so groups are merged before persons are linked and before a family policy is
 * issued; events say both sides, so that counters can be merged by who keeps them; a merge is never undone.
 */
#include <stdlib.h>
#include <string.h>

#include "registry/internal.h"

struct status registry_decide_merge(struct decider *d, int64_t from, int64_t to, const char *why) {
    if (from == to) return STATUS_OK;
    struct set_cover *f = registry_set_cover_at(d->s, from), *t = registry_set_cover_at(d->s, to);
    if (!f || !t) return status_memory();
    if (f->persons.count + t->persons.count > REGISTRY_GROUP_MAX) return registry_decide_refuse(d, REGISTRY_E_GROUP_LARGE, "", registry_arg_i64(d->a, REGISTRY_GROUP_MAX));
    struct buf b;
    struct json_writer w;
    struct str open = {0};
    struct subject group = {.cover = to};
    buf_init(&b, LIMIT_JSON_TEXT_BYTES);
    json_writer_init(&w, &b, false);
    json_begin_object(&w);
    registry_json_cover_member(&w, "from", from);
    registry_json_cover_member(&w, "to", to);
    json_member_string(&w, STR("why"), str_from(why));
    json_end_object(&w);
    TRY(registry_canonical_take(d->a, &b, &open));
    return registry_decide_event(d, JOURNAL_COVERS_MERGED, &group, open, (struct str){0});
}

struct status registry_decide_link(struct decider *d) {
    struct subject who = {0}, into = {0};
    TRY(registry_decide_subject(d, &d->ch->person, "person", &who));
    if (d->refusal) return STATUS_OK;
    TRY(registry_decide_subject(d, &d->ch->other, "into", &into));
    if (d->refusal) return STATUS_OK;
    if (id128_equal(&who.person, &into.person)) return registry_decide_refuse(d, REGISTRY_E_SAME_PERSON, "into", registry_arg(STR("")));
    TRY(registry_decide_merge(d, who.cover, into.cover, "link"));
    if (d->refusal) return STATUS_OK;
    who.cover = into.cover;
    struct buf b;
    struct json_writer w;
    struct str open = {0};
    buf_init(&b, LIMIT_JSON_TEXT_BYTES);
    json_writer_init(&w, &b, false);
    json_begin_object(&w);
    registry_json_id_member(&w, "person", &who.person);
    registry_json_id_member(&w, "into", &into.person);
    registry_json_text_member(&w, "reason", registry_value(d->ch, REGISTRY_M_LINK_REASON)->text);
    json_end_object(&w);
    TRY(registry_canonical_take(d->a, &b, &open));
    TRY(registry_decide_event(d, JOURNAL_PERSONS_LINKED, &into, open, (struct str){0}));
    return registry_decide_void_twins(d, &who, &into);
}

static struct status erased_event(struct decider *d, const struct set_person *p) {
    struct buf b;
    struct json_writer w;
    struct str open = {0};
    struct subject who = {.cover = p->cover};
    buf_init(&b, LIMIT_JSON_TEXT_BYTES);
    json_writer_init(&w, &b, false);
    json_begin_object(&w);
    registry_json_id_member(&w, "person", &p->person);
    json_member_string(&w, STR("reason"), registry_value(d->ch, REGISTRY_M_ERASURE_REASON)->text);
    json_end_object(&w);
    TRY(registry_canonical_take(d->a, &b, &open));
    return registry_decide_event(d, JOURNAL_PERSON_ERASED, &who, open, (struct str){0});
}

static int token_order(const void *a, const void *b) {
    const struct set_person *const *x = a, *const *y = b;
    return memcmp((*x)->person.b, (*y)->person.b, sizeof (*x)->person.b);
}

/* The person's key, and those of all that were linked into it, in order of tokens: the same events however the rows came into memory. */
struct status registry_decide_erasure(struct decider *d) {
    struct subject who = {0};
    TRY(registry_decide_subject(d, &d->ch->person, "person", &who));
    if (d->refusal) return STATUS_OK;
    struct set_cover *c = registry_set_cover_at(d->s, who.cover);
    if (!c) return status_memory();
    struct set_person **all = ARENA_ARRAY(d->a, struct set_person *, (size_t)c->persons.count + 1);
    uint32_t n = 0;
    if (!all) return status_memory();
    for (uint32_t i = 0; i < c->persons.count; i++)
        if (registry_set_person_end(d->s, c->persons.items[i]) == who.row) all[n++] = c->persons.items[i];
    qsort(all, n, sizeof *all, token_order);
    for (uint32_t i = 0; i < n; i++) TRY(erased_event(d, all[i]));
    return STATUS_OK;
}
