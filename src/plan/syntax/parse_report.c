/* plan/syntax/parse_report — what the parser says about a text that it does not understand.
 *
 * Who uses it: the parts of the parser. One report for one place; a word that is nearly right, of the other language, or without the blank
 * behind it is named as such, because the bare "expected …" leaves the reader to find that out.
 */
#include "plan/syntax/parse.h"

#include <string.h>

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
bool plan_silent(struct plan_parser *p) {
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

static bool report_other_language(struct plan_parser *p) {
    if (!plan_is(p, TOKEN_WORD)) return false;
    enum plan_word w = plan_other_language(p);
    if (w == W_COUNT) return false;
    plan_report(p, p->zh ? "english-word" : "chinese-word", plan_cur(p), str_from(plan_word_text(w, !p->zh)), str_from(plan_word_text(w, p->zh)));
    return true;
}

/* The first token of a word of several is there and a later one nearly. */
static bool report_near_later(struct plan_parser *p, struct str word) {
    struct str part = plan_first_part(word);
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
        part = plan_first_part(rest);
    }
    return false;
}

/* A word that was nearly written, or written without a blank behind it. */
bool plan_report_near(struct plan_parser *p, const enum plan_word *words, size_t count) {
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
        if (str_eq(text, plan_first_part(word))) continue;
        struct str before = near.best;
        plan_nearest_try(&near, plan_first_part(word));
        if (near.best.p != before.p) best = word;
    }
    if (!near.best.n) return false;
    plan_report(p, "misspelt", plan_cur(p), text, best);
    return true;
}

/* The same for words from another table. */
static bool report_near_table(struct plan_parser *p, const char *(*text_of)(uint32_t index, bool zh), uint32_t count) {
    struct plan_nearest near = {.word = plan_is(p, TOKEN_WORD) ? plan_cur_str(p) : STR("")};
    for (uint32_t i = 0; i < count; i++) {
        if (near.word.n && str_eq(near.word, str_from(text_of(i, !p->zh)))) {
            plan_report(p, p->zh ? "english-word" : "chinese-word", plan_cur(p), near.word, str_from(text_of(i, p->zh)));
            return true;
        }
        plan_nearest_try(&near, str_from(text_of(i, p->zh)));
    }
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
    if (plan_silent(p)) return false;
    if (plan_report_near(p, words, count) || report_other_language(p)) return false;
    CHECK(zh || count > 0);
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
void plan_unknown_clause(struct plan_parser *p, const enum plan_word *words, size_t count) {
    if (plan_silent(p)) return;
    if (plan_at_reserved(p)) {
        plan_report(p, "reserved-section", plan_cur(p), plan_cur_str(p), (struct str){0});
        return;
    }
    if (plan_at_clause(p)) {
        plan_report(p, "misplaced-clause", plan_cur(p), plan_cur_str(p), (struct str){0});
        return;
    }
    size_t section_count;
    const enum plan_word *sections = plan_section_words(&section_count);
    if (plan_report_near(p, words, count) || plan_report_near(p, sections, section_count) || report_other_language(p)) return;
    plan_report(p, "unknown-clause", plan_cur(p), found(p), (struct str){0});
}

void plan_clause_end(struct plan_parser *p, bool good, const enum plan_word *words, size_t count) {
    const struct plan_token *t = plan_cur(p);
    size_t section_count;
    const enum plan_word *sections = plan_section_words(&section_count);
    if (good && t->kind != TOKEN_END && !t->at_line_start) {
        if (plan_at_any(p, words, count) != W_COUNT || plan_at_any(p, sections, section_count) != W_COUNT) {
            if (!plan_silent(p)) plan_report(p, "clause-same-line", t, plan_cur_str(p), (struct str){0});
            return;
        }
        if (!plan_silent(p) && !report_other_language(p)) plan_report(p, "left-over", t, found(p), (struct str){0});
        good = false;
    }
    if (!good) plan_recover(p, words, count);
    while (!plan_at_section(p) && plan_at_any(p, words, count) == W_COUNT) {
        plan_unknown_clause(p, words, count);
        plan_next(p);
        plan_recover(p, words, count);
    }
}

bool plan_once(struct plan_parser *p, bool written, const struct plan_token *at, enum plan_word w) {
    if (written) plan_report(p, "clause-twice", at, str_from(plan_word_text(w, p->zh)), (struct str){0});
    return !written;
}
