/* bench — how fast the program settles, measured on the machine it runs on.
 *
 * Who uses it: `yijie bench`. Every figure is a line `name value unit`; times are processor time, medians over several rounds, so that other
 * processes disturb them little. Plans, bills and lists are made here and always the same.
 */
#ifndef YIJIE_BENCH_H
#define YIJIE_BENCH_H

#include "base/base.h"
#include "env/env.h"

/* Figures of plans and settlement. Takes about two seconds. Fails only for lack of memory, or if a plan of its own did not run. */
struct status bench_plan(const struct env *env, struct buf *out);

/* Figures of the ledger room: pgledger_ratio and what it is made of, five rounds of each, and the pure rules. */
struct bench_ledger_options {
    struct str owner_url; /* a PostgreSQL database, as the owner's role: it is migrated and gets benchmark accounts in shards of their own */
    struct str scratch;   /* a folder on the same disk, for the loop of plain flushes */
    uint32_t round_ms;    /* 1'200: half a minute in all */
};
struct status bench_ledger(const struct env *env, struct bench_ledger_options o, struct buf *out);

#endif
