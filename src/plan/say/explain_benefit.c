/* plan/say/explain_benefit — one benefit in plain sentences, clause by clause, in the order in which they work.
 *
 * Who uses it: explain.c.
 */
#include "plan/say/explain.h"
#include "plan/syntax/words.h"

#define INDENT "  "

static void item(const struct explain *x, const char *zh, const char *en) {
    buf_add_cstr(x->out, INDENT);
    explain_text(x, zh, en);
}

static bool is_settled(const struct plan_cond *c) {
    return c->kind == PLAN_COND_FACT && c->ref.index == PLAN_FACT_SETTLED;
}

static void needs(const struct explain *x, const struct plan_benefit *b) {
    for (uint32_t i = 0; i < b->need_count; i++) {
        item(x, "前提：", "Needs: ");
        if (is_settled(b->needs[i].cond)) explain_text(x, "已经基本医保结算", "settled by the basic insurance");
        else plan_say_cond(&x->say, b->needs[i].cond, x->out);
        explain_text(x, "；否则不予给付", "; else nothing is paid");
        if (b->needs[i].refusal.n > 0) {
            explain_text(x, "：", ": ");
            explain_label(x, b->needs[i].label, b->needs[i].refusal);
        }
        explain_end(x);
    }
    if (!b->waiting.written) return;
    buf_add_cstr(x->out, INDENT);
    explain_waiting(x, &b->waiting);
}

/* The buckets as a person says them; index as plan_bucket_text. */
static void buckets(const struct explain *x, const struct plan_takes *t) {
    static const char *const en[PLAN_BUCKET_WORDS] = {
        [BUCKET_OWN_FULL] = "what is outside the catalogue", [BUCKET_OVER_LIMIT] = "what passes a price limit",
        [BUCKET_OWN_FIRST] = "the own first share", [BUCKET_IN_SCOPE] = "what is in scope", [BUCKET_DEDUCTIBLE] = "the statutory deductible",
        [BUCKET_RATIO_PART] = "the own part by ratio", [BUCKET_OVER_CAP] = "what passes the statutory cap",
        [BUCKET_COUNT] = "what the statutory insurance left of the scope"};
    for (uint32_t i = 0; i < t->word_count; i++) {
        uint32_t k = 0;
        while (k < BUCKET_COUNT && plan_bucket_bits(k) != t->words[i].bits) k++;
        if (i > 0) buf_add_cstr(x->out, " + ");
        explain_text(x, plan_bucket_text(k, true), en[k]);
    }
}

static void rest_of(const struct explain *x, const struct plan_takes *t, bool first) {
    for (uint32_t i = 0; i < t->rest_count; i++) {
        const struct plan_benefit *other = &x->p->benefits[t->rest_of[i].index];
        if (i > 0 || !first) buf_add_cstr(x->out, " + ");
        explain_text(x, "责任", "the rest of ");
        explain_label(x, other->label, other->name);
        explain_text(x, "未给付的部分", "");
    }
}

static void takes(const struct explain *x, const struct plan_benefit *b) {
    const struct plan_takes *t = &b->takes;
    if (!t->written) return;
    item(x, "纳入的费用：", "Takes: ");
    buckets(x, t);
    rest_of(x, t, t->word_count == 0);
    if (t->before_others) explain_text(x, "，按其他给付之前的金额计算", ", as it stood before other payers");
    if (t->share_list.name.n > 0) {
        const struct plan_list *l = x->p->uses[t->share_list.index];
        explain_text(x, "，每笔按清单", ", each line at its share in list ");
        explain_label(x, l->label, l->name);
        explain_text(x, "所列比例计入（", " (");
        buf_add_cstr(x->out, round_mode_name(t->share_rounding, x->say.mode == PLAN_SAY_ZH));
        explain_text(x, "）", ")");
    }
    explain_end(x);
}

static void where(const struct explain *x, const struct plan_benefit *b) {
    if (!b->where) return;
    item(x, "限于：", "Only where ");
    plan_say_cond(&x->say, b->where, x->out);
    explain_end(x);
}

/* "[per item] each year[, for …]" of a limit. */
static void scope(const struct explain *x, enum plan_key key, struct plan_period period, const struct plan_cond *for_cond) {
    explain_text(x, "（", " (");
    if (key != PLAN_KEY_NONE) {
        plan_say_key(&x->say, key, x->out);
        explain_text(x, "，", ", ");
    }
    explain_period(x, period);
    explain_text(x, "）", ")");
    if (!for_cond) return;
    explain_text(x, "，针对：", ", for lines where ");
    plan_say_cond(&x->say, for_cond, x->out);
}

static void count_limits(const struct explain *x, const struct plan_benefit *b) {
    for (uint32_t i = 0; i < b->count_limit_count; i++) {
        const struct plan_count_limit *c = &b->count_limits[i];
        item(x, "计入的费用至多 ", "Counts at most ");
        plan_say_choice(&x->say, &c->value, x->out);
        if (c->unit == PLAN_AT_MOST_TIMES) explain_text(x, " 次", " times");
        if (c->unit == PLAN_AT_MOST_VISITS) explain_text(x, " 次就诊", " visits");
        scope(x, c->key, c->period, c->where);
        explain_end(x);
    }
}

