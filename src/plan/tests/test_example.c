/* Examples of plans: what is given by default, what stays from step to step, and what a failing example says, in both languages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "plan/plan.h"

static const char *const head =
    "plan t \"表\" / \"table\"\n kind commercial\n source \"table\", grade D\n in force 2023-01-01 ..\n"
    " counts by discharge, over the end by admission\n years are calendar years\n currency CNY, rounded half-up once per benefit\n"
    " reads insured_type, hospital_level, poor, score (number), tier (gold or silver) default silver\n"
    " list sick \"病\" of diagnosis\n  prefix \"C\"\n list ops \"手术\" of procedure\n  code \"47.0100\"\n"
    " class prior \"既往\" when first diagnosis of list sick before first enrolment\n"
    " benefit own \"自费\" / \"own\"\n  needs statutory settled\n  needs sex != M else not-him \"非男\" / \"not for men\"\n  takes own_full\n"
    "  deductible by insured_type: employee 10, resident 20 each year\n  pays 100%, prior 50%\n  cap 1000 each year\n"
    " benefit level \"等级\" / \"level\"\n  takes over_limit\n  where hospital_level = 3 and not poor and score = 0 and tier = silver\n"
    "  deductible none\n  pays 100%\n  cap none\n"
    " benefit op \"手术\" / \"operation\"\n  takes own_first\n  where procedure in list ops and visit = inpatient and age >= 18\n"
    "  deductible none\n  pays 100%\n  cap none\n"
    " benefit icu \"重症\" / \"icu\"\n  allowance 100 each icu-day after 1 days\n";

/* `zh` and `en`: a part of what is said; NULL: the example passes. */
struct row {
    const char *example, *zh, *en;
};
static const struct row rows[] = {
    /* ---- defaults: employee (the first word), level 3, poor no, score 0, tier silver, born 1980, settled, 2024-01-01 ---- */
    {"given own_full 100\n expect own 90", NULL, NULL},
    {"given over_limit 7\n expect level 7, total 7", NULL, NULL},
    {"given over_limit 7, hospital_level 2\n expect level 0", NULL, NULL},
    {"given over_limit 7, poor yes\n expect level 0", NULL, NULL},
    {"given over_limit 7, score 3\n expect level 0", NULL, NULL},
    {"given over_limit 7, tier gold\n expect level 0", NULL, NULL},
    {"given own_first 5, procedure \"47.0100\"\n expect op 5", NULL, NULL},
    {"given own_first 5, procedure \"47.0100\", born 2010-01-01\n expect op 0", NULL, NULL},
    {"given own_first 5, procedure \"47.0100\", age 18\n expect op 5", NULL, NULL},
    {"given own_first 5, procedure \"47.0100\", visit outpatient\n expect op 0", NULL, NULL},
    {"given icu_days 3, own_full 1\n expect allowance icu 200", NULL, NULL},
    /* ---- steps ---- */
    {"given own_full 4\n expect own 0\n given own_full 10\n expect own 4", NULL, NULL}, /* the deductible runs on */
    {"given insured_type resident, own_full 30\n expect own 10\n given own_full 5\n expect own 5", NULL, NULL}, /* facts stay */
    {"given own_full 100\n expect own 90\n given over_limit 1\n expect own 0, level 1", NULL, NULL}, /* amounts do not */
    {"given procedure \"47.0100\", own_first 1\n expect op 1\n given own_first 1\n expect op 0", NULL, NULL},
    {"given person \"1\", own_full 20\n expect own 10\n given person \"2\", own_full 20\n expect own 10", NULL, NULL},
    {"given from 2024-12-31, own_full 20\n expect own 10\n given from 2025-01-01, own_full 20\n expect own 10", NULL, NULL},
    {"given history \"C50\" since 2023-06-01, first_enrolled 2024-01-01, own_full 110\n expect own 50\n given own_full 10\n expect own 10", NULL, NULL},
    {"given class prior, own_full 110\n expect own 50\n given class none, own_full 10\n expect own 10", NULL, NULL},
    {"given before own filled 10, before own paid 995, own_full 10\n expect own 5", NULL, NULL},
    {"given own_full 50, paid commercial own_full 30\n expect own 10", NULL, NULL},
    {"given line, code \"A\", own_full 50, line, code \"B\", own_full 30\n expect own 70", NULL, NULL},
    /* ---- refusals ---- */
    {"given settled no, own_full 1\n expect refused own not-settled-by-basic-insurance", NULL, NULL},
    {"given settled no, own_full 1\n expect refused not-settled-by-basic-insurance", NULL, NULL}, /* every benefit that applies */
    {"given settled no, own_full 1, over_limit 1\n expect refused not-settled-by-basic-insurance", "应被拒付而未拒付", "expected a refusal that did not come"},
    {"given sex M, own_full 1\n expect refused own not-him", NULL, NULL},
    {"given status void, own_full 1\n expect refused policy-void, refused own policy-void", NULL, NULL},
    {"given cover 2024-01-01 .. 2024-12-31, from 2025-01-01, own_full 1\n expect refused out-of-cover", NULL, NULL},
    {"given own_full 100\n expect refused own not-him", "not-him：应被拒付而未拒付", "not-him: expected a refusal that did not come"},
    /* ---- what a failure says ---- */
    {"given own_full 100\n expect own 90.01", "第 1 步 own：应为 90.01，实为 90.00", "step 1 own: expected 90.01, got 90.00"},
    {"given own_full 4\n expect own 0\n given own_full 10\n expect own 5", "第 2 步 own：应为 5.00，实为 4.00", "step 2 own: expected 5.00, got 4.00"},
    {"given own_full 100, over_limit 1\n expect total 90, level 2", "total：应为 90.00，实为 91.00；第 1 步 level：应为 2.00，实为 1.00",
     "total: expected 90.00, got 91.00; step 1 level: expected 2.00, got 1.00"},
    {"given icu_days 3, own_full 1\n expect allowance icu 300", "icu：应为 300.00，实为 200.00", "icu: expected 300.00, got 200.00"},
    {"given own_full 1, line, own_full 2\n expect total 0", "无法理解", "cannot be understood"},
};

