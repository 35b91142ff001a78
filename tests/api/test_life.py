"""A case over HTTP from trial to reversal, the registry, repeats, full queues, a whole day of logs; each reply is judged against its schema by the harness."""
import base64
import datetime
import hashlib
import json
import re
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from harness import ROOT, equal, in_parallel, main, true, until  # noqa: E402

PERSONS = 30


def city(lab, *options, count=6, **more):
    """The demonstration city, a server on it, and bills."""
    lab.run("demo", "load", *lab.where, "--persons", PERSONS, "--allow-doubtful")
    out, _ = lab.run("demo", "bills", "--persons", PERSONS, "--count", count, "--covered")
    return lab.serve("--allow-doubtful", *options, **more), [json.loads(line) for line in out.splitlines()]


def settle(s, bill, key=None, **more):
    quote = s.post("/v1/trials", bill, key=key, **more)
    equal((quote.status, quote.headers["Location"]), (201, "/v1/trials/" + quote.json["id"]), "trial", quote)
    done = s.post("/v1/settlements", {"trial": quote.json["id"], "act": {"kind": "desk", "by": "cashier 1"}}, key=key)
    equal((done.status, done.headers["Location"]), (201, "/v1/settlements/" + done.json["id"]), "confirm", done)
    return quote.json, done.json


def balances(answer):
    patient = answer["patient"]
    return sum(p["pay"] for p in answer["payers"]) + answer["hospital"] + patient["account"] + patient["cash"] - patient["payout"]


def one_case(lab):
    """Trial, confirm, read, list, split, explanation, person, day, events, invoice, document, reversal: as a desk would."""
    s, bills = city(lab)
    bill = bills[0]
    quote, done = settle(s, bill)
    equal((done["id"], done["state"]), (quote["id"], "settled"), "one id from trial to settlement")
    equal((balances(quote), balances(done)), (quote["total"], done["total"]), "everything is paid by somebody")
    case = "/v1/settlements/" + done["id"]
    again = s.post("/v1/settlements", {"trial": quote["id"], "act": {"kind": "desk", "by": "cashier 1"}})
    equal((again.status, again.json["id"]), (200, done["id"]), "confirmed once")
    read = s.get(case)
    equal((read.status, read.json["total"], read.json["payers"]), (200, done["total"], done["payers"]), "what is read is what was answered", read)
    equal(s.get("/v1/settlements?max=1").json["settlements"][0]["id"], done["id"], "the list")
    equal(s.get("/v1/settlements?state=reversed").json["settlements"], [], "the list by state")
    split = s.get(case + "/split").json
    equal({p["payer"]: p["pay"] for p in split["shares"]}, {p["payer"]: p["pay"] for p in done["payers"]}, "split list")
    steps = s.get(f"/v1/cases/{done['id']}/explanation").json["steps"]
    equal(len(steps), 1, "one step")
    person = s.post("/v1/persons/lookup", {"id_kind": bill["person"]["id_kind"], "id": bill["person"]["id"]})
    equal((person.status, [c["id"] for c in person.json["cases"]]), (200, [done["id"]]), "the person's cases", person)
    nobody = s.post("/v1/persons/lookup", {"id_kind": "99", "id": "nobody"})
    equal(nobody.status, 404, "nobody", nobody)
    invoice = s.post(case + "/invoice", {"code": "044001", "number": "12345678", "check": "abc"})
    equal(invoice.status, 201, "invoice", invoice)
    equal(s.post(case + "/invoice", {"code": "044001", "number": "12345678", "check": "abc"}).status, 200, "the same invoice again")
    equal(s.post(case + "/invoice", {"code": "044001", "number": "99999999", "check": "abc"}).code, "invoice-different", "another invoice")
    paper = b"%PDF-1.4 a paper"
    document = s.post(case + "/documents", {"kind": "discharge-summary", "source": "hospital", "content_base64": base64.b64encode(paper).decode()})
    equal((document.status, document.json["document"]), (201, hashlib.sha256(paper).hexdigest()), "document", document)
    day = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date().isoformat()
    totals = s.get(f"/v1/days/{day}").json
    equal(totals["state"], "open", "the day is open")
    events = s.get("/v1/events?max=1000").json["events"]
    equal([e["seq"] for e in events], list(range(events[0]["seq"], events[0]["seq"] + len(events))), "events are dense")
    true(any(e.get("subject") == done["id"] for e in events), "the case is among them")
    back = s.post(case + "/reversal", {"reason": "wrong bill", "by": "cashier 1"})
    equal((back.status, back.json["state"]), (201, "reversed"), "reversal", back)
    equal(s.post(case + "/reversal", {"reason": "wrong bill", "by": "cashier 1"}).status, 200, "reversed once")
    equal(s.get(case).json["state"], "reversed", "reversed")
    equal(s.get("/v1/settlements?state=reversed").json["settlements"][0]["id"], done["id"], "the list by state")
    s.stop()
    s = lab.serve("--allow-doubtful")
    equal(s.get(case).json["state"], "reversed", "after a restart")



