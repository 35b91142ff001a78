/* plan/mutants/mutant — makes the mutants of a text, from the marks that the parser leaves on its tokens.
 *
 * Who uses it: mutants/judge.c. Every operator looks at one token or one clause; what it writes is in the language of the file, so that a mutant fails
 * for its meaning and not for its spelling.
 */
#include "plan/mutants/mutant.h"

#include <stdio.h>
#include <string.h>

#include "plan/syntax/parse.h"
#include "plan/check/sites.h"

struct maker {
    struct arena *a;
    const struct plan_source *source;
    struct plan_tokens tokens;
    struct mutations *out;
    bool no_memory;
    enum plan_word section, clause; /* the words that began them */
    uint32_t clause_at;             /* token */
};

static const struct plan_token *at(const struct maker *m, uint32_t i) { return &m->tokens.items[i]; }
static struct str text_of(const struct maker *m, uint32_t i) { return plan_token_str(m->source, at(m, i)); }

static bool is_mark(const struct maker *m, uint32_t i, enum plan_mark mark) {
    return at(m, i)->mark >> 24 == (uint32_t)mark;
}
static uint32_t mark_index(const struct maker *m, uint32_t i) { return at(m, i)->mark & 0xffffffU; }
static bool is_word(const struct maker *m, uint32_t i, enum plan_word w) {
    return is_mark(m, i, MARK_WORD) && mark_index(m, i) == (uint32_t)w;
}

/* The token behind i, comments left out. */
static uint32_t next_of(const struct maker *m, uint32_t i) {
    do i++;
    while (i + 1 < m->tokens.count && at(m, i)->kind == TOKEN_COMMENT);
    return i < m->tokens.count ? i : m->tokens.count - 1;
}
static uint32_t before_of(const struct maker *m, uint32_t i) {
    while (i > 0 && at(m, --i)->kind == TOKEN_COMMENT) continue;
    return i;
}

/* The last token of a word of several. */
static uint32_t word_end(const struct maker *m, uint32_t i) {
    while (is_mark(m, next_of(m, i), MARK_CONTINUED)) i = next_of(m, i);
    return i;
}

static void replace(struct maker *m, enum plan_mutation kind, uint32_t first, uint32_t last, struct str put) {
    if (put.p == NULL) m->no_memory = true;
    struct mutation *slot = NULL;
    if (!m->no_memory) slot = ARENA_PUSH(m->a, m->out->items, m->out->count, m->out->cap);
    if (slot == NULL) {
        m->no_memory = true;
        return;
    }
    *slot = (struct mutation){kind, at(m, first)->line, at(m, first)->column, at(m, first)->start, at(m, last)->end, put};
}

static void replace_word(struct maker *m, enum plan_mutation kind, uint32_t i, enum plan_word w) {
    replace(m, kind, i, word_end(m, i), str_from(plan_word_text(w, m->tokens.zh)));
}

/* ---- literals ----------------------------------------------------------------------------------------------- */

static struct str number_text(struct maker *m, int64_t e6) {
    if (e6 % 1'000'000 == 0) return arena_printf(m->a, "%lld", (long long)(e6 / 1'000'000));
    char text[32];
    int n = snprintf(text, sizeof(text), "%lld.%06lld", (long long)(e6 / 1'000'000), (long long)(e6 % 1'000'000));
    while (n > 0 && text[n - 1] == '0') n--;
    return arena_printf(m->a, "%.*s", n, text);
}

/* Up and down by one in the last written place. */
static void mutate_number(struct maker *m, uint32_t i) {
    int64_t v;
    if (!plan_token_number(m->source, at(m, i), &v)) return;
    struct str s = text_of(m, i);
    const char *point = memchr(s.p, '.', s.n);
    int64_t step = 1'000'000;
    for (size_t k = point == NULL ? 0 : (size_t)(s.p + s.n - point - 1); k > 0; k--) step /= 10;
    replace(m, PLAN_MUTATION_NUMBER, i, i, number_text(m, v + step));
    if (v >= step) replace(m, PLAN_MUTATION_NUMBER, i, i, number_text(m, v - step));
}

static void mutate_ratio(struct maker *m, uint32_t i) {
    int64_t v;
    if (!plan_token_ratio(m->source, at(m, i), &v)) return;
    for (int sign = -1; sign <= 1; sign += 2) {
        char text[24];
        int64_t changed = v + (int64_t)sign * 10'000; /* one per cent */
        if (changed < 0 || changed > RATIO_ONE) continue;
        size_t n = ratio_format_percent(changed, text);
        replace(m, PLAN_MUTATION_RATIO, i, i, arena_str(m->a, (struct str){text, n}));
    }
}

