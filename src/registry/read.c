/* read — the strict reading of one change, by the table of members.
 *
 * Who uses it: registry_change_parse, the import readers, the fuzz target. Invariants: unknown members are refused by name, missing ones named; a value is
 * read only when it is wholly right; nothing of a person (number, name) is repeated in a message. Pure: no set, no database.
 * Workload: an import of 100,000 rows; a row without findings costs no text.
 */
#include <stdio.h>
#include <string.h>

#include "registry/internal.h"

/* The range of an INT fits its row; the words of a WORD stand in one text. */
const struct registry_member_row registry_members[REGISTRY_MEMBER_COUNT] = {
#define M(CHANGE, ID, name, type, required, words, min, max, zh, en) \
    {REGISTRY_CHANGE_##CHANGE, REGISTRY_T_##type, (required) != 0, name, words, zh, en, min, max},
#include "registry/members.def"
#undef M
};
const char *const registry_change_names[REGISTRY_CHANGE_KIND_COUNT] = {
#define X(ID, name, zh, en) name,
#include "registry/changes.def"
#undef X
};

uint32_t registry_shape_start(enum registry_change_kind shape, uint32_t *ret_count) {
    uint32_t start = 0, count = 0;
    for (uint32_t i = 0; i < REGISTRY_MEMBER_COUNT; i++) {
        if (registry_members[i].shape != (uint8_t)shape) continue;
        if (count++ == 0) start = i;
    }
    *ret_count = count;
    return start;
}

bool registry_word_in(const char *words, struct str word) {
    for (const char *p = words; *p;) {
        const char *end = strchr(p, '|');
        size_t n = end ? (size_t)(end - p) : strlen(p);
        if (n == word.n && memcmp(p, word.p, n) == 0) return true;
        p += n + (end ? 1 : 0);
    }
    return false;
}

const struct registry_value *registry_value(const struct registry_change *ch, enum registry_member m) {
    CHECK((unsigned)m < REGISTRY_MEMBER_COUNT && registry_members[m].shape == (uint8_t)ch->kind);
    uint32_t count;
    return &ch->values[(uint32_t)m - registry_shape_start(ch->kind, &count)];
}

struct day_range registry_range(const struct registry_change *ch, enum registry_member from, enum registry_member to) {
    const struct registry_value *f = registry_value(ch, from), *t = registry_value(ch, to);
    return (struct day_range){f->given ? f->day : DAY_NONE, t->given ? t->day : DAY_OPEN};
}

/* ---- one value -------------------------------------------------------------------------------------------- */

static const struct registry_arg none = {{0}, {0}};

static struct registry_arg type_arg(enum registry_type t) {
    static const struct {
        const char *zh, *en;
    } names[] = {[REGISTRY_T_CODE] = {"文本", "a text"},       [REGISTRY_T_NAME] = {"文本", "a text"}, [REGISTRY_T_INT] = {"整数", "an integer"},
                 [REGISTRY_T_BOOL] = {"true 或 false", "true or false"}, [REGISTRY_T_DAY] = {"日期文本", "the text of a date"},
                 [REGISTRY_T_WORD] = {"文本", "a text"},       [REGISTRY_T_LIST] = {"文本数组", "an array of texts"},
                 [REGISTRY_T_BODY] = {"文本或文本数组", "a text or an array of texts"}, [REGISTRY_T_PERSON] = {"对象", "an object"}};
    return (struct registry_arg){str_from(names[t].zh), str_from(names[t].en)};
}

static bool has_control(struct str s) {
    size_t at = 0;
    uint32_t cp;
    while (at < s.n && utf8_next(s, &at, &cp))
        if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0)) return true;
    return false;
}

/* A text of at most `max` bytes without control characters; an empty one only where allowed. */
static bool text_read(struct registry_reader *r, struct str place, struct str s, size_t max, bool may_be_empty) {
    if (!utf8_check(s)) registry_find(r, place, REGISTRY_E_TEXT_UTF8, none, none);
    else if (s.n > max) registry_find(r, place, REGISTRY_E_TEXT_LONG, registry_arg_i64(r->arena, (int64_t)max), none);
    else if (s.n == 0 && !may_be_empty) registry_find(r, place, REGISTRY_E_TEXT_EMPTY, none, none);
    else if (has_control(s)) registry_find(r, place, REGISTRY_E_TEXT_CONTROL, none, none);
    else return true;
    return false;
}

