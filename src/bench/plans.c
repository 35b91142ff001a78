/* bench/plans — the plans that are measured, as texts in the plan language, with lists of made-up codes.
 *
 * Who uses it: the benchmarks. The clauses are those of real products (sub-limits per ingredient, deductibles that others fill, tiers, bed limits,
 * penalty multipliers), the figures are nobody's. Invariant: everything parses and checks without an error.
 */
#include <stdio.h>
#include <string.h>

#include "bench/work.h"

void bench_code(uint32_t n, char out[BENCH_CODE_BYTES + 1]) {
    /* spread, so that neighbours in a bill are no neighbours in a list */
    (void)snprintf(out, BENCH_CODE_BYTES + 1, "XL%02uBA%03uE001010%07u", n % 17, n % 211, n);
}

static void entries_add(struct buf *b, uint32_t first, uint32_t count) {
    char code[BENCH_CODE_BYTES + 1];
    for (uint32_t i = first; i < first + count; i++) {
        bench_code(i, code);
        buf_printf(b, "    code \"%s\"\n", code);
    }
}

static void list_add(struct buf *b, const char *name, uint32_t first, uint32_t count) {
    buf_printf(b, "  list %s \"清单\" / \"list\" of any\n", name);
    entries_add(b, first, count);
}

static void head_add(struct buf *b, const char *name, const char *kind) {
    buf_printf(b, "plan %s \"测速\" / \"benchmark\"\n  kind %s\n  source \"made up for the benchmark\", grade K\n"
                  "  in force 2024-01-01 ..\n  counts by discharge, over the end by admission\n  years are policy years\n"
                  "  currency CNY, rounded half-up once per benefit\n  waiting none\n", name, kind);
}

/* A supplementary product of a city: in catalogue, out of catalogue with sub-limits, special drugs. */
static void city_add(struct buf *b) {
    head_add(b, "bench-city", "supplementary");
    buf_add_cstr(b, "  reads insured_type\n"
                    "  co-insurers \"A\" 40%, \"B\" 30%, \"C\" 20%, \"D\" 10%, paid by lead\n"
                    "  class prior \"既往症\" / \"prior condition\" when first diagnosis of list prior before first enrolment\n");
    buf_add_cstr(b, "  list prior \"既往症\" / \"prior\" of diagnosis\n    prefix \"C\"\n    prefix \"I6\"\n    range \"N17\" .. \"N19\"\n");
    list_add(b, "special", 0, 75);
    buf_add_cstr(b, "  benefit special-drugs \"特药\" / \"special drugs\"\n    takes own_full\n    where kind = drug and code in list special\n"
                    "    deductible 20_000, prior 40_000 each year\n    pays 60%, prior 30%\n    cap 500_000 each year\n"
                    "  benefit in-catalogue \"目录内\" / \"in catalogue\"\n    needs statutory settled\n    takes own_first + in_scope_own\n"
                    "    where visit in (inpatient, outpatient, chronic)\n"
                    "    deductible by insured_type: employee 1_500, resident 1_000 each year\n    pays 80%, prior 40%\n    cap 1_000_000 each year\n"
                    "  benefit out-of-catalogue \"目录外\" / \"out of catalogue\"\n    needs statutory settled\n    takes own_full\n"
                    "    where visit = inpatient and ward = ordinary\n    deductible 2_000, prior 4_000 each year\n    pays 70%, prior 35%\n"
                    "    limit 3_000 per ingredient each year\n    limit 10_000 per implant each year\n    cap 1_000_000 each year\n");
}

