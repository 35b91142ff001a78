/* read — the strict reader of changes, as a table of inputs and what they are told; identity numbers; look-ups. */
#include "registry/tests/town.h"

#define A_ID "\"id_kind\":\"01\",\"id\":\"410502196903070020\""
#define A_REF "{" A_ID "}"

/* code NULL: accepted. place: where the first finding stands. */
static const struct {
    const char *json, *code, *place;
} rows[] = {
    {"[]", "registry-not-object", ""},
    {"{}", "registry-member-missing", "change"},
    {"{\"change\":7}", "registry-change-unknown", "change"},
    {"{\"change\":\"polcy\"}", "registry-change-unknown", "change"},
    {"{\"change\":\"person\"}", "registry-member-missing", "person"},
    {"{\"change\":\"person\",\"person\":" A_REF ",\"form\":\"2022-01-01\"}", "registry-member-unknown", "form"},
    {"{\"change\":\"person\",\"person\":7}", "registry-not-object", "person"},
    {"{\"change\":\"person\",\"person\":{}}", "registry-person-shape", "person"},
    {"{\"change\":\"person\",\"person\":{\"id_kind\":\"01\"}}", "registry-person-shape", "person"},
    {"{\"change\":\"person\",\"person\":{" A_ID ",\"unknown\":\"7\",\"hospital\":\"H1\"}}", "registry-person-shape", "person"},
    {"{\"change\":\"person\",\"person\":{\"unknown\":\"7\"}}", "registry-person-shape", "person"},
    {"{\"change\":\"person\",\"person\":{\"newborn_of\":\"7\"}}", "registry-person-shape", "person"},
    {"{\"change\":\"person\",\"person\":{\"person\":\"00112233445566778899aabbccddeeff\"}}", "registry-person-shape", "person"},
    {"{\"change\":\"person\",\"person\":{\"person\":\"00112233445566778899aabbccddeeff\",\"cover\":\"0\"}}", "registry-token", "person.person"},
    {"{\"change\":\"person\",\"person\":{\"person\":\"00112233445566778899AABBCCDDEEFF\",\"cover\":\"5\"}}", "registry-token", "person.person"},
    {"{\"change\":\"person\",\"person\":{\"person\":\"00112233445566778899aabbccddeeff\",\"cover\":\"9223372036854775808\"}}", "registry-token", "person.person"},
    {"{\"change\":\"person\",\"person\":{\"person\":\"00112233445566778899aabbccddeeff\",\"cover\":\"9223372036854775807\"}}", NULL, NULL},
    {"{\"change\":\"person\",\"person\":{\"unknown\":\"7\",\"hospital\":\"H1\"}}", NULL, NULL},
    {"{\"change\":\"person\",\"person\":{\"newborn_of\":\"7\",\"born\":\"2022-02-27\"}}", NULL, NULL},
    /* identity numbers: check digit, lower-case x, length, a day that does not exist, birth and sex that differ */
    {"{\"change\":\"person\",\"person\":" A_REF "}", NULL, NULL},
    {"{\"change\":\"person\",\"person\":{\"id_kind\":\"01\",\"id\":\"410502196903070021\"}}", "registry-id-check", "person.id"},
    {"{\"change\":\"person\",\"person\":{\"id_kind\":\"01\",\"id\":\"41050219800101001X\"}}", NULL, NULL},
    {"{\"change\":\"person\",\"person\":{\"id_kind\":\"01\",\"id\":\"41050219800101001x\"}}", "registry-id-check", "person.id"},
    {"{\"change\":\"person\",\"person\":{\"id_kind\":\"01\",\"id\":\"410502800101001\"}}", "registry-id-check", "person.id"},
    {"{\"change\":\"person\",\"person\":{\"id_kind\":\"01\",\"id\":\"410502199002290011\"}}", "registry-id-check", "person.id"},
    {"{\"change\":\"person\",\"person\":{" A_ID ",\"born\":\"1969-03-08\"}}", "registry-id-born", "person.born"},
    {"{\"change\":\"person\",\"person\":{" A_ID ",\"sex\":\"M\"}}", "registry-id-sex", "person.sex"},
    {"{\"change\":\"person\",\"person\":{" A_ID ",\"sex\":\"X\"}}", "registry-word", "person.sex"},
    {"{\"change\":\"person\",\"person\":{\"id_kind\":\"passport\",\"id\":\"E1\"}}", "registry-id-kind", "person.id_kind"},
    {"{\"change\":\"person\",\"person\":{\"id_kind\":\"0 1\",\"id\":\"E1\"}}", "registry-id-kind", "person.id_kind"},
    {"{\"change\":\"person\",\"person\":{\"id_kind\":\"77\",\"id\":\"E1\"}}", NULL, NULL}, /* a region's own kind */
    /* texts, days, numbers, words, lists */
    {"{\"change\":\"person\",\"person\":{" A_ID ",\"name\":\"\"}}", "registry-text-empty", "person.name"},
    {"{\"change\":\"person\",\"person\":{" A_ID ",\"name\":\"a\\nb\"}}", "registry-text-control", "person.name"},
    {"{\"change\":\"person\",\"person\":{" A_ID ",\"name\":\"\\u0085\"}}", "registry-text-control", "person.name"},
    {"{\"change\":\"person\",\"person\":{" A_ID ",\"name\":5}}", "registry-type", "person.name"},
    {"{\"change\":\"person\",\"person\":{" A_ID ",\"name\":\"\\ud842\\udfb7\\ud87e\\udc1a\"}}", NULL, NULL},
    {"{\"change\":\"person\",\"person\":" A_REF ",\"from\":\"2022-02-30\"}", "registry-day", "from"},
    {"{\"change\":\"person\",\"person\":" A_REF ",\"from\":20220201}", "registry-day", "from"},
    {"{\"change\":\"policy\",\"person\":" A_REF ",\"plan\":\"p\",\"policy\":\"1\",\"from\":\"2022-02-02\",\"to\":\"2022-02-01\"}", "registry-period", "to"},
    {"{\"change\":\"policy\",\"person\":" A_REF ",\"plan\":\"p\",\"policy\":\"1\",\"from\":\"2022-02-02\",\"claim_free_years\":-1}", "registry-integer", "claim_free_years"},
    {"{\"change\":\"policy\",\"person\":" A_REF ",\"plan\":\"p\",\"policy\":\"1\",\"from\":\"2022-02-02\",\"claim_free_years\":1.0}", "registry-integer", "claim_free_years"},
    {"{\"change\":\"policy\",\"person\":" A_REF ",\"plan\":\"p\",\"policy\":\"1\",\"from\":\"2022-02-02\",\"claim_free_years\":\"2\"}", "registry-integer", "claim_free_years"},
    {"{\"change\":\"policy\",\"person\":" A_REF ",\"plan\":\"p\",\"policy\":\"1\",\"from\":\"2022-02-02\",\"status\":\"active\"}", "registry-word", "status"},
    {"{\"change\":\"policy\",\"person\":" A_REF ",\"plan\":\"p\",\"policy\":\"1\",\"from\":\"2022-02-02\",\"class\":\"\"}", NULL, NULL},
    {"{\"change\":\"policy\",\"person\":" A_REF ",\"plan\":\"\",\"policy\":\"1\",\"from\":\"2022-02-02\"}", "registry-text-empty", "plan"},
    {"{\"change\":\"policy\",\"person\":" A_REF ",\"plan\":\"p\",\"policy\":\"01234567890123456789012345678901234567890123456789012345678901234\",\"from\":\"2022-02-02\"}", "registry-text-long", "policy"},
    {"{\"change\":\"endorsement\",\"person\":" A_REF ",\"policy\":\"1\",\"name\":\"n\",\"from\":\"2022-02-02\",\"excludes\":[7]}", "registry-type", "excludes"},
    {"{\"change\":\"endorsement\",\"person\":" A_REF ",\"policy\":\"1\",\"name\":\"n\",\"from\":\"2022-02-02\",\"excludes\":[\"\"]}", "registry-text-empty", "excludes"},
    {"{\"change\":\"endorsement\",\"person\":" A_REF ",\"policy\":\"1\",\"name\":\"n\",\"from\":\"2022-02-02\",\"excludes\":{}}", "registry-type", "excludes"},
    {"{\"change\":\"identifier\",\"person\":" A_REF ",\"identity\":{\"person\":\"00112233445566778899aabbccddeeff\",\"cover\":\"5\"}}", "registry-person-shape", "identity"},
    {"{\"change\":\"consent\",\"person\":" A_REF ",\"purpose\":\"settlement\",\"actor\":\"wife\",\"payers\":\"all\"}", "registry-word", "actor"},
    {"{\"change\":\"withdrawal\",\"person\":" A_REF ",\"n\":0}", "registry-integer", "n"},
    {"{\"change\":\"payer\",\"plan\":\"p\",\"institution\":\"i\",\"advance_limit\":1000000000000001}", "registry-integer", "advance_limit"},
    {"{\"change\":\"payer\",\"plan\":\"p\",\"institution\":\"i\",\"complex\":\"yes\"}", "registry-type", "complex"},
    {"{\"change\":\"plan\",\"name\":\"p\",\"text\":\"\"}", "registry-text-empty", "text"},
    {"{\"change\":\"plan\",\"name\":\"p\",\"text\":[\"a\",7]}", "registry-type", "text"},
    {"{\"change\":\"plan\",\"name\":\"p\",\"text\":[\"plan p \\\"a\\\" / \\\"b\\\"\\n\",\"  source \\\"s\\\", grade D\\n\"]}", NULL, NULL},
    {"{\"change\":\"plan\",\"name\":\"p\",\"text\":\"p\"}", "registry-text-broken", "text"},
    {"{\"change\":\"key\",\"role\":\"admin\"}", "registry-member-missing", "institution"},
    {"{\"change\":\"key\",\"institution\":\"i\",\"role\":\"root\"}", "registry-role", "role"},
    {"{\"change\":\"key\",\"institution\":\"i\",\"role\":\"admin\",\"hash\":\"00\",\"id\":\"k\"}", "registry-hash", "hash"},
    {"{\"change\":\"key\",\"institution\":\"i\",\"role\":\"admin\",\"id\":\"a_b\"}", "registry-key-id", "id"},
    {"{\"change\":\"key\",\"revoked\":true}", "registry-member-missing", "id"},
    {"{\"change\":\"key\",\"id\":\"k\",\"revoked\":true}", NULL, NULL},
    {"{\"change\":\"region\",\"code\":\"\"}", NULL, NULL},
};

