/* plan/syntax/parse_benefit — the clauses of a benefit.
 *
 * Who uses it: parse_plan.c. One row of the table and one function for each clause of docs/plan-language.md §2. What must be written and what may
 * not stand together is for the checker; here a clause that may stand only once is not read twice.
 */
#include "plan/syntax/parse.h"

struct benefit_parse {
    struct plan_benefit *b;
    const struct plan_token *at; /* the keyword of the clause */
    uint32_t needs, exclusions, count_limits, limits, caps; /* capacities of the arrays */
};

static struct plan_pos clause_pos(const struct plan_parser *p, const struct benefit_parse *x) {
    return plan_pos_to_here(p, plan_token_pos(x->at));
}

static bool parse_fund(struct plan_parser *p, struct benefit_parse *x) {
    struct plan_ref fund;
    if (!plan_once(p, x->b->fund.n > 0, x->at, W_FUND) || !plan_need_name(p, &fund)) return false;
    x->b->fund = fund.name;
    return true;
}

static bool parse_needs(struct plan_parser *p, struct benefit_parse *x) {
    struct plan_need *need = PLAN_PUSH(p, x->b->needs, x->b->need_count, x->needs, LIMIT_PLAN_PARTS, W_NEEDS);
    if (!need) return false;
    need->cond = plan_parse_cond(p);
    bool good = need->cond != NULL;
    if (good && plan_take_word(p, W_ELSE)) {
        struct plan_ref code;
        good = plan_need_name(p, &code) && plan_need_label(p, &need->label);
        if (good) need->refusal = code.name;
    }
    need->pos = clause_pos(p, x);
    if (!good) x->b->need_count--; /* later passes count on a condition */
    return good;
}

/* ---- takes -------------------------------------------------------------------------------------------------- */

static bool parse_term(struct plan_parser *p, struct plan_takes *takes, uint32_t *word_cap, uint32_t *rest_cap) {
    if (plan_take_word(p, W_REST_OF)) {
        struct plan_ref *rest = PLAN_PUSH(p, takes->rest_of, takes->rest_count, *rest_cap, LIMIT_PLAN_BENEFITS, W_REST_OF);
        return rest && plan_need_name(p, rest);
    }
    uint32_t bucket = 0;
    struct plan_pos pos = plan_token_pos(plan_cur(p));
    struct str text = plan_cur_str(p);
    if (!plan_need_bucket(p, &bucket)) return false;
    struct plan_bucket_word *word = PLAN_PUSH(p, takes->words, takes->word_count, *word_cap, LIMIT_PLAN_PARTS, W_TAKES);
    if (!word) return false;
    *word = (struct plan_bucket_word){plan_bucket_bits(bucket), text, pos};
    takes->buckets |= word->bits;
    return true;
}

static bool parse_takes(struct plan_parser *p, struct benefit_parse *x) {
    struct plan_takes *takes = &x->b->takes;
    uint32_t word_cap = 0, rest_cap = 0;
    if (!plan_once(p, takes->written, x->at, W_TAKES)) return false;
    takes->written = true;
    takes->pos = plan_token_pos(x->at);
    do {
        if (!parse_term(p, takes, &word_cap, &rest_cap)) return false;
    } while (plan_take_sign(p, TOKEN_PLUS));
    takes->before_others = plan_take_comma_word(p, W_BEFORE_OTHER_PAYERS);
    if (plan_take_comma_word(p, W_AT_SHARE_OF_LIST)) {
        if (!plan_need_name(p, &takes->share_list) || !plan_need_sign(p, TOKEN_COMMA) || !plan_need_word(p, W_ROUNDED) ||
            !plan_need_mode(p, &takes->share_rounding) || !plan_need_word(p, W_PER_LINE))
            return false;
    }
    takes->pos = clause_pos(p, x);
    return true;
}

