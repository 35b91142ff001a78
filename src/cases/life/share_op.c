/* life/share_op — SHARE: an act on one payer's share. The state table (share.c) says what is allowed, share_pay what it is worth; one event each.
 *
 * A decision to pay posts the payer's money to the patient, who has paid the hospital meanwhile; a recovery takes it back the way the region says.
 * The same command again answers the share as that event left it.
 */
#include "cases/life/share_pay.h"

struct share_parsed {
    struct str payer, reason, by;
    enum life_act act;
    bool act_known, amount_given;
    int64_t amount;
};
struct share_answer {
    struct id128 case_id;
    struct cases_share share;
    int64_t most;
};

struct status life_share_parse(struct cases_command *cmd)
{
    static const char *const members[] = {"amount", "reason", "by", ""};
    struct arena *a = &cmd->arena;
    struct share_parsed *p = ARENA_NEW(a, struct share_parsed);
    const struct json *body = NULL;
    if (!p) return status_memory();
    size_t slash = cmd->part.n;
    while (slash > 0 && cmd->part.p[slash - 1] != '/') slash--;
    p->payer = (struct str){cmd->part.p, slash ? slash - 1 : 0};
    p->act_known = life_act_parse((struct str){cmd->part.p + slash, cmd->part.n - slash}, &p->act) && p->act != LIFE_ACT_PAPERS_ADD && p->act != LIFE_ACT_OVERDUE;
    TRY(life_body_read(cmd, members, &body));
    TRY(life_body_text(a, body, STR("reason"), LIFE_TEXT_BYTES, &p->reason));
    TRY(life_body_text(a, body, STR("by"), LIMIT_NAME_BYTES, &p->by));
    const struct json *amount = json_get(body, STR("amount"));
    p->amount_given = amount != NULL;
    if (amount && (!json_to_i64(amount, &p->amount) || p->amount <= 0 || p->amount > LIMIT_AMOUNT_MINOR)) {
        return life_bad(a, "amount-invalid", STR("amount"), "须是大于零的整数（分）", "must be an integer above zero, in minor units");
    }
    cmd->parsed = p;
    return STATUS_OK;
}

/* Everything is found by decide, which is asked again when something had to be read. */
bool life_share_needs(struct cases_context *x, struct cases_command *cmd)
{
    struct cases_row *row = NULL;
    struct cases_cover *cover = NULL;
    const enum set_state found = cases_row_get(x->set, &cmd->id, &row);
    if (found == SET_WAIT) return false;
    return found == SET_ABSENT || cases_cover_get(x->set, row->cover, &cover) != SET_WAIT;
}

/* ---- refusals ------------------------------------------------------------------------------------------------- */

static enum cases_refusal share_check(const struct cases_command *cmd, const struct share_parsed *p, const struct life_recorded *c, const struct cases_share *share,
                                      enum cases_share_state *ret_to)
{
    if (!life_hospital_may(&cmd->who, c->row->hospital)) return CASES_REFUSED_NOT_YOURS;
    if (c->row->state == CASES_STATE_REVERSED) return CASES_REFUSED_CASE_IS_REVERSED;
    if (!share || share->kind == PLAN_STATUTORY) return CASES_REFUSED_SHARE_UNKNOWN;
    if (life_asks_as(&cmd->who, STR("insurer")) && !str_eq(share->owner, cmd->who.institution)) return CASES_REFUSED_NOT_YOURS;
    if (!p->act_known) return CASES_REFUSED_ACT_UNKNOWN;
    if (p->act == LIFE_ACT_PAPERS_ASK && share->clocks.papers_asked_ms) return CASES_REFUSED_PAPERS_ASKED_TWICE;
    if (!life_act_allowed(share->state, p->act, ret_to)) return CASES_REFUSED_ACT_NOT_ALLOWED;
    const bool paid_act = p->act == LIFE_ACT_PAID && !share->clocks.pay_by_ms;
    const bool complete = p->act == LIFE_ACT_PAPERS_COMPLETE && !life_papers_awaited(&share->clocks);
    if (paid_act || complete) return CASES_REFUSED_ACT_NOT_ALLOWED;
    if (p->act == LIFE_ACT_DECIDE_REFUSE && p->reason.n == 0) return CASES_REFUSED_REASON_MISSING;
    return CASES_OK;
}

