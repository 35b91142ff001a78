/* plan/compile/program — the compiled form of a plan: steps and the pools they point into.
 *
 * Internal to the room: compile*.c make it, verify.c proves it, run*.c execute it, disasm.c prints it. A program is one flat array of 16-byte steps
 * with forward jumps only, so it ends after at most step_count steps. A step works on scalars (int64) or on masks (one bit a line of the bill); the
 * steps of a benefit are a pipeline whose order the verifier enforces. Invariant after plan_program_verify: a run cannot read or write outside
 * scalars, masks and pools, whatever the steps are. `plan` serves labels only; a run never looks at the tree.
 */
#ifndef YIJIE_PLAN_PROGRAM_H
#define YIJIE_PLAN_PROGRAM_H

#include "plan/ast.h"
#include "plan/run/listset.h"

enum plan_op {
#define X(id, name, r, a, b, v, from, to, meaning) PLAN_OP_##id,
#include "plan/compile/opcodes.def"
#undef X
    PLAN_OP_COUNT
};

/* What a member of a step holds. */
enum plan_operand {
    PLAN_OPERAND_NONE,
    PLAN_OPERAND_S_OUT,      /* a scalar that is written */
    PLAN_OPERAND_S_IN,
    PLAN_OPERAND_S_OPTIONAL, /* STEP_ABSENT: none */
    PLAN_OPERAND_S_PAIR,     /* b: low half b0, high half b1 */
    PLAN_OPERAND_M_OUT,
    PLAN_OPERAND_M_IN,
    PLAN_OPERAND_M_INOUT,
    PLAN_OPERAND_M_OPTIONAL, /* v: -1 none */
    PLAN_OPERAND_M_PAIR,
    PLAN_OPERAND_M_AND_S,    /* b: mask b0, scalar b1 */
    PLAN_OPERAND_JUMP,       /* a later step */
    PLAN_OPERAND_NUMBER,     /* any 64 bits */
    PLAN_OPERAND_AMOUNT,     /* within the limit of amounts, or PLAN_NOTHING */
    PLAN_OPERAND_COUNT,      /* 0 .. 1'000'000 */
    PLAN_OPERAND_BITS,       /* a set of words */
    PLAN_OPERAND_DAYS,       /* low half first day, high half last day */
    PLAN_OPERAND_LINE,       /* of the source */
    PLAN_OPERAND_COMPARE, PLAN_OPERAND_ROUNDING, PLAN_OPERAND_FLAG,
    PLAN_OPERAND_TEXT_FACT,  /* enum program_text */
    PLAN_OPERAND_TEXT, PLAN_OPERAND_LIST, PLAN_OPERAND_CONDITION, PLAN_OPERAND_BENEFIT, PLAN_OPERAND_NEED, PLAN_OPERAND_EXCLUSION,
    PLAN_OPERAND_COUNTS, PLAN_OPERAND_LIMITS, PLAN_OPERAND_CAPS, PLAN_OPERAND_DAYS_LIMITS
};

/* How far the pipeline of a benefit has come: bits, so that a step can name the stages it may stand in. */
enum plan_stage {
    PLAN_STAGE_SAME = 0,
    PLAN_STAGE_OUT = 1,
    PLAN_STAGE_OPEN = 2,
    PLAN_STAGE_TAKEN = 4,
    PLAN_STAGE_BASED = 8,
    PLAN_STAGE_DEDUCTED = 16,
    PLAN_STAGE_RATED = 32,
    PLAN_STAGE_ROUNDED = 64,
    PLAN_STAGE_SPLIT = 128,
    PLAN_STAGE_CAPPED = 256,
    PLAN_STAGE_DAYS = 512,
    PLAN_STAGE_PAID = 1024,
    PLAN_STAGE_TAKEN_OR_DAYS = PLAN_STAGE_TAKEN | PLAN_STAGE_DAYS,
    PLAN_STAGE_SPLIT_OR_CAPPED = PLAN_STAGE_SPLIT | PLAN_STAGE_CAPPED,
    PLAN_STAGE_ANY = 2047
};

struct plan_op_info {
    const char *name, *meaning;
    uint8_t r, a, b, v;  /* enum plan_operand */
    uint16_t from, to;   /* enum plan_stage */
};
extern const struct plan_op_info plan_op_infos[PLAN_OP_COUNT];

enum {
    STEP_ABSENT = 0xffff,
    PROGRAM_SCALARS_MAX = 1024, /* built-in and own facts, conditions, parameters, temporaries */
    PROGRAM_MASKS_MAX = 512,
    PROGRAM_FACTS_MAX = PLAN_FACT_CUSTOM + LIMIT_PLAN_NAMES, /* fact id = its scalar */
    MASK_SEGMENT = 0            /* lines of the segment; never written by a step */
};
#define PLAN_NOTHING INT64_MAX /* `none` as a value */

