/* life/ops — one row an op: how it is read, what it needs, how it decides, what it answers. */
#include "cases/life/life.h"

const struct cases_op_functions cases_ops[CASES_OP_COUNT] = {
    [CASES_TRIAL] = {.reads_only = true, .parse = life_trial_parse, .needs = life_trial_needs, .decide = life_trial_decide,
        .render = life_trial_render},
    [CASES_CANCEL] = {.reads_only = true, .parse = life_cancel_parse, .needs = life_cancel_needs, .decide = life_cancel_decide,
        .render = life_cancel_render},
    [CASES_CONFIRM] = {.parse = life_confirm_parse, .needs = life_confirm_needs, .decide = life_confirm_decide,
        .render = life_confirm_render},
    [CASES_REVERSE] = {.alone = true, .parse = life_reverse_parse, .needs = life_case_needs, .decide = life_reverse_decide,
        .render = life_reverse_render},
    [CASES_READJUDICATE] = {.alone = true, .parse = life_again_parse, .needs = life_case_needs, .decide = life_again_decide,
        .render = life_again_render},
    [CASES_INVOICE] = {.parse = life_invoice_parse, .needs = life_paper_needs, .decide = life_invoice_decide,
        .render = life_invoice_render},
    [CASES_DOCUMENT] = {.parse = life_document_parse, .needs = life_paper_needs, .decide = life_document_decide,
        .render = life_document_render},
    [CASES_SHARE] = {.parse = life_share_parse, .needs = life_share_needs, .decide = life_share_decide,
        .render = life_share_render},
    [CASES_CHANGE] = {.alone = true, .parse = life_change_parse, .needs = life_change_needs, .decide = life_change_decide,
        .render = life_change_render},
    [CASES_CLOSE_DAY] = {.parse = life_close_parse, .needs = life_close_needs, .decide = life_close_decide,
        .render = life_close_render},
    [CASES_DUE] = {.parse = life_due_parse, .needs = life_due_needs, .decide = life_due_decide,
        .render = life_due_render},
};
