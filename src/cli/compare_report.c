/* cli/compare_report — the result of a comparison: agreement, sums, causes, and every difference with its clause and row.
 *
 * No personal data: a difference names the claim and the row of the file, never the person. Texts that a spreadsheet would take for formulas are
 * written with an apostrophe in front.
 */
#include "cli/compare.h"

enum { CLAIM_COLUMNS = 24, CAUSE_COLUMNS = 44 };

static const struct {
    const char *name, *zh, *en;
} causes[COMPARE_CAUSE_COUNT] = {
#define X(id, name, zh, en) [COMPARE_CAUSE_##id] = {name, zh, en},
    COMPARE_CAUSES(X)
#undef X
};

void compare_report_init(struct compare_report *r, const struct cli *c, struct compare_columns *columns)
{
    static const char *const header[] = {"row", "claim", "column", "paid", "computed", "difference", "cause", "plan", "benefit", "clause", "clauses", "zh", "en"};
    *r = (struct compare_report){.columns = columns, .currency = currency_find(STR("CNY")), .want_csv = c->option[CLI_REPORT] != NULL, .want_json = c->json};
    buf_init(&r->csv, CLI_OUT_BYTES);
    buf_init(&r->json, CLI_OUT_BYTES);
    csv_writer_init(&r->csv_writer, &r->csv);
    json_writer_init(&r->json_writer, &r->json, false);
    json_begin_array(&r->json_writer);
    for (size_t i = 0; i < COUNT_OF(header); i++) csv_field(&r->csv_writer, str_from(header[i]));
    csv_row_end(&r->csv_writer);
}

void compare_report_done(struct compare_report *r)
{
    buf_done(&r->csv);
    buf_done(&r->json);
}

static void guarded_field(struct arena *a, struct csv_writer *w, struct str s)
{
    const bool formula = s.n > 0 && (s.p[0] == '=' || s.p[0] == '+' || s.p[0] == '-' || s.p[0] == '@' || s.p[0] == '\t' || s.p[0] == '\r');
    csv_field(w, formula ? arena_printf(a, "'%.*s", STR_FMT(s)) : s);
}

static struct str plain(const struct compare_report *r, struct arena *a, int64_t v)
{
    char out[40];
    const size_t n = minor_format((struct minor){v}, r->currency, false, out);
    return arena_str(a, (struct str){out, n});
}

static struct str clause_text(struct arena *a, const struct compare_guess *g)
{
    return g->clause == 0 ? g->plan : arena_printf(a, "%.*s:%u", STR_FMT(g->plan), (unsigned)g->clause);
}

static void csv_row(struct compare_report *r, struct arena *a, const struct compare_difference *d)
{
    struct csv_writer *w = &r->csv_writer;
    csv_field_i64(w, d->row);
    guarded_field(a, w, d->claim);
    guarded_field(a, w, d->unit);
    csv_field(w, plain(r, a, d->paid));
    csv_field(w, plain(r, a, d->computed));
    csv_field(w, plain(r, a, d->paid - d->computed));
    csv_field(w, str_from(causes[d->guess.cause].name));
    guarded_field(a, w, d->guess.plan);
    guarded_field(a, w, d->guess.benefit);
    guarded_field(a, w, clause_text(a, &d->guess));
    guarded_field(a, w, d->clauses);
    guarded_field(a, w, d->guess.zh);
    guarded_field(a, w, d->guess.en);
    csv_row_end(w);
}

static void json_row(struct compare_report *r, struct arena *a, const struct compare_difference *d)
{
    struct json_writer *w = &r->json_writer;
    json_begin_object(w);
    json_member_i64(w, STR("row"), d->row);
    json_member_string(w, STR("claim"), d->claim);
    json_member_string(w, STR("column"), d->unit);
    json_member_i64(w, STR("paid"), d->paid);
    json_member_i64(w, STR("computed"), d->computed);
    json_member_string(w, STR("cause"), str_from(causes[d->guess.cause].name));
    json_member_string(w, STR("plan"), d->guess.plan);
    json_member_string(w, STR("benefit"), d->guess.benefit);
    json_member_string(w, STR("clause"), clause_text(a, &d->guess));
    json_member_string(w, STR("clauses"), d->clauses);
    json_member_string(w, STR("zh"), d->guess.zh);
    json_member_string(w, STR("en"), d->guess.en);
    json_end_object(w);
}

