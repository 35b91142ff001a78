/* plan/syntax/format — prints a file back in canonical layout, in either language, with its comments.
 *
 * Who uses it: `yijie plan format`, plan_hash, the mutation tests. The parser left on every token what it took it for and where a line begins; the
 * printer writes the same tokens in the same order, so nothing can be lost and meaning cannot change. Invariant: what is printed depends on
 * tokens, marks and comments only, never on the blanks of the source (blank lines between comments and clauses excepted, which are kept),
 * so format(parse(format(x))) == format(x); test_format and the fuzz target hold it to that.
 */
#include "plan/syntax/format.h"

#include "plan/syntax/words.h"

enum { LINE_COLUMNS = 100, INDENT_COLUMNS = 2, CONTINUED_COLUMNS = 4, NUMBER_BYTES = 48 };

struct printer {
    const struct plan_source *source;
    const struct plan_token *tokens;
    uint32_t end;
    bool zh, comments;
    struct buf *out;
    size_t column;
    enum plan_layout section; /* of the last section */
};

/* ---- pieces ----------------------------------------------------------------------------------------------- */

/* 39500.50 → 39_500.50: groups of three, no decimals or at least two. */
static struct str number_text(int64_t e6, char out[NUMBER_BYTES]) {
    char digits[24];
    int n = 0, at = NUMBER_BYTES, decimals = 6;
    int64_t fraction = e6 % 1'000'000, whole = e6 / 1'000'000;
    if (fraction == 0) decimals = 0;
    while (decimals > 2 && fraction % 10 == 0) fraction /= 10, decimals--;
    for (int i = 0; i < decimals; i++, fraction /= 10) out[--at] = (char)('0' + fraction % 10);
    if (decimals) out[--at] = '.';
    do digits[n++] = (char)('0' + whole % 10);
    while ((whole /= 10) != 0);
    for (int i = 0; i < n; i++) {
        if (i && i % 3 == 0) out[--at] = '_';
        out[--at] = digits[i];
    }
    return (struct str){out + at, (size_t)(NUMBER_BYTES - at)};
}

static struct str literal_text(const struct printer *x, const struct plan_token *t, char out[NUMBER_BYTES]) {
    int64_t v = 0;
    switch (t->kind) {
    case TOKEN_NUMBER: return plan_token_number(x->source, t, &v) ? number_text(v, out) : plan_token_str(x->source, t);
    case TOKEN_RATIO:
        if (!plan_token_ratio(x->source, t, &v)) return plan_token_str(x->source, t);
        return (struct str){out, ratio_format_percent(v, out)};
    case TOKEN_COMMA: return x->zh ? STR("，") : STR(",");
    case TOKEN_COLON: return x->zh ? STR("：") : STR(":");
    case TOKEN_OPEN: return x->zh ? STR("（") : STR("(");
    case TOKEN_CLOSE: return x->zh ? STR("）") : STR(")");
    default: return plan_token_str(x->source, t);
    }
}

static struct str symbol_text(uint32_t index, bool zh) {
    const struct plan_fact_info *info = plan_fact_info(index >> 8);
    return str_from(plan_symbol_text(&info->words[index & 0xff], zh));
}

static struct str piece_text(const struct printer *x, const struct plan_token *t, char out[NUMBER_BYTES]) {
    uint32_t index = t->mark & 0xffffff, count = 0;
    switch ((enum plan_mark)(t->mark >> 24)) {
    case MARK_AS_WRITTEN: return literal_text(x, t, out);
    case MARK_WORD: return str_from(plan_word_text((enum plan_word)index, x->zh));
    case MARK_CONTINUED: return (struct str){0};
    case MARK_FACT: return str_from(x->zh ? plan_fact_info(index)->zh : plan_fact_info(index)->en);
    case MARK_SYMBOL: return symbol_text(index, x->zh);
    case MARK_KIND: return str_from(plan_kind_text(index, x->zh));
    case MARK_BUCKET: return str_from(plan_bucket_text(index, x->zh));
    case MARK_MODE: return str_from(round_mode_name((enum round_mode)index, x->zh));
    case MARK_STATUS: return str_from(plan_symbol_text(&plan_policy_statuses(&count)[index], x->zh));
    }
    return (struct str){0};
}

static bool is_word(const struct plan_token *t, enum plan_word w) { return t->mark == PLAN_MARK(MARK_WORD, w); }

/* A blank between two pieces of a line. Full-width signs bring their own. */
static bool blank_between(const struct printer *x, const struct plan_token *a, const struct plan_token *b) {
    if (b->kind == TOKEN_COMMA || b->kind == TOKEN_COLON || b->kind == TOKEN_CLOSE || a->kind == TOKEN_OPEN) return false;
    if (b->kind == TOKEN_OPEN && (is_word(a, W_MIN) || is_word(a, W_MAX))) return false;
    if (!x->zh) return true;
    return a->kind != TOKEN_COMMA && a->kind != TOKEN_COLON && !(b->kind == TOKEN_OPEN && a->kind == TOKEN_WORD);
}

