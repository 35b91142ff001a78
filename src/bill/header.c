/* header — the head of a bill: who, where, when, what kind of visit; deposit, invoice, extension.
 *
 * Who uses it: parse.c. Invariants: from <= to; insured_region is never empty when region is given; `ext` is copied as
 * bytes and never interpreted.
 */
#include "bill/reader.h"

static const char *const invoice_names[] = {"code", "number", "check"};
static const struct bill_shape invoice_shape = {invoice_names, COUNT_OF(invoice_names), 0};

static void currency_read(struct bill_reader *r, const struct bill_object *o, struct bill *b) {
    struct str code = {0};
    if (!bill_read_text(r, o, BILL_M_CURRENCY, LIMIT_BILL_CODE_BYTES, &code)) return;
    const struct currency *found = currency_find(code);
    if (found) {
        b->currency = found;
        return;
    }
    struct bill_place at = bill_member_place(o, BILL_M_CURRENCY);
    BILL_FIND(r, &at, CURRENCY, bill_arg_quoted(r, code));
}

static void period_read(struct bill_reader *r, const struct bill_object *o, struct bill *b) {
    bool both = bill_read_day(r, o, BILL_M_FROM, &b->from);
    both = bill_read_day(r, o, BILL_M_TO, &b->to) && both;
    if (!both || b->from.v <= b->to.v) return;
    struct bill_place at = bill_member_place(o, BILL_M_TO);
    bill_find_plain(r, &at, BILL_FINDING_PERIOD);
}

static void visit_read(struct bill_reader *r, const struct bill_object *o, struct bill *b) {
    uint8_t kind = BILL_HOSPITAL_PUBLIC, visit = BILL_VISIT_OUTPATIENT, ward = BILL_WARD_ORDINARY, cause = BILL_CAUSE_ILLNESS;
    (void)bill_read_word(r, o, BILL_M_HOSPITAL_KIND, BILL_VOCABULARY_HOSPITAL_KIND, &kind);
    (void)bill_read_word(r, o, BILL_M_VISIT, BILL_VOCABULARY_VISIT, &visit);
    (void)bill_read_word(r, o, BILL_M_WARD, BILL_VOCABULARY_WARD, &ward);
    (void)bill_read_word(r, o, BILL_M_CAUSE, BILL_VOCABULARY_CAUSE, &cause);
    b->hospital_kind = (enum bill_hospital_kind)kind;
    b->visit = (enum bill_visit)visit;
    b->ward = (enum bill_ward)ward;
    b->cause = (enum bill_cause)cause;
    b->day_surgery = b->visit == BILL_VISIT_DAY_SURGERY;
    (void)bill_read_bool(r, o, BILL_M_DAY_SURGERY, &b->day_surgery);
    (void)bill_read_bool(r, o, BILL_M_INTERIM, &b->interim);
    (void)bill_read_bool(r, o, BILL_M_DIED, &b->died);
    (void)bill_read_i64(r, o, BILL_M_ICU_DAYS, (struct bill_range){0, 36'500}, &b->icu_days);
}

static void invoice_read(struct bill_reader *r, const struct bill_object *o, struct bill *b) {
    if (!bill_has(o, BILL_M_INVOICE)) return;
    struct bill_place at = bill_member_place(o, BILL_M_INVOICE);
    struct bill_object invoice;
    if (!bill_object_open(r, &at, o->node[BILL_M_INVOICE], &invoice_shape, &invoice)) return;
    (void)bill_read_text(r, &invoice, 0, LIMIT_BILL_CODE_BYTES, &b->invoice.code);
    (void)bill_read_text(r, &invoice, 1, LIMIT_BILL_CODE_BYTES, &b->invoice.number);
    (void)bill_read_text(r, &invoice, 2, LIMIT_BILL_CODE_BYTES, &b->invoice.check);
}

static void ext_read(struct bill_reader *r, const struct bill_object *o, struct bill *b) {
    if (!bill_has(o, BILL_M_EXT)) return;
    struct bill_place at = bill_member_place(o, BILL_M_EXT);
    const struct json *node = o->node[BILL_M_EXT];
    if (!bill_kind_check(r, &at, node, JSON_OBJECT)) return;
    b->ext_raw = arena_str(r->arena, node->raw);
    if (!b->ext_raw.p) r->out_of_memory = true;
}

void bill_header_read(struct bill_reader *r, const struct bill_object *o, struct bill *b) {
    (void)bill_read_text(r, o, BILL_M_BILL, LIMIT_BILL_CODE_BYTES, &b->bill);
    (void)bill_read_i64(r, o, BILL_M_REVISION, (struct bill_range){1, INT32_MAX}, &b->revision);
    (void)bill_read_text(r, o, BILL_M_HOSPITAL, LIMIT_BILL_CODE_BYTES, &b->hospital);
    (void)bill_read_text(r, o, BILL_M_REGION, LIMIT_BILL_CODE_BYTES, &b->region);
    (void)bill_read_text(r, o, BILL_M_INSURED_REGION, LIMIT_BILL_CODE_BYTES, &b->insured_region);
    if (b->insured_region.n == 0) b->insured_region = b->region;
    (void)bill_read_text(r, o, BILL_M_STAY, LIMIT_BILL_CODE_BYTES, &b->stay);
    (void)bill_read_text(r, o, BILL_M_DEPARTMENT, LIMIT_BILL_NAME_BYTES, &b->department);
    visit_read(r, o, b);
    period_read(r, o, b);
    currency_read(r, o, b);
    (void)bill_read_amount(r, o, BILL_M_DEPOSIT, BILL_NOT_NEGATIVE, &b->deposit);
    invoice_read(r, o, b);
    ext_read(r, o, b);
}
