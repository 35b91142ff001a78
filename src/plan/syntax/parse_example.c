/* plan/syntax/parse_example — examples: bills given and payouts expected.
 *
 * Who uses it: parse_plan.c; plan_test builds bills from what is read here. Words are kept as written, in either language.
 */
#include "plan/syntax/parse.h"

struct example_parse {
    struct plan_example *example;
    uint32_t steps, given, expects; /* capacities; the last two of the current step */
    bool expected;                  /* the current step has an `expect`: the next `given` is the next bill */
    bool line_open;
};

/* ---- given ---------------------------------------------------------------------------------------------------- */

/* How the value behind a word is written. */
enum given_value { VALUE_NOTHING, VALUE_TEXT, VALUE_TEXT_SINCE, VALUE_DATE, VALUE_RANGE, VALUE_NUMBER, VALUE_NAME, VALUE_STATUS, VALUE_PAID,
                   VALUE_COUNTER, VALUE_YES_NO };

static const struct given_row {
    enum plan_word word;
    enum plan_given_kind kind;
    enum given_value value;
} given_rows[] = {
    {W_LINE, PLAN_GIVEN_LINE, VALUE_NOTHING},
    {W_DIAGNOSIS, PLAN_GIVEN_DIAGNOSIS, VALUE_TEXT_SINCE},
    {W_HISTORY, PLAN_GIVEN_DIAGNOSIS, VALUE_TEXT_SINCE},
    {W_CLASS, PLAN_GIVEN_CLASS, VALUE_NAME},
    {W_PAID, PLAN_GIVEN_PAID, VALUE_PAID},
    {W_FIRST_ENROLLED, PLAN_GIVEN_POLICY, VALUE_DATE},
    {W_COVER, PLAN_GIVEN_POLICY, VALUE_RANGE},
    {W_ENDORSED, PLAN_GIVEN_POLICY, VALUE_NAME},
    {W_STATUS, PLAN_GIVEN_POLICY, VALUE_STATUS},
    {W_FAMILY, PLAN_GIVEN_POLICY, VALUE_TEXT},
    {W_PERSON, PLAN_GIVEN_POLICY, VALUE_TEXT},
    {W_BEFORE, PLAN_GIVEN_COUNTER, VALUE_COUNTER},
    {W_STATUTORY_SETTLED, PLAN_GIVEN_FACT, VALUE_YES_NO},
    {W_BORN, PLAN_GIVEN_FACT, VALUE_DATE},
    {W_ADMITTED, PLAN_GIVEN_FACT, VALUE_DATE},
    {W_DISCHARGED, PLAN_GIVEN_FACT, VALUE_DATE},
    {W_SETTLED_ON, PLAN_GIVEN_FACT, VALUE_DATE},
    {W_STAY, PLAN_GIVEN_FACT, VALUE_TEXT},
    {W_PROCEDURE, PLAN_GIVEN_FACT, VALUE_TEXT},
    {W_CODE, PLAN_GIVEN_LINE_WORD, VALUE_TEXT},
    {W_NAME, PLAN_GIVEN_LINE_WORD, VALUE_TEXT},
    {W_INGREDIENT, PLAN_GIVEN_LINE_WORD, VALUE_TEXT},
    {W_QTY, PLAN_GIVEN_LINE_WORD, VALUE_NUMBER},
};

static bool given_text(struct plan_parser *p, struct plan_given *g) {
    g->value_is_text = true;
    return plan_need_text(p, &g->value);
}

static bool given_date(struct plan_parser *p, struct plan_given *g) {
    g->value = plan_cur_str(p);
    return plan_need_date(p, &g->on.from);
}

static bool given_number(struct plan_parser *p, struct plan_given *g) {
    g->value = plan_cur_str(p);
    return plan_need_number(p, &g->number_e6);
}

static bool given_name(struct plan_parser *p, struct plan_given *g) {
    g->value = plan_cur_str(p);
    if (g->kind == PLAN_GIVEN_CLASS && plan_take_word(p, W_NONE)) return true;
    return plan_need_name(p, &g->ref);
}

static bool given_status(struct plan_parser *p, struct plan_given *g) {
    uint32_t count = 0;
    const struct bill_word *words = plan_policy_statuses(&count);
    g->value = plan_cur_str(p);
    for (uint32_t i = 0; i < count && plan_is(p, TOKEN_WORD); i++) {
        if (!str_eq(g->value, str_from(plan_symbol_text(&words[i], p->zh)))) continue;
        plan_cur(p)->mark = PLAN_MARK(MARK_STATUS, i);
        plan_next(p);
        return true;
    }
    return plan_expected(p, "保单状态：有效、宽限期、中止、失效 或 无效", "a status: in_force, grace, suspended, lapsed or void");
}

