/* cli/cmd_case — `yijie demo case BILL.json`: one bill through a running server as a desk would do it: trial, shown, confirmed; prints who pays and where the case is.
 *
 * The bill may be one of the command line's: a consent of the patient is added when it has none. A bill that is settled already is shown as it
 * stands. Exit 0 settled, 1 refused, 2 bad input, 3 no server.
 */
#include "cli/command.h"
#include "cli/files.h"
#include "cli/session.h"
#include "cli/settle_table.h"

#include "http/http.h"
#include "money/money.h"

#include <stdlib.h>

struct desk {
    struct cli *c;
    struct http_client *client;
    struct str base;
};

/* ---- asking ----------------------------------------------------------------------------------------------------- */

static struct status desk_ask(struct desk *d, const char *method, struct str path, struct str body, struct str *ret_text, int *ret_status, const struct json **ret)
{
    const struct http_client_request r = {.method = method, .path = path, .body = body};
    struct http_client_answer answer = {0};
    TRY(http_client_call(d->client, d->c->arena, &r, &answer));
    TRY(json_parse(d->c->arena, answer.body, ret));
    *ret_status = answer.status;
    *ret_text = answer.body;
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

/* The words of the API's states, for people. */
static struct str state_name(const struct cli *c, struct str state)
{
    static const struct {
        const char *state, *zh, *en;
    } words[] = {{"paid", "已付", "paid"}, {"later", "待定", "later"}, {"refused", "不付", "refused"}, {"quoted", "试算", "quoted"}, {"settled", "已结算", "settled"}, {"reversed", "已撤销", "reversed"}};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (str_eq(state, str_from(words[i].state))) return cli_pair(c, str_from(words[i].zh), str_from(words[i].en), 24);
    }
    return state;
}

/* A text that stands in both languages. */
static struct str both(const struct cli *c, const struct json *v, size_t columns) { return cli_pair(c, text_of(v, STR("zh")), text_of(v, STR("en")), columns); }

static void payer_rows(struct cli *c, struct cli_table *t, const struct json *payer)
{
    enum { LABEL_COLUMNS = 44 };
    const struct json *benefits = json_get(payer, STR("benefits"));
    const struct str name = text_of(payer, STR("zh")).n > 0 ? both(c, payer, LABEL_COLUMNS) : cli_payer_name(c, text_of(payer, STR("payer")), LABEL_COLUMNS);
    row(c, t, name, state_name(c, text_of(payer, STR("status"))), amount_of(payer, STR("pay")));
    for (uint32_t i = 0; benefits && i < benefits->count; i++) {
        cli_table_add(t, arena_printf(c->arena, "  · %.*s", STR_FMT(cli_pair(c, text_of(&benefits->items[i], STR("zh")), text_of(&benefits->items[i], STR("en")), SIZE_MAX))));
        cli_table_add(t, STR(""));
        cli_table_add(t, yuan(c, amount_of(&benefits->items[i], STR("pay"))));
    }
}

static void patient_row(struct cli *c, struct cli_table *t, const char *zh, const char *en, int64_t fen)
{
    row(c, t, cli_pair(c, str_from(zh), str_from(en), 44), STR(""), fen);
}

static void shares_print(struct cli *c, const struct json *v)
{
    const struct json *payers = json_get(v, STR("payers")), *patient = json_get(v, STR("patient"));
    struct cli_table t;
    cli_table_init(&t, c->arena, 3, "llr");
    t.total_max = c->columns;
    cli_table_add(&t, cli_pair(c, STR("支付方"), STR("payer"), 44));
    cli_table_add(&t, cli_pair(c, STR("状态"), STR("state"), 24));
    cli_table_add(&t, cli_pair(c, STR("元"), STR("yuan"), 20));
    cli_table_rule(&t);
    for (uint32_t i = 0; payers && i < payers->count; i++) payer_rows(c, &t, &payers->items[i]);
    cli_table_rule(&t);
    if (amount_of(v, STR("hospital")) != 0) patient_row(c, &t, "医院自担", "hospital's own part", amount_of(v, STR("hospital")));
    if (amount_of(patient, STR("account")) != 0) patient_row(c, &t, "个人账户", "personal account", amount_of(patient, STR("account")));
    patient_row(c, &t, "患者现金", "patient in cash", amount_of(patient, STR("cash")));
    if (amount_of(patient, STR("payout")) != 0) patient_row(c, &t, "返还患者", "back to the patient", -amount_of(patient, STR("payout")));
    cli_table_rule(&t);
    patient_row(c, &t, "总费用", "total", amount_of(v, STR("total")));
    cli_table_print(c, &t, &c->out);
}

