/* cases/core/effect_write — an effect as canonical JSON, the open part of its event. */
#include "cases/core/effect.h"

#include <string.h>

static const char digits[] = "0123456789abcdef";

static void hex_add(struct json_writer *w, const uint8_t *b, size_t n)
{
    char out[64];
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[b[i] >> 4];
        out[2 * i + 1] = digits[b[i] & 15];
    }
    json_string(w, (struct str){out, 2 * n});
}

static void cover_add(struct json_writer *w, int64_t cover)
{
    uint8_t b[8];
    for (int i = 0; i < 8; i++) b[i] = (uint8_t)((uint64_t)cover >> (56 - 8 * i));
    hex_add(w, b, sizeof b);
}

static bool all_zero(const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (b[i]) return false;
    }
    return true;
}

/* ---- parts --------------------------------------------------------------------------------------------- */

static void accounts_write(const struct cases_effect *e, struct json_writer *w)
{
    json_begin_array(w);
    for (uint32_t i = 0; i < e->account_count; i++) {
        const struct cases_account *a = &e->accounts[i];
        json_begin_array(w);
        json_string(w, a->code);
        json_string(w, str_from(a->currency->code));
        json_i64(w, a->flags);
        json_i64(w, a->debit_limit);
        json_end_array(w);
    }
    json_end_array(w);
}

static void clocks_write(const struct cases_clocks *c, struct json_writer *w)
{
    const int64_t all[] = {c->opened_ms, c->papers_asked_ms, c->papers_complete_ms, c->agreed_ms, c->refused_ms,
                           c->decide_by_ms, c->pay_by_ms, c->notice_by_ms, c->undisputed_by_ms};
    json_begin_array(w);
    for (size_t i = 0; i < COUNT_OF(all); i++) json_i64(w, all[i]);
    json_end_array(w);
}

/* The texts of counter keys, each once, in order of first use: their places stand in the counters. */
struct text_table {
    struct str *items;
    uint32_t count;
};

static uint32_t text_place(struct text_table *t, struct str s)
{
    for (uint32_t i = 0; i < t->count; i++) {
        if (str_eq(t->items[i], s)) return i;
    }
    t->items[t->count] = s;
    return t->count++;
}

static bool texts_gather(const struct cases_effect *e, struct arena *a, struct text_table *t)
{
    t->items = ARENA_ARRAY(a, struct str, (size_t)e->delta_count * 5 + 1);
    if (!t->items) return false;
    for (uint32_t i = 0; i < e->delta_count; i++) {
        const struct plan_counter_key *k = &e->deltas[i].key;
        (void)text_place(t, k->owner);
        (void)text_place(t, k->product);
        (void)text_place(t, k->benefit);
        if (k->code.n) (void)text_place(t, k->code);
        if (k->period_text.n) (void)text_place(t, k->period_text);
    }
    return true;
}

/* [owner, product, benefit, "fy", clause, day | [text] | null, code | -1, change] */
static void counter_write(const struct cases_counter_delta *d, struct text_table *t, struct json_writer *w)
{
    const struct plan_counter_key *k = &d->key;
    const char letters[2] = {effect_counter_kinds[k->kind], effect_counter_eaches[k->each]};
    json_begin_array(w);
    json_i64(w, text_place(t, k->owner));
    json_i64(w, text_place(t, k->product));
    json_i64(w, text_place(t, k->benefit));
    json_string(w, (struct str){letters, 2});
    json_i64(w, k->clause);
    if (k->period_text.n) {
        json_begin_array(w);
        json_i64(w, text_place(t, k->period_text));
        json_end_array(w);
    } else if (day_is(k->period_of)) {
        json_i64(w, k->period_of.v);
    } else {
        json_null(w);
    }
    json_i64(w, k->code.n ? (int64_t)text_place(t, k->code) : -1);
    json_i64(w, d->delta);
    json_end_array(w);
}

static void counters_write(const struct cases_effect *e, struct text_table *t, struct json_writer *w)
{
    json_begin_array(w);
    for (uint32_t i = 0; i < e->delta_count; i++) counter_write(&e->deltas[i], t, w);
    json_end_array(w);
}

static void texts_write(const struct text_table *t, struct json_writer *w)
{
    json_begin_array(w);
    for (uint32_t i = 0; i < t->count; i++) json_string(w, t->items[i]);
    json_end_array(w);
}

static void plans_write(const struct cases_effect *e, struct json_writer *w)
{
    json_begin_array(w);
    for (uint32_t i = 0; i < e->plan_count; i++) {
        json_begin_array(w);
        json_string(w, e->plans[i].name);
        hex_add(w, e->plans[i].hash.b, sizeof e->plans[i].hash.b);
        json_end_array(w);
    }
    json_end_array(w);
}

static void tasks_write(const struct cases_effect *e, struct json_writer *w)
{
    json_begin_array(w);
    for (uint32_t i = 0; i < e->task_count; i++) {
        const struct cases_task *t = &e->tasks[i];
        json_begin_array(w);
        hex_add(w, t->id.b, sizeof t->id.b);
        hex_add(w, t->case_id.b, sizeof t->case_id.b);
        json_i64(w, t->due_ms);
        json_i64(w, t->kind);
        json_i64(w, t->share);
        json_bool(w, t->remove);
        json_end_array(w);
    }
    json_end_array(w);
}

