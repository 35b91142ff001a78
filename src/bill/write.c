/* write — a bill as canonical JSON: members in one order, defaults left out, amounts as integers.
 *
 * Who uses it: witness bills of the checker, tests, tools. Invariant: bill_parse of what is written gives an equal bill;
 * `ext` goes out byte for byte. What only the identity checks read (total, fund_total, details …) is not kept in the model
 * and therefore not written. A failed buffer shows in the writer's `out->failed`.
 */
#include "bill/reader.h"

size_t bill_decimal_format(int64_t v, int scale, char out[BILL_DECIMAL_BYTES]) {
    char reversed[BILL_DECIMAL_BYTES];
    uint64_t rest = v < 0 ? -(uint64_t)v : (uint64_t)v;
    while (scale > 0 && rest % 10 == 0) {
        rest /= 10;
        scale--;
    }
    size_t n = 0, length = 0;
    for (int digit = 0; rest > 0 || digit <= scale; digit++) {
        if (digit == scale && scale > 0) reversed[n++] = '.';
        reversed[n++] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    }
    if (v < 0) out[length++] = '-';
    while (n > 0) out[length++] = reversed[--n];
    out[length] = '\0';
    return length;
}

/* ---- members that may be left out -------------------------------------------------------------------- */

static void text_write(struct json_writer *w, struct str name, struct str s) {
    if (s.n > 0) json_member_string(w, name, s);
}

static void day_write(struct json_writer *w, struct str name, struct day d) {
    char out[11];
    if (day_is(d)) json_member_string(w, name, (struct str){out, day_format(d, out)});
}

static void word_write(struct json_writer *w, struct str name, enum bill_vocabulary which, uint32_t value) {
    uint32_t count;
    const struct bill_word *words = bill_words(which, &count);
    CHECK(value < count);
    json_member_string(w, name, str_from(words[value].name));
}

static void decimal_write(struct json_writer *w, struct str name, int64_t v, int scale) {
    char out[BILL_DECIMAL_BYTES];
    json_member_string(w, name, (struct str){out, bill_decimal_format(v, scale, out)});
}

/* ---- parts --------------------------------------------------------------------------------------------- */

static void header_write(struct json_writer *w, const struct bill *b) {
    CHECK(b->currency != NULL);
    json_member_string(w, STR("bill"), b->bill);
    json_member_i64(w, STR("revision"), b->revision);
    json_member_string(w, STR("hospital"), b->hospital);
    word_write(w, STR("hospital_kind"), BILL_VOCABULARY_HOSPITAL_KIND, b->hospital_kind);
    json_member_string(w, STR("region"), b->region);
    text_write(w, STR("insured_region"), b->insured_region);
    text_write(w, STR("stay"), b->stay);
    word_write(w, STR("visit"), BILL_VOCABULARY_VISIT, b->visit);
    text_write(w, STR("department"), b->department);
    word_write(w, STR("ward"), BILL_VOCABULARY_WARD, b->ward);
    word_write(w, STR("cause"), BILL_VOCABULARY_CAUSE, b->cause);
    day_write(w, STR("from"), b->from);
    day_write(w, STR("to"), b->to);
    json_member_string(w, STR("currency"), str_from(b->currency->code));
    if (b->interim) json_member_bool(w, STR("interim"), true);
    if (b->icu_days > 0) json_member_i64(w, STR("icu_days"), b->icu_days);
    if (b->day_surgery != (b->visit == BILL_VISIT_DAY_SURGERY)) json_member_bool(w, STR("day_surgery"), b->day_surgery);
    if (b->died) json_member_bool(w, STR("died"), true);
}

