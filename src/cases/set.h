/* cases/set — the working set of a group: covers with counters, cases, shares, bills, command keys, events, days; with those of registry and ledger.
 *
 * Internal to the room. Used by the engine (load, flush), by `needs` and `decide` of each command (get), by fold (change).
 * A get answers FOUND, ABSENT, or WAIT: not read yet, now wished for; cases_set_load reads all wishes of all three sets in one round, covers FOR UPDATE
 * in order of id. Lives in the arena of its group.
 */
#ifndef YIJIE_CASES_SET_H
#define YIJIE_CASES_SET_H

#include "cases/cases.h"

struct cases_products;
struct cases_quote;
struct cases_set_tables;

/* Inside a group an event's seq is its place: CASES_SEQ_PROVISIONAL + 0, 1, … until the head row is locked and the flush writes the real ones. */
#define CASES_SEQ_PROVISIONAL (INT64_C(1) << 62)
static inline bool cases_seq_known(int64_t seq) { return seq < CASES_SEQ_PROVISIONAL; }

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
const char *cases_state_name(enum cases_state s);
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
const char *cases_share_state_name(enum cases_share_state s);
const char *cases_share_state_text(enum cases_share_state s, bool zh);
const char *cases_later_name(enum cases_later l); /* NOT_LATER: "" */
const char *cases_later_text(enum cases_later l, bool zh);
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
    int64_t seq;                     /* of the event that changed it last: the fold's */
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

