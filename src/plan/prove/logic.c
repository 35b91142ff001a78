/* plan/prove/logic — formulas over what a bill can say, and the search for a bill that makes one true.
 *
 * Who uses it: prove_*.c. Search: the formula is evaluated with three values; an atom that is still open names a variable to branch on, so that only
 * variables which matter are ever tried, and a branch ends as soon as the formula is decided. Variables that were never branched on keep their first
 * candidate, which is the usual one (inpatient, public hospital, settled …). Invariant: YES comes with values under which every condition, evaluated
 * as the walker does, gives the formula true.
 */
#include "plan/prove/logic_inside.h"

enum truth { FALSE, TRUE, OPEN };
enum { QUESTION_WORK = 4'000'000 };

/* ---- formulas ---------------------------------------------------------------------------------------------- */

struct logic *logic_new(struct logic_world *w) {
    struct logic *q = ARENA_NEW(w->a, struct logic);
    struct logic_node *t = ARENA_NEW(w->a, struct logic_node);
    if (q == NULL || t == NULL) {
        w->no_memory = true;
        return NULL;
    }
    t->kind = NODE_TRUE;
    *q = (struct logic){.w = w, .work = QUESTION_WORK, .partial = w->days_too_many, .node_true = t};
    return q;
}

static const struct logic_node *node(struct logic *q, struct logic_node n) {
    if (q == NULL) return NULL;
    struct logic_node *slot = ARENA_NEW(q->w->a, struct logic_node);
    if (slot == NULL) q->w->no_memory = true;
    else *slot = n;
    return slot;
}

const struct logic_node *logic_true(struct logic *q) {
    return q == NULL ? NULL : q->node_true;
}

const struct logic_node *logic_not(struct logic *q, const struct logic_node *a) {
    return a == NULL ? NULL : node(q, (struct logic_node){.kind = NODE_NOT, .a = a});
}

const struct logic_node *logic_and(struct logic *q, const struct logic_node *a, const struct logic_node *b) {
    if (a == NULL || b == NULL) return NULL;
    if (a->kind == NODE_TRUE) return b;
    if (b->kind == NODE_TRUE) return a;
    return node(q, (struct logic_node){.kind = NODE_AND, .a = a, .b = b});
}

const struct logic_node *logic_or(struct logic *q, const struct logic_node *a, const struct logic_node *b) {
    if (a == NULL || b == NULL) return NULL;
    if (a->kind == NODE_TRUE || b->kind == NODE_TRUE) return q->node_true;
    return node(q, (struct logic_node){.kind = NODE_OR, .a = a, .b = b});
}

static struct logic_variable *find(const struct logic *q, enum logic_about about, int32_t id) {
    for (uint32_t i = 0; i < q->variable_count; i++)
        if (q->variables[i].about == about && q->variables[i].id == id) return &q->variables[i];
    return NULL;
}

static struct logic_variable *need(struct logic *q, enum logic_about about, int32_t id) {
    struct logic_variable *v = find(q, about, id);
    if (v != NULL) return v;
    v = ARENA_PUSH(q->w->a, q->variables, q->variable_count, q->variable_cap);
    if (v == NULL) q->w->no_memory = true;
    else *v = (struct logic_variable){.about = about, .id = id, .chosen = -1, .list = -1};
    return v;
}

/* A slot for each list that is asked about: one code in it is all that a bill needs to show. */
static void need_slot(struct logic *q, enum logic_about about, int32_t list) {
    int32_t slots = 0;
    for (uint32_t i = 0; i < q->variable_count; i++) {
        if (q->variables[i].about != about) continue;
        if (q->variables[i].list == list) return;
        slots++;
    }
    struct logic_variable *v = need(q, about, slots);
    if (v != NULL) v->list = list;
}

static bool list_dated(const struct logic *q, int32_t list) {
    const struct plan_list *l = q->w->p->uses[list];
    for (uint32_t i = 0; i < l->entry_count; i++)
        if (day_is(l->entries[i].on.from) || day_is(l->entries[i].on.to)) return true;
    return false;
}

