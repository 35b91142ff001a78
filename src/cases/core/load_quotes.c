/* cases/core/load_quotes — quotes from the table or the desk's memory, and recorded libraries from their texts: what a set reads besides its rows. */
#include "cases/core/load.h"
#include "cases/core/products.h"

#include <string.h>

/* ---- quotes -------------------------------------------------------------------------------------------------------------- */

/* One quote is one object, whether it was asked for by its id or by its bill. */
static struct status quote_take(struct loading *l, struct set_entry *of_bill, const struct cases_quote *quote)
{
    struct cases_set_tables *t = l->set->tables;
    struct set_entry *e = set_entry_get(l->set, &t->quotes, set_key_id(&quote->id));
    if (!e) return status_memory();
    if (e->state != SET_FOUND) {
        struct set_quote *own = ARENA_NEW(l->set->arena, struct set_quote);
        if (!own) return status_memory();
        own->quote = *quote;
        set_entry_found(&t->quotes, e, own);
    }
    if (of_bill) set_entry_found(&t->bill_quotes, of_bill, e->item);
    return STATUS_OK;
}

static struct status quotes_take(struct loading *l, struct load_wishes *w, const struct store_rows *rows, bool of_bill)
{
    for (uint32_t r = 0; r < rows->count; r++) {
        struct cases_quote quote = {0};
        TRY(quote_read(l->set->arena, store_row(rows, r)[0].s, &quote));
        TRY(quote_take(l, of_bill ? w->entries[rows->of[r]] : NULL, &quote));
    }
    return STATUS_OK;
}

static struct status quotes_of_table(struct loading *l)
{
    struct cases_set_tables *t = l->set->tables;
    struct load_wishes w;
    struct store_rows rows = {0};
    if (t->quotes.waiting) {
        TRY(load_wishes_gather(l, &t->quotes, 1, &w));
        for (uint32_t i = 0; i < w.count; i++) w.params[i] = STORE_S(w.entries[i]->key.a);
        TRY(store_read(l->connection, l->scratch, set_statement(SET_QUOTE_READ), w.params, w.count, &rows));
        TRY(quotes_take(l, &w, &rows, false));
        load_wishes_end(&t->quotes, &w);
    }
    if (!t->bill_quotes.waiting) return STATUS_OK;
    TRY(load_wishes_gather(l, &t->bill_quotes, 1, &w));
    struct id128 *keys = ARENA_ARRAY(l->scratch, struct id128, w.count);
    if (!keys) return status_memory();
    for (uint32_t i = 0; i < w.count; i++) {
        quote_bill_key_of(w.entries[i]->key.a, w.entries[i]->key.b, &keys[i]);
        w.params[i] = STORE_S(id128_view(&keys[i]));
    }
    TRY(store_read(l->connection, l->scratch, set_statement(SET_QUOTE_OF_BILL), w.params, w.count, &rows));
    TRY(quotes_take(l, &w, &rows, true));
    load_wishes_end(&t->bill_quotes, &w);
    return STATUS_OK;
}

static struct status quotes_of_memory(struct loading *l)
{
    struct cases_set_tables *t = l->set->tables;
    struct cases_quote quote;
    struct load_wishes w;
    TRY(load_wishes_gather(l, &t->quotes, 1, &w));
    for (uint32_t i = 0; i < w.count; i++) {
        struct id128 id;
        bool found = false;
        memcpy(id.b, w.entries[i]->key.a.p, sizeof id.b);
        TRY(cases_quotes_find(t->quotes_memory, l->set->arena, &id, &quote, &found));
        if (found) TRY(quote_take(l, NULL, &quote));
    }
    load_wishes_end(&t->quotes, &w);
    TRY(load_wishes_gather(l, &t->bill_quotes, 1, &w));
    for (uint32_t i = 0; i < w.count; i++) {
        struct id128 key;
        bool found = false;
        quote_bill_key_of(w.entries[i]->key.a, w.entries[i]->key.b, &key);
        TRY(cases_quotes_of_bill(t->quotes_memory, l->set->arena, &key, &quote, &found));
        if (found) TRY(quote_take(l, w.entries[i], &quote));
    }
    load_wishes_end(&t->bill_quotes, &w);
    return STATUS_OK;
}

struct status load_quotes(struct loading *l)
{
    const struct cases_set_tables *t = l->set->tables;
    if (!t->quotes.waiting && !t->bill_quotes.waiting) return STATUS_OK;
    return t->quotes_memory ? quotes_of_memory(l) : quotes_of_table(l);
}

/* ---- libraries ------------------------------------------------------------------------------------------------------------- */

static struct status text_by_hash(struct loading *l, const struct digest *hash, struct str *ret)
{
    const struct store_value param = STORE_S(((struct str){(const char *)hash->b, sizeof hash->b}));
    struct store_rows rows = {0};
    TRY(store_read(l->connection, l->scratch, set_statement(SET_TEXT_READ), &param, 1, &rows));
    *ret = rows.count ? store_row(&rows, 0)[0].s : (struct str){0};
    return STATUS_OK;
}

static struct status library_load(struct loading *l, struct set_entry *e)
{
    struct cases_products *products = l->set->tables->products;
    struct digest digest;
    struct str manifest = {0};
    memcpy(digest.b, e->key.a.p, sizeof digest.b);
    TRY(text_by_hash(l, &digest, &manifest));
    struct library_text *texts = NULL;
    uint32_t count = 0;
    if (!manifest.p || !cases_manifest_read(l->scratch, manifest, &texts, &count)) return STATUS_OK;
    for (uint32_t i = 0; i < count; i++) {
        TRY(text_by_hash(l, &texts[i].hash, &texts[i].text));
        if (!texts[i].text.p) return STATUS_OK;
    }
    struct cases_library *library = NULL;
    TRY(cases_library_build(texts, count, cases_products_doubtful(products), &library));
    const bool same = digest_equal(cases_library_digest(library), &digest);
    const struct status s = same ? cases_products_add(products, library) : STATUS_OK;
    cases_library_release(library);
    TRY(s);
    if (same) set_entry_found(&l->set->tables->libraries, e, library);
    return STATUS_OK;
}

struct status load_libraries(struct loading *l)
{
    struct set_table *t = &l->set->tables->libraries;
    struct load_wishes w;
    TRY(load_wishes_gather(l, t, 1, &w));
    for (uint32_t i = 0; i < w.count; i++) TRY(library_load(l, w.entries[i]));
    load_wishes_end(t, &w);
    return STATUS_OK;
}
