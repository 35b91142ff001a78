/* memory — every allocation may be the one that is refused: reading, needing, deciding and folding then fail as out-of-memory, and never half-way or by a crash. */
#include "registry/tests/town.h"

#define A "{\"id_kind\":\"01\",\"id\":\"410502196903070020\"}"
static const char *const before[] = {
    "{\"change\":\"institution\",\"id\":\"I1\",\"kind\":\"insurer\",\"zh\":\"甲\"}",
    "{\"change\":\"policy\",\"person\":{\"id_kind\":\"01\",\"id\":\"410502196903070020\",\"name\":\"王\"},\"plan\":\"p\",\"policy\":\"P1\",\"from\":\"2022-01-01\",\"to\":\"2022-12-31\",\"class\":\"x\",\"family\":\"F\"}",
    "{\"change\":\"policy\",\"person\":{\"id_kind\":\"08\",\"id\":\"E1\",\"name\":\"W\"},\"plan\":\"p\",\"policy\":\"P2\",\"from\":\"2022-03-01\",\"to\":\"2022-12-31\"}",
    "{\"change\":\"consent\",\"person\":" A ",\"purpose\":\"settlement\",\"actor\":\"self\",\"payers\":[\"p\"]}",
};
static const char *const changes[] = {
    "{\"change\":\"payer\",\"plan\":\"p\",\"institution\":\"I1\",\"hold\":\"review\"}",
    "{\"change\":\"list\",\"name\":\"l\",\"text\":\"list pet-ct \\\"PET\\\" / \\\"PET\\\" of service\\n  name   \\\"PET-CT\\\"\\n\"}",
    "{\"change\":\"person\",\"person\":{\"unknown\":\"7\",\"hospital\":\"H1\",\"name\":\"某\"}}",
    "{\"change\":\"identifier\",\"person\":" A ",\"identity\":{\"id_kind\":\"08\",\"id\":\"E9\"}}",
    "{\"change\":\"policy\",\"person\":{\"id_kind\":\"08\",\"id\":\"E1\"},\"plan\":\"p\",\"policy\":\"P3\",\"from\":\"2023-01-01\",\"family\":\"F\",\"holder\":\"h\"}",
    "{\"change\":\"endorsement\",\"person\":" A ",\"policy\":\"P1\",\"name\":\"e\",\"from\":\"2022-05-01\",\"excludes\":[\"C\",\"D\"]}",
    "{\"change\":\"status\",\"person\":" A ",\"policy\":\"P1\",\"status\":\"lapsed\",\"from\":\"2022-06-01\"}",
    "{\"change\":\"class\",\"person\":" A ",\"policy\":\"P1\",\"class\":\"\",\"reason\":\"r\"}",
    "{\"change\":\"withdrawal\",\"person\":" A ",\"n\":1}",
    "{\"change\":\"link\",\"person\":{\"id_kind\":\"08\",\"id\":\"E1\"},\"into\":" A "}",
    "{\"change\":\"erasure\",\"person\":" A ",\"reason\":\"r\"}",
};

static struct status needs_meet(struct registry_set *s, const struct town *t, struct arena *a, const struct registry_change *ch) {
    for (int round = 0; !registry_change_needs(s, t->world, ch); round++) {
        if (round > 8) return status_memory(); /* a wish that could not be noted */
        TRY(registry_set_load(s, NULL, a));
    }
    return STATUS_OK;
}

static struct status change_run(struct town *t, struct arena *a, const char *json) {
    const struct json *tree;
    struct registry_change *ch;
    const struct error *refusal;
    struct journal_event *events;
    uint32_t count;
    TRY(json_parse(a, str_from(json), &tree));
    TRY(registry_change_parse(a, tree, &ch));
    TRY(needs_meet(t->set, t, a, ch));
    TRY(registry_change_decide(t->set, t->world, &t->e.env, a, t->e.now_ms, ch, &events, &count, &refusal));
    if (refusal) return (struct status){refusal};
    for (uint32_t i = 0; i < count; i++) {
        bool mine = false;
        events[i].seq = t->next_seq++;
        if (!registry_fold_needs(t->set, &events[i])) return status_memory();
        TRY(registry_fold(t->set, &events[i], &mine));
    }
    return STATUS_OK;
}

/* The set and the call share one arena whose limit creeps up until the change succeeds. */
static uint32_t refusals_count(const char *json) {
    uint32_t refused = 0;
    for (size_t room = 0;; room += 150) {
        struct town t;
        town_open(&t, TOWN_MEMORY);
        for (size_t i = 0; i < COUNT_OF(before); i++) assert_null(town_do(&t, str_from(before[i])));
        t.arena.byte_limit = t.arena.bytes_used + room;
        struct status st = change_run(&t, &t.arena, json);
        if (status_failed(st) && strcmp(st.err->code, "out-of-memory") != 0) print_message("# %s with %zu bytes: %s\n", json, room, st.err->code);
        assert_true(!status_failed(st) || strcmp(st.err->code, "out-of-memory") == 0);
        journal_keys_close(t.keys);
        town_close(&t);
        if (!status_failed(st)) return refused;
        refused++;
        assert_true(room < 4 << 20);
    }
}

static void every_change(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(changes); i++) assert_true(refusals_count(changes[i]) > 5);
}

static void every_import(void **state) {
    (void)state;
    static const char csv[] = "change,person.id_kind,person.id,person.name,plan,policy,from\npolicy,01,410502196903070020,王,p,P,2022-01-01\npolicy,01,410502196903070021,,,P,x\n";
    uint32_t refused = 0;
    for (size_t room = 0;; room += 60, refused++) {
        struct arena a;
        struct registry_import got = {0};
        arena_init(&a, room);
        struct status st = registry_import_csv(&a, STR(csv), STR(""), &got);
        assert_true(!status_failed(st) || strcmp(st.err->code, "out-of-memory") == 0);
        arena_done(&a);
        if (!status_failed(st)) break;
    }
    assert_int_equal(refused > 5, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_change), cmocka_unit_test(every_import)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
