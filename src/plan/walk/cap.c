/* plan/walk/cap — what cuts a payout, and what is remembered of it (plan language §4, steps 10 to 12).
 *
 * Who uses it: walk/pay.c.
 */
#include "plan/walk/walk.h"

static int64_t *amounts(struct walk *w, uint32_t count) {
    int64_t *p = ARENA_ARRAY(w->a, int64_t, count);
    if (!p) w->failed = status_memory();
    return p;
}

static int64_t pay_sum(const struct walk_benefit *wb) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < wb->cell_count; i++) sum += wb->cells[i].pay;
    return sum;
}

/* ---- limits on the payout -------------------------------------------------------------------------------- */

struct limiting {
    uint32_t *of_cell;
    struct walk_group *groups;
    uint32_t group_count;
};

static bool limit_groups(struct walk *w, const struct plan_pay_limit *l, const struct walk_benefit *wb, struct limiting *ret) {
    ret->of_cell = ARENA_ARRAY(w->a, uint32_t, wb->cell_count);
    ret->groups = ARENA_ARRAY(w->a, struct walk_group, wb->cell_count);
    if (!ret->of_cell || !ret->groups) {
        w->failed = status_memory();
        return false;
    }
    ret->group_count = walk_groups(w, wb, l->where, l->key, l->period, ret->of_cell, ret->groups);
    return true;
}

static struct plan_counter_key limit_key(const struct walk *w, const struct plan_benefit *b, uint32_t ordinal, const struct walk_group *g) {
    return walk_count_key(w, PLAN_COUNTER_LIMIT, b->name, ordinal, b->limits[ordinal].period, g->code, g->date);
}

static void limit_group(struct walk *w, struct walk_benefit *wb, const struct limiting *l, uint32_t group, int64_t room) {
    int64_t *weights = amounts(w, wb->cell_count), *parts = amounts(w, wb->cell_count), sum = 0;
    if (status_failed(w->failed)) return;
    for (uint32_t i = 0; i < wb->cell_count; i++)
        if (l->of_cell[i] == group) sum += weights[i] = wb->cells[i].pay;
    if (sum <= room) return;
    walk_split(w, room, weights, wb->cell_count, parts);
    for (uint32_t i = 0; i < wb->cell_count; i++)
        if (l->of_cell[i] == group) wb->cells[i].pay = parts[i];
}

static void limit_clause(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb, uint32_t ordinal) {
    struct limiting l;
    if (!limit_groups(w, &b->limits[ordinal], wb, &l) || l.group_count == 0) return;
    struct walk_value value = walk_choice(w, &b->limits[ordinal].value);
    for (uint32_t g = 0; g < l.group_count && !value.nothing; g++) {
        struct plan_counter_key key = limit_key(w, b, ordinal, &l.groups[g]);
        int64_t before = l.groups[g].own_line != UINT32_MAX ? 0 : walk_count_get(w, &key);
        limit_group(w, wb, &l, g, i64_max(0, value.v - before));
    }
}

static bool limit_unprovable(const struct walk *w, const struct plan_pay_limit *l) {
    return walk_unprovable(w, l->key, l->period, false, l->where);
}

void walk_limits(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb) {
    for (uint32_t i = 0; i < b->limit_count && !status_failed(w->failed); i++) {
        if (limit_unprovable(w, &b->limits[i])) wb->r.unproven = true;
        else limit_clause(w, b, wb, i);
    }
    int64_t kept = pay_sum(wb);
    wb->r.stop_limit = wb->r.pay - kept;
    wb->r.pay = kept;
}

static void limit_record(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb, uint32_t ordinal) {
    struct limiting l;
    if (limit_unprovable(w, &b->limits[ordinal]) || !limit_groups(w, &b->limits[ordinal], wb, &l)) return;
    for (uint32_t g = 0; g < l.group_count; g++) {
        int64_t paid = 0;
        for (uint32_t i = 0; i < wb->cell_count; i++)
            if (l.of_cell[i] == g) paid += wb->cells[i].pay;
        struct plan_counter_key key = limit_key(w, b, ordinal, &l.groups[g]);
        if (paid > 0 && l.groups[g].own_line == UINT32_MAX) walk_count_add(w, &key, paid);
    }
}

