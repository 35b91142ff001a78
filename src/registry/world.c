/* world — the small half of the registry in memory: an immutable snapshot with counted references.
 *
 * Who uses it: cases (chains, payers, regions), api (keys, permissions). Invariants: a snapshot never changes; who holds one may read it from any thread; the
 * memory goes with the last reference. Workload: some thousand rows, read on every request, replaced a few times a day: a hash table of names, and behind each
 * name its few rows.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "registry/internal.h"

struct world_row {
    struct str name;
    struct day_range on;
    int64_t recorded;
    union {
        struct registry_institution institution;
        struct registry_payer payer;
        struct registry_region region;
        struct registry_key key;
        struct registry_text text;
    } as;
};
struct world_name {
    enum registry_world_kind kind;
    struct str name;
    struct world_row **rows; /* in order of recording */
    uint32_t count, cap;
};
struct registry_world {
    struct arena arena;
    atomic_int references;
    int64_t version;
    struct world_name **slots;
    uint32_t slot_count, slot_used;
    struct world_name **names;
    uint32_t name_count, name_cap;
    struct registry_text *texts;
    uint32_t text_count;
    struct registry_key *keys;
    uint32_t key_count;
    bool has_keys;
};
enum { WORLD_BYTES = 256 * 1024 * 1024 };

static const char *const kind_names[REGISTRY_WORLD_KIND_COUNT] = {
#define X(id, name, zh, en) name,
#include "registry/world.def"
#undef X
};
static const struct {
    const char *name, *zh, *en;
} roles[REGISTRY_ROLE_COUNT] = {
#define X(ID, name, zh, en) {name, zh, en},
#include "registry/roles.def"
#undef X
};
_Static_assert((int)REGISTRY_KEY == (int)REGISTRY_CHANGE_KEY && (int)REGISTRY_PAYER == (int)REGISTRY_CHANGE_PAYER && (int)REGISTRY_CATALOGUE == (int)REGISTRY_CHANGE_CATALOGUE, "world.def and changes.def begin alike");
static const struct registry_region region_default = {.utc_offset_minutes = 480, .guardian_age = 14, .quote_minutes = 15, .stay_quote_minutes = 1440};

const char *registry_world_kind_name(enum registry_world_kind k) {
    CHECK((unsigned)k < REGISTRY_WORLD_KIND_COUNT);
    return kind_names[k];
}
const char *registry_role_name(enum registry_role r) {
    CHECK((unsigned)r < REGISTRY_ROLE_COUNT);
    return roles[r].name;
}
const char *registry_role_label(enum registry_role r, bool zh) {
    CHECK((unsigned)r < REGISTRY_ROLE_COUNT);
    return zh ? roles[r].zh : roles[r].en;
}
bool registry_role_parse(struct str name, enum registry_role *ret) {
    for (uint32_t i = 0; i < REGISTRY_ROLE_COUNT; i++) {
        if (!str_eq(name, str_from(roles[i].name))) continue;
        *ret = (enum registry_role)i;
        return true;
    }
    return false;
}

/* ---- rows to structs -------------------------------------------------------------------------------------- */

static enum bill_hospital_kind hospital_kind_of(struct str word) {
    uint32_t count;
    const struct bill_word *words = bill_words(BILL_VOCABULARY_HOSPITAL_KIND, &count);
    for (uint32_t i = 0; i < count; i++)
        if (str_eq(word, str_from(words[i].name))) return (enum bill_hospital_kind)i;
    return BILL_HOSPITAL_PUBLIC;
}

static bool institution_read(const struct json *o, struct world_row *r) {
    r->as.institution = (struct registry_institution){.id = r->name, .kind = registry_json_text(o, "kind"), .zh = registry_json_text(o, "zh"), .en = registry_json_text(o, "en"),
                                                      .region = registry_json_text(o, "region"), .hospital_kind = hospital_kind_of(registry_json_text(o, "hospital_kind")),
                                                      .level = registry_json_number(o, "level", 0)};
    if (r->as.institution.en.n == 0) r->as.institution.en = r->as.institution.zh;
    return r->as.institution.kind.n > 0;
}

