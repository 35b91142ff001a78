/* ledger/store — the statements of the room on both stores, and writing the working set back.
 *
 * Who uses it: load.c and audit.c; cases and the bench through ledger.h. Invariants: an account is written once a group however often it moved, as what was added to
 * it, so that workers who only add need not wait for each other from reading to commit; flags and limits go out only when they changed. A hold is settled at
 * most once also because the database has a unique index on pending_id. Everything is a set: one statement a table and group on PostgreSQL.
 */
#include "ledger/rows.h"

/* ---- statements ------------------------------------------------------------------------------------------------- */

#define ACCOUNT_COLUMNS "a.id, a.code, a.currency, a.flags, a.debit_limit, a.debits_pending, a.debits_posted, a.credits_pending, a.credits_posted"
#define TRANSFER_COLUMNS "t.id, t.debit, t.credit, t.amount, t.kind, t.state, t.pending_id, t.expires_ms, t.day, t.case_id, t.seq"

#define INSERT_ACCOUNTS "INSERT INTO accounts (shard, id, code, currency, flags, debit_limit, debits_pending, debits_posted, credits_pending, credits_posted)"
#define ZERO_ROW " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0, 0)"
#define ZERO_ROWS " SELECT p.*, 0, 0, 0, 0 FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[]) AS p"

/* PostgreSQL: ids are ordered by time, so one above all that are there is new and need not be looked up (0.1 ms a thousand instead of 0.7); what others are just
 * adding the primary key finds either way. Rows are unnested in the list of results, which needs no temporary copy of them as FROM does (1.5 ms a thousand
 * instead of 2). OFFSET 0 keeps the order of a join: from the accounts to their holds. */
