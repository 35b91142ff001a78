/* cli/cmd_diff — `yijie plan diff A B`: what changed between two plans, in sentences, and a bill that both pay differently.
 *
 * Exit 0 when they mean the same, 1 when they differ, 2 when a plan has errors, 3 for failures. What only names things (labels, source, renamed
 * parts) is told but makes no difference.
 */
#include "cli/files.h"

#include <string.h>

enum { RANDOM_BILLS = 4'000, SEED = 2024, SENTENCE_COLUMNS = 78, REASON_COLUMNS = 90, LABEL_COLUMNS = 48 };

struct diff {
    struct plan *plans[2];
    struct plan_about about[2];
    struct plan_side sides[2];
    struct plan_diff_item *items;
    uint32_t item_count;
    bool differs;
    struct plan_witness witness;
};

static struct str money(struct cli *c, const struct diff *d, int64_t v)
{
    char out[40];
    const size_t n = minor_format((struct minor){v}, d->about[0].currency, true, out);
    return arena_str(c->arena, (struct str){out, n});
}

/* ---- loading -------------------------------------------------------------------------------------------------- */

/* Checked without proofs and compiled. *ret_code is not CLI_OK after printing what is wrong. */
static struct status side_load(struct cli *c, struct diff *d, int side, int *ret_code)
{
    char *files[] = {c->args[side]};
    struct plan_library *lib = ARENA_NEW(c->arena, struct plan_library);
    struct plan_diagnostics *found = ARENA_NEW(c->arena, struct plan_diagnostics);
    struct cli_named_plan *named = NULL;
    uint32_t count = 0;
    bool clean = false;
    if (!lib || !found) return status_memory();
    TRY(cli_files_load(c, files, 1, lib, &named, &count, &clean));
    if (!clean) {
        *ret_code = CLI_BAD_INPUT;
        return STATUS_OK;
    }
    if (count != 1) {
        return status_error(c->arena, (struct error){.code = "plan-count", .place = str_from(c->args[side]),
            .zh = arena_printf(c->arena, "文件中有 %u 个计划，应恰有一个", (unsigned)count),
            .en = arena_printf(c->arena, "the file holds %u plans, not one", (unsigned)count),
            .hint_zh = STR("把计划分成单独的文件再比较"), .hint_en = STR("put each plan into a file of its own")});
    }
    const struct plan_check_options o = {0};
    TRY(plan_check(c->arena, named[0].plan, lib, &o, found));
    if (cli_diagnostics(c, found)) {
        *ret_code = CLI_BAD_INPUT;
        return STATUS_OK;
    }
    struct plan_program *program = NULL;
    TRY(plan_compile(c->arena, named[0].plan, &program));
    TRY(plan_program_verify(c->arena, program));
    d->plans[side] = named[0].plan;
    d->about[side] = plan_about(named[0].plan);
    d->sides[side] = (struct plan_side){named[0].plan, program};
    return STATUS_OK;
}

/* ---- text ------------------------------------------------------------------------------------------------------- */

static void title(struct cli *c, const char *zh, const char *en)
{
    buf_add_char(&c->out, '\n');
    cli_style(c, &c->out, CLI_BOLD);
    cli_text(c, &c->out, str_from(zh), str_from(en));
    cli_style(c, &c->out, CLI_PLAIN);
    buf_add_char(&c->out, '\n');
}

static void head_print(struct cli *c, const struct diff *d)
{
    for (int side = 0; side < 2; side++) {
        cli_style(c, &c->out, side == 0 ? CLI_RED : CLI_GREEN);
        buf_add_cstr(&c->out, side == 0 ? "A " : "B ");
        cli_style(c, &c->out, CLI_PLAIN);
        buf_printf(&c->out, "%.*s  ", STR_FMT(d->about[side].name));
        cli_text(c, &c->out, d->about[side].zh, d->about[side].en);
        buf_printf(&c->out, "  %s\n", c->args[side]);
    }
}

static struct str place(struct cli *c, const struct plan_diff_item *i)
{
    if (i->line_a > 0 && i->line_b > 0) return arena_printf(c->arena, "[A:%u B:%u]", (unsigned)i->line_a, (unsigned)i->line_b);
    if (i->line_a > 0) return arena_printf(c->arena, "[A:%u]", (unsigned)i->line_a);
    return i->line_b > 0 ? arena_printf(c->arena, "[B:%u]", (unsigned)i->line_b) : STR("");
}

static struct str marked(enum plan_diff_kind kind)
{
    static const char *const marks[] = {[PLAN_DIFF_CHANGED] = "    ~", [PLAN_DIFF_ADDED] = "    +", [PLAN_DIFF_REMOVED] = "    -", [PLAN_DIFF_RENAMED] = "    ="};
    return str_from(marks[kind]);
}

/* The sentences about one subject, from item `i` on; returns the item behind them. */
static uint32_t subject_print(struct cli *c, const struct diff *d, bool wording, uint32_t i)
{
    const struct str subject = d->items[i].subject_zh;
    struct cli_table t;
    cli_table_init(&t, c->arena, 3, "lll");
    t.width_max[1] = SENTENCE_COLUMNS;
    buf_add_cstr(&c->out, "  ");
    cli_text(c, &c->out, subject, d->items[i].subject_en);
    buf_add_char(&c->out, '\n');
    for (; i < d->item_count; i++) {
        if (d->items[i].wording != wording) continue;
        if (!str_eq(d->items[i].subject_zh, subject)) break;
        cli_table_add(&t, marked(d->items[i].kind));
        cli_table_add(&t, cli_pair(c, d->items[i].zh, d->items[i].en, SENTENCE_COLUMNS));
        cli_table_add(&t, place(c, &d->items[i]));
    }
    cli_table_print(c, &t, &c->out);
    return i;
}

static void items_print(struct cli *c, const struct diff *d, bool wording)
{
    for (uint32_t i = 0; i < d->item_count;) {
        if (d->items[i].wording == wording) i = subject_print(c, d, wording, i);
        else i++;
    }
}

/* ---- the witness ------------------------------------------------------------------------------------------------- */

static int64_t benefit_pay(const struct plan_result *r, uint32_t benefit, bool *ret_seen)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < r->benefit_count; i++) {
        if (r->benefits[i].benefit != benefit || (!r->benefits[i].applies && !r->benefits[i].refused)) continue;
        *ret_seen = true;
        sum += r->benefits[i].pay;
    }
    return sum;
}

