/* cli/settle_table — an answer for people: the table of payers, the reasons, and why not more. Internal to the room. */
#ifndef YIJIE_CLI_SETTLE_TABLE_H
#define YIJIE_CLI_SETTLE_TABLE_H

#include "cli/command.h"
#include "settle/settle.h"

void cli_answer_print(struct cli *c, const struct settle_answer *answer, bool lines);
/* What several bills come to together: funds, each payer's benefits, the patient's remainder. */
void cli_answers_sum_print(struct cli *c, const struct settle_answer *answers, uint32_t count);

/* "statutory:hifp_pay" as people call it; a plan's name as it is. */
struct str cli_payer_name(const struct cli *c, struct str payer, size_t columns);

#endif