static void need_endorsement(struct logic *q, struct str name) {
    int32_t count = 0;
    for (uint32_t i = 0; i < q->variable_count; i++) {
        if (q->variables[i].about != LOGIC_ENDORSED) continue;
        if (str_eq(q->variables[i].name, name)) return;
        count++;
    }
    struct logic_variable *v = need(q, LOGIC_ENDORSED, count);
    if (v != NULL) v->name = name;
}

static void need_enrolled(struct logic *q) {
    (void)need(q, LOGIC_ENROLLED, 0);
}

/* What asks for code or kind of a line: false where only totals are known (docs/plan-language.md §4, step 3.2). */
static bool asks_code_or_kind(const struct plan_cond *c) {
    return c->kind == PLAN_COND_CODE_IN_LIST || (c->kind == PLAN_COND_IN && (c->ref.index == PLAN_FACT_CODE || c->ref.index == PLAN_FACT_KIND));
}

static void need_of_leaf(struct logic *q, const struct plan_cond *c) {
    if (asks_code_or_kind(c)) (void)need(q, LOGIC_TOTALS, 0);
    switch (c->kind) {
    case PLAN_COND_FACT:
    case PLAN_COND_IN:
    case PLAN_COND_COMPARE:
        if (c->ref.index == PLAN_FACT_CODE) (void)need(q, LOGIC_ITEM, 0);
        else if (c->ref.index == PLAN_FACT_POLICY_YEARS) need_enrolled(q);
        else (void)need(q, LOGIC_FACT, c->ref.index);
        if (c->ref.index == PLAN_FACT_RENEWED) need_enrolled(q);
        return;
    case PLAN_COND_CODE_IN_LIST:
        (void)need(q, LOGIC_ITEM, 0);
        if (list_dated(q, c->ref.index)) (void)need(q, LOGIC_FACT, PLAN_FACT_DATE);
        return;
    case PLAN_COND_TEXT_IN_LIST: (void)need(q, LOGIC_FACT, c->fact.index); break;
    case PLAN_COND_DIAGNOSIS_IN_LIST: need_slot(q, LOGIC_SECOND, c->ref.index); break;
    case PLAN_COND_MAIN_IN_LIST: (void)need(q, LOGIC_MAIN, 0); break;
    case PLAN_COND_PROCEDURE_IN_LIST: need_slot(q, LOGIC_PROCEDURE, c->ref.index); break;
    case PLAN_COND_FIRST_DIAGNOSED:
        need_slot(q, LOGIC_PRIOR, c->ref.index);
        if (list_dated(q, c->ref.index)) need_enrolled(q);
        return;
    case PLAN_COND_ENDORSED: need_endorsement(q, c->ref.name); return;
    case PLAN_COND_AND:
    case PLAN_COND_OR:
    case PLAN_COND_NOT:
    case PLAN_COND_NAME: return;
    }
    if (list_dated(q, c->ref.index)) (void)need(q, LOGIC_DECIDING, 0);
}

const struct logic_node *logic_condition(struct logic *q, int32_t condition) {
    if (q == NULL) return NULL;
    const struct plan_condition *c = &q->w->p->conditions[condition];
    const struct logic_node *when = logic_cond(q, c->when);
    if (!c->is_class) return when;
    (void)need(q, LOGIC_CLASS, 0);
    const struct logic_node *is = node(q, (struct logic_node){.kind = NODE_CLASS_IS, .number = condition});
    return logic_or(q, logic_and(q, node(q, (struct logic_node){.kind = NODE_CLASS_FREE}), when), is);
}

const struct logic_node *logic_cond(struct logic *q, const struct plan_cond *c) {
    if (q == NULL) return NULL;
    if (c == NULL) return q->node_true;
    switch (c->kind) {
    case PLAN_COND_AND: return logic_and(q, logic_cond(q, c->a), logic_cond(q, c->b));
    case PLAN_COND_OR: return logic_or(q, logic_cond(q, c->a), logic_cond(q, c->b));
    case PLAN_COND_NOT: return logic_not(q, logic_cond(q, c->a));
    case PLAN_COND_NAME: return logic_condition(q, c->ref.index);
    default: break;
    }
    need_of_leaf(q, c);
    return node(q, (struct logic_node){.kind = NODE_LEAF, .leaf = c});
}