def owed_and_never_claimed(lab):
    """A policy that comes to light after the settlement: the sweep names the case and the request that settles it; then nothing is owed."""
    s, _ = city(lab)
    bill = json.loads((ROOT / "demo/anyang-stay.json").read_text(encoding="utf-8"))
    person = {"id_kind": "01", "id": "11010519491231002X", "name": "演示人乙"}
    bill = {**{k: v for k, v in bill.items() if k not in ("policies", "history")}, "person": person, "consent": {"actor": "self", "purpose": "settlement", "payers": "all"}}
    _, done = settle(s, bill)
    equal([p["payer"] for p in done["payers"] if p["kind"] != "statutory" and p["pay"] > 0], [], "nothing is paid without a policy")
    equal([f for f in s.get("/v1/sweep").json["owed"] if f["case"] == done["id"]], [], "nothing owed without a policy")
    late = s.post("/v1/changes", {"change": "policy", "person": person, "plan": "anyang-puhui-2022", "policy": "LATE-1", "from": "2022-01-01", "to": "2022-12-31", "first_enrolled": "2022-01-01", "class": ""})
    equal(late.status, 201, "the policy", late)
    found = [f for f in s.get("/v1/sweep").json["owed"] if f["case"] == done["id"]]
    equal([f["payer"] for f in found], ["anyang-puhui-2022"], "the sweep", found)
    ready = found[0]["ready"]
    again = s.ask(ready["method"], ready["path"], body=ready["body"])
    equal((again.status, again.json["adjusted"]), (200, 1), "settled by the request that the sweep gives", again)
    equal([f for f in s.get("/v1/sweep").json["owed"] if f["case"] == done["id"]], [], "and nothing is owed any more")


def refusals(lab):
    s, bills = city(lab)
    bill = bills[0]
    quote = s.post("/v1/trials", bill).json
    act = {"kind": "desk", "by": "cashier 1"}
    none = "0" * 32
    rows = [
        ("POST", "/v1/trials", {**bill, "unknown": 1}, 400, None),
        ("POST", "/v1/trials", {**bill, "policies": []}, 422, "bill-policies-given"),
        ("POST", "/v1/trials", {**bill, "consent": {"actor": "nobody", "purpose": "settlement", "payers": "all"}}, 422, "consent-invalid"),
        ("POST", "/v1/settlements", {"trial": none, "act": act}, 404, "trial-unknown"),
        ("POST", "/v1/settlements", {"trial": quote["id"]}, 422, "act-missing"),
        ("POST", "/v1/settlements", {"trial": quote["id"], "act": {"kind": "token", "value": "WRONGTOKEN"}}, 422, "token-wrong"),
        ("GET", "/v1/settlements/" + none, None, 404, "case-unknown"),
        ("GET", f"/v1/cases/{none}/explanation", None, 404, "case-unknown"),
        ("POST", f"/v1/settlements/{none}/reversal", {}, 404, "case-unknown"),
        ("POST", "/v1/settlements/xyz/reversal", {}, 400, "id-invalid"),
        ("POST", "/v1/days/2999-01-01/close", {}, 422, "day-not-over"),
        ("POST", "/v1/days/yesterday/close", {}, 400, "day-invalid"),
        ("POST", "/v1/changes", {"change": "nonsense"}, 400, None),
        ("POST", "/v1/changes", {"change": "institution", "id": "X", "kind": "hospital", "zh": "某", "en": "x", "extra": 1}, 400, None),
    ]
    for method, target, body, status, code in rows:
        reply = s.ask(method, target, body=body)
        equal(reply.status, status, f"{method} {target} {str(body)[:80]}", reply)
        if code:
            equal(reply.code, code, f"{method} {target}", reply)
        true(reply.json["zh"] and reply.json["en"], "both languages", reply)
    token = s.post("/v1/settlements", {"trial": quote["id"], "act": {"kind": "token", "value": quote["token"]}})
    equal(token.status, 201, "the right token settles", token)
    equal(s.post("/v1/trials", bill).code, "already-settled", "settled once")


