/* plan/check/types — every expression gets its type and every number its unit.
 *
 * Who uses it: plan_check. Two walks: upwards, what an expression can be (a plain number can still be money or a count); downwards, what its place
 * makes of it. Rules (docs/plan-language.md §3): money ± money, count ± count, money × count, ratio × ratio when exact in millionths, money × ratio only
 * with a written rounding, min and max of equal types. A parameter of plain numbers takes the type of its first use, money when there is none.
 */
#include "plan/check/check.h"

/* What an expression can be, seen from below. */
enum can { CAN_BROKEN, CAN_NUMBER /* money or count */, CAN_MONEY, CAN_RATIO, CAN_COUNT, CAN_NOTHING };

static struct str can_name(enum can t) {
    static const char *const names[] = {"?", BOTH_TEXT("数字", "a number"), BOTH_TEXT("金额", "money"), BOTH_TEXT("比例", "a ratio"),
                                        BOTH_TEXT("数量", "a count"), "none"};
    return str_from(names[t]);
}

static enum can can_of_type(enum plan_type t) {
    switch (t) {
    case PLAN_TYPE_MONEY: return CAN_MONEY;
    case PLAN_TYPE_RATIO: return CAN_RATIO;
    case PLAN_TYPE_COUNT: return CAN_COUNT;
    case PLAN_TYPE_NOTHING: return CAN_NOTHING;
    case PLAN_TYPE_UNKNOWN: return CAN_NUMBER;
    }
    return CAN_BROKEN;
}

static enum can look(struct check *c, struct plan_expr *e);
static void fix(struct check *c, struct plan_expr *e, enum plan_type type);
static enum can parameter_can(struct check *c, uint32_t index, struct plan_pos at);

/* ---- upwards --------------------------------------------------------------------------------------------- */

static enum can mix(struct check *c, const struct plan_expr *e, enum can a, enum can b) {
    check_report(c, "type-mix", e->pos, can_name(a), can_name(b));
    return CAN_BROKEN;
}

static enum can look_same(struct check *c, const struct plan_expr *e, enum can a, enum can b) {
    if (a == CAN_BROKEN || b == CAN_BROKEN) return CAN_BROKEN;
    bool extremum = e->kind == PLAN_EXPR_MIN || e->kind == PLAN_EXPR_MAX;
    if (a == CAN_NOTHING || b == CAN_NOTHING) return mix(c, e, a, b);
    if (a == CAN_RATIO && b == CAN_RATIO && !extremum) return mix(c, e, a, b);
    if (a == b) return a;
    if (a == CAN_NUMBER && b != CAN_RATIO) return b;
    if (b == CAN_NUMBER && a != CAN_RATIO) return a;
    return mix(c, e, a, b);
}

static enum can look_product(struct check *c, const struct plan_expr *e, enum can a, enum can b) {
    if (a == CAN_BROKEN || b == CAN_BROKEN) return CAN_BROKEN;
    if (a == CAN_NOTHING || b == CAN_NOTHING) return mix(c, e, a, b);
    if (a == CAN_RATIO && b == CAN_RATIO) return CAN_RATIO;
    if (a == CAN_RATIO || b == CAN_RATIO) return a == CAN_COUNT || b == CAN_COUNT ? mix(c, e, a, b) : CAN_MONEY;
    bool a_money = a == CAN_MONEY || (a == CAN_NUMBER && b != CAN_MONEY);
    bool b_money = b == CAN_MONEY || (b == CAN_NUMBER && a == CAN_COUNT);
    return a_money != b_money ? CAN_MONEY : mix(c, e, a, b);
}

