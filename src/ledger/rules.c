/* ledger/rules — the ladder of guards: may this transfer stand, and what does it do?
 *
 * Who uses it: apply.c. Pure. Invariant: the guards stand in the order of refusals.def, the first that fails is the answer, and asking changes nothing
 * but the table of known ids. Holds count in every limit until they are settled or their time has come.
 */
#include "ledger/set.h"

/* ---- repeats --------------------------------------------------------------------------------------------------- */

/* CONFIRM may leave the amount to the hold: 0 is the same as all of it. */
static bool amount_repeats(struct ledger_set *s, const struct ledger_transfer *t, const struct ledger_transfer *was) {
    if (t->amount == was->amount) return true;
    if (t->amount != 0 || !ledger_is_settlement(t->act)) return false;
    if (t->act != LEDGER_CONFIRM) return true;
    const struct transfer_entry *hold = set_transfer_find(s, &was->pending_id);
    CHECK(hold && hold->state == ENTRY_FOUND);
    return hold->t.amount == was->amount;
}

static enum ledger_refusal repeat_ask(struct ledger_set *s, const struct ledger_transfer *t, const struct ledger_transfer *was) {
    const bool open = ledger_is_settlement(t->act); /* accounts may be left to the hold */
    if (t->act != was->act) return LEDGER_REFUSED_EXISTS_DIFFERENT_ACT;
    if (!ledger_id_equal(&t->pending_id, &was->pending_id)) return LEDGER_REFUSED_EXISTS_DIFFERENT_PENDING;
    if (t->debit != was->debit && !(open && t->debit == 0)) return LEDGER_REFUSED_EXISTS_DIFFERENT_DEBIT;
    if (t->credit != was->credit && !(open && t->credit == 0)) return LEDGER_REFUSED_EXISTS_DIFFERENT_CREDIT;
    if (!amount_repeats(s, t, was)) return LEDGER_REFUSED_EXISTS_DIFFERENT_AMOUNT;
    if (t->kind != was->kind) return LEDGER_REFUSED_EXISTS_DIFFERENT_KIND;
    if (t->expires_ms != was->expires_ms) return LEDGER_REFUSED_EXISTS_DIFFERENT_EXPIRES;
    if (t->day != was->day) return LEDGER_REFUSED_EXISTS_DIFFERENT_DAY;
    if (!ledger_id_equal(&t->case_id, &was->case_id)) return LEDGER_REFUSED_EXISTS_DIFFERENT_CASE;
    return LEDGER_REFUSED_EXISTS;
}

/* ---- limits ------------------------------------------------------------------------------------------------------ */

static bool sums_fit(int64_t pending, int64_t posted, int64_t amount) {
    int64_t sum;
    return i64_add(pending, posted, &sum) && i64_add(sum, amount, &sum);
}

bool rules_sums_fit(const struct ledger_account *a, int64_t debit, int64_t credit) {
    return sums_fit(a->debits_pending, a->debits_posted, debit) && sums_fit(a->credits_pending, a->credits_posted, credit);
}

/* Sums fit 64 bits already: differences then fit 128 by far. */
static enum ledger_refusal limits_ask(const struct effect *f) {
    const struct ledger_account *d = &f->debit->a, *c = &f->credit->a;
    const i128 debits = (i128)d->debits_pending - f->debit->due_debits + d->debits_posted + f->amount;
    const i128 credits = (i128)c->credits_pending - f->credit->due_credits + c->credits_posted + f->amount;
    if ((d->flags & LEDGER_DEBITS_WITHIN_CREDITS) && debits > d->credits_posted) return LEDGER_REFUSED_EXCEEDS_CREDITS;
    if ((c->flags & LEDGER_CREDITS_WITHIN_DEBITS) && credits > c->debits_posted) return LEDGER_REFUSED_EXCEEDS_DEBITS;
    if ((d->flags & LEDGER_DEBITS_WITHIN_LIMIT) && debits - d->credits_posted > d->debit_limit) return LEDGER_REFUSED_EXCEEDS_LIMIT;
    return LEDGER_OK;
}

/* ---- post and hold ------------------------------------------------------------------------------------------------ */

static struct account_entry *account_known(struct ledger_set *s, int64_t id) {
    if (id == 0) return NULL;
    struct account_entry *e = set_account_find(s, id);
    CHECK(e && (e->state == ENTRY_FOUND || e->state == ENTRY_ABSENT)); /* loaded before, else a known account would be called unknown */
    return e->state == ENTRY_FOUND ? e : NULL;
}

static enum ledger_refusal move_form_ask(const struct ledger_set *s, const struct ledger_transfer *t) {
    if (t->amount < 0) return LEDGER_REFUSED_AMOUNT_NEGATIVE;
    if (t->amount == 0) return LEDGER_REFUSED_AMOUNT_ZERO;
    if (!ledger_id_zero(&t->pending_id)) return LEDGER_REFUSED_PENDING_NOT_ALLOWED;
    if (t->act == LEDGER_POST && t->expires_ms != 0) return LEDGER_REFUSED_EXPIRES_NOT_ALLOWED;
    if (t->expires_ms != 0 && t->expires_ms <= s->now_ms) return LEDGER_REFUSED_EXPIRES_IN_PAST;
    if (t->debit == t->credit) return LEDGER_REFUSED_ACCOUNTS_SAME;
    return LEDGER_OK;
}

