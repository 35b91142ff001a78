/* world — the snapshot: what holds on a day, texts, regions and their defaults, keys; and the statements against the schema. On a store. */
#include "registry/tests/town.h"

static void statements_fit(void **state) {
    (void)state;
    struct town t;
    town_open(&t, TOWN_STORE);
    FINE(store_statements_check(&t.arena, &registry_statements));
    FINE(store_statements_prepare(t.c, &t.arena, &registry_statements));
    journal_keys_close(t.keys);
    town_close(&t);
}

static struct day day_of(const char *s) {
    struct day d = DAY_NONE;
    assert_true(day_parse(str_from(s), &d));
    return d;
}

static void days_and_defaults(void **state) {
    (void)state;
    struct town t;
    town_open(&t, TOWN_STORE);
    assert_int_equal(registry_world_version(t.world), 0);
    const struct registry_region *r = registry_region_find(t.world, STR("410500"));
    assert_int_equal(r->utc_offset_minutes, 480);
    assert_int_equal(r->guardian_age, 14);
    assert_int_equal(r->quote_minutes, 15);
    assert_int_equal(r->stay_quote_minutes, 1440);
    assert_false(r->readjudicate);
    assert_null(town_do(&t, STR("{\"change\":\"institution\",\"id\":\"I1\",\"kind\":\"insurer\",\"zh\":\"安心\"}")));
    assert_null(town_do(&t, STR("{\"change\":\"payer\",\"plan\":\"p\",\"institution\":\"I1\",\"hold\":\"review\",\"advance_limit\":500,\"complex\":true}")));
    assert_null(town_do(&t, STR("{\"change\":\"payer\",\"plan\":\"p\",\"institution\":\"I1\",\"hold\":\"none\",\"from\":\"2022-07-01\",\"to\":\"2022-09-30\"}")));
    assert_null(town_do(&t, STR("{\"change\":\"region\",\"code\":\"\",\"chain\":\"c0\",\"quote_minutes\":30}")));
    assert_null(town_do(&t, STR("{\"change\":\"region\",\"code\":\"410500\",\"chain\":\"c1\",\"reverse\":\"readjudicate\",\"difference_against\":\"waive\",\"from\":\"2022-06-01\"}")));
    assert_int_equal(registry_world_version(t.world), 5);
    const struct registry_institution *i = registry_institution_find(t.world, STR("I1"));
    assert_true(str_eq(i->zh, STR("安心")) && str_eq(i->en, STR("安心")) && str_eq(i->kind, STR("insurer")));
    assert_null(registry_institution_find(t.world, STR("I2")));
    /* the later row lies over the earlier on its days only */
    assert_true(str_eq(registry_payer_on(t.world, STR("p"), day_of("2022-06-30"))->hold, STR("review")));
    assert_int_equal(registry_payer_on(t.world, STR("p"), day_of("2022-06-30"))->advance_limit, 500);
    assert_int_equal(registry_payer_on(t.world, STR("p"), day_of("2022-07-01"))->hold.n, 0);
    assert_int_equal(registry_payer_on(t.world, STR("p"), day_of("2022-07-01"))->advance_limit, -1);
    assert_true(registry_payer_on(t.world, STR("p"), day_of("2022-10-01"))->complex);
    assert_null(registry_payer_on(t.world, STR("q"), day_of("2022-10-01")));
    /* a region falls back to the default one, also before its first day */
    assert_true(str_eq(registry_region_on(t.world, STR("410500"), day_of("2022-05-31"))->chain, STR("c0")));
    r = registry_region_on(t.world, STR("410500"), day_of("2022-06-01"));
    assert_true(str_eq(r->chain, STR("c1")) && r->readjudicate && r->difference_against == REGISTRY_WAIVE && r->quote_minutes == 15);
    assert_int_equal(registry_region_find(t.world, STR("999999"))->quote_minutes, 30);
    journal_keys_close(t.keys);
    town_close(&t);
}

