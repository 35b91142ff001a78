/* plan/syntax/lex — bytes to tokens.
 *
 * Who uses it: the parser. Workload: files of up to LIMIT_PLAN_BYTES, most of it list entries, so every byte is looked at a fixed number of
 * times. Bytes are checked first (UTF-8, control and invisible characters), so that the scanner may skip what was already reported.
 */
#include "plan/syntax/lex.h"

#include <string.h>

#include "plan/syntax/words.h"

struct lexer {
    struct arena *a;
    const struct plan_source *source;
    struct plan_diagnostics *d;
    struct str text;
    size_t at;
    uint32_t line, column;
    bool line_begins, language_known, zh, no_memory;
    struct plan_token *tokens;
    uint32_t count, cap;
};

struct str plan_token_str(const struct plan_source *source, const struct plan_token *t) {
    return (struct str){source->text.p + t->start, t->end - t->start};
}

struct plan_place plan_token_place(const struct plan_source *source, const struct plan_token *t) {
    return (struct plan_place){source, t->line, t->column, t->start, t->end};
}

struct plan_pos plan_token_pos(const struct plan_token *t) { return (struct plan_pos){t->line, t->column, t->start, t->end}; }

/* ---- characters ---------------------------------------------------------------------------------- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Unified ideographs and 〇. Compatibility ideographs and radicals only look like them. */
bool plan_is_han(uint32_t cp) {
    return cp == 0x3007 || (cp >= 0x3400 && cp <= 0x4dbf) || (cp >= 0x4e00 && cp <= 0x9fff) || (cp >= 0x20000 && cp <= 0x2a6df) ||
           (cp >= 0x2a700 && cp <= 0x2ebe0) || (cp >= 0x30000 && cp <= 0x323af);
}

/* Punctuation and blanks outside ASCII: they end a word. */
static bool is_foreign_mark(uint32_t cp) {
    return (cp >= 0xa0 && cp <= 0xbf) || cp == 0xd7 || cp == 0xf7 || (cp >= 0x2000 && cp <= 0x2bff) || (cp >= 0x3000 && cp <= 0x3020) ||
           (cp >= 0xfe10 && cp <= 0xfe6f) || (cp >= 0xff00 && cp <= 0xff0f) || (cp >= 0xff1a && cp <= 0xff20) ||
           (cp >= 0xff3b && cp <= 0xff40) || (cp >= 0xff5b && cp <= 0xff65) || (cp >= 0xffe0 && cp <= 0xffff);
}

