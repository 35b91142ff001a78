/* life/query_list — lists: cases, the queue of the claims desk, a person, events, a day. Newest first, by pages: `next` is the cursor of the following page.
 *
 * A hospital sees its own cases, an insurer the shares that it owns. A cover group's number is never shown.
 */
#include "cases/life/query.h"

/* LIST_TRIED_DAYS: a case bears the time of its trial, which stands at most 30 days (registry, stay_quote_minutes) before its confirmation. */
enum { LIST_DEFAULT = 50, LIST_MAX = 500, PERSON_CASES_MAX = 100, LIST_TRIED_DAYS = 33 };

static uint32_t list_max(uint32_t wanted) { return wanted == 0 ? LIST_DEFAULT : wanted > LIST_MAX ? LIST_MAX : wanted; }

static struct str own_hospital(const struct cases_caller *who, struct str wanted)
{
    return who->institution.n && str_eq(who->role, STR("hospital")) ? who->institution : wanted;
}

/* Whose shares alone are shown; empty: all. */
static struct str own_payers(const struct cases_caller *who) { return life_asks_as(who, STR("insurer")) ? who->institution : STR(""); }

/* Ids of cases of these days: a trial is at most some days before its confirmation. */
static void id_range(const struct cases_filter *f, struct id128 *ret_below, struct id128 *ret_from)
{
    struct day day;
    for (size_t i = 0; i < sizeof ret_below->b; i++) ret_below->b[i] = 0xff;
    *ret_from = (struct id128){{0}};
    if (f->to_day.n && day_parse(f->to_day, &day)) *ret_below = id128_make((day.v + 2) * LIFE_MS_DAY, 0, 0);
    if (f->from_day.n && day_parse(f->from_day, &day)) *ret_from = id128_make((day.v - LIST_TRIED_DAYS) * LIFE_MS_DAY, 0, 0);
    struct id128 after;
    if (f->after.n && id128_parse(f->after, &after)) *ret_below = after;
}

static void day_member(struct json_writer *w, struct str name, int64_t day)
{
    char text[11];
    const size_t n = day_format((struct day){(int32_t)day}, text);
    json_member_string(w, name, (struct str){text, n});
}

static struct id128 id_of(struct str bytes)
{
    struct id128 id = {{0}};
    for (size_t i = 0; i < sizeof id.b && i < bytes.n; i++) id.b[i] = (uint8_t)bytes.p[i];
    return id;
}

static void next_write(struct json_writer *w, bool more, const struct id128 *last)
{
    json_name(w, STR("next"));
    char hex[33];
    id128_hex(last, hex);
    if (more) json_string(w, (struct str){hex, 32});
    else json_null(w);
}

/* ---- cases --------------------------------------------------------------------------------------------------- */

static void case_item(const struct store_value *v, struct json_writer *w)
{
    static const char *const sums[] = {"total", "funds", "payers", "hospital_part", "account", "cash", "payout"};
    const struct id128 id = id_of(v[0].s);
    json_begin_object(w);
    life_member_id(w, STR("id"), &id);
    json_member_string(w, STR("hospital"), v[1].s);
    json_member_string(w, STR("bill"), v[2].s);
    json_member_i64(w, STR("revision"), v[3].i);
    json_member_string(w, STR("state"), v[4].s);
    day_member(w, STR("day"), v[5].i);
    life_member_time(w, STR("at"), v[6].i);
    for (size_t i = 0; i < COUNT_OF(sums); i++) json_member_i64(w, str_from(sums[i]), v[7 + i].i);
    json_end_object(w);
}

/* One more than a page, to know whether another follows. */
static struct status cases_read(struct cases_reader *r, const struct cases_caller *who, const struct cases_filter *f, struct str owner, struct store_rows *ret)
{
    struct id128 below, from;
    struct day from_day = {INT32_MIN + 1}, to_day = {INT32_MAX - 1};
    id_range(f, &below, &from);
    if (f->from_day.n) (void)day_parse(f->from_day, &from_day);
    if (f->to_day.n) (void)day_parse(f->to_day, &to_day);
    const struct str hospital = own_hospital(who, f->hospital);
    const struct store_value params[] = {STORE_S(id128_view(&below)), STORE_S(id128_view(&from)), STORE_S(hospital), STORE_S(f->state),
                                         STORE_I(from_day.v), STORE_I(to_day.v), STORE_I(list_max(f->max) + 1), STORE_S(owner)};
    const enum life_statement which = owner.n ? LIFE_SQL_CASES_OWNER : hospital.n ? LIFE_SQL_CASES_HOSPITAL : LIFE_SQL_CASES;
    return store_read(r->connection, &r->arena, life_statement(which), params, 1, ret);
}

