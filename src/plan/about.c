/* plan/about — what others may know of a plan without its tree, and its hash.
 *
 * Who uses it: settle (answers name the plan, its grade and its hash), cli. Invariant: two texts that differ only in comments, blanks, the
 * language of their keywords or how numbers are written have one hash.
 */
#include <string.h>

#include "crypto/crypto.h"
#include "plan/syntax/format.h"

struct plan_about plan_about(const struct plan *p) {
    return (struct plan_about){
        .name = p->name, .zh = p->label.zh, .en = p->label.en, .product = p->product, .source_text = p->source_text, .file = p->source->name,
        .kind = p->kind, .grade = p->grade, .in_force = p->in_force, .currency = p->currency, .rounding = p->rounding,
        .benefit_count = p->benefit_count, .example_count = p->example_count, .co_insurer_count = p->co_insurer_count,
        .paid_by_each = p->paid_by_each,
    };
}

struct plan_benefit_about plan_benefit_about(const struct plan *p, uint32_t benefit) {
    CHECK(benefit < p->benefit_count);
    const struct plan_benefit *b = &p->benefits[benefit];
    return (struct plan_benefit_about){
        .name = b->name, .zh = b->label.zh, .en = b->label.en, .fund = b->fund, .allowance = b->kind == PLAN_BENEFIT_ALLOWANCE,
        .buckets = b->takes.buckets, .line = b->pos.line,
    };
}

struct plan_co_insurer_about plan_co_insurer_about(const struct plan *p, uint32_t index) {
    CHECK(index < p->co_insurer_count);
    return (struct plan_co_insurer_about){p->co_insurers[index].name, p->co_insurers[index].share_ppm};
}

/* ---- hash ------------------------------------------------------------------------------------------------ */

/* The tokens of one source; kept while the next part comes from the same source. */
struct hash_source {
    struct arena *a;
    const struct plan_source *source;
    struct plan_tokens tokens;
};

static struct status add_section(struct hash_source *h, const struct plan_source *source, uint32_t start, struct buf *text) {
    if (h->source != source) {
        struct plan_file *file;
        struct plan_diagnostics *d = ARENA_NEW(h->a, struct plan_diagnostics);
        if (!d) return status_memory();
        TRY(plan_parse_tokens(h->a, source, d, &h->tokens, &file));
        h->source = source;
    }
    if (plan_format_section(source, &h->tokens, start, text)) return STATUS_OK;
    CHECK(text->failed); /* the tree came from this source */
    return status_memory();
}

static struct status hash_text(struct arena *a, const struct plan *p, struct buf *text) {
    struct hash_source h = {.a = a};
    TRY(add_section(&h, p->source, p->pos.start, text));
    for (uint32_t i = 0; i < p->use_count; i++) {
        const struct plan_list *list = p->uses[i];
        bool own = p->list_count && list >= p->lists && list < p->lists + p->list_count; /* printed with the plan */
        if (!own) TRY(add_section(&h, list->source, list->pos.start, text));
    }
    return STATUS_OK;
}

enum { HASH_TEXT_BYTES_MAX = 16 * LIMIT_PLAN_BYTES };

struct status plan_hash(struct arena *a, const struct plan *p, uint8_t ret[32]) {
    struct arena_mark mark = arena_mark(a);
    struct buf text;
    struct digest digest;
    buf_init(&text, HASH_TEXT_BYTES_MAX);
    struct status s = hash_text(a, p, &text);
    if (!status_failed(s)) {
        crypto_sha256(buf_view(&text), &digest);
        memcpy(ret, digest.b, sizeof(digest.b));
    }
    buf_done(&text);
    arena_rewind(a, mark);
    return s;
}