struct made {
    struct plan *plan;
    struct plan_program *program;
};

static struct made plan_make(struct arena *a, struct buf *text) {
    struct plan_source *source = ARENA_NEW(a, struct plan_source);
    struct plan_diagnostics *d = ARENA_NEW(a, struct plan_diagnostics);
    struct plan_library lib = {0};
    struct plan_file *file = NULL;
    struct made m = {0};
    *source = (struct plan_source){STR("t.plan"), arena_str(a, buf_view(text))};
    assert_null(plan_parse(a, source, d, &file).err);
    if (d->error_count == 0) assert_null(plan_library_add(a, &lib, file, d).err);
    if (d->error_count == 0) assert_null(plan_check(a, file->plans[0], &lib, &(struct plan_check_options){0}, d).err);
    if (d->error_count > 0) {
        struct buf out;
        buf_init(&out, 1 << 20);
        for (uint32_t i = 0; i < d->count; i++) plan_diagnostic_print(&d->items[i], false, true, false, &out);
        fail_msg("%.*s", STR_FMT(buf_view(&out)));
    }
    m.plan = file->plans[0];
    assert_null(plan_compile(a, m.plan, &m.program).err);
    return m;
}

static bool says(struct str text, const char *part) {
    return part ? str_contains(text, str_from(part)) : text.n == 0;
}

static void test_rows(void **state) {
    (void)state;
    struct arena a;
    struct buf text;
    arena_init(&a, (size_t)64 << 20);
    buf_init(&text, 1 << 20);
    buf_add_cstr(&text, head);
    for (size_t i = 0; i < COUNT_OF(rows); i++) buf_printf(&text, " example \"row %zu\"\n %s\n", i, rows[i].example);
    struct made m = plan_make(&a, &text);
    struct plan_example_outcome *outcomes = NULL;
    uint32_t count = 0;
    assert_null(plan_test(&a, m.plan, m.program, &outcomes, &count).err);
    assert_int_equal(count, COUNT_OF(rows));
    for (uint32_t i = 0; i < count; i++) {
        const struct plan_example_outcome *o = &outcomes[i];
        if (o->passed != (rows[i].en == NULL) || !says(o->zh, rows[i].zh) || !says(o->en, rows[i].en))
            fail_msg("row %u (%s): passed %d: %.*s | %.*s", i, rows[i].example, o->passed, STR_FMT(o->zh), STR_FMT(o->en));
        assert_true(o->line > 1);
    }
    buf_done(&text);
    arena_done(&a);
}

/* The same examples with Chinese words. */
static void test_chinese(void **state) {
    (void)state;
    static const char *const zh =
        "方案 表 \"表\"\n 种类 商业\n 来源 \"表\"，等级 D\n 有效期 2023-01-01 ..\n 认定日 出院日，跨期认定日 入院日\n 年度 自然年度\n"
        " 币种 CNY，舍入 四舍五入 每项责任一次\n 读取 参保类型\n"
        " 责任 自费 \"自费\"\n  前提 医保已结算\n  纳入 自费\n  免赔额 按 参保类型：职工 10，居民 20 每年\n  给付 80%\n  封顶 100 每年\n"
        " 算例 \"一\"\n  已知 参保类型 居民，自费 100\n  应得 自费 64\n  已知 自费 100\n  应得 自费 36，合计 36\n"
        " 算例 \"二\"\n  已知 医保已结算 否，自费 100\n  应得 拒付 not-settled-by-basic-insurance\n"
        " 算例 \"三\"\n  已知 自费 100，已付 商业 自费 30，此前 自费 已抵扣 4\n  应得 自费 51.20\n";
    struct arena a;
    struct buf text;
    struct plan_example_outcome *outcomes = NULL;
    uint32_t count = 0;
    arena_init(&a, (size_t)64 << 20);
    buf_init(&text, 1 << 20);
    buf_add_cstr(&text, zh);
    struct made m = plan_make(&a, &text);
    assert_null(plan_test(&a, m.plan, m.program, &outcomes, &count).err);
    assert_int_equal(count, 3);
    for (uint32_t i = 0; i < count; i++)
        if (!outcomes[i].passed) fail_msg("%.*s: %.*s", STR_FMT(outcomes[i].title), STR_FMT(outcomes[i].zh));
    buf_done(&text);
    arena_done(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_chinese)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
