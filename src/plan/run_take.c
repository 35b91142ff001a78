/* plan/run_take — which money a benefit works on: cells (line, bucket), and what it leaves to later benefits.
 *
 * Who uses it: run_steps.c. Invariants: cells stand in line order, then bucket order, each above 0; only columns that the benefit takes are read. When
 * the caller wants totals only and nobody needs the cells, they are summed and not kept. Source: docs/plan-language.md §4.3.3, §4.3.5.
 */
#include <string.h>

#include "plan/run.h"

/* ---- available money ------------------------------------------------------------------------------------------------ */

/* What is left on a cell for the benefit in work, less what earlier benefits of the plan took. May be negative. */
static inline int64_t available(const struct run *r, const int64_t *column, uint32_t bucket, uint32_t line) {
    return column[line] - (r->taken[bucket] ? r->taken[bucket][line] : 0);
}

static const int64_t *column_of(const struct run *r, uint32_t bucket) {
    if (r->benefit->before_others && r->in->after_statutory[bucket]) return r->in->after_statutory[bucket];
    return r->in->left[bucket];
}

int64_t run_available(const struct run *r, uint32_t bucket, uint32_t line) {
    const int64_t *column = column_of(r, bucket);
    return column ? i64_max(available(r, column, bucket, line), 0) : 0;
}

/* ---- share of a list ------------------------------------------------------------------------------------------------- */

bool run_ratio(int64_t v, int64_t ratio, enum round_mode mode, int64_t *ret) {
    int64_t product;
    if (ratio == RATIO_ONE) *ret = v;
    else if (ratio == 0) *ret = 0;
    else if (mode == ROUND_HALF_UP && !__builtin_mul_overflow(v, ratio, &product) && product <= INT64_MAX - RATIO_ONE)
        *ret = (product + RATIO_ONE / 2) / RATIO_ONE;
    else {
        struct minor rounded;
        if (!minor_times_ratio((struct minor){v}, ratio, mode, &rounded)) return false;
        *ret = rounded.v;
    }
    return true;
}

static bool inexact(struct run *r) { return run_fail(r, "not-exact", "「须除尽」的计算有余数", "a division that must be exact leaves a remainder"); }

/* Entries of the lines that `index` names, by the list of the benefit. */
static bool shares_find(struct run *r, const uint64_t *lines, uint32_t *ret_count) {
    if (!run_lines_hash(r, lines)) return false;
    *ret_count = run_lines_index(r, lines);
    const struct listset *list = r->program->lists[r->benefit->share_list];
    if (r->bill->totals_only)
        for (uint32_t i = 0; i < *ret_count; i++) r->entries[i] = LISTSET_NONE;
    else
        listset_find_lines(list, &r->bill->lines, r->line_hash, r->index, *ret_count, r->entries);
    return true;
}

static inline int64_t share_of(const struct run *r, int32_t entry) {
    return entry == LISTSET_NONE ? 0 : listset_share(r->program->lists[r->benefit->share_list], entry);
}

/* ---- cells ------------------------------------------------------------------------------------------------------------ */

/* Columns for at least `count` cells. */
static bool cells_reserve(struct run *r, uint32_t count) {
    struct run_cells *c = &r->cells;
    c->count = 0;
    c->moved = c->direct = c->rest = NULL;
    if (count <= c->cap) return true;
    struct arena *a = r->arena;
    *c = (struct run_cells){.line = ARENA_ARRAY(a, uint32_t, count), .bucket = ARENA_ARRAY(a, uint8_t, count), .base = ARENA_ARRAY(a, int64_t, count),
                            .pay = ARENA_ARRAY(a, int64_t, count), .scratch = ARENA_ARRAY(a, uint64_t, count)};
    if (!c->line || !c->bucket || !c->base || !c->pay || !c->scratch) return run_fail_memory(r);
    c->cap = count;
    return true;
}

/* The columns to read, in bucket order; those without money in the input are left out. */
struct columns {
    const int64_t *money[BUCKET_COUNT];
    uint8_t bucket[BUCKET_COUNT];
    uint32_t count;
};

static void columns_pick(const struct run *r, struct columns *ret) {
    ret->count = 0;
    for (uint32_t b = 0; b < BUCKET_COUNT; b++) {
        if (!(r->benefit->buckets >> b & 1)) continue;
        ret->money[ret->count] = column_of(r, b);
        ret->bucket[ret->count] = (uint8_t)b;
        if (ret->money[ret->count]) ret->count++;
    }
}

