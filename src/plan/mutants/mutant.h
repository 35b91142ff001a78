/* plan/mutants/mutant — one small change of a plan's text at a time, and who notices.
 *
 * Internal to the room; the run over all mutants of a plan is plan_mutants_run in plan.h. A mutant is the text with one piece replaced: a number, ratio,
 * date or code moved by a little, a word of a vocabulary swapped, a comparison turned, a clause, exception, item or entry dropped. Labels, comments,
 * names, sources and examples are left alone: they move no amount, or they are the judge.
 */
#ifndef YIJIE_PLAN_MUTANT_H
#define YIJIE_PLAN_MUTANT_H

#include "plan/ast.h"
#include "plan/run/counters.h"

/* How a text is changed. X(ID, zh, en) */
#define PLAN_MUTATIONS(X)                                                                                     \
    X(NUMBER, "改数字", "number")                                                                              \
    X(RATIO, "改比例", "ratio")                                                                                \
    X(DATE, "改日期", "date")                                                                                  \
    X(CODE, "改编码", "code")                                                                                  \
    X(WORD, "换取值", "word")                                                                                  \
    X(COMPARE, "换比较", "comparison")                                                                         \
    X(LOGIC, "换且或非", "and, or, not")                                                                        \
    X(BUCKET, "换费用部分", "bucket")                                                                           \
    X(PERIOD, "换期间", "period")                                                                              \
    X(RULE, "换规则", "rule")                                                                                  \
    X(KIND, "换给付种类", "kind of payer")                                                                       \
    X(DROP, "删条款", "clause dropped")                                                                         \
    X(SWAP, "换先后", "order")
enum plan_mutation {
#define X(id, zh, en) PLAN_MUTATION_##id,
    PLAN_MUTATIONS(X)
#undef X
        PLAN_MUTATION_COUNT
};

struct mutation {
    enum plan_mutation kind;
    uint32_t line, column;
    uint32_t start, end; /* bytes of the source that are replaced */
    struct str put;
};
struct mutations {
    struct mutation *items;
    uint32_t count, cap;
};
/* All mutants of the plans and lists of a source that parsed and checked without error, in order of the text. */
struct status mutations_make(struct arena *a, const struct plan_source *source, const struct plan_file *file, struct mutations *ret);
const char *mutation_name(enum plan_mutation kind, bool zh);
/* The changed text. p == NULL: no memory. */
struct str mutation_text(struct arena *a, struct str text, const struct mutation *m);

/* Random bills aimed at two plans: days where their lists and parameters change, codes of their lists, counts and amounts around their literals, their
 * classes and facts, earlier payers' money, several bills of a person and of a family. */
struct throws;
struct throws *throws_new(struct arena *a, struct plan *x, struct plan *y, uint64_t seed); /* NULL: no memory */
struct thrown {
    struct plan_input in;
    bool fresh; /* begins a new family: counters before are forgotten */
};
bool throws_begins(const struct throws *t); /* the next bill is the first of a new family */
bool throws_next(struct throws *t, struct arena *a, struct thrown *ret); /* false: no memory */

#endif
