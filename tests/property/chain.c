/* chain — the laws of money on whole chains: random plans as payers, random bills, settled one after the other with counters that run on.
 *
 * Who uses it: meson (suite release), a developer with a seed.
 *   chain [--seed S] [--chains N] [--bills M] [--from K] [--inject] [--print]
 * For every settled bill: billed = Σ payers + hospital + patient, in total and on every line; nothing is negative; what nobody paid is
 * accounted for to the unit; amounts are the same without reasons; the bill that was written is the bill that was read. Exit 1 and the
 * texts are printed when one does not hold. --inject takes one fen from what a payer paid, so that the program must exit 1.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gen_bill.h"
#include "settle/settle.h"

enum { PLANS_MAX = 4 };

struct options {
    uint64_t seed, chains, bills, from;
    bool inject, print;
};
struct world {
    struct options o;
    struct arena plan, sequence, run;
    struct buf text[PLANS_MAX];
    struct gen_plan gen[PLANS_MAX];
    struct settle_payer payers[PLANS_MAX + 1];
    const struct settle_product *products[PLANS_MAX];
    struct plan_chain_fund funds[1];
    struct settle_chain chain;
    uint32_t plan_count;
    uint64_t settled, unread, failed, paid_by_several, chains_made;
    const char *law; /* broken */
    int64_t x, y;
};

static bool broken(struct world *w, const char *law, int64_t x, int64_t y) {
    if (w->law) return true;
    w->law = law;
    w->x = x;
    w->y = y;
    return true;
}

static void equal(struct world *w, const char *law, int64_t x, int64_t y) {
    if (x != y) (void)broken(w, law, x, y);
}

/* ---- a chain --------------------------------------------------------------------------------------------- */

static const char *const plan_names[PLANS_MAX] = {"p0", "p1", "p2", "p3"};

/* NULL product: the checker refused the plan. */
static bool product_make(struct world *w, struct plan_library *lib, uint32_t i, const struct settle_product **ret) {
    struct plan_diagnostics *d = ARENA_NEW(&w->plan, struct plan_diagnostics);
    struct plan_source *source = ARENA_NEW(&w->plan, struct plan_source);
    struct plan_file *file = NULL;
    if (!d || !source) return false;
    *source = (struct plan_source){str_from(plan_names[i]), buf_view(&w->text[i])};
    *ret = NULL;
    if (status_failed(plan_parse(&w->plan, source, d, &file))) return false;
    if (d->error_count > 0 || file->plan_count != 1) return true;
    if (status_failed(plan_library_add(&w->plan, lib, file, d)) || d->error_count > 0) return false;
    return !status_failed(settle_product_build(&w->plan, file->plans[0], lib, d, ret));
}

static bool chain_make(struct world *w, struct rng *r) {
    struct plan_library lib = {0};
    w->plan_count = 1 + rng_below(r, PLANS_MAX);
    w->chain = (struct settle_chain){.payers = w->payers, .products = w->products};
    w->funds[0] = (struct plan_chain_fund){STR("hifp_pay"), 1U << BUCKET_IN_SCOPE | (rng_chance(r, 50) ? 1U << BUCKET_OWN_FIRST : 0)};
    w->chain.funds = w->funds;
    w->chain.fund_count = rng_chance(r, 50);
    bool policies = false;
    for (uint32_t i = 0; i < w->plan_count; i++) {
        const struct settle_product *product;
        buf_clear(&w->text[i]);
        gen_plan(r, &w->text[i], (struct gen_options){.name = plan_names[i], .chained = true}, &w->gen[i]);
        if (w->o.print) printf("%.*s\n", STR_FMT(buf_view(&w->text[i])));
        if (!product_make(w, &lib, i, &product)) return false;
        if (!product) continue;
        w->products[w->chain.product_count++] = product;
        if (i > 0 && rng_chance(r, 30)) policies = true; /* found by the policies of the bill */
        else w->payers[w->chain.payer_count++] = (struct settle_payer){.product = product, .fills = rng_chance(r, 80)};
    }
    if (policies) w->payers[w->chain.payer_count++] = (struct settle_payer){.by_policies = true, .as_listed = rng_chance(r, 50), .fills = true};
    return true;
}

/* ---- a bill --------------------------------------------------------------------------------------------------- */