/* Render runs when the group's memory is gone: the texts are copied. */
static struct status answer_keep(struct arena *a, struct cases_share *s)
{
    struct str *const texts[] = {&s->payer, &s->policy, &s->owner};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (texts[i]->n == 0) continue;
        *texts[i] = arena_str(a, *texts[i]);
        if (!texts[i]->p) return status_memory();
    }
    return STATUS_OK;
}

/* ---- what an act does ------------------------------------------------------------------------------------------- */

struct share_work {
    struct cases_context *x;
    struct cases_command *cmd;
    const struct share_parsed *p;
    const struct life_recorded *c;
    struct cases_share *now;          /* the share after the act */
    struct cases_row *row;            /* the case after the act */
    struct cases_effect *e;
    struct life_postings postings;
    struct share_answer *answer;
    bool wait;
};

static struct status pay_do(struct share_work *w)
{
    struct arena *a = &w->cmd->arena;
    struct life_worth worth = {0};
    bool lost = false;
    TRY(life_share_worth(w->x, a, w->c, w->now, &worth, &w->wait, &lost));
    if (w->wait) return STATUS_OK;
    if (lost && !w->p->amount_given) {
        life_refuse(w->cmd, CASES_REFUSED_INPUT_LOST);
        return STATUS_OK;
    }
    if (lost) worth = (struct life_worth){.terms = w->p->amount, .most = life_borne(w->row)};
    const int64_t amount = w->p->amount_given ? w->p->amount : worth.most;
    w->answer->most = worth.most;
    if (amount > worth.most) {
        life_refuse(w->cmd, CASES_REFUSED_AMOUNT_TOO_HIGH);
        return STATUS_OK;
    }
    w->now->pay += amount;
    if (w->p->act != LIFE_ACT_PAY_PART) {
        w->now->expected = w->now->pay;
        if (w->now->pay > 0) TRY(life_deltas_scaled(a, worth.run, worth.terms, w->now->pay, &w->e->deltas, &w->e->delta_count));
    }
    w->now->to_patient = true;
    w->row->payers += amount;
    life_row_bear(w->row, -amount);
    w->e->row = w->row;
    return life_postings_to_patient(&w->postings, LEDGER_KIND_PAYOUT, w->now->payer, false, w->row, amount);
}

static struct status recover_do(struct share_work *w)
{
    struct arena *a = &w->cmd->arena;
    const struct registry_region *region = registry_region_on(w->x->world, w->row->region, (struct day){w->postings.day});
    const enum registry_difference how = region->difference_against == REGISTRY_WAIVE ? REGISTRY_RECEIVABLE : region->difference_against;
    const struct cases_library *library = NULL;
    const enum set_state texts = cases_library_get(w->x->set, &w->c->effects[w->c->input].library, &library);
    if (texts == SET_WAIT) {
        w->wait = true;
        return STATUS_OK;
    }
    const struct settle_product *product = texts == SET_FOUND ? cases_library_product(library, w->now->payer) : NULL;
    if (product) TRY(life_deltas_undone(a, w->c, product->about.product, &w->e->deltas, &w->e->delta_count));
    const int64_t amount = w->now->pay;
    w->now->pay = w->now->expected = 0;
    w->row->payers -= amount;
    life_row_bear(w->row, amount);
    w->e->row = w->row;
    return life_postings_against(&w->postings, w->now->payer, false, w->row, amount, how);
}

