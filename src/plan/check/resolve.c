/* plan/check/resolve — every name finds what it means: facts, conditions, parameters, lists, benefits, shared items, words and texts.
 *
 * Who uses it: plan_check. Invariant after a clean pass: see `struct plan_ref` users in ast.h: FACT, IN, COMPARE → fact id; NAME → conditions;
 * list references → plan->uses, numbered in order of first reference in the source (`per ingredient` reads them in that order). A bare name that
 * the parser could not tell apart becomes the kind that it is. A reference that finds nothing stays PLAN_NONE and is reported once.
 */
#include <stdlib.h>

#include "plan/check/check.h"
#include "plan/facts.h"

enum { CHECK_TEXTS = 4'096 };

/* ---- looking up ------------------------------------------------------------------------------------- */

static int32_t find_condition(const struct plan *p, struct str name) {
    for (uint32_t i = 0; i < p->condition_count; i++)
        if (str_eq(p->conditions[i].name, name)) return (int32_t)i;
    return PLAN_NONE;
}

static int32_t find_parameter(const struct plan *p, struct str name) {
    for (uint32_t i = 0; i < p->parameter_count; i++)
        if (str_eq(p->parameters[i].name, name)) return (int32_t)i;
    return PLAN_NONE;
}

static int32_t find_fact(const struct plan *p, struct str name) {
    for (uint32_t i = 0; i < p->read_count; i++)
        if (p->reads[i].custom && str_eq(p->reads[i].fact.name, name)) return PLAN_FACT_CUSTOM + (int32_t)i;
    return plan_fact_find(name);
}

static int32_t find_benefit(const struct plan *p, struct str name) {
    for (uint32_t i = 0; i < p->benefit_count; i++)
        if (str_eq(p->benefits[i].name, name)) return (int32_t)i;
    return PLAN_NONE;
}

static int32_t find_shared(const struct plan *p, struct str name) {
    for (uint32_t i = 0; i < p->shared_count; i++)
        if (str_eq(p->shared[i].name, name)) return (int32_t)i;
    return PLAN_NONE;
}

static const struct plan_list *find_list(const struct check *c, struct str name) {
    for (uint32_t i = 0; i < c->p->list_count; i++)
        if (str_eq(c->p->lists[i].name, name)) return &c->p->lists[i];
    for (uint32_t i = 0; c->lib != NULL && i < c->lib->list_count; i++)
        if (str_eq(c->lib->lists[i]->name, name)) return c->lib->lists[i];
    return NULL;
}

/* A fact that may be read here; marks what `reads` declares. PLAN_NONE when it is unknown (not reported). */
static int32_t use_fact(struct check *c, struct str name, struct plan_pos at, bool line_allowed) {
    int32_t fact = find_fact(c->p, name);
    if (fact < 0) return PLAN_NONE;
    struct plan_fact_view view = plan_fact_view(c->p, fact);
    if (view.level == PLAN_LEVEL_LINE && !line_allowed) check_report(c, "line-fact", at, name, STR(""));
    if (view.level != PLAN_LEVEL_FACT) return fact;
    bool declared = false;
    for (uint32_t i = 0; i < c->p->read_count; i++) {
        if (c->p->reads[i].fact.index != fact) continue;
        declared = true;
        c->reads_used |= UINT64_C(1) << i;
    }
    if (!declared) check_report(c, "read-missing", at, name, STR(""));
    return fact;
}

static int64_t text_index(struct check *c, struct str text, struct plan_pos at) {
    struct plan *p = c->p;
    for (uint32_t i = 0; i < p->text_count; i++)
        if (str_eq(p->texts[i], text)) return i;
    if (p->text_count >= CHECK_TEXTS) {
        check_report(c, "too-many", at, BOTH("文本", "texts"), check_printf(c, "%d", CHECK_TEXTS));
        return PLAN_NONE;
    }
    struct str *slot = ARENA_PUSH(c->a, p->texts, p->text_count, c->text_cap);
    if (slot == NULL) {
        c->no_memory = true;
        return PLAN_NONE;
    }
    *slot = text;
    return p->text_count - 1;
}

/* Was this word written in quotes? The place tells: its first byte in the source. */
static bool quoted(const struct check *c, struct plan_pos at) {
    const struct plan_source *s = c->p->source;
    return s == NULL || at.start >= s->text.n || s->text.p[at.start] == '"';
}

/* The number that a word stands for: symbol index, 0/1, count or text index. PLAN_NONE: reported. */
static int64_t word_value(struct check *c, int32_t fact, struct str word, struct plan_pos at, bool check_quotes) {
    struct plan_fact_view view = plan_fact_view(c->p, fact);
    int64_t value = PLAN_NONE;
    if (view.type == PLAN_VALUE_TEXT) {
        if (check_quotes && !quoted(c, at)) check_report(c, "text-unquoted", at, plan_fact_name(c->p, fact, c->p->zh), word);
        return text_index(c, word, at);
    }
    if (view.type == PLAN_VALUE_BOOL) value = plan_bool_find(word);
    if (view.type == PLAN_VALUE_COUNT) {
        int64_t min, max;
        plan_fact_bounds(fact, &min, &max);
        if (!decimal_parse(word, 0, &value) || value < min || value > max) value = PLAN_NONE;
    }
    if (view.type == PLAN_VALUE_SYMBOL && fact < PLAN_FACT_CUSTOM) {
        const struct plan_fact_info *info = plan_fact_info((uint32_t)fact);
        value = plan_word_find(info->words, info->word_count, word);
    } else if (view.type == PLAN_VALUE_SYMBOL) {
        const struct plan_read *read = &c->p->reads[fact - PLAN_FACT_CUSTOM];
        for (uint32_t i = 0; i < read->word_count && value < 0; i++)
            if (str_eq(read->words[i], word)) value = i;
    }
    if (value < 0) check_report(c, "word-unknown", at, word, plan_fact_name(c->p, fact, c->p->zh));
    return value;
}

/* ---- lists -------------------------------------------------------------------------------------------- */

#define LIST_BIT(of) (1U << PLAN_LIST_OF_##of)
enum {
    LISTS_OF_CODES = LIST_BIT(DRUG) | LIST_BIT(CONSUMABLE) | LIST_BIT(SERVICE) | LIST_BIT(PROCEDURE),
    LISTS_OF_DIAGNOSES = LIST_BIT(DIAGNOSIS),
    LISTS_OF_PROCEDURES = LIST_BIT(PROCEDURE),
    LISTS_OF_INSTITUTIONS = LIST_BIT(INSTITUTION),
};

static void list_wanted(struct check *c, struct plan_ref *ref, uint32_t kinds) {
    ref->index = PLAN_NONE;
    const struct plan_list *list = find_list(c, ref->name);
    if (list == NULL) {
        check_report(c, "list-unknown", ref->pos, ref->name, STR(""));
        return;
    }
    if (list->of != PLAN_LIST_OF_ANY && (kinds & (1U << list->of)) == 0) {
        static const char *const reads[] = {
            [PLAN_LIST_OF_DIAGNOSIS] = BOTH_TEXT("诊断", "diagnoses"), [PLAN_LIST_OF_PROCEDURE] = BOTH_TEXT("手术操作", "procedures"),
            [PLAN_LIST_OF_INSTITUTION] = BOTH_TEXT("机构", "institutions"), [PLAN_LIST_OF_DRUG] = BOTH_TEXT("项目编码", "codes of lines"),
        };
        uint32_t which = kinds == LISTS_OF_DIAGNOSES     ? PLAN_LIST_OF_DIAGNOSIS
                         : kinds == LISTS_OF_PROCEDURES   ? PLAN_LIST_OF_PROCEDURE
                         : kinds == LISTS_OF_INSTITUTIONS ? PLAN_LIST_OF_INSTITUTION
                                                          : PLAN_LIST_OF_DRUG;
        check_report(c, "list-kind", ref->pos, ref->name, str_from(kinds == 0 ? BOTH_TEXT("科室或地区", "departments or regions") : reads[which]));
    }
    struct list_use *use = ARENA_PUSH(c->a, c->list_uses, c->list_use_count, c->list_use_cap);
    if (use == NULL) c->no_memory = true;
    else *use = (struct list_use){.ref = ref, .list = list};
}

static int use_order(const void *a, const void *b) {
    const struct list_use *x = a, *y = b;
    if (x->ref->pos.start != y->ref->pos.start) return x->ref->pos.start < y->ref->pos.start ? -1 : 1;
    return 0;
}

static void number_lists(struct check *c) {
    struct plan *p = c->p;
    const struct plan_list **uses = CHECK_ARRAY(c, const struct plan_list *, c->list_use_count);
    if (uses == NULL) return;
    if (c->list_use_count > 0) qsort(c->list_uses, c->list_use_count, sizeof(c->list_uses[0]), use_order);
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->list_use_count; i++) {
        uint32_t k = 0;
        while (k < count && uses[k] != c->list_uses[i].list) k++;
        if (k == count) uses[count++] = c->list_uses[i].list;
        c->list_uses[i].ref->index = (int32_t)k;
        if (count > LIMIT_PLAN_LISTS) {
            check_report(c, "too-many", p->pos, BOTH("引用的清单", "lists referred to"), check_printf(c, "%d", LIMIT_PLAN_LISTS));
            return;
        }
    }
    p->uses = uses;
    p->use_count = count;
}

