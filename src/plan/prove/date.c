/* plan/prove/date — dated values and entries that no day of the force ever reads, and entries behind an equal one.
 *
 * Who uses it: proofs. Only lists written in the plan: a shared list serves plans of other years, too. Lists read at first enrolment may be older
 * than the force.
 */
#include <stdlib.h>

#include "plan/prove/prove.h"

static bool outside(struct day_range a, struct day_range force) {
    return a.to.v < force.from.v || a.from.v > force.to.v;
}

static void parameters(struct prove *pv) {
    const struct plan *p = pv->c->p;
    for (uint32_t i = 0; i < p->parameter_count; i++)
        for (uint32_t k = 0; k < p->parameters[i].value_count; k++) {
            const struct plan_parameter_value *v = &p->parameters[i].values[k];
            if (outside(v->on, p->in_force)) (void)prove_report(pv, "parameter-outside", v->pos, p->parameters[i].name, STR(""), PLAN_PROVEN);
            else pv->counts.proven++;
        }
}

static bool cond_reads_past(const struct plan_cond *c, int32_t list) {
    if (c == NULL) return false;
    if (c->kind == PLAN_COND_FIRST_DIAGNOSED && c->ref.index == list) return true;
    return cond_reads_past(c->a, list) || cond_reads_past(c->b, list);
}

static bool read_in_past(const struct prove *pv, const struct plan_list *list) {
    for (uint32_t i = 0; i < pv->c->p->use_count; i++) {
        if (pv->c->p->uses[i] != list) continue;
        for (uint32_t s = 0; s < pv->c->sites.cond_count; s++)
            if (cond_reads_past(pv->c->sites.conds[s].cond, (int32_t)i)) return true;
    }
    return false;
}

static void entries_outside(struct prove *pv, const struct plan_list *list) {
    if (read_in_past(pv, list)) return;
    for (uint32_t i = 0; i < list->entry_count; i++) {
        const struct plan_entry *e = &list->entries[i];
        if (!outside(e->on, pv->c->p->in_force)) continue;
        (void)prove_report(pv, "entry-outside", e->pos, e->text, list->name, PLAN_PROVEN);
        return; /* the first of a list stands for all */
    }
    pv->counts.proven++;
}

/* ---- entries behind an equal one -------------------------------------------------------------------------------- */

static int entry_order(const void *a, const void *b) {
    const struct plan_entry *x = *(const struct plan_entry *const *)a, *y = *(const struct plan_entry *const *)b;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    int text = str_cmp(x->text, y->text);
    if (text == 0) text = str_cmp(x->text_to, y->text_to);
    if (text != 0) return text;
    return x < y ? -1 : x > y; /* written order */
}

static bool same_entry(const struct plan_entry *a, const struct plan_entry *b) {
    return a->kind == b->kind && str_eq(a->text, b->text) && str_eq(a->text_to, b->text_to);
}

static bool holds(struct day_range outer, struct day_range inner) {
    return outer.from.v <= inner.from.v && inner.to.v <= outer.to.v;
}

static void entries_twice(struct prove *pv, const struct plan_list *list) {
    const struct plan_entry **order = CHECK_ARRAY(pv->c, const struct plan_entry *, list->entry_count);
    if (order == NULL) return;
    for (uint32_t i = 0; i < list->entry_count; i++) order[i] = &list->entries[i];
    if (list->entry_count > 0) qsort(order, list->entry_count, sizeof(order[0]), entry_order);
    for (uint32_t i = 1; i < list->entry_count; i++) {
        if (!same_entry(order[i - 1], order[i]) || !holds(order[i - 1]->on, order[i]->on)) continue;
        (void)prove_report(pv, "entry-twice", order[i]->pos, order[i]->text, check_printf(pv->c, "%u", order[i - 1]->pos.line), PLAN_PROVEN);
        return;
    }
    pv->counts.proven++;
}

void prove_dates(struct prove *pv) {
    parameters(pv);
    for (uint32_t i = 0; i < pv->c->p->list_count; i++) {
        entries_outside(pv, &pv->c->p->lists[i]);
        entries_twice(pv, &pv->c->p->lists[i]);
    }
}
