/* life/share — the state table of a share and its clocks, pure. The table is the specification: docs/life.md prints it, a test holds both together. */
#include "cases/life/share.h"

static const char *const act_names[LIFE_ACT_COUNT] = {
#define X(id, name, zh, en) name,
#include "cases/life/acts.def"
#undef X
};

static const struct {
    const char *zh, *en;
    int32_t days, article;
} clocks[LIFE_CLOCK_COUNT] = {
#define X(id, days, article, zh, en) {zh, en, days, article},
#include "cases/life/clocks.def"
#undef X
};

/* Every pair that is allowed; all others are refused. */
static const struct {
    enum cases_share_state from;
    enum life_act act;
    enum cases_share_state to;
} moves[] = {
    {CASES_SHARE_STATE_LATER, LIFE_ACT_PAPERS_ASK, CASES_SHARE_STATE_LATER},
    {CASES_SHARE_STATE_LATER, LIFE_ACT_PAPERS_ADD, CASES_SHARE_STATE_LATER},
    {CASES_SHARE_STATE_LATER, LIFE_ACT_PAPERS_COMPLETE, CASES_SHARE_STATE_LATER},
    {CASES_SHARE_STATE_LATER, LIFE_ACT_REVIEW, CASES_SHARE_STATE_LATER},
    {CASES_SHARE_STATE_LATER, LIFE_ACT_INVESTIGATE, CASES_SHARE_STATE_LATER},
    {CASES_SHARE_STATE_LATER, LIFE_ACT_PAY_PART, CASES_SHARE_STATE_LATER},
    {CASES_SHARE_STATE_LATER, LIFE_ACT_DECIDE_PAY, CASES_SHARE_PAID},
    {CASES_SHARE_STATE_LATER, LIFE_ACT_DECIDE_REFUSE, CASES_SHARE_STATE_REFUSED},
    {CASES_SHARE_STATE_LATER, LIFE_ACT_OVERDUE, CASES_SHARE_STATE_LATER},
    {CASES_SHARE_STATE_REFUSED, LIFE_ACT_PAPERS_ADD, CASES_SHARE_STATE_REFUSED},
    {CASES_SHARE_STATE_REFUSED, LIFE_ACT_DISPUTE, CASES_SHARE_DISPUTED},
    {CASES_SHARE_STATE_REFUSED, LIFE_ACT_OVERDUE, CASES_SHARE_STATE_REFUSED},
    {CASES_SHARE_DISPUTED, LIFE_ACT_PAPERS_ADD, CASES_SHARE_DISPUTED},
    {CASES_SHARE_DISPUTED, LIFE_ACT_UPHOLD, CASES_SHARE_UPHELD},
    {CASES_SHARE_DISPUTED, LIFE_ACT_CHANGE, CASES_SHARE_CHANGED},
    {CASES_SHARE_PAID, LIFE_ACT_PAPERS_ADD, CASES_SHARE_PAID},
    {CASES_SHARE_PAID, LIFE_ACT_PAID, CASES_SHARE_PAID},
    {CASES_SHARE_PAID, LIFE_ACT_RECOVER, CASES_SHARE_RECOVERED},
    {CASES_SHARE_PAID, LIFE_ACT_OVERDUE, CASES_SHARE_PAID},
    {CASES_SHARE_CHANGED, LIFE_ACT_PAID, CASES_SHARE_CHANGED},
    {CASES_SHARE_CHANGED, LIFE_ACT_RECOVER, CASES_SHARE_RECOVERED},
    {CASES_SHARE_CHANGED, LIFE_ACT_OVERDUE, CASES_SHARE_CHANGED},
};

const char *life_act_name(enum life_act act) { return act_names[act]; }
const char *life_clock_name(enum life_clock c)
{
    static const char *const names[LIFE_CLOCK_COUNT] = {[LIFE_CLOCK_DECIDE] = "decide-by", [LIFE_CLOCK_PAY] = "pay-by", [LIFE_CLOCK_NOTICE] = "notice-by",
                                                        [LIFE_CLOCK_UNDISPUTED] = "undisputed-by"};
    return names[c];
}
int64_t life_clock_ms(enum life_clock c) { return clocks[c].days * LIFE_MS_DAY; }

