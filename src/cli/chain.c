/* cli/chain — from `--plans DIR --chain NAME|PLAN,PLAN` to payers in order, each checked and compiled. Only what is needed is compiled, so that a
 * folder of a hundred plans costs a settlement nothing. */
#include "cli/chain.h"

struct chain_work {
    struct cli *c;
    const struct plan_library *lib;
    const struct settle_product **products;
    uint32_t product_count, product_cap;
    struct plan_diagnostics diagnostics;
};

static struct status name_unknown(struct cli *c, const char *code, const char *zh, const char *en, struct str name, const struct plan_library *lib)
{
    struct buf known;
    buf_init(&known, 4096);
    for (uint32_t i = 0; i < lib->chain_count; i++) buf_printf(&known, " %.*s", STR_FMT(lib->chains[i]->name));
    for (uint32_t i = 0; i < lib->plan_count; i++) buf_printf(&known, " %.*s", STR_FMT(plan_about(lib->plans[i]).name));
    const struct status s = status_error(c->arena, (struct error){.code = code, .place = STR("--chain"),
        .zh = arena_printf(c->arena, "%s：%.*s", zh, STR_FMT(name)), .en = arena_printf(c->arena, "%s: %.*s", en, STR_FMT(name)),
        .hint_zh = arena_printf(c->arena, "该目录中有：%.*s", STR_FMT(buf_view(&known))),
        .hint_en = arena_printf(c->arena, "the folder holds:%.*s", STR_FMT(buf_view(&known)))});
    buf_done(&known);
    return s;
}

/* The product of a plan, compiled at first need; NULL when the plan has errors (they are printed later). */
static struct status product_get(struct chain_work *w, struct str name, const struct settle_product **ret)
{
    for (uint32_t i = 0; i < w->product_count; i++) {
        if (!str_eq(w->products[i]->about.name, name)) continue;
        *ret = w->products[i];
        return STATUS_OK;
    }
    struct plan *plan = plan_library_find(w->lib, name);
    if (!plan) return name_unknown(w->c, "plan-unknown", "没有这个名称的支付链或计划", "no chain or plan has this name", name, w->lib);
    const struct settle_product *product = NULL;
    TRY(settle_product_build(w->c->arena, plan, w->lib, &w->diagnostics, &product));
    *ret = product;
    if (!product) return STATUS_OK;
    const struct settle_product **slot = ARENA_PUSH(w->c->arena, w->products, w->product_count, w->product_cap);
    if (!slot) return status_memory();
    *slot = product;
    return STATUS_OK;
}

static struct status payers_of_chain(struct chain_work *w, const struct plan_chain *chain, struct settle_chain *ret)
{
    ret->name = chain->name;
    ret->regions = chain->regions;
    ret->region_count = chain->region_count;
    ret->funds = chain->funds;
    ret->fund_count = chain->fund_count;
    ret->payers = ARENA_ARRAY(w->c->arena, struct settle_payer, chain->step_count + 1);
    if (!ret->payers) return status_memory();
    for (uint32_t i = 0; i < chain->step_count; i++) {
        const struct plan_chain_step *step = &chain->steps[i];
        struct settle_payer *payer = &ret->payers[ret->payer_count++];
        payer->fills = step->fills_written ? step->fills : true;
        payer->by_policies = step->kind != PLAN_CHAIN_PLAN;
        payer->as_listed = step->kind == PLAN_CHAIN_POLICIES_AS_LISTED;
        if (!payer->by_policies) TRY(product_get(w, step->plan, &payer->product));
    }
    return STATUS_OK;
}

/* "plan,plan": their written order is the order of payment. */
static struct status payers_of_names(struct chain_work *w, struct str text, struct settle_chain *ret)
{
    ret->payers = ARENA_ARRAY(w->c->arena, struct settle_payer, LIMIT_CHAIN_PAYERS);
    if (!ret->payers) return status_memory();
    for (size_t at = 0; at <= text.n;) {
        size_t end = at;
        while (end < text.n && text.p[end] != ',') end++;
        const struct str name = {text.p + at, end - at};
        if (ret->payer_count == LIMIT_CHAIN_PAYERS) return name_unknown(w->c, "chain-too-long", "支付方过多", "too many payers", name, w->lib);
        struct settle_payer *payer = &ret->payers[ret->payer_count++];
        payer->fills = true;
        TRY(product_get(w, name, &payer->product));
        for (uint32_t i = 0; i + 1 < ret->payer_count; i++) {
            if (payer->product && ret->payers[i].product == payer->product) {
                return name_unknown(w->c, "chain-plan-twice", "同一计划出现两次", "a plan stands twice in the chain", name, w->lib);
            }
        }
        at = end + 1;
    }
    return STATUS_OK;
}

static bool chain_takes_policies(const struct settle_chain *chain)
{
    for (uint32_t i = 0; i < chain->payer_count; i++) {
        if (chain->payers[i].by_policies) return true;
    }
    return false;
}

struct status cli_chain_load(struct cli *c, const char *dir, const char *text, const struct bill *const *bills, uint32_t bill_count,
                             struct settle_chain *ret, bool *ret_clean)
{
    struct plan_library *lib = ARENA_NEW(c->arena, struct plan_library);
    struct chain_work *w = ARENA_NEW(c->arena, struct chain_work);
    if (!lib || !w) return status_memory();
    TRY(cli_library_load(c, dir, lib, ret_clean));
    if (!*ret_clean) return STATUS_OK;

    *w = (struct chain_work){.c = c, .lib = lib};
    struct settle_chain chain = {0};
    const struct plan_chain *named = plan_library_chain(lib, str_from(text));
    if (named) TRY(payers_of_chain(w, named, &chain));
    else TRY(payers_of_names(w, str_from(text), &chain));
    for (uint32_t i = 0; chain_takes_policies(&chain) && i < bill_count; i++) {
        for (uint32_t p = 0; p < bills[i]->policy_count; p++) {
            const struct settle_product *product = NULL;
            TRY(product_get(w, bills[i]->policies[p].plan, &product));
        }
    }
    chain.products = w->products;
    chain.product_count = w->product_count;
    *ret_clean = !cli_diagnostics(c, &w->diagnostics);
    *ret = chain;
    return STATUS_OK;
}
