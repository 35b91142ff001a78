/* life/again — who follows a case, counters rolled back, and one case run again. See again.h. */
#include "cases/life/again.h"

/* ---- who follows ------------------------------------------------------------------------------------------- */

/* The rows confirmed after the target, newest first, by the chain of the cover group. */
static struct status rows_after(struct life_again *g, const struct cases_cover *cover, const struct cases_row ***ret, uint32_t *ret_count)
{
    struct arena *a = &g->cmd->arena;
    const struct cases_row **list = NULL;
    uint32_t count = 0, cap = 0;
    struct id128 at = cover->last_case;
    while (!id128_is_zero(&at) && !id128_equal(&at, &g->target.row->id)) {
        struct cases_row *row = NULL;
        const enum set_state found = cases_row_get(g->x->set, &at, &row);
        if (found == SET_WAIT) {
            g->wait = true;
            return STATUS_OK;
        }
        if (found == SET_ABSENT) break;
        const struct cases_row **slot = ARENA_PUSH(a, list, count, cap);
        if (!slot) return status_memory();
        *slot = row;
        at = row->prev;
    }
    *ret = list;
    *ret_count = count;
    return STATUS_OK;
}

/* Keys that may have other values now. */
struct key_list {
    const struct plan_counter_key **items;
    uint32_t count, cap;
};

static struct status keys_add(struct arena *a, struct key_list *keys, const struct life_recorded *c)
{
    for (uint32_t i = 0; i < c->count; i++) {
        for (uint32_t k = 0; k < c->effects[i].delta_count; k++) {
            const struct plan_counter_key **slot = ARENA_PUSH(a, keys->items, keys->count, keys->cap);
            if (!slot) return status_memory();
            *slot = &c->effects[i].deltas[k].key;
        }
    }
    return STATUS_OK;
}

/* Did the case change the key, or run a plan that reads it? A plan reads the counters of its product line and owner, be it the person or a family. */
static struct status reads_key(struct life_again *g, const struct life_recorded *c, const struct plan_counter_key *key, bool *ret)
{
    char hex[33];
    struct str owner;
    enum set_state state = SET_FOUND;
    id128_hex(&c->row->person, hex);
    TRY(life_owner_now(g->x->set, &g->cmd->arena, c->row->cover, (struct str){hex, 32}, &owner, &state));
    g->wait = g->wait || state == SET_WAIT;
    const bool of_other_person = key->owner.n == 32 && !str_eq(key->owner, owner);
    for (uint32_t i = 0; i < c->count; i++) {
        const struct cases_effect *e = &c->effects[i];
        for (uint32_t k = 0; k < e->delta_count; k++) *ret = *ret || plan_counter_key_cmp(&e->deltas[k].key, key) == 0;
        if (*ret) return STATUS_OK;
        if (e->plan_count == 0 || of_other_person) continue;
        const struct cases_library *library = NULL;
        const enum set_state found = cases_library_get(g->x->set, &e->library, &library);
        if (found == SET_WAIT) g->wait = true;
        for (uint32_t k = 0; found == SET_FOUND && k < e->plan_count; k++) {
            const struct settle_product *p = cases_library_product(library, e->plans[k].name);
            *ret = *ret || (p && str_eq(p->about.product, key->product));
        }
    }
    return STATUS_OK;
}

static struct status follows(struct life_again *g, const struct life_recorded *c, const struct key_list *keys, bool *ret)
{
    *ret = false;
    for (uint32_t i = 0; i < keys->count && !*ret && !g->wait; i++) TRY(reads_key(g, c, keys->items[i], ret));
    return STATUS_OK;
}

static struct status later_find(struct life_again *g, const struct cases_row **rows, uint32_t count)
{
    struct arena *a = &g->cmd->arena;
    struct key_list keys = {0};
    g->later = ARENA_ARRAY(a, struct life_recorded, count + 1);
    g->later_count = 0;
    if (!g->later) return status_memory();
    TRY(keys_add(a, &keys, &g->target));
    for (uint32_t i = count; i-- > 0;) { /* oldest first: what follows one that follows, follows too */
        if (rows[i]->state != CASES_STATE_SETTLED) continue;
        struct life_recorded *c = &g->later[g->later_count];
        enum set_state state = SET_FOUND;
        bool pending = false, does = false;
        TRY(life_recorded_get(g->x->set, a, &rows[i]->id, c, &state, &pending));
        g->wait = g->wait || state == SET_WAIT;
        g->defer = g->defer || pending;
        if (state != SET_FOUND || pending) continue;
        TRY(follows(g, c, &keys, &does));
        if (!does) continue;
        g->later_count++;
        TRY(keys_add(a, &keys, c));
    }
    return STATUS_OK;
}

