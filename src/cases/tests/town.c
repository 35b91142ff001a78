/* town — see town.h. */
#define _GNU_SOURCE
#include "cases/tests/town.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int town_count;

static void die(const char *what, struct status s)
{
    printf("Bail out! %s: %s at %.*s: %.*s\n", what, s.err->code, STR_FMT(s.err->place), STR_FMT(s.err->en));
    exit(1);
}

static void must(const char *what, struct status s)
{
    if (s.err) die(what, s);
}

static void point(const struct env *e, const char *name)
{
    const struct town_env *t = (const struct town_env *)(const void *)e;
    if (t->at_point) t->at_point(t->user, name);
}

void town_open(struct town *t) { must("open", cases_desk_open(&t->arena, &t->options, &t->desk)); }

void town_close(struct town *t)
{
    if (t->desk) cases_desk_close(t->desk);
    t->desk = NULL;
}

static void change(struct town *t, const char *body)
{
    struct town_answer answer;
    town_run(t, CASES_CHANGE, "", "", "", str_from(body), &answer);
    if (answer.http >= 300) {
        printf("Bail out! change %d: %s\n", answer.http, answer.body);
        exit(1);
    }
}

static void text(struct town *t, const char *kind, const char *name, const char *file)
{
    struct str body;
    char path[512];
    snprintf(path, sizeof path, "%s/%s", SPECS, file);
    must(path, t->env.system->file_read(t->env.system, &t->arena, str_from(path), 1 << 20, &body));
    struct buf out;
    buf_init(&out, 1 << 20);
    struct json_writer w;
    json_writer_init(&w, &out, false);
    json_begin_object(&w);
    json_member_string(&w, STR("change"), str_from(kind));
    json_member_string(&w, STR("name"), str_from(name));
    json_member_string(&w, STR("text"), body);
    json_member_string(&w, STR("grade"), STR("B"));
    json_end_object(&w);
    change(t, arena_str(&t->arena, buf_view(&out)).p);
    buf_done(&out);
}

static struct str person(const struct town *t, int n, char room[256])
{
    const int length = snprintf(room, 256, "{\"id_kind\":\"99\",\"id\":\"T%dP%d\",\"name\":\"P%d\",\"born\":\"1970-01-01\",\"sex\":\"F\"}", t->number, n, n);
    return (struct str){room, (size_t)length};
}

static void fill(struct town *t)
{
    text(t, "plan", "basic", "basic.plan");
    text(t, "plan", "huimin", "huimin.plan");
    text(t, "plan", "million", "million.plan");
    text(t, "chain", "town", "town.chain");
    change(t, "[{\"change\":\"institution\",\"id\":\"H1\",\"kind\":\"hospital\",\"zh\":\"一院\"},{\"change\":\"institution\",\"id\":\"I1\",\"kind\":\"insurer\",\"zh\":\"甲\"},"
              "{\"change\":\"payer\",\"plan\":\"huimin\",\"institution\":\"I1\"},{\"change\":\"payer\",\"plan\":\"million\",\"institution\":\"I1\"},"
              "{\"change\":\"region\",\"code\":\"410500\",\"chain\":\"town\"}]");
    for (int i = 0; i < TOWN_PERSONS; i++) {
        char who[256];
        const struct str p = person(t, i, who);
        char body[1024];
        snprintf(body, sizeof body, "[{\"change\":\"person\",\"person\":%.*s},{\"change\":\"policy\",\"person\":%.*s,\"plan\":\"huimin\",\"policy\":\"T%dHM%d\",\"from\":\"2026-01-01\",\"to\":\"2026-12-31\"}]",
                 STR_FMT(p), STR_FMT(p), t->number, i);
        change(t, body);
    }
}

