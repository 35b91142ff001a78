/* plan/examples/scene — see scene.h. One function for each kind of `given`; words of both languages are understood.
 *
 * Source: docs/plan-language.md §9.
 */
#include "plan/examples/scene.h"

#include "plan/syntax/words.h"

int64_t scene_minor(const struct plan *p, int64_t number_e6) {
    i128 v = number_e6;
    for (int i = 0; i < p->currency->digits; i++) v *= 10;
    return (int64_t)(v / 1'000'000);
}

static struct day default_day(const struct plan *p) {
    struct day d = day_from_civil(2024, 1, 1);
    return day_is(p->in_force.to) || p->in_force.from.v > d.v ? p->in_force.from : d;
}

bool scene_init(struct scene *s, struct arena *a, const struct plan *p) {
    *s = (struct scene){.a = a, .p = p, .settled = true, .person = STR("P1")};
    s->bill = (struct bill){.hospital = STR("H-EXAMPLE"), .hospital_kind = BILL_HOSPITAL_PUBLIC, .visit = BILL_VISIT_INPATIENT,
                            .revision = 1, .from = default_day(p), .to = default_day(p), .currency = p->currency};
    s->bill.person.born = day_from_civil(1980, 1, 1);
    s->policy = (struct bill_policy){.on = {DAY_NONE, DAY_OPEN}, .first_enrolled = DAY_NONE, .claim_free_years = -1};
    s->facts = ARENA_ARRAY(a, struct bill_fact, p->read_count);
    s->fact_known = ARENA_ARRAY(a, bool, p->read_count);
    return s->facts && s->fact_known;
}

/* ---- the words of one value ------------------------------------------------------------------------------ */

static bool is_word(struct str text, enum plan_word w) {
    return str_eq(text, str_from(plan_word_text(w, false))) || str_eq(text, str_from(plan_word_text(w, true)));
}

static bool to_bool(struct str text, bool *ret) {
    int32_t v = plan_bool_find(text);
    if (v >= 0) *ret = v == 1;
    return v >= 0;
}

static bool to_count(const struct plan_given *g, int64_t *ret) {
    bool number = g->value.n > 0 && g->value.p[0] >= '0' && g->value.p[0] <= '9';
    if (!number || g->number_e6 % 1'000'000 != 0 || g->number_e6 < 0) return false;
    *ret = g->number_e6 / 1'000'000;
    return true;
}

static bool to_symbol(const struct bill_word *words, uint32_t count, struct str text, int32_t *ret) {
    *ret = plan_word_find(words, count, text);
    return *ret >= 0;
}

static bool to_bucket(struct str text, uint32_t *ret) {
    for (uint32_t i = 0; i < PLAN_BUCKET_WORDS; i++) {
        if (!str_eq(text, str_from(plan_bucket_text(i, false))) && !str_eq(text, str_from(plan_bucket_text(i, true)))) continue;
        *ret = i < BUCKET_COUNT ? i : BUCKET_IN_SCOPE; /* in_scope_own is what is left in scope */
        return true;
    }
    return false;
}

static bool to_kind(struct str text, uint32_t *ret) {
    for (uint32_t k = 0; k < PLAN_KIND_COUNT; k++)
        if (str_eq(text, str_from(plan_kind_text(k, false))) || str_eq(text, str_from(plan_kind_text(k, true)))) return *ret = k, true;
    return false;
}

/* ---- facts ------------------------------------------------------------------------------------------------- */

static const struct bill_word *fact_words(int32_t fact, uint32_t *ret_count) {
    *ret_count = plan_fact_info((uint32_t)fact)->word_count;
    return plan_fact_info((uint32_t)fact)->words;
}

static bool set_symbol(const struct plan_given *g, int32_t fact, int32_t *ret) {
    uint32_t n;
    const struct bill_word *words = fact_words(fact, &n);
    return to_symbol(words, n, g->value, ret);
}

