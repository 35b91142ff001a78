/* cases/life — what the commands of a case share: a bill made ready, the way it is settled, what is recorded of it, how it is shown. Internal to the room.
 *
 * Used by every file of this folder. A command's life: parse (any thread) → needs (touches what decide reads) → decide (refusal, or events) → render (any
 * thread, once the outcome is durable). Everything that render reads lies in the command's arena or in `cmd->products`, which the command holds.
 * Invariant: decide changes nothing; amounts come from settle_bill alone; the very input that gave them is what is sealed, so that a case can be read
 * again from its event (life_replay) and must give the amounts of its open part.
 */
#ifndef YIJIE_CASES_LIFE_H
#define YIJIE_CASES_LIFE_H

#include "cases/set.h"

/* ---- limits and words ---------------------------------------------------------------------------------------- */

enum {
    LIFE_TOKEN_LETTERS = 10,
    LIFE_TOKEN_WRONG_MAX = 5,
    LIFE_DOCUMENT_BYTES = 8 * 1024 * 1024,
    LIFE_TEXT_BYTES = 64 * 1024,      /* of a reason, a name */
    LIFE_ANSWER_BYTES = 64 * 1024 * 1024
};
#define LIFE_MS_MINUTE INT64_C(60'000)
#define LIFE_MS_DAY (INT64_C(86'400'000))

/* ---- who asks ---------------------------------------------------------------------------------------------- */

/* The local operator has no institution and is of no role here. */
static inline bool life_asks_as(const struct cases_caller *who, struct str role) { return who->institution.n > 0 && str_eq(who->role, role); }
/* A hospital works on its own bills, whoever tried or settled them; other roles are bound elsewhere. */
static inline bool life_hospital_may(const struct cases_caller *who, struct str hospital)
{
    return !life_asks_as(who, STR("hospital")) || str_eq(who->institution, hospital);
}
/* Also for what somebody else has begun: a hospital its own, any other key what its institution made. */
static inline bool life_may_go_on(const struct cases_caller *who, struct str hospital, struct str institution)
{
    if (life_asks_as(who, STR("hospital"))) return str_eq(who->institution, hospital);
    return who->institution.n == 0 || str_eq(who->institution, institution);
}

/* ---- refusals and small texts (problem.c) ---------------------------------------------------------------------- */

/* Fills the outcome with a refusal. */
void life_refuse(struct cases_command *cmd, enum cases_refusal r);
/* The same with an error found in words (a bad bill at confirm, a fact that a plan lacks): 422. Lack of memory stays a failure. */
struct status life_refuse_error(struct cases_command *cmd, struct status s);
/* application/problem+json of the outcome; `more` writes further members inside it and may be NULL. */
void life_problem_write(const struct cases_command *cmd, void (*more)(const void *user, struct json_writer *w), const void *user, struct buf *out);
/* UTC, "2026-01-31T08:15:00Z"; at most 21 bytes with the NUL. */
size_t life_time_format(int64_t ms, char out[24]);
void life_member_time(struct json_writer *w, struct str name, int64_t ms);
void life_member_id(struct json_writer *w, struct str name, const struct id128 *id);
bool life_id_is(const struct id128 *a, const struct id128 *b);

/* ---- reading bodies (body.c) -------------------------------------------------------------------------------------- */

/* A JSON object with only these members (names ends with an empty one); an empty body counts as {}. */
struct status life_body_read(struct cases_command *cmd, const char *const *names, const struct json **ret);
struct status life_bad(struct arena *a, const char *code, struct str place, const char *zh, const char *en);
/* Text members: absent gives empty; another kind or too long is a failure naming it. */
struct status life_body_text(struct arena *a, const struct json *o, struct str name, size_t bytes_max, struct str *ret);
/* A bill of DESIGN §4 as the server takes it. *ret_refusal: what the server does not take of it. `tree` may carry "consent", which is left out. */
struct status life_bill_read(struct arena *a, const struct json *tree, const struct bill **ret, enum cases_refusal *ret_refusal);

