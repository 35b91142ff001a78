/* cli/command — what a command sees: its parsed options, where it writes, and the language people asked for. Internal to the room. */
#ifndef YIJIE_CLI_COMMAND_H
#define YIJIE_CLI_COMMAND_H

#include "base/base.h"
#include "cli/cli.h"
#include "codec/codec.h"
#include "plan/plan.h"

#include <stdio.h>

enum { CLI_OPTION_MAX = 64, CLI_ARENA_BYTES = 1 << 30, CLI_OUT_BYTES = 1 << 30 };

/* Every option of every command, once. X(ID, name, argument or "", chinese, english) */
#define CLI_OPTIONS(X)                                                                                                                    \
    X(PLANS, "--plans", "DIR", "计划目录（*.plan *.list *.chain，含子目录）", "folder of plans (*.plan *.list *.chain, with subfolders)")          \
    X(CHAIN, "--chain", "NAME|PLAN,PLAN,…", "支付链的名称，或按支付顺序的计划名", "a chain by name, or plan names in order of payment")               \
    X(STATE, "--state", "FILE", "累计状态文件：不存在则新建，原子替换", "counters carried between runs: made if absent, replaced atomically")        \
    X(AS_OF, "--as-of", "DATE", "结算日（默认账单最后一天）", "day of settlement (default: the bill's last day)")                               \
    X(LINES, "--lines", "", "列出每行、每类、每个支付方的金额", "add the shares per line, bucket and payer")                                     \
    X(DRY_RUN, "--dry-run", "", "只计算，不写状态文件或原文件", "compute only: write neither state nor source")                                 \
    X(JSON, "--json", "", "输出 JSON", "print JSON")                                                                                     \
    X(LANG, "--lang", "zh|en|both", "语言（默认 both；也可设 YIJIE_LANG）", "language (default both; also YIJIE_LANG)")                       \
    X(COLOUR, "--colour", "auto|always|never", "颜色（默认仅终端）", "colour (default: only on a terminal)")                                   \
    X(CODES, "--codes", "FILE", "目录编码表 CSV（列 code），用于核对清单", "catalogue of known codes, CSV with a column code, to check lists against") \
    X(CHECK, "--check", "", "只检查格式是否规范，不改写", "only tell whether the layout is canonical")                                           \
    X(WRITE, "--write", "", "改写原文件", "rewrite the file in place")                                                                     \
    X(TO, "--to", "zh|en", "转换为该语言的关键词", "translate keywords into this language")                                                  \
    X(MAP, "--map", "FILE", "列名对应表 JSON", "names of columns, JSON")                                                                   \
    X(REPORT, "--report", "FILE", "差异清单写入 CSV", "write every difference to a CSV file")                                                \
    X(MAX, "--max", "N", "最多数量", "at most so many")                                                                                    \
    X(BILLS, "--bills", "N", "随机账单数", "random bills for each")                                                                          \
    X(SEED, "--seed", "S", "随机种子", "random seed")                                                                                       \
    X(DATA, "--data", "DIR", "数据目录（SQLite）", "data folder (SQLite)")                                                                    \
    X(STORE, "--store", "URL", "数据库 postgresql://…（代替 --data）", "database postgresql://… (instead of --data)")                          \
    X(PERSONS, "--persons", "N", "人数（默认 100000）", "how many persons (default 100000)")                                                  \
    X(COUNT, "--count", "N", "数量", "how many")                                                                                            \
    X(LINES_OF, "--lines-per-bill", "N", "每张账单的行数（默认按就诊类别）", "lines of each bill (default: as the kind of visit has them)")          \
    X(COVERED, "--covered", "", "只取有惠民保和一份商业保险的人", "only persons with the city's product and a commercial policy")                     \
    X(URL, "--url", "URL", "服务器地址（默认 http://127.0.0.1:8642）", "the server (default http://127.0.0.1:8642)")                             \
    X(RATE, "--rate", "N|max", "每秒到达的病例数（max：测饱和）", "cases that arrive a second (max: saturation)")                                   \
    X(SECONDS, "--seconds", "N", "持续秒数", "how long, in seconds")                                                                         \
    X(CONNECTIONS, "--connections", "N", "连接数", "connections")                                                                            \
    X(KEY, "--key", "KEY", "机构密钥（也可设 YIJIE_KEY）", "the institution's key (also YIJIE_KEY)")                                           \
    X(KEYS, "--keys", "FILE", "密钥文件（默认 DIR/keys.json）", "file of keys (default DIR/keys.json)")                                       \
    X(REPLAY, "--replay", "", "并用记录的版本重算每个可读案件", "also run every readable case again with its recorded versions")                    \
    X(ACKNOWLEDGED, "--acknowledged", "FILE", "写入已获确认的病例号，每行一个", "write the ids of acknowledged cases, one a line")            \
    X(LISTEN, "--listen", "ADDRESS", "监听地址（默认 127.0.0.1:8642）", "address to listen on (default 127.0.0.1:8642)")                          \
    X(BEHIND_PROXY, "--behind-proxy", "", "在 nginx 之后运行：经 Unix 套接字接受请求", "run behind nginx: take requests over a Unix socket")        \
    X(LAN, "--lan", "", "允许监听本机以外的地址（不加密）", "may listen beyond this machine (not encrypted)")                              \
    X(ALLOW_DOUBTFUL, "--allow-doubtful", "", "允许 D 级计划（演示）", "plans of grade D may be used (demonstration)")                         \
    X(CONFIG, "--config", "FILE", "配置文件（默认 DIR/config）", "settings file (default DIR/config)")                                        \
    X(KIND, "--kind", "KIND", "各行的变更类型（文件没有 change 列时）", "what the rows are, when the file has no column change")                  \
    X(INSTITUTION, "--institution", "ID", "机构编号", "the institution")                                                                      \
    X(ROLE, "--role", "ROLE", "hospital|insurer|operator|auditor|admin", "hospital|insurer|operator|auditor|admin")                        \
    X(NAME, "--name", "TEXT", "名称，便于辨认", "a name to know it by")                                                                       \
    X(SERVER_ROLE, "--server-role", "ROLE", "PostgreSQL 中服务器使用的角色（默认 yijie_server）", "the role of the servers in PostgreSQL (default yijie_server)") \
    X(HELP, "--help", "", "显示帮助", "show help")

