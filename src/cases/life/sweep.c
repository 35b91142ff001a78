/* life/sweep — settled bills against the covers known now: who is owed what and never claimed (应赔未赔), with the request that would settle it.
 *
 * Each settled case is run again on its recorded input with the policies as the registry knows them now, with consent given and nobody held back: what a payer's
 * terms give beyond what it has paid is owed, as far as the patient still bears it. Every case by itself: counters as they stood then. Writes nothing;
 * pages by case, newest first. What a person has decided (refused, upheld, recovered) is not reopened.
 */
#include "cases/life/query.h"
#include "cases/life/share_pay.h"

enum { SWEEP_DEFAULT = 50, SWEEP_MAX = 500, SWEEP_PAYERS = 256 };

struct sweep_total {
    struct str payer;
    int64_t count, owed;
};
struct sweep {
    struct cases_reader *r;
    const struct cases_caller *who;
    struct str payer;                 /* only this one; empty: all */
    struct json_writer *w;
    struct sweep_total totals[SWEEP_PAYERS];
    uint32_t total_count;
};

/* ---- one case ------------------------------------------------------------------------------------------------ */

/* The recorded input with today's policies; ret->bill NULL: nothing can be run. */
static struct status run_now(struct sweep *s, const struct life_recorded *c, struct life_run *ret)
{
    struct cases_reader *r = s->r;
    const struct registry_policy *policies = NULL;
    const struct bill_policy *of_bill = NULL;
    uint32_t count = 0, of_bill_count = 0;
    enum set_state found = SET_WAIT;
    TRY(life_query_replay(r, c, c->input, false, ret));
    if (!ret->bill) return STATUS_OK;
    for (bool loaded = true; loaded;) {
        found = life_policies_get(r->set, c->row->cover, &c->row->person, &policies, &count);
        TRY(life_query_load(r, &loaded));
    }
    if (found == SET_FOUND) TRY(registry_policies_of_bill(&r->arena, policies, count, ret->bill, &of_bill, &of_bill_count));
    ret->bill->policies = of_bill;
    ret->bill->policy_count = of_bill_count;
    ret->later_count = ret->refused_count = 0;
    return life_run_again(&r->arena, ret, false);
}

static bool decided(const struct cases_share *share)
{
    return share->state == CASES_SHARE_DISPUTED || share->state == CASES_SHARE_UPHELD || share->state == CASES_SHARE_RECOVERED || share->state == CASES_SHARE_CHANGED ||
           share->clocks.refused_ms || share->clocks.agreed_ms;
}

/* Why it was not paid then. */
static const char *why_of(const struct life_run *then, const struct cases_share *share, struct str payer)
{
    if (!share) return "never_covered_then";
    if (share->state == CASES_SHARE_STATE_LATER) return share->reason == CASES_LATER_LEFT_OUT ? "left_out" : "later";
    if (share->state == CASES_SHARE_STATE_REFUSED && !life_consent_covers(&then->consent, payer)) return "no_consent";
    return "terms_now";
}

static void ready_write(struct sweep *s, const struct life_recorded *c, const char *why, struct str payer)
{
    json_name(s->w, STR("ready"));
    if (str_eq(str_from(why), STR("no_consent"))) { /* the patient must consent first */
        json_null(s->w);
        return;
    }
    char hex[33];
    id128_hex(&c->row->id, hex);
    struct buf path;
    buf_init(&path, 1024);
    buf_printf(&path, "/v1/settlements/%s/", hex);
    const bool later = str_eq(str_from(why), STR("later")) || str_eq(str_from(why), STR("left_out"));
    if (later) buf_printf(&path, "shares/%.*s/decide-pay", STR_FMT(payer));
    else buf_add_cstr(&path, "readjudication");
    json_begin_object(s->w);
    json_member_string(s->w, STR("method"), STR("POST"));
    json_member_string(s->w, STR("path"), buf_view(&path));
    json_name(s->w, STR("body"));
    json_begin_object(s->w);
    json_end_object(s->w);
    json_end_object(s->w);
    buf_done(&path);
}

static void total_add(struct sweep *s, struct str payer, int64_t owed)
{
    uint32_t i = 0;
    while (i < s->total_count && !str_eq(s->totals[i].payer, payer)) i++;
    if (i == SWEEP_PAYERS) return;
    if (i == s->total_count) s->totals[s->total_count++] = (struct sweep_total){.payer = payer};
    s->totals[i].count++;
    s->totals[i].owed += owed;
}

static bool may_see(const struct sweep *s, struct str payer, struct day on)
{
    const struct cases_caller *who = s->who;
    if (s->payer.n && !str_eq(s->payer, payer)) return false;
    if (who->institution.n == 0 || !str_eq(who->role, STR("insurer"))) return true;
    const struct registry_payer *p = life_payer(s->r->world, payer, on);
    return p && str_eq(p->institution, who->institution);
}

