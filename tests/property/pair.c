/* property/pair — see pair.h.
 *
 * Who uses it: property.c, shrink.c.
 */
#include <stdio.h>
#include <string.h>

#include "pair.h"

#include "plan/same.h"

bool pair_plan(struct arena *a, struct str text, struct ready_plan *ret) {
    *ret = (struct ready_plan){0};
    struct plan_source *source = ARENA_NEW(a, struct plan_source);
    struct plan_diagnostics *d = ARENA_NEW(a, struct plan_diagnostics);
    struct plan_library lib = {0};
    struct plan_file *file = NULL;
    if (!source || !d) return false;
    *source = (struct plan_source){STR("random.plan"), text};
    if (status_failed(plan_parse(a, source, d, &file))) return false;
    if (d->error_count == 0 && status_failed(plan_library_add(a, &lib, file, d))) return false;
    if (d->error_count == 0 && file->plan_count == 1) {
        struct plan_check_options o = {0};
        if (status_failed(plan_check(a, file->plans[0], &lib, &o, d))) return false;
    }
    for (uint32_t i = 0; i < d->count && !ret->code; i++)
        if (d->items[i].severity == PLAN_ERROR) ret->code = d->items[i].code;
    if (d->error_count > 0 || file->plan_count != 1) return true;
    ret->plan = file->plans[0];
    struct status s = plan_compile(a, ret->plan, &ret->program);
    if (!status_failed(s)) s = plan_program_verify(a, ret->program);
    if (!status_failed(s)) return true;
    fprintf(stderr, "a checked plan does not compile: %s: %.*s\n%.*s\n", s.err->code, STR_FMT(s.err->en), STR_FMT(text));
    return false;
}

/* ---- the walker made wrong on purpose ------------------------------------------------------------------------ */

static void inject(struct arena *a, struct plan_result *r) {
    struct plan_benefit_result *copy = ARENA_ARRAY(a, struct plan_benefit_result, r->benefit_count);
    bool done = false;
    for (uint32_t i = 0; copy && i < r->benefit_count; i++) {
        copy[i] = r->benefits[i];
        if (copy[i].base > 0 && !done) copy[i].pay++, done = true;
    }
    if (copy) r->benefits = copy;
}

/* ---- variants ---------------------------------------------------------------------------------------------------- */

static void compare(struct finding *f, const char *law, const struct plan_result *x, const struct plan_result *y, struct plan_same_options o) {
    struct plan_mismatch d = {0};
    if (!plan_results_same(x, y, o, &d)) finding_set(f, law, str_from(d.field), d.row, d.x, d.y);
}

struct pair {
    struct arena *a;
    const struct gen_plan *g;
    const struct ready_plan *p;
    const struct plan_input *in;
    const struct plan_counters *counters;
    uint32_t co_insurers;
};

static bool run(const struct pair *t, const struct plan_input *in, struct plan_run_options o, struct plan_result *ret) {
    return !status_failed(plan_run(t->a, t->p->program, in, t->counters, o, ret));
}

/* More left on one cell never pays less. */
static void more_is_not_less(const struct pair *t, const struct plan_result *r, struct finding *f) {
    const struct bill *b = t->in->bill;
    uint32_t line = (uint32_t)(r->pay % (b->lines.count)), bucket = (uint32_t)(r->cell_count % BUCKET_GIVEN_COUNT);
    int64_t *more = ARENA_ARRAY(t->a, int64_t, b->lines.count);
    struct plan_input in = *t->in;
    struct plan_result after = {0};
    if (!more || b->total > LIMIT_AMOUNT_MINOR / 2) return;
    if (in.left[bucket]) memcpy(more, in.left[bucket], b->lines.count * sizeof(more[0]));
    more[line] += 1 + r->pay % 977;
    in.left[bucket] = more;
    if (!run(t, &in, (struct plan_run_options){0}, &after)) {
        finding_set(f, "more is not less", STR("failed"), 0, 0, 1);
    } else if (after.pay < r->pay) {
        finding_set(f, "more is not less", STR("result.pay"), line, after.pay, r->pay);
    }
}

static void variants(const struct pair *t, const struct plan_result *r, struct finding *f, struct pair_tally *tally) {
    struct plan_result other = {0};
    struct plan_same_options all = {.co_insurers = t->co_insurers}, no_cells = {.co_insurers = t->co_insurers, .no_cells = true};
    if (run(t, t->in, (struct plan_run_options){.explain = true}, &other)) compare(f, "reasons change no amount", r, &other, all);
    else finding_set(f, "reasons change no amount", STR("failed"), 0, 0, 1);
    if (run(t, t->in, (struct plan_run_options){0}, &other)) compare(f, "the same again", r, &other, all);
    else finding_set(f, "the same again", STR("failed"), 0, 0, 1);
    if (run(t, t->in, (struct plan_run_options){.no_split = true}, &other)) compare(f, "totals without cells", r, &other, no_cells);
    else finding_set(f, "totals without cells", STR("failed"), 0, 0, 1);
    if (!t->g->monotone || r->refusal != PLAN_REFUSAL_NONE) return;
    tally->monotone++;
    more_is_not_less(t, r, f);
}

static void count(struct pair_tally *tally, const struct plan_result *r) {
    tally->refused += r->refusal != PLAN_REFUSAL_NONE;
    tally->paying += r->pay > 0;
    tally->cells += r->cell_count;
    tally->segments += r->segment_count > 1;
    tally->unproven += r->unproven;
}

void pair_run(struct arena *a, const struct gen_plan *g, const struct ready_plan *p, const struct plan_input *in,
              const struct plan_counters *counters, struct pair_options o, struct plan_result *ret_result, struct finding *ret,
              struct pair_tally *tally) {
    struct pair t = {.a = a, .g = g, .p = p, .in = in, .counters = counters, .co_insurers = plan_about(p->plan).co_insurer_count};
    struct plan_result walked = {0}, r = {0};
    struct status ran = plan_run(a, p->program, in, counters, (struct plan_run_options){0}, &r);
    struct status walk = plan_walk(a, p->plan, in, counters, &walked);
    *ret = (struct finding){0};
    *ret_result = (struct plan_result){0};
    tally->pairs++;
    if (ran.err || walk.err) {
        const char *x = ran.err ? ran.err->code : "fine", *y = walk.err ? walk.err->code : "fine";
        tally->failed_runs++;
        if (strcmp(x, y) != 0) {
            finding_set(ret, "evaluator and walker fail alike", STR(""), 0, 0, 0);
            snprintf(ret->what, sizeof(ret->what), "evaluator: %s, walker: %s", x, y);
        }
        return;
    }
    if (o.inject) inject(a, &walked);
    compare(ret, "evaluator = walker", &r, &walked, (struct plan_same_options){.co_insurers = t.co_insurers});
    laws_check(g, in, &r, t.co_insurers, ret);
    if (o.variants && !ret->law) variants(&t, &r, ret, tally);
    count(tally, &r);
    *ret_result = r;
}
