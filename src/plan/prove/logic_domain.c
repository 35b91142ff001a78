/* plan/prove/logic_domain — the candidates of each variable of a question.
 *
 * Who uses it: logic_solve. Soundness of a "no": every value that a bill can hold behaves, in every leaf of the question, like some candidate. For
 * vocabularies all words are tried; for counts each literal with its neighbours; for codes and days the representatives of the world.
 * Candidates that no leaf of this question tells apart are merged, so that the search stays small.
 */
#include "plan/prove/logic_inside.h"

enum { DOMAIN_LEAVES = 256 };

struct domain {
    struct logic *q;
    struct logic_variable *v;
    const struct plan_cond *leaves[DOMAIN_LEAVES]; /* that read this variable */
    uint32_t leaf_count;
    bool all;               /* keep every candidate: more leaves than are compared */
};

/* ---- which leaves read a variable --------------------------------------------------------------------------- */

static bool reads(const struct logic_variable *v, const struct plan_cond *c) {
    switch (c->kind) {
    case PLAN_COND_FACT:
    case PLAN_COND_IN:
    case PLAN_COND_COMPARE:
        if (c->ref.index == PLAN_FACT_CODE) return v->about == LOGIC_ITEM;
        if (c->ref.index == PLAN_FACT_POLICY_YEARS) return v->about == LOGIC_ENROLLED;
        return v->about == LOGIC_FACT && v->id == c->ref.index;
    case PLAN_COND_CODE_IN_LIST: return v->about == LOGIC_ITEM;
    case PLAN_COND_TEXT_IN_LIST: return v->about == LOGIC_FACT && v->id == c->fact.index;
    case PLAN_COND_DIAGNOSIS_IN_LIST: return v->about == LOGIC_SECOND || v->about == LOGIC_MAIN;
    case PLAN_COND_MAIN_IN_LIST: return v->about == LOGIC_MAIN;
    case PLAN_COND_PROCEDURE_IN_LIST: return v->about == LOGIC_PROCEDURE;
    case PLAN_COND_FIRST_DIAGNOSED: return v->about == LOGIC_PRIOR;
    case PLAN_COND_ENDORSED:
    case PLAN_COND_AND:
    case PLAN_COND_OR:
    case PLAN_COND_NOT:
    case PLAN_COND_NAME: return false;
    }
    return false;
}

static void gather(struct domain *d, const struct logic_node *n) {
    if (n == NULL) return;
    gather(d, n->a);
    gather(d, n->b);
    if (n->kind != NODE_LEAF || !reads(d->v, n->leaf)) return;
    for (uint32_t i = 0; i < d->leaf_count; i++)
        if (d->leaves[i] == n->leaf) return;
    if (d->leaf_count == DOMAIN_LEAVES) d->all = true;
    else d->leaves[d->leaf_count++] = n->leaf;
}

/* ---- merging -------------------------------------------------------------------------------------------------- */

static bool list_leaf(const struct plan_cond *c) {
    return c->kind != PLAN_COND_FACT && c->kind != PLAN_COND_IN && c->kind != PLAN_COND_COMPARE;
}

static const struct logic_codes *codes_of(const struct domain *d) {
    static const enum logic_code_space spaces[] = {[LOGIC_FACT] = LOGIC_CODES_TEXT,        [LOGIC_ITEM] = LOGIC_CODES_LINE,
                                                   [LOGIC_MAIN] = LOGIC_CODES_DIAGNOSIS,   [LOGIC_SECOND] = LOGIC_CODES_DIAGNOSIS,
                                                   [LOGIC_PRIOR] = LOGIC_CODES_DIAGNOSIS,  [LOGIC_PROCEDURE] = LOGIC_CODES_PROCEDURE};
    CHECK(d->v->about < COUNT_OF(spaces));
    return &d->q->w->codes[spaces[d->v->about]];
}

static bool signature_bit(const struct logic_codes *codes, const struct logic_value *v, uint32_t bit) {
    if (v->number < 0) return false; /* no code: in no list */
    return codes->signatures[(size_t)v->number * codes->word_count + bit / 64] >> (bit % 64) & 1;
}

