/* spec FILE — runs a text of steps that somebody from the trade can read against a real desk: SQLite in a folder of its own, or PostgreSQL when
 * YIJIE_TEST_POSTGRES names one. Specs lie in tests/specs; their words are explained in specs/README.md. Amounts in yuan. At the end the audit must hold.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cases/life/postings.h"
#include "cases/life/share.h"

enum { WORDS_MAX = 40, NAMES_MAX = 200, LINE_MAX_BYTES = 65536, ARENA_BYTES = 512 * 1024 * 1024 };

struct clock {
    struct env env;
    _Atomic int64_t now_ms; /* read by the workers */
};
struct named {
    char name[32];
    int http;
    struct str body;
    const struct json *json;
    char id[40];
};
struct person {
    char name[32];
    struct str json;
};
struct spec {
    const char *path;
    int line, failed, steps;
    struct arena a;
    struct clock clock;
    struct cases_desk *desk;
    struct named named[NAMES_MAX];
    int named_count;
    struct named *last;
    struct person persons[50];
    int person_count;
    char hospital[64];
    char *words[WORDS_MAX];
    int count;
};

static int64_t clock_now(const struct env *e) { return ((const struct clock *)(const void *)e)->now_ms; }

__attribute__((format(printf, 2, 3))) static void wrong(struct spec *s, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fprintf(stderr, "# %s:%d: ", s->path, s->line);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    s->failed++;
}

static void must(struct spec *s, struct status status)
{
    if (!status.err) return;
    fprintf(stderr, "# %s:%d: %s at %.*s: %.*s\n", s->path, s->line, status.err->code, STR_FMT(status.err->place), STR_FMT(status.err->en));
    printf("Bail out! %s\n", status.err->code);
    exit(1);
}

/* ---- words ---------------------------------------------------------------------------------------------------- */

static const char *option(struct spec *s, const char *name, const char *otherwise)
{
    const size_t n = strlen(name);
    for (int i = 1; i < s->count; i++) {
        if (strncmp(s->words[i], name, n) == 0 && s->words[i][n] == '=') return s->words[i] + n + 1;
    }
    return otherwise;
}

/* A whole number, until the first letter that is no digit. */
static int64_t whole(const char *text)
{
    int64_t v = 0;
    size_t n = text[0] == '-' ? 1 : 0;
    while (text[n] >= '0' && text[n] <= '9') n++;
    return decimal_parse((struct str){text, n}, 0, &v) ? v : INT64_MIN;
}

static int64_t fen(struct spec *s, const char *text)
{
    struct minor m = {0};
    if (!minor_parse(str_from(text), currency_find(STR("CNY")), &m)) wrong(s, "not an amount: %s", text);
    return m.v;
}

static struct named *name_get(struct spec *s, const char *name)
{
    for (int i = 0; i < s->named_count; i++) {
        if (strcmp(s->named[i].name, name) == 0) return &s->named[i];
    }
    return NULL;
}

static struct named *name_add(struct spec *s, const char *name)
{
    struct named *n = name_get(s, name);
    if (!n) n = &s->named[s->named_count++];
    memset(n, 0, sizeof *n);
    snprintf(n->name, sizeof n->name, "%s", name);
    s->last = n;
    return n;
}

static struct str text_of(const struct json *o, const char *name)
{
    const struct json *v = o ? json_get(o, str_from(name)) : NULL;
    return v && (v->kind == JSON_STRING || v->kind == JSON_NUMBER) ? v->text : STR("");
}

static int64_t number_of(const struct json *o, const char *name)
{
    int64_t v = INT64_MIN;
    const struct json *m = o ? json_get(o, str_from(name)) : NULL;
    return m && json_to_i64(m, &v) ? v : INT64_MIN;
}

/* ---- commands --------------------------------------------------------------------------------------------------- */

