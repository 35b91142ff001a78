/* ledger/tests/spec_run — runs a spec: on the pure set, or through load, apply, flush and commit on a store.
 *
 * Besides the answers and balances that the table gives, every run checks what must hold anywhere: `would` says the same as `apply` and changes nothing; what was
 * accepted, written as JSON, read and folded into other books gives the same sums; the audit of the store finds nothing.
 */
#include "ledger/tests/spec.h"

#include <stdio.h>
#include <string.h>

enum { RUN_ARENA_BYTES = 64 << 20 };

struct run {
    const struct spec *spec;
    struct store_connection *c;
    int32_t shard;
    bool one_group;
    struct arena arena, mirror_arena; /* of the group; of the books that fold what was accepted */
    struct ledger_set *set, *mirror;
};

static void fine(struct status s) {
    if (status_failed(s)) fail_msg("%s: %.*s: %.*s", s.err->code, STR_FMT(s.err->place), STR_FMT(s.err->en));
}

/* Ids of tables are small; the store holds many books: the shard makes them different. */
static struct id128 id_of(const struct run *r, const struct id128 *small) {
    struct id128 id = *small;
    const struct id128 zero = {{0}};
    if (memcmp(&id, &zero, sizeof id) == 0) return id;
    for (int i = 0; i < 4; i++) id.b[i] = (uint8_t)((uint32_t)r->shard >> (8 * i));
    return id;
}

/* ---- groups ------------------------------------------------------------------------------------------------------- */

static void group_begin(struct run *r) {
    if (r->set) return;
    fine(ledger_set_new(&r->arena, r->shard, &r->set));
    if (r->c) fine(store_begin(r->c, &r->arena));
}

static void group_end(struct run *r, bool last) {
    if (!last && (r->one_group || !r->c)) return; /* the pure set is the books: it lives to the end */
    if (r->c) {
        fine(ledger_set_flush(r->set, r->c, &r->arena));
        fine(store_commit(r->c, &r->arena));
        arena_reset(&r->arena);
        r->set = NULL;
    }
}

static void load(struct run *r) {
    while (ledger_set_waits(r->set)) fine(ledger_set_load(r->set, r->c, &r->arena));
}

static void accounts_add(struct run *r, struct ledger_set *set, bool pure) {
    for (uint32_t i = 0; i < r->spec->account_count; i++) {
        struct ledger_account *a = NULL;
        assert_int_equal(ledger_account_get(set, r->spec->accounts[i].name, &a), SET_WAIT);
    }
    fine(ledger_set_load(set, pure ? NULL : r->c, &r->arena));
    for (uint32_t i = 0; i < r->spec->account_count; i++) {
        const struct spec_account *want = &r->spec->accounts[i];
        struct ledger_account *a = NULL;
        assert_int_equal(ledger_account_get(set, want->name, &a), SET_ABSENT);
        fine(ledger_account_add(set, want->name, want->currency, want->flags, want->limit, &a));
        assert_int_equal(a->id, spec_account_id(want->name));
    }
}

static struct ledger_account *account_get(struct run *r, struct ledger_set *set, struct str name) {
    struct ledger_account *a = NULL;
    if (ledger_account_get(set, name, &a) == SET_WAIT) load(r);
    assert_int_equal(ledger_account_get(set, name, &a), SET_FOUND);
    return a;
}

/* ---- transfers -------------------------------------------------------------------------------------------------------- */

struct sums {
    int64_t of[SPEC_ACCOUNTS_MAX][4];
};
static void sums_get(struct run *r, struct ledger_set *set, struct sums *ret) {
    memset(ret, 0, sizeof *ret);
    for (uint32_t i = 0; i < r->spec->account_count; i++) {
        const struct ledger_account *a = account_get(r, set, r->spec->accounts[i].name);
        const int64_t of[4] = {a->debits_pending, a->debits_posted, a->credits_pending, a->credits_posted};
        memcpy(ret->of[i], of, sizeof of);
    }
}

/* Accepted transfers pass through the JSON of an event into other books. */
static void mirror_fold(struct run *r, int64_t now_ms, const struct ledger_transfer *asked, const enum ledger_refusal *answers, uint32_t count) {
    struct ledger_transfer accepted[SPEC_ROWS_MAX], *back = NULL;
    uint32_t accepted_count = 0, back_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (answers[i] == LEDGER_OK) accepted[accepted_count++] = asked[i];
    }
    struct buf out, again;
    struct json_writer w;
    const struct json *tree;
    buf_init(&out, 1 << 20);
    buf_init(&again, 1 << 20);
    json_writer_init(&w, &out, false);
    json_begin_object(&w);
    ledger_transfers_write(accepted, accepted_count, &w);
    json_end_object(&w);
    fine(json_parse(&r->mirror_arena, buf_view(&out), &tree));
    fine(ledger_transfers_read(&r->mirror_arena, tree, &back, &back_count));
    fine(json_canonical(&r->mirror_arena, tree, &again));
    assert_true(str_eq(buf_view(&out), buf_view(&again)));
    assert_int_equal(back_count, accepted_count);
    fine(ledger_fold(r->mirror, now_ms, back, back_count));
    buf_done(&again);
    buf_done(&out);
}

