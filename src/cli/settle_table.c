/* cli/settle_table — an answer for people: the table of payers, the reasons, and why not more.
 *
 * Every amount shown stands in the answer; nothing is computed here but sums over several bills.
 */
#include "cli/settle_table.h"

#include <string.h>

enum { PAIR_COLUMNS = 34 }; /* labels up to here stand on one line in both languages */

/* National fund names (glossary): what a cashier calls them. */
static const struct {
    const char *name, *zh, *en;
} funds[] = {
    {"hifp_pay", "统筹基金", "pooled fund"},
    {"cvlserv_pay", "公务员医疗补助", "civil-servant supplement"},
    {"hifes_pay", "企业补充医疗保险", "enterprise supplement"},
    {"hifmi_pay", "居民大病保险", "residents' serious illness"},
    {"hifob_pay", "职工大额医疗费用补助", "employees' large amount"},
    {"hifdm_pay", "伤残人员医疗保障", "disabled veterans' fund"},
    {"maf_pay", "医疗救助", "medical aid"},
    {"oth_pay", "其他基金", "other funds"},
};

static struct str text_of(const struct cli *c, struct str zh, struct str en)
{
    return cli_pair(c, zh, en, SIZE_MAX);
}

static struct str lit(const struct cli *c, const char *zh, const char *en)
{
    return text_of(c, str_from(zh), str_from(en));
}

/* A heading of a column: one language above the other. */
static struct str head(const struct cli *c, const char *zh, const char *en)
{
    return cli_pair(c, str_from(zh), str_from(en), 0);
}

static struct str money(const struct cli *c, int64_t v, const struct currency *currency)
{
    char out[40];
    const size_t n = minor_format((struct minor){v}, currency, true, out);
    return arena_str(c->arena, (struct str){out, n});
}

static void heading(struct cli *c, const char *zh, const char *en)
{
    buf_add_char(&c->out, '\n');
    cli_style(c, &c->out, CLI_BOLD);
    buf_add(&c->out, lit(c, zh, en));
    cli_style(c, &c->out, CLI_PLAIN);
    buf_add_char(&c->out, '\n');
}

struct str cli_payer_name(const struct cli *c, struct str payer, size_t columns)
{
    const struct str statutory = STR("statutory:");
    if (!str_starts(payer, statutory)) return payer;
    const struct str fund = {payer.p + statutory.n, payer.n - statutory.n};
    for (size_t i = 0; i < COUNT_OF(funds); i++) {
        if (str_eq(fund, str_from(funds[i].name))) return cli_pair(c, str_from(funds[i].zh), str_from(funds[i].en), columns);
    }
    return payer;
}

static struct str share_label(const struct cli *c, const struct settle_share *share, size_t columns)
{
    if (share->product) return cli_pair(c, share->product->about.zh, share->product->about.en, columns);
    return cli_payer_name(c, share->payer, columns);
}

/* A sentence of its own: the second language on a second line, where both do not fit. */
static void sentence_print(struct cli *c, const char *begin, struct str zh, struct str en)
{
    struct cli_table t;
    cli_table_init(&t, c->arena, 2, "ll");
    t.flexible = 1;
    t.total_max = c->columns;
    cli_table_add(&t, str_from(begin));
    cli_table_add(&t, cli_pair(c, zh, en, c->columns - 4));
    cli_table_print(c, &t, &c->out);
}

static const char *visit_word(enum bill_visit visit, bool zh)
{
    uint32_t count = 0;
    const struct bill_word *words = bill_words(BILL_VOCABULARY_VISIT, &count);
    CHECK((uint32_t)visit < count);
    return zh ? words[visit].zh : words[visit].name;
}

static void title_print(struct cli *c, const struct settle_answer *a)
{
    char from[11], to[11];
    day_format(a->bill->from, from);
    day_format(a->bill->to, to);
    cli_style(c, &c->out, CLI_BOLD);
    buf_add(&c->out, lit(c, "账单", "bill"));
    buf_printf(&c->out, " %.*s", STR_FMT(a->bill->bill));
    cli_style(c, &c->out, CLI_PLAIN);
    buf_printf(&c->out, "  %s .. %s  ", from, to);
    buf_add(&c->out, lit(c, visit_word(a->bill->visit, true), visit_word(a->bill->visit, false)));
    buf_add_char(&c->out, '\n');
    if (!a->demonstration) return;
    cli_style(c, &c->out, CLI_YELLOW);
    cli_wrap(c, cli_pair(c, STR("演示：含来源不可靠的计划（D 级），不得用于真实结算"),
                         STR("demonstration: holds a plan of doubtful source (grade D), not for real settlement"), 0));
    cli_style(c, &c->out, CLI_PLAIN);
}

