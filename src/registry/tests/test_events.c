/* events — golden events of each version: what is written today is written like that, and every version ever written folds as it did.
 *
 * golden/events-VERSION.jsonl: one event a line (type, version, cover, open, plain: what was sealed); golden/tables-VERSION.txt: the tables they fold into. YIJIE_BLESS=1
 * writes the files of today's version when they are missing; it never changes one that is there.
 */
#include "registry/tests/town.h"

#define P1 "{\"id_kind\":\"01\",\"id\":\"410502196903070020\""
static const char *const scenario[] = {
    "{\"change\":\"institution\",\"id\":\"I1\",\"kind\":\"insurer\",\"zh\":\"安心\",\"en\":\"Anxin\"}",
    "{\"change\":\"payer\",\"plan\":\"anxinbao\",\"institution\":\"I1\",\"hold\":\"review\",\"advance_limit\":500000,\"from\":\"2022-01-01\"}",
    "{\"change\":\"plan\",\"name\":\"anxinbao\",\"text\":\"plan anxinbao \\\"安心\\\" / \\\"demo\\\"\\n  source \\\"s\\\", grade C\\n\",\"grade\":\"C\",\"from\":\"2022-01-01\",\"to\":\"2022-12-31\"}",
    "{\"change\":\"person\",\"person\":" P1 ",\"name\":\"王𠮷\"}}",
    "{\"change\":\"identifier\",\"person\":" P1 "},\"identity\":{\"id_kind\":\"08\",\"id\":\"E1\"},\"from\":\"2022-02-01\",\"to\":\"2032-01-31\"}",
    "{\"change\":\"policy\",\"person\":" P1 "},\"plan\":\"anxinbao\",\"policy\":\"P1\",\"from\":\"2022-01-01\",\"to\":\"2022-12-31\",\"first_enrolled\":\"2020-01-01\",\"claim_free_years\":2,"
    "\"class\":\"\",\"family\":\"F1\",\"holder\":\"王\",\"payee\":\"李\",\"plan_version\":\"2\"}",
    "{\"change\":\"endorsement\",\"person\":" P1 "},\"policy\":\"P1\",\"name\":\"e\",\"from\":\"2022-03-01\",\"excludes\":[\"C73\"]}",
    "{\"change\":\"class\",\"person\":" P1 "},\"policy\":\"P1\",\"class\":\"prior-condition\",\"evidence\":\"病历\",\"reason\":\"核实\"}",
    "{\"change\":\"policy\",\"person\":{\"unknown\":\"7\",\"hospital\":\"H1\",\"name\":\"某\"},\"plan\":\"anxinbao\",\"policy\":\"P2\",\"from\":\"2022-01-01\"}",
    "{\"change\":\"policy\",\"person\":{\"newborn_of\":\"410502196903070020\",\"born\":\"2022-02-27\",\"name\":\"王氏之子\"},\"plan\":\"anxinbao\",\"policy\":\"P3\",\"from\":\"2022-03-01\",\"family\":\"F1\"}",
    "{\"change\":\"consent\",\"person\":" P1 "},\"purpose\":\"settlement\",\"actor\":\"self\",\"payers\":[\"anxinbao\"],\"to\":\"2023-12-31\"}",
    "{\"change\":\"withdrawal\",\"person\":" P1 "},\"n\":1,\"from\":\"2022-05-01\"}",
    "{\"change\":\"link\",\"person\":{\"unknown\":\"7\",\"hospital\":\"H1\"},\"into\":" P1 "},\"reason\":\"identified\"}",
    "{\"change\":\"status\",\"person\":" P1 "},\"policy\":\"P1\",\"status\":\"lapsed\",\"from\":\"2022-06-01\",\"reason\":\"premium\"}",
    "{\"change\":\"key\",\"id\":\"desk\",\"institution\":\"I1\",\"role\":\"insurer\",\"hash\":\"0000000000000000000000000000000000000000000000000000000000000000\"}",
    "{\"change\":\"erasure\",\"person\":" P1 "},\"reason\":\"request\"}",
};

static void event_print(struct town *t, const struct journal_event *ev, struct buf *out) {
    struct buf b;
    struct json_writer w;
    struct str line, plain = {0};
    struct set_person *p = registry_set_person_find(t->set, &ev->person);
    if (p && ev->sealed.n) {
        FINE(registry_set_person_show(t->set, p));
        FINE(journal_unseal(&t->arena, &p->shown.key, ev, &plain));
    }
    buf_init(&b, 1 << 20);
    json_writer_init(&w, &b, false);
    json_begin_object(&w);
    json_member_string(&w, STR("type"), str_from(journal_type_name(ev->type)));
    json_member_i64(&w, STR("version"), ev->version);
    if (ev->cover) registry_json_cover_member(&w, "cover", ev->cover);
    json_name(&w, STR("open"));
    json_raw(&w, ev->open);
    if (plain.n) {
        json_name(&w, STR("plain"));
        json_raw(&w, plain);
    }
    json_end_object(&w);
    FINE(registry_canonical_take(&t->arena, &b, &line));
    buf_add(out, line);
    buf_add_char(out, '\n');
}

