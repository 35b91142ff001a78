/* cases/engine/group — one group of commands: needs → decide and fold, one after another → head row → flush → append → commit → answers.
 *
 * Invariants: nothing is answered before the commit that holds it (and what it was read from) is durable; a refusal changes nothing; when the SQL of a group fails, all
 * is rolled back and the commands are done one by one, each in its own transaction, so that only the culprit fails; what is decided sees all that was decided
 * before it in the group, as if each had been alone.
 */
#include "cases/engine/engine.h"

#include <string.h>

struct group {
    struct engine_worker *worker;
    struct cases_context context;
    struct cases_command **commands;
    uint32_t command_count;
    struct cases_command_list *again;     /* what goes into the next group */
    struct journal_event *events;
    uint32_t event_count, event_cap;
    bool any_again, world_changed, touched_tasks, writes, doubted;
};
enum group_end { GROUP_DONE, GROUP_RETRY, GROUP_SINGLE, GROUP_DOUBT };

static bool code_is(struct status s, const char *code) { return strcmp(s.err->code, code) == 0; }

/* Would the same again succeed? */
static bool passes(struct status s) { return code_is(s, "set-stale") || code_is(s, "store-conflict") || code_is(s, "store-lost") || code_is(s, "store-busy"); }

/* ---- reading ahead -------------------------------------------------------------------------------------------------------- */

static struct status load(struct group *g)
{
    struct engine_worker *w = g->worker;
    arena_reset(&w->scratch);
    return cases_set_load(g->context.set, w->connection, &w->scratch);
}

/* The same idempotency key seen before. Trials keep theirs in the quote. */
static bool key_needs(struct group *g, struct cases_command *cmd)
{
    const struct cases_done_command *before = NULL;
    if (cmd->op == CASES_TRIAL || id128_is_zero(&cmd->key)) return true;
    return cases_command_get(g->context.set, &cmd->key, &before) != SET_WAIT;
}

/* The cover that a case's id carries is touched before anything of the case: it is locked before they are read, so what is read is what is so while the
 * lock is held. A case, its command or its quote read first would tell what was so before somebody else had done the same. */
static bool cover_needs(struct group *g, const struct cases_command *cmd)
{
    struct cases_cover *cover = NULL;
    return id128_is_zero(&cmd->id) || cases_cover_get(g->context.set, (int64_t)id128_carried(&cmd->id), &cover) != SET_WAIT;
}

static bool command_needs(struct group *g, struct cases_command *cmd)
{
    const struct cases_op_functions *op = &cases_ops[cmd->op];
    struct cases_set_tables *t = g->context.set->tables;
    g->context.set->locking = !op->reads_only;
    t->met_taken = false;
    const bool cover = cover_needs(g, cmd), key = key_needs(g, cmd);
    const bool ready = (!op->needs || op->needs(&g->context, cmd)) && cover && key;
    if (t->met_taken) cmd->outcome.defer = true; /* another worker is at this cover: next time */
    return ready || cmd->outcome.defer;
}

/* How often a command may read ahead: one that walks the cases of a cover has a transaction of its own. */
static int rounds_of(const struct cases_command *cmd) { return cases_ops[cmd->op].alone ? ENGINE_ROUNDS_ALONE : ENGINE_ROUNDS_MAX; }

static struct status needs_all(struct group *g)
{
    const int rounds = g->command_count && g->commands[0] ? rounds_of(g->commands[0]) : ENGINE_ROUNDS_MAX;
    for (int round = 0; round < rounds; round++) {
        bool ready = true;
        for (uint32_t i = 0; i < g->command_count; i++) ready = command_needs(g, g->commands[i]) && ready;
        if (ready && !cases_set_waits(g->context.set)) return STATUS_OK;
        TRY(load(g));
    }
    return STATUS_OK; /* who still waits loads more for itself */
}

/* ---- deciding -------------------------------------------------------------------------------------------------------------- */