/* ---- the table of payers ------------------------------------------------------------------------------ */

static void row(struct cli_table *t, struct str a, struct str b, struct str d, struct str r, struct str p)
{
    cli_table_add(t, a);
    cli_table_add(t, b);
    cli_table_add(t, d);
    cli_table_add(t, r);
    cli_table_add(t, p);
}

static struct str indent(const struct cli *c, int depth, struct str s)
{
    return arena_printf(c->arena, "%*s%.*s", depth * 2, "", STR_FMT(s));
}

static struct str benefit_ratio(const struct cli *c, const struct plan_benefit_result *b)
{
    if (b->ratio_ppm < 0) return head(c, "分段", "tiers");
    char out[24];
    const size_t n = ratio_format_percent(b->ratio_ppm, out);
    return arena_str(c->arena, (struct str){out, n});
}

static void benefits_rows(struct cli *c, struct cli_table *t, const struct settle_answer *a, const struct settle_share *share)
{
    const struct currency *currency = a->bill->currency;
    for (uint32_t i = 0; i < share->run.benefit_count; i++) {
        const struct plan_benefit_result *b = &share->run.benefits[i];
        const struct plan_benefit_about *about = &share->product->benefits[b->benefit];
        if ((!b->applies && !b->refused) || about->allowance) continue;
        const struct str label = indent(c, 1, cli_pair(c, about->zh, about->en, PAIR_COLUMNS));
        if (b->refused) {
            row(t, label, STR(""), STR(""), head(c, "拒绝", "refused"), money(c, 0, currency));
            continue;
        }
        const struct str deductible = b->deductible_left == INT64_MIN ? STR("—") : money(c, b->deductible_used + b->filled_by_others, currency);
        row(t, label, money(c, b->base, currency), deductible, benefit_ratio(c, b), money(c, b->pay, currency));
    }
    for (uint32_t i = 0; share->pay != 0 && share->run.co_insurer_pay && i < share->product->about.co_insurer_count; i++) {
        const struct plan_co_insurer_about who = plan_co_insurer_about(share->product->plan, i);
        row(t, indent(c, 1, arena_printf(c->arena, "└ %.*s", STR_FMT(who.name))), STR(""), STR(""), STR(""), money(c, share->run.co_insurer_pay[i], currency));
    }
}

static void patient_rows(struct cli *c, struct cli_table *t, const struct settle_answer *a)
{
    const struct currency *currency = a->bill->currency;
    const struct str none = STR("");
    if (a->hospital != 0) row(t, lit(c, "医院负担", "borne by the hospital"), none, none, none, money(c, a->hospital, currency));
    row(t, lit(c, "患者负担", "patient"), none, none, none, money(c, settle_answer_remainder(a), currency));
    if (a->account != 0) row(t, indent(c, 1, lit(c, "个人账户", "personal account")), none, none, none, money(c, a->account, currency));
    if (a->account != 0) row(t, indent(c, 1, lit(c, "现金", "cash")), none, none, none, money(c, a->cash, currency));
    if (a->payout != 0) row(t, indent(c, 1, lit(c, "退还患者", "paid out to the patient")), none, none, none, money(c, a->payout, currency));
    if (a->bill->deposit != 0) row(t, indent(c, 1, lit(c, "扣除预交金后应收", "due after the deposit")), none, none, none, money(c, a->due, currency));
}

static void payers_print(struct cli *c, const struct settle_answer *a)
{
    struct cli_table t;
    cli_table_init(&t, c->arena, 5, "lrrrr");
    t.total_max = c->columns;
    row(&t, head(c, "支付方", "payer"), head(c, "基数", "base"), head(c, "免赔额", "deductible"), head(c, "比例", "ratio"), head(c, "金额", "amount"));
    cli_table_rule(&t);
    row(&t, lit(c, "总额", "total"), STR(""), STR(""), STR(""), money(c, a->bill->total, a->bill->currency));
    for (uint32_t i = 0; i < a->share_count; i++) {
        const struct settle_share *share = &a->shares[i];
        const struct str mark = share->status == SETTLE_REFUSED ? head(c, "拒绝", "refused") : share->status == SETTLE_SKIPPED ? head(c, "跳过", "skipped") : STR("");
        row(&t, share_label(c, share, PAIR_COLUMNS), STR(""), STR(""), mark, money(c, share->pay, a->bill->currency));
        if (share->product) benefits_rows(c, &t, a, share);
    }
    cli_table_rule(&t);
    patient_rows(c, &t, a);
    cli_table_print(c, &t, &c->out);
}