/* Does some day see one of them in the list and not the other? */
static bool listed_apart(const struct domain *d, int32_t list, const struct logic_value *a, const struct logic_value *b) {
    const struct logic_codes *codes = codes_of(d);
    int32_t first = codes->list_bit[list];
    for (uint32_t k = 0; first >= 0 && k < d->q->w->day_count; k++)
        if (signature_bit(codes, a, (uint32_t)first + k) != signature_bit(codes, b, (uint32_t)first + k)) return true;
    return false;
}

/* Does some leaf tell these two values apart, on some day? */
static bool apart(const struct domain *d, const struct logic_value *a, const struct logic_value *b) {
    for (uint32_t i = 0; i < d->leaf_count; i++) {
        const struct plan_cond *c = d->leaves[i];
        if (d->q->work == 0) return true; /* too dear: keep both */
        d->q->work--;
        if (list_leaf(c) ? listed_apart(d, c->ref.index, a, b) : logic_fact_leaf(d->q, c, a) != logic_fact_leaf(d->q, c, b)) return true;
    }
    return false;
}

/* Facts that rules between facts read: their candidates must all stay. */
static bool in_rule(const struct logic_variable *v) {
    return v->about == LOGIC_FACT && v->id == PLAN_FACT_DATE;
}

static void add(struct domain *d, struct logic_value value) {
    struct logic_variable *v = d->v;
    bool keep = d->all || in_rule(v) || v->about == LOGIC_ENROLLED || v->about == LOGIC_DECIDING || v->about == LOGIC_CLASS ||
                v->about == LOGIC_ENDORSED || v->about == LOGIC_TOTALS || v->about == LOGIC_DEFAULT || (v->about == LOGIC_FACT && v->id == PLAN_FACT_CATALOGUE) || (v->about == LOGIC_FACT && plan_fact_view(d->q->w->p, v->id).type == PLAN_VALUE_BOOL);
    for (uint32_t i = 0; i < v->count; i++) {
        const struct logic_value *old = &v->candidates[i];
        bool equal = old->number == value.number && old->days == value.days && str_eq(old->text, value.text) && str_eq(old->name, value.name);
        if (equal || (!keep && !apart(d, old, &value))) return;
    }
    struct logic_value *slot = ARENA_PUSH(d->q->w->a, v->candidates, v->count, v->cap);
    if (slot == NULL) d->q->w->no_memory = true;
    else *slot = value;
}

static void add_number(struct domain *d, int64_t number) {
    add(d, (struct logic_value){.number = number});
}

/* ---- candidates by what the variable is about --------------------------------------------------------------------- */

/* What an ordinary bill has; the first candidate. */
static int64_t usual_value(int32_t fact) {
    switch (fact) {
    case PLAN_FACT_VISIT: return BILL_VISIT_INPATIENT;
    case PLAN_FACT_KIND: return BILL_LINE_DRUG;
    case PLAN_FACT_CATALOGUE: return BILL_CLASS_B;
    case PLAN_FACT_SETTLED: return 1;
    case PLAN_FACT_AGE: return 40;
    case PLAN_FACT_DAYS: return 10;
    case PLAN_FACT_HOSPITAL_LEVEL: return 3;
    default: return 0;
    }
}

static void count_candidates(struct domain *d) {
    int64_t min, max;
    plan_fact_bounds(d->v->id, &min, &max);
    if (d->v->id == PLAN_FACT_DAYS) min = 1;
    int64_t usual = usual_value(d->v->id);
    add_number(d, usual < min ? min : usual);
    add_number(d, min);
    for (uint32_t i = 0; i < d->leaf_count; i++)
        for (int64_t n = d->leaves[i]->number - 1; n <= d->leaves[i]->number + 1; n++)
            if (n >= min && n <= max) add_number(d, n);
}

static void code_candidates(struct domain *d, enum logic_code_space space, bool none) {
    const struct logic_codes *codes = &d->q->w->codes[space];
    if (codes->too_many) d->q->partial = true;
    if (none) add(d, (struct logic_value){.number = -1});
    for (uint32_t i = 0; i < codes->count; i++) add(d, (struct logic_value){.number = i, .text = codes->items[i].code, .name = codes->items[i].name});
}