/* A plan of which only the source differs. */
#define TEXT(word) "plan p \\\"演示\\\" / \\\"demo\\\"\\n  source \\\"" word "\\\", grade D\\n"
#define BODY(word) "plan p \"演示\" / \"demo\"\n  source \"" word "\", grade D\n"
#define CHAIN "chain c \\\"链\\\" / \\\"chain\\\"\\n  source \\\"s\\\", grade D\\n  then p\\n"
#define CHAIN_BODY "chain c \"链\" / \"chain\"\n  source \"s\", grade D\n  then p\n"

static void texts(void **state) {
    (void)state;
    struct town t;
    uint32_t count;
    struct digest d;
    struct str body;
    town_open(&t, TOWN_STORE);
    assert_null(town_do(&t, STR("{\"change\":\"plan\",\"name\":\"p\",\"text\":\"" TEXT("one") "\",\"grade\":\"D\",\"from\":\"2022-01-01\",\"to\":\"2022-12-31\"}")));
    assert_null(town_do(&t, STR("{\"change\":\"plan\",\"name\":\"p\",\"text\":\"" TEXT("two") "\",\"from\":\"2022-04-01\",\"to\":\"2022-06-30\"}")));
    assert_null(town_do(&t, STR("{\"change\":\"chain\",\"name\":\"c\",\"text\":\"" CHAIN "\"}")));
    assert_null(town_do(&t, STR("{\"change\":\"catalogue\",\"name\":\"cat\",\"text\":\"long\"}")));
    const struct registry_text *list = registry_texts(t.world, &count);
    static const char *const wanted[] = {"plan p " BODY("one") " 2022-01-01..2022-03-31", "plan p " BODY("two") " 2022-04-01..2022-06-30", "plan p " BODY("one") " 2022-07-01..2022-12-31", "chain c " CHAIN_BODY " ..", "catalogue cat  .."};
    assert_int_equal(count, COUNT_OF(wanted));
    for (uint32_t i = 0; i < count; i++) {
        struct str got = arena_printf(&t.arena, "%s %.*s %.*s %.*s..%.*s", registry_world_kind_name(list[i].kind), STR_FMT(list[i].name), STR_FMT(list[i].text),
                                      STR_FMT(registry_day_text(&t.arena, list[i].on.from)), STR_FMT(registry_day_text(&t.arena, list[i].on.to)));
        assert_string_equal(got.p, wanted[i]);
    }
    crypto_sha256(STR(BODY("two")), &d);
    assert_true(str_eq(registry_text_by_hash(t.world, &d)->text, STR(BODY("two"))));
    crypto_sha256(STR("long"), &d);
    FINE(registry_text_read(t.c, &t.arena, &d, &body));
    assert_true(str_eq(body, STR("long")));
    /* overlaid wholly: out of the snapshot, but every text ever recorded can be read */
    assert_null(town_do(&t, STR("{\"change\":\"plan\",\"name\":\"p\",\"text\":\"" TEXT("three") "\"}")));
    (void)registry_texts(t.world, &count);
    assert_int_equal(count, 3);
    crypto_sha256(STR(BODY("one")), &d);
    assert_null(registry_text_by_hash(t.world, &d));
    FINE(registry_text_read(t.c, &t.arena, &d, &body));
    assert_true(str_eq(body, STR(BODY("one"))));
    crypto_sha256(STR("four"), &d);
    FINE(registry_text_read(t.c, &t.arena, &d, &body));
    assert_null(body.p);
    journal_keys_close(t.keys);
    town_close(&t);
}

static struct str key_make(struct town *t, struct str json, struct str *ret_id) {
    const struct json *tree;
    struct registry_change *ch;
    struct str presented;
    const struct error *refusal;
    FINE(json_parse(&t->arena, json, &tree));
    FINE(registry_change_parse(&t->arena, tree, &ch));
    assert_true(registry_change_makes_key(ch));
    FINE(registry_key_fill(&t->e.env, &t->arena, ch, ret_id, &presented));
    assert_false(registry_change_makes_key(ch));
    struct registry_set *s = town_set(t);
    while (!registry_change_needs(s, t->world, ch)) town_load(t, s);
    FINE(registry_change_decide(s, t->world, &t->e.env, &t->arena, t->e.now_ms, ch, &t->events, &t->event_count, &refusal));
    assert_null(refusal);
    assert_false(str_contains(t->events[0].open, (struct str){presented.p + presented.n - 64, 64})); /* the secret is nowhere */
    return presented;
}

