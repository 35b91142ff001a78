/* plan/mutants/bill — random bills on which two plans could differ.
 *
 * Who uses it: mutants/judge.c. Random, but aimed: half of all days, codes, counts and amounts stand where one of the plans changes its mind. Families of two
 * persons, each with several bills in order, so that counters, stays, family sharing and lifetimes matter; earlier payers' money of every kind.
 */
#include "plan/check/check.h"
#include "plan/prove/logic.h"
#include "plan/mutants/mutant.h"

enum { THROW_AMOUNTS = 256, THROW_COUNTS = 128, THROW_BILLS = 6 /* of a family */, THROW_LINES = 4 };

struct throws {
    struct arena *a;
    struct plan *plans[2];
    struct logic_world worlds[2];
    uint64_t rng;
    int64_t amounts[THROW_AMOUNTS], counts[THROW_COUNTS]; /* of the plans' clauses */
    uint32_t amount_count, count_count;
    struct str endorsements[8], groups[16];
    uint32_t endorsement_count, group_count;
    struct str changed[16]; /* texts of entries that only one of the plans has, or has in another way */
    uint32_t changed_count;
    uint32_t bill;       /* of this family */
    uint32_t number;     /* of all */
    /* of the family at hand, for both persons */
    struct day first_enrolled, begins;
    bool policy_default, class_given, has_family;
    struct str class_name, stay;
    struct day last;
};

/* ---- chance ----------------------------------------------------------------------------------------------- */

