/* life/reverse — REVERSE: a settled case is undone whole, last payer first; READJUDICATE: a settled case is run again with what is known now.
 *
 *   settled ──reverse──► reversed       postings mirrored newest first, counters given back, every share at 0; the bill may be settled again (`replaces`)
 *   later cases that may have used its counters: region "refuse" (default): 409 reverse-later-first, naming them, newest first;
 *                                                region "readjudicate": run again in order, differences posted as adjustments that name both cases
 *
 * A difference in the patient's favour is a payout; against the patient an offset, a receivable, or waived, by region. Closed bills and invoices stay.
 */
#include "cases/life/again.h"
#include "cases/life/share.h"

struct reverse_parsed {
    struct str reason, by;
    const struct json *statutory;
};
struct reverse_answer {
    const struct cases_effect *e;     /* the recorded event; NULL: READJUDICATE */
    struct id128 *later;              /* of a refusal, newest first */
    uint32_t later_count, adjusted;
};

struct status life_reverse_parse(struct cases_command *cmd)
{
    static const char *const members[] = {"reason", "by", ""};
    struct reverse_parsed *p = ARENA_NEW(&cmd->arena, struct reverse_parsed);
    const struct json *body = NULL;
    if (!p) return status_memory();
    TRY(life_body_read(cmd, members, &body));
    TRY(life_body_text(&cmd->arena, body, STR("reason"), LIFE_TEXT_BYTES, &p->reason));
    TRY(life_body_text(&cmd->arena, body, STR("by"), LIMIT_NAME_BYTES, &p->by));
    cmd->parsed = p;
    return STATUS_OK;
}

bool life_case_needs(struct cases_context *x, struct cases_command *cmd)
{
    struct cases_row *row = NULL;
    struct cases_cover *cover = NULL;
    const enum set_state found = cases_row_get(x->set, &cmd->id, &row);
    if (found == SET_WAIT) return false;
    return found == SET_ABSENT || cases_cover_get(x->set, row->cover, &cover) != SET_WAIT;
}

/* ---- refusing -------------------------------------------------------------------------------------------------- */

static struct status later_first(struct life_again *g, struct reverse_answer *answer)
{
    struct arena *a = &g->cmd->arena;
    answer->later = ARENA_ARRAY(a, struct id128, g->later_count + 1);
    if (!answer->later) return status_memory();
    for (uint32_t i = g->later_count; i-- > 0;) answer->later[answer->later_count++] = g->later[i].row->id;
    char hex[33];
    id128_hex(&answer->later[0], hex);
    g->cmd->outcome.detail_zh = arena_printf(a, "须先撤销案件 %s（账单 %.*s）", hex, STR_FMT(g->later[g->later_count - 1].row->bill));
    g->cmd->outcome.detail_en = arena_printf(a, "reverse case %s first (bill %.*s)", hex, STR_FMT(g->later[g->later_count - 1].row->bill));
    life_refuse(g->cmd, CASES_REFUSED_REVERSE_LATER_FIRST);
    return STATUS_OK;
}

/* ---- reversing --------------------------------------------------------------------------------------------------- */

static struct status shares_reverse(struct arena *a, const struct life_recorded *c, struct cases_effect *e)
{
    struct cases_share *list = ARENA_ARRAY(a, struct cases_share, c->share_count + 1);
    if (!list) return status_memory();
    e->shares = list;
    e->share_count = c->share_count;
    for (uint32_t i = 0; i < c->share_count; i++) {
        static const struct cases_clocks none = {0};
        list[i] = c->shares[i];
        list[i].expected = c->shares[i].pay; /* what is undone */
        list[i].pay = 0;
        list[i].state = CASES_SHARE_STATE_REVERSED;
        list[i].clocks = none;
        TRY(life_tasks_move(a, e, list[i].n, &c->shares[i].clocks, &none));
    }
    return STATUS_OK;
}

