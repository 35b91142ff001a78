/* proofs — what the checker claims of random plans, held against random bills.
 *
 *   proofs [--plans N] [--bills N] [--seed S] [--inject]
 *
 * A clause that is said never to matter is taken out of the tree (or made constant) and both trees are walked over the same bills: no amount may differ. A
 * benefit that is said never to pay must never pay. A witness must be a bill that the reader takes and the plan runs on, and show the earlier
 * benefit taking the money. Plans come from the generator of tests/property, bills from the one that aims at a plan's own days, codes and amounts.
 * --inject claims of every benefit that it never pays: the program must then fail (a test that cannot fail proves nothing).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "gen_plan.h"
#include "plan/ast.h"
#include "plan/run/counters.h"
#include "plan/mutants/mutant.h"
#include "plan/check/sites.h"
#include "plan/prove/witness.h"

enum { ARENA_BYTES = 1 << 30, PLAN_TEXT_BYTES = 1 << 20 };

/* What a finding says, as something that bills can contradict. */
enum claim { CLAIM_NONE, CLAIM_NEVER_PAYS, CLAIM_NO_EFFECT, CLAIM_FALSE, CLAIM_TRUE, CLAIM_WITNESS };
static const struct {
    const char *code;
    enum claim claim;
    uint32_t least; /* seen in a release run of 3,000 plans, else the test is too weak */
} claims[] = {
    {"need-dead", CLAIM_NEVER_PAYS, 0},      {"where-dead", CLAIM_NEVER_PAYS, 1},       {"exclude-all", CLAIM_NEVER_PAYS, 0},
    {"pays-nothing", CLAIM_NEVER_PAYS, 1},   {"shadowed", CLAIM_NEVER_PAYS, 5},         {"counts-below-deductible", CLAIM_NEVER_PAYS, 1},
    {"exception-dead", CLAIM_NO_EFFECT, 5},  {"exclude-dead", CLAIM_NO_EFFECT, 5},      {"for-dead", CLAIM_FALSE, 5},
    {"condition-never", CLAIM_FALSE, 5},     {"condition-always", CLAIM_TRUE, 5},       {"bucket-twice", CLAIM_WITNESS, 50},
    {"bucket-special", CLAIM_WITNESS, 5},    {"exception-overlap", CLAIM_WITNESS, 5},   {"limit-above-cap", CLAIM_WITNESS, 0},
    {"tier-behind-cap", CLAIM_WITNESS, 0},
};
struct tally {
    uint32_t plans, findings[COUNT_OF(claims)], paying, wrong;
    uint64_t bills;
    struct plan_proof_counts counts;
};
struct options {
    uint32_t plans, bills;
    uint64_t seed;
    bool inject;
};
struct subject {
    struct arena *a;
    struct plan *p;
    struct plan_source source;
    struct plan_diagnostics d;
    const struct options *o;
    struct tally *t;
    uint64_t number;
};

static void wrong(struct subject *s, const struct plan_diagnostic *d, const char *what) {
    s->t->wrong++;
    printf("plan %llu (seed %llu), %s in line %u: %s\n", (unsigned long long)s->number, (unsigned long long)s->o->seed, d->code, d->line, what);
    if (s->t->wrong == 1) printf("%.*s\n", STR_FMT(s->source.text));
}

/* ---- the part of the tree that a finding is about ------------------------------------------------------------- */

static uint32_t benefit_at(const struct plan *p, uint32_t line) {
    uint32_t found = UINT32_MAX;
    for (uint32_t i = 0; i < p->benefit_count; i++)
        if (p->benefits[i].pos.line <= line) found = i;
    return found;
}

/* Takes element i out of an array in place. */
#define TAKE_OUT(items, count, i)                                                                             \
    do {                                                                                                      \
        for (uint32_t take_k = (i); take_k + 1 < (count); take_k++) (items)[take_k] = (items)[take_k + 1];    \
        (count)--;                                                                                            \
    } while (0)

