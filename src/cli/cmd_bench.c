/* cli/cmd_bench — `yijie bench plan`: the figures of the bench room, `name value unit`, one a line; with --json an object a line. */
#include "bench/bench.h"
#include "cli/command.h"

enum { FIGURES_BYTES_MAX = 64 * 1024 };

/* The next word of a line; empty behind the last. */
static struct str word_next(struct str *line)
{
    size_t n = 0;
    while (n < line->n && line->p[n] != ' ') n++;
    struct str word = {line->p, n};
    size_t used = n < line->n ? n + 1 : n;
    *line = (struct str){line->p + used, line->n - used};
    return word;
}

static void figure_json(struct cli *c, struct str line)
{
    struct json_writer w;
    json_writer_init(&w, &c->out, false);
    json_begin_object(&w);
    json_member_string(&w, STR("name"), word_next(&line));
    json_name(&w, STR("value"));
    json_raw(&w, word_next(&line));
    json_member_string(&w, STR("unit"), word_next(&line));
    json_end_object(&w);
    buf_add_char(&c->out, '\n');
}

void cli_figures_print(struct cli *c, struct str figures)
{
    if (!c->json) buf_add(&c->out, figures);
    for (size_t at = 0; c->json && at < figures.n;) {
        size_t n = 0;
        while (at + n < figures.n && figures.p[at + n] != '\n') n++;
        figure_json(c, (struct str){figures.p + at, n});
        at += n + 1;
    }
}

int cli_bench_plan(struct cli *c)
{
    struct buf figures;
    buf_init(&figures, FIGURES_BYTES_MAX);
    struct status status = bench_plan(c->env, &figures);
    if (status_failed(status)) {
        fprintf(c->err, "%.*s", STR_FMT(buf_view(&figures)));
        buf_done(&figures);
        return cli_fail(c, status, NULL);
    }
    cli_figures_print(c, buf_view(&figures));
    buf_done(&figures);
    return CLI_OK;
}
