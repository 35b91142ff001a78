/* life/confirm — CONFIRM: the patient's act on a quote; everything is read and computed again under the lock of the cover group, then settled whole.
 *
 *   quoted ──confirm, same result──► settled        the event, postings, counters, shares and keys of one transaction
 *          ──confirm, another result──► requoted    409 with the new quote inside, under a new id; nothing else happens
 *   settled ──the same confirm──► the recorded answer, byte for byte (200)
 *
 * Invariant: nobody is settled at other amounts than those shown, unless only in the patient's favour and the region asks no second act for that, or the
 * cashier goes on "without-commercial": then every payer but the statutory ones comes later.
 */
#include "cases/life/life.h"
#include "cases/life/postings.h"
#include "cases/life/share.h"

struct confirm_parsed {
    struct id128 trial;
    const struct json *statutory;     /* NULL: the bill's own */
    struct str act_kind, act_text;
    bool act_fine, without_commercial;
    /* of the quote, read at needs */
    const struct bill *bill;
    const struct cases_quote *quote;
    struct life_consent consent;
    struct id128 lookup;
};
struct confirm_answer {
    struct life_show show;
    bool requoted;
};

/* ---- the body ------------------------------------------------------------------------------------------------- */

static struct status act_read(struct arena *a, const struct json *act, struct confirm_parsed *c)
{
    if (!act || act->kind != JSON_OBJECT) return STATUS_OK;
    TRY(life_body_text(a, act, STR("kind"), 32, &c->act_kind));
    if (str_eq(c->act_kind, STR("desk"))) TRY(life_body_text(a, act, STR("by"), LIMIT_NAME_BYTES, &c->act_text));
    if (str_eq(c->act_kind, STR("token"))) TRY(life_body_text(a, act, STR("value"), LIMIT_NAME_BYTES, &c->act_text));
    c->act_fine = c->act_text.n > 0;
    return STATUS_OK;
}

struct status life_confirm_parse(struct cases_command *cmd)
{
    static const char *const members[] = {"trial", "statutory", "act", "accept", ""};
    struct arena *a = &cmd->arena;
    struct confirm_parsed *c = ARENA_NEW(a, struct confirm_parsed);
    const struct json *body = NULL;
    struct str trial, accept;
    if (!c) return status_memory();
    TRY(life_body_read(cmd, members, &body));
    TRY(life_body_text(a, body, STR("trial"), 64, &trial));
    TRY(life_body_text(a, body, STR("accept"), 64, &accept));
    if (!id128_parse(trial, &c->trial)) return life_bad(a, "trial-id", STR("trial"), "须是试算返回的 id", "must be the id that a trial answered");
    c->statutory = json_get(body, STR("statutory"));
    if (c->statutory && c->statutory->kind == JSON_NULL) c->statutory = NULL;
    if (c->statutory && c->statutory->kind != JSON_OBJECT) return life_bad(a, "statutory-not-object", STR("statutory"), "须是对象", "must be an object");
    c->without_commercial = str_eq(accept, STR("without-commercial"));
    if (accept.n && !c->without_commercial) return life_bad(a, "accept-unknown", STR("accept"), "只能是 without-commercial", "may only be without-commercial");
    TRY(act_read(a, json_get(body, STR("act")), c));
    cmd->id = c->trial;
    cmd->parsed = c;
    return STATUS_OK;
}

/* The bill of the quote, with the statutory result of the confirmation in place of its own. */
static struct status bill_of_quote(struct arena *a, struct confirm_parsed *c)
{
    const struct json *tree = NULL;
    enum cases_refusal refusal = CASES_OK;
    bool fine = true;
    TRY(json_parse(a, c->quote->bill_json, &tree));
    if (c->statutory) {
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
        items[copy->count] = *c->statutory;
        names[copy->count++] = STR("statutory");
        copy->items = items;
        copy->names = names;
        tree = copy;
    }
    TRY(life_bill_read(a, tree, &c->bill, &refusal));
    const struct json *consent = NULL;
    TRY(json_parse(a, c->quote->consent_json.n ? c->quote->consent_json : STR("null"), &consent));
    return life_consent_read(a, consent, &c->consent, &fine);
}

