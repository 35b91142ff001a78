/* plan/syntax/parse_plan — a plan and its sections.
 *
 * Who uses it: parse.c. Sections may stand in any order and are kept in written order; the head's clauses are in parse_header.c.
 */
#include "plan/syntax/parse.h"

struct plan_parse {
    struct plan *plan;
    const struct plan_token *at; /* the keyword of the section */
    uint32_t parameters, lists, conditions, exclusions, shared, benefits, examples; /* capacities */
};

static struct plan_pos section_pos(const struct plan_parser *p, const struct plan_parse *x) {
    return plan_pos_to_here(p, plan_token_pos(x->at));
}

static bool name_and_label(struct plan_parser *p, struct str *name, struct plan_label *label) {
    return plan_need_new_name(p, name) && plan_need_label(p, label);
}

/* ---- parameter, class, case, exclude, shared ---------------------------------------------------------------- */

static bool parse_parameter(struct plan_parser *p, struct plan_parse *x) {
    struct plan_parameter *r = PLAN_PUSH(p, x->plan->parameters, x->plan->parameter_count, x->parameters, LIMIT_PLAN_NAMES, W_PARAMETER);
    if (!r) return false;
    (void)plan_take_word(p, W_PARAMETER);
    bool good = name_and_label(p, &r->name, &r->label);
    r->pos = section_pos(p, x);
    uint32_t cap = 0;
    while (good && plan_at_word(p, W_FROM)) {
        struct plan_parameter_value *v = PLAN_PUSH(p, r->values, r->value_count, cap, LIMIT_PLAN_PARTS, W_FROM);
        if (!v) return false;
        v->pos = plan_token_pos(plan_cur(p));
        plan_layout(p, LAYOUT_STEP, 2);
        (void)plan_take_word(p, W_FROM);
        good = plan_need_range(p, &v->on) && plan_parse_choice(p, false, &v->value);
        v->pos = plan_pos_to_here(p, v->pos);
        if (!good) r->value_count--;
    }
    return good;
}

/* when cond */
static struct plan_cond *parse_when(struct plan_parser *p, enum plan_layout layout, uint32_t level) {
    plan_layout(p, layout, level);
    return plan_need_word(p, W_WHEN) ? plan_parse_cond(p) : NULL;
}

static bool parse_condition(struct plan_parser *p, struct plan_parse *x) {
    struct plan_condition *c = PLAN_PUSH(p, x->plan->conditions, x->plan->condition_count, x->conditions, LIMIT_PLAN_NAMES, W_CLASS);
    if (!c) return false;
    c->is_class = plan_take_word(p, W_CLASS);
    if (!c->is_class) (void)plan_take_word(p, W_CASE);
    bool good = name_and_label(p, &c->name, &c->label);
    if (good) c->when = parse_when(p, LAYOUT_STEP, 2);
    c->pos = section_pos(p, x);
    if (!c->when) x->plan->condition_count--;
    return c->when != NULL;
}

bool plan_parse_exclude(struct plan_parser *p, enum plan_layout layout, uint32_t level, struct plan_exclusion *ret) {
    if (!name_and_label(p, &ret->name, &ret->label)) return false;
    ret->when = parse_when(p, layout, level);
    ret->pos = plan_pos_to_here(p, ret->pos);
    return ret->when != NULL;
}

static bool parse_exclude(struct plan_parser *p, struct plan_parse *x) {
    struct plan_exclusion *e = PLAN_PUSH(p, x->plan->exclusions, x->plan->exclusion_count, x->exclusions, LIMIT_PLAN_NAMES, W_EXCLUDE);
    if (!e) return false;
    e->pos = plan_token_pos(x->at);
    (void)plan_take_word(p, W_EXCLUDE);
    bool good = plan_parse_exclude(p, LAYOUT_STEP, 2, e);
    if (!good) x->plan->exclusion_count--;
    return good;
}

