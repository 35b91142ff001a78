/* cli/compare_bill — the rows of one claim as a bill. The bill is written as JSON and read by bill_parse, so that a claims file meets every
 * check that a bill meets.
 *
 * Cost: about ten microseconds a claim. Personal data stays in the bill; messages name the row and the column only.
 */
#include "cli/compare.h"

#include <string.h>

enum { CLAIM_JSON_BYTES = LIMIT_JSON_BYTES, POLICIES_MAX = LIMIT_BILL_POLICIES };

struct claim_work {
    struct arena *a;
    const struct compare_columns *columns;
    const struct settle_chain *chain;
    struct compare_claim *claim;
    const struct currency *currency;
    struct json_writer json;
    const struct error *first;
    struct error *last;
};

static struct str column(enum compare_column_id id) { return str_from(compare_column_name(id)); }

static void find(struct claim_work *w, const char *code, uint32_t row, struct str at, const char *zh, const char *en, const char *hint_zh, const char *hint_en)
{
    struct error *e = ARENA_NEW(w->a, struct error);
    if (!e) {
        w->first = status_memory().err;
        return;
    }
    *e = (struct error){.code = code, .place = arena_printf(w->a, "%u:%.*s", (unsigned)row, STR_FMT(at)), .zh = str_from(zh), .en = str_from(en),
                        .hint_zh = str_from(hint_zh), .hint_en = str_from(hint_en)};
    if (w->last) w->last->next = e;
    else w->first = e;
    w->last = e;
}

/* ---- values --------------------------------------------------------------------------------------------------------- */

static struct str head(const struct claim_work *w, enum compare_column_id id)
{
    return compare_value(&w->columns->of[id], &w->claim->rows[0]);
}

static bool amount_read(struct claim_work *w, struct str text, const struct csv_row *row, struct str at, int64_t *ret)
{
    struct minor m = {0};
    int64_t fen = 0;
    if (w->columns->fen ? decimal_parse(text, 0, &fen) : minor_parse(text, w->currency, &m)) {
        *ret = w->columns->fen ? fen : m.v;
        return true;
    }
    find(w, "claim-amount", row->line, at, w->columns->fen ? "应为以分为单位的整数" : "金额应为以元为单位的小数", w->columns->fen ? "expected an integer in fen" : "expected an amount in yuan",
         "例如 1234.50；不带千分位、货币符号和空格；没有金额写 0", "for example 1234.50, without separators, signs of currency or blanks; nothing is 0");
    return false;
}

static void amount_member(struct claim_work *w, enum compare_column_id id, const struct csv_row *row, const char *member, bool always)
{
    const struct str text = compare_value(&w->columns->of[id], row);
    int64_t v = 0;
    if (text.n > 0) (void)amount_read(w, text, row, column(id), &v);
    if (text.n > 0 || always) json_member_i64(&w->json, str_from(member), v);
}

static void text_member(struct claim_work *w, enum compare_column_id id, struct str usual)
{
    const struct str text = head(w, id);
    if (text.n > 0 || usual.n > 0) json_member_string(&w->json, column(id), text.n > 0 ? text : usual);
}

/* A word of a vocabulary: English as in bills, or Chinese. */
static void word_text(struct claim_work *w, struct str name, struct str text, enum bill_vocabulary which, struct str usual)
{
    uint32_t count = 0;
    const struct bill_word *words = bill_words(which, &count);
    if (text.n == 0) text = usual;
    for (uint32_t i = 0; i < count; i++) {
        if (str_eq(text, str_from(words[i].zh))) text = str_from(words[i].name);
    }
    if (text.n > 0) json_member_string(&w->json, name, text);
}

static void word_member(struct claim_work *w, enum compare_column_id id, enum bill_vocabulary which, struct str usual)
{
    word_text(w, column(id), head(w, id), which, usual);
}

/* yes/no in the words people use: 1, 0; -1 for none of them. */
static int bool_of(struct str text)
{
    static const char *const yes[] = {"yes", "true", "是", "Y", "y"}, *const no[] = {"no", "false", "否", "N", "n"};
    for (size_t i = 0; i < COUNT_OF(yes); i++) {
        if (str_eq(text, str_from(yes[i]))) return 1;
        if (str_eq(text, str_from(no[i]))) return 0;
    }
    return -1;
}

