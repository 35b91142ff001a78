/* cli/cmd_demo_cases — `yijie demo cases`: settles bills of the demonstration city in this process until the store holds N of them; millions for tests of size.
 *
 * Every case goes the way of any other: a trial and a confirmation as commands of the desk, decided, recorded and committed by the same engine; only HTTP is left
 * out. Places are cases on their way; the desk's worker tells when one has moved, this thread gives it its next command, so both have always something to do.
 * DIR/demo-cases.json remembers up to which bill a run is done; it is written when nothing is on its way, so a run that was stopped goes on there and
 * meets at most one round of bills that are settled already.
 * Invariant: a bill counts when its confirmation is durable, or when the desk says that it is settled already.
 */
#include "cli/demo.h"
#include "cli/files.h"
#include "cli/session.h"

#include "cases/cases.h"

#include <pthread.h>
#include <string.h>

enum { PLACES = 1'024, ROUND = 20'000, TRIES_MAX = 5, NOTE_BYTES = 4'096, BODY_BYTES = 160, RUN_DEFAULT = 1'000, COUNT_MAX = 100'000'000, ANSWER_BYTES = 16 * 1024 * 1024 };

struct cases_place {
    struct cases_run *run;
    struct cases_place *next;
    struct cases_command *command; /* done, to be looked at; NULL: none yet */
    uint64_t bill;
    uint32_t tries;
    bool confirming;
};
struct cases_run {
    struct cli *c;
    struct cases_desk *desk;
    struct city city;
    struct city_bill_options bills;
    uint64_t number;            /* of the run: names its bills */
    uint64_t next, end, done, present, settled;
    int code;                   /* CLI_OK: goes on */
    struct buf bill, answer;
    pthread_mutex_t lock;       /* of what the worker hands over */
    pthread_cond_t moved;
    struct cases_place *ready;
};

/* ---- the note ---------------------------------------------------------------------------------------------------- */

static struct str note_path(struct cli *c) { return arena_printf(c->arena, "%s/demo-cases.json", c->option[CLI_DATA]); }

static struct status note_read(struct cases_run *r)
{
    struct str text = STR("");
    const struct json *v = NULL;
    int64_t run = 0, next = 0;
    if (!r->c->option[CLI_DATA]) return STATUS_OK;
    TRY(cli_file_read_if_any(r->c, note_path(r->c).p, NOTE_BYTES, &text));
    if (text.n == 0) return STATUS_OK;
    TRY(json_parse(r->c->arena, text, &v));
    const struct json *of = json_get(v, STR("run")), *at = json_get(v, STR("next"));
    if (!of || !at || !json_to_i64(of, &run) || !json_to_i64(at, &next) || next < 0) {
        return status_error(r->c->arena, (struct error){.code = "demo-note", .place = note_path(r->c), .zh = STR("演示病例的记录损坏"), .en = STR("the note of the demonstration's cases is damaged"),
            .hint_zh = STR("删除该文件后重新运行：已结算的账单会被跳过"), .hint_en = STR("remove the file and run again: bills that are settled are passed over")});
    }
    if ((uint64_t)run == r->number) r->next = (uint64_t)next;
    return STATUS_OK;
}

static struct status note_write(struct cases_run *r)
{
    struct buf text;
    struct json_writer w;
    if (!r->c->option[CLI_DATA]) return STATUS_OK;
    const struct arena_mark mark = arena_mark(r->c->arena);
    buf_init(&text, NOTE_BYTES);
    json_writer_init(&w, &text, true);
    json_begin_object(&w);
    json_member_i64(&w, STR("run"), (int64_t)r->number);
    json_member_i64(&w, STR("next"), (int64_t)r->next);
    json_end_object(&w);
    buf_add_char(&text, '\n');
    const struct status s = cli_file_replace(r->c, note_path(r->c).p, buf_view(&text));
    buf_done(&text);
    if (!status_failed(s)) arena_rewind(r->c->arena, mark);
    return s;
}

/* ---- a case on its way ----------------------------------------------------------------------------------------------- */

/* On the desk's worker: no more than a word to the other thread. */
static void place_moved(void *user, struct cases_command *cmd)
{
    struct cases_place *p = user;
    struct cases_run *r = p->run;
    pthread_mutex_lock(&r->lock);
    p->command = cmd;
    p->next = r->ready;
    r->ready = p;
    pthread_cond_signal(&r->moved);
    pthread_mutex_unlock(&r->lock);
}

