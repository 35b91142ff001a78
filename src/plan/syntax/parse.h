/* plan/syntax/parse — the cursor over tokens, and the parts of the parser by noun.
 *
 * Internal to the room; parse*.c only. Recursive descent; a function that returns false (or NULL) has reported why, and its caller goes on at
 * the next clause. Taking a token leaves a mark on it (lex.h), which is all that the formatter needs.
 * Invariants: the cursor never stands on a comment and never passes TOKEN_END; every loop moves it; one report for one place.
 */
#ifndef YIJIE_PLAN_PARSE_H
#define YIJIE_PLAN_PARSE_H

#include "plan/syntax/lex.h"
#include "plan/syntax/words.h"

struct plan_parser {
    struct arena *a;
    const struct plan_source *source;
    struct plan_diagnostics *d;
    struct plan_token *tokens;
    uint32_t count, at;
    bool zh, no_memory;
    uint32_t depth, terms;
    uint32_t reported_at; /* start of the last report + 1 */
    uint32_t near_lines;  /* lines that recovery compared with misspelt words */
};

/* ---- cursor ------------------------------------------------------------------------------------------- */

static inline struct plan_token *plan_cur(const struct plan_parser *p) { return &p->tokens[p->at]; }
static inline bool plan_is(const struct plan_parser *p, enum plan_token_kind kind) { return plan_cur(p)->kind == kind; }
static inline struct str plan_cur_str(const struct plan_parser *p) { return plan_token_str(p->source, plan_cur(p)); }
void plan_next(struct plan_parser *p);
void plan_skip_comments(struct plan_parser *p);
/* The token k places ahead, comments not counted. */
const struct plan_token *plan_ahead(const struct plan_parser *p, uint32_t k);
bool plan_take_sign(struct plan_parser *p, enum plan_token_kind kind);

/* How many tokens the word takes at the cursor; 0 when it does not stand there. */
uint32_t plan_at_word(const struct plan_parser *p, enum plan_word w);
bool plan_take_word(struct plan_parser *p, enum plan_word w);
bool plan_need_word(struct plan_parser *p, enum plan_word w);
bool plan_need_sign(struct plan_parser *p, enum plan_token_kind kind);
/* The first of the words that stands at the cursor, W_COUNT when none does. */
enum plan_word plan_at_any(const struct plan_parser *p, const enum plan_word *words, size_t count);
/* A comma and behind it the word: takes both or nothing. */
bool plan_take_comma_word(struct plan_parser *p, enum plan_word w);

/* The longest word of the other language at the cursor; W_COUNT when there is none. */
enum plan_word plan_other_language(const struct plan_parser *p);
/* A word of several tokens, in either language, stands at the cursor: `each year` is not a name `each`. */
bool plan_at_words(const struct plan_parser *p);
struct str plan_first_part(struct str phrase); /* its first token */

/* A line that begins here is laid out like this. */
void plan_layout(struct plan_parser *p, enum plan_layout layout, uint32_t level);

/* ---- reports ------------------------------------------------------------------------------------------- */

void plan_report(struct plan_parser *p, const char *code, const struct plan_token *at, struct str a, struct str b);
/* Something else is expected here: says so, or that the word is of the other language, or misspelt. Always false. */
bool plan_expected(struct plan_parser *p, const char *zh, const char *en);
bool plan_expected_any(struct plan_parser *p, const enum plan_word *words, size_t count, const char *zh, const char *en);
/* The same where the words stand in another table. */
bool plan_expected_of(struct plan_parser *p, const char *(*text_of)(uint32_t index, bool zh), uint32_t count, const char *zh, const char *en);
bool plan_number_report(struct plan_parser *p, const char *code, const struct plan_token *at, uint32_t a);
/* Moves to the next line that begins with a section, a head, or one of these words; not at all when the cursor is there. */
void plan_recover(struct plan_parser *p, const enum plan_word *words, size_t count);
/* The cursor begins a line with some clause or section word: nothing that goes on can stand here. */
bool plan_at_clause(const struct plan_parser *p);
bool plan_at_section(const struct plan_parser *p);
bool plan_at_head(const struct plan_parser *p); /* plan, list, chain; END */
bool plan_at_head_word(const struct plan_parser *p);
bool plan_at_reserved(const struct plan_parser *p);
const enum plan_word *plan_section_words(size_t *ret_count);
/* Whether this token was reported already, by the lexer or here; from now on it was. */
bool plan_silent(struct plan_parser *p);
bool plan_report_near(struct plan_parser *p, const enum plan_word *words, size_t count);
/* A line begins with no clause that can stand here. */
void plan_unknown_clause(struct plan_parser *p, const enum plan_word *words, size_t count);
/* Behind a clause: the next one begins a new line. Reports what else stands there. */
void plan_clause_end(struct plan_parser *p, bool good, const enum plan_word *words, size_t count);
/* True for the first of its kind; else reports that it stands twice. */
bool plan_once(struct plan_parser *p, bool written, const struct plan_token *at, enum plan_word w);