/* Policies of one person, one a plan at most; plans that are not in the list are taken as in force. */
static bool policies_make(struct world *w, struct rng *r, struct gen_person *persons, struct bill_policy **ret, uint32_t *ret_count) {
    struct bill_policy *all = ARENA_ARRAY(&w->sequence, struct bill_policy, PLANS_MAX);
    if (!all) return false;
    *ret_count = 0;
    for (uint32_t i = 0; i < w->plan_count; i++) {
        if (!gen_person(r, &w->sequence, &w->gen[i], &persons[i])) return false;
        if (rng_chance(r, 30)) continue;
        struct bill_policy p = persons[i].policy;
        p.plan = str_from(plan_names[i]);
        p.policy = arena_printf(&w->sequence, "N%u", i);
        bool known = false;
        for (uint32_t k = 0; k < w->chain.product_count; k++) known = known || str_eq(w->products[k]->about.name, p.plan);
        if (known) all[(*ret_count)++] = p;
    }
    *ret = all;
    return true;
}

static void funds_make(struct world *w, struct rng *r, struct bill *b) {
    struct bill_fund *funds = ARENA_ARRAY(&w->run, struct bill_fund, 2);
    bool settles = rng_chance(r, 65);
    b->statutory = (struct bill_statutory){.settled = settles, .stage = settles ? BILL_STAGE_FINAL : BILL_STAGE_NONE, .deductible = -1};
    if (!settles || !funds) return;
    funds[0] = (struct bill_fund){STR("hifp_pay"), rng_between(r, 0, b->net_sum[BUCKET_IN_SCOPE])};
    funds[1] = (struct bill_fund){STR("local_fund"), rng_chance(r, 30) ? rng_between(r, 0, (b->total - funds[0].amount) / 2) : 0};
    b->statutory.funds = funds;
    b->statutory.fund_count = 2;
    b->statutory.fund_sum = funds[0].amount + funds[1].amount;
    int64_t left = b->total - b->statutory.fund_sum;
    if (rng_chance(r, 20)) b->statutory.hospital_part = rng_between(r, 0, left / 4);
    if (rng_chance(r, 40)) b->statutory.account = rng_between(r, 0, (left - b->statutory.hospital_part) / 2);
    if (rng_chance(r, 50)) b->statutory.deductible = rng_between(r, 0, b->net_sum[BUCKET_IN_SCOPE]);
    if (rng_chance(r, 30)) b->deposit = rng_between(r, 0, b->total);
}

static struct str written(struct arena *a, const struct bill *b) {
    struct buf out;
    struct json_writer w;
    buf_init(&out, LIMIT_JSON_BYTES);
    json_writer_init(&w, &out, false);
    bill_write(b, &w);
    struct str text = arena_str(a, buf_view(&out));
    buf_done(&out);
    return text;
}

/* The bill as the strict reader sees it; written again it must be the same text. NULL: the reader refused it. */
static const struct bill *bill_read(struct world *w, const struct bill *made) {
    const struct bill *b = NULL;
    struct str text = written(&w->run, made);
    struct status s = bill_parse(&w->run, text, &b);
    if (status_failed(s)) {
        if (w->o.print) printf("unread: %s at %.*s: %.*s\n", s.err->code, STR_FMT(s.err->place), STR_FMT(s.err->en));
        w->unread++;
        return NULL;
    }
    if (!str_eq(written(&w->run, b), text)) (void)broken(w, "a bill that was read is written as it was", 0, 1);
    return b;
}

/* ---- laws -------------------------------------------------------------------------------------------------------- */

static int64_t line_paid(const struct settle_answer *a, uint32_t line) {
    int64_t paid = 0;
    for (uint32_t s = 0; s < a->share_count; s++) {
        const struct settle_share *share = &a->shares[s];
        for (uint32_t i = 0; i < share->run.cell_count; i++) paid += share->run.cells[i].line == line ? share->run.cells[i].pay : 0;
        for (uint32_t i = 0; i < share->fund_cell_count; i++) paid += share->fund_cells[i].line == line ? share->fund_cells[i].pay : 0;
    }
    return paid;
}

static void laws_of_lines(struct world *w, const struct settle_answer *a) {
    const struct bill *b = a->bill;
    int64_t payers = 0;
    for (uint32_t line = 0; line < b->lines.count; line++) {
        int64_t net = 0, paid = line_paid(a, line);
        for (uint32_t k = 0; k < BUCKET_GIVEN_COUNT; k++) net += b->lines.net[k][line];
        if (paid < 0 || paid > net) (void)broken(w, "a line is paid between nothing and its amount", paid, net);
        payers += paid;
    }
    equal(w, "lines sum to what payers paid", payers, a->payers_total);
}

