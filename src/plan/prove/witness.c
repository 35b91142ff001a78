/* plan/prove/witness — from the values of an answer to a bill.
 *
 * Who uses it: prove_*.c. What the question did not ask is ordinary: an inpatient of a public hospital of level 3, settled by the basic insurance, aged
 * 40, enrolled for over a year, one line of a drug of class B.
 */
#include "plan/prove/witness.h"

#include "plan/check/check.h"
#include "plan/facts.h"
#include "plan/check/sites.h"

struct witness {
    struct arena *a;
    const struct plan *p;
    const struct logic *q;
    const struct witness_fact *facts; /* come before what q says */
    uint32_t fact_count;
    uint32_t variant;
    struct bill *bill;
    bool no_memory;
};

static const struct witness_fact *fixed(const struct witness *w, int32_t fact) {
    for (uint32_t i = 0; i < w->fact_count; i++)
        if (w->facts[i].fact == fact) return &w->facts[i];
    return NULL;
}

static int64_t number(const struct witness *w, int32_t fact, int64_t usual) {
    struct logic_value v;
    const struct witness_fact *given = fixed(w, fact);
    if (given != NULL) return given->number;
    return w->q != NULL && logic_value(w->q, LOGIC_FACT, fact, &v) ? v.number : usual;
}

static struct str text(const struct witness *w, int32_t fact, struct str usual) {
    struct logic_value v;
    const struct witness_fact *given = fixed(w, fact);
    if (given != NULL) return given->text;
    return w->q != NULL && logic_value(w->q, LOGIC_FACT, fact, &v) ? v.text : usual;
}

static bool asked(const struct witness *w, int32_t fact) {
    struct logic_value v;
    return w->q != NULL && logic_value(w->q, LOGIC_FACT, fact, &v);
}

/* ---- dates ---------------------------------------------------------------------------------------------- */

static struct day usual_day(const struct plan *p) {
    struct day_range force = p->in_force;
    int64_t length = day_is(force.to) ? (int64_t)force.to.v - force.from.v : 200;
    return day_add(force.from, (int32_t)(length / 2 < 100 ? length / 2 : 100));
}

static struct day deciding(const struct witness *w) {
    return w->q != NULL ? logic_deciding(w->q) : usual_day(w->p);
}

static void give_dates(struct witness *w) {
    struct bill *b = w->bill;
    struct day on = deciding(w), line = w->q != NULL ? logic_line_date(w->q) : on;
    int64_t icu = number(w, PLAN_FACT_ICU_DAYS, 0), days = number(w, PLAN_FACT_DAYS, icu > 1 ? icu : 1);
    int32_t stay = days > 1 ? (int32_t)days : 0;
    b->icu_days = icu;
    bool from_here = w->p->counts_by == PLAN_BY_ADMISSION;
    b->from = from_here ? on : day_add(on, -stay);
    b->to = from_here ? day_add(on, stay) : on;
    if (line.v > b->to.v) b->to = line;
    if (line.v < b->from.v) b->from = line;
}

/* ---- person, policy -------------------------------------------------------------------------------------- */

static void give_person(struct witness *w) {
    struct bill *b = w->bill;
    b->person.id_kind = STR("unknown");
    b->person.id = STR("witness");
    b->person.sex = (enum bill_sex)number(w, PLAN_FACT_SEX, BILL_SEX_UNKNOWN);
    b->person.born = day_add_years(b->from, -(int)number(w, PLAN_FACT_AGE, 40));
}

static void give_endorsements(struct witness *w, struct bill_policy *policy) {
    uint32_t slots = w->q != NULL ? logic_slots(w->q, LOGIC_ENDORSED) : 0;
    struct bill_endorsement *items = ARENA_ARRAY(w->a, struct bill_endorsement, slots);
    if (items == NULL) {
        w->no_memory = true;
        return;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < slots; i++) {
        struct logic_value v;
        if (!logic_value(w->q, LOGIC_ENDORSED, (int32_t)i, &v) || v.number == 0) continue;
        items[count++] = (struct bill_endorsement){.name = logic_endorsement(w->q, (int32_t)i), .on = {DAY_NONE, DAY_OPEN}};
    }
    policy->endorsements = items;
    policy->endorsement_count = count;
}

static void give_class(struct witness *w, struct bill_policy *policy) {
    struct logic_value v;
    if (w->q == NULL || !logic_value(w->q, LOGIC_CLASS, 0, &v) || v.number == LOGIC_CLASS_FREE) return;
    policy->class_given = true;
    policy->class_name = v.number == LOGIC_CLASS_NONE ? STR("") : w->p->conditions[v.number].name;
}

