/* life/record — what is written of an adjudication, and the way back: a recorded case is read from its events and run again.
 *
 * Open part: struct cases_effect (core/effect). Sealed part: {"bill": with the policies used, "consent", "counters": the group's counters before, for the
 * products that ran, "on": the business day, "owner": when linked since}: with the recorded library this is all that settle_bill reads. Invariant: running it again gives the amounts of the open part;
 * anything else is a failure, replay-differs, never another answer.
 */
#include "cases/life/life.h"
#include "cases/life/share.h"

struct status life_event_add(struct cases_context *x, struct cases_command *cmd, struct cases_effect *e, const struct registry_person *person, struct str sealed)
{
    struct arena *a = &cmd->arena;
    struct cases_outcome *o = &cmd->outcome;
    struct journal_event *events = ARENA_ARRAY(a, struct journal_event, o->event_count + 1);
    struct cases_effect **effects = ARENA_ARRAY(a, struct cases_effect *, o->event_count + 1);
    if (!events || !effects) return status_memory();
    for (uint32_t i = 0; i < o->event_count; i++) {
        events[i] = o->events[i];
        effects[i] = o->effects ? o->effects[i] : NULL;
    }
    struct journal_event *ev = &events[o->event_count];
    e->at_ms = x->now_ms;
    bool first = true; /* the command's key stands in its first event of a case */
    for (uint32_t i = 0; i < o->event_count; i++) first = first && !(o->effects && o->effects[i]);
    if (first) {
        e->key = cmd->key;
        e->body = cmd->body_hash;
        e->op = cmd->op;
    }
    *ev = (struct journal_event){.type = e->type, .version = 1, .cover = e->cover, .person = e->person, .subject = e->case_id, .at_ms = x->now_ms};
    TRY(cases_effect_write(e, a, &ev->open));
    if (sealed.n) TRY(journal_sealer_seal(x->sealer, x->env, a, &person->key, sealed, ev));
    effects[o->event_count] = e;
    o->events = events;
    o->effects = effects;
    o->event_count++;
    return STATUS_OK;
}

/* ---- the sealed part ---------------------------------------------------------------------------------------- */

/* [owner, product, benefit, kind, each, clause, code, day or null, period text, value] */
static void counter_write(const struct plan_counter *c, struct json_writer *w)
{
    json_begin_array(w);
    json_string(w, c->key.owner);
    json_string(w, c->key.product);
    json_string(w, c->key.benefit);
    json_i64(w, c->key.kind);
    json_i64(w, c->key.each);
    json_i64(w, c->key.clause);
    json_string(w, c->key.code);
    if (day_is(c->key.period_of)) json_i64(w, c->key.period_of.v);
    else json_null(w);
    json_string(w, c->key.period_text);
    json_i64(w, c->value);
    json_end_array(w);
}

static bool counter_read(const struct json *v, struct plan_counter_key *key, int64_t *ret_value)
{
    int64_t kind = 0, each = 0, clause = 0, day = 0;
    if (v->kind != JSON_ARRAY || v->count != 10) return false;
    const struct json *i = v->items;
    for (size_t k = 0; k < 9; k++) {
        const bool text = k < 3 || k == 6 || k == 8;
        if (text && i[k].kind != JSON_STRING) return false;
    }
    if (!json_to_i64(&i[3], &kind) || !json_to_i64(&i[4], &each) || !json_to_i64(&i[5], &clause) || !json_to_i64(&i[9], ret_value)) return false;
    if (kind < 0 || kind >= PLAN_COUNTER_KIND_COUNT || each < 0 || each >= PLAN_EACH_COUNT || clause < 0 || clause > UINT8_MAX) return false;
    *key = (struct plan_counter_key){.owner = i[0].text, .product = i[1].text, .benefit = i[2].text, .kind = (uint8_t)kind, .each = (uint8_t)each,
                                     .clause = (uint8_t)clause, .code = i[6].text, .period_of = DAY_NONE, .period_text = i[8].text};
    if (i[7].kind == JSON_NULL) return true;
    if (!json_to_i64(&i[7], &day) || day <= INT32_MIN || day >= INT32_MAX) return false;
    key->period_of.v = (int32_t)day;
    return true;
}