bool compare_report_add(struct compare_report *r, struct arena *keep, const struct compare_difference *d)
{
    r->difference_count++;
    r->cause_count[d->guess.cause]++;
    r->cause_sum[d->guess.cause] += d->paid - d->computed;
    const struct arena_mark mark = arena_mark(keep);
    if (r->want_csv) csv_row(r, keep, d);
    if (r->want_json) json_row(r, keep, d);
    arena_rewind(keep, mark);
    if (r->shown_count < COMPARE_SHOWN) {
        struct compare_difference *kept = &r->shown[r->shown_count++];
        *kept = *d;
        kept->claim = arena_str(keep, d->claim);
        kept->clauses = arena_str(keep, d->clauses);
        kept->guess.zh = arena_str(keep, d->guess.zh);
        kept->guess.en = arena_str(keep, d->guess.en);
        if (!kept->claim.p || !kept->clauses.p || !kept->guess.zh.p || !kept->guess.en.p) return false;
    }
    return !r->csv.failed && !r->json.failed;
}

/* ---- for people -------------------------------------------------------------------------------------------------- */

static struct str money(struct cli *c, const struct compare_report *r, int64_t v)
{
    char out[40];
    const size_t n = minor_format((struct minor){v}, r->currency, true, out);
    return arena_str(c->arena, (struct str){out, n});
}

static struct str text_of(struct cli *c, const char *zh, const char *en)
{
    struct buf b;
    buf_init(&b, CLI_OUT_BYTES);
    cli_text(c, &b, str_from(zh), str_from(en));
    const struct str s = arena_str(c->arena, buf_view(&b));
    buf_done(&b);
    return s;
}

/* Hundredths of a per cent, rounded down: 100.00 % only when all agree. */
static struct str share_text(struct cli *c, uint64_t part, uint64_t whole)
{
    const uint64_t v = whole == 0 ? 10'000 : part * 10'000 / whole;
    return arena_printf(c->arena, "%llu.%02llu %%", (unsigned long long)(v / 100), (unsigned long long)(v % 100));
}

static void heading(struct cli *c, const char *zh, const char *en)
{
    buf_add_char(&c->out, '\n');
    cli_style(c, &c->out, CLI_BOLD);
    cli_text(c, &c->out, str_from(zh), str_from(en));
    cli_style(c, &c->out, CLI_PLAIN);
    buf_add_char(&c->out, '\n');
}

static void row2(struct cli *c, struct cli_table *t, const char *zh, const char *en, struct str value, struct str more)
{
    cli_table_add(t, text_of(c, zh, en));
    cli_table_add(t, value);
    cli_table_add(t, more);
}

static void agreement_print(struct cli *c, const struct compare_report *r)
{
    struct cli_table t;
    cli_table_init(&t, c->arena, 3, "lrr");
    row2(c, &t, "理赔件数", "claims", arena_printf(c->arena, "%llu", (unsigned long long)r->claims), STR(""));
    row2(c, &t, "一致（分毫不差）", "agree to the fen", arena_printf(c->arena, "%llu", (unsigned long long)r->agree), share_text(c, r->agree, r->claims));
    row2(c, &t, "一致或相差不超过 1 元", "agree within 1 yuan", arena_printf(c->arena, "%llu", (unsigned long long)r->near), share_text(c, r->near, r->claims));
    cli_table_print(c, &t, &c->out);
}

static void sums_print(struct cli *c, const struct compare_report *r)
{
    struct cli_table t;
    cli_table_init(&t, c->arena, 4, "lrrr");
    heading(c, "合计", "sums");
    cli_table_add(&t, STR("  "));
    cli_table_add(&t, text_of(c, "实付", "paid"));
    cli_table_add(&t, text_of(c, "应付", "computed"));
    cli_table_add(&t, text_of(c, "相差", "difference"));
    cli_table_rule(&t);
    for (uint32_t i = 0; i < r->columns->unit_count; i++) {
        const struct compare_unit *u = &r->columns->units[i];
        cli_table_add(&t, arena_printf(c->arena, "  %.*s", STR_FMT(u->name)));
        cli_table_add(&t, money(c, r, u->paid_sum));
        cli_table_add(&t, money(c, r, u->computed_sum));
        cli_table_add(&t, money(c, r, u->paid_sum - u->computed_sum));
    }
    cli_table_print(c, &t, &c->out);
}

static void causes_print(struct cli *c, const struct compare_report *r)
{
    struct cli_table t;
    cli_table_init(&t, c->arena, 3, "lrr");
    heading(c, "差异的可能原因", "likely causes of the differences");
    for (size_t i = 0; i < COMPARE_CAUSE_COUNT; i++) {
        if (r->cause_count[i] == 0) continue;
        cli_table_add(&t, arena_printf(c->arena, "  %.*s", STR_FMT(text_of(c, causes[i].zh, causes[i].en))));
        cli_table_add(&t, arena_printf(c->arena, "%llu", (unsigned long long)r->cause_count[i]));
        cli_table_add(&t, money(c, r, r->cause_sum[i]));
    }
    cli_table_print(c, &t, &c->out);
}

