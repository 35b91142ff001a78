/* consent — given, withdrawn, dated, by actor.
 *
 * Who uses it: deciding; cases asks registry_consents_get at trial. Invariants: n counts from 1 for each person token; a consent is never edited, a withdrawal ends it
 * from a day on; below the region's age a guardian gives it. Source: domain rules on health data (separate consent, purpose, payer; under 14 a guardian).
 */
#include "registry/internal.h"

/* ---- rows ------------------------------------------------------------------------------------------------------ */

struct status registry_set_consent_show(struct registry_set *s, struct set_consent *c) {
    const struct json *o = NULL;
    if (c->decoded) return STATUS_OK;
    TRY(registry_json_row(s->arena, c->data, "consents", &o));
    const struct json *payers = json_get(o, STR("payers"));
    struct registry_consent shown = {.person = c->person, .n = c->n, .actor = registry_json_text(o, "actor"), .purpose = registry_json_text(o, "purpose"),
                                     .on = {registry_json_day(o, "from", DAY_NONE), registry_json_day(o, "to", DAY_OPEN)}, .withdrawn = c->withdrawn != INT64_MAX};
    shown.all_payers = payers && payers->kind == JSON_STRING;
    if (payers && payers->kind == JSON_ARRAY) {
        struct str *list = ARENA_ARRAY(s->arena, struct str, payers->count + 1);
        if (!list) return status_memory();
        for (uint32_t i = 0; i < payers->count; i++) list[i] = payers->items[i].text;
        shown.payers = list;
        shown.payer_count = payers->count;
    }
    if (shown.withdrawn && c->withdrawn - 1 < shown.on.to.v) shown.on.to = (struct day){(int32_t)(c->withdrawn - 1)};
    c->shown = shown;
    c->decoded = true;
    return STATUS_OK;
}

/* ---- giving ------------------------------------------------------------------------------------------------------ */

static bool all_payers(const struct registry_value *payers) { return payers->list_count == 1 && str_eq(payers->list[0], STR("all")); }

static struct status consent_write(struct decider *d, const struct subject *who, int64_t n, struct str *ret) {
    const struct registry_value *payers = registry_value(d->ch, REGISTRY_M_CONSENT_PAYERS);
    struct day_range on = registry_range(d->ch, REGISTRY_M_CONSENT_FROM, REGISTRY_M_CONSENT_TO);
    struct buf b;
    struct json_writer w;
    buf_init(&b, LIMIT_JSON_TEXT_BYTES);
    json_writer_init(&w, &b, false);
    json_begin_object(&w);
    registry_json_id_member(&w, "person", &who->person);
    json_member_i64(&w, STR("n"), n);
    json_member_string(&w, STR("actor"), registry_value(d->ch, REGISTRY_M_CONSENT_ACTOR)->text);
    json_member_string(&w, STR("purpose"), registry_value(d->ch, REGISTRY_M_CONSENT_PURPOSE)->text);
    registry_json_day_member(&w, "from", day_is(on.from) ? on.from : d->today);
    registry_json_day_member(&w, "to", on.to);
    json_name(&w, STR("payers"));
    if (all_payers(payers)) {
        json_string(&w, STR("all"));
    } else {
        json_begin_array(&w);
        for (uint32_t i = 0; i < payers->list_count; i++) json_string(&w, payers->list[i]);
        json_end_array(&w);
    }
    json_end_object(&w);
    return registry_canonical_take(d->a, &b, ret);
}

static struct status guardian_check(struct decider *d, const struct subject *who) {
    struct registry_person_data data = {0};
    if (!str_eq(registry_value(d->ch, REGISTRY_M_CONSENT_ACTOR)->text, STR("self")) || who->row->data.n == 0) return STATUS_OK;
    TRY(registry_subject_data(d, who, &data));
    int32_t age = d->w ? registry_region_on(d->w, STR(""), d->today)->guardian_age : 14;
    if (!day_is(data.born) || day_age_years(data.born, d->today) >= age) return STATUS_OK;
    return registry_decide_refuse(d, REGISTRY_E_GUARDIAN, "actor", registry_arg_i64(d->a, age));
}

struct status registry_decide_consent(struct decider *d) {
    struct subject who = {0};
    struct str open = {0}, same = {0};
    TRY(registry_decide_subject(d, &d->ch->person, "person", &who));
    if (d->refusal) return STATUS_OK;
    TRY(guardian_check(d, &who));
    if (d->refusal) return STATUS_OK;
    struct set_cover *c = registry_set_cover_at(d->s, who.cover);
    int64_t n = 0;
    for (uint32_t i = 0; c && i < c->consents.count; i++) {
        const struct set_consent *row = c->consents.items[i];
        if (!id128_equal(&row->person, &who.person)) continue;
        if (row->n > n) n = row->n;
        TRY(consent_write(d, &who, row->n, &same));
        if (row->withdrawn == INT64_MAX && str_eq(row->data, same)) return STATUS_OK; /* it stands so already */
    }
    TRY(consent_write(d, &who, n + 1, &open));
    return registry_decide_event(d, JOURNAL_CONSENT_GIVEN, &who, open, (struct str){0});
}

/* ---- withdrawing ---------------------------------------------------------------------------------------------------- */

struct status registry_decide_withdrawal(struct decider *d) {
    struct subject who = {0};
    TRY(registry_decide_subject(d, &d->ch->person, "person", &who));
    if (d->refusal) return STATUS_OK;
    int64_t n = registry_value(d->ch, REGISTRY_M_WITHDRAWAL_N)->number;
    const struct registry_value *from = registry_value(d->ch, REGISTRY_M_WITHDRAWAL_FROM);
    struct set_cover *c = registry_set_cover_at(d->s, who.cover);
    const struct set_consent *found = NULL;
    for (uint32_t i = 0; c && i < c->consents.count; i++) {
        const struct set_consent *row = c->consents.items[i];
        struct set_person *p = registry_set_person_find(d->s, &row->person);
        bool hers = p && registry_set_person_end(d->s, p) == who.row;
        if (row->n == n && hers && (!found || id128_equal(&row->person, &who.person))) found = row; /* own ones before those of a linked token */
    }
    if (!found) return registry_decide_refuse(d, REGISTRY_E_CONSENT_UNKNOWN, "n", registry_arg(STR("")));
    struct day day = from->given ? from->day : d->today;
    if (found->withdrawn <= day.v) return STATUS_OK;
    struct buf b;
    struct json_writer w;
    struct str open = {0};
    buf_init(&b, LIMIT_JSON_TEXT_BYTES);
    json_writer_init(&w, &b, false);
    json_begin_object(&w);
    registry_json_id_member(&w, "person", &found->person);
    json_member_i64(&w, STR("n"), n);
    registry_json_day_member(&w, "from", day);
    json_end_object(&w);
    TRY(registry_canonical_take(d->a, &b, &open));
    return registry_decide_event(d, JOURNAL_CONSENT_WITHDRAWN, &who, open, (struct str){0});
}
