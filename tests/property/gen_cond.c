/* property/gen_cond — random conditions, of the visit and of the line.
 *
 * Who uses it: gen_plan.c, gen_benefit.c.
 */
#include "gen_plan.h"

static const char *const compares[] = {"<", "<=", "=", "!=", ">=", ">"};

/* The catalogue class that is not given is written `unmarked`. */
static const char *word_text(const struct bill_word *w) {
    return w->name[0] ? w->name : "unmarked";
}

static void words_cond(struct gen_plan *g, const char *fact, enum bill_vocabulary which) {
    uint32_t n;
    const struct bill_word *words = bill_words(which, &n);
    uint32_t a = rng_below(g->r, n), b = (a + 1 + rng_below(g->r, n - 1)) % n;
    switch (rng_below(g->r, 3)) {
    case 0: buf_printf(g->out, "%s = %s", fact, word_text(&words[a])); break;
    case 1: buf_printf(g->out, "%s != %s", fact, word_text(&words[a])); break;
    default: buf_printf(g->out, "%s in (%s, %s)", fact, word_text(&words[a]), word_text(&words[b])); break;
    }
}

static void count_cond(struct gen_plan *g, const char *fact, uint32_t most) {
    buf_printf(g->out, "%s %s %u", fact, compares[rng_below(g->r, 6)], rng_below(g->r, most + 1));
}

static void own_fact(struct gen_plan *g) {
    switch (rng_below(g->r, 8)) {
    case 0: if (g->reads_type) { buf_add_cstr(g->out, "insured_type = resident"); return; } break;
    case 1: if (g->reads_level) { count_cond(g, "hospital_level", 3); return; } break;
    case 2: if (g->reads_poor) { buf_add_cstr(g->out, "poor"); return; } break;
    case 3: if (g->reads_out) { buf_add_cstr(g->out, "out_of_region in (none, referred)"); return; } break;
    case 4: if (g->reads_stays) { count_cond(g, "stays_this_year", 3); return; } break;
    case 5: if (g->reads_score) { count_cond(g, "score", 9); return; } break;
    case 6: if (g->reads_medal) { buf_printf(g->out, "medal %s %s", rng_chance(g->r, 50) ? "=" : "!=", gen_tiers[rng_below(g->r, 3)]); return; } break;
    default: if (g->reads_member) { buf_add_cstr(g->out, "member"); return; } break;
    }
    buf_add_cstr(g->out, "statutory settled");
}

static void named(struct gen_plan *g) {
    uint32_t names = g->classes + g->cases, which = rng_below(g->r, names ? names : 1);
    if (!g->named || names == 0) buf_add_cstr(g->out, "renewed");
    else if (which < g->classes) buf_printf(g->out, "c%u", which);
    else buf_printf(g->out, "k%u", which - g->classes);
}

static void diagnosis_cond(struct gen_plan *g) {
    if (g->dx_lists == 0) {
        count_cond(g, "days", 20);
        return;
    }
    uint32_t which = rng_below(g->r, g->dx_lists);
    switch (rng_below(g->r, 4)) {
    case 0: buf_printf(g->out, "diagnosis in list dx%u", which); break;
    case 1: buf_printf(g->out, "main diagnosis in list dx%u", which); break;
    case 2: buf_add_cstr(g->out, "procedure in list ops"); break;
    default: buf_printf(g->out, "first diagnosis of list dx%u before first enrolment", which); break;
    }
}

static void text_cond(struct gen_plan *g) {
    switch (rng_below(g->r, 5)) {
    case 0: buf_printf(g->out, "region = \"%s\"", gen_regions[rng_below(g->r, 4)]); break;
    case 1: buf_printf(g->out, "insured_region != \"%s\"", gen_regions[rng_below(g->r, 4)]); break;
    case 2: buf_printf(g->out, "hospital in (\"%s\", \"%s\")", gen_hospitals[0], gen_hospitals[rng_below(g->r, 3) + 1]); break;
    case 3: buf_add_cstr(g->out, "hospital in list places"); break;
    default: buf_add_cstr(g->out, "department = \"03\""); break;
    }
}

static void visit_atom(struct gen_plan *g) {
    switch (rng_below(g->r, 20)) {
    case 0:
    case 1: words_cond(g, "visit", BILL_VOCABULARY_VISIT); break;
    case 2: words_cond(g, "ward", BILL_VOCABULARY_WARD); break;
    case 3: words_cond(g, "cause", BILL_VOCABULARY_CAUSE); break;
    case 4: words_cond(g, "hospital_kind", BILL_VOCABULARY_HOSPITAL_KIND); break;
    case 5: words_cond(g, "sex", BILL_VOCABULARY_SEX); break;
    case 6: count_cond(g, "age", 80); break;
    case 7: count_cond(g, rng_chance(g->r, 50) ? "days" : "icu_days", 12); break;
    case 8: count_cond(g, rng_chance(g->r, 50) ? "claim_free_years" : "policy_years", 4); break;
    case 9: buf_add_cstr(g->out, rng_chance(g->r, 50) ? "day_surgery" : "died"); break;
    case 10: buf_add_cstr(g->out, rng_chance(g->r, 50) ? "interim" : "renewed"); break;
    case 11: buf_add_cstr(g->out, rng_chance(g->r, 50) ? "basic_paid" : "statutory settled"); break;
    case 12: text_cond(g); break;
    case 13:
    case 14: diagnosis_cond(g); break;
    case 15: buf_add_cstr(g->out, "endorsed rider"); break;
    case 16:
    case 17: named(g); break;
    default: own_fact(g); break;
    }
}

static void line_atom(struct gen_plan *g) {
    switch (rng_below(g->r, 9)) {
    case 0:
    case 1: words_cond(g, "kind", BILL_VOCABULARY_LINE_KIND); break;
    case 2: words_cond(g, "catalogue", BILL_VOCABULARY_CATALOGUE_CLASS); break;
    case 3:
        buf_printf(g->out, "date %s ", compares[rng_below(g->r, 6)]);
        gen_day(g, gen_grid_day(g->r, g, 500));
        break;
    case 4: buf_printf(g->out, "code = \"D%03u\"", rng_below(g->r, GEN_DRUGS)); break;
    case 5: buf_add_cstr(g->out, "reimbursed"); break;
    default:
        if (g->lists > 0) buf_printf(g->out, "code in list l%u", rng_below(g->r, g->lists));
        else buf_add_cstr(g->out, "kind = drug");
        break;
    }
}

static void cond(struct gen_plan *g, int depth, bool line) {
    bool negated = rng_chance(g->r, 12);
    if (depth == 0 || rng_chance(g->r, 60)) {
        if (negated) buf_add_cstr(g->out, "not ");
        if (line && rng_chance(g->r, 75)) line_atom(g);
        else visit_atom(g);
        return;
    }
    if (negated) buf_add_cstr(g->out, "not ");
    buf_add_char(g->out, '(');
    cond(g, depth - 1, line);
    buf_add_cstr(g->out, rng_chance(g->r, 50) ? " or " : " and ");
    cond(g, depth - 1, line);
    buf_add_char(g->out, ')');
}

void gen_cond_visit(struct gen_plan *g, int depth) {
    cond(g, depth, false);
}

void gen_cond_line(struct gen_plan *g, int depth) {
    cond(g, depth, true);
}
