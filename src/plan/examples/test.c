/* plan/examples/test — runs the examples of a plan: by the program and by the walker, which must agree, and against what is expected.
 *
 * Who uses it: `yijie plan test`, the test of all plans, the mutation test. An example is one person; its steps are bills in order, counters
 * run on. Source: docs/plan-language.md §9.
 */
#include <stdio.h>

#include "plan/examples/same.h"
#include "plan/examples/scene.h"

/* One example at work. */
struct trial {
    struct arena *a;
    const struct plan *p;
    const struct plan_program *program;
    struct scene scene;
    struct plan_counters counters;
    struct plan_result result;
    struct buf zh, en; /* what differed, one sentence each */
};

static void says(struct trial *t, const char *zh, const char *en, struct str what) {
    if (t->zh.n > 0) buf_add_cstr(&t->zh, "；");
    if (t->en.n > 0) buf_add_cstr(&t->en, "; ");
    buf_printf(&t->zh, "第 %u 步 ", t->scene.step);
    buf_printf(&t->en, "step %u ", t->scene.step);
    buf_add(&t->zh, what);
    buf_add(&t->en, what);
    buf_add_cstr(&t->zh, zh);
    buf_add_cstr(&t->en, en);
}

static void says_amounts(struct trial *t, struct str what, int64_t expected, int64_t got) {
    char x[40], y[40], zh[160], en[160];
    minor_format((struct minor){expected}, t->p->currency, true, x);
    minor_format((struct minor){got}, t->p->currency, true, y);
    snprintf(zh, sizeof(zh), "：应为 %s，实为 %s", x, y);
    snprintf(en, sizeof(en), ": expected %s, got %s", x, y);
    says(t, zh, en, what);
}

/* ---- expectations -------------------------------------------------------------------------------------------- */

static struct str refusal_text(const struct plan *p, const struct plan_benefit_result *r) {
    if (r->refusal != PLAN_REFUSAL_CUSTOM) return str_from(plan_refusal_code((enum plan_refusal)r->refusal));
    struct str own = p->benefits[r->benefit].needs[r->need_index].refusal;
    return own.n > 0 ? own : str_from(plan_refusal_code(PLAN_REFUSAL_CUSTOM));
}

static bool is_refused(const struct trial *t, const struct plan_expect *e) {
    const struct plan_result *r = &t->result;
    if (r->refusal != PLAN_REFUSAL_NONE) return str_eq(e->code, str_from(plan_refusal_code(r->refusal)));
    uint32_t asked = 0, refused = 0;
    for (uint32_t i = 0; i < r->benefit_count; i++) {
        const struct plan_benefit_result *b = &r->benefits[i];
        if (!b->applies || (e->ref.name.n > 0 && b->benefit != e->ref.index)) continue;
        asked++;
        if (b->refused && str_eq(refusal_text(t->p, b), e->code)) refused++;
    }
    return asked > 0 && asked == refused;
}

static int64_t benefit_pay(const struct plan_result *r, int32_t benefit) {
    int64_t pay = 0;
    for (uint32_t i = 0; i < r->benefit_count; i++)
        if (r->benefits[i].benefit == benefit) pay += r->benefits[i].pay;
    return pay;
}

static void expect_one(struct trial *t, const struct plan_expect *e) {
    int64_t expected = scene_minor(t->p, e->number_e6), got = 0;
    struct str what = e->ref.name;
    switch (e->kind) {
    case PLAN_EXPECT_BENEFIT:
    case PLAN_EXPECT_ALLOWANCE: got = benefit_pay(&t->result, e->ref.index); break;
    case PLAN_EXPECT_TOTAL:
        got = t->result.pay;
        what = STR("total");
        break;
    case PLAN_EXPECT_REFUSED:
        if (!is_refused(t, e)) {
            says(t, "：应被拒付而未拒付", ": expected a refusal that did not come", e->code);
        }
        return;
    }
    if (got != expected) says_amounts(t, what, expected, got);
}

/* ---- one step --------------------------------------------------------------------------------------------------- */

