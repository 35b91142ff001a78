/* The log on a store: SQLite in a folder of its own, or the PostgreSQL of YIJIE_TEST_POSTGRES, as the server's role. Appending none, one, many; seq
 * dense whatever fails; time; several writers; damage.
 *
 * On PostgreSQL the rows of the table share one database: each takes a shard of its own, numbered by the time it begins.
 */
#include <unistd.h>

#include "journal/tests/help.h"

enum { WRITERS_MAX = 4 };

struct fixture {
    struct arena a;
    char folder[64];
    bool postgres;
    struct store *store;
    struct store_connection *w;
    struct sha256 h;
    int32_t shard;
};

static void migrate(struct fixture *f, const struct store_options *server) {
    struct store_options o = *server;
    struct store *owner = f->store;
    struct store_connection *c = NULL;
    uint32_t applied = 0;
    if (f->postgres) {
        o.where = str_from(getenv("YIJIE_TEST_POSTGRES"));
        FINE(store_open(&f->a, &o, &owner));
    }
    FINE(store_connect(owner, STORE_OWNER, &f->a, &c));
    FINE(store_migrate(c, &f->a, &applied));
    store_disconnect(c);
    if (owner != f->store) store_close(owner);
}

static int setup(void **state) {
    static struct fixture f;
    static int32_t shards = 0; /* each test its own, where they share a database */
    int32_t shard = shards++;
    f = (struct fixture){.postgres = getenv("YIJIE_TEST_POSTGRES") != NULL};
    arena_init(&f.a, 256 << 20);
    sha256_init(&f.h);
    (void)snprintf(f.folder, sizeof(f.folder), "/tmp/yijie-journal-XXXXXX");
    if (!mkdtemp(f.folder)) return -1;
    struct store_options o = {.env = env_system(), .where = arena_printf(&f.a, "%s/data", f.folder), .server_role = STR("yijie_server")};
    if (f.postgres) {
        const char *server = getenv("YIJIE_TEST_POSTGRES_SERVER");
        o.where = str_from(server ? server : getenv("YIJIE_TEST_POSTGRES"));
        f.shard = shard;
    }
    FINE(store_open(&f.a, &o, &f.store));
    migrate(&f, &o);
    FINE(store_connect(f.store, STORE_WRITE, &f.a, &f.w));
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    char command[128];
    store_disconnect(f->w);
    store_close(f->store);
    sha256_done(&f->h);
    arena_done(&f->a);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", f->folder);
    return system(command);
}

/* Event n of a made-up history: kinds, covers, persons and sealed bytes vary with n. */
static void event_make(struct arena *a, uint32_t n, struct journal_event *ret) {
    struct journal_event ev = {.type = (enum journal_type)(n % JOURNAL_TYPE_COUNT), .cover = n % 5 == 0 ? 0 : (int64_t)n * 1'000'003, .at_ms = 1'767'000'000'000 + n};
    ev.open = arena_printf(a, "{\"n\":%u,\"text\":\"第 %u 条\"}", n, n);
    if (n % 3 == 0) ev.subject = id128_make(ev.at_ms, (uint16_t)n, 9);
    if (n % 2 == 0) {
        ev.person = id128_make(1, (uint16_t)n, 7);
        ev.sealed = arena_printf(a, "sealed %u", n);
        memset(ev.commitment.b, (int)(n & 0xff) | 1, sizeof(ev.commitment.b));
    }
    *ret = ev;
}

static struct journal_event *events_make(struct arena *a, uint32_t from, uint32_t count) {
    struct journal_event *events = ARENA_ARRAY(a, struct journal_event, count);
    assert_non_null(events);
    for (uint32_t i = 0; i < count; i++) event_make(a, from + i, &events[i]);
    return events;
}

static void append_commit(struct fixture *f, struct journal_event *events, uint32_t count) {
    FINE(store_begin(f->w, &f->a));
    FINE(journal_append(f->w, &f->a, &f->h, f->shard, events, count));
    FINE(store_commit(f->w, &f->a));
}

static struct journal_head head_of(struct fixture *f) {
    struct journal_head head;
    FINE(journal_head_read(f->w, &f->a, f->shard, &head));
    return head;
}

