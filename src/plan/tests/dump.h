/* tests/dump — a tree as text, places left out and words in English: two texts are equal exactly when two plans mean the same.
 *
 * Who uses it: test_parse (what was read) and test_format (nothing was lost).
 */
#ifndef YIJIE_PLAN_TESTS_DUMP_H
#define YIJIE_PLAN_TESTS_DUMP_H

#include "plan/ast.h"
#include "plan/syntax/words.h"

static inline void dump_str(struct buf *o, struct str s) { buf_printf(o, "%.*s", STR_FMT(s)); }

/* A word as written in either language, in English; `fact`: whose value it is, -1 none. */
static inline struct str dump_english(struct str s, int32_t fact) {
    if (fact >= 0) {
        const struct plan_fact_info *info = plan_fact_info((uint32_t)fact);
        int32_t v = info->words ? plan_word_find(info->words, info->word_count, s) : -1;
        if (v >= 0) return str_from(plan_symbol_text(&info->words[v], false));
    }
    int32_t yes = plan_bool_find(s);
    if (yes >= 0) return yes ? STR("yes") : STR("no");
    return s;
}

static inline struct str dump_fact_name(struct str s) {
    int32_t fact = plan_fact_find(s);
    return fact >= 0 ? str_from(plan_fact_info((uint32_t)fact)->en) : s;
}

/* A keyword kept as text: given words, counters, buckets, kinds, statuses. */
static inline struct str dump_keyword(struct str s) {
    uint32_t n = 0;
    const struct bill_word *statuses = plan_policy_statuses(&n);
    for (uint32_t w = 0; w < W_COUNT; w++)
        if (str_eq(s, str_from(plan_word_text((enum plan_word)w, true)))) return str_from(plan_word_text((enum plan_word)w, false));
    for (uint32_t i = 0; i < PLAN_BUCKET_WORDS; i++)
        if (str_eq(s, str_from(plan_bucket_text(i, true)))) return str_from(plan_bucket_text(i, false));
    for (uint32_t i = 0; i < PLAN_KIND_COUNT; i++)
        if (str_eq(s, str_from(plan_kind_text(i, true)))) return str_from(plan_kind_text(i, false));
    for (uint32_t i = 0; i < n; i++)
        if (str_eq(s, str_from(statuses[i].zh))) return str_from(statuses[i].name);
    return dump_fact_name(s);
}

static inline void dump_day(struct buf *o, struct day d) {
    char text[11];
    day_format(d, text);
    buf_add_cstr(o, text[0] ? text : "-");
}

static inline void dump_range(struct buf *o, struct day_range r) {
    dump_day(o, r.from);
    buf_add_cstr(o, "..");
    dump_day(o, r.to);
}

static inline void dump_label(struct buf *o, struct plan_label l) { buf_printf(o, " \"%.*s\"/\"%.*s\"", STR_FMT(l.zh), STR_FMT(l.en)); }

static inline void dump_expr(struct buf *o, const struct plan_expr *e) {
    static const char *const names[] = {"", "", "", "", "", "+", "-", "*", "min", "max"};
    switch (e->kind) {
    case PLAN_EXPR_NUMBER: buf_printf(o, "%lldu", (long long)e->number_e6); break;
    case PLAN_EXPR_RATIO: buf_printf(o, "%lldppm", (long long)e->value); break;
    case PLAN_EXPR_NOTHING: buf_add_cstr(o, "nothing"); break;
    case PLAN_EXPR_PARAMETER:
    case PLAN_EXPR_FACT:
        buf_add_cstr(o, e->kind == PLAN_EXPR_FACT ? "fact:" : "name:");
        dump_str(o, dump_fact_name(e->ref.name));
        break;
    default:
        buf_printf(o, "(%s ", names[e->kind]);
        dump_expr(o, e->a);
        buf_add_char(o, ' ');
        dump_expr(o, e->b);
        buf_add_char(o, ')');
    }
    if (e->rounding_written) buf_printf(o, "~%s", round_mode_name(e->rounding, false));
}

static inline void dump_value(struct buf *o, const struct plan_value *v) {
    if (v->expr) dump_expr(o, v->expr);
    if (!v->schedule) return;
    for (uint32_t i = 0; i < v->schedule->tier_count; i++) {
        buf_add_char(o, '[');
        dump_expr(o, v->schedule->tiers[i].ratio);
        if (v->schedule->tiers[i].to) {
            buf_add_cstr(o, " to ");
            dump_expr(o, v->schedule->tiers[i].to);
        }
        buf_add_char(o, ']');
    }
}