/* Invisible, or changing the direction of what is seen: nothing that a reader could check. */
static bool is_hidden(uint32_t cp) {
    return (cp >= 0x7f && cp <= 0x9f) || cp == 0xad || cp == 0x61c || cp == 0x180e || (cp >= 0x200b && cp <= 0x200f) ||
           (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff || (cp >= 0xfe00 && cp <= 0xfe0f) ||
           (cp >= 0xfff0 && cp <= 0xfffb) || cp >= 0xe0000;
}

static uint32_t code_point_count(const char *p, size_t n) {
    uint32_t count = 0;
    for (size_t i = 0; i < n; i++) count += ((unsigned char)p[i] & 0xc0) != 0x80;
    return count;
}

/* ---- the bytes -------------------------------------------------------------------------------------- */

static void report(struct lexer *x, const char *code, struct plan_place at, struct str a, struct str b) {
    plan_diagnose(x->d, x->a, code, at, a, b);
}

/* Arguments cost memory: none for reports that are only counted, or a file of rubbish would fill the arena. */
static bool reports_full(const struct lexer *x) { return x->d->count >= LIMIT_PLAN_DIAGNOSTICS; }
static struct str number(struct lexer *x, unsigned v) { return reports_full(x) ? STR("") : arena_printf(x->a, "%u", v); }
static struct str code_point(struct lexer *x, uint32_t cp) {
    return reports_full(x) ? STR("") : arena_printf(x->a, "U+%04X", (unsigned)cp);
}
/* "а (U+0430)" */
static struct str describe(struct lexer *x, struct str s, uint32_t cp) {
    return reports_full(x) ? STR("") : arena_printf(x->a, "%.*s (U+%04X)", STR_FMT(s), (unsigned)cp);
}

/* One bad byte or character at `at`; returns how many bytes it is. */
static size_t byte_report(struct lexer *x, size_t at, struct plan_place place) {
    const char *p = x->text.p + at;
    uint32_t cp = 0;
    size_t next = at;
    if (!utf8_next(x->text, &next, &cp)) {
        size_t end = at + 1; /* one report for a run */
        while (end < x->text.n && ((unsigned char)x->text.p[end] & 0x80)) {
            next = end;
            if (utf8_next(x->text, &next, &cp)) break;
            end++;
        }
        place.end = (uint32_t)end;
        report(x, "not-utf8", place, number(x, (unsigned char)*p), (struct str){0});
        return end - at;
    }
    place.end = (uint32_t)next;
    if (cp == 0) report(x, "nul-byte", place, (struct str){0}, (struct str){0});
    else report(x, "control-character", place, code_point(x, cp), (struct str){0});
    return next - at;
}

static bool ascii_fine(struct str s, size_t at) {
    char c = s.p[at];
    if (c == '\r') return at + 1 < s.n && s.p[at + 1] == '\n';
    return c >= ' ' ? c != 0x7f : c == '\n' || c == '\t';
}

/* Reports what no text may hold, wherever it stands. */
static void bytes_check(struct lexer *x) {
    struct plan_place place = {x->source, 1, 1, 0, 0};
    struct str s = x->text;
    for (size_t at = x->at; at < s.n;) {
        size_t next = at;
        uint32_t cp = 0;
        if (!((unsigned char)s.p[at] & 0x80) ? ascii_fine(s, at) && ++next : utf8_next(s, &next, &cp) && !is_hidden(cp)) {
            place.column++;
            if (s.p[at] == '\n') place.line++, place.column = 1;
            at = next;
            continue;
        }
        place.start = (uint32_t)at;
        size_t n = byte_report(x, at, place);
        place.column += code_point_count(s.p + at, n);
        at += n;
    }
}

/* ---- emitting ------------------------------------------------------------------------------------------ */

static void advance(struct lexer *x, size_t end) {
    x->column += code_point_count(x->text.p + x->at, end - x->at);
    x->at = end;
}

static struct plan_token *emit(struct lexer *x, enum plan_token_kind kind, size_t end) {
    struct plan_token *t = ARENA_PUSH(x->a, x->tokens, x->count, x->cap);
    if (!t) {
        x->no_memory = true;
        return NULL;
    }
    *t = (struct plan_token){.line = x->line, .column = x->column, .start = (uint32_t)x->at, .end = (uint32_t)end, .kind = (uint8_t)kind,
                             .at_line_start = x->line_begins};
    if (kind != TOKEN_COMMENT) x->line_begins = false;
    advance(x, end);
    return t;
}

/* Emits and reports: the token is there for the parser, but wrong. */
static void emit_wrong(struct lexer *x, enum plan_token_kind kind, size_t end, const char *code, struct str a, struct str b) {
    struct plan_token *t = emit(x, kind, end);
    if (!t) return;
    t->wrong = true;
    report(x, code, plan_token_place(x->source, t), a, b);
}

/* ---- numbers, ratios, dates ---------------------------------------------------------------------------- */

/* Digits with `_` between groups of three, then decimals; value × 10^scale. False: more decimals, or does not fit. */
static bool digits_value(struct str s, int scale, int64_t *ret) {
    int64_t v = 0;
    int decimals = -1;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '_') continue;
        if (c == '.') {
            decimals = 0;
            continue;
        }
        if (decimals >= scale) {
            if (c != '0') return false;
            continue;
        }
        if (decimals >= 0) decimals++;
        if (!i64_mul(v, 10, &v) || !i64_add(v, c - '0', &v)) return false;
    }
    for (int k = decimals < 0 ? 0 : decimals; k < scale; k++)
        if (!i64_mul(v, 10, &v)) return false;
    *ret = v;
    return true;
}

bool plan_token_number(const struct plan_source *source, const struct plan_token *t, int64_t *ret_e6) {
    return t->kind == TOKEN_NUMBER && digits_value(plan_token_str(source, t), 6, ret_e6);
}

bool plan_token_ratio(const struct plan_source *source, const struct plan_token *t, int64_t *ret_ppm) {
    struct str s = plan_token_str(source, t);
    int64_t v = 0;
    if (t->kind != TOKEN_RATIO || s.n < 2) return false;
    s.n--; /* % */
    if (!digits_value(s, 4, &v) || v > RATIO_ONE) return false;
    *ret_ppm = v;
    return true;
}

