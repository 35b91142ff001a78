/* cases/proof/audit_case — what an audit asks of each batch of events: leaves, and every settled case from all its sides. */
#include "cases/life/postings.h"
#include "cases/proof/proof.h"

#include <stdlib.h>
#include <string.h>

/* ---- leaves -------------------------------------------------------------------------------------------------------------- */

static struct str event_name(struct arena *a, const struct journal_event *ev, const char *what)
{
    return arena_printf(a, "event %lld (%s): %s", (long long)ev->seq, journal_type_name(ev->type), what);
}

void proof_leaves(struct proof_audit *p, const struct journal_event *events, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct journal_event *ev = &events[i];
        struct digest leaf;
        const char *wrong = NULL;
        journal_leaf(&p->hash, ev, &leaf);
        if (!digest_equal(&leaf, &ev->leaf)) wrong = "its leaf is of other contents";
        if (ev->seq != p->next_seq) wrong = "its place in the log";
        if (ev->at_ms < p->last_ms) wrong = "its time goes back";
        p->next_seq = ev->seq + 1;
        p->last_ms = ev->at_ms;
        proof_checked(p->result, CASES_PROOF_LEAVES, 1);
        if (wrong) proof_wrong(p->result, p->keep, CASES_PROOF_LEAVES, event_name(p->keep, ev, wrong));
        tlog_edge_append(&p->hash, &p->edge, &ev->leaf);
    }
}

/* ---- a case from all sides -------------------------------------------------------------------------------------------------- */

/* One CASE_SETTLED event with what the store holds of it. */
struct sides {
    const struct journal_event *event;
    const struct cases_effect *effect;
    struct cases_row *row;
    struct cases_share *shares;
    uint32_t share_count;
    struct cases_bill *bill;
    const int64_t *history;
    uint32_t history_count;
};

static void one_sided(struct proof_audit *p, const struct sides *c, const char *what)
{
    char hex[33];
    id128_hex(&c->effect->case_id, hex);
    proof_wrong(p->result, p->keep, CASES_PROOF_ONE_SIDED, arena_printf(p->keep, "case %s (event %lld): %s", hex, (long long)c->event->seq, what));
}

/* False: something waits. */
static bool sides_get(struct cases_set *s, struct sides *c)
{
    const struct cases_effect *e = c->effect;
    bool ready = cases_row_get(s, &e->case_id, &c->row) != SET_WAIT;
    ready = cases_shares_get(s, &e->case_id, &c->shares, &c->share_count) != SET_WAIT && ready;
    ready = cases_history_get(s, e->cover, &e->case_id, &c->history, &c->history_count) != SET_WAIT && ready;
    if (e->row) ready = cases_bill_get(s, e->row->hospital, e->row->bill, &c->bill) != SET_WAIT && ready;
    for (uint32_t i = 0; i < c->history_count; i++) {
        const struct journal_event *ev = NULL;
        ready = cases_event_get(s, c->history[i], &ev) != SET_WAIT && ready;
    }
    return ready;
}

static void sides_check(struct proof_audit *p, const struct sides *c)
{
    proof_checked(p->result, CASES_PROOF_ONE_SIDED, 1);
    if (!c->row) one_sided(p, c, "the case is missing");
    else if (c->row->seq != c->event->seq) one_sided(p, c, "the case names another event");
    if (c->share_count < c->effect->share_count) one_sided(p, c, "its shares are not all there"); /* an adjustment may add some */
    proof_checked(p->result, CASES_PROOF_BILLS, 1);
    const bool live = c->row && c->row->state != CASES_STATE_REVERSED;
    const bool leads = c->bill && id128_equal(&c->bill->case_id, &c->effect->case_id) && c->bill->live;
    if (!c->bill) one_sided(p, c, "its bill key is missing");
    else if (live && !leads) one_sided(p, c, "its bill key leads elsewhere");
}

/* ---- transfers ---------------------------------------------------------------------------------------------------------------- */

