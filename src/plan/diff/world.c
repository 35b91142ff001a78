/* plan/diff/world — the values that a witness bill may be made of: everything by which two plans can tell bills apart. See diff/witness.h. */
#include <stdlib.h>

#include "plan/check/check.h"
#include "plan/diff/witness.h"

enum { LIST_SAMPLES = 4, AMOUNT_ROOM = WITNESS_VALUE_MAX };

const struct witness_value *witness_value(const struct witness_world *w, const struct witness_pick *p, uint32_t dim) {
    return &w->dims[dim].values[p->of[dim]];
}

int64_t witness_amount(const struct witness_world *w, const struct witness_pick *p) {
    return p->amount >= 0 ? p->amount : witness_value(w, p, WITNESS_AMOUNT)->number;
}

static void value_add(struct witness_dim *d, int64_t number, struct str text, struct str name) {
    if (d->count == WITNESS_VALUE_MAX) return;
    for (uint32_t i = 0; i < d->count; i++) {
        if (d->values[i].number == number && str_eq(d->values[i].text, text) && str_eq(d->values[i].name, name)) return;
    }
    d->values[d->count++] = (struct witness_value){number, text, name};
}

static void number_add(struct witness_dim *d, int64_t number) { value_add(d, number, STR(""), STR("")); }

/* ---- facts ---------------------------------------------------------------------------------------------------- */

static struct witness_dim *fact_find(struct witness_world *w, const struct plan *p, int32_t fact) {
    const bool custom = fact >= PLAN_FACT_CUSTOM;
    const struct str name = plan_fact_name(p, fact, false);
    for (uint32_t i = WITNESS_FACTS; i < w->dim_count; i++) {
        if (custom ? !str_eq(w->dims[i].name, name) : w->dims[i].fact != fact) continue;
        if (w->dims[i].type == plan_fact_view(p, fact).type) return &w->dims[i];
        if (!w->dims[i].read_by[w->side]) w->dims[i].clash = true;
    }
    return NULL;
}

static void default_add(struct witness_dim *d, const struct plan *p, int32_t fact) {
    static const struct {
        int32_t fact;
        int64_t number;
        struct str text;
    } usual[] = {{PLAN_FACT_VISIT, BILL_VISIT_INPATIENT, STR_INIT("")}, {PLAN_FACT_HOSPITAL_LEVEL, 3, STR_INIT("")}, {PLAN_FACT_SETTLED, 1, STR_INIT("")},
                 {PLAN_FACT_AGE, 43, STR_INIT("")},                      {PLAN_FACT_REGION, 0, STR_INIT("110000")}, {PLAN_FACT_INSURED_REGION, 0, STR_INIT("110000")},
                 {PLAN_FACT_HOSPITAL, 0, STR_INIT("H00000000001")}};
    struct witness_value v = {0, STR(""), STR("")};
    for (size_t i = 0; i < COUNT_OF(usual); i++) {
        if (usual[i].fact == fact) v = (struct witness_value){usual[i].number, usual[i].text, STR("")};
    }
    if (d->type == PLAN_VALUE_SYMBOL && d->declared) v.text = plan_fact_word(p, fact, v.number, false);
    value_add(d, v.number, v.text, v.name);
}

/* Facts that other dimensions carry, or that belong to the line. */
static bool fact_is_elsewhere(int32_t fact) {
    return fact == PLAN_FACT_DAYS || fact == PLAN_FACT_CLAIM_FREE_YEARS || fact == PLAN_FACT_POLICY_YEARS || fact == PLAN_FACT_RENEWED ||
           fact == PLAN_FACT_BASIC_PAID || fact == PLAN_FACT_KIND || fact == PLAN_FACT_CATALOGUE || fact == PLAN_FACT_DATE || fact == PLAN_FACT_CODE ||
           fact == PLAN_FACT_REIMBURSED;
}

static struct witness_dim *fact_dim(struct witness_world *w, const struct plan *p, int32_t fact) {
    if (fact < 0 || fact_is_elsewhere(fact)) return NULL;
    struct witness_dim *d = fact_find(w, p, fact);
    if (d) d->read_by[w->side] = true;
    if (d || w->dim_count == WITNESS_DIM_MAX) return d;
    const struct plan_fact_view view = plan_fact_view(p, fact);
    d = &w->dims[w->dim_count++];
    *d = (struct witness_dim){.fact = fact >= PLAN_FACT_CUSTOM ? -1 : fact, .name = plan_fact_name(p, fact, false), .type = view.type,
                              .declared = view.level == PLAN_LEVEL_FACT};
    d->read_by[w->side] = true;
    default_add(d, p, fact);
    for (int64_t i = 0; view.type == PLAN_VALUE_SYMBOL && i < view.word_count; i++) {
        value_add(d, i, d->declared ? plan_fact_word(p, fact, i, false) : STR(""), STR(""));
    }
    if (view.type == PLAN_VALUE_BOOL) number_add(d, 0), number_add(d, 1);
    return d;
}

