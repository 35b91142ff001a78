/* The walker, clause by clause, against tables worked out by hand.
 *
 * A row is one plan and one or more bills of one person. What is expected stands in minor units: "pay 6400" is of the first benefit, "b2.pay"
 * of the benefit b2, "total" of the plan, "cell0.pay" of the first cell, "refused WORD" of the plan, "b1.refused WORD" of a benefit.
 * Steps and their expectations are separated by "|". The sums stand beside the rows, so that they can be checked with a pencil.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/examples/scene.h"

struct row {
    const char *name;
    const char *head;    /* sections beside the usual head */
    const char *benefits;/* from the first clause of benefit b1 on; more benefits may follow */
    const char *given;   /* steps */
    const char *expect;
};

#define PLAIN "deductible none\n pays 100%\n cap none\n"

static const struct row rows[] = {
    /* ---- deductible, ratio, cap ---- */
    {"nothing but a base", "", "takes own_full\n" PLAIN, "own_full 100", "base 10000 used 0 over 10000 pay 10000 total 10000 ratio 1000000"},
    {"one deductible a year", "", "takes own_full\n deductible 30 each year\n pays 80%\n cap none\n",
     /* 100 − 30 = 70 × 80% = 56; then nothing is left of the deductible: 50 × 80% = 40 */
     "own_full 100|own_full 50", "base 10000 used 3000 dedleft 0 over 7000 pay 5600 stopratio 1400|used 0 pay 4000"},
    {"a deductible filled by two bills", "", "takes own_full\n deductible 120 each year\n pays 50%\n cap none\n",
     /* 100 → filled 100, left 20; 100 → 20 used, 80 over, 40 */
     "own_full 100|own_full 100", "used 10000 dedleft 2000 over 0 pay 0|used 2000 dedleft 0 over 8000 pay 4000"},
    {"each claim begins anew", "", "takes own_full\n deductible 30 each claim\n pays 100%\n cap none\n",
     "own_full 100|own_full 100", "used 3000 pay 7000 changes 0|used 3000 pay 7000"},
    {"each stay: the same stay goes on, another begins anew", "", "takes own_full\n deductible 30 each stay\n pays 100%\n cap none\n",
     "stay \"A\", own_full 100|stay \"A\", own_full 100|stay \"B\", own_full 100", "used 3000|used 0|used 3000"},
    {"a lifetime", "", "takes own_full\n deductible 30 lifetime\n pays 100%\n cap none\n",
     "from 2024-01-01, own_full 20|from 2026-05-05, own_full 20", "used 2000|used 1000 pay 1000"},
    {"calendar years differ", "", "takes own_full\n deductible 30 each year\n pays 100%\n cap none\n",
     "from 2024-12-31, own_full 30|from 2025-01-01, own_full 30", "used 3000|used 3000"},
    {"a family fills one deductible", "", "takes own_full\n deductible 100 each year per family\n pays 100%\n cap none\n",
     "family \"F\", person \"1\", own_full 60|person \"2\", own_full 90", "used 6000 pay 0|used 4000 pay 5000"},
    {"without a family each person fills their own", "", "takes own_full\n deductible 100 each year per family\n pays 100%\n cap none\n",
     "person \"1\", own_full 60|person \"2\", own_full 90", "used 6000|used 9000"},
    {"cap, and what it leaves", "", "takes own_full\n deductible 10 each year\n pays 100%\n cap 100 each year\n",
     "own_full 80|own_full 80", "pay 7000 capleft 3000|pay 3000 stopcap 5000 capleft 0"},
    {"two caps: the smaller room decides, both count what was paid", "",
     "takes own_full\n deductible none\n pays 100%\n cap 100 each claim\n cap 150 each year\n",
     "own_full 120|own_full 120", "pay 10000 stopcap 2000 capleft 0|pay 5000 stopcap 7000 capleft 0"},
    {"a deductible never uses a cap", "", "takes own_full\n deductible 100 each year\n pays 100%\n cap 50 each year\n",
     "own_full 100|own_full 50", "pay 0 capleft 5000|pay 5000 capleft 0"},
    /* ---- choices ---- */
    {"by words", " reads insured_type", "takes own_full\n deductible by insured_type: employee 10, resident 20 each year\n pays 100%\n cap none\n",
     "insured_type employee, own_full 100", "used 1000"},
    {"by words, the other", " reads insured_type", "takes own_full\n deductible by insured_type: employee 10, resident 20 each year\n pays 100%\n cap none\n",
     "insured_type resident, own_full 100", "used 2000"},
    {"the exception that includes the other wins, wherever it stands",
     "class old \"老\" when age >= 60\n case hurt \"伤\" when cause = accident",
     "takes own_full\n deductible none\n pays 10%, old and hurt 30%, old 20%\n cap none\n",
     "age 70, own_full 100|cause accident, own_full 100|age 20, own_full 100", "pay 2000|pay 3000|pay 1000"},
    {"in order the first written wins", "class old \"老\" when age >= 60\n case hurt \"伤\" when cause = accident",
     "takes own_full\n deductible none\n pays 10%, hurt 20%, old 30% in order\n cap none\n",
     "age 70, own_full 100|cause accident, own_full 100", "pay 3000|pay 2000"},
    {"a class given by the policy beats what could be inferred", "class old \"老\" when age >= 60\n class sick \"病\" when age < 1",
     "takes own_full\n deductible none\n pays 10%, old 20%, sick 40% in order\n cap none\n",
     "age 70, class sick, own_full 100|class none, own_full 100", "pay 4000|pay 1000"},
    {"falling with claim-free years, not below a floor", "",
     "takes own_full\n deductible max(100 - 10 * claim_free_years, 70) each year\n pays 100%\n cap none\n",
     "claim_free_years 2, own_full 500|person \"2\", claim_free_years 5, own_full 500", "used 8000|used 7000"},
    {"money × ratio is rounded where it is written", "",
     /* 33.33 × 50% = 16.665 → 16.67 */
     "takes own_full\n deductible (33.33 * 50% rounded half-up) each year\n pays 100%\n cap none\n", "own_full 100", "used 1667"},
    {"a parameter has the value of the deciding day",
     "parameter line \"线\" from 2023-01-01 .. 2024-06-30 10\n from 2024-07-01 .. 20",
     "takes own_full\n deductible line each claim\n pays 100%\n cap none\n",
     "from 2024-06-30, own_full 100|from 2024-07-01, own_full 100", "used 1000|used 2000"},
    {"ratio × ratio", "", "takes own_full\n deductible none\n pays 80% * 50%\n cap none\n", "own_full 100", "pay 4000 ratio 400000"},
    {"min of two", "", "takes own_full\n deductible min(50, 10 * days) each claim\n pays 100%\n cap none\n",
     "days 3, own_full 100|days 30, own_full 100", "used 3000|used 5000"},
    /* ---- tiers ---- */
    {"tiers over the deductible, by difference", "",
     /* 100 − 10 = 90: 50 × 60% + 40 × 70% = 58; then 20 × 70% = 14 */
     "takes own_full\n deductible 10 each year\n pays 60% to 50 then 70%, on over each year\n cap none\n",
     "own_full 100|own_full 20", "pay 5800 ratio -1|pay 1400 ratio 700000"},
    {"tiers on the whole base", "",
     /* position 10 … 100: 40 × 60% (10 to 50) + 50 × 70% (50 to 100) = 24 + 35 = 59 */
     "takes own_full\n deductible 10 each year\n pays 60% to 50 then 70%, on base each year\n cap none\n", "own_full 100", "pay 5900"},
    {"the class of this visit, on the difference only", "case hurt \"伤\" when cause = accident",
     "takes own_full\n deductible none\n pays 60% to 50 then 70%, hurt 10% to 50 then 20%, on over each year\n cap none\n",
     /* 50 × 60% = 30; then the next 50 at 20% */
     "own_full 50|cause accident, own_full 50", "pay 3000|pay 1000"},
    {"rounded once, after the multiplier", "",
     /* 0.33 × 50% × 50% = 0.0825 → 0.08; rounding twice would give 0.17 × 50% = 0.085 → 0.09 */
     "takes own_full\n deductible none\n pays 50%\n times 50%\n cap none\n", "own_full 0.33", "pay 8 ratio 250000"},
    {"half up", "", "takes own_full\n deductible none\n pays 50%\n cap none\n", "own_full 0.05", "pay 3"},
    /* ---- first share ---- */
    {"first share before the deductible", "",
     /* 100 × 10% = 10 moved; 90 − 30 = 60 */
     "takes own_full\n first share 10% before deductible\n deductible 30 each year\n pays 100%\n cap none\n",
     "own_full 100", "base 10000 moved 1000 used 3000 over 6000 pay 6000 cell0.base 9000 cell0.moved 1000"},
    {"first share after the deductible", "",
     /* 100 − 30 = 70; 10% of it moved: 63 */
     "takes own_full\n first share 10% after deductible\n deductible 30 each year\n pays 100%\n cap none\n",
     "own_full 100", "base 10000 moved 700 used 3000 over 6300 pay 6300 cell0.base 9300"},
    /* ---- what is taken ---- */
    {"a benefit takes its base away from the next", "", "takes own_full\n deductible 90 each year\n pays 100%\n cap none\n benefit b2 \"二\"\n takes own_full + over_limit\n" PLAIN,
     "own_full 100, over_limit 7", "b1.pay 1000 b2.base 700 b2.pay 700 total 1700"},
    {"the rest of another: what it took and did not pay", "",
     /* b1: 100 × 60% = 60; the rest 40 × 50% = 20 */
     "takes own_full\n deductible none\n pays 60%\n cap none\n benefit b2 \"二\"\n takes rest of b1\n deductible none\n pays 50%\n cap none\n",
     "own_full 100", "b1.pay 6000 b2.base 4000 b2.pay 2000 total 8000"},
    {"a first share is not part of the rest", "",
     "takes own_full\n first share 20% before deductible\n deductible none\n pays 50%\n cap none\n benefit b2 \"二\"\n takes rest of b1\n" PLAIN,
     /* 20 moved; 80 × 50% = 40; rest 40 */
     "own_full 100", "b1.moved 2000 b1.pay 4000 b2.base 4000 total 8000"},
    {"a rest is taken once", "",
     "takes own_full\n deductible none\n pays 60%\n cap none\n benefit b2 \"二\"\n takes rest of b1\n deductible none\n pays 50%\n cap none\n"
     "benefit b3 \"三\"\n takes rest of b1\n" PLAIN,
     "own_full 100", "b2.base 4000 b3.base 0 b3.applies 0"},
    {"before other payers: the base of the statutory layer, at most what is left", "",
     /* 100, another paid 70: base 100 × 80% = 80, but only 30 is left */
     "takes own_full, before other payers\n deductible none\n pays 80%\n cap none\n", "own_full 100, paid commercial own_full 70",
     "base 10000 pay 3000 stopleft 5000"},
    {"what is left is less what earlier benefits of the plan paid", "",
     /* b1 takes and pays the 30 that are left; b2 stands on 100 − 30 = 70, and nothing is left to pay */
     "takes own_full\n" PLAIN "benefit b2 \"二\"\n takes own_full, before other payers\n" PLAIN, "own_full 100, paid commercial own_full 70",
     "b1.pay 3000 b2.base 7000 b2.pay 0 b2.stopleft 7000"},
    {"at share of a list, rounded per line", "list l \"l\"\n code \"A\" share 90%\n prefix \"B\" share 33.3%",
     /* 10.01 × 90% = 9.009 → 9.01; 1.00 × 33.3% = 0.333 → 0.33; not in the list: 0 */
     "takes own_full, at share of list l, rounded half-up per line\n" PLAIN,
     "line, code \"A\", own_full 10.01, line, code \"B7\", own_full 1, line, code \"C\", own_full 5", "base 934 cells 2 cell0.pay 901 cell1.pay 33"},
    {"an exact code comes before a prefix that is written first", "list l \"l\"\n prefix \"A\" share 10%\n code \"A1\" share 50%",
     "takes own_full, at share of list l, rounded half-up per line\n" PLAIN, "line, code \"A1\", own_full 10, line, code \"A2\", own_full 10", "cell0.pay 500 cell1.pay 100"},
    {"a list is read on the day of the line", "list l \"l\"\n code \"A\" from 2024-03-01 .. 2024-03-31",
     "takes own_full\n where code in list l\n" PLAIN,
     "from 2024-02-01, to 2024-05-01, line, code \"A\", date 2024-02-29, own_full 1, line, code \"A\", date 2024-03-01, own_full 2, line, code \"A\", date 2024-03-31, own_full 4, line, code \"A\", date 2024-04-01, own_full 8",
     "pay 600"},
    {"a range takes its ends and what begins with the last", "list l \"l\"\n range \"C00\" .. \"C97\"", "takes own_full\n where code in list l\n" PLAIN,
     "line, code \"C00\", own_full 1, line, code \"C97.900\", own_full 2, line, code \"C98\", own_full 4, line, code \"B99\", own_full 8", "pay 300"},
    {"a name is looked for when no code matches", "list l \"l\"\n name \"欧狄沃\"", "takes own_full\n where code in list l\n" PLAIN,
     "line, code \"X\", name \"进口欧狄沃注射液\", own_full 1, line, code \"X\", name \"别的\", own_full 2", "pay 100"},
    {"exclusions of the plan and of the benefit", "exclude work \"工伤\" when kind = bed",
     "takes own_full\n exclude herbs \"草药\" when kind = herb\n" PLAIN,
     "line, kind bed, own_full 1, line, kind herb, own_full 2, line, kind drug, own_full 4", "pay 400 cells 1"},
    {"an excluded line is left to a later benefit that does not exclude it", "", "takes own_full\n exclude herbs \"草药\" when kind = herb\n" PLAIN
     "benefit b2 \"二\"\n takes own_full\n" PLAIN, "line, kind herb, own_full 2, line, kind drug, own_full 4", "b1.pay 400 b2.pay 200"},
    {"with totals only what asks for kind or code is false", "", "takes own_full\n where kind != bed\n" PLAIN, "own_full 100", "applies 0 total 0"},
    /* ---- counts at most ---- */
    {"money each day: a bed at 50 a day", "", "takes own_full\n counts at most 50 each day for kind = bed\n" PLAIN,
     /* two days in one line: 2 × 50; the drug is not touched */
     "line, kind bed, qty 2, own_full 130, line, kind drug, own_full 70", "cutinput 3000 base 17000 cell0.base 10000 cell1.base 7000"},
    {"a quantity is rounded up", "", "takes own_full\n counts at most 50 each day for kind = bed\n" PLAIN, "line, kind bed, qty 1.5, own_full 130", "base 10000"},
    {"two bed lines of one day: the larger quantity", "", "takes own_full\n counts at most 50 each day for kind = bed\n" PLAIN,
     "line, kind bed, qty 2, own_full 100, line, kind bed, qty 1, own_full 100", "base 10000 cell0.base 5000 cell1.base 5000"},
    {"days are counted apart", "", "takes own_full\n counts at most 50 each day\n" PLAIN,
     "from 2024-01-01, to 2024-01-02, line, date 2024-01-01, own_full 80, line, date 2024-01-02, own_full 30", "base 8000 cell0.base 5000 cell1.base 3000"},
    {"money each year per item, over two bills", "", "takes own_full\n counts at most 100 per item each year\n" PLAIN,
     "line, code \"A\", own_full 70, line, code \"B\", own_full 20|line, code \"A\", own_full 70, line, code \"B\", own_full 20",
     "base 9000|base 5000 cell0.base 3000 cell1.base 2000"},
    {"per ingredient: ingredient, group of a list, code", "list l \"l\"\n code \"A1\" group \"a\"\n code \"A2\" group \"a\"\n exclude never \"无\" when code in list l and died",
     "takes own_full\n counts at most 100 per ingredient each year\n" PLAIN,
     /* A1 and A2 share group a: 120 → 100 (50 + 50); the ingredient a written on X joins no group but the same key; B alone */
     "line, kind drug, code \"A1\", own_full 60, line, kind drug, code \"A2\", own_full 60, line, kind drug, code \"B\", own_full 60, line, kind bed, code \"A1\", own_full 60",
     "base 22000 cell0.base 5000 cell1.base 5000 cell2.base 6000 cell3.base 6000"},
    {"lines without a code are never limited together", "", "takes own_full\n counts at most 100 per item each year\n" PLAIN,
     "line, own_full 90, line, own_full 150|line, own_full 90", "base 19000 cell1.base 10000 changes 0|base 9000"},
    {"times: quantities in line order, the last one in part", "", "takes own_full\n counts at most 3 times each year for kind = exam\n" PLAIN,
     /* 2 + 2 units: the second keeps 1 of 2: 100 × 1 ÷ 2 = 50 */
     "line, kind exam, qty 2, own_full 100, line, kind exam, qty 2, own_full 100, line, kind exam, own_full 100|line, kind exam, own_full 100",
     "base 15000 cells 2 cell1.base 5000|base 0 cutinput 10000 applies 0"},
    {"visits: the bill counts once, the third gets nothing", "", "takes own_full\n counts at most 2 visits each year\n" PLAIN,
     "line, own_full 10, line, own_full 10|own_full 10|own_full 10", "base 2000|base 1000|base 0 cutinput 1000"},
    {"what is cut may be taken by a later benefit", "", "takes own_full\n counts at most 60 each claim\n" PLAIN "benefit b2 \"二\"\n takes own_full\n" PLAIN,
     "own_full 100", "b1.pay 6000 b2.base 4000 b2.pay 4000"},
    {"with totals only a sub-limit cannot be checked", "", "takes own_full\n counts at most 10 per item each year\n limit 10 per implant each year\n" PLAIN,
     "own_full 100", "pay 10000 unproven 1"},
    /* ---- limits on the payout ---- */
    {"a limit cuts the payout and uses no cap", "", "takes own_full\n deductible none\n pays 50%\n limit 30 per implant each year\n cap 100 each year\n",
     /* 100 × 50% = 50 → 30; the drug 40 × 50% = 20; the cap keeps 50 */
     "line, kind implant, code \"S\", own_full 100, line, kind drug, own_full 40", "stoplimit 2000 pay 5000 capleft 5000 cell0.pay 3000 cell1.pay 2000"},
    {"the room of a limit falls with what was paid", "", "takes own_full\n deductible none\n pays 50%\n limit 70 per item each year\n cap none\n",
     "line, code \"A\", own_full 100|line, code \"A\", own_full 100", "pay 5000|pay 2000 stoplimit 3000"},
    {"cap after limit: in proportion to what the limit left", "", "takes own_full\n deductible none\n pays 100%\n limit 30 per item each claim for kind = drug\n cap 60 each claim\n",
     /* 100 → 30 and 90: 120, cap 60: 15 and 45 */
     "line, kind drug, code \"A\", own_full 100, line, kind bed, code \"B\", own_full 90", "stoplimit 7000 stopcap 6000 cell0.pay 1500 cell1.pay 4500"},
    {"shared cap: what the first took is not there for the second", "shared cap sc \"共\" 100 each year",
     "takes own_full\n deductible none\n pays 100%\n cap shared sc\n benefit b2 \"二\"\n takes over_limit\n deductible none\n pays 100%\n cap 80 each year\n cap shared sc\n",
     "own_full 70, over_limit 90", "b1.pay 7000 b1.capleft 3000 b2.pay 3000 b2.stopcap 6000 b2.capleft 0"},
    {"shared deductible: filled by both", "shared deductible sd \"共\" 100 each year",
     "takes own_full\n deductible shared sd\n pays 100%\n cap none\n benefit b2 \"二\"\n takes over_limit\n deductible shared sd\n pays 50%\n cap none\n",
     "own_full 70, over_limit 50", "b1.used 7000 b1.dedleft 3000 b2.used 3000 b2.pay 1000"},
    /* ---- other payers ---- */
    {"others fill a deductible", "", "takes own_full\n deductible 100 each year, filled by supplementary\n pays 100%\n cap none\n",
     /* another paid 40: 160 are left, 60 of them fill the deductible */
     "own_full 200, paid supplementary own_full 40", "base 16000 others 4000 used 6000 dedleft 0 pay 10000"},
    {"only the kinds that are named", "", "takes own_full\n deductible 100 each year, filled by supplementary\n pays 100%\n cap none\n",
     "own_full 200, paid commercial own_full 40", "base 16000 others 0 used 10000 pay 6000"},
    {"only on what the benefit takes", "", "takes own_full\n deductible 100 each year, filled by supplementary\n pays 100%\n cap none\n",
     "own_full 200, over_limit 50, paid supplementary over_limit 40", "others 0 used 10000"},
    {"others cannot fill more than there is", "", "takes own_full\n deductible 100 each year, filled by supplementary\n pays 100%\n cap none\n",
     "own_full 300, paid supplementary own_full 250", "others 10000 used 0 pay 5000"},
    {"others fill a shared deductible once a cell", "shared deductible sd \"共\" 100 each year, filled by supplementary",
     /* 30 of others on the one cell fill once: b1 sees 30 and uses 50 (its base is cut to 50), b2 the last 20 */
     "takes own_full\n counts at most 50 each claim\n deductible shared sd\n pays 100%\n cap none\n benefit b2 \"二\"\n takes own_full\n deductible shared sd\n pays 100%\n cap none\n",
     "own_full 150, paid supplementary own_full 30", "b1.others 3000 b1.used 5000 b2.others 0 b2.used 2000 b2.base 7000 b2.pay 5000"},
    /* ---- gates ---- */
    {"not settled by the basic insurance", "", "needs statutory settled\n takes own_full\n" PLAIN, "settled no, own_full 100", "b1.refused not-settled-by-basic-insurance total 0"},
    {"the first need that does not hold", "", "needs sex = F else not-her \"否\"\n needs age > 100 else not-old \"否\"\n takes own_full\n" PLAIN, "own_full 100", "b1.refused not-her"},
    {"waiting", "waiting 30 days unless cause = accident", "takes own_full\n" PLAIN,
     "first_enrolled 2024-01-01, from 2024-01-30, own_full 1|from 2024-01-31, own_full 1|from 2024-01-30, cause accident, own_full 1", "refused in-waiting-period|pay 100|pay 100"},
    {"a waiting period of one benefit", "waiting 30 days", "waiting none\n takes own_full\n" PLAIN "benefit b2 \"二\"\n takes over_limit\n" PLAIN,
     "first_enrolled 2024-01-01, from 2024-01-10, own_full 1, over_limit 2", "b1.pay 100 b2.refused in-waiting-period total 100"},
    {"void before anything else", "", "takes own_full\n" PLAIN, "status void, from 2000-01-01, own_full 1", "refused policy-void"},
    {"lapsed", "", "takes own_full\n" PLAIN, "status lapsed, own_full 1", "refused policy-lapsed"},
    {"grace is in force", "", "takes own_full\n" PLAIN, "status grace, own_full 1", "pay 100"},
    {"before and after the plan's force", "", "takes own_full\n" PLAIN, "from 2022-12-31, own_full 1", "refused not-in-force"},
    {"outside the policy", "", "takes own_full\n" PLAIN, "cover 2024-03-01 .. 2025-02-28, from 2025-03-01, own_full 1", "refused out-of-cover"},
    {"a stay over the end of cover belongs to the day it began", "", "takes own_full\n" PLAIN,
     "cover 2024-03-01 .. 2025-02-28, from 2025-02-27, to 2025-03-02, own_full 1", "pay 100"},
    /* ---- segments ---- */
    {"line dates in two years: two deductibles", "by-line", "takes own_full\n deductible 30 each year\n pays 100%\n cap none\n",
     "from 2024-12-20, to 2025-01-05, line, date 2024-12-31, own_full 100, line, date 2025-01-01, own_full 50",
     "segments 2 pay 7000 total 9000 used 3000"},
    {"lines outside cover are left out", "by-line", "takes own_full\n" PLAIN,
     "cover 2024-03-01 .. 2025-02-28, from 2025-02-27, to 2025-03-02, line, date 2025-02-28, own_full 1, line, date 2025-03-01, own_full 2", "total 100 segments 1"},
    /* ---- splitting ---- */
    {"largest remainder", "", "takes own_full\n deductible none\n pays 50%\n cap none\n",
     /* bases 1, 1, 1 fen: 1.5 → 2 fen; shares 0.67 each: ties go to the earlier */
     "line, own_full 0.01, line, own_full 0.01, line, own_full 0.01", "pay 2 cell0.pay 1 cell1.pay 1 cell2.pay 0"},
    {"in line order", "", "takes own_full\n deductible none\n pays 50%\n cap none\n splits in line order\n",
     "line, own_full 40, line, own_full 40, line, own_full 40", "cell0.pay 4000 cell1.pay 2000 cell2.pay 0"},
    /* ---- allowance ---- */
    {"an allowance after three days, at most five a stay, seven a year", "",
     "allowance 100 each day after 3 days, at most 5 days each stay, at most 7 days each year\n",
     "stay \"A\", days 10, own_full 1|stay \"B\", days 10, own_full 1|stay \"C\", days 10, own_full 1", "days 5 pay 50000 total 0|days 2 pay 20000|days 0 pay 0 applies 1"},
    {"intensive care", "", "allowance 500 each icu-day after 5 days, at most 10 days each stay\n", "icu_days 7, own_full 1", "days 2 pay 100000"},
    {"no day is left", "", "allowance 500 each icu-day after 5 days\n", "icu_days 5, own_full 1", "days 0 applies 0"},
    /* ---- counters before, as an example gives them ---- */
    {"counters before", "", "takes own_full\n deductible 100 each year\n pays 60% to 50 then 70%, on over each year\n cap 90 each year\n",
     /* 30 of the deductible, over before 40: 10 × 60% + 20 × 70% = 20; the cap has 15 left */
     "before b1 filled 70, before b1 over 40, before b1 paid 75, own_full 60", "used 3000 over 3000 stopcap 500 pay 1500 capleft 0"},
    /* ---- first diagnosis ---- */
    {"first diagnosed before first enrolment", "list sick \"病\" of diagnosis\n prefix \"C\"\n class sick \"病\" when first diagnosis of list sick before first enrolment",
     "takes own_full\n deductible none\n pays 80%, sick 40%\n cap none\n",
     "first_enrolled 2024-02-01, from 2024-03-01, history \"C50\" since 2024-01-31, own_full 10|history \"C50\" since 2024-02-01, own_full 10|own_full 10",
     "pay 400 noevidence 0|pay 800 noevidence 0|pay 800 noevidence 1"},
};

