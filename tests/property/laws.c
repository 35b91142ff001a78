/* property/laws — what must hold of every result, whatever plan and bill are.
 *
 * Who uses it: pair.c. Source: docs/plan-language.md §4 and §5: nothing is paid that was not left, parts sum to wholes, each unpaid unit has
 * its place, no counter passes what the plan allows.
 */
#include <stdio.h>

#include "pair.h"

void finding_set(struct finding *f, const char *law, struct str what, uint32_t row, int64_t x, int64_t y) {
    if (f->law) return;
    *f = (struct finding){.law = law, .row = row, .x = x, .y = y};
    snprintf(f->what, sizeof(f->what), "%.*s", (int)(what.n < 90 ? what.n : 90), what.p ? what.p : "");
}

static void equal(struct finding *f, const char *law, const char *what, uint32_t row, int64_t x, int64_t y) {
    if (x != y) finding_set(f, law, str_from(what), row, x, y);
}

static void at_most(struct finding *f, const char *law, const char *what, uint32_t row, int64_t x, int64_t y) {
    if (x > y) finding_set(f, law, str_from(what), row, x, y);
}

static void benefit_sums(const struct plan_result *r, uint32_t row, struct finding *f) {
    const struct plan_benefit_result *b = &r->benefits[row];
    int64_t base = 0, pay = 0, moved = 0;
    for (uint32_t i = b->cell_start; i < b->cell_start + b->cell_count; i++) {
        const struct plan_cell *c = &r->cells[i];
        at_most(f, "a cell pays at least nothing", "cell.pay", i, 0, c->pay);
        at_most(f, "a cell pays at most its base", "cell.pay", i, c->pay, c->base);
        at_most(f, "nothing negative is moved", "cell.moved", i, 0, c->moved);
        base += c->base;
        pay += c->pay;
        moved += c->moved;
    }
    if (b->allowance_days > 0 || b->cell_count == 0) {
        equal(f, "no base without cells", "benefit.base", row, b->base, 0);
        return;
    }
    equal(f, "cells sum to the pay", "benefit.pay", row, pay, b->pay);
    equal(f, "cells sum to what was moved", "benefit.moved", row, moved, b->moved);
    equal(f, "cells sum to the base", "benefit.base", row, base + moved, b->base);
    int64_t places = b->pay + b->deductible_used + b->stop_ratio + b->stop_limit + b->stop_cap + b->stop_left + b->moved;
    equal(f, "every unit of the base has its place", "benefit.base", row, places, b->base);
    equal(f, "base = deductible + over + first share", "benefit.over", row, b->deductible_used + b->over + b->moved, b->base);
}

static void benefit_signs(const struct plan_result *r, uint32_t row, struct finding *f) {
    const struct plan_benefit_result *b = &r->benefits[row];
    const int64_t parts[] = {b->pay, b->base, b->deductible_used, b->filled_by_others, b->over, b->stop_ratio, b->stop_limit, b->stop_cap,
                             b->stop_left, b->moved, b->cut_input, b->allowance_days};
    for (size_t i = 0; i < COUNT_OF(parts); i++) at_most(f, "no part is negative", "benefit", row, 0, parts[i]);
    if (b->deductible_left != INT64_MIN) at_most(f, "no deductible is left below 0", "benefit.deductible_left", row, 0, b->deductible_left);
    if (b->cap_left != INT64_MIN) at_most(f, "no room is left below 0", "benefit.cap_left", row, 0, b->cap_left);
    if (b->over > 0 && b->deductible_left != INT64_MIN)
        equal(f, "the deductible is full before anything is over it", "benefit.deductible_left", row, b->deductible_left, 0);
    at_most(f, "at most the whole", "benefit.ratio_ppm", row, b->ratio_ppm, RATIO_ONE);
    if (b->refused) equal(f, "who is refused gets nothing", "benefit.pay", row, b->pay + b->base, 0);
}

/* Over all benefits, a cell pays at most what was left on it. */
static void cells_within_left(const struct plan_input *in, const struct plan_result *r, struct finding *f) {
    for (uint32_t i = 0; i < r->cell_count; i++) {
        const struct plan_cell *c = &r->cells[i];
        int64_t paid = 0, left = in->left[c->bucket] ? in->left[c->bucket][c->line] : 0;
        if (c->pay == 0) continue;
        for (uint32_t k = 0; k <= i; k++)
            if (r->cells[k].line == c->line && r->cells[k].bucket == c->bucket) paid += r->cells[k].pay;
        at_most(f, "a cell pays at most what is left", "cell.pay", i, paid, left);
    }
}

static void plan_sums(const struct plan_result *r, uint32_t co_insurers, struct finding *f) {
    int64_t cells = 0, parts = 0;
    for (uint32_t i = 0; i < r->cell_count; i++) cells += r->cells[i].pay;
    equal(f, "cells sum to the plan's pay", "result.pay", 0, cells, r->pay);
    for (uint32_t i = 0; i < co_insurers; i++) {
        at_most(f, "no co-insurer pays below 0", "result.co_insurer_pay", i, 0, r->co_insurer_pay[i]);
        parts += r->co_insurer_pay[i];
    }
    if (co_insurers > 0) equal(f, "co-insurers sum to the plan's pay", "result.co_insurer_pay", 0, parts, r->pay);
    if (r->refusal != PLAN_REFUSAL_NONE) equal(f, "a refused plan does nothing", "result", 0, r->pay + r->change_count + r->cell_count, 0);
}

static void counters_within_bounds(const struct gen_plan *g, const struct plan_result *r, struct finding *f) {
    for (uint32_t i = 0; i < r->change_count; i++) {
        const struct plan_counter_change *c = &r->changes[i];
        at_most(f, "counters only rise", "change", i, c->before + 1, c->after);
        for (uint32_t k = 0; k < g->bound_count; k++) {
            const struct gen_bound *b = &g->bounds[k];
            if (b->kind != c->key.kind || b->clause != c->key.clause || !str_eq(str_from(b->benefit), c->key.benefit)) continue;
            if (c->after > i64_max(c->before, b->most)) finding_set(f, "no counter passes its limit", c->key.benefit, i, c->after, b->most);
        }
    }
}

void laws_check(const struct gen_plan *g, const struct plan_input *in, const struct plan_result *r, uint32_t co_insurers, struct finding *ret) {
    for (uint32_t i = 0; i < r->benefit_count && !ret->law; i++) {
        benefit_sums(r, i, ret);
        benefit_signs(r, i, ret);
    }
    plan_sums(r, co_insurers, ret);
    if (r->cell_count <= 200) cells_within_left(in, r, ret);
    counters_within_bounds(g, r, ret);
}