/* ---- members -------------------------------------------------------------------------------------------- */

/* A simple member of any struct; nothing when it is empty. */
void effect_simple_write(const struct effect_member *m, const void *base, struct json_writer *w)
{
    const void *at = (const char *)base + m->offset;
    switch (m->kind) {
    case EFFECT_TEXT: {
        const struct str *s = at;
        if (s->n || m->always) json_member_string(w, m->name, *s);
        return;
    }
    case EFFECT_I64:
        if (*(const int64_t *)at || m->always) json_member_i64(w, m->name, *(const int64_t *)at);
        return;
    case EFFECT_I32:
        if (*(const int32_t *)at || m->always) json_member_i64(w, m->name, *(const int32_t *)at);
        return;
    case EFFECT_U32:
        if (*(const uint32_t *)at || m->always) json_member_i64(w, m->name, *(const uint32_t *)at);
        return;
    case EFFECT_BOOL:
        if (*(const bool *)at) json_member_bool(w, m->name, true);
        return;
    case EFFECT_ID:
    case EFFECT_DIGEST: {
        const size_t n = m->kind == EFFECT_ID ? sizeof(struct id128) : sizeof(struct digest);
        if (all_zero(at, n)) return;
        json_name(w, m->name);
        hex_add(w, at, n);
        return;
    }
    case EFFECT_COVER:
        if (*(const int64_t *)at == 0) return;
        json_name(w, m->name);
        cover_add(w, *(const int64_t *)at);
        return;
    case EFFECT_WORD: {
        int v = 0;
        memcpy(&v, at, sizeof v);
        if (v == 0 && m->words->first_omitted) return;
        json_member_string(w, m->name, str_from(m->words->name(v)));
        return;
    }
    case EFFECT_RAW:
        if (((const struct str *)at)->n == 0) return;
        json_name(w, m->name);
        json_raw(w, *(const struct str *)at);
        return;
    default: CHECK(false); /* a member with a shape of its own, or without one */
    }
}

static void row_write(const struct cases_row *row, struct json_writer *w)
{
    json_begin_object(w);
    for (uint32_t i = 0; i < effect_row_member_count; i++) effect_simple_write(&effect_row_members[i], row, w);
    json_end_object(w);
}

static bool clocks_run(const struct cases_clocks *c) { return !all_zero((const uint8_t *)c, sizeof *c); }

static void shares_write(const struct cases_effect *e, struct json_writer *w)
{
    json_begin_array(w);
    for (uint32_t i = 0; i < e->share_count; i++) {
        json_begin_object(w);
        for (uint32_t m = 0; m < effect_share_member_count; m++) {
            const struct effect_member *member = &effect_share_members[m];
            if (member->kind != EFFECT_CLOCKS) {
                effect_simple_write(member, &e->shares[i], w);
            } else if (clocks_run(&e->shares[i].clocks)) {
                json_name(w, member->name);
                clocks_write(&e->shares[i].clocks, w);
            }
        }
        json_end_object(w);
    }
    json_end_array(w);
}

/* Is there something to write under a member that has a shape of its own? */
static bool part_is(const struct cases_effect *e, enum effect_kind k)
{
    switch (k) {
    case EFFECT_ACCOUNTS: return e->account_count > 0;
    case EFFECT_COUNTERS:
    case EFFECT_TEXTS: return e->delta_count > 0;
    case EFFECT_PLANS: return e->plan_count > 0;
    case EFFECT_ROW: return e->row != NULL;
    case EFFECT_SHARES: return e->share_count > 0;
    case EFFECT_TASKS: return e->task_count > 0;
    default: return true;
    }
}

static void member_write(const struct cases_effect *e, const struct effect_member *m, struct text_table *t, struct json_writer *w)
{
    if (m->kind < EFFECT_ACCOUNTS) {
        effect_simple_write(m, e, w);
        return;
    }
    if (m->kind == EFFECT_TRANSFERS) {
        ledger_transfers_write(e->transfers, e->transfer_count, w); /* with its name */
        return;
    }
    if (!part_is(e, m->kind)) return;
    json_name(w, m->name);
    switch (m->kind) {
    case EFFECT_ACCOUNTS: accounts_write(e, w); return;
    case EFFECT_COUNTERS: counters_write(e, t, w); return;
    case EFFECT_TEXTS: texts_write(t, w); return;
    case EFFECT_PLANS: plans_write(e, w); return;
    case EFFECT_ROW: row_write(e->row, w); return;
    case EFFECT_SHARES: shares_write(e, w); return;
    case EFFECT_TASKS: tasks_write(e, w); return;
    default: CHECK(false); /* a member with a shape of its own, or without one */
    }
}

struct status cases_effect_write(const struct cases_effect *e, struct arena *a, struct str *ret_open)
{
    struct text_table texts = {0};
    if (!texts_gather(e, a, &texts)) return status_memory();
    struct buf out;
    buf_init(&out, LIMIT_JSON_BYTES);
    struct json_writer w;
    json_writer_init(&w, &out, false);
    json_begin_object(&w);
    for (uint32_t i = 0; i < effect_member_count; i++) member_write(e, &effect_members[i], &texts, &w);
    json_end_object(&w);
    struct str open = {0};
    if (!out.failed) open = arena_str(a, buf_view(&out));
    buf_done(&out);
    if (!open.p) return status_memory();
    *ret_open = open;
    return STATUS_OK;
}
