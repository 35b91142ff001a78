/* cli/cmd_plan — `yijie plan check | test | explain | format | disasm | facts`: the plan tools over the files named.
 *
 * Exit 0 when clean, 1 when examples fail or a layout is not canonical, 2 when a plan has errors, 3 for failures.
 */
#include "cli/files.h"

#include <string.h>

struct loaded {
    struct plan_library lib;
    struct cli_named_plan *plans;
    uint32_t count;
};

/* Loads the files of the command line. CLI_OK, or the exit code after printing what is wrong. */
static int files_load(struct cli *c, struct loaded *ret)
{
    bool clean = false;
    const struct status s = cli_files_load(c, c->args, c->arg_count, &ret->lib, &ret->plans, &ret->count, &clean);
    if (status_failed(s)) return cli_fail(c, s, NULL);
    return clean ? CLI_OK : CLI_BAD_INPUT;
}

/* ---- check ----------------------------------------------------------------------------------------------- */

static struct status codes_load(struct cli *c, struct plan_check_options *o)
{
    const char *path = c->option[CLI_CODES];
    if (!path) return STATUS_OK;
    struct str *codes = NULL;
    uint32_t count = 0;
    TRY(cli_codes_read(c, path, &codes, &count));
    o->known_codes = codes;
    o->known_code_count = count;
    return STATUS_OK;
}

static void diagnostic_json(struct cli *c, const struct plan_diagnostic *d, struct json_writer *w)
{
    static const char *const severities[] = {"error", "warning", "note"}, *const verdicts[] = {"", "proven", "refuted", "not_decided"};
    (void)c;
    json_begin_object(w);
    json_member_string(w, STR("severity"), str_from(severities[d->severity]));
    json_member_string(w, STR("code"), str_from(d->code));
    json_member_string(w, STR("file"), d->source->name);
    json_member_i64(w, STR("line"), d->line);
    json_member_i64(w, STR("column"), d->column);
    json_member_string(w, STR("zh"), d->zh);
    json_member_string(w, STR("en"), d->en);
    json_member_string(w, STR("hint_zh"), d->hint_zh);
    json_member_string(w, STR("hint_en"), d->hint_en);
    if (d->verdict != PLAN_NO_VERDICT) json_member_string(w, STR("verdict"), str_from(verdicts[d->verdict]));
    if (d->witness) {
        json_name(w, STR("witness"));
        bill_write(d->witness, w);
    }
    json_end_object(w);
}

static void check_json(struct cli *c, const struct plan_about *about, const struct plan_diagnostics *d, uint32_t not_decided)
{
    struct json_writer w;
    json_writer_init(&w, &c->out, false);
    json_begin_object(&w);
    json_member_string(&w, STR("plan"), about->name);
    json_member_string(&w, STR("file"), about->file);
    json_member_bool(&w, STR("clean"), d->error_count == 0);
    json_member_i64(&w, STR("not_decided"), not_decided);
    json_name(&w, STR("findings"));
    json_begin_array(&w);
    for (uint32_t i = 0; i < d->count; i++) diagnostic_json(c, &d->items[i], &w);
    json_end_array(&w);
    json_end_object(&w);
    buf_add_char(&c->out, '\n');
}

static void check_text(struct cli *c, const struct plan_about *about, const struct plan_diagnostics *d, uint32_t not_decided)
{
    cli_style(c, &c->out, d->error_count > 0 ? CLI_RED : CLI_GREEN);
    buf_add_cstr(&c->out, d->error_count > 0 ? "✗ " : "✓ ");
    cli_style(c, &c->out, CLI_PLAIN);
    buf_printf(&c->out, "%.*s  ", STR_FMT(about->name));
    const unsigned warnings = d->count - (d->error_count < d->count ? d->error_count : d->count);
    cli_text(c, &c->out, arena_printf(c->arena, "%u 个错误，%u 个提示，%u 个未能判定", (unsigned)d->error_count, warnings, (unsigned)not_decided),
             arena_printf(c->arena, "%u errors, %u warnings, %u not decided", (unsigned)d->error_count, warnings, (unsigned)not_decided));
    buf_add_char(&c->out, '\n');
    for (uint32_t i = 0; i < d->count; i++) {
        if (!d->items[i].witness) continue;
        buf_printf(&c->out, "  %s:%u ", d->items[i].code, (unsigned)d->items[i].line);
        cli_text(c, &c->out, STR("见证账单"), STR("witness bill"));
        buf_add_cstr(&c->out, " ");
        struct json_writer w;
        json_writer_init(&w, &c->out, false);
        bill_write(d->items[i].witness, &w);
        buf_add_char(&c->out, '\n');
    }
}