/* Each line of a bill in an example stands on a line of its own. */
static bool must_break(const struct plan_token *a, const struct plan_token *b) { return a->kind == TOKEN_COMMA && is_word(b, W_LINE); }

static bool may_break(const struct plan_token *a, const struct plan_token *b) {
    return a->kind == TOKEN_COMMA || is_word(b, W_AND) || is_word(b, W_OR) || is_word(b, W_EXCEPT) || is_word(b, W_ELSE);
}

/* ---- lines ------------------------------------------------------------------------------------------------- */

static void add(struct printer *x, struct str s) {
    buf_add(x->out, s);
    x->column += utf8_columns(s);
}

static void blanks(struct printer *x, size_t n) {
    for (size_t i = 0; i < n; i++) add(x, STR(" "));
}

static void line_end(struct printer *x) {
    buf_add_char(x->out, '\n');
    x->column = 0;
}

/* Where values stand behind the keyword, from the indent of the line; 0: they just follow. */
static size_t value_column(const struct printer *x, enum plan_layout layout) {
    switch (layout) {
    case LAYOUT_HEADER: return x->zh ? 7 : 9;  /* in force · 有效期 */
    case LAYOUT_CLAUSE: return x->zh ? 9 : 11; /* deductible · 计入上限 */
    case LAYOUT_STEP:                          /* expect · 应得 */
    case LAYOUT_ENTRY: return x->zh ? 5 : 7;   /* prefix · 前缀 */
    default: return 0;
    }
}

/* "--x" → "-- x"; rules of dashes stay. */
static void add_comment(struct printer *x, const struct plan_token *t) {
    struct str s = plan_token_str(x->source, t);
    while (s.n > 2 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) s.n--;
    if (s.n > 2 && s.p[2] == '-') {
        add(x, s);
        return;
    }
    add(x, STR("--"));
    s.p += 2, s.n -= 2;
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) s.p++, s.n--;
    if (s.n) add(x, STR(" "));
    add(x, s);
}

static int depth_step(const struct plan_token *t) { return (t->kind == TOKEN_OPEN) - (t->kind == TOKEN_CLOSE); }

/* Columns from token `at` up to where the line may break next; with `outer`, not inside of parentheses that open behind it. */
static size_t run_columns(const struct printer *x, uint32_t at, bool outer) {
    char number[NUMBER_BYTES];
    size_t columns = 0;
    int depth = 0;
    const struct plan_token *last = NULL;
    for (uint32_t i = at; i < x->end && columns <= LINE_COLUMNS; i++) {
        const struct plan_token *t = &x->tokens[i];
        if (t->kind == TOKEN_END || t->kind == TOKEN_COMMENT || (i > at && t->layout != LAYOUT_INSIDE)) break;
        if (t->mark >> 24 == MARK_CONTINUED) continue;
        if (last && may_break(last, t) && (depth <= 0 || !outer)) break;
        columns += (last && blank_between(x, last, t)) + utf8_columns(piece_text(x, t, number));
        depth += depth_step(t);
        last = t;
    }
    return columns;
}

/* What stands in parentheses is broken only when it does not fit on a line of its own. */
static bool breaks_before(const struct printer *x, const struct plan_token *last, uint32_t at, int depth) {
    if (must_break(last, &x->tokens[at])) return true;
    return may_break(last, &x->tokens[at]) && x->column + 1 + run_columns(x, at, depth <= 0) > LINE_COLUMNS;
}

static void new_line(struct printer *x, size_t indent) {
    line_end(x);
    blanks(x, indent);
}

/* Prints the tokens of one line of meaning from `at`, over several lines if need be; returns the token behind it. */
static uint32_t print_line(struct printer *x, uint32_t at) {
    const struct plan_token *first = &x->tokens[at], *last = NULL;
    size_t indent = (size_t)first->level * INDENT_COLUMNS, value = value_column(x, (enum plan_layout)first->layout);
    size_t inner = indent + (value ? value : CONTINUED_COLUMNS);
    bool broken = false; /* a comment ended the line */
    char number[NUMBER_BYTES];
    uint32_t i = at;
    int depth = 0;
    blanks(x, indent);
    for (; i < x->end && x->tokens[i].kind != TOKEN_END; i++) {
        const struct plan_token *t = &x->tokens[i];
        if (i > at && t->layout != LAYOUT_INSIDE) break;
        if (t->kind == TOKEN_COMMENT) {
            uint32_t next = i;
            while (x->tokens[next].kind == TOKEN_COMMENT) next++;
            bool last_of_line = next >= x->end || x->tokens[next].kind == TOKEN_END || x->tokens[next].layout != LAYOUT_INSIDE;
            if (t->at_line_start && last_of_line) break; /* belongs to what follows */
            if (!x->comments) continue;
            if (t->at_line_start) new_line(x, inner);
            else blanks(x, 2);
            add_comment(x, t);
            broken = true;
            continue;
        }
        if (t->mark >> 24 == MARK_CONTINUED) continue;
        if (broken || (last && breaks_before(x, last, i, depth))) new_line(x, inner);
        else if (last == first && value && x->column < indent + value) blanks(x, indent + value - x->column);
        else if (last && blank_between(x, last, t)) blanks(x, 1);
        add(x, piece_text(x, t, number));
        broken = false;
        depth += depth_step(t);
        last = t;
    }
    line_end(x);
    return i;
}