/* Deciding has touched all covers that it changes; should one be taken all the same, the group begins anew. */
static struct status taken_late(struct arena *a)
{
    return status_error(a, (struct error){.code = "set-stale", .place = STR("covers"), .zh = STR("读取期间数据已变更"),
        .en = STR("what was read has changed meanwhile"), .hint_zh = STR("系统会自动重做"), .hint_en = STR("it is done again by itself")});
}

static struct status fold_one(struct group *g, struct cases_command *cmd, uint32_t i)
{
    struct cases_outcome *o = &cmd->outcome;
    struct journal_event *ev = &o->events[i];
    const struct cases_effect *effect = o->effects ? o->effects[i] : NULL;
    ev->seq = CASES_SEQ_PROVISIONAL + g->event_count;
    ev->at_ms = g->context.now_ms;
    g->context.set->locking = true;
    g->context.set->tables->met_taken = false;
    for (int round = 0; !o->folded && !cases_fold_needs(g->context.set, ev, effect); round++) {
        CHECK(round < ENGINE_ROUNDS_MAX);
        if (g->context.set->tables->met_taken) return taken_late(&g->worker->scratch);
        TRY(load(g));
    }
    if (!o->folded) TRY(cases_fold(g->context.set, ev, effect));
    struct journal_event *slot = ARENA_PUSH(&g->worker->arena, g->events, g->event_count, g->event_cap);
    if (!slot) return status_memory();
    *slot = *ev;
    g->context.next_seq = CASES_SEQ_PROVISIONAL + g->event_count;
    if (effect && effect->task_count) g->touched_tasks = true;
    return STATUS_OK;
}

static struct status outcome_apply(struct group *g, struct cases_command *cmd)
{
    struct cases_outcome *o = &cmd->outcome;
    if (cases_ops[cmd->op].alone && o->http >= 400) o->event_count = 0; /* what it folded is thrown away with the set */
    for (uint32_t i = 0; i < o->event_count; i++) TRY(fold_one(g, cmd, i));
    if (!id128_is_zero(&o->quote_drop)) cases_quote_drop(g->context.set, &o->quote_drop);
    if (o->quote) TRY(cases_quote_put(g->context.set, o->quote));
    for (uint32_t i = 0; i < o->document_count; i++) TRY(cases_document_put(g->context.set, &o->documents[i]));
    g->any_again = g->any_again || o->again;
    g->world_changed = g->world_changed || o->world_changed;
    g->writes = g->writes || o->event_count || o->document_count || o->quote || !id128_is_zero(&o->quote_drop);
    return STATUS_OK;
}

/* The key was used before: for this very request (then it is answered from what is recorded) or for another. */
static bool key_decide(struct group *g, struct cases_command *cmd)
{
    const struct cases_done_command *before = NULL;
    cmd->before = NULL;
    if (cmd->op == CASES_TRIAL || id128_is_zero(&cmd->key)) return true;
    if (cases_command_get(g->context.set, &cmd->key, &before) != SET_FOUND) return true;
    if (before->op == cmd->op && id128_equal(&before->body, &cmd->body_hash)) {
        cmd->before = before;
        return true;
    }
    cmd->outcome.refusal = CASES_REFUSED_KEY_REUSED;
    cmd->outcome.http = cases_refusal_http(CASES_REFUSED_KEY_REUSED);
    return false;
}

