/* property/gen_bill — see gen_bill.h. Amounts range from nothing to the limit of 10^15 minor units a bill.
 *
 * Who uses it: property.c.
 */
#include "gen_bill.h"

#include <stdio.h>

/* Three digits each: "000", "001" … */
static const char numbers[] = "000001002003004005006007008009010011012013014015016017018019020021022023024025026027028029030031";

static struct str code_of(struct arena *a, char head, uint32_t n) {
    return arena_printf(a, "%c%.3s", head, numbers + 3 * n);
}

/* ---- the person --------------------------------------------------------------------------------------------- */

static struct day near_force(struct rng *r, const struct gen_plan *g) {
    struct day end = day_is(g->force_to) ? g->force_to : day_add(g->force_from, 1'000);
    switch (rng_below(r, 10)) {
    case 0: return day_add(g->force_from, (int32_t)rng_below(r, 9) - 4);
    case 1: return day_add(end, (int32_t)rng_below(r, 9) - 4);
    default: return day_add(g->force_from, (int32_t)rng_between(r, 0, end.v - g->force_from.v));
    }
}

/* Down to the grid, where that is wanted. */
static struct day snapped(struct rng *r, const struct gen_plan *g, struct day d) {
    int32_t off = (d.v - g->force_from.v) % GEN_GRID;
    return rng_chance(r, 35) && d.v > g->force_from.v ? day_add(d, -off) : d;
}

static void policy_dates(struct rng *r, const struct gen_plan *g, struct bill_policy *p) {
    p->on = (struct day_range){DAY_NONE, DAY_OPEN};
    p->first_enrolled = DAY_NONE;
    if (rng_chance(r, 45)) {
        p->on.from = snapped(r, g, day_add(near_force(r, g), -(int32_t)rng_below(r, 200)));
        if (rng_chance(r, 60)) p->on.to = day_add(p->on.from, 364 + (int32_t)rng_below(r, 800));
    }
    struct day begins = day_is(p->on.from) ? p->on.from : g->force_from;
    if (rng_chance(r, 30)) p->first_enrolled = day_add(begins, 60 - (int32_t)rng_below(r, 1'200));
    else if (rng_chance(r, 40)) p->first_enrolled = day_add(g->force_from, GEN_GRID * ((int32_t)rng_below(r, 20) - 10));
}

static void endorse(struct rng *r, const struct gen_plan *g, struct gen_person *p) {
    if (!rng_chance(r, 20)) return;
    p->endorsement = (struct bill_endorsement){.name = STR("rider"), .on = {DAY_NONE, DAY_OPEN}};
    if (rng_chance(r, 50)) p->endorsement.on.from = near_force(r, g);
    p->excludes[0] = str_from(rng_chance(r, 50) ? "C3" : "S72");
    p->endorsement.excludes = p->excludes;
    p->endorsement.exclude_count = rng_chance(r, 30) ? 1 : 0;
    p->policy.endorsements = &p->endorsement;
    p->policy.endorsement_count = 1;
}

static struct str diagnosis(struct rng *r) {
    return str_from(gen_diagnoses[rng_below(r, gen_diagnosis_count)]);
}

/* Around the first enrolment, often the very day. */
static struct day since(struct rng *r, const struct gen_plan *g, const struct gen_person *p) {
    struct day enrolled = day_is(p->policy.first_enrolled) ? p->policy.first_enrolled : day_is(p->policy.on.from) ? p->policy.on.from : g->force_from;
    if (rng_chance(r, 30)) return day_add(enrolled, (int32_t)rng_below(r, 3) - 1);
    return day_add(g->force_from, 200 - (int32_t)rng_below(r, 1'500));
}

bool gen_person(struct rng *r, struct arena *a, const struct gen_plan *g, struct gen_person *ret) {
    static const char *const classes[] = {"c0", "c1", "", "unknown"};
    struct gen_person *p = ret;
    *p = (struct gen_person){.owner = STR("P1"), .sex = (enum bill_sex)rng_below(r, 3), .policy_default = rng_chance(r, 15)};
    p->born = day_from_civil(1940 + (int)rng_below(r, 80), 1 + (int)rng_below(r, 12), 1 + (int)rng_below(r, 28));
    p->policy.on = (struct day_range){DAY_NONE, DAY_OPEN};
    p->policy.first_enrolled = p->policy_default ? g->force_from : DAY_NONE;
    p->policy.claim_free_years = rng_chance(r, 50) ? (int64_t)rng_below(r, 6) : -1;
    if (!p->policy_default) policy_dates(r, g, &p->policy);
    if (rng_chance(r, 6)) p->policy.status = (enum bill_policy_status)rng_below(r, BILL_POLICY_STATUS_COUNT);
    p->policy.class_given = rng_chance(r, 25);
    if (p->policy.class_given) p->policy.class_name = str_from(classes[rng_below(r, 4)]);
    if (rng_chance(r, 35)) p->family = p->policy.family = STR("F1");
    endorse(r, g, p);
    struct bill_diagnosis *history = ARENA_ARRAY(a, struct bill_diagnosis, 3);
    p->history = history;
    p->history_count = rng_chance(r, 50) ? rng_below(r, 4) : 0;
    for (uint32_t i = 0; history && i < p->history_count; i++)
        history[i] = (struct bill_diagnosis){.code = diagnosis(r), .since = since(r, g, p)};
    return history != NULL;
}

/* ---- lines ----------------------------------------------------------------------------------------------------- */

struct columns {
    int64_t *number, *qty, *price, *amount, *returns, *part[BUCKET_GIVEN_COUNT];
    struct str *code, *name, *ingredient, *kind_text;
    uint8_t *kind, *catalogue;
    struct day *date;
};

static bool columns_alloc(struct arena *a, uint32_t n, struct columns *c) {
    c->number = ARENA_ARRAY(a, int64_t, n);
    c->qty = ARENA_ARRAY(a, int64_t, n);
    c->price = ARENA_ARRAY(a, int64_t, n);
    c->amount = ARENA_ARRAY(a, int64_t, n);
    c->returns = ARENA_ARRAY(a, int64_t, n);
    c->code = ARENA_ARRAY(a, struct str, n);
    c->name = ARENA_ARRAY(a, struct str, n);
    c->ingredient = ARENA_ARRAY(a, struct str, n);
    c->kind_text = ARENA_ARRAY(a, struct str, n);
    c->kind = ARENA_ARRAY(a, uint8_t, n);
    c->catalogue = ARENA_ARRAY(a, uint8_t, n);
    c->date = ARENA_ARRAY(a, struct day, n);
    bool good = c->number && c->qty && c->price && c->amount && c->returns && c->code && c->name && c->ingredient && c->kind_text && c->kind;
    for (uint32_t b = 0; b < BUCKET_GIVEN_COUNT; b++) good = (c->part[b] = ARENA_ARRAY(a, int64_t, n)) != NULL && good;
    return good && c->catalogue && c->date;
}

/* Only plans see lines without a code: the reader of bills refuses them. */
static void line_item(struct rng *r, struct arena *a, const struct gen_plan *g, struct columns *c, uint32_t i) {
    static const char *const ingredients[] = {"g0", "g1", "nivolumab"};
    uint32_t which = rng_below(r, 10);
    if (which < 5) {
        uint32_t n = rng_below(r, GEN_DRUGS);
        c->code[i] = rng_chance(r, 10) ? arena_printf(a, "XB01ABM%03uB002010178", rng_below(r, 1'000)) : code_of(a, 'D', n);
        c->name[i] = arena_printf(a, "%s药%u片", rng_chance(r, 50) ? "进口X" : "", n % 10);
        c->kind[i] = BILL_LINE_DRUG;
        if (rng_chance(r, 25)) c->ingredient[i] = str_from(ingredients[rng_below(r, 3)]);
    } else if (which < 7) {
        c->code[i] = code_of(a, 'C', rng_below(r, GEN_CONSUMABLES));
        c->kind[i] = rng_chance(r, 50) ? BILL_LINE_IMPLANT : BILL_LINE_CONSUMABLE;
    } else if (which == 7) {
        c->code[i] = code_of(a, 'B', rng_below(r, GEN_BEDS));
        c->kind[i] = BILL_LINE_BED;
    } else {
        c->code[i] = code_of(a, 'S', rng_below(r, GEN_SERVICES));
        c->kind[i] = (uint8_t)rng_below(r, BILL_LINE_KIND_COUNT);
    }
    if (!g->chained && rng_chance(r, 8)) c->code[i] = STR("");
    c->catalogue[i] = (uint8_t)rng_below(r, BILL_CATALOGUE_CLASS_COUNT);
    c->qty[i] = rng_chance(r, 70) ? 10'000 * (1 + rng_below(r, 4)) : 1'000 + rng_below(r, 90'000);
}

/* Parts of a line, by the scale of the bill. */
static void line_money(struct rng *r, const struct gen_plan *g, struct columns *c, uint32_t i, uint32_t n, uint32_t scale) {
    const int64_t tops[] = {0, 300 * g->unit, 8'000 * g->unit, 200'000 * g->unit, LIMIT_AMOUNT_MINOR / (4 * (int64_t)n)};
    for (uint32_t b = 0; b < BUCKET_GIVEN_COUNT; b++) {
        if (!rng_chance(r, 55)) continue;
        int64_t v = rng_between(r, 0, tops[scale]);
        if (rng_chance(r, 25)) v = v / g->unit * g->unit;
        if (rng_chance(r, 5)) v = i64_min(v, 3);
        c->part[b][i] = v;
        c->amount[i] += v;
    }
}

static struct day line_date(struct rng *r, const struct gen_plan *g, const struct bill *b) {
    if (rng_chance(r, 4)) return day_add(b->to, (int32_t)rng_below(r, 7) - 3);
    struct day d = day_add(b->from, (int32_t)rng_between(r, 0, b->to.v - b->from.v)), grid = snapped(r, g, d);
    return grid.v >= b->from.v ? grid : d;
}

static bool bill_lines(struct rng *r, struct arena *a, const struct gen_plan *g, struct bill *b) {
    struct columns c = {0};
    uint32_t n = b->totals_only ? 1 : rng_chance(r, 1) ? 60 + rng_below(r, 140) : rng_chance(r, 8) ? 1 + rng_below(r, 60) : 1 + rng_below(r, 10);
    uint32_t scale = rng_below(r, 40), scales[] = {0, 4, 3, 1};
    scale = scale < 4 ? scales[scale] : 1 + scale % 3;
    if (!columns_alloc(a, n, &c)) return false;
    uint32_t kinds;
    const struct bill_word *words = bill_words(BILL_VOCABULARY_LINE_KIND, &kinds);
    for (uint32_t i = 0; i < n; i++) {
        c.number[i] = b->totals_only ? 0 : (int64_t)i + 1;
        c.qty[i] = 10'000;
        if (!b->totals_only) line_item(r, a, g, &c, i);
        c.kind_text[i] = str_from(words[c.kind[i]].name);
        c.price[i] = INT64_MIN;
        c.date[i] = b->totals_only ? b->to : line_date(r, g, b);
        line_money(r, g, &c, i, n, scale);
        b->total += c.amount[i];
        for (uint32_t k = 0; k < BUCKET_GIVEN_COUNT; k++) b->net_sum[k] += c.part[k][i];
    }
    b->lines = (struct bill_lines){.count = n, .number = c.number, .code = c.code, .name = c.name, .ingredient = c.ingredient,
                                   .kind_text = c.kind_text, .kind = c.kind, .catalogue = c.catalogue, .qty_e4 = c.qty, .price_e6 = c.price,
                                   .date = c.date, .amount = c.amount, .net_qty_e4 = c.qty, .returns = c.returns};
    for (uint32_t k = 0; k < BUCKET_GIVEN_COUNT; k++) b->lines.given[k] = b->lines.net[k] = c.part[k];
    return true;
}

/* ---- money of earlier payers -------------------------------------------------------------------------------------- */

struct money {
    int64_t *left[BUCKET_COUNT], *after[BUCKET_COUNT], *paid[PLAN_KIND_COUNT][BUCKET_COUNT], *reimbursed;
};

static bool money_alloc(struct arena *a, uint32_t n, struct money *m) {
    bool good = (m->reimbursed = ARENA_ARRAY(a, int64_t, n)) != NULL;
    for (uint32_t b = 0; b < BUCKET_COUNT; b++) {
        good = (m->left[b] = ARENA_ARRAY(a, int64_t, n)) != NULL && good;
        good = (m->after[b] = ARENA_ARRAY(a, int64_t, n)) != NULL && good;
        for (uint32_t k = 0; k < PLAN_KIND_COUNT; k++) good = (m->paid[k][b] = ARENA_ARRAY(a, int64_t, n)) != NULL && good;
    }
    return good;
}

/* The statutory layer pays in_scope and may tell what the rest is. */
static void statutory(struct rng *r, const struct bill *b, struct money *m, uint32_t i, bool parts) {
    int64_t scope = b->lines.net[BUCKET_IN_SCOPE][i], fund = rng_between(r, 0, scope), rest = scope - fund;
    m->reimbursed[i] = fund;
    m->paid[PLAN_STATUTORY][BUCKET_IN_SCOPE][i] = fund;
    m->after[BUCKET_IN_SCOPE][i] = rest;
    if (!parts) return;
    int64_t deductible = rng_between(r, 0, rest), over_cap = rng_between(r, 0, rest - deductible);
    m->after[BUCKET_DEDUCTIBLE][i] = deductible;
    m->after[BUCKET_OVER_CAP][i] = over_cap;
    m->after[BUCKET_RATIO_PART][i] = rest - deductible - over_cap;
    m->after[BUCKET_IN_SCOPE][i] = 0;
}

static void others(struct rng *r, struct money *m, uint32_t bucket, uint32_t i) {
    for (uint32_t k = PLAN_SUPPLEMENTARY; k < PLAN_KIND_COUNT; k++) {
        if (!rng_chance(r, 30)) continue;
        int64_t pay = rng_chance(r, 15) ? m->left[bucket][i] : rng_between(r, 0, m->left[bucket][i]);
        m->paid[k][bucket][i] += pay;
        m->left[bucket][i] -= pay;
    }
}

static bool money_of(struct rng *r, struct arena *a, const struct bill *b, struct plan_input *in) {
    struct money m;
    bool settles = rng_chance(r, 70), parts = rng_chance(r, 40), pay_before = rng_chance(r, 45);
    uint32_t n = b->lines.count;
    if (!money_alloc(a, n, &m)) return false;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < BUCKET_GIVEN_COUNT; k++) m.after[k][i] = b->lines.net[k][i];
        if (settles) statutory(r, b, &m, i, parts);
        for (uint32_t k = 0; k < BUCKET_COUNT; k++) {
            m.left[k][i] = m.after[k][i];
            if (pay_before) others(r, &m, k, i);
        }
    }
    for (uint32_t k = 0; k < BUCKET_COUNT; k++) {
        bool empty = k >= BUCKET_GIVEN_COUNT && !(settles && parts);
        in->left[k] = empty && rng_chance(r, 50) ? NULL : m.left[k];
        in->after_statutory[k] = pay_before || rng_chance(r, 50) ? m.after[k] : NULL;
        for (uint32_t kind = 0; kind < PLAN_KIND_COUNT; kind++) in->paid[kind][k] = pay_before || kind == PLAN_STATUTORY ? m.paid[kind][k] : NULL;
    }
    in->reimbursed = settles ? m.reimbursed : NULL;
    in->statutory_settled = settles || rng_chance(r, 20);
    in->basic_paid = settles && rng_chance(r, 90);
    return true;
}

/* ---- the bill -------------------------------------------------------------------------------------------------------- */

/* A day that both the plan and the policy cover, where there is one. */
static struct day covered_day(struct rng *r, const struct gen_plan *g, const struct bill_policy *p) {
    struct day from = g->force_from.v > p->on.from.v ? g->force_from : p->on.from, to = g->force_to.v < p->on.to.v ? g->force_to : p->on.to;
    if (!day_is(to)) to = day_add(from, 900);
    return from.v <= to.v ? day_add(from, (int32_t)rng_between(r, 0, to.v - from.v)) : from;
}

static void bill_dates(struct rng *r, const struct gen_plan *g, const struct gen_person *p, struct bill *b) {
    b->from = snapped(r, g, rng_chance(r, 75) ? covered_day(r, g, &p->policy) : near_force(r, g));
    if (day_is(p->policy.on.from) && rng_chance(r, 8)) b->from = day_add(p->policy.on.from, (int32_t)rng_below(r, 7) - 3);
    if (day_is(p->policy.on.to) && rng_chance(r, 6)) b->from = day_add(p->policy.on.to, (int32_t)rng_below(r, 7) - 3);
    int32_t length = rng_chance(r, 40) ? 0 : (int32_t)rng_below(r, 30);
    if (g->by_line_date && rng_chance(r, 30)) length = 100 + (int32_t)rng_below(r, 500);
    b->to = day_add(b->from, length);
}

static bool bill_facts(struct rng *r, struct arena *a, struct bill *b) {
    static const char *const types[] = {"employee", "resident"}, *const outs[] = {"none", "long_term", "referred", "other"};
    static const char *const bools[] = {"poor", "retired", "member"};
    struct bill_fact *f = ARENA_ARRAY(a, struct bill_fact, 8);
    bool complete = rng_chance(r, 92);
    uint32_t n = 0;
    if (!f) return false;
    for (uint32_t i = 0; i < 8; i++) {
        if (!complete && rng_chance(r, 25)) continue;
        switch (i) {
        case 0: f[n++] = (struct bill_fact){STR("insured_type"), BILL_FACT_TEXT, 0, str_from(types[rng_below(r, 2)])}; break;
        case 1: f[n++] = (struct bill_fact){STR("out_of_region"), BILL_FACT_TEXT, 0, str_from(outs[rng_below(r, 4)])}; break;
        case 2: f[n++] = (struct bill_fact){STR("hospital_level"), BILL_FACT_COUNT, 1 + rng_below(r, 3), {0}}; break;
        case 3: f[n++] = (struct bill_fact){STR("stays_this_year"), BILL_FACT_COUNT, rng_below(r, 4), {0}}; break;
        case 4: f[n++] = (struct bill_fact){STR("score"), BILL_FACT_COUNT, rng_below(r, 10), {0}}; break;
        default: f[n++] = (struct bill_fact){str_from(bools[i - 5]), BILL_FACT_BOOL, rng_below(r, 2), {0}}; break;
        }
    }
    struct bill_fact *all = ARENA_ARRAY(a, struct bill_fact, n + 1);
    if (!all) return false;
    for (uint32_t i = 0; i < n; i++) all[i] = f[i];
    const char *medal = rng_chance(r, 1) ? "iron" : gen_tiers[rng_below(r, 3)];
    if (complete || rng_chance(r, 75)) all[n++] = (struct bill_fact){STR("medal"), BILL_FACT_TEXT, 0, str_from(medal)};
    b->facts = all;
    b->fact_count = n;
    return true;
}

static bool bill_diagnoses(struct rng *r, struct arena *a, struct bill *b) {
    struct bill_diagnosis *d = ARENA_ARRAY(a, struct bill_diagnosis, 3);
    struct str *procedures = ARENA_ARRAY(a, struct str, 2);
    if (!d || !procedures) return false;
    b->diagnosis_count = rng_below(r, 4);
    for (uint32_t i = 0; i < b->diagnosis_count; i++)
        d[i] = (struct bill_diagnosis){diagnosis(r), i == 0 && rng_chance(r, 80), rng_chance(r, 40) ? day_add(b->from, -(int32_t)rng_below(r, 1'000)) : DAY_NONE};
    b->procedure_count = rng_below(r, 3);
    for (uint32_t i = 0; i < b->procedure_count; i++) procedures[i] = str_from(gen_operations[rng_below(r, 4)]);
    b->diagnoses = d;
    b->procedures = procedures;
    return true;
}

static void bill_visit(struct rng *r, struct bill *b) {
    b->visit = rng_chance(r, 50) ? BILL_VISIT_INPATIENT : (enum bill_visit)rng_below(r, BILL_VISIT_COUNT);
    b->ward = rng_chance(r, 75) ? BILL_WARD_ORDINARY : (enum bill_ward)rng_below(r, BILL_WARD_COUNT);
    b->cause = rng_chance(r, 60) ? BILL_CAUSE_ILLNESS : (enum bill_cause)rng_below(r, BILL_CAUSE_COUNT);
    b->hospital_kind = rng_chance(r, 70) ? BILL_HOSPITAL_PUBLIC : (enum bill_hospital_kind)rng_below(r, BILL_HOSPITAL_KIND_COUNT);
    b->hospital = str_from(gen_hospitals[rng_below(r, 4)]);
    b->region = str_from(gen_regions[rng_below(r, 4)]);
    b->insured_region = str_from(gen_regions[rng_below(r, 4)]);
    b->department = str_from(rng_chance(r, 50) ? "03" : "05");
    b->interim = rng_chance(r, 10);
    b->day_surgery = rng_chance(r, 10);
    b->died = rng_chance(r, 3);
    b->icu_days = rng_chance(r, 30) ? rng_below(r, 20) : 0;
    b->totals_only = rng_chance(r, 8);
}

bool gen_case(struct rng *r, struct arena *a, const struct gen_plan *g, const struct gen_person *person, uint32_t number, struct gen_case *ret) {
    struct bill *b = &ret->bill;
    *ret = (struct gen_case){0};
    b->bill = arena_printf(a, "bill-%u", number);
    b->revision = 1;
    b->stay = rng_chance(r, 60) ? str_from(rng_chance(r, 50) ? "S1" : "S2") : STR("");
    b->currency = currency_find(rng_chance(r, 1) ? STR("USD") : str_from(g->currency));
    bill_visit(r, b);
    bill_dates(r, g, person, b);
    b->person.born = rng_chance(r, 1) ? DAY_NONE : person->born;
    b->person.sex = person->sex;
    b->person.id_kind = STR("01");
    b->person.id = person->owner;
    b->history = person->history;
    b->history_count = person->history_count;
    b->statutory.deductible = -1;
    b->policies = &person->policy;
    b->policy_count = 1;
    ret->in = (struct plan_input){.bill = b, .policy = &person->policy, .policy_default = person->policy_default,
                                  .settled_on = day_add(b->to, (int32_t)rng_below(r, 30)), .owner = person->owner, .family = person->family};
    return b->bill.p && bill_facts(r, a, b) && bill_diagnoses(r, a, b) && bill_lines(r, a, g, b) && money_of(r, a, b, &ret->in);
}
