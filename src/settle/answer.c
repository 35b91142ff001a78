/* settle/answer — the answer of a settlement as JSON, and the words of what was not paid.
 *
 * The shape is a contract (DESIGN §9); changes only add members. Amounts are integers in minor units; a ratio is decimal text, null where tiers or
 * classes mix; deductible_left and cap_left are null where there is none.
 */
#include "settle/settle.h"

static const struct {
    const char *code, *zh, *en;
} stops[SETTLE_STOP_COUNT] = {
#define X(id, code, zh, en) {code, zh, en},
#include "settle/stops.def"
#undef X
};

enum { ANSWER_TEXT_BYTES = 4096 };

const char *settle_stop_code(enum settle_stop s)
{
    CHECK(s < SETTLE_STOP_COUNT);
    return stops[s].code;
}

const char *settle_bucket_name(enum bill_bucket b)
{
    static const char *const names[BUCKET_COUNT] = {"own_full", "over_limit", "own_first", "in_scope_own", "deductible", "ratio_part", "over_cap"};
    CHECK(b < BUCKET_COUNT);
    return names[b];
}

static struct str either(struct str zh, struct str en, bool want_zh)
{
    if (want_zh) return zh.n > 0 ? zh : en;
    return en.n > 0 ? en : zh;
}

/* What {n} stands for: an exclusion's label, or why a payer or a benefit refuses. */
static struct str unpaid_name(const struct settle_share *share, const struct settle_unpaid *u, bool zh)
{
    if (u->stop == SETTLE_STOP_EXCLUDED) {
        const struct plan_exclusion_about e = plan_exclusion_about(share->product->plan, u->name);
        return either(e.zh, e.en, zh);
    }
    if (u->stop == SETTLE_STOP_REFUSED) {
        for (uint32_t i = 0; i < share->run.benefit_count; i++) {
            const struct plan_benefit_result *b = &share->run.benefits[i];
            if (b->benefit != u->benefit || !b->refused) continue;
            if (b->refusal != PLAN_REFUSAL_CUSTOM) return str_from(plan_refusal_text((enum plan_refusal)b->refusal, zh));
            const struct plan_need_about need = plan_need_about(share->product->plan, b->benefit, b->need_index);
            return either(need.zh, need.en, zh);
        }
    }
    return either(share->reason_zh, share->reason_en, zh);
}

void settle_unpaid_print(const struct settle_answer *answer, const struct settle_unpaid *u, bool zh, struct buf *out)
{
    const char *t = zh ? stops[u->stop].zh : stops[u->stop].en;
    const struct settle_share *share = u->share == SETTLE_NO_SHARE ? NULL : &answer->shares[u->share];
    for (; *t; t++) {
        if (t[0] != '{') {
            buf_add_char(out, *t);
            continue;
        }
        CHECK(share);
        if (t[1] == 'b') buf_add(out, either(share->product->benefits[u->benefit].zh, share->product->benefits[u->benefit].en, zh));
        if (t[1] == 'p') buf_add(out, either(share->product->about.zh, share->product->about.en, zh));
        if (t[1] == 'n') buf_add(out, unpaid_name(share, u, zh));
        t += 2;
    }
}

/* ---- pieces ------------------------------------------------------------------------------------------- */

static void money_or_null(struct json_writer *w, struct str name, int64_t v)
{
    json_name(w, name);
    if (v == INT64_MIN) json_null(w);
    else json_i64(w, v);
}

static void ratio_write(struct json_writer *w, int64_t ratio_ppm)
{
    json_name(w, STR("ratio"));
    if (ratio_ppm < 0) {
        json_null(w);
        return;
    }
    char text[24];
    const size_t n = ratio_format(ratio_ppm, text);
    json_string(w, (struct str){text, n});
}

/* {code, zh, en, clause}: the clause as "plan:line". */
static void why_write(struct json_writer *w, const char *code, struct str zh, struct str en, struct str plan, uint32_t line)
{
    json_begin_object(w);
    json_member_string(w, STR("code"), str_from(code));
    json_member_string(w, STR("zh"), zh);
    json_member_string(w, STR("en"), en);
    json_name(w, STR("clause"));
    if (line == 0) {
        json_null(w);
    } else {
        struct buf text;
        buf_init(&text, (size_t)LIMIT_NAME_BYTES * 2);
        buf_printf(&text, "%.*s:%u", STR_FMT(plan), (unsigned)line);
        json_string(w, buf_view(&text));
        buf_done(&text);
    }
    json_end_object(w);
}

