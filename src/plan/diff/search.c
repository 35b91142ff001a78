/* plan/diff/search — finds and shrinks a bill that two plans pay differently.
 *
 * Order: every part × amount of an otherwise usual bill; then one dimension at a time; then random picks with a few dimensions away from usual.
 * The first hit is shrunk: each pick towards 0, then the amount to the smallest round one. Deterministic for a seed.
 */
#include "plan/diff/witness.h"

struct search {
    struct witness_world *w;
    struct arena *a;
    uint32_t tried;
    uint64_t random;
    bool found;          /* totals differ */
    bool found_inside;   /* only benefits differ */
    struct witness_pick best, inside;
};

static uint64_t random_next(struct search *s) { /* splitmix64 */
    s->random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = s->random;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

enum verdict { SAME, BENEFITS, TOTALS };

static struct status try_one(struct search *s, const struct witness_pick *p, enum verdict *ret) {
    const struct arena_mark mark = arena_mark(s->a);
    struct witness_outcome o;
    bool good = false;
    const struct status failed = witness_run(s->w, p, false, &o, &good);
    *ret = !good ? SAME : o.total[0] != o.total[1] ? TOTALS : o.benefits_differ ? BENEFITS : SAME;
    s->tried++;
    if (!status_failed(failed)) arena_rewind(s->a, mark);
    return failed;
}

static struct status consider(struct search *s, const struct witness_pick *p) {
    enum verdict v = SAME;
    TRY(try_one(s, p, &v));
    if (v == TOTALS) {
        s->found = true;
        s->best = *p;
    } else if (v == BENEFITS && !s->found_inside) {
        s->found_inside = true;
        s->inside = *p;
    }
    return STATUS_OK;
}

static struct status amounts_try(struct search *s, struct witness_pick p, uint32_t amounts) {
    for (uint32_t part = 0; part < s->w->dims[WITNESS_PART].count && !s->found; part++) {
        for (uint32_t k = 0; k < amounts && !s->found; k++) {
            p.of[WITNESS_PART] = (uint16_t)part;
            p.of[WITNESS_AMOUNT] = (uint16_t)k;
            TRY(consider(s, &p));
        }
    }
    return STATUS_OK;
}

static struct status search_systematic(struct search *s) {
    enum { FEW = 9 };
    struct witness_pick p = {.amount = -1};
    TRY(amounts_try(s, p, s->w->dims[WITNESS_AMOUNT].count));
    for (uint32_t d = 0; d < s->w->dim_count && !s->found; d++) {
        if (d == WITNESS_AMOUNT || d == WITNESS_PART) continue;
        for (uint32_t k = 1; k < s->w->dims[d].count && !s->found; k++) {
            struct witness_pick one = p;
            one.of[d] = (uint16_t)k;
            TRY(amounts_try(s, one, FEW));
        }
    }
    return STATUS_OK;
}

static struct status search_random(struct search *s, uint32_t count) {
    for (uint32_t i = 0; i < count && !s->found; i++) {
        struct witness_pick p = {.amount = -1};
        const uint64_t away = 2 + random_next(s) % 5;
        for (uint64_t k = 0; k < away; k++) {
            const uint32_t d = (uint32_t)(random_next(s) % s->w->dim_count);
            p.of[d] = (uint16_t)(random_next(s) % s->w->dims[d].count);
        }
        p.of[WITNESS_AMOUNT] = (uint16_t)(random_next(s) % s->w->dims[WITNESS_AMOUNT].count);
        p.of[WITNESS_PART] = (uint16_t)(random_next(s) % s->w->dims[WITNESS_PART].count);
        TRY(consider(s, &p));
    }
    return STATUS_OK;
}

/* ---- shrinking ------------------------------------------------------------------------------------------------------ */

static struct status keep_if(struct search *s, struct witness_pick *p, const struct witness_pick *smaller, enum verdict want, bool *ret_kept) {
    enum verdict v = SAME;
    TRY(try_one(s, smaller, &v));
    *ret_kept = v == want;
    if (v == want) *p = *smaller;
    return STATUS_OK;
}

static struct status picks_shrink(struct search *s, struct witness_pick *p, enum verdict want) {
    bool again = true;
    while (again) {
        again = false;
        for (uint32_t d = 0; d < s->w->dim_count; d++) {
            if (d == WITNESS_AMOUNT || p->of[d] == 0) continue;
            bool kept = false;
            for (uint16_t k = 0; k < p->of[d] && k < 4 && !kept; k++) {
                struct witness_pick smaller = *p;
                smaller.of[d] = k;
                TRY(keep_if(s, p, &smaller, want, &kept));
                again = again || kept;
            }
        }
    }
    return STATUS_OK;
}

/* 1,000 · 2,000 · 5,000 · 10,000 … : the first that still shows it. */
static struct status amount_shrink(struct search *s, struct witness_pick *p, enum verdict want) {
    static const int64_t steps[] = {10, 15, 20, 25, 30, 40, 50, 60, 80};
    int64_t unit = 10; /* 100.00 of a currency with two digits */
    for (int i = 0; i < s->w->currency->digits; i++) unit *= 10;
    for (int decade = 0; decade < 8; decade++, unit *= 10) {
        for (size_t i = 0; i < COUNT_OF(steps); i++) {
            struct witness_pick smaller = *p;
            smaller.amount = steps[i] * unit;
            bool kept = false;
            if (smaller.amount >= witness_amount(s->w, p)) return STATUS_OK;
            TRY(keep_if(s, p, &smaller, want, &kept));
            if (kept) return STATUS_OK;
        }
    }
    return STATUS_OK;
}

struct status plan_diff_witness(struct arena *a, const struct plan_side sides[2], struct plan_witness_options o, struct plan_witness *ret) {
    *ret = (struct plan_witness){.found = false};
    if (sides[0].plan->currency != sides[1].plan->currency) return STATUS_OK; /* no bill is in two currencies */
    struct witness_world *w = ARENA_NEW(a, struct witness_world);
    struct search *s = ARENA_NEW(a, struct search);
    if (!w || !s) return status_memory();
    TRY(witness_world_init(w, a, sides));
    *s = (struct search){.w = w, .a = a, .random = o.seed};
    TRY(search_systematic(s));
    if (!s->found) TRY(search_random(s, o.random_count));
    ret->shifted = w->shifted;
    ret->tried = s->tried;
    if (!s->found && !s->found_inside) return STATUS_OK;

    struct witness_pick p = s->found ? s->best : s->inside;
    const enum verdict want = s->found ? TOTALS : BENEFITS;
    TRY(picks_shrink(s, &p, want));
    TRY(amount_shrink(s, &p, want));
    TRY(picks_shrink(s, &p, want));
    struct witness_outcome out = {0};
    bool good = false;
    TRY(witness_run(w, &p, true, &out, &good));
    CHECK(good);
    ret->found = true;
    ret->tried = s->tried;
    ret->bill_count = out.bill_count;
    for (int side = 0; side < 2; side++) {
        ret->total[side] = out.total[side];
        for (uint32_t i = 0; i < out.bill_count; i++) {
            ret->bills[side][i] = out.bills[side][i];
            ret->results[side][i] = out.results[side][i];
        }
    }
    return STATUS_OK;
}
