/* The checker: what it says of texts with one mistake each. The last test walks check.def: no code is without a row. */
#include "plan/tests/check_text.h"

#include "plan/facts.h"
#include "plan/check/sites.h"

struct row {
    const char *codes;      /* all findings in order; "" none */
    const char *from, *to;  /* change of the base plan; from NULL: added at its end */
    const char *from2, *to2;
    bool prove;
};

#define ONE(codes, from, to) {codes, from, to, NULL, NULL, false}
#define TWO(codes, from, to, from2, to2) {codes, from, to, from2, to2, false}
#define PROOF(codes, from, to) {codes, from, to, NULL, NULL, true}
#define PROOF_TWO(codes, from, to, from2, to2) {codes, from, to, from2, to2, true}

static const struct row rows[] = {
    /* sound */
    ONE("", NULL, ""),
    PROOF("", NULL, ""),
    TWO("", "deductible 100", "deductible by insured_type: employee 100, resident 200", "  benefit b", "  reads insured_type\n  benefit b"),
    ONE("", "pays 80%", "pays 60% to 1_000 then 80% to 2_000.50 then 100%, on base each year"),
    ONE("", "deductible 100", "deductible max(500 - 100 * claim_free_years, 0)"),
    ONE("", "deductible 100", "deductible (17_000 * 50% rounded half-up)"),
    TWO("", "pays 80%", "pays by hospital_level: 1 90%, 2 85%, 3 80%", "  benefit b", "  reads hospital_level\n  benefit b"),
    ONE("", "pays 80%", "pays by age: 0 100%, 1 90%, otherwise 80%"),

    /* names */
    ONE("name-twice", "  benefit b", "  parameter x \"x\"\n    from 2024-01-01 .. 100\n  case x \"x\"\n    when died\n  benefit b"),
    ONE("name-twice", NULL, "  benefit b \"again\"\n    takes in_scope\n    deductible none\n    pays 10%\n    cap none\n"),
    ONE("name-is-fact", "  benefit b", "  case visit \"x\"\n    when died\n  benefit b"),
    ONE("fact-unknown", "visit = inpatient", "colour in (red)"),
    ONE("fact-unknown", "pays 80%", "pays by colour: red 80%, otherwise 70%"),
    ONE("condition-unknown", "visit = inpatient", "healthy"),
    ONE("condition-unknown", "pays 80%", "pays 80%, healthy 90%"),
    ONE("value-unknown", "deductible 100", "deductible wage"),
    ONE("value-unknown", "deductible 100", "deductible (100 * visit)"),
    ONE("list-unknown", "visit = inpatient", "code in list drugs"),
    ONE("benefit-unknown", "takes own_full", "takes rest of a"),
    ONE("benefit-later", "takes own_full", "takes rest of b"),
    TWO("rest-of-allowance", "  benefit b", "  benefit a \"a\"\n    allowance 100 each day after 3 days\n  benefit b", "takes own_full", "takes rest of a"),
    ONE("shared-unknown", "cap 10_000 each year", "cap shared all"),
    TWO("shared-kind", "  benefit b", "  shared deductible all \"all\" 100 each year\n  benefit b", "cap 10_000 each year", "cap shared all"),
    ONE("word-unknown", "visit = inpatient", "visit = hotel"),
    ONE("word-unknown", "visit = inpatient", "visit in (inpatient, hotel)"),
    ONE("word-twice", "visit = inpatient", "visit in (inpatient, inpatient)"),
    ONE("cycle", "  benefit b", "  case x \"x\"\n    when died or y\n  case y \"y\"\n    when interim or x\n  benefit b"),
    ONE("cycle", "  benefit b", "  parameter x \"x\"\n    from 2024-01-01 .. min(x, 100)\n  benefit b"),
    ONE("read-type-missing", "  benefit b", "  reads smoker\n  benefit b"),
    ONE("read-type-needless", "  benefit b", "  reads poor (yes or no)\n  benefit b"),
    ONE("read-needless", "  benefit b", "  reads age\n  benefit b"),
    ONE("read-missing", "pays 80%", "pays 80%\n    exclude x \"x\" when poor"),
    ONE("read-unused", "  benefit b", "  reads poor\n  benefit b"),
    ONE("default-wrong", "  benefit b", "  reads insured_type default student\n  benefit b"),
    ONE("default-wrong", "  benefit b", "  reads hospital_level default 4\n  benefit b"),
    ONE("condition-unused", "  benefit b", "  class old \"old\"\n    when age >= 60\n  benefit b"),
    ONE("parameter-unused", "  benefit b", "  parameter x \"x\"\n    from 2024-01-01 .. 100\n  benefit b"),
    ONE("list-unused", "  benefit b", "  list l \"l\"\n    code \"A\"\n  benefit b"),
    ONE("shared-unused", "  benefit b", "  shared cap all \"all\" 100 each year\n  benefit b"),

    /* conditions */
    ONE("fact-not-condition", "visit = inpatient", "age"),
    ONE("fact-not-words", "visit = inpatient", "died in (yes, no)"),
    ONE("fact-not-number", "visit = inpatient", "visit = 3"),
    ONE("fact-number-kind", "visit = inpatient", "age >= 2024-01-01"),
    ONE("fact-number-kind", "visit = inpatient", "date >= 3"),
    ONE("text-unquoted", "visit = inpatient", "region = beijing"),
    ONE("line-fact", "  benefit b", "  case x \"x\"\n    when kind = drug\n  benefit b"),
    ONE("line-fact", "takes own_full", "needs kind = drug else n \"n\"\n    takes own_full"),
    ONE("line-fact", "pays 80%", "pays by kind: drug 80%, otherwise 60%"),
    ONE("line-fact", NULL, "  benefit a \"a\"\n    where kind = drug\n    allowance 100 each day after 3 days\n"),
    TWO("list-kind", "  benefit b", "  list l \"l\" of drug\n    code \"A\"\n  benefit b", "visit = inpatient", "diagnosis in list l"),
    ONE("line-fact by-fact word-unknown", "pays 80%", "pays by date: 1 80%, otherwise 60%"),
    ONE("by-fact-twice", "pays 80%", "pays by visit, visit: inpatient inpatient 80%, otherwise 60%"),
    ONE("item-twice", "pays 80%", "pays by visit: inpatient 80%, inpatient 70%, otherwise 60%"),
    ONE("case-gap", "pays 80%", "pays by cause: illness 80%, accident 100%"),
    ONE("case-gap", "pays 80%", "pays by age: 0 80%, 1 100%"),
    ONE("case-gap", "pays 80%", "pays by region: \"110000\" 80%"),
    ONE("otherwise-dead", "pays 80%", "pays by died: yes 100%, no 80%, otherwise 60%"),
    TWO("guard-twice", "  benefit b", "  case x \"x\"\n    when died\n  benefit b", "pays 80%", "pays 80%, x and x 90%"),
    TWO("exception-twice", "  benefit b", "  case x \"x\"\n    when died\n  benefit b", "pays 80%", "pays 80%, x 90%, x 70%"),

    /* clauses */
    ONE("clause-missing", "  kind commercial\n", ""),
    ONE("clause-missing", "  source \"s\", grade D\n", ""),
    ONE("clause-missing", "  in force 2024-01-01 .. 2024-12-31\n", ""),
    ONE("clause-missing", "  counts by discharge, over the end by admission\n", ""),
    ONE("clause-missing", "  currency CNY, rounded half-up once per benefit\n", ""),
    ONE("clause-missing", "    takes own_full\n", ""),
    ONE("clause-missing", "    deductible 100 each year\n", ""),
    ONE("clause-missing", "    pays 80%\n", ""),
    ONE("clause-missing", "    cap 10_000 each year\n", ""),
    ONE("over-the-end-missing", ", over the end by admission", ""),
    ONE("over-the-end-needless", "counts by discharge", "counts by line date"),
    ONE("years-missing", "  years are policy years\n", ""),
    ONE("years-needless", "100 each year\n    pays 80%\n    cap 10_000 each year", "none\n    pays 80%\n    cap none"),
    ONE("force-empty", "2024-01-01 .. 2024-12-31", "2024-12-31 .. 2024-01-01"),
    ONE("currency-unknown", "CNY", "XYZ"),
    ONE("co-insurer-sum", "  benefit b", "  co-insurers \"A\" 60%, \"B\" 30%, paid by lead\n  benefit b"),
    ONE("co-insurer-share", "  benefit b", "  co-insurers \"A\" 100%, \"B\" 0%, paid by lead\n  benefit b"),
    ONE("fund-missing", "kind commercial", "kind statutory"),
    ONE("fund-needless", "takes own_full", "fund hifp_pay\n    takes own_full"),
    ONE("need-code-missing", "takes own_full", "needs visit = inpatient\n    takes own_full"),
    ONE("takes-twice", "takes own_full", "takes own_full + own_full"),
    ONE("takes-twice", "takes own_full", "takes in_scope_own + in_scope"),
    ONE("allowance-clause", NULL, "  benefit a \"a\"\n    allowance 100 each day after 3 days\n    pays 80%\n"),
    ONE("allowance-days", NULL, "  benefit a \"a\"\n    allowance 100 each day after 3 days, at most 0 days each year\n"),
    ONE("cap-none-and-more", "cap 10_000 each year", "cap 10_000 each year\n    cap none"),
    TWO("cap-twice", "  benefit b", "  shared cap all \"all\" 100 each year\n  benefit b", "cap 10_000 each year", "cap shared all\n    cap shared all"),
    ONE("tiers-basis", "pays 80%", "pays 60% to 1_000 then 80% each year"),
    ONE("tiers-period", "pays 80%", "pays 60% to 1_000 then 80%, on over"),
    ONE("tiers-period-differs", "pays 80%", "pays 60% to 1_000 then 80%, on base each stay"),
    ONE("period-needless", "pays 80%", "pays 80%, on over each year"),
    ONE("period-day", "100 each year", "100 each day"),
    ONE("visits-key", "deductible 100", "counts at most 3 visits per item each year\n    deductible 100"),

    /* types and ranges */
    ONE("type-wanted", "deductible 100", "deductible 10%"),
    ONE("type-wanted", "pays 80%", "pays 80"),
    ONE("type-wanted", "deductible 100", "deductible days"),
    ONE("type-mix", "deductible 100", "deductible (100 + 10%)"),
    ONE("type-mix", "deductible 100", "deductible (days * 10% rounded half-up)"),
    ONE("none-misplaced", "pays 80%", "pays none"),
    ONE("decimals", "deductible 100", "deductible 100.005"),
    ONE("count-decimals", "deductible 100", "counts at most 2.5 times each year\n    deductible 100"),
    ONE("too-large", "deductible 100", "counts at most 2_000_000 times each year\n    deductible 100"),
    ONE("rounding-missing", "deductible 100", "deductible (100 * 50%)"),
    ONE("rounding-needless", "deductible 100", "deductible (100 + 50 rounded half-up)"),
    ONE("rounding-exact", "deductible 100", "deductible (100 * 50% rounded exact)"),
    ONE("rounding-exact", "rounded half-up", "rounded exact"),
    TWO("", "rounded half-up once per benefit", "rounded exact once per benefit", "pays 80%", "pays 100%"),
    ONE("ratio-inexact", "pays 80%", "pays 33.3333% * 33.3333%"),
    ONE("negative", "deductible 100", "deductible 500 - 100 * claim_free_years"),
    ONE("tiers-order", "pays 80%", "pays 60% to 2_000 then 70% to 1_000 then 80%, on over each year"),
    TWO("parameter-type", "  benefit b", "  parameter x \"x\"\n    from 2024-01-01 .. 3\n  benefit b", "deductible 100", "counts at most x times each year\n    deductible x"),
    TWO("parameter-empty", "  benefit b", "  parameter x \"x\"\n  benefit b", "deductible 100", "deductible x"),
    TWO("dates-reversed", "  benefit b", "  parameter x \"x\"\n    from 2024-03-01 .. 2024-02-01 3\n  benefit b", "deductible 100", "deductible x"),
    TWO("parameter-overlap", "  benefit b", "  parameter x \"x\"\n    from 2024-01-01 .. 2024-06-30 3\n    from 2024-06-30 .. 4\n  benefit b",
        "deductible 100", "deductible x"),
    TWO("parameter-gap", "  benefit b", "  parameter x \"x\"\n    from 2024-01-01 .. 2024-06-30 3\n    from 2024-07-02 .. 4\n  benefit b", "deductible 100", "deductible x"),
    TWO("parameter-gap", "  benefit b", "  parameter x \"x\"\n    from 2024-01-01 .. 2024-06-30 3\n  benefit b", "deductible 100", "deductible x"),
    TWO("", "  benefit b", "  parameter x \"x\"\n    from 2023-01-01 .. 2024-06-30 3\n    from 2024-07-01 .. 4\n  benefit b", "deductible 100", "deductible x"),
    TWO("", "  benefit b", "  parameter x \"x\"\n    from 2024-01-01 .. 3\n  benefit b", "deductible 100", "counts at most x times each year\n    deductible 100"),

    /* lists */
    TWO("list-empty", "  benefit b", "  list l \"l\"\n  benefit b", "visit = inpatient", "code in list l"),
    TWO("entry-empty", "  benefit b", "  list l \"l\"\n    code \"\"\n  benefit b", "visit = inpatient", "code in list l"),
    TWO("entry-range", "  benefit b", "  list l \"l\"\n    range \"I25\" .. \"I20\"\n  benefit b", "visit = inpatient", "code in list l"),
    TWO("dates-reversed", "  benefit b", "  list l \"l\"\n    code \"A\" from 2024-02-01 .. 2024-01-01\n  benefit b", "visit = inpatient", "code in list l"),
    TWO("entry-share-missing", "  benefit b", "  list l \"l\"\n    code \"A\" share 90%\n    code \"B\"\n  benefit b", "takes own_full",
        "takes own_full, at share of list l, rounded half-up per line"),
    TWO("rounding-exact", "  benefit b", "  list l \"l\"\n    code \"A\" share 90%\n  benefit b", "takes own_full",
        "takes own_full, at share of list l, rounded exact per line"),

    /* examples */
    ONE("", NULL, "  example \"x\"\n    given own_full 100\n    expect b 0, refused b in-waiting-period\n"),
    ONE("benefit-unknown", NULL, "  example \"x\"\n    given own_full 100\n    expect c 0\n"),
    ONE("benefit-unknown", NULL, "  example \"x\"\n    given own_full 100, before c filled 100\n    expect b 0\n"),
    ONE("condition-unknown", NULL, "  example \"x\"\n    given own_full 100, class healthy\n    expect b 0\n"),
    ONE("expect-kind", NULL, "  example \"x\"\n    given own_full 100\n    expect allowance b 0\n"),
    ONE("refusal-unknown", NULL, "  example \"x\"\n    given own_full 100\n    expect refused b not-today\n"),

    /* proofs */
    TWO("exception-overlap", "  benefit b", "  case x \"x\"\n    when died\n  case y \"y\"\n    when interim\n  benefit b", "pays 80%", "pays 80%, x 90%, y 70%"),
    TWO("", "  benefit b", "  case x \"x\"\n    when died\n  case y \"y\"\n    when interim\n  benefit b", "pays 80%", "pays 80%, x 90%, y 70% in order"),
    TWO("", "  benefit b", "  case x \"x\"\n    when died\n  case y \"y\"\n    when interim\n  benefit b", "pays 80%", "pays 80%, x 90%, y 70%, x and y 75%"),
    PROOF_TWO("", "  benefit b", "  case x \"x\"\n    when age < 18\n  case y \"y\"\n    when age >= 60\n  benefit b", "pays 80%", "pays 80%, x 90%, y 70%"),
    PROOF_TWO("exception-dead", "  benefit b", "  case x \"x\"\n    when visit = pharmacy\n  benefit b", "pays 80%", "pays 80%, x 90%"),
    PROOF_TWO("exception-dead", "  benefit b", "  case x \"x\"\n    when age < 18\n  case y \"y\"\n    when age < 10\n  benefit b", "pays 80%",
        "pays 80%, x 90%, y 70% in order"),
    PROOF("condition-never", "visit = inpatient", "visit = inpatient and visit = outpatient"),
    PROOF("condition-never", "visit = inpatient", "age > 60 and age < 18"),
    PROOF("condition-always", "visit = inpatient", "visit != inpatient or visit != outpatient"),
    PROOF("need-dead", "takes own_full", "needs age >= 60 else old \"old\"\n    needs age < 18 else young \"young\"\n    takes own_full"),
    PROOF("where-dead", "takes own_full", "needs visit = outpatient else out \"out\"\n    takes own_full"),
    PROOF("exclude-all", "takes own_full", "takes own_full\n    exclude x \"x\" when visit != outpatient"),
    PROOF("exclude-dead", "takes own_full", "takes own_full\n    exclude x \"x\" when visit = outpatient"),
    PROOF("exclude-dead", "  benefit b", "  exclude x \"x\" when visit = outpatient\n  benefit b"),
    PROOF("for-dead", "deductible 100", "counts at most 500 each year for visit = outpatient\n    deductible 100"),
    PROOF("for-dead", "cap 10_000", "limit 500 each year for visit = outpatient\n    cap 10_000"),
    PROOF("pays-nothing", "pays 80%", "pays 0%"),
    PROOF("pays-nothing", "pays 80%", "pays 80%\n    times 0%"),
    PROOF("pays-nothing", "cap 10_000 each year", "cap 0 each year"),
    PROOF("pays-nothing", "pays 80%", "pays 80%\n    first share 100% before deductible"),
    PROOF("shadowed", NULL, "  benefit c \"c\"\n    takes own_full\n    where visit = inpatient and ward = ordinary\n    deductible none\n    pays 10%\n    cap none\n"),
    PROOF("bucket-twice", NULL, "  benefit c \"c\"\n    takes own_full + own_first\n    where ward = ordinary\n    deductible none\n    pays 10%\n    cap none\n"),
    PROOF("bucket-special", NULL, "  benefit c \"c\"\n    takes own_full\n    deductible none\n    pays 10%\n    cap none\n"),
    PROOF("", NULL, "  benefit c \"c\"\n    takes rest of b\n    deductible none\n    pays 10%\n    cap none\n"),
    PROOF("", NULL, "  benefit c \"c\"\n    takes own_full\n    where visit = outpatient\n    deductible none\n    pays 10%\n    cap none\n"),
    PROOF("counts-below-deductible", "deductible 100", "counts at most 100 each year\n    deductible 100"),
    PROOF("", "deductible 100", "counts at most 100.01 each year\n    deductible 100"),
    PROOF("", "deductible 100", "counts at most 50 each stay\n    deductible 100"),
    PROOF("limit-above-cap", "cap 10_000", "limit 10_000 per item each year\n    cap 10_000"),
    PROOF("", "cap 10_000", "limit 9_999.99 per item each year\n    cap 10_000"),
    PROOF("tier-dead", "pays 80%", "counts at most 5_000 each year\n    pays 60% to 5_000 then 80%, on over each year"),
    PROOF("tier-behind-cap", "pays 80%", "pays 50% to 20_000 then 80%, on over each year"),
    PROOF("", "pays 80%", "pays 50% to 19_999 then 80%, on over each year"),
    PROOF_TWO("parameter-outside", "  benefit b", "  parameter x \"x\"\n    from 2022-01-01 .. 2022-12-31 1\n    from 2024-01-01 .. 3\n  benefit b",
        "deductible 100", "deductible x"),
    PROOF_TWO("entry-outside", "  benefit b", "  list l \"l\"\n    code \"A\"\n    code \"B\" from 2022-01-01 .. 2022-12-31\n  benefit b",
        "visit = inpatient", "code in list l"),
    PROOF_TWO("entry-twice", "  benefit b", "  list l \"l\"\n    code \"A\" group \"x\"\n    code \"A\"\n  benefit b", "visit = inpatient", "code in list l"),
    PROOF_TWO("code-shape", "  benefit b", "  list l \"l\" of diagnosis\n    code \"c34.900\"\n  benefit b", "visit = inpatient", "diagnosis in list l"),
    PROOF_TWO("code-shape", "  benefit b", "  list l \"l\" of procedure\n    code \"1.23\"\n  benefit b", "visit = inpatient", "procedure in list l"),
    PROOF_TWO("code-shape-unsure", "  benefit b", "  list l \"l\" of drug\n    code \"aspirin\"\n  benefit b", "visit = inpatient", "code in list l"),
    PROOF_TWO("code-brief", "  benefit b", "  list l \"l\" of diagnosis\n    code \"C34\"\n  benefit b", "visit = inpatient", "diagnosis in list l"),
    PROOF_TWO("", "  benefit b",
        "  list l \"l\" of diagnosis\n    code \"A01.001+K77.0*\"\n    code \"I10.x00x002\"\n    prefix \"C3\"\n    range \"I20\" .. \"I25\"\n  benefit b", "visit = inpatient", "diagnosis in list l"),
    PROOF_TWO("", "  benefit b",
        "  list l \"l\" of drug\n    code \"XL02BBA326A001010102180\"\n    code \"ZA04CAE0023010100166\"\n    prefix \"XL01\"\n    code \"86901110000020\"\n  benefit b", "visit = inpatient", "code in list l"),
};

