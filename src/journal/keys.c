/* keys — the keys file: the master key, which wraps the keys of persons, and the key under which persons are looked up.
 *
 * Who uses it: app opens it once, registry makes, opens and looks up. Invariants: the file is made once, whole, by one of several that try, and never
 * written again; a file that differs by one character is refused, since a key that is slightly wrong would make persons twice and lose the old ones.
 * File, exactly, one line: {"yijie_keys":1,"version":N,"master":"64 hex","lookup":"64 hex","check":"32 hex"}, check = first half of SHA-256 of all before it.
 * It is read by comparing with that form and not by the JSON reader, so that there is one copy of the secrets to wipe.
 * One object for all threads: a lock around the contexts; half a microsecond a call.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "journal/internal.h"

enum { FILE_BYTES_MAX = 512, CHECK_DIGITS = 32, SECRET_DIGITS = 64, WRAPPED_BYTES = AEAD_NONCE_BYTES + 32 + AEAD_TAG_BYTES };

struct journal_keys {
    int64_t version;
    struct secret master, lookup;
    struct journal_keys_work {
        pthread_mutex_t mutex;
        struct aead aead;
        struct hmac_sha256 hmac;
    } *work;
};

static const struct str wrap_extra = STR_INIT("yijie person key");

/* ---- the file ----------------------------------------------------------------------------------------- */

static void secret_hex(const struct secret *s, char out[SECRET_DIGITS + 1]) {
    struct digest d;
    memcpy(d.b, s->b, sizeof(d.b));
    digest_hex(&d, out);
    crypto_wipe(&d, sizeof(d));
}

static void check_hex(struct str text, char out[CHECK_DIGITS + 1]) {
    struct digest d;
    char hex[DIGEST_HEX_BYTES];
    crypto_sha256(text, &d);
    digest_hex(&d, hex);
    memcpy(out, hex, CHECK_DIGITS);
    out[CHECK_DIGITS] = 0;
}

/* The whole file for these keys. */
static struct str file_write(const struct journal_keys *k, char out[FILE_BYTES_MAX]) {
    char master[SECRET_DIGITS + 1], lookup[SECRET_DIGITS + 1], check[CHECK_DIGITS + 1];
    secret_hex(&k->master, master);
    secret_hex(&k->lookup, lookup);
    int n = snprintf(out, FILE_BYTES_MAX, "{\"yijie_keys\":1,\"version\":%lld,\"master\":\"%s\",\"lookup\":\"%s\"", (long long)k->version, master, lookup);
    CHECK(n > 0 && n < FILE_BYTES_MAX - CHECK_DIGITS - 16);
    check_hex(bytes_view(out, (size_t)n), check);
    int m = snprintf(out + n, FILE_BYTES_MAX - (size_t)n, ",\"check\":\"%s\"}\n", check);
    CHECK(m > 0 && m < FILE_BYTES_MAX - n);
    crypto_wipe(master, sizeof(master));
    crypto_wipe(lookup, sizeof(lookup));
    return bytes_view(out, (size_t)n + (size_t)m);
}

static bool skip(struct str *at, const char *word) {
    if (!str_starts(*at, str_from(word))) return false;
    at->p += strlen(word);
    at->n -= strlen(word);
    return true;
}

static bool secret_read(struct str *at, struct secret *ret) {
    struct digest d;
    if (at->n < SECRET_DIGITS || !digest_parse((struct str){at->p, SECRET_DIGITS}, &d)) return false;
    memcpy(ret->b, d.b, sizeof(ret->b));
    crypto_wipe(&d, sizeof(d));
    at->p += SECRET_DIGITS;
    at->n -= SECRET_DIGITS;
    return true;
}

/* Takes the keys out of the text, and holds what it would write for them against the text: only the very same is right. */
static bool file_parse(struct str text, struct journal_keys *k) {
    struct str at = text;
    int64_t version = 0;
    if (!skip(&at, "{\"yijie_keys\":1,\"version\":")) return false;
    for (; at.n > 0 && *at.p >= '0' && *at.p <= '9' && version < 1'000'000; at.p++, at.n--) version = version * 10 + (*at.p - '0');
    if (!skip(&at, ",\"master\":\"") || !secret_read(&at, &k->master) || !skip(&at, "\",\"lookup\":\"") || !secret_read(&at, &k->lookup)) return false;
    k->version = version;
    char again[FILE_BYTES_MAX];
    bool same = version > 0 && crypto_equal(file_write(k, again), text);
    crypto_wipe(again, sizeof(again));
    return same;
}

static void text_wipe(struct str text) {
    union { /* the text was read into our own arena: wiping it is writing to our own memory */
        const char *read;
        char *wipe;
    } p = {.read = text.p};
    crypto_wipe(p.wipe, text.n);
}

static struct status file_open(const struct env *e, struct arena *a, struct str path, struct journal_keys *k) {
    struct str text = {NULL, 0};
    struct status s = e->file_read_private(e, a, path, FILE_BYTES_MAX, &text);
    if (status_failed(s)) return strcmp(s.err->code, "file-too-large") == 0 ? journal_fail(a, JOURNAL_FAILED_KEYS_DAMAGED, path, s.err) : s;
    bool good = file_parse(text, k);
    text_wipe(text);
    return good ? STATUS_OK : journal_fail(a, JOURNAL_FAILED_KEYS_DAMAGED, path, NULL);
}

