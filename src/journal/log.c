/* log — appending and reading the events of a shard, and its head row.
 *
 * Who uses it: the engine of cases (append), rebuild, audit, the feed (read). Invariants: see journal.h; the head row is locked before seq is given, and events and
 * head go out in one transaction, so seq is dense whatever fails. What is read was checked in shape; whether leaves and root are right is for audit.
 * Workload: a group of some hundred events is one statement for the events and one for the head; pages of events for reading.
 */
#include <string.h>

#include "journal/internal.h"

#define COLUMNS "seq, at_ms, type, version, cover, person, subject, open, sealed, commitment, leaf"
#define E_COLUMNS "e.seq, e.at_ms, e.type, e.version, e.cover, e.person, e.subject, e.open, e.sealed, e.commitment, e.leaf"
#define EVENT_TYPES "iiiiiBBtBbb"

enum { HEAD_READ, HEAD_LOCK, HEAD_MAKE, HEAD_WRITE, EVENTS_ADD, EVENTS_AFTER, EVENTS_GET, KEY_ANY, STATEMENT_COUNT };
static const struct store_statement statements[STATEMENT_COUNT] = {
    [HEAD_READ] = {"journal.head-read", "i", "iibb", "SELECT size, at_ms, edge, root FROM head WHERE shard = ?1",
                   "SELECT p.n, h.size, h.at_ms, h.edge, h.root FROM unnest($1::bigint[]) WITH ORDINALITY AS p (shard, n)"
                   " JOIN head h ON h.shard = p.shard ORDER BY p.n",
                   true},
    [HEAD_LOCK] = {"journal.head-lock", "i", "iibb", "SELECT size, at_ms, edge, root FROM head WHERE shard = ?1", /* there the writer is alone */
                   "SELECT p.n, h.size, h.at_ms, h.edge, h.root FROM unnest($1::bigint[]) WITH ORDINALITY AS p (shard, n)"
                   " JOIN head h ON h.shard = p.shard ORDER BY p.n FOR UPDATE OF h",
                   true},
    [HEAD_MAKE] = {"journal.head-make", "ib", "",
                   "INSERT INTO head (shard, size, at_ms, edge, root) VALUES (?1, 0, 0, x'', ?2) ON CONFLICT (shard) DO NOTHING",
                   "INSERT INTO head (shard, size, at_ms, edge, root) SELECT p.shard, 0, 0, ''::bytea, p.root"
                   " FROM unnest($1::bigint[], $2::bytea[]) AS p (shard, root) ON CONFLICT (shard) DO NOTHING",
                   false},
    [HEAD_WRITE] = {"journal.head-write", "iiibb", "", "UPDATE head SET size = ?2, at_ms = ?3, edge = ?4, root = ?5 WHERE shard = ?1",
                    "UPDATE head h SET size = p.size, at_ms = p.at_ms, edge = p.edge, root = p.root"
                    " FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[]) AS p (shard, size, at_ms, edge, root) WHERE h.shard = p.shard",
                    true},
    [EVENTS_ADD] = {"journal.events-add", "iiiiiiBBtBbb", "",
                    "INSERT INTO events (shard, " COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                    "INSERT INTO events (shard, " COLUMNS ") SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],"
                    " $7::bytea[], $8::bytea[], $9::text[], $10::bytea[], $11::bytea[], $12::bytea[])",
                    true},
    [EVENTS_AFTER] = {"journal.events-after", "iii", EVENT_TYPES, "SELECT " COLUMNS " FROM events WHERE shard = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
                      "SELECT p.n, " E_COLUMNS " FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS p (shard, after, max, n)"
                      " CROSS JOIN LATERAL (SELECT " COLUMNS " FROM events WHERE shard = p.shard AND seq > p.after ORDER BY seq LIMIT p.max) AS e ORDER BY p.n, e.seq",
                      false},
    [EVENTS_GET] = {"journal.events-get", "ii", EVENT_TYPES, "SELECT " COLUMNS " FROM events WHERE shard = ?1 AND seq = ?2",
                    "SELECT p.n, " E_COLUMNS " FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS p (shard, seq, n)"
                    " JOIN events e ON e.shard = p.shard AND e.seq = p.seq ORDER BY p.n",
                    true},
    [KEY_ANY] = {"journal.key-any", "", "b", "SELECT wrapped FROM person_keys LIMIT 1", "SELECT 1::bigint, wrapped FROM person_keys LIMIT 1", false},
};
const struct store_statements journal_statements = {statements, STATEMENT_COUNT};

