/* plan — the plan language: parse, check, compile, verify, run, explain, format. One executable definition of a product.
 *
 * Who uses it: settle (the chain), cli, later pricing and underwriting. Meaning: docs/plan-language.md (normative).
 * Invariants: a plan is a pure function of (plan, lists, input, counters); no clock, file, locale, hash order or floating point.
 * The compiled program and the plain walker give the same result on every plan that passed the check.
 * Life of a plan: plan_source → plan_parse → plan_check (resolves, types, proves) → plan_compile → plan_program_verify → plan_run.
 */
#ifndef YIJIE_PLAN_H
#define YIJIE_PLAN_H

#include "base/base.h"
#include "bill/bill.h"
#include "money/money.h"

/* Rises with every evaluator change that moves an amount; part of every answer. */
#define PLAN_ENGINE_VERSION 1

/* ---- vocabulary ------------------------------------------------------------------------------- */

#define PLAN_KINDS(X)                                                                                         \
    X(STATUTORY, "statutory", "法定")                                                                          \
    X(SUPPLEMENTARY, "supplementary", "惠民保")                                                                 \
    X(COMMERCIAL, "commercial", "商业")                                                                         \
    X(PROGRAMME, "programme", "项目")
enum plan_kind {
#define X(id, en, zh) PLAN_##id,
    PLAN_KINDS(X)
#undef X
        PLAN_KIND_COUNT
};

enum plan_fact_type { PLAN_VALUE_SYMBOL, PLAN_VALUE_COUNT, PLAN_VALUE_BOOL, PLAN_VALUE_TEXT, PLAN_VALUE_DATE };
enum plan_fact_level { PLAN_LEVEL_VISIT, PLAN_LEVEL_FACT, PLAN_LEVEL_LINE };
enum plan_fact {
#define X(id, en, zh, type, level, words) PLAN_FACT_##id,
#include "plan/facts.def"
#undef X
    PLAN_FACT_BUILT_IN,
    PLAN_FACT_CUSTOM = 64 /* custom facts of a plan: PLAN_FACT_CUSTOM + index in plan->reads */
};
struct plan_fact_info {
    const char *en, *zh;
    enum plan_fact_type type;
    enum plan_fact_level level;
    const struct bill_word *words; /* SYMBOL; else NULL */
    uint32_t word_count;
};
const struct plan_fact_info *plan_fact_info(uint32_t fact); /* built-in ones */

/* ---- sources and diagnostics -------------------------------------------------------------------- */

struct plan_source {
    struct str name; /* as shown: "plans/anyang-puhui-2022.plan" */
    struct str text;
};
enum plan_severity { PLAN_ERROR, PLAN_WARNING, PLAN_NOTE };
/* One finding about a text. Codes and their texts stand in diagnostics.def. */
struct plan_diagnostic {
    enum plan_severity severity;
    const char *code;
    const struct plan_source *source;
    uint32_t line, column, start, end;
    struct str zh, en, hint_zh, hint_en;
    const struct bill *witness;        /* a bill that shows it; NULL when none applies */
    const struct plan_value_pair { struct str name; int64_t before, after; } *shows; /* what the witness does, optional */
    uint32_t show_count;
    enum plan_verdict { PLAN_NO_VERDICT, PLAN_PROVEN, PLAN_REFUTED, PLAN_NOT_DECIDED } verdict;
};
struct plan_diagnostics {
    struct plan_diagnostic items[LIMIT_PLAN_DIAGNOSTICS];
    uint32_t count, error_count;
    uint32_t dropped; /* more than the limit */
};
/* Appends; texts are copied into the arena. Template of `code` is filled with a (and b): "{a}", "{b}". */
struct plan_place {
    const struct plan_source *source;
    uint32_t line, column, start, end;
};
void plan_diagnose(struct plan_diagnostics *d, struct arena *a, const char *code, struct plan_place at, struct str arg_a, struct str arg_b);
/* file:line:column, message, the source line with a caret, hint; in one language or both. */
void plan_diagnostic_print(const struct plan_diagnostic *d, bool zh, bool en, bool colour, struct buf *out);

