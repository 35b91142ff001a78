/* ledger/audit — recomputes every account from its transfers, and every hold from what was done to it.
 *
 * Who uses it: yijie audit. Invariant: trusts nothing but the rows of transfers; memory is one entry an account, however many transfers there are: holds are compared
 * as sums of hashes (what their states say, less what the settlements say) in buckets by id, and only where one is not zero a second scan finds which.
 * Workload: millions of transfers, thousands of accounts; one sequential scan of each table.
 */
#include "ledger/rows.h"

enum { BUCKETS = 1024 };

/* Sums of one account: as the transfers say. 128 bits, so that damaged rows cannot wrap. */
struct audit_account {
    int64_t id;
    bool seen; /* by the scan of accounts */
    i128 sums[4]; /* debits pending, debits posted, credits pending, credits posted */
};
struct audit {
    struct arena *arena;
    struct audit_account **slots; /* by id, open */
    uint32_t cap, count;
    uint64_t buckets[BUCKETS][4]; /* states less settlements: zero when they agree */
    struct ledger_set *holds;     /* second scan: those of the buckets that do not agree */
    struct sha256 hash;
    i128 debits, credits;
    struct ledger_audit *ret;
};

/* ---- accounts by id ------------------------------------------------------------------------------------------------- */

static bool slots_grow(struct audit *u) {
    const uint32_t cap = u->cap ? u->cap * 2 : 1024;
    struct audit_account **slots = ARENA_ARRAY(u->arena, struct audit_account *, cap);
    if (!slots) return false;
    for (uint32_t i = 0; i < u->cap; i++) {
        if (!u->slots[i]) continue;
        uint32_t at = (uint32_t)u->slots[i]->id & (cap - 1);
        while (slots[at]) at = (at + 1) & (cap - 1);
        slots[at] = u->slots[i];
    }
    u->slots = slots;
    u->cap = cap;
    return true;
}

/* Ids are digests: their low bits are as good as any hash. NULL without memory. */
static struct audit_account *account_of(struct audit *u, int64_t id) {
    if ((u->count + 1) * 2 > u->cap && !slots_grow(u)) return NULL;
    uint32_t at = (uint32_t)id & (u->cap - 1);
    for (; u->slots[at]; at = (at + 1) & (u->cap - 1)) {
        if (u->slots[at]->id == id) return u->slots[at];
    }
    struct audit_account *account = ARENA_NEW(u->arena, struct audit_account);
    if (!account) return NULL;
    account->id = id;
    u->slots[at] = account;
    u->count++;
    return account;
}

/* ---- holds as sums of hashes ------------------------------------------------------------------------------------------ */

static uint32_t bucket_of(const struct id128 *hold) { return (hold->b[15] | (uint32_t)hold->b[14] << 8 | (uint32_t)hold->b[5] << 3) % BUCKETS; }

static void hold_add(struct audit *u, const struct id128 *hold, enum ledger_act act, bool take_off) {
    struct digest d;
    uint64_t words[4], *sum = u->buckets[bucket_of(hold)];
    const char what = (char)act;
    sha256_start(&u->hash);
    sha256_add(&u->hash, id128_view(hold));
    sha256_add(&u->hash, (struct str){&what, 1});
    sha256_finish(&u->hash, &d);
    __builtin_memcpy(words, d.b, sizeof words);
    for (size_t i = 0; i < 4; i++) sum[i] += take_off ? -words[i] : words[i];
}

/* What must have been done to a hold of this state; LEDGER_HOLD: nothing. */
static enum ledger_act state_act(enum ledger_state state) {
    if (state == LEDGER_CONFIRMED || state == LEDGER_PART_CONFIRMED) return LEDGER_CONFIRM;
    if (state == LEDGER_VOIDED) return LEDGER_VOID;
    return state == LEDGER_EXPIRED ? LEDGER_EXPIRE : LEDGER_HOLD;
}

static void holds_add(struct audit *u, const struct ledger_transfer *t) {
    if (ledger_is_settlement(t->act)) hold_add(u, &t->pending_id, t->act, true);
    else if (t->act == LEDGER_HOLD && state_act(t->state) != LEDGER_HOLD) hold_add(u, &t->id, state_act(t->state), false);
}

/* ---- scans -------------------------------------------------------------------------------------------------------------- */

static struct status transfer_scan(void *user, const struct store_value *values) {
    struct audit *u = user;
    struct ledger_transfer t;
    u->ret->transfers++;
    if (!rows_transfer_take(values, &t)) return STATUS_OK; /* counts nowhere: its accounts will show it, and its hold */
    struct audit_account *debit = account_of(u, t.debit), *credit = account_of(u, t.credit);
    if (!debit || !credit) return status_memory();
    if (t.state == LEDGER_PENDING || t.state == LEDGER_POSTED) {
        const size_t posted = t.state == LEDGER_POSTED ? 1 : 0;
        debit->sums[posted] += t.amount;
        credit->sums[2 + posted] += t.amount;
    }
    holds_add(u, &t);
    return STATUS_OK;
}