/* Written without branches on the money: the next cell overwrites one of 0. */
static inline void cell_put(struct run_cells *c, uint32_t line, uint8_t bucket, int64_t money) {
    c->line[c->count] = line;
    c->bucket[c->count] = bucket;
    c->base[c->count] = money;
    c->count += money > 0;
}

static bool take_plain(struct run *r, const uint64_t *lines) {
    struct columns k;
    columns_pick(r, &k);
    if (!cells_reserve(r, run_mask_count(r, lines) * k.count + 1)) return false; /* one more: cell_put writes ahead */
    for (uint32_t w = 0; w < r->words; w++)
        for (uint64_t bits = lines[w]; bits; bits &= bits - 1) {
            uint32_t line = w * 64 + (uint32_t)__builtin_ctzll(bits);
            for (uint32_t i = 0; i < k.count; i++) cell_put(&r->cells, line, k.bucket[i], available(r, k.money[i], k.bucket[i], line));
        }
    return true;
}

static bool take_shares(struct run *r, const uint64_t *lines) {
    struct columns k;
    uint32_t count;
    columns_pick(r, &k);
    if (!shares_find(r, lines, &count) || !cells_reserve(r, count * k.count + 1)) return false;
    for (uint32_t i = 0; i < count; i++) {
        int64_t share = share_of(r, r->entries[i]);
        for (uint32_t j = 0; share && j < k.count; j++) {
            int64_t money = i64_max(available(r, k.money[j], k.bucket[j], r->index[i]), 0);
            if (!run_ratio(money, share, r->benefit->share_rounding, &money)) return inexact(r);
            cell_put(&r->cells, r->index[i], k.bucket[j], money);
        }
    }
    return true;
}

/* Totals only: the sum, no cells. */
static bool take_sum(struct run *r, const uint64_t *lines) {
    struct columns k;
    columns_pick(r, &k);
    int64_t sum = 0;
    for (uint32_t w = 0; w < r->words; w++)
        for (uint64_t bits = lines[w]; bits; bits &= bits - 1) {
            uint32_t line = w * 64 + (uint32_t)__builtin_ctzll(bits);
            for (uint32_t i = 0; i < k.count; i++) sum = run_add(sum, i64_max(available(r, k.money[i], k.bucket[i], line), 0));
        }
    r->base = sum;
    return true;
}

static bool take_sum_shares(struct run *r, const uint64_t *lines) {
    struct columns k;
    uint32_t count;
    columns_pick(r, &k);
    if (!shares_find(r, lines, &count)) return false;
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        int64_t share = share_of(r, r->entries[i]);
        for (uint32_t j = 0; share && j < k.count; j++) {
            int64_t money = i64_max(available(r, k.money[j], k.bucket[j], r->index[i]), 0);
            if (!run_ratio(money, share, r->benefit->share_rounding, &money)) return inexact(r);
            sum = run_add(sum, money);
        }
    }
    r->base = sum;
    return true;
}

/* ---- rest of earlier benefits -------------------------------------------------------------------------------------------- */

/* A walk over the cells of an earlier benefit in this segment, beside the walk over lines and buckets. */
struct source {
    uint32_t at, end;     /* in run.out */
    uint32_t start;
    const int64_t *used;
};

/* What is still unpaid and untaken of the source's cell at (line, bucket); 0 when it has none. */
static int64_t source_rest(const struct run *r, struct source *s, uint32_t line, uint32_t bucket, uint32_t *ret_cell) {
    while (s->at < s->end && (r->out[s->at].line < line || (r->out[s->at].line == line && r->out[s->at].bucket < bucket))) s->at++;
    if (s->at == s->end || r->out[s->at].line != line || r->out[s->at].bucket != bucket) return 0;
    const struct plan_cell *c = &r->out[s->at];
    *ret_cell = s->at - s->start;
    return i64_max(c->base - c->pay - (s->used ? s->used[s->at - s->start] : 0), 0);
}

static void sources_open(const struct run *r, struct source *sources) {
    uint32_t rows = r->segment * r->program->benefit_count;
    for (uint32_t k = 0; k < r->benefit->rest_count; k++) {
        const struct plan_benefit_result *row = &r->rows[rows + r->benefit->rest_of[k]];
        const int64_t *used = r->rest_used ? r->rest_used[r->benefit->rest_of[k]] : NULL;
        sources[k] = (struct source){.at = row->cell_start, .start = row->cell_start, .end = row->cell_start + row->cell_count, .used = used};
    }
}

