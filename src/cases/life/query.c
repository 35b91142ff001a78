/* life/query — reading one case: as it was answered, as it stands, how it came about, and as a split for payers outside.
 *
 * Everything is run again from what is recorded, with the recorded versions, and held against the open part (life_replay). On a reader's snapshot; any
 * thread. What was erased shows its amounts only.
 */
#include "cases/life/query.h"

/* ---- shared ------------------------------------------------------------------------------------------------- */

struct status life_query_load(struct cases_reader *r, bool *ret_loaded)
{
    *ret_loaded = cases_set_waits(r->set);
    return *ret_loaded ? cases_set_load(r->set, r->connection, &r->arena) : STATUS_OK;
}

struct status life_query_recorded(struct cases_reader *r, const struct id128 *id, struct life_recorded *ret, bool *ret_found)
{
    enum set_state state = SET_WAIT;
    for (bool loaded = true; loaded;) {
        bool pending = false;
        TRY(life_recorded_get(r->set, &r->arena, id, ret, &state, &pending));
        TRY(life_query_load(r, &loaded));
    }
    *ret_found = state == SET_FOUND;
    return STATUS_OK;
}

struct status life_query_replay(struct cases_reader *r, const struct life_recorded *c, uint32_t place, bool explain, struct life_run *ret)
{
    enum set_state state = SET_WAIT;
    for (bool loaded = true; loaded;) {
        TRY(life_replay(r->set, &r->sealer, &r->arena, c->events[place], &c->effects[place], explain, ret, &state));
        TRY(life_query_load(r, &loaded));
    }
    return STATUS_OK;
}

bool life_query_may(const struct cases_caller *who, const struct life_recorded *c)
{
    if (!life_asks_as(who, STR("insurer"))) return life_hospital_may(who, c->row->hospital);
    for (uint32_t i = 0; i < c->share_count; i++) {
        if (str_eq(c->shares[i].owner, who->institution)) return true;
    }
    return false;
}

int life_query_refuse(struct buf *out, enum cases_refusal r)
{
    const struct cases_command cmd = {.outcome = {.refusal = r, .http = cases_refusal_http(r)}};
    life_problem_write(&cmd, NULL, NULL, out);
    return cmd.outcome.http;
}

int life_query_fail(struct buf *out, struct status s)
{
    const struct cases_command cmd = {.outcome = {.error = s.err, .http = str_eq(str_from(s.err->code), STR("out-of-memory")) ? 503 : 500}};
    out->n = 0;
    life_problem_write(&cmd, NULL, NULL, out);
    return cmd.outcome.http;
}

void life_row_write(const struct cases_row *row, struct json_writer *w)
{
    json_member_i64(w, STR("total"), row->total);
    json_member_i64(w, STR("funds"), row->funds);
    json_member_i64(w, STR("payers"), row->payers);
    json_member_i64(w, STR("hospital"), row->hospital_part);
    json_member_i64(w, STR("account"), row->account);
    json_member_i64(w, STR("cash"), row->cash);
    json_member_i64(w, STR("payout"), row->payout);
}

/* ---- one case ---------------------------------------------------------------------------------------------------- */

static void invoice_write(const struct cases_effect *e, struct json_writer *w)
{
    json_name(w, STR("invoice"));
    json_begin_object(w);
    json_member_string(w, STR("code"), e->invoice_code);
    json_member_string(w, STR("number"), e->invoice_number);
    json_member_string(w, STR("check"), e->invoice_check);
    life_member_time(w, STR("at"), e->at_ms);
    json_end_object(w);
}

