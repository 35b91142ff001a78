/* cli/cmd_bench_server — `yijie bench server`: how many durable cases a second, and how long a call takes, on both stores.
 *
 * SQLite runs in a new folder under --data (default: the system's temporary folder), which is removed at the end. PostgreSQL runs on --store URL (a fresh database, its
 * owner's URL), else on a private cluster made by tools/pg where that is found. What cannot run is said and left out.
 */
#include "bench/bench.h"
#include "cli/bench_server.h"

#include "store/store.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIGURES_BYTES = 64 * 1024, PG_OUTPUT_BYTES = 16 * 1024, ROUNDS = 5, SECONDS = 3, PERSONS = 10'000, SEED = 2022 };
#define FLUSH_ROUND_NS UINT64_C(200'000'000)

/* ---- counting -------------------------------------------------------------------------------------------------------- */

#define COUNT_ROWS                                                                                                                                     \
    "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM cases) + (SELECT count(*) FROM shares) + (SELECT count(*) FROM transfers) + (SELECT count(*) FROM bills) + " \
    "(SELECT count(*) FROM commands) + (SELECT count(*) FROM tasks) + (SELECT count(*) FROM case_events), (SELECT count(*) FROM cases)"
static const struct store_statement count_rows = {.name = "bench.count-rows", .params = "", .results = "ii", .sqlite = COUNT_ROWS,
                                                  .postgres = "SELECT 1::bigint, * FROM (" COUNT_ROWS ") AS x"};

struct status bench_store_count(struct cli *c, struct str where, int64_t *ret_rows, int64_t *ret_bytes, int64_t *ret_cases)
{
    struct store *store = NULL;
    struct store_connection *reader = NULL;
    struct store_rows rows = {0};
    int64_t bytes = 0;
    const struct store_options o = {.env = c->env, .where = where};
    TRY(store_open(c->arena, &o, &store));
    struct status s = store_connect(store, STORE_READ, c->arena, &reader);
    if (!status_failed(s)) {
        s = store_read(reader, c->arena, &count_rows, NULL, 1, &rows);
        if (!status_failed(s)) s = store_size(reader, c->arena, &bytes);
        store_disconnect(reader);
    }
    store_close(store);
    TRY(s);
    *ret_rows = store_row(&rows, 0)[0].i;
    *ret_cases = store_row(&rows, 0)[1].i;
    *ret_bytes = bytes;
    return STATUS_OK;
}

/* ---- flushes --------------------------------------------------------------------------------------------------------- */

/* A value that changes: SQLite leaves a page alone when nothing on it differs. The server is closed, its data are thrown away. */
static const struct store_statement flush_one = {.name = "bench.flush", .params = "", .results = "", .sqlite = "UPDATE world_version SET version = version + 1",
                                                 .postgres = "UPDATE world_version SET version = version + 1"};