static struct status damaged(struct arena *a, int32_t shard, int64_t seq) {
    return journal_fail(a, JOURNAL_FAILED_DAMAGED, arena_printf(a, "shard %d, event %lld", shard, (long long)seq), NULL);
}

static struct str digest_view(const struct digest *d) { return bytes_view(d->b, sizeof(d->b)); }

/* ---- the head row --------------------------------------------------------------------------------------- */

static struct status head_parse(struct arena *a, int32_t shard, const struct store_value *row, struct journal_head *ret) {
    enum { SIZE, AT_MS, EDGE, ROOT };
    struct sha256 h;
    struct digest root;
    struct journal_head head = {.size = row[SIZE].i, .at_ms = row[AT_MS].i};
    if (!tlog_edge_read(head.size, row[EDGE].s, &head.edge)) return damaged(a, shard, head.size);
    sha256_init(&h);
    tlog_edge_root(&h, &head.edge, &root);
    sha256_done(&h);
    if (!str_eq(row[ROOT].s, digest_view(&root))) return damaged(a, shard, head.size);
    head.root = root;
    *ret = head;
    return STATUS_OK;
}

static struct status head_find(struct store_connection *c, struct arena *a, int32_t shard, const struct store_statement *st, struct journal_head *ret, bool *ret_found) {
    struct store_rows rows;
    TRY(store_read(c, a, st, &STORE_I(shard), 1, &rows));
    if (rows.count > 0) TRY(head_parse(a, shard, store_row(&rows, 0), ret));
    *ret_found = rows.count > 0;
    return STATUS_OK;
}

struct status journal_head_read(struct store_connection *c, struct arena *a, int32_t shard, struct journal_head *ret) {
    struct journal_head head = {0};
    bool found = false;
    TRY(head_find(c, a, shard, &statements[HEAD_READ], &head, &found));
    if (!found) crypto_sha256(STR(""), &head.root);
    *ret = head;
    return STATUS_OK;
}

struct status journal_head_lock(struct store_connection *c, struct arena *a, int32_t shard, struct journal_head *ret) {
    struct digest nothing;
    bool found = false;
    TRY(head_find(c, a, shard, &statements[HEAD_LOCK], ret, &found));
    if (found) return STATUS_OK;
    /* The first event of the shard: of several writers one makes the row, the others wait for it here. */
    crypto_sha256(STR(""), &nothing);
    const struct store_value row[] = {STORE_I(shard), STORE_S(digest_view(&nothing))};
    TRY(store_write(c, a, &statements[HEAD_MAKE], row, 1));
    TRY(head_find(c, a, shard, &statements[HEAD_LOCK], ret, &found));
    return found ? STATUS_OK : damaged(a, shard, 0);
}

/* ---- appending --------------------------------------------------------------------------------------------- */

#if YIJIE_FAULTS
/* In builds for tests: what is hashed is what canonical JSON would be. */
static void open_check(struct arena *a, struct str open) {
    const struct json *v = NULL;
    struct buf out;
    struct arena_mark mark = arena_mark(a);
    buf_init(&out, LIMIT_EVENT_OPEN_BYTES);
    struct status s = json_parse(a, open, &v);
    if (!status_failed(s)) s = json_canonical(a, v, &out);
    CHECK(s.err == status_memory().err || (!status_failed(s) && v->kind == JSON_OBJECT && str_eq(buf_view(&out), open)));
    buf_done(&out);
    arena_rewind(a, mark);
}
#else
static void open_check(struct arena *a, struct str open) {
    (void)a;
    (void)open;
}
#endif

static struct store_value bytes_or_null(struct str s) { return s.n > 0 ? STORE_S(s) : STORE_NULL; }
static struct store_value id_or_null(const struct id128 *id) { return id128_is_zero(id) ? STORE_NULL : STORE_S(id128_view(id)); }

enum { EVENT_PARAMS = 12 };
static void event_row(int32_t shard, const struct journal_event *ev, struct store_value row[EVENT_PARAMS]) {
    const struct store_value values[EVENT_PARAMS] = {
        STORE_I(shard),         STORE_I(ev->seq),      STORE_I(ev->at_ms),          STORE_I(ev->type),
        STORE_I(ev->version),   STORE_I(ev->cover),    id_or_null(&ev->person),     id_or_null(&ev->subject),
        STORE_S(ev->open),      bytes_or_null(ev->sealed), STORE_S(digest_view(&ev->commitment)), STORE_S(digest_view(&ev->leaf)),
    };
    memcpy(row, values, sizeof(values));
}

