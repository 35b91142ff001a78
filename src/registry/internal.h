/* internal — what the files of this room share: errors by table, the model of a change, rows of the set, events being decided.
 *
 * Who uses it: only src/registry. Invariants: a row lies once in memory however it was found (by look-up or by cover); what is marked `fresh` or `dirty`
 * goes out at the flush and nothing else; a pointer to a row stays good for the life of the set.
 */
#ifndef YIJIE_REGISTRY_INTERNAL_H
#define YIJIE_REGISTRY_INTERNAL_H

#include "registry/registry.h"

/* ---- errors ---------------------------------------------------------------------------------------------- */

enum registry_error {
#define X(ID, code, zh, en, hint_zh, hint_en) REGISTRY_E_##ID,
#include "registry/errors.def"
#undef X
    REGISTRY_ERROR_COUNT
};
/* One value of a message. Texts of strangers go through registry_quoted. */
struct registry_arg {
    struct str zh, en;
};
static inline struct registry_arg registry_arg(struct str s) { return (struct registry_arg){s, s}; }
struct registry_arg registry_arg_i64(struct arena *a, int64_t v);
/* At most 40 bytes, cut at a character, without control characters. */
struct registry_arg registry_quoted(struct arena *a, struct str s);
/* NULL when there is no memory. */
const struct error *registry_error_new(struct arena *a, enum registry_error which, struct str place, struct registry_arg one, struct registry_arg two);
struct status registry_fail(struct arena *a, enum registry_error which, struct str place, struct registry_arg one);
enum { REGISTRY_NAMES_BYTES = 1024 };

/* ---- limits ------------------------------------------------------------------------------------------------ */

enum {
    REGISTRY_LIST_MAX = 200,      /* items of a LIST */
    REGISTRY_BODY_PARTS_MAX = 256,
    REGISTRY_VERSIONS_MAX = 64,   /* segments of one policy, events of one change */
    REGISTRY_GROUP_MAX = 256,     /* persons of one cover group */
    REGISTRY_LINKS_MAX = 16,      /* links followed from a token */
    REGISTRY_MEMBERS_MAX = 24
};
enum { REGISTRY_EVENT_VERSION = 1 };

/* ---- the model of a change ------------------------------------------------------------------------------------ */

enum registry_change_kind {
#define X(ID, name, zh, en) REGISTRY_CHANGE_##ID,
#include "registry/changes.def"
#undef X
    REGISTRY_CHANGE_KIND_COUNT,
    REGISTRY_CHANGE_PERSON_REF = REGISTRY_CHANGE_KIND_COUNT, /* not a change: the object that names a person */
    REGISTRY_SHAPE_COUNT
};
/* All members in one row of numbers: REGISTRY_M_POLICY_PLAN … */
enum registry_member {
#define M(CHANGE, ID, name, type, required, words, min, max, zh, en) REGISTRY_M_##CHANGE##_##ID,
#include "registry/members.def"
#undef M
    REGISTRY_MEMBER_COUNT
};
enum registry_type { REGISTRY_T_CODE, REGISTRY_T_NAME, REGISTRY_T_INT, REGISTRY_T_BOOL, REGISTRY_T_DAY, REGISTRY_T_WORD, REGISTRY_T_LIST, REGISTRY_T_BODY, REGISTRY_T_PERSON };
struct registry_member_row {
    uint8_t shape; /* enum registry_change_kind */
    uint8_t type;
    bool required;
    const char *name, *words, *zh, *en;
    int64_t min, max;
};
extern const struct registry_member_row registry_members[REGISTRY_MEMBER_COUNT];
extern const char *const registry_change_names[REGISTRY_CHANGE_KIND_COUNT];
/* First member of a shape and how many it has. */
uint32_t registry_shape_start(enum registry_change_kind shape, uint32_t *ret_count);
/* Is `word` one of "a|b|c"? */
bool registry_word_in(const char *words, struct str word);