static enum can look(struct check *c, struct plan_expr *e) {
    switch (e->kind) {
    case PLAN_EXPR_NUMBER: return CAN_NUMBER;
    case PLAN_EXPR_RATIO: return CAN_RATIO;
    case PLAN_EXPR_NOTHING: return CAN_NOTHING;
    case PLAN_EXPR_PARAMETER: return e->ref.index < 0 ? CAN_BROKEN : parameter_can(c, (uint32_t)e->ref.index, e->pos);
    case PLAN_EXPR_FACT:
        if (e->ref.index < 0) return CAN_BROKEN;
        if (plan_fact_view(c->p, e->ref.index).type == PLAN_VALUE_COUNT) return CAN_COUNT;
        check_report(c, "value-unknown", e->pos, e->ref.name, STR(""));
        return CAN_BROKEN;
    case PLAN_EXPR_MUL: {
        enum can a = look(c, e->a), b = look(c, e->b);
        return look_product(c, e, a, b);
    }
    case PLAN_EXPR_ADD:
    case PLAN_EXPR_SUB:
    case PLAN_EXPR_MIN:
    case PLAN_EXPR_MAX: {
        enum can a = look(c, e->a), b = look(c, e->b);
        return look_same(c, e, a, b);
    }
    }
    return CAN_BROKEN;
}

/* ---- downwards --------------------------------------------------------------------------------------------- */

static void fix_number(struct check *c, struct plan_expr *e, enum plan_type type) {
    const struct plan *p = c->p;
    if (type == PLAN_TYPE_COUNT) {
        e->value = e->number_e6 / 1'000'000;
        if (e->number_e6 % 1'000'000 != 0) {
            char text[24];
            size_t n = ratio_format(e->number_e6, text);
            check_report(c, "count-decimals", e->pos, (struct str){text, n}, STR(""));
        } else if (e->value > PLAN_COUNT_MAX) {
            check_report(c, "too-large", e->pos, check_printf(c, "%lld", (long long)e->value), check_printf(c, "%d", PLAN_COUNT_MAX));
        }
        return;
    }
    int64_t unit = 1'000'000;
    for (int i = 0; p->currency != NULL && i < p->currency->digits && unit > 1; i++) unit /= 10;
    e->value = e->number_e6 / unit;
    char text[24];
    if (p->currency != NULL && e->number_e6 % unit != 0)
        check_report(c, "decimals", e->pos, (struct str){text, ratio_format(e->number_e6, text)}, check_printf(c, "%d", p->currency->digits));
    if (e->value > LIMIT_AMOUNT_MINOR)
        check_report(c, "too-large", e->pos, check_printf(c, "%lld", (long long)e->value), check_printf(c, "%lld", (long long)LIMIT_AMOUNT_MINOR));
}

static void fix_parameter(struct check *c, struct plan_expr *e, enum plan_type type) {
    if (e->ref.index < 0) return;
    struct plan_parameter *parameter = &c->p->parameters[e->ref.index];
    if (parameter->type == PLAN_TYPE_UNKNOWN) {
        parameter->type = type;
        return;
    }
    if (parameter->type != type) check_report(c, "parameter-type", e->pos, parameter->name, can_name(can_of_type(parameter->type)));
}

/* The product of the ratios below, all of them: a parameter can be any of its values. False: more than fit. */
struct ratio_set {
    int64_t values[64];
    uint32_t count;
};

static bool ratio_add(struct ratio_set *s, int64_t v) {
    for (uint32_t i = 0; i < s->count; i++)
        if (s->values[i] == v) return true;
    if (s->count == COUNT_OF(s->values)) return false;
    s->values[s->count++] = v;
    return true;
}

static bool ratios_of(const struct plan *p, const struct plan_expr *e, uint32_t depth, struct ratio_set *ret);

static bool ratios_of_parameter(const struct plan *p, const struct plan_parameter *parameter, uint32_t depth, struct ratio_set *ret) {
    bool all = depth < LIMIT_PLAN_DEPTH;
    for (uint32_t i = 0; i < parameter->value_count && all; i++) {
        struct plan_value *v;
        struct plan_choice choice = parameter->values[i].value;
        for (uint32_t k = 0; (v = plan_choice_value(&choice, k)) != NULL && all; k++) {
            struct ratio_set part = {0};
            all = v->expr != NULL && ratios_of(p, v->expr, depth + 1, &part);
            for (uint32_t n = 0; n < part.count && all; n++) all = ratio_add(ret, part.values[n]);
        }
    }
    return all;
}