struct status life_query_ids(struct cases_reader *r, const struct cases_caller *who, const struct cases_filter *f, struct id128 **ret, uint32_t *ret_count, bool *ret_more)
{
    struct store_rows rows;
    const uint32_t max = list_max(f->max);
    TRY(cases_read(r, who, f, STR(""), &rows));
    struct id128 *ids = ARENA_ARRAY(&r->arena, struct id128, rows.count + 1);
    if (!ids) return status_memory();
    for (uint32_t i = 0; i < rows.count && i < max; i++) ids[i] = id_of(store_row(&rows, i)[0].s);
    *ret = ids;
    *ret_count = rows.count < max ? rows.count : max;
    *ret_more = rows.count > max;
    return STATUS_OK;
}

static struct status cases_write(struct cases_reader *r, const struct cases_caller *who, const struct cases_filter *f, struct json_writer *w)
{
    struct store_rows rows;
    struct id128 last = {{0}};
    const uint32_t max = list_max(f->max);
    TRY(cases_read(r, who, f, own_payers(who), &rows));
    json_begin_object(w);
    json_name(w, STR("settlements"));
    json_begin_array(w);
    for (uint32_t i = 0; i < rows.count && i < max; i++) {
        case_item(store_row(&rows, i), w);
        last = id_of(store_row(&rows, i)[0].s);
    }
    json_end_array(w);
    next_write(w, rows.count > max, &last);
    json_end_object(w);
    return STATUS_OK;
}

/* ---- the queue of the claims desk -------------------------------------------------------------------------------- */

static struct status share_item(struct cases_reader *r, const struct id128 *id, uint32_t n, struct json_writer *w)
{
    struct cases_row *row = NULL;
    struct cases_share *shares = NULL;
    uint32_t count = 0;
    if (cases_row_get(r->set, id, &row) != SET_FOUND || cases_shares_get(r->set, id, &shares, &count) != SET_FOUND) return STATUS_OK;
    for (uint32_t i = 0; i < count; i++) {
        if (shares[i].n != n) continue;
        json_begin_object(w);
        life_member_id(w, STR("id"), id);
        json_member_string(w, STR("hospital"), row->hospital);
        json_member_string(w, STR("bill"), row->bill);
        day_member(w, STR("day"), row->day);
        json_name(w, STR("share"));
        life_share_write(&shares[i], w);
        json_end_object(w);
    }
    return STATUS_OK;
}

/* -1: any; a state that there is not: none. */
static int64_t share_state_of(struct str name)
{
    for (int i = 0; name.n && i < CASES_SHARE_STATE_COUNT; i++) {
        if (str_eq(name, str_from(cases_share_state_name((enum cases_share_state)i)))) return i;
    }
    return name.n ? CASES_SHARE_STATE_COUNT : -1;
}

static struct status shares_write(struct cases_reader *r, const struct cases_caller *who, const struct cases_filter *f, struct json_writer *w)
{
    struct id128 below, from, last = {{0}};
    struct store_rows rows;
    const uint32_t max = list_max(f->max);
    id_range(f, &below, &from);
    const struct str owner = own_payers(who);
    const struct store_value params[] = {STORE_S(id128_view(&below)), STORE_S(id128_view(&from)), STORE_S(owner), STORE_S(f->payer),
                                         STORE_I(share_state_of(f->state)), STORE_S(own_hospital(who, f->hospital)), STORE_I(max + 1)};
    TRY(store_read(r->connection, &r->arena, life_statement(LIFE_SQL_SHARES), params, 1, &rows));
    for (bool loaded = true; loaded;) {
        for (uint32_t i = 0; i < rows.count; i++) {
            struct cases_row *row = NULL;
            struct cases_share *shares = NULL;
            uint32_t count = 0;
            const struct id128 id = id_of(store_row(&rows, i)[0].s);
            (void)cases_row_get(r->set, &id, &row);
            (void)cases_shares_get(r->set, &id, &shares, &count);
        }
        TRY(life_query_load(r, &loaded));
    }
    json_begin_object(w);
    json_name(w, STR("shares"));
    json_begin_array(w);
    for (uint32_t i = 0; i < rows.count && i < max; i++) {
        last = id_of(store_row(&rows, i)[0].s);
        TRY(share_item(r, &last, (uint32_t)store_row(&rows, i)[1].i, w));
    }
    json_end_array(w);
    next_write(w, rows.count > max, &last);
    json_end_object(w);
    return STATUS_OK;
}

