"""Bad input: a clear error with code, place, both languages and hint on standard error, exit 2, nothing on standard output, no crash.
Good but unusual input, such as rare characters, is accepted and survives."""
import json
import os
import random
import re

from harness import PLANS, bill, case, contains, equal, line, main, true

HAN = re.compile("[\u4e00-\u9fff]")


def text_of(**changes):
    return json.dumps(bill(**changes), ensure_ascii=False)


def swapped(old, new, **changes):
    text = text_of(**changes)
    true(old in text, f"{old!r} is in the bill")
    return text.replace(old, new, 1)


def refused(r, parts, what):
    equal((what, r.code), (what, 2), "exit code", r)
    equal(r.out, "", f"{what}: stdout", r)
    contains(r.err, parts, what, r)
    true(HAN.search(r.err) and re.search("[a-z]{3,} [a-z]+", r.err), f"{what}: both languages", r)
    true("提示" in r.err or "= " in r.err or "hint" in r.err, f"{what}: a hint", r)


# ---- bills -----------------------------------------------------------------------------------------------------

DEEP = "[" * 40 + "]" * 40
BILLS = [  # what, content, what stderr must hold
    ("empty file", b"", "json-empty"),
    ("blank file", b" \n\t", "json-"),
    ("truncated", text_of()[:len(text_of()) // 2].encode(), "json-"),
    ("truncated by one byte", text_of()[:-1].encode(), "json-"),
    ("binary", bytes(random.Random(7).randrange(256) for _ in range(4096)), "json-"),
    ("an ELF file", b"\x7fELF\x02\x01\x01" + bytes(200), "json-"),
    ("17 MiB", b" " * (17 * 1024 * 1024), "file-too-large"),
    ("just above 16 MiB", swapped('"B-1"', '"B-1", "ext": {"x": "' + "y" * 10 + '"}').encode() + b" " * (16 * 1024 * 1024), "file-too-large"),
    ("deeply nested", swapped('"B-1"', f'"B-1", "ext": {{"x": {DEEP}}}'), "json-too-deep"),
    ("a million brackets", b"[" * 1000000, "json-"),
    ("an array", "[]", "bill-not-object"),
    ("a number", "7", "bill-not-object"),
    ("two documents", text_of() + text_of(), "json-trailing-text"),
    ("duplicate key", swapped('"revision": 1', '"revision": 1, "revision": 1'), ("json-duplicate-key",)),
    ("duplicate key in ext", swapped('"B-1"', '"B-1", "ext": {"a": 1, "\\u0061": 2}'), "json-duplicate-key"),
    ("GBK", text_of(department="胸外科").encode("gb18030"), "json-not-utf8"),
    ("Latin-1", text_of().encode().replace("演示人".encode(), b"J\xfcrgen"), "json-not-utf8"),
    ("overlong UTF-8", text_of().encode().replace(b'"B-1"', b'"B\xc0\xad1"'), "json-not-utf8"),
    ("UTF-16", text_of().encode("utf-16"), "json-"),
    ("BOM", b"\xef\xbb\xbf" + text_of().encode(), "json-byte-order-mark"),
    ("lone surrogate", swapped('"演示人"', '"\\ud800"'), "json-escape"),
    ("swapped surrogates", swapped('"演示人"', '"\\udc00\\ud800"'), "json-escape"),
    ("encoded surrogate", text_of().encode().replace("演示人".encode(), b"\xed\xa0\x80"), "json-not-utf8"),
    ("NUL in a text", swapped('"演示人"', '"a\\u0000b"'), "json-nul"),
    ("raw NUL", text_of().encode() + b"\x00", "json-"),
    ("control character", swapped('"演示人"', '"a\tb"'), "json-control-character"),
    ("NaN", swapped('"deposit": 5', '"deposit": NaN', deposit=5), "json-"),
    ("leading zero", swapped('"deposit": 5', '"deposit": 05', deposit=5), "json-"),
    ("comment", "/* bill */ " + text_of(), "json-"),
    ("single quotes", text_of().replace('"', "'"), "json-"),
    ("trailing comma", text_of()[:-1] + ",}", "json-"),
    ("text of 70,000 bytes", swapped('"演示人"', json.dumps("长" * 30000, ensure_ascii=False)), "json-text-too-long"),
    ("unknown member", swapped('"B-1"', '"B-1", "patinet": 1'), ("bill-member-unknown", "patinet")),
    ("missing member", text_of(currency=None), ("bill-member-missing", "currency")),
    ("no lines", text_of(lines=[]), ("bill-lines-empty", "lines")),
    ("neither lines nor totals", text_of(lines=None), "bill-lines-missing"),
    ("lines and totals", text_of(totals={"own_full": 1, "over_limit": 0, "own_first": 0, "in_scope": 0}), "bill-lines-and-totals"),
    ("wrong type: text for list", text_of(lines="x"), ("bill-member-type", "lines")),
    ("wrong type: list for object", text_of(person=[]), ("bill-member-type", "person")),
    ("wrong type: number for text", text_of(stay=7), ("bill-member-type", "stay")),
    ("wrong type: null", swapped('"演示人"', "null"), "bill-member-type"),
    ("amount as text", text_of(lines=[{**line(1, own_full=100), "amount": "100"}]), ("bill-amount-integer", "lines[0].amount")),
    ("amount with decimals", text_of(lines=[{**line(1, own_full=100), "amount": 100.0}]), ("bill-amount-integer", "lines[0].amount")),
    ("amount above 64 bits", text_of(deposit=10**30), ("bill-amount-limit", "deposit")),
    ("amount above the limit", text_of(deposit=10**15 + 1), ("bill-amount-limit", "deposit")),
    ("sum above the limit", text_of(lines=[line(i, own_full=6 * 10**14) for i in (1, 2)], statutory=None), "bill-sum-limit"),
    ("negative line", text_of(lines=[line(1, own_full=-100), line(2, own_full=500)]), ("bill-line-negative", "lines[0]")),
    ("negative deposit", text_of(deposit=-1), ("bill-amount-negative", "deposit")),
    ("negative fund", text_of(statutory={"settled": True, "funds": {"hifp_pay": -1}}), ("bill-amount-negative", "hifp_pay")),
    ("line that does not sum", text_of(lines=[{**line(1, own_full=100), "amount": 101}]), ("bill-line-sum", "lines[0]")),
    ("total that does not sum", text_of(total=1), ("bill-total", "total")),
    ("funds above the total", text_of(statutory={"settled": True, "funds": {"hifp_pay": 6000001}}), "bill-funds-over-total"),
    ("funds without settlement", text_of(statutory={"settled": False, "funds": {"hifp_pay": 1}}), "bill-funds-not-settled"),
    ("line number twice", text_of(lines=[line(1, own_full=1), line(1, own_full=1)]), "bill-line-duplicate"),
    ("return of nothing", text_of(lines=[line(1, own_full=1), {**line(2, own_full=-1), "qty": "-1", "returns": 9}]), "bill-return-unknown"),
    ("return of more than was charged", text_of(lines=[line(1, own_full=1), {**line(2, own_full=-2), "qty": "-1", "returns": 1}]), "bill-return-net-negative"),
    ("impossible date", text_of(to="2022-02-30"), ("bill-day", "to")),
    ("dates turned round", text_of(**{"from": "2022-08-16"}), "bill-period"),
    ("unknown word", text_of(ward="Ordinary"), ("bill-word", "ward")),
    ("unknown currency", text_of(currency="RMB"), ("bill-currency", "RMB")),
    ("look-alike in a fact", text_of(facts={"рoor": True}), "bill-identifier"),
    ("hospital level 4", text_of(facts={"hospital_level": 4}), ("bill-integer-range", "hospital_level")),
    ("two main diagnoses", text_of(diagnoses=[{"code": "A00", "main": True}, {"code": "A01", "main": True}]), "bill-diagnosis-main"),
    ("10,001 lines", text_of(lines=[line(i, own_full=1) for i in range(1, 10002)], statutory=None), ("bill-too-many", "lines")),
    ("policy that ends before it begins", text_of(policies=[{"plan": "city-2022", "policy": "1", "from": "2022-02-01", "to": "2022-01-01", "status": "in_force"}]),
     "bill-policy-period"),
]


@case("bills: every row is refused by settle and by bill check, alike")
def _(y):
    for what, content, parts in BILLS:
        y.write("x.json", content)
        refused(y.settle("--state", "s.json", "x.json"), ("x.json", *([parts] if isinstance(parts, str) else parts)), what)
        true(not y.path("s.json").exists(), f"{what}: a state was written")
        refused(y.run("bill", "check", "x.json"), parts, what)


@case("bills: the place is exact")
def _(y):
    b = bill()
    b["lines"][1]["own_first"] = 1
    y.write("x.json", b)
    contains(y.run("bill", "check", "x.json", code=2).err, "x.json: lines[1].amount: bill-line-sum: ", "member")
    y.write("x.json", '{\n  "bill": "B",\n  "bill": "C"\n}')
    contains(y.run("bill", "check", "x.json", code=2).err, "x.json: 3:11", "line and column")


@case("bills: all findings of one pass, at most twenty; one bad file among good ones")
def _(y):
    y.write("many.json", bill(lines=[{**line(i, own_full=100), "amount": 1} for i in range(1, 31)], statutory=None))
    r = y.run("bill", "check", "--json", "many.json", code=2)
    equal(len(r.err.splitlines()), 20, "findings", r)
    y.write("good.json", bill())
    r = y.run("bill", "check", "good.json", "many.json", "good.json", code=2)
    equal(r.out.count("✓"), 2, "the good ones are still told", r)


@case("bills: what cannot be read as a file")
def _(y):
    y.path("folder").mkdir()
    for name, code in (("folder", "file-not-regular"), ("missing.json", "file-not-found"), ("/dev/null/x", "file-not-found"), ("/dev/zero", "file-not-regular"),
                       ("a" * 300, "file-"), ("", "file-")):
        refused(y.settle(name), code, name)
        refused(y.run("bill", "check", name), code, name)


@case("bills: random damage never breaks the program")
def _(y):
    rng = random.Random(20221)
    good = text_of(ext={"姓名": "𬱖㛃䶮"}, diagnoses=[{"code": "C34.900", "main": True}]).encode()
    files = []
    for i in range(300):
        content = bytearray(good)
        for _ in range(rng.choice((1, 1, 2, 5))):
            at = rng.randrange(len(content))
            action = rng.randrange(4)
            if action == 0:
                content[at] = rng.randrange(256)
            elif action == 1:
                del content[at:at + rng.randrange(1, 20)]
            elif action == 2:
                content[at:at] = content[:rng.randrange(1, 40)]
            else:
                content[at:at] = rng.choice((b"9" * 25, b"-", b"\"", b"{", b"null", b"\\u0000", b"e9"))
        files.append(y.write(f"{i}.json", bytes(content)))
    r = y.run("bill", "check", *files)
    true(r.code in (0, 2), "exit code", r)
    for start in range(0, 300, 50):
        settled = [f for f in files[start:start + 50] if f"✓ {f} " in r.out or f"! {f} " in r.out]
        if settled:
            true(y.settle("--json", *settled).code in (0, 1, 2), "exit code")


# ---- names of people that fonts do not know --------------------------------------------------------------------


@case("rare characters: accepted everywhere, byte for byte, composed or not")
def _(y):
    names = ("𬱖㛃䶮", "\U00020000\U0003134a", "é e\u0301", "\ue000\ue001", "·阿卜杜热合曼·麦麦提", "ﾊﾝｶｸ", "👩\u200d⚕️", "\u200f\u05d0")
    for name in names:
        number = f"B-{name}"[:20]
        y.write("x.json", bill(number, person={"id_kind": "99", "id": name, "name": name}, department=name, stay=name, ext={name: [name]},
                               lines=[line(1, own_full=1000000, name=name, code="C1")], statutory={"settled": True}))
        y.run("bill", "check", "x.json", code=0)
        r = y.settle("--json", "--state", "s.json", "x.json", code=0)
        equal(r.answers()[0]["bill"], number, "bill number")
        true(number.encode() in y.path("s.json").read_bytes(), "in the state, as it came", r)
        equal(y.settle("--json", "--state", "s.json", "x.json", code=1).answers()[0]["refusals"][0]["code"], "bill-already-settled", "found again")
        y.settle("x.json", code=0)
    composed = [b["bill"] for b in json.loads(y.path("s.json").read_text("utf-8"))["bills"]]
    equal(len(composed), len(names), "none were taken for another")


@case("ext: any valid JSON, numbers of any size, is kept apart and changes nothing")
def _(y):
    y.write("plain.json", bill())
    want = y.settle("--json", "plain.json", code=0).out
    for ext in ('{"n": 1.50, "big": 123456789012345678901234567890, "e": -1.0E+400}', '{"": {"": [null, true, [], {}]}}', '{"名": "\\ud842\\udfb7"}', "{}"):
        y.write("x.json", swapped('"B-1"', f'"B-1", "ext": {ext}'))
        equal(y.settle("--json", "x.json", code=0).out, want, ext)


# ---- plans, lists, chains ------------------------------------------------------------------------------------------

GOOD = (PLANS / "city-2022.plan").read_text("utf-8")


def plan(old, new):
    true(old in GOOD, f"{old!r} is in the plan")
    return GOOD.replace(old, new, 1)


TEXTS = [  # what, content, what stderr must hold
    ("binary", bytes(random.Random(8).randrange(256) for _ in range(3000)), ()),
    ("not UTF-8", GOOD.encode("gb18030"), ()),
    ("UTF-16", GOOD.encode("utf-16"), ()),
    ("BOM and rubbish", b"\xef\xbb\xbf\xef\xbb\xbf" + GOOD.encode(), ()),
    ("NUL", GOOD.replace("kind", "ki\0nd", 1).encode(), ()),
    ("truncated inside a text", GOOD[:GOOD.index("tests of")], ("x.plan:",)),
    ("truncated inside a clause", GOOD[:GOOD.index("80%")], ("x.plan:",)),
    ("Cyrillic a in a name", plan("benefit inside", "benefit insidе"), ("x.plan:",)),
    ("Greek o in a keyword", plan("  source", "  sοurce"), ("x.plan:",)),
    ("fullwidth letters", plan("benefit inside", "benefit ｉnside"), ("x.plan:",)),
    ("zero width space in a name", plan("benefit inside", "benefit in\u200bside"), ("x.plan:",)),
    ("right-to-left override", plan("benefit inside", "benefit in\u202eside"), ("x.plan:",)),
    ("keyword of the other language", plan("  deductible 10_000", "  免赔额 10_000"), ("x.plan:",)),
    ("unknown keyword", plan("  deductible 10_000", "  deductable 10_000"), ("x.plan:",)),
    ("unknown bucket", plan("takes own_full", "takes own_ful"), ("x.plan:",)),
    ("ratio above 100", plan("80%", "180%"), ("x.plan:",)),
    ("ratio with five decimals", plan("80%", "80.00001%"), ("x.plan:",)),
    ("amount above the limit", plan("10_000 each", "99_999_999_999_999 each"), ("x.plan:",)),
    ("a number of 400 digits", plan("10_000 each", "9" * 400 + " each"), ("x.plan:",)),
    ("money + ratio", plan("10_000 each", "10_000 + 80% each"), ("x.plan:",)),
    ("date that does not exist", plan("2022-12-31", "2022-02-30"), ("x.plan:",)),
    ("force turned round", plan("2022-12-31", "2021-12-31"), ("x.plan:",)),
    ("unknown currency", plan("currency CNY", "currency RMB"), ("x.plan:",)),
    ("no rounding", plan(", rounded half-up once per benefit", ""), ("x.plan:",)),
    ("no deductible", plan("    deductible 10_000 each year\n", ""), ("x.plan:",)),
    ("no cap", plan("    cap none\n", ""), ("x.plan:",)),
    ("shares that do not sum", plan("40%", "41%"), ("x.plan:",)),
    ("benefit twice", plan("benefit outside", "benefit inside"), ("x.plan:",)),
    ("grade E", plan("grade B", "grade E"), ("x.plan:",)),
    ("deep parentheses", plan("visit = inpatient", "(" * 300 + "visit = inpatient" + ")" * 300), ("x.plan:",)),
    ("a condition of 5,000 parts", plan("visit = inpatient", " or ".join(["visit = inpatient"] * 5000)), ("x.plan:",)),
    ("line break in a text", plan("own payment inside", "own\npayment inside"), ("x.plan:",)),
    ("a name of 5,000 letters", plan("benefit inside", "benefit " + "i" * 5000), ("x.plan:",)),
    ("100 benefits", GOOD + "".join(f"\n  benefit b{i} \"甲\"\n    takes own_full\n    deductible none\n    pays 1%\n    cap none\n" for i in range(100)), ("x.plan:",)),
    ("unknown list", plan("where visit = inpatient", "where code in list nowhere"), ("x.plan:", "nowhere")),
    ("list turned round", GOOD + '\nlist l "甲"\n  range "B" .. "A"\n', ("x.plan:",)),
    ("chain without steps of a plan", "chain c \"甲\"\n  then\n", ("x.plan:",)),
    ("only a comment", "-- nothing\n", ()),
    ("empty", "", ()),
    ("more than 8 MiB", "-- x\n" * (9 * 1024 * 1024 // 5), ("file-too-large",)),
]


@case("plans: every row is refused by plan check, test, explain, format and settle")
def _(y):
    y.write("a.json", bill())
    for what, content, parts in TEXTS:
        y.write("p/x.plan", content)
        r = y.run("plan", "check", "p/x.plan")
        equal((what, r.code), (what, 2), "exit code", r)
        contains(r.err, parts, what, r)
        true(HAN.search(r.err) and re.search("[a-z]{3,} [a-z]+", r.err), f"{what}: both languages", r)
        for command in ("test", "explain", "disasm"):
            r = y.run("plan", command, "p/x.plan", code=2)
            equal(r.out, "", f"{what}: stdout of plan {command}", r)
        r = y.run("settle", "--plans", "p", "--chain", "city-2022", "a.json", code=2)
        equal(r.out, "", f"{what}: stdout of settle", r)
        true(HAN.search(r.err), f"{what}: words", r)


@case("plans: a caret under the place, and several mistakes at once")
def _(y):
    y.write("x.plan", plan("80%", "180%").replace("takes own_full", "takes own_ful").replace("grade B", "grade Q"))
    r = y.run("plan", "check", "--lang", "en", "x.plan", code=2)
    true(len(set(re.findall(r"x\.plan:(\d+):\d+", r.err))) >= 3, "three places", r)
    contains(r.err, ("^", "takes own_ful"), "picture", r)


@case("plans: what cannot be read as a file")
def _(y):
    y.path("folder").mkdir()
    for name, code in (("folder", "file-not-regular"), ("missing.plan", "file-not-found"), ("/dev/zero", "file-not-regular")):
        for command in ("check", "test", "explain", "disasm", "format"):
            refused(y.run("plan", command, name), code, f"plan {command} {name}")


@case("plans: random damage never breaks the program")
def _(y):
    rng = random.Random(20222)
    for i in range(120):
        content = bytearray((GOOD if i % 2 else (PLANS / "million.plan").read_text("utf-8")).encode())
        for _ in range(rng.choice((1, 2, 4))):
            at = rng.randrange(len(content))
            action = rng.randrange(4)
            if action == 0:
                content[at] = rng.randrange(256)
            elif action == 1:
                del content[at:at + rng.randrange(1, 12)]
            elif action == 2:
                other = rng.randrange(len(content))
                content[at:at] = content[other:other + rng.randrange(1, 60)]
            else:
                content[at:at] = rng.choice((b"9" * 25, b"-", b"\"", b"(", b" none ", b"%", b" each year ", "每年".encode()))
        y.write("x.plan", bytes(content))
        r = y.run("plan", "check", "x.plan")
        true(r.code in (0, 2), f"round {i}", r)


@case("chains and lists: what they name must exist")
def _(y):
    y.write("a.json", bill())
    y.write("p/city-2022.plan", GOOD)
    y.write("p/c.chain", 'chain c "甲"\n  then city-2022\n  then nowhere\n')
    refused(y.run("settle", "--plans", "p", "--chain", "c", "a.json"), ("plan-unknown", "nowhere"), "plan of a chain")
    y.write("p/c.chain", 'chain c "甲"\n  then city-2022\nchain c "乙"\n  then city-2022\n')
    r = y.run("settle", "--plans", "p", "--chain", "c", "a.json", code=2)
    contains(r.err, "c.chain:", "a chain twice", r)
    y.write("p/c.chain", 'chain c "甲"\n  region 410500\n  then city-2022\n')
    r = y.run("settle", "--plans", "p", "--chain", "c", "a.json", code=2)
    contains(r.err, "c.chain:2", "region without quotes", r)


@case("folders of plans: other files, folders below, dangling links and unreadable folders are left alone")
def _(y):
    y.write("a.json", bill())
    y.write("p/sub/deeper/city.plan", GOOD)
    for name in ("LICENSE", "Makefile", "notes.txt", ".hidden.plan", "x.plan~", "plan"):
        y.write(f"p/{name}", "not a plan")
    os.symlink("nowhere", y.path("p/dangling"))
    y.path("p/closed").mkdir(mode=0)
    y.run("settle", "--plans", "p", "--chain", "city-2022", "a.json", code=0)
    y.run("settle", "--plans", "p/", "--chain", "city-2022", "a.json", code=0)
    os.symlink("nowhere.plan", y.path("p/dangling.plan"))
    refused(y.run("settle", "--plans", "p", "--chain", "city-2022", "a.json"), ("file-not-found", "dangling.plan"), "a plan that is a dangling link")
    y.path("p/dangling.plan").unlink()
    y.write("p/other.plan", GOOD)
    contains(y.run("settle", "--plans", "p", "--chain", "city-2022", "a.json", code=2).err, "city-2022", "one name for two plans")


@case("plan check of lists and chains says that they are well formed")
def _(y):
    r = y.run("plan", "check", PLANS / "tests.chain", PLANS / "city-2022.plan", code=0)
    contains(r.out, ("tests.chain", "✓ city-2022", "well formed", "语法无误"), "text", r)


@case("catalogues: the column code of a CSV file")
def _(y):
    y.write("x.plan", GOOD)
    for what, content, code in (("empty", b"", "csv-empty"), ("no column", b"a,b\r\n1,2\r\n", "codes-column"), ("not UTF-8", "code,名\r\n".encode("gb18030"), "csv-not-utf8"),
                                ("NUL", b"code\r\n\x00\r\n", "csv-nul"), ("open quote", b'code\r\n"x\r\n', "csv-quote"), ("fields", b"code\r\n1,2\r\n", "csv-field-count"),
                                ("column twice", b"code,code\r\n", "csv-header"), ("cr", b"code\rx\r", "csv-line-break")):
        y.write("codes.csv", content)
        refused(y.run("plan", "check", "--codes", "codes.csv", "x.plan"), ("codes.csv", code), what)
    refused(y.run("plan", "check", "--codes", "missing.csv", "x.plan"), "file-not-found", "missing")
    y.write("codes.csv", b"\xef\xbb\xbfname,code\r\n\"a,b\",C1\r\n")
    y.run("plan", "check", "--codes", "codes.csv", "x.plan", code=0)


if __name__ == "__main__":
    main()
