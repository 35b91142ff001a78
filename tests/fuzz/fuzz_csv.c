/* fuzz_csv — what the CSV reader accepts must write and read back to the same rows.
 *
 * Oracle: the round trip. Invariant: never crashes, every row has as many fields as the header, memory stays bounded
 * when the arena is rewound after each row.
 */
#include <string.h>

#include "codec/codec.h"

enum { ARENA_BYTES = 16 * 1024 * 1024, OUT_BYTES = 192 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void row_write(struct csv_writer *w, const struct str *fields, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) csv_field(w, fields[i]);
    csv_row_end(w);
}

/* Copies all rows to `out`. False when the bytes are refused. */
static bool rows_copy(struct str bytes, struct buf *out) {
    struct arena a;
    struct csv c;
    struct csv_writer w;
    arena_init(&a, ARENA_BYTES);
    csv_writer_init(&w, out);
    bool good = !status_failed(csv_open(&a, bytes, &c)), more = good;
    if (good) row_write(&w, c.names, c.name_count);
    struct arena_mark mark = arena_mark(&a);
    while (more) {
        struct csv_row row;
        struct status s = csv_next(&c, &a, &row, &more);
        good = !status_failed(s);
        if (!good) CHECK(s.err->zh.n && s.err->en.n && s.err->place.n);
        if (!good || !more) break;
        row_write(&w, row.fields, c.name_count);
        arena_rewind(&a, mark);
    }
    arena_done(&a);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buf once, twice;
    buf_init(&once, OUT_BYTES);
    buf_init(&twice, OUT_BYTES);
    if (rows_copy((struct str){(const char *)data, size}, &once)) {
        CHECK(!once.failed && rows_copy(buf_view(&once), &twice));
        CHECK(str_eq(buf_view(&once), buf_view(&twice)));
    }
    buf_done(&once);
    buf_done(&twice);
    return 0;
}
