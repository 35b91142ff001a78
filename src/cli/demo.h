/* cli/demo — what the commands of the demonstration city share: its note in the data folder. Internal to the room. */
#ifndef YIJIE_CLI_DEMO_H
#define YIJIE_CLI_DEMO_H

#include "cli/command.h"

#include "city/city.h"

/* The city that was loaded, from DIR/demo.json, unless --persons is given. Here --seed names the run of bills, not the city: *run keeps its default when it is not
 * given. False: the failure is printed. */
bool cli_demo_city(struct cli *c, int64_t *run, struct city *ret);

#endif