static void run(struct spec *s, struct named *n, enum cases_op op, const char *id, const char *part, struct str body)
{
    struct cases_command *cmd = NULL;
    struct arena *arena = NULL;
    const struct cases_caller who = {str_from(option(s, "by", "")), str_from(option(s, "role", ""))};
    struct status status = cases_command_new(s->desk, op, &who, str_from(option(s, "key", "")), str_from(id), str_from(part), body, &cmd, &arena);
    struct buf out;
    buf_init(&out, 64 << 20);
    if (status.err) {
        n->http = 400;
        buf_printf(&out, "{\"code\":\"%s\",\"place\":\"%.*s\",\"en\":\"%.*s\"}", status.err->code, STR_FMT(status.err->place), STR_FMT(status.err->en));
    } else if (!cases_command_run(cmd)) {
        wrong(s, "the queue is full");
    } else {
        n->http = cases_command_status(cmd);
        cases_command_render(cmd, &out);
    }
    n->body = arena_str(&s->a, buf_view(&out));
    buf_done(&out);
    cases_command_free(cmd);
    status = json_parse(&s->a, n->body, &n->json);
    if (status.err) wrong(s, "the answer is no JSON: %.*s", STR_FMT(n->body));
    const struct json *quote = json_get(n->json, STR("quote"));
    const struct str given = text_of(quote ? quote : n->json, "id");
    snprintf(n->id, sizeof n->id, "%.*s", STR_FMT(given));
    s->steps++;
    if (getenv("SPEC_SHOW")) fprintf(stderr, "# %d: %d %.*s\n", s->line, n->http, STR_FMT(n->body));
}

