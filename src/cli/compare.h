/* cli/compare — what the parts of `yijie compare` share. Internal to the room.
 *
 * A claims file is a CSV: one row a claim, or one row a line of a claim. Columns have our names (COMPARE_COLUMNS and fact:, fund:, paid:) or those that a map
 * gives them. Each claim becomes a bill and is settled in file order; what was really paid is held against what the plans pay.
 */
#ifndef YIJIE_CLI_COMPARE_H
#define YIJIE_CLI_COMPARE_H

#include "cli/chain.h"

/* X(ID, name): first those of the claim, from FIRST_ENROLLED those of its policy, from OWN_FULL those of its line or totals. */
#define COMPARE_COLUMNS(X)                                                                                    \
    X(CLAIM, "claim")                                                                                         \
    X(PERSON, "person")                                                                                       \
    X(BORN, "born")                                                                                           \
    X(SEX, "sex")                                                                                             \
    X(FROM, "from")                                                                                           \
    X(TO, "to")                                                                                               \
    X(SETTLED_ON, "settled_on")                                                                               \
    X(STAY, "stay")                                                                                           \
    X(VISIT, "visit")                                                                                         \
    X(WARD, "ward")                                                                                           \
    X(CAUSE, "cause")                                                                                         \
    X(HOSPITAL, "hospital")                                                                                   \
    X(HOSPITAL_KIND, "hospital_kind")                                                                         \
    X(DEPARTMENT, "department")                                                                               \
    X(REGION, "region")                                                                                       \
    X(INSURED_REGION, "insured_region")                                                                       \
    X(CURRENCY, "currency")                                                                                   \
    X(ICU_DAYS, "icu_days")                                                                                   \
    X(DAY_SURGERY, "day_surgery")                                                                             \
    X(DIED, "died")                                                                                           \
    X(INTERIM, "interim")                                                                                     \
    X(HOSPITAL_LEVEL, "hospital_level")                                                                       \
    X(INSURED_TYPE, "insured_type")                                                                           \
    X(DIAGNOSIS, "diagnosis")                                                                                 \
    X(HISTORY, "history")                                                                                     \
    X(PROCEDURE, "procedure")                                                                                 \
    X(SETTLED, "settled")                                                                                     \
    X(STATUTORY_DEDUCTIBLE, "statutory_deductible")                                                           \
    X(HOSPITAL_PART, "hospital_part")                                                                         \
    X(PAID, "paid")                                                                                           \
    X(FIRST_ENROLLED, "first_enrolled")                                                                       \
    X(CLASS, "class")                                                                                         \
    X(CLAIM_FREE_YEARS, "claim_free_years")                                                                   \
    X(COVER_FROM, "cover_from")                                                                               \
    X(COVER_TO, "cover_to")                                                                                   \
    X(STATUS, "status")                                                                                       \
    X(FAMILY, "family")                                                                                       \
    X(ENDORSED, "endorsed")                                                                                   \
    X(OWN_FULL, "own_full")                                                                                   \
    X(OVER_LIMIT, "over_limit")                                                                               \
    X(OWN_FIRST, "own_first")                                                                                 \
    X(IN_SCOPE, "in_scope")                                                                                   \
    X(AMOUNT, "amount")                                                                                       \
    X(LINE, "line")                                                                                           \
    X(CODE, "code")                                                                                           \
    X(NAME, "name")                                                                                           \
    X(KIND, "kind")                                                                                           \
    X(CATALOGUE, "catalogue")                                                                                 \
    X(INGREDIENT, "ingredient")                                                                               \
    X(QTY, "qty")                                                                                             \
    X(PRICE, "price")                                                                                         \
    X(DATE, "date")
enum compare_column_id {
#define X(id, name) COMPARE_##id,
    COMPARE_COLUMNS(X)
#undef X
        COMPARE_COLUMN_COUNT
};
const char *compare_column_name(enum compare_column_id id);