static void transfers_run(struct run *r, int64_t now_ms, const struct spec_transfer *rows, uint32_t count) {
    struct ledger_transfer t[SPEC_ROWS_MAX], asked[SPEC_ROWS_MAX];
    enum ledger_refusal answers[SPEC_ROWS_MAX], would[SPEC_ROWS_MAX];
    struct sums before, after;
    group_begin(r);
    for (uint32_t i = 0; i < count; i++) {
        t[i] = rows[i].t;
        t[i].id = id_of(r, &t[i].id);
        t[i].pending_id = id_of(r, &t[i].pending_id);
    }
    memcpy(asked, t, sizeof *t * count);
    if (!ledger_touch(r->set, t, count)) load(r);
    assert_true(ledger_touch(r->set, t, count));
    sums_get(r, r->set, &before);
    fine(ledger_would(r->set, now_ms, t, count, would));
    sums_get(r, r->set, &after);
    assert_memory_equal(&before, &after, sizeof before);
    fine(ledger_apply(r->set, now_ms, t, count, answers));
    for (uint32_t i = 0; i < count; i++) {
        const char *code = ledger_refusal_code(answers[i]);
        if (!str_eq(rows[i].answer, str_from(code))) fail_msg("%s:%d: %s, not %.*s", r->spec->file, rows[i].line, code, STR_FMT(rows[i].answer));
        if (would[i] != answers[i]) fail_msg("%s:%d: would: %s, apply: %s", r->spec->file, rows[i].line, ledger_refusal_code(would[i]), code);
    }
    mirror_fold(r, now_ms, asked, answers, count);
    group_end(r, false);
}

/* One call for the table, or one for each chain in it. */
static void table_run(struct run *r, const struct spec_step *step) {
    if (r->one_group) {
        transfers_run(r, step->now_ms, step->transfers, step->transfer_count);
        return;
    }
    for (uint32_t begin = 0, end; begin < step->transfer_count; begin = end) {
        for (end = begin + 1; end < step->transfer_count && step->transfers[end - 1].t.linked; end++) {}
        transfers_run(r, step->now_ms, step->transfers + begin, end - begin);
    }
}

/* ---- checks --------------------------------------------------------------------------------------------------------------- */

static void balance_check(struct run *r, struct ledger_set *set, const char *whose, const struct spec_balance *b) {
    const struct ledger_account *a = account_get(r, set, b->name);
    const int64_t of[4] = {a->debits_pending, a->debits_posted, a->credits_pending, a->credits_posted};
    for (size_t i = 0; i < 4; i++) {
        if (of[i] == b->sums[i]) continue;
        fail_msg("%s:%d: %s: %.*s stands at %lld %lld %lld %lld", r->spec->file, b->line, whose, STR_FMT(b->name), (long long)of[0], (long long)of[1],
                 (long long)of[2], (long long)of[3]);
    }
}

static void hold_check(struct run *r, const struct spec_hold *h) {
    static const char *const names[LEDGER_STATE_COUNT] = {"posted", "pending", "confirmed", "part confirmed", "voided", "expired"};
    const struct id128 small = spec_id(h->id), id = id_of(r, &small);
    struct ledger_transfer *t = NULL;
    if (ledger_transfer_get(r->set, &id, &t) == SET_WAIT) load(r);
    assert_int_equal(ledger_transfer_get(r->set, &id, &t), SET_FOUND);
    if (!str_eq(h->state, str_from(names[t->state]))) fail_msg("%s:%d: the hold is %s", r->spec->file, h->line, names[t->state]);
}

static void checks_run(struct run *r, const struct spec_step *step) {
    group_begin(r);
    for (uint32_t i = 0; i < step->balance_count; i++) {
        balance_check(r, r->set, "books", &step->balances[i]);
        balance_check(r, r->mirror, "folded", &step->balances[i]);
    }
    for (uint32_t i = 0; i < step->hold_count; i++) hold_check(r, &step->holds[i]);
    for (uint32_t i = 0; i < step->change_count; i++) {
        const struct spec_account *c = &step->changes[i];
        ledger_account_change(r->set, account_get(r, r->set, c->name), c->flags, c->limit);
    }
    group_end(r, false);
}

/* At the end: both books are equal, debits equal credits, the audit agrees. */
static void end_check(struct run *r) {
    struct sums live, folded;
    i128 held = 0, posted = 0;
    if (r->set) group_end(r, true);
    group_begin(r);
    sums_get(r, r->set, &live);
    sums_get(r, r->mirror, &folded);
    assert_memory_equal(&live, &folded, sizeof live);
    for (uint32_t i = 0; i < r->spec->account_count; i++) {
        held += (i128)live.of[i][0] - live.of[i][2];
        posted += (i128)live.of[i][1] - live.of[i][3];
    }
    assert_true(held == 0 && posted == 0);
    if (!r->c) return;
    struct ledger_audit audit;
    fine(ledger_audit(r->c, &r->arena, r->shard, &audit));
    assert_int_equal(audit.accounts, r->spec->account_count);
    if (audit.wrong_accounts) fail_msg("audit: %.*s", STR_FMT(audit.first_wrong));
    assert_int_equal(audit.wrong_holds, 0);
    assert_int_equal(audit.debits, audit.credits);
    store_rollback(r->c);
}

void spec_run(const struct spec *s, struct store_connection *c, int32_t shard, bool one_group) {
    struct run r = {.spec = s, .c = c, .shard = shard, .one_group = one_group};
    arena_init(&r.arena, RUN_ARENA_BYTES);
    arena_init(&r.mirror_arena, RUN_ARENA_BYTES);
    fine(ledger_set_new(&r.mirror_arena, shard, &r.mirror));
    accounts_add(&r, r.mirror, true);
    group_begin(&r);
    accounts_add(&r, r.set, false);
    group_end(&r, false);
    for (uint32_t i = 0; i < s->step_count; i++) {
        if (s->steps[i].transfer_count) table_run(&r, &s->steps[i]);
        else checks_run(&r, &s->steps[i]);
    }
    end_check(&r);
    arena_done(&r.mirror_arena);
    arena_done(&r.arena);
}
