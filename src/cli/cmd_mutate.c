/* cli/cmd_mutate — `yijie plan mutate FILE…`: many small changes of each plan, and who notices: parser, checker, examples, or nobody.
 *
 * Exit 0 when every change that moves an amount was noticed, 1 when one survived, 2 when a plan is not sound to begin with, 3 for failures.
 */
#include "cli/files.h"

#include <string.h>

enum { MUTATE_BILLS = 3'000, MUTATE_SEED = 2022, MUTATE_BILLS_MAX = 1'000'000, TEXT_COLUMNS = 34 };

static const char *const fates_zh[PLAN_MUTANT_FATES] = {"语法", "检查", "算例", "等效", "无人发现"};
static const char *const fates_en[PLAN_MUTANT_FATES] = {"parser", "checker", "example", "equivalent", "survived"};

static void progress(void *context, uint32_t done, uint32_t count)
{
    cli_progress(context, "改动", "mutants", done, count);
}

/* ---- printing --------------------------------------------------------------------------------------------- */

static void mutant_json(struct cli *c, const struct plan_source *source, const struct plan_mutant *m)
{
    struct json_writer w;
    json_writer_init(&w, &c->out, false);
    json_begin_object(&w);
    json_member_string(&w, STR("file"), source->name);
    json_member_i64(&w, STR("line"), m->line);
    json_member_i64(&w, STR("column"), m->column);
    json_member_string(&w, STR("kind"), str_from(m->en));
    json_member_string(&w, STR("from"), m->from);
    json_member_string(&w, STR("to"), m->to);
    json_member_string(&w, STR("fate"), str_from(fates_en[m->fate]));
    json_member_string(&w, STR("by"), m->by);
    json_member_i64(&w, STR("bills"), m->bills);
    if (m->fate == PLAN_MUTANT_SURVIVED) {
        json_member_i64(&w, STR("before"), m->before);
        json_member_i64(&w, STR("after"), m->after);
        json_name(&w, STR("witness"));
        json_raw(&w, m->witness);
    }
    json_end_object(&w);
    buf_add_char(&c->out, '\n');
}

/* One line, without the breaks of a clause that runs over several. */
static struct str on_one_line(struct cli *c, struct str s)
{
    struct str copy = arena_str(c->arena, s.n > 0 ? s : STR("∅"));
    if (!copy.p) return STR("");
    char *p = arena_alloc(c->arena, copy.n + 1, 1);
    if (!p) return STR("");
    size_t n = 0;
    for (size_t i = 0; i < copy.n; i++) {
        const bool blank = copy.p[i] == '\n' || copy.p[i] == ' ';
        if (!blank || (n > 0 && p[n - 1] != ' ')) p[n++] = blank ? ' ' : copy.p[i];
    }
    return (struct str){p, n};
}

static void report_print(struct cli *c, const struct plan_source *source, const struct plan_mutants_report *r)
{
    struct cli_table t;
    cli_table_init(&t, c->arena, 5, "lllll");
    t.width_max[2] = t.width_max[3] = TEXT_COLUMNS;
    t.flexible = 4;
    t.total_max = c->columns;
    for (uint32_t i = 0; i < r->count; i++) {
        const struct plan_mutant *m = &r->items[i];
        const char *mark = m->fate == PLAN_MUTANT_SURVIVED ? "✗" : m->fate == PLAN_MUTANT_EQUIVALENT ? "=" : "✓";
        cli_table_add(&t, arena_printf(c->arena, "%s %u:%u", mark, (unsigned)m->line, (unsigned)m->column));
        cli_table_add(&t, cli_pair(c, str_from(m->zh), str_from(m->en), TEXT_COLUMNS));
        cli_table_add(&t, on_one_line(c, m->from));
        cli_table_add(&t, on_one_line(c, m->to));
        struct str zh = arena_printf(c->arena, "%s %.*s", fates_zh[m->fate], STR_FMT(m->by));
        struct str en = arena_printf(c->arena, "%s %.*s", fates_en[m->fate], STR_FMT(m->by));
        cli_table_add(&t, cli_pair(c, zh, en, TEXT_COLUMNS));
    }
    cli_style(c, &c->out, CLI_BOLD);
    buf_add(&c->out, source->name);
    cli_style(c, &c->out, CLI_PLAIN);
    buf_add_char(&c->out, '\n');
    cli_table_print(c, &t, &c->out);
    for (uint32_t i = 0; i < r->count; i++) {
        const struct plan_mutant *m = &r->items[i];
        if (m->fate != PLAN_MUTANT_SURVIVED) continue;
        buf_printf(&c->out, "✗ %u:%u  %lld ≠ %lld  %.*s\n", (unsigned)m->line, (unsigned)m->column, (long long)m->before, (long long)m->after, STR_FMT(m->witness));
    }
}

static void summary_print(struct cli *c, const uint32_t fates[PLAN_MUTANT_FATES], uint32_t count)
{
    buf_printf(&c->out, "%u ", (unsigned)count);
    cli_text(c, &c->out, STR("个改动"), STR("mutants"));
    for (int f = 0; f < PLAN_MUTANT_FATES; f++) {
        buf_add_cstr(&c->out, f == 0 ? ": " : ", ");
        if (f == PLAN_MUTANT_SURVIVED && fates[f] > 0) cli_style(c, &c->out, CLI_RED);
        cli_text(c, &c->out, str_from(fates_zh[f]), str_from(fates_en[f]));
        buf_printf(&c->out, " %u", (unsigned)fates[f]);
        cli_style(c, &c->out, CLI_PLAIN);
    }
    buf_add_char(&c->out, '\n');
}

/* ---- the command -------------------------------------------------------------------------------------------- */

static bool source_is_new(const struct cli_named_plan *plans, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++)
        if (plans[k].source == plans[i].source) return false;
    return true;
}

