/* cli/cmd_compare — `yijie compare CLAIMS.csv`: last year's claims of an insurer or operator against the plan. Needs no integration.
 *
 * Contract: claims are settled in file order; counters run per person through the file. Bad rows are listed and then nothing is reported: half a
 * comparison is none. Exit 0 all agree, 1 differences, 2 bad input, 3 failure.
 * Workload: a million claims. Memory: the file, the counters, the differences; a claim's own memory is given back after it.
 */
#include "cli/compare.h"
#include "cli/files.h"

#include <string.h>

enum { CLAIM_ARENA_BYTES = 256 << 20, BAD_ROWS_SHOWN = 20, PROGRESS_EVERY = 512, SHARDS = 64 };
#define CLAIMS_BYTES ((size_t)768 << 20)
#define COUNTER_BYTES ((size_t)8 << 30)

struct compare {
    struct cli *c;
    struct csv csv;
    struct compare_columns columns;
    struct settle_chain chain;
    struct compare_report report;
    struct arena claim[2];      /* the claim at work, and the row read ahead of it */
    int at;
    struct arena id_arena;
    struct shard {              /* of the persons: a table of counters holds a million */
        struct arena arena;
        struct plan_counters counters;
    } *shards;
    uint32_t shard_count;
    uint64_t *ids;              /* hashes of the claims seen: open addressing, 0 free */
    uint64_t id_count, id_slots;
    struct csv_row ahead;       /* first row of the next claim */
    bool has_ahead;
    uint64_t bad_rows;
};

/* ---- rows into claims --------------------------------------------------------------------------------------------- */

static bool row_copy(struct arena *a, uint32_t count, const struct csv_row *row, struct csv_row *ret)
{
    struct str *fields = ARENA_ARRAY(a, struct str, count);
    if (!fields) return false;
    for (uint32_t i = 0; i < count; i++) {
        fields[i] = arena_str(a, row->fields[i]);
        if (!fields[i].p) return false;
    }
    *ret = (struct csv_row){.fields = fields, .line = row->line};
    return true;
}

/* All rows of the next claim: one, or the rows that follow each other with one claim id. *ret_more is false behind the last. */
static struct status claim_next(struct compare *x, struct compare_claim *ret, bool *ret_more)
{
    struct arena *a = &x->claim[x->at], *other = &x->claim[1 - x->at];
    struct csv_row *rows = NULL;
    uint32_t count = 0, cap = 0;
    bool more = true;
    if (x->has_ahead) {
        struct csv_row *slot = ARENA_PUSH(a, rows, count, cap);
        if (!slot) return status_memory();
        *slot = x->ahead;
        x->has_ahead = false;
    }
    const struct compare_source *claim = &x->columns.of[COMPARE_CLAIM];
    while (more && (count == 0 || x->columns.by_line)) {
        struct csv_row row;
        TRY(csv_next(&x->csv, a, &row, &more));
        if (!more) break;
        x->report.rows++;
        if (count > 0 && !str_eq(compare_value(claim, &row), compare_value(claim, &rows[0]))) {
            arena_reset(other);
            if (!row_copy(other, x->csv.name_count, &row, &x->ahead)) return status_memory();
            x->has_ahead = true;
            break;
        }
        struct csv_row *slot = ARENA_PUSH(a, rows, count, cap); /* bill_parse says when they are too many */
        if (!slot) return status_memory();
        *slot = row;
    }
    *ret_more = count > 0;
    if (count == 0) return STATUS_OK;
    CHECK(rows);
    *ret = (struct compare_claim){.rows = rows, .row_count = count, .id = compare_value(claim, &rows[0])};
    return STATUS_OK;
}

