/* The edge against the recursive definition of RFC 6962, for every size up to some hundreds; bytes there and back; published roots. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "tlog/tlog.h"

enum { SIZE_MAX_TESTED = 600 };

/* The definition, word for word: MTH({}) = SHA-256(), MTH({d}) = the leaf hash, MTH(D[n]) = SHA-256(1 ‖ MTH(D[0:k]) ‖ MTH(D[k:n])), k the largest
 * power of two smaller than n. */
static void reference_root(struct sha256 *h, const struct digest *leaves, size_t n, struct digest *ret) {
    struct digest left, right;
    size_t k = 1;
    if (n == 0) {
        sha256_of(h, STR(""), ret);
        return;
    }
    if (n == 1) {
        *ret = leaves[0];
        return;
    }
    while (2 * k < n) k *= 2;
    reference_root(h, leaves, k, &left);
    reference_root(h, leaves + k, n - k, &right);
    sha256_start(h);
    sha256_add(h, STR("\x01"));
    sha256_add(h, (struct str){(const char *)left.b, sizeof(left.b)});
    sha256_add(h, (struct str){(const char *)right.b, sizeof(right.b)});
    sha256_finish(h, ret);
}

static void leaf_make(struct sha256 *h, uint32_t i, struct digest *ret) {
    uint8_t bytes[5] = {0, (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
    sha256_of(h, (struct str){(const char *)bytes, sizeof(bytes)}, ret);
}

static void every_size(void **state) {
    (void)state;
    static struct digest leaves[SIZE_MAX_TESTED];
    struct sha256 h;
    struct tlog_edge e = {0};
    struct digest root, wanted;
    sha256_init(&h);
    for (uint32_t i = 0; i < SIZE_MAX_TESTED; i++) leaf_make(&h, i, &leaves[i]);
    for (uint32_t n = 0; n <= SIZE_MAX_TESTED; n++) {
        assert_int_equal(e.size, n);
        tlog_edge_root(&h, &e, &root);
        reference_root(&h, leaves, n, &wanted);
        assert_true(digest_equal(&root, &wanted));
        size_t at = 0; /* each hash is the root of its own run of leaves */
        for (uint32_t i = 0; i < e.count; i++) {
            size_t run = (size_t)1 << (63 - __builtin_clzll((n - at)));
            reference_root(&h, leaves + at, run, &wanted);
            assert_true(digest_equal(&e.hash[i], &wanted));
            at += run;
        }
        assert_int_equal(at, n);
        if (n < SIZE_MAX_TESTED) tlog_edge_append(&h, &e, &leaves[n]);
    }
    leaves[17].b[31] ^= 1; /* the reference is not blind: one other bit in one leaf, another root */
    reference_root(&h, leaves, SIZE_MAX_TESTED, &wanted);
    assert_false(digest_equal(&root, &wanted));
    sha256_done(&h);
}

/* Test vectors that implementations of RFC 6962 share (certificate-transparency, "reference_tree"): eight leaves. */
static void published(void **state) {
    (void)state;
    static const struct {
        struct str text;
        const char *root;
    } rows[] = {
        {STR_INIT(""), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
        {STR_INIT("\x00"), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
        {STR_INIT("\x10"), "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
        {STR_INIT("\x20\x21"), "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
        {STR_INIT("\x30\x31"), "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
        {STR_INIT("\x40\x41\x42\x43"), "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
        {STR_INIT("\x50\x51\x52\x53\x54\x55\x56\x57"), "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
        {STR_INIT("\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
    };
    struct sha256 h;
    struct tlog_edge e = {0};
    struct digest leaf, root;
    char hex[DIGEST_HEX_BYTES];
    sha256_init(&h);
    tlog_edge_root(&h, &e, &root);
    digest_hex(&root, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        sha256_start(&h);
        sha256_add(&h, (struct str){"\0", 1});
        sha256_add(&h, rows[i].text);
        sha256_finish(&h, &leaf);
        tlog_edge_append(&h, &e, &leaf);
        tlog_edge_root(&h, &e, &root);
        digest_hex(&root, hex);
        assert_string_equal(hex, rows[i].root);
    }
    sha256_done(&h);
}

static void bytes_there_and_back(void **state) {
    (void)state;
    struct sha256 h;
    struct tlog_edge e = {0}, back, untouched;
    uint8_t bytes[TLOG_EDGE_BYTES_MAX];
    sha256_init(&h);
    memset(&untouched, 7, sizeof(untouched));
    for (uint32_t n = 0; n <= 300; n++) {
        struct digest leaf, root, again;
        size_t count = tlog_edge_write(&e, bytes);
        assert_int_equal(count, (size_t)__builtin_popcount(n) * 32);
        assert_true(tlog_edge_read(n, (struct str){(const char *)bytes, count}, &back));
        assert_int_equal(back.size, n);
        tlog_edge_root(&h, &e, &root);
        tlog_edge_root(&h, &back, &again);
        assert_true(digest_equal(&root, &again));
        back = untouched;
        assert_false(tlog_edge_read(n, (struct str){(const char *)bytes, count + 32}, &back));
        assert_false(tlog_edge_read(n, (struct str){(const char *)bytes, count + 1}, &back));
        if (count > 0) assert_false(tlog_edge_read(n, (struct str){(const char *)bytes, count - 32}, &back));
        assert_memory_equal(&back, &untouched, sizeof(back));
        leaf_make(&h, n, &leaf);
        tlog_edge_append(&h, &e, &leaf);
    }
    assert_false(tlog_edge_read(-1, (struct str){(const char *)bytes, sizeof(bytes)}, &back));
    assert_true(tlog_edge_read(INT64_MAX, (struct str){(const char *)bytes, sizeof(bytes)}, &back)); /* the widest edge */
    assert_int_equal(back.count, 63);
    sha256_done(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_size), cmocka_unit_test(published), cmocka_unit_test(bytes_there_and_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
