/* cases/core/effect — the members of an effect, a row and a share: name, kind, place in the struct.
 *
 * Case, cover, person and type stand beside the open part and are bound by the leaf (journal.h), so they are not repeated in it.
 * Who uses it: effect_write.c and effect_read.c. A name is never given another meaning; a new member is added in byte order and is left out when empty, so
 * that old events stay what they are. docs/events.md explains each for those who read the log.
 */
#include "cases/core/effect.h"

#include <stddef.h>
#include <string.h>

const char effect_counter_kinds[PLAN_COUNTER_KIND_COUNT + 1] = {
    [PLAN_COUNTER_FILLED] = 'f', [PLAN_COUNTER_OVER] = 'o', [PLAN_COUNTER_PAID] = 'p', [PLAN_COUNTER_LIMIT] = 'l',
    [PLAN_COUNTER_BASE] = 'b', [PLAN_COUNTER_TIMES] = 't', [PLAN_COUNTER_DAYS] = 'd'};
const char effect_counter_eaches[PLAN_EACH_COUNT + 1] = {
    [PLAN_EACH_CLAIM] = 'c', [PLAN_EACH_DAY] = 'd', [PLAN_EACH_STAY] = 's', [PLAN_EACH_YEAR] = 'y', [PLAN_EACH_LIFETIME] = 'l'};

int effect_letter_place(const char *letters, char c)
{
    const char *at = c ? strchr(letters, c) : NULL;
    return at ? (int)(at - letters) : -1;
}

static const char *state_word(int v) { return cases_state_name((enum cases_state)v); }
static const char *op_word(int v) { return cases_op_name((enum cases_op)v); }
static const char *share_state_word(int v) { return cases_share_state_name((enum cases_share_state)v); }
static const char *later_word(int v) { return cases_later_name((enum cases_later)v); }

static const char *plan_kind_word(int v)
{
    static const char *const names[PLAN_KIND_COUNT] = {
#define X(id, en, zh) [PLAN_##id] = (en),
        PLAN_KINDS(X)
#undef X
    };
    return names[v];
}

static const struct effect_words state_words = {state_word, CASES_STATE_COUNT, true};
static const struct effect_words op_words = {op_word, CASES_OP_COUNT, false};
static const struct effect_words share_state_words = {share_state_word, CASES_SHARE_STATE_COUNT, false};
static const struct effect_words later_words = {later_word, CASES_LATER_COUNT, true};
static const struct effect_words plan_kind_words = {plan_kind_word, PLAN_KIND_COUNT, false};

#define AT(type, member) (uint32_t)offsetof(struct type, member)
#define E(text, type_of, member) {.name = STR_INIT(text), .kind = (type_of), .offset = AT(cases_effect, member)}
#define E_ALSO(text, type_of, member, ...) {.name = STR_INIT(text), .kind = (type_of), .offset = AT(cases_effect, member), __VA_ARGS__}
const struct effect_member effect_members[] = {
    E("accounts", EFFECT_ACCOUNTS, accounts),
    E("act", EFFECT_TEXT, act),
    E_ALSO("at", EFFECT_I64, at_ms, .always = true),
    E("because", EFFECT_ID, because),
    E("body", EFFECT_ID, body),
    E("by", EFFECT_TEXT, act_by),
    E("chain", EFFECT_TEXT, chain),
    E("consent", EFFECT_I64, consent),
    E("counters", EFFECT_COUNTERS, deltas),
    E_ALSO("day", EFFECT_I32, day, .always = true),
    E("document", EFFECT_DIGEST, document_hash),
    E("document_from", EFFECT_TEXT, document_source),
    E("document_kind", EFFECT_TEXT, document_kind),
    E("engine", EFFECT_I32, engine),
    E("from", EFFECT_TEXT, institution),
    E("invoice", EFFECT_TEXT, invoice_number),
    E("invoice_check", EFFECT_TEXT, invoice_check),
    E("invoice_code", EFFECT_TEXT, invoice_code),
    E("key", EFFECT_ID, key),
    E("library", EFFECT_DIGEST, library),
    E("note", EFFECT_TEXT, note_code),
    E_ALSO("op", EFFECT_WORD, op, .words = &op_words),
    E("plans", EFFECT_PLANS, plans),
    E("row", EFFECT_ROW, row),
    E("shares", EFFECT_SHARES, shares),
    E_ALSO("state", EFFECT_WORD, state, .words = &state_words),
    E("tasks", EFFECT_TASKS, tasks),
    E("texts", EFFECT_TEXTS, deltas),
    E("transfers", EFFECT_TRANSFERS, transfers),
    E("world", EFFECT_I64, world_version),
};
const uint32_t effect_member_count = COUNT_OF(effect_members);

#define R(text, type_of, member) {.name = STR_INIT(text), .kind = (type_of), .offset = AT(cases_row, member)}
const struct effect_member effect_row_members[] = {
    R("account", EFFECT_I64, account),
    R("bill", EFFECT_TEXT, bill),
    R("cash", EFFECT_I64, cash),
    R("funds", EFFECT_I64, funds),
    R("hospital", EFFECT_TEXT, hospital),
    R("hospital_part", EFFECT_I64, hospital_part),
    R("payers", EFFECT_I64, payers),
    R("payout", EFFECT_I64, payout),
    R("region", EFFECT_TEXT, region),
    R("replaces", EFFECT_ID, replaces),
    R("revision", EFFECT_I64, revision),
    R("total", EFFECT_I64, total),
    R("visit", EFFECT_TEXT, visit),
};
const uint32_t effect_row_member_count = COUNT_OF(effect_row_members);

#define S(text, type_of, member) {.name = STR_INIT(text), .kind = (type_of), .offset = AT(cases_share, member)}
#define S_ALSO(text, type_of, member, ...) {.name = STR_INIT(text), .kind = (type_of), .offset = AT(cases_share, member), __VA_ARGS__}
const struct effect_member effect_share_members[] = {
    S("clocks", EFFECT_CLOCKS, clocks),
    S("expected", EFFECT_I64, expected),
    S_ALSO("kind", EFFECT_WORD, kind, .words = &plan_kind_words),
    S_ALSO("n", EFFECT_U32, n, .always = true),
    S("owner", EFFECT_TEXT, owner),
    S("pay", EFFECT_I64, pay),
    S("payer", EFFECT_TEXT, payer),
    S("policy", EFFECT_TEXT, policy),
    S_ALSO("reason", EFFECT_WORD, reason, .words = &later_words),
    S_ALSO("state", EFFECT_WORD, state, .words = &share_state_words),
    S("to_patient", EFFECT_BOOL, to_patient),
};
const uint32_t effect_share_member_count = COUNT_OF(effect_share_members);
