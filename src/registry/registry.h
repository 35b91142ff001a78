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
/* INSTITUTION: {"kind": hospital|insurer|operator|…, "names": {"zh", "en"}, "hospital_kind", "level", "region"}
 * PAYER (name = plan name): {"institution", "hold": none|silent|need_papers|review|investigation|payee, "paid_by": lead|each,
 *        "advance_limit": minor units per hospital or null, "complex": bool, "withdrawn": bool}
 * REGION (name = code, "" the default): {"chain": name, "reverse": refuse|readjudicate, "utc_offset_minutes": 480, "guardian_age": 14,
 *        "quote_minutes": 15, "stay_quote_minutes": 1440, "difference_against": offset|receivable|waive, "favour_needs_act": bool}
 * PLAN, LIST, CHAIN: {"hash": of the text in `texts`, "grade"}; CATALOGUE: {"hash"}
 * KEY (name = key id): {"institution", "role", "hash": SHA-256 of the secret, "revoked": bool} */
struct registry_institution {
    struct str id, kind, zh, en, region;
    enum bill_hospital_kind hospital_kind;
    int64_t level;
};
struct registry_payer {
    struct str name, institution, hold;   /* hold: "" none */
    bool paid_by_each, complex;
    int64_t advance_limit;                /* -1: none */
};
struct registry_region {
    struct str code, chain;
    bool readjudicate, favour_needs_act;
    enum registry_difference { REGISTRY_OFFSET, REGISTRY_RECEIVABLE, REGISTRY_WAIVE } difference_against;
    int32_t utc_offset_minutes, guardian_age, quote_minutes, stay_quote_minutes;
};
struct registry_key {
    struct str id, institution, role;
    struct digest hash;
    bool revoked;
};
/* One text of a plan, list or chain in force over a range of days. */
struct registry_text {
    enum registry_world_kind kind;
    struct str name, text;
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
const struct registry_institution *registry_institution_find(const struct registry_world *w, struct str id);
const struct registry_payer *registry_payer_find(const struct registry_world *w, struct str plan_name); /* absent: NULL, defaults apply */
const struct registry_region *registry_region_find(const struct registry_world *w, struct str code);    /* falls back to the default region; never NULL */
const struct registry_key *registry_key_find(const struct registry_world *w, struct str id);
bool registry_has_keys(const struct registry_world *w);
const struct registry_text *registry_texts(const struct registry_world *w, uint32_t *ret_count);
const struct registry_text *registry_text_by_hash(const struct registry_world *w, const struct digest *hash);

/* ---- persons and policies: the working set ---------------------------------------------------------------- */

struct registry_person {
    struct id128 person;
    int64_t cover;
    struct person_key key;          /* opened when loaded; zero when destroyed */
    bool key_destroyed, merged;
    struct str sealed;              /* person_data */
};
struct registry_identifier {
    struct id128 person;
    int64_t cover;
    struct day_range on;
};
/* One recorded version of a policy as valid over a range; all members of bill_policy plus what only the registry knows. */
struct registry_policy {
    struct bill_policy terms;       /* plan, policy, period, status, class with evidence, endorsements, holder, payee, family … */
    struct id128 person;
    struct day_range valid;         /* when this version of the facts holds */
    int64_t recorded, superseded;   /* seqs; INT64_MAX: still stands */
    bool is_void;                   /* same product twice: the second is void */
    struct str void_reason;
};
struct registry_consent {
    struct id128 person;
    int64_t n;
    struct str actor, purpose;      /* self|guardian|agent|heir */
    bool all_payers;
    const struct str *payers;
    uint32_t payer_count;
    struct day_range on;
    bool withdrawn;
};
struct registry_set;
struct status registry_set_new(struct arena *a, const struct journal_keys *keys, struct registry_set **ret);
/* lookup: first 16 bytes of journal_lookup(kind, number). */
enum set_state registry_identifier_get(struct registry_set *s, const struct id128 *lookup, struct day on, struct registry_identifier *ret);
enum set_state registry_person_get(struct registry_set *s, int64_t cover, const struct id128 *person, const struct registry_person **ret);
/* The policies of a person as known at seq `as_of` (INT64_MAX: now), all valid versions, in order of period. */
enum set_state registry_policies_get(struct registry_set *s, int64_t cover, const struct id128 *person, int64_t as_of, const struct registry_policy **ret, uint32_t *ret_count);
enum set_state registry_consents_get(struct registry_set *s, int64_t cover, const struct id128 *person, const struct registry_consent **ret, uint32_t *ret_count);
bool registry_set_waits(const struct registry_set *s);
struct status registry_set_load(struct registry_set *s, struct store_connection *c, struct arena *a);
struct status registry_set_flush(struct registry_set *s, struct store_connection *c, struct arena *a);
/* Folds a registry event (PERSON_…, POLICY_…, CLASS_SET, CONSENT_…, WORLD_CHANGED) into the set; *ret_mine false: not a registry event. What the fold touches was loaded before
 * (registry_fold_needs names it: false while something waits). */
bool registry_fold_needs(struct registry_set *s, const struct journal_event *ev);
struct status registry_fold(struct registry_set *s, const struct journal_event *ev, bool *ret_mine);

/* The policies that a bill sees (bill_policy array for bill->policies): those of the person valid on the day that each plan's cover counts by is the plan's business; here: every version that
 * overlaps bill->from..to, void ones left out. */
struct status registry_policies_of_bill(struct arena *a, const struct registry_policy *policies, uint32_t count, const struct bill *b, const struct bill_policy **ret, uint32_t *ret_count);

/* ---- changes: requests become events ------------------------------------------------------------------------ */

/* One change as it arrives by API or import: a JSON object {"change": "institution|payer|region|plan|list|chain|catalogue|key|person|identifier|policy|endorsement|status|class|consent|withdrawal|link", …}.
 * registry_change_parse checks members strictly (unknown ones by name) without a database. decide makes its events (refusals as struct error in *ret_refusal, the domain's no). */
struct registry_change;
struct status registry_change_parse(struct arena *a, const struct json *v, struct registry_change **ret);
/* False while the set waits for what deciding needs. */
bool registry_change_needs(struct registry_set *s, const struct registry_world *w, const struct registry_change *ch);
struct status registry_change_decide(struct registry_set *s, const struct registry_world *w, const struct env *e, struct arena *a, int64_t now_ms, const struct registry_change *ch,
                                     struct journal_event **ret_events, uint32_t *ret_count, const struct error **ret_refusal);
/* Covers and persons a decided change touched late (valid time before today): cases to re-adjudicate. */
struct registry_touched {
    int64_t cover;
    struct id128 person;
    struct str plan;
    struct day from;
};
/* Import: rows of CSV (with a column "change" or --kind) or JSON (array or lines) to changes; errors by row; nothing applied here. */
struct registry_import {
    struct registry_change **changes;
    uint32_t count;
    const struct error *errors;      /* chained, place "row N" or "LINE:FIELD" */
    uint32_t error_count;
};
struct status registry_import_csv(struct arena *a, struct str bytes, struct str kind, struct registry_import *ret);
struct status registry_import_json(struct arena *a, struct str bytes, struct registry_import *ret);

extern const struct store_statements registry_statements;

#endif