/* ---- what it reads ---------------------------------------------------------------------------------------------- */

static bool settled_needs(struct cases_context *x, struct cases_command *cmd, const struct id128 *case_id)
{
    struct life_recorded r;
    struct life_run run;
    enum set_state state = SET_FOUND, replay = SET_FOUND;
    bool pending = false;
    const struct arena_mark mark = arena_mark(&cmd->arena);
    const struct status s = life_recorded_get(x->set, &cmd->arena, case_id, &r, &state, &pending);
    if (!status_failed(s) && state == SET_FOUND && !pending) {
        const struct status t = life_replay(x->set, x->sealer, &cmd->arena, r.events[0], &r.effects[0], false, &run, &replay);
        if (status_failed(t)) replay = SET_FOUND; /* decide meets the same failure and reports it */
    }
    arena_rewind(&cmd->arena, mark);
    return state != SET_WAIT && replay != SET_WAIT;
}

static bool accounts_touch(struct cases_context *x, const struct bill *b)
{
    static const char *const kinds[] = {"hospital", "patient", "memo", "own", "account", "payout", "deposit"};
    bool all = true;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct ledger_account *account = NULL;
        const struct str code = life_account(x->set->arena, kinds[i], STR(""), b->hospital, b->currency);
        all = code.p && ledger_account_get(x->set->ledger, code, &account) != SET_WAIT && all;
    }
    for (uint32_t i = 0; i < b->statutory.fund_count; i++) {
        struct ledger_account *account = NULL;
        const struct str name = arena_printf(x->set->arena, "statutory:%.*s", STR_FMT(b->statutory.funds[i].name));
        const struct str code = life_account(x->set->arena, "fund", name, b->hospital, b->currency);
        all = code.p && ledger_account_get(x->set->ledger, code, &account) != SET_WAIT && all;
    }
    return all;
}

static bool days_touch(struct cases_context *x, const struct bill *b)
{
    bool closed = false;
    const struct day today = life_business_day(registry_region_on(x->world, b->region, b->to), x->now_ms);
    return cases_day_get(x->set, today.v, &closed) != SET_WAIT;
}

bool life_confirm_needs(struct cases_context *x, struct cases_command *cmd)
{
    struct confirm_parsed *c = cmd->parsed;
    struct cases_row *row = NULL;
    const struct cases_quote *quote = NULL;
    const enum set_state settled = cases_row_get(x->set, &c->trial, &row);
    const enum set_state quoted = cases_quote_get(x->set, &c->trial, &quote);
    if (settled == SET_WAIT || quoted == SET_WAIT) return false;
    if (settled == SET_FOUND) return settled_needs(x, cmd, &c->trial);
    if (quoted != SET_FOUND) return true;
    if (!c->bill || c->quote != quote) {
        c->quote = quote;
        if (status_failed(bill_of_quote(&cmd->arena, c))) return true; /* decide reads it again and reports */
        registry_person_lookup(x->keys, &c->bill->person, c->bill->hospital, &c->lookup);
    }
    bool all = life_ready_needs(x, c->bill, &c->lookup);
    all = accounts_touch(x, c->bill) && all;
    return days_touch(x, c->bill) && all;
}

/* ---- refusals before anything is computed --------------------------------------------------------------------------- */

static struct status wrong_token(struct cases_command *cmd, const struct cases_quote *q)
{
    struct cases_quote *copy = ARENA_NEW(&cmd->arena, struct cases_quote);
    if (!copy) return status_memory();
    *copy = *q;
    copy->wrong_tokens++;
    cmd->outcome.quote = copy;
    life_refuse(cmd, CASES_REFUSED_TOKEN_WRONG);
    return STATUS_OK;
}

