/* cases/core/pack — the counters of a cover group as bytes of one row. Internal to the room.
 *
 * Invariants: equal counters are equal bytes (keys in order, zero values left out, texts once each in order of first use); the first byte is the version of
 * the form, and every version stays readable; damaged bytes are refused, never read beyond.
 * Workload: read and written once a case and group; three to fifty counters in a few hundred bytes.
 */
#ifndef YIJIE_CASES_PACK_H
#define YIJIE_CASES_PACK_H

#include "cases/set.h"

struct status cases_counters_pack(const struct plan_counters *c, struct arena *a, struct str *ret);
/* Adds to `ret`, which was initialised. Fails with counters-unreadable. */
struct status cases_counters_unpack(struct arena *a, struct str bytes, struct plan_counters *ret);

#endif
