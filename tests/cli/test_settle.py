"""yijie settle: amounts, answer, state, chains, exit codes. All sums by hand; see the comment at the first case."""
import copy
import os
import re

from harness import PLANS, bill, case, contains, equal, line, main, true

# The stay of harness.bill(): 60,000.00. Fund 20,000.00 off in_scope. Left: in_scope 28,000, own_first 2,000, own_full 10,000.
#   city inside    base 30,000 - 10,000 = 20,000 x 80 % = 16,000.00
#   city outside   base 10,000 -  5,000 =  5,000 x 70 % =  3,500.00          together 19,500.00: 甲 60 % 11,700.00, 乙 40 % 7,800.00
#   百万医疗        left 14,000 + 6,500 = 20,500; deductible 5,000 is filled by the city's money; x 90 % = 18,450.00
#   patient        60,000 - 20,000 - 19,500 - 18,450 = 2,050.00             allowance (14 - 3) days x 100.00 = 1,100.00
# The same stay again in the year: deductibles are filled. inside 24,000.00, outside 7,000.00; 百万医疗 9,000 x 90 % = 8,100.00; patient 900.00.
FIRST = {"city-2022": 1950000, "百万医疗": 1845000, "patient": 205000}
SECOND = {"city-2022": 3100000, "百万医疗": 810000, "patient": 90000}
MEMBERS = {
    "bill": str, "revision": int, "total": int, "status": str, "stage": str, "chain": list, "payers": list, "hospital": int, "patient": dict,
    "allowances": list, "not_paid": list, "refusals": list,
}
PAYER = {"payer": str, "kind": str, "policy": (str, type(None)), "status": str, "reason": (str, type(None)), "pay": int, "expected": int, "pay_to": str,
         "benefits": list, "co_insurers": list}
BENEFIT = {"benefit": str, "base": int, "deductible_used": int, "deductible_left": (int, type(None)), "ratio": (str, type(None)), "pay": int,
           "cap_left": (int, type(None)), "why": list}


def second():
    return bill("B-2", **{"from": "2022-08-20", "to": "2022-08-30", "stay": "STAY-2"})


def typed(got, want, what):
    for name, kind in want.items():
        true(name in got, f"{what} lacks {name}")
        true(isinstance(got[name], kind) and not (kind is int and isinstance(got[name], bool)), f"{what}.{name} is {got[name]!r}")


def payer(answer, name):
    found = [p for p in answer["payers"] if p["payer"] == name]
    true(found, f"no payer {name} in {[p['payer'] for p in answer['payers']]}")
    return found[0]


def whole(answer):
    """What every settled answer promises (the contract of the answer)."""
    typed(answer, MEMBERS, "answer")
    paid = 0
    for p in answer["payers"]:
        typed(p, PAYER, p["payer"])
        paid += p["pay"]
        true(p["kind"] in ("statutory", "supplementary", "commercial", "programme"), f"kind {p['kind']}")
        true(p["status"] in ("paid", "later", "refused"), f"status {p['status']}")
        if not p["payer"].startswith("statutory:"):
            true(re.fullmatch("[0-9a-f]{64}", p["plan_hash"]), "plan_hash is 64 hex digits")
            true(isinstance(p["engine"], int), "engine is a number")
            equal(sum(b["pay"] for b in p["benefits"]), p["pay"], f"benefits of {p['payer']}")
        if p["co_insurers"]:
            equal(sum(c["pay"] for c in p["co_insurers"]), p["pay"], "co-insurers")
        for b in p["benefits"]:
            typed(b, BENEFIT, b["benefit"])
            true(b["ratio"] is None or re.fullmatch(r"[0-9]+(\.[0-9]+)?", b["ratio"]), f"ratio {b['ratio']!r} is decimal text")
            for why in b["why"]:
                typed(why, {"code": str, "zh": str, "en": str, "clause": (str, type(None))}, "why")
                true(why["zh"] and why["en"] and why["clause"], f"a reason without words or clause: {why}")
                true("{" not in why["zh"] + why["en"], f"a place is not filled in: {why}")
    patient = answer["patient"]
    typed(patient, {"account": int, "cash": int, "payout": int, "deposit": int, "due": int}, "patient")
    equal(answer["total"], paid + answer["hospital"] + patient["account"] + patient["cash"] - patient["payout"], "the identity")
    equal(patient["due"], patient["cash"] - patient["deposit"], "due")
    true(min([answer["hospital"], patient["account"], patient["cash"], patient["payout"], *(p["pay"] for p in answer["payers"])]) >= 0, "nothing is negative")
    equal(sum(n["amount"] for n in answer["not_paid"]), patient["account"] + patient["cash"] - patient["payout"], "not_paid")
    for n in answer["not_paid"]:
        typed(n, {"bucket": str, "amount": int, "why": dict}, "not_paid")
        true(n["amount"] > 0 and n["why"]["zh"] and n["why"]["en"], f"not_paid {n}")


