/* Tables for people, as pictures: alignment by terminal columns, wrapping, the other language below, the column that gives way. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "cli/command.h"

enum { TEST_ARENA_BYTES = 16 * 1024 * 1024, CELLS_MAX = 12 };

static const struct picture {
    const char *what, *align;
    size_t width_max, total_max; /* of column 0 */
    bool colour;
    const char *cells[CELLS_MAX]; /* to the first NULL */
    const char *want;
} pictures[] = {
    {"left and right, wide characters count two", "lr", 0, 0, false, {"总额", "1.00", "patient", "852,000.00"},
     "总额           1.00\npatient  852,000.00\n"},
    {"no blanks at the end of a line", "ll", 0, 0, false, {"long label", "x", "y", ""}, "long label  x\ny\n"},
    {"the other language below", "lr", 0, 0, false, {"支付方\npayer", "金额\namount", "a", "1"}, "支付方    金额\npayer   amount\na            1\n"},
    {"… dimmed", "lr", 0, 0, true, {"甲\nA", "1"}, "甲  1\n\033[2mA\033[0m\n"},
    {"what stands below keeps its indentation", "l", 0, 0, false, {"  甲\nA"}, "  甲\n  A\n"},
    {"wrapped at a blank", "lr", 10, 0, false, {"own payment inside", "1"}, "own         1\npayment\ninside\n"},
    {"wrapped between wide characters", "lr", 6, 0, false, {"目录内自付", "1"}, "目录内  1\n自付\n"},
    {"a word that is too long is cut", "l", 4, 0, false, {"abcdefghij"}, "abcd\nefgh\nij\n"},
    {"no line begins with closing punctuation", "l", 6, 0, false, {"甲乙丙，丁"}, "甲乙\n丙，丁\n"},
    {"no line ends with an opening one", "l", 6, 0, false, {"甲乙「丙」"}, "甲乙\n「丙」\n"},
    {"continued under its own beginning", "l", 8, 0, false, {"  aaa bbb ccc"}, "  aaa\n  bbb\n  ccc\n"},
    {"the flexible column gives way", "lr", 0, 30, false, {"one two three four five", "123,456,789.00"}, "one two three     123,456,789.00\nfour five\n"},
    {"a table that fits is left alone", "lr", 0, 80, false, {"one two three", "1"}, "one two three  1\n"},
    {"empty cells", "lrl", 0, 0, false, {"", "", ""}, "\n"},
    {"broken bytes count one", "lr", 0, 0, false, {"a\xff", "1", "abc", "2"}, "a\xff   1\nabc  2\n"},
};

static void picture_draw(const struct picture *p) {
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    const struct cli c = {.arena = &a, .colour = p->colour, .zh = true, .en = true};
    struct cli_table t;
    cli_table_init(&t, &a, (uint32_t)strlen(p->align), p->align);
    t.width_max[0] = p->width_max;
    t.total_max = p->total_max;
    for (size_t i = 0; i < CELLS_MAX && p->cells[i]; i++) cli_table_add(&t, str_from(p->cells[i]));
    struct buf out;
    buf_init(&out, LIMIT_JSON_TEXT_BYTES);
    cli_table_print(&c, &t, &out);
    if (!str_eq(buf_view(&out), str_from(p->want))) print_error("%s: got\n%.*swant\n%s", p->what, STR_FMT(buf_view(&out)), p->want);
    assert_true(str_eq(buf_view(&out), str_from(p->want)));
    buf_done(&out);
    arena_done(&a);
}

static void test_pictures(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pictures); i++) picture_draw(&pictures[i]);
}

static void test_pair(void **state) {
    (void)state;
    static const struct {
        bool zh, en;
        const char *text_zh, *text_en, *want;
        size_t columns;
    } rows[] = {
        {true, true, "甲", "A", "甲 / A", 10}, {true, true, "甲", "A", "甲\nA", 5}, {true, true, "甲", "A", "甲\nA", 0}, {true, false, "甲", "A", "甲", 0},
        {false, true, "甲", "A", "A", 0},      {true, true, "甲", "", "甲", 0},     {false, true, "甲", "", "甲", 0},   {true, false, "", "A", "A", 0},
        {true, true, "same", "same", "same", 0},
    };
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct cli c = {.arena = &a, .zh = rows[i].zh, .en = rows[i].en};
        const struct str got = cli_pair(&c, str_from(rows[i].text_zh), str_from(rows[i].text_en), rows[i].columns);
        assert_true(str_eq(got, str_from(rows[i].want)));
    }
    arena_done(&a);
}

static void test_rule(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, TEST_ARENA_BYTES);
    const struct cli c = {.arena = &a};
    struct cli_table t;
    cli_table_init(&t, &a, 2, "lr");
    cli_table_add(&t, STR("ab"));
    cli_table_add(&t, STR("1"));
    cli_table_rule(&t);
    cli_table_add(&t, STR("c"));
    cli_table_add(&t, STR("22"));
    struct buf out;
    buf_init(&out, LIMIT_JSON_TEXT_BYTES);
    cli_table_print(&c, &t, &out);
    assert_true(str_eq(buf_view(&out), STR("ab   1\n──────\nc   22\n")));
    buf_done(&out);
    arena_done(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pictures), cmocka_unit_test(test_pair), cmocka_unit_test(test_rule)};
    return cmocka_run_group_tests_name("cli-table", tests, NULL, NULL);
}