/* ---- conditions ------------------------------------------------------------------------------------------ */

static void resolve_name(struct check *c, struct plan_cond *cond, bool line_allowed) {
    bool settled = cond->kind == PLAN_COND_FACT && cond->ref.index == PLAN_FACT_SETTLED;
    cond->line_level = false;
    int32_t condition = find_condition(c->p, cond->ref.name);
    if (condition >= 0) {
        cond->kind = PLAN_COND_NAME;
        cond->ref.index = condition;
        c->conditions_used[condition] = true;
        return;
    }
    int32_t fact = use_fact(c, cond->ref.name, cond->pos, line_allowed);
    if (fact < 0 && settled) fact = PLAN_FACT_SETTLED; /* `statutory settled`, whatever the parser kept of its words */
    cond->ref.index = fact;
    if (fact < 0) {
        check_report(c, "condition-unknown", cond->pos, cond->ref.name, STR(""));
        return;
    }
    cond->kind = PLAN_COND_FACT;
    cond->line_level = plan_fact_view(c->p, fact).level == PLAN_LEVEL_LINE;
    if (plan_fact_view(c->p, fact).type != PLAN_VALUE_BOOL) check_report(c, "fact-not-condition", cond->pos, cond->ref.name, STR(""));
}

static void resolve_words(struct check *c, struct plan_cond *cond, bool line_allowed) {
    cond->ref.index = use_fact(c, cond->ref.name, cond->ref.pos, line_allowed);
    if (cond->ref.index < 0) {
        check_report(c, "fact-unknown", cond->ref.pos, cond->ref.name, STR(""));
        return;
    }
    struct plan_fact_view view = plan_fact_view(c->p, cond->ref.index);
    cond->line_level = view.level == PLAN_LEVEL_LINE;
    if (view.type != PLAN_VALUE_SYMBOL && view.type != PLAN_VALUE_TEXT) {
        check_report(c, "fact-not-words", cond->pos, cond->ref.name, STR(""));
        return;
    }
    int64_t *values = CHECK_ARRAY(c, int64_t, cond->word_count);
    if (values == NULL) return;
    for (uint32_t i = 0; i < cond->word_count; i++) {
        values[i] = word_value(c, cond->ref.index, cond->words[i], cond->word_pos[i], true);
        for (uint32_t k = 0; k < i; k++)
            if (values[i] >= 0 && values[k] == values[i]) check_report(c, "word-twice", cond->word_pos[i], cond->words[i], STR(""));
    }
    cond->word_values = values;
}