/* ---- a person -------------------------------------------------------------------------------------------------------- */

static bool plan_shown(const struct cases_reader *r, const struct cases_caller *who, struct str plan)
{
    const struct registry_payer *p = registry_payer_find(r->world, plan);
    return own_payers(who).n == 0 || (p && str_eq(p->institution, who->institution));
}

/* A counter is a product's: shown to an insurer when a plan of its own, among the person's policies, is of that product. */
static bool product_shown(struct cases_reader *r, const struct cases_caller *who, const struct registry_policy *policies, uint32_t count, struct str product)
{
    const struct cases_library *library = cases_products_library(r->products, (struct day){(int32_t)(r->env->now_ms(r->env) / LIFE_MS_DAY)});
    if (own_payers(who).n == 0) return true;
    for (uint32_t i = 0; library && i < count; i++) {
        if (!plan_shown(r, who, policies[i].terms.plan)) continue;
        const struct settle_product *p = cases_library_product(library, policies[i].terms.plan);
        if (p && str_eq(p->about.product, product)) return true;
    }
    return false;
}

static void policies_write(const struct cases_reader *r, const struct cases_caller *who, const struct registry_policy *policies, uint32_t count, struct json_writer *w)
{
    uint32_t word_count = 0;
    const struct bill_word *words = bill_words(BILL_VOCABULARY_POLICY_STATUS, &word_count);
    json_name(w, STR("policies"));
    json_begin_array(w);
    for (uint32_t i = 0; i < count; i++) {
        const struct registry_policy *p = &policies[i];
        if (!plan_shown(r, who, p->terms.plan)) continue;
        json_begin_object(w);
        json_member_string(w, STR("plan"), p->terms.plan);
        json_member_string(w, STR("policy"), p->terms.policy);
        if (day_is(p->terms.on.from)) day_member(w, STR("from"), p->terms.on.from.v);
        if (day_is(p->terms.on.to)) day_member(w, STR("to"), p->terms.on.to.v);
        json_member_string(w, STR("status"), p->is_void ? STR("void") : str_from(words[p->terms.status].name));
        if (p->is_void) json_member_string(w, STR("reason"), p->void_reason);
        json_end_object(w);
    }
    json_end_array(w);
}

static void counters_write(struct cases_reader *r, const struct cases_caller *who, const struct registry_policy *policies, uint32_t count, const struct cases_cover *cover,
                           const struct id128 *person, struct json_writer *w)
{
    static const char *const kinds[PLAN_COUNTER_KIND_COUNT] = {"filled", "over", "paid", "limit", "base", "times", "days"};
    char hex[33];
    id128_hex(person, hex);
    json_name(w, STR("counters"));
    json_begin_array(w);
    for (uint32_t i = 0; cover && i < cover->counters.slot_count; i++) {
        const struct plan_counter *c = &cover->counters.slots[i];
        const bool other = c->key.owner.n == 32 && !str_eq(c->key.owner, (struct str){hex, 32});
        if (c->hash == 0 || c->value == 0 || other || !product_shown(r, who, policies, count, c->key.product)) continue;
        json_begin_object(w);
        json_member_string(w, STR("product"), c->key.product);
        json_member_string(w, STR("benefit"), c->key.benefit);
        json_member_string(w, STR("kind"), str_from(kinds[c->key.kind]));
        if (c->key.code.n) json_member_string(w, STR("code"), c->key.code);
        if (day_is(c->key.period_of)) day_member(w, STR("period"), c->key.period_of.v);
        if (c->key.period_text.n) json_member_string(w, STR("period"), c->key.period_text);
        json_member_bool(w, STR("family"), c->key.owner.n != 32);
        json_member_i64(w, STR("value"), c->value);
        json_end_object(w);
    }
    json_end_array(w);
}

