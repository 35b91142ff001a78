/* life/trial — TRIAL: a bill is answered with every share, nothing is held, nothing durable but a person seen for the first time. CANCEL takes a quote back.
 *
 *   bill ──trial──► quoted ──► lapse (15 min; a stay 24 h) | cancel | a new trial of the same bill replaces it | confirm
 *
 * The same request (idempotency key and body) while its quote is open and nothing changed gets the same id and the same bytes.
 */
#include "cases/life/life.h"

struct trial_parsed {
    const struct bill *bill;
    struct life_consent consent;
    struct id128 lookup;
    enum cases_refusal refusal;
    bool looked_up;
};
struct trial_answer {
    struct life_show show;
};

struct status life_trial_parse(struct cases_command *cmd)
{
    struct trial_parsed *t = ARENA_NEW(&cmd->arena, struct trial_parsed);
    const struct json *tree = NULL;
    if (!t) return status_memory();
    TRY(json_parse(&cmd->arena, cmd->body, &tree));
    TRY(life_bill_read(&cmd->arena, tree, &t->bill, &t->refusal));
    bool fine = true;
    TRY(life_consent_read(&cmd->arena, json_get(tree, STR("consent")), &t->consent, &fine));
    if (t->refusal == CASES_OK && !fine) t->refusal = CASES_REFUSED_CONSENT_BAD;
    if (t->bill && !life_hospital_may(&cmd->who, t->bill->hospital)) t->refusal = CASES_REFUSED_NOT_YOURS;
    cmd->parsed = t;
    return STATUS_OK;
}

bool life_trial_needs(struct cases_context *x, struct cases_command *cmd)
{
    struct trial_parsed *t = cmd->parsed;
    const struct cases_quote *open = NULL;
    if (t->refusal != CASES_OK) return true;
    if (!t->looked_up) registry_person_lookup(x->keys, &t->bill->person, t->bill->hospital, &t->lookup);
    t->looked_up = true;
    const bool quote_is_read = cases_quote_of_bill(x->set, t->bill->hospital, t->bill->bill, &open) != SET_WAIT;
    return life_ready_needs(x, t->bill, &t->lookup) && quote_is_read;
}

static struct str token_text(struct cases_context *x, struct arena *a, const struct id128 *id)
{
    char token[LIFE_TOKEN_LETTERS + 1];
    life_token_make(x->keys, id, token);
    return arena_str(a, (struct str){token, LIFE_TOKEN_LETTERS});
}

/* The very quote that this request made before, when it would be made again: then it is answered again. */
static bool quote_is_same(const struct cases_command *cmd, const struct cases_quote *before, const struct cases_quote *now)
{
    return before && !before->cancelled && !id128_is_zero(&cmd->key) && id128_equal(&before->key, &cmd->key) && id128_equal(&before->body, &cmd->body_hash) &&
           digest_equal(&before->answer, &now->answer) && str_eq(before->bill_json, now->bill_json);
}

static struct status trial_finish(struct cases_context *x, struct cases_command *cmd, struct life_ready *r)
{
    struct arena *a = &cmd->arena;
    struct trial_answer *answer = ARENA_NEW(a, struct trial_answer);
    if (!answer) return status_memory();
    answer->show = (struct life_show){.state = "quoted", .run = r->run};
    cmd->outcome.answer = answer;
    if (!settle_answer_settled(&r->run.answer)) {
        life_refuse(cmd, CASES_REFUSED_SETTLE_REFUSED);
        return STATUS_OK;
    }
    const struct id128 id = life_trial_id(x, cmd, r->cover);
    const struct cases_quote *before = NULL, *shown = NULL;
    struct cases_quote *quote = NULL;
    TRY(life_quote_make(x, cmd, r, &id, &quote));
    (void)cases_quote_of_bill(x->set, quote->hospital, quote->bill, &before);
    shown = quote;
    if (quote_is_same(cmd, before, quote)) {
        shown = before;
    } else {
        cmd->outcome.quote = quote;
        if (before) cmd->outcome.quote_drop = before->id;
    }
    answer->show.id = shown->id;
    answer->show.expires_ms = shown->expires_ms;
    answer->show.token = token_text(x, a, &shown->id).p;
    if (!answer->show.token) return status_memory();
    cmd->outcome.made = shown->id;
    cmd->outcome.http = 201;
    return STATUS_OK;
}

