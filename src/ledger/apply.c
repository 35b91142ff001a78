/* ledger/apply — doing and undoing transfers on the working set: one by one, in chains, as a question, and again from events.
 *
 * Who uses it: cases (would, fold), the bench and tests (apply). Pure. Invariants: a refused transfer or chain leaves no trace; `would` leaves none at all; folding
 * what `apply` accepted gives the same set; nothing can fail between the first change and the last, because memory is taken before.
 */
#include "ledger/set.h"

/* ---- one effect ---------------------------------------------------------------------------------------------------- */

static enum ledger_state row_state(enum ledger_act act) {
    static const enum ledger_state states[LEDGER_ACT_COUNT] = {[LEDGER_POST] = LEDGER_POSTED, [LEDGER_HOLD] = LEDGER_PENDING, [LEDGER_CONFIRM] = LEDGER_POSTED,
                                                               [LEDGER_VOID] = LEDGER_VOIDED, [LEDGER_EXPIRE] = LEDGER_EXPIRED};
    return states[act];
}

/* Moves the four sums; sign −1 takes it back. */
static void sums_move(const struct effect *f, int64_t sign) {
    struct ledger_account *d = &f->debit->a, *c = &f->credit->a;
    const int64_t pending = f->act == LEDGER_HOLD ? f->amount : -f->held;
    const int64_t posted = f->act == LEDGER_POST || f->act == LEDGER_CONFIRM ? f->amount : 0;
    d->debits_pending += sign * pending;
    c->credits_pending += sign * pending;
    d->debits_posted += sign * posted;
    c->credits_posted += sign * posted;
}

static void hold_settle(struct ledger_set *s, struct effect *f) {
    struct ledger_transfer *hold = &f->hold->t;
    f->hold_dirty = hold->dirty;
    f->hold_due = f->hold->due;
    if (f->hold->due) set_due_count(s, f->hold, false);
    if (f->act == LEDGER_CONFIRM) hold->state = f->amount == f->held ? LEDGER_CONFIRMED : LEDGER_PART_CONFIRMED;
    else hold->state = f->act == LEDGER_VOID ? LEDGER_VOIDED : LEDGER_EXPIRED;
    hold->dirty = true;
}

static void row_write(struct transfer_entry *e, const struct ledger_transfer *t, const struct effect *f) {
    e->t = *t;
    e->t.debit = f->debit->a.id;
    e->t.credit = f->credit->a.id;
    e->t.amount = f->amount;
    e->t.state = row_state(f->act);
    e->t.linked = e->t.dirty = false;
    e->t.fresh = true;
    e->state = ENTRY_FOUND;
    e->due = false;
}

static void effect_do(struct ledger_set *s, const struct ledger_transfer *t, struct effect *f) {
    f->act = t->act;
    f->entry_before = f->entry->state;
    f->debit_dirty = f->debit->a.dirty;
    f->credit_dirty = f->credit->a.dirty;
    f->debit->a.dirty = f->credit->a.dirty = true;
    if (f->hold) hold_settle(s, f);
    sums_move(f, 1);
    row_write(f->entry, t, f);
    if (t->act == LEDGER_HOLD && t->expires_ms != 0) CHECK(set_due_push(s, f->entry));
}

static void effect_undo(struct ledger_set *s, const struct effect *f) {
    f->entry->state = f->entry_before;
    f->entry->t.fresh = false;
    f->entry->generation++; /* its node, if it has one, is stale */
    sums_move(f, -1);
    if (f->hold) {
        f->hold->t.state = LEDGER_PENDING;
        f->hold->t.dirty = f->hold_dirty;
        if (f->hold_due) set_due_count(s, f->hold, true);
    }
    f->credit->a.dirty = f->credit_dirty;
    f->debit->a.dirty = f->debit_dirty;
}

/* ---- chains ----------------------------------------------------------------------------------------------------------- */

/* A call: transfers, their answers and effects, place by place. */
struct call {
    struct ledger_set *s;
    const struct ledger_transfer *transfers;
    enum ledger_refusal *answers;
    struct effect *effects;
};

/* Takes back [begin, end) in reverse; who stood, or repeated one of those, failed with the chain. */
static void chain_undo(const struct call *c, uint32_t begin, uint32_t end) {
    for (uint32_t i = end; i-- > begin;) {
        if (c->answers[i] != LEDGER_OK) continue;
        effect_undo(c->s, &c->effects[i]);
        c->answers[i] = LEDGER_REFUSED_LINKED_FAILED;
    }
    for (uint32_t i = begin; i < end; i++) {
        if (c->answers[i] == LEDGER_REFUSED_EXISTS && c->effects[i].entry->state != ENTRY_FOUND) c->answers[i] = LEDGER_REFUSED_LINKED_FAILED;
    }
}

/* The chain [begin, end): all stand, all stood already, or none does. */
static void chain_run(const struct call *c, uint32_t begin, uint32_t end) {
    bool done = false, repeated = false;
    for (uint32_t i = begin; i < end; i++) {
        c->effects[i] = (struct effect){0};
        c->answers[i] = rules_ask(c->s, &c->transfers[i], &c->effects[i]);
        if (c->answers[i] == LEDGER_OK) {
            effect_do(c->s, &c->transfers[i], &c->effects[i]);
            done = true;
        } else if (c->answers[i] == LEDGER_REFUSED_EXISTS) {
            repeated = true;
        } else {
            for (uint32_t k = i + 1; k < end; k++) c->answers[k] = LEDGER_REFUSED_LINKED_FAILED;
            chain_undo(c, begin, i);
            return;
        }
    }
    if (done && repeated) chain_undo(c, begin, end); /* a chain was never half done: this is another one */
}

