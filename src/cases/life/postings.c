/* life/postings — the transfers of a settled case, of its reversal and of differences; account codes; what the audit compares.
 *
 * Every amount is a transfer between two accounts, so a case balances by itself. What a payer owes the hospital and what it owes the patient are two
 * accounts: the advance limit is about the hospital's. Statutory funds and allowances move between accounts of the memorandum only.
 */
#include "cases/life/postings.h"

/* ---- codes ------------------------------------------------------------------------------------------------ */

static void part_add(struct buf *b, struct str part)
{
    for (size_t i = 0; i < part.n; i++) {
        if (part.p[i] == '/') buf_add_cstr(b, "%2F");
        else buf_add_char(b, part.p[i]);
    }
}

struct str life_account(struct arena *a, const char *kind, struct str name, struct str place, const struct currency *currency)
{
    struct buf b;
    buf_init(&b, 1024);
    buf_add_cstr(&b, kind);
    buf_add_char(&b, '/');
    if (name.n) {
        part_add(&b, name);
        buf_add_char(&b, '/');
    }
    if (place.n) {
        part_add(&b, place);
        buf_add_char(&b, '/');
    }
    buf_add_cstr(&b, currency->code);
    struct str code = {0};
    if (!b.failed) code = arena_str(a, buf_view(&b));
    buf_done(&b);
    return code;
}

struct str life_payer_account(struct arena *a, struct str product, struct str hospital, const struct currency *currency)
{
    return life_account(a, "payer", product, hospital, currency);
}

static struct str part_of(struct str code, uint32_t place)
{
    size_t begin = 0;
    for (size_t i = 0; i <= code.n; i++) {
        if (i < code.n && code.p[i] != '/') continue;
        if (place == 0) return (struct str){code.p + begin, i - begin};
        place--;
        begin = i + 1;
    }
    return STR("");
}

enum cases_posting_class cases_posting_class(struct str code, struct str *ret_name)
{
    static const struct {
        const char *kind;
        enum cases_posting_class of;
        bool named;
    } kinds[] = {{"payer", CASES_POSTING_PAYER, true}, {"fund", CASES_POSTING_FUND, true}, {"own", CASES_POSTING_OWN, false},
                 {"account", CASES_POSTING_ACCOUNT, false}, {"patient", CASES_POSTING_PATIENT, false}, {"deposit", CASES_POSTING_PATIENT, false},
                 {"payout", CASES_POSTING_PATIENT, false}, {"receivable", CASES_POSTING_PATIENT, false}, {"offset", CASES_POSTING_PATIENT, false}};
    const struct str kind = part_of(code, 0);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (!str_eq(kind, str_from(kinds[i].kind))) continue;
        *ret_name = kinds[i].named ? part_of(code, 1) : STR("");
        return kinds[i].of;
    }
    *ret_name = STR("");
    return CASES_POSTING_OTHER;
}

struct status cases_postings_expected(struct arena *a, const struct cases_row *row, const struct cases_share *shares, uint32_t share_count,
                                      struct cases_posting **ret, uint32_t *ret_count)
{
    struct cases_posting *list = ARENA_ARRAY(a, struct cases_posting, share_count + 4);
    if (!list) return status_memory();
    uint32_t count = 0;
    for (uint32_t i = 0; row->state != CASES_STATE_REVERSED && i < share_count; i++) {
        if (shares[i].pay == 0) continue;
        struct buf name;
        buf_init(&name, 1024);
        part_add(&name, shares[i].payer);
        const struct str copy = arena_str(a, buf_view(&name));
        buf_done(&name);
        if (!copy.p) return status_memory();
        list[count++] = (struct cases_posting){shares[i].kind == PLAN_STATUTORY ? CASES_POSTING_FUND : CASES_POSTING_PAYER, copy, shares[i].pay};
    }
    if (row->state != CASES_STATE_REVERSED) {
        const struct cases_posting sums[] = {{CASES_POSTING_OWN, STR_INIT(""), row->hospital_part}, {CASES_POSTING_ACCOUNT, STR_INIT(""), row->account},
                                             {CASES_POSTING_PATIENT, STR_INIT(""), row->cash - row->payout}};
        for (size_t i = 0; i < COUNT_OF(sums); i++) {
            if (sums[i].net_debit) list[count++] = sums[i];
        }
    }
    *ret = list;
    *ret_count = count;
    return STATUS_OK;
}

/* ---- one transfer -------------------------------------------------------------------------------------------- */

