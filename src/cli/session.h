/* cli/session — one way to a store for every command that writes: the running server when it owns the data folder, else a desk of our own. Internal to the room.
 *
 * Both ways are the same HTTP: an own desk is served on its admin socket (DIR/socket; for PostgreSQL in a private folder) for as long as the command runs, so that
 * further commands find it there. Invariant: who is not the owner of the folder cannot open the socket.
 */
#ifndef YIJIE_CLI_SESSION_H
#define YIJIE_CLI_SESSION_H

#include "cli/command.h"

struct cli_session;
/* From --data or --store, --keys, --allow-doubtful. Fails as api_open does. */
struct status cli_session_open(struct cli *c, struct cli_session **ret);
/* The running server of a data folder; NULL when nobody answers there. */
struct status cli_session_find(struct cli *c, struct str folder, struct cli_session **ret);
/* One request; the answer's body lies in the arena. Fails when no answer came. */
struct status cli_session_send(struct cli_session *s, struct arena *a, const char *method, struct str path, struct str body, const char *content_type, int *ret_status,
                               struct str *ret_body);
void cli_session_close(struct cli_session *s);
/* "Bearer KEY" from --key or YIJIE_KEY, for calls to a server elsewhere; empty when there is neither. */
struct str cli_authorization(const struct cli *c);
/* Prints why a store or server could not be opened; gives the exit code: 2 for what was asked wrongly, 3 for the rest (in use, disk, network). */
int cli_open_failed(struct cli *c, struct status s);
/* Prints a problem document that came as an answer: code, both texts, hints, findings by row. Gives the exit code: 1 for 4xx, 3 for the rest. */
int cli_problem(struct cli *c, int status, struct str body, const char *file);

#endif