static void chains_run(const struct call *c, uint32_t count) {
    for (uint32_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && c->transfers[end - 1].linked; end++) {}
        if (!c->transfers[end - 1].linked) {
            chain_run(c, begin, end);
            continue;
        }
        for (uint32_t i = begin; i < end; i++) c->answers[i] = LEDGER_REFUSED_LINKED_FAILED;
        c->answers[end - 1] = LEDGER_REFUSED_LINKED_OPEN_CHAIN;
    }
}

/* ---- the public doors ---------------------------------------------------------------------------------------------------- */

static struct status call_begin(struct ledger_set *s, const struct ledger_transfer *transfers, uint32_t count, struct arena_mark *ret_mark, struct effect **ret_effects) {
    TRY(set_check(s, s->arena));
    TRY(set_reserve(s, transfers, count));
    const struct arena_mark mark = arena_mark(s->arena); /* nothing else is taken from the arena until the end of the call */
    struct effect *effects = ARENA_ARRAY(s->arena, struct effect, count);
    if (!effects) return status_memory();
    *ret_mark = mark;
    *ret_effects = effects;
    return STATUS_OK;
}

struct status ledger_apply(struct ledger_set *s, int64_t now_ms, struct ledger_transfer *transfers, uint32_t count, enum ledger_refusal *ret) {
    struct arena_mark mark;
    struct call c = {s, transfers, ret, NULL};
    TRY(call_begin(s, transfers, count, &mark, &c.effects));
    CHECK(c.effects);
    set_time_go(s, now_ms);
    chains_run(&c, count);
    for (uint32_t i = 0; i < count; i++) {
        if (ret[i] != LEDGER_OK && ret[i] != LEDGER_REFUSED_EXISTS) continue;
        const bool linked = transfers[i].linked;
        transfers[i] = c.effects[i].entry->t;
        transfers[i].linked = linked;
    }
    arena_rewind(s->arena, mark);
    return STATUS_OK;
}

struct status ledger_would(struct ledger_set *s, int64_t now_ms, const struct ledger_transfer *transfers, uint32_t count, enum ledger_refusal *ret) {
    struct arena_mark mark;
    struct call c = {s, transfers, ret, NULL};
    TRY(call_begin(s, transfers, count, &mark, &c.effects));
    CHECK(c.effects);
    set_time_go(s, now_ms);
    chains_run(&c, count);
    for (uint32_t i = count; i-- > 0;) {
        if (ret[i] == LEDGER_OK) effect_undo(s, &c.effects[i]);
    }
    arena_rewind(s->arena, mark);
    return STATUS_OK;
}

/* ---- folding ----------------------------------------------------------------------------------------------------------------- */

static struct account_entry *account_there(const struct ledger_set *s, int64_t id) {
    struct account_entry *e = id ? set_account_find(s, id) : NULL;
    CHECK(!e || e->state != ENTRY_WAIT);
    return e && e->state == ENTRY_FOUND ? e : NULL;
}

/* What an accepted transfer must find; limits and time were asked when its event was made. */
static bool fold_ask(struct ledger_set *s, const struct ledger_transfer *t, struct effect *f) {
    f->entry = set_transfer_find(s, &t->id);
    CHECK(f->entry && f->entry->state != ENTRY_WAIT);
    if (ledger_id_zero(&t->id) || f->entry->state == ENTRY_FOUND || t->act >= LEDGER_ACT_COUNT || t->kind >= LEDGER_KIND_COUNT) return false;
    f->amount = t->amount;
    int64_t debit = t->debit, credit = t->credit;
    if (ledger_is_settlement(t->act)) {
        f->hold = set_transfer_find(s, &t->pending_id);
        if (!f->hold || f->hold->state != ENTRY_FOUND || f->hold->t.act != LEDGER_HOLD || f->hold->t.state != LEDGER_PENDING) return false;
        f->held = f->hold->t.amount;
        if (t->act != LEDGER_CONFIRM || t->amount == 0) f->amount = f->held;
        if (f->amount < 0 || f->amount > f->held) return false;
        debit = f->hold->t.debit;
        credit = f->hold->t.credit;
    }
    f->debit = account_there(s, debit);
    f->credit = account_there(s, credit);
    if (!f->debit || !f->credit || f->debit == f->credit || f->amount <= 0) return false;
    if (ledger_is_settlement(t->act)) return true;
    return rules_sums_fit(&f->debit->a, f->amount, 0) && rules_sums_fit(&f->credit->a, 0, f->amount);
}

static struct status fold_broken(struct ledger_set *s, const struct ledger_transfer *t) {
    char hex[33];
    id128_hex(&t->id, hex);
    return status_error(s->arena, (struct error){.code = "ledger-broken", .place = str_from(hex),
        .zh = STR("事件中的转账无法入账：账户或占用不存在，或编号已用过"),
        .en = STR("a transfer of an event cannot stand: its account or hold is not there, or its id was used before"),
        .hint_zh = STR("数据可能已损坏：请运行 yijie audit 并保留现场"),
        .hint_en = STR("the data may be damaged: run yijie audit and keep what is there")});
}

struct status ledger_fold(struct ledger_set *s, int64_t now_ms, const struct ledger_transfer *transfers, uint32_t count) {
    struct arena_mark mark;
    struct effect *effects = NULL;
    TRY(call_begin(s, transfers, count, &mark, &effects));
    CHECK(effects);
    set_time_go(s, now_ms);
    uint32_t done = 0;
    while (done < count && fold_ask(s, &transfers[done], &effects[done])) {
        effect_do(s, &transfers[done], &effects[done]);
        done++;
    }
    for (uint32_t i = done; done < count && i-- > 0;) effect_undo(s, &effects[i]);
    arena_rewind(s->arena, mark);
    return done < count ? fold_broken(s, &transfers[done]) : STATUS_OK;
}