bool life_act_parse(struct str name, enum life_act *ret)
{
    for (int i = 0; i < LIFE_ACT_COUNT; i++) {
        if (!str_eq(name, str_from(act_names[i]))) continue;
        *ret = (enum life_act)i;
        return true;
    }
    return false;
}

bool life_act_allowed(enum cases_share_state from, enum life_act act, enum cases_share_state *ret_to)
{
    for (size_t i = 0; i < COUNT_OF(moves); i++) {
        if (moves[i].from != from || moves[i].act != act) continue;
        *ret_to = moves[i].to;
        return true;
    }
    return false;
}

/* ---- clocks ---------------------------------------------------------------------------------------------- */

bool life_papers_awaited(const struct cases_clocks *c) { return c->papers_asked_ms && !c->papers_complete_ms; }

int64_t life_clock_due(const struct cases_clocks *c, enum life_clock which)
{
    switch (which) {
    case LIFE_CLOCK_DECIDE: return life_papers_awaited(c) ? 0 : c->decide_by_ms;
    case LIFE_CLOCK_PAY: return c->pay_by_ms;
    case LIFE_CLOCK_NOTICE: return c->notice_by_ms;
    case LIFE_CLOCK_UNDISPUTED: return life_papers_awaited(c) ? 0 : c->undisputed_by_ms;
    case LIFE_CLOCK_COUNT: break;
    }
    return 0;
}

static void decided(struct cases_clocks *c) { c->decide_by_ms = c->undisputed_by_ms = 0; }

void life_clocks_move(struct cases_clocks *c, enum life_act act, int64_t now_ms)
{
    switch (act) {
    case LIFE_ACT_PAPERS_ASK: c->papers_asked_ms = now_ms; return;
    case LIFE_ACT_PAPERS_COMPLETE:
        if (life_papers_awaited(c)) c->decide_by_ms += now_ms - c->papers_asked_ms; /* it stood still */
        c->papers_complete_ms = now_ms;
        c->undisputed_by_ms = now_ms + life_clock_ms(LIFE_CLOCK_UNDISPUTED);
        return;
    case LIFE_ACT_PAY_PART: c->undisputed_by_ms = 0; return;
    case LIFE_ACT_DECIDE_PAY:
    case LIFE_ACT_CHANGE:
        decided(c);
        c->notice_by_ms = 0;
        c->agreed_ms = now_ms;
        c->pay_by_ms = now_ms + life_clock_ms(LIFE_CLOCK_PAY);
        return;
    case LIFE_ACT_DECIDE_REFUSE:
        decided(c);
        c->refused_ms = now_ms;
        c->notice_by_ms = now_ms + life_clock_ms(LIFE_CLOCK_NOTICE);
        return;
    case LIFE_ACT_DISPUTE:
    case LIFE_ACT_UPHOLD: c->notice_by_ms = 0; return;
    case LIFE_ACT_PAID:
    case LIFE_ACT_RECOVER: c->pay_by_ms = 0; return;
    default: return;
    }
}

/* ---- tasks: the clocks that will ring ------------------------------------------------------------------------- */

static struct id128 task_id(const struct id128 *case_id, uint32_t share, enum life_clock which, int64_t due_ms)
{
    const int64_t seed[2] = {(int64_t)share, (int64_t)which};
    const uint64_t hash = str_hash(id128_view(case_id)) ^ str_hash((struct str){(const char *)seed, sizeof seed});
    return id128_make(due_ms, (uint16_t)(share << 3U | (uint32_t)which), hash);
}

static struct status task_add(struct arena *a, struct cases_effect *e, uint32_t share, enum life_clock which, int64_t due_ms, bool remove)
{
    struct cases_task *tasks = ARENA_ARRAY(a, struct cases_task, e->task_count + 1);
    if (!tasks) return status_memory();
    for (uint32_t i = 0; i < e->task_count; i++) tasks[i] = e->tasks[i];
    tasks[e->task_count++] = (struct cases_task){.id = task_id(&e->case_id, share, which, due_ms), .case_id = e->case_id, .due_ms = due_ms, .kind = (uint32_t)which,
                                                 .share = share, .remove = remove};
    e->tasks = tasks;
    return STATUS_OK;
}

