/* bench/ledger — transfers a second: the ledger room in groups, against one transaction for each transfer in a function of the database.
 *
 * Who uses it: `yijie bench server`. Both post between the same kind of accounts with the same checks (existence, currency, closed, limits, repeated ids) into the same
 * tables and indexes of one PostgreSQL with fsync on, in alternating rounds of one run, so that the ratio does not depend on the hour. The function is what
 * one would write by hand; it gets the best of 1, 4 and 16 connections. The physical limit is what the disk can flush: one group a flush.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/work.h"
#include "ledger/ledger.h"

enum { ACCOUNTS = 50, GROUP = 1'000, ROUNDS = 5, CLIENTS_MAX = 16, FLUSH_BYTES = 8'192, FLUSH_PLACES = 256 };
enum { GROUPS_BEFORE = 3 };
/* Books of their own, so that nothing else is touched. */
enum { SHARD_GROUPS = 1'900'000'001, SHARD_FUNCTION = 1'900'000'002 };

/* ---- the function ------------------------------------------------------------------------------------------------- */

static const struct store_statement function_make = {"bench.ledger_function", "", "", NULL,
    "CREATE OR REPLACE FUNCTION bench_post(p_shard bigint, p_id bytea, p_debit bigint, p_credit bigint, p_amount bigint, p_day bigint) RETURNS bigint"
    " LANGUAGE plpgsql AS $$\n"
    "DECLARE d accounts; c accounts; held bigint;\n"
    "BEGIN\n"
    "  IF p_amount <= 0 OR p_debit = p_credit THEN RETURN 1; END IF;\n"
    "  IF p_debit < p_credit THEN\n" /* both rows are locked in one order, so that clients wait and never deadlock */
    "    SELECT * INTO d FROM accounts WHERE shard = p_shard AND id = p_debit FOR UPDATE;\n"
    "    SELECT * INTO c FROM accounts WHERE shard = p_shard AND id = p_credit FOR UPDATE;\n"
    "  ELSE\n"
    "    SELECT * INTO c FROM accounts WHERE shard = p_shard AND id = p_credit FOR UPDATE;\n"
    "    SELECT * INTO d FROM accounts WHERE shard = p_shard AND id = p_debit FOR UPDATE;\n"
    "  END IF;\n"
    "  IF d.id IS NULL OR c.id IS NULL THEN RETURN 2; END IF;\n"
    "  IF d.currency <> c.currency THEN RETURN 3; END IF;\n"
    "  IF (d.flags | c.flags) & 16 <> 0 THEN RETURN 4; END IF;\n"
    "  held := d.debits_pending + d.debits_posted + p_amount;\n"
    "  IF d.flags & 1 <> 0 AND held > d.credits_posted THEN RETURN 5; END IF;\n"
    "  IF c.flags & 2 <> 0 AND c.credits_pending + c.credits_posted + p_amount > c.debits_posted THEN RETURN 6; END IF;\n"
    "  IF d.flags & 4 <> 0 AND held - d.credits_posted > d.debit_limit THEN RETURN 7; END IF;\n"
    "  INSERT INTO transfers (id, shard, debit, credit, amount, kind, state, pending_id, expires_ms, day, case_id, seq)\n"
    "    VALUES (p_id, p_shard, p_debit, p_credit, p_amount, 0, 0, NULL, 0, p_day, NULL, 0) ON CONFLICT (id) DO NOTHING;\n"
    "  IF NOT FOUND THEN RETURN 8; END IF;\n"
    "  UPDATE accounts SET debits_posted = debits_posted + p_amount WHERE shard = p_shard AND id = p_debit;\n"
    "  UPDATE accounts SET credits_posted = credits_posted + p_amount WHERE shard = p_shard AND id = p_credit;\n"
    "  RETURN 0;\n"
    "END $$",
    false};
static const struct store_statement function_drop = {"bench.ledger_function_drop", "", "", NULL,
    "DROP FUNCTION IF EXISTS bench_post(bigint, bytea, bigint, bigint, bigint, bigint)", false};
/* Outside a transaction a statement is its own transaction: one round trip, committed when it answers. */
static const struct store_statement function_call = {"bench.ledger_post", "ibiiii", "i", NULL,
    "SELECT 1::bigint, bench_post(($1::bigint[])[1], ($2::bytea[])[1], ($3::bigint[])[1], ($4::bigint[])[1], ($5::bigint[])[1], ($6::bigint[])[1])", false};
static const struct store_statement fsync_ask = {"bench.fsync", "", "t", NULL,
    "SELECT 1::bigint, current_setting('fsync') || ',' || current_setting('synchronous_commit')", false};