static inline void dump_choice(struct buf *o, const struct plan_choice *c) {
    for (uint32_t i = 0; i < c->by_count; i++) {
        buf_add_cstr(o, i ? "," : "by ");
        dump_str(o, dump_fact_name(c->by[i].name));
    }
    for (uint32_t i = 0; i < c->item_count; i++) {
        buf_add_cstr(o, " {");
        for (uint32_t k = 0; k < c->by_count; k++) {
            dump_str(o, dump_english(c->items[i].values[k], plan_fact_find(c->by[k].name)));
            buf_add_char(o, ' ');
        }
        dump_value(o, &c->items[i].value);
        buf_add_char(o, '}');
    }
    if (c->has_base) {
        buf_add_cstr(o, c->by_count ? " otherwise " : "");
        dump_value(o, &c->base);
    }
    for (uint32_t i = 0; i < c->exception_count; i++) {
        buf_add_cstr(o, " <");
        for (uint32_t k = 0; k < c->exceptions[i].name_count; k++) buf_printf(o, "%.*s&", STR_FMT(c->exceptions[i].names[k].name));
        dump_value(o, &c->exceptions[i].value);
        buf_add_char(o, '>');
    }
    if (c->in_order) buf_add_cstr(o, " in-order");
}

static inline void dump_cond(struct buf *o, const struct plan_cond *c) {
    static const char *const names[] = {"and", "or", "not", "fact", "in", "compare", "name", "code-in", "text-in", "diagnosis-in", "main-in",
                                        "procedure-in", "first-diagnosed", "endorsed"};
    static const char *const signs[] = {"<", "<=", "=", "!=", ">=", ">"};
    int32_t fact = plan_fact_find(c->ref.name);
    buf_printf(o, "(%s", names[c->kind]);
    if (c->a) {
        buf_add_char(o, ' ');
        dump_cond(o, c->a);
        if (c->b) {
            buf_add_char(o, ' ');
            dump_cond(o, c->b);
        }
    } else {
        struct str name = dump_fact_name(c->ref.name), other = dump_fact_name(c->fact.name);
        buf_printf(o, " %.*s", STR_FMT(name));
        if (c->kind == PLAN_COND_TEXT_IN_LIST) buf_printf(o, " of %.*s", STR_FMT(other));
        if (c->kind == PLAN_COND_COMPARE) buf_printf(o, " %s %lld", signs[c->compare], (long long)c->number);
        if (c->kind == PLAN_COND_IN) buf_printf(o, " %s", signs[c->compare]);
        for (uint32_t i = 0; i < c->word_count; i++) {
            buf_add_char(o, ' ');
            dump_str(o, dump_english(c->words[i], fact));
        }
    }
    buf_add_char(o, ')');
}

static inline void dump_period(struct buf *o, const struct plan_period *p) {
    static const char *const names[] = {"claim", "day", "stay", "year", "lifetime"};
    buf_printf(o, " each %s%s", names[p->each], p->per_family ? " family" : "");
}

static inline void dump_deductible(struct buf *o, const struct plan_deductible *d) {
    if (!d->written) return;
    if (d->nothing) buf_add_cstr(o, "none");
    else if (d->shared.name.n) buf_printf(o, "shared %.*s", STR_FMT(d->shared.name));
    else {
        dump_choice(o, &d->value);
        dump_period(o, &d->period);
    }
    if (d->filled_by) buf_printf(o, " filled %x", d->filled_by);
}

static inline void dump_exclusions(struct buf *o, const struct plan_exclusion *e, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        buf_printf(o, "exclude %.*s", STR_FMT(e[i].name));
        dump_label(o, e[i].label);
        buf_add_char(o, ' ');
        dump_cond(o, e[i].when);
        buf_add_char(o, '\n');
    }
}

static inline void dump_waiting(struct buf *o, const struct plan_waiting *w) {
    if (!w->written) return;
    buf_printf(o, "waiting %d", w->days);
    if (w->unless) {
        buf_add_cstr(o, " unless ");
        dump_cond(o, w->unless);
    }
    buf_add_char(o, '\n');
}

