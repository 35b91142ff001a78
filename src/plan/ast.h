/* plan/ast — what the parser makes of a plan, and what checker, compiler, walker, formatter and mutator read.
 *
 * Internal to the room. One struct per construct of the grammar (docs/plan-language.md), in written order, nothing desugared, so that the
 * formatter can print it back. References are texts after parsing and indices after plan_resolve (checker); PLAN_NONE until then.
 * Invariant after a clean check: every index is in range, every expression has its type, no value can be out of range at run time.
 * Lifetime: the arena given to plan_parse. Nothing here is shared or mutated after the check.
 */
#ifndef YIJIE_PLAN_AST_H
#define YIJIE_PLAN_AST_H

#include "plan/plan.h"

enum { PLAN_NONE = -1 };

struct plan_pos {
    uint32_t line, column; /* from 1; column in code points */
    uint32_t start, end;   /* bytes in the source, for the caret picture */
};

/* A name as written and what it resolved to. */
struct plan_ref {
    struct str name;
    struct plan_pos pos;
    int32_t index;
};

struct plan_label {
    struct str zh, en; /* a single text stands in both */
};

/* ---- values ----------------------------------------------------------------------------------- */

enum plan_type { PLAN_TYPE_UNKNOWN, PLAN_TYPE_MONEY, PLAN_TYPE_RATIO, PLAN_TYPE_COUNT, PLAN_TYPE_NOTHING };

enum plan_expr_kind {
    PLAN_EXPR_NUMBER,    /* 39_500 or 399_600.00: money or count by context. value: hundredths when `decimals`, see number_e6 */
    PLAN_EXPR_RATIO,     /* 80%: value in millionths */
    PLAN_EXPR_NOTHING,   /* `none`: no deductible, no cap */
    PLAN_EXPR_PARAMETER, /* ref → plan->parameters */
    PLAN_EXPR_FACT,      /* ref → fact id (a COUNT) */
    PLAN_EXPR_ADD,
    PLAN_EXPR_SUB,
    PLAN_EXPR_MUL, /* money × count, count × money, ratio × ratio (exact), money × ratio (with `rounding`) */
    PLAN_EXPR_MIN, /* min(a, b) */
    PLAN_EXPR_MAX
};
struct plan_expr {
    enum plan_expr_kind kind;
    enum plan_type type;   /* filled by the checker */
    struct plan_pos pos;
    int64_t number_e6;     /* NUMBER: written value × 10^6, never negative */
    int64_t value;         /* RATIO: ppm. NUMBER after the check: minor units or count */
    struct plan_ref ref;
    enum round_mode rounding; /* MUL of money × ratio: written `(a * 50% rounded half-up)`; ROUND_EXACT when not written */
    bool rounding_written;
    struct plan_expr *a, *b;
};

/* Tiers: 60% to 50_000 then 70%. One tier without `to` is a plain ratio. */
struct plan_tier {
    struct plan_expr *ratio;
    struct plan_expr *to; /* money; NULL in the last tier */
};
struct plan_schedule {
    struct plan_tier *tiers;
    uint32_t tier_count;
};

/* A value that depends on the case:  BASE {, EXCEPTION}   or   by FACT {, FACT}: item {, item} [, otherwise VALUE] {, except EXCEPTION}.
 * An exception is guarded by one or more class or case names joined by `and`; one whose names include all of another's is more specific and
 * wins; otherwise two that can apply at once are an error, unless `in order` is written behind (first written wins). */
struct plan_value {
    struct plan_expr *expr;         /* amounts and ratios; NULL in a schedule choice */
    struct plan_schedule *schedule; /* `pays` */
};
struct plan_by_item {
    struct str values[3];      /* as written: symbol word, number or text */
    int64_t resolved[3];       /* symbol index, count, or text index (plan->texts) */
    struct plan_pos pos;
    struct plan_value value;
};
struct plan_exception {
    struct plan_ref *names; /* → plan->conditions */
    uint32_t name_count;
    struct plan_pos pos;
    struct plan_value value;
};
struct plan_choice {
    struct plan_pos pos;
    struct plan_ref by[3]; /* facts */
    uint32_t by_count;     /* 0: base form */
    struct plan_by_item *items;
    uint32_t item_count;
    bool has_base;         /* base form: always; by form: `otherwise` written */
    struct plan_value base;
    struct plan_exception *exceptions;
    uint32_t exception_count;
    bool in_order;
    /* Checker: exceptions in the order to try, first that applies wins (most specific first). */
    uint32_t *priority;
};

/* ---- conditions -------------------------------------------------------------------------------- */

