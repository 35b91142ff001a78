/* fresh — an empty database of its own for a test on PostgreSQL, in the cluster that tests/postgres/with_cluster.py has started.
 *
 * Who uses it: tests of every room with tables (dependency store_fresh_dep). Invariant: no two calls give the same database.
 */
#ifndef YIJIE_STORE_POSTGRES_FRESH_H
#define YIJIE_STORE_POSTGRES_FRESH_H

#include "base/base.h"

struct fresh {
    struct str owner, server, admin; /* addresses: the role that migrates, the role that serves (owns nothing; STR("yijie_server")), the superuser */
};
/* Whether there is a cluster (YIJIE_TEST_POSTGRES is set). */
bool fresh_there(void);
/* Makes one; in the arena. Aborts the program when the cluster does not do it: a test must not pass without its database. */
struct fresh fresh_make(struct arena *a);
/* Runs one command on an address of its own, outside of any store. The first field of the first row, or "" (aborts when it fails). */
struct str fresh_run(struct arena *a, struct str url, const char *sql);

#endif
