/* cli/cmd_migrate — `yijie migrate`: makes or upgrades the schema of a store.
 *
 * On PostgreSQL it connects as the owner and grants to the servers' role, which owns nothing; servers check the schema and never change it. An embedded store is
 * migrated by whoever opens it; here one can do it beforehand and see it.
 */
#include "cli/command.h"

#include "cases/cases.h"

static struct status migrate(struct cli *c, struct str where, struct str role, uint32_t *ret_applied, int64_t *ret_version)
{
    struct store *store = NULL;
    struct store_connection *owner = NULL;
    const struct store_options o = {.env = c->env, .where = where, .server_role = role};
    TRY(store_open(c->arena, &o, &store));
    struct status s = store_connect(store, STORE_OWNER, c->arena, &owner);
    if (!status_failed(s)) {
        s = store_migrate(owner, c->arena, ret_applied);
        if (!status_failed(s)) s = store_schema_check(owner, c->arena, ret_version);
        store_disconnect(owner);
    }
    store_close(store);
    return s;
}

int cli_migrate(struct cli *c)
{
    struct cases_desk_options o;
    uint32_t applied = 0;
    int64_t version = 0;
    if (!cli_store_option(c, &o)) return CLI_BAD_INPUT;
    const char *role = c->option[CLI_SERVER_ROLE] ? c->option[CLI_SERVER_ROLE] : "yijie_server";
    const struct status s = migrate(c, o.where, str_from(role), &applied, &version);
    if (status_failed(s)) {
        (void)cli_fail(c, s, NULL);
        return CLI_FAILURE;
    }
    if (c->json) {
        buf_printf(&c->out, "{\"applied\":%u,\"version\":%lld}\n", (unsigned)applied, (long long)version);
        return CLI_OK;
    }
    cli_text(c, &c->out, arena_printf(c->arena, "结构版本 %lld，本次应用 %u 项", (long long)version, (unsigned)applied),
             arena_printf(c->arena, "schema version %lld, %u applied now", (long long)version, (unsigned)applied));
    buf_add_char(&c->out, '\n');
    return CLI_OK;
}
