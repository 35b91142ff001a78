/* settle/words — codes and texts of the refusals of a whole bill, from refusals.def. */
#include "settle/settle.h"

static const struct {
    const char *code, *zh, *en;
} refusals[SETTLE_REFUSAL_COUNT] = {
    {"", "", ""},
#define X(id, code, zh, en) {code, zh, en},
#include "settle/refusals.def"
#undef X
};

const char *settle_refusal_code(enum settle_refusal r)
{
    CHECK(r < SETTLE_REFUSAL_COUNT);
    return refusals[r].code;
}

const char *settle_refusal_text(enum settle_refusal r, bool zh)
{
    CHECK(r < SETTLE_REFUSAL_COUNT);
    return zh ? refusals[r].zh : refusals[r].en;
}
