"""compare: the documented example, and files as insurers and operators really send them."""
import csv
import io
import json
import re
from pathlib import Path

from harness import PLANS, case, contains, equal, main, true

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo" / "claims-huhuibao-2023.csv"
HEAD = "claim,person,from,region,visit,own_full,paid"


def compare(y, name, *argv, chain="huhuibao-2023", plans=ROOT / "plans", **more):
    return y.run("compare", "--plans", plans, "--chain", chain, name, *argv, **more)


def rows(*lines):
    return "\n".join((HEAD, *lines)) + "\n"


def clause(word, after):
    """The line of the plan where `word` begins a line, behind the line that begins with `after`."""
    seen = False
    for number, text in enumerate((ROOT / "plans" / "huhuibao-2023.plan").read_text(encoding="utf-8").splitlines(), 1):
        seen = seen or text.strip().startswith(after)
        if seen and text.strip().startswith(word):
            return f"huhuibao-2023:{number}"
    raise AssertionError(f"no clause {word}")


INPATIENT = 'benefit inpatient '
SEEDED = {
    "C2023-0040": ("deductible", "deductible", 3158638, 2038638),
    "C2023-0071": ("ratio", "pays", 2855238, 2039456),
    "C2023-0096": ("cap", "cap", 110950000, 100000000),
    "C2023-0120": ("refused", "needs", 1120000, 0),
    "C2023-0151": ("rounding", "pays", 661971, 661970),
    "C2023-0183": ("refused", "benefit", 0, 902160),
}


# ---- the demonstration ------------------------------------------------------------------------------------------


@case("demonstration: 97 % agree, and each seeded difference is found with its clause")
def _(y):
    r = compare(y, DEMO, "--json", "--report", "differences.csv", code=1)
    got = json.loads(r.out)
    equal((got["claims"], got["rows"], got["agree"], got["within_one"]), (200, 316, 194, 195), "agreement", r)
    found = {d["claim"]: d for d in got["differences"]}
    equal(set(found), set(SEEDED), "which claims differ", r)
    for claim, (cause, word, paid, computed) in SEEDED.items():
        d = found[claim]
        equal((d["cause"], d["paid"], d["computed"]), (cause, paid, computed), claim, r)
        equal(d["clause"], clause(word, INPATIENT), f"clause of {claim}", r)
        if computed > 0:
            contains(d["clauses"], clause("deductible", INPATIENT), f"clauses of {claim}")
    source = DEMO.read_text(encoding="utf-8").splitlines()
    for d in got["differences"]:
        true(source[d["row"] - 1].startswith(d["claim"] + ","), f"row {d['row']} is that of {d['claim']}")
    report = list(csv.DictReader(io.StringIO(y.path("differences.csv").read_text(encoding="utf-8"))))
    equal([r["claim"] for r in report], [d["claim"] for d in got["differences"]], "the report has them all")
    equal(report[0]["difference"], "11200.00", "amounts of the report are yuan")
    persons = set(re.findall(r",(P\d{3}),", DEMO.read_text(encoding="utf-8")))
    true(persons and not any(p in y.path("differences.csv").read_text() or p in r.out for p in persons), "no person in the report or on the screen")


@case("demonstration: on the screen, in both languages, and as documented")
def _(y):
    r = compare(y, DEMO, code=1)
    contains(r.out, ("97.00 %", "97.50 %", "200", "C2023-0040", "免赔额", "as if no deductible were taken"), "screen", r)
    true(r.err == "", "no progress line but on a terminal", r)
    document = (ROOT / "docs" / "compare.md").read_text(encoding="utf-8")
    for claim, (cause, *_) in SEEDED.items():
        true(re.search(rf"\| {claim} \|.*\| {cause} \|", document), f"{claim} is documented")
    for figure in ("97.00 %", "97.50 %", "194 of 200", "316 lines"):
        contains(document, figure, "document")
    en = compare(y, DEMO, "--lang", "en", code=1)
    true(not re.search("[\u4e00-\u9fff]", en.out), "English only", en)


# ---- agreement -----------------------------------------------------------------------------------------------------


@case("full agreement: exit 0, and counters run per person through the file")
def _(y):
    # (15,000 − 16,000) nothing; (15,000 + 3,000 − 16,000) × 70 %; another person begins afresh
    y.write("c.csv", rows("1,A,2023-02-01,310000,inpatient,15000,0", "2,A,2023-03-01,310000,inpatient,3000,1400", "3,B,2023-03-01,310000,inpatient,17000,700.00"))
    r = compare(y, "c.csv", "--json", code=0)
    equal(json.loads(r.out)["agree"], 3, "agree", r)
    y.write("c.csv", rows("1,,2023-02-01,310000,inpatient,15000,0", "2,,2023-03-01,310000,inpatient,3000,0"))
    compare(y, "c.csv", code=0)  # without a person each claim stands alone


@case("Chinese words, byte order mark and CRLF are read")
def _(y):
    y.write("c.csv", b"\xef\xbb\xbf" + rows("1,A,2023-02-01,310000,住院,17000,700").replace("\n", "\r\n").encode())
    compare(y, "c.csv", code=0)


