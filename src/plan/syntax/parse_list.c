/* plan/syntax/parse_list — lists of codes.
 *
 * Who uses it: parse.c for files of lists, parse_plan.c for those inside a plan. Workload: 50,000 entries; each costs a fixed number of token
 * comparisons and no memory but its own.
 */
#include "plan/syntax/parse.h"

static const struct {
    enum plan_word word;
    enum plan_entry_kind kind;
} entry_kinds[] = {
    {W_CODE, PLAN_ENTRY_CODE}, {W_PREFIX, PLAN_ENTRY_PREFIX}, {W_RANGE, PLAN_ENTRY_RANGE}, {W_NAME, PLAN_ENTRY_NAME},
};

static bool parse_of(struct plan_parser *p, enum plan_list_of *ret) {
    static const struct {
        enum plan_word word;
        enum plan_list_of of;
    } kinds[] = {
        {W_DIAGNOSIS, PLAN_LIST_OF_DIAGNOSIS}, {W_OF_DRUG, PLAN_LIST_OF_DRUG}, {W_OF_CONSUMABLE, PLAN_LIST_OF_CONSUMABLE},
        {W_OF_SERVICE, PLAN_LIST_OF_SERVICE}, {W_PROCEDURE, PLAN_LIST_OF_PROCEDURE}, {W_OF_INSTITUTION, PLAN_LIST_OF_INSTITUTION},
        {W_OF_ANY, PLAN_LIST_OF_ANY},
    };
    enum plan_word words[COUNT_OF(kinds)];
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        words[i] = kinds[i].word;
        if (!plan_take_word(p, kinds[i].word)) continue;
        *ret = kinds[i].of;
        return true;
    }
    return plan_expected_any(p, words, COUNT_OF(words), "类属：诊断、药品、耗材、服务项目、手术操作、机构 或 不限",
                             "what the list is of: diagnosis, drug, consumable, service, procedure, institution or any");
}

/* Behind the first keyword. */
static bool parse_entry(struct plan_parser *p, struct plan_entry *e) {
    if (!plan_need_text(p, &e->text)) return false;
    if (e->kind == PLAN_ENTRY_RANGE && (!plan_need_sign(p, TOKEN_RANGE) || !plan_need_text(p, &e->text_to))) return false;
    if (plan_is(p, TOKEN_TEXT) && !plan_need_text(p, &e->note)) return false;
    if (plan_take_word(p, W_GROUP) && !plan_need_text(p, &e->group)) return false;
    if (plan_take_word(p, W_SHARE) && !plan_need_ratio(p, &e->share_ppm)) return false;
    return !plan_take_word(p, W_FROM) || plan_need_range(p, &e->on);
}

static bool take_entry_kind(struct plan_parser *p, enum plan_entry_kind *ret) {
    for (size_t i = 0; i < COUNT_OF(entry_kinds); i++) {
        if (!plan_take_word(p, entry_kinds[i].word)) continue;
        *ret = entry_kinds[i].kind;
        return true;
    }
    return false;
}

/* One entry at its keyword. */
static bool add_entry(struct plan_parser *p, uint32_t level, struct plan_list *list, uint32_t *cap) {
    if (list->entry_count == LIMIT_PLAN_LIST_ENTRIES) { /* one report, however many follow */
        (void)plan_number_report(p, "list-long", plan_cur(p), LIMIT_PLAN_LIST_ENTRIES);
        do plan_next(p);
        while (!plan_at_section(p));
        return true;
    }
    struct plan_entry *e = PLAN_PUSH(p, list->entries, list->entry_count, *cap, LIMIT_PLAN_LIST_ENTRIES, W_CODE);
    if (!e) return false;
    e->pos = plan_token_pos(plan_cur(p));
    e->share_ppm = PLAN_NONE;
    e->on = (struct day_range){DAY_NONE, DAY_OPEN};
    plan_layout(p, LAYOUT_ENTRY, level);
    (void)take_entry_kind(p, &e->kind);
    bool good = parse_entry(p, e);
    e->pos = plan_pos_to_here(p, e->pos);
    if (!good) list->entry_count--;
    return good;
}

bool plan_parse_list(struct plan_parser *p, uint32_t level, struct plan_list *ret) {
    enum plan_word words[COUNT_OF(entry_kinds)];
    uint32_t cap = 0;
    for (size_t i = 0; i < COUNT_OF(words); i++) words[i] = entry_kinds[i].word;
    ret->pos = plan_token_pos(plan_cur(p));
    (void)plan_take_word(p, W_LIST);
    bool good = plan_need_new_name(p, &ret->name) && plan_need_label(p, &ret->label);
    if (good && plan_take_word(p, W_OF)) good = parse_of(p, &ret->of);
    ret->pos = plan_pos_to_here(p, ret->pos);
    for (;;) {
        plan_clause_end(p, good, words, COUNT_OF(words));
        if (plan_at_any(p, words, COUNT_OF(words)) == W_COUNT) return true;
        good = add_entry(p, level + 1, ret, &cap);
    }
}
