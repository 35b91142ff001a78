/* bench/work — what the benchmarks share: a stopwatch, ready plans, made-up bills.
 *
 * Internal to the room.
 */
#ifndef YIJIE_BENCH_WORK_H
#define YIJIE_BENCH_WORK_H

#include "bench/bench.h"
#include "bill/bill.h"
#include "plan/plan.h"
#include "settle/settle.h"

/* ---- stopwatch ---------------------------------------------------------------------------------------- */

/* One piece of work, done `times` times. */
typedef struct status (*bench_job)(void *context, uint64_t times);
/* Processor time of one, in thousandths of a nanosecond: the median of several rounds, each long enough for the clock. */
struct status bench_measure(const struct env *env, bench_job job, void *context, uint64_t *ret_ps);
/* "name 7.42 us": a value in thousandths of `unit`, with two decimals. */
void bench_print_milli(struct buf *out, const char *name, uint64_t milli, const char *unit);
void bench_print(struct buf *out, const char *name, uint64_t value, const char *unit);

/* Writes why a benchmark failed and gives a failure that needs no arena: those of benchmarks end with them. */
struct status bench_failed(struct buf *out, const char *name, struct status why);

/* ---- plans (plans.c) ------------------------------------------------------------------------------------ */

/* Parses, checks, compiles and verifies every plan of a text; the products are ready to be settled with. */
struct bench_library {
    struct plan_library library;
    const struct settle_product **products;
    uint32_t count;
};
struct status bench_library_build(struct arena *a, struct str text, struct bench_library *ret);
/* Five policies of different kinds over lists of 75 to 2,000 codes. */
struct status bench_policies_text(struct arena *a, struct str *ret);
/* The plan of B20: deductible and cap of the year, three tiers, a formulary of 200 codes with own shares. */
struct status bench_b20_text(struct arena *a, struct str *ret);
/* A plan that takes what is in a list of `count` codes; 0: takes everything. */
struct status bench_list_text(struct arena *a, uint32_t count, struct str *ret);
/* 64 benefits and a list of 20,000 codes. */
struct status bench_large_text(struct arena *a, struct str *ret);
/* The n-th code of the lists: as long and as alike as drug codes are. */
enum { BENCH_CODE_BYTES = 23 };
void bench_code(uint32_t n, char out[BENCH_CODE_BYTES + 1]);

/* ---- bills (bills.c) ------------------------------------------------------------------------------------ */

struct bench_bill_options {
    uint32_t lines, seed, code_count; /* codes are drawn from the first code_count */
    const char *plans;                /* names of policies, JSON list of objects; NULL none */
    bool settled;                     /* carries a statutory result */
    bool drugs_only;
};
struct status bench_bill(struct arena *a, struct bench_bill_options o, const struct bill **ret);

/* ---- B20 by hand (b20_ceiling.c) -------------------------------------------------------------------------- */

/* The same decision as the plan of bench_b20_text, written out in C: what a compiler of plans could reach at best. */
struct bench_ceiling;
/* `sample`: any result of the plan that changed its counters; it tells their keys. */
struct status bench_ceiling_build(struct arena *a, const struct plan_result *sample, struct bench_ceiling **ret);
int64_t bench_ceiling_pay(const struct bench_ceiling *c, const struct bill *bill, struct str owner, const struct plan_counters *counters);
/* B20, both ways: they must pay the same. */
struct status bench_b20(const struct env *env, struct buf *out);
/* Settlement of 50 lines by 5 policies; lists; splitting; compiling. */
struct status bench_settle(const struct env *env, struct buf *out);
struct status bench_parts(const struct env *env, struct buf *out);
/* Share of the n-th code of the formulary in millionths: 0%, 10%, 30% or 100% is the person's own first share. */
int64_t bench_formulary_share(uint32_t n);
enum { BENCH_FORMULARY = 200 };

#endif
