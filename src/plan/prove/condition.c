/* plan/prove/condition — conditions that always or never hold, alone and in their place.
 *
 * Who uses it: proofs. Alone: a condition without a bill for it, or without a bill against it, is a slip of the pen. In its place: a benefit whose needs no
 * bill meets, whose `where` no line passes, or whose exclusions leave nothing can never pay; an exclusion that meets nothing has no effect.
 */
#include "plan/prove/prove.h"

static enum logic_answer possible(struct prove *pv, const struct plan_cond *cond, bool holds) {
    struct logic *q = logic_new(&pv->w);
    const struct logic_node *f = logic_cond(q, cond);
    struct str question = holds ? BOTH("条件能不能成立", "can this condition hold") : BOTH("条件是否恒成立", "does this condition always hold");
    return prove_ask(pv, q, holds ? f : logic_not(q, f), false, cond->pos, question);
}

/* True: it can hold. */
static bool alone(struct prove *pv, const struct plan_cond *cond) {
    if (possible(pv, cond, true) == LOGIC_NO) {
        (void)prove_report(pv, "condition-never", cond->pos, STR(""), STR(""), PLAN_PROVEN);
        return false;
    }
    if (possible(pv, cond, false) == LOGIC_NO) (void)prove_report(pv, "condition-always", cond->pos, STR(""), STR(""), PLAN_PROVEN);
    return true;
}

/* ---- in its place --------------------------------------------------------------------------------------------- */

/* Can a bill come this far? Asked in growing steps, so that the first step that closes the door is named. */
static bool open_door(struct prove *pv, const struct plan_benefit *b, uint32_t needs, bool where, uint32_t exclusions, struct plan_pos at) {
    struct logic *q = logic_new(&pv->w);
    const struct logic_node *f = prove_visit(q, pv->c->p, b, needs);
    if (where) f = logic_and(q, f, prove_line(q, pv->c->p, b, exclusions));
    return prove_ask(pv, q, f, false, at, BOTH("责任能不能给付", "can this benefit pay")) != LOGIC_NO;
}

/* False: no bill reaches the benefit; reported at the clause that closes the door. */
static bool reachable(struct prove *pv, const struct plan_benefit *b) {
    const struct plan *p = pv->c->p;
    for (uint32_t i = 0; i < b->need_count; i++) {
        if (open_door(pv, b, i + 1, false, 0, b->needs[i].pos)) continue;
        (void)prove_report(pv, "need-dead", b->needs[i].pos, b->name, STR(""), PLAN_PROVEN);
        return false;
    }
    if (b->where != NULL && !open_door(pv, b, b->need_count, true, 0, b->where->pos)) {
        (void)prove_report(pv, "where-dead", b->where->pos, b->name, STR(""), PLAN_PROVEN);
        return false;
    }
    uint32_t exclusions = prove_exclusion_count(p, b);
    if (exclusions > 0 && !open_door(pv, b, b->need_count, true, exclusions, b->pos)) {
        (void)prove_report(pv, "exclude-all", b->pos, b->name, STR(""), PLAN_PROVEN);
        return false;
    }
    return true;
}

/* Can a line that came to the benefit's exclusion `index` (of all) be met by it? */
static enum logic_answer exclusion_meets(struct prove *pv, const struct plan_benefit *b, uint32_t index, const struct plan_exclusion *e) {
    struct logic *q = logic_new(&pv->w);
    const struct logic_node *f = logic_and(q, prove_visit(q, pv->c->p, b, b->need_count), prove_line(q, pv->c->p, b, index));
    return prove_ask(pv, q, logic_and(q, f, logic_cond(q, e->when)), false, e->pos, BOTH("责任免除能不能适用", "can this exclusion meet a line"));
}

static void exclusions_matter(struct prove *pv, const bool *reached) {
    const struct plan *p = pv->c->p;
    for (uint32_t i = 0; i < p->exclusion_count; i++) {
        bool meets = p->benefit_count == 0;
        for (uint32_t k = 0; k < p->benefit_count && !meets; k++)
            meets = !reached[k] || exclusion_meets(pv, &p->benefits[k], i, &p->exclusions[i]) != LOGIC_NO;
        if (!meets) (void)prove_report(pv, "exclude-dead", p->exclusions[i].pos, p->exclusions[i].name, STR(""), PLAN_PROVEN);
    }
    for (uint32_t k = 0; k < p->benefit_count; k++) {
        const struct plan_benefit *b = &p->benefits[k];
        for (uint32_t i = 0; reached[k] && i < b->exclusion_count; i++)
            if (exclusion_meets(pv, b, p->exclusion_count + i, &b->exclusions[i]) == LOGIC_NO)
                (void)prove_report(pv, "exclude-dead", b->exclusions[i].pos, b->exclusions[i].name, STR(""), PLAN_PROVEN);
    }
}

static void for_matters(struct prove *pv, const struct plan_benefit *b, const struct plan_cond *where) {
    if (where == NULL) return;
    struct logic *q = logic_new(&pv->w);
    const struct logic_node *f = logic_and(q, prove_reach(q, pv->c->p, b), logic_cond(q, where));
    if (prove_ask(pv, q, f, false, where->pos, BOTH("限额能不能适用", "can this limit meet a line")) == LOGIC_NO)
        (void)prove_report(pv, "for-dead", where->pos, b->name, STR(""), PLAN_PROVEN);
}

void prove_conditions(struct prove *pv) {
    struct plan *p = pv->c->p;
    bool can_hold = true;
    for (uint32_t i = 0; i < pv->c->sites.cond_count; i++) can_hold = alone(pv, pv->c->sites.conds[i].cond) && can_hold;
    bool *reached = CHECK_ARRAY(pv->c, bool, p->benefit_count);
    if (reached == NULL || !can_hold) return; /* the rest would only repeat it */
    for (uint32_t i = 0; i < p->benefit_count; i++) {
        struct plan_benefit *b = &p->benefits[i];
        reached[i] = reachable(pv, b);
        for (uint32_t k = 0; reached[i] && k < b->count_limit_count; k++) for_matters(pv, b, b->count_limits[k].where);
        for (uint32_t k = 0; reached[i] && k < b->limit_count; k++) for_matters(pv, b, b->limits[k].where);
    }
    exclusions_matter(pv, reached);
}
