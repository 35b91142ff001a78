/* plan/run/test — conditions of the visit that a single comparison cannot answer: texts, diagnoses, procedures, endorsements, waiting.
 *
 * Who uses it: run/steps.c, run.c. Lists are read at the deciding date, `first diagnosis` at first enrolment. Source: docs/plan-language.md §3, §6.
 */
#include "plan/run/run.h"

static struct str text_of(const struct run *r, enum program_text which) {
    switch (which) {
    case PROGRAM_TEXT_REGION: return r->bill->region;
    case PROGRAM_TEXT_INSURED_REGION: return r->bill->insured_region;
    case PROGRAM_TEXT_HOSPITAL: return r->bill->hospital;
    case PROGRAM_TEXT_DEPARTMENT: return r->bill->department;
    case PROGRAM_TEXT_COUNT: break;
    }
    CHECK(false && "a text of the bill");
    return (struct str){0};
}

static bool code_in(const struct run *r, struct str code, uint32_t list, struct day on) {
    return code.n && listset_find(r->program->lists[list], code, str_hash(code), on) != LISTSET_NONE;
}

bool run_text_is(const struct run *r, enum program_text which, uint32_t text) { return str_eq(text_of(r, which), r->program->texts[text]); }
bool run_text_in(const struct run *r, enum program_text which, uint32_t list) { return code_in(r, text_of(r, which), list, r->deciding); }

bool run_diagnosed(const struct run *r, bool main, uint32_t list) {
    for (uint32_t i = 0; i < r->bill->diagnosis_count; i++) {
        const struct bill_diagnosis *d = &r->bill->diagnoses[i];
        if ((!main || d->main) && code_in(r, d->code, list, r->deciding)) return true;
    }
    return false;
}

bool run_operated(const struct run *r, uint32_t list) {
    for (uint32_t i = 0; i < r->bill->procedure_count; i++)
        if (code_in(r, r->bill->procedures[i], list, r->deciding)) return true;
    return false;
}

static bool dated_before(const struct bill_diagnosis *d, struct day day) { return day_is(d->since) && d->since.v < day.v; }

static bool first_in(const struct run *r, const struct bill_diagnosis *items, uint32_t count, uint32_t list) {
    for (uint32_t i = 0; i < count; i++)
        if (dated_before(&items[i], r->first_enrolled) && code_in(r, items[i].code, list, r->first_enrolled)) return true;
    return false;
}

bool run_first_diagnosed(const struct run *r, uint32_t list) {
    return first_in(r, r->bill->history, r->bill->history_count, list) || first_in(r, r->bill->diagnoses, r->bill->diagnosis_count, list);
}

bool run_evidence(const struct run *r) {
    if (r->bill->history_count) return true;
    for (uint32_t i = 0; i < r->bill->diagnosis_count; i++)
        if (dated_before(&r->bill->diagnoses[i], r->first_enrolled)) return true;
    return false;
}

bool run_endorsed(const struct run *r, uint32_t text) {
    const struct bill_policy *p = r->in->policy;
    for (uint32_t i = 0; i < p->endorsement_count; i++)
        if (str_eq(p->endorsements[i].name, r->program->texts[text]) && day_in(r->deciding, p->endorsements[i].on)) return true;
    return false;
}

static struct str main_diagnosis(const struct bill *b) {
    for (uint32_t i = 0; i < b->diagnosis_count; i++)
        if (b->diagnoses[i].main) return b->diagnoses[i].code;
    return (struct str){0};
}

bool run_endorsed_out(const struct run *r) {
    const struct bill_policy *p = r->in->policy;
    if (p->endorsement_count == 0) return false;
    struct str code = main_diagnosis(r->bill);
    if (code.n == 0) return false;
    for (uint32_t i = 0; i < p->endorsement_count; i++) {
        const struct bill_endorsement *e = &p->endorsements[i];
        if (!day_in(r->deciding, e->on)) continue;
        for (uint32_t k = 0; k < e->exclude_count; k++)
            if (str_starts(code, e->excludes[k])) return true;
    }
    return false;
}

bool run_waits(const struct run *r, int64_t days) {
    return !r->in->policy_default && r->deciding.v < r->first_enrolled.v + days;
}
