/* lines — the lines of a bill as columns, or its bare totals.
 *
 * Who uses it: parse.c. Invariants: each line's four parts sum to its amount (I1); a line that is no return has no negative
 * value, a return no positive one. Workload: up to 10,000 lines of 17 members in one pass; columns, because the evaluator
 * walks one member over all lines. Source: four-way split of the national fee list; I1–I3.
 */
#include <string.h>

#include "bill/reader.h"

enum {
    LINE, CODE, NAME, KIND, CLASS, QTY, PRICE, DATE, AMOUNT, OWN_FULL, OVER_LIMIT, OWN_FIRST, IN_SCOPE, RETURNS, RETURNS_BILL,
    INGREDIENT, LINE_MEMBER_COUNT
};
static const char *const line_names[LINE_MEMBER_COUNT] = {
    "line", "code", "name", "kind", "class", "qty", "price", "date", "amount", "own_full", "over_limit", "own_first", "in_scope",
    "returns", "returns_bill", "ingredient"};
static const struct bill_shape line_shape = {
    line_names, LINE_MEMBER_COUNT,
    1U << LINE | 1U << CODE | 1U << AMOUNT | 1U << OWN_FULL | 1U << OVER_LIMIT | 1U << OWN_FIRST | 1U << IN_SCOPE};