static struct status account_need(struct life_postings *p, const struct life_side *side)
{
    struct ledger_account *account = NULL;
    for (uint32_t i = 0; i < p->account_count; i++) {
        if (str_eq(p->accounts[i].code, side->code)) return STATUS_OK;
    }
    const enum set_state found = ledger_account_get(p->x->set->ledger, side->code, &account);
    if (found == SET_WAIT) p->wait = true;
    const bool limit_differs = found == SET_FOUND && (side->flags & LEDGER_DEBITS_WITHIN_LIMIT) &&
                               (!(account->flags & LEDGER_DEBITS_WITHIN_LIMIT) || account->debit_limit != side->limit);
    if (found == SET_WAIT || (found == SET_FOUND && !limit_differs)) return STATUS_OK;
    struct cases_account *fresh = ARENA_PUSH(p->a, p->accounts, p->account_count, p->account_cap);
    if (!fresh) return status_memory();
    *fresh = (struct cases_account){side->code, p->currency, side->flags, side->limit};
    return STATUS_OK;
}

/* Unique for ever: the time, the place in the list, and a hash of case, event and place. */
static struct id128 transfer_id(const struct life_postings *p)
{
    const int64_t seed[3] = {p->at_ms, (int64_t)p->count, (int64_t)p->event};
    const uint64_t hash = str_hash((struct str){(const char *)seed, sizeof seed}) ^ str_hash(id128_view(&p->case_id));
    return id128_make(p->at_ms, (uint16_t)p->count, hash);
}

static struct status transfer_add(struct life_postings *p, enum ledger_kind kind, int64_t debit, int64_t credit, int64_t amount)
{
    const struct id128 id = transfer_id(p);
    struct ledger_transfer *t = ARENA_PUSH(p->a, p->transfers, p->count, p->cap);
    if (!t) return status_memory();
    if (p->count > 1) p->transfers[p->count - 2].linked = true; /* one chain: all or nothing */
    *t = (struct ledger_transfer){.id = id, .act = LEDGER_POST, .debit = debit, .credit = credit, .amount = amount, .kind = kind, .day = p->day, .case_id = p->case_id};
    return STATUS_OK;
}

struct status life_post(struct life_postings *p, enum ledger_kind kind, struct life_side debit, struct life_side credit, int64_t amount)
{
    CHECK(amount >= 0);
    if (amount == 0) return STATUS_OK;
    if (!debit.code.p || !credit.code.p) return status_memory();
    TRY(account_need(p, &debit));
    TRY(account_need(p, &credit));
    return transfer_add(p, kind, ledger_account_id(p->x->hash, debit.code), ledger_account_id(p->x->hash, credit.code), amount);
}

static struct life_side side(const struct life_postings *p, const char *kind, struct str name, struct str place)
{
    return (struct life_side){.code = life_account(p->a, kind, name, place, p->currency)};
}

static struct life_side memo(struct life_side s)
{
    s.flags = LEDGER_MEMORANDUM;
    return s;
}

/* ---- a settled answer -------------------------------------------------------------------------------------------- */

static struct status fund_post(struct life_postings *p, struct str payer, struct str hospital, int64_t amount)
{
    return life_post(p, LEDGER_KIND_FUND, memo(side(p, "fund", payer, hospital)), memo(side(p, "memo", STR(""), hospital)), amount);
}

static struct status payer_post(struct life_postings *p, const struct settle_share *share, struct str hospital)
{
    const struct registry_payer *payer = life_payer(p->x->world, share->payer, (struct day){p->day});
    const struct life_side due_to = side(p, "hospital", STR(""), hospital);
    const bool each = share->run.co_insurer_pay && (share->product->about.paid_by_each || (payer && payer->paid_by_each));
    if (!each) {
        struct life_side from = side(p, "payer", share->payer, hospital);
        if (payer && payer->advance_limit >= 0) {
            from.flags = LEDGER_DEBITS_WITHIN_LIMIT;
            from.limit = payer->advance_limit;
        }
        return life_post(p, LEDGER_KIND_SHARE, from, due_to, share->pay);
    }
    for (uint32_t i = 0; i < share->product->about.co_insurer_count; i++) {
        const struct str insurer = plan_co_insurer_about(share->product->plan, i).name;
        const struct str place = arena_printf(p->a, "%.*s:%.*s", STR_FMT(hospital), STR_FMT(insurer));
        if (!place.p) return status_memory();
        TRY(life_post(p, LEDGER_KIND_CO_INSURER, side(p, "payer", share->payer, place), due_to, share->run.co_insurer_pay[i]));
    }
    return STATUS_OK;
}

static struct status allowances_post(struct life_postings *p, const struct settle_share *share, struct str hospital)
{
    for (uint32_t i = 0; share->product && share->status == SETTLE_PAID && i < share->run.benefit_count; i++) {
        const struct plan_benefit_result *b = &share->run.benefits[i];
        if (!share->product->benefits[b->benefit].allowance || b->pay == 0) continue;
        TRY(life_post(p, LEDGER_KIND_ALLOWANCE, memo(side(p, "allowance", share->payer, STR(""))), memo(side(p, "memo", STR(""), hospital)), b->pay));
    }
    return STATUS_OK;
}

