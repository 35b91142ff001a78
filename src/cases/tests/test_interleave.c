/* Trial, confirmation and reversal of one family from two hospitals: every interleaving of the two sequences, one by one, against a model that knows only
 * f(x) = x above 10,000; then both at once, whose outcome must be that of some interleaving.
 *
 * The family shares one deductible. A confirmation that answers `requoted` is confirmed again at the new sum, as a cashier would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <pthread.h>

#include "cases/tests/town.h"

enum { SIDES = 2, STEPS = 3, TRIAL = 0, CONFIRM = 1, REVERSE = 2, INTERLEAVINGS = 20, ROUNDS_AT_ONCE = 12 };
static const int64_t amounts[SIDES] = {800000, 900000};

static struct town town;
static int families;

/* ---- the model ------------------------------------------------------------------------------------------------ */

struct outcome {
    bool settled[SIDES], reverse_refused[SIDES];
    int64_t pay[SIDES], sum;
};
struct model {
    struct outcome o;
    int order[SIDES], count; /* settled, in order of confirmation */
};

static int64_t f(int64_t x) { return x > 1000000 ? x - 1000000 : 0; }

static void model_step(struct model *m, int side, int step)
{
    if (step == CONFIRM) {
        m->o.pay[side] = f(m->o.sum + amounts[side]) - f(m->o.sum);
        m->o.sum += amounts[side];
        m->o.settled[side] = true;
        m->order[m->count++] = side;
    }
    if (step != REVERSE) return;
    if (m->order[m->count - 1] != side) {
        m->o.reverse_refused[side] = true;
        return;
    }
    m->count--;
    m->o.sum -= amounts[side];
    m->o.settled[side] = false;
    m->o.pay[side] = 0;
}

/* All words of three 0s and three 1s. */
static int interleavings(int ret[INTERLEAVINGS][SIDES * STEPS])
{
    int count = 0;
    for (unsigned bits = 0; bits < 64; bits++) {
        if (__builtin_popcount(bits) != STEPS) continue;
        for (int i = 0; i < SIDES * STEPS; i++) ret[count][i] = (int)(bits >> i & 1U);
        count++;
    }
    return count;
}

/* ---- the desk --------------------------------------------------------------------------------------------------- */

struct side {
    int family, side;
    struct town_answer trial, settled, reversed;
};

static struct str bill_of(const struct side *s, const char *bill, int64_t amount, char room[2048])
{
    const int n = snprintf(room, 2048,
        "{\"bill\":\"%s-%d-%d-%d\",\"hospital\":\"H%d\",\"region\":\"410500\",\"insured_region\":\"410500\",\"visit\":\"inpatient\",\"from\":\"2026-03-01\",\"to\":\"2026-03-02\","
        "\"currency\":\"CNY\",\"person\":{\"id_kind\":\"99\",\"id\":\"FAM%d-%d-%d\",\"born\":\"1980-01-01\",\"sex\":\"F\"},\"lines\":[{\"line\":1,\"code\":\"C1\",\"amount\":%lld,"
        "\"own_full\":%lld,\"over_limit\":0,\"own_first\":0,\"in_scope\":0}],\"statutory\":{\"settled\":true,\"stage\":\"final\",\"funds\":{}},"
        "\"consent\":{\"actor\":\"self\",\"purpose\":\"settlement\",\"payers\":\"all\"}}",
        bill, town.number, s->family, s->side, s->side + 1, town.number, s->family, s->side, (long long)amount, (long long)amount);
    return (struct str){room, (size_t)n};
}