void town_begin(struct town *t)
{
    *t = (struct town){.number = ++town_count};
    arena_init(&t->arena, 1 << 30);
    t->env = (struct town_env){.env = *env_system(), .system = env_system()};
    t->env.env.point = point;
    snprintf(t->folder, sizeof t->folder, "%s/yijie-town-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(t->folder)) exit(1);
    const char *owner = getenv("YIJIE_TEST_POSTGRES");
    t->postgres = owner != NULL;
    static char keys[400];
    if (town_count == 1) snprintf(keys, sizeof keys, "%s.keys.json", t->folder); /* one database, one keys file */
    t->options = (struct cases_desk_options){.env = &t->env.env, .where = str_from(owner ? owner : t->folder), .keys_path = owner ? str_from(keys) : STR(""), .migrate = true,
                                             .scratch = str_from(t->folder)};
    if (!owner) t->options.scratch = arena_printf(&t->arena, "%s/audit", t->folder);
    town_open(t);
    fill(t);
}

void town_end(struct town *t)
{
    char command[800];
    town_close(t);
    snprintf(command, sizeof command, "rm -rf '%s'", t->folder);
    if (system(command) != 0) exit(1);
    arena_done(&t->arena);
}

void town_run(struct town *t, enum cases_op op, const char *key, const char *id, const char *part, struct str body, struct town_answer *ret)
{
    struct cases_command *cmd = NULL;
    struct arena *arena = NULL;
    const struct cases_caller who = {STR(""), STR("admin")};
    struct buf out;
    *ret = (struct town_answer){.http = 0};
    must("command", cases_command_new(t->desk, op, &who, str_from(key), str_from(id), str_from(part), body, &cmd, &arena));
    if (!cases_command_run(cmd)) {
        ret->http = 503;
        cases_command_free(cmd);
        return;
    }
    buf_init(&out, 1 << 24);
    ret->http = cases_command_status(cmd);
    cases_command_render(cmd, &out);
    snprintf(ret->body, sizeof ret->body, "%.*s", (int)out.n, out.p);
    const char *found = memmem(out.p, out.n, "\"id\":\"", 6);
    if (found) memcpy(ret->id, found + 6, 32);
    buf_done(&out);
    cases_command_free(cmd);
}

void town_bill(const struct town *t, const char *bill, int n, int64_t own_full, struct buf *out)
{
    char who[256];
    buf_printf(out,
        "{\"bill\":\"T%d%s\",\"revision\":1,\"hospital\":\"H1\",\"region\":\"410500\",\"insured_region\":\"410500\",\"visit\":\"inpatient\",\"from\":\"2026-03-01\","
        "\"to\":\"2026-03-02\",\"currency\":\"CNY\",\"person\":%.*s,\"facts\":{\"insured_type\":\"resident\"},\"lines\":[{\"line\":1,\"code\":\"C1\",\"amount\":%lld,"
        "\"own_full\":%lld,\"over_limit\":0,\"own_first\":0,\"in_scope\":0}],\"deposit\":0,\"statutory\":{\"settled\":true,\"stage\":\"final\",\"funds\":{\"hifp_pay\":0},"
        "\"account\":0,\"hospital_part\":0},\"consent\":{\"actor\":\"self\",\"purpose\":\"settlement\",\"payers\":\"all\"}}",
        t->number, bill, STR_FMT(person(t, n, who)), (long long)own_full, (long long)own_full);
}

void town_trial(struct town *t, const char *bill, int n, int64_t own_full, struct town_answer *ret)
{
    struct buf out;
    buf_init(&out, 65536);
    town_bill(t, bill, n, own_full, &out);
    town_run(t, CASES_TRIAL, "", "", "", buf_view(&out), ret);
    buf_done(&out);
}

void town_confirm(struct town *t, const char *trial, const char *key, struct town_answer *ret)
{
    char body[200];
    const int n = snprintf(body, sizeof body, "{\"trial\":\"%s\",\"act\":{\"kind\":\"desk\",\"by\":\"c\"}}", trial);
    town_run(t, CASES_CONFIRM, key, "", "", (struct str){body, (size_t)n}, ret);
}

void town_reverse(struct town *t, const char *id, struct town_answer *ret) { town_run(t, CASES_REVERSE, "", id, "", STR("{}"), ret); }

bool town_holds(struct town *t, bool replay)
{
    struct cases_audit audit;
    must("audit", cases_audit_run(&t->arena, &t->options, replay, NULL, NULL, &audit));
    for (int i = 0; i < CASES_PROOF_COUNT; i++) {
        if (audit.proof[i].wrong) fprintf(stderr, "# %s: %.*s\n", cases_proof_name((enum cases_proof)i), STR_FMT(audit.proof[i].first));
    }
    return audit.holds;
}

void town_sql(struct town *t, const char *sql)
{
    const struct store_options so = {.env = &t->env.env, .where = t->options.where};
    const struct store_statement st = {.name = "town.sql", .params = "", .results = "", .sqlite = sql, .postgres = sql};
    struct store *store = NULL;
    struct store_connection *c = NULL;
    must("store", store_open(&t->arena, &so, &store));
    must("connect", store_connect(store, STORE_OWNER, &t->arena, &c));
    must("begin", store_begin(c, &t->arena));
    must(sql, store_write(c, &t->arena, &st, NULL, 1));
    must("commit", store_commit(c, &t->arena));
    store_disconnect(c);
    store_close(store);
}
