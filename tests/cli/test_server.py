"""The commands around the settlement server: demo, load, audit, rebuild, backup, restore, migrate, import, key, serve. As a user types them."""
import json
import os
import re
import shutil
import socket
import sqlite3
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from harness import case, contains, equal, main, true  # noqa: E402  (the path comes first)
from server import serve  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
STAY = ROOT / "demo" / "anyang-stay.json"
PERSONS = 40
PROOFS = {"transfers-balance", "postings-equal-shares", "counters-equal-entries", "derived-equals-replay", "leaves", "head", "one-sided", "texts", "bills", "seals", "keys", "answers"}


def city(y, data="data", persons=PERSONS):
    return y.run("demo", "load", "--data", data, "--persons", persons, "--allow-doubtful", code=0)


def bills(y, count, data="data", *more):
    return y.run("demo", "bills", "--data", data, "--count", count, *more, code=0).answers()


def settled_city(y, data="data", count=3):
    """A city with some settled cases, at rest; the cases."""
    city(y, data)
    with serve(y, data=data) as server:
        cases = [server.settle(bill) for bill in bills(y, count, data, "--covered")]
        y.run("demo", "case", "--url", server.url, STAY, code=0)
    return cases


def audit(y, data="data", *more, code=0):
    result = y.run("audit", "--data", data, "--json", *more, code=code)
    return json.loads(result.out)


def wrong(report):
    return {p["proof"] for p in report["proofs"] if p["wrong"]}


def both_languages(result, zh, en):
    contains(result.err, [zh, en], "both languages", result)


# ---- the demonstration city ----------------------------------------------------------------------------------------


@case("demo load: the city once, again nothing changes, another seed is another city; --json")
def _(y):
    contains(city(y).out, [f"{PERSONS} 人", f"{PERSONS} persons", "24 hospitals"], "what is told")
    events = audit(y)["events"]
    true(events > PERSONS, "events of persons and policies")
    again = y.run("demo", "load", "--data", "data", "--persons", PERSONS, "--allow-doubtful", "--json", code=0)
    equal(again.answers(), [{"persons": PERSONS, "seed": 1, "hospitals": 24, "insurers": 7}], "as JSON", again)
    equal(audit(y)["events"], events, "loaded again: nothing new")
    y.run("demo", "load", "--data", "other", "--persons", PERSONS, "--seed", 7, "--allow-doubtful", code=0)
    true(y.path("data/yijie.db").stat().st_mode & 0o077 == 0 and y.path("data").stat().st_mode & 0o077 == 0, "nobody else may read it")
    true(bills(y, 3, "data") != bills(y, 3, "other"), "other persons")


@case("demo bills: as many as asked, the same again, each is settled by the server")
def _(y):
    city(y)
    first = bills(y, 5)
    equal(first, bills(y, 5), "the same again")
    equal(len({b["bill"] for b in first}), 5, "each its number")
    equal([len(b["lines"]) for b in bills(y, 3, "data", "--lines-per-bill", 10)], [10, 10, 10], "lines as asked")
    true({b["bill"] for b in bills(y, 5, "data", "--seed", 9)}.isdisjoint({b["bill"] for b in first}), "another run has other numbers")
    with serve(y) as server:
        for bill in bills(y, 3, "data", "--covered"):
            done = server.settle(bill)
            p = done["patient"]
            equal(sum(x["pay"] for x in done["payers"]) + done["hospital"] + p["account"] + p["cash"] - p["payout"], done["total"], "the sum")