/* "code code …" in the order of the report. */
static void check_codes(const struct check_result *r, char *out, size_t size) {
    size_t n = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < r->d->count && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s", i > 0 ? " " : "", r->d->items[i].code);
}

static void rows_are_found(void **state) {
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena a;
        char codes[512];
        arena_init(&a, 64U << 20);
        struct str text = check_changed(&a, STR(check_base), rows[i].from, rows[i].to);
        if (rows[i].from2) text = check_changed(&a, text, rows[i].from2, rows[i].to2);
        struct check_result r = check_run(&a, text, rows[i].prove, (struct plan_check_options){0});
        check_codes(&r, codes, sizeof(codes));
        bool same = strcmp(codes, rows[i].codes) == 0;
        wrong += !same;
        if (!same) print_error("row %zu: %s\n   gives \"%s\", not \"%s\"\n", i, rows[i].to, codes, rows[i].codes);
        arena_done(&a);
    }
    assert_int_equal(wrong, 0);
}

/* ---- findings that no single row shows --------------------------------------------------------------------- */

/* The base with `count` pieces, each made of `piece` with its number, in place of `at`. */
static struct str repeated(struct arena *a, const char *at, const char *piece, unsigned count, const char *then) {
    size_t size = (strlen(piece) + 20) * count + strlen(then) + 1, n = 0;
    char *all = arena_alloc(a, size, 1);
    assert_non_null(all);
    for (unsigned i = 0; i < count; i++) {
        const char *number = strstr(piece, "#");
        assert_non_null(number);
        n += (size_t)snprintf(all + n, size - n, "%.*s%u%s", (int)(number - piece), piece, i, number + 1);
    }
    (void)snprintf(all + n, size - n, "%s", then);
    return check_changed(a, STR(check_base), at, all);
}