static void reasons_write(const struct settle_share *share, const struct plan_benefit_result *b, struct json_writer *w)
{
    struct buf zh, en;
    buf_init(&zh, ANSWER_TEXT_BYTES);
    buf_init(&en, ANSWER_TEXT_BYTES);
    json_name(w, STR("why"));
    json_begin_array(w);
    for (uint32_t i = 0; i < share->run.reason_count; i++) {
        const struct plan_reason *r = &share->run.reasons[i];
        if (r->benefit != b->benefit || r->segment != b->segment) continue;
        zh.n = en.n = 0;
        plan_reason_print(share->product->plan, r, true, &zh);
        plan_reason_print(share->product->plan, r, false, &en);
        why_write(w, plan_reason_code_name((enum plan_reason_code)r->code), buf_view(&zh), buf_view(&en), share->product->about.name, r->line);
    }
    json_end_array(w);
    buf_done(&zh);
    buf_done(&en);
}

static void refusal_members(const struct settle_share *share, const struct plan_benefit_result *b, struct json_writer *w)
{
    struct str code = str_from(plan_refusal_code((enum plan_refusal)b->refusal));
    struct str zh = str_from(plan_refusal_text((enum plan_refusal)b->refusal, true)), en = str_from(plan_refusal_text((enum plan_refusal)b->refusal, false));
    if (b->refusal == PLAN_REFUSAL_CUSTOM) {
        const struct plan_need_about need = plan_need_about(share->product->plan, b->benefit, b->need_index);
        code = need.code;
        zh = need.zh;
        en = need.en;
    }
    json_member_string(w, STR("code"), code);
    json_member_string(w, STR("zh"), zh);
    json_member_string(w, STR("en"), en);
}

static void benefit_write(const struct settle_share *share, const struct plan_benefit_result *b, struct json_writer *w)
{
    const struct plan_benefit_about *about = &share->product->benefits[b->benefit];
    json_begin_object(w);
    json_member_string(w, STR("benefit"), about->name);
    json_member_string(w, STR("zh"), about->zh);
    json_member_string(w, STR("en"), about->en);
    json_member_string(w, STR("status"), b->refused ? STR("refused") : STR("paid"));
    if (b->refused) {
        json_name(w, STR("refusal"));
        json_begin_object(w);
        refusal_members(share, b, w);
        json_end_object(w);
    }
    json_member_i64(w, STR("base"), b->base);
    json_member_i64(w, STR("filled_by_others"), b->filled_by_others);
    json_member_i64(w, STR("deductible_used"), b->deductible_used);
    money_or_null(w, STR("deductible_left"), b->deductible_left);
    ratio_write(w, b->ratio_ppm);
    json_member_i64(w, STR("pay"), b->pay);
    money_or_null(w, STR("cap_left"), b->cap_left);
    if (b->unproven) json_member_bool(w, STR("unproven"), true);
    reasons_write(share, b, w);
    json_end_object(w);
}

static void co_insurers_write(const struct settle_share *share, struct json_writer *w)
{
    json_name(w, STR("co_insurers"));
    json_begin_array(w);
    for (uint32_t i = 0; share->product && share->run.co_insurer_pay && i < share->product->about.co_insurer_count; i++) {
        json_begin_object(w);
        json_member_string(w, STR("insurer"), plan_co_insurer_about(share->product->plan, i).name);
        json_member_i64(w, STR("pay"), share->run.co_insurer_pay[i]);
        json_end_object(w);
    }
    json_end_array(w);
}

static bool benefit_is_shown(const struct settle_share *share, const struct plan_benefit_result *b)
{
    return share->product && (b->applies || b->refused) && !share->product->benefits[b->benefit].allowance;
}

static const char *kind_name(enum plan_kind k)
{
    static const char *const names[PLAN_KIND_COUNT] = {
#define X(id, en, zh) [PLAN_##id] = (en),
        PLAN_KINDS(X)
#undef X
    };
    return names[k];
}

static void reason_member(const struct settle_share *share, struct json_writer *w)
{
    json_name(w, STR("reason"));
    if (share->reason.n == 0) {
        json_null(w);
        return;
    }
    json_string(w, share->reason);
    json_member_string(w, STR("reason_zh"), share->reason_zh);
    json_member_string(w, STR("reason_en"), share->reason_en);
}

