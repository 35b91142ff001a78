/* issue — changes of policies: issuing, correcting, status, endorsement, class.
 *
 * Who uses it: deciding. Invariants: a version is never edited, a later one lies over it; one event a version, so a change that touches three stretches of a policy
 * makes three events; the same product twice at one time for one person: the second is void, with its reason; only CLASS_SET with a reason changes a class that
 * was given. Sources: one policy a person and product, class fixed at first enrolment while continuous: the products' terms (plans/, sources there).
 */
#include <string.h>

#include "registry/internal.h"

/* ---- versions of a person's policies --------------------------------------------------------------------------- */

struct versions {
    const struct registry_policy *items;
    uint32_t count;
};

static struct versions versions_of(struct decider *d, const struct subject *who) {
    struct versions v = {NULL, 0};
    if (who->row) (void)registry_policies_get(d->s, who->cover, &who->person, INT64_MAX, &v.items, &v.count);
    return v;
}

static bool overlaps(struct day_range a, struct day_range b) { return a.from.v <= b.to.v && b.from.v <= a.to.v; }

static struct day_range meet(struct day_range a, struct day_range b) {
    return (struct day_range){a.from.v > b.from.v ? a.from : b.from, a.to.v < b.to.v ? a.to : b.to};
}

static bool counts(const struct registry_policy *p) {
    return !p->is_void && p->terms.status != BILL_POLICY_VOID && p->terms.status != BILL_POLICY_LAPSED;
}

/* Another policy of the product that stands on a day of the range; NULL when there is none. */
static const struct registry_policy *twin_find(const struct versions *v, struct str plan, struct str policy, struct day_range on) {
    for (uint32_t i = 0; i < v->count; i++) {
        const struct registry_policy *p = &v->items[i];
        bool other = str_eq(p->terms.plan, plan) && !str_eq(p->terms.policy, policy);
        if (other && counts(p) && overlaps(p->valid, on) && overlaps(p->terms.on, on)) return p;
    }
    return NULL;
}

static struct status version_event(struct decider *d, enum journal_type type, const struct subject *who, const struct registry_policy *p, const char *of, struct str family) {
    struct str open, plain;
    if (d->count >= REGISTRY_VERSIONS_MAX) return registry_decide_refuse(d, REGISTRY_E_TOO_MANY_VERSIONS, "", registry_arg(STR("")));
    TRY(registry_policy_open_write(d->a, p, of, family, &open));
    TRY(registry_policy_private_write(d->a, p, &plain));
    return registry_decide_event(d, type, who, open, plain);
}

/* Does the edited version say anything else than the one that stands? */
static struct status version_differs(struct decider *d, const struct registry_policy *old, const struct registry_policy *now, bool *ret) {
    struct str open_old, open_now, private_old, private_now;
    TRY(registry_policy_open_write(d->a, old, "", (struct str){0}, &open_old));
    TRY(registry_policy_open_write(d->a, now, "", (struct str){0}, &open_now));
    TRY(registry_policy_private_write(d->a, old, &private_old));
    TRY(registry_policy_private_write(d->a, now, &private_now));
    *ret = !str_eq(open_old, open_now) || !str_eq(private_old, private_now);
    return STATUS_OK;
}

/* What a change does to each version of one policy that meets the range. */
struct edit {
    struct str policy;
    struct day_range range;
    const char *of;
    enum journal_type type;
    struct str family; /* look-up that travels with the first event */
    struct status (*apply)(struct decider *d, struct registry_policy *p, const struct edit *e);
    struct str text, text2;
    enum bill_policy_status status;
    struct bill_endorsement endorsement;
};

/* Whose row it is: the person itself or one that was linked into it, with its own key. */
static struct subject owner_of(struct decider *d, const struct subject *who, const struct registry_policy *p) {
    struct subject owner = *who;
    struct set_person *row = registry_set_person_find(d->s, &p->person);
    if (row && row != who->row && !status_failed(registry_set_person_show(d->s, row)) && !row->shown.key_destroyed)
        owner = (struct subject){row->person, row->cover, row->shown.key, row};
    return owner;
}

static struct status versions_edit(struct decider *d, const struct subject *who, struct versions v, const struct edit *e, uint32_t *ret_met) {
    uint32_t met = 0;
    for (uint32_t i = 0; i < v.count && !d->refusal; i++) {
        const struct registry_policy *old = &v.items[i];
        if (!str_eq(old->terms.policy, e->policy) || !overlaps(old->valid, e->range)) continue;
        met++;
        struct registry_policy now = *old;
        struct registry_policy cut = *old;
        now.valid = cut.valid = meet(old->valid, e->range);
        TRY(e->apply(d, &now, e));
        bool differs = false;
        if (!d->refusal) TRY(version_differs(d, &cut, &now, &differs));
        struct subject owner = owner_of(d, who, old);
        owner.cover = who->cover;
        if (differs) TRY(version_event(d, e->type, &owner, &now, e->of, e->family));
    }
    *ret_met = met;
    return STATUS_OK;
}