/* ---- parsing, checking, formatting ------------------------------------------------------------------ */

struct plan;      /* ast.h */
struct plan_list;

/* Ordered payers of an insured region (DESIGN 5.7). */
struct plan_chain_step {
    enum plan_chain_step_kind { PLAN_CHAIN_PLAN, PLAN_CHAIN_POLICIES_BY_DATE, PLAN_CHAIN_POLICIES_AS_LISTED } kind;
    struct str plan;
    bool fills_written, fills; /* `fills deductibles: yes|no` behind a payer: overrides whether its money fills later deductibles */
    uint32_t line, column;
};
struct plan_chain_fund {       /* fund NAME pays BUCKET, … */
    struct str name;
    uint32_t buckets;
};
struct plan_chain {
    const struct plan_source *source;
    struct str name, label_zh, label_en;
    struct str *regions;
    uint32_t region_count;     /* 0: any */
    struct plan_chain_step *steps;
    uint32_t step_count;
    struct plan_chain_fund *funds;
    uint32_t fund_count;
    struct str source_text;
    char grade;
    uint32_t line, column, start, end; /* of its head */
};
struct plan_file {
    bool zh;
    struct plan **plans;
    uint32_t plan_count;
    struct plan_list **lists;  /* top-level lists: files *.list */
    uint32_t list_count;
    struct plan_chain **chains;
    uint32_t chain_count;
};
/* Parses one source with error recovery. Fails only for lack of memory; findings go to `d`. *ret always holds what could be read. */
struct status plan_parse(struct arena *a, const struct plan_source *source, struct plan_diagnostics *d, struct plan_file **ret);
/* Prints a file back in canonical layout, with its comments; words in the file's language, or in the other one when `zh` differs.
 * format(parse(format(x))) == format(x). Only for a file that parsed without error. */
struct status plan_format(struct arena *a, const struct plan_source *source, const struct plan_file *file, bool zh, struct buf *out);

/* All plans, lists and chains that may refer to each other. */
struct plan_library {
    struct plan **plans;
    uint32_t plan_count, plan_cap;
    struct plan_list **lists;
    uint32_t list_count, list_cap;
    struct plan_chain **chains;
    uint32_t chain_count, chain_cap;
};
/* Adds what a file holds; a name used twice is an error in `d`. */
struct status plan_library_add(struct arena *a, struct plan_library *lib, struct plan_file *file, struct plan_diagnostics *d);
struct plan *plan_library_find(const struct plan_library *lib, struct str name);
const struct plan_chain *plan_library_chain(const struct plan_library *lib, struct str name);

struct plan_proof_counts {
    uint32_t proven, refuted, not_decided; /* questions by their answer */
};
struct plan_check_options {
    bool prove;                     /* also run the proofs (gaps, overlaps, dead clauses …): slower, used by `plan check` */
    const struct str *known_codes;  /* sorted; codes of a catalogue to check lists against; NULL: only their shape */
    size_t known_code_count;
    uint32_t *ret_not_decided;      /* how many questions stayed open; may be NULL */
    struct plan_proof_counts *ret_counts; /* may be NULL */
};
/* Resolves names, types expressions, orders exceptions, proves. After it, when d->error_count did not rise, the plan may be compiled or walked. */
struct status plan_check(struct arena *a, struct plan *p, const struct plan_library *lib, const struct plan_check_options *o, struct plan_diagnostics *d);

