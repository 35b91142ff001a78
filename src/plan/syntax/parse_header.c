/* plan/syntax/parse_header — the clauses at the head of a plan: kind, source, force, dates, currency, facts, waiting, co-insurers.
 *
 * Who uses it: parse_plan.c. Each may stand once. Also `waiting`, which a benefit shares.
 */
#include "plan/syntax/parse.h"

struct header_parse {
    struct plan *plan;
    const struct plan_token *at; /* the keyword */
};

static bool parse_kind(struct plan_parser *p, const struct header_parse *x) {
    struct plan *plan = x->plan;
    plan->kind_written = true;
    return plan_need_kind(p, &plan->kind);
}

static bool parse_product(struct plan_parser *p, const struct header_parse *x) { return plan_need_new_name(p, &x->plan->product); }

static bool parse_source(struct plan_parser *p, const struct header_parse *x) {
    struct plan *plan = x->plan;
    struct plan_ref grade;
    if (!plan_need_text(p, &plan->source_text) || !plan_need_sign(p, TOKEN_COMMA) || !plan_need_word(p, W_GRADE)) return false;
    bool known = plan_is(p, TOKEN_WORD) && plan_cur_str(p).n == 1 && str_contains(STR("ABCDK"), plan_cur_str(p));
    if (!known) return plan_expected(p, "等级 A、B、C、D 或 K", "grade A, B, C, D or K");
    if (!plan_need_name(p, &grade)) return false;
    plan->grade = grade.name.p[0];
    plan->grade_pos = grade.pos;
    return true;
}

static bool parse_in_force(struct plan_parser *p, const struct header_parse *x) {
    struct plan *plan = x->plan;
    plan->in_force_pos = plan_token_pos(x->at);
    plan->in_force_written = plan_need_range(p, &plan->in_force);
    plan->in_force_pos = plan_pos_to_here(p, plan->in_force_pos);
    return plan->in_force_written;
}

static bool parse_date_rule(struct plan_parser *p, enum plan_date_rule *ret) {
    static const struct {
        enum plan_word word;
        enum plan_date_rule rule;
    } rules[] = {
        {W_BY_ADMISSION, PLAN_BY_ADMISSION}, {W_BY_DISCHARGE, PLAN_BY_DISCHARGE}, {W_BY_LINE_DATE, PLAN_BY_LINE_DATE},
        {W_BY_SETTLEMENT, PLAN_BY_SETTLEMENT},
    };
    enum plan_word words[COUNT_OF(rules)];
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        words[i] = rules[i].word;
        if (!plan_take_word(p, rules[i].word)) continue;
        *ret = rules[i].rule;
        return true;
    }
    return plan_expected_any(p, words, COUNT_OF(words), "入院日、出院日、费用日 或 结算日", "admission, discharge, line date or settlement");
}

static bool parse_counts_by(struct plan_parser *p, const struct header_parse *x) {
    struct plan *plan = x->plan;
    if (!parse_date_rule(p, &plan->counts_by)) return false;
    return !plan_take_comma_word(p, W_OVER_THE_END_BY) || parse_date_rule(p, &plan->over_the_end_by);
}

static bool parse_years(struct plan_parser *p, const struct header_parse *x) {
    struct plan *plan = x->plan;
    static const enum plan_word kinds[] = {W_POLICY_YEARS, W_CALENDAR_YEARS};
    if (plan_take_word(p, W_POLICY_YEARS)) plan->years = PLAN_YEAR_POLICY;
    else if (plan_take_word(p, W_CALENDAR_YEARS)) plan->years = PLAN_YEAR_CALENDAR;
    else return plan_expected_any(p, kinds, COUNT_OF(kinds), "保单年度 或 自然年度", "policy years or calendar years");
    return true;
}

static bool parse_currency(struct plan_parser *p, const struct header_parse *x) {
    struct plan *plan = x->plan;
    struct plan_ref code;
    if (!plan_need_name(p, &code)) return false;
    plan->currency_code = code.name;
    if (!plan_need_sign(p, TOKEN_COMMA) || !plan_need_word(p, W_ROUNDED) || !plan_need_mode(p, &plan->rounding)) return false;
    plan->rounding_written = plan_need_word(p, W_ONCE_PER_BENEFIT);
    return plan->rounding_written;
}

/* ---- reads -------------------------------------------------------------------------------------------------- */

/* ( yes or no | number | NAME or NAME … ) behind the parenthesis */
static bool parse_read_type(struct plan_parser *p, struct plan_read *read) {
    read->custom = true;
    if (plan_take_word(p, W_YES_OR_NO)) read->type = PLAN_VALUE_BOOL;
    else if (plan_take_word(p, W_NUMBER)) read->type = PLAN_VALUE_COUNT;
    else {
        read->type = PLAN_VALUE_SYMBOL;
        uint32_t cap = 0;
        do {
            struct str *word = PLAN_PUSH(p, read->words, read->word_count, cap, LIMIT_PLAN_PARTS, W_READS);
            if (!word || !plan_need_new_name(p, word)) return false;
        } while (plan_take_word(p, W_OR));
    }
    return plan_need_sign(p, TOKEN_CLOSE);
}

