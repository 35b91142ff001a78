/* import — rows of a file become changes; errors by row; nothing is applied.
 *
 * Who uses it: `yijie import`, op CHANGE of the API. Invariants: every row is read, whatever was wrong before it; the first REGISTRY_IMPORT_ERRORS findings are kept, all are
 * counted; a CSV row goes through the very same strict reader as a JSON object. Columns: members.def; a person's members as "person.id", "person.name" …
 * Workload: 100,000 rows at once; a good row costs no text.
 */
#include <string.h>

#include "registry/internal.h"

static const struct registry_arg none = {{0}, {0}};

struct rows {
    struct registry_change **items;
    uint32_t count, cap;
};

static struct status row_push(struct arena *a, struct rows *rows, struct registry_reader *r, const struct json *v) {
    struct registry_change *ch = registry_change_read(r, v);
    if (r->out_of_memory) return status_memory();
    if (!ch) return STATUS_OK;
    struct registry_change **slot = ARENA_PUSH(a, rows->items, rows->count, rows->cap);
    if (!slot) return status_memory();
    *slot = ch;
    return STATUS_OK;
}

static struct status rows_end(struct registry_reader *r, const struct rows *rows, struct registry_import *ret) {
    if (rows->count == 0 && r->count == 0) registry_find(r, STR(""), REGISTRY_E_IMPORT_EMPTY, none, none);
    if (r->out_of_memory) return status_memory();
    *ret = (struct registry_import){rows->items, rows->count, r->first, r->count};
    return STATUS_OK;
}

/* A finding of the reader below (codec), as one of ours. */
static struct status codec_find(struct registry_reader *r, const struct error *e) {
    struct error *copy = ARENA_NEW(r->arena, struct error);
    r->count++;
    if (!copy) return status_memory();
    *copy = *e;
    copy->next = NULL;
    copy->place = arena_printf(r->arena, "%.*s%.*s", STR_FMT(r->prefix), STR_FMT(e->place));
    if (!copy->place.p) return status_memory();
    if (r->kept == REGISTRY_IMPORT_ERRORS) return STATUS_OK;
    if (r->last) r->last->next = copy;
    else r->first = copy;
    r->last = copy;
    r->kept++;
    return STATUS_OK;
}

static bool is_memory(const struct error *e) { return strcmp(e->code, "out-of-memory") == 0; }

/* ---- CSV ------------------------------------------------------------------------------------------------------------ */

/* Where each column goes: a member of the row, or of one of its persons. */
struct column {
    struct str object, name; /* object empty: the row itself */
};

static struct column *columns_of(struct arena *a, const struct csv *csv) {
    struct column *c = ARENA_ARRAY(a, struct column, csv->name_count + 1);
    for (uint32_t i = 0; c && i < csv->name_count; i++) {
        struct str name = csv->names[i];
        const char *dot = name.n > 0 ? memchr(name.p, '.', name.n) : NULL;
        size_t at = dot ? (size_t)(dot - name.p) : 0;
        c[i] = (struct column){{0}, name};
        if (dot) c[i] = (struct column){{name.p, at}, {dot + 1, name.n - at - 1}};
    }
    return c;
}

struct object {
    struct str *names;
    struct json *items;
    uint32_t count;
};

static bool object_new(struct arena *a, uint32_t cap, struct object *ret) {
    *ret = (struct object){ARENA_ARRAY(a, struct str, cap), ARENA_ARRAY(a, struct json, cap), 0};
    return ret->names && ret->items;
}

static void object_put(struct object *o, struct str name, struct json v) {
    o->names[o->count] = name;
    o->items[o->count++] = v;
}

static struct json object_json(const struct object *o) { return (struct json){.kind = JSON_OBJECT, .count = o->count, .items = o->items, .names = o->names}; }

/* The sub-objects in order of their first column; each once. */
static bool persons_put(struct arena *a, const struct csv *csv, const struct column *columns, const struct csv_row *row, struct object *top) {
    for (uint32_t i = 0; i < csv->name_count; i++) {
        if (columns[i].object.n == 0 || row->fields[i].n == 0) continue;
        bool seen = false;
        for (uint32_t k = 0; k < top->count; k++) seen = seen || str_eq(top->names[k], columns[i].object);
        if (seen) continue;
        struct object sub;
        if (!object_new(a, csv->name_count, &sub)) return false;
        for (uint32_t k = i; k < csv->name_count; k++)
            if (str_eq(columns[k].object, columns[i].object) && row->fields[k].n > 0) object_put(&sub, columns[k].name, (struct json){.kind = JSON_STRING, .text = row->fields[k]});
        object_put(top, columns[i].object, object_json(&sub));
    }
    return true;
}