static void person_write(struct json_writer *w, const struct bill_person *p) {
    json_name(w, STR("person"));
    json_begin_object(w);
    if (str_eq(p->id_kind, STR("unknown"))) {
        json_member_string(w, STR("unknown"), p->id);
    } else if (str_eq(p->id_kind, STR("newborn"))) {
        json_member_string(w, STR("newborn_of"), p->id);
    } else {
        json_member_string(w, STR("id_kind"), p->id_kind);
        json_member_string(w, STR("id"), p->id);
    }
    text_write(w, STR("name"), p->name);
    day_write(w, STR("born"), p->born);
    if (p->sex != BILL_SEX_UNKNOWN) word_write(w, STR("sex"), BILL_VOCABULARY_SEX, p->sex);
    json_end_object(w);
}

static void facts_write(struct json_writer *w, const struct bill *b) {
    if (b->fact_count == 0) return;
    json_name(w, STR("facts"));
    json_begin_object(w);
    for (uint32_t i = 0; i < b->fact_count; i++) {
        const struct bill_fact *f = &b->facts[i];
        switch (f->kind) {
        case BILL_FACT_BOOL: json_member_bool(w, f->name, f->number != 0); break;
        case BILL_FACT_COUNT: json_member_i64(w, f->name, f->number); break;
        case BILL_FACT_TEXT: json_member_string(w, f->name, f->text); break;
        }
    }
    json_end_object(w);
}

static void diagnoses_write(struct json_writer *w, struct str name, const struct bill_diagnosis *list, uint32_t count) {
    if (count == 0) return;
    json_name(w, name);
    json_begin_array(w);
    for (uint32_t i = 0; i < count; i++) {
        json_begin_object(w);
        json_member_string(w, STR("code"), list[i].code);
        day_write(w, STR("since"), list[i].since);
        if (list[i].main) json_member_bool(w, STR("main"), true);
        json_end_object(w);
    }
    json_end_array(w);
}

static void texts_write(struct json_writer *w, struct str name, const struct str *list, uint32_t count) {
    if (count == 0) return;
    json_name(w, name);
    json_begin_array(w);
    for (uint32_t i = 0; i < count; i++) json_string(w, list[i]);
    json_end_array(w);
}

static void parts_write(struct json_writer *w, const struct bill_lines *l, uint32_t i) {
    uint32_t k = 0;
#define PART_WRITE(n, s, z) \
    if (k < BUCKET_GIVEN_COUNT) json_member_i64(w, STR(s), l->given[k][i]); \
    k++;
    BILL_BUCKETS(PART_WRITE)
#undef PART_WRITE
}

static void line_write(struct json_writer *w, const struct bill_lines *l, uint32_t i) {
    json_begin_object(w);
    json_member_i64(w, STR("line"), l->number[i]);
    json_member_string(w, STR("code"), l->code[i]);
    text_write(w, STR("name"), l->name[i]);
    if (l->kind_text[i].n > 0) json_member_string(w, STR("kind"), l->kind_text[i]);
    else word_write(w, STR("kind"), BILL_VOCABULARY_LINE_KIND, l->kind[i]);
    if (l->catalogue[i] != BILL_CLASS_NONE) word_write(w, STR("class"), BILL_VOCABULARY_CATALOGUE_CLASS, l->catalogue[i]);
    decimal_write(w, STR("qty"), l->qty_e4[i], 4);
    if (l->price_e6[i] != INT64_MIN) decimal_write(w, STR("price"), l->price_e6[i], 6);
    day_write(w, STR("date"), l->date[i]);
    json_member_i64(w, STR("amount"), l->amount[i]);
    parts_write(w, l, i);
    if (l->returns[i] != 0) json_member_i64(w, STR("returns"), l->returns[i]);
    text_write(w, STR("ingredient"), l->ingredient[i]);
    json_end_object(w);
}

static void body_write(struct json_writer *w, const struct bill *b) {
    if (b->totals_only) {
        json_name(w, STR("totals"));
        json_begin_object(w);
        parts_write(w, &b->lines, 0);
        json_end_object(w);
        return;
    }
    json_name(w, STR("lines"));
    json_begin_array(w);
    for (uint32_t i = 0; i < b->lines.count; i++) line_write(w, &b->lines, i);
    json_end_array(w);
}

