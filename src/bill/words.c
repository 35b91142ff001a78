/* words — the vocabularies of a bill as data.
 *
 * Who uses it: the reader and writer of this room, the plan language (words in conditions), completion and messages.
 * Invariant: index = enum value; every name is unique within its vocabulary; made from the one table in bill.h.
 */
#include "bill/bill.h"

#define WORD_ROW(n, s, z) {s, z},

static const struct bill_word visits[] = {BILL_VISITS(WORD_ROW)};
static const struct bill_word wards[] = {BILL_WARDS(WORD_ROW)};
static const struct bill_word causes[] = {BILL_CAUSES(WORD_ROW)};
static const struct bill_word hospital_kinds[] = {BILL_HOSPITAL_KINDS(WORD_ROW)};
static const struct bill_word sexes[] = {BILL_SEXES(WORD_ROW)};
static const struct bill_word line_kinds[] = {BILL_LINE_KINDS(WORD_ROW)};
static const struct bill_word catalogue_classes[] = {BILL_CATALOGUE_CLASSES(WORD_ROW)};
static const struct bill_word stages[] = {BILL_STAGES(WORD_ROW)};
static const struct bill_word policy_statuses[] = {BILL_POLICY_STATUSES(WORD_ROW)};

static const struct {
    const struct bill_word *words;
    uint32_t count;
} vocabularies[BILL_VOCABULARY_COUNT] = {
    [BILL_VOCABULARY_VISIT] = {visits, COUNT_OF(visits)},
    [BILL_VOCABULARY_WARD] = {wards, COUNT_OF(wards)},
    [BILL_VOCABULARY_CAUSE] = {causes, COUNT_OF(causes)},
    [BILL_VOCABULARY_HOSPITAL_KIND] = {hospital_kinds, COUNT_OF(hospital_kinds)},
    [BILL_VOCABULARY_SEX] = {sexes, COUNT_OF(sexes)},
    [BILL_VOCABULARY_LINE_KIND] = {line_kinds, COUNT_OF(line_kinds)},
    [BILL_VOCABULARY_CATALOGUE_CLASS] = {catalogue_classes, COUNT_OF(catalogue_classes)},
    [BILL_VOCABULARY_STAGE] = {stages, COUNT_OF(stages)},
    [BILL_VOCABULARY_POLICY_STATUS] = {policy_statuses, COUNT_OF(policy_statuses)},
};

const struct bill_word *bill_words(enum bill_vocabulary which, uint32_t *ret_count) {
    CHECK((unsigned)which < BILL_VOCABULARY_COUNT);
    *ret_count = vocabularies[which].count;
    return vocabularies[which].words;
}
