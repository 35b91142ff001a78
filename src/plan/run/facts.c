/* plan/run/facts — what a plan reads of the bill and the policy, as numbers in scalars.
 *
 * Who uses it: run.c. Invariants: all facts that the plan declares are there before anything else is decided, so that a bill that lacks one fails in the
 * same way whatever it would have come to; counts lie in 0 .. 1'000'000. Source: docs/plan-language.md §3.
 */
#include "plan/run/run.h"

enum { COUNT_MAX = 1'000'000 };

static int64_t count_clamp(int64_t v) { return v < 0 ? 0 : v > COUNT_MAX ? COUNT_MAX : v; }

/* ---- from the bill's `facts` ------------------------------------------------------------------------------------ */

static bool fact_failed(struct run *r, struct error e) {
    bool whole = e.place.p && e.zh.p && e.en.p && e.hint_zh.p && e.hint_en.p;
    r->status = whole ? status_error(r->arena, e) : status_memory();
    return false;
}

static bool fact_fail(struct run *r, const char *code, struct str name, const char *zh, const char *en) {
    struct arena *a = r->arena;
    return fact_failed(r, (struct error){.code = code, .place = arena_printf(a, "facts.%.*s", STR_FMT(name)),
        .zh = arena_printf(a, "计划「%.*s」需要事实「%.*s」：%s", STR_FMT(r->program->name), STR_FMT(name), zh),
        .en = arena_printf(a, "plan %.*s reads the fact %.*s: %s", STR_FMT(r->program->name), STR_FMT(name), en),
        .hint_zh = arena_printf(a, "请在账单的 facts 中给出 %.*s，或在方案的 reads 中写明 default", STR_FMT(name)),
        .hint_en = arena_printf(a, "give %.*s in the bill's facts, or write a default behind `reads` in the plan", STR_FMT(name))});
}

/* The age is no fact of its own: it follows from the date of birth. */
static bool age_fail(struct run *r) {
    struct arena *a = r->arena;
    return fact_failed(r, (struct error){.code = "fact-missing", .place = STR("person.born"),
        .zh = arena_printf(a, "计划「%.*s」需要年龄 (age)：账单未给出出生日期", STR_FMT(r->program->name)),
        .en = arena_printf(a, "plan %.*s reads the age: the bill gives no date of birth", STR_FMT(r->program->name)),
        .hint_zh = STR("请在账单的 person.born 中给出出生日期"), .hint_en = STR("give the date of birth as person.born in the bill")});
}

static const struct bill_fact *fact_find(const struct bill *b, struct str name) {
    for (uint32_t i = 0; i < b->fact_count; i++)
        if (str_eq(b->facts[i].name, name)) return &b->facts[i];
    return NULL;
}

static bool word_find(const struct program_read *read, struct str text, int64_t *ret) {
    for (uint32_t i = 0; i < read->word_count; i++) {
        struct str word = read->words ? str_from(read->words[i].name) : read->own_words[i];
        if (!str_eq(word, text)) continue;
        *ret = i;
        return true;
    }
    return false;
}

static bool fact_value(const struct program_read *read, const struct bill_fact *f, int64_t *ret) {
    switch ((enum plan_fact_type)read->type) {
    case PLAN_VALUE_BOOL:
        *ret = f->number != 0;
        return f->kind == BILL_FACT_BOOL;
    case PLAN_VALUE_COUNT:
        *ret = count_clamp(f->number);
        return f->kind == BILL_FACT_COUNT;
    case PLAN_VALUE_SYMBOL: return f->kind == BILL_FACT_TEXT && word_find(read, f->text, ret);
    case PLAN_VALUE_TEXT:
    case PLAN_VALUE_DATE: break;
    }
    return false;
}

/* A missing fact takes its default; which ones did is part of the answer. */
static bool fact_read(struct run *r, const struct program_read *read, struct str *assumed) {
    const struct bill_fact *f = fact_find(r->bill, read->name);
    int64_t value = read->default_value;
    if (!f && !read->has_default) return fact_fail(r, "fact-missing", read->name, "账单未给出", "the bill does not give it");
    if (!f) assumed[r->assumed_count++] = read->name;
    else if (!fact_value(read, f, &value)) return fact_fail(r, "fact-value", read->name, "其值不是该事实的取值", "its value is none of this fact's values");
    r->s[read->fact] = value;
    return true;
}

bool run_facts_read(struct run *r) {
    const struct plan_program *g = r->program;
    if (g->read_count) {
        struct str *assumed = ARENA_ARRAY(r->arena, struct str, g->read_count);
        if (!assumed) return run_fail_memory(r);
        r->assumed = assumed;
        for (uint32_t i = 0; i < g->read_count; i++)
            if (!fact_read(r, &g->reads[i], assumed)) return false;
    }
    return !g->reads_age || day_is(r->bill->person.born) || age_fail(r);
}

/* ---- of visit and policy --------------------------------------------------------------------------------------------- */

static int64_t policy_years(const struct run *r) {
    if (r->deciding.v < r->first_enrolled.v) return 0;
    return count_clamp(day_age_years(r->first_enrolled, r->deciding));
}

static int64_t fact_visit(const struct run *r, enum plan_fact fact) {
    const struct bill *b = r->bill;
    switch (fact) {
    case PLAN_FACT_VISIT: return b->visit;
    case PLAN_FACT_WARD: return b->ward;
    case PLAN_FACT_CAUSE: return b->cause;
    case PLAN_FACT_HOSPITAL_KIND: return b->hospital_kind;
    case PLAN_FACT_SEX: return b->person.sex;
    case PLAN_FACT_AGE: return count_clamp(day_age_years(b->person.born, b->from));
    case PLAN_FACT_DAYS: return count_clamp(i64_max((int64_t)b->to.v - b->from.v, 1));
    case PLAN_FACT_ICU_DAYS: return count_clamp(b->icu_days);
    case PLAN_FACT_CLAIM_FREE_YEARS: return count_clamp(r->in->policy->claim_free_years);
    case PLAN_FACT_POLICY_YEARS: return policy_years(r);
    case PLAN_FACT_DAY_SURGERY: return b->day_surgery;
    case PLAN_FACT_DIED: return b->died;
    case PLAN_FACT_INTERIM: return b->interim;
    case PLAN_FACT_RENEWED: return r->policy_start.v > r->first_enrolled.v;
    case PLAN_FACT_SETTLED: return r->in->statutory_settled;
    case PLAN_FACT_BASIC_PAID: return r->in->basic_paid;
    default: return 0; /* texts and facts of lines have steps of their own */
    }
}

void run_facts_visit(struct run *r) {
    const struct plan_program *g = r->program;
    for (uint32_t i = 0; i < g->fact_count; i++) {
        uint16_t fact = g->facts[i];
        if (fact < PLAN_FACT_BUILT_IN && plan_fact_info(fact)->level == PLAN_LEVEL_VISIT) r->s[fact] = fact_visit(r, (enum plan_fact)fact);
    }
}
