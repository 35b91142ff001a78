/* rows — failures of this room, checks of the values that go in, building of the rows that come out.
 *
 * Who uses it: store.c and both seams. Invariant: what one store refuses, the other refuses too (a NUL in a text, broken UTF-8), so that data can
 * move between them. Workload: a case binds some 2 KB of text, so the check goes eight ASCII bytes at a time.
 */
#include <string.h>

#include "store/store_internal.h"

static const struct {
    const char *code, *zh, *en, *hint_zh, *hint_en;
} errors[STORE_ERROR_COUNT] = {
#define STORE_ERROR(id, code, zh, en, hint_zh, hint_en) [STORE_##id] = {code, zh, en, hint_zh, hint_en},
#include "store/errors.def"
#undef STORE_ERROR
};

struct status store_fail(struct arena *a, enum store_error which, struct str place, struct str detail) {
    struct str zh = str_from(errors[which].zh), en = str_from(errors[which].en);
    if (detail.n) {
        zh = arena_printf(a, "%s（%.*s）", errors[which].zh, STR_FMT(detail));
        en = arena_printf(a, "%s (%.*s)", errors[which].en, STR_FMT(detail));
        if (!zh.p || !en.p) return status_memory();
    }
    return status_error(a, (struct error){.code = errors[which].code,
                                          .place = place,
                                          .zh = zh,
                                          .en = en,
                                          .hint_zh = str_from(errors[which].hint_zh),
                                          .hint_en = str_from(errors[which].hint_en)});
}

/* ---- values in ----------------------------------------------------------------------------------------- */

static bool text_check(struct str s) {
    const uint64_t high = 0x8080808080808080, ones = 0x0101010101010101;
    size_t at = 0;
    while (at < s.n) {
        while (s.n - at >= sizeof(uint64_t)) {
            uint64_t word;
            memcpy(&word, s.p + at, sizeof(word));
            if ((word | (word - ones)) & high) break; /* a byte above 127, or one that is 0 */
            at += sizeof(word);
        }
        uint32_t point = 0;
        if (at < s.n && (!utf8_next(s, &at, &point) || point == 0)) return false;
    }
    return true;
}

struct status store_values_check(struct arena *a, const struct store_statement *st, const struct store_value *rows, uint32_t row_count) {
    uint32_t width = store_width(st->params);
    for (uint32_t p = 0; p < width; p++) {
        char base = store_type_base(st->params[p]);
        bool nullable = store_type_nullable(st->params[p]);
        if (base == 'i' && nullable) continue;
        for (uint32_t r = 0; r < row_count; r++) {
            const struct store_value *v = &rows[(size_t)r * width + p];
            CHECK(nullable || !v->null);
            if (base == 't' && !v->null && !text_check(v->s)) return store_fail(a, STORE_BAD_TEXT, str_from(st->name), STR(""));
        }
    }
    return STATUS_OK;
}

/* ---- rows out ------------------------------------------------------------------------------------------ */

void store_rows_start(struct store_rows_maker *m, struct arena *a, const struct store_statement *st) {
    *m = (struct store_rows_maker){.a = a, .width = store_width(st->results)};
    CHECK(m->width > 0);
}

static bool rows_grow(struct store_rows_maker *m) {
    uint32_t cap = m->cap ? m->cap * 2 : 8;
    if (cap < m->cap || cap > UINT32_MAX / m->width) return false;
    struct store_value *values = ARENA_ARRAY(m->a, struct store_value, (size_t)cap * m->width);
    uint32_t *of = ARENA_ARRAY(m->a, uint32_t, cap);
    if (!values || !of) return false;
    if (m->count) {
        memcpy(values, m->values, (size_t)m->count * m->width * sizeof(values[0]));
        memcpy(of, m->of, m->count * sizeof(of[0]));
    }
    m->values = values;
    m->of = of;
    m->cap = cap;
    return true;
}

struct store_value *store_rows_add(struct store_rows_maker *m, uint32_t of) {
    if (m->count == m->cap && !rows_grow(m)) return NULL;
    m->of[m->count] = of;
    return m->values + (size_t)m->count++ * m->width;
}

bool store_rows_text(struct store_rows_maker *m, struct store_value *v, const void *bytes, size_t n) {
    v->s = arena_str(m->a, (struct str){bytes, n});
    return v->s.p != NULL;
}

struct store_rows store_rows_made(const struct store_rows_maker *m) {
    return (struct store_rows){.values = m->values, .of = m->of, .count = m->count, .width = m->width};
}
