/* plan/walk/segment — which date decides, which lines count, and when the whole plan says no (plan language §4, steps 1 and 2).
 *
 * Who uses it: walk.c. Leaves w->segments in order of time. A plan that does not count by line date has one segment.
 */
#include "plan/walk/walk.h"

static struct day date_by(const struct walk *w, enum plan_date_rule rule) {
    switch (rule) {
    case PLAN_BY_DISCHARGE: return w->in->bill->to;
    case PLAN_BY_SETTLEMENT: return w->in->settled_on;
    case PLAN_BY_ADMISSION:
    case PLAN_BY_LINE_DATE:
    case PLAN_BY_UNWRITTEN: break;
    }
    return w->in->bill->from;
}

static bool over_the_end(const struct walk *w) {
    const struct bill *b = w->in->bill;
    if (day_in(b->from, w->cover)) return b->to.v > w->cover.to.v;
    return b->from.v < w->cover.from.v && day_in(b->to, w->cover) && w->first_enrolled.v < w->cover.from.v;
}

static struct walk_segment *segment_add(struct walk *w, uint32_t *cap) {
    struct walk_segment *s = ARENA_PUSH(w->a, w->segments, w->segment_count, *cap);
    if (s) s->lines = ARENA_ARRAY(w->a, uint32_t, w->in->bill->lines.count);
    if (!s || !s->lines) {
        w->failed = status_memory();
        return NULL;
    }
    return s;
}

/* Last line date inside cover (or of all lines, when `everywhere`). DAY_NONE when there is no line. */
static struct day last_line_date(const struct walk *w, bool everywhere) {
    const struct bill_lines *l = &w->in->bill->lines;
    struct day last = DAY_NONE;
    for (uint32_t i = 0; i < l->count; i++)
        if ((everywhere || day_in(l->date[i], w->cover)) && l->date[i].v > last.v) last = l->date[i];
    return last;
}

static void one_segment(struct walk *w) {
    bool by_lines = over_the_end(w) && w->p->over_the_end_by == PLAN_BY_LINE_DATE;
    uint32_t cap = 0;
    struct walk_segment *s = segment_add(w, &cap);
    if (!s) return;
    s->decides = date_by(w, over_the_end(w) && !by_lines ? w->p->over_the_end_by : w->p->counts_by);
    if (by_lines && day_is(last_line_date(w, false))) s->decides = last_line_date(w, false);
    for (uint32_t i = 0; i < w->in->bill->lines.count; i++)
        if (!by_lines || day_in(w->in->bill->lines.date[i], w->cover)) s->lines[s->line_count++] = i;
}

/* ---- counts by line date ----------------------------------------------------------------------------- */

static struct day year_of(const struct walk *w, struct day d) {
    switch (w->p->years) {
    case PLAN_YEAR_CALENDAR: return period_calendar_year(d).from;
    case PLAN_YEAR_POLICY: return period_policy_year(d, w->begins, DAY_OPEN).from;
    case PLAN_YEAR_UNWRITTEN: break;
    }
    return DAY_NONE;
}

static bool same_segment(const struct walk *w, struct day a, struct day b) {
    if (year_of(w, a).v != year_of(w, b).v) return false;
    for (uint32_t i = 0; i < w->p->parameter_count; i++)
        if (walk_parameter_value(&w->p->parameters[i], a) != walk_parameter_value(&w->p->parameters[i], b)) return false;
    return true;
}

/* The earliest line date inside cover after `after`; DAY_OPEN when there is none. */
static struct day next_line_date(const struct walk *w, struct day after) {
    const struct bill_lines *l = &w->in->bill->lines;
    struct day next = DAY_OPEN;
    for (uint32_t i = 0; i < l->count; i++)
        if (day_in(l->date[i], w->cover) && l->date[i].v > after.v && l->date[i].v < next.v) next = l->date[i];
    return next;
}

