/* property/gen_value — random amounts, ratios and choices.
 *
 * Who uses it: gen_plan.c, gen_benefit.c. Exceptions are written so that they are disjoint, nested, or in order.
 */
#include "gen_plan.h"

static const char *const modes[] = {"half-up", "half-even", "down", "up"};

void gen_day(struct gen_plan *g, struct day d) {
    char text[11];
    day_format(d, text);
    buf_add_cstr(g->out, text);
}

struct day gen_grid_day(struct rng *r, const struct gen_plan *g, int32_t within) {
    return day_add(g->force_from, GEN_GRID * (int32_t)rng_below(r, (uint32_t)(within / GEN_GRID)));
}

/* An amount as people write it: 39_500 or 399_600.05. */
void gen_number(struct gen_plan *g, int64_t minor) {
    int64_t whole = minor / g->unit, rest = minor % g->unit;
    bool grouped = rng_chance(g->r, 60);
    if (grouped && whole >= 1'000'000)
        buf_printf(g->out, "%lld_%03lld_%03lld", (long long)(whole / 1'000'000), (long long)(whole / 1'000 % 1'000), (long long)(whole % 1'000));
    else if (grouped && whole >= 1'000)
        buf_printf(g->out, "%lld_%03lld", (long long)(whole / 1'000), (long long)(whole % 1'000));
    else
        buf_add_i64(g->out, whole);
    if (rest > 0) buf_printf(g->out, ".%0*lld", (int)g->digits, (long long)rest);
}

static int64_t amount(struct gen_plan *g, int scale) {
    static const int64_t tops[] = {800, 40'000, 3'000'000};
    int64_t top = tops[scale] * g->unit, v = rng_between(g->r, 0, top);
    switch (rng_below(g->r, 6)) {
    case 0: return v;                                          /* odd minor units */
    case 1: return v / g->unit * g->unit;
    case 2: return rng_chance(g->r, 30) ? 0 : v / 10;
    default: return (v / (100 * g->unit) + 1) * 100 * g->unit; /* round sums */
    }
}

static int64_t literal(struct gen_plan *g, int scale) {
    int64_t v = amount(g, scale);
    gen_number(g, v);
    return v;
}

static const char *count_fact(struct gen_plan *g) {
    static const char *const facts[] = {"claim_free_years", "policy_years", "days", "icu_days", "age"};
    if (g->reads_score && rng_chance(g->r, 25)) return "score";
    if (g->reads_stays && rng_chance(g->r, 25)) return "stays_this_year";
    return facts[rng_below(g->r, 5)];
}

int64_t gen_money(struct gen_plan *g, int scale) {
    int64_t a, b;
    switch (rng_below(g->r, 14)) {
    case 0:
        if (g->money_parameters > 0) {
            uint32_t p = rng_below(g->r, g->money_parameters);
            buf_printf(g->out, "pm%u", p);
            return g->money_parameter_most[p];
        }
        return literal(g, scale);
    case 1:
        a = literal(g, scale);
        buf_add_cstr(g->out, " + ");
        return a + literal(g, GEN_SMALL);
    case 2: /* falling with a count */
        buf_add_cstr(g->out, "max(");
        a = literal(g, scale);
        buf_add_cstr(g->out, " - ");
        (void)literal(g, GEN_SMALL);
        buf_printf(g->out, " * %s, ", count_fact(g));
        b = literal(g, GEN_SMALL);
        buf_add_cstr(g->out, ")");
        return i64_max(a, b);
    case 3:
        buf_add_cstr(g->out, "min(");
        a = literal(g, scale);
        buf_add_cstr(g->out, ", ");
        (void)literal(g, GEN_SMALL);
        buf_printf(g->out, " * %s)", count_fact(g));
        return a;
    case 4:
        buf_add_cstr(g->out, "(");
        a = literal(g, scale);
        buf_add_cstr(g->out, " * ");
        gen_ratio(g);
        buf_printf(g->out, " rounded %s)", modes[rng_below(g->r, 4)]);
        return a;
    default: return literal(g, scale);
    }
}

void gen_ratio(struct gen_plan *g) {
    switch (rng_below(g->r, 8)) {
    case 0: buf_printf(g->out, "%u.%u%%", rng_below(g->r, 100), rng_below(g->r, 10)); break;
    case 1: buf_printf(g->out, "%u.%04u%%", rng_below(g->r, 100), rng_below(g->r, 10'000)); break;
    case 2: buf_add_cstr(g->out, rng_chance(g->r, 50) ? "100%" : "0%"); break;
    default: buf_printf(g->out, "%u%%", 5 * (1 + rng_below(g->r, 20))); break;
    }
}

static void ratio_value(struct gen_plan *g) {
    if (g->ratio_parameters > 0 && rng_chance(g->r, 10)) {
        buf_printf(g->out, "pr%u", rng_below(g->r, g->ratio_parameters));
    } else if (rng_chance(g->r, 4)) {
        buf_printf(g->out, "%u%% * %u%%", 10 * (1 + rng_below(g->r, 10)), 10 * (1 + rng_below(g->r, 10)));
    } else if (rng_chance(g->r, 4)) {
        buf_add_cstr(g->out, rng_chance(g->r, 50) ? "min(" : "max(");
        gen_ratio(g);
        buf_add_cstr(g->out, ", ");
        gen_ratio(g);
        buf_add_cstr(g->out, ")");
    } else {
        gen_ratio(g);
    }
}

/* ---- choices ------------------------------------------------------------------------------------------ */

/* What a choice chooses among. */
struct kind_of_value {
    enum { MONEY, RATIO, COUNT, SCHEDULE } kind;
    int scale;
    uint32_t most;
    bool tiered;
    int64_t none_is; /* what `none` stands for: 0 for a deductible, INT64_MAX for a cap; -1: it may not be written */
};

static void schedule(struct gen_plan *g, bool tiered) {
    if (g->exact) {
        buf_add_cstr(g->out, "100%");
        return;
    }
    if (!tiered) {
        ratio_value(g);
        return;
    }
    int64_t to = 0;
    uint32_t n = 1 + rng_below(g->r, 3);
    for (uint32_t i = 0; i < n; i++) {
        gen_ratio(g);
        to += (1 + rng_below(g->r, 40)) * 500 * g->unit;
        buf_add_cstr(g->out, " to ");
        gen_number(g, to);
        buf_add_cstr(g->out, " then ");
    }
    gen_ratio(g);
}

static int64_t value(struct gen_plan *g, const struct kind_of_value *k) {
    switch (k->kind) {
    case MONEY:
        if (k->none_is >= 0 && rng_chance(g->r, 3)) {
            buf_add_cstr(g->out, "none");
            return k->none_is;
        }
        return gen_money(g, k->scale);
    case RATIO: ratio_value(g); return RATIO_ONE;
    case COUNT: {
        uint32_t n = 1 + rng_below(g->r, k->most);
        buf_printf(g->out, "%u", n);
        return n;
    }
    case SCHEDULE: schedule(g, k->tiered); return 0;
    }
    return 0;
}

static void guard_name(struct gen_plan *g, uint32_t which) {
    if (which < g->classes) buf_printf(g->out, "c%u", which);
    else buf_printf(g->out, "k%u", which - g->classes);
}

static int64_t guarded(struct gen_plan *g, const struct kind_of_value *k, uint32_t first, int64_t second) {
    guard_name(g, first);
    if (second >= 0) {
        buf_add_cstr(g->out, " and ");
        guard_name(g, (uint32_t)second);
    }
    buf_add_char(g->out, ' ');
    return value(g, k);
}

/* Two cases that exclude each other. */
static int64_t disjoint(struct gen_plan *g, const struct kind_of_value *k) {
    buf_add_cstr(g->out, "staying ");
    int64_t most = value(g, k);
    buf_add_cstr(g->out, ", walking ");
    return i64_max(most, value(g, k));
}

/* Exceptions behind a base, the first after `except` or a comma: one; one and what includes it; two in order; two and what includes both;
 * two that exclude each other. Returns the most. */
static int64_t exceptions(struct gen_plan *g, const struct kind_of_value *k, bool after_by, int64_t most) {
    uint32_t names = g->classes + g->cases;
    if (!g->named || rng_chance(g->r, 55) || (names == 0 && !g->disjoint)) return most;
    uint32_t first = rng_below(g->r, names), second = rng_below(g->r, names), shape = first == second ? 0 : rng_below(g->r, 4);
    buf_add_cstr(g->out, after_by ? " except " : ", ");
    if (names == 0 || (g->disjoint && rng_chance(g->r, 30))) return i64_max(most, disjoint(g, k));
    most = i64_max(most, guarded(g, k, first, -1));
    if (shape == 0) return most;
    buf_add_cstr(g->out, ", ");
    if (shape == 3) {
        most = i64_max(most, guarded(g, k, second, (int64_t)first));
        buf_add_cstr(g->out, ", ");
    }
    most = i64_max(most, guarded(g, k, shape == 1 ? first : second, shape == 1 ? (int64_t)second : -1));
    if (shape == 2) buf_add_cstr(g->out, " in order");
    return most;
}

static int64_t by_level(struct gen_plan *g, const struct kind_of_value *k) {
    int64_t most = 0;
    buf_add_cstr(g->out, "by hospital_level: ");
    for (uint32_t i = 1; i <= 3; i++) {
        buf_printf(g->out, "%s%u ", i > 1 ? ", " : "", i);
        most = i64_max(most, value(g, k));
    }
    return most;
}

static int64_t by_words(struct gen_plan *g, const struct kind_of_value *k, const char *fact, const char *const *words, uint32_t count) {
    int64_t most = 0;
    bool otherwise = count > 2 && rng_chance(g->r, 40);
    buf_printf(g->out, "by %s: ", fact);
    for (uint32_t i = 0; i < count - (otherwise ? 1 : 0); i++) {
        buf_printf(g->out, "%s%s ", i > 0 ? ", " : "", words[i]);
        most = i64_max(most, value(g, k));
    }
    if (!otherwise) return most;
    buf_add_cstr(g->out, ", otherwise ");
    return i64_max(most, value(g, k));
}

static int64_t by_two(struct gen_plan *g, const struct kind_of_value *k) {
    static const char *const items[] = {"employee yes", "employee no", "resident yes", "resident no"};
    int64_t most = 0;
    buf_add_cstr(g->out, "by insured_type, retired: ");
    for (uint32_t i = 0; i < 4; i++) {
        buf_printf(g->out, "%s%s ", i > 0 ? ", " : "", items[i]);
        most = i64_max(most, value(g, k));
    }
    return most;
}

static int64_t by_number(struct gen_plan *g, const struct kind_of_value *k) {
    int64_t most = 0;
    buf_add_cstr(g->out, "by policy_years: ");
    for (uint32_t i = 0; i < 2; i++) {
        buf_printf(g->out, "%s%u ", i > 0 ? ", " : "", i);
        most = i64_max(most, value(g, k));
    }
    buf_add_cstr(g->out, ", otherwise ");
    return i64_max(most, value(g, k));
}

static int64_t by_text(struct gen_plan *g, const struct kind_of_value *k) {
    buf_printf(g->out, "by region: \"%s\" ", gen_regions[0]);
    int64_t most = value(g, k);
    buf_printf(g->out, ", \"%s\" ", gen_regions[1]);
    most = i64_max(most, value(g, k));
    buf_add_cstr(g->out, ", otherwise ");
    return i64_max(most, value(g, k));
}

static int64_t choice(struct gen_plan *g, const struct kind_of_value *k) {
    static const char *const types[] = {"employee", "resident"}, *const yes_no[] = {"yes", "no"}, *const sexes[] = {"U", "M", "F"};
    static const char *const outs[] = {"none", "long_term", "referred", "other"};
    switch (rng_below(g->r, 24)) {
    case 0: if (g->reads_level) return exceptions(g, k, true, by_level(g, k)); break;
    case 1: if (g->reads_type) return exceptions(g, k, true, by_words(g, k, "insured_type", types, 2)); break;
    case 2: if (g->reads_type) return exceptions(g, k, true, by_two(g, k)); break;
    case 3: if (g->reads_out) return exceptions(g, k, true, by_words(g, k, "out_of_region", outs, 4)); break;
    case 4: if (g->reads_medal) return exceptions(g, k, true, by_words(g, k, "medal", gen_tiers, 3)); break;
    case 5: return exceptions(g, k, true, by_words(g, k, "basic_paid", yes_no, 2));
    case 6: return exceptions(g, k, true, by_words(g, k, "sex", sexes, 3));
    case 7: return exceptions(g, k, true, by_number(g, k));
    case 8: return exceptions(g, k, true, by_text(g, k));
    default: break;
    }
    return exceptions(g, k, false, value(g, k));
}

int64_t gen_money_choice(struct gen_plan *g, int scale, int64_t none_is) {
    return choice(g, &(struct kind_of_value){.kind = MONEY, .scale = scale, .none_is = none_is});
}

int64_t gen_ratio_choice(struct gen_plan *g) {
    return choice(g, &(struct kind_of_value){.kind = RATIO});
}

int64_t gen_count_choice(struct gen_plan *g, uint32_t most) {
    return choice(g, &(struct kind_of_value){.kind = COUNT, .most = most});
}

void gen_schedule_choice(struct gen_plan *g, bool tiered) {
    (void)choice(g, &(struct kind_of_value){.kind = SCHEDULE, .tiered = tiered});
}
