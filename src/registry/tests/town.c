/* town — see the header. */
#include "registry/tests/town.h"
#include "store/postgres/tests/fresh.h" /* tidy-ok private-header: the databases of tests are made in one place */

enum { ARENA_BYTES = 512 * 1024 * 1024 };

static struct town_env *self(const struct env *e) {
    return (struct town_env *)(uintptr_t)e;
}

static struct status random_counted(const struct env *e, struct arena *a, void *bytes, size_t n) {
    (void)a;
    struct town_env *t = self(e);
    uint8_t *out = bytes;
    for (size_t i = 0; i < n; i += 32) {
        struct digest d;
        uint64_t at = t->counter++;
        crypto_sha256((struct str){(const char *)&at, sizeof at}, &d);
        memcpy(out + i, d.b, n - i < 32 ? n - i : 32);
    }
    return STATUS_OK;
}
static int64_t now_ms(const struct env *e) { return self(e)->now_ms; }

bool town_on_postgres(void) { return fresh_there(); }

static void env_make(struct town *t) {
    t->e.env = *env_system();
    t->e.env.random_fill = random_counted;
    t->e.env.now_ms = now_ms;
    town_day(t, STR("2022-03-01"));
}

static void folder_make(struct town *t) {
    (void)snprintf(t->folder, sizeof t->folder, "/tmp/registry-test-XXXXXX");
    assert_non_null(mkdtemp(t->folder));
}

static void store_make(struct town *t) {
    struct store_options o = {.env = &t->e.env, .where = str_from(t->folder), .server_role = STR("yijie_server")};
    uint32_t applied;
    if (fresh_there()) {
        struct fresh db = fresh_make(&t->arena);
        struct store *owner;
        struct store_connection *c;
        o.where = db.owner;
        FINE(store_open(&t->arena, &o, &owner));
        FINE(store_connect(owner, STORE_OWNER, &t->arena, &c));
        FINE(store_migrate(c, &t->arena, &applied));
        store_disconnect(c);
        store_close(owner);
        o.where = db.server;
        FINE(store_open(&t->arena, &o, &t->store));
        FINE(store_connect(t->store, STORE_WRITE, &t->arena, &t->c));
        return;
    }
    FINE(store_open(&t->arena, &o, &t->store));
    FINE(store_connect(t->store, STORE_OWNER, &t->arena, &t->c));
    FINE(store_migrate(t->c, &t->arena, &applied));
}

static void town_begin(struct town *t, enum town_kind kind) {
    *t = (struct town){.kind = kind};
    arena_init(&t->arena, ARENA_BYTES);
    arena_init(&t->group, ARENA_BYTES);
    env_make(t);
    folder_make(t);
    if (kind != TOWN_MEMORY) store_make(t);
    FINE(registry_world_empty(&t->arena, &t->world));
}

void town_open(struct town *t, enum town_kind kind) {
    town_begin(t, kind);
    struct str path = arena_printf(&t->arena, "%s/keys.json", t->folder);
    FINE(journal_keys_open(&t->e.env, &t->arena, path, true, &t->keys));
    if (kind != TOWN_STORE) FINE(registry_set_new(&t->arena, t->keys, &t->set));
}

void town_open_beside(struct town *t, const struct town *first) {
    town_begin(t, TOWN_STORE);
    t->keys = first->keys;
}

void town_close(struct town *t) {
    registry_world_release(t->world);
    if (t->c) store_disconnect(t->c);
    if (t->store) store_close(t->store);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", t->folder);
    assert_int_equal(system(command), 0);
    arena_done(&t->group);
    arena_done(&t->arena);
}

void town_day(struct town *t, struct str day) {
    struct day d;
    assert_true(day_parse(day, &d));
    t->e.now_ms = ((int64_t)d.v * 1440 - 480 + 600) * 60'000; /* ten in the morning in the region */
}

struct registry_set *town_set(struct town *t) {
    if (t->kind != TOWN_STORE) return t->set;
    FINE(registry_set_new(&t->group, t->keys, &t->set));
    return t->set;
}

void town_load(struct town *t, struct registry_set *s) { FINE(registry_set_load(s, t->c, &t->group)); }

static void world_again(struct town *t) {
    int64_t version;
    FINE(registry_world_version_read(t->c, &t->group, &version));
    if (version == registry_world_version(t->world)) return;
    registry_world_release(t->world);
    FINE(registry_world_load(t->c, &t->group, &t->world));
}

int64_t town_seq(const struct town *t, int64_t seq) { return t->kind == TOWN_BATCH && seq != INT64_MAX ? JOURNAL_SEQ_PROVISIONAL + seq : seq; }

/* Numbers, rows, events: one transaction. */
static struct status write_out(struct town *t, struct sha256 *h, struct journal_event *events, uint32_t count) {
    struct journal_head head;
    TRY(store_begin(t->c, &t->group));
    struct store_tx tx STORE_TX_CLEANUP = {t->c};
    TRY(journal_head_lock(t->c, &t->group, 0, &head));
    registry_set_renumber(t->set, head.size);
    TRY(registry_set_flush(t->set, t->c, &t->group));
    TRY(journal_append_locked(t->c, &t->group, h, 0, &head, events, count));
    tx.c = NULL;
    return store_commit(t->c, &t->group);
}

static struct status written(struct town *t, struct journal_event *events, uint32_t count) {
    struct sha256 h;
    sha256_init(&h);
    struct status st = write_out(t, &h, events, count);
    sha256_done(&h);
    return st;
}

void town_batch_end(struct town *t) { FINE(written(t, t->log, t->log_count)); }

struct status town_write(struct town *t) { return written(t, t->events, t->event_count); }