static void segments_by_line_date(struct walk *w) {
    const struct bill_lines *l = &w->in->bill->lines;
    uint32_t cap = 0;
    struct walk_segment *s = NULL;
    for (struct day d = next_line_date(w, DAY_NONE); day_is(d); d = next_line_date(w, d)) {
        if (!s || !same_segment(w, s->decides, d)) s = segment_add(w, &cap);
        if (!s) return;
        s->decides = d;
    }
    if (w->segment_count == 0) {
        s = segment_add(w, &cap);
        if (s) s->decides = day_is(last_line_date(w, true)) ? last_line_date(w, true) : w->in->bill->to;
    }
    if (w->segment_count > UINT8_MAX)
        walk_fail(w, "too-many-segments", STR(""), "费用日期跨越的期间过多", "the line dates span too many periods");
    for (uint32_t k = 0; k < w->segment_count; k++)
        for (uint32_t i = 0; i < l->count; i++)
            if (day_in(l->date[i], w->cover) && same_segment(w, w->segments[k].decides, l->date[i]))
                w->segments[k].lines[w->segments[k].line_count++] = i;
}

/* ---- the plan says no ---------------------------------------------------------------------------------- */

bool walk_waiting(struct walk *w, const struct plan_waiting *waiting) {
    if (!waiting->written || waiting->days == 0 || w->in->policy_default) return false; /* days 0: `waiting none` */
    if (w->at->decides.v >= day_add(w->first_enrolled, waiting->days).v) return false;
    return !waiting->unless || !walk_cond(w, waiting->unless, WALK_NO_LINE);
}

static bool endorsed_out(const struct walk *w) {
    const struct bill *b = w->in->bill;
    const struct bill_policy *policy = w->in->policy;
    for (uint32_t d = 0; d < b->diagnosis_count; d++) {
        if (!b->diagnoses[d].main) continue;
        for (uint32_t i = 0; i < policy->endorsement_count; i++) {
            const struct bill_endorsement *e = &policy->endorsements[i];
            for (uint32_t k = 0; k < e->exclude_count; k++)
                if (day_in(w->at->decides, e->on) && str_starts(b->diagnoses[d].code, e->excludes[k])) return true;
        }
    }
    return false;
}

static bool waiting_is_shared(const struct plan *p) {
    for (uint32_t i = 0; i < p->benefit_count; i++)
        if (p->benefits[i].waiting.written) return false;
    return p->waiting.written;
}

static enum plan_refusal refusal_at(struct walk *w) {
    if (!day_in(w->at->decides, w->p->in_force)) return PLAN_REFUSAL_NOT_IN_FORCE;
    if (!day_in(w->at->decides, w->in->policy->on)) return PLAN_REFUSAL_OUT_OF_COVER;
    if (endorsed_out(w)) return PLAN_REFUSAL_ENDORSED_OUT;
    if (waiting_is_shared(w->p) && walk_waiting(w, &w->p->waiting)) return PLAN_REFUSAL_WAITING;
    return PLAN_REFUSAL_NONE;
}

static enum plan_refusal refusal_always(const struct walk *w) {
    switch (w->in->policy->status) {
    case BILL_POLICY_VOID: return PLAN_REFUSAL_POLICY_VOID;
    case BILL_POLICY_LAPSED: return PLAN_REFUSAL_POLICY_LAPSED;
    case BILL_POLICY_SUSPENDED: return PLAN_REFUSAL_POLICY_SUSPENDED;
    case BILL_POLICY_IN_FORCE:
    case BILL_POLICY_GRACE:
    case BILL_POLICY_STATUS_COUNT: break;
    }
    struct str bill_currency = str_from(w->in->bill->currency->code), plan_currency = str_from(w->p->currency->code);
    return str_eq(bill_currency, plan_currency) ? PLAN_REFUSAL_NONE : PLAN_REFUSAL_CURRENCY;
}

/* Segments, their refusals, and the refusal of the whole plan: when every segment is refused, the first in order of precedence. */
void walk_segments(struct walk *w, enum plan_refusal *ret_refusal) {
    *ret_refusal = refusal_always(w);
    if (*ret_refusal != PLAN_REFUSAL_NONE) return;
    if (w->p->counts_by == PLAN_BY_LINE_DATE) segments_by_line_date(w);
    else one_segment(w);
    if (status_failed(w->failed)) return;
    enum plan_refusal first = PLAN_REFUSAL_COUNT;
    for (uint32_t k = 0; k < w->segment_count; k++) {
        w->at = &w->segments[k];
        w->at->refusal = refusal_at(w);
        w->at->last = k + 1 == w->segment_count;
        if (w->at->refusal == PLAN_REFUSAL_NONE) first = PLAN_REFUSAL_NONE;
        else if (w->at->refusal < first) first = w->at->refusal;
    }
    *ret_refusal = first;
}
