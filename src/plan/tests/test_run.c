/* The evaluator against ledgers worked out by hand: clauses alone, and above all in their order (docs/plan-language.md 4.3).
 *
 * A case is a plan, bills of one person separated by "|", and the ledger they make. A line of it is one benefit that applied:
 *   NAME base B [cut C] [moved M] [others O] used D [open L] over V [R%] [limit X] [cap Y] [lost Z] pays P [room K]
 * B base; C cut by `counts at most`; M first share; O filled by others; D deductible used, L what is left of it; V above it; R the one ratio; X, Y, Z
 * what limits, caps and what earlier payers left took away; P pay; K smallest room of the caps afterwards. With "cells" the cells follow:
 *   LINE BUCKET BASE > PAY
 * B = D + V + M, V × R = P + X + Y + Z: each row can be checked with a pencil.
 */
#include "plan/tests/run_case.h"

struct row {
    const char *name, *head, *benefits, *given;
    bool cells;
    const char *ledger;
};

#define PLAIN " deductible none\n pays 100%\n cap none\n"

static const struct row rows[] = {
    {"deductible, ratio, cap over three bills", "", "takes own_full\n deductible 30 each year\n pays 80%\n cap 100 each year\n",
     "own_full 100|own_full 50|own_full 50", false,
     "b1 base 100.00 used 30.00 open 0.00 over 70.00 80% pays 56.00 room 44.00\n"
     "-\n"
     "b1 base 50.00 used 0.00 open 0.00 over 50.00 80% pays 40.00 room 4.00\n"
     "-\n" /* 40 against a room of 4 */
     "b1 base 50.00 used 0.00 open 0.00 over 50.00 80% cap 36.00 pays 4.00 room 0.00\n"},
    {"counts at most cuts before the deductible, the limit behind the ratio, the cap last", "",
     "takes own_full\n counts at most 90 each claim\n deductible 10 each year\n pays 50%\n limit 30 each claim\n cap 25 each year\n", "own_full 100", false,
     /* 100 → 90; − 10 = 80; × 50% = 40; limit 30; cap 25 */
     "b1 base 90.00 cut 10.00 used 10.00 open 0.00 over 80.00 50% limit 10.00 cap 5.00 pays 25.00 room 0.00\n"},
    {"first share before the deductible lowers what fills it", "",
     "takes own_full\n first share 10% before deductible\n deductible 95 each year\n pays 100%\n cap none\n", "own_full 100", false,
     "b1 base 100.00 moved 10.00 used 90.00 open 5.00 over 0.00 100% pays 0.00\n"},
    {"first share after the deductible is of what is over", "",
     "takes own_full\n first share 10% after deductible\n deductible 40 each year\n pays 50%\n cap none\n", "own_full 100", false,
     /* 60 over, 6 moved, 54 × 50% */
     "b1 base 100.00 moved 6.00 used 40.00 open 0.00 over 54.00 50% pays 27.00\n"},
    {"others fill first, then the base", "", "takes own_full\n deductible 100 each year, filled by supplementary and commercial\n pays 100%\n cap none\n",
     "own_full 150, paid supplementary own_full 30, paid commercial own_full 20", false,
     /* left 100; others 50; own 50 */
     "b1 base 100.00 others 50.00 used 50.00 open 0.00 over 50.00 100% pays 50.00\n"},
    {"tiers: position behind an earlier bill, multiplier, one rounding", "",
     /* 0–50 at 60%, then 70%: 40 × 60% = 24 × 90% = 21.6; then 10 × 60% + 30.01 × 70% = 27.007 × 90% = 24.3063 → 24.31 */
     "takes own_full\n deductible none\n pays 60% to 50 then 70%, on over each year\n times 90%\n cap none\n", "own_full 40|own_full 40.01", false,
     "b1 base 40.00 used 0.00 over 40.00 54% pays 21.60\n-\nb1 base 40.01 used 0.00 over 40.01 mixed pays 24.31\n"},
    {"tiers on base begin behind the deductible", "",
     /* filled 20 → position 20: 30 × 60% + 50 × 70% = 53 */
     "takes own_full\n deductible 20 each year\n pays 60% to 50 then 70%, on base each year\n cap none\n", "own_full 100", false,
     "b1 base 100.00 used 20.00 open 0.00 over 80.00 mixed pays 53.00\n"},
    {"a tier that is empty is no mix", "", "takes own_full\n deductible none\n pays 60% to 50 then 70%, on over each year\n cap none\n", "own_full 50|own_full 1", false,
     "b1 base 50.00 used 0.00 over 50.00 60% pays 30.00\n-\nb1 base 1.00 used 0.00 over 1.00 70% pays 0.70\n"},
    {"cells: lines first, then buckets; the split by largest remainder", "", "takes own_first + own_full + in_scope\n deductible none\n pays 50%\n cap none\n",
     "line, own_full 0.01, own_first 0.01, line, in_scope 0.01", true,
     /* 0.03 × 50% → 0.02: two of three equal remainders, the earlier ones */
     "b1 base 0.03 used 0.00 over 0.03 50% pays 0.02\n  0 own_full 0.01 > 0.01\n  0 own_first 0.01 > 0.01\n  1 in_scope 0.01 > 0.00\n"},
    {"in line order: the deductible eats nobody, the front is paid first", "",
     "takes own_full\n deductible 30 each year\n pays 100%\n cap 60 each year\n splits in line order\n",
     "line, own_full 50, line, own_full 30, line, own_full 20", true,
     "b1 base 100.00 used 30.00 open 0.00 over 70.00 100% cap 10.00 pays 60.00 room 0.00\n  0 own_full 50.00 > 50.00\n  1 own_full 30.00 > 10.00\n  2 own_full 20.00 > 0.00\n"},
    {"caps after limits split by what the limits left", "",
     "takes own_full\n deductible none\n pays 100%\n limit 40 per item each claim for kind = drug\n cap 90 each claim\n",
     "line, kind drug, code \"A\", own_full 60, line, kind drug, code \"A\", own_full 20, line, kind exam, code \"B\", own_full 80", true,
     /* A: 80 → 40 as 30 + 10; with B 120; cap 90: × 0.75 */
     "b1 base 160.00 used 0.00 over 160.00 100% limit 40.00 cap 30.00 pays 90.00 room 0.00\n"
     "  0 own_full 60.00 > 22.50\n  1 own_full 20.00 > 7.50\n  2 own_full 80.00 > 60.00\n"},
    {"caps without limits split by base", "", "takes own_full\n deductible none\n pays 50%\n cap 30 each claim\n", "line, own_full 60, line, own_full 30", true,
     "b1 base 90.00 used 0.00 over 90.00 50% cap 15.00 pays 30.00 room 0.00\n  0 own_full 60.00 > 20.00\n  1 own_full 30.00 > 10.00\n"},
    {"two limits in written order, over two bills", "",
     "takes own_full\n deductible none\n pays 100%\n limit 50 per ingredient each year\n limit 70 each year for kind = drug\n cap none\n",
     "line, kind drug, code \"A\", ingredient \"a\", own_full 60, line, kind drug, code \"B\", own_full 10|"
     "line, kind drug, code \"A2\", ingredient \"a\", own_full 5, line, kind drug, code \"B\", own_full 30", true,
     "b1 base 70.00 used 0.00 over 70.00 100% limit 10.00 pays 60.00\n  0 own_full 60.00 > 50.00\n  1 own_full 10.00 > 10.00\n"
     "-\n" /* a has no room; B 30 against 70 − 60 */
     "b1 base 35.00 used 0.00 over 35.00 100% limit 25.00 pays 10.00\n  0 own_full 5.00 > 0.00\n  1 own_full 30.00 > 10.00\n"},
    {"times: the line that passes the room keeps its part, a later benefit takes the rest", "",
     "takes own_full\n where kind = exam\n counts at most 3 times each year\n" PLAIN " benefit b2 \"二\"\n takes own_full\n deductible none\n pays 10%\n cap none\n",
     "line, kind exam, qty 2, own_full 40, line, kind exam, qty 1.5, own_full 30", true,
     /* 2 units, then 1 of 2: 15 */
     "b1 base 55.00 cut 15.00 used 0.00 over 55.00 100% pays 55.00\n  0 own_full 40.00 > 40.00\n  1 own_full 15.00 > 15.00\n"
     "b2 base 15.00 used 0.00 over 15.00 10% pays 1.50\n  1 own_full 15.00 > 1.50\n"},
    {"beds by the day: as many days as the longest line of the day", "", "takes own_full\n counts at most 100 each day for kind = bed\n" PLAIN,
     "from 2024-03-01, to 2024-03-03, line, kind bed, qty 3, date 2024-03-01, own_full 450, line, kind drug, date 2024-03-01, own_full 7", true,
     "b1 base 307.00 cut 150.00 used 0.00 over 307.00 100% pays 307.00\n  0 own_full 300.00 > 300.00\n  1 own_full 7.00 > 7.00\n"},
    {"counted money: a year per item, what is counted is what really entered", "",
     /* the second clause cuts the claim to 50, so A counts 30 and B 20 */
     "takes own_full\n counts at most 60 per item each year\n counts at most 50 each claim\n" PLAIN,
     "line, code \"A\", own_full 90, line, code \"B\", own_full 40|line, code \"A\", own_full 90", false,
     "b1 base 50.00 cut 80.00 used 0.00 over 50.00 100% pays 50.00\n-\nb1 base 30.00 cut 60.00 used 0.00 over 30.00 100% pays 30.00\n"},
    {"the rest of a benefit: deductible and ratio leave it, the first share does not", "",
     "takes own_full\n first share 10% before deductible\n deductible 30 each year\n pays 50%\n cap none\n"
     " benefit b2 \"二\"\n takes rest of b1 + over_limit\n deductible 20 each year\n pays 100%\n cap none\n",
     "line, own_full 100, over_limit 8, line, own_full 50", true,
     /* moved 15; base 135 − 30 = 105 × 50% = 52.50 as 35 + 17.50; rest 55 + 27.50, with 8: 90.50 − 20 = 70.50 */
     "b1 base 150.00 moved 15.00 used 30.00 open 0.00 over 105.00 50% pays 52.50\n  0 own_full 90.00 > 35.00\n  1 own_full 45.00 > 17.50\n"
     "b2 base 90.50 used 20.00 open 0.00 over 70.50 100% pays 70.50\n  0 own_full 55.00 > 42.85\n  0 over_limit 8.00 > 6.23\n  1 own_full 27.50 > 21.42\n"},
    {"before other payers: computed on the whole, bounded by what is left cell by cell", "", "takes own_full, before other payers\n deductible none\n pays 50%\n cap 100 each year\n",
     "line, own_full 100, paid commercial own_full 90, line, own_full 20", true,
     /* 60 as 50 + 10; only 10 left on the first; the cap counts the 20 really paid */
     "b1 base 120.00 used 0.00 over 120.00 50% lost 40.00 pays 20.00 room 80.00\n  0 own_full 100.00 > 10.00\n  1 own_full 20.00 > 10.00\n"},
    {"share of a list: per line, rounded; the rest stays for the next", "list l \"l\" of drug\n code \"A\" share 33.33%\n prefix \"B\" share 100%",
     "takes own_full, at share of list l, rounded half-up per line\n" PLAIN " benefit b2 \"二\"\n takes own_full\n" PLAIN,
     "line, code \"A\", own_full 10, line, code \"B1\", own_full 4, line, code \"C\", own_full 2", true,
     "b1 base 7.33 used 0.00 over 7.33 100% pays 7.33\n  0 own_full 3.33 > 3.33\n  1 own_full 4.00 > 4.00\n"
     "b2 base 8.67 used 0.00 over 8.67 100% pays 8.67\n  0 own_full 6.67 > 6.67\n  2 own_full 2.00 > 2.00\n"},
    {"a shared deductible and a shared cap run through two benefits", "shared deductible sd \"共\" 50 each year\n shared cap sc \"共\" 60 each year",
     "takes own_full\n deductible shared sd\n pays 100%\n cap shared sc\n benefit b2 \"二\"\n takes over_limit\n deductible shared sd\n pays 50%\n cap 100 each year\n cap shared sc\n",
     "own_full 40, over_limit 30|own_full 50, over_limit 80", false,
     "b1 base 40.00 used 40.00 open 10.00 over 0.00 100% pays 0.00 room 60.00\nb2 base 30.00 used 10.00 open 0.00 over 20.00 50% pays 10.00 room 50.00\n"
     "-\n"
     "b1 base 50.00 used 0.00 open 0.00 over 50.00 100% pays 50.00 room 0.00\nb2 base 80.00 used 0.00 open 0.00 over 80.00 50% cap 40.00 pays 0.00 room 0.00\n"},
    {"by line date: two years, two deductibles; the claim's cap goes through both", "by-line",
     "takes own_full\n deductible 30 each year\n pays 100%\n cap 100 each claim\n",
     "from 2024-12-30, to 2025-01-03, line, date 2025-01-02, own_full 90, line, date 2024-12-31, own_full 80", true,
     "b1 base 80.00 used 30.00 open 0.00 over 50.00 100% pays 50.00 room 50.00\n  1 own_full 80.00 > 50.00\n"
     "b1 base 90.00 used 30.00 open 0.00 over 60.00 100% cap 10.00 pays 50.00 room 0.00\n  0 own_full 90.00 > 50.00\n"},
    {"by line date: a parameter changes inside the bill", "by-line parameter part \"比例\" from 2023-01-01 .. 2024-06-30 50%\n from 2024-07-01 .. 60%",
     "takes own_full\n deductible none\n pays part\n cap none\n", "from 2024-06-30, to 2024-07-02, line, date 2024-07-01, own_full 10, line, date 2024-06-30, own_full 20", false,
     "b1 base 20.00 used 0.00 over 20.00 50% pays 10.00\nb1 base 10.00 used 0.00 over 10.00 60% pays 6.00\n"},
    {"cap none for a class: no room, but it counts", "class old \"老\" when age >= 60", "takes own_full\n deductible none\n pays 100%\n cap 50, old none each year\n",
     "age 70, own_full 80|age 20, own_full 80", false,
     "b1 base 80.00 used 0.00 over 80.00 100% pays 80.00\n-\nb1 base 80.00 used 0.00 over 80.00 100% cap 80.00 pays 0.00 room 0.00\n"},
    {"a cap and a limit each day", "", "takes own_full\n deductible none\n pays 100%\n limit 50 each day\n cap 80 each stay\n",
     "from 2024-03-01, to 2024-03-02, stay \"S\", line, date 2024-03-01, own_full 60, line, date 2024-03-02, own_full 40", true,
     /* 50 + 40, cap 80: 44.444… + 35.555… */
     "b1 base 100.00 used 0.00 over 100.00 100% limit 10.00 cap 10.00 pays 80.00 room 0.00\n  0 own_full 60.00 > 44.44\n  1 own_full 40.00 > 35.56\n"},
};

