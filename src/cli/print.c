/* cli/print — failures, diagnostics, colours and progress: how everything that people read is written. Tables: table.c. */
#include "cli/command.h"

#include <string.h>
#include <unistd.h>

/* ---- languages and colours ---------------------------------------------------------------------------- */

void cli_text(const struct cli *c, struct buf *out, struct str zh, struct str en)
{
    if (zh.n == 0 || (!c->zh && en.n > 0)) {
        buf_add(out, en);
        return;
    }
    buf_add(out, zh);
    if (c->zh && c->en && en.n > 0 && !str_eq(zh, en)) {
        buf_add_cstr(out, " / ");
        buf_add(out, en);
    }
}

struct str cli_pair(const struct cli *c, struct str zh, struct str en, size_t columns)
{
    struct buf b;
    buf_init(&b, LIMIT_JSON_TEXT_BYTES);
    cli_text(c, &b, zh, en);
    const bool broken = c->zh && c->en && zh.n > 0 && en.n > 0 && !str_eq(zh, en) && utf8_columns(buf_view(&b)) > columns;
    const struct str s = broken ? arena_printf(c->arena, "%.*s\n%.*s", STR_FMT(zh), STR_FMT(en)) : arena_str(c->arena, buf_view(&b));
    buf_done(&b);
    CHECK(s.p);
    return s;
}

static void style_write(bool colour, struct buf *out, enum cli_style s)
{
    static const char *const codes[] = {[CLI_PLAIN] = "0", [CLI_BOLD] = "1", [CLI_DIM] = "2", [CLI_RED] = "31",
                                        [CLI_GREEN] = "32", [CLI_YELLOW] = "33", [CLI_BLUE] = "34"};
    if (colour) buf_printf(out, "\033[%sm", codes[s]);
}

void cli_style(const struct cli *c, struct buf *out, enum cli_style s)
{
    style_write(c->colour, out, s);
}

/* ---- failures ------------------------------------------------------------------------------------------- */

/* A text in each language on a line of its own; the first goes on the line that was begun. */
static void lines_add(const struct cli *c, struct buf *out, const char *begin_zh, struct str zh, const char *begin_en, struct str en)
{
    const bool both = c->zh && c->en && zh.n > 0 && en.n > 0 && !str_eq(zh, en);
    if (c->zh && zh.n > 0) {
        buf_add_cstr(out, begin_zh);
        buf_add(out, zh);
        buf_add_char(out, '\n');
        if (!both) return;
        style_write(c->colour_err, out, CLI_DIM);
        buf_add_cstr(out, begin_en[0] ? begin_en : "  ");
    } else {
        buf_add_cstr(out, begin_en);
    }
    buf_add(out, en.n > 0 ? en : zh);
    if (both) style_write(c->colour_err, out, CLI_PLAIN);
    buf_add_char(out, '\n');
}

static void error_text(const struct cli *c, const struct error *e, const char *file, struct buf *out)
{
    if (file) buf_printf(out, "%s: ", file);
    if (e->place.n > 0 && !(file && str_eq(e->place, str_from(file)))) {
        buf_add(out, e->place);
        buf_add_cstr(out, ": ");
    }
    style_write(c->colour_err, out, CLI_RED);
    buf_add_cstr(out, e->code);
    style_write(c->colour_err, out, CLI_PLAIN);
    buf_add_cstr(out, ": ");
    lines_add(c, out, "", e->zh, "", e->en);
    if (e->hint_zh.n > 0 || e->hint_en.n > 0) lines_add(c, out, "  提示 ", e->hint_zh, "  hint ", e->hint_en);
}

static void error_json(const struct error *e, const char *file, struct buf *out)
{
    struct json_writer w;
    json_writer_init(&w, out, false);
    json_begin_object(&w);
    json_member_string(&w, STR("code"), str_from(e->code));
    if (file) json_member_string(&w, STR("file"), str_from(file));
    json_member_string(&w, STR("place"), e->place);
    json_member_string(&w, STR("zh"), e->zh);
    json_member_string(&w, STR("en"), e->en);
    json_member_string(&w, STR("hint_zh"), e->hint_zh);
    json_member_string(&w, STR("hint_en"), e->hint_en);
    json_end_object(&w);
    buf_add_char(out, '\n');
}