@case("several amounts: by benefit, by plan, in one file")
def _(y):
    y.write("c.csv", "claim,from,region,own_full,paid,paid:inpatient,paid:huhuibao-2023,paid:huhuibao-2023.proton\n1,2023-02-01,310000,17000,700,700,700,0\n"
                     "2,2023-02-01,310000,17000,700,600,700,0\n")
    r = compare(y, "c.csv", "--json", code=1)
    got = json.loads(r.out)
    equal((got["claims"], got["agree"], [d["column"] for d in got["differences"]]), (2, 1, ["paid:inpatient"]), "units", r)
    y.write("c.csv", "claim,from,region,own_full,paid:inpatientt\n1,2023-02-01,310000,17000,700\n")
    contains(compare(y, "c.csv", code=2).err, "claim-column-paid", "an unknown benefit")


CAUSES = (  # paid, cause, word in the sentence; own_full 50,000 of a healthy person in the first year: (50,000 − 16,000) × 70 % = 23,800
    ("23800.01", "rounding", "rounded"),
    ("0", "refused", "nothing was paid"),
    ("35000", "deductible", "no deductible"),
    ("21000", "deductible", "20,000.00"),
    ("17000", "ratio", "50%"),
    ("23456.78", "other", "no single cause"),
)


@case("likely causes")
def _(y):
    for paid, cause, word in CAUSES:
        y.write("c.csv", rows(f"1,A,2023-02-01,310000,inpatient,50000,{paid}"))
        r = compare(y, "c.csv", "--json", code=1)
        d = json.loads(r.out)["differences"][0]
        equal(d["cause"], cause, f"paid {paid}", r)
        contains(d["en"], word, f"paid {paid}", r)
    y.write("c.csv", rows("1,A,2024-02-01,310000,inpatient,50000,100"))
    d = json.loads(compare(y, "c.csv", "--json", code=1).out)["differences"][0]
    equal(d["cause"], "refused", "out of force")
    contains(d["en"], "not in force", "out of force")
    y.write("c.csv", rows("1,A,2023-02-01,310000,outpatient,50000,100"))
    d = json.loads(compare(y, "c.csv", "--json", code=1).out)["differences"][0]
    contains(d["en"], "no benefit applies", "outside the scope")


@case("the screen shows 20 differences and says how to get the rest")
def _(y):
    y.write("c.csv", rows(*(f"{n},{n},2023-02-01,310000,inpatient,50000,1" for n in range(30))))
    r = compare(y, "c.csv", code=1)
    contains(r.out, ("30", "--report"), "screen", r)
    compare(y, "c.csv", "--report", "d.csv", code=1)
    equal(len(y.path("d.csv").read_text().splitlines()), 31, "rows of the report")


# ---- bad input --------------------------------------------------------------------------------------------------------

BAD = (  # row, code, place
    ("1,A,2023-13-01,310000,inpatient,1,0", "bill-day", "2:from"),
    ("1,A,2023-02-01,310000,inpatientt,1,0", "bill-word", "2:visit"),
    ("1,A,2023-02-01,310000,inpatient,\"1,000\",0", "claim-amount", "2:own_full"),
    ("1,A,2023-02-01,310000,inpatient,1.001,0", "claim-amount", "2:own_full"),
    ("1,A,2023-02-01,310000,inpatient,-1,0", "bill-amount-negative", "2:totals.own_full"),
    ("1,A,2023-02-01,310000,inpatient,1,", "claim-amount", "2:paid"),
    ("1,A,2023-02-01,310000,inpatient,1,-5", "claim-paid-negative", "2:paid"),
    ("1,A,2023-02-01,,inpatient,1,0", "bill-member-missing", "2:region"),
    (",A,2023-02-01,310000,inpatient,1,0", "claim-id", "2:claim"),
    ("1,A,2023-02-01,310000,inpatient,1,0\n1,A,2023-02-01,310000,inpatient,1,0", "claim-twice", "3:claim"),
    ("1,A,2023-02-01,310000,inpatient,1", "csv-field-count", "2"),
    ("1,A,2023-02-01,310000,inpatient,99999999999999999999,0", "claim-amount", "2:own_full"),
)


@case("bad rows: code, row and column, exit 2, no report")
def _(y):
    for text, code, place in BAD:
        y.write("c.csv", rows(text))
        r = compare(y, "c.csv", "--report", "r.csv", code=2)
        contains(r.err, (code, f"c.csv: {place}"), text, r)
        true(r.out == "" and not y.path("r.csv").exists(), f"nothing half done: {text}", r)
    y.write("c.csv", rows(*(f"{n},A,x,310000,inpatient,1,0" for n in range(50))))
    r = compare(y, "c.csv", "--lang", "en", code=2)
    equal(r.err.count("bill-day"), 20, "at most 20 are listed", r)
    true("ID-OF-A-PERSON" not in compare(y, y.write("c.csv", rows("1,ID-OF-A-PERSON,x,310000,inpatient,1,0")), code=2).err, "no person in messages")