struct registry_value {
    bool given;
    bool boolean;
    int64_t number;
    struct day day;
    struct str text;               /* CODE, NAME, WORD, BODY */
    const struct str *list;
    uint32_t list_count;
};
/* How a change names a person, checked. */
struct registry_person_ref {
    enum registry_ref_kind { REGISTRY_REF_NONE, REGISTRY_REF_NUMBER, REGISTRY_REF_TOKEN } kind;
    struct bill_person person;     /* NUMBER: id_kind, id; and name, born, sex where given (born and sex follow from an identity number) */
    struct str hospital;
    struct id128 token;
    int64_t cover;
};
struct registry_change {
    enum registry_change_kind kind;
    struct registry_value values[REGISTRY_MEMBERS_MAX]; /* in order of the shape's rows */
    struct registry_person_ref person, other;           /* other: identity, into */
    struct digest hash;                                 /* BODY */
};
/* The value of a member; CHECKs that the member is of the change's shape. */
const struct registry_value *registry_value(const struct registry_change *ch, enum registry_member m);
/* Range of two DAY members; DAY_NONE .. DAY_OPEN where not given. */
struct day_range registry_range(const struct registry_change *ch, enum registry_member from, enum registry_member to);

/* Errors of one document or row, in order, at most REGISTRY_IMPORT_ERRORS kept. */
struct registry_reader {
    struct arena *arena;
    bool texts;                    /* CSV: every value is a text, an empty one is absent */
    bool out_of_memory;
    struct str prefix;             /* before each place: "12:" */
    struct error *first, *last;
    uint32_t kept, count;
};
void registry_find(struct registry_reader *r, struct str place, enum registry_error which, struct registry_arg one, struct registry_arg two);
/* NULL when something was found (r->count rose) or memory is out. */
struct registry_change *registry_change_read(struct registry_reader *r, const struct json *v);
/* Reads the members of a shape into values; false when something was found. */
bool registry_members_read(struct registry_reader *r, const struct json *v, enum registry_change_kind shape, struct str path, struct registry_value *values, const struct json **nodes);
bool registry_person_ref_read(struct registry_reader *r, const struct json *v, struct str path, struct registry_person_ref *ret);

/* A plan, list or chain must be readable, and a plan be the one that it is called; else a finding at `text`. (Whether a plan holds water is the checker's business.) */
void registry_body_check(struct registry_reader *r, const struct registry_change *ch);
struct str registry_body_of(const struct registry_change *ch);

/* ---- identity numbers --------------------------------------------------------------------------------------------- */

/* GB 11643: 18 places, check digit, a birth date that exists; gives birth date and sex. */
bool registry_resident_id(struct str id, struct day *ret_born, enum bill_sex *ret_sex);

/* ---- rows of the set ----------------------------------------------------------------------------------------------- */