static bool int_read(struct registry_reader *r, struct str place, const struct registry_member_row *row, const struct json *v, int64_t *ret) {
    struct json number = *v;
    if (r->texts && v->kind == JSON_STRING) number = (struct json){.kind = JSON_NUMBER, .text = v->text, .raw = v->text};
    int64_t n = 0;
    if (number.kind == JSON_NUMBER && json_to_i64(&number, &n) && n >= row->min && n <= row->max) {
        *ret = n;
        return true;
    }
    registry_find(r, place, REGISTRY_E_INTEGER, registry_arg_i64(r->arena, row->min), registry_arg_i64(r->arena, row->max));
    return false;
}

static bool bool_read(struct registry_reader *r, struct str place, const struct json *v, bool *ret) {
    bool yes = r->texts && (str_eq(v->text, STR("true")) || str_eq(v->text, STR("1")));
    bool no = r->texts && (str_eq(v->text, STR("false")) || str_eq(v->text, STR("0")));
    if (v->kind == JSON_BOOL || yes || no) {
        *ret = v->kind == JSON_BOOL ? v->boolean : yes;
        return true;
    }
    registry_find(r, place, REGISTRY_E_TYPE, type_arg(REGISTRY_T_BOOL), none);
    return false;
}

/* Items of an array of texts; of a CSV field split at |; of a single text. */
static bool list_items(struct registry_reader *r, struct str place, const struct json *v, uint32_t max, struct registry_value *ret) {
    uint32_t count = v->kind == JSON_ARRAY ? v->count : 1;
    if (v->kind == JSON_STRING && r->texts)
        for (size_t i = 0; i < v->text.n; i++) count += v->text.p[i] == '|';
    if (count > max) {
        registry_find(r, place, REGISTRY_E_TOO_MANY, registry_arg_i64(r->arena, max), none);
        return false;
    }
    struct str *items = ARENA_ARRAY(r->arena, struct str, count ? count : 1);
    if (!items) {
        r->out_of_memory = true;
        return false;
    }
    struct str rest = v->text;
    for (uint32_t i = 0; i < count; i++) {
        if (v->kind == JSON_ARRAY) {
            if (v->items[i].kind != JSON_STRING) {
                registry_find(r, place, REGISTRY_E_TYPE, type_arg(REGISTRY_T_LIST), none);
                return false;
            }
            items[i] = v->items[i].text;
            continue;
        }
        const char *end = r->texts && rest.n > 0 ? memchr(rest.p, '|', rest.n) : NULL;
        size_t n = end ? (size_t)(end - rest.p) : rest.n;
        items[i] = (struct str){rest.p, n};
        rest.n = end ? rest.n - n - 1 : 0;
        rest.p = end ? end + 1 : NULL;
    }
    ret->list = items;
    ret->list_count = count;
    return true;
}

static bool list_read(struct registry_reader *r, struct str place, const struct json *v, struct registry_value *ret) {
    struct registry_value got = {0};
    if (v->kind != JSON_ARRAY && v->kind != JSON_STRING) {
        registry_find(r, place, REGISTRY_E_TYPE, type_arg(REGISTRY_T_LIST), none);
        return false;
    }
    if (!list_items(r, place, v, REGISTRY_LIST_MAX, &got)) return false;
    for (uint32_t i = 0; i < got.list_count; i++)
        if (!text_read(r, place, got.list[i], LIMIT_BILL_CODE_BYTES, false)) return false;
    ret->list = got.list;
    ret->list_count = got.list_count;
    return true;
}