static struct status account_scan(void *user, const struct store_value *values) {
    struct audit *u = user;
    const int64_t sums[4] = {values[5].i, values[6].i, values[7].i, values[8].i};
    struct audit_account *account = account_of(u, values[0].i);
    if (!account) return status_memory();
    account->seen = true;
    u->ret->accounts++;
    u->debits += sums[1];
    u->credits += sums[3];
    bool wrong = ledger_account_id(&u->hash, values[1].s) != account->id;
    for (size_t i = 0; i < 4; i++) wrong |= account->sums[i] != sums[i];
    if (!wrong) return STATUS_OK;
    if (u->ret->wrong_accounts++) return STATUS_OK;
    u->ret->first_wrong = arena_str(u->arena, values[1].s);
    return u->ret->first_wrong.p ? STATUS_OK : status_memory();
}

/* Accounts that transfers name and nobody has. */
static struct status strays_find(struct audit *u) {
    for (uint32_t i = 0; i < u->cap; i++) {
        const struct audit_account *account = u->slots[i];
        if (!account || account->seen) continue;
        if (u->ret->wrong_accounts++) continue;
        u->ret->first_wrong = arena_printf(u->arena, "%016llx", (unsigned long long)account->id);
        if (!u->ret->first_wrong.p) return status_memory();
    }
    return STATUS_OK;
}

/* ---- which holds are wrong ------------------------------------------------------------------------------------------------ */

static bool bucket_agrees(const struct audit *u, const struct id128 *hold) {
    const uint64_t *sum = u->buckets[bucket_of(hold)];
    return (sum[0] | sum[1] | sum[2] | sum[3]) == 0;
}

/* In an entry of the second scan `debit` holds what the hold's state asks for and `credit` what was done: a byte counts each act. */
static int64_t act_byte(enum ledger_act act) { return INT64_C(1) << (8 * (int)act); }

static struct status hold_scan(void *user, const struct store_value *values) {
    struct audit *u = user;
    struct ledger_transfer t;
    if (!rows_transfer_take(values, &t)) return STATUS_OK;
    const bool settles = ledger_is_settlement(t.act);
    const struct id128 *hold = settles ? &t.pending_id : &t.id;
    if ((!settles && t.act != LEDGER_HOLD) || bucket_agrees(u, hold)) return STATUS_OK;
    struct transfer_entry *e = set_transfer(u->holds, hold);
    if (!e) return status_memory();
    if (settles && (e->t.credit & act_byte(t.act) * 255) != act_byte(t.act) * 127) e->t.credit += act_byte(t.act);
    if (!settles && state_act(t.state) != LEDGER_HOLD) e->t.debit = act_byte(state_act(t.state));
    return STATUS_OK;
}

static struct status holds_compare(struct audit *u, struct store_connection *c, const struct store_value *shard) {
    uint64_t any = 0;
    for (uint32_t i = 0; i < BUCKETS; i++) any |= u->buckets[i][0] | u->buckets[i][1] | u->buckets[i][2] | u->buckets[i][3];
    if (any == 0) return STATUS_OK;
    TRY(ledger_set_new(u->arena, 0, &u->holds));
    TRY(store_scan(c, u->arena, rows_statement(ROWS_SCAN_TRANSFERS), shard, hold_scan, u));
    for (uint32_t i = 0; i < u->holds->transfer_count; i++) {
        const struct ledger_transfer *t = &u->holds->transfer_list[i]->t;
        if (t->debit == t->credit) continue;
        if (u->ret->wrong_holds++ == 0) u->ret->first_wrong_hold = t->id;
    }
    return STATUS_OK;
}

/* ---- all ---------------------------------------------------------------------------------------------------------------------- */

static int64_t figure(i128 v) { return v > INT64_MAX ? INT64_MAX : v < INT64_MIN ? INT64_MIN : (int64_t)v; }

static struct status audit_run(struct audit *u, struct store_connection *c, int32_t shard) {
    const struct store_value params[1] = {STORE_I(shard)};
    TRY(store_scan(c, u->arena, rows_statement(ROWS_SCAN_TRANSFERS), params, transfer_scan, u));
    TRY(store_scan(c, u->arena, rows_statement(ROWS_SCAN_ACCOUNTS), params, account_scan, u));
    TRY(strays_find(u));
    TRY(holds_compare(u, c, params));
    u->ret->debits = figure(u->debits);
    u->ret->credits = figure(u->credits);
    return STATUS_OK;
}

struct status ledger_audit(struct store_connection *c, struct arena *a, int32_t shard, struct ledger_audit *ret) {
    struct ledger_audit found = {0};
    struct audit *u = ARENA_NEW(a, struct audit);
    if (!u) return status_memory();
    u->arena = a;
    u->ret = &found;
    sha256_init(&u->hash);
    const struct status status = audit_run(u, c, shard);
    sha256_done(&u->hash);
    if (!status_failed(status)) *ret = found;
    return status;
}
