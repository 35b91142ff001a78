/* property/gen_benefit — random benefits: every clause, in the order in which a person would write them.
 *
 * Who uses it: gen_plan.c. Keeps what no counter may pass (bounds) and whether the plan's pay must rise with what is claimed.
 */
#include <stdio.h>
#include <string.h>

#include "gen_plan.h"

static const char *const modes[] = {"half-up", "half-even", "down", "up"};

void gen_bound_add(struct gen_plan *g, const char *benefit, enum plan_counter_kind kind, uint32_t clause, int64_t most) {
    if (g->bound_count == GEN_BOUNDS) return;
    struct gen_bound *b = &g->bounds[g->bound_count++];
    snprintf(b->benefit, sizeof(b->benefit), "%s", benefit);
    b->kind = (uint8_t)kind;
    b->clause = (uint8_t)clause;
    b->most = most;
}

const char *gen_each(struct gen_plan *g, bool day) {
    static const char *const each[] = {"each year", "each year", "each stay", "each claim", "lifetime", "each day"};
    static const char *const family[] = {"each year per family", "each year per family", "each stay per family", "each claim per family",
                                         "lifetime per family", "each day per family"};
    uint32_t which = rng_below(g->r, day ? 6 : 5);
    const char *words = rng_chance(g->r, 12) ? family[which] : each[which];
    buf_printf(g->out, " %s", words);
    return words;
}

static void label(struct gen_plan *g, const char *zh, uint32_t n) {
    buf_printf(g->out, " \"%s%u\" / \"%s %u\"", zh, n, "label", n);
}

static void takes(struct gen_plan *g, uint32_t index, const bool *indemnity) {
    static const char *const whole[] = {"own_full", "over_limit", "own_first", "in_scope_own"};
    static const char *const parts[] = {"own_full", "over_limit", "own_first", "in_scope", "deductible", "ratio_part", "over_cap"};
    bool in_parts = rng_chance(g->r, 30);
    uint32_t n = in_parts ? 7 : 4, written = 0, sure = rng_below(g->r, n);
    buf_add_cstr(g->out, "    takes");
    for (uint32_t i = 0; i < n; i++)
        if (i == sure || rng_chance(g->r, 40)) buf_printf(g->out, "%s %s", written++ ? " +" : "", in_parts ? parts[i] : whole[i]);
    for (uint32_t i = 0; i < index; i++) {
        if (!indemnity[i] || !rng_chance(g->r, 15)) continue;
        buf_printf(g->out, " + rest of b%u", i);
        g->monotone = false;
    }
    if (rng_chance(g->r, 6)) {
        buf_add_cstr(g->out, ", before other payers");
        g->monotone = false;
    }
    if (g->lists > 0 && rng_chance(g->r, 10))
        buf_printf(g->out, ", at share of list l0, rounded %s per line", modes[rng_below(g->r, 4)]);
    buf_add_char(g->out, '\n');
}

static void for_cond(struct gen_plan *g) {
    if (!rng_chance(g->r, 45)) return;
    buf_add_cstr(g->out, " for ");
    gen_cond_line(g, 1);
}

static void key(struct gen_plan *g) {
    static const char *const keys[] = {" per item", " per ingredient", " per implant"};
    if (rng_chance(g->r, 45)) buf_add_cstr(g->out, keys[rng_below(g->r, 3)]);
}

static void count_limit(struct gen_plan *g, const char *name, uint32_t clause) {
    uint32_t unit = rng_below(g->r, 5); /* 3 times, 4 visits, else money */
    int64_t most;
    buf_add_cstr(g->out, "    counts at most ");
    if (unit < 3) {
        most = gen_money_choice(g, GEN_MIDDLE, -1);
        key(g);
    } else {
        most = gen_count_choice(g, 6);
        buf_add_cstr(g->out, unit == 3 ? " times" : " visits");
        if (unit == 3) key(g);
    }
    bool by_day = strstr(gen_each(g, true), "day") != NULL;
    if (unit >= 3) gen_bound_add(g, name, PLAN_COUNTER_TIMES, clause, most);
    else if (!by_day) gen_bound_add(g, name, PLAN_COUNTER_BASE, clause, most);
    for_cond(g);
    buf_add_char(g->out, '\n');
    g->monotone = false;
}

/* Returns the words of its period; NULL: there is no deductible. */
static const char *deductible(struct gen_plan *g, const char *name) {
    buf_add_cstr(g->out, "    deductible ");
    if (rng_chance(g->r, 20)) {
        buf_add_cstr(g->out, "none\n");
        return NULL;
    }
    if (g->shared_deductibles > 0 && rng_chance(g->r, 25)) {
        uint32_t which = rng_below(g->r, g->shared_deductibles);
        buf_printf(g->out, "shared sd%u\n", which);
        return g->shared_each[which];
    }
    int64_t most = gen_money_choice(g, GEN_MIDDLE, 0);
    gen_bound_add(g, name, PLAN_COUNTER_FILLED, 0, most);
    const char *each = gen_each(g, false);
    if (rng_chance(g->r, 40)) buf_add_cstr(g->out, rng_chance(g->r, 50) ? ", filled by supplementary and commercial" : ", filled by commercial");
    buf_add_char(g->out, '\n');
    return each;
}

