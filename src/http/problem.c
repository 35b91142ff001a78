/* http/problem — refusals and failures as documents (RFC 9457), in both languages; the texts of this room's own table.
 *
 * Who uses it: exchange.c for what the seam refuses, and through http.h the rooms above for what they refuse, so that all look alike:
 * {"type", "title", "status", "code", "detail", "zh", "en", "hint_zh", "hint_en", "place", "instance", "errors": [{"code", "place", "zh", …}]}.
 */
#include "http/http_internal.h"

#include "codec/codec.h"

#include <string.h>

static const struct {
    int status;
    const char *code, *zh, *en, *hint_zh, *hint_en;
} errors[HTTP_ERROR_COUNT] = {
#define X(id, status, code, zh, en, hint_zh, hint_en) [HTTP_ERROR_##id] = {status, code, zh, en, hint_zh, hint_en},
#include "http/errors.def"
#undef X
};

struct status http_fail(struct arena *a, enum http_error which, struct str place, int number)
{
    const char *reason = number ? strerrordesc_np(number) : NULL;
    struct str zh = str_from(errors[which].zh), en = str_from(errors[which].en);
    if (reason) {
        zh = arena_printf(a, "%s（%s）", errors[which].zh, reason);
        en = arena_printf(a, "%s (%s)", errors[which].en, reason);
        if (!zh.p || !en.p) return status_memory();
    }
    return status_error(a, (struct error){.code = errors[which].code, .place = place, .zh = zh, .en = en,
        .hint_zh = str_from(errors[which].hint_zh), .hint_en = str_from(errors[which].hint_en)});
}

struct http_problem http_error_problem(enum http_error e)
{
    CHECK(e < HTTP_ERROR_COUNT);
    return (struct http_problem){.status = errors[e].status ? errors[e].status : 500, .code = errors[e].code, .zh = str_from(errors[e].zh),
        .en = str_from(errors[e].en), .hint_zh = str_from(errors[e].hint_zh), .hint_en = str_from(errors[e].hint_en)};
}

static void member_if(struct json_writer *w, struct str name, struct str value)
{
    if (value.n > 0) json_member_string(w, name, value);
}

/* "TEXT, hint; TEXT, hint" in the order asked for. */
static void detail_write(const struct http_problem *p, struct json_writer *w)
{
    const struct str zh[2] = {p->zh, p->hint_zh}, en[2] = {p->en, p->hint_en};
    const struct str *first = p->en_first ? en : zh, *second = p->en_first ? zh : en;
    struct buf b;
    buf_init(&b, LIMIT_JSON_TEXT_BYTES);
    const struct str *const order[2] = {first, second};
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        if (i > 0) buf_add_cstr(&b, " / ");
        buf_add(&b, order[i][0]);
        if (order[i][1].n > 0) buf_printf(&b, "%s%.*s", order[i] == zh ? "：" : ": ", STR_FMT(order[i][1]));
    }
    json_member_string(w, STR("detail"), b.failed ? p->en : buf_view(&b));
    buf_done(&b);
}

static void title_write(const struct http_problem *p, struct json_writer *w)
{
    struct buf b;
    buf_init(&b, LIMIT_JSON_TEXT_BYTES);
    const struct str first = p->en_first ? p->en : p->zh, second = p->en_first ? p->zh : p->en;
    buf_printf(&b, "%.*s / %.*s", STR_FMT(first), STR_FMT(second));
    json_member_string(w, STR("title"), p->title.n > 0 ? p->title : b.failed ? p->en : buf_view(&b));
    buf_done(&b);
}

static void findings_write(const struct error *e, struct json_writer *w)
{
    json_name(w, STR("errors"));
    json_begin_array(w);
    for (; e; e = e->next) {
        json_begin_object(w);
        json_member_string(w, STR("code"), str_from(e->code));
        member_if(w, STR("place"), e->place);
        json_member_string(w, STR("zh"), e->zh);
        json_member_string(w, STR("en"), e->en);
        member_if(w, STR("hint_zh"), e->hint_zh);
        member_if(w, STR("hint_en"), e->hint_en);
        json_end_object(w);
    }
    json_end_array(w);
}

void http_problem_write(const struct http_problem *p, struct buf *out)
{
    struct json_writer w;
    json_writer_init(&w, out, false);
    json_begin_object(&w);
    struct buf type;
    buf_init(&type, 512);
    buf_printf(&type, "urn:yijie:problem:%s", p->code);
    json_member_string(&w, STR("type"), type.failed ? STR("about:blank") : buf_view(&type));
    buf_done(&type);
    title_write(p, &w);
    json_member_i64(&w, STR("status"), p->status);
    json_member_string(&w, STR("code"), str_from(p->code));
    detail_write(p, &w);
    json_member_string(&w, STR("zh"), p->zh);
    json_member_string(&w, STR("en"), p->en);
    member_if(&w, STR("hint_zh"), p->hint_zh);
    member_if(&w, STR("hint_en"), p->hint_en);
    member_if(&w, STR("place"), p->place);
    member_if(&w, STR("instance"), p->instance);
    if (p->errors) findings_write(p->errors, &w);
    if (p->extra.n > 0) {
        json_name(&w, p->extra_name);
        json_raw(&w, p->extra);
    }
    json_end_object(&w);
}

void http_problem_of(int status, struct status s, struct buf *out)
{
    CHECK(s.err);
    const struct error *e = s.err;
    http_problem_write(&(struct http_problem){.status = status, .code = e->code, .zh = e->zh, .en = e->en, .hint_zh = e->hint_zh, .hint_en = e->hint_en,
        .place = e->place, .errors = e->next ? e : NULL}, out);
}
