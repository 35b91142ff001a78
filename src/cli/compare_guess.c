/* cli/compare_guess — why an amount paid differs from the computed one: the simplest single mistake in one benefit that gives exactly the amount paid.
 *
 * A guess, and said as one: it looks at the numbers only. Every test is exact to the minor unit, so that a coincidence is unlikely.
 */
#include "cli/compare.h"

struct guess_work {
    struct arena *a;
    const struct settle_share *share;
    const struct plan_benefit_result *b;
    const struct currency *currency;
    int64_t paid; /* what this benefit would have been paid, the others as computed */
};

static bool in_unit(const struct compare_unit *unit, const struct settle_chain *chain, const struct settle_share *share)
{
    return share->product && (unit->product < 0 || share->product == chain->payers[unit->product].product);
}

int64_t compare_computed(const struct compare_unit *unit, const struct settle_chain *chain, const struct settle_answer *answer)
{
    int64_t sum = 0;
    for (uint32_t s = 0; s < answer->share_count; s++) {
        const struct settle_share *share = &answer->shares[s];
        for (uint32_t i = 0; in_unit(unit, chain, share) && i < share->run.benefit_count; i++) {
            if (unit->benefit < 0 || unit->benefit == share->run.benefits[i].benefit) sum += share->run.benefits[i].pay;
        }
    }
    return sum;
}

static struct str money(struct guess_work *w, int64_t v)
{
    char out[40];
    const size_t n = minor_format((struct minor){v}, w->currency, true, out);
    return arena_str(w->a, (struct str){out, n});
}

static struct str percent(struct guess_work *w, int64_t ppm)
{
    char out[24];
    const size_t n = ratio_format_percent(ppm, out);
    return arena_str(w->a, (struct str){out, n});
}

static bool times_is(int64_t base, int64_t ppm, int64_t want)
{
    struct minor m = {0};
    return base >= 0 && minor_times_ratio((struct minor){base}, ppm, ROUND_HALF_UP, &m) && m.v == want;
}

static struct compare_guess guess(struct guess_work *w, enum compare_cause cause, enum plan_clause clause, struct str zh, struct str en)
{
    return (struct compare_guess){.cause = cause, .plan = w->share->product->about.name, .benefit = w->share->product->benefits[w->b->benefit].name,
                                  .clause = plan_clause_line(w->share->product->plan, w->b->benefit, clause), .zh = zh, .en = en};
}

/* ---- one mistake each; true when it explains the amount ------------------------------------------------------------------- */

static bool deductible_guess(struct guess_work *w, struct compare_guess *ret)
{
    const struct plan_benefit_result *b = w->b;
    if (b->ratio_ppm <= 0 || b->deductible_left == INT64_MIN) return false;
    const int64_t before = b->base - b->moved, used = b->deductible_used;
    if (used > 0 && times_is(before, b->ratio_ppm, w->paid)) {
        *ret = guess(w, COMPARE_CAUSE_DEDUCTIBLE, PLAN_CLAUSE_DEDUCTIBLE, arena_printf(w->a, "好像没有扣免赔额，应扣 %.*s", STR_FMT(money(w, used))),
                     arena_printf(w->a, "as if no deductible were taken, but %.*s is due", STR_FMT(money(w, used))));
        return true;
    }
    int64_t step = 100; /* deductibles are round: hundreds of the major unit */
    for (int i = 0; i < w->currency->digits; i++) step *= 10;
    int64_t over = 0, other = 0;
    if (w->paid <= 0 || !round_div((i128)w->paid * RATIO_ONE, b->ratio_ppm, ROUND_HALF_UP, &over)) return false;
    if (!round_div(before - over, step, ROUND_HALF_UP, &other)) return false;
    other *= step;
    if (other <= 0 || other == used || !times_is(before - other, b->ratio_ppm, w->paid)) return false;
    *ret = guess(w, COMPARE_CAUSE_DEDUCTIBLE, PLAN_CLAUSE_DEDUCTIBLE,
                 arena_printf(w->a, "好像扣了免赔额 %.*s，而不是 %.*s", STR_FMT(money(w, other)), STR_FMT(money(w, used))),
                 arena_printf(w->a, "as if the deductible were %.*s, not %.*s", STR_FMT(money(w, other)), STR_FMT(money(w, used))));
    return true;
}