/* Fails only when the set can no longer be trusted; what goes wrong with the command alone is its own failure. */
static struct status command_decide(struct group *g, struct cases_command *cmd)
{
    const struct cases_op_functions *op = &cases_ops[cmd->op];
    bool begun = false; /* an `alone` one keeps its place from round to round */
    for (int round = 0; round < rounds_of(cmd); round++) {
        g->context.set->locking = !op->reads_only;
        if (!(begun && op->alone) && !command_needs(g, cmd)) {
            TRY(load(g));
            continue;
        }
        if (cmd->outcome.defer && g->context.set->tables->met_taken) return STATUS_OK;
        if (!op->alone) cmd->outcome = (struct cases_outcome){0};
        if (!(begun && op->alone) && !key_decide(g, cmd)) return STATUS_OK;
        begun = true;
        const struct status s = op->decide(&g->context, cmd);
        if (status_failed(s)) {
            engine_fail(cmd, s, s.err == status_memory().err ? 503 : 500);
            return STATUS_OK;
        }
        if (cmd->outcome.http || cmd->outcome.defer) return STATUS_OK;
        if (g->context.set->tables->met_taken) {
            cmd->outcome = (struct cases_outcome){.defer = true};
            return STATUS_OK;
        }
        if (cases_set_waits(g->context.set)) TRY(load(g));
    }
    engine_fail(cmd, status_error(&cmd->arena, (struct error){.code = "command-too-wide", .zh = STR("该操作牵涉的数据过多"),
        .en = STR("the command touches too much"), .hint_zh = STR("请稍后重试"), .hint_en = STR("try again later")}), 500);
    return STATUS_OK;
}

static struct status decide_all(struct group *g)
{
    for (uint32_t i = 0; i < g->command_count; i++) {
        struct cases_command *cmd = g->commands[i];
        TRY(command_decide(g, cmd));
        if (cmd->outcome.defer) { /* it waits for an event of this group, or for another worker */
            CHECK(g->event_count > 0 || g->context.set->tables->met_taken);
            cmd->deferred++;
            cmd->outcome = (struct cases_outcome){0};
            METRIC_ADD(g->worker->desk, deferred, 1);
            command_list_add(g->again, cmd);
            g->commands[i] = NULL;
            continue;
        }
        if (!cmd->products) cmd->products = cases_products_hold(g->context.products);
        TRY(outcome_apply(g, cmd));
        if (!g->world_changed) continue;
        for (uint32_t k = i + 1; k < g->command_count; k++) { /* they must see the new world */
            command_list_add(g->again, g->commands[k]);
            g->commands[k] = NULL;
        }
        return STATUS_OK;
    }
    return STATUS_OK;
}

/* ---- writing ---------------------------------------------------------------------------------------------------------------- */

/* The library that cases of this group name must be in `texts` before they are. */
static struct status libraries_put(struct group *g)
{
    struct engine_worker *w = g->worker;
    for (uint32_t i = 0; i < g->command_count; i++) {
        const struct cases_outcome *o = g->commands[i] ? &g->commands[i]->outcome : NULL;
        for (uint32_t k = 0; o && o->effects && k < o->event_count; k++) {
            const struct cases_effect *e = o->effects[k];
            static const struct digest none = {{0}};
            if (!e || digest_equal(&e->library, &none) || digest_equal(&e->library, &w->library_known)) continue;
            const struct cases_library *l = cases_products_recorded(g->context.products, &e->library);
            if (!l) continue; /* recorded before: its text is there */
            const struct store_value row[] = {STORE_S(((struct str){(const char *)e->library.b, sizeof e->library.b})), STORE_S(STR("library")),
                STORE_S(STR("")), STORE_S(cases_library_manifest(l))};
            TRY(store_write(w->connection, &w->scratch, set_statement(SET_TEXT_PUT), row, 1));
            w->library_known = e->library;
        }
    }
    return STATUS_OK;
}

static struct status group_write(struct group *g)
{
    struct engine_worker *w = g->worker;
    const struct env *env = w->desk->env;
    const int32_t shard = g->context.set->shard;
    struct journal_head head = {0};
    arena_reset(&w->scratch);
    if (g->event_count) TRY(journal_head_lock(w->connection, &w->scratch, shard, &head));
    cases_set_seq_base(g->context.set, head.size);
    TRY(cases_set_flush(g->context.set, w->connection, &w->scratch));
    TRY(libraries_put(g));
    env->point(env, "group.flushed");
    if (g->event_count) TRY(journal_append_locked(w->connection, &w->scratch, &w->hash, shard, &head, g->events, g->event_count));
    env->point(env, "group.appended");
    const uint64_t begun = env->monotonic_ns(env);
    TRY(store_commit(w->connection, &w->scratch));
    METRIC_ADD(w->desk, commit_ns_sum, env->monotonic_ns(env) - begun);
    w->last_ms = i64_max(w->last_ms, g->event_count ? head.at_ms : 0);
    return STATUS_OK;
}

