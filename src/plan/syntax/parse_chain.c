/* plan/syntax/parse_chain — chains of payers.
 *
 * Who uses it: parse.c. The names of plans in it are resolved by the room settle, which knows the policies.
 */
#include "plan/syntax/parse.h"

struct chain_parse {
    struct plan_chain *chain;
    const struct plan_token *at;
    uint32_t regions, steps, funds;
};

static bool parse_source(struct plan_parser *p, struct chain_parse *x) {
    struct plan_ref grade;
    if (!plan_once(p, x->chain->grade != 0, x->at, W_SOURCE) || !plan_need_text(p, &x->chain->source_text) || !plan_need_sign(p, TOKEN_COMMA) ||
        !plan_need_word(p, W_GRADE))
        return false;
    bool known = plan_is(p, TOKEN_WORD) && plan_cur_str(p).n == 1 && str_contains(STR("ABCDK"), plan_cur_str(p));
    if (!known) return plan_expected(p, "等级 A、B、C、D 或 K", "grade A, B, C, D or K");
    if (!plan_need_name(p, &grade)) return false;
    x->chain->grade = grade.name.p[0];
    return true;
}

static bool parse_region(struct plan_parser *p, struct chain_parse *x) {
    if (!plan_once(p, x->chain->region_count > 0, x->at, W_REGION)) return false;
    do {
        struct str *region = PLAN_PUSH(p, x->chain->regions, x->chain->region_count, x->regions, LIMIT_PLAN_PARTS, W_REGION);
        if (!region || !plan_need_text(p, region)) return false;
    } while (plan_take_sign(p, TOKEN_COMMA));
    return true;
}

static bool parse_fund(struct plan_parser *p, struct chain_parse *x) {
    struct plan_ref name;
    if (!plan_need_name(p, &name) || !plan_need_word(p, W_TAKES)) return false;
    struct plan_chain_fund *fund = PLAN_PUSH(p, x->chain->funds, x->chain->fund_count, x->funds, LIMIT_BILL_FUNDS, W_FUND);
    if (!fund) return false;
    fund->name = name.name;
    do {
        uint32_t bucket = 0;
        if (!plan_need_bucket(p, &bucket)) return false;
        fund->buckets |= plan_bucket_bits(bucket);
    } while (plan_take_sign(p, TOKEN_COMMA));
    return true;
}

static bool parse_then(struct plan_parser *p, struct chain_parse *x) {
    struct plan_chain_step *step = PLAN_PUSH(p, x->chain->steps, x->chain->step_count, x->steps, LIMIT_CHAIN_PAYERS, W_THEN);
    if (!step) return false;
    step->line = x->at->line;
    step->column = x->at->column;
    bool good = true;
    if (plan_take_word(p, W_POLICIES_BY_DATE)) step->kind = PLAN_CHAIN_POLICIES_BY_DATE;
    else if (plan_take_word(p, W_POLICIES_AS_LISTED)) step->kind = PLAN_CHAIN_POLICIES_AS_LISTED;
    else {
        struct plan_ref name;
        good = plan_need_name(p, &name);
        if (good) step->plan = name.name;
        if (good && plan_take_word(p, W_FILLS_DEDUCTIBLES)) {
            static const enum plan_word answers[] = {W_YES, W_NO};
            step->fills_written = true;
            step->fills = plan_take_word(p, W_YES);
            good = step->fills || plan_take_word(p, W_NO) || plan_expected_any(p, answers, COUNT_OF(answers), "是 或 否", "yes or no");
        }
    }
    if (!good) x->chain->step_count--;
    return good;
}

static const struct {
    enum plan_word word;
    bool (*parse)(struct plan_parser *p, struct chain_parse *x);
} clauses[] = {{W_SOURCE, parse_source}, {W_REGION, parse_region}, {W_FUND, parse_fund}, {W_THEN, parse_then}};

bool plan_parse_chain(struct plan_parser *p, struct plan_chain *ret) {
    enum plan_word words[COUNT_OF(clauses)];
    for (size_t i = 0; i < COUNT_OF(clauses); i++) words[i] = clauses[i].word;
    struct chain_parse x = {.chain = ret};
    struct plan_label label = {0};
    struct plan_pos head = plan_token_pos(plan_cur(p));
    (void)plan_take_word(p, W_CHAIN);
    bool good = plan_need_new_name(p, &ret->name) && plan_need_label(p, &label);
    ret->label_zh = label.zh;
    ret->label_en = label.en;
    struct plan_pos pos = plan_pos_to_here(p, head);
    ret->line = pos.line, ret->column = pos.column, ret->start = pos.start, ret->end = pos.end;
    for (;;) {
        plan_clause_end(p, good, words, COUNT_OF(words));
        enum plan_word w = plan_at_any(p, words, COUNT_OF(words));
        size_t i = 0;
        while (i < COUNT_OF(clauses) && clauses[i].word != w) i++;
        if (i < COUNT_OF(clauses)) {
            plan_layout(p, LAYOUT_HEADER, 1);
            x.at = plan_cur(p);
            (void)plan_take_word(p, w);
            good = clauses[i].parse(p, &x);
        } else if (plan_at_head(p)) {
            return true;
        } else { /* a section of plans */
            plan_report(p, "misplaced-clause", plan_cur(p), plan_cur_str(p), (struct str){0});
            plan_next(p);
            good = false;
        }
    }
}
