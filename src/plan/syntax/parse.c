/* plan/syntax/parse — the top of a file: plans, lists and chains, comments, findings in order.
 *
 * Who uses it: settle, cli and tests through plan_parse; formatter and hash keep the tokens.
 */
#include "plan/syntax/parse.h"

static void parse_plan(struct plan_parser *p, struct plan_file *file, uint32_t *cap) {
    struct plan *plan = PLAN_NEW(p, struct plan);
    if (!plan) return;
    plan->source = p->source;
    plan->zh = p->zh;
    (void)plan_parse_plan(p, plan);
    struct plan **slot = PLAN_PUSH(p, file->plans, file->plan_count, *cap, LIMIT_LIBRARY_FILES, W_PLAN);
    if (slot) *slot = plan;
}

static void parse_list(struct plan_parser *p, struct plan_file *file, uint32_t *cap) {
    struct plan_list *list = PLAN_NEW(p, struct plan_list);
    if (!list) return;
    list->source = p->source;
    (void)plan_parse_list(p, 0, list);
    struct plan_list **slot = PLAN_PUSH(p, file->lists, file->list_count, *cap, LIMIT_LIBRARY_FILES, W_LIST);
    if (slot) *slot = list;
}

static void parse_chain(struct plan_parser *p, struct plan_file *file, uint32_t *cap) {
    struct plan_chain *chain = PLAN_NEW(p, struct plan_chain);
    if (!chain) return;
    chain->source = p->source;
    (void)plan_parse_chain(p, chain);
    struct plan_chain **slot = PLAN_PUSH(p, file->chains, file->chain_count, *cap, LIMIT_LIBRARY_FILES, W_CHAIN);
    if (slot) *slot = chain;
}

static void parse_file(struct plan_parser *p, struct plan_file *file) {
    static const enum plan_word head_words[] = {W_PLAN, W_LIST, W_CHAIN};
    uint32_t plan_cap = 0, list_cap = 0, chain_cap = 0;
    if (plan_is(p, TOKEN_END) && !p->d->error_count) plan_report(p, "no-head", plan_cur(p), (struct str){0}, (struct str){0});
    while (!plan_is(p, TOKEN_END)) {
        if (!plan_at_head_word(p)) {
            if (file->plan_count + file->list_count + file->chain_count == 0) {
                if (!plan_silent(p) && !plan_report_near(p, head_words, COUNT_OF(head_words)))
                    plan_report(p, "no-head", plan_cur(p), (struct str){0}, (struct str){0});
            } else {
                plan_unknown_clause(p, head_words, COUNT_OF(head_words));
            }
            do plan_next(p);
            while (!plan_at_head(p));
            continue;
        }
        plan_layout(p, LAYOUT_FILE, 0);
        if (plan_at_word(p, W_PLAN)) parse_plan(p, file, &plan_cap);
        else if (plan_at_word(p, W_LIST)) parse_list(p, file, &list_cap);
        else parse_chain(p, file, &chain_cap);
    }
}

/* Comments belong to the plan that follows them, or that they stand in. */
static void keep_comments(struct plan_parser *p, struct plan_file *file) {
    uint32_t at = 0;
    for (uint32_t i = 0; i < file->plan_count; i++) {
        struct plan *plan = file->plans[i];
        uint32_t end = i + 1 < file->plan_count ? file->plans[i + 1]->pos.start : UINT32_MAX, cap = 0;
        for (; at < p->count && p->tokens[at].start < end; at++) {
            const struct plan_token *t = &p->tokens[at];
            if (t->kind != TOKEN_COMMENT) continue;
            struct plan_comment *comment = ARENA_PUSH(p->a, plan->comments, plan->comment_count, cap);
            if (!comment) {
                p->no_memory = true;
                return;
            }
            *comment = (struct plan_comment){plan_token_str(p->source, t), plan_token_pos(t), t->at_line_start};
        }
    }
}

/* Findings of lexer and parser in order of the text; those that stood there before stay in front. */
static void sort_findings(struct plan_diagnostics *d, uint32_t from) {
    for (uint32_t i = from; i < d->count; i++) {
        struct plan_diagnostic item = d->items[i];
        uint32_t k = i;
        for (; k > from && d->items[k - 1].start > item.start; k--) d->items[k] = d->items[k - 1];
        d->items[k] = item;
    }
}

struct status plan_parse_tokens(struct arena *a, const struct plan_source *source, struct plan_diagnostics *d, struct plan_tokens *ret_tokens,
                                struct plan_file **ret) {
    struct plan_tokens tokens;
    uint32_t findings = d->count;
    TRY(plan_lex(a, source, d, &tokens));
    struct plan_file *file = ARENA_NEW(a, struct plan_file);
    if (!file) return status_memory();
    file->zh = tokens.zh;
    struct plan_parser p = {.a = a, .source = source, .d = d, .tokens = tokens.items, .count = tokens.count, .zh = tokens.zh};
    plan_skip_comments(&p);
    parse_file(&p, file);
    if (!p.no_memory) keep_comments(&p, file);
    if (p.no_memory) return status_memory();
    sort_findings(d, findings);
    *ret_tokens = tokens;
    *ret = file;
    return STATUS_OK;
}

struct status plan_parse(struct arena *a, const struct plan_source *source, struct plan_diagnostics *d, struct plan_file **ret) {
    struct plan_tokens tokens;
    return plan_parse_tokens(a, source, d, &tokens, ret);
}
