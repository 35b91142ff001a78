/* decide — a change and what is in memory become events or a refusal; before that, what must be in memory.
 *
 * Who uses it: the engine (group commit), tests. Invariants: pure apart from random bytes; nothing is changed by a refusal; a change that stands already makes no event;
 * the world rows of one name are read through the set, so that a change sees what an earlier one of its group said.
 */
#include "registry/internal.h"

/* ---- the world ---------------------------------------------------------------------------------------------------- */

static bool is_world(enum registry_change_kind k) { return k <= REGISTRY_CHANGE_KEY; }

static enum registry_member name_member(enum registry_change_kind k) {
    switch (k) {
    case REGISTRY_CHANGE_INSTITUTION: return REGISTRY_M_INSTITUTION_ID;
    case REGISTRY_CHANGE_PAYER: return REGISTRY_M_PAYER_PLAN;
    case REGISTRY_CHANGE_REGION: return REGISTRY_M_REGION_CODE;
    case REGISTRY_CHANGE_PLAN: return REGISTRY_M_PLAN_NAME;
    case REGISTRY_CHANGE_LIST: return REGISTRY_M_LIST_NAME;
    case REGISTRY_CHANGE_CHAIN: return REGISTRY_M_CHAIN_NAME;
    case REGISTRY_CHANGE_CATALOGUE: return REGISTRY_M_CATALOGUE_NAME;
    case REGISTRY_CHANGE_KEY: return REGISTRY_M_KEY_ID;
    default: break;
    }
    CHECK(is_world(k)); /* a caller asked for another one */
    return REGISTRY_MEMBER_COUNT;
}

struct str registry_world_name_of(const struct registry_change *ch) { return registry_value(ch, name_member(ch->kind))->text; }

static void member_write(struct json_writer *w, const struct registry_member_row *row, const struct registry_value *v) {
    struct str name = str_from(row->name);
    switch ((enum registry_type)row->type) {
    case REGISTRY_T_CODE:
    case REGISTRY_T_NAME:
    case REGISTRY_T_WORD: json_member_string(w, name, v->text); break;
    case REGISTRY_T_INT: json_member_i64(w, name, v->number); break;
    case REGISTRY_T_BOOL: json_member_bool(w, name, v->boolean); break;
    case REGISTRY_T_DAY:
    case REGISTRY_T_LIST:
    case REGISTRY_T_BODY:
    case REGISTRY_T_PERSON: break; /* days stand in the row, a body in `texts` */
    }
}

struct status registry_world_data_write(struct arena *a, const struct registry_change *ch, struct str *ret) {
    uint32_t count;
    uint32_t start = registry_shape_start(ch->kind, &count);
    struct buf b;
    struct json_writer w;
    buf_init(&b, LIMIT_JSON_TEXT_BYTES);
    json_writer_init(&w, &b, false);
    json_begin_object(&w);
    for (uint32_t m = 0; m < count; m++) {
        if (ch->values[m].given && start + m != (uint32_t)name_member(ch->kind)) member_write(&w, &registry_members[start + m], &ch->values[m]);
        if (registry_members[start + m].type != REGISTRY_T_BODY) continue;
        char hex[DIGEST_HEX_BYTES];
        digest_hex(&ch->hash, hex);
        json_member_string(&w, STR("hash"), (struct str){hex, DIGEST_HEX_BYTES - 1});
    }
    json_end_object(&w);
    return registry_canonical_take(a, &b, ret);
}

static struct day_range world_range(const struct registry_change *ch) {
    struct day_range on = {DAY_NONE, DAY_OPEN};
    uint32_t count;
    uint32_t start = registry_shape_start(ch->kind, &count);
    for (uint32_t m = 0; m < count; m++) {
        if (registry_members[start + m].type != REGISTRY_T_DAY || !ch->values[m].given) continue;
        if (str_eq(str_from(registry_members[start + m].name), STR("from"))) on.from = ch->values[m].day;
        else on.to = ch->values[m].day;
    }
    return on;
}

