/* cases/core/load — reads all wishes of a working set in one round: one statement a kind of row, covers first and in order of id.
 *
 * Covers come first because their lock is what makes all that is read behind them stand still. A cover that was read unlocked in an earlier round and has
 * changed when the lock is ours fails with set-stale: the group begins anew.
 */
#include "cases/core/load.h"
#include "cases/core/pack.h"
#include "cases/core/set_inside.h"

#include <stdlib.h>
#include <string.h>

struct status load_wishes_gather(struct loading *l, struct set_table *t, uint32_t width, struct load_wishes *ret)
{
    *ret = (struct load_wishes){.width = width};
    ret->entries = ARENA_ARRAY(l->scratch, struct set_entry *, (size_t)t->waiting + 1);
    ret->params = ARENA_ARRAY(l->scratch, struct store_value, (size_t)t->waiting * width + 1);
    if (!ret->entries || !ret->params) return status_memory();
    for (uint32_t i = 0; i < t->count && ret->count < t->waiting; i++) {
        if (t->items[i]->state == SET_WAIT) ret->entries[ret->count++] = t->items[i];
    }
    return STATUS_OK;
}

static struct store_value *wish_params(struct load_wishes *w, uint32_t i) { return w->params + (size_t)i * w->width; }

void load_wishes_end(struct set_table *t, const struct load_wishes *w)
{
    for (uint32_t i = 0; i < w->count; i++) {
        if (w->entries[i]->state == SET_WAIT) set_entry_absent(t, w->entries[i]);
    }
}

static bool text_keep(struct arena *a, struct str s, struct str *ret)
{
    *ret = s.n ? arena_str(a, s) : (struct str){"", 0};
    return ret->p != NULL;
}

static void id_get(const struct store_value *v, struct id128 *ret)
{
    *ret = (struct id128){0};
    if (!v->null && v->s.n == sizeof ret->b) memcpy(ret->b, v->s.p, sizeof ret->b);
}

static struct status damaged(struct arena *a, const char *table)
{
    return status_error(a, (struct error){.code = "row-damaged", .place = str_from(table), .zh = STR("派生表中有无法读懂的行"),
        .en = STR("a derived table holds a row that cannot be read"), .hint_zh = STR("请运行 yijie audit；可用 yijie rebuild 由事件重建"),
        .hint_en = STR("run yijie audit; yijie rebuild makes the derived tables anew from the events")});
}

/* ---- covers ---------------------------------------------------------------------------------------------------- */

static int cover_order(const void *a, const void *b)
{
    const int64_t x = (*(struct set_entry *const *)a)->key.n, y = (*(struct set_entry *const *)b)->key.n;
    return (x > y) - (x < y);
}

static struct status cover_take(struct loading *l, struct set_entry *e, const struct store_value *v, bool locked)
{
    struct set_cover *c = e->item;
    if (c->row.id && c->row.version != v[0].i && (locked || !c->lock_wished)) {
        return status_error(l->scratch, (struct error){.code = "set-stale", .place = STR("covers"), .zh = STR("读取期间数据已变更"),
            .en = STR("what was read has changed meanwhile"), .hint_zh = STR("系统会自动重做"), .hint_en = STR("it is done again by itself")});
    }
    if (!c->row.id) {
        c->row = (struct cases_cover){.id = e->key.n, .version = v[0].i, .merged_into = v[3].i};
        plan_counters_init(&c->row.counters, l->set->arena);
        TRY(cases_counters_unpack(l->set->arena, v[1].s, &c->row.counters));
        id_get(&v[2], &c->row.last_case);
    }
    c->locked = locked;
    c->taken = false;
    set_entry_found(&l->set->tables->covers, e, c);
    return STATUS_OK;
}

