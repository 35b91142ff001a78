/* ledger/set — the working set: accounts and transfers that a group touches, by id, with wishes for what is not there yet.
 *
 * Who uses it: the rules and the statements of this room; cases through ledger.h. Invariant: entries never move; an entry is in one table once.
 * Workload: a group of 500 to 1,000 transfers over 50 accounts; everything is a hash table in the arena of the group, nothing is searched in a list.
 */
#include "ledger/set.h"

enum { TABLE_START = 64 };

/* ---- hash tables ------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t x) {
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ (x >> 33);
}

static uint64_t id_hash(const struct id128 *id) {
    uint64_t half[2];
    __builtin_memcpy(half, id->b, sizeof half);
    return mix(half[0] + mix(half[1]));
}

static bool table_grow(struct arena *a, struct table *t) {
    const uint32_t cap = t->cap ? t->cap * 2 : TABLE_START;
    struct slot *slots = ARENA_ARRAY(a, struct slot, cap);
    if (!slots) return false;
    for (uint32_t i = 0; i < t->cap; i++) {
        if (!t->slots[i].entry) continue;
        uint64_t at = t->slots[i].hash & (cap - 1);
        while (slots[at].entry) at = (at + 1) & (cap - 1);
        slots[at] = t->slots[i];
    }
    t->slots = slots;
    t->cap = cap;
    return true;
}

static bool table_reserve(struct arena *a, struct table *t, uint32_t more) {
    while ((uint64_t)(t->count + more) * 3 > (uint64_t)t->cap * 2) {
        if (t->cap > UINT32_MAX / 4 || !table_grow(a, t)) return false;
    }
    return true;
}

/* Room was reserved and the key is not in the table. */
static void table_put(struct table *t, uint64_t hash, void *entry) {
    uint64_t at = hash & (t->cap - 1);
    while (t->slots[at].entry) at = (at + 1) & (t->cap - 1);
    t->slots[at] = (struct slot){hash, entry};
    t->count++;
}

struct account_entry *set_account_find(const struct ledger_set *s, int64_t id) {
    const struct table *t = &s->by_id;
    const uint64_t hash = mix((uint64_t)id);
    for (uint64_t at = hash; t->cap; at++) {
        const struct slot *slot = &t->slots[at & (t->cap - 1)];
        if (!slot->entry) break;
        if (slot->hash == hash) return slot->entry; /* the mixing is one to one */
    }
    return NULL;
}

static struct account_entry *code_find(const struct ledger_set *s, struct str code, uint64_t hash) {
    const struct table *t = &s->by_code;
    for (uint64_t at = hash; t->cap; at++) {
        const struct slot *slot = &t->slots[at & (t->cap - 1)];
        if (!slot->entry) break;
        struct account_entry *e = slot->entry;
        if (slot->hash == hash && str_eq(e->a.code, code)) return e;
    }
    return NULL;
}

struct transfer_entry *set_transfer_find(const struct ledger_set *s, const struct id128 *id) {
    const struct table *t = &s->transfers;
    const uint64_t hash = id_hash(id);
    for (uint64_t at = hash; t->cap; at++) {
        const struct slot *slot = &t->slots[at & (t->cap - 1)];
        if (!slot->entry) break;
        struct transfer_entry *e = slot->entry;
        if (slot->hash == hash && ledger_id_equal(&e->t.id, id)) return e;
    }
    return NULL;
}

/* ---- entries ------------------------------------------------------------------------------------------------- */

struct account_entry *set_account(struct ledger_set *s, int64_t id) {
    struct account_entry *e = set_account_find(s, id);
    if (e) return e;
    e = ARENA_NEW(s->arena, struct account_entry);
    if (!e || !table_reserve(s->arena, &s->by_id, 1)) return NULL;
    struct account_entry **place = ARENA_PUSH(s->arena, s->accounts, s->account_count, s->account_cap);
    if (!place) return NULL;
    *place = e;
    e->a.id = id;
    table_put(&s->by_id, mix((uint64_t)id), e);
    return e;
}

struct transfer_entry *set_transfer(struct ledger_set *s, const struct id128 *id) {
    struct transfer_entry *e = set_transfer_find(s, id);
    if (e) return e;
    e = ARENA_NEW(s->arena, struct transfer_entry);
    if (!e || !table_reserve(s->arena, &s->transfers, 1)) return NULL;
    struct transfer_entry **place = ARENA_PUSH(s->arena, s->transfer_list, s->transfer_count, s->transfer_cap);
    if (!place) return NULL;
    *place = e;
    e->t.id = *id;
    table_put(&s->transfers, id_hash(id), e);
    return e;
}

void set_account_wish(struct ledger_set *s, struct account_entry *e) {
    if (e->state != ENTRY_UNTOUCHED) return;
    e->state = ENTRY_WAIT;
    s->account_waits++;
}

void set_transfer_wish(struct ledger_set *s, struct transfer_entry *e) {
    if (e->state != ENTRY_UNTOUCHED) return;
    e->state = ENTRY_WAIT;
    s->transfer_waits++;
}