static bool ratios_of(const struct plan *p, const struct plan_expr *e, uint32_t depth, struct ratio_set *ret) {
    if (e->kind == PLAN_EXPR_RATIO) return ratio_add(ret, e->value);
    if (e->kind == PLAN_EXPR_PARAMETER) return e->ref.index >= 0 && ratios_of_parameter(p, &p->parameters[e->ref.index], depth, ret);
    if (e->a == NULL || e->b == NULL) return false;
    struct ratio_set a = {0}, b = {0};
    if (!ratios_of(p, e->a, depth, &a) || !ratios_of(p, e->b, depth, &b)) return false;
    bool all = true;
    for (uint32_t i = 0; i < a.count && all; i++)
        for (uint32_t k = 0; k < b.count && all; k++) {
            int64_t x = a.values[i], y = b.values[k];
            if (e->kind == PLAN_EXPR_MUL) all = x * y % RATIO_ONE == 0 && ratio_add(ret, x * y / RATIO_ONE);
            else all = ratio_add(ret, (e->kind == PLAN_EXPR_MIN) == (x < y) ? x : y);
        }
    return all;
}

static void fix_product(struct check *c, struct plan_expr *e, enum plan_type type) {
    enum can a = look(c, e->a), b = look(c, e->b);
    if (type == PLAN_TYPE_RATIO) {
        fix(c, e->a, PLAN_TYPE_RATIO);
        fix(c, e->b, PLAN_TYPE_RATIO);
        struct ratio_set all = {0};
        if (!ratios_of(c->p, e, 0, &all)) check_report(c, "ratio-inexact", e->pos, STR(""), STR(""));
        return;
    }
    bool by_ratio = a == CAN_RATIO || b == CAN_RATIO;
    bool a_money = by_ratio ? b == CAN_RATIO : a == CAN_MONEY || (a == CAN_NUMBER && b != CAN_MONEY);
    enum plan_type other = by_ratio ? PLAN_TYPE_RATIO : PLAN_TYPE_COUNT;
    /* 12 * 1_000.50: the one with decimals is the money. */
    if (!by_ratio && a_money && e->a->kind == PLAN_EXPR_NUMBER && e->b->kind == PLAN_EXPR_NUMBER && e->b->number_e6 % 1'000'000 != 0)
        a_money = false;
    fix(c, e->a, a_money ? PLAN_TYPE_MONEY : other);
    fix(c, e->b, a_money ? other : PLAN_TYPE_MONEY);
    if (by_ratio && !e->rounding_written) check_report(c, "rounding-missing", e->pos, STR(""), STR(""));
    if (by_ratio && e->rounding_written && e->rounding == ROUND_EXACT) {
        struct ratio_set all = {0};
        bool even = ratios_of(c->p, a_money ? e->b : e->a, 0, &all);
        for (uint32_t i = 0; i < all.count; i++) even = even && all.values[i] % RATIO_ONE == 0;
        if (!even) check_report(c, "rounding-exact", e->pos, STR(""), STR(""));
    }
}

/* Gives the expression its type; it can be that (look said so). */
static void fix(struct check *c, struct plan_expr *e, enum plan_type type) {
    e->type = type;
    bool by_ratio = e->kind == PLAN_EXPR_MUL && type == PLAN_TYPE_MONEY && (look(c, e->a) == CAN_RATIO || look(c, e->b) == CAN_RATIO);
    if (e->rounding_written && !by_ratio) check_report(c, "rounding-needless", e->pos, STR(""), STR(""));
    switch (e->kind) {
    case PLAN_EXPR_NUMBER: fix_number(c, e, type); return;
    case PLAN_EXPR_RATIO: /* the lexer takes 0 to 100% only */
    case PLAN_EXPR_NOTHING:
    case PLAN_EXPR_FACT: return;
    case PLAN_EXPR_PARAMETER: fix_parameter(c, e, type); return;
    case PLAN_EXPR_MUL: fix_product(c, e, type); return;
    case PLAN_EXPR_ADD:
    case PLAN_EXPR_SUB:
    case PLAN_EXPR_MIN:
    case PLAN_EXPR_MAX:
        fix(c, e->a, type);
        fix(c, e->b, type);
        return;
    }
}

