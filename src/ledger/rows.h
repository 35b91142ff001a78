/* ledger/rows — the statements of the room and their rows. Internal to the room. */
#ifndef YIJIE_LEDGER_ROWS_H
#define YIJIE_LEDGER_ROWS_H

#include "ledger/set.h"

enum rows_statement {
    ROWS_READ_ACCOUNTS,
    ROWS_LOCK_ACCOUNTS,
    ROWS_READ_TRANSFERS,
    ROWS_LOCK_TRANSFERS,
    ROWS_READ_HOLDS_DEBIT,
    ROWS_READ_HOLDS_CREDIT,
    ROWS_INSERT_ACCOUNTS,
    ROWS_INSERT_LIMITED,
    ROWS_CHANGE_ACCOUNTS,
    ROWS_MOVE_ACCOUNTS,
    ROWS_INSERT_TRANSFERS,
    ROWS_SETTLE_HOLDS,
    ROWS_SCAN_ACCOUNTS,
    ROWS_SCAN_TRANSFERS,
    ROWS_STATEMENT_COUNT
};
/* Somebody decides on the balance of such an account, so whoever touches it waits for the one before; all others are only added to. */
static inline bool rows_limited(const struct ledger_account *a) {
    return (a->flags & (LEDGER_DEBITS_WITHIN_CREDITS | LEDGER_CREDITS_WITHIN_DEBITS | LEDGER_DEBITS_WITHIN_LIMIT)) != 0;
}

const struct store_statement *rows_statement(enum rows_statement s);
/* A row of "biiiiiBiiBi" (id, debit, credit, amount, kind, state, pending_id, expires_ms, day, case_id, seq); false when it makes no sense. */
bool rows_transfer_take(const struct store_value *v, struct ledger_transfer *ret);

void rows_account_read(struct account_entry *e); /* its sums are those of the store, now */
void rows_accounts_sort(struct account_entry **e, uint32_t count); /* by id: the order of all locks */

#endif