def amounts(answer, want):
    for name, value in want.items():
        if name == "patient":
            equal(answer["patient"]["cash"], value, "cash")
        else:
            equal(payer(answer, name)["pay"], value, name)


def row(text, label):
    """The last amount on the first line that begins with the label."""
    for text_line in text.splitlines():
        found = re.findall(r"-?[0-9][0-9,]*\.[0-9]{2}", text_line)
        if text_line.strip().startswith(label) and found:
            return found[-1]
    raise AssertionError(f"no row {label!r} in\n{text}")


# ---- amounts and the answer --------------------------------------------------------------------------------


@case("one bill: every payer's share, as JSON")
def _(y):
    y.write("a.json", bill())
    r = y.settle("--json", "a.json", code=0)
    equal(r.err, "", "stderr", r)
    [answer] = r.answers()
    whole(answer)
    equal((answer["bill"], answer["revision"], answer["total"], answer["status"], answer["stage"]), ("B-1", 1, 6000000, "settled", "final"), "head")
    equal(answer["chain"], ["statutory:hifp_pay", "city-2022", "百万医疗"], "chain")
    amounts(answer, {**FIRST, "statutory:hifp_pay": 2000000})
    equal([p["kind"] for p in answer["payers"]], ["statutory", "supplementary", "commercial"], "kinds")
    equal(payer(answer, "city-2022")["co_insurers"], [{"insurer": "甲保险", "pay": 1170000}, {"insurer": "乙保险", "pay": 780000}], "co-insurers")
    equal(answer["allowances"], [{"payer": "百万医疗", "benefit": "住院津贴", "days": 11, "pay": 110000}], "allowances")
    inside, outside = payer(answer, "city-2022")["benefits"]
    equal([inside[k] for k in ("benefit", "base", "deductible_used", "deductible_left", "ratio", "pay", "cap_left")],
          ["inside", 3000000, 1000000, 0, "0.8", 1600000, 8400000], "inside")
    equal([outside[k] for k in ("base", "deductible_used", "deductible_left", "ratio", "pay", "cap_left")],
          [1000000, 500000, 0, "0.7", 350000, None], "outside: no cap, so cap_left is null")
    true(answer["demonstration"] is True and payer(answer, "百万医疗")["demonstration"] is True, "grade D says so")
    true("demonstration" not in payer(answer, "city-2022"), "grade B does not")


@case("one bill: the table for people, in each language")
def _(y):
    y.write("a.json", bill())
    for lang, rows in (("en", ("total", "pooled fund", "City cover 2022 (test)", "own payment inside", "Million cover (test)", "patient")),
                       ("zh", ("总额", "统筹基金", "城市补充 2022（测试）", "目录内自付", "百万医疗（测试）", "患者负担"))):
        r = y.settle("--lang", lang, "a.json", code=0)
        equal([row(r.out, label) for label in rows], ["60,000.00", "20,000.00", "19,500.00", "16,000.00", "18,450.00", "2,050.00"], lang, r)
        contains(r.out, ("city-2022", ":14", "[百万医疗:13]", "1,100.00"), "clause and allowance", r)
        true("\033" not in r.out, "no colours into a pipe", r)
        true(all(width(text) <= 100 for text in r.out.splitlines()), "a line is wider than 100 columns", r)
    both = y.settle("a.json", code=0)
    contains(both.out, ("患者", "patient", "总额", "total"), "both languages", both)
    true(all(width(text) <= 100 for text in both.out.splitlines()), "a line is wider than 100 columns", both)


