/* plan/examples/same — two results held against each other, field by field, in the order in which they depend on each other.
 *
 * Who uses it: plan_test, the property program. One table per struct, so that a new field is one line here.
 */
#include "plan/examples/same.h"

struct difference_sink {
    struct plan_mismatch *ret;
    uint32_t row;
};

static bool same(struct difference_sink *s, const char *field, int64_t x, int64_t y) {
    if (x == y) return true;
    *s->ret = (struct plan_mismatch){.field = field, .row = s->row, .x = x, .y = y};
    return false;
}

#define SAME(prefix, member) same(s, prefix "." #member, (int64_t)x->member, (int64_t)y->member)

static bool same_benefit(struct difference_sink *s, const struct plan_benefit_result *x, const struct plan_benefit_result *y) {
    bool need = x->refusal != PLAN_REFUSAL_CUSTOM || SAME("benefit", need_index);
    return need && SAME("benefit", benefit) && SAME("benefit", segment) && SAME("benefit", applies) && SAME("benefit", refused) &&
           SAME("benefit", refusal) && SAME("benefit", unproven) && SAME("benefit", cut_input) && SAME("benefit", base) &&
           SAME("benefit", filled_by_others) && SAME("benefit", deductible_used) && SAME("benefit", deductible_left) && SAME("benefit", moved) &&
           SAME("benefit", over) && SAME("benefit", ratio_ppm) && SAME("benefit", stop_ratio) && SAME("benefit", stop_limit) &&
           SAME("benefit", stop_cap) && SAME("benefit", stop_left) && SAME("benefit", pay) && SAME("benefit", cap_left) &&
           SAME("benefit", allowance_days);
}

static bool same_cell(struct difference_sink *s, const struct plan_cell *x, const struct plan_cell *y) {
    return SAME("cell", line) && SAME("cell", bucket) && SAME("cell", segment) && SAME("cell", benefit) && SAME("cell", base) &&
           SAME("cell", moved) && SAME("cell", pay);
}

/* Every change of x stands in y with the same values; keys are unique, so equal counts make the sets equal. */
static bool same_changes(struct difference_sink *s, const struct plan_result *x, const struct plan_result *y) {
    for (s->row = 0; s->row < x->change_count; s->row++) {
        const struct plan_counter_change *a = &x->changes[s->row], *b = NULL;
        for (uint32_t i = 0; i < y->change_count && !b; i++)
            if (plan_counter_key_cmp(&a->key, &y->changes[i].key) == 0) b = &y->changes[i];
        if (!same(s, "change.key", 1, b != NULL)) return false;
        if (!same(s, "change.before", a->before, b->before) || !same(s, "change.after", a->after, b->after)) return false;
    }
    return same(s, "change_count", x->change_count, y->change_count);
}

static bool same_assumed(struct difference_sink *s, const struct plan_result *x, const struct plan_result *y) {
    if (!SAME("result", assumed_count)) return false;
    for (s->row = 0; s->row < x->assumed_count; s->row++)
        if (!same(s, "result.assumed", 1, str_eq(x->assumed[s->row], y->assumed[s->row]))) return false;
    s->row = 0;
    return true;
}

static bool same_benefits(struct difference_sink *s, const struct plan_result *x, const struct plan_result *y, bool no_cells) {
    for (s->row = 0; s->row < x->benefit_count; s->row++) {
        const struct plan_benefit_result *a = &x->benefits[s->row], *b = &y->benefits[s->row];
        if (!same_benefit(s, a, b)) return false;
        if (no_cells) continue;
        if (!same(s, "benefit.cell_count", a->cell_count, b->cell_count)) return false;
        if (a->cell_count > 0 && !same(s, "benefit.cell_start", a->cell_start, b->cell_start)) return false;
    }
    if (no_cells) return true;
    for (s->row = 0; s->row < x->cell_count; s->row++)
        if (!same_cell(s, &x->cells[s->row], &y->cells[s->row])) return false;
    s->row = 0;
    return true;
}

static bool same_co_insurers(struct difference_sink *s, const struct plan_result *x, const struct plan_result *y, uint32_t count) {
    for (s->row = 0; s->row < count; s->row++)
        if (!same(s, "result.co_insurer_pay", x->co_insurer_pay[s->row], y->co_insurer_pay[s->row])) return false;
    s->row = 0;
    return true;
}

bool plan_results_same(const struct plan_result *x, const struct plan_result *y, struct plan_same_options o, struct plan_mismatch *ret_what) {
    struct difference_sink sink = {.ret = ret_what}, *s = &sink;
    if (!SAME("result", refusal) || !SAME("result", segment_count) || !SAME("result", benefit_count)) return false;
    if (!o.no_cells && !SAME("result", cell_count)) return false;
    if (!same_benefits(s, x, y, o.no_cells)) return false;
    if (!SAME("result", pay) || !SAME("result", unproven) || !SAME("result", no_evidence)) return false;
    return same_co_insurers(s, x, y, o.co_insurers) && same_assumed(s, x, y) && same_changes(s, x, y);
}