static bool parse_where(struct plan_parser *p, struct benefit_parse *x) {
    if (!plan_once(p, x->b->where != NULL, x->at, W_WHERE)) return false;
    x->b->where = plan_parse_cond(p);
    x->b->where_pos = clause_pos(p, x);
    return x->b->where != NULL;
}

static bool parse_waiting_clause(struct plan_parser *p, struct benefit_parse *x) {
    if (!plan_once(p, x->b->waiting.written, x->at, W_WAITING)) return false;
    x->b->waiting.pos = plan_token_pos(x->at);
    return plan_parse_waiting(p, &x->b->waiting);
}

static bool parse_exclude_clause(struct plan_parser *p, struct benefit_parse *x) {
    struct plan_exclusion *e = PLAN_PUSH(p, x->b->exclusions, x->b->exclusion_count, x->exclusions, LIMIT_PLAN_NAMES, W_EXCLUDE);
    if (!e) return false;
    e->pos = plan_token_pos(x->at);
    bool good = plan_parse_exclude(p, LAYOUT_DEEP, 3, e);
    if (!good) x->b->exclusion_count--;
    return good;
}

/* ---- limits --------------------------------------------------------------------------------------------------- */

static enum plan_key parse_key(struct plan_parser *p) {
    if (plan_take_word(p, W_PER_ITEM)) return PLAN_KEY_ITEM;
    if (plan_take_word(p, W_PER_INGREDIENT)) return PLAN_KEY_INGREDIENT;
    if (plan_take_word(p, W_PER_IMPLANT)) return PLAN_KEY_IMPLANT;
    return PLAN_KEY_NONE;
}

/* [ per key ] each [ for cond ] */
static bool parse_reach(struct plan_parser *p, enum plan_key *ret_key, struct plan_period *ret_period, struct plan_cond **ret_where) {
    *ret_key = parse_key(p);
    if (!plan_parse_each(p, ret_period)) return false;
    if (!plan_take_word(p, W_FOR)) return true;
    *ret_where = plan_parse_cond(p);
    return *ret_where != NULL;
}

static bool parse_counts_at_most(struct plan_parser *p, struct benefit_parse *x) {
    struct plan_count_limit *limit =
        PLAN_PUSH(p, x->b->count_limits, x->b->count_limit_count, x->count_limits, LIMIT_PLAN_PARTS, W_COUNTS_AT_MOST);
    if (!limit) return false;
    bool good = plan_parse_choice(p, false, &limit->value);
    /* `times` at the beginning of a line is the clause of that name. */
    if (good && !plan_cur(p)->at_line_start) {
        if (plan_take_word(p, W_TIMES_COUNTED)) limit->unit = PLAN_AT_MOST_TIMES;
        else if (plan_take_word(p, W_VISITS)) limit->unit = PLAN_AT_MOST_VISITS;
    }
    good = good && parse_reach(p, &limit->key, &limit->period, &limit->where);
    limit->pos = clause_pos(p, x);
    if (!good) x->b->count_limit_count--;
    return good;
}

static bool parse_limit(struct plan_parser *p, struct benefit_parse *x) {
    struct plan_pay_limit *limit = PLAN_PUSH(p, x->b->limits, x->b->limit_count, x->limits, LIMIT_PLAN_PARTS, W_LIMIT);
    if (!limit) return false;
    bool good = plan_parse_choice(p, false, &limit->value) && parse_reach(p, &limit->key, &limit->period, &limit->where);
    limit->pos = clause_pos(p, x);
    if (!good) x->b->limit_count--;
    return good;
}

/* `none` alone: not the first word of a choice such as `none, poor 500`. */
static bool take_none_alone(struct plan_parser *p) {
    if (!plan_at_word(p, W_NONE)) return false;
    const struct plan_token *behind = plan_ahead(p, 1);
    if (behind->kind != TOKEN_END && !behind->at_line_start) return false;
    return plan_take_word(p, W_NONE);
}

