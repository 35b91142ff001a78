/* city/rng — numbers from (seed, stream): splitmix64. Internal to the room. */
#ifndef YIJIE_CITY_RNG_H
#define YIJIE_CITY_RNG_H

#include <stdint.h>

struct rng {
    uint64_t state;
};
static inline uint64_t rng_next(struct rng *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}
/* A stream of its own for each (seed, kind, n). */
static inline struct rng rng_of(uint64_t seed, uint64_t kind, uint64_t n)
{
    struct rng r = {seed * 0xd1342543de82ef95 + kind};
    r.state = rng_next(&r) + n * 0x9e3779b97f4a7c15;
    (void)rng_next(&r);
    return r;
}
static inline uint32_t rng_below(struct rng *r, uint32_t n) { return (uint32_t)((rng_next(r) >> 32) * n >> 32); }
static inline int64_t rng_between(struct rng *r, int64_t low, int64_t high) { return low + (int64_t)rng_below(r, (uint32_t)(high - low + 1)); }
static inline int rng_percent(struct rng *r, uint32_t p) { return rng_below(r, 100) < p; }

#endif