/* What others may know of a plan without its tree. */
struct plan_about {
    struct str name, zh, en, product, source_text, file;
    enum plan_kind kind;
    char grade;
    struct day_range in_force;
    const struct currency *currency;
    enum round_mode rounding;
    uint32_t benefit_count, example_count, co_insurer_count;
    bool paid_by_each;
};
struct plan_about plan_about(const struct plan *p);
struct plan_benefit_about {
    struct str name, zh, en, fund;
    bool allowance;
    uint32_t buckets;
    uint32_t line; /* in the source */
};
struct plan_benefit_about plan_benefit_about(const struct plan *p, uint32_t benefit);
struct plan_co_insurer_about {
    struct str name;
    int64_t share_ppm;
};
struct plan_need_about { /* a `needs … else CODE` of a benefit */
    struct str code, zh, en;
    uint32_t line;
};
struct plan_need_about plan_need_about(const struct plan *p, uint32_t benefit, uint32_t need);
struct plan_exclusion_about { /* by the numbering of plan_result.excluded_by, from 0 */
    struct str name, zh, en;
    uint32_t line;
};
struct plan_exclusion_about plan_exclusion_about(const struct plan *p, uint32_t exclusion);
/* The line of the clause that a benefit's money stopped at, for `why not more`: where (or the benefit itself), deductible, pays, first cap … */
enum plan_clause { PLAN_CLAUSE_BENEFIT, PLAN_CLAUSE_TAKES, PLAN_CLAUSE_WHERE, PLAN_CLAUSE_COUNTS, PLAN_CLAUSE_FIRST_SHARE, PLAN_CLAUSE_DEDUCTIBLE,
                   PLAN_CLAUSE_PAYS, PLAN_CLAUSE_LIMIT, PLAN_CLAUSE_CAP };
uint32_t plan_clause_line(const struct plan *p, uint32_t benefit, enum plan_clause c);
struct plan_co_insurer_about plan_co_insurer_about(const struct plan *p, uint32_t index);
/* SHA-256 over the canonical English format of the plan and of every list that it uses. */
struct status plan_hash(struct arena *a, const struct plan *p, uint8_t ret[32]);

/* ---- compiled form ------------------------------------------------------------------------------------ */

/* One step: 16 bytes. Operation codes and operand meanings: opcodes.def. */
struct plan_step {
    uint8_t op, r;
    uint16_t a;
    uint32_t b;
    int64_t v;
};
struct plan_program; /* program.h: steps and the pools they point into */
struct status plan_compile(struct arena *a, const struct plan *p, struct plan_program **ret);
/* Proves of any step array, also a hostile one, that it cannot read or write outside its pools, registers and order. */
struct status plan_program_verify(struct arena *a, const struct plan_program *program);
void plan_disassemble(const struct plan_program *program, struct buf *out);

/* ---- counters ------------------------------------------------------------------------------------------ */

/* Periods that clauses count by. */
enum plan_each { PLAN_EACH_CLAIM, PLAN_EACH_DAY, PLAN_EACH_STAY, PLAN_EACH_YEAR, PLAN_EACH_LIFETIME, PLAN_EACH_COUNT };
enum plan_counter_kind {
    PLAN_COUNTER_FILLED,   /* deductible filled, minor units */
    PLAN_COUNTER_OVER,     /* base above the deductible */
    PLAN_COUNTER_PAID,     /* money paid, for caps */
    PLAN_COUNTER_LIMIT,    /* money paid under a `limit` clause; code: its key */
    PLAN_COUNTER_BASE,     /* base counted under a `counts at most` money clause; code: its key */
    PLAN_COUNTER_TIMES,    /* units counted under `counts at most N times` or visits */
    PLAN_COUNTER_DAYS,     /* allowance days paid */
    PLAN_COUNTER_KIND_COUNT
};
/* DESIGN 5.4. `benefit`: benefit or shared name. `clause`: ordinal of the clause of its kind in the benefit (second cap = 1).
 * `period_of`: day or year start as a day, else DAY_NONE; `period_text`: stay or bill for EACH_STAY / EACH_CLAIM, else empty. */