static void mutate_date(struct maker *m, uint32_t i) {
    struct day d;
    if (!plan_token_date(m->source, at(m, i), &d)) return;
    for (int sign = -1; sign <= 1; sign += 2) {
        char text[11];
        size_t n = day_format(day_add(d, sign), text);
        replace(m, PLAN_MUTATION_DATE, i, i, arena_str(m->a, (struct str){text, n}));
    }
}

/* The next letter or digit; the one before z. A character that is neither stays. */
static char moved_on(char c) {
    if (c == '9') return '0';
    if (c == 'Z' || c == 'z') return c == 'Z' ? 'Y' : 'y';
    bool counted = (c >= '0' && c < '9') || (c >= 'A' && c < 'Z') || (c >= 'a' && c < 'z');
    return counted ? (char)(c + 1) : c;
}

/* The last letter or digit of a code, moved on by one. */
static void mutate_text(struct maker *m, uint32_t i) {
    struct str s = text_of(m, i);
    if (s.n < 3) return;
    char last = s.p[s.n - 2];
    if (moved_on(last) != last) replace(m, PLAN_MUTATION_CODE, i, i, arena_printf(m->a, "%.*s%c\"", (int)(s.n - 2), s.p, moved_on(last)));
    else replace(m, PLAN_MUTATION_CODE, i, i, arena_printf(m->a, "%.*s9\"", (int)(s.n - 1), s.p));
}

