/* policy — the terms of a policy as JSON: the open part (row and event) and the private part (sealed).
 *
 * Who uses it: deciding (writes), the set (reads), tests. Invariant: class, evidence, endorsements, holder and payee stand only in the private part, because
 * they speak of a person's health or name; everything by which a row is found or folded stands in the open part.
 */
#include "registry/internal.h"

static const char *status_name(enum bill_policy_status s) {
    uint32_t count;
    const struct bill_word *words = bill_words(BILL_VOCABULARY_POLICY_STATUS, &count);
    CHECK((uint32_t)s < count);
    return words[s].name;
}

static bool status_find(struct str word, enum bill_policy_status *ret) {
    uint32_t count;
    const struct bill_word *words = bill_words(BILL_VOCABULARY_POLICY_STATUS, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (!str_eq(word, str_from(words[i].name))) continue;
        *ret = (enum bill_policy_status)i;
        return true;
    }
    return false;
}

static void range_write(struct json_writer *w, const char *name, struct day_range r) {
    json_name(w, str_from(name));
    json_begin_object(w);
    registry_json_day_member(w, "from", r.from);
    registry_json_day_member(w, "to", r.to);
    json_end_object(w);
}

static struct day_range range_read(const struct json *o, const char *name) {
    const struct json *r = json_get(o, str_from(name));
    if (!r) return (struct day_range){DAY_NONE, DAY_OPEN};
    return (struct day_range){registry_json_day(r, "from", DAY_NONE), registry_json_day(r, "to", DAY_OPEN)};
}

/* ---- open ------------------------------------------------------------------------------------------------ */

struct status registry_policy_open_write(struct arena *a, const struct registry_policy *p, const char *of, struct str extra, struct str *ret) {
    struct buf b;
    struct json_writer w;
    buf_init(&b, LIMIT_JSON_TEXT_BYTES);
    json_writer_init(&w, &b, false);
    json_begin_object(&w);
    json_member_string(&w, STR("policy"), p->terms.policy);
    json_member_string(&w, STR("plan"), p->terms.plan);
    registry_json_id_member(&w, "person", &p->person);
    registry_json_text_member(&w, "plan_version", p->terms.plan_version);
    range_write(&w, "period", p->terms.on);
    range_write(&w, "valid", p->valid);
    json_member_string(&w, STR("status"), str_from(status_name(p->terms.status)));
    registry_json_day_member(&w, "first_enrolled", p->terms.first_enrolled);
    if (p->terms.claim_free_years >= 0) json_member_i64(&w, STR("claim_free_years"), p->terms.claim_free_years);
    registry_json_text_member(&w, "family", p->terms.family);
    if (p->is_void) json_member_string(&w, STR("void"), p->void_reason);
    registry_json_text_member(&w, "of", str_from(of));
    if (extra.n > 0) {
        json_name(&w, STR("family_lookup"));
        json_raw(&w, extra);
    }
    json_end_object(&w);
    return registry_canonical_take(a, &b, ret);
}

static struct status row_broken(struct arena *a) { return registry_fail(a, REGISTRY_E_ROW_BROKEN, STR("policies"), registry_arg(STR("policies"))); }

struct status registry_policy_open_read(struct arena *a, struct str open, struct registry_policy *ret) {
    const struct json *o = NULL;
    struct registry_policy p = {.recorded = ret->recorded, .superseded = ret->superseded};
    TRY(registry_json_row(a, open, "policies", &o));
    p.terms.policy = registry_json_text(o, "policy");
    p.terms.plan = registry_json_text(o, "plan");
    p.terms.plan_version = registry_json_text(o, "plan_version");
    p.terms.on = range_read(o, "period");
    p.valid = range_read(o, "valid");
    p.terms.first_enrolled = registry_json_day(o, "first_enrolled", DAY_NONE);
    p.terms.claim_free_years = registry_json_number(o, "claim_free_years", -1);
    p.terms.family = registry_json_text(o, "family");
    const struct json *is_void = json_get(o, STR("void"));
    p.is_void = is_void != NULL;
    p.void_reason = registry_json_text(o, "void");
    bool good = p.terms.policy.n > 0 && p.terms.plan.n > 0 && status_find(registry_json_text(o, "status"), &p.terms.status) &&
                id128_parse(registry_json_text(o, "person"), &p.person) && p.valid.from.v <= p.valid.to.v;
    if (!good) return row_broken(a);
    *ret = p;
    return STATUS_OK;
}