def width(text):
    import unicodedata
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


@case("--lang: one language means one language")
def _(y):
    y.write("a.json", bill())
    en = y.settle("--lang", "en", "a.json", chain="city-2022", code=0)
    true(not re.search("[\u4e00-\u9fff]", en.out.replace("甲保险", "").replace("乙保险", "")), "Chinese in --lang en", en)
    zh = y.settle("--lang", "zh", "a.json", chain="city-2022", code=0)
    for word in ("payer", "patient", "total", "deductible of", "base", "why"):
        true(word not in zh.out, f"{word!r} in --lang zh", zh)
    equal(y.settle("a.json", chain="city-2022", env={"YIJIE_LANG": "en"}).out, en.out, "YIJIE_LANG")
    equal(y.settle("--lang", "en", "a.json", chain="city-2022", env={"YIJIE_LANG": "zh"}).out, en.out, "--lang before YIJIE_LANG")
    for given in (("--lang", "fr"), ("--lang=",)):
        r = y.settle(*given, "a.json", code=2 if given[0] == "--lang" else 0)
        true(given[0] != "--lang" or "option-value" in r.err, "option-value", r)


@case("--lines: shares per line, bucket and payer add up")
def _(y):
    y.write("a.json", bill())
    [answer] = y.settle("--json", "--lines", "a.json", code=0).answers()
    for p in answer["payers"]:
        equal(sum(x["pay"] for x in answer["lines"] if x["payer"] == p["payer"]), p["pay"], p["payer"])
    by_line = {n: sum(x["pay"] for x in answer["lines"] if x["line"] == n) for n in (1, 2, 3)}
    for n, amount in ((1, 3000000), (2, 2000000), (3, 1000000)):
        true(0 < by_line[n] <= amount, f"line {n}: {by_line[n]} of {amount}")
    equal(6000000 - sum(by_line.values()), answer["patient"]["cash"], "what is left of the lines is the patient's")
    equal({(x["line"], x["pay"]) for x in answer["lines"] if x["payer"] == "statutory:hifp_pay"}, {(1, 1250000), (2, 750000)}, "the fund in proportion")
    true("lines" not in y.settle("--json", "a.json").answers()[0], "only with --lines")
    contains(y.settle("--lines", "--lang", "en", "a.json", code=0).out.split("by line")[1].splitlines()[1], ("statutory:hifp_pay", "12,500.00"), "first row")


@case("the amounts of a chain by name and of the same plans by name are equal")
def _(y):
    y.write("a.json", bill())
    [by_name] = y.settle("--json", "a.json", code=0).answers()
    [by_plans] = y.settle("--json", "a.json", chain="city-2022,百万医疗", code=0).answers()
    equal(by_name.pop("chain_name"), "city", "chain_name")
    equal(by_name, by_plans, "answers")
    [turned] = y.settle("--json", "a.json", chain="百万医疗,city-2022", code=0).answers()
    whole(turned)
    equal([p["payer"] for p in turned["payers"]][1:], ["百万医疗", "city-2022"], "the written order is the order of payment")
    amounts(turned, {"百万医疗": 3150000})  # 40,000 - 5,000 (nobody filled it) = 35,000 x 90 %