/* A long text: one, or several parts that are joined. Line breaks are content here. */
static bool body_read(struct registry_reader *r, struct str place, const struct json *v, struct registry_value *ret) {
    struct registry_value got = {0};
    if (v->kind != JSON_ARRAY && v->kind != JSON_STRING) {
        registry_find(r, place, REGISTRY_E_TYPE, type_arg(REGISTRY_T_BODY), none);
        return false;
    }
    if (v->kind == JSON_STRING) {
        ret->text = v->text;
    } else {
        if (!list_items(r, place, v, REGISTRY_BODY_PARTS_MAX, &got)) return false;
        struct buf b;
        buf_init(&b, LIMIT_PLAN_BYTES);
        for (uint32_t i = 0; i < got.list_count; i++) buf_add(&b, got.list[i]);
        struct str whole = {0};
        if (!b.failed) whole = arena_str(r->arena, buf_view(&b));
        bool failed = b.failed;
        buf_done(&b);
        if (failed) {
            registry_find(r, place, REGISTRY_E_TEXT_LONG, registry_arg_i64(r->arena, LIMIT_PLAN_BYTES), none);
            return false;
        }
        if (!whole.p) r->out_of_memory = true;
        ret->text = whole;
    }
    if (ret->text.n > 0) return true;
    if (!r->out_of_memory) registry_find(r, place, REGISTRY_E_TEXT_EMPTY, none, none);
    return false;
}

static bool day_read(struct registry_reader *r, struct str place, const struct json *v, struct day *ret) {
    if (v->kind == JSON_STRING && day_parse(v->text, ret)) return true;
    registry_find(r, place, REGISTRY_E_DAY, none, none);
    return false;
}

/* A region's code may be empty (the default), a class too (healthy). */
static bool may_be_empty(enum registry_member m) {
    return m == REGISTRY_M_REGION_CODE || m == REGISTRY_M_POLICY_CLASS || m == REGISTRY_M_CLASS_CLASS;
}

static bool value_read(struct registry_reader *r, struct str place, enum registry_member m, const struct json *v, struct registry_value *ret) {
    const struct registry_member_row *row = &registry_members[m];
    enum registry_type type = (enum registry_type)row->type;
    bool textual = type == REGISTRY_T_CODE || type == REGISTRY_T_NAME || type == REGISTRY_T_WORD;
    if (textual && v->kind != JSON_STRING) {
        registry_find(r, place, REGISTRY_E_TYPE, type_arg(type), none);
        return false;
    }
    switch (type) {
    case REGISTRY_T_CODE:
    case REGISTRY_T_NAME:
        ret->text = v->text;
        return text_read(r, place, v->text, type == REGISTRY_T_CODE ? LIMIT_BILL_CODE_BYTES : LIMIT_BILL_NAME_BYTES, may_be_empty(m));
    case REGISTRY_T_WORD:
        ret->text = v->text;
        if (registry_word_in(row->words, v->text)) return true;
        registry_find(r, place, REGISTRY_E_WORD, registry_quoted(r->arena, v->text), registry_arg(str_from(row->words)));
        return false;
    case REGISTRY_T_INT: return int_read(r, place, row, v, &ret->number);
    case REGISTRY_T_BOOL: return bool_read(r, place, v, &ret->boolean);
    case REGISTRY_T_DAY: return day_read(r, place, v, &ret->day);
    case REGISTRY_T_LIST: return list_read(r, place, v, ret);
    case REGISTRY_T_BODY: return body_read(r, place, v, ret);
    case REGISTRY_T_PERSON: return true; /* read behind, as a shape of its own */
    }
    return false;
}

/* ---- members of a shape -------------------------------------------------------------------------------------- */

static struct str join(struct registry_reader *r, struct str path, struct str name) {
    return path.n ? arena_printf(r->arena, "%.*s.%.*s", STR_FMT(path), STR_FMT(name)) : name;
}

static struct registry_arg names_of(struct registry_reader *r, uint32_t start, uint32_t count) {
    struct buf b;
    buf_init(&b, REGISTRY_NAMES_BYTES);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) buf_add_cstr(&b, ", ");
        buf_add_cstr(&b, registry_members[start + i].name);
    }
    struct str s = arena_str(r->arena, buf_view(&b));
    buf_done(&b);
    return registry_arg(s);
}