static bool parse_cap(struct plan_parser *p, struct benefit_parse *x) {
    struct plan_cap *cap = PLAN_PUSH(p, x->b->caps, x->b->cap_count, x->caps, LIMIT_PLAN_PARTS, W_CAP);
    if (!cap) return false;
    cap->shared.index = PLAN_NONE;
    bool good = true;
    if (take_none_alone(p)) cap->nothing = true;
    else if (plan_take_word(p, W_SHARED)) good = plan_need_name(p, &cap->shared);
    else good = plan_parse_choice(p, false, &cap->value) && plan_parse_each(p, &cap->period);
    cap->pos = clause_pos(p, x);
    if (!good) x->b->cap_count--;
    return good;
}

/* ---- share, deductible, ratio ------------------------------------------------------------------------------- */

static bool parse_first_share(struct plan_parser *p, struct benefit_parse *x) {
    struct plan_first_share *share = &x->b->first_share;
    if (!plan_once(p, share->written, x->at, W_FIRST_SHARE) || !plan_parse_choice(p, false, &share->ratio)) return false;
    share->after_deductible = plan_take_word(p, W_AFTER_DEDUCTIBLE);
    static const enum plan_word sides[] = {W_BEFORE_DEDUCTIBLE, W_AFTER_DEDUCTIBLE};
    if (!share->after_deductible && !plan_take_word(p, W_BEFORE_DEDUCTIBLE))
        return plan_expected_any(p, sides, COUNT_OF(sides), "免赔额前 或 免赔额后", "before deductible or after deductible");
    share->written = true;
    share->pos = clause_pos(p, x);
    return true;
}

static bool parse_deductible(struct plan_parser *p, struct benefit_parse *x) {
    struct plan_deductible *d = &x->b->deductible;
    if (!plan_once(p, d->written, x->at, W_DEDUCTIBLE)) return false;
    d->written = true;
    d->pos = plan_token_pos(x->at);
    bool good = true;
    if (take_none_alone(p)) d->nothing = true;
    else if (plan_take_word(p, W_SHARED)) good = plan_need_name(p, &d->shared);
    else good = plan_parse_choice(p, false, &d->value) && plan_parse_each(p, &d->period) && plan_parse_filled(p, &d->filled_by);
    d->pos = clause_pos(p, x);
    return good;
}

static bool parse_pays(struct plan_parser *p, struct benefit_parse *x) {
    struct plan_pays *pays = &x->b->pays;
    if (!plan_once(p, pays->written, x->at, W_PAYS)) return false;
    pays->written = true;
    pays->pos = plan_token_pos(x->at);
    if (!plan_parse_choice(p, true, &pays->schedule)) return false;
    pays->on_base = plan_take_comma_word(p, W_ON_BASE);
    pays->basis_written = pays->on_base || plan_take_comma_word(p, W_ON_OVER);
    pays->period_written = plan_at_each(p);
    if (pays->period_written && !plan_parse_each(p, &pays->period)) return false;
    pays->pos = clause_pos(p, x);
    return true;
}

static bool parse_times(struct plan_parser *p, struct benefit_parse *x) {
    struct plan_times *times = &x->b->times;
    if (!plan_once(p, times->written, x->at, W_TIMES) || !plan_parse_choice(p, false, &times->ratio)) return false;
    times->written = true;
    times->pos = clause_pos(p, x);
    return true;
}

static bool parse_splits(struct plan_parser *p, struct benefit_parse *x) {
    if (!plan_once(p, x->b->in_line_order, x->at, W_SPLITS_IN_LINE_ORDER)) return false;
    x->b->in_line_order = true;
    return true;
}

/* ---- allowance ------------------------------------------------------------------------------------------------- */