/* The default as a number, where it is one; words of a wrong kind are for the checker. */
static int64_t default_value(const struct plan_parser *p, const struct plan_read *read, int32_t fact, const struct plan_token *t) {
    int64_t e6 = 0;
    if (plan_token_number(p->source, t, &e6)) return e6 / 1'000'000;
    if (read->type == PLAN_VALUE_BOOL) return plan_bool_find(read->default_text);
    if (fact >= 0) {
        const struct plan_fact_info *info = plan_fact_info((uint32_t)fact);
        return plan_word_find(info->words, info->word_count, read->default_text);
    }
    for (uint32_t i = 0; i < read->word_count; i++)
        if (str_eq(read->words[i], read->default_text)) return i;
    return PLAN_NONE;
}

static bool parse_read(struct plan_parser *p, struct plan_read *read) {
    read->pos = plan_token_pos(plan_cur(p));
    int32_t fact = plan_at_fact(p);
    if (fact >= 0) {
        read->fact = (struct plan_ref){plan_cur_str(p), read->pos, PLAN_NONE};
        read->type = plan_fact_info((uint32_t)fact)->type;
        (void)plan_take_fact(p);
    } else {
        read->fact.index = PLAN_NONE;
        read->fact.pos = read->pos;
        if (!plan_need_new_name(p, &read->fact.name)) return false;
    }
    if (plan_take_sign(p, TOKEN_OPEN) && !parse_read_type(p, read)) return false;
    if (plan_take_word(p, W_DEFAULT)) {
        const struct plan_token *t = plan_cur(p);
        struct plan_pos pos;
        if (!plan_need_fact_value(p, fact, &read->default_text, &pos)) return false;
        read->has_default = true;
        read->default_value = default_value(p, read, fact, t);
    }
    read->pos = plan_pos_to_here(p, read->pos);
    return true;
}

static bool parse_reads(struct plan_parser *p, const struct header_parse *x) {
    struct plan *plan = x->plan;
    uint32_t cap = 0;
    do {
        struct plan_read *read = PLAN_PUSH(p, plan->reads, plan->read_count, cap, LIMIT_PLAN_READS, W_READS);
        if (!read) return false;
        if (!parse_read(p, read)) {
            plan->read_count--;
            return false;
        }
    } while (plan_take_sign(p, TOKEN_COMMA));
    return true;
}

/* ---- waiting, co-insurers -------------------------------------------------------------------------------------- */

enum { WAITING_DAYS_MAX = 36'500 };

bool plan_parse_waiting(struct plan_parser *p, struct plan_waiting *ret) {
    int64_t days = 0;
    ret->written = true;
    if (plan_take_word(p, W_NONE)) return true;
    if (!plan_need_whole(p, WAITING_DAYS_MAX, &days) || !plan_need_word(p, W_DAYS)) return false;
    ret->days = (int32_t)days;
    if (plan_take_word(p, W_UNLESS)) {
        ret->unless = plan_parse_cond(p);
        if (!ret->unless) return false;
    }
    ret->pos = plan_pos_to_here(p, ret->pos);
    return true;
}

static bool parse_waiting_header(struct plan_parser *p, const struct header_parse *x) {
    struct plan *plan = x->plan;
    plan->waiting.pos = plan_token_pos(x->at);
    return plan_parse_waiting(p, &plan->waiting);
}

static bool parse_co_insurers(struct plan_parser *p, const struct header_parse *x) {
    struct plan *plan = x->plan;
    static const enum plan_word payers[] = {W_LEAD, W_EACH_INSURER};
    uint32_t cap = 0;
    do {
        struct plan_co_insurer *c = PLAN_PUSH(p, plan->co_insurers, plan->co_insurer_count, cap, LIMIT_CO_INSURERS, W_CO_INSURERS);
        if (!c) return false;
        c->pos = plan_token_pos(plan_cur(p));
        if (!plan_need_text(p, &c->name) || !plan_need_ratio(p, &c->share_ppm) || !plan_need_sign(p, TOKEN_COMMA)) return false;
    } while (!plan_at_word(p, W_PAID_BY));
    (void)plan_take_word(p, W_PAID_BY);
    if (plan_take_word(p, W_LEAD)) return true;
    plan->paid_by_each = plan_take_word(p, W_EACH_INSURER);
    return plan->paid_by_each || plan_expected_any(p, payers, COUNT_OF(payers), "首席 或 各自", "lead or each");
}

/* ---- the table ------------------------------------------------------------------------------------------------------ */

static const struct {
    enum plan_word word;
    bool (*parse)(struct plan_parser *p, const struct header_parse *x);
} headers[] = {
    {W_KIND, parse_kind},
    {W_PRODUCT, parse_product},
    {W_SOURCE, parse_source},
    {W_IN_FORCE, parse_in_force},
    {W_COUNTS_BY, parse_counts_by},
    {W_YEARS_ARE, parse_years},
    {W_CURRENCY, parse_currency},
    {W_READS, parse_reads},
    {W_WAITING, parse_waiting_header},
    {W_CO_INSURERS, parse_co_insurers},
};

bool plan_parse_header(struct plan_parser *p, struct plan *plan, uint32_t *seen, bool *ret_good) {
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        if (!plan_at_word(p, headers[i].word)) continue;
        plan_layout(p, LAYOUT_HEADER, 1);
        struct header_parse x = {plan, plan_cur(p)};
        (void)plan_take_word(p, headers[i].word);
        bool again = (*seen >> i & 1) != 0;
        *seen |= UINT32_C(1) << i;
        *ret_good = plan_once(p, again, x.at, headers[i].word) && headers[i].parse(p, &x);
        return true;
    }
    return false;
}
