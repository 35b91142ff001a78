/* plan/parse — the cursor, reports and recovery, and the top of a file.
 *
 * Who uses it: the parts of the parser. Recovery is by lines: what is broken is left at the next line that begins with a word that can begin
 * a line there, so that one mistake gives one report and the rest of the file is still read.
 */
#include "plan/parse.h"

#include <string.h>

/* ---- cursor ------------------------------------------------------------------------------------------- */

static void skip_comments(struct plan_parser *p) {
    while (p->tokens[p->at].kind == TOKEN_COMMENT) p->at++;
}

void plan_next(struct plan_parser *p) {
    if (p->tokens[p->at].kind == TOKEN_END) return;
    p->at++;
    skip_comments(p);
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

bool plan_at_head(const struct plan_parser *p) {
    return plan_is(p, TOKEN_END) || (plan_cur(p)->at_line_start && plan_at_any(p, head_words, COUNT_OF(head_words)) != W_COUNT);
}

bool plan_at_section(const struct plan_parser *p) {
    return plan_is(p, TOKEN_END) || (plan_cur(p)->at_line_start && plan_at_any(p, section_words, COUNT_OF(section_words)) != W_COUNT);
}

bool plan_at_clause(const struct plan_parser *p) {
    return plan_at_section(p) ||
           (plan_cur(p)->at_line_start && plan_at_any(p, other_clause_words, COUNT_OF(other_clause_words)) != W_COUNT);
}

enum { NEAR_LINES_MAX = 1'000 };

static struct str first_part(struct str phrase) {
    const char *space = memchr(phrase.p, ' ', phrase.n);
    return (struct str){phrase.p, space ? (size_t)(space - phrase.p) : phrase.n};
}

static bool near_any(const struct plan_parser *p, const enum plan_word *words, size_t count) {
    struct plan_nearest near = {.word = plan_cur_str(p)};
    for (size_t i = 0; i < count && !near.best.n; i++) plan_nearest_try(&near, first_part(str_from(plan_word_text(words[i], p->zh))));
    return near.best.n > 0;
}

/* Also at a line whose first word is a misspelt clause, so that it is not skipped in silence; looked for in so many lines of a file only. */
static bool near_clause(struct plan_parser *p, const enum plan_word *words, size_t count) {
    if (!plan_cur(p)->at_line_start || !plan_is(p, TOKEN_WORD) || p->near_lines >= NEAR_LINES_MAX) return false;
    p->near_lines++;
    return plan_at_any(p, reserved_words, COUNT_OF(reserved_words)) != W_COUNT || near_any(p, words, count) || near_any(p, section_words, COUNT_OF(section_words));
}

void plan_recover(struct plan_parser *p, const enum plan_word *words, size_t count) {
    while (!plan_at_section(p) && !(plan_cur(p)->at_line_start && plan_at_any(p, words, count) != W_COUNT) && !near_clause(p, words, count))
        plan_next(p);
}

/* ---- reports ------------------------------------------------------------------------------------------------ */

void plan_report(struct plan_parser *p, const char *code, const struct plan_token *at, struct str a, struct str b) {
    plan_diagnose(p->d, p->a, code, plan_token_place(p->source, at), a, b);
}

bool plan_number_report(struct plan_parser *p, const char *code, const struct plan_token *at, uint32_t a) {
    bool full = p->d->count >= LIMIT_PLAN_DIAGNOSTICS;
    plan_report(p, code, at, full ? STR("") : arena_printf(p->a, "%u", a), (struct str){0});
    return false;
}

/* Whether something was reported for this token already, or its own fault was. */
static bool silent(struct plan_parser *p) {
    const struct plan_token *t = plan_cur(p);
    bool was = t->wrong || p->reported_at == t->start + 1 || p->no_memory;
    p->reported_at = t->start + 1;
    return was;
}

enum { FOUND_BYTES_MAX = 60 };

static struct str found(const struct plan_parser *p) {
    if (plan_is(p, TOKEN_END)) return STR("文件结尾\x1fthe end of the file");
    struct str s = plan_cur_str(p);
    if (s.n > FOUND_BYTES_MAX) {
        s.n = FOUND_BYTES_MAX;
        while (s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80) s.n--;
    }
    return s;
}

/* The longest word of the other language at the cursor; W_COUNT when there is none. */
static enum plan_word other_language(const struct plan_parser *p) {
    enum plan_word best = W_COUNT;
    uint32_t best_n = 0;
    for (uint32_t w = 0; w < W_COUNT; w++) {
        uint32_t n = phrase_at(p, 0, plan_word_text((enum plan_word)w, !p->zh));
        if (n > best_n) best = (enum plan_word)w, best_n = n;
    }
    return best;
}

static bool report_other_language(struct plan_parser *p) {
    if (!plan_is(p, TOKEN_WORD)) return false;
    enum plan_word w = other_language(p);
    if (w == W_COUNT) return false;
    plan_report(p, p->zh ? "english-word" : "chinese-word", plan_cur(p), str_from(plan_word_text(w, !p->zh)), str_from(plan_word_text(w, p->zh)));
    return true;
}

/* The first token of a word of several is there and a later one nearly. */
static bool report_near_later(struct plan_parser *p, struct str word) {
    struct str part = first_part(word);
    for (uint32_t k = 0; plan_ahead(p, k)->kind == TOKEN_WORD; k++) {
        struct str text = plan_token_str(p->source, plan_ahead(p, k));
        if (!str_eq(text, part)) {
            struct plan_nearest near = {.word = text};
            plan_nearest_try(&near, part);
            if (k == 0 || !near.best.n) return false;
            plan_report(p, "misspelt", plan_ahead(p, k), text, word);
            return true;
        }
        if (part.p + part.n == word.p + word.n) return false;
        struct str rest = {part.p + part.n + 1, (size_t)(word.p + word.n - (part.p + part.n + 1))};
        part = first_part(rest);
    }
    return false;
}

/* A word that was nearly written, or written without a blank behind it. */
static bool report_near(struct plan_parser *p, const enum plan_word *words, size_t count) {
    if (!plan_is(p, TOKEN_WORD)) return false;
    struct str text = plan_cur_str(p);
    struct plan_nearest near = {.word = text};
    struct str best = {0};
    for (size_t i = 0; i < count; i++) {
        struct str word = str_from(plan_word_text(words[i], p->zh));
        if (p->zh && str_starts(text, word) && text.n > word.n) {
            plan_report(p, "blank-missing", plan_cur(p), word, (struct str){0});
            return true;
        }
        if (report_near_later(p, word)) return true;
        if (str_eq(text, first_part(word))) continue;
        struct str before = near.best;
        plan_nearest_try(&near, first_part(word));
        if (near.best.p != before.p) best = word;
    }
    if (!near.best.n) return false;
    plan_report(p, "misspelt", plan_cur(p), text, best);
    return true;
}

/* The same for words from another table. */
static bool report_near_table(struct plan_parser *p, const char *(*text_of)(uint32_t index, bool zh), uint32_t count) {
    struct plan_nearest near = {.word = plan_is(p, TOKEN_WORD) ? plan_cur_str(p) : STR("")};
    for (uint32_t i = 0; i < count; i++) plan_nearest_try(&near, str_from(text_of(i, p->zh)));
    if (near.best.n) plan_report(p, "misspelt", plan_cur(p), near.word, near.best);
    return near.best.n > 0;
}

/* Two languages of an argument in one: diagnose.c takes them apart. */
static struct str both(struct plan_parser *p, const char *zh, const char *en) {
    if (p->d->count >= LIMIT_PLAN_DIAGNOSTICS) return STR("");
    return arena_printf(p->a, "%s\x1f%s", zh, en);
}

/* Where a line ends too early: behind the last token before the cursor. */
static struct plan_token line_end(const struct plan_parser *p) {
    uint32_t at = p->at - 1;
    while (at > 0 && p->tokens[at].kind == TOKEN_COMMENT) at--;
    struct plan_token t = p->tokens[at];
    for (uint32_t i = t.start; i < t.end; i++) t.column += ((unsigned char)p->source->text.p[i] & 0xc0) != 0x80;
    t.start = t.end;
    return t;
}

bool plan_expected(struct plan_parser *p, const char *zh, const char *en) { return plan_expected_any(p, NULL, 0, zh, en); }

bool plan_expected_of(struct plan_parser *p, const char *(*text_of)(uint32_t index, bool zh), uint32_t count, const char *zh, const char *en) {
    if (!plan_cur(p)->wrong && p->reported_at != plan_cur(p)->start + 1 && report_near_table(p, text_of, count)) {
        p->reported_at = plan_cur(p)->start + 1;
        return false;
    }
    return plan_expected(p, zh, en);
}

bool plan_expected_any(struct plan_parser *p, const enum plan_word *words, size_t count, const char *zh, const char *en) {
    if (silent(p)) return false;
    if (report_near(p, words, count) || report_other_language(p)) return false;
    struct str what = zh ? both(p, zh, en) : str_from(plan_word_text(words[0], p->zh));
    const char *code = zh ? "expected" : "expected-word";
    if (plan_cur(p)->at_line_start && p->at > 0) {
        struct plan_token end = line_end(p);
        plan_report(p, code, &end, what, plan_is(p, TOKEN_END) ? found(p) : STR("行末\x1fthe end of the line"));
        p->reported_at = 0; /* what begins the next line is another matter */
    } else {
        plan_report(p, code, plan_cur(p), what, found(p));
    }
    return false;
}

/* At the beginning of a line that no clause begins with. */
static void unknown_clause(struct plan_parser *p, const enum plan_word *words, size_t count) {
    if (silent(p)) return;
    if (plan_at_any(p, reserved_words, COUNT_OF(reserved_words)) != W_COUNT) {
        plan_report(p, "reserved-section", plan_cur(p), plan_cur_str(p), (struct str){0});
        return;
    }
    if (plan_at_clause(p)) {
        plan_report(p, "misplaced-clause", plan_cur(p), plan_cur_str(p), (struct str){0});
        return;
    }
    if (report_near(p, words, count) || report_near(p, section_words, COUNT_OF(section_words)) || report_other_language(p)) return;
    plan_report(p, "unknown-clause", plan_cur(p), found(p), (struct str){0});
}

void plan_clause_end(struct plan_parser *p, bool good, const enum plan_word *words, size_t count) {
    const struct plan_token *t = plan_cur(p);
    if (good && t->kind != TOKEN_END && !t->at_line_start) {
        if (plan_at_any(p, words, count) != W_COUNT || plan_at_any(p, section_words, COUNT_OF(section_words)) != W_COUNT) {
            if (!silent(p)) plan_report(p, "clause-same-line", t, plan_cur_str(p), (struct str){0});
            return;
        }
        if (!silent(p) && !report_other_language(p)) plan_report(p, "left-over", t, found(p), (struct str){0});
        good = false;
    }
    if (!good) plan_recover(p, words, count);
    while (!plan_at_section(p) && plan_at_any(p, words, count) == W_COUNT) {
        unknown_clause(p, words, count);
        plan_next(p);
        plan_recover(p, words, count);
    }
}

bool plan_once(struct plan_parser *p, bool written, const struct plan_token *at, enum plan_word w) {
    if (written) plan_report(p, "clause-twice", at, str_from(plan_word_text(w, p->zh)), (struct str){0});
    return !written;
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
        if (silent(p)) return NULL;
        struct str limit = p->d->count < LIMIT_PLAN_DIAGNOSTICS ? arena_printf(p->a, "%u", max) : STR("");
        plan_report(p, "too-many", plan_cur(p), str_from(plan_word_text(what, p->zh)), limit);
        return NULL;
    }
    void *made = base_arena_push(p->a, items, count, cap, size, align);
    if (!made) (void)plan_no_memory(p);
    return made;
}

/* ---- literals and names ------------------------------------------------------------------------------------------ */

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

bool plan_need_name(struct plan_parser *p, struct plan_ref *ret) {
    if (!plan_is(p, TOKEN_WORD) || plan_at_clause(p)) return plan_expected(p, "名称", "a name");
    *ret = (struct plan_ref){plan_cur_str(p), plan_token_pos(plan_cur(p)), PLAN_NONE};
    plan_next(p);
    return true;
}

bool plan_at_name(const struct plan_parser *p) {
    return plan_is(p, TOKEN_WORD) && !plan_at_clause(p) && !plan_word_reserved(plan_cur_str(p));
}

bool plan_need_new_name(struct plan_parser *p, struct str *ret) {
    const struct plan_token *t = plan_cur(p);
    struct plan_ref ref;
    if (plan_is(p, TOKEN_WORD) && !t->at_line_start && plan_word_reserved(plan_cur_str(p))) {
        plan_report(p, "name-is-word", t, plan_cur_str(p), (struct str){0});
        *ret = plan_cur_str(p);
        plan_next(p);
        return true; /* one report is enough: the clauses behind it can be read */
    }
    if (!plan_need_name(p, &ref)) return false;
    *ret = ref.name;
    return true;
}

bool plan_need_text(struct plan_parser *p, struct str *ret) {
    if (!plan_is(p, TOKEN_TEXT)) return plan_expected(p, "带引号的文本", "a text in quotes");
    *ret = plan_token_text(p->a, p->source, plan_cur(p));
    if (!ret->p) return plan_no_memory(p);
    plan_next(p);
    return true;
}

bool plan_need_label(struct plan_parser *p, struct plan_label *ret) {
    if (!plan_need_text(p, &ret->zh)) return false;
    ret->en = ret->zh;
    return !plan_take_sign(p, TOKEN_SLASH) || plan_need_text(p, &ret->en);
}

/* A literal that the lexer refused is 0, and reported. */
bool plan_need_number(struct plan_parser *p, int64_t *ret_e6) {
    if (!plan_is(p, TOKEN_NUMBER)) return plan_expected(p, "数字", "a number");
    if (!plan_token_number(p->source, plan_cur(p), ret_e6)) *ret_e6 = 0;
    plan_next(p);
    return true;
}

bool plan_need_whole(struct plan_parser *p, int64_t max, int64_t *ret) {
    const struct plan_token *t = plan_cur(p);
    int64_t e6 = 0;
    if (!plan_is(p, TOKEN_NUMBER)) return plan_expected(p, "整数", "a whole number");
    if (!plan_need_number(p, &e6)) return false;
    if (e6 % 1'000'000 != 0 || e6 / 1'000'000 > max) return plan_number_report(p, "whole-number", t, (uint32_t)max);
    *ret = e6 / 1'000'000;
    return true;
}

bool plan_need_ratio(struct plan_parser *p, int64_t *ret_ppm) {
    if (!plan_is(p, TOKEN_RATIO)) return plan_expected(p, "百分比", "a ratio such as 80%");
    if (!plan_token_ratio(p->source, plan_cur(p), ret_ppm)) *ret_ppm = 0;
    plan_next(p);
    return true;
}

bool plan_need_date(struct plan_parser *p, struct day *ret) {
    if (!plan_is(p, TOKEN_DATE)) return plan_expected(p, "日期", "a date such as 2022-01-01");
    if (!plan_token_date(p->source, plan_cur(p), ret)) *ret = DAY_NONE;
    plan_next(p);
    return true;
}

bool plan_need_range(struct plan_parser *p, struct day_range *ret) {
    struct day_range range = {DAY_NONE, DAY_OPEN};
    if (!plan_need_date(p, &range.from) || !plan_need_sign(p, TOKEN_RANGE)) return false;
    if (plan_is(p, TOKEN_DATE) && !plan_need_date(p, &range.to)) return false;
    *ret = range;
    return true;
}

static const char *mode_text(uint32_t index, bool zh) { return round_mode_name((enum round_mode)index, zh); }

bool plan_need_mode(struct plan_parser *p, enum round_mode *ret) {
    for (uint32_t m = 0; m < ROUND_MODE_COUNT && plan_is(p, TOKEN_WORD); m++) {
        if (!str_eq(plan_cur_str(p), str_from(round_mode_name((enum round_mode)m, p->zh)))) continue;
        plan_cur(p)->mark = PLAN_MARK(MARK_MODE, m);
        *ret = (enum round_mode)m;
        plan_next(p);
        return true;
    }
    return plan_expected_of(p, mode_text, ROUND_MODE_COUNT, "舍入方式（如 四舍五入）", "a round mode: half-up, half-even, down, up or exact");
}

bool plan_need_kind(struct plan_parser *p, enum plan_kind *ret) {
    for (uint32_t k = 0; k < PLAN_KIND_COUNT && plan_is(p, TOKEN_WORD); k++) {
        if (!str_eq(plan_cur_str(p), str_from(plan_kind_text(k, p->zh)))) continue;
        plan_cur(p)->mark = PLAN_MARK(MARK_KIND, k);
        *ret = (enum plan_kind)k;
        plan_next(p);
        return true;
    }
    return plan_expected_of(p, plan_kind_text, PLAN_KIND_COUNT, "种类：法定、惠民保、商业 或 项目", "a kind: statutory, supplementary, commercial or programme");
}

int32_t plan_at_bucket(const struct plan_parser *p) {
    for (uint32_t i = 0; i < PLAN_BUCKET_WORDS && plan_is(p, TOKEN_WORD); i++)
        if (str_eq(plan_cur_str(p), str_from(plan_bucket_text(i, p->zh)))) return (int32_t)i;
    return -1;
}

bool plan_need_bucket(struct plan_parser *p, uint32_t *ret_index) {
    int32_t bucket = plan_at_bucket(p);
    if (bucket < 0) return plan_expected_of(p, plan_bucket_text, PLAN_BUCKET_WORDS, "费用部分（如 自费）", "a bucket such as own_full");
    plan_cur(p)->mark = PLAN_MARK(MARK_BUCKET, bucket);
    *ret_index = (uint32_t)bucket;
    plan_next(p);
    return true;
}

/* ---- facts ------------------------------------------------------------------------------------------------------- */

int32_t plan_at_fact(const struct plan_parser *p) { return plan_is(p, TOKEN_WORD) ? plan_fact_find(plan_cur_str(p)) : -1; }

static void need_language(struct plan_parser *p, const char *own, const char *other) {
    if (str_eq(plan_cur_str(p), str_from(own)) || silent(p)) return;
    plan_report(p, p->zh ? "english-word" : "chinese-word", plan_cur(p), str_from(other), str_from(own));
}

int32_t plan_take_fact(struct plan_parser *p) {
    int32_t fact = plan_at_fact(p);
    if (fact < 0) return fact;
    const struct plan_fact_info *info = plan_fact_info((uint32_t)fact);
    need_language(p, p->zh ? info->zh : info->en, p->zh ? info->en : info->zh);
    plan_cur(p)->mark = PLAN_MARK(MARK_FACT, fact);
    plan_next(p);
    return fact;
}

static void mark_value(struct plan_parser *p, int32_t fact) {
    struct str text = plan_cur_str(p);
    const struct plan_fact_info *info = fact >= 0 ? plan_fact_info((uint32_t)fact) : NULL;
    int32_t yes = plan_bool_find(text);
    if (info && info->type == PLAN_VALUE_SYMBOL) {
        int32_t value = plan_word_find(info->words, info->word_count, text);
        if (value < 0) return;
        const struct bill_word *word = &info->words[value];
        need_language(p, plan_symbol_text(word, p->zh), plan_symbol_text(word, !p->zh));
        plan_cur(p)->mark = PLAN_MARK(MARK_SYMBOL, (uint32_t)fact << 8 | (uint32_t)value);
    } else if (yes >= 0) {
        enum plan_word w = yes ? W_YES : W_NO;
        need_language(p, plan_word_text(w, p->zh), plan_word_text(w, !p->zh));
        plan_cur(p)->mark = PLAN_MARK(MARK_WORD, w);
    }
}

static struct str without_groups(struct plan_parser *p, struct str s) {
    if (!memchr(s.p, '_', s.n)) return s;
    char *out = ARENA_ARRAY(p->a, char, s.n);
    if (!out) return (struct str){0};
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '_') out[n++] = s.p[i];
    return (struct str){out, n};
}

