/* bench/clock — measuring: how many times, how many rounds, and printing without floating point.
 *
 * Who uses it: the benchmarks. Invariant: a round lasts at least ROUND_NS, so that the clock's own grain does not show.
 */
#include <inttypes.h>

#include "bench/work.h"

enum { ROUND_NS = 20'000'000, ROUNDS = 7 };

static struct status round_run(const struct env *env, bench_job job, void *context, uint64_t times, uint64_t *ret_ns) {
    uint64_t start = env->cpu_ns(env);
    TRY(job(context, times));
    *ret_ns = env->cpu_ns(env) - start;
    return STATUS_OK;
}

/* Doubles until a round is long enough; that also warms caches and arenas up. */
static struct status times_find(const struct env *env, bench_job job, void *context, uint64_t *ret_times) {
    uint64_t times = 1, ns = 0;
    for (;;) {
        TRY(round_run(env, job, context, times, &ns));
        if (ns >= ROUND_NS || times > UINT32_MAX) break;
        times *= ns < ROUND_NS / 16 ? 8 : 2;
    }
    *ret_times = times;
    return STATUS_OK;
}

struct status bench_measure(const struct env *env, bench_job job, void *context, uint64_t *ret_ps) {
    uint64_t times, ns[ROUNDS];
    TRY(times_find(env, job, context, &times));
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t one;
        TRY(round_run(env, job, context, times, &one));
        int at = i;
        for (; at > 0 && ns[at - 1] > one; at--) ns[at] = ns[at - 1];
        ns[at] = one;
    }
    *ret_ps = ns[ROUNDS / 2] * 1000 / times;
    return STATUS_OK;
}

void bench_print_milli(struct buf *out, const char *name, uint64_t milli, const char *unit) {
    uint64_t hundredths = (milli + 5) / 10;
    buf_printf(out, "%s %" PRIu64 ".%02u %s\n", name, hundredths / 100, (unsigned)(hundredths % 100), unit);
}

void bench_print(struct buf *out, const char *name, uint64_t value, const char *unit) {
    buf_printf(out, "%s %" PRIu64 " %s\n", name, value, unit);
}

struct status bench_failed(struct buf *out, const char *name, struct status why) {
    static const struct error failed = {.code = "bench-failed", .place = {"bench", 5}, .zh = {"测速未能完成", 18}, .en = {"a benchmark did not finish", 26},
                                        .hint_zh = {"原因见输出", 15}, .hint_en = {"the output says why", 19}};
    buf_printf(out, "%s failed: %s: %.*s\n", name, why.err->code, STR_FMT(why.err->en));
    return (struct status){&failed};
}
