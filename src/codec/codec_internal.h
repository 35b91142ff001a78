/* codec_internal — shared by the files of this room only. */
#ifndef YIJIE_CODEC_INTERNAL_H
#define YIJIE_CODEC_INTERNAL_H

#include "codec/codec.h"

enum codec_error {
#define CODEC_ERROR(id, code, zh, en, hint_zh, hint_en) CODEC_##id,
#include "codec/errors.def"
#undef CODEC_ERROR
    CODEC_ERROR_COUNT
};

/* A failure from the table; `place` is copied. */
struct status codec_fail(struct arena *a, enum codec_error which, struct str place);

/* A stranger's name inside a place: cut after LIMIT_NAME_BYTES, and '?' for what could steer a terminal (controls, text
 * direction marks). Needs room for LIMIT_NAME_BYTES and 3. */
void codec_name_add(struct buf *out, struct str name);

/* Line and column (characters) of an offset, both from 1. */
void codec_line_column(struct str bytes, size_t offset, uint32_t *ret_line, uint32_t *ret_column);

/* Sorts order[count], a permutation of places in names[], in place and without memory: worst case n log n, so that
 * crafted names cost no more than others. */
typedef int codec_order(struct str a, struct str b);
void codec_sort(uint32_t *order, uint32_t count, const struct str *names, codec_order *compare);

#endif
