/* internal — shared by the files of this room only. */
#ifndef YIJIE_JOURNAL_INTERNAL_H
#define YIJIE_JOURNAL_INTERNAL_H

#include "journal/journal.h"

enum journal_error {
#define X(id, code, zh, en, hint_zh, hint_en) JOURNAL_FAILED_##id,
#include "journal/errors.def"
#undef X
    JOURNAL_ERROR_COUNT
};
/* A failure from the table; place is copied, cause (may be NULL) must live in the arena. */
struct status journal_fail(struct arena *a, enum journal_error which, struct str place, const struct error *cause);

/* The version of a type that is written today. */
int32_t journal_type_version(enum journal_type t);

static inline struct str bytes_view(const void *p, size_t n) { return (struct str){(const char *)p, n}; }

#endif
