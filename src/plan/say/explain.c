/* plan/say/explain — the plan in plain sentences, Chinese or English, for a lawyer or a customer.
 *
 * Who uses it: `yijie plan explain`. Every clause of the plan is said once, in the order in which it works, so that the text can be held
 * against the contract. It is made from the resolved tree, the same that is compiled; it never says what was not written.
 */
#include "plan/say/explain.h"

#include "plan/check/sites.h"
#include "plan/syntax/words.h"

void explain_text(const struct explain *x, const char *zh, const char *en) {
    plan_say_text(&x->say, zh, en, x->out);
}

void explain_end(const struct explain *x) {
    explain_text(x, "。\n", ".\n");
}

void explain_label(const struct explain *x, struct plan_label label, struct str name) {
    plan_say_label(&x->say, label, name, name, x->out);
}

static bool zh(const struct explain *x) {
    return x->say.mode == PLAN_SAY_ZH;
}

/* ---- the head ------------------------------------------------------------------------------------------ */

static void title(const struct explain *x) {
    const struct plan *p = x->p;
    struct str text = zh(x) ? p->label.zh : p->label.en;
    if (text.n == 0) text = zh(x) ? p->label.en : p->label.zh;
    buf_printf(x->out, "%.*s\n\n", STR_FMT(text.n > 0 ? text : p->name));
    explain_text(x, "方案 ", "Plan ");
    buf_add(x->out, p->name);
    if (p->product.n > 0 && !str_eq(p->product, p->name)) {
        explain_text(x, "，产品 ", ", product ");
        buf_add(x->out, p->product);
    }
    explain_text(x, "；种类：", "; kind: ");
    buf_add_cstr(x->out, plan_kind_text(p->kind, zh(x)));
    explain_end(x);
    explain_text(x, "依据：", "Source: ");
    buf_add(x->out, p->source_text);
    explain_text(x, "；资料等级 ", "; grade ");
    buf_add_char(x->out, p->grade);
    if (p->grade == 'D') explain_text(x, "（仅供演示）", " (a demonstration)");
    explain_end(x);
}

static const char *rule_text(const struct explain *x, enum plan_date_rule rule) {
    switch (rule) {
    case PLAN_BY_ADMISSION: return zh(x) ? "入院日" : "the day of admission";
    case PLAN_BY_DISCHARGE: return zh(x) ? "出院日" : "the day of discharge";
    case PLAN_BY_LINE_DATE: return zh(x) ? "每笔费用的发生日" : "the date of each line";
    case PLAN_BY_SETTLEMENT: return zh(x) ? "结算日" : "the day of settlement";
    case PLAN_BY_UNWRITTEN: break;
    }
    return "";
}

static void dates(const struct explain *x) {
    const struct plan *p = x->p;
    explain_text(x, "有效期：", "In force: ");
    plan_say_days(p->in_force, x->out);
    explain_text(x, "；是否在保障期内，看", "; what decides whether it is covered: ");
    buf_add_cstr(x->out, rule_text(x, p->counts_by));
    if (p->over_the_end_by != PLAN_BY_UNWRITTEN) {
        explain_text(x, "；住院跨越保障期起止的，看", "; for a stay over the beginning or end of cover: ");
        buf_add_cstr(x->out, rule_text(x, p->over_the_end_by));
    }
    explain_end(x);
    if (p->years != PLAN_YEAR_UNWRITTEN) {
        explain_text(x, "“每年”指", "“Each year” is the ");
        explain_text(x, p->years == PLAN_YEAR_POLICY ? "保单年度" : "自然年度", p->years == PLAN_YEAR_POLICY ? "policy year" : "calendar year");
        explain_end(x);
    }
    explain_text(x, "币种：", "Currency: ");
    buf_add_cstr(x->out, zh(x) ? p->currency->zh : p->currency->en);
    explain_text(x, "；每项责任舍入一次：", "; each benefit is rounded once: ");
    buf_add_cstr(x->out, round_mode_name(p->rounding, zh(x)));
    explain_end(x);
}

void explain_waiting(const struct explain *x, const struct plan_waiting *w) {
    if (!w->written) return;
    if (w->days == 0) {
        explain_text(x, "无等待期", "There is no waiting period");
    } else {
        explain_text(x, "等待期：自首次参保起 ", "Waiting period: ");
        buf_printf(x->out, "%d", w->days);
        explain_text(x, " 天", " days from first enrolment");
    }
    if (w->unless) {
        explain_text(x, "；不适用等待期的情形：", "; not where ");
        plan_say_cond(&x->say, w->unless, x->out);
    }
    explain_end(x);
}

static void reads(const struct explain *x) {
    if (x->p->read_count == 0) return;
    explain_text(x, "账单须载明：", "The bill must say: ");
    for (uint32_t i = 0; i < x->p->read_count; i++) {
        const struct plan_read *r = &x->p->reads[i];
        if (i > 0) explain_text(x, "、", ", ");
        buf_add(x->out, plan_fact_name(x->p, r->fact.index, zh(x)));
        if (!r->has_default) continue;
        explain_text(x, "（未载明时按 ", " (when it does not: ");
        buf_add(x->out, r->default_text);
        explain_text(x, "）", ")");
    }
    explain_end(x);
}