static void run_fail(struct cases_run *r, struct status s)
{
    if (r->code != CLI_OK) return;
    cli_progress_end(r->c);
    r->code = cli_fail(r->c, s, NULL);
}

/* False: the run has failed; the place is not on its way. */
static bool command_send(struct cases_place *p, enum cases_op op, struct str key, struct str body)
{
    struct cases_run *r = p->run;
    const struct cases_caller operator = {.institution = STR(""), .role = STR("admin")};
    struct cases_command *cmd = NULL;
    p->command = NULL;
    const struct status s = cases_command_new(r->desk, op, &operator, key, STR(""), STR(""), body, &cmd, NULL);
    if (status_failed(s)) run_fail(r, s);
    const bool sent = !status_failed(s) && cases_command_submit(cmd, place_moved, p);
    if (sent) return true;
    if (cmd) cases_command_free(cmd);
    CHECK(r->code != CLI_OK); /* the queue holds more than there are places */
    return false;
}

static bool trial_send(struct cases_place *p)
{
    struct cases_run *r = p->run;
    struct json_writer w;
    p->confirming = false;
    buf_clear(&r->bill);
    json_writer_init(&w, &r->bill, false);
    city_bill_write(&r->city, r->number, p->bill, &r->bills, &w);
    if (r->bill.failed) {
        run_fail(r, status_memory());
        return false;
    }
    return command_send(p, CASES_TRIAL, STR(""), buf_view(&r->bill));
}

static bool confirm_send(struct cases_place *p, const struct id128 *id)
{
    char key[33], body[BODY_BYTES];
    id128_hex(id, key);
    const int n = snprintf(body, sizeof body, "{\"trial\":\"%s\",\"act\":{\"kind\":\"desk\",\"by\":\"demo\"}}", key);
    CHECK(n > 0 && (size_t)n < sizeof body);
    p->confirming = true;
    return command_send(p, CASES_CONFIRM, str_from(key), (struct str){body, (size_t)n});
}

/* The next bill of the round; false: none, or the run has failed. */
static bool place_begin(struct cases_place *p, uint64_t round_end)
{
    struct cases_run *r = p->run;
    if (r->code != CLI_OK || r->next >= round_end) return false;
    p->bill = r->next++;
    p->tries = 0;
    return trial_send(p);
}

/* What was no success: settled by an earlier run, or to be tried once more, or the end. */
static bool place_refused(struct cases_place *p, int status, uint64_t round_end)
{
    struct cases_run *r = p->run;
    const struct json *v = NULL;
    const struct arena_mark mark = arena_mark(r->c->arena);
    buf_clear(&r->answer);
    cases_command_render(p->command, &r->answer);
    const struct status s = json_parse(r->c->arena, buf_view(&r->answer), &v);
    const struct json *code = status_failed(s) ? NULL : json_get(v, STR("code"));
    const bool is_there = code && str_eq(code->text, STR("already-settled")), again = !is_there && status == 409 && ++p->tries < TRIES_MAX;
    if (!is_there && !again && r->code == CLI_OK) {
        cli_progress_end(r->c);
        r->code = cli_problem(r->c, status, buf_view(&r->answer), NULL);
    }
    arena_rewind(r->c->arena, mark);
    cases_command_free(p->command);
    if (is_there) {
        r->done++;
        r->present++;
        return place_begin(p, round_end);
    }
    return again && r->code == CLI_OK && trial_send(p);
}

/* A place whose command is done goes on; false: it is at rest. */
static bool place_next(struct cases_place *p, uint64_t round_end)
{
    struct cases_run *r = p->run;
    if (!p->command) return place_begin(p, round_end);
    struct id128 id;
    const int status = cases_command_status(p->command);
    const bool quoted = !p->confirming && status == 201 && cases_command_quote(p->command, &id);
    if (!quoted && !(p->confirming && status == 201)) return place_refused(p, status, round_end);
    cases_command_free(p->command);
    if (quoted) return r->code == CLI_OK && confirm_send(p, &id);
    r->done++;
    r->settled++;
    return place_begin(p, round_end);
}

/* ---- the run --------------------------------------------------------------------------------------------------------- */

static struct cases_place *ready_take(struct cases_run *r)
{
    pthread_mutex_lock(&r->lock);
    while (!r->ready) pthread_cond_wait(&r->moved, &r->lock);
    struct cases_place *all = r->ready;
    r->ready = NULL;
    pthread_mutex_unlock(&r->lock);
    return all;
}