/* The benefit of this name in the other plan; UINT32_MAX when it has none. */
static uint32_t benefit_of_name(const struct diff *d, int side, struct str name)
{
    for (uint32_t i = 0; i < d->about[side].benefit_count; i++) {
        if (str_eq(plan_benefit_about(d->plans[side], i).name, name)) return i;
    }
    return UINT32_MAX;
}

/* One row for each benefit that either plan pays, refuses or applies, by name. */
struct benefit_row {
    struct plan_benefit_about about;
    int64_t pay[2];
    bool seen[2];
};
static uint32_t benefit_rows(struct cli *c, const struct diff *d, uint32_t bill, struct benefit_row **ret)
{
    const uint32_t most = d->about[0].benefit_count + d->about[1].benefit_count;
    struct benefit_row *rows = ARENA_ARRAY(c->arena, struct benefit_row, most + 1);
    CHECK(rows);
    uint32_t count = 0;
    for (int side = 0; side < 2; side++) {
        for (uint32_t i = 0; i < d->about[side].benefit_count; i++) {
            struct benefit_row row = {.about = plan_benefit_about(d->plans[side], i)};
            const uint32_t twin = benefit_of_name(d, 1 - side, row.about.name);
            if (side == 1 && twin != UINT32_MAX) continue; /* told with the first plan */
            row.pay[side] = benefit_pay(&d->witness.results[side][bill], i, &row.seen[side]);
            if (twin != UINT32_MAX) row.pay[1 - side] = benefit_pay(&d->witness.results[1 - side][bill], twin, &row.seen[1 - side]);
            if (row.seen[0] || row.seen[1]) rows[count++] = row;
        }
    }
    *ret = rows;
    return count;
}

