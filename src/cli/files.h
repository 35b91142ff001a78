/* cli/files — files as commands need them: read whole, replace atomically, lock; plan sources from a folder. Internal to the room. */
#ifndef YIJIE_CLI_FILES_H
#define YIJIE_CLI_FILES_H

#include "cli/command.h"

/* Reads a file (or "-" for standard input) into the command's arena. */
struct status cli_file_read(struct cli *c, const char *path, size_t max, struct str *ret);
/* The same; a file that does not exist gives the empty text. */
struct status cli_file_read_if_any(struct cli *c, const char *path, size_t max, struct str *ret);
struct status cli_file_replace(struct cli *c, const char *path, struct str text);

/* A lock beside a file, held while it is read and replaced. */
struct cli_lock {
    struct env_lock held;
    bool taken;
};
#define CLI_LOCK_NONE ((struct cli_lock){.taken = false})
struct status cli_lock_take(struct cli *c, const char *path, struct cli_lock *ret);
void cli_lock_drop(struct cli *c, struct cli_lock *lock);

/* One plan file as a source whose text lies in the arena. */
struct status cli_plan_read(struct cli *c, const char *path, struct plan_source **ret);
/* The column `code` of a CSV file, sorted, without repeats. */
struct status cli_codes_read(struct cli *c, const char *path, struct str **ret, uint32_t *ret_count);

#endif
