/* reader — the inside of bill_parse: members of an object, typed values, places, findings. Private to this room.
 *
 * Who uses it: the readers of this room, one file per noun. Workload: one pass over a tree of up to 10,000 lines; the
 * usual bill has no finding, so a place is a chain on the stack and becomes text only when something is wrong.
 * Invariants: a reader leaves its output untouched when the value is absent or wrong, so defaults are written before;
 * findings stand in document order; at most LIMIT_BILL_FINDINGS of each severity are kept, the earliest ones.
 */
#ifndef YIJIE_BILL_READER_H
#define YIJIE_BILL_READER_H

#include "bill/bill.h"

/* ---- findings ------------------------------------------------------------------------------------ */

enum bill_severity { BILL_SEVERITY_ERROR, BILL_SEVERITY_WARNING };

#define FINDING(ID, code, severity, zh, en, hint_zh, hint_en) BILL_FINDING_##ID,
enum bill_finding {
#include "bill/findings.def"
    BILL_FINDING_COUNT
};
#undef FINDING

struct bill_finding_row {
    const char *code;
    enum bill_severity severity;
    const char *zh, *en, *hint_zh, *hint_en;
};
const struct bill_finding_row *bill_finding_row(enum bill_finding which);

/* One value in a message, in both languages. */
struct bill_arg {
    struct str zh, en;
};

/* Where in the document: a chain up to the root. `name.p == NULL` means element `index` of an array.
 * `position` orders siblings as they stand in the document; missing members stand behind all others. */
struct bill_place {
    const struct bill_place *up;
    struct str name;
    uint32_t index, position;
};

enum { BILL_PLACE_DEPTH = 8 };
struct bill_kept_finding {
    uint32_t key[BILL_PLACE_DEPTH]; /* positions from the root; compared element by element */
    struct error error;
};
struct bill_findings {
    struct bill_kept_finding kept[LIMIT_BILL_FINDINGS];
    uint32_t count;
};

struct bill_reader {
    struct arena *arena;
    bool out_of_memory;
    uint64_t error_total; /* errors found, kept or not: to see whether a part was well formed */
    struct bill_findings errors, warnings;
};

/* Up to three values; a message that needs fewer leaves the rest empty. */
void bill_find(struct bill_reader *r, const struct bill_place *at, enum bill_finding which, const struct bill_arg args[3]);
#define BILL_FIND(r, at, which, ...) bill_find((r), (at), BILL_FINDING_##which, (const struct bill_arg[3]){__VA_ARGS__})
/* Same, for messages without values. */
void bill_find_plain(struct bill_reader *r, const struct bill_place *at, enum bill_finding which);
struct bill_arg bill_arg_text(struct str s);
struct bill_arg bill_arg_i64(struct bill_reader *r, int64_t v);
/* A text of a stranger, cut to at most 40 bytes at a character and without control characters. */
struct bill_arg bill_arg_quoted(struct bill_reader *r, struct str s);
struct bill_arg bill_arg_json_kind(enum json_kind kind);
/* The chain of kept findings, first in document order; NULL when none. Allocates in the arena. */
const struct error *bill_findings_chain(struct bill_reader *r, const struct bill_findings *f);

/* ---- objects ------------------------------------------------------------------------------------- */

enum { BILL_MEMBERS_MAX = 32 };

/* A shape: the members of one kind of object, in canonical order. */
struct bill_shape {
    const char *const *names;
    uint32_t count;
    uint32_t required; /* bit i: member i must be given */
};
struct bill_object {
    const struct bill_place *place;
    const struct bill_shape *shape;
    uint32_t size;                                 /* members in the document */
    const struct json *node[BILL_MEMBERS_MAX];     /* NULL when absent */
    uint32_t position[BILL_MEMBERS_MAX];
};
/* Sorts the members of `tree` into `ret`, reports unknown and missing ones. False (with a finding) when it is no object. */
bool bill_object_open(struct bill_reader *r, const struct bill_place *at, const struct json *tree, const struct bill_shape *shape,
                      struct bill_object *ret);
struct bill_place bill_member_place(const struct bill_object *o, uint32_t member);
struct bill_place bill_item_place(const struct bill_place *array, uint32_t index);
bool bill_has(const struct bill_object *o, uint32_t member);

/* ---- values: true and *ret set when the member is there and good; else *ret is untouched ------------ */

enum bill_sign { BILL_ANY_SIGN, BILL_NOT_NEGATIVE };

bool bill_read_text(struct bill_reader *r, const struct bill_object *o, uint32_t member, uint32_t byte_max, struct str *ret);
bool bill_read_bool(struct bill_reader *r, const struct bill_object *o, uint32_t member, bool *ret);
struct bill_range {
    int64_t min, max;
};
bool bill_read_i64(struct bill_reader *r, const struct bill_object *o, uint32_t member, struct bill_range range, int64_t *ret);
bool bill_read_amount(struct bill_reader *r, const struct bill_object *o, uint32_t member, enum bill_sign sign, int64_t *ret);
/* Decimal text with at most `scale` decimals to an integer × 10^scale; at most 12 digits before the point. */
bool bill_read_decimal(struct bill_reader *r, const struct bill_object *o, uint32_t member, int scale, int64_t *ret);
bool bill_read_day(struct bill_reader *r, const struct bill_object *o, uint32_t member, struct day *ret);
bool bill_read_word(struct bill_reader *r, const struct bill_object *o, uint32_t member, enum bill_vocabulary words, uint8_t *ret);
/* The array, within `count_max` elements (a longer one is reported and not read). */
bool bill_read_array(struct bill_reader *r, const struct bill_object *o, uint32_t member, uint32_t count_max, const struct json **ret);