const struct logic_node *logic_code_in_list(struct logic *q, int32_t list) {
    struct plan_cond *c = q == NULL ? NULL : ARENA_NEW(q->w->a, struct plan_cond);
    if (c == NULL) {
        if (q != NULL) q->w->no_memory = true;
        return NULL;
    }
    c->kind = PLAN_COND_CODE_IN_LIST;
    c->ref.index = list;
    c->line_level = true;
    return logic_cond(q, c);
}

const struct logic_node *logic_waited(struct logic *q, int32_t days) {
    if (q == NULL) return NULL;
    if (days <= 0) return q->node_true;
    need_enrolled(q);
    (void)need(q, LOGIC_DEFAULT, 0);
    return node(q, (struct logic_node){.kind = NODE_WAITED, .number = days});
}

/* ---- values of the moment ------------------------------------------------------------------------------------- */

/* The chosen value; the usual one (NULL when there is none) for a variable that the question lacks. *ret_open: not chosen yet. */
static const struct logic_value *value(const struct logic *q, enum logic_about about, int32_t id, struct logic_variable **ret_open) {
    struct logic_variable *v = find(q, about, id);
    if (v == NULL) return NULL;
    if (v->chosen >= 0) return &v->candidates[v->chosen];
    if (*ret_open == NULL) *ret_open = v;
    return NULL;
}

static struct day deciding(const struct logic *q, struct logic_variable **ret_open) {
    const struct logic_value *v = value(q, LOGIC_DECIDING, 0, ret_open);
    if (v != NULL) return (struct day){(int32_t)v->number};
    if (find(q, LOGIC_DECIDING, 0) != NULL) return DAY_NONE;
    v = value(q, LOGIC_FACT, PLAN_FACT_DATE, ret_open); /* nothing else asks for the day: that of the line */
    if (v == NULL) return q->w->usual;
    return (struct day){(int32_t)v->number};
}

static struct day line_date(const struct logic *q, struct logic_variable **ret_open) {
    const struct logic_value *v = value(q, LOGIC_FACT, PLAN_FACT_DATE, ret_open);
    if (v != NULL) return (struct day){(int32_t)v->number};
    return find(q, LOGIC_FACT, PLAN_FACT_DATE) != NULL ? DAY_NONE : deciding(q, ret_open);
}

static struct day enrolled_before(struct day on, const struct logic_value *v) {
    return day_add(day_add_years(on, -(int)v->number), -v->days);
}

static struct day first_enrolled(const struct logic *q, struct logic_variable **ret_open) {
    const struct logic_value *v = value(q, LOGIC_ENROLLED, 0, ret_open);
    struct day on = deciding(q, ret_open);
    if (*ret_open != NULL) return DAY_NONE;
    return v != NULL ? enrolled_before(on, v) : day_add(day_add_years(on, -1), -1);
}

/* ---- leaves --------------------------------------------------------------------------------------------------------- */

static enum truth truth_of(bool b) {
    return b ? TRUE : FALSE;
}

bool logic_in_list(const struct logic *q, int32_t list, const struct logic_value *v, struct day on) {
    const struct listset *set = q->w->sets[list];
    if (listset_find(set, v->text, str_hash(v->text), on) != LISTSET_NONE) return true;
    return v->name.n > 0 && listset_find_name(set, v->name, on) != LISTSET_NONE;
}

static bool is_word(const struct logic *q, const struct plan_cond *c, const struct logic_value *v) {
    bool text = plan_fact_view(q->w->p, c->ref.index).type == PLAN_VALUE_TEXT;
    for (uint32_t i = 0; i < c->word_count; i++)
        if (text ? str_eq(v->text, q->w->p->texts[c->word_values[i]]) : v->number == c->word_values[i]) return true;
    return false;
}

bool logic_fact_leaf(const struct logic *q, const struct plan_cond *c, const struct logic_value *v) {
    if (c->kind == PLAN_COND_FACT) return v->number != 0;
    if (c->kind == PLAN_COND_COMPARE) return plan_compare_holds(v->number, c->compare, c->number);
    return is_word(q, c, v) == (c->compare != PLAN_NE);
}

