/* SHA-256: published vectors, pieces of every length, digits, comparison. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "crypto/crypto.h"

/* FIPS 180-2 appendix B and the empty text. */
static const struct {
    const char *text, *hex;
} vectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void published(void **state) {
    (void)state;
    struct sha256 h;
    sha256_init(&h);
    for (int round = 0; round < 2; round++) { /* the context is reused */
        for (size_t i = 0; i < COUNT_OF(vectors); i++) {
            struct digest once, again;
            char hex[DIGEST_HEX_BYTES];
            crypto_sha256(str_from(vectors[i].text), &once);
            sha256_of(&h, str_from(vectors[i].text), &again);
            digest_hex(&once, hex);
            assert_string_equal(hex, vectors[i].hex);
            assert_true(digest_equal(&once, &again));
        }
    }
    sha256_done(&h);
}

static void pieces(void **state) {
    (void)state;
    static char million[1'000'000];
    memset(million, 'a', sizeof(million));
    struct sha256 h;
    sha256_init(&h);
    sha256_start(&h);
    size_t at = 0;
    for (size_t n = 0; at < sizeof(million); n++) {
        size_t piece = n < sizeof(million) - at ? n : sizeof(million) - at;
        sha256_add(&h, (struct str){million + at, piece});
        at += piece;
    }
    struct digest d;
    char hex[DIGEST_HEX_BYTES];
    sha256_finish(&h, &d);
    digest_hex(&d, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    sha256_start(&h); /* a hash that is begun and given up leaves nothing behind */
    sha256_add(&h, STR("lost"));
    sha256_of(&h, STR("abc"), &d);
    digest_hex(&d, hex);
    assert_string_equal(hex, vectors[1].hex);
    sha256_done(&h);
}

static void digits(void **state) {
    (void)state;
    struct digest d, back;
    crypto_sha256(STR("abc"), &d);
    assert_true(digest_parse(str_from(vectors[1].hex), &back));
    assert_true(digest_equal(&d, &back));
    static const char *const bad[] = {
        "", "ba78", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015adx",
        "BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    };
    memset(&back, 7, sizeof(back));
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_false(digest_parse(str_from(bad[i]), &back));
        assert_int_equal(back.b[0], 7);
    }
}

static void comparison(void **state) {
    (void)state;
    struct digest d;
    crypto_sha256(STR("医结"), &d);
    for (size_t bit = 0; bit < 256; bit++) {
        struct digest other = d;
        other.b[bit / 8] = (uint8_t)(other.b[bit / 8] ^ (1u << bit % 8));
        assert_false(digest_equal(&d, &other));
    }
    assert_true(crypto_equal(STR("abc"), STR("abc")) && crypto_equal(STR(""), (struct str){NULL, 0}));
    assert_false(crypto_equal(STR("abc"), STR("abd")) || crypto_equal(STR("abc"), STR("ab")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published), cmocka_unit_test(pieces), cmocka_unit_test(digits), cmocka_unit_test(comparison)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
