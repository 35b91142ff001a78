/* cases/core/library — the texts that hold together on one day, parsed, checked, compiled; named by the digest of their manifest.
 *
 * An event records that digest instead of twenty hashes; the manifest lies in `texts`, so that whoever has the texts can run the case again.
 * Immutable once built, so threads share it; everything lies in its own arena.
 */
#include "cases/core/products.h"

#include <stdlib.h>
#include <string.h>

enum { LIBRARY_BYTES = 512 * 1024 * 1024 };

struct library_chain {
    struct settle_chain chain;
    bool usable;
};
struct cases_library {
    uint32_t references; /* atomic */
    struct arena arena;
    struct digest digest;
    struct str manifest;
    const struct settle_product **products;
    uint32_t product_count;
    struct library_chain *chains;
    uint32_t chain_count;
};

struct cases_library *cases_library_hold(struct cases_library *l)
{
    if (l) __atomic_add_fetch(&l->references, 1, __ATOMIC_RELAXED);
    return l;
}

void cases_library_release(struct cases_library *l)
{
    if (!l || __atomic_sub_fetch(&l->references, 1, __ATOMIC_ACQ_REL) > 0) return;
    struct arena arena = l->arena;
    arena_done(&arena);
}

const struct digest *cases_library_digest(const struct cases_library *l) { return &l->digest; }
struct str cases_library_manifest(const struct cases_library *l) { return l->manifest; }

const struct settle_chain *cases_library_chain(const struct cases_library *l, struct str chain_name)
{
    for (uint32_t i = 0; i < l->chain_count; i++) {
        if (str_eq(l->chains[i].chain.name, chain_name)) return l->chains[i].usable ? &l->chains[i].chain : NULL;
    }
    return NULL;
}

const struct settle_product *cases_library_product(const struct cases_library *l, struct str plan_name)
{
    for (uint32_t i = 0; i < l->product_count; i++) {
        if (str_eq(l->products[i]->about.name, plan_name)) return l->products[i];
    }
    return NULL;
}

/* ---- manifest ------------------------------------------------------------------------------------------- */

static const struct {
    enum registry_world_kind kind;
    const char *word;
} kinds[] = {{REGISTRY_CHAIN, "chain"}, {REGISTRY_LIST, "list"}, {REGISTRY_PLAN, "plan"}};

static const char *kind_word(enum registry_world_kind kind)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (kinds[i].kind == kind) return kinds[i].word;
    }
    return "";
}

static int text_order(const void *a, const void *b)
{
    const struct library_text *x = a, *y = b;
    const int c = strcmp(kind_word(x->kind), kind_word(y->kind));
    return c ? c : str_cmp(x->name, y->name);
}

static struct status manifest_make(struct arena *a, const struct library_text *texts, uint32_t count, struct str *ret)
{
    struct buf out;
    buf_init(&out, LIMIT_JSON_BYTES);
    for (uint32_t i = 0; i < count; i++) {
        char hex[DIGEST_HEX_BYTES];
        digest_hex(&texts[i].hash, hex);
        buf_printf(&out, "%s %.*s %s\n", kind_word(texts[i].kind), STR_FMT(texts[i].name), hex);
    }
    *ret = (struct str){0};
    if (!out.failed) *ret = arena_str(a, buf_view(&out));
    buf_done(&out);
    return ret->p ? STATUS_OK : status_memory();
}

/* One line: kind, name, 64 hex digits. */
static bool line_read(struct str line, struct library_text *ret)
{
    size_t first = 0, last = line.n;
    while (first < line.n && line.p[first] != ' ') first++;
    while (last > 0 && line.p[last - 1] != ' ') last--;
    if (first + 2 > last || !digest_parse((struct str){line.p + last, line.n - last}, &ret->hash)) return false;
    ret->name = (struct str){line.p + first + 1, last - first - 2};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (!str_eq((struct str){line.p, first}, str_from(kinds[i].word))) continue;
        ret->kind = kinds[i].kind;
        return true;
    }
    return false;
}

bool cases_manifest_read(struct arena *a, struct str manifest, struct library_text **ret, uint32_t *ret_count)
{
    uint32_t lines = 0, count = 0;
    for (size_t i = 0; i < manifest.n; i++) lines += manifest.p[i] == '\n';
    struct library_text *texts = ARENA_ARRAY(a, struct library_text, (size_t)lines + 1);
    if (!texts) return false;
    for (size_t at = 0; at < manifest.n;) {
        size_t end = at;
        while (end < manifest.n && manifest.p[end] != '\n') end++;
        if (end == manifest.n || !line_read((struct str){manifest.p + at, end - at}, &texts[count++])) return false;
        at = end + 1;
    }
    *ret = texts;
    *ret_count = count;
    return true;
}