/* What the caller must have given; a wrong event here is a bug, an open part that is too large came from outside. */
static struct status event_check(struct arena *a, const struct journal_event *ev) {
    static const struct digest none;
    CHECK(ev->type < JOURNAL_TYPE_COUNT && (ev->version == 0 || ev->version == journal_type_version(ev->type)) && ev->cover >= 0);
    CHECK(ev->sealed.n > 0 ? !id128_is_zero(&ev->person) : digest_equal(&ev->commitment, &none));
    if (ev->open.n > LIMIT_EVENT_OPEN_BYTES) return journal_fail(a, JOURNAL_FAILED_TOO_LARGE, str_from(journal_type_name(ev->type)), NULL);
    open_check(a, ev->open);
    return STATUS_OK;
}

static struct status head_write(struct store_connection *c, struct arena *a, int32_t shard, const struct journal_head *head) {
    uint8_t *edge = arena_alloc(a, TLOG_EDGE_BYTES_MAX, 1);
    struct digest *root = ARENA_NEW(a, struct digest); /* a write may be deferred: its values stay in the arena */
    if (!edge || !root) return status_memory();
    *root = head->root;
    size_t n = tlog_edge_write(&head->edge, edge);
    const struct store_value row[] = {STORE_I(shard), STORE_I(head->size), STORE_I(head->at_ms), STORE_S(bytes_view(edge, n)), STORE_S(digest_view(root))};
    return store_write(c, a, &statements[HEAD_WRITE], row, 1);
}

struct status journal_append_locked(struct store_connection *c, struct arena *a, struct sha256 *h, int32_t shard, struct journal_head *head, struct journal_event *events,
                                    uint32_t count) {
    struct journal_head next = *head;
    if (count == 0) return STATUS_OK;
    struct store_value *rows = ARENA_ARRAY(a, struct store_value, (size_t)count * EVENT_PARAMS);
    if (!rows) return status_memory();
    for (uint32_t i = 0; i < count; i++) TRY(event_check(a, &events[i]));
    for (uint32_t i = 0; i < count; i++) {
        struct journal_event *ev = &events[i];
        next.at_ms = i64_max(next.at_ms, ev->at_ms);
        ev->seq = next.edge.size;
        ev->at_ms = next.at_ms;
        ev->version = journal_type_version(ev->type);
        journal_leaf(h, ev, &ev->leaf);
        tlog_edge_append(h, &next.edge, &ev->leaf);
        event_row(shard, ev, rows + (size_t)i * EVENT_PARAMS);
    }
    next.size = next.edge.size;
    tlog_edge_root(h, &next.edge, &next.root);
    TRY(store_write(c, a, &statements[EVENTS_ADD], rows, count));
    TRY(head_write(c, a, shard, &next));
    *head = next;
    return STATUS_OK;
}

