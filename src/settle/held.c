/* settle/held — who waits behind a share that is held back.
 *
 * Used by settle_bill only. A payer behind a held share cannot know what will be left for it, so the chain is run with every held share at nothing and at
 * its largest (its terms applied to what is there), in all combinations; a payer whose amount is the same in all of them pays now, the others are held
 * back too. That may hold back further ones: repeated until nobody is added, at most once a share. The answer is the pass in which no held share takes
 * anything. With more than HELD_EXACT_MAX held shares everybody behind the first is held back: never too early, perhaps too late.
 * Workload: bills with a held share are few and their chains short; 2^4 passes of some microseconds at worst. Source: DESIGN §6 (silence).
 */
#include "settle/work.h"

enum { HELD_EXACT_MAX = 4 };
const char *const settle_behind_later = "behind_later";

struct held_work {
    struct arena *arena;
    const struct settle_chain *chain;
    const struct bill *bill;
    const struct plan_counters *counters;
    struct settle_options options;
    struct settle_held *held;   /* a share each */
    uint32_t *places;           /* of the held shares, in the order of the chain */
    uint32_t count;
};

static void held_gather(struct held_work *w, uint32_t share_count)
{
    w->count = 0;
    for (uint32_t i = 0; i < share_count; i++) {
        if (w->held[i].held) w->places[w->count++] = i;
    }
}

static bool may_wait(const struct settle_answer *answer, uint32_t i)
{
    const struct settle_share *share = &answer->shares[i];
    return share->product && share->status != SETTLE_SKIPPED && !share->unasked;
}

/* Marks those behind a held share that get another amount in the pass `other`. */
static bool differing_add(struct held_work *w, const struct settle_answer *answer, const struct settle_answer *other,
                          const struct settle_exception *behind)
{
    bool added = false;
    CHECK(answer->share_count == other->share_count);
    for (uint32_t i = w->places[0] + 1; i < answer->share_count; i++) {
        if (w->held[i].held || !may_wait(answer, i)) continue;
        if (answer->shares[i].pay == other->shares[i].pay && answer->shares[i].status == other->shares[i].status) continue;
        w->held[i] = (struct settle_held){.held = true, .why = behind};
        added = true;
    }
    return added;
}

/* Runs the held shares in all combinations of nothing and their largest. */
static struct status combinations_run(struct held_work *w, const struct settle_answer *answer, const struct settle_exception *behind, bool *ret_added)
{
    struct settle_options quick = w->options;
    quick.explain = quick.lines = false;
    bool added = false;
    for (uint32_t mask = 1; mask < 1U << w->count; mask++) {
        for (uint32_t k = 0; k < w->count; k++) w->held[w->places[k]].takes = mask >> k & 1U;
        const struct arena_mark mark = arena_mark(w->arena);
        struct settle_answer other;
        TRY(settle_pass(w->arena, w->chain, w->bill, w->counters, quick, w->held, &other));
        added = differing_add(w, answer, &other, behind) || added;
        arena_rewind(w->arena, mark);
    }
    for (uint32_t k = 0; k < w->count; k++) w->held[w->places[k]].takes = false;
    *ret_added = added;
    return STATUS_OK;
}

static bool all_behind_add(struct held_work *w, const struct settle_answer *answer, const struct settle_exception *behind)
{
    bool added = false;
    for (uint32_t i = w->places[0] + 1; i < answer->share_count; i++) {
        if (w->held[i].held || !may_wait(answer, i) || answer->shares[i].status == SETTLE_REFUSED) continue;
        w->held[i] = (struct settle_held){.held = true, .why = behind};
        added = true;
    }
    return added;
}

struct status settle_held_find(struct arena *a, const struct settle_chain *chain, const struct bill *bill, const struct plan_counters *counters,
                               struct settle_options o, struct settle_answer *answer)
{
    struct held_work w = {.arena = a, .chain = chain, .bill = bill, .counters = counters, .options = o};
    w.held = ARENA_ARRAY(a, struct settle_held, answer->share_count + 1);
    w.places = ARENA_ARRAY(a, uint32_t, answer->share_count + 1);
    struct settle_exception *behind = ARENA_NEW(a, struct settle_exception);
    struct settle_exception *named = ARENA_ARRAY(a, struct settle_exception, answer->share_count + 1);
    if (!w.held || !w.places || !behind || !named) return status_memory();
    *behind = (struct settle_exception){.reason = str_from(settle_behind_later), .reason_zh = STR("排在前面的支付方尚未确定"),
                                        .reason_en = STR("a payer before it is not settled yet")};
    for (uint32_t i = 0; i < answer->share_count; i++) {
        const struct settle_share *share = &answer->shares[i];
        if (share->status != SETTLE_LATER) continue;
        named[i] = (struct settle_exception){share->payer, share->reason, share->reason_zh, share->reason_en};
        w.held[i] = (struct settle_held){.held = true, .why = &named[i]};
    }
    for (bool added = true; added;) {
        added = false;
        held_gather(&w, answer->share_count);
        if (w.count == 0) return STATUS_OK;
        if (w.count > HELD_EXACT_MAX) added = all_behind_add(&w, answer, behind);
        else TRY(combinations_run(&w, answer, behind, &added));
        if (added) TRY(settle_pass(a, chain, bill, counters, o, w.held, answer));
    }
    return STATUS_OK;
}
