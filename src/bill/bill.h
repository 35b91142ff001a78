/* bill — the canonical bill: model, strict reading, identities, the four buckets.
 *
 * One bill is one visit, or one interim part of a stay, with the statutory result attached (DESIGN: the bill).
 * Who uses it: settle, cli; plan sees a bill only through `struct plan_input`.
 * Invariants after bill_parse succeeded: every line's four parts sum to its amount; returns are netted into the line
 * they return and no net is below zero; amounts are within LIMIT_AMOUNT_MINOR, also in sum; all texts are valid UTF-8.
 * Lines are kept as columns (one array per member), because the evaluator walks columns.
 * Pure: reads bytes, no files or clock. Lifetime: everything lies in the arena given to bill_parse.
 */
#ifndef YIJIE_BILL_H
#define YIJIE_BILL_H

#include "base/base.h"
#include "codec/codec.h"
#include "money/money.h"

/* ---- vocabularies: one table each, name as in JSON, Chinese name -------------------------------- */

#define BILL_VISITS(X)                                                                                        \
    X(OUTPATIENT, "outpatient", "门诊")                                                                        \
    X(EMERGENCY, "emergency", "急诊")                                                                          \
    X(OBSERVATION, "observation", "留观")                                                                      \
    X(CHRONIC, "chronic", "门诊慢特病")                                                                         \
    X(PHARMACY, "pharmacy", "药店购药")                                                                         \
    X(DAY_SURGERY, "day_surgery", "日间手术")                                                                   \
    X(INPATIENT, "inpatient", "住院")                                                                          \
    X(MATERNITY, "maternity", "生育")
#define BILL_WARDS(X)                                                                                         \
    X(ORDINARY, "ordinary", "普通部")                                                                          \
    X(SPECIAL, "special", "特需部")                                                                            \
    X(INTERNATIONAL, "international", "国际部")                                                                 \
    X(VIP, "vip", "贵宾部")
#define BILL_CAUSES(X)                                                                                        \
    X(ILLNESS, "illness", "疾病")                                                                              \
    X(ACCIDENT, "accident", "意外")                                                                            \
    X(TRAFFIC, "traffic", "交通事故")                                                                           \
    X(WORK, "work", "工伤")                                                                                   \
    X(THIRD_PARTY, "third_party", "第三方责任")                                                                  \
    X(BIRTH, "birth", "生育")
#define BILL_HOSPITAL_KINDS(X)                                                                                \
    X(PUBLIC, "public", "公立医院")                                                                            \
    X(PRIVATE, "private", "民营医院")                                                                          \
    X(COMMUNITY, "community", "社区卫生机构")                                                                    \
    X(PHARMACY, "pharmacy", "药店")
#define BILL_SEXES(X)                                                                                         \
    X(UNKNOWN, "U", "未知")                                                                                   \
    X(MALE, "M", "男")                                                                                        \
    X(FEMALE, "F", "女")
/* Kinds of a line. Another kind is read as OTHER and its text is kept. */
#define BILL_LINE_KINDS(X)                                                                                    \
    X(OTHER, "other", "其他")                                                                                 \
    X(DRUG, "drug", "药品")                                                                                   \
    X(HERB, "herb", "中药饮片")                                                                                \
    X(CONSUMABLE, "consumable", "耗材")                                                                        \
    X(IMPLANT, "implant", "植入材料")                                                                           \
    X(BED, "bed", "床位")                                                                                     \
    X(NURSING, "nursing", "护理")                                                                             \
    X(EXAM, "exam", "检查")                                                                                   \
    X(LAB, "lab", "化验")                                                                                     \
    X(OPERATION, "operation", "手术")                                                                          \
    X(TREATMENT, "treatment", "治疗")                                                                          \
    X(SERVICE, "service", "服务")
#define BILL_CATALOGUE_CLASSES(X)                                                                             \
    X(NONE, "", "未标")                                                                                       \
    X(A, "A", "甲类")                                                                                         \
    X(B, "B", "乙类")                                                                                         \
    X(C, "C", "丙类")
#define BILL_STAGES(X)                                                                                        \
    X(FINAL, "final", "已结算")                                                                                \
    X(PRE, "pre", "预结算")                                                                                   \
    X(NONE, "none", "未经结算")                                                                                \
    X(MANUAL, "manual", "零星报销")
