/* cli/cmd_audit — `yijie audit`: proves the invariants of a store, beside a running server or alone; `yijie rebuild`: folds the events into fresh derived tables.
 *
 * Exit 0 only when every proof holds, 1 when one does not, 2 for usage, 3 when the store cannot be read.
 */
#include "cli/command.h"

#include "cases/cases.h"

static void progress(void *user, const char *zh, const char *en, uint64_t done, uint64_t total) { cli_progress(user, zh, en, done, total); }

bool cli_store_option(struct cli *c, struct cases_desk_options *ret)
{
    const char *data = c->option[CLI_DATA], *store = c->option[CLI_STORE];
    if (!data == !store) {
        (void)cli_usage(c, "option-missing", "须给出 --data 或 --store 之一", "give one of --data and --store", data ? "--data --store" : "--data DIR");
        return false;
    }
    *ret = (struct cases_desk_options){.env = c->env, .where = str_from(data ? data : store), .keys_path = str_from(c->option[CLI_KEYS])};
    return true;
}

static void audit_json(struct cli *c, const struct cases_audit *a)
{
    struct json_writer w;
    json_writer_init(&w, &c->out, true);
    json_begin_object(&w);
    json_member_bool(&w, STR("holds"), a->holds);
    json_member_i64(&w, STR("events"), a->events);
    json_member_i64(&w, STR("cases"), a->cases);
    json_member_i64(&w, STR("transfers"), a->transfers);
    json_name(&w, STR("proofs"));
    json_begin_array(&w);
    for (uint32_t i = 0; i < CASES_PROOF_COUNT; i++) {
        json_begin_object(&w);
        json_member_string(&w, STR("proof"), str_from(cases_proof_name((enum cases_proof)i)));
        json_member_i64(&w, STR("checked"), a->proof[i].checked);
        json_member_i64(&w, STR("wrong"), a->proof[i].wrong);
        if (a->proof[i].wrong > 0) json_member_string(&w, STR("first"), a->proof[i].first);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    buf_add_char(&c->out, '\n');
}

static struct str number(struct cli *c, int64_t v) { return arena_printf(c->arena, "%lld", (long long)v); }

static void audit_print(struct cli *c, const struct cases_audit *a)
{
    struct cli_table t;
    cli_table_init(&t, c->arena, 4, "llrr");
    cli_table_add(&t, STR(""));
    cli_table_add(&t, cli_pair(c, STR("证明"), STR("proof"), 60));
    cli_table_add(&t, cli_pair(c, STR("核对"), STR("checked"), 20));
    cli_table_add(&t, cli_pair(c, STR("不符"), STR("wrong"), 20));
    cli_table_rule(&t);
    for (uint32_t i = 0; i < CASES_PROOF_COUNT; i++) {
        cli_table_add(&t, a->proof[i].wrong > 0 ? STR("✗") : STR("✓"));
        cli_table_add(&t, cli_pair(c, str_from(cases_proof_text((enum cases_proof)i, true)), str_from(cases_proof_text((enum cases_proof)i, false)), 60));
        cli_table_add(&t, number(c, a->proof[i].checked));
        cli_table_add(&t, number(c, a->proof[i].wrong));
    }
    cli_table_print(c, &t, &c->out);
    for (uint32_t i = 0; i < CASES_PROOF_COUNT; i++) {
        if (a->proof[i].wrong > 0) buf_printf(&c->out, "%s: %.*s\n", cases_proof_name((enum cases_proof)i), STR_FMT(a->proof[i].first));
    }
    cli_style(c, &c->out, a->holds ? CLI_GREEN : CLI_RED);
    cli_text(c, &c->out,
             arena_printf(c->arena, "%s：%lld 个事件，%lld 个案件，%lld 笔分录", a->holds ? "全部成立" : "不成立", (long long)a->events, (long long)a->cases, (long long)a->transfers),
             arena_printf(c->arena, "%s: %lld events, %lld cases, %lld transfers", a->holds ? "all hold" : "does not hold", (long long)a->events, (long long)a->cases, (long long)a->transfers));
    cli_style(c, &c->out, CLI_PLAIN);
    buf_add_char(&c->out, '\n');
}

int cli_audit(struct cli *c)
{
    struct cases_desk_options o;
    struct cases_audit audit = {0};
    if (!cli_store_option(c, &o)) return CLI_BAD_INPUT;
    o.read_only = true;
    const struct status s = cases_audit_run(c->arena, &o, c->option[CLI_REPLAY] != NULL, progress, c, &audit);
    cli_progress_end(c);
    if (status_failed(s)) {
        (void)cli_fail(c, s, NULL);
        return CLI_FAILURE;
    }
    if (c->json) audit_json(c, &audit);
    else audit_print(c, &audit);
    return audit.holds ? CLI_OK : CLI_REFUSED;
}

int cli_rebuild(struct cli *c)
{
    struct cases_desk_options o;
    int64_t events = 0;
    if (!cli_store_option(c, &o)) return CLI_BAD_INPUT;
    const struct status s = cases_rebuild(c->arena, &o, progress, c, &events);
    cli_progress_end(c);
    if (status_failed(s)) {
        (void)cli_fail(c, s, NULL);
        return CLI_FAILURE;
    }
    if (c->json) {
        buf_printf(&c->out, "{\"events\":%lld}\n", (long long)events);
        return CLI_OK;
    }
    cli_text(c, &c->out, arena_printf(c->arena, "已由 %lld 个事件重建派生表", (long long)events),
             arena_printf(c->arena, "derived tables rebuilt from %lld events", (long long)events));
    buf_add_char(&c->out, '\n');
    return CLI_OK;
}
