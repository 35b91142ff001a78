/* plan/check/clauses — what a plan must write, and what may not stand together.
 *
 * Who uses it: plan_check. Silence on what decides money is an error (docs/plan-language.md §2): dates, rounding, deductible, cap, ratio, years.
 */
#include "plan/check/check.h"

static void missing(struct check *c, struct plan_pos at, struct str owner, struct str clause) {
    check_report(c, "clause-missing", at, owner, clause);
}

/* ---- header -------------------------------------------------------------------------------------------- */

static void check_header_written(struct check *c) {
    const struct plan *p = c->p;
    if (!p->kind_written) missing(c, p->pos, p->name, BOTH("性质", "kind"));
    if (p->source_text.n == 0 || p->grade == 0) missing(c, p->pos, p->name, BOTH("来源", "source"));
    if (!p->in_force_written) missing(c, p->pos, p->name, BOTH("有效期", "in force"));
    if (p->counts_by == PLAN_BY_UNWRITTEN) missing(c, p->pos, p->name, BOTH("计入日期", "counts by"));
    if (p->currency_code.n == 0 || !p->rounding_written) missing(c, p->pos, p->name, BOTH("货币与舍入", "currency … rounded"));
    if (p->benefit_count == 0) missing(c, p->pos, p->name, BOTH("责任", "benefit"));
}

static void check_header_dates(struct check *c) {
    const struct plan *p = c->p;
    if (p->in_force_written && p->in_force.from.v > p->in_force.to.v) check_report(c, "force-empty", p->in_force_pos, STR(""), STR(""));
    if (p->counts_by == PLAN_BY_UNWRITTEN) return;
    if (p->counts_by != PLAN_BY_LINE_DATE && p->over_the_end_by == PLAN_BY_UNWRITTEN)
        check_report(c, "over-the-end-missing", p->pos, STR(""), STR(""));
    if (p->counts_by == PLAN_BY_LINE_DATE && p->over_the_end_by != PLAN_BY_UNWRITTEN)
        check_report(c, "over-the-end-needless", p->pos, STR(""), STR(""));
}

static void check_currency(struct check *c) {
    struct plan *p = c->p;
    p->currency = p->currency_code.n > 0 ? currency_find(p->currency_code) : NULL;
    if (p->currency_code.n > 0 && p->currency == NULL) check_report(c, "currency-unknown", p->pos, p->currency_code, STR(""));
}

static void check_co_insurers(struct check *c) {
    const struct plan *p = c->p;
    if (p->co_insurer_count == 0) return;
    int64_t sum = 0;
    for (uint32_t i = 0; i < p->co_insurer_count; i++) {
        const struct plan_co_insurer *insurer = &p->co_insurers[i];
        sum += insurer->share_ppm;
        if (insurer->share_ppm <= 0) check_report(c, "co-insurer-share", insurer->pos, insurer->name, STR(""));
        for (uint32_t k = 0; k < i; k++)
            if (str_eq(p->co_insurers[k].name, insurer->name))
                check_report(c, "name-twice", insurer->pos, insurer->name, check_printf(c, "%u", p->co_insurers[k].pos.line));
    }
    char text[24];
    size_t n = ratio_format_percent(sum, text);
    if (sum != RATIO_ONE) check_report(c, "co-insurer-sum", p->co_insurers[0].pos, (struct str){text, n}, STR(""));
}

/* ---- periods --------------------------------------------------------------------------------------------- */

struct periods {
    struct check *c;
    bool year; /* something counts each year */
};

static void period(struct periods *s, const struct plan_period *p, bool day_allowed) {
    if (p->each == PLAN_EACH_YEAR) {
        if (!s->year && s->c->p->years == PLAN_YEAR_UNWRITTEN) check_report(s->c, "years-missing", p->pos, STR(""), STR(""));
        s->year = true;
    }
    if (p->each == PLAN_EACH_DAY && !day_allowed) check_report(s->c, "period-day", p->pos, STR(""), STR(""));
}