/* ---- consent (consent.c) ------------------------------------------------------------------------------------------ */

struct life_consent {
    bool given, all;
    struct str actor, purpose;
    const struct str *payers;
    uint32_t payer_count;
    int64_t n;                        /* of the registry's record; 0: given with the trial */
};
struct status life_consent_read(struct arena *a, const struct json *v, struct life_consent *ret, bool *ret_fine);
void life_consent_write(const struct life_consent *c, struct json_writer *w);
bool life_consent_covers(const struct life_consent *c, struct str payer);
/* Does the actor fit the person's age in this region? */
bool life_consent_fits(const struct life_consent *c, const struct bill *b, const struct registry_region *region);
/* The newest standing consent of the registry on a day. */
void life_consent_standing(struct arena *a, const struct registry_consent *list, uint32_t count, struct day on, struct life_consent *ret);

/* ---- a bill made ready and settled (ready.c, settle.c) --------------------------------------------------------------- */

/* Everything an adjudication reads, and its answer. */
struct life_run {
    struct bill *bill;                /* own head: revision and policies put in; lines borrowed */
    struct str owner;                 /* of the person's counters: 32 hex digits */
    bool reowned;                     /* another person's: linked since the case was settled */
    const struct settle_chain *chain; /* own copy */
    struct digest library;
    const struct plan_counters *counters;
    struct life_consent consent;
    bool lines;                       /* keep the shares per line */
    bool without_commercial;          /* the cashier goes on without them: all but the statutory payers come later */
    struct day settled_on;            /* the business day */
    struct settle_exception *later, *refused;
    uint32_t later_count, refused_count;
    struct settle_answer answer;      /* decide: without reasons */
};
/* Who and where, beside the run. */
struct life_ready {
    struct life_run run;
    const struct registry_person *person;
    struct id128 person_id;
    int64_t cover;
    const struct registry_region *region;   /* insured: chain, ages, ways of reversal */
    const struct registry_region *hospital_region; /* the business day */
    struct id128 replaces;
    bool known;                             /* the person was registered before */
};
/* Touches all that settling this bill reads. False: something waits. */
bool life_ready_needs(struct cases_context *x, const struct bill *b, const struct id128 *lookup);
/* Makes it ready: person (registered now, with its events, when unknown and `may_register`), policies, counters, chain. */
struct status life_ready_make(struct cases_context *x, struct cases_command *cmd, const struct bill *b, const struct id128 *lookup, bool may_register, struct life_ready *ret);
/* Settles: holds of payers, advance limits, consent. *ret_wait: an account is not read yet. A failure of the input (fact-missing) is a status. */
struct status life_settle(struct cases_context *x, struct arena *a, struct life_ready *r, bool *ret_wait);
/* The same without limits and holds: the exceptions of the run as they stand. For render and replay. */
struct status life_run_again(struct arena *a, struct life_run *run, bool explain);
/* Of all amounts and states that were shown. */
void life_answer_digest(struct sha256 *h, const struct settle_answer *answer, struct digest *ret);
const struct registry_payer *life_payer(const struct registry_world *w, struct str plan, struct day on);
struct day life_business_day(const struct registry_region *r, int64_t now_ms);
/* The counters of a cover that belong to the products of a chain, copied. */
/* … and of its policies' products, of the person and of the families of the policies. */
struct status life_counters_copy(struct arena *a, const struct plan_counters *all, const struct life_run *run, struct plan_counters **ret);
/* The payers that consent leaves out; and, with a world, those that are held. */
struct status life_exceptions_find(struct arena *a, struct life_run *run, const struct registry_world *w, struct day today);
struct status life_later_add(struct arena *a, struct life_run *run, struct str payer, enum cases_later reason);
const struct settle_product *life_product_find(const struct settle_chain *chain, struct str plan);
enum cases_later life_later_of(struct str name);