static enum ledger_refusal move_ask(struct ledger_set *s, const struct ledger_transfer *t, struct effect *f) {
    const enum ledger_refusal form = move_form_ask(s, t);
    if (form != LEDGER_OK) return form;
    f->amount = t->amount;
    f->debit = account_known(s, t->debit);
    if (!f->debit) return LEDGER_REFUSED_DEBIT_ACCOUNT_UNKNOWN;
    f->credit = account_known(s, t->credit);
    if (!f->credit) return LEDGER_REFUSED_CREDIT_ACCOUNT_UNKNOWN;
    if (f->debit->a.currency != f->credit->a.currency) return LEDGER_REFUSED_CURRENCY_DIFFERS;
    if ((f->debit->a.flags | f->credit->a.flags) & LEDGER_CLOSED) return LEDGER_REFUSED_ACCOUNT_CLOSED;
    if (!rules_sums_fit(&f->debit->a, t->amount, 0) || !rules_sums_fit(&f->credit->a, 0, t->amount)) return LEDGER_REFUSED_OVERFLOW;
    return limits_ask(f);
}

/* ---- confirm, void, expire ------------------------------------------------------------------------------------------ */

static enum ledger_refusal hold_ask(const struct ledger_set *s, const struct ledger_transfer *t, const struct ledger_transfer *hold) {
    if (hold->act != LEDGER_HOLD) return LEDGER_REFUSED_PENDING_NOT_A_HOLD;
    if (t->debit != 0 && t->debit != hold->debit) return LEDGER_REFUSED_PENDING_DIFFERS_DEBIT;
    if (t->credit != 0 && t->credit != hold->credit) return LEDGER_REFUSED_PENDING_DIFFERS_CREDIT;
    if (t->act != LEDGER_CONFIRM && t->amount != 0 && t->amount != hold->amount) return LEDGER_REFUSED_PENDING_DIFFERS_AMOUNT;
    if (t->act == LEDGER_CONFIRM && t->amount > hold->amount) return LEDGER_REFUSED_EXCEEDS_HELD;
    if (hold->state == LEDGER_CONFIRMED || hold->state == LEDGER_PART_CONFIRMED) return LEDGER_REFUSED_PENDING_ALREADY_CONFIRMED;
    if (hold->state == LEDGER_VOIDED) return LEDGER_REFUSED_PENDING_ALREADY_VOIDED;
    const bool due = hold->expires_ms != 0 && hold->expires_ms <= s->now_ms;
    if (hold->state == LEDGER_EXPIRED || (due && t->act != LEDGER_EXPIRE)) return LEDGER_REFUSED_PENDING_EXPIRED;
    if (t->act == LEDGER_EXPIRE && !due) return LEDGER_REFUSED_PENDING_NOT_DUE;
    return LEDGER_OK;
}

static enum ledger_refusal settle_form_ask(const struct ledger_transfer *t) {
    if (t->amount < 0) return LEDGER_REFUSED_AMOUNT_NEGATIVE;
    if (ledger_id_zero(&t->pending_id)) return LEDGER_REFUSED_PENDING_ID_ZERO;
    if (t->expires_ms != 0) return LEDGER_REFUSED_EXPIRES_NOT_ALLOWED;
    return LEDGER_OK;
}

static enum ledger_refusal settle_ask(struct ledger_set *s, const struct ledger_transfer *t, struct effect *f) {
    const enum ledger_refusal form = settle_form_ask(t);
    if (form != LEDGER_OK) return form;
    f->hold = set_transfer_find(s, &t->pending_id);
    CHECK(f->hold && f->hold->state != ENTRY_WAIT && f->hold->state != ENTRY_UNTOUCHED);
    if (f->hold->state == ENTRY_ABSENT) return LEDGER_REFUSED_PENDING_UNKNOWN;
    const struct ledger_transfer *hold = &f->hold->t;
    const enum ledger_refusal refusal = hold_ask(s, t, hold);
    if (refusal != LEDGER_OK) return refusal;
    f->debit = account_known(s, hold->debit);
    f->credit = account_known(s, hold->credit);
    CHECK(f->debit && f->credit);
    f->held = hold->amount;
    f->amount = t->act == LEDGER_CONFIRM && t->amount != 0 ? t->amount : hold->amount;
    /* What was held was counted in the limits; letting go of it is always possible. */
    if (t->act == LEDGER_CONFIRM && ((f->debit->a.flags | f->credit->a.flags) & LEDGER_CLOSED)) return LEDGER_REFUSED_ACCOUNT_CLOSED;
    return LEDGER_OK;
}

/* ---- the ladder ------------------------------------------------------------------------------------------------------- */

enum ledger_refusal rules_ask(struct ledger_set *s, const struct ledger_transfer *t, struct effect *ret) {
    if (ledger_id_zero(&t->id)) return LEDGER_REFUSED_ID_ZERO;
    if (t->act >= LEDGER_ACT_COUNT) return LEDGER_REFUSED_ACT_UNKNOWN;
    if (t->kind >= LEDGER_KIND_COUNT) return LEDGER_REFUSED_KIND_UNKNOWN;
    ret->entry = set_transfer_find(s, &t->id);
    CHECK(ret->entry && ret->entry->state != ENTRY_WAIT);
    if (ret->entry->state == ENTRY_FOUND) return repeat_ask(s, t, &ret->entry->t);
    return ledger_is_settlement(t->act) ? settle_ask(s, t, ret) : move_ask(s, t, ret);
}
