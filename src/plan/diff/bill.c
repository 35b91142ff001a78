/* plan/diff/bill — a candidate as bills, and what both plans pay on them. See diff/witness.h.
 *
 * The bill is written as JSON and read by bill_parse, so that every witness is a bill that any command accepts. Earlier payers: only the pooled fund.
 */
#include <string.h>

#include "plan/diff/witness.h"

enum { BILL_BYTES = 64 * 1024 };

/* ---- the JSON of a bill ------------------------------------------------------------------------------------------ */

struct dates {
    struct day from, to, enrolled; /* enrolled: DAY_NONE without a policy */
};

static struct dates dates_of(const struct witness_world *w, const struct witness_pick *p, int side, uint32_t bill) {
    struct dates d;
    const int64_t later = bill == 0 ? 0 : witness_value(w, p, WITNESS_BILLS)->number;
    const struct day first = day_add(w->base[side], (int32_t)witness_value(w, p, WITNESS_DAY)->number);
    d.from = day_add(first, (int32_t)later);
    d.to = day_add(d.from, (int32_t)witness_value(w, p, WITNESS_STAY)->number);
    const int64_t enrolled = witness_value(w, p, WITNESS_ENROLLED)->number;
    d.enrolled = enrolled >= 0 ? day_add(first, (int32_t)-enrolled) : DAY_NONE;
    return d;
}

static bool has_policy(const struct witness_world *w, const struct witness_pick *p) {
    (void)w;
    return p->of[WITNESS_ENROLLED] + p->of[WITNESS_CLAIM_FREE] + p->of[WITNESS_CLASS] + p->of[WITNESS_ENDORSED] + p->of[WITNESS_HISTORY] > 0;
}

static void day_member(struct json_writer *j, struct str name, struct day d) {
    char text[11];
    if (day_is(d)) json_member_string(j, name, (struct str){text, day_format(d, text)});
}

static void word_member(struct json_writer *j, struct str name, enum bill_vocabulary which, int64_t value) {
    uint32_t count = 0;
    const struct bill_word *words = bill_words(which, &count);
    CHECK(value >= 0 && value < count);
    if (words[value].name[0]) json_member_string(j, name, str_from(words[value].name));
}

/* The pick of a built-in fact; NULL when no plan reads it. */
static const struct witness_value *fact_value(const struct witness_world *w, const struct witness_pick *p, int32_t fact) {
    for (uint32_t i = WITNESS_FACTS; i < w->dim_count; i++) {
        if (w->dims[i].fact == fact) return witness_value(w, p, i);
    }
    return NULL;
}

static int64_t fact_number(const struct witness_world *w, const struct witness_pick *p, int32_t fact, int64_t usual) {
    const struct witness_value *v = fact_value(w, p, fact);
    return v ? v->number : usual;
}

static void text_member(const struct witness_world *w, const struct witness_pick *p, struct json_writer *j, struct str name, int32_t fact, struct str usual) {
    const struct witness_value *v = fact_value(w, p, fact);
    const struct str text = v && v->text.n > 0 ? v->text : usual;
    if (text.n > 0) json_member_string(j, name, text);
}

