/* life/share_pay — a later share is worth what its terms give now: the recorded input is run again with the payer's own counters as they stand today and
 * everybody else's as they stood, the payers before it paying what they have paid; and never more than the patient still bears.
 */
#include "cases/life/share_pay.h"

static void exception_drop(struct settle_exception *list, uint32_t *count, uint32_t place)
{
    for (uint32_t i = place; i + 1 < *count; i++) list[i] = list[i + 1];
    (*count)--;
}

/* Held payers before it: those paid since then take their money, the undecided take none; itself it is not held. */
static void exceptions_now(struct life_run *run, const struct life_recorded *c, const struct cases_share *share)
{
    for (uint32_t i = run->later_count; i-- > 0;) {
        const struct settle_exception held = run->later[i];
        const struct cases_share *other = life_share_find(c->shares, c->share_count, held.payer);
        const bool itself = str_eq(held.payer, share->payer);
        if (!itself && other && other->n > share->n) continue;
        exception_drop(run->later, &run->later_count, i);
        if (!itself && other && other->pay == 0) run->refused[run->refused_count++] = held;
    }
}

static struct status counters_now(struct arena *a, struct life_run *run, const struct plan_counters *today, struct str product)
{
    struct plan_counters *mixed = ARENA_NEW(a, struct plan_counters), *current = NULL;
    if (!mixed) return status_memory();
    plan_counters_init(mixed, a);
    TRY(life_counters_copy(a, today, run, &current));
    const struct plan_counters *sources[] = {run->counters, current};
    for (size_t s = 0; s < COUNT_OF(sources); s++) {
        for (uint32_t i = 0; i < sources[s]->slot_count; i++) {
            const struct plan_counter *k = &sources[s]->slots[i];
            const bool own = str_eq(k->key.product, product);
            if (k->hash != 0 && k->value != 0 && own == (s == 1)) TRY(plan_counters_set(mixed, &k->key, k->value));
        }
    }
    run->counters = mixed;
    return STATUS_OK;
}

struct status life_share_worth(struct cases_context *x, struct arena *a, const struct life_recorded *c, const struct cases_share *share, struct life_worth *ret,
                               bool *ret_wait, bool *ret_lost)
{
    struct life_run *run = ARENA_NEW(a, struct life_run);
    struct cases_cover *cover = NULL;
    enum set_state state = SET_FOUND;
    if (!run) return status_memory();
    const enum set_state covered = cases_cover_get(x->set, c->row->cover, &cover);
    TRY(life_replay(x->set, x->sealer, a, c->events[c->input], &c->effects[c->input], false, run, &state));
    *ret_wait = state == SET_WAIT || covered == SET_WAIT;
    *ret_lost = !*ret_wait && (!run->bill || covered != SET_FOUND);
    if (*ret_wait || *ret_lost) return STATUS_OK;
    const struct settle_product *product = life_product_find(run->chain, share->payer);
    *ret_lost = !product;
    if (!product) return STATUS_OK;
    struct str owner;
    TRY(life_owner_now(x->set, a, c->row->cover, run->owner, &owner, &state));
    *ret_wait = state == SET_WAIT;
    if (*ret_wait) return STATUS_OK;
    TRY(life_run_reown(a, run, owner));
    exceptions_now(run, c, share);
    TRY(counters_now(a, run, &cover->counters, product->about.product));
    TRY(life_run_again(a, run, false));
    *ret = (struct life_worth){0};
    for (uint32_t i = 0; i < run->answer.share_count; i++) {
        const struct settle_share *s = &run->answer.shares[i];
        if (!str_eq(s->payer, share->payer) || s->status != SETTLE_PAID) continue;
        ret->terms = s->pay;
        ret->run = &s->run;
        ret->most = i64_max(i64_min(s->pay - share->pay, life_borne(c->row)), 0);
    }
    return STATUS_OK;
}

void life_row_bear(struct cases_row *row, int64_t more)
{
    if (more <= 0) {
        row->payout -= more;
        return;
    }
    const int64_t from_payout = i64_min(more, row->payout);
    row->payout -= from_payout;
    row->cash += more - from_payout;
}

struct status life_deltas_scaled(struct arena *a, const struct plan_result *run, int64_t terms, int64_t amount, struct cases_counter_delta **ret, uint32_t *ret_count)
{
    struct cases_counter_delta *list = ARENA_ARRAY(a, struct cases_counter_delta, (run ? run->change_count : 0) + 1);
    if (!list) return status_memory();
    uint32_t count = 0;
    for (uint32_t i = 0; run && i < run->change_count; i++) {
        const struct plan_counter_change *c = &run->changes[i];
        int64_t delta = c->after - c->before;
        const bool money = c->key.kind == PLAN_COUNTER_PAID || c->key.kind == PLAN_COUNTER_LIMIT;
        if (money && amount != terms) CHECK(terms > 0 && round_div((i128)delta * amount, terms, ROUND_HALF_UP, &delta));
        if (delta) list[count++] = (struct cases_counter_delta){c->key, delta};
    }
    *ret = list;
    *ret_count = count;
    return STATUS_OK;
}

struct status life_deltas_undone(struct arena *a, const struct life_recorded *c, struct str product, struct cases_counter_delta **ret, uint32_t *ret_count)
{
    uint32_t room = 0, count = 0;
    for (uint32_t i = 0; i < c->count; i++) room += c->effects[i].delta_count;
    struct cases_counter_delta *list = ARENA_ARRAY(a, struct cases_counter_delta, room + 1);
    if (!list) return status_memory();
    for (uint32_t i = 0; i < c->count; i++) {
        for (uint32_t k = 0; k < c->effects[i].delta_count; k++) {
            const struct cases_counter_delta *d = &c->effects[i].deltas[k];
            if (product.n && !str_eq(d->key.product, product)) continue;
            uint32_t at = 0;
            while (at < count && plan_counter_key_cmp(&list[at].key, &d->key) != 0) at++;
            if (at == count) list[count++].key = d->key;
            list[at].delta -= d->delta;
        }
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (list[i].delta) list[kept++] = list[i];
    }
    *ret = list;
    *ret_count = kept;
    return STATUS_OK;
}