enum { ALLOWANCE_DAYS_MAX = 100'000 };

static bool parse_allowance(struct plan_parser *p, struct benefit_parse *x) {
    struct plan_allowance *w = &x->b->allowance;
    if (!plan_once(p, x->b->kind == PLAN_BENEFIT_ALLOWANCE, x->at, W_ALLOWANCE)) return false;
    x->b->kind = PLAN_BENEFIT_ALLOWANCE;
    w->pos = plan_token_pos(x->at);
    if (!plan_parse_choice(p, false, &w->amount)) return false;
    w->icu = plan_take_word(p, W_EACH_ICU_DAY);
    static const enum plan_word kinds[] = {W_EACH_DAY, W_EACH_ICU_DAY};
    if (!w->icu && !plan_take_word(p, W_EACH_DAY)) return plan_expected_any(p, kinds, COUNT_OF(kinds), "每日 或 每重症日", "each day or each icu-day");
    if (!plan_need_word(p, W_AFTER) || !plan_need_whole(p, ALLOWANCE_DAYS_MAX, &w->after_days) || !plan_need_word(p, W_DAYS)) return false;
    uint32_t cap = 0;
    while (plan_take_comma_word(p, W_AT_MOST)) {
        struct plan_allowance_limit *limit = PLAN_PUSH(p, w->limits, w->limit_count, cap, LIMIT_PLAN_PARTS, W_AT_MOST);
        if (!limit || !plan_need_whole(p, ALLOWANCE_DAYS_MAX, &limit->days) || !plan_need_word(p, W_DAYS) ||
            !plan_parse_each(p, &limit->period))
            return false;
    }
    w->pos = clause_pos(p, x);
    return true;
}

/* ---- the table ---------------------------------------------------------------------------------------------------- */

static const struct {
    enum plan_word word;
    bool (*parse)(struct plan_parser *p, struct benefit_parse *x);
} clauses[] = {
    {W_FUND, parse_fund},
    {W_NEEDS, parse_needs},
    {W_TAKES, parse_takes},
    {W_WHERE, parse_where},
    {W_WAITING, parse_waiting_clause},
    {W_EXCLUDE, parse_exclude_clause},
    {W_COUNTS_AT_MOST, parse_counts_at_most},
    {W_FIRST_SHARE, parse_first_share},
    {W_DEDUCTIBLE, parse_deductible},
    {W_PAYS, parse_pays},
    {W_TIMES, parse_times},
    {W_LIMIT, parse_limit},
    {W_CAP, parse_cap},
    {W_SPLITS_IN_LINE_ORDER, parse_splits},
    {W_ALLOWANCE, parse_allowance},
};

/* `exclude` and `waiting` are words of the plan's head too: one that stands out as far as `benefit` was perhaps meant there. */
static void scope_check(struct plan_parser *p, const struct plan_benefit *b, enum plan_word w) {
    const struct plan_token *t = plan_cur(p);
    if ((w == W_WAITING || w == W_EXCLUDE) && t->column <= b->pos.column && b->pos.column > 1)
        plan_report(p, "scope-doubtful", t, str_from(plan_word_text(w, p->zh)), b->name);
}

bool plan_parse_benefit(struct plan_parser *p, struct plan_benefit *ret) {
    enum plan_word words[COUNT_OF(clauses)];
    for (size_t i = 0; i < COUNT_OF(clauses); i++) words[i] = clauses[i].word;
    struct benefit_parse x = {.b = ret};
    ret->pos = plan_token_pos(plan_cur(p));
    ret->deductible.shared.index = ret->takes.share_list.index = PLAN_NONE;
    (void)plan_need_word(p, W_BENEFIT);
    bool good = plan_need_new_name(p, &ret->name) && plan_need_label(p, &ret->label);
    ret->pos = plan_pos_to_here(p, ret->pos);
    for (;;) {
        plan_clause_end(p, good, words, COUNT_OF(words));
        enum plan_word w = plan_at_any(p, words, COUNT_OF(words));
        size_t i = 0;
        while (i < COUNT_OF(clauses) && clauses[i].word != w) i++;
        if (i == COUNT_OF(clauses)) return true; /* a section, or the end */
        scope_check(p, ret, w);
        plan_layout(p, LAYOUT_CLAUSE, 2);
        x.at = plan_cur(p);
        (void)plan_take_word(p, w);
        good = clauses[i].parse(p, &x);
    }
}
