/* cli/cmd_sweep — `yijie sweep`: a scheme's settled bills against the covers in force now: who is owed what and never claimed (应赔未赔).
 *
 * Reads page by page through the server's own API (the running server, or a desk of our own); writes nothing. With --json each finding is a line with the request
 * that would settle it; for people a table and the totals by payer. Exit 0 also when something is owed: it is a list, not a verdict.
 */
#include "cli/command.h"
#include "cli/session.h"

#include "money/money.h"

enum { PAGE_MAX = 200, PAYERS_MAX = 256 };

struct sweep {
    struct cli *c;
    struct cli_session *session;
    struct cli_table table;
    struct { struct str payer; int64_t count, owed; } payers[PAYERS_MAX];
    uint32_t payer_count;
    int64_t findings;
};

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

static struct str yuan(struct cli *c, int64_t fen)
{
    char text[40];
    const size_t n = minor_format((struct minor){fen}, currency_find(STR("CNY")), true, text);
    return arena_str(c->arena, (struct str){text, n});
}

static void payer_add(struct sweep *s, struct str payer, int64_t owed)
{
    uint32_t i = 0;
    while (i < s->payer_count && !str_eq(s->payers[i].payer, payer)) i++;
    if (i == PAYERS_MAX) return;
    if (i == s->payer_count) {
        s->payer_count++;
        s->payers[i].payer = payer;
        s->payers[i].count = s->payers[i].owed = 0;
    }
    s->payers[i].count++;
    s->payers[i].owed += owed;
}

static void finding_take(struct sweep *s, const struct json *v)
{
    struct cli *c = s->c;
    const int64_t owed = amount_of(v, STR("owed")) - amount_of(v, STR("recorded"));
    s->findings++;
    payer_add(s, text_of(v, STR("payer")), owed);
    if (c->json) {
        struct json_writer w;
        json_writer_init(&w, &c->out, false);
        json_value(&w, v);
        buf_add_char(&c->out, '\n');
        return;
    }
    cli_table_add(&s->table, text_of(v, STR("case")));
    cli_table_add(&s->table, text_of(v, STR("bill")));
    cli_table_add(&s->table, text_of(v, STR("payer")));
    cli_table_add(&s->table, text_of(v, STR("why")));
    cli_table_add(&s->table, yuan(c, owed));
}

/* One page; *ret_after is the cursor of the next, empty behind the last. */
static struct status page_read(struct sweep *s, struct str *after, int *ret_code)
{
    struct cli *c = s->c;
    int status = 0;
    struct str body = STR("");
    const struct json *v = NULL;
    const struct str path = arena_printf(c->arena, "/v1/sweep?max=%d%s%.*s", PAGE_MAX, after->n > 0 ? "&after=" : "", STR_FMT(*after));
    TRY(cli_session_send(s->session, c->arena, "GET", path, STR(""), NULL, &status, &body));
    if (status != 200) {
        *ret_code = cli_problem(c, status, body, NULL);
        *after = STR("");
        return STATUS_OK;
    }
    TRY(json_parse(c->arena, body, &v));
    const struct json *owed = json_get(v, STR("owed"));
    for (uint32_t i = 0; owed && i < owed->count; i++) finding_take(s, &owed->items[i]);
    *after = text_of(v, STR("next"));
    return STATUS_OK;
}

static void sums_print(struct sweep *s)
{
    struct cli *c = s->c;
    if (s->findings == 0) {
        cli_text(c, &c->out, STR("没有应赔未赔的案件"), STR("nothing is owed that was not claimed"));
        buf_add_char(&c->out, '\n');
        return;
    }
    cli_table_print(c, &s->table, &c->out);
    buf_add_char(&c->out, '\n');
    struct cli_table t;
    cli_table_init(&t, c->arena, 3, "lrr");
    cli_table_add(&t, cli_pair(c, STR("支付方"), STR("payer"), 40));
    cli_table_add(&t, cli_pair(c, STR("件数"), STR("cases"), 20));
    cli_table_add(&t, cli_pair(c, STR("应赔未赔"), STR("owed"), 20));
    cli_table_rule(&t);
    for (uint32_t i = 0; i < s->payer_count; i++) {
        cli_table_add(&t, s->payers[i].payer);
        cli_table_add(&t, arena_printf(c->arena, "%lld", (long long)s->payers[i].count));
        cli_table_add(&t, yuan(c, s->payers[i].owed));
    }
    cli_table_print(c, &t, &c->out);
}

int cli_sweep(struct cli *c)
{
    struct sweep *s = ARENA_NEW(c->arena, struct sweep);
    if (!s) return cli_fail(c, status_memory(), NULL);
    s->c = c;
    struct status st = cli_session_open(c, &s->session);
    if (status_failed(st)) return cli_fail(c, st, NULL);
    cli_table_init(&s->table, c->arena, 5, "llllr");
    static const char *const heads[][2] = {{"案件", "case"}, {"账单", "bill"}, {"支付方", "payer"}, {"原因", "why"}, {"差额", "owed"}};
    for (size_t i = 0; i < COUNT_OF(heads); i++) cli_table_add(&s->table, cli_pair(c, str_from(heads[i][0]), str_from(heads[i][1]), 24));
    cli_table_rule(&s->table);
    struct str after = STR("");
    int code = CLI_OK;
    do st = page_read(s, &after, &code);
    while (!status_failed(st) && after.n > 0);
    cli_session_close(s->session);
    if (status_failed(st)) return cli_fail(c, st, NULL);
    if (code == CLI_OK && !c->json) sums_print(s);
    return code;
}
