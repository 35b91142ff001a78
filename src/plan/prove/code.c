/* plan/prove/code — codes in lists: their shape, and whether a given catalogue knows them.
 *
 * Who uses it: proofs. A code of a wrong shape matches no bill, and nothing else would ever say so. Shapes: ICD-10 and ICD-9-CM-3 of the medical insurance edition
 * (`A00.000`, `I10.x00`, `A00.000x001`, `A01.001+K77.0*`; `00.0100`, `96.0800x005`) and service items (15 digits) are published: an error. Drugs (X and 22, Z and 19
 * characters, or 14 digits beginning with 86), consumables (C and 19 or 26 digits) and institutions (H or P and 11 digits) are inferred from real data: a warning.
 */
#include <stdlib.h>
#include <string.h>

#include "plan/prove/prove.h"

/* 'A' a capital, '9' a digit, '?' a digit or x, '*' a capital or digit; anything else itself. */
static bool fits(char pattern, char c) {
    bool digit = c >= '0' && c <= '9', capital = c >= 'A' && c <= 'Z';
    switch (pattern) {
    case 'A': return capital;
    case '9': return digit;
    case '?': return digit || c == 'x';
    case '*': return digit || capital;
    default: return c == pattern;
    }
}

/* How much of the pattern the text is: 0 it does not fit, 1 a beginning, 2 all of it. */
static int match(const char *pattern, struct str text) {
    size_t n = strlen(pattern);
    if (text.n > n) return 0;
    for (size_t i = 0; i < text.n; i++)
        if (!fits(pattern[i], text.p[i])) return 0;
    return text.n == n ? 2 : 1;
}

struct shape {
    const char *patterns[6];
    bool published;
};
#define TEN "**********"
static const struct shape shapes[PLAN_LIST_OF_COUNT] = {
    [PLAN_LIST_OF_ANY] = {{NULL}, false},
    [PLAN_LIST_OF_DIAGNOSIS] = {{"A99.?99", "A99.?99x999", NULL}, true},
    [PLAN_LIST_OF_PROCEDURE] = {{"99.9999", "99.9999x999", NULL}, true},
    [PLAN_LIST_OF_SERVICE] = {{"999999999999999", NULL}, true},
    [PLAN_LIST_OF_DRUG] = {{"X" TEN TEN "**", "Z" TEN "*********", "86999999999999", NULL}, false},
    [PLAN_LIST_OF_CONSUMABLE] = {{"C9999999999999999999", "C99999999999999999999999999", NULL}, false},
    [PLAN_LIST_OF_INSTITUTION] = {{"H99999999999", "P99999999999", NULL}, false},
};

/* Dagger and asterisk: the code of the disease, +, the code of its manifestation with *. */
static struct str before_dagger(struct str text, bool *ret_pair) {
    const char *plus = text.n > 0 ? memchr(text.p, '+', text.n) : NULL;
    *ret_pair = plus != NULL;
    return plus == NULL ? text : (struct str){text.p, (size_t)(plus - text.p)};
}

static int shape_of(enum plan_list_of of, struct str text) {
    bool pair = false;
    if (of == PLAN_LIST_OF_DIAGNOSIS) text = before_dagger(text, &pair);
    int best = 0;
    for (size_t i = 0; shapes[of].patterns[i] != NULL; i++) {
        int m = match(shapes[of].patterns[i], text);
        if (m > best) best = m;
    }
    return best;
}

struct wrong {
    const struct plan_entry *first;
    uint32_t count;
};

static void note(struct wrong *w, const struct plan_entry *e) {
    if (w->first == NULL) w->first = e;
    w->count++;
}

static void report(struct prove *pv, const struct plan_list *list, const char *code, struct wrong w) {
    if (w.count == 0) {
        pv->counts.proven++;
        return;
    }
    pv->counts.refuted++;
    const struct plan_source *source = list->source != NULL ? list->source : pv->c->p->source;
    struct plan_diagnostic *d = check_finding(pv->c, source, code, w.first->pos, w.first->text, check_printf(pv->c, "%u", w.count));
    if (d != NULL) d->verdict = PLAN_REFUTED;
}

static void check_shapes(struct prove *pv, const struct plan_list *list) {
    const struct shape *s = &shapes[list->of];
    if (s->patterns[0] == NULL) return;
    struct wrong shape = {0}, brief = {0};
    for (uint32_t i = 0; i < list->entry_count; i++) {
        const struct plan_entry *e = &list->entries[i];
        if (e->kind == PLAN_ENTRY_NAME) continue;
        int fit = shape_of(list->of, e->text);
        if (e->kind == PLAN_ENTRY_RANGE && shape_of(list->of, e->text_to) < fit) fit = shape_of(list->of, e->text_to);
        if (fit == 0) note(&shape, e);
        else if (fit == 1 && e->kind == PLAN_ENTRY_CODE) note(&brief, e);
    }
    report(pv, list, s->published ? "code-shape" : "code-shape-unsure", shape);
    report(pv, list, "code-brief", brief);
}

/* ---- a catalogue --------------------------------------------------------------------------------------------------- */

/* First known code that is not before the text. */
static size_t lower_bound(const struct plan_check_options *o, struct str text) {
    size_t low = 0, high = o->known_code_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_cmp(o->known_codes[middle], text) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

static bool known(const struct plan_check_options *o, const struct plan_entry *e) {
    size_t at = lower_bound(o, e->text);
    if (at == o->known_code_count) return e->kind == PLAN_ENTRY_NAME;
    struct str next = o->known_codes[at];
    switch (e->kind) {
    case PLAN_ENTRY_CODE: return str_eq(next, e->text);
    case PLAN_ENTRY_PREFIX: return str_starts(next, e->text);
    case PLAN_ENTRY_RANGE: return str_cmp(next, e->text_to) <= 0 || str_starts(next, e->text_to);
    case PLAN_ENTRY_NAME: return true;
    }
    return true;
}

static void check_known(struct prove *pv, const struct plan_list *list) {
    if (pv->o->known_codes == NULL) return;
    struct wrong unknown = {0};
    for (uint32_t i = 0; i < list->entry_count; i++)
        if (!known(pv->o, &list->entries[i])) note(&unknown, &list->entries[i]);
    report(pv, list, "code-unknown", unknown);
}

void prove_codes(struct prove *pv) {
    for (uint32_t i = 0; i < pv->c->p->use_count; i++) {
        check_shapes(pv, pv->c->p->uses[i]);
        check_known(pv, pv->c->p->uses[i]);
    }
}
