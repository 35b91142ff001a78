/* ledger/json — transfers in the open part of an event: one canonical form, both ways.
 *
 * Who uses it: cases, when an event is made and when events are folded again. Invariants: names stand in canonical order (RFC 8785), every value has one form only,
 * so that reading refuses whatever writing would not produce and both ways are the same bytes. Accounts and ids are hexadecimal; whole numbers beyond
 * ±(2^53 − 1) are decimal text, so nothing passes through a floating-point reader. Left out: what is zero, the act `post`, a case or day that the row before has.
 *
 *   "transfers":[{"amt":1260000,"case":"…","cr":"00f3…","day":20421,"dr":"5b1a…","id":"…","kind":"share"},{"act":"confirm","hold":"…","id":"…","kind":"share"}]
 */
#include "codec/codec.h"
#include "ledger/set.h"

enum { JSON_SAFE_BITS = 53 };
#define JSON_SAFE_MAX ((INT64_C(1) << JSON_SAFE_BITS) - 1)

/* The members of a row, in canonical order. */
enum member { M_ACT, M_AMT, M_CASE, M_CR, M_DAY, M_DR, M_EXP, M_HOLD, M_ID, M_KIND, M_LINK, MEMBER_COUNT };
static const char *const members[MEMBER_COUNT] = {"act", "amt", "case", "cr", "day", "dr", "exp", "hold", "id", "kind", "link"};
static const char *const acts[LEDGER_ACT_COUNT] = {"post", "hold", "confirm", "void", "expire"};

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static void name_write(struct json_writer *w, enum member m) { json_name(w, str_from(members[m])); }

static void number_write(struct json_writer *w, enum member m, int64_t v) {
    if (v == 0) return;
    name_write(w, m);
    if (v <= JSON_SAFE_MAX) {
        json_i64(w, v);
        return;
    }
    char digits[20];
    size_t at = sizeof digits;
    for (; v > 0; v /= 10) digits[--at] = (char)('0' + v % 10);
    json_string(w, (struct str){digits + at, sizeof digits - at});
}

static void id_write(struct json_writer *w, enum member m, const struct id128 *id) {
    char hex[33];
    id128_hex(id, hex);
    name_write(w, m);
    json_string(w, (struct str){hex, 32});
}

static void account_write(struct json_writer *w, enum member m, int64_t id) {
    if (id == 0) return;
    char hex[16];
    for (size_t i = 0; i < sizeof hex; i++) hex[i] = "0123456789abcdef"[(uint64_t)id >> (60 - 4 * i) & 15];
    name_write(w, m);
    json_string(w, (struct str){hex, sizeof hex});
}

static void row_write(struct json_writer *w, const struct ledger_transfer *t, const struct ledger_transfer *before) {
    CHECK(t->act < LEDGER_ACT_COUNT && t->amount >= 0 && t->expires_ms >= 0);
    json_begin_object(w);
    if (t->act != LEDGER_POST) json_member_string(w, str_from(members[M_ACT]), str_from(acts[t->act]));
    number_write(w, M_AMT, t->amount);
    if (!ledger_id_equal(&t->case_id, &before->case_id)) id_write(w, M_CASE, &t->case_id);
    account_write(w, M_CR, t->credit);
    if (t->day != before->day) json_member_i64(w, str_from(members[M_DAY]), t->day);
    account_write(w, M_DR, t->debit);
    number_write(w, M_EXP, t->expires_ms);
    if (!ledger_id_zero(&t->pending_id)) id_write(w, M_HOLD, &t->pending_id);
    id_write(w, M_ID, &t->id);
    json_member_string(w, str_from(members[M_KIND]), str_from(ledger_kind_name(t->kind)));
    if (t->linked) json_member_bool(w, str_from(members[M_LINK]), true);
    json_end_object(w);
}

void ledger_transfers_write(const struct ledger_transfer *t, uint32_t count, struct json_writer *w) {
    if (count == 0) return;
    const struct ledger_transfer none = {0};
    json_name(w, STR("transfers"));
    json_begin_array(w);
    for (uint32_t i = 0; i < count; i++) row_write(w, &t[i], i ? &t[i - 1] : &none);
    json_end_array(w);
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static bool digits_read(struct str s, int64_t *ret) {
    int64_t n = 0;
    if (s.n == 0 || s.p[0] == '0') return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || !i64_mul(n, 10, &n) || !i64_add(n, s.p[i] - '0', &n)) return false;
    }
    *ret = n;
    return true;
}

/* Above zero, in the one form that writing gives it. */
static bool number_read(const struct json *v, int64_t *ret) {
    int64_t n;
    if (v->kind == JSON_NUMBER) {
        if (!json_to_i64(v, &n) || n <= 0 || n > JSON_SAFE_MAX) return false;
    } else if (v->kind != JSON_STRING || !digits_read(v->text, &n) || n <= JSON_SAFE_MAX) {
        return false;
    }
    *ret = n;
    return true;
}