int cli_plan_mutate(struct cli *c)
{
    int64_t max = 0, bills = MUTATE_BILLS, seed = MUTATE_SEED;
    if (!cli_number(c, CLI_MAX, 0, UINT32_MAX, &max) || !cli_number(c, CLI_BILLS, 0, MUTATE_BILLS_MAX, &bills) || !cli_number(c, CLI_SEED, 0, INT64_MAX, &seed))
        return CLI_BAD_INPUT;
    struct plan_mutants_options o = {.max = (uint32_t)max, .bills = (uint32_t)bills, .seed = (uint64_t)seed, .progress = progress, .context = c};
    struct plan_library lib = {0};
    struct cli_named_plan *plans = NULL;
    uint32_t count = 0, fates[PLAN_MUTANT_FATES] = {0}, judged = 0;
    bool clean = false;
    const struct status loaded = cli_files_load(c, c->args, c->arg_count, &lib, &plans, &count, &clean);
    if (status_failed(loaded)) return cli_fail(c, loaded, NULL);
    if (!clean) return CLI_BAD_INPUT;
    for (uint32_t i = 0; i < count; i++) {
        struct plan_mutants_report r = {0};
        if (!source_is_new(plans, i)) continue;
        const struct status s = plan_mutants_run(c->arena, plans[i].source, &lib, o, &r);
        cli_progress_end(c);
        if (status_failed(s)) return cli_fail(c, s, NULL);
        for (int f = 0; f < PLAN_MUTANT_FATES; f++) fates[f] += r.fates[f];
        judged += r.count;
        for (uint32_t k = 0; c->json && k < r.count; k++) mutant_json(c, plans[i].source, &r.items[k]);
        if (!c->json) report_print(c, plans[i].source, &r);
    }
    if (!c->json) summary_print(c, fates, judged);
    return fates[PLAN_MUTANT_SURVIVED] > 0 ? CLI_REFUSED : CLI_OK;
}
