/* cli/help — help, completion, manual page and version, all from the tables of commands.c. */
#include "cli/command.h"

#include <string.h>

#ifndef YIJIE_VERSION
#error "the build sets YIJIE_VERSION"
#endif

enum { TEXT_COLUMNS = 48 };

static bool option_is_of(const struct cli_command *command, enum cli_option o)
{
    const uint64_t always = CLI_BIT(CLI_LANG) | CLI_BIT(CLI_COLOUR) | CLI_BIT(CLI_HELP);
    return ((command->options | always) >> o & 1U) != 0;
}

static void help_row(const struct cli *c, struct cli_table *t, const char *first, const char *zh, const char *en)
{
    cli_table_add(t, arena_printf(c->arena, "  %s", first));
    cli_table_add(t, cli_pair(c, str_from(zh), str_from(en), TEXT_COLUMNS));
}

static void option_row(const struct cli *c, struct cli_table *t, enum cli_option o)
{
    const struct cli_option_info *info = cli_option_info(o);
    help_row(c, t, arena_printf(c->arena, "%s%s%s", info->name, info->arg[0] ? " " : "", info->arg).p, info->zh, info->en);
}

static void command_help(struct cli *c, const struct cli_command *command)
{
    cli_style(c, &c->out, CLI_BOLD);
    buf_printf(&c->out, "yijie %s", command->path);
    cli_style(c, &c->out, CLI_PLAIN);
    buf_printf(&c->out, " [--…] %s\n", command->args);
    cli_wrap(c, cli_pair(c, str_from(command->zh), str_from(command->en), c->columns));
    buf_add_char(&c->out, '\n');
    struct cli_table t;
    cli_table_init(&t, c->arena, 2, "ll");
    t.flexible = 1;
    t.total_max = c->columns;
    for (enum cli_option o = 0; o < CLI_OPTION_COUNT; o++) {
        if (option_is_of(command, o)) option_row(c, &t, o);
    }
    cli_table_print(c, &t, &c->out);
    buf_add_char(&c->out, '\n');
    cli_text(c, &c->out, STR("例"), STR("example"));
    buf_printf(&c->out, ":\n  %s\n\n", command->example);
    cli_wrap(c, cli_pair(c, STR("退出码：0 完成，1 拒绝或有发现，2 输入有误，3 故障"), STR("exit codes: 0 done, 1 refused or findings, 2 bad input, 3 failure"), c->columns));
}

static int all_help(struct cli *c)
{
    cli_style(c, &c->out, CLI_BOLD);
    buf_add_cstr(&c->out, "yijie 医结 " YIJIE_VERSION);
    cli_style(c, &c->out, CLI_PLAIN);
    buf_add_cstr(&c->out, "\n");
    cli_wrap(c, cli_pair(c, STR("医疗费用一站式结算：谁付多少、为什么，精确到分"),
                         STR("one-stop settlement of medical bills: who pays what and why, exact to the fen"), c->columns));
    buf_add_char(&c->out, '\n');
    uint32_t count = 0;
    const struct cli_command *commands = cli_commands(&count);
    struct cli_table t;
    cli_table_init(&t, c->arena, 2, "ll");
    t.flexible = 1;
    t.total_max = c->columns;
    for (uint32_t i = 0; i < count; i++) {
        help_row(c, &t, arena_printf(c->arena, "yijie %s %s", commands[i].path, commands[i].args).p, commands[i].zh, commands[i].en);
    }
    cli_table_print(c, &t, &c->out);
    buf_add_char(&c->out, '\n');
    cli_wrap(c, cli_pair(c, STR("yijie help COMMAND 显示选项与例子"), STR("yijie help COMMAND shows options and an example"), c->columns));
    return CLI_OK;
}

/* help · help settle · help plan check · help plan (all that begin with it) */
int cli_help(struct cli *c)
{
    if (c->arg_count == 0) return all_help(c);
    const struct str path = c->arg_count == 1 ? str_from(c->args[0]) : arena_printf(c->arena, "%s %s", c->args[0], c->args[1]);
    uint32_t count = 0, found = 0;
    const struct cli_command *commands = cli_commands(&count);
    for (uint32_t i = 0; i < count; i++) {
        const struct str p = str_from(commands[i].path);
        const bool exact = str_eq(p, path), group = str_starts(p, path) && p.n > path.n && p.p[path.n] == ' ';
        if (!exact && !group) continue;
        if (found++ > 0) buf_add_char(&c->out, '\n');
        command_help(c, &commands[i]);
    }
    if (found == 0) return cli_usage(c, "command-unknown", "没有这个命令", "no such command", c->args[0]);
    return CLI_OK;
}

