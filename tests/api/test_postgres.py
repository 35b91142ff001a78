"""The same life over PostgreSQL, run by tests/postgres/with_cluster.py; and what only several servers on one database can show."""
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import test_life  # noqa: E402
from harness import equal, in_parallel, main, true, until  # noqa: E402


def on_postgres(case):
    """A case of test_life on a database of its own."""
    def run(lab):
        lab.database()
        return case(lab)
    run.__name__ = case.__name__ + "_on_postgres"
    return run


def two_servers(lab):
    """Two servers on one database: what one settles the other shows, a bill is settled once whoever is asked, a day of both adds up."""
    lab.database()
    one, bills = test_life.city(lab, count=12)
    two = lab.serve("--allow-doubtful")
    _, done = test_life.settle(one, bills[0])
    equal(two.get("/v1/settlements/" + done["id"]).json["total"], done["total"], "the other server shows it")
    quote = two.post("/v1/trials", bills[1])
    equal(quote.status, 201, "a quote by the second", quote)
    confirm = {"trial": quote.json["id"], "act": {"kind": "desk", "by": "cashier"}}
    replies = in_parallel(8, lambda i: (one, two)[i % 2].post("/v1/settlements", confirm, headers={"Idempotency-Key": "k"}))
    true(all(r.status in (200, 201) for r in replies), "both are told", [str(r) for r in replies if r.status > 201])
    equal(len({r.body for r in replies}), 1, "the same answer")
    in_parallel(10, lambda i: test_life.settle((one, two)[i % 2], bills[2 + i]))
    equal(len(one.get("/v1/settlements?max=100").json["settlements"]), 12, "twelve cases")
    events = [e["seq"] for e in two.get("/v1/events?max=1000").json["events"]]
    equal(events, list(range(events[0], events[0] + len(events))), "dense")
    out, _ = lab.run("audit", *lab.where, "--json")
    equal(json.loads(out)["holds"], True, "audit", out)


def keys_of_another_process(lab):
    """A key made or revoked by another process is known to a server that does nothing, within moments."""
    lab.database()
    s = lab.serve()
    equal(s.get("/v1/keys", judge=False).status, 200, "no key yet: the loopback is the operator")
    path = lab.folder / "i.csv"
    path.write_text("change,id,kind,zh,en\ninstitution,OP,operator,运营方,operator\n", encoding="utf-8")
    lab.run("import", *lab.where, path)
    out, _ = lab.run("key", "add", *lab.where, "--institution", "OP", "--role", "admin", "--json")
    key = json.loads(out)
    lab.admin_key = key["key"]
    until(lambda: s.get("/v1/keys", judge=False).status == 401, "the loopback becomes a stranger")
    equal(s.get("/v1/keys", key=key["key"]).status, 200, "the key opens")
    lab.run("key", "add", *lab.where, "--institution", "OP", "--role", "auditor", "--json")
    lab.run("key", "revoke", *lab.where, key["id"])
    until(lambda: s.get("/v1/keys", key=key["key"], judge=False).status == 401, "the revoked key closes")


if __name__ == "__main__":
    main([on_postgres(case) for case in (test_life.one_case, test_life.refusals, test_life.repeats, test_life.publishing, test_life.stop_under_load)] + [two_servers, keys_of_another_process])