/* Is the literal of a comparison a date? AST keeps its number only; the source still has its `2022-01-01`. */
static bool compared_with_date(const struct check *c, const struct plan_cond *cond) {
    const struct plan_source *s = c->p->source;
    if (s == NULL || cond->pos.end > s->text.n) return false;
    size_t end = cond->pos.end;
    struct day day;
    return end >= cond->pos.start + 10 && day_parse((struct str){s->text.p + end - 10, 10}, &day);
}

static void resolve_compare(struct check *c, struct plan_cond *cond, bool line_allowed) {
    cond->ref.index = use_fact(c, cond->ref.name, cond->ref.pos, line_allowed);
    if (cond->ref.index < 0) {
        check_report(c, "fact-unknown", cond->ref.pos, cond->ref.name, STR(""));
        return;
    }
    struct plan_fact_view view = plan_fact_view(c->p, cond->ref.index);
    cond->line_level = view.level == PLAN_LEVEL_LINE;
    if (view.type != PLAN_VALUE_COUNT && view.type != PLAN_VALUE_DATE) {
        check_report(c, "fact-not-number", cond->pos, cond->ref.name, STR(""));
        return;
    }
    if ((view.type == PLAN_VALUE_DATE) != compared_with_date(c, cond)) {
        bool date = view.type != PLAN_VALUE_DATE;
        check_report(c, "fact-number-kind", cond->pos, cond->ref.name, date ? BOTH("整数，而非日期", "not a date but a whole number")
                                                                           : BOTH("日期，而非数字", "not a number but a date"));
        return;
    }
    if (view.type == PLAN_VALUE_COUNT && cond->number > PLAN_COUNT_MAX)
        check_report(c, "too-large", cond->pos, check_printf(c, "%lld", (long long)cond->number), check_printf(c, "%d", PLAN_COUNT_MAX));
}

