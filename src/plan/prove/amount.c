/* plan/prove/amount — deductibles, ratios, caps, limits and tiers that cannot matter beside each other.
 *
 * Who uses it: proofs. Method: intervals of the written values, and only relations that hold whatever the counters say: both clauses count the same money
 * of the same owner over the same or a longer period. Each finding that a bill shows has one: money far above every bound.
 */
#include "plan/prove/prove.h"

static struct plan_interval range(const struct prove *pv, const struct plan_choice *choice) {
    return plan_choice_interval(pv->c->p, choice, DAY_NONE);
}

static bool has_none(const struct plan_choice *choice) {
    struct plan_choice copy = *choice;
    struct plan_value *v;
    for (uint32_t i = 0; (v = plan_choice_value(&copy, i)) != NULL; i++)
        if (v->expr != NULL && v->expr->type == PLAN_TYPE_NOTHING) return true;
    return false;
}

static struct str money(struct check *c, int64_t v) {
    char text[40];
    size_t n = minor_format((struct minor){v}, c->p->currency, true, text);
    return check_text(c, arena_str(c->a, (struct str){text, n}));
}

/* A bill that reaches the benefit, with money above every bound. NULL: there is none. */
static struct logic *reaching(struct prove *pv, const struct plan_benefit *b) {
    struct logic *q = logic_new(&pv->w);
    return logic_solve(q, prove_reach(q, pv->c->p, b)) == LOGIC_YES ? q : NULL;
}

