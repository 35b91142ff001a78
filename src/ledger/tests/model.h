/* ledger/tests/model — the ledger once more, slow and plain: a list of transfers, and every question answered by walking it. The oracle of the property test. */
#ifndef YIJIE_LEDGER_TESTS_MODEL_H
#define YIJIE_LEDGER_TESTS_MODEL_H

#include "ledger/ledger.h"

enum { MODEL_TRANSFERS_MAX = 1024, MODEL_ACCOUNTS_MAX = 8 };

/* What the model may get wrong on purpose, to prove that the test can fail. */
enum model_fault { MODEL_SOUND, MODEL_IGNORES_HOLDS, MODEL_EXPIRES_LATE, MODEL_CONFIRMS_TWICE, MODEL_SKIPS_A_LEG, MODEL_FAULT_COUNT };

struct model_account {
    int64_t id;
    const struct currency *currency;
    uint32_t flags;
    int64_t limit;
};
struct model {
    enum model_fault fault;
    struct model_account accounts[MODEL_ACCOUNTS_MAX];
    uint32_t account_count;
    struct ledger_transfer list[MODEL_TRANSFERS_MAX]; /* accepted, in order; `state` as asked, never changed */
    uint32_t count;
};
/* Answers and, where accepted, appends. Chains as ledger_apply. */
void model_apply(struct model *m, int64_t now_ms, const struct ledger_transfer *t, uint32_t count, enum ledger_refusal *ret);
/* The four sums of an account: debits held, debits, credits held, credits. */
void model_sums(const struct model *m, int64_t account, int64_t ret[4]);

#endif
