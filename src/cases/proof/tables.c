/* cases/proof/tables — the derived tables as data, and the comparison of one in two stores. */
#include "cases/proof/proof.h"

#include <string.h>

static const struct proof_table_info infos[PROOF_TABLE_COUNT] = {
#define X(id, table, which, keys, column_types, remove, lite, pg) \
    [PROOF_TABLE_##id] = {.name = (table), .types = (column_types), .key_count = sizeof(keys) - 1, .column_count = sizeof(column_types) - 1, .proof = CASES_PROOF_##which},
#include "cases/proof/tables.def"
#undef X
};

/* Pages, then emptying. */
static const struct store_statement statements[] = {
#define X(id, table, which, keys, column_types, remove, lite, pg) \
    [PROOF_TABLE_##id] = {.name = "proof.page-" table, .params = (keys), .results = (column_types), .sqlite = (lite), .postgres = (pg)},
#include "cases/proof/tables.def"
#undef X
#define X(id, table, which, keys, column_types, remove, lite, pg) \
    [PROOF_TABLE_COUNT + PROOF_TABLE_##id] = {.name = "proof.empty-" table, .params = "", .results = "", .sqlite = (remove), .postgres = (remove)},
#include "cases/proof/tables.def"
#undef X
};
const struct store_statements proof_table_statements = {statements, COUNT_OF(statements)};

const struct proof_table_info *proof_table_info(enum proof_table t) { return &infos[t]; }
const struct store_statement *proof_table_page(enum proof_table t) { return &statements[t]; }
const struct store_statement *proof_table_empty(enum proof_table t) { return &statements[PROOF_TABLE_COUNT + t]; }

/* ---- notes ---------------------------------------------------------------------------------------------------------- */

void proof_checked(struct cases_audit *audit, enum cases_proof p, int64_t count) { audit->proof[p].checked += count; }

void proof_wrong(struct cases_audit *audit, struct arena *a, enum cases_proof p, struct str what)
{
    if (audit->proof[p].wrong++ == 0) audit->proof[p].first = arena_str(a, what);
}

/* ---- pages ------------------------------------------------------------------------------------------------------------ */

/* One side of a comparison: the rows behind the last key, a page at a time. */
struct side {
    struct store_connection *connection;
    struct arena page;
    struct store_rows rows;
    uint32_t at;
    bool ended;
    struct store_value key[4];
    char texts[4][1024];          /* of the last key, beyond the life of its page */
};

static void side_init(struct side *s, struct store_connection *c, const struct proof_table_info *t)
{
    *s = (struct side){.connection = c};
    arena_init(&s->page, PROOF_BYTES);
    for (uint32_t k = 0; k < t->key_count; k++) s->key[k] = t->types[k] == 'i' ? STORE_I(INT64_MIN) : STORE_S(STR(""));
}

static struct status key_keep(struct arena *a, struct side *s, const struct proof_table_info *t)
{
    const struct store_value *last = store_row(&s->rows, s->rows.count - 1);
    for (uint32_t k = 0; k < t->key_count; k++) {
        s->key[k] = last[k];
        if (t->types[k] == 'i') continue;
        if (last[k].s.n > sizeof s->texts[k]) {
            return status_error(a, (struct error){.code = "row-damaged", .place = str_from(t->name), .zh = STR("派生表中的键过长"),
                .en = STR("a key of a derived table is too long"), .hint_zh = STR("可用 yijie rebuild 重建"), .hint_en = STR("yijie rebuild makes it anew")});
        }
        if (last[k].s.n) memcpy(s->texts[k], last[k].s.p, last[k].s.n);
        s->key[k].s.p = s->texts[k];
    }
    return STATUS_OK;
}

/* The row at hand, or NULL behind the last. */
static struct status side_row(struct side *s, struct arena *a, enum proof_table t, const struct store_value **ret)
{
    const struct proof_table_info *info = proof_table_info(t);
    if (s->at == s->rows.count && !s->ended) {
        arena_reset(&s->page);
        s->at = 0;
        const struct status read = store_read(s->connection, &s->page, proof_table_page(t), s->key, 1, &s->rows);
        if (status_failed(read)) {
            struct error copy = *read.err;
            copy.next = copy.cause = NULL;
            return status_error(a, copy);
        }
        s->ended = s->rows.count == 0;
        if (!s->ended) TRY(key_keep(a, s, info));
    }
    *ret = s->at < s->rows.count ? store_row(&s->rows, s->at) : NULL;
    return STATUS_OK;
}

/* ---- comparing ------------------------------------------------------------------------------------------------------------ */

static int value_cmp(char type, const struct store_value *x, const struct store_value *y)
{
    if (x->null || y->null) return (int)y->null - (int)x->null;
    if (type == 'i' || type == 'I') return (x->i > y->i) - (x->i < y->i);
    return str_cmp(x->s, y->s);
}

static void value_print(struct buf *out, char type, const struct store_value *v)
{
    if (v->null) {
        buf_add_cstr(out, "null");
    } else if (type == 'i' || type == 'I') {
        buf_add_i64(out, v->i);
    } else if (type == 't' || type == 'T') {
        buf_add(out, v->s);
    } else {
        for (size_t i = 0; i < v->s.n && i < 24; i++) buf_printf(out, "%02x", (unsigned)(uint8_t)v->s.p[i]);
        if (v->s.n > 24) buf_add_cstr(out, "…");
    }
}

/* "shares 01…/0: column 6: 100 ≠ 200"; `is` or `should` may be NULL: the row is missing on one side. */
static void row_wrong(struct cases_audit *audit, struct arena *a, enum proof_table t, const struct store_value *is, const struct store_value *should)
{
    const struct proof_table_info *info = proof_table_info(t);
    const struct store_value *any = is ? is : should;
    struct buf out;
    buf_init(&out, 4096);
    buf_add_cstr(&out, info->name);
    for (uint32_t k = 0; k < info->key_count; k++) {
        buf_add_char(&out, k ? '/' : ' ');
        value_print(&out, info->types[k], &any[k]);
    }
    if (!is || !should) buf_add_cstr(&out, is ? ": no event made this row" : ": the row is missing");
    for (uint32_t c = info->key_count; is && should && c < info->column_count; c++) {
        if (value_cmp(info->types[c], &is[c], &should[c]) == 0) continue;
        buf_printf(&out, ": column %u: ", c + 1);
        value_print(&out, info->types[c], &is[c]);
        buf_add_cstr(&out, " ≠ ");
        value_print(&out, info->types[c], &should[c]);
        break;
    }
    proof_wrong(audit, a, info->proof, buf_view(&out));
    buf_done(&out);
}

static int keys_cmp(const struct proof_table_info *info, const struct store_value *x, const struct store_value *y)
{
    int order = 0;
    for (uint32_t k = 0; k < info->key_count && !order; k++) order = value_cmp(info->types[k], &x[k], &y[k]);
    return order;
}

static bool rows_equal(const struct proof_table_info *info, const struct store_value *x, const struct store_value *y)
{
    for (uint32_t c = 0; c < info->column_count; c++) {
        if (value_cmp(info->types[c], &x[c], &y[c]) != 0) return false;
    }
    return true;
}

static struct status sides_compare(struct side *is, struct side *should, struct arena *a, enum proof_table t, struct cases_audit *audit)
{
    const struct proof_table_info *info = proof_table_info(t);
    for (;;) {
        const struct store_value *x = NULL, *y = NULL;
        TRY(side_row(is, a, t, &x));
        TRY(side_row(should, a, t, &y));
        if (!x && !y) return STATUS_OK;
        const int order = !x ? 1 : !y ? -1 : keys_cmp(info, x, y);
        proof_checked(audit, info->proof, 1);
        if (order != 0) row_wrong(audit, a, t, order < 0 ? x : NULL, order < 0 ? NULL : y);
        else if (!rows_equal(info, x, y)) row_wrong(audit, a, t, x, y);
        is->at += order <= 0;
        should->at += order >= 0;
    }
}

struct status proof_table_compare(struct store_connection *is, struct store_connection *should, struct arena *a, enum proof_table t, struct cases_audit *audit)
{
    struct side x, y;
    side_init(&x, is, proof_table_info(t));
    side_init(&y, should, proof_table_info(t));
    const struct status s = sides_compare(&x, &y, a, t, audit);
    arena_done(&x.page);
    arena_done(&y.page);
    return s;
}