static inline void dump_reach(struct buf *o, enum plan_key key, const struct plan_period *period, const struct plan_cond *where) {
    static const char *const names[] = {"", " per item", " per ingredient", " per implant"};
    buf_add_cstr(o, names[key]);
    dump_period(o, period);
    if (where) {
        buf_add_cstr(o, " for ");
        dump_cond(o, where);
    }
    buf_add_char(o, '\n');
}

static inline void dump_takes(struct buf *o, const struct plan_takes *t) {
    if (!t->written) return;
    buf_printf(o, "takes %x", t->buckets);
    for (uint32_t i = 0; i < t->word_count; i++) {
        struct str word = dump_keyword(t->words[i].word);
        buf_printf(o, " %.*s:%x", STR_FMT(word), t->words[i].bits);
    }
    for (uint32_t i = 0; i < t->rest_count; i++) buf_printf(o, " rest %.*s", STR_FMT(t->rest_of[i].name));
    if (t->before_others) buf_add_cstr(o, " before-others");
    if (t->share_list.name.n) buf_printf(o, " share %.*s %s", STR_FMT(t->share_list.name), round_mode_name(t->share_rounding, false));
    buf_add_char(o, '\n');
}

static inline void dump_allowance(struct buf *o, const struct plan_allowance *w) {
    buf_add_cstr(o, "allowance ");
    dump_choice(o, &w->amount);
    buf_printf(o, " %s after %lld", w->icu ? "icu" : "day", (long long)w->after_days);
    for (uint32_t i = 0; i < w->limit_count; i++) {
        buf_printf(o, " most %lld", (long long)w->limits[i].days);
        dump_period(o, &w->limits[i].period);
    }
    buf_add_char(o, '\n');
}

static inline void dump_limits(struct buf *o, const struct plan_benefit *b) {
    static const char *const units[] = {"money", "times", "visits"};
    for (uint32_t i = 0; i < b->count_limit_count; i++) {
        const struct plan_count_limit *l = &b->count_limits[i];
        buf_printf(o, "counts %s ", units[l->unit]);
        dump_choice(o, &l->value);
        dump_reach(o, l->key, &l->period, l->where);
    }
    for (uint32_t i = 0; i < b->limit_count; i++) {
        buf_add_cstr(o, "limit ");
        dump_choice(o, &b->limits[i].value);
        dump_reach(o, b->limits[i].key, &b->limits[i].period, b->limits[i].where);
    }
    for (uint32_t i = 0; i < b->cap_count; i++) {
        const struct plan_cap *c = &b->caps[i];
        buf_add_cstr(o, "cap ");
        if (c->nothing) buf_add_cstr(o, "none");
        else if (c->shared.name.n) buf_printf(o, "shared %.*s", STR_FMT(c->shared.name));
        else {
            dump_choice(o, &c->value);
            dump_period(o, &c->period);
        }
        buf_add_char(o, '\n');
    }
}

static inline void dump_pays(struct buf *o, const struct plan_pays *p) {
    if (!p->written) return;
    buf_add_cstr(o, "pays ");
    dump_choice(o, &p->schedule);
    if (p->basis_written) buf_add_cstr(o, p->on_base ? " on base" : " on over");
    if (p->period_written) dump_period(o, &p->period);
    buf_add_char(o, '\n');
}

static inline void dump_benefit(struct buf *o, const struct plan_benefit *b) {
    buf_printf(o, "benefit %.*s", STR_FMT(b->name));
    dump_label(o, b->label);
    buf_add_char(o, '\n');
    if (b->fund.n) buf_printf(o, "fund %.*s\n", STR_FMT(b->fund));
    for (uint32_t i = 0; i < b->need_count; i++) {
        buf_add_cstr(o, "needs ");
        dump_cond(o, b->needs[i].cond);
        if (b->needs[i].refusal.n) {
            buf_printf(o, " else %.*s", STR_FMT(b->needs[i].refusal));
            dump_label(o, b->needs[i].label);
        }
        buf_add_char(o, '\n');
    }
    dump_takes(o, &b->takes);
    if (b->where) {
        buf_add_cstr(o, "where ");
        dump_cond(o, b->where);
        buf_add_char(o, '\n');
    }
    dump_waiting(o, &b->waiting);
    dump_exclusions(o, b->exclusions, b->exclusion_count);
    if (b->first_share.written) {
        buf_printf(o, "first-share %s ", b->first_share.after_deductible ? "after" : "before");
        dump_choice(o, &b->first_share.ratio);
        buf_add_char(o, '\n');
    }
    if (b->deductible.written) {
        buf_add_cstr(o, "deductible ");
        dump_deductible(o, &b->deductible);
        buf_add_char(o, '\n');
    }
    dump_pays(o, &b->pays);
    if (b->times.written) {
        buf_add_cstr(o, "times ");
        dump_choice(o, &b->times.ratio);
        buf_add_char(o, '\n');
    }
    dump_limits(o, b);
    if (b->in_line_order) buf_add_cstr(o, "in-line-order\n");
    if (b->kind == PLAN_BENEFIT_ALLOWANCE) dump_allowance(o, &b->allowance);
}

