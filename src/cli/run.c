/* cli/run — one command line from arguments to exit code: find the command, read its options, run it, write its output. */
#include "cli/command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- finding the command --------------------------------------------------------------------------- */

/* The command whose words begin the arguments; *ret_words is how many they are. */
static const struct cli_command *command_find(int argc, char **argv, int *ret_words)
{
    uint32_t count = 0;
    const struct cli_command *commands = cli_commands(&count);
    for (uint32_t i = 0; i < count; i++) {
        const char *space = strchr(commands[i].path, ' ');
        const size_t first = space ? (size_t)(space - commands[i].path) : strlen(commands[i].path);
        if (argc < 2 || strlen(argv[1]) != first || strncmp(argv[1], commands[i].path, first) != 0) continue;
        if (space && (argc < 3 || strcmp(argv[2], space + 1) != 0)) continue;
        *ret_words = space ? 2 : 1;
        return &commands[i];
    }
    return NULL;
}

/* ---- options ------------------------------------------------------------------------------------------ */

static bool option_allowed(const struct cli_command *command, enum cli_option o)
{
    const uint64_t always = CLI_BIT(CLI_LANG) | CLI_BIT(CLI_COLOUR) | CLI_BIT(CLI_HELP);
    return ((command->options | always) >> o & 1U) != 0;
}

/* Reads "--name value", "--name=value" at argv[*at]; advances *at past what it used. */
static int option_read(struct cli *c, int argc, char **argv, int *at)
{
    const char *arg = argv[*at];
    const char *equals = strchr(arg, '=');
    const size_t n = equals ? (size_t)(equals - arg) : strlen(arg);
    for (enum cli_option o = 0; o < CLI_OPTION_COUNT; o++) {
        const struct cli_option_info *info = cli_option_info(o);
        if (strlen(info->name) != n || strncmp(info->name, arg, n) != 0) continue;
        if (!option_allowed(c->command, o)) break;
        if (info->arg[0] == 0) {
            if (equals) return cli_usage(c, "option-value", "该选项不带值", "the option takes no value", info->name);
            c->option[o] = "";
            c->json = c->json || o == CLI_JSON; /* also what is wrong with later options is told as JSON */
            return CLI_OK;
        }
        if (equals) {
            c->option[o] = equals + 1;
            return CLI_OK;
        }
        if (*at + 1 >= argc) return cli_usage(c, "option-value", "该选项缺少值", "the option needs a value", info->name);
        c->option[o] = argv[++*at];
        return CLI_OK;
    }
    return cli_usage(c, "option-unknown", "该命令没有这个选项", "the command has no such option", arg);
}

static int arguments_read(struct cli *c, int argc, char **argv, int from)
{
    bool options_end = false;
    for (int i = from; i < argc; i++) {
        if (!options_end && strcmp(argv[i], "--") == 0) {
            options_end = true;
        } else if (!options_end && argv[i][0] == '-' && argv[i][1] != 0) {
            const int failed = option_read(c, argc, argv, &i);
            if (failed != CLI_OK) return failed;
        } else {
            c->args[c->arg_count++] = argv[i];
        }
    }
    return CLI_OK;
}

/* ---- language and colour ---------------------------------------------------------------------------------- */

static int language_choose(struct cli *c)
{
    const char *lang = c->option[CLI_LANG];
    if (!lang) lang = getenv("YIJIE_LANG");
    if (!lang || lang[0] == 0 || strcmp(lang, "both") == 0) {
        c->zh = c->en = true;
    } else if (strcmp(lang, "zh") == 0 || strcmp(lang, "en") == 0) {
        c->zh = lang[0] == 'z';
        c->en = !c->zh;
    } else {
        return cli_usage(c, "option-value", "语言应为 zh、en 或 both", "the language is zh, en or both", lang);
    }
    return CLI_OK;
}

static int colour_choose(struct cli *c)
{
    const char *colour = c->option[CLI_COLOUR] ? c->option[CLI_COLOUR] : "auto";
    const bool always = strcmp(colour, "always") == 0;
    if (!always && strcmp(colour, "never") != 0 && strcmp(colour, "auto") != 0) {
        return cli_usage(c, "option-value", "颜色应为 auto、always 或 never", "colour is auto, always or never", colour);
    }
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    const bool terminal_may = colour[0] == 'a' && !(no_colour && no_colour[0]) && !(term && strcmp(term, "dumb") == 0);
    c->colour = always || (terminal_may && isatty(STDOUT_FILENO));
    c->colour_err = always || (terminal_may && isatty(STDERR_FILENO));
    c->columns = 100;
    if (isatty(STDOUT_FILENO)) {
        const uint32_t have = c->env->columns(c->env, STDOUT_FILENO);
        c->columns = have < 72 ? 72 : have > 120 ? 120 : have;
    }
    return CLI_OK;
}

/* ---- output --------------------------------------------------------------------------------------------------- */