@case("demo case: trial, confirmation and the table; the second time as it stands; JSON; a refusal; no server")
def _(y):
    city(y)
    y.write("broken.json", "{")
    with serve(y) as server:
        first = y.run("demo", "case", "--url", server.url, STAY, code=0)
        contains(first.out, ["216,700.00", "852,000.00", "126,700.00", "统筹基金", "pooled fund", server.url + "/v1/settlements/"], "the table", first)
        true("此前已结算" not in first.out, "settled just now", first)
        second = y.run("demo", "case", "--url", server.url, STAY, code=0)
        contains(second.out, ["此前已结算", "settled before"], "the second time", second)
        done = y.run("demo", "case", "--url", server.url, "--json", STAY, code=0).answers()
        equal([(d["total"], d["state"]) for d in done], [(85200000, "settled")], "as JSON")
        equal(server.ask("GET", "/v1/settlements/" + done[0]["id"])[0], 200, "the case stands")
        english = y.run("demo", "case", "--url", server.url, "--lang", "en", STAY, code=0)
        true(not re.search("[\u4e00-\u9fff]", english.out), "one language", english)
        both_languages(y.run("demo", "case", "--url", server.url, ROOT / "demo" / "totals-inpatient.json", code=1), "提示", "hint")
        y.run("demo", "case", "--url", server.url, "broken.json", code=2)
        y.run("demo", "case", "--url", server.url, "absent.json", code=2)
        url = server.url
    both_languages(y.run("demo", "case", "--url", url, STAY, code=3), "检查服务器是否在运行", "check that the server runs")


@case("load: sends cases, counts them, writes the acknowledged ones; every one of them stands; no server is told at once")
def _(y):
    city(y)
    with serve(y) as server:
        done = y.run("load", "--url", server.url, "--persons", PERSONS, "--covered", "--count", 12, "--seconds", 30, "--connections", 2, "--acknowledged", "ids", "--json")
        report = json.loads(done.out)
        equal(report["begun"], 12, "cases begun", done)
        equal(report["failed"], 0, "failures", done)
        equal(report["confirmed"] + report["refused"] + report["requoted"] + report["busy"], 12, "each has an outcome", done)
        true(report["confirmed"] > 0 and report["confirm"]["count"] >= report["confirmed"] and report["confirm"]["p50_us"] > 0, "latencies", done)
        ids = y.path("ids").read_text().split()
        equal(len(ids), report["confirmed"], "ids of the acknowledged")
        for number in ids:
            equal(server.ask("GET", f"/v1/settlements/{number}")[1]["state"], "settled", f"case {number}")
        people = y.run("load", "--url", server.url, "--persons", PERSONS, "--covered", "--rate", 20, "--seconds", 1, code=0)
        contains(people.out, ["已确认", "confirmed", "p99"], "for people", people)
        url = server.url
    nobody = y.run("load", "--url", url, "--seconds", 1, code=3)
    both_languages(nobody, "没有得到回答", "no answer came")
    equal(nobody.out, "", "no table of nothing", nobody)


# ---- proofs --------------------------------------------------------------------------------------------------------


@case("audit: all proofs with figures, beside a running server too; --replay runs every case again")
def _(y):
    settled_city(y)
    report = audit(y, "data", "--replay")
    equal({p["proof"] for p in report["proofs"]}, PROOFS, "proofs")
    equal((report["holds"], report["cases"], wrong(report)), (True, 4, set()), "what holds")
    equal({p["proof"]: p["checked"] for p in report["proofs"]}["answers"], 4, "cases run again")
    equal({p["proof"]: p["checked"] for p in audit(y)["proofs"]}["answers"], 0, "not without --replay")
    people = y.run("audit", "--data", "data", code=0)
    contains(people.out, ["✓", "全部成立", "all hold"], "for people", people)
    with serve(y):
        equal(audit(y)["cases"], 4, "beside the server")
    equal(sorted(p.name for p in y.path("data").iterdir() if p.name == "audit"), [], "it leaves nothing behind")