struct plan_counter_key {
    struct str owner, product, benefit, code, period_text;
    struct day period_of;
    uint8_t kind;   /* enum plan_counter_kind */
    uint8_t each;   /* enum plan_each */
    uint8_t clause;
};
struct plan_counter {
    struct plan_counter_key key;
    int64_t value;
    uint64_t hash;
};
/* A hash table in memory. Keys are copied into its arena when inserted. */
struct plan_counters {
    struct arena *arena;
    struct plan_counter *slots;
    uint32_t slot_count, used;
};
void plan_counters_init(struct plan_counters *c, struct arena *a);
int64_t plan_counters_get(const struct plan_counters *c, const struct plan_counter_key *k); /* 0 when absent */
struct status plan_counters_set(struct plan_counters *c, const struct plan_counter_key *k, int64_t value);
int plan_counter_key_cmp(const struct plan_counter_key *a, const struct plan_counter_key *b); /* total order, for files and tests */

/* ---- running ----------------------------------------------------------------------------------------------- */

struct plan_input {
    const struct bill *bill;
    const struct bill_policy *policy; /* never NULL: settle supplies the default of DESIGN §4 */
    bool policy_default;              /* it is that default: waiting served */
    struct day settled_on;
    struct str owner, family;         /* counter owners; family empty: the person */
    bool statutory_settled;
    bool basic_paid;                  /* statutory money on this bill */
    /* Money a cell, one column a bucket, bill->lines.count long; NULL = all zero. A cell is (line, bucket). */
    const int64_t *left[BUCKET_COUNT];            /* what earlier payers left */
    const int64_t *after_statutory[BUCKET_COUNT]; /* what the statutory layer left: for `before other payers`; NULL = left */
    const int64_t *paid[PLAN_KIND_COUNT][BUCKET_COUNT]; /* earlier payers' money in this case that may fill deductibles, by kind */
    const int64_t *reimbursed;                    /* statutory money a line; NULL = none */
    uint64_t *code_hashes;                        /* scratch, one a line, zeros at first: runs over one bill share what they put there; or NULL */
};

/* Why a benefit or a plan says no: refusals.def, ordered; the first that applies is the answer. */
enum plan_refusal {
    PLAN_REFUSAL_NONE,
#define X(id, code, zh, en) PLAN_REFUSAL_##id,
#include "plan/refusals.def"
#undef X
    PLAN_REFUSAL_COUNT
};
const char *plan_refusal_code(enum plan_refusal r);
const char *plan_refusal_text(enum plan_refusal r, bool zh);