static struct status reversal_add(struct life_again *g, const struct reverse_parsed *p, struct reverse_answer *answer)
{
    struct arena *a = &g->cmd->arena;
    const struct life_recorded *c = &g->target;
    struct cases_effect *e = ARENA_NEW(a, struct cases_effect);
    struct cases_row *row = ARENA_NEW(a, struct cases_row);
    const struct registry_person *person = NULL;
    struct str sealed = STR("");
    if (!e || !row) return status_memory();
    const struct registry_region *region = registry_region_on(g->x->world, c->row->region, (struct day){c->row->day});
    *row = *c->row;
    row->state = CASES_STATE_REVERSED;
    *e = (struct cases_effect){.type = JOURNAL_CASE_REVERSED, .case_id = row->id, .person = row->person, .cover = row->cover, .row = row,
                               .state = CASES_STATE_REVERSED, .day = life_business_day(region, g->x->now_ms).v, .institution = g->cmd->who.institution, .act_by = p->by};
    struct life_postings postings = {.x = g->x, .a = a, .case_id = row->id, .at_ms = g->x->now_ms, .event = c->count, .day = e->day};
    TRY(life_postings_mirror(&postings, c));
    g->wait = g->wait || postings.wait;
    life_postings_into(&postings, e);
    TRY(shares_reverse(a, c, e));
    TRY(life_deltas_undone(a, c, STR(""), &e->deltas, &e->delta_count));
    if (g->later_count) e->note_code = arena_printf(a, "later-adjusted-%u", (unsigned)g->later_count);
    if (p->reason.n) {
        const enum set_state found = life_person_get(g->x->set, row->cover, &row->person, &person);
        g->wait = g->wait || found == SET_WAIT;
        if (found == SET_FOUND && !person->key_destroyed) {
            struct buf out;
            struct json_writer w;
            buf_init(&out, LIMIT_JSON_BYTES);
            json_writer_init(&w, &out, false);
            json_begin_object(&w);
            json_member_string(&w, STR("reason"), p->reason);
            json_end_object(&w);
            sealed = arena_str(a, buf_view(&out));
            buf_done(&out);
        }
    }
    if (g->wait) return STATUS_OK;
    answer->e = e;
    return life_event_add(g->x, g->cmd, e, person, sealed);
}

static struct status reversed_again(struct cases_command *cmd, struct life_recorded *c, struct reverse_answer *answer)
{
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->effects[i].type != JOURNAL_CASE_REVERSED) continue;
        struct cases_effect *copy = ARENA_NEW(&cmd->arena, struct cases_effect);
        if (!copy) return status_memory();
        *copy = c->effects[i];
        answer->e = copy;
        cmd->outcome.again = true;
        cmd->outcome.http = 200;
        return STATUS_OK;
    }
    life_refuse(cmd, CASES_REFUSED_CASE_IS_REVERSED);
    return STATUS_OK;
}

static struct status reverse_now(struct life_again *g, struct reverse_answer *answer)
{
    TRY(reversal_add(g, g->cmd->parsed, answer));
    if (g->wait) return STATUS_OK;
    TRY(life_again_roll_back(g, true));
    for (uint32_t i = 0; i < g->later_count && !g->wait; i++) TRY(life_again_run(g, &g->later[i], NULL));
    if (!g->wait) g->cmd->outcome.http = 201;
    return STATUS_OK;
}

/* Nothing of a decision that has to wait is kept. */
static struct status waits(struct cases_command *cmd, const struct life_again *g)
{
    cmd->outcome.event_count = 0;
    cmd->outcome.http = 0;
    cmd->outcome.refusal = CASES_OK;
    cmd->outcome.defer = g->defer;
    return STATUS_OK;
}