static void give_policy(struct witness *w) {
    struct bill_policy *policy = ARENA_NEW(w->a, struct bill_policy);
    if (policy == NULL) {
        w->no_memory = true;
        return;
    }
    struct day on = deciding(w);
    struct logic_value enrolled;
    bool free = w->q == NULL || !logic_value(w->q, LOGIC_ENROLLED, 0, &enrolled);
    struct day first = w->q != NULL ? logic_first_enrolled(w->q) : day_add(day_add_years(on, -1), -1);
    /* A stay across the beginning of cover is decided by another date when the person was enrolled before: then enrolled on that day. */
    if (free && w->bill->from.v < w->p->in_force.from.v) first = w->p->in_force.from;
    if (fixed(w, PLAN_FACT_POLICY_YEARS) != NULL) first = day_add_years(on, -(int)fixed(w, PLAN_FACT_POLICY_YEARS)->number);
    bool renewed = number(w, PLAN_FACT_RENEWED, 0) != 0;
    struct day begins = !renewed ? first : w->bill->from.v > first.v ? w->bill->from : on;
    policy->plan = w->p->name;
    policy->policy = STR("witness");
    policy->on = (struct day_range){begins, DAY_OPEN};
    policy->status = BILL_POLICY_IN_FORCE;
    policy->first_enrolled = first;
    policy->claim_free_years = number(w, PLAN_FACT_CLAIM_FREE_YEARS, w->variant >= 1 ? 5 : 0);
    give_class(w, policy);
    give_endorsements(w, policy);
    w->bill->policies = policy;
    w->bill->policy_count = 1;
}

/* ---- diagnoses, procedures ---------------------------------------------------------------------------------- */

static void give_diagnoses(struct witness *w) {
    uint32_t slots = w->q != NULL ? logic_slots(w->q, LOGIC_SECOND) : 0;
    uint32_t priors = w->q != NULL ? logic_slots(w->q, LOGIC_PRIOR) : 0;
    struct bill_diagnosis *now = ARENA_ARRAY(w->a, struct bill_diagnosis, slots + 1);
    struct bill_diagnosis *before = ARENA_ARRAY(w->a, struct bill_diagnosis, priors);
    if (now == NULL || before == NULL) {
        w->no_memory = true;
        return;
    }
    struct bill *b = w->bill;
    struct logic_value v;
    if (w->q != NULL && logic_value(w->q, LOGIC_MAIN, 0, &v)) now[b->diagnosis_count++] = (struct bill_diagnosis){v.text, true, DAY_NONE};
    for (uint32_t i = 0; i < slots; i++) {
        if (!logic_value(w->q, LOGIC_SECOND, (int32_t)i, &v) || v.text.n == 0) continue;
        bool first = b->diagnosis_count == 0;
        now[b->diagnosis_count++] = (struct bill_diagnosis){v.text, first, DAY_NONE};
    }
    for (uint32_t i = 0; i < priors; i++)
        if (logic_value(w->q, LOGIC_PRIOR, (int32_t)i, &v) && v.text.n > 0)
            before[b->history_count++] = (struct bill_diagnosis){v.text, false, day_add(b->policies[0].first_enrolled, -1)};
    b->diagnoses = now;
    b->history = before;
}

static void give_procedures(struct witness *w) {
    uint32_t slots = w->q != NULL ? logic_slots(w->q, LOGIC_PROCEDURE) : 0;
    struct str *codes = ARENA_ARRAY(w->a, struct str, slots);
    if (codes == NULL) {
        w->no_memory = true;
        return;
    }
    struct logic_value v;
    for (uint32_t i = 0; i < slots; i++)
        if (logic_value(w->q, LOGIC_PROCEDURE, (int32_t)i, &v) && v.text.n > 0) codes[w->bill->procedure_count++] = v.text;
    w->bill->procedures = codes;
}

/* ---- facts ------------------------------------------------------------------------------------------------------ */

static void give_facts(struct witness *w) {
    struct bill_fact *facts = ARENA_ARRAY(w->a, struct bill_fact, w->p->read_count);
    if (facts == NULL) {
        w->no_memory = true;
        return;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->p->read_count; i++) {
        int32_t fact = w->p->reads[i].fact.index;
        struct plan_fact_view view = plan_fact_view(w->p, fact);
        struct bill_fact f = {.name = plan_fact_name(w->p, fact, false)};
        int64_t usual = fact == PLAN_FACT_HOSPITAL_LEVEL ? 3 : 0;
        if (view.type == PLAN_VALUE_COUNT && usual == 0 && w->variant >= 1) usual = 5;
        if (view.type == PLAN_VALUE_BOOL && w->variant >= 2) usual = 1;
        f.number = number(w, fact, usual);
        f.kind = view.type == PLAN_VALUE_BOOL ? BILL_FACT_BOOL : view.type == PLAN_VALUE_COUNT ? BILL_FACT_COUNT : BILL_FACT_TEXT;
        if (view.type == PLAN_VALUE_SYMBOL) f.text = plan_fact_word(w->p, fact, f.number, false);
        if (f.kind == BILL_FACT_TEXT) f.number = 0;
        facts[count++] = f;
    }
    w->bill->facts = facts;
    w->bill->fact_count = count;
}

