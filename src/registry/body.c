/* body — texts of plans, lists and chains: what may be published at all, and changes made of files.
 *
 * Who uses it: reading of changes, `yijie plan publish`, the demonstration city. Invariant: a text that the plan language cannot read is never recorded; the world that
 * everybody settles by is made of these texts. Pure; memory of the parse is given back at once.
 */
#include "registry/internal.h"

enum { PARSE_BYTES = 256 * 1024 * 1024 };

struct str registry_body_of(const struct registry_change *ch) {
    uint32_t count;
    uint32_t start = registry_shape_start(ch->kind, &count);
    for (uint32_t m = 0; m < count; m++)
        if (registry_members[start + m].type == REGISTRY_T_BODY) return ch->values[m].text;
    return (struct str){0};
}

/* ---- can it be read? -------------------------------------------------------------------------------------------- */

static const struct plan_diagnostic *first_error(const struct plan_diagnostics *d) {
    for (uint32_t i = 0; i < d->count; i++)
        if (d->items[i].severity == PLAN_ERROR) return &d->items[i];
    return NULL;
}

static bool defines(const struct plan_file *file, enum registry_change_kind kind, struct str name) {
    if (kind == REGISTRY_CHANGE_LIST) return file->list_count > 0;
    if (kind == REGISTRY_CHANGE_CHAIN) return file->chain_count > 0; /* one file may hold the chains of a region */
    for (uint32_t i = 0; i < file->plan_count; i++)
        if (str_eq(plan_about(file->plans[i]).name, name)) return true;
    return false;
}

static struct status text_parse(struct arena *a, struct registry_reader *r, const struct registry_change *ch) {
    struct plan_diagnostics *d = ARENA_NEW(a, struct plan_diagnostics);
    const struct registry_arg two = {{0}, {0}};
    struct plan_file *file = NULL;
    struct str name = registry_value(ch, ch->kind == REGISTRY_CHANGE_PLAN   ? REGISTRY_M_PLAN_NAME
                                         : ch->kind == REGISTRY_CHANGE_LIST ? REGISTRY_M_LIST_NAME
                                                                            : REGISTRY_M_CHAIN_NAME)->text;
    struct plan_source *source = ARENA_NEW(a, struct plan_source);
    if (!d || !source) return status_memory();
    *source = (struct plan_source){.name = name, .text = registry_body_of(ch)};
    TRY(plan_parse(a, source, d, &file));
    const struct plan_diagnostic *e = first_error(d);
    if (e) {
        struct registry_arg one = {arena_printf(r->arena, "第 %u 行：%.*s", e->line, STR_FMT(e->zh)), arena_printf(r->arena, "line %u: %.*s", e->line, STR_FMT(e->en))};
        registry_find(r, STR("text"), REGISTRY_E_TEXT_BROKEN, one, two);
    } else if (!defines(file, ch->kind, name)) {
        registry_find(r, STR("name"), REGISTRY_E_TEXT_NAME, registry_quoted(r->arena, name), two);
    }
    return STATUS_OK;
}

void registry_body_check(struct registry_reader *r, const struct registry_change *ch) {
    if (ch->kind != REGISTRY_CHANGE_PLAN && ch->kind != REGISTRY_CHANGE_LIST && ch->kind != REGISTRY_CHANGE_CHAIN) return;
    struct arena own;
    arena_init(&own, PARSE_BYTES);
    if (status_failed(text_parse(&own, r, ch))) r->out_of_memory = true; /* the only way a parse fails */
    arena_done(&own);
}

/* ---- texts from files ----------------------------------------------------------------------------------------------------------- */

struct status registry_change_text(struct arena *a, const struct registry_text_change *t, struct registry_change **ret) {
    enum registry_change_kind kind = (enum registry_change_kind)t->kind; /* world.def and changes.def begin alike */
    CHECK(kind == REGISTRY_CHANGE_PLAN || kind == REGISTRY_CHANGE_LIST || kind == REGISTRY_CHANGE_CHAIN || kind == REGISTRY_CHANGE_CATALOGUE);
    struct registry_change *ch = ARENA_NEW(a, struct registry_change);
    if (!ch) return status_memory();
    *ch = (struct registry_change){.kind = kind};
    struct registry_value *v = ch->values; /* NAME, TEXT, GRADE, FROM, TO in each of the four */
    v[0] = (struct registry_value){.given = true, .text = arena_str(a, t->name)};
    v[1] = (struct registry_value){.given = true, .text = arena_str(a, t->text)};
    v[2] = (struct registry_value){.given = t->grade.n > 0, .text = arena_str(a, t->grade)};
    v[3] = (struct registry_value){.given = day_is(t->on.from), .day = t->on.from};
    v[4] = (struct registry_value){.given = day_is(t->on.to), .day = t->on.to};
    if (!v[0].text.p || !v[1].text.p || !v[2].text.p) return status_memory();
    struct registry_reader r = {.arena = a};
    crypto_sha256(v[1].text, &ch->hash);
    registry_body_check(&r, ch);
    if (r.out_of_memory) return status_memory();
    if (r.first) return (struct status){r.first};
    *ret = ch;
    return STATUS_OK;
}
