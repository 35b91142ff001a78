#!/usr/bin/env python3
"""dictionary_1 OUT — how dictionary_1.zdict was made: `zstd --train` over texts in the shape that is sealed.

A settled case ({"bill", "consent", "counters"} as src/bill/write.c and the cases write them), what is known of a person, the private part of a policy.
Member names and words of the vocabularies are real; names, numbers, codes and amounts are random, so that the dictionary learns shapes and nobody's
catalogue. Same seed, same zstd (1.5.4): same file. A released dictionary is never made again: another one gets another number.
"""
import json
import random
import subprocess
import sys
import tempfile

R = random.Random(20260101)
DIGITS = "0123456789"
HAN = [chr(c) for c in range(0x4E00, 0x9FA5)]
SAMPLES = 4000


def digits(n):
    return "".join(R.choice(DIGITS) for _ in range(n))


def han(low, high):
    return "".join(R.choice(HAN) for _ in range(R.randint(low, high)))


def day(years):
    return f"{R.choice(years)}-{R.randint(1, 12):02d}-{R.randint(1, 28):02d}"


def amount():
    return int(R.lognormvariate(8.5, 1.6)) + 1


def name():
    return "".join(R.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(R.randint(5, 12)))


def person_id():
    return digits(6) + R.choice(["19", "20"]) + digits(9) + R.choice(DIGITS + "X")


def line(number, date):
    total, kind = amount(), R.choice(["drug", "drug", "drug", "exam", "lab", "treatment", "consumable", "bed", "nursing", "operation"])
    klass = R.choice("AABC")
    own_first = total // 10 if klass == "B" else 0
    own_full = total if klass == "C" else 0
    row = {"line": number, "code": R.choice("XZTC") + digits(R.choice([10, 14, 22])), "name": han(3, 12), "kind": kind, "class": klass,
           "qty": str(R.randint(1, 9)), "date": date, "amount": total, "own_full": own_full, "over_limit": 0, "own_first": own_first,
           "in_scope": total - own_first - own_full}
    if R.random() < 0.3:
        row["price"] = f"{total // 100}.{total % 100:02d}"
    return row


def bill(plans):
    inpatient = R.random() < 0.35
    first = day([2022, 2023, 2024, 2025, 2026])
    region = digits(4) + "00"
    row = {"bill": R.choice(["", "B", "JZ", "R"]) + digits(R.randint(8, 16)), "revision": 1, "hospital": "H" + digits(11),
           "hospital_kind": R.choice(["public", "public", "private", "community", "pharmacy"]), "region": region, "insured_region": region}
    if inpatient:
        row["stay"] = digits(10)
    row["visit"] = "inpatient" if inpatient else R.choice(["outpatient", "outpatient", "emergency", "pharmacy"])
    if R.random() < 0.3:
        row["department"] = han(2, 5)
    row.update({"ward": "ordinary", "cause": "illness" if R.random() < 0.9 else "accident", "from": first, "to": first, "currency": "CNY",
                "person": {"id_kind": "01", "id": person_id(), "name": han(2, 3), "born": day(range(1930, 2025)), "sex": R.choice("FM")},
                "facts": {"insured_type": R.choice(["employee", "resident"]), "hospital_level": R.randint(1, 3)},
                "diagnoses": [{"code": f"{R.choice('ABCDEFGHIJKLMNR')}{digits(2)}.{digits(1)}00", "main": True, "since": first}]})
    if R.random() < 0.1:
        row["totals"] = {"own_full": amount(), "over_limit": 0, "own_first": amount(), "in_scope": amount()}
    else:
        row["lines"] = [line(i + 1, first) for i in range(R.randint(10, 40) if inpatient else R.randint(1, 12))]
    row["statutory"] = {"settled": True, "stage": "final", "funds": {"hifp_pay": amount()}, "setl_id": digits(R.randint(10, 24)), "deductible": amount()}
    if R.random() < 0.4:
        row["statutory"]["account"] = amount()
    row["policies"] = [policy(p) for p in plans]
    return row


def policy(plan):
    year = R.choice([2022, 2023, 2024, 2025, 2026])
    row = {"plan": plan, "policy": "P" + digits(R.randint(6, 14)), "from": f"{year}-01-01", "to": f"{year}-12-31", "status": "in_force",
           "first_enrolled": day([2019, 2020, 2021, 2022, 2023]), "claim_free_years": R.randint(0, 3)}
    if R.random() < 0.5:
        row["class"] = R.choice(["", "prior-condition"])
    return row


def settled():
    plans = [f"{name()}-{R.choice([2022, 2023, 2024, 2025])}" for _ in range(R.randint(1, 3))]
    owner = "".join(R.choice(DIGITS + "abcdef") for _ in range(32))
    counters = []
    for plan in plans:
        for kind in range(R.randint(0, 4)):
            counters.append([owner, plan, name(), kind, R.randint(0, 4), 0, "", R.randint(18993, 20819) if R.random() < 0.8 else None, "", amount()])
    return {"bill": bill(plans), "consent": {"actor": "self", "payers": "all", "purpose": "settlement"}, "counters": counters}


def person():
    return {"born": day(range(1930, 2025)), "name": han(2, 3), "numbers": [{"kind": "01", "number": person_id()}], "sex": R.choice("FM")}


def private():
    row = {"class": R.choice(["", "prior-condition"])}
    if R.random() < 0.5:
        row["class_evidence"] = han(4, 12)
    if R.random() < 0.3:
        row.update({"holder": han(2, 3), "payee": han(2, 3)})
    return row


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number in range(SAMPLES):
            make = R.choices([settled, person, private], [0.8, 0.15, 0.05])[0]
            paths.append(f"{folder}/{number:05d}")
            with open(paths[-1], "w", encoding="utf-8") as file:
                json.dump(make(), file, ensure_ascii=False, separators=(",", ":"))
        with open(f"{folder}/list", "w", encoding="utf-8") as file:
            file.write("\n".join(paths) + "\n")
        subprocess.run(["zstd", "--quiet", "--force", "--train", "--filelist", f"{folder}/list", "--maxdict=4096", "--dictID=1", "-o", sys.argv[1]], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