static void finding_write(struct sweep *s, const struct life_recorded *c, const struct settle_share *now, const struct cases_share *share, const char *why, int64_t owed)
{
    const int64_t recorded = share ? share->pay : 0;
    json_begin_object(s->w);
    life_member_id(s->w, STR("case"), &c->row->id);
    json_member_string(s->w, STR("bill"), c->row->bill);
    json_member_string(s->w, STR("hospital"), c->row->hospital);
    json_member_string(s->w, STR("payer"), now->payer);
    json_member_string(s->w, STR("policy"), now->policy ? now->policy->policy : STR(""));
    json_member_i64(s->w, STR("recorded"), recorded);
    json_member_i64(s->w, STR("owed"), recorded + owed);
    json_member_string(s->w, STR("why"), str_from(why));
    ready_write(s, c, why, now->payer);
    json_end_object(s->w);
    total_add(s, now->payer, owed);
}

static struct status case_sweep(struct sweep *s, const struct life_recorded *c)
{
    struct life_run then, now;
    TRY(life_query_replay(s->r, c, c->input, false, &then));
    if (!then.bill) return STATUS_OK; /* erased */
    TRY(run_now(s, c, &now));
    int64_t borne = life_borne(c->row);
    for (uint32_t i = 0; i < now.answer.share_count && borne > 0; i++) {
        const struct settle_share *share = &now.answer.shares[i];
        const struct cases_share *recorded = life_share_find(c->shares, c->share_count, share->payer);
        if (share->status != SETTLE_PAID || share->kind == PLAN_STATUTORY || (recorded && decided(recorded))) continue;
        const int64_t owed = i64_min(share->pay - (recorded ? recorded->pay : 0), borne);
        if (owed <= 0) continue;
        borne -= owed;
        if (may_see(s, share->payer, then.settled_on)) finding_write(s, c, share, recorded, why_of(&then, recorded, share->payer), owed);
    }
    return STATUS_OK;
}

/* ---- a page ---------------------------------------------------------------------------------------------------- */

static void page_end(struct sweep *s, bool more, const struct id128 *last)
{
    json_end_array(s->w);
    json_name(s->w, STR("totals"));
    json_begin_array(s->w);
    for (uint32_t i = 0; i < s->total_count; i++) {
        json_begin_object(s->w);
        json_member_string(s->w, STR("payer"), s->totals[i].payer);
        json_member_i64(s->w, STR("count"), s->totals[i].count);
        json_member_i64(s->w, STR("owed"), s->totals[i].owed);
        json_end_object(s->w);
    }
    json_end_array(s->w);
    char hex[33];
    id128_hex(last, hex);
    json_name(s->w, STR("next"));
    if (more) json_string(s->w, (struct str){hex, 32});
    else json_null(s->w);
    json_end_object(s->w);
}

static struct status page_write(struct sweep *s, const struct cases_filter *f)
{
    struct id128 *ids = NULL, last = {{0}};
    uint32_t count = 0;
    bool more = false;
    struct cases_filter settled = *f;
    settled.state = STR("settled");
    settled.max = f->max == 0 ? SWEEP_DEFAULT : f->max > SWEEP_MAX ? SWEEP_MAX : f->max;
    TRY(life_query_ids(s->r, s->who, &settled, &ids, &count, &more));
    json_begin_object(s->w);
    json_name(s->w, STR("owed"));
    json_begin_array(s->w);
    for (uint32_t i = 0; i < count; i++) {
        struct life_recorded c;
        bool found = false;
        TRY(life_query_recorded(s->r, &ids[i], &c, &found));
        last = ids[i];
        if (found && c.row->state == CASES_STATE_SETTLED) TRY(case_sweep(s, &c));
    }
    page_end(s, more, &last);
    return STATUS_OK;
}

int cases_query_sweep(struct cases_desk *d, const struct cases_caller *who, const struct cases_filter *f, struct buf *out)
{
    struct cases_reader *r = NULL;
    struct json_writer w;
    struct status status = cases_reader_take(d, &r);
    if (status_failed(status)) return life_query_fail(out, status);
    struct sweep *s = ARENA_NEW(&r->arena, struct sweep);
    json_writer_init(&w, out, false);
    if (s) *s = (struct sweep){.r = r, .who = who, .payer = f->payer, .w = &w};
    status = s ? page_write(s, f) : status_memory();
    const int http = status_failed(status) ? life_query_fail(out, status) : 200;
    cases_reader_give(d, r);
    return http;
}