bool plan_token_date(const struct plan_source *source, const struct plan_token *t, struct day *ret) {
    return t->kind == TOKEN_DATE && day_parse(plan_token_str(source, t), ret);
}

/* The length of `dddd-d…-d…` at the cursor, 0 when there is none. */
static size_t date_length(struct str s, size_t at) {
    size_t i = at, group = 0;
    for (; group < 3; group++) {
        size_t begin = i;
        while (i < s.n && is_digit(s.p[i])) i++;
        size_t n = i - begin;
        if (group == 0 ? n != 4 : n < 1 || n > 2) return 0;
        if (group < 2 && (i >= s.n || s.p[i++] != '-')) return 0;
    }
    return i - at;
}

/* After the first `_` all groups have three digits, the first one to three. */
static bool groups_fine(struct str s) {
    size_t run = 0;
    bool grouped = false;
    for (size_t i = 0; i < s.n; i++, run++) {
        if (s.p[i] != '_') continue;
        if (grouped ? run != 3 : run < 1 || run > 3) return false;
        grouped = true;
        run = (size_t)-1;
    }
    return !grouped || run == 3;
}

static void lex_ratio(struct lexer *x, size_t end) {
    struct str digits = {x->text.p + x->at, end - 1 - x->at};
    int64_t v = 0;
    if (!digits_value(digits, 4, &v) && memchr(digits.p, '.', digits.n))
        emit_wrong(x, TOKEN_RATIO, end, "ratio-decimals", digits, (struct str){0});
    else if (!digits_value(digits, 4, &v) || v > RATIO_ONE) emit_wrong(x, TOKEN_RATIO, end, "ratio-above-one", digits, (struct str){0});
    else (void)emit(x, TOKEN_RATIO, end);
}

static void lex_number(struct lexer *x) {
    struct str s = x->text;
    size_t date = date_length(s, x->at);
    if (date) {
        struct day day;
        struct str text = {s.p + x->at, date};
        if (day_parse(text, &day)) (void)emit(x, TOKEN_DATE, x->at + date);
        else emit_wrong(x, TOKEN_DATE, x->at + date, "bad-date", text, (struct str){0});
        return;
    }
    size_t i = x->at, whole;
    while (i < s.n && (is_digit(s.p[i]) || s.p[i] == '_')) i++;
    whole = i;
    if (i + 1 < s.n && s.p[i] == '.' && is_digit(s.p[i + 1]))
        for (i++; i < s.n && is_digit(s.p[i]);) i++;
    bool fine = groups_fine((struct str){s.p + x->at, whole - x->at});
    size_t end = i;
    while (end < s.n && (is_letter(s.p[end]) || is_digit(s.p[end]) || s.p[end] == '_' ||
                         (end + 1 < s.n && s.p[end] == '.' && is_digit(s.p[end + 1]))))
        end++;
    struct str text = {s.p + x->at, end - x->at};
    if (!fine || end != i) emit_wrong(x, TOKEN_NUMBER, end, "bad-number", text, (struct str){0});
    else if (i < s.n && s.p[i] == '%') lex_ratio(x, i + 1);
    else {
        int64_t v = 0;
        if (digits_value(text, 6, &v)) (void)emit(x, TOKEN_NUMBER, end);
        else if (i - whole > 7) emit_wrong(x, TOKEN_NUMBER, end, "number-decimals", text, (struct str){0});
        else emit_wrong(x, TOKEN_NUMBER, end, "number-large", text, (struct str){0});
    }
}

/* ---- texts ------------------------------------------------------------------------------------------------ */

static void lex_text(struct lexer *x) {
    struct str s = x->text;
    size_t i = x->at + 1, escape = 0;
    while (i < s.n && s.p[i] != '"' && s.p[i] != '\n') {
        if (s.p[i] != '\\') {
            i++;
            continue;
        }
        if (i + 1 < s.n && (s.p[i + 1] == '"' || s.p[i + 1] == '\\')) {
            i += 2;
            continue;
        }
        if (!escape) escape = i;
        i++;
    }
    if (i >= s.n || s.p[i] != '"') {
        if (i > x->at + 1 && s.p[i - 1] == '\r') i--;
        emit_wrong(x, TOKEN_TEXT, i, "text-open", (struct str){0}, (struct str){0});
    } else if (escape) {
        emit_wrong(x, TOKEN_TEXT, i + 1, "text-escape", (struct str){0}, (struct str){0});
    } else if (i - x->at > LIMIT_PLAN_TEXT_BYTES) {
        emit_wrong(x, TOKEN_TEXT, i + 1, "text-long", number(x, LIMIT_PLAN_TEXT_BYTES), (struct str){0});
    } else {
        (void)emit(x, TOKEN_TEXT, i + 1);
    }
}