struct cases_document {              /* sealed under the person's key; erasable, not derived */
    struct digest hash;
    struct id128 person, case_id;
    int64_t cover, at_ms;
    uint32_t share;
    struct str kind, source, sealed;
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
struct cases_plan_used {
    struct str name;
    struct digest hash;
};
/* Open part of CASE_SETTLED, CASE_REVERSED, CASE_ADJUSTED, CASE_INVOICED, SHARE_CHANGED, DOCUMENT_ADDED, LEDGER_POSTED, DAY_CLOSED: written and read by events.c (both ways, golden
 * files, unknown members refused by version). Fold applies it without looking at the sealed part. */
struct cases_effect {
    enum journal_type type;
    struct id128 case_id, person, because; /* because: the case whose reversal, or zero */
    int64_t cover;
    int64_t at_ms;                         /* when it was decided: context.now_ms; fold reads this, never the column */
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
    struct digest library;                 /* the texts that adjudicated: cases_products_chain, cases_library_get; zero: nothing ran */
    int64_t world_version, consent;
    int32_t engine;
    struct cases_plan_used *plans;
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
/* Case, person and cover are those of the event (subject, person, cover): the leaf binds them, the open part does not repeat them. */
struct status cases_effect_read(struct arena *a, const struct journal_event *ev, struct cases_effect *ret);

/* ---- the set ------------------------------------------------------------------------------------------------- */

struct cases_set {
    struct arena *arena;
    int32_t shard;
    struct registry_set *registry;
    struct ledger_set *ledger;
    bool locking;
    struct cases_set_tables *tables;       /* set.c */
};
struct status cases_set_new(struct arena *a, const struct journal_keys *keys, int32_t shard, struct cases_set **ret);
/* While `locking` (the engine sets it from the op: all but TRIAL), a cover that is got is read FOR UPDATE. */
enum set_state cases_cover_get(struct cases_set *s, int64_t cover, struct cases_cover **ret);
struct status cases_cover_add(struct cases_set *s, int64_t cover, struct cases_cover **ret); /* at registration */
enum set_state cases_row_get(struct cases_set *s, const struct id128 *id, struct cases_row **ret);
enum set_state cases_shares_get(struct cases_set *s, const struct id128 *id, struct cases_share **ret, uint32_t *ret_count);
enum set_state cases_bill_get(struct cases_set *s, struct str hospital, struct str bill, struct cases_bill **ret);
enum set_state cases_command_get(struct cases_set *s, const struct id128 *key, const struct cases_done_command **ret);
enum set_state cases_event_get(struct cases_set *s, int64_t seq, const struct journal_event **ret);
/* Seqs of a case's events after CASE_SETTLED, oldest first; those of this group are provisional. */
enum set_state cases_history_get(struct cases_set *s, int64_t cover, const struct id128 *case_id, const int64_t **ret, uint32_t *ret_count);
enum set_state cases_document_get(struct cases_set *s, int64_t cover, const struct digest *hash, const struct id128 *case_id, uint32_t share, const struct cases_document **ret);
enum set_state cases_day_get(struct cases_set *s, int32_t day, bool *ret_closed);     /* absent: open */
enum set_state cases_tasks_due(struct cases_set *s, int64_t now_ms, const struct cases_task **ret, uint32_t *ret_count);
bool cases_set_waits(const struct cases_set *s);
struct status cases_set_load(struct cases_set *s, struct store_connection *c, struct arena *a);
struct status cases_set_flush(struct cases_set *s, struct store_connection *c, struct arena *a);

/* Everything an event touches is loaded (else it becomes wishes and the answer is false). Rebuild calls it before fold. */
bool cases_fold_needs(struct cases_set *s, const struct journal_event *ev, const struct cases_effect *e);
/* The only code that changes derived data: a case's event, or (effect NULL) a registry event with what follows for covers. ev->seq and at_ms are known. */
struct status cases_fold(struct cases_set *s, const struct journal_event *ev, const struct cases_effect *e);

/* Counts on with every call, from a beginning drawn at opening, so that ids made in one millisecond for one cover group differ. */
uint16_t cases_desk_count(struct cases_desk *d);

/* ---- commands inside the room ----------------------------------------------------------------------------------- */

/* What a command's functions see. */
struct cases_context {
    struct cases_desk *desk;
    const struct env *env;
    struct cases_set *set;
    struct registry_world *world;
    struct cases_products *products;       /* compiled plans and chains of this world; also old versions by digest */
    const struct journal_keys *keys;
    struct sha256 *hash;
    struct journal_sealer *sealer;         /* of this thread */
    int64_t now_ms;                        /* event time: max(clock, last event) */
    int64_t next_seq;                      /* of the next event of this group: provisional, CASES_SEQ_PROVISIONAL + its place */
};
struct cases_outcome {
    int http;
    enum cases_refusal refusal;
    const struct error *error;             /* registry changes: refusal in words; else NULL */
    struct str detail_zh, detail_en;       /* of a refusal, may be empty */
    struct id128 made;                     /* 201 of a trial or a confirmation: what it is about; else zero */
    struct id128 settled_case;             /* already-settled: the case that stands; else zero */
    bool again;                            /* answered from what was recorded: needs the barrier first */
    struct journal_event *events;          /* to append and fold, in order; sealed already */
    struct cases_effect **effects;         /* one for each event; NULL: a registry event */
    uint32_t event_count;
    struct cases_quote *quote;             /* to put (trial, requoted) */
    struct id128 quote_drop;               /* to drop (confirm, cancel) */
    struct cases_document *documents;      /* to store with the events */
    uint32_t document_count;
    bool world_changed;
    bool folded;                           /* decide of an `alone` op has folded its events already */
    bool defer;                            /* decide needs an event of this very group: the command goes into the next one */
    void *answer;                          /* what render needs; in the command's arena */
};
struct cases_command {
    struct cases_desk *desk;
    struct arena arena;
    enum cases_op op;
    struct cases_caller who;
    struct id128 key, body_hash, id;       /* zero: none */
    struct str id_text, part, body;        /* id_text: as given */
    uint32_t deferred;                     /* by how many groups it was put off */
    bool in_doubt;                         /* the commit's outcome was not known in time */
    void *parsed;                          /* of the op */
    const struct cases_done_command *before; /* the idempotency key was seen with this very body: answer from what is recorded */
    struct cases_products *products;       /* held for render, from decide on */
    struct cases_outcome outcome;
    struct status failure;                 /* not the domain's no: 500/503 */
    cases_done *done;
    void *user;
    struct cases_command *next;
    uint64_t queued_ns;
};
/* One row an op, in ops.c: */
struct cases_op_functions {
    bool reads_only;                                                                      /* covers need no lock: TRIAL */
    bool alone;                                                                           /* a transaction of its own; as many rounds as it needs; decide may fold */
    struct status (*parse)(struct cases_command *cmd);                                   /* any thread, no database */
    bool (*needs)(struct cases_context *x, struct cases_command *cmd);                    /* true: all is there; touches what decide will read */
    struct status (*decide)(struct cases_context *x, struct cases_command *cmd);          /* pure on the set; fills cmd->outcome; may find that more is needed: outcome.http = 0 */
    void (*render)(struct cases_command *cmd, struct buf *out);                            /* any thread */
};
extern const struct cases_op_functions cases_ops[CASES_OP_COUNT];

/* ---- readers: queries on a snapshot ------------------------------------------------------------------------------- */

struct cases_reader {
    struct arena arena;                    /* reset when taken */
    struct store_connection *connection;   /* in a read transaction */
    struct cases_set *set;                 /* over that snapshot */
    struct registry_world *world;
    struct cases_products *products;
    const struct journal_keys *keys;
    const struct env *env;
    struct sha256 hash;
    struct journal_sealer sealer;
    struct cases_reader *next;
};
/* From a pool; any thread. Give back also after a failure. */
struct status cases_reader_take(struct cases_desk *d, struct cases_reader **ret);
void cases_reader_give(struct cases_desk *d, struct cases_reader *r);

/* ---- quotes: working data ------------------------------------------------------------------------------------------- */

struct cases_quote {
    struct id128 id, person;
    int64_t cover, expires_ms, made_ms;
    struct str institution, bill_json;     /* the bill as checked (bill_write form), without what the registry knows */
    struct digest answer;                  /* digest of all amounts and states shown */
    struct digest token;                   /* SHA-256 of the one-time token printed with the quote */
    int64_t consent;
    struct str hospital, bill;             /* key of the open quote of a bill */
    struct id128 key, body;                /* idempotency of the trial; zero: none */
    struct str consent_json;
    int64_t remainder;                     /* account + cash − payout as shown */
    int32_t wrong_tokens;
    bool cancelled;
};
/* What was put by a group becomes visible to others with its commit. An expired one is ABSENT. */
enum set_state cases_quote_get(struct cases_set *s, const struct id128 *id, const struct cases_quote **ret);
enum set_state cases_quote_of_bill(struct cases_set *s, struct str hospital, struct str bill, const struct cases_quote **ret);

/* ---- compiled products of a world (products.c) ------------------------------------------------------------------------- */

/* A library: the very texts of plans, lists and chains that hold together on a day, compiled. Named by the digest of its manifest, which lies in `texts`. Immutable,
 * counted, safe for many threads. */
struct cases_library;
const struct digest *cases_library_digest(const struct cases_library *l);
const struct settle_chain *cases_library_chain(const struct cases_library *l, struct str chain_name); /* NULL: none of this name, or it names a plan that may not be used */
const struct settle_product *cases_library_product(const struct cases_library *l, struct str plan_name);

/* The libraries of a world, compiled when first asked for; and recorded ones that were loaded. Counted. `before` (may be NULL) lends what is compiled already. */
struct status cases_products_build(struct registry_world *w, bool allow_doubtful, struct cases_products *before, struct cases_products **ret);
struct cases_products *cases_products_hold(struct cases_products *p);
void cases_products_release(struct cases_products *p);
/* The library of a day; NULL when memory is out. Plans that do not pass the check are left out. */
const struct cases_library *cases_products_library(struct cases_products *p, struct day on);
/* The chain for an insured region on a day, ready to run once a copy got its own hash context; NULL when there is none. */
const struct settle_chain *cases_products_chain(struct cases_products *p, struct str chain_name, struct day on, struct digest *ret_library);
/* A library by its digest: of this world, or loaded before; NULL: unknown here. */
const struct cases_library *cases_products_recorded(struct cases_products *p, const struct digest *library);
/* The same inside needs/decide: unknown ones become wishes, the load reads and compiles them. ABSENT: its texts are not in the store. */
enum set_state cases_library_get(struct cases_set *s, const struct digest *library, const struct cases_library **ret);

#endif
