/* cases/core/fold — what an event does to the derived data: the only code that changes it, live and in a rebuild.
 *
 * Pure on the set: reads nothing but the event's open part and what fold_needs had loaded. Never opens a sealed part, never runs a plan.
 * An event that cannot be folded (an unknown account, a hold done twice, a sum beyond 64 bits) fails with fold-broken: live it was refused before; in a rebuild
 * it means that the log is damaged.
 */
#include "cases/core/set_inside.h"

#include <string.h>

static struct status broken(struct arena *a, const struct journal_event *ev, const char *what)
{
    return status_error(a, (struct error){.code = "fold-broken", .place = arena_printf(a, "event %lld %s", (long long)ev->seq, what),
        .zh = STR("事件与已有数据不符"), .en = STR("an event does not fit the data"),
        .hint_zh = STR("请运行 yijie audit"), .hint_en = STR("run yijie audit")});
}

/* ---- what must be there -------------------------------------------------------------------------------------------- */

static bool transfers_need(struct cases_set *s, const struct cases_effect *e)
{
    bool ready = true;
    for (uint32_t i = 0; i < e->account_count; i++) {
        struct ledger_account *account = NULL;
        ready = ledger_account_get(s->ledger, e->accounts[i].code, &account) != SET_WAIT && ready;
    }
    for (uint32_t i = 0; i < e->transfer_count; i++) {
        const struct ledger_transfer *t = &e->transfers[i];
        struct ledger_account *account = NULL;
        struct ledger_transfer *hold = NULL;
        if (t->debit) ready = ledger_account_get_id(s->ledger, t->debit, &account) != SET_WAIT && ready;
        if (t->credit) ready = ledger_account_get_id(s->ledger, t->credit, &account) != SET_WAIT && ready;
        if (id128_is_zero(&t->pending_id)) continue;
        const enum set_state state = ledger_transfer_get(s->ledger, &t->pending_id, &hold);
        ready = state != SET_WAIT && ready;
        if (state != SET_FOUND) continue;
        ready = ledger_account_get_id(s->ledger, hold->debit, &account) != SET_WAIT && ready;
        ready = ledger_account_get_id(s->ledger, hold->credit, &account) != SET_WAIT && ready;
    }
    return ready;
}

/* A settled case is new: nothing of it can be there. */
static bool case_need(struct cases_set *s, const struct cases_effect *e)
{
    if (e->type == JOURNAL_CASE_SETTLED || id128_is_zero(&e->case_id)) return true;
    struct cases_row *row = NULL;
    struct cases_share *shares = NULL;
    const int64_t *seqs = NULL;
    uint32_t count = 0;
    const enum set_state state = cases_row_get(s, &e->case_id, &row);
    bool ready = state != SET_WAIT;
    if (e->share_count) ready = cases_shares_get(s, &e->case_id, &shares, &count) != SET_WAIT && ready;
    ready = cases_history_get(s, e->cover, &e->case_id, &seqs, &count) != SET_WAIT && ready;
    if (state == SET_FOUND && e->type == JOURNAL_CASE_REVERSED) {
        struct cases_bill *bill = NULL;
        ready = cases_bill_get(s, row->hospital, row->bill, &bill) != SET_WAIT && ready;
    }
    return ready;
}

/* The cases of a cover from its newest on. */
static bool chain_need(struct cases_set *s, const struct cases_cover *cover)
{
    struct cases_row *row = NULL;
    for (struct id128 id = cover->last_case; !id128_is_zero(&id); id = row->prev) {
        const enum set_state state = cases_row_get(s, &id, &row);
        if (state != SET_FOUND) return state == SET_ABSENT;
    }
    return true;
}

