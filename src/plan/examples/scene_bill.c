/* plan/examples/scene_bill — the bill and the input of a run, made from what a scene was given.
 *
 * Internal to the room; who uses it: test.c. The bill looks as the reader of bills would leave it: nothing has to be netted.
 */
#include "plan/examples/scene.h"

static void give_facts(struct scene *s, struct bill_fact *facts, uint32_t *ret_count) {
    for (uint32_t i = 0; i < s->p->read_count; i++) {
        const struct plan_read *r = &s->p->reads[i];
        if (s->fact_known[i]) {
            facts[(*ret_count)++] = s->facts[i];
        } else if (!r->has_default) {
            struct bill_fact f = {.name = scene_read_name(r)};
            enum plan_fact_type type = scene_read_type(r);
            f.kind = type == PLAN_VALUE_BOOL ? BILL_FACT_BOOL : type == PLAN_VALUE_COUNT ? BILL_FACT_COUNT : BILL_FACT_TEXT;
            if (type == PLAN_VALUE_SYMBOL) f.text = r->custom ? r->words[0] : str_from(plan_fact_info((uint32_t)r->fact.index)->words[0].name);
            if (r->fact.index == PLAN_FACT_HOSPITAL_LEVEL) f.number = 3;
            facts[(*ret_count)++] = f;
        }
    }
}

/* Columns of the bill's lines, as the reader of bills would leave them. */
struct columns {
    int64_t *number, *qty, *price, *amount, *returns, *given[BUCKET_GIVEN_COUNT];
    struct str *code, *name, *ingredient, *kind_text;
    uint8_t *kind, *catalogue;
    struct day *date;
};

static bool columns_alloc(struct scene *s, uint32_t n, struct columns *c) {
    bool good = true;
    for (uint32_t b = 0; b < BUCKET_GIVEN_COUNT; b++) good = (c->given[b] = ARENA_ARRAY(s->a, int64_t, n)) && good;
    good = (c->number = ARENA_ARRAY(s->a, int64_t, n)) && (c->qty = ARENA_ARRAY(s->a, int64_t, n)) && good;
    good = (c->price = ARENA_ARRAY(s->a, int64_t, n)) && (c->amount = ARENA_ARRAY(s->a, int64_t, n)) && good;
    good = (c->returns = ARENA_ARRAY(s->a, int64_t, n)) && (c->code = ARENA_ARRAY(s->a, struct str, n)) && good;
    good = (c->name = ARENA_ARRAY(s->a, struct str, n)) && (c->ingredient = ARENA_ARRAY(s->a, struct str, n)) && good;
    good = (c->kind_text = ARENA_ARRAY(s->a, struct str, n)) && (c->kind = ARENA_ARRAY(s->a, uint8_t, n)) && good;
    return (c->catalogue = ARENA_ARRAY(s->a, uint8_t, n)) && (c->date = ARENA_ARRAY(s->a, struct day, n)) && good;
}

static void column_set(struct scene *s, const struct scene_line *l, uint32_t i, struct columns *c) {
    uint32_t words;
    const struct bill_word *kinds = bill_words(BILL_VOCABULARY_LINE_KIND, &words);
    c->number[i] = s->line_count == 0 ? 0 : (int64_t)i + 1;
    c->code[i] = l->code;
    c->name[i] = l->name;
    c->ingredient[i] = l->ingredient;
    c->kind[i] = l->kind;
    c->kind_text[i] = str_from(kinds[l->kind].name);
    c->catalogue[i] = l->catalogue;
    c->qty[i] = l->qty_e4;
    c->price[i] = INT64_MIN;
    c->date[i] = day_is(l->date) ? l->date : s->bill.to;
    for (uint32_t b = 0; b < BUCKET_COUNT; b++) {
        c->given[b < BUCKET_GIVEN_COUNT ? b : BUCKET_IN_SCOPE][i] += l->amount[b];
        c->amount[i] += l->amount[b];
    }
}