static struct status flushes_run(struct cli *c, struct store_connection *writer, int64_t *ret_per_s, uint32_t rounds)
{
    const struct env *e = c->env;
    struct arena a;
    struct status s = STATUS_OK;
    arena_init(&a, 1 << 24);
    for (uint32_t i = 0; i < rounds && !status_failed(s); i++) {
        const uint64_t begun = e->monotonic_ns(e);
        uint64_t now = begun, count = 0;
        for (; now - begun < FLUSH_ROUND_NS && !status_failed(s); now = e->monotonic_ns(e), count++) {
            arena_reset(&a);
            s = store_begin(writer, &a);
            if (!status_failed(s)) s = store_write(writer, &a, &flush_one, NULL, 1);
            if (!status_failed(s)) s = store_commit(writer, &a);
        }
        ret_per_s[i] = (int64_t)(count * 1'000'000'000 / (now - begun));
    }
    if (status_failed(s)) s = status_error(c->arena, *s.err);
    arena_done(&a);
    return s;
}

struct status bench_store_flushes(struct cli *c, struct str where, int64_t *ret_per_s, uint32_t rounds)
{
    struct store *store = NULL;
    struct store_connection *writer = NULL;
    const struct store_options o = {.env = c->env, .where = where};
    TRY(store_open(c->arena, &o, &store));
    struct status s = store_connect(store, STORE_OWNER, c->arena, &writer);
    if (!status_failed(s)) {
        s = flushes_run(c, writer, ret_per_s, rounds);
        if (status_failed(s)) store_rollback(writer);
        store_disconnect(writer);
    }
    store_close(store);
    return s;
}

/* ---- SQLite ---------------------------------------------------------------------------------------------------------- */

static struct status folder_make(struct cli *c, const char *above, struct str *ret)
{
    uint64_t number = 0;
    TRY(c->env->random_fill(c->env, c->arena, &number, sizeof number));
    *ret = arena_printf(c->arena, "%s/yijie-bench-%016llx", above, (unsigned long long)number);
    return c->env->dir_make(c->env, c->arena, *ret);
}

/* The files of the data folder, then the folder. */
static void folder_clear(struct cli *c, struct str folder)
{
    static const char *const names[] = {"yijie.db", "yijie.db-wal", "yijie.db-shm", "yijie.db.lock", "keys.json", "keys.json.lock", "socket", "lock"};
    for (size_t i = 0; i < COUNT_OF(names); i++) (void)c->env->file_remove(c->env, c->arena, arena_printf(c->arena, "%.*s/%s", STR_FMT(folder), names[i])).err;
    (void)c->env->dir_remove(c->env, c->arena, folder).err;
}

static struct status sqlite_run(struct cli *c, struct bench_store *b, const char *above, struct buf *figures)
{
    TRY(folder_make(c, above, &b->where));
    const struct status s = bench_store_run(c, b, figures);
    folder_clear(c, b->where);
    return s;
}

/* ---- PostgreSQL -------------------------------------------------------------------------------------------------------- */

/* The word behind NAME at the beginning of a line. */
static struct str line_word(struct str text, struct str name)
{
    for (size_t at = 0; at < text.n;) {
        size_t n = 0;
        while (at + n < text.n && text.p[at + n] != '\n') n++;
        const struct str whole = {text.p + at, n};
        if (str_starts(whole, name) && n > name.n && whole.p[name.n] == ' ') return (struct str){whole.p + name.n + 1, n - name.n - 1};
        at += n + 1;
    }
    return STR("");
}

struct cluster {
    const char *tool;
    struct str folder, owner;
};

/* tools/pg in the working directory, or two folders above it (a build directory). */
static bool cluster_start(struct cli *c, const char *above, struct cluster *ret)
{
    static const char *const places[] = {"tools/pg", "../../tools/pg"};
    struct str output = STR("");
    int code = 1;
    uint64_t number = 0;
    if (status_failed(c->env->random_fill(c->env, c->arena, &number, sizeof number))) return false;
    ret->folder = arena_printf(c->arena, "%s/yijie-bench-pg-%016llx", above, (unsigned long long)number);
    for (size_t i = 0; i < COUNT_OF(places) && code != 0; i++) {
        const struct status s = c->env->run(c->env, c->arena, (const char *const[]){places[i], "start", ret->folder.p, NULL}, PG_OUTPUT_BYTES, &output, &code);
        if (status_failed(s)) code = 1;
        ret->tool = places[i];
    }
    ret->owner = line_word(output, STR("owner"));
    return code == 0 && ret->owner.n > 0;
}

static void cluster_stop(struct cli *c, const struct cluster *k)
{
    struct str output = STR("");
    int code = 0;
    (void)c->env->run(c->env, c->arena, (const char *const[]){k->tool, "stop", k->folder.p, NULL}, PG_OUTPUT_BYTES, &output, &code).err;
}

static struct status postgres_run(struct cli *c, struct bench_store *b, const char *above, struct buf *figures)
{
    struct str folder = STR("");
    TRY(bench_interrupted(c));
    TRY(folder_make(c, above, &folder));
    b->keys = arena_printf(c->arena, "%.*s/keys.json", STR_FMT(folder));
    struct status s = bench_ledger(c->env, (struct bench_ledger_options){.owner_url = b->where, .scratch = folder, .round_ms = 1'200}, figures);
    if (!status_failed(s)) s = bench_store_run(c, b, figures);
    folder_clear(c, folder);
    return s;
}

/* ---- the command ----------------------------------------------------------------------------------------------------------- */

static int figures_print(struct cli *c, struct buf *figures, struct status s)
{
    if (status_failed(s)) {
        (void)fprintf(c->err, "%.*s", STR_FMT(buf_view(figures)));
        buf_done(figures);
        return cli_fail(c, s, NULL);
    }
    cli_figures_print(c, buf_view(figures));
    buf_done(figures);
    return CLI_OK;
}

static void signals_of(sigset_t *ret)
{
    (void)sigemptyset(ret);
    (void)sigaddset(ret, SIGTERM);
    (void)sigaddset(ret, SIGINT);
}

/* The signals are blocked: they wait here until a round is over. */
struct status bench_interrupted(struct cli *c)
{
    sigset_t set;
    signals_of(&set);
    const struct timespec now = {.tv_sec = 0};
    if (sigtimedwait(&set, NULL, &now) <= 0) return STATUS_OK;
    cli_progress_end(c);
    return status_error(c->arena, (struct error){.code = "interrupted", .zh = STR("测量已中断；所启动的都已停止并删除"), .en = STR("interrupted; what was started is stopped and removed")});
}

static struct status both_run(struct cli *c, struct bench_store *b, struct buf *figures)
{
    const char *above = c->option[CLI_DATA] ? c->option[CLI_DATA] : "/tmp";
    TRY(sqlite_run(c, b, above, figures));
    TRY(bench_interrupted(c));
    struct cluster cluster = {0};
    const bool own = !c->option[CLI_STORE] && cluster_start(c, above, &cluster);
    struct status s = STATUS_OK;
    b->name = "postgres";
    b->where = own ? cluster.owner : str_from(c->option[CLI_STORE]);
    if (b->where.n > 0) s = postgres_run(c, b, above, figures);
    else (void)fprintf(c->err, "没有 PostgreSQL：未给出 --store，也不能由 tools/pg 启动 / no PostgreSQL: --store was not given, and tools/pg could not start one\n");
    if (own) cluster_stop(c, &cluster);
    return s;
}

int cli_bench_server(struct cli *c)
{
    int64_t persons = PERSONS, seconds = SECONDS, rounds = ROUNDS;
    if (!cli_number(c, CLI_PERSONS, 100, CITY_PERSONS_MAX, &persons) || !cli_number(c, CLI_SECONDS, 1, 3'600, &seconds) || !cli_number(c, CLI_COUNT, 1, BENCH_ROUNDS_MAX, &rounds)) {
        return CLI_BAD_INPUT;
    }
    struct buf figures;
    buf_init(&figures, FIGURES_BYTES);
    struct bench_store b = {.name = "sqlite", .city = {.seed = SEED, .person_count = (uint32_t)persons}, .rounds = (uint32_t)rounds, .seconds = (uint32_t)seconds};
    sigset_t set, before; /* before the first thread starts: what was begun is cleared away also after Ctrl-C */
    signals_of(&set);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, &before) == 0);
    const struct status s = both_run(c, &b, &figures);
    const int code = figures_print(c, &figures, s);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return code;
}