static void shown_print(struct cli *c, const struct compare_report *r)
{
    if (r->difference_count > r->shown_count) {
        const char *hint_zh = c->option[CLI_REPORT] ? "" : "；全部写入文件用 --report";
        const char *hint_en = c->option[CLI_REPORT] ? "" : "; --report FILE writes them all";
        heading(c, arena_printf(c->arena, "前 %u 处差异，共 %llu 处%s", (unsigned)r->shown_count, (unsigned long long)r->difference_count, hint_zh).p,
                arena_printf(c->arena, "the first %u of %llu differences%s", (unsigned)r->shown_count, (unsigned long long)r->difference_count, hint_en).p);
    } else {
        heading(c, "每一处差异", "every difference");
    }
    struct cli_table t;
    cli_table_init(&t, c->arena, 6, "rlrrrl");
    t.width_max[1] = CLAIM_COLUMNS;
    t.width_max[5] = CAUSE_COLUMNS;
    cli_table_add(&t, cli_pair(c, STR("  行"), STR("row"), 4));
    cli_table_add(&t, cli_pair(c, STR("理赔"), STR("claim"), 8));
    cli_table_add(&t, cli_pair(c, STR("实付"), STR("paid"), 8));
    cli_table_add(&t, cli_pair(c, STR("应付"), STR("computed"), 8));
    cli_table_add(&t, cli_pair(c, STR("相差"), STR("difference"), 8));
    cli_table_add(&t, cli_pair(c, STR("条款与可能原因"), STR("clause and likely cause"), CAUSE_COLUMNS));
    cli_table_rule(&t);
    for (uint32_t i = 0; i < r->shown_count; i++) {
        const struct compare_difference *d = &r->shown[i];
        cli_table_add(&t, arena_printf(c->arena, "  %u", (unsigned)d->row));
        cli_table_add(&t, d->claim);
        cli_table_add(&t, money(c, r, d->paid));
        cli_table_add(&t, money(c, r, d->computed));
        cli_table_add(&t, money(c, r, d->paid - d->computed));
        const bool named = r->columns->unit_count > 1;
        const struct str zh = arena_printf(c->arena, "%.*s%s[%.*s] %.*s", STR_FMT(named ? d->unit : STR("")), named ? " " : "", STR_FMT(clause_text(c->arena, &d->guess)),
                                           STR_FMT(c->zh ? d->guess.zh : d->guess.en));
        cli_table_add(&t, cli_pair(c, zh, c->zh ? d->guess.en : zh, CAUSE_COLUMNS));
    }
    cli_table_print(c, &t, &c->out);
}

static void print_json(struct cli *c, const struct compare_report *r)
{
    struct json_writer w;
    json_writer_init(&w, &c->out, false);
    json_begin_object(&w);
    json_member_i64(&w, STR("claims"), (int64_t)r->claims);
    json_member_i64(&w, STR("rows"), (int64_t)r->rows);
    json_member_i64(&w, STR("agree"), (int64_t)r->agree);
    json_member_i64(&w, STR("within_one"), (int64_t)r->near);
    json_name(&w, STR("columns"));
    json_begin_array(&w);
    for (uint32_t i = 0; i < r->columns->unit_count; i++) {
        const struct compare_unit *u = &r->columns->units[i];
        json_begin_object(&w);
        json_member_string(&w, STR("column"), u->name);
        json_member_i64(&w, STR("paid"), u->paid_sum);
        json_member_i64(&w, STR("computed"), u->computed_sum);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_name(&w, STR("causes"));
    json_begin_object(&w);
    for (size_t i = 0; i < COMPARE_CAUSE_COUNT; i++) {
        if (r->cause_count[i] == 0) continue;
        json_name(&w, str_from(causes[i].name));
        json_begin_object(&w);
        json_member_i64(&w, STR("count"), (int64_t)r->cause_count[i]);
        json_member_i64(&w, STR("difference"), r->cause_sum[i]);
        json_end_object(&w);
    }
    json_end_object(&w);
    json_name(&w, STR("differences"));
    json_raw(&w, buf_view(&r->json));
    json_end_object(&w);
    buf_add_char(&c->out, '\n');
}

void compare_report_print(struct cli *c, const struct compare_report *r, const struct settle_chain *chain)
{
    if (c->json) {
        print_json(c, r);
        return;
    }
    for (uint32_t i = 0; i < chain->payer_count; i++) {
        const struct settle_product *product = chain->payers[i].product;
        if (!product) continue;
        cli_style(c, &c->out, CLI_BOLD);
        cli_text(c, &c->out, product->about.zh, product->about.en);
        cli_style(c, &c->out, CLI_PLAIN);
        buf_printf(&c->out, "  %.*s  %.12s\n", STR_FMT(product->about.name), product->hash);
    }
    agreement_print(c, r);
    sums_print(c, r);
    if (r->difference_count == 0) return;
    causes_print(c, r);
    shown_print(c, r);
}
