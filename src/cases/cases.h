/* cases — the life of a case and of each share: trial, confirm, reverse, later, re-adjudicate; durable, in groups.
 *
 * Who uses it: api (HTTP), cli (writing commands when no server runs), audit, bench. DESIGN §6, §8; docs of the flow: README of this room.
 *
 *   case:  bill ──trial──► quoted ──confirm──► settled ──reverse──► reversed
 *                            │  ▲ requoted: the statutory result or a counter changed; shown, confirmed again
 *                    lapse / cancel
 *   share: quoted → paid | later (silent, need_papers, review, investigation, payee, advance_limit, behind_later) → paid | refused → disputed → upheld | changed; recovery
 *
 * Invariants: a case is settled whole or not at all: event, postings, counters, shares, keys in one transaction; an answer is given only when it is
 * durable; the same command again gets the same answer; total = Σ shares + hospital + account + cash − payout on every case; everything about a case hangs on the
 * cover group, whose row is locked before anything is decided; fold is the only writer of derived data.
 * Workload: 3,000 to 6,000 cases a second of 10 lines and three payers on two cores; groups of 1 to 512 commands.
 */
#ifndef YIJIE_CASES_H
#define YIJIE_CASES_H

#include "base/base.h"
#include "env/env.h"
#include "journal/journal.h"
#include "ledger/ledger.h"
#include "registry/registry.h"
#include "settle/settle.h"
#include "store/store.h"

/* ---- the desk: a store with its keys, world and engine ------------------------------------------------------ */

struct cases_desk;
struct cases_desk_options {
    const struct env *env;
    struct str where;          /* data folder or postgresql://… */
    struct str keys_path;      /* empty: WHERE/keys.json (SQLite) */
    uint32_t workers;          /* 0: 1 on SQLite, 4 on PostgreSQL */
    uint32_t queue_max;        /* 0: 4,096 */
    uint32_t group_max;        /* 0: 512 */
    bool allow_doubtful;       /* plans of grade D are used, visibly */
    bool migrate;              /* apply missing migrations (SQLite: always) */
    bool read_only;            /* audit, queries: no engine */
    struct str scratch;        /* audit: folder for the copy that the events are folded into; empty: WHERE/audit (SQLite), KEYS.audit */
};
/* Opens (takes the data directory's lock unless read_only), checks or migrates the schema, loads the world, starts the workers. */
struct status cases_desk_open(struct arena *a, const struct cases_desk_options *o, struct cases_desk **ret);
/* Graceful: takes no more commands, finishes those it took, stops. Commands are freed before it returns: by their `done` at the latest. */
void cases_desk_close(struct cases_desk *d);
/* The newest snapshot of the registry's small half: a held reference, to be released by registry_world_release. Any thread. */
struct registry_world *cases_desk_world(struct cases_desk *d);
/* A copy of the store into a new file, through the writer of this desk: a busy store cannot outrun it (SQLite; PostgreSQL has its own tools: store-backup). Any thread. */
struct status cases_desk_backup(struct cases_desk *d, struct arena *a, struct str path);
/* Takes up what another process has changed of the world since (PostgreSQL: keys made or revoked there); cheap when nothing has. May wait for the database. */
void cases_desk_refresh(struct cases_desk *d);

/* ---- commands ----------------------------------------------------------------------------------------------- */

/* ops.def: X(ID, "name", zh, en). TRIAL, CANCEL, CONFIRM, REVERSE, INVOICE, SHARE (an act on one share), DOCUMENT, CHANGE (registry: one change or a batch, all or
 * nothing), CLOSE_DAY, SWEEP_TRIALS … */
enum cases_op {
#define X(id, name, zh, en) CASES_##id,
#include "cases/ops.def"
#undef X
    CASES_OP_COUNT
};
/* What the domain says no with: stable codes, both languages, HTTP status. refusals.def X(ID, "code", http, zh, en, hint_zh, hint_en), ordered. */
enum cases_refusal {
    CASES_OK,
#define X(id, code, http, zh, en, hint_zh, hint_en) CASES_REFUSED_##id,
#include "cases/refusals.def"
#undef X
    CASES_REFUSAL_COUNT
};
const char *cases_op_name(enum cases_op op);
const char *cases_refusal_code(enum cases_refusal r);
int cases_refusal_http(enum cases_refusal r);

struct cases_command;
typedef void cases_done(void *user, struct cases_command *cmd);
/* Who asks; borrowed texts are copied. */
struct cases_caller {
    struct str institution, role;  /* empty institution: the local operator */
};
/* A command with its own arena (from a pool). `id`: of the case in the path, or empty; `part`: payer of a share, day …; `body`: JSON. Parses and checks without a
 * database; fails with bad input (places inside the body). */