static void bool_member(struct claim_work *w, enum compare_column_id id)
{
    const struct str text = head(w, id);
    if (text.n == 0) return;
    const int v = str_eq(text, STR("1")) ? 1 : str_eq(text, STR("0")) ? 0 : bool_of(text);
    if (v < 0) find(w, "claim-yes-no", w->claim->rows[0].line, column(id), "应为 yes 或 no", "expected yes or no", "写 yes/no、true/false、是/否、1/0", "write yes/no, true/false or 1/0");
    else json_member_bool(&w->json, column(id), v == 1);
}

static void count_member(struct claim_work *w, enum compare_column_id id)
{
    const struct str text = head(w, id);
    int64_t v = 0;
    if (text.n == 0) return;
    if (!decimal_parse(text, 0, &v)) find(w, "claim-count", w->claim->rows[0].line, column(id), "应为整数", "expected a whole number", "例如 3", "for example 3");
    else json_member_i64(&w->json, column(id), v);
}

/* A fact takes the type that its text has: yes/no, a whole number, else a word. */
static void fact_member(struct claim_work *w, struct str name, struct str text)
{
    int64_t v = 0;
    if (text.n == 0) return;
    if (bool_of(text) >= 0) json_member_bool(&w->json, name, bool_of(text) == 1);
    else if (decimal_parse(text, 0, &v)) json_member_i64(&w->json, name, v);
    else json_member_string(&w->json, name, text);
}

/* ---- parts of the bill -------------------------------------------------------------------------------------------------- */

static void person_write(struct claim_work *w)
{
    const struct str person = head(w, COMPARE_PERSON), born = head(w, COMPARE_BORN);
    json_name(&w->json, STR("person"));
    json_begin_object(&w->json);
    if (person.n > 0) { /* some number of the operator: the same person in every hospital */
        json_member_string(&w->json, STR("id_kind"), STR("99"));
        json_member_string(&w->json, STR("id"), person);
    } else { /* each claim stands alone: no counters run on */
        json_member_string(&w->json, STR("unknown"), w->claim->id);
    }
    if (born.n > 0) json_member_string(&w->json, STR("born"), born);
    word_member(w, COMPARE_SEX, BILL_VOCABULARY_SEX, STR(""));
    json_end_object(&w->json);
}

static void facts_write(struct claim_work *w)
{
    json_name(&w->json, STR("facts"));
    json_begin_object(&w->json);
    fact_member(w, STR("hospital_level"), head(w, COMPARE_HOSPITAL_LEVEL));
    fact_member(w, STR("insured_type"), head(w, COMPARE_INSURED_TYPE));
    for (uint32_t i = 0; i < w->columns->fact_count; i++) {
        fact_member(w, w->columns->facts[i].name, compare_value(&w->columns->facts[i].source, &w->claim->rows[0]));
    }
    json_end_object(&w->json);
}

/* The next piece between ';'. False behind the last. */
static bool piece_next(struct str *rest, struct str *ret)
{
    if (rest->n == 0) return false;
    size_t end = 0;
    while (end < rest->n && rest->p[end] != ';') end++;
    *ret = (struct str){rest->p, end};
    const size_t used = end < rest->n ? end + 1 : end;
    *rest = (struct str){rest->p + used, rest->n - used};
    return true;
}

/* "C34.900;I10.x05@2021-03-01": codes, each with the day since when; of diagnoses the first is the main one. */
static void diagnoses_write(struct claim_work *w, enum compare_column_id id, const char *member, bool main)
{
    struct str rest = head(w, id), piece = {0};
    if (rest.n == 0) return;
    json_name(&w->json, str_from(member));
    json_begin_array(&w->json);
    for (bool first = true; piece_next(&rest, &piece); first = false) {
        size_t at = 0;
        while (at < piece.n && piece.p[at] != '@') at++;
        json_begin_object(&w->json);
        json_member_string(&w->json, STR("code"), (struct str){piece.p, at});
        if (at < piece.n) json_member_string(&w->json, STR("since"), (struct str){piece.p + at + 1, piece.n - at - 1});
        if (main && first) json_member_bool(&w->json, STR("main"), true);
        json_end_object(&w->json);
    }
    json_end_array(&w->json);
}

static void procedures_write(struct claim_work *w)
{
    struct str rest = head(w, COMPARE_PROCEDURE), piece = {0};
    if (rest.n == 0) return;
    json_name(&w->json, STR("procedures"));
    json_begin_array(&w->json);
    while (piece_next(&rest, &piece)) json_string(&w->json, piece);
    json_end_array(&w->json);
}

