/* plan/compile/cond — conditions to steps: a scalar 0 or 1 for what concerns the visit, a mask for what concerns lines.
 *
 * Who uses it: the other compile files. Invariant: a mask is only ever narrowed, so that a list is asked about lines still in question; conditions
 * have no effects, so that the cheap side of an `and` may go first. Source: docs/plan-language.md §3.
 */
#include "plan/compile/compile.h"

/* ---- tests of the visit -------------------------------------------------------------------------------- */

static enum program_text text_of(struct compiler *c, int32_t fact) {
    switch (fact) {
    case PLAN_FACT_REGION: return PROGRAM_TEXT_REGION;
    case PLAN_FACT_INSURED_REGION: return PROGRAM_TEXT_INSURED_REGION;
    case PLAN_FACT_HOSPITAL: return PROGRAM_TEXT_HOSPITAL;
    case PLAN_FACT_DEPARTMENT: return PROGRAM_TEXT_DEPARTMENT;
    default:
        compile_fail(c, "plan-not-checked", "方案未经检查", "the plan was not checked");
        return PROGRAM_TEXT_REGION;
    }
}

/* Words as a set. With `!=` the complement within 64 words; a value outside the vocabulary cannot occur. */
static uint64_t words_bits(const struct plan_cond *cond) {
    uint64_t bits = 0;
    for (uint32_t i = 0; i < cond->word_count; i++)
        if (cond->word_values[i] >= 0 && cond->word_values[i] < 64) bits |= 1ULL << cond->word_values[i];
    return cond->compare == PLAN_NE ? ~bits : bits;
}

static void test_to(struct compiler *c, const struct plan_cond *cond, uint16_t to);

static void test_texts(struct compiler *c, const struct plan_cond *cond, uint16_t to) {
    struct compile_jumps found = {0};
    uint8_t text = (uint8_t)text_of(c, cond->ref.index);
    compile_step(c, PLAN_OP_CONST, 0, to, 0, 0);
    for (uint32_t i = 0; i < cond->word_count; i++) {
        compile_step(c, PLAN_OP_TEXT_IS, text, to, (uint32_t)cond->word_values[i], 0);
        if (i + 1 < cond->word_count) compile_jump_add(c, &found, compile_step(c, PLAN_OP_JUMP_NONZERO, 0, to, 0, 0));
    }
    compile_jumps_land(c, &found);
    if (cond->compare == PLAN_NE) compile_step(c, PLAN_OP_NOT, 0, to, to, 0);
}

/* A symbol with more than 64 words, or a count: one comparison a word. */
static void test_numbers(struct compiler *c, const struct plan_cond *cond, uint16_t to) {
    struct compile_jumps found = {0};
    uint16_t fact = compile_fact(c, cond->ref.index);
    compile_step(c, PLAN_OP_CONST, 0, to, 0, 0);
    for (uint32_t i = 0; i < cond->word_count; i++) {
        compile_step(c, PLAN_OP_COMPARE, PLAN_EQ, to, fact, cond->word_values[i]);
        if (i + 1 < cond->word_count) compile_jump_add(c, &found, compile_step(c, PLAN_OP_JUMP_NONZERO, 0, to, 0, 0));
    }
    compile_jumps_land(c, &found);
    if (cond->compare == PLAN_NE) compile_step(c, PLAN_OP_NOT, 0, to, to, 0);
}

static void test_in(struct compiler *c, const struct plan_cond *cond, uint16_t to) {
    enum plan_fact_type type = compile_fact_type(c, cond->ref.index);
    bool small = true;
    for (uint32_t i = 0; i < cond->word_count; i++) small = small && cond->word_values[i] < 64;
    if (type == PLAN_VALUE_TEXT) test_texts(c, cond, to);
    else if (type == PLAN_VALUE_COUNT || !small) test_numbers(c, cond, to);
    else compile_step(c, PLAN_OP_IN, 0, to, compile_fact(c, cond->ref.index), (int64_t)words_bits(cond));
}

/* The second side only when the first does not decide. */
static void test_both(struct compiler *c, const struct plan_cond *cond, uint16_t to) {
    test_to(c, cond->a, to);
    enum plan_op op = cond->kind == PLAN_COND_AND ? PLAN_OP_JUMP_ZERO : PLAN_OP_JUMP_NONZERO;
    uint32_t decided = compile_step(c, op, 0, to, 0, 0);
    test_to(c, cond->b, to);
    compile_land(c, decided);
}