/* Reason records: written during the run, rendered later. reasons.def gives code and both templates. */
enum plan_reason_code {
#define X(id, code, zh, en) PLAN_REASON_##id,
#include "plan/reasons.def"
#undef X
    PLAN_REASON_COUNT
};
struct plan_reason {
    uint8_t code;       /* enum plan_reason_code */
    uint8_t segment;
    uint16_t benefit;
    uint32_t line;      /* source line of the clause */
    int64_t a, b;       /* amounts, counts or ratios as the template says */
    uint32_t name;      /* index of an exclusion, condition, shared … as the template says; UINT32_MAX none */
};
/* One cell that a benefit took. Cells of a benefit are in line order, then bucket order. */
struct plan_cell {
    uint32_t line;
    uint8_t bucket;
    uint8_t segment;
    uint16_t benefit;
    int64_t base, pay;
    int64_t moved; /* `first share`: goes to own_first, unpaid */
};
struct plan_benefit_result {
    uint16_t benefit;
    uint8_t segment;
    bool applies;                /* something in scope, or refused */
    bool refused;
    uint8_t refusal;             /* enum plan_refusal; CUSTOM: need_index names it */
    uint16_t need_index;
    bool unproven;               /* totals only: a sub-limit could not be checked */
    int64_t base;                /* after input limits */
    int64_t filled_by_others;
    int64_t deductible_used;     /* by this base */
    int64_t deductible_left;     /* INT64_MIN: there is none */
    int64_t over;
    int64_t ratio_ppm;           /* after the multiplier; -1: tiers mix, or no one ratio */
    int64_t pay;
    int64_t cap_left;            /* smallest room of all caps after this; INT64_MIN: there is none */
    /* Where the base that was not paid went: base = pay + deductible_used + ratio + limit + cap + left + moved. */
    int64_t cut_input;           /* not in base: cut by `counts at most` */
    int64_t stop_ratio, stop_limit, stop_cap, stop_left, moved;
    uint32_t cell_start, cell_count;
    int64_t allowance_days;      /* allowance benefits; pay is outside the indemnity */
};
struct plan_counter_change {
    struct plan_counter_key key;
    int64_t before, after;
};
struct plan_run_options {
    bool explain;  /* write reason records */
    bool no_split; /* total only, no cells: allowed when the plan has no `limit` and the caller needs no cells */
};
struct plan_result {
    enum plan_refusal refusal;       /* of the whole plan; NONE otherwise */
    int64_t pay;                     /* sum of indemnity benefits */
    const struct plan_benefit_result *benefits; /* by segment, then in written order */
    uint32_t benefit_count, segment_count;
    const struct plan_cell *cells;
    uint32_t cell_count;
    const int64_t *co_insurer_pay;   /* about.co_insurer_count parts of pay */
    const struct plan_counter_change *changes; /* only real changes; not yet applied */
    uint32_t change_count;
    const struct plan_reason *reasons;
    uint32_t reason_count;
    bool unproven, no_evidence;      /* no history given: person classes taken as not applying */
    const uint16_t *excluded_by;     /* with explain, a line: 1 + place of the exclusion that removed it last (plan's exclusions first, then
                                        each benefit's in written order), 0 none; NULL when nothing was excluded */
    const struct str *assumed;       /* facts that took the default written in the plan */
    uint32_t assumed_count;
};
/* Runs a verified program. Everything in *ret lies in `a`. Fails (bad input) when a fact that the plan reads is missing, code
 * "fact-missing" or "fact-value"; never half done. A differing currency is a refusal. Cost: linear in lines × benefits; no memory but the arena. */
struct status plan_run(struct arena *a, const struct plan_program *program, const struct plan_input *in, const struct plan_counters *counters,
                       struct plan_run_options o, struct plan_result *ret);
/* The reference: walks the tree, slow and obvious, written from the document. Same results, same changes, no reasons. */
struct status plan_walk(struct arena *a, const struct plan *p, const struct plan_input *in, const struct plan_counters *counters,
                        struct plan_result *ret);
/* Text of one reason: "{a}" and "{b}" as money, count or ratio. */
void plan_reason_print(const struct plan *p, const struct plan_reason *r, bool zh, struct buf *out);
const char *plan_reason_code_name(enum plan_reason_code c);

/* ---- examples, differences, mutants ------------------------------------------------------------------------- */

struct plan_example_outcome {
    struct str title, source;
    bool passed;
    uint32_t line;
    struct str zh, en; /* what differed: "in-catalogue: expected 92,800.00, got 92,799.99" */
};
/* Runs every example of a checked plan, by the program and by the walker; the two must agree and meet the expectations. */
struct status plan_test(struct arena *a, const struct plan *p, const struct plan_program *program, struct plan_example_outcome **ret, uint32_t *ret_count);

/* The plan in plain sentences, for a lawyer or a customer. */
void plan_explain(const struct plan *p, bool zh, struct buf *out);

/* ---- differences ---------------------------------------------------------------------------------------------- */

/* What changed between two plans, clause by clause. Meaning is compared, not text: order of conditions, layout, written form of numbers and
 * renamed classes, lists or benefits (guessed by likeness) say nothing. Both plans must have passed the check. */