static bool has_value(const struct plan_deductible *d) {
    return d->written && !d->nothing && d->shared.name.n == 0;
}

static void benefit_periods(struct periods *s, const struct plan_benefit *b) {
    if (has_value(&b->deductible)) period(s, &b->deductible.period, false);
    if (b->pays.written && b->pays.period_written) period(s, &b->pays.period, false);
    for (uint32_t i = 0; i < b->count_limit_count; i++) period(s, &b->count_limits[i].period, true);
    for (uint32_t i = 0; i < b->limit_count; i++) period(s, &b->limits[i].period, true);
    for (uint32_t i = 0; i < b->cap_count; i++)
        if (!b->caps[i].nothing && b->caps[i].shared.name.n == 0) period(s, &b->caps[i].period, false);
    for (uint32_t i = 0; i < b->allowance.limit_count; i++) period(s, &b->allowance.limits[i].period, false);
}

static void check_periods(struct check *c) {
    struct periods s = {.c = c};
    const struct plan *p = c->p;
    for (uint32_t i = 0; i < p->shared_count; i++)
        period(&s, p->shared[i].is_cap ? &p->shared[i].cap_period : &p->shared[i].deductible.period, false);
    for (uint32_t i = 0; i < p->benefit_count; i++) benefit_periods(&s, &p->benefits[i]);
    /* With `line date`, years also cut a bill into segments. */
    if (!s.year && p->years != PLAN_YEAR_UNWRITTEN && p->counts_by != PLAN_BY_LINE_DATE)
        check_report(c, "years-needless", p->pos, STR(""), STR(""));
}

/* ---- tiers -------------------------------------------------------------------------------------------------- */

static bool has_tiers(const struct plan_benefit *b) {
    struct plan_value *v;
    struct plan_choice schedule = b->pays.schedule;
    for (uint32_t i = 0; (v = plan_choice_value(&schedule, i)) != NULL; i++)
        if (v->schedule != NULL && v->schedule->tier_count > 1) return true;
    return false;
}

static const struct plan_period *deductible_period(const struct plan *p, const struct plan_benefit *b) {
    if (b->deductible.shared.index >= 0 && b->deductible.shared.name.n > 0) return &p->shared[b->deductible.shared.index].deductible.period;
    return has_value(&b->deductible) ? &b->deductible.period : NULL;
}

static void check_tiers(struct check *c, const struct plan_benefit *b) {
    if (!b->pays.written) return;
    if (!has_tiers(b)) {
        if (b->pays.basis_written || b->pays.period_written) check_report(c, "period-needless", b->pays.pos, STR(""), STR(""));
        return;
    }
    if (!b->pays.basis_written) check_report(c, "tiers-basis", b->pays.pos, STR(""), STR(""));
    if (!b->pays.period_written) {
        check_report(c, "tiers-period", b->pays.pos, STR(""), STR(""));
        return;
    }
    const struct plan_period *own = &b->pays.period, *of = deductible_period(c->p, b);
    if (b->pays.on_base && of != NULL && (of->each != own->each || of->per_family != own->per_family))
        check_report(c, "tiers-period-differs", b->pays.pos, STR(""), STR(""));
}

/* ---- benefits ------------------------------------------------------------------------------------------------ */

static bool alone_settled(const struct plan_cond *cond) {
    return cond != NULL && cond->kind == PLAN_COND_FACT && cond->ref.index == PLAN_FACT_SETTLED;
}

static void check_needs(struct check *c, const struct plan_benefit *b) {
    for (uint32_t i = 0; i < b->need_count; i++)
        if (b->needs[i].refusal.n == 0 && !alone_settled(b->needs[i].cond))
            check_report(c, "need-code-missing", b->needs[i].pos, STR(""), STR(""));
}

