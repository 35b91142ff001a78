/* settle/case — one bill through a chain: statutory result first, then each payer in order on what is left.
 *
 * Invariant kept here and CHECKed before an answer leaves: total = Σ payers + hospital + account + cash − payout (bill.md I9).
 * One pass, fixed order, no loops (DESIGN 5.7). Workload: a 50-line bill against six payers in microseconds, so columns are made only when
 * touched and nothing is copied that no plan reads.
 */
#include "settle/work.h"

#include <string.h>

struct status settle_note_add(struct settle_work *w, struct settle_answer *answer, const char *code, struct str zh, struct str en)
{
    struct settle_note *note = ARENA_PUSH(w->arena, answer->notes, answer->note_count, answer->note_cap);
    if (!note || !zh.p || !en.p) return status_memory();
    *note = (struct settle_note){code, zh, en};
    return STATUS_OK;
}

static struct status work_init(struct settle_work *w, struct arena *a, const struct settle_chain *chain, const struct bill *bill,
                               struct settle_options o)
{
    *w = (struct settle_work){.arena = a, .bill = bill, .chain = chain, .options = o, .n = bill->lines.count};
    w->settled_on = day_is(o.settled_on) ? o.settled_on : bill->to;
    w->cell_room = w->n * BUCKET_GIVEN_COUNT + 1;
    w->weights = ARENA_ARRAY(a, int64_t, w->cell_room);
    w->parts = ARENA_ARRAY(a, int64_t, w->cell_room);
    w->scratch = ARENA_ARRAY(a, uint64_t, w->cell_room);
    w->cell_line = ARENA_ARRAY(a, uint32_t, w->cell_room);
    w->cell_bucket = ARENA_ARRAY(a, uint8_t, w->cell_room);
    w->code_hashes = ARENA_ARRAY(a, uint64_t, w->n + 1);
    if (!w->code_hashes || !w->weights || !w->parts || !w->scratch || !w->cell_line || !w->cell_bucket) return status_memory();
    for (uint32_t b = 0; b < BUCKET_GIVEN_COUNT; b++) {
        if (bill->net_sum[b] == 0) continue;
        if (!settle_column(w, &w->left[b])) return status_memory();
        memcpy(w->left[b], bill->lines.net[b], w->n * sizeof(int64_t));
    }
    if (o.owner.n > 0) {
        w->owner = o.owner;
        return STATUS_OK;
    }
    return chain->hash ? settle_owner_by(chain->hash, a, bill, &w->owner) : settle_owner(a, bill, &w->owner);
}

/* ---- one payer -------------------------------------------------------------------------------------- */

static const struct bill_policy *policy_default(struct settle_work *w, const struct settle_product *product)
{
    struct bill_policy *p = ARENA_NEW(w->arena, struct bill_policy);
    if (!p) return NULL;
    p->plan = product->about.name;
    p->on = product->about.in_force;
    p->status = BILL_POLICY_IN_FORCE;
    p->first_enrolled = product->about.in_force.from;
    p->claim_free_years = -1;
    return p;
}

/* The snapshot that `before other payers` reads: taken just before money of a later layer leaves a bucket. */
static struct status snapshot_before(struct settle_work *w, uint8_t bucket)
{
    if (w->after_statutory[bucket] || !w->left[bucket]) return STATUS_OK;
    int64_t *copy = settle_column(w, &w->after_statutory[bucket]);
    if (!copy) return status_memory();
    memcpy(copy, w->left[bucket], w->n * sizeof(int64_t));
    return STATUS_OK;
}

/* The columns that money of this share is written to, made when the first money of a bucket comes. */
struct settle_columns {
    int64_t *left[BUCKET_COUNT], *paid[BUCKET_COUNT];
    bool statutory, fills;
};

static struct status column_ready(struct settle_work *w, const struct settle_share *share, uint8_t bucket, struct settle_columns *ret)
{
    CHECK(w->left[bucket]);
    if (!ret->statutory) TRY(snapshot_before(w, bucket));
    if (ret->fills && !settle_column(w, &w->paid[share->kind][bucket])) return status_memory();
    if (ret->statutory && !settle_column(w, &w->reimbursed)) return status_memory();
    ret->left[bucket] = w->left[bucket];
    ret->paid[bucket] = w->paid[share->kind][bucket];
    return STATUS_OK;
}

