/* plan/mutants/judge — who notices a mutant.
 *
 * Who uses it: cli, tests/mutants. Order of the judges: parser and checker (errors), the plan's examples, new warnings of the checker, then random bills.
 * Invariant: a mutant is called equivalent only after `bills` random bills and the directed search of plan_diff_witness found no difference.
 */
#include <string.h>

#include "codec/codec.h"
#include "plan/mutants/mutant.h"

enum { JUDGE_ARENA_BYTES = 512 * 1024 * 1024, JUDGE_DIRECTED = 300 /* random candidates of the directed search */ };

/* A text as far as it could be read. */
struct reading {
    struct plan_source source;
    struct plan_diagnostics *d;
    struct plan_file *file;
    struct plan_program **programs; /* of file->plans; NULL while there are errors */
};
struct judge {
    struct arena *a, *work;          /* work: of one mutant */
    const struct plan_library *library;
    struct plan_mutants_options o;
    struct reading original;
};

/* ---- reading ------------------------------------------------------------------------------------------------- */

/* Fills the reading as far as it comes. */
static struct status read_text(struct arena *a, struct plan_source source, struct reading *r) {
    struct plan_source *kept = ARENA_NEW(a, struct plan_source);
    *r = (struct reading){.source = source, .d = ARENA_NEW(a, struct plan_diagnostics)};
    if (r->d == NULL || kept == NULL) return status_memory();
    *kept = source;
    return plan_parse(a, kept, r->d, &r->file);
}

static struct status check_text(struct judge *j, struct arena *a, struct reading *r) {
    struct plan_check_options o = {.prove = true};
    r->programs = ARENA_ARRAY(a, struct plan_program *, r->file->plan_count);
    if (r->programs == NULL) return status_memory();
    for (uint32_t i = 0; i < r->file->plan_count; i++) TRY(plan_check(a, r->file->plans[i], j->library, &o, r->d));
    for (uint32_t i = 0; i < r->file->plan_count && r->d->error_count == 0; i++) TRY(plan_compile(a, r->file->plans[i], &r->programs[i]));
    return STATUS_OK;
}

static const char *first_error(const struct plan_diagnostics *d) {
    for (uint32_t i = 0; i < d->count; i++)
        if (d->items[i].severity == PLAN_ERROR) return d->items[i].code;
    return "?";
}

/* ---- examples and warnings -------------------------------------------------------------------------------------- */

