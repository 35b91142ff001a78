/* cli/print — failures, diagnostics, tables, colours and progress: how everything that people read is written. */
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

static void error_text(const struct cli *c, const struct error *e, const char *file, struct buf *out)
{
    if (file) buf_printf(out, "%s: ", file);
    if (e->place.n > 0) {
        buf_add(out, e->place);
        buf_add_cstr(out, ": ");
    }
    style_write(c->colour_err, out, CLI_RED);
    buf_add_cstr(out, e->code);
    style_write(c->colour_err, out, CLI_PLAIN);
    buf_add_cstr(out, ": ");
    cli_text(c, out, e->zh, e->en);
    buf_add_char(out, '\n');
    if (e->hint_zh.n > 0 || e->hint_en.n > 0) {
        buf_add_cstr(out, c->zh ? "  提示 " : "  hint ");
        cli_text(c, out, e->hint_zh, e->hint_en);
        buf_add_char(out, '\n');
    }
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
    static const char *const codes[] = {"out-of-memory", "file-write", "file-not-durable", "file-locked", "file-lock", "output-write", "random-unavailable", "program-invalid"};
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

/* ---- tables -------------------------------------------------------------------------------------------------- */

void cli_table_init(struct cli_table *t, struct arena *a, uint32_t columns, const char *align)
{
    *t = (struct cli_table){.arena = a, .column_count = columns};
    CHECK(columns <= COUNT_OF(t->right) && strlen(align) == columns);
    for (uint32_t i = 0; i < columns; i++) t->right[i] = align[i] == 'r';
}

void cli_table_add(struct cli_table *t, struct str cell)
{
    struct str *slot = ARENA_PUSH(t->arena, t->cells, t->cell_count, t->cell_cap);
    CHECK(slot); /* the arena of a command is large; a table of a screen cannot fill it */
    *slot = cell;
}

void cli_table_rule(struct cli_table *t)
{
    if (t->rule_count < COUNT_OF(t->rule_after)) t->rule_after[t->rule_count++] = t->cell_count / t->column_count;
}

static void spaces(struct buf *out, size_t n)
{
    while (n-- > 0) buf_add_char(out, ' ');
}

static void rule_print(const struct cli *c, const size_t *width, uint32_t columns, struct buf *out)
{
    cli_style(c, out, CLI_DIM);
    for (uint32_t i = 0; i < columns; i++) {
        for (size_t k = 0; k < width[i] + (i + 1 < columns ? 2 : 0); k++) buf_add_cstr(out, "─");
    }
    cli_style(c, out, CLI_PLAIN);
    buf_add_char(out, '\n');
}

void cli_table_print(const struct cli *c, const struct cli_table *t, struct buf *out)
{
    size_t width[COUNT_OF(t->right)] = {0};
    for (uint32_t i = 0; i < t->cell_count; i++) {
        const size_t columns = utf8_columns(t->cells[i]);
        if (columns > width[i % t->column_count]) width[i % t->column_count] = columns;
    }
    for (uint32_t i = 0; i < t->cell_count; i++) {
        const uint32_t column = i % t->column_count;
        if (column == 0) {
            for (uint32_t r = 0; r < t->rule_count; r++) {
                if (t->rule_after[r] == i / t->column_count) rule_print(c, width, t->column_count, out);
            }
        }
        const size_t pad = width[column] - utf8_columns(t->cells[i]);
        if (t->right[column]) spaces(out, pad);
        buf_add(out, t->cells[i]);
        if (column + 1 < t->column_count) spaces(out, (t->right[column] ? 0 : pad) + 2);
        else buf_add_char(out, '\n');
    }
}