static struct status covers_read(struct loading *l, enum set_statement how, struct set_entry **entries, uint32_t count)
{
    if (count == 0) return STATUS_OK;
    struct store_value *params = ARENA_ARRAY(l->scratch, struct store_value, count);
    if (!params) return status_memory();
    for (uint32_t i = 0; i < count; i++) params[i] = STORE_I(entries[i]->key.n);
    struct store_rows rows = {0};
    TRY(store_read(l->connection, l->scratch, set_statement(how), params, count, &rows));
    for (uint32_t r = 0; r < rows.count; r++) TRY(cover_take(l, entries[rows.of[r]], store_row(&rows, r), how != SET_COVER_READ));
    return STATUS_OK;
}

/* Locks what is free. What did not come is taken by another worker, or is not there: read without the lock it tells which. */
static struct status covers_lock(struct loading *l, struct set_entry **entries, uint32_t count)
{
    const bool waits = l->set->tables->lock_waits;
    TRY(covers_read(l, waits ? SET_COVER_LOCK : SET_COVER_LOCK_FREE, entries, count));
    uint32_t left = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (entries[i]->state == SET_WAIT) entries[left++] = entries[i];
    }
    if (waits || left == 0) return STATUS_OK;
    TRY(covers_read(l, SET_COVER_READ, entries, left));
    for (uint32_t i = 0; i < left; i++) {
        if (entries[i]->state == SET_FOUND) ((struct set_cover *)entries[i]->item)->taken = true;
    }
    return STATUS_OK;
}

static struct status covers_load(struct loading *l)
{
    struct set_table *t = &l->set->tables->covers;
    struct load_wishes w;
    TRY(load_wishes_gather(l, t, 1, &w));
    qsort(w.entries, w.count, sizeof(struct set_entry *), cover_order);
    uint32_t locked = 0, unlocked = 0;
    struct set_entry **open = ARENA_ARRAY(l->scratch, struct set_entry *, (size_t)w.count + 1);
    if (!open) return status_memory();
    for (uint32_t i = 0; i < w.count; i++) {
        const struct set_cover *c = w.entries[i]->item;
        if (c->lock_wished) w.entries[locked++] = w.entries[i];
        else open[unlocked++] = w.entries[i];
    }
    TRY(covers_lock(l, w.entries, locked));
    TRY(covers_read(l, SET_COVER_READ, open, unlocked));
    for (uint32_t i = 0; i < t->count && t->waiting; i++) {
        if (t->items[i]->state == SET_WAIT) set_entry_absent(t, t->items[i]);
    }
    return STATUS_OK;
}

/* ---- cases, shares, bills ------------------------------------------------------------------------------------------ */

static struct status case_params(struct loading *l, struct set_table *t, struct load_wishes *w)
{
    TRY(load_wishes_gather(l, t, 2, w));
    for (uint32_t i = 0; i < w->count; i++) {
        struct id128 id = {0};
        memcpy(id.b, w->entries[i]->key.a.p, sizeof id.b);
        wish_params(w, i)[0] = STORE_S(w->entries[i]->key.a);
        wish_params(w, i)[1] = STORE_I((int64_t)id128_carried(&id));
    }
    return STATUS_OK;
}

static bool state_parse(struct str text, enum cases_state *ret)
{
    for (int i = 0; i < CASES_STATE_COUNT; i++) {
        if (!str_eq(text, str_from(cases_state_name((enum cases_state)i)))) continue;
        *ret = (enum cases_state)i;
        return true;
    }
    return false;
}