@case("bad columns: unknown, missing, twice")
def _(y):
    for head, code in (("claim,from,region,own_full,payed", "claim-column-unknown"), ("claim,region,own_full,paid", "claim-column-missing"),
                       ("claim,from,region,own_full", "claim-column-missing"), ("claim,from,from,region,paid", "csv-header")):
        y.write("c.csv", head + "\n")
        contains(compare(y, "c.csv", code=2).err, code, head)
    y.write("c.csv", b"")
    contains(compare(y, "c.csv", code=2).err, "csv-empty", "empty file")
    contains(compare(y, "absent.csv", code=2).err, "file-not-found", "no file")


@case("a class that the plan does not have is an error, not a healthy person")
def _(y):
    y.write("c.csv", "claim,from,region,class,own_full,paid\n1,2023-02-01,310000,prior,17000,500\n")
    contains(compare(y, "c.csv", code=2).err, ("claim-class", "2:class"), "class")
    y.write("c.csv", "claim,from,region,class,own_full,paid\n1,2023-02-01,310000,prior-condition,17000,500\n2,2023-02-01,310000,none,17000,700\n")
    compare(y, "c.csv", code=0)


# ---- lines --------------------------------------------------------------------------------------------------------------


@case("a row a line: rows of one claim together, its own columns in the first")
def _(y):
    head = "claim,from,to,region,paid,code,name,kind,own_full\n"
    y.write("c.csv", head + "1,2023-02-01,2023-02-09,310000,2800,A,甲,drug,10000\n1,,,,,B,乙,implant,10000\n2,2023-02-01,2023-02-09,310000,0,FW1,PET-CT 检查,exam,16000\n")
    compare(y, "c.csv", code=0)
    y.write("c.csv", head + "1,2023-02-01,,310000,2800,A,甲,drug,10000\n1,2023-02-02,,,,B,乙,implant,10000\n")
    contains(compare(y, "c.csv", code=2).err, ("claim-rows-disagree", "3:from"), "disagree")
    y.write("c.csv", head + "1,2023-02-01,,310000,2800,A,甲,drug,10000\n2,2023-02-02,,310000,0,B,乙,implant,10\n1,,,,,B,乙,implant,10000\n")
    contains(compare(y, "c.csv", code=2).err, ("claim-twice", "4:claim"), "apart")
    y.write("c.csv", head + "1,2023-02-01,,310000,2800,A,甲,drug,10000\n1,,,,,B,乙,implant,-10\n")
    contains(compare(y, "c.csv", code=2).err, "3:lines[1]", "a finding names the row of its line")


@case("formula injection: texts of the report that begin like a formula are guarded")
def _(y):
    y.write("c.csv", rows("=HYPERLINK(1),A,2023-02-01,310000,inpatient,50000,1", "@x,B,2023-02-01,310000,inpatient,50000,1", "-3,C,2023-02-01,310000,inpatient,50000,1"))
    compare(y, "c.csv", "--report", "r.csv", code=1)
    report = list(csv.DictReader(io.StringIO(y.path("r.csv").read_text(encoding="utf-8"))))
    equal([r["claim"] for r in report], ["'=HYPERLINK(1)", "'@x", "'-3"], "guarded")


# ---- the map ------------------------------------------------------------------------------------------------------------------


@case("a map: other names, words, constants and fen")
def _(y):
    y.write("op.csv", "理赔号,客户号,入院日期,就诊方式,自费金额,赔付金额,备注\nA1,1,2023-05-01,普通住院,1700000,70000,x\nA2,1,2023-06-01,门诊,1700000,0,y\n")
    good = {"columns": {"claim": "理赔号", "person": "客户号", "from": "入院日期", "visit": "就诊方式", "own_full": "自费金额", "paid:inpatient": "赔付金额"},
            "words": {"visit": {"普通住院": "inpatient", "门诊": "outpatient"}}, "constants": {"region": "310000"}, "unit": "fen"}
    compare(y, "op.csv", "--map", y.write("map.json", good), code=0)
    for change, code in (({"unit": "cents"}, "map-member"), ({"colums": {}}, "map-member"), ({"columns": {"claim": "没有"}}, "map-column-absent"),
                         ({"columns": {"claimm": "理赔号"}}, "map-column-unknown"), ({"words": {"visit": {"门诊": 1}}}, "map-member")):
        contains(compare(y, "op.csv", "--map", y.write("map.json", {**good, **change}), code=2).err, code, str(change))
    contains(compare(y, "op.csv", "--map", y.write("map.json", "{"), code=2).err, "json-", "not JSON")


# ---- usage ---------------------------------------------------------------------------------------------------------------------


@case("usage: chain and plans are asked for; an unknown chain is told")
def _(y):
    y.write("c.csv", rows("1,A,2023-02-01,310000,inpatient,1,0"))
    contains(y.run("compare", "c.csv", code=2).err, "--plans", "plans")
    contains(y.run("compare", "--plans", PLANS, "c.csv", code=2).err, "--chain", "chain")
    contains(compare(y, "c.csv", chain="nothing", code=2).err, "plan-unknown", "unknown")


if __name__ == "__main__":
    main()
