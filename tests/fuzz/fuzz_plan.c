/* fuzz_plan — any bytes as a file of plans: refused with worded findings, or read so that it can be printed, translated and checked.
 *
 * Oracle for a file without errors: its canonical form is a file without errors and its own canonical form; the same in the other language; there
 * and back is where it stood; the hash of a plan depends on neither. What the checker passes compiles to a program that the verifier passes,
 * and its examples run. The first byte of the file decides nothing: inputs are files as they are.
 */
#include <string.h>

#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 1024 * 1024 * 1024, OUT_BYTES_MAX = 128 * 1024 * 1024, CHECKED_BYTES_MAX = 64 * 1024 };

struct parsed {
    struct plan_source source;
    struct plan_diagnostics *d;
    struct plan_file *file;
};

static void findings_check(const struct plan_diagnostics *d) {
    struct buf out;
    buf_init(&out, OUT_BYTES_MAX);
    CHECK(d->count <= LIMIT_PLAN_DIAGNOSTICS);
    for (uint32_t i = 0; i < d->count; i++) {
        const struct plan_diagnostic *item = &d->items[i];
        CHECK(item->zh.n && item->en.n && item->hint_zh.n && item->hint_en.n && item->line > 0 && item->column > 0);
        CHECK(utf8_check(item->zh) && utf8_check(item->en) && utf8_check(item->hint_zh) && utf8_check(item->hint_en));
        CHECK(item->start <= item->end && item->end <= item->source->text.n);
        plan_diagnostic_print(item, true, true, true, &out);
    }
    CHECK(!out.failed && utf8_check(buf_view(&out)));
    for (size_t i = 0; i < out.n; i++) CHECK((unsigned char)out.p[i] >= 0x20 || out.p[i] == '\n' || out.p[i] == '\x1b');
    buf_done(&out);
}

/* False when memory ran out: then there is nothing to say about the input. */
static bool parse(struct arena *a, struct str text, struct parsed *ret) {
    struct parsed p = {.source = {STR("fuzz"), text}, .d = ARENA_NEW(a, struct plan_diagnostics)};
    if (!p.d) return false;
    struct plan_source *source = ARENA_NEW(a, struct plan_source);
    if (!source) return false;
    *source = p.source;
    if (status_failed(plan_parse(a, source, p.d, &p.file))) return false;
    findings_check(p.d);
    *ret = p;
    return true;
}

static bool format(struct arena *a, const struct parsed *p, bool zh, struct str *ret) {
    struct buf out;
    buf_init(&out, OUT_BYTES_MAX);
    const struct plan_source *source = &p->source;
    bool good = !status_failed(plan_format(a, source, p->file, zh, &out));
    if (good) *ret = arena_str(a, buf_view(&out));
    good = good && ret->p;
    buf_done(&out);
    return good;
}

static void same_hashes(struct arena *a, const struct parsed *x, const struct parsed *y) {
    CHECK(x->file->plan_count == y->file->plan_count && x->file->list_count == y->file->list_count &&
          x->file->chain_count == y->file->chain_count);
    for (uint32_t i = 0; i < x->file->plan_count; i++) {
        uint8_t hx[32], hy[32];
        if (status_failed(plan_hash(a, x->file->plans[i], hx)) || status_failed(plan_hash(a, y->file->plans[i], hy))) return;
        CHECK(memcmp(hx, hy, sizeof(hx)) == 0);
    }
}

static void format_check(struct arena *a, const struct parsed *p) {
    struct parsed own, other;
    struct str once, twice, translated, again, back;
    bool zh = p->file->zh;
    if (!format(a, p, zh, &once) || once.n > LIMIT_PLAN_BYTES || !parse(a, once, &own)) return;
    CHECK(own.d->error_count == 0);
    if (!format(a, &own, zh, &twice)) return;
    CHECK(str_eq(once, twice));
    if (!format(a, p, !zh, &translated) || translated.n > LIMIT_PLAN_BYTES || !parse(a, translated, &other)) return;
    CHECK(other.d->error_count == 0 && other.file->zh != zh);
    if (!format(a, &other, !zh, &again) || !format(a, &other, zh, &back)) return;
    CHECK(str_eq(translated, again));
    CHECK(str_eq(once, back));
    same_hashes(a, p, &own);
    same_hashes(a, p, &other);
}

/* The rest of a plan's life. */
static void plan_lives(struct arena *a, struct plan *plan, const struct plan_library *lib, struct plan_diagnostics *d) {
    uint32_t before = d->error_count, outcome_count = 0;
    struct plan_check_options options = {.prove = true};
    struct plan_program *program;
    struct plan_example_outcome *outcomes;
    struct buf out;
    if (status_failed(plan_check(a, plan, lib, &options, d)) || d->error_count != before) return;
    if (status_failed(plan_compile(a, plan, &program))) return;
    CHECK(!status_failed(plan_program_verify(a, program)));
    (void)status_failed(plan_test(a, plan, program, &outcomes, &outcome_count));
    buf_init(&out, OUT_BYTES_MAX);
    plan_explain(plan, true, &out);
    plan_explain(plan, false, &out);
    CHECK(utf8_check(buf_view(&out)));
    buf_done(&out);
}

static void check_file(struct arena *a, const struct parsed *p) {
    struct plan_library lib = {0};
    if (status_failed(plan_library_add(a, &lib, p->file, p->d))) return;
    for (uint32_t i = 0; i < p->file->plan_count; i++) plan_lives(a, p->file->plans[i], &lib, p->d);
    findings_check(p->d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a;
    arena_init(&a, ARENA_BYTES);
    struct parsed p;
    if (parse(&a, (struct str){(const char *)data, size}, &p) && p.d->error_count == 0) {
        format_check(&a, &p);
        if (size <= CHECKED_BYTES_MAX) check_file(&a, &p);
    }
    arena_done(&a);
    return 0;
}