static struct status row_take(struct loading *l, struct set_entry *e, const struct store_value *v)
{
    struct arena *a = l->set->arena;
    struct cases_row *row = ARENA_NEW(a, struct cases_row);
    if (!row) return status_memory();
    memcpy(row->id.b, e->key.a.p, sizeof row->id.b);
    row->cover = (int64_t)id128_carried(&row->id);
    id_get(&v[0], &row->person);
    if (!state_parse(v[1].s, &row->state)) return damaged(l->scratch, "cases");
    if (!text_keep(a, v[2].s, &row->hospital) || !text_keep(a, v[3].s, &row->bill) || !text_keep(a, v[5].s, &row->region) ||
        !text_keep(a, v[6].s, &row->visit)) return status_memory();
    row->revision = v[4].i;
    row->day = (int32_t)v[7].i;
    row->at_ms = v[8].i;
    row->seq = v[9].i;
    row->last_seq = v[10].i;
    id_get(&v[11], &row->prev);
    int64_t *const sums[] = {&row->total, &row->funds, &row->payers, &row->hospital_part, &row->account, &row->cash, &row->payout};
    for (size_t i = 0; i < COUNT_OF(sums); i++) *sums[i] = v[12 + i].i;
    id_get(&v[19], &row->replaces);
    set_entry_found(&l->set->tables->rows, e, row);
    return STATUS_OK;
}

static struct status rows_load(struct loading *l)
{
    struct set_table *t = &l->set->tables->rows;
    if (!t->waiting) return STATUS_OK;
    struct load_wishes w;
    struct store_rows rows = {0};
    TRY(case_params(l, t, &w));
    TRY(store_read(l->connection, l->scratch, set_statement(SET_ROW_READ), w.params, w.count, &rows));
    for (uint32_t r = 0; r < rows.count; r++) TRY(row_take(l, w.entries[rows.of[r]], store_row(&rows, r)));
    load_wishes_end(t, &w);
    return STATUS_OK;
}

static struct status clocks_parse(struct arena *a, struct str text, struct cases_clocks *c)
{
    int64_t *const all[] = {&c->opened_ms, &c->papers_asked_ms, &c->papers_complete_ms, &c->agreed_ms, &c->refused_ms,
                            &c->decide_by_ms, &c->pay_by_ms, &c->notice_by_ms, &c->undisputed_by_ms};
    size_t at = 0, count = 0;
    if (text.n == 0) return STATUS_OK;
    for (; count < COUNT_OF(all) && at < text.n; count++) {
        int64_t v = 0;
        const size_t from = at;
        while (at < text.n && text.p[at] >= '0' && text.p[at] <= '9' && at - from < 18) v = v * 10 + (text.p[at++] - '0');
        if (at == from) return damaged(a, "shares");
        *all[count] = v;
        if (at < text.n && text.p[at] == ' ') at++;
    }
    return count == COUNT_OF(all) && at == text.n ? STATUS_OK : damaged(a, "shares");
}

static struct status share_take(struct loading *l, struct set_shares *shares, const struct store_value *v)
{
    struct arena *a = l->set->arena;
    struct cases_share *s = &shares->items[shares->count++];
    shares->stored = shares->count;
    *s = (struct cases_share){.n = (uint32_t)v[0].i, .pay = v[6].i, .expected = v[7].i, .to_patient = v[8].i != 0, .seq = v[11].i};
    if (v[3].i < 0 || v[3].i >= PLAN_KIND_COUNT || v[4].i < 0 || v[4].i >= CASES_SHARE_STATE_COUNT || v[5].i < 0 || v[5].i >= CASES_LATER_COUNT) {
        return damaged(l->scratch, "shares");
    }
    s->kind = (enum plan_kind)v[3].i;
    s->state = (enum cases_share_state)v[4].i;
    s->reason = (enum cases_later)v[5].i;
    if (!text_keep(a, v[1].s, &s->payer) || !text_keep(a, v[2].s, &s->policy) || !text_keep(a, v[9].s, &s->owner)) return status_memory();
    return clocks_parse(l->scratch, v[10].s, &s->clocks);
}