static struct status policy_missing(struct decider *d, struct versions v, struct str policy, uint32_t met) {
    if (met > 0 || d->refusal) return STATUS_OK;
    for (uint32_t i = 0; i < v.count; i++)
        if (str_eq(v.items[i].terms.policy, policy)) return registry_decide_refuse(d, REGISTRY_E_POLICY_PERIOD, "from", registry_arg(STR("")));
    return registry_decide_refuse(d, REGISTRY_E_POLICY_UNKNOWN, "policy", registry_arg(STR("")));
}

/* ---- issuing and correcting -------------------------------------------------------------------------------------- */

static const struct registry_value *given(const struct decider *d, enum registry_member m) { return registry_value(d->ch, m); }

/* Puts what the change says over the terms. */
static void terms_take(const struct decider *d, struct registry_policy *p) {
    struct bill_policy *t = &p->terms;
    static const enum registry_member texts[] = {REGISTRY_M_POLICY_PLAN_VERSION, REGISTRY_M_POLICY_FAMILY, REGISTRY_M_POLICY_HOLDER, REGISTRY_M_POLICY_PAYEE,
                                                 REGISTRY_M_POLICY_CLASS_EVIDENCE};
    struct str *places[] = {&t->plan_version, &t->family, &t->holder, &t->payee, &t->class_evidence};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (given(d, texts[i])->given) *places[i] = given(d, texts[i])->text;
    if (given(d, REGISTRY_M_POLICY_FIRST_ENROLLED)->given) t->first_enrolled = given(d, REGISTRY_M_POLICY_FIRST_ENROLLED)->day;
    if (given(d, REGISTRY_M_POLICY_CLAIM_FREE_YEARS)->given) t->claim_free_years = given(d, REGISTRY_M_POLICY_CLAIM_FREE_YEARS)->number;
    if (given(d, REGISTRY_M_POLICY_CLASS)->given && !t->class_given) { /* one that stands changes by the change "class" only */
        t->class_given = true;
        t->class_name = given(d, REGISTRY_M_POLICY_CLASS)->text;
    }
    t->on = registry_range(d->ch, REGISTRY_M_POLICY_FROM, REGISTRY_M_POLICY_TO);
}

static enum bill_policy_status status_of(struct str word, enum bill_policy_status absent) {
    uint32_t count;
    const struct bill_word *words = bill_words(BILL_VOCABULARY_POLICY_STATUS, &count);
    for (uint32_t i = 0; i < count; i++)
        if (str_eq(word, str_from(words[i].name))) return (enum bill_policy_status)i;
    return absent;
}

static struct status terms_apply(struct decider *d, struct registry_policy *p, const struct edit *e) {
    (void)e;
    if (!str_eq(p->terms.plan, given(d, REGISTRY_M_POLICY_PLAN)->text)) return registry_decide_refuse(d, REGISTRY_E_POLICY_PLAN, "plan", registry_quoted(d->a, p->terms.plan));
    terms_take(d, p);
    return STATUS_OK;
}

/* A corrected period may begin earlier or end later than any version: the outermost ones reach there. */
static struct status correct(struct decider *d, const struct subject *who, struct versions v, const struct edit *e) {
    struct registry_policy *copy = ARENA_ARRAY(d->a, struct registry_policy, v.count + 1);
    if (!copy) return status_memory();
    struct day_range period = registry_range(d->ch, REGISTRY_M_POLICY_FROM, REGISTRY_M_POLICY_TO);
    uint32_t first = UINT32_MAX, last = 0, met;
    for (uint32_t i = 0; i < v.count; i++) {
        copy[i] = v.items[i];
        if (!str_eq(copy[i].terms.policy, e->policy)) continue;
        if (first == UINT32_MAX) first = i;
        last = i;
    }
    CHECK(first != UINT32_MAX);
    bool wider = period.from.v < copy[first].valid.from.v || period.to.v > copy[last].valid.to.v;
    if (period.from.v < copy[first].valid.from.v) copy[first].valid.from = period.from;
    if (period.to.v > copy[last].valid.to.v) copy[last].valid.to = period.to;
    CHECK(!wider || period.from.v <= period.to.v);
    return versions_edit(d, who, (struct versions){copy, v.count}, e, &met);
}

