/* ledger/store — the statements of the room on both stores, and writing the working set back.
 *
 * Who uses it: load.c and audit.c; cases and the bench through ledger.h. Invariants: an account is written once a group however often it moved, as what was
 * added to it, so that workers who only add need not wait for each other; a hold is settled
 * at most once also because the database has a unique index on pending_id. Everything is a set: one statement a table and group on PostgreSQL.
 */
#include "ledger/rows.h"

/* ---- statements ------------------------------------------------------------------------------------------------- */

#define ACCOUNT_COLUMNS "a.id, a.code, a.currency, a.flags, a.debit_limit, a.debits_pending, a.debits_posted, a.credits_pending, a.credits_posted"
#define TRANSFER_COLUMNS "t.id, t.debit, t.credit, t.amount, t.kind, t.state, t.pending_id, t.expires_ms, t.day, t.case_id, t.seq"

/* PostgreSQL: ids are ordered by time, so one above all that are there is new and need not be looked up (0.1 ms a thousand instead of 0.7); what others are just
 * adding the primary key finds either way. Rows are unnested in the list of results, which needs no temporary copy of them as FROM does (1.5 ms a thousand
 * instead of 2). */
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
        " JOIN transfers t ON t.id = p.id AND t.shard = p.shard WHERE p.id <= (SELECT m.id FROM transfers m ORDER BY m.id DESC LIMIT 1) ORDER BY p.n",
        true},
    [ROWS_READ_HOLDS_DEBIT] = {"ledger.holds_debit", "ii", "biiiiiBiiBi",
        "SELECT " TRANSFER_COLUMNS " FROM transfers t WHERE t.shard = ?1 AND t.debit = ?2 AND t.state = 1 AND t.expires_ms > 0",
        "SELECT p.n, " TRANSFER_COLUMNS " FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS p(shard, debit, n)"
        " JOIN transfers t ON t.shard = p.shard AND t.debit = p.debit WHERE t.state = 1 AND t.expires_ms > 0 ORDER BY p.n",
        true},
    [ROWS_READ_HOLDS_CREDIT] = {"ledger.holds_credit", "ii", "biiiiiBiiBi",
        "SELECT " TRANSFER_COLUMNS " FROM transfers t WHERE t.shard = ?1 AND t.credit = ?2 AND t.state = 1 AND t.expires_ms > 0",
        "SELECT p.n, " TRANSFER_COLUMNS " FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS p(shard, credit, n)"
        " JOIN transfers t ON t.shard = p.shard AND t.credit = p.credit WHERE t.state = 1 AND t.expires_ms > 0 ORDER BY p.n",
        true},
    [ROWS_INSERT_ACCOUNTS] = {"ledger.accounts_insert", "iittii", "",
        "INSERT INTO accounts (shard, id, code, currency, flags, debit_limit, debits_pending, debits_posted, credits_pending, credits_posted)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0, 0) ON CONFLICT (shard, id) DO NOTHING",
        "INSERT INTO accounts (shard, id, code, currency, flags, debit_limit, debits_pending, debits_posted, credits_pending, credits_posted)"
        " SELECT p.*, 0, 0, 0, 0 FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[]) AS p ON CONFLICT (shard, id) DO NOTHING",
        true},
    [ROWS_UPDATE_ACCOUNTS] = {"ledger.accounts_update", "iiiiiiii", "",
        "UPDATE accounts SET flags = ?3, debit_limit = ?4, debits_pending = debits_pending + ?5, debits_posted = debits_posted + ?6,"
        " credits_pending = credits_pending + ?7, credits_posted = credits_posted + ?8"
        " WHERE shard = ?1 AND id = ?2",
        "UPDATE accounts a SET flags = p.flags, debit_limit = p.debit_limit, debits_pending = a.debits_pending + p.debits_pending,"
        " debits_posted = a.debits_posted + p.debits_posted, credits_pending = a.credits_pending + p.credits_pending,"
        " credits_posted = a.credits_posted + p.credits_posted"
        " FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])"
        " AS p(shard, id, flags, debit_limit, debits_pending, debits_posted, credits_pending, credits_posted) WHERE a.shard = p.shard AND a.id = p.id",
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

/* What moved since the account was read: others may have moved it too. */
static void account_update_put(struct store_value *v, const struct ledger_set *s, const struct account_entry *e) {
    const struct ledger_account *a = &e->a;
    const struct store_value row[] = {STORE_I(s->shard), STORE_I(a->id), STORE_I(a->flags), STORE_I(a->debit_limit),
                                      STORE_I(a->debits_pending - e->read.debits_pending), STORE_I(a->debits_posted - e->read.debits_posted),
                                      STORE_I(a->credits_pending - e->read.credits_pending), STORE_I(a->credits_posted - e->read.credits_posted)};
    __builtin_memcpy(v, row, sizeof row);
}

static void account_flushed(struct account_entry *e) {
    e->read.debits_pending = e->a.debits_pending;
    e->read.debits_posted = e->a.debits_posted;
    e->read.credits_pending = e->a.credits_pending;
    e->read.credits_posted = e->a.credits_posted;
    e->a.fresh = e->a.dirty = false;
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

static struct status accounts_flush(struct ledger_set *s, struct store_connection *c, struct arena *a) {
    struct batch fresh, changed;
    TRY(batch_new(a, s->account_count, ROWS_INSERT_ACCOUNTS, &fresh));
    TRY(batch_new(a, s->account_count, ROWS_UPDATE_ACCOUNTS, &changed));
    for (uint32_t i = 0; i < s->account_count; i++) {
        struct account_entry *e = s->accounts[i];
        if (e->a.fresh) account_insert_put(batch_row(&fresh), s, &e->a); /* another worker may have made it just now: both add to it */
        if (e->a.fresh || e->a.dirty) account_update_put(batch_row(&changed), s, e);
        account_flushed(e);
    }
    TRY(batch_write(c, a, ROWS_INSERT_ACCOUNTS, &fresh));
    return batch_write(c, a, ROWS_UPDATE_ACCOUNTS, &changed);
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