static bool set_visit_word(struct scene *s, const struct plan_given *g, int32_t fact) {
    int32_t v = 0;
    bool yes = false;
    struct bill *b = &s->bill;
    switch (fact) {
    case PLAN_FACT_VISIT: return set_symbol(g, fact, &v) && (b->visit = (enum bill_visit)v, true);
    case PLAN_FACT_WARD: return set_symbol(g, fact, &v) && (b->ward = (enum bill_ward)v, true);
    case PLAN_FACT_CAUSE: return set_symbol(g, fact, &v) && (b->cause = (enum bill_cause)v, true);
    case PLAN_FACT_HOSPITAL_KIND: return set_symbol(g, fact, &v) && (b->hospital_kind = (enum bill_hospital_kind)v, true);
    case PLAN_FACT_SEX: return set_symbol(g, fact, &v) && (b->person.sex = (enum bill_sex)v, true);
    case PLAN_FACT_DAY_SURGERY: return to_bool(g->value, &b->day_surgery);
    case PLAN_FACT_DIED: return to_bool(g->value, &b->died);
    case PLAN_FACT_INTERIM: return to_bool(g->value, &b->interim);
    case PLAN_FACT_SETTLED: return to_bool(g->value, &s->settled);
    case PLAN_FACT_BASIC_PAID: return to_bool(g->value, &yes) && (s->basic_given = true, s->basic_paid = yes, true);
    case PLAN_FACT_AGE: return to_count(g, &s->age) && s->age <= 150;
    case PLAN_FACT_DAYS: return to_count(g, &s->days) && s->days <= 100'000;
    case PLAN_FACT_ICU_DAYS: return to_count(g, &b->icu_days);
    case PLAN_FACT_CLAIM_FREE_YEARS: return to_count(g, &s->policy.claim_free_years);
    case PLAN_FACT_REGION: return b->region = g->value, true;
    case PLAN_FACT_INSURED_REGION: return b->insured_region = g->value, true;
    case PLAN_FACT_HOSPITAL: return b->hospital = g->value, true;
    case PLAN_FACT_DEPARTMENT: return b->department = g->value, true;
    default: return false;
    }
}

struct str scene_read_name(const struct plan_read *r) {
    return r->custom ? r->fact.name : str_from(plan_fact_info((uint32_t)r->fact.index)->en);
}

enum plan_fact_type scene_read_type(const struct plan_read *r) {
    return r->custom ? r->type : plan_fact_info((uint32_t)r->fact.index)->type;
}

/* The word of a symbol as bills write it. */
static struct str symbol_text(const struct plan_read *r, struct str given) {
    for (uint32_t i = 0; r->custom && i < r->word_count; i++)
        if (str_eq(r->words[i], given)) return given;
    if (r->custom) return STR("");
    const struct plan_fact_info *info = plan_fact_info((uint32_t)r->fact.index);
    int32_t at = plan_word_find(info->words, info->word_count, given);
    return at >= 0 ? str_from(info->words[at].name) : STR("");
}

static bool set_declared(struct scene *s, const struct plan_given *g, uint32_t read) {
    const struct plan_read *r = &s->p->reads[read];
    struct bill_fact f = {.name = scene_read_name(r)};
    bool yes = false, good = false;
    switch (scene_read_type(r)) {
    case PLAN_VALUE_BOOL:
        good = to_bool(g->value, &yes);
        f.kind = BILL_FACT_BOOL;
        f.number = yes;
        break;
    case PLAN_VALUE_COUNT:
        good = to_count(g, &f.number);
        f.kind = BILL_FACT_COUNT;
        break;
    case PLAN_VALUE_SYMBOL:
        f.kind = BILL_FACT_TEXT;
        f.text = symbol_text(r, g->value);
        good = f.text.n > 0;
        break;
    case PLAN_VALUE_TEXT:
    case PLAN_VALUE_DATE: break;
    }
    s->facts[read] = f;
    s->fact_known[read] = good;
    return good;
}

static bool set_fact(struct scene *s, const struct plan_given *g) {
    int32_t built_in = plan_fact_find(g->word);
    for (uint32_t i = 0; i < s->p->read_count; i++) {
        const struct plan_read *r = &s->p->reads[i];
        bool same = r->custom ? str_eq(r->fact.name, g->word) : r->fact.index == built_in;
        if (same) return set_declared(s, g, i);
    }
    return built_in >= 0 && set_visit_word(s, g, built_in);
}

