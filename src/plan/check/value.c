/* plan/check/value — between which bounds every value lies: no amount below zero, tiers that rise.
 *
 * Who uses it: plan_check; proofs ask for intervals. Method: interval arithmetic over facts 0 .. 1,000,000 (hospital_level 1 .. 3) and the values of
 * parameters on a day; exact for a single occurrence of each fact, else wider than the truth, which can only refuse too much.
 * Saturates like the evaluators at ±10^15 minor units.
 */
#include "plan/check/check.h"

static int64_t clamp(i128 v) {
    if (v > LIMIT_AMOUNT_MINOR) return LIMIT_AMOUNT_MINOR;
    if (v < -LIMIT_AMOUNT_MINOR) return -LIMIT_AMOUNT_MINOR;
    return (int64_t)v;
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static int64_t times_one(const struct plan_expr *e, int64_t a, int64_t b) {
    i128 product = (i128)a * b;
    int64_t rounded = 0;
    bool ratio = e->a->type == PLAN_TYPE_RATIO || e->b->type == PLAN_TYPE_RATIO;
    if (!ratio) return clamp(product);
    enum round_mode mode = e->rounding_written ? e->rounding : ROUND_DOWN; /* ratio × ratio comes out even */
    if (mode == ROUND_EXACT) mode = ROUND_DOWN;
    CHECK(round_div(product, RATIO_ONE, mode, &rounded));
    return clamp(rounded);
}

static struct plan_interval times(const struct plan_expr *e, struct plan_interval a, struct plan_interval b) {
    int64_t corners[] = {times_one(e, a.min, b.min), times_one(e, a.min, b.max), times_one(e, a.max, b.min), times_one(e, a.max, b.max)};
    struct plan_interval r = {corners[0], corners[0]};
    for (size_t i = 1; i < COUNT_OF(corners); i++) r = (struct plan_interval){smaller(r.min, corners[i]), larger(r.max, corners[i])};
    return r;
}

static bool overlaps(struct day_range a, struct day_range b) {
    return a.from.v <= b.to.v && b.from.v <= a.to.v;
}

static struct plan_interval parameter_interval(const struct plan *p, uint32_t index, struct day on) {
    const struct plan_parameter *parameter = &p->parameters[index];
    struct plan_interval all = {INT64_MAX, INT64_MIN};
    for (uint32_t i = 0; i < parameter->value_count; i++) {
        const struct plan_parameter_value *v = &parameter->values[i];
        if (day_is(on) ? !day_in(on, v->on) : !overlaps(v->on, p->in_force)) continue;
        struct plan_interval one = plan_choice_interval(p, &v->value, on);
        all = (struct plan_interval){smaller(all.min, one.min), larger(all.max, one.max)};
    }
    return all.min > all.max ? (struct plan_interval){0, 0} : all; /* no value on this day: never read */
}

struct plan_interval plan_expr_interval(const struct plan *p, const struct plan_expr *e, struct day on) {
    struct plan_interval a, b;
    switch (e->kind) {
    case PLAN_EXPR_NUMBER:
    case PLAN_EXPR_RATIO: return (struct plan_interval){e->value, e->value};
    case PLAN_EXPR_NOTHING: return (struct plan_interval){0, 0};
    case PLAN_EXPR_PARAMETER: return parameter_interval(p, (uint32_t)e->ref.index, on);
    case PLAN_EXPR_FACT: plan_fact_bounds(e->ref.index, &a.min, &a.max); return a;
    case PLAN_EXPR_ADD:
    case PLAN_EXPR_SUB:
    case PLAN_EXPR_MUL:
    case PLAN_EXPR_MIN:
    case PLAN_EXPR_MAX: break;
    }
    a = plan_expr_interval(p, e->a, on);
    b = plan_expr_interval(p, e->b, on);
    if (e->kind == PLAN_EXPR_ADD) return (struct plan_interval){clamp((i128)a.min + b.min), clamp((i128)a.max + b.max)};
    if (e->kind == PLAN_EXPR_SUB) return (struct plan_interval){clamp((i128)a.min - b.max), clamp((i128)a.max - b.min)};
    if (e->kind == PLAN_EXPR_MIN) return (struct plan_interval){smaller(a.min, b.min), smaller(a.max, b.max)};
    if (e->kind == PLAN_EXPR_MAX) return (struct plan_interval){larger(a.min, b.min), larger(a.max, b.max)};
    return times(e, a, b);
}

struct plan_interval plan_choice_interval(const struct plan *p, const struct plan_choice *c, struct day on) {
    struct plan_interval all = {INT64_MAX, INT64_MIN};
    struct plan_choice copy = *c;
    struct plan_value *v;
    for (uint32_t i = 0; (v = plan_choice_value(&copy, i)) != NULL; i++) {
        if (v->expr == NULL) continue;
        struct plan_interval one = plan_expr_interval(p, v->expr, on);
        all = (struct plan_interval){smaller(all.min, one.min), larger(all.max, one.max)};
    }
    return all.min > all.max ? (struct plan_interval){0, 0} : all;
}

/* ---- rules -------------------------------------------------------------------------------------------------- */

static struct str shown(struct check *c, const struct plan_expr *e, int64_t v) {
    char text[40];
    size_t n;
    if (e->type == PLAN_TYPE_MONEY && c->p->currency != NULL) n = minor_format((struct minor){v}, c->p->currency, true, text);
    else if (e->type == PLAN_TYPE_RATIO) n = ratio_format_percent(v, text);
    else return check_printf(c, "%lld", (long long)v);
    return check_text(c, arena_str(c->a, (struct str){text, n}));
}

static void not_negative(struct check *c, const struct plan_expr *e) {
    if (e == NULL) return;
    struct plan_interval i = plan_expr_interval(c->p, e, DAY_NONE);
    if (i.min < 0) check_report(c, "negative", e->pos, shown(c, e, i.min), STR(""));
}

/* Days on which some parameter takes another value, so that a rule about two values of one day need not mix days. */
static bool next_day(const struct plan *p, struct day *on) {
    struct day next = DAY_OPEN;
    for (uint32_t i = 0; i < p->parameter_count; i++)
        for (uint32_t k = 0; k < p->parameters[i].value_count; k++) {
            struct day from = p->parameters[i].values[k].on.from;
            if (day_is(from) && from.v > on->v && from.v < next.v) next = from;
        }
    if (!day_is(next) || next.v > p->in_force.to.v) return false;
    *on = next;
    return true;
}

static void rising(struct check *c, const struct plan_schedule *s) {
    for (uint32_t i = 1; i + 1 < s->tier_count; i++) {
        const struct plan_expr *low = s->tiers[i - 1].to, *high = s->tiers[i].to;
        struct day on = c->p->in_force.from;
        do {
            struct plan_interval a = plan_expr_interval(c->p, low, on), b = plan_expr_interval(c->p, high, on);
            if (a.max >= b.min) check_report(c, "tiers-order", high->pos, shown(c, low, a.max), shown(c, high, b.min));
        } while (next_day(c->p, &on));
    }
    if (s->tier_count > 1 && plan_expr_interval(c->p, s->tiers[0].to, DAY_NONE).max <= 0)
        check_report(c, "tiers-order", s->tiers[0].to->pos, STR("0"), shown(c, s->tiers[0].to, 0));
}

void check_values(struct check *c) {
    for (uint32_t i = 0; i < c->sites.choice_count; i++) {
        struct plan_value *v;
        for (uint32_t k = 0; (v = plan_choice_value(c->sites.choices[i].choice, k)) != NULL; k++) {
            not_negative(c, v->expr);
            if (v->schedule == NULL) continue;
            for (uint32_t t = 0; t < v->schedule->tier_count; t++) not_negative(c, v->schedule->tiers[t].to);
            rising(c, v->schedule);
        }
    }
}
