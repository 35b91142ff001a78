/* race — two writers of one database decide on what both have read: who comes second writes nothing, and does it again. PostgreSQL only (SQLite has one writer). */
#include "registry/tests/town.h"

#define A "{\"id_kind\":\"01\",\"id\":\"410502196903070020\"}"
#define A_NAMED "{\"id_kind\":\"01\",\"id\":\"410502196903070020\",\"name\":\"王\"}"
#define B "{\"id_kind\":\"01\",\"id\":\"41050219800101001X\"}"
#define B_NAMED "{\"id_kind\":\"01\",\"id\":\"41050219800101001X\",\"name\":\"李\"}"
#define ISSUE(person, plan, policy, more) "{\"change\":\"policy\",\"person\":" person ",\"plan\":\"" plan "\",\"policy\":\"" policy "\",\"from\":\"2022-01-01\",\"to\":\"2022-12-31\"" more "}"

static const struct {
    const char *what, *before, *before2, *first, *second;
    bool stale;
    bool again_nothing; /* done again it says what stands already */
} rows[] = {
    {"one unknown person, registered twice", NULL, NULL, "{\"change\":\"person\",\"person\":" A_NAMED "}", "{\"change\":\"person\",\"person\":" A_NAMED "}", true, true},
    {"two unknown persons", NULL, NULL, "{\"change\":\"person\",\"person\":" A_NAMED "}", "{\"change\":\"person\",\"person\":" B_NAMED "}", false, false},
    {"one family, founded twice", NULL, NULL, ISSUE(A_NAMED, "p", "1", ",\"family\":\"F\""), ISSUE(B_NAMED, "p", "1", ",\"family\":\"F\""), true, false},
    {"one institution, told twice", NULL, NULL, "{\"change\":\"institution\",\"id\":\"I\",\"kind\":\"insurer\",\"zh\":\"甲\"}", "{\"change\":\"institution\",\"id\":\"I\",\"kind\":\"insurer\",\"zh\":\"乙\"}", true, false},
    {"two institutions", NULL, NULL, "{\"change\":\"institution\",\"id\":\"I\",\"kind\":\"insurer\",\"zh\":\"甲\"}", "{\"change\":\"institution\",\"id\":\"J\",\"kind\":\"insurer\",\"zh\":\"乙\"}", false, false},
    {"one policy, two changes of status", ISSUE(A_NAMED, "p", "1", ""), NULL, "{\"change\":\"status\",\"person\":" A ",\"policy\":\"1\",\"status\":\"grace\",\"from\":\"2022-03-01\"}",
     "{\"change\":\"status\",\"person\":" A ",\"policy\":\"1\",\"status\":\"lapsed\",\"from\":\"2022-06-01\"}", true, false},
    {"the same product twice", "{\"change\":\"person\",\"person\":" A_NAMED "}", NULL, ISSUE(A, "p", "1", ""), ISSUE(A, "p", "2", ""), true, false},
    {"two consents", "{\"change\":\"person\",\"person\":" A_NAMED "}", NULL, "{\"change\":\"consent\",\"person\":" A ",\"purpose\":\"settlement\",\"actor\":\"self\",\"payers\":\"all\"}",
     "{\"change\":\"consent\",\"person\":" A ",\"purpose\":\"research\",\"actor\":\"self\",\"payers\":\"all\"}", true, false},
    {"linked while a policy is issued", "{\"change\":\"person\",\"person\":" A_NAMED "}", "{\"change\":\"person\",\"person\":" B_NAMED "}", "{\"change\":\"link\",\"person\":" B ",\"into\":" A "}", ISSUE(B, "p", "1", ""), true, false},
    {"a policy is issued while linked", "{\"change\":\"person\",\"person\":" A_NAMED "}", "{\"change\":\"person\",\"person\":" B_NAMED "}", ISSUE(B, "p", "1", ""), "{\"change\":\"link\",\"person\":" B ",\"into\":" A "}", true, false},
    {"erased while a number is added", "{\"change\":\"person\",\"person\":" A_NAMED "}", NULL, "{\"change\":\"erasure\",\"person\":" A ",\"reason\":\"request\"}",
     "{\"change\":\"identifier\",\"person\":" A ",\"identity\":{\"id_kind\":\"08\",\"id\":\"E1\"}}", true, false},
    {"two persons, a policy each", "{\"change\":\"person\",\"person\":" A_NAMED "}", "{\"change\":\"person\",\"person\":" B_NAMED "}", ISSUE(A, "p", "1", ""), ISSUE(B, "p", "1", ""), false, false},
};

/* A second writer on the first one's database. */
static void second_open(struct town *t, const struct town *first) {
    *t = (struct town){.kind = TOWN_STORE, .keys = first->keys, .store = first->store, .e = first->e};
    t->e.counter = 1'000'000; /* other random bytes */
    arena_init(&t->arena, 64 << 20);
    arena_init(&t->group, 64 << 20);
    FINE(registry_world_empty(&t->arena, &t->world));
    FINE(store_connect(t->store, STORE_WRITE, &t->arena, &t->c));
}

static void second_close(struct town *t) {
    registry_world_release(t->world);
    store_disconnect(t->c);
    arena_done(&t->group);
    arena_done(&t->arena);
}

static void who_comes_second(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct town one, two;
        town_open(&one, TOWN_STORE);
        if (rows[i].before) assert_null(town_do(&one, str_from(rows[i].before)));
        if (rows[i].before2) assert_null(town_do(&one, str_from(rows[i].before2)));
        second_open(&two, &one);
        assert_null(town_prepare(&two, str_from(rows[i].second))); /* has read and decided */
        assert_null(town_do(&one, str_from(rows[i].first)));       /* the other was quicker */
        struct str before = town_dump(&one);
        struct status st = town_write(&two);
        bool stale = status_failed(st) && strcmp(st.err->code, "set-stale") == 0;
        if (stale != rows[i].stale) print_message("# %s: %s\n", rows[i].what, status_failed(st) ? st.err->code : "written");
        assert_int_equal(stale, rows[i].stale);
        if (stale) assert_true(str_eq(before, town_dump(&one)));
        if (stale && !town_prepare(&two, str_from(rows[i].second))) assert_int_equal(two.event_count == 0, rows[i].again_nothing); /* with a new set */
        second_close(&two);
        journal_keys_close(one.keys);
        town_close(&one);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(who_comes_second)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
