/* plan/run/steps — the dispatcher: one switch over the operations of opcodes.def.
 *
 * Who uses it: run.c, once a segment. Invariant: the program was verified, so no index is looked at twice; all jumps go forward, so the loop ends.
 * Amount arithmetic saturates at the limit of amounts.
 */
#include "plan/run/run.h"

/* ---- values ------------------------------------------------------------------------------------------------------------ */

static int64_t saturate(i128 v) { return v > LIMIT_AMOUNT_MINOR ? LIMIT_AMOUNT_MINOR : v < -LIMIT_AMOUNT_MINOR ? -LIMIT_AMOUNT_MINOR : (int64_t)v; }

static bool mul_ratio(struct run *r, const struct plan_step *s, int64_t *ret) {
    i128 product = (i128)r->s[step_low(s->b)] * r->s[step_high(s->b)];
    int64_t v;
    if (product > (i128)LIMIT_AMOUNT_MINOR * RATIO_ONE) v = LIMIT_AMOUNT_MINOR;
    else if (product < -(i128)LIMIT_AMOUNT_MINOR * RATIO_ONE) v = -LIMIT_AMOUNT_MINOR;
    else if (!round_div(product, RATIO_ONE, (enum round_mode)s->r, &v))
        return run_fail(r, "not-exact", "「须除尽」的计算有余数", "a division that must be exact leaves a remainder");
    *ret = v;
    return true;
}

static bool outside(const struct run *r, int64_t days) {
    int32_t from = (int32_t)(uint32_t)(uint64_t)days, to = (int32_t)(uint32_t)((uint64_t)days >> 32);
    return r->deciding.v < from || r->deciding.v > to;
}

/* ---- benefits ------------------------------------------------------------------------------------------------------------ */

static void benefit_begin(struct run *r, uint32_t at) {
    r->benefit = &r->program->benefits[at];
    r->row = &r->rows[r->segment * r->program->benefit_count + at];
    r->row->cell_start = r->out_count;
    r->clauses = NULL;
    r->cap_count = 0;
    r->cap_cut = false;
}

static void refuse(struct run *r, enum plan_refusal refusal, int64_t need) {
    CHECK(r->benefit && r->row);
    r->row->applies = r->row->refused = true;
    r->row->refusal = (uint8_t)refusal;
    r->row->need_index = (uint16_t)need;
    run_reason(r, PLAN_REASON_REFUSED, r->benefit->line, refusal, need, UINT32_MAX);
}

static void refuse_need(struct run *r, int64_t need) {
    CHECK(r->benefit);
    refuse(r, (enum plan_refusal)r->benefit->need_refusals[need], need);
}

static void only_if(const struct run *r, const uint64_t *from, bool keep, uint64_t *to) {
    for (uint32_t w = 0; w < r->words; w++) to[w] = keep ? from[w] : 0;
}
static void minus(const struct run *r, const uint64_t *from, const uint64_t *without, uint64_t *to) {
    for (uint32_t w = 0; w < r->words; w++) to[w] = from[w] & ~without[w];
}
static void unite(const struct run *r, const uint64_t *a, const uint64_t *b, uint64_t *to) {
    for (uint32_t w = 0; w < r->words; w++) to[w] = a[w] | b[w];
}

/* An allowance is worked once, in the last segment, when a line is left. */
static bool allowance_open(struct run *r, const uint64_t *lines) {
    return r->segment + 1 == r->segment_count && !run_mask_empty(r, lines) && run_days(r);
}

static bool class_given(struct run *r, const struct plan_step *s) {
    const struct bill_policy *p = r->in->policy;
    r->s[s->a] = p->class_given && str_eq(p->class_name, r->program->texts[s->v]);
    return p->class_given;
}

/* ---- the loop ---------------------------------------------------------------------------------------------------------------- */

#define S(at) r->s[at]
#define S0 r->s[step_low(s->b)]
#define S1 r->s[step_high(s->b)]
#define M(at) run_mask(r, (uint32_t)(at))
#define M0 run_mask(r, step_low(s->b))
#define M1 run_mask(r, step_high(s->b))
#define M_V (s->v < 0 ? NULL : run_mask(r, (uint32_t)s->v))
#define TO (s = g->steps + s->b)
#define WORK(e)                                                                                               \
    if (!(e)) return false;                                                                                   \
    break