bool plan_need_fact_value(struct plan_parser *p, int32_t fact, struct str *ret, struct plan_pos *ret_pos) {
    const struct plan_token *t = plan_cur(p);
    if (plan_is(p, TOKEN_TEXT)) {
        if (!plan_need_text(p, ret)) return false;
    } else if (plan_is(p, TOKEN_NUMBER)) {
        *ret = without_groups(p, plan_cur_str(p));
        if (!ret->p) return plan_no_memory(p);
        plan_next(p);
    } else if (plan_is(p, TOKEN_WORD) && !plan_at_clause(p)) {
        mark_value(p, fact);
        *ret = plan_cur_str(p);
        plan_next(p);
    } else {
        return plan_expected(p, "取值", "a value");
    }
    *ret_pos = plan_token_pos(t);
    return true;
}

/* ---- the file ----------------------------------------------------------------------------------------------------- */

static void parse_plan(struct plan_parser *p, struct plan_file *file, uint32_t *cap) {
    struct plan *plan = PLAN_NEW(p, struct plan);
    if (!plan) return;
    plan->source = p->source;
    plan->zh = p->zh;
    (void)plan_parse_plan(p, plan);
    struct plan **slot = PLAN_PUSH(p, file->plans, file->plan_count, *cap, LIMIT_LIBRARY_FILES, W_PLAN);
    if (slot) *slot = plan;
}

