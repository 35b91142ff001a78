/* plan/walk/walk — the reference walker: what a plan pays, written straight from docs/plan-language.md §4 on the tree.
 *
 * Who uses it: plan_test (examples), the property program (against the compiled evaluator), the checker's witnesses.
 * Invariant: a pure function of plan, input and counters; the counters given are not touched. Slow on purpose: it is read beside the document.
 */
#include <stdlib.h>

#include "plan/walk/walk.h"

/* ---- step 3: one benefit in the segment at work -------------------------------------------------------- */

static enum plan_refusal need_refusal(const struct plan_need *n) {
    bool settled = n->cond->kind == PLAN_COND_FACT && n->cond->ref.index == PLAN_FACT_SETTLED;
    return n->refusal.n == 0 && settled ? PLAN_REFUSAL_NOT_SETTLED : PLAN_REFUSAL_CUSTOM;
}

/* Nothing is taken: what was in scope stays available to later benefits. */
static void refuse(struct walk_benefit *wb, enum plan_refusal refusal) {
    wb->cell_count = 0;
    wb->r.applies = wb->r.refused = true;
    wb->r.refusal = (uint8_t)refusal;
}

/* Waiting period and needs; asked only where something is in scope. */
static bool refused(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb) {
    if (walk_waiting(w, b->waiting.written ? &b->waiting : &w->p->waiting)) return refuse(wb, PLAN_REFUSAL_WAITING), true;
    for (uint32_t i = 0; i < b->need_count; i++) {
        if (walk_cond(w, b->needs[i].cond, WALK_NO_LINE)) continue;
        wb->r.need_index = (uint16_t)i;
        return refuse(wb, need_refusal(&b->needs[i])), true;
    }
    return false;
}

static void indemnity(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb) {
    int64_t others = 0;
    walk_scope(w, b, wb, &others);
    if (status_failed(w->failed) || wb->cell_count == 0 || refused(w, b, wb)) return;
    walk_take(w, b, wb);
    wb->r.applies = wb->r.base > 0;
    if (wb->r.applies && !status_failed(w->failed)) walk_pay(w, b, wb, others);
}

static void allowance(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb) {
    int64_t days = walk_allowance_days(w, b);
    if (days == 0 || refused(w, b, wb)) return;
    wb->r.applies = true;
    walk_allowance(w, b, wb, days);
}

static void benefit(struct walk *w, uint32_t index) {
    const struct plan_benefit *b = &w->p->benefits[index];
    struct walk_benefit *wb = &w->benefits[w->segment_index * w->p->benefit_count + index];
    wb->r = (struct plan_benefit_result){.benefit = (uint16_t)index, .segment = w->segment_index, .ratio_ppm = -1,
                                         .deductible_left = INT64_MIN, .cap_left = INT64_MIN};
    if (w->at->refusal != PLAN_REFUSAL_NONE) refuse(wb, w->at->refusal);
    else if (b->kind == PLAN_BENEFIT_ALLOWANCE) allowance(w, b, wb);
    else indemnity(w, b, wb);
}

/* ---- the answer ------------------------------------------------------------------------------------------ */

static int change_cmp(const void *a, const void *b) {
    const struct plan_counter_change *x = a, *y = b;
    return plan_counter_key_cmp(&x->key, &y->key);
}

static void give_changes(struct walk *w, struct plan_result *ret) {
    struct plan_counter_change *changes = ARENA_ARRAY(w->a, struct plan_counter_change, w->count_count);
    if (!changes) {
        w->failed = status_memory();
        return;
    }
    uint32_t n = 0;
    for (uint32_t i = 0; i < w->count_count; i++) {
        const struct walk_count *c = &w->counts[i];
        if (c->key.each == PLAN_EACH_CLAIM || c->before == c->now) continue;
        changes[n++] = (struct plan_counter_change){.key = c->key, .before = c->before, .after = c->now};
    }
    if (n > 1) qsort(changes, n, sizeof(changes[0]), change_cmp);
    ret->changes = changes;
    ret->change_count = n;
}

