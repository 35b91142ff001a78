/* load/histogram — counts of durations in buckets whose width grows with the value: 1 % wide, from 1 µs to beyond an hour. Internal to the room.
 *
 * Values are exact below 128 µs and in 128 steps for each doubling above, so a percentile is right within 0.8 %. No floating point.
 */
#ifndef YIJIE_LOAD_HISTOGRAM_H
#define YIJIE_LOAD_HISTOGRAM_H

#include "base/base.h"

enum { HISTOGRAM_STEPS = 128, HISTOGRAM_DOUBLINGS = 32, HISTOGRAM_BUCKETS = HISTOGRAM_STEPS * (HISTOGRAM_DOUBLINGS + 1) };
struct histogram {
    uint64_t count, max_us;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};
void histogram_add(struct histogram *h, uint64_t ns);
/* The smallest value that `ppm` millionths of all counts do not pass, in µs; 0 when empty. */
uint64_t histogram_at(const struct histogram *h, uint32_t ppm);

#endif
