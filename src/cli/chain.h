/* cli/chain — a chain of the command line: by the name of a chain file, or as plan names in order of payment. Internal to the room. */
#ifndef YIJIE_CLI_CHAIN_H
#define YIJIE_CLI_CHAIN_H

#include "cli/command.h"
#include "settle/settle.h"

/* Loads the plans folder, checks and compiles what the chain names and what the policies of the bills name. Findings about plans are
 * printed; then *ret_clean is false. Fails with plan-unknown, chain-plan-twice, chain-too-long, file-…. */
struct status cli_chain_load(struct cli *c, const char *dir, const char *text, const struct bill *const *bills, uint32_t bill_count,
                             struct settle_chain *ret, bool *ret_clean);

#endif
