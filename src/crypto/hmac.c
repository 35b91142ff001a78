/* hmac — HMAC-SHA-256 on the reusable hash, and wiping.
 *
 * Who uses it: journal (look-up of persons by keyed hash). Invariant: the key stands only in the two padded blocks, which are wiped.
 * The two blocks are hashed anew each time: 0.1 µs, and no context of the library to copy, which would ask for memory. Source: RFC 2104, FIPS 198-1.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "crypto/crypto.h"

void crypto_wipe(void *p, size_t n) {
    if (n > 0) OPENSSL_cleanse(p, n);
}

void secret_wipe(struct secret *s) { OPENSSL_cleanse(s->b, sizeof(s->b)); }

static struct str block(const uint8_t *bytes, size_t n) { return (struct str){(const char *)bytes, n}; }

void hmac_sha256_init(struct hmac_sha256 *m, struct str key) {
    struct digest hashed = {0};
    *m = (struct hmac_sha256){0};
    sha256_init(&m->hash);
    if (key.n > sizeof(m->inner)) {
        sha256_of(&m->hash, key, &hashed);
        key = block(hashed.b, sizeof(hashed.b));
    }
    for (size_t i = 0; i < sizeof(m->inner); i++) {
        uint8_t k = i < key.n ? (uint8_t)key.p[i] : 0;
        m->inner[i] = k ^ 0x36;
        m->outer[i] = k ^ 0x5c;
    }
    crypto_wipe(&hashed, sizeof(hashed));
}

void hmac_sha256_done(struct hmac_sha256 *m) {
    sha256_done(&m->hash);
    crypto_wipe(m, sizeof(*m));
}

void hmac_sha256_start(struct hmac_sha256 *m) {
    sha256_start(&m->hash);
    sha256_add(&m->hash, block(m->inner, sizeof(m->inner)));
}

void hmac_sha256_add(struct hmac_sha256 *m, struct str bytes) { sha256_add(&m->hash, bytes); }

void hmac_sha256_finish(struct hmac_sha256 *m, struct digest *ret) {
    struct digest inside;
    sha256_finish(&m->hash, &inside);
    sha256_start(&m->hash);
    sha256_add(&m->hash, block(m->outer, sizeof(m->outer)));
    sha256_add(&m->hash, block(inside.b, sizeof(inside.b)));
    sha256_finish(&m->hash, ret);
}

void hmac_sha256_of(struct hmac_sha256 *m, struct str bytes, struct digest *ret) {
    hmac_sha256_start(m);
    hmac_sha256_add(m, bytes);
    hmac_sha256_finish(m, ret);
}