/* Remembers a claim by the hash of its id; false when it was there. */
static struct status id_remember(struct compare *x, struct str id, bool *ret_new)
{
    if (x->id_count * 2 >= x->id_slots) {
        const uint64_t slots = x->id_slots == 0 ? 4'096 : x->id_slots * 2;
        uint64_t *grown = ARENA_ARRAY(&x->id_arena, uint64_t, slots);
        if (!grown) return status_memory();
        for (uint64_t i = 0; i < x->id_slots; i++) {
            uint64_t at = x->ids[i] & (slots - 1);
            while (x->ids[i] && grown[at]) at = (at + 1) & (slots - 1);
            if (x->ids[i]) grown[at] = x->ids[i];
        }
        x->ids = grown;
        x->id_slots = slots;
    }
    const uint64_t hash = str_hash(id) | 1;
    uint64_t at = hash & (x->id_slots - 1);
    while (x->ids[at] && x->ids[at] != hash) at = (at + 1) & (x->id_slots - 1);
    *ret_new = x->ids[at] == 0;
    if (*ret_new) x->id_count++;
    x->ids[at] = hash;
    return STATUS_OK;
}

/* ---- one claim ------------------------------------------------------------------------------------------------------- */

static struct status row_error(struct compare *x, const struct compare_claim *claim, const char *code, const char *zh, const char *en, const char *hint_zh, const char *hint_en)
{
    struct arena *a = &x->claim[x->at];
    CHECK(claim->rows);
    return status_error(a, (struct error){.code = code, .place = arena_printf(a, "%u:claim", (unsigned)claim->rows[0].line), .zh = str_from(zh), .en = str_from(en),
                                          .hint_zh = str_from(hint_zh), .hint_en = str_from(hint_en)});
}

static struct status claim_read(struct compare *x, struct compare_claim *claim)
{
    if (claim->id.n == 0) return row_error(x, claim, "claim-id", "没有理赔编号", "the claim has no id", "填写 claim 列", "fill in the column claim");
    bool is_new = false;
    TRY(id_remember(x, claim->id, &is_new));
    if (!is_new) {
        return row_error(x, claim, "claim-twice", "理赔编号重复", "the claim id is used twice", "每件理赔一个编号；逐行的文件中同一理赔的行要相邻",
                         "one id for each claim; in a file of lines the rows of a claim follow each other");
    }
    return compare_claim_read(&x->claim[x->at], &x->columns, &x->chain, claim);
}

/* A person's counters, and those of a family, lie in one table. */
static struct plan_counters *counters_of(struct compare *x, const struct compare_claim *claim)
{
    const struct str person = compare_value(&x->columns.of[COMPARE_PERSON], &claim->rows[0]);
    return &x->shards[str_hash(person) % x->shard_count].counters;
}

/* Settled twice when something differs: without reasons first, since most claims agree. */
static struct status claim_settle(struct compare *x, const struct compare_claim *claim, struct settle_answer *ret, bool *ret_same)
{
    struct arena *a = &x->claim[x->at];
    const struct plan_counters *counters = counters_of(x, claim);
    const struct settle_options quick = {.settled_on = claim->settled_on}, full = {.explain = true, .settled_on = claim->settled_on};
    TRY(settle_bill(a, &x->chain, claim->bill, counters, quick, ret));
    *ret_same = true;
    for (uint32_t i = 0; i < x->columns.unit_count; i++) {
        *ret_same = *ret_same && claim->paid[i] == compare_computed(&x->columns.units[i], &x->chain, ret);
    }
    if (!*ret_same) TRY(settle_bill(a, &x->chain, claim->bill, counters, full, ret));
    return STATUS_OK;
}

/* "huhuibao-2023:42 huhuibao-2023:45": the clauses whose reasons made our amount. */
static struct str clauses_of(struct compare *x, const struct settle_answer *answer)
{
    struct buf b;
    buf_init(&b, CLI_OUT_BYTES);
    for (uint32_t s = 0; s < answer->share_count; s++) {
        const struct settle_share *share = &answer->shares[s];
        for (uint32_t i = 0; share->product && i < share->run.reason_count; i++) {
            bool told = share->run.reasons[i].line == 0;
            for (uint32_t k = 0; k < i && !told; k++) told = share->run.reasons[k].line == share->run.reasons[i].line;
            if (!told) buf_printf(&b, "%s%.*s:%u", b.n > 0 ? " " : "", STR_FMT(share->payer), (unsigned)share->run.reasons[i].line);
        }
    }
    const struct str s = arena_str(&x->claim[x->at], buf_view(&b));
    buf_done(&b);
    return s;
}

