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

#endif