/* ---- places -------------------------------------------------------------------------------------------------- */

static bool can_be(enum can t, enum plan_type type) {
    if (t == CAN_NUMBER) return type == PLAN_TYPE_MONEY || type == PLAN_TYPE_COUNT;
    return t == can_of_type(type);
}

static void type_expr(struct check *c, struct plan_expr *e, enum plan_type type, bool none_allowed) {
    if (e == NULL) return;
    enum can t = look(c, e);
    if (t == CAN_BROKEN) return;
    if (t == CAN_NOTHING) {
        e->type = PLAN_TYPE_NOTHING;
        if (!none_allowed) check_report(c, "none-misplaced", e->pos, STR(""), STR(""));
        return;
    }
    if (can_be(t, type)) fix(c, e, type);
    else if (e->kind == PLAN_EXPR_PARAMETER) check_report(c, "parameter-type", e->pos, e->ref.name, can_name(t));
    else check_report(c, "type-wanted", e->pos, can_name(can_of_type(type)), can_name(t));
}

static void type_schedule(struct check *c, const struct plan_schedule *s) {
    for (uint32_t i = 0; i < s->tier_count; i++) {
        type_expr(c, s->tiers[i].ratio, PLAN_TYPE_RATIO, false);
        type_expr(c, s->tiers[i].to, PLAN_TYPE_MONEY, false);
    }
}

static void type_choice(struct check *c, struct plan_choice *choice, enum plan_type type, bool none_allowed) {
    struct plan_value *v;
    for (uint32_t i = 0; (v = plan_choice_value(choice, i)) != NULL; i++) {
        if (v->schedule != NULL) type_schedule(c, v->schedule);
        else type_expr(c, v->expr, type, none_allowed);
    }
}

static enum plan_type wanted(const struct plan *p, const struct plan_choice_site *site) {
    switch (site->role) {
    case PLAN_CHOICE_FIRST_SHARE:
    case PLAN_CHOICE_TIMES:
    case PLAN_CHOICE_PAYS: return PLAN_TYPE_RATIO;
    case PLAN_CHOICE_COUNT_LIMIT:
        return p->benefits[site->benefit].count_limits[site->index].unit == PLAN_AT_MOST_MONEY ? PLAN_TYPE_MONEY : PLAN_TYPE_COUNT;
    case PLAN_CHOICE_PARAMETER: return p->parameters[site->index].type;
    case PLAN_CHOICE_SHARED_DEDUCTIBLE:
    case PLAN_CHOICE_SHARED_CAP:
    case PLAN_CHOICE_DEDUCTIBLE:
    case PLAN_CHOICE_LIMIT:
    case PLAN_CHOICE_CAP:
    case PLAN_CHOICE_ALLOWANCE: return PLAN_TYPE_MONEY;
    }
    return PLAN_TYPE_MONEY;
}

static bool none_allowed(enum plan_choice_role role) {
    return role == PLAN_CHOICE_DEDUCTIBLE || role == PLAN_CHOICE_SHARED_DEDUCTIBLE || role == PLAN_CHOICE_CAP ||
           role == PLAN_CHOICE_SHARED_CAP;
}

/* ---- parameters ------------------------------------------------------------------------------------------------ */

enum { NOT_BEGUN, BEING_INFERRED, INFERRED };

