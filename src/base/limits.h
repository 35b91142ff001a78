/* Everything a stranger can make large has a maximum, and it stands here (STYLE 18). */
#ifndef YIJIE_LIMITS_H
#define YIJIE_LIMITS_H

enum {
    LIMIT_JSON_BYTES = 16 * 1024 * 1024,
    LIMIT_JSON_DEPTH = 32,
    LIMIT_JSON_TEXT_BYTES = 64 * 1024,     /* one string */
    LIMIT_BILL_LINES = 10'000,
    LIMIT_BILL_DIAGNOSES = 200,
    LIMIT_BILL_POLICIES = 64,
    LIMIT_BILL_FINDINGS = 20,              /* errors reported for one bill */
    LIMIT_BILL_CODE_BYTES = 64,            /* codes, numbers, ids */
    LIMIT_BILL_NAME_BYTES = 800,           /* names of items, persons, departments: 200 characters of any plane */
    LIMIT_BILL_KIND_BYTES = 32,
    LIMIT_BILL_PROCEDURES = 200,
    LIMIT_BILL_FACTS = 256,
    LIMIT_BILL_FUNDS = 64,
    LIMIT_BILL_ENDORSEMENTS = 64,          /* of one policy */
    LIMIT_BILL_EXCLUDES = 200,             /* of one endorsement */
    LIMIT_PLAN_BYTES = 8 * 1024 * 1024,    /* one source file; lists of 20,000 codes fit */
    LIMIT_PLAN_DIAGNOSTICS = 20,
    LIMIT_PLAN_TEXT_BYTES = 4'096,         /* one quoted text */
    LIMIT_PLAN_TERMS = 512,                /* parts of one condition or value; bounds every walk over its tree */
    LIMIT_PLAN_READS = 64,                 /* facts that a plan declares; a set of them is one word of bits */
    LIMIT_PLAN_PARTS = 256,                /* items of one clause: `by` items, exceptions, words, clauses of one kind */
    LIMIT_PLAN_GIVEN = 10'000,             /* what one example step gives or expects */
    LIMIT_PLAN_DEPTH = 32,                 /* nesting of conditions and expressions */
    LIMIT_PLAN_BENEFITS = 64,
    LIMIT_PLAN_NAMES = 256,                /* classes, cases, parameters, exclusions: each */
    LIMIT_PLAN_LISTS = 64,
    LIMIT_PLAN_LIST_ENTRIES = 50'000,
    LIMIT_PLAN_EXAMPLES = 200,
    LIMIT_PLAN_STEPS = 8'192,
    LIMIT_NAME_BYTES = 96,                 /* an identifier */
    LIMIT_CHAIN_PAYERS = 32,
    LIMIT_CO_INSURERS = 32,
    LIMIT_STATE_COUNTERS = 1'000'000,
    LIMIT_STATE_BYTES = LIMIT_JSON_BYTES,  /* what is written must be readable again: one JSON document */
    LIMIT_CSV_FIELD_BYTES = 64 * 1024,
    LIMIT_CSV_FIELDS = 1'000,              /* columns */
    LIMIT_EVENT_OPEN_BYTES = 1024 * 1024,       /* open part of an event */
    LIMIT_EVENT_PLAIN_BYTES = 4 * LIMIT_JSON_BYTES, /* what is sealed for an event: a bill and what it was settled with */
    LIMIT_LIBRARY_FILES = 1'000
};

/* No amount, sum or limit may pass this many minor units: 10^15 fen = ten trillion yuan. Products of an amount
 * with a ratio in millionths, twice, then fit 128 bits with room. */
#define LIMIT_AMOUNT_MINOR INT64_C(1'000'000'000'000'000)

#endif