static enum truth leaf_fact(const struct logic *q, const struct plan_cond *c, struct logic_variable **open) {
    if (c->ref.index == PLAN_FACT_POLICY_YEARS) {
        struct day first = first_enrolled(q, open), on = deciding(q, open);
        if (*open != NULL) return OPEN;
        int years = day_age_years(first, on);
        return truth_of(plan_compare_holds(years < 0 ? 0 : years, c->compare, c->number));
    }
    bool code = c->ref.index == PLAN_FACT_CODE;
    const struct logic_value *v = code ? value(q, LOGIC_ITEM, 0, open) : value(q, LOGIC_FACT, c->ref.index, open);
    return v == NULL ? OPEN : truth_of(logic_fact_leaf(q, c, v));
}

/* Is a code of one of these slots in the list? True as soon as one is; open while one is not chosen. */
static enum truth leaf_slots(const struct logic *q, enum logic_about about, int32_t list, struct day on, struct logic_variable **open) {
    struct logic_variable *first_open = NULL;
    for (uint32_t i = 0; i < q->variable_count; i++) {
        struct logic_variable *v = &q->variables[i];
        if (v->about != about) continue;
        if (v->chosen < 0) {
            if (first_open == NULL || v->list == list) first_open = v;
        } else if (logic_in_list(q, list, &v->candidates[v->chosen], on)) {
            return TRUE;
        }
    }
    if (first_open == NULL) return FALSE;
    if (*open == NULL) *open = first_open;
    return OPEN;
}

static enum truth leaf_diagnosis(const struct logic *q, const struct plan_cond *c, struct logic_variable **open) {
    struct day on = deciding(q, open);
    if (*open != NULL) return OPEN;
    const struct logic_value *main = value(q, LOGIC_MAIN, 0, open);
    if (main != NULL && logic_in_list(q, c->ref.index, main, on)) return TRUE;
    if (c->kind == PLAN_COND_MAIN_IN_LIST) return *open != NULL ? OPEN : FALSE;
    enum truth slots = leaf_slots(q, LOGIC_SECOND, c->ref.index, on, open);
    return slots == FALSE && *open != NULL ? OPEN : slots;
}

static enum truth leaf_known(const struct logic *q, const struct plan_cond *c, struct logic_variable **open) {
    const struct logic_value *v;
    struct day on;
    switch (c->kind) {
    case PLAN_COND_FACT:
    case PLAN_COND_IN:
    case PLAN_COND_COMPARE: return leaf_fact(q, c, open);
    case PLAN_COND_CODE_IN_LIST:
        on = line_date(q, open);
        v = value(q, LOGIC_ITEM, 0, open);
        return *open != NULL || v == NULL ? OPEN : truth_of(logic_in_list(q, c->ref.index, v, on));
    case PLAN_COND_TEXT_IN_LIST:
        on = deciding(q, open);
        v = value(q, LOGIC_FACT, c->fact.index, open);
        return *open != NULL || v == NULL ? OPEN : truth_of(logic_in_list(q, c->ref.index, v, on));
    case PLAN_COND_DIAGNOSIS_IN_LIST:
    case PLAN_COND_MAIN_IN_LIST: return leaf_diagnosis(q, c, open);
    case PLAN_COND_PROCEDURE_IN_LIST:
        on = deciding(q, open);
        return *open != NULL ? OPEN : leaf_slots(q, LOGIC_PROCEDURE, c->ref.index, on, open);
    case PLAN_COND_FIRST_DIAGNOSED:
        on = first_enrolled(q, open);
        return *open != NULL ? OPEN : leaf_slots(q, LOGIC_PRIOR, c->ref.index, on, open);
    case PLAN_COND_ENDORSED:
        for (uint32_t i = 0; i < q->variable_count; i++)
            if (q->variables[i].about == LOGIC_ENDORSED && str_eq(q->variables[i].name, c->ref.name)) {
                v = value(q, LOGIC_ENDORSED, q->variables[i].id, open);
                return v == NULL ? OPEN : truth_of(v->number != 0);
            }
        return FALSE;
    case PLAN_COND_AND:
    case PLAN_COND_OR:
    case PLAN_COND_NOT:
    case PLAN_COND_NAME: break;
    }
    CHECK(false); /* only leaves come here */
    return FALSE;
}