/* ---- quotes (quote.c) --------------------------------------------------------------------------------------------------- */

void life_token_make(const struct journal_keys *keys, const struct id128 *trial, char out[LIFE_TOKEN_LETTERS + 1]);
struct status life_quote_make(struct cases_context *x, struct cases_command *cmd, const struct life_ready *r, const struct id128 *id, struct cases_quote **ret);
struct id128 life_trial_id(const struct cases_context *x, const struct cases_command *cmd, int64_t cover);

/* ---- what is recorded (record.c) ------------------------------------------------------------------------------------------ */

/* Adds an event with its effect to the outcome, sealed under the person's key when `sealed` is not empty. */
struct status life_event_add(struct cases_context *x, struct cases_command *cmd, struct cases_effect *e, const struct registry_person *person, struct str sealed);
/* The sealed part of an adjudication: {"bill","consent","counters","on"}. */
struct status life_input_write(struct arena *a, const struct life_run *run, struct str *ret);
/* Reads it back and finds the exceptions of the run again from the open part. `library`: the recorded one. */
struct status life_input_read(struct arena *a, struct str sealed, const struct cases_effect *e, const struct cases_library *library, struct life_run *ret);
/* Shares of an answer as rows. */
struct status life_shares_make(struct cases_context *x, struct arena *a, const struct life_run *run, struct str hospital, struct cases_share **ret, uint32_t *ret_count);
/* Counter changes of an answer as deltas. */
struct status life_deltas_make(struct arena *a, const struct settle_answer *answer, struct cases_counter_delta **ret, uint32_t *ret_count);
void life_row_sums(const struct settle_answer *answer, struct cases_row *row);
struct status life_plans_used(struct arena *a, const struct settle_answer *answer, struct cases_plan_used **ret, uint32_t *ret_count);

/* A case as it is recorded: its first event and those behind it. */
struct life_recorded {
    struct cases_row *row;
    struct cases_share *shares;
    uint32_t share_count;
    const struct journal_event **events;   /* CASE_SETTLED, then the others, oldest first */
    struct cases_effect *effects;
    uint32_t count;
    uint32_t input;                        /* the newest event that holds an input: SETTLED or ADJUSTED */
};
/* A person and the policies of one by the cover of an older event: a cover that was merged since leads to the one it was merged into. */
enum set_state life_person_get(struct cases_set *s, int64_t cover, const struct id128 *person, const struct registry_person **ret);
enum set_state life_policies_get(struct cases_set *s, int64_t cover, const struct id128 *person, const struct registry_policy **ret, uint32_t *ret_count);
/* The token whose counters count for a person: itself, or the one that it was linked into, as 32 hex digits. */
struct status life_owner_now(struct cases_set *s, struct arena *a, int64_t cover, struct str owner, struct str *ret, enum set_state *ret_state);
/* The run with its counters under another owner. */
struct status life_run_reown(struct arena *a, struct life_run *run, struct str owner);
/* WAIT: something is not read yet. ABSENT: no such case. `pending`: an event of this very group. Counter changes are given under the owners of today. */
struct status life_recorded_get(struct cases_set *s, struct arena *a, const struct id128 *case_id, struct life_recorded *ret, enum set_state *ret_state, bool *ret_pending);
/* The currency of its postings; NULL: an account is not read yet. */
const struct currency *life_recorded_currency(struct cases_context *x, const struct life_recorded *c);
/* The adjudication of one recorded event, run again. Fails with replay-differs when it does not give what the open part says. ret->bill NULL: the key is destroyed. */
struct status life_replay(struct cases_set *s, struct journal_sealer *sealer, struct arena *a, const struct journal_event *ev, const struct cases_effect *e, bool explain, struct life_run *ret, enum set_state *ret_state);

/* ---- how it is shown (show.c) ------------------------------------------------------------------------------------------------- */

