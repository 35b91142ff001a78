/* plan/run/take — which money a benefit works on: cells (line, bucket), and what it leaves to later benefits.
 *
 * Who uses it: run/steps.c. Invariants: cells stand in line order, then bucket order, each above 0; only columns that the benefit takes are read. When
 * the caller wants totals only and nobody needs the cells, they are summed and not kept. Source: docs/plan-language.md §4.3.3, §4.3.5.
 */
#include <string.h>

#include "plan/run/run.h"

/* ---- available money ------------------------------------------------------------------------------------------------ */

static const int64_t *column_of(const struct run *r, uint32_t bucket) {
    if (r->benefit->before_others && r->in->after_statutory[bucket]) return r->in->after_statutory[bucket];
    return r->in->left[bucket];
}

/* What is left on a cell for the benefit in work, less what earlier benefits of the plan took. */
int64_t run_available(const struct run *r, uint32_t bucket, uint32_t line) {
    const int64_t *column = column_of(r, bucket);
    return column ? i64_max(column[line] - (r->taken[bucket] ? r->taken[bucket][line] : 0), 0) : 0;
}

/* The columns to read, in bucket order; those without money in the input are left out. */
struct columns {
    const int64_t *money[BUCKET_COUNT], *taken[BUCKET_COUNT];
    uint8_t bucket[BUCKET_COUNT];
    uint32_t count;
    bool any_taken;
};

static void columns_pick(const struct run *r, struct columns *ret) {
    ret->count = 0;
    ret->any_taken = false;
    for (uint32_t buckets = r->benefit->buckets; buckets; buckets &= buckets - 1) {
        uint32_t b = (uint32_t)__builtin_ctz(buckets);
        const int64_t *money = column_of(r, b);
        if (!money) continue;
        ret->money[ret->count] = money;
        ret->taken[ret->count] = r->taken[b];
        ret->bucket[ret->count++] = (uint8_t)b;
        ret->any_taken = ret->any_taken || r->taken[b];
    }
}

static inline int64_t money_at(const struct columns *k, uint32_t column, uint32_t line) {
    int64_t money = k->money[column][line];
    if (k->any_taken && k->taken[column]) money -= k->taken[column][line];
    return i64_max(money, 0);
}

/* Sums of cells are within the limit by the bill; what passes it all the same is cut to it. */
static int64_t sum_finish(uint64_t sum) { return sum > (uint64_t)LIMIT_AMOUNT_MINOR ? LIMIT_AMOUNT_MINOR : (int64_t)sum; }

/* ---- share of a list ------------------------------------------------------------------------------------------------- */

static inline bool ratio_of(int64_t v, int64_t ratio, enum round_mode mode, int64_t *ret) {
    int64_t product;
    if (ratio == RATIO_ONE) {
        *ret = v;
    } else if (mode == ROUND_HALF_UP && !__builtin_mul_overflow(v, ratio, &product) && product <= INT64_MAX - RATIO_ONE) {
        *ret = (int64_t)(((uint64_t)product + RATIO_ONE / 2) / RATIO_ONE);
    } else {
        struct minor rounded;
        if (!minor_times_ratio((struct minor){v}, ratio, mode, &rounded)) return false;
        *ret = rounded.v;
    }
    return true;
}

bool run_ratio(int64_t v, int64_t ratio, enum round_mode mode, int64_t *ret) { return ratio_of(v, ratio, mode, ret); }

static bool inexact(struct run *r) { return run_fail(r, "not-exact", "「须除尽」的计算有余数", "a division that must be exact leaves a remainder"); }

/* The lines in `index`, their shares by the list of the benefit. */
struct shares {
    const int32_t *by_entry; /* NULL: all are whole */
    uint32_t count;
};

static bool shares_find(struct run *r, const uint64_t *lines, struct shares *ret) {
    if (!run_lines_index(r, lines, true, &ret->count)) return false;
    const struct listset *list = r->program->lists[r->benefit->share_list];
    ret->by_entry = listset_shares(list);
    if (r->bill->totals_only)
        for (uint32_t i = 0; i < ret->count; i++) r->entries[i] = LISTSET_NONE;
    else
        listset_find_lines(list, &r->bill->lines, r->line_hash, r->index, ret->count, r->entries);
    return true;
}