/* paid KIND BUCKET NUMBER */
static bool given_paid(struct plan_parser *p, struct plan_given *g) {
    enum plan_kind kind = PLAN_COMMERCIAL;
    uint32_t bucket = 0;
    g->value = plan_cur_str(p);
    if (!plan_need_kind(p, &kind)) return false;
    g->word = plan_cur_str(p);
    return plan_need_bucket(p, &bucket) && plan_need_number(p, &g->number_e6);
}

/* before NAME filled|over|paid NUMBER */
static bool given_counter(struct plan_parser *p, struct plan_given *g) {
    static const enum plan_word counters[] = {W_FILLED, W_OVER, W_PAID};
    if (!plan_need_name(p, &g->ref)) return false;
    enum plan_word w = plan_at_any(p, counters, COUNT_OF(counters));
    g->word = plan_cur_str(p);
    if (w == W_COUNT)
        return plan_expected_any(p, counters, COUNT_OF(counters), "已抵扣、已超额 或 已付", "filled, over or paid");
    (void)plan_take_word(p, w);
    return given_number(p, g);
}

static bool given_yes_no(struct plan_parser *p, struct plan_given *g) {
    struct plan_pos pos;
    return plan_need_fact_value(p, PLAN_FACT_SETTLED, &g->value, &pos);
}

static bool given_row(struct plan_parser *p, const struct given_row *row, struct plan_given *g) {
    g->kind = row->kind;
    g->word = str_from(plan_word_text(row->word, p->zh));
    (void)plan_take_word(p, row->word);
    switch (row->value) {
    case VALUE_NOTHING: return true;
    case VALUE_TEXT: return given_text(p, g);
    case VALUE_TEXT_SINCE: return given_text(p, g) && (!plan_take_word(p, W_SINCE) || plan_need_date(p, &g->on.from));
    case VALUE_DATE: return given_date(p, g);
    case VALUE_RANGE: return plan_need_range(p, &g->on);
    case VALUE_NUMBER: return given_number(p, g);
    case VALUE_NAME: return given_name(p, g);
    case VALUE_STATUS: return given_status(p, g);
    case VALUE_PAID: return given_paid(p, g);
    case VALUE_COUNTER: return given_counter(p, g);
    case VALUE_YES_NO: return given_yes_no(p, g);
    }
    return false;
}

/* A fact and its value: built in or own. */
static bool given_fact(struct plan_parser *p, struct plan_given *g) {
    g->kind = PLAN_GIVEN_FACT;
    g->word = plan_cur_str(p);
    int32_t fact = plan_take_fact(p);
    if (fact == PLAN_FACT_CLAIM_FREE_YEARS) g->kind = PLAN_GIVEN_POLICY;
    if (fact >= 0 && plan_fact_info((uint32_t)fact)->level == PLAN_LEVEL_LINE) g->kind = PLAN_GIVEN_LINE_WORD;
    if (fact < 0) plan_next(p);
    if (plan_is(p, TOKEN_DATE)) return given_date(p, g);
    if (plan_is(p, TOKEN_NUMBER)) return given_number(p, g);
    struct plan_pos pos;
    g->value_is_text = plan_is(p, TOKEN_TEXT);
    return plan_need_fact_value(p, fact, &g->value, &pos);
}

/* `kind` with the kind of a plan is the head's clause, with anything else it is the fact. */
static bool at_header_kind(const struct plan_parser *p) {
    if (!plan_at_word(p, W_KIND)) return false;
    struct str value = plan_token_str(p->source, plan_ahead(p, 1));
    for (uint32_t k = 0; k < PLAN_KIND_COUNT; k++)
        if (str_eq(value, str_from(plan_kind_text(k, p->zh)))) return true;
    return false;
}

/* Behind a comma `class` and `kind` may begin a line; other sections there mean that the comma is too much. */
static bool given_begins(const struct plan_parser *p) {
    if (!plan_is(p, TOKEN_WORD) || plan_at_word(p, W_GIVEN) || plan_at_word(p, W_EXPECT)) return false;
    return !plan_at_section(p) || plan_at_word(p, W_CLASS) || (plan_at_word(p, W_KIND) && !at_header_kind(p));
}

static bool parse_given_item(struct plan_parser *p, struct example_parse *x, struct plan_given *g) {
    const struct plan_token *at = plan_cur(p);
    uint32_t bucket = 0;
    bool good = false;
    g->pos = plan_token_pos(at);
    g->on = (struct day_range){DAY_NONE, DAY_OPEN};
    g->ref.index = PLAN_NONE;
    size_t i = 0;
    while (i < COUNT_OF(given_rows) && !plan_at_word(p, given_rows[i].word)) i++;
    if (i < COUNT_OF(given_rows)) {
        good = given_row(p, &given_rows[i], g);
    } else if (plan_at_bucket(p) >= 0) {
        g->kind = PLAN_GIVEN_AMOUNT;
        g->word = plan_cur_str(p);
        good = plan_need_bucket(p, &bucket) && given_number(p, g);
    } else {
        good = given_fact(p, g);
    }
    if (g->kind == PLAN_GIVEN_LINE) x->line_open = true;
    if (good && g->kind == PLAN_GIVEN_LINE_WORD && !x->line_open) plan_report(p, "line-missing", at, g->word, (struct str){0});
    g->pos = plan_pos_to_here(p, g->pos);
    return good;
}