static const struct store_statement statements[ROWS_STATEMENT_COUNT] = {
    [ROWS_READ_ACCOUNTS] = {"ledger.accounts_read", "ii", "ittiiiiii",
        "SELECT " ACCOUNT_COLUMNS " FROM accounts a WHERE a.shard = ?1 AND a.id = ?2",
        "SELECT p.n, " ACCOUNT_COLUMNS " FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS p(shard, id, n)"
        " JOIN accounts a ON a.shard = p.shard AND a.id = p.id ORDER BY p.n",
        true},
    [ROWS_LOCK_ACCOUNTS] = {"ledger.accounts_lock", "ii", "ittiiiiii",
        "SELECT " ACCOUNT_COLUMNS " FROM accounts a WHERE a.shard = ?1 AND a.id = ?2",
        "SELECT p.n, " ACCOUNT_COLUMNS " FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS p(shard, id, n)"
        " JOIN accounts a ON a.shard = p.shard AND a.id = p.id ORDER BY p.n FOR UPDATE OF a",
        true},
    [ROWS_READ_TRANSFERS] = {"ledger.transfers_read", "ib", "biiiiiBiiBi",
        "SELECT " TRANSFER_COLUMNS " FROM transfers t WHERE t.id = ?2 AND t.shard = ?1",
        "SELECT p.n, " TRANSFER_COLUMNS " FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS p(shard, id, n)"
        " JOIN transfers t ON t.id = p.id AND t.shard = p.shard WHERE p.id <= (SELECT m.id FROM transfers m WHERE m.id >= '\\x' ORDER BY m.id DESC LIMIT 1)"
        " ORDER BY p.n",
        true},
    [ROWS_LOCK_TRANSFERS] = {"ledger.transfers_lock", "ib", "biiiiiBiiBi",
        "SELECT " TRANSFER_COLUMNS " FROM transfers t WHERE t.id = ?2 AND t.shard = ?1",
        "SELECT p.n, " TRANSFER_COLUMNS " FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS p(shard, id, n)"
        " JOIN transfers t ON t.id = p.id AND t.shard = p.shard ORDER BY p.n FOR UPDATE OF t",
        true},
    [ROWS_READ_HOLDS_DEBIT] = {"ledger.holds_debit", "ii", "biiiiiBiiBi",
        "SELECT " TRANSFER_COLUMNS " FROM transfers t WHERE t.shard = ?1 AND t.debit = ?2 AND t.state = 1 AND t.expires_ms > 0",
        "SELECT p.n, " TRANSFER_COLUMNS " FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS p(shard, debit, n)"
        " CROSS JOIN LATERAL (SELECT * FROM transfers h WHERE h.shard = p.shard AND h.debit = p.debit AND h.state = 1 AND h.expires_ms > 0 OFFSET 0) AS t ORDER BY p.n",
        true},
    [ROWS_READ_HOLDS_CREDIT] = {"ledger.holds_credit", "ii", "biiiiiBiiBi",
        "SELECT " TRANSFER_COLUMNS " FROM transfers t WHERE t.shard = ?1 AND t.credit = ?2 AND t.state = 1 AND t.expires_ms > 0",
        "SELECT p.n, " TRANSFER_COLUMNS " FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS p(shard, credit, n)"
        " CROSS JOIN LATERAL (SELECT * FROM transfers h WHERE h.shard = p.shard AND h.credit = p.credit AND h.state = 1 AND h.expires_ms > 0 OFFSET 0) AS t ORDER BY p.n",
        true},
    /* Two workers may open one account at once: then both add to it. Another code of the same id fails on the missing code. */
    [ROWS_INSERT_ACCOUNTS] = {"ledger.accounts_insert", "iittii", "",
        INSERT_ACCOUNTS ZERO_ROW,
        INSERT_ACCOUNTS ZERO_ROWS " ON CONFLICT (shard, id) DO UPDATE SET code = CASE WHEN accounts.code = excluded.code THEN accounts.code END",
        true},
    /* With a limit only one may be right about the balance: the other fails, is done again and finds the account. */
    [ROWS_INSERT_LIMITED] = {"ledger.accounts_insert_limited", "iittii", "", INSERT_ACCOUNTS ZERO_ROW, INSERT_ACCOUNTS ZERO_ROWS, true},
    [ROWS_CHANGE_ACCOUNTS] = {"ledger.accounts_change", "iiii", "",
        "UPDATE accounts SET flags = ?3, debit_limit = ?4 WHERE shard = ?1 AND id = ?2",
        "UPDATE accounts a SET flags = p.flags, debit_limit = p.debit_limit FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])"
        " AS p(shard, id, flags, debit_limit) WHERE a.shard = p.shard AND a.id = p.id",
        true},
    [ROWS_MOVE_ACCOUNTS] = {"ledger.accounts_move", "iiiiii", "",
        "UPDATE accounts SET debits_pending = debits_pending + ?3, debits_posted = debits_posted + ?4, credits_pending = credits_pending + ?5,"
        " credits_posted = credits_posted + ?6 WHERE shard = ?1 AND id = ?2",
        "UPDATE accounts a SET debits_pending = a.debits_pending + p.debits_pending, debits_posted = a.debits_posted + p.debits_posted,"
        " credits_pending = a.credits_pending + p.credits_pending, credits_posted = a.credits_posted + p.credits_posted"
        " FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])"
        " AS p(shard, id, debits_pending, debits_posted, credits_pending, credits_posted) WHERE a.shard = p.shard AND a.id = p.id",
        true},
    [ROWS_INSERT_TRANSFERS] = {"ledger.transfers_insert", "biiiiiiBiiBi", "",
        "INSERT INTO transfers (id, shard, debit, credit, amount, kind, state, pending_id, expires_ms, day, case_id, seq)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        "INSERT INTO transfers (id, shard, debit, credit, amount, kind, state, pending_id, expires_ms, day, case_id, seq)"
        " SELECT unnest($1::bytea[]), unnest($2::bigint[]), unnest($3::bigint[]), unnest($4::bigint[]), unnest($5::bigint[]), unnest($6::bigint[]), unnest($7::bigint[]),"
        " unnest($8::bytea[]), unnest($9::bigint[]), unnest($10::bigint[]), unnest($11::bytea[]), unnest($12::bigint[])",
        true},
    [ROWS_SETTLE_HOLDS] = {"ledger.holds_settle", "ibi", "",
        "UPDATE transfers SET state = ?3 WHERE id = ?2 AND shard = ?1 AND state = 1",
        "UPDATE transfers t SET state = p.state FROM unnest($1::bigint[], $2::bytea[], $3::bigint[]) AS p(shard, id, state)"
        " WHERE t.id = p.id AND t.shard = p.shard AND t.state = 1",
        true},
    [ROWS_SCAN_ACCOUNTS] = {"ledger.accounts_scan", "i", "ittiiiiii",
        "SELECT " ACCOUNT_COLUMNS " FROM accounts a WHERE a.shard = ?1 ORDER BY a.id",
        "SELECT p.n, " ACCOUNT_COLUMNS " FROM unnest($1::bigint[]) WITH ORDINALITY AS p(shard, n) JOIN accounts a ON a.shard = p.shard ORDER BY a.id",
        false},
    [ROWS_SCAN_TRANSFERS] = {"ledger.transfers_scan", "i", "biiiiiBiiBi",
        "SELECT " TRANSFER_COLUMNS " FROM transfers t WHERE t.shard = ?1",
        "SELECT p.n, " TRANSFER_COLUMNS " FROM unnest($1::bigint[]) WITH ORDINALITY AS p(shard, n) JOIN transfers t ON t.shard = p.shard",
        false},
};
const struct store_statements ledger_statements = {statements, ROWS_STATEMENT_COUNT};

