/* returns — unique line numbers, and returns netted into the lines they take back.
 *
 * Who uses it: lines.c. Invariants afterwards: a return nets to 0 in every part; the line it returns is lowered by it, part
 * by part and in quantity, and nothing is below zero; sums over `net` equal sums over `given`. Workload: up to 10,000 lines,
 * found by number in an open hash table of at least twice as many slots. Source: the bill's rule on negative lines.
 */
#include "bill/reader.h"

/* Slots hold index + 1; 0 is free. `mask` + 1 slots, a power of two. */
struct number_table {
    uint32_t *slots;
    uint32_t mask;
    const int64_t *number;
};

static uint64_t mix(uint64_t x) { /* the finaliser of splitmix64 */
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* The slot of `number`, or the free slot where it belongs. */
static uint32_t *slot_find(const struct number_table *t, int64_t number) {
    uint32_t at = (uint32_t)mix((uint64_t)number) & t->mask;
    while (t->slots[at] != 0 && t->number[t->slots[at] - 1] != number) at = (at + 1) & t->mask;
    return &t->slots[at];
}

static bool table_fill(struct bill_reader *r, const struct bill_place *lines_at, const struct bill_columns *c, struct number_table *ret) {
    uint32_t size = 16;
    while (size < c->count * 2) size *= 2;
    *ret = (struct number_table){BILL_ARRAY(r, uint32_t, size), size - 1, c->number};
    if (!ret->slots) return false;
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->number[i] == 0) continue; /* could not be read: reported where it stands */
        uint32_t *slot = slot_find(ret, c->number[i]);
        if (*slot == 0) {
            *slot = i + 1;
            continue;
        }
        struct bill_place line_at = bill_item_place(lines_at, i);
        struct bill_place at = {.up = &line_at, .name = STR("line"), .position = c->line_position[i]};
        BILL_FIND(r, &at, LINE_DUPLICATE, bill_arg_i64(r, c->number[i]));
    }
    return true;
}

/* Lowers the part by what the return (<= 0) takes back. Reports the first time that it falls below zero; later returns of
 * that part are left out, which also keeps the difference within 64 bits. */
static void part_lower(struct bill_reader *r, const struct bill_place *at, struct bill_arg line, struct bill_arg part, int64_t back,
                       int64_t *net) {
    if (*net < 0) return;
    *net += back;
    if (*net < 0) BILL_FIND(r, at, RETURN_NET_NEGATIVE, line, part, bill_arg_i64(r, *net));
}

static void quantity_lower(struct bill_reader *r, const struct bill_place *at, struct bill_columns *c, uint32_t i, uint32_t original) {
    int64_t *net = &c->net_qty_e4[original];
    if (*net < 0) return;
    if (!c->qty_given[i]) c->qty_e4[i] = -i64_min(-c->qty_e4[i], *net);
    *net += c->qty_e4[i];
    if (*net >= 0) return;
    char text[BILL_DECIMAL_BYTES];
    (void)bill_decimal_format(*net, 4, text);
    struct bill_arg value = bill_arg_quoted(r, str_from(text));
    BILL_FIND(r, at, RETURN_NET_NEGATIVE, bill_arg_i64(r, c->number[original]), {STR("数量"), STR("qty")}, value);
}

static void return_apply(struct bill_reader *r, const struct bill_place *at, struct bill_columns *c, uint32_t i, uint32_t original) {
#define BUCKET_WORD(n, s, z) {s, z},
    static const struct bill_word parts[] = {BILL_BUCKETS(BUCKET_WORD)};
#undef BUCKET_WORD
    struct bill_arg line = bill_arg_i64(r, c->number[original]);
    for (int k = 0; k < BUCKET_GIVEN_COUNT; k++) {
        struct bill_arg part = {str_from(parts[k].zh), str_from(parts[k].name)};
        part_lower(r, at, line, part, c->given[k][i], &c->net[k][original]);
        c->net[k][i] = 0;
    }
    quantity_lower(r, at, c, i, original);
    c->net_qty_e4[i] = 0;
}

static void return_resolve(struct bill_reader *r, const struct bill_place *lines_at, const struct number_table *t, struct bill_columns *c,
                           uint32_t i) {
    struct bill_place line_at = bill_item_place(lines_at, i);
    struct bill_place at = {.up = &line_at, .name = STR("returns"), .position = c->returns_position[i]};
    uint32_t found = *slot_find(t, c->returns[i]);
    if (found == 0) BILL_FIND(r, &at, RETURN_UNKNOWN, bill_arg_i64(r, c->returns[i]));
    else if (c->returns[found - 1] != 0) BILL_FIND(r, &at, RETURN_OF_RETURN, bill_arg_i64(r, c->returns[i]));
    else return_apply(r, &at, c, i, found - 1);
}

void bill_returns_net(struct bill_reader *r, const struct bill_place *lines_at, struct bill_columns *c, bool well_formed) {
    struct number_table table;
    if (!table_fill(r, lines_at, c, &table) || !well_formed) return;
    for (uint32_t i = 0; i < c->count; i++) {
        for (int k = 0; k < BUCKET_GIVEN_COUNT; k++) c->net[k][i] = c->given[k][i];
        c->net_qty_e4[i] = c->qty_e4[i];
    }
    for (uint32_t i = 0; i < c->count; i++)
        if (c->returns[i] != 0) return_resolve(r, lines_at, &table, c, i);
}