static struct status claim_compare(struct compare *x, const struct compare_claim *claim, const struct settle_answer *answer)
{
    int64_t major = 1, furthest = 0;
    for (int i = 0; i < x->report.currency->digits; i++) major *= 10;
    struct str clauses = STR("");
    for (uint32_t i = 0; i < x->columns.unit_count; i++) {
        struct compare_unit *unit = &x->columns.units[i];
        const int64_t paid = claim->paid[i], computed = compare_computed(unit, &x->chain, answer), off = paid - computed;
        unit->paid_sum += paid;
        unit->computed_sum += computed;
        furthest = i64_max(furthest, off < 0 ? -off : off);
        if (off == 0) continue;
        if (clauses.n == 0) clauses = clauses_of(x, answer);
        const struct compare_difference d = {.row = claim->rows[0].line, .claim = claim->id, .unit = unit->name, .clauses = clauses, .paid = paid, .computed = computed,
                                             .guess = compare_guess(&x->claim[x->at], unit, &x->chain, answer, paid, computed)};
        if (!compare_report_add(&x->report, x->c->arena, &d)) return status_memory();
    }
    x->report.claims++;
    x->report.agree += furthest == 0;
    x->report.near += furthest <= major;
    return STATUS_OK;
}

static bool is_memory(struct status s) { return strcmp(s.err->code, "out-of-memory") == 0; }

static struct status claim_do(struct compare *x, struct compare_claim *claim)
{
    struct settle_answer answer;
    bool same = false;
    TRY(claim_read(x, claim));
    CHECK(claim->bill);
    if (x->report.claims > 0 && x->report.currency != claim->bill->currency) {
        return row_error(x, claim, "claim-currency-mixed", "文件中有多种币种", "the file mixes currencies", "一个文件一种币种", "one file, one currency");
    }
    x->report.currency = claim->bill->currency;
    TRY(claim_settle(x, claim, &answer, &same));
    const bool runs_on = compare_value(&x->columns.of[COMPARE_PERSON], &claim->rows[0]).n > 0;
    if (runs_on) TRY(settle_answer_commit(&answer, counters_of(x, claim)));
    return claim_compare(x, claim, &answer);
}

/* ---- the file ---------------------------------------------------------------------------------------------------------------- */

/* A finding about a row, told at once; the rest of the file is still read, so that people see more than one. */
static int row_bad(struct compare *x, struct status s, uint32_t row)
{
    struct error copy = *s.err;
    if (x->bad_rows++ >= BAD_ROWS_SHOWN) return CLI_BAD_INPUT;
    if (copy.place.n == 0 || copy.place.p[0] < '0' || copy.place.p[0] > '9') {
        copy.place = arena_printf(x->c->arena, "%u:%.*s", (unsigned)row, STR_FMT(copy.place));
    }
    return cli_fail(x->c, (struct status){&copy}, x->c->args[0]);
}

static struct status file_compare(struct compare *x)
{
    bool more = true;
    for (uint64_t n = 0; more; n++) {
        arena_reset(&x->claim[x->at]);
        if (x->has_ahead) x->at = 1 - x->at; /* the row read ahead lies in the other arena */
        struct compare_claim claim = {0};
        TRY(claim_next(x, &claim, &more));
        if (!more) break;
        CHECK(claim.rows);
        const struct status s = claim_do(x, &claim);
        if (status_failed(s) && is_memory(s)) return s;
        if (status_failed(s)) (void)row_bad(x, s, claim.rows[0].line);
        if (x->bad_rows > BAD_ROWS_SHOWN) break;
        if (n % PROGRESS_EVERY == 0) cli_progress(x->c, "核对（KB）", "comparing (KB)", x->csv.at / 1024, x->csv.bytes.n / 1024 + 1);
    }
    cli_progress_end(x->c);
    return STATUS_OK;
}

