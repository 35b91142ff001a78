/* fuzz_compress — damaged and crafted Zstandard frames.
 *
 * Oracle: what is unpacked packs and unpacks to the same bytes, and is never longer than allowed. The first byte chooses the limit; invariant: never
 * crashes, never allocates more than the limit (the arena is that small).
 */
#include "codec/codec.h"

enum { ARENA_BYTES = 2 * 1024 * 1024, MAX_SHIFT = 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    struct arena a, b;
    struct compressor z;
    struct str plain = {NULL, 0}, packed = {NULL, 0}, back = {NULL, 0};
    size_t bytes_max = (size_t)1 << data[0] % (MAX_SHIFT + 1);
    arena_init(&a, ARENA_BYTES);
    arena_init(&b, 2 * ARENA_BYTES);
    compressor_init(&z);
    struct status s = decompress_zstd(&z, &a, (struct str){(const char *)data + 1, size - 1}, bytes_max, &plain);
    if (status_failed(s)) {
        CHECK(s.err->zh.n && s.err->en.n && plain.p == NULL);
    } else {
        CHECK(plain.n <= bytes_max);
        CHECK(!status_failed(compress_zstd(&z, &b, plain, &packed)));
        CHECK(!status_failed(decompress_zstd(&z, &b, packed, plain.n, &back)) && str_eq(back, plain));
    }
    compressor_done(&z);
    arena_done(&b);
    arena_done(&a);
    return 0;
}