static void statutory_write(struct json_writer *w, const struct bill_statutory *s) {
    json_name(w, STR("statutory"));
    json_begin_object(w);
    json_member_bool(w, STR("settled"), s->settled);
    word_write(w, STR("stage"), BILL_VOCABULARY_STAGE, s->stage);
    if (s->fund_count > 0) {
        json_name(w, STR("funds"));
        json_begin_object(w);
        for (uint32_t i = 0; i < s->fund_count; i++) json_member_i64(w, s->funds[i].name, s->funds[i].amount);
        json_end_object(w);
    }
    text_write(w, STR("setl_id"), s->setl_id);
    if (s->deductible >= 0) json_member_i64(w, STR("deductible"), s->deductible);
    if (s->account > 0) json_member_i64(w, STR("account"), s->account);
    if (s->hospital_part > 0) json_member_i64(w, STR("hospital_part"), s->hospital_part);
    json_end_object(w);
}

static void policy_write(struct json_writer *w, const struct bill_policy *p) {
    json_begin_object(w);
    json_member_string(w, STR("plan"), p->plan);
    text_write(w, STR("policy"), p->policy);
    text_write(w, STR("plan_version"), p->plan_version);
    day_write(w, STR("from"), p->on.from);
    day_write(w, STR("to"), p->on.to);
    word_write(w, STR("status"), BILL_VOCABULARY_POLICY_STATUS, p->status);
    day_write(w, STR("first_enrolled"), p->first_enrolled);
    if (p->claim_free_years >= 0) json_member_i64(w, STR("claim_free_years"), p->claim_free_years);
    if (p->class_given) json_member_string(w, STR("class"), p->class_name);
    text_write(w, STR("class_evidence"), p->class_evidence);
    text_write(w, STR("family"), p->family);
    text_write(w, STR("holder"), p->holder);
    text_write(w, STR("payee"), p->payee);
    if (p->endorsement_count > 0) {
        json_name(w, STR("endorsements"));
        json_begin_array(w);
        for (uint32_t i = 0; i < p->endorsement_count; i++) {
            const struct bill_endorsement *e = &p->endorsements[i];
            json_begin_object(w);
            json_member_string(w, STR("name"), e->name);
            day_write(w, STR("from"), e->on.from);
            day_write(w, STR("to"), e->on.to);
            texts_write(w, STR("excludes"), e->excludes, e->exclude_count);
            json_end_object(w);
        }
        json_end_array(w);
    }
    json_end_object(w);
}

static void invoice_write(struct json_writer *w, const struct bill_invoice *v) {
    if (v->code.n == 0 && v->number.n == 0 && v->check.n == 0) return;
    json_name(w, STR("invoice"));
    json_begin_object(w);
    text_write(w, STR("code"), v->code);
    text_write(w, STR("number"), v->number);
    text_write(w, STR("check"), v->check);
    json_end_object(w);
}

void bill_write(const struct bill *b, struct json_writer *w) {
    json_begin_object(w);
    header_write(w, b);
    person_write(w, &b->person);
    facts_write(w, b);
    diagnoses_write(w, STR("diagnoses"), b->diagnoses, b->diagnosis_count);
    diagnoses_write(w, STR("history"), b->history, b->history_count);
    texts_write(w, STR("procedures"), b->procedures, b->procedure_count);
    body_write(w, b);
    statutory_write(w, &b->statutory);
    if (b->deposit > 0) json_member_i64(w, STR("deposit"), b->deposit);
    if (b->policy_count > 0) {
        json_name(w, STR("policies"));
        json_begin_array(w);
        for (uint32_t i = 0; i < b->policy_count; i++) policy_write(w, &b->policies[i]);
        json_end_array(w);
    }
    if (b->ext_raw.n > 0) {
        json_name(w, STR("ext"));
        json_raw(w, b->ext_raw);
    }
    invoice_write(w, &b->invoice);
    json_end_object(w);
}