static struct str print(struct spec *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static struct str print(struct spec *s, const char *format, ...)
{
    va_list list;
    char *text = NULL;
    va_start(list, format);
    const int n = vasprintf(&text, format, list);
    va_end(list);
    if (n < 0) must(s, status_memory());
    const struct str copy = arena_str(&s->a, (struct str){text, (size_t)n});
    free(text);
    return copy;
}

static struct str person_json(struct spec *s, const char *name)
{
    for (int i = 0; i < s->person_count; i++) {
        if (strcmp(s->persons[i].name, name) == 0) return s->persons[i].json;
    }
    return print(s, "{\"id_kind\":\"99\",\"id\":\"%s\",\"name\":\"%s\",\"born\":\"1970-01-01\",\"sex\":\"F\"}", name, name);
}

static struct str consent_json(struct spec *s)
{
    const char *payers = option(s, "consent", "all");
    if (strcmp(payers, "none") == 0) return STR("");
    struct buf list;
    buf_init(&list, 4096);
    if (strcmp(payers, "all") == 0) {
        buf_add_cstr(&list, "\"all\"");
    } else {
        buf_add_cstr(&list, "[\"");
        for (const char *c = payers; *c; c++) {
            if (*c == ',') buf_add_cstr(&list, "\",\"");
            else buf_add_char(&list, *c);
        }
        buf_add_cstr(&list, "\"]");
    }
    const struct str json = print(s, ",\"consent\":{\"actor\":\"%s\",\"purpose\":\"%s\",\"payers\":%.*s}", option(s, "actor", "self"), option(s, "purpose", "settlement"),
                                  STR_FMT(buf_view(&list)));
    buf_done(&list);
    return json;
}

static struct str statutory_json(struct spec *s)
{
    return print(s, "{\"settled\":%s,\"stage\":\"%s\",\"funds\":{\"hifp_pay\":%lld},\"account\":%lld,\"hospital_part\":%lld}", option(s, "settled", "true"),
                 option(s, "stage", "final"), (long long)fen(s, option(s, "fund", "0")), (long long)fen(s, option(s, "account", "0")),
                 (long long)fen(s, option(s, "hospital_part", "0")));
}

/* trial NAME bill=… person=… own_full=… in_scope=… */
static void step_trial(struct spec *s)
{
    static const char *const buckets[] = {"own_full", "over_limit", "own_first", "in_scope"};
    int64_t parts[4], sum = 0;
    for (int i = 0; i < 4; i++) sum += parts[i] = fen(s, option(s, buckets[i], "0"));
    const struct str body = print(s,
        "{\"bill\":\"%s\",\"revision\":%s,\"hospital\":\"%s\",\"region\":\"410500\",\"insured_region\":\"%s\",\"visit\":\"%s\",\"from\":\"%s\",\"to\":\"%s\","
        "\"currency\":\"CNY\",\"person\":%.*s,\"facts\":{\"insured_type\":\"resident\"},\"lines\":[{\"line\":1,\"code\":\"C1\",\"amount\":%lld,\"own_full\":%lld,"
        "\"over_limit\":%lld,\"own_first\":%lld,\"in_scope\":%lld}],\"deposit\":%lld,\"statutory\":%.*s%.*s%s}",
        option(s, "bill", s->words[1]), option(s, "revision", "1"), option(s, "hospital", s->hospital), option(s, "insured", "410500"), option(s, "visit", "inpatient"),
        option(s, "from", "2026-03-01"), option(s, "to", "2026-03-02"), STR_FMT(person_json(s, option(s, "person", "P1"))), (long long)sum, (long long)parts[0],
        (long long)parts[1], (long long)parts[2], (long long)parts[3], (long long)fen(s, option(s, "deposit", "0")), STR_FMT(statutory_json(s)), STR_FMT(consent_json(s)),
        option(s, "more", ""));
    run(s, name_add(s, s->words[1]), CASES_TRIAL, "", "", body);
}

/* confirm NAME TRIAL desk=… | token=right|wrong */
static void step_confirm(struct spec *s)
{
    const struct named *trial = name_get(s, s->words[2]);
    const char *token = option(s, "token", NULL), *desk = option(s, "desk", "cashier-1");
    struct str act = print(s, "{\"kind\":\"desk\",\"by\":\"%s\"}", desk);
    if (!trial) {
        wrong(s, "no such step: %s", s->words[2]);
        return;
    }
    if (token) {
        const struct json *quote = json_get(trial->json, STR("quote"));
        const struct str right = text_of(quote ? quote : trial->json, "token");
        act = print(s, "{\"kind\":\"token\",\"value\":\"%.*s\"}", STR_FMT(strcmp(token, "right") == 0 ? right : str_from(token)));
    }
    if (strcmp(desk, "nobody") == 0) act = STR("null");
    const bool statutory = option(s, "fund", NULL) || option(s, "stage", NULL);
    const struct str body = print(s, "{\"trial\":\"%s\",\"act\":%.*s%s%.*s%s}", trial->id, STR_FMT(act), statutory ? ",\"statutory\":" : "",
                                  STR_FMT(statutory ? statutory_json(s) : STR("")), option(s, "accept", NULL) ? ",\"accept\":\"without-commercial\"" : "");
    run(s, name_add(s, s->words[1]), CASES_CONFIRM, "", "", body);
}

/* reverse | cancel | invoice | readjudicate NAME CASE …; share NAME CASE PAYER ACT amount=… reason=… */
static void step_case(struct spec *s, enum cases_op op)
{
    const struct named *c = name_get(s, s->words[2]);
    struct str body = STR("{}");
    struct str part = STR("");
    if (!c) {
        wrong(s, "no such step: %s", s->words[2]);
        return;
    }
    const char *reason = option(s, "reason", NULL), *amount = option(s, "amount", NULL);
    if (op == CASES_INVOICE) body = print(s, "{\"code\":\"%s\",\"number\":\"%s\",\"check\":\"%s\"}", option(s, "code", "4101"), option(s, "number", "1"), option(s, "check", "a1"));
    if (op == CASES_DOCUMENT) {
        body = print(s, "{\"kind\":\"record\",\"source\":\"patient\",\"payer\":\"%s\",\"content_base64\":\"%s\"}", s->words[3], option(s, "content", "aGVsbG8="));
    }
    if (op == CASES_READJUDICATE && option(s, "stage", NULL)) body = print(s, "{\"statutory\":%.*s}", STR_FMT(statutory_json(s)));
    if (op == CASES_SHARE) part = print(s, "%s/%s", s->words[3], s->words[4]);
    if ((op == CASES_SHARE || op == CASES_REVERSE) && (reason || amount)) {
        const struct str amount_json = amount ? print(s, "\"amount\":%lld", (long long)fen(s, amount)) : STR("");
        body = print(s, "{%.*s%s%s%s%s}", STR_FMT(amount_json), amount && reason ? "," : "", reason ? "\"reason\":\"" : "", reason ? reason : "", reason ? "\"" : "");
    }
    const struct str id = str_from(c->id);
    run(s, name_add(s, s->words[1]), op, id.p, part.p, body);
}

static void step_change(struct spec *s, const char *rest)
{
    struct named *n = name_add(s, "change");
    run(s, n, CASES_CHANGE, "", "", str_from(rest));
    if (n->http >= 300) wrong(s, "change refused: %.*s", STR_FMT(n->body));
}

static struct str file_json_text(struct spec *s, const char *path)
{
    struct str text;
    must(s, env_system()->file_read(env_system(), &s->a, str_from(path), 1 << 20, &text));
    struct buf out;
    struct json_writer w;
    buf_init(&out, 4 << 20);
    json_writer_init(&w, &out, false);
    json_string(&w, text);
    const struct str json = arena_str(&s->a, buf_view(&out));
    buf_done(&out);
    return json;
}

/* plan|chain NAME FILE: relative to the spec */
static void step_text(struct spec *s, const char *kind)
{
    char path[512];
    const char *slash = strrchr(s->path, '/');
    snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - s->path + 1) : 0, s->path, s->words[2]);
    const struct str text = file_json_text(s, path);
    const struct str body = print(s, "{\"change\":\"%s\",\"name\":\"%s\",\"text\":%.*s,\"grade\":\"B\"}", kind, s->words[1], STR_FMT(text));
    step_change(s, body.p);
}

