/* registry — institutions, persons, policies, chains, catalogues, plan versions, consents, keys: bitemporal.
 *
 * Who uses it: cases (who is this, what covers them), api and cli (import, keys), audit. DESIGN §8.
 * Two halves: the *world* is small (institutions, payers, regions, plans, chains, catalogues, keys), held in memory as an immutable snapshot that is
 * replaced when it changes; *persons* are many (identifiers, policies, consents), read through the working set of a group.
 * Invariants: a late change never edits the past: each row has valid time and recorded time (the seq of its event); persons are random tokens, names and
 * numbers lie only in sealed parts and in person_data, look-up is by keyed hash; every change is an event, and fold is the only writer of the tables.
 */
#ifndef YIJIE_REGISTRY_H
#define YIJIE_REGISTRY_H

#include "base/base.h"
#include "bill/bill.h"
#include "codec/codec.h"
#include "journal/journal.h"
#include "plan/plan.h"
#include "store/store.h"

/* ---- the world ------------------------------------------------------------------------------------------ */

/* Kinds of world rows; each row is (kind, name, valid from..to, data as canonical JSON), bitemporal. registry/world.def X(ID, "name", zh, en) */
enum registry_world_kind {
#define X(id, name, zh, en) REGISTRY_##id,
#include "registry/world.def"
#undef X
    REGISTRY_WORLD_KIND_COUNT
};
/* What the data of each kind holds, its types and defaults: registry/members.def, the rows of the same name. Rows are an overlay: on a day the newest
 * recorded row counts whose valid range holds the day. */
const char *registry_world_kind_name(enum registry_world_kind k);
struct registry_institution {
    struct str id, kind, zh, en, region;
    enum bill_hospital_kind hospital_kind;
    int64_t level;
};
struct registry_payer {
    struct str name, institution, hold;   /* hold: "" none */
    bool paid_by_each, complex, withdrawn;
    int64_t advance_limit;                /* -1: none */
};
struct registry_region {
    struct str code, chain;
    bool readjudicate, favour_needs_act;
    enum registry_difference { REGISTRY_OFFSET, REGISTRY_RECEIVABLE, REGISTRY_WAIVE } difference_against;
    int32_t utc_offset_minutes, guardian_age, quote_minutes, stay_quote_minutes;
};
/* Roles of API keys: registry/roles.def X(ID, "name", zh, en). */
enum registry_role {
#define X(ID, name, zh, en) REGISTRY_ROLE_##ID,
#include "registry/roles.def"
#undef X
    REGISTRY_ROLE_COUNT
};
const char *registry_role_name(enum registry_role r);
const char *registry_role_label(enum registry_role r, bool zh);
bool registry_role_parse(struct str name, enum registry_role *ret);
struct registry_key {
    struct str id, institution, role, name;
    enum registry_role role_id;
    struct digest hash;
    bool revoked;
};
/* One text of a plan, list or chain in force over a range of days. The text of a catalogue is not held (empty): registry_text_read. */
struct registry_text {
    enum registry_world_kind kind;
    struct str name, text, grade;
    struct day_range on;
    struct digest hash;
};
/* An immutable snapshot; counted references; safe to read from many threads. Lookups give NULL when absent. */
struct registry_world;
struct status registry_world_load(struct store_connection *c, struct arena *a, struct registry_world **ret);
struct registry_world *registry_world_hold(struct registry_world *w);
void registry_world_release(struct registry_world *w);
int64_t registry_world_version(const struct registry_world *w);
struct status registry_world_version_read(struct store_connection *c, struct arena *a, int64_t *ret);
/* A world without rows, for tests and for a store that is empty: only the default region. */
struct status registry_world_empty(struct arena *a, struct registry_world **ret);
/* What holds on a day. A payer, an institution, a key: NULL when absent. A region falls back to the default region (code ""), and that to the
 * defaults of members.def: never NULL. */
