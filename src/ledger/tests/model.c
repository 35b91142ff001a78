/* ledger/tests/model — see model.h. Written from the text of ledger.h and refusals.def, not from the rules' code: no tables, no sums kept, nothing undone but by
 * copying back. */
#include "ledger/tests/model.h"

#include <string.h>

static bool same_id(const struct id128 *a, const struct id128 *b) { return memcmp(a, b, sizeof *a) == 0; }
static bool no_id(const struct id128 *a) {
    const struct id128 zero = {{0}};
    return same_id(a, &zero);
}

static const struct ledger_transfer *find(const struct model *m, const struct id128 *id) {
    for (uint32_t i = 0; i < m->count; i++) {
        if (same_id(&m->list[i].id, id)) return &m->list[i];
    }
    return NULL;
}

static const struct model_account *account(const struct model *m, int64_t id) {
    for (uint32_t i = 0; i < m->account_count; i++) {
        if (m->accounts[i].id == id) return &m->accounts[i];
    }
    return NULL;
}

/* What was done to a hold; NULL: it is open. */
static const struct ledger_transfer *settlement(const struct model *m, const struct id128 *hold) {
    for (uint32_t i = 0; i < m->count; i++) {
        if (same_id(&m->list[i].pending_id, hold)) return &m->list[i];
    }
    return NULL;
}

static bool is_open_hold(const struct model *m, const struct ledger_transfer *t) { return t->act == LEDGER_HOLD && !settlement(m, &t->id); }

static bool is_due(const struct model *m, const struct ledger_transfer *hold, int64_t now_ms) {
    if (hold->expires_ms == 0) return false;
    return m->fault == MODEL_EXPIRES_LATE ? hold->expires_ms < now_ms : hold->expires_ms <= now_ms;
}

void model_sums(const struct model *m, int64_t id, int64_t ret[4]) {
    memset(ret, 0, 4 * sizeof *ret);
    for (uint32_t i = 0; i < m->count; i++) {
        const struct ledger_transfer *t = &m->list[i];
        const bool posted = t->act == LEDGER_POST || t->act == LEDGER_CONFIRM;
        if (!posted && !is_open_hold(m, t)) continue;
        if (t->debit == id) ret[posted ? 1 : 0] += t->amount;
        if (t->credit == id) ret[posted ? 3 : 2] += t->amount;
    }
}

/* Holds of an account that still count at this time. */
static int64_t held(const struct model *m, int64_t id, bool debit, int64_t now_ms) {
    int64_t sum = 0;
    for (uint32_t i = 0; m->fault != MODEL_IGNORES_HOLDS && i < m->count; i++) {
        const struct ledger_transfer *t = &m->list[i];
        if (is_open_hold(m, t) && !is_due(m, t, now_ms) && (debit ? t->debit : t->credit) == id) sum += t->amount;
    }
    return sum;
}

static enum ledger_refusal repeat(const struct model *m, const struct ledger_transfer *t, const struct ledger_transfer *was) {
    const bool settles = t->act == LEDGER_CONFIRM || t->act == LEDGER_VOID || t->act == LEDGER_EXPIRE;
    const struct ledger_transfer *hold = find(m, &was->pending_id);
    if (t->act != was->act) return LEDGER_REFUSED_EXISTS_DIFFERENT_ACT;
    if (!same_id(&t->pending_id, &was->pending_id)) return LEDGER_REFUSED_EXISTS_DIFFERENT_PENDING;
    if (t->debit != was->debit && (!settles || t->debit != 0)) return LEDGER_REFUSED_EXISTS_DIFFERENT_DEBIT;
    if (t->credit != was->credit && (!settles || t->credit != 0)) return LEDGER_REFUSED_EXISTS_DIFFERENT_CREDIT;
    const int64_t amount = settles && t->amount == 0 ? hold->amount : t->amount;
    if (amount != was->amount) return LEDGER_REFUSED_EXISTS_DIFFERENT_AMOUNT;
    if (t->kind != was->kind) return LEDGER_REFUSED_EXISTS_DIFFERENT_KIND;
    if (t->expires_ms != was->expires_ms) return LEDGER_REFUSED_EXISTS_DIFFERENT_EXPIRES;
    if (t->day != was->day) return LEDGER_REFUSED_EXISTS_DIFFERENT_DAY;
    if (!same_id(&t->case_id, &was->case_id)) return LEDGER_REFUSED_EXISTS_DIFFERENT_CASE;
    return LEDGER_REFUSED_EXISTS;
}