static bool account_read(const struct json *v, int64_t *ret) {
    if (v->kind != JSON_STRING || v->text.n != 16) return false;
    uint64_t id = 0;
    for (size_t i = 0; i < 16; i++) {
        const char c = v->text.p[i];
        const bool digit = c >= '0' && c <= '9', letter = c >= 'a' && c <= 'f';
        if (!digit && !letter) return false;
        id = id << 4 | (uint64_t)(digit ? c - '0' : c - 'a' + 10);
    }
    if (id == 0 || id > INT64_MAX) return false;
    *ret = (int64_t)id;
    return true;
}

static bool id_read(const struct json *v, struct id128 *ret) { return v->kind == JSON_STRING && id128_parse(v->text, ret); }

static bool day_read(const struct json *v, int32_t before, int32_t *ret) {
    int64_t n;
    if (v->kind != JSON_NUMBER || !json_to_i64(v, &n) || n < INT32_MIN || n > INT32_MAX || n == before) return false;
    *ret = (int32_t)n;
    return true;
}

static bool act_read(const struct json *v, enum ledger_act *ret) {
    for (uint32_t i = LEDGER_HOLD; v->kind == JSON_STRING && i < LEDGER_ACT_COUNT; i++) {
        if (!str_eq(v->text, str_from(acts[i]))) continue;
        *ret = (enum ledger_act)i;
        return true;
    }
    return false;
}

static bool member_read(const struct json *v, enum member m, const struct ledger_transfer *before, struct ledger_transfer *t) {
    switch (m) {
    case M_ACT: return act_read(v, &t->act);
    case M_AMT: return number_read(v, &t->amount);
    case M_CASE: return id_read(v, &t->case_id) && !ledger_id_equal(&t->case_id, &before->case_id);
    case M_CR: return account_read(v, &t->credit);
    case M_DAY: return day_read(v, before->day, &t->day);
    case M_DR: return account_read(v, &t->debit);
    case M_EXP: return number_read(v, &t->expires_ms);
    case M_HOLD: return id_read(v, &t->pending_id) && !ledger_id_zero(&t->pending_id);
    case M_ID: return id_read(v, &t->id) && !ledger_id_zero(&t->id);
    case M_KIND: return v->kind == JSON_STRING && ledger_kind_parse(v->text, &t->kind);
    case M_LINK: t->linked = true; return v->kind == JSON_BOOL && v->boolean;
    case MEMBER_COUNT: break;
    }
    return false;
}

/* NULL when the row is well, else the name of the member that is not. */
static const char *row_read(const struct json *row, const struct ledger_transfer *before, struct ledger_transfer *t) {
    *t = (struct ledger_transfer){.case_id = before->case_id, .day = before->day};
    if (row->kind != JSON_OBJECT) return "";
    bool seen[MEMBER_COUNT] = {false};
    uint32_t m = 0;
    for (uint32_t i = 0; i < row->count; i++) {
        while (m < MEMBER_COUNT && !str_eq(row->names[i], str_from(members[m]))) m++; /* in order, each once */
        if (m == MEMBER_COUNT) return "?";
        if (!member_read(&row->items[i], (enum member)m, before, t)) return members[m];
        seen[m++] = true;
    }
    if (!seen[M_ID]) return members[M_ID];
    if (!seen[M_KIND]) return members[M_KIND];
    if (ledger_is_settlement(t->act)) return seen[M_HOLD] ? seen[M_EXP] ? members[M_EXP] : NULL : members[M_HOLD];
    for (size_t i = 0; i < 3; i++) {
        static const enum member needed[] = {M_AMT, M_CR, M_DR};
        if (!seen[needed[i]]) return members[needed[i]];
    }
    if (seen[M_EXP] && t->act != LEDGER_HOLD) return members[M_EXP];
    return seen[M_HOLD] ? members[M_HOLD] : NULL;
}

static struct status transfers_bad(struct arena *a, uint32_t row, const char *member) {
    return status_error(a, (struct error){.code = "ledger-transfers-bad",
        .place = *member ? arena_printf(a, "transfers[%u].%s", row, member) : arena_printf(a, "transfers[%u]", row),
        .zh = STR("事件中的转账不是规范格式"), .en = STR("a transfer of an event is not in its one form"),
        .hint_zh = STR("事件只应由 yijie 写入：数据可能已损坏，请运行 yijie audit"),
        .hint_en = STR("events are written by yijie only: the data may be damaged, run yijie audit")});
}

struct status ledger_transfers_read(struct arena *a, const struct json *v, struct ledger_transfer **ret, uint32_t *ret_count) {
    const struct json *rows = json_get(v, STR("transfers"));
    if (!rows && v->kind == JSON_OBJECT) {
        *ret = NULL;
        *ret_count = 0;
        return STATUS_OK;
    }
    if (!rows || rows->kind != JSON_ARRAY || rows->count == 0) return transfers_bad(a, 0, "");
    struct ledger_transfer *t = ARENA_ARRAY(a, struct ledger_transfer, rows->count);
    if (!t) return status_memory();
    const struct ledger_transfer none = {0};
    for (uint32_t i = 0; i < rows->count; i++) {
        const char *bad = row_read(&rows->items[i], i ? &t[i - 1] : &none, &t[i]);
        if (bad) return transfers_bad(a, i, bad);
    }
    *ret = t;
    *ret_count = rows->count;
    return STATUS_OK;
}