static inline int64_t share_of(const struct shares *s, int32_t entry) {
    if (entry == LISTSET_NONE) return 0;
    return s->by_entry ? s->by_entry[entry] : RATIO_ONE;
}

/* ---- cells ------------------------------------------------------------------------------------------------------------ */

/* Columns for at least `count` cells. */
static bool cells_reserve(struct run *r, uint32_t count) {
    struct run_cells *c = &r->cells;
    c->count = 0;
    c->moved = c->direct = c->rest = NULL;
    if (count <= c->cap) return true;
    size_t n = count;
    char *memory = run_scratch_raw(r, n * (3 * sizeof(int64_t) + sizeof(uint32_t))); /* each column is written before it is read */
    if (!memory) return run_fail_memory(r);
    *c = (struct run_cells){.base = (int64_t *)(void *)memory, .pay = (int64_t *)(void *)(memory + n * 8),
                            .scratch = (uint64_t *)(void *)(memory + n * 16), .place = (uint32_t *)(void *)(memory + n * 24), .cap = count};
    return true;
}

/* Written without branches on the money: the next cell overwrites one of 0. */
static inline void cell_put(struct run_cells *c, uint32_t line, uint32_t bucket, int64_t money) {
    c->place[c->count] = line << 3 | bucket;
    c->base[c->count] = money;
    c->count += money > 0;
}

/* The tight loop of most benefits. Inlined for each number of columns, so that their addresses stay in registers. */
__attribute__((always_inline)) static inline uint64_t take_columns(struct run *r, const uint64_t *lines, const struct columns *k, uint32_t columns) {
    const int64_t *m0 = k->money[0], *m1 = k->money[columns > 1 ? 1 : 0], *m2 = k->money[columns > 2 ? 2 : 0], *m3 = k->money[columns > 3 ? 3 : 0];
    const uint32_t b0 = k->bucket[0], b1 = k->bucket[columns > 1 ? 1 : 0], b2 = k->bucket[columns > 2 ? 2 : 0], b3 = k->bucket[columns > 3 ? 3 : 0];
    uint32_t *place = r->cells.place, count = 0;
    int64_t *base = r->cells.base;
#define TAKE(money_column, bucket)                                                                            \
    do {                                                                                                      \
        int64_t money = (money_column)[line];                                                                 \
        place[count] = line << 3 | (bucket);                                                                  \
        base[count] = money;                                                                                  \
        count += money > 0;                                                                                   \
    } while (0)
    for (uint32_t w = 0; w < r->words; w++)
        for (uint64_t bits = lines[w]; bits; bits &= bits - 1) {
            uint32_t line = w * 64 + (uint32_t)__builtin_ctzll(bits);
            TAKE(m0, b0);
            if (columns > 1) TAKE(m1, b1);
            if (columns > 2) TAKE(m2, b2);
            if (columns > 3) TAKE(m3, b3);
        }
#undef TAKE
    r->cells.count = count;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) sum += (uint64_t)base[i];
    return sum;
}

/* Columns that earlier benefits took from, or more than four. */
static uint64_t take_columns_left(struct run *r, const uint64_t *lines, const struct columns *k) {
    struct run_cells c = r->cells;
    uint64_t sum = 0;
    for (uint32_t w = 0; w < r->words; w++)
        for (uint64_t bits = lines[w]; bits; bits &= bits - 1) {
            uint32_t line = w * 64 + (uint32_t)__builtin_ctzll(bits);
            for (uint32_t i = 0; i < k->count; i++) {
                int64_t money = money_at(k, i, line);
                cell_put(&c, line, k->bucket[i], money);
                sum += (uint64_t)money;
            }
        }
    r->cells.count = c.count;
    return sum;
}

static uint64_t take_cells(struct run *r, const uint64_t *lines, const struct columns *k) {
    switch (k->any_taken ? 0 : k->count) {
    case 1: return take_columns(r, lines, k, 1);
    case 2: return take_columns(r, lines, k, 2);
    case 3: return take_columns(r, lines, k, 3);
    case 4: return take_columns(r, lines, k, 4);
    default: return take_columns_left(r, lines, k);
    }
}