struct status life_trial_decide(struct cases_context *x, struct cases_command *cmd)
{
    const struct trial_parsed *t = cmd->parsed;
    if (t->refusal != CASES_OK) {
        life_refuse(cmd, t->refusal);
        return STATUS_OK;
    }
    struct life_ready r = {0};
    r.run.consent = t->consent;
    TRY(life_ready_make(x, cmd, t->bill, &t->lookup, true, &r));
    if (cmd->outcome.http) {
        cmd->outcome.event_count = 0; /* a refused trial registers nobody */
        return STATUS_OK;
    }
    bool wait = false;
    const struct status s = life_settle(x, &cmd->arena, &r, &wait);
    if (wait || status_failed(s)) cmd->outcome.event_count = 0;
    if (wait) return STATUS_OK;
    if (status_failed(s)) return life_refuse_error(cmd, s);
    return trial_finish(x, cmd, &r);
}

static void answer_member(const void *user, struct json_writer *w)
{
    const struct life_show *show = &((const struct trial_answer *)user)->show;
    json_name(w, STR("answer"));
    json_begin_object(w);
    settle_answer_write_members(&show->run.answer, show->run.chain, false, w);
    json_end_object(w);
}

void life_trial_render(struct cases_command *cmd, struct buf *out)
{
    struct trial_answer *answer = cmd->outcome.answer;
    if (cmd->outcome.http == 201) {
        life_show_render(cmd, &answer->show, out);
        return;
    }
    const bool refused = cmd->outcome.refusal == CASES_REFUSED_SETTLE_REFUSED && answer;
    if (refused && status_failed(life_run_again(&cmd->arena, &answer->show.run, true))) answer = NULL;
    life_problem_write(cmd, refused && answer ? answer_member : NULL, answer, out);
}

/* ---- cancel ------------------------------------------------------------------------------------------------------ */

struct status life_cancel_parse(struct cases_command *cmd)
{
    static const char *const members[] = {""};
    const struct json *body = NULL;
    return life_body_read(cmd, members, &body);
}

bool life_cancel_needs(struct cases_context *x, struct cases_command *cmd)
{
    const struct cases_quote *q = NULL;
    return cases_quote_get(x->set, &cmd->id, &q) != SET_WAIT;
}

struct status life_cancel_decide(struct cases_context *x, struct cases_command *cmd)
{
    const struct cases_quote *q = NULL;
    if (cases_quote_get(x->set, &cmd->id, &q) != SET_FOUND) {
        life_refuse(cmd, CASES_REFUSED_TRIAL_UNKNOWN);
        return STATUS_OK;
    }
    if (!life_may_go_on(&cmd->who, q->hospital, q->institution)) {
        life_refuse(cmd, CASES_REFUSED_NOT_YOURS);
        return STATUS_OK;
    }
    if (!q->cancelled) { /* kept until it expires, so that a repeat gets the same answer */
        struct cases_quote *copy = ARENA_NEW(&cmd->arena, struct cases_quote);
        if (!copy) return status_memory();
        *copy = *q;
        copy->cancelled = true;
        cmd->outcome.quote = copy;
    }
    cmd->outcome.http = 200;
    return STATUS_OK;
}

void life_cancel_render(struct cases_command *cmd, struct buf *out)
{
    if (cmd->outcome.http != 200) {
        life_problem_write(cmd, NULL, NULL, out);
        return;
    }
    struct json_writer w;
    json_writer_init(&w, out, false);
    json_begin_object(&w);
    life_member_id(&w, STR("id"), &cmd->id);
    json_member_string(&w, STR("state"), STR("cancelled"));
    json_end_object(&w);
}
