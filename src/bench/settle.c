/* bench/settle — a bill of 50 lines with a statutory result against five policies, by the room that settles for everybody.
 *
 * Who uses it: bench.c. Includes funds, the split to lines and buckets, co-insurers and the sums of the answer; explained: reason records and
 * what nobody paid. Counters of a year of earlier bills are there. Invariant: with and without reasons every amount is the same.
 */
#include "bench/work.h"

enum { BILLS = 32, LINES = 50 };

struct work {
    struct arena arena, run;
    struct bench_library library;
    struct settle_chain chain;
    struct sha256 hash;
    const struct bill *bills[BILLS];
    struct plan_counters counters;
    bool explain;
    int64_t sum;
    struct buf text;
    struct settle_answer answer;
};

static const char policies[] =
    "{\"plan\":\"bench-city\",\"policy\":\"P1\",\"from\":\"2024-01-01\",\"to\":\"2024-12-31\",\"first_enrolled\":\"2022-01-01\"},"
    "{\"plan\":\"bench-million\",\"policy\":\"P2\",\"from\":\"2024-03-01\",\"to\":\"2025-02-28\",\"first_enrolled\":\"2021-03-01\"},"
    "{\"plan\":\"bench-family\",\"policy\":\"P3\",\"from\":\"2024-05-01\",\"to\":\"2025-04-30\",\"first_enrolled\":\"2020-05-01\",\"claim_free_years\":2,\"family\":\"F1\"},"
    "{\"plan\":\"bench-zero\",\"policy\":\"P4\",\"from\":\"2024-06-01\",\"to\":\"2025-05-31\",\"first_enrolled\":\"2024-06-01\"},"
    "{\"plan\":\"bench-rest\",\"policy\":\"P5\",\"from\":\"2024-07-01\",\"to\":\"2025-06-30\",\"first_enrolled\":\"2023-07-01\"}";

static struct status settle_one(struct work *w, uint32_t i, bool explain, struct settle_answer *ret) {
    return settle_bill(&w->run, &w->chain, w->bills[i], &w->counters, (struct settle_options){.explain = explain, .settled_on = DAY_NONE}, ret);
}

static struct status work_build(struct work *w) {
    struct str text;
    TRY(bench_policies_text(&w->arena, &text));
    TRY(bench_library_build(&w->arena, text, &w->library));
    struct settle_payer *payers = ARENA_ARRAY(&w->arena, struct settle_payer, w->library.count);
    if (!payers) return status_memory();
    for (uint32_t i = 0; i < w->library.count; i++) payers[i] = (struct settle_payer){.product = w->library.products[i], .fills = true};
    w->chain = (struct settle_chain){.payers = payers, .payer_count = w->library.count, .products = w->library.products, .product_count = w->library.count, .hash = &w->hash};
    plan_counters_init(&w->counters, &w->arena);
    for (uint32_t i = 0; i < BILLS; i++) {
        struct bench_bill_options o = {.lines = LINES, .seed = 1000 + i, .code_count = 150, .plans = policies, .settled = true};
        TRY(bench_bill(&w->arena, o, &w->bills[i]));
    }
    for (uint32_t i = 0; i < BILLS; i += 2) { /* every second person has been there before */
        struct settle_answer answer;
        TRY(settle_one(w, i, false, &answer));
        TRY(settle_answer_commit(&answer, &w->counters));
    }
    arena_reset(&w->run);
    return STATUS_OK;
}

static struct status reasons_harmless(struct work *w) {
    static const struct error differs = {.code = "bench-differs", .en = {"amounts differ with reasons", 27}};
    for (uint32_t i = 0; i < BILLS; i++) {
        struct settle_answer with, without;
        arena_reset(&w->run);
        TRY(settle_one(w, i, true, &with));
        TRY(settle_one(w, i, false, &without));
        bool same = with.payers_total == without.payers_total && with.cash == without.cash && with.share_count == without.share_count;
        for (uint32_t k = 0; same && k < with.share_count; k++) same = with.shares[k].pay == without.shares[k].pay;
        if (!same) return (struct status){&differs};
    }
    return STATUS_OK;
}

static struct status job_settle(void *context, uint64_t times) {
    struct work *w = context;
    for (uint64_t i = 0; i < times; i++) {
        struct settle_answer answer;
        arena_reset(&w->run);
        TRY(settle_one(w, (uint32_t)(i % BILLS), w->explain, &answer));
        w->sum += answer.payers_total;
    }
    return STATUS_OK;
}

static struct status job_render(void *context, uint64_t times) {
    struct work *w = context;
    for (uint64_t i = 0; i < times; i++) {
        buf_clear(&w->text);
        for (uint32_t s = 0; s < w->answer.share_count; s++) {
            const struct settle_share *share = &w->answer.shares[s];
            for (uint32_t k = 0; k < share->run.reason_count; k++) {
                plan_reason_print(share->product->plan, &share->run.reasons[k], true, &w->text);
                plan_reason_print(share->product->plan, &share->run.reasons[k], false, &w->text);
            }
        }
        if (w->text.failed) return status_memory();
    }
    return STATUS_OK;
}

static struct status work_measure(struct work *w, const struct env *env, struct buf *out) {
    uint64_t explained_ps, plain_ps, render_ps;
    TRY(work_build(w));
    TRY(reasons_harmless(w));
    w->explain = true;
    TRY(bench_measure(env, job_settle, w, &explained_ps));
    w->explain = false;
    TRY(bench_measure(env, job_settle, w, &plain_ps));
    bench_print_milli(out, "settle_50x6_explained_us", explained_ps / 1000, "us");
    bench_print_milli(out, "settle_50x6_us", plain_ps / 1000, "us");

    w->explain = true;
    TRY(job_settle(w, BILLS));
    size_t calls = w->run.system_calls;
    TRY(job_settle(w, BILLS));
    bench_print(out, "settle_allocations", w->run.system_calls - calls, "calls");
    bench_print(out, "settle_arena_bytes", w->run.bytes_peak, "bytes");

    arena_reset(&w->run);
    TRY(settle_one(w, 0, true, &w->answer));
    TRY(bench_measure(env, job_render, w, &render_ps));
    bench_print_milli(out, "explain_render_us", render_ps / 1000, "us");
    return STATUS_OK;
}

struct status bench_settle(const struct env *env, struct buf *out) {
    struct work w = {0};
    arena_init(&w.arena, (size_t)64 << 20);
    arena_init(&w.run, (size_t)64 << 20);
    buf_init(&w.text, 1 << 20);
    sha256_init(&w.hash);
    struct status status = work_measure(&w, env, out);
    if (status_failed(status)) status = bench_failed(out, "settle", status);
    sha256_done(&w.hash);
    buf_done(&w.text);
    arena_done(&w.run);
    arena_done(&w.arena);
    return status;
}
