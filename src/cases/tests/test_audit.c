/* audit: holds on what the engine wrote, and finds one planted corruption of each kind. SQLite only: there the tests may write past the engine. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases/tests/town.h"

/* Three cases of one person, one reversed; one of another. */
static void cases_make(struct town *t)
{
    struct town_answer q, c;
    for (int i = 0; i < 4; i++) {
        char bill[16];
        snprintf(bill, sizeof bill, "B%d", i);
        town_trial(t, bill, i == 3, 1'500'000 + i * 100'000, &q);
        assert_int_equal(q.http, 201);
        town_confirm(t, q.id, i == 0 ? "key-1" : "", &c);
        if (c.http != 201) fail_msg("confirm %d: %s", c.http, c.body);
    }
    town_reverse(t, c.id, &q);
    if (q.http != 200 && q.http != 201) fail_msg("reverse %d: %s", q.http, q.body);
}

static void a_sound_store_holds(void **state)
{
    struct town *t = *state;
    assert_true(town_holds(t, true));
    int64_t events = 0;
    assert_false(status_failed(cases_rebuild(&t->arena, &t->options, NULL, NULL, &events)));
    assert_true(events > 20);
    assert_true(town_holds(t, true));
}

/* Each on a copy of the sound store: the proof named must fail. */
static const struct {
    const char *name;
    enum cases_proof proof;
    bool replay;
    const char *sql[3];
} planted[] = {
    {"balance", CASES_PROOF_TRANSFERS_BALANCE, false, {"UPDATE accounts SET debits_posted = debits_posted + 1 WHERE id = (SELECT min(id) FROM accounts)"}},
    {"amount", CASES_PROOF_TRANSFERS_BALANCE, false, {"UPDATE transfers SET amount = amount + 1 WHERE id = (SELECT min(id) FROM transfers)"}},
    {"share", CASES_PROOF_POSTINGS_EQUAL_SHARES, false, {"UPDATE shares SET pay = pay + 1 WHERE pay > 0"}},
    {"sums", CASES_PROOF_POSTINGS_EQUAL_SHARES, false, {"UPDATE cases SET cash = cash + 1, total = total + 1"}},
    {"counters", CASES_PROOF_COUNTERS_EQUAL_ENTRIES, false, {"UPDATE covers SET counters = x'010000' WHERE length(counters) > 3"}},
    {"policy", CASES_PROOF_DERIVED_EQUALS_REPLAY, false, {"UPDATE policies SET status = 'lapsed'"}},
    {"identifier", CASES_PROOF_DERIVED_EQUALS_REPLAY, false, {"DELETE FROM identifiers WHERE recorded = (SELECT max(recorded) FROM identifiers)"}},
    {"command", CASES_PROOF_DERIVED_EQUALS_REPLAY, false, {"DELETE FROM commands"}},
    {"open", CASES_PROOF_LEAVES, false, {"DROP TRIGGER events_no_update", "UPDATE events SET open = replace(open, '\"act\":\"desk\"', '\"act\":\"dusk\"')"}},
    {"time", CASES_PROOF_LEAVES, false, {"DROP TRIGGER events_no_update", "UPDATE events SET at_ms = at_ms + 1 WHERE seq = 3"}},
    {"root", CASES_PROOF_HEAD, false, {"DROP TRIGGER head_only_forward", "UPDATE head SET root = zeroblob(32)"}},
    {"cut", CASES_PROOF_HEAD, false, {"DROP TRIGGER events_no_delete", "DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)"}},
    {"transfer", CASES_PROOF_ONE_SIDED, false, {"DELETE FROM transfers WHERE id = (SELECT max(id) FROM transfers)"}},
    {"case", CASES_PROOF_ONE_SIDED, false, {"DELETE FROM cases WHERE id = (SELECT min(id) FROM cases)"}},
    {"shares", CASES_PROOF_ONE_SIDED, false, {"DELETE FROM shares WHERE case_id = (SELECT min(case_id) FROM shares)"}},
    {"invented", CASES_PROOF_ONE_SIDED, false, {"INSERT INTO transfers SELECT zeroblob(16), shard, debit, credit, amount, kind, state, pending_id, expires_ms, day, case_id, seq FROM transfers LIMIT 1"}},
    {"library", CASES_PROOF_TEXTS, false, {"DROP TRIGGER texts_no_delete", "DELETE FROM texts WHERE kind = 'library'"}},
    {"text", CASES_PROOF_TEXTS, false, {"DROP TRIGGER texts_no_update", "UPDATE texts SET body = CAST(body || ' ' AS BLOB) WHERE kind = 'plan'"}},
    {"bill", CASES_PROOF_BILLS, false, {"UPDATE bills SET revision = revision + 1"}},
    {"key", CASES_PROOF_KEYS, false, {"DELETE FROM person_keys WHERE person = (SELECT max(person) FROM person_data)"}},
    {"seal", CASES_PROOF_SEALS, true, {"DROP TRIGGER events_no_update", "UPDATE events SET sealed = CAST(substr(sealed, 1, length(sealed) - 1) || x'00' AS BLOB) WHERE seq = (SELECT max(seq) FROM events WHERE sealed IS NOT NULL)"}},
    {"answer", CASES_PROOF_ANSWERS, true, {"DROP TRIGGER events_no_update", "UPDATE events SET open = replace(open, '\"pay\":210000', '\"pay\":210001')"}},
};

static void each_corruption_is_found(void **state)
{
    struct town *base = *state;
    if (base->postgres) return;
    for (size_t i = 0; i < COUNT_OF(planted); i++) {
        struct town t = {.env = base->env};
        char command[1000];
        arena_init(&t.arena, 1 << 30);
        assert_true(snprintf(t.folder, sizeof t.folder, "%.200s-%s", base->folder, planted[i].name) < (int)sizeof t.folder);
        snprintf(command, sizeof command, "cp -r '%s' '%s'", base->folder, t.folder);
        assert_int_equal(system(command), 0);
        t.options = base->options;
        t.options.env = &t.env.env;
        t.options.where = str_from(t.folder);
        t.options.scratch = arena_printf(&t.arena, "%s/audit", t.folder);
        for (size_t k = 0; k < COUNT_OF(planted[i].sql) && planted[i].sql[k]; k++) town_sql(&t, planted[i].sql[k]);
        struct cases_audit audit;
        const struct status s = cases_audit_run(&t.arena, &t.options, planted[i].replay, NULL, NULL, &audit);
        if (s.err) fail_msg("%s: %s at %.*s", planted[i].name, s.err->code, STR_FMT(s.err->place));
        if (audit.proof[planted[i].proof].wrong == 0 || audit.holds) fail_msg("%s: %s does not see it", planted[i].name, cases_proof_name(planted[i].proof));
        assert_true(audit.proof[planted[i].proof].first.n > 0);
        arena_done(&t.arena);
        snprintf(command, sizeof command, "rm -rf '%s'", t.folder);
        assert_int_equal(system(command), 0);
    }
}

struct auditor {
    struct town *town;
    struct arena arena;
    struct env_thread thread;
    bool holds;
};

static void *auditor_run(void *user)
{
    struct auditor *p = user;
    struct cases_audit audit = {0};
    arena_init(&p->arena, 1 << 30);
    const struct status s = cases_audit_run(&p->arena, &p->town->options, true, NULL, NULL, &audit);
    if (s.err) fprintf(stderr, "# %s at %.*s\n", s.err->code, STR_FMT(s.err->place));
    p->holds = !s.err && audit.holds;
    arena_done(&p->arena);
    return NULL;
}

/* Several audits of one folder at once, and one killed before them: each has a copy of its own, and what was left behind goes. */
static void audits_do_not_meet(void **state)
{
    struct town *t = *state;
    const struct env *e = &t->env.env;
    struct auditor all[4];
    const struct str *names = NULL;
    uint32_t count = 0;
    if (t->postgres) return;
    const struct str base = arena_printf(&t->arena, "%s/audit-many", t->folder), old = arena_printf(&t->arena, "%.*s/0123456789abcdef", STR_FMT(base));
    const struct str before = t->options.scratch;
    t->options.scratch = base;
    assert_false(status_failed(e->dir_make(e, &t->arena, base)));
    assert_false(status_failed(e->dir_make(e, &t->arena, old)));
    assert_false(status_failed(e->file_create(e, &t->arena, arena_printf(&t->arena, "%.*s/yijie.db", STR_FMT(old)), STR("half a copy"))));
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        all[i] = (struct auditor){.town = t};
        assert_false(status_failed(e->thread_start(e, &t->arena, auditor_run, &all[i], &all[i].thread)));
    }
    for (size_t i = 0; i < COUNT_OF(all); i++) e->thread_join(e, &all[i].thread);
    for (size_t i = 0; i < COUNT_OF(all); i++) assert_true(all[i].holds);
    assert_true(status_failed(e->dir_list(e, &t->arena, old, 10, &names, &count)));
    if (!status_failed(e->dir_list(e, &t->arena, base, 10, &names, &count))) { /* two that leave at once may leave the lock to the next */
        for (uint32_t i = 0; i < count; i++) assert_true(str_eq(names[i], STR("base.lock")));
    }
    t->options.scratch = before;
}

/* Half a rebuild is no store: the desk does not open on it, and the next rebuild mends it. */
static void half_a_rebuild_is_refused(void **state)
{
    struct town *t = *state;
    struct cases_desk *desk = NULL;
    int64_t events = 0;
    town_sql(t, "INSERT INTO world_version (shard, version) VALUES (-1, 0)");
    const struct status s = cases_desk_open(&t->arena, &t->options, &desk);
    assert_true(status_failed(s) && strcmp(s.err->code, "rebuild-unfinished") == 0);
    assert_false(status_failed(cases_rebuild(&t->arena, &t->options, NULL, NULL, &events)));
    assert_true(town_holds(t, false));
}

static int begin(void **state)
{
    static struct town t;
    town_begin(&t);
    cases_make(&t);
    town_close(&t);
    *state = &t;
    return 0;
}

static int end(void **state)
{
    town_end(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_sound_store_holds), cmocka_unit_test(each_corruption_is_found), cmocka_unit_test(audits_do_not_meet),
                                       cmocka_unit_test(half_a_rebuild_is_refused)};
    return cmocka_run_group_tests(tests, begin, end);
}