struct proof {
    struct sha256 *h;
    struct tlog_edge edge;
    int64_t last_ms;
    uint32_t seen;
};
static struct status proof_add(void *user, const struct journal_event *ev) {
    struct proof *p = user;
    struct digest leaf;
    assert_true(ev->seq == p->edge.size);
    assert_true(ev->at_ms >= p->last_ms);
    journal_leaf(p->h, ev, &leaf);
    assert_true(digest_equal(&leaf, &ev->leaf));
    tlog_edge_append(p->h, &p->edge, &leaf);
    p->last_ms = ev->at_ms;
    p->seen++;
    return STATUS_OK;
}

/* What an audit does: every leaf again, the root again. */
static void prove(struct fixture *f, int64_t size) {
    struct proof p = {.h = &f->h};
    struct digest root;
    struct journal_head head = head_of(f);
    FINE(journal_scan(f->w, &f->a, f->shard, -1, proof_add, &p));
    assert_true(head.size == size && p.edge.size == size && head.edge.size == size);
    tlog_edge_root(&f->h, &p.edge, &root);
    assert_true(digest_equal(&root, &head.root));
    assert_true(head.at_ms == p.last_ms);
}

static void assert_event(const struct journal_event *got, const struct journal_event *wanted) {
    assert_true(got->seq == wanted->seq && got->at_ms == wanted->at_ms && got->type == wanted->type && got->version == wanted->version && got->cover == wanted->cover);
    assert_true(id128_equal(&got->person, &wanted->person) && id128_equal(&got->subject, &wanted->subject));
    assert_true(str_eq(got->open, wanted->open) && str_eq(got->sealed, wanted->sealed));
    assert_true(digest_equal(&got->commitment, &wanted->commitment) && digest_equal(&got->leaf, &wanted->leaf));
}

static void nothing_yet(void **state) {
    struct fixture *f = *state;
    struct journal_head head = head_of(f);
    struct journal_event *events = NULL;
    struct digest nothing;
    uint32_t count = 9;
    crypto_sha256(STR(""), &nothing);
    assert_true(head.size == 0 && head.at_ms == 0 && head.edge.count == 0 && digest_equal(&head.root, &nothing));
    FINE(journal_read(f->w, &f->a, f->shard, -1, 10, &events, &count));
    assert_int_equal(count, 0);
    append_commit(f, NULL, 0);
    prove(f, 0);
    FINE(store_begin(f->w, &f->a)); /* locked, and then nothing happened after all */
    FINE(journal_head_lock(f->w, &f->a, f->shard, &head));
    assert_true(head.size == 0 && digest_equal(&head.root, &nothing));
    FINE(journal_append_locked(f->w, &f->a, &f->h, f->shard, &head, NULL, 0));
    FINE(store_commit(f->w, &f->a));
    prove(f, 0);
}

static void one_and_many(void **state) {
    struct fixture *f = *state;
    static const uint32_t groups[] = {1, 1, 2, 300, 1, 700, 5};
    enum { TOTAL = 1 + 1 + 2 + 300 + 1 + 700 + 5 };
    static struct journal_event all[TOTAL];
    uint32_t size = 0, count = 0;
    for (size_t g = 0; g < COUNT_OF(groups); g++) {
        struct journal_event *events = events_make(&f->a, size, groups[g]), *got = NULL;
        append_commit(f, events, groups[g]);
        for (uint32_t i = 0; i < groups[g]; i++) {
            assert_true(events[i].seq == size + i && events[i].version == 1);
            all[size + i] = events[i];
        }
        FINE(journal_read(f->w, &f->a, f->shard, (int64_t)size - 1, TOTAL, &got, &count));
        assert_int_equal(count, groups[g]);
        size += groups[g];
    }
    prove(f, TOTAL);
    struct journal_event *got = NULL;
    FINE(journal_read(f->w, &f->a, f->shard, -1, TOTAL + 1, &got, &count));
    assert_int_equal(count, TOTAL);
    for (uint32_t i = 0; i < TOTAL; i++) assert_event(&got[i], &all[i]);
    FINE(journal_read(f->w, &f->a, f->shard, 99, 7, &got, &count)); /* a page */
    assert_int_equal(count, 7);
    for (uint32_t i = 0; i < 7; i++) assert_event(&got[i], &all[100 + i]);
    FINE(journal_read(f->w, &f->a, f->shard, TOTAL - 1, 7, &got, &count));
    assert_int_equal(count, 0);
    static const int64_t seqs[] = {TOTAL - 1, 0, 17, 17, 512};
    struct journal_event some[COUNT_OF(seqs)];
    FINE(journal_get(f->w, &f->a, f->shard, seqs, COUNT_OF(seqs), some));
    for (size_t i = 0; i < COUNT_OF(seqs); i++) assert_event(&some[i], &all[seqs[i]]);
    FINE(journal_get(f->w, &f->a, f->shard, NULL, 0, NULL));
    static const int64_t absent[] = {3, TOTAL};
    struct journal_event untouched = some[0];
    FAILS(journal_get(f->w, &f->a, f->shard, absent, 2, some), "journal-absent");
    assert_event(&some[0], &untouched);
}

