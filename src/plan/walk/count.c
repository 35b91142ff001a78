/* plan/walk/count — the counters as one run sees them (plan language §5).
 *
 * Who uses it: walk/take.c, walk/pay.c, walk/cap.c, walk/allowance.c. What the run wrote is read back by later benefits and segments;
 * the table given to the run is never touched. Counters of the period `claim` live here only and begin at 0.
 */
#include "plan/walk/walk.h"

static struct str bill_stay(const struct bill *b) {
    return b->stay.n > 0 ? b->stay : b->bill;
}

/* First day of the year that holds the deciding date. */
static struct day year_start(const struct walk *w) {
    if (w->p->years == PLAN_YEAR_CALENDAR) return period_calendar_year(w->at->decides).from;
    return period_policy_year(w->at->decides, w->begins, DAY_OPEN).from;
}

struct plan_counter_key walk_count_key(const struct walk *w, enum plan_counter_kind kind, struct str benefit, uint32_t clause,
                                       struct plan_period period, struct str code, struct day line_date) {
    struct str owner = period.per_family && w->in->family.n > 0 ? w->in->family : w->in->owner;
    struct plan_counter_key k = {.owner = owner, .product = w->p->product.n > 0 ? w->p->product : w->p->name, .benefit = benefit,
                                 .code = code, .period_text = STR(""), .period_of = DAY_NONE, .kind = (uint8_t)kind,
                                 .each = (uint8_t)period.each, .clause = (uint8_t)clause};
    switch (period.each) {
    case PLAN_EACH_CLAIM: k.period_text = w->in->bill->bill; break;
    case PLAN_EACH_STAY: k.period_text = bill_stay(w->in->bill); break;
    case PLAN_EACH_DAY: k.period_of = line_date; break;
    case PLAN_EACH_YEAR: k.period_of = year_start(w); break;
    case PLAN_EACH_LIFETIME:
    case PLAN_EACH_COUNT: break;
    }
    return k;
}

static struct walk_count *find(const struct walk *w, const struct plan_counter_key *k) {
    for (uint32_t i = 0; i < w->count_count; i++)
        if (plan_counter_key_cmp(&w->counts[i].key, k) == 0) return &w->counts[i];
    return NULL;
}

static int64_t value_before(const struct walk *w, const struct plan_counter_key *k) {
    if (k->each == PLAN_EACH_CLAIM || !w->counters) return 0;
    return plan_counters_get(w->counters, k);
}

int64_t walk_count_get(struct walk *w, const struct plan_counter_key *k) {
    const struct walk_count *c = find(w, k);
    return c ? c->now : value_before(w, k);
}

void walk_count_add(struct walk *w, const struct plan_counter_key *k, int64_t more) {
    struct walk_count *c = find(w, k);
    if (!c) {
        c = ARENA_PUSH(w->a, w->counts, w->count_count, w->count_cap);
        if (!c) {
            w->failed = status_memory();
            return;
        }
        *c = (struct walk_count){.key = *k, .before = value_before(w, k)};
        c->now = c->before;
    }
    c->now = walk_clamp((i128)c->now + more);
}

bool walk_count_raised(const struct walk *w, const struct plan_counter_key *k) {
    const struct walk_count *c = find(w, k);
    return c && c->now > c->before;
}