static inline void dump_list(struct buf *o, const struct plan_list *l) {
    static const char *const of[] = {"any", "diagnosis", "drug", "consumable", "service", "procedure", "institution"};
    static const char *const kinds[] = {"code", "prefix", "range", "name"};
    buf_printf(o, "list %.*s", STR_FMT(l->name));
    dump_label(o, l->label);
    buf_printf(o, " of %s\n", of[l->of]);
    for (uint32_t i = 0; i < l->entry_count; i++) {
        const struct plan_entry *e = &l->entries[i];
        buf_printf(o, "%s \"%.*s\" \"%.*s\" note \"%.*s\" group \"%.*s\" share %lld ", kinds[e->kind], STR_FMT(e->text), STR_FMT(e->text_to),
                   STR_FMT(e->note), STR_FMT(e->group), (long long)e->share_ppm);
        dump_range(o, e->on);
        buf_add_char(o, '\n');
    }
}

static inline void dump_given(struct buf *o, const struct plan_given *g) {
    static const char *const kinds[] = {"fact", "amount", "line", "line-word", "diagnosis", "class", "paid", "policy", "counter"};
    struct str word = dump_keyword(g->word);
    struct str value = g->value_is_text ? g->value : dump_english(g->value, plan_fact_find(g->word));
    if (!g->value_is_text) value = dump_keyword(value);
    bool digits = !g->value_is_text && g->value.n && g->value.p[0] >= '0' && g->value.p[0] <= '9'; /* compared by value, not as written */
    buf_printf(o, "given %s %.*s", kinds[g->kind], STR_FMT(word));
    if (!digits) buf_printf(o, " %.*s", STR_FMT(value));
    buf_printf(o, " %lldu", (long long)g->number_e6);
    if (g->ref.name.n) {
        struct str name = dump_keyword(g->ref.name);
        buf_printf(o, " ref %.*s", STR_FMT(name));
    }
    buf_add_char(o, ' ');
    dump_range(o, g->on);
    buf_add_char(o, '\n');
}

static inline void dump_example(struct buf *o, const struct plan_example *x) {
    static const char *const kinds[] = {"benefit", "refused", "total", "allowance"};
    buf_printf(o, "example \"%.*s\" source \"%.*s\"\n", STR_FMT(x->title), STR_FMT(x->source));
    for (uint32_t s = 0; s < x->step_count; s++) {
        buf_printf(o, "step %u\n", s);
        for (uint32_t i = 0; i < x->steps[s].given_count; i++) dump_given(o, &x->steps[s].given[i]);
        for (uint32_t i = 0; i < x->steps[s].expect_count; i++) {
            const struct plan_expect *e = &x->steps[s].expects[i];
            buf_printf(o, "expect %s %.*s %.*s %lldu\n", kinds[e->kind], STR_FMT(e->ref.name), STR_FMT(e->code), (long long)e->number_e6);
        }
    }
}

static inline void dump_read(struct buf *o, const struct plan_read *r) {
    struct str name = dump_fact_name(r->fact.name);
    buf_printf(o, "reads %.*s type %d custom %d", STR_FMT(name), (int)r->type, r->custom);
    for (uint32_t i = 0; i < r->word_count; i++) buf_printf(o, " %.*s", STR_FMT(r->words[i]));
    if (r->has_default) buf_printf(o, " default %lld", (long long)r->default_value);
    buf_add_char(o, '\n');
}