struct str plan_token_text(struct arena *a, const struct plan_source *source, const struct plan_token *t) {
    if (t->wrong) return STR("");
    struct str s = {source->text.p + t->start + 1, t->end - t->start - 2};
    if (!s.n || !memchr(s.p, '\\', s.n)) return s;
    char *out = ARENA_ARRAY(a, char, s.n);
    if (!out) return (struct str){0};
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\') i++;
        out[n++] = s.p[i];
    }
    return (struct str){out, n};
}

/* “…” typed by an input method: the whole of it is one mistake. */
static void lex_curly(struct lexer *x, size_t after_first) {
    size_t i = after_first;
    while (i < x->text.n && x->text.p[i] != '\n') {
        uint32_t cp = 0;
        size_t next = i;
        if (!utf8_next(x->text, &next, &cp)) next = i + 1;
        i = next;
        if (cp == 0x201d || cp == 0x201c) break;
    }
    emit_wrong(x, TOKEN_TEXT, i, "wrong-quote", (struct str){0}, (struct str){0});
}

/* ---- words -------------------------------------------------------------------------------------------------- */

/* One more character of a word at `at`; 0 when the word ends. Sets *ret_alike to a character that does not belong into names. */
static size_t word_step(struct str s, size_t at, uint32_t *ret_alike) {
    if (at >= s.n) return 0;
    char c = s.p[at];
    if (is_letter(c) || is_digit(c) || c == '_') return 1;
    if (!((unsigned char)c & 0x80)) return 0;
    uint32_t cp = 0;
    size_t next = at;
    if (!utf8_next(s, &next, &cp)) return 0;
    if (plan_is_han(cp)) return next - at;
    if (is_hidden(cp) || is_foreign_mark(cp)) return 0;
    *ret_alike = cp;
    return next - at;
}

static void language_decide(struct lexer *x, struct str word) {
    x->language_known = true;
    size_t at = 0;
    uint32_t cp = 0;
    x->zh = utf8_next(word, &at, &cp) && plan_is_han(cp);
}

static void lex_word(struct lexer *x) {
    struct str s = x->text;
    size_t i = x->at, alike_at = 0;
    uint32_t alike = 0;
    for (;;) {
        uint32_t other = 0;
        size_t n = word_step(s, i, &other);
        if (n == 0 && i < s.n && s.p[i] == '-' && word_step(s, i + 1, &other)) n = 1, other = 0; /* a name does not end with - */
        if (n == 0) break;
        if (other && !alike) alike = other, alike_at = i;
        i += n;
    }
    struct str word = {s.p + x->at, i - x->at};
    if (!x->language_known) language_decide(x, word);
    if (!alike && word.n <= LIMIT_NAME_BYTES) {
        (void)emit(x, TOKEN_WORD, i);
        return;
    }
    struct plan_place place = {x->source, x->line, x->column, (uint32_t)x->at, (uint32_t)i};
    struct plan_token *t = emit(x, TOKEN_WORD, i);
    if (!t) return;
    t->wrong = true;
    if (!alike) {
        report(x, "name-long", place, number(x, LIMIT_NAME_BYTES), (struct str){0});
        return;
    }
    size_t end = alike_at;
    uint32_t cp = 0;
    (void)utf8_next(s, &end, &cp);
    place.column += code_point_count(s.p + place.start, alike_at - place.start);
    place.start = (uint32_t)alike_at;
    place.end = (uint32_t)end;
    report(x, "look-alike", place, word, describe(x, (struct str){s.p + alike_at, end - alike_at}, alike));
}

/* ---- signs ---------------------------------------------------------------------------------------------------- */

static const struct sign {
    const char *text;
    enum plan_token_kind kind;
} signs[] = { /* longer ones first */
    {"..", TOKEN_RANGE}, {"<=", TOKEN_LE}, {">=", TOKEN_GE}, {"!=", TOKEN_NE}, {"<", TOKEN_LT}, {">", TOKEN_GT}, {"=", TOKEN_EQ},
    {",", TOKEN_COMMA}, {":", TOKEN_COLON}, {"(", TOKEN_OPEN}, {")", TOKEN_CLOSE}, {"+", TOKEN_PLUS}, {"-", TOKEN_MINUS},
    {"*", TOKEN_STAR}, {"/", TOKEN_SLASH},
};
static const struct wide_sign {
    uint32_t cp;
    enum plan_token_kind kind;
    char ascii[2];
} wide_signs[] = {
    {0xff0c, TOKEN_COMMA, ","}, {0xff1a, TOKEN_COLON, ":"}, {0xff08, TOKEN_OPEN, "("}, {0xff09, TOKEN_CLOSE, ")"},
};

