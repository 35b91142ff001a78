/* plan/syntax/parse_cursor — the cursor over tokens: words that stand at it, lines that begin at it, recovery, arrays of what is read.
 *
 * Who uses it: the parts of the parser. Recovery is by lines: what is broken is left at the next line that begins with a word that can begin
 * a line there, so that one mistake gives one report and the rest of the file is still read.
 */
#include "plan/syntax/parse.h"

#include <string.h>

/* ---- cursor ------------------------------------------------------------------------------------------- */

void plan_skip_comments(struct plan_parser *p) {
    while (p->tokens[p->at].kind == TOKEN_COMMENT) p->at++;
}

void plan_next(struct plan_parser *p) {
    if (p->tokens[p->at].kind == TOKEN_END) return;
    p->at++;
    plan_skip_comments(p);
}

static uint32_t index_ahead(const struct plan_parser *p, uint32_t k) {
    uint32_t at = p->at;
    while (k && p->tokens[at].kind != TOKEN_END) {
        at++;
        k -= p->tokens[at].kind != TOKEN_COMMENT;
    }
    return at;
}

const struct plan_token *plan_ahead(const struct plan_parser *p, uint32_t k) { return &p->tokens[index_ahead(p, k)]; }

bool plan_take_sign(struct plan_parser *p, enum plan_token_kind kind) {
    if (!plan_is(p, kind)) return false;
    plan_next(p);
    return true;
}

static uint32_t phrase_at(const struct plan_parser *p, uint32_t ahead, const char *phrase) {
    uint32_t n = 0;
    if (!ahead && (!plan_is(p, TOKEN_WORD) || p->source->text.p[plan_cur(p)->start] != *phrase)) return 0; /* nearly always */
    while (*phrase) {
        const char *space = strchr(phrase, ' ');
        size_t length = space ? (size_t)(space - phrase) : strlen(phrase);
        const struct plan_token *t = n || ahead ? plan_ahead(p, ahead + n) : plan_cur(p);
        if (t->kind != TOKEN_WORD || t->end - t->start != length || memcmp(p->source->text.p + t->start, phrase, length) != 0) return 0;
        n++;
        phrase += length + (space != NULL);
    }
    return n;
}

uint32_t plan_at_word(const struct plan_parser *p, enum plan_word w) { return phrase_at(p, 0, plan_word_text(w, p->zh)); }

static void mark_word(struct plan_parser *p, enum plan_word w, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        plan_cur(p)->mark = i ? PLAN_MARK(MARK_CONTINUED, w) : PLAN_MARK(MARK_WORD, w);
        plan_next(p);
    }
}

bool plan_take_word(struct plan_parser *p, enum plan_word w) {
    uint32_t n = plan_at_word(p, w);
    mark_word(p, w, n);
    return n > 0;
}

bool plan_need_word(struct plan_parser *p, enum plan_word w) {
    return plan_take_word(p, w) || plan_expected_any(p, &w, 1, NULL, NULL);
}

bool plan_need_sign(struct plan_parser *p, enum plan_token_kind kind) {
    if (plan_take_sign(p, kind)) return true;
    switch (kind) {
    case TOKEN_COMMA: return plan_expected(p, "逗号", "a comma");
    case TOKEN_COLON: return plan_expected(p, "冒号", "a colon");
    case TOKEN_OPEN: return plan_expected(p, "左括号", "an opening parenthesis");
    case TOKEN_CLOSE: return plan_expected(p, "右括号", "a closing parenthesis");
    default: return plan_expected(p, "..", "..");
    }
}

enum plan_word plan_at_any(const struct plan_parser *p, const enum plan_word *words, size_t count) {
    if (!plan_is(p, TOKEN_WORD)) return W_COUNT;
    for (size_t i = 0; i < count; i++)
        if (plan_at_word(p, words[i])) return words[i];
    return W_COUNT;
}

bool plan_take_comma_word(struct plan_parser *p, enum plan_word w) {
    if (!plan_is(p, TOKEN_COMMA)) return false;
    uint32_t n = phrase_at(p, 1, plan_word_text(w, p->zh));
    if (!n) return false;
    plan_next(p);
    mark_word(p, w, n);
    return true;
}

void plan_layout(struct plan_parser *p, enum plan_layout layout, uint32_t level) {
    plan_cur(p)->layout = (uint8_t)layout;
    plan_cur(p)->level = (uint8_t)level;
}

/* The longest word of a language at the cursor; W_COUNT when there is none. */
static enum plan_word longest_word(const struct plan_parser *p, bool zh) {
    enum plan_word best = W_COUNT;
    uint32_t best_n = 0;
    for (uint32_t w = 0; w < W_COUNT; w++) {
        uint32_t n = phrase_at(p, 0, plan_word_text((enum plan_word)w, zh));
        if (n > best_n) best = (enum plan_word)w, best_n = n;
    }
    return best;
}

enum plan_word plan_other_language(const struct plan_parser *p) { return longest_word(p, !p->zh); }

bool plan_at_words(const struct plan_parser *p) {
    for (int zh = 0; zh < 2; zh++) {
        enum plan_word w = longest_word(p, zh);
        if (w != W_COUNT && strchr(plan_word_text(w, zh), ' ')) return true;
    }
    return false;
}

/* ---- words that begin a line ----------------------------------------------------------------------------- */