static void give_benefits(struct walk *w, struct plan_result *ret) {
    uint32_t rows = w->segment_count * w->p->benefit_count, cell_count = 0;
    for (uint32_t i = 0; i < rows; i++) cell_count += w->benefits[i].cell_count;
    struct plan_benefit_result *benefits = ARENA_ARRAY(w->a, struct plan_benefit_result, rows);
    struct plan_cell *cells = ARENA_ARRAY(w->a, struct plan_cell, cell_count);
    if (!benefits || !cells) {
        w->failed = status_memory();
        return;
    }
    for (uint32_t i = 0; i < rows; i++) {
        struct walk_benefit *wb = &w->benefits[i];
        wb->r.cell_start = ret->cell_count;
        wb->r.cell_count = wb->cell_count;
        for (uint32_t k = 0; k < wb->cell_count; k++)
            cells[ret->cell_count++] = (struct plan_cell){.line = wb->cells[k].line, .bucket = wb->cells[k].bucket, .segment = wb->r.segment,
                                                          .benefit = wb->r.benefit, .base = wb->cells[k].base, .pay = wb->cells[k].pay,
                                                          .moved = wb->cells[k].moved};
        benefits[i] = wb->r;
        if (w->p->benefits[wb->r.benefit].kind == PLAN_BENEFIT_INDEMNITY) ret->pay += wb->r.pay;
        if (wb->r.unproven) ret->unproven = true;
    }
    ret->benefits = benefits;
    ret->benefit_count = rows;
    ret->cells = cells;
    ret->segment_count = w->segment_count;
    ret->no_evidence = walk_no_evidence(w);
}

static void give_co_insurers(struct walk *w, struct plan_result *ret) {
    uint32_t n = w->p->co_insurer_count;
    int64_t *parts = ARENA_ARRAY(w->a, int64_t, n), *weights = ARENA_ARRAY(w->a, int64_t, n);
    if (!parts || !weights) {
        w->failed = status_memory();
        return;
    }
    for (uint32_t i = 0; i < n; i++) weights[i] = w->p->co_insurers[i].share_ppm;
    if (n > 0) walk_split(w, ret->pay, weights, n, parts);
    ret->co_insurer_pay = n > 0 ? parts : NULL;
}

/* ---- the run ----------------------------------------------------------------------------------------------- */

static bool state_init(struct walk *w) {
    struct day policy_from = w->in->policy->on.from, policy_to = w->in->policy->on.to, plan_from = w->p->in_force.from;
    w->begins = day_is(policy_from) ? policy_from : plan_from;
    w->first_enrolled = day_is(w->in->policy->first_enrolled) ? w->in->policy->first_enrolled : w->begins;
    w->cover.from = policy_from.v > plan_from.v ? policy_from : plan_from;
    w->cover.to = policy_to.v < w->p->in_force.to.v ? policy_to : w->p->in_force.to;
    w->once = ARENA_ARRAY(w->a, bool, (size_t)w->p->shared_count * BUCKET_COUNT * w->in->bill->lines.count);
    if (!w->once) return false;
    for (uint32_t b = 0; b < BUCKET_COUNT; b++) {
        w->taken[b] = ARENA_ARRAY(w->a, int64_t, w->in->bill->lines.count);
        w->paid[b] = ARENA_ARRAY(w->a, int64_t, w->in->bill->lines.count);
        if (!w->taken[b] || !w->paid[b]) return false;
    }
    return true;
}

static void run(struct walk *w, struct plan_result *ret) {
    w->benefits = ARENA_ARRAY(w->a, struct walk_benefit, (size_t)w->segment_count * w->p->benefit_count);
    if (!w->benefits) w->failed = status_memory();
    for (uint32_t s = 0; s < w->segment_count && !status_failed(w->failed); s++) {
        w->at = &w->segments[s];
        w->segment_index = (uint8_t)s;
        for (uint32_t i = 0; i < w->p->benefit_count && !status_failed(w->failed); i++) benefit(w, i);
    }
    if (status_failed(w->failed)) return;
    give_benefits(w, ret);
    give_changes(w, ret);
}

struct status walk_begin(struct walk *ret, struct arena *a, const struct plan *p, const struct plan_input *in, const struct plan_counters *counters,
                         enum plan_refusal *ret_refusal) {
    *ret = (struct walk){.a = a, .p = p, .in = in, .counters = counters};
    if (!state_init(ret)) return status_memory();
    walk_facts_read(ret);
    if (!status_failed(ret->failed)) walk_segments(ret, ret_refusal);
    return ret->failed;
}

struct status plan_walk(struct arena *a, const struct plan *p, const struct plan_input *in, const struct plan_counters *counters,
                        struct plan_result *ret) {
    struct walk w;
    struct plan_result r = {0};
    TRY(walk_begin(&w, a, p, in, counters, &r.refusal));
    if (r.refusal == PLAN_REFUSAL_NONE) run(&w, &r);
    if (!status_failed(w.failed)) give_co_insurers(&w, &r);
    if (status_failed(w.failed)) return w.failed;
    r.assumed = w.assumed;
    r.assumed_count = w.assumed_count;
    *ret = r;
    return STATUS_OK;
}