static void parse_list(struct plan_parser *p, struct plan_file *file, uint32_t *cap) {
    struct plan_list *list = PLAN_NEW(p, struct plan_list);
    if (!list) return;
    list->source = p->source;
    (void)plan_parse_list(p, 0, list);
    struct plan_list **slot = PLAN_PUSH(p, file->lists, file->list_count, *cap, LIMIT_LIBRARY_FILES, W_LIST);
    if (slot) *slot = list;
}

static void parse_chain(struct plan_parser *p, struct plan_file *file, uint32_t *cap) {
    struct plan_chain *chain = PLAN_NEW(p, struct plan_chain);
    if (!chain) return;
    chain->source = p->source;
    (void)plan_parse_chain(p, chain);
    struct plan_chain **slot = PLAN_PUSH(p, file->chains, file->chain_count, *cap, LIMIT_LIBRARY_FILES, W_CHAIN);
    if (slot) *slot = chain;
}

static void parse_file(struct plan_parser *p, struct plan_file *file) {
    uint32_t plan_cap = 0, list_cap = 0, chain_cap = 0;
    if (plan_is(p, TOKEN_END) && !p->d->error_count) plan_report(p, "no-head", plan_cur(p), (struct str){0}, (struct str){0});
    while (!plan_is(p, TOKEN_END)) {
        if (plan_at_any(p, head_words, COUNT_OF(head_words)) == W_COUNT) {
            if (file->plan_count + file->list_count + file->chain_count == 0) {
                if (!silent(p) && !report_near(p, head_words, COUNT_OF(head_words)))
                    plan_report(p, "no-head", plan_cur(p), (struct str){0}, (struct str){0});
            } else {
                unknown_clause(p, head_words, COUNT_OF(head_words));
            }
            do plan_next(p);
            while (!plan_at_head(p));
            continue;
        }
        plan_layout(p, LAYOUT_FILE, 0);
        if (plan_at_word(p, W_PLAN)) parse_plan(p, file, &plan_cap);
        else if (plan_at_word(p, W_LIST)) parse_list(p, file, &list_cap);
        else parse_chain(p, file, &chain_cap);
    }
}