/* ---- private ----------------------------------------------------------------------------------------------- */

static void endorsement_write(struct json_writer *w, const struct bill_endorsement *e) {
    json_begin_object(w);
    json_member_string(w, STR("name"), e->name);
    registry_json_day_member(w, "from", e->on.from);
    registry_json_day_member(w, "to", e->on.to);
    if (e->exclude_count > 0) {
        json_name(w, STR("excludes"));
        json_begin_array(w);
        for (uint32_t i = 0; i < e->exclude_count; i++) json_string(w, e->excludes[i]);
        json_end_array(w);
    }
    json_end_object(w);
}

struct status registry_policy_private_write(struct arena *a, const struct registry_policy *p, struct str *ret) {
    const struct bill_policy *t = &p->terms;
    *ret = (struct str){0};
    if (!t->class_given && t->class_evidence.n == 0 && t->holder.n == 0 && t->payee.n == 0 && t->endorsement_count == 0) return STATUS_OK;
    struct buf b;
    struct json_writer w;
    buf_init(&b, LIMIT_JSON_BYTES);
    json_writer_init(&w, &b, false);
    json_begin_object(&w);
    if (t->class_given) json_member_string(&w, STR("class"), t->class_name);
    registry_json_text_member(&w, "class_evidence", t->class_evidence);
    registry_json_text_member(&w, "class_reason", p->class_reason);
    registry_json_text_member(&w, "holder", t->holder);
    registry_json_text_member(&w, "payee", t->payee);
    if (t->endorsement_count > 0) {
        json_name(&w, STR("endorsements"));
        json_begin_array(&w);
        for (uint32_t i = 0; i < t->endorsement_count; i++) endorsement_write(&w, &t->endorsements[i]);
        json_end_array(&w);
    }
    json_end_object(&w);
    return registry_canonical_take(a, &b, ret);
}

static bool excludes_read(struct arena *a, const struct json *o, struct bill_endorsement *ret) {
    const struct json *list = json_get(o, STR("excludes"));
    if (!list) return true;
    struct str *texts = ARENA_ARRAY(a, struct str, list->count + 1);
    if (!texts) return false;
    for (uint32_t i = 0; i < list->count; i++) texts[i] = list->items[i].text;
    ret->excludes = texts;
    ret->exclude_count = list->count;
    return true;
}

struct status registry_policy_private_read(struct arena *a, struct str json, struct registry_policy *ret) {
    const struct json *o = NULL;
    TRY(registry_json_row(a, json, "policies", &o));
    struct bill_policy *t = &ret->terms;
    t->class_given = json_get(o, STR("class")) != NULL;
    t->class_name = registry_json_text(o, "class");
    t->class_evidence = registry_json_text(o, "class_evidence");
    ret->class_reason = registry_json_text(o, "class_reason");
    t->holder = registry_json_text(o, "holder");
    t->payee = registry_json_text(o, "payee");
    const struct json *list = json_get(o, STR("endorsements"));
    if (!list) return STATUS_OK;
    if (list->kind != JSON_ARRAY || list->count > LIMIT_BILL_ENDORSEMENTS) return row_broken(a);
    struct bill_endorsement *items = ARENA_ARRAY(a, struct bill_endorsement, list->count + 1);
    if (!items) return status_memory();
    for (uint32_t i = 0; i < list->count; i++) {
        const struct json *e = &list->items[i];
        items[i] = (struct bill_endorsement){.name = registry_json_text(e, "name"), .on = {registry_json_day(e, "from", DAY_NONE), registry_json_day(e, "to", DAY_OPEN)}};
        if (!excludes_read(a, e, &items[i])) return status_memory();
    }
    t->endorsements = items;
    t->endorsement_count = list->count;
    return STATUS_OK;
}