/* ---- the ledger ------------------------------------------------------------------------------------------------ */

static void amount(struct buf *out, const char *word, int64_t v) {
    buf_printf(out, " %s %lld.%02lld", word, (long long)(v / 100), (long long)(v % 100));
}
static void amount_if(struct buf *out, const char *word, int64_t v) {
    if (v) amount(out, word, v);
}

static void cells_write(const struct plan_result *r, const struct plan_benefit_result *b, struct buf *out) {
    static const char *const buckets[] = {"own_full", "over_limit", "own_first", "in_scope", "deductible", "ratio_part", "over_cap"};
    for (uint32_t i = b->cell_start; i < b->cell_start + b->cell_count; i++) {
        const struct plan_cell *c = &r->cells[i];
        buf_printf(out, "  %u", c->line);
        amount(out, buckets[c->bucket], c->base);
        amount(out, ">", c->pay);
        buf_add_char(out, '\n');
    }
}

static void benefit_write(const struct run_case *c, const struct plan_benefit_result *b, bool cells, struct buf *out) {
    buf_add(out, c->plan->benefits[b->benefit].name);
    amount(out, "base", b->base);
    amount_if(out, "cut", b->cut_input);
    amount_if(out, "moved", b->moved);
    amount_if(out, "others", b->filled_by_others);
    amount(out, "used", b->deductible_used);
    if (b->deductible_left != INT64_MIN) amount(out, "open", b->deductible_left);
    amount(out, "over", b->over);
    if (b->ratio_ppm < 0) buf_add_cstr(out, " mixed");
    else buf_printf(out, " %lld%%", (long long)b->ratio_ppm / 10'000);
    amount_if(out, "limit", b->stop_limit);
    amount_if(out, "cap", b->stop_cap);
    amount_if(out, "lost", b->stop_left);
    amount(out, "pays", b->pay);
    if (b->cap_left != INT64_MIN) amount(out, "room", b->cap_left);
    buf_add_char(out, '\n');
    if (cells) cells_write(&c->result, b, out);
}

/* The identity of the ledger, and that cells sum to their benefit. */
static void identity_check(const struct plan_result *r) {
    int64_t total = 0;
    for (uint32_t i = 0; i < r->benefit_count; i++) {
        const struct plan_benefit_result *b = &r->benefits[i];
        int64_t base = 0, pay = 0;
        assert_true(b->base == b->pay + b->deductible_used + b->stop_ratio + b->stop_limit + b->stop_cap + b->stop_left + b->moved);
        for (uint32_t k = b->cell_start; k < b->cell_start + b->cell_count; k++) {
            base += r->cells[k].base + r->cells[k].moved;
            pay += r->cells[k].pay;
        }
        assert_true(base == b->base && pay == b->pay);
        total += b->pay;
    }
    assert_true(total == r->pay);
}

/* Reasons and cells change no amount. */
static void options_check(struct run_case *c, const struct plan_input *in) {
    struct plan_result other;
    struct plan_mismatch what = {0};
    assert_null(plan_run(&c->a, c->program, in, &c->counters, (struct plan_run_options){.explain = true}, &other).err);
    if (!plan_results_same(&c->result, &other, (struct plan_same_options){0}, &what)) fail_msg("with reasons %s differs", what.field);
    assert_true(other.reason_count > 0 && c->result.reason_count == 0);
    assert_null(plan_run(&c->a, c->program, in, &c->counters, (struct plan_run_options){.no_split = true}, &other).err);
    if (!plan_results_same(&c->result, &other, (struct plan_same_options){.no_cells = true}, &what)) fail_msg("without cells %s differs", what.field);
}

static void test_ledgers(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct run_case *c = case_open(rows[i].head, rows[i].benefits, rows[i].given);
        struct buf ledger;
        buf_init(&ledger, 1 << 16);
        for (uint32_t step = 0; step < case_steps(c); step++) {
            struct plan_input in;
            case_input(c, step, &in);
            assert_null(plan_run(&c->a, c->program, &in, &c->counters, (struct plan_run_options){0}, &c->result).err);
            identity_check(&c->result);
            options_check(c, &in);
            if (step) buf_add_cstr(&ledger, "-\n");
            for (uint32_t k = 0; k < c->result.benefit_count; k++)
                if (c->result.benefits[k].applies) benefit_write(c, &c->result.benefits[k], rows[i].cells, &ledger);
            case_apply(c);
        }
        buf_add_char(&ledger, '\0');
        if (strcmp(ledger.p, rows[i].ledger) != 0) fail_msg("%s\n---- got\n%s---- wanted\n%s", rows[i].name, ledger.p, rows[i].ledger);
        buf_done(&ledger);
        case_close(c);
    }
}

