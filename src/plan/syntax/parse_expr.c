/* plan/syntax/parse_expr — values: expressions, tiers, choices, periods.
 *
 * Who uses it: every clause that has a value. Grammar: docs/plan-language.md §2, from `each` to `atom`.
 * Invariant: one value has at most LIMIT_PLAN_TERMS parts and LIMIT_PLAN_DEPTH levels of parentheses, so that later walks may recurse.
 */
#include "plan/syntax/parse.h"

static struct plan_expr *expr_new(struct plan_parser *p, enum plan_expr_kind kind, struct plan_pos pos) {
    if (++p->terms > LIMIT_PLAN_TERMS) {
        if (p->terms == LIMIT_PLAN_TERMS + 1) (void)plan_number_report(p, "too-deep", plan_cur(p), LIMIT_PLAN_TERMS);
        return NULL;
    }
    struct plan_expr *e = PLAN_NEW(p, struct plan_expr);
    if (!e) return NULL;
    e->kind = kind;
    e->pos = pos;
    e->ref.index = PLAN_NONE;
    e->rounding = ROUND_EXACT;
    return e;
}

static struct plan_expr *expr_pair(struct plan_parser *p, enum plan_expr_kind kind, struct plan_expr *a, struct plan_expr *b) {
    if (!a || !b) return NULL;
    struct plan_expr *e = expr_new(p, kind, plan_pos_join(a->pos, b->pos));
    if (!e) return NULL;
    e->a = a;
    e->b = b;
    return e;
}

/* ( expr [rounded mode] ) behind the opening parenthesis. */
static struct plan_expr *parse_group(struct plan_parser *p, struct plan_pos open) {
    struct plan_expr *e = plan_parse_expr(p);
    if (!e) return NULL;
    if (plan_take_word(p, W_ROUNDED)) {
        if (!plan_need_mode(p, &e->rounding)) return NULL;
        e->rounding_written = true;
    }
    if (!plan_need_sign(p, TOKEN_CLOSE)) return NULL;
    e->pos = plan_pos_to_here(p, open);
    return e;
}

static struct plan_expr *parse_min_max(struct plan_parser *p, enum plan_expr_kind kind, struct plan_pos from) {
    if (!plan_need_sign(p, TOKEN_OPEN)) return NULL;
    struct plan_expr *a = plan_parse_expr(p);
    if (!a || !plan_need_sign(p, TOKEN_COMMA)) return NULL;
    struct plan_expr *b = plan_parse_expr(p);
    if (!b || !plan_need_sign(p, TOKEN_CLOSE)) return NULL;
    struct plan_expr *e = expr_pair(p, kind, a, b);
    if (e) e->pos = plan_pos_to_here(p, from);
    return e;
}

static struct plan_expr *parse_literal(struct plan_parser *p, struct plan_pos pos) {
    struct plan_expr *e = expr_new(p, plan_is(p, TOKEN_RATIO) ? PLAN_EXPR_RATIO : PLAN_EXPR_NUMBER, pos);
    if (!e) return NULL;
    bool good = e->kind == PLAN_EXPR_RATIO ? plan_need_ratio(p, &e->value) : plan_need_number(p, &e->number_e6);
    return good ? e : NULL;
}

static struct plan_expr *parse_name(struct plan_parser *p, struct plan_pos pos) {
    if (!plan_at_name(p)) {
        (void)plan_expected(p, "数值、比例或参数名", "an amount, a ratio or the name of a parameter");
        return NULL;
    }
    struct plan_expr *e = expr_new(p, plan_at_fact(p) >= 0 ? PLAN_EXPR_FACT : PLAN_EXPR_PARAMETER, pos);
    if (!e) return NULL;
    e->ref = (struct plan_ref){plan_cur_str(p), pos, PLAN_NONE};
    if (e->kind == PLAN_EXPR_FACT) (void)plan_take_fact(p);
    else plan_next(p);
    return e;
}

static struct plan_expr *parse_atom(struct plan_parser *p) {
    struct plan_pos pos = plan_token_pos(plan_cur(p));
    if (plan_is(p, TOKEN_NUMBER) || plan_is(p, TOKEN_RATIO)) return parse_literal(p, pos);
    if (plan_take_word(p, W_NONE)) return expr_new(p, PLAN_EXPR_NOTHING, pos);
    bool min = plan_at_word(p, W_MIN), max = plan_at_word(p, W_MAX), group = plan_is(p, TOKEN_OPEN);
    if (!min && !max && !group) return parse_name(p, pos);
    if (p->depth >= LIMIT_PLAN_DEPTH) {
        (void)plan_number_report(p, "too-deep", plan_cur(p), LIMIT_PLAN_DEPTH);
        return NULL;
    }
    p->depth++;
    struct plan_expr *e = NULL;
    if (plan_take_sign(p, TOKEN_OPEN)) e = parse_group(p, pos);
    else if (plan_take_word(p, W_MIN)) e = parse_min_max(p, PLAN_EXPR_MIN, pos);
    else if (plan_take_word(p, W_MAX)) e = parse_min_max(p, PLAN_EXPR_MAX, pos);
    p->depth--;
    return e;
}