/* ---- a commit whose outcome is unknown ------------------------------------------------------------------------------------------ */

static void group_doubt(struct group *g)
{
    g->doubted = true;
    for (uint32_t i = 0; i < g->command_count; i++) {
        struct cases_command *cmd = g->commands[i];
        if (!cmd) continue;
        cmd->in_doubt = true;
        cmd->outcome.http = 202;
        engine_answer(cmd);
        g->commands[i] = NULL;
    }
}

/* All of a group is there or nothing of it: its first event tells. */
static struct status committed_ask(struct engine_worker *w, const struct journal_event *first, bool *ret)
{
    struct journal_event found;
    struct journal_head head;
    arena_reset(&w->scratch);
    TRY(store_begin(w->connection, &w->scratch));
    struct store_tx tx STORE_TX_CLEANUP = {w->connection};
    (void)tx;
    TRY(journal_head_read(w->connection, &w->scratch, 0, &head));
    *ret = false;
    if (head.size <= first->seq) return STATUS_OK;
    TRY(journal_get(w->connection, &w->scratch, 0, &first->seq, 1, &found));
    *ret = digest_equal(&found.leaf, &first->leaf);
    return STATUS_OK;
}

/* Asks until the store answers; after a while the callers are told that it is in doubt. */
static enum group_end outcome_find(struct group *g)
{
    struct engine_worker *w = g->worker;
    const struct env *env = w->desk->env;
    if (g->event_count == 0) return GROUP_RETRY; /* nothing of value was written */
    const struct journal_event first = g->events[0];
    const uint64_t begun = env->monotonic_ns(env);
    for (uint32_t wait = 10;; wait = wait < 1000 ? wait * 2 : 1000) {
        bool committed = false;
        if (!status_failed(committed_ask(w, &first, &committed))) {
            if (!committed) return g->doubted ? GROUP_DOUBT : GROUP_RETRY;
            /* It is seen; whether a synchronous standby has it, only a barrier tells (the server may have given up waiting for it). */
            if (!status_failed(store_barrier(w->connection, &w->scratch))) return GROUP_DONE;
        }
        if (env->monotonic_ns(env) - begun > (uint64_t)ENGINE_DOUBT_MS * 1'000'000) group_doubt(g);
        if (__atomic_load_n(&w->desk->queue.closing, __ATOMIC_RELAXED) && env->monotonic_ns(env) - begun > (uint64_t)ENGINE_DOUBT_MS * 2'000'000) {
            group_doubt(g); /* the one who starts the server again, or asks again, will know */
            return GROUP_DOUBT;
        }
        env->wait_ms(env, wait);
    }
}

/* ---- the whole --------------------------------------------------------------------------------------------------------------------- */

/* A group of huge bills leaves no huge memory behind. */
static void arena_renew(struct arena *a)
{
    if (a->bytes_peak <= ENGINE_GROUP_WARM_BYTES) {
        arena_reset(a);
        return;
    }
    arena_done(a);
    arena_init(a, ENGINE_GROUP_BYTES);
}

