/* json_tree — the strict grammar of JSON over the token index, built into a tree in an arena.
 *
 * Who uses it: json_parse, for bills, state files and answers. Invariants: accepts RFC 8259 and no more; every byte of
 * the document belongs to a token that was checked or is a blank: each scalar must end where a blank, a structural
 * character or the document ends. Children lie side by side, in the order of the source.
 * Workload: bills of 20 kB to 16 MiB with up to 10,000 lines. Values wait on one stack until their container closes,
 * so the arena holds no spare capacity. Source: RFC 8259, RFC 3629, RFC 7493 (no duplicate names).
 */
#include <string.h>

#include "codec/codec_internal.h"
#include "codec/json_index.h"

struct pending { /* a value whose container is still open */
    struct json value;
    struct str name;
};

struct walk {
    struct arena *a;
    struct str doc; /* our padded copy */
    struct json_index index;
    uint32_t at;          /* next token */
    struct arena scratch; /* holds the stack */
    struct pending *stack;
    uint32_t stack_count, stack_cap;
    uint32_t depth;
    struct { /* the way to the value being read, for messages */
        uint32_t first; /* in the stack: items of this container begin here */
        bool is_object;
        struct str name; /* object: of the member being read; p is NULL before the first */
    } path[LIMIT_JSON_DEPTH];
};

/* ---- failures -------------------------------------------------------------------------------- */

static void path_print(const struct walk *w, struct buf *out) {
    for (uint32_t i = 0; i < w->depth; i++) {
        if (!w->path[i].is_object) {
            buf_printf(out, "[%u]", (i + 1 < w->depth ? w->path[i + 1].first : w->stack_count) - w->path[i].first);
        } else if (w->path[i].name.p) {
            if (i > 0) buf_add_char(out, '.');
            codec_name_add(out, w->path[i].name);
        }
    }
}

static struct status fail_at(const struct walk *w, enum codec_error which, size_t offset) {
    uint32_t line, column;
    codec_line_column(w->doc, offset, &line, &column);
    struct buf place;
    buf_init(&place, (size_t)4 * LIMIT_JSON_DEPTH * LIMIT_NAME_BYTES);
    buf_printf(&place, "%u:%u ", line, column);
    path_print(w, &place);
    struct str text = buf_view(&place);
    if (text.n && text.p[text.n - 1] == ' ') text.n--;
    struct status s = codec_fail(w->a, which, text);
    buf_done(&place);
    return s;
}

static struct status fail_at_token(const struct walk *w, enum codec_error which) {
    if (w->at >= w->index.count) return fail_at(w, CODEC_JSON_TRUNCATED, w->doc.n);
    return fail_at(w, which, w->index.offsets[w->at]);
}

/* The index could not be made: finds out why and where, byte by byte. */
static struct status fail_text(const struct walk *w) {
    size_t at = 0, string_begin = 0;
    bool in_string = false;
    uint32_t cp;
    while (at < w->doc.n) {
        size_t here = at;
        if (!utf8_next(w->doc, &at, &cp)) return fail_at(w, CODEC_JSON_NOT_UTF8, here);
        if (in_string && cp < 0x20) return fail_at(w, CODEC_JSON_CONTROL_CHARACTER, here);
        if (in_string && cp == '\\' && at < w->doc.n && (unsigned char)w->doc.p[at] >= 0x20 &&
            (unsigned char)w->doc.p[at] < 0x80) {
            at++;
        } else if (cp == '"') {
            in_string = !in_string;
            string_begin = here;
        }
    }
    return fail_at(w, in_string ? CODEC_JSON_UNCLOSED_STRING : CODEC_JSON_SYNTAX, in_string ? string_begin : 0);
}

/* ---- scalars --------------------------------------------------------------------------------- */

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* A scalar may end at `end`: what follows cannot belong to it. */
static bool ends_at(const struct walk *w, size_t end) {
    if (end == w->doc.n) return true;
    char c = w->doc.p[end];
    return is_blank(c) || c == ',' || c == ']' || c == '}' || c == ':';
}