/* Files that hold lists or chains only: their grammar is all that can be checked here. */
static void files_without_plan(struct cli *c, const struct loaded *l)
{
    for (uint32_t i = 0; i < c->arg_count; i++) {
        bool any = false;
        for (uint32_t k = 0; k < l->count && !any; k++) any = str_eq(l->plans[k].source->name, str_from(c->args[i]));
        if (any) continue;
        buf_printf(&c->out, "· %s  ", c->args[i]);
        cli_text(c, &c->out, STR("语法无误，没有计划：清单与支付链随引用它们的计划检查"),
                 STR("well formed, holds no plan: lists and chains are checked with the plans that use them"));
        buf_add_char(&c->out, '\n');
    }
}

int cli_plan_check(struct cli *c)
{
    struct loaded l = {0};
    int code = files_load(c, &l);
    if (code != CLI_OK) return code;
    uint32_t not_decided = 0;
    struct plan_check_options o = {.prove = true, .ret_not_decided = &not_decided};
    struct status s = codes_load(c, &o);
    if (status_failed(s)) return cli_fail(c, s, c->option[CLI_CODES]);
    for (uint32_t i = 0; i < l.count; i++) {
        struct plan_diagnostics *d = ARENA_NEW(c->arena, struct plan_diagnostics);
        if (!d) return cli_fail(c, status_memory(), NULL);
        not_decided = 0;
        cli_progress(c, "检查", "checking", i, l.count);
        s = plan_check(c->arena, l.plans[i].plan, &l.lib, &o, d);
        cli_progress_end(c);
        if (status_failed(s)) return cli_fail(c, s, NULL);
        const struct plan_about about = plan_about(l.plans[i].plan);
        if (c->json) {
            check_json(c, &about, d, not_decided);
        } else {
            cli_diagnostics(c, d);
            check_text(c, &about, d, not_decided);
        }
        if (d->error_count > 0) code = CLI_BAD_INPUT;
    }
    if (!c->json) files_without_plan(c, &l);
    return code;
}

/* ---- test -------------------------------------------------------------------------------------------------- */

/* A plan made ready: checked without proofs, compiled, verified. *ret_code is not CLI_OK after printing what is wrong. */
static struct status plan_ready(struct cli *c, struct plan *plan, const struct plan_library *lib, struct plan_program **ret, int *ret_code)
{
    struct plan_diagnostics *d = ARENA_NEW(c->arena, struct plan_diagnostics);
    if (!d) return status_memory();
    const struct plan_check_options o = {0};
    TRY(plan_check(c->arena, plan, lib, &o, d));
    *ret_code = CLI_OK;
    if (d->error_count > 0) {
        cli_diagnostics(c, d);
        *ret_code = CLI_BAD_INPUT;
        return STATUS_OK;
    }
    TRY(plan_compile(c->arena, plan, ret));
    return plan_program_verify(c->arena, *ret);
}

static void outcome_print(struct cli *c, const struct plan_about *about, const struct plan_example_outcome *e)
{
    if (c->json) {
        struct json_writer w;
        json_writer_init(&w, &c->out, false);
        json_begin_object(&w);
        json_member_string(&w, STR("plan"), about->name);
        json_member_string(&w, STR("example"), e->title);
        json_member_string(&w, STR("source"), e->source);
        json_member_i64(&w, STR("line"), e->line);
        json_member_bool(&w, STR("passed"), e->passed);
        json_member_string(&w, STR("zh"), e->zh);
        json_member_string(&w, STR("en"), e->en);
        json_end_object(&w);
        buf_add_char(&c->out, '\n');
        return;
    }
    if (e->passed) return;
    cli_style(c, &c->out, CLI_RED);
    buf_add_cstr(&c->out, "✗ ");
    cli_style(c, &c->out, CLI_PLAIN);
    buf_printf(&c->out, "%.*s:%u %.*s\n", STR_FMT(about->file), (unsigned)e->line, STR_FMT(e->title));
    if (c->zh) cli_wrap(c, arena_printf(c->arena, "    %.*s", STR_FMT(e->zh)));
    if (c->en) cli_wrap(c, arena_printf(c->arena, "    %.*s", STR_FMT(e->en)));
}

