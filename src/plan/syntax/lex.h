/* plan/syntax/lex — bytes to tokens.
 *
 * Internal to the room: parser and formatter. A token knows its place and nothing of its meaning; words become keywords only where the grammar
 * expects them, and then the parser leaves a mark on the token, from which the formatter prints and translates it.
 * Invariants: tokens are in order of the text and end with one TOKEN_END; comments are tokens; a text with errors still gives tokens, those
 * that were reported are `wrong`, so that the parser does not report them again.
 */
#ifndef YIJIE_PLAN_LEX_H
#define YIJIE_PLAN_LEX_H

#include "plan/ast.h"

enum plan_token_kind {
    TOKEN_END, TOKEN_COMMENT, TOKEN_WORD, TOKEN_NUMBER, TOKEN_RATIO, TOKEN_DATE, TOKEN_TEXT,
    TOKEN_COMMA, TOKEN_COLON, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_PLUS, TOKEN_MINUS, TOKEN_STAR, TOKEN_SLASH,
    TOKEN_LT, TOKEN_LE, TOKEN_EQ, TOKEN_NE, TOKEN_GE, TOKEN_GT, TOKEN_RANGE
};

/* What the parser took a token for: kind in the top byte, index below. */
enum plan_mark {
    MARK_AS_WRITTEN,              /* names, literals, punctuation */
    MARK_WORD,                    /* index: enum plan_word */
    MARK_CONTINUED,               /* second and later token of a word */
    MARK_FACT,                    /* index: enum plan_fact */
    MARK_SYMBOL,                  /* index: fact × 256 + value */
    MARK_KIND,                    /* enum plan_kind */
    MARK_BUCKET,                  /* bucket word */
    MARK_MODE,                    /* enum round_mode */
    MARK_STATUS                   /* enum bill_policy_status */
};
#define PLAN_MARK(mark, index) ((uint32_t)(mark) << 24 | (uint32_t)(index))

/* How a line that begins with this token is laid out. */
enum plan_layout {
    LAYOUT_INSIDE,  /* does not begin a line */
    LAYOUT_FILE,    /* plan, list, chain: level 0 */
    LAYOUT_HEADER,  /* clause of the head, of a chain: level 1, narrow column */
    LAYOUT_SHARED,  /* one-line sections */
    LAYOUT_BLOCK,   /* sections with clauses of their own: level 1, a blank line before */
    LAYOUT_CLAUSE,  /* of a benefit: level 2, wide column */
    LAYOUT_STEP,    /* given, expect, when, from: level 2 */
    LAYOUT_ENTRY,   /* of a list: one level below the list */
    LAYOUT_DEEP     /* when of an exclusion in a benefit: level 3 */
};

struct plan_token {
    uint32_t line, column, start, end;
    uint32_t mark;
    uint8_t kind;   /* enum plan_token_kind */
    uint8_t layout; /* enum plan_layout; by the parser */
    uint8_t level;
    bool at_line_start; /* first on its line, comments not counted; of a comment: it stands alone */
    bool wrong;
};
struct plan_tokens {
    struct plan_token *items; /* the last is TOKEN_END */
    uint32_t count;
    bool zh; /* by the first word */
};

/* Reads a source. Fails only for lack of memory. Cost: linear. */
struct status plan_lex(struct arena *a, const struct plan_source *source, struct plan_diagnostics *d, struct plan_tokens *ret);

struct str plan_token_str(const struct plan_source *source, const struct plan_token *t);
/* Values of tokens that are not `wrong`; false when the literal is out of its limits (then the lexer reported it). */
bool plan_token_number(const struct plan_source *source, const struct plan_token *t, int64_t *ret_e6);
bool plan_token_ratio(const struct plan_source *source, const struct plan_token *t, int64_t *ret_ppm);
bool plan_token_date(const struct plan_source *source, const struct plan_token *t, struct day *ret);
/* Text between the quotes, escapes resolved; borrowed from the source when there are none. p == NULL: no memory. */
struct str plan_token_text(struct arena *a, const struct plan_source *source, const struct plan_token *t);

struct plan_place plan_token_place(const struct plan_source *source, const struct plan_token *t);
struct plan_pos plan_token_pos(const struct plan_token *t);
bool plan_is_han(uint32_t cp);

#endif
