/* cli/files — files as commands need them, over env; plan sources from a folder or by name. */
#include "cli/files.h"

#include <stdlib.h>
#include <string.h>

struct status cli_file_read(struct cli *c, const char *path, size_t max, struct str *ret)
{
    return c->env->file_read(c->env, c->arena, str_from(path), max, ret);
}

struct status cli_file_read_if_any(struct cli *c, const char *path, size_t max, struct str *ret)
{
    const struct status s = cli_file_read(c, path, max, ret);
    if (!status_failed(s) || strcmp(s.err->code, "file-not-found") != 0) return s;
    *ret = STR("");
    return STATUS_OK;
}

struct status cli_file_replace(struct cli *c, const char *path, struct str text)
{
    return c->env->file_replace(c->env, c->arena, str_from(path), text);
}

struct status cli_lock_take(struct cli *c, const char *path, struct cli_lock *ret)
{
    TRY(c->env->file_lock(c->env, c->arena, str_from(path), &ret->held));
    ret->taken = true;
    return STATUS_OK;
}

void cli_lock_drop(struct cli *c, struct cli_lock *lock)
{
    if (lock->taken) c->env->file_unlock(c->env, &lock->held);
    lock->taken = false;
}

/* ---- plan sources ---------------------------------------------------------------------------------------- */

struct status cli_plan_read(struct cli *c, const char *path, struct plan_source **ret)
{
    struct plan_source *source = ARENA_NEW(c->arena, struct plan_source);
    if (!source) return status_memory();
    TRY(cli_file_read(c, path, LIMIT_PLAN_BYTES, &source->text));
    source->name = arena_str(c->arena, str_from(path));
    if (!source->name.p) return status_memory();
    *ret = source;
    return STATUS_OK;
}

static bool ends_with(struct str s, struct str end)
{
    return s.n >= end.n && memcmp(s.p + s.n - end.n, end.p, end.n) == 0;
}

static bool is_plan_file(struct str name)
{
    return ends_with(name, STR(".plan")) || ends_with(name, STR(".list")) || ends_with(name, STR(".chain"));
}

/* Parses one file into the library; its findings are printed when `clean` is given. */
static struct status file_add(struct cli *c, const char *path, struct plan_library *lib, struct plan_source **ret_source, struct plan_file **ret_file,
                              bool *clean)
{
    struct plan_diagnostics *d = ARENA_NEW(c->arena, struct plan_diagnostics);
    if (!d) return status_memory();
    TRY(cli_plan_read(c, path, ret_source));
    TRY(plan_parse(c->arena, *ret_source, d, ret_file));
    TRY(plan_library_add(c->arena, lib, *ret_file, d));
    if (clean && cli_diagnostics(c, d)) *clean = false;
    return STATUS_OK;
}

struct folder_walk {
    struct cli *c;
    struct plan_library *lib;
    char **skip; /* files already read by name */
    uint32_t skip_count;
    uint32_t files, depth;
    bool quiet; /* findings are not of this command */
    bool clean;
};

static bool is_skipped(const struct folder_walk *w, const char *path)
{
    for (uint32_t i = 0; i < w->skip_count; i++) {
        if (strcmp(w->skip[i], path) == 0) return true;
    }
    return false;
}

enum { FOLDER_DEPTH_MAX = 8 };

/* A name that is no plan file is tried as a folder; what cannot be listed is left alone. */
static struct status folder_walk(struct folder_walk *w, const char *dir)
{
    const struct str *names = NULL;
    uint32_t count = 0;
    TRY(w->c->env->dir_list(w->c->env, w->c->arena, str_from(dir), LIMIT_LIBRARY_FILES, &names, &count));
    for (uint32_t i = 0; i < count; i++) {
        const size_t n = strlen(dir);
        const bool slash = n > 0 && dir[n - 1] == '/';
        const struct str path = arena_printf(w->c->arena, "%s%s%.*s", dir, slash ? "" : "/", STR_FMT(names[i]));
        if (!path.p) return status_memory();
        if (is_plan_file(names[i])) {
            struct plan_source *source = NULL;
            struct plan_file *file = NULL;
            if (++w->files > LIMIT_LIBRARY_FILES) continue;
            if (!is_skipped(w, path.p)) TRY(file_add(w->c, path.p, w->lib, &source, &file, w->quiet ? NULL : &w->clean));
        } else if (!str_contains(names[i], STR(".")) && w->depth < FOLDER_DEPTH_MAX) {
            w->depth++;
            const struct status s = folder_walk(w, path.p);
            w->depth--;
            /* no folder (LICENSE, Makefile), or none that we may list */
            if (status_failed(s) && strcmp(s.err->code, "dir-read") != 0 && strcmp(s.err->code, "file-not-found") != 0) return s;
        }
    }
    return STATUS_OK;
}