/* New keys into a new file. When another process was faster, its file is the one (file-exists). */
static struct status file_make(const struct env *e, struct arena *a, struct str path, struct journal_keys *k) {
    char text[FILE_BYTES_MAX];
    k->version = 1;
    TRY(e->random_fill(e, a, k->master.b, sizeof(k->master.b)));
    TRY(e->random_fill(e, a, k->lookup.b, sizeof(k->lookup.b)));
    struct status s = e->file_create(e, a, path, file_write(k, text));
    crypto_wipe(text, sizeof(text));
    return s;
}

static struct status file_open_or_make(const struct env *e, struct arena *a, struct str path, bool may_create, struct journal_keys *k) {
    struct status s = file_open(e, a, path, k);
    if (!status_failed(s) || strcmp(s.err->code, "file-not-found") != 0) return s;
    if (!may_create) return journal_fail(a, JOURNAL_FAILED_KEYS_MISSING, path, NULL);
    s = file_make(e, a, path, k);
    if (status_failed(s) && strcmp(s.err->code, "file-exists") == 0) return file_open(e, a, path, k);
    return s;
}

struct status journal_keys_open(const struct env *e, struct arena *a, struct str path, bool may_create, struct journal_keys **ret) {
    struct journal_keys *k = ARENA_NEW(a, struct journal_keys);
    struct journal_keys_work *work = ARENA_NEW(a, struct journal_keys_work);
    if (!k || !work) return status_memory();
    struct status s = file_open_or_make(e, a, path, may_create, k);
    if (status_failed(s)) {
        crypto_wipe(k, sizeof(*k));
        return s;
    }
    CHECK(pthread_mutex_init(&work->mutex, NULL) == 0);
    aead_init(&work->aead);
    hmac_sha256_init(&work->hmac, bytes_view(k->lookup.b, sizeof(k->lookup.b)));
    k->work = work;
    *ret = k;
    return STATUS_OK;
}

void journal_keys_close(struct journal_keys *k) {
    if (!k) return;
    hmac_sha256_done(&k->work->hmac);
    aead_done(&k->work->aead);
    CHECK(pthread_mutex_destroy(&k->work->mutex) == 0);
    crypto_wipe(k, sizeof(*k));
}

int64_t journal_keys_version(const struct journal_keys *k) { return k->version; }

/* ---- use ------------------------------------------------------------------------------------------------ */

static struct journal_keys_work *work_take(const struct journal_keys *k) {
    CHECK(pthread_mutex_lock(&k->work->mutex) == 0);
    return k->work;
}

static void work_give(struct journal_keys_work *work) { CHECK(pthread_mutex_unlock(&work->mutex) == 0); }

void journal_lookup(const struct journal_keys *k, struct str kind, struct str number, struct digest *ret) {
    struct journal_keys_work *work = work_take(k);
    hmac_sha256_start(&work->hmac);
    hmac_sha256_add(&work->hmac, kind);
    hmac_sha256_add(&work->hmac, bytes_view("\0", 1));
    hmac_sha256_add(&work->hmac, number);
    hmac_sha256_finish(&work->hmac, ret);
    work_give(work);
}

struct status journal_person_key_make(const struct journal_keys *k, const struct env *e, struct arena *a, struct person_key *ret, struct str *ret_wrapped) {
    uint8_t random[sizeof(ret->b) + AEAD_NONCE_BYTES], *out = arena_alloc(a, WRAPPED_BYTES, 1);
    if (!out) return status_memory();
    TRY(e->random_fill(e, a, random, sizeof(random)));
    memcpy(ret->b, random, sizeof(ret->b));
    memcpy(out, random + sizeof(ret->b), AEAD_NONCE_BYTES);
    struct journal_keys_work *work = work_take(k);
    aead_seal(&work->aead, &k->master, out, wrap_extra, bytes_view(random, sizeof(ret->b)), out + AEAD_NONCE_BYTES);
    work_give(work);
    crypto_wipe(random, sizeof(random));
    *ret_wrapped = bytes_view(out, WRAPPED_BYTES);
    return STATUS_OK;
}

struct status journal_person_key_open(const struct journal_keys *k, struct arena *a, struct str wrapped, struct person_key *ret) {
    uint8_t nonce[AEAD_NONCE_BYTES];
    SECRET_GUARD struct secret key = {{0}};
    bool good = wrapped.n == WRAPPED_BYTES;
    if (good) {
        memcpy(nonce, wrapped.p, sizeof(nonce));
        struct journal_keys_work *work = work_take(k);
        good = aead_open(&work->aead, &k->master, nonce, wrap_extra, (struct str){wrapped.p + sizeof(nonce), wrapped.n - sizeof(nonce)}, key.b);
        work_give(work);
    }
    if (!good) return journal_fail(a, JOURNAL_FAILED_KEY_DAMAGED, STR(""), NULL);
    memcpy(ret->b, key.b, sizeof(ret->b));
    return STATUS_OK;
}
