/* cases/set — the working set of a group: covers with counters, cases, shares, bills, command keys, events, days; with those of registry and ledger.
 *
 * Internal to the room. Used by the engine (load, flush), by `needs` and `decide` of each command (get), by fold (change).
 * A get answers FOUND, ABSENT, or WAIT: not read yet, now wished for; cases_set_load reads all wishes of all three sets in one round, covers FOR UPDATE
 * in order of id. Lives in the arena of its group.
 */
#ifndef YIJIE_CASES_SET_H
#define YIJIE_CASES_SET_H

#include "cases/cases.h"

/* ---- rows ------------------------------------------------------------------------------------------------- */

struct cases_cover {
    int64_t id, version;
    struct plan_counters counters;   /* of all owners in the group; packed in the row */
    struct id128 last_case;          /* newest settled case of the group: a chain by cases_row.prev */
    int64_t merged_into;             /* 0: stands; a get follows it */
    bool fresh, dirty;
};
enum cases_state { CASES_STATE_SETTLED, CASES_STATE_REVERSED, CASES_STATE_IN_DOUBT, CASES_STATE_COUNT };
struct cases_row {
    struct id128 id, person, prev, replaces;
    int64_t cover, seq, last_seq, at_ms, revision;
    int32_t day;
    enum cases_state state;
    struct str hospital, bill, region, visit;
    int64_t total, funds, payers, hospital_part, account, cash, payout;
    bool fresh, dirty;
};
/* States and reasons of a share: states.def X(ID, "name", zh, en), later.def X(ID, "name", zh, en). Transitions: life/share.c. */
enum cases_share_state {
#define X(id, name, zh, en) CASES_SHARE_##id,
#include "cases/states.def"
#undef X
    CASES_SHARE_STATE_COUNT
};
enum cases_later {
    CASES_NOT_LATER,
#define X(id, name, zh, en) CASES_LATER_##id,
#include "cases/later.def"
#undef X
    CASES_LATER_COUNT
};
/* Legal clocks in days and ms since 1970; 0: does not run. Insurance law articles 22–25; papers stop the decision clock. */
struct cases_clocks {
    int64_t opened_ms, papers_asked_ms, papers_complete_ms, agreed_ms, refused_ms;
    int64_t decide_by_ms, pay_by_ms, notice_by_ms, undisputed_by_ms;
};
struct cases_share {
    uint32_t n;                      /* place in the answer's payers */
    struct str payer, policy, owner;
    enum plan_kind kind;
    enum cases_share_state state;
    enum cases_later reason;
    int64_t pay, expected;
    bool to_patient;
    struct cases_clocks clocks;
};
struct cases_bill {
    struct id128 case_id;
    int64_t cover, revision;
    bool live;
};
struct cases_done_command {          /* a command key seen before */
    struct id128 body, case_id;
    int64_t cover, seq;
    enum cases_op op;
};

/* ---- what an event does: one shape for every event of a case ------------------------------------------------ */

struct cases_counter_delta {
    struct plan_counter_key key;
    int64_t delta;
};
struct cases_account {               /* an account that the event's transfers need, if it does not exist */
    struct str code;
    const struct currency *currency;
    uint32_t flags;
    int64_t debit_limit;
};
struct cases_task {
    struct id128 id, case_id;
    int64_t due_ms;
    uint32_t kind, share;
    bool remove;
};
/* Open part of CASE_SETTLED, CASE_REVERSED, CASE_ADJUSTED, CASE_INVOICED, SHARE_CHANGED, DOCUMENT_ADDED, LEDGER_POSTED, DAY_CLOSED: written and read by events.c (both ways, golden
 * files, unknown members refused by version). Fold applies it without looking at the sealed part. */
struct cases_effect {
    enum journal_type type;
    struct id128 case_id, person, because; /* because: the case whose reversal, or zero */
    int64_t cover;
    int32_t day;
    /* CASE_SETTLED: the new row (seq, at_ms, prev are the fold's); others: */
    const struct cases_row *row;
    enum cases_state state;                /* of the case after the event */
    struct cases_share *shares;            /* as they stand after the event; only those that changed (all, when settled) */
    uint32_t share_count;
    struct cases_counter_delta *deltas;
    uint32_t delta_count;
    struct cases_account *accounts;
    uint32_t account_count;
    struct ledger_transfer *transfers;
    uint32_t transfer_count;
    struct cases_task *tasks;
    uint32_t task_count;
    /* what adjudicated: hashes recorded for replay */
    struct str chain, institution;
    int64_t world_version, consent;
    int32_t engine;
    struct { struct str name; struct digest hash; } *plans;
    uint32_t plan_count;
    struct str act;                        /* share: what was done; confirm: "desk"/"token"… */
    struct str act_by;
    struct str note_code;                  /* stable code of a reason */
    /* invoice, document: small typed members */
    struct str invoice_code, invoice_number, invoice_check, document_kind, document_source;
    struct digest document_hash;
    /* command that made it: for idempotency; zero key: none */
    struct id128 key, body;
    enum cases_op op;
};
struct status cases_effect_write(const struct cases_effect *e, struct arena *a, struct str *ret_open);                    /* canonical JSON */
struct status cases_effect_read(struct arena *a, enum journal_type type, int32_t version, struct str open, struct cases_effect *ret);

/* ---- the set ------------------------------------------------------------------------------------------------- */