/* Texts that decide something: codes and groups of entries, texts that facts are compared with. */
static bool text_decides(const struct maker *m, uint32_t i) {
    uint32_t before = before_of(m, i);
    static const enum plan_word entry[] = {W_CODE, W_PREFIX, W_RANGE, W_NAME, W_GROUP};
    for (size_t k = 0; k < COUNT_OF(entry); k++)
        if (is_word(m, before, entry[k])) return true;
    uint8_t kind = at(m, before)->kind;
    if (kind == TOKEN_EQ || kind == TOKEN_NE || kind == TOKEN_OPEN || kind == TOKEN_RANGE) return true;
    return (kind == TOKEN_COMMA || kind == TOKEN_COLON) && m->clause != W_CO_INSURERS;
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

static void mutate_symbol(struct maker *m, uint32_t i) {
    const struct plan_fact_info *fact = plan_fact_info(mark_index(m, i) >> 8);
    uint32_t value = mark_index(m, i) & 0xff;
    if (fact->type == PLAN_VALUE_SYMBOL && fact->word_count > 1)
        replace(m, PLAN_MUTATION_WORD, i, i, str_from(plan_symbol_text(&fact->words[(value + 1) % fact->word_count], m->tokens.zh)));
}

static void mutate_bucket(struct maker *m, uint32_t i) {
    uint32_t given = mark_index(m, i);
    for (uint32_t k = 0; k < BUCKET_GIVEN_COUNT; k++)
        if (k == (given + 1) % BUCKET_GIVEN_COUNT) replace(m, PLAN_MUTATION_BUCKET, i, i, str_from(plan_bucket_text(k, m->tokens.zh)));
    bool behind = at(m, before_of(m, i))->kind == TOKEN_PLUS, before = at(m, next_of(m, i))->kind == TOKEN_PLUS;
    if (behind) replace(m, PLAN_MUTATION_DROP, before_of(m, i), i, STR(""));
    else if (before) replace(m, PLAN_MUTATION_DROP, i, next_of(m, i), STR(""));
}

static void mutate_sign(struct maker *m, uint32_t i) {
    static const struct {
        enum plan_token_kind from;
        const char *to;
    } turned[] = {{TOKEN_LT, "<="}, {TOKEN_LE, "<"}, {TOKEN_GT, ">="}, {TOKEN_GE, ">"}, {TOKEN_EQ, "!="}, {TOKEN_NE, "="}, {TOKEN_PLUS, "-"}, {TOKEN_MINUS, "+"}};
    bool terms = m->clause == W_TAKES; /* own_full + own_first */
    for (size_t k = 0; k < COUNT_OF(turned); k++)
        if (at(m, i)->kind == turned[k].from && !terms) replace(m, PLAN_MUTATION_COMPARE, i, i, str_from(turned[k].to));
}

/* A word and what stands in its place instead, one mutant each. */
static void mutate_word(struct maker *m, uint32_t i) {
    static const struct {
        enum plan_word from, to;
        enum plan_mutation kind;
    } turned[] = {
        {W_AND, W_OR, PLAN_MUTATION_LOGIC},
        {W_OR, W_AND, PLAN_MUTATION_LOGIC},
        {W_YES, W_NO, PLAN_MUTATION_WORD},
        {W_NO, W_YES, PLAN_MUTATION_WORD},
        {W_MAIN_DIAGNOSIS, W_DIAGNOSIS, PLAN_MUTATION_WORD},
        {W_DIAGNOSIS, W_MAIN_DIAGNOSIS, PLAN_MUTATION_WORD},
        {W_MIN, W_MAX, PLAN_MUTATION_COMPARE},
        {W_MAX, W_MIN, PLAN_MUTATION_COMPARE},
        {W_EACH_YEAR, W_EACH_STAY, PLAN_MUTATION_PERIOD},
        {W_EACH_YEAR, W_LIFETIME, PLAN_MUTATION_PERIOD},
        {W_EACH_STAY, W_EACH_CLAIM, PLAN_MUTATION_PERIOD},
        {W_EACH_STAY, W_EACH_YEAR, PLAN_MUTATION_PERIOD},
        {W_EACH_CLAIM, W_EACH_YEAR, PLAN_MUTATION_PERIOD},
        {W_EACH_DAY, W_EACH_CLAIM, PLAN_MUTATION_PERIOD},
        {W_EACH_DAY, W_EACH_ICU_DAY, PLAN_MUTATION_PERIOD},
        {W_EACH_ICU_DAY, W_EACH_DAY, PLAN_MUTATION_PERIOD},
        {W_LIFETIME, W_EACH_YEAR, PLAN_MUTATION_PERIOD},
        {W_POLICY_YEARS, W_CALENDAR_YEARS, PLAN_MUTATION_PERIOD},
        {W_CALENDAR_YEARS, W_POLICY_YEARS, PLAN_MUTATION_PERIOD},
        {W_BY_ADMISSION, W_BY_DISCHARGE, PLAN_MUTATION_RULE},
        {W_BY_DISCHARGE, W_BY_ADMISSION, PLAN_MUTATION_RULE},
        {W_BY_LINE_DATE, W_BY_ADMISSION, PLAN_MUTATION_RULE},
        {W_BY_SETTLEMENT, W_BY_ADMISSION, PLAN_MUTATION_RULE},
        {W_ON_OVER, W_ON_BASE, PLAN_MUTATION_RULE},
        {W_ON_BASE, W_ON_OVER, PLAN_MUTATION_RULE},
        {W_BEFORE_DEDUCTIBLE, W_AFTER_DEDUCTIBLE, PLAN_MUTATION_RULE},
        {W_AFTER_DEDUCTIBLE, W_BEFORE_DEDUCTIBLE, PLAN_MUTATION_RULE},
        {W_PER_ITEM, W_PER_INGREDIENT, PLAN_MUTATION_RULE},
        {W_PER_INGREDIENT, W_PER_ITEM, PLAN_MUTATION_RULE},
        {W_PER_IMPLANT, W_PER_ITEM, PLAN_MUTATION_RULE},
        {W_TIMES_COUNTED, W_VISITS, PLAN_MUTATION_RULE},
        {W_VISITS, W_TIMES_COUNTED, PLAN_MUTATION_RULE},
        {W_LEAD, W_EACH_INSURER, PLAN_MUTATION_RULE},
        {W_CODE, W_PREFIX, PLAN_MUTATION_CODE},
        {W_PREFIX, W_CODE, PLAN_MUTATION_CODE},
    };
    bool in_fact = at(m, next_of(m, i))->kind >= TOKEN_LT || is_word(m, next_of(m, i), W_IN) || is_word(m, next_of(m, i), W_IN_LIST);
    for (size_t k = 0; k < COUNT_OF(turned); k++)
        if (is_word(m, i, turned[k].from) && !(turned[k].from == W_CODE && in_fact) && turned[k].from != W_LEAD) replace_word(m, turned[k].kind, i, turned[k].to);
    if (is_word(m, i, W_NOT)) replace(m, PLAN_MUTATION_LOGIC, i, i, STR(""));
    if (is_word(m, i, W_PER_FAMILY)) replace(m, PLAN_MUTATION_DROP, i, word_end(m, i), STR(""));
    if (is_word(m, i, W_IN_ORDER)) replace(m, PLAN_MUTATION_DROP, i, word_end(m, i), STR(""));
    if (is_word(m, i, W_BEFORE_OTHER_PAYERS)) replace(m, PLAN_MUTATION_DROP, before_of(m, i), word_end(m, i), STR(""));
    if (is_word(m, i, W_STATUTORY_SETTLED)) replace(m, PLAN_MUTATION_LOGIC, i, word_end(m, i), arena_printf(m->a, "%s %s",
            plan_word_text(W_NOT, m->tokens.zh), plan_word_text(W_STATUTORY_SETTLED, m->tokens.zh)));
}

/* ---- payers that fill a deductible ----------------------------------------------------------------------------------- */

static void mutate_filled(struct maker *m, uint32_t i) {
    uint32_t end = word_end(m, i), last = end;
    bool of_kinds = true;
    while (of_kinds) { /* kind { and kind } */
        uint32_t k = next_of(m, last);
        of_kinds = is_mark(m, k, MARK_KIND) || is_word(m, k, W_KIND_AND) || (is_word(m, k, W_AND) && is_mark(m, next_of(m, k), MARK_KIND));
        if (!of_kinds) break;
        last = k;
        if (!is_mark(m, k, MARK_KIND)) continue;
        uint32_t kind = (mark_index(m, k) + 1) % PLAN_KIND_COUNT;
        replace(m, PLAN_MUTATION_KIND, k, k, str_from(plan_kind_text((enum plan_kind)kind, m->tokens.zh)));
    }
    replace(m, PLAN_MUTATION_DROP, before_of(m, i), last, STR(""));
}

/* ---- clauses ---------------------------------------------------------------------------------------------------------- */

/* The last token of the clause that begins at i: up to the next line of its level or above. */
static uint32_t clause_end(const struct maker *m, uint32_t i) {
    uint32_t last = i;
    for (uint32_t k = i + 1; k + 1 < m->tokens.count; k++) {
        if (at(m, k)->layout != LAYOUT_INSIDE && at(m, k)->level <= at(m, i)->level) break;
        if (at(m, k)->kind != TOKEN_COMMENT) last = k;
    }
    return last;
}

static bool begins(const struct maker *m, uint32_t i) { return at(m, i)->layout != LAYOUT_INSIDE && at(m, i)->kind != TOKEN_COMMENT; }

/* The next clause of the same level, when it is of the same word. */
static bool twin_behind(const struct maker *m, uint32_t i, uint32_t *ret) {
    uint32_t k = next_of(m, clause_end(m, i));
    *ret = k;
    return begins(m, k) && at(m, k)->level == at(m, i)->level && is_mark(m, k, MARK_WORD) && mark_index(m, k) == mark_index(m, i);
}

static bool twin_before(const struct maker *m, uint32_t i) {
    for (uint32_t k = i; k-- > 0;) {
        if (!begins(m, k) || at(m, k)->level > at(m, i)->level) continue;
        return at(m, k)->level == at(m, i)->level && is_mark(m, k, MARK_WORD) && mark_index(m, k) == mark_index(m, i);
    }
    return false;
}

static struct str between(const struct maker *m, uint32_t first, uint32_t last) {
    return (struct str){m->source->text.p + at(m, first)->start, at(m, last)->end - at(m, first)->start};
}

static void swap_with_next(struct maker *m, uint32_t i) {
    uint32_t other;
    if (!twin_behind(m, i, &other)) return;
    uint32_t end = clause_end(m, i), other_end = clause_end(m, other);
    struct str a = between(m, i, end), b = between(m, other, other_end);
    replace(m, PLAN_MUTATION_SWAP, i, other_end, arena_printf(m->a, "%.*s\n    %.*s", STR_FMT(b), STR_FMT(a)));
}

static void drop_or_none(struct maker *m, uint32_t i, enum plan_word word, bool none) {
    uint32_t end = clause_end(m, i);
    bool already = is_word(m, next_of(m, word_end(m, i)), W_NONE);
    if (none && already) return;
    struct str put = none ? arena_printf(m->a, "%s %s", plan_word_text(word, m->tokens.zh), plan_word_text(W_NONE, m->tokens.zh)) : STR("");
    replace(m, PLAN_MUTATION_DROP, i, end, put);
}

static void mutate_clause(struct maker *m, uint32_t i) {
    static const enum plan_word droppable[] = {W_NEEDS, W_WHERE, W_WAITING, W_EXCLUDE, W_COUNTS_AT_MOST, W_FIRST_SHARE, W_TIMES, W_LIMIT, W_SPLITS_IN_LINE_ORDER};
    static const enum plan_word entries[] = {W_CODE, W_PREFIX, W_RANGE, W_NAME};
    for (size_t k = 0; k < COUNT_OF(droppable); k++)
        if (is_word(m, i, droppable[k])) drop_or_none(m, i, droppable[k], false);
    for (size_t k = 0; k < COUNT_OF(entries); k++)
        if (is_word(m, i, entries[k]) && at(m, i)->layout == LAYOUT_ENTRY) drop_or_none(m, i, entries[k], false);
    if (is_word(m, i, W_FROM)) drop_or_none(m, i, W_FROM, false); /* a dated value of a parameter */
    if (is_word(m, i, W_DEDUCTIBLE)) drop_or_none(m, i, W_DEDUCTIBLE, true);
    if (is_word(m, i, W_CAP)) {
        uint32_t other;
        drop_or_none(m, i, W_CAP, !twin_behind(m, i, &other) && !twin_before(m, i));
        swap_with_next(m, i);
    }
}

/* `unless COND` behind a waiting period. */
static void drop_unless(struct maker *m, uint32_t i) {
    if (is_word(m, i, W_UNLESS)) replace(m, PLAN_MUTATION_DROP, i, clause_end(m, m->clause_at), STR(""));
}

/* `for COND` behind a limit. */
static void drop_for(struct maker *m, uint32_t i) {
    if (is_word(m, i, W_FOR)) replace(m, PLAN_MUTATION_DROP, i, clause_end(m, m->clause_at), STR(""));
}

/* ---- parts of choices ---------------------------------------------------------------------------------------------------- */

static uint32_t token_from(const struct maker *m, uint32_t start) {
    for (uint32_t i = 0; i + 1 < m->tokens.count; i++)
        if (at(m, i)->start == start && at(m, i)->kind != TOKEN_COMMENT) return i;
    return m->tokens.count - 1;
}

/* The value that begins somewhere behind i ends before a comma, or before what stands behind the whole choice. */
static uint32_t part_end(const struct maker *m, uint32_t i) {
    static const enum plan_word behind[] = {W_IN_ORDER, W_EACH_YEAR, W_EACH_STAY, W_EACH_CLAIM, W_EACH_DAY, W_LIFETIME, W_PER_ITEM, W_PER_INGREDIENT, W_PER_IMPLANT,
                                            W_FOR, W_EXCEPT, W_OTHERWISE, W_TIMES_COUNTED, W_VISITS, W_BEFORE_DEDUCTIBLE, W_AFTER_DEDUCTIBLE, W_EACH_ICU_DAY};
    int depth = 0;
    uint32_t last = i;
    for (uint32_t k = i; k + 1 < m->tokens.count; k = next_of(m, k)) {
        if (k != i && begins(m, k)) break;
        if (at(m, k)->kind == TOKEN_OPEN) depth++;
        if (at(m, k)->kind == TOKEN_CLOSE) depth--;
        if (depth == 0 && at(m, k)->kind == TOKEN_COMMA) break;
        bool stop = false;
        for (size_t w = 0; w < COUNT_OF(behind); w++) stop = stop || is_word(m, k, behind[w]);
        if (stop) break;
        last = k;
    }
    return last;
}

static void drop_parts(struct maker *m, struct plan_choice *c) {
    for (uint32_t i = 0; i < c->exception_count; i++) {
        uint32_t first = token_from(m, c->exceptions[i].pos.start), before = before_of(m, first), end = part_end(m, first);
        bool except = is_word(m, before, W_EXCEPT);
        if (except && at(m, next_of(m, end))->kind == TOKEN_COMMA) replace(m, PLAN_MUTATION_DROP, first, next_of(m, end), STR(""));
        else replace(m, PLAN_MUTATION_DROP, before, end, STR(""));
    }
    for (uint32_t i = 0; i < c->item_count; i++) {
        uint32_t first = token_from(m, c->items[i].pos.start), end = part_end(m, first);
        if (i > 0) replace(m, PLAN_MUTATION_DROP, before_of(m, first), end, STR(""));
        else if (at(m, next_of(m, end))->kind == TOKEN_COMMA) replace(m, PLAN_MUTATION_DROP, first, next_of(m, end), STR(""));
    }
}

const char *mutation_name(enum plan_mutation kind, bool zh) {
    static const char *const names[PLAN_MUTATION_COUNT][2] = {
#define X(id, cn, en) {cn, en},
        PLAN_MUTATIONS(X)
#undef X
    };
    return names[kind][zh ? 0 : 1];
}

/* ---- all ------------------------------------------------------------------------------------------------------------------- */

/* Sections and clauses that move no amount of this plan, or judge it. */
static bool left_alone(const struct maker *m) {
    static const enum plan_word alone[] = {W_EXAMPLE, W_KIND, W_PRODUCT, W_SOURCE, W_READS, W_CHAIN, W_PLAN, W_FUND};
    for (size_t k = 0; k < COUNT_OF(alone); k++)
        if (m->section == alone[k] || m->clause == alone[k]) return true;
    return false;
}

static void mutate_token(struct maker *m, uint32_t i) {
    switch ((enum plan_token_kind)at(m, i)->kind) {
    case TOKEN_NUMBER: mutate_number(m, i); return;
    case TOKEN_RATIO: mutate_ratio(m, i); return;
    case TOKEN_DATE: mutate_date(m, i); return;
    case TOKEN_TEXT:
        if (text_decides(m, i)) mutate_text(m, i);
        return;
    default: mutate_sign(m, i); break;
    }
    if (is_mark(m, i, MARK_SYMBOL)) mutate_symbol(m, i);
    if (is_mark(m, i, MARK_BUCKET)) mutate_bucket(m, i);
    if (is_mark(m, i, MARK_MODE))
        for (int mode = ROUND_HALF_UP; mode < ROUND_MODE_COUNT; mode++)
            if ((uint32_t)mode != mark_index(m, i) && mode != ROUND_HALF_EVEN) replace(m, PLAN_MUTATION_RULE, i, i, str_from(round_mode_name((enum round_mode)mode, m->tokens.zh)));
    if (!is_mark(m, i, MARK_WORD)) return;
    mutate_word(m, i);
    drop_unless(m, i);
    drop_for(m, i);
    if (is_word(m, i, W_FILLED_BY)) mutate_filled(m, i);
}

static void mutate_plan(struct maker *m, struct plan *p) {
    struct plan_sites sites;
    if (!plan_sites_collect(m->a, p, &sites)) m->no_memory = true;
    for (uint32_t i = 0; !m->no_memory && i < sites.choice_count; i++) drop_parts(m, sites.choices[i].choice);
}

struct status mutations_make(struct arena *a, const struct plan_source *source, const struct plan_file *file, struct mutations *ret) {
    struct plan_diagnostics *d = ARENA_NEW(a, struct plan_diagnostics);
    struct plan_file *again = NULL;
    struct maker m = {.a = a, .source = source, .out = ret};
    *ret = (struct mutations){0};
    if (d == NULL) return status_memory();
    TRY(plan_parse_tokens(a, source, d, &m.tokens, &again));
    for (uint32_t i = 0; i + 1 < m.tokens.count && !m.no_memory; i++) {
        if (at(&m, i)->kind == TOKEN_COMMENT) continue;
        if (begins(&m, i)) {
            if (at(&m, i)->level <= 1) m.section = is_mark(&m, i, MARK_WORD) ? (enum plan_word)mark_index(&m, i) : W_COUNT;
            m.clause = is_mark(&m, i, MARK_WORD) ? (enum plan_word)mark_index(&m, i) : W_COUNT;
            m.clause_at = i;
            if (!left_alone(&m)) mutate_clause(&m, i);
        }
        if (!left_alone(&m)) mutate_token(&m, i);
    }
    for (uint32_t i = 0; i < file->plan_count; i++) mutate_plan(&m, file->plans[i]);
    return m.no_memory ? status_memory() : STATUS_OK;
}

struct str mutation_text(struct arena *a, struct str text, const struct mutation *m) {
    size_t n = text.n - (m->end - m->start) + m->put.n;
    char *p = arena_alloc(a, n + 1, 1);
    if (p == NULL) return (struct str){0};
    memcpy(p, text.p, m->start);
    if (m->put.n > 0) memcpy(p + m->start, m->put.p, m->put.n);
    memcpy(p + m->start + m->put.n, text.p + m->end, text.n - m->end);
    return (struct str){p, n};
}