/* Comments belong to the plan that follows them, or that they stand in. */
static void keep_comments(struct plan_parser *p, struct plan_file *file) {
    uint32_t at = 0;
    for (uint32_t i = 0; i < file->plan_count; i++) {
        struct plan *plan = file->plans[i];
        uint32_t end = i + 1 < file->plan_count ? file->plans[i + 1]->pos.start : UINT32_MAX, cap = 0;
        for (; at < p->count && p->tokens[at].start < end; at++) {
            const struct plan_token *t = &p->tokens[at];
            if (t->kind != TOKEN_COMMENT) continue;
            struct plan_comment *comment = ARENA_PUSH(p->a, plan->comments, plan->comment_count, cap);
            if (!comment) {
                p->no_memory = true;
                return;
            }
            *comment = (struct plan_comment){plan_token_str(p->source, t), plan_token_pos(t), t->at_line_start};
        }
    }
}

/* Findings of lexer and parser in order of the text; those that stood there before stay in front. */
static void sort_findings(struct plan_diagnostics *d, uint32_t from) {
    for (uint32_t i = from; i < d->count; i++) {
        struct plan_diagnostic item = d->items[i];
        uint32_t k = i;
        for (; k > from && d->items[k - 1].start > item.start; k--) d->items[k] = d->items[k - 1];
        d->items[k] = item;
    }
}

struct status plan_parse_tokens(struct arena *a, const struct plan_source *source, struct plan_diagnostics *d, struct plan_tokens *ret_tokens,
                                struct plan_file **ret) {
    struct plan_tokens tokens;
    uint32_t findings = d->count;
    TRY(plan_lex(a, source, d, &tokens));
    struct plan_file *file = ARENA_NEW(a, struct plan_file);
    if (!file) return status_memory();
    file->zh = tokens.zh;
    struct plan_parser p = {.a = a, .source = source, .d = d, .tokens = tokens.items, .count = tokens.count, .zh = tokens.zh};
    skip_comments(&p);
    parse_file(&p, file);
    if (!p.no_memory) keep_comments(&p, file);
    if (p.no_memory) return status_memory();
    sort_findings(d, findings);
    *ret_tokens = tokens;
    *ret = file;
    return STATUS_OK;
}

struct status plan_parse(struct arena *a, const struct plan_source *source, struct plan_diagnostics *d, struct plan_file **ret) {
    struct plan_tokens tokens;
    return plan_parse_tokens(a, source, d, &tokens, ret);
}
