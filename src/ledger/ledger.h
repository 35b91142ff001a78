/* ledger — accounts, transfers, holds: double entry, per currency, integers, append-only.
 *
 * Who uses it: cases (postings of a settled case, advance limits), later clearing; audit. The rules are pure and work on accounts and transfers in
 * memory (`struct ledger_set`); loading and flushing them is the statements' half of the room (ledger/store.c).
 * Invariants: every transfer has one debit and one credit account of one currency and a positive amount, so the books always balance; an amount
 * posted or pending is never changed, only posted, voided or expired once; balances are sums of transfers: debits_posted, debits_pending, credits_posted,
 * credits_pending are never negative; limits count holds: an account with DEBITS_WITHIN_LIMIT keeps debits_pending + debits_posted − credits_posted ≤ limit.
 * Source: DESIGN §7; the shape of holds and refusals follows what TigerBeetle documents (STYLE 1).
 */
#ifndef YIJIE_LEDGER_H
#define YIJIE_LEDGER_H

#include "base/base.h"
#include "journal/journal.h"
#include "money/money.h"
#include "store/store.h"

/* ---- accounts ---------------------------------------------------------------------------------------- */

enum ledger_account_flags {
    LEDGER_DEBITS_WITHIN_CREDITS = 1 << 0, /* debits_pending + debits_posted ≤ credits_posted */
    LEDGER_CREDITS_WITHIN_DEBITS = 1 << 1,
    LEDGER_DEBITS_WITHIN_LIMIT = 1 << 2,   /* advance limit, net debit cap */
    LEDGER_MEMORANDUM = 1 << 3,            /* statutory funds, allowances: outside the sums of what parties owe */
    LEDGER_CLOSED = 1 << 4
};
struct ledger_account {
    int64_t id;                     /* first 63 bits of SHA-256(code) */
    struct str code;                /* "payer/anyang-puhui-2022/H41050000001/CNY" */
    const struct currency *currency;
    uint32_t flags;
    int64_t debit_limit;            /* minor units; with DEBITS_WITHIN_LIMIT */
    int64_t debits_pending, debits_posted, credits_pending, credits_posted;
    bool fresh, dirty;              /* for the flush */
};
int64_t ledger_account_id(struct sha256 *h, struct str code);
int64_t ledger_balance(const struct ledger_account *a); /* debits_posted − credits_posted */

/* ---- transfers ----------------------------------------------------------------------------------------- */

enum ledger_state { LEDGER_POSTED, LEDGER_PENDING, LEDGER_CONFIRMED, LEDGER_PART_CONFIRMED, LEDGER_VOIDED, LEDGER_EXPIRED, LEDGER_STATE_COUNT };
/* What a transfer is for: ledger/kinds.def X(ID, "name", zh, en): SHARE, CO_INSURER, CASH, ACCOUNT, DEPOSIT, HOSPITAL_OWN, PAYOUT, FUND, ALLOWANCE,
 * REVERSAL, ADJUSTMENT, HOLD, RECOVERY, PAYMENT … */
enum ledger_kind {
#define X(id, name, zh, en) LEDGER_KIND_##id,
#include "ledger/kinds.def"
#undef X
    LEDGER_KIND_COUNT
};
enum ledger_act {
    LEDGER_POST,           /* moves money at once */
    LEDGER_HOLD,           /* reserves it (pending) until expires_ms, 0: without end */
    LEDGER_CONFIRM,        /* posts a hold: amount ≤ held; the rest is released; 0 = all of it */
    LEDGER_VOID,           /* releases a hold */
    LEDGER_EXPIRE,         /* the clock's word that a hold is over: releases it; allowed from expires_ms on */
    LEDGER_ACT_COUNT
};
struct ledger_transfer {
    struct id128 id;               /* made by the client, time-ordered, unique for ever */
    enum ledger_act act;
    enum ledger_state state;       /* of a POST or HOLD as it stands */
    struct id128 pending_id;       /* CONFIRM, VOID: the hold */
    int64_t debit, credit;         /* account ids; of CONFIRM and VOID: 0 or those of the hold */
    int64_t amount;                /* minor units > 0 */
    enum ledger_kind kind;
    int64_t expires_ms;
    int32_t day;                   /* business day */
    struct id128 case_id;          /* zero: none */
    bool linked;                   /* stands or falls with the next one of the same call */
    int64_t seq;                   /* event that posted it, for the flush */
    bool fresh, dirty;
};
/* Why a transfer is refused: ordered, the first that applies is the answer. refusals.def X(ID, "code", zh, en). LEDGER_REFUSED_EXISTS is the kind one: same id, same
 * content, already done. What is refused leaves no trace: its id may be used again. */
enum ledger_refusal {
    LEDGER_OK,
#define X(id, code, zh, en) LEDGER_REFUSED_##id,
#include "ledger/refusals.def"
#undef X
    LEDGER_REFUSAL_COUNT
};
const char *ledger_refusal_code(enum ledger_refusal r);
const char *ledger_refusal_text(enum ledger_refusal r, bool zh);
const char *ledger_kind_name(enum ledger_kind k);
const char *ledger_kind_text(enum ledger_kind k, bool zh);
bool ledger_kind_parse(struct str name, enum ledger_kind *ret);

