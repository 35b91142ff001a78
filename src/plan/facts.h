/* plan/facts — the facts that a plan may read, and their words, found by name in either language.
 *
 * Internal to the room: checker, formatter, examples and mutator use it. The table itself is facts.def.
 */
#ifndef YIJIE_PLAN_FACTS_H
#define YIJIE_PLAN_FACTS_H

#include "plan/plan.h"

/* The built-in fact of this name, English or Chinese; -1 when there is none. Cost: linear in the table. */
int32_t plan_fact_find(struct str name);
/* Index of a word of a vocabulary, by its English or Chinese name; -1 when it has none. The unmarked word of a vocabulary (the catalogue class
 * "not given", whose English name is empty) is found by its Chinese name or as `unmarked`. */
int32_t plan_word_find(const struct bill_word *words, uint32_t count, struct str word);
/* yes/no, 是/否: 1, 0; -1 for anything else. */
int32_t plan_bool_find(struct str word);

#endif
