/* journal — the events of a shard: open part, sealed part, salt, leaf, dense seq, head row; and the keys that seal. Append-only for ever.
 *
 * Who uses it: registry and cases append; rebuild, audit, the feed read. DESIGN §8.
 * An event is (open, sealed). `open` is canonical JSON (RFC 8785, integers): ids, person tokens, amounts, postings, counter changes, hashes; never a name,
 * a number of a person, a diagnosis. `sealed` is what only the parties may see, as JSON text, under the person's key, with a 32-byte salt.
 *   commitment = SHA-256(salt ‖ plaintext)                   (32 zero bytes when there is no sealed part)
 *   leaf       = SHA-256(0x00 ‖ canonical whole ‖ commitment), whole = {"at":ms,"cover":"decimal","open":{…},"person":"hex","subject":"hex",
 *                "type":"name","version":n} (null instead of a zero id), so that no column can be altered unseen; its place in the log is its seq
 *   stored     = 1 ‖ nonce(12) ‖ AES-256-GCM(key of the person, nonce, salt(32) ‖ zstd(plaintext)), additional data: the commitment
 * A destroyed key leaves open, commitment, leaf and so log, ledger and audit whole.
 * Invariants: seq is dense from 0 in each shard and equals the leaf's place; the head row (size, edge, root, time) is locked last, in the same
 * transaction; event time never goes back: max(clock, last event time).
 */
#ifndef YIJIE_JOURNAL_H
#define YIJIE_JOURNAL_H

#include "base/base.h"
#include "codec/codec.h"
#include "crypto/crypto.h"
#include "env/env.h"
#include "store/store.h"
#include "tlog/tlog.h"

/* 128-bit ids: persons, cases, transfers, documents. Text: 32 lower-case hex digits. */
struct id128 {
    uint8_t b[16];
};
bool id128_equal(const struct id128 *a, const struct id128 *b);
bool id128_is_zero(const struct id128 *a);
bool id128_parse(struct str hex, struct id128 *ret);
void id128_hex(const struct id128 *id, char out[33]);
static inline struct str id128_view(const struct id128 *id) { return (struct str){(const char *)id->b, 16}; }
/* Time-ordered: 48 bits of milliseconds, 16 bits that count within the process, 64 bits `carried` (a case's cover group) or random. */
struct id128 id128_make(int64_t at_ms, uint16_t count, uint64_t carried);
uint64_t id128_carried(const struct id128 *id);
int64_t id128_ms(const struct id128 *id);

/* What the working sets of ledger, registry and cases answer: a row that was not read yet becomes a wish (WAIT); a load reads all wishes at once. */
enum set_state { SET_WAIT, SET_ABSENT, SET_FOUND };

/* ---- keys: a local file for now (the trust issue adds rotation and HSM) ------------------------------------------ */

/* Master key and the look-up key, from DIR/keys.json (mode 0600; made at first use), for PostgreSQL from the path in the configuration. Persons' keys
 * are random, wrapped by the master key, kept in table `person_keys`, and may be destroyed. One object for all threads.
 * open: fails with keys-missing (and may_create is false: give true only to an empty store, else its persons are lost), keys-damaged, and the failures of
 * env (file-not-private, file-read …). Two that create at once get the same keys. */
struct journal_keys;
struct status journal_keys_open(const struct env *e, struct arena *a, struct str path, bool may_create, struct journal_keys **ret);
void journal_keys_close(struct journal_keys *k); /* wipes */
/* Do these keys open what this database holds? Tries one person key. Fails with keys-of-other-data. Fine when there is none yet. */
struct status journal_keys_fit(const struct journal_keys *k, struct store_connection *c, struct arena *a);
int64_t journal_keys_version(const struct journal_keys *k);
/* Keyed hash for looking up persons: HMAC-SHA-256(look-up key, kind ‖ 0 ‖ number). */
void journal_lookup(const struct journal_keys *k, struct str kind, struct str number, struct digest *ret);
struct person_key {
    uint8_t b[32];
};
void person_key_wipe(struct person_key *k);
/* A new random person key, and the same wrapped for the table (AES-256-GCM, 60 bytes). */
struct status journal_person_key_make(const struct journal_keys *k, const struct env *e, struct arena *a, struct person_key *ret, struct str *ret_wrapped);
struct status journal_person_key_open(const struct journal_keys *k, struct arena *a, struct str wrapped, struct person_key *ret); /* key-damaged */

/* ---- events -------------------------------------------------------------------------------------------------------- */

/* Types with version: journal/types.def X(ID, "name", version). Every version stays readable (a golden file each). */
enum journal_type {
#define X(id, name, version) JOURNAL_##id,
#include "journal/types.def"
#undef X
    JOURNAL_TYPE_COUNT
};
const char *journal_type_name(enum journal_type t);
bool journal_type_parse(struct str name, enum journal_type *ret);

