/* plan/syntax/parse_cond — conditions.
 *
 * Who uses it: every clause that has one. Grammar: docs/plan-language.md §2, from `cond` to `atomic`. Whether a name is a class, a case or an
 * own fact, and whether words belong to their fact, is for the checker; here only the shape is known.
 */
#include "plan/syntax/parse.h"

static struct plan_cond *parse_or(struct plan_parser *p);

static struct plan_cond *cond_new(struct plan_parser *p, enum plan_cond_kind kind, struct plan_pos pos) {
    if (++p->terms > LIMIT_PLAN_TERMS) {
        if (p->terms == LIMIT_PLAN_TERMS + 1) (void)plan_number_report(p, "too-deep", plan_cur(p), LIMIT_PLAN_TERMS);
        return NULL;
    }
    struct plan_cond *c = PLAN_NEW(p, struct plan_cond);
    if (!c) return NULL;
    c->kind = kind;
    c->pos = pos;
    c->ref.index = c->fact.index = PLAN_NONE;
    return c;
}

static struct plan_cond *cond_pair(struct plan_parser *p, enum plan_cond_kind kind, struct plan_cond *a, struct plan_cond *b) {
    if (!a || !b) return NULL;
    struct plan_cond *c = cond_new(p, kind, plan_pos_join(a->pos, b->pos));
    if (!c) return NULL;
    c->a = a;
    c->b = b;
    return c;
}

/* ---- facts compared --------------------------------------------------------------------------------------- */

static bool add_word(struct plan_parser *p, struct plan_cond *c, int32_t fact, uint32_t caps[2]) {
    uint32_t count = c->word_count;
    struct str *word = PLAN_PUSH(p, c->words, c->word_count, caps[0], LIMIT_PLAN_PARTS, W_IN);
    if (!word) return false;
    struct plan_pos *pos = PLAN_PUSH(p, c->word_pos, count, caps[1], LIMIT_PLAN_PARTS, W_IN);
    return pos && plan_need_fact_value(p, fact, word, pos);
}

/* ( word, … ) behind `in` */
static bool parse_words(struct plan_parser *p, struct plan_cond *c, int32_t fact) {
    uint32_t caps[2] = {0};
    c->kind = PLAN_COND_IN;
    c->compare = PLAN_EQ;
    if (!plan_need_sign(p, TOKEN_OPEN)) return false;
    do {
        if (!add_word(p, c, fact, caps)) return false;
    } while (plan_take_sign(p, TOKEN_COMMA));
    return plan_need_sign(p, TOKEN_CLOSE);
}

static bool compare_of(enum plan_token_kind kind, enum plan_compare *ret) {
    switch (kind) {
    case TOKEN_LT: *ret = PLAN_LT; return true;
    case TOKEN_LE: *ret = PLAN_LE; return true;
    case TOKEN_EQ: *ret = PLAN_EQ; return true;
    case TOKEN_NE: *ret = PLAN_NE; return true;
    case TOKEN_GE: *ret = PLAN_GE; return true;
    case TOKEN_GT: *ret = PLAN_GT; return true;
    default: return false;
    }
}

enum { FACT_NUMBER_MAX = 1'000'000 };

/* Behind the comparison sign: a number or date compares, a word or text is looked for. */
static bool parse_compared(struct plan_parser *p, struct plan_cond *c, int32_t fact) {
    uint32_t caps[2] = {0};
    if (plan_is(p, TOKEN_NUMBER)) {
        c->kind = PLAN_COND_COMPARE;
        return plan_need_whole(p, FACT_NUMBER_MAX, &c->number);
    }
    if (plan_is(p, TOKEN_DATE)) {
        struct day day = DAY_NONE;
        c->kind = PLAN_COND_COMPARE;
        if (!plan_need_date(p, &day)) return false;
        c->number = day.v;
        return true;
    }
    if (c->compare != PLAN_EQ && c->compare != PLAN_NE) return plan_expected(p, "数字或日期", "a number or a date");
    c->kind = PLAN_COND_IN;
    return add_word(p, c, fact, caps);
}

static bool parse_in_list(struct plan_parser *p, struct plan_cond *c, int32_t fact, const struct plan_token *at) {
    c->fact = c->ref;
    switch (fact) {
    case PLAN_FACT_CODE: c->kind = PLAN_COND_CODE_IN_LIST; break;
    case PLAN_FACT_HOSPITAL:
    case PLAN_FACT_DEPARTMENT:
    case PLAN_FACT_REGION:
    case PLAN_FACT_INSURED_REGION: c->kind = PLAN_COND_TEXT_IN_LIST; break;
    default: plan_report(p, "not-listed", at, c->fact.name, (struct str){0}); c->kind = PLAN_COND_TEXT_IN_LIST;
    }
    return plan_need_name(p, &c->ref);
}

/* `kind`, `code` and `region` begin clauses too: at the beginning of a line they are facts when they are compared. */
static bool compares_next(const struct plan_parser *p) {
    enum plan_compare compare;
    struct plan_parser ahead = *p;
    plan_next(&ahead);
    return compare_of((enum plan_token_kind)plan_cur(&ahead)->kind, &compare) || plan_at_word(&ahead, W_IN);
}

