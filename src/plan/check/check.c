/* plan/check/check — the checker's driver: order of the passes, and how findings are reported.
 *
 * Who uses it: cli, settle, tests through plan_check. Invariant (relied on by compiler, evaluator and walker): when it reported no error, every
 * reference is resolved, every expression typed and in range, every choice has a value for every bill; what can still fail is the bill.
 * Each pass runs on what earlier passes left, also when they found errors, so that one run reports as much as possible; ranges, cases and
 * proofs need a clean tree.
 */
#include "plan/check/check.h"

#include <string.h>

#include "plan/prove/prove.h"

static struct plan_place place_of(const struct plan_source *source, struct plan_pos at) {
    return (struct plan_place){source, at.line, at.column, at.start, at.end};
}

static bool reported(const struct check *c, const struct plan_source *source, const char *code, struct plan_pos at) {
    for (uint32_t i = 0; i < c->d->count; i++) {
        const struct plan_diagnostic *item = &c->d->items[i];
        if (item->source == source && item->start == at.start && item->line == at.line && strcmp(item->code, code) == 0) return true;
    }
    return false;
}

struct plan_diagnostic *check_finding(struct check *c, const struct plan_source *source, const char *code, struct plan_pos at, struct str a,
                                      struct str b) {
    if (reported(c, source, code, at)) return NULL;
    uint32_t count = c->d->count;
    plan_diagnose(c->d, c->a, code, place_of(source, at), a, b);
    return c->d->count > count ? &c->d->items[count] : NULL;
}

void check_report_in(struct check *c, const struct plan_source *source, const char *code, struct plan_pos at, struct str a, struct str b) {
    (void)check_finding(c, source, code, at, a, b);
}

void check_report(struct check *c, const char *code, struct plan_pos at, struct str a, struct str b) {
    check_report_in(c, c->p->source, code, at, a, b);
}

bool check_clean(const struct check *c) {
    return c->d->error_count == c->errors_before && !c->no_memory;
}

void *check_array(struct check *c, size_t count, size_t size, size_t align) {
    void *p = arena_array_alloc(c->a, count, size, align);
    if (p == NULL) c->no_memory = true;
    return p;
}

struct str check_text(struct check *c, struct str s) {
    if (s.p == NULL) c->no_memory = true;
    return s;
}

static bool prepare(struct check *c) {
    c->conditions_used = CHECK_ARRAY(c, bool, c->p->condition_count);
    c->parameters_used = CHECK_ARRAY(c, bool, c->p->parameter_count);
    c->parameter_state = CHECK_ARRAY(c, uint8_t, c->p->parameter_count);
    c->shared_used = CHECK_ARRAY(c, bool, c->p->shared_count);
    if (!plan_sites_collect(c->a, c->p, &c->sites)) c->no_memory = true;
    c->p->texts = NULL;
    c->p->text_count = 0;
    c->p->uses = NULL;
    c->p->use_count = 0;
    return !c->no_memory;
}

/* Everything that works on a tree with errors in it. */
static void check_tree(struct check *c) {
    static void (*const passes[])(struct check *) = {
        check_size, check_names, check_resolve, check_clauses, check_lists, check_examples,
    };
    for (size_t i = 0; i < COUNT_OF(passes) && !c->no_memory; i++) passes[i](c);
}

static bool has_exceptions(const struct check *c) {
    for (uint32_t i = 0; i < c->sites.choice_count; i++)
        if (c->sites.choices[i].choice->exception_count > 1) return true;
    return false;
}

/* Exceptions that collide are an error in every check; the rest when it is asked for. */
static void prove(struct check *c, const struct plan_check_options *o, struct plan_proof_counts *ret) {
    struct prove pv;
    if ((o == NULL && !has_exceptions(c)) || !prove_init(&pv, c, o)) return;
    prove_exceptions_collide(&pv);
    if (o != NULL && check_clean(c)) prove_all(&pv);
    if (pv.w.no_memory) c->no_memory = true;
    *ret = pv.counts;
}

struct status plan_check(struct arena *a, struct plan *p, const struct plan_library *lib, const struct plan_check_options *o,
                         struct plan_diagnostics *d) {
    struct check c = {.a = a, .p = p, .lib = lib, .d = d, .errors_before = d->error_count};
    struct plan_proof_counts counts = {0};
    if (prepare(&c)) check_tree(&c);
    if (!c.no_memory && check_expand(&c)) check_types(&c);
    if (check_clean(&c)) check_values(&c);
    if (check_clean(&c)) check_cases(&c);
    if (check_clean(&c)) check_compiles(&c);
    if (check_clean(&c)) prove(&c, o != NULL && o->prove ? o : NULL, &counts);
    if (c.no_memory) return status_memory();
    if (o != NULL && o->ret_not_decided != NULL) *o->ret_not_decided = counts.not_decided;
    if (o != NULL && o->ret_counts != NULL) *o->ret_counts = counts;
    return STATUS_OK;
}