static void resolve_cond(struct check *c, struct plan_cond *cond, bool line_allowed) {
    switch (cond->kind) {
    case PLAN_COND_AND:
    case PLAN_COND_OR:
    case PLAN_COND_NOT:
        resolve_cond(c, cond->a, line_allowed);
        if (cond->b != NULL) resolve_cond(c, cond->b, line_allowed);
        cond->line_level = cond->a->line_level || (cond->b != NULL && cond->b->line_level);
        return;
    case PLAN_COND_FACT:
    case PLAN_COND_NAME: resolve_name(c, cond, line_allowed); return;
    case PLAN_COND_IN: resolve_words(c, cond, line_allowed); return;
    case PLAN_COND_COMPARE: resolve_compare(c, cond, line_allowed); return;
    case PLAN_COND_CODE_IN_LIST:
        if (!line_allowed) check_report(c, "line-fact", cond->pos, STR("code"), STR(""));
        cond->line_level = true;
        list_wanted(c, &cond->ref, LISTS_OF_CODES);
        return;
    case PLAN_COND_TEXT_IN_LIST:
        cond->fact.index = use_fact(c, cond->fact.name, cond->fact.pos, line_allowed);
        if (cond->fact.index < 0) check_report(c, "fact-unknown", cond->fact.pos, cond->fact.name, STR(""));
        list_wanted(c, &cond->ref, cond->fact.index == PLAN_FACT_HOSPITAL ? (uint32_t)LISTS_OF_INSTITUTIONS : 0);
        return;
    case PLAN_COND_PROCEDURE_IN_LIST: list_wanted(c, &cond->ref, LISTS_OF_PROCEDURES); return;
    case PLAN_COND_DIAGNOSIS_IN_LIST:
    case PLAN_COND_MAIN_IN_LIST:
    case PLAN_COND_FIRST_DIAGNOSED: list_wanted(c, &cond->ref, LISTS_OF_DIAGNOSES); return;
    case PLAN_COND_ENDORSED: cond->ref.index = PLAN_NONE; return;
    }
    CHECK(false); /* every kind has its rule above */
}