static bool covers_need(struct cases_set *s, const struct journal_event *ev)
{
    struct registry_merge merge = {0};
    struct cases_cover *cover = NULL, *from = NULL, *to = NULL;
    bool ready = ev->cover == 0 || cases_cover_get(s, ev->cover, &cover) != SET_WAIT;
    if (!registry_merge_of(s->arena, ev, &merge)) return ready;
    const enum set_state from_state = cases_cover_get(s, merge.from, &from), to_state = cases_cover_get(s, merge.to, &to);
    ready = from_state != SET_WAIT && to_state != SET_WAIT && ready;
    if (from_state != SET_FOUND || to_state != SET_FOUND || from == to) return ready;
    if (id128_is_zero(&from->last_case) || id128_is_zero(&to->last_case)) return ready;
    ready = chain_need(s, from) && ready;
    return chain_need(s, to) && ready;
}

bool cases_fold_needs(struct cases_set *s, const struct journal_event *ev, const struct cases_effect *e)
{
    bool ready = covers_need(s, ev);
    if (!e) return registry_fold_needs(s->registry, ev) && ready;
    bool closed = false;
    if (e->type == JOURNAL_DAY_CLOSED) ready = cases_day_get(s, e->day, &closed) != SET_WAIT && ready;
    ready = case_need(s, e) && ready;
    return transfers_need(s, e) && ready;
}

/* ---- counters ---------------------------------------------------------------------------------------------------------- */

static struct status deltas_fold(struct cases_set *s, const struct journal_event *ev, const struct cases_effect *e, struct cases_cover *cover)
{
    for (uint32_t i = 0; i < e->delta_count; i++) {
        const struct cases_counter_delta *d = &e->deltas[i];
        int64_t value = 0;
        if (!i64_add(plan_counters_get(&cover->counters, &d->key), d->delta, &value)) return broken(s->arena, ev, "counters");
        TRY(plan_counters_set(&cover->counters, &d->key, value));
    }
    return STATUS_OK;
}

static struct status counters_add(struct plan_counters *to, const struct plan_counter_key *key, int64_t value)
{
    int64_t sum = 0;
    if (!i64_add(plan_counters_get(to, key), value, &sum)) return status_memory();
    return plan_counters_set(to, key, sum);
}

static struct status counters_merge(struct cases_cover *from, struct cases_cover *to)
{
    for (uint32_t i = 0; i < from->counters.slot_count; i++) {
        const struct plan_counter *c = &from->counters.slots[i];
        if (!c->hash || !c->value) continue;
        TRY(counters_add(&to->counters, &c->key, c->value));
    }
    from->counters.used = 0;
    from->counters.slot_count = 0;
    from->counters.slots = NULL;
    return STATUS_OK;
}

/* What was counted for one person counts for the other from now on. */
static struct status counters_reown(struct cases_set *s, struct cases_cover *cover, const struct id128 *person, const struct id128 *into)
{
    char from_hex[33], to_hex[33];
    id128_hex(person, from_hex);
    id128_hex(into, to_hex);
    CHECK(cover);
    const struct plan_counters before = cover->counters;
    plan_counters_init(&cover->counters, s->arena);
    for (uint32_t i = 0; i < before.slot_count; i++) {
        const struct plan_counter *c = &before.slots[i];
        if (!c->hash || !c->value) continue;
        struct plan_counter_key key = c->key;
        if (str_eq(key.owner, (struct str){from_hex, 32})) key.owner = (struct str){to_hex, 32};
        TRY(counters_add(&cover->counters, &key, c->value));
    }
    return STATUS_OK;
}

/* ---- covers --------------------------------------------------------------------------------------------------------------- */

static struct status cover_touch(struct cases_set *s, int64_t id, struct cases_cover **ret)
{
    struct cases_cover *cover = NULL;
    const enum set_state state = cases_cover_get(s, id, &cover);
    CHECK(state != SET_WAIT);
    if (state == SET_ABSENT) TRY(cases_cover_add(s, id, &cover));
    CHECK(cover);
    cover->version++;
    cover->dirty = true;
    *ret = cover;
    return STATUS_OK;
}