struct status life_again_find(struct life_again *g, const struct id128 *case_id, enum set_state *ret_state)
{
    struct arena *a = &g->cmd->arena;
    struct cases_cover *cover = NULL;
    const struct cases_row **rows = NULL;
    uint32_t count = 0;
    bool pending = false;
    TRY(life_recorded_get(g->x->set, a, case_id, &g->target, ret_state, &pending));
    g->defer = pending;
    g->wait = *ret_state == SET_WAIT;
    if (*ret_state != SET_FOUND || pending) return STATUS_OK;
    const enum set_state found = cases_cover_get(g->x->set, g->target.row->cover, &cover);
    g->wait = found == SET_WAIT;
    if (found != SET_FOUND) return STATUS_OK;
    TRY(rows_after(g, cover, &rows, &count));
    if (g->wait) return STATUS_OK;
    TRY(later_find(g, rows, count));
    if (g->wait || g->defer || g->counters) return STATUS_OK;
    g->counters = ARENA_NEW(a, struct plan_counters);
    if (!g->counters) return status_memory();
    plan_counters_init(g->counters, a);
    for (uint32_t i = 0; i < cover->counters.slot_count; i++) {
        const struct plan_counter *k = &cover->counters.slots[i];
        if (k->hash != 0 && k->value != 0) TRY(plan_counters_set(g->counters, &k->key, k->value));
    }
    return STATUS_OK;
}

const struct registry_region *life_again_region(const struct life_again *g, const struct cases_row *row)
{
    return registry_region_on(g->x->world, row->region, (struct day){(int32_t)(g->x->now_ms / LIFE_MS_DAY)});
}

/* ---- counters ------------------------------------------------------------------------------------------------- */

static struct status counters_add(struct plan_counters *c, const struct plan_counter_key *key, int64_t delta)
{
    return plan_counters_set(c, key, plan_counters_get(c, key) + delta);
}

/* What adjudications gave; decisions on single shares stand. */
static bool is_adjudication(const struct cases_effect *e) { return e->type == JOURNAL_CASE_SETTLED || e->type == JOURNAL_CASE_ADJUSTED; }

static struct status case_roll_back(struct life_again *g, const struct life_recorded *c, bool whole)
{
    for (uint32_t i = c->count; i-- > 0;) {
        const struct cases_effect *e = &c->effects[i];
        if (!whole && !is_adjudication(e)) continue;
        for (uint32_t k = e->delta_count; k-- > 0;) TRY(counters_add(g->counters, &e->deltas[k].key, -e->deltas[k].delta));
    }
    return STATUS_OK;
}

struct status life_again_roll_back(struct life_again *g, bool target_whole)
{
    for (uint32_t i = g->later_count; i-- > 0;) TRY(case_roll_back(g, &g->later[i], false));
    return case_roll_back(g, &g->target, target_whole);
}

