/* crypto — hashing, keyed hashing, sealing, wiping. The only room that includes OpenSSL.
 *
 * Who uses it: plan (identity of a plan's source), settle (identity of an answer), tlog and journal (leaves, sealed parts, keys), the
 * command line. Pure: no random source (nonces and keys come from env, by the caller), no files. A computation of the library cannot fail for reasons of the input; if the library itself is
 * broken or has no memory, that is a bug (CHECK): nothing may be signed or compared with a wrong hash.
 */
#ifndef YIJIE_CRYPTO_H
#define YIJIE_CRYPTO_H

#include "base/base.h"

/* SHA-256 (FIPS 180-4). */
struct digest {
    uint8_t b[32];
};
enum { DIGEST_HEX_BYTES = 65 }; /* 64 lower-case digits and the NUL */

/* Context for many hashes: the algorithm is fetched once and the memory reused (STACK: 2.6 times faster on short
 * texts). Not thread-safe: one for each thread. */
struct sha256 {
    void *context, *algorithm;
};
void sha256_init(struct sha256 *h);
void sha256_done(struct sha256 *h);
void sha256_start(struct sha256 *h); /* begins a new hash; what was added before is forgotten */
void sha256_add(struct sha256 *h, struct str bytes);
void sha256_finish(struct sha256 *h, struct digest *ret);              /* start again before the next add */
void sha256_of(struct sha256 *h, struct str bytes, struct digest *ret); /* start, add, finish */

void crypto_sha256(struct str bytes, struct digest *ret); /* once, without a context */

void digest_hex(const struct digest *d, char out[DIGEST_HEX_BYTES]);
bool digest_parse(struct str hex, struct digest *ret); /* exactly 64 lower-case digits */
bool digest_equal(const struct digest *a, const struct digest *b); /* constant time */
/* Constant time in the contents; the lengths are public. */
bool crypto_equal(struct str a, struct str b);

/* ---- secrets ---------------------------------------------------------------------------------- */

/* 32 secret bytes. Never printed, never compared but by crypto_equal, wiped when done: declare as SECRET_GUARD struct secret, or call secret_wipe. */
struct secret {
    uint8_t b[32];
};
void secret_wipe(struct secret *s);
#define SECRET_GUARD __attribute__((cleanup(secret_wipe)))
/* Overwrites; the compiler does not take it out. For memory that held a secret (`p` may be NULL when n is 0). */
void crypto_wipe(void *p, size_t n);

/* ---- keyed hash: HMAC-SHA-256 (RFC 2104, FIPS 198-1) -------------------------------------------- */

/* Keyed once, used for many. Not thread-safe: one for each thread. */
struct hmac_sha256 {
    struct sha256 hash;
    uint8_t inner[64], outer[64]; /* the key, mixed with the two pads */
};
void hmac_sha256_init(struct hmac_sha256 *m, struct str key); /* any length; longer than 64 bytes: its hash is the key */
void hmac_sha256_done(struct hmac_sha256 *m);                 /* wipes */
void hmac_sha256_start(struct hmac_sha256 *m);
void hmac_sha256_add(struct hmac_sha256 *m, struct str bytes);
void hmac_sha256_finish(struct hmac_sha256 *m, struct digest *ret);
void hmac_sha256_of(struct hmac_sha256 *m, struct str bytes, struct digest *ret); /* start, add, finish */

/* ---- sealing: AES-256-GCM (NIST SP 800-38D) ----------------------------------------------------- */

enum { AEAD_NONCE_BYTES = 12, AEAD_TAG_BYTES = 16 };
/* Contexts for many seals: the cipher is fetched once. Not thread-safe. Holds the key of the last call until the next or done. */
struct aead {
    void *seal, *open, *algorithm;
};
void aead_init(struct aead *x);
void aead_done(struct aead *x);
/* Seals `plain` and binds `extra` (which is not part of the result): out[plain.n] is the ciphertext, then the tag of AEAD_TAG_BYTES. `out` may be plain.p
 * itself but not overlap otherwise. A nonce must never be used twice with one key: random nonces, at most 2^32 seals a key. At most 2^30 bytes. */
void aead_seal(struct aead *x, const struct secret *key, const uint8_t nonce[AEAD_NONCE_BYTES], struct str extra, struct str plain, uint8_t *out);
/* Opens what aead_seal made: out[sealed.n − AEAD_TAG_BYTES]. False when anything differs (key, nonce, extra, a bit of sealed) or it is shorter than a tag;
 * `out` then holds zeros. */
bool aead_open(struct aead *x, const struct secret *key, const uint8_t nonce[AEAD_NONCE_BYTES], struct str extra, struct str sealed, uint8_t *out);

#endif
