/* cli/cmd_case — `yijie demo case BILL.json`: one bill through a running server as a desk would do it: trial, shown, confirmed; prints who pays and where the case is.
 *
 * The bill may be one of the command line's: a consent of the patient is added when it has none. A bill that is settled already is shown as it
 * stands. Exit 0 settled, 1 refused, 2 bad input, 3 no server.
 */
#include "cli/command.h"
#include "cli/files.h"

#include "http/http.h"
#include "money/money.h"

#include <stdlib.h>

struct desk {
    struct cli *c;
    struct http_client *client;
    struct str base;
};

/* ---- asking ----------------------------------------------------------------------------------------------------- */

static struct status desk_ask(struct desk *d, const char *method, struct str path, struct str body, int *ret_status, const struct json **ret)
{
    const struct http_client_request r = {.method = method, .path = path, .body = body};
    struct http_client_answer answer = {0};
    TRY(http_client_call(d->client, d->c->arena, &r, &answer));
    TRY(json_parse(d->c->arena, answer.body, ret));
    *ret_status = answer.status;
    return STATUS_OK;
}

static struct str text_of(const struct json *v, struct str name)
{
    const struct json *m = json_get(v, name);
    return m && m->kind == JSON_STRING ? m->text : STR("");
}

static int64_t amount_of(const struct json *v, struct str name)
{
    int64_t n = 0;
    const struct json *m = json_get(v, name);
    return m && json_to_i64(m, &n) ? n : 0;
}

/* The bill as a trial: what only the command line takes is left out, a consent is added. */
static struct status trial_body(struct cli *c, const char *path, struct buf *out)
{
    struct str text;
    const struct json *bill = NULL;
    struct json_writer w;
    TRY(cli_file_read(c, path, LIMIT_JSON_BYTES, &text));
    TRY(json_parse(c->arena, text, &bill));
    json_writer_init(&w, out, false);
    json_begin_object(&w);
    for (uint32_t i = 0; bill->kind == JSON_OBJECT && i < bill->count; i++) {
        if (str_eq(bill->names[i], STR("policies")) || str_eq(bill->names[i], STR("history"))) continue;
        json_name(&w, bill->names[i]);
        json_value(&w, &bill->items[i]);
    }
    if (!json_get(bill, STR("consent"))) {
        json_name(&w, STR("consent"));
        json_begin_object(&w);
        json_member_string(&w, STR("actor"), STR("self"));
        json_member_string(&w, STR("purpose"), STR("settlement"));
        json_member_string(&w, STR("payers"), STR("all"));
        json_end_object(&w);
    }
    json_end_object(&w);
    return STATUS_OK;
}

/* ---- showing ------------------------------------------------------------------------------------------------------- */

static struct str yuan(struct cli *c, int64_t fen)
{
    char text[40];
    const size_t n = minor_format((struct minor){fen}, currency_find(STR("CNY")), true, text);
    return arena_str(c->arena, (struct str){text, n});
}

static void row(struct cli *c, struct cli_table *t, struct str label, struct str state, int64_t fen)
{
    cli_table_add(t, label);
    cli_table_add(t, state);
    cli_table_add(t, yuan(c, fen));
}

static void case_print(struct desk *d, const struct json *v)
{
    struct cli *c = d->c;
    const struct json *payers = json_get(v, STR("payers")), *patient = json_get(v, STR("patient"));
    struct cli_table t;
    cli_table_init(&t, c->arena, 3, "llr");
    cli_table_add(&t, cli_pair(c, STR("支付方"), STR("payer"), 40));
    cli_table_add(&t, cli_pair(c, STR("状态"), STR("state"), 24));
    cli_table_add(&t, cli_pair(c, STR("元"), STR("yuan"), 20));
    cli_table_rule(&t);
    for (uint32_t i = 0; payers && i < payers->count; i++) {
        row(c, &t, text_of(&payers->items[i], STR("payer")), text_of(&payers->items[i], STR("status")), amount_of(&payers->items[i], STR("pay")));
    }
    cli_table_rule(&t);
    if (amount_of(v, STR("hospital")) != 0) row(c, &t, cli_pair(c, STR("医院自担"), STR("hospital"), 40), STR(""), amount_of(v, STR("hospital")));
    row(c, &t, cli_pair(c, STR("个人账户"), STR("personal account"), 40), STR(""), amount_of(patient, STR("account")));
    row(c, &t, cli_pair(c, STR("患者现金"), STR("patient in cash"), 40), STR(""), amount_of(patient, STR("cash")));
    if (amount_of(patient, STR("payout")) != 0) row(c, &t, cli_pair(c, STR("返还患者"), STR("to the patient"), 40), STR(""), amount_of(patient, STR("payout")));
    cli_table_rule(&t);
    row(c, &t, cli_pair(c, STR("总费用"), STR("total"), 40), text_of(v, STR("state")), amount_of(v, STR("total")));
    cli_table_print(c, &t, &c->out);
    buf_printf(&c->out, "\n%.*s/v1/settlements/%.*s\n", STR_FMT(d->base), STR_FMT(text_of(v, STR("id"))));
    buf_printf(&c->out, "%.*s/v1/cases/%.*s/explanation\n", STR_FMT(d->base), STR_FMT(text_of(v, STR("id"))));
}

