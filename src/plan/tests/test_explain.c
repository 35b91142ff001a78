/* The plan in plain sentences: every clause of a plan that uses all of them, word by word, in both languages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "plan/plan.h"

static const char plan_text[] =
    "plan rich \"样板保险\" / \"Sample cover\"\n"
    "  kind commercial\n"
    "  product sample\n"
    "  source \"样板条款\", grade D\n"
    "  in force 2022-01-01 .. 2023-12-31\n"
    "  counts by discharge, over the end by line date\n"
    "  years are policy years\n"
    "  currency CNY, rounded half-up once per benefit\n"
    "  reads insured_type, hospital_level default 3\n"
    "  waiting 30 days unless renewed or cause = accident\n"
    "  co-insurers \"甲公司\" 60%, \"乙公司\" 40%, paid by lead\n"
    "  parameter line \"起付线\" / \"threshold\"\n"
    "    from 2022-01-01 .. 2022-12-31 by insured_type: employee 39_500, resident 30_400\n"
    "    from 2023-01-01 .. 2023-12-31 41_000\n"
    "  list drugs \"特药\" / \"special drugs\"\n"
    "    code \"A\" group \"a\" share 90%\n"
    "  list prior \"既往\" / \"listed conditions\" of diagnosis\n"
    "    prefix \"C\"\n"
    "  class old \"高龄\" / \"old age\" when age >= 60\n"
    "  class sick \"既往症\" / \"prior condition\" when first diagnosis of list prior before first enrolment\n"
    "  case away \"异地\" / \"away\" when region != \"410500\"\n"
    "  shared deductible together \"共用免赔\" / \"one deductible\" 10_000 each year per family, filled by supplementary\n"
    "  shared cap all \"总限额\" / \"total cap\" 2_000_000 lifetime\n"
    "  exclude work \"工伤\" / \"work injury\" when cause = work\n"
    "  benefit inside \"医保内\" / \"inside the catalogue\"\n"
    "    needs statutory settled\n"
    "    needs hospital_level >= 2 else small-hospital \"医院等级不足\" / \"hospital too small\"\n"
    "    takes in_scope_own + own_first\n"
    "    where visit in (inpatient, chronic) and not (ward = vip)\n"
    "    waiting 90 days\n"
    "    exclude herbs \"饮片\" / \"herbs\" when kind = herb\n"
    "    counts at most 1_500 each day for kind = bed\n"
    "    counts at most 12 times per item each year for kind = exam\n"
    "    counts at most 3 visits each year\n"
    "    first share 10% before deductible\n"
    "    deductible line, sick max(line - 1_000 * claim_free_years, 5_000) each year, filled by supplementary and commercial\n"
    "    pays 60% to 50_000 then 70%, sick 30% to 50_000 then 35%, on over each year\n"
    "    times 100%, away 80%\n"
    "    limit 300_000 per ingredient each year\n"
    "    cap 1_000_000 each year\n"
    "    cap shared all\n"
    "  benefit outside \"医保外\" / \"outside the catalogue\"\n"
    "    takes own_full + rest of inside, before other payers, at share of list drugs, rounded down per line\n"
    "    first share 5% after deductible\n"
    "    deductible shared together\n"
    "    pays 70%, old 60%, sick 40%, old and sick 30%\n"
    "    cap none\n"
    "    splits in line order\n"
    "  benefit small \"小额\" / \"small\"\n"
    "    takes over_limit\n"
    "    deductible none\n"
    "    pays 50%\n"
    "    cap 500 each stay\n"
    "  benefit icu \"重症津贴\" / \"intensive care\"\n"
    "    allowance 500 each icu-day after 5 days, at most 10 days each stay, at most 30 days each year\n"
    "  example \"一\"\n"
    "    given own_full 1\n"
    "    expect total 0\n";

static const char zh_text[] =
    "样板保险\n"
    "\n"
    "方案 rich，产品 sample；种类：商业。\n"
    "依据：样板条款；资料等级 D（仅供演示）。\n"
    "有效期：2022-01-01 .. 2023-12-31；是否在保障期内，看出院日；住院跨越保障期起止的，看每笔费用的发生日。\n"
    "“每年”指保单年度。\n"
    "币种：人民币；每项责任舍入一次：四舍五入。\n"
    "等待期：自首次参保起 30 天；不适用等待期的情形：续保，或原因是意外。\n"
    "账单须载明：参保类型、医院等级（未载明时按 3）。\n"
    "共同承保：甲公司 60%、乙公司 40%；由首席统一支付。\n"
    "参数「起付线」：2022-01-01 .. 2022-12-31：职工：39,500.00，居民：30,400.00；2023-01-01 .. 2023-12-31：41,000.00。\n"
    "清单「既往」：共 1 条。\n"
    "清单「特药」：共 1 条。\n"
    "人群「高龄」：年龄 ≥ 60。\n"
    "人群「既往症」：首次投保前已诊断「既往」。\n"
    "情形「异地」：就医地不是410500。\n"
    "共用免赔额「共用免赔」（每年，全家共用）：10,000.00；以下给付可抵扣：惠民保。\n"
    "共用封顶线「总限额」（终身）：2,000,000.00。\n"
    "责任免除「工伤」：原因是工伤。\n"
    "\n"
    "责任 1「医保内」\n"
    "  前提：已经基本医保结算；否则不予给付。\n"
    "  前提：医院等级 ≥ 2；否则不予给付：「医院等级不足」。\n"
    "  等待期：自首次参保起 90 天。\n"
    "  纳入的费用：范围内自付 + 先行自付。\n"
    "  限于：就诊类型是住院或门诊慢特病，且病房不是贵宾部。\n"
    "  责任免除「饮片」：项目类别是中药饮片。\n"
    "  计入的费用至多 1,500.00（每天），针对：项目类别是床位。\n"
    "  计入的费用至多 12 次（每个项目，每年），针对：项目类别是检查。\n"
    "  计入的费用至多 3 次就诊（每年）。\n"
    "  先由个人负担 10%。\n"
    "  免赔额（每年）：「起付线」；「既往症」：「起付线」 − (1,000.00 × 无理赔年数)与5,000.00中较大者；以下给付可抵扣：惠民保、商业。\n"
    "  给付比例：60%（至 50,000.00），再往上 70%；「既往症」：30%（至 50,000.00），再往上 35%；分段按免赔额以上的累计金额（每年）。\n"
    "  再乘以 100%；「异地」：80%。\n"
    "  给付限额：300,000.00（每种药品，每年）。\n"
    "  封顶线（每年）：1,000,000.00。\n"
    "  使用共用封顶线「总限额」。\n"
    "\n"
    "责任 2「医保外」\n"
    "  纳入的费用：自费 + 责任「医保内」未给付的部分，按其他给付之前的金额计算，每笔按清单「特药」所列比例计入（舍去尾数）。\n"
    "  使用共用免赔额「共用免赔」。\n"
    "  扣除免赔额后，先由个人负担 5%。\n"
    "  给付比例：70%；「高龄」：60%；「既往症」：40%；「高龄」且「既往症」：30%。\n"
    "  不设封顶线。\n"
    "  按费用的先后次序分摊。\n"
    "\n"
    "责任 3「小额」\n"
    "  纳入的费用：超限价自费。\n"
    "  无免赔额。\n"
    "  给付比例：50%。\n"
    "  封顶线（每次住院）：500.00。\n"
    "\n"
    "责任 4「重症津贴」\n"
    "  重症监护津贴，每日 500.00；扣除最初 5 天；每次住院至多 10 天；每年至多 30 天。\n"
    "\n"
    "本方案附算例 1 个，随方案一同检验。\n";

static const char en_text[] =
    "Sample cover\n"
    "\n"
    "Plan rich, product sample; kind: commercial.\n"
    "Source: 样板条款; grade D (a demonstration).\n"
    "In force: 2022-01-01 .. 2023-12-31; what decides whether it is covered: the day of discharge; for a stay over the beginning or end of cover: the date of each line.\n"
    "“Each year” is the policy year.\n"
    "Currency: Yuan Renminbi; each benefit is rounded once: half-up.\n"
    "Waiting period: 30 days from first enrolment; not where renewed or cause is accident.\n"
    "The bill must say: insured_type, hospital_level (when it does not: 3).\n"
    "Co-insurers: 甲公司 60%, 乙公司 40%; the lead pays for all.\n"
    "Parameter “threshold”: 2022-01-01 .. 2022-12-31: employee: 39,500.00, resident: 30,400.00; 2023-01-01 .. 2023-12-31: 41,000.00.\n"
    "List “listed conditions”: 1 entry.\n"
    "List “special drugs”: 1 entry.\n"
    "Class “old age”: age ≥ 60.\n"
    "Class “prior condition”: a diagnosis of “listed conditions” before first enrolment.\n"
    "Case “away”: region is not 410500.\n"
    "Shared deductible “one deductible” (each year, shared by the family): 10,000.00; also filled by what these paid: supplementary.\n"
    "Shared cap “total cap” (in a lifetime): 2,000,000.00.\n"
    "Not covered: “work injury”: cause is work.\n"
    "\n"
    "Benefit 1 “inside the catalogue”\n"
    "  Needs: settled by the basic insurance; else nothing is paid.\n"
    "  Needs: hospital_level ≥ 2; else nothing is paid: “hospital too small”.\n"
    "  Waiting period: 90 days from first enrolment.\n"
    "  Takes: what the statutory insurance left of the scope + the own first share.\n"
    "  Only where visit is inpatient or chronic and ward is not vip.\n"
    "  Not covered: “herbs”: kind is herb.\n"
    "  Counts at most 1,500.00 (each day), for lines where kind is bed.\n"
    "  Counts at most 12 times (per item, each year), for lines where kind is exam.\n"
    "  Counts at most 3 visits (each year).\n"
    "  Own first share: 10%.\n"
    "  Deductible (each year): “threshold”; “prior condition”: the larger of “threshold” − (1,000.00 × claim_free_years) and 5,000.00; also filled by what these paid: supplementary and commercial.\n"
    "  Pays: 60% up to 50,000.00, then 70%; “prior condition”: 30% up to 50,000.00, then 35%; tiers stand on the amount over the deductible so far (each year).\n"
    "  Then multiplied by 100%; “away”: 80%.\n"
    "  Pays at most 300,000.00 (per ingredient, each year).\n"
    "  Cap (each year): 1,000,000.00.\n"
    "  Uses the shared cap “total cap”.\n"
    "\n"
    "Benefit 2 “outside the catalogue”\n"
    "  Takes: what is outside the catalogue + the rest of “inside the catalogue”, as it stood before other payers, each line at its share in list “special drugs” (down).\n"
    "  Uses the shared deductible “one deductible”.\n"
    "  After the deductible, own first share: 5%.\n"
    "  Pays: 70%; “old age”: 60%; “prior condition”: 40%; “old age” and “prior condition”: 30%.\n"
    "  No cap.\n"
    "  Split in the order of the lines.\n"
    "\n"
    "Benefit 3 “small”\n"
    "  Takes: what passes a price limit.\n"
    "  No deductible.\n"
    "  Pays: 50%.\n"
    "  Cap (each stay): 500.00.\n"
    "\n"
    "Benefit 4 “intensive care”\n"
    "  Allowance for each day of intensive care: 500.00; after the first 5 days; at most 10 days each stay; at most 30 days each year.\n"
    "\n"
    "The plan carries 1 example that is checked with it.\n";

static struct plan *plan_make(struct arena *a) {
    struct plan_source *source = ARENA_NEW(a, struct plan_source);
    struct plan_diagnostics *d = ARENA_NEW(a, struct plan_diagnostics);
    struct plan_library lib = {0};
    struct plan_file *file = NULL;
    *source = (struct plan_source){STR("rich.plan"), str_from(plan_text)};
    assert_null(plan_parse(a, source, d, &file).err);
    assert_null(plan_library_add(a, &lib, file, d).err);
    assert_null(plan_check(a, file->plans[0], &lib, &(struct plan_check_options){0}, d).err);
    assert_int_equal(d->error_count, 0);
    return file->plans[0];
}

/* Line by line, so that a failure names the line. */
static void same_lines(struct str got, struct str wanted) {
    for (unsigned line = 1; got.n > 0 || wanted.n > 0; line++) {
        size_t g = 0, w = 0;
        while (g < got.n && got.p[g] != '\n') g++;
        while (w < wanted.n && wanted.p[w] != '\n') w++;
        if (!str_eq((struct str){got.p, g}, (struct str){wanted.p, w}))
            fail_msg("line %u: expected \"%.*s\", got \"%.*s\"", line, (int)w, wanted.p, (int)g, got.p);
        got = (struct str){got.p + g + (g < got.n), got.n - g - (g < got.n)};
        wanted = (struct str){wanted.p + w + (w < wanted.n), wanted.n - w - (w < wanted.n)};
    }
}

static void test_both(void **state) {
    (void)state;
    struct arena a;
    struct buf out;
    arena_init(&a, (size_t)64 << 20);
    buf_init(&out, 1 << 20);
    const struct plan *p = plan_make(&a);
    plan_explain(p, true, &out);
    same_lines(buf_view(&out), str_from(zh_text));
    buf_clear(&out);
    plan_explain(p, false, &out);
    same_lines(buf_view(&out), str_from(en_text));
    buf_done(&out);
    arena_done(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_both)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
