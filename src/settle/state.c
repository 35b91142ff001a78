/* settle/state — what the command line carries from run to run: counters and the bills settled.
 *
 * A state file is JSON, written in one fixed order, so that two equal states are equal bytes. Persons stand in it only as digests. Reading is
 * strict: a file that is not exactly what we write is refused, never repaired.
 */
#include "crypto/crypto.h"
#include "settle/settle.h"

#include <stdlib.h>

enum { STATE_VERSION = 1 };

static void owner_digest(struct sha256 *hash, const struct bill *b, struct digest *ret)
{
    const bool named = !str_eq(b->person.id_kind, STR("unknown")) && !str_eq(b->person.id_kind, STR("newborn"));
    sha256_start(hash);
    sha256_add(hash, b->person.id_kind);
    sha256_add(hash, STR("\n"));
    sha256_add(hash, b->person.id);
    if (!named) {
        sha256_add(hash, STR("\n"));
        sha256_add(hash, b->hospital);
    }
    sha256_finish(hash, ret);
}

struct status settle_owner_by(struct sha256 *hash, struct arena *a, const struct bill *b, struct str *ret)
{
    struct digest digest;
    owner_digest(hash, b, &digest);
    static const char digits[] = "0123456789abcdef";
    char out[34] = "p:";
    for (size_t i = 0; i < 16; i++) {
        out[2 + 2 * i] = digits[digest.b[i] >> 4];
        out[3 + 2 * i] = digits[digest.b[i] & 15];
    }
    *ret = arena_str(a, (struct str){out, sizeof out});
    return ret->p ? STATUS_OK : status_memory();
}

struct status settle_owner(struct arena *a, const struct bill *b, struct str *ret)
{
    struct sha256 hash;
    sha256_init(&hash);
    const struct status status = settle_owner_by(&hash, a, b, ret);
    sha256_done(&hash);
    return status;
}

struct status settle_state_init(struct settle_state *s, struct arena *a)
{
    *s = (struct settle_state){.arena = a};
    plan_counters_init(&s->counters, a);
    return STATUS_OK;
}

bool settle_state_has_bill(const struct settle_state *s, const struct bill *b)
{
    for (uint32_t i = 0; i < s->bill_count; i++) {
        if (str_eq(s->bills[i].hospital, b->hospital) && str_eq(s->bills[i].bill, b->bill)) return true;
    }
    return false;
}

struct status settle_state_add_bill(struct settle_state *s, const struct bill *b)
{
    struct settle_state_bill *item = ARENA_PUSH(s->arena, s->bills, s->bill_count, s->bill_cap);
    if (!item) return status_memory();
    item->hospital = arena_str(s->arena, b->hospital);
    item->bill = arena_str(s->arena, b->bill);
    item->revision = b->revision;
    item->total = b->total;
    return item->hospital.p && item->bill.p ? STATUS_OK : status_memory();
}

/* ---- reading ------------------------------------------------------------------------------------------ */

static struct status state_bad(struct arena *a, const char *place, const char *zh, const char *en)
{
    return status_error(a, (struct error){.code = "state-invalid", .place = str_from(place), .zh = str_from(zh), .en = str_from(en),
        .hint_zh = STR("状态文件只应由 yijie 写入：请用备份恢复，或换一个新文件"),
        .hint_en = STR("a state file is written by yijie only: restore a copy, or begin with a new file")});
}

static bool text_get(const struct json *o, struct str name, struct str *ret)
{
    const struct json *v = json_get(o, name);
    if (!v || v->kind != JSON_STRING) return false;
    *ret = v->text;
    return true;
}

static const char *const kind_names[PLAN_COUNTER_KIND_COUNT] = {
    [PLAN_COUNTER_FILLED] = "filled", [PLAN_COUNTER_OVER] = "over", [PLAN_COUNTER_PAID] = "paid", [PLAN_COUNTER_LIMIT] = "limit",
    [PLAN_COUNTER_BASE] = "base", [PLAN_COUNTER_TIMES] = "times", [PLAN_COUNTER_DAYS] = "days"};
