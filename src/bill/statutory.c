/* statutory — the result of the statutory insurance attached to a bill, and the identities it must keep.
 *
 * Who uses it: parse.c, after the lines (the identities need their sums). Invariants afterwards: funds + hospital_part <=
 * total; account <= what is left; an unsettled bill has no fund money. I4 and I7 refuse, I5 and I6 only warn: some regions
 * break them by rounding or local funds, and the settlement stays valid. Source: setlinfo and setldetail of the national
 * message set. Unknown fund names are taken: regions have local funds.
 */
#include "bill/reader.h"

enum {
    SETTLED, STAGE, FUNDS, SETL_ID, DEDUCTIBLE, ACCOUNT, HOSPITAL_PART, FUND_TOTAL, PERSON_TOTAL, CASH, ACCOUNT_FAMILY, DETAILS,
    STATUTORY_MEMBER_COUNT
};
static const char *const statutory_names[STATUTORY_MEMBER_COUNT] = {
    "settled", "stage", "funds", "setl_id", "deductible", "account", "hospital_part",
    "fund_total", "person_total", "cash", "account_family", "details"};
static const struct bill_shape statutory_shape = {statutory_names, STATUTORY_MEMBER_COUNT, 1U << SETTLED};

enum { FUND, AMOUNT };
static const char *const detail_names[] = {"fund", "amount"};
static const struct bill_shape detail_shape = {detail_names, 2, 1U << FUND | 1U << AMOUNT};

/* What only checks need; -1 when absent. */
struct statutory_checks {
    int64_t fund_total, person_total, cash, account_family;
};

static struct bill_arg amount_arg(struct bill_reader *r, int64_t v) { return bill_arg_i64(r, v); }

/* Adds within the limit of amounts; reports at `at` when the sum passes it. */
static bool sum_add(struct bill_reader *r, const struct bill_place *at, int64_t v, int64_t *sum) {
    struct minor out;
    if (!minor_add((struct minor){*sum}, (struct minor){v}, &out)) {
        bill_find_plain(r, at, BILL_FINDING_SUM_LIMIT);
        return false;
    }
    *sum = out.v;
    return true;
}

/* ---- reading --------------------------------------------------------------------------------------- */

static void stage_read(struct bill_reader *r, const struct bill_object *s, struct bill_statutory *ret) {
    if (!bill_read_bool(r, s, SETTLED, &ret->settled)) return;
    uint8_t stage = ret->settled ? BILL_STAGE_FINAL : BILL_STAGE_NONE;
    (void)bill_read_word(r, s, STAGE, BILL_VOCABULARY_STAGE, &stage);
    ret->stage = (enum bill_stage)stage;
    bool fits = ret->settled ? stage != BILL_STAGE_NONE : stage == BILL_STAGE_NONE || stage == BILL_STAGE_MANUAL;
    struct bill_place at = bill_member_place(s, STAGE);
    if (!fits) bill_find_plain(r, &at, BILL_FINDING_STAGE);
}

static void funds_read(struct bill_reader *r, const struct bill_object *s, struct bill_statutory *ret) {
    if (!bill_has(s, FUNDS)) return;
    struct bill_place at = bill_member_place(s, FUNDS);
    const struct json *node = s->node[FUNDS];
    if (!bill_kind_check(r, &at, node, JSON_OBJECT)) return;
    if (node->count > LIMIT_BILL_FUNDS) {
        BILL_FIND(r, &at, TOO_MANY, bill_arg_i64(r, node->count), bill_arg_i64(r, LIMIT_BILL_FUNDS));
        return;
    }
    struct bill_fund *funds = BILL_ARRAY(r, struct bill_fund, node->count);
    if (!funds) return;
    for (uint32_t i = 0; i < node->count; i++) {
        struct bill_place fund_at = {.up = &at, .name = bill_arg_quoted(r, node->names[i]).en, .position = i};
        funds[i].name = node->names[i];
        if (!bill_identifier_check(r, &fund_at, funds[i].name)) continue;
        if (!bill_value_amount(r, &fund_at, &node->items[i], BILL_NOT_NEGATIVE, &funds[i].amount)) continue;
        if (!sum_add(r, &fund_at, funds[i].amount, &ret->fund_sum)) return;
    }
    ret->funds = funds;
    ret->fund_count = node->count;
}