static struct status target_find(struct life_again *g, struct cases_command *cmd, bool *ret_go)
{
    enum set_state state = SET_FOUND;
    *ret_go = false;
    TRY(life_again_find(g, &cmd->id, &state));
    if (state == SET_ABSENT) {
        life_refuse(cmd, CASES_REFUSED_CASE_UNKNOWN);
        return STATUS_OK;
    }
    if (g->wait || g->defer) return waits(cmd, g);
    if (!life_hospital_may(&cmd->who, g->target.row->hospital)) {
        life_refuse(cmd, CASES_REFUSED_NOT_YOURS);
        return STATUS_OK;
    }
    *ret_go = true;
    return STATUS_OK;
}

/* Rendering comes when the group's memory is gone: what it reads is taken into the command's own. */
static struct status answer_keep(struct cases_command *cmd, struct reverse_answer *answer)
{
    struct arena *a = &cmd->arena;
    struct cases_effect *e = ARENA_NEW(a, struct cases_effect);
    if (!e) return status_memory();
    *e = *answer->e;
    e->shares = ARENA_ARRAY(a, struct cases_share, (size_t)e->share_count + 1);
    if (!e->shares) return status_memory();
    for (uint32_t i = 0; i < e->share_count; i++) {
        e->shares[i] = answer->e->shares[i];
        e->shares[i].payer = arena_str(a, e->shares[i].payer);
        if (!e->shares[i].payer.p) return status_memory();
    }
    if (e->note_code.n) {
        e->note_code = arena_str(a, e->note_code);
        if (!e->note_code.p) return status_memory();
    }
    if (e->row) {
        struct cases_row *row = ARENA_NEW(a, struct cases_row);
        if (!row) return status_memory();
        *row = *e->row;
        row->bill = arena_str(a, row->bill);
        if (!row->bill.p) return status_memory();
        e->row = row;
    }
    answer->e = e;
    return STATUS_OK;
}

static struct status reverse_decide(struct cases_context *x, struct cases_command *cmd)
{
    struct life_again g = {.x = x, .cmd = cmd, .note = "reversed"};
    struct reverse_answer *answer = ARENA_NEW(&cmd->arena, struct reverse_answer);
    bool go = false, closed = false;
    if (!answer) return status_memory();
    cmd->outcome.answer = answer;
    TRY(target_find(&g, cmd, &go));
    if (!go) return STATUS_OK;
    if (g.target.row->state == CASES_STATE_REVERSED) return reversed_again(cmd, &g.target, answer);
    const struct registry_region *region = life_again_region(&g, g.target.row);
    if (cases_day_get(x->set, life_business_day(region, x->now_ms).v, &closed) == SET_WAIT) return waits(cmd, &g);
    if (closed) {
        life_refuse(cmd, CASES_REFUSED_DAY_CLOSED);
        return STATUS_OK;
    }
    if (g.later_count && !region->readjudicate) return later_first(&g, answer);
    TRY(reverse_now(&g, answer));
    return g.wait || g.defer ? waits(cmd, &g) : STATUS_OK;
}

struct status life_reverse_decide(struct cases_context *x, struct cases_command *cmd)
{
    TRY(reverse_decide(x, cmd));
    struct reverse_answer *answer = cmd->outcome.answer;
    return cmd->outcome.http && cmd->outcome.http < 300 && answer->e ? answer_keep(cmd, answer) : STATUS_OK;
}

/* ---- what it answers ----------------------------------------------------------------------------------------------- */

static void later_member(const void *user, struct json_writer *w)
{
    const struct reverse_answer *answer = user;
    json_name(w, STR("later"));
    json_begin_array(w);
    for (uint32_t i = 0; i < answer->later_count; i++) {
        char hex[33];
        id128_hex(&answer->later[i], hex);
        json_string(w, (struct str){hex, 32});
    }
    json_end_array(w);
}

/* What goes back, in the order of undoing: the last payer first. */
static void undone_write(const struct cases_effect *e, struct json_writer *w)
{
    json_name(w, STR("undone"));
    json_begin_array(w);
    for (uint32_t i = e->share_count; i-- > 0;) {
        if (e->shares[i].expected == 0) continue;
        json_begin_object(w);
        json_member_string(w, STR("payer"), e->shares[i].payer);
        json_member_i64(w, STR("amount"), e->shares[i].expected);
        json_end_object(w);
    }
    json_end_array(w);
}