static void share_write(const struct settle_share *share, struct json_writer *w)
{
    json_begin_object(w);
    json_member_string(w, STR("payer"), share->payer);
    json_member_string(w, STR("kind"), str_from(kind_name(share->kind)));
    if (share->product) {
        json_member_string(w, STR("zh"), share->product->about.zh);
        json_member_string(w, STR("en"), share->product->about.en);
    }
    json_name(w, STR("policy"));
    if (share->policy && share->policy->policy.n > 0) json_string(w, share->policy->policy);
    else json_null(w);
    static const char *const statuses[] = {[SETTLE_PAID] = "paid", [SETTLE_REFUSED] = "refused", [SETTLE_SKIPPED] = "skipped", [SETTLE_LATER] = "later"};
    json_member_string(w, STR("status"), str_from(statuses[share->status]));
    reason_member(share, w);
    json_member_i64(w, STR("pay"), share->pay);
    json_member_i64(w, STR("expected"), share->expected);
    json_member_string(w, STR("pay_to"), share->status == SETTLE_LATER ? STR("patient") : STR("hospital"));
    if (share->allocated) json_member_bool(w, STR("allocated"), true);
    if (share->product) {
        json_member_string(w, STR("plan_hash"), str_from(share->product->hash));
        json_member_i64(w, STR("engine"), PLAN_ENGINE_VERSION);
        if (share->product->about.grade == 'D') json_member_bool(w, STR("demonstration"), true);
    }
    json_name(w, STR("benefits"));
    json_begin_array(w);
    for (uint32_t i = 0; i < share->run.benefit_count; i++) {
        if (benefit_is_shown(share, &share->run.benefits[i])) benefit_write(share, &share->run.benefits[i], w);
    }
    json_end_array(w);
    co_insurers_write(share, w);
    json_end_object(w);
}

/* ---- the whole ----------------------------------------------------------------------------------------------- */

static void patient_write(const struct settle_answer *a, struct json_writer *w)
{
    json_name(w, STR("patient"));
    json_begin_object(w);
    json_member_i64(w, STR("account"), a->account);
    json_member_i64(w, STR("cash"), a->cash);
    json_member_i64(w, STR("payout"), a->payout);
    json_member_i64(w, STR("deposit"), a->bill->deposit);
    json_member_i64(w, STR("due"), a->due);
    json_end_object(w);
}

static void allowances_write(const struct settle_answer *a, struct json_writer *w)
{
    json_name(w, STR("allowances"));
    json_begin_array(w);
    for (uint32_t s = 0; s < a->share_count; s++) {
        const struct settle_share *share = &a->shares[s];
        for (uint32_t i = 0; share->status != SETTLE_LATER && i < share->run.benefit_count; i++) {
            const struct plan_benefit_result *b = &share->run.benefits[i];
            if (!share->product->benefits[b->benefit].allowance || b->allowance_days == 0) continue;
            json_begin_object(w);
            json_member_string(w, STR("payer"), share->payer);
            json_member_string(w, STR("benefit"), share->product->benefits[b->benefit].name);
            json_member_i64(w, STR("days"), b->allowance_days);
            json_member_i64(w, STR("pay"), b->pay);
            json_end_object(w);
        }
    }
    json_end_array(w);
}

static void not_paid_write(const struct settle_answer *a, struct json_writer *w)
{
    struct buf zh, en;
    buf_init(&zh, ANSWER_TEXT_BYTES);
    buf_init(&en, ANSWER_TEXT_BYTES);
    json_name(w, STR("not_paid"));
    json_begin_array(w);
    for (uint32_t i = 0; i < a->unpaid_count; i++) {
        const struct settle_unpaid *u = &a->unpaid[i];
        zh.n = en.n = 0;
        settle_unpaid_print(a, u, true, &zh);
        settle_unpaid_print(a, u, false, &en);
        json_begin_object(w);
        json_member_string(w, STR("bucket"), str_from(settle_bucket_name(u->bucket)));
        json_member_i64(w, STR("amount"), u->amount);
        json_name(w, STR("why"));
        why_write(w, settle_stop_code(u->stop), buf_view(&zh), buf_view(&en), u->share == SETTLE_NO_SHARE ? STR("") : a->shares[u->share].payer,
                  u->clause_line);
        json_end_object(w);
    }
    json_end_array(w);
    buf_done(&zh);
    buf_done(&en);
}

static void refusals_write(const struct settle_answer *a, struct json_writer *w)
{
    json_name(w, STR("refusals"));
    json_begin_array(w);
    if (a->refusal != SETTLE_REFUSAL_NONE) {
        json_begin_object(w);
        json_member_string(w, STR("code"), str_from(settle_refusal_code(a->refusal)));
        json_member_string(w, STR("zh"), str_from(settle_refusal_text(a->refusal, true)));
        json_member_string(w, STR("en"), str_from(settle_refusal_text(a->refusal, false)));
        json_end_object(w);
    }
    for (uint32_t s = 0; s < a->share_count; s++) {
        const struct settle_share *share = &a->shares[s];
        if (share->status == SETTLE_REFUSED) {
            json_begin_object(w);
            json_member_string(w, STR("payer"), share->payer);
            json_member_string(w, STR("code"), share->reason);
            json_member_string(w, STR("zh"), share->reason_zh);
            json_member_string(w, STR("en"), share->reason_en);
            json_end_object(w);
        }
        for (uint32_t i = 0; i < share->run.benefit_count; i++) {
            if (!share->run.benefits[i].refused) continue;
            json_begin_object(w);
            json_member_string(w, STR("payer"), share->payer);
            json_member_string(w, STR("benefit"), share->product->benefits[share->run.benefits[i].benefit].name);
            refusal_members(share, &share->run.benefits[i], w);
            json_end_object(w);
        }
    }
    json_end_array(w);
}