static inline void dump_header(struct buf *o, const struct plan *p) {
    buf_printf(o, "plan %.*s", STR_FMT(p->name));
    dump_label(o, p->label);
    buf_printf(o, "\nkind %d %d product %.*s source \"%.*s\" grade %c\nforce %d ", p->kind_written, (int)p->kind, STR_FMT(p->product),
               STR_FMT(p->source_text), p->grade ? p->grade : '-', p->in_force_written);
    dump_range(o, p->in_force);
    buf_printf(o, "\ncounts %d over %d years %d currency %.*s %s %d\n", (int)p->counts_by, (int)p->over_the_end_by, (int)p->years,
               STR_FMT(p->currency_code), round_mode_name(p->rounding, false), p->rounding_written);
    dump_waiting(o, &p->waiting);
    for (uint32_t i = 0; i < p->read_count; i++) dump_read(o, &p->reads[i]);
    for (uint32_t i = 0; i < p->co_insurer_count; i++)
        buf_printf(o, "co-insurer \"%.*s\" %lld each %d\n", STR_FMT(p->co_insurers[i].name), (long long)p->co_insurers[i].share_ppm, p->paid_by_each);
}

static inline void dump_plan(struct buf *o, const struct plan *p) {
    dump_header(o, p);
    for (uint32_t i = 0; i < p->parameter_count; i++) {
        buf_printf(o, "parameter %.*s", STR_FMT(p->parameters[i].name));
        dump_label(o, p->parameters[i].label);
        buf_add_char(o, '\n');
        for (uint32_t k = 0; k < p->parameters[i].value_count; k++) {
            dump_range(o, p->parameters[i].values[k].on);
            buf_add_char(o, ' ');
            dump_choice(o, &p->parameters[i].values[k].value);
            buf_add_char(o, '\n');
        }
    }
    for (uint32_t i = 0; i < p->list_count; i++) dump_list(o, &p->lists[i]);
    for (uint32_t i = 0; i < p->condition_count; i++) {
        buf_printf(o, "%s %.*s", p->conditions[i].is_class ? "class" : "case", STR_FMT(p->conditions[i].name));
        dump_label(o, p->conditions[i].label);
        buf_add_char(o, ' ');
        dump_cond(o, p->conditions[i].when);
        buf_add_char(o, '\n');
    }
    dump_exclusions(o, p->exclusions, p->exclusion_count);
    for (uint32_t i = 0; i < p->shared_count; i++) {
        buf_printf(o, "shared %s %.*s", p->shared[i].is_cap ? "cap" : "deductible", STR_FMT(p->shared[i].name));
        dump_label(o, p->shared[i].label);
        buf_add_char(o, ' ');
        if (p->shared[i].is_cap) {
            dump_choice(o, &p->shared[i].cap_value);
            dump_period(o, &p->shared[i].cap_period);
        } else {
            dump_deductible(o, &p->shared[i].deductible);
        }
        buf_add_char(o, '\n');
    }
    for (uint32_t i = 0; i < p->benefit_count; i++) dump_benefit(o, &p->benefits[i]);
    for (uint32_t i = 0; i < p->example_count; i++) dump_example(o, &p->examples[i]);
}

static inline void dump_chain(struct buf *o, const struct plan_chain *c) {
    static const char *const kinds[] = {"plan", "policies by date", "policies as listed"};
    buf_printf(o, "chain %.*s", STR_FMT(c->name));
    dump_label(o, (struct plan_label){c->label_zh, c->label_en});
    buf_printf(o, " source \"%.*s\" grade %c\n", STR_FMT(c->source_text), c->grade ? c->grade : '-');
    for (uint32_t i = 0; i < c->region_count; i++) buf_printf(o, "region %.*s\n", STR_FMT(c->regions[i]));
    for (uint32_t i = 0; i < c->fund_count; i++) buf_printf(o, "fund %.*s %x\n", STR_FMT(c->funds[i].name), c->funds[i].buckets);
    for (uint32_t i = 0; i < c->step_count; i++)
        buf_printf(o, "then %s %.*s fills %d %d\n", kinds[c->steps[i].kind], STR_FMT(c->steps[i].plan), c->steps[i].fills_written, c->steps[i].fills);
}

static inline void dump_file(struct buf *o, const struct plan_file *f) {
    for (uint32_t i = 0; i < f->plan_count; i++) dump_plan(o, f->plans[i]);
    for (uint32_t i = 0; i < f->list_count; i++) dump_list(o, f->lists[i]);
    for (uint32_t i = 0; i < f->chain_count; i++) dump_chain(o, f->chains[i]);
}

#endif