/* number = [ "-" ] ( "0" / [1-9] *DIGIT ) [ "." 1*DIGIT ] [ ( "e" / "E" ) [ "+" / "-" ] 1*DIGIT ]; returns its end, or 0.
 * Reads at most the padding behind the document, which holds no digit. */
static size_t number_end(const struct walk *w, size_t at) {
    const char *p = w->doc.p;
    if (p[at] == '-') at++;
    if (p[at] == '0') at++;
    else if (!is_digit(p[at])) return 0;
    else while (is_digit(p[at])) at++;
    if (p[at] == '.') {
        if (!is_digit(p[++at])) return 0;
        while (is_digit(p[at])) at++;
    }
    if (p[at] == 'e' || p[at] == 'E') {
        at++;
        if (p[at] == '+' || p[at] == '-') at++;
        if (!is_digit(p[at])) return 0;
        while (is_digit(p[at])) at++;
    }
    return ends_at(w, at) ? at : 0;
}

static struct status number_read(struct walk *w, struct json *v) {
    size_t begin = w->index.offsets[w->at], end = number_end(w, begin);
    if (end == 0) return fail_at_token(w, CODEC_JSON_NUMBER);
    if (end - begin > LIMIT_JSON_TEXT_BYTES) return fail_at_token(w, CODEC_JSON_TEXT_TOO_LONG);
    v->kind = JSON_NUMBER;
    v->text = v->raw = (struct str){w->doc.p + begin, end - begin};
    w->at++;
    return STATUS_OK;
}

static struct status word_read(struct walk *w, struct str word, struct json *v) {
    size_t begin = w->index.offsets[w->at];
    struct str rest = {w->doc.p + begin, w->doc.n - begin};
    if (!str_starts(rest, word) || !ends_at(w, begin + word.n)) return fail_at_token(w, CODEC_JSON_SYNTAX);
    v->kind = word.p[0] == 'n' ? JSON_NULL : JSON_BOOL;
    v->boolean = word.p[0] == 't';
    v->raw = (struct str){rest.p, word.n};
    w->at++;
    return STATUS_OK;
}

/* ---- strings --------------------------------------------------------------------------------- */

/* Four hexadecimal digits at p; the caller knows that four bytes are there. */
static bool hex4_read(const char *p, uint32_t *ret) {
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i], letter = (char)(c | 0x20);
        if (is_digit(c)) v = v << 4 | (uint32_t)(c - '0');
        else if (letter >= 'a' && letter <= 'f') v = v << 4 | (uint32_t)(letter - 'a' + 10);
        else return false;
    }
    *ret = v;
    return true;
}

static size_t utf8_write(char *out, uint32_t cp) {
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; cp >>= 6) out[i] = (char)(0x80 | (cp & 0x3f));
    out[0] = (char)(lead[n] | cp);
    return n;
}