static void refused_or_read(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 64 << 20);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct json *tree;
        struct registry_change *ch = NULL;
        FINE(json_parse(&a, str_from(rows[i].json), &tree));
        struct status st = registry_change_parse(&a, tree, &ch);
        const char *code = status_failed(st) ? st.err->code : NULL;
        bool good = rows[i].code ? code && strcmp(code, rows[i].code) == 0 && str_eq(st.err->place, str_from(rows[i].place)) : !code && ch;
        struct str place = code ? st.err->place : STR("");
        if (!good) print_message("# %s\n#   wanted %s, got %s at %.*s\n", rows[i].json, rows[i].code ? rows[i].code : "a change", code ? code : "a change", STR_FMT(place));
        assert_true(good);
        if (!code) continue;
        assert_true(st.err->zh.n && st.err->en.n && st.err->hint_zh.n && st.err->hint_en.n && utf8_check(st.err->zh));
        assert_false(str_contains(st.err->en, STR("4105021"))); /* no number of a person in a message */
    }
    arena_done(&a);
}

/* All findings of one object, in order. */
static void all_findings(void **state) {
    (void)state;
    struct arena a;
    const struct json *tree;
    struct registry_change *ch = NULL;
    arena_init(&a, 64 << 20);
    FINE(json_parse(&a, STR("{\"change\":\"policy\",\"person\":{\"id_kind\":\"01\",\"id\":\"1\"},\"plan\":\"\",\"from\":\"x\",\"colour\":1}"), &tree));
    struct status st = registry_change_parse(&a, tree, &ch);
    static const char *const codes[] = {"registry-text-empty", "registry-day", "registry-member-unknown", "registry-member-missing", "registry-id-check"};
    const struct error *e = st.err;
    for (size_t i = 0; i < COUNT_OF(codes); i++, e = e->next) {
        assert_non_null(e);
        assert_string_equal(e->code, codes[i]);
    }
    assert_null(e);
    arena_done(&a);
}