/* ---- arrays ------------------------------------------------------------------------------------------- */

void *plan_push(struct plan_parser *p, void **items, uint32_t *count, uint32_t *cap, size_t size, size_t align, uint32_t max, enum plan_word what);
/* One more zeroed element; NULL when there is no memory or more than `max` (then it reported it). */
#define PLAN_PUSH(p, items, count, cap, max, what)                                                            \
    ((__typeof__(items))plan_push((p), (void **)&(items), &(count), &(cap), sizeof(*(items)), _Alignof(__typeof__(*(items))), (max), (what)))
void *plan_new(struct plan_parser *p, size_t size, size_t align);
#define PLAN_NEW(p, T) ((T *)plan_new((p), sizeof(T), _Alignof(T)))
bool plan_no_memory(struct plan_parser *p); /* ends the parse; false */

/* ---- literals and names: each takes one token or reports ------------------------------------------------ */

bool plan_need_name(struct plan_parser *p, struct plan_ref *ret);    /* a reference */
bool plan_need_new_name(struct plan_parser *p, struct str *ret);     /* a definition: not a reserved word */
bool plan_need_text(struct plan_parser *p, struct str *ret);
bool plan_need_label(struct plan_parser *p, struct plan_label *ret);
bool plan_need_number(struct plan_parser *p, int64_t *ret_e6);
bool plan_need_whole(struct plan_parser *p, int64_t max, int64_t *ret);
bool plan_need_ratio(struct plan_parser *p, int64_t *ret_ppm);
bool plan_need_date(struct plan_parser *p, struct day *ret);
bool plan_need_range(struct plan_parser *p, struct day_range *ret);  /* DATE .. [DATE] */
bool plan_need_mode(struct plan_parser *p, enum round_mode *ret);
bool plan_need_kind(struct plan_parser *p, enum plan_kind *ret);
int32_t plan_at_bucket(const struct plan_parser *p);                 /* index, or -1 */
bool plan_need_bucket(struct plan_parser *p, uint32_t *ret_index);
/* A word that can be a name stands here: no reserved word of either language. */
bool plan_at_name(const struct plan_parser *p);
/* The built-in fact at the cursor, or -1; does not take it. One of the other language's name is reported and counts. */
int32_t plan_at_fact(const struct plan_parser *p);
int32_t plan_take_fact(struct plan_parser *p);
/* A value of a fact as written: word, number, text, yes, no. fact -1: own fact. *ret: unquoted. */
bool plan_need_fact_value(struct plan_parser *p, int32_t fact, struct str *ret, struct plan_pos *ret_pos);
struct plan_pos plan_pos_join(struct plan_pos a, struct plan_pos b);
struct plan_pos plan_pos_to_here(const struct plan_parser *p, struct plan_pos from); /* up to the token before the cursor */

/* ---- by noun ------------------------------------------------------------------------------------------- */

struct plan_expr *plan_parse_expr(struct plan_parser *p);
bool plan_parse_choice(struct plan_parser *p, bool schedule, struct plan_choice *ret);
struct plan_cond *plan_parse_cond(struct plan_parser *p);
bool plan_parse_each(struct plan_parser *p, struct plan_period *ret);
bool plan_at_each(const struct plan_parser *p);
bool plan_parse_filled(struct plan_parser *p, uint32_t *ret_kinds); /* optional part */
bool plan_parse_waiting(struct plan_parser *p, struct plan_waiting *ret);
bool plan_parse_exclude(struct plan_parser *p, enum plan_layout layout, uint32_t level, struct plan_exclusion *ret);

/* Behind their keyword word; each reads its clauses too. */
bool plan_parse_benefit(struct plan_parser *p, struct plan_benefit *ret);
bool plan_parse_example(struct plan_parser *p, struct plan_example *ret);
bool plan_parse_list(struct plan_parser *p, uint32_t level, struct plan_list *ret);
bool plan_parse_chain(struct plan_parser *p, struct plan_chain *ret);
bool plan_parse_plan(struct plan_parser *p, struct plan *ret);
/* One clause of the head. *seen: bits by position in the table. W_COUNT word when the cursor is at none. */
bool plan_parse_header(struct plan_parser *p, struct plan *plan, uint32_t *seen, bool *ret_good);

/* Parses with the tokens kept, for the formatter. */
struct status plan_parse_tokens(struct arena *a, const struct plan_source *source, struct plan_diagnostics *d, struct plan_tokens *ret_tokens,
                                struct plan_file **ret);

#endif