/* ---- I4 and I7: errors ------------------------------------------------------------------------------- */

static void fund_total_check(struct bill_reader *r, const struct bill_object *s, const struct bill_statutory *st, int64_t fund_total) {
    if (fund_total < 0 || fund_total == st->fund_sum) return;
    struct bill_place at = bill_member_place(s, FUND_TOTAL);
    BILL_FIND(r, &at, FUND_TOTAL, amount_arg(r, fund_total), amount_arg(r, st->fund_sum));
}

struct detail_sum {
    struct str fund;
    int64_t sum;
};

/* Adds one detail to its fund's sum. The sums start with the funds of the result, so a fund that has no detail is seen. */
static bool detail_add(struct bill_reader *r, const struct bill_place *at, const struct json *node, struct detail_sum *sums,
                       uint32_t *count) {
    struct bill_object detail;
    struct str fund;
    int64_t amount = 0;
    if (!bill_object_open(r, at, node, &detail_shape, &detail)) return false;
    bool good = bill_read_text(r, &detail, FUND, LIMIT_NAME_BYTES, &fund);
    good = bill_read_amount(r, &detail, AMOUNT, BILL_NOT_NEGATIVE, &amount) && good;
    if (!good) return false;
    struct bill_place fund_at = bill_member_place(&detail, FUND), amount_at = bill_member_place(&detail, AMOUNT);
    if (!bill_identifier_check(r, &fund_at, fund)) return false;
    uint32_t i = 0;
    while (i < *count && !str_eq(sums[i].fund, fund)) i++;
    if (i == *count) sums[(*count)++] = (struct detail_sum){fund, 0};
    return sum_add(r, &amount_at, amount, &sums[i].sum);
}

static void details_check(struct bill_reader *r, const struct bill_object *s, const struct bill_statutory *st) {
    const struct json *array;
    if (!bill_read_array(r, s, DETAILS, LIMIT_BILL_FUNDS, &array)) return;
    struct bill_place at = bill_member_place(s, DETAILS);
    struct detail_sum *sums = BILL_ARRAY(r, struct detail_sum, st->fund_count + array->count);
    if (!sums) return;
    uint32_t count = 0;
    for (; count < st->fund_count; count++) sums[count].fund = st->funds[count].name;
    bool good = true;
    for (uint32_t i = 0; i < array->count; i++) {
        struct bill_place item_at = bill_item_place(&at, i);
        good = detail_add(r, &item_at, &array->items[i], sums, &count) && good;
    }
    for (uint32_t i = 0; good && i < count; i++) {
        int64_t own = i < st->fund_count ? st->funds[i].amount : 0;
        if (sums[i].sum != own)
            BILL_FIND(r, &at, FUND_DETAILS, bill_arg_quoted(r, sums[i].fund), amount_arg(r, sums[i].sum), amount_arg(r, own));
    }
}

/* ---- contradictions with the bill ---------------------------------------------------------------------- */

static void unsettled_check(struct bill_reader *r, const struct bill_object *s, const struct bill_statutory *st) {
    struct bill_place at = bill_member_place(s, FUNDS);
    bool settled_read = bill_has(s, SETTLED) && s->node[SETTLED]->kind == JSON_BOOL;
    if (settled_read && !st->settled && st->fund_sum > 0) BILL_FIND(r, &at, FUNDS_UNSETTLED, amount_arg(r, st->fund_sum));
}