struct stop {
    uint32_t left;
};
static struct status stop_after(void *user, const struct journal_event *ev) {
    struct stop *s = user;
    (void)ev;
    if (s->left-- > 0) return STATUS_OK;
    return status_memory();
}

static void scanning(void **state) {
    struct fixture *f = *state;
    append_commit(f, events_make(&f->a, 0, 600), 600);
    struct stop s = {.left = 300}; /* in the second page */
    FAILS(journal_scan(f->w, &f->a, f->shard, -1, stop_after, &s), "out-of-memory");
    struct proof p = {.h = &f->h, .edge.size = 590};
    p.edge.count = (uint32_t)__builtin_popcount(590);
    size_t before = f->a.bytes_used;
    FINE(journal_scan(f->w, &f->a, f->shard, 589, proof_add, &p)); /* from the middle */
    assert_int_equal(p.seen, 10);
    assert_int_equal(f->a.bytes_used, before);
}

static void time_never_goes_back(void **state) {
    struct fixture *f = *state;
    struct journal_event *events = events_make(&f->a, 0, 5);
    static const int64_t clock[] = {1'000'000, 1'000'005, 1'000'002, 1'000'001, 1'000'009}, kept[] = {1'000'000, 1'000'005, 1'000'005, 1'000'005, 1'000'009};
    for (size_t i = 0; i < 5; i++) events[i].at_ms = clock[i];
    append_commit(f, events, 5);
    for (size_t i = 0; i < 5; i++) assert_true(events[i].at_ms == kept[i]);
    struct journal_event *later = events_make(&f->a, 5, 2); /* somebody set the clock back by years, then right again */
    later[0].at_ms = 5;
    later[1].at_ms = 1'000'010;
    append_commit(f, later, 2);
    assert_true(later[0].at_ms == 1'000'009 && later[1].at_ms == 1'000'010);
    assert_true(head_of(f).at_ms == 1'000'010);
    prove(f, 7);
}

static void failures_leave_no_gap(void **state) {
    struct fixture *f = *state;
    append_commit(f, events_make(&f->a, 0, 3), 3);
    FINE(store_begin(f->w, &f->a));
    FINE(journal_append(f->w, &f->a, &f->h, f->shard, events_make(&f->a, 3, 4), 4));
    store_rollback(f->w);
    prove(f, 3);

    static char big[LIMIT_EVENT_OPEN_BYTES + 1];
    memset(big, ' ', sizeof(big));
    struct journal_event *events = events_make(&f->a, 3, 2);
    struct journal_head head, before;
    events[1].open = (struct str){big, sizeof(big)};
    FINE(store_begin(f->w, &f->a));
    FINE(journal_head_lock(f->w, &f->a, f->shard, &head));
    before = head;
    FAILS(journal_append_locked(f->w, &f->a, &f->h, f->shard, &head, events, 2), "event-too-large");
    assert_memory_equal(&head, &before, sizeof(head));
    store_rollback(f->w);
    prove(f, 3);

    FINE(store_begin(f->w, &f->a)); /* two groups in one transaction, with the same head passed on */
    FINE(journal_head_lock(f->w, &f->a, f->shard, &head));
    before = head;
    FINE(journal_append_locked(f->w, &f->a, &f->h, f->shard, &head, events_make(&f->a, 3, 2), 2));
    FINE(journal_append_locked(f->w, &f->a, &f->h, f->shard, &head, events_make(&f->a, 5, 2), 2));
    FINE(store_commit(f->w, &f->a));
    assert_true(head.size == 7);
    prove(f, 7);

    FINE(store_begin(f->w, &f->a)); /* a head of yesterday: the database itself says no, now or at the commit */
    struct status s = journal_append_locked(f->w, &f->a, &f->h, f->shard, &before, events_make(&f->a, 7, 2), 2);
    if (!status_failed(s)) s = store_commit(f->w, &f->a);
    assert_true(status_failed(s));
    store_rollback(f->w);
    prove(f, 7);
    append_commit(f, events_make(&f->a, 7, 1), 1);
    prove(f, 8);
}