const struct registry_institution *registry_institution_on(const struct registry_world *w, struct str id, struct day on);
const struct registry_payer *registry_payer_on(const struct registry_world *w, struct str plan_name, struct day on);
const struct registry_region *registry_region_on(const struct registry_world *w, struct str code, struct day on);
/* The newest recorded row, whatever its days. */
const struct registry_institution *registry_institution_find(const struct registry_world *w, struct str id);
const struct registry_payer *registry_payer_find(const struct registry_world *w, struct str plan_name); /* absent: NULL, defaults apply */
const struct registry_region *registry_region_find(const struct registry_world *w, struct str code);    /* falls back to the default region; never NULL */
const struct registry_key *registry_key_find(const struct registry_world *w, struct str id);
bool registry_has_keys(const struct registry_world *w); /* ever: revoking the last one opens nothing again */
/* The key whose text ("yk_<id>_<secret>") was presented and that is not revoked; else NULL. Constant time in the secret. */
const struct registry_key *registry_key_check(const struct registry_world *w, struct str presented);
const struct registry_key *registry_keys(const struct registry_world *w, uint32_t *ret_count); /* newest rows, revoked ones too, by id */
/* The texts in force: ranges of one name do not overlap (the overlay is cut), in order of kind, name, first day. */
const struct registry_text *registry_texts(const struct registry_world *w, uint32_t *ret_count);
const struct registry_text *registry_text_by_hash(const struct registry_world *w, const struct digest *hash);
/* Any text that was ever recorded, by its hash: *ret.p NULL when there is none. */
struct status registry_text_read(struct store_connection *c, struct arena *a, const struct digest *hash, struct str *ret);

/* ---- persons and policies: the working set ---------------------------------------------------------------- */

struct registry_person {
    struct id128 person;
    int64_t cover;
    struct person_key key;          /* opened when loaded; zero when destroyed */
    bool key_destroyed, merged;     /* merged: linked into another person, `into`; identifiers lead there */
    struct id128 into;
    struct str sealed;              /* person_data: commitment (32 bytes), then the sealed bytes of the newest person event */
};
/* What person_data holds once opened. */
struct registry_person_number {
    struct str kind, number, hospital; /* as in a bill; hospital: of kind "unknown" */
    struct day_range on;
};
struct registry_person_data {
    struct str name;
    struct day born;                /* DAY_NONE: unknown */
    enum bill_sex sex;
    const struct registry_person_number *numbers;
    uint32_t number_count;
};
/* Fails with registry-person-erased, seal-broken. */
struct status registry_person_data_open(struct arena *a, const struct registry_person *p, struct registry_person_data *ret);
struct registry_identifier {
    struct id128 person;
    int64_t cover;
    struct day_range on;
};
/* One version of a policy as it holds over a range of days, cut out of the overlay; all members of bill_policy plus what only the registry knows. */
struct registry_policy {
    struct bill_policy terms;       /* plan, policy, period, status, class with evidence, endorsements, holder, payee, family … */
    struct id128 person;
    struct day_range valid;         /* when this version of the facts holds */
    int64_t recorded, superseded;   /* seqs of the row; INT64_MAX: still stands */
    bool is_void;                   /* same product twice: the second is void */
    struct str void_reason;         /* "same-product-twice" or as given by the insurer */
    struct str class_reason;        /* of the CLASS_SET that set it */
};
struct registry_consent {
    struct id128 person;            /* as it was given: n counts from 1 for each person token */
    int64_t n;
    struct str actor, purpose;      /* self|guardian|agent|heir */
    bool all_payers;
    const struct str *payers;       /* plan names */
    uint32_t payer_count;
    struct day_range on;            /* ends the day before a withdrawal */
    bool withdrawn;
};
struct registry_set;
struct status registry_set_new(struct arena *a, const struct journal_keys *keys, struct registry_set **ret);
const struct journal_keys *registry_set_keys(const struct registry_set *s);
/* How a person of a bill or change is found: first 16 bytes of journal_lookup. Kind "unknown": the hospital and its number; kind "newborn": mother's
 * number, birth date, name as given (twins stay two persons; `link` joins). Letters of numbers count as capitals. */
