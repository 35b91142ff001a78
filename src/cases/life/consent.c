/* life/consent — who agreed to what: read from a trial or found in the registry, and asked for each payer.
 *
 * Without consent nothing of the bill leaves for a payer; the statutory part needs none. Source: personal information law as read in DESIGN §6.
 */
#include "cases/life/life.h"

enum { CONSENT_PAYERS_MAX = LIMIT_CHAIN_PAYERS + LIMIT_BILL_POLICIES };

static bool word_in(struct str word, const char *const *words)
{
    for (; *words; words++) {
        if (str_eq(word, str_from(*words))) return true;
    }
    return false;
}

static bool payers_read(struct arena *a, const struct json *v, struct life_consent *ret)
{
    if (v && v->kind == JSON_STRING && str_eq(v->text, STR("all"))) {
        ret->all = true;
        return true;
    }
    if (!v || v->kind != JSON_ARRAY || v->count > CONSENT_PAYERS_MAX) return false;
    struct str *list = ARENA_ARRAY(a, struct str, v->count + 1);
    if (!list) return false;
    for (uint32_t i = 0; i < v->count; i++) {
        if (v->items[i].kind != JSON_STRING || v->items[i].text.n == 0 || v->items[i].text.n > LIMIT_NAME_BYTES) return false;
        list[i] = v->items[i].text;
    }
    ret->payers = list;
    ret->payer_count = v->count;
    return true;
}

struct status life_consent_read(struct arena *a, const struct json *v, struct life_consent *ret, bool *ret_fine)
{
    static const char *const actors[] = {"self", "guardian", "agent", "heir", NULL}, *const members[] = {"actor", "purpose", "payers", "n", NULL};
    *ret = (struct life_consent){0};
    *ret_fine = true;
    if (!v || v->kind == JSON_NULL) return STATUS_OK;
    *ret_fine = false;
    if (v->kind != JSON_OBJECT) return STATUS_OK;
    for (uint32_t i = 0; i < v->count; i++) {
        if (!word_in(v->names[i], members)) return STATUS_OK;
    }
    const struct json *actor = json_get(v, STR("actor")), *purpose = json_get(v, STR("purpose")), *n = json_get(v, STR("n"));
    if (!actor || actor->kind != JSON_STRING || !word_in(actor->text, actors)) return STATUS_OK;
    if (!purpose || purpose->kind != JSON_STRING || !str_eq(purpose->text, STR("settlement"))) return STATUS_OK;
    if (n && !json_to_i64(n, &ret->n)) return STATUS_OK;
    if (!payers_read(a, json_get(v, STR("payers")), ret)) return STATUS_OK;
    ret->given = true;
    ret->actor = actor->text;
    ret->purpose = purpose->text;
    *ret_fine = true;
    return STATUS_OK;
}

void life_consent_write(const struct life_consent *c, struct json_writer *w)
{
    if (!c->given) {
        json_null(w);
        return;
    }
    json_begin_object(w);
    json_member_string(w, STR("actor"), c->actor);
    if (c->n) json_member_i64(w, STR("n"), c->n);
    json_name(w, STR("payers"));
    if (c->all) {
        json_string(w, STR("all"));
    } else {
        json_begin_array(w);
        for (uint32_t i = 0; i < c->payer_count; i++) json_string(w, c->payers[i]);
        json_end_array(w);
    }
    json_member_string(w, STR("purpose"), c->purpose);
    json_end_object(w);
}

bool life_consent_covers(const struct life_consent *c, struct str payer)
{
    if (!c->given || c->all) return c->given;
    for (uint32_t i = 0; i < c->payer_count; i++) {
        if (str_eq(c->payers[i], payer)) return true;
    }
    return false;
}

bool life_consent_fits(const struct life_consent *c, const struct bill *b, const struct registry_region *region)
{
    if (!c->given || !str_eq(c->actor, STR("self")) || !day_is(b->person.born)) return true;
    return day_age_years(b->person.born, b->to) >= region->guardian_age;
}

void life_consent_standing(struct arena *a, const struct registry_consent *list, uint32_t count, struct day on, struct life_consent *ret)
{
    (void)a;
    for (uint32_t i = count; i-- > 0;) {
        const struct registry_consent *c = &list[i];
        if (c->withdrawn || !day_in(on, c->on) || !str_eq(c->purpose, STR("settlement"))) continue;
        *ret = (struct life_consent){.given = true, .all = c->all_payers, .actor = c->actor, .purpose = c->purpose, .payers = c->payers,
                                     .payer_count = c->payer_count, .n = c->n};
        return;
    }
}
