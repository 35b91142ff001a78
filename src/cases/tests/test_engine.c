/* engine: many threads, repeats, a full queue, a statement that fails for one command, a stop under load; afterwards the audit must hold. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases/tests/town.h"

/* ---- one client --------------------------------------------------------------------------------------------------- */

static void one_case(void **state)
{
    (void)state;
    struct town t;
    struct town_answer q, c, again;
    town_begin(&t);
    town_trial(&t, "B1", 0, 3'000'000, &q);
    assert_int_equal(q.http, 201);
    town_confirm(&t, q.id, "k1", &c);
    if (c.http != 201) fail_msg("%d %s", c.http, c.body);
    town_confirm(&t, q.id, "k1", &again); /* the same command again: the same answer */
    assert_int_equal(again.http, 200);
    assert_string_equal(again.body, c.body);
    town_trial(&t, "B2", 1, 3'000'000, &q);
    town_confirm(&t, q.id, "k1", &again); /* the same key for another command */
    assert_int_equal(again.http, 422);
    assert_non_null(strstr(again.body, "idempotency-key-reused"));
    town_confirm(&t, q.id, "k2", &again);
    assert_int_equal(again.http, 201);
    town_close(&t);
    assert_true(town_holds(&t, true));
    town_open(&t);
    town_confirm(&t, q.id, "k2", &c); /* and behind a restart */
    assert_int_equal(c.http, 200);
    assert_string_equal(again.body, c.body);
    town_end(&t);
}

/* ---- two groups become one --------------------------------------------------------------------------------------- */

static void settle(struct town *t, const char *bill, int person, int64_t own_full, struct town_answer *ret)
{
    struct town_answer q;
    town_trial(t, bill, person, own_full, &q);
    assert_int_equal(q.http, 201);
    town_confirm(t, q.id, "", ret);
    if (ret->http != 201) fail_msg("confirm %d %s", ret->http, ret->body);
}

/* A family policy joins the cover groups of two persons who both have cases: what was counted stays, and a case that a later one built upon is found in
 * the joined history. */