static void head_write(const struct witness_world *w, const struct witness_pick *p, struct dates d, uint32_t bill, struct json_writer *j) {
    json_member_string(j, STR("bill"), bill == 0 ? STR("WITNESS-1") : STR("WITNESS-2"));
    text_member(w, p, j, STR("hospital"), PLAN_FACT_HOSPITAL, STR("H00000000001"));
    word_member(j, STR("hospital_kind"), BILL_VOCABULARY_HOSPITAL_KIND, fact_number(w, p, PLAN_FACT_HOSPITAL_KIND, BILL_HOSPITAL_PUBLIC));
    text_member(w, p, j, STR("region"), PLAN_FACT_REGION, STR("110000"));
    text_member(w, p, j, STR("insured_region"), PLAN_FACT_INSURED_REGION, STR(""));
    text_member(w, p, j, STR("department"), PLAN_FACT_DEPARTMENT, STR(""));
    word_member(j, STR("visit"), BILL_VOCABULARY_VISIT, fact_number(w, p, PLAN_FACT_VISIT, BILL_VISIT_INPATIENT));
    word_member(j, STR("ward"), BILL_VOCABULARY_WARD, fact_number(w, p, PLAN_FACT_WARD, BILL_WARD_ORDINARY));
    word_member(j, STR("cause"), BILL_VOCABULARY_CAUSE, fact_number(w, p, PLAN_FACT_CAUSE, BILL_CAUSE_ILLNESS));
    day_member(j, STR("from"), d.from);
    day_member(j, STR("to"), d.to);
    json_member_string(j, STR("currency"), str_from(w->currency->code));
    static const struct {
        int32_t fact;
        const char *name;
    } flags[] = {{PLAN_FACT_DAY_SURGERY, "day_surgery"}, {PLAN_FACT_DIED, "died"}, {PLAN_FACT_INTERIM, "interim"}};
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        if (fact_number(w, p, flags[i].fact, 0)) json_member_bool(j, str_from(flags[i].name), true);
    }
    const int64_t icu = fact_number(w, p, PLAN_FACT_ICU_DAYS, 0);
    if (icu > 0) json_member_i64(j, STR("icu_days"), icu);
    json_name(j, STR("person"));
    json_begin_object(j);
    json_member_string(j, STR("unknown"), STR("WITNESS"));
    day_member(j, STR("born"), day_add_years(d.from, -(int)fact_number(w, p, PLAN_FACT_AGE, 43)));
    word_member(j, STR("sex"), BILL_VOCABULARY_SEX, fact_number(w, p, PLAN_FACT_SEX, BILL_SEX_UNKNOWN));
    json_end_object(j);
}

/* A fact that the plans read differently: each in its own bill, or, where one bill serves both, left to their defaults. */
static bool fact_is_written(const struct witness_world *w, const struct witness_dim *d, int side) {
    if (!d->declared || (w->shifted && !d->read_by[side])) return false;
    bool clash = false;
    for (uint32_t i = WITNESS_FACTS; i < w->dim_count; i++) clash = clash || (w->dims[i].clash && str_eq(w->dims[i].name, d->name));
    return !clash || w->shifted;
}

static void facts_write(const struct witness_world *w, const struct witness_pick *p, int side, struct json_writer *j) {
    json_name(j, STR("facts"));
    json_begin_object(j);
    for (uint32_t i = WITNESS_FACTS; i < w->dim_count; i++) {
        const struct witness_value *v = witness_value(w, p, i);
        if (!fact_is_written(w, &w->dims[i], side)) continue;
        if (w->dims[i].type == PLAN_VALUE_BOOL) json_member_bool(j, w->dims[i].name, v->number != 0);
        else if (w->dims[i].type == PLAN_VALUE_COUNT) json_member_i64(j, w->dims[i].name, v->number);
        else json_member_string(j, w->dims[i].name, v->text);
    }
    json_end_object(j);
}

static void code_array(struct json_writer *j, struct str name, struct str code, struct day since, bool main) {
    if (code.n == 0) return;
    json_name(j, name);
    json_begin_array(j);
    json_begin_object(j);
    json_member_string(j, STR("code"), code);
    day_member(j, STR("since"), since);
    if (main) json_member_bool(j, STR("main"), true);
    json_end_object(j);
    json_end_array(j);
}

static void parts_write(const struct witness_world *w, const struct witness_pick *p, int64_t amount, struct json_writer *j) {
    static const char *const names[BUCKET_GIVEN_COUNT] = {[BUCKET_OWN_FULL] = "own_full", [BUCKET_OVER_LIMIT] = "over_limit",
                                                          [BUCKET_OWN_FIRST] = "own_first", [BUCKET_IN_SCOPE] = "in_scope"};
    const int64_t parts = witness_value(w, p, WITNESS_PART)->number;
    for (int b = 0; b < BUCKET_GIVEN_COUNT; b++) json_member_i64(j, str_from(names[b]), parts >> b & 1 ? amount : 0);
}