static struct str golden(struct arena *a, const char *name, int version, const char *suffix, struct str today) {
    struct str path = arena_printf(a, SPEC_FOLDER "/golden/%s-%d.%s", name, version, suffix), bytes;
    const struct env *e = env_system();
    struct status st = e->file_read(e, a, path, 1 << 20, &bytes);
    if (status_failed(st) && strcmp(st.err->code, "file-not-found") == 0 && today.n && getenv("YIJIE_BLESS")) {
        FINE(e->file_replace(e, a, path, today));
        return today;
    }
    FINE(st);
    return bytes;
}

static void compare(const char *what, struct str wanted, struct str got) {
    if (!str_eq(wanted, got)) print_message("# %s\n# wanted\n%.*s\n# got\n%.*s\n", what, STR_FMT(wanted), STR_FMT(got));
    assert_true(str_eq(wanted, got));
}

static void written_today(void **state) {
    (void)state;
    struct town t;
    struct buf out;
    bool seen[JOURNAL_TYPE_COUNT] = {0};
    town_open(&t, TOWN_MEMORY);
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(scenario); i++) {
        const char *code = town_do(&t, str_from(scenario[i]));
        if (code) print_message("# %s: %s\n", scenario[i], code);
        assert_null(code);
        for (uint32_t k = 0; k < t.event_count; k++) {
            event_print(&t, &t.events[k], &out);
            seen[t.events[k].type] = true;
        }
    }
    static const enum journal_type ours[] = {JOURNAL_PERSON_REGISTERED, JOURNAL_PERSON_IDENTIFIED, JOURNAL_PERSONS_LINKED, JOURNAL_PERSON_ERASED, JOURNAL_WORLD_CHANGED,
                                             JOURNAL_POLICY_CHANGED,    JOURNAL_CLASS_SET,         JOURNAL_CONSENT_GIVEN,  JOURNAL_CONSENT_WITHDRAWN, JOURNAL_COVERS_MERGED};
    for (size_t i = 0; i < COUNT_OF(ours); i++) assert_true(seen[ours[i]]); /* each type has its golden event */
    compare("events of today", golden(&t.arena, "events", REGISTRY_EVENT_VERSION, "jsonl", buf_view(&out)), buf_view(&out));
    buf_done(&out);
    journal_keys_close(t.keys);
    town_close(&t);
}

/* One golden line as an event without its sealed part: folding does not need it. */
static void event_read(struct town *t, struct str line, struct journal_event *ret) {
    const struct json *o;
    FINE(json_parse(&t->arena, line, &o));
    *ret = (struct journal_event){.version = (int32_t)registry_json_number(o, "version", 0), .open = json_get(o, STR("open"))->raw};
    assert_true(journal_type_parse(registry_json_text(o, "type"), &ret->type));
    struct str cover = registry_json_text(o, "cover");
    if (cover.n) assert_true(registry_cover_parse(cover, &ret->cover));
}

static void every_version_folds(void **state) {
    (void)state;
    for (int version = 1; version <= REGISTRY_EVENT_VERSION; version++) {
        struct town t;
        int64_t seq = 0;
        town_open(&t, TOWN_STORE);
        struct str text = golden(&t.arena, "events", version, "jsonl", (struct str){0});
        struct registry_set *s = town_set(&t);
        for (size_t at = 0; at < text.n;) {
            const char *end = memchr(text.p + at, '\n', text.n - at);
            struct journal_event ev;
            bool mine = false;
            assert_non_null(end);
            event_read(&t, (struct str){text.p + at, (size_t)(end - text.p) - at}, &ev);
            ev.seq = seq++;
            while (!registry_fold_needs(s, &ev)) town_load(&t, s);
            FINE(registry_fold(s, &ev, &mine));
            assert_true(mine);
            at = (size_t)(end - text.p) + 1;
        }
        FINE(store_begin(t.c, &t.arena));
        FINE(registry_set_flush(s, t.c, &t.arena));
        FINE(store_commit(t.c, &t.arena));
        struct str dump = town_dump(&t);
        compare("tables", golden(&t.arena, "tables", version, "txt", dump), dump);
        journal_keys_close(t.keys);
        town_close(&t);
    }
}