static void laws_of_total(struct world *w, const struct settle_answer *a) {
    int64_t payers = 0, unpaid = 0;
    const int64_t parts[] = {a->hospital, a->account, a->cash, a->payout};
    for (uint32_t i = 0; i < a->share_count; i++) {
        payers += a->shares[i].pay;
        if (a->shares[i].pay < 0) (void)broken(w, "no payer pays below 0", a->shares[i].pay, 0);
        if (a->shares[i].status != SETTLE_PAID) equal(w, "who refuses pays nothing", a->shares[i].pay, 0);
    }
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (parts[i] < 0) (void)broken(w, "no part of the answer is negative", parts[i], 0);
    equal(w, "payers sum", payers, a->payers_total);
    equal(w, "billed = payers + hospital + patient", payers + a->hospital + a->account + a->cash - a->payout, a->bill->total);
    equal(w, "due = cash - deposit", a->due, a->cash - a->bill->deposit);
    for (uint32_t i = 0; i < a->unpaid_count; i++) {
        if (a->unpaid[i].amount <= 0) (void)broken(w, "what is named as unpaid is more than nothing", a->unpaid[i].amount, 0);
        unpaid += a->unpaid[i].amount;
    }
    equal(w, "what nobody paid is accounted for", unpaid, settle_answer_remainder(a));
}

static void laws_without_reasons(struct world *w, const struct settle_answer *a, const struct settle_answer *plain) {
    equal(w, "reasons change no refusal", a->refusal, plain->refusal);
    equal(w, "reasons change no number of payers", a->share_count, plain->share_count);
    for (uint32_t i = 0; i < a->share_count && !w->law; i++) {
        equal(w, "reasons change no amount", a->shares[i].pay, plain->shares[i].pay);
        equal(w, "reasons change no counter", a->shares[i].run.change_count, plain->shares[i].run.change_count);
    }
    equal(w, "reasons change no remainder", a->cash, plain->cash);
}

/* ---- settling ------------------------------------------------------------------------------------------------------ */

static void inject(const struct settle_answer *a) {
    for (uint32_t i = 0; i < a->share_count; i++) {
        if (a->shares[i].pay == 0) continue;
        a->shares[i].pay--;
        return;
    }
}

static bool settle_one(struct world *w, struct rng *r, const struct bill *b, struct plan_counters *counters) {
    struct settle_answer a = {0}, plain = {0};
    struct day on = rng_chance(r, 50) ? DAY_NONE : day_add(b->to, (int32_t)rng_below(r, 20));
    struct status s = settle_bill(&w->run, &w->chain, b, counters, (struct settle_options){.explain = true, .lines = true, .settled_on = on}, &a);
    struct status t = settle_bill(&w->run, &w->chain, b, counters, (struct settle_options){.settled_on = on}, &plain);
    if (s.err || t.err) {
        equal(w, "reasons change no failure", s.err != NULL, t.err != NULL);
        w->failed++;
        return true;
    }
    if (a.refusal != SETTLE_REFUSAL_NONE) return true;
    laws_without_reasons(w, &a, &plain);
    if (w->o.inject) inject(&a);
    laws_of_lines(w, &a);
    laws_of_total(w, &a);
    uint32_t paying = 0;
    for (uint32_t i = 0; i < a.share_count; i++) paying += a.shares[i].pay > 0;
    w->settled++;
    w->paid_by_several += paying > 1;
    return !status_failed(settle_answer_commit(&a, counters));
}

static void print_broken(const struct world *w, const struct bill *b, uint64_t number) {
    printf("seed %" PRIu64 " chain %" PRIu64 " (again: --seed %" PRIu64 " --from %" PRIu64 " --chains 1 --bills %" PRIu64 ")\n", w->o.seed, number,
           w->o.seed, number, w->o.bills);
    for (uint32_t i = 0; i < w->plan_count; i++) printf("%.*s\n", STR_FMT(buf_view(&w->text[i])));
    struct arena a;
    arena_init(&a, (size_t)256 << 20);
    struct str json = written(&a, b);
    printf("---- bill ----\n%.*s\n---- broken: %s: %" PRId64 " against %" PRId64 "\n", STR_FMT(json), w->law, w->x, w->y);
    arena_done(&a);
}