struct set_person {
    struct id128 person, into;
    int64_t cover, born_cover;     /* now; at registration (where the key lies for old events) */
    int64_t stored_cover;          /* where the row lies in the table; 0: not written yet */
    int64_t registered, data_seq;
    struct str wrapped, data;      /* empty: none */
    bool linked, erased;
    bool fresh, dirty, data_dirty, key_fresh, opened;
    struct registry_person shown;
};
struct set_identifier {
    struct id128 lookup, person;
    int64_t cover, key_version, recorded, superseded;
    struct day_range on;
    bool dirty;
};
struct set_policy {
    struct id128 person;
    int64_t cover, recorded, superseded;
    struct str policy, plan, status, data, sealed;
    struct day_range valid;
    bool dirty, decoded;
    struct registry_policy shown;
};
struct set_consent {
    struct id128 person;
    int64_t cover, n, seq, withdrawn; /* withdrawn: first day (days) that it no longer holds; INT64_MAX: stands */
    struct str data;
    bool dirty, decoded;
    struct registry_consent shown;
};
struct set_world {
    struct str kind, name, data;
    struct day_range on;
    int64_t recorded, superseded;
    bool dirty;
};
#define SET_LIST(T) struct { T **items; uint32_t count, cap; }
enum set_part { SET_PERSONS = 1, SET_POLICIES = 2, SET_CONSENTS = 4, SET_IDENTIFIERS = 8 };
enum { SET_ALL = SET_PERSONS | SET_POLICIES | SET_CONSENTS | SET_IDENTIFIERS };
struct set_cover {
    int64_t cover, moved_to;       /* 0: not merged in this set */
    bool touched;                  /* by an event folded here since the last flush */
    bool born;                     /* made by one: the tables know nothing of it */
    uint32_t stored;               /* persons that lie there in the table (verify) */
    uint32_t wanted, loaded;       /* enum set_part */
    SET_LIST(struct set_person) persons;
    SET_LIST(struct set_policy) policies;
    SET_LIST(struct set_consent) consents;
    SET_LIST(struct set_identifier) identifiers;
};
struct set_lookup {
    struct id128 lookup;
    bool wanted, loaded;
    SET_LIST(struct set_identifier) rows;
};
struct set_name {
    struct str kind, name;
    bool wanted, loaded;
    SET_LIST(struct set_world) rows;
};
struct set_text {
    struct digest hash;
    struct str kind, name, body;
};
struct set_key {                   /* made while deciding, written when the registration was folded */
    struct id128 person;
    struct str wrapped;
};
struct set_move {
    int64_t from, to;
};
/* One table of everything that is found by 16 bytes. */
enum set_kind { SET_KIND_COVER = 1, SET_KIND_PERSON, SET_KIND_LOOKUP, SET_KIND_NAME };
struct set_slot {
    struct id128 key;
    uint8_t kind;                  /* 0: free */
    void *thing;
};
struct registry_set {
    struct arena *arena;
    const struct journal_keys *keys;
    struct journal_sealer *sealer; /* NULL: one is made each time */
    bool waits, out_of_memory;
    struct status failure;         /* a row that could not be read or opened: the next load, decision or flush says so */
    struct set_slot *slots;
    uint32_t slot_count, slot_used;
    SET_LIST(struct set_cover) covers;
    SET_LIST(struct set_lookup) lookups;
    SET_LIST(struct set_name) names;
    SET_LIST(struct set_person) persons;
    SET_LIST(struct set_identifier) identifiers;
    SET_LIST(struct set_policy) policies;
    SET_LIST(struct set_consent) consents;
    SET_LIST(struct set_world) world;
    SET_LIST(struct set_text) texts;
    SET_LIST(struct set_key) new_keys;
    SET_LIST(struct set_move) moves;
    SET_LIST(struct set_person) erased;
    SET_LIST(int64_t) seqs;        /* what folds wrote, for renumbering */
    int64_t world_version;         /* seq of the newest WORLD_CHANGED folded here; -1 none */
};
struct set_cover *registry_set_cover_at(struct registry_set *s, int64_t cover);       /* made when absent; merged ones followed; NULL: no memory */
struct set_cover *registry_set_cover_raw(struct registry_set *s, int64_t cover);      /* the entry itself */
int64_t registry_set_cover_now(struct registry_set *s, int64_t cover);
struct set_person *registry_set_person_find(struct registry_set *s, const struct id128 *person); /* NULL when not in memory */
struct set_person *registry_set_person_end(struct registry_set *s, struct set_person *p);       /* behind its links */
struct set_lookup *registry_set_lookup_at(struct registry_set *s, const struct id128 *lookup);
struct set_name *registry_set_name_at(struct registry_set *s, struct str kind, struct str name);
/* True when the parts of the cover are loaded; else they become a wish. */
bool registry_set_cover_want(struct registry_set *s, int64_t cover, uint32_t parts);
bool registry_set_lookup_want(struct registry_set *s, const struct id128 *lookup);
bool registry_set_name_want(struct registry_set *s, struct str kind, struct str name);
/* Adds a row as loaded or folded; a person or identifier that is there already is given back. NULL: no memory. */
struct set_person *registry_set_person_add(struct registry_set *s, const struct id128 *person, int64_t cover);
struct set_identifier *registry_set_identifier_add(struct registry_set *s, const struct set_identifier *row);
struct set_policy *registry_set_policy_add(struct registry_set *s, const struct set_policy *row);
struct set_consent *registry_set_consent_add(struct registry_set *s, const struct set_consent *row);
struct set_world *registry_set_world_add(struct registry_set *s, const struct set_world *row);
/* Puts seq into *field and remembers the field for renumbering. */
void registry_set_seq_put(struct registry_set *s, int64_t *field, int64_t seq);
bool registry_set_range_holds(struct day_range outer, struct day_range inner);
/* All rows of `from` go to `to`, in memory; the statements follow at the flush. False: no memory. */
bool registry_set_merge(struct registry_set *s, int64_t from, int64_t to);

