/* csv — rows of fields, in and out.
 *
 * Who uses it: `yijie compare` (claims of an insurer), list imports and exports. Workload: files of a million rows, so
 * fields point into the bytes and a caller rewinds the arena after each row. Source: RFC 4180, made strict where it
 * is silent: UTF-8, a header always, the same number of fields in every row.
 */
#include <string.h>

#include "codec/codec_internal.h"

struct fields { /* of the row being read */
    struct str *items;
    uint32_t count, cap;
};

static struct status fail_at(const struct csv *c, struct arena *a, enum codec_error which, uint32_t line, uint32_t field) {
    struct buf place;
    buf_init(&place, (size_t)4 * LIMIT_NAME_BYTES);
    buf_printf(&place, "%u:%u", line, field + 1);
    if (field < c->name_count) {
        buf_add_char(&place, ' ');
        codec_name_add(&place, c->names[field]);
    }
    struct status s = codec_fail(a, which, buf_view(&place));
    buf_done(&place);
    return s;
}

static char peek(const struct csv *c) { return c->at < c->bytes.n ? c->bytes.p[c->at] : 0; }

/* Goes over CRLF or LF; true also at the end of the bytes. */
static bool row_end_take(struct csv *c) {
    if (c->at >= c->bytes.n) return true;
    size_t n = peek(c) == '\n' ? 1 : c->bytes.n - c->at > 1 && memcmp(c->bytes.p + c->at, "\r\n", 2) == 0 ? 2 : 0;
    c->at += n;
    c->line += n > 0;
    return n > 0;
}

/* A quoted field: c->at is behind the opening quote, and behind the closing one afterwards. False: never closed. */
static bool quoted_scan(struct csv *c, struct str *ret_body, size_t *ret_doubled) {
    size_t begin = c->at, doubled = 0;
    for (; c->at < c->bytes.n; c->at++) {
        char ch = c->bytes.p[c->at];
        c->line += ch == '\n';
        if (ch != '"') continue;
        if (c->at + 1 < c->bytes.n && c->bytes.p[c->at + 1] == '"') {
            doubled++;
            c->at++;
            continue;
        }
        *ret_body = (struct str){c->bytes.p + begin, c->at - begin};
        *ret_doubled = doubled;
        c->at++;
        return true;
    }
    return false;
}

/* Copies a body with each doubled quote made one. */
static bool quotes_join(struct arena *a, struct str *body, size_t doubled) {
    char *out = arena_alloc(a, body->n - doubled + 1, 1);
    if (!out) return false;
    size_t n = 0;
    for (size_t i = 0; i < body->n; i++) {
        out[n++] = body->p[i];
        if (body->p[i] == '"') i++;
    }
    *body = (struct str){out, n};
    return true;
}

static struct status field_read(struct csv *c, struct arena *a, uint32_t index, struct str *ret) {
    uint32_t line = c->line;
    if (peek(c) == '"') {
        size_t doubled;
        c->at++;
        if (!quoted_scan(c, ret, &doubled)) return fail_at(c, a, CODEC_CSV_QUOTE, line, index);
        if (ret->n > LIMIT_CSV_FIELD_BYTES) return fail_at(c, a, CODEC_CSV_FIELD_TOO_LONG, line, index);
        if (doubled && !quotes_join(a, ret, doubled)) return status_memory();
    } else {
        size_t begin = c->at;
        while (c->at < c->bytes.n && !memchr(",\r\n\"", c->bytes.p[c->at], 4)) c->at++;
        *ret = (struct str){c->bytes.p + begin, c->at - begin};
        if (ret->n > LIMIT_CSV_FIELD_BYTES) return fail_at(c, a, CODEC_CSV_FIELD_TOO_LONG, line, index);
    }
    if (c->at < c->bytes.n && !memchr(",\r\n", peek(c), 3)) return fail_at(c, a, CODEC_CSV_QUOTE, c->line, index);
    return STATUS_OK;
}

/* One row, of any number of fields. The bytes are not at their end. */
static struct status fields_read(struct csv *c, struct arena *a, struct fields *f) {
    for (;;) {
        if (f->count == LIMIT_CSV_FIELDS) return fail_at(c, a, CODEC_CSV_TOO_MANY_FIELDS, c->line, f->count);
        struct str field;
        TRY(field_read(c, a, f->count, &field));
        struct str *slot = ARENA_PUSH(a, f->items, f->count, f->cap);
        if (!slot) return status_memory();
        *slot = field;
        if (peek(c) == ',') c->at++;
        else if (row_end_take(c)) return STATUS_OK;
        else return fail_at(c, a, CODEC_CSV_LINE_BREAK, c->line, f->count - 1);
    }
}