/* ---- reasons --------------------------------------------------------------------------------------------- */

static struct str clause(const struct cli *c, struct str plan, uint32_t line)
{
    return line == 0 ? STR("") : arena_printf(c->arena, "[%.*s:%u]", STR_FMT(plan), (unsigned)line);
}

/* A row of the reasons: one column a language, then the line of the clause. */
static void reason_row(struct cli *c, struct cli_table *t, int depth, struct str zh, struct str en, uint32_t line)
{
    if (zh.n == 0) zh = en;
    if (en.n == 0) en = zh;
    cli_table_add(t, indent(c, depth, c->zh ? zh : en));
    if (c->zh && c->en) cli_table_add(t, str_eq(zh, en) ? STR("") : en);
    cli_table_add(t, line == 0 ? STR("") : arena_printf(c->arena, ":%u", (unsigned)line));
}

static void share_reasons(struct cli *c, struct cli_table *t, const struct settle_share *share)
{
    uint32_t benefit = UINT32_MAX;
    for (uint32_t i = 0; i < share->run.reason_count; i++) {
        const struct plan_reason *r = &share->run.reasons[i];
        if (r->benefit != benefit && r->benefit < share->product->about.benefit_count) {
            benefit = r->benefit;
            reason_row(c, t, 1, share->product->benefits[benefit].zh, share->product->benefits[benefit].en, 0);
        }
        struct buf zh, en;
        buf_init(&zh, 4096);
        buf_init(&en, 4096);
        plan_reason_print(share->product->plan, r, true, &zh);
        plan_reason_print(share->product->plan, r, false, &en);
        reason_row(c, t, 2, arena_str(c->arena, buf_view(&zh)), arena_str(c->arena, buf_view(&en)), r->line);
        buf_done(&zh);
        buf_done(&en);
    }
}

static void reasons_print(struct cli *c, const struct settle_answer *a)
{
    struct cli_table t;
    const bool both = c->zh && c->en;
    cli_table_init(&t, c->arena, both ? 3 : 2, both ? "llr" : "lr");
    t.width_max[0] = both ? (c->columns - 8) / 2 : c->columns - 6;
    if (both) t.width_max[1] = (c->columns - 8) / 2;
    for (uint32_t s = 0; s < a->share_count; s++) {
        const struct settle_share *share = &a->shares[s];
        const bool refused = share->status == SETTLE_REFUSED && share->run.reason_count == 0;
        if (!refused && share->run.reason_count == 0) continue;
        reason_row(c, &t, 0, share->payer, share->payer, 0);
        if (refused) reason_row(c, &t, 2, share->reason_zh, share->reason_en, 0);
        share_reasons(c, &t, share);
    }
    if (t.cell_count == 0) return;
    heading(c, "为什么（行末为计划文本的行号）", "why (at the end: the line of the plan)");
    cli_table_print(c, &t, &c->out);
}

static struct str unpaid_text(const struct cli *c, const struct settle_answer *a, const struct settle_unpaid *u)
{
    const struct str where = u->share == SETTLE_NO_SHARE ? STR("") : clause(c, a->shares[u->share].payer, u->clause_line);
    struct buf zh, en;
    buf_init(&zh, 4096);
    buf_init(&en, 4096);
    settle_unpaid_print(a, u, true, &zh);
    settle_unpaid_print(a, u, false, &en);
    buf_printf(c->zh ? &zh : &en, " %.*s", STR_FMT(where));
    const struct str s = cli_pair(c, buf_view(&zh), buf_view(&en), 0);
    buf_done(&zh);
    buf_done(&en);
    return s;
}

static struct str bucket_label(const struct cli *c, enum bill_bucket bucket)
{
    static const char *const zh[BUCKET_COUNT] = {"自费", "超限价", "先行自付", "范围内自付", "起付线", "按比例自付", "超封顶线"};
    return head(c, zh[bucket], settle_bucket_name(bucket));
}