static void family_make(int family)
{
    char body[1024];
    struct town_answer answer;
    int n = snprintf(body, sizeof body, "[");
    for (int side = 0; side < SIDES; side++) {
        n += snprintf(body + n, sizeof body - (size_t)n,
            "%s{\"change\":\"policy\",\"person\":{\"id_kind\":\"99\",\"id\":\"FAM%d-%d-%d\",\"name\":\"F\",\"born\":\"1980-01-01\"},\"plan\":\"family\",\"policy\":\"FP%d-%d-%d\","
            "\"from\":\"2026-01-01\",\"to\":\"2026-12-31\",\"family\":\"FAMILY%d-%d\"}",
            side ? "," : "", town.number, family, side, town.number, family, side, town.number, family);
    }
    n += snprintf(body + n, sizeof body - (size_t)n, "]");
    town_run(&town, CASES_CHANGE, "", "", "", (struct str){body, (size_t)n}, &answer);
    if (answer.http >= 300) print_message("# %s\n", answer.body);
    assert_true(answer.http < 300);
}

/* The id of the new quote inside a requoted answer. */
static void quote_id(const struct town_answer *a, char ret[33])
{
    const char *at = strstr(a->body, "\"quote\":{\"id\":\"");
    assert_non_null(at);
    memcpy(ret, at + 15, 32);
    ret[32] = 0;
}

static void side_step(struct side *s, int step)
{
    char room[2048], id[33];
    if (step == TRIAL) {
        town_run(&town, CASES_TRIAL, "", "", "", bill_of(s, "B", amounts[s->side], room), &s->trial);
        if (s->trial.http != 201) print_message("# %s\n", s->trial.body);
        assert_int_equal(s->trial.http, 201);
    } else if (step == CONFIRM) {
        town_confirm(&town, s->trial.id, "", &s->settled);
        for (int i = 0; i < 10 && s->settled.http == 409; i++) {
            quote_id(&s->settled, id);
            town_confirm(&town, id, "", &s->settled);
        }
        if (s->settled.http != 201) print_message("# %s\n", s->settled.body);
        assert_int_equal(s->settled.http, 201);
    } else {
        town_reverse(&town, s->settled.id, &s->reversed);
        assert_true(s->reversed.http == 201 || s->reversed.http == 409);
    }
}

static int64_t number_after(const char *body, const char *name)
{
    const char *at = strstr(body, name);
    long long v = -1;
    assert_non_null(at);
    at += strlen(name);
    for (v = 0; *at >= '0' && *at <= '9'; at++) v = v * 10 + (*at - '0');
    return v;
}

/* How both cases stand, and what the counters say by what another 3,000 would get. */
static struct outcome outcome_read(struct side sides[SIDES])
{
    struct outcome o = {0};
    char room[2048];
    for (int i = 0; i < SIDES; i++) {
        struct buf out;
        buf_init(&out, 1 << 20);
        assert_int_equal(cases_query_case(town.desk, &(struct cases_caller){0}, str_from(sides[i].settled.id), &out), 200);
        buf_add_char(&out, 0);
        o.settled[i] = strstr(out.p, "\"state\":\"settled\",\"at\"") != NULL;
        o.pay[i] = o.settled[i] ? number_after(strstr(out.p, "\"now\""), "\"payers\":") : 0;
        o.reverse_refused[i] = sides[i].reversed.http == 409;
        buf_done(&out);
    }
    struct side probe = {.family = sides[0].family};
    town_run(&town, CASES_TRIAL, "", "", "", bill_of(&probe, "P", 300000, room), &probe.trial);
    assert_int_equal(probe.trial.http, 201);
    o.sum = 300000 - number_after(probe.trial.body, "\"cash\":"); /* what would be paid */
    return o;
}

static bool same(struct outcome a, const struct outcome *m)
{
    bool equal = a.sum == f(m->sum + 300000) - f(m->sum);
    for (int i = 0; i < SIDES; i++) {
        equal = equal && a.settled[i] == m->settled[i] && a.pay[i] == m->pay[i] && a.reverse_refused[i] == m->reverse_refused[i];
    }
    return equal;
}

/* ---- tests -------------------------------------------------------------------------------------------------------------- */