@case("then policies by date: the policies of the bill in order, with their numbers")
def _(y):
    b = bill(policies=[{"plan": "百万医疗", "policy": "NO-7", "from": "2022-01-01", "to": "2022-12-31", "status": "in_force", "first_enrolled": "2020-01-01"}])
    y.write("a.json", b)
    [answer] = y.settle("--json", "a.json", chain="by-policy", code=0).answers()
    whole(answer)
    amounts(answer, FIRST)
    equal(payer(answer, "百万医疗")["policy"], "NO-7", "policy number")
    b["policies"][0]["status"] = "lapsed"
    y.write("lapsed.json", b)
    [answer] = y.settle("--json", "lapsed.json", chain="by-policy", code=0).answers()
    whole(answer)
    equal((payer(answer, "百万医疗")["status"], payer(answer, "百万医疗")["reason"], payer(answer, "百万医疗")["pay"]), ("refused", "policy-lapsed", 0), "lapsed")
    true(any(r.get("payer") == "百万医疗" and r["code"] == "policy-lapsed" for r in answer["refusals"]), "refusals")
    b["policies"][0].update(status="in_force", plan="no-such-plan")
    y.write("unknown.json", b)
    r = y.settle("unknown.json", chain="by-policy", code=2)
    equal(r.out, "", "stdout", r)
    contains(r.err, ("plan-unknown", "no-such-plan"), "stderr", r)


@case("not settled by the basic insurance: the city refuses by its own terms, money stays whole")
def _(y):
    y.write("a.json", bill(statutory={"settled": False, "stage": "none"}))
    [answer] = y.settle("--json", "a.json", chain="city-2022", code=1).answers()
    whole(answer)
    equal(answer["status"], "refused", "every plan asked refused")
    equal((payer(answer, "city-2022")["status"], payer(answer, "city-2022")["reason"]), ("refused", "not-settled-by-basic-insurance"), "refusal")
    equal(answer["patient"]["cash"], 6000000, "the patient bears all")
    contains(y.settle("--lang", "zh", "a.json", chain="city-2022", code=1).out, "未经基本医保结算", "words")


@case("statutory plan in the chain: simulated when the bill has no result, skipped with a note when it has one")
def _(y):
    y.write("none.json", bill(statutory={"settled": False, "stage": "none"}))
    [answer] = y.settle("--json", "none.json", chain="simulated", code=0).answers()
    whole(answer)
    amounts(answer, {"basic-2022": 4012000})  # (48,000 - 800) x 85 %
    # left: in_scope 7,880 + own_first 2,000 = 9,880 < 10,000; own_full (10,000 - 5,000) x 70 %
    amounts(answer, {"city-2022": 350000, "patient": 6000000 - 4012000 - 350000})
    y.write("given.json", bill())
    [answer] = y.settle("--json", "given.json", chain="simulated", code=0).answers()
    whole(answer)
    equal([p["payer"] for p in answer["payers"]], ["statutory:hifp_pay", "city-2022"], "the plan is skipped")
    equal([n["code"] for n in answer["notes"]], ["statutory-result-given"], "with a note")
    contains(y.settle("--lang", "en", "given.json", chain="simulated", code=0).out, "skipped", "table")


@case("personal account, deposit, hospital's own part")
def _(y):
    statutory = {"settled": True, "stage": "final", "funds": {"hifp_pay": 2000000}, "account": 300000, "hospital_part": 100000}
    y.write("a.json", bill(statutory=statutory, deposit=150000))
    [answer] = y.settle("--json", "a.json", code=0).answers()
    whole(answer)
    # hospital 1,000 off in_scope: inside (29,000 - 10,000) x 80 % = 15,200; 百万医疗 (29,000 - 15,200 + 6,500) x 90 % = 18,270
    amounts(answer, {"city-2022": 1870000, "百万医疗": 1827000})
    # remainder 60,000 - 1,000 - 20,000 - 18,700 - 18,270 = 2,030; the account paid 3,000 already: 970 go back
    equal(answer["hospital"], 100000, "hospital")
    equal(answer["patient"], {"account": 300000, "cash": 0, "payout": 97000, "deposit": 150000, "due": -150000}, "patient")
    out = y.settle("--lang", "en", "a.json", code=0).out
    equal([row(out, s) for s in ("borne by the hospital", "personal account", "paid out", "due after")], ["1,000.00", "3,000.00", "970.00", "-1,500.00"], "rows")