/* The same on a node that stands at a place (elements of arrays, members with names of their own). */
bool bill_value_text(struct bill_reader *r, const struct bill_place *at, const struct json *node, uint32_t byte_max, struct str *ret);
bool bill_value_amount(struct bill_reader *r, const struct bill_place *at, const struct json *node, enum bill_sign sign, int64_t *ret);
bool bill_kind_check(struct bill_reader *r, const struct bill_place *at, const struct json *node, enum json_kind kind);
bool bill_identifier_check(struct bill_reader *r, const struct bill_place *at, struct str name);
/* "did you mean" and the list of names, in both languages. */
struct bill_arg bill_hint_names(struct bill_reader *r, struct str given, const char *const *names, uint32_t count);

/* Arena array that turns a refusal of memory into r->out_of_memory. */
void *bill_array(struct bill_reader *r, size_t count, size_t size, size_t align);
#define BILL_ARRAY(r, T, n) ((T *)bill_array((r), (n), sizeof(T), _Alignof(T)))

/* ---- nouns: one file each -------------------------------------------------------------------------- */

/* Members of the top level in canonical order: name, id, required. */
#define BILL_MEMBERS(X)                                                                                       \
    X(bill, BILL, 1) X(revision, REVISION, 0) X(hospital, HOSPITAL, 1) X(hospital_kind, HOSPITAL_KIND, 0)     \
    X(region, REGION, 1) X(insured_region, INSURED_REGION, 0) X(stay, STAY, 0) X(visit, VISIT, 1)             \
    X(department, DEPARTMENT, 0) X(ward, WARD, 0) X(cause, CAUSE, 0) X(from, FROM, 1) X(to, TO, 1)            \
    X(currency, CURRENCY, 1) X(interim, INTERIM, 0) X(icu_days, ICU_DAYS, 0) X(day_surgery, DAY_SURGERY, 0)   \
    X(died, DIED, 0) X(person, PERSON, 1) X(facts, FACTS, 0) X(diagnoses, DIAGNOSES, 0)                       \
    X(history, HISTORY, 0) X(procedures, PROCEDURES, 0) X(lines, LINES, 0) X(totals, TOTALS, 0)               \
    X(total, TOTAL, 0) X(statutory, STATUTORY, 0) X(deposit, DEPOSIT, 0) X(policies, POLICIES, 0)             \
    X(ext, EXT, 0) X(invoice, INVOICE, 0)
#define BILL_E_MEMBER(name, ID, required) BILL_M_##ID,
enum bill_member { BILL_MEMBERS(BILL_E_MEMBER) BILL_M_COUNT };

/* Each reads its part of the top level `o` into `b`, which already holds the defaults. */
void bill_header_read(struct bill_reader *r, const struct bill_object *o, struct bill *b);
void bill_person_read(struct bill_reader *r, const struct bill_object *o, struct bill *b);
void bill_facts_read(struct bill_reader *r, const struct bill_object *o, struct bill *b);
void bill_diagnoses_read(struct bill_reader *r, const struct bill_object *o, struct bill *b);
void bill_lines_read(struct bill_reader *r, const struct bill_object *o, struct bill *b);
void bill_totals_read(struct bill_reader *r, const struct bill_object *o, struct bill *b);
void bill_statutory_read(struct bill_reader *r, const struct bill_object *o, struct bill *b);
void bill_policies_read(struct bill_reader *r, const struct bill_object *o, struct bill *b);

/* Columns of the lines while they are being read and netted. */
struct bill_columns {
    uint32_t count;
    int64_t *number, *qty_e4, *price_e6, *amount, *returns, *net_qty_e4;
    struct str *code, *name, *ingredient, *kind_text;
    uint8_t *kind, *catalogue;
    struct day *date;
    int64_t *given[BUCKET_GIVEN_COUNT], *net[BUCKET_GIVEN_COUNT];
    bool *qty_given;
    uint32_t *line_position, *returns_position; /* where the members "line" and "returns" stand, for findings */
};
/* Reports duplicate numbers; when every line is well formed also nets returns into their lines and reports what cannot be
 * netted. A return without a quantity takes back one, or what is left where that is less. */
void bill_returns_net(struct bill_reader *r, const struct bill_place *lines_at, struct bill_columns *c, bool well_formed);
/* Totals over the lines and net sums per bucket; false with a finding when a sum passes the limit. */
bool bill_sums_compute(struct bill_reader *r, const struct bill_place *at, const struct bill_columns *c, struct bill *b);
/* Shortest exact decimal text of v / 10^scale, NUL-terminated; returns its length. */
enum { BILL_DECIMAL_BYTES = 32 };
size_t bill_decimal_format(int64_t v, int scale, char out[BILL_DECIMAL_BYTES]);
/* Resident id of GB 11643: 18 places, last is the check digit. */
bool bill_resident_id_check(struct str id);

#endif