static struct status transfers_check(struct proof_audit *p, struct proof_fold *f, const struct journal_event *ev, const struct cases_effect *e)
{
    if (e->transfer_count == 0) return STATUS_OK;
    struct store_value *ids = ARENA_ARRAY(&f->batch, struct store_value, e->transfer_count);
    bool *seen = ARENA_ARRAY(&f->batch, bool, e->transfer_count);
    struct store_rows rows = {0};
    if (!ids || !seen) return status_memory();
    for (uint32_t i = 0; i < e->transfer_count; i++) ids[i] = STORE_S(id128_view(&e->transfers[i].id));
    TRY(store_read(f->source, &f->batch, proof_statement(PROOF_TRANSFER), ids, e->transfer_count, &rows));
    for (uint32_t r = 0; r < rows.count; r++) seen[rows.of[r]] = store_row(&rows, r)[2].i == ev->seq;
    for (uint32_t i = 0; i < e->transfer_count; i++) {
        const struct sides c = {.event = ev, .effect = e};
        proof_checked(p->result, CASES_PROOF_ONE_SIDED, 1);
        if (!seen[i]) one_sided(p, &c, "a transfer is missing");
    }
    p->transfers += e->transfer_count;
    return STATUS_OK;
}

/* ---- postings ------------------------------------------------------------------------------------------------------------------ */

static const struct proof_account *account_find(const struct proof_audit *p, int64_t id)
{
    uint32_t low = 0, high = p->account_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (p->accounts[middle].id < id) low = middle + 1;
        else high = middle;
    }
    return low < p->account_count && p->accounts[low].id == id ? &p->accounts[low] : NULL;
}

struct sums {
    struct cases_posting *items;
    uint32_t count, cap;
};

static struct status sum_add(struct proof_audit *p, struct arena *a, struct sums *sums, int64_t account, int64_t amount)
{
    const struct proof_account *known = account_find(p, account);
    struct str name = {0};
    if (!known) return STATUS_OK; /* the ledger's own proof names it */
    const enum cases_posting_class of = cases_posting_class(known->code, &name);
    if (of == CASES_POSTING_OTHER) return STATUS_OK;
    for (uint32_t i = 0; i < sums->count; i++) {
        if (sums->items[i].of != of || !str_eq(sums->items[i].name, name)) continue;
        sums->items[i].net_debit += amount;
        return STATUS_OK;
    }
    struct cases_posting *slot = ARENA_PUSH(a, sums->items, sums->count, sums->cap);
    if (!slot) return status_memory();
    *slot = (struct cases_posting){.of = of, .name = name, .net_debit = amount};
    return STATUS_OK;
}

static struct status sums_of_effect(struct proof_audit *p, struct arena *a, const struct cases_effect *e, struct sums *sums)
{
    for (uint32_t i = 0; i < e->transfer_count; i++) {
        const struct ledger_transfer *t = &e->transfers[i];
        if (t->act != LEDGER_POST) continue; /* holds move nothing by themselves */
        TRY(sum_add(p, a, sums, t->debit, t->amount));
        TRY(sum_add(p, a, sums, t->credit, -t->amount));
    }
    return STATUS_OK;
}