/* Where the values of one column come from. */
struct compare_source {
    bool given;
    bool constant;
    uint32_t index;           /* of the CSV, when not constant */
    struct str text;          /* the constant */
    const struct json *words; /* their words → ours; NULL: none */
};
/* fact:NAME, fund:NAME, paid:NAME */
struct compare_named {
    struct str name;
    struct compare_source source;
};
/* What an amount paid is compared with: everything that the plans of the chain pay, one plan, or one benefit. */
struct compare_unit {
    struct str name;          /* as the column says: "paid", "paid:inpatient" */
    struct compare_source source;
    int32_t product;          /* payer of the chain; -1: all */
    int32_t benefit;          /* of that product; -1: all */
    int64_t paid_sum, computed_sum;
};
struct compare_columns {
    struct compare_source of[COMPARE_COLUMN_COUNT];
    struct compare_named *facts, *funds;
    uint32_t fact_count, fact_cap, fund_count, fund_cap;
    struct compare_unit *units;
    uint32_t unit_count, unit_cap;
    bool by_line;             /* a row is a line: there is a column `code` */
    bool fen;                 /* amounts are integers in minor units */
};
/* Finds out what each column is. Fails with map-…, claim-column-… ; findings about columns are chained. */
struct status compare_columns_read(struct cli *c, const struct csv *csv, const char *map_path, const struct settle_chain *chain, struct compare_columns *ret);

/* ---- one claim ------------------------------------------------------------------------------------------------ */

struct compare_claim {
    const struct csv_row *rows;
    uint32_t row_count;
    struct str id;
    const struct bill *bill;
    struct day settled_on;
    int64_t *paid;            /* a unit */
};
/* Makes the bill and reads what was paid. Fails with claim-…, bill-…; places are "ROW:COLUMN". */
struct status compare_claim_read(struct arena *a, const struct compare_columns *columns, const struct settle_chain *chain, struct compare_claim *claim);
/* The value of a column in a row, in our words. */
struct str compare_value(const struct compare_source *source, const struct csv_row *row);

/* ---- why two amounts differ --------------------------------------------------------------------------------------- */

#define COMPARE_CAUSES(X)                                                                                     \
    X(ROUNDING, "rounding", "舍入", "rounding")                                                                \
    X(REFUSED, "refused", "拒付", "refused")                                                                   \
    X(DEDUCTIBLE, "deductible", "免赔额", "deductible")                                                        \
    X(RATIO, "ratio", "比例", "ratio")                                                                        \
    X(LIMIT, "limit", "分项限额", "sub-limit")                                                                 \
    X(CAP, "cap", "封顶", "cap")                                                                              \
    X(LEFT, "left", "剩余费用", "what is left")                                                                \
    X(OTHER, "other", "其他", "other")
enum compare_cause {
#define X(id, name, zh, en) COMPARE_CAUSE_##id,
    COMPARE_CAUSES(X)
#undef X
        COMPARE_CAUSE_COUNT
};
struct compare_guess {
    enum compare_cause cause;
    struct str plan, benefit; /* empty: the whole chain */
    uint32_t clause;          /* line in the plan; 0: none */
    struct str zh, en;        /* "as if the ratio were 50%, not 70%" */
};
int64_t compare_computed(const struct compare_unit *unit, const struct settle_chain *chain, const struct settle_answer *answer);
/* A guess from the numbers alone; `answer` must be explained. */
struct compare_guess compare_guess(struct arena *a, const struct compare_unit *unit, const struct settle_chain *chain, const struct settle_answer *answer,
                                   int64_t paid, int64_t computed);

/* ---- the report ------------------------------------------------------------------------------------------------------ */

enum { COMPARE_SHOWN = 20 };
struct compare_difference {
    uint32_t row;
    struct str claim, unit, clauses;
    int64_t paid, computed;
    struct compare_guess guess;
};
struct compare_report {
    const struct currency *currency;
    struct compare_columns *columns;
    uint64_t claims, rows, agree, near; /* near: within one major unit */
    uint64_t difference_count;
    uint64_t cause_count[COMPARE_CAUSE_COUNT];
    int64_t cause_sum[COMPARE_CAUSE_COUNT];
    struct compare_difference shown[COMPARE_SHOWN];
    uint32_t shown_count;
    bool want_csv, want_json;
    struct buf csv, json;               /* every difference, when wanted; json: one array */
    struct csv_writer csv_writer;
    struct json_writer json_writer;
};
void compare_report_init(struct compare_report *r, const struct cli *c, struct compare_columns *columns);
void compare_report_done(struct compare_report *r);
/* Adds one difference; `keep` is where the first ones are kept. False: no memory. */
bool compare_report_add(struct compare_report *r, struct arena *keep, const struct compare_difference *d);
void compare_report_print(struct cli *c, const struct compare_report *r, const struct settle_chain *chain);

#endif