struct status journal_append(struct store_connection *c, struct arena *a, struct sha256 *h, int32_t shard, struct journal_event *events, uint32_t count) {
    struct journal_head head;
    if (count == 0) return STATUS_OK;
    TRY(journal_head_lock(c, a, shard, &head));
    return journal_append_locked(c, a, h, shard, &head, events, count);
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

static bool id_read(const struct store_value *v, struct id128 *ret) {
    *ret = (struct id128){{0}};
    if (v->null) return true;
    if (v->s.n != sizeof(ret->b)) return false;
    memcpy(ret->b, v->s.p, sizeof(ret->b));
    return true;
}

static bool digest_read(struct str s, struct digest *ret) {
    if (s.n != sizeof(ret->b)) return false;
    memcpy(ret->b, s.p, sizeof(ret->b));
    return true;
}

static struct status event_read(struct arena *a, int32_t shard, const struct store_value *row, struct journal_event *ret) {
    enum { SEQ, AT_MS, TYPE, VERSION, COVER, PERSON, SUBJECT, OPEN, SEALED, COMMITMENT, LEAF };
    struct journal_event ev = {.seq = row[SEQ].i, .at_ms = row[AT_MS].i, .cover = row[COVER].i, .open = row[OPEN].s};
    if (!row[SEALED].null) ev.sealed = row[SEALED].s;
    if (row[TYPE].i < 0 || row[VERSION].i < 1 || !id_read(&row[PERSON], &ev.person) || !id_read(&row[SUBJECT], &ev.subject) ||
        !digest_read(row[COMMITMENT].s, &ev.commitment) || !digest_read(row[LEAF].s, &ev.leaf))
        return damaged(a, shard, ev.seq);
    if (row[TYPE].i >= JOURNAL_TYPE_COUNT || row[VERSION].i > journal_type_version((enum journal_type)row[TYPE].i))
        return journal_fail(a, JOURNAL_FAILED_NEWER, arena_printf(a, "shard %d, event %lld", shard, (long long)ev.seq), NULL);
    ev.type = (enum journal_type)row[TYPE].i;
    ev.version = (int32_t)row[VERSION].i;
    *ret = ev;
    return STATUS_OK;
}

struct status journal_read(struct store_connection *c, struct arena *a, int32_t shard, int64_t after, uint32_t max, struct journal_event **ret, uint32_t *ret_count) {
    struct store_rows rows;
    const struct store_value params[] = {STORE_I(shard), STORE_I(after), STORE_I(max)};
    TRY(store_read(c, a, &statements[EVENTS_AFTER], params, 1, &rows));
    struct journal_event *events = ARENA_ARRAY(a, struct journal_event, rows.count);
    if (!events) return status_memory();
    for (uint32_t i = 0; i < rows.count; i++) {
        TRY(event_read(a, shard, store_row(&rows, i), &events[i]));
        if (events[i].seq != after + 1 + (int64_t)i) return damaged(a, shard, after + 1 + (int64_t)i); /* dense, so a gap is a loss */
    }
    *ret = events;
    *ret_count = rows.count;
    return STATUS_OK;
}

struct status journal_get(struct store_connection *c, struct arena *a, int32_t shard, const int64_t *seqs, uint32_t count, struct journal_event *ret) {
    struct store_rows rows;
    if (count == 0) return STATUS_OK;
    struct store_value *params = ARENA_ARRAY(a, struct store_value, 2 * (size_t)count);
    struct journal_event *events = ARENA_ARRAY(a, struct journal_event, count);
    if (!params || !events) return status_memory();
    for (size_t i = 0; i < count; i++) {
        params[2 * i] = STORE_I(shard);
        params[2 * i + 1] = STORE_I(seqs[i]);
    }
    TRY(store_read(c, a, &statements[EVENTS_GET], params, count, &rows));
    for (uint32_t i = 0; i < count; i++) {
        if (i >= rows.count || rows.of[i] != i)
            return journal_fail(a, JOURNAL_FAILED_ABSENT, arena_printf(a, "shard %d, event %lld", shard, (long long)seqs[i]), NULL);
        TRY(event_read(a, shard, store_row(&rows, i), &events[i]));
    }
    memcpy(ret, events, count * sizeof(events[0]));
    return STATUS_OK;
}

struct status journal_scan(struct store_connection *c, struct arena *a, int32_t shard, int64_t after,
                           struct status (*each)(void *user, const struct journal_event *ev), void *user) {
    enum { PAGE = 256 }; /* what was appended never changes, so pages read one by one are one view, and no reader holds a snapshot for long */
    for (;;) {
        struct arena_mark mark = arena_mark(a);
        struct journal_event *events = NULL;
        uint32_t count = 0;
        TRY(journal_read(c, a, shard, after, PAGE, &events, &count));
        struct arena_mark page = arena_mark(a);
        for (uint32_t i = 0; i < count; i++) {
            TRY(each(user, &events[i]));
            arena_rewind(a, page);
        }
        after += count;
        arena_rewind(a, mark);
        if (count < PAGE) return STATUS_OK;
    }
}

/* ---- do keys and data belong together ------------------------------------------------------------------------ */

struct status journal_keys_fit(const struct journal_keys *k, struct store_connection *c, struct arena *a) {
    struct store_rows rows;
    struct person_key key = {{0}};
    TRY(store_read(c, a, &statements[KEY_ANY], NULL, 1, &rows));
    if (rows.count == 0) return STATUS_OK;
    struct status s = journal_person_key_open(k, a, store_row(&rows, 0)->s, &key);
    person_key_wipe(&key);
    return status_failed(s) ? journal_fail(a, JOURNAL_FAILED_KEYS_OTHER, STR(""), s.err) : STATUS_OK;
}
