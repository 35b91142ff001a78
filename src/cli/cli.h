/* cli — the commands of yijie for people at a terminal and for programs.
 *
 * Who uses it: app (main). Invariants: one table of commands and options (commands.c) from which parsing, help, completion and the man page come;
 * results go to standard output whole or not at all, findings to standard error; exit codes are those of DESIGN §9:
 * 0 done, 1 refused (or findings, differences), 2 bad input, 3 failure; the worst wins.
 */
#ifndef YIJIE_CLI_H
#define YIJIE_CLI_H

#include "env/env.h"

enum cli_exit { CLI_OK = 0, CLI_REFUSED = 1, CLI_BAD_INPUT = 2, CLI_FAILURE = 3 };

/* Runs one command line. argv[0] is the program. Never exits the process. */
int cli_run(const struct env *env, int argc, char **argv);

#endif