void registry_person_lookup(const struct journal_keys *keys, const struct bill_person *p, struct str hospital, struct id128 *ret);
enum set_state registry_identifier_get(struct registry_set *s, const struct id128 *lookup, struct day on, struct registry_identifier *ret);
/* Covers and persons: a cover that was merged in this set stands for the one it was merged into; a person that was linked is found as such (merged, into).
 * registry_identifier_get gives the person at the end of the links. */
enum set_state registry_person_get(struct registry_set *s, int64_t cover, const struct id128 *person, const struct registry_person **ret);
/* The policies of a person (and of those linked into it) as known at seq `as_of` (INT64_MAX: now): all valid versions, in order of plan period, policy,
 * valid range. Sealed parts are opened with the person's key; of an erased person class, endorsements, holder and payee are absent. */
enum set_state registry_policies_get(struct registry_set *s, int64_t cover, const struct id128 *person, int64_t as_of, const struct registry_policy **ret, uint32_t *ret_count);
enum set_state registry_consents_get(struct registry_set *s, int64_t cover, const struct id128 *person, const struct registry_consent **ret, uint32_t *ret_count);
bool registry_set_waits(const struct registry_set *s);
struct status registry_set_load(struct registry_set *s, struct store_connection *c, struct arena *a);
/* Folds read ev->seq. A caller who learns the real numbers only behind the folds (the head row is locked last) numbers a group's events from
 * JOURNAL_SEQ_PROVISIONAL on, and before flushing settles every number that folds of this set wrote: base = head.size. */
void registry_set_renumber(struct registry_set *s, int64_t base);
/* Contexts for sealing and opening that the set may use from now on (one thread); without one each policy with a private part costs about 40 µs. */
void registry_set_sealer(struct registry_set *s, struct journal_sealer *sealer);
struct status registry_set_flush(struct registry_set *s, struct store_connection *c, struct arena *a);
/* Folds a registry event (PERSON_…, POLICY_…, CLASS_SET, CONSENT_…, WORLD_CHANGED) into the set; *ret_mine false: not a registry event. What the fold touches was loaded before
 * (registry_fold_needs names it: false while something waits). */
bool registry_fold_needs(struct registry_set *s, const struct journal_event *ev);
struct status registry_fold(struct registry_set *s, const struct journal_event *ev, bool *ret_mine);
/* What cases needs of COVERS_MERGED and PERSONS_LINKED to merge counters: all of cover `from` now belong to `to`; what was counted for `person` counts for `into`
 * (zero in COVERS_MERGED). False: another event, or one that cannot be read. */
struct registry_merge {
    int64_t from, to;               /* covers; in PERSONS_LINKED both are the common cover */
    struct id128 person, into;
};
bool registry_merge_of(struct arena *a, const struct journal_event *ev, struct registry_merge *ret);

/* The policies that a bill sees (bill_policy array for bill->policies): one entry a policy that overlaps bill->from..to, void ones left out. When the policy is in force on a
 * part of the stay only (lapse, suspension, reinstatement), `on` is cut to that part, so that the plan's own rule about a stay over the end of cover decides; when it is
 * in force on no day of the stay, the entry has the status of the last day and the plan refuses. */
struct status registry_policies_of_bill(struct arena *a, const struct registry_policy *policies, uint32_t count, const struct bill *b, const struct bill_policy **ret, uint32_t *ret_count);

/* ---- changes: requests become events ------------------------------------------------------------------------ */

/* One change as it arrives by API or import: a JSON object {"change": "institution|payer|region|plan|list|chain|catalogue|key|person|identifier|policy|endorsement|status|class|consent|withdrawal|link|erasure", …}; members: registry/members.def.
 * registry_change_parse checks members strictly (unknown ones by name) without a database. decide makes its events (refusals as struct error in *ret_refusal, the domain's no);
 * no event: it stands so already. */