static bool demonstration(const struct json *v)
{
    const struct json *payers = json_get(v, STR("payers"));
    for (uint32_t i = 0; payers && i < payers->count; i++) {
        if (json_get(&payers->items[i], STR("demonstration"))) return true;
    }
    return false;
}

static void case_print(struct desk *d, const struct json *v, bool before)
{
    struct cli *c = d->c;
    const struct str id = text_of(v, STR("id"));
    cli_style(c, &c->out, CLI_BOLD);
    buf_add(&c->out, cli_pair(c, STR("账单"), STR("bill"), SIZE_MAX));
    buf_printf(&c->out, " %.*s · %.*s", STR_FMT(text_of(v, STR("bill"))), STR_FMT(state_name(c, text_of(v, STR("state")))));
    cli_style(c, &c->out, CLI_PLAIN);
    if (before) {
        buf_add_cstr(&c->out, " · ");
        cli_text(c, &c->out, STR("此前已结算，照原样显示"), STR("settled before, shown as it stands"));
    }
    buf_add_char(&c->out, '\n');
    shares_print(c, v);
    if (demonstration(v)) cli_wrap(c, cli_pair(c, STR("演示：含来源不可靠的计划（D 级）"), STR("demonstration: holds a plan of doubtful source (grade D)"), SIZE_MAX));
    buf_add_char(&c->out, '\n');
    cli_text(c, &c->out, STR("案件，每一分的理由"), STR("the case, with the reason of every fen"));
    buf_printf(&c->out, "\n  %.*s/v1/settlements/%.*s\n", STR_FMT(d->base), STR_FMT(id));
    cli_text(c, &c->out, STR("费用分割单"), STR("the split list"));
    buf_printf(&c->out, "\n  %.*s/v1/settlements/%.*s/split\n", STR_FMT(d->base), STR_FMT(id));
    cli_text(c, &c->out, STR("经过：何时、谁、调整前后"), STR("its history: when, who, before and after"));
    buf_printf(&c->out, "\n  %.*s/v1/cases/%.*s/explanation\n", STR_FMT(d->base), STR_FMT(id));
}

/* ---- one case ------------------------------------------------------------------------------------------------------- */

static struct status case_run(struct desk *d, const char *path, int *ret_code)
{
    struct cli *c = d->c;
    const struct json *v = NULL;
    struct str text = STR("");
    struct buf body;
    int status = 0;
    buf_init(&body, LIMIT_JSON_BYTES);
    struct status s = trial_body(c, path, &body);
    if (!status_failed(s)) s = desk_ask(d, "POST", STR("/v1/trials"), buf_view(&body), &text, &status, &v);
    buf_done(&body);
    if (status_failed(s)) return s;
    const struct str settled = text_of(v, STR("case"));
    const bool before = status == 422 && settled.n > 0;
    if (before) { /* an earlier run settled it */
        TRY(desk_ask(d, "GET", arena_printf(c->arena, "/v1/settlements/%.*s", STR_FMT(settled)), STR(""), &text, &status, &v));
    } else if (status == 201) {
        const struct str confirm = arena_printf(c->arena, "{\"trial\":\"%.*s\",\"act\":{\"kind\":\"desk\",\"by\":\"yijie demo case\"}}", STR_FMT(text_of(v, STR("id"))));
        TRY(desk_ask(d, "POST", STR("/v1/settlements"), confirm, &text, &status, &v));
    }
    if (status != 200 && status != 201) {
        *ret_code = cli_problem(c, status, text, path);
        return STATUS_OK;
    }
    if (c->json) {
        struct json_writer w;
        json_writer_init(&w, &c->out, false);
        json_value(&w, v);
        buf_add_char(&c->out, '\n');
    } else {
        case_print(d, v, before);
    }
    return STATUS_OK;
}

int cli_demo_case(struct cli *c)
{
    struct desk d = {.c = c, .base = str_from(c->option[CLI_URL] ? c->option[CLI_URL] : "http://127.0.0.1:8642")};
    const struct http_client_options o = {.env = c->env, .base = d.base, .authorization = cli_authorization(c)};
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
