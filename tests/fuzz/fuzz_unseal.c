/* fuzz_unseal — sealed parts from somebody who has the key, or has not.
 *
 * First byte even: the input is the stored sealed part, its first 32 bytes besides the commitment (nobody without the key gets through). Odd: the input is what
 * lies inside the cipher (salt, compressed text), sealed here, so that what comes behind the cipher is reached; bit 1: with the right commitment.
 * Oracle: unsealing succeeds exactly when cipher, frame and commitment are right, and then gives that text.
 */
#include <string.h>

#include "journal/journal.h"

enum { ARENA_BYTES = 200 * 1024 * 1024, SALT_BYTES = 32, HEAD_BYTES = 1 + AEAD_NONCE_BYTES };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str view(const void *p, size_t n) { return (struct str){(const char *)p, n}; }

/* The text inside and what it would be committed to. False: the frame is not good. */
static bool inside_read(struct journal_sealer *s, struct arena *a, struct str inside, struct str *ret_plain, struct digest *ret) {
    if (inside.n < SALT_BYTES) return false;
    if (status_failed(decompress_zstd(&s->zip, a, (struct str){inside.p + SALT_BYTES, inside.n - SALT_BYTES}, LIMIT_EVENT_PLAIN_BYTES, ret_plain))) return false;
    sha256_start(&s->hash);
    sha256_add(&s->hash, (struct str){inside.p, SALT_BYTES});
    sha256_add(&s->hash, *ret_plain);
    sha256_finish(&s->hash, ret);
    return true;
}

static void inside_try(struct journal_sealer *s, struct arena *a, struct str inside, bool right) {
    static const struct secret secret = {{3}};
    struct person_key key;
    struct journal_event ev = {.commitment = {{1}}};
    struct str plain = {NULL, 0}, got = {NULL, 0};
    struct digest commitment = {{0}};
    bool good = inside_read(s, a, inside, &plain, &commitment);
    if (good && right) ev.commitment = commitment;
    uint8_t *out = arena_alloc(a, HEAD_BYTES + inside.n + AEAD_TAG_BYTES, 1);
    CHECK(out);
    out[0] = 1;
    aead_seal(&s->aead, &secret, out + 1, view(ev.commitment.b, sizeof(ev.commitment.b)), inside, out + HEAD_BYTES);
    ev.sealed = view(out, HEAD_BYTES + inside.n + AEAD_TAG_BYTES);
    memcpy(key.b, secret.b, sizeof(key.b));
    struct status st = journal_sealer_unseal(s, a, &key, &ev, &got);
    CHECK(status_failed(st) != (good && right));
    if (status_failed(st)) CHECK(got.p == NULL && strcmp(st.err->code, "seal-broken") == 0);
    else CHECK(str_eq(got, plain));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a;
    struct journal_sealer s;
    if (size == 0) return 0;
    arena_init(&a, ARENA_BYTES);
    journal_sealer_init(&s);
    if (data[0] & 1) {
        inside_try(&s, &a, view(data + 1, size - 1), (data[0] & 2) != 0);
    } else {
        struct person_key key = {{3}};
        struct journal_event ev = {.commitment = {{0}}};
        struct str got = {NULL, 0};
        size_t n = size - 1 < sizeof(ev.commitment.b) ? size - 1 : sizeof(ev.commitment.b);
        memcpy(ev.commitment.b, data + 1, n);
        ev.sealed = view(data + 1 + n, size - 1 - n);
        struct status st = journal_sealer_unseal(&s, &a, &key, &ev, &got);
        CHECK(!status_failed(st) || strcmp(st.err->code, "seal-broken") == 0);
    }
    journal_sealer_done(&s);
    arena_done(&a);
    return 0;
}
