/* plan/run/run — one run: facts, refusals, segments, and the answer put together.
 *
 * Who uses it: settle, test, cli by plan_run. Invariants: nothing is half done — a failure leaves *ret untouched; amounts do not depend on `explain`;
 * changes hold what the run wrote and nothing that came out as it was. Workload: 50 lines, a few microseconds; so nothing is prepared that no step asks
 * for. Source: docs/plan-language.md §4.
 */
#include <string.h>

#include "plan/run/run.h"

/* ---- failing, reasons ----------------------------------------------------------------------------------------- */

bool run_fail(struct run *r, const char *code, const char *zh, const char *en) {
    struct arena *a = r->arena;
    r->status = status_error(a, (struct error){.code = code, .place = r->program->name, .zh = str_from(zh), .en = str_from(en),
        .hint_zh = STR("请用 yijie plan check 检查方案，并核对账单"), .hint_en = STR("run yijie plan check on the plan, and look at the bill")});
    return false;
}

bool run_fail_memory(struct run *r) {
    r->status = status_memory();
    return false;
}

int64_t run_add(int64_t a, int64_t b) {
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return a < 0 ? -LIMIT_AMOUNT_MINOR : LIMIT_AMOUNT_MINOR;
    return sum > LIMIT_AMOUNT_MINOR ? LIMIT_AMOUNT_MINOR : sum < -LIMIT_AMOUNT_MINOR ? -LIMIT_AMOUNT_MINOR : sum;
}

/* The program says how many there can be in one segment: one growth is the rule. */
static bool reasons_grow(struct run *r) {
    uint32_t cap = r->reason_cap ? r->reason_cap * 2 : r->program->reason_count;
    struct plan_reason *grown = ARENA_ARRAY(r->arena, struct plan_reason, cap);
    if (!grown) return run_fail_memory(r);
    if (r->reason_count) memcpy(grown, r->reasons, r->reason_count * sizeof(*grown));
    r->reasons = grown;
    r->reason_cap = cap;
    return true;
}

void run_reason(struct run *r, enum plan_reason_code code, uint32_t line, int64_t a, int64_t b, uint32_t name) {
    if (!r->explain) return;
    if (r->reason_count == r->reason_cap && !reasons_grow(r)) return;
    struct plan_reason *reason = &r->reasons[r->reason_count++];
    uint16_t benefit = r->benefit ? (uint16_t)(r->benefit - r->program->benefits) : UINT16_MAX;
    *reason = (struct plan_reason){.code = (uint8_t)code, .segment = (uint8_t)r->segment, .benefit = benefit, .line = line, .a = a, .b = b, .name = name};
}

/* ---- scratch ----------------------------------------------------------------------------------------------------- */

/* Memory that ends with the run. The first of it lies on the stack: it is the same for every run, and stays in the nearest cache while results
 * move on through the arena. */
void *run_scratch_raw(struct run *r, size_t size) {
    size = (size + 15) & ~(size_t)15;
    if (size > sizeof(r->scratch->bytes) - r->scratch->used) return arena_alloc(r->arena, size, 16);
    char *p = r->scratch->bytes + r->scratch->used;
    r->scratch->used += size;
    return p;
}

void *run_scratch(struct run *r, size_t size) {
    void *p = run_scratch_raw(r, size);
    return p ? memset(p, 0, size) : NULL;
}

void *run_scratch_array(struct run *r, size_t count, size_t size) {
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - 16 ? NULL : run_scratch(r, bytes);
}

/* ---- segments ---------------------------------------------------------------------------------------------------- */

static void segment_lines(struct run *r, const struct run_segment *s) {
    uint64_t *mask = run_mask(r, MASK_SEGMENT);
    for (uint32_t w = 0; w < r->words; w++) mask[w] = s->lines ? s->lines[w] : ~0ULL;
    uint32_t last = r->line_count % 64;
    if (!s->lines && last) mask[r->words - 1] &= (1ULL << last) - 1;
    if (!s->lines && r->line_count == 0) mask[0] = 0;
}

static void rows_init(struct run *r) {
    for (uint32_t i = 0; i < r->program->benefit_count; i++) {
        struct plan_benefit_result *row = &r->rows[r->segment * r->program->benefit_count + i];
        *row = (struct plan_benefit_result){.benefit = (uint16_t)i, .segment = (uint8_t)r->segment, .deductible_left = NO_ROOM_KNOWN,
                                            .cap_left = NO_ROOM_KNOWN, .ratio_ppm = -1, .cell_start = r->out_count};
    }
}

/* The whole segment is refused: so is each of its benefits. */
static void rows_refuse(struct run *r, enum plan_refusal refusal) {
    for (uint32_t i = 0; i < r->program->benefit_count; i++) {
        struct plan_benefit_result *row = &r->rows[r->segment * r->program->benefit_count + i];
        row->applies = row->refused = true;
        row->refusal = (uint8_t)refusal;
    }
    run_reason(r, PLAN_REASON_REFUSED, 0, refusal, 0, UINT32_MAX);
}

/* A counter of the year before is written down when the year changes. */
static bool segment_begin(struct run *r, uint32_t at) {
    r->segment = at;
    struct day year = r->year_from;
    bool had_year = r->year_known;
    r->deciding = r->segments[at].deciding;
    r->year_known = false;
    if (had_year && run_year_from(r).v != year.v && !run_counters_flush(r, true)) return false;
    r->benefit = NULL;
    if (r->rest_used)
        for (uint32_t i = 0; i < r->program->benefit_count; i++) r->rest_used[i] = NULL;
    segment_lines(r, &r->segments[at]);
    rows_init(r);
    return true;
}