static enum ledger_refusal move(const struct model *m, int64_t now_ms, const struct ledger_transfer *t) {
    if (t->amount < 0) return LEDGER_REFUSED_AMOUNT_NEGATIVE;
    if (t->amount == 0) return LEDGER_REFUSED_AMOUNT_ZERO;
    if (!no_id(&t->pending_id)) return LEDGER_REFUSED_PENDING_NOT_ALLOWED;
    if (t->act == LEDGER_POST && t->expires_ms != 0) return LEDGER_REFUSED_EXPIRES_NOT_ALLOWED;
    if (t->expires_ms != 0 && t->expires_ms <= now_ms) return LEDGER_REFUSED_EXPIRES_IN_PAST;
    if (t->debit == t->credit) return LEDGER_REFUSED_ACCOUNTS_SAME;
    const struct model_account *d = account(m, t->debit), *c = account(m, t->credit);
    if (!d) return LEDGER_REFUSED_DEBIT_ACCOUNT_UNKNOWN;
    if (!c) return LEDGER_REFUSED_CREDIT_ACCOUNT_UNKNOWN;
    if (d->currency != c->currency) return LEDGER_REFUSED_CURRENCY_DIFFERS;
    if ((d->flags & LEDGER_CLOSED) || (c->flags & LEDGER_CLOSED)) return LEDGER_REFUSED_ACCOUNT_CLOSED;
    int64_t ds[4], cs[4];
    model_sums(m, d->id, ds);
    model_sums(m, c->id, cs);
    const int64_t debits = held(m, d->id, true, now_ms) + ds[1] + t->amount, credits = held(m, c->id, false, now_ms) + cs[3] + t->amount;
    if ((d->flags & LEDGER_DEBITS_WITHIN_CREDITS) && debits > ds[3]) return LEDGER_REFUSED_EXCEEDS_CREDITS;
    if ((c->flags & LEDGER_CREDITS_WITHIN_DEBITS) && credits > cs[1]) return LEDGER_REFUSED_EXCEEDS_DEBITS;
    if ((d->flags & LEDGER_DEBITS_WITHIN_LIMIT) && debits - ds[3] > d->limit) return LEDGER_REFUSED_EXCEEDS_LIMIT;
    return LEDGER_OK;
}

