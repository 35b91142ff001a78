/* cli/cmd_import — `yijie import FILE…`: the registry from CSV, JSON or JSON lines, each file all or nothing; `yijie plan publish DIR`: plans, lists and chains.
 *
 * Errors come by row and column. Every plan is checked before anything is published; one of grade D only with --allow-doubtful. With --dry-run nothing is written: the
 * server decides everything and throws it away.
 */
#include "cli/command.h"
#include "cli/files.h"
#include "cli/session.h"

#include "plan/plan.h"

#include <string.h>

enum { IMPORT_BYTES = 64 * 1024 * 1024, PART_BYTES = 32 * 1024 };

static bool ends_with(struct str s, struct str end)
{
    return s.n >= end.n && memcmp(s.p + s.n - end.n, end.p, end.n) == 0;
}

static const char *media_of(struct str name)
{
    if (ends_with(name, STR(".csv"))) return "text/csv";
    if (ends_with(name, STR(".jsonl")) || ends_with(name, STR(".ndjson"))) return "application/x-ndjson";
    return ends_with(name, STR(".json")) ? "application/json" : NULL;
}

static struct str import_path(struct cli *c)
{
    const char *kind = c->option[CLI_KIND];
    return arena_printf(c->arena, "/v1/import%s%s%s%s", kind || c->option[CLI_DRY_RUN] ? "?" : "", c->option[CLI_DRY_RUN] ? "dry_run=1" : "",
                        kind && c->option[CLI_DRY_RUN] ? "&kind=" : kind ? "kind=" : "", kind ? kind : "");
}

static void done_print(struct cli *c, const char *file, struct str answer)
{
    const struct json *v = NULL;
    int64_t changes = 0;
    if (c->json) {
        buf_add(&c->out, answer);
        buf_add_char(&c->out, '\n');
        return;
    }
    if (!status_failed(json_parse(c->arena, answer, &v)) && json_get(v, STR("changes"))) (void)json_to_i64(json_get(v, STR("changes")), &changes);
    const bool dry = c->option[CLI_DRY_RUN] != NULL;
    buf_printf(&c->out, "%s: ", file);
    cli_text(c, &c->out, arena_printf(c->arena, dry ? "可导入，%lld 项变更，未写入" : "已导入，%lld 项变更", (long long)changes),
             arena_printf(c->arena, dry ? "fine, %lld changes, nothing was written" : "imported, %lld changes", (long long)changes));
    buf_add_char(&c->out, '\n');
}

static int file_send(struct cli *c, struct cli_session *session, const char *file)
{
    struct str bytes, answer = STR("");
    int status = 0;
    struct status s = cli_file_read(c, file, IMPORT_BYTES, &bytes);
    if (!status_failed(s)) s = cli_session_send(session, c->arena, "POST", import_path(c), bytes, media_of(str_from(file)), &status, &answer);
    if (status_failed(s)) return cli_fail(c, s, file);
    if (status < 200 || status > 299) return cli_problem(c, status, answer, file);
    done_print(c, file, answer);
    return CLI_OK;
}

int cli_import(struct cli *c)
{
    for (uint32_t i = 0; i < c->arg_count; i++) {
        if (!media_of(str_from(c->args[i]))) return cli_usage(c, "import-suffix", "文件名须以 .csv、.json 或 .jsonl 结尾", "a file ends with .csv, .json or .jsonl", c->args[i]);
    }
    struct cli_session *session = NULL;
    const struct status s = cli_session_open(c, &session);
    if (status_failed(s)) return cli_open_failed(c, s);
    int code = CLI_OK;
    for (uint32_t i = 0; i < c->arg_count && code == CLI_OK; i++) {
        cli_progress(c, "导入", "importing", i, c->arg_count);
        code = file_send(c, session, c->args[i]);
    }
    cli_progress_end(c);
    cli_session_close(session);
    return code;
}

/* ---- plans ---------------------------------------------------------------------------------------------------------------- */

struct publishing {
    struct cli *c;
    struct json_writer w;
    struct buf body;
    const struct plan_library *lib;
    uint32_t count, depth;
};

/* "plans/lists/pet-ct.list" → "pet-ct" */
static struct str stem_of(struct str path, size_t suffix)
{
    size_t begin = path.n;
    while (begin > 0 && path.p[begin - 1] != '/') begin--;
    return (struct str){path.p + begin, path.n - begin - suffix};
}

static char grade_of(const struct publishing *p, struct str path, struct str name)
{
    for (uint32_t i = 0; i < p->lib->plan_count; i++) {
        const struct plan_about about = plan_about(p->lib->plans[i]);
        if (str_eq(about.file, path)) return about.grade;
    }
    const struct plan_chain *chain = plan_library_chain(p->lib, name);
    return chain ? chain->grade : 0;
}

/* One JSON text has a limit: a long one goes as an array of parts. */
static void text_write(struct json_writer *w, struct str text)
{
    json_begin_array(w);
    while (text.n > 0) {
        size_t n = text.n < PART_BYTES ? text.n : PART_BYTES;
        while (n < text.n && ((uint8_t)text.p[n] & 0xc0) == 0x80) n--; /* between two characters */
        json_string(w, (struct str){text.p, n});
        text = (struct str){text.p + n, text.n - n};
    }
    json_end_array(w);
}

