/* cases/engine/worker — the life of a worker: take what waits, run it as groups, look after clocks and the log of the store in between. */
#include "cases/engine/engine.h"

#include <string.h>

void engine_answer(struct cases_command *cmd)
{
    struct cases_desk *d = cmd->desk;
    METRIC_ADD(d, commands[cmd->op], 1);
    if (cmd->outcome.refusal || (cmd->outcome.error && !cmd->failure.err)) METRIC_ADD(d, refused, 1);
    cmd->done(cmd->user, cmd);
}

/* ---- clocks that fire ---------------------------------------------------------------------------------------------------- */

enum { DUE_AGAIN_MS = 60'000 };

static void due_done(void *user, struct cases_command *cmd)
{
    bool *did = user;
    *did = cmd->outcome.event_count > 0;
    cases_command_free(cmd);
}

static int64_t due_next(struct engine_worker *w)
{
    struct cases_desk *d = w->desk;
    int64_t next = __atomic_load_n(&d->due_next_ms, __ATOMIC_RELAXED);
    if (next) return next;
    const struct store_value shard = STORE_I(0);
    struct store_rows rows = {0};
    const int64_t later = d->env->now_ms(d->env) + DUE_AGAIN_MS;
    arena_reset(&w->scratch);
    const struct status s = store_read(w->connection, &w->scratch, set_statement(SET_TASK_NEXT), &shard, 1, &rows);
    const bool some = !status_failed(s) && rows.count && !store_row(&rows, 0)[0].null;
    next = some ? i64_max(store_row(&rows, 0)[0].i, 1) : d->quotes ? INT64_MAX : later; /* PostgreSQL: other processes make tasks too */
    if (status_failed(s)) next = later;
    __atomic_store_n(&d->due_next_ms, next, __ATOMIC_RELAXED);
    return next;
}

/* Runs what is due as a command of the server itself. */
static void due_run(struct engine_worker *w)
{
    struct cases_desk *d = w->desk;
    struct cases_command *cmd = NULL;
    const struct cases_caller self = {.institution = STR(""), .role = STR("server")};
    struct cases_command_list one = {0}, again = {0};
    bool did = false;
    if (!cases_ops[CASES_DUE].decide || w->number != 0 || due_next(w) > d->env->now_ms(d->env)) return;
    if (status_failed(cases_command_new(d, CASES_DUE, &self, STR(""), STR(""), STR(""), STR(""), &cmd, NULL))) {
        if (cmd) cases_command_free(cmd);
        return;
    }
    cmd->done = due_done;
    cmd->user = &did;
    command_list_add(&one, cmd);
    engine_group_run(w, &one, &again);
    CHECK(again.count == 0);
    __atomic_store_n(&d->due_next_ms, did ? 0 : d->env->now_ms(d->env) + DUE_AGAIN_MS, __ATOMIC_RELAXED);
}

/* ---- lapsed quotes of the table ---------------------------------------------------------------------------------------- */

enum { SWEEP_MS = 60'000 };

/* Working data: a sweep that fails is done again a minute later. */
static struct status quotes_sweep(struct engine_worker *w, int64_t now)
{
    const struct store_value until = STORE_I(now);
    arena_reset(&w->scratch);
    TRY(store_begin(w->connection, &w->scratch));
    struct store_tx tx STORE_TX_CLEANUP = {w->connection};
    TRY(store_write(w->connection, &w->scratch, set_statement(SET_QUOTE_SWEEP), &until, 1));
    TRY(store_commit(w->connection, &w->scratch));
    tx.c = NULL;
    return STATUS_OK;
}

static void quotes_sweep_when_due(struct engine_worker *w)
{
    const int64_t now = w->desk->env->now_ms(w->desk->env);
    if (w->desk->quotes || w->number != 0 || now - w->swept_ms < SWEEP_MS) return;
    w->swept_ms = now;
    if (status_failed(quotes_sweep(w, now))) METRIC_ADD(w->desk, failed, 1);
}

/* ---- the log ----------------------------------------------------------------------------------------------------------------- */

static void checkpoint(struct engine_worker *w, bool idle)
{
    struct cases_desk *d = w->desk;
    uint64_t ns = 0;
    arena_reset(&w->scratch);
    const struct status s = idle ? store_checkpoint_idle(w->connection, &w->scratch, &ns) : store_checkpoint(w->connection, &w->scratch, false, &ns);
    if (status_failed(s)) METRIC_ADD(d, failed, 1);
    if (ns > __atomic_load_n(&d->metrics.checkpoint_ns_max, __ATOMIC_RELAXED)) __atomic_store_n(&d->metrics.checkpoint_ns_max, ns, __ATOMIC_RELAXED);
    __atomic_store_n(&d->metrics.log_bytes, store_log_bytes(w->connection), __ATOMIC_RELAXED);
    d->env->point(d->env, "group.checkpointed");
}

/* ---- groups --------------------------------------------------------------------------------------------------------------------- */

/* As many as may share a transaction: first those that were put off, then those just taken. An op that is `alone` is a group by itself; commands that were
 * put off too often go without new ones, so that the group may wait for its locks. */
static void group_next(struct engine_worker *w, struct cases_command_list *again, struct cases_command_list *taken, struct cases_command_list *ret)
{
    *ret = (struct cases_command_list){0};
    const bool patient = again->first && again->first->deferred >= ENGINE_DEFERRED_MAX;
    while (ret->count < w->desk->options.group_max) {
        struct cases_command_list *from = again->first ? again : taken;
        if (!from->first || (patient && from == taken) || (ret->count && cases_ops[from->first->op].alone)) return;
        const bool alone = cases_ops[from->first->op].alone;
        command_list_add(ret, command_list_take(from));
        if (alone) return;
    }
}

static bool queue_is_empty(struct cases_desk *d) { return __atomic_load_n(&d->metrics.queue_depth, __ATOMIC_RELAXED) == 0; }

void *engine_worker_main(void *worker)
{
    struct engine_worker *w = worker;
    struct cases_desk *d = w->desk;
    struct cases_command_list taken = {0};
    while (engine_queue_take(d, w->number == 0 ? due_next(w) : INT64_MAX, &taken)) {
        const uint64_t begun = d->env->monotonic_ns(d->env);
        struct cases_command_list again = {0}, group;
        do {
            struct cases_command_list later = {0};
            group_next(w, &again, &taken, &group);
            if (group.count) engine_group_run(w, &group, &later);
            while (again.first) command_list_add(&later, command_list_take(&again));
            again = later;
        } while (again.count || taken.count);
        due_run(w);
        quotes_sweep_when_due(w);
        checkpoint(w, queue_is_empty(d));
        METRIC_ADD(d, busy_ns_sum, d->env->monotonic_ns(d->env) - begun);
    }
    return NULL;
}