static bool has_lines(const struct witness_pick *p) {
    return p->of[WITNESS_CODE] + p->of[WITNESS_LINE_KIND] + p->of[WITNESS_CATALOGUE] + p->of[WITNESS_QUANTITY] + p->of[WITNESS_SECOND] > 0;
}

static void line_write(const struct witness_world *w, const struct witness_pick *p, struct day date, int64_t number, struct json_writer *j) {
    const struct witness_value *code = witness_value(w, p, WITNESS_CODE);
    const int64_t kind = witness_value(w, p, WITNESS_LINE_KIND)->number, amount = witness_amount(w, p);
    int64_t parts = witness_value(w, p, WITNESS_PART)->number, sum = 0;
    for (; parts > 0; parts >>= 1) sum += parts & 1 ? amount : 0;
    json_begin_object(j);
    json_member_i64(j, STR("line"), number);
    json_member_string(j, STR("code"), code->text.n > 0 ? code->text : STR("ITEM"));
    if (code->name.n > 0) json_member_string(j, STR("name"), code->name);
    word_member(j, STR("kind"), BILL_VOCABULARY_LINE_KIND, kind >= 0 ? kind : code->number);
    word_member(j, STR("class"), BILL_VOCABULARY_CATALOGUE_CLASS, witness_value(w, p, WITNESS_CATALOGUE)->number);
    char quantity[24];
    const int64_t q = witness_value(w, p, WITNESS_QUANTITY)->number;
    quantity[0] = (char)('0' + q / 10 % 10);
    quantity[1] = (char)('0' + q % 10);
    json_member_string(j, STR("qty"), q < 10 ? (struct str){quantity + 1, 1} : (struct str){quantity, 2});
    day_member(j, STR("date"), date);
    json_member_i64(j, STR("amount"), sum);
    parts_write(w, p, amount, j);
    json_end_object(j);
}

static void money_write(const struct witness_world *w, const struct witness_pick *p, struct dates d, struct json_writer *j) {
    if (!has_lines(p)) {
        json_name(j, STR("totals"));
        json_begin_object(j);
        parts_write(w, p, witness_amount(w, p), j);
        json_end_object(j);
    } else {
        json_name(j, STR("lines"));
        json_begin_array(j);
        line_write(w, p, d.from, 1, j);
        if (p->of[WITNESS_SECOND] > 0) line_write(w, p, d.to, 2, j);
        json_end_array(j);
    }
    const int64_t percent = witness_value(w, p, WITNESS_FUND)->number, lines = p->of[WITNESS_SECOND] > 0 ? 2 : 1;
    const bool settled = fact_number(w, p, PLAN_FACT_SETTLED, 1) != 0;
    json_name(j, STR("statutory"));
    json_begin_object(j);
    json_member_bool(j, STR("settled"), settled);
    if (percent > 0 && settled) {
        json_name(j, STR("funds"));
        json_begin_object(j);
        json_member_i64(j, STR("hifp_pay"), witness_amount(w, p) * lines / 100 * percent);
        json_end_object(j);
    }
    json_end_object(j);
}

/* The policy year that holds the day of admission, or the plan's own year. */
static struct day_range cover_of(const struct plan *plan, struct dates d) {
    if (day_is(plan->in_force.to)) {
        const struct day from = day_is(d.enrolled) && d.enrolled.v > plan->in_force.from.v ? d.enrolled : plan->in_force.from;
        return (struct day_range){from, plan->in_force.to};
    }
    const struct day start = day_is(d.enrolled) ? d.enrolled : day_is(plan->in_force.from) ? plan->in_force.from : d.from;
    return start.v > d.from.v ? (struct day_range){start, DAY_OPEN} : period_policy_year(d.from, start, DAY_OPEN);
}