/* ---- the run -------------------------------------------------------------------------------------------------------- */

struct run {
    const struct env *env;
    struct bench_ledger_options o;
    struct buf *out;
    struct arena arena, group; /* of the run; of one group or call */
    struct store *store;
    struct store_connection *c;
    int64_t ids[ACCOUNTS];
    uint64_t counter;                                    /* of transfers: ids never repeat */
    uint64_t groups_per_s[ROUNDS], function_per_s[3][ROUNDS]; /* transfers a second */
    uint64_t flushes_per_s[ROUNDS];
};
static const uint32_t client_counts[3] = {1, 4, CLIENTS_MAX};

static uint64_t random_next(uint64_t *state) { /* splitmix64 (Steele, Lea, Flood 2014, public domain) */
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Two of the accounts and an amount. Ids are ordered by time, as those of cases are. */
static struct ledger_transfer transfer_make(const struct env *env, const int64_t *ids, uint64_t client, uint64_t *counter) {
    const uint64_t state = client << 40 | ++*counter; /* unique in a run */
    uint64_t random = state;
    const uint64_t roll = random_next(&random);
    const uint32_t debit = (uint32_t)(roll % ACCOUNTS), step = 1 + (uint32_t)(roll >> 32) % (ACCOUNTS - 1);
    return (struct ledger_transfer){.id = id128_make(env->now_ms(env), (uint16_t)*counter, state), .act = LEDGER_POST, .kind = LEDGER_KIND_SHARE,
                                    .debit = ids[debit], .credit = ids[(debit + step) % ACCOUNTS], .amount = 1 + (int64_t)(roll >> 48), .day = 20'000};
}

static uint64_t per_s(uint64_t count, uint64_t ns) { return ns ? (uint64_t)((i128)count * 1'000'000'000 / ns) : 0; }

/* The accounts, half of them with a limit that is asked every time and never reached. */
static struct status accounts_make(struct ledger_set *s, struct store_connection *c, struct arena *a, int64_t ids[ACCOUNTS]) {
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < ACCOUNTS; i++) {
            char code[32];
            struct ledger_account *x = NULL;
            const struct str name = {code, (size_t)snprintf(code, sizeof code, "bench/account/%02u/CNY", i)};
            const enum set_state state = ledger_account_get(s, name, &x);
            const uint32_t flags = i % 2 ? LEDGER_DEBITS_WITHIN_LIMIT : 0;
            if (state == SET_ABSENT) TRY(ledger_account_add(s, name, currency_find(STR("CNY")), flags, INT64_MAX / 2, &x));
            if (state != SET_WAIT) ids[i] = x->id;
        }
        if (ledger_set_waits(s)) TRY(ledger_set_load(s, c, a));
    }
    return STATUS_OK;
}

static struct status books_open(struct run *r, int32_t shard) {
    struct ledger_set *s;
    arena_reset(&r->group);
    TRY(ledger_set_new(&r->group, shard, &s));
    TRY(store_begin(r->c, &r->group));
    TRY(accounts_make(s, r->c, &r->group, r->ids));
    TRY(ledger_set_flush(s, r->c, &r->group));
    return store_commit(r->c, &r->group);
}

static struct status refused(struct arena *a, int64_t answer) {
    return status_error(a, (struct error){.code = "bench-refused", .place = arena_printf(a, "%lld", (long long)answer),
        .zh = STR("测速用的转账被拒绝"), .en = STR("a transfer of the benchmark was refused"),
        .hint_zh = STR("请换一个空库重试"), .hint_en = STR("try again with an empty database")});
}

/* ---- groups ------------------------------------------------------------------------------------------------------------ */

static struct status group_run(struct run *r) {
    struct ledger_set *s;
    arena_reset(&r->group);
    struct ledger_transfer *t = ARENA_ARRAY(&r->group, struct ledger_transfer, GROUP);
    enum ledger_refusal *answers = ARENA_ARRAY(&r->group, enum ledger_refusal, GROUP);
    if (!t || !answers) return status_memory();
    for (uint32_t i = 0; i < GROUP; i++) t[i] = transfer_make(r->env, r->ids, 0, &r->counter);
    TRY(ledger_set_new(&r->group, SHARD_GROUPS, &s));
    TRY(store_begin(r->c, &r->group));
    while (!ledger_touch(s, t, GROUP)) TRY(ledger_set_load(s, r->c, &r->group));
    TRY(ledger_apply(s, r->env->now_ms(r->env), t, GROUP, answers));
    for (uint32_t i = 0; i < GROUP; i++) {
        if (answers[i] != LEDGER_OK) return refused(&r->arena, (int64_t)answers[i]);
    }
    TRY(ledger_set_flush(s, r->c, &r->group));
    return store_commit(r->c, &r->group);
}

static struct status groups_round(struct run *r, uint64_t *ret_per_s) {
    const uint64_t start = r->env->monotonic_ns(r->env), end = start + (uint64_t)r->o.round_ms * 1'000'000;
    uint64_t count = 0, now = start;
    for (; now < end; now = r->env->monotonic_ns(r->env)) {
        TRY(group_run(r));
        count += GROUP;
    }
    *ret_per_s = per_s(count, now - start);
    return STATUS_OK;
}

/* ---- one transaction for each transfer ------------------------------------------------------------------------------------ */

struct client {
    const struct env *env;
    const int64_t *ids;
    struct store_connection *c;
    struct env_thread thread;
    struct arena arena, call;
    uint64_t number, counter, count, end_ns;
    struct status status;
};

static struct status client_call(struct client *k) {
    arena_reset(&k->call);
    const struct ledger_transfer t = transfer_make(k->env, k->ids, k->number, &k->counter);
    const struct store_value row[] = {STORE_I(SHARD_FUNCTION), STORE_S(id128_view(&t.id)), STORE_I(t.debit), STORE_I(t.credit), STORE_I(t.amount), STORE_I(t.day)};
    struct store_rows rows;
    TRY(store_read(k->c, &k->call, &function_call, row, 1, &rows));
    return rows.count == 1 && store_row(&rows, 0)->i == 0 ? STATUS_OK : refused(&k->arena, rows.count ? store_row(&rows, 0)->i : -1);
}

static void *client_run(void *user) {
    struct client *k = user;
    while (k->env->monotonic_ns(k->env) < k->end_ns) {
        k->status = client_call(k);
        if (status_failed(k->status)) break;
        k->count++;
    }
    return NULL;
}

static struct status clients_run(struct run *r, struct client *clients, uint32_t count, uint64_t *ret_per_s) {
    const uint64_t start = r->env->monotonic_ns(r->env);
    struct status status = STATUS_OK;
    uint64_t done = 0;
    uint32_t started = 0;
    for (; started < count && !status_failed(status); started += !status_failed(status)) {
        clients[started].count = 0;
        clients[started].end_ns = start + (uint64_t)r->o.round_ms * 1'000'000;
        status = r->env->thread_start(r->env, &r->arena, client_run, &clients[started], &clients[started].thread);
    }
    for (uint32_t i = 0; i < started; i++) {
        r->env->thread_join(r->env, &clients[i].thread);
        done += clients[i].count;
        if (!status_failed(status)) status = clients[i].status;
    }
    *ret_per_s = per_s(done, r->env->monotonic_ns(r->env) - start);
    return status;
}

static struct status clients_open(struct run *r, struct client clients[CLIENTS_MAX]) {
    for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
        clients[i] = (struct client){.env = r->env, .ids = r->ids, .number = i + 1};
        arena_init(&clients[i].arena, (size_t)16 << 20);
        arena_init(&clients[i].call, (size_t)16 << 20);
    }
    for (uint32_t i = 0; i < CLIENTS_MAX; i++) TRY(store_connect(r->store, STORE_OWNER, &clients[i].arena, &clients[i].c));
    return STATUS_OK;
}

static void clients_close(struct client clients[CLIENTS_MAX]) {
    for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
        if (clients[i].c) store_disconnect(clients[i].c);
        arena_done(&clients[i].call);
        arena_done(&clients[i].arena);
    }
}