/* Writes the whole result; a failed write is a failure of the command. */
static int output_write(struct cli *c, int code)
{
    if (c->out.failed) return cli_fail(c, status_memory(), NULL);
    const struct str text = buf_view(&c->out);
    const bool fine = fwrite(text.p ? text.p : "", 1, text.n, stdout) == text.n && fflush(stdout) == 0;
    if (fine) return code;
    const char *state = c->option[CLI_DRY_RUN] || code >= CLI_BAD_INPUT ? NULL : c->option[CLI_STATE];
    struct error e = {.code = "output-write", .place = STR("stdout"), .zh = STR("无法写出结果"), .en = STR("the result could not be written"),
                      .hint_zh = STR("检查磁盘空间或管道另一端"), .hint_en = STR("check disk space, or the other end of the pipe")};
    if (state) { /* the answers are lost, the settlements are not */
        e.hint_zh = arena_printf(c->arena, "结算已记入 %s，勿重复结算；检查磁盘空间或管道另一端", state);
        e.hint_en = arena_printf(c->arena, "the bills are settled and stand in %s; check disk space, or the other end of the pipe", state);
    }
    return cli_fail(c, status_error(c->arena, e), NULL);
}

static int command_run(struct cli *c, int argc, char **argv, int words)
{
    int code = language_choose(c);
    if (code == CLI_OK) code = arguments_read(c, argc, argv, 1 + words);
    if (code == CLI_OK) code = language_choose(c);
    if (code == CLI_OK) code = colour_choose(c);
    if (code != CLI_OK) return code;
    if (c->option[CLI_HELP]) {
        c->args[0] = argv[1];
        if (words == 2) c->args[1] = argv[2];
        c->arg_count = (uint32_t)words;
        code = cli_help(c);
    } else if (c->arg_count < c->command->arg_min) {
        return cli_usage(c, "argument-missing", "缺少参数", "an argument is missing", c->command->args);
    } else if (c->arg_count > c->command->arg_max) {
        return cli_usage(c, "argument-surplus", "参数过多", "an argument too many", c->args[c->command->arg_max]);
    } else {
        code = c->command->run(c);
    }
    return output_write(c, code);
}

/* "plan chekc": the group is known, its commands are named. */
static int command_unknown(struct cli *c, int argc, char **argv)
{
    uint32_t count = 0;
    const struct cli_command *commands = cli_commands(&count);
    struct buf known;
    buf_init(&known, 4096);
    const size_t n = strlen(argv[1]);
    for (uint32_t i = 0; i < count; i++) {
        if (strncmp(commands[i].path, argv[1], n) == 0 && commands[i].path[n] == ' ') buf_printf(&known, " %s", commands[i].path + n + 1);
    }
    const bool group = known.n > 0;
    const struct str what = arena_printf(c->arena, "%s%s%s", argv[1], group && argc > 2 ? " " : "", group && argc > 2 ? argv[2] : "");
    const struct error e = {.code = "command-unknown", .place = STR("yijie"),
        .zh = arena_printf(c->arena, "没有这个命令：%.*s", STR_FMT(what)), .en = arena_printf(c->arena, "no such command: %.*s", STR_FMT(what)),
        .hint_zh = group ? arena_printf(c->arena, "%s 之后可用：%.*s", argv[1], STR_FMT(buf_view(&known))) : STR("命令一览：yijie help"),
        .hint_en = group ? arena_printf(c->arena, "behind %s stands one of:%.*s", argv[1], STR_FMT(buf_view(&known))) : STR("yijie help lists the commands")};
    cli_fail(c, (struct status){&e}, NULL);
    buf_done(&known);
    return CLI_BAD_INPUT;
}

static int run_without_command(struct cli *c, int argc, char **argv)
{
    if (language_choose(c) != CLI_OK) return CLI_BAD_INPUT;
    if (argc >= 2 && strcmp(argv[1], "--help") != 0 && strcmp(argv[1], "-h") != 0 && strcmp(argv[1], "--version") != 0) return command_unknown(c, argc, argv);
    if (colour_choose(c) != CLI_OK) return CLI_BAD_INPUT;
    const bool version = argc >= 2 && strcmp(argv[1], "--version") == 0;
    const int code = version ? cli_version(c) : cli_help(c);
    return output_write(c, argc < 2 ? CLI_BAD_INPUT : code);
}

int cli_run(const struct env *env, int argc, char **argv)
{
    struct arena arena;
    arena_init(&arena, CLI_ARENA_BYTES);
    char *none[2] = {NULL, NULL};
    struct cli c = {.env = env, .arena = &arena, .err = stderr, .args = none};
    buf_init(&c.out, CLI_OUT_BYTES);
    int words = 0, code = CLI_FAILURE;
    c.command = command_find(argc, argv, &words);
    if (!c.command) {
        code = run_without_command(&c, argc, argv);
    } else {
        c.args = ARENA_ARRAY(&arena, char *, (size_t)argc + 2);
        code = c.args ? command_run(&c, argc, argv, words) : cli_fail(&c, status_memory(), NULL);
    }
    buf_done(&c.out);
    arena_done(&arena);
    return code;
}