/* Every single wrong digit is found, and most swaps of neighbours: that is what the check digit is for. */
static void every_wrong_digit(void **state) {
    (void)state;
    char id[19] = "410502196903070020";
    struct day born;
    enum bill_sex sex;
    assert_true(registry_resident_id(STR("410502196903070020"), &born, &sex));
    assert_int_equal(born.v, day_from_civil(1969, 3, 7).v);
    assert_int_equal(sex, BILL_SEX_FEMALE);
    for (size_t at = 0; at < 18; at++) {
        char right = id[at];
        for (char c = '0'; c <= '9'; c++) {
            id[at] = c;
            assert_int_equal(registry_resident_id((struct str){id, 18}, &born, &sex), c == right);
        }
        id[at] = right;
    }
}

static void lookups(void **state) {
    (void)state;
    struct town t;
    struct id128 a, b;
    town_open(&t, TOWN_MEMORY);
    struct bill_person unknown = {.id_kind = STR("unknown"), .id = STR("7"), .born = DAY_NONE}, passport = {.id_kind = STR("08"), .id = STR("e12"), .born = DAY_NONE};
    registry_person_lookup(t.keys, &unknown, STR("H1"), &a);
    registry_person_lookup(t.keys, &unknown, STR("H2"), &b);
    assert_false(id128_equal(&a, &b));
    registry_person_lookup(t.keys, &passport, STR("H1"), &a);
    passport.id = STR("E12");
    passport.name = STR("whoever");
    registry_person_lookup(t.keys, &passport, STR("H2"), &b);
    assert_true(id128_equal(&a, &b));
    passport.id_kind = STR("07");
    registry_person_lookup(t.keys, &passport, STR("H2"), &b);
    assert_false(id128_equal(&a, &b));
    registry_family_lookup(t.keys, STR("ab"), STR("c"), &a);
    registry_family_lookup(t.keys, STR("a"), STR("bc"), &b);
    assert_false(id128_equal(&a, &b));
    journal_keys_close(t.keys);
    town_close(&t);
}

