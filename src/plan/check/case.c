/* plan/check/case — case splits are complete, exceptions distinct, parameters have one value on every day of the force.
 *
 * Who uses it: plan_check, on a tree without errors. `by` is judged over the whole domain of its facts, whatever `where` and `needs` let through: a
 * reader need not follow other clauses to see that nothing is missing, and an evaluator may ask for any value at any time.
 */
#include "plan/check/check.h"

#include <stdlib.h>

#include "plan/prove/witness.h"

enum { CASE_CELLS = 4'096 }; /* combinations of one `by`: beyond that only `otherwise` is accepted */

/* How many values a fact has, when they can be listed: 0 when they cannot (a count without bounds, a text). */
static uint32_t domain_size(const struct plan *p, int32_t fact) {
    struct plan_fact_view view = plan_fact_view(p, fact);
    int64_t min, max;
    switch (view.type) {
    case PLAN_VALUE_SYMBOL: return view.word_count;
    case PLAN_VALUE_BOOL: return 2;
    case PLAN_VALUE_COUNT: plan_fact_bounds(fact, &min, &max); return max - min < 16 ? (uint32_t)(max - min + 1) : 0;
    case PLAN_VALUE_TEXT:
    case PLAN_VALUE_DATE: return 0;
    }
    return 0;
}

static int64_t domain_value(int32_t fact, uint32_t index) {
    return fact == PLAN_FACT_HOSPITAL_LEVEL ? (int64_t)index + 1 : (int64_t)index;
}

static struct str value_name(struct check *c, int32_t fact, int64_t value, bool zh) {
    struct plan_fact_view view = plan_fact_view(c->p, fact);
    if (view.type == PLAN_VALUE_SYMBOL) return plan_fact_word(c->p, fact, value, zh);
    if (view.type == PLAN_VALUE_BOOL) return zh ? (value ? STR("是") : STR("否")) : (value ? STR("yes") : STR("no"));
    return check_printf(c, "%lld", (long long)value);
}

/* "visit inpatient, poor no" */
static struct str case_name(struct check *c, const struct plan_choice *choice, const int64_t *values, bool zh) {
    struct str all = STR("");
    for (uint32_t i = 0; i < choice->by_count; i++) {
        int32_t fact = choice->by[i].index;
        struct str name = plan_fact_name(c->p, fact, zh), value = value_name(c, fact, values[i], zh);
        all = check_printf(c, "%.*s%s%.*s %.*s", STR_FMT(all), i > 0 ? (zh ? "、" : ", ") : "", STR_FMT(name), STR_FMT(value));
    }
    return all;
}

static void items_distinct(struct check *c, const struct plan_choice *choice) {
    for (uint32_t i = 0; i < choice->item_count; i++)
        for (uint32_t k = 0; k < i; k++) {
            bool same = true;
            for (uint32_t n = 0; n < choice->by_count; n++) same = same && choice->items[i].resolved[n] == choice->items[k].resolved[n];
            if (!same) continue;
            check_report(c, "item-twice", choice->items[i].pos, check_printf(c, "%u", choice->items[k].pos.line), STR(""));
            break;
        }
}

static bool has_item(const struct plan_choice *choice, const int64_t *values) {
    for (uint32_t i = 0; i < choice->item_count; i++) {
        bool same = true;
        for (uint32_t n = 0; n < choice->by_count; n++) same = same && choice->items[i].resolved[n] == values[n];
        if (same) return true;
    }
    return false;
}

static struct str zh_en(struct check *c, struct str zh, struct str en) {
    return check_printf(c, "%.*s%c%.*s", STR_FMT(zh), CHECK_BOTH_SEPARATOR, STR_FMT(en));
}

/* The first combination without an item. False: there is none. */
static bool find_gap(const struct plan *p, const struct plan_choice *choice, uint32_t cells, int64_t ret_values[3]) {
    for (uint32_t cell = 0; cell < cells; cell++) {
        int64_t values[3] = {0};
        uint32_t rest = cell;
        for (uint32_t i = choice->by_count; i-- > 0;) {
            uint32_t size = domain_size(p, choice->by[i].index);
            CHECK(size > 0); /* cells is their product, and above 0 */
            values[i] = domain_value(choice->by[i].index, rest % size);
            rest /= size;
        }
        if (has_item(choice, values)) continue;
        for (uint32_t i = 0; i < choice->by_count; i++) ret_values[i] = values[i];
        return true;
    }
    return false;
}

/* A value of a fact that cannot be listed, and that no item has. */
static void other_value(const struct plan *p, const struct plan_choice *choice, uint32_t at, struct witness_fact *ret) {
    static const char *const texts[] = {"zz-other", "999999", "none"};
    int64_t min, max;
    plan_fact_bounds(ret->fact, &min, &max);
    bool text = plan_fact_view(p, ret->fact).type == PLAN_VALUE_TEXT;
    for (uint32_t n = 0;; n++) { /* one more than there are items is enough */
        bool taken = false;
        for (uint32_t i = 0; i < choice->item_count; i++) {
            int64_t v = choice->items[i].resolved[at];
            taken = taken || (text ? n < COUNT_OF(texts) && str_eq(p->texts[v], str_from(texts[n])) : v == min + n);
        }
        if (taken) continue;
        ret->number = min + n;
        if (text) ret->text = str_from(texts[n < COUNT_OF(texts) ? n : 0]);
        return;
    }
}

static void report_gap(struct check *c, const struct plan_choice *choice, const int64_t *values, struct str what) {
    struct plan_diagnostic *d = check_finding(c, c->p->source, "case-gap", choice->pos, what, STR(""));
    if (d == NULL) return;
    struct witness_fact facts[3];
    for (uint32_t i = 0; i < choice->by_count; i++) {
        facts[i] = (struct witness_fact){.fact = choice->by[i].index, .number = values[i]};
        if (domain_size(c->p, facts[i].fact) == 0) other_value(c->p, choice, i, &facts[i]);
    }
    d->verdict = PLAN_REFUTED;
    d->witness = witness_bill_of_facts(c->a, c->p, facts, choice->by_count);
    if (d->witness == NULL) c->no_memory = true;
}

static void by_complete(struct check *c, const struct plan_choice *choice) {
    uint64_t cells = 1;
    int64_t values[3] = {0};
    struct str zh = STR(""), en = STR("");
    for (uint32_t i = 0; i < choice->by_count; i++) {
        uint32_t size = domain_size(c->p, choice->by[i].index);
        if (size == 0) zh = plan_fact_name(c->p, choice->by[i].index, true), en = plan_fact_name(c->p, choice->by[i].index, false);
        else values[i] = domain_value(choice->by[i].index, 0);
        cells *= size;
    }
    bool listable = cells > 0 && cells <= CASE_CELLS;
    bool gap = !listable || find_gap(c->p, choice, (uint32_t)cells, values);
    if (!gap && choice->has_base) check_report(c, "otherwise-dead", choice->pos, STR(""), STR(""));
    if (!gap || choice->has_base) return;
    struct str what = BOTH("组合过多的其余取值", "the rest of so many combinations");
    if (listable) what = zh_en(c, case_name(c, choice, values, true), case_name(c, choice, values, false));
    else if (zh.n > 0) what = zh_en(c, check_printf(c, "「%.*s」的其余取值", STR_FMT(zh)), check_printf(c, "the other values of %.*s", STR_FMT(en)));
    report_gap(c, choice, values, what);
}

/* ---- exceptions -------------------------------------------------------------------------------------------- */

static bool has_name(const struct plan_exception *e, int32_t condition) {
    for (uint32_t i = 0; i < e->name_count; i++)
        if (e->names[i].index == condition) return true;
    return false;
}

bool plan_exception_includes(const struct plan_exception *a, const struct plan_exception *b) {
    for (uint32_t i = 0; i < b->name_count; i++)
        if (!has_name(a, b->names[i].index)) return false;
    return true;
}

static void exceptions_distinct(struct check *c, const struct plan_choice *choice) {
    for (uint32_t i = 0; i < choice->exception_count; i++)
        for (uint32_t k = 0; k < i; k++) {
            const struct plan_exception *a = &choice->exceptions[i], *b = &choice->exceptions[k];
            if (!plan_exception_includes(a, b) || !plan_exception_includes(b, a)) continue;
            check_report(c, "exception-twice", a->pos, check_printf(c, "%u", b->pos.line), STR(""));
            break;
        }
}

/* ---- dates of parameters -------------------------------------------------------------------------------------- */

static int by_from(const void *a, const void *b) {
    const struct day_range *x = a, *y = b;
    return x->from.v < y->from.v ? -1 : x->from.v > y->from.v;
}

static struct str day_text(struct check *c, struct day d) {
    char text[11];
    size_t n = day_format(d, text);
    return check_text(c, arena_str(c->a, (struct str){text, n}));
}

static void parameter_dates(struct check *c, const struct plan_parameter *p) {
    struct day_range *ranges = CHECK_ARRAY(c, struct day_range, p->value_count);
    if (ranges == NULL) return;
    bool reversed = false;
    for (uint32_t i = 0; i < p->value_count; i++) {
        ranges[i] = p->values[i].on;
        reversed = reversed || ranges[i].from.v > ranges[i].to.v;
        if (ranges[i].from.v > ranges[i].to.v) check_report(c, "dates-reversed", p->values[i].pos, STR(""), STR(""));
    }
    if (reversed) return;
    qsort(ranges, p->value_count, sizeof(ranges[0]), by_from);
    struct day_range force = c->p->in_force;
    int64_t need = force.from.v; /* first day of the force that has no value yet */
    for (uint32_t i = 0; i < p->value_count; i++) {
        if (i > 0 && ranges[i].from.v <= ranges[i - 1].to.v)
            check_report(c, "parameter-overlap", p->pos, p->name, day_text(c, ranges[i].from));
        if (ranges[i].from.v > need) break;
        if (ranges[i].to.v >= need) need = (int64_t)ranges[i].to.v + 1;
    }
    bool covered = need > force.to.v || need > DAY_OPEN.v;
    if (!covered) check_report(c, "parameter-gap", p->pos, p->name, day_text(c, (struct day){(int32_t)need}));
}

void check_cases(struct check *c) {
    for (uint32_t i = 0; i < c->sites.choice_count; i++) {
        const struct plan_choice *choice = c->sites.choices[i].choice;
        if (choice->by_count > 0) {
            items_distinct(c, choice);
            by_complete(c, choice);
        }
        exceptions_distinct(c, choice);
    }
    for (uint32_t i = 0; i < c->p->parameter_count; i++) parameter_dates(c, &c->p->parameters[i]);
}