static struct plan_example_step *step_open(struct plan_parser *p, struct example_parse *x) {
    if (x->example->step_count > 0 && !x->expected) return &x->example->steps[x->example->step_count - 1];
    struct plan_example_step *step = PLAN_PUSH(p, x->example->steps, x->example->step_count, x->steps, LIMIT_PLAN_PARTS, W_EXPECT);
    x->given = x->expects = 0;
    x->expected = x->line_open = false;
    return step;
}

static bool parse_given(struct plan_parser *p, struct example_parse *x) {
    struct plan_example_step *step = step_open(p, x);
    if (!step) return false;
    do {
        if (!given_begins(p)) return plan_expected(p, "已知条件", "something given");
        struct plan_given *g = PLAN_PUSH(p, step->given, step->given_count, x->given, LIMIT_PLAN_GIVEN, W_GIVEN);
        if (!g) return false;
        if (!parse_given_item(p, x, g)) {
            step->given_count--;
            return false;
        }
    } while (plan_take_sign(p, TOKEN_COMMA));
    return true;
}

/* ---- expect --------------------------------------------------------------------------------------------------- */

static bool parse_refused(struct plan_parser *p, struct plan_expect *e) {
    struct plan_ref first;
    e->kind = PLAN_EXPECT_REFUSED;
    if (!plan_need_name(p, &first)) return false;
    const struct plan_token *t = plan_cur(p);
    if (t->kind != TOKEN_WORD || t->at_line_start) {
        e->code = first.name;
        return true;
    }
    struct plan_ref code;
    if (!plan_need_name(p, &code)) return false;
    e->ref = first;
    e->code = code.name;
    return true;
}

static bool parse_expect_item(struct plan_parser *p, struct plan_expect *e) {
    e->pos = plan_token_pos(plan_cur(p));
    e->ref.index = PLAN_NONE;
    bool good = true;
    if (plan_take_word(p, W_REFUSED)) {
        good = parse_refused(p, e);
    } else {
        if (plan_take_word(p, W_TOTAL)) e->kind = PLAN_EXPECT_TOTAL;
        else if (plan_take_word(p, W_ALLOWANCE)) e->kind = PLAN_EXPECT_ALLOWANCE;
        else e->kind = PLAN_EXPECT_BENEFIT;
        good = (e->kind == PLAN_EXPECT_TOTAL || plan_need_name(p, &e->ref)) && plan_need_number(p, &e->number_e6);
    }
    e->pos = plan_pos_to_here(p, e->pos);
    return good;
}

static bool parse_expect(struct plan_parser *p, struct example_parse *x) {
    if (x->example->step_count == 0) {
        if (!step_open(p, x)) return false;
    }
    struct plan_example_step *step = &x->example->steps[x->example->step_count - 1];
    x->expected = true;
    do {
        struct plan_expect *e = PLAN_PUSH(p, step->expects, step->expect_count, x->expects, LIMIT_PLAN_GIVEN, W_EXPECT);
        if (!e) return false;
        if (!parse_expect_item(p, e)) {
            step->expect_count--;
            return false;
        }
    } while (plan_take_sign(p, TOKEN_COMMA));
    return true;
}

bool plan_parse_example(struct plan_parser *p, struct plan_example *ret) {
    static const enum plan_word words[] = {W_GIVEN, W_EXPECT};
    struct example_parse x = {.example = ret, .expected = true};
    const struct plan_token *at = plan_cur(p);
    ret->pos = plan_token_pos(at);
    (void)plan_take_word(p, W_EXAMPLE);
    bool good = plan_need_text(p, &ret->title);
    if (good && plan_at_word(p, W_SOURCE)) {
        plan_layout(p, LAYOUT_STEP, 2);
        good = plan_take_word(p, W_SOURCE) && plan_need_text(p, &ret->source);
    }
    ret->pos = plan_pos_to_here(p, ret->pos);
    for (bool whole = good;; whole = whole && good) {
        plan_clause_end(p, good, words, COUNT_OF(words));
        enum plan_word w = plan_at_any(p, words, COUNT_OF(words));
        if (w == W_COUNT) {
            if (whole && !x.expected) plan_report(p, "example-open", at, ret->title, (struct str){0});
            if (whole && ret->step_count == 0) plan_report(p, "example-open", at, ret->title, (struct str){0});
            return true;
        }
        plan_layout(p, LAYOUT_STEP, 2);
        (void)plan_take_word(p, w);
        good = w == W_GIVEN ? parse_given(p, &x) : parse_expect(p, &x);
    }
}