static bool payer_read(const struct json *o, struct world_row *r) {
    struct str hold = registry_json_text(o, "hold");
    r->as.payer = (struct registry_payer){.name = r->name, .institution = registry_json_text(o, "institution"), .hold = hold,
                                          .paid_by_each = str_eq(registry_json_text(o, "paid_by"), STR("each")), .complex = registry_json_flag(o, "complex", false),
                                          .withdrawn = registry_json_flag(o, "withdrawn", false), .advance_limit = registry_json_number(o, "advance_limit", -1)};
    if (str_eq(hold, STR("none"))) r->as.payer.hold = (struct str){0};
    return r->as.payer.institution.n > 0;
}

static bool region_read(const struct json *o, struct world_row *r) {
    struct str against = registry_json_text(o, "difference_against");
    const struct registry_region *d = &region_default;
    r->as.region = (struct registry_region){.code = r->name, .chain = registry_json_text(o, "chain"), .readjudicate = str_eq(registry_json_text(o, "reverse"), STR("readjudicate")),
                                            .favour_needs_act = registry_json_flag(o, "favour_needs_act", false),
                                            .utc_offset_minutes = (int32_t)registry_json_number(o, "utc_offset_minutes", d->utc_offset_minutes),
                                            .guardian_age = (int32_t)registry_json_number(o, "guardian_age", d->guardian_age),
                                            .quote_minutes = (int32_t)registry_json_number(o, "quote_minutes", d->quote_minutes),
                                            .stay_quote_minutes = (int32_t)registry_json_number(o, "stay_quote_minutes", d->stay_quote_minutes)};
    if (str_eq(against, STR("receivable"))) r->as.region.difference_against = REGISTRY_RECEIVABLE;
    if (str_eq(against, STR("waive"))) r->as.region.difference_against = REGISTRY_WAIVE;
    return true;
}

static bool key_read(const struct json *o, struct world_row *r) {
    struct registry_key *k = &r->as.key;
    *k = (struct registry_key){.id = r->name, .institution = registry_json_text(o, "institution"), .role = registry_json_text(o, "role"), .name = registry_json_text(o, "name"),
                               .revoked = registry_json_flag(o, "revoked", false)};
    return registry_role_parse(k->role, &k->role_id) && digest_parse(registry_json_text(o, "hash"), &k->hash);
}

static bool text_read(const struct json *o, enum registry_world_kind kind, struct world_row *r) {
    r->as.text = (struct registry_text){.kind = kind, .name = r->name, .on = r->on, .grade = registry_json_text(o, "grade")};
    return digest_parse(registry_json_text(o, "hash"), &r->as.text.hash);
}

static bool row_read(struct arena *a, enum registry_world_kind kind, struct str data, struct world_row *r) {
    const struct json *o = NULL;
    struct status st = registry_json_row(a, data, "world", &o);
    if (status_failed(st)) return false; /* memory or not: the snapshot is not made */
    switch (kind) {
    case REGISTRY_INSTITUTION: return institution_read(o, r);
    case REGISTRY_PAYER: return payer_read(o, r);
    case REGISTRY_REGION: return region_read(o, r);
    case REGISTRY_KEY: return key_read(o, r);
    case REGISTRY_PLAN:
    case REGISTRY_LIST:
    case REGISTRY_CHAIN:
    case REGISTRY_CATALOGUE: return text_read(o, kind, r);
    case REGISTRY_WORLD_KIND_COUNT: break;
    }
    return false;
}

/* ---- names ---------------------------------------------------------------------------------------------------- */

static struct world_name **slot_of(struct world_name **slots, uint32_t count, enum registry_world_kind kind, struct str name) {
    uint32_t at = (uint32_t)(str_hash(name) * 31 + (uint64_t)kind) & (count - 1);
    while (slots[at] && !(slots[at]->kind == kind && str_eq(slots[at]->name, name))) at = (at + 1) & (count - 1);
    return &slots[at];
}

static bool slots_grow(struct registry_world *w) {
    uint32_t count = w->slot_count ? w->slot_count * 2 : 64;
    struct world_name **slots = ARENA_ARRAY(&w->arena, struct world_name *, count);
    if (!slots) return false;
    for (uint32_t i = 0; i < w->name_count; i++) *slot_of(slots, count, w->names[i]->kind, w->names[i]->name) = w->names[i];
    w->slots = slots;
    w->slot_count = count;
    return true;
}