/* A million-yuan product: one deductible that earlier payers fill, exclusions, a serious case with more. */
static void million_add(struct buf *b) {
    head_add(b, "bench-million", "commercial");
    list_add(b, "cosmetic", 5000, 2000);
    buf_add_cstr(b, "  list serious \"重疾\" / \"serious\" of diagnosis\n    prefix \"C\"\n    code \"I21.900\"\n    code \"N18.000\"\n"
                    "  case serious-illness \"重疾\" / \"serious illness\" when main diagnosis in list serious\n"
                    "  exclude cosmetic \"整形\" / \"cosmetic\" when code in list cosmetic\n"
                    "  shared deductible main \"年免赔额\" / \"deductible of the year\" 1_000, serious-illness 0 each year, filled by supplementary and commercial\n"
                    "  benefit general \"一般医疗\" / \"general\"\n    takes own_full + own_first + in_scope_own\n"
                    "    where visit in (inpatient, day_surgery) and kind != drug\n    deductible shared main\n    pays 50%\n"
                    "    times 100%\n    cap 2_000_000 each year\n"
                    "  benefit drugs \"药品\" / \"drugs\"\n    takes own_full + own_first + in_scope_own\n    where kind = drug\n"
                    "    deductible shared main\n    pays 50%, serious-illness 60%\n    cap 1_000_000 each year\n");
}

/* A family shares one falling deductible; beds by the day. */
static void family_add(struct buf *b) {
    head_add(b, "bench-family", "commercial");
    buf_add_cstr(b, "  reads insured_as_social default yes\n"
                    "  case penalty \"未经医保结算\" / \"not settled\" when insured_as_social and not statutory settled\n"
                    "  benefit general \"住院\" / \"inpatient\"\n    takes own_full + over_limit + own_first + in_scope_own\n"
                    "    where visit in (inpatient, day_surgery, outpatient)\n    counts at most 800 each day for kind = bed\n"
                    "    deductible max(1_000 - 100 * min(claim_free_years, 5), 500) each year per family, filled by supplementary\n"
                    "    pays 40%\n    times 100%, penalty 60%\n    cap 4_000_000 each year\n");
}

/* No deductible: 30% to 10,000, then everything. */
static void zero_add(struct buf *b) {
    head_add(b, "bench-zero", "commercial");
    buf_add_cstr(b, "  benefit care \"医疗\" / \"care\"\n    takes own_full + own_first + in_scope_own\n    where visit = inpatient and days < 60\n"
                    "    deductible none\n    pays 30% to 10_000 then 50%, on over each year\n    cap 2_000_000 each year\n    cap 8_000_000 lifetime\n");
}

/* What the others left, with an allowance beside it. */
static void rest_add(struct buf *b) {
    head_add(b, "bench-rest", "commercial");
    list_add(b, "imported", 60, 300);
    buf_add_cstr(b, "  benefit imported-drugs \"进口药\" / \"imported drugs\"\n    takes own_full\n    where kind = drug and code in list imported\n"
                    "    deductible none\n    pays 70%\n    limit 5_000 per item each year\n    cap 300_000 each year\n"
                    "  benefit remainder \"余额\" / \"remainder\"\n    takes own_full + over_limit + own_first + in_scope_own\n    where visit = inpatient\n"
                    "    deductible 500 each stay\n    pays 90%\n    cap 100_000 each stay\n    cap 1_000_000 lifetime\n"
                    "  benefit daily \"津贴\" / \"allowance\"\n    where visit = inpatient\n    allowance 100 each day after 3 days, at most 30 days each year\n");
}

static struct status text_finish(struct arena *a, struct buf *b, struct str *ret) {
    bool failed = b->failed;
    struct str text = arena_str(a, buf_view(b));
    buf_done(b);
    if (failed || !text.p) return status_memory();
    *ret = text;
    return STATUS_OK;
}

struct status bench_policies_text(struct arena *a, struct str *ret) {
    struct buf b;
    buf_init(&b, LIMIT_PLAN_BYTES);
    city_add(&b);
    million_add(&b);
    family_add(&b);
    zero_add(&b);
    rest_add(&b);
    return text_finish(a, &b, ret);
}

