/* property/pair — see pair.h.
 *
 * Who uses it: property.c, shrink.c.
 */
#include <stdio.h>
#include <string.h>

#include "pair.h"

#include "plan/examples/same.h"

/* A text read and checked. *ret_plan stays NULL when something was found; `code` says what. */
struct reading {
    struct plan_source source;
    struct plan_diagnostics diagnostics;
    struct plan_library library;
    struct plan_file *file;
    struct plan *plan;
    const char *code;
};

static struct reading *read_plan(struct arena *a, struct str text) {
    struct reading *r = ARENA_NEW(a, struct reading);
    if (!r) return NULL;
    struct plan_diagnostics *d = &r->diagnostics;
    r->source = (struct plan_source){STR("random.plan"), text};
    if (status_failed(plan_parse(a, &r->source, d, &r->file))) return NULL;
    if (d->error_count == 0 && status_failed(plan_library_add(a, &r->library, r->file, d))) return NULL;
    if (d->error_count == 0 && r->file->plan_count == 1) {
        struct plan_check_options o = {0};
        if (status_failed(plan_check(a, r->file->plans[0], &r->library, &o, d))) return NULL;
    }
    for (uint32_t i = 0; i < d->count && !r->code; i++)
        if (d->items[i].severity == PLAN_ERROR) r->code = d->items[i].code;
    if (d->error_count == 0 && r->file->plan_count == 1) r->plan = r->file->plans[0];
    return r;
}

/* The same plan in Chinese words, read again. NULL: it is not the same any more; said on stderr. */
static struct plan *translated(struct arena *a, const struct reading *r) {
    struct buf out;
    buf_init(&out, 4 << 20);
    struct status s = plan_format(a, &r->source, r->file, true, &out);
    struct str text = arena_str(a, buf_view(&out));
    buf_done(&out);
    struct reading *again = status_failed(s) || !text.p ? NULL : read_plan(a, text);
    if (again && again->plan) return again->plan;
    fprintf(stderr, "the plan in Chinese words is no plan (%s):\n%.*s\n", again && again->code ? again->code : "not read", STR_FMT(text));
    return NULL;
}

bool pair_plan(struct arena *a, struct str text, bool translate, struct ready_plan *ret) {
    *ret = (struct ready_plan){0};
    struct reading *r = read_plan(a, text);
    if (!r) return false;
    ret->code = r->code;
    if (!r->plan) return true;
    const struct plan *compiled = translate ? translated(a, r) : r->plan;
    if (!compiled) return false;
    struct status s = plan_compile(a, compiled, &ret->program);
    if (!status_failed(s)) s = plan_program_verify(a, ret->program);
    ret->plan = r->plan;
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