/* Without a gap a renewal keeps the day of first enrolment and the class. */
static struct status renewal_take(struct decider *d, struct versions v, struct registry_policy *p) {
    const struct registry_value *renews = given(d, REGISTRY_M_POLICY_RENEWS);
    const struct registry_policy *old = NULL;
    if (!renews->given) return STATUS_OK;
    for (uint32_t i = 0; i < v.count; i++)
        if (str_eq(v.items[i].terms.policy, renews->text)) old = &v.items[i]; /* its last version */
    if (!old) return registry_decide_refuse(d, REGISTRY_E_RENEWS, "renews", registry_arg(STR("")));
    int64_t end = counts(old) ? (int64_t)old->terms.on.to.v : (int64_t)old->valid.from.v - 1; /* lapsed: its last day was before that */
    if ((int64_t)p->terms.on.from.v > end + 1) return STATUS_OK;
    if (!day_is(p->terms.first_enrolled)) p->terms.first_enrolled = day_is(old->terms.first_enrolled) ? old->terms.first_enrolled : old->terms.on.from;
    if (p->terms.class_given || !old->terms.class_given) return STATUS_OK;
    p->terms.class_given = true;
    p->terms.class_name = old->terms.class_name;
    p->terms.class_evidence = old->terms.class_evidence;
    return STATUS_OK;
}

static struct status issue(struct decider *d, const struct subject *who, struct versions v, struct str family) {
    struct registry_policy p = {.person = who->person, .terms = {.plan = given(d, REGISTRY_M_POLICY_PLAN)->text, .policy = given(d, REGISTRY_M_POLICY_POLICY)->text,
                                                                 .first_enrolled = DAY_NONE, .claim_free_years = -1}};
    terms_take(d, &p);
    p.valid = p.terms.on;
    p.terms.status = status_of(given(d, REGISTRY_M_POLICY_STATUS)->text, BILL_POLICY_IN_FORCE);
    TRY(renewal_take(d, v, &p));
    if (d->refusal) return STATUS_OK;
    if (p.terms.status == BILL_POLICY_VOID) {
        p.is_void = true;
        p.void_reason = STR("given");
    } else if (counts(&p) && twin_find(&v, p.terms.plan, p.terms.policy, p.valid)) {
        p.is_void = true;
        p.void_reason = STR("same-product-twice");
        p.terms.status = BILL_POLICY_VOID;
    }
    return version_event(d, JOURNAL_POLICY_CHANGED, who, &p, "issue", family);
}

/* ---- families --------------------------------------------------------------------------------------------------------- */

/* The cover group of the family, 0 when this is its first policy; then *ret_lookup is what the event carries. */
static struct status family_find(struct decider *d, int64_t *ret_cover, struct str *ret_lookup) {
    const struct registry_value *family = given(d, REGISTRY_M_POLICY_FAMILY);
    struct id128 lookup;
    *ret_cover = 0;
    *ret_lookup = (struct str){0};
    if (!family->given) return STATUS_OK;
    registry_family_lookup(d->s->keys, given(d, REGISTRY_M_POLICY_PLAN)->text, family->text, &lookup);
    if (registry_set_cover_by_lookup(d->s, &lookup, ret_cover) == SET_FOUND) return STATUS_OK;
    char hex[33];
    id128_hex(&lookup, hex);
    *ret_lookup = arena_printf(d->a, "{\"key\":%lld,\"lookup\":\"%s\"}", (long long)journal_keys_version(d->s->keys), hex);
    return ret_lookup->p ? STATUS_OK : status_memory();
}

static struct status insured_find(struct decider *d, int64_t family_cover, struct subject *ret) {
    const struct registry_person_ref *ref = &d->ch->person;
    struct set_person *known = NULL;
    if (ref->kind == REGISTRY_REF_NUMBER && ref->person.name.n > 0 && registry_subject_find(d->s, ref, &known) == SET_ABSENT) {
        struct newcomer n = {ref, DAY_NONE, family_cover};
        return registry_decide_register(d, &n, ret);
    }
    TRY(registry_decide_subject(d, ref, "person", ret));
    if (d->refusal || !family_cover || family_cover == ret->cover) return STATUS_OK;
    TRY(registry_decide_merge(d, ret->cover, family_cover, "family"));
    ret->cover = family_cover;
    return STATUS_OK;
}