/* ---- running a row ------------------------------------------------------------------------------------------ */

struct bench {
    struct arena a;
    struct plan *plan;
    struct scene scene;
    struct plan_counters counters;
    struct plan_result r;
    const char *row;
};

static void plan_make(struct bench *t, const struct row *row) {
    bool by_line = strcmp(row->head, "by-line") == 0;
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_printf(&text, "plan t \"表\"\n kind commercial\n source \"table\", grade D\n in force 2023-01-01 ..\n counts by %s\n years are calendar years\n"
               " currency CNY, rounded half-up once per benefit\n %s\n benefit b1 \"一\"\n %s\n example \"e\"\n",
               by_line ? "line date" : "discharge, over the end by admission", by_line ? "" : row->head, row->benefits);
    for (const char *step = row->given; *step;) {
        size_t n = strcspn(step, "|");
        buf_printf(&text, " given %.*s\n expect total 0\n", (int)n, step);
        step += n + (step[n] == '|');
    }
    struct plan_source *source = ARENA_NEW(&t->a, struct plan_source);
    struct plan_diagnostics *d = ARENA_NEW(&t->a, struct plan_diagnostics);
    struct plan_library lib = {0};
    struct plan_file *file = NULL;
    *source = (struct plan_source){STR("row.plan"), arena_str(&t->a, buf_view(&text))};
    buf_done(&text);
    assert_null(plan_parse(&t->a, source, d, &file).err);
    if (d->error_count == 0) assert_null(plan_library_add(&t->a, &lib, file, d).err);
    if (d->error_count == 0) assert_null(plan_check(&t->a, file->plans[0], &lib, &(struct plan_check_options){0}, d).err);
    if (d->error_count > 0) {
        struct buf out;
        buf_init(&out, 1 << 20);
        for (uint32_t i = 0; i < d->count; i++) plan_diagnostic_print(&d->items[i], false, true, false, &out);
        fail_msg("%s: %.*s", row->name, STR_FMT(buf_view(&out)));
    }
    t->plan = file->plans[0];
}

