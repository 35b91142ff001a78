/* fuzz_plan_verify — the steps of a compiled plan changed at will, or any bytes as steps: refused by the verifier, or run without harm.
 *
 * Input: a byte that picks plan and bill (low bits), reasons (64) and totals only (128); then, if the next byte is 0, edits of 11 bytes each: what, which
 * step (2), value (8, little endian); else the rest are steps of 16 bytes. Oracle: what verifies ends within its steps, touches nothing outside its
 * memory (sanitizers), fails only with a word, and pays nobody more than the bill.
 */
#include <stdlib.h>
#include <string.h>

#include "plan/compile/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PLANS = 3, EDIT_BYTES = 11, STEPS_MAX = 512 };

#define HEAD(counts, years)                                                                                   \
    " kind commercial\n source \"fuzz\", grade D\n in force 2023-01-01 ..\n counts by " counts "\n years are " years " years\n"   \
    " currency CNY, rounded half-up once per benefit\n"

static const char *const texts[PLANS] = {
    "plan a \"甲\"\n" HEAD("discharge, over the end by line date", "calendar")
    " reads poor default no, level (low or high) default high\n waiting 3 days unless cause = accident\n"
    " list l \"l\" of any\n code \"A\" share 40%\n prefix \"B\" share 80%\n range \"C1\" .. \"C5\" share 10%\n code \"D\" group \"g\" share 5% from 2024-01-01 ..\n"
    " shared deductible sd \"共\" 20 each year, filled by supplementary and commercial\n shared cap sc \"共\" 500 each year per family\n"
    " class old \"老\" when age >= 60\n case hurt \"伤\" when cause = accident or hospital in (\"H1\", \"H2\")\n"
    " exclude beds \"床\" when kind = bed and not code in list l\n"
    " parameter p \"参\" from 2023-01-01 .. 2024-06-30 5\n from 2024-07-01 .. max(6, 2 * days)\n co-insurers \"A\" 60%, \"B\" 40%, paid by lead\n"
    " benefit b1 \"一\"\n needs statutory settled\n takes own_full + own_first, at share of list l, rounded half-up per line\n"
    " where visit in (inpatient, outpatient) and (code in list l or date >= 2024-01-02)\n exclude labs \"验\" when kind = lab\n"
    " counts at most 70 per item each year\n counts at most 4 times each year for kind = drug\n counts at most 9 visits each stay\n"
    " first share 10% before deductible\n deductible shared sd\n pays 60% to 30 then 70%, hurt 90%, on base each year\n times 90%\n"
    " limit 40 per ingredient each year\n cap shared sc\n cap 100, old none each claim\n"
    " benefit b2 \"二\"\n takes rest of b1 + over_limit, before other payers\n deductible p each stay\n pays 50%\n limit 30 per implant each year for catalogue = B\n"
    " cap shared sc\n splits in line order\n"
    " benefit b3 \"三\"\n takes own_full\n counts at most 5 each day for kind in (bed, drug)\n first share 5% after deductible\n deductible shared sd\n pays 10%, old 20%\n cap none\n"
    " benefit b4 \"四\"\n where age > 3\n allowance 10 each day after 1 days, at most 5 days each year\n",
    "plan b \"乙\"\n" HEAD("line date", "policy")
    " parameter p \"参\" from 2023-01-01 .. 2024-06-30 50%\n from 2024-07-01 .. 60%\n"
    " benefit b1 \"一\"\n takes own_full + in_scope\n where kind in (drug, bed) or code = \"A\"\n deductible 5 each year\n pays p\n limit 20 per item each day\n cap 50 each claim\n"
    " benefit b2 \"二\"\n takes own_full\n where not reimbursed\n deductible none\n pays 30% to 10 then 50%, on over each claim\n cap 8000 lifetime\n",
    "plan c \"丙\"\n" HEAD("admission, over the end by settlement", "calendar")
    " list sick \"病\" of diagnosis\n prefix \"C\"\n list cut \"术\" of procedure\n code \"P1\"\n list where-not \"院\" of institution\n code \"H9\"\n"
    " class ill \"病\" when first diagnosis of list sick before first enrolment\n"
    " case big \"大\" when procedure in list cut and main diagnosis in list sick or hospital in list where-not and endorsed extra\n"
    " benefit b1 \"一\"\n takes own_full + over_limit + own_first + in_scope_own\n deductible 10 each year per family\n"
    " pays by sex: M 50%, F 60%, U 40% except ill 20%, ill and big 10%\n cap 100 each year\n"};