/* ---- values -------------------------------------------------------------------------------------------------- */

static void resolve_expr(struct check *c, struct plan_expr *e) {
    if (e == NULL) return;
    if (e->kind == PLAN_EXPR_PARAMETER || e->kind == PLAN_EXPR_FACT) {
        int32_t parameter = find_parameter(c->p, e->ref.name);
        int32_t fact = parameter >= 0 ? PLAN_NONE : use_fact(c, e->ref.name, e->pos, false);
        e->kind = parameter >= 0 ? PLAN_EXPR_PARAMETER : PLAN_EXPR_FACT;
        e->ref.index = parameter >= 0 ? parameter : fact;
        if (parameter >= 0) c->parameters_used[parameter] = true;
        if (e->ref.index < 0) check_report(c, "value-unknown", e->pos, e->ref.name, STR(""));
        return;
    }
    resolve_expr(c, e->a);
    resolve_expr(c, e->b);
}

static void resolve_value(struct check *c, struct plan_value *v) {
    resolve_expr(c, v->expr);
    for (uint32_t i = 0; v->schedule != NULL && i < v->schedule->tier_count; i++) {
        resolve_expr(c, v->schedule->tiers[i].ratio);
        resolve_expr(c, v->schedule->tiers[i].to);
    }
}

static void resolve_by(struct check *c, struct plan_choice *choice) {
    bool known = true;
    for (uint32_t i = 0; i < choice->by_count; i++) {
        struct plan_ref *ref = &choice->by[i];
        ref->index = use_fact(c, ref->name, ref->pos, false);
        known = known && ref->index >= 0;
        if (ref->index < 0) check_report(c, "fact-unknown", ref->pos, ref->name, STR(""));
        else if (plan_fact_view(c->p, ref->index).type == PLAN_VALUE_DATE) check_report(c, "by-fact", ref->pos, ref->name, STR(""));
        for (uint32_t k = 0; k < i; k++)
            if (ref->index >= 0 && choice->by[k].index == ref->index) check_report(c, "by-fact-twice", ref->pos, ref->name, STR(""));
    }
    for (uint32_t i = 0; known && i < choice->item_count; i++) {
        struct plan_by_item *item = &choice->items[i];
        for (uint32_t k = 0; k < choice->by_count; k++)
            item->resolved[k] = word_value(c, choice->by[k].index, item->values[k], item->pos, false);
    }
}

static void resolve_exceptions(struct check *c, struct plan_choice *choice) {
    for (uint32_t i = 0; i < choice->exception_count; i++) {
        struct plan_exception *e = &choice->exceptions[i];
        for (uint32_t k = 0; k < e->name_count; k++) {
            struct plan_ref *ref = &e->names[k];
            ref->index = find_condition(c->p, ref->name);
            if (ref->index < 0) check_report(c, "condition-unknown", ref->pos, ref->name, STR(""));
            else c->conditions_used[ref->index] = true;
            for (uint32_t n = 0; n < k; n++)
                if (ref->index >= 0 && e->names[n].index == ref->index) check_report(c, "guard-twice", ref->pos, ref->name, STR(""));
        }
    }
}

/* Most names first, else as written: an exception that includes another's names then comes before it. `in order`: as written. */
static void order_exceptions(struct check *c, struct plan_choice *choice) {
    uint32_t *order = CHECK_ARRAY(c, uint32_t, choice->exception_count);
    if (order == NULL) return;
    for (uint32_t i = 0; i < choice->exception_count; i++) {
        uint32_t at = i;
        while (!choice->in_order && at > 0 && choice->exceptions[order[at - 1]].name_count < choice->exceptions[i].name_count) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = i;
    }
    choice->priority = order;
}

