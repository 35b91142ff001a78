/* plan/prove/take — buckets that two benefits want.
 *
 * Who uses it: proofs. Inside a plan an earlier benefit takes its base away from later ones (docs/plan-language.md §4, step 3.5). That is often meant, and as often a slip:
 * a line that two benefits let through is a warning with that line as witness, only a note where the earlier one is the special case of the later; a benefit
 * that never gets any line first can never pay and is an error. `rest of` says that the later one knows.
 */
#include <string.h>

#include "plan/prove/prove.h"

static bool knows(const struct plan_benefit *later, int32_t earlier) {
    for (uint32_t i = 0; i < later->takes.rest_count; i++)
        if (later->takes.rest_of[i].index == earlier) return true;
    return false;
}

static struct str bucket_words(struct check *c, uint32_t buckets) {
    static const char *const zh[] = {
#define X(id, en, name) name,
        BILL_BUCKETS(X)
#undef X
    };
    static const char *const en[] = {
#define X(id, name, cn) name,
        BILL_BUCKETS(X)
#undef X
    };
    struct str a = STR(""), b = STR("");
    for (uint32_t i = 0; i < BUCKET_COUNT; i++) {
        if ((buckets >> i & 1) == 0) continue;
        a = check_printf(c, "%.*s%s%s", STR_FMT(a), a.n > 0 ? "、" : "", zh[i]);
        b = check_printf(c, "%.*s%s%s", STR_FMT(b), b.n > 0 ? ", " : "", en[i]);
    }
    return check_printf(c, "%.*s%c%.*s", STR_FMT(a), CHECK_BOTH_SEPARATOR, STR_FMT(b));
}

/* Does an earlier benefit leave nothing to a later one of a line that it lets through? What it counts only in part goes on; and money that other payers
 * have taken is none to the earlier one, but still some to a later one that looks at what there was before them. */
static bool takes_whole(const struct plan_benefit *earlier, const struct plan_benefit *later) {
    bool part = earlier->count_limit_count > 0 || earlier->takes.share_list.name.n > 0;
    bool blind = later->takes.before_others && !earlier->takes.before_others;
    return earlier->kind == PLAN_BENEFIT_INDEMNITY && !part && !blind;
}

/* Every bucket of the benefit, on every line that it lets through, was taken before. */
static bool shadowed(struct prove *pv, uint32_t index) {
    const struct plan *p = pv->c->p;
    const struct plan_benefit *b = &p->benefits[index];
    if (b->takes.rest_count > 0 || b->takes.buckets == 0) return false;
    for (uint32_t bucket = 0; bucket < BUCKET_COUNT; bucket++) {
        if ((b->takes.buckets >> bucket & 1) == 0) continue;
        struct logic *q = logic_new(&pv->w);
        const struct logic_node *f = prove_reach(q, p, b);
        bool rival = false;
        for (uint32_t e = 0; e < index; e++) {
            if (!takes_whole(&p->benefits[e], b) || (p->benefits[e].takes.buckets >> bucket & 1) == 0) continue;
            rival = true;
            f = logic_and(q, f, logic_not(q, prove_reach(q, p, &p->benefits[e])));
        }
        if (!rival) return false;
        if (prove_ask(pv, q, f, false, b->pos, BOTH("责任能不能取到费用", "does this benefit ever get a bucket first")) != LOGIC_NO) return false;
    }
    return true;
}

static bool meet(struct prove *pv, uint32_t earlier, uint32_t later, struct logic **ret_q) {
    const struct plan *p = pv->c->p;
    struct logic *q = logic_new(&pv->w);
    const struct logic_node *f = logic_and(q, prove_reach(q, p, &p->benefits[earlier]), prove_reach(q, p, &p->benefits[later]));
    *ret_q = q;
    return prove_ask(pv, q, f, true, p->benefits[later].pos, BOTH("费用会不会被两个责任取用", "can two benefits want the same money")) == LOGIC_YES;
}

/* Every line of the earlier one is one of the later one: the special case before the general rule. */
static bool within(struct prove *pv, uint32_t earlier, uint32_t later) {
    const struct plan *p = pv->c->p;
    struct logic *q = logic_new(&pv->w);
    const struct logic_node *f = logic_and(q, prove_reach(q, p, &p->benefits[earlier]), logic_not(q, prove_reach(q, p, &p->benefits[later])));
    return prove_ask(pv, q, f, false, p->benefits[later].pos, BOTH("前一责任是不是后一责任的特例", "is the earlier benefit a special case of the later one")) == LOGIC_NO;
}

/* On the witness: the later benefit without the earlier one, and with it. */
static void show_taken(struct prove *pv, struct plan_diagnostic *d, uint32_t earlier, uint32_t later) {
    const struct plan *p = pv->c->p;
    struct plan without = *p;
    struct plan_benefit *benefits = CHECK_ARRAY(pv->c, struct plan_benefit, p->benefit_count);
    int64_t alone, behind;
    if (benefits == NULL || d->witness == NULL) return;
    memcpy(benefits, p->benefits, p->benefit_count * sizeof(*benefits));
    benefits[earlier].takes.buckets = 0;
    without.benefits = benefits;
    bool ran = prove_pay(pv, &without, d->witness, later, &alone) && prove_pay(pv, p, d->witness, later, &behind);
    if (!ran || alone == behind) return;
    prove_show(pv, d, check_printf(pv->c, "%.*s (− %.*s → + %.*s)", STR_FMT(p->benefits[later].name), STR_FMT(p->benefits[earlier].name), STR_FMT(p->benefits[earlier].name)),
               alone, behind);
}

static void wanted_twice(struct prove *pv, uint32_t later) {
    const struct plan *p = pv->c->p;
    const struct plan_benefit *b = &p->benefits[later];
    bool never = shadowed(pv, later);
    for (uint32_t e = 0; e < later; e++) {
        uint32_t common = p->benefits[e].takes.buckets & b->takes.buckets;
        struct logic *q;
        if (p->benefits[e].kind != PLAN_BENEFIT_INDEMNITY || common == 0 || knows(b, (int32_t)e) || !meet(pv, e, later, &q)) continue;
        struct witness_money money = {.buckets = common};
        const char *code = never ? "shadowed" : within(pv, e, later) ? "bucket-special" : "bucket-twice";
        struct plan_diagnostic *d = prove_report_witness(pv, code, b->takes.pos, p->benefits[e].name,
                                                         never ? b->name : bucket_words(pv->c, common), q, money);
        if (d != NULL && never) d->verdict = PLAN_PROVEN;
        for (money.variant = 0; d != NULL && d->show_count == 0 && money.variant < WITNESS_VARIANTS; money.variant++) {
            d->witness = witness_bill(pv->c->a, p, q, money);
            show_taken(pv, d, e, later);
        }
        return; /* one witness for each benefit */
    }
}

void prove_takes(struct prove *pv) {
    for (uint32_t i = 1; i < pv->c->p->benefit_count; i++)
        if (pv->c->p->benefits[i].kind == PLAN_BENEFIT_INDEMNITY) wanted_twice(pv, i);
}