@case("--as-of decides for a plan that counts by settlement")
def _(y):
    text = (PLANS / "city-2022.plan").read_text("utf-8").replace("counts by discharge, over the end by admission", "counts by settlement, over the end by admission")
    y.write("plans/city-2022.plan", text)
    y.write("a.json", bill())
    for day, status, code in (("2022-12-31", "paid", 0), ("2023-01-01", "refused", 1)):
        [answer] = y.run("settle", "--plans", "plans", "--chain", "city-2022", "--as-of", day, "--json", "a.json", code=code).answers()
        equal(payer(answer, "city-2022")["status"], status, day)
    for bad in ("2022-02-30", "tomorrow", ""):
        r = y.settle("--as-of", bad, "a.json", code=2)
        contains(r.err, "option-value", "stderr", r)


@case("totals only: settled, and marked as unproven where a sub-limit could not be checked")
def _(y):
    text = (PLANS / "city-2022.plan").read_text("utf-8").replace("    cap none\n", "    limit 1_000 per item each year\n    cap none\n")
    y.write("plans/city-2022.plan", text)
    y.write("a.json", bill(lines=None, totals={"own_full": 1000000, "over_limit": 0, "own_first": 200000, "in_scope": 4800000}))
    [answer] = y.run("settle", "--plans", "plans", "--chain", "city-2022", "--json", "a.json", code=0).answers()
    whole(answer)
    amounts(answer, {"city-2022": 1950000})
    true(answer.get("unproven") is True, "unproven")


# ---- state --------------------------------------------------------------------------------------------------


@case("state: two runs and one run over two bills give the same answers and the same bytes")
def _(y):
    y.write("a.json", bill())
    y.write("b.json", second())
    one = y.settle("--json", "--state", "one.json", "a.json", "b.json", code=0)
    first = y.settle("--json", "--state", "two.json", "a.json", code=0)
    then = y.settle("--json", "--state", "two.json", "b.json", code=0)
    equal(one.out, first.out + then.out, "answers")
    equal(y.path("one.json").read_bytes(), y.path("two.json").read_bytes(), "state")
    a, b = one.answers()
    whole(a)
    whole(b)
    amounts(a, FIRST)
    amounts(b, SECOND)
    true("P-1" not in y.path("one.json").read_text("utf-8") and "演示人" not in y.path("one.json").read_text("utf-8"), "no person in the state file")
    text = y.settle("--lang", "en", "a.json", "b.json", code=0).out.split("all bills together")[1]
    equal([row(text, s) for s in ("total", "funds", "plans", "patient")], ["120,000.00", "40,000.00", "77,050.00", "2,950.00"], "sums over bills")


@case("state: without --state each run begins anew; within a run counters still run on")
def _(y):
    y.write("a.json", bill())
    y.write("b.json", second())
    amounts(y.settle("--json", "b.json", code=0).answers()[0], {"city-2022": 1950000})
    amounts(y.settle("--json", "a.json", "b.json", code=0).answers()[1], SECOND)
    equal(sorted(p.name for p in y.folder.iterdir()), ["a.json", "b.json"], "nothing is left behind")


@case("state: another person, and another year, have counters of their own")
def _(y):
    y.write("a.json", bill())
    y.write("other.json", bill("B-3", person={"id_kind": "99", "id": "P-2"}))
    y.settle("--state", "s.json", "a.json", code=0)
    amounts(y.settle("--json", "--state", "s.json", "other.json", code=0).answers()[0], FIRST)
    text = (PLANS / "million.plan").read_text("utf-8")
    y.write("plans/million.plan", text)
    y.write("b.json", bill("B-4", **{"from": "2023-02-01", "to": "2023-02-15"}, lines=[line(1, own_full=1000000)], statutory={"settled": True}))
    [answer] = y.run("settle", "--plans", "plans", "--chain", "百万医疗", "--json", "--state", "s.json", "b.json", code=0).answers()
    amounts(answer, {"百万医疗": 450000})  # the deductible of the new year


