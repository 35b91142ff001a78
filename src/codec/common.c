/* common — failures from the table, places in a text, and a sort without memory or bad cases. */
#include "codec/codec_internal.h"

static const struct {
    const char *code, *zh, *en, *hint_zh, *hint_en;
} errors[CODEC_ERROR_COUNT] = {
#define CODEC_ERROR(id, code, zh, en, hint_zh, hint_en) [CODEC_##id] = {code, zh, en, hint_zh, hint_en},
#include "codec/errors.def"
#undef CODEC_ERROR
};

struct status codec_fail(struct arena *a, enum codec_error which, struct str place) {
    return status_error(a, (struct error){.code = errors[which].code,
                                          .place = place,
                                          .zh = str_from(errors[which].zh),
                                          .en = str_from(errors[which].en),
                                          .hint_zh = str_from(errors[which].hint_zh),
                                          .hint_en = str_from(errors[which].hint_en)});
}

void codec_name_add(struct buf *out, struct str name) {
    size_t at = 0;
    uint32_t cp;
    for (size_t here = 0; utf8_next(name, &at, &cp); here = at) {
        if (at > LIMIT_NAME_BYTES) {
            buf_add_cstr(out, "…");
            return;
        }
        bool steers = cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || (cp >= 0x200e && cp <= 0x200f) ||
                      (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
        buf_add(out, steers ? STR("?") : (struct str){name.p + here, at - here});
    }
}

void codec_line_column(struct str bytes, size_t offset, uint32_t *ret_line, uint32_t *ret_column) {
    uint32_t line = 1, column = 1;
    for (size_t i = 0; i < offset && i < bytes.n; i++) {
        if (bytes.p[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)bytes.p[i] & 0xc0) != 0x80) {
            column++; /* counts first bytes of characters */
        }
    }
    *ret_line = line;
    *ret_column = column;
}

/* Heap sort. Sinks the element at `at` to its place among the first `count`. */
static void heap_sink(uint32_t *order, uint32_t at, uint32_t count, const struct str *names, codec_order *compare) {
    uint32_t moving = order[at];
    while (at < count / 2) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < count && compare(names[order[child]], names[order[child + 1]]) < 0) child++;
        if (compare(names[moving], names[order[child]]) >= 0) break;
        order[at] = order[child];
        at = child;
    }
    order[at] = moving;
}

void codec_sort(uint32_t *order, uint32_t count, const struct str *names, codec_order *compare) {
    for (uint32_t i = count / 2; i-- > 0;) heap_sink(order, i, count, names, compare);
    for (uint32_t left = count; left > 1; left--) {
        uint32_t largest = order[0];
        order[0] = order[left - 1];
        order[left - 1] = largest;
        heap_sink(order, 0, left - 1, names, compare);
    }
}