/* ---- failures ------------------------------------------------------------------------------------------------------ */

/* What the bill does not say, and the plan did not foresee, fails and is named in both languages; nothing is returned. */
static void test_missing_facts(void **state) {
    (void)state;
    static const struct {
        const char *head, *benefits;
        bool no_birth;
        const char *code, *name;
    } cases[] = {
        {"reads poor, member (yes or no)", "takes own_full\n where member and poor\n" PLAIN, false, "fact-missing", "poor"},
        {"reads poor default no, member (yes or no)", "takes own_full\n where member and poor\n" PLAIN, false, "fact-missing", "member"},
        {"", "takes own_full\n where age > 3\n" PLAIN, true, "fact-missing", "age"},
        {"reads member (number) default 0, poor default no", "takes own_full\n where member > 0 and poor\n" PLAIN, false, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct run_case *c = case_open(cases[i].head, cases[i].benefits, "own_full 1");
        struct plan_input in;
        case_input(c, 0, &in);
        struct bill bill = *in.bill;
        bill.fact_count = 0;
        if (cases[i].no_birth) bill.person.born = DAY_NONE;
        in.bill = &bill;
        struct plan_result untouched = {.pay = -7};
        struct status s = plan_run(&c->a, c->program, &in, &c->counters, (struct plan_run_options){0}, &untouched);
        if (!cases[i].code) {
            assert_null(s.err);
            assert_int_equal(untouched.assumed_count, 2);
            assert_true(str_eq(untouched.assumed[0], STR("member")) && str_eq(untouched.assumed[1], STR("poor")));
        } else {
            assert_non_null(s.err);
            assert_string_equal(s.err->code, cases[i].code);
            assert_true(str_contains(s.err->en, str_from(cases[i].name)) && str_contains(s.err->zh, str_from(cases[i].name)));
            assert_true(str_contains(s.err->en, STR("plan t ")) && s.err->hint_zh.n && s.err->hint_en.n);
            assert_int_equal(untouched.pay, -7);
        }
        case_close(c);
    }
}

/* A value outside the fact's words, and a bill whose memory is too small. */
static void test_other_failures(void **state) {
    (void)state;
    struct run_case *c = case_open("reads medal (gold or silver)", "takes own_full\n where medal = gold\n" PLAIN, "own_full 1");
    struct plan_input in;
    case_input(c, 0, &in);
    struct bill_fact fact = {.name = STR("medal"), .kind = BILL_FACT_TEXT, .text = STR("bronze")};
    struct bill bill = *in.bill;
    bill.facts = &fact;
    bill.fact_count = 1;
    in.bill = &bill;
    struct status s = plan_run(&c->a, c->program, &in, &c->counters, (struct plan_run_options){0}, &c->result);
    assert_string_equal(s.err->code, "fact-value");
    fact.text = STR("gold");
    for (size_t limit = 0, failed = 0;; limit += 64) { /* each allocation fails once */
        struct arena small;
        arena_init(&small, limit);
        s = plan_run(&small, c->program, &in, &c->counters, (struct plan_run_options){.explain = true}, &c->result);
        failed += s.err != NULL;
        bool memory = s.err && strcmp(s.err->code, "out-of-memory") == 0;
        assert_true(!s.err || memory);
        arena_done(&small);
        if (s.err) continue;
        assert_true(failed > 3 && c->result.pay == 100);
        break;
    }
    case_close(c);
}

/* ---- reasons --------------------------------------------------------------------------------------------------------- */

static void test_reasons(void **state) {
    (void)state;
    struct run_case *c = case_open("class old \"老人\" / \"the old\" when age >= 60\n exclude beds \"床位\" / \"beds\" when kind = bed",
                                   "needs days < 400 else too-long \"住院过长\" / \"too long\"\n takes own_full\n counts at most 90 each claim\n deductible 10 each year\n"
                                   " pays 50%, old 60%\n times 50%\n limit 20 each claim\n cap 15 each year\n",
                                   "age 70, line, own_full 100, line, kind bed, own_full 5|days 500, own_full 1");
    static const char *const wanted[2][2] = {
        {"责任免除「床位」：5.00|计入限额裁减 10.00|计入基数 90.00|本次扣免赔额 10.00，免赔额尚余 0.00|适用「老人」|80.00 × 60%|乘以 50%|给付限额裁减 4.00|封顶裁减 5.00，余额 0.00|给付 15.00|",
         "excluded by beds: 5.00|cut by a limit on what counts: 10.00|base 90.00|deductible used 10.00, left 0.00|the old applies|80.00 × 60%|multiplied by 50%|"
         "cut by a limit on the payout: 4.00|cut by the cap: 5.00, room left 0.00|pays 15.00|"},
        {"不予给付：住院过长|", "refused: too long|"},
    };
    for (uint32_t step = 0; step < 2; step++) {
        struct plan_input in;
        case_input(c, step, &in);
        assert_null(plan_run(&c->a, c->program, &in, &c->counters, (struct plan_run_options){.explain = true}, &c->result).err);
        for (int en = 0; en < 2; en++) {
            struct buf out;
            buf_init(&out, 1 << 16);
            for (uint32_t i = 0; i < c->result.reason_count; i++) {
                plan_reason_print(c->plan, &c->result.reasons[i], !en, &out);
                buf_add_char(&out, '|');
                assert_true(c->result.reasons[i].line > 0);
            }
            buf_add_char(&out, '\0');
            assert_string_equal(out.p, wanted[step][en]);
            buf_done(&out);
        }
    }
    case_close(c);
}

/* Lines that exclusions removed are named by exclusion, the plan's first. */
static void test_excluded_by(void **state) {
    (void)state;
    struct run_case *c = case_open("exclude beds \"床\" when kind = bed", "takes own_full\n exclude herbs \"草\" when kind = herb\n exclude all \"全\" when kind in (herb, lab)\n" PLAIN,
                                   "line, kind herb, own_full 1, line, kind bed, own_full 1, line, kind drug, own_full 1, line, kind lab, own_full 1");
    struct plan_input in;
    case_input(c, 0, &in);
    assert_null(plan_run(&c->a, c->program, &in, &c->counters, (struct plan_run_options){.explain = true}, &c->result).err);
    static const uint16_t wanted[] = {2, 1, 0, 3};
    for (size_t i = 0; i < COUNT_OF(wanted); i++) assert_int_equal(c->result.excluded_by[i], wanted[i]);
    assert_true(str_eq(plan_exclusion_about(c->plan, 2).name, STR("all")));
    case_close(c);
}

/* The steady state asks the system for nothing. */
static void test_no_allocations(void **state) {
    (void)state;
    struct run_case *c = case_open("list l \"l\"\n code \"A\"", "takes own_full\n where code in list l\n deductible 1 each year\n pays 50%\n limit 9 per item each year\n cap 8 each year\n",
                                   "line, code \"A\", own_full 5, line, code \"B\", own_full 5");
    struct plan_input in;
    struct arena run;
    case_input(c, 0, &in);
    arena_init(&run, 1 << 20);
    size_t calls = 0;
    for (int i = 0; i < 50; i++) {
        arena_reset(&run);
        assert_null(plan_run(&run, c->program, &in, &c->counters, (struct plan_run_options){.explain = true}, &c->result).err);
        if (i == 5) calls = run.system_calls;
    }
    assert_int_equal(run.system_calls, calls);
    arena_done(&run);
    case_close(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ledgers),  cmocka_unit_test(test_missing_facts), cmocka_unit_test(test_other_failures),
        cmocka_unit_test(test_reasons),  cmocka_unit_test(test_excluded_by),   cmocka_unit_test(test_no_allocations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