struct life_show {
    struct id128 id;
    const char *state;                     /* quoted, settled */
    int64_t at_ms, expires_ms;             /* 0: not shown */
    const char *token;                     /* NULL: not shown */
    struct id128 replaces;
    struct life_run run;
};
/* Runs again with reasons and writes the answer of DESIGN §9 with id, state and times. */
struct status life_show_write(struct arena *a, struct life_show *s, struct json_writer *w);
/* The same members inside an object that the caller has begun. */
struct status life_show_members(struct arena *a, struct life_show *s, struct json_writer *w);
void life_show_render(struct cases_command *cmd, struct life_show *s, struct buf *out);

/* ---- lists (statements.c): rows of cases and open shares, newest first, for queries ------------------------------------------------------ */

enum life_statement {
#define X(id, name, params, results, lite, pg) LIFE_SQL_##id,
#include "cases/life/statements.def"
#undef X
    LIFE_SQL_COUNT
};
const struct store_statement *life_statement(enum life_statement which);
extern const struct store_statements life_statements;

/* ---- the functions of each op, in ops.c ------------------------------------------------------------------------------------------------- */

struct status life_trial_parse(struct cases_command *cmd);
bool life_trial_needs(struct cases_context *x, struct cases_command *cmd);
struct status life_trial_decide(struct cases_context *x, struct cases_command *cmd);
void life_trial_render(struct cases_command *cmd, struct buf *out);
struct status life_cancel_parse(struct cases_command *cmd);
bool life_cancel_needs(struct cases_context *x, struct cases_command *cmd);
struct status life_cancel_decide(struct cases_context *x, struct cases_command *cmd);
void life_cancel_render(struct cases_command *cmd, struct buf *out);
struct status life_confirm_parse(struct cases_command *cmd);
bool life_confirm_needs(struct cases_context *x, struct cases_command *cmd);
struct status life_confirm_decide(struct cases_context *x, struct cases_command *cmd);
void life_confirm_render(struct cases_command *cmd, struct buf *out);
struct status life_reverse_parse(struct cases_command *cmd);
bool life_case_needs(struct cases_context *x, struct cases_command *cmd);
struct status life_reverse_decide(struct cases_context *x, struct cases_command *cmd);
void life_reverse_render(struct cases_command *cmd, struct buf *out);
struct status life_again_parse(struct cases_command *cmd);
struct status life_again_decide(struct cases_context *x, struct cases_command *cmd);
void life_again_render(struct cases_command *cmd, struct buf *out);
struct status life_invoice_parse(struct cases_command *cmd);
bool life_paper_needs(struct cases_context *x, struct cases_command *cmd);
struct status life_invoice_decide(struct cases_context *x, struct cases_command *cmd);
void life_invoice_render(struct cases_command *cmd, struct buf *out);
struct status life_document_parse(struct cases_command *cmd);
struct status life_document_decide(struct cases_context *x, struct cases_command *cmd);
void life_document_render(struct cases_command *cmd, struct buf *out);
struct status life_share_parse(struct cases_command *cmd);
bool life_share_needs(struct cases_context *x, struct cases_command *cmd);
struct status life_share_decide(struct cases_context *x, struct cases_command *cmd);
void life_share_render(struct cases_command *cmd, struct buf *out);
struct status life_change_parse(struct cases_command *cmd);
bool life_change_needs(struct cases_context *x, struct cases_command *cmd);
struct status life_change_decide(struct cases_context *x, struct cases_command *cmd);
void life_change_render(struct cases_command *cmd, struct buf *out);
struct status life_close_parse(struct cases_command *cmd);
bool life_close_needs(struct cases_context *x, struct cases_command *cmd);
struct status life_close_decide(struct cases_context *x, struct cases_command *cmd);
void life_close_render(struct cases_command *cmd, struct buf *out);
struct status life_due_parse(struct cases_command *cmd);
bool life_due_needs(struct cases_context *x, struct cases_command *cmd);
struct status life_due_decide(struct cases_context *x, struct cases_command *cmd);
void life_due_render(struct cases_command *cmd, struct buf *out);

#endif