/* Two chains become one, newest first: who reverses a case finds all later ones of the group. */
static struct status chains_merge(struct cases_set *s, const struct journal_event *ev, struct cases_cover *from, struct cases_cover *to)
{
    struct id128 left = from->last_case, right = to->last_case, *place = &to->last_case;
    struct cases_row *x = NULL, *y = NULL;
    while (!id128_is_zero(&left) || !id128_is_zero(&right)) {
        if (!id128_is_zero(&left) && cases_row_get(s, &left, &x) != SET_FOUND) return broken(s->arena, ev, "merge");
        if (!id128_is_zero(&right) && cases_row_get(s, &right, &y) != SET_FOUND) return broken(s->arena, ev, "merge");
        const bool first = id128_is_zero(&right) || (!id128_is_zero(&left) && x && y && x->seq > y->seq);
        struct cases_row *next = first ? x : y;
        CHECK(next);
        *place = next->id;
        if (first) left = next->prev;
        else right = next->prev;
        place = &next->prev;
        next->dirty = true;
    }
    *place = (struct id128){0};
    return STATUS_OK;
}

static struct status merge_fold(struct cases_set *s, const struct journal_event *ev, const struct registry_merge *m)
{
    struct cases_cover *to = NULL, *from = NULL;
    TRY(cover_touch(s, m->to, &to));
    if (m->from != m->to) {
        TRY(cover_touch(s, m->from, &from));
        if (from == to) return broken(s->arena, ev, "merge");
        TRY(counters_merge(from, to));
        if (id128_is_zero(&to->last_case)) to->last_case = from->last_case;
        else if (!id128_is_zero(&from->last_case)) TRY(chains_merge(s, ev, from, to));
        from->merged_into = to->id;
    }
    return id128_is_zero(&m->person) ? STATUS_OK : counters_reown(s, to, &m->person, &m->into);
}

static struct status registry_event_fold(struct cases_set *s, const struct journal_event *ev)
{
    struct registry_merge merge = {0};
    struct cases_cover *cover = NULL;
    bool mine = false;
    TRY(registry_fold(s->registry, ev, &mine));
    if (!mine) return broken(s->arena, ev, journal_type_name(ev->type));
    if (registry_merge_of(s->arena, ev, &merge)) return merge_fold(s, ev, &merge);
    return ev->cover ? cover_touch(s, ev->cover, &cover) : STATUS_OK;
}

/* ---- a case ---------------------------------------------------------------------------------------------------------------- */

static bool row_own(struct cases_set *s, const struct cases_row *row, struct cases_row *ret)
{
    *ret = *row;
    struct str *const texts[] = {&ret->hospital, &ret->bill, &ret->region, &ret->visit};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        *texts[i] = texts[i]->n ? arena_str(s->arena, *texts[i]) : (struct str){"", 0};
        if (!texts[i]->p) return false;
    }
    return true;
}

static struct status settled_fold(struct cases_set *s, const struct journal_event *ev, const struct cases_effect *e, struct cases_cover *cover)
{
    struct cases_row row;
    if (!e->row || !cover) return broken(s->arena, ev, "row");
    if (!row_own(s, e->row, &row)) return status_memory();
    row.id = e->case_id;
    row.person = e->person;
    row.cover = (int64_t)id128_carried(&e->case_id);
    row.seq = row.last_seq = ev->seq;
    row.at_ms = e->at_ms;
    row.day = e->day;
    row.state = e->state;
    row.prev = cover->last_case;
    cover->last_case = e->case_id;
    TRY(set_row_add(s, &row));
    const struct cases_bill bill = {.case_id = e->case_id, .cover = row.cover, .revision = row.revision, .live = true};
    return set_bill_put(s, row.hospital, row.bill, &bill);
}

static void sums_take(struct cases_row *row, const struct cases_row *from)
{
    row->total = from->total;
    row->funds = from->funds;
    row->payers = from->payers;
    row->hospital_part = from->hospital_part;
    row->account = from->account;
    row->cash = from->cash;
    row->payout = from->payout;
}

