/* plan/say/say — names, amounts, values and choices in words; see say.h. */
#include <stdlib.h>

#include "plan/check/check.h"
#include "plan/say/say.h"
#include "plan/check/sites.h"
#include "plan/syntax/words.h"

/* ---- names and small words ------------------------------------------------------------------------- */

void plan_say_text(const struct plan_say *s, const char *zh, const char *en, struct buf *out) {
    buf_add_cstr(out, s->mode == PLAN_SAY_ZH ? zh : en);
}

void plan_say_label(const struct plan_say *s, struct plan_label label, struct str name, struct str key_name, struct buf *out) {
    if (s->mode == PLAN_SAY_KEY) {
        buf_add(out, key_name);
        return;
    }
    struct str text = s->mode == PLAN_SAY_ZH ? label.zh : label.en;
    if (text.n == 0) text = s->mode == PLAN_SAY_ZH ? label.en : label.zh;
    plan_say_text(s, "「", "“", out);
    buf_add(out, text.n > 0 ? text : name);
    plan_say_text(s, "」", "”", out);
}

static struct str name_of(const struct str *other, int32_t index, struct str own) {
    return other && index >= 0 ? other[index] : own;
}

struct str plan_say_list_name(const struct plan_say *s, int32_t list) {
    return name_of(s->names ? s->names->lists : NULL, list, s->p->uses[list]->name);
}

struct str plan_say_condition_name(const struct plan_say *s, int32_t condition) {
    return name_of(s->names ? s->names->conditions : NULL, condition, s->p->conditions[condition].name);
}

void plan_say_money(const struct plan_say *s, int64_t v, struct buf *out) {
    char text[40];
    const size_t n = minor_format((struct minor){v}, s->p->currency, true, text);
    buf_add(out, (struct str){text, n});
}

void plan_say_days(struct day_range on, struct buf *out) {
    char text[11];
    buf_add(out, (struct str){text, day_format(on.from, text)});
    buf_add_cstr(out, " ..");
    if (!day_is(on.to)) return;
    buf_add_char(out, ' ');
    buf_add(out, (struct str){text, day_format(on.to, text)});
}

void plan_say_period(const struct plan_say *s, struct plan_period period, struct buf *out) {
    static const struct {
        const char *zh, *en;
    } words[PLAN_EACH_COUNT] = {
        [PLAN_EACH_CLAIM] = {"每次理赔", "each claim"}, [PLAN_EACH_DAY] = {"每天", "each day"}, [PLAN_EACH_STAY] = {"每次住院", "each stay"},
        [PLAN_EACH_YEAR] = {"每年", "each year"},       [PLAN_EACH_LIFETIME] = {"终身", "in a lifetime"}};
    plan_say_text(s, words[period.each].zh, words[period.each].en, out);
    if (period.per_family) plan_say_text(s, "（全家共用）", ", per family", out);
}

void plan_say_key(const struct plan_say *s, enum plan_key key, struct buf *out) {
    static const struct {
        const char *zh, *en;
    } words[PLAN_KEY_COUNT] = {[PLAN_KEY_NONE] = {"", ""}, [PLAN_KEY_ITEM] = {"每个项目", "per item"},
                               [PLAN_KEY_INGREDIENT] = {"每种药品", "per ingredient"}, [PLAN_KEY_IMPLANT] = {"每种植入材料", "per implant"}};
    plan_say_text(s, words[key].zh, words[key].en, out);
}

void plan_say_buckets(const struct plan_say *s, uint32_t buckets, struct buf *out) {
    bool first = true;
    for (uint32_t k = PLAN_BUCKET_WORDS; k-- > 0;) { /* the word for four parts first */
        const uint32_t bits = plan_bucket_bits(k);
        if (bits == 0 || (buckets & bits) != bits) continue;
        if (!first) buf_add_cstr(out, " + ");
        buf_add_cstr(out, plan_bucket_text(k, s->mode == PLAN_SAY_ZH));
        buckets &= ~bits;
        first = false;
    }
}

