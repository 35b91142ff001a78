/* load/histogram — see histogram.h. */
#include "load/histogram.h"

static uint32_t bucket_of(uint64_t us)
{
    if (us < HISTOGRAM_STEPS) return (uint32_t)us;
    const uint32_t top = 63U - (uint32_t)__builtin_clzll(us), doubling = top - 6; /* HISTOGRAM_STEPS = 2^7 */
    if (doubling > HISTOGRAM_DOUBLINGS) return HISTOGRAM_BUCKETS - 1;
    return doubling * HISTOGRAM_STEPS + (uint32_t)(us >> (top - 7)) - HISTOGRAM_STEPS;
}

/* The largest value that falls into a bucket. */
static uint64_t bucket_top(uint32_t bucket)
{
    if (bucket < HISTOGRAM_STEPS) return bucket;
    const uint32_t doubling = bucket / HISTOGRAM_STEPS, step = bucket % HISTOGRAM_STEPS;
    return ((uint64_t)(HISTOGRAM_STEPS + step + 1) << (doubling - 1)) - 1;
}

void histogram_add(struct histogram *h, uint64_t ns)
{
    const uint64_t us = ns / 1000;
    h->count++;
    if (us > h->max_us) h->max_us = us;
    h->buckets[bucket_of(us)]++;
}

uint64_t histogram_at(const struct histogram *h, uint32_t ppm)
{
    if (h->count == 0) return 0;
    const uint64_t wanted = (uint64_t)(((__uint128_t)h->count * ppm + 999'999) / 1'000'000);
    uint64_t seen = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->buckets[i];
        if (seen >= wanted && seen > 0) {
            const uint64_t top = bucket_top(i);
            return top < h->max_us ? top : h->max_us;
        }
    }
    return h->max_us;
}
