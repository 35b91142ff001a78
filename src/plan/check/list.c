/* plan/check/list — entries of the lists that a plan uses: ranges, dates, shares.
 *
 * Who uses it: plan_check. Findings stand in the source where the list was written, which may be another file than the plan's.
 */
#include "plan/check/check.h"

static const struct plan_source *source_of(const struct check *c, const struct plan_list *list) {
    return list->source != NULL ? list->source : c->p->source;
}

static void check_entry(struct check *c, const struct plan_list *list, const struct plan_entry *e) {
    const struct plan_source *source = source_of(c, list);
    if (e->text.n == 0 || (e->kind == PLAN_ENTRY_RANGE && e->text_to.n == 0)) check_report_in(c, source, "entry-empty", e->pos, STR(""), STR(""));
    else if (e->kind == PLAN_ENTRY_RANGE && str_cmp(e->text, e->text_to) > 0)
        check_report_in(c, source, "entry-range", e->pos, e->text, e->text_to);
    if (e->on.from.v > e->on.to.v) check_report_in(c, source, "dates-reversed", e->pos, STR(""), STR(""));
}

static void check_list(struct check *c, const struct plan_list *list) {
    if (list->entry_count == 0) check_report_in(c, source_of(c, list), "list-empty", list->pos, list->name, STR(""));
    for (uint32_t i = 0; i < list->entry_count; i++) check_entry(c, list, &list->entries[i]);
}

/* `at share of list`: every entry says its share; an exact rounding comes out even only for shares of 0 and 100 %. */
static void check_shares(struct check *c, const struct plan_takes *takes) {
    if (takes->share_list.name.n == 0 || takes->share_list.index < 0) return;
    const struct plan_list *list = c->p->uses[takes->share_list.index];
    for (uint32_t i = 0; i < list->entry_count; i++) {
        const struct plan_entry *e = &list->entries[i];
        if (e->share_ppm < 0) check_report_in(c, source_of(c, list), "entry-share-missing", e->pos, list->name, STR(""));
        else if (takes->share_rounding == ROUND_EXACT && e->share_ppm % RATIO_ONE != 0)
            check_report(c, "rounding-exact", takes->pos, STR(""), STR(""));
    }
}

void check_lists(struct check *c) {
    const struct plan *p = c->p;
    for (uint32_t i = 0; i < p->list_count; i++) check_list(c, &p->lists[i]);
    for (uint32_t i = 0; i < p->use_count; i++)
        if (p->uses[i] < p->lists || p->uses[i] >= p->lists + p->list_count) check_list(c, p->uses[i]);
    for (uint32_t i = 0; i < p->benefit_count && p->uses != NULL; i++) check_shares(c, &p->benefits[i].takes);
}