/* A number that the plan compares a count with: itself and its neighbours. */
static void threshold_add(struct witness_world *w, const struct plan *p, int32_t fact, int64_t n) {
    if (fact == PLAN_FACT_POLICY_YEARS || fact == PLAN_FACT_RENEWED) {
        for (int64_t k = n > 0 ? n - 1 : 0; k <= n + 1 && k < 80; k++) number_add(&w->dims[WITNESS_ENROLLED], k * 366);
        return;
    }
    struct witness_dim *d = fact == PLAN_FACT_DAYS ? &w->dims[WITNESS_STAY] : fact == PLAN_FACT_CLAIM_FREE_YEARS ? &w->dims[WITNESS_CLAIM_FREE] : fact_dim(w, p, fact);
    if (!d) return;
    int64_t min = 0, max = 0;
    plan_fact_bounds(fact, &min, &max);
    if (fact == PLAN_FACT_AGE) max = 110;
    if (fact == PLAN_FACT_DAYS || fact == PLAN_FACT_ICU_DAYS) max = 3'000;
    for (int64_t k = n - 1; k <= n + 1; k++) {
        if (k >= min && k <= max) number_add(d, k);
    }
}

/* ---- lists ----------------------------------------------------------------------------------------------------- */

static uint8_t kind_of_list(enum plan_list_of of) {
    switch (of) {
    case PLAN_LIST_OF_DRUG: return BILL_LINE_DRUG;
    case PLAN_LIST_OF_CONSUMABLE: return BILL_LINE_CONSUMABLE;
    case PLAN_LIST_OF_SERVICE: return BILL_LINE_SERVICE;
    default: return BILL_LINE_OTHER;
    }
}

static bool entry_in(const struct plan_list *l, const struct plan_entry *e) {
    for (uint32_t i = 0; l && i < l->entry_count; i++) {
        const struct plan_entry *o = &l->entries[i];
        if (o->kind == e->kind && str_eq(o->text, e->text) && str_eq(o->text_to, e->text_to) && o->share_ppm == e->share_ppm && o->on.from.v == e->on.from.v &&
            o->on.to.v == e->on.to.v) return true;
    }
    return false;
}

/* The first entries, and the first that the other plan's list of this name lacks. */
static void list_add(struct witness_world *w, struct witness_dim *d, const struct plan_list *l, const struct plan *other) {
    const struct plan_list *twin = NULL;
    for (uint32_t i = 0; i < other->use_count; i++) {
        if (str_eq(other->uses[i]->name, l->name)) twin = other->uses[i];
    }
    uint32_t plain = 0, special = 0;
    for (uint32_t i = 0; i < l->entry_count && i < 2'000 && (plain < LIST_SAMPLES || special < LIST_SAMPLES); i++) {
        const struct plan_entry *e = &l->entries[i];
        const bool differs = twin && !entry_in(twin, e);
        if (differs ? special++ >= LIST_SAMPLES : plain++ >= LIST_SAMPLES) continue;
        const bool by_name = e->kind == PLAN_ENTRY_NAME;
        if (by_name && d != &w->dims[WITNESS_CODE]) continue;
        value_add(d, kind_of_list(l->of), by_name ? STR("ITEM") : e->text, by_name ? e->text : STR(""));
    }
}

/* ---- what conditions and values ask ------------------------------------------------------------------------------- */

