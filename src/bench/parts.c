/* bench/parts — what a settlement is made of: look-ups in short and long lists, splitting, compiling.
 *
 * Who uses it: bench.c. A look-up is measured where it happens, as the difference between a plan that asks a list about each line and one that does
 * not, over bills whose codes are spread over the whole list.
 */
#include "bench/work.h"

enum { BILLS = 64, LINES = 50, SPLIT_PARTS = 100 };

/* ---- look-ups ---------------------------------------------------------------------------------------------- */

struct lookup {
    struct arena arena, run;
    struct bench_library library;
    const struct plan_program *program;
    struct plan_input inputs[BILLS];
    struct bill_policy policy;
    struct plan_counters counters;
    int64_t sum;
};

static struct status job_lookup(void *context, uint64_t times) {
    struct lookup *l = context;
    for (uint64_t i = 0; i < times; i++) {
        struct plan_result r;
        arena_reset(&l->run);
        TRY(plan_run(&l->run, l->program, &l->inputs[i % BILLS], &l->counters, (struct plan_run_options){.no_split = true}, &r));
        l->sum += r.pay;
    }
    return STATUS_OK;
}

/* Bills with codes of the first `code_count`, a plan with a list of `list_count`: time of one bill. */
static struct status lookup_measure(struct lookup *l, const struct env *env, uint32_t list_count, uint32_t code_count, uint64_t *ret_ps) {
    struct str text;
    TRY(bench_list_text(&l->arena, list_count, &text));
    TRY(bench_library_build(&l->arena, text, &l->library));
    l->program = l->library.products[0]->program;
    l->policy = (struct bill_policy){.on = {DAY_NONE, DAY_OPEN}, .first_enrolled = DAY_NONE, .claim_free_years = -1};
    for (uint32_t i = 0; i < BILLS; i++) {
        const struct bill *bill;
        TRY(bench_bill(&l->arena, (struct bench_bill_options){.lines = LINES, .seed = i + 1, .code_count = code_count, .drugs_only = true}, &bill));
        l->inputs[i] = (struct plan_input){.bill = bill, .policy = &l->policy, .policy_default = true, .settled_on = bill->to, .owner = bill->person.id};
        l->inputs[i].left[BUCKET_OWN_FULL] = bill->lines.net[BUCKET_OWN_FULL];
    }
    return bench_measure(env, job_lookup, l, ret_ps);
}

static struct status lookup_run(const struct env *env, struct buf *out, uint32_t list_count, uint32_t code_count, uint64_t *ret_ps) {
    struct lookup *l;
    struct arena own;
    arena_init(&own, sizeof(struct lookup) + 4096);
    l = ARENA_NEW(&own, struct lookup);
    if (!l) {
        arena_done(&own);
        return status_memory();
    }
    arena_init(&l->arena, (size_t)256 << 20);
    arena_init(&l->run, (size_t)64 << 20);
    struct status status = lookup_measure(l, env, list_count, code_count, ret_ps);
    if (status_failed(status)) status = bench_failed(out, "lists", status);
    arena_done(&l->run);
    arena_done(&l->arena);
    arena_done(&own);
    return status;
}

static uint64_t per_line(uint64_t with_ps, uint64_t without_ps) { return with_ps > without_ps ? (with_ps - without_ps) / LINES : 1; }

/* Short and long lists with the bills that belong to them, each against the same bills without a list. */
static struct status lists_measure(const struct env *env, struct buf *out) {
    enum { SHORT = 20, LONG = 20'000 };
    uint64_t with = 0, without = 0, shorter, longer;
    TRY(lookup_run(env, out, 0, SHORT, &without));
    TRY(lookup_run(env, out, SHORT, SHORT, &with));
    shorter = per_line(with, without);
    TRY(lookup_run(env, out, 0, LONG, &without));
    TRY(lookup_run(env, out, LONG, LONG, &with));
    longer = per_line(with, without);
    bench_print_milli(out, "list_lookup_20_ns", shorter, "ns");
    bench_print_milli(out, "list_lookup_20000_ns", longer, "ns");
    bench_print_milli(out, "list_lookup_ratio", longer * 1000 / shorter, "times");
    return STATUS_OK;
}

/* ---- splitting ------------------------------------------------------------------------------------------------ */

struct split {
    int64_t weights[SPLIT_PARTS], parts[SPLIT_PARTS], total, sum;
    uint64_t scratch[SPLIT_PARTS];
};

static struct status job_split(void *context, uint64_t times) {
    struct split *s = context;
    for (uint64_t i = 0; i < times; i++) {
        if (!split_largest_remainder(s->total - (int64_t)(i % 97), s->weights, SPLIT_PARTS, s->parts, s->scratch)) return status_memory();
        s->sum += s->parts[i % SPLIT_PARTS];
    }
    return STATUS_OK;
}

static struct status split_measure(const struct env *env, struct buf *out) {
    struct split s = {0};
    uint64_t ps;
    for (uint32_t i = 0; i < SPLIT_PARTS; i++) {
        s.weights[i] = 1'000 + (int64_t)(i * 7'919u % 200'000u);
        s.total += s.weights[i];
    }
    s.total = s.total * 7 / 10;
    TRY(bench_measure(env, job_split, &s, &ps));
    bench_print_milli(out, "split_100_ns", ps, "ns");
    return STATUS_OK;
}

/* ---- compiling -------------------------------------------------------------------------------------------------- */

struct compile {
    struct arena arena, run;
    struct bench_library library;
    const struct plan *plan;
};

static struct status job_compile(void *context, uint64_t times) {
    struct compile *c = context;
    for (uint64_t i = 0; i < times; i++) {
        struct plan_program *program;
        arena_reset(&c->run);
        TRY(plan_compile(&c->run, c->plan, &program));
        TRY(plan_program_verify(&c->run, program));
    }
    return STATUS_OK;
}

static struct status compile_largest(struct compile *c, const struct env *env, struct buf *out) {
    struct str texts[2];
    uint64_t most = 0;
    TRY(bench_large_text(&c->arena, &texts[0]));
    TRY(bench_policies_text(&c->arena, &texts[1]));
    for (size_t t = 0; t < COUNT_OF(texts); t++) {
        TRY(bench_library_build(&c->arena, texts[t], &c->library));
        for (uint32_t i = 0; i < c->library.count; i++) {
            uint64_t ps;
            c->plan = c->library.products[i]->plan;
            TRY(bench_measure(env, job_compile, c, &ps));
            if (ps > most) most = ps;
        }
    }
    bench_print_milli(out, "plan_compile_ms_max", most / 1'000'000, "ms");
    return STATUS_OK;
}

static struct status compile_measure(const struct env *env, struct buf *out) {
    struct compile c = {0};
    arena_init(&c.arena, (size_t)256 << 20);
    arena_init(&c.run, (size_t)256 << 20);
    struct status status = compile_largest(&c, env, out);
    if (status_failed(status)) status = bench_failed(out, "compile", status);
    arena_done(&c.run);
    arena_done(&c.arena);
    return status;
}

struct status bench_parts(const struct env *env, struct buf *out) {
    TRY(compile_measure(env, out));
    TRY(lists_measure(env, out));
    return split_measure(env, out);
}