static struct status cells_apply(struct settle_work *w, const struct settle_share *share, bool fills)
{
    struct settle_columns k = {.statutory = share->kind == PLAN_STATUTORY, .fills = fills};
    const struct plan_cell *end = share->run.cells + share->run.cell_count;
    for (const struct plan_cell *c = share->run.cells; c < end; c++) {
        if (c->pay == 0) continue;
        if (!k.left[c->bucket]) TRY(column_ready(w, share, c->bucket, &k));
        int64_t *left = &k.left[c->bucket][c->line];
        CHECK(*left >= c->pay);
        *left -= c->pay;
        if (fills) k.paid[c->bucket][c->line] += c->pay;
        if (!k.statutory) continue;
        if (w->after_statutory[c->bucket]) w->after_statutory[c->bucket][c->line] -= c->pay;
        w->reimbursed[c->line] += c->pay;
    }
    return STATUS_OK;
}

/* A first share of a statutory plan moves to own_first. After all that is paid: a later benefit may have paid on the same cell. */
static struct status cell_move(struct settle_work *w, const struct plan_cell *c)
{
    if (c->moved == 0 || c->bucket == BUCKET_OWN_FIRST) return STATUS_OK;
    int64_t *own_first = settle_column(w, &w->left[BUCKET_OWN_FIRST]);
    if (!own_first) return status_memory();
    const int64_t moved = i64_min(c->moved, w->left[c->bucket][c->line]);
    w->left[c->bucket][c->line] -= moved;
    own_first[c->line] += moved;
    return STATUS_OK;
}

static struct status cells_touch(struct settle_work *w, uint16_t share_index, const struct plan_result *run)
{
    for (uint32_t k = 0; k < run->benefit_count; k++) {
        const struct plan_benefit_result *b = &run->benefits[k];
        if (b->cell_count == 0) continue;
        struct settle_toucher *t = ARENA_PUSH(w->arena, w->touchers, w->toucher_count, w->toucher_cap);
        if (!t) return status_memory();
        *t = (struct settle_toucher){share_index, (uint16_t)k};
        for (uint32_t i = 0; i < b->cell_count; i++) {
            const struct plan_cell *c = &run->cells[b->cell_start + i];
            if (!w->touched[c->bucket]) w->touched[c->bucket] = ARENA_ARRAY(w->arena, uint16_t, w->n + 1);
            if (!w->touched[c->bucket]) return status_memory();
            w->touched[c->bucket][c->line] = (uint16_t)w->toucher_count;
        }
    }
    return STATUS_OK;
}

static struct status run_apply(struct settle_work *w, struct settle_share *share, uint16_t share_index, bool fills)
{
    TRY(cells_apply(w, share, fills));
    for (uint32_t i = 0; share->kind == PLAN_STATUTORY && i < share->run.cell_count; i++) TRY(cell_move(w, &share->run.cells[i]));
    if (w->options.explain) TRY(cells_touch(w, share_index, &share->run));
    if (share->kind == PLAN_STATUTORY && share->run.refusal == PLAN_REFUSAL_NONE) {
        w->statutory_settled = true;
        w->statutory_paid += share->run.pay;
        TRY(settle_statutory_parts(w, share));
    }
    return STATUS_OK;
}

/* A payer refuses as a whole when the plan does, or when every benefit that came near was refused. */
static void share_status_set(struct settle_share *share)
{
    const struct plan_result *run = &share->run;
    enum plan_refusal refusal = run->refusal;
    const struct plan_benefit_result *refused = NULL;
    bool any_open = false;
    for (uint32_t i = 0; i < run->benefit_count && refusal == PLAN_REFUSAL_NONE; i++) {
        const struct plan_benefit_result *b = &run->benefits[i];
        if (b->refused && (!refused || b->refusal < refused->refusal)) refused = b;
        any_open = any_open || (b->applies && !b->refused);
    }
    if (refusal == PLAN_REFUSAL_NONE && refused && !any_open) refusal = (enum plan_refusal)refused->refusal;
    if (refusal == PLAN_REFUSAL_NONE) return;
    share->status = SETTLE_REFUSED;
    if (refused && refusal == PLAN_REFUSAL_CUSTOM) {
        const struct plan_need_about need = plan_need_about(share->product->plan, refused->benefit, refused->need_index);
        share->reason = need.code;
        share->reason_zh = need.zh;
        share->reason_en = need.en;
        return;
    }
    share->reason = str_from(plan_refusal_code(refusal));
    share->reason_zh = str_from(plan_refusal_text(refusal, true));
    share->reason_en = str_from(plan_refusal_text(refusal, false));
}