static const enum plan_word head_words[] = {W_PLAN, W_LIST, W_CHAIN};
static const enum plan_word section_words[] = {
    W_KIND, W_PRODUCT, W_SOURCE, W_IN_FORCE, W_COUNTS_BY, W_YEARS_ARE, W_CURRENCY, W_READS, W_WAITING, W_CO_INSURERS, W_PARAMETER, W_LIST,
    W_CLASS, W_CASE, W_EXCLUDE, W_SHARED_DEDUCTIBLE, W_SHARED_CAP, W_BENEFIT, W_EXAMPLE, W_PLAN, W_CHAIN,
};
static const enum plan_word other_clause_words[] = {
    W_FUND, W_NEEDS, W_TAKES, W_WHERE, W_COUNTS_AT_MOST, W_FIRST_SHARE, W_DEDUCTIBLE, W_PAYS, W_TIMES, W_LIMIT, W_CAP, W_SPLITS_IN_LINE_ORDER,
    W_ALLOWANCE, W_CODE, W_PREFIX, W_RANGE, W_NAME, W_REGION, W_THEN, W_GIVEN, W_EXPECT, W_FROM, W_WHEN,
};
static const enum plan_word reserved_words[] = {W_UNDERWRITING, W_QUESTION, W_DECISION, W_PREMIUM, W_SERVICE, W_PROGRAMME};

const enum plan_word *plan_section_words(size_t *ret_count) {
    *ret_count = COUNT_OF(section_words);
    return section_words;
}

bool plan_at_reserved(const struct plan_parser *p) { return plan_at_any(p, reserved_words, COUNT_OF(reserved_words)) != W_COUNT; }

bool plan_at_head_word(const struct plan_parser *p) { return plan_at_any(p, head_words, COUNT_OF(head_words)) != W_COUNT; }

bool plan_at_head(const struct plan_parser *p) {
    return plan_is(p, TOKEN_END) || (plan_cur(p)->at_line_start && plan_at_head_word(p));
}

bool plan_at_section(const struct plan_parser *p) {
    return plan_is(p, TOKEN_END) || (plan_cur(p)->at_line_start && plan_at_any(p, section_words, COUNT_OF(section_words)) != W_COUNT);
}

bool plan_at_clause(const struct plan_parser *p) {
    return plan_at_section(p) ||
           (plan_cur(p)->at_line_start && plan_at_any(p, other_clause_words, COUNT_OF(other_clause_words)) != W_COUNT);
}

enum { NEAR_LINES_MAX = 1'000 };

struct str plan_first_part(struct str phrase) {
    const char *space = memchr(phrase.p, ' ', phrase.n);
    return (struct str){phrase.p, space ? (size_t)(space - phrase.p) : phrase.n};
}

static bool near_any(const struct plan_parser *p, const enum plan_word *words, size_t count) {
    struct plan_nearest near = {.word = plan_cur_str(p)};
    for (size_t i = 0; i < count && !near.best.n; i++) plan_nearest_try(&near, plan_first_part(str_from(plan_word_text(words[i], p->zh))));
    return near.best.n > 0;
}

/* Also at a line whose first word is a misspelt clause, so that it is not skipped in silence; looked for in so many lines of a file only. */
static bool near_clause(struct plan_parser *p, const enum plan_word *words, size_t count) {
    if (!plan_cur(p)->at_line_start || !plan_is(p, TOKEN_WORD) || p->near_lines >= NEAR_LINES_MAX) return false;
    p->near_lines++;
    return plan_at_reserved(p) || plan_other_language(p) != W_COUNT || near_any(p, words, count) || near_any(p, section_words, COUNT_OF(section_words));
}

void plan_recover(struct plan_parser *p, const enum plan_word *words, size_t count) {
    while (!plan_at_section(p) && !(plan_cur(p)->at_line_start && plan_at_any(p, words, count) != W_COUNT) && !near_clause(p, words, count))
        plan_next(p);
}

/* ---- arrays ---------------------------------------------------------------------------------------------------- */

bool plan_no_memory(struct plan_parser *p) {
    p->no_memory = true;
    p->at = p->count - 1;
    return false;
}

void *plan_new(struct plan_parser *p, size_t size, size_t align) {
    void *made = arena_alloc(p->a, size, align);
    if (!made) (void)plan_no_memory(p);
    return made;
}

void *plan_push(struct plan_parser *p, void **items, uint32_t *count, uint32_t *cap, size_t size, size_t align, uint32_t max, enum plan_word what) {
    if (*count >= max) {
        if (plan_silent(p)) return NULL;
        struct str limit = p->d->count < LIMIT_PLAN_DIAGNOSTICS ? arena_printf(p->a, "%u", max) : STR("");
        plan_report(p, "too-many", plan_cur(p), str_from(plan_word_text(what, p->zh)), limit);
        return NULL;
    }
    void *made = base_arena_push(p->a, items, count, cap, size, align);
    if (!made) (void)plan_no_memory(p);
    return made;
}

struct plan_pos plan_pos_join(struct plan_pos a, struct plan_pos b) {
    a.end = b.end;
    return a;
}

struct plan_pos plan_pos_to_here(const struct plan_parser *p, struct plan_pos from) {
    uint32_t at = p->at;
    while (at > 0 && p->tokens[at - 1].kind == TOKEN_COMMENT) at--;
    if (at > 0 && p->tokens[at - 1].end > from.end) from.end = p->tokens[at - 1].end;
    return from;
}