# What somebody with the file in his hands may do: (what, SQL, a proof that must name it). Triggers are dropped first, as he would.
CORRUPTIONS = [
    ("a transfer's amount", "UPDATE transfers SET amount = amount + 1 WHERE id = (SELECT id FROM transfers LIMIT 1)", "transfers-balance"),
    ("a transfer is gone", "DELETE FROM transfers WHERE id = (SELECT id FROM transfers LIMIT 1)", "one-sided"),
    ("a balance", "UPDATE accounts SET debits_posted = debits_posted + 1 WHERE id = (SELECT id FROM accounts WHERE debits_posted > 0 LIMIT 1)", "transfers-balance"),
    ("a share's amount", "UPDATE shares SET pay = pay + 1 WHERE rowid IN (SELECT rowid FROM shares LIMIT 1)", "postings-equal-shares"),
    ("a counter", "UPDATE covers SET counters = (SELECT counters FROM covers ORDER BY length(counters) DESC LIMIT 1) "
                  "WHERE id = (SELECT id FROM covers ORDER BY length(counters) LIMIT 1)", "counters-equal-entries"),
    ("an event's leaf", "UPDATE events SET leaf = zeroblob(32) WHERE seq = (SELECT max(seq) FROM events)", "leaves"),
    ("an event's open part", "UPDATE events SET open = replace(open, '\"stage\":\"final\"', '\"stage\":\"other\"') || CASE WHEN instr(open, '\"stage\":\"final\"') THEN '' ELSE ' ' END "
                             "WHERE seq = (SELECT max(seq) FROM events)", "leaves"),
    ("an event's sealed part", "UPDATE events SET sealed = CAST(substr(sealed, 1, 20) || x'00ff00' || substr(sealed, 24) AS BLOB) WHERE seq = (SELECT max(seq) FROM events)", "seals"),
    ("the last event is gone", "DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)", "head"),
    ("the head's root", "UPDATE head SET root = zeroblob(32)", "head"),
    ("a text", "UPDATE texts SET body = CAST(body || x'20' AS BLOB) WHERE name = 'anyang-puhui-2022'", "texts"),
    ("a bill's key is gone", "DELETE FROM bills WHERE rowid IN (SELECT rowid FROM bills LIMIT 1)", "bills"),
    ("a case is gone", "DELETE FROM cases WHERE id = (SELECT id FROM cases LIMIT 1)", "one-sided"),
    ("shares are gone", "DELETE FROM shares WHERE case_id = (SELECT case_id FROM shares LIMIT 1)", "one-sided"),
    ("a policy's status", "UPDATE policies SET status = 'lapsed' WHERE recorded = (SELECT min(recorded) FROM policies WHERE status = 'in_force')", "derived-equals-replay"),
]


def corrupt(y, sql, data):
    base = sqlite3.connect(y.path(data) / "yijie.db", isolation_level=None)
    try:
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f'DROP TRIGGER "{name}"')
        without = [row[0] for row in base.execute("SELECT sql FROM sqlite_master WHERE sql LIKE '%WITHOUT ROWID%'")]
        if "rowid" in sql:  # some tables have none: take the first row by what it holds
            table = re.search(r"(?:UPDATE|FROM) (\w+)", sql).group(1)
            if any(re.match(rf'CREATE TABLE "?{table}\b', text) for text in without):
                key = {"shares": "(case_id, n)", "bills": "(hospital, bill)"}[table]
                sql = re.sub(r"rowid IN \(SELECT rowid", f"{key} IN (SELECT {key.strip('()')}", sql)
        return base.execute(sql).rowcount
    finally:
        base.close()


@case("audit finds every planted corruption: exit 1, the right proof named, what is wrong told")
def _(y):
    settled_city(y)
    missed = []
    for number, (what, sql, proof) in enumerate(CORRUPTIONS):
        data = f"copy-{number}"
        shutil.copytree(y.path("data"), y.path(data))
        true(corrupt(y, sql, data) >= 1, f"{what}: planted")
        report = audit(y, data, *(["--replay"] if proof == "seals" else []), code=1)
        true(not report["holds"], f"{what}: it does not hold")
        if proof not in wrong(report):
            missed.append((what, proof, wrong(report)))
        true(all(p["first"] for p in report["proofs"] if p["wrong"]), f"{what}: the first wrong thing is named")
        if number == 0:
            people = y.run("audit", "--data", data, code=1)
            contains(people.out, ["✗", "不成立", "does not hold", proof], "for people", people)
        shutil.rmtree(y.path(data))
    equal(missed, [], "the proof that must name it")
    equal(audit(y)["holds"], True, "the original is untouched")


