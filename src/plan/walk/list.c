/* plan/walk/list — lists, read entry by entry on a day (plan language §6), and the keys of limits (§4 "Keys").
 *
 * Who uses it: walk/cond.c, walk/take.c. An exact code comes before prefixes and ranges; among those the written order decides.
 */
#include "plan/walk/walk.h"

static bool entry_matches(const struct plan_entry *e, struct str code) {
    switch (e->kind) {
    case PLAN_ENTRY_CODE: return str_eq(e->text, code);
    case PLAN_ENTRY_PREFIX: return str_starts(code, e->text);
    case PLAN_ENTRY_RANGE: {
        bool between = str_cmp(e->text, code) <= 0 && str_cmp(code, e->text_to) <= 0;
        return between || str_starts(code, e->text_to);
    }
    case PLAN_ENTRY_NAME: return false;
    }
    return false;
}

const struct plan_entry *walk_list_find(const struct plan_list *list, struct str code, struct day on) {
    if (code.n == 0) return NULL;
    const struct plan_entry *found = NULL;
    for (uint32_t i = 0; i < list->entry_count; i++) {
        const struct plan_entry *e = &list->entries[i];
        if (!day_in(on, e->on) || !entry_matches(e, code)) continue;
        if (e->kind == PLAN_ENTRY_CODE) return e;
        if (!found) found = e;
    }
    return found;
}

bool walk_list_names(const struct plan_list *list, struct str name, struct day on) {
    for (uint32_t i = 0; i < list->entry_count; i++) {
        const struct plan_entry *e = &list->entries[i];
        if (e->kind == PLAN_ENTRY_NAME && day_in(on, e->on) && str_contains(name, e->text)) return true;
    }
    return false;
}

bool walk_key_covers(const struct walk *w, enum plan_key key, uint32_t line) {
    uint8_t kind = w->in->bill->lines.kind[line];
    switch (key) {
    case PLAN_KEY_INGREDIENT: return kind == BILL_LINE_DRUG;
    case PLAN_KEY_IMPLANT: return kind == BILL_LINE_IMPLANT || kind == BILL_LINE_CONSUMABLE;
    case PLAN_KEY_NONE:
    case PLAN_KEY_ITEM:
    case PLAN_KEY_COUNT: break;
    }
    return true;
}

struct str walk_key_text(const struct walk *w, enum plan_key key, uint32_t line) {
    const struct bill_lines *l = &w->in->bill->lines;
    if (key == PLAN_KEY_NONE) return STR("");
    if (key != PLAN_KEY_INGREDIENT) return l->code[line];
    if (l->ingredient[line].n > 0) return l->ingredient[line];
    for (uint32_t i = 0; i < w->p->use_count; i++) {
        const struct plan_entry *e = walk_list_find(w->p->uses[i], l->code[line], l->date[line]);
        if (e && e->group.n > 0) return e->group;
    }
    return l->code[line];
}