static int compare_run(struct compare *x)
{
    struct cli *c = x->c;
    compare_report_init(&x->report, c, &x->columns);
    struct status s = file_compare(x);
    if (status_failed(s)) {
        cli_progress_end(c);
        return cli_fail(c, s, c->args[0]);
    }
    if (x->bad_rows > 0) {
        s = status_error(c->arena, (struct error){.code = "claims-bad-rows", .place = str_from(c->args[0]), .zh = STR("有问题的行未能核对，因此没有结果"),
            .en = STR("some rows could not be compared, so there is no result"),
            .hint_zh = x->bad_rows > BAD_ROWS_SHOWN ? STR("只列出前 20 行；改正后再运行") : STR("改正上面各行后再运行"),
            .hint_en = x->bad_rows > BAD_ROWS_SHOWN ? STR("the first 20 are shown; correct them and run again") : STR("correct the rows above and run again")});
        return cli_fail(c, s, NULL);
    }
    if (c->option[CLI_REPORT]) {
        s = cli_file_replace(c, c->option[CLI_REPORT], buf_view(&x->report.csv));
        if (status_failed(s)) return cli_fail(c, s, NULL);
    }
    json_end_array(&x->report.json_writer);
    compare_report_print(c, &x->report, &x->chain);
    return x->report.difference_count > 0 ? CLI_REFUSED : CLI_OK;
}

int cli_compare(struct cli *c)
{
    if (!c->option[CLI_PLANS]) return cli_usage(c, "option-missing", "缺少选项", "an option is missing", "--plans DIR");
    if (!c->option[CLI_CHAIN]) return cli_usage(c, "option-missing", "缺少选项", "an option is missing", "--chain NAME|PLAN,PLAN,…");
    struct compare *x = ARENA_NEW(c->arena, struct compare);
    if (!x) return cli_fail(c, status_memory(), NULL);
    x->c = c;
    bool clean = false;
    struct str text;
    struct status s = cli_chain_load(c, c->option[CLI_PLANS], c->option[CLI_CHAIN], NULL, 0, &x->chain, &clean);
    if (status_failed(s)) return cli_fail(c, s, NULL);
    if (!clean) return CLI_BAD_INPUT;
    s = cli_file_read(c, c->args[0], CLAIMS_BYTES, &text);
    if (status_failed(s)) return cli_fail(c, s, NULL);
    s = csv_open(c->arena, text, &x->csv);
    if (!status_failed(s)) s = compare_columns_read(c, &x->csv, c->option[CLI_MAP], &x->chain, &x->columns);
    if (status_failed(s)) return cli_fail(c, s, c->args[0]);
    x->shard_count = x->columns.of[COMPARE_FAMILY].given ? 1 : SHARDS; /* a family's persons would lie apart */
    x->shards = ARENA_ARRAY(c->arena, struct shard, x->shard_count);
    if (!x->shards) return cli_fail(c, status_memory(), NULL);

    arena_init(&x->claim[0], CLAIM_ARENA_BYTES);
    arena_init(&x->claim[1], CLAIM_ARENA_BYTES);
    arena_init(&x->id_arena, COUNTER_BYTES);
    for (uint32_t i = 0; i < x->shard_count; i++) {
        arena_init(&x->shards[i].arena, COUNTER_BYTES);
        plan_counters_init(&x->shards[i].counters, &x->shards[i].arena);
    }
    const int code = compare_run(x);
    compare_report_done(&x->report);
    arena_done(&x->claim[0]);
    arena_done(&x->claim[1]);
    for (uint32_t i = 0; i < x->shard_count; i++) arena_done(&x->shards[i].arena);
    arena_done(&x->id_arena);
    return code;
}