static const char bill_text[] =
    "{\"bill\":\"F\",\"hospital\":\"H1\",\"region\":\"410500\",\"stay\":\"S\",\"visit\":\"inpatient\",\"from\":\"2024-06-28\",\"to\":\"2024-07-03\",\"currency\":\"CNY\","
    "\"person\":{\"id_kind\":\"01\",\"id\":\"X\",\"name\":\"N\",\"born\":\"1950-01-01\",\"sex\":\"F\"},\"diagnoses\":[{\"code\":\"C34\",\"main\":true}],"
    "\"history\":[{\"code\":\"C50\",\"since\":\"2020-01-01\"}],\"procedures\":[\"P1\"],\"lines\":["
    "{\"line\":1,\"code\":\"A\",\"name\":\"a\",\"kind\":\"drug\",\"class\":\"B\",\"qty\":\"2\",\"date\":\"2024-06-29\",\"amount\":9000,\"own_full\":5000,\"over_limit\":0,\"own_first\":1000,\"in_scope\":3000},"
    "{\"line\":2,\"code\":\"B1\",\"name\":\"b\",\"kind\":\"implant\",\"class\":\"C\",\"qty\":\"1\",\"date\":\"2024-07-01\",\"amount\":8000,\"own_full\":8000,\"over_limit\":0,\"own_first\":0,\"in_scope\":0},"
    "{\"line\":3,\"code\":\"E9\",\"name\":\"c\",\"kind\":\"bed\",\"class\":\"A\",\"qty\":\"3\",\"date\":\"2024-07-02\",\"amount\":4500,\"own_full\":0,\"over_limit\":1500,\"own_first\":0,\"in_scope\":3000},"
    "{\"line\":4,\"code\":\"D\",\"name\":\"d\",\"kind\":\"drug\",\"class\":\"A\",\"qty\":\"0.5\",\"date\":\"2024-07-03\",\"amount\":700,\"own_full\":100,\"over_limit\":0,\"own_first\":0,\"in_scope\":600}"
    "],\"statutory\":{\"settled\":true,\"funds\":{}}}";

/* Made once: the programs, the bill, the input. */
struct ready {
    struct arena a;
    struct plan_program *programs[PLANS];
    struct bill_policy policy;
    struct plan_input in;
    struct plan_counters counters;
};

static void program_make(struct ready *r, size_t i) {
    struct plan_source *source = ARENA_NEW(&r->a, struct plan_source);
    struct plan_diagnostics *d = ARENA_NEW(&r->a, struct plan_diagnostics);
    struct plan_library lib = {0};
    struct plan_file *file;
    CHECK(source && d);
    *source = (struct plan_source){STR("fuzz"), str_from(texts[i])};
    CHECK(!plan_parse(&r->a, source, d, &file).err && d->error_count == 0);
    CHECK(!plan_library_add(&r->a, &lib, file, d).err);
    CHECK(!plan_check(&r->a, file->plans[0], &lib, &(struct plan_check_options){0}, d).err && d->error_count == 0);
    CHECK(!plan_compile(&r->a, file->plans[0], &r->programs[i]).err);
    CHECK(r->programs[i]->step_count <= STEPS_MAX);
}

