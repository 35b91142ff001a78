/* life/show — the answer of a settlement as it goes out: run again with reasons, written with id, state and times.
 *
 * The same function writes the first answer, every repeat and the reading of a recorded case, from the same input: so they are the same bytes.
 */
#include "cases/life/life.h"

struct status life_show_members(struct arena *a, struct life_show *s, struct json_writer *w)
{
    TRY(life_run_again(a, &s->run, true));
    life_member_id(w, STR("id"), &s->id);
    json_member_string(w, STR("state"), str_from(s->state));
    if (s->at_ms) life_member_time(w, STR("at"), s->at_ms);
    if (s->expires_ms) life_member_time(w, STR("expires"), s->expires_ms);
    if (s->token) json_member_string(w, STR("token"), str_from(s->token));
    if (!id128_is_zero(&s->replaces)) life_member_id(w, STR("replaces"), &s->replaces);
    settle_answer_write_members(&s->run.answer, s->run.chain, false, w);
    return STATUS_OK;
}

struct status life_show_write(struct arena *a, struct life_show *s, struct json_writer *w)
{
    json_begin_object(w);
    const struct status status = life_show_members(a, s, w);
    json_end_object(w);
    return status;
}

void life_show_render(struct cases_command *cmd, struct life_show *s, struct buf *out)
{
    const size_t before = out->n;
    struct json_writer w;
    json_writer_init(&w, out, false);
    const struct status status = life_show_write(&cmd->arena, s, &w);
    if (!status_failed(status)) return;
    out->n = before; /* only lack of memory: the same run was fine when it was decided */
    cmd->outcome.error = status.err;
    life_problem_write(cmd, NULL, NULL, out);
}