const struct store_statement *rows_statement(enum rows_statement s) { return &statements[s]; }

/* ---- rows out ------------------------------------------------------------------------------------------------------ */

static struct store_value id_or_null(const struct id128 *id) { return ledger_id_zero(id) ? STORE_NULL : STORE_S(id128_view(id)); }

static void account_insert_put(struct store_value *v, const struct ledger_set *s, const struct ledger_account *a) {
    const struct store_value row[] = {STORE_I(s->shard), STORE_I(a->id), STORE_S(a->code), STORE_S(str_from(a->currency->code)), STORE_I(a->flags), STORE_I(a->debit_limit)};
    __builtin_memcpy(v, row, sizeof row);
}

static void account_change_put(struct store_value *v, const struct ledger_set *s, const struct ledger_account *a) {
    const struct store_value row[] = {STORE_I(s->shard), STORE_I(a->id), STORE_I(a->flags), STORE_I(a->debit_limit)};
    __builtin_memcpy(v, row, sizeof row);
}

/* What was added since the account was read. */
static void account_move_put(struct store_value *v, const struct ledger_set *s, const struct account_entry *e) {
    const struct ledger_account *a = &e->a;
    const struct store_value row[] = {STORE_I(s->shard), STORE_I(a->id),
                                      STORE_I(a->debits_pending - e->read.debits_pending), STORE_I(a->debits_posted - e->read.debits_posted),
                                      STORE_I(a->credits_pending - e->read.credits_pending), STORE_I(a->credits_posted - e->read.credits_posted)};
    __builtin_memcpy(v, row, sizeof row);
}

static bool account_moved(const struct account_entry *e) {
    const struct ledger_account *a = &e->a;
    return a->debits_pending != e->read.debits_pending || a->debits_posted != e->read.debits_posted || a->credits_pending != e->read.credits_pending ||
           a->credits_posted != e->read.credits_posted;
}

static void transfer_insert_put(struct store_value *v, const struct ledger_set *s, const struct ledger_transfer *t) {
    const struct store_value row[] = {STORE_S(id128_view(&t->id)), STORE_I(s->shard), STORE_I(t->debit), STORE_I(t->credit), STORE_I(t->amount), STORE_I((int64_t)t->kind),
                                      STORE_I((int64_t)t->state), id_or_null(&t->pending_id), STORE_I(t->expires_ms), STORE_I(t->day), id_or_null(&t->case_id), STORE_I(t->seq)};
    __builtin_memcpy(v, row, sizeof row);
}

static void hold_settle_put(struct store_value *v, const struct ledger_set *s, const struct ledger_transfer *t) {
    const struct store_value row[] = {STORE_I(s->shard), STORE_S(id128_view(&t->id)), STORE_I((int64_t)t->state)};
    __builtin_memcpy(v, row, sizeof row);
}

/* ---- flushing -------------------------------------------------------------------------------------------------------- */

struct batch {
    struct store_value *values;
    uint32_t width, count;
};

static struct status batch_new(struct arena *a, uint32_t rows_max, enum rows_statement s, struct batch *ret) {
    const uint32_t width = (uint32_t)str_from(statements[s].params).n;
    *ret = (struct batch){ARENA_ARRAY(a, struct store_value, (size_t)rows_max * width), width, 0};
    return ret->values ? STATUS_OK : status_memory();
}

static struct store_value *batch_row(struct batch *b) { return b->values + (size_t)b->count++ * b->width; }

static struct status batch_write(struct store_connection *c, struct arena *a, enum rows_statement s, const struct batch *b) {
    return b->count ? store_write(c, a, &statements[s], b->values, b->count) : STATUS_OK;
}

static void account_put(struct batch b[4], const struct ledger_set *s, struct account_entry *e) {
    enum { FRESH, LIMITED, CHANGED, MOVED };
    struct ledger_account *a = &e->a;
    if (a->fresh) account_insert_put(batch_row(&b[rows_limited(a) ? LIMITED : FRESH]), s, a);
    else if (e->changed) account_change_put(batch_row(&b[CHANGED]), s, a);
    if (account_moved(e)) account_move_put(batch_row(&b[MOVED]), s, e);
    rows_account_read(e);
    a->fresh = a->dirty = e->changed = false;
}

