/* plan/library — all plans, lists and chains that may refer to each other.
 *
 * Who uses it: settle and cli, which read whole folders; the checker looks lists up. Invariant: names are unique by kind; the first stays.
 */
#include "plan/ast.h"

static struct str place_text(struct arena *a, const struct plan_source *source, uint32_t line) {
    return arena_printf(a, "%.*s:%u", STR_FMT(source->name), line);
}

static struct plan_place place_of(const struct plan_source *source, struct plan_pos pos) {
    return (struct plan_place){source, pos.line, pos.column, pos.start, pos.end};
}

struct plan *plan_library_find(const struct plan_library *lib, struct str name) {
    for (uint32_t i = 0; i < lib->plan_count; i++)
        if (str_eq(lib->plans[i]->name, name)) return lib->plans[i];
    return NULL;
}

const struct plan_chain *plan_library_chain(const struct plan_library *lib, struct str name) {
    for (uint32_t i = 0; i < lib->chain_count; i++)
        if (str_eq(lib->chains[i]->name, name)) return lib->chains[i];
    return NULL;
}

static const struct plan_list *find_list(const struct plan_library *lib, struct str name) {
    for (uint32_t i = 0; i < lib->list_count; i++)
        if (str_eq(lib->lists[i]->name, name)) return lib->lists[i];
    return NULL;
}

static struct status add_plan(struct arena *a, struct plan_library *lib, struct plan *plan, struct plan_diagnostics *d) {
    const struct plan *other = plan_library_find(lib, plan->name);
    if (other) {
        plan_diagnose(d, a, "plan-twice", place_of(plan->source, plan->pos), plan->name, place_text(a, other->source, other->pos.line));
        return STATUS_OK;
    }
    struct plan **slot = ARENA_PUSH(a, lib->plans, lib->plan_count, lib->plan_cap);
    if (!slot) return status_memory();
    *slot = plan;
    return STATUS_OK;
}

static struct status add_list(struct arena *a, struct plan_library *lib, struct plan_list *list, struct plan_diagnostics *d) {
    const struct plan_list *other = find_list(lib, list->name);
    if (other) {
        plan_diagnose(d, a, "list-twice", place_of(list->source, list->pos), list->name, place_text(a, other->source, other->pos.line));
        return STATUS_OK;
    }
    struct plan_list **slot = ARENA_PUSH(a, lib->lists, lib->list_count, lib->list_cap);
    if (!slot) return status_memory();
    *slot = list;
    return STATUS_OK;
}

static struct status add_chain(struct arena *a, struct plan_library *lib, struct plan_chain *chain, struct plan_diagnostics *d) {
    const struct plan_chain *other = plan_library_chain(lib, chain->name);
    if (other) {
        struct plan_place at = {chain->source, chain->line, chain->column, chain->start, chain->end};
        plan_diagnose(d, a, "chain-twice", at, chain->name, place_text(a, other->source, other->line));
        return STATUS_OK;
    }
    struct plan_chain **slot = ARENA_PUSH(a, lib->chains, lib->chain_count, lib->chain_cap);
    if (!slot) return status_memory();
    *slot = chain;
    return STATUS_OK;
}

struct status plan_library_add(struct arena *a, struct plan_library *lib, struct plan_file *file, struct plan_diagnostics *d) {
    for (uint32_t i = 0; i < file->plan_count; i++) TRY(add_plan(a, lib, file->plans[i], d));
    for (uint32_t i = 0; i < file->list_count; i++) TRY(add_list(a, lib, file->lists[i], d));
    for (uint32_t i = 0; i < file->chain_count; i++) TRY(add_chain(a, lib, file->chains[i], d));
    return STATUS_OK;
}
