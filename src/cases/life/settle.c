/* life/settle — a ready bill settled as the server does it: by consent, holds of payers, advance limits; and the same run again for reading.
 *
 * The exceptions of a run (who is held back, who is not asked) are found once, by decide, and recorded; render and replay take them as they stand, so
 * that the same input gives the same amounts wherever it is run.
 */
#include "cases/life/life.h"
#include "cases/life/postings.h"

enum { EXCEPTIONS_MAX = LIMIT_CHAIN_PAYERS + LIMIT_BILL_POLICIES };

enum cases_later life_later_of(struct str name)
{
    for (int i = CASES_NOT_LATER + 1; i < CASES_LATER_COUNT; i++) {
        if (str_eq(name, str_from(cases_later_name((enum cases_later)i)))) return (enum cases_later)i;
    }
    return CASES_NOT_LATER;
}

static bool named_in(const struct settle_exception *list, uint32_t count, struct str payer)
{
    for (uint32_t i = 0; i < count; i++) {
        if (str_eq(list[i].payer, payer)) return true;
    }
    return false;
}

static struct status exceptions_room(struct arena *a, struct life_run *run)
{
    if (!run->later) run->later = ARENA_ARRAY(a, struct settle_exception, EXCEPTIONS_MAX);
    if (!run->refused) run->refused = ARENA_ARRAY(a, struct settle_exception, EXCEPTIONS_MAX);
    return run->later && run->refused ? STATUS_OK : status_memory();
}

struct status life_later_add(struct arena *a, struct life_run *run, struct str payer, enum cases_later reason)
{
    TRY(exceptions_room(a, run));
    if (run->later_count == EXCEPTIONS_MAX || named_in(run->later, run->later_count, payer)) return STATUS_OK;
    run->later[run->later_count++] = (struct settle_exception){payer, str_from(cases_later_name(reason)), str_from(cases_later_text(reason, true)),
                                                               str_from(cases_later_text(reason, false))};
    return STATUS_OK;
}

static struct status exception_find(struct arena *a, struct life_run *run, const struct registry_world *w, struct day today, const struct settle_product *product)
{
    if (!product || product->about.kind == PLAN_STATUTORY) return STATUS_OK;
    const struct str name = product->about.name;
    if (!life_consent_covers(&run->consent, name)) {
        if (run->refused_count == EXCEPTIONS_MAX || named_in(run->refused, run->refused_count, name)) return STATUS_OK;
        run->refused[run->refused_count++] = (struct settle_exception){name, STR("no-consent"), STR("未同意把资料交给该支付方"),
                                                                       STR("no consent to give this payer the data")};
        return STATUS_OK;
    }
    if (!w) return STATUS_OK;
    const struct registry_payer *payer = life_payer(w, name, today);
    enum cases_later hold = payer ? life_later_of(payer->hold) : CASES_NOT_LATER;
    if (payer && payer->withdrawn) hold = CASES_LATER_SILENT;
    if (run->without_commercial) hold = CASES_LATER_LEFT_OUT;
    return hold == CASES_NOT_LATER ? STATUS_OK : life_later_add(a, run, name, hold);
}

struct status life_exceptions_find(struct arena *a, struct life_run *run, const struct registry_world *w, struct day today)
{
    TRY(exceptions_room(a, run));
    for (uint32_t i = 0; i < run->chain->payer_count; i++) TRY(exception_find(a, run, w, today, run->chain->payers[i].product));
    for (uint32_t i = 0; i < run->bill->policy_count; i++) {
        TRY(exception_find(a, run, w, today, life_product_find(run->chain, run->bill->policies[i].plan)));
    }
    return STATUS_OK;
}

struct status life_run_again(struct arena *a, struct life_run *run, bool explain)
{
    const struct settle_options o = {.explain = explain, .lines = run->lines, .settled_on = run->settled_on, .owner = run->owner, .policies_required = true, .scheme_stands = true,
                                     .later = run->later, .later_count = run->later_count, .refused = run->refused, .refused_count = run->refused_count};
    return settle_bill(a, run->chain, run->bill, run->counters, o, &run->answer);
}