enum cli_option {
#define X(id, name, arg, zh, en) CLI_##id,
    CLI_OPTIONS(X)
#undef X
        CLI_OPTION_COUNT
};
#define CLI_BIT(o) (UINT64_C(1) << (o))

struct cli {
    const struct env *env;
    struct arena *arena;
    const struct cli_command *command;
    const char *option[CLI_OPTION_COUNT]; /* NULL: not given; "" for those without argument */
    char **args;                          /* what is not an option */
    uint32_t arg_count;
    bool json, zh, en, colour, colour_err;
    uint32_t columns;                     /* what people's output may fill: the terminal's, within 72 .. 120; 100 elsewhere */
    struct buf out; /* standard output, written when the command is done */
    FILE *err;
};

struct cli_command {
    const char *path;              /* "settle", "plan check" */
    const char *args;              /* "BILL.json …" */
    uint32_t arg_min, arg_max;
    uint64_t options;              /* bits; --lang, --colour and --help are always allowed */
    int (*run)(struct cli *c);
    const char *zh, *en;           /* one line */
    const char *example;
};
const struct cli_command *cli_commands(uint32_t *ret_count);
const struct cli_option_info {
    const char *name, *arg, *zh, *en;
} *cli_option_info(enum cli_option o);

/* ---- what commands share -------------------------------------------------------------------------------- */

/* Prints a failure with its chain to standard error, as text or with --json as one JSON object a line; gives the exit code
 * (CLI_FAILURE for the system's codes out-of-memory and file-…, except those of a file the user named; else CLI_BAD_INPUT). */
