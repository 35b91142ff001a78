/* plan/clause — what others may ask about single clauses of a plan: labels of needs and exclusions, source lines, texts of refusals.
 *
 * Who uses it: settle (why, and why not more), reason.c. Exclusions are numbered through: the plan's, then each benefit's in written order, as the
 * compiler numbers them.
 */
#include "plan/ast.h"

static const struct {
    const char *code, *zh, *en;
} refusals[PLAN_REFUSAL_COUNT] = {
    {"", "", ""},
#define X(id, code, zh, en) {code, zh, en},
#include "plan/refusals.def"
#undef X
};

const char *plan_refusal_code(enum plan_refusal r) {
    CHECK((unsigned)r < PLAN_REFUSAL_COUNT);
    return refusals[r].code;
}

const char *plan_refusal_text(enum plan_refusal r, bool zh) {
    CHECK((unsigned)r < PLAN_REFUSAL_COUNT);
    return zh ? refusals[r].zh : refusals[r].en;
}

/* A label in one language; a single text serves both. */
static struct str label_zh(struct plan_label l) { return l.zh.n ? l.zh : l.en; }
static struct str label_en(struct plan_label l) { return l.en.n ? l.en : l.zh; }

struct plan_need_about plan_need_about(const struct plan *p, uint32_t benefit, uint32_t need) {
    CHECK(benefit < p->benefit_count && need < p->benefits[benefit].need_count);
    const struct plan_need *n = &p->benefits[benefit].needs[need];
    return (struct plan_need_about){n->refusal, label_zh(n->label), label_en(n->label), n->pos.line};
}

static const struct plan_exclusion *exclusion_at(const struct plan *p, uint32_t number) {
    if (number < p->exclusion_count) return &p->exclusions[number];
    number -= p->exclusion_count;
    for (uint32_t i = 0; i < p->benefit_count; i++) {
        if (number < p->benefits[i].exclusion_count) return &p->benefits[i].exclusions[number];
        number -= p->benefits[i].exclusion_count;
    }
    return NULL;
}

struct plan_exclusion_about plan_exclusion_about(const struct plan *p, uint32_t exclusion) {
    const struct plan_exclusion *e = exclusion_at(p, exclusion);
    CHECK(e);
    return (struct plan_exclusion_about){e->name, label_zh(e->label), label_en(e->label), e->pos.line};
}

static uint32_t written_or(struct plan_pos pos, const struct plan_benefit *b) { return pos.line ? pos.line : b->pos.line; }

uint32_t plan_clause_line(const struct plan *p, uint32_t benefit, enum plan_clause c) {
    CHECK(benefit < p->benefit_count);
    const struct plan_benefit *b = &p->benefits[benefit];
    struct plan_pos none = {0};
    switch (c) {
    case PLAN_CLAUSE_BENEFIT: return b->pos.line;
    case PLAN_CLAUSE_TAKES: return written_or(b->takes.pos, b);
    case PLAN_CLAUSE_WHERE: return written_or(b->where ? b->where_pos : none, b);
    case PLAN_CLAUSE_COUNTS: return written_or(b->count_limit_count ? b->count_limits[0].pos : none, b);
    case PLAN_CLAUSE_FIRST_SHARE: return written_or(b->first_share.written ? b->first_share.pos : none, b);
    case PLAN_CLAUSE_DEDUCTIBLE: return written_or(b->deductible.pos, b);
    case PLAN_CLAUSE_PAYS: return written_or(b->pays.pos, b);
    case PLAN_CLAUSE_LIMIT: return written_or(b->limit_count ? b->limits[0].pos : none, b);
    case PLAN_CLAUSE_CAP: return written_or(b->cap_count ? b->caps[0].pos : none, b);
    }
    return b->pos.line;
}