static void test_every_interleaving(void **state)
{
    (void)state;
    int words[INTERLEAVINGS][SIDES * STEPS];
    assert_int_equal(interleavings(words), INTERLEAVINGS);
    for (int w = 0; w < INTERLEAVINGS; w++) {
        struct model m = {0};
        const int family = families++;
        struct side sides[SIDES] = {{.family = family, .side = 0}, {.family = family, .side = 1}};
        int at[SIDES] = {0};
        family_make(family);
        for (int i = 0; i < SIDES * STEPS; i++) {
            const int side = words[w][i];
            side_step(&sides[side], at[side]);
            model_step(&m, side, at[side]++);
        }
        const struct outcome o = outcome_read(sides);
        if (!same(o, &m.o)) {
            print_message("# interleaving %d: settled %d %d, paid %lld %lld, probe %lld; model %d %d, %lld %lld, sum %lld\n", w, o.settled[0], o.settled[1],
                          (long long)o.pay[0], (long long)o.pay[1], (long long)o.sum, m.o.settled[0], m.o.settled[1], (long long)m.o.pay[0], (long long)m.o.pay[1],
                          (long long)m.o.sum);
        }
        assert_true(same(o, &m.o));
    }
}

static void *side_run(void *arg)
{
    struct side *s = arg;
    for (int step = 0; step < STEPS; step++) side_step(s, step);
    return NULL;
}

static void test_at_once(void **state)
{
    (void)state;
    int words[INTERLEAVINGS][SIDES * STEPS];
    (void)interleavings(words);
    for (int round = 0; round < ROUNDS_AT_ONCE; round++) {
        const int family = families++;
        struct side sides[SIDES] = {{.family = family, .side = 0}, {.family = family, .side = 1}};
        pthread_t other;
        family_make(family);
        assert_int_equal(pthread_create(&other, NULL, side_run, &sides[1]), 0);
        side_run(&sides[0]);
        pthread_join(other, NULL);
        const struct outcome o = outcome_read(sides);
        bool found = false;
        for (int w = 0; w < INTERLEAVINGS && !found; w++) {
            struct model m = {0};
            int at[SIDES] = {0};
            for (int i = 0; i < SIDES * STEPS; i++) model_step(&m, words[w][i], at[words[w][i]]++);
            found = same(o, &m.o);
        }
        assert_true(found);
    }
}

/* A model that forgets the other hospital must be found out. */
static void test_the_model_can_fail(void **state)
{
    (void)state;
    struct model m = {0};
    for (int step = 0; step < 2; step++) {
        for (int side = 0; side < SIDES; side++) model_step(&m, side, step);
    }
    struct outcome alone = m.o;
    alone.pay[1] = f(amounts[1]);
    alone.sum = f(m.o.sum + 300000) - f(m.o.sum);
    assert_false(same(alone, &m.o));
    assert_int_equal(m.o.pay[0] + m.o.pay[1], 700000); /* 17,000 − 10,000 */
}

static void test_the_books_hold(void **state)
{
    (void)state;
    assert_true(town_holds(&town, true));
}

static int begin(void **state)
{
    (void)state;
    town_begin(&town);
    struct str plan;
    char path[512];
    snprintf(path, sizeof path, "%s/family.plan", SPECS);
    assert_null(town.env.system->file_read(town.env.system, &town.arena, str_from(path), 1 << 20, &plan).err);
    struct buf out;
    struct json_writer w;
    struct town_answer answer;
    buf_init(&out, 1 << 20);
    json_writer_init(&w, &out, false);
    json_begin_object(&w);
    json_member_string(&w, STR("change"), STR("plan"));
    json_member_string(&w, STR("name"), STR("family"));
    json_member_string(&w, STR("text"), plan);
    json_member_string(&w, STR("grade"), STR("B"));
    json_end_object(&w);
    town_run(&town, CASES_CHANGE, "", "", "", buf_view(&out), &answer);
    buf_done(&out);
    return answer.http < 300 ? 0 : 1;
}

static int end(void **state)
{
    (void)state;
    town_end(&town);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_model_can_fail),
        cmocka_unit_test(test_every_interleaving),
        cmocka_unit_test(test_at_once),
        cmocka_unit_test(test_the_books_hold),
    };
    return cmocka_run_group_tests_name("cases-interleave", tests, begin, end);
}