/* ---- dates, person, policy --------------------------------------------------------------------------------- */

static bool set_status(struct scene *s, const struct plan_given *g) {
    uint32_t n;
    int32_t v;
    const struct bill_word *words = plan_policy_statuses(&n);
    return to_symbol(words, n, g->value, &v) && (s->policy.status = (enum bill_policy_status)v, true);
}

static bool set_endorsed(struct scene *s, const struct plan_given *g) {
    struct bill_endorsement *e = ARENA_PUSH(s->a, s->endorsements, s->endorsement_count, s->endorsement_cap);
    if (!e) return s->no_memory = true, false;
    *e = (struct bill_endorsement){.name = g->value, .on = {DAY_NONE, DAY_OPEN}};
    return true;
}

static bool set_procedure(struct scene *s, const struct plan_given *g) {
    struct str *code = ARENA_PUSH(s->a, s->procedures, s->procedure_count, s->procedure_cap);
    if (!code) return s->no_memory = true, false;
    *code = g->value;
    return true;
}

static bool set_first_enrolled(struct scene *s, const struct plan_given *g) {
    s->first_enrolled_given = true;
    return day_parse(g->value, &s->policy.first_enrolled);
}

static bool set_cover(struct scene *s, const struct plan_given *g) {
    s->policy.on = g->on;
    return day_is(g->on.from);
}

/* Words that are no facts of conditions. *ret_known tells whether the word is one of them. */
static bool set_other(struct scene *s, const struct plan_given *g, bool *ret_known) {
    struct str w = g->word;
    *ret_known = true;
    if (is_word(w, W_ADMITTED)) return s->from_given = true, day_parse(g->value, &s->bill.from);
    if (is_word(w, W_DISCHARGED)) return s->to_given = true, day_parse(g->value, &s->bill.to);
    if (is_word(w, W_SETTLED_ON)) return day_parse(g->value, &s->settled_on);
    if (is_word(w, W_BORN)) return day_parse(g->value, &s->bill.person.born);
    if (is_word(w, W_STAY)) return s->bill.stay = g->value, true;
    if (is_word(w, W_PERSON)) return s->person = g->value, true;
    if (is_word(w, W_FAMILY)) return s->policy.family = g->value, true;
    if (is_word(w, W_STATUS)) return set_status(s, g);
    if (is_word(w, W_FIRST_ENROLLED)) return set_first_enrolled(s, g);
    if (is_word(w, W_COVER)) return set_cover(s, g);
    if (is_word(w, W_ENDORSED)) return set_endorsed(s, g);
    if (is_word(w, W_PROCEDURE)) return set_procedure(s, g);
    if (is_word(w, W_STATUTORY_SETTLED)) return to_bool(g->value, &s->settled);
    return *ret_known = false;
}

static bool set_class(struct scene *s, const struct plan_given *g) {
    s->policy.class_given = true;
    s->policy.class_name = is_word(g->value, W_NONE) ? STR("") : g->value;
    return true;
}

/* ---- amounts and lines --------------------------------------------------------------------------------------- */

static struct scene_line *line_at(struct scene *s) {
    if (s->line_count > 0) return &s->lines[s->line_count - 1];
    s->totals_used = true;
    return &s->totals;
}

static bool set_amount(struct scene *s, const struct plan_given *g) {
    uint32_t bucket;
    if (!to_bucket(g->word, &bucket)) return false;
    line_at(s)->amount[bucket] += scene_minor(s->p, g->number_e6);
    return true;
}

static bool set_paid(struct scene *s, const struct plan_given *g) {
    uint32_t bucket, kind;
    if (!to_bucket(g->word, &bucket) || !to_kind(g->value, &kind)) return false;
    line_at(s)->paid[kind][bucket] += scene_minor(s->p, g->number_e6);
    return true;
}

