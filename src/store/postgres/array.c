/* array — rows of values to binary arrays, binary results to rows.
 *
 * Who uses it: pipeline.c and backend.c. One array a parameter however many rows: the server plans and runs a statement once for a whole group
 * (132,000 rows a second at 1,000 a group against 6,000 one by one). Binary: nothing is quoted or parsed, bytes pass untouched.
 * Source: array_send and array_recv of PostgreSQL's arrayfuncs.c as documented in libpq; integers are big-endian.
 */
#include <endian.h>
#include <string.h>

#include "store/postgres/postgres_internal.h"

/* Object identifiers of built-in types, fixed for ever by pg_type.dat. */
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25, OID_VARCHAR = 1043,
       OID_BYTEA_ARRAY = 1001, OID_TEXT_ARRAY = 1009, OID_INT8_ARRAY = 1016 };
enum { ARRAY_HEAD_BYTES = 20 };

static uint32_t element_type(char type) {
    char base = store_type_base(type);
    return base == 'i' ? OID_INT8 : base == 't' ? OID_TEXT : OID_BYTEA;
}
static char *put32(char *p, uint32_t v) {
    v = htobe32(v);
    memcpy(p, &v, sizeof(v));
    return p + sizeof(v);
}
static size_t value_bytes(char type, const struct store_value *v) { return v->null ? 0 : store_type_base(type) == 'i' ? sizeof(v->i) : v->s.n; }

static char *value_put(char *p, char type, const struct store_value *v) {
    if (v->null) return put32(p, UINT32_MAX);
    size_t n = value_bytes(type, v);
    p = put32(p, (uint32_t)n);
    if (store_type_base(type) == 'i') {
        uint64_t big = htobe64((uint64_t)v->i);
        memcpy(p, &big, sizeof(big));
    } else if (n > 0) {
        memcpy(p, v->s.p, n);
    }
    return p + n;
}

void postgres_param_types(const struct store_statement *st, struct postgres_params *ret) {
    uint32_t width = store_width(st->params);
    CHECK(width <= POSTGRES_PARAMS_MAX);
    ret->count = (int)width;
    for (uint32_t k = 0; k < width; k++) {
        uint32_t element = element_type(st->params[k]);
        ret->types[k] = element == OID_INT8 ? OID_INT8_ARRAY : element == OID_TEXT ? OID_TEXT_ARRAY : OID_BYTEA_ARRAY;
    }
}

bool postgres_params_fill(struct buf *b, const struct store_statement *st, const struct store_value *rows, uint32_t count, struct postgres_params *ret) {
    uint32_t width = store_width(st->params);
    size_t total = 0;
    postgres_param_types(st, ret);
    if (width == 0) return true;
    for (uint32_t k = 0; k < width; k++) {
        size_t n = ARRAY_HEAD_BYTES + 4 * (size_t)count;
        for (uint32_t r = 0; r < count; r++) n += value_bytes(st->params[k], &rows[(size_t)r * width + k]);
        if (n > INT32_MAX) return false;
        ret->lengths[k] = (int)n;
        ret->formats[k] = 1;
        total += n;
    }
    buf_clear(b);
    char *p = buf_space(b, total);
    if (!p) return false;
    for (uint32_t k = 0; k < width; k++) {
        ret->values[k] = p;
        uint32_t nulls = 0;
        for (uint32_t r = 0; r < count; r++) nulls |= rows[(size_t)r * width + k].null ? 1 : 0;
        p = put32(p, 1); /* dimensions */
        p = put32(p, nulls);
        p = put32(p, element_type(st->params[k]));
        p = put32(p, count);
        p = put32(p, 1); /* first subscript */
        for (uint32_t r = 0; r < count; r++) p = value_put(p, st->params[k], &rows[(size_t)r * width + k]);
    }
    return true;
}

uint32_t postgres_chunk(const struct store_statement *st, const struct store_value *rows, uint32_t count) {
    uint32_t width = store_width(st->params), r = 0;
    size_t total = 0;
    for (; r < count; r++) {
        for (uint32_t k = 0; k < width; k++) total += 4 + value_bytes(st->params[k], &rows[(size_t)r * width + k]);
        if (total > POSTGRES_CHUNK_BYTES && r > 0) break;
    }
    return r;
}

struct status postgres_params_check(struct arena *a, const struct store_statement *st, const PGresult *res) {
    struct postgres_params ours = {0};
    postgres_param_types(st, &ours);
    for (int k = 0; k < ours.count && k < PQnparams(res); k++) {
        if (PQparamtype(res, k) == ours.types[k]) continue;
        return store_fail(a, STORE_STATEMENT, str_from(st->name), arena_printf(a, "parameter %d has another type (%u) than the statement says", k + 1,
                                                                               PQparamtype(res, k)));
    }
    return STATUS_OK;
}