static void parts_write(struct claim_work *w, const struct csv_row *row)
{
    static const enum compare_column_id parts[] = {COMPARE_OWN_FULL, COMPARE_OVER_LIMIT, COMPARE_OWN_FIRST, COMPARE_IN_SCOPE};
    for (size_t i = 0; i < COUNT_OF(parts); i++) amount_member(w, parts[i], row, compare_column_name(parts[i]), true);
}

static void line_write(struct claim_work *w, const struct csv_row *row, uint32_t ordinal)
{
    static const struct {
        enum compare_column_id id;
        const char *member;
    } texts[] = {{COMPARE_CODE, "code"}, {COMPARE_NAME, "name"}, {COMPARE_INGREDIENT, "ingredient"}, {COMPARE_QTY, "qty"},
                 {COMPARE_PRICE, "price"}, {COMPARE_DATE, "date"}, {COMPARE_CATALOGUE, "class"}};
    const struct str number = compare_value(&w->columns->of[COMPARE_LINE], row);
    int64_t line = ordinal;
    json_begin_object(&w->json);
    if (number.n > 0 && !decimal_parse(number, 0, &line)) {
        find(w, "claim-count", row->line, STR("line"), "应为整数", "expected a whole number", "例如 3", "for example 3");
    }
    json_member_i64(&w->json, STR("line"), line);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        const struct str text = compare_value(&w->columns->of[texts[i].id], row);
        if (text.n > 0) json_member_string(&w->json, str_from(texts[i].member), text);
    }
    word_text(w, STR("kind"), compare_value(&w->columns->of[COMPARE_KIND], row), BILL_VOCABULARY_LINE_KIND, STR(""));
    parts_write(w, row);
    if (w->columns->of[COMPARE_AMOUNT].given) {
        amount_member(w, COMPARE_AMOUNT, row, "amount", true);
    } else {
        int64_t sum = 0, v = 0;
        for (enum compare_column_id id = COMPARE_OWN_FULL; id <= COMPARE_IN_SCOPE; id++) {
            const struct str text = compare_value(&w->columns->of[id], row);
            struct minor m = {0};
            if (text.n == 0) continue;
            if (w->columns->fen ? decimal_parse(text, 0, &v) : minor_parse(text, w->currency, &m)) (void)i64_add(sum, w->columns->fen ? v : m.v, &sum);
        }
        json_member_i64(&w->json, STR("amount"), sum);
    }
    json_end_object(&w->json);
}

static void money_write(struct claim_work *w)
{
    if (w->columns->by_line) {
        json_name(&w->json, STR("lines"));
        json_begin_array(&w->json);
        for (uint32_t i = 0; i < w->claim->row_count; i++) line_write(w, &w->claim->rows[i], i + 1);
        json_end_array(&w->json);
        return;
    }
    json_name(&w->json, STR("totals"));
    json_begin_object(&w->json);
    parts_write(w, &w->claim->rows[0]);
    json_end_object(&w->json);
    amount_member(w, COMPARE_AMOUNT, &w->claim->rows[0], "total", false);
}

static void statutory_write(struct claim_work *w)
{
    const struct str settled = head(w, COMPARE_SETTLED);
    json_name(&w->json, STR("statutory"));
    json_begin_object(&w->json);
    if (settled.n == 0) json_member_bool(&w->json, STR("settled"), true);
    else bool_member(w, COMPARE_SETTLED);
    bool any = false;
    for (uint32_t i = 0; i < w->columns->fund_count; i++) {
        const struct str text = compare_value(&w->columns->funds[i].source, &w->claim->rows[0]);
        int64_t v = 0;
        if (text.n == 0 || !amount_read(w, text, &w->claim->rows[0], w->columns->funds[i].name, &v) || v == 0) continue;
        if (!any) {
            json_name(&w->json, STR("funds"));
            json_begin_object(&w->json);
        }
        any = true;
        json_member_i64(&w->json, w->columns->funds[i].name, v);
    }
    if (any) json_end_object(&w->json);
    amount_member(w, COMPARE_STATUTORY_DEDUCTIBLE, &w->claim->rows[0], "deductible", false);
    amount_member(w, COMPARE_HOSPITAL_PART, &w->claim->rows[0], "hospital_part", false);
    json_end_object(&w->json);
}

/* "none" and its like: the policy says that the person is in no class. */
static bool means_no_class(struct str text)
{
    return str_eq(text, STR("none")) || str_eq(text, STR("无")) || str_eq(text, STR("-"));
}

