/* ledger/tests/test_json — transfers in an event: one form, written and read; everything else is refused with its place. */
#include "ledger/tests/spec.h"

#include <string.h>

#define ID1 "00000000000000000000000000000001"
#define ID2 "00000000000000000000000000000002"
#define CASE "0000000000000000000000000000000c"
#define POST(id, more) "{\"amt\":10," more "\"cr\":\"0000000000000002\",\"day\":20000,\"dr\":\"0000000000000001\",\"id\":\"" id "\",\"kind\":\"share\"}"

static struct arena arena;

static struct str written(const struct ledger_transfer *t, uint32_t count) {
    struct buf out;
    struct json_writer w;
    buf_init(&out, 1 << 20);
    json_writer_init(&w, &out, false);
    json_begin_object(&w);
    ledger_transfers_write(t, count, &w);
    json_end_object(&w);
    const struct str copy = arena_str(&arena, buf_view(&out));
    assert_non_null(copy.p);
    buf_done(&out);
    return copy;
}

static struct status read(struct str text, struct ledger_transfer **ret, uint32_t *ret_count) {
    const struct json *v;
    assert_null(json_parse(&arena, text, &v).err);
    return ledger_transfers_read(&arena, v, ret, ret_count);
}

static const struct ledger_transfer golden[] = {
    {.id = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, .act = LEDGER_POST, .debit = 1, .credit = INT64_MAX, .amount = (INT64_C(1) << 53) - 1, .day = 20000, .case_id = {{0xab}}},
    {.id = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}}, .act = LEDGER_HOLD, .debit = 1, .credit = 2, .amount = INT64_C(1) << 53, .kind = LEDGER_KIND_HOLD,
     .expires_ms = 1760000000000, .day = 20000, .case_id = {{0xab}}, .linked = true},
    {.id = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3}}, .act = LEDGER_CONFIRM, .pending_id = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}}, .amount = INT64_MAX, .day = -1},
    {.id = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4}}, .act = LEDGER_VOID, .pending_id = {{1}}, .kind = LEDGER_KIND_PAYMENT, .day = -1},
    {.id = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5}}, .act = LEDGER_EXPIRE, .pending_id = {{1}}},
};
static const char golden_text[] =
    "{\"transfers\":["
    "{\"amt\":9007199254740991,\"case\":\"ab000000000000000000000000000000\",\"cr\":\"7fffffffffffffff\",\"day\":20000,\"dr\":\"0000000000000001\",\"id\":\"" ID1 "\",\"kind\":\"share\"},"
    "{\"act\":\"hold\",\"amt\":\"9007199254740992\",\"cr\":\"0000000000000002\",\"dr\":\"0000000000000001\",\"exp\":1760000000000,\"id\":\"" ID2 "\",\"kind\":\"hold\",\"link\":true},"
    "{\"act\":\"confirm\",\"amt\":\"9223372036854775807\",\"case\":\"00000000000000000000000000000000\",\"day\":-1,\"hold\":\"" ID2 "\",\"id\":\"00000000000000000000000000000003\",\"kind\":\"share\"},"
    "{\"act\":\"void\",\"hold\":\"01000000000000000000000000000000\",\"id\":\"00000000000000000000000000000004\",\"kind\":\"payment\"},"
    "{\"act\":\"expire\",\"day\":0,\"hold\":\"01000000000000000000000000000000\",\"id\":\"00000000000000000000000000000005\",\"kind\":\"share\"}"
    "]}";

/* Events stay for ever: this text must be readable, and written, by every release. */
static void test_golden(void **state) {
    (void)state;
    const struct str text = written(golden, COUNT_OF(golden));
    assert_string_equal(text.p, golden_text);
    struct ledger_transfer *back = NULL;
    uint32_t count = 0;
    assert_null(read(text, &back, &count).err);
    assert_int_equal(count, COUNT_OF(golden));
    for (uint32_t i = 0; i < count; i++) {
        const struct ledger_transfer *a = &golden[i], *b = &back[i];
        assert_true(id128_equal(&a->id, &b->id) && id128_equal(&a->pending_id, &b->pending_id) && id128_equal(&a->case_id, &b->case_id));
        assert_true(a->act == b->act && a->debit == b->debit && a->credit == b->credit && a->amount == b->amount && a->kind == b->kind);
        assert_true(a->expires_ms == b->expires_ms && a->day == b->day && a->linked == b->linked);
    }
    const struct json *v;
    struct buf out;
    buf_init(&out, 1 << 20);
    assert_null(json_parse(&arena, text, &v).err);
    assert_null(json_canonical(&arena, v, &out).err);
    assert_true(str_eq(buf_view(&out), text));
    buf_done(&out);
}

