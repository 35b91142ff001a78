/* ledger/tests/spec_parse — reads specs: lines of words, and tables between bars. */
#include "ledger/tests/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS_MAX = 16 };

struct parser {
    struct arena *arena;
    const char *file;
    int line;
    struct spec *spec;
    struct spec_step *step;
    int64_t now_ms;
    struct str head[CELLS_MAX]; /* names of the columns of the table we are in */
    uint32_t head_count;
};

static _Noreturn void wrong(const struct parser *p, const char *why, struct str what) {
    (void)fprintf(stderr, "%s:%d: %s: %.*s\n", p->file, p->line, why, STR_FMT(what));
    exit(2);
}

static struct str trim(struct str s) {
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\r')) s = (struct str){s.p + 1, s.n - 1};
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\r')) s.n--;
    return s;
}

/* Cuts off what stands before `end`, which goes too. */
static struct str cut(struct str *rest, char end) {
    const char *at = rest->n ? memchr(rest->p, end, rest->n) : NULL;
    const size_t n = at ? (size_t)(at - rest->p) : rest->n;
    const struct str head = {rest->p, n};
    *rest = at ? (struct str){at + 1, rest->n - n - 1} : (struct str){rest->p + n, 0};
    return head;
}

static struct str word(struct str *rest) {
    *rest = trim(*rest);
    return cut(rest, ' ');
}

/* "12", "-3", "1_000", "max" (largest of 64 bits), "max-5". */
static int64_t number(const struct parser *p, struct str s) {
    char digits[32];
    size_t n = 0;
    int64_t v;
    if (str_eq(s, STR("max"))) return INT64_MAX;
    if (str_starts(s, STR("max-"))) return INT64_MAX - number(p, (struct str){s.p + 4, s.n - 4});
    for (size_t i = 0; i < s.n && n < sizeof digits; i++) {
        if (s.p[i] != '_') digits[n++] = s.p[i];
    }
    if (!decimal_parse((struct str){digits, n}, 0, &v)) wrong(p, "no number", s);
    return v;
}

int64_t spec_account_id(struct str name) {
    struct sha256 h;
    sha256_init(&h);
    const int64_t id = name.n ? ledger_account_id(&h, name) : 0;
    sha256_done(&h);
    return id;
}

struct id128 spec_id(int64_t n) {
    struct id128 id = {{0}};
    for (int i = 0; i < 8; i++) id.b[15 - i] = (uint8_t)((uint64_t)n >> (8 * i));
    return id;
}

/* ---- accounts ---------------------------------------------------------------------------------------------------- */

/* account NAME CURRENCY [debits<=credits] [credits<=debits] [limit N] [memorandum] [closed] */
static struct spec_account account_read(const struct parser *p, struct str rest) {
    struct spec_account a = {.name = word(&rest)};
    const struct str code = word(&rest);
    a.currency = currency_find(code);
    if (!a.currency) wrong(p, "no currency", code);
    for (struct str w = word(&rest); w.n; w = word(&rest)) {
        if (str_eq(w, STR("debits<=credits"))) a.flags |= LEDGER_DEBITS_WITHIN_CREDITS;
        else if (str_eq(w, STR("credits<=debits"))) a.flags |= LEDGER_CREDITS_WITHIN_DEBITS;
        else if (str_eq(w, STR("memorandum"))) a.flags |= LEDGER_MEMORANDUM;
        else if (str_eq(w, STR("closed"))) a.flags |= LEDGER_CLOSED;
        else if (str_eq(w, STR("limit"))) {
            a.flags |= LEDGER_DEBITS_WITHIN_LIMIT;
            a.limit = number(p, word(&rest));
        } else wrong(p, "no property of an account", w);
    }
    return a;
}

/* ---- tables -------------------------------------------------------------------------------------------------------- */

static struct str cell(const struct parser *p, const struct str *cells, struct str column) {
    for (uint32_t i = 0; i < p->head_count; i++) {
        if (str_eq(p->head[i], column)) return cells[i];
    }
    return STR("");
}

static struct str cell_or(const struct parser *p, const struct str *cells, struct str column, struct str otherwise) {
    const struct str s = cell(p, cells, column);
    return s.n ? s : otherwise;
}

static enum ledger_act act_read(const struct parser *p, struct str s) {
    static const char *const names[LEDGER_ACT_COUNT] = {"post", "hold", "confirm", "void", "expire"};
    for (uint32_t i = 0; i < LEDGER_ACT_COUNT; i++) {
        if (str_eq(s, str_from(names[i]))) return (enum ledger_act)i;
    }
    wrong(p, "no act", s);
}