#define BILL_POLICY_STATUSES(X)                                                                               \
    X(IN_FORCE, "in_force", "有效")                                                                            \
    X(GRACE, "grace", "宽限期")                                                                               \
    X(SUSPENDED, "suspended", "中止")                                                                         \
    X(LAPSED, "lapsed", "失效")                                                                               \
    X(VOID, "void", "无效")

#define BILL_E_VISIT(n, s, z) BILL_VISIT_##n,
#define BILL_E_WARD(n, s, z) BILL_WARD_##n,
#define BILL_E_CAUSE(n, s, z) BILL_CAUSE_##n,
#define BILL_E_HKIND(n, s, z) BILL_HOSPITAL_##n,
#define BILL_E_SEX(n, s, z) BILL_SEX_##n,
#define BILL_E_LKIND(n, s, z) BILL_LINE_##n,
#define BILL_E_CLASS(n, s, z) BILL_CLASS_##n,
#define BILL_E_STAGE(n, s, z) BILL_STAGE_##n,
#define BILL_E_PSTATUS(n, s, z) BILL_POLICY_##n,
enum bill_visit { BILL_VISITS(BILL_E_VISIT) BILL_VISIT_COUNT };
enum bill_ward { BILL_WARDS(BILL_E_WARD) BILL_WARD_COUNT };
enum bill_cause { BILL_CAUSES(BILL_E_CAUSE) BILL_CAUSE_COUNT };
enum bill_hospital_kind { BILL_HOSPITAL_KINDS(BILL_E_HKIND) BILL_HOSPITAL_KIND_COUNT };
enum bill_sex { BILL_SEXES(BILL_E_SEX) BILL_SEX_COUNT };
enum bill_line_kind { BILL_LINE_KINDS(BILL_E_LKIND) BILL_LINE_KIND_COUNT };
enum bill_catalogue_class { BILL_CATALOGUE_CLASSES(BILL_E_CLASS) BILL_CATALOGUE_CLASS_COUNT };
enum bill_stage { BILL_STAGES(BILL_E_STAGE) BILL_STAGE_COUNT };
enum bill_policy_status { BILL_POLICY_STATUSES(BILL_E_PSTATUS) BILL_POLICY_STATUS_COUNT };

/* A vocabulary as data: for messages, for the plan language, for completion. */
struct bill_word {
    const char *name, *zh;
};
enum bill_vocabulary {
    BILL_VOCABULARY_VISIT, BILL_VOCABULARY_WARD, BILL_VOCABULARY_CAUSE, BILL_VOCABULARY_HOSPITAL_KIND, BILL_VOCABULARY_SEX,
    BILL_VOCABULARY_LINE_KIND, BILL_VOCABULARY_CATALOGUE_CLASS, BILL_VOCABULARY_STAGE, BILL_VOCABULARY_POLICY_STATUS,
    BILL_VOCABULARY_COUNT
};
const struct bill_word *bill_words(enum bill_vocabulary which, uint32_t *ret_count); /* index = enum value */

/* ---- buckets ------------------------------------------------------------------------------------- */

/* The four parts of a line (自费, 超限价, 先行自付, 符合范围), then the known parts of what the fund left of in_scope. A bill as
 * read fills the first four; the last three are filled by a statutory result or a statutory plan, which move money from IN_SCOPE. */
#define BILL_BUCKETS(X)                                                                                       \
    X(OWN_FULL, "own_full", "自费")                                                                            \
    X(OVER_LIMIT, "over_limit", "超限价自费")                                                                   \
    X(OWN_FIRST, "own_first", "先行自付")                                                                       \
    X(IN_SCOPE, "in_scope", "符合范围")                                                                         \
    X(DEDUCTIBLE, "deductible", "起付线")                                                                       \
    X(RATIO_PART, "ratio_part", "按比例自付")                                                                   \
    X(OVER_CAP, "over_cap", "超封顶线")
#define BILL_E_BUCKET(n, s, z) BUCKET_##n,
enum bill_bucket { BILL_BUCKETS(BILL_E_BUCKET) BUCKET_COUNT };
enum { BUCKET_GIVEN_COUNT = 4 };

/* ---- the model ----------------------------------------------------------------------------------- */

