/* Compression there and back: small and large texts, every damaged bit, limits, strange frames, memory failures, a frame that was written once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "codec/codec.h"

struct fixture {
    struct arena a;
    struct compressor z;
};

static int setup(void **state) {
    static struct fixture f;
    arena_init(&f.a, 256 << 20);
    compressor_init(&f.z);
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    compressor_done(&f->z);
    arena_done(&f->a);
    return 0;
}

static void assert_code(struct status s, const char *code) {
    if (!status_failed(s)) fail_msg("no failure, wanted %s", code);
    assert_string_equal(s.err->code, code);
    assert_true(s.err->zh.n && s.err->en.n);
}

static const char bill[] =
    "{\"bill\":\"B1\",\"revision\":1,\"hospital\":\"H41059900004\",\"hospital_kind\":\"public\",\"region\":\"410500\",\"visit\":\"outpatient\",\"currency\":\"CNY\","
    "\"lines\":[{\"line\":1,\"code\":\"X1\",\"name\":\"阿司匹林\",\"kind\":\"drug\",\"class\":\"A\",\"qty\":\"6\",\"amount\":11881,\"own_full\":0,\"over_limit\":0,"
    "\"own_first\":0,\"in_scope\":11881},{\"line\":2,\"code\":\"X2\",\"name\":\"\",\"kind\":\"lab\",\"amount\":5,\"own_full\":0,\"over_limit\":0,\"own_first\":0}]}";

static struct str pack(struct fixture *f, struct str in) {
    struct str out = {NULL, 0};
    assert_false(status_failed(compress_zstd(&f->z, &f->a, in, &out)));
    assert_non_null(out.p);
    return out;
}

/* Text that repeats a little, or not at all. */
static struct str text_make(struct fixture *f, size_t n, uint32_t seed, uint32_t letters) {
    char *p = arena_alloc(&f->a, n + 1, 1);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1'664'525 + 1'013'904'223;
        p[i] = (char)((seed >> 16) % letters);
    }
    return (struct str){p, n};
}

static void there_and_back(void **state) {
    struct fixture *f = *state;
    static const size_t sizes[] = {0, 1, 2, 31, 255, 256, 2'500, COMPRESS_DICTIONARY_BYTES, COMPRESS_DICTIONARY_BYTES + 1, 300'000, 5'000'000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        for (uint32_t letters = 3; letters <= 256; letters += 253) {
            struct str in = text_make(f, sizes[i], (uint32_t)i, letters), back = STR("untouched"), packed = pack(f, in);
            assert_true(packed.n <= in.n + in.n / 256 + 64);
            assert_false(status_failed(decompress_zstd(&f->z, &f->a, packed, in.n, &back))); /* exactly the limit */
            assert_true(str_eq(back, in));
            assert_int_equal(back.p[back.n], 0);
            back = STR("untouched");
            if (in.n > 0) assert_code(decompress_zstd(&f->z, &f->a, packed, in.n - 1, &back), "compressed-too-large");
            if (in.n > 0) assert_true(str_eq(back, STR("untouched")));
        }
        arena_reset(&f->a);
    }
    struct str packed = pack(f, STR(bill));
    assert_true(packed.n < sizeof(bill) / 2); /* what the dictionary is for: without it there is little to gain from one small text */
}

static void every_damage(void **state) {
    struct fixture *f = *state;
    struct str packed = pack(f, STR(bill)), back = STR("untouched");
    struct arena_mark mark = arena_mark(&f->a);
    char bytes[sizeof(bill)];
    assert_true(packed.n < sizeof(bytes));
    for (size_t bit = 0; bit < 8 * packed.n; bit++) { /* refused, with any code, or (an unused bit of the header) the same text */
        memcpy(bytes, packed.p, packed.n);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
        struct status s = decompress_zstd(&f->z, &f->a, (struct str){bytes, packed.n}, 1 << 20, &back);
        assert_true(status_failed(s) ? str_eq(back, STR("untouched")) : str_eq(back, STR(bill)));
        back = STR("untouched");
        arena_rewind(&f->a, mark);
    }
    for (size_t n = 0; n < packed.n; n++) assert_code(decompress_zstd(&f->z, &f->a, (struct str){packed.p, n}, 1 << 20, &back), "compressed-damaged");
    memcpy(bytes, packed.p, packed.n);
    bytes[packed.n] = 0;
    assert_code(decompress_zstd(&f->z, &f->a, (struct str){bytes, packed.n + 1}, 1 << 20, &back), "compressed-damaged"); /* one byte more */
    assert_false(status_failed(decompress_zstd(&f->z, &f->a, packed, 1 << 20, &back))); /* the context is not spoilt */
    assert_true(str_eq(back, STR(bill)));
}

static void strange_frames(void **state) {
    struct fixture *f = *state;
    struct str back = STR("untouched"), packed = pack(f, STR(bill));
    static const struct {
        struct str bytes;
        const char *code;
    } rows[] = {
        {STR_INIT(""), "compressed-damaged"},
        {STR_INIT("{\"bill\":1}"), "compressed-damaged"},
        {STR_INIT("\x28\xb5\x2f\xfd"), "compressed-damaged"},
        {STR_INIT("\x50\x2a\x4d\x18\x00\x00\x00\x00"), "compressed-damaged"},             /* a skippable frame */
        {STR_INIT("\x28\xb5\x2f\xfd\x00\x58\x01\x00\x00"), "compressed-damaged"},         /* an empty frame that does not say its size */
        {STR_INIT("\x28\xb5\x2f\xfd\x21\x07\x00\x01\x00\x00"), "compressed-dictionary"},  /* empty, dictionary 7 */
        {STR_INIT("\x28\xb5\x2f\xfd\xe0\xff\xff\xff\xff\xff\xff\xff\x7f\x01\x00\x00"), "compressed-too-large"}, /* says 2^63 bytes */
        {STR_INIT("\x28\xb5\x2f\xfd\xa0\x00\x00\x20\x00\x03\x00\x00\x41"), "compressed-too-large"},         /* 2 MiB, one byte inside */
        {STR_INIT("\x28\xb5\x2f\xfd\xa0\x00\x00\x10\x00\x03\x00\x00\x41"), "compressed-damaged"},           /* 1 MiB said, fewer inside */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) assert_code(decompress_zstd(&f->z, &f->a, rows[i].bytes, 1 << 20, &back), rows[i].code);
    char two[2 * sizeof(bill)]; /* two frames are not one */
    memcpy(two, packed.p, packed.n);
    memcpy(two + packed.n, packed.p, packed.n);
    assert_code(decompress_zstd(&f->z, &f->a, (struct str){two, 2 * packed.n}, 1 << 20, &back), "compressed-damaged");
    assert_true(str_eq(back, STR("untouched")));
}

static void memory(void **state) {
    struct fixture *f = *state;
    struct str in = text_make(f, 3'000, 9, 20), packed = pack(f, in), out = STR("untouched");
    struct arena small;
    arena_init(&small, 1'000);
    assert_code(compress_zstd(&f->z, &small, in, &out), "out-of-memory");
    assert_code(decompress_zstd(&f->z, &small, packed, 1 << 20, &out), "out-of-memory");
    assert_true(str_eq(out, STR("untouched")));
    arena_done(&small);
}

int main(void) {
#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {ROW(there_and_back), ROW(every_damage), ROW(strange_frames), ROW(memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