static struct status plan_test_one(struct cli *c, struct plan *plan, const struct plan_library *lib, int *code)
{
    struct plan_program *program = NULL;
    int ready = CLI_OK;
    TRY(plan_ready(c, plan, lib, &program, &ready));
    if (ready != CLI_OK) {
        *code = ready;
        return STATUS_OK;
    }
    struct plan_example_outcome *outcomes = NULL;
    uint32_t count = 0, passed = 0;
    TRY(plan_test(c->arena, plan, program, &outcomes, &count));
    const struct plan_about about = plan_about(plan);
    for (uint32_t i = 0; i < count; i++) {
        outcome_print(c, &about, &outcomes[i]);
        if (outcomes[i].passed) passed++;
    }
    if (passed < count && *code == CLI_OK) *code = CLI_REFUSED;
    if (c->json) return STATUS_OK;
    cli_style(c, &c->out, passed == count ? CLI_GREEN : CLI_RED);
    buf_add_cstr(&c->out, passed == count ? "✓ " : "✗ ");
    cli_style(c, &c->out, CLI_PLAIN);
    buf_printf(&c->out, "%.*s  %u/%u ", STR_FMT(about.name), (unsigned)passed, (unsigned)count);
    cli_text(c, &c->out, STR("个示例通过"), STR("examples pass"));
    buf_add_char(&c->out, '\n');
    return STATUS_OK;
}

int cli_plan_test(struct cli *c)
{
    struct loaded l = {0};
    int code = files_load(c, &l);
    for (uint32_t i = 0; code != CLI_BAD_INPUT && code != CLI_FAILURE && i < l.count; i++) {
        const struct status s = plan_test_one(c, l.plans[i].plan, &l.lib, &code);
        if (status_failed(s)) return cli_fail(c, s, NULL);
    }
    return code;
}

/* ---- explain, disasm ------------------------------------------------------------------------------------------ */

static void explain_print(struct cli *c, const struct plan *plan, bool zh)
{
    struct buf text;
    buf_init(&text, CLI_OUT_BYTES);
    plan_explain(plan, zh, &text);
    if (text.failed) c->out.failed = true;
    else cli_wrap(c, buf_view(&text));
    buf_done(&text);
}

int cli_plan_explain(struct cli *c)
{
    struct loaded l = {0};
    int code = files_load(c, &l);
    for (uint32_t i = 0; code == CLI_OK && i < l.count; i++) {
        struct plan_program *program = NULL;
        const struct status s = plan_ready(c, l.plans[i].plan, &l.lib, &program, &code);
        if (status_failed(s)) return cli_fail(c, s, NULL);
        if (code != CLI_OK) break;
        if (i > 0) buf_add_char(&c->out, '\n');
        if (c->zh) explain_print(c, l.plans[i].plan, true);
        if (c->zh && c->en) buf_add_char(&c->out, '\n');
        if (c->en) explain_print(c, l.plans[i].plan, false);
    }
    return code;
}

int cli_plan_disasm(struct cli *c)
{
    struct loaded l = {0};
    int code = files_load(c, &l);
    for (uint32_t i = 0; code == CLI_OK && i < l.count; i++) {
        struct plan_program *program = NULL;
        const struct status s = plan_ready(c, l.plans[i].plan, &l.lib, &program, &code);
        if (status_failed(s)) return cli_fail(c, s, NULL);
        if (code == CLI_OK) plan_disassemble(program, &c->out);
    }
    return code;
}

/* ---- format ------------------------------------------------------------------------------------------------------ */

static struct status format_one(struct cli *c, const char *path, int *code)
{
    struct plan_source *source = NULL;
    struct plan_file *file = NULL;
    struct plan_diagnostics *d = ARENA_NEW(c->arena, struct plan_diagnostics);
    if (!d) return status_memory();
    TRY(cli_plan_read(c, path, &source));
    TRY(plan_parse(c->arena, source, d, &file));
    if (cli_diagnostics(c, d)) {
        *code = CLI_BAD_INPUT;
        return STATUS_OK;
    }
    const bool zh = c->option[CLI_TO] ? c->option[CLI_TO][0] == 'z' : file->zh;
    struct buf text;
    buf_init(&text, LIMIT_PLAN_BYTES);
    struct status s = plan_format(c->arena, source, file, zh, &text);
    const bool same = str_eq(buf_view(&text), source->text);
    if (!status_failed(s)) {
        if (c->option[CLI_CHECK]) {
            if (!same) buf_printf(&c->out, "%s\n", path);
            if (!same && *code == CLI_OK) *code = CLI_REFUSED;
        } else if (c->option[CLI_WRITE]) {
            if (!same) s = cli_file_replace(c, path, buf_view(&text));
        } else {
            buf_add(&c->out, buf_view(&text));
        }
    }
    buf_done(&text);
    return s;
}

