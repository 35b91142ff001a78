/* cli/bench_server — what the two halves of `yijie bench server` share. Internal to the room. */
#ifndef YIJIE_CLI_BENCH_SERVER_H
#define YIJIE_CLI_BENCH_SERVER_H

#include "cli/command.h"

#include "api/api.h"
#include "http/http.h"
#include "load/load.h"

enum { BENCH_ROUNDS_MAX = 25 };
struct bench_store {
    const char *name;           /* "sqlite", "postgres" */
    struct str where, keys;
    struct city city;
    uint32_t rounds, seconds;
    uint64_t run;               /* names the bills of the next load */
};
/* Figures of one store: a server of its own with the city in it, saturation, half of it, lone requests. Appends lines `name value unit`. */
struct status bench_store_run(struct cli *c, struct bench_store *b, struct buf *figures);
/* Rows of one case over all tables, in hundredths, and bytes of the store, counted on a reader. */
struct status bench_store_count(struct cli *c, struct str where, int64_t *ret_rows, int64_t *ret_bytes, int64_t *ret_cases);

/* Commits of one changed row a second by one connection, nobody else there: what a flush of this store on this disk costs. Rounds of a fifth of a second. */
struct status bench_store_flushes(struct cli *c, struct str where, int64_t *ret_per_s, uint32_t rounds);
/* Whether somebody wants it to end (Ctrl-C); then what was begun is stopped and removed as after any failure. */
struct status bench_interrupted(struct cli *c);

/* `name value unit` with the smallest and largest of the rounds as NAME_min and NAME_max; values in thousandths, printed with as many places as asked. */
void bench_figure(struct buf *out, const char *store, const char *name, const int64_t *values, uint32_t count, const char *unit);

#endif
