/* ledger/load — reading the working set from a store, under the locks that make it true.
 *
 * Who uses it: cases, the bench. Invariants on PostgreSQL, where others write at the same time: an account with a limit is locked (FOR UPDATE, in order of id) from its
 * reading to the commit, so no two workers decide on one balance; an open hold is believed only under its own lock, so it is settled once. Accounts without
 * a limit are not locked, because nothing is decided on what they hold: the flush adds to them. Locks are taken in one order: accounts, then holds, each by id.
 * With an account that has a limit come its holds that may expire: from their time on they no longer count.
 */
#include <stdlib.h>
#include <string.h>

#include "ledger/rows.h"

/* Others write at the same time. */
static bool set_shared(struct store_connection *c) { return c && store_connection_kind(c) == STORE_POSTGRES; }

/* ---- rows in ------------------------------------------------------------------------------------------------------- */

static struct status broken(struct arena *a, struct str place, const char *zh, const char *en) {
    return status_error(a, (struct error){.code = "ledger-broken", .place = place, .zh = str_from(zh), .en = str_from(en),
        .hint_zh = STR("数据可能已损坏：请运行 yijie audit 并保留现场"), .hint_en = STR("the data may be damaged: run yijie audit and keep what is there")});
}

static bool id_take(const struct store_value *v, struct id128 *ret) {
    if (v->null) {
        *ret = (struct id128){{0}};
        return true;
    }
    if (v->s.n != sizeof ret->b) return false;
    __builtin_memcpy(ret->b, v->s.p, sizeof ret->b);
    return true;
}

/* A row says what was asked: a settlement names its hold, and its state says which. */
static enum ledger_act row_act(enum ledger_state state, bool settles) {
    if (!settles) return state == LEDGER_POSTED ? LEDGER_POST : LEDGER_HOLD;
    return state == LEDGER_POSTED ? LEDGER_CONFIRM : state == LEDGER_VOIDED ? LEDGER_VOID : LEDGER_EXPIRE;
}

bool rows_transfer_take(const struct store_value *v, struct ledger_transfer *ret) {
    struct ledger_transfer t = {.debit = v[1].i, .credit = v[2].i, .amount = v[3].i, .kind = (enum ledger_kind)v[4].i, .state = (enum ledger_state)v[5].i,
                                .expires_ms = v[7].i, .day = (int32_t)v[8].i, .seq = v[10].i};
    if (v[4].i < 0 || v[4].i >= LEDGER_KIND_COUNT || v[5].i < 0 || v[5].i >= LEDGER_STATE_COUNT || v[3].i <= 0) return false;
    if (!id_take(&v[0], &t.id) || !id_take(&v[6], &t.pending_id) || !id_take(&v[9], &t.case_id)) return false;
    t.act = row_act(t.state, !ledger_id_zero(&t.pending_id));
    *ret = t;
    return true;
}

void rows_account_read(struct account_entry *e) {
    e->read.debits_pending = e->a.debits_pending;
    e->read.debits_posted = e->a.debits_posted;
    e->read.credits_pending = e->a.credits_pending;
    e->read.credits_posted = e->a.credits_posted;
}

static struct status account_take(struct account_entry *e, const struct store_value *v, struct ledger_set *s, struct arena *a) {
    if (e->a.code.n && !str_eq(e->a.code, v[1].s)) {
        s->collision[0] = e->a.code;
        s->collision[1] = arena_str(s->arena, v[1].s);
        return set_check(s, a);
    }
    const struct currency *currency = currency_find(v[2].s);
    if (!currency) return broken(a, v[1].s, "账户的币种未知", "the currency of the account is unknown");
    if (!e->a.code.n) e->a.code = arena_str(s->arena, v[1].s); /* in the table of codes only once somebody asks for the code */
    if (!e->a.code.p) return status_memory();
    e->a.currency = currency;
    e->a.flags = (uint32_t)v[3].i;
    e->a.debit_limit = v[4].i;
    e->a.debits_pending = v[5].i;
    e->a.debits_posted = v[6].i;
    e->a.credits_pending = v[7].i;
    e->a.credits_posted = v[8].i;
    rows_account_read(e);
    e->state = ENTRY_FOUND;
    return STATUS_OK;
}

/* Row `at` of parameters (shard, key). */
static void key_put(struct store_value *params, uint32_t at, int32_t shard, struct store_value key) {
    struct store_value *v = params + (size_t)at * 2;
    v[0] = STORE_I(shard);
    v[1] = key;
}

/* ---- loading accounts -------------------------------------------------------------------------------------------------- */

static int account_order(const void *a, const void *b) {
    const struct account_entry *x = *(struct account_entry *const *)a, *y = *(struct account_entry *const *)b;
    return x->a.id < y->a.id ? -1 : x->a.id > y->a.id;
}

void rows_accounts_sort(struct account_entry **e, uint32_t count) {
    if (count) qsort(e, count, sizeof(struct account_entry *), account_order);
}