static void documents_write(const struct life_recorded *c, struct json_writer *w)
{
    json_name(w, STR("documents"));
    json_begin_array(w);
    for (uint32_t i = 0; i < c->count; i++) {
        const struct cases_effect *e = &c->effects[i];
        if (e->type != JOURNAL_DOCUMENT_ADDED) continue;
        char hex[DIGEST_HEX_BYTES];
        digest_hex(&e->document_hash, hex);
        json_begin_object(w);
        json_member_string(w, STR("document"), (struct str){hex, 64});
        json_member_string(w, STR("kind"), e->document_kind);
        json_member_string(w, STR("source"), e->document_source);
        if (e->note_code.n) json_member_string(w, STR("payer"), e->note_code);
        life_member_time(w, STR("at"), e->at_ms);
        json_end_object(w);
    }
    json_end_array(w);
}

static void now_write(const struct life_recorded *c, struct json_writer *w)
{
    json_name(w, STR("now"));
    json_begin_object(w);
    life_row_write(c->row, w);
    json_name(w, STR("shares"));
    json_begin_array(w);
    for (uint32_t i = 0; i < c->share_count; i++) life_share_write(&c->shares[i], w);
    json_end_array(w);
    json_end_object(w);
}

static struct status case_write(struct cases_reader *r, const struct life_recorded *c, struct json_writer *w)
{
    struct life_show show = {.id = c->row->id, .state = cases_state_name(c->row->state), .at_ms = c->effects[0].at_ms, .replaces = c->row->replaces};
    TRY(life_query_replay(r, c, 0, false, &show.run));
    json_begin_object(w);
    if (show.run.bill) {
        TRY(life_show_members(&r->arena, &show, w));
    } else {
        life_member_id(w, STR("id"), &show.id);
        json_member_string(w, STR("state"), str_from(show.state));
        life_member_time(w, STR("at"), show.at_ms);
        json_member_string(w, STR("bill"), c->row->bill);
        json_member_bool(w, STR("erased"), true);
    }
    now_write(c, w);
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->effects[i].type == JOURNAL_CASE_INVOICED) invoice_write(&c->effects[i], w);
    }
    documents_write(c, w);
    json_end_object(w);
    return STATUS_OK;
}

/* ---- how it came about ----------------------------------------------------------------------------------------------- */

static void shares_after(struct cases_share *shares, uint32_t *count, const struct cases_effect *e)
{
    for (uint32_t i = 0; i < e->share_count; i++) {
        struct cases_share *s = life_share_find(shares, *count, e->shares[i].payer);
        if (!s) s = &shares[(*count)++];
        *s = e->shares[i];
    }
}