#define TEN_CODES "\"0\", \"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\", \"9\", "

static const struct large {
    const char *code, *at, *piece;
    unsigned count;
    const char *then;
} larges[] = {
    {"too-many", "    cap 10_000", "      , x# 10%\n", 17, "    cap 10_000"},
    {"plan-too-large", "  benefit b", "  exclude x# \"x\" when code in (" TEN_CODES "\"#\") or region in (" TEN_CODES "\"a\")\n", 250, "  benefit b"},
};

static void sizes_are_bounded(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(larges); i++) {
        struct arena a;
        char codes[512];
        arena_init(&a, 64U << 20);
        struct str text = repeated(&a, larges[i].at, larges[i].piece, larges[i].count, larges[i].then);
        struct check_result r = check_run(&a, text, false, (struct plan_check_options){0});
        check_codes(&r, codes, sizeof(codes));
        if (!strstr(codes, larges[i].code)) fail_msg("row %zu gives \"%s\", not \"%s\"", i, codes, larges[i].code);
        arena_done(&a);
    }
}

/* Each case names the one before twice: thirty lines would be a billion nodes. */
static void doubling_is_refused(void **state) {
    (void)state;
    static const char *const pieces[] = {"  case x# \"x\"\n    when y# and y#\n", "  parameter x# \"x\"\n    from 2024-01-01 .. y# + y#\n"};
    static const char *const first[] = {"  case x0 \"x\"\n    when died\n", "  parameter x0 \"x\"\n    from 2024-01-01 .. 1\n"};
    for (size_t k = 0; k < COUNT_OF(pieces); k++) {
        struct arena a;
        char all[4096];
        size_t n = (size_t)snprintf(all, sizeof(all), "%s", first[k]);
        for (int i = 1; i <= 30; i++)
            for (const char *p = pieces[k]; *p; p++) {
                if (*p == '#' && p[-1] == 'x') n += (size_t)snprintf(all + n, sizeof(all) - n, "%d", i);
                else if (*p == '#') n += (size_t)snprintf(all + n, sizeof(all) - n, "%d", i - 1);
                else n += (size_t)snprintf(all + n, sizeof(all) - n, "%c", *p == 'y' ? 'x' : *p);
            }
        (void)snprintf(all + n, sizeof(all) - n, "  benefit b");
        arena_init(&a, 64U << 20);
        struct check_result r = check_run(&a, check_changed(&a, STR(check_base), "  benefit b", all), true, (struct plan_check_options){0});
        assert_non_null(check_found(&r, "too-deep"));
        arena_done(&a);
    }
}