static const struct plan_benefit_result *benefit_named(const struct bench *t, const char *name) {
    for (uint32_t i = 0; i < t->r.benefit_count; i++)
        if (str_eq(t->plan->benefits[t->r.benefits[i].benefit].name, str_from(name))) return &t->r.benefits[i];
    fail_msg("%s: no benefit %s", t->row, name);
    return NULL;
}

static int64_t field_of(const struct bench *t, const struct plan_benefit_result *b, const char *f) {
    const struct {
        const char *name;
        int64_t v;
    } fields[] = {{"base", b->base}, {"used", b->deductible_used}, {"dedleft", b->deductible_left}, {"over", b->over}, {"pay", b->pay},
                  {"ratio", b->ratio_ppm}, {"capleft", b->cap_left}, {"stopratio", b->stop_ratio}, {"stoplimit", b->stop_limit}, {"stopcap", b->stop_cap},
                  {"stopleft", b->stop_left}, {"moved", b->moved}, {"cutinput", b->cut_input}, {"others", b->filled_by_others}, {"applies", b->applies},
                  {"unproven", b->unproven}, {"days", b->allowance_days}};
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (strcmp(fields[i].name, f) == 0) return fields[i].v;
    fail_msg("%s: no field %s", t->row, f);
    return 0;
}