static void policy_write(const struct witness_world *w, const struct witness_pick *p, const struct plan *plan, struct dates d, struct json_writer *j) {
    const struct day_range cover = cover_of(plan, d);
    json_begin_object(j);
    json_member_string(j, STR("plan"), plan->name);
    day_member(j, STR("from"), cover.from);
    day_member(j, STR("to"), cover.to);
    day_member(j, STR("first_enrolled"), day_is(d.enrolled) ? d.enrolled : cover.from);
    if (p->of[WITNESS_CLAIM_FREE] > 0) json_member_i64(j, STR("claim_free_years"), witness_value(w, p, WITNESS_CLAIM_FREE)->number);
    if (p->of[WITNESS_CLASS] > 0) json_member_string(j, STR("class"), witness_value(w, p, WITNESS_CLASS)->text);
    if (p->of[WITNESS_ENDORSED] > 0) {
        json_name(j, STR("endorsements"));
        json_begin_array(j);
        json_begin_object(j);
        json_member_string(j, STR("name"), witness_value(w, p, WITNESS_ENDORSED)->text);
        json_end_object(j);
        json_end_array(j);
    }
    json_end_object(j);
}

static void bill_json(const struct witness_world *w, const struct witness_pick *p, int side, uint32_t bill, struct buf *out) {
    struct json_writer j;
    json_writer_init(&j, out, false);
    const struct dates d = dates_of(w, p, side, bill);
    const struct plan *a = w->sides[0].plan, *b = w->sides[1].plan;
    json_begin_object(&j);
    head_write(w, p, d, bill, &j);
    facts_write(w, p, side, &j);
    code_array(&j, STR("diagnoses"), witness_value(w, p, WITNESS_MAIN)->text, DAY_NONE, true);
    const struct day enrolled = day_is(d.enrolled) ? d.enrolled : cover_of(w->sides[side].plan, d).from;
    code_array(&j, STR("history"), witness_value(w, p, WITNESS_HISTORY)->text, day_add(enrolled, -400), false);
    if (p->of[WITNESS_PROCEDURE] > 0) {
        json_name(&j, STR("procedures"));
        json_begin_array(&j);
        json_string(&j, witness_value(w, p, WITNESS_PROCEDURE)->text);
        json_end_array(&j);
    }
    money_write(w, p, d, &j);
    if (has_policy(w, p)) {
        json_name(&j, STR("policies"));
        json_begin_array(&j);
        if (!w->shifted || side == 0) policy_write(w, p, a, d, &j);
        if (w->shifted ? side == 1 : !str_eq(a->name, b->name)) policy_write(w, p, b, d, &j);
        json_end_array(&j);
    }
    json_end_object(&j);
}

/* ---- running --------------------------------------------------------------------------------------------------------- */

/* What the pooled fund left of in_scope. */
static bool fund_apply(const struct witness_world *w, const struct bill *b, struct plan_input *in) {
    const uint32_t n = b->lines.count;
    int64_t *left = ARENA_ARRAY(w->a, int64_t, n), *parts = ARENA_ARRAY(w->a, int64_t, n);
    uint64_t *scratch = ARENA_ARRAY(w->a, uint64_t, n);
    if (!left || !parts || !scratch) return false;
    const int64_t fund = b->statutory.fund_sum;
    if (fund > b->net_sum[BUCKET_IN_SCOPE]) return true; /* the caller finds basic_paid false and drops the candidate */
    CHECK(split_largest_remainder(fund, b->lines.net[BUCKET_IN_SCOPE], n, parts, scratch));
    for (uint32_t i = 0; i < n; i++) left[i] = b->lines.net[BUCKET_IN_SCOPE][i] - parts[i];
    in->left[BUCKET_IN_SCOPE] = left;
    in->reimbursed = parts;
    in->paid[PLAN_STATUTORY][BUCKET_IN_SCOPE] = parts;
    in->basic_paid = true;
    return true;
}