struct status life_input_write(struct arena *a, const struct life_run *run, struct str *ret)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, LIMIT_JSON_BYTES);
    json_writer_init(&w, &out, false);
    json_begin_object(&w);
    json_name(&w, STR("bill"));
    bill_write(run->bill, &w);
    json_name(&w, STR("consent"));
    life_consent_write(&run->consent, &w);
    json_name(&w, STR("counters"));
    json_begin_array(&w);
    for (uint32_t i = 0; i < run->counters->slot_count; i++) {
        const struct plan_counter *c = &run->counters->slots[i];
        if (c->hash != 0 && c->value != 0) counter_write(c, &w);
    }
    json_end_array(&w);
    json_member_i64(&w, STR("on"), run->settled_on.v);
    if (run->reowned) json_member_string(&w, STR("owner"), run->owner);
    json_end_object(&w);
    struct str text = {0};
    if (!out.failed) text = arena_str(a, buf_view(&out));
    buf_done(&out);
    if (!text.p) return status_memory();
    *ret = text;
    return STATUS_OK;
}

static struct status input_broken(struct arena *a)
{
    return status_error(a, (struct error){.code = "input-broken", .zh = STR("记录的输入不可读"), .en = STR("a recorded input cannot be read"),
                                          .hint_zh = STR("运行 yijie audit"), .hint_en = STR("run yijie audit")});
}

/* Who was held back then: the open part says it. */
static struct status held_read(struct arena *a, const struct cases_effect *e, struct life_run *run)
{
    for (uint32_t i = 0; i < e->share_count; i++) {
        const struct cases_share *s = &e->shares[i];
        if (!s->to_patient) continue; /* paid at the counter, then put to review */
        if (s->reason != CASES_NOT_LATER && s->reason != CASES_LATER_BEHIND_LATER) TRY(life_later_add(a, run, s->payer, s->reason));
    }
    return STATUS_OK;
}

struct status life_input_read(struct arena *a, struct str sealed, const struct cases_effect *e, const struct cases_library *library, struct life_run *ret)
{
    const struct json *tree = NULL;
    const struct bill *b = NULL;
    struct life_run run = {.library = e->library};
    int64_t on = 0;
    TRY(json_parse(a, sealed, &tree));
    const struct json *bill_json = json_get(tree, STR("bill")), *counters_json = json_get(tree, STR("counters")), *on_json = json_get(tree, STR("on"));
    if (!bill_json || !counters_json || counters_json->kind != JSON_ARRAY) return input_broken(a);
    if (!on_json || !json_to_i64(on_json, &on) || on <= INT32_MIN || on >= INT32_MAX) return input_broken(a);
    run.settled_on.v = (int32_t)on;
    TRY(bill_from_json(a, bill_json, &b));
    bool fine = true;
    TRY(life_consent_read(a, json_get(tree, STR("consent")), &run.consent, &fine));
    struct plan_counters *counters = ARENA_NEW(a, struct plan_counters);
    struct settle_chain *chain = ARENA_NEW(a, struct settle_chain);
    run.bill = ARENA_NEW(a, struct bill);
    if (!counters || !chain || !run.bill) return status_memory();
    *run.bill = *b;
    plan_counters_init(counters, a);
    for (uint32_t i = 0; i < counters_json->count; i++) {
        struct plan_counter_key key;
        int64_t value = 0;
        if (!counter_read(&counters_json->items[i], &key, &value)) return input_broken(a);
        TRY(plan_counters_set(counters, &key, value));
    }
    const struct settle_chain *shared = cases_library_chain(library, e->chain);
    if (!fine || !shared) return input_broken(a);
    *chain = *shared;
    chain->hash = NULL;
    run.chain = chain;
    run.counters = counters;
    char hex[33];
    const struct json *owner = json_get(tree, STR("owner"));
    id128_hex(&e->person, hex);
    run.reowned = owner && owner->kind == JSON_STRING;
    run.owner = arena_str(a, run.reowned ? owner->text : (struct str){hex, 32});
    if (!run.owner.p) return status_memory();
    TRY(held_read(a, e, &run));
    TRY(life_exceptions_find(a, &run, NULL, run.settled_on));
    *ret = run;
    return STATUS_OK;
}

/* ---- rows of an answer ----------------------------------------------------------------------------------------- */