/* ---- sections and comments ----------------------------------------------------------------------------------- */

static bool blank_line_before(const struct printer *x, enum plan_layout layout) {
    switch (layout) {
    case LAYOUT_BLOCK: return true;
    case LAYOUT_FILE: return x->out->n > 0;
    case LAYOUT_HEADER: return x->section != LAYOUT_FILE && x->section != LAYOUT_HEADER;
    case LAYOUT_SHARED: return x->section != LAYOUT_SHARED;
    default: return false;
    }
}

/* True when the source leaves a line empty between the token before `at` and it. */
static bool gap_before(const struct printer *x, uint32_t at) {
    if (at == 0) return false;
    const struct plan_token *a = &x->tokens[at - 1], *b = &x->tokens[at];
    return b->line > a->line + 1;
}

/* Comments that stand alone before the line at `next`, with the indent of that line. */
static void print_comments(struct printer *x, uint32_t at, uint32_t next) {
    bool end = next >= x->end || x->tokens[next].kind == TOKEN_END;
    size_t indent = end ? 0 : (size_t)x->tokens[next].level * INDENT_COLUMNS;
    bool blank = !end && blank_line_before(x, (enum plan_layout)x->tokens[next].layout);
    for (uint32_t i = at; i < next; i++) {
        if (!x->comments) continue;
        if (x->out->n && (blank || gap_before(x, i))) line_end(x);
        blank = false;
        blanks(x, end && x->tokens[i].column > 1 ? INDENT_COLUMNS : indent); /* the last ones: of the file, or of its last section */
        add_comment(x, &x->tokens[i]);
        line_end(x);
    }
    bool gap = x->comments && next > at && !end && gap_before(x, next);
    if (x->out->n && (blank || gap)) line_end(x);
}

static void print_range(struct printer *x, uint32_t at) {
    while (at < x->end) {
        uint32_t next = at;
        while (next < x->end && x->tokens[next].kind == TOKEN_COMMENT) next++;
        print_comments(x, at, next);
        if (next >= x->end || x->tokens[next].kind == TOKEN_END) break;
        const struct plan_token *t = &x->tokens[next];
        if (t->level <= 1) x->section = (enum plan_layout)t->layout;
        at = print_line(x, next);
    }
}

/* ---- the interface ---------------------------------------------------------------------------------------------- */

struct status plan_format(struct arena *a, const struct plan_source *source, const struct plan_file *file, bool zh, struct buf *out) {
    struct plan_tokens tokens;
    struct plan_file *again;
    struct plan_diagnostics *d = ARENA_NEW(a, struct plan_diagnostics);
    if (!d) return status_memory();
    TRY(plan_parse_tokens(a, source, d, &tokens, &again));
    CHECK(d->error_count == 0 && again->zh == file->zh);
    struct printer x = {.source = source, .tokens = tokens.items, .end = tokens.count, .zh = zh, .comments = true, .out = out};
    size_t begin = out->n;
    CHECK(begin == 0); /* layout looks at what was printed */
    print_range(&x, 0);
    return out->failed ? status_memory() : STATUS_OK;
}

/* Where the line of meaning that begins at this byte ends: at the next one that is no deeper. */
static uint32_t section_end(const struct plan_tokens *tokens, uint32_t at) {
    uint32_t i = at + 1;
    while (i + 1 < tokens->count && (tokens->items[i].layout == LAYOUT_INSIDE || tokens->items[i].level > tokens->items[at].level)) i++;
    return i;
}

bool plan_format_section(const struct plan_source *source, const struct plan_tokens *tokens, uint32_t start, struct buf *out) {
    uint32_t at = 0;
    while (at < tokens->count && (tokens->items[at].start != start || tokens->items[at].kind == TOKEN_COMMENT)) at++;
    if (at == tokens->count) return false;
    struct printer x = {.source = source, .tokens = tokens->items, .end = section_end(tokens, at), .out = out};
    print_range(&x, at);
    return !out->failed;
}
