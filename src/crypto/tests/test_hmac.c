/* HMAC-SHA-256: the vectors of RFC 4231 (4.2 to 4.8, without the truncated one), a context that is used again, wiping. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "crypto/crypto.h"

/* A run of one byte, or a text. */
struct run {
    const char *text;
    uint8_t byte;
    size_t n;
};
static const struct {
    struct run key, data;
    const char *hex;
} vectors[] = {
    {{NULL, 0x0b, 20}, {"Hi There", 0, 0}, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {{"Jefe", 0, 0}, {"what do ya want for nothing?", 0, 0}, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {{NULL, 0xaa, 20}, {NULL, 0xdd, 50}, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {{"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19", 0, 0}, {NULL, 0xcd, 50},
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    {{NULL, 0xaa, 131}, {"Test Using Larger Than Block-Size Key - Hash Key First", 0, 0},
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {{NULL, 0xaa, 131},
     {"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the "
      "HMAC algorithm.", 0, 0},
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

static struct str run_view(const struct run *r, char room[200]) {
    if (r->text) return str_from(r->text);
    memset(room, r->byte, r->n);
    return (struct str){room, r->n};
}

static void published(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        char key_room[200], data_room[200], hex[DIGEST_HEX_BYTES];
        struct str key = run_view(&vectors[i].key, key_room), data = run_view(&vectors[i].data, data_room);
        struct hmac_sha256 m;
        struct digest d;
        hmac_sha256_init(&m, key);
        for (size_t cut = 0; cut <= data.n; cut++) { /* used again each time, in two pieces */
            hmac_sha256_start(&m);
            hmac_sha256_add(&m, (struct str){data.p, cut});
            hmac_sha256_add(&m, (struct str){data.p + cut, data.n - cut});
            hmac_sha256_finish(&m, &d);
            digest_hex(&d, hex);
            assert_string_equal(hex, vectors[i].hex);
        }
        hmac_sha256_start(&m); /* begun and given up */
        hmac_sha256_add(&m, STR("lost"));
        hmac_sha256_of(&m, data, &d);
        digest_hex(&d, hex);
        assert_string_equal(hex, vectors[i].hex);
        hmac_sha256_done(&m);
        for (size_t k = 0; k < sizeof(m.inner); k++) assert_true(m.inner[k] == 0 && m.outer[k] == 0);
    }
}

/* A key of exactly a block is used as it is, one byte more is hashed first; a key is not the same as its hash would be for shorter ones. */
static void key_lengths(void **state) {
    (void)state;
    char key[65];
    struct digest at[3], hashed;
    struct hmac_sha256 m;
    memset(key, 'k', sizeof(key));
    for (size_t i = 0; i < 3; i++) {
        hmac_sha256_init(&m, (struct str){key, 63 + i});
        hmac_sha256_of(&m, STR("x"), &at[i]);
        hmac_sha256_done(&m);
    }
    assert_false(digest_equal(&at[0], &at[1]) || digest_equal(&at[1], &at[2]));
    crypto_sha256((struct str){key, 65}, &hashed);
    hmac_sha256_init(&m, (struct str){(const char *)hashed.b, sizeof(hashed.b)});
    hmac_sha256_of(&m, STR("x"), &at[0]);
    hmac_sha256_done(&m);
    assert_true(digest_equal(&at[0], &at[2]));
}

static void wiping(void **state) {
    (void)state;
    struct secret s;
    memset(&s, 0x5a, sizeof(s));
    secret_wipe(&s);
    for (size_t i = 0; i < sizeof(s.b); i++) assert_int_equal(s.b[i], 0);
    char text[] = "secret";
    crypto_wipe(text, 3);
    assert_memory_equal(text, "\0\0\0ret", 7);
    crypto_wipe(NULL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(published), cmocka_unit_test(key_lengths), cmocka_unit_test(wiping)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
