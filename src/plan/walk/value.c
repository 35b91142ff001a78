/* plan/walk/value — expressions, choices and parameters (plan language §3, "Types" and "Choices").
 *
 * Who uses it: every step of the walker that needs an amount, ratio, count or schedule. Amounts saturate at ±10^15 minor units.
 * The exception that wins is found from the text: the one that includes the names of all the others that apply. The order that the checker
 * left behind is not looked at.
 */
#include "plan/walk/walk.h"

int64_t walk_clamp(i128 v) {
    if (v > LIMIT_AMOUNT_MINOR) return LIMIT_AMOUNT_MINOR;
    if (v < -LIMIT_AMOUNT_MINOR) return -LIMIT_AMOUNT_MINOR;
    return (int64_t)v;
}

static int64_t divide(struct walk *w, i128 num, i128 den, enum round_mode mode) {
    int64_t r = 0;
    if (!round_div(num, den, mode, &r))
        walk_fail(w, "not-exact", STR(""), "计划要求除尽，而结果除不尽", "the plan wants an exact result, and there is a remainder");
    return r;
}

static int64_t multiply(struct walk *w, const struct plan_expr *e) {
    int64_t a = walk_expr(w, e->a), b = walk_expr(w, e->b);
    bool ratio_a = e->a->type == PLAN_TYPE_RATIO, ratio_b = e->b->type == PLAN_TYPE_RATIO;
    i128 product = (i128)a * b;
    if (!ratio_a && !ratio_b) return walk_clamp(product);
    if (ratio_a && ratio_b) return divide(w, product, RATIO_ONE, ROUND_EXACT);
    return walk_clamp(divide(w, product, RATIO_ONE, e->rounding_written ? e->rounding : ROUND_EXACT));
}

int32_t walk_parameter_value(const struct plan_parameter *p, struct day on) {
    for (uint32_t i = 0; i < p->value_count; i++)
        if (day_in(on, p->values[i].on)) return (int32_t)i;
    return -1;
}

static int64_t parameter(struct walk *w, int32_t index) {
    const struct plan_parameter *p = &w->p->parameters[index];
    int32_t value = walk_parameter_value(p, w->at->decides);
    CHECK(value >= 0);
    return walk_choice(w, &p->values[value].value).v;
}

int64_t walk_expr(struct walk *w, const struct plan_expr *e) {
    switch (e->kind) {
    case PLAN_EXPR_NUMBER:
    case PLAN_EXPR_RATIO: return e->value;
    case PLAN_EXPR_NOTHING: return 0;
    case PLAN_EXPR_PARAMETER: return parameter(w, e->ref.index);
    case PLAN_EXPR_FACT: return walk_fact_number(w, e->ref.index, WALK_NO_LINE);
    case PLAN_EXPR_ADD: return walk_clamp((i128)walk_expr(w, e->a) + walk_expr(w, e->b));
    case PLAN_EXPR_SUB: return walk_clamp((i128)walk_expr(w, e->a) - walk_expr(w, e->b));
    case PLAN_EXPR_MUL: return multiply(w, e);
    case PLAN_EXPR_MIN: return i64_min(walk_expr(w, e->a), walk_expr(w, e->b));
    case PLAN_EXPR_MAX: return i64_max(walk_expr(w, e->a), walk_expr(w, e->b));
    }
    return 0;
}

/* ---- choices --------------------------------------------------------------------------------------- */

static bool fact_is(struct walk *w, int32_t fact, int64_t value) {
    if (walk_fact_type(w, fact) == PLAN_VALUE_TEXT) return str_eq(walk_fact_text(w, fact, WALK_NO_LINE), w->p->texts[value]);
    return walk_fact_number(w, fact, WALK_NO_LINE) == value;
}

static bool item_matches(struct walk *w, const struct plan_choice *c, const struct plan_by_item *item) {
    for (uint32_t i = 0; i < c->by_count; i++)
        if (!fact_is(w, c->by[i].index, item->resolved[i])) return false;
    return true;
}

static const struct plan_value *choice_base(struct walk *w, const struct plan_choice *c) {
    for (uint32_t i = 0; i < c->item_count; i++)
        if (item_matches(w, c, &c->items[i])) return &c->items[i].value;
    CHECK(c->has_base);
    return &c->base;
}

static bool exception_applies(struct walk *w, const struct plan_exception *x) {
    for (uint32_t i = 0; i < x->name_count; i++)
        if (!walk_condition_applies(w, x->names[i].index)) return false;
    return true;
}

static bool includes_name(const struct plan_exception *x, int32_t name) {
    for (uint32_t i = 0; i < x->name_count; i++)
        if (x->names[i].index == name) return true;
    return false;
}

static bool includes_all(const struct plan_exception *x, const struct plan_exception *other) {
    for (uint32_t i = 0; i < other->name_count; i++)
        if (!includes_name(x, other->names[i].index)) return false;
    return true;
}

/* Does x include the names of every exception that applies? */
static bool wins(struct walk *w, const struct plan_choice *c, const struct plan_exception *x) {
    for (uint32_t i = 0; i < c->exception_count; i++)
        if (exception_applies(w, &c->exceptions[i]) && !includes_all(x, &c->exceptions[i])) return false;
    return true;
}

static const struct plan_value *choice_value(struct walk *w, const struct plan_choice *c) {
    bool any = false;
    for (uint32_t i = 0; i < c->exception_count; i++) {
        const struct plan_exception *x = &c->exceptions[i];
        if (!exception_applies(w, x)) continue;
        if (c->in_order || wins(w, c, x)) return &x->value;
        any = true;
    }
    if (any) walk_fail(w, "exceptions-overlap", STR(""), "两条例外同时适用而无先后", "two exceptions apply at once and neither goes first");
    return choice_base(w, c);
}

struct walk_value walk_choice(struct walk *w, const struct plan_choice *c) {
    const struct plan_value *v = choice_value(w, c);
    const struct plan_expr *e = v->expr ? v->expr : v->schedule->tiers[0].ratio;
    return (struct walk_value){.nothing = e->kind == PLAN_EXPR_NOTHING, .v = walk_expr(w, e)};
}

const struct plan_schedule *walk_choice_schedule(struct walk *w, const struct plan_choice *c) {
    const struct plan_value *v = choice_value(w, c);
    CHECK(v->schedule);
    return v->schedule;
}