static int64_t bill_pay(const struct diff *d, int side, uint32_t bill)
{
    int64_t sum = d->witness.results[side][bill].pay;
    for (uint32_t i = 0; i < d->witness.results[side][bill].benefit_count; i++) {
        const struct plan_benefit_result *b = &d->witness.results[side][bill].benefits[i];
        if (plan_benefit_about(d->plans[side], b->benefit).allowance) sum += b->pay;
    }
    return sum;
}

static struct str text_of(struct cli *c, struct str zh, struct str en)
{
    struct buf b;
    buf_init(&b, CLI_OUT_BYTES);
    cli_text(c, &b, zh, en);
    const struct str s = arena_str(c->arena, buf_view(&b));
    buf_done(&b);
    return s;
}

static void amounts_print(struct cli *c, const struct diff *d, uint32_t bill)
{
    struct benefit_row *rows = NULL;
    const uint32_t count = benefit_rows(c, d, bill, &rows);
    struct cli_table t;
    cli_table_init(&t, c->arena, 4, "lrrr");
    cli_table_add(&t, text_of(c, STR("  给付"), STR("pays")));
    cli_table_add(&t, STR("A"));
    cli_table_add(&t, STR("B"));
    cli_table_add(&t, STR("B − A"));
    cli_table_rule(&t);
    for (uint32_t i = 0; i < count; i++) {
        cli_table_add(&t, cli_pair(c, arena_printf(c->arena, "  %.*s", STR_FMT(rows[i].about.zh)), rows[i].about.en, LABEL_COLUMNS));
        for (int side = 0; side < 2; side++) cli_table_add(&t, rows[i].seen[side] ? money(c, d, rows[i].pay[side]) : STR("—"));
        cli_table_add(&t, money(c, d, rows[i].pay[1] - rows[i].pay[0]));
    }
    cli_table_rule(&t);
    const int64_t sums[2] = {bill_pay(d, 0, bill), bill_pay(d, 1, bill)};
    cli_table_add(&t, text_of(c, STR("  合计"), STR("total")));
    cli_table_add(&t, money(c, d, sums[0]));
    cli_table_add(&t, money(c, d, sums[1]));
    cli_table_add(&t, money(c, d, sums[1] - sums[0]));
    cli_table_print(c, &t, &c->out);
}

/* Why each plan pays what it pays: its reasons, or its refusal. */
static struct str why_text(struct cli *c, const struct diff *d, int side, uint32_t bill, bool zh)
{
    const struct plan_result *r = &d->witness.results[side][bill];
    struct buf b;
    buf_init(&b, CLI_OUT_BYTES);
    if (r->refusal != PLAN_REFUSAL_NONE) buf_add_cstr(&b, plan_refusal_text(r->refusal, zh));
    uint32_t benefit = UINT32_MAX;
    for (uint32_t i = 0; i < r->reason_count; i++) {
        const bool next = r->reasons[i].benefit != benefit;
        if (r->reasons[i].code == PLAN_REASON_NO_EVIDENCE) continue; /* says nothing of the difference */
        if (b.n > 0) buf_add_cstr(&b, next ? zh ? "；" : "; " : zh ? "，" : ", ");
        if (next && r->reasons[i].benefit < d->about[side].benefit_count) {
            const struct plan_benefit_about about = plan_benefit_about(d->plans[side], r->reasons[i].benefit);
            buf_printf(&b, "%s%.*s%s", zh ? "「" : "“", STR_FMT(zh ? about.zh : about.en), zh ? "」" : "” ");
        }
        benefit = r->reasons[i].benefit;
        plan_reason_print(d->plans[side], &r->reasons[i], zh, &b);
        if (r->reasons[i].line > 0) buf_printf(&b, " [%c:%u]", side == 0 ? 'A' : 'B', (unsigned)r->reasons[i].line);
    }
    if (b.n == 0) buf_add_cstr(&b, zh ? "没有责任适用" : "no benefit applies");
    const struct str s = arena_str(c->arena, buf_view(&b));
    buf_done(&b);
    return s;
}