enum plan_cond_kind {
    PLAN_COND_AND,
    PLAN_COND_OR,
    PLAN_COND_NOT,
    PLAN_COND_FACT,             /* a BOOL fact; also `statutory settled` (fact SETTLED) */
    PLAN_COND_IN,               /* FACT in (words) or FACT = word: symbols; texts */
    PLAN_COND_COMPARE,          /* COUNT fact or DATE fact against a literal */
    PLAN_COND_NAME,             /* class or case */
    PLAN_COND_CODE_IN_LIST,     /* the line's code (or name) in a list at the line's date */
    PLAN_COND_TEXT_IN_LIST,     /* hospital/department/region/insured_region in list, at the deciding date */
    PLAN_COND_DIAGNOSIS_IN_LIST,/* any diagnosis of the bill, at the deciding date */
    PLAN_COND_MAIN_IN_LIST,     /* the main diagnosis */
    PLAN_COND_PROCEDURE_IN_LIST,
    PLAN_COND_FIRST_DIAGNOSED,  /* first diagnosis of list L before first enrolment: history and `since`, list read at first_enrolled */
    PLAN_COND_ENDORSED          /* the policy carries this endorsement on the deciding date */
};
enum plan_compare { PLAN_LT, PLAN_LE, PLAN_EQ, PLAN_NE, PLAN_GE, PLAN_GT };
static inline bool plan_compare_holds(int64_t a, enum plan_compare how, int64_t b) {
    switch (how) {
    case PLAN_LT: return a < b;
    case PLAN_LE: return a <= b;
    case PLAN_EQ: return a == b;
    case PLAN_NE: return a != b;
    case PLAN_GE: return a >= b;
    case PLAN_GT: return a > b;
    }
    return false;
}
struct plan_cond {
    enum plan_cond_kind kind;
    struct plan_pos pos;
    struct plan_cond *a, *b;     /* AND, OR, NOT(a) */
    struct plan_ref ref;         /* fact id, condition index, or list index */
    struct plan_ref fact;        /* TEXT_IN_LIST: which text fact; else unused */
    enum plan_compare compare;   /* COMPARE; for IN: EQ (= or in) or NE (!=) */
    struct str *words;           /* IN: as written */
    int64_t *word_values;        /* IN: symbol indices or text indices, after the check */
    struct plan_pos *word_pos;
    uint32_t word_count;
    int64_t number;              /* COMPARE: count or day */
    bool line_level;             /* filled by the checker: depends on the line */
};

/* ---- shared pieces ----------------------------------------------------------------------------- */

struct plan_period {
    enum plan_each each;
    bool per_family;
    struct plan_pos pos; /* of `each` / `lifetime` */
};
enum plan_key { PLAN_KEY_NONE, PLAN_KEY_ITEM, PLAN_KEY_INGREDIENT, PLAN_KEY_IMPLANT, PLAN_KEY_COUNT };