static struct status postings_check(struct proof_audit *p, struct proof_fold *f, struct cases_set *s, const struct sides *c)
{
    struct arena *a = &f->batch;
    struct sums sums = {0};
    struct cases_posting *expected = NULL;
    uint32_t count = 0;
    if (!c->row) return STATUS_OK; /* one-sided: told already */
    TRY(sums_of_effect(p, a, c->effect, &sums));
    for (uint32_t i = 0; i < c->history_count; i++) {
        const struct journal_event *ev = NULL;
        struct cases_effect later;
        if (cases_event_get(s, c->history[i], &ev) != SET_FOUND) continue;
        TRY(cases_effect_read(a, ev, &later));
        TRY(sums_of_effect(p, a, &later, &sums));
    }
    TRY(cases_postings_expected(a, c->row, c->shares, c->share_count, &expected, &count));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t k = 0;
        while (k < sums.count && (sums.items[k].of != expected[i].of || !str_eq(sums.items[k].name, expected[i].name))) k++;
        if (k < sums.count) sums.items[k].net_debit -= expected[i].net_debit;
        else expected[i].of = CASES_POSTING_OTHER;
    }
    bool wrong = false;
    for (uint32_t i = 0; i < count; i++) wrong = wrong || expected[i].of == CASES_POSTING_OTHER;
    for (uint32_t i = 0; i < sums.count; i++) wrong = wrong || sums.items[i].net_debit != 0;
    proof_checked(p->result, CASES_PROOF_POSTINGS_EQUAL_SHARES, 1);
    if (!wrong) return STATUS_OK;
    char hex[33];
    id128_hex(&c->effect->case_id, hex);
    proof_wrong(p->result, p->keep, CASES_PROOF_POSTINGS_EQUAL_SHARES, arena_printf(p->keep, "case %s (event %lld)", hex, (long long)c->event->seq));
    return STATUS_OK;
}

/* ---- texts ------------------------------------------------------------------------------------------------------------------------ */

static struct status library_check(struct proof_audit *p, struct proof_fold *f, const struct journal_event *ev, const struct digest *library)
{
    static const struct digest none = {{0}};
    if (digest_equal(library, &none)) return STATUS_OK;
    for (uint32_t i = 0; i < p->library_count; i++) {
        if (digest_equal(&p->libraries[i], library)) return STATUS_OK;
    }
    if (p->library_count == COUNT_OF(p->libraries)) p->library_count = 0; /* asked again: costs time, never memory */
    p->libraries[p->library_count++] = *library;
    const struct store_value hash = STORE_S(((struct str){(const char *)library->b, sizeof library->b}));
    struct store_rows rows = {0};
    TRY(store_read(f->source, &f->batch, proof_statement(PROOF_TEXT_KNOWN), &hash, 1, &rows));
    proof_checked(p->result, CASES_PROOF_TEXTS, 1);
    if (rows.count == 0 || store_row(&rows, 0)[0].i == 0) {
        proof_wrong(p->result, p->keep, CASES_PROOF_TEXTS, event_name(p->keep, ev, "the library that it names is not in texts"));
    }
    return STATUS_OK;
}

/* ---- a batch ------------------------------------------------------------------------------------------------------------------------ */

static struct status sides_load(struct proof_fold *f, struct cases_set *s, struct sides *all, uint32_t count)
{
    for (int round = 0; round < 8; round++) {
        bool ready = true;
        for (uint32_t i = 0; i < count; i++) ready = sides_get(s, &all[i]) && ready;
        if (ready) return STATUS_OK;
        arena_reset(&f->scratch);
        TRY(cases_set_load(s, f->source, &f->scratch));
    }
    return STATUS_OK;
}

/* How many shares the events of a case tell: an adjustment (cover enrolled backdated) may add some. */
static uint32_t shares_told(struct proof_fold *f, struct cases_set *s, const struct sides *c)
{
    uint32_t count = c->effect->share_count;
    for (uint32_t i = 0; i < c->history_count; i++) {
        const struct journal_event *ev = NULL;
        struct cases_effect e = {0};
        if (cases_event_get(s, c->history[i], &ev) != SET_FOUND || ev->type != JOURNAL_CASE_ADJUSTED) continue;
        if (status_failed(cases_effect_read(&f->batch, ev, &e))) continue; /* found damaged elsewhere */
        for (uint32_t k = 0; k < e.share_count; k++) count = e.shares[k].n >= count ? e.shares[k].n + 1 : count;
    }
    return count;
}

