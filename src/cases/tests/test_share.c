/* The states of a share: every pair of state and act is decided, what is allowed is what docs/life.md says, ends are ends; the clocks of articles 22 to 25 day
 * by day; account codes and what they count for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "cases/life/postings.h"
#include "cases/life/share.h"

#define NOW INT64_C(1772442000000)
#define DAYS(n) ((n) * LIFE_MS_DAY)

static struct str document_read(struct arena *a)
{
    struct str text;
    assert_null(env_system()->file_read(env_system(), a, STR(DOCS "/life.md"), 1 << 20, &text).err);
    return text;
}

static uint32_t lines_like(struct str text, const char *begin)
{
    uint32_t count = 0;
    for (size_t i = 0; i < text.n; i++) {
        if ((i == 0 || text.p[i - 1] == '\n') && str_starts((struct str){text.p + i, text.n - i}, str_from(begin))) count++;
    }
    return count;
}

/* Each allowed pair stands in the document, and the document has no other. */
static void test_table_is_the_documents(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 22);
    const struct str text = document_read(&a);
    uint32_t rows = 0, allowed = 0;
    for (int from = 0; from < CASES_SHARE_STATE_COUNT; from++) {
        const char *name = cases_share_state_name((enum cases_share_state)from);
        rows += lines_like(text, arena_printf(&a, "| %s | ", name).p);
        for (int act = 0; act < LIFE_ACT_COUNT; act++) {
            enum cases_share_state to;
            const bool may = life_act_allowed((enum cases_share_state)from, (enum life_act)act, &to);
            const struct str row = may ? arena_printf(&a, "\n| %s | %s | %s |\n", name, life_act_name((enum life_act)act), cases_share_state_name(to))
                                       : arena_printf(&a, "\n| %s | %s | ", name, life_act_name((enum life_act)act));
            if (str_contains(text, row) != may) print_error("%s × %s\n", name, life_act_name((enum life_act)act));
            assert_int_equal(str_contains(text, row), may);
            allowed += may;
        }
    }
    /* two rows of the case's own table begin with a state's name too: `reversed | reverse` */
    assert_int_equal(rows, allowed + lines_like(text, "| reversed | reverse |"));
    arena_done(&a);
}

/* From what a settlement gives, every state can be reached; three are ends. */
static void test_reach(void **state)
{
    (void)state;
    bool reached[CASES_SHARE_STATE_COUNT] = {[CASES_SHARE_PAID] = true, [CASES_SHARE_STATE_LATER] = true, [CASES_SHARE_STATE_REFUSED] = true,
                                             [CASES_SHARE_STATE_REVERSED] = true};
    for (int round = 0; round < CASES_SHARE_STATE_COUNT; round++) {
        for (int from = 0; from < CASES_SHARE_STATE_COUNT; from++) {
            enum cases_share_state to;
            for (int act = 0; reached[from] && act < LIFE_ACT_COUNT; act++) {
                if (life_act_allowed((enum cases_share_state)from, (enum life_act)act, &to)) reached[to] = true;
            }
        }
    }
    for (int s = 0; s < CASES_SHARE_STATE_COUNT; s++) {
        bool leaves = false;
        enum cases_share_state to;
        for (int act = 0; act < LIFE_ACT_COUNT; act++) leaves = leaves || life_act_allowed((enum cases_share_state)s, (enum life_act)act, &to);
        const bool end = s == CASES_SHARE_UPHELD || s == CASES_SHARE_RECOVERED || s == CASES_SHARE_STATE_REVERSED;
        assert_true(reached[s]);
        assert_int_equal(leaves, !end);
    }
}

static void test_names(void **state)
{
    (void)state;
    enum life_act act;
    for (int i = 0; i < LIFE_ACT_COUNT; i++) {
        assert_true(life_act_parse(str_from(life_act_name((enum life_act)i)), &act));
        assert_int_equal(act, i);
    }
    assert_false(life_act_parse(STR("pay"), &act));
    for (int i = CASES_NOT_LATER + 1; i < CASES_LATER_COUNT; i++) {
        assert_int_equal(life_later_of(str_from(cases_later_name((enum cases_later)i))), i);
    }
    assert_int_equal(life_later_of(STR("none")), CASES_NOT_LATER);
    assert_string_equal(settle_behind_later, cases_later_name(CASES_LATER_BEHIND_LATER));
}

/* ---- clocks ------------------------------------------------------------------------------------------------------ */

static struct cases_clocks fresh(void)
{
    return (struct cases_clocks){.opened_ms = NOW, .decide_by_ms = NOW + DAYS(30), .undisputed_by_ms = NOW + DAYS(60)};
}

static void test_numbers_of_the_law(void **state)
{
    (void)state;
    assert_int_equal(life_clock_ms(LIFE_CLOCK_DECIDE), DAYS(30));
    assert_int_equal(life_clock_ms(LIFE_CLOCK_PAY), DAYS(10));
    assert_int_equal(life_clock_ms(LIFE_CLOCK_NOTICE), DAYS(3));
    assert_int_equal(life_clock_ms(LIFE_CLOCK_UNDISPUTED), DAYS(60));
}

