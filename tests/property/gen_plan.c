/* property/gen_plan — the head of a random plan, its parameters, lists, classes and cases, then its benefits.
 *
 * Who uses it: property.c.
 */
#include "gen_plan.h"

#include <string.h>

const char *const gen_diagnoses[] = {"C34.900", "C50.900", "C73.x00", "I10.x05", "I21.900", "E11.900", "E10.901", "J18.900", "K80.200", "M17.900",
                                     "S72.000", "Z51.100"};
const uint32_t gen_diagnosis_count = COUNT_OF(gen_diagnoses);
const char *const gen_operations[4] = {"47.0100", "51.2300x001", "36.0700", "81.5400"};
const char *const gen_regions[4] = {"410500", "110000", "310000", "360100"};
const char *const gen_hospitals[4] = {"H41050000001", "H41050000002", "H11010000009", "H31010000003"};
const char *const gen_tiers[3] = {"gold", "silver", "bronze"};

static const char *const modes[] = {"half-up", "half-even", "down", "up"};
static const char *const date_rules[] = {"admission", "discharge", "settlement", "line date"};

static void dates(struct gen_plan *g, bool always) {
    g->force_from = day_from_civil(2021 + (int)rng_below(g->r, 3), 1 + (int)rng_below(g->r, 12), 1 + (int)rng_below(g->r, 28));
    g->force_to = DAY_OPEN;
    if (always) g->force_from = day_from_civil(2021, 1, 1);
    else if (rng_chance(g->r, 60)) g->force_to = day_add(g->force_from, 30 + (int32_t)rng_below(g->r, 900));
    buf_add_cstr(g->out, "  in force ");
    gen_day(g, g->force_from);
    buf_add_cstr(g->out, " ..");
    if (day_is(g->force_to)) {
        buf_add_char(g->out, ' ');
        gen_day(g, g->force_to);
    }
    g->by_line_date = rng_chance(g->r, 25);
    buf_printf(g->out, "\n  counts by %s", date_rules[g->by_line_date ? 3 : rng_below(g->r, 3)]);
    if (!g->by_line_date) buf_printf(g->out, ", over the end by %s", date_rules[rng_below(g->r, 4)]);
    g->policy_years = rng_chance(g->r, 50);
    buf_printf(g->out, "\n  years are %s years\n", g->policy_years ? "policy" : "calendar");
}

static void money_kind(struct gen_plan *g, bool yuan) {
    uint32_t which = yuan ? 2 : rng_below(g->r, 20);
    g->currency = which == 0 ? "JPY" : which == 1 ? "KWD" : "CNY";
    g->digits = which == 0 ? 0 : which == 1 ? 3 : 2;
    g->unit = which == 0 ? 1 : which == 1 ? 1'000 : 100;
    g->exact = rng_chance(g->r, 4);
    buf_printf(g->out, "  currency %s, rounded %s once per benefit\n", g->currency, g->exact ? "exact" : modes[rng_below(g->r, 4)]);
}

/* One declared fact; each may have a default. */
static bool read_one(struct gen_plan *g, uint32_t *written, uint32_t percent, const char *text, const char *def) {
    if (!rng_chance(g->r, percent)) return false;
    buf_printf(g->out, "%s%s", (*written)++ ? ", " : "  reads ", text);
    if (rng_chance(g->r, 60)) buf_printf(g->out, " default %s", def);
    return true;
}

static void reads(struct gen_plan *g) {
    uint32_t n = 0;
    g->reads_type = read_one(g, &n, 50, "insured_type", "resident");
    bool retired = g->reads_type; /* `by insured_type, retired` */
    if (retired) buf_add_cstr(g->out, ", retired default no");
    g->reads_level = read_one(g, &n, 40, "hospital_level", "3");
    g->reads_poor = read_one(g, &n, 25, "poor", "no");
    g->reads_out = read_one(g, &n, 25, "out_of_region", "none");
    g->reads_stays = read_one(g, &n, 25, "stays_this_year", "0");
    g->reads_score = read_one(g, &n, 25, "score (number)", "2");
    g->reads_medal = read_one(g, &n, 25, "medal (gold or silver or bronze)", "silver");
    g->reads_member = read_one(g, &n, 25, "member (yes or no)", "no");
    if (n > 0) buf_add_char(g->out, '\n');
}

static void head(struct gen_plan *g, struct gen_options o) {
    static const char *const kinds[] = {"supplementary", "commercial", "commercial", "statutory", "programme"};
    uint32_t kind = rng_below(g->r, 5);
    g->statutory = kind == 3;
    buf_printf(g->out, "plan %s \"随机方案\" / \"random plan\"\n", o.name);
    buf_printf(g->out, "  kind %s\n", kinds[kind]);
    if (rng_chance(g->r, 20)) buf_printf(g->out, "  product line-of-%s\n", o.name);
    buf_add_cstr(g->out, "  source \"made by a generator\", grade D\n");
    dates(g, o.chained);
    money_kind(g, o.chained);
    reads(g);
    if (rng_chance(g->r, 25)) buf_printf(g->out, "  co-insurers \"甲\" %u%%, \"乙\" 30%%, \"丙\" %u%%, paid by %s\n", 20U, 50U, rng_chance(g->r, 50) ? "lead" : "each");
    else if (rng_chance(g->r, 10)) buf_add_cstr(g->out, "  co-insurers \"甲\" 33.3333%, \"乙\" 66.6667%, paid by lead\n");
}