bool registry_members_read(struct registry_reader *r, const struct json *v, enum registry_change_kind shape, struct str path, struct registry_value *values,
                           const struct json **nodes) {
    uint32_t count, before = r->count;
    uint32_t start = registry_shape_start(shape, &count);
    CHECK(count <= REGISTRY_MEMBERS_MAX);
    if (v->kind != JSON_OBJECT) {
        registry_find(r, path, REGISTRY_E_NOT_OBJECT, none, none);
        return false;
    }
    for (uint32_t i = 0; i < v->count; i++) {
        uint32_t m = 0;
        while (m < count && !str_eq(v->names[i], str_from(registry_members[start + m].name))) m++;
        if (m == count) {
            bool is_change = path.n == 0 && str_eq(v->names[i], STR("change"));
            struct registry_arg quoted = registry_quoted(r->arena, v->names[i]);
            if (!is_change) registry_find(r, join(r, path, quoted.en), REGISTRY_E_MEMBER_UNKNOWN, quoted, names_of(r, start, count));
            continue;
        }
        nodes[m] = &v->items[i];
        if (value_read(r, join(r, path, v->names[i]), (enum registry_member)(start + m), &v->items[i], &values[m])) values[m].given = true;
    }
    for (uint32_t m = 0; m < count; m++) {
        const struct registry_member_row *row = &registry_members[start + m];
        if (!row->required || nodes[m]) continue;
        registry_find(r, join(r, path, str_from(row->name)), REGISTRY_E_MEMBER_MISSING, registry_arg(str_from(row->name)), none);
    }
    return r->count == before && !r->out_of_memory;
}

/* ---- a person ------------------------------------------------------------------------------------------------------- */

#define REF(values, ID) (&(values)[REGISTRY_M_PERSON_REF_##ID - REGISTRY_M_PERSON_REF_ID_KIND])

static bool id_kind_check(struct str kind) {
    if (kind.n == 0 || kind.n > 6) return false;
    for (size_t i = 0; i < kind.n; i++) {
        char c = kind.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) return false;
    }
    return true;
}

static void certificate_read(struct registry_reader *r, const struct registry_value *v, struct str path, struct registry_person_ref *ret) {
    struct day born;
    enum bill_sex sex;
    ret->person.id_kind = REF(v, ID_KIND)->text;
    ret->person.id = REF(v, ID)->text;
    if (!id_kind_check(ret->person.id_kind)) registry_find(r, join(r, path, STR("id_kind")), REGISTRY_E_ID_KIND, none, none);
    if (!str_eq(ret->person.id_kind, STR("01"))) return;
    if (!registry_resident_id(ret->person.id, &born, &sex)) {
        registry_find(r, join(r, path, STR("id")), REGISTRY_E_ID_CHECK, none, none);
        return;
    }
    if (day_is(ret->person.born) && ret->person.born.v != born.v) registry_find(r, join(r, path, STR("born")), REGISTRY_E_ID_BORN, none, none);
    if (ret->person.sex != BILL_SEX_UNKNOWN && ret->person.sex != sex) registry_find(r, join(r, path, STR("sex")), REGISTRY_E_ID_SEX, none, none);
    ret->person.born = born;
    ret->person.sex = sex;
}

static void token_read(struct registry_reader *r, const struct registry_value *v, struct str path, struct registry_person_ref *ret) {
    ret->kind = REGISTRY_REF_TOKEN;
    bool good = id128_parse(REF(v, PERSON)->text, &ret->token) && !id128_is_zero(&ret->token) && registry_cover_parse(REF(v, COVER)->text, &ret->cover);
    if (!good) registry_find(r, join(r, path, STR("person")), REGISTRY_E_TOKEN, none, none);
}

static enum bill_sex sex_of(struct str word) {
    if (str_eq(word, STR("M"))) return BILL_SEX_MALE;
    return str_eq(word, STR("F")) ? BILL_SEX_FEMALE : BILL_SEX_UNKNOWN;
}

