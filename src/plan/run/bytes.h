/* plan/run/bytes — short texts compared without a call.
 *
 * Internal to the room: look-ups of codes and counters compare 8 to 24 bytes, where a call of memcmp costs more than the comparison.
 */
#ifndef YIJIE_PLAN_BYTES_H
#define YIJIE_PLAN_BYTES_H

#include <string.h>

#include "base/base.h"

static inline uint64_t bytes_load8(const char *p) {
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}
static inline uint32_t bytes_load4(const char *p) {
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

/* Eight bytes a step, the last step overlapping the one before. */
static inline bool bytes_equal(const char *a, const char *b, size_t n) {
    if (n >= 8) {
        for (size_t i = 0; i + 8 < n; i += 8)
            if (bytes_load8(a + i) != bytes_load8(b + i)) return false;
        return bytes_load8(a + n - 8) == bytes_load8(b + n - 8);
    }
    if (n >= 4) return bytes_load4(a) == bytes_load4(b) && bytes_load4(a + n - 4) == bytes_load4(b + n - 4);
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i]) return false;
    return true;
}

#endif