struct status life_shares_make(struct cases_context *x, struct arena *a, const struct life_run *run, struct str hospital, struct cases_share **ret, uint32_t *ret_count)
{
    const struct settle_answer *answer = &run->answer;
    struct cases_share *list = ARENA_ARRAY(a, struct cases_share, answer->share_count + 1);
    if (!list) return status_memory();
    (void)hospital;
    uint32_t count = 0;
    for (uint32_t i = 0; i < answer->share_count; i++) {
        const struct settle_share *share = &answer->shares[i];
        if (share->status == SETTLE_SKIPPED) continue;
        const struct registry_payer *payer = life_payer(x->world, share->payer, run->settled_on);
        struct cases_share *s = &list[count];
        *s = (struct cases_share){.n = count, .payer = share->payer, .kind = share->kind, .pay = share->pay, .expected = share->expected,
                                  .policy = share->policy ? share->policy->policy : STR(""), .owner = payer ? payer->institution : STR("")};
        s->state = share->status == SETTLE_LATER ? CASES_SHARE_STATE_LATER : share->status == SETTLE_REFUSED ? CASES_SHARE_STATE_REFUSED : CASES_SHARE_PAID;
        s->to_patient = share->status == SETTLE_LATER;
        if (share->status == SETTLE_LATER) s->reason = life_later_of(share->reason);
        count++;
    }
    *ret = list;
    *ret_count = count;
    return STATUS_OK;
}

struct status life_deltas_make(struct arena *a, const struct settle_answer *answer, struct cases_counter_delta **ret, uint32_t *ret_count)
{
    uint32_t room = 0, count = 0;
    for (uint32_t i = 0; i < answer->share_count; i++) room += answer->shares[i].run.change_count;
    struct cases_counter_delta *list = ARENA_ARRAY(a, struct cases_counter_delta, room + 1);
    if (!list) return status_memory();
    for (uint32_t i = 0; i < answer->share_count; i++) {
        const struct plan_result *run = &answer->shares[i].run;
        for (uint32_t k = 0; k < run->change_count; k++) {
            list[count++] = (struct cases_counter_delta){run->changes[k].key, run->changes[k].after - run->changes[k].before};
        }
    }
    *ret = list;
    *ret_count = count;
    return STATUS_OK;
}

struct status life_plans_used(struct arena *a, const struct settle_answer *answer, struct cases_plan_used **ret, uint32_t *ret_count)
{
    struct cases_plan_used *list = ARENA_ARRAY(a, struct cases_plan_used, answer->share_count + 1);
    if (!list) return status_memory();
    uint32_t count = 0;
    for (uint32_t i = 0; i < answer->share_count; i++) {
        const struct settle_share *share = &answer->shares[i];
        if (!share->product || share->status == SETTLE_SKIPPED || share->unasked) continue;
        list[count].name = share->payer;
        if (digest_parse(str_from(share->product->hash), &list[count].hash)) count++;
    }
    *ret = list;
    *ret_count = count;
    return STATUS_OK;
}

void life_row_sums(const struct settle_answer *answer, struct cases_row *row)
{
    row->total = answer->bill->total;
    row->hospital_part = answer->hospital;
    row->account = answer->account;
    row->cash = answer->cash;
    row->payout = answer->payout;
    row->funds = row->payers = 0;
    for (uint32_t i = 0; i < answer->share_count; i++) {
        if (answer->shares[i].kind == PLAN_STATUTORY) row->funds += answer->shares[i].pay;
        else row->payers += answer->shares[i].pay;
    }
}

/* ---- reading a recorded case --------------------------------------------------------------------------------------- */

/* The number that a cover goes by today. */
static enum set_state cover_now(struct cases_set *s, int64_t cover, int64_t *ret)
{
    struct cases_cover *row = NULL;
    const enum set_state found = cases_cover_get(s, cover, &row);
    *ret = found == SET_FOUND ? row->id : cover;
    return found;
}

enum set_state life_person_get(struct cases_set *s, int64_t cover, const struct id128 *person, const struct registry_person **ret)
{
    int64_t now = 0;
    return cover_now(s, cover, &now) == SET_WAIT ? SET_WAIT : registry_person_get(s->registry, now, person, ret);
}