static struct status csv_row_read(struct registry_reader *r, const struct csv *csv, const struct column *columns, const struct csv_row *row, struct str kind, struct rows *rows) {
    struct object top;
    if (!object_new(r->arena, csv->name_count + 2, &top)) return status_memory();
    bool typed = false;
    for (uint32_t i = 0; i < csv->name_count; i++) {
        if (columns[i].object.n > 0 || row->fields[i].n == 0) continue; /* an empty field is an absent member */
        typed = typed || str_eq(columns[i].name, STR("change"));
        object_put(&top, columns[i].name, (struct json){.kind = JSON_STRING, .text = row->fields[i]});
    }
    if (!typed && kind.n > 0) object_put(&top, STR("change"), (struct json){.kind = JSON_STRING, .text = kind});
    if (!persons_put(r->arena, csv, columns, row, &top)) return status_memory();
    struct json *v = ARENA_NEW(r->arena, struct json);
    if (!v) return status_memory();
    *v = object_json(&top);
    r->prefix = arena_printf(r->arena, "%u:", row->line);
    if (!r->prefix.p) return status_memory();
    return row_push(r->arena, rows, r, v);
}

struct status registry_import_csv(struct arena *a, struct str bytes, struct str kind, struct registry_import *ret) {
    struct registry_reader r = {.arena = a, .texts = true};
    struct rows rows = {0};
    struct csv csv;
    struct status st = csv_open(a, bytes, &csv);
    uint32_t change;
    if (status_failed(st)) {
        if (is_memory(st.err)) return st;
        TRY(codec_find(&r, st.err));
        return rows_end(&r, &rows, ret);
    }
    struct column *columns = columns_of(a, &csv);
    if (!columns) return status_memory();
    if (kind.n == 0 && !csv_find(&csv, STR("change"), &change)) {
        registry_find(&r, STR("1:change"), REGISTRY_E_IMPORT_KIND, none, none);
        return rows_end(&r, &rows, ret);
    }
    for (bool more = true; more;) {
        struct csv_row row;
        st = csv_next(&csv, a, &row, &more);
        if (status_failed(st)) { /* where the next row begins is not known any more */
            if (is_memory(st.err)) return st;
            r.prefix = (struct str){0};
            TRY(codec_find(&r, st.err));
            break;
        }
        if (more) TRY(csv_row_read(&r, &csv, columns, &row, kind, &rows));
    }
    return rows_end(&r, &rows, ret);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------- */

static struct status json_rows(struct registry_reader *r, const struct json *tree, struct rows *rows) {
    bool array = tree->kind == JSON_ARRAY;
    uint32_t count = array ? tree->count : 1;
    for (uint32_t i = 0; i < count; i++) {
        r->prefix = arena_printf(r->arena, "%u:", i + 1);
        if (!r->prefix.p) return status_memory();
        TRY(row_push(r->arena, rows, r, array ? &tree->items[i] : tree));
    }
    return STATUS_OK;
}

static bool blank(struct str line) {
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\r') return false;
    return true;
}

static struct status json_lines(struct registry_reader *r, struct str bytes, struct rows *rows) {
    uint32_t number = 0;
    for (size_t at = 0; at < bytes.n;) {
        const char *end = memchr(bytes.p + at, '\n', bytes.n - at);
        struct str line = {bytes.p + at, end ? (size_t)(end - bytes.p) - at : bytes.n - at};
        const struct json *tree = NULL;
        at += line.n + 1;
        number++;
        if (blank(line)) continue;
        r->prefix = arena_printf(r->arena, "%u:", number);
        if (!r->prefix.p) return status_memory();
        struct status st = json_parse(r->arena, line, &tree);
        if (status_failed(st)) {
            if (is_memory(st.err)) return st;
            TRY(codec_find(r, st.err));
        } else {
            TRY(row_push(r->arena, rows, r, tree));
        }
    }
    return STATUS_OK;
}

/* An array or one object is one document; anything else is read line by line. */
struct status registry_import_json(struct arena *a, struct str bytes, struct registry_import *ret) {
    struct registry_reader r = {.arena = a};
    struct rows rows = {0};
    const struct json *tree = NULL;
    size_t at = 0;
    while (at < bytes.n && (bytes.p[at] == ' ' || bytes.p[at] == '\n' || bytes.p[at] == '\r' || bytes.p[at] == '\t')) at++;
    bool array = at < bytes.n && bytes.p[at] == '[';
    struct status st = array || at == bytes.n ? STATUS_OK : json_parse(a, bytes, &tree); /* one object over several lines */
    if (array) st = json_parse(a, bytes, &tree);
    if (status_failed(st) && is_memory(st.err)) return st;
    if (status_failed(st) && array) TRY(codec_find(&r, st.err));
    else if (!status_failed(st) && tree) TRY(json_rows(&r, tree, &rows));
    else TRY(json_lines(&r, bytes, &rows));
    return rows_end(&r, &rows, ret);
}