static bool drop_exception(struct plan *p, struct arena *a, uint32_t start) {
    struct plan_sites sites;
    if (!plan_sites_collect(a, p, &sites)) return false;
    for (uint32_t i = 0; i < sites.choice_count; i++)
        for (uint32_t k = 0; k < sites.choices[i].choice->exception_count; k++)
            if (sites.choices[i].choice->exceptions[k].pos.start == start) {
                TAKE_OUT(sites.choices[i].choice->exceptions, sites.choices[i].choice->exception_count, k);
                return true;
            }
    return false;
}

static bool drop_exclusion(struct plan_exclusion *items, uint32_t *count, uint32_t start) {
    for (uint32_t i = 0; i < *count; i++)
        if (items[i].pos.start == start) {
            TAKE_OUT(items, *count, i);
            return true;
        }
    return false;
}

static bool drop(struct plan *p, struct arena *a, const struct plan_diagnostic *d) {
    if (strcmp(d->code, "exception-dead") == 0) return drop_exception(p, a, d->start);
    bool done = strcmp(d->code, "exclude-dead") == 0 && drop_exclusion(p->exclusions, &p->exclusion_count, d->start);
    for (uint32_t i = 0; i < p->benefit_count && !done; i++)
        done = drop_exclusion(p->benefits[i].exclusions, &p->benefits[i].exclusion_count, d->start);
    return done;
}

/* Makes a condition constant: age lies between 0 and a million. */
static bool make_constant(struct plan *p, struct arena *a, uint32_t start, bool truth) {
    struct plan_sites sites;
    if (!plan_sites_collect(a, p, &sites)) return false;
    for (uint32_t i = 0; i < sites.cond_count; i++) {
        struct plan_cond *c = sites.conds[i].cond;
        if (c->pos.start != start) continue;
        struct plan_cond constant = {.kind = PLAN_COND_COMPARE, .pos = c->pos, .compare = truth ? PLAN_GE : PLAN_LT, .number = 0};
        constant.ref.index = PLAN_FACT_AGE;
        constant.line_level = c->line_level; /* with totals only, clauses on lines are left out */
        *c = constant;
        return true;
    }
    return false;
}

/* ---- bills ------------------------------------------------------------------------------------------------------- */

static bool walk(struct arena *a, const struct plan *p, const struct thrown *t, struct plan_counters *counters, struct plan_result *ret) {
    if (t->fresh) plan_counters_init(counters, a);
    if (status_failed(plan_walk(a, p, &t->in, counters, ret))) return false;
    for (uint32_t i = 0; i < ret->change_count; i++)
        if (status_failed(plan_counters_set(counters, &ret->changes[i].key, ret->changes[i].after))) return false;
    return true;
}

static int64_t pay_of(const struct plan_result *r, uint32_t benefit) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < r->benefit_count; i++)
        if (benefit == UINT32_MAX || r->benefits[i].benefit == benefit) sum += r->benefits[i].pay;
    return sum;
}

static bool pays_same(const struct plan_result *x, const struct plan_result *y) {
    if (x->benefit_count != y->benefit_count) return false;
    for (uint32_t i = 0; i < x->benefit_count; i++)
        if (x->benefits[i].pay != y->benefits[i].pay) return false;
    return true;
}

/* Walks `p`, and `other` where there is one, over the bills. */
static void over_bills(struct subject *s, const struct plan_diagnostic *d, struct plan *other, uint32_t never_pays) {
    struct throws *t = throws_new(s->a, s->p, s->p, s->o->seed + s->number);
    struct plan_counters counters[2];
    struct arena_mark mark = arena_mark(s->a);
    for (uint32_t i = 0; t && i < s->o->bills; i++) {
        struct thrown bill;
        struct plan_result x, y;
        if (throws_begins(t)) arena_rewind(s->a, mark);
        if (!throws_next(t, s->a, &bill) || !walk(s->a, s->p, &bill, &counters[0], &x)) continue;
        s->t->bills++;
        s->t->paying += x.pay > 0;
        if (never_pays != UINT32_MAX && pay_of(&x, never_pays) != 0) {
            wrong(s, d, "it pays");
            return;
        }
        if (other == NULL || !walk(s->a, other, &bill, &counters[1], &y)) continue;
        if (pays_same(&x, &y)) continue;
        wrong(s, d, "the clause changes an amount");
        return;
    }
}