static enum truth leaf(const struct logic *q, const struct plan_cond *c, struct logic_variable **open) {
    enum truth t = leaf_known(q, c, open);
    if (!asks_code_or_kind(c) || t == FALSE) return t;
    struct logic_variable *undecided = NULL;
    const struct logic_value *totals = value(q, LOGIC_TOTALS, 0, &undecided);
    if (totals != NULL) return totals->number != 0 ? FALSE : t;
    if (*open == NULL) *open = undecided;
    return OPEN;
}

/* ---- rules between facts of one bill ----------------------------------------------------------------------------------- */

static enum truth implies(const struct logic *q, int32_t fact, int32_t needed, struct logic_variable **open) {
    const struct logic_value *a = value(q, LOGIC_FACT, fact, open), *b = value(q, LOGIC_FACT, needed, open);
    if (a != NULL && a->number == 0) return TRUE;
    if (b != NULL && b->number != 0) return TRUE;
    return a == NULL || b == NULL ? OPEN : FALSE;
}

/* A line of this date under this deciding date. One line inside the force: the stay reaches from one day to the other; totals are dated on its last day.
 * In general lines lie on any day: a stay over the end of cover is decided by another date, with all its lines; where every line decides for itself, the
 * last of its segment decides. */
static bool line_date_fits(const struct logic *q, struct day on, struct day line, bool totals, int64_t days) {
    const struct plan *p = q->w->p;
    bool by_line = p->counts_by == PLAN_BY_LINE_DATE, by_admission = p->counts_by == PLAN_BY_ADMISSION;
    if (!q->simple) return !by_line || (day_in(line, p->in_force) && line.v <= on.v);
    if (!day_in(line, p->in_force)) return false;
    if (by_line || (totals && !by_admission)) return line.v == on.v;
    if (totals && days > 0) return line.v == on.v + (days > 1 ? days : 0);
    return by_admission ? line.v >= on.v : line.v <= on.v;
}

static enum truth line_date_rule(const struct logic *q, struct logic_variable **open) {
    struct day on = deciding(q, open), line = line_date(q, open);
    const struct logic_value *totals = value(q, LOGIC_TOTALS, 0, open), *days = value(q, LOGIC_FACT, PLAN_FACT_DAYS, open);
    if (*open != NULL) return OPEN;
    return truth_of(line_date_fits(q, on, line, totals != NULL && totals->number != 0, days != NULL ? days->number : 0));
}

/* A stay of so many days that is decided on this day: within the force, or across its ends in a way that leaves the decision there. */
static bool stay_fits(const struct logic *q, struct day on, int64_t days, struct day first) {
    const struct plan *p = q->w->p;
    if (!q->simple || days <= 1 || p->counts_by == PLAN_BY_LINE_DATE) return true;
    if (p->counts_by == PLAN_BY_ADMISSION) return on.v + days <= p->in_force.to.v || p->over_the_end_by == PLAN_BY_ADMISSION;
    return on.v - days >= p->in_force.from.v || first.v >= p->in_force.from.v;
}

static enum truth stay_rule(const struct logic *q, struct logic_variable **open) {
    const struct logic_value *days = value(q, LOGIC_FACT, PLAN_FACT_DAYS, open);
    struct day on = deciding(q, open), first = q->w->p->in_force.from; /* enrolled on the first day, when it is not asked */
    if (find(q, LOGIC_ENROLLED, 0) != NULL) first = first_enrolled(q, open);
    return *open != NULL || days == NULL ? OPEN : truth_of(stay_fits(q, on, days->number, first));
}

static enum truth renewed_rule(const struct logic *q, struct logic_variable **open) {
    const struct logic_value *renewed = value(q, LOGIC_FACT, PLAN_FACT_RENEWED, open);
    if (renewed == NULL) return OPEN;
    if (renewed->number == 0) return TRUE;
    struct day on = deciding(q, open), first = first_enrolled(q, open);
    return *open != NULL ? OPEN : truth_of(first.v < on.v);
}

