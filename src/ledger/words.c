/* ledger/words — codes, names and texts from refusals.def and kinds.def.
 *
 * Who uses it: every door that tells people why. Invariant: the tables are the enums.
 */
#include "ledger/ledger.h"

struct words {
    const char *code, *zh, *en;
};
static const struct words refusals[LEDGER_REFUSAL_COUNT] = {
    {"ok", "已入账", "done"},
#define X(id, code, zh, en) {code, zh, en},
#include "ledger/refusals.def"
#undef X
};
static const struct words kinds[LEDGER_KIND_COUNT] = {
#define X(id, name, zh, en) {name, zh, en},
#include "ledger/kinds.def"
#undef X
};

const char *ledger_refusal_code(enum ledger_refusal r) {
    CHECK(r < LEDGER_REFUSAL_COUNT);
    return refusals[r].code;
}

const char *ledger_refusal_text(enum ledger_refusal r, bool zh) {
    CHECK(r < LEDGER_REFUSAL_COUNT);
    return zh ? refusals[r].zh : refusals[r].en;
}

const char *ledger_kind_name(enum ledger_kind k) {
    CHECK(k < LEDGER_KIND_COUNT);
    return kinds[k].code;
}

const char *ledger_kind_text(enum ledger_kind k, bool zh) {
    CHECK(k < LEDGER_KIND_COUNT);
    return zh ? kinds[k].zh : kinds[k].en;
}

bool ledger_kind_parse(struct str name, enum ledger_kind *ret) {
    for (uint32_t i = 0; i < LEDGER_KIND_COUNT; i++) {
        if (!str_eq(name, str_from(kinds[i].code))) continue;
        *ret = (enum ledger_kind)i;
        return true;
    }
    return false;
}
