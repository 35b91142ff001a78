/* plan/syntax/format — the printer, for parts of a file.
 *
 * Internal to the room: about.c hashes what it prints.
 */
#ifndef YIJIE_PLAN_FORMAT_H
#define YIJIE_PLAN_FORMAT_H

#include "plan/syntax/parse.h"

/* The plan or list whose first token begins at byte `start`: in English, without comments. False: nothing begins there, or no memory. */
bool plan_format_section(const struct plan_source *source, const struct plan_tokens *tokens, uint32_t start, struct buf *out);

#endif
