/* plan/facts — built-in facts as data: types, levels and vocabularies behind facts.def.
 *
 * Who uses it: checker (names to indices), formatter and explain (indices to names), `yijie plan facts`.
 * Invariant: names are unique in both languages together; the test walks the table.
 */
#include "plan/facts.h"

#define WORD_EN(id, en, zh) {en, zh},
#define WORDS(list) (const struct bill_word[]){list(WORD_EN)}, (uint32_t)(sizeof((const struct bill_word[]){list(WORD_EN)}) / sizeof(struct bill_word))

/* Vocabularies that the bill carries as `facts` texts; the others are the bill's own. */
#define INSURED_TYPES(X)                                                                                      \
    X(EMPLOYEE, "employee", "职工")                                                                            \
    X(RESIDENT, "resident", "居民")
#define OUT_OF_REGIONS(X)                                                                                     \
    X(NONE, "none", "本地")                                                                                   \
    X(LONG_TERM, "long_term", "异地长期")                                                                       \
    X(REFERRED, "referred", "异地转诊")                                                                         \
    X(OTHER, "other", "异地其他")

#define VOCABULARY_BILL_VISIT WORDS(BILL_VISITS)
#define VOCABULARY_BILL_WARD WORDS(BILL_WARDS)
#define VOCABULARY_BILL_CAUSE WORDS(BILL_CAUSES)
#define VOCABULARY_BILL_HOSPITAL_KIND WORDS(BILL_HOSPITAL_KINDS)
#define VOCABULARY_BILL_SEX WORDS(BILL_SEXES)
#define VOCABULARY_BILL_LINE_KIND WORDS(BILL_LINE_KINDS)
#define VOCABULARY_BILL_CATALOGUE_CLASS WORDS(BILL_CATALOGUE_CLASSES)
#define VOCABULARY_INSURED_TYPE WORDS(INSURED_TYPES)
#define VOCABULARY_OUT_OF_REGION WORDS(OUT_OF_REGIONS)
#define VOCABULARY_NONE NULL, 0

static const struct plan_fact_info fact_infos[] = {
#define X(id, en, zh, type, level, words) {en, zh, PLAN_VALUE_##type, PLAN_LEVEL_##level, VOCABULARY_##words},
#include "plan/facts.def"
#undef X
};

const struct plan_fact_info *plan_fact_info(uint32_t fact) {
    CHECK(fact < COUNT_OF(fact_infos));
    return &fact_infos[fact];
}

int32_t plan_fact_find(struct str name) {
    for (uint32_t i = 0; i < COUNT_OF(fact_infos); i++)
        if (str_eq(name, str_from(fact_infos[i].en)) || str_eq(name, str_from(fact_infos[i].zh))) return (int32_t)i;
    return -1;
}

int32_t plan_word_find(const struct bill_word *words, uint32_t count, struct str word) {
    if (word.n == 0) return -1;
    for (uint32_t i = 0; i < count; i++) {
        if (str_eq(word, str_from(words[i].name)) || str_eq(word, str_from(words[i].zh))) return (int32_t)i;
        if (words[i].name[0] == '\0' && str_eq(word, STR("unmarked"))) return (int32_t)i;
    }
    return -1;
}

int32_t plan_bool_find(struct str word) {
    if (str_eq(word, STR("yes")) || str_eq(word, STR("是"))) return 1;
    if (str_eq(word, STR("no")) || str_eq(word, STR("否"))) return 0;
    return -1;
}