/* A catalogue makes unknown codes visible: exact ones, prefixes without a code behind them, empty ranges. */
static void catalogue_is_compared(void **state) {
    (void)state;
    static const struct str known[] = {{"A00.000", 7}, {"A00.100", 7}, {"C34.900", 7}, {"I20.000", 7}};
    static const struct {
        const char *entry;
        bool unknown;
    } cases[] = {
        {"code \"C34.900\"", false}, {"code \"C34.901\"", true}, {"code \"Z99.900\"", true}, {"prefix \"C34\"", false}, {"prefix \"C35\"", true},
        {"range \"A00\" .. \"A09\"", false}, {"range \"D00\" .. \"D09\"", true}, {"range \"I10\" .. \"I20\"", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a;
        arena_init(&a, 64U << 20);
        struct str list = arena_printf(&a, "  list l \"l\" of diagnosis\n    %s\n  benefit b", cases[i].entry);
        struct str text = check_changed(&a, STR(check_base), "  benefit b", list.p);
        struct plan_check_options o = {.known_codes = known, .known_code_count = COUNT_OF(known)};
        struct check_result r = check_run(&a, check_changed(&a, text, "visit = inpatient", "diagnosis in list l"), true, o);
        if ((check_found(&r, "code-unknown") != NULL) != cases[i].unknown) fail_msg("%s", cases[i].entry);
        arena_done(&a);
    }
}

/* A question that cannot be decided is named and counted: more codes than the search looks at. */
static void open_questions_are_named(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 512U << 20);
    struct buf b;
    buf_init(&b, 4U << 20);
    /* Six hundred codes, each with its own days: more kinds of code than the world keeps. */
    buf_add_cstr(&b, "  list l \"l\"\n");
    for (int i = 0; i < 60; i++)
        for (int k = 0; k < 60; k++)
            buf_printf(&b, "    code \"%03d-%d\" from 2024-%02d-%02d .. 2024-%02d-%02d\n", i, k, 1 + i / 10, 1 + i % 10, 7 + k / 12, 1 + k % 12);
    buf_add_cstr(&b, "  benefit b");
    buf_add_char(&b, '\0');
    assert_false(b.failed);
    struct str text = check_changed(&a, STR(check_base), "  benefit b", b.p);
    struct check_result r = check_run(&a, check_changed(&a, text, "visit = inpatient", "code in list l and not (code in list l)"), true,
                                      (struct plan_check_options){0});
    const struct plan_diagnostic *d = check_found(&r, "not-decided");
    assert_non_null(d);
    assert_int_equal(d->verdict, PLAN_NOT_DECIDED);
    assert_int_equal(d->severity, PLAN_NOTE);
    assert_true(r.not_decided > 0);
    buf_done(&b);
    arena_done(&a);
}

