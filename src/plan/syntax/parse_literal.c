/* plan/syntax/parse_literal — names, texts, numbers, dates, and the words of facts, buckets, kinds and round modes.
 *
 * Who uses it: the parts of the parser. Each function takes one token and marks it, or reports what it expected; a literal that the lexer
 * refused counts as 0 and is not reported again.
 */
#include "plan/syntax/parse.h"

#include <string.h>

bool plan_need_name(struct plan_parser *p, struct plan_ref *ret) {
    if (!plan_is(p, TOKEN_WORD) || plan_at_clause(p) || plan_word_reserved(plan_cur_str(p))) return plan_expected(p, "名称", "a name");
    *ret = (struct plan_ref){plan_cur_str(p), plan_token_pos(plan_cur(p)), PLAN_NONE};
    plan_next(p);
    return true;
}

bool plan_at_name(const struct plan_parser *p) {
    return plan_is(p, TOKEN_WORD) && !plan_at_clause(p) && !plan_word_reserved(plan_cur_str(p)) && !plan_at_words(p);
}

bool plan_need_new_name(struct plan_parser *p, struct str *ret) {
    const struct plan_token *t = plan_cur(p);
    struct plan_ref ref;
    if (plan_is(p, TOKEN_WORD) && !t->at_line_start && plan_word_reserved(plan_cur_str(p))) {
        plan_report(p, "name-is-word", t, plan_cur_str(p), (struct str){0});
        *ret = plan_cur_str(p);
        plan_next(p);
        return true; /* one report is enough: the clauses behind it can be read */
    }
    if (!plan_need_name(p, &ref)) return false;
    *ret = ref.name;
    return true;
}

bool plan_need_text(struct plan_parser *p, struct str *ret) {
    if (!plan_is(p, TOKEN_TEXT)) return plan_expected(p, "带引号的文本", "a text in quotes");
    *ret = plan_token_text(p->a, p->source, plan_cur(p));
    if (!ret->p) return plan_no_memory(p);
    plan_next(p);
    return true;
}

bool plan_need_label(struct plan_parser *p, struct plan_label *ret) {
    if (!plan_need_text(p, &ret->zh)) return false;
    ret->en = ret->zh;
    return !plan_take_sign(p, TOKEN_SLASH) || plan_need_text(p, &ret->en);
}

/* A literal that the lexer refused is 0, and reported. */
bool plan_need_number(struct plan_parser *p, int64_t *ret_e6) {
    if (!plan_is(p, TOKEN_NUMBER)) return plan_expected(p, "数字", "a number");
    if (!plan_token_number(p->source, plan_cur(p), ret_e6)) *ret_e6 = 0;
    plan_next(p);
    return true;
}

bool plan_need_whole(struct plan_parser *p, int64_t max, int64_t *ret) {
    const struct plan_token *t = plan_cur(p);
    int64_t e6 = 0;
    if (!plan_is(p, TOKEN_NUMBER)) return plan_expected(p, "整数", "a whole number");
    if (!plan_need_number(p, &e6)) return false;
    if (e6 % 1'000'000 != 0 || e6 / 1'000'000 > max) return plan_number_report(p, "whole-number", t, (uint32_t)max);
    *ret = e6 / 1'000'000;
    return true;
}

bool plan_need_ratio(struct plan_parser *p, int64_t *ret_ppm) {
    if (!plan_is(p, TOKEN_RATIO)) return plan_expected(p, "百分比", "a ratio such as 80%");
    if (!plan_token_ratio(p->source, plan_cur(p), ret_ppm)) *ret_ppm = 0;
    plan_next(p);
    return true;
}

bool plan_need_date(struct plan_parser *p, struct day *ret) {
    if (!plan_is(p, TOKEN_DATE)) return plan_expected(p, "日期", "a date such as 2022-01-01");
    if (!plan_token_date(p->source, plan_cur(p), ret)) *ret = DAY_NONE;
    plan_next(p);
    return true;
}

bool plan_need_range(struct plan_parser *p, struct day_range *ret) {
    struct day_range range = {DAY_NONE, DAY_OPEN};
    if (!plan_need_date(p, &range.from) || !plan_need_sign(p, TOKEN_RANGE)) return false;
    if (plan_is(p, TOKEN_DATE) && !plan_need_date(p, &range.to)) return false;
    *ret = range;
    return true;
}

static const char *mode_text(uint32_t index, bool zh) { return round_mode_name((enum round_mode)index, zh); }

bool plan_need_mode(struct plan_parser *p, enum round_mode *ret) {
    for (uint32_t m = 0; m < ROUND_MODE_COUNT && plan_is(p, TOKEN_WORD); m++) {
        if (!str_eq(plan_cur_str(p), str_from(round_mode_name((enum round_mode)m, p->zh)))) continue;
        plan_cur(p)->mark = PLAN_MARK(MARK_MODE, m);
        *ret = (enum round_mode)m;
        plan_next(p);
        return true;
    }
    return plan_expected_of(p, mode_text, ROUND_MODE_COUNT, "舍入方式（如 四舍五入）", "a round mode: half-up, half-even, down, up or exact");
}