static struct status accounts_read(struct ledger_set *s, struct store_connection *c, struct arena *a, enum rows_statement how, struct account_entry **entries,
                                   uint32_t count) {
    struct store_value *params = ARENA_ARRAY(a, struct store_value, (size_t)count * 2);
    struct store_rows rows;
    if (!params) return status_memory();
    for (uint32_t i = 0; i < count; i++) key_put(params, i, s->shard, STORE_I(entries[i]->a.id));
    TRY(store_read(c, a, rows_statement(how), params, count, &rows));
    for (uint32_t i = 0; i < rows.count; i++) TRY(account_take(entries[rows.of[i]], store_row(&rows, i), s, a));
    return STATUS_OK;
}

/* Reads all accounts that are wished; those with a limit again under their lock: their limit then holds until the commit. */
static struct status accounts_load(struct ledger_set *s, struct store_connection *c, struct arena *a) {
    const uint32_t count = s->account_waits;
    if (count == 0) return STATUS_OK;
    struct account_entry **wished = ARENA_ARRAY(a, struct account_entry *, count);
    if (!wished) return status_memory();
    uint32_t n = 0, limited = 0;
    for (uint32_t i = 0; i < s->account_count && n < count; i++) {
        if (s->accounts[i]->state == ENTRY_WAIT) wished[n++] = s->accounts[i];
    }
    CHECK(n == count);
    rows_accounts_sort(wished, count);
    if (c) TRY(accounts_read(s, c, a, ROWS_READ_ACCOUNTS, wished, count));
    s->account_waits = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (wished[i]->state == ENTRY_WAIT) wished[i]->state = ENTRY_ABSENT;
        if (wished[i]->state == ENTRY_FOUND && rows_limited(&wished[i]->a)) wished[limited++] = wished[i];
    }
    return set_shared(c) && limited ? accounts_read(s, c, a, ROWS_LOCK_ACCOUNTS, wished, limited) : STATUS_OK;
}

/* ---- loading transfers ---------------------------------------------------------------------------------------------------- */

/* A transfer from the store takes its place. */
static struct status transfer_place(struct ledger_set *s, struct arena *a, struct transfer_entry *e, const struct store_value *row) {
    struct ledger_transfer t;
    if (!rows_transfer_take(row, &t)) return broken(a, STR("transfers"), "转账记录内容无效", "a row of a transfer makes no sense");
    const bool was_open = e->state == ENTRY_FOUND && e->t.state == LEDGER_PENDING;
    e->t = t;
    e->state = ENTRY_FOUND;
    if (t.state != LEDGER_PENDING || was_open) return STATUS_OK;
    if (!set_account(s, t.debit) || !set_account(s, t.credit)) return status_memory();
    return t.expires_ms == 0 || set_due_push(s, e) ? STATUS_OK : status_memory();
}

enum pick { PICK_HOLDS, PICK_WISHED, PICK_UNLOCKED };

static bool picked(const struct transfer_entry *e, enum pick pick) {
    switch (pick) {
    case PICK_HOLDS: return e->state == ENTRY_WAIT && e->hold_wished;
    case PICK_WISHED: return e->state == ENTRY_WAIT;
    case PICK_UNLOCKED: return e->state == ENTRY_FOUND && e->unlocked;
    }
    return false;
}

/* Reads the picked ones; a hold that is open needs its accounts, and a look under its lock. */
static struct status picked_read(struct ledger_set *s, struct store_connection *c, struct arena *a, enum pick pick, struct transfer_entry **entries, uint32_t count) {
    const enum rows_statement how = pick == PICK_UNLOCKED ? ROWS_LOCK_TRANSFERS : ROWS_READ_TRANSFERS;
    struct store_value *params = ARENA_ARRAY(a, struct store_value, (size_t)count * 2);
    struct store_rows rows;
    if (!params) return status_memory();
    for (uint32_t i = 0; i < count; i++) key_put(params, i, s->shard, STORE_S(id128_view(&entries[i]->t.id)));
    TRY(store_read(c, a, rows_statement(how), params, count, &rows));
    for (uint32_t i = 0; i < rows.count; i++) {
        struct transfer_entry *e = entries[rows.of[i]];
        s->transfer_waits -= e->state == ENTRY_WAIT;
        TRY(transfer_place(s, a, e, store_row(&rows, i)));
        const bool open = e->t.state == LEDGER_PENDING;
        e->unlocked = open && pick != PICK_UNLOCKED;
        if (!open) continue;
        set_account_wish(s, set_account(s, e->t.debit));
        set_account_wish(s, set_account(s, e->t.credit));
    }
    return STATUS_OK;
}

static int transfer_order(const void *a, const void *b) {
    const struct transfer_entry *x = *(struct transfer_entry *const *)a, *y = *(struct transfer_entry *const *)b;
    return memcmp(x->t.id.b, y->t.id.b, sizeof x->t.id.b);
}