struct status registry_decide_policy(struct decider *d) {
    int64_t family_cover;
    struct subject who = {0};
    struct edit e = {.policy = given(d, REGISTRY_M_POLICY_POLICY)->text, .range = {DAY_NONE, DAY_OPEN}, .of = "correction", .type = JOURNAL_POLICY_CHANGED, .apply = terms_apply};
    TRY(family_find(d, &family_cover, &e.family));
    TRY(insured_find(d, family_cover, &who));
    if (d->refusal) return STATUS_OK;
    struct versions v = versions_of(d, &who);
    for (uint32_t i = 0; i < v.count; i++)
        if (str_eq(v.items[i].terms.policy, e.policy)) return correct(d, &who, v, &e);
    return issue(d, &who, v, e.family);
}

/* ---- status, endorsement, class -------------------------------------------------------------------------------------- */

static struct status status_apply(struct decider *d, struct registry_policy *p, const struct edit *e) {
    (void)d;
    struct registry_policy as = *p;
    p->terms.status = e->status;
    p->is_void = e->status == BILL_POLICY_VOID;
    p->void_reason = p->is_void ? (e->text.n > 0 ? e->text : STR("given")) : (struct str){0};
    if (as.is_void && p->is_void) *p = as; /* its first reason stays */
    return STATUS_OK;
}

struct status registry_decide_status(struct decider *d) {
    struct subject who = {0};
    uint32_t met = 0;
    struct edit e = {.policy = given(d, REGISTRY_M_STATUS_POLICY)->text, .range = registry_range(d->ch, REGISTRY_M_STATUS_FROM, REGISTRY_M_STATUS_TO), .of = "status",
                     .type = JOURNAL_POLICY_CHANGED, .apply = status_apply, .text = given(d, REGISTRY_M_STATUS_REASON)->text,
                     .status = status_of(given(d, REGISTRY_M_STATUS_STATUS)->text, BILL_POLICY_IN_FORCE)};
    TRY(registry_decide_subject(d, &d->ch->person, "person", &who));
    if (d->refusal) return STATUS_OK;
    struct versions v = versions_of(d, &who);
    bool revives = e.status != BILL_POLICY_VOID && e.status != BILL_POLICY_LAPSED;
    for (uint32_t i = 0; i < v.count && revives; i++) {
        const struct registry_policy *p = &v.items[i];
        if (!str_eq(p->terms.policy, e.policy) || !overlaps(p->valid, e.range) || counts(p)) continue;
        const struct registry_policy *twin = twin_find(&v, p->terms.plan, e.policy, meet(p->valid, e.range));
        if (twin) return registry_decide_refuse(d, REGISTRY_E_SAME_PRODUCT, "policy", registry_quoted(d->a, twin->terms.policy));
    }
    TRY(versions_edit(d, &who, v, &e, &met));
    return policy_missing(d, v, e.policy, met);
}

static struct status endorsement_apply(struct decider *d, struct registry_policy *p, const struct edit *e) {
    if (p->is_void) return registry_decide_refuse(d, REGISTRY_E_POLICY_VOID, "policy", registry_quoted(d->a, p->void_reason));
    uint32_t n = p->terms.endorsement_count, at = 0;
    if (n >= LIMIT_BILL_ENDORSEMENTS) return registry_decide_refuse(d, REGISTRY_E_TOO_MANY, "policy", registry_arg_i64(d->a, LIMIT_BILL_ENDORSEMENTS));
    struct bill_endorsement *list = ARENA_ARRAY(d->a, struct bill_endorsement, (size_t)n + 1);
    if (!list) return status_memory();
    if (n > 0) memcpy(list, p->terms.endorsements, n * sizeof *list);
    while (at < n && !str_eq(list[at].name, e->endorsement.name)) at++; /* the same name again: corrected */
    list[at] = e->endorsement;
    p->terms.endorsements = list;
    p->terms.endorsement_count = at == n ? n + 1 : n;
    return STATUS_OK;
}

struct status registry_decide_endorsement(struct decider *d) {
    struct subject who = {0};
    uint32_t met = 0;
    const struct registry_value *excludes = given(d, REGISTRY_M_ENDORSEMENT_EXCLUDES);
    struct day_range on = registry_range(d->ch, REGISTRY_M_ENDORSEMENT_FROM, REGISTRY_M_ENDORSEMENT_TO);
    struct edit e = {.policy = given(d, REGISTRY_M_ENDORSEMENT_POLICY)->text, .range = {on.from, DAY_OPEN}, .of = "endorsement", .type = JOURNAL_POLICY_CHANGED,
                     .apply = endorsement_apply,
                     .endorsement = {given(d, REGISTRY_M_ENDORSEMENT_NAME)->text, on, excludes->list, excludes->list_count}};
    TRY(registry_decide_subject(d, &d->ch->person, "person", &who));
    if (d->refusal) return STATUS_OK;
    struct versions v = versions_of(d, &who);
    TRY(versions_edit(d, &who, v, &e, &met));
    return policy_missing(d, v, e.policy, met);
}

