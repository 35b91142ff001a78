"""make_golden PROGRAM — writes tests/upgrade/VERSION: a small data folder and a database as this release leaves them, which every later release must open.

Run once for each release, on what is shipped, before its number is given away:
    python3 tests/postgres/with_cluster.py python3 -B tests/upgrade/make_golden.py build/release/yijie
What a release has written here is never changed again. Nobody in it exists: the demonstration's persons.
"""
import json
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "tests" / "cli"), str(HERE)]
from harness import Yijie, equal, true  # noqa: E402  (the path comes first)
from place import Postgres, Sqlite, psql  # noqa: E402

HOSPITAL = "H41059900001"
READS = ("/v1/settlements/{id}", "/v1/settlements/{id}/split", "/v1/cases/{id}/explanation")


def stay(number, person=1, **changes):
    """The published stay, as another bill or of another person."""
    bill = json.loads((ROOT / "demo" / "anyang-stay.json").read_text("utf-8"))
    for name in ("policies", "history"):
        bill.pop(name, None)
    bill.update({"bill": number, "consent": {"actor": "self", "purpose": "settlement", "payers": "all"}})
    if person == 2:
        bill["person"] = {"id_kind": "99", "id": "GOLDEN-2", "name": "演示人乙", "born": "1980-05-06", "sex": "M"}
    bill.update(changes)
    return bill


def world(y):
    """Institutions, the product, its payer and two insured persons."""
    plans = y.path("plans")
    plans.mkdir()
    for name in ("anyang-puhui-2022.plan", "lists/prior-conditions.list", "chains/anyang-2022.chain"):
        shutil.copy(ROOT / "plans" / name, plans / Path(name).name)
    policy = {"change": "policy", "plan": "anyang-puhui-2022", "from": "2022-01-01", "to": "2022-12-31", "first_enrolled": "2022-01-01"}
    first = stay("x")["person"]
    y.write("world.json", [
        {"change": "institution", "id": HOSPITAL, "kind": "hospital", "zh": "演示医院", "en": "demonstration hospital", "hospital_kind": "public", "level": 3, "region": "410500"},
        {"change": "institution", "id": "I1", "kind": "insurer", "zh": "演示保险", "en": "demonstration insurer", "region": "410500"},
        {"change": "region", "code": "410500", "chain": "anyang-2022", "reverse": "refuse"},
        {"change": "payer", "plan": "anyang-puhui-2022", "institution": "I1", "hold": "none", "paid_by": "lead"},
        {**policy, "person": {k: first[k] for k in ("id_kind", "id", "name")}, "policy": "GOLDEN-P1"},
        {**policy, "person": stay("x", 2)["person"], "policy": "GOLDEN-P2"}])


def fill(y, place):
    """One of each thing that lasts: settled, reversed, settled again, invoiced; a key, a revoked key."""
    y.run("plan", "publish", *place.options, "--allow-doubtful", "plans", code=0)
    y.run("import", *place.options, "world.json", code=0)
    key = y.run("key", "add", *place.options, "--institution", HOSPITAL, "--role", "hospital", "--name", "golden", "--json", code=0).answers()[0]
    with place.serve() as server:
        server.key = key["key"]
        one = server.settle(stay("GOLDEN-1"))
        two = server.settle(stay("GOLDEN-2", 2))
        status, _ = server.ask("POST", f"/v1/settlements/{two['id']}/reversal", {"reason": "golden", "by": "desk"})
        true(status in (200, 201), f"reversal: {status}")
        three = server.settle(stay("GOLDEN-2", 2, revision=2))
        status, told = server.ask("POST", f"/v1/settlements/{one['id']}/invoice", {"code": "041001", "number": "00000001", "check": "123456"})
        true(status in (200, 201), f"invoice: {told}")
        four = server.settle(stay("GOLDEN-4"))
        status, _ = server.ask("POST", f"/v1/settlements/{four['id']}/reversal", {"reason": "golden", "by": "desk"})
        true(status in (200, 201), f"reversal: {status}")
        five = server.settle(stay("GOLDEN-5"))
        cases = [x["id"] for x in (one, two, three, four, five)]
        reads = {path.format(id=number): server.ask("GET", path.format(id=number))[1] for number in cases for path in READS}
    gone = y.run("key", "add", *place.options, "--institution", HOSPITAL, "--role", "hospital", "--json", code=0).answers()[0]
    y.run("key", "revoke", *place.options, gone["id"], code=0)
    audit = json.loads(y.run("audit", *place.options, "--replay", "--json", code=0).out)
    equal((audit["holds"], audit["cases"]), (True, 5), "the audit")
    return {"cases": cases, "reads": reads, "key": key, "revoked": gone, "audit": {k: audit[k] for k in ("events", "cases", "transfers")},
            "checked": {p["proof"]: p["checked"] for p in audit["proofs"]}}


def xz(path, data):
    path.write_bytes(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))


def sqlite_make(y, folder):
    place = Sqlite(y, "data")
    expected = fill(y, place)
    y.run("backup", "--data", "data", "copy", code=0)
    xz(folder / "yijie.db.xz", y.path("copy/yijie.db").read_bytes())
    shutil.copy(y.path("copy/keys.json"), folder / "sqlite-keys.json")
    xz(folder / "sqlite.json.xz", json.dumps(expected, ensure_ascii=False, sort_keys=True).encode())


def postgres_make(y, folder):
    place = Postgres(y, os.environ["YIJIE_TEST_POSTGRES"], os.environ["YIJIE_TEST_POSTGRES_SERVER"])
    y.run("migrate", "--store", place.owner, code=0)
    expected = fill(y, place)
    dump = subprocess.run(["pg_dump", "--schema=yijie", "--no-comments", place.owner], capture_output=True, check=True).stdout
    true(b"CREATE SCHEMA" in dump and psql(place.owner, "SELECT count(*) FROM yijie.events") == str(expected["audit"]["events"]), "the dump")
    xz(folder / "postgres.sql.xz", dump)
    shutil.copy(place.keys, folder / "postgres-keys.json")
    xz(folder / "postgres.json.xz", json.dumps(expected, ensure_ascii=False, sort_keys=True).encode())


def main():
    for make in (sqlite_make, postgres_make):
        with tempfile.TemporaryDirectory(prefix="yijie-golden-") as work:
            y = Yijie(sys.argv[1], work)
            folder = HERE / y.run("version", "--json", code=0).answers()[0]["version"]
            folder.mkdir(exist_ok=True)
            world(y)
            make(y, folder)
    print(folder)


if __name__ == "__main__":
    main()