/* ---- completeness ------------------------------------------------------------------------------------------------ */

static bool shown(const char *code) {
    static const char *const elsewhere[] = {"code-unknown", "not-decided", "too-deep"};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char words[256], wanted[64]; /* whole words: blanks around both */
        (void)snprintf(words, sizeof(words), " %s ", rows[i].codes);
        (void)snprintf(wanted, sizeof(wanted), " %s ", code);
        if (strstr(words, wanted)) return true;
    }
    for (size_t i = 0; i < COUNT_OF(larges); i++)
        if (strcmp(larges[i].code, code) == 0) return true;
    for (size_t i = 0; i < COUNT_OF(elsewhere); i++)
        if (strcmp(elsewhere[i], code) == 0) return true;
    return false;
}

static void every_code_has_a_row(void **state) {
    (void)state;
    static const char *const codes[] = {
#define X(id, severity, code, zh, en, hint_zh, hint_en) code,
#include "plan/check/check.def"
#undef X
    };
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        if (!shown(codes[i])) fail_msg("no test shows %s", codes[i]);
}

/* Facts: names are unique over both languages; words within their vocabulary. */
static void facts_are_distinct(void **state) {
    (void)state;
    for (uint32_t i = 0; i < PLAN_FACT_BUILT_IN; i++) {
        const struct plan_fact_info *f = plan_fact_info(i);
        assert_int_equal(plan_fact_find(str_from(f->en)), i);
        assert_int_equal(plan_fact_find(str_from(f->zh)), i);
        assert_int_equal(f->type == PLAN_VALUE_SYMBOL, f->word_count > 0);
        for (uint32_t k = 0; k < f->word_count; k++) {
            if (f->words[k].name[0] != '\0') assert_int_equal(plan_word_find(f->words, f->word_count, str_from(f->words[k].name)), k);
            assert_int_equal(plan_word_find(f->words, f->word_count, str_from(f->words[k].zh)), k);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_found),       cmocka_unit_test(sizes_are_bounded),        cmocka_unit_test(doubling_is_refused),
        cmocka_unit_test(catalogue_is_compared), cmocka_unit_test(open_questions_are_named), cmocka_unit_test(every_code_has_a_row),
        cmocka_unit_test(facts_are_distinct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