static struct status bill_run(const struct witness_world *w, int side, const struct bill *b, bool explain, struct plan_counters *counters,
                              struct plan_result *ret, bool *ret_good) {
    const struct plan *plan = w->sides[side].plan;
    CHECK(b);
    struct bill_policy *usual = ARENA_NEW(w->a, struct bill_policy);
    if (!usual) return status_memory();
    *usual = (struct bill_policy){.plan = plan->name, .on = plan->in_force, .first_enrolled = plan->in_force.from, .claim_free_years = -1};
    const struct bill_policy *policy = usual;
    for (uint32_t i = 0; i < b->policy_count; i++) {
        if (str_eq(b->policies[i].plan, plan->name)) policy = &b->policies[i];
    }
    struct plan_input in = {.bill = b, .policy = policy, .policy_default = policy == usual, .settled_on = b->to, .owner = STR("p"),
                            .family = policy->family, .statutory_settled = b->statutory.settled};
    for (uint32_t k = 0; k < BUCKET_GIVEN_COUNT; k++) in.left[k] = b->lines.net[k];
    if (b->statutory.fund_sum > 0) {
        if (!fund_apply(w, b, &in)) return status_memory();
        if (!in.basic_paid) return STATUS_OK;
    }
    const struct status s = plan_run(w->a, w->sides[side].program, &in, counters, (struct plan_run_options){.explain = explain}, ret);
    if (status_failed(s)) return strcmp(s.err->code, "out-of-memory") == 0 ? s : STATUS_OK; /* a fact is missing: not a candidate */
    for (uint32_t i = 0; i < ret->change_count; i++) TRY(plan_counters_set(counters, &ret->changes[i].key, ret->changes[i].after));
    *ret_good = true;
    return STATUS_OK;
}

static int64_t allowances(const struct plan *plan, const struct plan_result *r) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < r->benefit_count; i++) {
        if (plan->benefits[r->benefits[i].benefit].kind == PLAN_BENEFIT_ALLOWANCE) sum += r->benefits[i].pay;
    }
    return sum;
}

static int64_t benefit_pay(const struct plan *plan, const struct plan_result *r, struct str name) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < r->benefit_count; i++) {
        if (str_eq(plan->benefits[r->benefits[i].benefit].name, name)) sum += r->benefits[i].pay;
    }
    return sum;
}

static bool benefits_differ(const struct witness_world *w, const struct witness_outcome *o) {
    for (uint32_t bill = 0; bill < o->bill_count; bill++) {
        for (uint32_t i = 0; i < w->sides[0].plan->benefit_count; i++) {
            const struct str name = w->sides[0].plan->benefits[i].name;
            if (benefit_pay(w->sides[0].plan, &o->results[0][bill], name) != benefit_pay(w->sides[1].plan, &o->results[1][bill], name)) return true;
        }
    }
    return false;
}

struct status witness_run(const struct witness_world *w, const struct witness_pick *p, bool explain, struct witness_outcome *ret, bool *ret_good) {
    struct witness_outcome o = {.bill_count = witness_value(w, p, WITNESS_BILLS)->number > 0 ? 2 : 1};
    struct plan_counters counters[2];
    plan_counters_init(&counters[0], w->a);
    plan_counters_init(&counters[1], w->a);
    for (uint32_t bill = 0; bill < o.bill_count; bill++) {
        for (int side = 0; side < 2; side++) {
            if (side == 1 && !w->shifted) {
                o.bills[1][bill] = o.bills[0][bill];
            } else {
                struct buf text;
                buf_init(&text, BILL_BYTES);
                bill_json(w, p, side, bill, &text);
                const struct status s = text.failed ? status_memory() : bill_parse(w->a, buf_view(&text), &o.bills[side][bill]);
                buf_done(&text);
                if (status_failed(s)) return strcmp(s.err->code, "out-of-memory") == 0 ? s : STATUS_OK;
            }
            bool good = false;
            TRY(bill_run(w, side, o.bills[side][bill], explain, &counters[side], &o.results[side][bill], &good));
            if (!good) return STATUS_OK;
            o.total[side] += o.results[side][bill].pay + allowances(w->sides[side].plan, &o.results[side][bill]);
        }
    }
    o.benefits_differ = benefits_differ(w, &o);
    *ret = o;
    *ret_good = true;
    return STATUS_OK;
}