/* person NAME born sex */
static void step_person(struct spec *s)
{
    struct person *p = &s->persons[s->person_count++];
    snprintf(p->name, sizeof p->name, "%s", s->words[1]);
    p->json = print(s, "{\"id_kind\":\"99\",\"id\":\"%s\",\"name\":\"%s\",\"born\":\"%s\",\"sex\":\"F\"}", s->words[1], s->words[1], option(s, "born", "1970-01-01"));
    if (option(s, "register", NULL)) step_change(s, print(s, "{\"change\":\"person\",\"person\":%.*s}", STR_FMT(p->json)).p);
}

/* policy PERSON PLAN NUMBER from=… to=… family=… */
static void step_policy(struct spec *s)
{
    const char *family = option(s, "family", NULL), *to = option(s, "to", "2026-12-31");
    const struct str body = print(s, "{\"change\":\"policy\",\"person\":%.*s,\"plan\":\"%s\",\"policy\":\"%s\",\"from\":\"%s\",\"to\":\"%s\"%s%s%s}",
                                  STR_FMT(person_json(s, s->words[1])), s->words[2], s->words[3], option(s, "from", "2026-01-01"), to,
                                  family ? ",\"family\":\"" : "", family ? family : "", family ? "\"" : "");
    step_change(s, body.p);
}

/* ---- what must be ------------------------------------------------------------------------------------------------- */

static const struct json *shown(const struct named *n)
{
    const struct json *quote = json_get(n->json, STR("quote")), *answer = json_get(n->json, STR("answer"));
    return quote ? quote : answer ? answer : n->json;
}

static void expect_share(struct spec *s)
{
    const struct json *payers = json_get(shown(s->last), STR("payers"));
    for (uint32_t i = 0; payers && i < payers->count; i++) {
        const struct json *p = &payers->items[i];
        if (!str_eq(text_of(p, "payer"), str_from(s->words[1]))) continue;
        if (!str_eq(text_of(p, "status"), str_from(s->words[2]))) wrong(s, "%s is %.*s, not %s", s->words[1], STR_FMT(text_of(p, "status")), s->words[2]);
        const bool later = strcmp(s->words[2], "later") == 0;
        const int64_t amount = number_of(p, later ? "expected" : "pay");
        if (s->count > 3 && amount != fen(s, s->words[3])) wrong(s, "%s: %lld fen, not %s", s->words[1], (long long)amount, s->words[3]);
        if (s->count > 4 && !str_eq(text_of(p, "reason"), str_from(s->words[4]))) wrong(s, "reason %.*s, not %s", STR_FMT(text_of(p, "reason")), s->words[4]);
        return;
    }
    if (strcmp(s->words[2], "absent") != 0) wrong(s, "no share of %s", s->words[1]);
}

