/* sha256 — SHA-256 by OpenSSL's EVP, and comparison in constant time.
 *
 * Who uses it: see crypto.h. Invariant: a digest is right or the process ends. Source: FIPS 180-4; STACK, trap 7.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto/crypto.h"

void sha256_init(struct sha256 *h) {
    h->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    h->context = EVP_MD_CTX_new();
    CHECK(h->algorithm && h->context);
}

void sha256_done(struct sha256 *h) {
    EVP_MD_CTX_free(h->context);
    EVP_MD_free(h->algorithm);
    *h = (struct sha256){0};
}

void sha256_start(struct sha256 *h) { CHECK(EVP_DigestInit_ex2(h->context, h->algorithm, NULL) == 1); }

void sha256_add(struct sha256 *h, struct str bytes) { CHECK(EVP_DigestUpdate(h->context, bytes.p, bytes.n) == 1); }

void sha256_finish(struct sha256 *h, struct digest *ret) {
    unsigned n = 0;
    CHECK(EVP_DigestFinal_ex(h->context, ret->b, &n) == 1 && n == sizeof(ret->b));
}

void sha256_of(struct sha256 *h, struct str bytes, struct digest *ret) {
    sha256_start(h);
    sha256_add(h, bytes);
    sha256_finish(h, ret);
}

void crypto_sha256(struct str bytes, struct digest *ret) {
    struct sha256 h;
    sha256_init(&h);
    sha256_of(&h, bytes, ret);
    sha256_done(&h);
}

void digest_hex(const struct digest *d, char out[DIGEST_HEX_BYTES]) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof(d->b); i++) {
        out[2 * i] = digits[d->b[i] >> 4];
        out[2 * i + 1] = digits[d->b[i] & 15];
    }
    out[2 * sizeof(d->b)] = 0;
}

static bool nibble(char c, uint8_t *ret) {
    if (c >= '0' && c <= '9') *ret = (uint8_t)(c - '0');
    else if (c >= 'a' && c <= 'f') *ret = (uint8_t)(c - 'a' + 10);
    else return false;
    return true;
}

bool digest_parse(struct str hex, struct digest *ret) {
    struct digest d;
    if (hex.n != 2 * sizeof(d.b)) return false;
    for (size_t i = 0; i < sizeof(d.b); i++) {
        uint8_t high = 0, low = 0;
        if (!nibble(hex.p[2 * i], &high) || !nibble(hex.p[2 * i + 1], &low)) return false;
        d.b[i] = (uint8_t)(high << 4 | low);
    }
    *ret = d;
    return true;
}

bool digest_equal(const struct digest *a, const struct digest *b) { return CRYPTO_memcmp(a->b, b->b, sizeof(a->b)) == 0; }

bool crypto_equal(struct str a, struct str b) { return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0); }