/* Shares that would pass their payer's advance at this hospital become later. True: one was found. */
static struct status limits_check(struct cases_context *x, struct arena *a, struct life_ready *r, bool *ret_wait, bool *ret_found)
{
    *ret_found = false;
    for (uint32_t i = 0; i < r->run.answer.share_count; i++) {
        const struct settle_share *share = &r->run.answer.shares[i];
        if (share->status != SETTLE_PAID || share->pay == 0 || share->kind == PLAN_STATUTORY) continue;
        const struct registry_payer *payer = life_payer(x->world, share->payer, r->run.settled_on);
        if (!payer || payer->advance_limit < 0) continue;
        const struct str code = life_payer_account(a, share->payer, r->run.bill->hospital, r->run.bill->currency);
        struct ledger_account *account = NULL;
        if (!code.p) return status_memory();
        const enum set_state found = ledger_account_get(x->set->ledger, code, &account);
        if (found == SET_WAIT) {
            *ret_wait = true;
            return STATUS_OK;
        }
        const int64_t due = found == SET_FOUND ? ledger_balance(account) + account->debits_pending : 0;
        if (due + share->pay <= payer->advance_limit) continue;
        *ret_found = true;
        TRY(life_later_add(a, &r->run, share->payer, CASES_LATER_ADVANCE_LIMIT));
    }
    return STATUS_OK;
}

struct status life_settle(struct cases_context *x, struct arena *a, struct life_ready *r, bool *ret_wait)
{
    *ret_wait = false;
    TRY(life_exceptions_find(a, &r->run, x->world, r->run.settled_on));
    for (bool again = true; again;) {
        TRY(life_run_again(a, &r->run, false));
        TRY(limits_check(x, a, r, ret_wait, &again));
        if (*ret_wait) return STATUS_OK;
    }
    return STATUS_OK;
}

void life_answer_digest(struct sha256 *h, const struct settle_answer *answer, struct digest *ret)
{
    sha256_start(h);
    for (uint32_t i = 0; i < answer->share_count; i++) {
        const struct settle_share *share = &answer->shares[i];
        const int64_t numbers[] = {share->status, share->pay, share->expected, (int64_t)share->reason.n, (int64_t)share->payer.n};
        sha256_add(h, (struct str){(const char *)numbers, sizeof numbers});
        sha256_add(h, share->payer);
        sha256_add(h, share->reason);
    }
    const int64_t sums[] = {answer->refusal, answer->hospital, answer->account, answer->cash, answer->payout, answer->bill->total};
    sha256_add(h, (struct str){(const char *)sums, sizeof sums});
    sha256_finish(h, ret);
}

/* ---- counters ---------------------------------------------------------------------------------------------------- */

static bool product_counts(const struct life_run *run, struct str product)
{
    for (uint32_t i = 0; i < run->chain->payer_count; i++) {
        if (run->chain->payers[i].product && str_eq(run->chain->payers[i].product->about.product, product)) return true;
    }
    for (uint32_t i = 0; i < run->bill->policy_count; i++) {
        const struct settle_product *p = life_product_find(run->chain, run->bill->policies[i].plan);
        if (p && str_eq(p->about.product, product)) return true;
    }
    return false;
}

static bool owner_counts(const struct life_run *run, struct str owner)
{
    if (str_eq(owner, run->owner)) return true;
    for (uint32_t i = 0; i < run->bill->policy_count; i++) {
        if (run->bill->policies[i].family.n && str_eq(run->bill->policies[i].family, owner)) return true;
    }
    return false;
}

struct status life_counters_copy(struct arena *a, const struct plan_counters *all, const struct life_run *run, struct plan_counters **ret)
{
    struct plan_counters *copy = ARENA_NEW(a, struct plan_counters);
    if (!copy) return status_memory();
    plan_counters_init(copy, a);
    for (uint32_t i = 0; all && i < all->slot_count; i++) {
        const struct plan_counter *c = &all->slots[i];
        if (c->hash == 0 || c->value == 0 || !owner_counts(run, c->key.owner) || !product_counts(run, c->key.product)) continue;
        TRY(plan_counters_set(copy, &c->key, c->value));
    }
    *ret = copy;
    return STATUS_OK;
}