struct plan_condition { /* class and case */
    bool is_class;
    struct str name;
    struct plan_label label;
    struct plan_pos pos;
    struct plan_cond *when;
};
struct plan_parameter_value {
    struct day_range on;
    struct plan_choice value;
    struct plan_pos pos;
};
struct plan_parameter {
    struct str name;
    struct plan_label label;
    struct plan_pos pos;
    enum plan_type type; /* by the checker: MONEY, RATIO or COUNT */
    struct plan_parameter_value *values;
    uint32_t value_count;
};
struct plan_exclusion {
    struct str name;
    struct plan_label label;
    struct plan_pos pos;
    struct plan_cond *when;
};
struct plan_deductible {
    bool written;                   /* false: `deductible none` must be written; checker error when neither */
    bool nothing;                   /* `deductible none` */
    struct plan_ref shared;         /* `deductible shared NAME` → plan->shared */
    struct plan_choice value;
    struct plan_period period;
    uint32_t filled_by;             /* bits of enum plan_kind */
    struct plan_pos pos;
};
struct plan_shared {
    bool is_cap;                    /* else a deductible */
    struct str name;
    struct plan_label label;
    struct plan_pos pos;
    struct plan_deductible deductible; /* value, period, filled_by */
    struct plan_choice cap_value;
    struct plan_period cap_period;
};
struct plan_waiting {
    bool written;
    int32_t days; /* 0: `waiting none` */
    struct plan_cond *unless;
    struct plan_pos pos;
};
enum plan_at_most_unit { PLAN_AT_MOST_MONEY, PLAN_AT_MOST_TIMES, PLAN_AT_MOST_VISITS };
struct plan_count_limit {           /* counts at most … : cuts the base */
    enum plan_at_most_unit unit;
    struct plan_choice value;       /* money, or a count */
    enum plan_key key;
    struct plan_period period;
    struct plan_cond *where;        /* `for COND`; NULL: every line */
    struct plan_pos pos;
};
struct plan_pay_limit {             /* limit … : cuts the payout */
    struct plan_choice value;
    enum plan_key key;
    struct plan_period period;
    struct plan_cond *where;
    struct plan_pos pos;
};
struct plan_cap {
    struct plan_ref shared;         /* `cap shared NAME`, or */
    bool nothing;                   /* `cap none` */
    struct plan_choice value;
    struct plan_period period;
    struct plan_pos pos;
};
enum plan_benefit_kind { PLAN_BENEFIT_INDEMNITY, PLAN_BENEFIT_ALLOWANCE };
struct plan_allowance {
    struct plan_choice amount;      /* a day */
    bool icu;                       /* each icu-day, else each day of the stay */
    int64_t after_days;
    struct plan_allowance_limit { int64_t days; struct plan_period period; } *limits;
    uint32_t limit_count;
    struct plan_pos pos;
};
struct plan_benefit {
    struct str name;
    struct plan_label label;
    struct plan_pos pos;
    enum plan_benefit_kind kind;
    struct str fund;                /* statutory: national name of the fund; empty otherwise */
    struct plan_need {
        struct plan_cond *cond;
        struct str refusal;         /* code; empty: the built-in one of `statutory settled` */
        struct plan_label label;
        struct plan_pos pos;
    } *needs;
    uint32_t need_count;
    struct plan_takes {
        bool written;
        uint32_t buckets;           /* bits of enum bill_bucket; in_scope_own sets IN_SCOPE, DEDUCTIBLE, RATIO_PART, OVER_CAP */
        struct plan_bucket_word { uint32_t bits; struct str word; struct plan_pos pos; } *words; /* as written */
        uint32_t word_count;
        struct plan_ref *rest_of;   /* → plan->benefits, earlier ones */
        uint32_t rest_count;
        bool before_others;         /* , before other payers */
        struct plan_ref share_list; /* , at share of list NAME, rounded MODE per line */
        enum round_mode share_rounding;
        struct plan_pos pos;
    } takes;
    struct plan_cond *where;        /* NULL: everything */
    struct plan_pos where_pos;
    struct plan_waiting waiting;
    struct plan_exclusion *exclusions;
    uint32_t exclusion_count;
    struct plan_count_limit *count_limits;
    uint32_t count_limit_count;
    struct plan_first_share { bool written, after_deductible; struct plan_choice ratio; struct plan_pos pos; } first_share;
    struct plan_deductible deductible;
    struct plan_pays {
        bool written;
        struct plan_choice schedule;
        bool on_base;               /* `on base`, else `on over` */
        bool basis_written;
        bool period_written;
        struct plan_period period;  /* tiers: over which period positions run */
        struct plan_pos pos;
    } pays;
    struct plan_times { bool written; struct plan_choice ratio; struct plan_pos pos; } times;
    struct plan_pay_limit *limits;
    uint32_t limit_count;
    struct plan_cap *caps;          /* in written order */
    uint32_t cap_count;
    bool in_line_order;
    struct plan_allowance allowance;
};

/* ---- lists --------------------------------------------------------------------------------------- */

enum plan_list_of {
    PLAN_LIST_OF_ANY, PLAN_LIST_OF_DIAGNOSIS, PLAN_LIST_OF_DRUG, PLAN_LIST_OF_CONSUMABLE, PLAN_LIST_OF_SERVICE,
    PLAN_LIST_OF_PROCEDURE, PLAN_LIST_OF_INSTITUTION, PLAN_LIST_OF_COUNT
};
enum plan_entry_kind { PLAN_ENTRY_CODE, PLAN_ENTRY_PREFIX, PLAN_ENTRY_RANGE, PLAN_ENTRY_NAME };
struct plan_entry {
    enum plan_entry_kind kind;
    struct str text, text_to; /* RANGE: text <= code <= text_to, or code begins with text_to, in byte order */
    struct str note;          /* free text behind the code */
    struct str group;         /* ingredient group; empty: none */
    int64_t share_ppm;        /* -1: not written */
    struct day_range on;      /* DAY_NONE .. DAY_OPEN when not dated */
    struct plan_pos pos;
};
struct plan_list {
    struct str name;
    struct plan_label label;
    struct plan_pos pos;
    enum plan_list_of of;
    struct plan_entry *entries;
    uint32_t entry_count;
    const struct plan_source *source; /* where it was written: lists may stand in other files */
};

/* ---- examples -------------------------------------------------------------------------------------- */