struct cases_set {
    struct arena *arena;
    int32_t shard;
    struct registry_set *registry;
    struct ledger_set *ledger;
    struct cases_set_tables *tables;       /* set.c */
};
struct status cases_set_new(struct arena *a, const struct journal_keys *keys, int32_t shard, struct cases_set **ret);
enum set_state cases_cover_get(struct cases_set *s, int64_t cover, struct cases_cover **ret);
struct status cases_cover_add(struct cases_set *s, int64_t cover, struct cases_cover **ret); /* at registration */
enum set_state cases_row_get(struct cases_set *s, const struct id128 *id, struct cases_row **ret);
enum set_state cases_shares_get(struct cases_set *s, const struct id128 *id, struct cases_share **ret, uint32_t *ret_count);
enum set_state cases_bill_get(struct cases_set *s, struct str hospital, struct str bill, struct cases_bill **ret);
enum set_state cases_command_get(struct cases_set *s, const struct id128 *key, const struct cases_done_command **ret);
enum set_state cases_event_get(struct cases_set *s, int64_t seq, const struct journal_event **ret);
enum set_state cases_day_get(struct cases_set *s, int32_t day, bool *ret_closed);     /* absent: open */
enum set_state cases_tasks_due(struct cases_set *s, int64_t now_ms, const struct cases_task **ret, uint32_t *ret_count);
bool cases_set_waits(const struct cases_set *s);
struct status cases_set_load(struct cases_set *s, struct store_connection *c, struct arena *a);
struct status cases_set_flush(struct cases_set *s, struct store_connection *c, struct arena *a);

/* Everything an event touches is loaded (else it becomes wishes and the answer is false). Rebuild calls it before fold. */
bool cases_fold_needs(struct cases_set *s, const struct journal_event *ev, const struct cases_effect *e);
/* The only code that changes derived data: a case's event, or (effect NULL) a registry event with what follows for covers. ev->seq and at_ms are known. */
struct status cases_fold(struct cases_set *s, const struct journal_event *ev, const struct cases_effect *e);

/* ---- commands inside the room ----------------------------------------------------------------------------------- */

/* What a command's functions see. */
struct cases_context {
    struct cases_desk *desk;
    const struct env *env;
    struct cases_set *set;
    struct registry_world *world;
    const struct cases_products *products; /* compiled plans and chains of this world; also old versions by hash */
    struct sha256 *hash;
    int64_t now_ms;                        /* event time: max(clock, last event) */
    int64_t next_seq;                      /* the seq that the next event of this group will get, for references inside the group; PostgreSQL: provisional, fold uses places */
};
struct cases_outcome {
    int http;
    enum cases_refusal refusal;
    const struct error *error;             /* registry changes: refusal in words; else NULL */
    struct str detail_zh, detail_en;       /* of a refusal, may be empty */
    bool again;                            /* answered from what was recorded: needs the barrier first */
    struct journal_event *events;          /* to append and fold, in order; sealed already */
    struct cases_effect **effects;         /* one for each event; NULL: a registry event */
    uint32_t event_count;
    struct cases_quote *quote;             /* to put (trial, requoted) */
    struct id128 quote_drop;               /* to drop (confirm, cancel) */
    bool world_changed;
    void *answer;                          /* what render needs; in the command's arena */
};
struct cases_command {
    struct cases_desk *desk;
    struct arena arena;
    enum cases_op op;
    struct cases_caller who;
    struct id128 key, body_hash, id;       /* zero: none */
    struct str part, body;
    void *parsed;                          /* of the op */
    struct cases_outcome outcome;
    struct status failure;                 /* not the domain's no: 500/503 */
    cases_done *done;
    void *user;
    struct cases_command *next;
    uint64_t queued_ns;
};
/* One row an op, in ops.c: */
struct cases_op_functions {
    struct status (*parse)(struct cases_command *cmd);                                   /* any thread, no database */
    bool (*needs)(struct cases_context *x, struct cases_command *cmd);                    /* true: all is there; touches what decide will read */
    struct status (*decide)(struct cases_context *x, struct cases_command *cmd);          /* pure on the set; fills cmd->outcome; may find that more is needed: outcome.http = 0 */
    void (*render)(struct cases_command *cmd, struct buf *out);                            /* any thread */
};
extern const struct cases_op_functions cases_ops[CASES_OP_COUNT];

/* ---- quotes: working data ------------------------------------------------------------------------------------------- */

struct cases_quote {
    struct id128 id, person;
    int64_t cover, expires_ms, made_ms;
    struct str institution, bill_json;     /* the bill as checked (bill_write form), without what the registry knows */
    struct digest answer;                  /* digest of all amounts and states shown */
    struct digest token;                   /* SHA-256 of the one-time token printed with the quote */
    int64_t consent;
    bool cancelled;
};
enum set_state cases_quote_get(struct cases_set *s, const struct id128 *id, const struct cases_quote **ret);

/* ---- compiled products of a world (products.c) ------------------------------------------------------------------------- */

struct status cases_products_build(struct registry_world *w, bool allow_doubtful, struct cases_products **ret);
void cases_products_release(struct cases_products *p);
/* The chain for an insured region on a day: settle_chain ready to run (products in force on that day), NULL when there is none. */
const struct settle_chain *cases_products_chain(const struct cases_products *p, struct str chain_name, struct day on);
/* The chain as recorded: the very plan versions by hash. NULL when a text is missing. */
const struct settle_chain *cases_products_recorded(struct cases_products *p, struct str chain_name, const struct cases_effect *e);

#endif
