/* cli/cmd_demo — `yijie demo load`: the demonstration city into a store; `yijie demo bills`: bills of its persons as JSON lines, ready to be sent as trials.
 *
 * The city goes in through the same changes as anybody's registry, in batches; what stands already is no change, so a load that was interrupted is simply run
 * again. DIR/demo.json remembers how many persons and which seed, for the bills.
 */
#include "cli/demo.h"
#include "cli/files.h"
#include "cli/session.h"

#include "cases/cases.h"

#include <stdlib.h>
#include <string.h>

enum { DEMO_BATCH = 250, DEMO_PERSONS = 100'000, DEMO_NOTE_BYTES = 4'096 };

struct demo {
    struct cli *c;
    struct cli_session *session;
    struct buf body;
    int code;
};

static struct str note_path(struct cli *c) { return arena_printf(c->arena, "%s/demo.json", c->option[CLI_DATA]); }

static struct status note_write(struct cli *c, const struct city *city)
{
    if (!c->option[CLI_DATA]) return STATUS_OK;
    struct buf text;
    struct json_writer w;
    buf_init(&text, DEMO_NOTE_BYTES);
    json_writer_init(&w, &text, true);
    json_begin_object(&w);
    json_member_i64(&w, STR("persons"), city->person_count);
    json_member_i64(&w, STR("seed"), (int64_t)city->seed);
    json_end_object(&w);
    buf_add_char(&text, '\n');
    const struct status s = cli_file_replace(c, note_path(c).p, buf_view(&text));
    buf_done(&text);
    return s;
}

/* Persons and seed as the load noted them; options win. */
static struct status note_read(struct cli *c, int64_t *persons, int64_t *seed)
{
    if (!c->option[CLI_DATA] || c->option[CLI_PERSONS]) return STATUS_OK;
    struct str text;
    const struct json *v = NULL;
    TRY(cli_file_read_if_any(c, note_path(c).p, DEMO_NOTE_BYTES, &text));
    if (text.n == 0) return STATUS_OK;
    TRY(json_parse(c->arena, text, &v));
    int64_t n = 0, s = 0;
    const struct json *count = json_get(v, STR("persons")), *from = json_get(v, STR("seed"));
    if (!count || !from || !json_to_i64(count, &n) || !json_to_i64(from, &s) || n < 1 || n > CITY_PERSONS_MAX || s < 0) {
        return status_error(c->arena, (struct error){.code = "demo-note", .place = note_path(c), .zh = STR("演示城市的记录损坏"), .en = STR("the note of the demonstration city is damaged"),
            .hint_zh = STR("重新运行 yijie demo load，或给出 --persons 与 --seed"), .hint_en = STR("run yijie demo load again, or give --persons and --seed")});
    }
    *persons = n;
    if (!c->option[CLI_SEED]) *seed = s;
    return STATUS_OK;
}

/* Sends what stands in the body; false when it was refused: then the answer was printed. */
static bool batch_send(struct demo *d)
{
    const struct arena_mark mark = arena_mark(d->c->arena);
    int status = 0;
    struct str answer = STR("");
    const struct status s = d->body.failed ? status_memory()
                                           : cli_session_send(d->session, d->c->arena, "POST", STR("/v1/changes"), buf_view(&d->body), "application/json", &status, &answer);
    if (status_failed(s)) d->code = cli_fail(d->c, s, NULL);
    else if (status < 200 || status > 299) {
        cli_progress_end(d->c);
        d->code = cli_problem(d->c, status, answer, NULL);
    }
    arena_rewind(d->c->arena, mark);
    return d->code == CLI_OK;
}

static struct json_writer body_begin(struct demo *d)
{
    struct json_writer w;
    buf_clear(&d->body);
    json_writer_init(&w, &d->body, false);
    return w;
}

static void city_send(struct demo *d, const struct city *city)
{
    struct json_writer w = body_begin(d);
    city_texts_write(&w);
    if (!batch_send(d)) return;
    w = body_begin(d);
    city_world_write(&w);
    if (!batch_send(d)) return;
    for (uint32_t at = 0; at < city->person_count; at += DEMO_BATCH) {
        cli_progress(d->c, "装入演示城市", "loading the demonstration city", at, city->person_count);
        w = body_begin(d);
        city_persons_write(city, at, DEMO_BATCH, &w);
        if (!batch_send(d)) return;
    }
    cli_progress_end(d->c);
}

