/* plan/syntax/diagnose — findings: filled templates, and the picture of the place.
 *
 * Who uses it: lexer, parser, checker; cli prints. Invariants: what is printed is one terminal column wide where the picture counts one, so the
 * caret stands under its text also behind Chinese characters and tabs; bytes of strangers never reach the terminal as control sequences.
 * An argument may hold both languages, Chinese first: "数字\x1fnumber".
 */
#include "plan/plan.h"

#include <string.h>

static const struct diagnostic_row {
    enum plan_severity severity;
    const char *code, *zh, *en, *hint_zh, *hint_en;
} rows[] = {
#define X(id, severity, code, zh, en, hint_zh, hint_en) {PLAN_##severity, code, zh, en, hint_zh, hint_en},
#include "plan/syntax/diagnostics.def"
#undef X
};

static const struct diagnostic_row *row_find(const char *code) {
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].code, code) == 0) return &rows[i];
    return NULL;
}

/* ---- templates ------------------------------------------------------------------------------------------ */

enum { ARGUMENT_SEPARATOR = '\x1f' };

/* The half for one language. What is not UTF-8 is not repeated: findings are always valid text. */
static struct str argument_half(struct str s, bool zh) {
    const char *bar = s.n ? memchr(s.p, ARGUMENT_SEPARATOR, s.n) : NULL;
    size_t n = bar ? (size_t)(bar - s.p) : s.n;
    if (bar) s = zh ? (struct str){s.p, n} : (struct str){bar + 1, s.n - n - 1};
    return utf8_check(s) ? s : STR("\xef\xbf\xbd");
}

/* The argument that stands at template[at], or NULL. */
static const struct str *placeholder(struct str template, size_t at, const struct str *a, const struct str *b) {
    struct str rest = {template.p + at, template.n - at};
    if (str_starts(rest, STR("{a}"))) return a;
    return str_starts(rest, STR("{b}")) ? b : NULL;
}

static size_t fill_length(struct str template, struct str a, struct str b) {
    size_t n = 0;
    for (size_t i = 0; i < template.n;) {
        const struct str *argument = placeholder(template, i, &a, &b);
        n += argument ? argument->n : 1;
        i += argument ? 3 : 1;
    }
    return n;
}

/* The template with its arguments; the bare template when there is no memory. */
static struct str fill(struct arena *arena, const char *text, bool zh, struct str arg_a, struct str arg_b) {
    struct str template = str_from(text), a = argument_half(arg_a, zh), b = argument_half(arg_b, zh);
    size_t length = fill_length(template, a, b), n = 0;
    char *out = ARENA_ARRAY(arena, char, length + 1);
    if (!out) return template;
    for (size_t i = 0; i < template.n;) {
        const struct str *argument = placeholder(template, i, &a, &b);
        if (argument && argument->n) memcpy(out + n, argument->p, argument->n);
        if (!argument) out[n] = template.p[i];
        n += argument ? argument->n : 1;
        i += argument ? 3 : 1;
    }
    return (struct str){out, n};
}

void plan_diagnose(struct plan_diagnostics *d, struct arena *a, const char *code, struct plan_place at, struct str arg_a, struct str arg_b) {
    const struct diagnostic_row *row = row_find(code);
    CHECK(row != NULL);
    d->error_count += row->severity == PLAN_ERROR;
    if (d->count == LIMIT_PLAN_DIAGNOSTICS) {
        d->dropped++;
        return;
    }
    d->items[d->count++] = (struct plan_diagnostic){
        .severity = row->severity, .code = row->code, .source = at.source,
        .line = at.line, .column = at.column, .start = at.start, .end = at.end,
        .zh = fill(a, row->zh, true, arg_a, arg_b), .en = fill(a, row->en, false, arg_a, arg_b),
        .hint_zh = fill(a, row->hint_zh, true, arg_a, arg_b), .hint_en = fill(a, row->hint_en, false, arg_a, arg_b),
    };
}

/* ---- the picture ----------------------------------------------------------------------------------------- */

enum { TAB_COLUMNS = 4, PICTURE_COLUMNS = 110, BEFORE_COLUMNS = 60 };