/* ---- results ------------------------------------------------------------------------------------------- */

static bool column_fits(char type, Oid oid) {
    switch (store_type_base(type)) {
    case 'i': return oid == OID_INT8 || oid == OID_INT4 || oid == OID_INT2 || oid == OID_BOOL;
    case 't': return oid == OID_TEXT || oid == OID_VARCHAR;
    default: return oid == OID_BYTEA;
    }
}

struct status postgres_columns_check(struct arena *a, const struct store_statement *st, const PGresult *res) {
    uint32_t width = store_width(st->results);
    int found = PQnfields(res);
    if (found != (int)width + 1 || !column_fits('i', PQftype(res, 0))) {
        return store_fail(a, STORE_STATEMENT, str_from(st->name), STR("a result is the ordinal and then the statement's columns"));
    }
    for (uint32_t k = 0; k < width; k++) {
        if (column_fits(st->results[k], PQftype(res, (int)k + 1))) continue;
        struct str detail = arena_printf(a, "result column %u has another type (%u) than the statement says", k + 1, PQftype(res, (int)k + 1));
        return store_fail(a, STORE_STATEMENT, str_from(st->name), detail);
    }
    return STATUS_OK;
}

static int64_t integer_at(const PGresult *res, int row, int column) {
    const char *p = PQgetvalue(res, row, column);
    uint64_t v8;
    uint32_t v4;
    uint16_t v2;
    switch (PQgetlength(res, row, column)) {
    case 8: memcpy(&v8, p, 8); return (int64_t)be64toh(v8);
    case 4: memcpy(&v4, p, 4); return (int32_t)be32toh(v4);
    case 2: memcpy(&v2, p, 2); return (int16_t)be16toh(v2);
    default: return *p != 0;
    }
}

struct status postgres_row(struct arena *a, const struct store_statement *st, const PGresult *res, int row, struct store_value *ret) {
    for (int k = 0; st->results[k]; k++) {
        ret[k] = (struct store_value){0};
        if (PQgetisnull(res, row, k + 1)) {
            if (!store_type_nullable(st->results[k])) {
                return store_fail(a, STORE_STATEMENT, str_from(st->name), arena_printf(a, "result column %d is null", k + 1));
            }
            ret[k].null = true;
        } else if (store_type_base(st->results[k]) == 'i') {
            ret[k].i = integer_at(res, row, k + 1);
        } else {
            ret[k].s = (struct str){PQgetvalue(res, row, k + 1), (size_t)PQgetlength(res, row, k + 1)};
        }
    }
    return STATUS_OK;
}

/* Places of the result rows in the order of their ordinals; rows of one ordinal stay as they came. NULL: no memory or a wrong ordinal. */
static uint32_t *order_of(struct arena *a, const PGresult *res, uint32_t count, uint32_t param_rows, bool *ret_bad) {
    uint32_t *order = ARENA_ARRAY(a, uint32_t, count), *begin = ARENA_ARRAY(a, uint32_t, (size_t)param_rows + 1);
    if (!order || !begin) return NULL;
    for (uint32_t r = 0; r < count; r++) {
        int64_t ordinal = PQgetisnull(res, (int)r, 0) ? 0 : integer_at(res, (int)r, 0);
        if (ordinal < 1 || ordinal > param_rows) {
            *ret_bad = true;
            return NULL;
        }
        begin[ordinal]++;
    }
    for (uint32_t k = 1; k <= param_rows; k++) begin[k] += begin[k - 1];
    for (uint32_t r = 0; r < count; r++) order[begin[integer_at(res, (int)r, 0) - 1]++] = r;
    return order;
}

struct status postgres_rows(struct arena *a, const struct store_statement *st, const PGresult *res, uint32_t param_rows, struct store_rows *ret) {
    struct store_rows_maker maker;
    uint32_t count = (uint32_t)PQntuples(res), width = store_width(st->results);
    bool bad = false;
    store_rows_start(&maker, a, st);
    TRY(postgres_columns_check(a, st, res));
    const uint32_t *order = order_of(a, res, count, param_rows, &bad);
    if (bad) return store_fail(a, STORE_STATEMENT, str_from(st->name), STR("an ordinal that no row of parameters has"));
    if (!order) return status_memory();
    for (uint32_t at = 0; at < count; at++) {
        int r = (int)order[at];
        struct store_value *v = store_rows_add(&maker, (uint32_t)(integer_at(res, r, 0) - 1));
        if (!v) return status_memory();
        TRY(postgres_row(a, st, res, r, v));
        for (uint32_t k = 0; k < width; k++) {
            if (v[k].null || store_type_base(st->results[k]) == 'i') continue;
            struct str s = v[k].s;
            if (!store_rows_text(&maker, &v[k], s.p, s.n)) return status_memory();
        }
    }
    *ret = store_rows_made(&maker);
    return STATUS_OK;
}
