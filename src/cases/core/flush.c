/* cases/core/flush — writes what a group changed: one statement a table, every row once however often it moved.
 *
 * Runs under the head row's lock, after the real seqs are known. Order of rows is the order in which the group met them, covers by id.
 */
#include "cases/core/pack.h"
#include "cases/core/set_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct flushing {
    struct cases_set *set;
    struct store_connection *connection;
    struct arena *scratch;
};
/* Rows of parameters in the making. */
struct batch {
    struct store_value *rows;
    uint32_t count, width;
};

static bool batch_room(struct flushing *f, size_t max, uint32_t width, struct batch *ret)
{
    *ret = (struct batch){.width = width, .rows = ARENA_ARRAY(f->scratch, struct store_value, max * width + 1)};
    return ret->rows != NULL;
}

static struct store_value *batch_next(struct batch *b) { return b->rows + (size_t)b->count++ * b->width; }

static struct status batch_write(struct flushing *f, enum set_statement which, const struct batch *b)
{
    return b->count ? store_write(f->connection, f->scratch, set_statement(which), b->rows, b->count) : STATUS_OK;
}

static struct store_value id_or_null(const struct id128 *id) { return id128_is_zero(id) ? STORE_NULL : STORE_S(id128_view(id)); }

/* ---- covers ------------------------------------------------------------------------------------------------------ */

static int cover_order(const void *a, const void *b)
{
    const int64_t x = (*(const struct cases_cover *const *)a)->id, y = (*(const struct cases_cover *const *)b)->id;
    return (x > y) - (x < y);
}

static struct status cover_fill(struct flushing *f, const struct cases_cover *c, struct store_value *v)
{
    struct str packed = {0};
    TRY(cases_counters_pack(&c->counters, f->scratch, &packed));
    const struct store_value row[] = {STORE_I(c->id), STORE_I(c->version), STORE_S(packed), id_or_null(&c->last_case), STORE_I(c->merged_into)};
    memcpy(v, row, sizeof row);
    return STATUS_OK;
}

static struct status covers_flush(struct flushing *f)
{
    const struct set_table *t = &f->set->tables->covers;
    struct cases_cover **changed = ARENA_ARRAY(f->scratch, struct cases_cover *, (size_t)t->count + 1);
    struct batch inserts, updates;
    if (!changed || !batch_room(f, t->count, 5, &inserts) || !batch_room(f, t->count, 5, &updates)) return status_memory();
    uint32_t count = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        struct set_cover *c = t->items[i]->item;
        if (t->items[i]->state == SET_FOUND && c->row.dirty) changed[count++] = &c->row;
    }
    qsort(changed, count, sizeof(struct cases_cover *), cover_order);
    for (uint32_t i = 0; i < count; i++) TRY(cover_fill(f, changed[i], batch_next(changed[i]->fresh ? &inserts : &updates)));
    TRY(batch_write(f, SET_COVER_INSERT, &inserts));
    return batch_write(f, SET_COVER_UPDATE, &updates);
}

/* ---- cases, shares, bills ------------------------------------------------------------------------------------------- */

static void row_fill(const struct cases_set *s, const struct cases_row *r, struct store_value *v)
{
    const struct store_value row[] = {STORE_S(id128_view(&r->id)), STORE_I(r->cover), STORE_I(s->shard), STORE_S(id128_view(&r->person)),
        STORE_S(str_from(cases_state_name(r->state))), STORE_S(r->hospital), STORE_S(r->bill), STORE_I(r->revision), STORE_S(r->region),
        STORE_S(r->visit), STORE_I(r->day), STORE_I(r->at_ms), STORE_I(set_seq(s, r->seq)), STORE_I(set_seq(s, r->last_seq)), id_or_null(&r->prev),
        STORE_I(r->total), STORE_I(r->funds), STORE_I(r->payers), STORE_I(r->hospital_part), STORE_I(r->account), STORE_I(r->cash), STORE_I(r->payout),
        id_or_null(&r->replaces)};
    memcpy(v, row, sizeof row);
}

static void row_update_fill(const struct cases_set *s, const struct cases_row *r, struct store_value *v)
{
    const struct store_value row[] = {STORE_S(id128_view(&r->id)), STORE_I(r->cover), STORE_S(str_from(cases_state_name(r->state))),
        STORE_I(set_seq(s, r->last_seq)), STORE_I(r->total), STORE_I(r->funds), STORE_I(r->payers), STORE_I(r->hospital_part), STORE_I(r->account),
        STORE_I(r->cash), STORE_I(r->payout), id_or_null(&r->prev)};
    memcpy(v, row, sizeof row);
}

static struct status rows_flush(struct flushing *f)
{
    const struct set_table *t = &f->set->tables->rows;
    struct batch inserts, updates;
    if (!batch_room(f, t->count, 23, &inserts) || !batch_room(f, t->count, 12, &updates)) return status_memory();
    for (uint32_t i = 0; i < t->count; i++) {
        const struct cases_row *row = t->items[i]->item;
        if (t->items[i]->state != SET_FOUND || !row->dirty) continue;
        if (row->fresh) row_fill(f->set, row, batch_next(&inserts));
        else row_update_fill(f->set, row, batch_next(&updates));
    }
    TRY(batch_write(f, SET_ROW_INSERT, &inserts));
    return batch_write(f, SET_ROW_UPDATE, &updates);
}

