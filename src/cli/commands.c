/* cli/commands — the one table of commands and options; help, completion and the man page are made from it. */
#include "cli/command.h"

static const struct cli_option_info options[CLI_OPTION_COUNT] = {
#define X(id, name, arg, zh, en) {name, arg, zh, en},
    CLI_OPTIONS(X)
#undef X
};

const struct cli_option_info *cli_option_info(enum cli_option o)
{
    CHECK(o < CLI_OPTION_COUNT);
    return &options[o];
}

enum { MANY = 10000 };

static const struct cli_command commands[] = {
    {"settle", "BILL.json …", 1, MANY,
     CLI_BIT(CLI_PLANS) | CLI_BIT(CLI_CHAIN) | CLI_BIT(CLI_STATE) | CLI_BIT(CLI_AS_OF) | CLI_BIT(CLI_LINES) | CLI_BIT(CLI_DRY_RUN) | CLI_BIT(CLI_JSON),
     cli_settle, "结算账单：谁付多少、为什么", "settle bills: who pays what, and why",
     "yijie settle --plans plans --chain anyang-2022 demo/anyang-stay.json"},
    {"plan check", "FILE…", 1, MANY, CLI_BIT(CLI_CODES) | CLI_BIT(CLI_JSON), cli_plan_check, "检查计划：语法、单位、证明，反例附账单",
     "check plans: grammar, units and proofs, with witness bills", "yijie plan check plans/anyang-puhui-2022.plan"},
    {"plan test", "FILE…", 1, MANY, CLI_BIT(CLI_JSON), cli_plan_test, "运行计划中的示例", "run the examples inside plans",
     "yijie plan test plans/anyang-puhui-2022.plan"},
    {"plan explain", "FILE…", 1, MANY, 0, cli_plan_explain, "用平实的句子说明计划", "say in plain sentences what a plan does",
     "yijie plan explain plans/anyang-puhui-2022.plan"},
    {"plan format", "FILE…", 1, MANY, CLI_BIT(CLI_CHECK) | CLI_BIT(CLI_WRITE) | CLI_BIT(CLI_TO), cli_plan_format, "规范排版，可互译关键词",
     "print in canonical layout; may translate keywords", "yijie plan format --to en plans/anhuibao.plan"},
    {"plan diff", "A B", 2, 2, CLI_BIT(CLI_JSON), cli_plan_diff, "两个计划有何不同，附一张能看出差别的账单",
     "what changed between two plans, with a bill that shows it", "yijie plan diff plans/huhuibao-2022.plan plans/huhuibao-2023.plan"},
    {"plan disasm", "FILE…", 1, MANY, 0, cli_plan_disasm, "显示编译后的步骤", "show the compiled steps", "yijie plan disasm plans/shandong-serious-2014.plan"},
    {"plan mutate", "FILE…", 1, MANY, CLI_BIT(CLI_MAX) | CLI_BIT(CLI_BILLS) | CLI_BIT(CLI_SEED) | CLI_BIT(CLI_JSON), cli_plan_mutate,
     "改动计划，看检查或示例能否发现", "change a plan in many small ways and see whether checker or examples notice",
     "yijie plan mutate --max 100 plans/shandong-serious-2014.plan"},
    {"plan facts", "", 0, 0, CLI_BIT(CLI_JSON), cli_plan_facts, "条件可以读取的事实", "the facts that conditions may read", "yijie plan facts"},
    {"bill check", "BILL.json …", 1, MANY, CLI_BIT(CLI_JSON), cli_bill_check, "检查账单的每一个等式", "check every identity of bills",
     "yijie bill check demo/anyang-stay.json"},
    {"compare", "CLAIMS.csv", 1, 1,
     CLI_BIT(CLI_PLANS) | CLI_BIT(CLI_CHAIN) | CLI_BIT(CLI_MAP) | CLI_BIT(CLI_REPORT) | CLI_BIT(CLI_JSON), cli_compare,
     "用去年的理赔数据核对计划：一致率与每一处差异", "last year's claims against a plan: agreement and every difference",
     "yijie compare --plans plans --chain huhuibao-2023 demo/claims-huhuibao-2023.csv"},
    {"bench plan", "", 0, 0, CLI_BIT(CLI_JSON), cli_bench_plan, "测量速度：名称 数值 单位", "measure speed: name value unit", "yijie bench plan"},
    {"demo load", "", 0, 0, CLI_BIT(CLI_DATA) | CLI_BIT(CLI_STORE) | CLI_BIT(CLI_KEYS) | CLI_BIT(CLI_PERSONS) | CLI_BIT(CLI_SEED) | CLI_BIT(CLI_ALLOW_DOUBTFUL) | CLI_BIT(CLI_JSON),
     cli_demo_load, "装入演示城市：机构、产品、人员、保单", "load the demonstration city: institutions, products, persons, policies",
     "yijie demo load --data DIR --persons 1000 --allow-doubtful"},
    {"demo bills", "", 0, 0,
     CLI_BIT(CLI_DATA) | CLI_BIT(CLI_STORE) | CLI_BIT(CLI_PERSONS) | CLI_BIT(CLI_COUNT) | CLI_BIT(CLI_SEED) | CLI_BIT(CLI_LINES_OF) | CLI_BIT(CLI_COVERED),
     cli_demo_bills, "演示城市居民的账单，每行一张，可直接用于试算", "bills of the city's persons, one a line, ready to be sent as trials", "yijie demo bills --data DIR --count 10"},
    {"demo cases", "", 0, 0,
     CLI_BIT(CLI_DATA) | CLI_BIT(CLI_STORE) | CLI_BIT(CLI_KEYS) | CLI_BIT(CLI_PERSONS) | CLI_BIT(CLI_COUNT) | CLI_BIT(CLI_SEED) | CLI_BIT(CLI_LINES_OF) | CLI_BIT(CLI_COVERED) |
         CLI_BIT(CLI_ALLOW_DOUBTFUL) | CLI_BIT(CLI_JSON),
     cli_demo_cases, "结算演示城市的账单，直到共有 N 例（可中断后继续）", "settle bills of the city until there are N cases (goes on where it was stopped)",
     "yijie demo cases --data DIR --count 10000 --allow-doubtful"},
    {"demo case", "BILL.json …", 1, MANY, CLI_BIT(CLI_URL) | CLI_BIT(CLI_KEY) | CLI_BIT(CLI_JSON), cli_demo_case, "在运行中的服务器上结算一张账单",
     "settle a bill on a running server: trial, shown, confirmed", "yijie demo case demo/anyang-stay.json"},
    {"load", "", 0, 0,
     CLI_BIT(CLI_URL) | CLI_BIT(CLI_KEY) | CLI_BIT(CLI_PERSONS) | CLI_BIT(CLI_SEED) | CLI_BIT(CLI_RATE) | CLI_BIT(CLI_SECONDS) | CLI_BIT(CLI_CONNECTIONS) | CLI_BIT(CLI_COUNT) |
         CLI_BIT(CLI_LINES_OF) | CLI_BIT(CLI_COVERED) | CLI_BIT(CLI_ACKNOWLEDGED) | CLI_BIT(CLI_JSON),
     cli_load, "负载发生器：试算并确认演示病例，给出时延分位数", "load generator: cases are trialled and confirmed, latencies as percentiles", "yijie load --rate 200 --seconds 10"},
    {"audit", "", 0, 0, CLI_BIT(CLI_DATA) | CLI_BIT(CLI_STORE) | CLI_BIT(CLI_KEYS) | CLI_BIT(CLI_REPLAY) | CLI_BIT(CLI_JSON), cli_audit, "证明账与事件的各项不变式",
     "prove the invariants of ledger, cases and log", "yijie audit --data DIR"},
    {"sweep", "", 0, 0, CLI_BIT(CLI_DATA) | CLI_BIT(CLI_STORE) | CLI_BIT(CLI_KEYS) | CLI_BIT(CLI_ALLOW_DOUBTFUL) | CLI_BIT(CLI_JSON), cli_sweep, "应赔未赔：已结算账单对照现有保障",
     "who is owed what and never claimed: settled bills against covers in force", "yijie sweep --data DIR"},
    {"rebuild", "", 0, 0, CLI_BIT(CLI_DATA) | CLI_BIT(CLI_STORE) | CLI_BIT(CLI_KEYS) | CLI_BIT(CLI_JSON), cli_rebuild, "由事件重建全部派生表", "fold all events into fresh derived tables",
     "yijie rebuild --data DIR"},
    {"migrate", "", 0, 0, CLI_BIT(CLI_DATA) | CLI_BIT(CLI_STORE) | CLI_BIT(CLI_SERVER_ROLE) | CLI_BIT(CLI_JSON), cli_migrate, "建立或升级数据库结构（PostgreSQL 以所有者身份）",
     "make or upgrade the schema (PostgreSQL: as its owner)", "yijie migrate --store postgresql://owner@host/yijie"},
    {"backup", "FOLDER", 1, 1, CLI_BIT(CLI_DATA) | CLI_BIT(CLI_JSON), cli_backup, "在线备份到新目录并审计", "online copy into a new folder, proved by an audit", "yijie backup --data DIR COPY"},
    {"restore", "FOLDER", 1, 1, CLI_BIT(CLI_DATA) | CLI_BIT(CLI_JSON), cli_restore, "由备份恢复到空的数据目录并审计", "a backup into an empty data folder, proved by an audit",
     "yijie restore --data DIR COPY"},
    {"bench server", "", 0, 0, CLI_BIT(CLI_DATA) | CLI_BIT(CLI_STORE) | CLI_BIT(CLI_PERSONS) | CLI_BIT(CLI_SECONDS) | CLI_BIT(CLI_COUNT) | CLI_BIT(CLI_JSON), cli_bench_server,
     "测量服务器：每秒落盘病例数与时延", "measure the server: durable cases a second, latencies", "yijie bench server --seconds 3 --count 5"},
    {"serve", "", 0, 0, CLI_BIT(CLI_DATA) | CLI_BIT(CLI_STORE) | CLI_BIT(CLI_LISTEN) | CLI_BIT(CLI_BEHIND_PROXY) | CLI_BIT(CLI_LAN) | CLI_BIT(CLI_ALLOW_DOUBTFUL) | CLI_BIT(CLI_CONFIG) | CLI_BIT(CLI_KEYS),
     cli_serve, "结算服务器", "the settlement server", "yijie serve --data data"},
    {"config check", "", 0, 0, CLI_BIT(CLI_DATA) | CLI_BIT(CLI_CONFIG) | CLI_BIT(CLI_JSON), cli_config_check, "检查服务器的配置", "check the server's settings",
     "yijie config check --config yijie.conf"},
    {"config show", "", 0, 0, CLI_BIT(CLI_DATA) | CLI_BIT(CLI_CONFIG) | CLI_BIT(CLI_JSON), cli_config_show, "列出全部设置、含义与当前值", "list all settings with their meaning and value",
     "yijie config show"},
    {"key add", "", 0, 0, CLI_BIT(CLI_DATA) | CLI_BIT(CLI_STORE) | CLI_BIT(CLI_KEYS) | CLI_BIT(CLI_INSTITUTION) | CLI_BIT(CLI_ROLE) | CLI_BIT(CLI_NAME) | CLI_BIT(CLI_JSON), cli_key_add,
     "新建机构密钥（只显示一次）", "make a key for an institution (shown once)", "yijie key add --data data --institution H41050000001 --role hospital"},
    {"key list", "", 0, 0, CLI_BIT(CLI_DATA) | CLI_BIT(CLI_STORE) | CLI_BIT(CLI_KEYS) | CLI_BIT(CLI_JSON), cli_key_list, "列出密钥", "list the keys", "yijie key list --data data"},
    {"key revoke", "ID", 1, 1, CLI_BIT(CLI_DATA) | CLI_BIT(CLI_STORE) | CLI_BIT(CLI_KEYS) | CLI_BIT(CLI_JSON), cli_key_revoke, "撤销密钥", "revoke a key", "yijie key revoke --data data 4f2a"},
    {"import", "FILE…", 1, MANY, CLI_BIT(CLI_DATA) | CLI_BIT(CLI_STORE) | CLI_BIT(CLI_KEYS) | CLI_BIT(CLI_KIND) | CLI_BIT(CLI_DRY_RUN) | CLI_BIT(CLI_JSON), cli_import,
     "导入机构、个人、保单等（CSV 或 JSON，全有或全无）", "import institutions, persons, policies … (CSV or JSON, all or nothing)", "yijie import --data data --kind policy policies.csv"},
    {"plan publish", "DIR", 1, 1, CLI_BIT(CLI_DATA) | CLI_BIT(CLI_STORE) | CLI_BIT(CLI_KEYS) | CLI_BIT(CLI_ALLOW_DOUBTFUL) | CLI_BIT(CLI_DRY_RUN) | CLI_BIT(CLI_JSON), cli_plan_publish,
     "检查并发布计划、清单与支付链", "check and publish plans, lists and chains", "yijie plan publish --data data plans"},
    {"help", "[COMMAND …]", 0, 2, 0, cli_help, "显示帮助", "show help", "yijie help settle"},
    {"completion", "bash|zsh|fish", 1, 1, 0, cli_completion, "输出命令补全脚本", "print a completion script", "yijie completion bash"},
    {"man", "", 0, 0, 0, cli_man, "输出手册页（roff）", "print the manual page (roff)", "yijie man"},
    {"version", "", 0, 0, CLI_BIT(CLI_JSON), cli_version, "显示版本", "show the version", "yijie version"},
};

const struct cli_command *cli_commands(uint32_t *ret_count)
{
    *ret_count = COUNT_OF(commands);
    return commands;
}