static const char *const each_names[PLAN_EACH_COUNT] = {
    [PLAN_EACH_CLAIM] = "claim", [PLAN_EACH_DAY] = "day", [PLAN_EACH_STAY] = "stay", [PLAN_EACH_YEAR] = "year", [PLAN_EACH_LIFETIME] = "lifetime"};

/* A word of a table, as its place. */
static bool word_get(const struct json *o, struct str name, const char *const *words, size_t count, uint8_t *ret)
{
    struct str text;
    if (!text_get(o, name, &text)) return false;
    for (size_t i = 0; i < count; i++) {
        if (!str_eq(text, str_from(words[i]))) continue;
        *ret = (uint8_t)i;
        return true;
    }
    return false;
}

static bool int_get(const struct json *o, struct str name, int64_t min, int64_t max, int64_t *ret)
{
    const struct json *v = json_get(o, name);
    int64_t n = 0;
    if (!v || v->kind != JSON_NUMBER || !json_to_i64(v, &n) || n < min || n > max) return false;
    *ret = n;
    return true;
}

static struct status counter_read(struct settle_state *s, const struct json *o)
{
    struct plan_counter_key key = {0};
    struct str period;
    int64_t clause = 0, value = 0;
    const bool fine = o->kind == JSON_OBJECT && o->count == 9 && text_get(o, STR("owner"), &key.owner) && text_get(o, STR("product"), &key.product) &&
                      text_get(o, STR("benefit"), &key.benefit) && text_get(o, STR("code"), &key.code) && text_get(o, STR("period"), &period) &&
                      word_get(o, STR("kind"), kind_names, PLAN_COUNTER_KIND_COUNT, &key.kind) &&
                      word_get(o, STR("each"), each_names, PLAN_EACH_COUNT, &key.each) &&
                      int_get(o, STR("clause"), 0, UINT8_MAX, &clause) &&
                      int_get(o, STR("value"), 1, LIMIT_AMOUNT_MINOR, &value); /* a counter of 0 is never written */
    if (!fine) return state_bad(s->arena, "counters", "计数器条目不完整或取值不对", "a counter has a missing, surplus or wrong member");
    key.clause = (uint8_t)clause;
    key.period_of = DAY_NONE;
    /* a day, or the text of a stay behind a colon */
    if (period.n > 0 && period.p[0] == ':') key.period_text = (struct str){period.p + 1, period.n - 1};
    else if (period.n > 0 && !day_parse(period, &key.period_of)) return state_bad(s->arena, "counters", "期间不是日期", "a period is not a day");
    if (plan_counters_get(&s->counters, &key) != 0) return state_bad(s->arena, "counters", "计数器重复", "a counter stands twice");
    return plan_counters_set(&s->counters, &key, value);
}

static int bill_order(const void *a, const void *b)
{
    const struct settle_state_bill *x = a, *y = b;
    const int c = str_cmp(x->hospital, y->hospital);
    return c != 0 ? c : str_cmp(x->bill, y->bill);
}

static struct status bill_read(struct settle_state *s, const struct json *o)
{
    struct bill b = {0};
    const bool fine = o->kind == JSON_OBJECT && o->count == 4 && text_get(o, STR("hospital"), &b.hospital) && text_get(o, STR("bill"), &b.bill) &&
                      int_get(o, STR("revision"), 1, INT32_MAX, &b.revision) && int_get(o, STR("total"), 0, LIMIT_AMOUNT_MINOR, &b.total);
    if (!fine) return state_bad(s->arena, "bills", "账单条目不完整或取值不对", "a bill has a missing, surplus or wrong member");
    TRY(settle_state_add_bill(s, &b));
    /* the order of the writer shows a repeat at its neighbour: reading stays linear */
    if (s->bill_count > 1 && bill_order(&s->bills[s->bill_count - 2], &s->bills[s->bill_count - 1]) >= 0) {
        return state_bad(s->arena, "bills", "账单重复或次序不对", "a bill stands twice, or out of order");
    }
    return STATUS_OK;
}