static struct status act_do(struct share_work *w)
{
    switch (w->p->act) {
    case LIFE_ACT_PAPERS_ASK: w->now->reason = CASES_LATER_NEED_PAPERS; return STATUS_OK;
    case LIFE_ACT_PAPERS_COMPLETE:
    case LIFE_ACT_REVIEW: w->now->reason = CASES_LATER_REVIEW; return STATUS_OK;
    case LIFE_ACT_INVESTIGATE: w->now->reason = CASES_LATER_INVESTIGATION; return STATUS_OK;
    case LIFE_ACT_PAY_PART:
    case LIFE_ACT_DECIDE_PAY:
    case LIFE_ACT_CHANGE: return pay_do(w);
    case LIFE_ACT_RECOVER: return recover_do(w);
    default: return STATUS_OK;
    }
}

/* Those who waited behind a share that is decided now wait for a person only, when no other undecided one stands before them. */
static struct status behind_release(struct share_work *w)
{
    struct arena *a = &w->cmd->arena;
    bool undecided = false;
    if (w->now->state == CASES_SHARE_STATE_LATER) return STATUS_OK;
    for (uint32_t i = 0; i < w->c->share_count; i++) {
        const struct cases_share *s = &w->c->shares[i];
        if (s->n == w->now->n || s->state != CASES_SHARE_STATE_LATER) continue;
        if (s->reason != CASES_LATER_BEHIND_LATER || undecided) {
            undecided = true;
            continue;
        }
        struct cases_share *list = ARENA_ARRAY(a, struct cases_share, w->e->share_count + 1);
        if (!list) return status_memory();
        for (uint32_t k = 0; k < w->e->share_count; k++) list[k] = w->e->shares[k];
        list[w->e->share_count] = *s;
        list[w->e->share_count++].reason = CASES_LATER_REVIEW;
        w->e->shares = list;
        return STATUS_OK; /* one at a time: the next one waits behind this one */
    }
    return STATUS_OK;
}

static struct status event_make(struct share_work *w, const struct cases_share *before, enum cases_share_state to)
{
    struct arena *a = &w->cmd->arena;
    w->now->state = to;
    life_clocks_move(&w->now->clocks, w->p->act, w->x->now_ms);
    w->e->shares = w->now;
    w->e->share_count = 1;
    TRY(life_tasks_move(a, w->e, w->now->n, &before->clocks, &w->now->clocks));
    TRY(behind_release(w));
    life_postings_into(&w->postings, w->e);
    struct str sealed = STR("");
    const struct registry_person *person = NULL;
    if (w->p->reason.n) { /* reasons may tell of the illness: sealed */
        const enum set_state found = life_person_get(w->x->set, w->row->cover, &w->row->person, &person);
        if (found == SET_WAIT) {
            w->wait = true;
            return STATUS_OK;
        }
        struct buf out;
        struct json_writer j;
        buf_init(&out, LIMIT_JSON_BYTES);
        json_writer_init(&j, &out, false);
        json_begin_object(&j);
        json_member_string(&j, STR("reason"), w->p->reason);
        json_end_object(&j);
        if (found == SET_FOUND && !person->key_destroyed) sealed = arena_str(a, buf_view(&out));
        buf_done(&out);
        if (!sealed.p) return status_memory();
    }
    TRY(life_event_add(w->x, w->cmd, w->e, person, sealed));
    w->answer->share = *w->now;
    TRY(answer_keep(&w->cmd->arena, &w->answer->share));
    w->cmd->outcome.http = 200;
    return STATUS_OK;
}