static struct status act_check(struct cases_context *x, struct cases_command *cmd, const struct confirm_parsed *c)
{
    if (!c->act_fine) {
        life_refuse(cmd, CASES_REFUSED_ACT_MISSING);
        return STATUS_OK;
    }
    if (!str_eq(c->act_kind, STR("token"))) return STATUS_OK;
    if (c->quote->wrong_tokens >= LIFE_TOKEN_WRONG_MAX) {
        life_refuse(cmd, CASES_REFUSED_TOKEN_LOCKED);
        return STATUS_OK;
    }
    struct digest given;
    sha256_of(x->hash, c->act_text, &given);
    return digest_equal(&given, &c->quote->token) ? STATUS_OK : wrong_token(cmd, c->quote);
}

static enum cases_refusal stage_check(const struct bill *b)
{
    if (b->statutory.stage == BILL_STAGE_MANUAL) return CASES_REFUSED_STATUTORY_MANUAL;
    if (b->statutory.stage == BILL_STAGE_PRE) return CASES_REFUSED_STATUTORY_NOT_FINAL;
    return CASES_OK;
}

/* An id that carries a time long gone was a quote once. */
static enum cases_refusal absent_quote(struct cases_context *x, const struct id128 *trial)
{
    const struct registry_region *region = registry_region_find(x->world, STR(""));
    const int64_t age = x->now_ms - id128_ms(trial);
    return age > (int64_t)region->quote_minutes * LIFE_MS_MINUTE && age < 400 * LIFE_MS_DAY ? CASES_REFUSED_TRIAL_EXPIRED : CASES_REFUSED_TRIAL_UNKNOWN;
}

static struct status quote_check(struct cases_context *x, struct cases_command *cmd, struct confirm_parsed *c)
{
    enum cases_refusal refusal = CASES_OK;
    if (cases_quote_get(x->set, &c->trial, &c->quote) != SET_FOUND) refusal = absent_quote(x, &c->trial);
    else if (!life_may_go_on(&cmd->who, c->quote->hospital, c->quote->institution)) refusal = CASES_REFUSED_NOT_YOURS;
    else if (c->quote->cancelled) refusal = CASES_REFUSED_TRIAL_CANCELLED;
    else if (c->quote->expires_ms <= x->now_ms) refusal = CASES_REFUSED_TRIAL_EXPIRED;
    if (refusal != CASES_OK) {
        life_refuse(cmd, refusal);
        return STATUS_OK;
    }
    if (!c->bill) TRY(life_refuse_error(cmd, bill_of_quote(&cmd->arena, c)));
    if (cmd->outcome.http) return STATUS_OK;
    CHECK(c->bill);
    refusal = stage_check(c->bill);
    if (refusal != CASES_OK) {
        life_refuse(cmd, refusal);
        return STATUS_OK;
    }
    return act_check(x, cmd, c);
}

/* ---- settling ----------------------------------------------------------------------------------------------------------- */

static struct status row_make(struct cases_context *x, struct cases_command *cmd, const struct confirm_parsed *c, const struct life_ready *r, struct cases_row *row)
{
    const struct bill *b = r->run.bill;
    uint32_t count = 0;
    const struct bill_word *visits = bill_words(BILL_VOCABULARY_VISIT, &count);
    *row = (struct cases_row){.id = c->trial, .person = r->person_id, .replaces = r->replaces, .cover = r->cover, .at_ms = x->now_ms, .revision = b->revision,
                              .day = r->run.settled_on.v, .state = CASES_STATE_SETTLED, .hospital = b->hospital, .bill = b->bill, .region = b->insured_region,
                              .visit = str_from(visits[b->visit].name)};
    (void)cmd;
    life_row_sums(&r->run.answer, row);
    return STATUS_OK;
}