struct status bench_b20_text(struct arena *a, struct str *ret) {
    struct buf b;
    char code[BENCH_CODE_BYTES + 1];
    buf_init(&b, LIMIT_PLAN_BYTES);
    head_add(&b, "bench-b20", "statutory");
    buf_add_cstr(&b, "  list formulary \"目录\" / \"formulary\" of drug\n");
    for (uint32_t i = 0; i < BENCH_FORMULARY; i++) {
        bench_code(i, code);
        buf_printf(&b, "    code \"%s\" share %d%%\n", code, (int)(bench_formulary_share(i) / 10'000));
    }
    buf_add_cstr(&b, "  benefit pool \"统筹\" / \"pool\"\n    fund hifp_pay\n"
                     "    takes in_scope, at share of list formulary, rounded half-up per line\n    deductible 1_200 each year\n"
                     "    pays 80% to 30_000 then 85% to 50_000 then 90%, on over each year\n    cap 200_000 each year\n");
    return text_finish(a, &b, ret);
}

struct status bench_list_text(struct arena *a, uint32_t count, struct str *ret) {
    struct buf b;
    buf_init(&b, LIMIT_PLAN_BYTES);
    head_add(&b, "bench-list", "commercial");
    if (count) list_add(&b, "codes", 0, count);
    buf_add_cstr(&b, "  benefit listed \"清单内\" / \"listed\"\n    takes own_full\n");
    buf_add_cstr(&b, count ? "    where kind = drug and code in list codes\n" : "    where kind = drug\n");
    buf_add_cstr(&b, "    deductible none\n    pays 50%\n    cap none\n");
    return text_finish(a, &b, ret);
}

struct status bench_large_text(struct arena *a, struct str *ret) {
    struct buf b;
    buf_init(&b, LIMIT_PLAN_BYTES);
    head_add(&b, "bench-large", "commercial");
    list_add(&b, "codes", 0, 20'000);
    for (uint32_t i = 0; i < 64; i++)
        buf_printf(&b, "  benefit module-%u \"责任\" / \"module\"\n    takes own_full + own_first\n"
                       "    where visit = inpatient and kind in (drug, exam, lab) and code in list codes and age >= %u\n"
                       "    deductible %u each year, filled by supplementary\n    pays 60%% to 50_000 then 70%%, on over each year\n"
                       "    limit 3_000 per ingredient each year\n    cap 100_000 each year\n", i, i, 1000 + i);
    return text_finish(a, &b, ret);
}

/* ---- making them ready ------------------------------------------------------------------------------------ */

static struct status not_ready(struct arena *a, const struct plan_diagnostics *d) {
    struct str what = d->count ? d->items[0].en : STR("unknown");
    return status_error(a, (struct error){.code = "bench-plan", .place = STR("bench"), .zh = arena_printf(a, "测速方案有误：%.*s", STR_FMT(what)),
        .en = arena_printf(a, "a plan of the benchmark has an error: %.*s", STR_FMT(what))});
}

struct status bench_library_build(struct arena *a, struct str text, struct bench_library *ret) {
    struct plan_source *source = ARENA_NEW(a, struct plan_source);
    struct plan_diagnostics *d = ARENA_NEW(a, struct plan_diagnostics);
    if (!source || !d) return status_memory();
    *source = (struct plan_source){STR("bench.plan"), text};
    struct plan_file *file;
    TRY(plan_parse(a, source, d, &file));
    if (d->error_count) return not_ready(a, d);
    struct bench_library l = {0};
    TRY(plan_library_add(a, &l.library, file, d));
    l.products = ARENA_ARRAY(a, const struct settle_product *, l.library.plan_count);
    if (!l.products) return status_memory();
    for (uint32_t i = 0; i < l.library.plan_count; i++) {
        TRY(settle_product_build(a, l.library.plans[i], &l.library, d, &l.products[i]));
        if (!l.products[i]) return not_ready(a, d);
    }
    l.count = l.library.plan_count;
    *ret = l;
    return STATUS_OK;
}
