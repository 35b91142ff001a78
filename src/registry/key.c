/* key — making API keys: 32 random bytes, shown once, kept only as SHA-256 of the whole text.
 *
 * Who uses it: cli (`yijie key add`), api. Invariant: the secret is in no row, event or message; 32 random bytes need no slow hash.
 */
#include <string.h>

#include "registry/internal.h"

enum { ID_BYTES = 6, SECRET_BYTES = 32, TEXT_BYTES = 96 };

static size_t hex_put(char *out, const uint8_t *bytes, size_t n) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    return 2 * n;
}

static struct registry_value *value_of(struct registry_change *ch, enum registry_member m) {
    uint32_t count;
    return &ch->values[(uint32_t)m - registry_shape_start(ch->kind, &count)];
}

bool registry_change_makes_key(const struct registry_change *ch) {
    return ch->kind == REGISTRY_CHANGE_KEY && !registry_value(ch, REGISTRY_M_KEY_REVOKED)->boolean && !registry_value(ch, REGISTRY_M_KEY_HASH)->given;
}

struct status registry_key_fill(const struct env *e, struct arena *a, struct registry_change *ch, struct str *ret_id, struct str *ret_presented) {
    CHECK(registry_change_makes_key(ch));
    uint8_t random[ID_BYTES + SECRET_BYTES];
    TRY(e->random_fill(e, a, random, sizeof random));
    struct registry_value *id = value_of(ch, REGISTRY_M_KEY_ID), *hash = value_of(ch, REGISTRY_M_KEY_HASH);
    char id_text[2 * ID_BYTES], secret[2 * SECRET_BYTES], hex[DIGEST_HEX_BYTES];
    struct str made = id->given ? id->text : arena_str(a, (struct str){id_text, hex_put(id_text, random, ID_BYTES)});
    size_t secret_n = hex_put(secret, random + ID_BYTES, SECRET_BYTES);
    struct str presented = arena_printf(a, "yk_%.*s_%.*s", STR_FMT(made), (int)secret_n, secret);
    if (!made.p || !presented.p) return status_memory();
    struct digest d;
    crypto_sha256(presented, &d);
    digest_hex(&d, hex);
    struct str hash_text = arena_str(a, (struct str){hex, DIGEST_HEX_BYTES - 1});
    if (!hash_text.p) return status_memory();
    *id = (struct registry_value){.given = true, .text = made};
    *hash = (struct registry_value){.given = true, .text = hash_text};
    crypto_wipe(random, sizeof random);
    crypto_wipe(secret, sizeof secret);
    *ret_id = made;
    *ret_presented = presented;
    return STATUS_OK;
}
