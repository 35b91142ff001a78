/* cli/cmd_bill — `yijie bill check`: every identity of a bill, without settling it. Exit 0 fine, 2 with findings. */
#include "cli/files.h"

static void bill_line_print(struct cli *c, const char *path, const struct bill *bill)
{
    if (c->json) {
        struct json_writer w;
        json_writer_init(&w, &c->out, false);
        json_begin_object(&w);
        json_member_string(&w, STR("file"), str_from(path));
        json_member_string(&w, STR("bill"), bill->bill);
        json_member_i64(&w, STR("total"), bill->total);
        json_member_i64(&w, STR("lines"), bill->totals_only ? 0 : bill->lines.count);
        json_member_bool(&w, STR("warnings"), bill->warnings != NULL);
        json_end_object(&w);
        buf_add_char(&c->out, '\n');
        return;
    }
    char total[40];
    minor_format((struct minor){bill->total}, bill->currency, true, total);
    cli_style(c, &c->out, bill->warnings ? CLI_YELLOW : CLI_GREEN);
    buf_add_cstr(&c->out, bill->warnings ? "! " : "✓ ");
    cli_style(c, &c->out, CLI_PLAIN);
    buf_printf(&c->out, "%s  %.*s  %s %s  ", path, STR_FMT(bill->bill), total, bill->currency->code);
    cli_text(c, &c->out, arena_printf(c->arena, "%u 行：等式全部成立", (unsigned)bill->lines.count),
             arena_printf(c->arena, "%u lines: every identity holds", (unsigned)bill->lines.count));
    buf_add_char(&c->out, '\n');
}

int cli_bill_check(struct cli *c)
{
    int code = CLI_OK;
    for (uint32_t i = 0; i < c->arg_count; i++) {
        struct str text;
        const struct bill *bill = NULL;
        struct status s = cli_file_read(c, c->args[i], LIMIT_JSON_BYTES, &text);
        if (!status_failed(s)) s = bill_parse(c->arena, text, &bill);
        if (status_failed(s)) {
            const int failed = cli_fail(c, s, c->args[i]);
            if (failed > code) code = failed;
            continue;
        }
        CHECK(bill);
        if (bill->warnings) cli_fail(c, (struct status){bill->warnings}, c->args[i]);
        bill_line_print(c, c->args[i], bill);
    }
    return code;
}