/* The person whose number it is on the day; SET_ABSENT when nobody's. Rows of the end of links. */
enum set_state registry_set_person_by_lookup(struct registry_set *s, const struct id128 *lookup, struct day on, struct set_person **ret);
/* Opens what person_data and policies keep: commitment ‖ sealed. */
struct status registry_set_unseal(struct registry_set *s, struct arena *a, const struct person_key *key, struct str stored, struct str *ret);
/* The group that a family's look-up leads to (its rows have no person: the family outlives each of its members). */
enum set_state registry_set_cover_by_lookup(struct registry_set *s, const struct id128 *lookup, int64_t *ret);
/* Opened: key unwrapped, `shown` filled. Fails only for lack of memory. */
struct status registry_set_person_show(struct registry_set *s, struct set_person *p);

/* Is what was read and then changed here still what the tables hold? Under the head row's lock. Fails with set-stale: to be done again with a new set. */
struct status registry_set_verify(struct registry_set *s, struct store_connection *c, struct arena *a);

/* The overlay: among rows whose range holds the day, the one recorded last and not after `as_of`. */
struct overlay_row {
    struct day_range on;
    int64_t recorded;
    const void *thing;
};
struct overlay_segment {
    struct day_range on;
    const void *thing;
};
/* Segments in order of days, neighbours of one thing joined; rows: any order. NULL when out of memory. */
struct overlay_segment *registry_overlay_cut(struct arena *a, const struct overlay_row *rows, uint32_t count, uint32_t *ret_count);

/* ---- policies as JSON --------------------------------------------------------------------------------------------------- */

/* Canonical JSON of the open terms (policy.c, both ways). `of`: what kind of change it was. */
struct status registry_policy_open_write(struct arena *a, const struct registry_policy *p, const char *of, struct str extra, struct str *ret);
struct status registry_policy_private_write(struct arena *a, const struct registry_policy *p, struct str *ret); /* empty text: nothing private */
/* Both fail with out-of-memory, or registry-row-broken. */
struct status registry_policy_open_read(struct arena *a, struct str open, struct registry_policy *ret);
struct status registry_policy_private_read(struct arena *a, struct str json, struct registry_policy *ret);
/* Decodes a row once; opens its sealed part with the person's key when there is one. */
struct status registry_set_policy_show(struct registry_set *s, struct set_policy *p, const struct person_key *key);
struct status registry_set_consent_show(struct registry_set *s, struct set_consent *c);

/* ---- helpers for JSON -------------------------------------------------------------------------------------------------------- */

/* One object; fails with out-of-memory, else registry-row-broken of that table. */
struct status registry_json_row(struct arena *a, struct str text, const char *table, const struct json **ret);
bool registry_is_memory(struct status s);
struct str registry_json_text(const struct json *o, const char *name);               /* empty when absent */
int64_t registry_json_number(const struct json *o, const char *name, int64_t absent);
bool registry_json_flag(const struct json *o, const char *name, bool absent);
struct day registry_json_day(const struct json *o, const char *name, struct day absent);
struct str registry_day_text(struct arena *a, struct day d);
void registry_json_day_member(struct json_writer *w, const char *name, struct day d); /* left out when not a day */
void registry_json_text_member(struct json_writer *w, const char *name, struct str s); /* left out when empty */
void registry_json_cover_member(struct json_writer *w, const char *name, int64_t cover);
void registry_json_id_member(struct json_writer *w, const char *name, const struct id128 *id);
bool registry_cover_parse(struct str s, int64_t *ret);
/* Canonical form of what `b` holds, in the arena. */
struct status registry_canonical_take(struct arena *a, struct buf *b, struct str *ret);

/* ---- events ----------------------------------------------------------------------------------------------------------------------- */

/* The data of a world row, canonical, from the members of its change. */
struct status registry_world_data_write(struct arena *a, const struct registry_change *ch, struct str *ret);
struct str registry_world_name_of(const struct registry_change *ch);