static void waiting(struct gen_plan *g) {
    if (!rng_chance(g->r, 30)) return;
    buf_printf(g->out, "  waiting %u days", GEN_GRID * (1 + rng_below(g->r, 11)));
    if (rng_chance(g->r, 60)) {
        buf_add_cstr(g->out, " unless ");
        gen_cond_visit(g, 1);
    }
    buf_add_char(g->out, '\n');
}

/* ---- parameters ------------------------------------------------------------------------------------------ */

static struct day parameter_from(struct gen_plan *g, struct day from, bool *ret_last) {
    struct day next = day_add(from, GEN_GRID * (1 + (int32_t)rng_below(g->r, 20)));
    *ret_last = rng_chance(g->r, 40) || (day_is(g->force_to) && next.v > g->force_to.v);
    buf_add_cstr(g->out, "    from ");
    gen_day(g, from);
    buf_add_cstr(g->out, " .. ");
    if (!*ret_last) gen_day(g, day_add(next, -1));
    else if (day_is(g->force_to)) gen_day(g, g->force_to);
    buf_add_char(g->out, ' ');
    return next;
}

static void parameters(struct gen_plan *g) {
    uint32_t money = rng_below(g->r, 3), ratio = rng_below(g->r, 2);
    for (uint32_t i = 0; i < money; i++) {
        bool last = false;
        buf_printf(g->out, "\n  parameter pm%u \"参数%u\"\n", i, i);
        for (struct day from = g->force_from; !last;) {
            from = parameter_from(g, from, &last);
            int64_t most = gen_money_choice(g, GEN_MIDDLE, -1);
            g->money_parameter_most[i] = i64_max(g->money_parameter_most[i], most);
            buf_add_char(g->out, '\n');
        }
    }
    for (uint32_t i = 0; i < ratio; i++) {
        bool last = false;
        buf_printf(g->out, "\n  parameter pr%u \"比例%u\"\n", i, i);
        for (struct day from = g->force_from; !last;) {
            from = parameter_from(g, from, &last);
            gen_ratio(g);
            buf_add_char(g->out, '\n');
        }
    }
    g->money_parameters = money;
    g->ratio_parameters = ratio;
}

/* ---- lists --------------------------------------------------------------------------------------------------- */

static void entry_code(struct gen_plan *g) {
    switch (rng_below(g->r, 8)) {
    case 0: buf_printf(g->out, "    prefix \"D0%u\"", rng_below(g->r, 3)); break;
    case 1: buf_printf(g->out, "    range \"D%03u\" .. \"D%03u\"", rng_below(g->r, 10), 10 + rng_below(g->r, 10)); break;
    case 2: buf_printf(g->out, "    name \"药%u\"", rng_below(g->r, 10)); break;
    case 3: buf_printf(g->out, "    code \"C%03u\"", rng_below(g->r, GEN_CONSUMABLES)); break;
    case 4: buf_printf(g->out, "    code \"S%03u\"", rng_below(g->r, GEN_SERVICES)); break;
    default: buf_printf(g->out, "    code \"D%03u\"", rng_below(g->r, GEN_DRUGS)); break;
    }
}

/* Only the first list gives shares, and it gives one in every entry. */
static void entry_rest(struct gen_plan *g, bool share) {
    if (rng_chance(g->r, 15)) buf_add_cstr(g->out, " \"备注\"");
    if (rng_chance(g->r, 30)) buf_printf(g->out, " group \"g%u\"", rng_below(g->r, 4));
    if (share) {
        buf_add_cstr(g->out, " share ");
        gen_ratio(g);
    }
    if (rng_chance(g->r, 25)) {
        struct day from = gen_grid_day(g->r, g, 400);
        buf_add_cstr(g->out, " from ");
        gen_day(g, from);
        buf_add_cstr(g->out, " ..");
        if (rng_chance(g->r, 50)) {
            buf_add_char(g->out, ' ');
            gen_day(g, day_add(from, GEN_GRID * (int32_t)rng_below(g->r, 20) - (rng_chance(g->r, 50) && from.v > g->force_from.v ? 0 : -1)));
        }
    }
    buf_add_char(g->out, '\n');
}

/* Large enough for look-ups in batches; codes as long as national ones. */
static void large_list(struct gen_plan *g, bool share) {
    for (uint32_t i = 0, n = 100 + rng_below(g->r, 900); i < n; i++) {
        buf_printf(g->out, "    code \"XB01ABM%03uB002010178\"", i);
        if (rng_chance(g->r, 30)) buf_printf(g->out, " group \"g%u\"", rng_below(g->r, 4));
        buf_add_cstr(g->out, share ? " share 70%\n" : "\n");
    }
}