/* Nine numbers apart by blanks; empty when no clock runs. */
static struct str clocks_print(struct arena *a, const struct cases_clocks *c)
{
    static const struct cases_clocks none = {0};
    if (memcmp(c, &none, sizeof none) == 0) return (struct str){"", 0};
    return arena_printf(a, "%lld %lld %lld %lld %lld %lld %lld %lld %lld", (long long)c->opened_ms, (long long)c->papers_asked_ms,
        (long long)c->papers_complete_ms, (long long)c->agreed_ms, (long long)c->refused_ms, (long long)c->decide_by_ms, (long long)c->pay_by_ms,
        (long long)c->notice_by_ms, (long long)c->undisputed_by_ms);
}

static bool share_fill(struct flushing *f, struct str case_id, const struct cases_share *s, struct store_value *v)
{
    struct id128 id;
    memcpy(id.b, case_id.p, sizeof id.b);
    const struct str clocks = clocks_print(f->scratch, &s->clocks);
    const struct store_value row[] = {STORE_S(case_id), STORE_I((int64_t)id128_carried(&id)), STORE_I(s->n), STORE_S(s->payer), STORE_S(s->policy),
        STORE_I((int64_t)s->kind), STORE_I((int64_t)s->state), STORE_I((int64_t)s->reason), STORE_I(s->pay), STORE_I(s->expected),
        STORE_I(s->to_patient), STORE_S(s->owner), STORE_S(clocks), STORE_I(set_seq(f->set, s->seq))};
    memcpy(v, row, sizeof row);
    return clocks.p != NULL;
}

static struct status shares_flush(struct flushing *f)
{
    const struct set_table *t = &f->set->tables->shares;
    size_t max = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        const struct set_shares *shares = t->items[i]->item;
        if (t->items[i]->dirty) max += shares->count;
    }
    struct batch inserts, updates;
    if (!batch_room(f, max, 14, &inserts) || !batch_room(f, max, 14, &updates)) return status_memory();
    for (uint32_t i = 0; i < t->count; i++) {
        const struct set_entry *e = t->items[i];
        if (!e->dirty) continue;
        const struct set_shares *shares = e->item;
        for (uint32_t k = 0; k < shares->count; k++) {
            if (!shares->dirty[k]) continue;
            if (!share_fill(f, e->key.a, &shares->items[k], batch_next(e->fresh || k >= shares->stored ? &inserts : &updates))) return status_memory();
        }
    }
    TRY(batch_write(f, SET_SHARE_INSERT, &inserts));
    return batch_write(f, SET_SHARE_UPDATE, &updates);
}

static struct status bills_flush(struct flushing *f)
{
    const struct set_table *t = &f->set->tables->bills;
    struct batch b;
    if (!batch_room(f, t->count, 6, &b)) return status_memory();
    for (uint32_t i = 0; i < t->count; i++) {
        const struct set_entry *e = t->items[i];
        if (!e->dirty) continue;
        const struct cases_bill *bill = e->item;
        const struct store_value row[] = {STORE_S(e->key.a), STORE_S(e->key.b), STORE_I(bill->cover), STORE_S(id128_view(&bill->case_id)),
            STORE_I(bill->live), STORE_I(bill->revision)};
        memcpy(batch_next(&b), row, sizeof row);
    }
    return batch_write(f, SET_BILL_PUT, &b);
}

/* ---- the rest ---------------------------------------------------------------------------------------------------------- */

static struct status commands_flush(struct flushing *f)
{
    const struct set_table *t = &f->set->tables->commands;
    struct batch b;
    if (!batch_room(f, t->count, 6, &b)) return status_memory();
    for (uint32_t i = 0; i < t->count; i++) {
        const struct set_entry *e = t->items[i];
        if (!e->dirty) continue;
        const struct cases_done_command *done = e->item;
        const struct store_value row[] = {STORE_S(e->key.a), STORE_S(id128_view(&done->body)), STORE_I((int64_t)done->op), STORE_I(done->cover),
            id_or_null(&done->case_id), STORE_I(set_seq(f->set, done->seq))};
        memcpy(batch_next(&b), row, sizeof row);
    }
    return batch_write(f, SET_COMMAND_INSERT, &b);
}

static struct status days_flush(struct flushing *f)
{
    const struct set_table *t = &f->set->tables->days;
    struct batch b;
    if (!batch_room(f, t->count, 3, &b)) return status_memory();
    for (uint32_t i = 0; i < t->count; i++) {
        if (!t->items[i]->dirty) continue;
        const struct store_value row[] = {STORE_I(f->set->shard), STORE_I(t->items[i]->key.n), STORE_S(STR("closed"))};
        memcpy(batch_next(&b), row, sizeof row);
    }
    return batch_write(f, SET_DAY_PUT, &b);
}