static struct status settle_now(struct cases_context *x, struct cases_command *cmd, struct confirm_parsed *c, struct life_ready *r)
{
    struct arena *a = &cmd->arena;
    struct cases_effect *e = ARENA_NEW(a, struct cases_effect);
    struct cases_row *row = ARENA_NEW(a, struct cases_row);
    struct confirm_answer *answer = ARENA_NEW(a, struct confirm_answer);
    if (!e || !row || !answer) return status_memory();
    TRY(row_make(x, cmd, c, r, row));
    struct life_postings p = {.x = x, .a = a, .case_id = c->trial, .at_ms = x->now_ms, .day = row->day, .currency = r->run.bill->currency};
    TRY(life_postings_settle(&p, &r->run));
    if (p.wait) return STATUS_OK; /* decided again when the account is read */
    *e = (struct cases_effect){.type = JOURNAL_CASE_SETTLED, .case_id = c->trial, .person = r->person_id, .cover = r->cover, .day = row->day, .row = row,
                               .state = CASES_STATE_SETTLED, .chain = r->run.chain->name, .library = r->run.library, .institution = cmd->who.institution,
                               .world_version = registry_world_version(x->world), .consent = r->run.consent.n, .engine = PLAN_ENGINE_VERSION,
                               .act = c->act_kind, .act_by = str_eq(c->act_kind, STR("desk")) ? c->act_text : STR("")};
    TRY(life_shares_make(x, a, &r->run, row->hospital, &e->shares, &e->share_count));
    TRY(life_clocks_start(x, a, e));
    TRY(life_deltas_make(a, &r->run.answer, &e->deltas, &e->delta_count));
    TRY(life_plans_used(a, &r->run.answer, &e->plans, &e->plan_count));
    life_postings_into(&p, e);
    struct str sealed;
    TRY(life_input_write(a, &r->run, &sealed));
    TRY(life_event_add(x, cmd, e, r->person, sealed));
    *answer = (struct confirm_answer){.show = {.id = c->trial, .state = "settled", .at_ms = x->now_ms, .replaces = r->replaces, .run = r->run}};
    cmd->outcome.answer = answer;
    cmd->outcome.quote_drop = cmd->outcome.made = c->trial;
    cmd->outcome.http = 201;
    return STATUS_OK;
}

/* The result is another one: a new quote, shown and confirmed again. */
static struct status requote(struct cases_context *x, struct cases_command *cmd, const struct confirm_parsed *c, struct life_ready *r)
{
    struct arena *a = &cmd->arena;
    struct confirm_answer *answer = ARENA_NEW(a, struct confirm_answer);
    if (!answer) return status_memory();
    *answer = (struct confirm_answer){.requoted = true, .show = {.state = "quoted", .run = r->run}};
    cmd->outcome.answer = answer;
    if (!settle_answer_settled(&r->run.answer)) {
        life_refuse(cmd, CASES_REFUSED_SETTLE_REFUSED);
        return STATUS_OK;
    }
    const struct id128 id = life_trial_id(x, cmd, r->cover);
    struct cases_quote *quote = NULL;
    TRY(life_quote_make(x, cmd, r, &id, &quote));
    quote->institution = c->quote->institution;
    quote->key = quote->body = (struct id128){{0}};
    char token[LIFE_TOKEN_LETTERS + 1];
    life_token_make(x->keys, &id, token);
    answer->show.id = id;
    answer->show.expires_ms = quote->expires_ms;
    answer->show.token = arena_str(a, (struct str){token, LIFE_TOKEN_LETTERS}).p;
    if (!answer->show.token) return status_memory();
    cmd->outcome.quote = quote;
    cmd->outcome.quote_drop = c->trial;
    life_refuse(cmd, CASES_REFUSED_REQUOTED);
    return STATUS_OK;
}

static bool may_settle(struct cases_context *x, const struct confirm_parsed *c, const struct life_ready *r)
{
    struct digest now;
    if (!settle_answer_settled(&r->run.answer)) return false;
    if (c->without_commercial) return true;
    life_answer_digest(x->hash, &r->run.answer, &now);
    if (digest_equal(&now, &c->quote->answer)) return true;
    return !r->region->favour_needs_act && settle_answer_remainder(&r->run.answer) <= c->quote->remainder;
}