static bool parse_shared(struct plan_parser *p, struct plan_parse *x) {
    struct plan_shared *s = PLAN_PUSH(p, x->plan->shared, x->plan->shared_count, x->shared, LIMIT_PLAN_NAMES, W_SHARED_DEDUCTIBLE);
    if (!s) return false;
    s->deductible.shared.index = PLAN_NONE;
    s->is_cap = plan_take_word(p, W_SHARED_CAP);
    if (!s->is_cap) (void)plan_take_word(p, W_SHARED_DEDUCTIBLE);
    struct plan_deductible *d = &s->deductible;
    bool good = name_and_label(p, &s->name, &s->label);
    if (good && s->is_cap) good = plan_parse_choice(p, false, &s->cap_value) && plan_parse_each(p, &s->cap_period);
    else if (good) good = plan_parse_choice(p, false, &d->value) && plan_parse_each(p, &d->period) && plan_parse_filled(p, &d->filled_by);
    s->pos = d->pos = section_pos(p, x);
    d->written = !s->is_cap;
    if (!good) x->plan->shared_count--;
    return good;
}

/* ---- list, benefit, example ------------------------------------------------------------------------------------ */

static bool parse_list(struct plan_parser *p, struct plan_parse *x) {
    struct plan_list *list = PLAN_PUSH(p, x->plan->lists, x->plan->list_count, x->lists, LIMIT_PLAN_LISTS, W_LIST);
    if (!list) return false;
    list->source = p->source;
    return plan_parse_list(p, 1, list);
}

static bool parse_benefit(struct plan_parser *p, struct plan_parse *x) {
    struct plan_benefit *b = PLAN_PUSH(p, x->plan->benefits, x->plan->benefit_count, x->benefits, LIMIT_PLAN_BENEFITS, W_BENEFIT);
    return b && plan_parse_benefit(p, b);
}

static bool parse_example(struct plan_parser *p, struct plan_parse *x) {
    struct plan_example *e = PLAN_PUSH(p, x->plan->examples, x->plan->example_count, x->examples, LIMIT_PLAN_EXAMPLES, W_EXAMPLE);
    return e && plan_parse_example(p, e);
}

static const struct {
    enum plan_word word;
    enum plan_layout layout;
    bool (*parse)(struct plan_parser *p, struct plan_parse *x);
} sections[] = {
    {W_PARAMETER, LAYOUT_BLOCK, parse_parameter},
    {W_LIST, LAYOUT_BLOCK, parse_list},
    {W_CLASS, LAYOUT_BLOCK, parse_condition},
    {W_CASE, LAYOUT_BLOCK, parse_condition},
    {W_EXCLUDE, LAYOUT_BLOCK, parse_exclude},
    {W_SHARED_DEDUCTIBLE, LAYOUT_SHARED, parse_shared},
    {W_SHARED_CAP, LAYOUT_SHARED, parse_shared},
    {W_BENEFIT, LAYOUT_BLOCK, parse_benefit},
    {W_EXAMPLE, LAYOUT_BLOCK, parse_example},
};

/* One section; false when the cursor is at none. */
static bool parse_section(struct plan_parser *p, struct plan_parse *x, uint32_t *seen, bool *ret_good) {
    if (plan_parse_header(p, x->plan, seen, ret_good)) return true;
    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        if (!plan_at_word(p, sections[i].word)) continue;
        plan_layout(p, sections[i].layout, 1);
        x->at = plan_cur(p);
        uint32_t before = p->at;
        *ret_good = sections[i].parse(p, x);
        if (p->at == before) plan_next(p); /* refused for its number */
        return true;
    }
    return false;
}

bool plan_parse_plan(struct plan_parser *p, struct plan *ret) {
    struct plan_parse x = {.plan = ret, .at = plan_cur(p)};
    uint32_t seen = 0;
    (void)plan_take_word(p, W_PLAN);
    bool good = name_and_label(p, &ret->name, &ret->label);
    ret->pos = section_pos(p, &x);
    for (;;) {
        plan_clause_end(p, good, NULL, 0);
        if (plan_at_word(p, W_PLAN) || plan_at_word(p, W_CHAIN) || plan_is(p, TOKEN_END)) break;
        if (!parse_section(p, &x, &seen, &good)) break;
    }
    if (!ret->product.n) ret->product = ret->name;
    return true;
}