enum { QTY_ONE_E4 = 10'000 };
static const struct bill_range line_numbers = {1, INT64_C(9'007'199'254'740'991)}; /* what every JSON reader keeps exact */

static bool columns_make(struct bill_reader *r, uint32_t count, struct bill_columns *ret) {
    struct bill_columns c = {
        .number = BILL_ARRAY(r, int64_t, count),       .qty_e4 = BILL_ARRAY(r, int64_t, count),
        .price_e6 = BILL_ARRAY(r, int64_t, count),     .amount = BILL_ARRAY(r, int64_t, count),
        .returns = BILL_ARRAY(r, int64_t, count),      .net_qty_e4 = BILL_ARRAY(r, int64_t, count),
        .code = BILL_ARRAY(r, struct str, count),      .name = BILL_ARRAY(r, struct str, count),
        .ingredient = BILL_ARRAY(r, struct str, count), .kind_text = BILL_ARRAY(r, struct str, count),
        .kind = BILL_ARRAY(r, uint8_t, count),         .catalogue = BILL_ARRAY(r, uint8_t, count),
        .date = BILL_ARRAY(r, struct day, count),      .qty_given = BILL_ARRAY(r, bool, count),
        .line_position = BILL_ARRAY(r, uint32_t, count), .returns_position = BILL_ARRAY(r, uint32_t, count),
    };
    for (int k = 0; k < BUCKET_GIVEN_COUNT; k++) {
        c.given[k] = BILL_ARRAY(r, int64_t, count);
        c.net[k] = BILL_ARRAY(r, int64_t, count);
    }
    if (r->out_of_memory) return false;
    c.count = count;
    *ret = c;
    return true;
}

static void columns_view(const struct bill_columns *c, struct bill_lines *ret) {
    *ret = (struct bill_lines){
        .count = c->count, .number = c->number, .code = c->code, .name = c->name, .ingredient = c->ingredient,
        .kind_text = c->kind_text, .kind = c->kind, .catalogue = c->catalogue, .qty_e4 = c->qty_e4, .price_e6 = c->price_e6,
        .date = c->date, .amount = c->amount, .net_qty_e4 = c->net_qty_e4, .returns = c->returns,
    };
    for (int k = 0; k < BUCKET_GIVEN_COUNT; k++) {
        ret->given[k] = c->given[k];
        ret->net[k] = c->net[k];
    }
}

/* ---- one line -------------------------------------------------------------------------------------- */

static void kind_read(struct bill_reader *r, const struct bill_object *o, struct bill_columns *c, uint32_t i) {
    c->kind[i] = BILL_LINE_OTHER;
    c->kind_text[i] = STR("other");
    if (!bill_read_text(r, o, KIND, LIMIT_BILL_KIND_BYTES, &c->kind_text[i])) return;
    if (c->kind_text[i].n == 0) {
        struct bill_place at = bill_member_place(o, KIND);
        bill_find_plain(r, &at, BILL_FINDING_TEXT_EMPTY);
        return;
    }
    uint32_t count;
    const struct bill_word *words = bill_words(BILL_VOCABULARY_LINE_KIND, &count);
    for (uint32_t k = 0; k < count; k++)
        if (str_eq(c->kind_text[i], str_from(words[k].name))) c->kind[i] = (uint8_t)k;
}

/* I1. The four parts are within the limit each, so their sum fits 64 bits. */
static void line_sum_check(struct bill_reader *r, const struct bill_object *o, const struct bill_columns *c, uint32_t i) {
    int64_t sum = 0;
    for (int k = 0; k < BUCKET_GIVEN_COUNT; k++) sum += c->given[k][i];
    if (sum == c->amount[i]) return;
    struct bill_place at = bill_member_place(o, AMOUNT);
    BILL_FIND(r, &at, LINE_SUM, bill_arg_i64(r, c->amount[i]), bill_arg_i64(r, sum));
}

static void sign_check(struct bill_reader *r, const struct bill_object *o, uint32_t member, int64_t v, bool is_return) {
    if (is_return ? v <= 0 : v >= 0) return;
    struct bill_place at = bill_member_place(o, member);
    struct bill_arg name = bill_arg_text(str_from(line_names[member]));
    if (is_return) BILL_FIND(r, &at, RETURN_POSITIVE, name);
    else BILL_FIND(r, &at, LINE_NEGATIVE, name);
}

static void amounts_read(struct bill_reader *r, const struct bill_object *o, struct bill_columns *c, uint32_t i) {
    bool is_return = bill_has(o, RETURNS);
    bool all = bill_read_amount(r, o, AMOUNT, BILL_ANY_SIGN, &c->amount[i]);
    if (all) sign_check(r, o, AMOUNT, c->amount[i], is_return);
    for (uint32_t k = 0; k < BUCKET_GIVEN_COUNT; k++) {
        bool read = bill_read_amount(r, o, OWN_FULL + k, BILL_ANY_SIGN, &c->given[k][i]);
        if (read) sign_check(r, o, OWN_FULL + k, c->given[k][i], is_return);
        all = all && read;
    }
    if (all) line_sum_check(r, o, c, i);
}

static void quantity_read(struct bill_reader *r, const struct bill_object *o, struct bill_columns *c, uint32_t i) {
    bool is_return = bill_has(o, RETURNS);
    c->qty_e4[i] = is_return ? -QTY_ONE_E4 : QTY_ONE_E4;
    c->qty_given[i] = bill_read_decimal(r, o, QTY, 4, &c->qty_e4[i]);
    if (c->qty_given[i]) sign_check(r, o, QTY, c->qty_e4[i], is_return);
    c->price_e6[i] = INT64_MIN;
    struct bill_place price_at = bill_member_place(o, PRICE);
    if (bill_read_decimal(r, o, PRICE, 6, &c->price_e6[i]) && c->price_e6[i] < 0)
        bill_find_plain(r, &price_at, BILL_FINDING_AMOUNT_NEGATIVE);
}

static void returns_read(struct bill_reader *r, const struct bill_object *o, const struct bill *b, struct bill_columns *c, uint32_t i) {
    (void)bill_read_i64(r, o, RETURNS, line_numbers, &c->returns[i]);
    c->returns_position[i] = o->position[RETURNS];
    c->line_position[i] = o->position[LINE];
    struct str other = b->bill;
    bool named = bill_read_text(r, o, RETURNS_BILL, LIMIT_BILL_CODE_BYTES, &other);
    struct bill_place other_at = bill_member_place(o, RETURNS_BILL);
    if (named && !bill_has(o, RETURNS)) bill_find_plain(r, &other_at, BILL_FINDING_RETURN_ALONE);
    else if (named && b->bill.n > 0 && !str_eq(other, b->bill)) bill_find_plain(r, &other_at, BILL_FINDING_RETURN_OTHER_BILL);
}

static void date_read(struct bill_reader *r, const struct bill_object *o, const struct bill *b, struct bill_columns *c, uint32_t i) {
    c->date[i] = b->to;
    if (!bill_read_day(r, o, DATE, &c->date[i]) || !day_is(b->from) || !day_is(b->to)) return;
    if (day_in(c->date[i], (struct day_range){b->from, b->to}) || b->from.v > b->to.v) return;
    struct bill_place at = bill_member_place(o, DATE);
    bill_find_plain(r, &at, BILL_FINDING_LINE_DATE);
}

static void line_read(struct bill_reader *r, const struct bill_object *o, const struct bill *b, struct bill_columns *c, uint32_t i) {
    uint8_t class = BILL_CLASS_NONE;
    (void)bill_read_i64(r, o, LINE, line_numbers, &c->number[i]);
    (void)bill_read_text(r, o, CODE, LIMIT_BILL_CODE_BYTES, &c->code[i]);
    (void)bill_read_text(r, o, NAME, LIMIT_BILL_NAME_BYTES, &c->name[i]);
    (void)bill_read_text(r, o, INGREDIENT, LIMIT_BILL_NAME_BYTES, &c->ingredient[i]);
    (void)bill_read_word(r, o, CLASS, BILL_VOCABULARY_CATALOGUE_CLASS, &class);
    c->catalogue[i] = class;
    kind_read(r, o, c, i);
    date_read(r, o, b, c, i);
    amounts_read(r, o, c, i);
    quantity_read(r, o, c, i);
    returns_read(r, o, b, c, i);
}

/* ---- all lines ------------------------------------------------------------------------------------- */

/* I2 and I3 against the member `total`, where it is given. */
static void total_check(struct bill_reader *r, const struct bill_object *o, const struct bill *b) {
    int64_t total = 0;
    if (!bill_read_amount(r, o, BILL_M_TOTAL, BILL_NOT_NEGATIVE, &total) || total == b->total) return;
    struct bill_place at = bill_member_place(o, BILL_M_TOTAL);
    BILL_FIND(r, &at, TOTAL, bill_arg_i64(r, total), bill_arg_i64(r, b->total));
}

bool bill_sums_compute(struct bill_reader *r, const struct bill_place *at, const struct bill_columns *c, struct bill *b) {
    struct minor sums[BUCKET_GIVEN_COUNT] = {{0}}, total = {0};
    bool fits = true;
    for (int k = 0; k < BUCKET_GIVEN_COUNT; k++) {
        for (uint32_t i = 0; i < c->count; i++) fits = fits && minor_add(sums[k], (struct minor){c->net[k][i]}, &sums[k]);
        fits = fits && minor_add(total, sums[k], &total);
    }
    if (!fits) {
        bill_find_plain(r, at, BILL_FINDING_SUM_LIMIT);
        return false;
    }
    for (int k = 0; k < BUCKET_GIVEN_COUNT; k++) b->net_sum[k] = sums[k].v;
    b->total = total.v;
    return true;
}

void bill_lines_read(struct bill_reader *r, const struct bill_object *o, struct bill *b) {
    const struct json *array;
    if (!bill_read_array(r, o, BILL_M_LINES, LIMIT_BILL_LINES, &array)) return;
    struct bill_place at = bill_member_place(o, BILL_M_LINES);
    if (array->count == 0) {
        bill_find_plain(r, &at, BILL_FINDING_LINES_EMPTY);
        return;
    }
    struct bill_columns c;
    if (!columns_make(r, array->count, &c)) return;
    uint64_t errors_before = r->error_total;
    for (uint32_t i = 0; i < array->count && !r->out_of_memory; i++) {
        struct bill_place line_at = bill_item_place(&at, i);
        struct bill_object line;
        if (bill_object_open(r, &line_at, &array->items[i], &line_shape, &line)) line_read(r, &line, b, &c, i);
    }
    if (r->out_of_memory) return;
    /* A line with a wrong value is 0 in its column: netting or summing it would report consequences, not causes. */
    bool well_formed = r->error_total == errors_before;
    bill_returns_net(r, &at, &c, well_formed);
    if (!well_formed || r->error_total != errors_before) return;
    if (!bill_sums_compute(r, &at, &c, b)) return;
    columns_view(&c, &b->lines);
    total_check(r, o, b);
}

void bill_totals_read(struct bill_reader *r, const struct bill_object *o, struct bill *b) {
    static const struct bill_shape shape = {line_names + OWN_FULL, BUCKET_GIVEN_COUNT, (1U << BUCKET_GIVEN_COUNT) - 1};
    if (!bill_has(o, BILL_M_TOTALS)) return;
    struct bill_place at = bill_member_place(o, BILL_M_TOTALS);
    struct bill_object totals;
    struct bill_columns c;
    if (!bill_object_open(r, &at, o->node[BILL_M_TOTALS], &shape, &totals) || !columns_make(r, 1, &c)) return;
    bool all = true;
    for (uint32_t k = 0; k < BUCKET_GIVEN_COUNT; k++) {
        all = bill_read_amount(r, &totals, k, BILL_NOT_NEGATIVE, &c.given[k][0]) && all;
        c.net[k][0] = c.given[k][0];
    }
    if (!all || !bill_sums_compute(r, &at, &c, b)) return;
    c.amount[0] = b->total;
    c.kind_text[0] = STR("other");
    c.qty_e4[0] = c.net_qty_e4[0] = QTY_ONE_E4;
    c.price_e6[0] = INT64_MIN;
    c.date[0] = b->to;
    columns_view(&c, &b->lines);
    b->totals_only = true;
    total_check(r, o, b);
}
