/* json_out — the writer and the canonical form.
 *
 * Who uses it: settle answers, state files, `--json` of the command line. Invariant: what it writes, json_parse reads
 * back to the same tree. Source: RFC 8259; RFC 8785 (escapes as in its section 3.2.2.2, order as in 3.2.3).
 */
#include "codec/codec_internal.h"

enum { WRITER_DEPTH_MAX = 64 };

/* ---- strings --------------------------------------------------------------------------------- */

static void control_add(struct buf *out, unsigned char c) {
    static const char hex[] = "0123456789abcdef";
    static const char letters[32] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    if (letters[c]) {
        buf_add(out, (struct str){(char[]){'\\', letters[c]}, 2});
    } else {
        buf_add(out, (struct str){(char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6});
    }
}

/* Copies runs that need no escape as a whole. */
static void string_add(struct buf *out, struct str s) {
    buf_add_char(out, '"');
    size_t run = 0, at = 0;
    while (at < s.n) {
        unsigned char c = (unsigned char)s.p[at];
        uint32_t cp;
        size_t here = at;
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            at++;
            continue;
        }
        if (c >= 0x80 && utf8_next(s, &at, &cp)) continue;
        buf_add(out, (struct str){s.p + run, here - run});
        if (c >= 0x80) buf_add_cstr(out, "\xef\xbf\xbd"); /* a broken byte */
        else if (c < 0x20) control_add(out, c);
        else buf_add(out, (struct str){(char[]){'\\', (char)c}, 2});
        run = at = here + 1;
    }
    if (run < s.n) buf_add(out, (struct str){s.p + run, s.n - run});
    buf_add_char(out, '"');
}

/* ---- writer ---------------------------------------------------------------------------------- */

void json_writer_init(struct json_writer *w, struct buf *out, bool pretty) {
    *w = (struct json_writer){.out = out, .pretty = pretty};
}

static uint64_t level_bit(const struct json_writer *w) { return UINT64_C(1) << (w->depth - 1); }

static void line_start(struct json_writer *w) {
    if (!w->pretty) return;
    buf_add_char(w->out, '\n');
    for (uint8_t i = 0; i < w->depth; i++) buf_add_cstr(w->out, "  ");
}

/* Comma and line break before an item or a name. */
static void item_start(struct json_writer *w) {
    if (w->depth == 0) return;
    if (w->is_filled & level_bit(w)) buf_add_char(w->out, ',');
    w->is_filled |= level_bit(w);
    line_start(w);
}

static void value_start(struct json_writer *w) {
    bool in_object = w->depth > 0 && (w->is_object & level_bit(w));
    CHECK(in_object == w->named);
    if (!w->named) item_start(w);
    w->named = false;
}

static void begin(struct json_writer *w, bool is_object) {
    value_start(w);
    CHECK(w->depth < WRITER_DEPTH_MAX);
    w->depth++;
    w->is_filled &= ~level_bit(w);
    w->is_object &= ~level_bit(w);
    if (is_object) w->is_object |= level_bit(w);
    buf_add_char(w->out, is_object ? '{' : '[');
}

static void end(struct json_writer *w, bool is_object) {
    CHECK(w->depth > 0 && !w->named && ((w->is_object & level_bit(w)) != 0) == is_object);
    bool filled = (w->is_filled & level_bit(w)) != 0;
    w->depth--;
    if (filled) line_start(w);
    buf_add_char(w->out, is_object ? '}' : ']');
}

void json_begin_object(struct json_writer *w) { begin(w, true); }
void json_end_object(struct json_writer *w) { end(w, true); }
void json_begin_array(struct json_writer *w) { begin(w, false); }
void json_end_array(struct json_writer *w) { end(w, false); }

void json_name(struct json_writer *w, struct str name) {
    CHECK(w->depth > 0 && !w->named && (w->is_object & level_bit(w)));
    item_start(w);
    string_add(w->out, name);
    buf_add_cstr(w->out, w->pretty ? ": " : ":");
    w->named = true;
}

void json_string(struct json_writer *w, struct str s) {
    value_start(w);
    string_add(w->out, s);
}

void json_i64(struct json_writer *w, int64_t v) {
    value_start(w);
    buf_add_i64(w->out, v);
}

void json_bool(struct json_writer *w, bool v) { json_raw(w, v ? STR("true") : STR("false")); }

