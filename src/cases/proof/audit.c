/* cases/proof/audit — proves a store: its log from the events, its derived data from the log, its books from their transfers.
 *
 * Reads one snapshot, so it may run beside a server (on SQLite within what the store allows a reader; else audit a backup). All events are folded into a copy in a
 * folder of its own (two audits of the same data do not meet), with the functions of the engine, and the copy is compared with the store. Memory does not grow with the store; the copy takes as much disk
 * as the derived tables, and is removed behind.
 */
#include "cases/proof/proof.h"

#include <stdlib.h>
#include <string.h>

enum { LOCK_TRIES = 300 };

struct auditing {
    const struct cases_desk_options *options;
    struct arena *a;
    struct store *store, *copy_store;
    struct store_connection *source, *copy;
    struct journal_keys *keys;
    struct registry_world *world;
    struct cases_audit *result;
    struct proof_audit proof;
    struct str base, folder;             /* of all audits of these data; of this one */
    struct env_lock lock;                /* of the folder, while copy_made */
    bool copy_made;
};

/* ---- opening ------------------------------------------------------------------------------------------------------------ */

static struct status source_open(struct auditing *w)
{
    const struct cases_desk_options *o = w->options;
    const struct store_options so = {.env = o->env, .where = o->where};
    int64_t version = 0;
    const struct str keys = o->keys_path.n ? o->keys_path : arena_printf(w->a, "%.*s/keys.json", STR_FMT(o->where));
    TRY(store_open(w->a, &so, &w->store));
    TRY(store_connect(w->store, STORE_READ, w->a, &w->source));
    TRY(store_schema_check(w->source, w->a, &version));
    TRY(journal_keys_open(o->env, w->a, keys, false, &w->keys));
    TRY(journal_keys_fit(w->keys, w->source, w->a));
    const bool files = store_kind_of(w->store) == STORE_SQLITE;
    w->base = o->scratch.n ? o->scratch : files ? arena_printf(w->a, "%.*s/audit", STR_FMT(o->where)) : arena_printf(w->a, "%.*s.audit", STR_FMT(keys));
    return w->base.p ? STATUS_OK : status_memory();
}

/* The folder of an audit with what it holds; what stays is removed by the next audit. */
static void folder_remove(struct auditing *w, struct str folder)
{
    static const char *const names[] = {"yijie.db", "yijie.db-wal", "yijie.db-shm", "yijie.db.lock", "audit.lock"};
    const struct env *e = w->options->env;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct str path = arena_printf(w->a, "%.*s/%s", STR_FMT(folder), names[i]);
        if (path.p) (void)e->file_remove(e, w->a, path);
    }
    (void)e->dir_remove(e, w->a, folder);
}

/* What killed audits have left: folders beside ours whose lock nobody holds. Only under the lock of the base, where folders also come: one that was just made is
 * locked already when it is looked at. */
