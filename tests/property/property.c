/* property — evaluator against walker, and the laws of money, on random plans and bills.
 *
 * Who uses it: meson (suite release: a million pairs; property-long: a hundred million), a developer with a seed.
 *   property [--seed S] [--plans N] [--bills M] [--from K] [--inject] [--print]
 * Runs plans K .. K+N−1, M bills each, in sequences of up to four whose counters run on. Exit 0: all held; 1: something broke, and it was
 * printed with its seed, smaller than found. --inject makes the walker wrong by one minor unit, so that the program must exit 1.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pair.h"

struct options {
    uint64_t seed, plans, bills, from;
    bool inject, print;
};
/* What is wrong with the plans that the checker refused. */
struct refused_codes {
    const char *code[32];
    uint64_t count[32];
    uint32_t used;
};
struct work {
    struct options o;
    struct arena plan, sequence, run; /* one life each: of a plan, of a person's bills, of one pair */
    struct buf text;
    struct pair_tally tally;
    uint64_t plans_run, plans_refused;
    struct refused_codes codes;
    bool broken;
};

static void count_refused(struct refused_codes *c, const char *code) {
    uint32_t i = 0;
    while (i < c->used && strcmp(c->code[i], code) != 0) i++;
    if (i == COUNT_OF(c->code)) return;
    if (i == c->used) c->code[c->used++] = code;
    c->count[i]++;
}

/* Counters as a long history could have left them: any value from 0 to about twice what was counted. */
static bool disturb(struct rng *r, struct plan_counters *counters, const struct plan_result *result) {
    for (uint32_t i = 0; i < result->change_count; i++) {
        if (!rng_chance(r, 30)) continue;
        int64_t top = result->changes[i].after;
        if (status_failed(plan_counters_set(counters, &result->changes[i].key, rng_between(r, 0, i64_min(top / 4 * 7 + 1, LIMIT_AMOUNT_MINOR))))) return false;
    }
    return true;
}

static bool apply(struct plan_counters *counters, const struct plan_result *result) {
    for (uint32_t i = 0; i < result->change_count; i++)
        if (status_failed(plan_counters_set(counters, &result->changes[i].key, result->changes[i].after))) return false;
    return true;
}

/* One plan at work. */
struct at_plan {
    struct gen_plan g;
    struct ready_plan ready;
    uint64_t number;
    bool translate;
};

static bool sequence(struct work *w, struct rng *r, const struct at_plan *p, uint64_t *left) {
    const struct gen_plan *g = &p->g;
    struct gen_person person;
    struct plan_counters counters;
    arena_reset(&w->sequence);
    plan_counters_init(&counters, &w->sequence);
    if (!gen_person(r, &w->sequence, g, &person)) return false;
    for (uint32_t i = 0, n = 1 + rng_below(r, 4); i < n && *left > 0; i++, (*left)--) {
        struct gen_case c;
        struct plan_result result;
        struct finding found;
        struct pair_options o = {.inject = w->o.inject, .variants = rng_chance(r, 12), .translate = p->translate};
        arena_reset(&w->run);
        if (!gen_case(r, &w->run, g, &person, i + 1, &c)) return false;
        pair_run(&w->run, g, &p->ready, &c.in, &counters, o, &result, &found, &w->tally);
        if (found.law) {
            printf("seed %" PRIu64 " plan %" PRIu64 " (again: --seed %" PRIu64 " --from %" PRIu64 " --plans 1 --bills %" PRIu64 ")\n", w->o.seed, p->number,
                   w->o.seed, p->number, w->o.bills);
            shrink_print(g, buf_view(&w->text), &c.in, &counters, o, &found);
            w->broken = true;
            return false;
        }
        if (!(rng_chance(r, 25) ? disturb(r, &counters, &result) : apply(&counters, &result))) return false;
    }
    return true;
}

static bool one_plan(struct work *w, uint64_t number) {
    struct rng r = rng_fork(w->o.seed, number);
    struct at_plan p = {.number = number};
    arena_reset(&w->plan);
    buf_clear(&w->text);
    gen_plan(&r, &w->text, (struct gen_options){.name = "random"}, &p.g);
    p.translate = rng_chance(&r, 12);
    if (w->o.print) printf("%.*s\n", STR_FMT(buf_view(&w->text)));
    if (w->text.failed || !pair_plan(&w->plan, buf_view(&w->text), p.translate, &p.ready)) return false;
    if (!p.ready.program) {
        w->plans_refused++;
        count_refused(&w->codes, p.ready.code ? p.ready.code : "?");
        return true;
    }
    w->plans_run++;
    for (uint64_t left = w->o.bills; left > 0;)
        if (!sequence(w, &r, &p, &left)) return false;
    return true;
}