/* The newest standing row that holds the whole range; NULL when there is none. */
static const struct set_world *standing(const struct set_name *n, struct day_range on) {
    const struct set_world *top = NULL;
    for (uint32_t i = 0; n && i < n->rows.count; i++) {
        const struct set_world *r = n->rows.items[i];
        bool meets = r->superseded == INT64_MAX && r->on.from.v <= on.to.v && on.from.v <= r->on.to.v;
        if (meets && (!top || r->recorded >= top->recorded)) top = r;
    }
    return top && registry_set_range_holds(top->on, on) ? top : NULL;
}

static struct status text_keep(struct decider *d, struct str body) {
    if (body.n == 0) return STATUS_OK;
    struct registry_set *s = d->s;
    for (uint32_t i = 0; i < s->texts.count; i++)
        if (digest_equal(&s->texts.items[i]->hash, &d->ch->hash)) return STATUS_OK;
    struct set_text *t = ARENA_NEW(s->arena, struct set_text);
    if (!t) return status_memory();
    struct set_text **slot = ARENA_PUSH(s->arena, s->texts.items, s->texts.count, s->texts.cap);
    if (!slot) return status_memory();
    *t = (struct set_text){d->ch->hash, str_from(registry_change_names[d->ch->kind]), arena_str(s->arena, registry_world_name_of(d->ch)), arena_str(s->arena, body)};
    *slot = t;
    return t->name.p && t->body.p ? STATUS_OK : status_memory();
}

/* Revoking names the key only: the rest is what stands. */
static struct status revocation_data(struct decider *d, const struct set_world *old, struct str *ret) {
    const struct json *o = NULL;
    struct buf b;
    struct json_writer w;
    TRY(json_parse(d->a, old->data, &o));
    buf_init(&b, LIMIT_JSON_TEXT_BYTES);
    json_writer_init(&w, &b, false);
    json_begin_object(&w);
    for (uint32_t i = 0; i < o->count; i++) {
        if (str_eq(o->names[i], STR("revoked"))) continue;
        json_name(&w, o->names[i]);
        json_value(&w, &o->items[i]);
    }
    json_member_bool(&w, STR("revoked"), true);
    json_end_object(&w);
    return registry_canonical_take(d->a, &b, ret);
}

static struct str institution_of(const struct registry_change *ch) {
    if (ch->kind == REGISTRY_CHANGE_PAYER) return registry_value(ch, REGISTRY_M_PAYER_INSTITUTION)->text;
    if (ch->kind == REGISTRY_CHANGE_KEY) return registry_value(ch, REGISTRY_M_KEY_INSTITUTION)->text;
    return (struct str){0};
}

static struct status world_event(struct decider *d, struct day_range on, struct str data) {
    struct buf b;
    struct json_writer w;
    struct str open;
    buf_init(&b, LIMIT_JSON_BYTES);
    json_writer_init(&w, &b, false);
    json_begin_object(&w);
    json_member_string(&w, STR("kind"), str_from(registry_change_names[d->ch->kind]));
    json_member_string(&w, STR("name"), registry_world_name_of(d->ch));
    registry_json_day_member(&w, "from", on.from);
    registry_json_day_member(&w, "to", on.to);
    json_name(&w, STR("data"));
    json_raw(&w, data);
    json_end_object(&w);
    TRY(registry_canonical_take(d->a, &b, &open));
    return registry_decide_event(d, JOURNAL_WORLD_CHANGED, NULL, open, (struct str){0});
}