static struct plan_input input_of(const struct settle_work *w, const struct bill_policy *policy, const struct bill_policy *given)
{
    struct plan_input in = {.bill = w->bill, .policy = policy, .policy_default = !given, .settled_on = w->settled_on, .owner = w->owner,
                            .family = policy->family, .statutory_settled = w->statutory_settled, .basic_paid = w->statutory_paid > 0,
                            .reimbursed = w->reimbursed, .code_hashes = w->code_hashes};
    for (uint32_t b = 0; b < BUCKET_COUNT; b++) {
        in.left[b] = w->left[b];
        in.after_statutory[b] = w->after_statutory[b];
        for (uint32_t k = 0; k < PLAN_KIND_COUNT; k++) in.paid[k][b] = w->paid[k][b];
    }
    return in;
}

/* Does the bill already carry a result of one of the plan's funds? */
static bool result_is_given(const struct settle_work *w, const struct settle_product *product)
{
    if (product->about.kind != PLAN_STATUTORY || !w->bill->statutory.settled) return false;
    for (uint32_t i = 0; i < product->about.benefit_count; i++) {
        for (uint32_t f = 0; f < w->bill->statutory.fund_count; f++) {
            if (str_eq(product->benefits[i].fund, w->bill->statutory.funds[f].name)) return true;
        }
    }
    return false;
}

static bool product_already_ran(const struct settle_answer *answer, const struct settle_product *product)
{
    for (uint32_t i = 0; i < answer->share_count; i++) {
        if (answer->shares[i].product == product) return true;
    }
    return false;
}

static const struct settle_exception *exception_find(const struct settle_exception *list, uint32_t count, struct str payer)
{
    for (uint32_t i = 0; i < count; i++) {
        if (str_eq(list[i].payer, payer)) return &list[i];
    }
    return NULL;
}

static void share_refuse(struct settle_share *share, enum settle_share_status status, struct str reason, struct str zh, struct str en)
{
    share->status = status;
    share->reason = reason;
    share->reason_zh = zh;
    share->reason_en = en;
}

/* Held back: its run is kept for what it expects, its money stays on the table. */
static struct status share_hold(struct settle_work *w, struct settle_share *share, uint16_t index, const struct settle_exception *why)
{
    share_refuse(share, SETTLE_LATER, why->reason, why->reason_zh, why->reason_en);
    share->pay = 0;
    if (w->options.explain) TRY(cells_touch(w, index, &share->run));
    share->run.cell_count = share->run.change_count = 0;
    share->run.co_insurer_pay = NULL;
    return STATUS_OK;
}

/* Why this share is held back in this pass; NULL: it is not, or it takes its money all the same. */
static const struct settle_exception *held_why(const struct settle_work *w, const struct settle_share *share, uint16_t index)
{
    if (share->status == SETTLE_REFUSED) return NULL; /* by its own terms: nothing to wait for */
    if (w->held) return w->held[index].held && !w->held[index].takes ? w->held[index].why : NULL;
    return exception_find(w->options.later, w->options.later_count, share->payer);
}

/* What decides about a payer before its plan runs. True: it does not run. */
static bool payer_is_left_out(struct settle_work *w, struct settle_share *share, bool second)
{
    if (second) {
        share_refuse(share, SETTLE_REFUSED, STR("same-product-twice"), STR("同一产品的第二份保单无效"), STR("a second policy of the same product is void"));
        return true;
    }
    const bool needs_policy = w->options.policies_required && share->kind != PLAN_STATUTORY && share->kind != PLAN_PROGRAMME;
    if (needs_policy && !share->policy) {
        share_refuse(share, SETTLE_SKIPPED, STR("not-covered"), STR("没有这一产品的保单"), STR("no policy of this product"));
        return true;
    }
    const struct settle_exception *unasked = exception_find(w->options.refused, w->options.refused_count, share->payer);
    if (!unasked) return false;
    share_refuse(share, SETTLE_REFUSED, unasked->reason, unasked->reason_zh, unasked->reason_en);
    share->unasked = true;
    return true;
}