static struct plan_expr *parse_product(struct plan_parser *p) {
    struct plan_expr *e = parse_atom(p);
    while (e && plan_take_sign(p, TOKEN_STAR)) e = expr_pair(p, PLAN_EXPR_MUL, e, parse_atom(p));
    return e;
}

struct plan_expr *plan_parse_expr(struct plan_parser *p) {
    struct plan_expr *e = parse_product(p);
    while (e) {
        if (plan_take_sign(p, TOKEN_PLUS)) e = expr_pair(p, PLAN_EXPR_ADD, e, parse_product(p));
        else if (plan_take_sign(p, TOKEN_MINUS)) e = expr_pair(p, PLAN_EXPR_SUB, e, parse_product(p));
        else break;
    }
    return e;
}

/* ---- tiers and choices ------------------------------------------------------------------------------------ */

static struct plan_schedule *parse_schedule(struct plan_parser *p) {
    struct plan_schedule *s = PLAN_NEW(p, struct plan_schedule);
    uint32_t cap = 0;
    for (bool more = s != NULL; more;) {
        struct plan_tier *tier = PLAN_PUSH(p, s->tiers, s->tier_count, cap, LIMIT_PLAN_PARTS, W_PAYS);
        if (!tier) return NULL;
        tier->ratio = plan_parse_expr(p);
        if (!tier->ratio) return NULL;
        more = plan_take_word(p, W_TO);
        if (!more) break;
        tier->to = plan_parse_expr(p);
        if (!tier->to || !plan_need_word(p, W_THEN)) return NULL;
    }
    return s;
}

static bool parse_value(struct plan_parser *p, bool schedule, struct plan_value *ret) {
    p->terms = 0;
    if (schedule) ret->schedule = parse_schedule(p);
    else ret->expr = plan_parse_expr(p);
    return ret->schedule || ret->expr;
}

/* NAME {and NAME} value */
static bool parse_exception(struct plan_parser *p, bool schedule, struct plan_choice *c, uint32_t *cap) {
    struct plan_exception *x = PLAN_PUSH(p, c->exceptions, c->exception_count, *cap, LIMIT_PLAN_PARTS, W_EXCEPT);
    if (!x) return false;
    x->pos = plan_token_pos(plan_cur(p));
    uint32_t name_cap = 0;
    do {
        struct plan_ref *name = PLAN_PUSH(p, x->names, x->name_count, name_cap, LIMIT_PLAN_PARTS, W_AND);
        if (!name) return false;
        if (!plan_at_name(p)) return plan_expected(p, "人群或情形的名称", "the name of a class or case");
        if (!plan_need_name(p, name)) return false;
    } while (plan_take_word(p, W_AND));
    bool good = parse_value(p, schedule, &x->value);
    x->pos = plan_pos_to_here(p, x->pos);
    return good;
}

/* A comma here belongs to the choice, not to the clause behind it. */
static bool comma_goes_on(const struct plan_parser *p) {
    static const enum plan_word behind[] = {W_ON_OVER, W_ON_BASE, W_FILLED_BY, W_AT_MOST};
    if (!plan_is(p, TOKEN_COMMA)) return false;
    struct plan_parser ahead = *p;
    plan_next(&ahead);
    return plan_at_any(&ahead, behind, COUNT_OF(behind)) == W_COUNT;
}

static bool parse_exceptions(struct plan_parser *p, bool schedule, struct plan_choice *c, bool first) {
    uint32_t cap = 0;
    while (first || (comma_goes_on(p) && plan_take_sign(p, TOKEN_COMMA))) {
        first = false;
        if (!parse_exception(p, schedule, c, &cap)) return false;
    }
    return true;
}

