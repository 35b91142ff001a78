/* facts — what plans may ask about the person and the visit beside the bill's own members; diagnoses and procedures.
 *
 * Who uses it: parse.c. A plan declares the facts it reads, so any name is taken; the facts that the statutory rules know
 * by name must hold the right type here, because a wrong word would silently choose the wrong ratio later.
 */
#include <string.h>

#include "bill/reader.h"

/* ---- facts --------------------------------------------------------------------------------------- */

static const char *const insured_types[] = {"employee", "resident"};
static const char *const out_of_regions[] = {"none", "long_term", "referred", "other"};

/* The facts with a fixed type. A text has its words; a count has its range. */
static const struct {
    const char *name;
    enum bill_fact_kind kind;
    const char *const *words;
    uint32_t word_count;
    struct bill_range range;
} known_facts[] = {
    {"insured_type", BILL_FACT_TEXT, insured_types, COUNT_OF(insured_types), {0, 0}},
    {"hospital_level", BILL_FACT_COUNT, NULL, 0, {1, 3}},
    {"poor", BILL_FACT_BOOL, NULL, 0, {0, 0}},
    {"retired", BILL_FACT_BOOL, NULL, 0, {0, 0}},
    {"civil_servant", BILL_FACT_BOOL, NULL, 0, {0, 0}},
    {"out_of_region", BILL_FACT_TEXT, out_of_regions, COUNT_OF(out_of_regions), {0, 0}},
    {"insured_as_social", BILL_FACT_BOOL, NULL, 0, {0, 0}},
    {"stays_this_year", BILL_FACT_COUNT, NULL, 0, {0, 10'000}},
};

static bool fact_value(struct bill_reader *r, const struct bill_place *at, const struct json *node, struct bill_fact *ret) {
    switch (node->kind) {
    case JSON_BOOL:
        ret->kind = BILL_FACT_BOOL;
        ret->number = node->boolean ? 1 : 0;
        return true;
    case JSON_NUMBER:
        ret->kind = BILL_FACT_COUNT;
        if (json_to_i64(node, &ret->number)) return true;
        bill_find_plain(r, at, BILL_FINDING_INTEGER);
        return false;
    case JSON_STRING:
        ret->kind = BILL_FACT_TEXT;
        return bill_value_text(r, at, node, LIMIT_BILL_NAME_BYTES, &ret->text);
    default: {
        struct bill_arg wanted = {STR("真假值、整数或文本"), STR("true or false, an integer or a text")};
        BILL_FIND(r, at, MEMBER_TYPE, wanted, bill_arg_json_kind(node->kind));
        return false;
    }
    }
}

static struct bill_arg fact_kind_arg(enum bill_fact_kind kind) {
    if (kind == BILL_FACT_COUNT) return (struct bill_arg){STR("整数"), STR("an integer")};
    return bill_arg_json_kind(kind == BILL_FACT_BOOL ? JSON_BOOL : JSON_STRING);
}

static bool fact_word_known(const char *const *words, uint32_t count, struct str given) {
    for (uint32_t i = 0; i < count; i++)
        if (str_eq(given, str_from(words[i]))) return true;
    return false;
}

static void known_fact_check(struct bill_reader *r, const struct bill_place *at, const struct bill_fact *fact) {
    for (size_t i = 0; i < COUNT_OF(known_facts); i++) {
        if (!str_eq(fact->name, str_from(known_facts[i].name))) continue;
        struct bill_range range = known_facts[i].range;
        if (fact->kind != known_facts[i].kind) {
            BILL_FIND(r, at, FACT_VALUE, bill_arg_text(fact->name), fact_kind_arg(known_facts[i].kind));
        } else if (fact->kind == BILL_FACT_COUNT && (fact->number < range.min || fact->number > range.max)) {
            BILL_FIND(r, at, INTEGER_RANGE, bill_arg_i64(r, range.min), bill_arg_i64(r, range.max));
        } else if (fact->kind == BILL_FACT_TEXT && !fact_word_known(known_facts[i].words, known_facts[i].word_count, fact->text)) {
            BILL_FIND(r, at, WORD, bill_arg_quoted(r, fact->text),
                      bill_hint_names(r, fact->text, known_facts[i].words, known_facts[i].word_count));
        }
        return;
    }
}

void bill_facts_read(struct bill_reader *r, const struct bill_object *o, struct bill *b) {
    if (!bill_has(o, BILL_M_FACTS)) return;
    struct bill_place at = bill_member_place(o, BILL_M_FACTS);
    const struct json *node = o->node[BILL_M_FACTS];
    if (!bill_kind_check(r, &at, node, JSON_OBJECT)) return;
    if (node->count > LIMIT_BILL_FACTS) {
        BILL_FIND(r, &at, TOO_MANY, bill_arg_i64(r, node->count), bill_arg_i64(r, LIMIT_BILL_FACTS));
        return;
    }
    struct bill_fact *facts = BILL_ARRAY(r, struct bill_fact, node->count);
    if (!facts) return;
    for (uint32_t i = 0; i < node->count; i++) {
        struct bill_fact *fact = &facts[b->fact_count];
        struct bill_place fact_at = {.up = &at, .name = bill_arg_quoted(r, node->names[i]).en, .position = i};
        *fact = (struct bill_fact){.name = node->names[i]};
        if (!bill_identifier_check(r, &fact_at, fact->name)) continue;
        if (!fact_value(r, &fact_at, &node->items[i], fact)) continue;
        known_fact_check(r, &fact_at, fact);
        b->fact_count++;
    }
    b->facts = facts;
}

/* ---- diagnoses, history, procedures ---------------------------------------------------------------- */

enum { CODE, SINCE, MAIN };
static const char *const diagnosis_names[] = {"code", "since", "main"};
static const struct bill_shape diagnosis_shape = {diagnosis_names, 3, 1U << CODE};
static const struct bill_shape history_shape = {diagnosis_names, 2, 1U << CODE}; /* main is a matter of one visit */

static const struct bill_diagnosis *diagnosis_list(struct bill_reader *r, const struct bill_object *o, uint32_t member,
                                                   const struct bill_shape *shape, uint32_t *ret_count) {
    const struct json *array;
    if (!bill_read_array(r, o, member, LIMIT_BILL_DIAGNOSES, &array)) return NULL;
    struct bill_diagnosis *list = BILL_ARRAY(r, struct bill_diagnosis, array->count);
    if (!list) return NULL;
    struct bill_place at = bill_member_place(o, member);
    bool main_seen = false;
    for (uint32_t i = 0; i < array->count; i++) {
        struct bill_place item_at = bill_item_place(&at, i);
        struct bill_object item;
        list[i].since = DAY_NONE;
        if (!bill_object_open(r, &item_at, &array->items[i], shape, &item)) continue;
        (void)bill_read_text(r, &item, CODE, LIMIT_BILL_CODE_BYTES, &list[i].code);
        (void)bill_read_day(r, &item, SINCE, &list[i].since);
        if (shape->count <= MAIN) continue;
        (void)bill_read_bool(r, &item, MAIN, &list[i].main);
        struct bill_place main_at = bill_member_place(&item, MAIN);
        if (list[i].main && main_seen) bill_find_plain(r, &main_at, BILL_FINDING_DIAGNOSIS_MAIN);
        main_seen = main_seen || list[i].main;
    }
    *ret_count = array->count;
    return list;
}

static void procedures_read(struct bill_reader *r, const struct bill_object *o, struct bill *b) {
    const struct json *array;
    if (!bill_read_array(r, o, BILL_M_PROCEDURES, LIMIT_BILL_PROCEDURES, &array)) return;
    struct str *codes = BILL_ARRAY(r, struct str, array->count);
    if (!codes) return;
    struct bill_place at = bill_member_place(o, BILL_M_PROCEDURES);
    for (uint32_t i = 0; i < array->count; i++) {
        struct bill_place item_at = bill_item_place(&at, i);
        if (!bill_value_text(r, &item_at, &array->items[i], LIMIT_BILL_CODE_BYTES, &codes[i])) continue;
        if (codes[i].n == 0) bill_find_plain(r, &item_at, BILL_FINDING_TEXT_EMPTY);
    }
    b->procedures = codes;
    b->procedure_count = array->count;
}

void bill_diagnoses_read(struct bill_reader *r, const struct bill_object *o, struct bill *b) {
    b->diagnoses = diagnosis_list(r, o, BILL_M_DIAGNOSES, &diagnosis_shape, &b->diagnosis_count);
    b->history = diagnosis_list(r, o, BILL_M_HISTORY, &history_shape, &b->history_count);
    procedures_read(r, o, b);
}