struct journal_event {
    int64_t seq;                 /* given by journal_append */
    int64_t at_ms;               /* UTC; journal_append raises it where the clock was set back. Folds read times from `open`, never from here */
    enum journal_type type;
    int32_t version;
    int64_t cover;               /* cover group, 0: none (registry of institutions, plans) */
    struct id128 person;         /* whose key seals; zero: no sealed part */
    struct id128 subject;        /* case, policy, … ; zero: none */
    struct str open;             /* canonical JSON */
    struct str sealed;           /* stored bytes; empty: none */
    struct digest commitment, leaf;
};
/* Where a group folds before it holds the head row, it numbers its events from JOURNAL_SEQ_PROVISIONAL on; once the head is locked, what was remembered of
 * them is settled: journal_seq_settle(remembered, head.size). Any other seq (also INT64_MAX) stays as it is. */
#define JOURNAL_SEQ_PROVISIONAL (INT64_C(1) << 62)
static inline int64_t journal_seq_settle(int64_t seq, int64_t base) {
    return seq >= JOURNAL_SEQ_PROVISIONAL && seq - JOURNAL_SEQ_PROVISIONAL < (INT64_C(1) << 32) ? base + (seq - JOURNAL_SEQ_PROVISIONAL) : seq;
}

/* Contexts for sealing, opening and hashing, prepared once. One for each thread. Without one, journal_seal and journal_unseal make their own each
 * time (about 40 µs). */
struct journal_sealer {
    struct sha256 hash;
    struct aead aead;
    struct compressor zip;
};
void journal_sealer_init(struct journal_sealer *s);
void journal_sealer_done(struct journal_sealer *s); /* wipes */
/* Seals `plaintext` for the event (fills sealed, commitment; all in the arena). Pure apart from random bytes. At most LIMIT_EVENT_PLAIN_BYTES:
 * event-too-large. */
struct status journal_sealer_seal(struct journal_sealer *s, const struct env *e, struct arena *a, const struct person_key *key, struct str plaintext,
                                  struct journal_event *ev);
/* Opens and checks against the commitment: *ret is the plaintext. Fails with seal-broken: another key, or one bit differs. */
struct status journal_sealer_unseal(struct journal_sealer *s, struct arena *a, const struct person_key *key, const struct journal_event *ev, struct str *ret);
struct status journal_seal(const struct env *e, struct arena *a, const struct person_key *key, struct str plaintext, struct journal_event *ev);
struct status journal_unseal(struct arena *a, const struct person_key *key, const struct journal_event *ev, struct str *ret);
/* Of type, version, cover, person, subject, open, at_ms, commitment. */
void journal_leaf(struct sha256 *h, const struct journal_event *ev, struct digest *ret);

struct journal_head {
    int64_t size, at_ms;
    struct tlog_edge edge;
    struct digest root;
};
/* Locks and reads the head row of the shard, in the open transaction: from here to the commit no other writer appends. Lock everything else before. */
struct status journal_head_lock(struct store_connection *c, struct arena *a, int32_t shard, struct journal_head *ret);
/* Appends with the head at hand, which becomes the new one: gives each event its seq, its time max(ev->at_ms, head->at_ms) and its leaf; writes events
 * and head (deferred). `open` must be canonical and at most LIMIT_EVENT_OPEN_BYTES. Zero events: nothing happens. */
struct status journal_append_locked(struct store_connection *c, struct arena *a, struct sha256 *h, int32_t shard, struct journal_head *head, struct journal_event *events,
                                    uint32_t count);
/* Both together: appends the events of a group to a shard, in the open transaction, as its last step. */
struct status journal_append(struct store_connection *c, struct arena *a, struct sha256 *h, int32_t shard, struct journal_event *events, uint32_t count);
/* A shard without events has size 0 and time 0. Fails with journal-damaged when edge, size and root do not fit together. */
struct status journal_head_read(struct store_connection *c, struct arena *a, int32_t shard, struct journal_head *ret);
/* Events after `after` (-1: from the first), at most `max`. Reading fails with journal-damaged, or journal-newer (a type or version that a later release
 * wrote). `get`: in the order asked; fails with journal-absent. */
struct status journal_read(struct store_connection *c, struct arena *a, int32_t shard, int64_t after, uint32_t max, struct journal_event **ret, uint32_t *ret_count);
struct status journal_get(struct store_connection *c, struct arena *a, int32_t shard, const int64_t *seqs, uint32_t count, struct journal_event *ret);
/* All events in order through a callback; memory of each call is taken back after it. */
struct status journal_scan(struct store_connection *c, struct arena *a, int32_t shard, int64_t after,
                           struct status (*each)(void *user, const struct journal_event *ev), void *user);

extern const struct store_statements journal_statements;

#endif