void life_reverse_render(struct cases_command *cmd, struct buf *out)
{
    const struct reverse_answer *answer = cmd->outcome.answer;
    if (cmd->outcome.http >= 300) {
        life_problem_write(cmd, answer && answer->later_count ? later_member : NULL, answer, out);
        return;
    }
    const struct cases_effect *e = answer->e;
    struct json_writer w;
    json_writer_init(&w, out, false);
    json_begin_object(&w);
    life_member_id(&w, STR("id"), &cmd->id);
    json_member_string(&w, STR("state"), STR("reversed"));
    life_member_time(&w, STR("at"), e->at_ms);
    if (e->row) {
        json_member_string(&w, STR("bill"), e->row->bill);
        json_member_i64(&w, STR("revision"), e->row->revision);
        undone_write(e, &w);
        json_name(&w, STR("patient"));
        json_begin_object(&w);
        json_member_i64(&w, STR("account"), e->row->account);
        json_member_i64(&w, STR("cash"), e->row->cash);
        json_member_i64(&w, STR("payout"), e->row->payout);
        json_end_object(&w);
        json_member_i64(&w, STR("hospital"), e->row->hospital_part);
    }
    if (e->note_code.n) json_member_string(&w, STR("note"), e->note_code);
    json_end_object(&w);
}

/* ---- run again with what is known now ---------------------------------------------------------------------------------- */

struct status life_again_parse(struct cases_command *cmd)
{
    static const char *const members[] = {"statutory", ""};
    struct reverse_parsed *p = ARENA_NEW(&cmd->arena, struct reverse_parsed);
    const struct json *body = NULL;
    if (!p) return status_memory();
    TRY(life_body_read(cmd, members, &body));
    p->statutory = json_get(body, STR("statutory"));
    if (p->statutory && p->statutory->kind != JSON_OBJECT) return life_bad(&cmd->arena, "statutory-not-object", STR("statutory"), "须是对象", "must be an object");
    cmd->parsed = p;
    return STATUS_OK;
}

struct status life_again_decide(struct cases_context *x, struct cases_command *cmd)
{
    struct life_again g = {.x = x, .cmd = cmd, .note = "registry-changed"};
    struct reverse_answer *answer = ARENA_NEW(&cmd->arena, struct reverse_answer);
    bool go = false;
    if (!answer) return status_memory();
    cmd->outcome.answer = answer;
    if (cmd->before) { /* it was done: what it changed stands in the events */
        cmd->outcome.again = true;
        cmd->outcome.http = 200;
        return STATUS_OK;
    }
    TRY(target_find(&g, cmd, &go));
    if (!go) return STATUS_OK;
    if (g.target.row->state == CASES_STATE_REVERSED) {
        life_refuse(cmd, CASES_REFUSED_CASE_IS_REVERSED);
        return STATUS_OK;
    }
    const struct reverse_parsed *p = cmd->parsed;
    if (p->statutory) g.note = "statutory-changed";
    TRY(life_again_target(&g, p->statutory));
    if (g.wait || g.defer) return waits(cmd, &g);
    answer->adjusted = g.adjusted;
    if (!cmd->outcome.http) cmd->outcome.http = 200;
    return STATUS_OK;
}

void life_again_render(struct cases_command *cmd, struct buf *out)
{
    const struct reverse_answer *answer = cmd->outcome.answer;
    if (cmd->outcome.http >= 300) {
        life_problem_write(cmd, NULL, NULL, out);
        return;
    }
    struct json_writer w;
    json_writer_init(&w, out, false);
    json_begin_object(&w);
    life_member_id(&w, STR("id"), &cmd->id);
    json_member_i64(&w, STR("adjusted"), answer->adjusted);
    json_end_object(&w);
}