static void cond_gather(struct witness_world *w, const struct plan *p, const struct plan *other, const struct plan_cond *c) {
    struct witness_dim *d;
    switch (c->kind) {
    case PLAN_COND_AND:
    case PLAN_COND_OR:
        cond_gather(w, p, other, c->a);
        cond_gather(w, p, other, c->b);
        return;
    case PLAN_COND_NOT: cond_gather(w, p, other, c->a); return;
    case PLAN_COND_NAME: return; /* stands as a site of its own */
    case PLAN_COND_FACT:
        if (c->ref.index == PLAN_FACT_RENEWED) threshold_add(w, p, PLAN_FACT_RENEWED, 1);
        else (void)fact_dim(w, p, c->ref.index);
        return;
    case PLAN_COND_IN:
        if (c->ref.index == PLAN_FACT_CODE) {
            for (uint32_t i = 0; i < c->word_count; i++) value_add(&w->dims[WITNESS_CODE], BILL_LINE_OTHER, p->texts[c->word_values[i]], STR(""));
        }
        d = fact_dim(w, p, c->ref.index);
        for (uint32_t i = 0; d && d->type == PLAN_VALUE_TEXT && i < c->word_count; i++) value_add(d, 0, p->texts[c->word_values[i]], STR(""));
        return;
    case PLAN_COND_COMPARE:
        if (plan_fact_view(p, c->ref.index).type == PLAN_VALUE_COUNT) threshold_add(w, p, c->ref.index, c->number);
        return;
    case PLAN_COND_CODE_IN_LIST: list_add(w, &w->dims[WITNESS_CODE], p->uses[c->ref.index], other); return;
    case PLAN_COND_TEXT_IN_LIST:
        d = fact_dim(w, p, c->fact.index);
        if (d) list_add(w, d, p->uses[c->ref.index], other);
        return;
    case PLAN_COND_DIAGNOSIS_IN_LIST:
    case PLAN_COND_MAIN_IN_LIST: list_add(w, &w->dims[WITNESS_MAIN], p->uses[c->ref.index], other); return;
    case PLAN_COND_PROCEDURE_IN_LIST: list_add(w, &w->dims[WITNESS_PROCEDURE], p->uses[c->ref.index], other); return;
    case PLAN_COND_FIRST_DIAGNOSED: list_add(w, &w->dims[WITNESS_HISTORY], p->uses[c->ref.index], other); return;
    case PLAN_COND_ENDORSED: value_add(&w->dims[WITNESS_ENDORSED], 0, c->ref.name, STR("")); return;
    }
}

