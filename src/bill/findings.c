/* findings — what is wrong with a bill: collected, put in document order, worded in both languages.
 *
 * Who uses it: every reader of this room. Invariants: kept findings are sorted by their place in the document and are
 * the earliest LIMIT_BILL_FINDINGS of their severity; equal places keep the order of discovery. Memory: a text is made
 * only for a finding that is kept, so a bill of 10,000 bad lines costs no more than one of twenty.
 */
#include <string.h>

#include "bill/reader.h"

#define ERROR BILL_SEVERITY_ERROR
#define WARNING BILL_SEVERITY_WARNING
#define FINDING(ID, code, severity, zh, en, hint_zh, hint_en) {code, severity, zh, en, hint_zh, hint_en},
static const struct bill_finding_row rows[BILL_FINDING_COUNT] = {
#include "bill/findings.def"
};
#undef FINDING
#undef WARNING
#undef ERROR

enum { MESSAGE_BYTES_MAX = 4096, QUOTED_BYTES_MAX = 40 };

const struct bill_finding_row *bill_finding_row(enum bill_finding which) {
    CHECK((unsigned)which < BILL_FINDING_COUNT);
    return &rows[which];
}

/* ---- places -------------------------------------------------------------------------------------- */

static uint32_t place_depth(const struct bill_place *at) {
    uint32_t depth = 0;
    for (; at->up; at = at->up) depth++;
    return depth;
}

/* Positions from the root; 0 behind the end, so that an object stands before its members. */
static void place_key(const struct bill_place *at, uint32_t ret_key[BILL_PLACE_DEPTH]) {
    uint32_t depth = place_depth(at);
    CHECK(depth <= BILL_PLACE_DEPTH);
    memset(ret_key, 0, sizeof(uint32_t) * BILL_PLACE_DEPTH);
    for (; at->up; at = at->up) ret_key[--depth] = at->position + 1;
}

static void place_write(const struct bill_place *at, struct buf *b) {
    if (!at->up) return;
    place_write(at->up, b);
    if (at->name.p == NULL) {
        buf_printf(b, "[%u]", at->index);
        return;
    }
    if (at->up->up) buf_add_char(b, '.');
    buf_add(b, at->name);
}

/* ---- values in messages ---------------------------------------------------------------------------- */

struct bill_arg bill_arg_text(struct str s) { return (struct bill_arg){s, s}; }

struct bill_arg bill_arg_i64(struct bill_reader *r, int64_t v) {
    struct str s = arena_printf(r->arena, "%lld", (long long)v);
    if (!s.p) r->out_of_memory = true;
    return bill_arg_text(s);
}

struct bill_arg bill_arg_quoted(struct bill_reader *r, struct str s) {
    char out[QUOTED_BYTES_MAX + 4];
    size_t n = 0, at = 0;
    uint32_t cp;
    bool cut = false;
    while (at < s.n) {
        size_t start = at;
        if (!utf8_next(s, &at, &cp)) break;
        if (n + (at - start) > QUOTED_BYTES_MAX) {
            cut = true;
            break;
        }
        bool control = cp < 0x20 || (cp >= 0x7F && cp < 0xA0);
        if (control) {
            out[n++] = '?';
        } else {
            memcpy(out + n, s.p + start, at - start);
            n += at - start;
        }
    }
    if (cut) {
        memcpy(out + n, "…", 3);
        n += 3;
    }
    struct str copy = arena_str(r->arena, (struct str){out, n});
    if (!copy.p) r->out_of_memory = true;
    return bill_arg_text(copy);
}

struct bill_arg bill_arg_json_kind(enum json_kind kind) {
    static const char *const names[][2] = {
        [JSON_NULL] = {"空值 null", "null"},  [JSON_BOOL] = {"真假值", "true or false"}, [JSON_NUMBER] = {"数字", "a number"},
        [JSON_STRING] = {"文本", "a text"},   [JSON_ARRAY] = {"数组", "an array"},       [JSON_OBJECT] = {"对象", "an object"},
    };
    CHECK((unsigned)kind < COUNT_OF(names));
    return (struct bill_arg){str_from(names[kind][0]), str_from(names[kind][1])};
}

/* ---- collecting ------------------------------------------------------------------------------------ */

/* Copies a template of findings.def, putting args[0] for {1} and so on. */
static struct str template_fill(struct bill_reader *r, const char *template, const struct bill_arg args[3], bool zh) {
    struct buf b;
    buf_init(&b, MESSAGE_BYTES_MAX);
    for (const char *p = template; *p; p++) {
        if (p[0] == '{' && p[1] >= '1' && p[1] <= '3' && p[2] == '}') {
            const struct bill_arg *arg = &args[p[1] - '1'];
            buf_add(&b, zh ? arg->zh : arg->en);
            p += 2;
        } else {
            buf_add_char(&b, *p);
        }
    }
    struct str out = arena_str(r->arena, buf_view(&b));
    if (b.failed || !out.p) r->out_of_memory = true;
    buf_done(&b);
    return out;
}

static struct str place_text(struct bill_reader *r, const struct bill_place *at) {
    struct buf b;
    buf_init(&b, MESSAGE_BYTES_MAX);
    place_write(at, &b);
    struct str out = arena_str(r->arena, buf_view(&b));
    if (b.failed || !out.p) r->out_of_memory = true;
    buf_done(&b);
    return out;
}

static int key_cmp(const uint32_t a[BILL_PLACE_DEPTH], const uint32_t b[BILL_PLACE_DEPTH]) {
    for (int i = 0; i < BILL_PLACE_DEPTH; i++)
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    return 0;
}

void bill_find(struct bill_reader *r, const struct bill_place *at, enum bill_finding which, const struct bill_arg args[3]) {
    const struct bill_finding_row *row = bill_finding_row(which);
    struct bill_findings *f = row->severity == BILL_SEVERITY_ERROR ? &r->errors : &r->warnings;
    if (row->severity == BILL_SEVERITY_ERROR) r->error_total++;
    struct bill_kept_finding found = {0};
    place_key(at, found.key);
    uint32_t slot = f->count;
    while (slot > 0 && key_cmp(found.key, f->kept[slot - 1].key) < 0) slot--;
    if (slot == LIMIT_BILL_FINDINGS) return;
    found.error = (struct error){
        .code = row->code,
        .place = place_text(r, at),
        .zh = template_fill(r, row->zh, args, true),
        .en = template_fill(r, row->en, args, false),
        .hint_zh = template_fill(r, row->hint_zh, args, true),
        .hint_en = template_fill(r, row->hint_en, args, false),
    };
    if (f->count < LIMIT_BILL_FINDINGS) f->count++;
    memmove(&f->kept[slot + 1], &f->kept[slot], sizeof(f->kept[0]) * (f->count - 1 - slot));
    f->kept[slot] = found;
}

void bill_find_plain(struct bill_reader *r, const struct bill_place *at, enum bill_finding which) {
    static const struct bill_arg none[3];
    bill_find(r, at, which, none);
}

const struct error *bill_findings_chain(struct bill_reader *r, const struct bill_findings *f) {
    const struct error *next = NULL;
    for (uint32_t i = f->count; i-- > 0;) {
        struct error *e = ARENA_NEW(r->arena, struct error);
        if (!e) {
            r->out_of_memory = true;
            return NULL;
        }
        *e = f->kept[i].error;
        e->next = next;
        next = e;
    }
    return next;
}
