/* The city's promises: nobody twice, identity numbers valid, bills that the strict reader takes without a word, the same from the same seed. */
#include "bill/bill.h"
#include "city/city.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

static void test_identities(void **state)
{
    (void)state;
    enum { PERSONS = 60'000 };
    const struct city c = {.seed = 7, .person_count = PERSONS};
    char(*ids)[19] = calloc(PERSONS, sizeof *ids);
    assert_non_null(ids);
    uint32_t rare = 0, policies = 0, families = 0;
    for (uint32_t i = 0; i < PERSONS; i++) {
        struct city_person p;
        city_person(&c, i, &p);
        assert_true(city_identity_valid(str_from(p.id)));
        assert_true(utf8_check(str_from(p.name)));
        memcpy(ids[i], p.id, 19);
        rare += (uint8_t)p.name[0] >= 0xf0 || strstr(p.name, "\U0002cb4e") || strstr(p.name, "\u3400");
        policies += p.policy_count;
        for (uint32_t k = 0; k < p.policy_count; k++) families += p.policies[k].family[0] != 0;
    }
    qsort(ids, PERSONS, sizeof *ids, by_text);
    for (uint32_t i = 1; i < PERSONS; i++) assert_true(strcmp(ids[i - 1], ids[i]) < 0);
    assert_true(rare > 10 && policies > PERSONS / 2 && families > 1000);
    free(ids);
}

static void test_identity_check(void **state)
{
    (void)state;
    struct city_person p;
    city_person(&(struct city){.seed = 1, .person_count = 10}, 3, &p);
    for (size_t at = 0; at < 18; at++) { /* one digit wrong is always noticed */
        char other[19];
        memcpy(other, p.id, sizeof other);
        other[at] = other[at] == '5' ? '6' : '5';
        if (strcmp(other, p.id) != 0) assert_false(city_identity_valid(str_from(other)));
    }
    assert_false(city_identity_valid(STR("")));
    assert_false(city_identity_valid(STR("41059919690307000")));
}

static void bill_make(const struct city *c, uint64_t run, uint64_t n, struct city_bill_options o, struct buf *out)
{
    struct json_writer w;
    buf_clear(out);
    json_writer_init(&w, out, false);
    city_bill_write(c, run, n, &o, &w);
    assert_false(out->failed);
}

static void test_bills(void **state)
{
    (void)state;
    const struct city c = {.seed = 11, .person_count = 5'000};
    struct arena a;
    struct buf out;
    arena_init(&a, 64 << 20);
    buf_init(&out, LIMIT_JSON_BYTES);
    uint32_t stays = 0;
    for (uint64_t n = 0; n < 600; n++) {
        const struct bill *b = NULL;
        bill_make(&c, 3, n, (struct city_bill_options){.lines = n % 3 == 0 ? 10 : 0}, &out);
        const struct status s = bill_parse(&a, buf_view(&out), &b);
        if (status_failed(s)) fail_msg("bill %u: %s at %.*s", (unsigned)n, s.err->code, STR_FMT(s.err->place));
        if (b->warnings) fail_msg("bill %u: %s", (unsigned)n, b->warnings->code);
        assert_true(n % 3 != 0 || b->lines.count == 10);
        stays += b->visit == BILL_VISIT_INPATIENT;
        arena_reset(&a);
    }
    assert_true(stays > 5 && stays < 120);
    buf_done(&out);
    arena_done(&a);
}

static void test_same_seed_same_bytes(void **state)
{
    (void)state;
    const struct city c = {.seed = 5, .person_count = 1'000}, other = {.seed = 6, .person_count = 1'000};
    struct buf x, y;
    buf_init(&x, LIMIT_JSON_BYTES);
    buf_init(&y, LIMIT_JSON_BYTES);
    const struct city_bill_options o = {.covered = true, .consent = true, .lines = 4};
    bill_make(&c, 1, 17, o, &x);
    bill_make(&c, 1, 17, o, &y);
    assert_true(str_eq(buf_view(&x), buf_view(&y)));
    bill_make(&c, 1, 18, o, &y);
    assert_false(str_eq(buf_view(&x), buf_view(&y)));
    bill_make(&other, 1, 17, o, &y);
    assert_false(str_eq(buf_view(&x), buf_view(&y)));
    assert_true(str_contains(buf_view(&x), STR("\"consent\":{\"actor\":")));
    buf_done(&x);
    buf_done(&y);
}

/* Every plan of the folder is built in, byte for byte; lists come before plans, plans before chains. */
static void test_texts(void **state)
{
    (void)state;
    uint32_t plans = 0;
    int rank = 0;
    for (uint32_t i = 0; i < city_text_count(); i++) {
        const struct city_text t = city_text(i);
        const bool is_plan = strcmp(t.kind, "plan") == 0, is_list = strcmp(t.kind, "list") == 0;
        char path[512];
        (void)snprintf(path, sizeof path, PLANS "/%s%s.%s", is_plan ? "" : is_list ? "lists/" : "chains/", t.name, t.kind);
        FILE *f = fopen(path, "rb");
        assert_non_null(f);
        char *bytes = malloc(t.text.n + 1);
        assert_non_null(bytes);
        assert_int_equal(fread(bytes, 1, t.text.n + 1, f), t.text.n);
        assert_memory_equal(bytes, t.text.p, t.text.n);
        free(bytes);
        (void)fclose(f);
        const int now = is_list ? 0 : is_plan ? 1 : 2;
        assert_true(now >= rank);
        rank = now;
        plans += is_plan;
        assert_true(!is_plan || (t.grade >= 'A' && t.grade <= 'D'));
    }
    assert_int_equal(plans, 22);
}

static void test_changes(void **state)
{
    (void)state;
    struct arena a;
    struct buf out;
    struct json_writer w;
    arena_init(&a, 256 << 20);
    buf_init(&out, 64 << 20);
    const struct city c = {.seed = 3, .person_count = 700};
    for (int part = 0; part < 3; part++) {
        buf_clear(&out);
        json_writer_init(&w, &out, false);
        if (part == 0) city_texts_write(&w);
        else if (part == 1) city_world_write(&w);
        else city_persons_write(&c, 500, 500, &w);
        const struct json *v = NULL;
        assert_false(status_failed(json_parse(&a, buf_view(&out), &v)));
        assert_int_equal(v->kind, JSON_ARRAY);
        assert_true(part != 0 || v->count == city_text_count());
        assert_true(part != 2 || (v->count > 300 && v->count < 800)); /* 200 persons and their policies */
        for (uint32_t i = 0; i < v->count; i++) assert_non_null(json_get(&v->items[i], STR("change")));
    }
    buf_done(&out);
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_identities), cmocka_unit_test(test_identity_check), cmocka_unit_test(test_bills),
                                       cmocka_unit_test(test_same_seed_same_bytes), cmocka_unit_test(test_texts), cmocka_unit_test(test_changes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