int cli_version(struct cli *c)
{
    if (!c->json) {
        buf_printf(&c->out, "yijie %s (engine %d)\n", YIJIE_VERSION, PLAN_ENGINE_VERSION);
        return CLI_OK;
    }
    struct json_writer w;
    json_writer_init(&w, &c->out, false);
    json_begin_object(&w);
    json_member_string(&w, STR("version"), STR(YIJIE_VERSION));
    json_member_i64(&w, STR("engine"), PLAN_ENGINE_VERSION);
    json_end_object(&w);
    buf_add_char(&c->out, '\n');
    return CLI_OK;
}

/* ---- completion ------------------------------------------------------------------------------------------- */

/* The first word of a command's path. */
static struct str first_word(const struct cli_command *command)
{
    const char *space = strchr(command->path, ' ');
    return (struct str){command->path, space ? (size_t)(space - command->path) : strlen(command->path)};
}

/* Is this the first command of the table that begins with its word? */
static bool word_is_new(const struct cli_command *commands, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++) {
        if (str_eq(first_word(&commands[k]), first_word(&commands[i]))) return false;
    }
    return true;
}

/* Is it a group: a first word with second words? */
static bool is_group(const struct cli_command *command) { return strchr(command->path, ' ') != NULL; }

/* All first words, or the second words of a group. */
static void words_list(struct cli *c, struct str group)
{
    uint32_t count = 0;
    const struct cli_command *commands = cli_commands(&count);
    for (uint32_t i = 0; i < count; i++) {
        const struct str word = first_word(&commands[i]);
        if (group.n == 0 && word_is_new(commands, i)) buf_printf(&c->out, "%.*s ", STR_FMT(word));
        else if (group.n > 0 && is_group(&commands[i]) && str_eq(word, group)) buf_printf(&c->out, "%s ", commands[i].path + word.n + 1);
    }
}

static void options_list(struct cli *c, const struct cli_command *command)
{
    for (enum cli_option o = 0; o < CLI_OPTION_COUNT; o++) {
        if (option_is_of(command, o)) buf_printf(&c->out, "%s ", cli_option_info(o)->name);
    }
}

/* "plan|bill|…" */
static void groups_list(struct cli *c, const struct cli_command *commands, uint32_t count)
{
    bool more = false;
    for (uint32_t i = 0; i < count; i++) {
        if (!is_group(&commands[i]) || !word_is_new(commands, i)) continue;
        buf_printf(&c->out, "%s%.*s", more ? "|" : "", STR_FMT(first_word(&commands[i])));
        more = true;
    }
}

static void bash_completion(struct cli *c)
{
    uint32_t count = 0;
    const struct cli_command *commands = cli_commands(&count);
    buf_add_cstr(&c->out, "# bash completion of yijie: source <(yijie completion bash)\n_yijie() {\n"
                          "  local cur=${COMP_WORDS[COMP_CWORD]} path=${COMP_WORDS[1]}\n"
                          "  case $path in ");
    groups_list(c, commands, count);
    buf_add_cstr(&c->out, ") path=\"$path ${COMP_WORDS[2]}\";; esac\n"
                          "  if [ \"$COMP_CWORD\" = 1 ]; then COMPREPLY=($(compgen -W \"");
    words_list(c, STR(""));
    buf_add_cstr(&c->out, "\" -- \"$cur\")); return; fi\n");
    for (uint32_t i = 0; i < count; i++) {
        if (!is_group(&commands[i]) || !word_is_new(commands, i)) continue;
        buf_printf(&c->out, "  if [ \"$COMP_CWORD\" = 2 ] && [ \"${COMP_WORDS[1]}\" = %.*s ]; then COMPREPLY=($(compgen -W \"", STR_FMT(first_word(&commands[i])));
        words_list(c, first_word(&commands[i]));
        buf_add_cstr(&c->out, "\" -- \"$cur\")); return; fi\n");
    }
    buf_add_cstr(&c->out, "  if [ \"$COMP_CWORD\" = 2 ] && [ \"$path\" = completion ]; then COMPREPLY=($(compgen -W \"bash zsh fish\" -- \"$cur\")); return; fi\n");
    buf_add_cstr(&c->out, "  case $cur in -*) ;; *) COMPREPLY=($(compgen -f -- \"$cur\")); return;; esac\n  case $path in\n");
    for (uint32_t i = 0; i < count; i++) {
        buf_printf(&c->out, "    '%s') COMPREPLY=($(compgen -W \"", commands[i].path);
        options_list(c, &commands[i]);
        buf_add_cstr(&c->out, "\" -- \"$cur\"));;\n");
    }
    buf_add_cstr(&c->out, "  esac\n}\ncomplete -o filenames -F _yijie yijie\n");
}

static void zsh_completion(struct cli *c)
{
    buf_add_cstr(&c->out, "#compdef yijie\n# zsh completion of yijie: source <(yijie completion zsh)\nautoload -U +X bashcompinit && bashcompinit\n");
    bash_completion(c);
}