static void sealed_and_key_destroyed(void **state) {
    struct fixture *f = *state;
    struct person_key key = {{1}}, gone = {{2}};
    struct journal_event ev = {.type = JOURNAL_CASE_SETTLED, .cover = 4, .person = id128_make(1, 1, 1), .at_ms = 50, .open = STR("{}")}, got;
    struct str plain = {NULL, 0};
    FINE(journal_seal(env_system(), &f->a, &key, STR("{\"name\":\"张三\"}"), &ev));
    append_commit(f, &ev, 1);
    FINE(journal_get(f->w, &f->a, f->shard, &(int64_t){0}, 1, &got));
    FINE(journal_unseal(&f->a, &key, &got, &plain));
    assert_true(str_eq(plain, STR("{\"name\":\"张三\"}")));
    FAILS(journal_unseal(&f->a, &gone, &got, &plain), "seal-broken");
    prove(f, 1); /* no key is asked for */
}

/* Every step may find no memory: it says so, the group is gone as a whole, and nothing that was there is touched. */
static void memory_ends_anywhere(void **state) {
    struct fixture *f = *state;
    append_commit(f, events_make(&f->a, 0, 3), 3);
    uint32_t done = 0, failed = 0;
    for (size_t limit = 0; done < 3; limit += 61) {
        struct arena small;
        struct arena_mark mark = arena_mark(&f->a);
        arena_init(&small, limit);
        FINE(store_begin(f->w, &f->a));
        struct status s = journal_append(f->w, &small, &f->h, f->shard, events_make(&f->a, 3, 4), 4);
        if (status_failed(s)) assert_string_equal(s.err->code, "out-of-memory");
        store_rollback(f->w);
        struct journal_event *events = NULL, some[2] = {0};
        uint32_t count = 77;
        struct status r = journal_read(f->w, &small, f->shard, -1, 10, &events, &count);
        if (status_failed(r)) assert_true(strcmp(r.err->code, "out-of-memory") == 0 && events == NULL && count == 77);
        struct status g = journal_get(f->w, &small, f->shard, (const int64_t[]){0, 2}, 2, some);
        if (status_failed(g)) assert_true(strcmp(g.err->code, "out-of-memory") == 0 && some[0].open.p == NULL);
        struct journal_head head = {.size = -7};
        struct status h = journal_head_read(f->w, &small, f->shard, &head);
        if (status_failed(h)) assert_true(strcmp(h.err->code, "out-of-memory") == 0 && head.size == -7);
        bool all = !status_failed(s) && !status_failed(r) && !status_failed(g) && !status_failed(h);
        done += all;
        failed += !all;
        arena_done(&small);
        arena_rewind(&f->a, mark);
    }
    assert_true(failed > 10);
    prove(f, 3);
}

/* ---- several writers at once --------------------------------------------------------------------------------- */

struct writer {
    struct store *store;
    struct arena a;
    int32_t shard;
    uint32_t n;
    const char *failed;
};