static void merged_histories(void **state)
{
    (void)state;
    struct town t;
    struct town_answer a0, a1, b0, b1, a2, answer;
    town_begin(&t);
    settle(&t, "A0", 0, 1'500'000, &a0);
    settle(&t, "B0", 1, 1'500'000, &b0);
    settle(&t, "A1", 0, 1'500'000, &a1);
    settle(&t, "B1", 1, 200'000, &b1);
    for (int i = 0; i < 2; i++) {
        char body[600];
        const int n = snprintf(body, sizeof body, "{\"change\":\"policy\",\"person\":{\"id_kind\":\"99\",\"id\":\"T%dP%d\",\"name\":\"P%d\",\"born\":\"1970-01-01\",\"sex\":\"F\"},"
            "\"plan\":\"million\",\"policy\":\"T%dF%d\",\"family\":\"T%dFAMILY\",\"from\":\"2027-01-01\",\"to\":\"2027-12-31\"}", t.number, i, i, t.number, i, t.number);
        town_run(&t, CASES_CHANGE, "", "", "", (struct str){body, (size_t)n}, &answer);
        if (answer.http >= 300) fail_msg("policy %d %s", answer.http, answer.body);
    }
    settle(&t, "A2", 0, 100'000, &a2);
    town_reverse(&t, b0.id, &answer); /* B1 built on its deductible */
    assert_int_equal(answer.http, 409);
    assert_non_null(strstr(answer.body, b1.id));
    assert_null(strstr(answer.body, a1.id));
    town_reverse(&t, a0.id, &answer);
    assert_int_equal(answer.http, 409);
    assert_non_null(strstr(answer.body, a1.id));
    town_reverse(&t, b1.id, &answer);
    assert_int_equal(answer.http, 201);
    town_reverse(&t, b0.id, &answer);
    if (answer.http != 201) fail_msg("%d %s", answer.http, answer.body);
    town_close(&t);
    assert_true(town_holds(&t, true));
    int64_t events = 0;
    assert_false(status_failed(cases_rebuild(&t.arena, &t.options, NULL, NULL, &events)));
    assert_true(town_holds(&t, true));
    town_end(&t);
}

/* ---- many threads --------------------------------------------------------------------------------------------------- */

enum { THREADS = 4, STEPS = 60 };
struct client {
    struct town *town;
    int number;
    uint64_t seed;
    char settled[STEPS][33];
    int settled_count, confirmed, reversed, strange;
};

static uint64_t draw(struct client *c, uint64_t below)
{
    c->seed = c->seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (c->seed >> 33) % below;
}

static void client_settle(struct client *c, int step)
{
    struct town_answer q, a;
    char bill[32], quote[33];
    snprintf(bill, sizeof bill, "C%d-%d", c->number, step);
    town_trial(c->town, bill, (int)draw(c, TOWN_PERSONS), (int64_t)(100'000 + draw(c, 3'000'000)), &q);
    c->strange += q.http != 201;
    memcpy(quote, q.id, sizeof quote);
    for (int i = 0; i < 8; i++) { /* another client's case of the same person came between: confirm the new quote */
        town_confirm(c->town, quote, "", &a);
        if (a.http != 409) break;
        const char *inner = strstr(a.body, "\"quote\":{");
        const char *id = inner ? strstr(inner, "\"id\":\"") : NULL;
        if (!id) break;
        memcpy(quote, id + 6, 32);
    }
    if (a.http == 201) memcpy(c->settled[c->settled_count++], a.id, sizeof quote);
    c->confirmed += a.http == 201;
    c->strange += a.http != 201 && a.http != 409;
    if (a.http != 201 && a.http != 409) fprintf(stderr, "# confirm %d %.300s\n", a.http, a.body);
}

static void client_reverse(struct client *c)
{
    struct town_answer a;
    if (c->settled_count == 0) return;
    const char *id = c->settled[draw(c, (uint64_t)c->settled_count)];
    town_reverse(c->town, id, &a);
    c->reversed += a.http == 200 || a.http == 201;
    c->strange += a.http >= 500;
    if (a.http >= 500) fprintf(stderr, "# reverse %d %.300s\n", a.http, a.body);
}

static void *client_main(void *arg)
{
    struct client *c = arg;
    for (int i = 0; i < STEPS; i++) {
        if (draw(c, 5) == 0) client_reverse(c);
        else client_settle(c, i);
    }
    return NULL;
}

/* PostgreSQL: half of the clients speak to a second server on the same database. */
static void many_threads(void **state)
{
    (void)state;
    struct town t, second;
    pthread_t threads[THREADS];
    static struct client clients[THREADS];
    int confirmed = 0, reversed = 0, strange = 0;
    town_begin(&t);
    second = t;
    if (t.postgres) town_open(&second);
    for (int i = 0; i < THREADS; i++) {
        clients[i] = (struct client){.town = i % 2 ? &second : &t, .number = i, .seed = 1 + (uint64_t)i};
        assert_int_equal(pthread_create(&threads[i], NULL, client_main, &clients[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        confirmed += clients[i].confirmed;
        reversed += clients[i].reversed;
        strange += clients[i].strange;
    }
    fprintf(stderr, "# %d confirmed, %d reversed\n", confirmed, reversed);
    assert_int_equal(strange, 0);
    assert_true(confirmed > 100 && reversed > 0);
    if (t.postgres) town_close(&second);
    town_close(&t);
    assert_true(town_holds(&t, true));
    int64_t events = 0;
    const struct status s = cases_rebuild(&t.arena, &t.options, NULL, NULL, &events);
    if (s.err) fail_msg("rebuild: %s at %.*s", s.err->code, STR_FMT(s.err->place));
    assert_true(town_holds(&t, false));
    town_end(&t);
}

/* ---- a worker that is held, a full queue, a stop --------------------------------------------------------------------- */

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    const char *at;
    bool closed, reached, frees;
    int answered;
};

static void gate_point(void *user, const char *name)
{
    struct gate *g = user;
    pthread_mutex_lock(&g->lock);
    if (g->at && strcmp(name, g->at) == 0) {
        g->reached = true;
        pthread_cond_broadcast(&g->moved);
        while (g->closed) pthread_cond_wait(&g->moved, &g->lock);
    }
    pthread_mutex_unlock(&g->lock);
}

static void gate_done(void *user, struct cases_command *cmd)
{
    struct gate *g = user;
    pthread_mutex_lock(&g->lock);
    const bool frees = g->frees;
    g->answered += cases_command_status(cmd) == 201;
    pthread_cond_broadcast(&g->moved);
    pthread_mutex_unlock(&g->lock);
    if (frees) cases_command_free(cmd);
}

static struct cases_command *trial_make(struct town *t, int n)
{
    struct cases_command *cmd = NULL;
    struct arena *arena = NULL;
    struct buf body;
    char bill[32];
    const struct cases_caller who = {STR(""), STR("admin")};
    snprintf(bill, sizeof bill, "G%d", n);
    buf_init(&body, 65536);
    town_bill(t, bill, n % TOWN_PERSONS, 500'000, &body);
    assert_false(status_failed(cases_command_new(t->desk, CASES_TRIAL, &who, STR(""), STR(""), STR(""), buf_view(&body), &cmd, &arena)));
    buf_done(&body);
    return cmd;
}

static void full_queue_and_stop(void **state)
{
    (void)state;
    enum { QUEUE = 8, MOST = 32 };
    struct town t;
    struct gate g = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};
    struct cases_command *taken[MOST], *refused = NULL;
    int count = 0;
    town_begin(&t);
    town_close(&t);
    t.options.queue_max = QUEUE;
    t.options.workers = 1;
    t.env.at_point = gate_point;
    t.env.user = &g;
    town_open(&t);
    pthread_mutex_lock(&g.lock);
    g.at = "group.begin";
    g.closed = true;
    pthread_mutex_unlock(&g.lock);
    taken[count] = trial_make(&t, 0);
    assert_true(cases_command_submit(taken[count++], gate_done, &g));
    pthread_mutex_lock(&g.lock);
    while (!g.reached) pthread_cond_wait(&g.moved, &g.lock); /* the worker holds the first one */
    pthread_mutex_unlock(&g.lock);
    while (!refused) {
        struct cases_command *cmd = trial_make(&t, count);
        if (cases_command_submit(cmd, gate_done, &g)) taken[count++] = cmd;
        else refused = cmd;
        assert_true(count < MOST);
    }
    assert_int_equal(count, QUEUE + 1); /* as many as it may hold wait; the next is told to come again */
    cases_command_free(refused);
    pthread_mutex_lock(&g.lock);
    g.closed = false;
    pthread_cond_broadcast(&g.moved);
    while (g.answered < count) pthread_cond_wait(&g.moved, &g.lock);
    pthread_mutex_unlock(&g.lock);
    for (int i = 0; i < count; i++) cases_command_free(taken[i]);
    int more = 0;
    g.frees = true;
    for (; more < QUEUE; more++) { /* a stop under load: all that was taken is answered */
        struct cases_command *cmd = trial_make(&t, 100 + more);
        if (cases_command_submit(cmd, gate_done, &g)) continue;
        cases_command_free(cmd);
        break;
    }
    town_close(&t);
    assert_int_equal(g.answered, count + more);
    town_end(&t);
}

/* ---- one command whose SQL fails ---------------------------------------------------------------------------------------- */

static void culprit_alone_fails(void **state)
{
    (void)state;
    enum { COUNT = 6 };
    struct town t;
    struct town_answer q[COUNT], a;
    struct gate g = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};
    struct cases_command *commands[COUNT];
    town_begin(&t);
    town_close(&t);
    if (t.postgres) {
        town_end(&t);
        return;
    }
    town_sql(&t, "CREATE TRIGGER planted BEFORE INSERT ON cases WHEN NEW.bill LIKE '%BAD' BEGIN SELECT RAISE(ABORT, 'planted'); END");
    t.env.at_point = gate_point;
    t.env.user = &g;
    town_open(&t);
    for (int i = 0; i < COUNT; i++) {
        char bill[16];
        snprintf(bill, sizeof bill, i == 3 ? "BAD" : "OK%d", i);
        town_trial(&t, bill, i, 1'000'000, &q[i]);
        assert_int_equal(q[i].http, 201);
    }
    pthread_mutex_lock(&g.lock);
    g.at = "group.begin"; /* hold a first command, so that the others become one group */
    g.closed = true;
    g.reached = false;
    pthread_mutex_unlock(&g.lock);
    struct cases_command *first = trial_make(&t, 50);
    assert_true(cases_command_submit(first, gate_done, &g));
    pthread_mutex_lock(&g.lock);
    while (!g.reached) pthread_cond_wait(&g.moved, &g.lock);
    pthread_mutex_unlock(&g.lock);
    for (int i = 0; i < COUNT; i++) {
        char body[200];
        struct arena *arena = NULL;
        const struct cases_caller who = {STR(""), STR("admin")};
        const int n = snprintf(body, sizeof body, "{\"trial\":\"%s\",\"act\":{\"kind\":\"desk\",\"by\":\"c\"}}", q[i].id);
        assert_false(status_failed(cases_command_new(t.desk, CASES_CONFIRM, &who, STR(""), STR(""), STR(""), (struct str){body, (size_t)n}, &commands[i], &arena)));
        assert_true(cases_command_submit(commands[i], gate_done, &g));
    }
    pthread_mutex_lock(&g.lock);
    g.at = NULL;
    g.closed = false;
    pthread_cond_broadcast(&g.moved);
    pthread_mutex_unlock(&g.lock);
    town_trial(&t, "LAST", 7, 1'000'000, &a); /* behind all of them in the queue */
    assert_int_equal(a.http, 201);
    for (int i = 0; i < COUNT; i++) assert_int_equal(cases_command_status(commands[i]), i == 3 ? 500 : 201);
    struct cases_metrics m;
    cases_metrics_read(t.desk, &m);
    assert_true(m.redone == 1);
    assert_int_equal(m.failed, 1);
    cases_command_free(first);
    for (int i = 0; i < COUNT; i++) cases_command_free(commands[i]);
    town_close(&t);
    assert_true(town_holds(&t, true));
    town_sql(&t, "DROP TRIGGER planted");
    town_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_case), cmocka_unit_test(merged_histories), cmocka_unit_test(many_threads), cmocka_unit_test(full_queue_and_stop), cmocka_unit_test(culprit_alone_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