/* The code point of \uXXXX or of a pair of them; `at` is behind the 'u'. */
static bool unicode_escape_read(struct str body, size_t *at, uint32_t *ret_cp) {
    uint32_t high, low;
    if (body.n - *at < 4 || !hex4_read(body.p + *at, &high)) return false;
    *at += 4;
    *ret_cp = high;
    if (high < 0xd800 || high > 0xdfff) return true;
    if (high > 0xdbff || body.n - *at < 6 || body.p[*at] != '\\' || body.p[*at + 1] != 'u') return false;
    if (!hex4_read(body.p + *at + 2, &low) || low < 0xdc00 || low > 0xdfff) return false;
    *at += 6;
    *ret_cp = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

/* The character of an escape at body[*at], behind the backslash. */
static bool escape_read(struct str body, size_t *at, uint32_t *ret_cp) {
    if (*at >= body.n) return false;
    char c = body.p[(*at)++];
    switch (c) {
    case '"': case '\\': case '/': *ret_cp = (unsigned char)c; return true;
    case 'b': *ret_cp = '\b'; return true;
    case 'f': *ret_cp = '\f'; return true;
    case 'n': *ret_cp = '\n'; return true;
    case 'r': *ret_cp = '\r'; return true;
    case 't': *ret_cp = '\t'; return true;
    case 'u': return unicode_escape_read(body, at, ret_cp);
    default: return false;
    }
}

/* Decodes a body that has escapes. Decoded text is never longer than its source. */
static struct status string_decode(struct walk *w, struct str body, struct str *ret) {
    char *out = arena_alloc(w->a, body.n + 1, 1);
    if (!out) return status_memory();
    size_t n = 0, at = 0;
    while (at < body.n) {
        const char *slash = memchr(body.p + at, '\\', body.n - at);
        size_t plain = (slash ? (size_t)(slash - body.p) : body.n) - at;
        memcpy(out + n, body.p + at, plain);
        n += plain;
        at += plain;
        if (!slash) break;
        uint32_t cp = 0;
        size_t escape = at++;
        bool good = escape_read(body, &at, &cp);
        if (!good || cp == 0)
            return fail_at(w, good ? CODEC_JSON_NUL : CODEC_JSON_ESCAPE, (size_t)(body.p - w->doc.p) + escape);
        n += utf8_write(out + n, cp);
    }
    *ret = (struct str){out, n};
    return STATUS_OK;
}

/* A string token. Its closing quote is the last byte before the next token that is not a blank. */
static struct status string_read(struct walk *w, struct str *ret_text, struct str *ret_raw) {
    size_t begin = w->index.offsets[w->at];
    size_t end = w->at + 1 < w->index.count ? w->index.offsets[w->at + 1] : w->doc.n;
    while (is_blank(w->doc.p[end - 1])) end--;
    if (end - begin < 2 || w->doc.p[end - 1] != '"') return fail_at_token(w, CODEC_JSON_SYNTAX);
    struct str body = {w->doc.p + begin + 1, end - begin - 2}, text = body;
    if (body.n && memchr(body.p, '\\', body.n)) TRY(string_decode(w, body, &text));
    if (text.n > LIMIT_JSON_TEXT_BYTES) return fail_at_token(w, CODEC_JSON_TEXT_TOO_LONG);
    *ret_text = text;
    *ret_raw = (struct str){w->doc.p + begin, end - begin};
    w->at++;
    return STATUS_OK;
}

/* ---- containers ------------------------------------------------------------------------------ */

/* The next token is this structural character: goes over it. */
static bool take(struct walk *w, char c) {
    if (w->at >= w->index.count || w->doc.p[w->index.offsets[w->at]] != c) return false;
    w->at++;
    return true;
}

static struct status value_read(struct walk *w, struct json *v);

static struct status member_read(struct walk *w, struct str *ret_name) {
    struct str raw;
    if (w->at >= w->index.count || w->doc.p[w->index.offsets[w->at]] != '"') return fail_at_token(w, CODEC_JSON_SYNTAX);
    TRY(string_read(w, ret_name, &raw));
    w->path[w->depth - 1].name = *ret_name;
    if (!take(w, ':')) return fail_at_token(w, CODEC_JSON_SYNTAX);
    return STATUS_OK;
}

/* Reads one item or member and puts it on the stack. */
static struct status child_read(struct walk *w) {
    struct pending child = {0};
    if (w->path[w->depth - 1].is_object) TRY(member_read(w, &child.name));
    TRY(value_read(w, &child.value));
    struct pending *slot = ARENA_PUSH(&w->scratch, w->stack, w->stack_count, w->stack_cap);
    if (!slot) return status_memory();
    *slot = child;
    return STATUS_OK;
}

static int name_order(struct str a, struct str b) { /* any total order finds equals; length first is the fastest */
    if (a.n != b.n) return a.n < b.n ? -1 : 1;
    return a.n ? memcmp(a.p, b.p, a.n) : 0;
}

/* Place of a member whose name appeared before, or v->count. */
static struct status duplicate_find(struct walk *w, const struct json *v, uint32_t *ret) {
    enum { FEW = 16 };
    CHECK(v->count == 0 || v->names);
    uint32_t found = v->count;
    if (v->count <= FEW) {
        for (uint32_t i = 1; i < v->count && found == v->count; i++)
            for (uint32_t k = 0; k < i; k++)
                if (str_eq(v->names[i], v->names[k])) found = i;
    } else {
        struct arena_mark mark = arena_mark(w->a);
        uint32_t *order = ARENA_ARRAY(w->a, uint32_t, v->count);
        if (!order) return status_memory();
        for (uint32_t i = 0; i < v->count; i++) order[i] = i;
        codec_sort(order, v->count, v->names, name_order);
        for (uint32_t i = 1; i < v->count; i++) {
            if (!str_eq(v->names[order[i - 1]], v->names[order[i]])) continue;
            uint32_t later = order[i - 1] > order[i] ? order[i - 1] : order[i];
            if (later < found) found = later;
        }
        arena_rewind(w->a, mark);
    }
    *ret = found;
    return STATUS_OK;
}

/* Moves the children from the stack into the arena. */
static struct status container_close(struct walk *w, struct json *v, size_t begin) {
    uint32_t first = w->path[w->depth - 1].first;
    size_t end = w->index.offsets[w->at - 1] + (size_t)1;
    v->raw = (struct str){w->doc.p + begin, end - begin};
    v->count = w->stack_count - first;
    if (v->count) {
        struct json *items = ARENA_ARRAY(w->a, struct json, v->count);
        struct str *names = v->kind == JSON_OBJECT ? ARENA_ARRAY(w->a, struct str, v->count) : NULL;
        if (!items || (v->kind == JSON_OBJECT && !names)) return status_memory();
        for (uint32_t i = 0; i < v->count; i++) {
            items[i] = w->stack[first + i].value;
            if (names) names[i] = w->stack[first + i].name;
        }
        v->items = items;
        v->names = names;
    }
    if (v->kind == JSON_OBJECT && v->count > 1) {
        uint32_t twice = v->count;
        TRY(duplicate_find(w, v, &twice));
        if (twice < v->count) {
            w->path[w->depth - 1].name = v->names[twice];
            return fail_at(w, CODEC_JSON_DUPLICATE_KEY, (size_t)(v->items[twice].raw.p - w->doc.p));
        }
    }
    w->stack_count = first;
    w->depth--;
    return STATUS_OK;
}

static struct status container_read(struct walk *w, enum json_kind kind, struct json *v) {
    size_t begin = w->index.offsets[w->at];
    char close = kind == JSON_OBJECT ? '}' : ']';
    if (w->depth == LIMIT_JSON_DEPTH) return fail_at_token(w, CODEC_JSON_TOO_DEEP);
    w->path[w->depth].first = w->stack_count;
    w->path[w->depth].is_object = kind == JSON_OBJECT;
    w->path[w->depth].name = (struct str){NULL, 0};
    w->depth++;
    w->at++;
    v->kind = kind;
    if (!take(w, close)) {
        do TRY(child_read(w));
        while (take(w, ','));
        if (!take(w, close)) return fail_at_token(w, CODEC_JSON_SYNTAX);
    }
    return container_close(w, v, begin);
}

static struct status value_read(struct walk *w, struct json *v) {
    if (w->at >= w->index.count) return fail_at_token(w, CODEC_JSON_SYNTAX);
    char c = w->doc.p[w->index.offsets[w->at]];
    switch (c) {
    case '{': return container_read(w, JSON_OBJECT, v);
    case '[': return container_read(w, JSON_ARRAY, v);
    case '"': v->kind = JSON_STRING; return string_read(w, &v->text, &v->raw);
    case 't': return word_read(w, STR("true"), v);
    case 'f': return word_read(w, STR("false"), v);
    case 'n': return word_read(w, STR("null"), v);
    case '+': case '.': return fail_at_token(w, CODEC_JSON_NUMBER);
    default: break;
    }
    if (c == '-' || is_digit(c)) return number_read(w, v);
    return fail_at_token(w, CODEC_JSON_SYNTAX);
}

/* ---- the document ---------------------------------------------------------------------------- */

static struct status document_read(struct walk *w, const struct json **ret) {
    struct json *root = ARENA_NEW(w->a, struct json);
    if (!root) return status_memory();
    enum json_index_result made = json_index_make(w->doc.p, w->doc.n, &w->index);
    if (made == JSON_INDEX_NO_MEMORY) return status_memory();
    if (made == JSON_INDEX_EMPTY) return codec_fail(w->a, CODEC_JSON_EMPTY, STR("1:1"));
    if (made == JSON_INDEX_BAD_TEXT) return fail_text(w);
    TRY(value_read(w, root));
    if (w->at < w->index.count) return fail_at_token(w, CODEC_JSON_TRAILING_TEXT);
    *ret = root;
    return STATUS_OK;
}

struct status json_parse(struct arena *a, struct str bytes, const struct json **ret) {
    if (bytes.n > LIMIT_JSON_BYTES) return codec_fail(a, CODEC_JSON_TOO_LARGE, STR(""));
    if (bytes.n == 0) return codec_fail(a, CODEC_JSON_EMPTY, STR("1:1"));
    if (str_starts(bytes, STR("\xef\xbb\xbf"))) return codec_fail(a, CODEC_JSON_BYTE_ORDER_MARK, STR("1:1"));
    /* One zero before the text lets json_place find its beginning; the zeros behind it are the padding. */
    char *copy = arena_alloc(a, 1 + bytes.n + JSON_INDEX_PADDING, 1);
    if (!copy) return status_memory();
    memcpy(copy + 1, bytes.p, bytes.n);
    struct walk w = {.a = a, .doc = {copy + 1, bytes.n}};
    arena_init(&w.scratch, a->byte_limit);
    struct status s = document_read(&w, ret);
    json_index_done(&w.index);
    arena_done(&w.scratch);
    return s;
}

struct str json_place(struct arena *a, const struct json *root, const struct json *v) {
    const char *begin = root->raw.p;
    while (begin[-1] != 0) begin--; /* only blanks stand before the root */
    uint32_t line, column;
    size_t offset = (size_t)(v->raw.p - begin);
    codec_line_column((struct str){begin, offset}, offset, &line, &column);
    return arena_printf(a, "%u:%u", line, column);
}

/* ---- reading the tree ------------------------------------------------------------------------ */

const struct json *json_get(const struct json *object, struct str name) {
    if (object->kind != JSON_OBJECT) return NULL;
    for (uint32_t i = 0; i < object->count; i++)
        if (str_eq(object->names[i], name)) return &object->items[i];
    return NULL;
}

bool json_to_i64(const struct json *v, int64_t *ret) {
    if (v->kind != JSON_NUMBER) return false;
    bool minus = v->text.p[0] == '-';
    int64_t negative = 0; /* kept negative, so that INT64_MIN is reached too */
    for (size_t i = minus; i < v->text.n; i++) {
        if (!is_digit(v->text.p[i])) return false;
        if (!i64_mul(negative, 10, &negative) || !i64_sub(negative, v->text.p[i] - '0', &negative)) return false;
    }
    if (minus ? negative == 0 : negative == INT64_MIN) return false;
    *ret = minus ? negative : -negative;
    return true;
}

const char *json_kind_name(enum json_kind k, bool zh) {
    static const char *const names[][2] = {
        [JSON_NULL] = {"null", "空值"},     [JSON_BOOL] = {"true or false", "真假值"}, [JSON_NUMBER] = {"number", "数字"},
        [JSON_STRING] = {"string", "文本"}, [JSON_ARRAY] = {"array", "数组"},          [JSON_OBJECT] = {"object", "对象"},
    };
    return names[k][zh];
}