/* New changes less those recorded, and the new ones into the running counters. */
static struct status deltas_make(struct life_again *g, const struct life_recorded *c, const struct settle_answer *answer, struct cases_effect *e)
{
    struct arena *a = &g->cmd->arena;
    struct cases_counter_delta *now = NULL;
    uint32_t now_count = 0, room = 0, count = 0, kept = 0;
    TRY(life_deltas_make(a, answer, &now, &now_count));
    for (uint32_t i = 0; i < c->count; i++) room += is_adjudication(&c->effects[i]) ? c->effects[i].delta_count : 0;
    struct cases_counter_delta *list = ARENA_ARRAY(a, struct cases_counter_delta, room + now_count + 1);
    if (!list) return status_memory();
    for (uint32_t i = 0; i < now_count; i++) {
        list[count++] = now[i];
        TRY(counters_add(g->counters, &now[i].key, now[i].delta));
    }
    for (uint32_t i = 0; i < c->count; i++) {
        for (uint32_t k = 0; is_adjudication(&c->effects[i]) && k < c->effects[i].delta_count; k++) {
            const struct cases_counter_delta *d = &c->effects[i].deltas[k];
            uint32_t at = 0;
            while (at < count && plan_counter_key_cmp(&list[at].key, &d->key) != 0) at++;
            if (at == count) list[count++].key = d->key;
            list[at].delta -= d->delta;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (list[i].delta) list[kept++] = list[i];
    }
    e->deltas = list;
    e->delta_count = kept;
    return STATUS_OK;
}

/* ---- differences ------------------------------------------------------------------------------------------------ */

struct difference {
    struct life_again *g;
    struct life_postings postings;
    struct cases_row *row;
    struct cases_share *shares;
    uint32_t count;
    const struct registry_region *region;
    bool differs;
};

/* A person has decided about it, or it waits: the run does not touch its money. */
static bool stands(const struct cases_share *s)
{
    return s->state == CASES_SHARE_DISPUTED || s->state == CASES_SHARE_UPHELD || s->state == CASES_SHARE_CHANGED || s->state == CASES_SHARE_RECOVERED ||
           s->clocks.refused_ms || (s->state == CASES_SHARE_PAID && s->to_patient && s->clocks.agreed_ms);
}

static struct status share_more(struct difference *d, struct cases_share *s, int64_t more)
{
    const bool statutory = s->kind == PLAN_STATUTORY;
    more = i64_min(more, life_borne(d->row));
    if (more <= 0) return STATUS_OK;
    s->pay += more;
    *(statutory ? &d->row->funds : &d->row->payers) += more;
    life_row_bear(d->row, -more);
    if (statutory && d->g->manual) s->to_patient = true;
    if (statutory && d->g->manual) return life_postings_manual(&d->postings, s->payer, more);
    return life_postings_to_patient(&d->postings, LEDGER_KIND_ADJUSTMENT, s->payer, statutory, d->row, more);
}

static struct status share_less(struct difference *d, struct cases_share *s, int64_t less)
{
    const bool statutory = s->kind == PLAN_STATUTORY;
    if (d->region->difference_against == REGISTRY_WAIVE) return STATUS_OK; /* the payer bears it; `expected` says what it would be */
    s->pay -= less;
    *(statutory ? &d->row->funds : &d->row->payers) -= less;
    life_row_bear(d->row, less);
    return life_postings_against(&d->postings, s->payer, statutory, d->row, less, d->region->difference_against);
}

static struct status share_differ(struct difference *d, struct cases_share *s, const struct settle_share *now, bool more_only)
{
    if (stands(s)) return STATUS_OK;
    const int64_t expected = now && now->status != SETTLE_SKIPPED ? now->expected : 0;
    if (s->state == CASES_SHARE_STATE_LATER) {
        d->differs = d->differs || s->expected != expected;
        s->expected = expected;
        return STATUS_OK;
    }
    const int64_t pay = now && now->status == SETTLE_PAID ? now->pay : 0;
    const bool less = pay < s->pay;
    if (less == more_only) return STATUS_OK;
    d->differs = d->differs || pay != s->pay || s->expected != expected;
    s->expected = expected;
    if (pay > s->pay) {
        if (s->state == CASES_SHARE_STATE_REFUSED) s->to_patient = true;
        TRY(share_more(d, s, pay - s->pay));
        s->state = CASES_SHARE_PAID;
    } else if (less) {
        TRY(share_less(d, s, s->pay - pay));
        if (s->pay == 0 && now && now->status == SETTLE_REFUSED) s->state = CASES_SHARE_STATE_REFUSED;
    }
    return STATUS_OK;
}

static const struct settle_share *answer_share(const struct settle_answer *answer, struct str payer)
{
    for (uint32_t i = 0; i < answer->share_count; i++) {
        if (str_eq(answer->shares[i].payer, payer)) return &answer->shares[i];
    }
    return NULL;
}

/* Those that take less give way first, so that what others pay more finds room in what the patient bears. */
static struct status shares_differ(struct difference *d, const struct life_recorded *c, const struct life_run *run)
{
    struct arena *a = &d->g->cmd->arena;
    d->shares = ARENA_ARRAY(a, struct cases_share, c->share_count + run->answer.share_count + 1);
    if (!d->shares) return status_memory();
    for (uint32_t i = 0; i < c->share_count; i++) d->shares[d->count++] = c->shares[i];
    for (uint32_t i = 0; i < run->answer.share_count; i++) {
        const struct settle_share *now = &run->answer.shares[i];
        if (now->status == SETTLE_SKIPPED || life_share_find(d->shares, d->count, now->payer)) continue;
        const struct registry_payer *payer = life_payer(d->g->x->world, now->payer, run->settled_on);
        d->shares[d->count] = (struct cases_share){.n = d->count, .payer = now->payer, .kind = now->kind, .state = CASES_SHARE_STATE_REFUSED,
                                                   .policy = now->policy ? now->policy->policy : STR(""), .owner = payer ? payer->institution : STR("")};
        d->count++;
        d->differs = true;
    }
    for (int more = 0; more < 2; more++) {
        for (uint32_t i = 0; i < d->count; i++) TRY(share_differ(d, &d->shares[i], answer_share(&run->answer, d->shares[i].payer), more == 0 ? false : true));
    }
    return STATUS_OK;
}

/* ---- one case ---------------------------------------------------------------------------------------------------------- */

static struct status adjusted_add(struct life_again *g, const struct life_recorded *c, struct life_run *run, struct difference *d, struct cases_effect *e)
{
    struct arena *a = &g->cmd->arena;
    const struct registry_person *person = NULL;
    struct str sealed;
    if (life_person_get(g->x->set, c->row->cover, &c->row->person, &person) != SET_FOUND) {
        g->wait = true;
        return STATUS_OK;
    }
    e->row = d->row;
    e->shares = d->shares;
    e->share_count = d->count;
    e->chain = c->effects[c->input].chain;
    e->library = c->effects[c->input].library;
    TRY(life_plans_used(a, &run->answer, &e->plans, &e->plan_count));
    life_postings_into(&d->postings, e);
    TRY(life_input_write(a, run, &sealed));
    g->adjusted++;
    return life_event_add(g->x, g->cmd, e, person, sealed);
}

struct status life_again_run(struct life_again *g, const struct life_recorded *c, const struct bill *bill)
{
    struct arena *a = &g->cmd->arena;
    struct life_run *run = ARENA_NEW(a, struct life_run);
    struct cases_row *row = ARENA_NEW(a, struct cases_row);
    struct cases_effect *e = ARENA_NEW(a, struct cases_effect);
    enum set_state state = SET_FOUND;
    if (!run || !row || !e) return status_memory();
    TRY(life_replay(g->x->set, g->x->sealer, a, c->events[c->input], &c->effects[c->input], false, run, &state));
    g->wait = g->wait || state == SET_WAIT;
    if (g->wait) return STATUS_OK;
    if (!run->bill) { /* erased: its amounts stand, its counters count again as recorded */
        for (uint32_t i = 0; i < c->count; i++) {
            for (uint32_t k = 0; is_adjudication(&c->effects[i]) && k < c->effects[i].delta_count; k++) {
                TRY(counters_add(g->counters, &c->effects[i].deltas[k].key, c->effects[i].deltas[k].delta));
            }
        }
        return STATUS_OK;
    }
    if (bill) {
        *run->bill = *bill;
        run->refused_count = 0;
        TRY(life_exceptions_find(a, run, NULL, run->settled_on));
    }
    struct plan_counters *before = NULL;
    struct str owner;
    TRY(life_owner_now(g->x->set, a, c->row->cover, run->owner, &owner, &state));
    g->wait = g->wait || state == SET_WAIT;
    if (g->wait) return STATUS_OK;
    run->reowned = run->reowned || !str_eq(run->owner, owner);
    run->owner = owner;
    TRY(life_counters_copy(a, g->counters, run, &before));
    run->counters = before;
    TRY(life_run_again(a, run, false));
    const struct registry_region *region = life_again_region(g, c->row);
    const struct currency *currency = life_recorded_currency(g->x, c);
    g->wait = !currency;
    if (g->wait) return STATUS_OK;
    *row = *c->row;
    struct difference d = {.g = g, .row = row, .region = region};
    d.postings = (struct life_postings){.x = g->x, .a = a, .case_id = row->id, .at_ms = g->x->now_ms, .event = c->count, .day = life_business_day(region, g->x->now_ms).v, .currency = currency};
    TRY(shares_differ(&d, c, run));
    *e = (struct cases_effect){.type = JOURNAL_CASE_ADJUSTED, .case_id = row->id, .person = row->person, .cover = row->cover, .because = g->target.row->id,
                               .day = d.postings.day, .state = row->state, .institution = g->cmd->who.institution, .engine = PLAN_ENGINE_VERSION,
                               .world_version = registry_world_version(g->x->world), .note_code = str_from(g->note)};
    TRY(deltas_make(g, c, &run->answer, e));
    g->wait = d.postings.wait;
    if (g->wait || (!d.differs && e->delta_count == 0)) return STATUS_OK;
    return adjusted_add(g, c, run, &d, e);
}

/* ---- the target with another input ----------------------------------------------------------------------------------------- */

/* The bill with another statutory result: read as strictly as at a trial. */
static struct status statutory_replace(struct arena *a, struct bill *bill, const struct json *statutory)
{
    const struct json *tree = NULL;
    const struct bill *other = NULL;
    struct buf out;
    struct json_writer w;
    buf_init(&out, LIMIT_JSON_BYTES);
    json_writer_init(&w, &out, false);
    bill_write(bill, &w);
    const struct status s = out.failed ? status_memory() : json_parse(a, buf_view(&out), &tree);
    buf_done(&out);
    TRY(s);
    CHECK(tree);
    struct json *copy = ARENA_NEW(a, struct json);
    struct json *items = ARENA_ARRAY(a, struct json, tree->count + 1);
    struct str *names = ARENA_ARRAY(a, struct str, tree->count + 1);
    if (!copy || !items || !names) return status_memory();
    *copy = *tree;
    copy->count = 0;
    for (uint32_t i = 0; i < tree->count; i++) {
        if (str_eq(tree->names[i], STR("statutory"))) continue;
        items[copy->count] = tree->items[i];
        names[copy->count++] = tree->names[i];
    }
    items[copy->count] = *statutory;
    names[copy->count++] = STR("statutory");
    copy->items = items;
    copy->names = names;
    TRY(bill_from_json(a, copy, &other));
    bill->statutory = other->statutory;
    return STATUS_OK;
}

struct status life_again_target(struct life_again *g, const struct json *statutory)
{
    struct arena *a = &g->cmd->arena;
    struct life_run *run = ARENA_NEW(a, struct life_run);
    const struct registry_policy *policies = NULL;
    const struct bill_policy *of_bill = NULL;
    uint32_t count = 0, of_bill_count = 0;
    enum set_state state = SET_FOUND;
    if (!run) return status_memory();
    const struct life_recorded *c = &g->target;
    TRY(life_replay(g->x->set, g->x->sealer, a, c->events[c->input], &c->effects[c->input], false, run, &state));
    const enum set_state found = life_policies_get(g->x->set, c->row->cover, &c->row->person, &policies, &count);
    g->wait = g->wait || state == SET_WAIT || found == SET_WAIT;
    if (g->wait) return STATUS_OK;
    if (!run->bill) {
        life_refuse(g->cmd, CASES_REFUSED_INPUT_LOST);
        return STATUS_OK;
    }
    struct bill *bill = ARENA_NEW(a, struct bill);
    if (!bill) return status_memory();
    *bill = *run->bill;
    if (found == SET_FOUND) TRY(registry_policies_of_bill(a, policies, count, bill, &of_bill, &of_bill_count));
    bill->policies = of_bill;
    bill->policy_count = of_bill_count;
    if (statutory) {
        const struct status read = statutory_replace(a, bill, statutory);
        if (status_failed(read)) return life_refuse_error(g->cmd, read);
        g->manual = bill->statutory.stage == BILL_STAGE_MANUAL;
    }
    TRY(life_again_roll_back(g, false));
    TRY(life_again_run(g, c, bill));
    for (uint32_t i = 0; i < g->later_count && !g->wait; i++) TRY(life_again_run(g, &g->later[i], NULL));
    return STATUS_OK;
}