bool plan_need_kind(struct plan_parser *p, enum plan_kind *ret) {
    for (uint32_t k = 0; k < PLAN_KIND_COUNT && plan_is(p, TOKEN_WORD); k++) {
        if (!str_eq(plan_cur_str(p), str_from(plan_kind_text(k, p->zh)))) continue;
        plan_cur(p)->mark = PLAN_MARK(MARK_KIND, k);
        *ret = (enum plan_kind)k;
        plan_next(p);
        return true;
    }
    return plan_expected_of(p, plan_kind_text, PLAN_KIND_COUNT, "种类：法定、惠民保、商业 或 项目", "a kind: statutory, supplementary, commercial or programme");
}

int32_t plan_at_bucket(const struct plan_parser *p) {
    for (uint32_t i = 0; i < PLAN_BUCKET_WORDS && plan_is(p, TOKEN_WORD); i++)
        if (str_eq(plan_cur_str(p), str_from(plan_bucket_text(i, p->zh)))) return (int32_t)i;
    return -1;
}

bool plan_need_bucket(struct plan_parser *p, uint32_t *ret_index) {
    int32_t bucket = plan_at_bucket(p);
    if (bucket < 0) return plan_expected_of(p, plan_bucket_text, PLAN_BUCKET_WORDS, "费用部分（如 自费）", "a bucket such as own_full");
    plan_cur(p)->mark = PLAN_MARK(MARK_BUCKET, bucket);
    *ret_index = (uint32_t)bucket;
    plan_next(p);
    return true;
}

/* ---- facts ------------------------------------------------------------------------------------------------------- */

int32_t plan_at_fact(const struct plan_parser *p) { return plan_is(p, TOKEN_WORD) ? plan_fact_find(plan_cur_str(p)) : -1; }

static void need_language(struct plan_parser *p, const char *own, const char *other) {
    if (str_eq(plan_cur_str(p), str_from(own)) || plan_silent(p)) return;
    plan_report(p, p->zh ? "english-word" : "chinese-word", plan_cur(p), str_from(other), str_from(own));
}

int32_t plan_take_fact(struct plan_parser *p) {
    int32_t fact = plan_at_fact(p);
    if (fact < 0) return fact;
    const struct plan_fact_info *info = plan_fact_info((uint32_t)fact);
    need_language(p, p->zh ? info->zh : info->en, p->zh ? info->en : info->zh);
    plan_cur(p)->mark = PLAN_MARK(MARK_FACT, fact);
    plan_next(p);
    return fact;
}

static void mark_value(struct plan_parser *p, int32_t fact) {
    struct str text = plan_cur_str(p);
    const struct plan_fact_info *info = fact >= 0 ? plan_fact_info((uint32_t)fact) : NULL;
    int32_t yes = plan_bool_find(text);
    if (info && info->type == PLAN_VALUE_SYMBOL) {
        int32_t value = plan_word_find(info->words, info->word_count, text);
        if (value < 0) return;
        const struct bill_word *word = &info->words[value];
        need_language(p, plan_symbol_text(word, p->zh), plan_symbol_text(word, !p->zh));
        plan_cur(p)->mark = PLAN_MARK(MARK_SYMBOL, (uint32_t)fact << 8 | (uint32_t)value);
    } else if (yes >= 0) {
        enum plan_word w = yes ? W_YES : W_NO;
        need_language(p, plan_word_text(w, p->zh), plan_word_text(w, !p->zh));
        plan_cur(p)->mark = PLAN_MARK(MARK_WORD, w);
    }
}

static struct str without_groups(struct plan_parser *p, struct str s) {
    if (!memchr(s.p, '_', s.n)) return s;
    char *out = ARENA_ARRAY(p->a, char, s.n);
    if (!out) return (struct str){0};
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '_') out[n++] = s.p[i];
    return (struct str){out, n};
}

bool plan_need_fact_value(struct plan_parser *p, int32_t fact, struct str *ret, struct plan_pos *ret_pos) {
    const struct plan_token *t = plan_cur(p);
    if (plan_is(p, TOKEN_TEXT)) {
        if (!plan_need_text(p, ret)) return false;
    } else if (plan_is(p, TOKEN_NUMBER)) {
        *ret = without_groups(p, plan_cur_str(p));
        if (!ret->p) return plan_no_memory(p);
        plan_next(p);
    } else if (plan_is(p, TOKEN_WORD) && !plan_at_clause(p)) {
        mark_value(p, fact);
        *ret = plan_cur_str(p);
        plan_next(p);
    } else {
        return plan_expected(p, "取值", "a value");
    }
    *ret_pos = plan_token_pos(t);
    return true;
}