/* Asked on day 3, complete on day 23: twenty days do not count; the sixty begin with the papers. */
static void test_papers_stop_the_clock(void **state)
{
    (void)state;
    struct cases_clocks c = fresh();
    life_clocks_move(&c, LIFE_ACT_PAPERS_ASK, NOW + DAYS(3));
    assert_true(life_papers_awaited(&c));
    assert_int_equal(life_clock_due(&c, LIFE_CLOCK_DECIDE), 0);
    assert_int_equal(life_clock_due(&c, LIFE_CLOCK_UNDISPUTED), 0);
    life_clocks_move(&c, LIFE_ACT_PAPERS_COMPLETE, NOW + DAYS(23));
    assert_false(life_papers_awaited(&c));
    assert_int_equal(life_clock_due(&c, LIFE_CLOCK_DECIDE), NOW + DAYS(50));
    assert_int_equal(life_clock_due(&c, LIFE_CLOCK_UNDISPUTED), NOW + DAYS(83));
}

static void test_decisions_set_clocks(void **state)
{
    (void)state;
    static const struct {
        enum life_act act;
        int64_t decide, pay, notice, undisputed; /* days from now; -1: does not run */
    } rows[] = {
        {LIFE_ACT_REVIEW, 30, -1, -1, 60},       {LIFE_ACT_INVESTIGATE, 30, -1, -1, 60}, {LIFE_ACT_PAY_PART, 30, -1, -1, -1},
        {LIFE_ACT_DECIDE_PAY, -1, 10, -1, -1},   {LIFE_ACT_CHANGE, -1, 10, -1, -1},      {LIFE_ACT_DECIDE_REFUSE, -1, -1, 3, -1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct cases_clocks c = fresh();
        life_clocks_move(&c, rows[i].act, NOW);
        const int64_t want[] = {rows[i].decide, rows[i].pay, rows[i].notice, rows[i].undisputed};
        print_message("# %s\n", life_act_name(rows[i].act));
        for (int k = 0; k < LIFE_CLOCK_COUNT; k++) {
            assert_int_equal(life_clock_due(&c, (enum life_clock)k), want[k] < 0 ? 0 : NOW + DAYS(want[k]));
        }
    }
    struct cases_clocks c = fresh();
    life_clocks_move(&c, LIFE_ACT_DECIDE_PAY, NOW);
    life_clocks_move(&c, LIFE_ACT_PAID, NOW + DAYS(9));
    assert_int_equal(life_clock_due(&c, LIFE_CLOCK_PAY), 0);
}

/* ---- account codes ---------------------------------------------------------------------------------------------------- */

static void test_codes(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    static const struct {
        const char *code;
        enum cases_posting_class of;
        const char *name;
    } rows[] = {{"payer/huimin/H1/CNY", CASES_POSTING_PAYER, "huimin"},   {"fund/statutory:hifp_pay/H1/CNY", CASES_POSTING_FUND, "statutory:hifp_pay"},
                {"own/H1/CNY", CASES_POSTING_OWN, ""},                    {"account/H1/CNY", CASES_POSTING_ACCOUNT, ""},
                {"patient/H1/CNY", CASES_POSTING_PATIENT, ""},            {"deposit/H1/CNY", CASES_POSTING_PATIENT, ""},
                {"payout/huimin/CNY", CASES_POSTING_PATIENT, ""},         {"receivable/huimin/H1/CNY", CASES_POSTING_PATIENT, ""},
                {"offset/00/CNY", CASES_POSTING_PATIENT, ""},             {"hospital/H1/CNY", CASES_POSTING_OTHER, ""},
                {"memo/H1/CNY", CASES_POSTING_OTHER, ""},                 {"payers/huimin/H1/CNY", CASES_POSTING_OTHER, ""}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str name;
        assert_int_equal(cases_posting_class(str_from(rows[i].code), &name), rows[i].of);
        assert_true(str_eq(name, str_from(rows[i].name)));
    }
    const struct str code = life_payer_account(&a, STR("huimin"), STR("H/1"), currency_find(STR("CNY")));
    assert_true(str_eq(code, STR("payer/huimin/H%2F1/CNY"))); /* a hospital's code cannot make another account */
    arena_done(&a);
}

static void test_expected_postings(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    struct cases_share shares[] = {{.payer = STR("statutory:hifp_pay"), .kind = PLAN_STATUTORY, .pay = 700000},
                                   {.payer = STR("huimin"), .kind = PLAN_SUPPLEMENTARY, .pay = 1260000},
                                   {.payer = STR("million"), .kind = PLAN_COMMERCIAL, .pay = 0}};
    struct cases_row row = {.state = CASES_STATE_SETTLED, .total = 4000000, .account = 10000, .cash = 2040000, .payout = 10000, .hospital_part = 0};
    struct cases_posting *list = NULL;
    uint32_t count = 0;
    assert_null(cases_postings_expected(&a, &row, shares, 3, &list, &count).err);
    assert_int_equal(count, 4);
    assert_int_equal(list[0].of, CASES_POSTING_FUND);
    assert_int_equal(list[1].net_debit, 1260000);
    assert_int_equal(list[2].of, CASES_POSTING_ACCOUNT);
    assert_int_equal(list[3].net_debit, 2030000);
    row.state = CASES_STATE_REVERSED;
    assert_null(cases_postings_expected(&a, &row, shares, 3, &list, &count).err);
    assert_int_equal(count, 0);
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_the_documents), cmocka_unit_test(test_reach),
        cmocka_unit_test(test_names),                  cmocka_unit_test(test_numbers_of_the_law),
        cmocka_unit_test(test_papers_stop_the_clock),  cmocka_unit_test(test_decisions_set_clocks),
        cmocka_unit_test(test_codes),                  cmocka_unit_test(test_expected_postings),
    };
    return cmocka_run_group_tests_name("cases-share", tests, NULL, NULL);
}