/* tidy-ok function-long: one case an operation, each a line or two */
bool run_steps(struct run *r) {
    const struct plan_program *g = r->program;
    const struct plan_step *s = g->steps;
    for (;; s++) {
    again:
        switch ((enum plan_op)s->op) {
        case PLAN_OP_HALT: return true;
        case PLAN_OP_GAP: return run_fail(r, "case-gap", "「按…」未列出该取值", "no case of a `by` holds for this bill");
        case PLAN_OP_JUMP: TO; goto again;
        case PLAN_OP_JUMP_ZERO: if (S(s->a) == 0) { TO; goto again; } break;
        case PLAN_OP_JUMP_NONZERO: if (S(s->a) != 0) { TO; goto again; } break;
        case PLAN_OP_JUMP_OTHER: if (S(s->a) != s->v) { TO; goto again; } break;
        case PLAN_OP_JUMP_OUTSIDE: if (outside(r, s->v)) { TO; goto again; } break;
        case PLAN_OP_JUMP_EMPTY: if (run_mask_empty(r, M(s->a))) { TO; goto again; } break;
        case PLAN_OP_CONST: S(s->a) = s->v; break;
        case PLAN_OP_COPY: S(s->a) = S(s->b); break;
        case PLAN_OP_ADD: S(s->a) = saturate((i128)S0 + S1); break;
        case PLAN_OP_SUB: S(s->a) = saturate((i128)S0 - S1); break;
        case PLAN_OP_MUL: S(s->a) = saturate((i128)S0 * S1); break;
        case PLAN_OP_MUL_RATIO: WORK(mul_ratio(r, s, &S(s->a)));
        case PLAN_OP_MIN: S(s->a) = i64_min(S0, S1); break;
        case PLAN_OP_MAX: S(s->a) = i64_max(S0, S1); break;
        case PLAN_OP_NOT: S(s->a) = S(s->b) == 0; break;
        case PLAN_OP_IN: S(s->a) = S(s->b) >= 0 && S(s->b) < 64 ? (int64_t)((uint64_t)s->v >> S(s->b) & 1) : 0; break;
        case PLAN_OP_COMPARE: S(s->a) = plan_compare_holds(S(s->b), (enum plan_compare)s->r, s->v); break;
        case PLAN_OP_TEXT_IS: S(s->a) = run_text_is(r, (enum program_text)s->r, s->b); break;
        case PLAN_OP_TEXT_IN: S(s->a) = run_text_in(r, (enum program_text)s->r, s->b); break;
        case PLAN_OP_DIAGNOSED: S(s->a) = run_diagnosed(r, s->r, s->b); break;
        case PLAN_OP_FIRST_DIAGNOSED: S(s->a) = run_first_diagnosed(r, s->b); break;
        case PLAN_OP_OPERATED: S(s->a) = run_operated(r, s->b); break;
        case PLAN_OP_ENDORSED: S(s->a) = run_endorsed(r, s->b); break;
        case PLAN_OP_CLASS: if (class_given(r, s)) { TO; goto again; } break;
        case PLAN_OP_NOTE_CLASS: run_reason(r, PLAN_REASON_CLASS, (uint32_t)s->v, 0, 0, s->b); break;
        case PLAN_OP_KIND: run_lines_kind(r, r->bill->lines.kind, M(s->b), (uint64_t)s->v, M(s->a)); break;
        case PLAN_OP_CATALOGUE: run_lines_kind(r, r->bill->lines.catalogue, M(s->b), (uint64_t)s->v, M(s->a)); break;
        case PLAN_OP_DATED: run_lines_dated(r, M(s->b), (enum plan_compare)s->r, s->v, M(s->a)); break;
        case PLAN_OP_REIMBURSED: run_lines_reimbursed(r, M(s->b), M(s->a)); break;
        case PLAN_OP_CODE_IS: run_lines_code_is(r, M(s->b), g->texts[s->v], s->r, M(s->a)); break;
        case PLAN_OP_CODE_IN: WORK(run_lines_code_in(r, M(s->b), g->lists[s->v], M(s->a)));
        case PLAN_OP_MINUS: minus(r, M0, M1, M(s->a)); break;
        case PLAN_OP_UNION: unite(r, M0, M1, M(s->a)); break;
        case PLAN_OP_ONLY_IF: only_if(r, M0, S1 != 0, M(s->a)); break;
        case PLAN_OP_PLAN_WAITING:
            if (S(s->a) != 0 || !run_waits(r, s->v)) break;
            r->segments[r->segment].refusal = PLAN_REFUSAL_WAITING;
            return true;
        case PLAN_OP_BENEFIT: benefit_begin(r, s->a); break;
        case PLAN_OP_WAITING:
            if (S(s->a) != 0 || !run_waits(r, s->v)) break;
            refuse(r, PLAN_REFUSAL_WAITING, 0);
            TO; goto again;
        case PLAN_OP_NEED:
            if (S(s->a) != 0) break;
            refuse_need(r, s->v);
            TO; goto again;
        case PLAN_OP_EXCLUDE: WORK(run_exclude(r, M(s->a), M(s->b), (uint32_t)s->v));
        case PLAN_OP_TAKE:
            if (!run_take(r, M(s->a))) return false;
            if (r->base == 0) { TO; goto again; }
            break;
        case PLAN_OP_COUNT_AT_MOST: WORK(run_count(r, &g->counts[s->b], S(s->a), M_V));
        case PLAN_OP_BASE:
            if (run_base(r)) break;
            if (status_failed(r->status)) return false;
            TO; goto again;
        case PLAN_OP_FIRST_SHARE: WORK(run_first_share(r, S(s->a)));
        case PLAN_OP_DEDUCT: WORK(run_deduct(r, s->a == STEP_ABSENT ? PLAN_NOTHING : S(s->a)));
        case PLAN_OP_SHARE_AFTER: WORK(run_share_after(r, S(s->a)));
        case PLAN_OP_POSITION: run_position(r); break;
        case PLAN_OP_TIER: run_tier(r, S(s->a), s->b == STEP_ABSENT ? INT64_MAX : S(s->b), (uint32_t)s->v); break;
        case PLAN_OP_TIMES: r->times = run_ratio_clamp(S(s->a)); break;
        case PLAN_OP_ROUND: WORK(run_round(r));
        case PLAN_OP_SPLIT: WORK(run_split(r));
        case PLAN_OP_LIMIT: WORK(run_limit(r, &g->limits[s->b], S(s->a), M_V));
        case PLAN_OP_CAP: WORK(run_cap(r, &g->caps[s->b], S(s->a)));
        case PLAN_OP_PAY: WORK(run_pay(r));
        case PLAN_OP_DAYS: if (!allowance_open(r, M(s->a))) { TO; goto again; } break;
        case PLAN_OP_DAYS_AT_MOST: WORK(run_days_at_most(r, &g->days_limits[s->b]));
        case PLAN_OP_ALLOW: run_allow(r, S(s->a)); break;
        case PLAN_OP_END: r->benefit = NULL; break;
        case PLAN_OP_COUNT: CHECK(false && "an operation"); return false;
        }
    }
}