static void lists(struct gen_plan *g) {
    g->lists = rng_below(g->r, 4);
    g->dx_lists = rng_below(g->r, 3);
    for (uint32_t i = 0; i < g->lists; i++) {
        buf_printf(g->out, "\n  list l%u \"目录%u\"\n", i, i);
        for (uint32_t k = 0, n = 1 + rng_below(g->r, 10); k < n; k++) {
            entry_code(g);
            entry_rest(g, i == 0);
        }
        if (rng_chance(g->r, 2)) large_list(g, i == 0);
    }
    for (uint32_t i = 0; i < g->dx_lists; i++) {
        buf_printf(g->out, "\n  list dx%u \"病种%u\" of diagnosis\n", i, i);
        for (uint32_t k = 0, n = 1 + rng_below(g->r, 4); k < n; k++) {
            const char *code = gen_diagnoses[rng_below(g->r, gen_diagnosis_count)];
            if (rng_chance(g->r, 40)) buf_printf(g->out, "    prefix \"%.3s\"\n", code);
            else buf_printf(g->out, "    code \"%s\"\n", code);
        }
    }
    buf_printf(g->out, "\n  list ops \"手术\" of procedure\n    code \"%s\"\n    prefix \"%.2s\"\n", gen_operations[0], gen_operations[1]);
    buf_printf(g->out, "\n  list places \"机构\" of institution\n    code \"%s\"\n    prefix \"H1101\"\n", gen_hospitals[0]);
}

/* ---- the rest --------------------------------------------------------------------------------------------- */

static void conditions(struct gen_plan *g) {
    uint32_t classes = rng_below(g->r, 3), cases = rng_below(g->r, 4);
    for (uint32_t i = 0; i < classes; i++) {
        buf_printf(g->out, "\n  class c%u \"人群%u\" when ", i, i);
        if (g->dx_lists > 0 && rng_chance(g->r, 60)) buf_printf(g->out, "first diagnosis of list dx%u before first enrolment", rng_below(g->r, g->dx_lists));
        else gen_cond_visit(g, 1);
    }
    for (uint32_t i = 0; i < cases; i++) {
        buf_printf(g->out, "\n  case k%u \"情形%u\" when ", i, i);
        gen_cond_visit(g, 1);
    }
    g->disjoint = rng_chance(g->r, 30);
    if (g->disjoint) buf_add_cstr(g->out, "\n  case staying \"住院\" when visit = inpatient\n  case walking \"门诊\" when visit in (outpatient, chronic)");
    buf_add_char(g->out, '\n');
    g->classes = classes;
    g->cases = cases;
    g->named = true;
}

static void shared(struct gen_plan *g) {
    g->shared_deductibles = rng_below(g->r, 3) ? 0 : 1 + rng_below(g->r, 2);
    g->shared_caps = rng_below(g->r, 3) ? 0 : 1 + rng_below(g->r, 2);
    for (uint32_t i = 0; i < g->shared_deductibles; i++) {
        char name[8] = {'s', 'd', (char)('0' + i), 0};
        buf_printf(g->out, "\n  shared deductible %s \"共用%u\" ", name, i);
        gen_bound_add(g, name, PLAN_COUNTER_FILLED, 0, gen_money_choice(g, GEN_MIDDLE, 0));
        g->shared_each[i] = gen_each(g, false);
        if (rng_chance(g->r, 50)) buf_add_cstr(g->out, ", filled by supplementary and commercial");
    }
    for (uint32_t i = 0; i < g->shared_caps; i++) {
        char name[8] = {'s', 'c', (char)('0' + i), 0};
        buf_printf(g->out, "\n  shared cap %s \"共顶%u\" ", name, i);
        gen_bound_add(g, name, PLAN_COUNTER_PAID, 0, gen_money_choice(g, GEN_LARGE, INT64_MAX));
        (void)gen_each(g, false);
    }
    buf_add_char(g->out, '\n');
}

void gen_plan(struct rng *r, struct buf *out, struct gen_options o, struct gen_plan *ret) {
    struct gen_plan *g = ret;
    memset(g, 0, sizeof(*g));
    g->r = r;
    g->out = out;
    g->monotone = true;
    g->chained = o.chained;
    head(g, o);
    lists(g);
    conditions(g);
    waiting(g);
    parameters(g);
    shared(g);
    for (uint32_t i = 0, n = rng_below(r, 3) ? 0 : 1 + rng_below(r, 2); i < n; i++) {
        buf_printf(out, "\n  exclude x%u \"免责%u\" when ", i, i);
        gen_cond_line(g, 1);
        buf_add_char(out, '\n');
    }
    if (g->by_line_date) g->monotone = false;
    g->benefits = 1 + rng_below(r, 4);
    for (uint32_t i = 0; i < g->benefits; i++) gen_benefit(g, i);
}