static void amounts_write(struct str name, const struct cases_row *row, const struct cases_share *shares, uint32_t count, struct json_writer *w)
{
    json_name(w, name);
    json_begin_object(w);
    if (row) life_row_write(row, w);
    json_name(w, STR("shares"));
    json_begin_array(w);
    for (uint32_t i = 0; i < count; i++) {
        json_begin_object(w);
        json_member_string(w, STR("payer"), shares[i].payer);
        json_member_string(w, STR("state"), str_from(cases_share_state_name(shares[i].state)));
        json_member_i64(w, STR("pay"), shares[i].pay);
        json_member_i64(w, STR("expected"), shares[i].expected);
        json_member_string(w, STR("pay_to"), shares[i].to_patient ? STR("patient") : STR("hospital"));
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

static struct status step_write(struct cases_reader *r, const struct life_recorded *c, uint32_t i, struct json_writer *w)
{
    const struct cases_effect *e = &c->effects[i];
    json_member_string(w, STR("type"), str_from(journal_type_name(e->type)));
    life_member_time(w, STR("at"), e->at_ms);
    if (e->act.n) json_member_string(w, STR("act"), e->act);
    if (e->note_code.n) json_member_string(w, STR("note"), e->note_code);
    if (!id128_is_zero(&e->because)) life_member_id(w, STR("because"), &e->because);
    if (e->type != JOURNAL_CASE_SETTLED && e->type != JOURNAL_CASE_ADJUSTED) return STATUS_OK;
    struct life_run run;
    TRY(life_query_replay(r, c, i, true, &run));
    if (!run.bill) return STATUS_OK;
    json_name(w, STR("answer"));
    json_begin_object(w);
    settle_answer_write_members(&run.answer, run.chain, false, w);
    json_end_object(w);
    return STATUS_OK;
}

static struct status explanation_write(struct cases_reader *r, const struct life_recorded *c, struct json_writer *w)
{
    uint32_t room = 0, count = 0;
    for (uint32_t i = 0; i < c->count; i++) room += c->effects[i].share_count;
    struct cases_share *shares = ARENA_ARRAY(&r->arena, struct cases_share, room + 1);
    const struct cases_row *row = NULL;
    if (!shares) return status_memory();
    json_begin_object(w);
    life_member_id(w, STR("id"), &c->row->id);
    json_member_string(w, STR("state"), str_from(cases_state_name(c->row->state)));
    json_member_string(w, STR("bill"), c->row->bill);
    json_name(w, STR("steps"));
    json_begin_array(w);
    for (uint32_t i = 0; i < c->count; i++) {
        const struct cases_effect *e = &c->effects[i];
        json_begin_object(w);
        TRY(step_write(r, c, i, w));
        const bool changes = e->share_count || e->row;
        if (changes && i > 0) amounts_write(STR("before"), row, shares, count, w);
        shares_after(shares, &count, e);
        if (e->row) row = e->row;
        if (changes) amounts_write(STR("after"), row, shares, count, w);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
    return STATUS_OK;
}

/* ---- 费用分割单 ---------------------------------------------------------------------------------------------------------- */

static void split_lines(const struct settle_answer *a, struct json_writer *w)
{
    json_name(w, STR("lines"));
    json_begin_array(w);
    for (uint32_t line = 0; line < a->bill->lines.count; line++) {
        json_begin_object(w);
        json_member_i64(w, STR("line"), a->bill->lines.number[line]);
        json_member_string(w, STR("code"), a->bill->lines.code[line]);
        json_member_i64(w, STR("amount"), a->bill->lines.amount[line]);
        json_name(w, STR("paid"));
        json_begin_array(w);
        for (uint32_t s = 0; s < a->share_count; s++) {
            int64_t by_bucket[BUCKET_COUNT] = {0};
            const struct settle_share *share = &a->shares[s];
            for (uint32_t i = 0; i < share->fund_cell_count; i++) {
                if (share->fund_cells[i].line == line) by_bucket[share->fund_cells[i].bucket] += share->fund_cells[i].pay;
            }
            for (uint32_t i = 0; i < share->run.cell_count; i++) {
                if (share->run.cells[i].line == line) by_bucket[share->run.cells[i].bucket] += share->run.cells[i].pay;
            }
            for (int b = 0; b < BUCKET_COUNT; b++) {
                if (by_bucket[b] == 0) continue;
                json_begin_object(w);
                json_member_string(w, STR("payer"), share->payer);
                json_member_string(w, STR("bucket"), str_from(settle_bucket_name((enum bill_bucket)b)));
                json_member_i64(w, STR("pay"), by_bucket[b]);
                json_end_object(w);
            }
        }
        json_end_array(w);
        json_end_object(w);
    }
    json_end_array(w);
}

/* What stays with the patient, by bucket: what another payer may still take. */
static void split_left(const struct settle_answer *a, struct json_writer *w)
{
    json_name(w, STR("left"));
    json_begin_object(w);
    for (int b = 0; b < BUCKET_COUNT; b++) {
        int64_t sum = 0;
        for (uint32_t i = 0; i < a->unpaid_count; i++) sum += a->unpaid[i].bucket == (enum bill_bucket)b ? a->unpaid[i].amount : 0;
        if (sum) json_member_i64(w, str_from(settle_bucket_name((enum bill_bucket)b)), sum);
    }
    json_end_object(w);
}

static struct status split_write(struct cases_reader *r, const struct life_recorded *c, struct json_writer *w, bool *ret_lost)
{
    struct life_run run;
    TRY(life_query_replay(r, c, c->input, false, &run));
    *ret_lost = !run.bill;
    if (!run.bill) return STATUS_OK;
    run.lines = true;
    TRY(life_run_again(&r->arena, &run, true));
    char day[11];
    json_begin_object(w);
    life_member_id(w, STR("id"), &c->row->id);
    json_member_string(w, STR("bill"), c->row->bill);
    json_member_string(w, STR("hospital"), c->row->hospital);
    json_member_string(w, STR("from"), (struct str){day, day_format(run.bill->from, day)});
    json_member_string(w, STR("to"), (struct str){day, day_format(run.bill->to, day)});
    json_member_string(w, STR("currency"), str_from(run.bill->currency->code));
    json_name(w, STR("buckets"));
    json_begin_object(w);
    for (int b = 0; b < BUCKET_GIVEN_COUNT; b++) {
        static const char *const names[BUCKET_GIVEN_COUNT] = {"own_full", "over_limit", "own_first", "in_scope"};
        json_member_i64(w, str_from(names[b]), run.bill->net_sum[b]);
    }
    json_end_object(w);
    json_name(w, STR("sums"));
    json_begin_object(w);
    life_row_write(c->row, w);
    json_end_object(w);
    json_name(w, STR("shares"));
    json_begin_array(w);
    for (uint32_t i = 0; i < c->share_count; i++) {
        json_begin_object(w);
        json_member_string(w, STR("payer"), c->shares[i].payer);
        json_member_string(w, STR("state"), str_from(cases_share_state_name(c->shares[i].state)));
        json_member_i64(w, STR("pay"), c->shares[i].pay);
        json_end_object(w);
    }
    json_end_array(w);
    split_lines(&run.answer, w);
    split_left(&run.answer, w);
    json_end_object(w);
    return STATUS_OK;
}

/* ---- the three ------------------------------------------------------------------------------------------------------------- */

enum query_kind { QUERY_CASE, QUERY_EXPLANATION, QUERY_SPLIT };

static int query_one(struct cases_desk *d, const struct cases_caller *who, struct str id_text, enum query_kind kind, struct buf *out)
{
    struct cases_reader *r = NULL;
    struct life_recorded c;
    struct id128 id;
    bool found = false, lost = false;
    if (!id128_parse(id_text, &id)) return life_query_refuse(out, CASES_REFUSED_CASE_UNKNOWN);
    struct status s = cases_reader_take(d, &r);
    if (status_failed(s)) return life_query_fail(out, s);
    s = life_query_recorded(r, &id, &c, &found);
    enum cases_refusal refusal = CASES_OK;
    if (!status_failed(s)) refusal = !found ? CASES_REFUSED_CASE_UNKNOWN : !life_query_may(who, &c) ? CASES_REFUSED_NOT_YOURS : CASES_OK;
    if (!status_failed(s) && refusal == CASES_OK) {
        struct json_writer w;
        json_writer_init(&w, out, false);
        s = kind == QUERY_CASE ? case_write(r, &c, &w) : kind == QUERY_EXPLANATION ? explanation_write(r, &c, &w) : split_write(r, &c, &w, &lost);
        if (lost) refusal = CASES_REFUSED_INPUT_LOST;
        else if (!status_failed(s) && life_asks_as(who, STR("insurer"))) s = life_query_partial(&r->arena, &c, who->institution, out);
    }
    const int http = status_failed(s) ? life_query_fail(out, s) : refusal != CASES_OK ? life_query_refuse(out, refusal) : 200;
    cases_reader_give(d, r);
    return http;
}

int cases_query_case(struct cases_desk *d, const struct cases_caller *who, struct str id, struct buf *out) { return query_one(d, who, id, QUERY_CASE, out); }

int cases_query_explanation(struct cases_desk *d, const struct cases_caller *who, struct str id, struct buf *out)
{
    return query_one(d, who, id, QUERY_EXPLANATION, out);
}

int cases_query_split(struct cases_desk *d, const struct cases_caller *who, struct str id, struct buf *out) { return query_one(d, who, id, QUERY_SPLIT, out); }