static struct status group_begin(struct group *g)
{
    struct engine_worker *w = g->worker;
    struct cases_desk *d = w->desk;
    arena_renew(&w->arena);
    arena_renew(&w->scratch);
    struct cases_set *set = NULL;
    TRY(store_begin(w->connection, &w->scratch));
    if (store_connection_kind(w->connection) == STORE_POSTGRES) {
        struct journal_head head; /* other processes append too, and change the world */
        TRY(journal_head_read(w->connection, &w->scratch, 0, &head));
        w->last_ms = i64_max(w->last_ms, head.at_ms);
    }
    if (w->world_stale || store_connection_kind(w->connection) == STORE_POSTGRES) TRY(engine_world_renew(d, w->connection, &w->scratch));
    w->world_stale = false;
    engine_world_take(d, &w->world, &w->products);
    TRY(cases_set_new(&w->arena, d->keys, 0, &set));
    const int64_t now = i64_max(d->env->now_ms(d->env), w->last_ms);
    registry_set_sealer(set->registry, &w->sealer);
    set->tables->quotes_memory = d->quotes;
    set->tables->products = w->products;
    set->tables->now_ms = now;
    set->tables->writes = true;
    set->tables->lock_waits = true; /* who was put off once waits; a mixed group takes what is free */
    for (uint32_t i = 0; i < g->command_count; i++) {
        const struct cases_command *cmd = g->commands[i];
        set->tables->lock_waits = set->tables->lock_waits && (cmd->deferred || cases_ops[cmd->op].alone);
        set->tables->closes_days = set->tables->closes_days || g->commands[i]->op == CASES_CLOSE_DAY;
    }
    g->context = (struct cases_context){.desk = d, .env = d->env, .set = set, .world = w->world, .products = w->products, .keys = d->keys,
        .hash = &w->hash, .sealer = &w->sealer, .now_ms = now, .next_seq = CASES_SEQ_PROVISIONAL};
    return STATUS_OK;
}

static struct status group_steps(struct group *g)
{
    struct engine_worker *w = g->worker;
    const struct env *env = w->desk->env;
    TRY(group_begin(g));
    env->point(env, "group.begin");
    TRY(needs_all(g));
    TRY(decide_all(g));
    env->point(env, "group.decided");
    if (g->event_count || (g->writes && !w->desk->quotes)) TRY(group_write(g));
    else if (g->writes && g->context.set->tables->documents.count) TRY(group_write(g));
    else store_rollback(w->connection);
    env->point(env, "group.committed");
    if (g->any_again) {
        arena_reset(&w->scratch);
        TRY(store_barrier(w->connection, &w->scratch));
    }
    return STATUS_OK;
}

static void group_end(struct group *g)
{
    if (g->worker->world) registry_world_release(g->worker->world);
    cases_products_release(g->worker->products);
    g->worker->world = NULL;
    g->worker->products = NULL;
}

/* The failure in memory of its own: scratch, where it lies, is cleared by the asking after a doubtful commit and by the next attempt. */
static struct status failure_keep(struct arena *words, struct status s)
{
    struct error e = *s.err;
    e.next = e.cause = NULL;
    arena_reset(words);
    return status_error(words, e);
}

/* Runs the group once. *ret: what went wrong, in `words`, when it is to be done again. */
static enum group_end group_try(struct group *g, struct arena *words, struct status *ret)
{
    *ret = group_steps(g);
    if (!status_failed(*ret)) return GROUP_DONE;
    *ret = failure_keep(words, *ret);
    g->worker->library_known = (struct digest){{0}}; /* what this group put into `texts` may be gone with it */
    if (code_is(*ret, "store-outcome-unknown")) return outcome_find(g);
    store_rollback(g->worker->connection);
    const bool met = g->command_count == 1 && code_is(*ret, "store-constraint"); /* somebody else was first: decided again, it will see that */
    return met || passes(*ret) ? GROUP_RETRY : GROUP_SINGLE;
}

/* What follows a durable group: quotes, the new world, the answers. */
static void group_finish(struct group *g)
{
    struct engine_worker *w = g->worker;
    struct cases_desk *d = w->desk;
    if (d->quotes && g->writes) (void)engine_quotes_apply(d->quotes, g->context.set); /* without memory a quote lapses at once */
    if (g->world_changed) {
        arena_reset(&w->scratch);
        w->world_stale = status_failed(engine_world_renew(d, w->connection, &w->scratch));
    }
    if (g->touched_tasks) __atomic_store_n(&d->due_next_ms, 0, __ATOMIC_RELAXED); /* to be asked again */
    for (uint32_t i = 0; i < g->command_count; i++) {
        struct cases_command *cmd = g->commands[i];
        for (uint32_t k = 0; cmd && k < cmd->outcome.event_count; k++) cmd->outcome.events[k].seq = set_seq(g->context.set, cmd->outcome.events[k].seq);
        if (cmd) engine_answer(cmd);
    }
    d->env->point(d->env, "group.answered");
}