static struct status class_apply(struct decider *d, struct registry_policy *p, const struct edit *e) {
    p->terms.class_given = true;
    p->terms.class_name = e->text;
    p->class_reason = e->text2;
    const struct registry_value *evidence = given(d, REGISTRY_M_CLASS_EVIDENCE);
    if (evidence->given) p->terms.class_evidence = evidence->text;
    return STATUS_OK;
}

struct status registry_decide_class(struct decider *d) {
    struct subject who = {0};
    uint32_t met = 0;
    struct edit e = {.policy = given(d, REGISTRY_M_CLASS_POLICY)->text, .range = {DAY_NONE, DAY_OPEN}, .of = "class", .type = JOURNAL_CLASS_SET, .apply = class_apply,
                     .text = given(d, REGISTRY_M_CLASS_CLASS)->text, .text2 = given(d, REGISTRY_M_CLASS_REASON)->text};
    TRY(registry_decide_subject(d, &d->ch->person, "person", &who));
    if (d->refusal) return STATUS_OK;
    struct versions v = versions_of(d, &who);
    TRY(versions_edit(d, &who, v, &e, &met));
    return policy_missing(d, v, e.policy, met);
}

/* ---- after a link ------------------------------------------------------------------------------------------------------ */

static bool begins_later(const struct registry_policy *a, const struct registry_policy *b) {
    if (a->terms.on.from.v != b->terms.on.from.v) return a->terms.on.from.v > b->terms.on.from.v;
    return a->recorded > b->recorded;
}

/* Has the version a twin on the other side that began before it? */
static bool has_earlier_twin(const struct registry_policy *x, struct versions others) {
    for (uint32_t i = 0; i < others.count; i++) {
        const struct registry_policy *y = &others.items[i];
        if (str_eq(x->terms.plan, y->terms.plan) && counts(y) && overlaps(x->valid, y->valid) && begins_later(x, y)) return true;
    }
    return false;
}

static struct status twins_void(struct decider *d, const struct subject *who, int64_t cover, struct versions mine, struct versions others) {
    for (uint32_t i = 0; i < mine.count; i++) {
        struct registry_policy p = mine.items[i];
        if (!counts(&p) || !has_earlier_twin(&p, others)) continue;
        struct subject owner = owner_of(d, who, &p);
        owner.cover = cover;
        p.is_void = true;
        p.void_reason = STR("same-product-twice");
        p.terms.status = BILL_POLICY_VOID;
        TRY(version_event(d, JOURNAL_POLICY_CHANGED, &owner, &p, "link", (struct str){0}));
    }
    return STATUS_OK;
}

/* The later of each pair becomes void where both stand. */
struct status registry_decide_void_twins(struct decider *d, const struct subject *a, const struct subject *b) {
    struct versions va = versions_of(d, a), vb = versions_of(d, b);
    TRY(twins_void(d, a, b->cover, va, vb));
    return twins_void(d, b, b->cover, vb, va);
}

/* ---- what a change touched ------------------------------------------------------------------------------------------------ */

struct status registry_touched_of(struct arena *a, const struct journal_event *events, uint32_t count, struct day today, struct registry_touched **ret, uint32_t *ret_count) {
    struct registry_touched *items = NULL;
    uint32_t n = 0, cap = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct registry_policy p = {0};
        struct registry_merge m;
        struct registry_touched t = {.cover = events[i].cover, .from = DAY_NONE};
        bool policy = events[i].type == JOURNAL_POLICY_CHANGED || events[i].type == JOURNAL_CLASS_SET;
        bool link = events[i].type == JOURNAL_PERSONS_LINKED && registry_merge_of(a, &events[i], &m);
        if (policy) TRY(registry_policy_open_read(a, events[i].open, &p));
        if (policy && p.valid.from.v < today.v) {
            t.person = p.person;
            t.plan = p.terms.plan;
            t.from = p.valid.from;
        } else if (link) {
            t.person = m.into;
        } else {
            continue;
        }
        struct registry_touched *slot = ARENA_PUSH(a, items, n, cap);
        if (!slot) return status_memory();
        *slot = t;
    }
    *ret = items;
    *ret_count = n;
    return STATUS_OK;
}