int cli_plan_format(struct cli *c)
{
    int code = CLI_OK;
    if (c->option[CLI_TO] && strcmp(c->option[CLI_TO], "zh") != 0 && strcmp(c->option[CLI_TO], "en") != 0) {
        return cli_usage(c, "option-value", "语言应为 zh 或 en", "the language is zh or en", c->option[CLI_TO]);
    }
    for (uint32_t i = 0; i < c->arg_count; i++) {
        const struct status s = format_one(c, c->args[i], &code);
        if (status_failed(s)) return cli_fail(c, s, c->args[i]);
    }
    return code;
}

/* ---- facts ------------------------------------------------------------------------------------------------------- */

static const char *type_name(enum plan_fact_type type)
{
    static const char *const names[] = {[PLAN_VALUE_SYMBOL] = "word", [PLAN_VALUE_COUNT] = "number", [PLAN_VALUE_BOOL] = "yes/no",
                                        [PLAN_VALUE_TEXT] = "text", [PLAN_VALUE_DATE] = "date"};
    return names[type];
}

static void fact_json(const struct plan_fact_info *info, struct json_writer *w)
{
    static const char *const levels[] = {"visit", "fact", "line"};
    json_begin_object(w);
    json_member_string(w, STR("fact"), str_from(info->en));
    json_member_string(w, STR("zh"), str_from(info->zh));
    json_member_string(w, STR("type"), str_from(type_name(info->type)));
    json_member_string(w, STR("level"), str_from(levels[info->level]));
    json_name(w, STR("words"));
    json_begin_array(w);
    for (uint32_t i = 0; i < info->word_count; i++) json_string(w, str_from(info->words[i].name));
    json_end_array(w);
    json_end_object(w);
}

static void fact_row(struct cli *c, struct cli_table *t, const struct plan_fact_info *info)
{
    static const char *const levels_zh[] = {"就诊", "需声明", "明细"}, *const levels_en[] = {"visit", "declared", "line"};
    static const char *const types_zh[] = {[PLAN_VALUE_SYMBOL] = "词", [PLAN_VALUE_COUNT] = "数", [PLAN_VALUE_BOOL] = "是否", [PLAN_VALUE_TEXT] = "文本",
                                           [PLAN_VALUE_DATE] = "日期"};
    struct buf zh, en;
    buf_init(&zh, 4096);
    buf_init(&en, 4096);
    for (uint32_t i = 0; i < info->word_count; i++) {
        buf_printf(&zh, "%s%s", i > 0 ? "、" : "", info->words[i].zh);
        buf_printf(&en, "%s%s", i > 0 ? ", " : "", info->words[i].name[0] ? info->words[i].name : "unmarked");
    }
    cli_table_add(t, cli_pair(c, str_from(info->zh), str_from(info->en), 40));
    cli_table_add(t, str_from(c->zh ? levels_zh[info->level] : levels_en[info->level]));
    cli_table_add(t, str_from(c->zh ? types_zh[info->type] : type_name(info->type)));
    cli_table_add(t, info->word_count > 0 ? cli_pair(c, buf_view(&zh), buf_view(&en), 0) : STR(""));
    buf_done(&zh);
    buf_done(&en);
}

int cli_plan_facts(struct cli *c)
{
    struct json_writer w;
    json_writer_init(&w, &c->out, true);
    struct cli_table t;
    cli_table_init(&t, c->arena, 4, "llll");
    t.flexible = 3;
    t.total_max = c->columns;
    if (c->json) json_begin_array(&w);
    for (uint32_t f = 0; f < PLAN_FACT_BUILT_IN; f++) {
        if (c->json) fact_json(plan_fact_info(f), &w);
        else fact_row(c, &t, plan_fact_info(f));
    }
    if (c->json) {
        json_end_array(&w);
        buf_add_char(&c->out, '\n');
        return CLI_OK;
    }
    cli_table_print(c, &t, &c->out);
    buf_add_char(&c->out, '\n');
    cli_wrap(c, cli_pair(c, STR("就诊：整张账单一个值；需声明：来自账单的 facts，须用 reads 声明；明细：每行一个值"),
                              STR("visit: one value a bill; declared: from the bill's facts, named by `reads`; line: one value a line"), 0));
    return CLI_OK;
}