static void expect(struct spec *s)
{
    const char *what = s->words[0];
    const struct named *n = s->last;
    if (!n) {
        wrong(s, "nothing was done yet");
        return;
    }
    const struct json *patient = json_get(shown(n), STR("patient"));
    if (strcmp(what, "status") == 0) {
        if (n->http != whole(s->words[1])) wrong(s, "status %d, not %s: %.*s", n->http, s->words[1], (int)(n->body.n < 800 ? n->body.n : 800), n->body.p);
        if (s->count > 2 && !str_eq(text_of(n->json, "code"), str_from(s->words[2]))) wrong(s, "code %.*s, not %s", STR_FMT(text_of(n->json, "code")), s->words[2]);
    } else if (strcmp(what, "share") == 0) {
        expect_share(s);
    } else if (strcmp(what, "same") == 0) {
        const struct named *other = name_get(s, s->words[1]);
        if (!other || !str_eq(other->body, n->body)) wrong(s, "other bytes than %s: %.*s", s->words[1], STR_FMT(n->body));
    } else if (strcmp(what, "names") == 0) {
        const struct named *other = name_get(s, s->words[1]);
        if (!other || !str_contains(n->body, str_from(other->id))) wrong(s, "%s is not named: %.*s", s->words[1], STR_FMT(n->body));
    } else if (strcmp(what, "says") == 0) {
        if (!str_contains(n->body, str_from(s->words[1]))) wrong(s, "does not say %s: %.*s", s->words[1], STR_FMT(n->body));
    } else if (strcmp(what, "hides") == 0) {
        if (str_contains(n->body, str_from(s->words[1]))) wrong(s, "says %s: %.*s", s->words[1], STR_FMT(n->body));
    } else if (strcmp(what, "hospital") == 0) {
        if (number_of(shown(n), what) != fen(s, s->words[1])) wrong(s, "hospital %lld", (long long)number_of(shown(n), what));
    } else if (number_of(patient, what) != fen(s, s->words[1])) {
        wrong(s, "%s %lld fen, not %s", what, (long long)number_of(patient, what), s->words[1]);
    }
}

/* Reads by a working set over a reader, round after round. */
static bool again(struct spec *s, struct cases_reader *r)
{
    if (!cases_set_waits(r->set)) return false;
    must(s, cases_set_load(r->set, r->connection, &r->arena));
    return true;
}

/* account CODE AMOUNT: its balance */
static void step_account(struct spec *s)
{
    static const struct store_statement st = {.name = "spec.account", .params = "t", .results = "i",
        .sqlite = "SELECT debits_posted - credits_posted FROM accounts WHERE shard = 0 AND code = ?1",
        .postgres = "SELECT p.n, (a.debits_posted - a.credits_posted)::bigint FROM unnest($1::text[]) WITH ORDINALITY AS p(code, n) JOIN accounts a ON a.shard = 0 AND a.code = p.code"};
    struct cases_reader *r = NULL;
    struct store_rows rows;
    must(s, cases_reader_take(s->desk, &r));
    const struct store_value code[] = {STORE_S(str_from(s->words[1]))};
    must(s, store_read(r->connection, &r->arena, &st, code, 1, &rows));
    const int64_t balance = rows.count ? store_row(&rows, 0)[0].i : 0;
    if (balance != fen(s, s->words[2])) wrong(s, "%s holds %lld fen, not %s", s->words[1], (long long)balance, s->words[2]);
    cases_reader_give(s->desk, r);
}