static struct status file_publish(struct publishing *p, const char *path, const char *kind, size_t suffix)
{
    struct str text;
    const struct str name = stem_of(str_from(path), suffix);
    TRY(cli_file_read(p->c, path, LIMIT_PLAN_BYTES, &text));
    const char grade = strcmp(kind, "list") == 0 ? 0 : grade_of(p, str_from(path), name);
    json_begin_object(&p->w);
    json_member_string(&p->w, STR("change"), str_from(kind));
    json_member_string(&p->w, STR("name"), name);
    json_name(&p->w, STR("text"));
    text_write(&p->w, text);
    if (grade >= 'A' && grade <= 'D') json_member_string(&p->w, STR("grade"), (struct str){&grade, 1});
    json_end_object(&p->w);
    p->count++;
    return STATUS_OK;
}

/* Files of one kind: lists go before plans, plans before chains, as they refer to each other. */
static struct status folder_publish(struct publishing *p, const char *dir, const char *kind, struct str suffix)
{
    const struct str *names = NULL;
    uint32_t count = 0;
    enum { DEPTH_MAX = 8 };
    TRY(p->c->env->dir_list(p->c->env, p->c->arena, str_from(dir), LIMIT_LIBRARY_FILES, &names, &count));
    const size_t n = strlen(dir);
    for (uint32_t i = 0; i < count; i++) {
        const struct str path = arena_printf(p->c->arena, "%s%s%.*s", dir, n > 0 && dir[n - 1] == '/' ? "" : "/", STR_FMT(names[i]));
        if (!path.p) return status_memory();
        if (ends_with(names[i], suffix)) {
            TRY(file_publish(p, path.p, kind, suffix.n));
        } else if (!str_contains(names[i], STR(".")) && p->depth < DEPTH_MAX) {
            p->depth++;
            const struct status s = folder_publish(p, path.p, kind, suffix);
            p->depth--;
            if (status_failed(s) && strcmp(s.err->code, "dir-read") != 0 && strcmp(s.err->code, "file-not-found") != 0) return s;
        }
    }
    return STATUS_OK;
}

/* Every plan with its proofs; false: something is wrong, it was printed. */
static struct status plans_check(struct cli *c, const struct plan_library *lib, bool *ret_clean)
{
    const struct plan_check_options o = {.prove = true};
    for (uint32_t i = 0; i < lib->plan_count; i++) {
        struct plan_diagnostics *d = ARENA_NEW(c->arena, struct plan_diagnostics);
        if (!d) return status_memory();
        cli_progress(c, "检查计划", "checking plans", i, lib->plan_count);
        TRY(plan_check(c->arena, lib->plans[i], lib, &o, d));
        if (cli_diagnostics(c, d)) *ret_clean = false;
        if (plan_about(lib->plans[i]).grade == 'D' && !c->option[CLI_ALLOW_DOUBTFUL]) {
            const struct plan_about about = plan_about(lib->plans[i]);
            (void)cli_fail(c, status_error(c->arena, (struct error){.code = "plan-doubtful", .place = about.name, .zh = STR("D 级计划：来源不可靠，只供演示"),
                .en = STR("a plan of grade D: its source is doubtful, for demonstration only"), .hint_zh = STR("如确需发布，加 --allow-doubtful"), .hint_en = STR("if it must be, add --allow-doubtful")}), NULL);
            *ret_clean = false;
        }
    }
    cli_progress_end(c);
    return STATUS_OK;
}

static int publish_send(struct publishing *p, const char *dir)
{
    struct cli *c = p->c;
    struct cli_session *session = NULL;
    struct str answer = STR("");
    int status = 0;
    struct status s = p->body.failed ? status_memory() : cli_session_open(c, &session);
    if (status_failed(s)) return cli_open_failed(c, s);
    s = cli_session_send(session, c->arena, "POST", c->option[CLI_DRY_RUN] ? STR("/v1/changes?dry_run=1") : STR("/v1/changes"), buf_view(&p->body), "application/json", &status, &answer);
    cli_session_close(session);
    if (status_failed(s)) return cli_fail(c, s, NULL);
    if (status < 200 || status > 299) return cli_problem(c, status, answer, dir);
    done_print(c, dir, answer);
    return CLI_OK;
}

int cli_plan_publish(struct cli *c)
{
    struct plan_library lib = {.plan_count = 0};
    bool clean = true;
    const char *dir = c->args[0];
    struct status s = cli_library_load(c, dir, &lib, &clean);
    if (!status_failed(s)) s = plans_check(c, &lib, &clean);
    if (status_failed(s)) return cli_fail(c, s, dir);
    if (!clean) return CLI_BAD_INPUT;
    struct publishing p = {.c = c, .lib = &lib};
    buf_init(&p.body, LIMIT_JSON_BYTES);
    json_writer_init(&p.w, &p.body, false);
    json_begin_array(&p.w);
    s = folder_publish(&p, dir, "list", STR(".list"));
    if (!status_failed(s)) s = folder_publish(&p, dir, "plan", STR(".plan"));
    if (!status_failed(s)) s = folder_publish(&p, dir, "chain", STR(".chain"));
    json_end_array(&p.w);
    const int code = status_failed(s) ? cli_fail(c, s, dir) : publish_send(&p, dir);
    buf_done(&p.body);
    return code;
}
