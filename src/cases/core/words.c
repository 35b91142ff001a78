/* cases/core/words — names and texts of the room's enums, each from its table. */
#include "cases/set.h"

struct words {
    const char *name, *zh, *en;
};

static const struct words ops[CASES_OP_COUNT] = {
#define X(id, text, zh_text, en_text) [CASES_##id] = {text, zh_text, en_text},
#include "cases/ops.def"
#undef X
};

const char *cases_op_name(enum cases_op op) { return ops[op].name; }

static const struct words share_states[CASES_SHARE_STATE_COUNT] = {
#define X(id, text, zh_text, en_text) [CASES_SHARE_##id] = {text, zh_text, en_text},
#include "cases/states.def"
#undef X
};

const char *cases_share_state_name(enum cases_share_state s) { return share_states[s].name; }
const char *cases_share_state_text(enum cases_share_state s, bool zh) { return zh ? share_states[s].zh : share_states[s].en; }

static const struct words laters[CASES_LATER_COUNT] = {
    [CASES_NOT_LATER] = {"", "", ""},
#define X(id, text, zh_text, en_text) [CASES_LATER_##id] = {text, zh_text, en_text},
#include "cases/later.def"
#undef X
};

const char *cases_later_name(enum cases_later l) { return laters[l].name; }
const char *cases_later_text(enum cases_later l, bool zh) { return zh ? laters[l].zh : laters[l].en; }

static const struct words proofs[CASES_PROOF_COUNT] = {
#define X(id, text, zh_text, en_text) [CASES_PROOF_##id] = {text, zh_text, en_text},
#include "cases/audit.def"
#undef X
};

const char *cases_proof_name(enum cases_proof p) { return proofs[p].name; }
const char *cases_proof_text(enum cases_proof p, bool zh) { return zh ? proofs[p].zh : proofs[p].en; }

const char *cases_state_name(enum cases_state s)
{
    static const char *const names[CASES_STATE_COUNT] = {
        [CASES_STATE_SETTLED] = "settled", [CASES_STATE_REVERSED] = "reversed", [CASES_STATE_IN_DOUBT] = "in_doubt"};
    return names[s];
}

struct refusal {
    const char *code;
    int http;
};

static const struct refusal refusals[CASES_REFUSAL_COUNT] = {
    [CASES_OK] = {"", 200},
#define X(id, text, status, zh, en, hint_zh, hint_en) [CASES_REFUSED_##id] = {text, status},
#include "cases/refusals.def"
#undef X
};

const char *cases_refusal_code(enum cases_refusal r) { return refusals[r].code; }
int cases_refusal_http(enum cases_refusal r) { return refusals[r].http; }