static bool parse_by_facts(struct plan_parser *p, struct plan_choice *c) {
    do {
        if (c->by_count == COUNT_OF(c->by)) {
            (void)plan_number_report(p, "by-facts", plan_cur(p), (uint32_t)COUNT_OF(c->by));
            return false;
        }
        struct plan_ref *by = &c->by[c->by_count];
        if (plan_at_fact(p) < 0 && !plan_at_name(p)) return plan_expected(p, "事实的名称", "the name of a fact");
        *by = (struct plan_ref){plan_cur_str(p), plan_token_pos(plan_cur(p)), PLAN_NONE};
        if (plan_take_fact(p) < 0) plan_next(p);
        c->by_count++;
    } while (plan_take_sign(p, TOKEN_COMMA));
    return true;
}

static bool parse_item(struct plan_parser *p, bool schedule, struct plan_choice *c, uint32_t *cap) {
    struct plan_by_item *item = PLAN_PUSH(p, c->items, c->item_count, *cap, LIMIT_PLAN_PARTS, W_BY);
    if (!item) return false;
    item->pos = plan_token_pos(plan_cur(p));
    for (uint32_t i = 0; i < c->by_count; i++) {
        struct plan_pos pos;
        if (!plan_need_fact_value(p, plan_fact_find(c->by[i].name), &item->values[i], &pos)) return false;
    }
    bool good = parse_value(p, schedule, &item->value);
    item->pos = plan_pos_to_here(p, item->pos);
    return good;
}

/* by FACT, …: item, … [, otherwise value] [except …] behind `by`. */
static bool parse_by(struct plan_parser *p, bool schedule, struct plan_choice *c) {
    uint32_t cap = 0;
    if (!parse_by_facts(p, c) || !plan_need_sign(p, TOKEN_COLON)) return false;
    do {
        if (!parse_item(p, schedule, c, &cap)) return false;
        if (plan_take_comma_word(p, W_OTHERWISE)) {
            if (!parse_value(p, schedule, &c->base)) return false;
            c->has_base = true;
            break;
        }
    } while (comma_goes_on(p) && plan_take_sign(p, TOKEN_COMMA));
    return !plan_take_word(p, W_EXCEPT) || parse_exceptions(p, schedule, c, true);
}

bool plan_parse_choice(struct plan_parser *p, bool schedule, struct plan_choice *ret) {
    struct plan_choice c = {.pos = plan_token_pos(plan_cur(p))};
    if (plan_take_word(p, W_BY)) {
        if (!parse_by(p, schedule, &c)) return false;
    } else {
        c.has_base = parse_value(p, schedule, &c.base);
        if (!c.has_base || !parse_exceptions(p, schedule, &c, false)) return false;
    }
    c.in_order = plan_take_word(p, W_IN_ORDER);
    c.pos = plan_pos_to_here(p, c.pos);
    *ret = c;
    return true;
}

/* ---- periods -------------------------------------------------------------------------------------------------- */

static const struct {
    enum plan_word word;
    enum plan_each each;
} periods[] = {
    {W_EACH_YEAR, PLAN_EACH_YEAR}, {W_EACH_STAY, PLAN_EACH_STAY}, {W_EACH_CLAIM, PLAN_EACH_CLAIM}, {W_EACH_DAY, PLAN_EACH_DAY},
    {W_LIFETIME, PLAN_EACH_LIFETIME},
};

bool plan_at_each(const struct plan_parser *p) {
    for (size_t i = 0; i < COUNT_OF(periods); i++)
        if (plan_at_word(p, periods[i].word)) return true;
    return false;
}

bool plan_parse_each(struct plan_parser *p, struct plan_period *ret) {
    enum plan_word words[COUNT_OF(periods)];
    struct plan_period period = {.pos = plan_token_pos(plan_cur(p))};
    for (size_t i = 0; i < COUNT_OF(periods); i++) {
        words[i] = periods[i].word;
        if (!plan_take_word(p, periods[i].word)) continue;
        period.each = periods[i].each;
        period.per_family = plan_take_word(p, W_PER_FAMILY);
        period.pos = plan_pos_to_here(p, period.pos);
        *ret = period;
        return true;
    }
    return plan_expected_any(p, words, COUNT_OF(words), "期间：每年、每次住院、每次赔付、每日 或 终身",
                             "a period: each year, each stay, each claim, each day or lifetime");
}

bool plan_parse_filled(struct plan_parser *p, uint32_t *ret_kinds) {
    if (!plan_take_comma_word(p, W_FILLED_BY)) return true;
    do {
        enum plan_kind kind = PLAN_COMMERCIAL;
        if (!plan_need_kind(p, &kind)) return false;
        *ret_kinds |= UINT32_C(1) << kind;
    } while (plan_take_word(p, W_KIND_AND));
    return true;
}
