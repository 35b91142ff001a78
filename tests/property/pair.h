/* property/pair — one plan and one bill: everything that must hold of it.
 *
 * Who uses it: property.c, shrink.c. The evaluator and the walker must agree in every field; the result must keep the laws of laws.c; the
 * variants of a run (with reasons, without cells, once more) must give the same amounts.
 */
#ifndef YIJIE_PROPERTY_PAIR_H
#define YIJIE_PROPERTY_PAIR_H

#include "gen_bill.h"

/* A plan made ready. NULL program: the checker refused it; `code` says why. When `translated`, the program is of the same plan in Chinese words:
 * formatted, read and checked again. */
struct ready_plan {
    struct plan *plan; /* as written: for the walker */
    struct plan_program *program;
    const char *code;
};
/* Parses, checks, compiles and verifies. False: no memory, or a failure that must not be; said on stderr. */
bool pair_plan(struct arena *a, struct str text, bool translate, struct ready_plan *ret);

struct finding {
    const char *law; /* NULL: nothing found */
    char what[96];   /* field or counter */
    uint32_t row;
    int64_t x, y;
};
struct pair_options {
    bool inject;   /* make the walker's answer wrong by one minor unit: the comparison must find it */
    bool variants; /* also the slower comparisons */
    bool translate; /* the evaluator runs the plan in the other language */
};
struct pair_tally {
    uint64_t pairs, failed_runs, refused, paying, cells, segments, unproven, monotone;
};
/* Runs one pair. *ret_result is the evaluator's, valid until the arena is reset; benefit_count 0 after a failed run. */
void pair_run(struct arena *a, const struct gen_plan *g, const struct ready_plan *p, const struct plan_input *in,
              const struct plan_counters *counters, struct pair_options o, struct plan_result *ret_result, struct finding *ret,
              struct pair_tally *tally);

/* laws.c */
void laws_check(const struct gen_plan *g, const struct plan_input *in, const struct plan_result *r, uint32_t co_insurers, struct finding *ret);
void finding_set(struct finding *f, const char *law, struct str what, uint32_t row, int64_t x, int64_t y); /* the first one stays */

/* shrink.c: makes a failing pair smaller and prints it. */
void shrink_print(const struct gen_plan *g, struct str text, const struct plan_input *in, const struct plan_counters *counters,
                  struct pair_options o, const struct finding *found);

#endif