static const struct ready *ready_make(void) {
    struct ready *r = calloc(1, sizeof(*r));
    CHECK(r);
    arena_init(&r->a, (size_t)64 << 20);
    for (size_t i = 0; i < PLANS; i++) program_make(r, i);
    const struct bill *bill;
    CHECK(!bill_parse(&r->a, str_from(bill_text), &bill).err);
    r->policy = (struct bill_policy){.on = {day_from_civil(2024, 1, 1), day_from_civil(2025, 12, 31)}, .first_enrolled = day_from_civil(2023, 1, 1)};
    r->in = (struct plan_input){.bill = bill, .policy = &r->policy, .settled_on = bill->to, .owner = STR("O"), .family = STR("F"), .statutory_settled = true};
    for (uint32_t b = 0; b < BUCKET_GIVEN_COUNT; b++) {
        r->in.left[b] = bill->lines.net[b];
        r->in.paid[PLAN_SUPPLEMENTARY][b] = bill->lines.net[b];
    }
    r->in.reimbursed = bill->lines.net[BUCKET_IN_SCOPE];
    plan_counters_init(&r->counters, &r->a);
    return r;
}

static uint64_t number(const uint8_t *p, size_t n) {
    uint64_t v = 0;
    while (n-- > 0) v = v << 8 | p[n];
    return v;
}

static void edit(struct plan_step *steps, uint32_t count, const uint8_t *p) {
    struct plan_step *s = &steps[number(p + 1, 2) % count];
    uint64_t v = number(p + 3, 8);
    switch (p[0] % 7) {
    case 0: s->op = (uint8_t)v; break;
    case 1: s->r = (uint8_t)v; break;
    case 2: s->a = (uint16_t)v; break;
    case 3: s->b = (uint32_t)v; break;
    case 4: s->v = (int64_t)v; break;
    case 5: *s = steps[v % count]; break;
    default: {
        struct plan_step *other = &steps[v % count], kept = *other;
        *other = *s;
        *s = kept;
    }
    }
}

/* The edited or given steps; how many. */
static uint32_t steps_make(const struct plan_program *g, const uint8_t *data, size_t size, struct plan_step *steps) {
    if (data[0] != 0) {
        uint32_t count = 0;
        for (data++, size--; size >= 16 && count < STEPS_MAX; data += 16, size -= 16)
            steps[count++] = (struct plan_step){data[0], data[1], (uint16_t)number(data + 2, 2), (uint32_t)number(data + 4, 4), (int64_t)number(data + 8, 8)};
        return count;
    }
    memcpy(steps, g->steps, g->step_count * sizeof(*steps));
    for (data++, size--; size >= EDIT_BYTES; data += EDIT_BYTES, size -= EDIT_BYTES) edit(steps, g->step_count, data);
    return g->step_count;
}

static void run_check(struct arena *a, const struct ready *r, const struct plan_program *g, struct plan_run_options o) {
    struct plan_result result;
    struct status s = plan_run(a, g, &r->in, &r->counters, o, &result);
    if (s.err) {
        CHECK(s.err->code && s.err->zh.n && s.err->en.n);
        return;
    }
    CHECK(result.pay >= 0);
    for (uint32_t i = 0; i < result.cell_count; i++) CHECK(result.cells[i].line < r->in.bill->lines.count && result.cells[i].bucket < BUCKET_COUNT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct ready *r; /* lives as long as the process */
    if (!r) r = ready_make();
    if (size < 2) return 0;
    struct plan_program g = *r->programs[data[0] % 64 % PLANS];
    struct plan_step steps[STEPS_MAX];
    struct plan_run_options o = {.explain = data[0] & 64, .no_split = data[0] & 128};
    g.step_count = steps_make(&g, data + 1, size - 1, steps);
    g.steps = steps;
    struct arena a;
    arena_init(&a, (size_t)64 << 20);
    if (!plan_program_verify(&a, &g).err) run_check(&a, r, &g, o);
    struct buf out;
    buf_init(&out, 1 << 20);
    if (g.step_count) plan_disassemble(&g, &out); /* prints anything without harm */
    CHECK(utf8_check(buf_view(&out)));
    buf_done(&out);
    arena_done(&a);
    return 0;
}