static struct str line_around(struct str text, size_t at, size_t *ret_begin) {
    size_t begin = at < text.n ? at : text.n, end = begin;
    while (begin > 0 && text.p[begin - 1] != '\n') begin--;
    while (end < text.n && text.p[end] != '\n') end++;
    if (end > begin && text.p[end - 1] == '\r') end--;
    *ret_begin = begin;
    return (struct str){text.p + begin, end - begin};
}

/* One character of the picture: what is shown for it, and how many bytes it takes. */
static struct str picture_step(struct str line, size_t at, size_t column, size_t *ret_bytes, size_t *ret_columns) {
    static const char blanks[] = "        ";
    size_t next = at;
    uint32_t cp = 0;
    bool good = utf8_next(line, &next, &cp);
    *ret_bytes = good ? next - at : 1;
    if (good && cp == '\t') {
        *ret_columns = TAB_COLUMNS - column % TAB_COLUMNS;
        return (struct str){blanks, *ret_columns};
    }
    struct str shown = {line.p + at, *ret_bytes};
    *ret_columns = good ? utf8_columns(shown) : 1;
    if (!good || *ret_columns == 0) { /* broken, control, or nothing to see */
        *ret_columns = 1;
        return STR("\xef\xbf\xbd");
    }
    return shown;
}

struct picture {
    size_t from, caret, caret_columns; /* byte where the shown part begins; columns */
    bool cut_before;
};

/* Where the caret stands. Long lines are cut so that it is seen. */
static struct picture picture_plan(struct str line, size_t start, size_t end) {
    struct picture w = {0};
    size_t columns = 0, bytes = 0, wide = 0, begin_column = 0;
    for (size_t at = 0; at < start && at < line.n; at += bytes, columns += wide) {
        (void)picture_step(line, at, columns - begin_column, &bytes, &wide);
        if (columns - begin_column < BEFORE_COLUMNS || start - at > line.n) continue;
        w.from = at;
        begin_column = columns;
        w.cut_before = true;
    }
    w.caret = columns - begin_column;
    size_t column = w.caret;
    for (size_t at = start; at < end && at < line.n; at += bytes, column += wide) (void)picture_step(line, at, column, &bytes, &wide);
    w.caret_columns = column > w.caret ? column - w.caret : 1;
    return w;
}

static void add_blanks(struct buf *out, size_t n) {
    for (size_t i = 0; i < n; i++) buf_add_char(out, ' ');
}

static void print_line(struct str line, const struct picture *w, struct buf *out) {
    size_t bytes = 0, wide = 0, columns = 0;
    if (w->cut_before) buf_add_cstr(out, "… ");
    for (size_t at = w->from; at < line.n && columns < PICTURE_COLUMNS; at += bytes, columns += wide)
        buf_add(out, picture_step(line, at, columns, &bytes, &wide));
    if (columns >= PICTURE_COLUMNS) buf_add_cstr(out, " …");
    buf_add_char(out, '\n');
}

/* The places where colours begin; the empty text without colour. */
struct paint {
    const char *place, *severity, *caret, *hint, *off;
};