static void says_difference(struct trial *t, const struct plan_mismatch *d) {
    char zh[200], en[200];
    snprintf(zh, sizeof(zh), "：求值程序与对照程序不一致（第 %u 行，%lld 与 %lld）", d->row, (long long)d->x, (long long)d->y);
    snprintf(en, sizeof(en), ": evaluator and walker differ (row %u, %lld and %lld)", d->row, (long long)d->x, (long long)d->y);
    says(t, zh, en, str_from(d->field));
}

static bool both_run(struct trial *t, const struct plan_input *in) {
    struct plan_result walked = {0};
    struct plan_mismatch d = {0};
    struct status walk = plan_walk(t->a, t->p, in, &t->counters, &walked);
    t->result = walked;
    struct status run = STATUS_OK;
    if (t->program) run = plan_run(t->a, t->program, in, &t->counters, (struct plan_run_options){.explain = true}, &t->result);
    const struct error *err = walk.err ? walk.err : run.err;
    if (err) {
        char zh[300], en[300];
        snprintf(zh, sizeof(zh), "：%.*s", STR_FMT(err->zh));
        snprintf(en, sizeof(en), ": %.*s", STR_FMT(err->en));
        says(t, zh, en, err->place.n > 0 ? err->place : str_from(err->code));
        return false;
    }
    struct plan_same_options o = {.co_insurers = t->p->co_insurer_count};
    if (t->program && !plan_results_same(&t->result, &walked, o, &d)) says_difference(t, &d);
    return true;
}

static struct status step_run(struct trial *t, const struct plan_example_step *step) {
    struct plan_input in;
    if (!scene_read(&t->scene, step)) {
        if (t->scene.no_memory) return status_memory();
        says(t, "：算例中的这一项无法理解", ": this given cannot be understood", t->scene.wrong->word);
        return STATUS_OK;
    }
    if (!scene_input(&t->scene, &in)) return status_memory();
    TRY(scene_counters(&t->scene, step, &in, &t->counters));
    if (!both_run(t, &in)) return STATUS_OK;
    for (uint32_t i = 0; i < step->expect_count; i++) expect_one(t, &step->expects[i]);
    for (uint32_t i = 0; i < t->result.change_count; i++) {
        const struct plan_counter_change *c = &t->result.changes[i];
        TRY(plan_counters_set(&t->counters, &c->key, c->after));
    }
    return STATUS_OK;
}

static struct status example_run(struct trial *t, const struct plan_example *x, struct plan_example_outcome *ret) {
    plan_counters_init(&t->counters, t->a);
    if (!scene_init(&t->scene, t->a, t->p)) return status_memory();
    buf_clear(&t->zh);
    buf_clear(&t->en);
    for (uint32_t i = 0; i < x->step_count; i++) TRY(step_run(t, &x->steps[i]));
    *ret = (struct plan_example_outcome){.title = x->title, .source = x->source, .passed = t->zh.n == 0, .line = x->pos.line,
                                         .zh = arena_str(t->a, buf_view(&t->zh)), .en = arena_str(t->a, buf_view(&t->en))};
    return ret->zh.p && ret->en.p && !t->zh.failed && !t->en.failed ? STATUS_OK : status_memory();
}

struct status plan_test(struct arena *a, const struct plan *p, const struct plan_program *program, struct plan_example_outcome **ret, uint32_t *ret_count) {
    struct plan_example_outcome *outcomes = ARENA_ARRAY(a, struct plan_example_outcome, p->example_count);
    struct trial t = {.a = a, .p = p, .program = program};
    struct status s = outcomes ? STATUS_OK : status_memory();
    buf_init(&t.zh, (size_t)64 << 10);
    buf_init(&t.en, (size_t)64 << 10);
    for (uint32_t i = 0; i < p->example_count && !status_failed(s); i++) s = example_run(&t, &p->examples[i], &outcomes[i]);
    buf_done(&t.zh);
    buf_done(&t.en);
    if (status_failed(s)) return s;
    *ret = outcomes;
    *ret_count = p->example_count;
    return STATUS_OK;
}
