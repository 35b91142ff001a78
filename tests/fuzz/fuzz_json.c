/* fuzz_json — what the JSON reader accepts must write and read back to the same tree, compact, pretty and canonical.
 *
 * Oracle: the round trip; the raw bytes of every value parse alone to the same value; a failure names a code and both
 * languages and leaves the output untouched. Invariant: never crashes, whatever the bytes.
 */
#include <string.h>

#include "codec/codec.h"

enum { ARENA_BYTES = 256 * 1024 * 1024, OUT_BYTES = 192 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct json *a, const struct json *b) {
    if (a->kind != b->kind || a->boolean != b->boolean || a->count != b->count || !str_eq(a->text, b->text)) return false;
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->names && !str_eq(a->names[i], b->names[i])) return false;
        if (!same(&a->items[i], &b->items[i])) return false;
    }
    return true;
}

static const struct json *must_parse(struct arena *a, struct str bytes) {
    const struct json *v = NULL;
    struct status s = json_parse(a, bytes, &v);
    CHECK(!status_failed(s) && v);
    return v;
}

static void round_trip(struct arena *a, const struct json *v, bool pretty) {
    struct buf out;
    struct json_writer w;
    buf_init(&out, OUT_BYTES);
    json_writer_init(&w, &out, pretty);
    json_value(&w, v);
    CHECK(!out.failed);
    if (out.n <= LIMIT_JSON_BYTES) CHECK(same(v, must_parse(a, buf_view(&out)))); /* escapes and blanks may make it longer */
    buf_done(&out);
}

/* Canonical once is canonical for ever, and holds the same members. */
static void canonical(struct arena *a, const struct json *v) {
    struct buf once, twice;
    buf_init(&once, OUT_BYTES);
    buf_init(&twice, OUT_BYTES);
    if (!status_failed(json_canonical(a, v, &once)) && once.n <= LIMIT_JSON_BYTES) {
        const struct json *back = must_parse(a, buf_view(&once));
        CHECK(back->kind == v->kind && back->count == v->count);
        CHECK(!status_failed(json_canonical(a, back, &twice)));
        CHECK(str_eq(buf_view(&once), buf_view(&twice)));
    }
    buf_done(&once);
    buf_done(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a;
    const struct json *v = NULL;
    arena_init(&a, ARENA_BYTES);
    struct str bytes = {(const char *)data, size};
    struct status s = json_parse(&a, bytes, &v);
    if (status_failed(s)) {
        CHECK(!v && s.err->code && s.err->zh.n && s.err->en.n && utf8_check(s.err->place));
    } else {
        CHECK(utf8_check(bytes));
        CHECK(same(v, must_parse(&a, v->raw)));
        if (v->count) CHECK(same(&v->items[v->count - 1], must_parse(&a, v->items[v->count - 1].raw)));
        round_trip(&a, v, false);
        round_trip(&a, v, true);
        canonical(&a, v);
    }
    arena_done(&a);
    return 0;
}