static struct status payer_run(struct settle_work *w, struct settle_answer *answer, const struct settle_product *product,
                               const struct bill_policy *given, bool fills, const struct plan_counters *counters)
{
    const bool second = product_already_ran(answer, product);
    const uint16_t index = (uint16_t)answer->share_count;
    struct settle_share *share = &answer->shares[answer->share_count++];
    *share = (struct settle_share){.payer = product->about.name, .kind = product->about.kind, .product = product, .policy = given};
    answer->demonstration = answer->demonstration || product->about.grade == 'D';
    if (payer_is_left_out(w, share, second)) return STATUS_OK;
    if (result_is_given(w, product)) {
        share->status = SETTLE_SKIPPED;
        return settle_note_add(w, answer, "statutory-result-given",
                               arena_printf(w->arena, "账单已含结算结果，跳过「%.*s」", STR_FMT(product->about.name)),
                               arena_printf(w->arena, "the bill already carries a result: %.*s is skipped", STR_FMT(product->about.name)));
    }
    const struct bill_policy *policy = given ? given : policy_default(w, product);
    if (!policy) return status_memory();
    const struct plan_input in = input_of(w, policy, given);
    TRY(plan_run(w->arena, product->program, &in, counters, (struct plan_run_options){.explain = w->options.explain}, &share->run));
    share->pay = share->expected = share->run.pay;
    answer->unproven = answer->unproven || share->run.unproven;
    share_status_set(share);
    const struct settle_exception *why = held_why(w, share, index);
    if (why) return share_hold(w, share, index, why);
    return run_apply(w, share, index, fills);
}

/* ---- the order of payers ------------------------------------------------------------------------------- */

static const struct bill_policy *policy_of(const struct bill *bill, struct str plan)
{
    const struct bill_policy *first = NULL;
    for (uint32_t i = 0; i < bill->policy_count; i++) {
        const struct bill_policy *p = &bill->policies[i];
        if (!str_eq(p->plan, plan)) continue;
        if (day_in(bill->to, p->on)) return p;
        if (!first) first = p;
    }
    return first;
}

static bool chain_names(const struct settle_chain *chain, struct str plan)
{
    for (uint32_t i = 0; i < chain->payer_count; i++) {
        if (chain->payers[i].product && str_eq(chain->payers[i].product->about.name, plan)) return true;
    }
    return false;
}

static const struct settle_product *product_find(const struct settle_chain *chain, struct str plan)
{
    for (uint32_t i = 0; i < chain->product_count; i++) {
        if (str_eq(chain->products[i]->about.name, plan)) return chain->products[i];
    }
    return NULL;
}

static bool policy_before(const struct bill_policy *a, const struct bill_policy *b)
{
    if (a->on.from.v != b->on.from.v) return a->on.from.v < b->on.from.v;
    return str_cmp(a->policy, b->policy) < 0;
}

/* The policies of the bill that the chain does not name, in the order that the chain wants. */
static struct status policies_order(struct settle_work *w, bool as_listed, const struct bill_policy ***ret, uint32_t *ret_count)
{
    const struct bill_policy **order = ARENA_ARRAY(w->arena, const struct bill_policy *, w->bill->policy_count + 1);
    if (!order) return status_memory();
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->bill->policy_count; i++) {
        const struct bill_policy *p = &w->bill->policies[i];
        if (chain_names(w->chain, p->plan)) continue;
        uint32_t at = count++;
        while (!as_listed && at > 0 && policy_before(p, order[at - 1])) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = p;
    }
    *ret = order;
    *ret_count = count;
    return STATUS_OK;
}

static struct status policies_run(struct settle_work *w, struct settle_answer *answer, const struct settle_payer *payer,
                                  const struct plan_counters *counters)
{
    const struct bill_policy **order = NULL;
    uint32_t count = 0;
    TRY(policies_order(w, payer->as_listed, &order, &count));
    for (uint32_t i = 0; i < count; i++) {
        const struct settle_product *product = product_find(w->chain, order[i]->plan);
        if (!product) {
            return status_error(w->arena, (struct error){.code = "plan-unknown",
                .place = arena_printf(w->arena, "policies[%u].plan", (unsigned)(order[i] - w->bill->policies)),
                .zh = arena_printf(w->arena, "找不到计划「%.*s」", STR_FMT(order[i]->plan)),
                .en = arena_printf(w->arena, "no plan named %.*s", STR_FMT(order[i]->plan)),
                .hint_zh = STR("检查计划名，或用 --plans 指定含该计划的目录"),
                .hint_en = STR("check the name, or point --plans at the folder that holds it")});
        }
        TRY(payer_run(w, answer, product, order[i], payer->fills, counters));
    }
    return STATUS_OK;
}