/* "0.pay", "2.base", "1.moved" */
static int64_t cell_of(const struct bench *t, const char *word) {
    char *part = NULL;
    unsigned long cell = strtoul(word, &part, 10);
    if (cell >= t->r.cell_count) fail_msg("%s: only %u cells", t->row, t->r.cell_count);
    const struct plan_cell *c = &t->r.cells[cell];
    if (strcmp(part, ".pay") == 0) return c->pay;
    if (strcmp(part, ".base") == 0) return c->base;
    assert_string_equal(part, ".moved");
    return c->moved;
}

static int64_t value_of(const struct bench *t, const char *word) {
    if (strcmp(word, "total") == 0) return t->r.pay;
    if (strcmp(word, "segments") == 0) return t->r.segment_count;
    if (strcmp(word, "cells") == 0) return t->r.cell_count;
    if (strcmp(word, "changes") == 0) return t->r.change_count;
    if (strcmp(word, "noevidence") == 0) return t->r.no_evidence;
    if (strncmp(word, "cell", 4) == 0) return cell_of(t, word + 4);
    const char *dot = strchr(word, '.');
    char name[8] = "b1";
    if (dot) snprintf(name, sizeof(name), "%.*s", (int)(dot - word), word);
    return field_of(t, benefit_named(t, name), dot ? dot + 1 : word);
}