void json_null(struct json_writer *w) { json_raw(w, STR("null")); }

void json_raw(struct json_writer *w, struct str json) {
    value_start(w);
    buf_add(w->out, json);
}

void json_value(struct json_writer *w, const struct json *v) {
    switch (v->kind) {
    case JSON_NULL: json_null(w); break;
    case JSON_BOOL: json_bool(w, v->boolean); break;
    case JSON_NUMBER: json_raw(w, v->text); break;
    case JSON_STRING: json_string(w, v->text); break;
    case JSON_ARRAY:
        json_begin_array(w);
        for (uint32_t i = 0; i < v->count; i++) json_value(w, &v->items[i]);
        json_end_array(w);
        break;
    case JSON_OBJECT:
        json_begin_object(w);
        for (uint32_t i = 0; i < v->count; i++) {
            json_name(w, v->names[i]);
            json_value(w, &v->items[i]);
        }
        json_end_object(w);
        break;
    }
}

void json_member_string(struct json_writer *w, struct str name, struct str s) {
    json_name(w, name);
    json_string(w, s);
}

void json_member_i64(struct json_writer *w, struct str name, int64_t v) {
    json_name(w, name);
    json_i64(w, v);
}

void json_member_bool(struct json_writer *w, struct str name, bool v) {
    json_name(w, name);
    json_bool(w, v);
}

/* ---- canonical form -------------------------------------------------------------------------- */

/* Where a code point sorts by UTF-16 code units: those beyond the basic plane begin with a surrogate, d800 to dbff,
 * and so come before e000 to ffff. */
static uint32_t utf16_rank(uint32_t cp) {
    if (cp >= 0x10000) return cp - 0x10000 + 0xd800;
    return cp >= 0xe000 ? cp + 0x110000 : cp;
}

static int utf16_order(struct str a, struct str b) {
    size_t at_a = 0, at_b = 0;
    uint32_t cp_a = 0, cp_b = 0;
    while (utf8_next(a, &at_a, &cp_a) && utf8_next(b, &at_b, &cp_b))
        if (cp_a != cp_b) return utf16_rank(cp_a) < utf16_rank(cp_b) ? -1 : 1;
    return (a.n > b.n) - (a.n < b.n);
}

static struct status canonical_write(struct arena *a, const struct json *v, struct json_writer *w);

static struct status canonical_object(struct arena *a, const struct json *v, struct json_writer *w) {
    struct arena_mark mark = arena_mark(a);
    uint32_t *order = ARENA_ARRAY(a, uint32_t, v->count);
    if (!order) return status_memory();
    for (uint32_t i = 0; i < v->count; i++) order[i] = i;
    codec_sort(order, v->count, v->names, utf16_order);
    json_begin_object(w);
    for (uint32_t i = 0; i < v->count; i++) {
        json_name(w, v->names[order[i]]);
        TRY(canonical_write(a, &v->items[order[i]], w));
    }
    json_end_object(w);
    arena_rewind(a, mark);
    return STATUS_OK;
}

static struct status canonical_write(struct arena *a, const struct json *v, struct json_writer *w) {
    const int64_t exact_max = (INT64_C(1) << 53) - 1; /* RFC 8785: numbers are doubles, these are exact in them */
    int64_t integer;
    switch (v->kind) {
    case JSON_OBJECT: return canonical_object(a, v, w);
    case JSON_ARRAY:
        json_begin_array(w);
        for (uint32_t i = 0; i < v->count; i++) TRY(canonical_write(a, &v->items[i], w));
        json_end_array(w);
        return STATUS_OK;
    case JSON_NUMBER:
        if (!json_to_i64(v, &integer) || integer > exact_max || integer < -exact_max)
            return codec_fail(a, CODEC_JSON_CANONICAL_NUMBER, v->text);
        break;
    case JSON_NULL: case JSON_BOOL: case JSON_STRING: break;
    }
    json_value(w, v);
    return STATUS_OK;
}

struct status json_canonical(struct arena *a, const struct json *v, struct buf *out) {
    struct json_writer w;
    json_writer_init(&w, out, false);
    TRY(canonical_write(a, v, &w));
    if (out->failed) return codec_fail(a, CODEC_JSON_CANONICAL_TOO_LARGE, STR(""));
    return STATUS_OK;
}