struct status registry_decide_world(struct decider *d) {
    struct str kind = str_from(registry_change_names[d->ch->kind]), institution = institution_of(d->ch), data;
    struct day_range on = world_range(d->ch);
    const struct set_world *old = standing(registry_set_name_at(d->s, kind, registry_world_name_of(d->ch)), on);
    const struct set_name *owner = institution.n > 0 ? registry_set_name_at(d->s, STR("institution"), institution) : NULL;
    if (institution.n > 0 && (!owner || owner->rows.count == 0))
        return registry_decide_refuse(d, REGISTRY_E_INSTITUTION_UNKNOWN, "institution", registry_quoted(d->a, institution));
    bool revokes = d->ch->kind == REGISTRY_CHANGE_KEY && registry_value(d->ch, REGISTRY_M_KEY_REVOKED)->boolean;
    if (revokes && !old) return registry_decide_refuse(d, REGISTRY_E_KEY_UNKNOWN, "id", registry_quoted(d->a, registry_world_name_of(d->ch)));
    if (revokes) TRY(revocation_data(d, old, &data));
    else TRY(registry_world_data_write(d->a, d->ch, &data));
    if (old && str_eq(old->data, data)) return STATUS_OK;
    TRY(text_keep(d, registry_body_of(d->ch)));
    return world_event(d, on, data);
}

/* ---- what must be in memory -------------------------------------------------------------------------------------------- */

static uint32_t parts_of(enum registry_change_kind k) {
    switch (k) {
    case REGISTRY_CHANGE_POLICY:
    case REGISTRY_CHANGE_ENDORSEMENT:
    case REGISTRY_CHANGE_STATUS:
    case REGISTRY_CHANGE_CLASS: return SET_PERSONS | SET_POLICIES;
    case REGISTRY_CHANGE_CONSENT:
    case REGISTRY_CHANGE_WITHDRAWAL: return SET_PERSONS | SET_CONSENTS;
    case REGISTRY_CHANGE_ERASURE: return SET_PERSONS | SET_IDENTIFIERS;
    case REGISTRY_CHANGE_LINK: return SET_ALL;
    default: return SET_PERSONS;
    }
}

static bool ref_needs(struct registry_set *s, const struct registry_person_ref *ref, uint32_t parts) {
    struct set_person *p = NULL;
    if (ref->kind == REGISTRY_REF_NONE) return true;
    enum set_state state = registry_subject_find(s, ref, &p);
    if (state == SET_WAIT) return false;
    return state == SET_ABSENT || registry_set_cover_want(s, p->cover, parts);
}

/* The group of the family that a policy names, where it exists; false while it waits. */
static bool family_cover(struct registry_set *s, const struct registry_change *ch, int64_t *ret) {
    const struct registry_value *family = ch->kind == REGISTRY_CHANGE_POLICY ? registry_value(ch, REGISTRY_M_POLICY_FAMILY) : NULL;
    struct id128 lookup;
    *ret = 0;
    if (!family || !family->given) return true;
    registry_family_lookup(s->keys, registry_value(ch, REGISTRY_M_POLICY_PLAN)->text, family->text, &lookup);
    return registry_set_cover_by_lookup(s, &lookup, ret) != SET_WAIT;
}

bool registry_change_needs(struct registry_set *s, const struct registry_world *w, const struct registry_change *ch) {
    (void)w; /* rows of the world are read by name through the set */
    if (is_world(ch->kind)) {
        struct str institution = institution_of(ch);
        bool all = registry_set_name_want(s, str_from(registry_change_names[ch->kind]), registry_world_name_of(ch));
        return (institution.n == 0 || registry_set_name_want(s, STR("institution"), institution)) && all;
    }
    int64_t family = 0;
    bool all = family_cover(s, ch, &family);
    uint32_t parts = parts_of(ch->kind);
    if (!ref_needs(s, &ch->person, parts)) all = false;
    if (!ref_needs(s, &ch->other, parts)) all = false;
    struct set_person *p = NULL;
    if (!all || !family) return all;
    if (registry_subject_find(s, &ch->person, &p) != SET_FOUND || p->cover == family) return registry_set_cover_want(s, family, SET_PERSONS | SET_POLICIES);
    bool own = registry_set_cover_want(s, p->cover, SET_ALL);
    return registry_set_cover_want(s, family, SET_ALL) && own; /* the groups will be merged */
}

