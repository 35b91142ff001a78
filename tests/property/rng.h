/* property/rng — a small deterministic random source: the same seed gives the same plans and bills on every machine.
 *
 * splitmix64 (Steele, Lea, Flood 2014, public domain algorithm). Not for secrets.
 */
#ifndef YIJIE_PROPERTY_RNG_H
#define YIJIE_PROPERTY_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline uint64_t rng_next(struct rng *r) {
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}
/* 0 .. n-1 */
static inline uint32_t rng_below(struct rng *r, uint32_t n) {
    return n ? (uint32_t)(rng_next(r) % n) : 0;
}
static inline int64_t rng_between(struct rng *r, int64_t low, int64_t high) {
    return high <= low ? low : low + (int64_t)(rng_next(r) % (uint64_t)(high - low + 1));
}
static inline bool rng_chance(struct rng *r, uint32_t percent) {
    return rng_below(r, 100) < percent;
}
/* A stream of its own for each (seed, number). */
static inline struct rng rng_fork(uint64_t seed, uint64_t number) {
    struct rng r = {seed ^ (number * UINT64_C(0xd1342543de82ef95) + 1)};
    (void)rng_next(&r);
    return r;
}

#endif