/* The system failed, not the input: memory, a full disk, a lock held by another, a defect. A file that cannot be read as named is bad input. */
static bool is_failure(const struct error *e)
{
    static const char *const codes[] = {"out-of-memory", "file-write", "file-not-durable", "file-locked", "file-lock", "output-write", "state-too-large", "random-unavailable", "program-invalid", "http-no-answer"};
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        if (strcmp(e->code, codes[i]) == 0) return true;
    }
    return false;
}

int cli_fail(struct cli *c, struct status s, const char *file)
{
    int code = CLI_BAD_INPUT;
    struct buf out;
    buf_init(&out, CLI_OUT_BYTES);
    for (const struct error *e = s.err; e; e = e->next) {
        if (c->json) error_json(e, file, &out);
        else error_text(c, e, file, &out);
        for (const struct error *cause = e->cause; cause && !c->json; cause = cause->cause) error_text(c, cause, file, &out);
        if (is_failure(e)) code = CLI_FAILURE;
    }
    fwrite(out.p ? out.p : "", 1, out.n, c->err);
    buf_done(&out);
    return code;
}

int cli_usage(struct cli *c, const char *code, const char *zh, const char *en, const char *what)
{
    const char *command = c->command ? c->command->path : "";
    const struct error e = {.code = code,
        .place = arena_printf(c->arena, "yijie%s%s", command[0] ? " " : "", command),
        .zh = arena_printf(c->arena, "%s：%s", zh, what),
        .en = arena_printf(c->arena, "%s: %s", en, what),
        .hint_zh = arena_printf(c->arena, "用法见 yijie help%s%s", command[0] ? " " : "", command),
        .hint_en = arena_printf(c->arena, "see yijie help%s%s", command[0] ? " " : "", command)};
    cli_fail(c, (struct status){&e}, NULL);
    return CLI_BAD_INPUT;
}

bool cli_diagnostics(struct cli *c, const struct plan_diagnostics *d)
{
    struct buf out;
    buf_init(&out, CLI_OUT_BYTES);
    for (uint32_t i = 0; i < d->count; i++) plan_diagnostic_print(&d->items[i], c->zh, c->en, c->colour_err, &out);
    if (d->dropped > 0) buf_printf(&out, "… +%u\n", (unsigned)d->dropped);
    fwrite(out.p ? out.p : "", 1, out.n, c->err);
    buf_done(&out);
    return d->error_count > 0;
}

/* ---- progress ---------------------------------------------------------------------------------------------- */

void cli_progress(struct cli *c, const char *zh, const char *en, uint64_t done, uint64_t total)
{
    enum { WIDTH = 30 };
    if (!isatty(fileno(c->err)) || total == 0) return;
    char bar[WIDTH + 1];
    const uint64_t filled = done >= total ? WIDTH : done * WIDTH / total;
    for (uint64_t i = 0; i < WIDTH; i++) bar[i] = i < filled ? '#' : '.';
    bar[WIDTH] = 0;
    fprintf(c->err, "\r%s [%s] %llu/%llu", c->zh ? zh : en, bar, (unsigned long long)done, (unsigned long long)total);
    fflush(c->err);
}

void cli_progress_end(struct cli *c)
{
    if (isatty(fileno(c->err))) fputs("\r\033[K", c->err);
}

bool cli_number(struct cli *c, enum cli_option o, int64_t min, int64_t max, int64_t *ret)
{
    const char *text = c->option[o];
    int64_t v = 0;
    if (!text) return true;
    if (!decimal_parse(str_from(text), 0, &v) || v < min || v > max) {
        (void)cli_usage(c, "bad-number", "不是合适的整数", "not a suitable whole number", text);
        return false;
    }
    *ret = v;
    return true;
}