static enum truth rule_holds(const struct logic *q, enum logic_rule rule, struct logic_variable **open) {
    const struct logic_value *a, *b;
    switch (rule) {
    case RULE_BASIC_NEEDS_SETTLED: return implies(q, PLAN_FACT_BASIC_PAID, PLAN_FACT_SETTLED, open);
    case RULE_REIMBURSED_NEEDS_BASIC: return implies(q, PLAN_FACT_REIMBURSED, PLAN_FACT_BASIC_PAID, open);
    case RULE_REIMBURSED_NEEDS_SETTLED: return implies(q, PLAN_FACT_REIMBURSED, PLAN_FACT_SETTLED, open);
    case RULE_BASIC_ON_ITS_LINE: return q->simple ? implies(q, PLAN_FACT_BASIC_PAID, PLAN_FACT_REIMBURSED, open) : TRUE; /* there is no other line */
    case RULE_RENEWED_NEEDS_PAST: return renewed_rule(q, open);
    case RULE_TOTALS_UNMARKED:
        a = value(q, LOGIC_TOTALS, 0, open);
        b = value(q, LOGIC_FACT, PLAN_FACT_CATALOGUE, open);
        if ((a != NULL && a->number == 0) || (b != NULL && b->number == BILL_CLASS_NONE)) return TRUE;
        return a == NULL || b == NULL ? OPEN : FALSE;
    case RULE_LINE_DATE: return line_date_rule(q, open);
    case RULE_STAY_INSIDE: return stay_rule(q, open);
    case RULE_NAMED_POLICY:
        a = value(q, LOGIC_DEFAULT, 0, open);
        return a == NULL ? OPEN : truth_of(!q->simple || a->number == 0);
    }
    return TRUE;
}

static const struct logic_node *rule_node(struct logic *q, const struct logic_node *f, enum logic_rule rule) {
    return logic_and(q, f, node(q, (struct logic_node){.kind = NODE_RULE, .number = (int32_t)rule}));
}

static const struct logic_node *with_rules(struct logic *q, const struct logic_node *f) {
    static const struct {
        enum logic_rule rule;
        enum logic_about about; /* both asked */
        int32_t a, b;
    } rules[] = {
        {RULE_BASIC_NEEDS_SETTLED, LOGIC_FACT, PLAN_FACT_BASIC_PAID, PLAN_FACT_SETTLED},
        {RULE_REIMBURSED_NEEDS_BASIC, LOGIC_FACT, PLAN_FACT_REIMBURSED, PLAN_FACT_BASIC_PAID},
        {RULE_REIMBURSED_NEEDS_SETTLED, LOGIC_FACT, PLAN_FACT_REIMBURSED, PLAN_FACT_SETTLED},
        {RULE_BASIC_ON_ITS_LINE, LOGIC_FACT, PLAN_FACT_REIMBURSED, PLAN_FACT_BASIC_PAID},
        {RULE_STAY_INSIDE, LOGIC_FACT, PLAN_FACT_DAYS, PLAN_FACT_DAYS},
        {RULE_RENEWED_NEEDS_PAST, LOGIC_FACT, PLAN_FACT_RENEWED, PLAN_FACT_RENEWED},
        {RULE_LINE_DATE, LOGIC_FACT, PLAN_FACT_DATE, PLAN_FACT_DATE},
        {RULE_NAMED_POLICY, LOGIC_DEFAULT, 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rules); i++)
        if (find(q, rules[i].about, rules[i].a) != NULL && find(q, rules[i].about, rules[i].b) != NULL) f = rule_node(q, f, rules[i].rule);
    bool both = find(q, LOGIC_TOTALS, 0) != NULL && find(q, LOGIC_FACT, PLAN_FACT_CATALOGUE) != NULL;
    return both ? rule_node(q, f, RULE_TOTALS_UNMARKED) : f;
}

/* ---- evaluation ---------------------------------------------------------------------------------------------------------- */

static enum truth class_truth(const struct logic *q, const struct logic_node *n, struct logic_variable **open) {
    const struct logic_value *v = value(q, LOGIC_CLASS, 0, open);
    if (v == NULL) return OPEN;
    return truth_of(n->kind == NODE_CLASS_FREE ? v->number == LOGIC_CLASS_FREE : v->number == n->number);
}

static enum truth waited(const struct logic *q, int32_t days, struct logic_variable **open) {
    struct logic_variable *unnamed = NULL;
    const struct logic_value *no_policy = value(q, LOGIC_DEFAULT, 0, &unnamed);
    if (no_policy != NULL && no_policy->number != 0) return TRUE;
    struct day first = first_enrolled(q, open), on = deciding(q, open);
    if (*open != NULL) return OPEN;
    if (on.v >= day_add(first, days).v) return TRUE;
    *open = unnamed;
    return unnamed != NULL ? OPEN : FALSE;
}

