/* plan/run/dates — cover, deciding dates, segments of a bill that is counted by line date, and the year that counters run in.
 *
 * Who uses it: run.c. Invariant: segments share no line and stand in order of time; a plan that is not counted by line date has exactly one.
 * Source: docs/plan-language.md §4.1, §4.2, §5.
 */
#include "plan/run/run.h"

static struct day day_later(struct day a, struct day b) { return a.v > b.v ? a : b; }
static struct day day_earlier(struct day a, struct day b) { return a.v < b.v ? a : b; }

static void policy_dates(struct run *r) {
    const struct plan_program *g = r->program;
    const struct bill_policy *p = r->in->policy;
    r->policy_start = day_is(p->on.from) ? p->on.from : g->in_force.from;
    r->first_enrolled = day_is(p->first_enrolled) ? p->first_enrolled : r->policy_start;
    r->cover = (struct day_range){day_later(g->in_force.from, p->on.from), day_earlier(g->in_force.to, p->on.to)};
}

static struct day date_by(const struct run *r, enum plan_date_rule rule) {
    switch (rule) {
    case PLAN_BY_ADMISSION: return r->bill->from;
    case PLAN_BY_SETTLEMENT: return r->in->settled_on;
    case PLAN_BY_DISCHARGE:
    case PLAN_BY_LINE_DATE:
    case PLAN_BY_UNWRITTEN: break;
    }
    return r->bill->to;
}

/* A stay that crosses the end of cover, or its beginning at a renewal. */
static bool over_the_end(const struct run *r) {
    struct day from = r->bill->from, to = r->bill->to;
    bool end = day_in(from, r->cover) && to.v > r->cover.to.v;
    bool beginning = from.v < r->cover.from.v && day_in(to, r->cover) && r->first_enrolled.v < r->cover.from.v;
    return end || beginning;
}

static uint64_t *segment_lines_new(struct run *r) {
    uint64_t *lines = RUN_ARRAY(r, uint64_t, r->words);
    if (!lines) (void)run_fail_memory(r);
    return lines;
}

/* The lines inside cover as one segment; the deciding date stays when there are none. */
static bool segment_inside(struct run *r, struct run_segment *s) {
    const struct bill_lines *l = &r->bill->lines;
    s->lines = segment_lines_new(r);
    if (!s->lines) return false;
    struct day last = DAY_NONE;
    for (uint32_t i = 0; i < l->count; i++) {
        if (!day_in(l->date[i], r->cover)) continue;
        s->lines[i / 64] |= 1ULL << i % 64;
        last = day_later(last, l->date[i]);
    }
    if (day_is(last)) s->deciding = last;
    return true;
}

/* ---- by line date -------------------------------------------------------------------------------------------- */

static struct day_range year_of(const struct run *r, struct day d) {
    if (r->program->years == PLAN_YEAR_CALENDAR) return period_calendar_year(d);
    return period_policy_year(d, day_earlier(r->policy_start, d), DAY_OPEN);
}

/* The first day of the segment that a line belongs to: the later of its year and of the last change of a parameter. */
static struct day segment_start(const struct run *r, struct day d, struct day_range *year) {
    const struct plan_program *g = r->program;
    if (g->years != PLAN_YEAR_UNWRITTEN && !day_in(d, *year)) *year = year_of(r, d);
    uint32_t low = 0, high = g->boundary_count; /* first boundary behind d */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (g->boundaries[middle].v <= d.v) low = middle + 1;
        else high = middle;
    }
    struct day changed = low ? g->boundaries[low - 1] : DAY_NONE;
    return g->years == PLAN_YEAR_UNWRITTEN ? changed : day_later(changed, year->from);
}

/* The segment that starts on this day, made where it belongs in order of time; NULL when there are too many or no memory. */
static struct run_segment *segment_get(struct run *r, struct day start, struct day *starts) {
    uint32_t at = r->segment_count;
    while (at > 0 && starts[at - 1].v > start.v) at--;
    if (at > 0 && starts[at - 1].v == start.v) return &r->segments[at - 1];
    if (r->segment_count == SEGMENTS_MAX) {
        (void)run_fail(r, "too-many-segments", "账单跨越的期间过多", "the bill crosses too many periods");
        return NULL;
    }
    uint64_t *lines = segment_lines_new(r);
    if (!lines) return NULL;
    for (uint32_t i = r->segment_count; i > at; i--) {
        r->segments[i] = r->segments[i - 1];
        starts[i] = starts[i - 1];
    }
    r->segment_count++;
    starts[at] = start;
    r->segments[at] = (struct run_segment){.deciding = DAY_NONE, .lines = lines};
    return &r->segments[at];
}