/* What the values of a parameter can be together. CAN_NUMBER while its first use has not decided. */
static enum can parameter_can(struct check *c, uint32_t index, struct plan_pos at) {
    struct plan_parameter *p = &c->p->parameters[index];
    if (p->type != PLAN_TYPE_UNKNOWN) return can_of_type(p->type);
    if (c->parameter_state[index] == BEING_INFERRED || c->parameter_depth >= LIMIT_PLAN_DEPTH) {
        check_report(c, "cycle", at, p->name, STR(""));
        return CAN_BROKEN;
    }
    if (c->parameter_state[index] == INFERRED) return CAN_NUMBER;
    c->parameter_state[index] = BEING_INFERRED;
    c->parameter_depth++;
    enum can all = CAN_NUMBER;
    for (uint32_t i = 0; i < p->value_count; i++) {
        struct plan_value *v;
        for (uint32_t k = 0; (v = plan_choice_value(&p->values[i].value, k)) != NULL; k++) {
            enum can t = v->expr == NULL ? CAN_BROKEN : look(c, v->expr);
            if (t != CAN_NUMBER && t != CAN_BROKEN && t != CAN_NOTHING && all == CAN_NUMBER) all = t;
        }
    }
    c->parameter_depth--;
    c->parameter_state[index] = INFERRED;
    if (all == CAN_MONEY) p->type = PLAN_TYPE_MONEY;
    if (all == CAN_RATIO) p->type = PLAN_TYPE_RATIO;
    if (all == CAN_COUNT) p->type = PLAN_TYPE_COUNT;
    return all;
}

static void type_parameters(struct check *c) {
    for (uint32_t i = 0; i < c->p->parameter_count; i++) {
        struct plan_parameter *p = &c->p->parameters[i];
        if (p->type == PLAN_TYPE_UNKNOWN) p->type = PLAN_TYPE_MONEY;
        if (p->value_count == 0) check_report(c, "parameter-empty", p->pos, p->name, STR(""));
    }
}

static void type_sites(struct check *c, bool parameters) {
    for (uint32_t i = 0; i < c->sites.choice_count; i++) {
        struct plan_choice_site *site = &c->sites.choices[i];
        if ((site->role == PLAN_CHOICE_PARAMETER) == parameters) type_choice(c, site->choice, wanted(c->p, site), none_allowed(site->role));
    }
}

/* `currency …, rounded exact`: only ratios of 0 and 100 % always come out even. */
static void check_exact(struct check *c) {
    for (uint32_t i = 0; i < c->sites.choice_count && c->p->rounding_written && c->p->rounding == ROUND_EXACT; i++) {
        const struct plan_choice_site *site = &c->sites.choices[i];
        if (site->role != PLAN_CHOICE_PAYS && site->role != PLAN_CHOICE_TIMES && site->role != PLAN_CHOICE_FIRST_SHARE) continue;
        struct plan_value *v;
        for (uint32_t k = 0; (v = plan_choice_value(site->choice, k)) != NULL; k++) {
            uint32_t count = v->schedule != NULL ? v->schedule->tier_count : 1;
            for (uint32_t t = 0; t < count; t++) {
                const struct plan_expr *e = v->schedule != NULL ? v->schedule->tiers[t].ratio : v->expr;
                struct ratio_set all = {0};
                bool even = e != NULL && ratios_of(c->p, e, 0, &all);
                for (uint32_t n = 0; n < all.count; n++) even = even && all.values[n] % RATIO_ONE == 0;
                if (!even) check_report(c, "rounding-exact", site->choice->pos, STR(""), STR(""));
            }
        }
    }
}

void check_types(struct check *c) {
    for (uint32_t i = 0; i < c->p->parameter_count; i++) c->p->parameters[i].type = PLAN_TYPE_UNKNOWN;
    for (uint32_t i = 0; i < c->p->parameter_count; i++) (void)parameter_can(c, i, c->p->parameters[i].pos);
    type_sites(c, false); /* uses decide what plain numbers in a parameter are */
    for (uint32_t i = 0; i < c->p->parameter_count; i++) /* also uses inside other parameters */
        if (c->p->parameters[i].type == PLAN_TYPE_UNKNOWN) (void)parameter_can(c, i, c->p->parameters[i].pos);
    type_parameters(c);
    type_sites(c, true);
    if (check_clean(c)) check_exact(c);
}