/* The first example that fails; NULL title pointer: none. */
static struct status failed_example(struct arena *a, const struct reading *r, struct str *ret_title) {
    *ret_title = (struct str){0};
    for (uint32_t i = 0; i < r->file->plan_count; i++) {
        struct plan_example_outcome *outcomes = NULL;
        uint32_t count = 0;
        TRY(plan_test(a, r->file->plans[i], r->programs[i], &outcomes, &count));
        for (uint32_t k = 0; k < count; k++) {
            if (outcomes[k].passed) continue;
            *ret_title = outcomes[k].title;
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

static uint32_t warnings(const struct plan_diagnostics *d, const char *code) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->count; i++) n += d->items[i].severity == PLAN_WARNING && strcmp(d->items[i].code, code) == 0;
    return n;
}

/* A warning that the original does not have. NULL: none. */
static const char *new_warning(const struct reading *original, const struct reading *mutant) {
    for (uint32_t i = 0; i < mutant->d->count; i++) {
        const struct plan_diagnostic *item = &mutant->d->items[i];
        if (item->severity == PLAN_WARNING && warnings(mutant->d, item->code) > warnings(original->d, item->code)) return item->code;
    }
    return NULL;
}

/* ---- random bills ---------------------------------------------------------------------------------------------------- */

struct side {
    struct plan_program *program;
    struct plan_counters counters;
    struct plan_result result;
};

static struct status run_side(struct arena *a, struct side *s, const struct thrown *thrown, bool *ret_ran) {
    if (thrown->fresh) plan_counters_init(&s->counters, a);
    struct status st = plan_run(a, s->program, &thrown->in, &s->counters, (struct plan_run_options){0}, &s->result);
    if (status_failed(st) && st.err == status_memory().err) return st;
    *ret_ran = !status_failed(st);
    for (uint32_t i = 0; *ret_ran && i < s->result.change_count; i++) TRY(plan_counters_set(&s->counters, &s->result.changes[i].key, s->result.changes[i].after));
    return STATUS_OK;
}

static bool benefits_same(const struct plan_result *x, const struct plan_result *y) {
    if (x->benefit_count != y->benefit_count) return false;
    for (uint32_t i = 0; i < x->benefit_count; i++)
        if (x->benefits[i].pay != y->benefits[i].pay) return false;
    return true;
}

/* Cells that get money, in their order. */
static bool cells_same(const struct plan_result *x, const struct plan_result *y) {
    uint32_t i = 0, k = 0;
    for (;;) {
        while (i < x->cell_count && x->cells[i].pay == 0) i++;
        while (k < y->cell_count && y->cells[k].pay == 0) k++;
        if (i == x->cell_count || k == y->cell_count) return i == x->cell_count && k == y->cell_count;
        const struct plan_cell *a = &x->cells[i++], *b = &y->cells[k++];
        if (a->line != b->line || a->bucket != b->bucket || a->benefit != b->benefit || a->pay != b->pay) return false;
    }
}

/* Every amount that is paid: in all, by benefit, by line and bucket, by co-insurer. */
static bool amounts_same(const struct plan_result *x, const struct plan_result *y, uint32_t insurers) {
    if (x->pay != y->pay || !benefits_same(x, y) || !cells_same(x, y)) return false;
    for (uint32_t i = 0; i < insurers; i++)
        if (x->co_insurer_pay[i] != y->co_insurer_pay[i]) return false;
    return true;
}

static struct status bill_text(struct arena *a, const struct bill *b, struct str *ret) {
    struct buf text;
    struct json_writer w;
    buf_init(&text, LIMIT_JSON_BYTES);
    json_writer_init(&w, &text, false);
    bill_write(b, &w);
    struct str copy = {0};
    if (!text.failed) copy = arena_str(a, buf_view(&text));
    buf_done(&text);
    if (copy.p == NULL) return status_memory();
    *ret = copy;
    return STATUS_OK;
}

/* One bill on both plans. *ret_differs: an amount is not the same. */
static struct status one_bill(struct judge *j, struct side sides[2], const struct thrown *thrown, uint32_t insurers, struct plan_mutant *m, bool *ret_differs) {
    bool ran[2] = {false, false};
    for (int i = 0; i < 2; i++) TRY(run_side(j->work, &sides[i], thrown, &ran[i]));
    m->bills++;
    if (!ran[0] && !ran[1]) return STATUS_OK;
    if (ran[0] && ran[1] && amounts_same(&sides[0].result, &sides[1].result, insurers)) return STATUS_OK;
    *ret_differs = true;
    m->fate = PLAN_MUTANT_SURVIVED;
    m->before = ran[0] ? sides[0].result.pay : -1;
    m->after = ran[1] ? sides[1].result.pay : -1;
    return bill_text(j->a, thrown->in.bill, &m->witness);
}

static struct status throw_bills(struct judge *j, uint32_t plan, const struct reading *mutant, struct plan_mutant *m) {
    struct plan *x = j->original.file->plans[plan], *y = mutant->file->plans[plan];
    struct side sides[2] = {{.program = j->original.programs[plan]}, {.program = mutant->programs[plan]}};
    struct throws *t = throws_new(j->work, x, y, j->o.seed);
    if (t == NULL) return status_memory();
    struct arena_mark family = arena_mark(j->work);
    bool differs = false;
    while (!differs && m->bills < j->o.bills) {
        struct thrown thrown;
        if (throws_begins(t)) arena_rewind(j->work, family); /* nothing of earlier families is needed */
        if (!throws_next(t, j->work, &thrown)) return status_memory();
        TRY(one_bill(j, sides, &thrown, x->co_insurer_count, m, &differs));
    }
    return STATUS_OK;
}

/* A small bill that shows the difference by itself, when there is one: it replaces what chance found. */
static struct status directed(struct judge *j, uint32_t plan, const struct reading *mutant, struct plan_mutant *m) {
    struct plan_side sides[2] = {{j->original.file->plans[plan], j->original.programs[plan]}, {mutant->file->plans[plan], mutant->programs[plan]}};
    struct plan_witness w = {0};
    TRY(plan_diff_witness(j->work, sides, (struct plan_witness_options){JUDGE_DIRECTED, j->o.seed}, &w));
    if (!w.found) return STATUS_OK;
    m->fate = PLAN_MUTANT_SURVIVED;
    m->before = w.total[0];
    m->after = w.total[1];
    return bill_text(j->a, w.bills[0][w.bill_count - 1], &m->witness);
}

/* ---- one mutant ---------------------------------------------------------------------------------------------------------- */

static struct status judge_one(struct judge *j, const struct mutation *change, struct plan_mutant *m) {
    struct reading r = {0};
    struct plan_source source = {j->original.source.name, mutation_text(j->work, j->original.source.text, change)};
    if (source.text.p == NULL) return status_memory();
    TRY(read_text(j->work, source, &r));
    CHECK(r.d != NULL && r.file != NULL);
    m->fate = PLAN_MUTANT_BY_PARSER;
    if (r.d->error_count == 0 && r.file->plan_count == j->original.file->plan_count) {
        m->fate = PLAN_MUTANT_BY_CHECKER;
        TRY(check_text(j, j->work, &r));
    }
    if (r.d->error_count > 0) {
        m->by = str_from(first_error(r.d));
        return STATUS_OK;
    }
    struct str title;
    TRY(failed_example(j->work, &r, &title));
    if (title.p != NULL) {
        m->fate = PLAN_MUTANT_BY_EXAMPLE;
        m->by = arena_str(j->a, title);
        return m->by.p == NULL ? status_memory() : STATUS_OK;
    }
    const char *warning = new_warning(&j->original, &r);
    if (warning != NULL) {
        m->by = str_from(warning);
        return STATUS_OK;
    }
    m->fate = PLAN_MUTANT_EQUIVALENT;
    for (uint32_t i = 0; i < r.file->plan_count; i++) {
        if (m->fate == PLAN_MUTANT_EQUIVALENT) TRY(throw_bills(j, i, &r, m));
        TRY(directed(j, i, &r, m));
    }
    return STATUS_OK;
}

static struct str piece(struct str text, const struct mutation *m) {
    return (struct str){text.p + m->start, m->end - m->start};
}

/* ---- all -------------------------------------------------------------------------------------------------------------------- */

static struct status not_sound(struct arena *a, struct str name, const char *zh, const char *en, struct str what) {
    struct str z = arena_printf(a, "%s：%.*s", zh, STR_FMT(what)), e = arena_printf(a, "%s: %.*s", en, STR_FMT(what));
    if (z.p == NULL || e.p == NULL) return status_memory();
    return status_error(a, (struct error){.code = "plan-not-sound", .place = name, .zh = z, .en = e, .hint_zh = STR("请先运行 yijie plan check 和 yijie plan test"),
                                          .hint_en = STR("run yijie plan check and yijie plan test first")});
}

static struct status read_original(struct judge *j, const struct plan_source *source) {
    struct str title;
    TRY(read_text(j->a, *source, &j->original));
    CHECK(j->original.d != NULL && j->original.file != NULL);
    if (j->original.d->error_count == 0) TRY(check_text(j, j->a, &j->original));
    if (j->original.d->error_count > 0)
        return not_sound(j->a, source->name, "方案有错误", "the plan has errors", str_from(first_error(j->original.d)));
    TRY(failed_example(j->a, &j->original, &title));
    if (title.p != NULL) return not_sound(j->a, source->name, "算例未通过", "an example fails", title);
    return STATUS_OK;
}

/* Which of the made ones is judged i-th: all, or a spread that the seed turns. */
static uint32_t chosen(const struct plan_mutants_options *o, uint32_t made, uint32_t count, uint32_t i) {
    return count == made ? i : (uint32_t)(((uint64_t)i * made + o->seed % made) / count % made);
}

static struct status judge_all(struct judge *j, const struct mutations *made, struct plan_mutants_report *ret) {
    ret->made = made->count;
    ret->count = j->o.max == 0 || j->o.max > made->count ? made->count : j->o.max;
    ret->items = ARENA_ARRAY(j->a, struct plan_mutant, ret->count);
    if (ret->items == NULL) return status_memory();
    for (uint32_t i = 0; i < ret->count; i++) {
        const struct mutation *change = &made->items[chosen(&j->o, made->count, ret->count, i)];
        struct plan_mutant *m = &ret->items[i];
        *m = (struct plan_mutant){.line = change->line, .column = change->column, .from = piece(j->original.source.text, change), .to = change->put};
        m->zh = mutation_name(change->kind, true);
        m->en = mutation_name(change->kind, false);
        TRY(judge_one(j, change, m));
        ret->fates[m->fate]++;
        arena_reset(j->work);
        if (j->o.progress != NULL) j->o.progress(j->o.context, i + 1, ret->count);
    }
    return STATUS_OK;
}

struct status plan_mutants_run(struct arena *a, const struct plan_source *source, const struct plan_library *library, struct plan_mutants_options o,
                               struct plan_mutants_report *ret) {
    struct arena work;
    struct mutations made;
    struct plan_mutants_report report = {0};
    struct judge j = {.a = a, .work = &work, .library = library, .o = o};
    TRY(read_original(&j, source));
    TRY(mutations_make(a, source, j.original.file, &made));
    arena_init(&work, JUDGE_ARENA_BYTES);
    struct status s = judge_all(&j, &made, &report);
    arena_done(&work);
    TRY(s);
    *ret = report;
    return STATUS_OK;
}
