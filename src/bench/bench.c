/* bench/bench — the figures of `yijie bench plan`, one after the other.
 *
 * Who uses it: cli. Invariant: the names are a contract with outside tests (`name value unit`, one a line).
 */
#include "bench/work.h"

struct status bench_plan(const struct env *env, struct buf *out) {
    TRY(bench_settle(env, out));
    TRY(bench_b20(env, out));
    return bench_parts(env, out);
}
