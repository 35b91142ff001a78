/* plan/run/listset — a list made ready for look-ups: which entry speaks for a code on a day.
 *
 * Internal to the room: compiler builds, runs read. Meaning (docs/plan-language.md §6): exact codes in force come first, then prefixes and ranges,
 * then names; within each the first in written order. Lifetime: the arena given to listset_build; texts stay where the list has them.
 */
#ifndef YIJIE_PLAN_LISTSET_H
#define YIJIE_PLAN_LISTSET_H

#include "plan/ast.h"

struct listset;
enum { LISTSET_NONE = -1 };

/* Fails only for lack of memory or more than LIMIT_PLAN_LIST_ENTRIES entries ("list-too-large"). Cost: linear, ranges n log n. */
struct status listset_build(struct arena *a, const struct plan_list *list, const struct listset **ret);

/* The entry for a code on a day, by codes, prefixes and ranges; LISTSET_NONE when there is none. `hash` is str_hash(code). An empty code has no
 * entry. Cost: one probe for exact codes, one for each length of prefix, a binary search for ranges. */
int32_t listset_find(const struct listset *s, struct str code, uint64_t hash, struct day on);
/* The first `name` entry in force whose text the name contains. Cost: linear in the name. */
int32_t listset_find_name(const struct listset *s, struct str name, struct day on);
bool listset_has_names(const struct listset *s);

/* listset_find for the lines index[0 .. count): ret_entries[i] belongs to line index[i]. The memory of several look-ups is fetched at once. */
void listset_find_lines(const struct listset *s, const struct bill_lines *lines, const uint64_t *hashes, const uint32_t *index, size_t count,
                        int32_t *ret_entries);

/* In millionths by entry, a share that is not written is the whole; NULL when none is written. */
const int32_t *listset_shares(const struct listset *s);
struct str listset_group(const struct listset *s, int32_t entry);
bool listset_has_groups(const struct listset *s);

#endif