static void keys(void **state) {
    (void)state;
    struct town t;
    struct str id, gone;
    town_open(&t, TOWN_STORE);
    assert_false(registry_has_keys(t.world));
    assert_null(town_do(&t, STR("{\"change\":\"institution\",\"id\":\"H1\",\"kind\":\"hospital\",\"zh\":\"医院\"}")));
    struct str first = key_make(&t, STR("{\"change\":\"key\",\"institution\":\"H1\",\"role\":\"hospital\",\"name\":\"desk\"}"), &id);
    assert_int_equal(first.n, 3 + 12 + 1 + 64);
    /* record it by its hash, as a second way in */
    struct digest d;
    char hex[DIGEST_HEX_BYTES];
    crypto_sha256(first, &d);
    digest_hex(&d, hex);
    struct str json = arena_printf(&t.arena, "{\"change\":\"key\",\"id\":\"%.*s\",\"institution\":\"H1\",\"role\":\"hospital\",\"hash\":\"%s\"}", STR_FMT(id), hex);
    struct str id_kept = arena_str(&t.arena, id), first_kept = arena_str(&t.arena, first);
    assert_null(town_do(&t, json));
    assert_true(registry_has_keys(t.world));
    const struct registry_key *k = registry_key_check(t.world, first_kept);
    assert_non_null(k);
    assert_true(str_eq(k->institution, STR("H1")) && k->role_id == REGISTRY_ROLE_HOSPITAL && str_eq(k->id, id_kept));
    /* one character more, less, other; another id; nothing */
    char other[128];
    memcpy(other, first_kept.p, first_kept.n);
    other[first_kept.n - 1] = other[first_kept.n - 1] == '0' ? '1' : '0';
    assert_null(registry_key_check(t.world, (struct str){other, first_kept.n}));
    assert_null(registry_key_check(t.world, (struct str){first_kept.p, first_kept.n - 1}));
    assert_null(registry_key_check(t.world, STR("")));
    assert_null(registry_key_check(t.world, STR("yk_")));
    assert_null(registry_key_check(t.world, STR("yk_none_00")));
    /* revoked: at once; that the last one is gone opens nothing again */
    gone = arena_printf(&t.arena, "{\"change\":\"key\",\"id\":\"%.*s\",\"revoked\":true}", STR_FMT(id_kept));
    assert_null(town_do(&t, gone));
    assert_null(registry_key_check(t.world, first_kept));
    assert_true(registry_has_keys(t.world));
    uint32_t count;
    assert_true(registry_keys(t.world, &count)[0].revoked && count == 1);
    journal_keys_close(t.keys);
    town_close(&t);
}

/* A snapshot that somebody holds stays as it was. */
static void held_snapshots(void **state) {
    (void)state;
    struct town t;
    town_open(&t, TOWN_STORE);
    assert_null(town_do(&t, STR("{\"change\":\"institution\",\"id\":\"H1\",\"kind\":\"hospital\",\"zh\":\"旧\"}")));
    struct registry_world *old = registry_world_hold(t.world);
    assert_null(town_do(&t, STR("{\"change\":\"institution\",\"id\":\"H1\",\"kind\":\"hospital\",\"zh\":\"新\"}")));
    assert_true(str_eq(registry_institution_find(old, STR("H1"))->zh, STR("旧")));
    assert_true(str_eq(registry_institution_find(t.world, STR("H1"))->zh, STR("新")));
    registry_world_release(old);
    journal_keys_close(t.keys);
    town_close(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(statements_fit), cmocka_unit_test(days_and_defaults), cmocka_unit_test(texts), cmocka_unit_test(keys),
                                       cmocka_unit_test(held_snapshots)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