static void fish_completion(struct cli *c)
{
    uint32_t count = 0;
    const struct cli_command *commands = cli_commands(&count);
    buf_add_cstr(&c->out, "# fish completion of yijie: yijie completion fish | source\n");
    for (uint32_t i = 0; i < count; i++) {
        const struct str word = first_word(&commands[i]);
        const char *last = is_group(&commands[i]) ? commands[i].path + word.n + 1 : commands[i].path;
        if (word_is_new(commands, i)) buf_printf(&c->out, "complete -c yijie -n __fish_use_subcommand -a '%.*s'\n", STR_FMT(word));
        if (is_group(&commands[i])) buf_printf(&c->out, "complete -c yijie -n '__fish_seen_subcommand_from %.*s' -a '%s' -d '%s'\n", STR_FMT(word), last, commands[i].zh);
        for (enum cli_option o = 0; o < CLI_OPTION_COUNT; o++) {
            if (!option_is_of(&commands[i], o)) continue;
            buf_printf(&c->out, "complete -c yijie -n '__fish_seen_subcommand_from %s' -l %s -d '%s'\n", last, cli_option_info(o)->name + 2, cli_option_info(o)->zh);
        }
    }
}

int cli_completion(struct cli *c)
{
    if (strcmp(c->args[0], "bash") == 0) bash_completion(c);
    else if (strcmp(c->args[0], "zsh") == 0) zsh_completion(c);
    else if (strcmp(c->args[0], "fish") == 0) fish_completion(c);
    else return cli_usage(c, "shell-unknown", "支持 bash、zsh、fish", "bash, zsh and fish are known", c->args[0]);
    return CLI_OK;
}

/* ---- manual page --------------------------------------------------------------------------------------------- */

/* roff: a leading dot or quote, hyphens and backslashes are escaped. */
static void roff_add(struct buf *out, const char *s)
{
    if (*s == '.' || *s == '\'') buf_add_cstr(out, "\\&");
    for (; *s; s++) {
        if (*s == '-') buf_add_cstr(out, "\\-");
        else if (*s == '\\') buf_add_cstr(out, "\\e");
        else buf_add_char(out, *s);
    }
}

int cli_man(struct cli *c)
{
    struct buf *o = &c->out;
    uint32_t count = 0;
    const struct cli_command *commands = cli_commands(&count);
    buf_add_cstr(o, ".TH YIJIE 1 \"\" \"yijie " YIJIE_VERSION "\" \"yijie 医结\"\n.SH NAME\nyijie \\- one\\-stop settlement of medical bills 医疗费用一站式结算\n"
                    ".SH SYNOPSIS\n.B yijie\n.I COMMAND\n[options] [files]\n.SH COMMANDS\n");
    for (uint32_t i = 0; i < count; i++) {
        buf_add_cstr(o, ".TP\n.B yijie ");
        roff_add(o, commands[i].path);
        buf_add_cstr(o, "\n.RI \"");
        roff_add(o, commands[i].args);
        buf_add_cstr(o, "\"\n.br\n");
        roff_add(o, commands[i].en);
        buf_add_cstr(o, "\n.br\n");
        roff_add(o, commands[i].zh);
        buf_add_cstr(o, "\n.br\nExample: ");
        roff_add(o, commands[i].example);
        buf_add_cstr(o, "\n.br\nOptions: ");
        for (enum cli_option k = 0; k < CLI_OPTION_COUNT; k++) {
            if (!(commands[i].options >> k & 1U)) continue;
            roff_add(o, cli_option_info(k)->name);
            buf_add_char(o, ' ');
        }
        buf_add_char(o, '\n');
    }
    buf_add_cstr(o, ".SH OPTIONS\n");
    for (enum cli_option k = 0; k < CLI_OPTION_COUNT; k++) {
        const struct cli_option_info *info = cli_option_info(k);
        buf_add_cstr(o, ".TP\n.B ");
        roff_add(o, info->name);
        buf_add_char(o, ' ');
        roff_add(o, info->arg);
        buf_add_char(o, '\n');
        roff_add(o, info->en);
        buf_add_cstr(o, "\n.br\n");
        roff_add(o, info->zh);
        buf_add_char(o, '\n');
    }
    buf_add_cstr(o, ".SH \"EXIT STATUS\"\n0 done, 1 refused or findings, 2 bad input, 3 failure; the worst wins.\n"
                    ".SH ENVIRONMENT\n.TP\n.B YIJIE_LANG\nzh, en or both (default)\n.TP\n.B YIJIE_KEY\nthe key for calls to a server, instead of \\-\\-key\n.TP\n.B NO_COLOR\nno colours\n"
                    ".SH \"SEE ALSO\"\n/usr/share/doc/yijie\n");
    return CLI_OK;
}