static void row_check(struct spec *s, const struct cases_row *row)
{
    struct {
        const char *name;
        int64_t value;
    } sums[] = {{"total", row->total}, {"funds", row->funds}, {"payers", row->payers}, {"hospital", row->hospital_part}, {"account", row->account},
                {"cash", row->cash}, {"payout", row->payout}, {"revision", row->revision * 100}};
    if (row->total != row->funds + row->payers + row->hospital_part + row->account + row->cash - row->payout) wrong(s, "the sums do not come to the total");
    const char *state = option(s, "state", NULL);
    if (state && strcmp(state, cases_state_name(row->state)) != 0) wrong(s, "state %s", cases_state_name(row->state));
    for (size_t i = 0; i < COUNT_OF(sums); i++) {
        const char *want = option(s, sums[i].name, NULL);
        if (want && fen(s, want) != sums[i].value) wrong(s, "%s %lld fen, not %s", sums[i].name, (long long)sums[i].value, want);
    }
}

/* case CASE state=… cash=… payers=…;  claim CASE PAYER state=… pay=… expected=… reason=… */
static void step_row(struct spec *s, bool claim)
{
    struct cases_reader *r = NULL;
    struct cases_row *row = NULL;
    struct cases_share *shares = NULL;
    uint32_t count = 0;
    struct id128 id;
    const struct named *c = name_get(s, s->words[1]);
    if (!c || !id128_parse(str_from(c->id), &id)) {
        wrong(s, "no case %s", s->words[1]);
        return;
    }
    must(s, cases_reader_take(s->desk, &r));
    do {
        (void)cases_row_get(r->set, &id, &row);
        (void)cases_shares_get(r->set, &id, &shares, &count);
    } while (again(s, r));
    const struct cases_share *share = claim ? life_share_find(shares, count, str_from(s->words[2])) : NULL;
    if (!row) wrong(s, "the case is not there");
    else if (!claim) row_check(s, row);
    if (claim && !share) wrong(s, "no share of %s", s->words[2]);
    if (share) {
        const char *state = option(s, "state", NULL), *pay = option(s, "pay", NULL), *expected = option(s, "expected", NULL), *reason = option(s, "reason", NULL);
        const char *to = option(s, "to", NULL);
        if (state && strcmp(state, cases_share_state_name(share->state)) != 0) wrong(s, "state %s, not %s", cases_share_state_name(share->state), state);
        if (pay && fen(s, pay) != share->pay) wrong(s, "pay %lld fen, not %s", (long long)share->pay, pay);
        if (expected && fen(s, expected) != share->expected) wrong(s, "expected %lld fen, not %s", (long long)share->expected, expected);
        if (reason && strcmp(reason, cases_later_name(share->reason)) != 0) wrong(s, "reason %s, not %s", cases_later_name(share->reason), reason);
        if (to && share->to_patient != (strcmp(to, "patient") == 0)) wrong(s, "pays to the %s", share->to_patient ? "patient" : "hospital");
        for (int i = 0; i < LIFE_CLOCK_COUNT; i++) {
            const char *days = option(s, life_clock_name((enum life_clock)i), NULL);
            const int64_t due = life_clock_due(&share->clocks, (enum life_clock)i);
            const int64_t left = due ? (due - s->clock.now_ms) / LIFE_MS_DAY : -1;
            if (days && whole(days) != left) wrong(s, "%s: %lld days left, not %s", life_clock_name((enum life_clock)i), (long long)left, days);
        }
    }
    cases_reader_give(s->desk, r);
}

