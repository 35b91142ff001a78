/* cli/cmd_config — `yijie config check|show`: the settings that a server would run with, where each comes from, and what is wrong with them. */
#include "cli/command.h"
#include "cli/files.h"
#include "cli/settings.h"

#include <string.h>

enum { SETTINGS_BYTES = 256 * 1024 };

static struct status file_load(struct cli *c, struct api_settings *s, const char **ret_file)
{
    struct str text = STR("");
    if (c->option[CLI_CONFIG]) {
        *ret_file = c->option[CLI_CONFIG];
        TRY(cli_file_read(c, *ret_file, SETTINGS_BYTES, &text));
    } else if (c->option[CLI_DATA]) {
        const struct str path = arena_printf(c->arena, "%s/config", c->option[CLI_DATA]);
        if (!path.p) return status_memory();
        *ret_file = path.p;
        TRY(cli_file_read_if_any(c, path.p, SETTINGS_BYTES, &text));
    }
    return api_settings_read(s, c->arena, text);
}

struct status cli_settings_load(struct cli *c, struct api_settings *ret, const char **ret_file)
{
    static const struct {
        enum cli_option option;
        enum api_setting setting;
        bool flag;
    } overrides[] = {{CLI_LISTEN, API_LISTEN, false}, {CLI_BEHIND_PROXY, API_BEHIND_PROXY, true}, {CLI_LAN, API_LAN, true}, {CLI_ALLOW_DOUBTFUL, API_ALLOW_DOUBTFUL, true}, {CLI_KEYS, API_KEYS, false}};
    *ret_file = NULL;
    api_settings_default(ret);
    TRY(file_load(c, ret, ret_file));
    *ret_file = NULL;
    for (size_t i = 0; i < COUNT_OF(overrides); i++) {
        const char *given = c->option[overrides[i].option];
        if (given) TRY(api_setting_set(ret, c->arena, overrides[i].setting, overrides[i].flag ? STR("yes") : str_from(given), API_FROM_OPTION));
    }
    return STATUS_OK;
}

static int load(struct cli *c, struct api_settings *s)
{
    const char *file = NULL;
    struct status failed = cli_settings_load(c, s, &file);
    if (!status_failed(failed)) failed = api_settings_check(s, c->arena);
    if (!status_failed(failed)) return CLI_OK;
    (void)cli_fail(c, failed, file);
    return CLI_BAD_INPUT;
}

int cli_config_check(struct cli *c)
{
    struct api_settings s;
    const int code = load(c, &s);
    if (code != CLI_OK) return code;
    cli_text(c, &c->out, STR("设置无误"), STR("the settings are fine"));
    buf_add_char(&c->out, '\n');
    return CLI_OK;
}

static void show_json(struct cli *c, const struct api_settings *s)
{
    static const char *const origins[] = {[API_FROM_DEFAULT] = "default", [API_FROM_FILE] = "file", [API_FROM_OPTION] = "option"};
    struct json_writer w;
    json_writer_init(&w, &c->out, true);
    json_begin_object(&w);
    for (enum api_setting i = 0; i < API_SETTING_COUNT; i++) {
        json_name(&w, str_from(api_setting_info(i)->name));
        json_begin_object(&w);
        json_member_string(&w, STR("value"), s->of[i].text);
        json_member_string(&w, STR("from"), str_from(origins[s->of[i].from]));
        json_end_object(&w);
    }
    json_end_object(&w);
    buf_add_char(&c->out, '\n');
}

/* A file that could be read again. */
static void show_text(struct cli *c, const struct api_settings *s)
{
    for (enum api_setting i = 0; i < API_SETTING_COUNT; i++) {
        const struct api_setting_info *info = api_setting_info(i);
        buf_add_cstr(&c->out, "# ");
        cli_text(c, &c->out, str_from(info->zh), str_from(info->en));
        buf_printf(&c->out, "\n%s%s = %.*s\n", s->of[i].from == API_FROM_DEFAULT ? "# " : "", info->name, STR_FMT(s->of[i].text));
    }
}

int cli_config_show(struct cli *c)
{
    struct api_settings s;
    const int code = load(c, &s);
    if (code != CLI_OK) return code;
    if (c->json) show_json(c, &s);
    else show_text(c, &s);
    return CLI_OK;
}