@case("a bill already settled is refused with exit 1 and leaves no trace; others of the run are settled")
def _(y):
    y.write("a.json", bill())
    y.write("b.json", second())
    y.settle("--state", "s.json", "a.json", code=0)
    before = y.path("s.json").read_bytes()
    r = y.settle("--json", "--state", "s.json", "a.json", code=1)
    equal([a["status"] for a in r.answers()], ["refused"], "status", r)
    equal(r.answers()[0]["refusals"][0]["code"], "bill-already-settled", "code", r)
    equal(y.path("s.json").read_bytes(), before, "state")
    r = y.settle("--json", "--state", "s.json", "a.json", "b.json", code=1)
    equal([a["status"] for a in r.answers()], ["refused", "settled"], "the worst exit code wins, the other bill is settled", r)
    amounts(r.answers()[1], SECOND)
    r = y.settle("--json", "a.json", "a.json", code=1)
    equal([a["status"] for a in r.answers()], ["settled", "refused"], "also within one run", r)
    contains(y.settle("--state", "s.json", "a.json", code=1).out, ("bill-already-settled", "已结算", "settled already"), "words")
    y.write("other.json", bill(hospital="H2"))
    equal(y.settle("--json", "--state", "s.json", "other.json", code=0).answers()[0]["status"], "settled", "a bill number belongs to its hospital")


@case("a chain of another region refuses with exit 1")
def _(y):
    y.write("a.json", bill(insured_region="310000"))
    r = y.settle("--json", "--state", "s.json", "a.json", code=1)
    equal(r.answers()[0]["refusals"][0]["code"], "chain-wrong-region", "code", r)
    true('"bills": []' in y.path("s.json").read_text("utf-8") or not y.path("s.json").exists(), "no bill is recorded")


@case("all bills are read before the first is settled: one bad bill, nothing written, nothing printed")
def _(y):
    y.write("a.json", bill())
    y.write("bad.json", bill("B-2", total=1))
    for existing in (False, True):
        if existing:
            y.settle("--state", "s.json", "a.json", code=0)
        y.write("c.json", bill("B-9"))
        before = y.path("s.json").read_bytes() if existing else None
        r = y.settle("--state", "s.json", "c.json", "bad.json", code=2)
        equal(r.out, "", "stdout", r)
        contains(r.err, ("bad.json", "bill-total"), "stderr", r)
        equal(y.path("s.json").read_bytes() if y.path("s.json").exists() else None, before, "state")
    r = y.settle("--json", "--state", "s.json", "a.json", "bad.json", code=2)
    equal(r.out, "", "bad input is worse than a refusal: no answer at all", r)


@case("a fact that a plan reads and the bill lacks: exit 2, named, nothing settled")
def _(y):
    text = (PLANS / "city-2022.plan").read_text("utf-8").replace("  co-insurers", "  reads poor\n  co-insurers").replace("pays 80%", "pays by poor: yes 90%, no 80%")
    y.write("plans/city-2022.plan", text)
    y.write("a.json", bill(facts={"poor": True}))
    y.write("b.json", second())
    [answer] = y.run("settle", "--plans", "plans", "--chain", "city-2022", "--json", "a.json", code=0).answers()
    amounts(answer, {"city-2022": 2150000})
    r = y.run("settle", "--plans", "plans", "--chain", "city-2022", "--state", "s.json", "a.json", "b.json", code=2)
    equal(r.out, "", "stdout", r)
    contains(r.err, ("b.json", "fact-missing", "poor"), "stderr", r)
    true(not y.path("s.json").exists(), "no state")