struct registry_change;
struct status registry_change_parse(struct arena *a, const struct json *v, struct registry_change **ret);
const char *registry_change_name(const struct registry_change *ch); /* "policy" … */
/* A plan, list or chain from a file (JSON texts are short, plans are not). kind: REGISTRY_PLAN, _LIST, _CHAIN, _CATALOGUE. */
struct registry_text_change {
    enum registry_world_kind kind;
    struct str name, text, grade;
    struct day_range on;
};
struct status registry_change_text(struct arena *a, const struct registry_text_change *t, struct registry_change **ret);
/* API keys: a change of kind "key" without a hash asks for a new secret. registry_key_fill makes it (32 random bytes) and gives the text that is shown once,
 * "yk_<id>_<secret>"; the change then holds only its SHA-256. Call it once, before deciding. */
bool registry_change_makes_key(const struct registry_change *ch);
struct status registry_key_fill(const struct env *e, struct arena *a, struct registry_change *ch, struct str *ret_id, struct str *ret_presented);
/* False while the set waits for what deciding needs. In a batch ask again before each decision (an earlier change of the batch may have founded the family that a
 * later one joins): load and go on. decide fails with registry-waits when this was left out. A registry_set_load without a connection (NULL) finds everything absent. */
bool registry_change_needs(struct registry_set *s, const struct registry_world *w, const struct registry_change *ch);
struct status registry_change_decide(struct registry_set *s, const struct registry_world *w, const struct env *e, struct arena *a, int64_t now_ms, const struct registry_change *ch,
                                     struct journal_event **ret_events, uint32_t *ret_count, const struct error **ret_refusal);
/* The covers that a change reads or writes, once registry_change_needs is true: to be locked before deciding. At most REGISTRY_CHANGE_COVERS. */
enum { REGISTRY_CHANGE_COVERS = 4 };
uint32_t registry_change_covers(struct registry_set *s, const struct registry_change *ch, int64_t ret[REGISTRY_CHANGE_COVERS]);
/* A person of a bill that nobody knows yet: new token, new cover, new key (kept in the set until the flush). One event. */
struct registry_newcomer {
    const struct bill_person *person;
    struct str hospital;            /* whose number an unknown patient has */
    struct day from;                /* since when the number leads here; DAY_NONE: always */
};
struct status registry_person_register(struct registry_set *s, const struct env *e, struct arena *a, const struct registry_newcomer *n, struct journal_event **ret_events,
                                       uint32_t *ret_count, struct registry_person *ret);
/* Covers and persons a decided change touched late (valid time before today): cases to re-adjudicate. */
struct registry_touched {
    int64_t cover;
    struct id128 person;
    struct str plan;                /* "": every plan (persons linked) */
    struct day from;                /* the first day whose facts changed */
};
/* Of events as decided: those that change facts before `today`. */
struct status registry_touched_of(struct arena *a, const struct journal_event *events, uint32_t count, struct day today, struct registry_touched **ret, uint32_t *ret_count);
/* Import: rows of CSV (with a column "change" or --kind) or JSON (array or lines) to changes; errors by row; nothing applied here. */
enum { REGISTRY_IMPORT_ERRORS = 20 };
struct registry_import {
    struct registry_change **changes;
    uint32_t count;
    const struct error *errors;      /* chained, at most REGISTRY_IMPORT_ERRORS, place "ROW:COLUMN" (CSV: line of the file and column, JSON: number of the row and path) */
    uint32_t error_count;            /* all of them */
};
struct status registry_import_csv(struct arena *a, struct str bytes, struct str kind, struct registry_import *ret);
struct status registry_import_json(struct arena *a, struct str bytes, struct registry_import *ret);

/* All changes with their members, in Markdown, both languages: docs/registry-changes.md. */
void registry_document(struct buf *out);

extern const struct store_statements registry_statements;

#endif