struct status set_check(const struct ledger_set *s, struct arena *a) {
    if (s->no_memory) return status_memory();
    if (!s->collision[0].n) return STATUS_OK;
    return status_error(a, (struct error){.code = "ledger-account-collision", .place = s->collision[0],
        .zh = arena_printf(a, "账户 %.*s 与 %.*s 的编号相同", STR_FMT(s->collision[0]), STR_FMT(s->collision[1])),
        .en = arena_printf(a, "the accounts %.*s and %.*s have the same id", STR_FMT(s->collision[0]), STR_FMT(s->collision[1])),
        .hint_zh = STR("请更改其中一个账户代码后重试"), .hint_en = STR("change one of the account codes, then try again")});
}

/* ---- the public doors ------------------------------------------------------------------------------------------ */

struct status ledger_set_new(struct arena *a, int32_t shard, struct ledger_set **ret) {
    struct ledger_set *s = ARENA_NEW(a, struct ledger_set);
    if (!s) return status_memory();
    *s = (struct ledger_set){.arena = a, .shard = shard, .now_ms = INT64_MIN};
    if (!table_grow(a, &s->by_id) || !table_grow(a, &s->by_code) || !table_grow(a, &s->transfers)) return status_memory();
    *ret = s;
    return STATUS_OK;
}

static int64_t id_of_digest(const struct digest *d) {
    uint64_t v = 0;
    for (size_t i = 0; i < 8; i++) v = v << 8 | d->b[i];
    const int64_t id = (int64_t)(v >> 1);
    return id ? id : 1; /* zero means: none */
}

int64_t ledger_account_id(struct sha256 *h, struct str code) {
    struct digest d;
    sha256_of(h, code, &d);
    return id_of_digest(&d);
}

int64_t ledger_balance(const struct ledger_account *a) { return a->debits_posted - a->credits_posted; }

static enum set_state account_answer(struct ledger_set *s, struct account_entry *e, struct ledger_account **ret) {
    set_account_wish(s, e);
    if (e->state == ENTRY_WAIT) return SET_WAIT;
    if (e->state == ENTRY_ABSENT) return SET_ABSENT;
    *ret = &e->a;
    return SET_FOUND;
}

/* Gives an entry its code, or notes that it has another. */
static bool code_set(struct ledger_set *s, struct account_entry *e, struct str code, uint64_t hash) {
    if (e->a.code.n && !str_eq(e->a.code, code)) {
        s->collision[0] = arena_str(s->arena, code);
        s->collision[1] = e->a.code;
        s->no_memory |= !s->collision[0].p;
        return false;
    }
    if (!e->a.code.n) e->a.code = arena_str(s->arena, code);
    if (!e->a.code.p || !table_reserve(s->arena, &s->by_code, 1)) {
        s->no_memory = true;
        return false;
    }
    table_put(&s->by_code, hash, e);
    return true;
}

enum set_state ledger_account_get(struct ledger_set *s, struct str code, struct ledger_account **ret) {
    const uint64_t hash = str_hash(code);
    struct account_entry *e = code_find(s, code, hash);
    if (e) return account_answer(s, e, ret);
    struct digest d;
    crypto_sha256(code, &d);
    e = set_account(s, id_of_digest(&d));
    if (!e) {
        s->no_memory = true;
        return SET_WAIT;
    }
    return code_set(s, e, code, hash) ? account_answer(s, e, ret) : SET_ABSENT;
}

enum set_state ledger_account_get_id(struct ledger_set *s, int64_t id, struct ledger_account **ret) {
    struct account_entry *e = set_account(s, id);
    if (e) return account_answer(s, e, ret);
    s->no_memory = true;
    return SET_WAIT;
}

enum set_state ledger_transfer_get(struct ledger_set *s, const struct id128 *id, struct ledger_transfer **ret) {
    struct transfer_entry *e = set_transfer(s, id);
    if (!e) {
        s->no_memory = true;
        return SET_WAIT;
    }
    set_transfer_wish(s, e);
    if (e->state == ENTRY_WAIT) return SET_WAIT;
    if (e->state == ENTRY_ABSENT) return SET_ABSENT;
    *ret = &e->t;
    return SET_FOUND;
}

struct status ledger_account_add(struct ledger_set *s, struct str code, const struct currency *currency, uint32_t flags, int64_t debit_limit, struct ledger_account **ret) {
    struct ledger_account *account = NULL;
    CHECK(code.n && currency);
    const enum set_state state = ledger_account_get(s, code, &account);
    TRY(set_check(s, s->arena));
    CHECK(state == SET_ABSENT);
    struct account_entry *e = code_find(s, code, str_hash(code));
    CHECK(e);
    e->state = ENTRY_FOUND;
    e->a.currency = currency;
    e->a.flags = flags;
    e->a.debit_limit = debit_limit;
    e->a.fresh = true;
    *ret = &e->a;
    return STATUS_OK;
}

