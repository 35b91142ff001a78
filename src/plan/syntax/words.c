/* plan/syntax/words — the words of the language as data.
 *
 * Who uses it: the whole room. Invariant: everything comes from words.def and the tables of bill.h and plan.h; nothing is listed twice.
 */
#include "plan/syntax/words.h"

#include <string.h>

static const struct bill_word words[] = {
#define X(id, en, zh) {en, zh},
#include "plan/syntax/words.def"
#undef X
};
static const struct bill_word buckets[] = {
#define X(id, en, zh) {en, zh},
    BILL_BUCKETS(X)
#undef X
    {"in_scope_own", "范围内自付"},
};
static const struct bill_word kinds[] = {
#define X(id, en, zh) {en, zh},
    PLAN_KINDS(X)
#undef X
};
static const struct bill_word policy_statuses[] = {
#define X(id, en, zh) {en, zh},
    BILL_POLICY_STATUSES(X)
#undef X
};

static const char *word_text(const struct bill_word *w, bool zh) { return zh ? w->zh : w->name; }

const char *plan_word_text(enum plan_word w, bool zh) {
    CHECK((unsigned)w < W_COUNT);
    return word_text(&words[w], zh);
}

enum plan_word plan_word_of(struct str text, bool zh) {
    for (uint32_t i = 0; i < W_COUNT; i++)
        if (str_eq(text, str_from(word_text(&words[i], zh)))) return (enum plan_word)i;
    return W_COUNT;
}

bool plan_word_reserved(struct str text) {
    for (uint32_t i = 0; i < W_SOFT; i++)
        if (str_eq(text, str_from(words[i].name)) || str_eq(text, str_from(words[i].zh))) return true;
    return false;
}

const char *plan_symbol_text(const struct bill_word *word, bool zh) {
    if (!zh && word->name[0] == '\0') return "unmarked";
    return word_text(word, zh);
}

const char *plan_bucket_text(uint32_t index, bool zh) {
    CHECK(index < PLAN_BUCKET_WORDS);
    return word_text(&buckets[index], zh);
}

uint32_t plan_bucket_bits(uint32_t index) {
    CHECK(index < PLAN_BUCKET_WORDS);
    if (index < BUCKET_COUNT) return UINT32_C(1) << index;
    return 1u << BUCKET_IN_SCOPE | 1u << BUCKET_DEDUCTIBLE | 1u << BUCKET_RATIO_PART | 1u << BUCKET_OVER_CAP;
}

const char *plan_kind_text(uint32_t kind, bool zh) {
    CHECK(kind < PLAN_KIND_COUNT);
    return word_text(&kinds[kind], zh);
}

const struct bill_word *plan_policy_statuses(uint32_t *ret_count) {
    *ret_count = COUNT_OF(policy_statuses);
    return policy_statuses;
}

/* ---- nearest ----------------------------------------------------------------------------------- */

enum { NEAREST_LENGTH_MAX = 40 };

/* Code points of a text; more than the maximum gives 0: such a word is not compared. */
static uint32_t code_points(struct str s, uint32_t *ret) {
    uint32_t n = 0;
    for (size_t at = 0; at < s.n;) {
        if (n == NEAREST_LENGTH_MAX || !utf8_next(s, &at, &ret[n])) return 0;
        n++;
    }
    return n;
}

/* Optimal string alignment: insert, delete, replace, and swap of neighbours cost 1 each. */
static uint32_t distance(const uint32_t *a, uint32_t an, const uint32_t *b, uint32_t bn) {
    uint32_t rows[3][NEAREST_LENGTH_MAX + 1];
    for (uint32_t j = 0; j <= bn; j++) rows[0][j] = j;
    for (uint32_t i = 1; i <= an; i++) {
        uint32_t *now = rows[i % 3];
        const uint32_t *last = rows[(i - 1) % 3], *before = rows[(i + 1) % 3];
        now[0] = i;
        for (uint32_t j = 1; j <= bn; j++) {
            uint32_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < best) best = last[j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best) best = before[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[an % 3][bn];
}

void plan_nearest_try(struct plan_nearest *n, struct str candidate) {
    uint32_t a[NEAREST_LENGTH_MAX], b[NEAREST_LENGTH_MAX];
    uint32_t an = code_points(n->word, a), bn = code_points(candidate, b);
    if (an == 0 || bn == 0) return;
    uint32_t longer = an > bn ? an : bn, shorter = an > bn ? bn : an;
    bool han = b[0] >= 0x3000;
    uint32_t allowed = han ? (longer >= 5 ? 2u : longer >= 2 ? 1u : 0u) : longer >= 7 ? 2u : longer >= 4 ? 1u : 0u;
    if (longer - shorter > allowed) return;
    uint32_t d = distance(a, an, b, bn);
    if (d > allowed || d >= bn || (n->best.n && d >= n->distance)) return;
    n->best = candidate;
    n->distance = d;
}