/* ---- the disk --------------------------------------------------------------------------------------------------------------- */

static struct status disk_failed(struct run *r) {
    return status_error(&r->arena, (struct error){.code = "bench-disk", .place = r->o.scratch, .zh = STR("无法在此目录写入测速文件"),
        .en = STR("cannot write the file of the benchmark in this folder"), .hint_zh = STR("请换一个可写目录"), .hint_en = STR("name a folder that can be written")});
}

/* Writes and flushes pages of a file that has its size already: what no database can pass. Measured on the device itself, hence not through env. */
static struct status flush_loop(struct run *r, int fd, uint64_t *ret_per_s) {
    char page[FLUSH_BYTES] = {1};
    for (uint32_t i = 0; i < FLUSH_PLACES; i++) {
        if (pwrite(fd, page, sizeof page, (off_t)i * FLUSH_BYTES) != FLUSH_BYTES) return disk_failed(r);
    }
    if (fsync(fd) != 0) return disk_failed(r); /* tidy-ok call-system: the disk itself is measured */
    const uint64_t start = r->env->monotonic_ns(r->env), end = start + (uint64_t)r->o.round_ms * 250'000;
    uint64_t count = 0, now = start;
    for (; now < end; now = r->env->monotonic_ns(r->env), count++) {
        page[count % FLUSH_BYTES]++;
        if (pwrite(fd, page, sizeof page, (off_t)(count % FLUSH_PLACES) * FLUSH_BYTES) != FLUSH_BYTES) return disk_failed(r);
        if (fdatasync(fd) != 0) return disk_failed(r); /* tidy-ok call-system: the disk itself is measured */
    }
    *ret_per_s = per_s(count, now - start);
    return STATUS_OK;
}