static bool give_lines(struct scene *s, const struct scene_line *lines, uint32_t n) {
    struct columns c = {0};
    if (!columns_alloc(s, n, &c)) return false;
    struct bill *b = &s->bill;
    b->total = 0;
    for (uint32_t k = 0; k < BUCKET_GIVEN_COUNT; k++) b->net_sum[k] = 0;
    for (uint32_t i = 0; i < n; i++) {
        column_set(s, &lines[i], i, &c);
        b->total += c.amount[i];
        for (uint32_t k = 0; k < BUCKET_GIVEN_COUNT; k++) b->net_sum[k] += c.given[k][i];
    }
    b->lines = (struct bill_lines){.count = n, .number = c.number, .code = c.code, .name = c.name, .ingredient = c.ingredient,
                                   .kind_text = c.kind_text, .kind = c.kind, .catalogue = c.catalogue, .qty_e4 = c.qty, .price_e6 = c.price,
                                   .date = c.date, .amount = c.amount, .net_qty_e4 = c.qty, .returns = c.returns};
    for (uint32_t k = 0; k < BUCKET_GIVEN_COUNT; k++) b->lines.given[k] = b->lines.net[k] = c.given[k];
    return true;
}

/* What is left for this plan, and what earlier payers paid. */
static bool give_money(struct scene *s, const struct scene_line *lines, uint32_t n, struct plan_input *in) {
    int64_t *reimbursed = ARENA_ARRAY(s->a, int64_t, n);
    if (!reimbursed) return false;
    for (uint32_t b = 0; b < BUCKET_COUNT; b++) {
        int64_t *left = ARENA_ARRAY(s->a, int64_t, n), *after = ARENA_ARRAY(s->a, int64_t, n), *paid[PLAN_KIND_COUNT];
        if (!left || !after) return false;
        for (uint32_t k = 0; k < PLAN_KIND_COUNT; k++)
            if (!(paid[k] = ARENA_ARRAY(s->a, int64_t, n))) return false;
        for (uint32_t i = 0; i < n; i++) {
            after[i] = left[i] = i64_max(0, lines[i].amount[b] - lines[i].paid[PLAN_STATUTORY][b]);
            reimbursed[i] += lines[i].paid[PLAN_STATUTORY][b];
            for (uint32_t k = 0; k < PLAN_KIND_COUNT; k++) {
                paid[k][i] = lines[i].paid[k][b];
                if (k != PLAN_STATUTORY) left[i] = i64_max(0, left[i] - paid[k][i]);
            }
        }
        in->left[b] = left;
        in->after_statutory[b] = after;
        for (uint32_t k = 0; k < PLAN_KIND_COUNT; k++) in->paid[k][b] = paid[k];
    }
    in->reimbursed = reimbursed;
    for (uint32_t i = 0; i < n; i++)
        if (reimbursed[i] > 0) in->basic_paid = true;
    if (s->basic_given) in->basic_paid = s->basic_paid;
    return true;
}

bool scene_input(struct scene *s, struct plan_input *ret) {
    struct bill_fact *facts = ARENA_ARRAY(s->a, struct bill_fact, s->p->read_count);
    struct bill *b = &s->bill;
    uint32_t fact_count = 0, n = s->line_count > 0 ? s->line_count : 1;
    const struct scene_line *lines = s->line_count > 0 ? s->lines : &s->totals;
    if (!facts) return false;
    give_facts(s, facts, &fact_count);
    b->facts = facts;
    b->fact_count = fact_count;
    b->diagnoses = s->diagnoses;
    b->diagnosis_count = s->diagnosis_count;
    b->history = s->history;
    b->history_count = s->history_count;
    b->procedures = s->procedures;
    b->procedure_count = s->procedure_count;
    b->totals_only = s->line_count == 0;
    b->bill = arena_printf(s->a, "example-%u", s->step);
    b->statutory = (struct bill_statutory){.settled = s->settled, .deductible = -1};
    s->policy.endorsements = s->endorsements;
    s->policy.endorsement_count = s->endorsement_count;
    *ret = (struct plan_input){.bill = b, .policy = &s->policy, .policy_default = !s->first_enrolled_given, .settled_on = s->settled_on,
                               .owner = s->person, .family = s->policy.family, .statutory_settled = s->settled};
    return b->bill.p && give_lines(s, lines, n) && give_money(s, lines, n, ret);
}