static void class_member(struct claim_work *w, const struct settle_product *product)
{
    const struct str text = head(w, COMPARE_CLASS);
    if (text.n == 0) return;
    if (means_no_class(text)) json_member_string(&w->json, STR("class"), STR(""));
    else if (plan_has_class(product->plan, text)) json_member_string(&w->json, STR("class"), text);
    else {
        find(w, "claim-class", w->claim->rows[0].line, STR("class"), "计划没有这个人群", "the plan has no such class", "写计划中人群的名称，或 none；也可在 --map 的 words.class 中对应",
             "write the name of a class of the plan, or none; or map it in words.class of --map");
    }
}

static void policy_write(struct claim_work *w, const struct settle_product *product)
{
    const struct str first = head(w, COMPARE_FIRST_ENROLLED), from = head(w, COMPARE_COVER_FROM), to = head(w, COMPARE_COVER_TO);
    json_begin_object(&w->json);
    json_member_string(&w->json, STR("plan"), product->about.name);
    if (from.n > 0) json_member_string(&w->json, STR("from"), from);
    if (to.n > 0) json_member_string(&w->json, STR("to"), to);
    if (first.n > 0) json_member_string(&w->json, STR("first_enrolled"), first);
    word_member(w, COMPARE_STATUS, BILL_VOCABULARY_POLICY_STATUS, STR(""));
    count_member(w, COMPARE_CLAIM_FREE_YEARS);
    class_member(w, product);
    text_member(w, COMPARE_FAMILY, STR(""));
    struct str rest = head(w, COMPARE_ENDORSED), piece = {0};
    if (rest.n > 0) {
        json_name(&w->json, STR("endorsements"));
        json_begin_array(&w->json);
        while (piece_next(&rest, &piece)) {
            json_begin_object(&w->json);
            json_member_string(&w->json, STR("name"), piece);
            json_end_object(&w->json);
        }
        json_end_array(&w->json);
    }
    json_end_object(&w->json);
}

/* One policy for each plan of the chain that is no statutory one, when the file says anything of policies. */
static void policies_write(struct claim_work *w)
{
    bool any = false;
    for (enum compare_column_id id = COMPARE_FIRST_ENROLLED; id <= COMPARE_ENDORSED; id++) any = any || head(w, id).n > 0;
    if (!any) return;
    json_name(&w->json, STR("policies"));
    json_begin_array(&w->json);
    for (uint32_t i = 0; i < w->chain->payer_count; i++) {
        const struct settle_product *product = w->chain->payers[i].product;
        if (product && product->about.kind != PLAN_STATUTORY) policy_write(w, product);
    }
    json_end_array(&w->json);
}

static void bill_json(struct claim_work *w)
{
    json_begin_object(&w->json);
    json_member_string(&w->json, STR("bill"), w->claim->id);
    text_member(w, COMPARE_HOSPITAL, STR("UNKNOWN"));
    word_member(w, COMPARE_HOSPITAL_KIND, BILL_VOCABULARY_HOSPITAL_KIND, STR(""));
    text_member(w, COMPARE_REGION, STR(""));
    text_member(w, COMPARE_INSURED_REGION, STR(""));
    text_member(w, COMPARE_DEPARTMENT, STR(""));
    text_member(w, COMPARE_STAY, STR(""));
    word_member(w, COMPARE_VISIT, BILL_VOCABULARY_VISIT, STR("inpatient"));
    word_member(w, COMPARE_WARD, BILL_VOCABULARY_WARD, STR(""));
    word_member(w, COMPARE_CAUSE, BILL_VOCABULARY_CAUSE, STR(""));
    text_member(w, COMPARE_FROM, STR(""));
    text_member(w, COMPARE_TO, head(w, COMPARE_FROM));
    text_member(w, COMPARE_CURRENCY, str_from(w->currency->code));
    count_member(w, COMPARE_ICU_DAYS);
    bool_member(w, COMPARE_DAY_SURGERY);
    bool_member(w, COMPARE_DIED);
    bool_member(w, COMPARE_INTERIM);
    person_write(w);
    facts_write(w);
    diagnoses_write(w, COMPARE_DIAGNOSIS, "diagnoses", true);
    diagnoses_write(w, COMPARE_HISTORY, "history", false);
    procedures_write(w);
    money_write(w);
    statutory_write(w);
    policies_write(w);
    json_end_object(&w->json);
}

/* ---- what was paid; agreement of the rows ---------------------------------------------------------------------------------- */

