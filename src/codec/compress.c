/* compress — Zstandard frames, small ones with a dictionary of what our texts look like.
 *
 * Who uses it: journal, before sealing. Invariant: what is unpacked is one whole frame with its size and checksum right, within the caller's limit; a
 * dictionary once used stays in the table below, so that every frame ever written can be read.
 * Workload: bills of some 2.5 KB as JSON. With the dictionary they come out at half of what they come to without it, in a third of the time (README).
 * Source: RFC 8878.
 */
#include <zstd.h>

#include "codec/codec_internal.h"

enum { LEVEL = 1 };

/* dictionaries.S; the id stands inside each as RFC 8878 section 6 has it. The last one is the one we write with. */
extern const char codec_dictionary_1[], codec_dictionary_1_end[];
static const struct dictionary {
    unsigned id;
    const char *begin, *end;
} dictionaries[COMPRESS_DICTIONARY_COUNT] = {{1, codec_dictionary_1, codec_dictionary_1_end}};

void compressor_init(struct compressor *z) { *z = (struct compressor){0}; }

void compressor_done(struct compressor *z) {
    (void)ZSTD_freeCCtx(z->pack);
    (void)ZSTD_freeCDict(z->pack_dictionary);
    (void)ZSTD_freeDCtx(z->unpack);
    for (size_t i = 0; i < COUNT_OF(z->unpack_dictionary); i++) (void)ZSTD_freeDDict(z->unpack_dictionary[i]);
    *z = (struct compressor){0};
}

static size_t dictionary_bytes(const struct dictionary *d) { return (size_t)(d->end - d->begin); }

/* False: no memory; what was made so far is kept for the next try. */
static bool pack_ready(struct compressor *z) {
    const struct dictionary *newest = &dictionaries[COUNT_OF(dictionaries) - 1];
    if (!z->pack_dictionary) {
        z->pack_dictionary = ZSTD_createCDict(newest->begin, dictionary_bytes(newest), LEVEL);
        if (!z->pack_dictionary) return false;
        CHECK(ZSTD_getDictID_fromCDict(z->pack_dictionary) == newest->id);
    }
    if (!z->pack) {
        ZSTD_CCtx *pack = ZSTD_createCCtx();
        if (!pack) return false;
        CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(pack, ZSTD_c_compressionLevel, LEVEL)));
        CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(pack, ZSTD_c_checksumFlag, 1)));
        z->pack = pack;
    }
    return true;
}

struct status compress_zstd(struct compressor *z, struct arena *a, struct str in, struct str *ret) {
    if (!pack_ready(z)) return status_memory();
    bool small = in.n <= COMPRESS_DICTIONARY_BYTES;
    size_t room = ZSTD_compressBound(in.n);
    if (ZSTD_isError(room)) return codec_fail(a, CODEC_COMPRESSED_TOO_LARGE, STR(""));
    char *out = arena_alloc(a, room, 1);
    if (!out || ZSTD_isError(ZSTD_CCtx_refCDict(z->pack, small ? z->pack_dictionary : NULL))) return status_memory();
    size_t n = ZSTD_compress2(z->pack, out, room, in.p, in.n);
    if (ZSTD_isError(n)) return status_memory(); /* with room for the worst case nothing else is left */
    *ret = (struct str){out, n};
    return STATUS_OK;
}

/* The dictionary of the frame in *ret_dictionary, NULL for none. */
static struct status unpack_ready(struct compressor *z, struct arena *a, struct str in, ZSTD_DDict **ret_dictionary) {
    unsigned id = ZSTD_getDictID_fromFrame(in.p, in.n);
    size_t at = 0;
    if (!z->unpack) z->unpack = ZSTD_createDCtx();
    if (!z->unpack) return status_memory();
    if (id == 0) {
        *ret_dictionary = NULL;
        return STATUS_OK;
    }
    while (at < COUNT_OF(dictionaries) && dictionaries[at].id != id) at++;
    if (at == COUNT_OF(dictionaries)) return codec_fail(a, CODEC_COMPRESSED_DICTIONARY, STR(""));
    if (!z->unpack_dictionary[at]) z->unpack_dictionary[at] = ZSTD_createDDict(dictionaries[at].begin, dictionary_bytes(&dictionaries[at]));
    if (!z->unpack_dictionary[at]) return status_memory();
    CHECK(ZSTD_getDictID_fromDDict(z->unpack_dictionary[at]) == id);
    *ret_dictionary = z->unpack_dictionary[at];
    return STATUS_OK;
}

struct status decompress_zstd(struct compressor *z, struct arena *a, struct str in, size_t bytes_max, struct str *ret) {
    static const char magic[] = {0x28, (char)0xb5, 0x2f, (char)0xfd};
    ZSTD_DDict *dictionary = NULL;
    if (!str_starts(in, (struct str){magic, sizeof(magic)})) return codec_fail(a, CODEC_COMPRESSED_DAMAGED, STR("")); /* skippable frames too */
    unsigned long long n = ZSTD_getFrameContentSize(in.p, in.n);
    if (n == ZSTD_CONTENTSIZE_UNKNOWN || n == ZSTD_CONTENTSIZE_ERROR || ZSTD_findFrameCompressedSize(in.p, in.n) != in.n)
        return codec_fail(a, CODEC_COMPRESSED_DAMAGED, STR(""));
    if (n > bytes_max || n >= SIZE_MAX) return codec_fail(a, CODEC_COMPRESSED_TOO_LARGE, STR(""));
    TRY(unpack_ready(z, a, in, &dictionary));
    char *out = arena_alloc(a, (size_t)n + 1, 1); /* zeroed: the NUL */
    if (!out || ZSTD_isError(ZSTD_DCtx_refDDict(z->unpack, dictionary))) return status_memory();
    size_t got = ZSTD_decompressDCtx(z->unpack, out, (size_t)n, in.p, in.n);
    if (ZSTD_isError(got) || got != n) return codec_fail(a, CODEC_COMPRESSED_DAMAGED, STR(""));
    *ret = (struct str){out, got};
    return STATUS_OK;
}
