/* cli/cmd_key — `yijie key add|list|revoke`: the keys by which institutions call the API. A new key is shown once; the store keeps its hash only. */
#include "cli/command.h"
#include "cli/session.h"

#include <string.h>

/* Sends one request; true when it was done and its answer parsed. */
static bool ask(struct cli *c, const char *method, struct str path, struct str body, const struct json **ret, int *ret_code)
{
    struct cli_session *session = NULL;
    struct str answer = STR("");
    int status = 0;
    struct status s = cli_session_open(c, &session);
    if (status_failed(s)) {
        *ret_code = cli_open_failed(c, s);
        return false;
    }
    s = cli_session_send(session, c->arena, method, path, body, body.n > 0 ? "application/json" : NULL, &status, &answer);
    cli_session_close(session);
    if (!status_failed(s) && status >= 200 && status < 300) s = json_parse(c->arena, answer, ret);
    else if (!status_failed(s)) {
        *ret_code = cli_problem(c, status, answer, NULL);
        return false;
    }
    *ret_code = status_failed(s) ? cli_fail(c, s, NULL) : CLI_OK;
    return !status_failed(s);
}

static struct str text_of(const struct json *v, struct str name)
{
    const struct json *m = json_get(v, name);
    return m && m->kind == JSON_STRING ? m->text : STR("");
}

static int change_send(struct cli *c, const struct buf *body, const struct json **ret)
{
    int code = CLI_FAILURE;
    if (body->failed) return cli_fail(c, status_memory(), NULL);
    return ask(c, "POST", STR("/v1/changes"), buf_view(body), ret, &code) ? CLI_OK : code;
}

int cli_key_add(struct cli *c)
{
    if (!c->option[CLI_INSTITUTION]) return cli_usage(c, "option-missing", "缺少选项", "an option is missing", "--institution ID");
    if (!c->option[CLI_ROLE]) return cli_usage(c, "option-missing", "缺少选项", "an option is missing", "--role hospital|insurer|operator|auditor|admin");
    struct buf body;
    struct json_writer w;
    buf_init(&body, LIMIT_JSON_TEXT_BYTES);
    json_writer_init(&w, &body, false);
    json_begin_object(&w);
    json_member_string(&w, STR("change"), STR("key"));
    json_member_string(&w, STR("institution"), str_from(c->option[CLI_INSTITUTION]));
    json_member_string(&w, STR("role"), str_from(c->option[CLI_ROLE]));
    if (c->option[CLI_NAME]) json_member_string(&w, STR("name"), str_from(c->option[CLI_NAME]));
    json_end_object(&w);
    const struct json *v = NULL;
    const int code = change_send(c, &body, &v);
    buf_done(&body);
    if (code != CLI_OK) return code;
    const struct json *keys = json_get(v, STR("keys"));
    const struct json *made = keys && keys->kind == JSON_ARRAY && keys->count == 1 ? &keys->items[0] : NULL;
    if (!made) return cli_fail(c, status_error(c->arena, (struct error){.code = "key-not-shown", .zh = STR("服务器没有返回密钥"), .en = STR("the server gave no key back"),
                                  .hint_zh = STR("用 yijie key list 查看，必要时撤销后重做"), .hint_en = STR("see yijie key list; revoke and make another if need be")}), NULL);
    if (c->json) {
        struct json_writer out;
        json_writer_init(&out, &c->out, false);
        json_value(&out, made);
    } else {
        buf_printf(&c->out, "%.*s\n", STR_FMT(text_of(made, STR("key"))));
        cli_text(c, &c->out, STR("密钥只显示这一次，请妥善保存"), STR("the key is shown this once: keep it safe"));
    }
    buf_add_char(&c->out, '\n');
    return CLI_OK;
}

int cli_key_revoke(struct cli *c)
{
    struct buf body;
    struct json_writer w;
    buf_init(&body, LIMIT_JSON_TEXT_BYTES);
    json_writer_init(&w, &body, false);
    json_begin_object(&w);
    json_member_string(&w, STR("change"), STR("key"));
    json_member_string(&w, STR("id"), str_from(c->args[0]));
    json_member_bool(&w, STR("revoked"), true);
    json_end_object(&w);
    const struct json *v = NULL;
    const int code = change_send(c, &body, &v);
    buf_done(&body);
    if (code != CLI_OK) return code;
    cli_text(c, &c->out, STR("已撤销"), STR("revoked"));
    buf_add_char(&c->out, '\n');
    return CLI_OK;
}

int cli_key_list(struct cli *c)
{
    const struct json *v = NULL;
    int code = CLI_OK;
    if (!ask(c, "GET", STR("/v1/keys"), STR(""), &v, &code)) return code;
    const struct json *keys = json_get(v, STR("keys"));
    if (c->json || !keys) {
        struct json_writer w;
        json_writer_init(&w, &c->out, true);
        json_value(&w, v);
        buf_add_char(&c->out, '\n');
        return CLI_OK;
    }
    struct cli_table t;
    cli_table_init(&t, c->arena, 4, "llll");
    cli_table_add(&t, cli_pair(c, STR("编号"), STR("id"), 20));
    cli_table_add(&t, cli_pair(c, STR("机构"), STR("institution"), 30));
    cli_table_add(&t, cli_pair(c, STR("角色"), STR("role"), 20));
    cli_table_add(&t, cli_pair(c, STR("状态"), STR("state"), 20));
    cli_table_rule(&t);
    for (uint32_t i = 0; i < keys->count; i++) {
        const struct json *revoked = json_get(&keys->items[i], STR("revoked"));
        cli_table_add(&t, text_of(&keys->items[i], STR("id")));
        cli_table_add(&t, text_of(&keys->items[i], STR("institution")));
        cli_table_add(&t, text_of(&keys->items[i], STR("role")));
        cli_table_add(&t, revoked && revoked->boolean ? cli_pair(c, STR("已撤销"), STR("revoked"), 20) : cli_pair(c, STR("有效"), STR("valid"), 20));
    }
    cli_table_print(c, &t, &c->out);
    return CLI_OK;
}
