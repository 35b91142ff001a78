/* cases/proof/rebuild — folds all events into empty derived tables, with the store to itself.
 *
 * A mark stands in the store while it is under way, so that no server opens on half of it; begun again, it begins from the first event. Persons' keys and
 * documents are no derived data and stay.
 */
#include "cases/proof/proof.h"

static const struct store_statement statements[PROOF_STATEMENT_COUNT] = {
#define X(id, text, param_types, result_types, lite, pg) [PROOF_##id] = {.name = (text), .params = (param_types), .results = (result_types), .sqlite = (lite), .postgres = (pg)},
#include "cases/proof/statements.def"
#undef X
};
const struct store_statements proof_statements = {statements, PROOF_STATEMENT_COUNT};

const struct store_statement *proof_statement(enum proof_statement which) { return &statements[which]; }

struct status proof_rebuild_check(struct store_connection *c, struct arena *a)
{
    struct store_rows rows = {0};
    TRY(store_read(c, a, proof_statement(PROOF_MARKED), NULL, 1, &rows));
    if (rows.count == 0 || store_row(&rows, 0)[0].i == 0) return STATUS_OK;
    return status_error(a, (struct error){.code = "rebuild-unfinished", .zh = STR("派生表的重建没有完成"), .en = STR("the derived tables are half rebuilt"),
        .hint_zh = STR("请再次运行 yijie rebuild"), .hint_en = STR("run yijie rebuild again")});
}

static struct status tables_empty(struct store_connection *c, struct arena *a)
{
    TRY(store_begin(c, a));
    struct store_tx tx STORE_TX_CLEANUP = {c};
    for (int t = 0; t < PROOF_TABLE_COUNT; t++) TRY(store_write(c, a, proof_table_empty((enum proof_table)t), NULL, 1));
    TRY(store_write(c, a, proof_statement(PROOF_MARK), NULL, 1));
    TRY(store_commit(c, a));
    tx.c = NULL;
    return STATUS_OK;
}

static struct status mark_remove(struct store_connection *c, struct arena *a)
{
    TRY(store_begin(c, a));
    struct store_tx tx STORE_TX_CLEANUP = {c};
    TRY(store_write(c, a, proof_statement(PROOF_UNMARK), NULL, 1));
    TRY(store_commit(c, a));
    tx.c = NULL;
    uint64_t ns = 0;
    return store_checkpoint(c, a, true, &ns);
}

struct rebuilding {
    const struct cases_desk_options *options;
    struct store *store;
    struct store_connection *connection;
    struct journal_keys *keys;
};

static struct status rebuild_run(struct rebuilding *r, struct arena *a, cases_progress *progress, void *user, int64_t *ret_events)
{
    const struct cases_desk_options *o = r->options;
    struct journal_head head = {0};
    int64_t version = 0;
    struct str keys = o->keys_path.n ? o->keys_path : arena_printf(a, "%.*s/keys.json", STR_FMT(o->where));
    const struct store_options so = {.env = o->env, .where = o->where};
    TRY(store_open(a, &so, &r->store));
    TRY(store_connect(r->store, STORE_OWNER, a, &r->connection));
    TRY(store_schema_check(r->connection, a, &version));
    TRY(journal_keys_open(o->env, a, keys, false, &r->keys));
    TRY(journal_head_read(r->connection, a, 0, &head));
    TRY(tables_empty(r->connection, a));
    struct proof_fold f = {.env = o->env, .keys = r->keys, .source = r->connection, .target = r->connection, .progress = progress, .user = user,
                           .total = (uint64_t)head.size};
    proof_fold_init(&f);
    struct status s = proof_fold_run(&f, ret_events);
    if (status_failed(s)) {
        struct error copy = *s.err; /* its words lie in the arenas of the walk */
        copy.next = copy.cause = NULL;
        s = status_error(a, copy);
    }
    proof_fold_done(&f);
    TRY(s);
    return mark_remove(r->connection, a);
}

struct status cases_rebuild(struct arena *a, const struct cases_desk_options *o, cases_progress *progress, void *user, int64_t *ret_events)
{
    struct rebuilding r = {.options = o};
    const struct status s = rebuild_run(&r, a, progress, user, ret_events);
    if (r.connection) store_disconnect(r.connection);
    if (r.keys) journal_keys_close(r.keys);
    if (r.store) store_close(r.store);
    return s;
}