int cli_fail(struct cli *c, struct status s, const char *file);
/* Prints diagnostics to standard error; true when there was an error. */
bool cli_diagnostics(struct cli *c, const struct plan_diagnostics *d);
/* A usage error: exit code 2 with the way to help. */
int cli_usage(struct cli *c, const char *code, const char *zh, const char *en, const char *what);
/* A whole number behind an option; *ret keeps its default when the option is not given. False: the usage error is printed. */
bool cli_number(struct cli *c, enum cli_option o, int64_t min, int64_t max, int64_t *ret);
/* "zh / en", "zh" or "en" as people asked. */
void cli_text(const struct cli *c, struct buf *out, struct str zh, struct str en);
/* As a cell: on one line while it fits into so many columns, else the second language below the first. */
struct str cli_pair(const struct cli *c, struct str zh, struct str en, size_t columns);
/* Prints text line by line, wrapped to the columns at hand under its own indentation. */
void cli_wrap(struct cli *c, struct str text);
/* Escapes: nothing without colour. */
enum cli_style { CLI_PLAIN, CLI_BOLD, CLI_DIM, CLI_RED, CLI_GREEN, CLI_YELLOW, CLI_BLUE };
void cli_style(const struct cli *c, struct buf *out, enum cli_style s);
/* A progress line on standard error, only on a terminal; `done` of `total`; removed by cli_progress_end. */
void cli_progress(struct cli *c, const char *zh, const char *en, uint64_t done, uint64_t total);
void cli_progress_end(struct cli *c);

/* ---- tables ------------------------------------------------------------------------------------------------ */

/* A table for people: columns aligned by terminal columns, also with wide characters. A cell may hold one line break: what follows stands below, dimmed. */
struct cli_table {
    struct arena *arena;
    struct str *cells;
    uint32_t column_count, cell_count, cell_cap;
    bool right[12];
    size_t width_max[12];    /* longer cells are wrapped; 0: none */
    uint32_t flexible;       /* the column that gives way when the table is wider than total_max */
    size_t total_max;        /* 0: none */
    uint32_t rule_after[8]; /* rows behind which a rule stands */
    uint32_t rule_count;
};
void cli_table_init(struct cli_table *t, struct arena *a, uint32_t columns, const char *align); /* "lrr": left, right */
void cli_table_add(struct cli_table *t, struct str cell);
void cli_table_rule(struct cli_table *t);
void cli_table_print(const struct cli *c, const struct cli_table *t, struct buf *out);

/* ---- plans from files ------------------------------------------------------------------------------------------ */

/* Reads every *.plan, *.list and *.chain under a folder (subfolders too, in order of names). Diagnostics are printed. */
struct status cli_library_load(struct cli *c, const char *dir, struct plan_library *ret, bool *ret_clean);
/* Reads single files; lists and plans beside them (same folder) may be referred to. *ret_plans are the plans of the files named. */
struct cli_named_plan {
    struct plan *plan;
    const struct plan_source *source;
    struct plan_file *file;
};
struct status cli_files_load(struct cli *c, char **files, uint32_t count, struct plan_library *ret_lib, struct cli_named_plan **ret_plans,
                             uint32_t *ret_count, bool *ret_clean);

/* ---- commands -------------------------------------------------------------------------------------------------- */

int cli_settle(struct cli *c);
int cli_plan_check(struct cli *c);
int cli_plan_test(struct cli *c);
int cli_plan_explain(struct cli *c);
int cli_plan_format(struct cli *c);
int cli_plan_diff(struct cli *c);
int cli_plan_disasm(struct cli *c);
int cli_plan_mutate(struct cli *c);
int cli_plan_facts(struct cli *c);
int cli_bill_check(struct cli *c);
int cli_compare(struct cli *c);
int cli_bench_plan(struct cli *c);
int cli_bench_server(struct cli *c);
void cli_figures_print(struct cli *c, struct str figures); /* lines `name value unit`, or with --json an object each */
/* --data, --store, --keys as a desk's options; false: the usage error is printed. */
struct cases_desk_options;
bool cli_store_option(struct cli *c, struct cases_desk_options *ret);
int cli_audit(struct cli *c);
int cli_rebuild(struct cli *c);
int cli_migrate(struct cli *c);
int cli_sweep(struct cli *c);
int cli_backup(struct cli *c);
int cli_restore(struct cli *c);
int cli_demo_load(struct cli *c);
int cli_demo_bills(struct cli *c);
int cli_demo_cases(struct cli *c);
int cli_demo_case(struct cli *c);
int cli_load(struct cli *c);
int cli_serve(struct cli *c);
int cli_config_check(struct cli *c);
int cli_config_show(struct cli *c);
int cli_key_add(struct cli *c);
int cli_key_list(struct cli *c);
int cli_key_revoke(struct cli *c);
int cli_import(struct cli *c);
int cli_plan_publish(struct cli *c);
int cli_help(struct cli *c);
int cli_completion(struct cli *c);
int cli_man(struct cli *c);
int cli_version(struct cli *c);

#endif
