/* json_index — the seam to simdjson: only json_in.cpp includes that library, only json_tree.c uses this header. */
#ifndef YIJIE_CODEC_JSON_INDEX_H
#define YIJIE_CODEC_JSON_INDEX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { JSON_INDEX_PADDING = 64 }; /* readable bytes that must follow the text */

enum json_index_result { JSON_INDEX_GOOD, JSON_INDEX_EMPTY, JSON_INDEX_BAD_TEXT, JSON_INDEX_NO_MEMORY };

/* Offsets, rising, of every token outside strings: each of { } [ ] : , and the first byte of each string or scalar. */
struct json_index {
    const uint32_t *offsets;
    uint32_t count;
    void *owner;
};

/* GOOD promises: the text is UTF-8, every string is closed and holds no bare control character, and every byte that is
 * not a blank belongs to the token that begins at or before it. BAD_TEXT says that one of the first three is broken. */
enum json_index_result json_index_make(const char *padded, size_t n, struct json_index *ret);
void json_index_done(struct json_index *index);

#ifdef __cplusplus
}
#endif
#endif