/* Undoes what a failed attempt left in the commands. */
static void commands_renew(struct group *g, const struct cases_command_list *from)
{
    uint32_t i = 0;
    for (struct cases_command *c = from->first; c; c = c->next) {
        c->outcome = (struct cases_outcome){0};
        c->failure = STATUS_OK;
        c->before = NULL;
        cases_products_release(c->products);
        c->products = NULL;
        g->commands[i++] = c;
    }
    g->command_count = i;
}

static void group_alone(struct engine_worker *w, struct cases_command *cmd, struct cases_command_list *ret_again)
{
    struct cases_command_list one = {0};
    command_list_add(&one, cmd);
    engine_group_run(w, &one, ret_again);
}

/* One by one; a group of one that fails is the culprit. */
static void group_single(struct engine_worker *w, struct cases_command_list *group, struct status why, struct cases_command_list *ret_again)
{
    const bool gone = code_is(why, "store-lost") || code_is(why, "store-open");
    if (group->count == 1 || gone) { /* without a database nobody would fare better alone */
        for (struct cases_command *cmd; (cmd = command_list_take(group));) {
            engine_fail(cmd, why, gone || passes(why) || code_is(why, "out-of-memory") ? 503 : 500);
            engine_answer(cmd);
        }
        return;
    }
    METRIC_ADD(w->desk, redone, 1);
    for (struct cases_command *cmd; (cmd = command_list_take(group));) group_alone(w, cmd, ret_again);
}

/* A failed attempt may have moved commands to `again`: they are of this group still. */
static void group_gather(struct cases_command_list *group, struct cases_command **all, uint32_t count)
{
    *group = (struct cases_command_list){0};
    for (uint32_t i = 0; i < count; i++) command_list_add(group, all[i]);
}

void engine_group_run(struct engine_worker *w, struct cases_command_list *group, struct cases_command_list *ret_again)
{
    struct cases_command *all[ENGINE_GROUP_MAX], *now[ENGINE_GROUP_MAX] = {NULL};
    const uint32_t count = group->count;
    CHECK(count <= ENGINE_GROUP_MAX);
    uint32_t n = 0;
    for (struct cases_command *c = group->first; c; c = c->next) all[n++] = c;
    CHECK(n == count);
    struct status why = STATUS_OK;
    struct arena words;
    arena_init(&words, 65536);
    for (int attempt = 0; attempt <= ENGINE_RETRIES_MAX; attempt++) {
        struct cases_command_list again = {0};
        struct group g = {.worker = w, .commands = now, .again = &again};
        struct status s = STATUS_OK;
        commands_renew(&g, group);
        const enum group_end end = group_try(&g, &words, &s);
        if (end == GROUP_DONE) group_finish(&g);
        group_end(&g);
        if (end == GROUP_DONE || end == GROUP_DOUBT) { /* of a doubtful one the commands are answered */
            for (struct cases_command *c; (c = command_list_take(&again));) command_list_add(ret_again, c);
            METRIC_ADD(w->desk, groups, 1);
            METRIC_ADD(w->desk, group_commands, count);
            arena_done(&words);
            return;
        }
        why = s;
        group_gather(group, all, count);
        if (end == GROUP_SINGLE) break;
        if (attempt < ENGINE_RETRIES_MAX) w->desk->env->wait_ms(w->desk->env, 1U << (attempt * 2));
    }
    group_single(w, group, why, ret_again);
    arena_done(&words);
}
