/* ledger/set — inside of the working set. Internal to the room.
 *
 * Entries never move (callers hold pointers to their public parts); tables hold pointers and their hashes. Between two calls every entry is in one of four states:
 * untouched (nobody asked), wait (wished), absent, found. Holds with an end stand in a heap by their end: as time goes on, those whose time has
 * come are added to the `due` sums of their accounts, which limits leave out.
 */
#ifndef YIJIE_LEDGER_SET_H
#define YIJIE_LEDGER_SET_H

#include "ledger/ledger.h"

enum entry_state { ENTRY_UNTOUCHED, ENTRY_WAIT, ENTRY_ABSENT, ENTRY_FOUND };

struct account_entry {
    struct ledger_account a; /* first: the public pointer is the entry's */
    enum entry_state state;
    bool holds_read;         /* its holds that may expire are here, if limits ask for them */
    bool changed;            /* other flags or another limit than in the store */
    int64_t due_debits, due_credits; /* of pending sums: holds whose time has come */
    struct {
        int64_t debits_pending, debits_posted, credits_pending, credits_posted;
    } read;                  /* as they were read or last flushed: what goes out is the difference */
};
struct transfer_entry {
    struct ledger_transfer t; /* first, as above */
    enum entry_state state;
    bool hold_wished;         /* wished because a transfer settles it: its accounts are needed too */
    bool unlocked;            /* an open hold, read without lock: to be read again under it */
    bool due;                 /* counted in the due sums */
    uint32_t generation;      /* of its node in the heap; older nodes are stale */
};

struct slot {
    uint64_t hash;
    void *entry; /* NULL: free */
};
struct table {
    struct slot *slots;
    uint32_t cap, count; /* cap: a power of two */
};
struct due_node {
    int64_t at_ms;
    struct transfer_entry *hold;
    uint32_t generation;
};

struct ledger_set {
    struct arena *arena;
    int32_t shard;
    int64_t now_ms;
    struct table by_id, by_code, transfers;
    struct account_entry **accounts;     /* all, in the order they came */
    struct transfer_entry **transfer_list;
    uint32_t account_count, account_cap, transfer_count, transfer_cap;
    uint32_t account_waits, transfer_waits;
    struct due_node *due;                /* a heap, earliest first */
    uint32_t due_count, due_cap;
    bool no_memory;                      /* a get could not make its wish */
    struct str collision[2];             /* two codes with one id */
};

/* The entry, made (untouched) when there is none; NULL without memory. */
struct account_entry *set_account(struct ledger_set *s, int64_t id);
struct transfer_entry *set_transfer(struct ledger_set *s, const struct id128 *id);
struct account_entry *set_account_find(const struct ledger_set *s, int64_t id);
struct transfer_entry *set_transfer_find(const struct ledger_set *s, const struct id128 *id);
void set_account_wish(struct ledger_set *s, struct account_entry *e);
void set_transfer_wish(struct ledger_set *s, struct transfer_entry *e);
/* Entries for these ids and room for as many nodes, so that nothing can fail while they are applied. */
struct status set_reserve(struct ledger_set *s, const struct ledger_transfer *transfers, uint32_t count);
struct status set_check(const struct ledger_set *s, struct arena *a); /* what a get could not say */

/* A hold with an end enters the heap; room was reserved or the result is false. */
bool set_due_push(struct ledger_set *s, struct transfer_entry *hold);
void set_due_count(struct ledger_set *s, struct transfer_entry *hold, bool due); /* into the due sums, or out of them */
void set_time_go(struct ledger_set *s, int64_t now_ms);

static inline bool ledger_id_equal(const struct id128 *a, const struct id128 *b) { return __builtin_memcmp(a->b, b->b, sizeof a->b) == 0; }
static inline bool ledger_id_zero(const struct id128 *a) {
    static const struct id128 zero;
    return ledger_id_equal(a, &zero);
}
static inline bool ledger_is_settlement(enum ledger_act act) { return act >= LEDGER_CONFIRM; }

/* What a transfer does once accepted, and what it takes to undo it. */
struct effect {
    struct transfer_entry *entry;        /* its own row */
    struct account_entry *debit, *credit;
    struct transfer_entry *hold;         /* CONFIRM, VOID, EXPIRE */
    enum ledger_act act;
    int64_t amount, held;
    bool debit_dirty, credit_dirty, hold_dirty; /* before */
    bool hold_due;
    enum entry_state entry_before;
};
/* Asks the ladder of guards. ret->entry is the row of the id; the rest is filled when the answer is LEDGER_OK. */
enum ledger_refusal rules_ask(struct ledger_set *s, const struct ledger_transfer *t, struct effect *ret);
bool rules_sums_fit(const struct ledger_account *a, int64_t debit, int64_t credit); /* the four sums stay within 64 bits */

#endif