static void transfer_add(struct parser *p, const struct str *cells) {
    if (p->step->transfer_count == SPEC_ROWS_MAX) wrong(p, "too many rows", cells[0]);
    struct spec_transfer *row = &p->step->transfers[p->step->transfer_count++];
    row->line = p->line;
    row->t = (struct ledger_transfer){
        .id = spec_id(number(p, cell(p, cells, STR("id")))),
        .act = act_read(p, cell(p, cells, STR("act"))),
        .pending_id = spec_id(number(p, cell_or(p, cells, STR("hold"), STR("0")))),
        .debit = spec_account_id(cell(p, cells, STR("debit"))),
        .credit = spec_account_id(cell(p, cells, STR("credit"))),
        .amount = number(p, cell_or(p, cells, STR("amount"), STR("0"))),
        .expires_ms = number(p, cell_or(p, cells, STR("until"), STR("0"))),
        .day = (int32_t)number(p, cell_or(p, cells, STR("day"), STR("20000"))),
        .case_id = spec_id(number(p, cell_or(p, cells, STR("case"), STR("0")))),
        .linked = str_eq(cell(p, cells, STR("link")), STR("&")),
    };
    const struct str kind = cell_or(p, cells, STR("kind"), STR("share"));
    if (!ledger_kind_parse(kind, &row->t.kind)) wrong(p, "no kind", kind);
    row->answer = cell(p, cells, STR("answer"));
    for (uint32_t i = 0; i < LEDGER_REFUSAL_COUNT; i++) {
        if (str_eq(row->answer, str_from(ledger_refusal_code((enum ledger_refusal)i)))) return;
    }
    wrong(p, "no answer", row->answer);
}

static void balance_add(struct parser *p, const struct str *cells) {
    static const struct str columns[4] = {STR_INIT("debits held"), STR_INIT("debits"), STR_INIT("credits held"), STR_INIT("credits")};
    if (p->step->balance_count == SPEC_ACCOUNTS_MAX) wrong(p, "too many rows", cells[0]);
    struct spec_balance *b = &p->step->balances[p->step->balance_count++];
    *b = (struct spec_balance){.line = p->line, .name = cell(p, cells, STR("account"))};
    for (size_t i = 0; i < 4; i++) b->sums[i] = number(p, cell_or(p, cells, columns[i], STR("0")));
}

static void hold_add(struct parser *p, const struct str *cells) {
    if (p->step->hold_count == SPEC_ROWS_MAX) wrong(p, "too many rows", cells[0]);
    struct spec_hold *h = &p->step->holds[p->step->hold_count++];
    *h = (struct spec_hold){p->line, number(p, cell(p, cells, STR("id of hold"))), cell(p, cells, STR("state"))};
}

static void step_new(struct parser *p) {
    if (p->spec->step_count == SPEC_STEPS_MAX) wrong(p, "too many tables", p->spec->name);
    p->step = &p->spec->steps[p->spec->step_count++];
    p->step->now_ms = p->now_ms;
}

/* The first row names the columns; by its first name it says what the table holds. A row of dashes is for the eye. */
static void table_row(struct parser *p, struct str line) {
    struct str cells[CELLS_MAX] = {{NULL, 0}};
    uint32_t count = 0;
    line = (struct str){line.p + 1, line.n - 1};
    while (line.n) {
        if (count == CELLS_MAX) wrong(p, "too many columns", line);
        cells[count++] = trim(cut(&line, '|'));
    }
    if (str_starts(cells[0], STR("--"))) return;
    if (str_eq(cells[0], STR("id")) || str_eq(cells[0], STR("account")) || str_eq(cells[0], STR("id of hold"))) {
        memcpy(p->head, cells, sizeof cells);
        p->head_count = count;
        step_new(p);
        return;
    }
    if (!p->head_count) wrong(p, "no such table", cells[0]);
    if (count != p->head_count) wrong(p, "another number of columns", cells[0]);
    if (str_eq(p->head[0], STR("id"))) transfer_add(p, cells);
    else if (str_eq(p->head[0], STR("account"))) balance_add(p, cells);
    else hold_add(p, cells);
}

/* ---- lines ------------------------------------------------------------------------------------------------------------ */

static void spec_new(struct parser *p, struct spec *specs, uint32_t *count, struct str name) {
    if (*count == SPECS_MAX) wrong(p, "too many specs", name);
    p->spec = &specs[(*count)++];
    *p->spec = (struct spec){.file = p->file, .name = name, .steps = ARENA_ARRAY(p->arena, struct spec_step, SPEC_STEPS_MAX)};
    if (!p->spec->steps) wrong(p, "out of memory", name);
    p->now_ms = 0;
}

static void line_read(struct parser *p, struct spec *specs, uint32_t *count, struct str line) {
    struct str rest = line;
    const struct str first = word(&rest);
    if (!first.n || first.p[0] == '#' || first.p[0] != '|') p->head_count = 0; /* a table ends */
    if (!first.n || first.p[0] == '#') return;
    if (str_eq(first, STR("spec"))) {
        spec_new(p, specs, count, trim(rest));
        return;
    }
    if (!p->spec) wrong(p, "a file begins with a spec", line);
    if (first.p[0] == '|') table_row(p, trim(line));
    else if (str_eq(first, STR("zh")) || str_eq(first, STR("en"))) return;
    else if (str_eq(first, STR("at"))) p->now_ms = number(p, word(&rest));
    else if (str_eq(first, STR("change"))) {
        step_new(p);
        p->step->changes[p->step->change_count++] = account_read(p, rest);
    } else if (str_eq(first, STR("account"))) {
        if (p->spec->account_count == SPEC_ACCOUNTS_MAX) wrong(p, "too many accounts", line);
        p->spec->accounts[p->spec->account_count++] = account_read(p, rest);
    } else wrong(p, "not understood", line);
}

void spec_parse(struct arena *a, const char *file, struct str text, struct spec *specs, uint32_t *count) {
    struct parser p = {.arena = a, .file = file};
    while (text.n) {
        p.line++;
        line_read(&p, specs, count, cut(&text, '\n'));
    }
}