static struct status writer_group(struct writer *wr, struct store_connection *c, struct sha256 *h, uint32_t group) {
    struct journal_head head;
    uint32_t count = 1 + (wr->n + group) % 7;
    TRY(store_begin(c, &wr->a));
    TRY(journal_head_lock(c, &wr->a, wr->shard, &head));
    TRY(journal_append_locked(c, &wr->a, h, wr->shard, &head, events_make(&wr->a, wr->n * 10'000 + group * 10, count), count));
    if ((wr->n + group) % 5 == 0) { /* some change their mind */
        store_rollback(c);
        return STATUS_OK;
    }
    return store_commit(c, &wr->a);
}

static void *writer_run(void *arg) {
    struct writer *wr = arg;
    struct store_connection *c = NULL;
    struct sha256 h;
    sha256_init(&h);
    struct status s = store_connect(wr->store, STORE_WRITE, &wr->a, &c);
    for (uint32_t group = 0; group < 20 && !status_failed(s); group++) {
        s = writer_group(wr, c, &h, group);
        if (status_failed(s)) store_rollback(c);
    }
    wr->failed = status_failed(s) ? s.err->code : NULL;
    store_disconnect(c);
    sha256_done(&h);
    return NULL;
}

static void many_writers(void **state) {
    struct fixture *f = *state;
    const struct env *e = env_system();
    static struct writer writers[WRITERS_MAX];
    struct env_thread threads[WRITERS_MAX];
    uint32_t count = f->postgres ? WRITERS_MAX : 1; /* SQLite has one writer by design */
    store_disconnect(f->w);
    f->w = NULL;
    int64_t size = 0;
    for (uint32_t n = 0; n < count; n++) {
        writers[n] = (struct writer){.store = f->store, .shard = f->shard, .n = n};
        arena_init(&writers[n].a, 32 << 20);
        for (uint32_t group = 0; group < 20; group++) size += (n + group) % 5 == 0 ? 0 : 1 + (n + group) % 7;
    }
    for (uint32_t n = 0; n < count; n++) FINE(e->thread_start(e, &f->a, writer_run, &writers[n], &threads[n]));
    for (uint32_t n = 0; n < count; n++) e->thread_join(e, &threads[n]);
    for (uint32_t n = 0; n < count; n++) {
        if (writers[n].failed) fail_msg("writer %u: %s", n, writers[n].failed);
        arena_done(&writers[n].a);
    }
    FINE(store_connect(f->store, STORE_WRITE, &f->a, &f->w));
    prove(f, size);
}

/* ---- damage ----------------------------------------------------------------------------------------------------- */

static void head_put(struct fixture *f, int32_t shard, int64_t size, struct str edge, struct str root) {
    static const struct store_statement put = {
        "test.head-put", "iibb", "", "INSERT INTO head (shard, size, at_ms, edge, root) VALUES (?1, ?2, 0, ?3, ?4)",
        "INSERT INTO head (shard, size, at_ms, edge, root) SELECT p.a, p.b, 0, p.c, p.d FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[]) AS p (a, b, c, d)",
        false};
    const struct store_value row[] = {STORE_I(shard), STORE_I(size), STORE_S(edge), STORE_S(root)};
    FINE(store_begin(f->w, &f->a));
    FINE(store_write(f->w, &f->a, &put, row, 1));
    FINE(store_commit(f->w, &f->a));
}

static void damaged_heads(void **state) {
    struct fixture *f = *state;
    struct journal_head head = {.size = -7};
    struct digest root = {{9}};
    static char edge[96];
    static const struct {
        int64_t size;
        size_t edge_bytes;
    } rows[] = {{0, 0}, {1, 32}, {3, 64}, {3, 32}, {1, 31}, {0, 32}}; /* the first three: only the root is wrong */
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int32_t shard = 1'000 + (int32_t)i;
        head_put(f, shard, rows[i].size, (struct str){edge, rows[i].edge_bytes}, (struct str){(const char *)root.b, 32});
        FAILS(journal_head_read(f->w, &f->a, shard, &head), "journal-damaged");
        FINE(store_begin(f->w, &f->a));
        FAILS(journal_head_lock(f->w, &f->a, shard, &head), "journal-damaged");
        store_rollback(f->w);
    }
    assert_true(head.size == -7);
}

static void event_put(struct fixture *f, int64_t type, int64_t version, struct str person) {
    static const struct store_statement put = {
        "test.event-put", "iiiib", "",
        "INSERT INTO events (shard, seq, at_ms, type, version, cover, person, subject, open, sealed, commitment, leaf)"
        " SELECT ?1, ?2, 1, ?3, ?4, 0, ?5, NULL, '{}', NULL, zeroblob(32), zeroblob(32)",
        "INSERT INTO events (shard, seq, at_ms, type, version, cover, person, subject, open, sealed, commitment, leaf)"
        " SELECT p.a, p.b, 1, p.c, p.d, 0, p.e, NULL, '{}', NULL, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex')"
        " FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[]) AS p (a, b, c, d, e)",
        false};
    const struct store_value row[] = {STORE_I(f->shard), STORE_I(0), STORE_I(type), STORE_I(version), STORE_S(person)};
    FINE(store_begin(f->w, &f->a));
    FINE(store_write(f->w, &f->a, &put, row, 1));
    FINE(store_commit(f->w, &f->a));
}

static void event_refused(struct fixture *f, const char *code) {
    struct journal_event *events = NULL, one;
    uint32_t count = 9;
    FAILS(journal_read(f->w, &f->a, f->shard, -1, 10, &events, &count), code);
    FAILS(journal_get(f->w, &f->a, f->shard, &(int64_t){0}, 1, &one), code);
    assert_true(events == NULL && count == 9);
}

static void later_release_type(void **state) {
    event_put(*state, JOURNAL_TYPE_COUNT, 1, STR("0123456789abcdef"));
    event_refused(*state, "journal-newer");
}

static void later_release_version(void **state) {
    event_put(*state, JOURNAL_CASE_SETTLED, 99, STR("0123456789abcdef"));
    event_refused(*state, "journal-newer");
}

static void damaged_type(void **state) {
    event_put(*state, -1, 1, STR("0123456789abcdef"));
    event_refused(*state, "journal-damaged");
}

static void damaged_version(void **state) {
    event_put(*state, JOURNAL_CASE_SETTLED, 0, STR("0123456789abcdef"));
    event_refused(*state, "journal-damaged");
}

static void damaged_person(void **state) {
    event_put(*state, JOURNAL_CASE_SETTLED, 1, STR("0123456789abcde"));
    event_refused(*state, "journal-damaged");
}

/* Somebody with the file in hand takes an event out. */
static void missing_event(void **state) {
    struct fixture *f = *state;
    static const struct store_statement take_out[] = {
        {"test.trigger-drop", "", "", "DROP TRIGGER events_no_delete", NULL, false},
        {"test.event-delete", "i", "", "DELETE FROM events WHERE seq = ?1", NULL, false},
    };
    struct journal_event *events = NULL;
    uint32_t count = 0;
    append_commit(f, events_make(&f->a, 0, 6), 6);
    if (f->postgres) return; /* the server's role cannot, and the owner's triggers are the store's tests */
    FINE(store_begin(f->w, &f->a));
    FINE(store_write(f->w, &f->a, &take_out[0], NULL, 1));
    FINE(store_write(f->w, &f->a, &take_out[1], &STORE_I(3), 1));
    FINE(store_commit(f->w, &f->a));
    FAILS(journal_read(f->w, &f->a, f->shard, -1, 10, &events, &count), "journal-damaged");
    FAILS(journal_get(f->w, &f->a, f->shard, &(int64_t){3}, 1, events), "journal-absent");
    FINE(journal_read(f->w, &f->a, f->shard, -1, 3, &events, &count)); /* before it all is well */
    assert_int_equal(count, 3);
}

/* ---- keys and data ------------------------------------------------------------------------------------------------- */

static void keys_of_other_data(void **state) {
    struct fixture *f = *state;
    static const struct store_statement put = {
        "test.key-put", "ibb", "", "INSERT INTO person_keys (cover, person, wrapped) VALUES (?1, ?2, ?3)",
        "INSERT INTO person_keys (cover, person, wrapped) SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])", false};
    struct journal_keys *ours = NULL, *other = NULL;
    struct person_key key;
    struct str wrapped = {NULL, 0};
    FINE(journal_keys_open(env_system(), &f->a, arena_printf(&f->a, "%s/a.json", f->folder), true, &ours));
    FINE(journal_keys_open(env_system(), &f->a, arena_printf(&f->a, "%s/b.json", f->folder), true, &other));
    FINE(journal_keys_fit(ours, f->w, &f->a)); /* nobody yet: any keys */
    FINE(journal_keys_fit(other, f->w, &f->a));
    FINE(journal_person_key_make(ours, env_system(), &f->a, &key, &wrapped));
    const struct store_value row[] = {STORE_I(1), STORE_S(STR("0123456789abcdef")), STORE_S(wrapped)};
    FINE(store_begin(f->w, &f->a));
    FINE(store_write(f->w, &f->a, &put, row, 1));
    FINE(store_commit(f->w, &f->a));
    FINE(journal_keys_fit(ours, f->w, &f->a));
    FAILS(journal_keys_fit(other, f->w, &f->a), "keys-of-other-data");
    journal_keys_close(ours);
    journal_keys_close(other);
}

static void statements(void **state) {
    struct fixture *f = *state;
    FINE(store_statements_check(&f->a, &journal_statements));
    FINE(store_statements_prepare(f->w, &f->a, &journal_statements));
}

int main(void) {
#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        ROW(statements),           ROW(nothing_yet),           ROW(one_and_many),       ROW(scanning),
        ROW(time_never_goes_back), ROW(failures_leave_no_gap), ROW(sealed_and_key_destroyed), ROW(many_writers),
        ROW(damaged_heads),        ROW(later_release_type),    ROW(later_release_version), ROW(damaged_type),
        ROW(damaged_version),      ROW(damaged_person),        ROW(missing_event),      ROW(keys_of_other_data),
        ROW(memory_ends_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