static void notes_write(const struct settle_answer *a, struct json_writer *w)
{
    json_name(w, STR("notes"));
    json_begin_array(w);
    for (uint32_t i = 0; i < a->note_count; i++) {
        json_begin_object(w);
        json_member_string(w, STR("code"), str_from(a->notes[i].code));
        json_member_string(w, STR("zh"), a->notes[i].zh);
        json_member_string(w, STR("en"), a->notes[i].en);
        json_end_object(w);
    }
    json_end_array(w);
    json_name(w, STR("assumed"));
    json_begin_array(w);
    for (uint32_t s = 0; s < a->share_count; s++) {
        for (uint32_t i = 0; i < a->shares[s].run.assumed_count; i++) json_string(w, a->shares[s].run.assumed[i]);
    }
    json_end_array(w);
    if (a->demonstration) json_member_bool(w, STR("demonstration"), true);
    if (a->unproven) json_member_bool(w, STR("unproven"), true);
}

static void line_part_write(const struct settle_answer *a, uint32_t line, uint8_t bucket, struct str payer, int64_t pay, struct json_writer *w)
{
    json_begin_object(w);
    json_member_i64(w, STR("line"), a->bill->lines.number[line]);
    json_member_string(w, STR("bucket"), str_from(settle_bucket_name((enum bill_bucket)bucket)));
    json_member_string(w, STR("payer"), payer);
    json_member_i64(w, STR("pay"), pay);
    json_end_object(w);
}

/* Shares per line, bucket and payer, in the order of payment. */
static void lines_write(const struct settle_answer *a, struct json_writer *w)
{
    json_name(w, STR("lines"));
    json_begin_array(w);
    for (uint32_t s = 0; s < a->share_count; s++) {
        const struct settle_share *share = &a->shares[s];
        for (uint32_t i = 0; i < share->fund_cell_count; i++) {
            const struct settle_fund_cell *c = &share->fund_cells[i];
            line_part_write(a, c->line, c->bucket, share->payer, c->pay, w);
        }
        for (uint32_t i = 0; i < share->run.cell_count; i++) {
            const struct plan_cell *c = &share->run.cells[i];
            if (c->pay > 0) line_part_write(a, c->line, c->bucket, share->payer, c->pay, w);
        }
    }
    json_end_array(w);
}

static void chain_write(const struct settle_answer *a, const struct settle_chain *chain, struct json_writer *w)
{
    json_name(w, STR("chain"));
    json_begin_array(w);
    for (uint32_t s = 0; s < a->share_count; s++) {
        const bool not_covered = a->shares[s].status == SETTLE_SKIPPED && a->shares[s].reason.n > 0;
        if (!not_covered) json_string(w, a->shares[s].payer);
    }
    json_end_array(w);
    if (chain->name.n > 0) json_member_string(w, STR("chain_name"), chain->name);
}

static const char *stage_name(enum bill_stage stage)
{
    uint32_t count = 0;
    const struct bill_word *words = bill_words(BILL_VOCABULARY_STAGE, &count);
    CHECK((uint32_t)stage < count);
    return words[stage].name;
}

void settle_answer_write_members(const struct settle_answer *answer, const struct settle_chain *chain, bool lines, struct json_writer *w)
{
    json_member_string(w, STR("bill"), answer->bill->bill);
    json_member_i64(w, STR("revision"), answer->bill->revision);
    json_member_string(w, STR("currency"), str_from(answer->bill->currency->code));
    json_member_i64(w, STR("total"), answer->bill->total);
    json_member_string(w, STR("status"), settle_answer_settled(answer) ? STR("settled") : STR("refused"));
    json_member_string(w, STR("stage"), str_from(stage_name(answer->bill->statutory.stage)));
    chain_write(answer, chain, w);
    json_name(w, STR("payers"));
    json_begin_array(w);
    for (uint32_t s = 0; s < answer->share_count; s++) {
        if (answer->shares[s].status != SETTLE_SKIPPED) share_write(&answer->shares[s], w);
    }
    json_end_array(w);
    json_member_i64(w, STR("hospital"), answer->hospital);
    patient_write(answer, w);
    allowances_write(answer, w);
    not_paid_write(answer, w);
    refusals_write(answer, w);
    notes_write(answer, w);
    if (lines && answer->refusal == SETTLE_REFUSAL_NONE) lines_write(answer, w);
}

void settle_answer_write(const struct settle_answer *answer, const struct settle_chain *chain, bool lines, struct json_writer *w)
{
    json_begin_object(w);
    settle_answer_write_members(answer, chain, lines, w);
    json_end_object(w);
}
