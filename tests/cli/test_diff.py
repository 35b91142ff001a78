"""plan diff: what changed between real products, and a witness bill that `settle` pays as the difference says."""
import json
import shutil
from pathlib import Path

from harness import case, contains, equal, main, true

PLANS = Path(__file__).resolve().parents[2] / "plans"


def pair(y, a, b, *argv, **more):
    return y.run("plan", "diff", PLANS / f"{a}.plan", PLANS / f"{b}.plan", *argv, **more)


@case("2022 to 2023: the deductible, in both languages, with both lines")
def _(y):
    r = pair(y, "huhuibao-2022", "huhuibao-2023", code=1)
    contains(r.out, ("每年免赔额：20,000.00 → 16,000.00", "deductible each year: 20,000.00 → 16,000.00", "WITNESS-1", "dates moved", "B − A"), "screen", r)
    got = json.loads(pair(y, "huhuibao-2022", "huhuibao-2023", "--json", code=1).out)
    changed = [d for d in got["differences"] if d["kind"] == "changed" and d["part"] == "benefit" and not d["wording"]]
    equal([d["en"] for d in changed], ["deductible each year: 20,000.00 → 16,000.00"], "changed clauses of benefits")
    for side, name in (("line_a", "huhuibao-2022"), ("line_b", "huhuibao-2023")):
        line = (PLANS / f"{name}.plan").read_text(encoding="utf-8").splitlines()[changed[0][side] - 1]
        true(line.strip().startswith("deductible"), f"{name}:{changed[0][side]}")
    true(got["witness"]["shifted"] and got["witness"]["total_a"] != got["witness"]["total_b"], "witness")


@case("a witness bill settles to the amounts that were told")
def _(y):
    for a, b in (("huhuibao-2022", "huhuibao-2023"), ("huhuibao-2025", "huhuibao-2025-newcomer"), ("lanyibao", "eshengbao"), ("qihuibao-2021", "qihuibao-2021-plus"),
                 ("nanchang-resident-2025", "nanchang-employee-2025"), ("zunxiang-2024", "youxiang-zero")):
        witness = json.loads(pair(y, a, b, "--json", code=1).out)["witness"]
        true(witness, f"{a} and {b}: a witness")
        for side, plan in (("a", a), ("b", b)):
            files = [y.write(f"{side}{n}.json", bill[side]["bill"]) for n, bill in enumerate(witness["bills"])]
            r = y.run("settle", "--plans", PLANS, "--chain", plan, "--json", *files, code=None)
            paid = sum(p["pay"] for answer in r.answers() for p in answer["payers"] if p["payer"] == plan)
            paid += sum(x["pay"] for answer in r.answers() for x in answer.get("allowances", []))
            equal(paid, witness[f"total_{side}"], f"{plan} on its witness", r)


@case("the same plan, laid out anew or in the other language: no change in meaning")
def _(y):
    shutil.copytree(PLANS / "lists", y.path("lists"))
    for name in ("huhuibao-2023", "anyang-puhui-2022", "zhongminbao", "nanchang-employee-2025"):
        for lang in ("zh", "en"):
            y.write("other.plan", y.run("plan", "format", "--to", lang, PLANS / f"{name}.plan", code=0).out_bytes)
            r = y.run("plan", "diff", PLANS / f"{name}.plan", "other.plan", code=0)
            contains(r.out, ("含义没有改变", "no change in meaning"), name, r)
            equal(json.loads(y.run("plan", "diff", "--json", PLANS / f"{name}.plan", "other.plan", code=0).out)["differences"], [], name)


@case("errors: a plan that does not pass, a file that is none")
def _(y):
    y.write("bad.plan", "plan x \"x\"\n  kind nothing\n")
    contains(y.run("plan", "diff", PLANS / "lanyibao.plan", "bad.plan", code=2).err, "bad.plan:2", "where")
    contains(y.run("plan", "diff", PLANS / "lanyibao.plan", "absent.plan", code=2).err, "file-not-found", "absent")
    contains(y.run("plan", "diff", PLANS / "lanyibao.plan", code=2).err, "argument-missing", "one file")


if __name__ == "__main__":
    main()