static struct status shares_load(struct loading *l)
{
    struct set_table *t = &l->set->tables->shares;
    if (!t->waiting) return STATUS_OK;
    struct load_wishes w;
    struct store_rows rows = {0};
    TRY(case_params(l, t, &w));
    TRY(store_read(l->connection, l->scratch, set_statement(SET_SHARES_READ), w.params, w.count, &rows));
    for (uint32_t r = 0; r < rows.count;) {
        uint32_t end = r;
        while (end < rows.count && rows.of[end] == rows.of[r]) end++;
        struct set_shares *shares = ARENA_NEW(l->set->arena, struct set_shares);
        if (!shares) return status_memory();
        shares->items = ARENA_ARRAY(l->set->arena, struct cases_share, end - r);
        shares->dirty = ARENA_ARRAY(l->set->arena, bool, end - r);
        if (!shares->items || !shares->dirty) return status_memory();
        shares->cap = end - r;
        set_entry_found(t, w.entries[rows.of[r]], shares);
        for (; r < end; r++) TRY(share_take(l, shares, store_row(&rows, r)));
    }
    load_wishes_end(t, &w);
    return STATUS_OK;
}

static struct status bills_load(struct loading *l)
{
    struct set_table *t = &l->set->tables->bills;
    if (!t->waiting) return STATUS_OK;
    struct load_wishes w;
    struct store_rows rows = {0};
    TRY(load_wishes_gather(l, t, 2, &w));
    for (uint32_t i = 0; i < w.count; i++) {
        wish_params(&w, i)[0] = STORE_S(w.entries[i]->key.a);
        wish_params(&w, i)[1] = STORE_S(w.entries[i]->key.b);
    }
    TRY(store_read(l->connection, l->scratch, set_statement(SET_BILL_READ), w.params, w.count, &rows));
    for (uint32_t r = 0; r < rows.count; r++) {
        const struct store_value *v = store_row(&rows, r);
        struct cases_bill *bill = ARENA_NEW(l->set->arena, struct cases_bill);
        if (!bill) return status_memory();
        *bill = (struct cases_bill){.cover = v[0].i, .live = v[2].i != 0, .revision = v[3].i};
        id_get(&v[1], &bill->case_id);
        set_entry_found(t, w.entries[rows.of[r]], bill);
    }
    load_wishes_end(t, &w);
    return STATUS_OK;
}

/* ---- commands, days, histories, documents ------------------------------------------------------------------------------- */

static struct status commands_load(struct loading *l)
{
    struct set_table *t = &l->set->tables->commands;
    if (!t->waiting) return STATUS_OK;
    struct load_wishes w;
    struct store_rows rows = {0};
    TRY(load_wishes_gather(l, t, 1, &w));
    for (uint32_t i = 0; i < w.count; i++) w.params[i] = STORE_S(w.entries[i]->key.a);
    TRY(store_read(l->connection, l->scratch, set_statement(SET_COMMAND_READ), w.params, w.count, &rows));
    for (uint32_t r = 0; r < rows.count; r++) {
        const struct store_value *v = store_row(&rows, r);
        struct cases_done_command *done = ARENA_NEW(l->set->arena, struct cases_done_command);
        if (!done) return status_memory();
        if (v[1].i < 0 || v[1].i >= CASES_OP_COUNT) return damaged(l->scratch, "commands");
        *done = (struct cases_done_command){.op = (enum cases_op)v[1].i, .cover = v[2].i, .seq = v[4].i};
        id_get(&v[0], &done->body);
        id_get(&v[3], &done->case_id);
        set_entry_found(t, w.entries[rows.of[r]], done);
    }
    load_wishes_end(t, &w);
    return STATUS_OK;
}