static void first_share(const struct explain *x, const struct plan_benefit *b, bool after) {
    if (!b->first_share.written || b->first_share.after_deductible != after) return;
    item(x, after ? "扣除免赔额后，先由个人负担 " : "先由个人负担 ", after ? "After the deductible, own first share: " : "Own first share: ");
    plan_say_choice(&x->say, &b->first_share.ratio, x->out);
    explain_end(x);
}

static void deductible(const struct explain *x, const struct plan_benefit *b) {
    const struct plan_deductible *d = &b->deductible;
    if (d->nothing) {
        item(x, "无免赔额", "No deductible");
    } else if (d->shared.name.n > 0) {
        const struct plan_shared *s = &x->p->shared[d->shared.index];
        item(x, "使用共用免赔额", "Uses the shared deductible ");
        explain_label(x, s->label, s->name);
    } else {
        item(x, "免赔额（", "Deductible (");
        explain_period(x, d->period);
        explain_text(x, "）：", "): ");
        plan_say_choice(&x->say, &d->value, x->out);
        explain_filled_by(x, d->filled_by);
    }
    explain_end(x);
}

static void pays(const struct explain *x, const struct plan_benefit *b) {
    item(x, "给付比例：", "Pays: ");
    plan_say_choice(&x->say, &b->pays.schedule, x->out);
    if (b->pays.basis_written || b->pays.period_written) {
        explain_text(x, b->pays.on_base ? "；分段按含免赔额的累计金额" : "；分段按免赔额以上的累计金额",
                     b->pays.on_base ? "; tiers stand on the whole amount so far" : "; tiers stand on the amount over the deductible so far");
        if (b->pays.period_written) {
            explain_text(x, "（", " (");
            explain_period(x, b->pays.period);
            explain_text(x, "）", ")");
        }
    }
    explain_end(x);
    if (!b->times.written) return;
    item(x, "再乘以 ", "Then multiplied by ");
    plan_say_choice(&x->say, &b->times.ratio, x->out);
    explain_end(x);
}

static void limits(const struct explain *x, const struct plan_benefit *b) {
    for (uint32_t i = 0; i < b->limit_count; i++) {
        item(x, "给付限额：", "Pays at most ");
        plan_say_choice(&x->say, &b->limits[i].value, x->out);
        scope(x, b->limits[i].key, b->limits[i].period, b->limits[i].where);
        explain_end(x);
    }
}

static void caps(const struct explain *x, const struct plan_benefit *b) {
    for (uint32_t i = 0; i < b->cap_count; i++) {
        const struct plan_cap *c = &b->caps[i];
        if (c->nothing) {
            item(x, "不设封顶线", "No cap");
        } else if (c->shared.name.n > 0) {
            const struct plan_shared *s = &x->p->shared[c->shared.index];
            item(x, "使用共用封顶线", "Uses the shared cap ");
            explain_label(x, s->label, s->name);
        } else {
            item(x, "封顶线（", "Cap (");
            explain_period(x, c->period);
            explain_text(x, "）：", "): ");
            plan_say_choice(&x->say, &c->value, x->out);
        }
        explain_end(x);
    }
    if (!b->in_line_order) return;
    item(x, "按费用的先后次序分摊", "Split in the order of the lines");
    explain_end(x);
}

static void allowance(const struct explain *x, const struct plan_benefit *b) {
    const struct plan_allowance *al = &b->allowance;
    item(x, al->icu ? "重症监护津贴，每日 " : "住院津贴，每日 ", al->icu ? "Allowance for each day of intensive care: " : "Allowance for each day: ");
    plan_say_choice(&x->say, &al->amount, x->out);
    explain_text(x, "；扣除最初 ", "; after the first ");
    buf_printf(x->out, "%lld", (long long)al->after_days);
    explain_text(x, " 天", " days");
    for (uint32_t i = 0; i < al->limit_count; i++) {
        explain_text(x, "；", "; at most ");
        if (x->say.mode == PLAN_SAY_ZH) explain_period(x, al->limits[i].period);
        explain_text(x, "至多 ", "");
        buf_printf(x->out, "%lld", (long long)al->limits[i].days);
        explain_text(x, " 天", " days ");
        if (x->say.mode != PLAN_SAY_ZH) explain_period(x, al->limits[i].period);
    }
    explain_end(x);
}

void explain_benefit(const struct explain *x, const struct plan_benefit *b, uint32_t number) {
    explain_text(x, "\n责任 ", "\nBenefit ");
    buf_printf(x->out, "%u", number);
    explain_text(x, "", " ");
    explain_label(x, b->label, b->name);
    if (b->fund.n > 0) {
        explain_text(x, "，由基金 ", ", paid by the fund ");
        buf_add(x->out, b->fund);
        explain_text(x, " 支付", "");
    }
    buf_add_char(x->out, '\n');
    needs(x, b);
    takes(x, b);
    where(x, b);
    explain_exclusions(x, b->exclusions, b->exclusion_count, INDENT);
    if (b->kind == PLAN_BENEFIT_ALLOWANCE) {
        allowance(x, b);
        return;
    }
    count_limits(x, b);
    first_share(x, b, false);
    deductible(x, b);
    first_share(x, b, true);
    pays(x, b);
    limits(x, b);
    caps(x, b);
}