def repeats(lab):
    """The same key and body get the same bytes; another body under the key is refused; of many at once one settles."""
    s, bills = city(lab)
    body = json.dumps(bills[0], ensure_ascii=False).encode()
    first = s.post("/v1/trials", body, headers={"Idempotency-Key": "trial-1"})
    equal(s.post("/v1/trials", body, headers={"Idempotency-Key": "trial-1"}).body, first.body, "the same quote again")
    confirm = {"trial": first.json["id"], "act": {"kind": "desk", "by": "cashier 1"}}
    replies = in_parallel(8, lambda i: s.post("/v1/settlements", confirm, headers={"Idempotency-Key": "confirm-1"}))
    true(all(r.status in (200, 201) for r in replies), "all are told", [str(r) for r in replies if r.status > 201])
    equal(len({r.body for r in replies}), 1, "the same bytes")
    equal(s.post("/v1/settlements", {**confirm, "act": {"kind": "desk", "by": "another"}}, headers={"Idempotency-Key": "confirm-1"}).code, "idempotency-key-reused", "another body")
    equal(len(s.get("/v1/settlements").json["settlements"]), 1, "one case")
    s.stop()
    s = lab.serve("--allow-doubtful")
    last = s.post("/v1/settlements", confirm, headers={"Idempotency-Key": "confirm-1"})
    equal((last.status in (200, 201), last.body), (True, replies[0].body), "the same bytes after a restart", last)


def registry(lab):
    """Import and changes through a running server and without one; dry runs write nothing; errors by row."""
    s, _ = city(lab)
    good = lab.folder / "good.csv"
    before = len(s.get("/v1/events?max=1000").json["events"])
    bad = lab.folder / "bad.csv"
    bad.write_text("change,id,kind,zh,en\ninstitution,H-1,hospital,医院一,one\ninstitution,,hospital,二,two\nnonsense,x,x,x,x\n", encoding="utf-8")
    _, err = lab.run("import", *lab.where, bad, code=1)
    true("3:" in err and "4:" in err, "errors by row", err)
    good.write_text("change,id,kind,zh,en\ninstitution,H-1,hospital,医院一,one\ninstitution,H-2,hospital,医院二,two\n", encoding="utf-8")
    out, _ = lab.run("import", *lab.where, "--dry-run", good)
    true("nothing was written" in out, "dry run", out)
    equal(len(s.get("/v1/events?max=1000").json["events"]), before, "nothing was written")
    lab.run("import", *lab.where, good)
    equal(len(s.get("/v1/events?max=1000").json["events"]), before + 2, "two institutions")
    lines = lab.folder / "more.jsonl"
    lines.write_text("".join(json.dumps({"change": "institution", "id": f"H-{n}", "kind": "hospital", "zh": f"医院{n}", "en": f"hospital {n}"}) + "\n" for n in range(3, 6)), encoding="utf-8")
    s.stop()
    out, _ = lab.run("import", *lab.where, lines, "--json")
    equal(json.loads(out)["changes"], 3, "without a server", out)
    s = lab.serve("--allow-doubtful")
    equal(len(s.get("/v1/events?max=1000").json["events"]), before + 5, "all of them")
    again = s.ask("POST", "/v1/import", body=lines.read_bytes(), media="application/x-ndjson")
    equal((again.status, again.json["events"]), (201, 0), "what stands already is no change", again)
    lab.run("import", *lab.where, lab.folder / "policies.txt", code=2)


def publishing(lab):
    """Plans are checked before they are published; those of grade D only when it is said; what stands already is no change."""
    folder = lab.folder / "broken"
    folder.mkdir()
    (folder / "broken.plan").write_text("plan broken \"坏\" / \"broken\"\n", encoding="utf-8")
    _, err = lab.run("plan", "publish", *lab.where, folder, "--allow-doubtful", code=2)
    true("broken.plan" in err, "nothing broken is published", err)
    plans = ROOT / "plans"
    _, err = lab.run("plan", "publish", *lab.where, plans, code=2)
    true("plan-doubtful" in err and "--allow-doubtful" in err and "anyang-puhui-2022" in err, "grade D", err)
    files = [f for f in plans.rglob("*") if f.suffix in (".plan", ".list", ".chain")]
    out, _ = lab.run("plan", "publish", *lab.where, plans, "--allow-doubtful", "--dry-run", "--json")
    equal(json.loads(out)["changes"], len(files), "would be published", out)
    s = lab.serve("--allow-doubtful")
    equal(s.get("/v1/events").json["events"], [], "a dry run writes nothing")
    out, _ = lab.run("plan", "publish", *lab.where, plans, "--allow-doubtful", "--json")
    equal((json.loads(out)["changes"], json.loads(out)["events"]), (len(files), len(files)), "published", out)
    out, _ = lab.run("plan", "publish", *lab.where, plans, "--allow-doubtful", "--json")
    equal(json.loads(out)["events"], 0, "published once")


