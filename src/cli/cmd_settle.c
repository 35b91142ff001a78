/* cli/cmd_settle — `yijie settle`: bills in order against a chain, without a server.
 *
 * Contract (DESIGN §9): all bills are read and checked before the first is settled; the state file is locked and replaced atomically after the
 * last; a bill that is refused leaves no trace; the answers are written only when the state is safe. Exit 0 settled, 1 a bill refused, 2 bad
 * input, 3 failure, the worst wins.
 */
#include "cli/chain.h"
#include "cli/files.h"
#include "cli/settle_table.h"

#include <string.h>

static struct status bills_read(struct cli *c, const struct bill ***ret, const char **ret_file)
{
    const struct bill **bills = ARENA_ARRAY(c->arena, const struct bill *, c->arg_count + 1);
    if (!bills) return status_memory();
    for (uint32_t i = 0; i < c->arg_count; i++) {
        *ret_file = c->args[i];
        struct str text;
        TRY(cli_file_read(c, c->args[i], LIMIT_JSON_BYTES, &text));
        TRY(bill_parse(c->arena, text, &bills[i]));
    }
    *ret_file = NULL;
    *ret = bills;
    return STATUS_OK;
}

static void warnings_print(struct cli *c, const struct bill *bill, const char *file)
{
    if (bill->warnings) cli_fail(c, (struct status){bill->warnings}, file);
}

/* Settles in order; counters of the state run on from bill to bill. *ret_file names the bill that failed. */
static struct status bills_settle(struct cli *c, const struct settle_chain *chain, const struct bill **bills, struct settle_state *state,
                                  struct settle_options o, struct settle_answer *answers, const char **ret_file)
{
    for (uint32_t i = 0; i < c->arg_count; i++) {
        *ret_file = c->args[i];
        answers[i].bill = bills[i];
        if (settle_state_has_bill(state, bills[i])) {
            answers[i].refusal = SETTLE_REFUSAL_ALREADY_SETTLED;
            continue;
        }
        TRY(settle_bill(c->arena, chain, bills[i], &state->counters, o, &answers[i]));
        TRY(settle_answer_commit(&answers[i], &state->counters));
        if (settle_answer_settled(&answers[i])) TRY(settle_state_add_bill(state, bills[i]));
    }
    *ret_file = NULL;
    return STATUS_OK;
}

static struct status state_save(struct cli *c, const struct settle_state *state, const char *path)
{
    struct buf out;
    buf_init(&out, LIMIT_STATE_BYTES);
    struct status s = settle_state_write(state, c->arena, &out);
    if (out.failed) {
        s = status_error(c->arena, (struct error){.code = "state-too-large", .place = str_from(path),
            .zh = STR("状态文件将超过 16 MiB，原有内容未改动"), .en = STR("the state would pass 16 MiB; what was there is unchanged"),
            .hint_zh = STR("按统筹区或年度分开使用状态文件"), .hint_en = STR("keep a state file for each region or year")});
    }
    if (!status_failed(s)) s = cli_file_replace(c, path, buf_view(&out));
    buf_done(&out);
    return s;
}

static void answers_print(struct cli *c, const struct settle_chain *chain, const struct settle_answer *answers)
{
    const bool lines = c->option[CLI_LINES] != NULL;
    for (uint32_t i = 0; i < c->arg_count; i++) {
        if (c->json) {
            struct json_writer w;
            json_writer_init(&w, &c->out, false);
            settle_answer_write(&answers[i], chain, lines, &w);
            buf_add_char(&c->out, '\n');
        } else {
            if (i > 0) buf_add_char(&c->out, '\n');
            cli_answer_print(c, &answers[i], lines);
        }
    }
    if (!c->json) cli_answers_sum_print(c, answers, c->arg_count);
}

/* With the state file locked: read it, settle, write it. */
static int settle_with_state(struct cli *c, const struct settle_chain *chain, const struct bill **bills, struct settle_options o)
{
    const char *path = c->option[CLI_STATE], *file = path;
    struct settle_state state;
    struct settle_answer *answers = ARENA_ARRAY(c->arena, struct settle_answer, c->arg_count + 1);
    if (!answers) return cli_fail(c, status_memory(), NULL);
    struct status s = settle_state_init(&state, c->arena);
    struct str text = STR("");
    if (!status_failed(s) && path) s = cli_file_read_if_any(c, path, LIMIT_STATE_BYTES, &text);
    if (!status_failed(s)) s = settle_state_parse(&state, text);
    if (!status_failed(s)) s = bills_settle(c, chain, bills, &state, o, answers, &file);
    if (!status_failed(s) && path && !c->option[CLI_DRY_RUN]) {
        file = path;
        s = state_save(c, &state, path);
    }
    int code = CLI_OK;
    if (status_failed(s)) {
        code = cli_fail(c, s, file);
        /* the new state is in place, only its last flush failed: what was settled must be seen */
        if (strcmp(s.err->code, "file-not-durable") != 0) return code;
    }
    answers_print(c, chain, answers);
    for (uint32_t i = 0; i < c->arg_count; i++) {
        if (!settle_answer_settled(&answers[i]) && code == CLI_OK) code = CLI_REFUSED;
    }
    return code;
}

int cli_settle(struct cli *c)
{
    if (!c->option[CLI_PLANS]) return cli_usage(c, "option-missing", "缺少选项", "an option is missing", "--plans DIR");
    if (!c->option[CLI_CHAIN]) return cli_usage(c, "option-missing", "缺少选项", "an option is missing", "--chain NAME|PLAN,PLAN,…");
    if (c->option[CLI_STATE] && strcmp(c->option[CLI_STATE], "-") == 0) {
        return cli_usage(c, "option-value", "状态须是文件，不能是标准输入", "the state is a file, never standard input", "--state -");
    }
    struct settle_options o = {.explain = true, .lines = c->option[CLI_LINES] != NULL, .settled_on = DAY_NONE};
    if (c->option[CLI_AS_OF] && !day_parse(str_from(c->option[CLI_AS_OF]), &o.settled_on)) {
        return cli_usage(c, "option-value", "日期应为 yyyy-mm-dd", "a date is yyyy-mm-dd", c->option[CLI_AS_OF]);
    }
    const struct bill **bills = NULL;
    const char *file = NULL;
    struct status s = bills_read(c, &bills, &file);
    if (status_failed(s)) return cli_fail(c, s, file);
    CHECK(bills);
    for (uint32_t i = 0; i < c->arg_count; i++) warnings_print(c, bills[i], c->args[i]);

    struct settle_chain chain;
    bool clean = false;
    s = cli_chain_load(c, c->option[CLI_PLANS], c->option[CLI_CHAIN], bills, c->arg_count, &chain, &clean);
    if (status_failed(s)) return cli_fail(c, s, NULL);
    if (!clean) return CLI_BAD_INPUT;

    struct cli_lock lock = CLI_LOCK_NONE;
    if (c->option[CLI_STATE] && !c->option[CLI_DRY_RUN]) {
        s = cli_lock_take(c, c->option[CLI_STATE], &lock);
        if (status_failed(s)) return cli_fail(c, s, NULL);
    }
    const int code = settle_with_state(c, &chain, bills, o);
    cli_lock_drop(c, &lock);
    return code;
}