void plan_say_kinds(const struct plan_say *s, uint32_t kinds, struct buf *out) {
    bool first = true;
    for (uint32_t k = 0; k < PLAN_KIND_COUNT; k++) {
        if (!(kinds >> k & 1U)) continue;
        if (!first) plan_say_text(s, "、", " and ", out);
        buf_add_cstr(out, plan_kind_text((enum plan_kind)k, s->mode == PLAN_SAY_ZH));
        first = false;
    }
    if (first) plan_say_text(s, "无", "nobody", out);
}

/* ---- values ------------------------------------------------------------------------------------------- */

static void number(const struct plan_say *s, enum plan_type type, int64_t v, struct buf *out) {
    char text[24];
    if (type == PLAN_TYPE_MONEY) plan_say_money(s, v, out);
    else if (type == PLAN_TYPE_RATIO) buf_add(out, (struct str){text, ratio_format_percent(v, text)});
    else buf_add_i64(out, v);
}

static bool constant(const struct plan_say *s, const struct plan_expr *e, int64_t *ret) {
    const struct plan_interval i = plan_expr_interval(s->p, e, DAY_NONE);
    if (i.min != i.max) return false;
    *ret = i.min;
    return true;
}

static void parameter(const struct plan_say *s, const struct plan_expr *e, struct buf *out) {
    const struct plan_parameter *q = &s->p->parameters[e->ref.index];
    int64_t v = 0;
    plan_say_label(s, q->label, q->name, name_of(s->names ? s->names->parameters : NULL, e->ref.index, q->name), out);
    if (!constant(s, e, &v)) return;
    plan_say_text(s, "（", " (", out);
    number(s, e->type, v, out);
    plan_say_text(s, "）", ")", out);
}

static void operand(const struct plan_say *s, const struct plan_expr *e, bool compound, struct buf *out) {
    const bool brackets = compound && (e->kind == PLAN_EXPR_ADD || e->kind == PLAN_EXPR_SUB || e->kind == PLAN_EXPR_MUL);
    if (brackets) buf_add_char(out, '(');
    plan_say_expr(s, e, out);
    if (brackets) buf_add_char(out, ')');
}

static void smaller_or_larger(const struct plan_say *s, const struct plan_expr *e, struct buf *out) {
    const bool min = e->kind == PLAN_EXPR_MIN;
    if (s->mode != PLAN_SAY_ZH) buf_add_cstr(out, min ? "the smaller of " : "the larger of ");
    plan_say_expr(s, e->a, out);
    plan_say_text(s, "与", " and ", out);
    plan_say_expr(s, e->b, out);
    if (s->mode == PLAN_SAY_ZH) buf_add_cstr(out, min ? "中较小者" : "中较大者");
}

void plan_say_expr(const struct plan_say *s, const struct plan_expr *e, struct buf *out) {
    int64_t v = 0;
    if (e->kind == PLAN_EXPR_NOTHING) {
        plan_say_text(s, "无", "none", out);
    } else if (e->kind == PLAN_EXPR_PARAMETER && (s->mode != PLAN_SAY_KEY || !constant(s, e, &v))) {
        parameter(s, e, out);
    } else if (constant(s, e, &v)) {
        number(s, e->type, v, out);
    } else if (e->kind == PLAN_EXPR_FACT) {
        buf_add(out, plan_fact_name(s->p, e->ref.index, s->mode == PLAN_SAY_ZH));
    } else if (e->kind == PLAN_EXPR_MIN || e->kind == PLAN_EXPR_MAX) {
        smaller_or_larger(s, e, out);
    } else {
        operand(s, e->a, e->kind == PLAN_EXPR_MUL, out);
        buf_add_cstr(out, e->kind == PLAN_EXPR_ADD ? " + " : e->kind == PLAN_EXPR_SUB ? " − " : " × ");
        operand(s, e->b, e->kind != PLAN_EXPR_ADD, out);
        if (e->rounding_written) {
            plan_say_text(s, "（", " (", out);
            buf_add_cstr(out, round_mode_name(e->rounding, s->mode == PLAN_SAY_ZH));
            plan_say_text(s, "）", ")", out);
        }
    }
}

