/* cli/table — aligned tables for people, also with wide characters; used by every command that prints one.
 *
 * A cell may hold a line break (the other language below, dimmed) and is wrapped where its column has a greatest width, at blanks or between
 * wide characters; what continues stands under its own beginning. Invariant: no column is wider than its maximum but by a single character.
 * One column gives way when the whole would be wider than the screen.
 */
#include "cli/command.h"

#include <string.h>

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

/* ---- wrapping ---------------------------------------------------------------------------------------------- */

static size_t indent_of(struct str s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] == ' ') n++;
    return n;
}

/* No line begins with closing punctuation, none ends with an opening one. */
static bool stays_with_former(uint32_t cp)
{
    static const uint32_t closing[] = {0x3001, 0x3002, 0xff0c, 0xff1b, 0xff1a, 0xff09, 0x300d, 0x300b, 0xff01, 0xff1f, 0x201d};
    for (size_t i = 0; i < COUNT_OF(closing); i++) {
        if (cp == closing[i]) return true;
    }
    return false;
}

static bool stays_with_latter(uint32_t cp) { return cp == 0x300c || cp == 0xff08 || cp == 0x300a || cp == 0x201c; }

/* The bytes of the first line of `s` that fit into `columns` (at least one character); a line break ends it. */
static size_t line_bytes(struct str s, size_t columns)
{
    size_t at = 0, used = 0, fits = 0; /* fits: behind the last place where a line may end */
    bool wide_before = false, opened = false;
    const size_t begin = indent_of(s);
    while (at < s.n && s.p[at] != '\n') {
        const size_t from = at;
        uint32_t cp = 0;
        if (!utf8_next(s, &at, &cp)) at++;
        const size_t w = utf8_columns((struct str){s.p + from, at - from});
        if (from > begin && !opened && (wide_before || w == 2 || s.p[from] == ' ') && !stays_with_former(cp)) fits = from;
        if (used + w > columns && from > 0) return fits > 0 ? fits : from;
        used += w;
        wide_before = w == 2;
        opened = stays_with_latter(cp);
    }
    return at;
}

/* A cell while its row is printed. */
struct cell {
    struct str rest;
    size_t indent;
    bool below; /* behind a line break: the other language */
};

/* Takes the next line of a cell. */
static struct str cell_line(struct cell *c, size_t width, bool first)
{
    const size_t room = first || width <= c->indent ? width : width - c->indent;
    const size_t n = line_bytes(c->rest, room);
    struct str line = {c->rest.p, n};
    c->rest.p += n;
    c->rest.n -= n;
    if (c->rest.n > 0 && c->rest.p[0] == '\n') {
        c->rest.p++;
        c->rest.n--;
    } else {
        while (c->rest.n > 0 && c->rest.p[0] == ' ') c->rest.p++, c->rest.n--;
    }
    return line;
}

static size_t cell_width(struct str s)
{
    size_t widest = 0;
    const size_t indent = indent_of(s);
    for (bool first = true; first || s.n > 0; first = false) {
        const size_t n = line_bytes(s, SIZE_MAX);
        const size_t w = utf8_columns((struct str){s.p, n}) + (first ? 0 : indent);
        if (w > widest) widest = w;
        const size_t step = n < s.n ? n + 1 : n;
        s.p += step;
        s.n -= step;
    }
    return widest;
}

/* ---- printing ------------------------------------------------------------------------------------------------ */

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

/* One line of a row; true while some cell has more. Blanks at the end of a line are not written. */
static bool line_print(const struct cli *c, const struct cli_table *t, struct cell *cells, const size_t *width, bool first, struct buf *out)
{
    size_t owed = 0;
    bool more = false;
    for (uint32_t i = 0; i < t->column_count; i++) {
        const bool dim = cells[i].below;
        const char *begin = cells[i].rest.p;
        const struct str line = cell_line(&cells[i], width[i], first);
        if (cells[i].rest.n > 0 && line.n > 0 && begin[line.n] == '\n') cells[i].below = true;
        const size_t lead = first ? 0 : cells[i].indent, used = line.n > 0 ? utf8_columns(line) + lead : 0;
        const size_t pad = width[i] > used ? width[i] - used : 0;
        if (line.n > 0) {
            spaces(out, owed + (t->right[i] ? pad : 0) + lead);
            if (dim) cli_style(c, out, CLI_DIM);
            buf_add(out, line);
            if (dim) cli_style(c, out, CLI_PLAIN);
            owed = t->right[i] ? 0 : pad;
        } else {
            owed += width[i];
        }
        owed += 2;
        more = more || cells[i].rest.n > 0;
    }
    buf_add_char(out, '\n');
    return more;
}

enum { FLEXIBLE_MIN = 16 };

static void width_fit(const struct cli_table *t, size_t *width)
{
    size_t total = (size_t)2 * (t->column_count - 1);
    for (uint32_t i = 0; i < t->column_count; i++) total += width[i];
    if (t->total_max == 0 || total <= t->total_max) return;
    const size_t over = total - t->total_max, now = width[t->flexible];
    width[t->flexible] = now > over + FLEXIBLE_MIN ? now - over : FLEXIBLE_MIN;
}

void cli_table_print(const struct cli *c, const struct cli_table *t, struct buf *out)
{
    CHECK(t->column_count > 0);
    size_t width[COUNT_OF(t->right)] = {0};
    for (uint32_t i = 0; i < t->cell_count; i++) {
        const uint32_t column = i % t->column_count;
        const size_t columns = cell_width(t->cells[i]);
        if (columns > width[column]) width[column] = columns;
        if (t->width_max[column] > 0 && width[column] > t->width_max[column]) width[column] = t->width_max[column];
    }
    width_fit(t, width);
    for (uint32_t i = 0; i + t->column_count <= t->cell_count; i += t->column_count) {
        for (uint32_t r = 0; r < t->rule_count; r++) {
            if (t->rule_after[r] == i / t->column_count) rule_print(c, width, t->column_count, out);
        }
        struct cell cells[COUNT_OF(t->right)];
        for (uint32_t k = 0; k < t->column_count; k++) cells[k] = (struct cell){.rest = t->cells[i + k], .indent = indent_of(t->cells[i + k])};
        bool first = true;
        while (line_print(c, t, cells, width, first, out)) first = false;
    }
}

void cli_wrap(struct cli *c, struct str text)
{
    while (text.n > 0) {
        size_t n = 0;
        while (n < text.n && text.p[n] != '\n') n++;
        struct cli_table t;
        cli_table_init(&t, c->arena, 1, "l");
        t.width_max[0] = c->columns;
        cli_table_add(&t, (struct str){text.p, n});
        cli_table_print(c, &t, &c->out);
        const size_t step = n < text.n ? n + 1 : n;
        text.p += step;
        text.n -= step;
    }
}