/* Tiers on base run over the period of the deductible. */
static void pays(struct gen_plan *g, const char *deductible_each) {
    bool tiered = !g->exact && rng_chance(g->r, 35);
    buf_add_cstr(g->out, "    pays ");
    gen_schedule_choice(g, tiered);
    if (tiered || rng_chance(g->r, 10)) {
        bool on_base = rng_chance(g->r, 50);
        buf_add_cstr(g->out, on_base ? ", on base" : ", on over");
        if (on_base && deductible_each) buf_printf(g->out, " %s", deductible_each);
        else (void)gen_each(g, false);
    }
    buf_add_char(g->out, '\n');
    if (!g->exact && rng_chance(g->r, 15)) {
        buf_add_cstr(g->out, "    times ");
        (void)gen_ratio_choice(g);
        buf_add_char(g->out, '\n');
    }
}

static void limits(struct gen_plan *g, const char *name) {
    for (uint32_t i = 0; i < 3 && rng_chance(g->r, 22); i++) {
        buf_add_cstr(g->out, "    limit ");
        gen_bound_add(g, name, PLAN_COUNTER_LIMIT, i, gen_money_choice(g, GEN_MIDDLE, -1));
        key(g);
        (void)gen_each(g, true);
        for_cond(g);
        buf_add_char(g->out, '\n');
        g->monotone = false;
    }
}

static void caps(struct gen_plan *g, const char *name) {
    uint32_t n = rng_chance(g->r, 20) ? 0 : 1 + (rng_chance(g->r, 35) ? 1 + rng_below(g->r, 2) : 0);
    if (n == 0) buf_add_cstr(g->out, "    cap none\n");
    bool used[4] = {false};
    for (uint32_t i = 0; i < n; i++) {
        buf_add_cstr(g->out, "    cap ");
        uint32_t s = rng_below(g->r, g->shared_caps ? g->shared_caps : 1);
        if (g->shared_caps > 0 && !used[s] && rng_chance(g->r, 35)) {
            used[s] = true;
            buf_printf(g->out, "shared sc%u\n", s);
            continue;
        }
        gen_bound_add(g, name, PLAN_COUNTER_PAID, i, gen_money_choice(g, rng_chance(g->r, 50) ? GEN_LARGE : GEN_MIDDLE, INT64_MAX));
        (void)gen_each(g, false);
        buf_add_char(g->out, '\n');
    }
}

static void gates(struct gen_plan *g, uint32_t index, bool allowance) {
    for (uint32_t i = 0; i < 2 && rng_chance(g->r, 25); i++) {
        buf_add_cstr(g->out, "    needs ");
        if (rng_chance(g->r, 40)) {
            buf_add_cstr(g->out, "statutory settled\n");
            continue;
        }
        gen_cond_visit(g, 1);
        buf_printf(g->out, " else no-%u-%u", index, i);
        label(g, "不符", i);
        buf_add_char(g->out, '\n');
    }
    if (rng_chance(g->r, 45)) {
        buf_add_cstr(g->out, "    where ");
        if (allowance) gen_cond_visit(g, 2);
        else gen_cond_line(g, 2);
        buf_add_char(g->out, '\n');
    }
    if (rng_chance(g->r, 10)) {
        if (rng_chance(g->r, 30)) buf_add_cstr(g->out, "    waiting none\n");
        else buf_printf(g->out, "    waiting %u days unless cause = accident\n", GEN_GRID * (1 + rng_below(g->r, 7)));
    }
    if (rng_chance(g->r, 12)) {
        buf_printf(g->out, "    exclude xb%u", index);
        label(g, "除外", index);
        buf_add_cstr(g->out, " when ");
        if (allowance) gen_cond_visit(g, 1);
        else gen_cond_line(g, 1);
        buf_add_char(g->out, '\n');
    }
}

static void allowance(struct gen_plan *g, const char *name) {
    buf_add_cstr(g->out, "    allowance ");
    (void)gen_money_choice(g, GEN_SMALL, -1);
    buf_printf(g->out, " each %s after %u days", rng_chance(g->r, 50) ? "day" : "icu-day", rng_below(g->r, 6));
    for (uint32_t i = 0; i < 2 && rng_chance(g->r, 60); i++) {
        uint32_t days = 1 + rng_below(g->r, 40);
        buf_printf(g->out, ", at most %u days", days);
        (void)gen_each(g, false);
        gen_bound_add(g, name, PLAN_COUNTER_DAYS, i, days);
    }
    buf_add_char(g->out, '\n');
}

void gen_benefit(struct gen_plan *g, uint32_t index) {
    char name[16];
    snprintf(name, sizeof(name), "b%u", index);
    bool is_allowance = index > 0 && !g->statutory && rng_chance(g->r, 12);
    g->indemnity[index] = !is_allowance;
    buf_printf(g->out, "\n  benefit %s", name);
    label(g, "责任", index);
    buf_add_char(g->out, '\n');
    if (g->statutory) buf_printf(g->out, "    fund hifp_pay\n");
    gates(g, index, is_allowance);
    if (is_allowance) {
        allowance(g, name);
        return;
    }
    takes(g, index, g->indemnity);
    for (uint32_t i = 0; i < 3 && rng_chance(g->r, 25); i++) count_limit(g, name, i);
    if (!g->exact && rng_chance(g->r, 12)) {
        buf_add_cstr(g->out, "    first share ");
        (void)gen_ratio_choice(g);
        buf_add_cstr(g->out, rng_chance(g->r, 50) ? " before deductible\n" : " after deductible\n");
    }
    pays(g, deductible(g, name));
    limits(g, name);
    caps(g, name);
    if (rng_chance(g->r, 20)) buf_add_cstr(g->out, "    splits in line order\n");
}
