/* life/problem — what a command answers when it does not do it, as application/problem+json, and the small texts that answers share. */
#include "cases/life/life.h"

static const struct {
    const char *zh, *en, *hint_zh, *hint_en;
} words[CASES_REFUSAL_COUNT] = {
    [CASES_OK] = {"", "", "", ""},
#define X(id, code, http, zh, en, hint_zh, hint_en) [CASES_REFUSED_##id] = {zh, en, hint_zh, hint_en},
#include "cases/refusals.def"
#undef X
};

void life_refuse(struct cases_command *cmd, enum cases_refusal r)
{
    cmd->outcome.refusal = r;
    cmd->outcome.http = cases_refusal_http(r);
}

struct status life_refuse_error(struct cases_command *cmd, struct status s)
{
    if (!s.err || s.err == status_memory().err) return s;
    cmd->outcome.error = s.err;
    cmd->outcome.http = 422;
    return STATUS_OK;
}

static void member_two(struct json_writer *w, const char *code, int http, struct str zh, struct str en, struct str hint_zh, struct str hint_en)
{
    struct buf text;
    buf_init(&text, LIFE_TEXT_BYTES);
    buf_printf(&text, "urn:yijie:problem:%s", code);
    json_member_string(w, STR("type"), buf_view(&text));
    buf_clear(&text);
    buf_printf(&text, "%.*s / %.*s", STR_FMT(zh), STR_FMT(en));
    json_member_string(w, STR("title"), text.failed ? en : buf_view(&text));
    buf_done(&text);
    json_member_i64(w, STR("status"), http);
    json_member_string(w, STR("code"), str_from(code));
    json_member_string(w, STR("zh"), zh);
    json_member_string(w, STR("en"), en);
    if (hint_zh.n) json_member_string(w, STR("hint_zh"), hint_zh);
    if (hint_en.n) json_member_string(w, STR("hint_en"), hint_en);
}

/* Further findings of the same pass. */
static void errors_write(const struct error *e, struct json_writer *w)
{
    json_name(w, STR("errors"));
    json_begin_array(w);
    for (; e; e = e->next) {
        json_begin_object(w);
        json_member_string(w, STR("code"), str_from(e->code));
        json_member_string(w, STR("place"), e->place);
        json_member_string(w, STR("zh"), e->zh);
        json_member_string(w, STR("en"), e->en);
        json_end_object(w);
    }
    json_end_array(w);
}

void life_problem_write(const struct cases_command *cmd, void (*more)(const void *user, struct json_writer *w), const void *user, struct buf *out)
{
    const struct cases_outcome *o = &cmd->outcome;
    struct json_writer w;
    json_writer_init(&w, out, false);
    json_begin_object(&w);
    if (o->error) {
        member_two(&w, o->error->code, o->http, o->error->zh, o->error->en, o->error->hint_zh, o->error->hint_en);
        json_member_string(&w, STR("place"), o->error->place);
        errors_write(o->error, &w);
    } else {
        member_two(&w, cases_refusal_code(o->refusal), o->http, str_from(words[o->refusal].zh), str_from(words[o->refusal].en),
                   str_from(words[o->refusal].hint_zh), str_from(words[o->refusal].hint_en));
    }
    if (o->detail_zh.n) json_member_string(&w, STR("detail_zh"), o->detail_zh);
    if (o->detail_en.n) json_member_string(&w, STR("detail"), o->detail_en);
    if (o->refusal == CASES_REFUSED_ALREADY_SETTLED) life_member_id(&w, STR("case"), &o->settled_case);
    if (more) more(user, &w);
    json_end_object(&w);
}

size_t life_time_format(int64_t ms, char out[24])
{
    const int64_t days = ms >= 0 ? ms / LIFE_MS_DAY : -((-ms + LIFE_MS_DAY - 1) / LIFE_MS_DAY);
    const int64_t seconds = (ms - days * LIFE_MS_DAY) / 1000;
    char day[11];
    const size_t n = day_format((struct day){(int32_t)days}, day);
    struct buf text;
    buf_init(&text, 64);
    buf_add(&text, (struct str){day, n});
    buf_printf(&text, "T%02d:%02d:%02dZ", (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
    const size_t length = text.n < 23 ? text.n : 23;
    for (size_t i = 0; i < length; i++) out[i] = text.p[i];
    out[length] = 0;
    buf_done(&text);
    return length;
}

void life_member_time(struct json_writer *w, struct str name, int64_t ms)
{
    char text[24];
    const size_t n = life_time_format(ms, text);
    json_member_string(w, name, (struct str){text, n});
}

void life_member_id(struct json_writer *w, struct str name, const struct id128 *id)
{
    char hex[33];
    id128_hex(id, hex);
    json_member_string(w, name, (struct str){hex, 32});
}
