/* ledger/tests/spec — books as text tables that a bookkeeper can read, and how they are run. The form is described in the room's README. */
#ifndef YIJIE_LEDGER_TESTS_SPEC_H
#define YIJIE_LEDGER_TESTS_SPEC_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/codec.h"
#include "ledger/ledger.h"

enum { SPEC_ROWS_MAX = 64, SPEC_STEPS_MAX = 32, SPEC_ACCOUNTS_MAX = 16, SPECS_MAX = 128 };

struct spec_account {
    struct str name;
    const struct currency *currency;
    uint32_t flags;
    int64_t limit;
};
struct spec_transfer {
    int line;
    struct ledger_transfer t;
    struct str answer;
};
struct spec_balance {
    int line;
    struct str name;
    int64_t sums[4]; /* debits held, debits, credits held, credits */
};
struct spec_hold {
    int line;
    int64_t id;
    struct str state;
};
/* A step is one of: transfers at a time, balances, holds, accounts changed. */
struct spec_step {
    int64_t now_ms;
    struct spec_transfer transfers[SPEC_ROWS_MAX];
    struct spec_balance balances[SPEC_ACCOUNTS_MAX];
    struct spec_hold holds[SPEC_ROWS_MAX];
    struct spec_account changes[SPEC_ACCOUNTS_MAX];
    uint32_t transfer_count, balance_count, hold_count, change_count;
};
struct spec {
    const char *file;
    struct str name;
    struct spec_account accounts[SPEC_ACCOUNTS_MAX];
    struct spec_step *steps;
    uint32_t account_count, step_count;
};

/* Every spec of a file, appended. A mistake in the text ends the program: it names the line. */
void spec_parse(struct arena *a, const char *file, struct str text, struct spec *specs, uint32_t *count);
int64_t spec_account_id(struct str name);
struct id128 spec_id(int64_t n); /* the small number of a table as an id; 0: zero */

/* Runs a spec from empty books. `c` NULL: on the pure set alone. `one_group`: all transfers in one group, else every transfer (or chain) in its own. */
void spec_run(const struct spec *s, struct store_connection *c, int32_t shard, bool one_group);

#endif