/* show NAME WHAT [CASE|…]: a query as an answer */
static void step_show(struct spec *s)
{
    const struct cases_caller who = {str_from(option(s, "by", "")), str_from(option(s, "role", ""))};
    const struct cases_filter f = {.hospital = str_from(option(s, "of", "")), .payer = str_from(option(s, "payer", "")), .state = str_from(option(s, "state", ""))};
    const char *what = s->words[2];
    const struct named *c = s->count > 3 ? name_get(s, s->words[3]) : NULL;
    const struct str id = str_from(c ? c->id : "");
    struct named *n = name_add(s, s->words[1]);
    struct buf out;
    buf_init(&out, 64 << 20);
    if (strcmp(what, "case") == 0) n->http = cases_query_case(s->desk, &who, id, &out);
    else if (strcmp(what, "explanation") == 0) n->http = cases_query_explanation(s->desk, &who, id, &out);
    else if (strcmp(what, "split") == 0) n->http = cases_query_split(s->desk, &who, id, &out);
    else if (strcmp(what, "cases") == 0) n->http = cases_query_cases(s->desk, &who, &f, &out);
    else if (strcmp(what, "queue") == 0) n->http = cases_query_shares(s->desk, &who, &f, &out);
    else if (strcmp(what, "person") == 0) n->http = cases_query_person(s->desk, &who, STR("99"), str_from(s->words[3]), &out);
    else if (strcmp(what, "sweep") == 0) n->http = cases_query_sweep(s->desk, &who, &f, &out);
    else if (strcmp(what, "events") == 0) n->http = cases_query_events(s->desk, &who, -1, 500, &out);
    else if (strcmp(what, "day") == 0) n->http = cases_query_day(s->desk, &who, str_from(s->words[3]), f.hospital, &out);
    else wrong(s, "show what?");
    n->body = arena_str(&s->a, buf_view(&out));
    buf_done(&out);
    must(s, json_parse(&s->a, n->body, &n->json));
    if (getenv("SPEC_SHOW")) fprintf(stderr, "# %d: %d %.*s\n", s->line, n->http, STR_FMT(n->body));
}

static void step_clock(struct spec *s)
{
    struct day day;
    int hour = 0, minute = 0;
    char *t = strchr(s->words[1], 'T');
    if (t) {
        *t = 0;
        hour = (int)whole(t + 1);
        minute = (int)whole(strchr(t + 1, ':') ? strchr(t + 1, ':') + 1 : "0");
    }
    if (!day_parse(str_from(s->words[1]), &day)) wrong(s, "no day");
    else s->clock.now_ms = day.v * LIFE_MS_DAY + (hour * 60 + minute) * LIFE_MS_MINUTE;
}

static void step_wait(struct spec *s)
{
    const int64_t n = whole(s->words[1]);
    s->clock.now_ms += strncmp(s->words[2], "day", 3) == 0 ? n * LIFE_MS_DAY : strncmp(s->words[2], "hour", 4) == 0 ? n * 60 * LIFE_MS_MINUTE : n * LIFE_MS_MINUTE;
}

static void include(struct spec *s, const char *path);

static void step(struct spec *s, const char *rest)
{
    static const struct {
        const char *word;
        enum cases_op op;
    } ops[] = {{"reverse", CASES_REVERSE}, {"cancel", CASES_CANCEL}, {"invoice", CASES_INVOICE}, {"readjudicate", CASES_READJUDICATE},
               {"act", CASES_SHARE}, {"paper", CASES_DOCUMENT}};
    const char *what = s->words[0];
    if (strcmp(what, "use") == 0) include(s, s->words[1]);
    else if (strcmp(what, "clock") == 0) step_clock(s);
    else if (strcmp(what, "wait") == 0) step_wait(s);
    else if (strcmp(what, "hospital") == 0) snprintf(s->hospital, sizeof s->hospital, "%s", s->words[1]);
    else if (strcmp(what, "person") == 0) step_person(s);
    else if (strcmp(what, "policy") == 0) step_policy(s);
    else if (strcmp(what, "plan") == 0 || strcmp(what, "chain") == 0 || strcmp(what, "list") == 0) step_text(s, what);
    else if (strcmp(what, "change") == 0) step_change(s, rest);
    else if (strcmp(what, "trial") == 0) step_trial(s);
    else if (strcmp(what, "confirm") == 0) step_confirm(s);
    else if (strcmp(what, "account") == 0) step_account(s);
    else if (strcmp(what, "show") == 0) step_show(s);
    else if (strcmp(what, "case") == 0 || strcmp(what, "claim") == 0) step_row(s, what[1] == 'l');
    else if (strcmp(what, "close") == 0) run(s, name_add(s, "close"), CASES_CLOSE_DAY, "", s->words[1], STR("{}"));
    else if (strcmp(what, "due") == 0) run(s, name_add(s, "due"), CASES_DUE, "", "", STR("{}"));
    else {
        for (size_t i = 0; i < COUNT_OF(ops); i++) {
            if (strcmp(what, ops[i].word) == 0) {
                step_case(s, ops[i].op);
                return;
            }
        }
        wrong(s, "what is %s?", what);
    }
}