static void test_none(void **state) {
    (void)state;
    struct ledger_transfer *back = NULL;
    uint32_t count = 7;
    assert_true(str_eq(written(NULL, 0), STR("{}")));
    assert_null(read(STR("{\"case\":1}"), &back, &count).err);
    assert_int_equal(count, 0);
}

static void test_nonsense(void **state) {
    (void)state;
    static const struct {
        const char *text, *place;
    } rows[] = {
        {"{\"transfers\":{}}", "transfers[0]"},
        {"{\"transfers\":[]}", "transfers[0]"},
        {"{\"transfers\":[1]}", "transfers[0]"},
        {"[]", "transfers[0]"},
        {"{\"transfers\":[{}]}", "transfers[0].id"},
        {"{\"transfers\":[{\"id\":\"" ID1 "\"}]}", "transfers[0].kind"},
        {"{\"transfers\":[{\"id\":\"" ID1 "\",\"kind\":\"share\"}]}", "transfers[0].amt"},
        {"{\"transfers\":[{\"amt\":1,\"id\":\"" ID1 "\",\"kind\":\"share\"}]}", "transfers[0].cr"},
        {"{\"transfers\":[{\"amt\":1,\"cr\":\"0000000000000002\",\"id\":\"" ID1 "\",\"kind\":\"share\"}]}", "transfers[0].dr"},
        {"{\"transfers\":[{\"kind\":\"share\",\"id\":\"" ID1 "\"}]}", "transfers[0].?"},                        /* order */
        {"{\"transfers\":[" POST(ID1, "\"colour\":1,") "]}", "transfers[0].?"},
        {"{\"transfers\":[{\"act\":\"post\",\"id\":\"" ID1 "\",\"kind\":\"share\"}]}", "transfers[0].act"},      /* left out when it is so */
        {"{\"transfers\":[{\"act\":\"give\",\"id\":\"" ID1 "\",\"kind\":\"share\"}]}", "transfers[0].act"},
        {"{\"transfers\":[{\"act\":1,\"id\":\"" ID1 "\",\"kind\":\"share\"}]}", "transfers[0].act"},
        {"{\"transfers\":[{\"amt\":0}]}", "transfers[0].amt"},
        {"{\"transfers\":[{\"amt\":-1}]}", "transfers[0].amt"},
        {"{\"transfers\":[{\"amt\":1.5}]}", "transfers[0].amt"},
        {"{\"transfers\":[{\"amt\":1e3}]}", "transfers[0].amt"},
        {"{\"transfers\":[{\"amt\":null}]}", "transfers[0].amt"},
        {"{\"transfers\":[{\"amt\":9007199254740992}]}", "transfers[0].amt"},      /* a number that a double cannot hold */
        {"{\"transfers\":[{\"amt\":\"9007199254740991\"}]}", "transfers[0].amt"},
        {"{\"transfers\":[{\"amt\":\"9223372036854775808\"}]}", "transfers[0].amt"},
        {"{\"transfers\":[{\"amt\":\"9007199254740992.0\"}]}", "transfers[0].amt"},
        {"{\"transfers\":[{\"case\":\"00000000000000000000000000000000\"}]}", "transfers[0].case"}, /* as before: left out */
        {"{\"transfers\":[{\"case\":\"0c\"}]}", "transfers[0].case"},
        {"{\"transfers\":[{\"case\":1}]}", "transfers[0].case"},
        {"{\"transfers\":[{\"cr\":\"0000000000000000\"}]}", "transfers[0].cr"},
        {"{\"transfers\":[{\"cr\":\"8000000000000000\"}]}", "transfers[0].cr"},
        {"{\"transfers\":[{\"cr\":\"00000000000000AB\"}]}", "transfers[0].cr"},
        {"{\"transfers\":[{\"cr\":17}]}", "transfers[0].cr"},
        {"{\"transfers\":[{\"day\":0}]}", "transfers[0].day"},
        {"{\"transfers\":[{\"day\":2147483648}]}", "transfers[0].day"},
        {"{\"transfers\":[{\"day\":\"1\"}]}", "transfers[0].day"},
        {"{\"transfers\":[{\"dr\":\"1\"}]}", "transfers[0].dr"},
        {"{\"transfers\":[{\"exp\":0}]}", "transfers[0].exp"},
        {"{\"transfers\":[{\"hold\":\"00000000000000000000000000000000\"}]}", "transfers[0].hold"},
        {"{\"transfers\":[{\"id\":\"00000000000000000000000000000000\"}]}", "transfers[0].id"},
        {"{\"transfers\":[{\"id\":\"0000000000000000000000000000000G\"}]}", "transfers[0].id"},
        {"{\"transfers\":[{\"id\":\"" ID1 "\",\"kind\":\"bribe\"}]}", "transfers[0].kind"},
        {"{\"transfers\":[{\"id\":\"" ID1 "\",\"kind\":\"share\",\"link\":false}]}", "transfers[0].link"},
        {"{\"transfers\":[{\"act\":\"void\",\"id\":\"" ID1 "\",\"kind\":\"share\"}]}", "transfers[0].hold"},
        {"{\"transfers\":[{\"act\":\"void\",\"exp\":5,\"hold\":\"" ID2 "\",\"id\":\"" ID1 "\",\"kind\":\"share\"}]}", "transfers[0].exp"},
        {"{\"transfers\":[{\"amt\":1,\"cr\":\"0000000000000002\",\"dr\":\"0000000000000001\",\"exp\":5,\"id\":\"" ID1 "\",\"kind\":\"share\"}]}", "transfers[0].exp"},
        {"{\"transfers\":[{\"amt\":1,\"cr\":\"0000000000000002\",\"dr\":\"0000000000000001\",\"hold\":\"" ID2 "\",\"id\":\"" ID1 "\",\"kind\":\"share\"}]}", "transfers[0].hold"},
        {"{\"transfers\":[" POST(ID1, "") "," POST(ID2, "") "]}", "transfers[1].day"},                        /* the day of the row before */
        {"{\"transfers\":[" POST(ID1, "\"case\":\"" CASE "\",") ",{\"amt\":1,\"case\":\"" CASE "\"}]}", "transfers[1].case"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ledger_transfer *t = NULL;
        uint32_t count = 7;
        const struct status s = read(str_from(rows[i].text), &t, &count);
        if (!status_failed(s)) fail_msg("accepted: %s", rows[i].text);
        assert_string_equal(s.err->code, "ledger-transfers-bad");
        if (!str_eq(s.err->place, str_from(rows[i].place))) fail_msg("%s: %.*s", rows[i].text, STR_FMT(s.err->place));
        assert_int_equal(count, 7);
    }
}

/* Whatever is changed in the text (blanks are the business of who reads the whole event): what is still read has exactly one form, the one that is written. */
static void test_one_form(void **state) {
    (void)state;
    static const char pool[] = "0123456789abcdef\"{}[]:,.-+eEtru";
    uint64_t random = 20'421;
    uint32_t accepted = 0;
    for (uint32_t round = 0; round < 60'000; round++) {
        char text[sizeof golden_text];
        memcpy(text, golden_text, sizeof text);
        for (uint32_t k = 0; k <= round % 3; k++) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth's generator */
            text[(random >> 33) % (sizeof text - 1)] = pool[(random >> 20) % (sizeof pool - 1)];
        }
        const struct arena_mark mark = arena_mark(&arena);
        const struct str changed = {text, sizeof text - 1};
        const struct json *v = NULL;
        struct ledger_transfer *t = NULL;
        uint32_t count = 0;
        if (!status_failed(json_parse(&arena, changed, &v)) && !status_failed(ledger_transfers_read(&arena, v, &t, &count)) && count > 0) {
            accepted++;
            if (!str_eq(written(t, count), changed)) fail_msg("read, and written otherwise: %s", text);
        }
        arena_rewind(&arena, mark);
    }
    assert_true(accepted > 1'000); /* other amounts, ids and days are as good */
}

int main(void) {
    arena_init(&arena, 16 << 20);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_none), cmocka_unit_test(test_nonsense), cmocka_unit_test(test_one_form)};
    const int failed = cmocka_run_group_tests_name("json", tests, NULL, NULL);
    arena_done(&arena);
    return failed;
}
