/* plan/check_size — limits on what a plan may hold, checked before anything walks it.
 *
 * Who uses it: plan_check, first. Invariant: behind it no pass recurses deeper than CHECK_DEPTH, compares more than CHECK_WORDS words pairwise,
 * or compiles to more than LIMIT_PLAN_STEPS steps. A plan is a stranger's text (STYLE 18).
 */
#include "plan/check.h"

enum {
    CHECK_DEPTH = 128,        /* of a condition or value, long chains of `or` and `+` included */
    CHECK_NODES = 4'096,      /* of one condition or value */
    CHECK_WORDS = 4'096,      /* in one `in (…)` */
    CHECK_CLAUSES = 64,       /* of one kind in one benefit: the ordinal is a byte in the counters' key */
    CHECK_ITEMS = 1'024,      /* of one `by` */
    CHECK_EXCEPTIONS = 16,    /* of one choice: proofs enumerate them */
    CHECK_READS = 64,
    CHECK_VALUES = 256,       /* dated values of one parameter */
};

static void too_many(struct check *c, struct plan_pos at, struct str what, uint32_t limit) {
    check_report(c, "too-many", at, what, check_printf(c, "%u", limit));
}

static void count_at_most(struct check *c, struct plan_pos at, struct str what, uint32_t count, uint32_t limit) {
    if (count > limit) too_many(c, at, what, limit);
}

static bool cond_within(const struct plan_cond *cond, uint32_t depth, uint32_t *budget) {
    for (; cond != NULL; cond = cond->a, depth++) {
        if (depth > CHECK_DEPTH || *budget == 0 || cond->word_count > CHECK_WORDS) return false;
        (*budget)--;
        if (cond->b != NULL && !cond_within(cond->b, depth + 1, budget)) return false;
    }
    return true;
}

static void cond_size(struct check *c, const struct plan_cond *cond) {
    uint32_t budget = CHECK_NODES;
    if (cond != NULL && !cond_within(cond, 1, &budget)) check_report(c, "too-deep", cond->pos, check_printf(c, "%d", CHECK_DEPTH), STR(""));
}

static bool expr_within(const struct plan_expr *e, uint32_t depth, uint32_t *budget) {
    for (; e != NULL; e = e->a, depth++) {
        if (depth > CHECK_DEPTH || *budget == 0) return false;
        (*budget)--;
        if (e->b != NULL && !expr_within(e->b, depth + 1, budget)) return false;
    }
    return true;
}

static void value_size(struct check *c, struct plan_pos at, const struct plan_value *v) {
    uint32_t budget = CHECK_NODES;
    bool within = expr_within(v->expr, 1, &budget);
    for (uint32_t i = 0; v->schedule != NULL && i < v->schedule->tier_count && within; i++)
        within = expr_within(v->schedule->tiers[i].ratio, 1, &budget) && expr_within(v->schedule->tiers[i].to, 1, &budget);
    if (!within) check_report(c, "too-deep", at, check_printf(c, "%d", CHECK_DEPTH), STR(""));
}

static void choice_size(struct check *c, struct plan_choice *choice) {
    count_at_most(c, choice->pos, BOTH("分档", "items"), choice->item_count, CHECK_ITEMS);
    count_at_most(c, choice->pos, BOTH("例外", "exceptions"), choice->exception_count, CHECK_EXCEPTIONS);
    if (!check_clean(c)) return;
    struct plan_value *v;
    for (uint32_t i = 0; (v = plan_choice_value(choice, i)) != NULL; i++) value_size(c, choice->pos, v);
}

static void benefit_size(struct check *c, const struct plan_benefit *b) {
    count_at_most(c, b->pos, BOTH("给付条件", "needs"), b->need_count, CHECK_CLAUSES);
    count_at_most(c, b->pos, BOTH("责任免除", "exclude"), b->exclusion_count, CHECK_CLAUSES);
    count_at_most(c, b->pos, BOTH("计入限额", "counts at most"), b->count_limit_count, CHECK_CLAUSES);
    count_at_most(c, b->pos, BOTH("给付限额", "limit"), b->limit_count, CHECK_CLAUSES);
    count_at_most(c, b->pos, BOTH("封顶线", "cap"), b->cap_count, CHECK_CLAUSES);
    count_at_most(c, b->pos, BOTH("津贴天数上限", "at most"), b->allowance.limit_count, CHECK_CLAUSES);
    count_at_most(c, b->pos, BOTH("取用", "rest of"), b->takes.rest_count, CHECK_CLAUSES);
}

static void plan_counts(struct check *c) {
    const struct plan *p = c->p;
    count_at_most(c, p->pos, BOTH("责任", "benefits"), p->benefit_count, LIMIT_PLAN_BENEFITS);
    count_at_most(c, p->pos, BOTH("参数", "parameters"), p->parameter_count, LIMIT_PLAN_NAMES);
    count_at_most(c, p->pos, BOTH("人群与情形", "classes and cases"), p->condition_count, LIMIT_PLAN_NAMES);
    count_at_most(c, p->pos, BOTH("责任免除", "exclusions"), p->exclusion_count, LIMIT_PLAN_NAMES);
    count_at_most(c, p->pos, BOTH("共用项", "shared"), p->shared_count, LIMIT_PLAN_NAMES);
    count_at_most(c, p->pos, BOTH("清单", "lists"), p->list_count, LIMIT_PLAN_LISTS);
    count_at_most(c, p->pos, BOTH("声明的事实", "reads"), p->read_count, CHECK_READS);
    count_at_most(c, p->pos, BOTH("示例", "examples"), p->example_count, LIMIT_PLAN_EXAMPLES);
    count_at_most(c, p->pos, BOTH("共保人", "co-insurers"), p->co_insurer_count, LIMIT_CO_INSURERS);
    for (uint32_t i = 0; i < p->parameter_count; i++)
        count_at_most(c, p->parameters[i].pos, BOTH("参数取值", "values"), p->parameters[i].value_count, CHECK_VALUES);
    for (uint32_t i = 0; i < p->list_count; i++)
        count_at_most(c, p->lists[i].pos, BOTH("清单条目", "entries"), p->lists[i].entry_count, LIMIT_PLAN_LIST_ENTRIES);
    for (uint32_t i = 0; i < p->read_count; i++)
        count_at_most(c, p->reads[i].pos, BOTH("取值", "words"), p->reads[i].word_count, 64);
    for (uint32_t i = 0; i < p->benefit_count; i++) benefit_size(c, &p->benefits[i]);
}

void check_size(struct check *c) {
    plan_counts(c);
    struct plan_sites sites;
    if (!check_clean(c)) return;
    if (!plan_sites_collect(c->a, c->p, &sites)) {
        c->no_memory = true;
        return;
    }
    for (uint32_t i = 0; i < sites.cond_count; i++) cond_size(c, sites.conds[i].cond);
    for (uint32_t i = 0; i < sites.choice_count; i++) choice_size(c, sites.choices[i].choice);
}