enum plan_given_kind {
    PLAN_GIVEN_FACT,      /* visit inpatient · insured_type resident · born 1969-03-07 · stay "S1" · … : word + value text */
    PLAN_GIVEN_AMOUNT,    /* own_full 197_000: on the current line, or on the totals when no line is open */
    PLAN_GIVEN_LINE,      /* line: opens a line */
    PLAN_GIVEN_LINE_WORD, /* code "X", name "…", kind drug, catalogue B, qty 2, date 2022-01-01, ingredient "…": on the current line */
    PLAN_GIVEN_DIAGNOSIS, /* diagnosis "C34.900" [since DATE]; history "I10" since DATE */
    PLAN_GIVEN_CLASS,     /* class NAME: the policy gives the class; `class none` */
    PLAN_GIVEN_PAID,      /* paid commercial own_full 20_001: an earlier payer's money */
    PLAN_GIVEN_POLICY,    /* first_enrolled DATE · cover DATE .. DATE · claim_free_years N · endorsed NAME · family "F1" · person "P2" */
    PLAN_GIVEN_COUNTER    /* before BENEFIT filled|over|paid AMOUNT: counters before, in the period of the clause */
};
struct plan_given {
    enum plan_given_kind kind;
    struct plan_pos pos;
    struct str word, value;   /* as written; numbers and dates as text, strings unquoted */
    int64_t number_e6;        /* when the value is a number */
    struct day_range on;      /* when dates were written */
    struct plan_ref ref;
    bool value_is_text;       /* written in quotes */
};
enum plan_expect_kind { PLAN_EXPECT_BENEFIT, PLAN_EXPECT_REFUSED, PLAN_EXPECT_TOTAL, PLAN_EXPECT_ALLOWANCE };
struct plan_expect {
    enum plan_expect_kind kind;
    struct plan_pos pos;
    struct plan_ref ref;      /* benefit; REFUSED: [benefit] code */
    struct str code;
    int64_t number_e6;
};
struct plan_example_step {    /* one bill: given … expect … ; counters run on from step to step */
    struct plan_given *given;
    uint32_t given_count;
    struct plan_expect *expects;
    uint32_t expect_count;
};
struct plan_example {
    struct str title;
    struct str source;        /* empty: derived */
    struct plan_pos pos;
    struct plan_example_step *steps;
    uint32_t step_count;
};

/* ---- the plan ---------------------------------------------------------------------------------------- */

enum plan_date_rule { PLAN_BY_UNWRITTEN, PLAN_BY_ADMISSION, PLAN_BY_DISCHARGE, PLAN_BY_LINE_DATE, PLAN_BY_SETTLEMENT };
enum plan_year_kind { PLAN_YEAR_UNWRITTEN, PLAN_YEAR_POLICY, PLAN_YEAR_CALENDAR };
struct plan_read {            /* reads NAME [(…)] [default V] */
    struct plan_ref fact;     /* built-in fact id, or PLAN_FACT_CUSTOM + index */
    bool custom;
    enum plan_fact_type type; /* custom: BOOL, COUNT or SYMBOL */
    struct str *words;        /* custom SYMBOL */
    uint32_t word_count;
    bool has_default;
    struct str default_text;
    int64_t default_value;
    struct plan_pos pos;
};
struct plan {
    const struct plan_source *source;
    bool zh; /* keywords in Chinese */
    struct str name;
    struct plan_label label;
    struct plan_pos pos;
    enum plan_kind kind;
    bool kind_written;
    struct str product;       /* product line; the plan's name when not written */
    struct str source_text;
    char grade;               /* 'A' 'B' 'C' 'D' 'K'; 0 unwritten */
    struct plan_pos grade_pos;
    struct day_range in_force;
    bool in_force_written;
    struct plan_pos in_force_pos;
    enum plan_date_rule counts_by, over_the_end_by;
    enum plan_year_kind years;
    struct str currency_code;
    const struct currency *currency; /* by the checker */
    enum round_mode rounding;
    bool rounding_written;
    struct plan_waiting waiting;
    struct plan_read *reads;
    uint32_t read_count;
    struct plan_co_insurer { struct str name; int64_t share_ppm; struct plan_pos pos; } *co_insurers; /* the first leads */
    uint32_t co_insurer_count;
    bool paid_by_each;
    struct plan_parameter *parameters;
    uint32_t parameter_count;
    struct plan_list *lists;         /* written here */
    uint32_t list_count;
    const struct plan_list **uses;   /* checker: every list referred to, own or of the library; what list refs index */
    uint32_t use_count;
    struct plan_condition *conditions;
    uint32_t condition_count;
    struct plan_exclusion *exclusions;
    uint32_t exclusion_count;
    struct plan_shared *shared;
    uint32_t shared_count;
    struct plan_benefit *benefits;
    uint32_t benefit_count;
    struct plan_example *examples;
    uint32_t example_count;
    struct str *texts;               /* checker: text literals that conditions and `by` items compare with */
    uint32_t text_count;
    struct plan_comment { struct str text; struct plan_pos pos; bool alone; } *comments; /* `-- …`, for the formatter */
    uint32_t comment_count;
};

#endif