static void stale_remove(struct auditing *w, struct str base)
{
    const struct env *e = w->options->env;
    const struct str *names = NULL;
    uint32_t count = 0;
    if (status_failed(e->dir_list(e, w->a, base, 10'000, &names, &count))) return;
    for (uint32_t i = 0; i < count; i++) {
        const struct str folder = arena_printf(w->a, "%.*s/%.*s", STR_FMT(base), STR_FMT(names[i]));
        const struct str lock_path = arena_printf(w->a, "%.*s/audit", STR_FMT(folder));
        struct env_lock lock;
        if (!lock_path.p || status_failed(e->file_lock(e, w->a, lock_path, &lock))) continue; /* at work, or no folder */
        folder_remove(w, folder);
        e->file_unlock(e, &lock);
    }
}

static struct status base_lock(struct auditing *w, struct env_lock *ret)
{
    const struct str path = arena_printf(w->a, "%.*s/base", STR_FMT(w->base));
    if (!path.p) return status_memory();
    TRY(w->options->env->dir_make(w->options->env, w->a, w->base));
    return w->options->env->file_lock(w->options->env, w->a, path, ret);
}

/* A folder of this audit's own, under the base, locked while it lives. */
static struct status folder_try(struct auditing *w)
{
    const struct env *e = w->options->env;
    const struct str own_path = arena_printf(w->a, "%.*s/audit", STR_FMT(w->folder));
    struct env_lock turn;
    if (!own_path.p) return status_memory();
    TRY(base_lock(w, &turn));
    stale_remove(w, w->base);
    struct status s = e->dir_make(e, w->a, w->folder);
    if (!status_failed(s)) s = e->file_lock(e, w->a, own_path, &w->lock);
    w->copy_made = !status_failed(s);
    e->file_unlock(e, &turn);
    return s;
}

static struct status folder_make(struct auditing *w)
{
    const struct env *e = w->options->env;
    uint8_t random[8];
    char hex[17];
    TRY(e->random_fill(e, w->a, random, sizeof random));
    for (size_t i = 0; i < sizeof random; i++) {
        hex[2 * i] = "0123456789abcdef"[random[i] >> 4U];
        hex[2 * i + 1] = "0123456789abcdef"[random[i] & 15U];
    }
    w->folder = arena_printf(w->a, "%.*s/%.16s", STR_FMT(w->base), hex);
    if (!w->folder.p) return status_memory();
    struct status s = folder_try(w);
    for (int tries = 0; status_failed(s) && tries < LOCK_TRIES; tries++) { /* another audit comes or goes: for milliseconds */
        e->wait_ms(e, 10);
        s = folder_try(w);
    }
    return s;
}

/* The last one takes the base along: it is removed only when it is empty. */
static void folder_leave(struct auditing *w)
{
    const struct env *e = w->options->env;
    const struct str *names = NULL;
    uint32_t count = 0;
    struct env_lock turn;
    folder_remove(w, w->folder);
    e->file_unlock(e, &w->lock);
    if (status_failed(base_lock(w, &turn))) return; /* another comes or goes, and takes it along */
    const struct str path = arena_printf(w->a, "%.*s/base.lock", STR_FMT(w->base));
    if (path.p && !status_failed(e->dir_list(e, w->a, w->base, 10'000, &names, &count)) && count == 1) {
        (void)e->file_remove(e, w->a, path);
        (void)e->dir_remove(e, w->a, w->base);
    }
    e->file_unlock(e, &turn);
}

/* An empty store beside the data, into which the events are folded. */
static struct status copy_open(struct auditing *w)
{
    TRY(folder_make(w));
    const struct store_options so = {.env = w->options->env, .where = w->folder};
    uint32_t applied = 0;
    TRY(store_open(w->a, &so, &w->copy_store));
    TRY(store_connect(w->copy_store, STORE_OWNER, w->a, &w->copy));
    return store_migrate(w->copy, w->a, &applied);
}

static int account_order(const void *a, const void *b)
{
    const struct proof_account *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

struct account_list {
    struct auditing *w;
    uint32_t cap;
};

/* Columns: shard, id, code … */
static struct status account_take(struct account_list *l, const struct store_value *v)
{
    struct proof_audit *p = &l->w->proof;
    struct proof_account *slot = ARENA_PUSH(l->w->a, p->accounts, p->account_count, l->cap);
    if (!slot) return status_memory();
    *slot = (struct proof_account){.id = v[1].i, .code = arena_str(l->w->a, v[2].s)};
    return slot->code.p ? STATUS_OK : status_memory();
}

/* All accounts: some thousands, a payer and a hospital each. */
static struct status accounts_load(struct auditing *w)
{
    struct account_list list = {.w = w};
    struct arena page;
    arena_init(&page, PROOF_BYTES);
    struct store_value key[] = {STORE_I(INT64_MIN), STORE_I(INT64_MIN)};
    struct status s = STATUS_OK;
    for (bool more = true; more && !status_failed(s);) {
        struct store_rows rows = {0};
        arena_reset(&page);
        s = store_read(w->source, &page, proof_table_page(PROOF_TABLE_ACCOUNTS), key, 1, &rows);
        for (uint32_t r = 0; r < rows.count && !status_failed(s); r++) {
            s = account_take(&list, store_row(&rows, r));
            key[0] = store_row(&rows, r)[0];
            key[1] = store_row(&rows, r)[1];
        }
        more = rows.count > 0;
    }
    arena_done(&page);
    if (w->proof.account_count) qsort(w->proof.accounts, w->proof.account_count, sizeof *w->proof.accounts, account_order);
    return s;
}

/* ---- proofs ---------------------------------------------------------------------------------------------------------------- */

static struct status batch_each(void *context, struct proof_fold *f, const struct journal_event *events, struct cases_effect *const *effects, uint32_t count)
{
    struct proof_audit *p = context;
    proof_leaves(p, events, count);
    TRY(proof_cases(p, f, events, effects, count));
    return p->replay ? proof_replay(p, f, events, effects, count) : STATUS_OK;
}

static struct status head_check(struct auditing *w, const struct journal_head *head)
{
    struct digest root;
    const char *wrong = NULL;
    tlog_edge_root(&w->proof.hash, &w->proof.edge, &root);
    if (!digest_equal(&root, &head->root)) wrong = "the root of the log";
    if (head->edge.count != w->proof.edge.count || memcmp(head->edge.hash, w->proof.edge.hash, head->edge.count * sizeof(struct digest)) != 0) wrong = "the edge";
    if (head->at_ms != w->proof.last_ms) wrong = "its time";
    if (head->size != w->proof.next_seq) wrong = "its size";
    proof_checked(w->result, CASES_PROOF_HEAD, 1);
    if (wrong) proof_wrong(w->result, w->a, CASES_PROOF_HEAD, arena_printf(w->a, "head (size %lld): %s", (long long)head->size, wrong));
    return STATUS_OK;
}

static struct status ledger_check(struct auditing *w)
{
    struct ledger_audit ledger = {0};
    struct store_rows rows = {0};
    TRY(ledger_audit(w->source, w->a, 0, &ledger));
    proof_checked(w->result, CASES_PROOF_TRANSFERS_BALANCE, ledger.transfers);
    for (int64_t i = 0; i < ledger.wrong_accounts; i++) proof_wrong(w->result, w->a, CASES_PROOF_TRANSFERS_BALANCE, ledger.first_wrong);
    for (int64_t i = 0; i < ledger.wrong_holds; i++) proof_wrong(w->result, w->a, CASES_PROOF_TRANSFERS_BALANCE, STR("a hold and what was done to it"));
    if (ledger.debits != ledger.credits) proof_wrong(w->result, w->a, CASES_PROOF_TRANSFERS_BALANCE, STR("the sums of all debits and credits"));
    TRY(store_read(w->source, w->a, proof_statement(PROOF_LEDGER_SHAPE), NULL, 1, &rows));
    if (rows.count && store_row(&rows, 0)[0].i) proof_wrong(w->result, w->a, CASES_PROOF_TRANSFERS_BALANCE, STR("a transfer to itself, or of nothing"));
    w->result->transfers = ledger.transfers;
    return STATUS_OK;
}

/* As many rows as the events tell: nothing stands there that no event made. */
static struct status counts_check(struct auditing *w)
{
    struct store_rows rows = {0};
    TRY(store_read(w->source, w->a, proof_statement(PROOF_COUNTS), NULL, 1, &rows));
    const struct store_value *v = store_row(&rows, 0);
    const int64_t is[] = {v[0].i, v[1].i, v[2].i}, should[] = {w->proof.settled, w->proof.transfers, w->proof.shares};
    static const char *const names[] = {"cases", "transfers", "shares"};
    for (size_t i = 0; i < COUNT_OF(is); i++) {
        if (is[i] == should[i]) continue;
        proof_wrong(w->result, w->a, CASES_PROOF_ONE_SIDED,
                    arena_printf(w->a, "%s: %lld rows, %lld in events", names[i], (long long)is[i], (long long)should[i]));
    }
    w->result->cases = v[0].i;
    return STATUS_OK;
}

static struct status text_check(void *user, const struct store_value *v)
{
    struct auditing *w = user;
    struct digest digest;
    sha256_of(&w->proof.hash, v[2].s, &digest);
    proof_checked(w->result, CASES_PROOF_TEXTS, 1);
    if (v[0].s.n != sizeof digest.b || memcmp(v[0].s.p, digest.b, sizeof digest.b) != 0) {
        proof_wrong(w->result, w->a, CASES_PROOF_TEXTS, arena_printf(w->a, "a text (%.*s) is not what its hash says", STR_FMT(v[1].s)));
    }
    return STATUS_OK;
}

/* A key goes only with an erasure, which also removes the person's data: data without a key was lost, not erased. (Data that is gone itself differs from replay.) */
static struct status keys_check(struct auditing *w)
{
    struct store_rows needed, lost;
    TRY(store_read(w->source, w->a, proof_statement(PROOF_KEYS_NEEDED), NULL, 1, &needed));
    TRY(store_read(w->source, w->a, proof_statement(PROOF_KEYS_LOST), NULL, 1, &lost));
    proof_checked(w->result, CASES_PROOF_KEYS, store_row(&needed, 0)[0].i);
    for (uint32_t i = 0; i < lost.count; i++) {
        struct id128 person = {{0}};
        char hex[33];
        const struct str bytes = store_row(&lost, i)[1].s;
        memcpy(person.b, bytes.p, bytes.n < sizeof person.b ? bytes.n : sizeof person.b);
        id128_hex(&person, hex);
        proof_wrong(w->result, w->a, CASES_PROOF_KEYS, arena_printf(w->a, "person %s: no key, and no erasure", hex));
    }
    return STATUS_OK;
}

static struct status tables_compare(struct auditing *w, cases_progress *progress, void *user)
{
    for (int t = 0; t < PROOF_TABLE_COUNT; t++) {
        if (progress) progress(user, "比较派生表", "comparing derived tables", (uint64_t)t, PROOF_TABLE_COUNT);
        TRY(proof_table_compare(w->source, w->copy, w->a, (enum proof_table)t, w->result));
    }
    return STATUS_OK;
}

static struct status events_fold(struct auditing *w, const struct journal_head *head, cases_progress *progress, void *user)
{
    struct proof_fold f = {.env = w->options->env, .keys = w->keys, .source = w->source, .target = w->copy, .progress = progress, .user = user,
                           .total = (uint64_t)head->size, .each = batch_each, .context = &w->proof};
    proof_fold_init(&f);
    struct status s = proof_fold_run(&f, &w->result->events);
    if (status_failed(s) && (strcmp(s.err->code, "journal-absent") == 0 || strcmp(s.err->code, "journal-damaged") == 0)) {
        proof_wrong(w->result, w->a, CASES_PROOF_LEAVES, s.err->place);
        s = STATUS_OK;
    }
    if (status_failed(s) && (strcmp(s.err->code, "fold-broken") == 0 || strcmp(s.err->code, "event-unreadable") == 0 || strcmp(s.err->code, "ledger-broken") == 0)) {
        proof_wrong(w->result, w->a, CASES_PROOF_DERIVED_EQUALS_REPLAY, s.err->place); /* the events contradict themselves: that is an answer */
        s = STATUS_OK;
    }
    if (status_failed(s)) {
        struct error copy = *s.err;
        copy.next = copy.cause = NULL;
        s = status_error(w->a, copy);
    }
    proof_fold_done(&f);
    return s;
}

static struct status audit_run(struct auditing *w, bool replay, cases_progress *progress, void *user)
{
    struct journal_head head = {0};
    TRY(source_open(w));
    TRY(copy_open(w));
    TRY(store_begin(w->source, w->a));
    TRY(proof_rebuild_check(w->source, w->a));
    const struct status read = journal_head_read(w->source, w->a, 0, &head);
    if (status_failed(read) && strcmp(read.err->code, "journal-damaged") != 0) return read;
    if (status_failed(read)) proof_wrong(w->result, w->a, CASES_PROOF_HEAD, STR("edge, size and root do not fit together"));
    TRY(registry_world_load(w->source, w->a, &w->world));
    TRY(cases_products_build(w->world, true, NULL, &w->proof.products));
    TRY(accounts_load(w));
    w->proof.replay = replay;
    TRY(events_fold(w, &head, progress, user));
    if (!status_failed(read)) TRY(head_check(w, &head));
    TRY(ledger_check(w));
    TRY(counts_check(w));
    TRY(keys_check(w));
    TRY(store_scan(w->source, w->a, proof_statement(PROOF_TEXTS), NULL, text_check, w));
    return tables_compare(w, progress, user);
}

static void audit_close(struct auditing *w)
{
    if (w->source) {
        store_rollback(w->source);
        store_disconnect(w->source);
    }
    if (w->copy) store_disconnect(w->copy);
    if (w->copy_store) store_close(w->copy_store);
    if (w->store) store_close(w->store);
    if (w->copy_made) folder_leave(w);
    if (w->keys) journal_keys_close(w->keys);
    cases_products_release(w->proof.products);
    if (w->world) registry_world_release(w->world);
    sha256_done(&w->proof.hash);
    journal_sealer_done(&w->proof.sealer);
}

struct status cases_audit_run(struct arena *a, const struct cases_desk_options *o, bool replay, cases_progress *progress, void *user, struct cases_audit *ret)
{
    struct cases_audit result = {0};
    struct auditing w = {.options = o, .a = a, .result = &result, .proof = {.result = &result, .keep = a}};
    sha256_init(&w.proof.hash);
    journal_sealer_init(&w.proof.sealer);
    const struct status s = audit_run(&w, replay, progress, user);
    audit_close(&w);
    TRY(s);
    result.holds = true;
    for (int i = 0; i < CASES_PROOF_COUNT; i++) result.holds = result.holds && result.proof[i].wrong == 0;
    *ret = result;
    return STATUS_OK;
}
