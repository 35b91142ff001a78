/* cases/life/query — what all queries share: a reader, rounds of reading, who may see what. Internal to life. */
#ifndef YIJIE_CASES_QUERY_H
#define YIJIE_CASES_QUERY_H

#include "cases/life/life.h"
#include "cases/life/share.h"

/* Reads what the set wishes for; false: nothing was wished. */
struct status life_query_load(struct cases_reader *r, bool *ret_loaded);
/* A recorded case through the reader; *ret_found false: there is none. */
struct status life_query_recorded(struct cases_reader *r, const struct id128 *id, struct life_recorded *ret, bool *ret_found);
/* The adjudication of its event `place`, with reasons when `explain`; ret->bill NULL: it was erased. */
struct status life_query_replay(struct cases_reader *r, const struct life_recorded *c, uint32_t place, bool explain, struct life_run *ret);
/* Ids of the cases of a page (query_list.c), newest first. */
struct status life_query_ids(struct cases_reader *r, const struct cases_caller *who, const struct cases_filter *f, struct id128 **ret, uint32_t *ret_count, bool *ret_more);
/* May this caller see the case and work on it? Hospitals their own, insurers those in which they have a share. */
bool life_query_may(const struct cases_caller *who, const struct life_recorded *c);
/* The finished text of a case as the insurer `owner` may see it: its own shares whole, of the others one total (query_payer.c). */
struct status life_query_partial(struct arena *a, const struct life_recorded *c, struct str owner, struct buf *out);
/* Problem of a query. */
int life_query_refuse(struct buf *out, enum cases_refusal r);
int life_query_fail(struct buf *out, struct status s);
void life_row_write(const struct cases_row *row, struct json_writer *w); /* the sums, members of an object */

#endif