static struct str refusal_of(const struct bench *t, const char *word) {
    if (strcmp(word, "refused") == 0) return str_from(plan_refusal_code(t->r.refusal));
    char name[8];
    snprintf(name, sizeof(name), "%.2s", word);
    const struct plan_benefit_result *b = benefit_named(t, name);
    if (b->refusal == PLAN_REFUSAL_CUSTOM) return t->plan->benefits[b->benefit].needs[b->need_index].refusal;
    return str_from(plan_refusal_code((enum plan_refusal)b->refusal));
}

/* The next word before `end`, copied; false when there is none. */
static bool next_word(const char **at, const char *end, char ret[40]) {
    size_t n = 0;
    while (*at < end && **at == ' ') (*at)++;
    while (*at < end && **at != ' ') {
        assert_true(n < 39);
        ret[n++] = *(*at)++;
    }
    ret[n] = '\0';
    return n > 0;
}

/* One step's expectations: pairs of words. */
static void expect_step(const struct bench *t, const char *text, size_t n) {
    char word[40], value[40];
    for (const char *at = text, *end = text + n; next_word(&at, end, word);) {
        assert_true(next_word(&at, end, value));
        if (strstr(word, "refused")) {
            struct str code = refusal_of(t, word);
            if (!str_eq(code, str_from(value))) fail_msg("%s: %s: expected %s, got %.*s", t->row, word, value, STR_FMT(code));
            continue;
        }
        int64_t wanted = strtoll(value, NULL, 10), got = value_of(t, word);
        if (got != wanted) fail_msg("%s: step %u: %s: expected %lld, got %lld", t->row, t->scene.step, word, (long long)wanted, (long long)got);
    }
}