static void lex_wide_sign(struct lexer *x) {
    uint32_t cp = 0;
    size_t end = x->at;
    if (!utf8_next(x->text, &end, &cp) || is_hidden(cp)) { /* reported with the bytes */
        advance(x, end > x->at ? end : x->at + 1);
        return;
    }
    if (cp == 0x3000 && x->zh) {
        advance(x, end);
        return;
    }
    if (cp == 0x201c || cp == 0x201d) {
        lex_curly(x, end);
        return;
    }
    struct str text = {x->text.p + x->at, end - x->at};
    for (size_t i = 0; i < COUNT_OF(wide_signs); i++) {
        if (wide_signs[i].cp != cp) continue;
        if (x->zh) (void)emit(x, wide_signs[i].kind, end);
        else emit_wrong(x, wide_signs[i].kind, end, "wide-sign", text, str_from(wide_signs[i].ascii));
        return;
    }
    struct plan_place place = {x->source, x->line, x->column, (uint32_t)x->at, (uint32_t)end};
    report(x, "stray-character", place, describe(x, text, cp), (struct str){0});
    advance(x, end);
}

static void lex_sign(struct lexer *x) {
    struct str rest = {x->text.p + x->at, x->text.n - x->at};
    for (size_t i = 0; i < COUNT_OF(signs); i++) {
        struct str text = str_from(signs[i].text);
        if (!str_starts(rest, text)) continue;
        (void)emit(x, signs[i].kind, x->at + text.n);
        return;
    }
    if (ascii_fine(x->text, x->at)) { /* others were reported with the bytes */
        struct plan_place place = {x->source, x->line, x->column, (uint32_t)x->at, (uint32_t)x->at + 1};
        report(x, "stray-character", place, (struct str){rest.p, 1}, (struct str){0});
    }
    advance(x, x->at + 1);
}

static void lex_comment(struct lexer *x) {
    size_t end = x->at;
    while (end < x->text.n && x->text.p[end] != '\n') end++;
    if (end > x->at && x->text.p[end - 1] == '\r') end--;
    (void)emit(x, TOKEN_COMMENT, end);
}

static void lex_one(struct lexer *x) {
    struct str s = x->text;
    char c = s.p[x->at];
    uint32_t alike = 0;
    if (c == '\n') {
        x->at++;
        x->line++;
        x->column = 1;
        x->line_begins = true;
    } else if (c == ' ' || c == '\t' || c == '\r') {
        advance(x, x->at + 1);
    } else if (c == '-' && x->at + 1 < s.n && s.p[x->at + 1] == '-') {
        lex_comment(x);
    } else if (c == '"') {
        lex_text(x);
    } else if (is_digit(c)) {
        lex_number(x);
    } else if (c != '_' && word_step(s, x->at, &alike)) {
        lex_word(x);
    } else if ((unsigned char)c & 0x80) {
        lex_wide_sign(x);
    } else {
        lex_sign(x);
    }
}

struct status plan_lex(struct arena *a, const struct plan_source *source, struct plan_diagnostics *d, struct plan_tokens *ret) {
    struct lexer x = {.a = a, .source = source, .d = d, .text = source->text, .line = 1, .column = 1, .line_begins = true};
    if (x.text.n > LIMIT_PLAN_BYTES) {
        report(&x, "file-large", (struct plan_place){source, 1, 1, 0, 0}, number(&x, LIMIT_PLAN_BYTES >> 20), (struct str){0});
        x.text.n = 0;
    }
    if (str_starts(x.text, STR("\xef\xbb\xbf"))) x.at = 3; /* byte order mark of some editors */
    bytes_check(&x);
    while (x.at < x.text.n && !x.no_memory) lex_one(&x);
    x.line_begins = true;
    if (!x.no_memory) (void)emit(&x, TOKEN_END, x.at);
    if (x.no_memory) return status_memory();
    *ret = (struct plan_tokens){x.tokens, x.count, x.zh};
    return STATUS_OK;
}