static struct status flushes_round(struct run *r, uint64_t *ret_per_s) {
    const struct str path = arena_printf(&r->arena, "%.*s/yijie-bench-flush", STR_FMT(r->o.scratch));
    if (!path.p) return status_memory();
    const int fd = open(path.p, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600); /* tidy-ok call-system: the disk itself is measured */
    if (fd < 0) return disk_failed(r);
    const struct status status = flush_loop(r, fd, ret_per_s);
    (void)close(fd);
    (void)unlink(path.p); /* tidy-ok call-system: our own file of a moment ago */
    return status;
}

/* ---- figures ------------------------------------------------------------------------------------------------------------------ */

/* Sorts the rounds; median in the middle. */
static uint64_t median(uint64_t v[ROUNDS]) {
    for (int i = 1; i < ROUNDS; i++) {
        const uint64_t x = v[i];
        int at = i;
        for (; at > 0 && v[at - 1] > x; at--) v[at] = v[at - 1];
        v[at] = x;
    }
    return v[ROUNDS / 2];
}

static void spread_print(struct run *r, const char *name, uint64_t v[ROUNDS]) {
    char text[64];
    bench_print(r->out, name, median(v), "per_s");
    (void)snprintf(text, sizeof text, "%s_min", name);
    bench_print(r->out, text, v[0], "per_s");
    (void)snprintf(text, sizeof text, "%s_max", name);
    bench_print(r->out, text, v[ROUNDS - 1], "per_s");
}

