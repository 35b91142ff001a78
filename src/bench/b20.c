/* bench/b20 — the 20-line decision: deductible and cap of the year partly used, three tiers, 20 look-ups in a formulary of 200 codes.
 *
 * Who uses it: bench.c. From the bill with text codes to the payout, without split to lines, one bill at a time; beside it the same by hand. Invariant:
 * both pay the same on every bill, or the benchmark fails.
 */
#include "bench/work.h"

enum { BILLS = 64, LINES = 20 };

struct b20 {
    struct arena arena, run;
    struct bench_library library;
    const struct plan_program *program;
    const struct bill *bills[BILLS];
    struct plan_input inputs[BILLS];
    struct bill_policy policy;
    struct plan_counters counters;
    struct bench_ceiling *ceiling;
    int64_t sum;
};

static struct status run_one(struct b20 *b, uint32_t i, bool no_split, struct plan_result *ret) {
    struct plan_run_options o = {.no_split = no_split};
    return plan_run(&b->run, b->program, &b->inputs[i], &b->counters, o, ret);
}

static struct status bills_make(struct b20 *b) {
    for (uint32_t i = 0; i < BILLS; i++) {
        struct bench_bill_options o = {.lines = LINES, .seed = i + 1, .code_count = BENCH_FORMULARY};
        TRY(bench_bill(&b->arena, o, &b->bills[i]));
        b->inputs[i] = (struct plan_input){.bill = b->bills[i], .policy = &b->policy, .policy_default = true, .settled_on = b->bills[i]->to,
                                           .owner = b->bills[i]->person.id};
        b->inputs[i].left[BUCKET_IN_SCOPE] = b->bills[i]->lines.net[BUCKET_IN_SCOPE];
    }
    return STATUS_OK;
}

/* Each person has a year behind them: deductible, tiers and cap partly used. */
static struct status counters_fill(struct b20 *b) {
    plan_counters_init(&b->counters, &b->arena);
    for (uint32_t i = 0; i < BILLS; i++) {
        struct plan_result r;
        TRY(run_one(b, i, false, &r));
        if (i == 0) TRY(bench_ceiling_build(&b->arena, &r, &b->ceiling));
        for (uint32_t k = 0; k < r.change_count; k++) {
            const struct plan_counter_key *key = &r.changes[k].key;
            int64_t used = key->kind == PLAN_COUNTER_FILLED ? 70'000 : key->kind == PLAN_COUNTER_OVER ? 2'500'000 : 19'000'000 + i * 20'000;
            TRY(plan_counters_set(&b->counters, key, used));
        }
        arena_reset(&b->run);
    }
    return STATUS_OK;
}

static struct status differs(struct arena *a, int64_t plan, int64_t hand) {
    return status_error(a, (struct error){.code = "bench-differs", .place = STR("b20"),
        .zh = arena_printf(a, "方案给付 %lld，手写程序给付 %lld", (long long)plan, (long long)hand),
        .en = arena_printf(a, "the plan pays %lld, the program by hand %lld", (long long)plan, (long long)hand)});
}

static struct status both_agree(struct b20 *b) {
    for (uint32_t i = 0; i < BILLS; i++) {
        struct plan_result split, total;
        TRY(run_one(b, i, false, &split));
        TRY(run_one(b, i, true, &total));
        int64_t hand = bench_ceiling_pay(b->ceiling, b->bills[i], b->inputs[i].owner, &b->counters);
        if (split.pay != hand || total.pay != hand) return differs(&b->arena, total.pay, hand);
    }
    return STATUS_OK;
}

static struct status job_plan(void *context, uint64_t times) {
    struct b20 *b = context;
    for (uint64_t i = 0; i < times; i++) {
        struct plan_result r;
        arena_reset(&b->run);
        TRY(run_one(b, (uint32_t)(i % BILLS), true, &r));
        b->sum += r.pay;
    }
    return STATUS_OK;
}

static struct status job_ceiling(void *context, uint64_t times) {
    struct b20 *b = context;
    for (uint64_t i = 0; i < times; i++) {
        uint32_t at = (uint32_t)(i % BILLS);
        b->sum += bench_ceiling_pay(b->ceiling, b->bills[at], b->inputs[at].owner, &b->counters);
    }
    return STATUS_OK;
}

static struct status b20_build(struct b20 *b) {
    struct str text;
    TRY(bench_b20_text(&b->arena, &text));
    TRY(bench_library_build(&b->arena, text, &b->library));
    b->program = b->library.products[0]->program;
    b->policy = (struct bill_policy){.on = {DAY_NONE, DAY_OPEN}, .first_enrolled = DAY_NONE, .claim_free_years = -1};
    TRY(bills_make(b));
    TRY(counters_fill(b));
    return both_agree(b);
}

static struct status b20_measure(struct b20 *b, const struct env *env, struct buf *out) {
    uint64_t plan_ps, ceiling_ps;
    TRY(b20_build(b));
    TRY(bench_measure(env, job_plan, b, &plan_ps));
    TRY(bench_measure(env, job_ceiling, b, &ceiling_ps));
    const uint64_t second_ps = 1'000'000'000'000;
    bench_print(out, "b20_claims_per_cpu_s", second_ps / plan_ps, "claims/s");
    bench_print(out, "b20_ceiling_claims_per_cpu_s", second_ps / ceiling_ps, "claims/s");
    bench_print_milli(out, "b20_ratio", plan_ps * 1000 / ceiling_ps, "times");
    return b->sum > 0 ? STATUS_OK : differs(&b->arena, b->sum, 0);
}

struct status bench_b20(const struct env *env, struct buf *out) {
    struct b20 b = {0};
    arena_init(&b.arena, (size_t)64 << 20);
    arena_init(&b.run, (size_t)64 << 20);
    struct status status = b20_measure(&b, env, out);
    if (status_failed(status)) status = bench_failed(out, "b20", status);
    arena_done(&b.run);
    arena_done(&b.arena);
    return status;
}