struct status cases_command_new(struct cases_desk *d, enum cases_op op, const struct cases_caller *who, struct str idempotency_key, struct str id, struct str part,
                                struct str body, struct cases_command **ret, struct arena **ret_arena);
/* Queues it. False: the queue is full or the desk is closing (nothing happened). `done` is called from a worker when the outcome is durable; then render and free. */
bool cases_command_submit(struct cases_command *cmd, cases_done *done, void *user);
/* HTTP status and body of the outcome: 2xx JSON, or application/problem+json. May be called from any one thread after done. */
int cases_command_status(const struct cases_command *cmd);
void cases_command_render(struct cases_command *cmd, struct buf *out);
/* The quote that a trial (or a requoted confirmation) has made; false: none. For callers that go on without reading the answer. */
bool cases_command_quote(const struct cases_command *cmd, struct id128 *ret);
/* What a 201 of a trial or a confirmation has made: the id of the trial or of the case. False: nothing of the kind. */
bool cases_command_made(const struct cases_command *cmd, struct id128 *ret);
void cases_command_free(struct cases_command *cmd);
/* Submits and waits: the command line, tests. False: full. */
bool cases_command_run(struct cases_command *cmd);

/* ---- queries: on a reader's snapshot, any thread --------------------------------------------------------------- */

struct cases_filter {
    struct str hospital, state, payer, from_day, to_day, after; /* empty: any; `after`: cursor of the page before */
    uint32_t max;                                               /* 0: 50; at most 500 */
};
/* Each writes a JSON document (or problem+json) and gives the HTTP status. */
int cases_query_case(struct cases_desk *d, const struct cases_caller *who, struct str id, struct buf *out);        /* GET /v1/settlements/{id} */
int cases_query_cases(struct cases_desk *d, const struct cases_caller *who, const struct cases_filter *f, struct buf *out);
int cases_query_explanation(struct cases_desk *d, const struct cases_caller *who, struct str id, struct buf *out);  /* before and after of each adjustment */
int cases_query_split(struct cases_desk *d, const struct cases_caller *who, struct str id, struct buf *out);        /* 费用分割单 */
int cases_query_shares(struct cases_desk *d, const struct cases_caller *who, const struct cases_filter *f, struct buf *out); /* the claims desk's queue */
/* Settled cases against the covers known now: what is owed and was never claimed, with the request that would settle it; {"owed": [...], "totals": [...], "next"}. */
int cases_query_sweep(struct cases_desk *d, const struct cases_caller *who, const struct cases_filter *f, struct buf *out);
int cases_query_person(struct cases_desk *d, const struct cases_caller *who, struct str id_kind, struct str id, struct buf *out); /* covers, counters left, cases; exact look-up */
int cases_query_events(struct cases_desk *d, const struct cases_caller *who, int64_t after, uint32_t max, struct buf *out);
int cases_query_day(struct cases_desk *d, const struct cases_caller *who, struct str day, struct str hospital, struct buf *out); /* totals that match the ledger */

/* Numbers for /metrics; read without locks. */
struct cases_metrics {
    uint64_t commands[CASES_OP_COUNT], refused, failed, groups, group_commands, redone, deferred, queue_depth, checkpoint_ns_max, commit_ns_sum, busy_ns_sum;
    uint64_t log_bytes;
};
void cases_metrics_read(const struct cases_desk *d, struct cases_metrics *ret);

/* ---- proofs ------------------------------------------------------------------------------------------------------ */

/* What `yijie audit` found; figures and the first wrong thing of each kind. audit.def X(ID, "name", zh, en): transfers-balance, postings-equal-shares, counters-equal-entries,
 * derived-equals-replay, leaves, head, one-sided, texts, bills, keys … */
enum cases_proof {
#define X(id, name, zh, en) CASES_PROOF_##id,
#include "cases/audit.def"
#undef X
    CASES_PROOF_COUNT
};
const char *cases_proof_name(enum cases_proof p);
const char *cases_proof_text(enum cases_proof p, bool zh);
struct cases_audit {
    struct {
        int64_t checked, wrong;
        struct str first;     /* which: id, code or seq; and what differs */
    } proof[CASES_PROOF_COUNT];
    int64_t events, cases, transfers;
    bool holds;
};
typedef void cases_progress(void *user, const char *what_zh, const char *what_en, uint64_t done, uint64_t total);
/* Opens read-only; works beside a running server on one snapshot. `replay`: also runs every readable case again with its recorded versions. */
struct status cases_audit_run(struct arena *a, const struct cases_desk_options *o, bool replay, cases_progress *progress, void *user, struct cases_audit *ret);
/* Folds all events into empty derived tables (offline; takes the lock). */
struct status cases_rebuild(struct arena *a, const struct cases_desk_options *o, cases_progress *progress, void *user, int64_t *ret_events);

extern const struct store_statements cases_statements;

#endif