static bool take_plain(struct run *r, const uint64_t *lines) {
    struct columns k;
    columns_pick(r, &k);
    if (!cells_reserve(r, run_mask_count(r, lines) * k.count + 1)) return false; /* one more: cells are written ahead */
    r->base = sum_finish(take_cells(r, lines, &k));
    return true;
}

/* With shares; `keep`: into cells, else the sum only. */
static bool take_shares(struct run *r, const uint64_t *lines, bool keep) {
    struct columns k;
    struct shares s;
    columns_pick(r, &k);
    if (!shares_find(r, lines, &s) || !cells_reserve(r, keep ? s.count * k.count + 1 : 0)) return false;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < s.count; i++) {
        int64_t share = share_of(&s, r->entries[i]);
        for (uint32_t j = 0; share && j < k.count; j++) {
            int64_t money;
            if (!ratio_of(money_at(&k, j, r->index[i]), share, r->benefit->share_rounding, &money)) return inexact(r);
            if (keep) cell_put(&r->cells, r->index[i], k.bucket[j], money);
            sum += (uint64_t)money;
        }
    }
    r->base = sum_finish(sum);
    return true;
}

/* Totals only: the sum, no cells. */
static bool take_sum(struct run *r, const uint64_t *lines) {
    struct columns k;
    columns_pick(r, &k);
    uint64_t sum = 0;
    for (uint32_t w = 0; w < r->words; w++)
        for (uint64_t bits = lines[w]; bits; bits &= bits - 1) {
            uint32_t line = w * 64 + (uint32_t)__builtin_ctzll(bits);
            for (uint32_t i = 0; i < k.count; i++) sum += (uint64_t)money_at(&k, i, line);
        }
    r->base = sum_finish(sum);
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
    c->direct = RUN_ARRAY(r, int64_t, c->cap);
    c->rest = RUN_ARRAY(r, int64_t, parts);
    c->rest_cell = RUN_ARRAY(r, uint32_t, parts);
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
    cell_put(c, line, bucket, sum);
    return true;
}

static bool take_rests(struct run *r, const uint64_t *lines) {
    bool shared = r->benefit->share_list != PLAN_NONE;
    struct source *sources = RUN_ARRAY(r, struct source, r->benefit->rest_count);
    struct shares s = {0};
    if (!sources) return run_fail_memory(r);
    sources_open(r, sources);
    if (!rest_reserve(r, run_mask_count(r, lines) * BUCKET_COUNT + 1)) return false;
    if (!(shared ? shares_find(r, lines, &s) : run_lines_index(r, lines, false, &s.count))) return false;
    for (uint32_t i = 0; i < s.count; i++) {
        int64_t share = shared ? share_of(&s, r->entries[i]) : RATIO_ONE;
        for (uint32_t b = 0; b < BUCKET_COUNT; b++)
            if (!rest_cell_put(r, sources, r->index[i], b, share)) return false;
    }
    uint64_t sum = 0;
    for (uint32_t i = 0; i < r->cells.count; i++) sum += (uint64_t)r->cells.base[i];
    r->base = sum_finish(sum);
    return true;
}

/* ---- taking ------------------------------------------------------------------------------------------------------------------ */

bool run_take(struct run *r, const uint64_t *lines) {
    const struct program_benefit *b = r->benefit;
    bool keep = !r->total_only || b->counts || b->leaves;
    r->benefit_lines = lines;
    r->cells.count = 0;
    if (b->rest_count) return take_rests(r, lines);
    if (b->share_list != PLAN_NONE) return take_shares(r, lines, keep);
    return keep ? take_plain(r, lines) : take_sum(r, lines);
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
        r->taken[b] = RUN_ARRAY(r, int64_t, r->line_count);
        if (!r->taken[b]) return run_fail_memory(r);
    }
    if (!leaves && !c->direct) return true;
    for (uint32_t i = 0; i < c->count; i++) {
        int64_t direct = c->base[i];
        if (c->direct) taken_rests(r, i, &direct);
        if (leaves >> cell_bucket(c, i) & 1) r->taken[cell_bucket(c, i)][cell_line(c, i)] += direct;
    }
    return true;
}