/* ---- claims ---------------------------------------------------------------------------------------------------------- */

/* The bill as JSON. */
static bool bill_said(struct arena *a, const struct bill *b, struct str *ret) {
    struct buf text;
    struct json_writer w;
    buf_init(&text, LIMIT_JSON_BYTES);
    json_writer_init(&w, &text, false);
    bill_write(b, &w);
    *ret = arena_str(a, buf_view(&text));
    bool good = !text.failed && ret->p != NULL;
    buf_done(&text);
    return good;
}

static bool readable(struct arena *a, const struct bill *b) {
    const struct bill *back = NULL;
    struct str text;
    if (!bill_said(a, b, &text)) return false;
    struct status s = bill_parse(a, text, &back);
    if (status_failed(s)) printf("%s at %.*s: %.*s\n%.*s\n", s.err->code, STR_FMT(s.err->place), STR_FMT(s.err->en), STR_FMT(text));
    return !status_failed(s);
}

/* Does every earlier benefit that the later one does not know share with it, if anything, a bucket that bills carry, and take all of it? */
static bool writable(const struct plan *p, uint32_t later) {
    const struct plan_takes *takes = &p->benefits[later].takes;
    for (uint32_t i = 0; i < later; i++) {
        uint32_t common = p->benefits[i].takes.buckets & takes->buckets;
        bool known = false;
        for (uint32_t k = 0; k < takes->rest_count; k++) known = known || takes->rest_of[k].index == (int32_t)i;
        bool part = p->benefits[i].count_limit_count > 0 || p->benefits[i].takes.share_list.name.n > 0;
        if (!known && common != 0 && (part || (common & ((1U << BUCKET_GIVEN_COUNT) - 1)) == 0)) return false;
    }
    return true;
}

static void witness_holds(struct subject *s, const struct plan_diagnostic *d) {
    struct witness_input_memory memory;
    struct thrown t = {.fresh = true};
    struct plan_counters counters;
    struct plan_result r;
    if (!d->witness && d->verdict == PLAN_PROVEN) return; /* no bill was found that reaches it */
    if (!d->witness || !readable(s->a, d->witness)) {
        wrong(s, d, "no witness that the reader takes");
        return;
    }
    if (strcmp(d->code, "exception-overlap") == 0) return; /* the plan itself cannot run: nothing says which value holds */
    witness_input(d->witness, &memory, &t.in);
    if (!walk(s->a, s->p, &t, &counters, &r) || r.refusal != PLAN_REFUSAL_NONE) {
        wrong(s, d, "the plan does not run on the witness");
        return;
    }
    if (strncmp(d->code, "bucket-", 7) != 0) return;
    /* Both benefits want money of its line: the earlier one has it. Parts of what the fund left cannot be written into a bill. */
    uint32_t later = benefit_at(s->p, d->line);
    bool taken = !writable(s->p, later);
    for (uint32_t i = 0; i < r.benefit_count; i++)
        taken = taken || (r.benefits[i].benefit < later && r.benefits[i].base > 0);
    if (!taken) {
        struct str text;
        wrong(s, d, "nothing is taken before on the witness");
        if (bill_said(s->a, d->witness, &text)) printf("%.*s\n", STR_FMT(text));
    }
}

static struct plan *read_again(struct subject *s) {
    struct plan_diagnostics *d = ARENA_NEW(s->a, struct plan_diagnostics);
    struct plan_file *file = NULL;
    struct plan_library lib = {0};
    struct plan_check_options none = {0};
    if (!d || status_failed(plan_parse(s->a, &s->source, d, &file)) || file->plan_count != 1) return NULL;
    return status_failed(plan_check(s->a, file->plans[0], &lib, &none, d)) ? NULL : file->plans[0];
}

static void claim_holds(struct subject *s, const struct plan_diagnostic *d, enum claim claim) {
    struct plan *other = claim == CLAIM_NO_EFFECT || claim == CLAIM_FALSE || claim == CLAIM_TRUE ? read_again(s) : NULL;
    if (other && claim == CLAIM_NO_EFFECT && !drop(other, s->a, d)) wrong(s, d, "the clause is not found");
    if (other && claim != CLAIM_NO_EFFECT && !make_constant(other, s->a, d->start, claim == CLAIM_TRUE)) wrong(s, d, "the condition is not found");
    if (claim == CLAIM_WITNESS) witness_holds(s, d);
    else over_bills(s, d, other, claim == CLAIM_NEVER_PAYS ? benefit_at(s->p, d->line) : UINT32_MAX);
}

