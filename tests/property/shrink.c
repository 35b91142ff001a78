/* property/shrink — makes a failing pair smaller, then prints what a person needs to see it.
 *
 * Who uses it: property.c. Lines of the bill and lines of the plan are left out one after the other as long as the same law still breaks.
 */
#include <stdio.h>

#include "pair.h"

/* A pair that can lose lines. */
struct small {
    const struct gen_plan *g;
    const struct plan_counters *counters;
    struct pair_options options;
    const char *law;
    struct str text;
    struct plan_input in;
    struct bill bill;
    struct finding found;
};

static bool breaks(struct small *s, struct str text, const struct plan_input *in) {
    struct arena a;
    struct ready_plan p;
    struct finding f = {0};
    struct plan_result r;
    struct pair_tally tally = {0};
    arena_init(&a, (size_t)256 << 20);
    if (pair_plan(&a, text, s->options.translate, &p) && p.program) pair_run(&a, s->g, &p, in, s->counters, s->options, &r, &f, &tally);
    arena_done(&a);
    if (!f.law || f.law != s->law) return false;
    s->found = f;
    return true;
}

/* ---- lines of the plan --------------------------------------------------------------------------------------- */

static size_t line_end(struct str t, size_t at) {
    while (at < t.n && t.p[at] != '\n') at++;
    return at < t.n ? at + 1 : at;
}

static bool drop_plan_line(struct small *s, struct arena *a) {
    for (size_t at = 0; at < s->text.n; at = line_end(s->text, at)) {
        size_t end = line_end(s->text, at);
        struct str without = arena_printf(a, "%.*s%.*s", (int)at, s->text.p, (int)(s->text.n - end), s->text.p + end);
        if (!without.p || !breaks(s, without, &s->in)) continue;
        s->text = without;
        return true;
    }
    return false;
}

/* ---- lines of the bill ----------------------------------------------------------------------------------------- */

#define WITHOUT(T, column) ((column) ? (const T *)without(a, (column), count, drop, sizeof(T)) : NULL)

static const void *without(struct arena *a, const void *column, uint32_t count, uint32_t drop, size_t size) {
    const char *from = column;
    char *to = arena_alloc(a, size * count, 16);
    for (size_t i = 0, k = 0; to && i < count; i++)
        if (i != drop)
            for (size_t b = 0; b < size; b++) to[k++] = from[i * size + b];
    return to;
}

static void drop_columns(struct arena *a, struct bill_lines *l, struct plan_input *in, uint32_t drop) {
    uint32_t count = l->count;
    l->number = WITHOUT(int64_t, l->number);
    l->code = WITHOUT(struct str, l->code);
    l->name = WITHOUT(struct str, l->name);
    l->ingredient = WITHOUT(struct str, l->ingredient);
    l->kind_text = WITHOUT(struct str, l->kind_text);
    l->kind = WITHOUT(uint8_t, l->kind);
    l->catalogue = WITHOUT(uint8_t, l->catalogue);
    l->qty_e4 = WITHOUT(int64_t, l->qty_e4);
    l->net_qty_e4 = l->qty_e4;
    l->price_e6 = WITHOUT(int64_t, l->price_e6);
    l->date = WITHOUT(struct day, l->date);
    l->amount = WITHOUT(int64_t, l->amount);
    l->returns = WITHOUT(int64_t, l->returns);
    for (uint32_t b = 0; b < BUCKET_GIVEN_COUNT; b++) l->given[b] = l->net[b] = WITHOUT(int64_t, l->net[b]);
    for (uint32_t b = 0; b < BUCKET_COUNT; b++) {
        in->left[b] = WITHOUT(int64_t, in->left[b]);
        in->after_statutory[b] = WITHOUT(int64_t, in->after_statutory[b]);
        for (uint32_t k = 0; k < PLAN_KIND_COUNT; k++) in->paid[k][b] = WITHOUT(int64_t, in->paid[k][b]);
    }
    in->reimbursed = WITHOUT(int64_t, in->reimbursed);
    l->count--;
}

static bool drop_bill_line(struct small *s, struct arena *a) {
    for (uint32_t i = 0; s->bill.lines.count > 1 && i < s->bill.lines.count; i++) {
        struct bill b = s->bill;
        struct plan_input in = s->in;
        drop_columns(a, &b.lines, &in, i);
        in.bill = &b;
        if (!breaks(s, s->text, &in)) continue;
        s->bill = b;
        s->in = in;
        s->in.bill = &s->bill;
        return true;
    }
    return false;
}

/* ---- printing ------------------------------------------------------------------------------------------------------ */

static void print_columns(const struct plan_input *in) {
    for (uint32_t i = 0; i < in->bill->lines.count; i++) {
        printf("  line %u left", i);
        for (uint32_t b = 0; b < BUCKET_COUNT; b++) printf(" %lld", (long long)(in->left[b] ? in->left[b][i] : 0));
        printf("  after-statutory");
        for (uint32_t b = 0; b < BUCKET_COUNT; b++)
            printf(" %lld", (long long)(in->after_statutory[b] ? in->after_statutory[b][i] : in->left[b] ? in->left[b][i] : 0));
        printf("  reimbursed %lld\n", (long long)(in->reimbursed ? in->reimbursed[i] : 0));
        for (uint32_t k = 0; k < PLAN_KIND_COUNT; k++)
            for (uint32_t b = 0; b < BUCKET_COUNT; b++)
                if (in->paid[k][b] && in->paid[k][b][i] != 0) printf("    paid kind %u bucket %u: %lld\n", k, b, (long long)in->paid[k][b][i]);
    }
}