static void test_to(struct compiler *c, const struct plan_cond *cond, uint16_t to) {
    uint32_t list = (uint32_t)cond->ref.index;
    switch (cond->kind) {
    case PLAN_COND_AND:
    case PLAN_COND_OR: test_both(c, cond, to); return;
    case PLAN_COND_NOT:
        test_to(c, cond->a, to);
        compile_step(c, PLAN_OP_NOT, 0, to, to, 0);
        return;
    case PLAN_COND_FACT: compile_step(c, PLAN_OP_COPY, 0, to, compile_fact(c, cond->ref.index), 0); return;
    case PLAN_COND_IN: test_in(c, cond, to); return;
    case PLAN_COND_COMPARE:
        compile_step(c, PLAN_OP_COMPARE, (uint8_t)cond->compare, to, compile_fact(c, cond->ref.index), cond->number);
        return;
    case PLAN_COND_NAME: compile_step(c, PLAN_OP_COPY, 0, to, c->condition_base + list, 0); return;
    case PLAN_COND_TEXT_IN_LIST: compile_step(c, PLAN_OP_TEXT_IN, (uint8_t)text_of(c, cond->fact.index), to, list, 0); return;
    case PLAN_COND_DIAGNOSIS_IN_LIST: compile_step(c, PLAN_OP_DIAGNOSED, 0, to, list, 0); return;
    case PLAN_COND_MAIN_IN_LIST: compile_step(c, PLAN_OP_DIAGNOSED, 1, to, list, 0); return;
    case PLAN_COND_PROCEDURE_IN_LIST: compile_step(c, PLAN_OP_OPERATED, 0, to, list, 0); return;
    case PLAN_COND_FIRST_DIAGNOSED: compile_step(c, PLAN_OP_FIRST_DIAGNOSED, 0, to, list, 0); return;
    case PLAN_COND_ENDORSED: compile_step(c, PLAN_OP_ENDORSED, 0, to, compile_text(c, cond->ref.name), 0); return;
    case PLAN_COND_CODE_IN_LIST: break;
    }
    compile_fail(c, "plan-not-checked", "方案未经检查", "the plan was not checked");
}

uint16_t compile_test(struct compiler *c, const struct plan_cond *cond) {
    if (cond->kind == PLAN_COND_FACT) return compile_fact(c, cond->ref.index);
    if (cond->kind == PLAN_COND_NAME) return (uint16_t)(c->condition_base + (uint32_t)cond->ref.index);
    uint16_t to = compile_scalar(c);
    test_to(c, cond, to);
    return to;
}

/* ---- masks of lines ---------------------------------------------------------------------------------------- */

static bool asks_list(const struct plan_cond *cond) { return compile_cond_asks(cond, PLAN_COND_CODE_IN_LIST); }

bool compile_cond_asks(const struct plan_cond *cond, enum plan_cond_kind kind) {
    if (!cond) return false;
    return cond->kind == kind || compile_cond_asks(cond->a, kind) || compile_cond_asks(cond->b, kind);
}

static uint16_t lines_if(struct compiler *c, uint16_t from, uint16_t test) {
    uint16_t to = compile_mask_new(c);
    compile_step(c, PLAN_OP_ONLY_IF, 0, to, step_pair(from, test), 0);
    return to;
}

static uint16_t lines_minus(struct compiler *c, uint16_t from, uint16_t without) {
    uint16_t to = compile_mask_new(c);
    compile_step(c, PLAN_OP_MINUS, 0, to, step_pair(from, without), 0);
    return to;
}

static uint16_t lines_or(struct compiler *c, const struct plan_cond *a, const struct plan_cond *b, uint16_t from) {
    uint16_t first = compile_lines(c, a, from);
    uint16_t second = compile_lines(c, b, lines_minus(c, from, first));
    uint16_t to = compile_mask_new(c);
    compile_step(c, PLAN_OP_UNION, 0, to, step_pair(first, second), 0);
    return to;
}