static void line_run(struct spec *s, char *line)
{
    char *comment = strstr(line, " -- ");
    if (strncmp(line, "change", 6) != 0 && comment) *comment = 0;
    if (strncmp(line, "--", 2) == 0) return;
    const bool expectation = line[0] == ' ';
    char *copy = strdup(line);
    s->count = 0;
    for (char *at = line; *at && s->count < WORDS_MAX;) {
        at += strspn(at, " \n");
        if (!*at) break;
        s->words[s->count++] = at;
        at += strcspn(at, " \n");
        if (*at) *at++ = 0;
    }
    if (s->count > 0 && expectation) expect(s);
    else if (s->count > 0) step(s, strchr(copy, ' ') ? strchr(copy, ' ') + 1 : "");
    free(copy);
}

static void file_run(struct spec *s, const char *path)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    if (!f) {
        printf("Bail out! no spec %s\n", path);
        exit(1);
    }
    const char *before = s->path;
    const int line_before = s->line;
    s->path = path;
    s->line = 0;
    while (getline(&line, &cap, f) >= 0) {
        s->line++;
        line_run(s, line);
    }
    free(line);
    fclose(f);
    s->path = before ? before : path;
    s->line = before ? line_before : s->line;
}

static void include(struct spec *s, const char *name)
{
    char path[512];
    const char *slash = strrchr(s->path, '/');
    snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - s->path + 1) : 0, s->path, name);
    file_run(s, path);
}

/* ---- the whole -------------------------------------------------------------------------------------------------------- */

static void audit(struct spec *s, const struct cases_desk_options *o)
{
    struct cases_audit found = {0};
    struct cases_desk_options read = *o;
    read.read_only = true;
    read.migrate = false;
    must(s, cases_audit_run(&s->a, &read, true, NULL, NULL, &found));
    for (int i = 0; i < CASES_PROOF_COUNT; i++) {
        if (found.proof[i].wrong) {
            wrong(s, "audit: %s: %lld of %lld wrong, first %.*s", cases_proof_name((enum cases_proof)i), (long long)found.proof[i].wrong,
                  (long long)found.proof[i].checked, STR_FMT(found.proof[i].first));
        }
    }
    if (!found.holds) wrong(s, "the audit does not hold");
}

int main(int argc, char **argv)
{
    static struct spec s;
    char folder[] = "/tmp/yijie-spec-XXXXXX";
    const char *owner = getenv("YIJIE_TEST_POSTGRES");
    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        memset(&s, 0, sizeof s);
        arena_init(&s.a, ARENA_BYTES);
        s.clock.env = *env_system();
        s.clock.env.now_ms = clock_now;
        s.clock.now_ms = INT64_C(1772442000000); /* 2026-03-02 09:00 UTC */
        snprintf(s.hospital, sizeof s.hospital, "H1");
        snprintf(folder, sizeof folder, "/tmp/yijie-spec-XXXXXX");
        if (!mkdtemp(folder)) return 2;
        struct cases_desk_options o = {.env = &s.clock.env, .where = str_from(owner ? owner : folder), .workers = 1, .allow_doubtful = true, .migrate = true};
        if (owner) o.keys_path = print(&s, "%s/keys.json", folder);
        must(&s, cases_desk_open(&s.a, &o, &s.desk));
        file_run(&s, argv[i]);
        cases_desk_close(s.desk);
        if (s.failed == 0) audit(&s, &o);
        printf("%s %d - %s (%d steps)\n", s.failed ? "not ok" : "ok", i, strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i], s.steps);
        arena_done(&s.a);
        char remove[128];
        snprintf(remove, sizeof remove, "rm -rf %s", folder);
        if (system(remove) != 0) return 2; /* the folder that mkdtemp has just made */
    }
    return 0;
}