/* Deciding dates lie in the force; a line of a stay across its ends need not. */
static void day_candidates(struct domain *d, bool anywhere) {
    const struct logic_world *w = d->q->w;
    add_number(d, w->usual.v);
    for (uint32_t i = 0; i < w->day_count; i++)
        if (anywhere || day_in(w->days[i], w->p->in_force)) add_number(d, w->days[i].v);
    for (uint32_t i = 0; anywhere && i < w->day_count; i++) { /* before and behind every change */
        add_number(d, w->days[i].v - 1);
        add_number(d, w->days[i].v + 1);
    }
}

static void fact_candidates(struct domain *d) {
    struct plan_fact_view view = plan_fact_view(d->q->w->p, d->v->id);
    switch (view.type) {
    case PLAN_VALUE_SYMBOL:
        add_number(d, usual_value(d->v->id));
        for (uint32_t i = 0; i < view.word_count; i++) add_number(d, i);
        return;
    case PLAN_VALUE_BOOL:
        add_number(d, usual_value(d->v->id));
        add_number(d, 1 - usual_value(d->v->id));
        return;
    case PLAN_VALUE_COUNT: count_candidates(d); return;
    case PLAN_VALUE_DATE: day_candidates(d, true); return;
    case PLAN_VALUE_TEXT: code_candidates(d, LOGIC_CODES_TEXT, false); return;
    }
}

static void enrolled(struct domain *d, int64_t years, int32_t days) {
    if (years >= 0) add(d, (struct logic_value){.number = years, .days = days});
}

static void waits(struct domain *d, const struct logic_node *n) {
    if (n == NULL) return;
    waits(d, n->a);
    waits(d, n->b);
    if (n->kind != NODE_WAITED) return;
    enrolled(d, 0, n->number);
    enrolled(d, 0, n->number - 1);
}

static void enrolled_candidates(struct domain *d, const struct logic_node *formula) {
    enrolled(d, 1, 1);
    enrolled(d, 0, 0);
    enrolled(d, 0, 1);
    waits(d, formula);
    for (uint32_t i = 0; i < d->leaf_count; i++)
        for (int64_t n = d->leaves[i]->number; n <= d->leaves[i]->number + 1 && n <= 120; n++) {
            enrolled(d, n, 0);
            if (n > 0) enrolled(d, n, -1);
        }
    /* Lists of earlier diagnoses may be dated: every stretch of days is reached from the usual deciding day. */
    const struct logic_world *w = d->q->w;
    for (uint32_t i = 0; i < w->day_count; i++)
        if (w->days[i].v <= w->usual.v) enrolled(d, 0, w->usual.v - w->days[i].v);
}

static void class_candidates(struct domain *d) {
    add_number(d, LOGIC_CLASS_FREE);
    add_number(d, LOGIC_CLASS_NONE);
    for (uint32_t i = 0; i < d->q->w->p->condition_count; i++)
        if (d->q->w->p->conditions[i].is_class) add_number(d, i);
}

bool logic_domains(struct logic *q, const struct logic_node *formula) {
    struct domain *d = ARENA_NEW(q->w->a, struct domain);
    if (d == NULL) return false;
    for (uint32_t i = 0; i < q->variable_count; i++) {
        *d = (struct domain){.q = q, .v = &q->variables[i]};
        gather(d, formula);
        switch (d->v->about) {
        case LOGIC_FACT: fact_candidates(d); break;
        case LOGIC_ITEM: code_candidates(d, LOGIC_CODES_LINE, false); break;
        case LOGIC_MAIN: code_candidates(d, LOGIC_CODES_DIAGNOSIS, false); break;
        case LOGIC_SECOND:
        case LOGIC_PRIOR: code_candidates(d, LOGIC_CODES_DIAGNOSIS, true); break;
        case LOGIC_PROCEDURE: code_candidates(d, LOGIC_CODES_PROCEDURE, true); break;
        case LOGIC_DEFAULT:
        case LOGIC_TOTALS:
        case LOGIC_ENDORSED:
            add_number(d, 0);
            add_number(d, 1);
            break;
        case LOGIC_CLASS: class_candidates(d); break;
        case LOGIC_DECIDING: day_candidates(d, false); break;
        case LOGIC_ENROLLED: enrolled_candidates(d, formula); break;
        }
    }
    return !q->w->no_memory;
}