@case("rebuild: what was derived is folded again from the events, corruption included; the server goes on")
def _(y):
    settled_city(y)
    true(corrupt(y, "UPDATE accounts SET debits_posted = debits_posted + 1 WHERE debits_posted > 0", "data") >= 1, "planted")
    events = audit(y, code=1)["events"]
    done = y.run("rebuild", "--data", "data", "--json", code=0)
    equal(done.answers(), [{"events": events}], "as JSON", done)
    contains(y.run("rebuild", "--data", "data", code=0).out, ["已由", "derived tables rebuilt"], "for people")
    equal(audit(y, "data", "--replay")["holds"], True, "whole again")
    with serve(y) as server:
        equal(server.settle(bills(y, 1, "data", "--covered", "--seed", 5)[0])["state"], "settled", "it goes on")
        in_use = y.run("rebuild", "--data", "data", code=3)
        contains(in_use.err, "store-in-use", "not beside a server", in_use)


@case("audit, rebuild, backup of what is not there: told, nothing is made")
def _(y):
    for argv, code in ((("audit",), 3), (("backup", "copy"), 2)):
        result = y.run(argv[0], "--data", "absent", *argv[1:], code=code)
        both_languages(result, "提示", "hint")
        true(not y.path("absent").exists() and not y.path("copy").exists(), "nothing is made", result)


# ---- copies --------------------------------------------------------------------------------------------------------


@case("backup and restore: at rest, proved, and the restored folder goes on")
def _(y):
    settled_city(y)
    before = audit(y)
    done = y.run("backup", "--data", "data", "copy", "--json", code=0)
    equal(done.answers(), [{"folder": "copy", "holds": True, "events": before["events"], "cases": 4}], "as JSON", done)
    equal(sorted(os.listdir(y.path("copy"))), ["keys.json", "yijie.db"], "what a backup is")
    true(all(p.stat().st_mode & 0o077 == 0 for p in (y.path("copy"), *y.path("copy").iterdir())), "nobody else may read it")
    restored = y.run("restore", "--data", "again", "copy", code=0)
    contains(restored.out, ["恢复完成", "restored", "the audit holds"], "for people", restored)
    equal(audit(y, "again", "--replay"), {**audit(y, "data", "--replay")}, "the same figures")
    with serve(y, data="again") as server:
        equal(server.settle(bills(y, 1, "data", "--covered", "--seed", 6)[0])["state"], "settled", "it goes on")
    equal(audit(y)["events"], before["events"], "the original is untouched")


@case("backup beside a running server under load: one moment of it, whole")
def _(y):
    city(y)
    with serve(y) as server:
        for number in range(3):
            y.run("load", "--url", server.url, "--persons", PERSONS, "--covered", "--count", 5, "--seconds", 30, code=0)
            y.run("backup", "--data", "data", f"copy-{number}", code=0)
        equal(server.ask("GET", "/healthz")[0], 200, "the server goes on")
    sizes = [audit(y, f"copy-{n}")["events"] for n in range(3)]
    true(sizes[0] < sizes[1] < sizes[2] == audit(y)["events"], f"each holds what was settled until then: {sizes}")


@case("nothing is ever written over: a target of a backup or restore that holds data is refused")
def _(y):
    city(y)
    y.run("backup", "--data", "data", "copy", code=0)
    for argv in (("backup", "--data", "data", "copy"), ("restore", "--data", "data", "copy")):
        before = {p: p.stat().st_mtime_ns for f in ("copy", "data") for p in y.path(f).iterdir()}
        refused = y.run(*argv, code=2)
        contains(refused.err, ["backup-target", "绝不覆盖", "nothing is written over"], "told", refused)
        equal({p: p.stat().st_mtime_ns for f in ("copy", "data") for p in y.path(f).iterdir()}, before, "untouched")
    y.path("half").mkdir()
    y.write("half/keys.json", "{}")
    y.run("restore", "--data", "half", "copy", code=2)


