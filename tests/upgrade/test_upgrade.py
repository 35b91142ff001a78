"""What earlier releases left behind is opened, brought up to date, audited, read and gone on with by this one, on both stores; what does not fit is refused untouched.

tests/upgrade/VERSION holds what each release wrote (make_golden.py). Run by with_cluster.py, which gives PostgreSQL.
"""
import json
import lzma
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "cli"), str(HERE)]
from harness import CASES, case, contains, equal, main, true  # noqa: E402  (the path comes first)
from make_golden import stay  # noqa: E402
from place import Postgres, Sqlite, database_of, psql  # noqa: E402

RELEASES = sorted(path.name for path in HERE.iterdir() if (path / "yijie.db.xz").is_file())


def unxz(path):
    return lzma.decompress(path.read_bytes())


def keys_put(source, target):
    shutil.copy(source, target)
    target.chmod(0o600)


def sqlite_place(y, release):
    folder = y.path("data")
    folder.mkdir(mode=0o700)
    (folder / "yijie.db").write_bytes(unxz(HERE / release / "yijie.db.xz"))
    (folder / "yijie.db").chmod(0o600)
    keys_put(HERE / release / "sqlite-keys.json", folder / "keys.json")
    return Sqlite(y, "data")


def postgres_place(y, release):
    """A database of its own in the cluster at hand, filled from the dump by the superuser, owned by the owner."""
    admin, owner, server = (os.environ["YIJIE_TEST_POSTGRES" + end] for end in ("_ADMIN", "", "_SERVER"))
    name = f"upgrade_{os.getpid()}_{y.folder.name.replace('-', '_').lower()}"
    psql(admin, f'CREATE DATABASE "{name}" OWNER yijie_owner')
    at = [url.replace("/" + database_of(url) + "?", f"/{name}?") for url in (admin, owner, server)]
    psql(at[0], unxz(HERE / release / "postgres.sql.xz").decode())
    keys_put(HERE / release / "postgres-keys.json", y.path("postgres-keys.json"))
    return Postgres(y, at[1], at[2])


PLACES = {"sqlite": sqlite_place, "postgres": postgres_place}


def expected_of(release, kind):
    return json.loads(unxz(HERE / release / f"{kind}.json.xz"))


def within(old, new, where):
    """Everything that was said is said still; more may be said: changes within /v1 only add."""
    if isinstance(old, dict):
        true(isinstance(new, dict), f"{where}: no longer an object")
        for name, value in old.items():
            true(name in new, f"{where}.{name}: no longer there")
            within(value, new[name], f"{where}.{name}")
    elif isinstance(old, list):
        equal(len(new), len(old), f"{where}: count")
        for i, (a, b) in enumerate(zip(old, new)):
            within(a, b, f"{where}[{i}]")
    else:
        equal(new, old, where)


def migrated(place):
    return place.y.run("migrate", *place.owner_options[:2], "--json", code=0).answers()[0]


def audited(place, *more):
    return json.loads(place.y.run("audit", *place.options, "--replay", "--json", *more, code=0).out)


