/* cases/proof/fold — all events in order, read and folded a batch at a time, each batch in a transaction of its own.
 *
 * What a batch touches is wished for before it is folded, so that a thousand events cost a few statements a table.
 */
#include "cases/proof/proof.h"

void proof_fold_init(struct proof_fold *f)
{
    arena_init(&f->batch, PROOF_BYTES);
    arena_init(&f->scratch, PROOF_BYTES);
}

void proof_fold_done(struct proof_fold *f)
{
    arena_done(&f->batch);
    arena_done(&f->scratch);
}

static bool is_case_event(enum journal_type t)
{
    switch (t) {
    case JOURNAL_CASE_SETTLED:
    case JOURNAL_CASE_REVERSED:
    case JOURNAL_CASE_ADJUSTED:
    case JOURNAL_CASE_INVOICED:
    case JOURNAL_SHARE_CHANGED:
    case JOURNAL_DOCUMENT_ADDED:
    case JOURNAL_DAY_CLOSED:
    case JOURNAL_LEDGER_POSTED: return true;
    default: return false;
    }
}

static struct status effects_read(struct proof_fold *f, const struct journal_event *events, uint32_t count, struct cases_effect ***ret)
{
    struct cases_effect **effects = ARENA_ARRAY(&f->batch, struct cases_effect *, (size_t)count + 1);
    if (!effects) return status_memory();
    for (uint32_t i = 0; i < count; i++) {
        if (!is_case_event(events[i].type)) continue;
        effects[i] = ARENA_NEW(&f->batch, struct cases_effect);
        if (!effects[i]) return status_memory();
        TRY(cases_effect_read(&f->batch, &events[i], effects[i]));
    }
    *ret = effects;
    return STATUS_OK;
}

static struct status load(struct proof_fold *f, struct cases_set *s)
{
    arena_reset(&f->scratch);
    return cases_set_load(s, f->target, &f->scratch);
}

static struct status batch_fold(struct proof_fold *f, const struct journal_event *events, struct cases_effect *const *effects, uint32_t count)
{
    struct cases_set *s = NULL;
    arena_reset(&f->scratch);
    TRY(store_begin(f->target, &f->scratch));
    struct store_tx tx STORE_TX_CLEANUP = {f->target};
    TRY(cases_set_new(&f->batch, f->keys, 0, &s));
    CHECK(s);
    s->locking = false; /* nobody else writes here */
    for (int round = 0; round < 12; round++) {
        bool ready = true;
        for (uint32_t i = 0; i < count; i++) ready = cases_fold_needs(s, &events[i], effects[i]) && ready;
        if (ready && !cases_set_waits(s)) break;
        TRY(load(f, s));
    }
    for (uint32_t i = 0; i < count; i++) {
        while (!cases_fold_needs(s, &events[i], effects[i])) TRY(load(f, s));
        TRY(cases_fold(s, &events[i], effects[i]));
    }
    arena_reset(&f->scratch);
    TRY(cases_set_flush(s, f->target, &f->scratch));
    TRY(store_commit(f->target, &f->scratch));
    tx.c = NULL;
    uint64_t ns = 0;
    return store_checkpoint(f->target, &f->scratch, false, &ns);
}

static struct status batch_run(struct proof_fold *f, int64_t after, uint32_t *ret_count, int64_t *ret_last)
{
    struct journal_event *events = NULL;
    struct cases_effect **effects = NULL;
    uint32_t count = 0;
    arena_reset(&f->batch);
    TRY(journal_read(f->source, &f->batch, 0, after, PROOF_BATCH, &events, &count));
    *ret_count = count;
    if (count == 0) return STATUS_OK;
    CHECK(events);
    TRY(effects_read(f, events, count, &effects));
    CHECK(effects);
    if (f->each) TRY(f->each(f->context, f, events, effects, count));
    if (f->target) TRY(batch_fold(f, events, effects, count));
    *ret_last = events[count - 1].seq;
    return STATUS_OK;
}

struct status proof_fold_run(struct proof_fold *f, int64_t *ret_events)
{
    int64_t last = -1, done = 0;
    for (uint32_t count = 1; count > 0;) {
        TRY(batch_run(f, last, &count, &last));
        done += count;
        if (f->progress) f->progress(f->user, "重放事件", "replaying events", (uint64_t)done, f->total);
    }
    *ret_events = done;
    return STATUS_OK;
}
