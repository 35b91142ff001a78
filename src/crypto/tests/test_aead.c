/* AES-256-GCM: test cases 13 to 16 of the GCM specification (McGrew and Viega), every single change refused, contexts used again. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "crypto/crypto.h"

enum { TEXT_MAX = 128 };
#define KEY_0 "0000000000000000000000000000000000000000000000000000000000000000"
#define KEY_F "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
#define TEXT_60                                                                                                                              \
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define SEALED_60                                                                                                                            \
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"

static const struct {
    const char *key, *nonce, *plain, *extra, *sealed;
} vectors[] = {
    {KEY_0, "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {KEY_0, "000000000000000000000000", "00000000000000000000000000000000", "",
     "cea7403d4d606b6e074ec5d3baf39d18" "d0d1c8a799996bf0265b98b5d48ab919"},
    {KEY_F, "cafebabefacedbaddecaf888", TEXT_60 "1aafd255", "", SEALED_60 "898015ad" "b094dac5d93471bdec1a502270e3cc6c"},
    {KEY_F, "cafebabefacedbaddecaf888", TEXT_60, "feedfacedeadbeeffeedfacedeadbeefabaddad2", SEALED_60 "76fc6ece0f4e1768cddf8853bb2d551b"},
};

static size_t unhex(const char *hex, uint8_t *out) {
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++) {
        unsigned byte = 0;
        for (size_t k = 0; k < 2; k++) byte = byte * 16 + (unsigned)(strchr("0123456789abcdef", hex[2 * i + k]) - "0123456789abcdef");
        out[i] = (uint8_t)byte;
    }
    return n;
}

static struct str view(const uint8_t *p, size_t n) { return (struct str){(const char *)p, n}; }

static void published(void **state) {
    (void)state;
    struct aead x;
    aead_init(&x);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT_OF(vectors); i++) {
            struct secret key;
            uint8_t nonce[AEAD_NONCE_BYTES], plain[TEXT_MAX], extra[TEXT_MAX], sealed[TEXT_MAX], out[TEXT_MAX];
            assert_int_equal(unhex(vectors[i].key, key.b), sizeof(key.b));
            assert_int_equal(unhex(vectors[i].nonce, nonce), sizeof(nonce));
            size_t n = unhex(vectors[i].plain, plain), extra_n = unhex(vectors[i].extra, extra);
            assert_int_equal(unhex(vectors[i].sealed, sealed), n + AEAD_TAG_BYTES);
            memset(out, 0xee, sizeof(out));
            aead_seal(&x, &key, nonce, view(extra, extra_n), view(plain, n), out);
            assert_memory_equal(out, sealed, n + AEAD_TAG_BYTES);
            assert_int_equal(out[n + AEAD_TAG_BYTES], 0xee);
            memset(out, 0xee, sizeof(out));
            assert_true(aead_open(&x, &key, nonce, view(extra, extra_n), view(sealed, n + AEAD_TAG_BYTES), out));
            assert_memory_equal(out, plain, n);
            assert_int_equal(out[n], 0xee);
            assert_true(aead_open(&x, &key, nonce, view(extra, extra_n), view(sealed, n + AEAD_TAG_BYTES), sealed)); /* in place */
            assert_memory_equal(sealed, plain, n);
        }
    }
    aead_done(&x);
}

struct sealed_text {
    struct secret key;
    uint8_t nonce[AEAD_NONCE_BYTES], extra[16], text[32 + AEAD_TAG_BYTES];
};

static bool opens(struct aead *x, const struct sealed_text *t, size_t extra_n, size_t n) {
    uint8_t out[64];
    memset(out, 0xee, sizeof(out));
    bool ok = aead_open(x, &t->key, t->nonce, view(t->extra, extra_n), view(t->text, n), out);
    if (!ok && n >= AEAD_TAG_BYTES)
        for (size_t i = 0; i < n - AEAD_TAG_BYTES; i++) assert_int_equal(out[i], 0); /* nothing that is not authentic comes out */
    assert_int_equal(out[63], 0xee);
    return ok;
}

static void every_change(void **state) {
    (void)state;
    struct aead x;
    struct sealed_text t;
    uint8_t plain[32];
    aead_init(&x);
    memset(&t, 0x3c, sizeof(t));
    memset(plain, 'p', sizeof(plain));
    aead_seal(&x, &t.key, t.nonce, view(t.extra, sizeof(t.extra)), view(plain, sizeof(plain)), t.text);
    assert_true(opens(&x, &t, sizeof(t.extra), sizeof(t.text)));
    for (size_t bit = 0; bit < 8 * sizeof(t); bit++) {
        struct sealed_text other = t;
        ((uint8_t *)&other)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(opens(&x, &other, sizeof(t.extra), sizeof(t.text)));
        assert_true(opens(&x, &t, sizeof(t.extra), sizeof(t.text))); /* a refusal leaves nothing behind */
    }
    for (size_t n = 0; n < sizeof(t.text); n++) assert_false(opens(&x, &t, sizeof(t.extra), n));
    for (size_t n = 0; n < sizeof(t.extra); n++) assert_false(opens(&x, &t, n, sizeof(t.text)));
    aead_done(&x);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(published), cmocka_unit_test(every_change)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