/* ---- the same confirmation again --------------------------------------------------------------------------------------------- */

static struct status settled_again(struct cases_context *x, struct cases_command *cmd, const struct id128 *case_id)
{
    struct arena *a = &cmd->arena;
    struct life_recorded r;
    enum set_state state = SET_FOUND;
    struct confirm_answer *answer = ARENA_NEW(a, struct confirm_answer);
    if (!answer) return status_memory();
    TRY(life_recorded_get(x->set, a, case_id, &r, &state, &cmd->outcome.defer));
    if (state == SET_WAIT || cmd->outcome.defer) return STATUS_OK;
    const struct cases_effect *e = &r.effects[0];
    if (!life_may_go_on(&cmd->who, r.row->hospital, e->institution)) {
        life_refuse(cmd, CASES_REFUSED_NOT_YOURS);
        return STATUS_OK;
    }
    *answer = (struct confirm_answer){.show = {.id = *case_id, .state = "settled", .at_ms = e->at_ms}};
    if (e->row) answer->show.replaces = e->row->replaces;
    TRY(life_replay(x->set, x->sealer, a, r.events[0], e, false, &answer->show.run, &state));
    if (state == SET_WAIT) return STATUS_OK;
    if (!answer->show.run.bill) {
        life_refuse(cmd, CASES_REFUSED_INPUT_LOST);
        return STATUS_OK;
    }
    cmd->outcome.answer = answer;
    cmd->outcome.again = true;
    cmd->outcome.http = 200;
    return STATUS_OK;
}

struct status life_confirm_decide(struct cases_context *x, struct cases_command *cmd)
{
    struct confirm_parsed *c = cmd->parsed;
    struct cases_row *row = NULL;
    if (cases_row_get(x->set, &c->trial, &row) == SET_FOUND) return settled_again(x, cmd, &c->trial);
    TRY(quote_check(x, cmd, c));
    if (cmd->outcome.http) return STATUS_OK;
    struct life_ready r = {0};
    r.run.consent = c->consent;
    r.run.without_commercial = c->without_commercial;
    TRY(life_ready_make(x, cmd, c->bill, &c->lookup, false, &r));
    if (cmd->outcome.http) return STATUS_OK;
    bool closed = false, wait = false;
    (void)cases_day_get(x->set, r.run.settled_on.v, &closed);
    if (closed) {
        life_refuse(cmd, CASES_REFUSED_DAY_CLOSED);
        return STATUS_OK;
    }
    const struct status s = life_settle(x, &cmd->arena, &r, &wait);
    if (wait) return STATUS_OK;
    if (status_failed(s)) return life_refuse_error(cmd, s);
    return may_settle(x, c, &r) ? settle_now(x, cmd, c, &r) : requote(x, cmd, c, &r);
}

/* ---- what it answers ------------------------------------------------------------------------------------------------------------ */

struct quote_member {
    struct cases_command *cmd;
    struct confirm_answer *answer;
};

static void quote_member(const void *user, struct json_writer *w)
{
    const struct quote_member *m = user;
    const bool refused = m->cmd->outcome.refusal == CASES_REFUSED_SETTLE_REFUSED;
    json_name(w, refused ? STR("answer") : STR("quote"));
    if (!refused) {
        if (!status_failed(life_show_write(&m->cmd->arena, &m->answer->show, w))) return;
        json_null(w);
        return;
    }
    json_begin_object(w);
    settle_answer_write_members(&m->answer->show.run.answer, m->answer->show.run.chain, false, w);
    json_end_object(w);
}

void life_confirm_render(struct cases_command *cmd, struct buf *out)
{
    struct confirm_answer *answer = cmd->outcome.answer;
    if (cmd->outcome.http < 300) {
        life_show_render(cmd, &answer->show, out);
        return;
    }
    const struct quote_member m = {cmd, answer};
    life_problem_write(cmd, answer && answer->requoted ? quote_member : NULL, &m, out);
}
