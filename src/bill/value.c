/* value — typed values of a bill: texts, words, integers, amounts, decimals, days.
 *
 * Who uses it: the readers of this room. Invariant: *ret changes only when the value is there and good, so a caller puts
 * the default there first; every failure leaves exactly one finding at the exact place.
 */
#include "bill/reader.h"

bool bill_kind_check(struct bill_reader *r, const struct bill_place *at, const struct json *node, enum json_kind kind) {
    if (node->kind == kind) return true;
    BILL_FIND(r, at, MEMBER_TYPE, bill_arg_json_kind(kind), bill_arg_json_kind(node->kind));
    return false;
}

static bool text_has_control(struct str s) {
    size_t at = 0;
    uint32_t cp;
    while (at < s.n && utf8_next(s, &at, &cp))
        if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0)) return true;
    return false;
}

bool bill_value_text(struct bill_reader *r, const struct bill_place *at, const struct json *node, uint32_t byte_max, struct str *ret) {
    if (!bill_kind_check(r, at, node, JSON_STRING)) return false;
    if (node->text.n > byte_max) {
        BILL_FIND(r, at, TEXT_LONG, bill_arg_i64(r, byte_max));
        return false;
    }
    if (text_has_control(node->text)) {
        bill_find_plain(r, at, BILL_FINDING_TEXT_CONTROL);
        return false;
    }
    *ret = node->text;
    return true;
}

bool bill_read_text(struct bill_reader *r, const struct bill_object *o, uint32_t member, uint32_t byte_max, struct str *ret) {
    if (!bill_has(o, member)) return false;
    struct bill_place at = bill_member_place(o, member);
    struct str s;
    if (!bill_value_text(r, &at, o->node[member], byte_max, &s)) return false;
    if (s.n == 0 && (o->shape->required >> member & 1)) {
        bill_find_plain(r, &at, BILL_FINDING_TEXT_EMPTY);
        return false;
    }
    *ret = s;
    return true;
}

bool bill_read_bool(struct bill_reader *r, const struct bill_object *o, uint32_t member, bool *ret) {
    if (!bill_has(o, member)) return false;
    struct bill_place at = bill_member_place(o, member);
    if (!bill_kind_check(r, &at, o->node[member], JSON_BOOL)) return false;
    *ret = o->node[member]->boolean;
    return true;
}

bool bill_read_i64(struct bill_reader *r, const struct bill_object *o, uint32_t member, struct bill_range range, int64_t *ret) {
    if (!bill_has(o, member)) return false;
    struct bill_place at = bill_member_place(o, member);
    const struct json *node = o->node[member];
    if (!bill_kind_check(r, &at, node, JSON_NUMBER)) return false;
    int64_t v;
    if (!json_to_i64(node, &v)) {
        bill_find_plain(r, &at, BILL_FINDING_INTEGER);
        return false;
    }
    if (v < range.min || v > range.max) {
        BILL_FIND(r, &at, INTEGER_RANGE, bill_arg_i64(r, range.min), bill_arg_i64(r, range.max));
        return false;
    }
    *ret = v;
    return true;
}

/* A whole number that 64 bits cannot hold is too large, not misspelt. */
static bool is_plain_integer(struct str raw) {
    size_t i = raw.n > 0 && raw.p[0] == '-' ? 1 : 0;
    if (i == raw.n) return false;
    for (; i < raw.n; i++)
        if (raw.p[i] < '0' || raw.p[i] > '9') return false;
    return true;
}

bool bill_value_amount(struct bill_reader *r, const struct bill_place *at, const struct json *node, enum bill_sign sign, int64_t *ret) {
    int64_t v;
    bool number = node->kind == JSON_NUMBER;
    bool fits = number && json_to_i64(node, &v);
    if (!fits && !(number && is_plain_integer(node->raw))) {
        bill_find_plain(r, at, BILL_FINDING_AMOUNT_INTEGER);
        return false;
    }
    if (!fits || !minor_check((struct minor){v})) {
        bill_find_plain(r, at, BILL_FINDING_AMOUNT_LIMIT);
        return false;
    }
    if (sign == BILL_NOT_NEGATIVE && v < 0) {
        bill_find_plain(r, at, BILL_FINDING_AMOUNT_NEGATIVE);
        return false;
    }
    *ret = v;
    return true;
}