static void show(struct prove *pv, const char *code, struct plan_pos at, struct str x, struct str y, const struct plan_benefit *b) {
    struct logic *q = reaching(pv, b);
    pv->counts.refuted++;
    if (q == NULL) (void)prove_report(pv, code, at, x, y, PLAN_PROVEN);
    else (void)prove_report_witness(pv, code, at, x, y, q, (struct witness_money){.buckets = b->takes.buckets, .amount = INT64_C(100'000'000'000)});
}

/* Does every period of one kind lie inside one of the other? A stay can cross the end of a year; a claim can only where lines decide for themselves. */
static bool inside(const struct plan *p, enum plan_each shorter, enum plan_each longer) {
    if (shorter == longer || longer == PLAN_EACH_LIFETIME) return true;
    if (shorter != PLAN_EACH_CLAIM) return false;
    return longer == PLAN_EACH_STAY || (longer == PLAN_EACH_YEAR && p->counts_by != PLAN_BY_LINE_DATE);
}

/* ---- nothing is ever paid ------------------------------------------------------------------------------------- */

static int64_t schedule_max(const struct prove *pv, const struct plan_choice *choice) {
    struct plan_choice copy = *choice;
    struct plan_value *v;
    int64_t max = 0;
    for (uint32_t i = 0; (v = plan_choice_value(&copy, i)) != NULL; i++)
        for (uint32_t t = 0; v->schedule != NULL && t < v->schedule->tier_count; t++) {
            int64_t ratio = plan_expr_interval(pv->c->p, v->schedule->tiers[t].ratio, DAY_NONE).max;
            if (ratio > max) max = ratio;
        }
    return max;
}

static const struct plan_choice *cap_choice(const struct plan *p, const struct plan_cap *cap) {
    if (cap->nothing) return NULL;
    return cap->shared.name.n > 0 ? &p->shared[cap->shared.index].cap_value : &cap->value;
}

static void pays_nothing(struct prove *pv, const struct plan_benefit *b) {
    if (schedule_max(pv, &b->pays.schedule) == 0) show(pv, "pays-nothing", b->pays.pos, b->name, BOTH("比例为 0", "its ratio is 0"), b);
    else if (b->times.written && range(pv, &b->times.ratio).max == 0)
        show(pv, "pays-nothing", b->times.pos, b->name, BOTH("乘数为 0", "its multiplier is 0"), b);
    else if (b->first_share.written && range(pv, &b->first_share.ratio).min == RATIO_ONE)
        show(pv, "pays-nothing", b->first_share.pos, b->name, BOTH("先行自付全部", "the first own share is everything"), b);
    else pv->counts.proven++;
    for (uint32_t i = 0; i < b->cap_count; i++) {
        const struct plan_choice *cap = cap_choice(pv->c->p, &b->caps[i]);
        if (cap == NULL || has_none(cap)) continue;
        if (range(pv, cap).max == 0) show(pv, "pays-nothing", b->caps[i].pos, b->name, BOTH("封顶为 0", "its cap is 0"), b);
    }
}

/* ---- what counts never passes the deductible ---------------------------------------------------------------------- */

/* The benefit's own deductible: a shared one is also filled by other benefits. */
static const struct plan_deductible *own_deductible(const struct plan_benefit *b) {
    bool own = b->deductible.written && !b->deductible.nothing && b->deductible.shared.name.n == 0;
    return own ? &b->deductible : NULL;
}

static void counts_below_deductible(struct prove *pv, const struct plan_benefit *b) {
    const struct plan_deductible *d = own_deductible(b);
    if (d == NULL || d->filled_by != 0 || d->period.per_family || has_none(&d->value)) return;
    int64_t deductible = range(pv, &d->value).min;
    for (uint32_t i = 0; i < b->count_limit_count; i++) {
        const struct plan_count_limit *l = &b->count_limits[i];
        bool all = l->unit == PLAN_AT_MOST_MONEY && l->key == PLAN_KEY_NONE && l->where == NULL && l->period.each != PLAN_EACH_DAY;
        if (!all || !inside(pv->c->p, d->period.each, l->period.each)) continue;
        int64_t bound = range(pv, &l->value).max;
        if (bound <= deductible) show(pv, "counts-below-deductible", l->pos, money(pv->c, bound), money(pv->c, deductible), b);
        else pv->counts.proven++;
    }
}

/* ---- limits above a cap --------------------------------------------------------------------------------------------- */

static void limits_above_cap(struct prove *pv, const struct plan_benefit *b) {
    for (uint32_t i = 0; i < b->limit_count; i++)
        for (uint32_t k = 0; k < b->cap_count; k++) {
            const struct plan_cap *cap = &b->caps[k];
            if (cap->nothing || cap->shared.name.n > 0 || has_none(&cap->value)) continue;
            const struct plan_pay_limit *l = &b->limits[i];
            bool wider = inside(pv->c->p, l->period.each, cap->period.each) && (cap->period.per_family || !l->period.per_family);
            if (!wider || l->period.each == PLAN_EACH_DAY) continue;
            int64_t limit = range(pv, &l->value).min, most = range(pv, &cap->value).max;
            if (limit >= most) show(pv, "limit-above-cap", l->pos, money(pv->c, limit), money(pv->c, most), b);
            else pv->counts.proven++;
        }
}

/* ---- tiers behind the cap --------------------------------------------------------------------------------------------- */

static const struct plan_schedule *only_schedule(const struct plan_choice *choice) {
    return choice->by_count == 0 && choice->exception_count == 0 ? choice->base.schedule : NULL;
}

/* At least this much is paid by the time a tier begins. */
static int64_t paid_before(const struct prove *pv, const struct plan_schedule *s, uint32_t tier) {
    i128 sum = 0;
    int64_t from = 0;
    for (uint32_t i = 0; i < tier; i++) {
        struct plan_interval to = plan_expr_interval(pv->c->p, s->tiers[i].to, DAY_NONE);
        if (to.min != to.max) return 0;
        sum += (i128)(to.min - from) * plan_expr_interval(pv->c->p, s->tiers[i].ratio, DAY_NONE).min / RATIO_ONE;
        from = to.min;
    }
    return sum > LIMIT_AMOUNT_MINOR ? LIMIT_AMOUNT_MINOR : (int64_t)sum;
}

static bool same_period(const struct plan_period *a, const struct plan_period *b) {
    return a->each == b->each && a->per_family == b->per_family;
}

/* Money counted for the whole benefit in the tiers' own period is bounded: the position never passes the bound. */
static int64_t position_bound(const struct prove *pv, const struct plan_benefit *b) {
    int64_t bound = LIMIT_AMOUNT_MINOR;
    for (uint32_t i = 0; i < b->count_limit_count; i++) {
        const struct plan_count_limit *l = &b->count_limits[i];
        bool all = l->unit == PLAN_AT_MOST_MONEY && l->key == PLAN_KEY_NONE && l->where == NULL && same_period(&l->period, &b->pays.period);
        int64_t most = all ? range(pv, &l->value).max : bound;
        if (most < bound) bound = most;
    }
    return bound;
}

/* The position of tiers on base also counts what others filled, and what a shared deductible took of other benefits. */
static bool position_is_own(const struct plan_benefit *b) {
    return !b->pays.on_base || (b->deductible.filled_by == 0 && b->deductible.shared.name.n == 0);
}

static int64_t own_cap(const struct prove *pv, const struct plan_benefit *b) {
    int64_t least = LIMIT_AMOUNT_MINOR;
    for (uint32_t k = 0; k < b->cap_count; k++) {
        const struct plan_cap *cap = &b->caps[k];
        if (cap->nothing || cap->shared.name.n > 0 || has_none(&cap->value) || !same_period(&cap->period, &b->pays.period)) continue;
        int64_t most = range(pv, &cap->value).max;
        if (most < least) least = most;
    }
    return least;
}

static void tiers_out_of_reach(struct prove *pv, const struct plan_benefit *b) {
    const struct plan_schedule *s = only_schedule(&b->pays.schedule);
    if (s == NULL || s->tier_count < 2) return;
    int64_t reach = position_is_own(b) ? position_bound(pv, b) : LIMIT_AMOUNT_MINOR, cap = own_cap(pv, b);
    /* Then what is paid is the tiers' sum, apart from rounding. */
    bool plain = !b->pays.on_base && !b->times.written && b->limit_count == 0 && !b->takes.before_others && !b->first_share.written;
    for (uint32_t t = 1; t < s->tier_count; t++) {
        int64_t begins = plan_expr_interval(pv->c->p, s->tiers[t - 1].to, DAY_NONE).min;
        struct plan_pos at = s->tiers[t].ratio->pos;
        if (begins >= reach) {
            show(pv, "tier-dead", at, money(pv->c, begins), money(pv->c, reach), b);
            return;
        }
        if (plain && cap < LIMIT_AMOUNT_MINOR && paid_before(pv, s, t) >= cap) {
            show(pv, "tier-behind-cap", at, money(pv->c, begins), money(pv->c, cap), b);
            return;
        }
        pv->counts.proven++;
    }
}

void prove_amounts(struct prove *pv) {
    for (uint32_t i = 0; i < pv->c->p->benefit_count; i++) {
        const struct plan_benefit *b = &pv->c->p->benefits[i];
        struct logic *q = logic_new(&pv->w);
        if (b->kind != PLAN_BENEFIT_INDEMNITY || logic_solve(q, prove_reach(q, pv->c->p, b)) == LOGIC_NO) continue; /* said already */
        pays_nothing(pv, b);
        counts_below_deductible(pv, b);
        limits_above_cap(pv, b);
        tiers_out_of_reach(pv, b);
    }
}
