/* settle/unpaid — why not more: every unpaid minor unit is put to the clause that stopped it.
 *
 * A cell that some benefit took belongs to the last benefit that took it; that benefit's rest is divided over its stops (deductible, ratio,
 * limits, caps …) in proportion, by largest remainder. A cell that none took belongs to an exclusion, a refusal, or a scope it lies outside of.
 * Invariant: the amounts sum to the patient's remainder. Writes records only; words come later.
 */
#include "settle/work.h"

struct unpaid_list {
    struct settle_unpaid *items;
    uint32_t count, cap;
};

static struct status unpaid_add(struct settle_work *w, struct unpaid_list *list, struct settle_unpaid u)
{
    if (u.amount == 0) return STATUS_OK;
    for (uint32_t i = 0; i < list->count; i++) {
        struct settle_unpaid *old = &list->items[i];
        if (old->bucket == u.bucket && old->stop == u.stop && old->share == u.share && old->benefit == u.benefit && old->name == u.name) {
            old->amount += u.amount;
            return STATUS_OK;
        }
    }
    struct settle_unpaid *item = ARENA_PUSH(w->arena, list->items, list->count, list->cap);
    if (!item) return status_memory();
    *item = u;
    return STATUS_OK;
}

/* The rest of a benefit's cells in one bucket, over its stops. */
static struct status taken_add(struct settle_work *w, struct unpaid_list *list, const struct settle_answer *answer, enum bill_bucket bucket,
                               const struct settle_toucher *t, int64_t amount)
{
    static const struct {
        enum settle_stop stop;
        enum plan_clause clause;
    } stops[] = {{SETTLE_STOP_LATER, PLAN_CLAUSE_PAYS}, {SETTLE_STOP_DEDUCTIBLE, PLAN_CLAUSE_DEDUCTIBLE}, {SETTLE_STOP_RATIO, PLAN_CLAUSE_PAYS}, {SETTLE_STOP_LIMIT, PLAN_CLAUSE_LIMIT},
                 {SETTLE_STOP_CAP, PLAN_CLAUSE_CAP}, {SETTLE_STOP_LEFT, PLAN_CLAUSE_TAKES}, {SETTLE_STOP_FIRST_SHARE, PLAN_CLAUSE_FIRST_SHARE}};
    const struct settle_share *share = &answer->shares[t->share];
    const struct plan_benefit_result *b = &share->run.benefits[t->benefit_result];
    int64_t weights[COUNT_OF(stops)] = {share->status == SETTLE_LATER ? b->pay : 0, i64_max(b->deductible_used, 0), i64_max(b->stop_ratio, 0), b->stop_limit, b->stop_cap, b->stop_left,
                                        b->moved};
    int64_t parts[COUNT_OF(stops)];
    uint64_t scratch[COUNT_OF(stops)];
    int64_t sum = 0;
    for (size_t i = 0; i < COUNT_OF(stops); i++) sum += weights[i];
    if (sum == 0) weights[2] = 1; /* only rounding kept it: part of the ratio */
    CHECK(split_largest_remainder(amount, weights, COUNT_OF(stops), parts, scratch));
    for (size_t i = 0; i < COUNT_OF(stops); i++) {
        if (parts[i] == 0) continue;
        TRY(unpaid_add(w, list, (struct settle_unpaid){.bucket = bucket, .stop = stops[i].stop, .share = t->share, .benefit = b->benefit,
                                                       .clause_line = plan_clause_line(share->product->plan, b->benefit, stops[i].clause),
                                                       .amount = parts[i]}));
    }
    return STATUS_OK;
}