struct status cli_library_load(struct cli *c, const char *dir, struct plan_library *ret, bool *ret_clean)
{
    struct folder_walk w = {.c = c, .lib = ret, .clean = true};
    TRY(folder_walk(&w, dir));
    if (ret->plan_count == 0) {
        return status_error(c->arena, (struct error){.code = "plans-none", .place = str_from(dir), .zh = STR("目录中没有计划（*.plan）"),
            .en = STR("the folder holds no plan (*.plan)"), .hint_zh = STR("检查 --plans 的路径"), .hint_en = STR("check the path of --plans")});
    }
    *ret_clean = w.clean;
    return STATUS_OK;
}

/* The folder of a file: "." for a bare name. */
static const char *folder_of(struct cli *c, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) return ".";
    return arena_str(c->arena, (struct str){path, slash == path ? 1 : (size_t)(slash - path)}).p;
}

/* Lists and plans beside the files named, and one folder up (plans/x/a.plan may use plans/lists/): the files named come first. */
static struct status neighbours_add(struct cli *c, struct plan_library *lib, char **files, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const char *dir = folder_of(c, files[i]);
        if (!dir) return status_memory();
        bool seen = false;
        for (uint32_t k = 0; k < i && !seen; k++) {
            const char *other = folder_of(c, files[k]);
            seen = other && strcmp(other, dir) == 0;
        }
        if (seen) continue;
        struct folder_walk w = {.c = c, .lib = lib, .quiet = true, .clean = true, .skip = files, .skip_count = count};
        TRY(folder_walk(&w, dir));
    }
    return STATUS_OK;
}

/* Neighbours only lend their lists: what else they hold, and what is wrong in them, is not of this command. */
static struct status neighbour_lists(struct cli *c, struct plan_library *lib, char **files, uint32_t count)
{
    struct plan_library others = {0};
    TRY(neighbours_add(c, &others, files, count));
    struct plan_file lists = {.lists = others.lists, .list_count = others.list_count};
    struct plan_diagnostics *d = ARENA_NEW(c->arena, struct plan_diagnostics);
    if (!d) return status_memory();
    return plan_library_add(c->arena, lib, &lists, d);
}

struct status cli_files_load(struct cli *c, char **files, uint32_t count, struct plan_library *ret_lib, struct cli_named_plan **ret_plans,
                             uint32_t *ret_count, bool *ret_clean)
{
    struct cli_named_plan *plans = NULL;
    uint32_t plan_count = 0, plan_cap = 0;
    bool clean = true;
    for (uint32_t i = 0; i < count; i++) {
        struct plan_source *source = NULL;
        struct plan_file *file = NULL;
        /* two versions of one plan may be named together (plan diff): each file is a library of its own */
        struct plan_library single = {0};
        TRY(file_add(c, files[i], &single, &source, &file, &clean));
        for (uint32_t p = 0; file && p < file->plan_count; p++) {
            struct cli_named_plan *named = ARENA_PUSH(c->arena, plans, plan_count, plan_cap);
            if (!named) return status_memory();
            *named = (struct cli_named_plan){file->plans[p], source, file};
        }
        struct plan_file lists = {.lists = file ? file->lists : NULL, .list_count = file ? file->list_count : 0};
        struct plan_diagnostics *d = ARENA_NEW(c->arena, struct plan_diagnostics);
        if (!d) return status_memory();
        TRY(plan_library_add(c->arena, ret_lib, &lists, d));
    }
    TRY(neighbour_lists(c, ret_lib, files, count));
    *ret_plans = plans;
    *ret_count = plan_count;
    *ret_clean = clean;
    return STATUS_OK;
}

/* ---- codes of a catalogue ------------------------------------------------------------------------------------- */

static int code_order(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

struct status cli_codes_read(struct cli *c, const char *path, struct str **ret, uint32_t *ret_count)
{
    struct str text = STR("");
    /* cppcheck-suppress returnDanglingLifetime -- what TRY returns lies in the arena */
    TRY(cli_file_read(c, path, LIMIT_JSON_BYTES, &text));
    struct csv csv;
    TRY(csv_open(c->arena, text, &csv));
    uint32_t column = 0;
    if (!csv_find(&csv, STR("code"), &column)) {
        return status_error(c->arena, (struct error){.code = "codes-column", .place = STR("1"), .zh = STR("缺少列 code"), .en = STR("no column named code"),
            .hint_zh = STR("第一行应含列名 code"), .hint_en = STR("the first row must name a column code")});
    }
    struct str *codes = NULL;
    uint32_t count = 0, cap = 0;
    for (bool more = true;;) {
        struct csv_row row;
        TRY(csv_next(&csv, c->arena, &row, &more));
        if (!more) break;
        struct str *code = ARENA_PUSH(c->arena, codes, count, cap);
        if (!code) return status_memory();
        *code = row.fields[column];
    }
    if (count > 0) qsort(codes, count, sizeof *codes, code_order);
    *ret = codes;
    *ret_count = count;
    return STATUS_OK;
}
