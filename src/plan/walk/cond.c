/* plan/walk/cond — conditions, classes and cases (plan language §3).
 *
 * Who uses it: every step of the walker. A condition is evaluated anew each time it is asked.
 */
#include "plan/walk/walk.h"

/* With totals only there is one line that stands for all: what asks for its code or kind is false (§4, step 3.2). */
static bool unknown_of_totals(const struct walk *w, const struct plan_cond *c) {
    if (!w->in->bill->totals_only) return false;
    if (c->kind == PLAN_COND_CODE_IN_LIST) return true;
    return c->kind == PLAN_COND_IN && (c->ref.index == PLAN_FACT_CODE || c->ref.index == PLAN_FACT_KIND);
}

static bool cond_in(struct walk *w, const struct plan_cond *c, int64_t line) {
    bool found = false;
    for (uint32_t i = 0; i < c->word_count; i++) {
        if (walk_fact_type(w, c->ref.index) == PLAN_VALUE_TEXT)
            found = found || str_eq(walk_fact_text(w, c->ref.index, line), w->p->texts[c->word_values[i]]);
        else
            found = found || walk_fact_number(w, c->ref.index, line) == c->word_values[i];
    }
    return c->compare == PLAN_NE ? !found : found;
}

static bool cond_compare(struct walk *w, const struct plan_cond *c, int64_t line) {
    int64_t v = walk_fact_number(w, c->ref.index, line);
    switch (c->compare) {
    case PLAN_LT: return v < c->number;
    case PLAN_LE: return v <= c->number;
    case PLAN_EQ: return v == c->number;
    case PLAN_NE: return v != c->number;
    case PLAN_GE: return v >= c->number;
    case PLAN_GT: return v > c->number;
    }
    return false;
}

static bool code_in_list(const struct walk *w, const struct plan_cond *c, int64_t line) {
    const struct plan_list *list = w->p->uses[c->ref.index];
    const struct bill_lines *l = &w->in->bill->lines;
    return walk_list_find(list, l->code[line], l->date[line]) || walk_list_names(list, l->name[line], l->date[line]);
}

static bool diagnosis_in_list(const struct walk *w, const struct plan_cond *c, bool main_only) {
    const struct bill *b = w->in->bill;
    for (uint32_t i = 0; i < b->diagnosis_count; i++) {
        if (main_only && !b->diagnoses[i].main) continue;
        if (walk_list_find(w->p->uses[c->ref.index], b->diagnoses[i].code, w->at->decides)) return true;
    }
    return false;
}

static bool procedure_in_list(const struct walk *w, const struct plan_cond *c) {
    for (uint32_t i = 0; i < w->in->bill->procedure_count; i++)
        if (walk_list_find(w->p->uses[c->ref.index], w->in->bill->procedures[i], w->at->decides)) return true;
    return false;
}

static bool before_enrolment(const struct walk *w, const struct bill_diagnosis *d) {
    return day_is(d->since) && d->since.v < w->first_enrolled.v;
}

static bool first_diagnosed(const struct walk *w, const struct plan_cond *c) {
    const struct bill *b = w->in->bill;
    const struct plan_list *list = w->p->uses[c->ref.index];
    for (uint32_t i = 0; i < b->history_count; i++)
        if (before_enrolment(w, &b->history[i]) && walk_list_find(list, b->history[i].code, w->first_enrolled)) return true;
    for (uint32_t i = 0; i < b->diagnosis_count; i++)
        if (before_enrolment(w, &b->diagnoses[i]) && walk_list_find(list, b->diagnoses[i].code, w->first_enrolled)) return true;
    return false;
}

static bool endorsed(const struct walk *w, struct str name) {
    const struct bill_policy *policy = w->in->policy;
    for (uint32_t i = 0; i < policy->endorsement_count; i++)
        if (str_eq(policy->endorsements[i].name, name) && day_in(w->at->decides, policy->endorsements[i].on)) return true;
    return false;
}

bool walk_condition_applies(struct walk *w, int32_t condition) {
    const struct plan_condition *c = &w->p->conditions[condition];
    if (c->is_class && w->in->policy->class_given) return str_eq(c->name, w->in->policy->class_name);
    return walk_cond(w, c->when, WALK_NO_LINE);
}

bool walk_cond(struct walk *w, const struct plan_cond *c, int64_t line) {
    if (unknown_of_totals(w, c)) return false;
    switch (c->kind) {
    case PLAN_COND_AND: return walk_cond(w, c->a, line) && walk_cond(w, c->b, line);
    case PLAN_COND_OR: return walk_cond(w, c->a, line) || walk_cond(w, c->b, line);
    case PLAN_COND_NOT: return !walk_cond(w, c->a, line);
    case PLAN_COND_FACT: return walk_fact_number(w, c->ref.index, line) != 0;
    case PLAN_COND_IN: return cond_in(w, c, line);
    case PLAN_COND_COMPARE: return cond_compare(w, c, line);
    case PLAN_COND_NAME: return walk_condition_applies(w, c->ref.index);
    case PLAN_COND_CODE_IN_LIST: return code_in_list(w, c, line);
    case PLAN_COND_TEXT_IN_LIST:
        return walk_list_find(w->p->uses[c->ref.index], walk_fact_text(w, c->fact.index, line), w->at->decides) != NULL;
    case PLAN_COND_DIAGNOSIS_IN_LIST: return diagnosis_in_list(w, c, false);
    case PLAN_COND_MAIN_IN_LIST: return diagnosis_in_list(w, c, true);
    case PLAN_COND_PROCEDURE_IN_LIST: return procedure_in_list(w, c);
    case PLAN_COND_FIRST_DIAGNOSED: return first_diagnosed(w, c);
    case PLAN_COND_ENDORSED: return endorsed(w, c->ref.name);
    }
    return false;
}

bool walk_no_evidence(struct walk *w) {
    const struct bill *b = w->in->bill;
    struct walk_question q = {.first_diagnosis = true, .classes = !w->in->policy->class_given};
    if (b->history_count > 0 || !walk_asks(w->p, &q)) return false;
    for (uint32_t i = 0; i < b->diagnosis_count; i++)
        if (before_enrolment(w, &b->diagnoses[i])) return false;
    return true;
}