struct status proof_cases(struct proof_audit *p, struct proof_fold *f, const struct journal_event *events, struct cases_effect *const *effects, uint32_t count)
{
    struct cases_set *s = NULL;
    TRY(cases_set_new(&f->batch, f->keys, 0, &s));
    struct sides *all = ARENA_ARRAY(&f->batch, struct sides, (size_t)count + 1);
    if (!all) return status_memory();
    uint32_t settled = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct cases_effect *e = effects[i];
        if (!e) continue;
        TRY(transfers_check(p, f, &events[i], e));
        TRY(library_check(p, f, &events[i], &e->library));
        if (e->type != JOURNAL_CASE_SETTLED) continue;
        all[settled++] = (struct sides){.event = &events[i], .effect = e};
    }
    p->settled += settled;
    TRY(sides_load(f, s, all, settled));
    for (uint32_t i = 0; i < settled; i++) {
        sides_check(p, &all[i]);
        p->shares += shares_told(f, s, &all[i]);
        TRY(postings_check(p, f, s, &all[i]));
    }
    return STATUS_OK;
}

/* ---- replay ------------------------------------------------------------------------------------------------------------------------------ */

static struct status seal_check(struct proof_audit *p, struct proof_fold *f, const struct journal_event *ev)
{
    if (ev->sealed.n == 0) return STATUS_OK;
    const struct store_value who[] = {STORE_I(ev->cover), STORE_S(id128_view(&ev->person))};
    struct store_rows rows = {0};
    struct person_key key;
    struct str plain = {0};
    TRY(store_read(f->source, &f->scratch, proof_statement(PROOF_PERSON_KEY), who, 1, &rows));
    if (rows.count == 0) return STATUS_OK; /* erased: nobody can read it, and nothing else depends on it */
    struct status s = journal_person_key_open(f->keys, &f->scratch, store_row(&rows, 0)[0].s, &key);
    if (!status_failed(s)) s = journal_sealer_unseal(&p->sealer, &f->scratch, &key, ev, &plain);
    person_key_wipe(&key);
    proof_checked(p->result, CASES_PROOF_SEALS, 1);
    if (status_failed(s)) proof_wrong(p->result, p->keep, CASES_PROOF_SEALS, event_name(p->keep, ev, s.err->code));
    return STATUS_OK;
}

static struct status answer_check(struct proof_audit *p, struct proof_fold *f, struct cases_set *s, const struct journal_event *ev, const struct cases_effect *e)
{
    static const struct digest none = {{0}};
    if (!e || digest_equal(&e->library, &none)) return STATUS_OK;
    for (int round = 0; round < 32; round++) {
        struct life_run run = {0};
        enum set_state state = SET_FOUND;
        const struct status s1 = life_replay(s, &p->sealer, &f->batch, ev, e, false, &run, &state);
        if (!status_failed(s1) && state == SET_WAIT) {
            arena_reset(&f->scratch);
            TRY(cases_set_load(s, f->source, &f->scratch));
            continue;
        }
        if (!status_failed(s1) && (state == SET_ABSENT || !run.bill)) return STATUS_OK; /* erased */
        proof_checked(p->result, CASES_PROOF_ANSWERS, 1);
        if (status_failed(s1)) proof_wrong(p->result, p->keep, CASES_PROOF_ANSWERS, event_name(p->keep, ev, s1.err->code));
        return STATUS_OK;
    }
    proof_wrong(p->result, p->keep, CASES_PROOF_ANSWERS, event_name(p->keep, ev, "what it needs cannot be read"));
    return STATUS_OK;
}

struct status proof_replay(struct proof_audit *p, struct proof_fold *f, const struct journal_event *events, struct cases_effect *const *effects, uint32_t count)
{
    struct cases_set *s = NULL;
    TRY(cases_set_new(&f->batch, f->keys, 0, &s));
    s->tables->products = p->products;
    for (uint32_t i = 0; i < count; i++) {
        arena_reset(&f->scratch);
        TRY(seal_check(p, f, &events[i]));
        TRY(answer_check(p, f, s, &events[i], effects[i]));
    }
    return STATUS_OK;
}
