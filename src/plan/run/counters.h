/* plan/run/counters — the hash of a counter key, in the parts that a run knows at different times.
 *
 * Internal to the room. A program hashes the constant part of a key (product, name, kind …) when it is compiled, a run its owners and
 * periods once, and a clause with a key each code: a look-up then costs one multiplication and one probe. The table verifies every key in full.
 */
#ifndef YIJIE_PLAN_COUNTERS_H
#define YIJIE_PLAN_COUNTERS_H

#include "plan/plan.h"

/* The parts are added, then finished. */
uint64_t counter_hash_constant(const struct plan_counter_key *k); /* product, benefit, kind, each, clause */
uint64_t counter_hash_owner(struct str owner);
uint64_t counter_hash_period(struct day period_of, struct str period_text);
uint64_t counter_hash_code(struct str code);
uint64_t counter_hash_code_of(uint64_t code_hash, struct str code); /* when str_hash(code) is known already */
uint64_t counter_hash_finish(uint64_t sum);

uint64_t counter_key_hash(const struct plan_counter_key *k);
bool counter_key_equal(const struct plan_counter_key *a, const struct plan_counter_key *b);
/* As plan_counters_get with the hash at hand. */
int64_t counter_find(const struct plan_counters *c, uint64_t hash, const struct plan_counter_key *k);
/* False: no key with this hash is there, and none needs to be made. */
bool counter_maybe(const struct plan_counters *c, uint64_t hash);

#endif