/* ---- when the program under test stops itself ------------------------------------------------------------------- */

static volatile sig_atomic_t at_work; /* number of the plan at work: all that a signal handler may read */

static void say_where(int sig) {
    char text[32] = "stopped in plan ", digits[12];
    size_t n = strlen(text), k = 0;
    for (unsigned v = (unsigned)at_work; v > 0 || k == 0; v /= 10) digits[k++] = (char)('0' + v % 10);
    while (k > 0) text[n++] = digits[--k];
    text[n++] = '\n';
    (void)!write(STDERR_FILENO, text, n);
    (void)signal(sig, SIG_DFL);
}

/* ---- the command line ---------------------------------------------------------------------------------------- */

static bool number_of(const char *text, uint64_t *ret) {
    char *end = NULL;
    if (!text || !*text) return false;
    *ret = strtoull(text, &end, 10);
    return *end == '\0';
}

static bool options_read(int argc, char **argv, struct options *ret) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *ret = (struct options){.seed = (uint64_t)now.tv_sec * 1'000'003 + (uint64_t)now.tv_nsec, .plans = 200, .bills = 50};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--inject") == 0) ret->inject = true;
        else if (strcmp(argv[i], "--print") == 0) ret->print = true;
        else if (strcmp(argv[i], "--seed") == 0 && number_of(value, &ret->seed)) i++;
        else if (strcmp(argv[i], "--plans") == 0 && number_of(value, &ret->plans)) i++;
        else if (strcmp(argv[i], "--bills") == 0 && number_of(value, &ret->bills)) i++;
        else if (strcmp(argv[i], "--from") == 0 && number_of(value, &ret->from)) i++;
        else return false;
    }
    return true;
}

static void summary(const struct work *w) {
    const struct pair_tally *t = &w->tally;
    printf("seed %" PRIu64 ": %" PRIu64 " plans, %" PRIu64 " refused by the checker, %" PRIu64 " pairs\n", w->o.seed, w->plans_run, w->plans_refused, t->pairs);
    printf("  paying %" PRIu64 ", refused %" PRIu64 ", failed alike %" PRIu64 ", cells %" PRIu64 ", several segments %" PRIu64 ", unproven %" PRIu64
           ", monotone %" PRIu64 "\n", t->paying, t->refused, t->failed_runs, t->cells, t->segments, t->unproven, t->monotone);
    for (uint32_t i = 0; i < w->codes.used; i++) printf("  refused %s: %" PRIu64 "\n", w->codes.code[i], w->codes.count[i]);
}

/* A run that tests nothing must not look like a success. */
static bool worth_it(const struct work *w) {
    const struct pair_tally *t = &w->tally;
    if (t->pairs < 1'000) return true;
    return w->plans_refused * 10 <= w->plans_run && t->paying * 10 >= t->pairs * 2 && t->failed_runs * 10 <= t->pairs && t->cells > t->pairs;
}

int main(int argc, char **argv) {
    struct work w = {0};
    if (!options_read(argc, argv, &w.o)) {
        fprintf(stderr, "usage: property [--seed S] [--plans N] [--bills M] [--from K] [--inject] [--print]\n");
        return 2;
    }
    arena_init(&w.plan, (size_t)256 << 20);
    arena_init(&w.sequence, (size_t)64 << 20);
    arena_init(&w.run, (size_t)256 << 20);
    buf_init(&w.text, 1 << 20);
    printf("seed %" PRIu64 "\n", w.o.seed);
    fflush(stdout);
    (void)signal(SIGABRT, say_where);
    bool fine = true;
    for (uint64_t k = 0; k < w.o.plans && fine; k++) {
        at_work = (sig_atomic_t)(w.o.from + k);
        fine = one_plan(&w, w.o.from + k);
    }
    if (!fine && !w.broken) fprintf(stderr, "stopped: out of memory or a plan that could not be made\n");
    summary(&w);
    if (fine && !worth_it(&w)) fprintf(stderr, "too many plans or bills were refused: this run proves little\n");
    fine = fine && worth_it(&w);
    buf_done(&w.text);
    arena_done(&w.run);
    arena_done(&w.sequence);
    arena_done(&w.plan);
    return fine ? 0 : 1;
}