bool bill_read_amount(struct bill_reader *r, const struct bill_object *o, uint32_t member, enum bill_sign sign, int64_t *ret) {
    if (!bill_has(o, member)) return false;
    struct bill_place at = bill_member_place(o, member);
    return bill_value_amount(r, &at, o->node[member], sign, ret);
}

bool bill_read_decimal(struct bill_reader *r, const struct bill_object *o, uint32_t member, int scale, int64_t *ret) {
    if (!bill_has(o, member)) return false;
    struct bill_place at = bill_member_place(o, member);
    const struct json *node = o->node[member];
    int64_t limit = INT64_C(1'000'000'000'000), v = 0;
    for (int i = 0; i < scale; i++) limit *= 10; /* scale is 4 or 6: at most 10^18 */
    bool good = node->kind == JSON_STRING && decimal_parse(node->text, scale, &v) && v < limit && v > -limit;
    if (!good) {
        BILL_FIND(r, &at, DECIMAL, bill_arg_i64(r, scale));
        return false;
    }
    *ret = v;
    return true;
}

bool bill_read_day(struct bill_reader *r, const struct bill_object *o, uint32_t member, struct day *ret) {
    if (!bill_has(o, member)) return false;
    struct bill_place at = bill_member_place(o, member);
    if (!bill_kind_check(r, &at, o->node[member], JSON_STRING)) return false;
    struct day d;
    if (!day_parse(o->node[member]->text, &d)) {
        bill_find_plain(r, &at, BILL_FINDING_DAY);
        return false;
    }
    *ret = d;
    return true;
}

bool bill_read_word(struct bill_reader *r, const struct bill_object *o, uint32_t member, enum bill_vocabulary which, uint8_t *ret) {
    if (!bill_has(o, member)) return false;
    struct bill_place at = bill_member_place(o, member);
    if (!bill_kind_check(r, &at, o->node[member], JSON_STRING)) return false;
    struct str given = o->node[member]->text;
    uint32_t count;
    const struct bill_word *words = bill_words(which, &count);
    const char *names[BILL_MEMBERS_MAX];
    CHECK(count <= COUNT_OF(names));
    for (uint32_t i = 0; i < count; i++) {
        names[i] = words[i].name;
        if (!str_eq(given, str_from(names[i]))) continue;
        *ret = (uint8_t)i;
        return true;
    }
    BILL_FIND(r, &at, WORD, bill_arg_quoted(r, given), bill_hint_names(r, given, names, count));
    return false;
}

bool bill_read_array(struct bill_reader *r, const struct bill_object *o, uint32_t member, uint32_t count_max, const struct json **ret) {
    if (!bill_has(o, member)) return false;
    struct bill_place at = bill_member_place(o, member);
    const struct json *node = o->node[member];
    if (!bill_kind_check(r, &at, node, JSON_ARRAY)) return false;
    if (node->count > count_max) {
        BILL_FIND(r, &at, TOO_MANY, bill_arg_i64(r, node->count), bill_arg_i64(r, count_max));
        return false;
    }
    *ret = node;
    return true;
}

bool bill_identifier_check(struct bill_reader *r, const struct bill_place *at, struct str name) {
    bool good = name.n > 0 && name.n <= LIMIT_NAME_BYTES && name.p[0] >= 'a' && name.p[0] <= 'z';
    for (size_t i = 0; good && i < name.n; i++) {
        char c = name.p[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    }
    if (!good) BILL_FIND(r, at, IDENTIFIER, bill_arg_quoted(r, name));
    return good;
}