static void check_takes(struct check *c, const struct plan_benefit *b) {
    uint32_t seen = 0;
    for (uint32_t i = 0; i < b->takes.word_count; i++) {
        const struct plan_bucket_word *w = &b->takes.words[i];
        if ((seen & w->bits) != 0) check_report(c, "takes-twice", w->pos, w->word, STR(""));
        seen |= w->bits;
    }
    for (uint32_t i = 0; i < b->takes.rest_count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (str_eq(b->takes.rest_of[i].name, b->takes.rest_of[k].name))
                check_report(c, "takes-twice", b->takes.rest_of[i].pos, b->takes.rest_of[i].name, STR(""));
}

static void check_caps(struct check *c, const struct plan_benefit *b) {
    for (uint32_t i = 0; i < b->cap_count; i++) {
        if (b->caps[i].nothing && b->cap_count > 1) check_report(c, "cap-none-and-more", b->caps[i].pos, STR(""), STR(""));
        for (uint32_t k = 0; k < i; k++)
            if (b->caps[i].shared.name.n > 0 && str_eq(b->caps[i].shared.name, b->caps[k].shared.name))
                check_report(c, "cap-twice", b->caps[i].pos, b->caps[i].shared.name, STR(""));
    }
}

static void check_indemnity(struct check *c, const struct plan_benefit *b) {
    if (!b->takes.written) missing(c, b->pos, b->name, BOTH("取用", "takes"));
    if (!b->deductible.written) missing(c, b->pos, b->name, BOTH("免赔额", "deductible"));
    if (!b->pays.written) missing(c, b->pos, b->name, BOTH("给付", "pays"));
    if (b->cap_count == 0) missing(c, b->pos, b->name, BOTH("封顶", "cap"));
    if (c->p->kind_written && c->p->kind == PLAN_STATUTORY && b->fund.n == 0) check_report(c, "fund-missing", b->pos, b->name, STR(""));
    check_takes(c, b);
    check_caps(c, b);
    check_tiers(c, b);
    for (uint32_t i = 0; i < b->count_limit_count; i++)
        if (b->count_limits[i].unit == PLAN_AT_MOST_VISITS && b->count_limits[i].key != PLAN_KEY_NONE)
            check_report(c, "visits-key", b->count_limits[i].pos, STR(""), STR(""));
}

static void check_allowance(struct check *c, const struct plan_benefit *b) {
    const struct {
        bool written;
        struct str name;
    } refused[] = {
        {b->takes.written, BOTH("取用", "takes")},
        {b->deductible.written, BOTH("免赔额", "deductible")},
        {b->pays.written, BOTH("给付", "pays")},
        {b->cap_count > 0, BOTH("封顶", "cap")},
        {b->limit_count > 0, BOTH("给付限额", "limit")},
        {b->count_limit_count > 0, BOTH("计入限额", "counts at most")},
        {b->first_share.written, BOTH("先行自付", "first share")},
        {b->times.written, BOTH("乘以", "times")},
        {b->in_line_order, BOTH("按行分摊", "splits in line order")},
        {b->fund.n > 0, BOTH("基金", "fund")},
    };
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        if (refused[i].written) check_report(c, "allowance-clause", b->allowance.pos, b->name, refused[i].name);
    for (uint32_t i = 0; i < b->allowance.limit_count; i++)
        if (b->allowance.limits[i].days <= 0) check_report(c, "allowance-days", b->allowance.pos, STR(""), STR(""));
}

void check_clauses(struct check *c) {
    check_header_written(c);
    check_header_dates(c);
    check_currency(c);
    check_co_insurers(c);
    check_periods(c);
    for (uint32_t i = 0; i < c->p->benefit_count; i++) {
        const struct plan_benefit *b = &c->p->benefits[i];
        if (b->fund.n > 0 && c->p->kind_written && c->p->kind != PLAN_STATUTORY) check_report(c, "fund-needless", b->pos, STR(""), STR(""));
        check_needs(c, b);
        if (b->kind == PLAN_BENEFIT_ALLOWANCE) check_allowance(c, b);
        else check_indemnity(c, b);
    }
}