static uint64_t next(struct throws *t) { /* splitmix64 */
    uint64_t z = (t->rng += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int64_t below(struct throws *t, int64_t n) { return n <= 0 ? 0 : (int64_t)(next(t) % (uint64_t)n); }
static bool chance(struct throws *t, int64_t percent) { return below(t, 100) < percent; }

/* ---- what the plans' clauses say ------------------------------------------------------------------------------ */

static void note_amount(struct throws *t, int64_t v) {
    for (uint32_t i = 0; i < t->amount_count; i++)
        if (t->amounts[i] == v) return;
    if (v > 0 && v < LIMIT_AMOUNT_MINOR / 1000 && t->amount_count < THROW_AMOUNTS) t->amounts[t->amount_count++] = v;
}

static void note_count(struct throws *t, int64_t v) {
    for (int64_t n = v - 1; n <= v + 1; n++) {
        bool known = n < 0;
        for (uint32_t i = 0; i < t->count_count; i++) known = known || t->counts[i] == n;
        if (!known && t->count_count < THROW_COUNTS) t->counts[t->count_count++] = n;
    }
}

static void note_expr(struct throws *t, const struct plan *p, const struct plan_expr *e) {
    if (e == NULL) return;
    struct plan_interval i = plan_expr_interval(p, e, DAY_NONE);
    if (e->type == PLAN_TYPE_MONEY) {
        note_amount(t, i.min);
        note_amount(t, i.max);
    }
    if (e->type == PLAN_TYPE_COUNT && i.max < 10'000) note_count(t, i.max);
    note_expr(t, p, e->a);
    note_expr(t, p, e->b);
}

static void note_choice(struct throws *t, const struct plan *p, struct plan_choice *c) {
    struct plan_value *v;
    for (uint32_t i = 0; (v = plan_choice_value(c, i)) != NULL; i++) {
        note_expr(t, p, v->expr);
        for (uint32_t k = 0; v->schedule != NULL && k < v->schedule->tier_count; k++) note_expr(t, p, v->schedule->tiers[k].to);
    }
    for (uint32_t i = 0; i < c->item_count; i++)
        for (uint32_t k = 0; k < c->by_count; k++)
            if (plan_fact_view(p, c->by[k].index).type == PLAN_VALUE_COUNT) note_count(t, c->items[i].resolved[k]);
}

static void note_cond(struct throws *t, const struct plan *p, const struct plan_cond *c) {
    if (c == NULL) return;
    if (c->kind == PLAN_COND_COMPARE && plan_fact_view(p, c->ref.index).type == PLAN_VALUE_COUNT) note_count(t, c->number);
    if (c->kind == PLAN_COND_ENDORSED && t->endorsement_count < COUNT_OF(t->endorsements)) t->endorsements[t->endorsement_count++] = c->ref.name;
    note_cond(t, p, c->a);
    note_cond(t, p, c->b);
}

static bool note_plan(struct throws *t, struct plan *p) {
    struct plan_sites sites;
    if (!plan_sites_collect(t->a, p, &sites)) return false;
    for (uint32_t i = 0; i < sites.choice_count; i++) note_choice(t, p, sites.choices[i].choice);
    for (uint32_t i = 0; i < sites.cond_count; i++) note_cond(t, p, sites.conds[i].cond);
    for (uint32_t i = 0; i < p->benefit_count; i++) {
        note_count(t, p->benefits[i].allowance.after_days);
        for (uint32_t k = 0; k < p->benefits[i].allowance.limit_count; k++) note_count(t, p->benefits[i].allowance.limits[k].days);
    }
    for (uint32_t i = 0; i < p->use_count; i++)
        for (uint32_t k = 0; k < p->uses[i]->entry_count && k < 64; k++) {
            struct str group = p->uses[i]->entries[k].group;
            if (group.n > 0 && t->group_count < COUNT_OF(t->groups)) t->groups[t->group_count++] = group;
        }
    return true;
}

static bool same_entry(const struct plan_entry *a, const struct plan_entry *b) {
    return a->kind == b->kind && str_eq(a->text, b->text) && str_eq(a->text_to, b->text_to) && a->share_ppm == b->share_ppm && str_eq(a->group, b->group) &&
           a->on.from.v == b->on.from.v && a->on.to.v == b->on.to.v;
}

static void note_changed(struct throws *t, const struct plan_entry *e) {
    if (t->changed_count + 1 >= COUNT_OF(t->changed)) return;
    t->changed[t->changed_count++] = e->text;
    if (e->kind == PLAN_ENTRY_RANGE) t->changed[t->changed_count++] = e->text_to;
}

/* Where two lists begin to differ: a mutant changes or drops one entry. */
static void note_difference(struct throws *t, const struct plan_list *x, const struct plan_list *y) {
    uint32_t i = 0;
    while (i < x->entry_count && i < y->entry_count && same_entry(&x->entries[i], &y->entries[i])) i++;
    if (i < x->entry_count) note_changed(t, &x->entries[i]);
    if (i < y->entry_count) note_changed(t, &y->entries[i]);
}

struct throws *throws_new(struct arena *a, struct plan *x, struct plan *y, uint64_t seed) {
    struct throws *t = ARENA_NEW(a, struct throws);
    if (t == NULL) return NULL;
    *t = (struct throws){.a = a, .plans = {x, y}, .rng = seed};
    for (int i = 0; i < 2; i++)
        if (!logic_world_init(&t->worlds[i], a, t->plans[i]) || !note_plan(t, t->plans[i])) return NULL;
    for (uint32_t i = 0; i < x->use_count && i < y->use_count; i++) note_difference(t, x->uses[i], y->uses[i]);
    return t;
}

/* ---- values -------------------------------------------------------------------------------------------------------- */

static const struct logic_world *world(struct throws *t) { return &t->worlds[below(t, 2)]; }

static struct day some_day(struct throws *t) {
    const struct logic_world *w = world(t);
    struct day_range force = t->plans[0]->in_force;
    int32_t length = day_is(force.to) ? force.to.v - force.from.v + 1 : 1200;
    struct day d = day_add(force.from, (int32_t)below(t, length));
    if (w->day_count > 0 && chance(t, 50)) d = day_add(w->days[below(t, w->day_count)], (int32_t)below(t, 3) - 1);
    return d;
}

/* The text of some entry of some list, or of the one that was changed. */
static struct str some_entry(struct throws *t, bool names) {
    if (t->changed_count > 0 && chance(t, 40)) return t->changed[below(t, t->changed_count)];
    const struct plan *p = t->plans[below(t, 2)];
    if (p->use_count == 0) return STR("");
    const struct plan_list *list = p->uses[below(t, p->use_count)];
    const struct plan_entry *e = &list->entries[below(t, list->entry_count)];
    return (e->kind == PLAN_ENTRY_NAME) != names ? STR("") : e->kind == PLAN_ENTRY_RANGE && chance(t, 50) ? e->text_to : e->text;
}

/* A little longer, a little shorter, or as it is: what a code, a prefix and a range tell apart. */
static struct str varied(struct throws *t, struct arena *a, struct str s) {
    if (s.n > 1 && chance(t, 15)) s = (struct str){s.p, s.n - 1};
    if (s.n == 0 || chance(t, 70)) return s;
    static const char *const more[] = {"9", "x001", ".900", "0"};
    return arena_printf(a, "%.*s%s", STR_FMT(s), more[below(t, (int64_t)COUNT_OF(more))]);
}

static struct str some_code(struct throws *t, struct arena *a, enum logic_code_space space) {
    const struct logic_codes *codes = &world(t)->codes[space];
    struct str s = chance(t, 50) ? some_entry(t, false) : STR("");
    if (s.n == 0 && codes->count > 0) s = codes->items[below(t, codes->count)].code;
    return varied(t, a, s);
}

static int64_t some_count(struct throws *t, int32_t fact) {
    int64_t min, max;
    plan_fact_bounds(fact, &min, &max);
    int64_t v = t->count_count > 0 && chance(t, 60) ? t->counts[below(t, t->count_count)] : below(t, fact == PLAN_FACT_AGE ? 100 : 12);
    if (max - min < 16) v = min + below(t, max - min + 1);
    return v < min ? min : v > max ? max : v;
}

static int64_t some_amount(struct throws *t) {
    if (chance(t, 30)) return 0;
    if (t->amount_count > 0 && chance(t, 70)) {
        int64_t v = t->amounts[below(t, t->amount_count)];
        switch (below(t, 6)) {
        case 0: return v;
        case 1: return v + below(t, 200) - 100 > 0 ? v + below(t, 100) : v;
        case 2: return v * 2 + below(t, 100);
        case 3: return v / 2 + below(t, 100);
        case 4: return v * 5 / 4 + below(t, 1000);
        default: return v + below(t, v);
        }
    }
    int64_t size = 1;
    for (int64_t k = 2 + below(t, 7); k > 0; k--) size *= 10;
    return below(t, size);
}

/* ---- the bill ---------------------------------------------------------------------------------------------------------- */

struct columns {
    int64_t number[THROW_LINES], qty[THROW_LINES], price[THROW_LINES], amount[THROW_LINES], returns[THROW_LINES];
    int64_t given[BUCKET_COUNT][THROW_LINES], left[BUCKET_COUNT][THROW_LINES], after[BUCKET_COUNT][THROW_LINES];
    int64_t paid[PLAN_KIND_COUNT][BUCKET_COUNT][THROW_LINES], reimbursed[THROW_LINES];
    struct str code[THROW_LINES], name[THROW_LINES], ingredient[THROW_LINES], kind_text[THROW_LINES];
    uint8_t kind[THROW_LINES], catalogue[THROW_LINES];
    struct day date[THROW_LINES];
};

static void throw_item(struct throws *t, struct arena *a, struct columns *c, uint32_t i) {
    const struct logic_codes *codes = &world(t)->codes[LOGIC_CODES_LINE];
    if (codes->count > 0 && chance(t, 50)) {
        const struct logic_code *code = &codes->items[below(t, codes->count)];
        c->code[i] = code->code;
        c->name[i] = code->name;
    } else {
        c->code[i] = some_code(t, a, LOGIC_CODES_LINE);
        c->name[i] = some_entry(t, true);
        if (chance(t, 20)) c->name[i] = varied(t, a, c->name[i]);
    }
    if (t->group_count > 0 && chance(t, 30)) c->ingredient[i] = t->groups[below(t, t->group_count)];
}

static void throw_line(struct throws *t, struct arena *a, struct columns *c, uint32_t i, const struct bill *b) {
    uint32_t words;
    c->number[i] = b->totals_only ? 0 : i + 1;
    c->qty[i] = 10'000 * (1 + (chance(t, 40) ? below(t, 30) : 0));
    c->price[i] = INT64_MIN;
    if (!b->totals_only) throw_item(t, a, c, i);
    c->kind[i] = b->totals_only ? BILL_LINE_OTHER : (uint8_t)(chance(t, 50) ? BILL_LINE_DRUG : below(t, BILL_LINE_KIND_COUNT));
    c->kind_text[i] = str_from(bill_words(BILL_VOCABULARY_LINE_KIND, &words)[c->kind[i]].name);
    c->catalogue[i] = b->totals_only ? BILL_CLASS_NONE : (uint8_t)below(t, BILL_CATALOGUE_CLASS_COUNT);
    c->date[i] = b->totals_only ? b->to : day_add(b->from, (int32_t)below(t, (int64_t)b->to.v - b->from.v + 1));
    for (uint32_t k = 0; k < BUCKET_COUNT; k++) {
        int64_t amount = some_amount(t);
        c->given[k < BUCKET_GIVEN_COUNT ? k : BUCKET_IN_SCOPE][i] += amount;
        c->amount[i] += amount;
        c->after[k][i] = c->left[k][i] = amount;
        for (uint32_t kind = 0; kind < PLAN_KIND_COUNT; kind++) {
            int64_t paid = chance(t, 12) ? below(t, c->left[k][i] + 1) : 0;
            c->paid[kind][k][i] = paid;
            c->left[k][i] -= paid;
            if (kind == PLAN_STATUTORY) c->reimbursed[i] += paid, c->after[k][i] -= paid;
        }
    }
}

static bool throw_lines(struct throws *t, struct arena *a, struct bill *b, struct plan_input *in) {
    struct columns *c = ARENA_NEW(a, struct columns);
    if (c == NULL) return false;
    b->totals_only = chance(t, 15);
    uint32_t n = b->totals_only ? 1 : 1 + (uint32_t)below(t, THROW_LINES);
    for (uint32_t i = 0; i < n; i++) throw_line(t, a, c, i, b);
    b->lines = (struct bill_lines){.count = n, .number = c->number, .code = c->code, .name = c->name, .ingredient = c->ingredient, .kind_text = c->kind_text,
                                   .kind = c->kind, .catalogue = c->catalogue, .qty_e4 = c->qty, .price_e6 = c->price, .date = c->date,
                                   .amount = c->amount, .net_qty_e4 = c->qty, .returns = c->returns};
    for (uint32_t i = 0; i < n; i++) b->total += c->amount[i];
    for (uint32_t k = 0; k < BUCKET_GIVEN_COUNT; k++) {
        b->lines.given[k] = b->lines.net[k] = c->given[k];
        for (uint32_t i = 0; i < n; i++) b->net_sum[k] += c->given[k][i];
    }
    for (uint32_t k = 0; k < BUCKET_COUNT; k++) {
        in->left[k] = c->left[k];
        in->after_statutory[k] = c->after[k];
        for (uint32_t kind = 0; kind < PLAN_KIND_COUNT; kind++) in->paid[kind][k] = c->paid[kind][k];
    }
    in->reimbursed = c->reimbursed;
    for (uint32_t i = 0; i < n; i++) in->basic_paid = in->basic_paid || c->reimbursed[i] > 0;
    if (in->basic_paid) in->statutory_settled = b->statutory.settled = true; /* no fund pays for what it did not settle */
    return true;
}

static bool throw_facts(struct throws *t, struct arena *a, struct bill *b) {
    const struct plan *p = t->plans[0]; /* a mutant reads the same facts: `reads` is left alone */
    struct bill_fact *facts = ARENA_ARRAY(a, struct bill_fact, p->read_count);
    if (facts == NULL) return false;
    for (uint32_t i = 0; i < p->read_count; i++) {
        int32_t fact = p->reads[i].fact.index;
        struct plan_fact_view view = plan_fact_view(p, fact);
        struct bill_fact f = {.name = plan_fact_name(p, fact, false)};
        f.kind = view.type == PLAN_VALUE_BOOL ? BILL_FACT_BOOL : view.type == PLAN_VALUE_COUNT ? BILL_FACT_COUNT : BILL_FACT_TEXT;
        if (view.type == PLAN_VALUE_SYMBOL) f.text = plan_fact_word(p, fact, below(t, view.word_count), false);
        else f.number = view.type == PLAN_VALUE_BOOL ? below(t, 2) : some_count(t, fact);
        if (p->reads[i].has_default && chance(t, 20)) continue;
        facts[b->fact_count++] = f;
    }
    b->facts = facts;
    return true;
}

static bool throw_diagnoses(struct throws *t, struct arena *a, struct bill *b) {
    struct bill_diagnosis *d = ARENA_ARRAY(a, struct bill_diagnosis, 5);
    struct str *procedures = ARENA_ARRAY(a, struct str, 2);
    if (d == NULL || procedures == NULL) return false;
    b->diagnoses = d;
    b->diagnosis_count = 1 + (uint32_t)below(t, 2);
    b->history = d + b->diagnosis_count;
    b->history_count = (uint32_t)below(t, 3);
    for (uint32_t i = 0; i < b->diagnosis_count + b->history_count; i++) {
        d[i].code = some_code(t, a, LOGIC_CODES_DIAGNOSIS);
        d[i].main = i == 0;
        d[i].since = chance(t, 40) || i >= b->diagnosis_count ? day_add(t->first_enrolled, (int32_t)below(t, 4) - 2) : DAY_NONE;
    }
    b->procedures = procedures;
    b->procedure_count = (uint32_t)below(t, 3);
    for (uint32_t i = 0; i < b->procedure_count; i++) procedures[i] = some_code(t, a, LOGIC_CODES_PROCEDURE);
    return true;
}

/* ---- policy, person, dates -------------------------------------------------------------------------------------------------- */

static void throw_family(struct throws *t) {
    const struct plan *p = t->plans[0];
    struct day on = some_day(t);
    static const int32_t back[] = {0, 1, 29, 30, 31, 89, 90, 91, 179, 180, 181, 364, 365, 366, 731, 1100, 2000};
    int32_t days = t->count_count > 0 && chance(t, 40) ? (int32_t)t->counts[below(t, t->count_count)] : back[below(t, (int64_t)COUNT_OF(back))];
    t->first_enrolled = day_add(on, -days);
    t->begins = chance(t, 50) ? t->first_enrolled : chance(t, 50) ? p->in_force.from : day_add_years(t->first_enrolled, 1);
    t->policy_default = chance(t, 30);
    t->has_family = chance(t, 80);
    t->class_given = p->condition_count > 0 && chance(t, 40);
    t->class_name = STR("");
    if (t->class_given && chance(t, 80)) t->class_name = p->conditions[below(t, p->condition_count)].name;
    t->stay = STR("");
    t->last = on;
}

static bool throw_policy(struct throws *t, struct arena *a, struct plan_input *in) {
    struct bill_policy *policy = ARENA_NEW(a, struct bill_policy);
    struct bill_endorsement *e = ARENA_ARRAY(a, struct bill_endorsement, COUNT_OF(t->endorsements));
    if (policy == NULL || e == NULL) return false;
    policy->plan = t->plans[0]->name;
    policy->policy = STR("P1");
    policy->on = (struct day_range){t->policy_default ? DAY_NONE : t->begins, DAY_OPEN};
    policy->status = BILL_POLICY_IN_FORCE;
    policy->first_enrolled = t->policy_default ? t->plans[0]->in_force.from : t->first_enrolled;
    policy->claim_free_years = some_count(t, PLAN_FACT_CLAIM_FREE_YEARS);
    policy->class_given = t->class_given;
    policy->class_name = t->class_name;
    policy->endorsements = e;
    for (uint32_t i = 0; i < t->endorsement_count; i++)
        if (chance(t, 50)) e[policy->endorsement_count++] = (struct bill_endorsement){.name = t->endorsements[i], .on = {DAY_NONE, DAY_OPEN}};
    in->policy = policy;
    in->policy_default = t->policy_default;
    in->family = t->has_family ? STR("F1") : STR("");
    in->owner = chance(t, 60) ? STR("A") : STR("B");
    return true;
}

static void throw_visit(struct throws *t, struct arena *a, struct bill *b) {
    b->visit = chance(t, 50) ? BILL_VISIT_INPATIENT : (enum bill_visit)below(t, BILL_VISIT_COUNT);
    b->ward = chance(t, 60) ? BILL_WARD_ORDINARY : (enum bill_ward)below(t, BILL_WARD_COUNT);
    b->cause = chance(t, 60) ? BILL_CAUSE_ILLNESS : (enum bill_cause)below(t, BILL_CAUSE_COUNT);
    b->hospital_kind = chance(t, 60) ? BILL_HOSPITAL_PUBLIC : (enum bill_hospital_kind)below(t, BILL_HOSPITAL_KIND_COUNT);
    b->person.sex = (enum bill_sex)below(t, BILL_SEX_COUNT);
    b->interim = chance(t, 10);
    b->died = chance(t, 20);
    b->day_surgery = chance(t, 20);
    b->hospital = some_code(t, a, LOGIC_CODES_TEXT);
    b->region = some_code(t, a, LOGIC_CODES_TEXT);
    b->insured_region = some_code(t, a, LOGIC_CODES_TEXT);
    b->department = some_code(t, a, LOGIC_CODES_TEXT);
    b->icu_days = chance(t, 30) ? some_count(t, PLAN_FACT_ICU_DAYS) : 0;
}

static void throw_dates(struct throws *t, struct bill *b) {
    b->from = chance(t, 50) ? day_add(t->last, (int32_t)below(t, 40)) : some_day(t);
    int64_t days = chance(t, 40) ? 0 : chance(t, 50) ? some_count(t, PLAN_FACT_DAYS) : below(t, 30);
    b->to = day_add(b->from, (int32_t)(days > 3000 ? 3000 : days));
    t->last = b->to;
    b->person.born = day_add(day_add_years(b->from, -(int)some_count(t, PLAN_FACT_AGE)), -(int32_t)below(t, 2));
}

bool throws_begins(const struct throws *t) { return t->bill == 0; }

bool throws_next(struct throws *t, struct arena *a, struct thrown *ret) {
    struct bill *b = ARENA_NEW(a, struct bill);
    if (b == NULL) return false;
    *ret = (struct thrown){.fresh = t->bill == 0};
    if (t->bill == 0) throw_family(t);
    t->bill = (t->bill + 1) % THROW_BILLS;
    b->bill = arena_printf(a, "B%u", ++t->number);
    if (b->bill.p == NULL) return false;
    b->revision = 1;
    b->currency = t->plans[0]->currency;
    if (chance(t, 40)) b->stay = chance(t, 50) ? STR("S1") : STR("S2");
    throw_visit(t, a, b);
    throw_dates(t, b);
    ret->in.bill = b;
    ret->in.settled_on = chance(t, 70) ? b->to : day_add(b->to, (int32_t)below(t, 30));
    ret->in.statutory_settled = chance(t, 70);
    b->statutory = (struct bill_statutory){.settled = ret->in.statutory_settled, .deductible = -1};
    return throw_policy(t, a, &ret->in) && throw_facts(t, a, b) && throw_diagnoses(t, a, b) && throw_lines(t, a, b, &ret->in);
}