static bool city_option(struct cli *c, bool noted, struct city *ret)
{
    int64_t persons = DEMO_PERSONS, seed = 1;
    const struct status s = noted ? note_read(c, &persons, &seed) : STATUS_OK;
    if (status_failed(s)) {
        (void)cli_fail(c, s, NULL);
        return false;
    }
    if (!cli_number(c, CLI_PERSONS, 1, CITY_PERSONS_MAX, &persons) || !cli_number(c, CLI_SEED, 0, UINT32_MAX, &seed)) return false;
    *ret = (struct city){.seed = (uint64_t)seed, .person_count = (uint32_t)persons};
    return true;
}

static void done_print(struct cli *c, const struct city *city)
{
    if (c->json) {
        struct json_writer w;
        json_writer_init(&w, &c->out, false);
        json_begin_object(&w);
        json_member_i64(&w, STR("persons"), city->person_count);
        json_member_i64(&w, STR("seed"), (int64_t)city->seed);
        json_member_i64(&w, STR("hospitals"), CITY_HOSPITALS);
        json_member_i64(&w, STR("insurers"), CITY_INSURERS);
        json_end_object(&w);
        buf_add_char(&c->out, '\n');
        return;
    }
    cli_text(c, &c->out, arena_printf(c->arena, "已装入演示城市：%u 人，%d 家医疗机构，%d 家保险公司", (unsigned)city->person_count, CITY_HOSPITALS, CITY_INSURERS),
             arena_printf(c->arena, "the demonstration city is loaded: %u persons, %d hospitals, %d insurers", (unsigned)city->person_count, CITY_HOSPITALS, CITY_INSURERS));
    buf_add_char(&c->out, '\n');
}

/* The city shows plans of grade D, visibly: a server on this folder may use them without being told again. Settings that stand already are left alone. */
static struct status config_write(struct cli *c)
{
    if (!c->option[CLI_DATA]) return STATUS_OK;
    static const char text[] = "# 演示城市：允许 D 级计划，答复中标明“演示”\n# the demonstration city: plans of grade D are used, and every answer says so\nallow_doubtful = yes\n";
    TRY(c->env->dir_make(c->env, c->arena, str_from(c->option[CLI_DATA])));
    const struct status s = c->env->file_create(c->env, c->arena, arena_printf(c->arena, "%s/config", c->option[CLI_DATA]), STR(text));
    return status_failed(s) && strcmp(s.err->code, "file-exists") == 0 ? STATUS_OK : s;
}

int cli_demo_load(struct cli *c)
{
    struct demo d = {.c = c};
    struct city city;
    struct cases_desk_options place;
    if (!cli_store_option(c, &place) || !city_option(c, false, &city)) return CLI_BAD_INPUT;
    struct status s = config_write(c);
    if (status_failed(s)) return cli_fail(c, s, NULL);
    s = cli_session_open(c, &d.session);
    if (status_failed(s)) return cli_open_failed(c, s);
    buf_init(&d.body, LIMIT_JSON_BYTES);
    city_send(&d, &city);
    buf_done(&d.body);
    cli_session_close(d.session);
    if (d.code != CLI_OK) return d.code;
    s = note_write(c, &city);
    if (status_failed(s)) return cli_fail(c, s, NULL);
    done_print(c, &city);
    return CLI_OK;
}

bool cli_demo_city(struct cli *c, int64_t *run, struct city *ret)
{
    if (!cli_number(c, CLI_SEED, 0, UINT32_MAX, run)) return false;
    const char *given = c->option[CLI_SEED];
    c->option[CLI_SEED] = NULL; /* the city's own seed is in its note */
    const bool known = city_option(c, true, ret);
    c->option[CLI_SEED] = given;
    return known;
}

int cli_demo_bills(struct cli *c)
{
    struct city city;
    int64_t count = 1, lines = 0, run = 1;
    if (!c->option[CLI_COUNT]) return cli_usage(c, "option-missing", "缺少选项", "an option is missing", "--count N");
    if (!cli_number(c, CLI_COUNT, 1, 10'000'000, &count) || !cli_number(c, CLI_LINES_OF, 1, LIMIT_BILL_LINES, &lines) || !cli_demo_city(c, &run, &city)) return CLI_BAD_INPUT;
    const struct city_bill_options o = {.lines = (uint32_t)lines, .covered = c->option[CLI_COVERED] != NULL, .consent = true};
    for (int64_t n = 0; n < count; n++) {
        struct json_writer w;
        json_writer_init(&w, &c->out, false);
        city_bill_write(&city, (uint64_t)run, (uint64_t)n, &o, &w);
        buf_add_char(&c->out, '\n');
        if (c->out.n < 1 << 20) continue;
        const struct status s = c->env->output(c->env, c->arena, 1, buf_view(&c->out));
        if (status_failed(s)) return cli_fail(c, s, NULL);
        buf_clear(&c->out);
    }
    return CLI_OK;
}
