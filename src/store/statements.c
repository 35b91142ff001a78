/* statements — what a table of statements must keep: names, parameters, types, and the shard key in everything on the hot path.
 *
 * Who uses it: a test in every room that owns tables (store_statements_check without a store, store_statements_prepare with each); the common
 * half before the first use of a statement. Invariant checked for the regional edition: a hot statement names the cover group, the shard or the key
 * that it is distributed by (DESIGN §8), in both texts.
 */
#include <stdio.h>
#include <string.h>

#include "store/store_internal.h"

enum { PARAMS_MAX = 64 };

static bool types_known(const char *types) { return types && strspn(types, "itbITB") == strlen(types) && strlen(types) <= PARAMS_MAX; }

void store_statement_known(enum store_kind kind, const struct store_statement *st) {
    CHECK((kind == STORE_SQLITE ? st->sqlite : st->postgres) != NULL);
    CHECK(st->params && st->results);
}

/* ---- without a store ------------------------------------------------------------------------------------- */

static bool word_char(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

/* Whole words; `cover` also begins covers and cover_…. */
static bool distribution_named(const char *sql) {
    static const char *const words[] = {"cover", "covers", "shard", "key", "lookup"};
    for (const char *p = sql; *p;) {
        if (!word_char(*p)) {
            p++;
            continue;
        }
        size_t n = 0;
        while (word_char(p[n])) n++;
        for (size_t i = 0; i < COUNT_OF(words); i++)
            if (strlen(words[i]) == n && memcmp(p, words[i], n) == 0) return true;
        p += n;
    }
    return false;
}

/* Every parameter 1 … count is used and none beyond; PostgreSQL: each with the type of its array somewhere. */
static const char *params_wrong(const char *sql, char mark, const char *types) {
    bool used[PARAMS_MAX + 1] = {false}, typed[PARAMS_MAX + 1] = {false};
    size_t count = strlen(types);
    for (const char *p = sql; *p; p++) {
        size_t number = 0;
        if (*p != mark || p[1] < '0' || p[1] > '9') continue;
        for (p++; *p >= '0' && *p <= '9' && number <= PARAMS_MAX; p++) number = number * 10 + (size_t)(*p - '0');
        if (number == 0 || number > count) return "a parameter that is not declared";
        used[number] = true;
        char base = store_type_base(types[number - 1]);
        const char *cast = base == 'i' ? "::bigint[]" : base == 't' ? "::text[]" : "::bytea[]";
        typed[number] |= strncmp(p, cast, strlen(cast)) == 0;
        p--;
    }
    for (size_t i = 1; i <= count; i++) {
        if (!used[i]) return "a declared parameter is not used";
        if (mark == '$' && !typed[i]) return "a parameter without its array type";
    }
    return NULL;
}

static const char *statement_wrong(const struct store_statement *st) {
    const char *wrong = NULL;
    if (!st->name || !strchr(st->name, '.') || strspn(st->name, "abcdefghijklmnopqrstuvwxyz0123456789_-.") != strlen(st->name)) return "its name";
    if (!types_known(st->params) || !types_known(st->results)) return "its types";
    if (!st->sqlite && !st->postgres) return "no text";
    if (st->sqlite) wrong = params_wrong(st->sqlite, '?', st->params);
    if (!wrong && st->postgres) wrong = params_wrong(st->postgres, '$', st->params);
    if (wrong) return wrong;
    if (st->hot && ((st->sqlite && !distribution_named(st->sqlite)) || (st->postgres && !distribution_named(st->postgres))))
        return "hot, and names neither cover nor shard nor key nor lookup";
    return NULL;
}

struct status store_statements_check(struct arena *a, const struct store_statements *s) {
    for (uint32_t i = 0; i < s->count; i++) {
        const char *wrong = statement_wrong(&s->items[i]);
        for (uint32_t j = 0; j < i && !wrong; j++)
            if (strcmp(s->items[i].name, s->items[j].name) == 0) wrong = "its name is taken";
        if (wrong) return store_fail(a, STORE_STATEMENT, str_from(s->items[i].name), str_from(wrong));
    }
    return STATUS_OK;
}

/* ---- with a store ---------------------------------------------------------------------------------------- */

static struct status statement_prepare(struct store_connection *c, struct arena *a, const struct store_statement *st) {
    uint32_t params = 0, results = 0;
    TRY(c->store->backend->prepare(c, a, st, &params, &results));
    if (params == store_width(st->params) && results == store_width(st->results)) return STATUS_OK;
    struct str detail = arena_printf(a, "%u parameters and %u results, declared %u and %u", params, results, store_width(st->params), store_width(st->results));
    return detail.p ? store_fail(a, STORE_STATEMENT, str_from(st->name), detail) : status_memory();
}

struct status store_statements_prepare(struct store_connection *c, struct arena *a, const struct store_statements *s) {
    enum store_kind kind = c->store->backend->kind;
    CHECK(!c->in_transaction);
    for (uint32_t i = 0; i < s->count; i++)
        if (kind == STORE_SQLITE ? s->items[i].sqlite : s->items[i].postgres) TRY(statement_prepare(c, a, &s->items[i]));
    return STATUS_OK;
}