static void round_run(struct cases_run *r, struct cases_place *places)
{
    const uint64_t round_end = r->next + ROUND < r->end ? r->next + ROUND : r->end;
    uint32_t on_way = 0;
    for (uint32_t i = 0; i < PLACES; i++) {
        places[i] = (struct cases_place){.run = r};
        if (place_next(&places[i], round_end)) on_way++;
    }
    while (on_way > 0) {
        struct cases_place *next = NULL;
        for (struct cases_place *p = ready_take(r); p; p = next) {
            next = p->next;
            if (!place_next(p, round_end)) on_way--;
        }
        cli_progress(r->c, "结算演示病例", "settling the city's bills", r->done, r->end);
    }
}

static struct status rounds_run(struct cases_run *r)
{
    struct cases_place *places = ARENA_ARRAY(r->c->arena, struct cases_place, PLACES);
    if (!places) return status_memory();
    TRY(note_read(r));
    r->done = r->next;
    while (r->next < r->end && r->code == CLI_OK) {
        round_run(r, places);
        if (r->code == CLI_OK) TRY(note_write(r));
    }
    cli_progress_end(r->c);
    return STATUS_OK;
}

static void done_print(struct cli *c, const struct cases_run *r, uint64_t ms)
{
    const uint64_t per_s = ms > 0 ? r->settled * 1'000 / ms : 0;
    if (c->json) {
        struct json_writer w;
        json_writer_init(&w, &c->out, false);
        json_begin_object(&w);
        json_member_i64(&w, STR("cases"), (int64_t)r->done);
        json_member_i64(&w, STR("settled"), (int64_t)r->settled);
        json_member_i64(&w, STR("present"), (int64_t)r->present);
        json_member_i64(&w, STR("cases_per_s"), (int64_t)per_s);
        json_end_object(&w);
    } else {
        cli_text(c, &c->out, arena_printf(c->arena, "演示病例共 %llu 例，本次结算 %llu 例，每秒 %llu 例", (unsigned long long)r->done, (unsigned long long)r->settled, (unsigned long long)per_s),
                 arena_printf(c->arena, "%llu cases of the city, %llu of them settled now, %llu a second", (unsigned long long)r->done, (unsigned long long)r->settled, (unsigned long long)per_s));
    }
    buf_add_char(&c->out, '\n');
}

static int run_on_desk(struct cli *c, struct cases_run *r)
{
    const uint64_t begun = c->env->monotonic_ns(c->env);
    CHECK(pthread_mutex_init(&r->lock, NULL) == 0 && pthread_cond_init(&r->moved, NULL) == 0);
    buf_init(&r->bill, LIMIT_JSON_BYTES);
    buf_init(&r->answer, ANSWER_BYTES);
    const struct status s = rounds_run(r);
    buf_done(&r->bill);
    buf_done(&r->answer);
    cases_desk_close(r->desk);
    (void)pthread_cond_destroy(&r->moved);
    (void)pthread_mutex_destroy(&r->lock);
    if (status_failed(s)) return cli_fail(c, s, NULL);
    if (r->code == CLI_OK) done_print(c, r, (c->env->monotonic_ns(c->env) - begun) / 1'000'000);
    return r->code;
}

int cli_demo_cases(struct cli *c)
{
    int64_t count = 0, lines = 0, run = RUN_DEFAULT;
    struct cases_run r = {.c = c};
    struct cases_desk_options o = {.env = c->env};
    if (!c->option[CLI_COUNT]) return cli_usage(c, "option-missing", "缺少选项", "an option is missing", "--count N");
    if (!cli_number(c, CLI_COUNT, 1, COUNT_MAX, &count) || !cli_number(c, CLI_LINES_OF, 1, LIMIT_BILL_LINES, &lines)) return CLI_BAD_INPUT;
    if (!cli_store_option(c, &o) || !cli_demo_city(c, &run, &r.city)) return CLI_BAD_INPUT;
    r.bills = (struct city_bill_options){.lines = (uint32_t)lines, .covered = c->option[CLI_COVERED] != NULL, .consent = true};
    r.number = (uint64_t)run;
    r.end = (uint64_t)count;
    o.allow_doubtful = true; /* the city shows plans of grade D, visibly */
    const struct status s = cases_desk_open(c->arena, &o, &r.desk);
    if (status_failed(s)) return cli_open_failed(c, s);
    return run_on_desk(c, &r);
}