static inline uint16_t step_low(uint32_t b) { return (uint16_t)b; }
static inline uint16_t step_high(uint32_t b) { return (uint16_t)(b >> 16); }
static inline uint32_t step_pair(uint32_t low, uint32_t high) { return low | high << 16; }

enum program_text { PROGRAM_TEXT_REGION, PROGRAM_TEXT_INSURED_REGION, PROGRAM_TEXT_HOSPITAL, PROGRAM_TEXT_DEPARTMENT, PROGRAM_TEXT_COUNT };

/* ---- pools ------------------------------------------------------------------------------------------- */

struct program_read {            /* `reads` */
    struct str name;             /* as in the bill */
    uint16_t fact;
    uint8_t type;                /* enum plan_fact_type */
    const struct bill_word *words; /* of a built-in symbol, or */
    const struct str *own_words;   /* of an own one */
    uint32_t word_count;
    bool has_default;
    int64_t default_value;
};
/* A counter without owner, period and code. */
struct program_counter {
    struct plan_counter_key key;
    uint64_t hash; /* of the constant part */
    bool per_family;
};
struct program_clause {          /* counts at most, limit */
    uint32_t counter;
    uint32_t line;
    uint8_t unit;                /* enum plan_at_most_unit; of `limit`: MONEY */
    uint8_t key;                 /* enum plan_key */
    uint8_t each;
    bool needs_lines;            /* taken as not reached when only totals are known */
};
struct program_cap {
    uint32_t counter;
    uint32_t line;
    uint32_t shared;             /* index, UINT32_MAX for an own cap */
};
struct program_days_limit {
    uint32_t counter;
    uint32_t line;
    int64_t days;
};
struct program_benefit {
    uint16_t need_count;
    const uint8_t *need_refusals; /* enum plan_refusal, by need */
    bool allowance, icu;
    int64_t after_days;
    /* takes */
    uint32_t buckets;
    bool before_others, in_line_order;
    enum round_mode share_rounding;
    int32_t share_list;          /* PLAN_NONE */
    const uint16_t *rest_of;
    uint32_t rest_count;
    /* what other benefits make necessary */
    uint32_t leaves;             /* buckets whose taking later benefits must see */
    bool keeps_cells;            /* a later benefit takes the rest of this one */
    bool bounded_by_left;        /* its pay could pass what is left: before other payers, rest of */
    bool counts;                 /* has `counts at most` */
    bool has_limit, needs_lines;
    /* deductible and schedule */
    bool has_deductible;
    uint32_t filled_counter, filled_by;
    int32_t claim;               /* shared deductible that others fill: whose cells have filled it; PLAN_NONE */
    bool on_base;
    uint32_t over_counter;       /* UINT32_MAX: none, `over` starts at 0 */
    bool single_tier;            /* every schedule has one tier: the position does not matter */
    uint32_t line, first_share_line, deductible_line, pays_line, times_line, allowance_line, takes_line;
};

struct plan_program {
    const struct plan *plan;
    const struct plan_step *steps;
    uint32_t step_count;
    uint32_t scalar_count, mask_count;
    const uint16_t *facts;       /* that the steps read; set before the first step */
    uint32_t fact_count;
    const struct program_read *reads;
    uint32_t read_count;
    const struct listset *const *lists;
    uint32_t list_count;
    const struct listset *const *group_lists; /* those with groups, in order of use */
    uint32_t group_list_count;
    const struct str *texts;
    uint32_t text_count;
    const struct program_benefit *benefits;
    uint32_t benefit_count;
    const struct program_counter *counters;
    uint32_t counter_count;
    const struct program_clause *counts, *limits;
    uint32_t count_count, limit_count;
    const struct program_cap *caps;
    uint32_t cap_count;
    const struct program_days_limit *days_limits;
    uint32_t days_limit_count;
    const uint32_t *exclusion_lines; /* of the source, by number: the plan's, then each benefit's */
    uint32_t exclusion_count, condition_count, claim_count;
    /* header */
    struct str name;
    struct day_range in_force;
    enum plan_date_rule counts_by, over_the_end_by;
    enum plan_year_kind years;
    const struct currency *currency;
    enum round_mode rounding;
    const struct day *boundaries; /* days on which a parameter changes, ascending */
    uint32_t boundary_count;
    const int64_t *co_shares;
    uint32_t co_count;
    uint32_t reason_count;        /* most reason records of one segment */
    bool reads_age, plan_waiting;
    bool asks_history_in_class, asks_history; /* first diagnosis: in a class; anywhere else */
    int32_t history_class;        /* condition to name in the reason, PLAN_NONE */
    bool total_suffices;          /* no clause needs the split: no_split may be granted */
    bool tracks_paid;             /* some benefit is bounded by what is left */
};

#endif