/* A day that has no row yet gets one, so that there is something to lock: everybody who settles on it FOR SHARE, who closes it FOR UPDATE. */
static struct status days_load(struct loading *l)
{
    struct set_table *t = &l->set->tables->days;
    if (!t->waiting) return STATUS_OK;
    struct load_wishes w;
    struct store_rows rows = {0};
    TRY(load_wishes_gather(l, t, 2, &w));
    for (uint32_t i = 0; i < w.count; i++) {
        wish_params(&w, i)[0] = STORE_I(l->set->shard);
        wish_params(&w, i)[1] = STORE_I(w.entries[i]->key.n);
    }
    const bool locks = l->set->tables->writes && store_connection_kind(l->connection) == STORE_POSTGRES;
    if (locks) {
        struct store_value *fresh = ARENA_ARRAY(l->scratch, struct store_value, (size_t)w.count * 3);
        if (!fresh) return status_memory();
        for (uint32_t i = 0; i < w.count; i++) {
            memcpy(fresh + (size_t)i * 3, wish_params(&w, i), 2 * sizeof *fresh);
            fresh[(size_t)i * 3 + 2] = STORE_S(STR("open"));
        }
        TRY(store_write(l->connection, l->scratch, set_statement(SET_DAY_OPEN), fresh, w.count));
    }
    const enum set_statement how = !locks ? SET_DAY_READ : l->set->tables->closes_days ? SET_DAY_LOCK : SET_DAY_SHARE;
    TRY(store_read(l->connection, l->scratch, set_statement(how), w.params, w.count, &rows));
    for (uint32_t r = 0; r < rows.count; r++) {
        bool *closed = ARENA_NEW(l->set->arena, bool);
        if (!closed) return status_memory();
        *closed = str_eq(store_row(&rows, r)[0].s, STR("closed"));
        set_entry_found(t, w.entries[rows.of[r]], closed);
    }
    load_wishes_end(t, &w);
    return STATUS_OK;
}

static struct status histories_load(struct loading *l)
{
    struct set_table *t = &l->set->tables->histories;
    if (!t->waiting) return STATUS_OK;
    struct load_wishes w;
    struct store_rows rows = {0};
    TRY(case_params(l, t, &w));
    TRY(store_read(l->connection, l->scratch, set_statement(SET_HISTORY_READ), w.params, w.count, &rows));
    for (uint32_t i = 0; i < w.count; i++) {
        struct set_history *h = ARENA_NEW(l->set->arena, struct set_history);
        if (!h) return status_memory();
        set_entry_found(t, w.entries[i], h); /* no rows: an empty history, which is an answer */
    }
    for (uint32_t r = 0; r < rows.count; r++) {
        struct set_history *h = w.entries[rows.of[r]]->item;
        int64_t *slot = ARENA_PUSH(l->set->arena, h->seqs, h->count, h->cap);
        if (!slot) return status_memory();
        *slot = store_row(&rows, r)[0].i;
        h->fresh_from = h->count;
    }
    return STATUS_OK;
}

static struct status documents_load(struct loading *l)
{
    struct set_table *t = &l->set->tables->documents;
    if (!t->waiting) return STATUS_OK;
    struct load_wishes w;
    struct store_rows rows = {0};
    struct arena *a = l->set->arena;
    TRY(load_wishes_gather(l, t, 4, &w));
    for (uint32_t i = 0; i < w.count; i++) {
        const struct set_key *k = &w.entries[i]->key;
        int64_t cover = 0;
        memcpy(&cover, k->b.p + 16, sizeof cover);
        const struct store_value params[] = {STORE_I(cover), STORE_S(k->a), STORE_S(((struct str){k->b.p, 16})), STORE_I(k->n)};
        memcpy(wish_params(&w, i), params, sizeof params);
    }
    TRY(store_read(l->connection, l->scratch, set_statement(SET_DOCUMENT_READ), w.params, w.count, &rows));
    for (uint32_t r = 0; r < rows.count; r++) {
        const struct store_value *v = store_row(&rows, r), *p = wish_params(&w, rows.of[r]);
        struct cases_document *d = ARENA_NEW(a, struct cases_document);
        if (!d) return status_memory();
        *d = (struct cases_document){.cover = p[0].i, .at_ms = v[3].i, .share = (uint32_t)p[3].i};
        memcpy(d->hash.b, p[1].s.p, sizeof d->hash.b);
        memcpy(d->case_id.b, p[2].s.p, sizeof d->case_id.b);
        id_get(&v[0], &d->person);
        if (!text_keep(a, v[1].s, &d->kind) || !text_keep(a, v[2].s, &d->source) || !text_keep(a, v[4].s, &d->sealed)) return status_memory();
        set_entry_found(t, w.entries[rows.of[r]], d);
    }
    load_wishes_end(t, &w);
    return STATUS_OK;
}