/* Accounts that get their limit in this group were read without lock. With what was added they must now stand as this set decided on them (cases holds the head
 * row's lock here, so whoever else moved them has committed); if not, the group is done again: it finds the limit, and locks. */
static struct status late_limits_check(const struct ledger_set *s, struct store_connection *c, struct arena *a, struct account_entry *const *late, uint32_t count) {
    struct store_value *params = ARENA_ARRAY(a, struct store_value, (size_t)count * 2);
    struct store_rows rows;
    if (!params) return status_memory();
    for (uint32_t i = 0; i < count; i++) {
        params[2 * (size_t)i] = STORE_I(s->shard);
        params[2 * (size_t)i + 1] = STORE_I(late[i]->a.id);
    }
    TRY(store_read(c, a, &statements[ROWS_READ_ACCOUNTS], params, count, &rows));
    for (uint32_t i = 0; i < rows.count; i++) {
        const struct store_value *v = store_row(&rows, i);
        const struct account_entry *e = late[rows.of[i]];
        const bool same = v[5].i == e->read.debits_pending && v[6].i == e->read.debits_posted && v[7].i == e->read.credits_pending && v[8].i == e->read.credits_posted;
        if (same) continue;
        return status_error(a, (struct error){.code = "set-stale", .place = e->a.code, .zh = STR("读取期间账户余额已变更"), .en = STR("the account was moved while it was read"),
            .hint_zh = STR("请重试"), .hint_en = STR("try again")});
    }
    return STATUS_OK;
}

/* In order of id, which is the order of all locks. */
static struct status accounts_flush(struct ledger_set *s, struct store_connection *c, struct arena *a) {
    static const enum rows_statement steps[4] = {ROWS_INSERT_ACCOUNTS, ROWS_INSERT_LIMITED, ROWS_CHANGE_ACCOUNTS, ROWS_MOVE_ACCOUNTS};
    struct account_entry **touched = ARENA_ARRAY(a, struct account_entry *, s->account_count), **late = ARENA_ARRAY(a, struct account_entry *, s->account_count);
    struct batch batches[4];
    uint32_t count = 0, late_count = 0;
    const bool shared = store_connection_kind(c) == STORE_POSTGRES;
    if (!touched || !late) return status_memory();
    for (uint32_t i = 0; i < s->account_count; i++) {
        if (s->accounts[i]->a.fresh || s->accounts[i]->a.dirty) touched[count++] = s->accounts[i];
    }
    rows_accounts_sort(touched, count);
    for (size_t i = 0; i < COUNT_OF(steps); i++) TRY(batch_new(a, count, steps[i], &batches[i]));
    for (uint32_t i = 0; i < count; i++) {
        const struct account_entry *e = touched[i];
        if (shared && e->changed && !e->a.fresh && rows_limited(&e->a) && account_moved(e)) late[late_count++] = touched[i];
        account_put(batches, s, touched[i]);
    }
    for (size_t i = 0; i < COUNT_OF(steps); i++) TRY(batch_write(c, a, steps[i], &batches[i]));
    return late_count ? late_limits_check(s, c, a, late, late_count) : STATUS_OK;
}

static struct status transfers_flush(struct ledger_set *s, struct store_connection *c, struct arena *a) {
    struct batch fresh, settled;
    TRY(batch_new(a, s->transfer_count, ROWS_INSERT_TRANSFERS, &fresh));
    TRY(batch_new(a, s->transfer_count, ROWS_SETTLE_HOLDS, &settled));
    for (uint32_t i = 0; i < s->transfer_count; i++) {
        struct ledger_transfer *x = &s->transfer_list[i]->t;
        if (x->fresh) transfer_insert_put(batch_row(&fresh), s, x); /* a hold made and settled in one group goes out as it ended */
        else if (x->dirty) hold_settle_put(batch_row(&settled), s, x);
        x->fresh = x->dirty = false;
    }
    TRY(batch_write(c, a, ROWS_SETTLE_HOLDS, &settled));
    return batch_write(c, a, ROWS_INSERT_TRANSFERS, &fresh);
}

struct status ledger_set_flush(struct ledger_set *s, struct store_connection *c, struct arena *a) {
    TRY(set_check(s, a));
    TRY(accounts_flush(s, c, a));
    return transfers_flush(s, c, a);
}