static struct status later_fold(struct cases_set *s, const struct journal_event *ev, const struct cases_effect *e)
{
    struct cases_row *row = NULL;
    if (id128_is_zero(&e->case_id)) return STATUS_OK;
    if (cases_row_get(s, &e->case_id, &row) != SET_FOUND) return broken(s->arena, ev, "case");
    row->state = e->state;
    row->last_seq = ev->seq;
    row->dirty = true;
    if (e->row) sums_take(row, e->row);
    TRY(set_history_add(s, &e->case_id, ev->seq));
    if (e->type != JOURNAL_CASE_REVERSED) return STATUS_OK;
    struct cases_bill *bill = NULL;
    if (cases_bill_get(s, row->hospital, row->bill, &bill) != SET_FOUND || !id128_equal(&bill->case_id, &e->case_id)) return broken(s->arena, ev, "bill");
    struct cases_bill dead = *bill;
    dead.live = false;
    return set_bill_put(s, row->hospital, row->bill, &dead);
}

static struct status shares_fold(struct cases_set *s, const struct journal_event *ev, const struct cases_effect *e)
{
    for (uint32_t i = 0; i < e->share_count; i++) {
        struct cases_share share = e->shares[i];
        struct str *const texts[] = {&share.payer, &share.policy, &share.owner};
        for (size_t k = 0; k < COUNT_OF(texts); k++) {
            *texts[k] = texts[k]->n ? arena_str(s->arena, *texts[k]) : (struct str){"", 0};
            if (!texts[k]->p) return status_memory();
        }
        share.seq = ev->seq;
        TRY(set_share_put(s, &e->case_id, &share));
    }
    return STATUS_OK;
}

static struct status money_fold(struct cases_set *s, const struct journal_event *ev, const struct cases_effect *e)
{
    for (uint32_t i = 0; i < e->account_count; i++) {
        const struct cases_account *a = &e->accounts[i];
        struct ledger_account *account = NULL;
        if (ledger_account_get(s->ledger, a->code, &account) == SET_FOUND) { /* a limit agreed since it was opened, or another one */
            const bool limited = a->flags & LEDGER_DEBITS_WITHIN_LIMIT;
            if (limited && (!(account->flags & LEDGER_DEBITS_WITHIN_LIMIT) || account->debit_limit != a->debit_limit)) {
                ledger_account_change(s->ledger, account, account->flags | LEDGER_DEBITS_WITHIN_LIMIT, a->debit_limit);
            }
            continue;
        }
        TRY(ledger_account_add(s->ledger, a->code, a->currency, a->flags, a->debit_limit, &account));
    }
    for (uint32_t i = 0; i < e->transfer_count; i++) e->transfers[i].seq = ev->seq;
    return e->transfer_count ? ledger_fold(s->ledger, e->at_ms, e->transfers, e->transfer_count) : STATUS_OK;
}

static struct status command_fold(struct cases_set *s, const struct journal_event *ev, const struct cases_effect *e)
{
    if (id128_is_zero(&e->key)) return STATUS_OK;
    const struct cases_done_command *seen = NULL;
    if (cases_command_get(s, &e->key, &seen) == SET_FOUND) return STATUS_OK; /* one command, several events: its first stands for it */
    const struct cases_done_command done = {.body = e->body, .case_id = e->case_id, .cover = e->cover, .seq = ev->seq, .op = e->op};
    return set_command_add(s, &e->key, &done);
}

struct status cases_fold(struct cases_set *s, const struct journal_event *ev, const struct cases_effect *e)
{
    struct cases_cover *cover = NULL;
    if (!e) return registry_event_fold(s, ev);
    if (e->cover) TRY(cover_touch(s, e->cover, &cover));
    if (e->type == JOURNAL_DAY_CLOSED) TRY(set_day_close(s, e->day));
    if (e->type == JOURNAL_CASE_SETTLED) TRY(settled_fold(s, ev, e, cover));
    else TRY(later_fold(s, ev, e));
    TRY(shares_fold(s, ev, e));
    if (cover) TRY(deltas_fold(s, ev, e, cover));
    TRY(money_fold(s, ev, e));
    for (uint32_t i = 0; i < e->task_count; i++) TRY(set_task_add(s, &e->tasks[i]));
    return command_fold(s, ev, e);
}