static struct status events_load(struct loading *l)
{
    struct set_table *t = &l->set->tables->events;
    if (!t->waiting) return STATUS_OK;
    struct load_wishes w;
    TRY(load_wishes_gather(l, t, 1, &w));
    int64_t *seqs = ARENA_ARRAY(l->scratch, int64_t, w.count);
    struct journal_event *events = ARENA_ARRAY(l->set->arena, struct journal_event, w.count);
    if (!seqs || !events) return status_memory();
    for (uint32_t i = 0; i < w.count; i++) seqs[i] = w.entries[i]->key.n;
    TRY(journal_get(l->connection, l->set->arena, l->set->shard, seqs, w.count, events));
    for (uint32_t i = 0; i < w.count; i++) set_entry_found(t, w.entries[i], &events[i]);
    return STATUS_OK;
}

static struct status tasks_load(struct loading *l)
{
    struct cases_set_tables *t = l->set->tables;
    if (!t->due_wished || t->due_loaded) return STATUS_OK;
    const struct store_value params[] = {STORE_I(l->set->shard), STORE_I(t->due_until)};
    struct store_rows rows = {0};
    TRY(store_read(l->connection, l->scratch, set_statement(SET_TASK_DUE), params, 1, &rows));
    t->due = ARENA_ARRAY(l->set->arena, struct cases_task, (size_t)rows.count + 1);
    if (!t->due) return status_memory();
    for (uint32_t r = 0; r < rows.count; r++) {
        const struct store_value *v = store_row(&rows, r);
        struct cases_task *task = &t->due[t->due_count++];
        *task = (struct cases_task){.due_ms = v[0].i, .kind = (uint32_t)v[2].i, .share = (uint32_t)v[4].i};
        id_get(&v[1], &task->id);
        id_get(&v[3], &task->case_id);
    }
    t->due_loaded = true;
    return STATUS_OK;
}

/* ---- a round ------------------------------------------------------------------------------------------------------------------ */

/* Without a connection (pure tests) every wish becomes absent. */
static void all_absent(struct cases_set *s)
{
    struct cases_set_tables *t = s->tables;
    struct set_table *const tables[] = {&t->covers, &t->rows, &t->shares, &t->bills, &t->commands, &t->events, &t->days, &t->histories, &t->documents,
                                        &t->quotes, &t->bill_quotes, &t->libraries};
    for (size_t k = 0; k < COUNT_OF(tables); k++) {
        for (uint32_t i = 0; i < tables[k]->count && tables[k]->waiting; i++) {
            if (tables[k]->items[i]->state == SET_WAIT) set_entry_absent(tables[k], tables[k]->items[i]);
        }
    }
    t->due_loaded = t->due_wished;
}

struct status cases_set_load(struct cases_set *s, struct store_connection *c, struct arena *a)
{
    if (s->tables->broken) return status_memory();
    struct loading l = {.set = s, .connection = c, .scratch = a};
    if (!c) {
        all_absent(s);
        TRY(registry_set_load(s->registry, NULL, a));
        return ledger_set_load(s->ledger, NULL, a);
    }
    if (s->tables->covers.waiting) TRY(covers_load(&l));
    TRY(rows_load(&l));
    TRY(shares_load(&l));
    TRY(bills_load(&l));
    TRY(commands_load(&l));
    TRY(days_load(&l));
    TRY(histories_load(&l));
    TRY(documents_load(&l));
    TRY(events_load(&l));
    TRY(tasks_load(&l));
    TRY(load_quotes(&l));
    if (s->tables->libraries.waiting) TRY(load_libraries(&l));
    if (registry_set_waits(s->registry)) TRY(registry_set_load(s->registry, c, a));
    if (ledger_set_waits(s->ledger)) TRY(ledger_set_load(s->ledger, c, a));
    return STATUS_OK;
}