/* ---- one case ------------------------------------------------------------------------------------------------------- */

static struct status problem_status(struct cli *c, const struct json *v)
{
    return status_error(c->arena, (struct error){.code = "case-refused", .place = text_of(v, STR("code")), .zh = text_of(v, STR("zh")).n > 0 ? text_of(v, STR("zh")) : STR("服务器拒绝"),
                                                 .en = text_of(v, STR("en")).n > 0 ? text_of(v, STR("en")) : STR("the server refuses"), .hint_zh = text_of(v, STR("hint_zh")), .hint_en = text_of(v, STR("hint_en"))});
}

static int refused(struct cli *c, const struct json *v)
{
    (void)cli_fail(c, problem_status(c, v), NULL);
    return CLI_REFUSED;
}

static struct status case_run(struct desk *d, const char *path, int *ret_code)
{
    struct cli *c = d->c;
    const struct json *v = NULL;
    struct buf body;
    int status = 0;
    buf_init(&body, LIMIT_JSON_BYTES);
    struct status s = trial_body(c, path, &body);
    if (!status_failed(s)) s = desk_ask(d, "POST", STR("/v1/trials"), buf_view(&body), &status, &v);
    buf_done(&body);
    if (status_failed(s)) return s;
    const struct str settled = text_of(v, STR("case"));
    if (status == 422 && settled.n > 0) { /* an earlier run settled it */
        TRY(desk_ask(d, "GET", arena_printf(c->arena, "/v1/settlements/%.*s", STR_FMT(settled)), STR(""), &status, &v));
    } else if (status == 201) {
        const struct str confirm = arena_printf(c->arena, "{\"trial\":\"%.*s\",\"act\":{\"kind\":\"desk\",\"by\":\"yijie demo case\"}}", STR_FMT(text_of(v, STR("id"))));
        TRY(desk_ask(d, "POST", STR("/v1/settlements"), confirm, &status, &v));
    }
    if (status != 200 && status != 201) {
        *ret_code = refused(c, v);
        return STATUS_OK;
    }
    if (c->json) {
        struct json_writer w;
        json_writer_init(&w, &c->out, false);
        json_value(&w, v);
        buf_add_char(&c->out, '\n');
    } else {
        case_print(d, v);
    }
    return STATUS_OK;
}

int cli_demo_case(struct cli *c)
{
    struct desk d = {.c = c, .base = str_from(c->option[CLI_URL] ? c->option[CLI_URL] : "http://127.0.0.1:8642")};
    const char *key = c->option[CLI_KEY];
    const struct http_client_options o = {.env = c->env, .base = d.base, .authorization = key ? arena_printf(c->arena, "Bearer %s", key) : STR("")};
    struct status s = http_client_open(c->arena, &o, &d.client);
    if (status_failed(s)) return cli_fail(c, s, NULL);
    int code = CLI_OK;
    for (uint32_t i = 0; i < c->arg_count && !status_failed(s); i++) {
        if (i > 0 && !c->json) buf_add_char(&c->out, '\n');
        s = case_run(&d, c->args[i], &code);
    }
    http_client_close(d.client);
    return status_failed(s) ? cli_fail(c, s, NULL) : code;
}
