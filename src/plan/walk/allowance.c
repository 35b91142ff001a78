/* plan/walk/allowance — a fixed amount for each day (plan language §4, step 13).
 *
 * Who uses it: walk.c. It has no cells and stands outside the indemnity. A bill that is worked in several segments is one stay: its days are
 * paid once, in the last segment.
 */
#include "plan/walk/walk.h"

static bool any_line_passes(struct walk *w, const struct plan_benefit *b) {
    for (uint32_t i = 0; i < w->at->line_count; i++)
        if (walk_line_passes(w, b, w->at->lines[i])) return true;
    return false;
}

int64_t walk_allowance_days(struct walk *w, const struct plan_benefit *b) {
    if (!w->at->last || !any_line_passes(w, b)) return 0;
    int64_t days = walk_fact_number(w, b->allowance.icu ? PLAN_FACT_ICU_DAYS : PLAN_FACT_DAYS, WALK_NO_LINE);
    return i64_max(0, days - b->allowance.after_days);
}

void walk_allowance(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb, int64_t days) {
    const struct plan_allowance *al = &b->allowance;
    int64_t n = days;
    for (uint32_t i = 0; i < al->limit_count; i++) {
        struct plan_counter_key key = walk_count_key(w, PLAN_COUNTER_DAYS, b->name, i, al->limits[i].period, STR(""), DAY_NONE);
        n = i64_min(n, i64_max(0, al->limits[i].days - walk_count_get(w, &key)));
    }
    for (uint32_t i = 0; i < al->limit_count; i++) {
        struct plan_counter_key key = walk_count_key(w, PLAN_COUNTER_DAYS, b->name, i, al->limits[i].period, STR(""), DAY_NONE);
        if (n > 0) walk_count_add(w, &key, n);
    }
    wb->r.allowance_days = n;
    wb->r.pay = walk_clamp((i128)n * walk_choice(w, &al->amount).v);
}