static struct world_name *name_at(struct registry_world *w, enum registry_world_kind kind, struct str name) {
    if (w->name_count * 2 >= w->slot_count && !slots_grow(w)) return NULL;
    struct world_name **slot = slot_of(w->slots, w->slot_count, kind, name);
    struct world_name *known = *slot;
    if (known) return known;
    struct world_name *n = ARENA_NEW(&w->arena, struct world_name);
    if (!n) return NULL;
    struct world_name **place = ARENA_PUSH(&w->arena, w->names, w->name_count, w->name_cap);
    if (!place) return NULL;
    *n = (struct world_name){.kind = kind, .name = name};
    *place = *slot = n;
    return n;
}

static const struct world_name *name_find(const struct registry_world *w, enum registry_world_kind kind, struct str name) {
    return w->slot_count ? *slot_of(w->slots, w->slot_count, kind, name) : NULL;
}

static const struct world_row *row_on(const struct world_name *n, const struct day *on) {
    for (uint32_t i = n ? n->count : 0; i > 0; i--)
        if (!on || day_in(*on, n->rows[i - 1]->on)) return n->rows[i - 1];
    return NULL;
}

static bool kind_find(struct str name, enum registry_world_kind *ret) {
    for (uint32_t i = 0; i < REGISTRY_WORLD_KIND_COUNT; i++) {
        if (!str_eq(name, str_from(kind_names[i]))) continue;
        *ret = (enum registry_world_kind)i;
        return true;
    }
    return false;
}

/* One row of the table: kind t, name t, valid_from i, valid_to i, data t, recorded i. */
static struct status row_add(struct registry_world *w, struct arena *a, const struct store_value *v) {
    enum registry_world_kind kind;
    struct world_row *r = ARENA_NEW(&w->arena, struct world_row);
    if (!r) return status_memory();
    *r = (struct world_row){.name = arena_str(&w->arena, v[1].s), .on = {{(int32_t)v[2].i}, {(int32_t)v[3].i}}, .recorded = v[5].i};
    struct str data = arena_str(&w->arena, v[4].s);
    if (!r->name.p || !data.p) return status_memory();
    if (!kind_find(v[0].s, &kind) || !row_read(&w->arena, kind, data, r)) return registry_fail(a, REGISTRY_E_ROW_BROKEN, STR("world"), registry_arg(STR("world")));
    struct world_name *n = name_at(w, kind, r->name);
    if (!n) return status_memory();
    struct world_row **slot = ARENA_PUSH(&w->arena, n->rows, n->count, n->cap);
    if (!slot) return status_memory();
    *slot = r;
    return STATUS_OK;
}

/* ---- texts and keys ------------------------------------------------------------------------------------------------ */

static int text_order(const void *a, const void *b) {
    const struct registry_text *x = a, *y = b;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    int c = str_cmp(x->name, y->name);
    return c != 0 ? c : (x->on.from.v > y->on.from.v) - (x->on.from.v < y->on.from.v);
}

static int key_order(const void *a, const void *b) { return str_cmp(((const struct registry_key *)a)->id, ((const struct registry_key *)b)->id); }

static bool is_text(enum registry_world_kind k) { return k == REGISTRY_PLAN || k == REGISTRY_LIST || k == REGISTRY_CHAIN || k == REGISTRY_CATALOGUE; }

/* What holds of one name, cut out of its rows. */
static struct status texts_of_name(struct registry_world *w, const struct world_name *n, uint32_t *cap) {
    struct overlay_row *rows = ARENA_ARRAY(&w->arena, struct overlay_row, n->count);
    if (!rows) return status_memory();
    for (uint32_t i = 0; i < n->count; i++) rows[i] = (struct overlay_row){n->rows[i]->on, n->rows[i]->recorded, n->rows[i]};
    uint32_t count;
    struct overlay_segment *cut = registry_overlay_cut(&w->arena, rows, n->count, &count);
    if (!cut) return status_memory();
    for (uint32_t i = 0; i < count; i++) {
        const struct world_row *r = cut[i].thing;
        struct registry_text *t = ARENA_PUSH(&w->arena, w->texts, w->text_count, *cap);
        if (!t) return status_memory();
        *t = r->as.text;
        t->on = cut[i].on;
    }
    return STATUS_OK;
}

