/* life/day — CLOSE_DAY: a business day takes no more postings; DUE: clocks that ran out are recorded and fall out of the list of tasks.
 *
 * Closing is an event of its own; closing a closed day answers the same. An overdue clock changes no money: it marks the share, so that the queue of
 * the claims desk shows it (law articles 22 to 25; the part that is certain is paid by `pay-part`).
 */
#include "cases/life/share.h"

struct day_parsed {
    struct day day;
};
struct day_answer {
    struct day day;
    uint32_t done;
};

struct status life_close_parse(struct cases_command *cmd)
{
    static const char *const members[] = {"hospital", ""};
    struct day_parsed *p = ARENA_NEW(&cmd->arena, struct day_parsed);
    const struct json *body = NULL;
    if (!p) return status_memory();
    TRY(life_body_read(cmd, members, &body));
    if (!day_parse(cmd->part, &p->day)) return life_bad(&cmd->arena, "day-invalid", STR("day"), "须是 yyyy-mm-dd", "must be yyyy-mm-dd");
    cmd->parsed = p;
    return STATUS_OK;
}

bool life_close_needs(struct cases_context *x, struct cases_command *cmd)
{
    const struct day_parsed *p = cmd->parsed;
    bool closed = false;
    return cases_day_get(x->set, p->day.v, &closed) != SET_WAIT;
}

struct status life_close_decide(struct cases_context *x, struct cases_command *cmd)
{
    const struct day_parsed *p = cmd->parsed;
    struct day_answer *answer = ARENA_NEW(&cmd->arena, struct day_answer);
    struct cases_effect *e = ARENA_NEW(&cmd->arena, struct cases_effect);
    bool closed = false;
    if (!answer || !e) return status_memory();
    answer->day = p->day;
    cmd->outcome.answer = answer;
    if (cases_day_get(x->set, p->day.v, &closed) == SET_WAIT) return STATUS_OK;
    const struct registry_region *region = registry_region_find(x->world, STR(""));
    if (p->day.v > life_business_day(region, x->now_ms).v) {
        life_refuse(cmd, CASES_REFUSED_DAY_FUTURE);
        return STATUS_OK;
    }
    cmd->outcome.http = 200;
    cmd->outcome.again = closed;
    if (closed) return STATUS_OK;
    *e = (struct cases_effect){.type = JOURNAL_DAY_CLOSED, .day = p->day.v, .institution = cmd->who.institution};
    return life_event_add(x, cmd, e, NULL, STR(""));
}

void life_close_render(struct cases_command *cmd, struct buf *out)
{
    const struct day_answer *answer = cmd->outcome.answer;
    if (cmd->outcome.http >= 300) {
        life_problem_write(cmd, NULL, NULL, out);
        return;
    }
    struct json_writer w;
    char text[11];
    const size_t n = day_format(answer->day, text);
    json_writer_init(&w, out, false);
    json_begin_object(&w);
    json_member_string(&w, STR("day"), (struct str){text, n});
    json_member_string(&w, STR("state"), STR("closed"));
    json_end_object(&w);
}

/* ---- what is due ------------------------------------------------------------------------------------------------- */

struct status life_due_parse(struct cases_command *cmd)
{
    (void)cmd;
    return STATUS_OK;
}

bool life_due_needs(struct cases_context *x, struct cases_command *cmd)
{
    const struct cases_task *tasks = NULL;
    uint32_t count = 0;
    bool all = true;
    (void)cmd;
    if (cases_tasks_due(x->set, x->now_ms, &tasks, &count) == SET_WAIT) return false;
    for (uint32_t i = 0; i < count; i++) {
        struct cases_row *row = NULL;
        struct cases_share *shares = NULL;
        struct cases_cover *cover = NULL;
        uint32_t share_count = 0;
        const enum set_state found = cases_row_get(x->set, &tasks[i].case_id, &row);
        all = found != SET_WAIT && all;
        all = cases_shares_get(x->set, &tasks[i].case_id, &shares, &share_count) != SET_WAIT && all;
        if (found == SET_FOUND) all = cases_cover_get(x->set, row->cover, &cover) != SET_WAIT && all;
    }
    return all;
}

static struct status due_one(struct cases_context *x, struct cases_command *cmd, const struct cases_task *task)
{
    struct arena *a = &cmd->arena;
    struct cases_row *row = NULL;
    struct cases_share *shares = NULL;
    uint32_t count = 0;
    struct cases_effect *e = ARENA_NEW(a, struct cases_effect);
    struct cases_task *removed = ARENA_NEW(a, struct cases_task);
    if (!e || !removed) return status_memory();
    if (cases_row_get(x->set, &task->case_id, &row) != SET_FOUND || cases_shares_get(x->set, &task->case_id, &shares, &count) != SET_FOUND) return STATUS_OK;
    *removed = *task;
    removed->remove = true;
    const struct registry_region *region = registry_region_on(x->world, row->region, (struct day){row->day});
    *e = (struct cases_effect){.type = JOURNAL_SHARE_CHANGED, .case_id = row->id, .person = row->person, .cover = row->cover, .state = row->state, .tasks = removed,
                               .task_count = 1, .day = life_business_day(region, x->now_ms).v, .act = str_from(life_act_name(LIFE_ACT_OVERDUE)),
                               .note_code = str_from(task->kind < LIFE_CLOCK_COUNT ? life_clock_name((enum life_clock)task->kind) : "")};
    for (uint32_t i = 0; i < count; i++) {
        if (shares[i].n != task->share) continue;
        e->shares = ARENA_NEW(a, struct cases_share);
        if (!e->shares) return status_memory();
        e->shares[0] = shares[i];
        e->share_count = 1;
    }
    return life_event_add(x, cmd, e, NULL, STR(""));
}

struct status life_due_decide(struct cases_context *x, struct cases_command *cmd)
{
    struct day_answer *answer = ARENA_NEW(&cmd->arena, struct day_answer);
    const struct cases_task *tasks = NULL;
    uint32_t count = 0;
    if (!answer) return status_memory();
    cmd->outcome.answer = answer;
    if (cases_tasks_due(x->set, x->now_ms, &tasks, &count) == SET_WAIT) return STATUS_OK;
    for (uint32_t i = 0; i < count; i++) TRY(due_one(x, cmd, &tasks[i]));
    answer->done = count;
    cmd->outcome.http = 200;
    return STATUS_OK;
}

void life_due_render(struct cases_command *cmd, struct buf *out)
{
    const struct day_answer *answer = cmd->outcome.answer;
    struct json_writer w;
    json_writer_init(&w, out, false);
    json_begin_object(&w);
    json_member_i64(&w, STR("done"), answer ? answer->done : 0);
    json_end_object(&w);
}