@case("--dry-run computes from the state and writes nothing")
def _(y):
    y.write("a.json", bill())
    y.write("b.json", second())
    y.settle("--dry-run", "--state", "s.json", "a.json", code=0)
    equal(sorted(p.name for p in y.folder.iterdir()), ["a.json", "b.json"], "no state, no lock")
    y.settle("--state", "s.json", "a.json", code=0)
    before = y.path("s.json").read_bytes()
    amounts(y.settle("--json", "--dry-run", "--state", "s.json", "b.json", code=0).answers()[0], SECOND)
    equal(y.path("s.json").read_bytes(), before, "state")


# ---- names, options, exit codes -------------------------------------------------------------------------------


@case("unknown names and options: exit 2, nothing on stdout, a hint that helps")
def _(y):
    y.write("a.json", bill())
    y.write("empty/.keep", "")
    y.write("bad/x.plan", "plan x \"甲\"\n  kind commercial\n  bogus\n")
    plans = str(PLANS)
    for argv, parts in (
        (("settle", "--plans", plans, "--chain", "nowhere", "a.json"), ("plan-unknown", "nowhere", "city-2022", "by-policy")),
        (("settle", "--plans", plans, "--chain", "", "a.json"), ("plan-unknown",)),
        (("settle", "--plans", plans, "--chain", "city-2022,", "a.json"), ("plan-unknown",)),
        (("settle", "--plans", plans, "--chain", "city-2022,city-2022", "a.json"), ("chain-plan-twice",)),
        (("settle", "--plans", "missing", "--chain", "city", "a.json"), ("file-not-found", "missing")),
        (("settle", "--plans", "empty", "--chain", "city", "a.json"), ("plans-none", "empty")),
        (("settle", "--plans", "bad", "--chain", "x", "a.json"), ("x.plan:3",)),
        (("settle", "--plans", plans, "a.json"), ("option-missing", "--chain")),
        (("settle", "--chain", "city", "a.json"), ("option-missing", "--plans")),
        (("settle", "--plans", plans, "--chain", "city"), ("argument-missing", "BILL.json")),
        (("settle", "--plans", plans, "--chain", "city", "--colour", "pink", "a.json"), ("option-value", "pink")),
        (("settle", "--plans", plans, "--chain", "city", "--stat", "s", "a.json"), ("option-unknown", "--stat")),
        (("settle", "--plans", plans, "--chain", "city", "--codes", "s", "a.json"), ("option-unknown", "--codes")),
        (("settle", "--plans", plans, "--chain", "city", "a.json", "--state"), ("option-value", "--state")),
        (("settle", "--plans", plans, "--chain", "city", "--json=yes", "a.json"), ("option-value", "--json")),
        (("settle", "--plans", plans, "--chain", "city", "missing.json"), ("missing.json", "file-not-found")),
        (("settle", "--plans", plans, "--chain", "city", "empty"), ("file-not-regular",)),
        (("sittle",), ("command-unknown", "sittle")),
        (("plan",), ("command-unknown",)),
        (("plan", "chekc", "a.plan"), ("command-unknown", "chekc")),
        (("bill", "check"), ("argument-missing",)),
        (("version", "x"), ("argument-surplus", "x")),
        (("completion", "tcsh"), ("shell-unknown", "bash")),
        (("help", "nothing"), ("command-unknown", "nothing")),
    ):
        r = y.run(*argv, code=2)
        equal(r.out, "", "stdout", r)
        contains(r.err, parts, "stderr", r)
        true(re.search("[\u4e00-\u9fff]", r.err) and ("提示" in r.err or ".plan:" in r.err), "both languages and a hint", r)
        true(not re.search("[\u4e00-\u9fff]", y.run(*argv, env={"YIJIE_LANG": "en"}).err.replace("百万医疗", "").replace("甲", "")), f"English only: {argv}")


