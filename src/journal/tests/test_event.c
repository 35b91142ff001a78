/* Types, ids, the leaf; and golden files: one event of every version of every type, whose leaf and sealed part stay readable for ever.
 *
 * YIJIE_BLESS=1 writes golden files that are missing, into the folder given as argument; it never changes one that is there.
 */
#include "journal/tests/help.h"

/* tidy-ok global: the folder that main was given, for the rows of the table */
static const char *golden_folder;

static void types(void **state) {
    (void)state;
    static const char *const names[] = { /* places are stored: this list only grows at the end */
        "person-registered", "person-identified", "persons-linked", "person-erased", "world-changed", "policy-changed", "class-set", "consent-given",
        "consent-withdrawn", "case-settled", "case-reversed", "case-adjusted", "case-invoiced", "share-changed", "document-added", "day-closed",
        "ledger-posted", "covers-merged", "epoch-started"};
    assert_int_equal(COUNT_OF(names), JOURNAL_TYPE_COUNT);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        enum journal_type t = JOURNAL_TYPE_COUNT;
        assert_string_equal(journal_type_name((enum journal_type)i), names[i]);
        assert_true(journal_type_parse(str_from(names[i]), &t));
        assert_int_equal(t, i);
    }
    enum journal_type t = JOURNAL_TYPE_COUNT;
    assert_false(journal_type_parse(STR("case"), &t) || journal_type_parse(STR(""), &t) || journal_type_parse(STR("case-settled2"), &t));
    assert_int_equal(t, JOURNAL_TYPE_COUNT);
}