static struct status texts_build(struct registry_world *w) {
    uint32_t text_cap = 0, key_cap = 0;
    for (uint32_t i = 0; i < w->name_count; i++) {
        struct world_name *n = w->names[i];
        if (is_text(n->kind)) TRY(texts_of_name(w, n, &text_cap));
        if (n->kind != REGISTRY_KEY) continue;
        struct registry_key *k = ARENA_PUSH(&w->arena, w->keys, w->key_count, key_cap);
        if (!k) return status_memory();
        *k = n->rows[n->count - 1]->as.key;
        w->has_keys = true;
    }
    if (w->text_count) qsort(w->texts, w->text_count, sizeof *w->texts, text_order);
    if (w->key_count) qsort(w->keys, w->key_count, sizeof *w->keys, key_order);
    return STATUS_OK;
}

static struct status bodies_read(struct registry_world *w, struct store_connection *c, struct arena *a) {
    if (w->text_count == 0) return STATUS_OK;
    struct store_value *params = ARENA_ARRAY(a, struct store_value, w->text_count);
    uint32_t *which = ARENA_ARRAY(a, uint32_t, w->text_count);
    if (!params || !which) return status_memory();
    uint32_t n = 0;
    for (uint32_t i = 0; i < w->text_count; i++) {
        if (w->texts[i].kind == REGISTRY_CATALOGUE) continue;
        which[n] = i;
        params[n++] = STORE_S(((struct str){(const char *)w->texts[i].hash.b, 32}));
    }
    struct store_rows rows;
    TRY(store_read(c, a, registry_statement(REGISTRY_Q_TEXT), params, n, &rows));
    for (uint32_t i = 0; i < rows.count; i++) {
        struct registry_text *t = &w->texts[which[rows.of[i]]];
        t->text = arena_str(&w->arena, store_row(&rows, i)[0].s);
        if (!t->text.p) return status_memory();
    }
    for (uint32_t i = 0; i < n; i++)
        if (!w->texts[which[i]].text.p) return registry_fail(a, REGISTRY_E_ROW_BROKEN, STR("texts"), registry_arg(STR("texts")));
    return STATUS_OK;
}

/* ---- life of a snapshot ------------------------------------------------------------------------------------------------ */

struct status registry_world_empty(struct arena *a, struct registry_world **ret) {
    (void)a;
    struct arena own;
    arena_init(&own, WORLD_BYTES);
    struct registry_world *w = ARENA_NEW(&own, struct registry_world);
    if (!w) {
        arena_done(&own);
        return status_memory();
    }
    w->arena = own;
    atomic_init(&w->references, 1);
    *ret = w;
    return STATUS_OK;
}

static struct status world_fill(struct registry_world *w, struct store_connection *c, struct arena *a) {
    struct store_rows rows;
    TRY(registry_world_version_read(c, a, &w->version));
    TRY(store_read(c, a, registry_statement(REGISTRY_Q_WORLD), NULL, 1, &rows));
    for (uint32_t i = 0; i < rows.count; i++) TRY(row_add(w, a, store_row(&rows, i)));
    TRY(texts_build(w));
    return bodies_read(w, c, a);
}

struct status registry_world_load(struct store_connection *c, struct arena *a, struct registry_world **ret) {
    struct registry_world *w = NULL;
    TRY(registry_world_empty(a, &w));
    CHECK(w != NULL);
    struct status st = world_fill(w, c, a);
    if (status_failed(st)) registry_world_release(w);
    else *ret = w;
    return st;
}

struct registry_world *registry_world_hold(struct registry_world *w) {
    atomic_fetch_add(&w->references, 1);
    return w;
}

void registry_world_release(struct registry_world *w) {
    if (!w || atomic_fetch_sub(&w->references, 1) != 1) return;
    struct arena own = w->arena;
    arena_done(&own);
}