void plan_say_value(const struct plan_say *s, const struct plan_value *v, struct buf *out) {
    if (v->expr) plan_say_expr(s, v->expr, out);
    for (uint32_t i = 0; v->schedule && i < v->schedule->tier_count; i++) {
        const struct plan_tier *t = &v->schedule->tiers[i];
        if (i > 0) plan_say_text(s, "，再往上 ", ", then ", out);
        plan_say_expr(s, t->ratio, out);
        if (!t->to) continue;
        plan_say_text(s, "（至 ", " up to ", out);
        plan_say_expr(s, t->to, out);
        plan_say_text(s, "）", "", out);
    }
}

/* ---- choices -------------------------------------------------------------------------------------------- */

void plan_say_item(const struct plan_say *s, const struct plan_choice *c, const struct plan_by_item *item, struct buf *out) {
    for (uint32_t i = 0; i < c->by_count; i++) {
        const int32_t fact = c->by[i].index;
        const struct plan_fact_view view = plan_fact_view(s->p, fact);
        if (i > 0) plan_say_text(s, "、", ", ", out);
        if (view.type == PLAN_VALUE_SYMBOL) {
            buf_add(out, plan_fact_word(s->p, fact, item->resolved[i], s->mode == PLAN_SAY_ZH));
        } else if (view.type == PLAN_VALUE_TEXT) {
            buf_add(out, s->p->texts[item->resolved[i]]);
        } else {
            buf_add(out, plan_fact_name(s->p, fact, s->mode == PLAN_SAY_ZH));
            if (view.type == PLAN_VALUE_COUNT) buf_printf(out, " %lld", (long long)item->resolved[i]);
            else plan_say_text(s, item->resolved[i] ? "：是" : "：否", item->resolved[i] ? ": yes" : ": no", out);
        }
    }
}

static int by_text(const void *a, const void *b) {
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Names in any order mean the same. */
static void guard_key(const struct plan_say *s, const struct plan_exception *e, struct buf *out) {
    struct str *names = ARENA_ARRAY(s->a, struct str, e->name_count);
    for (uint32_t i = 0; names && i < e->name_count; i++) names[i] = plan_say_condition_name(s, e->names[i].index);
    if (names && e->name_count > 1) qsort(names, e->name_count, sizeof(names[0]), by_text);
    for (uint32_t i = 0; names && i < e->name_count; i++) buf_printf(out, "%s%.*s", i > 0 ? " and " : "", STR_FMT(names[i]));
}

void plan_say_guard(const struct plan_say *s, const struct plan_exception *e, struct buf *out) {
    if (s->mode == PLAN_SAY_KEY) {
        guard_key(s, e, out);
        return;
    }
    for (uint32_t i = 0; i < e->name_count; i++) {
        const struct plan_condition *c = &s->p->conditions[e->names[i].index];
        if (i > 0) plan_say_text(s, "且", " and ", out);
        plan_say_label(s, c->label, c->name, c->name, out);
    }
}

void plan_say_choice(const struct plan_say *s, const struct plan_choice *c, struct buf *out) {
    bool first = true;
    for (uint32_t i = 0; i < c->item_count; i++) {
        if (!first) plan_say_text(s, "，", ", ", out);
        plan_say_item(s, c, &c->items[i], out);
        plan_say_text(s, "：", ": ", out);
        plan_say_value(s, &c->items[i].value, out);
        first = false;
    }
    if (c->has_base || c->by_count == 0) {
        if (!first) plan_say_text(s, "，其他：", ", otherwise ", out);
        plan_say_value(s, &c->base, out);
    }
    for (uint32_t i = 0; i < c->exception_count; i++) {
        plan_say_text(s, "；", "; ", out);
        plan_say_guard(s, &c->exceptions[i], out);
        plan_say_text(s, "：", ": ", out);
        plan_say_value(s, &c->exceptions[i].value, out);
    }
    if (c->in_order && c->exception_count > 1) plan_say_text(s, "（先写者先用）", " (the first that applies)", out);
}
