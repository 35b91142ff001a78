/* settle/statutory — the statutory result of the bill on the cells: the hospital's own part, each fund by the buckets that it pays, and
 * the known parts of what the person bears inside the scope.
 *
 * Source: DESIGN (the bill): a fund pays its region's buckets, default in_scope; what it pays beyond falls to own_first, over_limit, own_full in
 * that order and is marked allocated. Within one bucket money is spread over the lines in proportion to what is left, by largest remainder.
 */
#include "settle/work.h"

#include <string.h>

int64_t *settle_column(struct settle_work *w, int64_t **column)
{
    if (!*column) *column = ARENA_ARRAY(w->arena, int64_t, w->n + 1);
    return *column;
}

/* Gathers the cells of some buckets that still hold money, in line order, then bucket order. Returns their sum. */
static int64_t cells_gather(struct settle_work *w, uint32_t buckets, uint32_t *ret_count)
{
    const int64_t *columns[BUCKET_COUNT];
    uint8_t bucket_of[BUCKET_COUNT];
    uint32_t count = 0, column_count = 0;
    int64_t sum = 0;
    for (uint32_t b = 0; b < BUCKET_COUNT; b++) {
        if (!(buckets >> b & 1U) || !w->left[b]) continue;
        columns[column_count] = w->left[b];
        bucket_of[column_count++] = (uint8_t)b;
    }
    for (uint32_t line = 0; line < w->n; line++) {
        for (uint32_t k = 0; k < column_count; k++) {
            const int64_t left = columns[k][line];
            if (left <= 0) continue;
            w->weights[count] = left;
            w->cell_line[count] = line;
            w->cell_bucket[count] = bucket_of[k];
            sum += left;
            count++;
        }
    }
    *ret_count = count;
    return sum;
}

/* Records what a fund paid on the cells just split. */
static struct status fund_cells_keep(struct settle_work *w, uint32_t count, struct settle_share *share)
{
    struct settle_fund_cell *cells = ARENA_ARRAY(w->arena, struct settle_fund_cell, share->fund_cell_count + count + 1);
    if (!cells) return status_memory();
    uint32_t k = 0;
    for (; k < share->fund_cell_count; k++) cells[k] = share->fund_cells[k];
    for (uint32_t i = 0; i < count; i++) {
        if (w->parts[i] == 0) continue;
        cells[k++] = (struct settle_fund_cell){w->cell_line[i], w->cell_bucket[i], w->parts[i]};
    }
    share->fund_cells = cells;
    share->fund_cell_count = k;
    return STATUS_OK;
}

/* Takes up to `amount` from the cells of `buckets`; *amount falls by what was found. share NULL: the hospital's own part. */
static struct status amount_take(struct settle_work *w, uint32_t buckets, struct settle_share *share, int64_t *amount)
{
    uint32_t count = 0;
    const int64_t sum = cells_gather(w, buckets, &count);
    const int64_t take = i64_min(*amount, sum);
    if (take == 0) return STATUS_OK;
    CHECK(split_largest_remainder(take, w->weights, count, w->parts, w->scratch));
    if (share && !settle_column(w, &w->reimbursed)) return status_memory();
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t b = w->cell_bucket[i];
        w->left[b][w->cell_line[i]] -= w->parts[i];
        if (!share) continue;
        w->reimbursed[w->cell_line[i]] += w->parts[i];
        int64_t *paid = settle_column(w, &w->paid[PLAN_STATUTORY][b]);
        if (!paid) return status_memory();
        paid[w->cell_line[i]] += w->parts[i];
    }
    if (share && w->options.lines) TRY(fund_cells_keep(w, count, share));
    *amount -= take;
    return STATUS_OK;
}

/* The region's buckets first, then own_first, over_limit, own_full. */
static struct status amount_take_in_order(struct settle_work *w, uint32_t buckets, struct settle_share *share, int64_t amount)
{
    static const uint32_t overflow[] = {1U << BUCKET_IN_SCOPE, 1U << BUCKET_OWN_FIRST, 1U << BUCKET_OVER_LIMIT, 1U << BUCKET_OWN_FULL};
    TRY(amount_take(w, buckets, share, &amount));
    for (size_t i = 0; i < COUNT_OF(overflow) && amount > 0; i++) {
        if (share) share->allocated = true;
        TRY(amount_take(w, overflow[i], share, &amount));
    }
    CHECK(amount == 0); /* bill_parse: funds and hospital part never pass the total */
    return STATUS_OK;
}

static uint32_t fund_buckets(const struct settle_chain *chain, struct str fund)
{
    for (uint32_t i = 0; i < chain->fund_count; i++) {
        if (str_eq(chain->funds[i].name, fund)) return chain->funds[i].buckets;
    }
    return 1U << BUCKET_IN_SCOPE;
}

