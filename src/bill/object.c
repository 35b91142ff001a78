/* object — members of a JSON object against a shape: known, unknown, missing; and "did you mean".
 *
 * Who uses it: every reader of this room. Invariant: each member is looked at once; the JSON reader below has already
 * refused duplicate keys, so a shape's member has at most one node.
 */
#include <string.h>

#include "bill/reader.h"

enum { DISTANCE_BYTES_MAX = 32, LIST_NAMES_MAX = 20 };

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

/* Edits (insert, delete, replace, swap of neighbours) that make b of a, without regard to case; -1 when too long to tell. */
static int edit_distance(struct str a, struct str b) {
    if (a.n > DISTANCE_BYTES_MAX || b.n > DISTANCE_BYTES_MAX) return -1;
    int d[DISTANCE_BYTES_MAX + 1][DISTANCE_BYTES_MAX + 1];
    for (size_t i = 0; i <= a.n; i++) d[i][0] = (int)i;
    for (size_t j = 0; j <= b.n; j++) d[0][j] = (int)j;
    for (size_t i = 1; i <= a.n; i++) {
        for (size_t j = 1; j <= b.n; j++) {
            char x = lower(a.p[i - 1]), y = lower(b.p[j - 1]);
            int best = d[i - 1][j - 1] + (x == y ? 0 : 1);
            if (d[i - 1][j] + 1 < best) best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best) best = d[i][j - 1] + 1;
            bool swapped = i > 1 && j > 1 && x == lower(b.p[j - 2]) && y == lower(a.p[i - 2]);
            if (swapped && d[i - 2][j - 2] + 1 < best) best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    }
    return d[a.n][b.n];
}

/* Index of the name that was probably meant; count when none is near. */
static uint32_t nearest(struct str given, const char *const *names, uint32_t count) {
    uint32_t best = count;
    int best_distance = given.n <= 4 ? 2 : 3; /* one past the largest accepted */
    for (uint32_t i = 0; i < count; i++) {
        int distance = edit_distance(given, str_from(names[i]));
        if (distance >= 0 && distance < best_distance) {
            best = i;
            best_distance = distance;
        }
    }
    return best;
}

struct bill_arg bill_hint_names(struct bill_reader *r, struct str given, const char *const *names, uint32_t count) {
    CHECK(names != NULL && count > 0);
    struct bill_arg hint;
    uint32_t near = nearest(given, names, count);
    if (near < count) {
        hint.zh = arena_printf(r->arena, "是否想写“%s”？", names[near]);
        hint.en = arena_printf(r->arena, "did you mean \"%s\"?", names[near]);
    } else {
        struct buf b;
        buf_init(&b, 2048);
        for (uint32_t i = 0; i < count; i++) {
            if (i > 0) buf_add_cstr(&b, ", ");
            buf_add_cstr(&b, names[i][0] ? names[i] : "\"\"");
        }
        hint.zh = arena_printf(r->arena, "可用：%.*s", STR_FMT(buf_view(&b)));
        hint.en = arena_printf(r->arena, "known here: %.*s", STR_FMT(buf_view(&b)));
        buf_done(&b);
    }
    if (!hint.zh.p || !hint.en.p) r->out_of_memory = true;
    return hint;
}

/* Index in the shape, or its count when unknown. */
static uint32_t member_index(const struct bill_shape *shape, struct str name, uint32_t expected) {
    for (uint32_t step = 0; step < shape->count; step++) {
        uint32_t i = expected + step; /* members mostly come in canonical order */
        if (i >= shape->count) i -= shape->count;
        if (strlen(shape->names[i]) == name.n && memcmp(shape->names[i], name.p, name.n) == 0) return i;
    }
    return shape->count;
}

bool bill_object_open(struct bill_reader *r, const struct bill_place *at, const struct json *tree, const struct bill_shape *shape,
                      struct bill_object *ret) {
    CHECK(shape->count <= BILL_MEMBERS_MAX);
    if (!bill_kind_check(r, at, tree, JSON_OBJECT)) return false;
    *ret = (struct bill_object){.place = at, .shape = shape, .size = tree->count};
    uint32_t expected = 0;
    for (uint32_t i = 0; i < tree->count; i++) {
        struct str name = tree->names[i];
        uint32_t member = member_index(shape, name, expected);
        if (member == shape->count) {
            struct bill_arg quoted = bill_arg_quoted(r, name);
            struct bill_place place = {.up = at, .name = quoted.en, .position = i};
            BILL_FIND(r, &place, MEMBER_UNKNOWN, quoted, bill_hint_names(r, name, shape->names, shape->count));
            continue;
        }
        expected = member + 1 < shape->count ? member + 1 : 0;
        ret->node[member] = &tree->items[i];
        ret->position[member] = i;
    }
    for (uint32_t i = 0; i < shape->count; i++) {
        if (ret->node[i] || !(shape->required >> i & 1)) continue;
        struct bill_place place = bill_member_place(ret, i);
        BILL_FIND(r, &place, MEMBER_MISSING, bill_arg_text(str_from(shape->names[i])));
    }
    return true;
}

struct bill_place bill_member_place(const struct bill_object *o, uint32_t member) {
    CHECK(member < o->shape->count);
    return (struct bill_place){.up = o->place,
                               .name = str_from(o->shape->names[member]),
                               .position = o->node[member] ? o->position[member] : o->size};
}

struct bill_place bill_item_place(const struct bill_place *array, uint32_t index) {
    return (struct bill_place){.up = array, .index = index, .position = index};
}

bool bill_has(const struct bill_object *o, uint32_t member) { return o->node[member] != NULL; }

void *bill_array(struct bill_reader *r, size_t count, size_t size, size_t align) {
    void *p = arena_array_alloc(r->arena, count > 0 ? count : 1, size, align);
    if (!p) r->out_of_memory = true;
    return p;
}