struct status registry_set_policy_show(struct registry_set *s, struct set_policy *p, const struct person_key *key) {
    if (p->decoded) return STATUS_OK;
    struct registry_policy shown = {0};
    TRY(registry_policy_open_read(s->arena, p->data, &shown));
    if (p->sealed.n > 32 && key) {
        struct str plain;
        TRY(registry_set_unseal(s, s->arena, key, p->sealed, &plain));
        TRY(registry_policy_private_read(s->arena, plain, &shown));
    }
    p->shown = shown;
    p->decoded = true;
    return STATUS_OK;
}

/* ---- what a bill sees ------------------------------------------------------------------------------------------ */

static bool in_force(const struct registry_policy *p) {
    return p->terms.status == BILL_POLICY_IN_FORCE || p->terms.status == BILL_POLICY_GRACE;
}

/* One number may cover several persons of a family; here all rows are of one person and those linked into it. */
static bool same_policy(const struct registry_policy *a, const struct registry_policy *b) {
    return str_eq(a->terms.policy, b->terms.policy) && id128_equal(&a->person, &b->person);
}

static bool overlaps(struct day_range a, struct day_range b) { return a.from.v <= b.to.v && b.from.v <= a.to.v; }

/* The versions [start, end) are one policy's, in order of days. The last run of days in force that meets the stay. */
static bool run_find(const struct registry_policy *v, uint32_t start, uint32_t end, struct day_range stay, struct day_range *ret, uint32_t *ret_at) {
    bool found = false;
    for (uint32_t i = start; i < end; i++) {
        if (!in_force(&v[i])) continue;
        uint32_t last = i;
        while (last + 1 < end && in_force(&v[last + 1]) && (int64_t)v[last].valid.to.v + 1 == v[last + 1].valid.from.v) last++;
        struct day_range run = {v[i].valid.from, v[last].valid.to};
        for (uint32_t k = i; k <= last && overlaps(run, stay); k++) {
            if (!overlaps(v[k].valid, stay)) continue;
            found = true;
            *ret = run;
            *ret_at = k; /* the facts of the last day of the stay that is in force */
        }
        i = last;
    }
    return found;
}

/* Cuts the period to the run where the run begins or ends inside the stay; elsewhere the policy's own days stay, because years count from them. */
static struct bill_policy entry_of(const struct registry_policy *version, struct day_range run, struct day_range stay) {
    struct bill_policy t = version->terms;
    if (run.from.v > t.on.from.v && run.from.v > stay.from.v) t.on.from = run.from;
    if (run.to.v < t.on.to.v && run.to.v < stay.to.v) t.on.to = run.to;
    return t;
}

struct status registry_policies_of_bill(struct arena *a, const struct registry_policy *policies, uint32_t count, const struct bill *b, const struct bill_policy **ret,
                                        uint32_t *ret_count) {
    struct bill_policy *out = ARENA_ARRAY(a, struct bill_policy, count + 1);
    if (!out) return status_memory();
    struct day_range stay = {b->from, b->to};
    uint32_t n = 0;
    for (uint32_t start = 0, end; start < count; start = end) {
        struct day_range run;
        uint32_t at, last = UINT32_MAX;
        for (end = start; end < count && same_policy(&policies[end], &policies[start]); end++)
            if (overlaps(policies[end].valid, stay)) last = end;
        bool is_void = last != UINT32_MAX && (policies[last].is_void || policies[last].terms.status == BILL_POLICY_VOID);
        if (last == UINT32_MAX || is_void) continue;
        if (run_find(policies, start, end, stay, &run, &at)) out[n++] = entry_of(&policies[at], run, stay);
        else out[n++] = policies[last].terms;
    }
    *ret = out;
    *ret_count = n;
    return STATUS_OK;
}