static void unpaid_print(struct cli *c, const struct settle_answer *a)
{
    if (a->unpaid_count == 0) return;
    heading(c, "为什么不是更多", "why not more");
    struct cli_table t;
    cli_table_init(&t, c->arena, 3, "rll");
    t.flexible = 2;
    t.total_max = c->columns;
    for (uint32_t i = 0; i < a->unpaid_count; i++) {
        cli_table_add(&t, indent(c, 1, money(c, a->unpaid[i].amount, a->bill->currency)));
        cli_table_add(&t, bucket_label(c, a->unpaid[i].bucket));
        cli_table_add(&t, unpaid_text(c, a, &a->unpaid[i]));
    }
    cli_table_print(c, &t, &c->out);
}

static void allowances_print(struct cli *c, const struct settle_answer *a)
{
    bool any = false;
    for (uint32_t s = 0; s < a->share_count; s++) {
        const struct settle_share *share = &a->shares[s];
        for (uint32_t i = 0; i < share->run.benefit_count; i++) {
            const struct plan_benefit_result *b = &share->run.benefits[i];
            if (!share->product->benefits[b->benefit].allowance || b->allowance_days == 0) continue;
            if (!any) heading(c, "津贴（费用之外）", "allowances (outside the bill)");
            any = true;
            const struct plan_benefit_about *about = &share->product->benefits[b->benefit];
            buf_printf(&c->out, "  %.*s  %lld ", STR_FMT(text_of(c, about->zh, about->en)), (long long)b->allowance_days);
            buf_add(&c->out, lit(c, "天", "days"));
            buf_printf(&c->out, "  %.*s\n", STR_FMT(money(c, b->pay, a->bill->currency)));
        }
    }
}

static bool notes_any(const struct settle_answer *a)
{
    for (uint32_t s = 0; s < a->share_count; s++) {
        if (a->shares[s].run.assumed_count > 0) return true;
    }
    return a->note_count > 0 || a->unproven;
}

static void notes_print(struct cli *c, const struct settle_answer *a)
{
    if (notes_any(a)) buf_add_char(&c->out, '\n');
    for (uint32_t i = 0; i < a->note_count; i++) sentence_print(c, "·", a->notes[i].zh, a->notes[i].en);
    struct buf assumed;
    buf_init(&assumed, LIMIT_JSON_TEXT_BYTES);
    for (uint32_t s = 0; s < a->share_count; s++) {
        const struct plan_result *run = &a->shares[s].run;
        for (uint32_t i = 0; i < run->assumed_count; i++) buf_printf(&assumed, " %.*s", STR_FMT(run->assumed[i]));
    }
    if (assumed.n > 0) {
        sentence_print(c, "·", arena_printf(c->arena, "账单未给出，按计划的默认值：%.*s", STR_FMT(buf_view(&assumed))),
                       arena_printf(c->arena, "not in the bill, the plans' defaults were taken:%.*s", STR_FMT(buf_view(&assumed))));
    }
    buf_done(&assumed);
    if (a->unproven) sentence_print(c, "·", STR("只有合计数：分项限额未能核对"), STR("totals only: sub-limits could not be proven"));
}

static void lines_print(struct cli *c, const struct settle_answer *a)
{
    heading(c, "按行、按类、按支付方", "by line, bucket and payer");
    struct cli_table t;
    cli_table_init(&t, c->arena, 4, "rllr");
    for (uint32_t s = 0; s < a->share_count; s++) {
        const struct settle_share *share = &a->shares[s];
        const uint32_t count = share->product ? share->run.cell_count : share->fund_cell_count;
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t line = share->product ? share->run.cells[i].line : share->fund_cells[i].line;
            const uint8_t bucket = share->product ? share->run.cells[i].bucket : share->fund_cells[i].bucket;
            const int64_t pay = share->product ? share->run.cells[i].pay : share->fund_cells[i].pay;
            if (pay == 0) continue;
            cli_table_add(&t, arena_printf(c->arena, "  %lld", (long long)a->bill->lines.number[line]));
            cli_table_add(&t, str_from(settle_bucket_name((enum bill_bucket)bucket)));
            cli_table_add(&t, share->payer);
            cli_table_add(&t, money(c, pay, a->bill->currency));
        }
    }
    cli_table_print(c, &t, &c->out);
}

void cli_answer_print(struct cli *c, const struct settle_answer *a, bool lines)
{
    title_print(c, a);
    if (a->refusal != SETTLE_REFUSAL_NONE) {
        cli_style(c, &c->out, CLI_RED);
        buf_add(&c->out, lit(c, "拒绝", "refused"));
        cli_style(c, &c->out, CLI_PLAIN);
        buf_printf(&c->out, " %s\n", settle_refusal_code(a->refusal));
        sentence_print(c, "", str_from(settle_refusal_text(a->refusal, true)), str_from(settle_refusal_text(a->refusal, false)));
        return;
    }
    payers_print(c, a);
    reasons_print(c, a);
    unpaid_print(c, a);
    allowances_print(c, a);
    notes_print(c, a);
    if (lines) lines_print(c, a);
}