static bool ratio_guess(struct guess_work *w, struct compare_guess *ret)
{
    enum { HALF_PERCENT = 5'000 };
    int64_t ppm = 0;
    if (w->b->over <= 0 || w->paid <= 0 || !round_div((i128)w->paid * RATIO_ONE, w->b->over, ROUND_HALF_UP, &ppm)) return false;
    ppm = (ppm + HALF_PERCENT / 2) / HALF_PERCENT * HALF_PERCENT;
    if (ppm <= 0 || ppm > RATIO_ONE || ppm == w->b->ratio_ppm || !times_is(w->b->over, ppm, w->paid)) return false;
    const struct str ours_zh = w->b->ratio_ppm >= 0 ? percent(w, w->b->ratio_ppm) : STR("分段比例");
    const struct str ours_en = w->b->ratio_ppm >= 0 ? percent(w, w->b->ratio_ppm) : STR("by tiers");
    *ret = guess(w, COMPARE_CAUSE_RATIO, PLAN_CLAUSE_PAYS, arena_printf(w->a, "好像按 %.*s 给付，而不是 %.*s", STR_FMT(percent(w, ppm)), STR_FMT(ours_zh)),
                 arena_printf(w->a, "as if the ratio were %.*s, not %.*s", STR_FMT(percent(w, ppm)), STR_FMT(ours_en)));
    return true;
}

/* A cut that the payer did not make. */
static bool cut_guess(struct guess_work *w, int64_t cut, enum compare_cause cause, enum plan_clause clause, const char *zh, const char *en, struct compare_guess *ret)
{
    if (cut <= 0 || w->paid != w->b->pay + cut) return false;
    *ret = guess(w, cause, clause, arena_printf(w->a, "%s %.*s", zh, STR_FMT(money(w, cut))), arena_printf(w->a, "%s %.*s", en, STR_FMT(money(w, cut))));
    return true;
}

static bool cap_guess(struct guess_work *w, struct compare_guess *ret)
{
    const struct plan_benefit_result *b = w->b;
    if (cut_guess(w, b->stop_cap, COMPARE_CAUSE_CAP, PLAN_CLAUSE_CAP, "好像没有按封顶线裁减", "as if the cap had not cut", ret)) return true;
    if (cut_guess(w, b->stop_limit, COMPARE_CAUSE_LIMIT, PLAN_CLAUSE_LIMIT, "好像没有按分项限额裁减", "as if the sub-limit had not cut", ret)) return true;
    if (cut_guess(w, b->stop_left, COMPARE_CAUSE_LEFT, PLAN_CLAUSE_BENEFIT, "好像没有以剩余费用为限，多付", "as if it might pay more than what was left, by", ret)) return true;
    int64_t round = 1'000; /* caps are round: thousands of the major unit, at least ten of them */
    for (int i = 0; i < w->currency->digits; i++) round *= 10;
    if (w->paid < 10 * round || w->paid % round != 0 || w->paid >= b->pay) return false;
    *ret = guess(w, COMPARE_CAUSE_CAP, PLAN_CLAUSE_CAP, arena_printf(w->a, "好像在 %.*s 处封顶", STR_FMT(money(w, w->paid))),
                 arena_printf(w->a, "as if it were capped at %.*s", STR_FMT(money(w, w->paid))));
    return true;
}

static bool refused_guess(struct guess_work *w, struct compare_guess *ret)
{
    const struct plan_benefit_result *b = w->b;
    if (b->refused && w->paid > 0) {
        struct str zh = str_from(plan_refusal_text((enum plan_refusal)b->refusal, true)), en = str_from(plan_refusal_text((enum plan_refusal)b->refusal, false));
        *ret = guess(w, COMPARE_CAUSE_REFUSED, PLAN_CLAUSE_BENEFIT, STR(""), STR(""));
        if (b->refusal == PLAN_REFUSAL_CUSTOM || b->refusal == PLAN_REFUSAL_NOT_SETTLED) {
            const struct plan_need_about need = plan_need_about(w->share->product->plan, b->benefit, b->need_index);
            ret->clause = need.line;
            if (b->refusal == PLAN_REFUSAL_CUSTOM) zh = need.zh, en = need.en;
        }
        ret->zh = arena_printf(w->a, "已付，但计划不予给付：%.*s", STR_FMT(zh));
        ret->en = arena_printf(w->a, "it was paid, but the plan refuses: %.*s", STR_FMT(en));
        return true;
    }
    if (w->paid != 0 || b->pay <= 0) return false;
    *ret = guess(w, COMPARE_CAUSE_REFUSED, PLAN_CLAUSE_BENEFIT, STR("没有给付，但计划应付"), STR("nothing was paid, but the plan pays"));
    return true;
}

/* ---- the order of tests --------------------------------------------------------------------------------------------------------- */

static bool benefit_guess(struct guess_work *w, struct compare_guess *ret)
{
    if (refused_guess(w, ret)) return true;
    if (!w->b->applies || w->b->refused) return false;
    return deductible_guess(w, ret) || ratio_guess(w, ret) || cap_guess(w, ret);
}

/* A refusal of the whole plan or bill. */
static bool whole_guess(struct arena *a, const struct settle_answer *answer, const struct compare_unit *unit, const struct settle_chain *chain, int64_t paid,
                        struct compare_guess *ret)
{
    if (paid <= 0) return false;
    *ret = (struct compare_guess){.cause = COMPARE_CAUSE_REFUSED};
    struct str zh = STR(""), en = STR("");
    if (answer->refusal != SETTLE_REFUSAL_NONE) {
        zh = str_from(settle_refusal_text(answer->refusal, true));
        en = str_from(settle_refusal_text(answer->refusal, false));
    }
    for (uint32_t s = 0; s < answer->share_count && zh.n == 0; s++) {
        const struct settle_share *share = &answer->shares[s];
        if (!in_unit(unit, chain, share) || share->run.refusal == PLAN_REFUSAL_NONE) continue;
        zh = share->reason_zh;
        en = share->reason_en;
        ret->plan = share->payer;
    }
    if (zh.n == 0) return false;
    ret->zh = arena_printf(a, "已付，但不予给付：%.*s", STR_FMT(zh));
    ret->en = arena_printf(a, "it was paid, but is refused: %.*s", STR_FMT(en));
    return true;
}

/* Nothing explains it: the benefit that pays most is named, so that a clause can be read. */
static struct compare_guess other_guess(struct arena *a, const struct settle_answer *answer, const struct compare_unit *unit, const struct settle_chain *chain)
{
    struct compare_guess g = {.cause = COMPARE_CAUSE_OTHER, .zh = STR("原因不明"), .en = STR("no single cause found")};
    int64_t most = -1;
    (void)a;
    for (uint32_t s = 0; s < answer->share_count; s++) {
        const struct settle_share *share = &answer->shares[s];
        for (uint32_t i = 0; in_unit(unit, chain, share) && i < share->run.benefit_count; i++) {
            const struct plan_benefit_result *b = &share->run.benefits[i];
            const bool wanted = unit->benefit < 0 || unit->benefit == b->benefit;
            if (!wanted || (!b->applies && unit->benefit < 0) || b->pay <= most) continue;
            most = b->pay;
            g.plan = share->product->about.name;
            g.benefit = share->product->benefits[b->benefit].name;
            g.clause = plan_clause_line(share->product->plan, b->benefit, PLAN_CLAUSE_BENEFIT);
            if (!b->applies) g.zh = STR("这项责任不适用，但有给付"), g.en = STR("the benefit does not apply, but something was paid");
        }
    }
    if (most < 0) g.zh = STR("没有责任适用，但有给付"), g.en = STR("no benefit applies, but something was paid");
    return g;
}

static bool rounding_guess(struct guess_work *w, uint32_t applying, int64_t difference, struct compare_guess *ret)
{
    if (applying == 0 || difference > (int64_t)applying || difference < -(int64_t)applying) return false;
    *ret = guess(w, COMPARE_CAUSE_ROUNDING, PLAN_CLAUSE_PAYS, STR("每项责任最多差一个最小单位：舍入不同"), STR("at most one minor unit for each benefit: rounded differently"));
    return true;
}

struct compare_guess compare_guess(struct arena *a, const struct compare_unit *unit, const struct settle_chain *chain, const struct settle_answer *answer,
                                   int64_t paid, int64_t computed)
{
    struct compare_guess g;
    if (whole_guess(a, answer, unit, chain, paid, &g)) return g;
    struct guess_work first = {.a = a};
    uint32_t applying = 0;
    for (uint32_t s = 0; s < answer->share_count; s++) {
        const struct settle_share *share = &answer->shares[s];
        for (uint32_t i = 0; in_unit(unit, chain, share) && i < share->run.benefit_count; i++) {
            const struct plan_benefit_result *b = &share->run.benefits[i];
            if ((unit->benefit >= 0 && unit->benefit != b->benefit) || !b->applies || b->refused) continue;
            if (applying++ == 0) first = (struct guess_work){.a = a, .share = share, .b = b, .currency = answer->bill->currency};
        }
    }
    if (rounding_guess(&first, applying, paid - computed, &g)) return g;
    for (uint32_t s = 0; s < answer->share_count; s++) {
        const struct settle_share *share = &answer->shares[s];
        for (uint32_t i = 0; in_unit(unit, chain, share) && i < share->run.benefit_count; i++) {
            const struct plan_benefit_result *b = &share->run.benefits[i];
            if (unit->benefit >= 0 && unit->benefit != b->benefit) continue;
            struct guess_work w = {.a = a, .share = share, .b = b, .currency = answer->bill->currency, .paid = b->pay + paid - computed};
            if (w.paid >= 0 && benefit_guess(&w, &g)) return g;
        }
    }
    return other_guess(a, answer, unit, chain);
}
