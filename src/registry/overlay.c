/* overlay — what holds on which days, from rows that were recorded one after another.
 *
 * Who uses it: policies, identifiers, the world. Invariant: on each day the row recorded last counts among those whose range holds the day; the segments do
 * not overlap and stand in order of days. Workload: a policy has one to five rows; a plan a few; so the slow, obvious way is right.
 */
#include <stdlib.h>

#include "registry/internal.h"

static int cut_order(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static const struct overlay_row *top_of(const struct overlay_row *rows, uint32_t count, int64_t day) {
    const struct overlay_row *top = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (day < rows[i].on.from.v || day > rows[i].on.to.v) continue;
        if (!top || rows[i].recorded >= top->recorded) top = &rows[i];
    }
    return top;
}

struct overlay_segment *registry_overlay_cut(struct arena *a, const struct overlay_row *rows, uint32_t count, uint32_t *ret_count) {
    int64_t *cuts = ARENA_ARRAY(a, int64_t, 2 * (size_t)count + 1);
    struct overlay_segment *out = ARENA_ARRAY(a, struct overlay_segment, 2 * (size_t)count + 1);
    if (!cuts || !out) return NULL;
    uint32_t cut_count = 0, n = 0;
    for (uint32_t i = 0; i < count; i++) {
        cuts[cut_count++] = rows[i].on.from.v;
        if (rows[i].on.to.v != DAY_OPEN.v) cuts[cut_count++] = (int64_t)rows[i].on.to.v + 1;
    }
    qsort(cuts, cut_count, sizeof *cuts, cut_order);
    for (uint32_t i = 0; i < cut_count; i++) {
        if (i > 0 && cuts[i] == cuts[i - 1]) continue;
        uint32_t next = i + 1;
        while (next < cut_count && cuts[next] == cuts[i]) next++;
        const struct overlay_row *top = top_of(rows, count, cuts[i]);
        if (!top) continue;
        struct day from = {(int32_t)cuts[i]}, to = DAY_OPEN;
        if (next < cut_count) to.v = (int32_t)(cuts[next] - 1);
        if (n > 0 && out[n - 1].thing == top->thing && (int64_t)out[n - 1].on.to.v + 1 == cuts[i]) out[n - 1].on.to = to;
        else out[n++] = (struct overlay_segment){{from, to}, top->thing};
    }
    *ret_count = n;
    return out;
}

bool registry_set_range_holds(struct day_range outer, struct day_range inner) { return outer.from.v <= inner.from.v && outer.to.v >= inner.to.v; }
