/* plan/prove/logic — is there a bill on which these conditions hold? Decided by search over finitely many representatives.
 *
 * Internal to the room: proofs ask, witness.c turns an answer into a bill. A question is a formula over conditions of the plan. Every fact that it reads
 * becomes a variable whose candidates are concrete values, one for each way in which the conditions can tell values apart: words of a vocabulary,
 * counts around each literal, days around each date, codes by which lists they are in. Cases stand for their conditions; a class holds when the
 * policy names it, or names none and its condition holds. Cost: bounded by `work`; beyond it the answer is *not decided*.
 */
#ifndef YIJIE_PLAN_LOGIC_H
#define YIJIE_PLAN_LOGIC_H

#include "plan/ast.h"
#include "plan/run/listset.h"

/* ---- the world: what all questions about one plan share --------------------------------------------------------- */

struct logic_code {
    struct str code, name; /* name: of a line, for `name` entries; else empty */
};
struct logic_codes {
    struct logic_code *items;
    uint32_t count, cap;
    uint64_t *signatures;               /* word_count words for each: a bit for each list and day, then for each text compared with */
    uint32_t word_count;
    int32_t list_bit[LIMIT_PLAN_LISTS]; /* where the days of a list begin; -1: not of this space */
    bool too_many; /* some representatives were left out: a "no" is then no proof */
};
enum logic_code_space { LOGIC_CODES_LINE, LOGIC_CODES_DIAGNOSIS, LOGIC_CODES_PROCEDURE, LOGIC_CODES_TEXT, LOGIC_CODE_SPACES };
struct logic_world {
    struct arena *a;
    struct plan *p;
    const struct listset **sets; /* of plan->uses */
    struct day *days;            /* where lists, parameters or date literals change, and the ends of the force; ascending */
    uint32_t day_count, day_cap;
    bool days_too_many;
    struct day usual;            /* a day inside the force, away from its ends where it is long enough */
    struct logic_codes codes[LOGIC_CODE_SPACES];
    uint64_t work; /* evaluations left for the whole plan */
    bool no_memory;
};
bool logic_world_init(struct logic_world *w, struct arena *a, struct plan *p); /* false: no memory */

/* ---- formulas ------------------------------------------------------------------------------------------------------ */

struct logic;      /* one question */
struct logic_node; /* part of its formula */
struct logic *logic_new(struct logic_world *w); /* NULL: no memory; then every function below gives NULL, too */
const struct logic_node *logic_true(struct logic *q);
const struct logic_node *logic_cond(struct logic *q, const struct plan_cond *cond); /* NULL cond: true */
const struct logic_node *logic_condition(struct logic *q, int32_t condition);       /* a class or case */
const struct logic_node *logic_waited(struct logic *q, int32_t days);               /* since first enrolment */
const struct logic_node *logic_code_in_list(struct logic *q, int32_t list);         /* the line's, index in plan->uses */
const struct logic_node *logic_not(struct logic *q, const struct logic_node *a);
const struct logic_node *logic_and(struct logic *q, const struct logic_node *a, const struct logic_node *b);
const struct logic_node *logic_or(struct logic *q, const struct logic_node *a, const struct logic_node *b);

enum logic_answer { LOGIC_NO, LOGIC_YES, LOGIC_NOT_DECIDED };
/* Can it be true? Two searches: among bills of one line inside the force under a named policy, which a witness can show; when there is none, among all
 * (lines outside the force, several lines, no policy named): none there either is a NO, else it stays open. YES leaves the values found in q for logic_value. A question is solved once. */
enum logic_answer logic_solve(struct logic *q, const struct logic_node *formula);

/* ---- values of an answer ------------------------------------------------------------------------------------------ */

enum logic_about {
    LOGIC_FACT,      /* id: fact */
    LOGIC_ITEM,      /* code and name of the line */
    LOGIC_MAIN,      /* code of the main diagnosis */
    LOGIC_SECOND,    /* id: slot; code of another diagnosis, empty: none */
    LOGIC_PRIOR,     /* id: slot; code of a diagnosis before first enrolment */
    LOGIC_PROCEDURE, /* id: slot */
    LOGIC_ENDORSED,  /* id: name, see logic_endorsement */
    LOGIC_CLASS,     /* number: class index, LOGIC_CLASS_NONE or LOGIC_CLASS_FREE */
    LOGIC_DECIDING,  /* number: day */
    LOGIC_DEFAULT,   /* 1: the bill names no policy of the plan; waiting periods are served */
    LOGIC_TOTALS,    /* 1: the bill has totals only; what asks for code or kind is then false */
    LOGIC_ENROLLED   /* years and days before the deciding date */
};
enum { LOGIC_CLASS_FREE = -2 /* the policy says nothing */, LOGIC_CLASS_NONE = -1 /* it says: in no class */ };
struct logic_value {
    int64_t number;   /* symbol, bool, count, day, class; ENROLLED: years; a code: its place among the codes of its space, -1 none */
    int32_t days;     /* ENROLLED: and days (also negative) */
    struct str text, name;
};
/* The value that the answer gives; false when the question never asked, or any value does. */
bool logic_value(const struct logic *q, enum logic_about about, int32_t id, struct logic_value *ret);
uint32_t logic_slots(const struct logic *q, enum logic_about about); /* how many ids: SECOND, PRIOR, PROCEDURE, ENDORSED */
struct str logic_endorsement(const struct logic *q, int32_t id);
struct day logic_deciding(const struct logic *q);
struct day logic_line_date(const struct logic *q);
struct day logic_first_enrolled(const struct logic *q);

#endif