/* ---- building -------------------------------------------------------------------------------------------- */

static struct status sources_parse(struct cases_library *l, const struct library_text *texts, uint32_t count, struct plan_library *ret,
                                   struct plan_diagnostics *d)
{
    for (uint32_t i = 0; i < count; i++) {
        struct plan_source *source = ARENA_NEW(&l->arena, struct plan_source);
        if (!source) return status_memory();
        source->name = arena_printf(&l->arena, "%.*s.%s", STR_FMT(texts[i].name), kind_word(texts[i].kind));
        source->text = arena_str(&l->arena, texts[i].text);
        if (!source->name.p || !source->text.p) return status_memory();
        const uint32_t errors = d->error_count;
        struct plan_file *file = NULL;
        TRY(plan_parse(&l->arena, source, d, &file));
        if (d->error_count > errors) continue;
        TRY(plan_library_add(&l->arena, ret, file, d));
    }
    return STATUS_OK;
}

static struct status products_build(struct cases_library *l, const struct plan_library *lib, bool allow_doubtful)
{
    l->products = ARENA_ARRAY(&l->arena, const struct settle_product *, (size_t)lib->plan_count + 1);
    if (!l->products) return status_memory();
    for (uint32_t i = 0; i < lib->plan_count; i++) {
        struct plan_diagnostics d = {0};
        const struct settle_product *product = NULL;
        TRY(settle_product_build(&l->arena, lib->plans[i], lib, &d, &product));
        if (product && (allow_doubtful || product->about.grade != 'D')) l->products[l->product_count++] = product;
    }
    return STATUS_OK;
}

static struct status chain_build(struct cases_library *l, const struct plan_chain *source, struct library_chain *ret)
{
    struct settle_chain *chain = &ret->chain;
    *chain = (struct settle_chain){.name = source->name, .regions = source->regions, .region_count = source->region_count,
        .funds = source->funds, .fund_count = source->fund_count, .products = l->products, .product_count = l->product_count};
    chain->payers = ARENA_ARRAY(&l->arena, struct settle_payer, (size_t)source->step_count + 1);
    if (!chain->payers) return status_memory();
    ret->usable = true;
    for (uint32_t i = 0; i < source->step_count; i++) {
        const struct plan_chain_step *step = &source->steps[i];
        struct settle_payer *payer = &chain->payers[chain->payer_count++];
        payer->fills = step->fills_written ? step->fills : true;
        payer->by_policies = step->kind != PLAN_CHAIN_PLAN;
        payer->as_listed = step->kind == PLAN_CHAIN_POLICIES_AS_LISTED;
        if (!payer->by_policies) payer->product = cases_library_product(l, step->plan);
        ret->usable = ret->usable && (payer->by_policies || payer->product);
    }
    return STATUS_OK;
}

static struct status library_fill(struct cases_library *l, struct library_text *texts, uint32_t count, bool allow_doubtful)
{
    qsort(texts, count, sizeof *texts, text_order);
    TRY(manifest_make(&l->arena, texts, count, &l->manifest));
    crypto_sha256(l->manifest, &l->digest);
    struct plan_library lib = {0};
    struct plan_diagnostics *d = ARENA_NEW(&l->arena, struct plan_diagnostics);
    if (!d) return status_memory();
    TRY(sources_parse(l, texts, count, &lib, d));
    TRY(products_build(l, &lib, allow_doubtful));
    l->chains = ARENA_ARRAY(&l->arena, struct library_chain, (size_t)lib.chain_count + 1);
    if (!l->chains) return status_memory();
    for (uint32_t i = 0; i < lib.chain_count; i++) TRY(chain_build(l, lib.chains[i], &l->chains[l->chain_count++]));
    return STATUS_OK;
}

struct status cases_library_build(const struct library_text *texts, uint32_t count, bool allow_doubtful, struct cases_library **ret)
{
    struct arena arena;
    arena_init(&arena, LIBRARY_BYTES);
    struct cases_library *l = ARENA_NEW(&arena, struct cases_library);
    struct library_text *own = ARENA_ARRAY(&arena, struct library_text, (size_t)count + 1);
    if (!l || !own) {
        arena_done(&arena);
        return status_memory();
    }
    for (uint32_t i = 0; i < count; i++) own[i] = texts[i];
    l->arena = arena; /* from here on the library's own is the one in use */
    l->references = 1;
    const struct status s = library_fill(l, own, count, allow_doubtful);
    if (status_failed(s)) {
        cases_library_release(l);
        return status_memory(); /* parsing and compiling what was checked fails for nothing else; the words lay in the arena */
    }
    *ret = l;
    return STATUS_OK;
}