static void figures_print(struct run *r) {
    uint64_t best = 1, ratios[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) { /* of one round, before medians mix rounds */
        uint64_t most = 1;
        for (int k = 0; k < 3; k++) most = r->function_per_s[k][i] > most ? r->function_per_s[k][i] : most;
        ratios[i] = r->groups_per_s[i] * 1'000 / most;
    }
    spread_print(r, "pgledger_transfers", r->groups_per_s);
    for (int k = 0; k < 3; k++) {
        static const char *const names[] = {"pgledger_function_1_client", "pgledger_function_4_clients", "pgledger_function_16_clients"};
        spread_print(r, names[k], r->function_per_s[k]);
        if (median(r->function_per_s[k]) > best) best = median(r->function_per_s[k]);
    }
    bench_print(r->out, "pgledger_function_best", best, "per_s");
    bench_print_milli(r->out, "pgledger_ratio", median(ratios), "times");
    bench_print_milli(r->out, "pgledger_ratio_min", ratios[0], "times");
    bench_print_milli(r->out, "pgledger_ratio_max", ratios[ROUNDS - 1], "times");
    spread_print(r, "disk_flushes", r->flushes_per_s);
    const uint64_t limit = median(r->flushes_per_s) * GROUP;
    bench_print_milli(r->out, "pgledger_of_physical_limit", limit ? (uint64_t)((i128)median(r->groups_per_s) * 100'000 / limit) : 0, "percent");
}

/* ---- all ------------------------------------------------------------------------------------------------------------------------ */

static struct status rounds_run(struct run *r, struct client clients[CLIENTS_MAX]) {
    for (int i = 0; i < GROUPS_BEFORE; i++) TRY(group_run(r)); /* connections, caches and prepared statements warm up */
    for (int i = 0; i < ROUNDS; i++) {
        TRY(flushes_round(r, &r->flushes_per_s[i]));
        TRY(groups_round(r, &r->groups_per_s[i]));
        for (int k = 0; k < 3; k++) TRY(clients_run(r, clients, client_counts[k], &r->function_per_s[k][i]));
    }
    return STATUS_OK;
}

/* Both books must balance at the end: a fast ledger that is wrong is none. */
static struct status books_check(struct run *r, int32_t shard) {
    struct ledger_audit audit;
    arena_reset(&r->group);
    TRY(ledger_audit(r->c, &r->group, shard, &audit));
    return audit.wrong_accounts || audit.debits != audit.credits || audit.transfers == 0 ? refused(&r->arena, audit.wrong_accounts) : STATUS_OK;
}

static struct status function_change(struct run *r, const struct store_statement *st) {
    TRY(store_begin(r->c, &r->arena));
    TRY(store_write(r->c, &r->arena, st, NULL, 1));
    return store_commit(r->c, &r->arena);
}

static struct status database_prepare(struct run *r) {
    uint32_t applied = 0;
    struct store_rows rows;
    TRY(store_connect(r->store, STORE_OWNER, &r->arena, &r->c));
    TRY(store_migrate(r->c, &r->arena, &applied));
    TRY(store_read(r->c, &r->arena, &fsync_ask, NULL, 1, &rows));
    bench_print(r->out, "pgledger_fsync", str_eq(store_row(&rows, 0)->s, STR("on,on")) ? 1 : 0, "of_1"); /* and synchronous_commit: 0 makes the rest void */
    TRY(function_change(r, &function_make));
    TRY(books_open(r, SHARD_GROUPS));
    return books_open(r, SHARD_FUNCTION);
}

static struct status bench_run(struct run *r) {
    const struct store_options o = {.env = r->env, .where = r->o.owner_url};
    struct client *clients = ARENA_ARRAY(&r->arena, struct client, CLIENTS_MAX);
    if (!clients) return status_memory();
    TRY(store_open(&r->arena, &o, &r->store));
    TRY(database_prepare(r));
    struct status status = clients_open(r, clients);
    if (!status_failed(status)) status = rounds_run(r, clients);
    if (status_failed(status)) { /* its text lives in an arena that closes now */
        status = bench_failed(r->out, "pgledger", status);
        clients_close(clients);
        return status;
    }
    clients_close(clients);
    TRY(books_check(r, SHARD_GROUPS));
    TRY(books_check(r, SHARD_FUNCTION));
    TRY(function_change(r, &function_drop));
    figures_print(r);
    return STATUS_OK;
}

/* ---- the pure half ---------------------------------------------------------------------------------------------------------------- */

struct pure {
    const struct env *env;
    struct arena arena;
    uint64_t counter;
};

/* From an empty set each time: what a group costs beside the database. */
static struct status job_pure(void *context, uint64_t times) {
    struct pure *p = context;
    for (uint64_t n = 0; n < times; n++) {
        struct ledger_set *s;
        int64_t ids[ACCOUNTS];
        arena_reset(&p->arena);
        struct ledger_transfer *t = ARENA_ARRAY(&p->arena, struct ledger_transfer, GROUP);
        enum ledger_refusal *answers = ARENA_ARRAY(&p->arena, enum ledger_refusal, GROUP);
        if (!t || !answers) return status_memory();
        TRY(ledger_set_new(&p->arena, 0, &s));
        TRY(accounts_make(s, NULL, &p->arena, ids));
        for (uint32_t i = 0; i < GROUP; i++) t[i] = transfer_make(p->env, ids, 0, &p->counter);
        while (!ledger_touch(s, t, GROUP)) TRY(ledger_set_load(s, NULL, &p->arena));
        TRY(ledger_apply(s, 1, t, GROUP, answers));
    }
    return STATUS_OK;
}

static struct status pure_measure(const struct env *env, struct buf *out) {
    struct pure p = {.env = env};
    uint64_t ps = 0;
    arena_init(&p.arena, (size_t)64 << 20);
    struct status status = bench_measure(env, job_pure, &p, &ps);
    if (status_failed(status)) status = bench_failed(out, "ledger_pure", status);
    else bench_print_milli(out, "ledger_pure_transfer_ns", ps / GROUP, "ns");
    arena_done(&p.arena);
    return status;
}

struct status bench_ledger(const struct env *env, struct bench_ledger_options o, struct buf *out) {
    TRY(pure_measure(env, out));
    struct arena own;
    arena_init(&own, sizeof(struct run) + 4096);
    struct run *r = ARENA_NEW(&own, struct run);
    if (!r) {
        arena_done(&own);
        return status_memory();
    }
    *r = (struct run){.env = env, .o = o, .out = out};
    arena_init(&r->arena, (size_t)256 << 20);
    arena_init(&r->group, (size_t)64 << 20);
    struct status status = bench_run(r);
    if (status_failed(status) && !str_eq(str_from(status.err->code), STR("bench-failed"))) status = bench_failed(out, "pgledger", status);
    store_disconnect(r->c);
    if (r->store) store_close(r->store);
    arena_done(&r->group);
    arena_done(&r->arena);
    arena_done(&own);
    return status;
}