/* Damaged or foreign events are refused by name, and change nothing. */
static void broken_events(void **state) {
    (void)state;
    static const struct {
        enum journal_type type;
        const char *open;
    } rows[] = {{JOURNAL_PERSON_REGISTERED, "{}"}, {JOURNAL_PERSON_REGISTERED, "[]"}, {JOURNAL_PERSON_REGISTERED, "{\"person\":\"zz\"}"},
                {JOURNAL_PERSON_IDENTIFIED, "{\"person\":\"00112233445566778899aabbccddeeff\"}"}, {JOURNAL_PERSONS_LINKED, "{\"person\":\"00112233445566778899aabbccddeeff\",\"into\":\"00112233445566778899aabbccddeeff\"}"},
                {JOURNAL_PERSON_ERASED, "{}"}, {JOURNAL_COVERS_MERGED, "{\"from\":\"0\",\"to\":\"5\"}"}, {JOURNAL_POLICY_CHANGED, "{\"policy\":\"P\"}"}, {JOURNAL_CLASS_SET, "{}"},
                {JOURNAL_CONSENT_GIVEN, "{\"n\":1}"}, {JOURNAL_CONSENT_WITHDRAWN, "{\"n\":1}"}, {JOURNAL_WORLD_CHANGED, "{\"kind\":\"plan\"}"}, {JOURNAL_WORLD_CHANGED, "nonsense"}};
    struct town t;
    town_open(&t, TOWN_MEMORY);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct journal_event ev = {.type = rows[i].type, .version = 1, .cover = 5, .open = str_from(rows[i].open)};
        bool mine = false;
        while (!registry_fold_needs(t.set, &ev)) town_load(&t, t.set);
        struct status st = registry_fold(t.set, &ev, &mine);
        assert_true(status_failed(st));
        assert_string_equal(st.err->code, "registry-event-broken");
        assert_false(mine);
    }
    struct journal_event other = {.type = JOURNAL_CASE_SETTLED, .version = 1, .open = STR("{}")};
    bool mine = true;
    assert_true(registry_fold_needs(t.set, &other));
    FINE(registry_fold(t.set, &other, &mine));
    assert_false(mine);
    struct journal_event newer = {.type = JOURNAL_PERSON_ERASED, .version = 99, .cover = 5, .open = STR("{}")};
    assert_true(status_failed(registry_fold(t.set, &newer, &mine)));
    journal_keys_close(t.keys);
    town_close(&t);
}

/* Names and numbers stand in no open part and no table. */
static void nothing_private_is_open(void **state) {
    (void)state;
    static const char *const secrets[] = {"王", "李", "某", "病历", "核实", "410502196903070020", "1969", "E1\"", "prior-condition", "C73"};
    struct town t;
    town_open(&t, TOWN_STORE);
    for (size_t i = 0; i + 1 < COUNT_OF(scenario); i++) {
        assert_null(town_do(&t, str_from(scenario[i])));
        for (uint32_t k = 0; k < t.event_count; k++)
            for (size_t m = 0; m < COUNT_OF(secrets); m++) assert_false(str_contains(t.events[k].open, str_from(secrets[m])));
    }
    struct str dump = town_dump(&t);
    for (size_t m = 0; m < COUNT_OF(secrets); m++) assert_false(str_contains(dump, str_from(secrets[m])));
    journal_keys_close(t.keys);
    town_close(&t);
}

/* A damaged row is a failure by name, never a person without policies. */
static void damaged_rows(void **state) {
    (void)state;
    static const struct {
        const char *what, *sqlite, *code;
    } damages[] = {{"sealed part", "UPDATE policies SET sealed = x'00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0011223344556677' WHERE sealed IS NOT NULL", "seal-broken"},
                   {"open terms", "UPDATE policies SET data = '{\"policy\":1}'", "registry-row-broken"},
                   {"no JSON", "UPDATE policies SET data = 'x'", "registry-row-broken"}};
    for (size_t i = 0; i < COUNT_OF(damages); i++) {
        struct town t;
        struct store_statement damage = {.name = "test.damage", .params = "", .results = "", .sqlite = damages[i].sqlite, .postgres = damages[i].sqlite};
        struct str postgres = str_from("UPDATE policies SET sealed = decode('00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0011223344556677', 'hex') WHERE sealed IS NOT NULL");
        if (i == 0) damage.postgres = postgres.p;
        const struct registry_policy *list;
        uint32_t count;
        town_open(&t, TOWN_STORE);
        assert_null(town_do(&t, str_from(scenario[3])));
        assert_null(town_do(&t, str_from(scenario[5])));
        FINE(store_begin(t.c, &t.arena));
        FINE(store_write(t.c, &t.arena, &damage, NULL, 1));
        FINE(store_commit(t.c, &t.arena));
        struct registry_set *s = town_set(&t);
        struct id128 person, lookup;
        struct bill_person who = {.id_kind = STR("01"), .id = STR("410502196903070020"), .born = DAY_NONE};
        struct registry_identifier found;
        registry_person_lookup(t.keys, &who, STR(""), &lookup);
        while (registry_identifier_get(s, &lookup, DAY_NONE, &found) == SET_WAIT) town_load(&t, s);
        person = found.person;
        struct status st = STATUS_OK;
        while (!status_failed(st) && registry_policies_get(s, found.cover, &person, INT64_MAX, &list, &count) == SET_WAIT) st = registry_set_load(s, t.c, &t.group);
        assert_true(status_failed(st));
        assert_string_equal(st.err->code, damages[i].code);
        assert_true(status_failed(registry_set_flush(s, t.c, &t.group)));
        journal_keys_close(t.keys);
        town_close(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(damaged_rows), cmocka_unit_test(written_today), cmocka_unit_test(every_version_folds), cmocka_unit_test(broken_events), cmocka_unit_test(nothing_private_is_open)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