static void co_insurers(const struct explain *x) {
    if (x->p->co_insurer_count == 0) return;
    explain_text(x, "共同承保：", "Co-insurers: ");
    for (uint32_t i = 0; i < x->p->co_insurer_count; i++) {
        char share[24];
        if (i > 0) explain_text(x, "、", ", ");
        ratio_format_percent(x->p->co_insurers[i].share_ppm, share);
        buf_printf(x->out, "%.*s %s", STR_FMT(x->p->co_insurers[i].name), share);
    }
    explain_text(x, x->p->paid_by_each ? "；各自支付" : "；由首席统一支付", x->p->paid_by_each ? "; each pays its own share" : "; the lead pays for all");
    explain_end(x);
}

void explain_period(const struct explain *x, struct plan_period period) {
    bool family = period.per_family;
    period.per_family = false;
    plan_say_period(&x->say, period, x->out);
    if (family) explain_text(x, "，全家共用", ", shared by the family");
}

/* ---- what the benefits refer to ---------------------------------------------------------------------------- */

static void parameters(const struct explain *x) {
    for (uint32_t i = 0; i < x->p->parameter_count; i++) {
        const struct plan_parameter *q = &x->p->parameters[i];
        explain_text(x, "参数", "Parameter ");
        explain_label(x, q->label, q->name);
        explain_text(x, "：", ":");
        for (uint32_t k = 0; k < q->value_count; k++) {
            if (k > 0) explain_text(x, "；", ";");
            explain_text(x, "", " ");
            plan_say_days(q->values[k].on, x->out);
            explain_text(x, "：", ": ");
            plan_say_choice(&x->say, &q->values[k].value, x->out);
        }
        explain_end(x);
    }
}

static void conditions(const struct explain *x) {
    for (uint32_t i = 0; i < x->p->condition_count; i++) {
        const struct plan_condition *c = &x->p->conditions[i];
        explain_text(x, c->is_class ? "人群" : "情形", c->is_class ? "Class " : "Case ");
        explain_label(x, c->label, c->name);
        explain_text(x, "：", ": ");
        plan_say_cond(&x->say, c->when, x->out);
        explain_end(x);
    }
}

void explain_exclusions(const struct explain *x, const struct plan_exclusion *items, uint32_t count, const char *indent) {
    for (uint32_t i = 0; i < count; i++) {
        buf_add_cstr(x->out, indent);
        explain_text(x, "责任免除", "Not covered: ");
        explain_label(x, items[i].label, items[i].name);
        explain_text(x, "：", ": ");
        plan_say_cond(&x->say, items[i].when, x->out);
        explain_end(x);
    }
}

void explain_filled_by(const struct explain *x, uint32_t kinds) {
    if (kinds == 0) return;
    explain_text(x, "；以下给付可抵扣：", "; also filled by what these paid: ");
    plan_say_kinds(&x->say, kinds, x->out);
}

static void shared(const struct explain *x) {
    for (uint32_t i = 0; i < x->p->shared_count; i++) {
        const struct plan_shared *s = &x->p->shared[i];
        explain_text(x, s->is_cap ? "共用封顶线" : "共用免赔额", s->is_cap ? "Shared cap " : "Shared deductible ");
        explain_label(x, s->label, s->name);
        explain_text(x, "（", " (");
        explain_period(x, s->is_cap ? s->cap_period : s->deductible.period);
        explain_text(x, "）：", "): ");
        plan_say_choice(&x->say, s->is_cap ? &s->cap_value : &s->deductible.value, x->out);
        if (!s->is_cap) explain_filled_by(x, s->deductible.filled_by);
        explain_end(x);
    }
}

static void lists(const struct explain *x) {
    for (uint32_t i = 0; i < x->p->use_count; i++) {
        const struct plan_list *l = x->p->uses[i];
        explain_text(x, "清单", "List ");
        explain_label(x, l->label, l->name);
        explain_text(x, "：共 ", ": ");
        buf_printf(x->out, "%u", l->entry_count);
        explain_text(x, " 条", l->entry_count == 1 ? " entry" : " entries");
        explain_end(x);
    }
}

static void examples(const struct explain *x) {
    uint32_t n = x->p->example_count;
    if (n == 0) return;
    explain_text(x, "\n本方案附算例 ", "\nThe plan carries ");
    buf_printf(x->out, "%u", n);
    explain_text(x, " 个，随方案一同检验", n == 1 ? " example that is checked with it" : " examples that are checked with it");
    explain_end(x);
}

void plan_explain(const struct plan *p, bool in_zh, struct buf *out) {
    struct arena a;
    arena_init(&a, (size_t)64 << 20);
    struct explain x = {.say = {.p = p, .mode = in_zh ? PLAN_SAY_ZH : PLAN_SAY_EN, .a = &a}, .p = p, .out = out};
    title(&x);
    dates(&x);
    explain_waiting(&x, &p->waiting);
    reads(&x);
    co_insurers(&x);
    parameters(&x);
    lists(&x);
    conditions(&x);
    shared(&x);
    explain_exclusions(&x, p->exclusions, p->exclusion_count, "");
    for (uint32_t i = 0; i < p->benefit_count; i++) explain_benefit(&x, &p->benefits[i], i + 1);
    examples(&x);
    arena_done(&a);
}