static void ids(void **state) {
    (void)state;
    char hex[33];
    struct id128 id = id128_make(0x0102'0304'0506, 0x0708, 0x090a'0b0c'0d0e'0f10), back, zero = {{0}};
    id128_hex(&id, hex);
    assert_string_equal(hex, "0102030405060708090a0b0c0d0e0f10");
    assert_true(id128_parse(str_from(hex), &back) && id128_equal(&id, &back));
    assert_int_equal(id128_ms(&id), 0x0102'0304'0506);
    assert_true(id128_carried(&id) == 0x090a'0b0c'0d0e'0f10);
    assert_true(id128_is_zero(&zero) && !id128_is_zero(&id));
    static const char *const bad[] = {"", "0102030405060708090a0b0c0d0e0f1", "0102030405060708090a0b0c0d0e0f101", "0102030405060708090A0b0c0d0e0f10",
                                      "g102030405060708090a0b0c0d0e0f10", "0102030405060708090a0b0c0d0e0f1 "};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_false(id128_parse(str_from(bad[i]), &back));
        assert_true(id128_equal(&id, &back));
    }
    struct id128 later = id128_make(0x0102'0304'0507, 0, 0), same_ms = id128_make(0x0102'0304'0506, 0x0709, 0); /* sorted by time, then count */
    assert_true(str_cmp(id128_view(&id), id128_view(&same_ms)) < 0 && str_cmp(id128_view(&same_ms), id128_view(&later)) < 0);
    id = id128_make((INT64_C(1) << 48) - 1, UINT16_MAX, UINT64_MAX);
    assert_true(id128_ms(&id) == (INT64_C(1) << 48) - 1 && id128_carried(&id) == UINT64_MAX);
}

static void seqs(void **state) {
    (void)state;
    const int64_t p = JOURNAL_SEQ_PROVISIONAL;
    static const struct {
        int64_t seq, base, settled;
    } rows[] = {
        {JOURNAL_SEQ_PROVISIONAL, 0, 0},
        {JOURNAL_SEQ_PROVISIONAL + 7, 100, 107},
        {JOURNAL_SEQ_PROVISIONAL - 1, 100, JOURNAL_SEQ_PROVISIONAL - 1},
        {JOURNAL_SEQ_PROVISIONAL + (INT64_C(1) << 32), 100, JOURNAL_SEQ_PROVISIONAL + (INT64_C(1) << 32)},
        {INT64_MAX, 100, INT64_MAX}, {0, 100, 0}, {-1, 100, -1}, {55, 100, 55}, {INT64_MIN, 100, INT64_MIN},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) assert_true(journal_seq_settle(rows[i].seq, rows[i].base) == rows[i].settled);
    assert_true(journal_seq_settle(p + 0xffff'ffff, 5) == 5 + INT64_C(0xffff'ffff));
}

/* What the leaf hashes, made with the JSON writer and its canonical form. */
static struct str whole_make(struct arena *a, const struct journal_event *ev) {
    struct buf plain, out;
    struct json_writer w;
    const struct json *v = NULL;
    char hex[33];
    buf_init(&plain, 1 << 20);
    buf_init(&out, 1 << 20);
    json_writer_init(&w, &plain, false);
    json_begin_object(&w);
    json_member_i64(&w, STR("version"), ev->version);
    json_member_string(&w, STR("type"), str_from(journal_type_name(ev->type)));
    json_name(&w, STR("subject"));
    id128_hex(&ev->subject, hex);
    if (id128_is_zero(&ev->subject)) json_null(&w);
    else json_string(&w, str_from(hex));
    json_name(&w, STR("person"));
    id128_hex(&ev->person, hex);
    if (id128_is_zero(&ev->person)) json_null(&w);
    else json_string(&w, str_from(hex));
    json_name(&w, STR("open"));
    json_raw(&w, ev->open);
    json_member_string(&w, STR("cover"), arena_printf(a, "%lld", (long long)ev->cover));
    json_member_i64(&w, STR("at"), ev->at_ms);
    json_end_object(&w);
    FINE(json_parse(a, buf_view(&plain), &v));
    FINE(json_canonical(a, v, &out));
    struct str whole = arena_str(a, buf_view(&out));
    buf_done(&plain);
    buf_done(&out);
    return whole;
}

static void leaf_of_whole(struct sha256 *h, struct arena *a, const struct journal_event *ev, struct digest *ret) {
    sha256_start(h);
    sha256_add(h, (struct str){"\0", 1});
    sha256_add(h, whole_make(a, ev));
    sha256_add(h, (struct str){(const char *)ev->commitment.b, sizeof(ev->commitment.b)});
    sha256_finish(h, ret);
}

static void leaf(void **state) {
    (void)state;
    struct arena a;
    struct sha256 h;
    struct digest first, d, wanted;
    arena_init(&a, 8 << 20);
    sha256_init(&h);
    const struct journal_event base = {.at_ms = 1'700'000'000'123, .type = JOURNAL_CASE_SETTLED, .version = 1, .cover = INT64_MAX, .person = id128_make(1, 2, 3),
                                       .subject = id128_make(4, 5, 6), .open = STR("{\"a\":1,\"医\":\"结\"}"), .commitment = {{1}}};
    journal_leaf(&h, &base, &first);
    leaf_of_whole(&h, &a, &base, &wanted);
    assert_true(digest_equal(&first, &wanted));
    struct journal_event other[12]; /* each differs in one column, seq and sealed bytes aside: seq is the place, sealed is in the commitment */
    for (size_t i = 0; i < COUNT_OF(other); i++) other[i] = base;
    other[0].at_ms++;
    other[1].type = JOURNAL_CASE_REVERSED;
    other[2].version = 2;
    other[3].cover = 0;
    other[4].person.b[15] ^= 1;
    other[5].person = (struct id128){{0}};
    other[6].subject.b[0] ^= 1;
    other[7].subject = (struct id128){{0}};
    other[8].open = STR("{\"a\":2,\"医\":\"结\"}");
    other[9].open = STR("{}");
    other[10].commitment.b[31] ^= 1;
    other[11].at_ms = -1;
    for (size_t i = 0; i < COUNT_OF(other); i++) {
        journal_leaf(&h, &other[i], &d);
        assert_false(digest_equal(&d, &first));
        leaf_of_whole(&h, &a, &other[i], &wanted);
        assert_true(digest_equal(&d, &wanted));
    }
    struct journal_event same = base;
    same.seq = 77;
    same.sealed = STR("x");
    journal_leaf(&h, &same, &d);
    assert_true(digest_equal(&d, &first));
    sha256_done(&h);
    arena_done(&a);
}

/* ---- golden files ------------------------------------------------------------------------------------------- */

static struct str member(const struct json *o, const char *name) {
    const struct json *v = json_get(o, str_from(name));
    assert_true(v && v->kind == JSON_STRING);
    return v->text;
}

static int64_t number(const struct json *o, const char *name) {
    int64_t v = 0;
    assert_true(json_to_i64(json_get(o, str_from(name)), &v));
    return v;
}

static void id_from(struct str hex, struct id128 *ret) {
    if (hex.n > 0) assert_true(id128_parse(hex, ret));
}

/* Is everything in the file still so: the leaf, by us and by the definition, and what unsealing gives? */
static bool golden_holds(struct arena *a, struct sha256 *h, struct str text, enum journal_type type, int32_t version) {
    const struct json *o = NULL;
    struct journal_event ev = {0};
    struct digest leaf, defined;
    struct person_key key;
    FINE(json_parse(a, text, &o));
    if (!journal_type_parse(member(o, "type"), &ev.type) || ev.type != type) return false;
    ev.version = (int32_t)number(o, "version");
    ev.at_ms = number(o, "at");
    ev.cover = strtoll(arena_str(a, member(o, "cover")).p, NULL, 10);
    id_from(member(o, "person"), &ev.person);
    id_from(member(o, "subject"), &ev.subject);
    ev.open = member(o, "open");
    ev.sealed = bytes_of(a, member(o, "sealed"));
    if (ev.version != version || !digest_parse(member(o, "commitment"), &ev.commitment) || !digest_parse(member(o, "leaf"), &leaf)) return false;
    journal_leaf(h, &ev, &ev.leaf);
    leaf_of_whole(h, a, &ev, &defined);
    if (!digest_equal(&leaf, &ev.leaf) || !digest_equal(&leaf, &defined)) return false;
    if (ev.sealed.n == 0) return true;
    struct str plain = {NULL, 0}, bytes = bytes_of(a, member(o, "key"));
    assert_int_equal(bytes.n, sizeof(key));
    memcpy(&key, bytes.p, sizeof(key));
    return !status_failed(journal_unseal(a, &key, &ev, &plain)) && str_eq(plain, member(o, "plaintext"));
}

/* The first digit or letter of a member's value, changed: the file must not hold then. */
static void golden_notices(struct arena *a, struct sha256 *h, struct str text, enum journal_type type) {
    static const char *const members[] = {"\"at\": ", "\"cover\": \"", "\"person\": \"", "\"open\": \"{\\\"day\\\":", "\"key\": \"", "\"plaintext\": \"{\\\"",
                                          "\"sealed\": \"01", "\"commitment\": \"", "\"leaf\": \""};
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        char *other = arena_alloc(a, text.n + 1, 1);
        memcpy(other, text.p, text.n);
        char *at = strstr(other, members[i]);
        assert_non_null(at);
        at += strlen(members[i]);
        *at = *at == '1' ? '2' : '1';
        assert_false(golden_holds(a, h, (struct str){other, text.n}, type, 1));
    }
}