/* Has the caller, an insurer, a share of the case? */
static struct status case_shown(struct cases_reader *r, const struct cases_caller *who, const struct id128 *id, bool *ret)
{
    struct cases_share *shares = NULL;
    uint32_t count = 0;
    *ret = own_payers(who).n == 0;
    if (*ret) return STATUS_OK;
    for (bool loaded = true; loaded;) {
        (void)cases_shares_get(r->set, id, &shares, &count);
        TRY(life_query_load(r, &loaded));
    }
    for (uint32_t i = 0; i < count && !*ret; i++) *ret = str_eq(shares[i].owner, who->institution);
    return STATUS_OK;
}

static struct status person_cases_write(struct cases_reader *r, const struct cases_caller *who, const struct cases_cover *cover, const struct id128 *person,
                                        struct json_writer *w)
{
    struct id128 at = cover ? cover->last_case : (struct id128){{0}};
    const struct str hospital = own_hospital(who, STR(""));
    json_name(w, STR("cases"));
    json_begin_array(w);
    for (uint32_t n = 0; n < PERSON_CASES_MAX && !id128_is_zero(&at);) {
        struct cases_row *row = NULL;
        enum set_state found = cases_row_get(r->set, &at, &row);
        for (bool loaded = true; found == SET_WAIT && loaded;) {
            TRY(life_query_load(r, &loaded));
            found = cases_row_get(r->set, &at, &row);
        }
        if (found != SET_FOUND) break;
        at = row->prev;
        bool shown = false;
        TRY(case_shown(r, who, &row->id, &shown));
        if (!shown || !id128_equal(&row->person, person) || (hospital.n && !str_eq(hospital, row->hospital))) continue;
        json_begin_object(w);
        life_member_id(w, STR("id"), &row->id);
        json_member_string(w, STR("bill"), row->bill);
        json_member_string(w, STR("hospital"), row->hospital);
        json_member_string(w, STR("state"), str_from(cases_state_name(row->state)));
        day_member(w, STR("day"), row->day);
        json_member_i64(w, STR("total"), row->total);
        json_member_i64(w, STR("payers"), row->payers);
        json_end_object(w);
        n++;
    }
    json_end_array(w);
    return STATUS_OK;
}

static struct status person_write(struct cases_reader *r, const struct cases_caller *who, const struct bill_person *p, bool *ret_found, struct json_writer *w)
{
    struct id128 lookup;
    struct registry_identifier id;
    const struct registry_policy *policies = NULL;
    struct cases_cover *cover = NULL;
    uint32_t count = 0;
    const struct day today = {(int32_t)(r->env->now_ms(r->env) / LIFE_MS_DAY)};
    registry_person_lookup(r->keys, p, who->institution, &lookup);
    enum set_state found = SET_WAIT;
    for (bool loaded = true; loaded;) {
        found = registry_identifier_get(r->set->registry, &lookup, today, &id);
        if (found == SET_FOUND) {
            (void)registry_policies_get(r->set->registry, id.cover, &id.person, INT64_MAX, &policies, &count);
            (void)cases_cover_get(r->set, id.cover, &cover);
        }
        TRY(life_query_load(r, &loaded));
    }
    *ret_found = found == SET_FOUND;
    if (found != SET_FOUND) return STATUS_OK;
    json_begin_object(w);
    life_member_id(w, STR("person"), &id.person);
    policies_write(r, who, policies, count, w);
    counters_write(r, who, policies, count, cover, &id.person, w);
    TRY(person_cases_write(r, who, cover, &id.person, w));
    json_end_object(w);
    return STATUS_OK;
}

/* ---- events and days ---------------------------------------------------------------------------------------------------- */

