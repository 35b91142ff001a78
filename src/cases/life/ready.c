/* life/ready — a bill made ready to be settled: who it is, what covers them, which chain, which counters.
 *
 * Used by trial and confirm. Rounds of reading: the identifier and the bill's key; then everything of the person at once; then, where a payer has an
 * advance limit, its account. Nothing of the set is kept behind decide: policies are copied, because render reads them on another thread.
 */
#include "cases/life/life.h"
#include "cases/life/postings.h"

struct day life_business_day(const struct registry_region *r, int64_t now_ms)
{
    const int64_t local = now_ms + (int64_t)r->utc_offset_minutes * LIFE_MS_MINUTE;
    return (struct day){(int32_t)(local / LIFE_MS_DAY)};
}

const struct registry_payer *life_payer(const struct registry_world *w, struct str plan, struct day on)
{
    const struct registry_payer *p = registry_payer_on(w, plan, on);
    return p ? p : registry_payer_find(w, plan);
}

const struct settle_product *life_product_find(const struct settle_chain *chain, struct str plan)
{
    for (uint32_t i = 0; i < chain->payer_count; i++) {
        if (chain->payers[i].product && str_eq(chain->payers[i].product->about.name, plan)) return chain->payers[i].product;
    }
    for (uint32_t i = 0; i < chain->product_count; i++) {
        if (str_eq(chain->products[i]->about.name, plan)) return chain->products[i];
    }
    return NULL;
}

/* ---- what must be read ------------------------------------------------------------------------------------- */

static bool limit_account_touch(struct cases_context *x, struct arena *a, struct str plan, const struct bill *b)
{
    const struct registry_payer *payer = life_payer(x->world, plan, b->to);
    if (!payer || payer->advance_limit < 0) return true;
    struct ledger_account *account = NULL;
    const struct str code = life_payer_account(a, plan, b->hospital, b->currency);
    return code.p && ledger_account_get(x->set->ledger, code, &account) != SET_WAIT;
}

static bool person_needs(struct cases_context *x, const struct bill *b, const struct registry_identifier *id)
{
    struct cases_set *s = x->set;
    const struct registry_person *person = NULL;
    const struct registry_policy *policies = NULL;
    const struct registry_consent *consents = NULL;
    struct cases_cover *cover = NULL;
    uint32_t count = 0, policy_count = 0;
    bool all = cases_cover_get(s, id->cover, &cover) != SET_WAIT;
    all = registry_person_get(s->registry, id->cover, &id->person, &person) != SET_WAIT && all;
    all = registry_consents_get(s->registry, id->cover, &id->person, &consents, &count) != SET_WAIT && all;
    if (registry_policies_get(s->registry, id->cover, &id->person, INT64_MAX, &policies, &policy_count) == SET_WAIT) return false;
    for (uint32_t i = 0; i < policy_count; i++) all = limit_account_touch(x, s->arena, policies[i].terms.plan, b) && all;
    return all;
}

bool life_ready_needs(struct cases_context *x, const struct bill *b, const struct id128 *lookup)
{
    struct cases_bill *bill_row = NULL;
    struct registry_identifier id;
    const bool bill_is_read = cases_bill_get(x->set, b->hospital, b->bill, &bill_row) != SET_WAIT;
    const enum set_state found = registry_identifier_get(x->set->registry, lookup, b->to, &id);
    if (found == SET_WAIT) return false;
    if (found == SET_ABSENT) return bill_is_read;
    return person_needs(x, b, &id) && bill_is_read;
}

/* ---- policies ------------------------------------------------------------------------------------------------- */

static bool text_copy(struct arena *a, struct str *s)
{
    if (s->n == 0) return true;
    *s = arena_str(a, *s);
    return s->p != NULL;
}

static bool endorsements_copy(struct arena *a, struct bill_policy *p)
{
    struct bill_endorsement *list = ARENA_ARRAY(a, struct bill_endorsement, p->endorsement_count + 1);
    if (!list) return false;
    for (uint32_t i = 0; i < p->endorsement_count; i++) {
        list[i] = p->endorsements[i];
        struct str *excludes = ARENA_ARRAY(a, struct str, list[i].exclude_count + 1);
        if (!excludes || !text_copy(a, &list[i].name)) return false;
        for (uint32_t k = 0; k < list[i].exclude_count; k++) {
            excludes[k] = list[i].excludes[k];
            if (!text_copy(a, &excludes[k])) return false;
        }
        list[i].excludes = excludes;
    }
    p->endorsements = list;
    return true;
}

static struct status policies_copy(struct arena *a, const struct bill_policy *from, uint32_t count, struct bill *b)
{
    struct bill_policy *list = ARENA_ARRAY(a, struct bill_policy, count + 1);
    if (!list) return status_memory();
    for (uint32_t i = 0; i < count; i++) {
        struct bill_policy *p = &list[i];
        *p = from[i];
        struct str *texts[] = {&p->plan, &p->policy, &p->plan_version, &p->class_name, &p->class_evidence, &p->family, &p->holder, &p->payee};
        for (size_t k = 0; k < COUNT_OF(texts); k++) {
            if (!text_copy(a, texts[k])) return status_memory();
        }
        if (!endorsements_copy(a, p)) return status_memory();
    }
    b->policies = list;
    b->policy_count = count;
    return STATUS_OK;
}

/* ---- making it ready --------------------------------------------------------------------------------------------- */

