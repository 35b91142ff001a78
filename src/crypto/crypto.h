/* crypto — hashing. The only room that includes OpenSSL.
 *
 * Who uses it: plan (identity of a plan's source), settle (identity of an answer), the command line. Pure: no random
 * source, no files. A computation of the library cannot fail for reasons of the input; if the library itself is
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

#endif
