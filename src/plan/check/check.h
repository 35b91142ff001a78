/* plan/check/check — what the parts of the checker share.
 *
 * Internal to the room. Order: names → references → clauses → lists → types → values → cases; then, when nothing is wrong and it is asked for, the proofs
 * (prove.h). A pass may assume what the passes before it assured only when they reported nothing; names and types tolerate PLAN_NONE.
 */
#ifndef YIJIE_PLAN_CHECK_H
#define YIJIE_PLAN_CHECK_H

#include "plan/ast.h"
#include "plan/check/sites.h"

struct check {
    struct arena *a;
    struct plan *p;
    const struct plan_library *lib;
    struct plan_diagnostics *d;
    uint32_t errors_before;
    bool no_memory;
    struct plan_sites sites;
    uint32_t text_cap;
    /* Every reference to a list, gathered by the names pass, then numbered in order of the source. */
    struct list_use {
        struct plan_ref *ref;
        const struct plan_list *list;
    } *list_uses;
    uint32_t list_use_count, list_use_cap;
    uint64_t reads_used;      /* bits of plan->reads */
    bool *conditions_used;    /* by an exception or a condition */
    bool *parameters_used;
    bool *shared_used;
    uint8_t *parameter_state; /* types pass: not begun, being inferred (a cycle when met again), inferred */
    uint32_t parameter_depth;
};

/* An argument that differs by language: BOTH("责任", "benefits"). */
enum { CHECK_BOTH_SEPARATOR = '\x1f' };
#define BOTH(zh, en) STR(zh "\x1f" en)
#define BOTH_TEXT(zh, en) zh "\x1f" en

/* Reports once for a place and code. Texts are copied. */
void check_report(struct check *c, const char *code, struct plan_pos at, struct str a, struct str b);
void check_report_in(struct check *c, const struct plan_source *source, const char *code, struct plan_pos at, struct str a, struct str b);
/* The same with a finished diagnostic to add a witness or a verdict to; NULL when it was not taken (twice, or too many). */
struct plan_diagnostic *check_finding(struct check *c, const struct plan_source *source, const char *code, struct plan_pos at, struct str a,
                                      struct str b);
bool check_clean(const struct check *c); /* no error since the check began */
void *check_array(struct check *c, size_t count, size_t size, size_t align); /* NULL sets no_memory */
#define CHECK_ARRAY(c, T, n) ((T *)check_array((c), (n), sizeof(T), _Alignof(T)))
struct str check_text(struct check *c, struct str s); /* notes missing memory */
#define check_printf(c, ...) check_text((c), arena_printf((c)->a, __VA_ARGS__))

void check_size(struct check *c);    /* check/size.c */
void check_compiles(struct check *c);/* check/size.c: a large plan is compiled to see that it can be */
void check_names(struct check *c);   /* check/names.c: names are unique; reads */
void check_resolve(struct check *c); /* check/resolve.c: references, words, texts, lists */
bool check_expand(struct check *c);  /* check/expand.c: circles, and size with names replaced by what they mean. False: do not walk along names */
void check_clauses(struct check *c); /* check/clauses.c: what must be written, what may not stand together */
void check_types(struct check *c);   /* check/types.c */
void check_values(struct check *c);  /* check/value.c: ranges */
void check_lists(struct check *c);   /* check/list.c */
void check_cases(struct check *c);   /* check/case.c: gaps of `by`, order of exceptions, dates of parameters */
void check_examples(struct check *c);/* check/example.c */

/* All names of b are names of a. */
bool plan_exception_includes(const struct plan_exception *a, const struct plan_exception *b);

/* ---- intervals (check/value.c) --------------------------------------------------------------------- */

struct plan_interval {
    int64_t min, max;
};
/* All values that the expression can take on a day (DAY_NONE: on any day of the force). Unit by its type: minor units, ppm, count.
 * Only after types are clean. `none` gives 0 .. 0. */
struct plan_interval plan_expr_interval(const struct plan *p, const struct plan_expr *e, struct day on);
struct plan_interval plan_choice_interval(const struct plan *p, const struct plan_choice *c, struct day on);

#endif