/* ---- the working set: accounts and transfers that a group touches ------------------------------------------- */

/* What is in memory, by id. A get of something not read yet becomes a wish; ledger_set_load reads all wishes at once. */
struct ledger_set;
struct status ledger_set_new(struct arena *a, int32_t shard, struct ledger_set **ret); /* lives in the arena of the group */
enum set_state ledger_account_get(struct ledger_set *s, struct str code, struct ledger_account **ret);
enum set_state ledger_account_get_id(struct ledger_set *s, int64_t id, struct ledger_account **ret);
enum set_state ledger_transfer_get(struct ledger_set *s, const struct id128 *id, struct ledger_transfer **ret);
/* A new account (the code must be ABSENT). Accounts are made when first posted to. */
struct status ledger_account_add(struct ledger_set *s, struct str code, const struct currency *currency, uint32_t flags, int64_t debit_limit, struct ledger_account **ret);
/* Other flags or another limit (closing an account, a new advance limit). */
void ledger_account_change(struct ledger_set *s, struct ledger_account *account, uint32_t flags, int64_t debit_limit);
bool ledger_set_waits(const struct ledger_set *s);
/* Wishes for all that these transfers need: their ids (so that a repeat is known), the holds they settle, the accounts of both. False while something
 * waits. An id that was never touched counts as new: for ids that the caller has just made (the primary key would find a double). */
bool ledger_touch(struct ledger_set *s, const struct ledger_transfer *transfers, uint32_t count);
/* PostgreSQL: accounts with a limit are read FOR UPDATE in order of id, then open holds likewise; accounts without a limit are read without lock, so their sums may be
 * older than what others commit meanwhile: decide nothing on them. Touch in one round what you can: what is wished in a later round is locked out of order
 * (a deadlock then fails one group). Without a connection (NULL) every wish becomes absent. Fails with ledger-account-collision when two codes have
 * one id, and as the store does. */
struct status ledger_set_load(struct ledger_set *s, struct store_connection *c, struct arena *a);
/* Transfers of this set whose seq is provisional (journal.h) get their real one: call it once the head row is locked, before the flush. */
void ledger_set_seq_base(struct ledger_set *s, int64_t base);
struct status ledger_set_flush(struct ledger_set *s, struct store_connection *c, struct arena *a); /* one update an account, however often it moved, of what was added since it was read */

/* Checks and applies transfers in order; all that they touch must be loaded (a bug otherwise). ret[i] answers transfers[i]. Linked chains stand or fall together;
 * others are independent. Balances change only by those answered LEDGER_OK; these, and those answered EXISTS, come back as they stand (state, amount,
 * accounts). `now_ms` is event time and never goes back in a set: a hold is expired when expires_ms ≤ now_ms, exactly: then it can be neither confirmed
 * nor voided and limits no longer count it, though it stays in the pending sums until its EXPIRE. A chain repeated as a whole answers EXISTS throughout.
 * Cost: about 0.2 µs each. Fails with out-of-memory only, before anything changed. */
struct status ledger_apply(struct ledger_set *s, int64_t now_ms, struct ledger_transfer *transfers, uint32_t count, enum ledger_refusal *ret);
/* The same without changing anything: would these be accepted now? */
struct status ledger_would(struct ledger_set *s, int64_t now_ms, const struct ledger_transfer *transfers, uint32_t count, enum ledger_refusal *ret);
/* Folds transfers of an event without asking limits (they were accepted when the event was made): for live and rebuild. Fails with ledger-broken when they cannot stand (unknown account, hold twice). */
struct status ledger_fold(struct ledger_set *s, int64_t now_ms, const struct ledger_transfer *transfers, uint32_t count);
/* Transfers as JSON members of an event's open part, and back. */
void ledger_transfers_write(const struct ledger_transfer *t, uint32_t count, struct json_writer *w);
struct status ledger_transfers_read(struct arena *a, const struct json *v, struct ledger_transfer **ret, uint32_t *ret_count);

/* ---- audit ------------------------------------------------------------------------------------------------ */

struct ledger_audit {
    int64_t transfers, accounts;
    int64_t debits, credits;       /* sums of posted, equal */
    int64_t wrong_accounts;        /* balances that differ from the sum of their transfers */
    struct str first_wrong;        /* code of the first; its id as 16 hex digits when there is no such account */
    int64_t wrong_holds;           /* holds whose state is not what was done to them, and settlements of no hold */
    struct id128 first_wrong_hold;
};
/* Scans all of the shard twice at most; run it in a transaction that reads, so that all scans see one state. */
struct status ledger_audit(struct store_connection *c, struct arena *a, int32_t shard, struct ledger_audit *ret);

extern const struct store_statements ledger_statements;

#endif