struct bill_lines {
    uint32_t count;
    const int64_t *number;      /* "line" as given, unique */
    const struct str *code, *name;
    const struct str *ingredient; /* optional member; empty when absent */
    const struct str *kind_text;
    const uint8_t *kind;        /* enum bill_line_kind */
    const uint8_t *catalogue;   /* enum bill_catalogue_class, member "class" */
    const int64_t *qty_e4;      /* quantity × 10^4 */
    const int64_t *price_e6;    /* price in major units × 10^6; INT64_MIN when absent */
    const struct day *date;
    const int64_t *amount;      /* as given */
    const int64_t *given[BUCKET_GIVEN_COUNT]; /* as given, negative in returns */
    const int64_t *net[BUCKET_GIVEN_COUNT];   /* after netting: returns are 0, the returned line is reduced */
    const int64_t *net_qty_e4;
    const int64_t *returns;     /* number of the line returned, 0 when none */
};
struct bill_diagnosis {
    struct str code;
    bool main;
    struct day since; /* DAY_NONE when absent */
};
struct bill_fact {
    struct str name;
    enum bill_fact_kind { BILL_FACT_BOOL, BILL_FACT_COUNT, BILL_FACT_TEXT } kind;
    int64_t number; /* also 0/1 of a bool */
    struct str text;
};
struct bill_endorsement {
    struct str name;
    struct day_range on;             /* open when not given */
    const struct str *excludes;      /* prefixes of diagnosis codes no longer covered */
    uint32_t exclude_count;
};
struct bill_policy {
    struct str plan, policy, plan_version;
    struct day_range on;             /* DAY_NONE .. DAY_OPEN when not given */
    enum bill_policy_status status;
    struct day first_enrolled;       /* DAY_NONE when absent */
    int64_t claim_free_years;        /* -1 when absent */
    bool class_given;
    struct str class_name;           /* "" with class_given: no class, healthy */
    struct str class_evidence, family, holder, payee;
    const struct bill_endorsement *endorsements;
    uint32_t endorsement_count;
};
struct bill_fund {
    struct str name;                 /* "hifp_pay" … national name */
    int64_t amount;
};
struct bill_statutory {
    bool settled;
    enum bill_stage stage;
    const struct bill_fund *funds;
    uint32_t fund_count;
    int64_t fund_sum;
    struct str setl_id;
    int64_t deductible;              /* -1 when unknown */
    int64_t account, hospital_part;
};
struct bill {
    struct str bill, hospital, stay, department, region, insured_region;
    int64_t revision;
    enum bill_hospital_kind hospital_kind;
    enum bill_visit visit;
    enum bill_ward ward;
    enum bill_cause cause;
    struct day from, to;
    const struct currency *currency;
    bool interim, day_surgery, died;
    int64_t icu_days;
    struct bill_person {
        struct str id_kind, id, name;    /* id_kind "unknown" / "newborn": id is the hospital's number / the mother's */
        struct day born;                 /* DAY_NONE when unknown */
        enum bill_sex sex;
    } person;
    const struct bill_fact *facts;
    uint32_t fact_count;
    const struct bill_diagnosis *diagnoses, *history;
    uint32_t diagnosis_count, history_count;
    const struct str *procedures;        /* codes */
    uint32_t procedure_count;
    struct bill_lines lines;
    bool totals_only;                    /* `totals` instead of `lines`: one line, number 0, kind other, dated `to` */
    int64_t total, net_sum[BUCKET_GIVEN_COUNT];
    struct bill_statutory statutory;
    int64_t deposit;
    const struct bill_policy *policies;
    uint32_t policy_count;
    struct str ext_raw;                  /* bytes of "ext" as given; empty when absent */
    struct bill_invoice { struct str code, number, check; } invoice;
    const struct error *warnings;        /* identities that warn (I5, I6 …), chained by next */
};

/* Reads one bill. On failure the status holds the first finding and chains up to LIMIT_BILL_FINDINGS by `next`,
 * each with code, place ("lines[3].amount"), reason and hint in both languages. Unknown members are refused by name,
 * except inside `ext`. Cost: linear in the bytes; duplicates of line numbers by a hash table. */
struct status bill_parse(struct arena *a, struct str json, const struct bill **ret);
/* The same from a parsed tree (several bills in one array, a claims file). The bill borrows the tree's texts. */
struct status bill_from_json(struct arena *a, const struct json *tree, const struct bill **ret);
/* Canonical JSON of a bill, pretty or compact: what bill_parse reads back to an equal bill. Used for witness bills. */
void bill_write(const struct bill *b, struct json_writer *w);

#endif