static void row_run(const struct row *row) {
    struct bench t = {.row = row->name};
    const char *expect = row->expect;
    arena_init(&t.a, (size_t)64 << 20);
    plan_make(&t, row);
    plan_counters_init(&t.counters, &t.a);
    assert_true(scene_init(&t.scene, &t.a, t.plan));
    const struct plan_example *x = &t.plan->examples[0];
    for (uint32_t i = 0; i < x->step_count; i++) {
        struct plan_input in;
        size_t n = strcspn(expect, "|");
        if (!scene_read(&t.scene, &x->steps[i])) fail_msg("%s: given %.*s", row->name, STR_FMT(t.scene.wrong->word));
        assert_true(scene_input(&t.scene, &in));
        assert_null(scene_counters(&t.scene, &x->steps[i], &in, &t.counters).err);
        assert_null(plan_walk(&t.a, t.plan, &in, &t.counters, &t.r).err);
        expect_step(&t, expect, n);
        for (uint32_t k = 0; k < t.r.change_count; k++) assert_null(plan_counters_set(&t.counters, &t.r.changes[k].key, t.r.changes[k].after).err);
        expect += n + (expect[n] == '|');
    }
    assert_int_equal(*expect, '\0');
    arena_done(&t.a);
}

static void test_rows(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) row_run(&rows[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