static void why_print(struct cli *c, const struct diff *d, uint32_t bill)
{
    struct cli_table t;
    cli_table_init(&t, c->arena, 2, "ll");
    t.width_max[1] = REASON_COLUMNS;
    for (int side = 0; side < 2; side++) {
        cli_table_add(&t, side == 0 ? STR("  A") : STR("  B"));
        cli_table_add(&t, cli_pair(c, why_text(c, d, side, bill, true), why_text(c, d, side, bill, false), REASON_COLUMNS));
    }
    cli_table_print(c, &t, &c->out);
}

static void witness_print(struct cli *c, const struct diff *d)
{
    const struct plan_witness *w = &d->witness;
    if (!w->found) {
        title(c, "见证账单", "witness bill");
        buf_add_cstr(&c->out, "  ");
        cli_text(c, &c->out, arena_printf(c->arena, "试了 %u 张账单，没有找到给付不同的", (unsigned)w->tried),
                 arena_printf(c->arena, "%u bills tried: no bill found that is paid differently", (unsigned)w->tried));
        buf_add_char(&c->out, '\n');
        return;
    }
    title(c, w->bill_count == 1 ? "给付不同的账单" : "给付不同的账单（同一人，先后两张）",
          w->bill_count == 1 ? "a bill that is paid differently" : "bills that are paid differently (one person, two in order)");
    if (w->shifted) {
        if (c->zh) buf_add_cstr(&c->out, "  两个计划的有效期不重叠：同一账单的日期移到各自的有效期内\n");
        if (c->en) buf_add_cstr(&c->out, "  the plans are never in force together: the same bill, its dates moved into the force of each\n");
    }
    for (uint32_t bill = 0; bill < w->bill_count; bill++) {
        for (int side = 0; side < (w->shifted ? 2 : 1); side++) {
            buf_printf(&c->out, "  %s", !w->shifted ? "" : side == 0 ? "A: " : "B: ");
            struct json_writer j;
            json_writer_init(&j, &c->out, false);
            bill_write(w->bills[side][bill], &j);
            buf_add_char(&c->out, '\n');
        }
        amounts_print(c, d, bill);
        why_print(c, d, bill);
    }
}