struct plan_diff_item {
    enum plan_diff_kind { PLAN_DIFF_CHANGED, PLAN_DIFF_ADDED, PLAN_DIFF_REMOVED, PLAN_DIFF_RENAMED } kind;
    bool wording;                     /* moves no amount: source, labels, refusal codes */
    const char *part;                 /* "head", "parameter", "class", "case", "exclude", "shared", "list", "benefit" */
    struct str subject_zh, subject_en;/* "责任「住院自费」" */
    struct str zh, en;                /* the sentence: "每年免赔额：20,000.00 → 16,000.00" */
    uint32_t line_a, line_b;          /* 0: not there */
};
struct status plan_diff(struct arena *a, const struct plan *old, const struct plan *now, struct plan_diff_item **ret, uint32_t *ret_count);

/* A plan ready to run. */
struct plan_side {
    struct plan *plan; /* only read; not const because its parts are gathered by plan_sites_collect */
    const struct plan_program *program;
};
/* A bill that two plans pay differently, or two bills of one person in order when it takes a history. Small on purpose: found by systematic
 * and then random search, then shrunk. `bills[1]` differs from `bills[0]` only by its dates, when the plans are never in force on one day. */
enum { PLAN_WITNESS_BILLS = 2 };
struct plan_witness {
    bool found, shifted;
    uint32_t tried;                   /* candidates run */
    uint32_t bill_count;
    const struct bill *bills[2][PLAN_WITNESS_BILLS]; /* side × bill; the same bill twice unless shifted */
    struct plan_result results[2][PLAN_WITNESS_BILLS];
    int64_t total[2];                 /* pay and allowances of all bills */
};
struct plan_witness_options {
    uint32_t random_count;            /* random candidates behind the systematic ones */
    uint64_t seed;
};
struct status plan_diff_witness(struct arena *a, const struct plan_side sides[2], struct plan_witness_options o, struct plan_witness *ret);

/* Mutants: the text of a plan with one small change each, and who notices: parser or checker, the plan's own examples, or nobody. A mutant that
 * nobody notices is run beside the original on random bills: where an amount differs it survived, and the plan lacks an example. */
enum plan_mutant_fate {
    PLAN_MUTANT_BY_PARSER, PLAN_MUTANT_BY_CHECKER, PLAN_MUTANT_BY_EXAMPLE, PLAN_MUTANT_EQUIVALENT, PLAN_MUTANT_SURVIVED, PLAN_MUTANT_FATES
};
struct plan_mutant {
    uint32_t line, column;
    const char *zh, *en;      /* kind of change */
    struct str from, to;      /* the piece of text, and what stands in its place; empty: dropped */
    enum plan_mutant_fate fate;
    struct str by;            /* code of the finding, title of the example */
    uint32_t bills;           /* compared with the original */
    struct str witness;       /* SURVIVED: a bill as JSON on which they differ */
    int64_t before, after;    /* what the original and the mutant pay on it, in minor units */
};
struct plan_mutants_options {
    uint32_t max;             /* at most this many, spread over the text; 0: all */
    uint32_t bills;           /* random bills for each that nobody notices */
    uint64_t seed;
    void (*progress)(void *context, uint32_t done, uint32_t count);
    void *context;
};
struct plan_mutants_report {
    struct plan_mutant *items;
    uint32_t count, made;     /* judged; all that the text has */
    uint32_t fates[PLAN_MUTANT_FATES];
};
/* The source must parse, check and pass its examples; else the status says why. Lists of other files come from the library. Everything in *ret lies
 * in the arena. Cost: a parse, a proof and a run of all examples for each mutant. */
struct status plan_mutants_run(struct arena *a, const struct plan_source *source, const struct plan_library *library, struct plan_mutants_options o,
                               struct plan_mutants_report *ret);

/* Is there a class of this name? For files that name classes. */
bool plan_has_class(const struct plan *p, struct str name);

#endif
