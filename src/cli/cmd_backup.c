/* cli/cmd_backup — `yijie backup --data DIR TARGET` and `yijie restore --data DIR SOURCE`: the embedded store and its keys as a folder of their own, proved by an audit.
 *
 * Exit 0 copied and proved, 1 the copy does not hold, 2 asked wrongly (nothing was written), 3 failure. A backup is taken online, page by page, beside a running server; it is a data folder like any other. Nothing is ever written over: the target of a
 * backup and the data folder of a restore must not hold a store. PostgreSQL has its own tools (pg_basebackup), which keep what it promises.
 */
#include "cli/command.h"
#include "cli/session.h"

#include "cases/cases.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_BYTES = 64 * 1024, PATH_BYTES = 64 * 1024 };

static void page_progress(void *user, uint64_t done, uint64_t total) { cli_progress(user, "复制", "copying", done, total); }
static void audit_progress(void *user, const char *zh, const char *en, uint64_t done, uint64_t total) { cli_progress(user, zh, en, done, total); }

/* What is to be copied must be there with its keys: a store without them would be a promise that cannot be kept. */
static struct status source_check(struct cli *c, struct str from, struct str *ret_keys)
{
    const struct str *names = NULL;
    uint32_t count = 0;
    bool there = false;
    TRY(c->env->dir_list(c->env, c->arena, from, 1'000, &names, &count));
    for (uint32_t i = 0; i < count; i++) there = there || str_eq(names[i], STR("yijie.db"));
    if (!there) {
        return status_error(c->arena, (struct error){.code = "backup-source", .place = from, .zh = STR("该目录中没有数据"), .en = STR("there is no store in this folder"),
            .hint_zh = STR("给出含 yijie.db 的目录"), .hint_en = STR("name the folder that holds yijie.db")});
    }
    return c->env->file_read_private(c->env, c->arena, arena_printf(c->arena, "%.*s/keys.json", STR_FMT(from)), KEYS_BYTES, ret_keys);
}

static struct status folder_check(struct cli *c, struct str to)
{
    const struct str *names = NULL;
    uint32_t count = 0;
    TRY(c->env->dir_make(c->env, c->arena, to));
    TRY(c->env->dir_list(c->env, c->arena, to, 1'000, &names, &count));
    for (uint32_t i = 0; i < count; i++) {
        if (!str_starts(names[i], STR("yijie.db")) && !str_eq(names[i], STR("keys.json"))) continue;
        return status_error(c->arena, (struct error){.code = "backup-target", .place = to, .zh = STR("目标目录已有数据，绝不覆盖"), .en = STR("the target holds data already; nothing is written over"),
            .hint_zh = STR("换一个空目录"), .hint_en = STR("name an empty folder")});
    }
    return STATUS_OK;
}

/* By the server that has the store, through its writer: however much it settles meanwhile, the copy comes to its end. *ret_done false: no server answers, or it may not
 * write there (another user, a folder of its own): then the copy is taken from a snapshot. */
static struct status server_copy(struct cli *c, struct str from, struct str file, bool *ret_done)
{
    struct cli_session *session = NULL;
    *ret_done = false;
    char whole[PATH_MAX]; /* the server has another working directory */
    const struct str path = realpath(c->args[0], whole) ? arena_printf(c->arena, "%s/yijie.db", whole) : file;
    TRY(cli_session_find(c, from, &session));
    if (!session) return STATUS_OK;
    struct buf body;
    struct json_writer w;
    int status = 0;
    struct str answer = STR("");
    buf_init(&body, PATH_BYTES);
    json_writer_init(&w, &body, false);
    json_begin_object(&w);
    json_member_string(&w, STR("file"), path);
    json_end_object(&w);
    const struct status s = cli_session_send(session, c->arena, "POST", STR("/v1/backup"), buf_view(&body), "application/json", &status, &answer);
    buf_done(&body);
    cli_session_close(session);
    *ret_done = !status_failed(s) && status == 201;
    return STATUS_OK;
}

static struct status store_copy(struct cli *c, struct str from, struct str to)
{
    struct store *store = NULL;
    struct str keys = STR("");
    const struct store_options o = {.env = c->env, .where = from};
    TRY(source_check(c, from, &keys));
    TRY(folder_check(c, to));
    const struct str file = arena_printf(c->arena, "%.*s/yijie.db", STR_FMT(to));
    bool done = false;
    if (c->command->run == cli_backup) TRY(server_copy(c, from, file, &done));
    if (!done) {
        TRY(store_open(c->arena, &o, &store));
        const struct status s = store_backup(store, c->arena, file, page_progress, c);
        cli_progress_end(c);
        store_close(store);
        TRY(s);
    }
    return c->env->file_create(c->env, c->arena, arena_printf(c->arena, "%.*s/keys.json", STR_FMT(to)), keys);
}

/* What was copied must hold by itself. */
static int copy_prove(struct cli *c, struct str to, const char *zh, const char *en)
{
    struct cases_audit audit = {0};
    const struct cases_desk_options o = {.env = c->env, .where = to, .read_only = true};
    const struct status s = cases_audit_run(c->arena, &o, false, audit_progress, c, &audit);
    cli_progress_end(c);
    if (status_failed(s)) {
        (void)cli_fail(c, s, NULL);
        return CLI_FAILURE;
    }
    if (c->json) {
        struct json_writer w;
        json_writer_init(&w, &c->out, false);
        json_begin_object(&w);
        json_member_string(&w, STR("folder"), to);
        json_member_bool(&w, STR("holds"), audit.holds);
        json_member_i64(&w, STR("events"), audit.events);
        json_member_i64(&w, STR("cases"), audit.cases);
        json_end_object(&w);
    } else {
        cli_text(c, &c->out, arena_printf(c->arena, "%s：%.*s，%lld 个事件，审计%s", zh, STR_FMT(to), (long long)audit.events, audit.holds ? "成立" : "不成立"),
                 arena_printf(c->arena, "%s: %.*s, %lld events, the audit %s", en, STR_FMT(to), (long long)audit.events, audit.holds ? "holds" : "does not hold"));
    }
    buf_add_char(&c->out, '\n');
    return audit.holds ? CLI_OK : CLI_REFUSED;
}

/* Asked wrongly: nothing was written. */
static bool asked_wrongly(const struct error *e)
{
    static const char *const codes[] = {"backup-source", "backup-target", "file-not-found", "file-bad-path", "file-not-private", "dir-read"};
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        if (strcmp(e->code, codes[i]) == 0) return true;
    }
    return false;
}

static int copy_run(struct cli *c, struct str from, struct str to, const char *zh, const char *en)
{
    const struct status s = store_copy(c, from, to);
    if (status_failed(s)) {
        (void)cli_fail(c, s, NULL);
        return asked_wrongly(s.err) ? CLI_BAD_INPUT : CLI_FAILURE;
    }
    return copy_prove(c, to, zh, en);
}

int cli_backup(struct cli *c)
{
    if (!c->option[CLI_DATA]) return cli_usage(c, "option-missing", "缺少选项", "an option is missing", "--data DIR");
    return copy_run(c, str_from(c->option[CLI_DATA]), str_from(c->args[0]), "备份完成", "backed up");
}

int cli_restore(struct cli *c)
{
    if (!c->option[CLI_DATA]) return cli_usage(c, "option-missing", "缺少选项", "an option is missing", "--data DIR");
    return copy_run(c, str_from(c->args[0]), str_from(c->option[CLI_DATA]), "恢复完成", "restored");
}
