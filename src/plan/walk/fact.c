/* plan/walk/fact — what the walker knows of person, visit and line (plan language §3, "Facts").
 *
 * Who uses it: walk/cond.c, walk/value.c. Facts that the plan declares are read once, before anything else: a bill that lacks one cannot be
 * settled under this plan at all, whatever the outcome would be. Counts are kept within 0 .. 1,000,000.
 */
#include "plan/walk/walk.h"

void walk_fail(struct walk *w, const char *code, struct str place, const char *zh, const char *en) {
    if (status_failed(w->failed)) return;
    w->failed = status_error(w->a, (struct error){.code = code, .place = place, .zh = str_from(zh), .en = str_from(en)});
}

static int64_t count_clamp(int64_t v) {
    return i64_max(0, i64_min(v, 1'000'000));
}

static const struct bill_fact *bill_fact_find(const struct bill *b, struct str name) {
    for (uint32_t i = 0; i < b->fact_count; i++)
        if (str_eq(b->facts[i].name, name)) return &b->facts[i];
    return NULL;
}

static struct str read_name(const struct plan_read *r) {
    return r->custom ? r->fact.name : str_from(plan_fact_info((uint32_t)r->fact.index)->en);
}

/* The index of a symbol's word as bills write it. */
static bool read_word(const struct plan_read *r, struct str word, int64_t *ret) {
    if (r->custom) {
        for (uint32_t i = 0; i < r->word_count; i++)
            if (str_eq(r->words[i], word)) return *ret = i, true;
        return false;
    }
    const struct plan_fact_info *info = plan_fact_info((uint32_t)r->fact.index);
    for (uint32_t i = 0; i < info->word_count; i++)
        if (str_eq(str_from(info->words[i].name), word)) return *ret = i, true;
    return false;
}

static bool read_value(const struct plan_read *r, enum plan_fact_type type, const struct bill_fact *f, int64_t *ret) {
    switch (type) {
    case PLAN_VALUE_BOOL: *ret = f->number != 0; return f->kind == BILL_FACT_BOOL;
    case PLAN_VALUE_COUNT: *ret = count_clamp(f->number); return f->kind == BILL_FACT_COUNT;
    case PLAN_VALUE_SYMBOL: return f->kind == BILL_FACT_TEXT && read_word(r, f->text, ret);
    case PLAN_VALUE_TEXT:
    case PLAN_VALUE_DATE: break;
    }
    return false;
}

enum plan_fact_type walk_fact_type(const struct walk *w, int32_t fact) {
    if (fact >= PLAN_FACT_CUSTOM) return w->p->reads[fact - PLAN_FACT_CUSTOM].type;
    return plan_fact_info((uint32_t)fact)->type;
}

void walk_facts_read(struct walk *w) {
    const struct plan *p = w->p;
    w->facts = ARENA_ARRAY(w->a, int64_t, p->read_count);
    w->assumed = ARENA_ARRAY(w->a, struct str, p->read_count);
    if (!w->facts || !w->assumed) {
        w->failed = status_memory();
        return;
    }
    for (uint32_t i = 0; i < p->read_count; i++) {
        const struct plan_read *r = &p->reads[i];
        const struct bill_fact *f = bill_fact_find(w->in->bill, read_name(r));
        if (f) {
            enum plan_fact_type type = r->custom ? r->type : plan_fact_info((uint32_t)r->fact.index)->type;
            if (!read_value(r, type, f, &w->facts[i]))
                walk_fail(w, "fact-value", read_name(r), "账单中该项事实的取值不合计划的声明", "the bill gives this fact a value that the plan does not know");
        } else if (r->has_default) {
            w->facts[i] = r->default_value;
            w->assumed[w->assumed_count++] = read_name(r);
        } else {
            walk_fail(w, "fact-missing", read_name(r), "账单缺少计划需要的事实", "the bill lacks a fact that the plan reads");
        }
    }
    if (!day_is(w->in->bill->person.born) && walk_asks(p, &(struct walk_question){.age = true, .classes = true}))
        walk_fail(w, "fact-missing", STR("age"), "账单缺少出生日期", "the bill lacks the date of birth");
}

/* ---- one fact ------------------------------------------------------------------------------------ */

static int64_t declared_fact(const struct walk *w, int32_t fact) {
    for (uint32_t i = 0; i < w->p->read_count; i++)
        if (w->p->reads[i].fact.index == fact) return w->facts[i];
    CHECK(false && "a fact that the plan does not declare");
    return 0;
}

static int64_t line_fact(const struct walk *w, int32_t fact, int64_t line) {
    const struct bill_lines *l = &w->in->bill->lines;
    CHECK(line != WALK_NO_LINE);
    switch (fact) {
    case PLAN_FACT_KIND: return l->kind[line];
    case PLAN_FACT_CATALOGUE: return l->catalogue[line];
    case PLAN_FACT_DATE: return l->date[line].v;
    case PLAN_FACT_REIMBURSED: return w->in->reimbursed && w->in->reimbursed[line] > 0;
    default: break;
    }
    CHECK(false && "not a number of the line");
    return 0;
}

int64_t walk_fact_number(struct walk *w, int32_t fact, int64_t line) {
    const struct bill *b = w->in->bill;
    switch (fact) {
    case PLAN_FACT_VISIT: return b->visit;
    case PLAN_FACT_WARD: return b->ward;
    case PLAN_FACT_CAUSE: return b->cause;
    case PLAN_FACT_HOSPITAL_KIND: return b->hospital_kind;
    case PLAN_FACT_SEX: return b->person.sex;
    case PLAN_FACT_AGE: return count_clamp(day_age_years(b->person.born, b->from));
    case PLAN_FACT_DAYS: return count_clamp(i64_max(1, (int64_t)b->to.v - b->from.v));
    case PLAN_FACT_ICU_DAYS: return count_clamp(b->icu_days);
    case PLAN_FACT_CLAIM_FREE_YEARS: return count_clamp(w->in->policy->claim_free_years);
    case PLAN_FACT_POLICY_YEARS: return count_clamp(day_age_years(w->first_enrolled, w->at->decides));
    case PLAN_FACT_DAY_SURGERY: return b->day_surgery;
    case PLAN_FACT_DIED: return b->died;
    case PLAN_FACT_INTERIM: return b->interim;
    case PLAN_FACT_RENEWED: return w->begins.v > w->first_enrolled.v;
    case PLAN_FACT_SETTLED: return w->in->statutory_settled;
    case PLAN_FACT_BASIC_PAID: return w->in->basic_paid;
    default: break;
    }
    if (fact < PLAN_FACT_CUSTOM && plan_fact_info((uint32_t)fact)->level == PLAN_LEVEL_LINE) return line_fact(w, fact, line);
    return declared_fact(w, fact);
}

struct str walk_fact_text(const struct walk *w, int32_t fact, int64_t line) {
    const struct bill *b = w->in->bill;
    switch (fact) {
    case PLAN_FACT_REGION: return b->region;
    case PLAN_FACT_INSURED_REGION: return b->insured_region;
    case PLAN_FACT_HOSPITAL: return b->hospital;
    case PLAN_FACT_DEPARTMENT: return b->department;
    case PLAN_FACT_CODE: CHECK(line != WALK_NO_LINE); return b->lines.code[line];
    default: break;
    }
    CHECK(false && "not a text");
    return (struct str){NULL, 0};
}