static void against_bill_check(struct bill_reader *r, const struct bill_object *s, const struct bill *b) {
    const struct bill_statutory *st = &b->statutory;
    int64_t paid = st->fund_sum + st->hospital_part; /* both within the limit */
    int64_t person = b->total - paid;
    struct bill_place funds_at = bill_member_place(s, bill_has(s, FUNDS) ? FUNDS : HOSPITAL_PART);
    struct bill_place account_at = bill_member_place(s, ACCOUNT), deductible_at = bill_member_place(s, DEDUCTIBLE);
    if (person < 0) BILL_FIND(r, &funds_at, FUNDS_OVER_TOTAL, amount_arg(r, paid), amount_arg(r, b->total));
    else if (st->account > person) BILL_FIND(r, &account_at, ACCOUNT_OVER_PERSON, amount_arg(r, st->account), amount_arg(r, person));
    int64_t in_scope = b->net_sum[BUCKET_IN_SCOPE];
    if (st->deductible > in_scope)
        BILL_FIND(r, &deductible_at, DEDUCTIBLE_OVER_SCOPE, amount_arg(r, st->deductible), amount_arg(r, in_scope));
}

/* I5 and I6. I6 holds in one of two readings: the family account inside `account` (the field's description) or beside it. */
static void person_check(struct bill_reader *r, const struct bill_object *s, const struct bill *b, const struct statutory_checks *k) {
    const struct bill_statutory *st = &b->statutory;
    int64_t paid = st->fund_sum + st->hospital_part;
    if (k->person_total >= 0 && paid + k->person_total != b->total) {
        struct bill_place at = bill_member_place(s, PERSON_TOTAL);
        BILL_FIND(r, &at, PERSON_TOTAL, amount_arg(r, b->total), amount_arg(r, paid + k->person_total));
    }
    if (k->cash < 0) return;
    int64_t person = k->person_total >= 0 ? k->person_total : b->total - paid;
    int64_t inside = st->account + k->cash;
    int64_t beside = inside + i64_max(k->account_family, 0);
    if (person == inside || person == beside) return;
    struct bill_place at = bill_member_place(s, CASH);
    BILL_FIND(r, &at, PERSON_CASH, amount_arg(r, person), amount_arg(r, inside));
}

void bill_statutory_read(struct bill_reader *r, const struct bill_object *o, struct bill *b) {
    if (!bill_has(o, BILL_M_STATUTORY)) return;
    struct bill_place at = bill_member_place(o, BILL_M_STATUTORY);
    struct bill_object s;
    if (!bill_object_open(r, &at, o->node[BILL_M_STATUTORY], &statutory_shape, &s)) return;
    uint64_t errors_before = r->error_total;
    struct bill_statutory *st = &b->statutory;
    struct statutory_checks k = {-1, -1, -1, -1};
    stage_read(r, &s, st);
    funds_read(r, &s, st);
    (void)bill_read_text(r, &s, SETL_ID, LIMIT_BILL_CODE_BYTES, &st->setl_id);
    (void)bill_read_amount(r, &s, DEDUCTIBLE, BILL_NOT_NEGATIVE, &st->deductible);
    (void)bill_read_amount(r, &s, ACCOUNT, BILL_NOT_NEGATIVE, &st->account);
    (void)bill_read_amount(r, &s, HOSPITAL_PART, BILL_NOT_NEGATIVE, &st->hospital_part);
    (void)bill_read_amount(r, &s, FUND_TOTAL, BILL_NOT_NEGATIVE, &k.fund_total);
    (void)bill_read_amount(r, &s, PERSON_TOTAL, BILL_NOT_NEGATIVE, &k.person_total);
    (void)bill_read_amount(r, &s, CASH, BILL_NOT_NEGATIVE, &k.cash);
    (void)bill_read_amount(r, &s, ACCOUNT_FAMILY, BILL_NOT_NEGATIVE, &k.account_family);
    unsettled_check(r, &s, st);
    bool well_formed = r->error_total == errors_before;
    if (!well_formed) return;
    fund_total_check(r, &s, st, k.fund_total);
    details_check(r, &s, st);
    if (b->lines.count == 0) return; /* the lines were refused: nothing to compare with */
    against_bill_check(r, &s, b);
    person_check(r, &s, b, &k);
}