static void fold_all(struct town *t) {
    for (uint32_t i = 0; i < t->event_count; i++) {
        bool mine = false;
        t->events[i].at_ms = t->e.now_ms;
        t->events[i].seq = t->kind == TOWN_MEMORY ? t->next_seq++ : t->kind == TOWN_BATCH ? JOURNAL_SEQ_PROVISIONAL + t->log_count : JOURNAL_SEQ_PROVISIONAL + i;
        assert_true(registry_fold_needs(t->set, &t->events[i])); /* deciding had asked for all of it */
        FINE(registry_fold(t->set, &t->events[i], &mine));
        assert_true(mine);
        if (t->kind == TOWN_STORE) continue;
        struct journal_event *slot = ARENA_PUSH(&t->arena, t->log, t->log_count, t->log_cap);
        assert_non_null(slot);
        *slot = t->events[i];
    }
}

const char *town_prepare(struct town *t, struct str json) {
    struct arena *a = t->kind != TOWN_STORE ? &t->arena : &t->group;
    if (t->kind == TOWN_STORE) arena_reset(&t->group);
    const struct json *tree;
    struct registry_change *ch;
    const struct error *refusal = NULL;
    struct str id, presented;
    t->event_count = 0;
    FINE(json_parse(a, json, &tree));
    struct status st = registry_change_parse(a, tree, &ch);
    if (status_failed(st)) return st.err->code;
    if (registry_change_makes_key(ch)) FINE(registry_key_fill(&t->e.env, a, ch, &id, &presented));
    struct registry_set *s = town_set(t);
    for (int round = 0; !registry_change_needs(s, t->world, ch); round++) {
        assert_true(round < 8 && registry_set_waits(s));
        town_load(t, s);
    }
    FINE(registry_change_decide(s, t->world, &t->e.env, a, t->e.now_ms, ch, &t->events, &t->event_count, &refusal));
    if (refusal) {
        assert_true(refusal->zh.n > 0 && refusal->en.n > 0 && refusal->hint_zh.n > 0);
        return refusal->code;
    }
    fold_all(t);
    return NULL;
}

const char *town_do(struct town *t, struct str json) {
    const char *code = town_prepare(t, json);
    if (code || t->kind != TOWN_STORE) return code;
    FINE(town_write(t));
    world_again(t);
    return NULL;
}

/* ---- rebuild and dump ---------------------------------------------------------------------------------------- */

void town_rebuild(struct town *t, const struct town *first, uint32_t batch) {
    struct registry_set *s = town_set(t);
    for (int64_t after = -1;;) {
        struct journal_event *events;
        uint32_t count;
        bool mine;
        FINE(journal_read(first->c, &t->group, 0, after, batch, &events, &count));
        if (count == 0) break;
        for (bool ready = false; !ready;) {
            ready = true;
            for (uint32_t i = 0; i < count; i++) ready = registry_fold_needs(s, &events[i]) && ready;
            if (!ready) town_load(t, s);
        }
        for (uint32_t i = 0; i < count; i++) FINE(registry_fold(s, &events[i], &mine));
        FINE(store_begin(t->c, &t->group));
        FINE(registry_set_flush(s, t->c, &t->group));
        FINE(store_commit(t->c, &t->group));
        after = events[count - 1].seq;
    }
}

#define TABLE(table, types, columns, order)                                                                                         \
    {.name = "test." table, .params = "", .results = types, .sqlite = "SELECT " columns " FROM " table " ORDER BY " order,          \
     .postgres = "SELECT 1::bigint, " columns " FROM " table " ORDER BY " order}
static const struct store_statement tables[] = {
    TABLE("persons", "ibiB", "cover, person, registered, merged_into", "cover, person"),
    TABLE("identifiers", "bibiiiii", "lookup, key_version, person, cover, valid_from, valid_to, recorded, superseded", "lookup, recorded"),
    TABLE("person_data", "ibbi", "cover, person, sealed, seq", "cover, person"),
    TABLE("policies", "ibtttiitBii", "cover, person, policy, plan, status, valid_from, valid_to, data, sealed, recorded, superseded", "cover, policy, recorded"),
    TABLE("consents", "ibitii", "cover, person, n, data, withdrawn, seq", "cover, person, n"),
    TABLE("world", "ttiitii", "kind, name, valid_from, valid_to, data, recorded, superseded", "kind, name, recorded"),
    TABLE("world_version", "ii", "shard, version", "shard"),
};

static void value_print(struct buf *b, char type, const struct store_value *v) {
    if (v->null) buf_add_cstr(b, " null");
    else if (type == 'i') buf_printf(b, " %lld", (long long)v->i);
    else if (type == 't' || type == 'T') buf_printf(b, " %.*s", STR_FMT(v->s));
    else
        for (size_t i = 0; i < v->s.n; i++) buf_printf(b, i ? "%02x" : " %02x", (unsigned)(uint8_t)v->s.p[i]);
}

struct str town_dump(struct town *t) {
    struct buf b;
    buf_init(&b, 64 * 1024 * 1024);
    for (size_t k = 0; k < COUNT_OF(tables); k++) {
        struct store_rows rows;
        FINE(store_read(t->c, &t->arena, &tables[k], NULL, 1, &rows));
        for (uint32_t r = 0; r < rows.count; r++) {
            buf_add_cstr(&b, tables[k].name + 5);
            for (uint32_t i = 0; i < rows.width; i++) value_print(&b, tables[k].results[i], store_row(&rows, r) + i);
            buf_add_char(&b, '\n');
        }
    }
    struct str text = arena_str(&t->arena, buf_view(&b));
    buf_done(&b);
    return text;
}