/* ---- caps -------------------------------------------------------------------------------------------------- */

static bool cap_is_shared(const struct plan_cap *c) {
    return c->shared.name.n > 0;
}

static struct plan_counter_key cap_key(const struct walk *w, const struct plan_benefit *b, uint32_t ordinal) {
    const struct plan_cap *c = &b->caps[ordinal];
    if (!cap_is_shared(c)) return walk_count_key(w, PLAN_COUNTER_PAID, b->name, ordinal, c->period, STR(""), DAY_NONE);
    return walk_count_key(w, PLAN_COUNTER_PAID, c->shared.name, 0, w->p->shared[c->shared.index].cap_period, STR(""), DAY_NONE);
}

static struct walk_value cap_value(struct walk *w, const struct plan_cap *c) {
    return walk_choice(w, cap_is_shared(c) ? &w->p->shared[c->shared.index].cap_value : &c->value);
}

static void split_again(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb) {
    int64_t *weights = amounts(w, wb->cell_count), *parts = amounts(w, wb->cell_count);
    if (status_failed(w->failed)) return;
    for (uint32_t i = 0; i < wb->cell_count; i++) weights[i] = b->limit_count == 0 ? wb->cells[i].base : wb->cells[i].pay;
    if (b->in_line_order) walk_in_order(wb->r.pay, weights, wb->cell_count, parts);
    else walk_split(w, wb->r.pay, weights, wb->cell_count, parts);
    for (uint32_t i = 0; i < wb->cell_count; i++) wb->cells[i].pay = parts[i];
}

void walk_caps(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb) {
    int64_t before = wb->r.pay;
    for (uint32_t i = 0; i < b->cap_count; i++) {
        if (b->caps[i].nothing) continue;
        struct walk_value value = cap_value(w, &b->caps[i]);
        struct plan_counter_key key = cap_key(w, b, i);
        if (!value.nothing) wb->r.pay = i64_min(wb->r.pay, i64_max(0, value.v - walk_count_get(w, &key)));
    }
    wb->r.stop_cap = before - wb->r.pay;
    if (wb->r.stop_cap > 0) split_again(w, b, wb);
}

/* ---- what is left, and what is remembered ------------------------------------------------------------------- */

void walk_left(struct walk *w, struct walk_benefit *wb) {
    for (uint32_t i = 0; i < wb->cell_count; i++) {
        struct walk_cell *c = &wb->cells[i];
        int64_t left = w->in->left[c->bucket] ? w->in->left[c->bucket][c->line] : 0;
        c->pay = i64_min(c->pay, i64_max(0, left - w->paid[c->bucket][c->line]));
    }
    wb->r.stop_left = wb->r.pay - pay_sum(wb);
    wb->r.pay = pay_sum(wb);
}

void walk_paid(struct walk *w, const struct plan_benefit *b, struct walk_benefit *wb) {
    for (uint32_t i = 0; i < wb->cell_count; i++) w->paid[wb->cells[i].bucket][wb->cells[i].line] += wb->cells[i].pay;
    for (uint32_t i = 0; i < b->limit_count; i++) limit_record(w, b, wb, i);
    for (uint32_t i = 0; i < b->cap_count; i++) {
        if (b->caps[i].nothing) continue;
        struct plan_counter_key key = cap_key(w, b, i);
        if (wb->r.pay > 0) walk_count_add(w, &key, wb->r.pay);
    }
    for (uint32_t i = 0; i < b->cap_count; i++) {
        if (b->caps[i].nothing) continue;
        struct walk_value value = cap_value(w, &b->caps[i]);
        struct plan_counter_key key = cap_key(w, b, i);
        int64_t room = i64_max(0, value.v - walk_count_get(w, &key));
        if (!value.nothing && (wb->r.cap_left == INT64_MIN || room < wb->r.cap_left)) wb->r.cap_left = room;
    }
}