static void print_picture(const struct plan_diagnostic *d, const struct paint *paint, struct buf *out) {
    size_t begin = 0;
    struct str line = line_around(d->source->text, d->start, &begin);
    size_t start = d->start > begin ? d->start - begin : 0, end = d->end > d->start ? start + (d->end - d->start) : start + 1;
    struct picture w = picture_plan(line, start, end);
    size_t gutter = 5;
    for (uint32_t rest = d->line / 100'000; rest; rest /= 10) gutter++;
    buf_printf(out, "%*u | ", (int)gutter, d->line);
    print_line(line, &w, out);
    add_blanks(out, gutter);
    buf_add_cstr(out, " | ");
    add_blanks(out, w.caret + (w.cut_before ? 2 : 0));
    buf_add_cstr(out, paint->caret);
    buf_add_char(out, '^');
    size_t room = PICTURE_COLUMNS > w.caret ? PICTURE_COLUMNS - w.caret : 1;
    for (size_t i = 1; i < w.caret_columns && i < room; i++) buf_add_char(out, '~');
    buf_add_cstr(out, paint->off);
    buf_add_char(out, '\n');
}

/* ---- the whole finding --------------------------------------------------------------------------------------- */

static const char *severity_name(enum plan_severity s, bool zh) {
    switch (s) {
    case PLAN_ERROR: return zh ? "错误" : "error";
    case PLAN_WARNING: return zh ? "警告" : "warning";
    case PLAN_NOTE: return zh ? "提示" : "note";
    }
    return "";
}

static const char *verdict_name(enum plan_verdict v, bool zh) {
    switch (v) {
    case PLAN_NO_VERDICT: return NULL;
    case PLAN_PROVEN: return zh ? "已证明" : "proven";
    case PLAN_REFUTED: return zh ? "有反例" : "refuted";
    case PLAN_NOT_DECIDED: return zh ? "未能判定" : "not decided";
    }
    return NULL;
}

/* Words of a stranger inside a message: what a terminal would obey is shown as a replacement character. */
static void add_safely(struct buf *out, struct str s) {
    for (size_t at = 0; at < s.n;) {
        size_t next = at;
        uint32_t cp = 0;
        bool good = utf8_next(s, &next, &cp) && cp >= 0x20 && !(cp >= 0x7f && cp < 0xa0) && !(cp >= 0x202a && cp <= 0x202e) &&
                    !(cp >= 0x2066 && cp <= 0x2069);
        if (next == at) next = at + 1;
        if (good) buf_add(out, (struct str){s.p + at, next - at});
        else buf_add_cstr(out, "\xef\xbf\xbd");
        at = next;
    }
}

static void print_message(const struct plan_diagnostic *d, bool zh, const struct paint *paint, struct buf *out) {
    const char *verdict = verdict_name(d->verdict, zh);
    buf_printf(out, "%s%s%s", paint->severity, severity_name(d->severity, zh), paint->off);
    if (verdict) buf_printf(out, zh ? "（%s）" : " (%s)", verdict);
    buf_add_cstr(out, zh ? "：" : ": ");
    add_safely(out, zh ? d->zh : d->en);
    buf_printf(out, " [%s]\n", d->code);
}

static void print_hint(struct str hint, bool zh, const struct paint *paint, struct buf *out) {
    if (!hint.n) return;
    buf_printf(out, "      %s= %s%s", paint->hint, zh ? "建议：" : "hint: ", paint->off);
    add_safely(out, hint);
    buf_add_char(out, '\n');
}

void plan_diagnostic_print(const struct plan_diagnostic *d, bool zh, bool en, bool colour, struct buf *out) {
    static const struct paint plain = {"", "", "", "", ""};
    static const struct paint error = {"\x1b[1m", "\x1b[1;31m", "\x1b[1;32m", "\x1b[36m", "\x1b[0m"};
    static const struct paint warning = {"\x1b[1m", "\x1b[1;33m", "\x1b[1;32m", "\x1b[36m", "\x1b[0m"};
    const struct paint *paint = !colour ? &plain : d->severity == PLAN_ERROR ? &error : &warning;
    buf_add_cstr(out, paint->place);
    if (d->source) {
        add_safely(out, d->source->name);
        buf_printf(out, ":%u:%u:", d->line, d->column);
    }
    buf_add_cstr(out, paint->off);
    if (d->source) buf_add_char(out, ' ');
    if (zh) print_message(d, true, paint, out);
    if (zh && en) buf_add_cstr(out, "  ");
    if (en || !zh) print_message(d, false, paint, out);
    if (d->source && d->source->text.n) print_picture(d, paint, out);
    if (zh) print_hint(d->hint_zh, true, paint, out);
    if (en || !zh) print_hint(d->hint_en, false, paint, out);
    for (uint32_t i = 0; i < d->show_count; i++) {
        buf_add_cstr(out, "      ");
        add_safely(out, d->shows[i].name);
        buf_printf(out, ": %lld → %lld\n", (long long)d->shows[i].before, (long long)d->shows[i].after);
    }
}