static enum ledger_refusal settle(const struct model *m, int64_t now_ms, const struct ledger_transfer *t) {
    if (t->amount < 0) return LEDGER_REFUSED_AMOUNT_NEGATIVE;
    if (no_id(&t->pending_id)) return LEDGER_REFUSED_PENDING_ID_ZERO;
    if (t->expires_ms != 0) return LEDGER_REFUSED_EXPIRES_NOT_ALLOWED;
    const struct ledger_transfer *hold = find(m, &t->pending_id);
    if (!hold) return LEDGER_REFUSED_PENDING_UNKNOWN;
    if (hold->act != LEDGER_HOLD) return LEDGER_REFUSED_PENDING_NOT_A_HOLD;
    if (t->debit != 0 && t->debit != hold->debit) return LEDGER_REFUSED_PENDING_DIFFERS_DEBIT;
    if (t->credit != 0 && t->credit != hold->credit) return LEDGER_REFUSED_PENDING_DIFFERS_CREDIT;
    if (t->act != LEDGER_CONFIRM && t->amount != 0 && t->amount != hold->amount) return LEDGER_REFUSED_PENDING_DIFFERS_AMOUNT;
    if (t->act == LEDGER_CONFIRM && t->amount > hold->amount) return LEDGER_REFUSED_EXCEEDS_HELD;
    const struct ledger_transfer *done = settlement(m, &hold->id);
    if (done && done->act == LEDGER_CONFIRM && m->fault != MODEL_CONFIRMS_TWICE) return LEDGER_REFUSED_PENDING_ALREADY_CONFIRMED;
    if (done && done->act == LEDGER_VOID) return LEDGER_REFUSED_PENDING_ALREADY_VOIDED;
    const bool due = is_due(m, hold, now_ms);
    if ((done && done->act == LEDGER_EXPIRE) || (due && t->act != LEDGER_EXPIRE)) return LEDGER_REFUSED_PENDING_EXPIRED;
    if (t->act == LEDGER_EXPIRE && !due) return LEDGER_REFUSED_PENDING_NOT_DUE;
    const uint32_t flags = account(m, hold->debit)->flags | account(m, hold->credit)->flags;
    if (t->act == LEDGER_CONFIRM && (flags & LEDGER_CLOSED)) return LEDGER_REFUSED_ACCOUNT_CLOSED;
    return LEDGER_OK;
}

static enum ledger_refusal apply_one(struct model *m, int64_t now_ms, const struct ledger_transfer *t) {
    if (no_id(&t->id)) return LEDGER_REFUSED_ID_ZERO;
    const struct ledger_transfer *was = find(m, &t->id);
    if (was) return repeat(m, t, was);
    const bool settles = t->act == LEDGER_CONFIRM || t->act == LEDGER_VOID || t->act == LEDGER_EXPIRE;
    const enum ledger_refusal r = settles ? settle(m, now_ms, t) : move(m, now_ms, t);
    if (r != LEDGER_OK) return r;
    CHECK(m->count < MODEL_TRANSFERS_MAX);
    struct ledger_transfer accepted = *t;
    if (settles) {
        const struct ledger_transfer *hold = find(m, &t->pending_id);
        accepted.debit = hold->debit;
        accepted.credit = hold->credit;
        if (t->amount == 0) accepted.amount = hold->amount;
    }
    m->list[m->count++] = accepted;
    return LEDGER_OK;
}

void model_apply(struct model *m, int64_t now_ms, const struct ledger_transfer *t, uint32_t count, enum ledger_refusal *ret) {
    for (uint32_t i = 0, n; i < count; i += n) {
        const uint32_t before = m->count;
        uint32_t failed = 0, fresh = 0, repeated = 0;
        for (n = 1; t[i + n - 1].linked && i + n < count; n++) {}
        if (t[i + n - 1].linked) {
            for (uint32_t k = i; k < i + n; k++) ret[k] = k + 1 < count ? LEDGER_REFUSED_LINKED_FAILED : LEDGER_REFUSED_LINKED_OPEN_CHAIN;
            continue;
        }
        for (uint32_t k = i; k < i + n; k++) {
            ret[k] = failed ? LEDGER_REFUSED_LINKED_FAILED : apply_one(m, now_ms, &t[k]);
            failed += ret[k] != LEDGER_OK && ret[k] != LEDGER_REFUSED_EXISTS;
            fresh += ret[k] == LEDGER_OK;
            repeated += ret[k] == LEDGER_REFUSED_EXISTS;
        }
        if (!failed && !(fresh && repeated)) continue;
        if (m->fault == MODEL_SKIPS_A_LEG) continue; /* the others stand */
        m->count = before;
        for (uint32_t k = i; k < i + n; k++) {
            if (ret[k] == LEDGER_OK || (ret[k] == LEDGER_REFUSED_EXISTS && !find(m, &t[k].id))) ret[k] = LEDGER_REFUSED_LINKED_FAILED;
        }
    }
}