static struct status act_decide(struct share_work *w, const struct cases_share *share, enum cases_share_state to)
{
    struct arena *a = &w->cmd->arena;
    struct cases_context *x = w->x;
    w->now = ARENA_NEW(a, struct cases_share);
    w->row = ARENA_NEW(a, struct cases_row);
    w->e = ARENA_NEW(a, struct cases_effect);
    if (!w->now || !w->row || !w->e) return status_memory();
    *w->now = *share;
    *w->row = *w->c->row;
    const struct registry_region *region = registry_region_on(x->world, w->row->region, (struct day){(int32_t)(x->now_ms / LIFE_MS_DAY)});
    const struct currency *currency = life_recorded_currency(x, w->c);
    if (!currency) return STATUS_OK;
    *w->e = (struct cases_effect){.type = JOURNAL_SHARE_CHANGED, .case_id = w->row->id, .person = w->row->person, .cover = w->row->cover, .state = w->row->state,
                                  .day = life_business_day(region, x->now_ms).v, .institution = w->cmd->who.institution, .act = str_from(life_act_name(w->p->act)),
                                  .act_by = w->p->by};
    w->postings = (struct life_postings){.x = x, .a = a, .case_id = w->row->id, .at_ms = x->now_ms, .event = w->c->count, .day = w->e->day, .currency = currency};
    TRY(act_do(w));
    if (w->wait || w->postings.wait || w->cmd->outcome.http) return STATUS_OK;
    return event_make(w, share, to);
}

/* The same command again: the share as its event left it. */
static struct status answer_again(struct cases_context *x, struct cases_command *cmd, struct share_answer *answer)
{
    const struct journal_event *ev = NULL;
    struct cases_effect e;
    if (!cases_seq_known(cmd->before->seq)) {
        cmd->outcome.defer = true;
        return STATUS_OK;
    }
    if (cases_event_get(x->set, cmd->before->seq, &ev) != SET_FOUND) return STATUS_OK;
    TRY(cases_effect_read(&cmd->arena, ev, &e));
    if (e.share_count) answer->share = e.shares[0];
    cmd->outcome.again = true;
    cmd->outcome.http = 200;
    return STATUS_OK;
}

struct status life_share_decide(struct cases_context *x, struct cases_command *cmd)
{
    const struct share_parsed *p = cmd->parsed;
    struct share_answer *answer = ARENA_NEW(&cmd->arena, struct share_answer);
    struct life_recorded c;
    enum set_state state = SET_FOUND;
    enum cases_share_state to = CASES_SHARE_PAID;
    if (!answer) return status_memory();
    answer->case_id = cmd->id;
    cmd->outcome.answer = answer;
    if (cmd->before) return answer_again(x, cmd, answer);
    TRY(life_recorded_get(x->set, &cmd->arena, &cmd->id, &c, &state, &cmd->outcome.defer));
    if (state == SET_WAIT || cmd->outcome.defer) return STATUS_OK;
    if (state == SET_ABSENT) {
        life_refuse(cmd, CASES_REFUSED_CASE_UNKNOWN);
        return STATUS_OK;
    }
    const struct cases_share *share = life_share_find(c.shares, c.share_count, p->payer);
    const enum cases_refusal refusal = share_check(cmd, p, &c, share, &to);
    if (share) answer->share = *share;
    TRY(answer_keep(&cmd->arena, &answer->share));
    if (refusal != CASES_OK) {
        life_refuse(cmd, refusal);
        return STATUS_OK;
    }
    struct share_work w = {.x = x, .cmd = cmd, .p = p, .c = &c, .answer = answer};
    return act_decide(&w, share, to);
}

/* ---- what it answers ---------------------------------------------------------------------------------------------- */

static void state_member(const void *user, struct json_writer *w)
{
    const struct share_answer *answer = user;
    if (answer->share.payer.n) {
        json_name(w, STR("share"));
        life_share_write(&answer->share, w);
    }
    if (answer->most) json_member_i64(w, STR("most"), answer->most);
}

void life_share_render(struct cases_command *cmd, struct buf *out)
{
    const struct share_answer *answer = cmd->outcome.answer;
    if (cmd->outcome.http != 200) {
        life_problem_write(cmd, answer ? state_member : NULL, answer, out);
        return;
    }
    struct json_writer w;
    json_writer_init(&w, out, false);
    json_begin_object(&w);
    life_member_id(&w, STR("id"), &answer->case_id);
    json_name(&w, STR("share"));
    life_share_write(&answer->share, &w);
    json_end_object(&w);
}