/* Moves `amount` of what is left in scope to one of its known parts. */
static struct status in_scope_move(struct settle_work *w, int64_t amount, enum bill_bucket to)
{
    uint32_t count = 0;
    const int64_t sum = cells_gather(w, 1U << BUCKET_IN_SCOPE, &count);
    amount = i64_min(amount, sum);
    if (amount == 0) return STATUS_OK;
    CHECK(split_largest_remainder(amount, w->weights, count, w->parts, w->scratch));
    int64_t *column = settle_column(w, &w->left[to]);
    if (!column) return status_memory();
    for (uint32_t i = 0; i < count; i++) {
        w->left[BUCKET_IN_SCOPE][w->cell_line[i]] -= w->parts[i];
        column[w->cell_line[i]] += w->parts[i];
    }
    return STATUS_OK;
}

/* "statutory:hifp_pay"; without printf, which would cost as much as a split. */
static bool fund_payer(struct arena *a, struct str fund, struct str *ret)
{
    static const char prefix[] = "statutory:";
    const size_t n = sizeof prefix - 1;
    char *p = arena_alloc(a, n + fund.n, 1);
    if (!p) return false;
    memcpy(p, prefix, n);
    if (fund.n) memcpy(p + n, fund.p, fund.n);
    *ret = (struct str){p, n + fund.n};
    return true;
}

struct status settle_statutory_apply(struct settle_work *w, struct settle_answer *answer)
{
    const struct bill_statutory *s = &w->bill->statutory;
    if (s->hospital_part > 0) TRY(amount_take_in_order(w, 1U << BUCKET_IN_SCOPE, NULL, s->hospital_part));
    answer->hospital = s->hospital_part;
    for (uint32_t i = 0; i < s->fund_count; i++) {
        if (s->funds[i].amount == 0) continue;
        struct settle_share *share = &answer->shares[answer->share_count++];
        if (!fund_payer(w->arena, s->funds[i].name, &share->payer)) return status_memory();
        share->kind = PLAN_STATUTORY;
        share->pay = share->expected = s->funds[i].amount;
        TRY(amount_take_in_order(w, fund_buckets(w->chain, s->funds[i].name), share, s->funds[i].amount));
        w->statutory_paid += share->pay;
    }
    w->statutory_settled = s->settled;
    if (s->settled && s->deductible > 0) TRY(in_scope_move(w, s->deductible, BUCKET_DEDUCTIBLE));
    return STATUS_OK;
}

/* Moves parts of the unpaid rest of a benefit's in-scope cells; `rest` falls by what was moved. */
static struct status rest_move(struct settle_work *w, const struct plan_cell *cells, uint32_t count, int64_t *rest, int64_t amount,
                               enum bill_bucket to)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) sum += rest[i];
    amount = i64_min(amount, sum);
    if (amount <= 0) return STATUS_OK;
    int64_t *parts = ARENA_ARRAY(w->arena, int64_t, count);
    uint64_t *scratch = ARENA_ARRAY(w->arena, uint64_t, count);
    int64_t *column = settle_column(w, &w->left[to]);
    if (!parts || !scratch || !column) return status_memory();
    CHECK(split_largest_remainder(amount, rest, count, parts, scratch));
    for (uint32_t i = 0; i < count; i++) {
        rest[i] -= parts[i];
        w->left[BUCKET_IN_SCOPE][cells[i].line] -= parts[i];
        column[cells[i].line] += parts[i];
    }
    return STATUS_OK;
}

struct status settle_statutory_parts(struct settle_work *w, const struct settle_share *share)
{
    for (uint32_t k = 0; k < share->run.benefit_count; k++) {
        const struct plan_benefit_result *b = &share->run.benefits[k];
        if (b->cell_count == 0) continue;
        struct plan_cell *cells = ARENA_ARRAY(w->arena, struct plan_cell, b->cell_count);
        int64_t *rest = ARENA_ARRAY(w->arena, int64_t, b->cell_count);
        if (!cells || !rest) return status_memory();
        uint32_t count = 0;
        for (uint32_t i = 0; i < b->cell_count; i++) {
            const struct plan_cell *c = &share->run.cells[b->cell_start + i];
            if (c->bucket != BUCKET_IN_SCOPE) continue;
            cells[count] = *c;
            /* a later benefit of the same plan may have taken and paid from this rest */
            rest[count++] = i64_min(c->base - c->pay, w->left[BUCKET_IN_SCOPE][c->line]);
        }
        TRY(rest_move(w, cells, count, rest, b->deductible_used, BUCKET_DEDUCTIBLE));
        TRY(rest_move(w, cells, count, rest, b->stop_cap + b->stop_limit, BUCKET_OVER_CAP));
        TRY(rest_move(w, cells, count, rest, INT64_MAX, BUCKET_RATIO_PART));
    }
    return STATUS_OK;
}
