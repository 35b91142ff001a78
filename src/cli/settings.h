/* cli/settings — the server's settings as a command sees them: file, then options. Internal to the room. */
#ifndef YIJIE_CLI_SETTINGS_H
#define YIJIE_CLI_SETTINGS_H

#include "cli/command.h"

#include "api/api.h"

/* Defaults, then --config FILE (it must exist) or DIR/config (it may), then options. *ret_file: the file that a failure is about, or NULL. */
struct status cli_settings_load(struct cli *c, struct api_settings *ret, const char **ret_file);

#endif
