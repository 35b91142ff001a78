/* cases/core/effect_read — an event's open part back to its effect, strictly.
 *
 * What was written by us is read to the same effect; anything else (a member that this version does not know, a wrong type, a text of another shape)
 * fails with event-unreadable and the member's name: the fold must never guess. Everything lies in the arena.
 */
#include "cases/core/effect.h"

#include <string.h>

struct reading {
    struct arena *arena;
    struct cases_effect *effect;
    const struct json *texts;  /* of counter keys */
};

static struct status unreadable(struct arena *a, struct str place)
{
    return status_error(a, (struct error){.code = "event-unreadable", .place = place, .zh = STR("事件的公开部分无法读懂"),
        .en = STR("the open part of an event cannot be read"), .hint_zh = STR("数据可能来自更新的版本，或已损坏：请运行 yijie audit"),
        .hint_en = STR("the data may be of a newer release, or damaged: run yijie audit")});
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_read(const struct json *v, uint8_t *ret, size_t n)
{
    if (v->kind != JSON_STRING || v->text.n != 2 * n) return false;
    for (size_t i = 0; i < n; i++) {
        const int high = nibble(v->text.p[2 * i]), low = nibble(v->text.p[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        ret[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool cover_read(const struct json *v, int64_t *ret)
{
    uint8_t b[8];
    if (!hex_read(v, b, sizeof b) || b[0] & 0x80) return false;
    uint64_t n = 0;
    for (int i = 0; i < 8; i++) n = n << 8 | b[i];
    *ret = (int64_t)n;
    return true;
}

static bool int_read(const struct json *v, int64_t min, int64_t max, int64_t *ret)
{
    int64_t n = 0;
    if (v->kind != JSON_NUMBER || !json_to_i64(v, &n) || n < min || n > max) return false;
    *ret = n;
    return true;
}

static bool word_read(const struct json *v, const struct effect_words *words, int *ret)
{
    if (v->kind != JSON_STRING) return false;
    for (int i = 0; i < words->count; i++) {
        if (i == 0 && words->first_omitted) continue;
        if (!str_eq(v->text, str_from(words->name(i)))) continue;
        *ret = i;
        return true;
    }
    return false;
}

/* ---- simple members -------------------------------------------------------------------------------------- */

bool effect_simple_read(const struct effect_member *m, const struct json *v, void *base)
{
    void *at = (char *)base + m->offset;
    int64_t n = 0;
    switch (m->kind) {
    case EFFECT_TEXT:
        if (v->kind != JSON_STRING) return false;
        *(struct str *)at = v->text;
        return true;
    case EFFECT_RAW:
        *(struct str *)at = v->raw;
        return true;
    case EFFECT_I64: return int_read(v, INT64_MIN, INT64_MAX, at);
    case EFFECT_I32:
        if (!int_read(v, INT32_MIN, INT32_MAX, &n)) return false;
        *(int32_t *)at = (int32_t)n;
        return true;
    case EFFECT_U32:
        if (!int_read(v, 0, UINT32_MAX, &n)) return false;
        *(uint32_t *)at = (uint32_t)n;
        return true;
    case EFFECT_BOOL:
        if (v->kind != JSON_BOOL || !v->boolean) return false;
        *(bool *)at = true;
        return true;
    case EFFECT_ID: return hex_read(v, at, sizeof(struct id128));
    case EFFECT_DIGEST: return hex_read(v, at, sizeof(struct digest));
    case EFFECT_COVER: return cover_read(v, at);
    case EFFECT_WORD: {
        int word = 0;
        if (!word_read(v, m->words, &word)) return false;
        memcpy(at, &word, sizeof word);
        return true;
    }
    default: return false;
    }
}

const struct effect_member *effect_member_find(const struct effect_member *members, uint32_t count, struct str name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (str_eq(members[i].name, name)) return &members[i];
    }
    return NULL;
}

/* ---- parts ------------------------------------------------------------------------------------------------- */

static bool accounts_read(struct reading *r, const struct json *v)
{
    r->effect->accounts = ARENA_ARRAY(r->arena, struct cases_account, v->count + 1);
    if (!r->effect->accounts) return false;
    for (uint32_t i = 0; i < v->count; i++) {
        const struct json *o = &v->items[i];
        struct cases_account *a = &r->effect->accounts[i];
        int64_t flags = 0;
        if (o->kind != JSON_ARRAY || o->count != 4 || o->items[0].kind != JSON_STRING || o->items[1].kind != JSON_STRING) return false;
        if (!int_read(&o->items[2], 0, UINT32_MAX, &flags) || !int_read(&o->items[3], INT64_MIN, INT64_MAX, &a->debit_limit)) return false;
        a->code = o->items[0].text;
        a->currency = currency_find(o->items[1].text);
        a->flags = (uint32_t)flags;
        if (!a->currency) return false;
    }
    r->effect->account_count = v->count;
    return true;
}

static bool clocks_read(const struct json *v, struct cases_clocks *c)
{
    int64_t *const all[] = {&c->opened_ms, &c->papers_asked_ms, &c->papers_complete_ms, &c->agreed_ms, &c->refused_ms,
                            &c->decide_by_ms, &c->pay_by_ms, &c->notice_by_ms, &c->undisputed_by_ms};
    if (v->kind != JSON_ARRAY || v->count != COUNT_OF(all)) return false;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        if (!int_read(&v->items[i], INT64_MIN, INT64_MAX, all[i])) return false;
    }
    return true;
}

static bool text_at(const struct reading *r, const struct json *v, struct str *ret)
{
    int64_t place = 0;
    if (!r->texts || !int_read(v, 0, (int64_t)r->texts->count - 1, &place) || r->texts->items[place].kind != JSON_STRING) return false;
    *ret = r->texts->items[place].text;
    return true;
}

static bool period_read(const struct reading *r, const struct json *v, struct plan_counter_key *k)
{
    int64_t day = 0;
    k->period_of = DAY_NONE;
    if (v->kind == JSON_NULL) return true;
    if (v->kind == JSON_ARRAY) return v->count == 1 && text_at(r, &v->items[0], &k->period_text);
    if (!int_read(v, INT32_MIN + 1, INT32_MAX - 1, &day)) return false;
    k->period_of.v = (int32_t)day;
    return true;
}

static bool counter_read(const struct reading *r, const struct json *v, struct cases_counter_delta *ret)
{
    struct plan_counter_key *k = &ret->key;
    int64_t clause = 0, code = 0;
    if (v->kind != JSON_ARRAY || v->count != 8 || v->items[3].kind != JSON_STRING || v->items[3].text.n != 2) return false;
    const int kind = effect_letter_place(effect_counter_kinds, v->items[3].text.p[0]);
    const int each = effect_letter_place(effect_counter_eaches, v->items[3].text.p[1]);
    if (kind < 0 || each < 0 || !int_read(&v->items[4], 0, UINT8_MAX, &clause)) return false;
    k->kind = (uint8_t)kind;
    k->each = (uint8_t)each;
    k->clause = (uint8_t)clause;
    if (!text_at(r, &v->items[0], &k->owner) || !text_at(r, &v->items[1], &k->product) || !text_at(r, &v->items[2], &k->benefit)) return false;
    if (!period_read(r, &v->items[5], k) || !int_read(&v->items[6], -1, INT32_MAX, &code)) return false;
    if (code >= 0 && !text_at(r, &v->items[6], &k->code)) return false;
    return int_read(&v->items[7], INT64_MIN, INT64_MAX, &ret->delta);
}

static bool counters_read(struct reading *r, const struct json *v)
{
    r->effect->deltas = ARENA_ARRAY(r->arena, struct cases_counter_delta, v->count + 1);
    if (!r->effect->deltas) return false;
    for (uint32_t i = 0; i < v->count; i++) {
        if (!counter_read(r, &v->items[i], &r->effect->deltas[i])) return false;
    }
    r->effect->delta_count = v->count;
    return true;
}

static bool plans_read(struct reading *r, const struct json *v)
{
    r->effect->plans = ARENA_ARRAY(r->arena, struct cases_plan_used, v->count + 1);
    if (!r->effect->plans) return false;
    for (uint32_t i = 0; i < v->count; i++) {
        const struct json *o = &v->items[i];
        if (o->kind != JSON_ARRAY || o->count != 2 || o->items[0].kind != JSON_STRING) return false;
        r->effect->plans[i].name = o->items[0].text;
        if (!hex_read(&o->items[1], r->effect->plans[i].hash.b, sizeof(struct digest))) return false;
    }
    r->effect->plan_count = v->count;
    return true;
}

static bool row_read(struct reading *r, const struct json *v)
{
    struct cases_row *row = ARENA_NEW(r->arena, struct cases_row);
    if (!row || v->kind != JSON_OBJECT) return false;
    for (uint32_t i = 0; i < v->count; i++) {
        const struct effect_member *m = effect_member_find(effect_row_members, effect_row_member_count, v->names[i]);
        if (!m || !effect_simple_read(m, &v->items[i], row)) return false;
    }
    r->effect->row = row;
    return true;
}

static bool share_read(const struct json *v, struct cases_share *share)
{
    if (v->kind != JSON_OBJECT) return false;
    for (uint32_t i = 0; i < v->count; i++) {
        const struct effect_member *m = effect_member_find(effect_share_members, effect_share_member_count, v->names[i]);
        if (!m) return false;
        const bool fine = m->kind == EFFECT_CLOCKS ? clocks_read(&v->items[i], &share->clocks) : effect_simple_read(m, &v->items[i], share);
        if (!fine) return false;
    }
    return true;
}

static bool shares_read(struct reading *r, const struct json *v)
{
    r->effect->shares = ARENA_ARRAY(r->arena, struct cases_share, v->count + 1);
    if (!r->effect->shares) return false;
    for (uint32_t i = 0; i < v->count; i++) {
        if (!share_read(&v->items[i], &r->effect->shares[i])) return false;
    }
    r->effect->share_count = v->count;
    return true;
}

static bool task_read(const struct json *v, struct cases_task *t)
{
    int64_t kind = 0, share = 0;
    if (v->kind != JSON_ARRAY || v->count != 6 || v->items[5].kind != JSON_BOOL) return false;
    if (!hex_read(&v->items[0], t->id.b, sizeof t->id.b) || !hex_read(&v->items[1], t->case_id.b, sizeof t->case_id.b)) return false;
    if (!int_read(&v->items[2], INT64_MIN, INT64_MAX, &t->due_ms) || !int_read(&v->items[3], 0, UINT32_MAX, &kind)) return false;
    if (!int_read(&v->items[4], 0, UINT32_MAX, &share)) return false;
    t->kind = (uint32_t)kind;
    t->share = (uint32_t)share;
    t->remove = v->items[5].boolean;
    return true;
}

static bool tasks_read(struct reading *r, const struct json *v)
{
    r->effect->tasks = ARENA_ARRAY(r->arena, struct cases_task, v->count + 1);
    if (!r->effect->tasks) return false;
    for (uint32_t i = 0; i < v->count; i++) {
        if (!task_read(&v->items[i], &r->effect->tasks[i])) return false;
    }
    r->effect->task_count = v->count;
    return true;
}

static bool part_read(struct reading *r, enum effect_kind kind, const struct json *v)
{
    if (kind == EFFECT_ROW) return row_read(r, v);
    if (v->kind != JSON_ARRAY) return false;
    switch (kind) {
    case EFFECT_ACCOUNTS: return accounts_read(r, v);
    case EFFECT_COUNTERS: return counters_read(r, v);
    case EFFECT_TEXTS: return true; /* read through the counters */
    case EFFECT_PLANS: return plans_read(r, v);
    case EFFECT_SHARES: return shares_read(r, v);
    case EFFECT_TASKS: return tasks_read(r, v);
    case EFFECT_TRANSFERS: return true; /* read from the whole, below */
    default: return false;
    }
}

static struct status members_read(struct reading *r, const struct json *tree)
{
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct effect_member *m = effect_member_find(effect_members, effect_member_count, tree->names[i]);
        if (!m) return unreadable(r->arena, tree->names[i]);
        const bool simple = m->kind < EFFECT_ACCOUNTS;
        const bool fine = simple ? effect_simple_read(m, &tree->items[i], r->effect) : part_read(r, m->kind, &tree->items[i]);
        if (!fine) return unreadable(r->arena, tree->names[i]);
    }
    return STATUS_OK;
}

struct status cases_effect_read(struct arena *a, const struct journal_event *ev, struct cases_effect *ret)
{
    if (ev->version != 1) return unreadable(a, STR("version"));
    const struct json *tree = NULL;
    TRY(json_parse(a, ev->open, &tree));
    if (tree->kind != JSON_OBJECT || !json_get(tree, STR("at")) || !json_get(tree, STR("day"))) return unreadable(a, STR("at"));
    struct cases_effect effect = {.type = ev->type, .case_id = ev->subject, .person = ev->person, .cover = ev->cover};
    struct reading r = {.arena = a, .effect = &effect, .texts = json_get(tree, STR("texts"))};
    if (r.texts && r.texts->kind != JSON_ARRAY) return unreadable(a, STR("texts"));
    TRY(members_read(&r, tree));
    TRY(ledger_transfers_read(a, tree, &effect.transfers, &effect.transfer_count));
    *ret = effect;
    return STATUS_OK;
}