struct status life_postings_settle(struct life_postings *p, const struct life_run *run)
{
    const struct settle_answer *answer = &run->answer;
    const struct str hospital = run->bill->hospital;
    const struct life_side due_to = side(p, "hospital", STR(""), hospital), patient = side(p, "patient", STR(""), hospital);
    for (uint32_t i = 0; i < answer->share_count; i++) {
        const struct settle_share *share = &answer->shares[i];
        if (share->kind == PLAN_STATUTORY) TRY(fund_post(p, share->payer, hospital, share->pay));
        else TRY(payer_post(p, share, hospital));
        TRY(allowances_post(p, share, hospital));
    }
    TRY(life_post(p, LEDGER_KIND_HOSPITAL_OWN, side(p, "own", STR(""), hospital), due_to, answer->hospital));
    TRY(life_post(p, LEDGER_KIND_ACCOUNT, side(p, "account", STR(""), hospital), due_to, answer->account));
    TRY(life_post(p, LEDGER_KIND_CASH, patient, due_to, answer->cash));
    TRY(life_post(p, LEDGER_KIND_DEPOSIT, side(p, "deposit", STR(""), hospital), patient, run->bill->deposit));
    return life_post(p, LEDGER_KIND_PAYOUT, due_to, side(p, "payout", STR(""), hospital), answer->payout);
}

/* ---- undoing and differences ---------------------------------------------------------------------------------------- */

struct status life_postings_mirror(struct life_postings *p, const struct life_recorded *c)
{
    for (uint32_t i = c->count; i-- > 0;) {
        const struct cases_effect *e = &c->effects[i];
        for (uint32_t k = e->transfer_count; k-- > 0;) {
            const struct ledger_transfer *t = &e->transfers[k];
            struct ledger_account *account = NULL;
            if (ledger_account_get_id(p->x->set->ledger, t->debit, &account) == SET_WAIT) p->wait = true;
            if (ledger_account_get_id(p->x->set->ledger, t->credit, &account) == SET_WAIT) p->wait = true;
            if (t->act == LEDGER_POST) TRY(transfer_add(p, LEDGER_KIND_REVERSAL, t->credit, t->debit, t->amount));
        }
    }
    return STATUS_OK;
}

static struct str person_hex(struct life_postings *p, const struct cases_row *row)
{
    char hex[33];
    id128_hex(&row->person, hex);
    return arena_str(p->a, (struct str){hex, 32});
}

/* What the person still owes by offset, to be taken off the next payment to the patient. */
static struct status offset_take(struct life_postings *p, const struct life_side *payout, const struct cases_row *row, int64_t amount)
{
    struct ledger_account *account = NULL;
    const struct life_side offset = side(p, "offset", person_hex(p, row), STR(""));
    if (!offset.code.p) return status_memory();
    const enum set_state found = ledger_account_get(p->x->set->ledger, offset.code, &account);
    if (found == SET_WAIT) p->wait = true;
    if (found != SET_FOUND) return STATUS_OK;
    return life_post(p, LEDGER_KIND_RECOVERY, *payout, offset, i64_min(amount, i64_max(ledger_balance(account), 0)));
}

struct status life_postings_to_patient(struct life_postings *p, enum ledger_kind kind, struct str payer, bool statutory, const struct cases_row *row, int64_t amount)
{
    if (statutory) { /* the fund pays the hospital, the hospital pays the patient */
        TRY(fund_post(p, payer, row->hospital, amount));
        return life_post(p, kind, side(p, "hospital", STR(""), row->hospital), side(p, "payout", STR(""), row->hospital), amount);
    }
    const struct life_side payout = side(p, "payout", payer, STR(""));
    TRY(life_post(p, kind, side(p, "payer", payer, STR("patient")), payout, amount));
    return offset_take(p, &payout, row, amount);
}

struct status life_postings_manual(struct life_postings *p, struct str fund, int64_t amount)
{
    return life_post(p, LEDGER_KIND_FUND, memo(side(p, "fund", fund, STR("patient"))), memo(side(p, "payout", fund, STR(""))), amount);
}

struct status life_postings_against(struct life_postings *p, struct str payer, bool statutory, const struct cases_row *row, int64_t amount, enum registry_difference how)
{
    CHECK(how != REGISTRY_WAIVE);
    const struct life_side owes = how == REGISTRY_OFFSET ? side(p, "offset", person_hex(p, row), STR(""))
                                                         : side(p, "receivable", statutory ? STR("hospital") : payer, row->hospital);
    if (statutory) {
        TRY(life_post(p, LEDGER_KIND_FUND, memo(side(p, "memo", STR(""), row->hospital)), memo(side(p, "fund", payer, row->hospital)), amount));
        return life_post(p, LEDGER_KIND_ADJUSTMENT, owes, side(p, "hospital", STR(""), row->hospital), amount);
    }
    return life_post(p, LEDGER_KIND_ADJUSTMENT, owes, side(p, "payer", payer, STR("patient")), amount);
}

void life_postings_into(const struct life_postings *p, struct cases_effect *e)
{
    e->transfers = p->transfers;
    e->transfer_count = p->count;
    e->accounts = p->accounts;
    e->account_count = p->account_count;
}