void ledger_account_change(struct ledger_set *s, struct ledger_account *account, uint32_t flags, int64_t debit_limit) {
    CHECK(set_account_find(s, account->id) && &set_account_find(s, account->id)->a == account);
    if (account->flags == flags && account->debit_limit == debit_limit) return;
    account->flags = flags;
    account->debit_limit = debit_limit;
    account->dirty = true;
    set_account_find(s, account->id)->changed = true;
}

bool ledger_set_waits(const struct ledger_set *s) { return s->account_waits > 0 || s->transfer_waits > 0; }

/* ---- touching --------------------------------------------------------------------------------------------------- */

static bool account_touch(struct ledger_set *s, int64_t id) {
    if (id == 0) return true;
    struct account_entry *e = set_account(s, id);
    if (!e) return false;
    set_account_wish(s, e);
    return true;
}

static bool transfer_touch(struct ledger_set *s, const struct ledger_transfer *t) {
    struct transfer_entry *own = set_transfer(s, &t->id);
    if (!own) return false;
    set_transfer_wish(s, own);
    if (!account_touch(s, t->debit) || !account_touch(s, t->credit)) return false;
    if (ledger_id_zero(&t->pending_id)) return true;
    struct transfer_entry *hold = set_transfer(s, &t->pending_id);
    if (!hold) return false;
    set_transfer_wish(s, hold);
    hold->hold_wished |= hold->state == ENTRY_WAIT;
    if (hold->state != ENTRY_FOUND || hold->t.state != LEDGER_PENDING) return true; /* what is settled already needs no accounts to be refused */
    return account_touch(s, hold->t.debit) && account_touch(s, hold->t.credit);
}

bool ledger_touch(struct ledger_set *s, const struct ledger_transfer *transfers, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (transfer_touch(s, &transfers[i])) continue;
        s->no_memory = true;
        return false;
    }
    return !ledger_set_waits(s);
}

/* ---- time --------------------------------------------------------------------------------------------------------- */

static struct status due_reserve(struct ledger_set *s, uint32_t count) {
    if (s->due_cap - s->due_count >= count) return STATUS_OK;
    const uint64_t cap = ((uint64_t)s->due_count + count) * 2;
    if (cap > UINT32_MAX) return status_memory();
    struct due_node *nodes = ARENA_ARRAY(s->arena, struct due_node, (size_t)cap);
    if (!nodes) return status_memory();
    if (s->due_count) __builtin_memcpy(nodes, s->due, s->due_count * sizeof *nodes);
    s->due = nodes;
    s->due_cap = (uint32_t)cap;
    return STATUS_OK;
}

struct status set_reserve(struct ledger_set *s, const struct ledger_transfer *transfers, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (!set_transfer(s, &transfers[i].id)) return status_memory();
    }
    return due_reserve(s, count);
}

bool set_due_push(struct ledger_set *s, struct transfer_entry *hold) {
    if (s->due_count == s->due_cap && status_failed(due_reserve(s, 1))) return false;
    const struct due_node node = {hold->t.expires_ms, hold, ++hold->generation};
    uint32_t at = s->due_count++;
    for (; at > 0 && s->due[(at - 1) / 2].at_ms > node.at_ms; at = (at - 1) / 2) s->due[at] = s->due[(at - 1) / 2];
    s->due[at] = node;
    return true;
}

static struct due_node due_pop(struct ledger_set *s) {
    const struct due_node first = s->due[0], last = s->due[--s->due_count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= s->due_count) break;
        if (child + 1 < s->due_count && s->due[child + 1].at_ms < s->due[child].at_ms) child++;
        if (s->due[child].at_ms >= last.at_ms) break;
        s->due[at] = s->due[child];
        at = child;
    }
    s->due[at] = last;
    return first;
}

void set_due_count(struct ledger_set *s, struct transfer_entry *hold, bool due) {
    struct account_entry *debit = set_account_find(s, hold->t.debit), *credit = set_account_find(s, hold->t.credit);
    CHECK(debit && credit);
    debit->due_debits += due ? hold->t.amount : -hold->t.amount;
    credit->due_credits += due ? hold->t.amount : -hold->t.amount;
    hold->due = due;
}

void set_time_go(struct ledger_set *s, int64_t now_ms) {
    if (now_ms > s->now_ms) s->now_ms = now_ms;
    while (s->due_count && s->due[0].at_ms <= s->now_ms) {
        const struct due_node node = due_pop(s);
        struct transfer_entry *hold = node.hold;
        const bool stands = hold->generation == node.generation && hold->state == ENTRY_FOUND && hold->t.state == LEDGER_PENDING;
        if (stands && !hold->due) set_due_count(s, hold, true);
    }
}

void ledger_set_seq_base(struct ledger_set *s, int64_t base) {
    for (uint32_t i = 0; i < s->transfer_count; i++) s->transfer_list[i]->t.seq = journal_seq_settle(s->transfer_list[i]->t.seq, base);
}