static void print_counters(const struct plan_counters *c) {
    for (uint32_t i = 0; i < c->slot_count; i++) {
        const struct plan_counter *s = &c->slots[i];
        if (s->key.product.n == 0) continue;
        printf("  counter %.*s/%.*s kind %u each %u clause %u code \"%.*s\" day %d text \"%.*s\": %lld\n", STR_FMT(s->key.owner), STR_FMT(s->key.benefit),
               s->key.kind, s->key.each, s->key.clause, STR_FMT(s->key.code), s->key.period_of.v, STR_FMT(s->key.period_text), (long long)s->value);
    }
}

static void print_small(const struct small *s) {
    struct buf json;
    struct json_writer w;
    char settled[11], born[11];
    buf_init(&json, (size_t)64 << 20);
    json_writer_init(&w, &json, true);
    bill_write(&s->bill, &w);
    day_format(s->in.settled_on, settled);
    day_format(s->bill.person.born, born);
    printf("---- plan ----\n%.*s\n---- bill ----\n%.*s\n---- input ----\n", STR_FMT(s->text), STR_FMT(buf_view(&json)));
    printf("  owner %.*s family \"%.*s\" settled_on %s default-policy %d statutory-settled %d basic-paid %d\n", STR_FMT(s->in.owner), STR_FMT(s->in.family),
           settled, s->in.policy_default, s->in.statutory_settled, s->in.basic_paid);
    print_columns(&s->in);
    print_counters(s->counters);
    buf_done(&json);
}

static void print_result(const char *who, struct status ran, const struct plan_result *r) {
    printf("  %s: %s, plan refusal %d, pay %lld, no-evidence %d\n", who, ran.err ? ran.err->code : "fine", r->refusal, (long long)r->pay, r->no_evidence);
    for (uint32_t i = 0; i < r->benefit_count; i++) {
        const struct plan_benefit_result *b = &r->benefits[i];
        printf("    segment %u benefit %u applies %d refusal %u base %lld cut %lld others %lld used %lld left %lld moved %lld over %lld ratio %lld "
               "stop %lld/%lld/%lld/%lld pay %lld cap-left %lld days %lld\n",
               b->segment, b->benefit, b->applies, b->refusal, (long long)b->base, (long long)b->cut_input, (long long)b->filled_by_others,
               (long long)b->deductible_used, (long long)b->deductible_left, (long long)b->moved, (long long)b->over, (long long)b->ratio_ppm,
               (long long)b->stop_ratio, (long long)b->stop_limit, (long long)b->stop_cap, (long long)b->stop_left, (long long)b->pay,
               (long long)b->cap_left, (long long)b->allowance_days);
    }
    for (uint32_t i = 0; i < r->cell_count; i++)
        printf("    cell segment %u benefit %u line %u bucket %u base %lld moved %lld pay %lld\n", r->cells[i].segment, r->cells[i].benefit, r->cells[i].line,
               r->cells[i].bucket, (long long)r->cells[i].base, (long long)r->cells[i].moved, (long long)r->cells[i].pay);
    for (uint32_t i = 0; i < r->change_count; i++)
        printf("    change %.*s/%.*s kind %u each %u clause %u code \"%.*s\" day %d: %lld → %lld\n", STR_FMT(r->changes[i].key.owner),
               STR_FMT(r->changes[i].key.benefit), r->changes[i].key.kind, r->changes[i].key.each, r->changes[i].key.clause,
               STR_FMT(r->changes[i].key.code), r->changes[i].key.period_of.v, (long long)r->changes[i].before, (long long)r->changes[i].after);
}

static void print_both(const struct small *s) {
    struct arena a;
    struct ready_plan p;
    struct plan_result x = {0}, y = {0};
    arena_init(&a, (size_t)256 << 20);
    if (pair_plan(&a, s->text, s->options.translate, &p) && p.program) {
        print_result("evaluator", plan_run(&a, p.program, &s->in, s->counters, (struct plan_run_options){0}, &x), &x);
        print_result("walker", plan_walk(&a, p.plan, &s->in, s->counters, &y), &y);
    }
    arena_done(&a);
}

void shrink_print(const struct gen_plan *g, struct str text, const struct plan_input *in, const struct plan_counters *counters,
                  struct pair_options o, const struct finding *found) {
    struct arena a;
    struct small s = {.g = g, .counters = counters, .options = o, .law = found->law, .text = text, .in = *in, .bill = *in->bill, .found = *found};
    s.in.bill = &s.bill;
    arena_init(&a, (size_t)1 << 30);
    if (breaks(&s, s.text, &s.in))
        for (bool smaller = true; smaller;) {
            smaller = false;
            while (drop_bill_line(&s, &a)) smaller = true;
            while (drop_plan_line(&s, &a)) smaller = true;
        }
    print_small(&s);
    print_both(&s);
    printf("---- broken: %s — %s, row %u: %lld against %lld\n", s.found.law, s.found.what, s.found.row, (long long)s.found.x, (long long)s.found.y);
    fflush(stdout);
    arena_done(&a);
}