static struct status histories_flush(struct flushing *f)
{
    const struct set_table *t = &f->set->tables->histories;
    size_t max = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        const struct set_history *h = t->items[i]->item;
        if (t->items[i]->dirty) max += h->count - h->fresh_from;
    }
    struct batch b;
    if (!batch_room(f, max, 3, &b)) return status_memory();
    for (uint32_t i = 0; i < t->count; i++) {
        const struct set_entry *e = t->items[i];
        if (!e->dirty) continue;
        const struct set_history *h = e->item;
        struct id128 id;
        memcpy(id.b, e->key.a.p, sizeof id.b);
        for (uint32_t k = h->fresh_from; k < h->count; k++) {
            const struct store_value row[] = {STORE_S(e->key.a), STORE_I(set_seq(f->set, h->seqs[k])), STORE_I((int64_t)id128_carried(&id))};
            memcpy(batch_next(&b), row, sizeof row);
        }
    }
    return batch_write(f, SET_HISTORY_INSERT, &b);
}

static struct status documents_flush(struct flushing *f)
{
    const struct set_table *t = &f->set->tables->documents;
    struct batch b;
    if (!batch_room(f, t->count, 9, &b)) return status_memory();
    for (uint32_t i = 0; i < t->count; i++) {
        if (!t->items[i]->dirty) continue;
        const struct cases_document *d = t->items[i]->item;
        const struct store_value row[] = {STORE_S(((struct str){(const char *)d->hash.b, sizeof d->hash.b})), STORE_I(d->cover),
            STORE_S(id128_view(&d->person)), STORE_S(id128_view(&d->case_id)), STORE_I(d->share), STORE_S(d->kind), STORE_S(d->source),
            STORE_I(d->at_ms), STORE_S(d->sealed)};
        memcpy(batch_next(&b), row, sizeof row);
    }
    return batch_write(f, SET_DOCUMENT_INSERT, &b);
}

static struct status tasks_flush(struct flushing *f)
{
    const struct cases_set_tables *t = f->set->tables;
    struct batch inserts, deletes;
    if (!batch_room(f, t->task_count, 6, &inserts) || !batch_room(f, t->task_count, 3, &deletes)) return status_memory();
    for (uint32_t i = 0; i < t->task_count; i++) {
        const struct cases_task *task = &t->tasks[i];
        const struct store_value row[] = {STORE_I(f->set->shard), STORE_I(task->due_ms), STORE_S(id128_view(&task->id)), STORE_I(task->kind),
            STORE_S(id128_view(&task->case_id)), STORE_I(task->share)};
        memcpy(batch_next(task->remove ? &deletes : &inserts), row, (task->remove ? 3 : 6) * sizeof *row);
    }
    TRY(batch_write(f, SET_TASK_INSERT, &inserts)); /* made and removed in one group: the delete comes behind */
    return batch_write(f, SET_TASK_DELETE, &deletes);
}

static struct status quotes_flush(struct flushing *f)
{
    const struct set_table *t = &f->set->tables->quotes;
    struct batch puts, drops;
    if (f->set->tables->quotes_memory) return STATUS_OK;
    struct id128 *keys = ARENA_ARRAY(f->scratch, struct id128, (size_t)t->count + 1);
    if (!keys || !batch_room(f, t->count, 5, &puts) || !batch_room(f, t->count, 1, &drops)) return status_memory();
    for (uint32_t i = 0; i < t->count; i++) {
        if (!t->items[i]->dirty) continue;
        const struct set_quote *q = t->items[i]->item;
        if (q->dropped) {
            *batch_next(&drops) = STORE_S(t->items[i]->key.a);
            continue;
        }
        struct str body = {0};
        TRY(quote_write(&q->quote, f->scratch, &body));
        quote_bill_key(&q->quote, &keys[i]);
        const struct store_value row[] = {STORE_S(t->items[i]->key.a), STORE_I(q->quote.cover), STORE_S(id128_view(&keys[i])),
            STORE_I(q->quote.expires_ms), STORE_S(body)};
        memcpy(batch_next(&puts), row, sizeof row);
    }
    TRY(batch_write(f, SET_QUOTE_DROP, &drops));
    return batch_write(f, SET_QUOTE_PUT, &puts);
}

struct status cases_set_flush(struct cases_set *s, struct store_connection *c, struct arena *a)
{
    if (s->tables->broken) return status_memory();
    struct flushing f = {.set = s, .connection = c, .scratch = a};
    TRY(covers_flush(&f));
    TRY(registry_set_flush(s->registry, c, a));
    TRY(rows_flush(&f));
    TRY(shares_flush(&f));
    TRY(bills_flush(&f));
    TRY(commands_flush(&f));
    TRY(days_flush(&f));
    TRY(histories_flush(&f));
    TRY(documents_flush(&f));
    TRY(tasks_flush(&f));
    TRY(quotes_flush(&f));
    return ledger_set_flush(s->ledger, c, a);
}