struct decider {
    struct registry_set *s;
    const struct registry_world *w;
    const struct env *e;
    struct arena *a;
    struct day today;
    const struct registry_change *ch;
    struct journal_event *events;
    uint32_t count, cap;
    const struct error *refusal;
};
/* Who a change is about: known, or registered in the same change. */
struct subject {
    struct id128 person;
    int64_t cover;
    struct person_key key;
    struct set_person *row;        /* NULL: registered just now */
};
struct status registry_decide_refuse(struct decider *d, enum registry_error which, const char *place, struct registry_arg one);
/* One event; plaintext empty: no sealed part. */
struct status registry_decide_event(struct decider *d, enum journal_type type, const struct subject *who, struct str open, struct str plaintext);
/* Finds the person of a ref; refuses unknown, erased, merged ones. Check d->refusal. */
struct status registry_decide_subject(struct decider *d, const struct registry_person_ref *ref, const char *place, struct subject *ret);
/* A new person; join: an existing cover group, 0: a new one. */
struct newcomer {
    const struct registry_person_ref *ref;
    struct day from;
    int64_t join;
};
struct status registry_decide_register(struct decider *d, const struct newcomer *n, struct subject *ret);
/* Whom a ref names, from what is in memory: SET_WAIT when that is not enough. */
enum set_state registry_subject_find(struct registry_set *s, const struct registry_person_ref *ref, struct set_person **ret);
struct status registry_person_data_write(struct arena *a, const struct registry_person_data *data, struct str *ret);
struct status registry_person_data_read(struct arena *a, struct str json, struct registry_person_data *ret);
struct status registry_subject_data(struct decider *d, const struct subject *who, struct registry_person_data *ret);
struct status registry_decide_world(struct decider *d);
struct status registry_decide_person(struct decider *d);
struct status registry_decide_identifier(struct decider *d);
struct status registry_decide_link(struct decider *d);
struct status registry_decide_erasure(struct decider *d);
struct status registry_decide_policy(struct decider *d);
struct status registry_decide_endorsement(struct decider *d);
struct status registry_decide_status(struct decider *d);
struct status registry_decide_class(struct decider *d);
struct status registry_decide_consent(struct decider *d);
struct status registry_decide_withdrawal(struct decider *d);
/* All of cover `from` goes to cover `to`: the event, when they differ. Refuses too large groups. */
struct status registry_decide_merge(struct decider *d, int64_t from, int64_t to, const char *why);
/* Two policies of one product of the person that overlap: the one that began later becomes void (after a link). */
struct status registry_decide_void_twins(struct decider *d, const struct subject *a, const struct subject *b);
/* The look-up of a family: HMAC of "family", plan ‖ 0 ‖ family. */
void registry_family_lookup(const struct journal_keys *keys, struct str plan, struct str family, struct id128 *ret);

/* ---- statements (statements.c) -------------------------------------------------------------------------------------------------- */

enum registry_statement {
    REGISTRY_Q_LOOKUP, REGISTRY_Q_PERSONS, REGISTRY_Q_POLICIES, REGISTRY_Q_CONSENTS, REGISTRY_Q_IDENTIFIERS, REGISTRY_Q_WORLD_NAME, REGISTRY_Q_WORLD, REGISTRY_Q_TEXT,
    REGISTRY_Q_VERSION, REGISTRY_W_MOVE_PERSONS, REGISTRY_W_MOVE_DATA, REGISTRY_W_MOVE_POLICIES, REGISTRY_W_MOVE_CONSENTS, REGISTRY_W_MOVE_IDENTIFIERS, REGISTRY_W_COPY_KEYS,
    REGISTRY_W_PERSON, REGISTRY_W_DATA, REGISTRY_W_KEY, REGISTRY_W_ERASE_KEY, REGISTRY_W_ERASE_DATA, REGISTRY_W_IDENTIFIER, REGISTRY_W_POLICY, REGISTRY_W_CONSENT,
    REGISTRY_W_WORLD, REGISTRY_W_TEXT, REGISTRY_W_VERSION, REGISTRY_STATEMENT_COUNT
};
const struct store_statement *registry_statement(enum registry_statement which);

#endif
