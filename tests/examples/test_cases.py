"""Acceptance cases: bills of bills/ against the plans of the product, by the real program; what is expected stands in cases.txt.

Usage: test_cases.py YIJIE [TITLE PART]. TAP, one line a case. The harness is that of tests/cli.
"""
import os
import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "cli"))
from harness import case, equal, main, true  # noqa: E402

PATIENT = ("account", "cash", "payout", "due")
MONEY = ("base", "deductible_used", "deductible_left", "pay", "cap_left")


def fen(text):
    whole, part = re.fullmatch(r"(-?[\d,]+)\.(\d\d)", text).groups()
    n = int(whole.replace(",", "")) * 100
    return n - int(part) if whole.startswith("-") else n + int(part)


class Case:
    def __init__(self, number, title):
        self.number, self.title, self.chain, self.bills, self.sums = number, title, None, [], []


def read_cases(path):
    cases = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = text.split()
        if not words or words[0].startswith("#"):
            continue
        indent = len(text) - len(text.lstrip())
        if indent == 0 and words[0] == "case":
            cases.append(Case(words[1], text))
        elif indent == 2 and words[0] == "chain":
            cases[-1].chain = words[1]
        elif indent == 2 and words[0] == "bill":
            cases[-1].bills.append((words[1], []))
        elif indent == 2 and words[0] == "sum":
            cases[-1].sums.append((words[1], fen(words[2])))
        elif indent == 4:
            cases[-1].bills[-1][1].append((number, words))
        else:
            raise ValueError(f"{path}:{number}: {text}")
    return cases


def payer_of(answer, name):
    found = [p for p in answer["payers"] if p["payer"] == name]
    true(len(found) == 1, f"payer {name}: {[p['payer'] for p in answer['payers']]}")
    return found[0]


def holds(answer):
    """What every answer promises."""
    patient = answer["patient"]
    remainder = patient["account"] + patient["cash"] - patient["payout"]
    equal(sum(p["pay"] for p in answer["payers"]) + answer["hospital"] + remainder, answer["total"], "identity: payers + hospital + patient")
    equal(sum(n["amount"] for n in answer["not_paid"]), remainder, "not_paid against the remainder")
    for p in answer["payers"]:
        if p["payer"].startswith("statutory:"):
            continue
        true(re.fullmatch("[0-9a-f]{64}", p["plan_hash"]), f"{p['payer']} names the version of its rules")
        true(isinstance(p["engine"], int), f"{p['payer']} names the engine")
        for b in p["benefits"]:
            for name in MONEY + ("ratio",):
                true(name in b, f"{p['payer']}/{b['benefit']} names {name}")
    return remainder


def check_benefit(answer, key, words):
    payer, name = key.split("/")
    found = [b for b in payer_of(answer, payer)["benefits"] if b["benefit"] == name]
    true(len(found) == 1, f"benefit {key} is not in the answer")
    benefit = found[0]
    for member, value in zip(words[::2], words[1::2]):
        if member in MONEY:
            equal(benefit[member], None if value == "-" else fen(value), f"{key} {member}")
        elif member == "refusal":
            equal(benefit["refusal"]["code"], value, f"{key} {member}")
        else:
            equal(benefit[member], None if value == "-" else value, f"{key} {member}")


def check_line(answer, remainder, words):
    key, rest = words[0], words[1:]
    if "/" in key:
        check_benefit(answer, key, rest)
    elif key == "not_paid":
        equal(sum(n["amount"] for n in answer["not_paid"] if n["bucket"] == rest[0]), fen(rest[1]), f"not_paid {rest[0]}")
    elif key == "remainder":
        equal(remainder, fen(rest[0]), key)
    elif key in PATIENT:
        equal(answer["patient"][key], fen(rest[0]), key)
    elif key in ("total", "hospital"):
        equal(answer[key], fen(rest[0]), key)
    elif rest[0] == "refused":
        equal((payer_of(answer, key)["status"], payer_of(answer, key)["reason"]), ("refused", rest[1]), key)
    elif ":" in key and not key.startswith("statutory:"):
        payer, insurer = key.split(":")
        equal({c["insurer"]: c["pay"] for c in payer_of(answer, payer)["co_insurers"]}.get(insurer), fen(rest[0]), key)
    else:
        equal(payer_of(answer, key)["pay"], fen(rest[0]), key)


def sum_of(answers, key):
    if key in PATIENT:
        return sum(a["patient"][key] for a in answers)
    return sum(p["pay"] for a in answers for p in a["payers"] if p["payer"] == key)


def run_case(yijie, wanted):
    """Products of the project and the test's own plans, seen as one folder."""
    os.mkdir(yijie.path("library"))
    os.symlink(ROOT / "plans", yijie.path("library") / "products")
    os.symlink(HERE / "plans", yijie.path("library") / "tests")
    bills = [HERE / "bills" / name for name, _ in wanted.bills]
    result = yijie.run("settle", "--plans", "library", "--chain", wanted.chain, "--state", "state.json", "--json", *bills, code=0)
    answers = result.answers()
    equal(len(answers), len(bills), "answers", result)
    for answer, (_, lines) in zip(answers, wanted.bills):
        try:
            remainder = holds(answer)
            for number, words in lines:
                place = f"cases.txt:{number}"
                check_line(answer, remainder, words)
        except (AssertionError, KeyError) as error:
            raise AssertionError(f"{place if lines else ''} {error}\n{result}") from error
    for key, amount in wanted.sums:
        equal(sum_of(answers, key), amount, f"sum {key}", result)


def register(wanted):
    @case(wanted.title[5:])
    def _(yijie):
        run_case(yijie, wanted)


for one in read_cases(HERE / "cases.txt"):
    register(one)

@case("a figure that is wrong by one fen, and a payer that is not there, fail a case")
def _(yijie):
    for wrong in (["lanyibao", "8,000.01"], ["lanyibao/general", "pay", "7,999.99"], ["eshengbao", "8,000.00"], ["not_paid", "own_full", "0.01"]):
        faulty = Case("fault", "fault")
        faulty.chain, faulty.bills = "lanyibao", [("million-18000.json", [(0, wrong)])]
        if yijie.path("library").exists():
            shutil.rmtree(yijie.path("library"))
            os.remove(yijie.path("state.json"))
        try:
            run_case(yijie, faulty)
        except AssertionError:
            continue
        raise AssertionError(f"{wrong} was not noticed")


if __name__ == "__main__":
    main()