def goes_on(y, place, expected):
    """Everything that the data promises, by the program of today."""
    migrated(place)
    equal(migrated(place)["applied"], 0, "brought up to date once")
    report = audited(place)
    equal({k: report[k] for k in ("events", "cases", "transfers")}, expected["audit"], "figures of the audit")
    equal({p["proof"]: p["checked"] for p in report["proofs"]}["answers"], expected["checked"]["answers"], "every case was run again")
    with place.serve() as server:
        equal(server.ask("GET", "/v1/settlements")[0], 401, "there are keys, so one is asked for")
        server.key = expected["revoked"]["key"]
        equal(server.ask("GET", "/v1/settlements")[0], 401, "a revoked key stays revoked")
        server.key = expected["key"]["key"]
        for path, old in expected["reads"].items():
            status, new = server.ask("GET", path)
            equal(status, 200, path)
            within(old, new, path)
        status, told = server.ask("POST", "/v1/trials", stay("GOLDEN-1"))
        equal((status, told["code"]), (422, "already-settled"), "a settled bill is known")
        third = server.settle(stay("NEW-1"))
        pays = [next(p["pay"] for p in x["payers"] if p["payer"] == "anyang-puhui-2022")
                for x in (expected["reads"][f"/v1/settlements/{expected['cases'][0]}"], expected["reads"][f"/v1/settlements/{expected['cases'][4]}"], third)]
        true(pays[1] == pays[2] > pays[0], f"the year's deductible was used up by the first stay, and still is: {pays}")
        status, told = server.ask("POST", f"/v1/settlements/{expected['cases'][4]}/reversal", {"reason": "test", "by": "desk"})
        equal((status, told.get("code")), (409, "reverse-later-first"), "the new case stands on the old one's counters")
        for number in (third["id"], expected["cases"][4]):
            status, told = server.ask("POST", f"/v1/settlements/{number}/reversal", {"reason": "test", "by": "desk"})
            true(status in (200, 201), f"in that order both go: {told}")
    report = audited(place)
    equal((report["holds"], report["cases"]), (True, expected["audit"]["cases"] + 1), "and all of it holds")
    y.run("rebuild", *place.owner_options, code=0)
    equal({k: audited(place)[k] for k in ("holds", "events", "cases")}, {k: report[k] for k in ("holds", "events", "cases")}, "also when folded afresh")


# What is wrong with the schema: (title, change of the table migrations, code, who refuses)
SCHEMAS = [
    ("newer than the program", "INSERT INTO migrations SELECT number + 1, 'from-the-future', sha256, applied_ms, number + 1 FROM migrations WHERE number = (SELECT max(number) FROM migrations)",
     "store-schema-newer"),
    ("a migration changed", "UPDATE migrations SET sha256 = {zeros} WHERE number = 1", "store-migration-changed"),
    ("a migration is missing in between", "UPDATE migrations SET number = number + 1, oldest = 1", "store-migration-changed"),
    ("none is recorded, and tables are there", "DELETE FROM migrations", ""),
]


def refused(y, place, sql, code):
    migrated(place)
    before_bad = place.state()
    place.sql(sql.format(zeros="zeroblob(32)" if place.kind == "sqlite" else "decode(repeat('00', 32), 'hex')"))
    before = place.state()
    true(before != before_bad, "it was planted")
    for argv in (("migrate", *place.owner_options[:2]), ("audit", *place.options), ("serve", *place.options, "--listen", "127.0.0.1:0"), ("key", "list", *place.options)):
        result = y.run(*argv, code=3)
        contains(result.err, code or "store-", f"{argv[0]} refuses", result)
        true("提示" in result.err and "hint" in result.err, f"{argv[0]} says what to do", result)
    equal(place.state() == before, True, "nothing was touched")


for release in RELEASES:
    for kind, make in PLACES.items():
        @case(f"{release} on {kind}: opened, brought up to date, audited with replay, read as it was, gone on with, rebuilt")
        def _(y, release=release, kind=kind, make=make):
            goes_on(y, make(y, release), expected_of(release, kind))
        for what, sql, code in SCHEMAS:
            @case(f"{release} on {kind}, {what}: refused by all, untouched")
            def _(y, release=release, make=make, sql=sql, code=code):
                refused(y, make(y, release), sql, code)


@case("an older release's folder is opened by whoever writes first, without being told to migrate")
def _(y):
    for release in RELEASES:
        place = sqlite_place(y, release)
        y.run("key", "list", *place.options, code=0)
        audited(place)
        shutil.rmtree(y.path("data"))


@case("this release has left its own data here")
def _(y):
    version = y.run("version", "--json", code=0).answers()[0]["version"]
    true(version in RELEASES, f"tests/upgrade/{version} is missing: run make_golden.py before {version} is released (there are {RELEASES})")
    true(len(CASES) >= 2 + len(RELEASES) * 2 * (1 + len(SCHEMAS)), "each release was tried on each store")


if __name__ == "__main__":
    main()