static void resolve_choice(struct check *c, struct plan_choice *choice) {
    resolve_by(c, choice);
    resolve_exceptions(c, choice);
    order_exceptions(c, choice);
    struct plan_value *v;
    for (uint32_t i = 0; (v = plan_choice_value(choice, i)) != NULL; i++) resolve_value(c, v);
}

/* ---- clauses ---------------------------------------------------------------------------------------------------- */

static void resolve_shared(struct check *c, struct plan_ref *ref, bool is_cap) {
    ref->index = PLAN_NONE;
    if (ref->name.n == 0) return;
    int32_t found = find_shared(c->p, ref->name);
    if (found < 0) {
        check_report(c, "shared-unknown", ref->pos, ref->name, STR(""));
        return;
    }
    c->shared_used[found] = true;
    ref->index = found;
    if (c->p->shared[found].is_cap != is_cap) check_report(c, "shared-kind", ref->pos, ref->name, STR(""));
}

static void resolve_rest(struct check *c, uint32_t benefit, struct plan_ref *ref) {
    int32_t found = find_benefit(c->p, ref->name);
    ref->index = found;
    if (found < 0) check_report(c, "benefit-unknown", ref->pos, ref->name, STR(""));
    else if ((uint32_t)found >= benefit) check_report(c, "benefit-later", ref->pos, ref->name, STR(""));
    else if (c->p->benefits[found].kind == PLAN_BENEFIT_ALLOWANCE) check_report(c, "rest-of-allowance", ref->pos, ref->name, STR(""));
}

static void resolve_benefit(struct check *c, uint32_t index) {
    struct plan_benefit *b = &c->p->benefits[index];
    for (uint32_t i = 0; i < b->takes.rest_count; i++) resolve_rest(c, index, &b->takes.rest_of[i]);
    if (b->takes.share_list.name.n > 0) list_wanted(c, &b->takes.share_list, LISTS_OF_CODES);
    else b->takes.share_list.index = PLAN_NONE;
    resolve_shared(c, &b->deductible.shared, false);
    for (uint32_t i = 0; i < b->cap_count; i++) resolve_shared(c, &b->caps[i].shared, true);
}

static void warn_unused(struct check *c) {
    const struct plan *p = c->p;
    for (uint32_t i = 0; i < p->read_count; i++)
        if ((c->reads_used >> i & 1) == 0) check_report(c, "read-unused", p->reads[i].pos, p->reads[i].fact.name, STR(""));
    for (uint32_t i = 0; i < p->condition_count; i++)
        if (!c->conditions_used[i]) check_report(c, "condition-unused", p->conditions[i].pos, p->conditions[i].name, STR(""));
    for (uint32_t i = 0; i < p->parameter_count; i++)
        if (!c->parameters_used[i]) check_report(c, "parameter-unused", p->parameters[i].pos, p->parameters[i].name, STR(""));
    for (uint32_t i = 0; i < p->shared_count; i++)
        if (!c->shared_used[i]) check_report(c, "shared-unused", p->shared[i].pos, p->shared[i].name, STR(""));
    for (uint32_t i = 0; i < p->list_count; i++) {
        bool used = false;
        for (uint32_t k = 0; k < c->list_use_count && !used; k++) used = c->list_uses[k].list == &p->lists[i];
        if (!used) check_report(c, "list-unused", p->lists[i].pos, p->lists[i].name, STR(""));
    }
}

void check_resolve(struct check *c) {
    for (uint32_t i = 0; i < c->sites.cond_count; i++)
        resolve_cond(c, c->sites.conds[i].cond, plan_cond_role_may_read_line(c->p, &c->sites.conds[i]));
    for (uint32_t i = 0; i < c->sites.choice_count; i++) resolve_choice(c, c->sites.choices[i].choice);
    for (uint32_t i = 0; i < c->p->benefit_count; i++) resolve_benefit(c, i);
    number_lists(c);
    if (check_clean(c)) warn_unused(c);
}