static bool rest_reserve(struct run *r, uint32_t cells) {
    if (!cells_reserve(r, cells)) return false;
    struct run_cells *c = &r->cells;
    size_t parts = (size_t)c->cap * r->benefit->rest_count;
    c->direct = ARENA_ARRAY(r->arena, int64_t, c->cap);
    c->rest = ARENA_ARRAY(r->arena, int64_t, parts);
    c->rest_cell = ARENA_ARRAY(r->arena, uint32_t, parts);
    return (c->direct && c->rest && c->rest_cell) || run_fail_memory(r);
}

/* One cell from what is available and from the rests; the share is of their sum. */
static bool rest_cell_put(struct run *r, struct source *sources, uint32_t line, uint32_t bucket, int64_t share) {
    struct run_cells *c = &r->cells;
    int64_t sum = r->benefit->buckets >> bucket & 1 ? run_available(r, bucket, line) : 0;
    c->direct[c->count] = sum;
    for (uint32_t k = 0; k < r->benefit->rest_count; k++) {
        size_t part = (size_t)k * c->cap + c->count;
        c->rest[part] = source_rest(r, &sources[k], line, bucket, &c->rest_cell[part]);
        sum = run_add(sum, c->rest[part]);
    }
    if (r->benefit->share_list != PLAN_NONE && !run_ratio(sum, share, r->benefit->share_rounding, &sum)) return inexact(r);
    cell_put(c, line, (uint8_t)bucket, sum);
    return true;
}

static bool take_rests(struct run *r, const uint64_t *lines) {
    uint32_t count = run_mask_count(r, lines);
    struct source *sources = ARENA_ARRAY(r->arena, struct source, r->benefit->rest_count);
    if (!sources) return run_fail_memory(r);
    sources_open(r, sources);
    if (!rest_reserve(r, count * BUCKET_COUNT + 1)) return false;
    if (r->benefit->share_list != PLAN_NONE) {
        if (!shares_find(r, lines, &count)) return false;
    } else {
        if (!run_lines_hash(r, lines)) return false;
        count = run_lines_index(r, lines);
    }
    for (uint32_t i = 0; i < count; i++) {
        int64_t share = r->benefit->share_list != PLAN_NONE ? share_of(r, r->entries[i]) : RATIO_ONE;
        for (uint32_t b = 0; b < BUCKET_COUNT; b++)
            if (!rest_cell_put(r, sources, r->index[i], b, share)) return false;
    }
    return true;
}

/* ---- taking ------------------------------------------------------------------------------------------------------------------ */

static int64_t cells_sum(const struct run *r) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < r->cells.count; i++) sum = run_add(sum, r->cells.base[i]);
    return sum;
}

bool run_take(struct run *r, const uint64_t *lines) {
    const struct program_benefit *b = r->benefit;
    bool share = b->share_list != PLAN_NONE;
    r->benefit_lines = lines;
    r->cells.count = 0;
    if (b->rest_count) {
        if (!take_rests(r, lines)) return false;
    } else if (r->total_only && !b->counts && !b->leaves) {
        return share ? take_sum_shares(r, lines) : take_sum(r, lines);
    } else if (!(share ? take_shares(r, lines) : take_plain(r, lines))) {
        return false;
    }
    r->base = cells_sum(r);
    return true;
}

/* A base is drawn first from what was available, then from the rests in written order. */
static void taken_rests(struct run *r, uint32_t cell, int64_t *ret_direct) {
    const struct run_cells *c = &r->cells;
    int64_t direct = i64_min(c->base[cell], c->direct[cell]), more = c->base[cell] - direct;
    for (uint32_t k = 0; k < r->benefit->rest_count; k++) {
        size_t part = (size_t)k * c->cap + cell;
        int64_t drawn = i64_min(more, c->rest[part]);
        int64_t *used = r->rest_used ? r->rest_used[r->benefit->rest_of[k]] : NULL;
        if (used && drawn) used[c->rest_cell[part]] += drawn;
        more -= drawn;
    }
    *ret_direct = direct;
}

bool run_taken(struct run *r) {
    const struct run_cells *c = &r->cells;
    uint32_t leaves = r->benefit->leaves;
    for (uint32_t b = 0; b < BUCKET_COUNT; b++) {
        if (!(leaves >> b & 1) || r->taken[b]) continue;
        r->taken[b] = ARENA_ARRAY(r->arena, int64_t, r->line_count);
        if (!r->taken[b]) return run_fail_memory(r);
    }
    if (!leaves && !c->direct) return true;
    for (uint32_t i = 0; i < c->count; i++) {
        int64_t direct = c->base[i];
        if (c->direct) taken_rests(r, i, &direct);
        if (leaves >> c->bucket[i] & 1) r->taken[c->bucket[i]][c->line[i]] += direct;
    }
    return true;
}
