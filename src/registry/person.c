/* person — what is known of a person by name: the sealed part of person events, and registering somebody new.
 *
 * Who uses it: deciding, cases (registry_person_register, registry_person_data_open). Invariants: name, numbers, birth and sex leave this room only sealed or to
 * who holds the key; a token and a cover group are random and say nothing.
 */
#include <string.h>

#include "registry/internal.h"

/* ---- person data as JSON -------------------------------------------------------------------------------------- */

static const char *sex_word(enum bill_sex sex) { return sex == BILL_SEX_MALE ? "M" : sex == BILL_SEX_FEMALE ? "F" : ""; }

struct status registry_person_data_write(struct arena *a, const struct registry_person_data *data, struct str *ret) {
    struct buf b;
    struct json_writer w;
    buf_init(&b, LIMIT_JSON_BYTES);
    json_writer_init(&w, &b, false);
    json_begin_object(&w);
    registry_json_text_member(&w, "name", data->name);
    registry_json_day_member(&w, "born", data->born);
    registry_json_text_member(&w, "sex", str_from(sex_word(data->sex)));
    json_name(&w, STR("numbers"));
    json_begin_array(&w);
    for (uint32_t i = 0; i < data->number_count; i++) {
        const struct registry_person_number *n = &data->numbers[i];
        json_begin_object(&w);
        json_member_string(&w, STR("kind"), n->kind);
        json_member_string(&w, STR("number"), n->number);
        registry_json_text_member(&w, "hospital", n->hospital);
        registry_json_day_member(&w, "from", n->on.from);
        registry_json_day_member(&w, "to", n->on.to);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    return registry_canonical_take(a, &b, ret);
}

struct status registry_person_data_read(struct arena *a, struct str json, struct registry_person_data *ret) {
    const struct json *o = NULL;
    TRY(json_parse(a, json, &o));
    const struct json *list = json_get(o, STR("numbers"));
    uint32_t count = list && list->kind == JSON_ARRAY ? list->count : 0;
    struct registry_person_number *numbers = ARENA_ARRAY(a, struct registry_person_number, count + 1);
    if (!numbers) return status_memory();
    for (uint32_t i = 0; i < count; i++) {
        const struct json *n = &list->items[i];
        numbers[i] = (struct registry_person_number){registry_json_text(n, "kind"), registry_json_text(n, "number"), registry_json_text(n, "hospital"),
                                                     {registry_json_day(n, "from", DAY_NONE), registry_json_day(n, "to", DAY_OPEN)}};
    }
    struct str sex = registry_json_text(o, "sex");
    *ret = (struct registry_person_data){.name = registry_json_text(o, "name"), .born = registry_json_day(o, "born", DAY_NONE), .numbers = numbers, .number_count = count,
                                         .sex = str_eq(sex, STR("M")) ? BILL_SEX_MALE : str_eq(sex, STR("F")) ? BILL_SEX_FEMALE : BILL_SEX_UNKNOWN};
    return STATUS_OK;
}

static struct status data_open(struct arena *a, struct journal_sealer *sealer, const struct person_key *key, struct str stored, struct str *ret) {
    struct journal_event ev = {0};
    if (stored.n <= sizeof ev.commitment.b) return registry_fail(a, REGISTRY_E_ROW_BROKEN, STR("person_data"), registry_arg(STR("person_data")));
    memcpy(ev.commitment.b, stored.p, sizeof ev.commitment.b);
    ev.sealed = (struct str){stored.p + sizeof ev.commitment.b, stored.n - sizeof ev.commitment.b};
    return sealer ? journal_sealer_unseal(sealer, a, key, &ev, ret) : journal_unseal(a, key, &ev, ret);
}

struct status registry_set_unseal(struct registry_set *s, struct arena *a, const struct person_key *key, struct str stored, struct str *ret) {
    return data_open(a, s->sealer, key, stored, ret);
}

struct status registry_person_data_open(struct arena *a, const struct registry_person *p, struct registry_person_data *ret) {
    struct str plain = {0};
    if (p->key_destroyed) return registry_fail(a, REGISTRY_E_PERSON_ERASED, STR("person"), registry_arg(STR("")));
    TRY(data_open(a, NULL, &p->key, p->sealed, &plain));
    return registry_person_data_read(a, plain, ret);
}

struct status registry_subject_data(struct decider *d, const struct subject *who, struct registry_person_data *ret) {
    struct str plain = {0};
    CHECK(who->row != NULL);
    TRY(registry_set_unseal(d->s, d->a, &who->key, who->row->data, &plain));
    return registry_person_data_read(d->a, plain, ret);
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

struct status registry_decide_refuse(struct decider *d, enum registry_error which, const char *place, struct registry_arg one) {
    const struct registry_arg none = {{0}, {0}};
    d->refusal = registry_error_new(d->a, which, str_from(place), one, none);
    return d->refusal ? STATUS_OK : status_memory();
}

struct status registry_decide_event(struct decider *d, enum journal_type type, const struct subject *who, struct str open, struct str plaintext) {
    struct journal_event *ev = ARENA_PUSH(d->a, d->events, d->count, d->cap);
    if (!ev) return status_memory();
    *ev = (struct journal_event){.type = type, .version = REGISTRY_EVENT_VERSION, .open = open, .cover = who ? who->cover : 0};
    if (plaintext.n == 0) return STATUS_OK;
    ev->person = who->person;
    if (d->s->sealer) return journal_sealer_seal(d->s->sealer, d->e, d->a, &who->key, plaintext, ev);
    return journal_seal(d->e, d->a, &who->key, plaintext, ev);
}

/* ---- finding ------------------------------------------------------------------------------------------------------- */

enum set_state registry_subject_find(struct registry_set *s, const struct registry_person_ref *ref, struct set_person **ret) {
    struct id128 lookup;
    if (ref->kind == REGISTRY_REF_TOKEN) {
        struct set_person *p = registry_set_person_find(s, &ref->token);
        if (!p && !registry_set_cover_want(s, ref->cover, SET_PERSONS)) return SET_WAIT;
        if (p) *ret = p;
        return p ? SET_FOUND : SET_ABSENT;
    }
    registry_person_lookup(s->keys, &ref->person, ref->hospital, &lookup);
    return registry_set_person_by_lookup(s, &lookup, DAY_NONE, ret);
}

struct status registry_decide_subject(struct decider *d, const struct registry_person_ref *ref, const char *place, struct subject *ret) {
    struct set_person *p = NULL;
    if (registry_subject_find(d->s, ref, &p) != SET_FOUND) return registry_decide_refuse(d, REGISTRY_E_PERSON_UNKNOWN, place, registry_arg(STR("")));
    if (p->linked) return registry_decide_refuse(d, REGISTRY_E_PERSON_MERGED, place, registry_arg(STR("")));
    TRY(registry_set_person_show(d->s, p));
    if (p->shown.key_destroyed) return registry_decide_refuse(d, REGISTRY_E_PERSON_ERASED, place, registry_arg(STR("")));
    *ret = (struct subject){p->person, p->cover, p->shown.key, p};
    return STATUS_OK;
}

/* ---- registering --------------------------------------------------------------------------------------------------- */

static void lookup_write(struct json_writer *w, const struct journal_keys *keys, const struct id128 *lookup, struct day_range on) {
    json_begin_object(w);
    registry_json_id_member(w, "lookup", lookup);
    json_member_i64(w, STR("key"), journal_keys_version(keys));
    registry_json_day_member(w, "from", on.from);
    registry_json_day_member(w, "to", on.to);
    json_end_object(w);
}

static struct status registration_write(struct decider *d, const struct newcomer *n, const struct subject *who, struct str *ret) {
    struct id128 lookup;
    struct buf b;
    struct json_writer w;
    registry_person_lookup(d->s->keys, &n->ref->person, n->ref->hospital, &lookup);
    buf_init(&b, LIMIT_JSON_TEXT_BYTES);
    json_writer_init(&w, &b, false);
    json_begin_object(&w);
    registry_json_id_member(&w, "person", &who->person);
    registry_json_cover_member(&w, "cover", who->cover);
    if (n->join) json_member_bool(&w, STR("joins"), true);
    json_name(&w, STR("lookups"));
    json_begin_array(&w);
    lookup_write(&w, d->s->keys, &lookup, (struct day_range){n->from, DAY_OPEN});
    json_end_array(&w);
    json_end_object(&w);
    return registry_canonical_take(d->a, &b, ret);
}

static struct status person_make(struct decider *d, int64_t join, struct subject *ret) {
    struct subject who = {.cover = join};
    struct set_key *kept = ARENA_NEW(d->s->arena, struct set_key);
    if (!kept) return status_memory();
    struct set_key **slot = ARENA_PUSH(d->s->arena, d->s->new_keys.items, d->s->new_keys.count, d->s->new_keys.cap);
    if (!slot) return status_memory();
    *slot = kept;
    uint64_t cover = 0;
    TRY(d->e->random_fill(d->e, d->a, who.person.b, sizeof who.person.b));
    while (who.cover == 0) {
        TRY(d->e->random_fill(d->e, d->a, &cover, sizeof cover));
        who.cover = (int64_t)(cover & ((UINT64_C(1) << 62) - 1));
    }
    struct str wrapped = {0};
    TRY(journal_person_key_make(d->s->keys, d->e, d->a, &who.key, &wrapped));
    *kept = (struct set_key){who.person, arena_str(d->s->arena, wrapped)};
    if (!kept->wrapped.p) return status_memory();
    *ret = who;
    return STATUS_OK;
}

struct status registry_decide_register(struct decider *d, const struct newcomer *n, struct subject *ret) {
    const struct bill_person *p = &n->ref->person;
    struct registry_person_number number = {p->id_kind, p->id, n->ref->hospital, {n->from, DAY_OPEN}};
    if (!str_eq(p->id_kind, STR("unknown"))) number.hospital = (struct str){0};
    struct registry_person_data data = {.name = p->name, .born = p->born, .sex = p->sex, .numbers = &number, .number_count = 1};
    struct subject who = {0};
    struct str open = {0}, plain = {0};
    TRY(person_make(d, n->join, &who));
    TRY(registry_person_data_write(d->a, &data, &plain));
    TRY(registration_write(d, n, &who, &open));
    TRY(registry_decide_event(d, JOURNAL_PERSON_REGISTERED, &who, open, plain));
    *ret = who;
    return STATUS_OK;
}

struct status registry_person_register(struct registry_set *s, const struct env *e, struct arena *a, const struct registry_newcomer *n, struct journal_event **ret_events,
                                       uint32_t *ret_count, struct registry_person *ret) {
    struct registry_person_ref ref = {.kind = REGISTRY_REF_NUMBER, .person = *n->person, .hospital = n->hospital};
    struct decider d = {.s = s, .e = e, .a = a};
    struct newcomer newcomer = {&ref, n->from, 0};
    struct subject who = {0};
    struct day born = DAY_NONE;
    enum bill_sex sex = BILL_SEX_UNKNOWN;
    if (str_eq(ref.person.id_kind, STR("01")) && registry_resident_id(ref.person.id, &born, &sex)) { /* what the number says counts */
        ref.person.born = born;
        ref.person.sex = sex;
    }
    TRY(registry_decide_register(&d, &newcomer, &who));
    *ret_events = d.events;
    *ret_count = d.count;
    *ret = (struct registry_person){.person = who.person, .cover = who.cover, .key = who.key};
    return STATUS_OK;
}

/* ---- change: person --------------------------------------------------------------------------------------------------- */

/* Takes over what a ref says beside the number. *ret_differs: birth or sex contradict the record. True when something changed. */
static bool data_update(struct registry_person_data *data, const struct bill_person *p, bool correct, bool *ret_differs) {
    bool changed = false;
    *ret_differs = !correct && ((day_is(p->born) && day_is(data->born) && p->born.v != data->born.v) ||
                                (p->sex != BILL_SEX_UNKNOWN && data->sex != BILL_SEX_UNKNOWN && p->sex != data->sex));
    if (p->name.n > 0 && !str_eq(p->name, data->name)) data->name = p->name, changed = true;
    if (day_is(p->born) && p->born.v != data->born.v) data->born = p->born, changed = true;
    if (p->sex != BILL_SEX_UNKNOWN && p->sex != data->sex) data->sex = p->sex, changed = true;
    return changed;
}

static struct status identified_event(struct decider *d, const struct subject *who, const struct id128 *lookup, struct day_range on, const struct registry_person_data *data) {
    struct buf b;
    struct json_writer w;
    struct str open = {0}, plain = {0};
    TRY(registry_person_data_write(d->a, data, &plain));
    buf_init(&b, LIMIT_JSON_TEXT_BYTES);
    json_writer_init(&w, &b, false);
    json_begin_object(&w);
    registry_json_id_member(&w, "person", &who->person);
    json_name(&w, STR("lookups"));
    json_begin_array(&w);
    if (lookup) lookup_write(&w, d->s->keys, lookup, on);
    json_end_array(&w);
    json_end_object(&w);
    TRY(registry_canonical_take(d->a, &b, &open));
    return registry_decide_event(d, JOURNAL_PERSON_IDENTIFIED, who, open, plain);
}

struct status registry_decide_person(struct decider *d) {
    const struct registry_person_ref *ref = &d->ch->person;
    const struct registry_value *from = registry_value(d->ch, REGISTRY_M_PERSON_FROM);
    struct set_person *known = NULL;
    struct subject who = {0};
    if (ref->kind == REGISTRY_REF_NUMBER && registry_subject_find(d->s, ref, &known) == SET_ABSENT) {
        struct newcomer n = {ref, from->given ? from->day : DAY_NONE, 0};
        return registry_decide_register(d, &n, &who);
    }
    TRY(registry_decide_subject(d, ref, "person", &who));
    if (d->refusal) return STATUS_OK;
    struct registry_person_data data = {0};
    bool differs = false;
    TRY(registry_subject_data(d, &who, &data));
    bool changed = data_update(&data, &ref->person, ref->kind == REGISTRY_REF_TOKEN, &differs);
    if (differs) return registry_decide_refuse(d, REGISTRY_E_DATA_DIFFERS, "person", registry_arg(STR("")));
    return changed ? identified_event(d, &who, NULL, (struct day_range){DAY_NONE, DAY_OPEN}, &data) : STATUS_OK;
}

/* ---- change: identifier -------------------------------------------------------------------------------------------------- */

/* Puts the number among those of the person, or gives a known one its new range; true when that changes anything. */
static bool number_put(struct decider *d, struct registry_person_data *data, const struct registry_person_number *n) {
    struct registry_person_number *list = ARENA_ARRAY(d->a, struct registry_person_number, data->number_count + 1);
    uint32_t at = 0;
    if (!list) return false;
    if (data->number_count > 0) memcpy(list, data->numbers, data->number_count * sizeof *list);
    while (at < data->number_count && !(str_eq(list[at].kind, n->kind) && str_eq(list[at].number, n->number) && str_eq(list[at].hospital, n->hospital))) at++;
    bool same = at < data->number_count && list[at].on.from.v == n->on.from.v && list[at].on.to.v == n->on.to.v;
    if (at == data->number_count) data->number_count++;
    list[at] = *n;
    data->numbers = list;
    return !same;
}

struct status registry_decide_identifier(struct decider *d) {
    const struct registry_person_ref *id = &d->ch->other;
    struct subject who = {0};
    struct set_person *owner = NULL;
    struct id128 lookup;
    TRY(registry_decide_subject(d, &d->ch->person, "person", &who));
    if (d->refusal) return STATUS_OK;
    if (registry_subject_find(d->s, id, &owner) == SET_FOUND && owner != who.row) return registry_decide_refuse(d, REGISTRY_E_IDENTIFIER_TAKEN, "identity", registry_arg(STR("")));
    struct registry_person_data data = {0};
    struct registry_person_number n = {id->person.id_kind, id->person.id, id->hospital, registry_range(d->ch, REGISTRY_M_IDENTIFIER_FROM, REGISTRY_M_IDENTIFIER_TO)};
    if (!str_eq(n.kind, STR("unknown"))) n.hospital = (struct str){0};
    bool differs = false;
    TRY(registry_subject_data(d, &who, &data));
    bool updated = data_update(&data, &id->person, true, &differs);
    bool added = number_put(d, &data, &n);
    if (!updated && !added) return STATUS_OK;
    registry_person_lookup(d->s->keys, &id->person, id->hospital, &lookup);
    return identified_event(d, &who, added ? &lookup : NULL, n.on, &data);
}