static void empty_lines_skip(struct csv *c) {
    while (c->at < c->bytes.n && row_end_take(c)) {}
}

static struct status text_validate(const struct csv *c, struct arena *a) {
    const char *nul = c->bytes.n ? memchr(c->bytes.p, 0, c->bytes.n) : NULL;
    if (!nul && utf8_check(c->bytes)) return STATUS_OK;
    size_t at = 0;
    uint32_t cp, line, column;
    if (nul) at = (size_t)(nul - c->bytes.p);
    else while (utf8_next(c->bytes, &at, &cp)) {}
    codec_line_column(c->bytes, at, &line, &column);
    struct str place = arena_printf(a, "%u:%u", line, column);
    return place.p ? codec_fail(a, nul ? CODEC_CSV_NUL : CODEC_CSV_NOT_UTF8, place) : status_memory();
}

struct status csv_open(struct arena *a, struct str bytes, struct csv *ret) {
    struct csv c = {.bytes = bytes, .line = 1};
    struct fields header = {0};
    TRY(text_validate(&c, a));
    if (str_starts(bytes, STR("\xef\xbb\xbf"))) c.at = 3;
    empty_lines_skip(&c);
    if (c.at >= bytes.n) return codec_fail(a, CODEC_CSV_EMPTY, STR("1:1"));
    uint32_t line = c.line;
    TRY(fields_read(&c, a, &header));
    for (uint32_t i = 0; i < header.count; i++) {
        bool bad = header.items[i].n == 0;
        for (uint32_t k = 0; k < i; k++) bad |= str_eq(header.items[i], header.items[k]);
        if (bad) return fail_at(&c, a, CODEC_CSV_HEADER, line, i);
    }
    c.names = header.items;
    c.name_count = header.count;
    *ret = c;
    return STATUS_OK;
}

struct status csv_next(struct csv *c, struct arena *a, struct csv_row *ret, bool *ret_more) {
    struct fields f = {0};
    empty_lines_skip(c);
    if (c->at >= c->bytes.n) {
        *ret_more = false;
        return STATUS_OK;
    }
    uint32_t line = c->line;
    TRY(fields_read(c, a, &f));
    if (f.count != c->name_count) {
        uint32_t wrong = f.count < c->name_count ? f.count : c->name_count; /* first missing or first too many */
        return fail_at(c, a, CODEC_CSV_FIELD_COUNT, line, wrong);
    }
    *ret = (struct csv_row){f.items, line};
    *ret_more = true;
    return STATUS_OK;
}

bool csv_find(const struct csv *c, struct str name, uint32_t *ret_index) {
    for (uint32_t i = 0; i < c->name_count; i++) {
        if (!str_eq(c->names[i], name)) continue;
        *ret_index = i;
        return true;
    }
    return false;
}

/* ---- out ------------------------------------------------------------------------------------- */

void csv_writer_init(struct csv_writer *w, struct buf *out) { *w = (struct csv_writer){.out = out}; }

static bool needs_quotes(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (memchr(",\"\r\n", s.p[i], 4)) return true;
    return s.n > 0 && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');
}

void csv_field(struct csv_writer *w, struct str s) {
    bool quotes = needs_quotes(s) || (w->out->n == 0 && str_starts(s, STR("\xef\xbb\xbf")));
    if (w->field_count++ > 0) buf_add_char(w->out, ',');
    if (!quotes) {
        buf_add(w->out, s);
        return;
    }
    buf_add_char(w->out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') buf_add_char(w->out, '"');
        buf_add_char(w->out, s.p[i]);
    }
    buf_add_char(w->out, '"');
}

void csv_field_i64(struct csv_writer *w, int64_t v) {
    if (w->field_count++ > 0) buf_add_char(w->out, ',');
    buf_add_i64(w->out, v);
}

void csv_row_end(struct csv_writer *w) {
    struct buf *out = w->out;
    bool empty_line = w->field_count == 0 ||
                      (w->field_count == 1 && (out->n == 0 || out->p[out->n - 1] == '\n'));
    if (empty_line) buf_add_cstr(out, "\"\""); /* a row with one empty field, not an empty line */
    buf_add_cstr(out, "\r\n");
    w->field_count = 0;
}