static void amount_add(struct witness_world *w, int64_t v) {
    if (v <= 0 || v > LIMIT_AMOUNT_MINOR / 1'000) return;
    int64_t unit = 1;
    for (int i = 0; i < w->currency->digits; i++) unit *= 10;
    number_add(&w->dims[WITNESS_AMOUNT], v);
    number_add(&w->dims[WITNESS_AMOUNT], v + 10'000 * unit);
    if (v <= LIMIT_AMOUNT_MINOR / 10'000) number_add(&w->dims[WITNESS_AMOUNT], 3 * v);
}

static void expr_gather(struct witness_world *w, const struct plan *p, const struct plan_expr *e) {
    if (!e) return;
    if (e->kind == PLAN_EXPR_FACT) {
        for (int64_t n = 0; n < 6; n += 2) threshold_add(w, p, e->ref.index, n);
    }
    if (e->type == PLAN_TYPE_MONEY && e->kind != PLAN_EXPR_NOTHING) {
        const struct plan_interval i = plan_expr_interval(p, e, DAY_NONE);
        amount_add(w, i.min);
        amount_add(w, i.max);
    }
    if (e->kind == PLAN_EXPR_ADD || e->kind == PLAN_EXPR_SUB || e->kind == PLAN_EXPR_MUL || e->kind == PLAN_EXPR_MIN || e->kind == PLAN_EXPR_MAX) {
        expr_gather(w, p, e->a);
        expr_gather(w, p, e->b);
    }
}

static void choice_gather(struct witness_world *w, const struct plan *p, struct plan_choice *c) {
    for (uint32_t i = 0; i < c->by_count; i++) {
        struct witness_dim *d = fact_dim(w, p, c->by[i].index);
        for (uint32_t k = 0; k < c->item_count; k++) {
            const enum plan_fact_type type = plan_fact_view(p, c->by[i].index).type;
            if (type == PLAN_VALUE_COUNT) threshold_add(w, p, c->by[i].index, c->items[k].resolved[i]);
            if (type == PLAN_VALUE_TEXT && d) value_add(d, 0, p->texts[c->items[k].resolved[i]], STR(""));
        }
    }
    struct plan_value *v;
    for (uint32_t i = 0; (v = plan_choice_value(c, i)) != NULL; i++) {
        expr_gather(w, p, v->expr);
        for (uint32_t t = 0; v->schedule && t < v->schedule->tier_count; t++) {
            expr_gather(w, p, v->schedule->tiers[t].ratio);
            expr_gather(w, p, v->schedule->tiers[t].to);
        }
    }
}

/* ---- one plan --------------------------------------------------------------------------------------------------------- */

static void day_add_if_in(struct witness_world *w, int side, struct day d) {
    const struct plan *p = w->sides[side].plan;
    if (!day_is(d) || !day_in(d, p->in_force)) return;
    const int64_t offset = (int64_t)d.v - w->base[side].v;
    if (offset >= 0 && offset < 40'000) number_add(&w->dims[WITNESS_DAY], offset);
}

static void days_gather(struct witness_world *w, int side) {
    const struct plan *p = w->sides[side].plan;
    for (uint32_t i = 0; i < p->parameter_count; i++) {
        for (uint32_t k = 0; k < p->parameters[i].value_count && k < 8; k++) {
            day_add_if_in(w, side, p->parameters[i].values[k].on.from);
        }
    }
    for (uint32_t i = 0; i < p->use_count; i++) {
        for (uint32_t k = 0; k < p->uses[i]->entry_count && k < 500; k++) {
            const struct plan_entry *e = &p->uses[i]->entries[k];
            day_add_if_in(w, side, e->on.from);
            if (day_is(e->on.to)) day_add_if_in(w, side, day_add(e->on.to, 1));
        }
    }
    day_add_if_in(w, side, p->in_force.to);
    if (day_is(p->in_force.to)) day_add_if_in(w, side, day_add(p->in_force.to, -2)); /* a stay over the end, and one over the beginning */
    number_add(&w->dims[WITNESS_DAY], -2);
    if (!w->shifted) {
        day_add_if_in(w, side, p->in_force.from);
        if (day_is(p->in_force.from)) day_add_if_in(w, 1 - side, day_add(p->in_force.from, -1));
        if (day_is(p->in_force.to)) day_add_if_in(w, 1 - side, day_add(p->in_force.to, 1));
    }
}

static void waiting_gather(struct witness_world *w, const struct plan_waiting *waiting) {
    if (!waiting->written || waiting->days == 0) return;
    number_add(&w->dims[WITNESS_ENROLLED], waiting->days - 1);
    number_add(&w->dims[WITNESS_ENROLLED], waiting->days);
}

static void kinds_and_classes_gather(struct witness_world *w, const struct plan *p) {
    for (uint32_t i = 0; i < p->condition_count; i++) {
        if (p->conditions[i].is_class) value_add(&w->dims[WITNESS_CLASS], 0, p->conditions[i].name, STR(""));
    }
    waiting_gather(w, &p->waiting);
    for (uint32_t i = 0; i < p->benefit_count; i++) {
        waiting_gather(w, &p->benefits[i].waiting);
        const struct plan_allowance *l = &p->benefits[i].allowance;
        if (p->benefits[i].kind != PLAN_BENEFIT_ALLOWANCE) continue;
        threshold_add(w, p, l->icu ? PLAN_FACT_ICU_DAYS : PLAN_FACT_DAYS, l->after_days + 1);
        for (uint32_t k = 0; k < l->limit_count; k++) threshold_add(w, p, l->icu ? PLAN_FACT_ICU_DAYS : PLAN_FACT_DAYS, l->after_days + l->limits[k].days);
        if (l->icu) threshold_add(w, p, PLAN_FACT_DAYS, 40);
    }
    for (uint32_t i = 0; i < p->benefit_count; i++) {
        const int32_t list = p->benefits[i].takes.share_list.index;
        if (p->benefits[i].takes.share_list.name.n > 0 && list >= 0) list_add(w, &w->dims[WITNESS_CODE], p->uses[list], p);
    }
}

static void plan_gather(struct witness_world *w, int side) {
    struct plan *p = w->sides[side].plan;
    const struct plan *other = w->sides[1 - side].plan;
    struct plan_sites sites = {0};
    w->side = side;
    if (!plan_sites_collect(w->a, p, &sites)) {
        w->failed = true;
        return;
    }
    for (uint32_t i = 0; i < p->read_count; i++) {
        const int32_t fact = p->reads[i].custom ? (int32_t)(PLAN_FACT_CUSTOM + i) : p->reads[i].fact.index;
        (void)fact_dim(w, p, fact);
    }
    for (uint32_t i = 0; i < sites.cond_count; i++) {
        if (sites.conds[i].cond) cond_gather(w, p, other, sites.conds[i].cond);
    }
    for (uint32_t i = 0; i < sites.choice_count; i++) choice_gather(w, p, sites.choices[i].choice);
    kinds_and_classes_gather(w, p);
    days_gather(w, side);
}

/* ---- the world -------------------------------------------------------------------------------------------------------- */

static void fixed_dims(struct witness_world *w) {
    int64_t unit = 1;
    for (int i = 0; i < w->currency->digits; i++) unit *= 10;
    static const int64_t amounts[] = {100'000, 1'000, 10'000, 20'000, 30'000, 50'000, 200'000, 1'000'000, 10'000'000};
    for (size_t i = 0; i < COUNT_OF(amounts); i++) number_add(&w->dims[WITNESS_AMOUNT], amounts[i] * unit);
    for (int64_t odd = 1; odd < 5; odd++) number_add(&w->dims[WITNESS_AMOUNT], 123'450 * unit * odd + odd); /* where rounding shows */
    static const uint8_t parts[] = {1U << BUCKET_IN_SCOPE, 1U << BUCKET_OWN_FULL, 1U << BUCKET_OWN_FIRST, 1U << BUCKET_OVER_LIMIT, 15};
    for (size_t i = 0; i < COUNT_OF(parts); i++) number_add(&w->dims[WITNESS_PART], parts[i]);
    value_add(&w->dims[WITNESS_CODE], BILL_LINE_OTHER, STR(""), STR(""));
    value_add(&w->dims[WITNESS_CODE], BILL_LINE_OTHER, STR("ITEM"), STR(""));
    for (int64_t k = -1; k < BILL_LINE_KIND_COUNT; k++) number_add(&w->dims[WITNESS_LINE_KIND], k);
    for (int64_t k = 0; k < BILL_CATALOGUE_CLASS_COUNT; k++) number_add(&w->dims[WITNESS_CATALOGUE], k);
    static const int64_t quantities[] = {1, 2, 5, 40}, stays[] = {5, 0, 1, 15, 40}, claim_free[] = {-1, 0, 1}, funds[] = {0, 50, 90}, bills[] = {0, 30, 366};
    for (size_t i = 0; i < COUNT_OF(quantities); i++) number_add(&w->dims[WITNESS_QUANTITY], quantities[i]);
    number_add(&w->dims[WITNESS_SECOND], 0);
    number_add(&w->dims[WITNESS_SECOND], 1);
    for (size_t i = 0; i < COUNT_OF(stays); i++) number_add(&w->dims[WITNESS_STAY], stays[i]);
    for (size_t i = 0; i < COUNT_OF(claim_free); i++) number_add(&w->dims[WITNESS_CLAIM_FREE], claim_free[i]);
    for (size_t i = 0; i < COUNT_OF(funds); i++) number_add(&w->dims[WITNESS_FUND], funds[i]);
    for (size_t i = 0; i < COUNT_OF(bills); i++) number_add(&w->dims[WITNESS_BILLS], bills[i]);
    number_add(&w->dims[WITNESS_ENROLLED], -1);
    number_add(&w->dims[WITNESS_ENROLLED], 400);
    static const enum witness_dim_id texts[] = {WITNESS_CLASS, WITNESS_MAIN, WITNESS_HISTORY, WITNESS_PROCEDURE, WITNESS_ENDORSED};
    for (size_t i = 0; i < COUNT_OF(texts); i++) value_add(&w->dims[texts[i]], 0, STR(""), STR(""));
}

struct status witness_world_init(struct witness_world *w, struct arena *a, const struct plan_side sides[2]) {
    *w = (struct witness_world){.a = a, .sides = sides, .dim_count = WITNESS_FACTS, .currency = sides[0].plan->currency};
    w->dims = ARENA_ARRAY(a, struct witness_dim, WITNESS_DIM_MAX);
    if (!w->dims) return status_memory();
    const struct day_range x = sides[0].plan->in_force, y = sides[1].plan->in_force;
    w->shifted = x.to.v < y.from.v || y.to.v < x.from.v;
    const struct day late = x.from.v > y.from.v ? x.from : y.from;
    w->base[0] = w->shifted ? x.from : late;
    w->base[1] = w->shifted ? y.from : late;
    for (int side = 0; side < 2; side++) { /* plans without a beginning */
        if (!day_is(w->base[side])) w->base[side] = day_from_civil(2024, 1, 1);
    }
    fixed_dims(w);
    number_add(&w->dims[WITNESS_DAY], 59); /* a day in March of a calendar year */
    plan_gather(w, 0);
    plan_gather(w, 1);
    value_add(&w->dims[WITNESS_CLASS], 1, STR(""), STR("")); /* the policy says: in none */
    for (uint32_t d = 0; d < WITNESS_FACTS; d++) CHECK(w->dims[d].count > 0);
    return w->failed ? status_memory() : STATUS_OK;
}