static void paid_read(struct claim_work *w)
{
    for (uint32_t i = 0; i < w->columns->unit_count; i++) {
        const struct compare_unit *u = &w->columns->units[i];
        const struct str text = compare_value(&u->source, &w->claim->rows[0]);
        if (amount_read(w, text, &w->claim->rows[0], u->name, &w->claim->paid[i]) && w->claim->paid[i] < 0) {
            find(w, "claim-paid-negative", w->claim->rows[0].line, u->name, "实付金额不能为负", "an amount paid cannot be negative", "冲正请从文件中成对删去", "take a claim and its reversal out of the file");
        }
    }
}

/* What belongs to the claim must be the same in all its rows, or empty behind the first. */
static void rows_check(struct claim_work *w)
{
    for (uint32_t i = 1; i < w->claim->row_count; i++) {
        const struct csv_row *row = &w->claim->rows[i];
        for (enum compare_column_id id = 0; id < COMPARE_OWN_FULL; id++) {
            const struct str v = compare_value(&w->columns->of[id], row);
            if (v.n == 0 || str_eq(v, head(w, id))) continue;
            find(w, "claim-rows-disagree", row->line, column(id), "同一理赔的各行不一致", "the rows of one claim disagree", "理赔本身的列只写在第一行，或各行相同",
                 "columns of the claim stand in its first row only, or are the same in all");
        }
    }
}

/* N of a place "lines[N]…"; UINT32_MAX of any other. */
static uint32_t line_of_place(struct str place)
{
    static const struct str prefix = STR_INIT("lines[");
    uint32_t n = 0;
    if (!str_starts(place, prefix)) return UINT32_MAX;
    for (size_t i = prefix.n; i < place.n && place.p[i] >= '0' && place.p[i] <= '9' && n < LIMIT_BILL_LINES; i++) n = n * 10 + (uint32_t)(place.p[i] - '0');
    return n;
}

/* Findings of the bill name its members; here they are put behind the row. */
static struct status bill_findings(struct claim_work *w, const struct error *e)
{
    for (; e; e = e->next) {
        if (str_eq(e->place, STR("to")) && head(w, COMPARE_TO).n == 0) continue; /* it was taken from `from`, which is told */
        const uint32_t line = w->columns->by_line ? line_of_place(e->place) : UINT32_MAX;
        const uint32_t row = w->claim->rows[line < w->claim->row_count ? line : 0].line;
        struct error *copy = ARENA_NEW(w->a, struct error);
        if (!copy) return status_memory();
        *copy = *e;
        copy->next = NULL;
        copy->place = arena_printf(w->a, "%u:%.*s", (unsigned)row, STR_FMT(e->place));
        if (w->last) w->last->next = copy;
        else w->first = copy;
        w->last = copy;
    }
    return (struct status){w->first};
}

struct status compare_claim_read(struct arena *a, const struct compare_columns *columns, const struct settle_chain *chain, struct compare_claim *claim)
{
    struct claim_work w = {.a = a, .columns = columns, .chain = chain, .claim = claim};
    const struct str currency = head(&w, COMPARE_CURRENCY), settled_on = head(&w, COMPARE_SETTLED_ON);
    w.currency = currency_find(currency.n > 0 ? currency : STR("CNY"));
    if (!w.currency) {
        find(&w, "claim-currency", claim->rows[0].line, STR("currency"), "未知币种", "unknown currency", "用 ISO 4217 代码，如 CNY", "use an ISO 4217 code such as CNY");
        return (struct status){w.first};
    }
    claim->settled_on = DAY_NONE;
    if (settled_on.n > 0 && !day_parse(settled_on, &claim->settled_on)) {
        find(&w, "claim-day", claim->rows[0].line, STR("settled_on"), "不是有效日期", "not a valid date", "格式为 2023-08-15", "write 2023-08-15");
    }
    claim->paid = ARENA_ARRAY(a, int64_t, columns->unit_count);
    if (!claim->paid) return status_memory();
    if (columns->by_line) rows_check(&w);
    paid_read(&w);
    struct buf text;
    buf_init(&text, CLAIM_JSON_BYTES);
    json_writer_init(&w.json, &text, false);
    bill_json(&w);
    struct status s = text.failed ? status_memory() : (struct status){w.first};
    if (!status_failed(s)) {
        s = bill_parse(a, buf_view(&text), &claim->bill);
        if (status_failed(s) && strcmp(s.err->code, "out-of-memory") != 0) s = bill_findings(&w, s.err);
    }
    buf_done(&text);
    return s;
}
