/* mutants — every real plan is changed in many small ways; the checker or the plan's own examples must notice every change that moves an amount.
 *
 *   mutants [--max N] [--bills N] [--seed S] [--part I/N] [--all] DIR
 *
 * DIR holds *.plan, and lists in DIR/lists. --max: mutants of each plan (0: all); --part: only every N-th plan, beginning with the I-th. Prints a line for each mutant that nobody noticed, with a bill that shows the difference, and the report: how many
 * were noticed by whom. Exit 1 when one survived, or fewer than MUTANTS_LEAST were judged. A search that cannot find a difference must not call it
 * equivalent for want of trying: the program first shows on a plan without examples that its bills find what is there.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"

enum { MUTANTS_LEAST = 200, ARENA_BYTES = 1 << 30 };

struct options {
    struct plan_mutants_options run;
    bool all;
    unsigned part, parts;
    const char *dir;
};
struct total {
    uint32_t judged, made, fates[PLAN_MUTANT_FATES];
};

static struct plan_source *source_read(struct arena *a, const char *path) {
    FILE *f = fopen(path, "rb");
    struct plan_source *s = ARENA_NEW(a, struct plan_source);
    if (!f || !s) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(2);
    }
    char *text = arena_alloc(a, LIMIT_PLAN_BYTES, 1);
    size_t n = text ? fread(text, 1, LIMIT_PLAN_BYTES, f) : 0;
    fclose(f);
    *s = (struct plan_source){str_from(path), {text, n}};
    return s;
}

static void failed(const char *what, struct status s) {
    fprintf(stderr, "%s: %s: %.*s\n", what, s.err->code, STR_FMT(s.err->en));
    exit(2);
}

static void library_read(struct arena *a, char **files, size_t count, struct plan_library *ret) {
    struct plan_diagnostics *d = ARENA_NEW(a, struct plan_diagnostics);
    for (size_t i = 0; i < count && d; i++) {
        struct plan_file *file = NULL;
        struct status s = plan_parse(a, source_read(a, files[i]), d, &file);
        if (!status_failed(s)) s = plan_library_add(a, ret, file, d);
        if (status_failed(s)) failed(files[i], s);
    }
    if (!d || d->error_count > 0) {
        fprintf(stderr, "a list has errors\n");
        exit(2);
    }
}

static void mutant_print(const char *path, const struct plan_mutant *m) {
    static const char *const fates[] = {"parser", "checker", "example", "equivalent", "SURVIVED"};
    printf("%s:%u:%u: %s: \"%.*s\" -> \"%.*s\": %s %.*s", path, m->line, m->column, m->en, STR_FMT(m->from), STR_FMT(m->to), fates[m->fate], STR_FMT(m->by));
    if (m->fate == PLAN_MUTANT_EQUIVALENT) printf("on %u bills", m->bills);
    if (m->fate == PLAN_MUTANT_SURVIVED) printf(": %lld, not %lld, on %.*s", (long long)m->after, (long long)m->before, STR_FMT(m->witness));
    printf("\n");
}

static void plan_judge(const struct options *o, const glob_t *lists, const char *path, struct total *t) {
    struct arena a;
    struct plan_library lib = {0};
    struct plan_mutants_report r = {0};
    arena_init(&a, ARENA_BYTES);
    library_read(&a, lists->gl_pathv, lists->gl_pathc, &lib);
    struct status s = plan_mutants_run(&a, source_read(&a, path), &lib, o->run, &r);
    if (status_failed(s)) failed(path, s);
    for (uint32_t i = 0; i < r.count; i++)
        if (o->all || r.items[i].fate == PLAN_MUTANT_SURVIVED) mutant_print(path, &r.items[i]);
    printf("%-40s made %4u judged %4u: parser %3u checker %3u example %4u equivalent %3u survived %3u\n", path, r.made, r.count, r.fates[0], r.fates[1], r.fates[2],
           r.fates[3], r.fates[4]);
    t->made += r.made;
    t->judged += r.count;
    for (int f = 0; f < PLAN_MUTANT_FATES; f++) t->fates[f] += r.fates[f];
    arena_done(&a);
}

/* A plan without examples: nobody but the bills can notice, and they must. */
static bool judge_can_fail(const struct options *o) {
    static const char text[] = "plan p \"p\"\n  kind commercial\n  source \"s\", grade D\n  in force 2024-01-01 .. 2024-12-31\n"
                               "  counts by discharge, over the end by admission\n  years are policy years\n  currency CNY, rounded half-up once per benefit\n"
                               "  benefit b \"b\"\n    takes own_full\n    where visit = inpatient\n    deductible 100 each year\n    pays 80%\n    cap 10_000 each year\n";
    struct arena a;
    struct plan_library lib = {0};
    struct plan_mutants_report r = {0};
    struct plan_source source = {STR("injected"), STR(text)};
    struct plan_mutants_options run = o->run;
    run.max = 0;
    arena_init(&a, ARENA_BYTES);
    struct status s = plan_mutants_run(&a, &source, &lib, run, &r);
    if (status_failed(s)) failed("injected", s);
    printf("without examples: %u of %u mutants survive, %u equivalent\n", r.fates[PLAN_MUTANT_SURVIVED], r.count, r.fates[PLAN_MUTANT_EQUIVALENT]);
    bool can = r.fates[PLAN_MUTANT_SURVIVED] > 20 && r.fates[PLAN_MUTANT_BY_EXAMPLE] == 0;
    arena_done(&a);
    return can;
}