def full_queue(lab):
    """While the writer sleeps one command may wait: the others are told when to come again, and nothing of theirs happened."""
    s, bills = city(lab, config="queue = 1\n", env={"YIJIE_FAULT": "group.begin:1:sleep=2000"}, count=8)
    replies = in_parallel(8, lambda i: s.post("/v1/trials", bills[i]))
    statuses = sorted(r.status for r in replies)
    if statuses == [201] * 8:
        return "this build has no named points"
    true(503 in statuses and 201 in statuses, "some are told to come again", statuses)
    for reply in replies:
        if reply.status == 503:
            equal((reply.code, reply.headers["Retry-After"]), ("busy", "1"), "Retry-After", reply)
    for bill, reply in zip(bills, replies):
        if reply.status == 503:
            equal(s.post("/v1/trials", bill).status, 201, "later it works")
    return None


def stop_under_load(lab):
    """Whatever was acknowledged before, during and after the stop is there afterwards; exit code 0."""
    s, bills = city(lab, count=40)
    done = []

    def desk(i):
        for bill in bills[i::4]:
            try:
                quote = s.post("/v1/trials", bill, judge=False)
                if quote.status != 201:
                    continue
                reply = s.post("/v1/settlements", {"trial": quote.json["id"], "act": {"kind": "desk", "by": f"cashier {i}"}}, judge=False)
            except OSError:
                return
            except Exception:  # http.client: closed between two requests
                return
            if reply.status == 201:
                done.append(reply.json)
                if len(done) == 8:
                    s.process.send_signal(signal.SIGTERM)

    s.post("/v1/trials", bills[0])
    in_parallel(4, desk)
    s.process.wait(60)
    equal(s.process.returncode, 0, "exit code", s.log())
    s = lab.serve("--allow-doubtful")
    true(len(done) >= 8, "settled some")
    for answer in done:
        read = s.get("/v1/settlements/" + answer["id"])
        equal((read.status, read.json["state"], read.json["total"]), (200, "settled", answer["total"]), "acknowledged and there", read)


def logs_hold_nobody(lab):
    """The logs of a run with everything on: no name, no number, no bill, no amount that a person could be known by."""
    s, bills = city(lab, config="access_log = all\n", count=12)
    for bill in bills[:6]:
        settle(s, bill)
        s.post("/v1/persons/lookup", {"id_kind": bill["person"]["id_kind"], "id": bill["person"]["id"]})
    s.post("/v1/trials", {**bills[7], "person": {"id_kind": "01", "id": "410599196903070001", "name": "张三丰"}})
    s.post("/v1/trials", "{\"person\": {\"name\": \"王小明\", \"id\": \"410599196903070001\"")
    s.get("/v1/settlements?hospital=" + bills[0]["hospital"])
    s.get("/410599196903070001/%E5%BC%A0%E4%B8%89%E4%B8%B0")
    s.get("/v1/settlements/410599196903070001")
    s.stop()
    text = s.log()
    lines = [json.loads(line) for line in text.splitlines()]
    true(len(lines) > 20, "it was logged", text)
    for bill in bills:
        for secret in (bill["person"]["id"], bill["person"]["name"], bill["bill"]):
            true(secret not in text, f"{secret} stands in the log", text)
    for secret in ("张三丰", "王小明", "410599196903070001"):
        true(secret not in text, f"{secret} stands in the log", text)
    known = {"at", "level", "event", "address", "method", "route", "status", "code", "us", "request", "trace", "key"}
    for entry in lines:
        equal(set(entry) - known, set(), "members of a line", entry)
        true(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["at"]), "time", entry)


def metrics_count(lab):
    s, bills = city(lab)
    settle(s, bills[0])
    want = ('yijie_http_requests_total{route="POST /v1/settlements",status="2xx"} 1\n', 'duration_seconds_count{route="POST /v1/trials"} 1\n', "yijie_queue_depth 0\n")
    text = until(lambda: (lambda t: t if all(line in t for line in want) else None)(s.get("/metrics").body.decode()), "requests and durations are counted, the queue empties")
    value = {m.group(1): int(m.group(2)) for m in re.finditer(r'^yijie_commands_total\{op="([a-z-]+)"\} (\d+)$', text, re.M)}
    equal((value["trial"], value["confirm"]), (1, 1), "commands", text)


if __name__ == "__main__":
    main([one_case, owed_and_never_claimed, refusals, repeats, registry, publishing, full_queue, stop_under_load, logs_hold_nobody, metrics_count])