bool registry_person_ref_read(struct registry_reader *r, const struct json *v, struct str path, struct registry_person_ref *ret) {
    struct registry_value values[REGISTRY_MEMBERS_MAX] = {0};
    const struct json *nodes[REGISTRY_MEMBERS_MAX] = {0};
    uint32_t before = r->count;
    if (!registry_members_read(r, v, REGISTRY_CHANGE_PERSON_REF, path, values, nodes)) return false;
    *ret = (struct registry_person_ref){.kind = REGISTRY_REF_NUMBER, .person = {.born = DAY_NONE}, .hospital = REF(values, HOSPITAL)->text};
    ret->person.name = REF(values, NAME)->text;
    if (REF(values, BORN)->given) ret->person.born = REF(values, BORN)->day;
    ret->person.sex = sex_of(REF(values, SEX)->text);
    bool certificate = REF(values, ID)->given && REF(values, ID_KIND)->given;
    bool half = REF(values, ID)->given != REF(values, ID_KIND)->given || REF(values, PERSON)->given != REF(values, COVER)->given;
    bool unknown = REF(values, UNKNOWN)->given, newborn = REF(values, NEWBORN_OF)->given, token = REF(values, PERSON)->given;
    bool whole = (!unknown || REF(values, HOSPITAL)->given) && (!newborn || REF(values, BORN)->given);
    if (half || !whole || (int)certificate + (int)unknown + (int)newborn + (int)token != 1) {
        registry_find(r, path, REGISTRY_E_PERSON_SHAPE, none, none);
        return false;
    }
    if (certificate) certificate_read(r, values, path, ret);
    else if (token) token_read(r, values, path, ret);
    else {
        ret->person.id_kind = unknown ? STR("unknown") : STR("newborn");
        ret->person.id = unknown ? REF(values, UNKNOWN)->text : REF(values, NEWBORN_OF)->text;
    }
    return r->count == before;
}

/* ---- a change ------------------------------------------------------------------------------------------------------------ */

static bool period_check(struct registry_reader *r, const struct registry_change *ch) {
    struct day from = DAY_NONE, to = DAY_OPEN;
    uint32_t count;
    uint32_t start = registry_shape_start(ch->kind, &count);
    for (uint32_t m = 0; m < count; m++) {
        if (!ch->values[m].given) continue;
        if (strcmp(registry_members[start + m].name, "from") == 0) from = ch->values[m].day;
        if (strcmp(registry_members[start + m].name, "to") == 0) to = ch->values[m].day;
    }
    if (from.v <= to.v) return true;
    registry_find(r, STR("to"), REGISTRY_E_PERIOD, none, none);
    return false;
}

static struct registry_arg roles_known(void) {
    static const char known[] =
#define X(ID, name, zh, en) name " "
#include "registry/roles.def"
#undef X
        ;
    return registry_arg(str_from(known));
}

static void key_check(struct registry_reader *r, const struct registry_change *ch) {
    struct digest d;
    enum registry_role role;
    const struct registry_value *hash = registry_value(ch, REGISTRY_M_KEY_HASH), *role_text = registry_value(ch, REGISTRY_M_KEY_ROLE);
    bool revoked = registry_value(ch, REGISTRY_M_KEY_REVOKED)->boolean;
    static const enum registry_member needed[] = {REGISTRY_M_KEY_INSTITUTION, REGISTRY_M_KEY_ROLE};
    for (size_t i = 0; i < COUNT_OF(needed) && !revoked; i++) {
        struct str name = str_from(registry_members[needed[i]].name);
        if (!registry_value(ch, needed[i])->given) registry_find(r, name, REGISTRY_E_MEMBER_MISSING, registry_arg(name), none);
    }
    if ((revoked || hash->given) && !registry_value(ch, REGISTRY_M_KEY_ID)->given)
        registry_find(r, STR("id"), REGISTRY_E_MEMBER_MISSING, registry_arg(STR("id")), none);
    struct str id = registry_value(ch, REGISTRY_M_KEY_ID)->text;
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
        if (good) continue;
        registry_find(r, STR("id"), REGISTRY_E_KEY_ID, none, none);
        break;
    }
    if (hash->given && !digest_parse(hash->text, &d)) registry_find(r, STR("hash"), REGISTRY_E_HASH, none, none);
    if (role_text->given && !registry_role_parse(role_text->text, &role))
        registry_find(r, STR("role"), REGISTRY_E_ROLE, registry_quoted(r->arena, role_text->text), roles_known());
}