/* The cut against a day by day reading, on random rows. */
static void overlay_against_days(void **state) {
    (void)state;
    uint64_t seed = 20220301;
    print_message("# seed %llu\n", (unsigned long long)seed);
    for (int round = 0; round < 2000; round++) {
        struct arena a;
        struct overlay_row r[8];
        arena_init(&a, 1 << 20);
        uint32_t n = 1 + (uint32_t)(round % 8), count;
        for (uint32_t i = 0; i < n; i++) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            int32_t from = (int32_t)(seed >> 33 & 31), length = (int32_t)(seed >> 40 & 15);
            bool open = (seed >> 50 & 7) == 0, begins = (seed >> 54 & 7) != 0;
            r[i] = (struct overlay_row){{DAY_NONE, DAY_OPEN}, (int64_t)i, &r[i]};
            if (begins) r[i].on.from.v = from;
            if (!open) r[i].on.to.v = from + length;
        }
        struct overlay_segment *cut = registry_overlay_cut(&a, r, n, &count);
        assert_non_null(cut);
        for (int32_t day = -2; day < 60; day++) {
            const void *wanted = NULL, *got = NULL;
            for (uint32_t i = 0; i < n; i++)
                if (day_in((struct day){day}, r[i].on)) wanted = &r[i];
            for (uint32_t i = 0; i < count; i++)
                if (day_in((struct day){day}, cut[i].on)) assert_null(got), got = cut[i].thing;
            assert_ptr_equal(wanted, got);
        }
        for (uint32_t i = 1; i < count; i++) assert_true(cut[i - 1].on.to.v < cut[i].on.from.v);
        arena_done(&a);
    }
}

/* docs/registry-changes.md is what the tables say. YIJIE_BLESS=1 writes it. */
static void documented(void **state) {
    (void)state;
    struct arena a;
    struct buf out;
    struct str file;
    const struct env *e = env_system();
    arena_init(&a, 64 << 20);
    buf_init(&out, 1 << 20);
    registry_document(&out);
    assert_false(out.failed);
    if (getenv("YIJIE_BLESS")) FINE(e->file_replace(e, &a, STR(DOCS_FOLDER "/registry-changes.md"), buf_view(&out)));
    FINE(e->file_read(e, &a, STR(DOCS_FOLDER "/registry-changes.md"), 1 << 20, &file));
    if (!str_eq(file, buf_view(&out))) print_message("# docs/registry-changes.md differs: YIJIE_BLESS=1 writes it anew\n");
    assert_true(str_eq(file, buf_view(&out)));
    buf_done(&out);
    arena_done(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(refused_or_read), cmocka_unit_test(all_findings), cmocka_unit_test(every_wrong_digit), cmocka_unit_test(lookups),
                                       cmocka_unit_test(overlay_against_days), cmocka_unit_test(documented)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