/* *ret_open: a variable that would decide more, of the first open leaf. */
static enum truth evaluate(struct logic *q, const struct logic_node *n, struct logic_variable **ret_open) {
    struct logic_variable *open = NULL;
    enum truth a, b, stop;
    if (q->work > 0) q->work--;
    switch (n->kind) {
    case NODE_FALSE: return FALSE;
    case NODE_TRUE: return TRUE;
    case NODE_NOT:
        a = evaluate(q, n->a, ret_open);
        return a == OPEN ? OPEN : a == TRUE ? FALSE : TRUE;
    case NODE_AND:
    case NODE_OR:
        stop = n->kind == NODE_AND ? FALSE : TRUE;
        a = evaluate(q, n->a, ret_open);
        if (a == stop) return stop;
        b = evaluate(q, n->b, ret_open);
        if (b == stop) return stop;
        return a == OPEN || b == OPEN ? OPEN : a;
    case NODE_LEAF: a = leaf(q, n->leaf, &open); break;
    case NODE_CLASS_FREE:
    case NODE_CLASS_IS: a = class_truth(q, n, &open); break;
    case NODE_WAITED: a = waited(q, n->number, &open); break;
    case NODE_RULE: a = rule_holds(q, (enum logic_rule)n->number, &open); break;
    default: CHECK(false); return FALSE; /* every kind stands above */
    }
    if (a == OPEN && *ret_open == NULL) *ret_open = open;
    return a;
}

static bool search(struct logic *q, const struct logic_node *f) {
    struct logic_variable *branch = NULL;
    enum truth t = evaluate(q, f, &branch);
    if (t != OPEN) return t == TRUE;
    CHECK(branch != NULL);
    for (uint32_t i = 0; i < branch->count; i++) {
        if (q->work == 0) {
            q->exhausted = true;
            break;
        }
        branch->chosen = (int32_t)i;
        if (search(q, f)) return true;
    }
    branch->chosen = -1;
    return false;
}

enum logic_answer logic_solve(struct logic *q, const struct logic_node *f) {
    if (q == NULL || f == NULL || q->w->no_memory) return LOGIC_NOT_DECIDED;
    f = with_rules(q, f);
    if (q->work > q->w->work) q->work = q->w->work;
    uint64_t before = q->work;
    bool posed = f != NULL && logic_domains(q, f);
    q->simple = true;
    bool found = posed && search(q, f);
    q->simple = false;
    bool beyond = posed && !found && search(q, f);
    q->w->work -= before - q->work;
    if (!posed) return LOGIC_NOT_DECIDED;
    for (uint32_t i = 0; found && i < q->variable_count; i++) /* any value does: the usual one */
        if (q->variables[i].chosen < 0) q->variables[i].chosen = 0;
    if (found) return LOGIC_YES;
    return beyond || q->exhausted || q->partial || q->work == 0 ? LOGIC_NOT_DECIDED : LOGIC_NO;
}

/* ---- values of an answer ------------------------------------------------------------------------------------------------------ */

bool logic_value(const struct logic *q, enum logic_about about, int32_t id, struct logic_value *ret) {
    struct logic_variable *open = NULL;
    const struct logic_value *v = value(q, about, id, &open);
    if (v != NULL) *ret = *v;
    return v != NULL;
}

uint32_t logic_slots(const struct logic *q, enum logic_about about) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < q->variable_count; i++) count += q->variables[i].about == about;
    return count;
}

struct str logic_endorsement(const struct logic *q, int32_t id) {
    const struct logic_variable *v = find(q, LOGIC_ENDORSED, id);
    return v == NULL ? STR("") : v->name;
}

struct day logic_deciding(const struct logic *q) {
    struct logic_variable *open = NULL;
    return deciding(q, &open);
}

struct day logic_line_date(const struct logic *q) {
    struct logic_variable *open = NULL;
    return line_date(q, &open);
}

struct day logic_first_enrolled(const struct logic *q) {
    struct logic_variable *open = NULL;
    return first_enrolled(q, &open);
}
