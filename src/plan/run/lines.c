/* plan/run/lines — masks: one bit a line, 64 lines a word, so that one step asks all lines of the bill.
 *
 * Who uses it: run/steps.c. Invariant: a result is part of `from`; bits behind the last line are never set. With totals only there is a line
 * without code and kind, for which such conditions are false. Source: docs/plan-language.md §3, §4.3.2.
 */
#include <string.h>

#include "plan/run/run.h"

bool run_mask_empty(const struct run *r, const uint64_t *mask) {
    for (uint32_t w = 0; w < r->words; w++)
        if (mask[w]) return false;
    return true;
}

uint32_t run_mask_count(const struct run *r, const uint64_t *mask) {
    uint32_t count = 0;
    for (uint32_t w = 0; w < r->words; w++) count += (uint32_t)__builtin_popcountll(mask[w]);
    return count;
}

/* Walks the set bits: LINE is the number of the line. */
#define FOR_LINES(r, mask, line)                                                                              \
    for (uint32_t fw_ = 0; fw_ < (r)->words; fw_++)                                                           \
        for (uint64_t fb_ = (mask)[fw_]; fb_ && ((line) = fw_ * 64 + (uint32_t)__builtin_ctzll(fb_), true); fb_ &= fb_ - 1)

void run_lines_kind(const struct run *r, const uint8_t *words, const uint64_t *from, uint64_t bits, uint64_t *to) {
    bool unknown = r->bill->totals_only && words == r->bill->lines.kind;
    for (uint32_t w = 0; w < r->words; w++) {
        uint32_t start = w * 64, count = r->line_count - start < 64 ? r->line_count - start : 64;
        uint64_t found = 0;
        if (!unknown && from[w])
            for (uint32_t i = 0; i < count; i++) found |= (bits >> words[start + i] & 1) << i;
        to[w] = found & from[w];
    }
}

void run_lines_dated(const struct run *r, const uint64_t *from, enum plan_compare c, int64_t day, uint64_t *to) {
    for (uint32_t w = 0; w < r->words; w++) {
        uint64_t found = 0;
        for (uint64_t bits = from[w]; bits; bits &= bits - 1) {
            uint32_t i = (uint32_t)__builtin_ctzll(bits);
            found |= (uint64_t)plan_compare_holds(r->bill->lines.date[w * 64 + i].v, c, day) << i;
        }
        to[w] = found;
    }
}

void run_lines_reimbursed(const struct run *r, const uint64_t *from, uint64_t *to) {
    for (uint32_t w = 0; w < r->words; w++) {
        uint64_t found = 0;
        for (uint64_t bits = r->in->reimbursed ? from[w] : 0; bits; bits &= bits - 1) {
            uint32_t i = (uint32_t)__builtin_ctzll(bits);
            found |= (uint64_t)(r->in->reimbursed[w * 64 + i] > 0) << i;
        }
        to[w] = found;
    }
}

void run_lines_code_is(const struct run *r, const uint64_t *from, struct str code, bool other, uint64_t *to) {
    for (uint32_t w = 0; w < r->words; w++) {
        uint64_t found = 0;
        for (uint64_t bits = r->bill->totals_only ? 0 : from[w]; bits; bits &= bits - 1) {
            uint32_t i = (uint32_t)__builtin_ctzll(bits);
            found |= (uint64_t)(str_eq(r->bill->lines.code[w * 64 + i], code) != other) << i;
        }
        to[w] = found;
    }
}

bool run_lines_index(struct run *r, const uint64_t *lines, bool hash, uint32_t *ret_count) {
    if (!r->index) {
        size_t n = r->line_count, hashes = r->in->code_hashes ? 0 : n * sizeof(uint64_t);
        char *memory = run_scratch(r, hashes + n * (sizeof(uint32_t) + sizeof(int32_t)));
        if (!memory) return run_fail_memory(r);
        r->line_hash = hashes ? (uint64_t *)(void *)memory : r->in->code_hashes;
        r->index = (uint32_t *)(void *)(memory + hashes);
        r->entries = (int32_t *)(void *)(memory + hashes + n * sizeof(uint32_t));
    }
    uint32_t line, count = 0;
    FOR_LINES(r, lines, line) {
        r->index[count++] = line;
        if (hash && !r->line_hash[line]) r->line_hash[line] = str_hash(r->bill->lines.code[line]);
    }
    *ret_count = count;
    return true;
}

bool run_lines_code_in(struct run *r, const uint64_t *from, const struct listset *list, uint64_t *to) {
    if (r->bill->totals_only) {
        memset(to, 0, r->words * sizeof(*to));
        return true;
    }
    uint32_t count = 0;
    if (!run_lines_index(r, from, true, &count)) return false;
    listset_find_lines(list, &r->bill->lines, r->line_hash, r->index, count, r->entries);
    memset(to, 0, r->words * sizeof(*to));
    bool names = listset_has_names(list);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t line = r->index[i];
        bool found = r->entries[i] != LISTSET_NONE;
        if (!found && names) found = listset_find_name(list, r->bill->lines.name[line], r->bill->lines.date[line]) != LISTSET_NONE;
        to[line / 64] |= (uint64_t)found << line % 64;
    }
    return true;
}

/* What the benefit would have taken of these lines, for the reason. */
static int64_t lines_worth(const struct run *r, const uint64_t *lines) {
    int64_t sum = 0;
    uint32_t line;
    FOR_LINES(r, lines, line)
        for (uint32_t b = 0; b < BUCKET_COUNT; b++)
            if (r->benefit->buckets >> b & 1) sum = run_add(sum, run_available(r, b, line));
    return sum;
}

/* Marks the lines that go, and says what they are worth. */
static bool exclude_explain(struct run *r, const uint64_t *gone, uint32_t exclusion) {
    if (!r->excluded_by) r->excluded_by = ARENA_ARRAY(r->arena, uint16_t, r->line_count);
    if (!r->excluded_by) return run_fail_memory(r);
    uint32_t line;
    FOR_LINES(r, gone, line) r->excluded_by[line] = (uint16_t)(exclusion + 1);
    run_reason(r, PLAN_REASON_EXCLUDED, r->program->exclusion_lines[exclusion], lines_worth(r, gone), 0, exclusion);
    return true;
}

bool run_exclude(struct run *r, const uint64_t *excluded, uint64_t *lines, uint32_t exclusion) {
    if (r->explain) {
        uint64_t *gone = RUN_ARRAY(r, uint64_t, r->words);
        if (!gone) return run_fail_memory(r);
        for (uint32_t w = 0; w < r->words; w++) gone[w] = lines[w] & excluded[w];
        if (!run_mask_empty(r, gone) && !exclude_explain(r, gone, exclusion)) return false;
    }
    for (uint32_t w = 0; w < r->words; w++) lines[w] &= ~excluded[w];
    return true;
}
