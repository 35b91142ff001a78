/* cli/cmd_serve — `yijie serve`: opens the store, listens, says where, and answers until it is told to stop.
 *
 * Contract (DESIGN §9): prints `listening on ADDRESS` when ready; SIGTERM or SIGINT: answers what it took, exit 0; a second signal: no more patience with open
 * connections. Settings: DIR/config or --config FILE, options override.
 */
#include "cli/command.h"
#include "cli/session.h"
#include "cli/settings.h"

#include "api/api.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

static void signals_of(sigset_t *ret)
{
    (void)sigemptyset(ret);
    (void)sigaddset(ret, SIGTERM);
    (void)sigaddset(ret, SIGINT);
}

/* A further signal ends the patience. */
static bool hurry(void *user)
{
    (void)user;
    sigset_t set;
    signals_of(&set);
    const struct timespec now = {.tv_sec = 0};
    return sigtimedwait(&set, NULL, &now) > 0;
}

static int serve_until_told(struct cli *c, const struct api_options *o)
{
    /* Blocked before the first thread starts, so that only this one hears of them. */
    sigset_t set, before;
    signals_of(&set);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, &before) == 0);
    struct api *server = NULL;
    const struct status s = api_open(c->arena, o, &server);
    int code = CLI_OK;
    if (status_failed(s)) {
        code = cli_open_failed(c, s);
    } else {
        (void)printf("listening on %.*s\n", STR_FMT(api_address(server)));
        (void)fflush(stdout);
        int got = 0;
        while (sigwait(&set, &got) != 0) continue;
        api_close(server, hurry, NULL);
    }
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return code;
}

int cli_serve(struct cli *c)
{
    struct api_settings settings;
    const char *where = c->option[CLI_DATA] ? c->option[CLI_DATA] : c->option[CLI_STORE];
    if (!c->option[CLI_DATA] == !c->option[CLI_STORE]) {
        return cli_usage(c, "option-missing", "须给出 --data 或 --store 之一", "give one of --data and --store", where ? "--data --store" : "--data DIR");
    }
    const char *file = NULL;
    struct status s = cli_settings_load(c, &settings, &file);
    if (!status_failed(s)) s = api_settings_check(&settings, c->arena);
    if (status_failed(s)) {
        (void)cli_fail(c, s, file);
        return CLI_BAD_INPUT;
    }
    const struct api_options o = {.env = c->env, .where = str_from(where), .version = STR(YIJIE_VERSION), .settings = &settings};
    return serve_until_told(c, &o);
}