/* Hospitals: what they did and what became of their bills. Insurers: what concerns a share of theirs. `e` is read for these two only. */
static bool event_may(struct arena *a, const struct cases_caller *who, const struct journal_event *ev, struct cases_effect *e)
{
    const bool hospital = life_asks_as(who, STR("hospital"));
    if (!hospital && !life_asks_as(who, STR("insurer"))) return true;
    if (ev->type < JOURNAL_CASE_SETTLED || ev->type > JOURNAL_DOCUMENT_ADDED || status_failed(cases_effect_read(a, ev, e))) return false;
    if (hospital) return str_eq(e->institution, who->institution) || (e->row && str_eq(e->row->hospital, who->institution));
    for (uint32_t i = 0; i < e->share_count; i++) {
        if (str_eq(e->shares[i].owner, who->institution)) return true;
    }
    return false;
}

/* What an insurer sees of an event: the case, and its own shares after it. */
static void event_partial(const struct cases_effect *e, struct str owner, struct json_writer *w)
{
    json_begin_object(w);
    life_member_id(w, STR("case"), &e->case_id);
    json_name(w, STR("shares"));
    json_begin_array(w);
    for (uint32_t i = 0; i < e->share_count; i++) {
        if (str_eq(e->shares[i].owner, owner)) life_share_write(&e->shares[i], w);
    }
    json_end_array(w);
    json_member_bool(w, STR("partial"), true);
    json_end_object(w);
}

static struct status events_write(struct cases_reader *r, const struct cases_caller *who, int64_t after, uint32_t max, struct json_writer *w)
{
    struct journal_event *events = NULL;
    uint32_t count = 0;
    TRY(journal_read(r->connection, &r->arena, 0, after, list_max(max), &events, &count));
    json_begin_object(w);
    json_name(w, STR("events"));
    json_begin_array(w);
    for (uint32_t i = 0; i < count; i++) {
        const struct journal_event *ev = &events[i];
        struct cases_effect e = {0};
        if (!event_may(&r->arena, who, ev, &e)) continue;
        json_begin_object(w);
        json_member_i64(w, STR("seq"), ev->seq);
        life_member_time(w, STR("at"), ev->at_ms);
        json_member_string(w, STR("type"), str_from(journal_type_name(ev->type)));
        json_member_i64(w, STR("version"), ev->version);
        if (!id128_is_zero(&ev->subject)) life_member_id(w, STR("subject"), &ev->subject);
        json_name(w, STR("open"));
        if (own_payers(who).n) event_partial(&e, who->institution, w);
        else json_raw(w, ev->open);
        json_end_object(w);
    }
    json_end_array(w);
    json_member_i64(w, STR("next"), count ? events[count - 1].seq : after);
    json_end_object(w);
    return STATUS_OK;
}