static bool segments_by_line(struct run *r) {
    const struct bill_lines *l = &r->bill->lines;
    struct day starts[SEGMENTS_MAX];
    struct day_range year = {DAY_OPEN, DAY_NONE};
    r->segment_count = 0;
    r->segments = RUN_ARRAY(r, struct run_segment, SEGMENTS_MAX);
    if (!r->segments) return run_fail_memory(r);
    for (uint32_t i = 0; i < l->count; i++) {
        if (!day_in(l->date[i], r->cover)) continue;
        struct run_segment *s = segment_get(r, segment_start(r, l->date[i], &year), starts);
        if (!s) return false;
        s->lines[i / 64] |= 1ULL << i % 64;
        s->deciding = day_later(s->deciding, l->date[i]);
    }
    return true;
}

/* No line is inside cover: the date that says why. */
static struct day last_line_date(const struct run *r) {
    const struct bill_lines *l = &r->bill->lines;
    if (l->count == 0) return r->bill->to;
    struct day last = l->date[0];
    for (uint32_t i = 1; i < l->count; i++) last = day_later(last, l->date[i]);
    return last;
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static enum plan_refusal cover_refusal(const struct run *r, struct day d) {
    if (!day_in(d, r->program->in_force)) return PLAN_REFUSAL_NOT_IN_FORCE;
    return day_in(d, r->cover) ? PLAN_REFUSAL_NONE : PLAN_REFUSAL_OUT_OF_COVER;
}

static enum plan_refusal status_refusal(const struct run *r) {
    switch (r->in->policy->status) {
    case BILL_POLICY_VOID: return PLAN_REFUSAL_POLICY_VOID;
    case BILL_POLICY_LAPSED: return PLAN_REFUSAL_POLICY_LAPSED;
    case BILL_POLICY_SUSPENDED: return PLAN_REFUSAL_POLICY_SUSPENDED;
    case BILL_POLICY_IN_FORCE:
    case BILL_POLICY_GRACE:
    case BILL_POLICY_STATUS_COUNT: break;
    }
    return r->bill->currency == r->program->currency ? PLAN_REFUSAL_NONE : PLAN_REFUSAL_CURRENCY;
}

bool run_dates(struct run *r, enum plan_refusal *ret_refusal) {
    const struct plan_program *g = r->program;
    policy_dates(r);
    *ret_refusal = status_refusal(r);
    if (*ret_refusal) return true;
    if (g->counts_by == PLAN_BY_LINE_DATE) {
        if (!segments_by_line(r)) return false;
        if (r->segment_count == 0) *ret_refusal = cover_refusal(r, last_line_date(r));
        return true;
    }
    r->segments = RUN_ARRAY(r, struct run_segment, 1);
    if (!r->segments) return run_fail_memory(r);
    r->segment_count = 1;
    r->segments[0].deciding = date_by(r, g->counts_by);
    if (over_the_end(r)) {
        if (g->over_the_end_by != PLAN_BY_LINE_DATE) r->segments[0].deciding = date_by(r, g->over_the_end_by);
        else if (!segment_inside(r, &r->segments[0])) return false;
    }
    *ret_refusal = cover_refusal(r, r->segments[0].deciding);
    return true;
}

/* Within 365 days of its beginning a policy is in its first year: no calendar is needed. */
static struct day year_start(const struct run *r) {
    int64_t days = (int64_t)r->deciding.v - r->policy_start.v;
    bool first = r->program->years != PLAN_YEAR_CALENDAR && days >= 0 && days < 365;
    return first ? r->policy_start : year_of(r, r->deciding).from;
}

struct day run_year_from(struct run *r) {
    if (!r->year_known) r->year_from = year_start(r);
    r->year_known = true;
    return r->year_from;
}