static void golden_write(struct arena *a, struct sha256 *h, struct str path, enum journal_type type, int32_t version) {
    struct journal_event ev = {.type = type, .version = version, .at_ms = 1'767'225'600'000 + type, .cover = INT64_C(3'141'592'653'589'793) + type};
    struct person_key key;
    struct buf out;
    struct json_writer w;
    char hex[DIGEST_HEX_BYTES];
    struct str plain = arena_printf(a, "{\"bill\":{\"bill\":\"GOLDEN-%d\",\"person\":{\"name\":\"示例甲\"}},\"consent\":null,\"counters\":[]}", (int)type);
    bool has_sealed = type != JOURNAL_WORLD_CHANGED && type != JOURNAL_DAY_CLOSED && type != JOURNAL_LEDGER_POSTED && type != JOURNAL_EPOCH_STARTED;
    memset(&key, 0x30 + (int)type, sizeof(key));
    ev.open = arena_printf(a, "{\"day\":20454,\"note\":\"%s 示例\",\"pay\":%d}", journal_type_name(type), 100 * (int)type);
    if (has_sealed) {
        ev.person = id128_make(1'767'225'600'000, (uint16_t)type, 0xfeed);
        ev.subject = id128_make(1'767'225'600'001, (uint16_t)type, 0xbeef);
        FINE(journal_seal(env_system(), a, &key, plain, &ev));
    }
    journal_leaf(h, &ev, &ev.leaf);
    buf_init(&out, 1 << 20);
    json_writer_init(&w, &out, true);
    json_begin_object(&w);
    json_member_string(&w, STR("type"), str_from(journal_type_name(type)));
    json_member_i64(&w, STR("version"), version);
    json_member_i64(&w, STR("at"), ev.at_ms);
    json_member_string(&w, STR("cover"), arena_printf(a, "%lld", (long long)ev.cover));
    json_member_string(&w, STR("person"), has_sealed ? hex_of(a, id128_view(&ev.person)) : STR(""));
    json_member_string(&w, STR("subject"), has_sealed ? hex_of(a, id128_view(&ev.subject)) : STR(""));
    json_member_string(&w, STR("open"), ev.open);
    json_member_string(&w, STR("key"), has_sealed ? hex_of(a, (struct str){(const char *)key.b, sizeof(key.b)}) : STR(""));
    json_member_string(&w, STR("plaintext"), has_sealed ? plain : STR(""));
    json_member_string(&w, STR("sealed"), hex_of(a, ev.sealed));
    digest_hex(&ev.commitment, hex);
    json_member_string(&w, STR("commitment"), str_from(hex));
    digest_hex(&ev.leaf, hex);
    json_member_string(&w, STR("leaf"), str_from(hex));
    json_end_object(&w);
    buf_add_char(&out, '\n');
    assert_false(out.failed);
    FINE(env_system()->file_create(env_system(), a, path, buf_view(&out)));
    buf_done(&out);
}

static void golden(void **state) {
    (void)state;
    static const int32_t versions[] = {
#define X(id, name, version) version,
#include "journal/types.def"
#undef X
    };
    const struct env *e = env_system();
    struct arena a;
    struct sha256 h;
    arena_init(&a, 32 << 20);
    sha256_init(&h);
    for (enum journal_type t = 0; t < JOURNAL_TYPE_COUNT; t++) {
        for (int32_t v = 1; v <= versions[t]; v++) {
            struct str text, path = arena_printf(&a, "%s/%s-%d.json", golden_folder, journal_type_name(t), (int)v);
            struct status s = e->file_read(e, &a, path, 1 << 20, &text);
            if (status_failed(s) && strcmp(s.err->code, "file-not-found") == 0 && getenv("YIJIE_BLESS")) {
                golden_write(&a, &h, path, t, v);
                s = e->file_read(e, &a, path, 1 << 20, &text);
            }
            FINE(s);
            assert_true(golden_holds(&a, &h, text, t, v));
            if (t == JOURNAL_CASE_SETTLED && v == 1) golden_notices(&a, &h, text, t);
        }
    }
    sha256_done(&h);
    arena_done(&a);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s GOLDEN-FOLDER\n", argv[0]);
        return 2;
    }
    golden_folder = argv[1];
    const struct CMUnitTest tests[] = {cmocka_unit_test(types), cmocka_unit_test(ids), cmocka_unit_test(seqs), cmocka_unit_test(leaf), cmocka_unit_test(golden)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