/* code = "A" or in ("A", "B"); `!=` of several: none of them. */
static uint16_t lines_codes(struct compiler *c, const struct plan_cond *cond, uint16_t from) {
    bool other = cond->compare == PLAN_NE;
    uint16_t to = compile_mask_new(c), rest = from;
    for (uint32_t i = 0; i < cond->word_count; i++) {
        uint16_t one = i ? compile_mask_new(c) : to;
        compile_step(c, PLAN_OP_CODE_IS, other, one, rest, cond->word_values[i]);
        if (other) rest = to = one;
        else if (i) compile_step(c, PLAN_OP_UNION, 0, to, step_pair(to, one), 0);
    }
    return to;
}

static uint16_t lines_fact(struct compiler *c, const struct plan_cond *cond, uint16_t from) {
    if (cond->ref.index == PLAN_FACT_CODE) return lines_codes(c, cond, from);
    uint16_t to = compile_mask_new(c);
    switch (cond->ref.index) {
    case PLAN_FACT_KIND: compile_step(c, PLAN_OP_KIND, 0, to, from, (int64_t)words_bits(cond)); break;
    case PLAN_FACT_CATALOGUE: compile_step(c, PLAN_OP_CATALOGUE, 0, to, from, (int64_t)words_bits(cond)); break;
    case PLAN_FACT_DATE: compile_step(c, PLAN_OP_DATED, (uint8_t)cond->compare, to, from, cond->number); break;
    case PLAN_FACT_REIMBURSED: compile_step(c, PLAN_OP_REIMBURSED, 0, to, from, 0); break;
    default: compile_fail(c, "plan-not-checked", "方案未经检查", "the plan was not checked");
    }
    return to;
}

static uint16_t lines_and(struct compiler *c, const struct plan_cond *cond, uint16_t from) {
    bool swap = asks_list(cond->a) && !asks_list(cond->b);
    uint16_t narrowed = compile_lines(c, swap ? cond->b : cond->a, from);
    return compile_lines(c, swap ? cond->a : cond->b, narrowed);
}

uint16_t compile_lines(struct compiler *c, const struct plan_cond *cond, uint16_t from) {
    if (!cond->line_level) return lines_if(c, from, compile_test(c, cond));
    switch (cond->kind) {
    case PLAN_COND_AND: return lines_and(c, cond, from);
    case PLAN_COND_OR: {
        bool swap = asks_list(cond->a) && !asks_list(cond->b);
        return swap ? lines_or(c, cond->b, cond->a, from) : lines_or(c, cond->a, cond->b, from);
    }
    case PLAN_COND_NOT: return lines_minus(c, from, compile_lines(c, cond->a, from));
    case PLAN_COND_CODE_IN_LIST: {
        uint16_t to = compile_mask_new(c);
        compile_step(c, PLAN_OP_CODE_IN, 0, to, from, cond->ref.index);
        return to;
    }
    case PLAN_COND_FACT:
    case PLAN_COND_IN:
    case PLAN_COND_COMPARE: return lines_fact(c, cond, from);
    case PLAN_COND_NAME:
    case PLAN_COND_TEXT_IN_LIST:
    case PLAN_COND_DIAGNOSIS_IN_LIST:
    case PLAN_COND_MAIN_IN_LIST:
    case PLAN_COND_PROCEDURE_IN_LIST:
    case PLAN_COND_FIRST_DIAGNOSED:
    case PLAN_COND_ENDORSED: break;
    }
    compile_fail(c, "plan-not-checked", "方案未经检查", "the plan was not checked");
    return from;
}

uint16_t compile_where(struct compiler *c, const struct plan_cond *cond, uint16_t from, struct compile_jumps *away) {
    if (!cond) return from;
    if (cond->kind == PLAN_COND_AND) { /* the visit's side first, lists last */
        bool swap = cond->a->line_level && (!cond->b->line_level || (asks_list(cond->a) && !asks_list(cond->b)));
        uint16_t narrowed = compile_where(c, swap ? cond->b : cond->a, from, away);
        return compile_where(c, swap ? cond->a : cond->b, narrowed, away);
    }
    if (cond->line_level) return compile_lines(c, cond, from);
    uint32_t scalar_top = c->scalar_top;
    compile_jump_add(c, away, compile_step(c, PLAN_OP_JUMP_ZERO, 0, compile_test(c, cond), 0, 0));
    c->scalar_top = scalar_top;
    return from;
}