static struct status day_write(struct cases_reader *r, struct day day, struct str hospital, struct json_writer *w)
{
    static const char *const sums[] = {"count", "total", "funds", "payers", "hospital_part", "account", "cash", "payout"};
    struct store_rows rows, ledger;
    bool closed = false;
    const struct id128 from = id128_make((day.v - 1) * LIFE_MS_DAY, 0, 0), below = id128_make((day.v + 2) * LIFE_MS_DAY, 0, 0);
    for (bool loaded = true; loaded;) {
        (void)cases_day_get(r->set, day.v, &closed);
        TRY(life_query_load(r, &loaded));
    }
    const struct id128 tried = id128_make((day.v - LIST_TRIED_DAYS) * LIFE_MS_DAY, 0, 0);
    const struct store_value params[] = {STORE_I(day.v), STORE_S(hospital), STORE_S(id128_view(&tried)), STORE_S(id128_view(&below))};
    const struct store_value ledger_params[] = {STORE_I(day.v), STORE_S(id128_view(&from)), STORE_S(id128_view(&below)), STORE_S(hospital)};
    TRY(store_read(r->connection, &r->arena, life_statement(hospital.n ? LIFE_SQL_DAY_HOSPITAL : LIFE_SQL_DAY), params, 1, &rows));
    TRY(store_read(r->connection, &r->arena, life_statement(LIFE_SQL_DAY_LEDGER), ledger_params, 1, &ledger));
    json_begin_object(w);
    day_member(w, STR("day"), day.v);
    json_member_string(w, STR("state"), closed ? STR("closed") : STR("open"));
    if (hospital.n) json_member_string(w, STR("hospital"), hospital);
    json_name(w, STR("cases"));
    json_begin_array(w);
    for (uint32_t i = 0; i < rows.count; i++) {
        const struct store_value *v = store_row(&rows, i);
        json_begin_object(w);
        json_member_string(w, STR("state"), v[0].s);
        for (size_t k = 0; k < COUNT_OF(sums); k++) json_member_i64(w, str_from(sums[k]), v[1 + k].i);
        json_end_object(w);
    }
    json_end_array(w);
    json_name(w, STR("ledger"));
    json_begin_array(w);
    for (uint32_t i = 0; i < ledger.count; i++) {
        const struct store_value *v = store_row(&ledger, i);
        json_begin_object(w);
        json_member_string(w, STR("kind"), str_from(ledger_kind_name((enum ledger_kind)v[0].i)));
        json_member_i64(w, STR("count"), v[1].i);
        json_member_i64(w, STR("amount"), v[2].i);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
    return STATUS_OK;
}

/* ---- the doors ------------------------------------------------------------------------------------------------------------- */

struct list_query {
    enum list_kind { LIST_CASES, LIST_SHARES, LIST_PERSON, LIST_EVENTS, LIST_DAY } kind;
    const struct cases_filter *filter;
    struct bill_person person;
    int64_t after;
    uint32_t max;
    struct day day;
    struct str hospital;
};

static struct status list_write(struct cases_reader *r, const struct cases_caller *who, const struct list_query *q, bool *ret_found, struct json_writer *w)
{
    *ret_found = true;
    switch (q->kind) {
    case LIST_CASES: return cases_write(r, who, q->filter, w);
    case LIST_SHARES: return shares_write(r, who, q->filter, w);
    case LIST_PERSON: return person_write(r, who, &q->person, ret_found, w);
    case LIST_EVENTS: return events_write(r, who, q->after, q->max, w);
    case LIST_DAY: return day_write(r, q->day, own_hospital(who, q->hospital), w);
    }
    return STATUS_OK;
}

static int list_query(struct cases_desk *d, const struct cases_caller *who, const struct list_query *q, struct buf *out)
{
    struct cases_reader *r = NULL;
    struct json_writer w;
    bool found = true;
    struct status s = cases_reader_take(d, &r);
    if (status_failed(s)) return life_query_fail(out, s);
    json_writer_init(&w, out, false);
    s = list_write(r, who, q, &found, &w);
    const int http = status_failed(s) ? life_query_fail(out, s) : !found ? life_query_refuse(out, CASES_REFUSED_PERSON_UNKNOWN) : 200;
    cases_reader_give(d, r);
    return http;
}

int cases_query_cases(struct cases_desk *d, const struct cases_caller *who, const struct cases_filter *f, struct buf *out)
{
    return list_query(d, who, &(struct list_query){.kind = LIST_CASES, .filter = f}, out);
}

int cases_query_shares(struct cases_desk *d, const struct cases_caller *who, const struct cases_filter *f, struct buf *out)
{
    return list_query(d, who, &(struct list_query){.kind = LIST_SHARES, .filter = f}, out);
}

int cases_query_person(struct cases_desk *d, const struct cases_caller *who, struct str id_kind, struct str id, struct buf *out)
{
    return list_query(d, who, &(struct list_query){.kind = LIST_PERSON, .person = {.id_kind = id_kind, .id = id, .born = DAY_NONE}}, out);
}

int cases_query_events(struct cases_desk *d, const struct cases_caller *who, int64_t after, uint32_t max, struct buf *out)
{
    return list_query(d, who, &(struct list_query){.kind = LIST_EVENTS, .after = after, .max = max}, out);
}

int cases_query_day(struct cases_desk *d, const struct cases_caller *who, struct str day, struct str hospital, struct buf *out)
{
    struct list_query q = {.kind = LIST_DAY, .hospital = hospital};
    if (!day_parse(day, &q.day)) return life_query_refuse(out, CASES_REFUSED_DAY_UNKNOWN);
    return list_query(d, who, &q, out);
}
