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
