/* plan/examples/scene_before — `before NAME filled|over|paid N`: counters as an example finds them.
 *
 * Internal to the room; who uses it: test.c. The period is that of the step's first segment, so the reference walker is asked for it.
 */
#include "plan/examples/scene.h"
#include "plan/walk/walk.h"
#include "plan/syntax/words.h"

static int32_t shared_index(const struct plan *p, struct str name) {
    for (uint32_t i = 0; i < p->shared_count; i++)
        if (str_eq(p->shared[i].name, name)) return (int32_t)i;
    return PLAN_NONE;
}

static bool said(struct str text, enum plan_word w) {
    return str_eq(text, str_from(plan_word_text(w, false))) || str_eq(text, str_from(plan_word_text(w, true)));
}

static struct status set_counter(struct plan_counters *to, const struct walk *w, enum plan_counter_kind kind, struct str name, uint32_t clause,
                                 struct plan_period period, int64_t value) {
    struct plan_counter_key k = walk_count_key(w, kind, name, clause, period, STR(""), DAY_NONE);
    return k.each == PLAN_EACH_CLAIM ? STATUS_OK : plan_counters_set(to, &k, value);
}

static struct status set_shared(struct plan_counters *to, const struct walk *w, int32_t shared, int64_t value) {
    const struct plan_shared *sh = &w->p->shared[shared];
    enum plan_counter_kind kind = sh->is_cap ? PLAN_COUNTER_PAID : PLAN_COUNTER_FILLED;
    return set_counter(to, w, kind, sh->name, 0, sh->is_cap ? sh->cap_period : sh->deductible.period, value);
}

static struct status set_benefit(struct plan_counters *to, const struct walk *w, const struct plan_benefit *b, struct str what, int64_t value) {
    bool shared = b->deductible.shared.name.n > 0;
    if (said(what, W_FILLED)) {
        if (shared) return set_shared(to, w, b->deductible.shared.index, value);
        return b->deductible.nothing ? STATUS_OK : set_counter(to, w, PLAN_COUNTER_FILLED, b->name, 0, b->deductible.period, value);
    }
    if (said(what, W_OVER)) {
        struct plan_period period = shared ? w->p->shared[b->deductible.shared.index].deductible.period : b->deductible.period;
        if (b->pays.period_written) period = b->pays.period;
        else if (b->deductible.nothing) return STATUS_OK;
        return set_counter(to, w, PLAN_COUNTER_OVER, b->name, 0, period, value);
    }
    for (uint32_t i = 0; i < b->cap_count; i++) {
        if (b->caps[i].nothing || b->caps[i].shared.name.n > 0) continue;
        TRY(set_counter(to, w, PLAN_COUNTER_PAID, b->name, i, b->caps[i].period, value));
    }
    return STATUS_OK;
}

struct status scene_counters(struct scene *s, const struct plan_example_step *step, const struct plan_input *in, struct plan_counters *counters) {
    struct walk w;
    enum plan_refusal refusal;
    TRY(walk_begin(&w, s->a, s->p, in, counters, &refusal));
    if (w.segment_count == 0) return STATUS_OK;
    w.at = &w.segments[0];
    if (refusal == PLAN_REFUSAL_NOT_IN_FORCE || refusal == PLAN_REFUSAL_OUT_OF_COVER) return STATUS_OK; /* no year holds that day */
    for (uint32_t i = 0; i < step->given_count; i++) {
        const struct plan_given *g = &step->given[i];
        if (g->kind != PLAN_GIVEN_COUNTER) continue;
        int64_t value = scene_minor(s->p, g->number_e6);
        if (g->ref.index >= 0) TRY(set_benefit(counters, &w, &s->p->benefits[g->ref.index], g->word, value));
        else if (shared_index(s->p, g->ref.name) >= 0) TRY(set_shared(counters, &w, shared_index(s->p, g->ref.name), value));
    }
    return STATUS_OK;
}