@case("errors as JSON: one object a line, with every member")
def _(y):
    import json
    y.write("bad.json", bill(total=1, deposit=-1))
    r = y.settle("--json", "bad.json", code=2)
    equal(r.out, "", "stdout", r)
    found = [json.loads(text) for text in r.err.splitlines()]
    equal({f["code"] for f in found}, {"bill-total", "bill-amount-negative"}, "all findings of one pass", r)
    for f in found:
        typed(f, {"code": str, "file": str, "place": str, "zh": str, "en": str, "hint_zh": str, "hint_en": str}, "error")
        true(f["zh"] and f["en"] and f["hint_zh"] and f["hint_en"], "words", r)
    equal(json.loads(y.run("settle", "--json", "--plans", PLANS, "x.json", code=2).err)["code"], "option-missing", "usage errors too")


@case("options: --name=value, -- ends them, order does not matter, bill from standard input")
def _(y):
    import json
    y.write("-odd.json", bill())
    want = y.settle("--json", "./-odd.json", code=0).out
    equal(y.run("settle", f"--plans={PLANS}", "--chain=city", "--json", "--", "-odd.json", code=0).out, want, "--")
    equal(y.run("settle", "./-odd.json", "--json", "--chain", "city", "--plans", PLANS, code=0).out, want, "order")
    equal(y.settle("--json", "-", stdin=json.dumps(bill()).encode(), code=0).out, want, "stdin")


@case("warnings of a bill go to standard error and do not stop it")
def _(y):
    y.write("a.json", bill(lines=[line(1, in_scope=6000000, date="2021-01-01")]))
    r = y.settle("--json", "a.json", code=0)
    contains(r.err, ("bill-line-date-outside",), "stderr", r)
    whole(r.answers()[0])


@case("interim, unknown and newborn persons, returns, two currencies in one run")
def _(y):
    base = bill()
    returned = copy.deepcopy(base)
    returned["lines"].append({**line(4, own_full=0), "amount": -400000, "own_full": -400000, "qty": "-1", "returns": 3})
    y.write("r.json", returned)
    [answer] = y.settle("--json", "r.json", code=0).answers()
    whole(answer)
    equal(answer["total"], 5600000, "netted")
    amounts(answer, {"city-2022": 1670000})  # outside: (6,000 - 5,000) x 70 %
    y.write("u.json", bill("B-5", person={"unknown": "EMG-1"}))
    y.write("n.json", bill("B-6", person={"newborn_of": "P-1"}))
    y.settle("u.json", "n.json", code=0)
    y.write("a.json", base)
    y.write("eur.json", bill("B-7", currency="EUR"))
    r = y.settle("--json", "a.json", "eur.json", code=1)
    euro = r.answers()[1]
    equal([a["status"] for a in r.answers()], ["settled", "refused"], "the worst exit code wins", r)
    whole(euro)
    equal([payer(euro, p)["reason"] for p in ("city-2022", "百万医疗")], ["currency-differs"] * 2, "currency", r)
    y.settle("a.json", "eur.json", code=1)


@case("the result does not depend on locale, time zone or the current folder")
def _(y):
    y.write("a.json", bill())
    want = y.settle("a.json", code=0).out
    for env in ({"LC_ALL": "C"}, {"LC_ALL": "zh_CN.UTF-8"}, {"TZ": "Asia/Shanghai"}, {"LC_ALL": "de_DE.UTF-8", "TZ": "America/New_York"}):
        equal(y.settle("a.json", env=env, code=0).out, want, str(env))
    os.mkdir(y.path("sub"))
    y.folder = y.folder / "sub"
    equal(y.settle("../a.json", code=0).out, want, "folder")


@case("many bills of many persons in one run")
def _(y):
    files = [y.write(f"{i}.json", bill(f"B-{i}", person={"id_kind": "99", "id": f"P-{i % 7}"})) for i in range(60)]
    r = y.settle("--json", "--state", "s.json", *files, code=0)
    answers = r.answers()
    equal(len(answers), 60, "answers")
    for a in answers:
        whole(a)
    for i in range(7):
        amounts(answers[i], FIRST)
        amounts(answers[i + 7], SECOND)


if __name__ == "__main__":
    main()