static struct plan_cond *parse_fact(struct plan_parser *p, struct plan_pos pos) {
    const struct plan_token *at = plan_cur(p);
    if (!plan_at_name(p) && !(plan_at_fact(p) >= 0 && compares_next(p))) {
        (void)plan_expected(p, "条件", "a condition");
        return NULL;
    }
    struct plan_cond *c = cond_new(p, PLAN_COND_NAME, pos);
    if (!c) return NULL;
    c->ref = (struct plan_ref){plan_cur_str(p), pos, PLAN_NONE};
    int32_t fact = plan_take_fact(p);
    if (fact < 0) plan_next(p);
    else c->kind = PLAN_COND_FACT;
    bool good = true;
    if (plan_take_word(p, W_IN_LIST)) good = parse_in_list(p, c, fact, at);
    else if (plan_take_word(p, W_IN)) good = parse_words(p, c, fact);
    else if (compare_of((enum plan_token_kind)plan_cur(p)->kind, &c->compare)) {
        plan_next(p);
        good = parse_compared(p, c, fact);
    }
    c->pos = plan_pos_to_here(p, pos);
    return good ? c : NULL;
}

/* ---- atoms ---------------------------------------------------------------------------------------------------- */

static const struct {
    enum plan_word word;
    enum plan_cond_kind kind;
} diagnosed[] = {
    {W_DIAGNOSIS, PLAN_COND_DIAGNOSIS_IN_LIST}, {W_MAIN_DIAGNOSIS, PLAN_COND_MAIN_IN_LIST}, {W_PROCEDURE, PLAN_COND_PROCEDURE_IN_LIST},
};

/* diagnosis | main diagnosis | procedure  in list NAME; first diagnosis of list NAME before first enrolment; endorsed NAME; statutory settled.
 * *ret_tried: one of these words stood here. */
static struct plan_cond *parse_worded(struct plan_parser *p, struct plan_pos pos, bool *ret_tried) {
    enum plan_cond_kind kind = PLAN_COND_NAME;
    bool in_list = false, first = false;
    for (size_t i = 0; i < COUNT_OF(diagnosed) && !in_list; i++) {
        in_list = plan_take_word(p, diagnosed[i].word);
        if (in_list) kind = diagnosed[i].kind;
    }
    if (!in_list && (first = plan_take_word(p, W_FIRST_DIAGNOSIS_OF_LIST))) kind = PLAN_COND_FIRST_DIAGNOSED;
    else if (!in_list && plan_take_word(p, W_ENDORSED)) kind = PLAN_COND_ENDORSED;
    else if (!in_list && plan_take_word(p, W_STATUTORY_SETTLED)) kind = PLAN_COND_FACT;
    *ret_tried = kind != PLAN_COND_NAME;
    struct plan_cond *c = *ret_tried ? cond_new(p, kind, pos) : NULL;
    if (!c) return NULL;
    bool good = true;
    if (kind == PLAN_COND_FACT) c->ref = (struct plan_ref){STR("settled"), plan_pos_to_here(p, pos), PLAN_NONE};
    else good = (!in_list || plan_need_word(p, W_IN_LIST)) && plan_need_name(p, &c->ref);
    if (good && first) good = plan_need_word(p, W_BEFORE_FIRST_ENROLMENT);
    c->pos = plan_pos_to_here(p, pos);
    return good ? c : NULL;
}

static struct plan_cond *parse_not(struct plan_parser *p) {
    struct plan_pos pos = plan_token_pos(plan_cur(p));
    bool tried = false, not = plan_at_word(p, W_NOT);
    if (!not && !plan_is(p, TOKEN_OPEN)) {
        struct plan_cond *c = parse_worded(p, pos, &tried);
        return tried ? c : parse_fact(p, pos);
    }
    if (p->depth >= LIMIT_PLAN_DEPTH) {
        (void)plan_number_report(p, "too-deep", plan_cur(p), LIMIT_PLAN_DEPTH);
        return NULL;
    }
    p->depth++;
    struct plan_cond *c = NULL;
    if (not) {
        (void)plan_take_word(p, W_NOT);
        struct plan_cond *inner = parse_not(p);
        c = inner ? cond_new(p, PLAN_COND_NOT, plan_pos_join(pos, inner->pos)) : NULL;
        if (c) c->a = inner;
    } else {
        plan_next(p);
        c = parse_or(p);
        if (c && !plan_need_sign(p, TOKEN_CLOSE)) c = NULL;
        if (c) c->pos = plan_pos_to_here(p, pos);
    }
    p->depth--;
    return c;
}

static struct plan_cond *parse_and(struct plan_parser *p) {
    struct plan_cond *c = parse_not(p);
    while (c && plan_take_word(p, W_AND)) c = cond_pair(p, PLAN_COND_AND, c, parse_not(p));
    return c;
}

static struct plan_cond *parse_or(struct plan_parser *p) {
    struct plan_cond *c = parse_and(p);
    while (c && plan_take_word(p, W_OR)) c = cond_pair(p, PLAN_COND_OR, c, parse_and(p));
    return c;
}

struct plan_cond *plan_parse_cond(struct plan_parser *p) {
    p->terms = 0;
    return parse_or(p);
}