enum set_state life_policies_get(struct cases_set *s, int64_t cover, const struct id128 *person, const struct registry_policy **ret, uint32_t *ret_count)
{
    int64_t now = 0;
    return cover_now(s, cover, &now) == SET_WAIT ? SET_WAIT : registry_policies_get(s->registry, now, person, INT64_MAX, ret, ret_count);
}

struct status life_owner_now(struct cases_set *s, struct arena *a, int64_t cover, struct str owner, struct str *ret, enum set_state *ret_state)
{
    enum { LINKS_MAX = 16 };
    struct id128 id;
    *ret = owner;
    *ret_state = SET_FOUND;
    if (owner.n != 32 || !id128_parse(owner, &id)) return STATUS_OK; /* a family */
    const struct registry_person *person = NULL;
    for (int i = 0; i < LINKS_MAX; i++) {
        const enum set_state found = life_person_get(s, cover, &id, &person);
        if (found == SET_WAIT) *ret_state = SET_WAIT;
        if (found != SET_FOUND || !person->merged) break;
        id = person->into;
    }
    char hex[33];
    id128_hex(&id, hex);
    if (str_eq(owner, (struct str){hex, 32})) return STATUS_OK;
    *ret = arena_str(a, (struct str){hex, 32});
    return ret->p ? STATUS_OK : status_memory();
}

struct status life_run_reown(struct arena *a, struct life_run *run, struct str owner)
{
    if (str_eq(run->owner, owner)) return STATUS_OK;
    struct plan_counters *counters = ARENA_NEW(a, struct plan_counters);
    if (!counters) return status_memory();
    plan_counters_init(counters, a);
    for (uint32_t i = 0; i < run->counters->slot_count; i++) {
        const struct plan_counter *c = &run->counters->slots[i];
        if (c->hash == 0 || c->value == 0) continue;
        struct plan_counter_key key = c->key;
        if (str_eq(key.owner, run->owner)) key.owner = owner;
        TRY(plan_counters_set(counters, &key, c->value));
    }
    run->counters = counters;
    run->owner = owner;
    return STATUS_OK;
}

/* Persons may have been linked since: what they counted counts for the one that stays. */
static struct status deltas_reown(struct cases_set *s, struct arena *a, struct life_recorded *c, enum set_state *ret_state)
{
    struct str was = STR(""), now = STR("");
    for (uint32_t i = 0; i < c->count; i++) {
        for (uint32_t k = 0; k < c->effects[i].delta_count; k++) {
            struct plan_counter_key *key = &c->effects[i].deltas[k].key;
            enum set_state state = SET_FOUND;
            if (!str_eq(key->owner, was)) {
                was = key->owner;
                TRY(life_owner_now(s, a, c->row->cover, was, &now, &state));
                if (state == SET_WAIT) *ret_state = SET_WAIT;
            }
            key->owner = now;
        }
    }
    return STATUS_OK;
}

static struct status events_read(struct cases_set *s, struct arena *a, const int64_t *seqs, uint32_t count, struct life_recorded *ret, enum set_state *ret_state,
                                 bool *ret_pending)
{
    ret->events = ARENA_ARRAY(a, const struct journal_event *, count + 1);
    ret->effects = ARENA_ARRAY(a, struct cases_effect, count + 1);
    if (!ret->events || !ret->effects) return status_memory();
    for (uint32_t i = 0; i <= count; i++) {
        const int64_t seq = i == 0 ? ret->row->seq : seqs[i - 1];
        if (!cases_seq_known(seq)) {
            *ret_pending = true;
            return STATUS_OK;
        }
        const enum set_state found = cases_event_get(s, seq, &ret->events[i]);
        if (found != SET_FOUND) *ret_state = found;
    }
    if (*ret_state != SET_FOUND) return STATUS_OK;
    ret->count = count + 1;
    for (uint32_t i = 0; i < ret->count; i++) {
        const struct journal_event *ev = ret->events[i];
        TRY(cases_effect_read(a, ev, &ret->effects[i]));
        if (ev->type == JOURNAL_CASE_SETTLED || (ev->type == JOURNAL_CASE_ADJUSTED && ev->sealed.n)) ret->input = i;
    }
    return deltas_reown(s, a, ret, ret_state);
}