uint32_t registry_change_covers(struct registry_set *s, const struct registry_change *ch, int64_t ret[REGISTRY_CHANGE_COVERS]) {
    const struct registry_person_ref *refs[] = {&ch->person, &ch->other};
    int64_t found[REGISTRY_CHANGE_COVERS] = {0};
    uint32_t n = 0, count = 0;
    if (is_world(ch->kind)) return 0;
    if (family_cover(s, ch, &found[n]) && found[n] != 0) n++;
    for (size_t i = 0; i < COUNT_OF(refs); i++) {
        struct set_person *p = NULL;
        if (refs[i]->kind != REGISTRY_REF_NONE && registry_subject_find(s, refs[i], &p) == SET_FOUND) found[n++] = p->cover;
    }
    for (uint32_t i = 0; i < n; i++) {
        bool twice = false;
        for (uint32_t k = 0; k < count; k++) twice = twice || ret[k] == found[i];
        if (!twice) ret[count++] = found[i];
    }
    return count;
}

/* ---- deciding ---------------------------------------------------------------------------------------------------------------- */

static struct day today_of(const struct registry_world *w, int64_t now_ms) {
    int64_t offset = w ? registry_region_find(w, STR(""))->utc_offset_minutes : 480;
    int64_t minutes = now_ms / 60'000 + offset;
    return (struct day){(int32_t)(minutes / 1'440)};
}

struct status registry_change_decide(struct registry_set *s, const struct registry_world *w, const struct env *e, struct arena *a, int64_t now_ms, const struct registry_change *ch,
                                     struct journal_event **ret_events, uint32_t *ret_count, const struct error **ret_refusal) {
    static struct status (*const rows[REGISTRY_CHANGE_KIND_COUNT])(struct decider *d) = {
        [REGISTRY_CHANGE_INSTITUTION] = registry_decide_world, [REGISTRY_CHANGE_PAYER] = registry_decide_world,       [REGISTRY_CHANGE_REGION] = registry_decide_world,
        [REGISTRY_CHANGE_PLAN] = registry_decide_world,        [REGISTRY_CHANGE_LIST] = registry_decide_world,        [REGISTRY_CHANGE_CHAIN] = registry_decide_world,
        [REGISTRY_CHANGE_CATALOGUE] = registry_decide_world,   [REGISTRY_CHANGE_KEY] = registry_decide_world,         [REGISTRY_CHANGE_PERSON] = registry_decide_person,
        [REGISTRY_CHANGE_IDENTIFIER] = registry_decide_identifier, [REGISTRY_CHANGE_POLICY] = registry_decide_policy, [REGISTRY_CHANGE_ENDORSEMENT] = registry_decide_endorsement,
        [REGISTRY_CHANGE_STATUS] = registry_decide_status,     [REGISTRY_CHANGE_CLASS] = registry_decide_class,       [REGISTRY_CHANGE_CONSENT] = registry_decide_consent,
        [REGISTRY_CHANGE_WITHDRAWAL] = registry_decide_withdrawal, [REGISTRY_CHANGE_LINK] = registry_decide_link,     [REGISTRY_CHANGE_ERASURE] = registry_decide_erasure,
    };
    struct decider d = {.s = s, .w = w, .e = e, .a = a, .today = today_of(w, now_ms), .ch = ch};
    CHECK((unsigned)ch->kind < REGISTRY_CHANGE_KIND_COUNT && !registry_change_makes_key(ch));
    if (!registry_change_needs(s, w, ch)) return registry_fail(a, REGISTRY_E_WAITS, str_from(registry_change_name(ch)), registry_arg(STR("")));
    TRY(rows[ch->kind](&d));
    TRY(s->failure);
    if (s->out_of_memory) return status_memory();
    *ret_refusal = d.refusal;
    *ret_events = d.refusal ? NULL : d.events;
    *ret_count = d.refusal ? 0 : d.count;
    return STATUS_OK;
}