/* "2/3" */
static void part_read(const char *text, struct options *o) {
    char *end;
    o->part = (unsigned)strtoul(text, &end, 10);
    o->parts = *end == '/' ? (unsigned)strtoul(end + 1, NULL, 10) : 0;
}

static bool options_read(int argc, char **argv, struct options *ret) {
    struct options o = {.run = {.bills = 3'000, .seed = 2022}, .part = 1, .parts = 1};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--all") == 0) o.all = true;
        else if (i + 1 < argc && strcmp(argv[i], "--max") == 0) o.run.max = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--bills") == 0) o.run.bills = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--seed") == 0) o.run.seed = strtoull(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--part") == 0) part_read(argv[++i], &o);
        else if (argv[i][0] == '-' || o.dir) return false;
        else o.dir = argv[i];
    }
    *ret = o;
    return o.dir != NULL && o.part >= 1 && o.part <= o.parts;
}

static glob_t files_of(const char *dir, const char *pattern) {
    char path[4096];
    glob_t found = {0};
    (void)snprintf(path, sizeof(path), "%s/%s", dir, pattern);
    if (glob(path, 0, NULL, &found) != 0) found.gl_pathc = 0;
    return found;
}

int main(int argc, char **argv) {
    struct options o;
    struct total t = {0};
    if (!options_read(argc, argv, &o)) {
        fprintf(stderr, "usage: %s [--max N] [--bills N] [--seed S] [--part I/N] [--all] DIR\n", argv[0]);
        return 2;
    }
    if (!judge_can_fail(&o)) {
        printf("the judge finds nothing where there is something\n");
        return 1;
    }
    glob_t lists = files_of(o.dir, "lists/*.list"), plans = files_of(o.dir, "*.plan");
    for (size_t i = o.part - 1; i < plans.gl_pathc; i += o.parts) plan_judge(&o, &lists, plans.gl_pathv[i], &t);
    printf("%u mutants made, %u judged (seed %llu): parser %u, checker %u, examples %u, equivalent on %u bills %u, survived %u\n", t.made, t.judged,
           (unsigned long long)o.run.seed, t.fates[0], t.fates[1], t.fates[2], o.run.bills, t.fates[3], t.fates[4]);
    if (t.judged < MUTANTS_LEAST) printf("fewer than %d mutants judged\n", MUTANTS_LEAST);
    globfree(&lists);
    globfree(&plans);
    return t.fates[PLAN_MUTANT_SURVIVED] > 0 || t.judged < MUTANTS_LEAST;
}