/* ---- several bills together ------------------------------------------------------------------------------------ */

/* Adds an amount to the row of its label, made when it is new. */
static void sum_add(struct str *labels, int64_t *sums, uint32_t *count, struct str label, int64_t v)
{
    uint32_t i = 0;
    while (i < *count && !str_eq(labels[i], label)) i++;
    if (i == *count) {
        labels[i] = label;
        sums[i] = 0;
        ++*count;
    }
    sums[i] += v;
}

static void answer_sum(struct cli *c, const struct settle_answer *a, struct str *labels, int64_t *sums, uint32_t *count)
{
    for (uint32_t s = 0; s < a->share_count; s++) {
        const struct settle_share *share = &a->shares[s];
        if (!share->product) {
            sum_add(labels, sums, count, share_label(c, share, PAIR_COLUMNS), share->pay);
            continue;
        }
        for (uint32_t i = 0; i < share->run.benefit_count; i++) {
            const struct plan_benefit_result *b = &share->run.benefits[i];
            const struct plan_benefit_about *about = &share->product->benefits[b->benefit];
            if (!b->applies || b->refused || about->allowance) continue;
            const struct str zh = arena_printf(c->arena, "%.*s %.*s", STR_FMT(share->payer), STR_FMT(about->zh));
            const struct str en = arena_printf(c->arena, "%.*s %.*s", STR_FMT(share->payer), STR_FMT(about->en.n > 0 ? about->en : about->zh));
            const struct str label = cli_pair(c, zh, en, 0);
            sum_add(labels, sums, count, label, b->pay);
        }
    }
}

void cli_answers_sum_print(struct cli *c, const struct settle_answer *answers, uint32_t count)
{
    uint32_t settled = 0, rows = 0, most = 0;
    int64_t total = 0, remainder = 0, hospital = 0, funds_sum = 0, plans_sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t s = 0; s < answers[i].share_count; s++) most += 1 + answers[i].shares[s].run.benefit_count;
    }
    struct str *labels = ARENA_ARRAY(c->arena, struct str, most + 1);
    int64_t *sums = ARENA_ARRAY(c->arena, int64_t, most + 1);
    CHECK(labels && sums);
    for (uint32_t i = 0; i < count; i++) {
        const struct settle_answer *a = &answers[i];
        if (a->refusal != SETTLE_REFUSAL_NONE || a->bill->currency != answers[0].bill->currency) continue;
        settled++;
        if (!i64_add(total, a->bill->total, &total)) return; /* all other sums are parts of this one */
        remainder += settle_answer_remainder(a);
        hospital += a->hospital;
        for (uint32_t s = 0; s < a->share_count; s++) {
            if (a->shares[s].product) plans_sum += a->shares[s].pay;
            else funds_sum += a->shares[s].pay;
        }
        answer_sum(c, a, labels, sums, &rows);
    }
    if (settled < 2) return;

    const struct currency *currency = answers[0].bill->currency;
    heading(c, "各账单合计", "all bills together");
    struct cli_table t;
    cli_table_init(&t, c->arena, 2, "lr");
    cli_table_add(&t, arena_printf(c->arena, "%.*s (%u)", STR_FMT(lit(c, "总额", "total")), (unsigned)settled));
    cli_table_add(&t, money(c, total, currency));
    for (uint32_t i = 0; i < rows; i++) {
        cli_table_add(&t, indent(c, 1, labels[i]));
        cli_table_add(&t, money(c, sums[i], currency));
    }
    cli_table_rule(&t);
    cli_table_add(&t, lit(c, "基金", "funds"));
    cli_table_add(&t, money(c, funds_sum, currency));
    cli_table_add(&t, lit(c, "计划", "plans"));
    cli_table_add(&t, money(c, plans_sum, currency));
    if (hospital != 0) {
        cli_table_add(&t, lit(c, "医院负担", "borne by the hospital"));
        cli_table_add(&t, money(c, hospital, currency));
    }
    cli_table_add(&t, lit(c, "患者负担", "patient"));
    cli_table_add(&t, money(c, remainder, currency));
    cli_table_print(c, &t, &c->out);
}
