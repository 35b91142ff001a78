/* error — findings and refusals of this room, filled from errors.def.
 *
 * Who uses it: every file of this room. Invariant: both languages are filled; what a stranger wrote appears at most 40 bytes long and without control characters.
 */
#include <string.h>

#include "registry/internal.h"

struct error_row {
    const char *code, *zh, *en, *hint_zh, *hint_en;
};
static const struct error_row rows[REGISTRY_ERROR_COUNT] = {
#define X(ID, code, zh, en, hint_zh, hint_en) {code, zh, en, hint_zh, hint_en},
#include "registry/errors.def"
#undef X
};

enum { QUOTED_BYTES = 40 };

struct registry_arg registry_arg_i64(struct arena *a, int64_t v) { return registry_arg(arena_printf(a, "%lld", (long long)v)); }

struct registry_arg registry_quoted(struct arena *a, struct str s) {
    char out[QUOTED_BYTES + 4];
    size_t n = 0, at = 0;
    uint32_t cp;
    while (at < s.n) {
        size_t before = at;
        if (!utf8_next(s, &at, &cp) || cp < 0x20 || (cp >= 0x7F && cp < 0xA0)) break;
        if (n + (at - before) > QUOTED_BYTES) break;
        memcpy(out + n, s.p + before, at - before);
        n += at - before;
    }
    if (at < s.n) {
        memcpy(out + n, "…", 3);
        n += 3;
    }
    return registry_arg(arena_str(a, (struct str){out, n}));
}

static struct str fill(struct arena *a, const char *template, struct str one, struct str two) {
    struct buf b;
    buf_init(&b, 8192);
    for (const char *p = template; *p; p++) {
        if (strncmp(p, "{1}", 3) == 0 || strncmp(p, "{2}", 3) == 0) {
            buf_add(&b, p[1] == '1' ? one : two);
            p += 2;
        } else {
            buf_add_char(&b, *p);
        }
    }
    struct str text = arena_str(a, buf_view(&b));
    buf_done(&b);
    return text;
}

const struct error *registry_error_new(struct arena *a, enum registry_error which, struct str place, struct registry_arg one, struct registry_arg two) {
    CHECK((unsigned)which < REGISTRY_ERROR_COUNT);
    const struct error_row *row = &rows[which];
    struct error *e = ARENA_NEW(a, struct error);
    if (!e) return NULL;
    *e = (struct error){.code = row->code,
                        .place = arena_str(a, place),
                        .zh = fill(a, row->zh, one.zh, two.zh),
                        .en = fill(a, row->en, one.en, two.en),
                        .hint_zh = fill(a, row->hint_zh, one.zh, two.zh),
                        .hint_en = fill(a, row->hint_en, one.en, two.en)};
    bool whole = e->place.p && e->zh.p && e->en.p && e->hint_zh.p && e->hint_en.p;
    return whole ? e : NULL;
}

struct status registry_fail(struct arena *a, enum registry_error which, struct str place, struct registry_arg one) {
    const struct registry_arg none = {{0}, {0}};
    const struct error *e = registry_error_new(a, which, place, one, none);
    if (!e) return status_memory();
    return (struct status){e};
}

void registry_find(struct registry_reader *r, struct str place, enum registry_error which, struct registry_arg one, struct registry_arg two) {
    r->count++;
    if (r->kept == REGISTRY_IMPORT_ERRORS || r->out_of_memory) return;
    struct str full = arena_printf(r->arena, "%.*s%.*s", STR_FMT(r->prefix), STR_FMT(place));
    const struct error *e = registry_error_new(r->arena, which, full, one, two);
    struct error *copy = ARENA_NEW(r->arena, struct error);
    if (!e || !copy) {
        r->out_of_memory = true;
        return;
    }
    *copy = *e;
    if (r->last) r->last->next = copy;
    else r->first = copy;
    r->last = copy;
    r->kept++;
}