/* Reads the picked ones, locks in order of id. What was wished and is not there is absent; a first look at holds leaves that open. */
static struct status transfers_load(struct ledger_set *s, struct store_connection *c, struct arena *a, enum pick pick) {
    struct transfer_entry **entries = ARENA_ARRAY(a, struct transfer_entry *, s->transfer_count);
    uint32_t count = 0;
    if (!entries) return status_memory();
    for (uint32_t i = 0; i < s->transfer_count; i++) {
        if (picked(s->transfer_list[i], pick)) entries[count++] = s->transfer_list[i];
    }
    if (count && pick == PICK_UNLOCKED) qsort(entries, count, sizeof(struct transfer_entry *), transfer_order);
    if (c && count) TRY(picked_read(s, c, a, pick, entries, count));
    for (uint32_t i = 0; i < count && pick == PICK_WISHED; i++) {
        if (entries[i]->state != ENTRY_WAIT) continue;
        entries[i]->state = ENTRY_ABSENT;
        s->transfer_waits--;
    }
    return STATUS_OK;
}

/* ---- holds that may expire ---------------------------------------------------------------------------------------------- */

static bool holds_count(const struct ledger_account *a, enum rows_statement side) {
    if (side == ROWS_READ_HOLDS_DEBIT) return (a->flags & (LEDGER_DEBITS_WITHIN_CREDITS | LEDGER_DEBITS_WITHIN_LIMIT)) && a->debits_pending > 0;
    return (a->flags & LEDGER_CREDITS_WITHIN_DEBITS) && a->credits_pending > 0;
}

static struct status side_load(struct ledger_set *s, struct store_connection *c, struct arena *a, enum rows_statement side) {
    struct store_value *params = ARENA_ARRAY(a, struct store_value, (size_t)s->account_count * 2);
    struct store_rows rows;
    uint32_t count = 0;
    if (!params) return status_memory();
    for (uint32_t i = 0; i < s->account_count; i++) {
        const struct account_entry *e = s->accounts[i];
        if (e->state != ENTRY_FOUND || e->holds_read || e->a.fresh || !holds_count(&e->a, side)) continue;
        key_put(params, count++, s->shard, STORE_I(e->a.id));
    }
    if (count == 0) return STATUS_OK;
    TRY(store_read(c, a, rows_statement(side), params, count, &rows));
    for (uint32_t i = 0; i < rows.count; i++) {
        struct id128 id;
        if (!id_take(store_row(&rows, i), &id)) return broken(a, STR("transfers"), "转账编号无效", "the id of a transfer is not 16 bytes");
        struct transfer_entry *e = set_transfer(s, &id);
        if (!e) return status_memory();
        if (e->state != ENTRY_FOUND) TRY(transfer_place(s, a, e, store_row(&rows, i))); /* one that is here already is newer */
    }
    return STATUS_OK;
}

static struct status holds_load(struct ledger_set *s, struct store_connection *c, struct arena *a) {
    TRY(side_load(s, c, a, ROWS_READ_HOLDS_DEBIT));
    TRY(side_load(s, c, a, ROWS_READ_HOLDS_CREDIT));
    for (uint32_t i = 0; i < s->account_count; i++) s->accounts[i]->holds_read |= s->accounts[i]->state == ENTRY_FOUND;
    /* Time may have gone by in this set before these came. */
    set_time_go(s, s->now_ms);
    return STATUS_OK;
}

/* ---- all ------------------------------------------------------------------------------------------------------------------- */

/* An open hold of accounts that are not there: nothing could settle it. */
static struct status holds_check(const struct ledger_set *s, struct arena *a) {
    for (uint32_t i = 0; i < s->transfer_count; i++) {
        const struct transfer_entry *e = s->transfer_list[i];
        if (e->state != ENTRY_FOUND || e->t.state != LEDGER_PENDING) continue;
        const struct account_entry *debit = set_account_find(s, e->t.debit), *credit = set_account_find(s, e->t.credit);
        if (debit && credit && debit->state != ENTRY_ABSENT && credit->state != ENTRY_ABSENT) continue;
        char hex[33];
        id128_hex(&e->t.id, hex);
        return broken(a, str_from(hex), "占用的账户不存在", "an account of the hold is not there");
    }
    return STATUS_OK;
}

struct status ledger_set_load(struct ledger_set *s, struct store_connection *c, struct arena *a) {
    TRY(set_check(s, a));
    if (set_shared(c)) TRY(transfers_load(s, c, a, PICK_HOLDS)); /* a first look, so that their accounts are locked together with the others */
    TRY(accounts_load(s, c, a));
    TRY(transfers_load(s, c, a, PICK_WISHED));
    TRY(accounts_load(s, c, a));
    if (set_shared(c)) TRY(transfers_load(s, c, a, PICK_UNLOCKED));
    if (c) TRY(holds_load(s, c, a));
    TRY(set_check(s, a));
    return holds_check(s, a);
}