/* ---- the line ------------------------------------------------------------------------------------------------------ */

/* One line, in one piece of memory. */
struct columns {
    int64_t number, qty, price, amount, returns, given[BUCKET_GIVEN_COUNT];
    struct str code, name, ingredient, kind_text;
    uint8_t kind, catalogue;
    struct day date;
};

static void give_line(struct witness *w, struct witness_money money) {
    struct columns *c = ARENA_NEW(w->a, struct columns);
    if (c == NULL) {
        w->no_memory = true;
        return;
    }
    uint32_t words;
    struct bill *b = w->bill;
    struct logic_value item = {.text = STR("999999999999999"), .name = STR("witness")};
    struct logic_value totals = {0};
    if (w->q != NULL) (void)logic_value(w->q, LOGIC_ITEM, 0, &item);
    if (w->q != NULL) (void)logic_value(w->q, LOGIC_TOTALS, 0, &totals);
    b->totals_only = totals.number != 0;
    *c = (struct columns){.number = 1, .qty = 10'000, .price = INT64_MIN, .code = item.text, .name = item.name.n > 0 ? item.name : STR("witness")};
    c->kind = (uint8_t)number(w, PLAN_FACT_KIND, BILL_LINE_DRUG);
    c->kind_text = str_from(bill_words(BILL_VOCABULARY_LINE_KIND, &words)[c->kind].name);
    c->catalogue = (uint8_t)number(w, PLAN_FACT_CATALOGUE, BILL_CLASS_B);
    c->date = w->q != NULL ? logic_line_date(w->q) : deciding(w);
    if (b->totals_only) {
        c->number = 0;
        c->code = c->name = STR("");
        c->kind = BILL_LINE_OTHER;
        c->kind_text = str_from(bill_words(BILL_VOCABULARY_LINE_KIND, &words)[BILL_LINE_OTHER].name);
        c->catalogue = BILL_CLASS_NONE;
        c->date = b->to;
    }
    for (uint32_t i = 0; i < BUCKET_COUNT; i++) {
        if (money.buckets != 0 ? (money.buckets >> i & 1) == 0 : i >= BUCKET_GIVEN_COUNT) continue;
        c->given[i < BUCKET_GIVEN_COUNT ? i : BUCKET_IN_SCOPE] += money.amount;
    }
    for (uint32_t i = 0; i < BUCKET_GIVEN_COUNT; i++) c->amount += c->given[i];
    b->lines = (struct bill_lines){.count = 1, .number = &c->number, .code = &c->code, .name = &c->name, .ingredient = &c->ingredient,
                                   .kind_text = &c->kind_text, .kind = &c->kind, .catalogue = &c->catalogue, .qty_e4 = &c->qty,
                                   .price_e6 = &c->price, .date = &c->date, .amount = &c->amount, .net_qty_e4 = &c->qty, .returns = &c->returns};
    for (uint32_t i = 0; i < BUCKET_GIVEN_COUNT; i++) {
        b->lines.given[i] = b->lines.net[i] = &c->given[i];
        b->net_sum[i] = c->given[i];
    }
    b->total = c->amount;
}

static void give_statutory(struct witness *w) {
    bool reimbursed = number(w, PLAN_FACT_REIMBURSED, 0) != 0;
    bool basic = number(w, PLAN_FACT_BASIC_PAID, reimbursed) != 0;
    struct bill_statutory *s = &w->bill->statutory;
    s->settled = number(w, PLAN_FACT_SETTLED, 1) != 0 || basic;
    s->stage = s->settled ? BILL_STAGE_FINAL : BILL_STAGE_NONE;
    s->deductible = -1;
    struct bill_fund *fund = basic ? ARENA_NEW(w->a, struct bill_fund) : NULL;
    if (!basic) return;
    if (fund == NULL) {
        w->no_memory = true;
        return;
    }
    /* A hundredth of what is in scope; of the whole line when nothing is. */
    int64_t of = w->bill->net_sum[BUCKET_IN_SCOPE] > 0 ? w->bill->net_sum[BUCKET_IN_SCOPE] : w->bill->total;
    *fund = (struct bill_fund){STR("hifp_pay"), of / 100};
    s->funds = fund;
    s->fund_count = 1;
    s->fund_sum = fund->amount;
}

/* Above every deductible, and not far above: a cap would hide what the bill is to show. */
static int64_t telling_amount(const struct plan *p) {
    int64_t amount = 0, unit = 1;
    for (uint32_t i = 0; i < p->shared_count; i++)
        if (!p->shared[i].is_cap) amount = i64_max(amount, plan_choice_interval(p, &p->shared[i].deductible.value, DAY_NONE).max);
    for (uint32_t i = 0; i < p->benefit_count; i++) {
        const struct plan_deductible *d = &p->benefits[i].deductible;
        if (d->written && !d->nothing && d->shared.name.n == 0) amount = i64_max(amount, plan_choice_interval(p, &d->value, DAY_NONE).max);
    }
    for (int i = 0; i < p->currency->digits; i++) unit *= 10;
    amount += 1'000 * unit;
    return amount < LIMIT_AMOUNT_MINOR / 100 ? amount : 1'000'000 * unit;
}

static const struct bill *build(struct witness w, struct witness_money money) {
    const struct plan *p = w.p;
    struct bill *b = ARENA_NEW(w.a, struct bill);
    if (b == NULL) return NULL;
    w.bill = b;
    if (money.amount == 0) money.amount = telling_amount(p);
    w.variant = money.variant;
    if (w.variant >= 3) money.amount *= 20;
    b->bill = STR("witness");
    b->revision = 1;
    b->currency = p->currency;
    b->hospital = text(&w, PLAN_FACT_HOSPITAL, STR("H41010000001"));
    b->region = text(&w, PLAN_FACT_REGION, STR("410100"));
    b->insured_region = text(&w, PLAN_FACT_INSURED_REGION, asked(&w, PLAN_FACT_REGION) ? STR("410100") : b->region);
    b->department = text(&w, PLAN_FACT_DEPARTMENT, STR(""));
    b->hospital_kind = (enum bill_hospital_kind)number(&w, PLAN_FACT_HOSPITAL_KIND, BILL_HOSPITAL_PUBLIC);
    b->visit = (enum bill_visit)number(&w, PLAN_FACT_VISIT, BILL_VISIT_INPATIENT);
    b->ward = (enum bill_ward)number(&w, PLAN_FACT_WARD, BILL_WARD_ORDINARY);
    b->cause = (enum bill_cause)number(&w, PLAN_FACT_CAUSE, BILL_CAUSE_ILLNESS);
    b->interim = number(&w, PLAN_FACT_INTERIM, 0) != 0;
    b->day_surgery = number(&w, PLAN_FACT_DAY_SURGERY, 0) != 0;
    b->died = number(&w, PLAN_FACT_DIED, 0) != 0;
    give_dates(&w);
    give_person(&w);
    give_facts(&w);
    give_policy(&w);
    if (!w.no_memory) give_diagnoses(&w);
    give_procedures(&w);
    give_line(&w, money);
    if (!w.no_memory) give_statutory(&w);
    return w.no_memory ? NULL : b;
}

const struct bill *witness_bill(struct arena *a, const struct plan *p, const struct logic *q, struct witness_money money) {
    return build((struct witness){.a = a, .p = p, .q = q}, money);
}

const struct bill *witness_bill_of_facts(struct arena *a, const struct plan *p, const struct witness_fact *facts, uint32_t count) {
    return build((struct witness){.a = a, .p = p, .facts = facts, .fact_count = count}, (struct witness_money){0});
}

void witness_input(const struct bill *b, struct witness_input_memory *memory, struct plan_input *ret) {
    *memory = (struct witness_input_memory){0};
    *ret = (struct plan_input){.bill = b, .policy = &b->policies[0], .settled_on = b->to, .owner = b->person.id,
                               .statutory_settled = b->statutory.settled, .basic_paid = b->statutory.fund_sum > 0, .reimbursed = &memory->reimbursed};
    for (uint32_t i = 0; i < BUCKET_COUNT; i++) {
        memory->left[i] = i < BUCKET_GIVEN_COUNT ? b->lines.net[i][0] : 0;
        ret->left[i] = &memory->left[i];
    }
    int64_t fund = b->statutory.fund_sum;
    memory->reimbursed = fund;
    for (uint32_t i = BUCKET_GIVEN_COUNT; i-- > 0 && fund > 0;) {
        int64_t part = fund < memory->left[i] ? fund : memory->left[i];
        memory->left[i] -= part;
        fund -= part;
    }
}
