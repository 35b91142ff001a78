/* cases/proof — rebuild and audit: what the derived data must be, told from the events alone. Internal to the room.
 *
 * Both fold all events with the very functions that the engine uses; a rebuild into the store itself, an audit into a copy beside it, which is then compared
 * with the store table by table, in order of keys, a page at a time: memory stays bounded whatever the store holds.
 */
#ifndef YIJIE_CASES_PROOF_H
#define YIJIE_CASES_PROOF_H

#include "cases/core/set_inside.h"
#include "cases/set.h"

enum { PROOF_BATCH = 1024 };
#define PROOF_BYTES ((size_t)1024 * 1024 * 1024)

enum proof_table {
#define X(id, table, proof, key_types, types, remove, lite, pg) PROOF_TABLE_##id,
#include "cases/proof/tables.def"
#undef X
    PROOF_TABLE_COUNT
};
struct proof_table_info {
    const char *name, *types;
    uint32_t key_count, column_count;
    enum cases_proof proof;
};
const struct proof_table_info *proof_table_info(enum proof_table t);
const struct store_statement *proof_table_page(enum proof_table t);
const struct store_statement *proof_table_empty(enum proof_table t);
extern const struct store_statements proof_table_statements, proof_statements; /* of tables.def; of rebuild and audit */

/* A walk over all events in order, a batch at a time, folding each into `target` (transactions of its own) when there is one. */
struct proof_fold {
    const struct env *env;
    const struct journal_keys *keys;
    struct store_connection *source, *target;
    struct arena batch, scratch;         /* reset for each batch */
    cases_progress *progress;
    void *user;
    uint64_t total;
    /* Called for each batch before it is folded, with the effects read (NULL for registry events); may be NULL. Memory: `batch`. */
    struct status (*each)(void *context, struct proof_fold *f, const struct journal_event *events, struct cases_effect *const *effects, uint32_t count);
    void *context;
};
void proof_fold_init(struct proof_fold *f);
void proof_fold_done(struct proof_fold *f);
/* *ret_events: how many. Fails with what reading or folding says, at "event N". */
struct status proof_fold_run(struct proof_fold *f, int64_t *ret_events);

/* Compares a table of two stores; counts what was checked and what differs into the proof, and names the first. */
struct status proof_table_compare(struct store_connection *is, struct store_connection *should, struct arena *a, enum proof_table t, struct cases_audit *audit);
enum proof_statement {
#define X(id, name, params, results, lite, pg) PROOF_##id,
#include "cases/proof/statements.def"
#undef X
    PROOF_STATEMENT_COUNT
};
const struct store_statement *proof_statement(enum proof_statement which);
/* Notes a fault. */
void proof_wrong(struct cases_audit *audit, struct arena *a, enum cases_proof p, struct str what);
void proof_checked(struct cases_audit *audit, enum cases_proof p, int64_t count);

/* ---- one case at a time (audit_case.c) --------------------------------------------------------------------------------- */

/* Accounts by id, as classes of postings. */
struct proof_account {
    int64_t id;
    struct str code;
};
struct proof_audit {
    struct cases_audit *result;
    struct arena *keep;                  /* for what the result names */
    struct sha256 hash;
    struct journal_sealer sealer;
    struct tlog_edge edge;
    int64_t next_seq, last_ms;
    bool replay;
    struct cases_products *products;
    struct proof_account *accounts;      /* sorted by id */
    uint32_t account_count;
    struct digest libraries[64];         /* seen, the newest first to be asked again */
    uint32_t library_count;
    int64_t settled, transfers, shares;  /* in events */
};
/* Leaf, seq, time of a batch. */
void proof_leaves(struct proof_audit *p, const struct journal_event *events, uint32_t count);
/* Event ↔ case ↔ shares ↔ transfers ↔ bill, postings against shares, recorded texts. */
struct status proof_cases(struct proof_audit *p, struct proof_fold *f, const struct journal_event *events, struct cases_effect *const *effects, uint32_t count);
/* Sealed parts against commitments; adjudications run again. */
struct status proof_replay(struct proof_audit *p, struct proof_fold *f, const struct journal_event *events, struct cases_effect *const *effects, uint32_t count);

/* Marks that the derived tables are being made anew: a desk does not open on such a store. */
struct status proof_rebuild_check(struct store_connection *c, struct arena *a);

#endif