struct status life_recorded_get(struct cases_set *s, struct arena *a, const struct id128 *case_id, struct life_recorded *ret, enum set_state *ret_state,
                                bool *ret_pending)
{
    *ret = (struct life_recorded){0};
    *ret_pending = false;
    const int64_t *seqs = NULL;
    uint32_t count = 0;
    *ret_state = cases_row_get(s, case_id, &ret->row);
    if (*ret_state != SET_FOUND) return STATUS_OK;
    const enum set_state shares = cases_shares_get(s, case_id, &ret->shares, &ret->share_count);
    const enum set_state history = cases_history_get(s, ret->row->cover, case_id, &seqs, &count);
    if (shares == SET_WAIT || history == SET_WAIT) {
        *ret_state = SET_WAIT;
        return STATUS_OK;
    }
    return events_read(s, a, seqs, history == SET_FOUND ? count : 0, ret, ret_state, ret_pending);
}

const struct currency *life_recorded_currency(struct cases_context *x, const struct life_recorded *c)
{
    for (uint32_t i = 0; i < c->count; i++) {
        for (uint32_t k = 0; k < c->effects[i].transfer_count; k++) {
            struct ledger_account *account = NULL;
            const enum set_state found = ledger_account_get_id(x->set->ledger, c->effects[i].transfers[k].debit, &account);
            if (found == SET_WAIT) return NULL;
            if (found == SET_FOUND) return account->currency;
        }
    }
    return currency_find(STR("CNY")); /* a case without money */
}

/* Decided by a person since: no longer what the terms alone gave. */
static bool decided_since(const struct cases_share *s)
{
    return (s->to_patient && s->state != CASES_SHARE_STATE_LATER) || s->clocks.refused_ms || s->state == CASES_SHARE_RECOVERED;
}

static bool replay_agrees(const struct life_run *run, const struct cases_effect *e)
{
    const bool settled = e->type == JOURNAL_CASE_SETTLED;
    uint32_t n = 0;
    for (uint32_t i = 0; i < run->answer.share_count; i++) {
        const struct settle_share *share = &run->answer.shares[i];
        if (share->status == SETTLE_SKIPPED) continue;
        n++;
        const struct cases_share *recorded = life_share_find(e->shares, e->share_count, share->payer);
        if (!settled && (!recorded || decided_since(recorded))) continue;
        if (!recorded || recorded->expected != share->expected) return false;
        if (settled && recorded->pay != share->pay) return false;
    }
    if (settled && n != e->share_count) return false;
    return !settled || !e->row || (e->row->cash == run->answer.cash && e->row->account == run->answer.account && e->row->payout == run->answer.payout &&
                                   e->row->hospital_part == run->answer.hospital);
}

struct status life_replay(struct cases_set *s, struct journal_sealer *sealer, struct arena *a, const struct journal_event *ev, const struct cases_effect *e, bool explain, struct life_run *ret,
                          enum set_state *ret_state)
{
    const struct registry_person *person = NULL;
    const struct cases_library *library = NULL;
    *ret = (struct life_run){0};
    const enum set_state found = life_person_get(s, ev->cover, &ev->person, &person);
    const enum set_state texts = cases_library_get(s, &e->library, &library);
    *ret_state = SET_FOUND;
    if (found == SET_WAIT || texts == SET_WAIT) {
        *ret_state = SET_WAIT;
        return STATUS_OK;
    }
    if (found != SET_FOUND || person->key_destroyed || texts != SET_FOUND) return STATUS_OK; /* bill NULL: cannot be read any more */
    struct str sealed;
    TRY(journal_sealer_unseal(sealer, a, &person->key, ev, &sealed));
    TRY(life_input_read(a, sealed, e, library, ret));
    TRY(life_run_again(a, ret, explain));
    if (replay_agrees(ret, e)) return STATUS_OK;
    char hex[33];
    id128_hex(&e->case_id, hex);
    return status_error(a, (struct error){.code = "replay-differs", .place = (struct str){hex, 32}, .zh = STR("重算结果与记录不一致"),
                                          .en = STR("running the recorded input again gives other amounts"), .hint_zh = STR("运行 yijie audit --replay"),
                                          .hint_en = STR("run yijie audit --replay")});
}