static bool region_fits(const struct settle_chain *chain, struct str region)
{
    for (uint32_t i = 0; i < chain->region_count; i++) {
        if (str_eq(chain->regions[i], region)) return true;
    }
    return chain->region_count == 0;
}

/* ---- the sums ---------------------------------------------------------------------------------------------- */

int64_t settle_answer_remainder(const struct settle_answer *answer)
{
    return answer->account + answer->cash - answer->payout;
}

static void patient_sum(const struct settle_work *w, struct settle_answer *answer)
{
    answer->payers_total = 0;
    for (uint32_t i = 0; i < answer->share_count; i++) answer->payers_total += answer->shares[i].pay;
    const int64_t remainder = w->bill->total - answer->payers_total - answer->hospital;
    answer->account = w->bill->statutory.account;
    answer->cash = i64_max(remainder - answer->account, 0);
    answer->payout = i64_max(answer->account - remainder, 0);
    answer->due = answer->cash - w->bill->deposit;

    int64_t left = 0;
    for (uint32_t b = 0; b < BUCKET_COUNT; b++) {
        for (uint32_t line = 0; w->left[b] && line < w->n; line++) {
            CHECK(w->left[b][line] >= 0);
            left += w->left[b][line];
        }
    }
    CHECK(left == remainder && remainder >= 0);
}

static bool plans_all_refused(const struct settle_answer *answer)
{
    uint32_t refused = 0;
    for (uint32_t i = 0; i < answer->share_count; i++) {
        const struct settle_share *share = &answer->shares[i];
        if (!share->product || share->status == SETTLE_SKIPPED || share->unasked) continue;
        if (share->status != SETTLE_REFUSED) return false;
        refused++;
    }
    return refused > 0;
}

bool settle_answer_settled(const struct settle_answer *answer)
{
    return answer->refusal == SETTLE_REFUSAL_NONE && !answer->all_refused;
}

struct status settle_pass(struct arena *a, const struct settle_chain *chain, const struct bill *bill, const struct plan_counters *counters,
                          struct settle_options o, const struct settle_held *held, struct settle_answer *ret)
{
    struct settle_answer answer = {.bill = bill};
    if (!region_fits(chain, bill->insured_region)) {
        answer.refusal = SETTLE_REFUSAL_REGION;
        *ret = answer;
        return STATUS_OK;
    }
    struct settle_work w;
    TRY(work_init(&w, a, chain, bill, o));
    w.held = held;
    answer.shares = ARENA_ARRAY(a, struct settle_share, bill->statutory.fund_count + chain->payer_count + bill->policy_count + 1);
    if (!answer.shares) return status_memory();

    TRY(settle_statutory_apply(&w, &answer));
    for (uint32_t i = 0; i < chain->payer_count; i++) {
        const struct settle_payer *payer = &chain->payers[i];
        if (payer->by_policies) TRY(policies_run(&w, &answer, payer, counters));
        else TRY(payer_run(&w, &answer, payer->product, policy_of(bill, payer->product->about.name), payer->fills, counters));
    }
    patient_sum(&w, &answer);
    answer.all_refused = plans_all_refused(&answer) && !(o.scheme_stands && bill->statutory.settled);
    if (o.explain) TRY(settle_unpaid_find(&w, &answer));
    *ret = answer;
    return STATUS_OK;
}

struct status settle_bill(struct arena *a, const struct settle_chain *chain, const struct bill *bill, const struct plan_counters *counters,
                          struct settle_options o, struct settle_answer *ret)
{
    struct settle_answer answer = {0};
    TRY(settle_pass(a, chain, bill, counters, o, NULL, &answer));
    if (o.later_count > 0 && answer.refusal == SETTLE_REFUSAL_NONE) TRY(settle_held_find(a, chain, bill, counters, o, &answer));
    *ret = answer;
    return STATUS_OK;
}

struct status settle_answer_commit(const struct settle_answer *answer, struct plan_counters *counters)
{
    if (!settle_answer_settled(answer)) return STATUS_OK;
    for (uint32_t i = 0; i < answer->share_count; i++) {
        const struct plan_result *run = &answer->shares[i].run;
        for (uint32_t k = 0; k < run->change_count; k++) TRY(plan_counters_set(counters, &run->changes[k].key, run->changes[k].after));
    }
    return STATUS_OK;
}