@case("a damaged copy is not called good; a copy without its keys is not restored")
def _(y):
    settled_city(y)
    y.run("backup", "--data", "data", "copy", code=0)
    shutil.copytree(y.path("copy"), y.path("altered"))
    corrupt(y, "UPDATE shares SET pay = pay + 1", "altered")
    altered = y.run("restore", "--data", "again", "altered", code=1)
    contains(altered.out, ["不成立", "does not hold"], "an altered amount", altered)
    shutil.copytree(y.path("copy"), y.path("torn"))
    size = y.path("torn/yijie.db").stat().st_size
    with open(y.path("torn/yijie.db"), "r+b") as file:
        file.truncate(size // 2 // 4096 * 4096)
    torn = y.run("restore", "--data", "third", "torn")
    true(torn.code in (1, 3), "a torn file", torn)
    y.path("copy/keys.json").unlink()
    both_languages(y.run("restore", "--data", "fourth", "copy", code=2), "提示", "hint")
    true(not y.path("fourth").exists(), "nothing is made")
    missing = y.run("audit", "--data", "copy", code=3)
    contains(missing.err, "keys-missing", "and it is not opened as if it were new", missing)


@case("keys of another folder do not fit, and that is told")
def _(y):
    settled_city(y)
    city(y, "other")
    shutil.copy(y.path("other/keys.json"), y.path("data/keys.json"))
    other = y.run("audit", "--data", "data")
    true(other.code == 3 and "keys" in other.err, "told", other)
    refused = y.run("key", "list", "--data", "data", code=3)
    contains(refused.err, "keys", "nor is it served", refused)


@case("migrate: makes the schema, again nothing; a newer schema is refused by every command")
def _(y):
    equal(y.run("migrate", "--data", "fresh", "--json", code=0).answers()[0]["applied"] >= 1, True, "made")
    again = y.run("migrate", "--data", "fresh", code=0)
    contains(again.out, ["本次应用 0 项", "0 applied now"], "nothing to do", again)
    city(y)
    base = sqlite3.connect(y.path("data/yijie.db"))
    base.execute("INSERT INTO migrations SELECT number + 1, 'from-the-future', sha256, applied_ms, number + 1 FROM migrations ORDER BY number DESC LIMIT 1")
    base.commit()
    base.close()
    for argv in (("migrate",), ("audit",), ("rebuild",), ("serve", "--listen", "127.0.0.1:0"), ("key", "list")):
        refused = y.run(argv[0], *argv[1:2] if argv[0] == "key" else (), "--data", "data", *(argv[1:] if argv[0] == "serve" else ()), code=3)
        contains(refused.err, "newer", f"{argv[0]} refuses", refused)


# ---- registry and keys -----------------------------------------------------------------------------------------------

INSTITUTIONS = """change,id,kind,zh,en,hospital_kind,level,region
institution,H41050000001,hospital,安阳一院,Anyang First,public,3,410500
institution,I41050000001,insurer,豫安保险,Yu'an Insurance,,,410500
"""


@case("import: a dry run writes nothing; CSV, JSON and lines; again nothing changes")
def _(y):
    y.write("i.csv", INSTITUTIONS)
    dry = y.run("import", "--data", "data", "--dry-run", "i.csv", code=0)
    contains(dry.out, ["未写入", "nothing was written"], "a dry run", dry)
    events = audit(y)["events"]
    done = y.run("import", "--data", "data", "--json", "i.csv", code=0)
    equal([(d["changes"], d["events"]) for d in done.answers()], [(2, 2)], "as JSON", done)
    equal(audit(y)["events"], events + 2, "an event each")
    equal(y.run("import", "--data", "data", "--json", "i.csv", code=0).answers()[0]["events"], 0, "again: nothing new")
    y.write("region.json", [{"change": "region", "code": "410500", "chain": "anyang-2022", "reverse": "refuse"}])
    y.write("h.jsonl", json.dumps({"change": "institution", "id": "H41050000002", "kind": "hospital", "zh": "安阳二院", "en": "Anyang Second", "hospital_kind": "public", "level": 2, "region": "410500"},
                                  ensure_ascii=False) + "\n")
    y.write("p.csv", "person.id_kind,person.id,person.name\n01,410599196903070003,演示人甲\n")
    y.run("import", "--data", "data", "h.jsonl", "region.json", code=0)
    y.run("import", "--data", "data", "--kind", "person", "p.csv", code=0)
    equal(audit(y)["holds"], True, "it holds")


@case("import: errors by row and column, all of them, and nothing of the file is taken")
def _(y):
    y.write("bad.csv", INSTITUTIONS + "institution,H41050000003,hospitl,三院,Third,public,3,410500\ninstitution,,hospital,四院,Fourth,public,x,410500\n")
    refused = y.run("import", "--data", "data", "bad.csv", code=1)
    contains(refused.err, ["bad.csv: 4:kind: registry-word", "bad.csv: 5:level: registry-integer", "bad.csv: 5:id: registry-member-missing", "不认识的取值", "unknown word"], "rows", refused)
    found = [json.loads(line) for line in y.run("import", "--data", "data", "--json", "bad.csv", code=1).err.splitlines()]
    equal([f["place"] for f in found], ["4:kind", "5:level", "5:id"], "as JSON")
    equal(audit(y)["events"], 0, "nothing was taken")
    for name, code in (("absent.csv", 2), ("x.txt", 2)):
        y.write("x.txt", "")
        both_languages(y.run("import", "--data", "data", name, code=code), "提示", "hint")


@case("a writing command hands itself to the running server; without one it opens the folder itself")
def _(y):
    city(y)
    y.write("i.csv", INSTITUTIONS)
    with serve(y) as server:
        y.run("import", "--data", "data", "i.csv", code=0)
        y.run("demo", "load", "--data", "data", "--persons", PERSONS, "--allow-doubtful", code=0)
        both = y.run("serve", "--data", "data", "--listen", "127.0.0.1:0", code=3)
        contains(both.err, "store-in-use", "a second server is refused", both)
        status, events = server.ask("GET", "/v1/events?after=0&max=1")
        equal(status, 200, f"{events}")
        made = y.run("key", "add", "--data", "data", "--institution", "H41050000001", "--role", "hospital", code=0)
        true(re.search(r"^yk_[0-9a-f]+_[0-9a-f]{64}$", made.out, re.M), "made by the server", made)
        equal(server.ask("GET", "/v1/settlements")[0], 401, "which asks for a key from that moment")
    equal(len(json.loads(y.run("key", "list", "--data", "data", "--json", code=0).out)["keys"]), 1, "listed without a server")


@case("key add, list, revoke: shown once, kept as a hash, works as --key and as YIJIE_KEY until revoked")
def _(y):
    city(y)
    hospital = json.loads(STAY.read_text("utf-8"))["hospital"]
    made = y.run("key", "add", "--data", "data", "--institution", hospital, "--role", "hospital", "--name", "desk 1", "--json", code=0).answers()[0]
    y.run("key", "add", "--data", "data", "--institution", hospital, "--role", "hospital", "--name", "desk 2", code=0)
    contains(y.run("key", "list", "--data", "data", code=0).out, [made["id"], hospital, "有效", "valid"], "listed")
    files = [p for p in y.path("data").iterdir() if p.is_file()]
    true(not any(made["key"].split("_")[2].encode() in p.read_bytes() for p in files), f"the secret is kept in none of {[p.name for p in files]}")
    with serve(y) as server:
        denied = y.run("demo", "case", "--url", server.url, STAY, code=1)
        both_languages(denied, "密钥", "key")
        y.run("demo", "case", "--url", server.url, "--key", made["key"], STAY, code=0)
        y.run("demo", "case", "--url", server.url, STAY, env={"YIJIE_KEY": made["key"]}, code=0)
        contains(y.run("key", "revoke", "--data", "data", made["id"], code=0).out, ["已撤销", "revoked"], "revoked")
        y.run("demo", "case", "--url", server.url, "--key", made["key"], STAY, code=1)
    contains(y.run("key", "list", "--data", "data", code=0).out, ["已撤销", "revoked"], "listed as revoked")
    both_languages(y.run("key", "revoke", "--data", "data", "nokey", code=1), "没有密钥", "there is no key")
    both_languages(y.run("key", "add", "--data", "data", "--institution", "H-NONE", "--role", "hospital", code=1), "没有机构", "there is no institution")
    both_languages(y.run("key", "add", "--data", "data", "--institution", hospital, "--role", "boss", code=1), "不认识的角色", "unknown role")


@case("plan publish: a folder with its proofs; plans of grade D only on demand; dry run")
def _(y):
    refused = y.run("plan", "publish", "--data", "data", ROOT / "plans", code=2)
    contains(refused.err, ["plan-doubtful", "--allow-doubtful"], "grade D", refused)
    true(not y.path("data").exists() or audit(y)["events"] == 0, "nothing was published")
    dry = y.run("plan", "publish", "--data", "data", "--allow-doubtful", "--dry-run", "--json", ROOT / "plans", code=0)
    true(dry.answers()[0]["changes"] > 20, "all of them", dry)
    y.run("plan", "publish", "--data", "data", "--allow-doubtful", ROOT / "plans", code=0)
    true(audit(y)["events"] > 20, "published")


# ---- serve and usage ---------------------------------------------------------------------------------------------------


@case("serve: says where it listens; a taken port, an address beyond the machine, broken settings are told and it ends")
def _(y):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        in_use = y.run("serve", "--data", "data", "--listen", f"127.0.0.1:{taken.getsockname()[1]}", code=3)
    both_languages(in_use, "该地址已被占用", "the address is in use")
    both_languages(y.run("serve", "--data", "data", "--listen", "0.0.0.0:0", code=2), "提示", "hint")
    y.write("conf", "queue = many\nnonsense = 1\n")
    broken = y.run("serve", "--data", "data", "--config", "conf", code=2)
    contains(broken.err, ["queue", "nonsense"], "every wrong line", broken)
    equal(y.run("config", "check", "--config", "conf", code=2).err, broken.err, "config check says the same")
    equal(y.run("config", "check", "--data", "data", code=0).err, "", "without a file all is default")
    shown = json.loads(y.run("config", "show", "--json", code=0).out)
    equal(shown["listen"], {"value": "127.0.0.1:8642", "from": "default"}, "config show")


NEEDS_STORE = [("audit",), ("rebuild",), ("migrate",), ("serve",), ("demo", "load"), ("key", "list"), ("key", "revoke", "x"), ("import", "x.csv"), ("plan", "publish", ".")]


@case("usage: what is missing or does not fit is told with the way to help, exit 2, nothing is made")
def _(y):
    y.write("x.csv", INSTITUTIONS)
    y.path("empty").mkdir()
    for argv in NEEDS_STORE:
        if argv[0] != "plan":
            for more in ((), ("--data", "d", "--store", "postgresql://h/x")):
                result = y.run(*argv, *more, code=2)
                both_languages(result, "须给出 --data 或 --store 之一", "give one of --data and --store")
    for argv in (("backup", "copy"), ("restore", "copy"), ("demo", "bills"), ("key", "add", "--data", "d"), ("key", "add", "--data", "d", "--institution", "H1")):
        contains(y.run(*argv, code=2).err, ["option-missing", "缺少选项", "yijie help"], " ".join(argv))
    for argv in (("demo", "bills", "--count", "0"), ("demo", "load", "--data", "d", "--persons", "0"), ("load", "--rate", "-1"), ("load", "--connections", "x"), ("bench", "server", "--seconds", "0")):
        contains(y.run(*argv, code=2).err, ["bad-number", "yijie help"], " ".join(argv))
    for argv in (("backup",), ("restore",), ("key", "revoke", "--data", "d"), ("import", "--data", "d"), ("demo", "case"), ("audit", "--data", "d", "more")):
        both_languages(y.run(*argv, code=2), "用法见", "see yijie help")
    equal(sorted(p.name for p in y.folder.iterdir()), ["empty", "x.csv"], "nothing is made")


@case("help, manual page and completions know every command of the server")
def _(y):
    page, completion = y.run("man", code=0).out.replace("\\-", "-"), y.run("completion", "bash", code=0).out
    for command in ("serve", "audit", "rebuild", "migrate", "backup", "restore", "import", "load", "demo load", "demo bills", "demo case", "key add", "key list", "key revoke", "config check",
                    "config show", "plan publish", "bench server"):
        contains(page, command, "the manual page")
        true(command.split()[-1] in completion, f"completion of {command}")
        contains(y.run("help", *command.split(), code=0).out, f"yijie {command}", f"help {command}")
        contains(y.run(*command.split(), "--help", code=0).out, f"yijie {command}", f"{command} --help")


if __name__ == "__main__":
    main()
