/* plan/syntax/words — the words of the language as data: texts by id, ids by text, the nearest word to a misspelt one.
 *
 * Internal to the room: lexer, parser, formatter, diagnostics and explanation. The table is words.def.
 * Invariants: a Chinese word is one token; the words that can follow each other in one place differ in both languages (test_lex walks them).
 */
#ifndef YIJIE_PLAN_WORDS_H
#define YIJIE_PLAN_WORDS_H

#include "plan/facts.h"

enum plan_word {
#define X(id, en, zh) W_##id,
#include "plan/syntax/words.def"
#undef X
    W_COUNT
};
enum { W_SOFT = W_BY_ADMISSION }; /* from here on words may also be names */

const char *plan_word_text(enum plan_word w, bool zh);
/* The word of one token with this text; W_COUNT when there is none. */
enum plan_word plan_word_of(struct str text, bool zh);
/* True when no name may be written like this: a word before W_SOFT, in either language. */
bool plan_word_reserved(struct str text);

/* Word of a vocabulary in one language; the word without an English name is `unmarked`. */
const char *plan_symbol_text(const struct bill_word *word, bool zh);
/* Buckets as the language names them: those of the bill, then in_scope_own, which takes all four parts of what was left in scope. */
enum { PLAN_BUCKET_WORDS = BUCKET_COUNT + 1 };
const char *plan_bucket_text(uint32_t index, bool zh);
uint32_t plan_bucket_bits(uint32_t index);
const char *plan_kind_text(uint32_t kind, bool zh); /* enum plan_kind */
const struct bill_word *plan_policy_statuses(uint32_t *ret_count);

/* The candidate nearest to a word by edit distance in characters, if it is near enough to be meant: at most a third of its length, at most 2,
 * and 1 for two or three Chinese characters. Begin with {.word = …}; `best` stays empty when nothing is near. */
struct plan_nearest {
    struct str word, best;
    uint32_t distance;
};
void plan_nearest_try(struct plan_nearest *n, struct str candidate);

#endif