/* How near a benefit came to a cell that it did not take; the nearest gives the reason. */
static struct settle_unpaid nearest_find(const struct settle_answer *answer, enum bill_bucket bucket)
{
    struct settle_unpaid best = {.bucket = bucket, .stop = SETTLE_STOP_NOT_COVERED, .share = SETTLE_NO_SHARE};
    for (uint16_t s = 0; s < answer->share_count; s++) {
        const struct settle_share *share = &answer->shares[s];
        if (!share->product || share->status == SETTLE_SKIPPED) continue;
        for (uint16_t b = 0; b < share->product->about.benefit_count; b++) {
            if (!(share->product->benefits[b].buckets >> bucket & 1U)) continue;
            const bool plan_refused = share->status == SETTLE_REFUSED && (share->run.benefit_count == 0 || share->run.refusal != PLAN_REFUSAL_NONE);
            bool refused = plan_refused;
            for (uint32_t k = 0; k < share->run.benefit_count && !refused; k++) {
                refused = share->run.benefits[k].benefit == b && share->run.benefits[k].refused;
            }
            const enum settle_stop stop = plan_refused ? SETTLE_STOP_REFUSED_PLAN : refused ? SETTLE_STOP_REFUSED : SETTLE_STOP_OUTSIDE;
            if (stop >= best.stop) continue; /* stops.def is ordered from near to far; the first of equals stays */
            best.stop = stop;
            best.share = s;
            best.benefit = b;
            best.clause_line = plan_clause_line(share->product->plan, b, stop == SETTLE_STOP_OUTSIDE ? PLAN_CLAUSE_WHERE : PLAN_CLAUSE_BENEFIT);
        }
    }
    return best;
}

static struct status untaken_add(struct settle_work *w, struct unpaid_list *list, const struct settle_answer *answer,
                                 uint32_t line, int64_t amount, const struct settle_unpaid *nearest)
{
    struct settle_unpaid u = *nearest;
    u.amount = amount;
    for (uint16_t s = 0; s < answer->share_count; s++) {
        const struct settle_share *share = &answer->shares[s];
        if (!share->product || !share->run.excluded_by || share->run.excluded_by[line] == 0) continue;
        u.stop = SETTLE_STOP_EXCLUDED;
        u.share = s;
        u.benefit = 0;
        u.name = (uint16_t)(share->run.excluded_by[line] - 1);
        u.clause_line = plan_exclusion_about(share->product->plan, u.name).line;
        break;
    }
    return unpaid_add(w, list, u);
}

static struct status bucket_add(struct settle_work *w, struct unpaid_list *list, const struct settle_answer *answer, enum bill_bucket bucket,
                                int64_t *by_toucher)
{
    const struct settle_unpaid nearest = nearest_find(answer, bucket);
    for (uint32_t t = 0; t < w->toucher_count; t++) by_toucher[t] = 0;
    for (uint32_t line = 0; line < w->n; line++) {
        const int64_t amount = w->left[bucket][line];
        if (amount == 0) continue;
        const uint16_t t = w->touched[bucket] ? w->touched[bucket][line] : 0;
        if (t > 0) by_toucher[t - 1] += amount;
        else TRY(untaken_add(w, list, answer, line, amount, &nearest));
    }
    for (uint32_t t = 0; t < w->toucher_count; t++) {
        if (by_toucher[t] > 0) TRY(taken_add(w, list, answer, bucket, &w->touchers[t], by_toucher[t]));
    }
    return STATUS_OK;
}

struct status settle_unpaid_find(struct settle_work *w, struct settle_answer *answer)
{
    /* A part that moved to another bucket of in_scope after a benefit took it is still that benefit's rest. */
    for (uint32_t b = BUCKET_DEDUCTIBLE; b < BUCKET_COUNT; b++) {
        if (!w->touched[b] && w->left[b]) w->touched[b] = w->touched[BUCKET_IN_SCOPE];
    }
    struct unpaid_list list = {0};
    int64_t *by_toucher = ARENA_ARRAY(w->arena, int64_t, w->toucher_count + 1);
    if (!by_toucher) return status_memory();
    for (uint32_t b = 0; b < BUCKET_COUNT; b++) {
        if (w->left[b]) TRY(bucket_add(w, &list, answer, (enum bill_bucket)b, by_toucher));
    }
    int64_t sum = 0;
    for (uint32_t i = 0; i < list.count; i++) sum += list.items[i].amount;
    CHECK(sum == settle_answer_remainder(answer));
    answer->unpaid = list.items;
    answer->unpaid_count = list.count;
    return STATUS_OK;
}