static bool sequence(struct world *w, struct rng *r, uint64_t *left, uint64_t number) {
    struct gen_person persons[PLANS_MAX];
    struct bill_policy *policies;
    struct plan_counters counters;
    uint32_t policy_count;
    arena_reset(&w->sequence);
    plan_counters_init(&counters, &w->sequence);
    if (!policies_make(w, r, persons, &policies, &policy_count)) return false;
    for (uint32_t i = 0, n = 1 + rng_below(r, 4); i < n && *left > 0; i++, (*left)--) {
        struct gen_case c;
        arena_reset(&w->run);
        if (!gen_case(r, &w->run, &w->gen[0], &persons[0], i + 1, &c)) return false;
        c.bill.policies = policies;
        c.bill.policy_count = policy_count;
        c.bill.person.id_kind = STR("99");
        funds_make(w, r, &c.bill);
        const struct bill *b = bill_read(w, &c.bill);
        if (b && !w->law && !settle_one(w, r, b, &counters)) return false;
        if (!w->law) continue;
        print_broken(w, b ? b : &c.bill, number);
        return false;
    }
    return true;
}

static bool one_chain(struct world *w, uint64_t number) {
    struct rng r = rng_fork(w->o.seed ^ UINT64_C(0xc4a1), number);
    arena_reset(&w->plan);
    if (!chain_make(w, &r)) return false;
    w->chains_made++;
    for (uint64_t left = w->chain.payer_count > 0 ? w->o.bills : 0; left > 0;)
        if (!sequence(w, &r, &left, number)) return false;
    return true;
}

/* ---- when the program under test stops itself ------------------------------------------------------------------- */

static volatile sig_atomic_t at_work; /* number of the chain at work: all that a signal handler may read */

static void say_where(int sig) {
    char text[32] = "stopped in chain ", digits[12];
    size_t n = strlen(text), k = 0;
    for (unsigned v = (unsigned)at_work; v > 0 || k == 0; v /= 10) digits[k++] = (char)('0' + v % 10);
    while (k > 0) text[n++] = digits[--k];
    text[n++] = '\n';
    (void)!write(STDERR_FILENO, text, n);
    (void)signal(sig, SIG_DFL);
}

/* ---- the command line -------------------------------------------------------------------------------------------- */

static bool number_of(const char *text, uint64_t *ret) {
    char *end = NULL;
    if (!text || !*text) return false;
    *ret = strtoull(text, &end, 10);
    return *end == '\0';
}

static bool options_read(int argc, char **argv, struct options *ret) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *ret = (struct options){.seed = (uint64_t)now.tv_sec * 1'000'003 + (uint64_t)now.tv_nsec, .chains = 100, .bills = 40};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--inject") == 0) ret->inject = true;
        else if (strcmp(argv[i], "--print") == 0) ret->print = true;
        else if (strcmp(argv[i], "--seed") == 0 && number_of(value, &ret->seed)) i++;
        else if (strcmp(argv[i], "--chains") == 0 && number_of(value, &ret->chains)) i++;
        else if (strcmp(argv[i], "--bills") == 0 && number_of(value, &ret->bills)) i++;
        else if (strcmp(argv[i], "--from") == 0 && number_of(value, &ret->from)) i++;
        else return false;
    }
    return true;
}

int main(int argc, char **argv) {
    static const size_t mib = (size_t)1 << 20;
    struct world *w = calloc(1, sizeof(*w));
    if (!w || !options_read(argc, argv, &w->o)) {
        fprintf(stderr, "usage: chain [--seed S] [--chains N] [--bills M] [--from K] [--inject] [--print]\n");
        free(w);
        return 2;
    }
    arena_init(&w->plan, 256 * mib);
    arena_init(&w->sequence, 64 * mib);
    arena_init(&w->run, 512 * mib);
    for (uint32_t i = 0; i < PLANS_MAX; i++) buf_init(&w->text[i], mib);
    printf("seed %" PRIu64 "\n", w->o.seed);
    fflush(stdout);
    (void)signal(SIGABRT, say_where);
    bool fine = true;
    for (uint64_t k = 0; k < w->o.chains && fine; k++) {
        at_work = (sig_atomic_t)(w->o.from + k);
        fine = one_chain(w, w->o.from + k);
    }
    printf("seed %" PRIu64 ": %" PRIu64 " chains, %" PRIu64 " bills settled, %" PRIu64 " paid by several, %" PRIu64 " failed, %" PRIu64 " not read\n", w->o.seed,
           w->chains_made, w->settled, w->paid_by_several, w->failed, w->unread);
    if (fine && w->settled >= 1'000 && (w->unread * 10 > w->settled || w->paid_by_several * 20 < w->settled)) {
        fprintf(stderr, "too few bills were read or paid: this run proves little\n");
        fine = false;
    }
    if (!fine && !w->law) fprintf(stderr, "stopped\n");
    for (uint32_t i = 0; i < PLANS_MAX; i++) buf_done(&w->text[i]);
    arena_done(&w->run);
    arena_done(&w->sequence);
    arena_done(&w->plan);
    free(w);
    return fine ? 0 : 1;
}