/* What no single member shows. */
static void change_check(struct registry_reader *r, struct registry_change *ch) {
    (void)period_check(r, ch);
    switch (ch->kind) {
    case REGISTRY_CHANGE_PLAN:
    case REGISTRY_CHANGE_LIST:
    case REGISTRY_CHANGE_CHAIN:
    case REGISTRY_CHANGE_CATALOGUE: {
        uint32_t count;
        uint32_t start = registry_shape_start(ch->kind, &count);
        for (uint32_t m = 0; m < count; m++)
            if (registry_members[start + m].type == REGISTRY_T_BODY) crypto_sha256(ch->values[m].text, &ch->hash);
        registry_body_check(r, ch);
        break;
    }
    case REGISTRY_CHANGE_KEY: key_check(r, ch); break;
    case REGISTRY_CHANGE_IDENTIFIER:
        if (ch->other.kind == REGISTRY_REF_TOKEN) registry_find(r, STR("identity"), REGISTRY_E_PERSON_SHAPE, none, none);
        break;
    default: break;
    }
}

static bool kind_read(struct registry_reader *r, const struct json *v, enum registry_change_kind *ret) {
    const struct json *word = json_get(v, STR("change"));
    struct str text = {0};
    if (word && word->kind == JSON_STRING) text = word->text;
    if (!word) registry_find(r, STR("change"), REGISTRY_E_MEMBER_MISSING, registry_arg(STR("change")), none);
    for (uint32_t i = 0; word && i < REGISTRY_CHANGE_KIND_COUNT; i++) {
        if (!str_eq(text, str_from(registry_change_names[i]))) continue;
        *ret = (enum registry_change_kind)i;
        return true;
    }
    static const char known[] =
#define X(ID, name, zh, en) name " "
#include "registry/changes.def"
#undef X
        ;
    if (word) registry_find(r, STR("change"), REGISTRY_E_CHANGE_UNKNOWN, registry_quoted(r->arena, text), registry_arg(str_from(known)));
    return false;
}

struct registry_change *registry_change_read(struct registry_reader *r, const struct json *v) {
    if (v->kind != JSON_OBJECT) {
        registry_find(r, STR(""), REGISTRY_E_NOT_OBJECT, none, none);
        return NULL;
    }
    struct registry_change *ch = ARENA_NEW(r->arena, struct registry_change);
    if (!ch) {
        r->out_of_memory = true;
        return NULL;
    }
    const struct json *nodes[REGISTRY_MEMBERS_MAX] = {0};
    uint32_t before = r->count, count;
    if (!kind_read(r, v, &ch->kind)) return NULL;
    uint32_t start = registry_shape_start(ch->kind, &count);
    (void)registry_members_read(r, v, ch->kind, STR(""), ch->values, nodes);
    for (uint32_t m = 0; m < count; m++) {
        const struct registry_member_row *row = &registry_members[start + m];
        if (row->type != REGISTRY_T_PERSON || !nodes[m]) continue;
        bool main = strcmp(row->name, "person") == 0;
        (void)registry_person_ref_read(r, nodes[m], str_from(row->name), main ? &ch->person : &ch->other);
    }
    if (r->count == before && !r->out_of_memory) change_check(r, ch);
    return r->count == before && !r->out_of_memory ? ch : NULL;
}

struct status registry_change_parse(struct arena *a, const struct json *v, struct registry_change **ret) {
    struct registry_reader r = {.arena = a};
    struct registry_change *ch = registry_change_read(&r, v);
    if (r.out_of_memory) return status_memory();
    if (!ch) return (struct status){r.first};
    *ret = ch;
    return STATUS_OK;
}

const char *registry_change_name(const struct registry_change *ch) { return registry_change_names[ch->kind]; }