struct status life_tasks_move(struct arena *a, struct cases_effect *e, uint32_t share, const struct cases_clocks *before, const struct cases_clocks *after)
{
    for (int i = 0; i < LIFE_CLOCK_COUNT; i++) {
        const enum life_clock which = (enum life_clock)i;
        const int64_t old = life_clock_due(before, which), now = life_clock_due(after, which);
        if (old == now) continue;
        if (old) TRY(task_add(a, e, share, which, old, true));
        if (now) TRY(task_add(a, e, share, which, now, false));
    }
    return STATUS_OK;
}

struct status life_clocks_start(struct cases_context *x, struct arena *a, struct cases_effect *e)
{
    static const struct cases_clocks none = {0};
    for (uint32_t i = 0; i < e->share_count; i++) {
        struct cases_share *s = &e->shares[i];
        if (s->state != CASES_SHARE_STATE_LATER || s->clocks.opened_ms) continue;
        s->clocks.opened_ms = x->now_ms;
        s->clocks.decide_by_ms = x->now_ms + life_clock_ms(LIFE_CLOCK_DECIDE);
        s->clocks.undisputed_by_ms = x->now_ms + life_clock_ms(LIFE_CLOCK_UNDISPUTED);
        TRY(life_tasks_move(a, e, s->n, &none, &s->clocks));
    }
    return STATUS_OK;
}

/* ---- as JSON ------------------------------------------------------------------------------------------------------ */

static void time_or_none(struct json_writer *w, struct str name, int64_t ms)
{
    if (ms) life_member_time(w, name, ms);
}

static void clocks_write(const struct cases_clocks *c, struct json_writer *w)
{
    json_name(w, STR("clocks"));
    json_begin_object(w);
    time_or_none(w, STR("opened"), c->opened_ms);
    time_or_none(w, STR("papers_asked"), c->papers_asked_ms);
    time_or_none(w, STR("papers_complete"), c->papers_complete_ms);
    time_or_none(w, STR("agreed"), c->agreed_ms);
    time_or_none(w, STR("refused"), c->refused_ms);
    time_or_none(w, STR("decide_by"), life_clock_due(c, LIFE_CLOCK_DECIDE));
    time_or_none(w, STR("pay_by"), life_clock_due(c, LIFE_CLOCK_PAY));
    time_or_none(w, STR("notice_by"), life_clock_due(c, LIFE_CLOCK_NOTICE));
    time_or_none(w, STR("undisputed_by"), life_clock_due(c, LIFE_CLOCK_UNDISPUTED));
    json_end_object(w);
}

static void allowed_write(const struct cases_share *s, struct json_writer *w)
{
    json_name(w, STR("allowed"));
    json_begin_array(w);
    for (int i = 0; i < LIFE_ACT_COUNT; i++) {
        enum cases_share_state to;
        const bool asked = i == LIFE_ACT_PAPERS_ASK && s->clocks.papers_asked_ms;
        if (i != LIFE_ACT_OVERDUE && !asked && life_act_allowed(s->state, (enum life_act)i, &to)) json_string(w, str_from(act_names[i]));
    }
    json_end_array(w);
}

void life_share_write(const struct cases_share *s, struct json_writer *w)
{
    json_begin_object(w);
    json_member_string(w, STR("payer"), s->payer);
    if (s->policy.n) json_member_string(w, STR("policy"), s->policy);
    if (s->owner.n) json_member_string(w, STR("owner"), s->owner);
    json_member_string(w, STR("state"), str_from(cases_share_state_name(s->state)));
    json_member_string(w, STR("state_zh"), str_from(cases_share_state_text(s->state, true)));
    json_member_string(w, STR("state_en"), str_from(cases_share_state_text(s->state, false)));
    if (s->reason != CASES_NOT_LATER) {
        json_member_string(w, STR("reason"), str_from(cases_later_name(s->reason)));
        json_member_string(w, STR("reason_zh"), str_from(cases_later_text(s->reason, true)));
        json_member_string(w, STR("reason_en"), str_from(cases_later_text(s->reason, false)));
    }
    json_member_i64(w, STR("pay"), s->pay);
    json_member_i64(w, STR("expected"), s->expected);
    json_member_string(w, STR("pay_to"), s->to_patient ? STR("patient") : STR("hospital"));
    clocks_write(&s->clocks, w);
    allowed_write(s, w);
    json_end_object(w);
}

struct cases_share *life_share_find(struct cases_share *shares, uint32_t count, struct str payer)
{
    for (uint32_t i = 0; i < count; i++) {
        if (str_eq(shares[i].payer, payer)) return &shares[i];
    }
    return NULL;
}
