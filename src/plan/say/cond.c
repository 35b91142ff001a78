/* plan/say/cond — conditions in words, and their keys: what a condition means, free of order and of double negation. */
#include <stdlib.h>

#include "plan/say/say.h"
#include "plan/check/sites.h"

/* ---- one fact ------------------------------------------------------------------------------------------- */

static void fact_name(const struct plan_say *s, int32_t fact, struct buf *out) {
    buf_add(out, plan_fact_name(s->p, fact, s->mode == PLAN_SAY_ZH));
}

static struct str word_of(const struct plan_say *s, const struct plan_cond *c, uint32_t i) {
    if (plan_fact_view(s->p, c->ref.index).type == PLAN_VALUE_TEXT) return s->p->texts[c->word_values[i]];
    return plan_fact_word(s->p, c->ref.index, c->word_values[i], s->mode == PLAN_SAY_ZH);
}

static int by_text(const void *a, const void *b) {
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void words(const struct plan_say *s, const struct plan_cond *c, struct buf *out) {
    struct str *sorted = ARENA_ARRAY(s->a, struct str, c->word_count);
    for (uint32_t i = 0; sorted && i < c->word_count; i++) sorted[i] = word_of(s, c, i);
    if (sorted && s->mode == PLAN_SAY_KEY && c->word_count > 1) qsort(sorted, c->word_count, sizeof(sorted[0]), by_text);
    for (uint32_t i = 0; sorted && i < c->word_count; i++) {
        const bool last = i + 1 == c->word_count && s->mode != PLAN_SAY_KEY;
        if (i > 0) plan_say_text(s, last ? "或" : "、", last ? " or " : ", ", out);
        buf_add(out, sorted[i]);
    }
}

static void compare(const struct plan_say *s, const struct plan_cond *c, bool negated, struct buf *out) {
    static const char *const signs[] = {[PLAN_LT] = "<", [PLAN_LE] = "≤", [PLAN_EQ] = "=", [PLAN_NE] = "≠", [PLAN_GE] = "≥", [PLAN_GT] = ">"};
    static const enum plan_compare opposite[] = {[PLAN_LT] = PLAN_GE, [PLAN_LE] = PLAN_GT, [PLAN_EQ] = PLAN_NE,
                                                 [PLAN_NE] = PLAN_EQ, [PLAN_GE] = PLAN_LT, [PLAN_GT] = PLAN_LE};
    enum plan_compare op = negated ? opposite[c->compare] : c->compare;
    int64_t number = c->number;
    if (s->mode == PLAN_SAY_KEY && op == PLAN_GT) op = PLAN_GE, number++; /* whole numbers and days */
    if (s->mode == PLAN_SAY_KEY && op == PLAN_LE) op = PLAN_LT, number++;
    fact_name(s, c->ref.index, out);
    buf_printf(out, " %s ", signs[op]);
    char day[11];
    if (plan_fact_view(s->p, c->ref.index).type == PLAN_VALUE_DATE) {
        buf_add(out, (struct str){day, day_format((struct day){(int32_t)number}, day)});
    } else {
        buf_add_i64(out, number);
    }
}

/* ---- one atom ------------------------------------------------------------------------------------------- */

static void list_name(const struct plan_say *s, int32_t list, struct buf *out) {
    const struct plan_list *l = s->p->uses[list];
    plan_say_label(s, l->label, l->name, plan_say_list_name(s, list), out);
}

/* "the item is in list X": what is looked up, then the list. */
static void in_list(const struct plan_say *s, const struct plan_cond *c, bool negated, struct buf *out) {
    switch (c->kind) {
    case PLAN_COND_CODE_IN_LIST: plan_say_text(s, "项目", "the item", out); break;
    case PLAN_COND_TEXT_IN_LIST: fact_name(s, c->fact.index, out); break;
    case PLAN_COND_DIAGNOSIS_IN_LIST: plan_say_text(s, "任一诊断", "a diagnosis", out); break;
    case PLAN_COND_MAIN_IN_LIST: plan_say_text(s, "主要诊断", "the main diagnosis", out); break;
    case PLAN_COND_PROCEDURE_IN_LIST: plan_say_text(s, "手术操作", "a procedure", out); break;
    default: break;
    }
    plan_say_text(s, negated ? "不在" : "在", negated ? " is not in " : " is in ", out);
    list_name(s, c->ref.index, out);
    plan_say_text(s, "内", "", out);
}

static void first_diagnosed(const struct plan_say *s, const struct plan_cond *c, bool negated, struct buf *out) {
    plan_say_text(s, negated ? "首次投保前未诊断" : "首次投保前已诊断", negated ? "no diagnosis of " : "a diagnosis of ", out);
    list_name(s, c->ref.index, out);
    plan_say_text(s, "", " before first enrolment", out);
}

static void atom(const struct plan_say *s, const struct plan_cond *c, bool negated, struct buf *out) {
    const struct plan_condition *named = NULL;
    switch (c->kind) {
    case PLAN_COND_COMPARE: compare(s, c, negated, out); return;
    case PLAN_COND_FIRST_DIAGNOSED: first_diagnosed(s, c, negated, out); return;
    case PLAN_COND_IN: {
        const bool not_in = negated != (c->compare == PLAN_NE);
        fact_name(s, c->ref.index, out);
        plan_say_text(s, not_in ? "不是" : "是", not_in ? " is not " : " is ", out);
        words(s, c, out);
        return;
    }
    case PLAN_COND_CODE_IN_LIST:
    case PLAN_COND_TEXT_IN_LIST:
    case PLAN_COND_DIAGNOSIS_IN_LIST:
    case PLAN_COND_MAIN_IN_LIST:
    case PLAN_COND_PROCEDURE_IN_LIST: in_list(s, c, negated, out); return;
    default: break;
    }
    if (negated) plan_say_text(s, "非", "not ", out);
    if (c->kind == PLAN_COND_FACT) {
        fact_name(s, c->ref.index, out);
    } else if (c->kind == PLAN_COND_NAME) {
        named = &s->p->conditions[c->ref.index];
        plan_say_label(s, named->label, named->name, plan_say_condition_name(s, c->ref.index), out);
    } else {
        plan_say_text(s, "有批单", "endorsed ", out);
        buf_add(out, c->ref.name);
    }
}

/* ---- and, or, not ------------------------------------------------------------------------------------------ */

/* The operands of one `and` or `or`, through `not` and through operands of the same kind. */
struct operands {
    struct str *items;
    uint32_t count, cap;
};

static void cond_say(const struct plan_say *s, const struct plan_cond *c, bool negated, bool inner, struct buf *out);

static void operands_gather(const struct plan_say *s, const struct plan_cond *c, bool negated, bool conjunction, struct operands *o) {
    const bool junction = c->kind == PLAN_COND_AND || c->kind == PLAN_COND_OR;
    if (c->kind == PLAN_COND_NOT) {
        operands_gather(s, c->a, !negated, conjunction, o);
    } else if (junction && ((c->kind == PLAN_COND_AND) != negated) == conjunction) {
        operands_gather(s, c->a, negated, conjunction, o);
        operands_gather(s, c->b, negated, conjunction, o);
    } else {
        struct buf one;
        buf_init(&one, LIMIT_PLAN_BYTES);
        cond_say(s, c, negated, true, &one);
        struct str *slot = ARENA_PUSH(s->a, o->items, o->count, o->cap);
        if (slot) *slot = arena_str(s->a, buf_view(&one));
        buf_done(&one);
    }
}

static void cond_say(const struct plan_say *s, const struct plan_cond *c, bool negated, bool inner, struct buf *out) {
    if (c->kind == PLAN_COND_NOT) {
        cond_say(s, c->a, !negated, inner, out);
        return;
    }
    if (c->kind != PLAN_COND_AND && c->kind != PLAN_COND_OR) {
        atom(s, c, negated, out);
        return;
    }
    const bool conjunction = (c->kind == PLAN_COND_AND) != negated;
    struct operands o = {0};
    operands_gather(s, c, negated, conjunction, &o);
    if (s->mode == PLAN_SAY_KEY && o.count > 1) qsort(o.items, o.count, sizeof(o.items[0]), by_text);
    if (inner) plan_say_text(s, "（", "(", out);
    bool first = true;
    for (uint32_t i = 0; i < o.count; i++) {
        if (s->mode == PLAN_SAY_KEY && i > 0 && str_eq(o.items[i], o.items[i - 1])) continue;
        if (!first) plan_say_text(s, conjunction ? "，且" : "，或", conjunction ? " and " : " or ", out);
        buf_add(out, o.items[i]);
        first = false;
    }
    if (inner) plan_say_text(s, "）", ")", out);
}

void plan_say_cond(const struct plan_say *s, const struct plan_cond *c, struct buf *out) {
    cond_say(s, c, false, false, out);
}