static bool open_line(struct scene *s) {
    struct scene_line *l = ARENA_PUSH(s->a, s->lines, s->line_count, s->line_cap);
    if (!l) return s->no_memory = true, false;
    *l = (struct scene_line){.qty_e4 = 10'000, .date = DAY_NONE};
    return !s->totals_used;
}

static bool set_line_word(struct scene *s, const struct plan_given *g) {
    int32_t v = 0, fact = plan_fact_find(g->word);
    if (s->line_count == 0) return false;
    struct scene_line *l = line_at(s);
    if (is_word(g->word, W_CODE) || fact == PLAN_FACT_CODE) return l->code = g->value, true;
    if (is_word(g->word, W_NAME)) return l->name = g->value, true;
    if (is_word(g->word, W_INGREDIENT)) return l->ingredient = g->value, true;
    if (is_word(g->word, W_QTY)) return l->qty_e4 = g->number_e6 / 100, g->number_e6 >= 0;
    if (fact == PLAN_FACT_DATE) return day_parse(g->value, &l->date);
    if (fact == PLAN_FACT_KIND) return set_symbol(g, fact, &v) && (l->kind = (uint8_t)v, true);
    if (fact == PLAN_FACT_CATALOGUE) return set_symbol(g, fact, &v) && (l->catalogue = (uint8_t)v, true);
    return false;
}

static bool set_diagnosis(struct scene *s, const struct plan_given *g) {
    struct day since = day_is(g->on.from) ? g->on.from : DAY_NONE;
    struct bill_diagnosis *d;
    if (is_word(g->word, W_HISTORY)) {
        d = ARENA_PUSH(s->a, s->history, s->history_count, s->history_cap);
        if (d) *d = (struct bill_diagnosis){.code = g->value, .since = since};
    } else {
        d = ARENA_PUSH(s->a, s->diagnoses, s->diagnosis_count, s->diagnosis_cap);
        if (d) *d = (struct bill_diagnosis){.code = g->value, .since = since, .main = s->diagnosis_count == 1};
    }
    if (!d) s->no_memory = true;
    return d != NULL;
}

/* ---- a step ---------------------------------------------------------------------------------------------------- */

static bool set_given(struct scene *s, const struct plan_given *g) {
    bool known = false;
    switch (g->kind) {
    case PLAN_GIVEN_FACT:
    case PLAN_GIVEN_POLICY: {
        bool good = set_other(s, g, &known);
        return known ? good : set_fact(s, g);
    }
    case PLAN_GIVEN_AMOUNT: return set_amount(s, g);
    case PLAN_GIVEN_LINE: return open_line(s);
    case PLAN_GIVEN_LINE_WORD: return set_line_word(s, g);
    case PLAN_GIVEN_DIAGNOSIS: return set_diagnosis(s, g);
    case PLAN_GIVEN_CLASS: return set_class(s, g);
    case PLAN_GIVEN_PAID: return set_paid(s, g);
    case PLAN_GIVEN_COUNTER: return true; /* test.c: it needs the periods of the run */
    }
    return false;
}

static void step_clear(struct scene *s) {
    s->step++;
    s->from_given = s->to_given = s->totals_used = false;
    s->days = s->age = -1;
    s->settled_on = DAY_NONE;
    s->totals = (struct scene_line){.qty_e4 = 10'000, .date = DAY_NONE};
    s->line_count = s->diagnosis_count = s->history_count = s->procedure_count = s->endorsement_count = 0;
    s->line_cap = s->diagnosis_cap = s->history_cap = s->procedure_cap = s->endorsement_cap = 0; /* results may still point into the old ones */
    s->lines = NULL;
    s->diagnoses = s->history = NULL;
    s->procedures = NULL;
    s->endorsements = NULL;
    s->bill.stay = STR("");
}

bool scene_read(struct scene *s, const struct plan_example_step *step) {
    step_clear(s);
    for (uint32_t i = 0; i < step->given_count; i++) {
        if (set_given(s, &step->given[i])) continue;
        if (!s->no_memory) s->wrong = &step->given[i];
        return false;
    }
    if (s->from_given && !s->to_given) s->bill.to = s->bill.from;
    if (s->to_given && !s->from_given) s->bill.from = s->bill.to;
    if (s->days >= 0) s->bill.to = day_add(s->bill.from, (int32_t)s->days);
    if (s->age >= 0) s->bill.person.born = day_add_years(s->bill.from, -(int)s->age);
    if (!day_is(s->settled_on)) s->settled_on = s->bill.to;
    return true;
}