struct status settle_state_parse(struct settle_state *s, struct str json)
{
    if (json.n == 0) return STATUS_OK;
    const struct json *tree = NULL;
    TRY(json_parse(s->arena, json, &tree));
    int64_t version = 0;
    if (tree->kind != JSON_OBJECT || tree->count != 3 || !int_get(tree, STR("yijie_state"), 1, INT32_MAX, &version)) {
        return state_bad(s->arena, "", "不是 yijie 的状态文件", "not a state file of yijie");
    }
    if (version != STATE_VERSION) return state_bad(s->arena, "yijie_state", "状态文件的版本较新", "the state file is of a newer version");
    const struct json *counters = json_get(tree, STR("counters")), *bills = json_get(tree, STR("bills"));
    if (!counters || counters->kind != JSON_ARRAY || !bills || bills->kind != JSON_ARRAY || counters->count > LIMIT_STATE_COUNTERS) {
        return state_bad(s->arena, "", "状态文件缺少 counters 或 bills", "the state file lacks counters or bills");
    }
    for (uint32_t i = 0; i < counters->count; i++) TRY(counter_read(s, &counters->items[i]));
    for (uint32_t i = 0; i < bills->count; i++) TRY(bill_read(s, &bills->items[i]));
    return STATUS_OK;
}

/* ---- writing ------------------------------------------------------------------------------------------ */

static int counter_order(const void *a, const void *b)
{
    const struct plan_counter *const *x = a, *const *y = b;
    return plan_counter_key_cmp(&(*x)->key, &(*y)->key);
}

static void counter_write(const struct plan_counter *c, struct json_writer *w)
{
    char day[11];
    struct buf text;
    buf_init(&text, LIMIT_JSON_TEXT_BYTES);
    if (day_is(c->key.period_of)) {
        const size_t n = day_format(c->key.period_of, day);
        buf_add(&text, (struct str){day, n});
    } else if (c->key.period_text.n > 0) {
        buf_add_char(&text, ':');
        buf_add(&text, c->key.period_text);
    }
    json_begin_object(w);
    json_member_string(w, STR("owner"), c->key.owner);
    json_member_string(w, STR("product"), c->key.product);
    json_member_string(w, STR("benefit"), c->key.benefit);
    json_member_string(w, STR("kind"), str_from(kind_names[c->key.kind]));
    json_member_i64(w, STR("clause"), c->key.clause);
    json_member_string(w, STR("code"), c->key.code);
    json_member_string(w, STR("each"), str_from(each_names[c->key.each]));
    json_member_string(w, STR("period"), buf_view(&text));
    json_member_i64(w, STR("value"), c->value);
    json_end_object(w);
    buf_done(&text);
}

struct status settle_state_write(const struct settle_state *s, struct arena *scratch, struct buf *out)
{
    const struct plan_counter **order = ARENA_ARRAY(scratch, const struct plan_counter *, s->counters.used + 1);
    struct settle_state_bill *bills = ARENA_ARRAY(scratch, struct settle_state_bill, s->bill_count + 1);
    if (!order || !bills) return status_memory();
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->counters.slot_count; i++) {
        if (s->counters.slots[i].hash != 0 && s->counters.slots[i].value != 0) order[count++] = &s->counters.slots[i];
    }
    for (uint32_t i = 0; i < s->bill_count; i++) bills[i] = s->bills[i];
    qsort(order, count, sizeof(struct plan_counter *), counter_order);
    qsort(bills, s->bill_count, sizeof *bills, bill_order);

    struct json_writer w;
    json_writer_init(&w, out, true);
    json_begin_object(&w);
    json_member_i64(&w, STR("yijie_state"), STATE_VERSION);
    json_name(&w, STR("counters"));
    json_begin_array(&w);
    for (uint32_t i = 0; i < count; i++) counter_write(order[i], &w);
    json_end_array(&w);
    json_name(&w, STR("bills"));
    json_begin_array(&w);
    for (uint32_t i = 0; i < s->bill_count; i++) {
        json_begin_object(&w);
        json_member_string(&w, STR("hospital"), bills[i].hospital);
        json_member_string(&w, STR("bill"), bills[i].bill);
        json_member_i64(&w, STR("revision"), bills[i].revision);
        json_member_i64(&w, STR("total"), bills[i].total);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    buf_add_char(out, '\n');
    return out->failed ? status_memory() : STATUS_OK;
}