static bool segment_run(struct run *r, uint32_t at) {
    struct run_segment *s = &r->segments[at];
    if (!segment_begin(r, at)) return false;
    if (run_endorsed_out(r)) {
        s->refusal = PLAN_REFUSAL_ENDORSED_OUT;
    } else {
        run_facts_visit(r);
        if (!run_steps(r)) return false;
    }
    if (s->refusal) rows_refuse(r, s->refusal);
    return true;
}

/* When every segment is refused the plan is: for the reason that comes first. */
static enum plan_refusal segments_refusal(const struct run *r) {
    enum plan_refusal refusal = PLAN_REFUSAL_COUNT;
    for (uint32_t i = 0; i < r->segment_count; i++) {
        if (!r->segments[i].refusal) return PLAN_REFUSAL_NONE;
        if (r->segments[i].refusal < refusal) refusal = r->segments[i].refusal;
    }
    return refusal == PLAN_REFUSAL_COUNT ? PLAN_REFUSAL_NONE : refusal;
}

/* ---- beginning ------------------------------------------------------------------------------------------------------ */

/* One piece of memory for all that is always there. */
static bool registers_init(struct run *r) {
    const struct plan_program *g = r->program;
    r->words = r->line_count ? (r->line_count + 63) / 64 : 1;
    size_t scalars = g->scalar_count * sizeof(int64_t), masks = (size_t)g->mask_count * r->words * sizeof(uint64_t);
    char *memory = run_scratch(r, scalars + masks + g->counter_count * sizeof(struct run_counter));
    if (!memory) return run_fail_memory(r);
    r->s = (int64_t *)(void *)memory;
    r->masks = (uint64_t *)(void *)(memory + scalars);
    r->counters = (struct run_counter *)(void *)(memory + scalars + masks);
    return true;
}

static bool segments_run(struct run *r) {
    r->rows = ARENA_ARRAY(r->arena, struct plan_benefit_result, (size_t)r->segment_count * r->program->benefit_count);
    if (!r->rows) return run_fail_memory(r);
    for (uint32_t i = 0; i < r->segment_count; i++)
        if (!segment_run(r, i)) return false;
    r->benefit = NULL;
    return true;
}

static bool asks_history(const struct run *r) {
    return r->program->asks_history || (r->program->asks_history_in_class && !r->in->policy->class_given);
}

/* ---- the answer -------------------------------------------------------------------------------------------------------- */

static bool co_insurers_split(struct run *r, int64_t pay, const int64_t **ret) {
    uint32_t count = r->program->co_count;
    if (count == 0) return true;
    int64_t *parts = ARENA_ARRAY(r->arena, int64_t, count);
    uint64_t *scratch = RUN_ARRAY(r, uint64_t, count);
    if (!parts || !scratch) return run_fail_memory(r);
    if (!split_largest_remainder(pay, r->program->co_shares, count, parts, scratch))
        return run_fail(r, "co-insurers", "共保份额之和为零", "the co-insurers' shares sum to nothing");
    *ret = parts;
    return true;
}

static bool finish_refused(struct run *r, enum plan_refusal refusal, struct plan_result *ret) {
    r->benefit = NULL;
    r->reason_count = 0;
    run_reason(r, PLAN_REASON_REFUSED, 0, refusal, 0, UINT32_MAX);
    *ret = (struct plan_result){.refusal = refusal, .reasons = r->reasons, .reason_count = r->reason_count, .assumed = r->assumed,
                                .assumed_count = r->assumed_count};
    return co_insurers_split(r, 0, &ret->co_insurer_pay);
}

static bool finish(struct run *r, struct plan_result *ret) {
    bool no_evidence = asks_history(r) && !run_evidence(r);
    if (no_evidence && r->program->history_class != PLAN_NONE)
        run_reason(r, PLAN_REASON_NO_EVIDENCE, 0, 0, 0, (uint32_t)r->program->history_class);
    if (!run_counters_flush(r, false)) return false;
    uint32_t count = r->segment_count * r->program->benefit_count;
    bool unproven = false;
    for (uint32_t i = 0; i < count; i++) unproven = unproven || r->rows[i].unproven;
    *ret = (struct plan_result){.pay = r->pay, .benefits = r->rows, .benefit_count = count, .segment_count = r->segment_count, .cells = r->out,
        .cell_count = r->out_count, .changes = r->changes, .change_count = r->change_count, .reasons = r->reasons, .reason_count = r->reason_count,
        .unproven = unproven, .no_evidence = no_evidence, .excluded_by = r->excluded_by, .assumed = r->assumed, .assumed_count = r->assumed_count};
    return co_insurers_split(r, r->pay, &ret->co_insurer_pay);
}

static bool run_all(struct run *r, struct plan_result *ret) {
    enum plan_refusal refusal;
    if (!registers_init(r) || !run_facts_read(r) || !run_dates(r, &refusal)) return false;
    if (refusal) return finish_refused(r, refusal, ret);
    if (!segments_run(r)) return false;
    refusal = segments_refusal(r);
    return refusal ? finish_refused(r, refusal, ret) : finish(r, ret);
}

struct status plan_run(struct arena *a, const struct plan_program *program, const struct plan_input *in, const struct plan_counters *counters,
                       struct plan_run_options o, struct plan_result *ret) {
    struct run_scratch scratch;
    scratch.used = 0;
    struct run r = {.arena = a, .scratch = &scratch, .program = program, .in = in, .bill = in->bill, .table = counters, .explain = o.explain,
                    .total_only = o.no_split && program->total_suffices, .line_count = in->bill->lines.count};
    struct plan_result result;
    if (!run_all(&r, &result)) return r.status;
    if (status_failed(r.status)) return r.status;
    *ret = result;
    return STATUS_OK;
}