int64_t registry_world_version(const struct registry_world *w) { return w->version; }

struct status registry_world_version_read(struct store_connection *c, struct arena *a, int64_t *ret) {
    struct store_rows rows;
    TRY(store_read(c, a, registry_statement(REGISTRY_Q_VERSION), NULL, 1, &rows));
    *ret = rows.count > 0 ? store_row(&rows, 0)[0].i : 0;
    return STATUS_OK;
}

struct status registry_text_read(struct store_connection *c, struct arena *a, const struct digest *hash, struct str *ret) {
    struct store_rows rows;
    struct store_value key = STORE_S(((struct str){(const char *)hash->b, 32}));
    TRY(store_read(c, a, registry_statement(REGISTRY_Q_TEXT), &key, 1, &rows));
    if (rows.count > 0) *ret = store_row(&rows, 0)[0].s;
    else *ret = (struct str){0};
    return STATUS_OK;
}

/* ---- look-ups --------------------------------------------------------------------------------------------------------------- */

const struct registry_institution *registry_institution_on(const struct registry_world *w, struct str id, struct day on) {
    const struct world_row *r = row_on(name_find(w, REGISTRY_INSTITUTION, id), &on);
    return r ? &r->as.institution : NULL;
}
const struct registry_institution *registry_institution_find(const struct registry_world *w, struct str id) {
    const struct world_row *r = row_on(name_find(w, REGISTRY_INSTITUTION, id), NULL);
    return r ? &r->as.institution : NULL;
}
const struct registry_payer *registry_payer_on(const struct registry_world *w, struct str plan_name, struct day on) {
    const struct world_row *r = row_on(name_find(w, REGISTRY_PAYER, plan_name), &on);
    return r ? &r->as.payer : NULL;
}
const struct registry_payer *registry_payer_find(const struct registry_world *w, struct str plan_name) {
    const struct world_row *r = row_on(name_find(w, REGISTRY_PAYER, plan_name), NULL);
    return r ? &r->as.payer : NULL;
}

static const struct registry_region *region_of(const struct registry_world *w, struct str code, const struct day *on) {
    const struct world_row *r = row_on(name_find(w, REGISTRY_REGION, code), on);
    if (!r) r = row_on(name_find(w, REGISTRY_REGION, STR("")), on);
    return r ? &r->as.region : &region_default;
}
const struct registry_region *registry_region_on(const struct registry_world *w, struct str code, struct day on) { return region_of(w, code, &on); }
const struct registry_region *registry_region_find(const struct registry_world *w, struct str code) { return region_of(w, code, NULL); }

const struct registry_key *registry_key_find(const struct registry_world *w, struct str id) {
    const struct world_row *r = row_on(name_find(w, REGISTRY_KEY, id), NULL);
    return r ? &r->as.key : NULL;
}
bool registry_has_keys(const struct registry_world *w) { return w->has_keys; }
const struct registry_key *registry_keys(const struct registry_world *w, uint32_t *ret_count) {
    *ret_count = w->key_count;
    return w->keys;
}
const struct registry_text *registry_texts(const struct registry_world *w, uint32_t *ret_count) {
    *ret_count = w->text_count;
    return w->texts;
}
const struct registry_text *registry_text_by_hash(const struct registry_world *w, const struct digest *hash) {
    for (uint32_t i = 0; i < w->text_count; i++)
        if (digest_equal(&w->texts[i].hash, hash)) return &w->texts[i];
    return NULL;
}

/* "yk_<id>_<secret>": the id has no underscore. */
const struct registry_key *registry_key_check(const struct registry_world *w, struct str presented) {
    if (!str_starts(presented, STR("yk_"))) return NULL;
    struct str rest = {presented.p + 3, presented.n - 3};
    const char *end = memchr(rest.p, '_', rest.n);
    if (!end) return NULL;
    const struct registry_key *k = registry_key_find(w, (struct str){rest.p, (size_t)(end - rest.p)});
    struct digest d;
    crypto_sha256(presented, &d); /* always, so that an unknown id takes as long */
    return k && digest_equal(&k->hash, &d) && !k->revoked ? k : NULL;
}