static void text_print(struct cli *c, const struct diff *d)
{
    uint32_t wording = 0;
    for (uint32_t i = 0; i < d->item_count; i++) wording += d->items[i].wording;
    head_print(c, d);
    if (d->differs) {
        title(c, "改变的条款", "what changed");
        items_print(c, d, false);
    }
    if (wording > 0) {
        title(c, "只是名称和来源（不影响金额）", "names and sources only (no amount moves)");
        items_print(c, d, true);
    }
    if (d->differs) {
        witness_print(c, d);
        return;
    }
    buf_add_char(&c->out, '\n');
    cli_text(c, &c->out, STR("含义没有改变"), STR("no change in meaning"));
    buf_add_char(&c->out, '\n');
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

static void items_json(const struct diff *d, struct json_writer *j)
{
    static const char *const kinds[] = {[PLAN_DIFF_CHANGED] = "changed", [PLAN_DIFF_ADDED] = "added", [PLAN_DIFF_REMOVED] = "removed", [PLAN_DIFF_RENAMED] = "renamed"};
    json_name(j, STR("differences"));
    json_begin_array(j);
    for (uint32_t i = 0; i < d->item_count; i++) {
        const struct plan_diff_item *item = &d->items[i];
        json_begin_object(j);
        json_member_string(j, STR("kind"), str_from(kinds[item->kind]));
        json_member_string(j, STR("part"), str_from(item->part));
        json_member_bool(j, STR("wording"), item->wording);
        json_member_string(j, STR("subject_zh"), item->subject_zh);
        json_member_string(j, STR("subject_en"), item->subject_en);
        json_member_string(j, STR("zh"), item->zh);
        json_member_string(j, STR("en"), item->en);
        if (item->line_a > 0) json_member_i64(j, STR("line_a"), item->line_a);
        if (item->line_b > 0) json_member_i64(j, STR("line_b"), item->line_b);
        json_end_object(j);
    }
    json_end_array(j);
}

static void bill_json(struct cli *c, const struct diff *d, uint32_t bill, struct json_writer *j)
{
    struct benefit_row *rows = NULL;
    const uint32_t count = benefit_rows(c, d, bill, &rows);
    static const char *const sides[] = {"a", "b"};
    json_begin_object(j);
    for (int side = 0; side < 2; side++) {
        json_name(j, str_from(sides[side]));
        json_begin_object(j);
        json_name(j, STR("bill"));
        bill_write(d->witness.bills[side][bill], j);
        json_member_i64(j, STR("pay"), bill_pay(d, side, bill));
        json_member_string(j, STR("why_zh"), why_text(c, d, side, bill, true));
        json_member_string(j, STR("why_en"), why_text(c, d, side, bill, false));
        json_end_object(j);
    }
    json_name(j, STR("benefits"));
    json_begin_array(j);
    for (uint32_t i = 0; i < count; i++) {
        json_begin_object(j);
        json_member_string(j, STR("benefit"), rows[i].about.name);
        json_member_i64(j, STR("a"), rows[i].pay[0]);
        json_member_i64(j, STR("b"), rows[i].pay[1]);
        json_end_object(j);
    }
    json_end_array(j);
    json_end_object(j);
}

static void json_print(struct cli *c, const struct diff *d)
{
    struct json_writer j;
    json_writer_init(&j, &c->out, false);
    json_begin_object(&j);
    json_member_string(&j, STR("a"), d->about[0].name);
    json_member_string(&j, STR("b"), d->about[1].name);
    json_member_bool(&j, STR("same"), !d->differs);
    items_json(d, &j);
    json_name(&j, STR("witness"));
    if (!d->witness.found) {
        json_null(&j);
    } else {
        json_begin_object(&j);
        json_member_bool(&j, STR("shifted"), d->witness.shifted);
        json_member_i64(&j, STR("total_a"), d->witness.total[0]);
        json_member_i64(&j, STR("total_b"), d->witness.total[1]);
        json_name(&j, STR("bills"));
        json_begin_array(&j);
        for (uint32_t i = 0; i < d->witness.bill_count; i++) bill_json(c, d, i, &j);
        json_end_array(&j);
        json_end_object(&j);
    }
    json_member_i64(&j, STR("bills_tried"), d->witness.tried);
    json_end_object(&j);
    buf_add_char(&c->out, '\n');
}

int cli_plan_diff(struct cli *c)
{
    struct diff *d = ARENA_NEW(c->arena, struct diff);
    if (!d) return cli_fail(c, status_memory(), NULL);
    int code = CLI_OK;
    for (int side = 0; side < 2 && code == CLI_OK; side++) {
        const struct status s = side_load(c, d, side, &code);
        if (status_failed(s)) return cli_fail(c, s, NULL);
    }
    if (code != CLI_OK) return code;
    struct status s = plan_diff(c->arena, d->plans[0], d->plans[1], &d->items, &d->item_count);
    for (uint32_t i = 0; i < d->item_count; i++) d->differs = d->differs || !d->items[i].wording;
    if (!status_failed(s) && d->differs) {
        s = plan_diff_witness(c->arena, d->sides, (struct plan_witness_options){.random_count = RANDOM_BILLS, .seed = SEED}, &d->witness);
    }
    if (status_failed(s)) return cli_fail(c, s, NULL);
    if (c->json) json_print(c, d);
    else text_print(c, d);
    return d->differs ? CLI_REFUSED : CLI_OK;
}
