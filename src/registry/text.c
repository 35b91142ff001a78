/* text — members of our own JSON, both ways: rows and open parts are canonical, so reading them is short.
 *
 * Who uses it: policies, persons, consents, the world, deciding, folding. Invariant: what these write, they read; cover groups travel as decimal text because
 * 62 bits do not fit a JSON integer.
 */
#include <string.h>

#include "registry/internal.h"

bool registry_is_memory(struct status s) { return status_failed(s) && strcmp(s.err->code, "out-of-memory") == 0; }

struct status registry_json_row(struct arena *a, struct str text, const char *table, const struct json **ret) {
    const struct json *o = NULL;
    struct status st = json_parse(a, text, &o);
    if (registry_is_memory(st)) return st;
    if (status_failed(st) || o->kind != JSON_OBJECT) return registry_fail(a, REGISTRY_E_ROW_BROKEN, str_from(table), registry_arg(str_from(table)));
    *ret = o;
    return STATUS_OK;
}

struct str registry_json_text(const struct json *o, const char *name) {
    const struct json *v = json_get(o, str_from(name));
    if (v && v->kind == JSON_STRING) return v->text;
    return (struct str){0};
}

int64_t registry_json_number(const struct json *o, const char *name, int64_t absent) {
    const struct json *v = json_get(o, str_from(name));
    int64_t n = absent;
    return v && v->kind == JSON_NUMBER && json_to_i64(v, &n) ? n : absent;
}

bool registry_json_flag(const struct json *o, const char *name, bool absent) {
    const struct json *v = json_get(o, str_from(name));
    return v && v->kind == JSON_BOOL ? v->boolean : absent;
}

struct day registry_json_day(const struct json *o, const char *name, struct day absent) {
    struct day d = absent;
    return day_parse(registry_json_text(o, name), &d) ? d : absent;
}

struct str registry_day_text(struct arena *a, struct day d) {
    char out[11];
    size_t n = day_format(d, out);
    return arena_str(a, (struct str){out, n});
}

void registry_json_day_member(struct json_writer *w, const char *name, struct day d) {
    char out[11];
    if (day_is(d)) json_member_string(w, str_from(name), (struct str){out, day_format(d, out)});
}

void registry_json_text_member(struct json_writer *w, const char *name, struct str s) {
    if (s.n > 0) json_member_string(w, str_from(name), s);
}

void registry_json_cover_member(struct json_writer *w, const char *name, int64_t cover) {
    char digits[24];
    size_t at = sizeof digits;
    CHECK(cover > 0);
    for (uint64_t rest = (uint64_t)cover; rest > 0; rest /= 10) digits[--at] = (char)('0' + (int)(rest % 10));
    json_member_string(w, str_from(name), (struct str){digits + at, sizeof digits - at});
}

void registry_json_id_member(struct json_writer *w, const char *name, const struct id128 *id) {
    char hex[33];
    id128_hex(id, hex);
    json_member_string(w, str_from(name), (struct str){hex, 32});
}

bool registry_cover_parse(struct str s, int64_t *ret) {
    if (s.n == 0 || s.n > 19 || s.p[0] == '0') return false;
    int64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        if (!i64_mul(v, 10, &v) || !i64_add(v, s.p[i] - '0', &v)) return false;
    }
    *ret = v;
    return true;
}

struct status registry_canonical_take(struct arena *a, struct buf *b, struct str *ret) {
    const struct json *tree = NULL;
    struct buf out;
    buf_init(&out, LIMIT_JSON_BYTES);
    struct status st = b->failed ? status_memory() : json_parse(a, buf_view(b), &tree);
    if (!status_failed(st)) st = json_canonical(a, tree, &out);
    struct str text = {0};
    if (!status_failed(st) && !out.failed) text = arena_str(a, buf_view(&out));
    buf_done(&out);
    buf_done(b);
    TRY(st);
    if (!text.p) return status_memory();
    *ret = text;
    return STATUS_OK;
}