static void injected(struct subject *s) {
    for (uint32_t i = 0; i < s->p->benefit_count; i++) {
        struct plan_diagnostic d = {.code = "injected", .line = s->p->benefits[i].pos.line};
        over_bills(s, &d, NULL, i);
    }
}

/* Exceptions that the generator ordered lose their order, so that some collide. */
static void forget_order(struct buf *text) {
    static const char order[] = " in order";
    for (size_t i = 0; i + sizeof(order) <= text->n; i++)
        if (memcmp(text->p + i, order, sizeof(order) - 1) == 0) memset(text->p + i, ' ', sizeof(order) - 1);
}

static void one_plan(const struct options *o, uint64_t number, struct tally *t) {
    struct arena a;
    struct rng rng = rng_fork(o->seed, number);
    struct gen_plan g;
    struct buf text;
    struct plan_file *file = NULL;
    struct plan_library lib = {0};
    struct subject s = {.a = &a, .o = o, .t = t, .number = number};
    struct plan_proof_counts counts = {0};
    struct plan_check_options check = {.prove = true, .ret_counts = &counts};
    arena_init(&a, ARENA_BYTES);
    buf_init(&text, PLAN_TEXT_BYTES);
    gen_plan(&rng, &text, (struct gen_options){.name = "p"}, &g);
    if (number % 4 == 3) forget_order(&text);
    s.source = (struct plan_source){STR("p.plan"), buf_view(&text)};
    bool read = !text.failed && !status_failed(plan_parse(&a, &s.source, &s.d, &file)) && s.d.error_count == 0 && file->plan_count == 1;
    if (read && !status_failed(plan_check(&a, file->plans[0], &lib, &check, &s.d))) {
        s.p = file->plans[0];
        t->plans++;
        t->counts.proven += counts.proven;
        t->counts.refuted += counts.refuted;
        t->counts.not_decided += counts.not_decided;
        if (o->inject) injected(&s);
        for (uint32_t i = 0; i < s.d.count; i++)
            for (size_t k = 0; k < COUNT_OF(claims); k++) {
                if (strcmp(claims[k].code, s.d.items[i].code) != 0) continue;
                t->findings[k]++;
                claim_holds(&s, &s.d.items[i], claims[k].claim);
            }
    }
    buf_done(&text);
    arena_done(&a);
}

static bool options_read(int argc, char **argv, struct options *ret) {
    struct options o = {.plans = 200, .bills = 200, .seed = 2022};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--inject") == 0) o.inject = true;
        else if (i + 1 < argc && strcmp(argv[i], "--plans") == 0) o.plans = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--bills") == 0) o.bills = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--seed") == 0) o.seed = strtoull(argv[++i], NULL, 10);
        else return false;
    }
    *ret = o;
    return true;
}

int main(int argc, char **argv) {
    struct options o;
    struct tally t = {0};
    if (!options_read(argc, argv, &o)) {
        fprintf(stderr, "usage: %s [--plans N] [--bills N] [--seed S] [--inject]\n", argv[0]);
        return 2;
    }
    for (uint32_t i = 0; i < o.plans && t.wrong < 5; i++) one_plan(&o, i, &t);
    printf("%u plans, %llu bills (%u paying), seed %llu: %u proven, %u refuted, %u not decided\n", t.plans, (unsigned long long)t.bills, t.paying,
           (unsigned long long)o.seed, t.counts.proven, t.counts.refuted, t.counts.not_decided);
    bool weak = false;
    for (size_t k = 0; k < COUNT_OF(claims); k++) {
        printf("  %-24s %u\n", claims[k].code, t.findings[k]);
        if (o.plans >= 3'000 && t.findings[k] < claims[k].least) {
            printf("    fewer than %u: the plans are too tame for this test\n", claims[k].least);
            weak = true;
        }
    }
    return t.wrong > 0 || weak;
}