static struct status newcomer_register(struct cases_context *x, struct cases_command *cmd, const struct bill *b, struct life_ready *r)
{
    const struct registry_newcomer newcomer = {.person = &b->person, .hospital = b->hospital, .from = DAY_NONE};
    struct registry_person *person = ARENA_NEW(&cmd->arena, struct registry_person);
    struct journal_event *events = NULL;
    uint32_t count = 0;
    if (!person) return status_memory();
    TRY(registry_person_register(x->set->registry, x->env, &cmd->arena, &newcomer, &events, &count, person));
    struct cases_effect **none = ARENA_ARRAY(&cmd->arena, struct cases_effect *, count + 1);
    if (!none) return status_memory();
    cmd->outcome.events = events;
    cmd->outcome.effects = none;
    cmd->outcome.event_count = count;
    r->person = person;
    r->person_id = person->person;
    r->cover = person->cover;
    return STATUS_OK;
}

static struct status person_find(struct cases_context *x, struct cases_command *cmd, const struct bill *b, const struct id128 *lookup, bool may_register,
                                 struct life_ready *r)
{
    struct registry_identifier id;
    if (registry_identifier_get(x->set->registry, lookup, b->to, &id) != SET_FOUND) {
        if (may_register) return newcomer_register(x, cmd, b, r);
        life_refuse(cmd, CASES_REFUSED_TRIAL_UNKNOWN);
        return STATUS_OK;
    }
    r->known = true;
    r->person_id = id.person;
    r->cover = id.cover;
    const enum set_state found = registry_person_get(x->set->registry, id.cover, &id.person, &r->person);
    if (found != SET_FOUND || r->person->key_destroyed) life_refuse(cmd, CASES_REFUSED_PERSON_ERASED);
    return STATUS_OK;
}

static struct status cover_find(struct cases_context *x, struct arena *a, struct life_ready *r)
{
    struct bill *b = r->run.bill;
    const struct plan_counters *all = NULL;
    if (r->known) {
        const struct registry_policy *policies = NULL;
        const struct bill_policy *of_bill = NULL;
        uint32_t count = 0, of_bill_count = 0;
        struct cases_cover *cover = NULL;
        if (registry_policies_get(x->set->registry, r->cover, &r->person_id, INT64_MAX, &policies, &count) == SET_FOUND) {
            TRY(registry_policies_of_bill(a, policies, count, b, &of_bill, &of_bill_count));
            TRY(policies_copy(a, of_bill, of_bill_count, b));
        }
        if (cases_cover_get(x->set, r->cover, &cover) == SET_FOUND) all = &cover->counters;
    }
    struct plan_counters *counters = NULL;
    TRY(life_counters_copy(a, all, &r->run, &counters));
    r->run.counters = counters;
    return STATUS_OK;
}

static struct status consent_find(struct cases_context *x, struct arena *a, struct life_ready *r)
{
    const struct registry_consent *consents = NULL;
    uint32_t count = 0;
    if (r->run.consent.given || !r->known) return STATUS_OK;
    if (registry_consents_get(x->set->registry, r->cover, &r->person_id, &consents, &count) != SET_FOUND) return STATUS_OK;
    life_consent_standing(a, consents, count, r->run.settled_on, &r->run.consent);
    return STATUS_OK;
}

struct status life_ready_make(struct cases_context *x, struct cases_command *cmd, const struct bill *b, const struct id128 *lookup, bool may_register,
                              struct life_ready *ret)
{
    struct arena *a = &cmd->arena;
    struct life_ready *r = ret;
    struct life_run *run = &r->run;
    struct settle_chain *chain = ARENA_NEW(a, struct settle_chain);
    run->bill = ARENA_NEW(a, struct bill);
    if (!chain || !run->bill) return status_memory();
    *run->bill = *b;
    struct cases_bill *row = NULL;
    if (cases_bill_get(x->set, b->hospital, b->bill, &row) == SET_FOUND) {
        if (row->live) {
            life_refuse(cmd, CASES_REFUSED_ALREADY_SETTLED);
            cmd->outcome.settled_case = row->case_id;
            return STATUS_OK;
        }
        r->replaces = row->case_id;
        run->bill->revision = i64_max(b->revision, row->revision + 1);
    }
    r->region = registry_region_on(x->world, b->insured_region, b->to);
    r->hospital_region = registry_region_on(x->world, b->region, b->to);
    run->settled_on = life_business_day(r->hospital_region, x->now_ms);
    const struct settle_chain *shared = cases_products_chain(x->products, r->region->chain, b->to, &run->library);
    if (!shared) {
        life_refuse(cmd, CASES_REFUSED_NO_CHAIN);
        return STATUS_OK;
    }
    *chain = *shared;
    chain->hash = NULL; /* owners are tokens: nothing is hashed, and render runs on another thread */
    run->chain = chain;
    TRY(person_find(x, cmd, b, lookup, may_register, r));
    if (cmd->outcome.http) return STATUS_OK;
    char hex[33];
    id128_hex(&r->person_id, hex);
    run->owner = arena_str(a, (struct str){hex, 32});
    if (!run->owner.p) return status_memory();
    TRY(cover_find(x, a, r));
    TRY(consent_find(x, a, r));
    if (!life_consent_fits(&run->consent, b, r->region)) life_refuse(cmd, CASES_REFUSED_CONSENT_GUARDIAN);
    return STATUS_OK;
}
